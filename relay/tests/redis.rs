//! The tests of a relay's sessions and frames once more, with Redis as the store.

#[path = "frames.rs"]
mod frames;
#[path = "sessions.rs"]
mod sessions;
