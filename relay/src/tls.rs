//! TLS: whom the relay believes of those that it asks.

use rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, pem::PemObject},
};
use std::{path::Path, sync::Arc};

/// The cryptography of all TLS here.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// The certificates of a PEM file; none is an error.
pub(crate) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let shown = file.display();
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let list = read.map_err(|error| format!("{shown}: expected certificates in PEM: {error}"))?;
    if list.is_empty() {
        return Err(format!("{shown}: expected certificates in PEM, found none"));
    }
    Ok(list)
}

/// What connects to other servers: it believes the system's authorities, and those of a PEM file.
///
/// # Errors
/// What is wrong with the file, or that there is no authority at all.
pub fn client(ca: Option<&Path>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    let own = ca.map(certificates).transpose()?.unwrap_or_default();
    for certificate in own {
        let shown = ca.map(|ca| ca.display().to_string()).unwrap_or_default();
        roots.add(certificate).map_err(|error| format!("{shown}: {error}"))?;
    }
    // A system without any may still know those of the file.
    let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    tracing::debug!(added, "authorities of the system");
    if roots.is_empty() {
        return Err(
            "the system knows no authorities (is ca-certificates installed?): expected a file of them".to_owned()
        );
    }
    let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let config = config.map_err(|error| error.to_string())?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
