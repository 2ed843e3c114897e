//! Genesys Co-browse: its REST calls and its CometD channels, over the relay's own sessions (`docs/integrations/genesys.md`).
//!
//! ```text
//! agent's desktop ── CometD ──▶ Client (queue) ──▶ seat of a controller ──▶ room ◀── customer's page, agent's page
//! ```
//!
//! A session is one of the relay's: its token is the one that Genesys calls `sessionToken`. Who joins over CometD has a seat in the
//! session as everybody has; what the seat yields becomes notifications. Customers' and agents' pages go on speaking the relay's own
//! protocol, and count as customer and agent.
//!
//! | request | answer |
//! |---|---|
//! | `POST /cobrowse/rest/live/sessions` | `{"sessionToken", "sessionServerName", "sessionServerUrl"?}` and the cookie `gcbSessionServer`; beside them `secret`, `created` and `expires`, as `POST /api/sessions` has them |
//! | `GET /cobrowse/rest/live/sessions/{token}` | the same without what is beside it |
//! | `POST /cobrowse/rest/live/sessions/{token}/pages`, `{"secret", "url"}` | 204: the customer is on a page |
//! | `GET /cobrowse/rest/live/users/{userToken}/session/stop` | `{"activationTime", "deactivationTime"}`; with `?reason=`, `controller`, `closed`, `transferred` or `idle` |
//! | `GET /cobrowse/rest/history/sessions/{sessionHistoryId}` | `{"id", "sessionToken", "creationTime", "activationTime", "deactivationTime", "pages": [{"url", "enteredTimestamp", "duration"}]}` |
//! | `POST /cobrowse/cometd`, also with `/handshake`, `/connect` and so on behind it | Bayeux messages over long polling |
//! | `GET /cobrowse/cometd` | the same over a WebSocket |
//!
//! What is under `/cobrowse/` otherwise is what is at the root: pages, `/cobrowse/api`, `/cobrowse/ws`.

mod bayeux;
mod chat;
mod cometd;
mod history;
mod rest;
mod session;

pub use chat::token_of;

use crate::{config::Config, crowding::Crowding, error::ApiError, server::App, throttle::Throttle, token::Token};
use axum::{Router, middleware, response::Response};
use cometd::Slot;
use history::History;
use http::{HeaderName, HeaderValue, StatusCode, header};
use session::User;
use std::{
    collections::HashMap,
    fmt::Write,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};
use tokio_util::sync::CancellationToken;

/// How often sessions are looked for that have ended while nobody was in them over CometD.
const LOOK: Duration = Duration::from_secs(5);

/// What the relay keeps for Genesys' clients.
#[derive(Debug)]
pub(crate) struct Genesys {
    clients: Mutex<HashMap<String, Arc<Slot>>>,
    /// Who has joined a session, by the user's token.
    users: Mutex<HashMap<String, User>>,
    history: Mutex<History>,
    /// Of clients that begin, and of those that are there, by address.
    handshakes: Throttle,
    crowding: Arc<Crowding>,
    looked: Mutex<Option<Instant>>,
    /// The relay goes down: nobody is held any longer.
    stopping: CancellationToken,
}

impl Genesys {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            clients: Mutex::default(),
            users: Mutex::default(),
            history: Mutex::default(),
            handshakes: Throttle::new(config.create_burst, config.create_refill),
            crowding: Crowding::new(config.address_connections),
            looked: Mutex::default(),
            stopping: CancellationToken::new(),
        }
    }

    fn clients(&self) -> MutexGuard<'_, HashMap<String, Arc<Slot>>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn users(&self) -> MutexGuard<'_, HashMap<String, User>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets go of everybody: the relay goes down.
    pub(crate) fn stop(&self) {
        self.stopping.cancel();
    }
}

/// Forgets clients of which nothing is heard, and looks which sessions have ended. Called every now and then.
pub(crate) async fn sweep(app: &App) {
    let genesys = app.genesys();
    let now = Instant::now();
    let gone: Vec<Arc<Slot>> = genesys.clients().values().filter(|slot| slot.is_gone(now)).cloned().collect();
    for slot in gone {
        tracing::info!("a CometD client is gone");
        cometd::forget(app, &slot);
    }
    {
        let mut looked = genesys.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.is_some_and(|at| now.saturating_duration_since(at) < LOOK) {
            return;
        }
        *looked = Some(now);
    }
    let live = genesys.history().live();
    let found = match app.store().find_all(&live).await {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(%error, "sessions were not looked for");
            return;
        }
    };
    for (token, status) in live.into_iter().zip(found) {
        match status {
            Some(status) => {
                if let Some(at) = status.activated {
                    genesys.history().activate(token, at);
                }
            }
            None => genesys.history().end(token, SystemTime::now()),
        }
    }
    genesys.history().forget(SystemTime::now());
}

/// The routes, below `/cobrowse`.
pub(crate) fn routes() -> Router<App> {
    let routes = rest::routes().merge(cometd::routes()).layer(middleware::map_response(keep_alive));
    routes.method_not_allowed_fallback(async || {
        ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "another method was expected")
    })
}

/// Says how long a connection is kept that is idle: a client that goes by it does not send what the relay has just closed for.
async fn keep_alive(mut response: Response) -> Response {
    response.headers_mut().insert(HeaderName::from_static("keep-alive"), HeaderValue::from_static("timeout=9"));
    response
}

/// The id of a session's entry in the history; none where there is no room for one, or the system has no random bytes.
fn remember(app: &App, token: Token, created: SystemTime) -> Option<String> {
    app.genesys().history().begin(token, created, unguessable().ok()?)
}

/// A name that nobody guesses: 128 random bits, as hexadecimal digits.
fn unguessable() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    let mut text = String::with_capacity(32);
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// The cookie by which a balancer finds this node again. It proves nothing.
fn cookie(config: &Config) -> Option<(HeaderName, HeaderValue)> {
    let is_tls = config.server_url.as_ref().is_some_and(|url| url.starts_with("https://"));
    let across = if is_tls { "; SameSite=None; Secure" } else { "; SameSite=Lax" };
    let value = HeaderValue::try_from(format!("gcbSessionServer={}; Path=/; HttpOnly{across}", config.server_name));
    Some((header::SET_COOKIE, value.ok()?))
}
