//! The Bayeux protocol 1.0, which CometD speaks: messages read, answers made, and what the server keeps of a client.
//!
//! There is no input or output here, and the time is an argument. A client is told things by messages that wait in its queue until
//! it asks for them by `/meta/connect`; with the acknowledgement extension they stay there until it says that they have arrived, and
//! are sent again, in their order, where it says that they have not.

use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeSet, VecDeque},
    time::{Duration, Instant},
};

/// The most messages in one request, or one message of a WebSocket.
pub(crate) const BATCH: usize = 32;
/// How long a client's `/meta/connect` is held while there is nothing to tell.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);
/// How long a client may be without a `/meta/connect` before it is forgotten.
pub(crate) const MAX_INTERVAL: Duration = Duration::from_secs(60);
/// How long one may be that has not connected since its handshake.
const FIRST_INTERVAL: Duration = Duration::from_secs(15);
/// The most that waits for one client: messages, and their bytes.
const QUEUE: usize = 1_000;
const QUEUE_BYTES: usize = 256 << 10;
/// The most subscriptions of one client.
const SUBSCRIPTIONS: usize = 64;
/// The longest name of a channel, and the longest id of a client or a message, in bytes.
const NAME_BYTES: usize = 128;
/// How many messages a client may send in one go, and the time in which one more is earned back.
const BURST: u32 = 200;
const REFILL: Duration = Duration::from_millis(50);

/// What cannot be read: which message, which field, what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(pub(crate) String);

/// Where a message is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Channel {
    Handshake,
    Connect,
    Subscribe,
    Unsubscribe,
    Disconnect,
    /// Any other.
    Other(String),
}

impl Channel {
    fn name(&self) -> &str {
        match self {
            Self::Handshake => "/meta/handshake",
            Self::Connect => "/meta/connect",
            Self::Subscribe => "/meta/subscribe",
            Self::Unsubscribe => "/meta/unsubscribe",
            Self::Disconnect => "/meta/disconnect",
            Self::Other(name) => name,
        }
    }
}

/// What a message says of acknowledgements, in its `ext.ack`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ack {
    /// Nothing.
    None,
    /// In a handshake: whether the client acknowledges.
    Wanted(bool),
    /// In a connect: the last batch that has arrived.
    Batch(u64),
}

/// A message of a client's.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Message {
    pub(crate) channel: Channel,
    /// Given back with the answer.
    pub(crate) id: Option<Value>,
    pub(crate) client: Option<String>,
    pub(crate) version: Option<String>,
    /// The transports that the client knows.
    pub(crate) transports: Vec<String>,
    pub(crate) subscriptions: Vec<String>,
    pub(crate) data: Value,
    pub(crate) ack: Ack,
    /// How long the client wants to wait at most.
    pub(crate) timeout: Option<Duration>,
}

/// Reads what a request holds: one message, or a list of them.
///
/// # Errors
/// [`Malformed`] names the message, counted from 1, and the field.
pub(crate) fn parse(bytes: &[u8]) -> Result<Vec<Message>, Malformed> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| Malformed(format!("expected a list of Bayeux messages as JSON: {error}")))?;
    let list = match value {
        Value::Array(list) => list,
        one @ Value::Object(_) => vec![one],
        other => return Err(Malformed(format!("expected a list of Bayeux messages, found {}", kind(&other)))),
    };
    if list.is_empty() || list.len() > BATCH {
        return Err(Malformed(format!("expected 1 to {BATCH} messages, found {}", list.len())));
    }
    list.into_iter().enumerate().map(|(at, value)| message(at + 1, value)).collect()
}

fn message(number: usize, value: Value) -> Result<Message, Malformed> {
    let wrong = |field: &str, expected: &str, found: &str| {
        Malformed(format!("message {number}, {field}: expected {expected}, found {found}"))
    };
    let Value::Object(mut fields) = value else {
        return Err(Malformed(format!("message {number}: expected an object, found {}", kind(&value))));
    };
    let text = |fields: &mut Map<String, Value>, field: &str, expected: &str| match fields.remove(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.len() <= NAME_BYTES => Ok(Some(text)),
        Some(Value::String(text)) => Err(wrong(field, expected, &format!("{} bytes", text.len()))),
        Some(other) => Err(wrong(field, expected, kind(&other))),
    };
    let name = text(&mut fields, "channel", "the name of a channel, at most 128 bytes")?
        .ok_or_else(|| wrong("channel", "the name of a channel", "none"))?;
    let channel = match name.as_str() {
        "/meta/handshake" => Channel::Handshake,
        "/meta/connect" => Channel::Connect,
        "/meta/subscribe" => Channel::Subscribe,
        "/meta/unsubscribe" => Channel::Unsubscribe,
        "/meta/disconnect" => Channel::Disconnect,
        _ if is_channel(&name, false) => Channel::Other(name),
        _ => return Err(wrong("channel", "a name such as /service/session/join", &format!("{name:?}"))),
    };
    let client = text(&mut fields, "clientId", "the id that the handshake gave")?;
    let version = text(&mut fields, "version", "a version such as 1.0")?;
    let id = match fields.remove("id") {
        None | Some(Value::Null) => None,
        // A number that is not kept as it came would be given back as another one.
        Some(Value::Number(id)) if id.is_i64() || id.is_u64() => Some(Value::Number(id)),
        Some(Value::String(id)) if id.len() <= NAME_BYTES => Some(Value::String(id)),
        Some(other) => {
            return Err(wrong("id", "a string of at most 128 bytes, or a whole number of 64 bits", kind(&other)));
        }
    };
    let transports = names(fields.remove("supportedConnectionTypes"))
        .map_err(|found| wrong("supportedConnectionTypes", "a list of strings", found))?;
    let subscriptions = names(fields.remove("subscription"))
        .map_err(|found| wrong("subscription", "the name of a channel, or a list of them", found))?;
    if let Some(bad) = subscriptions.iter().find(|name| !is_channel(name, true)) {
        return Err(wrong("subscription", "a name such as /service/session/joined", &format!("{bad:?}")));
    }
    let ack = match fields.get("ext").and_then(|ext| ext.get("ack")) {
        None | Some(Value::Null) => Ack::None,
        Some(Value::Bool(wanted)) => Ack::Wanted(*wanted),
        Some(Value::Number(number)) => match number.as_i64() {
            // Older clients begin with -1.
            Some(batch) => Ack::Batch(u64::try_from(batch).unwrap_or_default()),
            None => return Err(wrong("ext.ack", "a whole number", &number.to_string())),
        },
        Some(Value::Object(ack)) => Ack::Wanted(ack.get("enabled").and_then(Value::as_bool).unwrap_or_default()),
        Some(other) => return Err(wrong("ext.ack", "true, false or the number of a batch", kind(other))),
    };
    let timeout = fields.get("advice").and_then(|advice| advice.get("timeout")).and_then(Value::as_u64);
    let data = fields.remove("data").unwrap_or_default();
    let timeout = timeout.map(Duration::from_millis);
    Ok(Message { channel, id, client, version, transports, subscriptions, data, ack, timeout })
}

/// A string, or a list of strings.
fn names(value: Option<Value>) -> Result<Vec<String>, &'static str> {
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(name)) => Ok(vec![name]),
        Some(Value::Array(list)) if list.len() <= SUBSCRIPTIONS => list
            .into_iter()
            .map(|value| if let Value::String(name) = value { Ok(name) } else { Err(kind(&value)) })
            .collect(),
        Some(Value::Array(_)) => Err("more than 64"),
        Some(other) => Err(kind(&other)),
    }
}

/// Whether a text names a channel, or, with `wild`, channels.
fn is_channel(name: &str, wild: bool) -> bool {
    let is_plain =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_!~()$@.".contains(c));
    let Some(rest) = name.strip_prefix('/').filter(|_| name.len() <= NAME_BYTES) else { return false };
    let (parts, last) = rest.rsplit_once('/').map_or((None, rest), |(parts, last)| (Some(parts), last));
    parts.is_none_or(|parts| parts.split('/').all(is_plain)) && (is_plain(last) || (wild && matches!(last, "*" | "**")))
}

/// What a JSON value is, in words.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The answer to a message that was done as it asked.
pub(crate) fn done(message: &Message) -> Value {
    answer(message, true)
}

/// The answer to a message that was not: `code` as in HTTP.
pub(crate) fn failed(message: &Message, code: u16, text: &str) -> Value {
    let mut answer = answer(message, false);
    // The middle part is for arguments, of which there are none.
    answer["error"] = format!("{code}::{text}").into();
    answer
}

/// The answer to a client that is not known, or not any more.
pub(crate) fn unknown(message: &Message) -> Value {
    let mut answer = failed(message, 402, "clientId: expected that of a client that is connected");
    let action = if message.channel == Channel::Disconnect { "none" } else { "handshake" };
    answer["advice"] = json!({ "reconnect": action, "interval": 0 });
    answer
}

fn answer(message: &Message, successful: bool) -> Value {
    let mut answer = json!({ "channel": message.channel.name(), "successful": successful });
    if let Some(id) = &message.id {
        answer["id"] = id.clone();
    }
    if let Some(client) = &message.client {
        answer["clientId"] = client.as_str().into();
    }
    answer
}

/// What is told to a client on a channel.
pub(crate) fn telling(channel: &str, data: Value) -> Value {
    json!({ "channel": channel, "data": data })
}

/// What a client that connects goes by.
pub(crate) fn advice() -> Value {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    json!({ "reconnect": "retry", "interval": 0, "timeout": millis(TIMEOUT), "maxInterval": millis(MAX_INTERVAL) })
}

/// The answer to a handshake with which a client, of that id, begins.
pub(crate) fn shaken(message: &Message, id: &str, acknowledges: bool) -> Value {
    let mut answer = done(message);
    answer["clientId"] = id.into();
    answer["version"] = "1.0".into();
    answer["minimumVersion"] = "1.0".into();
    answer["supportedConnectionTypes"] = json!(TRANSPORTS);
    answer["advice"] = advice();
    if acknowledges {
        answer["ext"] = json!({ "ack": true });
    }
    answer
}

/// The transports that there are.
pub(crate) const TRANSPORTS: [&str; 2] = ["websocket", "long-polling"];

/// What is wrong with a handshake, if anything.
pub(crate) fn refusal(message: &Message) -> Option<Value> {
    let refused = |text: &str| {
        let mut answer = failed(message, 400, text);
        answer["supportedConnectionTypes"] = json!(TRANSPORTS);
        answer["advice"] = json!({ "reconnect": "none" });
        Some(answer)
    };
    if !message.version.as_deref().is_some_and(|version| version == "1" || version.starts_with("1.")) {
        return refused("version: expected 1.0");
    }
    if !message.transports.iter().any(|name| TRANSPORTS.contains(&name.as_str())) {
        return refused("supportedConnectionTypes: expected long-polling or websocket among them");
    }
    None
}

/// A message that waits for a client.
#[derive(Debug)]
struct Waiting {
    message: Value,
    bytes: usize,
    /// The batch that it was last sent with; 0 where it was not.
    batch: u64,
}

/// What the server keeps of a client.
#[derive(Debug)]
pub(crate) struct Client {
    acknowledges: bool,
    /// The number of the last batch that was sent.
    batch: u64,
    queue: VecDeque<Waiting>,
    bytes: usize,
    subscriptions: BTreeSet<String>,
    /// When it was last connected.
    heard: Instant,
    /// The `/meta/connect` that is held.
    held: Option<u64>,
    connects: u64,
    /// When it will have earned back all the messages that it may send in one go.
    calm_at: Instant,
}

impl Client {
    pub(crate) fn new(acknowledges: bool, now: Instant) -> Self {
        Self {
            acknowledges,
            batch: 0,
            queue: VecDeque::new(),
            bytes: 0,
            subscriptions: BTreeSet::new(),
            heard: now,
            held: None,
            connects: 0,
            calm_at: now,
        }
    }

    /// Puts a message into the queue. False where it is full: the client takes nothing, and is to be forgotten rather than told less
    /// than there was.
    pub(crate) fn push(&mut self, message: Value) -> bool {
        let bytes = message.to_string().len();
        if self.queue.len() >= QUEUE || self.bytes + bytes > QUEUE_BYTES {
            return false;
        }
        self.bytes += bytes;
        self.queue.push_back(Waiting { message, bytes, batch: 0 });
        true
    }

    /// A connect begins, in the place of one that is held. What has arrived goes, the rest is to be sent again. Returns its number.
    ///
    /// # Errors
    /// What was expected of its `ext.ack`.
    pub(crate) fn connect(&mut self, ack: Ack, now: Instant) -> Result<u64, String> {
        if self.acknowledges {
            let Ack::Batch(arrived) = ack else {
                return Err("ext.ack: expected the number of the last batch, as the handshake agreed".to_owned());
            };
            if arrived > self.batch {
                return Err(format!("ext.ack: expected at most {}, found {arrived}", self.batch));
            }
            // Those that were sent are the first, in the order of their batches.
            while let Some(sent) = self.queue.pop_front_if(|waiting| (1..=arrived).contains(&waiting.batch)) {
                self.bytes -= sent.bytes;
            }
        }
        self.heard = now;
        self.connects += 1;
        self.held = Some(self.connects);
        Ok(self.connects)
    }

    /// Whether a connect is the one that is held.
    pub(crate) fn is_held(&self, connect: u64) -> bool {
        self.held == Some(connect)
    }

    /// Whether there is something to be sent.
    pub(crate) fn has_news(&self) -> bool {
        !self.queue.is_empty()
    }

    /// A connect is answered, or its connection is gone.
    pub(crate) fn release(&mut self, connect: u64, now: Instant) {
        if self.is_held(connect) {
            self.held = None;
            self.heard = now;
        }
    }

    /// What is sent before the answer to a connect, and the answer.
    pub(crate) fn deliver(&mut self, connect: &Message) -> Vec<Value> {
        let mut answer = done(connect);
        answer["advice"] = advice();
        let mut out: Vec<Value> = Vec::with_capacity(self.queue.len() + 1);
        if self.acknowledges {
            self.batch += u64::from(self.has_news());
            for waiting in &mut self.queue {
                waiting.batch = self.batch;
                out.push(waiting.message.clone());
            }
            answer["ext"] = json!({ "ack": self.batch });
        } else {
            out.extend(self.queue.drain(..).map(|waiting| waiting.message));
            self.bytes = 0;
        }
        out.push(answer);
        out
    }

    /// Takes subscriptions, or takes them back. Nothing is published on the channels that there are: what concerns a client is told to it
    /// whether it has subscribed or not, as services do.
    ///
    /// # Errors
    /// What was expected, with a code as in HTTP.
    pub(crate) fn subscribe(&mut self, names: &[String], wanted: bool) -> Result<(), (u16, &'static str)> {
        if names.is_empty() {
            return Err((400, "subscription: expected the name of a channel"));
        }
        if names.iter().any(|name| name.starts_with("/meta/")) {
            return Err((403, "subscription: expected a channel that may be subscribed to, not one of /meta"));
        }
        for name in names {
            if !wanted {
                self.subscriptions.remove(name);
            } else if self.subscriptions.contains(name) || self.subscriptions.len() < SUBSCRIPTIONS {
                self.subscriptions.insert(name.clone());
            } else {
                return Err((403, "subscription: expected at most 64"));
            }
        }
        Ok(())
    }

    /// Whether the client may send one more message now: not where it floods.
    pub(crate) fn may_send(&mut self, now: Instant) -> bool {
        let calm_at = self.calm_at.max(now);
        if calm_at.saturating_duration_since(now) > REFILL * (BURST - 1) {
            return false;
        }
        self.calm_at = calm_at + REFILL;
        true
    }

    /// Whether nothing was heard of it for too long.
    pub(crate) fn is_gone(&self, now: Instant) -> bool {
        let most = if self.connects == 0 { FIRST_INTERVAL } else { MAX_INTERVAL };
        self.held.is_none() && now.saturating_duration_since(self.heard) > most
    }
}

// Said for who takes this file in by its path (`fuzz/src/included.rs`).
#[cfg(test)]
#[path = "bayeux/tests.rs"]
mod tests;
