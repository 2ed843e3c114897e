//! The agent's side of the co-browse engine.
//!
//! ```text
//! frame ──▶ Player (protocol::Decoder: tree) ──▶ commands (made safe) ──▶ web ──▶ js/ ──▶ the agent's iframe
//! recording ──▶ Reader ──▶ Player ──▶ html: one self-contained page
//!           └─▶ Scan: search, survey, trail of pointers; changes in words
//! ```
//!
//! Everything but [`web`] is free of any platform.

#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]

pub mod changes;
pub mod commands;
pub mod html;
pub mod inspection;
pub mod loading;
pub mod player;
pub mod recording;
mod repair;
pub mod safety;
pub mod scan;
pub mod search;
pub mod survey;
pub mod trail;

#[cfg(target_arch = "wasm32")]
pub mod web;

pub use player::Player;
