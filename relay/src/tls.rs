//! TLS: the relay's own certificate, and whom it believes of those that it asks.
//!
//! TLS 1.2 and 1.3 by rustls, its cryptography by ring. HTTP/1.1 is all that is spoken over it, as WebSockets need that.

use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};
use tokio_rustls::TlsAcceptor;

/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// The cryptography of all TLS here.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// What has TLS of its own in this process, as a store's client, takes the same.
pub(crate) fn install() {
    // The one error is that there is one already.
    let _ = ring::default_provider().install_default();
}

/// The certificates of a PEM file; none is an error.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
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
        let expected = "the system knows no authorities (is ca-certificates installed?): expected a file of them";
        return Err(expected.to_owned());
    }
    let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let config = config.map_err(|error| error.to_string())?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// The relay's certificate and its key, in two PEM files, read again when they change.
#[derive(Debug)]
pub(crate) struct Identity {
    certificate: PathBuf,
    key: PathBuf,
    state: RwLock<State>,
}

#[derive(Debug)]
struct State {
    /// Of the files that were looked at last, whether they were understood or not.
    seen: [Option<(SystemTime, u64)>; 2],
    shown: Arc<CertifiedKey>,
}

impl Identity {
    /// Reads the files.
    ///
    /// # Errors
    /// What is wrong with them: a certificate that the key is not of, too.
    pub(crate) fn open(certificate: &Path, key: &Path) -> Result<Arc<Self>, String> {
        let seen = [stamp(certificate), stamp(key)];
        let shown = Arc::new(read(certificate, key)?);
        let state = RwLock::new(State { seen, shown });
        Ok(Arc::new(Self { certificate: certificate.to_owned(), key: key.to_owned(), state }))
    }

    /// What takes connections. A certificate that has changed since is shown to those that come then.
    ///
    /// # Errors
    /// That TLS cannot be had.
    pub(crate) fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, String> {
        let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let config = config.map_err(|error| error.to_string())?;
        let mut config = config.with_no_client_auth().with_cert_resolver(Arc::new(Resolver(self.clone())));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Looks at the files again and again, for ever.
    pub(crate) async fn look_after(&self) {
        loop {
            tokio::time::sleep(LOOK).await;
            self.refresh(false);
        }
    }

    /// Reads the files where they have changed, or in any case. Where they are not understood, what was shown before is shown
    /// on, and the log says why.
    pub(crate) fn refresh(&self, in_any_case: bool) {
        let seen = [stamp(&self.certificate), stamp(&self.key)];
        {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            if state.seen == seen && !in_any_case {
                return;
            }
            state.seen = seen;
        }
        match read(&self.certificate, &self.key) {
            Ok(shown) => {
                tracing::info!("the certificate was read again");
                self.state.write().unwrap_or_else(PoisonError::into_inner).shown = Arc::new(shown);
            }
            Err(error) => tracing::error!(error, "the certificate is refused; the one from before stays"),
        }
    }
}

struct Resolver(Arc<Identity>);

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver(..)")
    }
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.state.read().unwrap_or_else(PoisonError::into_inner).shown.clone())
    }
}

fn read(certificate: &Path, key: &Path) -> Result<CertifiedKey, String> {
    let chain = certificates(certificate)?;
    let shown = key.display();
    let secret = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| format!("{shown}: expected a private key in PEM, without a password: {error}"))?;
    let found = CertifiedKey::from_der(chain, secret, &provider());
    found.map_err(|error| format!("{shown}: expected the key of {}: {error}", certificate.display()))
}

/// By what it is seen that a file has changed.
fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let data = fs::metadata(path).ok()?;
    Some((data.modified().ok()?, data.len()))
}
