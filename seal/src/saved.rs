//! What a customer's page leaves to the next one, in the site's own storage beside the session's secret.

use crate::{Error, keys::Secret};
use bincode::{Decode, Encode, config};

/// The most of it that is read, in bytes: far more than there is.
const MOST: usize = 1 << 20;

/// An agent that has the key.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct SavedAgent {
    pub(crate) user: u32,
    pub(crate) pair: Secret,
    pub(crate) name: String,
}

/// What lets an agent's page that was loaded again, or whose connection broke, back in.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Ticket {
    pub(crate) number: [u8; 8],
    pub(crate) secret: Secret,
}

/// See the module's documentation.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Saved {
    pub(crate) ordinal: u32,
    pub(crate) number: u16,
    pub(crate) session: Secret,
    pub(crate) link: [u8; 16],
    pub(crate) code: Option<String>,
    pub(crate) wrong: u8,
    pub(crate) tickets: Vec<Ticket>,
    pub(crate) agents: Vec<SavedAgent>,
}

/// The session's key as an agent is given it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Key {
    pub(crate) number: u16,
    pub(crate) session: Secret,
    /// What of the page's stream is of interest: from its last keyframe on.
    pub(crate) floor: u32,
    /// With the first key.
    pub(crate) ticket: Option<Ticket>,
}

pub(crate) fn write(value: &impl Encode) -> Vec<u8> {
    // Into memory nothing fails.
    bincode::encode_to_vec(value, config::standard()).unwrap_or_default()
}

pub(crate) fn read<T: Decode<()>>(bytes: &[u8]) -> Result<T, Error> {
    let limited = config::standard().with_limit::<MOST>();
    let (value, len) = bincode::decode_from_slice(bytes, limited).map_err(|_| Error::Saved)?;
    if len == bytes.len() { Ok(value) } else { Err(Error::Saved) }
}
