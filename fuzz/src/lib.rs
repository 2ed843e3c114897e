//! Fuzz targets: each takes bytes, makes hostile or lawful input of them, and asserts more than that nothing panics.
//!
//! ```text
//! seeds (made from fixtures) ─┐
//! corpora/NAME ───────────────┼─▶ Target::run(bytes) ◀── libFuzzer (cargo xtask fuzz), guided by coverage
//! findings/NAME ──────────────┘          ▲
//!                                 tests/corpus.rs: the same without a fuzzer
//! ```
//!
//! A target has no state between calls and asks for nothing but its bytes, so that whatever once failed fails again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a target fails")]

mod import;
mod included;
pub mod input;
pub mod memory;
pub mod seeds;
pub mod targets;

/// A fuzz target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, and that of its folders.
    pub name: &'static str,
    /// What it asserts, in a line.
    pub about: &'static str,
    /// Longer input is not tried, in bytes.
    pub most_bytes: usize,
    /// Takes input; a panic is a finding.
    pub run: fn(&[u8]),
    /// Input to begin with, made from the repository's fixtures.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Words that the fuzzer puts into its input.
    pub words: &'static [&'static str],
}

/// All targets.
pub const TARGETS: &[Target] = &[
    targets::frame::TARGET,
    targets::ops::TARGET,
    targets::diff::TARGET,
    targets::recording::TARGET,
    targets::control::TARGET,
    targets::bayeux::TARGET,
    targets::rules::TARGET,
    targets::rrweb::TARGET,
    targets::privacy::TARGET,
    targets::markup::TARGET,
    targets::html::TARGET,
];

/// The target of a name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;
