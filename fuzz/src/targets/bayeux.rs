//! What a CometD client sends: one message of Bayeux or a list of them, as JSON.

use crate::{
    Target,
    included::bayeux::{self, Ack, BATCH, Channel, Client, Message},
    memory,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// See [`run`].
pub const TARGET: Target = Target {
    name: "bayeux",
    about: "every message has its answer, with its id and channel; what waits for a client is bounded, comes in order and once",
    most_bytes: 16 << 10,
    run,
    seeds,
    words: &[
        "\"channel\":",
        "\"/meta/handshake\"",
        "\"/meta/connect\"",
        "\"/meta/subscribe\"",
        "\"/meta/unsubscribe\"",
        "\"/meta/disconnect\"",
        "\"/service/session/join\"",
        "\"id\":",
        "\"clientId\":",
        "\"version\":\"1.0\"",
        "\"supportedConnectionTypes\":",
        "\"long-polling\"",
        "\"subscription\":",
        "\"ext\":{\"ack\":",
        "\"advice\":{\"timeout\":",
        "\"data\":",
        "\"/**\"",
        "null",
        "true",
        "false",
        "-1",
        "1e999",
        "18446744073709551616",
    ],
};

/// A request of 16 KB, read and answered.
const MOST_BYTES: usize = 8 << 20;

/// The longest name of a channel, and the longest id, in bytes; what a client may have waiting for it.
const NAME_BYTES: usize = 128;
const QUEUE: usize = 1_000;

/// Reads what a client has sent, and answers.
///
/// # Panics
/// Where a message has no answer of its own, a limit is exceeded, or a client is told something twice, out of order or not at all.
pub fn run(data: &[u8]) {
    memory::within(MOST_BYTES, || answered(data));
}

fn answered(data: &[u8]) {
    let sent: Option<Value> = serde_json::from_slice(data).ok();
    let messages = match bayeux::parse(data) {
        Ok(messages) => messages,
        Err(error) => {
            assert!(error.to_string().contains("expected"), "an error that expects nothing: {error}");
            return;
        }
    };
    let sent = match sent.expect("what was read is JSON") {
        Value::Array(list) => list,
        one => vec![one],
    };
    assert!(!messages.is_empty() && messages.len() <= BATCH);
    assert_eq!(messages.len(), sent.len(), "each message is read");
    let mut clients: BTreeMap<String, Told> = BTreeMap::new();
    let now = Instant::now();
    for (message, sent) in messages.iter().zip(&sent) {
        let id = message.client.clone().unwrap_or_default();
        let told = clients.entry(id).or_insert_with(|| Told::new(message.ack != Ack::None, now));
        for answer in told.answer(message, now) {
            belongs(&answer, message, sent);
        }
    }
}

/// An answer is that of this message.
fn belongs(answer: &Value, message: &Message, sent: &Value) {
    assert_eq!(answer["channel"], sent["channel"], "{answer}");
    assert!(answer["channel"].as_str().is_some_and(|name| name.len() <= NAME_BYTES && name.starts_with('/')));
    assert_eq!(answer.get("id"), sent.get("id").filter(|id| !id.is_null()), "{answer}");
    let successful = answer["successful"].as_bool().expect("whether it was done");
    assert_eq!(successful, answer.get("error").is_none(), "{answer}");
    if message.channel != Channel::Handshake {
        assert_eq!(answer.get("clientId"), sent.get("clientId").filter(|id| !id.is_null()), "{answer}");
    }
    // A text that is a line of JSON.
    let again: Value = serde_json::from_str(&answer.to_string()).unwrap();
    assert_eq!(again, *answer);
}

/// A client, and what it was told.
struct Told {
    client: Client,
    acknowledges: bool,
    /// How many messages were put into its queue, and how many have arrived.
    pushed: u64,
    arrived: u64,
    /// The batch that arrived last.
    batch: u64,
    /// Batches that were sent, and up to which message each reached.
    sent: Vec<(u64, u64)>,
}

impl Told {
    fn new(acknowledges: bool, now: Instant) -> Self {
        Self { client: Client::new(acknowledges, now), acknowledges, pushed: 0, arrived: 0, batch: 0, sent: Vec::new() }
    }

    fn answer(&mut self, message: &Message, now: Instant) -> Vec<Value> {
        self.client.may_send(now);
        match &message.channel {
            Channel::Handshake => match bayeux::refusal(message) {
                Some(refused) => vec![refused],
                None => vec![bayeux::shaken(message, "an-id", self.acknowledges)],
            },
            Channel::Connect => self.connect(message, now),
            Channel::Subscribe | Channel::Unsubscribe => {
                let wanted = message.channel == Channel::Subscribe;
                match self.client.subscribe(&message.subscriptions, wanted) {
                    Ok(()) => vec![bayeux::done(message)],
                    Err((code, text)) => vec![bayeux::failed(message, code, text)],
                }
            }
            Channel::Disconnect => vec![bayeux::unknown(message)],
            Channel::Other(channel) => {
                for _ in 0..message.data.as_u64().unwrap_or(1).min(3_000) {
                    if self.client.push(bayeux::telling(channel, json!(self.pushed))) {
                        self.pushed += 1;
                    } else {
                        assert!(self.pushed > self.arrived, "an empty queue is not full");
                    }
                }
                assert!(self.pushed - self.arrived <= QUEUE as u64, "a queue of {}", self.pushed - self.arrived);
                vec![bayeux::done(message)]
            }
        }
    }

    fn connect(&mut self, message: &Message, now: Instant) -> Vec<Value> {
        let number = match self.client.connect(message.ack, now) {
            Ok(number) => number,
            Err(expected) => return vec![bayeux::failed(message, 400, &expected)],
        };
        assert!(self.client.is_held(number));
        if let (true, Ack::Batch(arrived)) = (self.acknowledges, message.ack) {
            // An acknowledgement may be of a batch before the last one: what came behind it comes again.
            let reached = self.sent.iter().filter(|(batch, _)| *batch <= arrived).map(|(_, reached)| *reached).max();
            self.arrived = self.arrived.max(reached.unwrap_or_default());
        }
        if let (true, Ack::Batch(arrived)) = (self.acknowledges, message.ack)
            && arrived < self.batch
        {
            // It says that the last batch was lost: all of it comes again. Of older ones nothing is left.
            self.client.release(number, now);
        }
        let mut out = self.client.deliver(message);
        let answer = out.pop().expect("the answer comes last");
        let first = out.first().and_then(|told| told["data"].as_u64());
        for (told, expected) in out.iter().zip(first.unwrap_or_default()..) {
            assert_eq!(told["data"], json!(expected), "in order, each once");
        }
        assert!(first.is_none_or(|first| first <= self.arrived), "something was left out");
        if self.acknowledges {
            let batch = answer["ext"]["ack"].as_u64().expect("the number of the batch");
            assert!(batch >= self.batch, "batches are counted on");
            self.batch = batch;
            if let Some(last) = out.last().and_then(|told| told["data"].as_u64()) {
                self.sent.push((batch, last + 1));
            }
        } else {
            self.arrived = self.pushed;
            assert!(!self.client.has_news());
        }
        self.client.release(number, now);
        assert!(!self.client.is_gone(now) && self.client.is_gone(now + Duration::from_secs(61)));
        vec![answer]
    }
}

/// What CometD's own client sends.
fn seeds() -> Vec<Vec<u8>> {
    [
        r#"[{"id":"1","version":"1.0","minimumVersion":"1.0","channel":"/meta/handshake","supportedConnectionTypes":["websocket","long-polling","callback-polling"],"advice":{"timeout":60000,"interval":0},"ext":{"ack":true}}]"#,
        r#"[{"id":"2","channel":"/meta/connect","connectionType":"long-polling","advice":{"timeout":0},"clientId":"c","ext":{"ack":0}},{"channel":"/service/session/join","data":3,"id":"3","clientId":"c"},{"channel":"/meta/connect","clientId":"c","id":4,"ext":{"ack":0}},{"channel":"/meta/connect","clientId":"c","id":5,"ext":{"ack":1}}]"#,
        r#"[{"id":"6","channel":"/meta/subscribe","subscription":["/service/session/joined","/a/**"],"clientId":"c"},{"id":"7","channel":"/meta/unsubscribe","subscription":"/a/*","clientId":"c"}]"#,
        r#"{"id":"8","channel":"/meta/disconnect","clientId":"c"}"#,
        r#"[{"channel":"/service/session/join","data":2000,"clientId":"d"},{"channel":"/meta/connect","clientId":"d"},{"channel":"/meta/connect","clientId":"d","ext":{"ack":-1}}]"#,
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}
