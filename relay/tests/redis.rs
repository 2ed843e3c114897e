//! The tests of a relay's sessions, frames, references, invitations and controllers once more, with Redis as the store.

#![allow(clippy::duplicate_mod, reason = "each file has the same helpers")]

#[path = "frames.rs"]
mod frames;
#[path = "genesys.rs"]
mod genesys;
#[path = "identity.rs"]
mod identity;
#[path = "invitations.rs"]
mod invitations;
#[path = "sealed.rs"]
mod sealed;
#[path = "sessions.rs"]
mod sessions;
