//! Why the relay closes a WebSocket: the code and reason of its close frame.
//!
//! | code | reason | what happened | come back? |
//! |---|---|---|---|
//! | 4000 | `the session ended` | the session is over; a control frame `Ended` said why just before | no |
//! | 4001 | `secret: expected …` | the customer's first message was not the session's secret, or came too late | no |
//! | 4002 | `protocol: …` | a message that is no frame, or that this side may not send; the reason says what was expected | with a fault mended |
//! | 4003 | `too large: …` | a message above the limit; the reason names the limit | with smaller frames |
//! | 4004 | `replaced: …` | the customer connected again; the newer connection goes on | no |
//! | 4005 | `silent: …` | nothing was heard from this peer for too long, not even the answer to a ping | yes |
//! | 4006 | `slow: …` | this peer took nothing for too long, or left too many control frames waiting | yes |
//! | 4007 | `flood: …` | an agent sent commands faster than the customer takes them | yes, slower |
//! | 4008 | `full: …` | the session has all the agents it may have | later |
//! | 4009 | `unavailable: …` | the session was not to be had: it ended meanwhile, or its store does not answer | yes |
//!
//! A peer whose network is gone sees 1006, as with any WebSocket, and may come back.

use std::time::Duration;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};

/// The longest reason that fits a close frame, in bytes.
const REASON_BYTES: usize = 123;

/// Why a connection is closed. The module's documentation has the table of codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Close {
    /// 4000: the session is over.
    Ended,
    /// 4001: the customer's first message was not the session's secret.
    Secret(&'static str),
    /// 4002: a message that has no business here. Holds what was expected and found.
    Protocol(String),
    /// 4003: a message above the limit. Holds the limit in bytes.
    TooLarge(usize),
    /// 4004: the customer connected again.
    Replaced,
    /// 4005: nothing was heard for this long.
    Silent(Duration),
    /// 4006: the peer takes less than it is sent. Holds what it left waiting.
    Slow(&'static str),
    /// 4007: more commands than the customer takes.
    Flood,
    /// 4008: no room for another agent. Holds how many there may be.
    Full(usize),
    /// 4009: the session cannot be had now.
    Unavailable(String),
}

impl Close {
    /// The code of the close frame.
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::Ended => 4000,
            Self::Secret(_) => 4001,
            Self::Protocol(_) => 4002,
            Self::TooLarge(_) => 4003,
            Self::Replaced => 4004,
            Self::Silent(_) => 4005,
            Self::Slow(_) => 4006,
            Self::Flood => 4007,
            Self::Full(_) => 4008,
            Self::Unavailable(_) => 4009,
        }
    }

    /// The reason of the close frame: a text for people, cut to the 123 bytes that fit.
    #[must_use]
    pub fn reason(&self) -> String {
        let mut reason = match self {
            Self::Ended => "the session ended".to_owned(),
            Self::Secret(expected) => format!("secret: expected {expected}"),
            Self::Protocol(what) => format!("protocol: {what}"),
            Self::TooLarge(limit) => format!("too large: expected at most {limit} bytes"),
            Self::Replaced => "replaced: the customer connected again".to_owned(),
            Self::Silent(time) => format!("silent: nothing heard for {time:?}"),
            Self::Slow(what) => format!("slow: {what}"),
            Self::Flood => "flood: more commands than the customer takes".to_owned(),
            Self::Full(limit) => format!("full: the session has its {limit} agents"),
            Self::Unavailable(why) => format!("unavailable: {why}"),
        };
        let cut = (0..=REASON_BYTES.min(reason.len())).rev().find(|&at| reason.is_char_boundary(at));
        reason.truncate(cut.unwrap_or_default());
        reason
    }

    pub(crate) fn frame(&self) -> CloseFrame {
        CloseFrame { code: CloseCode::from(self.code()), reason: self.reason().into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let close = Close::Protocol("ü".repeat(100));
        assert_eq!(close.reason().len(), 122);
        assert!(close.reason().ends_with('ü'));
        assert_eq!(close.frame().code, CloseCode::from(4002));
    }

    #[test]
    fn a_short_reason_stays_whole() {
        assert_eq!(Close::TooLarge(65_536).reason(), "too large: expected at most 65536 bytes");
        assert_eq!(Close::Silent(Duration::from_millis(1500)).reason(), "silent: nothing heard for 1.5s");
    }
}
