//! A storm over all that a page can be: shadow roots, frames, sheets, controls, layers, and moves between them, in turns of
//! every kind, equal after each round.

use crate::{
    pair::{Pair, Transport},
    workbench::Workbench,
};
use anyhow::{Context, Result};

/// Those that are run, unless `E2E_STORMS` names others.
const SEEDS: [u32; 4] = [1, 2, 4, 5];
const ROUNDS: u32 = 6;
const EDITS: u32 = 250;

/// The seeds.
pub(crate) fn seeds() -> Vec<u32> {
    let named = std::env::var("E2E_STORMS").unwrap_or_default();
    let named: Vec<u32> = named.split(',').filter_map(|seed| seed.parse().ok()).collect();
    if named.is_empty() { SEEDS.to_vec() } else { named }
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
