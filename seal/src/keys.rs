//! Keys, and what is sealed and opened with them.
//!
//! There are two secrets: the session's, which all agents get, and one between the customer and each agent, which their
//! handshake gives. Neither seals anything itself. From each comes a key for one direction and one life of the
//! customer's page ([`Life`]), and in it each message has its number as nonce: so no two are ever sealed alike, whatever
//! is sent again and whichever tab goes on.

use crate::{Error, Token, random::Random};
use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use protocol::sealed::{self, Header};
use sha2::Sha256;

/// 32 bytes that nobody else has.
pub(crate) type Secret = [u8; 32];

/// What the body of a sealed frame begins with.
pub(crate) const BY_SESSION: u8 = 0;
pub(crate) const BY_PAIR: u8 = 1;
/// No key seals it: a step of a handshake.
pub(crate) const OPEN: u8 = 2;

/// Bytes before what is sealed: whose key, which, and the life.
const PREFIX: usize = 13;

/// A key from a secret, for one purpose.
pub(crate) fn derive(secret: &[u8], purpose: &str, parts: &[&[u8]]) -> Secret {
    let mut out = [0; 32];
    let mut info = Vec::with_capacity(64);
    for part in [&[purpose.as_bytes()], parts].concat() {
        // Lengths, so that no two lists of parts read alike.
        info.push(u8::try_from(part.len()).unwrap_or(u8::MAX));
        info.extend_from_slice(part);
    }
    // Only more than 255 times the hash's length is refused.
    let expanded = Hkdf::<Sha256>::new(Some(b"cobrowse sealed 1"), secret).expand(&info, &mut out);
    debug_assert!(expanded.is_ok());
    out
}

/// One life of the customer's page: from its load, or from when the session came back to it, until it is left. Later ones
/// have higher numbers; of two tabs that mean to go on with the same session, the random part differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) ordinal: u32,
    pub(crate) random: [u8; 6],
}

impl Life {
    pub(crate) const LEN: usize = 10;

    pub(crate) fn begin(ordinal: u32, random: &mut Random) -> Self {
        Self { ordinal, random: random.bytes() }
    }

    pub(crate) fn bytes(self) -> [u8; Self::LEN] {
        let mut out = [0; Self::LEN];
        out[..4].copy_from_slice(&self.ordinal.to_le_bytes());
        out[4..].copy_from_slice(&self.random);
        out
    }

    pub(crate) fn read(bytes: [u8; Self::LEN]) -> Self {
        let [a, b, c, d, random @ ..] = bytes;
        Self { ordinal: u32::from_le_bytes([a, b, c, d]), random }
    }
}

/// What a sealed frame says of its key before it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) whose: u8,
    /// Which of the session's keys; 0 of a pair's.
    pub(crate) number: u16,
    pub(crate) life: Life,
}

impl Label {
    fn bytes(self) -> [u8; PREFIX] {
        let mut out = [0; PREFIX];
        out[0] = self.whose;
        out[1..3].copy_from_slice(&self.number.to_le_bytes());
        out[3..].copy_from_slice(&self.life.bytes());
        out
    }

    /// The label of a body that is sealed, and the rest.
    pub(crate) fn read(body: &[u8]) -> Result<(Self, &[u8]), Error> {
        let (prefix, rest) = body.split_first_chunk::<PREFIX>().ok_or(Error::Altered)?;
        let &[whose, low, high, ref life @ ..] = prefix;
        Ok((Self { whose, number: u16::from_le_bytes([low, high]), life: Life::read(*life) }, rest))
    }
}

/// A key for one direction in one life.
#[derive(Clone)]
pub(crate) struct Channel {
    cipher: ChaCha20Poly1305,
    pub(crate) label: Label,
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Channel").field("label", &self.label).finish_non_exhaustive()
    }
}

impl Channel {
    fn new(key: &Secret, label: Label) -> Self {
        Self { cipher: ChaCha20Poly1305::new(key.into()), label }
    }

    /// From the customer to all agents.
    pub(crate) fn session(secret: &Secret, token: Token, number: u16, life: Life) -> Self {
        let label = Label { whose: BY_SESSION, number, life };
        Self::new(&derive(secret, "page", &[&token.0, &number.to_le_bytes(), &life.bytes()]), label)
    }

    /// From the customer to one agent.
    pub(crate) fn down(secret: &Secret, token: Token, user: u32, life: Life) -> Self {
        Self::pair(secret, "to agent", token, user, life)
    }

    /// From an agent to the customer.
    pub(crate) fn up(secret: &Secret, token: Token, user: u32, life: Life) -> Self {
        Self::pair(secret, "to customer", token, user, life)
    }

    fn pair(secret: &Secret, purpose: &str, token: Token, user: u32, life: Life) -> Self {
        let label = Label { whose: BY_PAIR, number: 0, life };
        Self::new(&derive(secret, purpose, &[&token.0, &user.to_le_bytes(), &life.bytes()]), label)
    }

    /// A whole sealed frame. `header.count` must be one that was not used before.
    pub(crate) fn seal(&self, header: &Header, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let prefix = self.label.bytes();
        let aad = [&header.bytes()[..], &prefix].concat();
        let sealed = self.cipher.encrypt(&nonce(header.count).into(), Payload { msg: plain, aad: &aad });
        let sealed = sealed.map_err(|_| Error::Unsealable("it is too long".to_owned()))?;
        let body = [&prefix[..], &sealed].concat();
        sealed::write(header, &body).map_err(|error| Error::Unsealable(error.to_string()))
    }

    /// What a frame says. `sealed` is its body behind the label.
    pub(crate) fn open(&self, header: &Header, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let aad = [&header.bytes()[..], &self.label.bytes()].concat();
        self.cipher.decrypt(&nonce(header.count).into(), Payload { msg: sealed, aad: &aad }).map_err(|_| Error::Altered)
    }
}

/// Seals one text with a key that seals nothing else.
pub(crate) fn seal_once(key: &Secret, plain: &[u8]) -> Vec<u8> {
    ChaCha20Poly1305::new(key.into()).encrypt(&[0; 12].into(), plain).unwrap_or_default()
}

/// What [`seal_once`] sealed.
pub(crate) fn open_once(key: &Secret, sealed: &[u8]) -> Result<Vec<u8>, Error> {
    ChaCha20Poly1305::new(key.into()).decrypt(&[0; 12].into(), sealed).map_err(|_| Error::Altered)
}

fn nonce(count: u32) -> [u8; 12] {
    let mut out = [0; 12];
    out[8..].copy_from_slice(&count.to_le_bytes());
    out
}

/// How many messages a page has sealed: each has its number, which is never used again.
#[derive(Debug, Default)]
pub(crate) struct Counter(u32);

impl Counter {
    pub(crate) fn next(&mut self) -> Result<u32, Error> {
        let count = self.0;
        // The last one is never given, so that none comes twice.
        self.0 = count.checked_add(1).ok_or_else(|| Error::Unsealable("too many were in this page".to_owned()))?;
        Ok(count)
    }

    /// The number of the next one.
    pub(crate) fn peek(&self) -> u32 {
        self.0
    }
}

/// Which numbers were taken: each is higher than the one before.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Window(u32);

impl Window {
    /// Numbers from this one on.
    pub(crate) fn from(count: u32) -> Self {
        Self(count)
    }

    /// Whether a number has still to come.
    pub(crate) fn check(self, count: u32) -> Result<(), Error> {
        if count >= self.0 && count < u32::MAX { Ok(()) } else { Err(Error::Repeated) }
    }

    /// That one has come.
    pub(crate) fn take(&mut self, count: u32) {
        self.0 = count.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::tests::seeded;
    use proptest::prelude::*;
    use protocol::{Limits, frame::Kind};

    const SECRET: Secret = [7; 32];

    fn life() -> Life {
        Life { ordinal: 1_700_000_000, random: [1, 2, 3, 4, 5, 6] }
    }

    fn token() -> Token {
        "123456789".parse().unwrap()
    }

    fn header() -> Header {
        Header { kind: Kind::Delta, is_pointer: false, number: 5, time: 77, count: 3 }
    }

    fn opened(channel: &Channel, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let (header, body) = sealed::peek(bytes, &Limits::DEFAULT)?;
        let (label, rest) = Label::read(body)?;
        if label != channel.label {
            return Err(Error::Altered);
        }
        channel.open(&header, rest)
    }

    #[test]
    fn every_purpose_direction_life_agent_number_and_session_has_a_key_of_its_own() {
        let other: Token = "123456780".parse().unwrap();
        let later = Life { ordinal: 1_700_000_001, ..life() };
        let twin = Life { random: [1, 2, 3, 4, 5, 7], ..life() };
        let channels = [
            Channel::session(&SECRET, token(), 1, life()),
            Channel::session(&SECRET, token(), 2, life()),
            Channel::session(&SECRET, token(), 1, later),
            Channel::session(&SECRET, token(), 1, twin),
            Channel::session(&SECRET, other, 1, life()),
            Channel::session(&[8; 32], token(), 1, life()),
            Channel::down(&SECRET, token(), 2, life()),
            Channel::down(&SECRET, token(), 3, life()),
            Channel::up(&SECRET, token(), 2, life()),
            Channel::up(&SECRET, token(), 2, later),
        ];
        for (at, channel) in channels.iter().enumerate() {
            let bytes = channel.seal(&header(), b"the page").unwrap();
            for (other, opener) in channels.iter().enumerate() {
                let (head, body) = sealed::peek(&bytes, &Limits::DEFAULT).unwrap();
                let result = opener.open(&head, &body[PREFIX..]);
                assert_eq!(result.is_ok(), at == other, "{at} by {other}");
            }
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_document() {
        let document = include_str!("../../docs/wire-format.md");
        let block = document.split("```hex sealed delta\n").nth(1).unwrap().split("```").next().unwrap();
        let shown: String = block.lines().map(|line| line.split("  ").next().unwrap()).collect();
        let shown: String = shown.split_whitespace().collect();
        let channel = Channel::session(&SECRET, token(), 1, life());
        let bytes = channel.seal(&header(), b"\x12\x08the page").unwrap();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, shown);
    }

    #[test]
    fn numbers_are_used_once() {
        let mut counter = Counter(u32::MAX - 1);
        assert_eq!(counter.next(), Ok(u32::MAX - 1));
        assert!(counter.next().is_err() && counter.next().is_err());
        let mut window = Window::from(4);
        assert_eq!(window.check(3), Err(Error::Repeated));
        window.take(9);
        assert_eq!((window.check(9), window.check(10)), (Err(Error::Repeated), Ok(())));
        assert_eq!(window.check(u32::MAX), Err(Error::Repeated));
        let mut random = seeded(1);
        assert_ne!(Life::begin(1, &mut random), Life::begin(1, &mut random));
    }

    proptest! {
        #[test]
        fn no_altered_bit_opens(plain in prop::collection::vec(any::<u8>(), 0..100), at: prop::sample::Index, bit in 0..8_u8) {
            let channel = Channel::session(&SECRET, token(), 1, life());
            let mut bytes = channel.seal(&header(), &plain).unwrap();
            prop_assert_eq!(opened(&channel, &bytes).unwrap(), plain);
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert!(opened(&channel, &bytes).is_err());
        }

        #[test]
        fn parts_do_not_run_into_each_other(one in prop::collection::vec(any::<u8>(), 0..20), two in prop::collection::vec(any::<u8>(), 0..20)) {
            let joined = [&one[..], &two].concat();
            prop_assert_ne!(derive(b"x", "p", &[&one, &two]), derive(b"x", "p", &[&joined]));
            if one != two {
                prop_assert_ne!(derive(b"x", "p", &[&one, &two]), derive(b"x", "p", &[&two, &one]));
            }
        }
    }
}
