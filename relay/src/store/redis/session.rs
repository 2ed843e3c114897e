//! A session's hash, written and read.

use super::{
    entry::{self, Entry, Id},
    odd,
};
use crate::{
    room::{Moment, Remembered, Standing},
    store::{Participant, Record, Status, StoreError},
    token::{SecretDigest, Token},
};
use bytes::Bytes;
use protocol::{Limits, Mode, control::Role, frame, sealed};
use redis::Value;
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

type Fields = HashMap<Vec<u8>, Vec<u8>>;
type Field = (&'static str, Cow<'static, [u8]>);

fn since(time: SystemTime) -> u64 {
    super::millis(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn text(value: impl ToString) -> Cow<'static, [u8]> {
    Cow::Owned(value.to_string().into_bytes())
}

/// The fields of a session that begins, but for those that the script sets.
pub(super) fn fields(record: &Record, recorder: &str) -> Vec<Field> {
    vec![
        ("created", text(since(record.created))),
        ("expires", text(since(record.expires))),
        ("secret", text(record.secret.to_hex())),
        ("asked", text(record.mode.name())),
        ("mode", text(record.mode.name())),
        ("recording", text(record.recording.as_deref().unwrap_or_default())),
        ("recorder", text(recorder)),
        ("reference", text(record.reference.as_deref().unwrap_or_default())),
        ("open", text(u8::from(record.open))),
        ("sealed", text(u8::from(record.sealed))),
        ("connection", text(0)),
        ("user", text(1)),
        ("fence", text(0)),
    ]
}

/// So far beyond those it knows a node begins to count participants where the store has lost a session.
const BEYOND: u64 = 1_000;

/// The fields of a session that goes on.
pub(super) fn fields_again(remembered: &Remembered) -> Vec<Field> {
    let mut fields = fields(&remembered.record, "");
    let connection = remembered.connection + BEYOND;
    let user = u64::from(remembered.user) + BEYOND;
    for (name, value) in &mut fields {
        match *name {
            "mode" => *value = text(remembered.mode.name()),
            "connection" | "fence" => *value = text(connection),
            "user" => *value = text(user),
            _ => {}
        }
    }
    let names = ["mode_frame", "controller_frame", "paused_frame", "visible_frame"];
    for (name, frame) in names.into_iter().zip(&remembered.frames) {
        if let Some(frame) = frame {
            fields.push((name, Cow::Owned(frame.to_vec())));
        }
    }
    fields
}

fn number(fields: &Fields, name: &str) -> Option<u64> {
    entry::number(fields.get(name.as_bytes())?)
}

fn word<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    std::str::from_utf8(fields.get(name.as_bytes())?).ok()
}

fn record(token: Token, fields: &Fields) -> Option<Record> {
    let time = |name| Some(UNIX_EPOCH + Duration::from_millis(number(fields, name)?));
    Some(Record {
        token,
        secret: SecretDigest::from_hex(word(fields, "secret")?)?,
        mode: word(fields, "asked")?.parse().ok()?,
        created: time("created")?,
        expires: time("expires")?,
        recording: word(fields, "recording").filter(|name| !name.is_empty()).map(str::to_owned),
        reference: word(fields, "reference").filter(|name| !name.is_empty()).map(str::to_owned),
        open: word(fields, "open") == Some("1"),
        sealed: word(fields, "sealed") == Some("1"),
    })
}

fn members(fields: &Fields) -> Vec<Standing> {
    let read = |(name, value): (&Vec<u8>, &Vec<u8>)| {
        name.strip_prefix(b"m:").and_then(|_| entry::standing(std::str::from_utf8(value).ok()?))
    };
    let mut members: Vec<Standing> = fields.iter().filter_map(read).collect();
    members.sort_by_key(|member| member.connection);
    members
}

fn mode(fields: &Fields) -> Option<Mode> {
    word(fields, "mode")?.parse().ok()
}

/// The connections of a session, from its fields; none where there are none.
pub(super) fn connections(answer: Value) -> Option<HashSet<u64>> {
    let fields: Fields = entry::pairs(answer).unwrap_or_default().into_iter().collect();
    if fields.is_empty() {
        return None;
    }
    Some(members(&fields).into_iter().map(|member| member.connection).collect())
}

/// A session as it is now, from its fields; none where there are none.
pub(super) fn status(token: Token, answer: Value) -> Result<Option<Status>, StoreError> {
    let fields: Fields = entry::pairs(answer).unwrap_or_default().into_iter().collect();
    if fields.is_empty() {
        return Ok(None);
    }
    let status = || {
        let (record, mode) = (record(token, &fields)?, mode(&fields)?);
        let mut members = members(&fields);
        let all = members.len();
        members.retain(|member| member.role != Role::Customer);
        let customer = members.len() < all;
        // A controller does not watch.
        members.retain(|member| member.role == Role::Agent);
        let agents = members.into_iter().map(|Standing { user, name, .. }| Participant { user, name }).collect();
        let activated = number(&fields, "activated").map(|at| UNIX_EPOCH + Duration::from_millis(at));
        Some(Status { record, mode, customer, agents, activated })
    };
    status().map(Some).ok_or_else(|| odd(&Value::SimpleString("a session's fields".to_owned())))
}

/// A session, its state, and the place in its log at which it was so; none where there is none.
pub(super) fn read(token: Token, answer: Value) -> Result<Option<(Record, Moment, Id)>, StoreError> {
    let parts = entry::list(answer).unwrap_or_default();
    if parts.is_empty() {
        return Ok(None);
    }
    whole(token, parts).map(Some).ok_or_else(|| odd(&Value::SimpleString("a session".to_owned())))
}

fn whole(token: Token, parts: Vec<Value>) -> Option<(Record, Moment, Id)> {
    let mut parts = parts.into_iter();
    let now = entry::number(&entry::bytes(parts.next()?)?)?;
    let fields: Fields = entry::pairs(parts.next()?)?.into_iter().collect();
    let last = Id::read(&entry::bytes(parts.next()?)?)?;
    let log = entry::entries(parts.next()?)?;
    let bytes = |name: &str| fields.get(name.as_bytes()).map(|bytes| Bytes::copy_from_slice(bytes));
    let ago = |millis: u64| Duration::from_millis(now.saturating_sub(millis));
    let frames = log.into_iter().filter_map(|(_, entry)| match entry {
        Some(Entry::Frame { keyframe, bytes }) => Some((keyframe, bytes)),
        _ => None,
    });
    let moment = Moment {
        mode: mode(&fields)?,
        mode_frame: bytes("mode_frame"),
        controller_frame: bytes("controller_frame"),
        paused_frame: bytes("paused_frame"),
        visible_frame: bytes("visible_frame"),
        age: ago(number(&fields, "created")?),
        absent: number(&fields, "absent").map(|at| (ago(at), word(&fields, "away") == Some("1"))),
        leaving: number(&fields, "leaving"),
        last_customer: number(&fields, "fence")?,
        activated: number(&fields, "activated").map(ago),
        recorder: fields.get(b"recorder".as_slice()).and_then(|node| entry::node(node)),
        members: members(&fields),
        next: number(&fields, "next").and_then(|next| next.try_into().ok()),
        frames: frames.collect(),
    };
    Some((record(token, &fields)?, moment, last))
}

/// The sequence number of a frame.
pub(super) fn seq(bytes: &Bytes) -> Option<u32> {
    if sealed::is_sealed(bytes) {
        return sealed::peek(bytes, &Limits::DEFAULT).ok().map(|(header, _)| header.number);
    }
    frame::peek(bytes, &Limits::DEFAULT).ok().map(|peeked| peeked.header.seq)
}
