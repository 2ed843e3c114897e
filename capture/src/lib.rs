//! The customer's side of the co-browse engine.
//!
//! ```text
//! page ── js/ (reads nodes and records in bulk) ──▶ web ──▶ Recorder ── privacy gate ──▶ protocol::Encoder ──▶ frame
//! agent's commands ──▶ control (mode gate) ──▶ js/ ──▶ page
//! ```
//!
//! Everything but [`web`] is free of any platform: nodes and clock readings come in as numbers and strings, frames go
//! out as bytes.

#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]

pub mod census;
pub mod control;
pub mod facts;
pub mod life;
pub mod markup;
pub mod privacy;
pub mod recorder;
mod walk;

#[cfg(target_arch = "wasm32")]
pub mod web;

pub use recorder::Recorder;
