//! Tickets: what a socket of an agent's shows, once.

use super::{Agent, Refusal};
use crate::{
    api::{self, PeerOf, bearer, millis},
    error::ApiError,
    metrics::count,
    server::{App, Peer},
    store::{Status, StoreError},
    token::{SecretDigest, Token},
};
use axum::{
    Json, Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::json;
use std::time::{Duration, Instant, SystemTime};

/// How long a ticket is good.
pub(crate) const LIFE: Duration = Duration::from_secs(30);

/// The most tickets of a session that nobody has used yet; the oldest gives way.
pub(crate) const MOST: usize = 64;

/// The subprotocols that a socket with a ticket asks for: the one that it is answered with, and what the ticket stands behind.
pub(crate) const PROTOCOL: &str = "cobrowse";
const BEFORE: &str = "ticket.";

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/api/identity", get(identity)).route("/api/sessions/{token}/tickets", post(give))
}

/// How an agent signs in here.
async fn identity(State(app): State<App>) -> impl IntoResponse {
    let known = app.identities();
    Json(json!({ "required": known.is_required(), "signIn": known.sign_in(), "keys": known.has_list() }))
}

/// Gives a ticket to an agent.
async fn give(
    State(app): State<App>,
    peer: PeerOf,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let peer = peer.as_ref().map(|peer| &peer.0);
    let agent = authenticate(&app, peer, &headers).await?;
    let status = session(&app, peer, &token).await?;
    let token = status.record.token;
    may_join(&app, token)?;
    let no_random = |_| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "the system has no random bytes");
    let (ticket, digest) = SecretDigest::generate().map_err(no_random)?;
    let name = agent.name.clone();
    let until = SystemTime::now() + LIFE;
    app.store().keep_ticket(token, digest, agent).await?;
    let given = json!({ "ticket": ticket, "expires": millis(until), "name": name });
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(given)).into_response())
}

/// Who asks, by what the request shows. Anybody, where agents need not show who they are.
pub(crate) async fn authenticate(app: &App, peer: Option<&Peer>, headers: &HeaderMap) -> Result<Agent, ApiError> {
    if !app.identities().is_required() {
        return Ok(Agent::new(String::new(), None));
    }
    check(app, peer, bearer(headers)).await
}

/// The same of what was shown otherwise.
pub(crate) async fn check(app: &App, peer: Option<&Peer>, shown: Option<&str>) -> Result<Agent, ApiError> {
    if let Some(peer) = peer {
        api::throttled(app, peer)?;
    }
    let Some(shown) = shown else {
        // Who shows nothing has guessed nothing.
        return Err(unknown("Bearer and an agent's token or key"));
    };
    let found = app.identities().check(shown, SystemTime::now()).await;
    found.map_err(|refusal| {
        let (text, error) = match refusal {
            Refusal::Wrong(what) => (what, unknown(what)),
            Refusal::Forbidden(what) => {
                (what, ApiError::new(StatusCode::FORBIDDEN, format!("authorization: expected {what}")))
            }
            Refusal::Unready => {
                let text = "the issuer's keys are not known: expected them to be read soon";
                return ApiError::new(StatusCode::SERVICE_UNAVAILABLE, text);
            }
        };
        count(&app.metrics().unidentified);
        tracing::warn!(target: "audit", peer = peer.map(|peer| peer.address.to_string()), expected = text, "refused: not an agent");
        app.miss(peer);
        error
    })
}

fn unknown(what: &str) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, format!("authorization: expected {what}"))
}

/// The session of a token, for who has said who it is, where that is asked.
pub(crate) async fn session(app: &App, peer: Option<&Peer>, token: &str) -> Result<Status, ApiError> {
    if app.identities().is_required() {
        api::known_session(app, peer, token).await
    } else {
        api::find_session(app, peer, token).await
    }
}

/// Whether another agent may try to come into a session: not more often than people do.
pub(crate) fn may_join(app: &App, token: Token) -> Result<(), ApiError> {
    let now = Instant::now();
    app.joins().check(token, now).map_err(|wait| {
        count(&app.metrics().throttled);
        if app.is_worth_a_line() {
            tracing::warn!(target: "audit", ?token, "refused: too many agents come and go in one session");
        }
        ApiError::too_many_joins(wait)
    })?;
    app.joins().miss(token, now);
    Ok(())
}

/// The ticket of a handshake.
fn shown(headers: &HeaderMap) -> Option<&str> {
    let values = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL);
    let mut words = values.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    words.find_map(|word| word.trim().strip_prefix(BEFORE))
}

/// Who wants to come in over a WebSocket, and to which session: with a ticket, as pages have one, or, as programs do, with what a
/// ticket is given for. Nothing is said of a session to who shows neither.
pub(crate) async fn admit(
    app: &App,
    peer: Option<&Peer>,
    token: &str,
    headers: &HeaderMap,
) -> Result<(Status, Agent), ApiError> {
    let Some(ticket) = shown(headers) else {
        let agent = authenticate(app, peer, headers).await?;
        let status = session(app, peer, token).await?;
        may_join(app, status.record.token)?;
        return Ok((status, agent));
    };
    if let Some(peer) = peer {
        api::throttled(app, peer)?;
    }
    let wrong = || unknown("a ticket of this session that nobody has used, and that is not older than 30 seconds");
    let parsed: Token = token.parse().map_err(|_| wrong())?;
    let agent = app.store().use_ticket(parsed, SecretDigest::of(ticket)).await?;
    let found = match agent {
        Some(agent) => app.store().find(parsed).await?.map(|status| (status, agent)),
        None => None,
    };
    found.ok_or_else(|| {
        app.miss(peer);
        if app.is_worth_a_line() {
            tracing::warn!(target: "audit", token = ?parsed, "refused: a ticket that is none, or was used");
        }
        wrong()
    })
}

/// Tickets that wait to be used, where one process has them all.
#[derive(Debug, Default)]
pub(crate) struct Tickets(Vec<(SecretDigest, Agent, Instant)>);

impl Tickets {
    pub(crate) fn keep(&mut self, ticket: SecretDigest, agent: Agent, now: Instant) {
        self.0.retain(|(.., until)| *until > now);
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push((ticket, agent, now + LIFE));
    }

    pub(crate) fn take(&mut self, ticket: SecretDigest, now: Instant) -> Option<Agent> {
        self.0.retain(|(.., until)| *until > now);
        let at = self.0.iter().position(|(other, ..)| other.is(&ticket))?;
        Some(self.0.remove(at).1)
    }
}

/// An agent as a store outside of the process has it.
pub(crate) fn write(agent: &Agent) -> Result<String, StoreError> {
    serde_json::to_string(agent).map_err(|error| StoreError::Unavailable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_good_once_and_not_for_long() {
        let mut tickets = Tickets::default();
        let now = Instant::now();
        let agent = Agent::new("anna".to_owned(), None);
        let [one, two] = [SecretDigest::of("one"), SecretDigest::of("two")];
        tickets.keep(one, agent.clone(), now);
        tickets.keep(two, agent.clone(), now);
        assert_eq!(tickets.take(SecretDigest::of("three"), now), None);
        assert_eq!(tickets.take(one, now), Some(agent.clone()));
        assert_eq!(tickets.take(one, now), None);
        assert_eq!(tickets.take(two, now + LIFE), None);
        for number in 0..2 * MOST {
            tickets.keep(SecretDigest::of(&number.to_string()), agent.clone(), now);
        }
        assert_eq!(tickets.0.len(), MOST);
        assert_eq!(tickets.take(SecretDigest::of("0"), now), None, "the oldest has given way");
    }

    #[test]
    fn a_ticket_is_found_among_protocols() {
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, value.parse().unwrap());
            shown(&headers).map(str::to_owned)
        };
        assert_eq!(with("cobrowse, ticket.abc").as_deref(), Some("abc"));
        assert_eq!(with("ticket.abc").as_deref(), Some("abc"));
        assert_eq!(with("cobrowse"), None);
    }
}
