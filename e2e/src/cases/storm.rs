//! A storm over all that a page can be: shadow roots, frames, sheets, controls, layers, and moves between them, in turns of
//! every kind, equal after each round.

use crate::{
    pair::{Pair, Transport},
    workbench::Workbench,
};
use anyhow::{Context, Result};

/// How many are run, unless `E2E_STORMS` says another number.
const STORMS: u32 = 6;
const ROUNDS: u32 = 6;
const EDITS: u32 = 250;

/// The seeds.
pub(crate) fn seeds() -> std::ops::RangeInclusive<u32> {
    1..=std::env::var("E2E_STORMS").ok().and_then(|count| count.parse().ok()).unwrap_or(STORMS)
}

/// Runs one. Odd seeds go over a relay, to an agent that was there before; the others' session begins amid the storm.
pub(crate) async fn run(bench: &Workbench, seed: u32) -> Result<()> {
    let page = "/fixtures/tree.html";
    let mut pair = if seed % 2 == 1 {
        Pair::open(bench, page, Transport::Relay).await?
    } else {
        let pair = Pair::load(bench, page, Transport::Direct).await?;
        pair.storm(seed + 10_000, EDITS).await?;
        let mut pair = pair.begin(serde_json::json!({})).await?;
        pair.join().await?;
        pair.check("the session begins amid a storm").await?;
        pair
    };
    for round in 0..ROUNDS {
        pair.storm(seed * 100 + round, EDITS).await?;
        pair.check(&format!("{} edits", (round + 1) * EDITS)).await.with_context(|| format!("seed {seed}"))?;
    }
    pair.finish().await
}
