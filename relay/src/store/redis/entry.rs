//! What stands in a session's log, and reading it from what Redis answers.

use crate::room::Standing;
use bytes::Bytes;
use protocol::control::{EndReason, Role};
use redis::Value;
use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A place in a session's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Id {
    millis: u64,
    count: u64,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.millis, self.count)
    }
}

impl Id {
    /// When it was written, by Redis's clock.
    pub(super) fn time(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.millis)
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (millis, count) = std::str::from_utf8(bytes).ok()?.split_once('-')?;
        Some(Self { millis: millis.parse().ok()?, count: count.parse().ok()? })
    }
}

/// What happened in a session. On the wire: one field, whose name is the kind.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// `k`, `d`: a frame of the customer's.
    Frame { keyframe: bool, bytes: Bytes },
    /// `g`: frames are missing.
    Gap,
    /// `c`: a message of the customer's.
    Said(Bytes),
    /// `a`, `p`: what an agent says, as the customer is sent it; `p` is where its pointer is.
    Commanded { user: u32, is_pointer: bool, bytes: Bytes },
    /// `q`: a keyframe is needed.
    Asked,
    /// `+`: somebody has entered; the number by which its node knows it.
    Entered { nonce: u64, who: Standing },
    /// `-`: somebody is gone; the code of its close.
    Left { connection: u64, code: u16 },
    /// `l`: the page of a connection is being left.
    Leaving(u64),
    /// `r`: the node that records it, if one does.
    Recorder(Option<u64>),
    /// `t`: a customer has taken the invitation; the digest of its secret.
    Taken(String),
    /// `e`: the session is over.
    Ended(EndReason),
}

impl Entry {
    /// An entry's field; none for what is not understood.
    pub(super) fn read(kind: &[u8], value: Vec<u8>) -> Option<Self> {
        let &[kind] = kind else { return None };
        Some(match kind {
            b'k' | b'd' => Self::Frame { keyframe: kind == b'k', bytes: value.into() },
            b'g' => Self::Gap,
            b'c' => Self::Said(value.into()),
            b'a' | b'p' => {
                let user = u32::from_le_bytes(*value.first_chunk()?);
                Self::Commanded { user, is_pointer: kind == b'p', bytes: Bytes::from(value).slice(4..) }
            }
            b'q' => Self::Asked,
            b'+' => {
                let text = String::from_utf8(value).ok()?;
                let (nonce, who) = text.split_once(' ')?;
                Self::Entered { nonce: nonce.parse().ok()?, who: standing(who)? }
            }
            b'-' => {
                let text = std::str::from_utf8(&value).ok()?;
                let (connection, code) = text.split_once(' ')?;
                Self::Left { connection: connection.parse().ok()?, code: code.parse().ok()? }
            }
            b'l' => Self::Leaving(number(&value)?),
            b'r' => Self::Recorder(node(&value)),
            b't' => Self::Taken(String::from_utf8(value).ok()?),
            b'e' => Self::Ended(reason(number(&value)?)?),
            _ => return None,
        })
    }
}

/// A participant: its connection's number, its own, its role's, its node's, and its name.
pub(super) fn standing(text: &str) -> Option<Standing> {
    let mut parts = text.splitn(5, ' ');
    let connection = parts.next()?.parse().ok()?;
    let user = parts.next()?.parse().ok()?;
    let role = match parts.next()? {
        "1" => Role::Customer,
        "2" => Role::Agent,
        "3" => Role::Controller,
        _ => return None,
    };
    let node = u64::from_str_radix(parts.next()?, 16).ok()?;
    Some(Standing { connection, user, role, node, name: parts.next()?.to_owned() })
}

fn reason(number: u64) -> Option<EndReason> {
    EndReason::ALL.into_iter().find(|reason| *reason as u64 == number)
}

pub(super) fn number(bytes: &[u8]) -> Option<u64> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// A node's number, in hexadecimal digits.
pub(super) fn node(bytes: &[u8]) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(bytes).ok()?, 16).ok()
}

/// What Redis answers, taken apart.
pub(super) fn list(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(list) => Some(list),
        _ => None,
    }
}

pub(super) fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.into_bytes()),
        Value::Okay => Some(b"OK".to_vec()),
        Value::Int(number) => Some(number.to_string().into_bytes()),
        _ => None,
    }
}

/// Names and values in turn.
pub(super) fn pairs(value: Value) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut out = Vec::new();
    let mut parts = list(value)?.into_iter();
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        out.push((bytes(name)?, bytes(value)?));
    }
    Some(out)
}

/// A part of a log: places, and what stands there.
pub(super) fn entries(value: Value) -> Option<Vec<(Id, Option<Entry>)>> {
    let mut out = Vec::new();
    for entry in list(value)? {
        let mut parts = list(entry)?.into_iter();
        let id = Id::read(&bytes(parts.next()?)?)?;
        let fields = parts.next().and_then(pairs).unwrap_or_default();
        out.push((id, fields.into_iter().next().and_then(|(kind, value)| Entry::read(&kind, value))));
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_in_the_order_of_the_log() {
        let id = |text: &str| Id::read(text.as_bytes()).unwrap();
        assert!(id("9-7") < id("10-0") && id("10-0") < id("10-1"));
        assert_eq!(id("1700000000000-3").to_string(), "1700000000000-3");
        assert_eq!(Id::read(b"12"), None);
    }

    #[test]
    fn what_is_understood_is_read_and_nothing_else() {
        let read = |kind: &str, value: &str| Entry::read(kind.as_bytes(), value.as_bytes().to_vec());
        let who = Standing { connection: 7, user: 3, role: Role::Agent, name: "Ann A".into(), node: 0xbeef };
        assert_eq!(read("+", "5 7 3 2 beef Ann A"), Some(Entry::Entered { nonce: 5, who }));
        assert_eq!(read("-", "7 4007"), Some(Entry::Left { connection: 7, code: 4007 }));
        assert_eq!(read("e", "4"), Some(Entry::Ended(EndReason::Idle)));
        assert_eq!(read("r", ""), Some(Entry::Recorder(None)));
        let said = Entry::Commanded { user: 0x6463_6261, is_pointer: true, bytes: Bytes::from_static(b"e") };
        assert_eq!(read("p", "abcde"), Some(said));
        for (kind, value) in [("+", "5 7 3 9 beef"), ("-", "7"), ("e", "99"), ("a", "abc"), ("x", ""), ("", "")] {
            assert_eq!(read(kind, value), None, "{kind} {value}");
        }
    }
}
