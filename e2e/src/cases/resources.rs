//! What a page loads and the agent's page would not, or would load another of: what images have chosen, files behind a login,
//! fonts made from bytes.

use crate::{
    pair::{Pair, REPLAYED, Transport},
    workbench::Workbench,
};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scenario {
    /// The customer's screen has two pixels for each of the agent's: images choose otherwise.
    Candidates,
    /// The agent comes when the customer is far down: images that load when they are near have loaded.
    Lazy,
}

impl Scenario {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::Candidates, Self::Lazy];

    /// For the case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Candidates => "candidates",
            Self::Lazy => "lazy",
        }
    }
}

const PICTURES: &str = "/fixtures/pictures.html";

/// What is found from time to time is told by then, and shown.
const SOON: Duration = Duration::from_millis(1500);

/// Runs one scenario.
pub(crate) async fn run(bench: &Workbench, scenario: Scenario) -> Result<()> {
    match scenario {
        Scenario::Candidates => {
            bench.customer.set_density(Some(2.0)).await?;
            let result = candidates(bench).await;
            bench.customer.set_density(None).await?;
            result
        }
        Scenario::Lazy => lazy(bench).await,
    }
}

/// The file that each image shows: what stands in for it, otherwise its own; and its box.
const SHOWN: &str = "const shown = (page) => [...page.images, page.getElementById('inner') ?? page.getElementById('shadow').shadowRoot.firstChild].map((image) => {
      const { content } = page.defaultView.getComputedStyle(image), { width, height } = image.getBoundingClientRect();
      const file = content.includes(' width=') ? '' : /url\\(\"[^\"]*?([^\"\\/]*)\"\\)/.exec(content)?.[1] ?? image.currentSrc.split('/').pop();
      return [image.id, file, Math.round(width), Math.round(height)];
    });";

async fn shown(pair: &Pair<'_>) -> Result<[Value; 2]> {
    let script = |document: &str| format!("{SHOWN} return shown({document})");
    Ok([pair.customer().eval(&script("document"), vec![]).await?, pair.agent().eval(&script(REPLAYED), vec![]).await?])
}

async fn candidates(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::open(bench, PICTURES, Transport::Relay).await?;
    let before: Value = pair.agent().eval("return devicePixelRatio", vec![]).await?;
    ensure!(before == json!(1), "the agent's pixel ratio is {before}");
    for step in ["", "return window.fixture.exchange()", "return window.fixture.drop()"] {
        pair.edit(step).await.with_context(|| step.to_owned())?;
        sleep(SOON).await;
        pair.check(&format!("choosing: {step}")).await?;
        let [customer, agent] = shown(&pair).await?;
        ensure!(customer == agent, "{step}: the customer sees {customer}, the agent {agent}");
        let double = if step.is_empty() { "double.png" } else { "tall.png" };
        ensure!(agent[0][1] == json!(double), "{step}: no choice of a screen with two pixels: {agent}");
    }
    pair.edit("return window.fixture.secret()").await?;
    sleep(SOON).await;
    pair.check("an image in a masked region").await?;
    let script = format!(
        "const page = {REPLAYED}; return [...page.querySelectorAll('#room img')].map((image) => page.defaultView.getComputedStyle(image).content + image.srcset).join()"
    );
    let kept: String = pair.agent().eval(&script, vec![]).await?;
    ensure!(!kept.is_empty() && !kept.contains("SECRET"), "of an image in a masked region the agent has {kept:?}");
    pair.finish().await
}

async fn lazy(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::start(bench, PICTURES, Transport::Relay, json!({})).await?;
    // Down to it and back: it has a size, and nobody at the agent's comes near.
    pair.edit("return window.fixture.reach()").await?;
    pair.edit("document.getElementById('tall').style.height = '9000px'; scrollTo(0, 0)").await?;
    sleep(SOON).await;
    pair.join().await?;
    pair.check("an image far down").await?;
    sleep(SOON).await;
    let [customer, agent] = shown(&pair).await?;
    ensure!(customer == agent, "the customer has {customer}, the agent {agent}");
    let height: u32 = pair
        .agent()
        .eval(&format!("return Math.round({REPLAYED}.getElementById('lazy').getBoundingClientRect().height)"), vec![])
        .await?;
    ensure!(height == 202, "an image that the customer has loaded is {height} pixels high at the agent");
    pair.look("an image far down", None).await?;
    pair.finish().await
}
