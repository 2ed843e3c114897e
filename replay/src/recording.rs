//! Recordings: the frames of a stream in a file (`docs/recording-format.md`).
//!
//! ```text
//! frames ──▶ Writer, LiveWriter ──▶ file ──▶ Reader (asks for ranges) ──▶ Player
//! ```
//!
//! Files are only ever appended to; one that was cut off opens up to its last whole block. Those of version 1 (the frames one
//! behind the other) are read, too.

mod about;
pub mod block;
mod clock;
mod file;
mod frames;
mod index;
mod messages;
mod opening;
mod reader;
mod writer;

pub use about::About;
pub use file::{Compacted, File};
pub use frames::{Entry, Frames, LIMITS};
pub use index::{Activity, Place};
pub use messages::belongs;
pub use opening::Map;
pub use reader::{Reader, Said};
pub use writer::{LiveWriter, Settings, Writer};

/// What a file begins with.
pub const MAGIC: &[u8; 8] = b"cobrowse";

/// The version that is written. Version 1 is read, too.
pub const VERSION: u8 = 2;

/// Why a recording cannot be read further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset}: expected {expected}, found {found}")]
pub struct Error {
    /// The offset in the file.
    pub offset: u64,
    /// What should have been there.
    pub expected: String,
    /// What was there.
    pub found: String,
}

impl Error {
    pub(crate) fn new(offset: u64, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { offset, expected: expected.into(), found: found.into() }
    }
}

/// An error in a frame that is at this offset.
pub(crate) fn within(offset: u64, error: &protocol::Error) -> Error {
    Error::new(offset, format!("frame {} to hold {}", error.frame, error.expected), error.found.to_string())
}

#[cfg(test)]
mod tests;
