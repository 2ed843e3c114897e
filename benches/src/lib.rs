//! What the benches share: lists of keyed rows in an encoder and the changes made to them, and the pages that are
//! captured.

pub mod hour;
pub mod list;
pub mod pages;
