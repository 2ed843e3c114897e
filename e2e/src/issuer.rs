//! An issuer of tokens (OpenID Connect), small and strict: a page where a person signs in, codes that are good once, and PKCE.

use anyhow::{Context, Result, anyhow};
use axum::{
    Form, Json, Router,
    extract::{Query, State},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use http::{StatusCode, header};
use ring::{
    digest,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{net::TcpListener, task::JoinHandle};

/// What the agent's page is registered as.
pub(crate) const CLIENT: &str = "agents-page";

/// The issuer. Closed when dropped.
pub(crate) struct Issuer {
    /// Its name, which is its address.
    pub(crate) url: String,
    inner: Arc<Inner>,
    serving: JoinHandle<()>,
}

struct Inner {
    url: String,
    pair: EcdsaKeyPair,
    codes: Mutex<HashMap<String, Asked>>,
}

/// What a page that sends somebody here asks.
#[derive(Debug, Clone, Deserialize)]
struct Asked {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    scope: String,
    state: String,
    nonce: String,
    code_challenge: String,
    code_challenge_method: String,
}

#[derive(Debug, Deserialize)]
struct Grant {
    grant_type: String,
    code: String,
    client_id: String,
    redirect_uri: String,
    code_verifier: String,
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

impl Issuer {
    /// Starts on a free port of 127.0.0.1.
    pub(crate) async fn start() -> Result<Self> {
        let random = SystemRandom::new();
        let failed = |error: &dyn std::fmt::Display| anyhow!("keys for the issuer: {error}");
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
        let made = made.map_err(|error| failed(&error))?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let pair = pair.map_err(|error| failed(&error))?;
        let inner = Arc::new(Inner { url: url.clone(), pair, codes: Mutex::default() });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(about))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .with_state(inner.clone());
        let serving = tokio::spawn(async move {
            // It ends with the case.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, inner, serving })
    }

    /// A token for somebody, good for so long.
    pub(crate) fn token(&self, name: &str, time: Duration) -> Result<String> {
        self.inner.token(name, None, time)
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Inner {
    fn token(&self, name: &str, nonce: Option<&str>, time: Duration) -> Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let head = json!({ "alg": "ES256", "typ": "JWT", "kid": "key-1" });
        let claims = json!({
            "iss": self.url, "aud": CLIENT, "sub": format!("id of {name}"), "name": name, "nonce": nonce, "iat": now,
            "exp": now + time.as_secs(),
        });
        let text = format!("{}.{}", encode(head.to_string()), encode(claims.to_string()));
        let signed = self.pair.sign(&SystemRandom::new(), text.as_bytes());
        let signed = signed.map_err(|_| anyhow!("a token could not be signed"))?;
        Ok(format!("{text}.{}", encode(signed)))
    }
}

/// Pages of other origins may read it.
fn told(status: StatusCode, value: &Value) -> Response {
    (status, [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")], Json(value)).into_response()
}

async fn about(State(issuer): State<Arc<Inner>>) -> Response {
    let url = &issuer.url;
    told(
        StatusCode::OK,
        &json!({
            "issuer": url, "jwks_uri": format!("{url}/keys"), "authorization_endpoint": format!("{url}/authorize"),
            "token_endpoint": format!("{url}/token"),
        }),
    )
}

async fn keys(State(issuer): State<Arc<Inner>>) -> Response {
    let point = issuer.pair.public_key().as_ref();
    let (x, y) = (encode(&point[1..33]), encode(&point[33..]));
    let key = json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "key-1", "x": x, "y": y });
    told(StatusCode::OK, &json!({ "keys": [key] }))
}

/// The page where a person signs in: one click.
async fn authorize(State(issuer): State<Arc<Inner>>, Query(asked): Query<Asked>) -> Response {
    let is_right = asked.response_type == "code"
        && asked.client_id == CLIENT
        && asked.code_challenge_method == "S256"
        && asked.scope.split(' ').any(|word| word == "openid")
        && asked.redirect_uri.ends_with("/slave.html");
    if !is_right {
        return (StatusCode::BAD_REQUEST, format!("not as a page asks: {asked:?}")).into_response();
    }
    let mut codes = issuer.codes.lock().unwrap_or_else(PoisonError::into_inner);
    let code = encode(digest::digest(&digest::SHA256, format!("{}{}", asked.state, codes.len()).as_bytes()));
    let back = format!("{}?code={code}&state={}", asked.redirect_uri, asked.state);
    codes.insert(code, asked);
    Html(format!("<!DOCTYPE html><title>Issuer</title><a id=anna href=\"{back}\">Sign in as Anna</a>")).into_response()
}

/// A code becomes a token, once.
async fn token(State(issuer): State<Arc<Inner>>, Form(grant): Form<Grant>) -> Response {
    let asked = issuer.codes.lock().unwrap_or_else(PoisonError::into_inner).remove(&grant.code);
    let challenge = encode(digest::digest(&digest::SHA256, grant.code_verifier.as_bytes()));
    let asked = asked.filter(|asked| {
        grant.grant_type == "authorization_code"
            && grant.client_id == CLIENT
            && grant.redirect_uri == asked.redirect_uri
            && challenge == asked.code_challenge
    });
    let given = asked
        .context("no such code")
        .and_then(|asked| issuer.token("Anna of the Issuer", Some(&asked.nonce), Duration::from_secs(300)));
    match given {
        Ok(token) => {
            told(StatusCode::OK, &json!({ "id_token": token, "access_token": "opaque", "token_type": "Bearer" }))
        }
        Err(error) => {
            told(StatusCode::BAD_REQUEST, &json!({ "error": "invalid_grant", "error_description": error.to_string() }))
        }
    }
}
