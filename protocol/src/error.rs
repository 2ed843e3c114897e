//! One error type for everything that can be wrong with bytes that arrived.

use std::borrow::Cow;

/// What kind of fault a frame has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The bytes end before the frame does, or go on after it.
    Length,
    /// A limit of [`crate::Limits`] is exceeded.
    Limit,
    /// Not a frame of this protocol, of another version, or of a kind that has no business here.
    Foreign,
    /// The checksum does not match.
    Checksum,
    /// The sequence number is not the next one.
    Order,
    /// The body cannot be inflated or parsed.
    Syntax,
    /// An operation does not fit the tree it is applied to.
    Tree,
    /// The tree after the frame is not the recorder's.
    Drift,
}

/// Why a frame was refused. Nothing of a refused frame has been applied.
///
/// It reads `frame 7, byte 13: expected a body of 40 bytes, found 38`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("frame {frame}, byte {offset}: expected {expected}, found {found}")]
pub struct Error {
    /// The kind of fault.
    pub kind: ErrorKind,
    /// The sequence number that the frame claims, 0 where its header could not be read.
    pub frame: u32,
    /// The offset in the frame as sent, or, from the body's first byte on, in the inflated body, counted on from
    /// the header's length.
    pub offset: usize,
    /// What should have been there.
    pub expected: Cow<'static, str>,
    /// What was there.
    pub found: Cow<'static, str>,
}

impl Error {
    /// An error at an offset; the frame is filled in by [`Error::in_frame`].
    pub fn new(
        kind: ErrorKind,
        offset: usize,
        expected: impl Into<Cow<'static, str>>,
        found: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { kind, frame: 0, offset, expected: expected.into(), found: found.into() }
    }

    /// The same error, naming the frame.
    #[must_use]
    pub fn in_frame(mut self, frame: u32) -> Self {
        self.frame = frame;
        self
    }

    /// The same error, its offset moved by the bytes that came before.
    #[must_use]
    pub fn after(mut self, bytes: usize) -> Self {
        self.offset = self.offset.saturating_add(bytes);
        self
    }
}

/// A shorthand for results of this crate.
pub type Result<T> = std::result::Result<T, Error>;
