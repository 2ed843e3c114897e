//! The tests of a relay's sessions and frames once more, with Redis as the store.

#![allow(clippy::duplicate_mod, reason = "each file has the same helpers")]

#[path = "frames.rs"]
mod frames;
#[path = "sessions.rs"]
mod sessions;
