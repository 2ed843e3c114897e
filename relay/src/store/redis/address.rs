//! Where a Redis server is, and which of several has a session.

use crate::tls;
use redis::{IntoConnectionInfo, TlsCertificates};
use std::{fs, path::Path};

/// The address of a store is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected redis://HOST:PORT, or rediss:// for TLS, with ?protocol, user and password as Redis's own tools take them, found {0}"
)]
pub struct NoAddress(String);

impl NoAddress {
    pub(super) fn new(found: String) -> Self {
        Self(found)
    }
}

/// What connects to an address.
///
/// With TLS (`rediss://`) `ca` holds the authorities that are believed; without it those of the system are.
pub(super) fn client(address: &str, ca: Option<&Path>) -> Result<redis::Client, NoAddress> {
    // A password is nobody's to read.
    let shown = |error: &dyn std::fmt::Display| {
        let place = address.rsplit_once('@').map_or(address, |(_, place)| place);
        NoAddress(format!("{:?} ({error})", place))
    };
    let is_secured = address.starts_with("rediss:") || address.starts_with("valkeys:");
    let info = address.into_connection_info().map_err(|error| shown(&error))?;
    if !is_secured {
        return redis::Client::open(info).map_err(|error| shown(&error));
    }
    // As in `#insecure`: a certificate that is not looked at proves nothing.
    if address.contains('#') {
        return Err(shown(&"nothing behind a # is expected with TLS"));
    }
    tls::install();
    let unread = |ca: &Path, error: std::io::Error| shown(&format!("{}: {error}", ca.display()));
    let root_cert = ca.map(|ca| fs::read(ca).map_err(|error| unread(ca, error))).transpose()?;
    let with = TlsCertificates { client_tls: None, root_cert };
    redis::Client::build_with_tls(info, with).map_err(|error| shown(&error))
}

/// The slot of a key in a Redis cluster, by its hash tag: CRC16 (XMODEM) modulo 16,384.
pub(super) fn slot(tag: &str) -> usize {
    let mut crc: u16 = 0;
    for byte in tag.bytes() {
        crc ^= u16::from(byte) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
        }
    }
    usize::from(crc & 0x3fff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_a_cluster() {
        // As `CLUSTER KEYSLOT` says.
        assert_eq!(slot("123456789"), 12_739);
        assert_eq!(slot("foo"), 12_182);
        assert_eq!(slot(""), 0);
    }

    #[test]
    fn what_is_no_address_is_named_without_its_password() {
        let error = client("redis:/x@nowhere:abc", None).unwrap_err().to_string();
        assert!(error.contains("nowhere:abc") && !error.contains('@'), "{error}");
        let missing = client("rediss://user:secret@127.0.0.1", Some(Path::new("no/such.pem"))).unwrap_err().to_string();
        assert!(missing.contains("no/such.pem") && !missing.contains("secret"), "{missing}");
        // A certificate that is not looked at is none.
        assert!(client("rediss://127.0.0.1:6379/#insecure", None).is_err());
        assert!(client("redis://user:secret@127.0.0.1:6379/2", None).is_ok());
    }
}
