//! One WebSocket from its first message to its close: frames in, checked by their header and published; frames out, as
//! the seat yields them.
//!
//! Reading and writing are two futures of one task, so that a peer which takes nothing can still be heard, and one that
//! sends nothing is still sent to.

use crate::{
    close::Close,
    config::Config,
    metrics::{Gauge, add, count},
    room::TELLS,
    server::{App, Peer},
    store::{Delivery, Message, Record, Seat, StoreError},
    token::Token,
    upgrade::Socket,
};
use bytes::Bytes;
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use protocol::{
    ErrorKind, Limits,
    control::{Control, Role},
    frame::{self, Kind},
    sealed,
};
use serde::Deserialize;
use std::{
    future::poll_fn,
    sync::atomic::{AtomicU64, Ordering},
    task::Poll,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Notify,
    time::{Interval, MissedTickBehavior, interval, sleep, sleep_until, timeout},
};
use tokio_tungstenite::tungstenite::{
    self, Message as WsMessage,
    error::CapacityError,
    protocol::frame::{
        Frame as WsFrame,
        coding::{Data, OpCode},
    },
};

/// What is sent in one WebSocket frame at most. A longer message goes in fragments, which every client puts together.
const FRAGMENT_BYTES: usize = 16 << 10;

/// What a peer may still send after it was told of the close before its connection is cut.
const LINGER_BYTES: usize = 64 << 20;

/// Why a connection stopped.
enum Stop {
    /// The relay closes it.
    Close(Close),
    /// The peer closed it, or is gone.
    Gone,
}

/// The least time between two messages that tell a customer how much of it has arrived.
const TAKEN_INTERVAL: Duration = Duration::from_millis(50);

/// When the peer was last known to be alive, in milliseconds since the connection began; and what it has sent.
struct Heard {
    began: Instant,
    at: AtomicU64,
    /// Bytes in binary messages.
    taken: AtomicU64,
    /// There are more of them.
    more: Notify,
}

impl Heard {
    fn new() -> Self {
        Self { began: Instant::now(), at: AtomicU64::new(0), taken: AtomicU64::new(0), more: Notify::new() }
    }

    fn take(&self, bytes: usize) {
        self.taken.fetch_add(bytes as u64, Ordering::Relaxed);
        self.more.notify_one();
    }

    fn now(&self) {
        self.at.store(self.millis(), Ordering::Relaxed);
    }

    fn ago(&self) -> Duration {
        Duration::from_millis(self.millis().saturating_sub(self.at.load(Ordering::Relaxed)))
    }

    fn millis(&self) -> u64 {
        self.began.elapsed().as_millis().try_into().unwrap_or(u64::MAX)
    }
}

#[derive(Deserialize)]
struct First {
    secret: String,
    /// Whether the customer wants to be told how much of what it sent has arrived.
    #[serde(default)]
    taken: bool,
    /// Whether its page says of each agent that it has shown it (`Welcome`), before which that agent gets nothing of the page.
    #[serde(default)]
    tells: bool,
}

/// What a participant is told beside frames.
#[derive(Default)]
struct Told {
    /// First of all.
    ready: Option<String>,
    /// How much of it has arrived, from time to time.
    taken: bool,
    /// That the relay is there, with each ping: a page is not told of those.
    beat: bool,
}

/// A customer's connection: its secret first, then frames. Without a record there is no such session, of which only who has its
/// secret would hear.
pub(crate) async fn customer(app: &App, mut socket: Socket, record: Option<&Record>, peer: Option<Peer>) {
    let config = app.config();
    let first = timeout(config.secret_timeout, secret(&mut socket)).await;
    let refused = match first {
        Err(_) => Stop::Close(Close::Secret("it as the first message, in time")),
        Ok(Err(stop)) => stop,
        Ok(Ok(first)) => {
            let Some(record) = record.filter(|record| record.secret.matches(&first.secret)) else {
                app.miss(peer.as_ref());
                tracing::warn!(token = ?record.map(|record| record.token), "a wrong secret");
                finish(socket, Stop::Close(Close::Secret("that of the session")), config).await;
                return;
            };
            let name = if first.tells { TELLS.to_owned() } else { String::new() };
            match app.store().enter(record.token, Role::Customer, name).await {
                Ok(seat) => {
                    let mut ready = serde_json::json!({ "user": seat.user, "next": seat.expected() });
                    if first.taken {
                        let agents: Vec<u32> = seat.agents().iter().map(|agent| agent.user).collect();
                        let beat = u64::try_from(config.ping_interval.as_millis()).unwrap_or(u64::MAX);
                        ready["taken"] = 0.into();
                        ready["connection"] = seat.connection().into();
                        ready["agents"] = agents.into();
                        ready["beat"] = beat.into();
                    }
                    let told = Told { ready: Some(ready.to_string()), taken: first.taken, beat: first.taken };
                    seated(app, socket, seat, told, peer.as_ref()).await;
                }
                Err(error) => finish(socket, Stop::Close(not_entered(error)), config).await,
            }
            return;
        }
    };
    finish(socket, refused, config).await;
}

/// An agent who comes in.
pub(crate) struct Entrant {
    /// What the customer reads.
    pub(crate) name: String,
    /// What the log reads; empty where agents are not known.
    pub(crate) subject: String,
    /// Whether it wants to be told now and then that the relay is there.
    pub(crate) beat: bool,
}

/// An agent's connection.
pub(crate) async fn agent(app: &App, socket: Socket, token: Token, entrant: Entrant, peer: Option<Peer>) {
    let Entrant { name, subject, beat } = entrant;
    match app.store().enter(token, Role::Agent, name).await {
        Ok(seat) => {
            if !subject.is_empty() {
                tracing::info!(target: "audit", ?token, user = seat.user, agent = subject, "is known");
            }
            let millis = u64::try_from(app.config().ping_interval.as_millis()).unwrap_or(u64::MAX);
            let mut ready = serde_json::json!({ "beat": millis });
            if seat.is_sealed() {
                ready["sealed"] = true.into();
            }
            let ready = beat.then(|| ready.to_string());
            seated(app, socket, seat, Told { ready, beat, ..Told::default() }, peer.as_ref()).await;
        }
        Err(error) => {
            let peer = peer.map(|peer| peer.address.to_string()).unwrap_or_default();
            tracing::warn!(target: "audit", ?token, peer, %error, "refused");
            finish(socket, Stop::Close(not_entered(error)), app.config()).await;
        }
    }
}

/// Waits for the customer's first message.
async fn secret(socket: &mut Socket) -> Result<First, Stop> {
    let expected = Stop::Close(Close::Secret("{\"secret\": \"…\"} as the first message"));
    loop {
        match socket.next().await {
            Some(Ok(WsMessage::Text(text))) => {
                return serde_json::from_str(&text).map_err(|_| expected);
            }
            Some(Ok(WsMessage::Ping(_) | WsMessage::Pong(_))) => {}
            Some(Ok(WsMessage::Binary(_) | WsMessage::Frame(_))) => return Err(expected),
            Some(Err(tungstenite::Error::Capacity(_))) => return Err(expected),
            Some(Ok(WsMessage::Close(_)) | Err(_)) | None => return Err(Stop::Gone),
        }
    }
}

fn not_entered(error: StoreError) -> Close {
    match error {
        StoreError::Crowded(most) => Close::Full(most),
        StoreError::Closed(why) => why,
        other => Close::Unavailable(other.to_string()),
    }
}

/// A participant in its seat, until one side is done.
async fn seated(app: &App, socket: Socket, seat: Seat, told: Told, peer: Option<&Peer>) {
    let config = app.config();
    let (token, user, role) = (seat.token(), seat.user, seat.role);
    let peer = peer.map(|peer| peer.address.to_string()).unwrap_or_default();
    tracing::info!(target: "audit", ?token, user, ?role, peer, "joined");
    let metrics = app.metrics();
    count(&metrics.joined);
    let counted = Gauge::of(if role == Role::Customer { &metrics.customers } else { &metrics.agents });
    let heard = Heard::new();
    let (mut sink, mut stream) = socket.split();
    let stop = tokio::select! {
        stop = read(app, &seat, &mut stream, &heard) => stop,
        stop = write(app, &seat, &mut sink, &heard, told) => stop,
        why = overdue(&seat, config) => Stop::Close(why),
    };
    drop(counted);
    match &stop {
        Stop::Close(why) => {
            metrics.closed(Some(why));
            tracing::info!(target: "audit", ?token, user, ?role, peer, code = why.code(), reason = why.reason(), "left");
        }
        Stop::Gone => {
            metrics.closed(None);
            tracing::info!(target: "audit", ?token, user, ?role, peer, "left");
        }
    }
    if let Err(error) = app.store().leave(&seat).await {
        tracing::warn!(?token, user, %error, "not taken off the list of participants");
    }
    if let Ok(socket) = stream.reunite(sink) {
        finish(socket, stop, config).await;
    }
}

/// Resolves when a connection that is to be closed has had its time to be sent what it is still owed.
async fn overdue(seat: &Seat, config: &Config) -> Close {
    let why = seat.closing().await;
    if why == Close::Ended {
        sleep(config.close_timeout).await;
    }
    why
}

/// Reads until the peer is done or has to go.
async fn read(app: &App, seat: &Seat, stream: &mut SplitStream<Socket>, heard: &Heard) -> Stop {
    let config = app.config();
    let limits = config.limits();
    loop {
        let left = config.silence.saturating_sub(heard.ago());
        let Ok(next) = timeout(left, stream.next()).await else {
            if heard.ago() >= config.silence {
                return Stop::Close(Close::Silent(config.silence));
            }
            continue;
        };
        heard.now();
        let mut taken = 0;
        let message = match next {
            Some(Ok(WsMessage::Binary(bytes))) => {
                taken = bytes.len();
                count(&app.metrics().messages_in);
                add(&app.metrics().bytes_in, taken);
                message(bytes, seat.role, seat.is_sealed(), &limits)
            }
            Some(Ok(WsMessage::Ping(_) | WsMessage::Pong(_))) => continue,
            Some(Ok(WsMessage::Text(_) | WsMessage::Frame(_))) => {
                Err(Close::Protocol("expected a binary message, found text".to_owned()))
            }
            Some(Err(tungstenite::Error::Capacity(CapacityError::MessageTooLong { max_size, .. }))) => {
                Err(Close::TooLarge(max_size))
            }
            Some(Ok(WsMessage::Close(_)) | Err(_)) | None => return Stop::Gone,
        };
        let message = match message {
            Ok(message) => message,
            Err(why) => return Stop::Close(why),
        };
        if let Message::Control { message: Control::ModeChanged { mode }, .. } = &message {
            tracing::info!(target: "audit", token = ?seat.token(), user = seat.user, mode = mode.name(), "mode");
        }
        match app.store().publish(seat, message).await {
            // Only now: what the store has not taken is lost with this node, and the page is to keep it.
            Ok(()) => heard.take(taken),
            Err(StoreError::Closed(why)) => return Stop::Close(why),
            Err(StoreError::Unavailable(why)) => return Stop::Close(Close::Unavailable(why)),
            Err(error) => return Stop::Close(Close::Unavailable(error.to_string())),
        }
        // The store may have taken its time; the peer is not to blame.
        heard.now();
    }
}

/// What a binary message is, by its header; a control frame is read whole, the body of another never. In a sealed session none
/// is read that is not for the relay itself.
fn message(bytes: Bytes, role: Role, is_sealed: bool, limits: &Limits) -> Result<Message, Close> {
    if sealed::is_sealed(&bytes) {
        return sealed_message(bytes, role, is_sealed, limits);
    }
    let refused = |error: protocol::Error| match error.kind {
        ErrorKind::Limit => Close::TooLarge(limits.frame_bytes),
        _ => Close::Protocol(error.to_string()),
    };
    let header = frame::peek(&bytes, limits).map_err(refused)?.header;
    let unsealed =
        |found: &str| Close::Protocol(format!("expected it sealed, as the session is, found {found} in the clear"));
    match header.kind {
        Kind::Keyframe | Kind::Repair | Kind::Delta if is_sealed => Err(unsealed("a frame")),
        Kind::Keyframe | Kind::Repair | Kind::Delta if role == Role::Customer => {
            Ok(Message::Frame { keyframe: header.kind == Kind::Keyframe, seq: header.seq, bytes })
        }
        Kind::Keyframe | Kind::Repair | Kind::Delta => {
            Err(Close::Protocol(format!("expected a control frame from an agent, found {:?}", header.kind)))
        }
        Kind::Control => {
            let message = Control::read(&bytes, limits).map_err(|error| Close::Protocol(error.to_string()))?;
            let is_for_relay =
                matches!(message, Control::KeyframeRequest {} | Control::Ended { .. } | Control::Welcome { .. });
            if is_sealed && !is_for_relay {
                return Err(unsealed(message.name()));
            }
            Ok(Message::Control { message, bytes })
        }
    }
}

/// The same of a sealed one: its body is never read.
fn sealed_message(bytes: Bytes, role: Role, is_sealed: bool, limits: &Limits) -> Result<Message, Close> {
    if !is_sealed {
        let found =
            "expected it in the clear, as the session is, found a sealed message; it is made with {\"sealed\": true}";
        return Err(Close::Protocol(found.to_owned()));
    }
    let header = match sealed::peek(&bytes, limits) {
        Ok((header, _)) => header,
        Err(error) if error.kind == ErrorKind::Limit => return Err(Close::TooLarge(limits.frame_bytes)),
        Err(error) => return Err(Close::Protocol(error.to_string())),
    };
    match (header.kind, role) {
        (Kind::Control, _) => Ok(Message::Sealed { user: header.number, is_pointer: header.is_pointer, bytes }),
        (kind, Role::Customer) => Ok(Message::Frame { keyframe: kind == Kind::Keyframe, seq: header.number, bytes }),
        (kind, _) => Err(Close::Protocol(format!("expected a control frame from an agent, found {kind:?}"))),
    }
}

type Sink = SplitSink<Socket, WsMessage>;

/// Writes what the seat yields, and pings, until the seat is closed or the peer takes nothing more.
async fn write(app: &App, seat: &Seat, sink: &mut Sink, heard: &Heard, told: Told) -> Stop {
    let (config, metrics) = (app.config(), app.metrics());
    let mut writer = Writer {
        sink,
        heard,
        ping: interval(config.ping_interval),
        timeout: config.send_timeout,
        taken: told.taken.then(|| (tokio::time::Instant::now(), 0)),
        beat: told.beat,
    };
    writer.ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick is at once, and there is nothing to learn from a ping then.
    writer.ping.reset();
    if let Some(ready) = told.ready
        && let Err(stop) = writer.feed(WsMessage::text(ready)).await
    {
        return stop;
    }
    loop {
        let delivery = match seat.try_next() {
            Some(delivery) => delivery,
            None => match writer.idle(seat).await {
                Ok(delivery) => delivery,
                Err(stop) => return stop,
            },
        };
        let sent = match delivery {
            Delivery::Frame(bytes) => {
                count(&metrics.messages_out);
                add(&metrics.bytes_out, bytes.len());
                writer.frame(&bytes).await
            }
            Delivery::Close(why) => writer.flush().await.and(Err(Stop::Close(why))),
        };
        if let Err(stop) = sent {
            return stop;
        }
    }
}

struct Writer<'a> {
    sink: &'a mut Sink,
    heard: &'a Heard,
    ping: Interval,
    timeout: Duration,
    /// When the peer was told how much of it has arrived, and how much; `None` where it does not want to know.
    taken: Option<(tokio::time::Instant, u64)>,
    /// Whether the peer is told with each ping that the relay is there.
    beat: bool,
}

impl Writer<'_> {
    /// Sends what is buffered, then waits for more, with pings meanwhile.
    async fn idle(&mut self, seat: &Seat) -> Result<Delivery, Stop> {
        loop {
            self.flush().await?;
            tokio::select! {
                delivery = seat.next() => return Ok(delivery),
                _ = self.ping.tick() => {
                    self.feed(WsMessage::Ping(Bytes::new())).await?;
                    if self.beat {
                        self.feed(WsMessage::text("{}")).await?;
                    }
                }
                taken = news(&mut self.taken, self.heard) => {
                    self.feed(WsMessage::text(serde_json::json!({ "taken": taken }).to_string())).await?;
                }
            }
        }
    }

    /// Sends a frame, in fragments when it is long, without copying it first. After each fragment there is room for a
    /// ping: a peer that is never idle must be asked too. A peer that takes fragments of one frame is alive.
    async fn frame(&mut self, bytes: &Bytes) -> Result<(), Stop> {
        let mut at = 0;
        loop {
            let end = bytes.len().min(at + FRAGMENT_BYTES);
            let code = if at == 0 { Data::Binary } else { Data::Continue };
            let last = end == bytes.len();
            let fragment = WsFrame::message(bytes.slice(at..end), OpCode::Data(code), last);
            self.feed(WsMessage::Frame(fragment)).await?;
            if poll_fn(|context| Poll::Ready(self.ping.poll_tick(context).is_ready())).await {
                self.feed(WsMessage::Ping(Bytes::new())).await?;
            }
            if last {
                return Ok(());
            }
            self.heard.now();
            at = end;
        }
    }

    async fn feed(&mut self, message: WsMessage) -> Result<(), Stop> {
        self.in_time(async |sink| sink.feed(message).await).await
    }

    async fn flush(&mut self) -> Result<(), Stop> {
        self.in_time(async |sink| sink.flush().await).await
    }

    async fn in_time(
        &mut self,
        send: impl AsyncFnOnce(&mut Sink) -> Result<(), tungstenite::Error>,
    ) -> Result<(), Stop> {
        match timeout(self.timeout, send(self.sink)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Stop::Gone),
            Err(_) => Err(Stop::Close(Close::Slow("nothing was taken for too long"))),
        }
    }
}

/// How many bytes have arrived, when they are more than last told and that was a while ago; never where nobody wants to
/// know. May be dropped at any time.
async fn news(taken: &mut Option<(tokio::time::Instant, u64)>, heard: &Heard) -> u64 {
    let Some((at, told)) = taken else { return std::future::pending().await };
    loop {
        if heard.taken.load(Ordering::Relaxed) != *told {
            sleep_until(*at + TAKEN_INTERVAL).await;
            *at = tokio::time::Instant::now();
            *told = heard.taken.load(Ordering::Relaxed);
            return *told;
        }
        heard.more.notified().await;
    }
}

/// Tells the peer why, then closes in an order that lets it read that: our side first, then what it still sends is
/// thrown away until it closes its own. Cutting the connection with bytes unread would make its system discard the
/// close frame.
async fn finish(mut socket: Socket, stop: Stop, config: &Config) {
    let close = match stop {
        Stop::Close(why) => Some(why.frame()),
        Stop::Gone => None,
    };
    let farewell = async {
        // An error means that the peer is gone or closed first; either way the connection is done with.
        let _ = socket.close(close).await;
        // Below the WebSocket, because after a message that is too large there is no finding the next one.
        let connection = socket.get_mut();
        if connection.shutdown().await.is_ok() {
            let mut scrap = vec![0; 8 << 10];
            let mut left = LINGER_BYTES;
            while let Ok(read @ 1..) = connection.read(&mut scrap).await {
                left = left.saturating_sub(read);
                if left == 0 {
                    break;
                }
            }
        }
    };
    // Late or not, the connection is dropped now.
    let _ = timeout(config.close_timeout, farewell).await;
}
