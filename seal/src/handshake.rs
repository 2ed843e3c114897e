//! How the customer's page and an agent's get a secret of their own through a relay that sees every byte: SPAKE2 over what
//! both know, then each shows the other that it has the same result.
//!
//! ```text
//! agent ── way, X ──▶ customer
//! agent ◀── Y, life, proof ── customer      the proof is of the customer's: a wrong code is known here
//! agent ── proof, name ──▶ customer         only now the customer gives the session's key
//! ```
//!
//! Who is in the middle learns nothing from what passes, and has one guess for each handshake: what it guesses goes into
//! its own message, and the proof says whether that was right.

use crate::{
    Error, Token,
    keys::{Life, Secret, derive, open_once, seal_once},
    random::Random,
};
use spake2::{Ed25519Group, Identity, Password, Spake2};
use subtle::ConstantTimeEq;

/// A message of SPAKE2, and a proof.
const MESSAGE: usize = 33;
const PROOF: usize = 32;
/// The longest name of an agent, in bytes.
const NAME_BYTES: usize = 400;

/// What both know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The key in the link.
    Link,
    /// The code that the customer reads out.
    Code,
    /// What the customer's page gave to an agent that it knows already. Holds its number.
    Ticket([u8; 8]),
}

impl Way {
    const LEN: usize = 9;

    fn bytes(self) -> [u8; Self::LEN] {
        let mut out = [0; Self::LEN];
        match self {
            Self::Link => {}
            Self::Code => out[0] = 1,
            Self::Ticket(number) => {
                out[0] = 2;
                out[1..].copy_from_slice(&number);
            }
        }
        out
    }

    fn read(bytes: &[u8; Self::LEN]) -> Option<Self> {
        let &[way, ref number @ ..] = bytes;
        match way {
            0 => Some(Self::Link),
            1 => Some(Self::Code),
            2 => Some(Self::Ticket(*number)),
            _ => None,
        }
    }
}

/// Why the customer's page does not go on with a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum No {
    /// The proof was wrong.
    Wrong = 1,
    /// It does not know that ticket.
    Unknown = 2,
    /// It takes no codes any more.
    Closed = 3,
}

/// A step, as the body of a frame has it behind its first byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Hello { way: Way, message: [u8; MESSAGE] },
    Answer { message: [u8; MESSAGE], life: Life, proof: [u8; PROOF] },
    Proof { proof: [u8; PROOF], name: Vec<u8> },
    No(No),
}

impl Step {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Hello { way, message } => [&[1][..], &way.bytes(), message].concat(),
            Self::Answer { message, life, proof } => [&[2][..], message, &life.bytes(), proof].concat(),
            Self::Proof { proof, name } => [&[3][..], proof, name].concat(),
            Self::No(no) => vec![4, *no as u8],
        }
    }

    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Error> {
        let malformed = || Error::Malformed("expected a step of a handshake".to_owned());
        let (&step, rest) = bytes.split_first().ok_or_else(malformed)?;
        let read = || match step {
            1 => {
                let (way, rest) = rest.split_first_chunk::<{ Way::LEN }>()?;
                Some(Self::Hello { way: Way::read(way)?, message: rest.try_into().ok()? })
            }
            2 => {
                let (message, rest) = rest.split_first_chunk::<MESSAGE>()?;
                let (life, rest) = rest.split_first_chunk::<{ Life::LEN }>()?;
                Some(Self::Answer { message: *message, life: Life::read(*life), proof: rest.try_into().ok()? })
            }
            3 => {
                let (proof, name) = rest.split_first_chunk::<PROOF>()?;
                (name.len() <= NAME_BYTES + 16).then(|| Self::Proof { proof: *proof, name: name.to_vec() })
            }
            4 => match rest {
                [1] => Some(Self::No(No::Wrong)),
                [2] => Some(Self::No(No::Unknown)),
                [3] => Some(Self::No(No::Closed)),
                _ => None,
            },
            _ => None,
        };
        read().ok_or_else(malformed)
    }
}

/// What both sides bind the handshake to: the session, the roles, the agent's number, and what they know each other by.
fn bound(token: Token, user: u32, way: Way, known: &[u8]) -> (Password, Identity, Identity) {
    let agent = [b"agent ", &token.0[..], &user.to_le_bytes(), &way.bytes()].concat();
    let customer = [b"customer ", &token.0[..]].concat();
    let password = [&way.bytes()[..1], known].concat();
    (Password::new(password), Identity::new(&agent), Identity::new(&customer))
}

/// The agent's side, once its first message is on its way.
#[derive(Debug)]
pub(crate) struct Asked {
    spake: Spake2<Ed25519Group>,
}

impl Asked {
    pub(crate) fn begin(token: Token, user: u32, way: Way, known: &[u8], random: &mut Random) -> (Self, Step) {
        let (password, agent, customer) = bound(token, user, way, known);
        let (spake, message) = Spake2::start_a_with_rng(&password, &agent, &customer, random);
        // 33 bytes, as the library says.
        let message = message.try_into().unwrap_or([0; MESSAGE]);
        (Self { spake }, Step::Hello { way, message })
    }

    /// The secret of the pair, and what proves to the customer that the agent has it.
    ///
    /// # Errors
    /// [`Error::Altered`] where the customer knows something else, or somebody else has answered.
    pub(crate) fn finish(
        self,
        message: &[u8],
        life: Life,
        proof: &[u8; PROOF],
        name: &str,
    ) -> Result<(Secret, Step), Error> {
        let shared = Shared::new(self.spake, message, life)?;
        if !bool::from(shared.customers.ct_eq(proof)) {
            return Err(Error::Altered);
        }
        let end = (0..=NAME_BYTES.min(name.len())).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
        let name = seal_once(&shared.name, &name.as_bytes()[..end]);
        Ok((shared.pair, Step::Proof { proof: shared.agents, name }))
    }
}

/// The customer's side, while it waits for the agent's proof.
#[derive(Debug)]
pub(crate) struct Answered {
    shared: Shared,
}

impl Answered {
    pub(crate) fn begin(
        (token, user, way): (Token, u32, Way),
        known: &[u8],
        message: &[u8],
        life: Life,
        random: &mut Random,
    ) -> Result<(Self, Step), Error> {
        let (password, agent, customer) = bound(token, user, way, known);
        let (spake, own) = Spake2::start_b_with_rng(&password, &agent, &customer, random);
        let shared = Shared::new(spake, message, life)?;
        let step = Step::Answer { message: own.try_into().unwrap_or([0; MESSAGE]), life, proof: shared.customers };
        Ok((Self { shared }, step))
    }

    /// The secret of the pair, and the agent's name.
    pub(crate) fn finish(self, proof: &[u8; PROOF], name: &[u8]) -> Result<(Secret, String), Error> {
        if !bool::from(self.shared.agents.ct_eq(proof)) {
            return Err(Error::Altered);
        }
        let name = open_once(&self.shared.name, name)?;
        Ok((self.shared.pair, String::from_utf8_lossy(&name).into_owned()))
    }
}

/// What comes of it.
struct Shared {
    customers: [u8; PROOF],
    agents: [u8; PROOF],
    pair: Secret,
    name: Secret,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared")
    }
}

impl Shared {
    fn new(spake: Spake2<Ed25519Group>, message: &[u8], life: Life) -> Result<Self, Error> {
        // The library hashes both names and both messages into it.
        let shared = spake.finish(message).map_err(|_| Error::Altered)?;
        let of = |purpose| derive(&shared, purpose, &[&life.bytes()]);
        Ok(Self { customers: of("customer proves"), agents: of("agent proves"), pair: of("pair"), name: of("name") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::tests::seeded;

    fn token() -> Token {
        "123456789".parse().unwrap()
    }

    const LIFE: Life = Life { ordinal: 9, random: [0; 6] };

    /// What comes of a handshake in which the customer knows `theirs` of an agent `user` on some way.
    fn shake(ours: (u32, Way, &str), theirs: (u32, Way, &str)) -> Result<(Secret, Secret, String), Error> {
        let (asked, hello) = Asked::begin(token(), ours.0, ours.1, ours.2.as_bytes(), &mut seeded(1));
        let Step::Hello { message, .. } = Step::read(&hello.bytes())? else { unreachable!() };
        let who = (token(), theirs.0, theirs.1);
        let (answered, answer) = Answered::begin(who, theirs.2.as_bytes(), &message, LIFE, &mut seeded(2))?;
        let Step::Answer { message, life, proof } = Step::read(&answer.bytes())? else { unreachable!() };
        let (mine, step) = asked.finish(&message, life, &proof, "Ann")?;
        let Step::Proof { proof, name } = Step::read(&step.bytes())? else { unreachable!() };
        let (other, name) = answered.finish(&proof, &name)?;
        Ok((mine, other, name))
    }

    #[test]
    fn who_knows_the_same_gets_the_same_secret() {
        let (mine, theirs, name) = shake((2, Way::Code, "12345678"), (2, Way::Code, "12345678")).unwrap();
        assert_eq!((mine, name.as_str()), (theirs, "Ann"));
        let ticket = Way::Ticket([1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(Way::read(&ticket.bytes()), Some(ticket));
        assert!(shake((2, ticket, "x"), (2, ticket, "x")).is_ok());
    }

    #[test]
    fn a_code_way_agent_or_life_that_differs_is_no_handshake() {
        let right = (2, Way::Code, "12345678");
        for wrong in [(2, Way::Code, "12345679"), (3, Way::Code, "12345678"), (2, Way::Link, "12345678")] {
            assert_eq!(shake(right, wrong), Err(Error::Altered), "{wrong:?}");
        }
        let (asked, hello) = Asked::begin(token(), 2, Way::Code, b"12345678", &mut seeded(1));
        let Step::Hello { message, .. } = hello else { unreachable!() };
        let who = (token(), 2, Way::Code);
        let (_, answer) = Answered::begin(who, b"12345678", &message, LIFE, &mut seeded(2)).unwrap();
        let Step::Answer { message, life, proof } = answer else { unreachable!() };
        let other = Life { ordinal: life.ordinal + 1, ..life };
        assert_eq!(asked.finish(&message, other, &proof, "").unwrap_err(), Error::Altered);
    }

    #[test]
    fn a_proof_that_is_thrown_back_is_none() {
        let (_, hello) = Asked::begin(token(), 2, Way::Code, b"12345678", &mut seeded(1));
        let Step::Hello { message, .. } = hello else { unreachable!() };
        let who = (token(), 2, Way::Code);
        let (answered, answer) = Answered::begin(who, b"12345678", &message, LIFE, &mut seeded(2)).unwrap();
        let Step::Answer { proof, .. } = answer else { unreachable!() };
        assert_eq!(answered.finish(&proof, &[]).unwrap_err(), Error::Altered);
        // An agent's own message given back to it is not the customer's.
        let (asked, hello) = Asked::begin(token(), 2, Way::Code, b"12345678", &mut seeded(1));
        let Step::Hello { message, .. } = hello else { unreachable!() };
        assert!(asked.finish(&message, LIFE, &[0; PROOF], "").is_err());
    }

    #[test]
    fn steps_are_read_as_they_were_written_and_nothing_else_is() {
        let step = Step::Proof { proof: [3; PROOF], name: vec![1, 2] };
        assert_eq!(Step::read(&step.bytes()), Ok(step));
        for bytes in [&[][..], &[1], &[2, 0], &[4, 0], &[4, 1, 1], &[9], &[3; 20]] {
            assert!(Step::read(bytes).is_err(), "{bytes:?}");
        }
        let long = "ü".repeat(500);
        let (asked, hello) = Asked::begin(token(), 2, Way::Link, b"k", &mut seeded(1));
        let Step::Hello { message, .. } = hello else { unreachable!() };
        let who = (token(), 2, Way::Link);
        let (answered, answer) = Answered::begin(who, b"k", &message, LIFE, &mut seeded(2)).unwrap();
        let Step::Answer { message, life, proof } = answer else { unreachable!() };
        let (_, step) = asked.finish(&message, life, &proof, &long).unwrap();
        let Step::Proof { proof, name } = Step::read(&step.bytes()).unwrap() else { unreachable!() };
        assert_eq!(answered.finish(&proof, &name).unwrap().1, "ü".repeat(200));
    }
}
