//! The platform-free heart of the co-browse engine: the tree both ends hold, the operations that change it,
//! the frames that carry them, and the messages that control a session.
//!
//! Data flows through the modules in this order:
//!
//! ```text
//! capture: Tree (mirror) ── ops::OpWriter ── encoder::Encoder ── frame ──▶ relay (header only)
//! replay:  frame ── decoder::Decoder ── ops::OpReader ── apply ──▶ Tree
//! ```
//!
//! Nothing here performs input or output, reads a clock, or knows a browser. The bytes are specified in
//! `docs/wire-format.md`; section numbers in the documentation of this crate refer to that page.

#![forbid(unsafe_code)]

pub mod apply;
mod audit;
pub mod columns;
pub mod control;
pub mod decoder;
mod deflate;
pub mod diff;
pub mod encoder;
pub mod error;
pub mod fields;
pub mod frame;
pub mod hash;
pub mod heap;
mod huffman;
pub mod ids;
mod kind;
pub mod limits;
pub mod mode;
pub mod names;
pub mod numbers;
pub mod ops;
pub mod repair;
pub mod sealed;
mod sort;
pub mod splice;
pub mod tree;
pub mod varint;

pub use error::{Error, ErrorKind};
pub use limits::Limits;
pub use mode::Mode;
