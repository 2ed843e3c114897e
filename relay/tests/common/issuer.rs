//! An issuer of tokens: keys of each kind, and a server that says what they are.

use axum::{Json, Router, extract::State, routing::get};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
        RsaKeyPair,
    },
};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::net::TcpListener;

/// A pair of keys, and what it is called.
pub(crate) enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
    Ed(Box<Ed25519KeyPair>),
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

impl Pair {
    /// Made for these tests, and for nothing else.
    pub(crate) fn rsa() -> Self {
        Self::Rsa(Box::new(RsaKeyPair::from_pkcs8(include_bytes!("../keys/rsa-2048.der")).unwrap()))
    }

    pub(crate) fn ec() -> Self {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random);
        Self::Ec(Box::new(pair.unwrap()))
    }

    pub(crate) fn ed() -> Self {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self::Ed(Box::new(Ed25519KeyPair::from_pkcs8(made.as_ref()).unwrap()))
    }

    /// The public key, as a set has it.
    pub(crate) fn jwk(&self, kid: &str) -> Value {
        match self {
            Self::Rsa(pair) => {
                let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({ "kty": "RSA", "kid": kid, "n": encode(n), "e": encode(e), "use": "sig" })
            }
            Self::Ec(pair) => {
                let point = pair.public_key().as_ref();
                json!({ "kty": "EC", "crv": "P-256", "kid": kid, "x": encode(&point[1..33]), "y": encode(&point[33..]) })
            }
            Self::Ed(pair) => json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": encode(pair.public_key()) }),
        }
    }

    /// The algorithm of the kind that comes first.
    pub(crate) fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS256",
            Self::Ec(_) => "ES256",
            Self::Ed(_) => "EdDSA",
        }
    }

    pub(crate) fn sign(&self, head: &Value, claims: &Value) -> String {
        let text = format!("{}.{}", encode(head.to_string()), encode(claims.to_string()));
        let random = SystemRandom::new();
        let signature = match self {
            Self::Rsa(pair) => {
                let mut out = vec![0; pair.public().modulus_len()];
                let padding: &dyn ring::signature::RsaEncoding =
                    if head["alg"] == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                pair.sign(padding, &random, text.as_bytes(), &mut out).unwrap();
                out
            }
            Self::Ec(pair) => pair.sign(&random, text.as_bytes()).unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.sign(text.as_bytes()).as_ref().to_vec(),
        };
        format!("{text}.{}", encode(signature))
    }

    /// A token with these claims.
    pub(crate) fn token(&self, kid: &str, claims: &Value) -> String {
        self.sign(&json!({ "alg": self.algorithm(), "typ": "JWT", "kid": kid }), claims)
    }
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[derive(Clone)]
pub(crate) struct Issuer {
    pub(crate) url: String,
    keys: Arc<Mutex<Value>>,
    /// How often the keys were asked for.
    asked: Arc<AtomicUsize>,
}

impl Issuer {
    pub(crate) async fn start(keys: Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let issuer = Self { url: format!("http://{address}"), keys: Arc::new(Mutex::new(keys)), asked: Arc::default() };
        let about = async |State(issuer): State<Self>| {
            Json(json!({ "issuer": issuer.url, "jwks_uri": format!("{}/keys", issuer.url) }))
        };
        let keys = async |State(issuer): State<Self>| {
            issuer.asked.fetch_add(1, Ordering::Relaxed);
            Json(json!({ "keys": *issuer.keys.lock().unwrap() }))
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(about))
            .route("/keys", get(keys))
            .with_state(issuer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        issuer
    }

    pub(crate) fn set(&self, keys: Value) {
        *self.keys.lock().unwrap() = keys;
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// Claims that are good for a minute.
    pub(crate) fn claims(&self) -> Value {
        json!({ "iss": self.url, "aud": "cobrowse", "sub": "user-1", "name": "Anna Agent", "iat": now(), "exp": now() + 60 })
    }
}
