//! Sessions as Genesys' clients see them: creating, joining, leaving and stopping one, and what is told of it.
//!
//! | channel | data | answer on the channel |
//! |---|---|---|
//! | `/service/session/create` | `{}` | `{"sessionToken"}`, and beside it `secret`, `created` and `expires` |
//! | `/service/session/join` | `{"sessionToken", "role", "name"}`, the role 1 (customer, with `secret`), 2 (agent) or 3 (controller), these with `bearer` where the request has no `Authorization` and the relay asks who agents are | `{"userToken", "userId", "users": [{"userId", "role", "name"}], "sessionHistoryId"}` |
//! | `/service/session/exit` | `{"userToken"}` | `{}` |
//! | `/service/session/stop` | `{"userToken", "reason"?}`, by a controller; the reason is `controller`, `closed`, `transferred` or `idle` | `{}` |
//!
//! What a client is told without asking: `/service/session/joined` `{"userId", "role", "name"}`, `/service/session/activated`
//! `{"activationTime"}` and `/service/session/deactivated` `{"activationTime", "deactivationTime", "reason"}`.

use super::{
    bayeux,
    cometd::{Sender, Slot},
    remember, unguessable,
};
use crate::{
    api::{self, Wanted, millis},
    error::ApiError,
    identity::ticket,
    metrics::count,
    server::{App, Peer},
    store::{Delivery, Seat, StoreError},
};
use protocol::{
    Limits,
    control::{Control, EndReason, Role},
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How long the store may take to tell of the end that it was asked for.
const END: Duration = Duration::from_secs(2);

pub(super) const CREATE: &str = "/service/session/create";
pub(super) const JOIN: &str = "/service/session/join";
pub(super) const EXIT: &str = "/service/session/exit";
pub(super) const STOP: &str = "/service/session/stop";
const JOINED: &str = "/service/session/joined";
const ACTIVATED: &str = "/service/session/activated";
const DEACTIVATED: &str = "/service/session/deactivated";

/// Who has joined a session over CometD.
#[derive(Debug, Clone)]
pub(super) struct User {
    seat: Arc<Seat>,
    /// The client that has joined.
    client: Arc<Slot>,
    leaving: CancellationToken,
}

/// Why something was not done: a code as in HTTP, and what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused(pub(super) u16, pub(super) String);

impl Refused {
    fn new(code: u16, text: impl Into<String>) -> Self {
        Self(code, text.into())
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::Unknown => return no_session(),
            StoreError::Crowded(_) => 409,
            _ => 503,
        };
        Self::new(code, error.to_string())
    }
}

fn no_session() -> Refused {
    Refused::new(404, "sessionToken: expected that of a live session")
}

/// The reason that a desktop gives for the end of a session; without one it is that the desktop wants it.
pub(super) fn reason(name: Option<&str>) -> Result<EndReason, Refused> {
    match name {
        None | Some("controller") => Ok(EndReason::Controller),
        Some("closed") => Ok(EndReason::Closed),
        Some("transferred") => Ok(EndReason::Transferred),
        Some("idle") => Ok(EndReason::Idle),
        Some(other) => {
            let found: String = other.chars().take(40).collect();
            let expected = "reason: expected controller, closed, transferred or idle";
            Err(Refused::new(400, format!("{expected}, found {found:?}")))
        }
    }
}

/// A reason as clients are told it, which is as pages are.
fn name_of(reason: EndReason) -> String {
    format!("{reason:?}").to_lowercase()
}

/// A string in a message's data.
fn text<'a>(data: &'a Value, field: &str, expected: &str) -> Result<&'a str, Refused> {
    match data.get(field) {
        Some(Value::String(text)) => Ok(text),
        other => {
            let found = other.map_or("nothing", bayeux::kind);
            Err(Refused::new(400, format!("{field}: expected {expected}, found {found}")))
        }
    }
}

/// Creates a session, which its customer takes with the secret.
pub(super) async fn create(app: &App, peer: Option<&Peer>) -> Result<Value, Refused> {
    let refused = |error: ApiError| Refused::new(error.status(), error.text());
    let created = api::new_session(app, peer, Wanted::default()).await.map_err(refused)?;
    remember(app, created.token, created.created);
    Ok(json!({
        "sessionToken": created.token.reveal(),
        "secret": created.secret,
        "created": millis(created.created),
        "expires": millis(created.expires),
    }))
}

/// Lets a client into a session. What it is told of the session from now on waits for it behind the answer.
pub(super) async fn join(app: &App, sender: Sender<'_>, slot: &Arc<Slot>, data: &Value) -> Result<(), Refused> {
    let peer = sender.peer;
    let refused = |error: ApiError| Refused::new(error.status(), error.text());
    let token = text(data, "sessionToken", "nine digits")?;
    let role = match data.get("role").and_then(Value::as_u64) {
        Some(1) => Role::Customer,
        Some(2) => Role::Agent,
        Some(3) => Role::Controller,
        _ => return Err(Refused::new(400, "role: expected 1 (customer), 2 (agent) or 3 (controller)")),
    };
    let name = match data.get("name") {
        None | Some(Value::Null) => String::new(),
        _ => text(data, "name", "a string")?.to_owned(),
    };
    if name.chars().count() > api::NAME_CHARS {
        return Err(Refused::new(400, format!("name: expected at most {} characters", api::NAME_CHARS)));
    }
    if slot.user().is_some() {
        return Err(Refused::new(
            409,
            "expected a client that has joined no session; each session has a client of its own",
        ));
    }
    // Who watches a session or controls it is an agent, as the request, the WebSocket's handshake or the message shows.
    let mut name = name;
    if role != Role::Customer && app.identities().is_required() {
        let shown = data.get("bearer").and_then(Value::as_str).or(sender.shown);
        let agent = ticket::check(app, peer, shown).await.map_err(refused)?;
        tracing::info!(target: "audit", agent = agent.subject, ?role, "is known over CometD");
        name = agent.name.unwrap_or(name);
    }
    // The customer's place is the customer's.
    let proof = data.get("secret").and_then(Value::as_str).unwrap_or_default();
    let wrong = "secret: expected that of the session, as its customer was given it";
    let status = match role {
        Role::Customer => api::customers(app, peer, token, proof, wrong).await,
        _ => ticket::session(app, peer, token).await,
    };
    let status = status.map_err(refused)?;
    let (token, created) = (status.record.token, status.record.created);
    let no_room = |_| Refused::new(503, "the system has no random bytes");
    let user_token = unguessable().map_err(no_room)?;
    let history = remember(app, token, created);
    let seat = Arc::new(app.store().enter(token, role, name).await?);
    let user = User { seat: seat.clone(), client: slot.clone(), leaving: CancellationToken::new() };
    if !slot.sit(&user_token) {
        leave(app, &seat).await;
        return Err(Refused::new(409, "expected a client that has joined no session"));
    }
    let address = peer.map(|peer| peer.address.to_string()).unwrap_or_default();
    tracing::info!(target: "audit", ?token, user = seat.user, ?role, peer = address, "joined over CometD");
    count(&app.metrics().joined);
    // What was so before is told behind the answer; who is there is what the seat yields first.
    let activated = seat.activated();
    let mut told = Told::new(app.clone(), slot.clone(), seat.clone());
    let mut users = Vec::new();
    while let Some(delivery) = seat.try_next() {
        if !told.take(&delivery, Some(&mut users)) {
            leave(app, &seat).await;
            slot.rise(&user_token);
            return Err(no_session());
        }
    }
    let answer = json!({
        "userToken": user_token, "userId": seat.user, "users": users, "sessionHistoryId": history,
    });
    app.genesys().users().insert(user_token.clone(), user.clone());
    slot.tell(JOIN, answer);
    match activated {
        Some(at) => told.activate(at),
        None => told.look(),
    }
    let task = attend(app.clone(), user_token, user, told);
    app.tasks().spawn(task);
    Ok(())
}

/// What has been told of a session to one client.
struct Told {
    app: App,
    slot: Arc<Slot>,
    seat: Arc<Seat>,
    /// Who is there, as far as the seat has yielded.
    present: HashMap<u32, Role>,
    /// A customer who comes back from another page is the same one.
    has_customer: bool,
    activated: bool,
}

impl Told {
    fn new(app: App, slot: Arc<Slot>, seat: Arc<Seat>) -> Self {
        let present = HashMap::from([(seat.user, seat.role)]);
        let has_customer = seat.role == Role::Customer;
        Self { app, slot, seat, present, has_customer, activated: false }
    }

    /// Tells what a seat yields; into `users`, who is there already. False when nothing more comes.
    fn take(&mut self, delivery: &Delivery, users: Option<&mut Vec<Value>>) -> bool {
        let Delivery::Frame(bytes) = delivery else { return false };
        // Frames of the page are an agent's, who does not see them here.
        match Control::read(bytes, &Limits::DEFAULT) {
            Ok(Control::Joined { user, role, name }) => self.joined(user, role, &name, users),
            Ok(Control::Left { user }) => {
                let role = self.present.remove(&user);
                if let Some(users) = users {
                    users.retain(|shown| shown["userId"] != user);
                    // Nobody has been told of that customer.
                    self.has_customer &= role != Some(Role::Customer);
                }
            }
            // Whom nobody has told that they have joined needs no end: that the session is gone is in the answer.
            Ok(Control::Ended { reason }) if users.is_none() => self.end(reason),
            _ => {}
        }
        true
    }

    fn joined(&mut self, user: u32, role: Role, name: &str, users: Option<&mut Vec<Value>>) {
        self.present.insert(user, role);
        if role == Role::Customer && std::mem::replace(&mut self.has_customer, true) {
            return;
        }
        let shown = json!({ "userId": user, "role": role as u8, "name": name });
        match users {
            Some(users) => users.push(shown),
            None => self.slot.tell(JOINED, shown),
        }
    }

    /// Tells that the session is active, once it is. The room may know before the seat has yielded who has made it so: that one
    /// comes first.
    fn look(&mut self) {
        let is_there = |role| self.present.values().any(|present| *present == role);
        if !self.activated
            && is_there(Role::Customer)
            && is_there(Role::Agent)
            && let Some(at) = self.seat.activated()
        {
            self.activate(at);
        }
    }

    fn activate(&mut self, at: SystemTime) {
        self.activated = true;
        self.app.genesys().history().activate(self.seat.token(), at);
        self.slot.tell(ACTIVATED, json!({ "activationTime": millis(at) }));
    }

    fn end(&self, reason: EndReason) {
        self.slot.tell(DEACTIVATED, {
            let mut times = ended(&self.app, &self.seat);
            times["reason"] = name_of(reason).into();
            times
        });
    }
}

/// The times of a session that is over.
fn ended(app: &App, seat: &Seat) -> Value {
    let at = seat.ended().unwrap_or_else(SystemTime::now);
    let mut history = app.genesys().history();
    if let Some(activated) = seat.activated() {
        history.activate(seat.token(), activated);
    }
    history.end(seat.token(), at);
    json!({ "activationTime": seat.activated().map(millis), "deactivationTime": millis(at) })
}

/// Tells a client of its session until it leaves, or the session ends.
async fn attend(app: App, user_token: String, user: User, mut told: Told) {
    let over = loop {
        tokio::select! {
            biased;
            () = user.leaving.cancelled() => break true,
            () = user.client.gone() => break true,
            delivery = user.seat.next() => {
                if !told.take(&delivery, None) {
                    break matches!(delivery, Delivery::Close(crate::Close::Ended));
                }
                told.look();
            }
        }
    };
    let (token, number, role) = (user.seat.token(), user.seat.user, user.seat.role);
    tracing::info!(target: "audit", ?token, user = number, ?role, "left, who had joined over CometD");
    leave(&app, &user.seat).await;
    app.genesys().users().remove(&user_token);
    user.client.rise(&user_token);
    // A client that would hear nothing more without being told so begins anew.
    if !over {
        super::cometd::forget(&app, &user.client);
    }
}

async fn leave(app: &App, seat: &Seat) {
    if let Err(error) = app.store().leave(seat).await {
        tracing::warn!(token = ?seat.token(), user = seat.user, %error, "not taken off the list of participants");
    }
}

/// Who has a user's token. Wrong ones do not count as guesses, as nobody guesses 128 bits: they are said again when a session is over.
fn user_of(app: &App, user_token: &str) -> Result<User, Refused> {
    let found = app.genesys().users().get(user_token).cloned();
    found.ok_or_else(|| Refused::new(404, "userToken: expected that of a user in a live session"))
}

/// A user leaves for good: a customer's or an agent's exit ends the session, a controller's does not.
pub(super) async fn exit(app: &App, data: &Value) -> Result<(), Refused> {
    let user = user_of(app, text(data, "userToken", "that of a user")?)?;
    go(app, &user).await
}

/// A client disconnects, which counts as an exit.
pub(super) async fn disconnected(app: &App, slot: &Slot) {
    let user = slot.user().and_then(|user_token| app.genesys().users().get(&user_token).cloned());
    if let Some(user) = user
        && let Err(error) = go(app, &user).await
    {
        tracing::warn!(error = error.1, "a client that has disconnected was not taken off its session");
    }
}

async fn go(app: &App, user: &User) -> Result<(), Refused> {
    let reason = match user.seat.role {
        Role::Controller => {
            user.leaving.cancel();
            return Ok(());
        }
        Role::Agent => EndReason::Agent,
        Role::Customer => EndReason::Customer,
    };
    app.store().end(user.seat.token(), reason).await?;
    Ok(())
}

/// A controller ends its session. Its times.
pub(super) async fn stop(app: &App, user_token: &str, why: Option<&str>) -> Result<Value, Refused> {
    let user = user_of(app, user_token)?;
    if user.seat.role != Role::Controller {
        return Err(Refused::new(403, "userToken: expected that of a controller"));
    }
    if !app.store().end(user.seat.token(), reason(why)?).await? {
        return Err(no_session());
    }
    // A store of several relays says when that was a moment later; everybody is told the same time.
    let _ = timeout(END, user.seat.closing()).await;
    Ok(ended(app, &user.seat))
}

/// The same as a message.
pub(super) async fn stop_message(app: &App, data: &Value) -> Result<(), Refused> {
    let user_token = text(data, "userToken", "that of a controller")?;
    let why = match data.get("reason") {
        None | Some(Value::Null) => None,
        _ => Some(text(data, "reason", "controller, closed, transferred or idle")?),
    };
    stop(app, user_token, why).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Config, store::memory::MemoryStore};

    /// What is told to a controller who was there first, and hears of the others when they have all come.
    async fn told_of(others: &[(Role, bool)]) -> Vec<String> {
        let config = Arc::new(Config::default());
        let store = Arc::new(MemoryStore::new(config.clone()));
        let app = App::new(config, store, ([127, 0, 0, 1], 0).into()).unwrap();
        let token = api::new_session(&app, None, Wanted::default()).await.unwrap().token;
        let seat = Arc::new(app.store().enter(token, Role::Controller, String::new()).await.unwrap());
        for (role, stays) in others {
            let other = app.store().enter(token, *role, String::new()).await.unwrap();
            if !stays {
                app.store().leave(&other).await.unwrap();
            }
        }
        let slot = Arc::new(Slot::new("client".to_owned(), false, None));
        let mut told = Told::new(app, slot.clone(), seat.clone());
        while let Some(delivery) = seat.try_next() {
            assert!(told.take(&delivery, None));
            told.look();
        }
        let name = |message: &Value| {
            let channel = message["channel"].as_str().unwrap().rsplit('/').next().unwrap();
            message["data"]["userId"].as_u64().map_or(channel.to_owned(), |user| format!("{channel} {user}"))
        };
        slot.waiting().iter().map(name).collect()
    }

    #[tokio::test]
    async fn that_a_session_is_active_comes_behind_who_has_made_it_so() {
        let [customer, agent] = [Role::Customer, Role::Agent];
        assert_eq!(told_of(&[(customer, true), (agent, true)]).await, ["joined 1", "joined 3", "activated"]);
        assert_eq!(told_of(&[(agent, true), (customer, true)]).await, ["joined 3", "joined 1", "activated"]);
        // Who has left before has not.
        assert_eq!(
            told_of(&[(agent, false), (customer, true), (agent, true)]).await,
            ["joined 3", "joined 1", "joined 4", "activated"]
        );
        assert_eq!(
            told_of(&[(customer, false), (agent, true), (agent, true), (customer, true)]).await,
            ["joined 1", "joined 3", "joined 4", "activated"]
        );
        assert_eq!(told_of(&[(customer, true), (agent, true), (agent, true)]).await.last().unwrap(), "joined 4");
    }

    #[test]
    fn reasons_are_those_that_a_desktop_may_give() {
        assert_eq!(reason(None), Ok(EndReason::Controller));
        for (name, expected) in
            [("closed", EndReason::Closed), ("transferred", EndReason::Transferred), ("idle", EndReason::Idle)]
        {
            assert_eq!(reason(Some(name)), Ok(expected));
            assert_eq!(name_of(expected), name);
        }
        let refused = reason(Some("shutdown")).unwrap_err();
        assert_eq!(refused.1, "reason: expected controller, closed, transferred or idle, found \"shutdown\"");
    }
}
