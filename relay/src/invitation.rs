//! How the two sides of a session meet where another system has brought them together: by what it calls the conversation,
//! or by an agent's invitation.

use crate::{
    api::{Created, PeerOf, Shown, bearer, millis, session, shown, throttled},
    error::ApiError,
    server::{App, Peer},
    token::SecretDigest,
};
use axum::{
    Json, Router,
    extract::{Path, Query, State, rejection::QueryRejection},
    routing::{get, post},
};
use http::{HeaderMap, StatusCode};
use protocol::control::EndReason;
use serde::Deserialize;
use sha2::Digest;
use std::{str::FromStr, time::Duration};
use subtle::ConstantTimeEq;
use tokio::time::{sleep, timeout};

/// How long a reference may be, in characters. The least keeps out what could be guessed, such as a counter.
const LENGTHS: std::ops::RangeInclusive<usize> = 16..=200;

/// The longest that a request may wait for a session, in seconds: proxies give up on what is silent for 30.
const WAIT_SECONDS: u64 = 25;

/// How often it is looked whether the session is there.
const LOOK: Duration = Duration::from_millis(300);

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/sessions/{token}/take", post(take))
        .route("/api/sessions/{token}/decline", post(decline))
        .route("/api/references/{reference}", get(resolve))
}

/// What another system knows a session by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference(String);

/// The text was not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("reference: expected 16 to 200 visible ASCII characters")]
pub(crate) struct NotAReference;

impl FromStr for Reference {
    type Err = NotAReference;

    fn from_str(text: &str) -> Result<Self, NotAReference> {
        let is_one = LENGTHS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_one { Ok(Self(text.to_owned())) } else { Err(NotAReference) }
    }
}

impl Reference {
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

/// Whether an agent may invite a customer: who has the secret may.
pub(crate) fn authorise(app: &App, peer: Option<&Peer>, headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(secret) = &app.config().invite_secret else {
        let expected = "invite: expected a relay with a secret for invitations (--invite-secret)";
        return Err(ApiError::new(StatusCode::NOT_FOUND, expected));
    };
    if let Some(peer) = peer {
        throttled(app, peer)?;
    }
    // Digests are compared, which have the same length whatever was sent.
    let digest = |text: &str| sha2::Sha256::digest(text.as_bytes());
    if bearer(headers).is_some_and(|given| bool::from(digest(given).ct_eq(&digest(secret)))) {
        return Ok(());
    }
    app.miss(peer);
    Err(ApiError::new(StatusCode::UNAUTHORIZED, "authorization: expected Bearer and the secret for invitations"))
}

/// The customer's page takes an invitation, once it has been agreed to.
async fn take(State(app): State<App>, peer: PeerOf, Path(token): Path<String>) -> Result<Json<Created>, ApiError> {
    let record = session(&app, peer.as_ref(), &token).await?.record;
    let no_random = |_| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "the system has no random bytes");
    let (secret, digest) = SecretDigest::generate().map_err(no_random)?;
    if !app.store().take(record.token, digest).await? {
        app.miss(peer.as_ref().map(|peer| &peer.0));
        return Err(taken());
    }
    Ok(Json(Created {
        token: record.token.reveal(),
        secret: Some(secret),
        mode: record.mode.name(),
        created: millis(record.created),
        expires: millis(record.expires),
        recording: record.recording,
    }))
}

/// The customer does not want to: the agents are told, and the session is over.
async fn decline(State(app): State<App>, peer: PeerOf, Path(token): Path<String>) -> Result<StatusCode, ApiError> {
    let record = session(&app, peer.as_ref(), &token).await?.record;
    if record.open && app.store().end(record.token, EndReason::Declined).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    app.miss(peer.as_ref().map(|peer| &peer.0));
    Err(taken())
}

fn taken() -> ApiError {
    ApiError::new(StatusCode::CONFLICT, "token: expected that of an invitation that nobody has taken")
}

#[derive(Deserialize)]
struct Patience {
    #[serde(default)]
    wait: u64,
}

/// The session of a reference, also when it is created a little later.
async fn resolve(
    State(app): State<App>,
    peer: PeerOf,
    Path(reference): Path<String>,
    query: Result<Query<Patience>, QueryRejection>,
) -> Result<Json<Shown>, ApiError> {
    let peer = peer.as_ref().map(|peer| &peer.0);
    let Query(Patience { wait }) = query.map_err(|error| ApiError::new(StatusCode::BAD_REQUEST, error.body_text()))?;
    if wait > WAIT_SECONDS {
        let expected = format!("wait: expected 0 to {WAIT_SECONDS} seconds, found {wait}");
        return Err(ApiError::new(StatusCode::BAD_REQUEST, expected));
    }
    let Reference(reference) =
        reference.parse().map_err(|error: NotAReference| ApiError::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    if let Some(peer) = peer {
        throttled(&app, peer)?;
    }
    let look = async || -> Result<_, ApiError> { Ok(app.store().resolve(&reference).await?) };
    let mut found = look().await?;
    if found.is_none() {
        // Before it is waited for: who does not stay for the answer has guessed all the same.
        app.miss(peer);
    }
    if found.is_none() && wait > 0 {
        let until = async || -> Result<_, ApiError> {
            loop {
                sleep(LOOK).await;
                if let Some(found) = look().await? {
                    return Ok(found);
                }
            }
        };
        if let Ok(late) = timeout(Duration::from_secs(wait), until()).await {
            found = Some(late?);
        }
    }
    let Some(status) = found else {
        return Err(ApiError::new(StatusCode::NOT_FOUND, "reference: expected that of a live session"));
    };
    Ok(Json(shown(status)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_visible_and_long_enough() {
        let liveperson = "cc05f2b9-916b-496e-89fe-66a46d975ae2#7904fffd-fc68-4d93-b611-4dc06ab26bf4";
        assert_eq!(liveperson.parse::<Reference>().unwrap().into_string(), liveperson);
        for bad in
            ["", "0123456789abcde", "0123456789 abcdef", "0123456789abcdef\n", "0123456789abcdefé", &"x".repeat(201)]
        {
            assert_eq!(bad.parse::<Reference>(), Err(NotAReference), "{bad:?}");
        }
    }
}
