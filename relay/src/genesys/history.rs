//! What is known of sessions afterwards: when they were created, activated and over, and on which pages the customer was.
//!
//! Entries are this node's. Each has an id that nobody can guess, which whoever joins a session is told; who has it may read the
//! entry. What has ended is forgotten after a day, or sooner where there is too much of it.

use crate::{api::millis, token::Token};
use serde::Serialize;
use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, SystemTime},
};

/// The most sessions that are kept.
const SESSIONS: usize = 20_000;
/// How long one is kept that has ended.
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// The most pages of one.
const PAGES: usize = 500;
/// How many bytes all addresses of pages may take.
const BYTES: usize = 64 << 20;
/// The longest address of a page, in bytes.
pub(crate) const URL_BYTES: usize = 2_048;

/// One session.
#[derive(Debug)]
struct Entry {
    token: Token,
    created: SystemTime,
    activated: Option<SystemTime>,
    ended: Option<SystemTime>,
    pages: Vec<(String, SystemTime)>,
}

/// A session as it is shown.
#[derive(Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown {
    id: String,
    session_token: String,
    creation_time: u64,
    activation_time: Option<u64>,
    deactivation_time: Option<u64>,
    pages: Vec<Page>,
}

/// A page that the customer was on.
#[derive(Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
struct Page {
    url: String,
    /// Milliseconds since 1970.
    entered_timestamp: u64,
    /// In seconds.
    duration: u64,
}

/// What a page takes, in bytes.
const fn cost(url: &str) -> usize {
    url.len() + 64
}

/// Every session that there was.
#[derive(Debug, Default)]
pub(crate) struct History {
    entries: HashMap<String, Entry>,
    /// Those that have not ended.
    live: HashMap<Token, String>,
    /// Ids in the order in which they ended.
    ended: VecDeque<String>,
    /// What the addresses of pages take.
    bytes: usize,
}

impl History {
    /// The id of a live session's entry; a new one, of the id that is given, where it has none. None where there is no room.
    pub(crate) fn begin(&mut self, token: Token, created: SystemTime, id: String) -> Option<String> {
        if let Some(id) = self.live.get(&token) {
            return Some(id.clone());
        }
        while self.entries.len() >= SESSIONS {
            let oldest = self.ended.pop_front()?;
            self.remove(&oldest);
        }
        self.live.insert(token, id.clone());
        let entry = Entry { token, created, activated: None, ended: None, pages: Vec::new() };
        self.entries.insert(id.clone(), entry);
        Some(id)
    }

    /// An agent and the customer were there together.
    pub(crate) fn activate(&mut self, token: Token, at: SystemTime) {
        if let Some(entry) = self.entry(token) {
            entry.activated.get_or_insert(at);
        }
    }

    /// A session is over.
    pub(crate) fn end(&mut self, token: Token, at: SystemTime) {
        let Some(id) = self.live.remove(&token) else { return };
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.ended = Some(at);
            self.ended.push_back(id);
        }
    }

    /// The customer is on a page. False where the session is not known, or has as many pages as are kept.
    pub(crate) fn enter(&mut self, token: Token, url: &str, at: SystemTime) -> bool {
        let Some(entry) = self.entry(token) else { return false };
        // A page that is loaded again, or comes back to the front, is the same one.
        if entry.pages.last().is_some_and(|(last, _)| last == url) {
            return true;
        }
        if entry.pages.len() >= PAGES {
            return false;
        }
        while self.bytes + cost(url) > BYTES {
            let Some(oldest) = self.ended.pop_front() else { return false };
            self.remove(&oldest);
        }
        self.bytes += cost(url);
        if let Some(entry) = self.entry(token) {
            entry.pages.push((url.to_owned(), at));
        }
        true
    }

    fn remove(&mut self, id: &str) {
        if let Some(entry) = self.entries.remove(id) {
            self.bytes -= entry.pages.iter().map(|(url, _)| cost(url)).sum::<usize>();
        }
    }

    fn entry(&mut self, token: Token) -> Option<&mut Entry> {
        self.entries.get_mut(self.live.get(&token)?)
    }

    /// The sessions that have not ended, as far as is known.
    pub(crate) fn live(&self) -> Vec<Token> {
        self.live.keys().copied().collect()
    }

    /// Forgets what has ended long ago.
    pub(crate) fn forget(&mut self, now: SystemTime) {
        while let Some(id) = self.ended.front() {
            let ended = self.entries.get(id).and_then(|entry| entry.ended);
            if ended.is_some_and(|ended| now.duration_since(ended).unwrap_or_default() < KEPT) {
                return;
            }
            let Some(id) = self.ended.pop_front() else { return };
            self.remove(&id);
        }
    }

    /// A session by its id.
    pub(crate) fn show(&self, id: &str, now: SystemTime) -> Option<Shown> {
        let entry = self.entries.get(id)?;
        let until = entry.ended.unwrap_or(now);
        let leaving = entry.pages.iter().skip(1).map(|(_, at)| *at).chain([until]);
        let pages = entry.pages.iter().zip(leaving).map(|((url, entered), left)| Page {
            url: url.clone(),
            entered_timestamp: millis(*entered),
            duration: left.duration_since(*entered).unwrap_or_default().as_secs(),
        });
        Some(Shown {
            id: id.to_owned(),
            session_token: entry.token.reveal(),
            creation_time: millis(entry.created),
            activation_time: entry.activated.map(millis),
            deactivation_time: entry.ended.map(millis),
            pages: pages.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn token(number: u32) -> Token {
        format!("{number:09}").parse().unwrap()
    }

    #[test]
    fn pages_take_no_more_than_they_may() {
        let mut history = History::default();
        let url = |number: u32| format!("https://shop.test/{number}/{}", "x".repeat(2_000));
        let mut known = 0;
        for session in 0..200 {
            history.begin(token(session), at(1), format!("{session}"));
            known = (0_u32..).take(PAGES).filter(|page| history.enter(token(session), &url(*page), at(2))).count();
            history.end(token(session), at(3));
            assert!(history.bytes <= BYTES, "{}", history.bytes);
        }
        assert_eq!(known, PAGES, "the oldest that have ended make room");
        assert!(history.show("0", at(4)).is_none() && history.show("199", at(4)).is_some());
        history.forget(at(4) + KEPT);
        assert_eq!(history.bytes, 0);
    }

    #[test]
    fn a_session_is_told_from_its_creation_to_its_end() {
        let mut history = History::default();
        assert_eq!(history.begin(token(7), at(10), "id".into()).as_deref(), Some("id"));
        assert_eq!(history.begin(token(7), at(10), "other".into()).as_deref(), Some("id"), "one entry a session");
        assert!(history.enter(token(7), "https://shop.test/", at(12)));
        assert!(history.enter(token(7), "https://shop.test/", at(13)), "it was loaded again");
        history.activate(token(7), at(15));
        history.activate(token(7), at(16));
        assert!(history.enter(token(7), "https://shop.test/cart", at(20)));
        let shown = serde_json::to_value(history.show("id", at(25)).unwrap()).unwrap();
        assert_eq!(shown["deactivationTime"], serde_json::Value::Null);
        assert_eq!(shown["pages"][1]["duration"], 5);
        history.end(token(7), at(30));
        let shown = serde_json::to_value(history.show("id", at(99)).unwrap()).unwrap();
        let expected = serde_json::json!({
            "id": "id", "sessionToken": "000000007", "creationTime": 10_000, "activationTime": 15_000, "deactivationTime": 30_000,
            "pages": [
                { "url": "https://shop.test/", "enteredTimestamp": 12_000, "duration": 8 },
                { "url": "https://shop.test/cart", "enteredTimestamp": 20_000, "duration": 10 },
            ],
        });
        assert_eq!(shown, expected);
        assert!(!history.enter(token(7), "https://shop.test/late", at(31)), "it is over");
        assert!(history.show("nothing", at(31)).is_none());
    }

    #[test]
    fn what_has_ended_is_forgotten_after_a_day() {
        let mut history = History::default();
        history.begin(token(1), at(0), "a".into());
        history.begin(token(2), at(0), "b".into());
        history.end(token(1), at(100));
        history.forget(at(100 + 24 * 3600 - 1));
        assert!(history.show("a", at(100)).is_some());
        history.forget(at(100 + 24 * 3600));
        assert!(history.show("a", at(100)).is_none());
        assert_eq!(history.live(), [token(2)]);
        assert!(history.show("b", at(100)).is_some(), "it goes on");
    }

    #[test]
    fn pages_and_sessions_are_limited() {
        let mut history = History::default();
        history.begin(token(0), at(0), "0".into());
        let entered = (0..1_000).take_while(|page| history.enter(token(0), &format!("https://a.test/{page}"), at(1)));
        assert_eq!(entered.count(), PAGES);
        for number in 1..u32::try_from(SESSIONS).unwrap() {
            assert!(history.begin(token(number), at(0), number.to_string()).is_some());
        }
        let one_more = token(999_999_999);
        assert_eq!(history.begin(one_more, at(0), "more".into()), None, "none has ended");
        history.end(token(5), at(1));
        assert!(history.begin(one_more, at(0), "more".into()).is_some());
        assert!(history.show("5", at(1)).is_none());
    }
}
