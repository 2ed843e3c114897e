//! Sealed sessions: the customer's page and the agent's share a key that the relay never gets (`docs/security.md`).
//!
//! ```text
//! clear frame ── Customer::seal ── sealed frame ──▶ relay (header only) ──▶ Agent::take ── clear frame
//! clear frame ◀── Customer::take ── sealed frame ◀── relay ◀── Agent::seal ── clear frame
//! ```
//!
//! The two ends do no input or output and read no clock: bytes, random ones too, and the time come in as arguments, and
//! what is to be done comes out as [`customer::Event`] or [`agent::Event`]. What is sent is written down in
//! `docs/wire-format.md` §9, why it is so in `docs/adr/0010-sealed.md`.
//!
//! ```
//! use seal::{Token, agent::{self, Agent}, customer::{self, Customer}, random::Random};
//! # use protocol::control::{Control, Role};
//! # fn numbers() -> Random { let mut last = 0_u8; Random::new(move |out| out.fill_with(|| { last = last.wrapping_add(41); last })) }
//! # fn sent(events: Vec<agent::Event>) -> Vec<u8> { events.into_iter().find_map(|event| match event { agent::Event::Send(bytes) => Some(bytes), _ => None }).unwrap() }
//! # fn answered(events: Vec<customer::Event>) -> Vec<u8> { events.into_iter().find_map(|event| match event { customer::Event::Send(bytes) => Some(bytes), _ => None }).unwrap() }
//! # let from = |frame| Control::From { user: 2, frame }.to_frame(1, 0).unwrap();
//! let token: Token = "123456789".parse()?;
//! let mut customer = Customer::new(token, numbers(), 1_700_000_000);
//! let mut agent = Agent::new(token, numbers(), "Ann");
//! agent.set_link(&customer.link())?;
//! // The relay tells each of the other; then they shake hands through it.
//! customer.take(&Control::Joined { user: 2, role: Role::Agent, name: String::new() }.to_frame(1, 0)?);
//! let first = sent(agent.take(&Control::Welcome { user: 2 }.to_frame(1, 0)?));
//! let second = answered(customer.take(&from(first)));
//! let third = sent(agent.take(&second));
//! let key = answered(customer.take(&from(third)));
//! assert!(agent.take(&key).contains(&agent::Event::Keyed));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]

pub mod agent;
pub mod customer;
mod envelope;
pub mod handshake;
mod keys;
pub mod random;
mod saved;

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod web;

use std::str::FromStr;

/// Why a message is not taken, or not made. Nothing of it has been done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// What must be sealed came in the clear. Holds the message's name.
    #[error("refused what came in the clear ({0}): expected it sealed, as all of a sealed session is")]
    Clear(&'static str),
    /// It does not open with the key.
    #[error("refused a message that was altered on its way, or is another's: it does not open with the session's key")]
    Altered,
    /// It has been taken before, or comes out of its order.
    #[error("refused a message that has come before, or out of its order")]
    Repeated,
    /// It is no frame at all.
    #[error("refused a message that is none: {0}")]
    Malformed(String),
    /// It cannot be made: too long, or too many were.
    #[error("a message cannot be sealed: {0}")]
    Unsealable(String),
    /// A state that was kept is none.
    #[error("what was kept of the sealed session cannot be read")]
    Saved,
    /// A key, code or token is none.
    #[error("expected {0}")]
    Expected(&'static str),
}

impl From<protocol::Error> for Error {
    fn from(error: protocol::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// The nine digits of a session, which every key is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token([u8; 9]);

impl FromStr for Token {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let digits: [u8; 9] = text.as_bytes().try_into().map_err(|_| Error::Expected("nine digits"))?;
        if digits.iter().all(u8::is_ascii_digit) { Ok(Self(digits)) } else { Err(Error::Expected("nine digits")) }
    }
}

/// The agents of a session are numbered from here; 1 is its customer.
const FIRST_AGENT: u32 = 2;
