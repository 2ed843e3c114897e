//! The two transports of CometD, long polling and WebSocket, and the clients behind them.

use super::{
    bayeux::{self, Channel, Client, Message},
    session, unguessable,
};
use crate::{
    api::{self, PeerOf, bearer},
    close::Close,
    crowding::Place,
    error::ApiError,
    metrics::count,
    server::{App, Peer},
    upgrade::{Socket, Upgrade},
};
use axum::{
    Extension, Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt, stream::SplitSink};
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_tungstenite::tungstenite::{self, Message as WsMessage};
use tokio_util::sync::CancellationToken;

/// The most clients at a time.
const CLIENTS: usize = 20_000;
/// The largest request, or message of a WebSocket, in bytes.
const BODY_BYTES: usize = 64 << 10;

pub(super) fn routes() -> Router<App> {
    let both = || get(websocket).post(long_polling);
    Router::new()
        .route("/cobrowse/cometd", both())
        .route("/cobrowse/cometd/", both())
        // Clients write behind it what kind of message they send.
        .route("/cobrowse/cometd/{kind}", post(long_polling))
}

/// A client, and what waits for it.
#[derive(Debug)]
pub(super) struct Slot {
    id: String,
    client: Mutex<Client>,
    /// The user's token of the session that it has joined.
    user: Mutex<Option<String>>,
    /// Changes with each thing that a held connect has to look at.
    news: watch::Sender<u64>,
    gone: CancellationToken,
    /// It counts among those of its address.
    _place: Option<Place>,
}

impl Slot {
    pub(super) fn new(id: String, acknowledges: bool, place: Option<Place>) -> Self {
        let client = Mutex::new(Client::new(acknowledges, Instant::now()));
        let (user, news, gone) = (Mutex::default(), watch::channel(0).0, CancellationToken::new());
        Self { id, client, user, news, gone, _place: place }
    }

    fn client(&self) -> MutexGuard<'_, Client> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What waits, without the answer to a connect behind it.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> Vec<Value> {
        let connect = bayeux::parse(br#"{"channel": "/meta/connect"}"#).unwrap().remove(0);
        let mut list = self.client().deliver(&connect);
        list.pop();
        list
    }

    fn wake(&self) {
        self.news.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Puts something into the client's queue. Where that is full the client is told nothing more, not less: it has to begin anew.
    pub(super) fn tell(&self, channel: &str, data: Value) {
        if !self.client().push(bayeux::telling(channel, data)) {
            tracing::warn!("a CometD client takes nothing");
            self.gone.cancel();
        }
        self.wake();
    }

    /// The user's token of the session that the client is in.
    pub(super) fn user(&self) -> Option<String> {
        self.place().clone()
    }

    /// Takes the one place that a client has. False where it has one.
    pub(super) fn sit(&self, user_token: &str) -> bool {
        let mut place = self.place();
        place.is_none() && place.replace(user_token.to_owned()).is_none()
    }

    /// Gives it back.
    pub(super) fn rise(&self, user_token: &str) {
        self.place().take_if(|place| place == user_token);
    }

    fn place(&self) -> MutexGuard<'_, Option<String>> {
        self.user.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resolves when the client is forgotten, or is to be.
    pub(super) async fn gone(&self) {
        self.gone.cancelled().await;
    }

    /// Whether the client is to be forgotten.
    pub(super) fn is_gone(&self, now: Instant) -> bool {
        self.gone.is_cancelled() || self.client().is_gone(now)
    }
}

/// Takes a client off the list. The session that it is in it leaves, without ending it.
pub(super) fn forget(app: &App, slot: &Slot) {
    app.genesys().clients().remove(&slot.id);
    slot.gone.cancel();
    slot.wake();
}

/// A connect that waits for something to tell.
struct Held {
    slot: Arc<Slot>,
    message: Message,
    number: u64,
    until: tokio::time::Instant,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.slot.client().release(self.number, Instant::now());
    }
}

impl Held {
    /// The answer, once there is one.
    async fn answer(&self, stopping: &CancellationToken) -> Vec<Value> {
        let mut news = self.slot.news.subscribe();
        loop {
            news.borrow_and_update();
            {
                let mut client = self.slot.client();
                if self.slot.gone.is_cancelled() {
                    return vec![bayeux::unknown(&self.message)];
                }
                if !client.is_held(self.number) {
                    return vec![bayeux::failed(&self.message, 408, "another connect of this client has come")];
                }
                let is_over = tokio::time::Instant::now() >= self.until || stopping.is_cancelled();
                if client.has_news() || is_over {
                    return client.deliver(&self.message);
                }
            }
            tokio::select! {
                // It lives as long as the slot.
                _ = news.changed() => {}
                () = tokio::time::sleep_until(self.until) => {}
                () = self.slot.gone.cancelled() => {}
                () = stopping.cancelled() => {}
            }
        }
    }
}

/// What a message becomes.
enum Answered {
    Now(Value),
    Later(Box<Held>),
}

/// Whose messages these are.
#[derive(Clone, Copy)]
pub(super) struct Sender<'a> {
    pub(super) peer: Option<&'a Peer>,
    /// What the request or the handshake has shown of who an agent is.
    pub(super) shown: Option<&'a str>,
}

/// Does what a message asks for.
async fn answer(app: &App, sender: Sender<'_>, message: Message) -> (Answered, Option<Arc<Slot>>) {
    if message.channel == Channel::Handshake {
        let (value, slot) = handshake(app, sender.peer, &message);
        return (Answered::Now(value), slot);
    }
    let slot = message.client.as_ref().and_then(|id| app.genesys().clients().get(id).cloned());
    let Some(slot) = slot.filter(|slot| !slot.gone.is_cancelled()) else {
        return (Answered::Now(bayeux::unknown(&message)), None);
    };
    let now = Instant::now();
    if !slot.client().may_send(now) {
        return (Answered::Now(bayeux::failed(&message, 429, "too many messages: expected a pause")), Some(slot));
    }
    let answered = match &message.channel {
        // Done above.
        Channel::Handshake => bayeux::unknown(&message),
        Channel::Connect => match connect(&slot, message, now) {
            Ok(held) => return (Answered::Later(Box::new(held)), Some(slot)),
            Err(refused) => refused,
        },
        Channel::Subscribe | Channel::Unsubscribe => {
            let wanted = message.channel == Channel::Subscribe;
            let taken = slot.client().subscribe(&message.subscriptions, wanted);
            let mut answer = match taken {
                Ok(()) => bayeux::done(&message),
                Err((code, text)) => bayeux::failed(&message, code, text),
            };
            answer["subscription"] = match message.subscriptions.as_slice() {
                [one] => one.as_str().into(),
                more => more.to_vec().into(),
            };
            answer
        }
        Channel::Disconnect => {
            session::disconnected(app, &slot).await;
            forget(app, &slot);
            bayeux::done(&message)
        }
        Channel::Other(channel) => match serve(app, sender, &slot, channel, &message.data).await {
            Ok(()) => bayeux::done(&message),
            Err(session::Refused(code, text)) => bayeux::failed(&message, code, &text),
        },
    };
    (Answered::Now(answered), Some(slot))
}

fn handshake(app: &App, peer: Option<&Peer>, message: &Message) -> (Value, Option<Arc<Slot>>) {
    if let Some(refused) = bayeux::refusal(message) {
        return (refused, None);
    }
    let refused = |code, text| {
        let mut answer = bayeux::failed(message, code, text);
        answer["advice"] = serde_json::json!({ "reconnect": "handshake", "interval": 5_000 });
        (answer, None)
    };
    let mut place = None;
    if let Some(Peer { address, .. }) = peer {
        if app.genesys().handshakes.check(*address, Instant::now()).is_err() {
            count(&app.metrics().throttled);
            return refused(429, "too many handshakes of this address: expected a pause");
        }
        app.genesys().handshakes.miss(*address, Instant::now());
        place = app.genesys().crowding.enter(*address);
        if place.is_none() {
            count(&app.metrics().turned_away);
            return refused(429, "too many clients of this address");
        }
    }
    let Ok(id) = unguessable() else { return refused(503, "the system has no random bytes") };
    let acknowledges = message.ack == bayeux::Ack::Wanted(true);
    let slot = Arc::new(Slot::new(id.clone(), acknowledges, place));
    let mut clients = app.genesys().clients();
    if clients.len() >= CLIENTS {
        return refused(503, "expected fewer clients: there are as many as there may be");
    }
    clients.insert(id.clone(), slot.clone());
    (bayeux::shaken(message, &id, acknowledges), Some(slot))
}

fn connect(slot: &Arc<Slot>, message: Message, now: Instant) -> Result<Held, Value> {
    let number = slot.client().connect(message.ack, now);
    let number = number.map_err(|expected| bayeux::failed(&message, 400, &expected))?;
    // Whoever is held already hears of it.
    slot.wake();
    let time = message.timeout.map_or(bayeux::TIMEOUT, |wanted| wanted.min(bayeux::TIMEOUT));
    let until = tokio::time::Instant::now() + time;
    Ok(Held { slot: slot.clone(), message, number, until })
}

/// What services there are. What they answer waits for the client as everything that it is told.
async fn serve(
    app: &App,
    sender: Sender<'_>,
    slot: &Arc<Slot>,
    channel: &str,
    data: &Value,
) -> Result<(), session::Refused> {
    let answer = match channel {
        session::CREATE => session::create(app, sender.peer).await?,
        session::JOIN => return session::join(app, sender, slot, data).await,
        session::EXIT => {
            slot_answer(slot, channel, session::exit(app, data)).await?;
            return Ok(());
        }
        session::STOP => {
            slot_answer(slot, channel, session::stop_message(app, data)).await?;
            return Ok(());
        }
        _ => {
            let expected = "channel: expected /service/session/create, join, exit or stop";
            return Err(session::Refused(403, expected.to_owned()));
        }
    };
    slot.tell(channel, answer);
    Ok(())
}

/// Does something, and answers with nothing in it.
async fn slot_answer(
    slot: &Slot,
    channel: &str,
    doing: impl Future<Output = Result<(), session::Refused>>,
) -> Result<(), session::Refused> {
    doing.await?;
    slot.tell(channel, serde_json::json!({}));
    Ok(())
}

/// Long polling: a request's messages, and their answers. A connect that is alone is held until there is something to tell.
async fn long_polling(
    State(app): State<App>,
    peer: PeerOf,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let sender = Sender { peer: peer.as_ref().map(|Extension(peer)| peer), shown: bearer(&headers) };
    let body = api::read_at_most(body, BODY_BYTES).await?;
    let messages =
        bayeux::parse(&body).map_err(|error| ApiError::new(StatusCode::BAD_REQUEST, format!("body: {error}")))?;
    let is_alone = messages.len() == 1;
    let mut out = Vec::new();
    for message in messages {
        match answer(&app, sender, message).await.0 {
            Answered::Now(value) => out.push(value),
            Answered::Later(mut held) => {
                if !is_alone {
                    held.until = tokio::time::Instant::now();
                }
                out.extend(held.answer(&app.genesys().stopping).await);
            }
        }
    }
    let kind = [(header::CONTENT_TYPE, "application/json;charset=UTF-8")];
    Ok((kind, Value::from(out).to_string()).into_response())
}

async fn websocket(
    State(app): State<App>,
    peer: Option<Extension<Peer>>,
    mut request: Request,
) -> Result<Response, ApiError> {
    let upgrade = Upgrade::read(&mut request)?;
    let response = upgrade.response();
    let shown = bearer(request.headers()).map(str::to_owned);
    app.tasks().spawn({
        let app = app.clone();
        async move {
            if let Ok(socket) = upgrade.socket(BODY_BYTES).await {
                let peer = peer.as_ref().map(|Extension(peer)| peer);
                talk(&app, socket, Sender { peer, shown: shown.as_deref() }).await;
            }
            // The connection counts until its socket is gone.
            drop(peer);
        }
    });
    Ok(response)
}

type Sink = SplitSink<Socket, WsMessage>;

/// A WebSocket: messages in, answers out, and one connect that is held.
async fn talk(app: &App, socket: Socket, sender: Sender<'_>) {
    let config = app.config();
    let stopping = &app.genesys().stopping;
    let (mut sink, mut stream) = socket.split();
    let mut held: Option<Box<Held>> = None;
    let mut ping = interval(config.ping_interval);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ping.reset();
    let mut heard = Instant::now();
    let why = loop {
        let out = tokio::select! {
            next = stream.next() => {
                heard = Instant::now();
                let text = match next {
                    Some(Ok(WsMessage::Text(text))) => text,
                    Some(Ok(WsMessage::Ping(_) | WsMessage::Pong(_))) => continue,
                    Some(Ok(WsMessage::Binary(_) | WsMessage::Frame(_))) => {
                        break Some(Close::Protocol("expected Bayeux messages as text, found binary".to_owned()));
                    }
                    Some(Err(tungstenite::Error::Capacity(_))) => break Some(Close::TooLarge(BODY_BYTES)),
                    Some(Ok(WsMessage::Close(_)) | Err(_)) | None => break None,
                };
                match take(app, sender, text.as_bytes(), &mut held).await {
                    Ok(out) => out,
                    Err(error) => break Some(Close::Protocol(error.to_string())),
                }
            }
            out = wait(held.as_deref(), stopping) => {
                held = None;
                out
            }
            _ = ping.tick() => {
                if heard.elapsed() >= config.silence {
                    break Some(Close::Silent(config.silence));
                }
                if !send(&mut sink, WsMessage::Ping(Bytes::new()), config.send_timeout).await {
                    break None;
                }
                continue;
            }
            () = stopping.cancelled(), if held.is_none() => break Some(Close::Unavailable("the relay is going down".to_owned())),
        };
        if !out.is_empty() && !send(&mut sink, WsMessage::text(Value::from(out).to_string()), config.send_timeout).await
        {
            break None;
        }
    };
    // From now on the client has so long to come back.
    drop(held);
    if let Some(why) = why {
        send(&mut sink, WsMessage::Close(Some(why.frame())), config.close_timeout).await;
        // What the other side still says is of no interest; a socket that is cut off with bytes unread would lose what was sent.
        let rest = async { while let Some(Ok(_)) = stream.next().await {} };
        let _ = timeout(config.close_timeout, rest).await;
    }
}

/// What a message of a WebSocket is answered with at once.
async fn take(
    app: &App,
    sender: Sender<'_>,
    bytes: &[u8],
    held: &mut Option<Box<Held>>,
) -> Result<Vec<Value>, bayeux::Malformed> {
    let mut out = Vec::new();
    for message in bayeux::parse(bytes)? {
        match answer(app, sender, message).await.0 {
            Answered::Now(value) => out.push(value),
            Answered::Later(newer) => {
                // Two connects of one client: the older one is answered. Of two clients each needs a WebSocket of its own.
                if let Some(older) = held.replace(newer) {
                    out.push(bayeux::failed(&older.message, 408, "another connect has come on this WebSocket"));
                }
            }
        }
    }
    Ok(out)
}

async fn wait(held: Option<&Held>, stopping: &CancellationToken) -> Vec<Value> {
    match held {
        Some(held) => held.answer(stopping).await,
        None => std::future::pending().await,
    }
}

/// False where the other side takes nothing, or is gone.
async fn send(sink: &mut Sink, message: WsMessage, most: Duration) -> bool {
    matches!(timeout(most, sink.send(message)).await, Ok(Ok(())))
}
