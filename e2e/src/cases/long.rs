//! Ten thousand random edits of a real page: equal afterwards, and nothing is kept of what is gone.

use crate::{
    pair::{Pair, Transport},
    workbench::Workbench,
};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// The pages: articles, a news front page, tables, a large one.
pub(crate) const PAGES: [&str; 5] = ["guardian-1", "hukumusume", "lwn-1", "qq", "wikipedia"];

const ROUNDS: u32 = 10;
const EDITS: u32 = 1_000;

/// By so much what the recorder holds may be more than before: of its own, and in all.
const SHARE: f64 = 1.05;

/// What the recorder holds.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Held {
    /// Bytes of wasm memory in use.
    memory: f64,
    /// Entries of the script's table of nodes.
    table: f64,
    /// Nodes of the mirror.
    nodes: f64,
}

const HELD: &str =
    "await window.__e2e.flush(); await new Promise((done) => setTimeout(done, 700)); await window.__e2e.flush();
    const { memory, table, nodes } = window.__e2e.sessionStats(); return { memory, table, nodes }";

/// Runs one page.
pub(crate) async fn run(bench: &Workbench, page: &str) -> Result<()> {
    let mut pair = Pair::open(bench, &format!("/shared/{page}.html"), Transport::Relay).await?;
    pair.edit("window.__copy = document.body.cloneNode(true)").await?;
    let fill = "document.body.replaceChildren(...window.__copy.cloneNode(true).childNodes)";
    pair.step("the page is filled with copies", fill).await?;
    let before = held(&pair).await?;
    for round in 0..ROUNDS {
        pair.mutate(round * 7_919 + 1, EDITS).await?;
        pair.sync().await.with_context(|| format!("after {} edits", (round + 1) * EDITS))?;
    }
    pair.check("10,000 edits").await?;
    pair.step("the page is emptied", "document.body.replaceChildren()").await?;
    pair.step("and filled again", fill).await?;
    let after = held(&pair).await?;
    for (what, before, after) in [("bytes", before.memory, after.memory), ("entries", before.table, after.table)] {
        ensure!(after <= before * SHARE, "{after} {what} are held, {before} were before");
    }
    ensure!(after.nodes <= before.nodes * SHARE, "{} nodes are held, {} were before", after.nodes, before.nodes);
    pair.finish().await
}

async fn held(pair: &Pair<'_>) -> Result<Held> {
    let value = pair.edit(&format!("return (async () => {{ {HELD} }})()")).await?;
    serde_json::from_value(value).context("what the recorder holds")
}
