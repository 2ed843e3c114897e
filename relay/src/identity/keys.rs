//! An issuer's public keys: a JSON Web Key Set (RFC 7517), from a file or an address, read again when it changes.

use super::{
    fetch::Fetcher,
    provider::{self, ALGORITHMS},
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use http::Uri;
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse},
};
use serde::Deserialize;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, RwLock},
    time::{Duration, Instant, SystemTime},
};
use tokio::sync::Mutex;

/// How often keys are read again that came from an address.
const REFRESH: Duration = Duration::from_secs(600);

/// The least time between two reads for keys that nobody has seen: who makes names of keys up asks for no more than that.
const UNSEEN: Duration = Duration::from_secs(60);

/// The least time between two reads while there are no keys.
const RETRY: Duration = Duration::from_secs(5);

/// How old keys may get that cannot be read again.
const STALE: Duration = Duration::from_secs(24 * 3600);

/// The most keys of a set.
const MOST: usize = 64;

/// One key that a token may be signed with.
#[derive(Clone)]
pub(super) struct Key {
    name: Option<String>,
    algorithms: Vec<Algorithm>,
    pub(super) key: DecodingKey,
}

/// A set of them.
#[derive(Clone)]
pub(super) struct KeySet(Vec<Key>);

#[derive(Deserialize)]
struct Written {
    keys: Vec<serde_json::Value>,
}

impl KeySet {
    /// Reads a set. Keys for something else are passed over.
    ///
    /// # Errors
    /// What was expected, where there is no key to check a token with.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let written: Written =
            serde_json::from_slice(text).map_err(|error| format!("expected a JSON Web Key Set: {error}"))?;
        if written.keys.len() > MOST {
            return Err(format!("keys: expected at most {MOST}, found {}", written.keys.len()));
        }
        let keys: Vec<Key> = written.keys.into_iter().filter_map(key).collect();
        if keys.is_empty() {
            return Err("keys: expected one for RS256, PS256, ES256 or EdDSA, found none".to_owned());
        }
        Ok(Self(keys))
    }

    /// The keys that a token may be signed with which names this key and this algorithm.
    pub(super) fn find(&self, name: Option<&str>, algorithm: Algorithm) -> impl Iterator<Item = &Key> {
        self.0.iter().filter(move |key| {
            name.is_none_or(|name| key.name.as_deref() == Some(name)) && key.algorithms.contains(&algorithm)
        })
    }
}

fn key(value: serde_json::Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    if jwk.common.public_key_use.as_ref().is_some_and(|kind| *kind != PublicKeyUse::Signature) {
        return None;
    }
    let mut algorithms = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => vec![Algorithm::RS256, Algorithm::PS256],
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => vec![Algorithm::ES256],
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => vec![Algorithm::EdDSA],
        // A shared key among public ones is a mistake.
        _ => return None,
    };
    if let Some(only) = jwk.common.key_algorithm {
        let only = match only {
            KeyAlgorithm::RS256 => Algorithm::RS256,
            KeyAlgorithm::PS256 => Algorithm::PS256,
            KeyAlgorithm::ES256 => Algorithm::ES256,
            KeyAlgorithm::EdDSA => Algorithm::EdDSA,
            _ => return None,
        };
        algorithms.retain(|algorithm| *algorithm == only);
    }
    debug_assert!(algorithms.iter().all(|algorithm| ALGORITHMS.contains(algorithm)));
    let decoding = match &jwk.algorithm {
        AlgorithmParameters::RSA(key) => {
            let number = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
            provider::rsa(&number(&key.n)?, &number(&key.e)?)?
        }
        _ => DecodingKey::from_jwk(&jwk).ok()?,
    };
    (!algorithms.is_empty()).then_some(Key { name: jwk.common.key_id, algorithms, key: decoding })
}

/// Where keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// In a file.
    File(PathBuf),
    /// At an address.
    Address(Uri),
    /// Where the issuer with this name says.
    Discovery(String),
}

/// Keys that are kept up to date.
pub(super) struct Keys {
    place: Place,
    fetcher: Option<Fetcher>,
    held: RwLock<Held>,
    /// One reads at a time.
    reading: Mutex<()>,
}

#[derive(Clone, Default)]
struct Held {
    set: Option<Arc<KeySet>>,
    read: Option<Instant>,
    tried: Option<Instant>,
    /// Of the file that was read last.
    stamp: Option<(SystemTime, u64)>,
    /// The log has been told that they cannot be read.
    is_known: bool,
}

impl Keys {
    pub(super) fn new(place: Place, fetcher: Option<Fetcher>) -> Self {
        Self { place, fetcher, held: RwLock::default(), reading: Mutex::default() }
    }

    /// The set in which a token's key is, if it is anywhere.
    ///
    /// # Errors
    /// That there are no keys now.
    pub(super) async fn for_token(&self, name: Option<&str>, algorithm: Algorithm) -> Result<Arc<KeySet>, ()> {
        let has = |set: &Arc<KeySet>| set.find(name, algorithm).next().is_some();
        if let Some(set) = self.current()
            && has(&set)
        {
            return Ok(set);
        }
        let _one = self.reading.lock().await;
        let held = self.held();
        let pause = if held.set.is_some() { UNSEEN } else { RETRY };
        // Somebody else may have read it while this one waited.
        let is_there = self.current().is_some_and(|set| has(&set));
        if !is_there && held.tried.is_none_or(|tried| tried.elapsed() >= pause) {
            self.read().await;
        }
        self.current().ok_or(())
    }

    /// Reads the keys again where it is time to; called every now and then.
    pub(super) async fn look_after(&self) {
        let held = self.held();
        let is_due = match &self.place {
            Place::File(path) => stamp(path) != held.stamp,
            _ if held.set.is_none() => held.tried.is_none_or(|tried| tried.elapsed() >= RETRY),
            _ => held.tried.is_none_or(|tried| tried.elapsed() >= REFRESH),
        };
        if is_due {
            let _one = self.reading.lock().await;
            self.read().await;
        }
    }

    fn held(&self) -> Held {
        self.held.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn current(&self) -> Option<Arc<KeySet>> {
        let held = self.held();
        let is_stale = held.read.is_none_or(|read| read.elapsed() >= STALE) && !matches!(self.place, Place::File(_));
        held.set.filter(|_| !is_stale)
    }

    async fn read(&self) {
        let mut held = self.held();
        held.tried = Some(Instant::now());
        let read = match &self.place {
            Place::File(path) => {
                held.stamp = stamp(path);
                file(path)
            }
            Place::Address(address) => self.fetch(address).await,
            Place::Discovery(issuer) => self.discover(issuer).await,
        };
        match read {
            Ok(set) => {
                tracing::info!(keys = set.0.len(), "agents' keys were read");
                (held.set, held.read, held.is_known) = (Some(Arc::new(set)), held.tried, false);
            }
            Err(error) if !held.is_known => {
                tracing::error!(error, "agents' keys cannot be read; those from before stay for a day");
                held.is_known = true;
            }
            Err(error) => tracing::debug!(error, "agents' keys still cannot be read"),
        }
        *self.held.write().unwrap_or_else(std::sync::PoisonError::into_inner) = held;
    }

    async fn fetch(&self, address: &Uri) -> Result<KeySet, String> {
        let Some(fetcher) = &self.fetcher else { return Err("there is no way to ask for them".to_owned()) };
        let text = fetcher.get(address).await.map_err(|error| format!("{address}: {error}"))?;
        KeySet::parse(&text).map_err(|error| format!("{address}: {error}"))
    }

    async fn discover(&self, issuer: &str) -> Result<KeySet, String> {
        let Some(fetcher) = &self.fetcher else { return Err("there is no way to ask for them".to_owned()) };
        let address = discovery(issuer)?;
        let text = fetcher.get(&address).await.map_err(|error| format!("{address}: {error}"))?;
        let told: Discovered = serde_json::from_slice(&text)
            .map_err(|error| format!("{address}: expected what an issuer says of itself: {error}"))?;
        if told.issuer != issuer {
            return Err(format!("{address}: issuer: expected {issuer:?}, found {:?}", told.issuer));
        }
        let keys = checked(&told.jwks_uri).map_err(|error| format!("{address}: jwks_uri: {error}"))?;
        self.fetch(&keys).await
    }
}

#[derive(Deserialize)]
struct Discovered {
    issuer: String,
    jwks_uri: String,
}

/// Where an issuer says what it is (OpenID Connect Discovery, 4.1).
fn discovery(issuer: &str) -> Result<Uri, String> {
    checked(&format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')))
}

/// An address to ask at: of https, or of http on this machine.
pub(super) fn checked(text: &str) -> Result<Uri, String> {
    let expected = || format!("expected an address of https, found {text:?}");
    let uri: Uri = text.parse().map_err(|_| expected())?;
    let host = uri.host().ok_or_else(expected)?.trim_start_matches('[').trim_end_matches(']');
    let is_here = host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") if is_here => Ok(uri),
        _ => Err(expected()),
    }
}

/// A set in a file.
pub(super) fn file(path: &Path) -> Result<KeySet, String> {
    let shown = path.display();
    let text = fs::read(path).map_err(|error| format!("{shown}: it cannot be read: {error}"))?;
    KeySet::parse(&text).map_err(|error| format!("{shown}: {error}"))
}

/// By what it is seen that a file has changed.
pub(super) fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let data = fs::metadata(path).ok()?;
    Some((data.modified().ok()?, data.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_https_or_of_this_machine() {
        for good in
            ["https://issuer.example/keys", "http://127.0.0.1:8080/keys", "http://localhost/keys", "http://[::1]:1/k"]
        {
            assert!(checked(good).is_ok(), "{good}");
        }
        for bad in
            ["http://issuer.example/keys", "ftp://127.0.0.1/", "keys", "", "https:///keys", "http://127.0.0.1.evil/"]
        {
            assert!(checked(bad).is_err(), "{bad}");
        }
        assert_eq!(
            discovery("https://issuer.example/realm/").unwrap(),
            "https://issuer.example/realm/.well-known/openid-configuration"
        );
    }

    #[test]
    fn keys_that_are_for_something_else_are_passed_over() {
        let error = |text: &str| KeySet::parse(text.as_bytes()).err().unwrap();
        assert!(error("[]").starts_with("expected a JSON Web Key Set"));
        assert_eq!(error(r#"{"keys": []}"#), "keys: expected one for RS256, PS256, ES256 or EdDSA, found none");
        let shared = r#"{"keys": [{"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}, {"kty": "odd"}, 5]}"#;
        assert!(error(shared).ends_with("found none"));
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let set = format!(
            r#"{{"keys": [{{"kty": "OKP", "crv": "Ed25519", "x": "{x}", "kid": "a"}}, {{"kty": "oct", "k": "c2VjcmV0"}}]}}"#
        );
        let set = KeySet::parse(set.as_bytes()).unwrap();
        assert_eq!(set.find(Some("a"), Algorithm::EdDSA).count(), 1);
        assert_eq!(set.find(None, Algorithm::EdDSA).count(), 1);
        assert_eq!(set.find(Some("b"), Algorithm::EdDSA).count() + set.find(Some("a"), Algorithm::ES256).count(), 0);
        let secret = format!(r#"{{"keys": [{{"kty": "OKP", "crv": "Ed25519", "x": "{x}", "use": "enc"}}]}}"#);
        assert!(error(&secret).ends_with("found none"));
    }
}
