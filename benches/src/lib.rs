//! What the benches share: lists of keyed rows in an encoder, and the changes made to them.

pub mod list;
