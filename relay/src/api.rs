//! The REST API, and the checks before a WebSocket is accepted.

use crate::{
    embedding,
    error::ApiError,
    identity::ticket,
    invitation::{self, Reference},
    metrics::count,
    network,
    recorder::{Recorded, Recorder},
    server::{App, Peer},
    socket,
    store::{Record, Status, StoreError},
    token::{SecretDigest, Token},
    upgrade::Upgrade,
};
use axum::{
    Extension, Json, Router,
    body::Body,
    extract::{Path, Query, Request, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use protocol::{Limits, Mode, control::EndReason};
use serde::{Deserialize, Serialize};
use sha2::Digest;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use subtle::ConstantTimeEq;
use tokio::time::timeout;

/// The largest body of a request, in bytes.
const BODY_BYTES: usize = 4 << 10;

/// How long a request may take to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest name of an agent, in characters.
pub(crate) const NAME_CHARS: usize = 100;

/// How many tokens are drawn before giving up. With the nine digits a tenth full, 16 fail once in 10^16.
const DRAWS: usize = 16;

pub(crate) type PeerOf = Option<Extension<Peer>>;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/sessions", axum::routing::post(create))
        .route("/api/sessions/{token}", get(show).delete(stop))
        .route("/api/sessions/{token}/leaving", axum::routing::post(leaving))
        .route("/api/sessions/{token}/ice", get(ice))
        .route("/api/recordings", get(recordings))
        .route("/api/recordings/{name}", axum::routing::delete(forget))
        .route("/api/assets", get(assets))
        .route("/api/rules", get(rules))
        .route("/ws/customer", get(customer))
        .route("/ws/agent", get(agent))
        .route("/healthz", get(health))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .merge(invitation::routes())
        .merge(embedding::routes())
        .merge(ticket::routes())
        .method_not_allowed_fallback(async || {
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "another method was expected")
        })
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Wish {
    mode: Option<String>,
    reference: Option<String>,
    #[serde(default)]
    invite: bool,
    #[serde(default)]
    sealed: bool,
}

#[derive(Serialize)]
pub(crate) struct Created {
    pub(crate) token: String,
    /// None for an invitation: its customer is told.
    pub(crate) secret: Option<String>,
    pub(crate) mode: &'static str,
    pub(crate) created: u64,
    pub(crate) expires: u64,
    pub(crate) recording: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Shown {
    token: String,
    mode: &'static str,
    created: u64,
    expires: u64,
    customer: bool,
    reference: Option<String>,
    /// An agent has made it, and its customer has still to come.
    open: bool,
    sealed: bool,
    agents: Vec<ShownAgent>,
}

#[derive(Serialize)]
struct ShownAgent {
    user: u32,
    name: String,
}

async fn health() -> Json<serde_json::Value> {
    Json(serde_json::json!({ "status": "ok" }))
}

/// Whether sessions can be created and joined here now; a load balancer asks.
async fn ready(State(app): State<App>) -> (StatusCode, Json<serde_json::Value>) {
    if app.is_ready() {
        (StatusCode::OK, Json(serde_json::json!({ "status": "ready" })))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Json(serde_json::json!({ "status": "not ready" })))
    }
}

/// What the relay counts, for who may read it.
async fn metrics(State(app): State<App>, peer: PeerOf, headers: HeaderMap) -> Result<Response, ApiError> {
    // A proxy on this machine that is not listed has passed it on.
    let is_forwarded = ["forwarded", "x-forwarded-for"].iter().any(|name| headers.contains_key(*name));
    let listed = |peer: &Peer| {
        (peer.address.is_loopback() && !peer.is_forwarded && !is_forwarded)
            || network::lists(&app.config().metrics_from, peer.address)
    };
    if !peer.as_ref().is_none_or(|peer| listed(&peer.0)) {
        return Err(ApiError::new(StatusCode::NOT_FOUND, "metrics: expected an address that may read them"));
    }
    let text = app.metrics().text(app.is_ready(), app.besieged().is_err());
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

/// What the customer's page is to keep from agents. A page asks as a session starts, and is not to go by an older answer.
async fn rules(State(app): State<App>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], app.rules())
}

/// What agents' browsers may load for pages: `null` for the default.
async fn assets(State(app): State<App>) -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], Json(serde_json::json!({ "assets": app.config().assets })))
}

async fn create(State(app): State<App>, peer: PeerOf, headers: HeaderMap, body: Body) -> Result<Response, ApiError> {
    let peer = peer.as_ref().map(|peer| &peer.0);
    // Who may create none is not read.
    may_create(&app, peer)?;
    let wanted = wanted(body).await?;
    let (mode, open) = (wanted.mode, wanted.open);
    if open {
        invitation::authorise(&app, peer, &headers)?;
    }
    let NewSession { token, secret, created, expires, recording } = new_session(&app, peer, wanted).await?;
    let (created, expires) = (millis(created), millis(expires));
    // Nobody has the secret of an invitation before a customer has taken it.
    let secret = (!open).then_some(secret);
    let created = Created { token: token.reveal(), secret, mode: mode.name(), created, expires, recording };
    Ok((StatusCode::CREATED, Json(created)).into_response())
}

/// A session that is to be created.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    mode: Mode,
    reference: Option<Reference>,
    /// An agent's invitation, without a customer still.
    open: bool,
    /// Its frames are sealed.
    sealed: bool,
}

/// A session that was just created.
pub(crate) struct NewSession {
    pub(crate) token: Token,
    pub(crate) secret: String,
    pub(crate) created: SystemTime,
    pub(crate) expires: SystemTime,
    recording: Option<String>,
}

/// Whether an address may create another session.
pub(crate) fn may_create(app: &App, peer: Option<&Peer>) -> Result<(), ApiError> {
    let Some(peer) = peer else { return Ok(()) };
    app.creations().check(peer.address, Instant::now()).map_err(|wait| {
        count(&app.metrics().throttled);
        if app.is_worth_a_line() {
            tracing::warn!(target: "audit", peer = %peer.address, "refused: too many sessions of one address");
        }
        ApiError::too_many_sessions(wait)
    })
}

/// Creates a session, under a token that no other has.
pub(crate) async fn new_session(app: &App, peer: Option<&Peer>, wanted: Wanted) -> Result<NewSession, ApiError> {
    may_create(app, peer)?;
    if let Some(peer) = peer {
        app.creations().miss(peer.address, Instant::now());
    }
    let Wanted { mode, reference, open, sealed } = wanted;
    let reference = reference.map(Reference::into_string);
    let no_random = |_| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "the system has no random bytes");
    let created = SystemTime::now();
    let expires = created + app.config().session_age;
    let (secret, digest) = SecretDigest::generate().map_err(no_random)?;
    for _ in 0..DRAWS {
        let token = Token::generate().map_err(no_random)?;
        let (reference, recording) = (reference.clone(), None);
        let record = Record { token, secret: digest, mode, created, expires, recording, reference, open, sealed };
        match app.store().create(record).await {
            Ok(recording) => {
                count(&app.metrics().created);
                if let Some(peer) = peer {
                    tracing::info!(target: "audit", ?token, peer = %peer.address, mode = mode.name(), "session created");
                }
                return Ok(NewSession { token, secret, created, expires, recording });
            }
            Err(StoreError::Taken) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Taken.into())
}

/// The secret that a request shows.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = given.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

/// Who keeps sessions, for who has the secret for it.
fn recorder<'a>(
    app: &'a App,
    peer: Option<&Extension<Peer>>,
    headers: &HeaderMap,
) -> Result<&'a dyn Recorder, ApiError> {
    let peer = peer.map(|peer| &peer.0);
    let nothing =
        || ApiError::new(StatusCode::NOT_FOUND, "recordings: expected a relay that records, with a secret for it");
    let (Some(recorder), Some(secret)) = (app.store().recorder(), &app.config().record_secret) else {
        return Err(nothing());
    };
    if let Some(peer) = peer {
        throttled(app, peer)?;
    }
    // Digests are compared, which have the same length whatever was sent.
    let digest = |text: &str| sha2::Sha256::digest(text.as_bytes());
    let given = bearer(headers).is_some_and(|given| bool::from(digest(given).ct_eq(&digest(secret))));
    if given {
        return Ok(recorder);
    }
    app.miss(peer);
    Err(ApiError::new(StatusCode::UNAUTHORIZED, "authorization: expected Bearer and the secret for recordings"))
}

#[derive(Serialize)]
struct ShownRecording {
    name: String,
    bytes: u64,
    written: u64,
}

async fn recordings(
    State(app): State<App>,
    peer: PeerOf,
    headers: HeaderMap,
) -> Result<Json<serde_json::Value>, ApiError> {
    let list = recorder(&app, peer.as_ref(), &headers)?.list().await?;
    let shown = list.into_iter().map(|Recorded { name, bytes, written }| ShownRecording { name, bytes, written });
    Ok(Json(serde_json::json!({ "recordings": shown.collect::<Vec<_>>() })))
}

async fn forget(
    State(app): State<App>,
    peer: PeerOf,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    if recorder(&app, peer.as_ref(), &headers)?.delete(&name).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::new(StatusCode::NOT_FOUND, "recordings: expected the name of one that is there"))
    }
}

/// The body of a request.
pub(crate) async fn read(body: Body) -> Result<Bytes, ApiError> {
    read_at_most(body, BODY_BYTES).await
}

/// The same, where it may be of another size.
pub(crate) async fn read_at_most(body: Body, most: usize) -> Result<Bytes, ApiError> {
    let too_large = |_| ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, format!("body: expected at most {most} bytes"));
    let too_late = |_| ApiError::new(StatusCode::REQUEST_TIMEOUT, "body: expected within 10 seconds");
    timeout(BODY_TIMEOUT, axum::body::to_bytes(body, most)).await.map_err(too_late)?.map_err(too_large)
}

/// The mode that the body of a request asks for, what the session is known by elsewhere, and whether it is an invitation.
async fn wanted(body: Body) -> Result<Wanted, ApiError> {
    let body = read(body).await?;
    let wish = if body.is_empty() { Ok(Wish::default()) } else { serde_json::from_slice(&body) };
    let wish: Wish = wish.map_err(|error| {
        let expected =
            "body: expected nothing or {\"mode\": \"shared\" | \"view\" | \"follow\", \"reference\": \"…\", \"invite\": true, \"sealed\": true}";
        ApiError::new(StatusCode::BAD_REQUEST, format!("{expected}: {error}"))
    })?;
    let mode = wish.mode.map_or(Ok(Mode::default()), |mode| mode.parse());
    let mode =
        mode.map_err(|error: protocol::mode::UnknownMode| ApiError::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    let reference = wish.reference.map(|reference| reference.parse()).transpose();
    let reference = reference
        .map_err(|error: invitation::NotAReference| ApiError::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    Ok(Wanted { mode, reference, open: wish.invite, sealed: wish.sealed })
}

async fn show(State(app): State<App>, peer: PeerOf, Path(token): Path<String>) -> Result<Json<Shown>, ApiError> {
    Ok(Json(shown(session(&app, peer.as_ref(), &token).await?)))
}

/// A session as anybody may see it who knows its token.
pub(crate) fn shown(status: Status) -> Shown {
    let agents = status.agents.into_iter().map(|agent| ShownAgent { user: agent.user, name: agent.name });
    Shown {
        token: status.record.token.reveal(),
        mode: status.mode.name(),
        created: millis(status.record.created),
        expires: millis(status.record.expires),
        customer: status.customer,
        reference: status.record.reference,
        open: status.record.open,
        sealed: status.record.sealed,
        agents: agents.collect(),
    }
}

/// Whom browsers may ask for a way to each other: for who knows a session.
async fn ice(State(app): State<App>, peer: PeerOf, Path(token): Path<String>) -> Result<Response, ApiError> {
    session(&app, peer.as_ref(), &token).await?;
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, app.ice()).into_response())
}

async fn stop(
    State(app): State<App>,
    peer: PeerOf,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    let Some(secret) = bearer(&headers) else {
        session(&app, peer.as_ref(), &token).await?;
        let expected = "authorization: expected Bearer and the session's secret";
        return Err(ApiError::new(StatusCode::UNAUTHORIZED, expected));
    };
    let wrong = "authorization: expected the session's secret";
    let status = customers(&app, peer.as_ref().map(|peer| &peer.0), &token, secret, wrong).await?;
    if app.store().end(status.record.token, EndReason::Customer).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::unknown())
    }
}

#[derive(Deserialize)]
struct Leaving {
    secret: String,
    connection: u64,
}

/// A page's last word, sent as a beacon: without headers of its own, so that the secret is in the body.
async fn leaving(
    State(app): State<App>,
    peer: PeerOf,
    Path(token): Path<String>,
    body: Body,
) -> Result<StatusCode, ApiError> {
    let leaving: Leaving = serde_json::from_slice(&read(body).await?).map_err(|error| {
        let expected = "body: expected {\"secret\": \"…\", \"connection\": …}";
        ApiError::new(StatusCode::BAD_REQUEST, format!("{expected}: {error}"))
    })?;
    let wrong = "body: expected the session's secret";
    let status = customers(&app, peer.as_ref().map(|peer| &peer.0), &token, &leaving.secret, wrong).await?;
    if app.store().leaving(status.record.token, leaving.connection).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::unknown())
    }
}

#[derive(Deserialize)]
struct Join {
    token: Option<String>,
    name: Option<String>,
    /// Whether an agent wants to be told now and then that the relay is there.
    #[serde(default)]
    beat: bool,
}

type JoinQuery = Result<Query<Join>, QueryRejection>;

async fn customer(
    State(app): State<App>,
    peer: PeerOf,
    query: JoinQuery,
    mut request: Request,
) -> Result<Response, ApiError> {
    let (token, ..) = asked(query)?;
    // While tokens are guessed, the secret decides whether a page hears that the session is there.
    let record = match app.besieged() {
        Ok(()) => Some(session(&app, peer.as_ref(), &token).await?.record),
        Err(_) => look(&app, peer.as_ref().map(|peer| &peer.0), &token).await?.map(|status| status.record),
    };
    let upgrade = Upgrade::read(&mut request)?;
    let response = upgrade.response();
    let most = app.config().frame_bytes;
    app.tasks().spawn({
        let app = app.clone();
        async move {
            if let Ok(socket) = upgrade.socket(most).await {
                socket::customer(&app, socket, record.as_ref(), peer.map(|peer| peer.0)).await;
            }
        }
    });
    Ok(response)
}

async fn agent(
    State(app): State<App>,
    peer: PeerOf,
    query: JoinQuery,
    mut request: Request,
) -> Result<Response, ApiError> {
    let (token, name, beat) = asked(query)?;
    let headers = request.headers().clone();
    let (status, agent) = ticket::admit(&app, peer.as_ref().map(|peer| &peer.0), &token, &headers).await?;
    // What is known of an agent goes before what its page says.
    let name = agent.name.clone().unwrap_or(name);
    if status.agents.len() >= app.config().agents {
        return Err(StoreError::Crowded(app.config().agents).into());
    }
    let upgrade = Upgrade::read(&mut request)?;
    let response = upgrade.response();
    app.tasks().spawn({
        let app = app.clone();
        async move {
            if let Ok(socket) = upgrade.socket(Limits::AGENT_BYTES).await {
                let peer = peer.map(|peer| peer.0);
                let agent = socket::Entrant { name, subject: agent.subject, beat };
                socket::agent(&app, socket, status.record.token, agent, peer).await;
            }
        }
    });
    Ok(response)
}

/// The token, the name and whether beats are wanted, of a WebSocket's query.
fn asked(query: JoinQuery) -> Result<(String, String, bool), ApiError> {
    let Query(join) = query.map_err(|error| ApiError::new(StatusCode::BAD_REQUEST, error.body_text()))?;
    let Some(token) = join.token else {
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "token: expected ?token= and nine digits"));
    };
    let name = join.name.unwrap_or_default();
    if name.chars().count() > NAME_CHARS {
        let expected = format!("name: expected at most {NAME_CHARS} characters");
        return Err(ApiError::new(StatusCode::BAD_REQUEST, expected));
    }
    Ok((token, name, join.beat))
}

/// The live session of a token. Wrong tokens count against their address.
pub(crate) async fn session(app: &App, peer: Option<&Extension<Peer>>, token: &str) -> Result<Status, ApiError> {
    find_session(app, peer.map(|peer| &peer.0), token).await
}

/// As [`session`].
pub(crate) async fn find_session(app: &App, peer: Option<&Peer>, token: &str) -> Result<Status, ApiError> {
    app.besieged().map_err(|wait| {
        count(&app.metrics().throttled);
        ApiError::besieged(wait)
    })?;
    known_session(app, peer, token).await
}

/// The same for who has shown more than a token.
pub(crate) async fn known_session(app: &App, peer: Option<&Peer>, token: &str) -> Result<Status, ApiError> {
    let status = look(app, peer, token).await?.ok_or_else(ApiError::unknown)?;
    // A store may take a while: who has guessed wrong too often meanwhile, many at a time, is not told of a hit either.
    if let Some(peer) = peer {
        throttled(app, peer)?;
    }
    Ok(status)
}

/// What there is under a token.
async fn look(app: &App, peer: Option<&Peer>, token: &str) -> Result<Option<Status>, ApiError> {
    if let Some(peer) = peer {
        throttled(app, peer)?;
    }
    let token: Token =
        token.parse().map_err(|error| ApiError::new(StatusCode::NOT_FOUND, format!("{error} of a live session")))?;
    let found = app.store().find(token).await?;
    if found.is_none() {
        app.guessed(peer);
    }
    Ok(found)
}

/// The session of a token for who shows its secret. `wrong` says what was expected of who does not.
pub(crate) async fn customers(
    app: &App,
    peer: Option<&Peer>,
    token: &str,
    secret: &str,
    wrong: &'static str,
) -> Result<Status, ApiError> {
    let found = look(app, peer, token).await?;
    match found {
        Some(status) if status.record.secret.matches(secret) => return Ok(status),
        Some(_) => app.miss(peer),
        None => {}
    }
    // While tokens are guessed, a wrong secret is told like a wrong token.
    app.besieged().map_err(ApiError::besieged)?;
    Err(if found.is_some() { ApiError::new(StatusCode::UNAUTHORIZED, wrong) } else { ApiError::unknown() })
}

/// Whether an address may try.
pub(crate) fn throttled(app: &App, peer: &Peer) -> Result<(), ApiError> {
    app.throttle().check(peer.address, Instant::now()).map_err(|wait| {
        count(&app.metrics().throttled);
        ApiError::too_many(wait)
    })
}

/// Milliseconds since 1970, as `Date` counts.
pub(crate) fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis().try_into().unwrap_or(u64::MAX)
}
