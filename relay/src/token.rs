//! The two keys of a session: the nine digits an agent joins with, and the customer's long secret.

use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};
use subtle::ConstantTimeEq;

/// How many tokens there are: every number of nine digits, leading zeros included.
const TOKENS: u32 = 1_000_000_000;

/// A session's token. `Debug` and [`Token::masked`] show three of its nine digits, so that a log names the session
/// without letting its reader in.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token(u32);

/// The text was not nine digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("token: expected nine digits")]
pub struct NotAToken;

impl Token {
    /// A token from the system's random source, every one equally likely.
    ///
    /// # Errors
    /// When the system has no random bytes to give.
    pub fn generate() -> Result<Self, getrandom::Error> {
        // The largest multiple of the number of tokens that a u32 holds; what lies above would favour low tokens.
        const FAIR: u32 = TOKENS * 4;
        loop {
            let drawn = getrandom::u32()?;
            if drawn < FAIR {
                return Ok(Self(drawn % TOKENS));
            }
        }
    }

    /// All nine digits. For the customer and the agent, never for a log.
    #[must_use]
    pub fn reveal(self) -> String {
        format!("{:09}", self.0)
    }

    /// The first three digits, and stars.
    #[must_use]
    pub fn masked(self) -> String {
        format!("{:03}******", self.0 / 1_000_000)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl FromStr for Token {
    type Err = NotAToken;

    fn from_str(text: &str) -> Result<Self, NotAToken> {
        if text.len() != 9 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotAToken);
        }
        text.parse().map(Self).map_err(|_| NotAToken)
    }
}

/// What the relay keeps of a customer's secret: its SHA-256, so that whoever reads the store cannot act as the customer.
/// The secret is 256 random bits, which makes a slow hash pointless.
#[derive(Clone, Copy)]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    /// A new secret (64 hexadecimal digits, 256 random bits) and what is kept of it.
    ///
    /// # Errors
    /// When the system has no random bytes to give.
    pub fn generate() -> Result<(String, Self), getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        let secret = hex(&bytes);
        let digest = Self::of(&secret);
        Ok((secret, digest))
    }

    /// What is kept of a secret.
    pub(crate) fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// Whether both are of one secret. Takes the same time whatever the answer.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// The digest as 64 hexadecimal digits, for a store outside of the process.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex(&self.0)
    }

    /// The same, read.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        unhex(text).map(Self)
    }

    /// Whether this is the secret. Takes the same time whatever the answer.
    #[must_use]
    pub fn matches(&self, candidate: &str) -> bool {
        self.0.ct_eq(&Self::of(candidate).0).into()
    }
}

/// 32 bytes from 64 hexadecimal digits.
pub(crate) fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(digit.into(), 16));
        }
        text
    })
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_nine_digits_and_keeps_its_zeros() {
        let token: Token = "001234567".parse().unwrap();
        assert_eq!(token.reveal(), "001234567");
        assert_eq!(format!("{token:?}"), "001******");
        for wrong in ["", "12345678", "1234567890", "12345678x", "+12345678", "１２３"] {
            assert_eq!(wrong.parse::<Token>(), Err(NotAToken), "{wrong}");
        }
    }

    #[test]
    fn generated_tokens_differ() {
        let drawn: std::collections::HashSet<_> = (0..100).map(|_| Token::generate().unwrap()).collect();
        assert!(drawn.len() > 98);
    }

    #[test]
    fn only_the_secret_matches() {
        let (secret, digest) = SecretDigest::generate().unwrap();
        assert_eq!(secret.len(), 64);
        assert!(digest.matches(&secret));
        assert!(!digest.matches(""));
        assert!(!digest.matches(&secret[1..]));
        assert!(!digest.matches(&secret.replace(|c: char| c.is_ascii_digit(), "x")));
        assert!(!format!("{digest:?}").contains(&secret));
        assert!(SecretDigest::from_hex(&digest.to_hex()).unwrap().matches(&secret));
        assert!(SecretDigest::from_hex(&secret[1..]).is_none() && SecretDigest::from_hex(&"x".repeat(64)).is_none());
    }
}
