//! The REST calls of Genesys Co-browse. Errors are those of the relay's own API: a status and `{"error": "…"}`.

use super::{
    cookie,
    history::URL_BYTES,
    remember,
    session::{self, Refused},
};
use crate::{
    api::{self, PeerOf, Wanted, millis},
    error::ApiError,
    server::App,
    token::Token,
};
use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::SystemTime;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/cobrowse/rest/live/sessions", post(create))
        .route("/cobrowse/rest/live/sessions/{token}", get(show))
        .route("/cobrowse/rest/live/sessions/{token}/pages", post(page))
        .route("/cobrowse/rest/live/users/{user}/session/stop", get(stop))
        .route("/cobrowse/rest/history/sessions/{id}", get(history))
}

/// Where a session is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    session_token: String,
    session_server_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_server_url: Option<String>,
    /// What the customer's page needs, and no vendor has named.
    #[serde(flatten)]
    beside: Option<Beside>,
}

#[derive(Serialize)]
struct Beside {
    secret: String,
    created: u64,
    expires: u64,
}

/// The answer, with the cookie by which a balancer finds this node again.
fn place(app: &App, token: Token, beside: Option<Beside>) -> Response {
    let config = app.config();
    let place = Place {
        session_token: token.reveal(),
        session_server_name: config.server_name.clone(),
        session_server_url: config.server_url.clone(),
        beside,
    };
    let mut response = Json(place).into_response();
    if let Some((name, value)) = cookie(config) {
        response.headers_mut().append(name, value);
    }
    response
}

impl From<Refused> for ApiError {
    fn from(Refused(code, text): Refused) -> Self {
        Self::new(StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), text)
    }
}

/// What is in the body is of no interest, but it is read: a client that sends one waits until it is taken.
async fn create(State(app): State<App>, peer: PeerOf, body: Body) -> Result<Response, ApiError> {
    let peer = peer.as_ref().map(|peer| &peer.0);
    api::may_create(&app, peer)?;
    api::read(body).await?;
    let made = api::new_session(&app, peer, Wanted::default()).await?;
    remember(&app, made.token, made.created);
    let beside = Beside { secret: made.secret, created: millis(made.created), expires: millis(made.expires) };
    Ok(place(&app, made.token, Some(beside)))
}

async fn show(State(app): State<App>, peer: PeerOf, Path(token): Path<String>) -> Result<Response, ApiError> {
    let status = api::session(&app, peer.as_ref(), &token).await?;
    Ok(place(&app, status.record.token, None))
}

#[derive(Deserialize)]
struct Why {
    reason: Option<String>,
}

async fn stop(
    State(app): State<App>,
    Path(user): Path<String>,
    query: Result<Query<Why>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let Query(why) = query.map_err(|error| ApiError::new(StatusCode::BAD_REQUEST, error.body_text()))?;
    Ok(Json(session::stop(&app, &user, why.reason.as_deref()).await?))
}

async fn history(State(app): State<App>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let shown = app.genesys().history().show(&id, SystemTime::now());
    shown.map(|shown| Json(shown).into_response()).ok_or_else(|| {
        ApiError::new(StatusCode::NOT_FOUND, "sessionHistoryId: expected that of a session that is still known")
    })
}

#[derive(Deserialize)]
struct Entered {
    secret: String,
    url: String,
}

/// The customer's page says where it is: what of its address may be told is decided there.
async fn page(
    State(app): State<App>,
    peer: PeerOf,
    Path(token): Path<String>,
    body: Body,
) -> Result<StatusCode, ApiError> {
    let entered: Entered = serde_json::from_slice(&api::read(body).await?).map_err(|error| {
        ApiError::new(StatusCode::BAD_REQUEST, format!("body: expected {{\"secret\": \"…\", \"url\": \"…\"}}: {error}"))
    })?;
    let wrong = "body: expected the session's secret";
    let status = api::customers(&app, peer.as_ref().map(|peer| &peer.0), &token, &entered.secret, wrong).await?;
    let is_address = entered.url.len() <= URL_BYTES
        && (entered.url.starts_with("https://") || entered.url.starts_with("http://"))
        && !entered.url.contains(['?', '#', '@']);
    if !is_address {
        let expected =
            "url: expected an address of http or https without a query, a fragment and an @, at most 2048 bytes";
        return Err(ApiError::new(StatusCode::BAD_REQUEST, expected));
    }
    let token = status.record.token;
    remember(&app, token, status.record.created);
    if app.genesys().history().enter(token, &entered.url, SystemTime::now()) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::new(StatusCode::INSUFFICIENT_STORAGE, "pages: expected at most 500 in a session"))
    }
}
