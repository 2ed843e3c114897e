//! A log of rrweb's events: what form it comes in, and in which order they are played.

use serde_json::Value;
use std::fmt;

/// Why events cannot be read.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// No JSON, or none of events.
    Text(String),
    /// An event is not what it should be: its index, and what was expected.
    Event(usize, String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(found) => write!(f, "expected events of rrweb, as a JSON array or a line each, found {found}"),
            Self::Event(index, expected) => write!(f, "event {index}: expected {expected}"),
        }
    }
}

/// Events may be nested so many levels deep: what reads them takes a level of its stack for each.
const MOST_LEVELS: usize = 400_000;

/// The byte at which a text is nested deeper than that, if it is.
fn too_deep(text: &str) -> Option<usize> {
    let (mut levels, mut in_string, mut escaped) = (0_usize, false, false);
    text.bytes().position(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => levels += 1,
            b']' | b'}' if !in_string => levels = levels.saturating_sub(1),
            _ => {}
        }
        levels > MOST_LEVELS
    })
}

/// A value, as deep as it may be nested.
fn json(text: &str) -> serde_json::Result<Value> {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit();
    let value = serde::Deserialize::deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// The events of a log.
pub(super) fn parse(text: &str) -> Result<Vec<Value>, Unreadable> {
    if let Some(at) = too_deep(text) {
        return Err(Unreadable::Text(format!("more than {MOST_LEVELS} levels of them at byte {at}")));
    }
    let whole = json(text);
    let events = match whole {
        Ok(Value::Array(events)) => events,
        Ok(Value::Object(mut map)) if map.get("events").is_some_and(Value::is_array) => match map.remove("events") {
            Some(Value::Array(events)) => events,
            _ => Vec::new(),
        },
        Ok(event @ Value::Object(_)) => vec![event],
        Ok(other) => return Err(Unreadable::Text(format!("{other:.40}"))),
        Err(error) => {
            let lines: std::result::Result<Vec<Value>, _> =
                text.lines().filter(|line| !line.trim().is_empty()).map(json).collect();
            match lines {
                Ok(lines) if lines.len() > 1 => lines,
                _ => return Err(Unreadable::Text(error.to_string())),
            }
        }
    };
    for (index, event) in events.iter().enumerate() {
        if event.is_string() {
            return Err(Unreadable::Event(index, "an object; these events are packed, unpack them first".to_owned()));
        }
    }
    if events.is_empty() { Err(Unreadable::Text("none".to_owned())) } else { Ok(events) }
}

/// The places of a pointer that an event tells.
pub(super) fn pointer_path(event: &Value) -> Option<&Vec<Value>> {
    let is_path = event["type"] == 3 && matches!(event["data"]["source"].as_u64(), Some(1 | 6 | 12));
    if is_path { event["data"]["positions"].as_array() } else { None }
}
