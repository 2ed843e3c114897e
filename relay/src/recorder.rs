//! Sessions being recorded: what a relay hands on, for who keeps it (`docs/adr/0006-recordings-at-the-relay.md`).
//!
//! The relay knows frames by their headers only, and nothing of files: what it is given here gets each frame as it has its place in
//! a session, and each message that the session's agents are sent or send.

use crate::store::Reply;
use bytes::Bytes;

/// Keeps sessions.
pub trait Recorder: Send + Sync + 'static {
    /// A session begins: its recording's name, and what takes its frames; none where it cannot be recorded.
    fn begin(&self) -> Option<(String, Box<dyn Recording>)>;

    /// What there is.
    fn list(&self) -> Reply<'_, Vec<Recorded>>;

    /// Deletes a recording; one of a session that goes on ends. False when there is none of this name.
    fn delete<'a>(&'a self, name: &'a str) -> Reply<'a, bool>;
}

/// Takes a session's frames. Dropping it ends the recording.
pub trait Recording: Send + 'static {
    /// A keyframe, a repair, a delta or a message, in the order of the session. It must not wait for anything. False: it could not be
    /// taken, and none that follows can before a keyframe; one is asked for.
    fn take(&mut self, frame: &Bytes) -> bool;
}

/// A recording that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its name: letters, digits, hyphens.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// When it was last written to, in milliseconds since 1970.
    pub written: u64,
}
