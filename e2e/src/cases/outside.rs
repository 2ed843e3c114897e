//! Frames of another origin: those that have the script, and may be had by the page, are in the stream; others are boxes.

use crate::{
    pair::{Pair, REPLAYED, Transport},
    workbench::Workbench,
};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scenario {
    /// A frame joins, and changes.
    Joined,
    /// The frame goes to another page, is removed, and comes again.
    Navigates,
    /// Frames that must stay boxes: without the script, or for other pages.
    Boxes,
    /// A frame whose origin the page does not list.
    Unlisted,
    /// What is masked around a frame is masked in it; passwords always.
    Masked,
    /// An agent acts in the frame.
    Acted,
    /// The agent's page is of another origin: icons out of the page's own file are shown all the same.
    Icons,
}

impl Scenario {
    /// All of them.
    pub(crate) const ALL: [Self; 7] =
        [Self::Joined, Self::Navigates, Self::Boxes, Self::Unlisted, Self::Masked, Self::Acted, Self::Icons];

    /// For the case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::Navigates => "navigates",
            Self::Boxes => "boxes",
            Self::Unlisted => "unlisted",
            Self::Masked => "masked",
            Self::Acted => "acted",
            Self::Icons => "icons",
        }
    }
}

const PAGE: &str = "/fixtures/outside.html";

/// What a document holds that is compared.
const SAYS: &str = "const says = (page) => [
      page.documentElement.outerHTML.replace(/<script[^]*?<\\/script>/g, ''), page.getElementById('field').value, page.compatMode,
      page.getElementById('host').shadowRoot.innerHTML, [...page.styleSheets, ...page.adoptedStyleSheets].map((sheet) => [...sheet.cssRules].map((rule) => rule.cssText)),
    ];";

/// Runs one scenario.
pub(crate) async fn run(bench: &Workbench, scenario: Scenario) -> Result<()> {
    match scenario {
        Scenario::Joined => joined(bench).await,
        Scenario::Navigates => navigates(bench).await,
        Scenario::Boxes => boxes(bench).await,
        Scenario::Unlisted => unlisted(bench).await,
        Scenario::Masked => masked(bench).await,
        Scenario::Acted => acted(bench).await,
        Scenario::Icons => icons(bench).await,
    }
}

async fn open<'a>(bench: &'a Workbench, before: &str) -> Result<Pair<'a>> {
    // The other origin's page is on the same server under another name.
    let other = bench.page("").replace("127.0.0.1", "localhost");
    let options = json!({ "frames": [other] });
    let mut pair = Pair::start_after(bench, PAGE, Transport::Relay, before, options).await?;
    pair.join().await?;
    Ok(pair)
}

async fn tell(pair: &Pair<'_>, what: &str) -> Result<()> {
    pair.edit(&format!("return window.fixture.tell('frame', '{what}')"))
        .await
        .map(drop)
        .with_context(|| what.to_owned())
}

/// What the frame holds at the agent; nothing where there is no frame's document with content.
async fn shown(pair: &Pair<'_>) -> Result<Value> {
    let script = format!(
        "{SAYS} const page = {REPLAYED}.getElementById('frame')?.contentDocument;
         return page?.getElementById('title') ? says(page) : null"
    );
    pair.agent().eval(&script, vec![]).await
}

/// What it holds at the customer: the frame's page is asked in its own window.
async fn held(pair: &Pair<'_>) -> Result<Value> {
    pair.customer().in_frame("#frame", &format!("{SAYS} return says(document)")).await
}

/// Waits until both are the same.
async fn settles(pair: &mut Pair<'_>, label: &str) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(8);
    loop {
        pair.sync().await.with_context(|| format!("after {label}"))?;
        let (customer, agent) = (held(pair).await?, shown(pair).await?);
        if customer == agent {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "after {label}: the frame holds {customer}, the agent has {agent}");
        sleep(Duration::from_millis(50)).await;
    }
}

async fn joined(bench: &Workbench) -> Result<()> {
    let mut pair = open(bench, "return window.fixture.add('joined.html', 'frame')").await?;
    settles(&mut pair, "joining").await?;
    pair.look("joining", None).await?;
    for what in ["add", "turn", "text", "class", "remove", "rule", "sheet", "shadow", "type", "many", "add"] {
        tell(&pair, what).await?;
        // What scripts give a field is polled; a flush asks for it.
        settles(&mut pair, what).await?;
    }
    pair.look("the last step", None).await?;
    pair.rejoin().await?;
    settles(&mut pair, "the agent's reload").await?;
    // Gone with the session: the frame's page is as it was, too.
    pair.customer().run("return window.__e2e.stop()", vec![]).await?;
    tell(&pair, "add").await?;
    pair.finish().await
}

async fn navigates(bench: &Workbench) -> Result<()> {
    let mut pair = open(bench, "").await?;
    pair.edit("return window.fixture.add('joined.html', 'frame')").await?;
    settles(&mut pair, "a frame that came later").await?;
    tell(&pair, "text").await?;
    settles(&mut pair, "text").await?;
    pair.edit("const frame = document.getElementById('frame'); const loaded = new Promise((done) => frame.addEventListener('load', done, { once: true })); window.fixture.tell('frame', 'go'); return loaded")
        .await?;
    settles(&mut pair, "another page in the frame").await?;
    tell(&pair, "add").await?;
    settles(&mut pair, "an edit of it").await?;
    pair.edit("window.fixture.remove('frame')").await?;
    pair.check("the frame's end").await?;
    pair.edit("return window.fixture.add('joined.html', 'frame')").await?;
    settles(&mut pair, "a new frame").await?;
    pair.finish().await
}

async fn boxes(bench: &Workbench) -> Result<()> {
    let mut pair = open(bench, "return window.fixture.add('joined.html', 'frame', { script: 'no' })").await?;
    pair.edit("return window.fixture.add('joined.html', 'second', { allowed: 'https://elsewhere.example' })").await?;
    sleep(Duration::from_millis(600)).await;
    pair.check("frames that do not join").await?;
    ensure!(shown(&pair).await?.is_null(), "a frame without the script is shown");
    let script = format!(
        "return {REPLAYED}.getElementById('second').contentDocument?.getElementById('title') === undefined
        || {REPLAYED}.getElementById('second').contentDocument.getElementById('title') === null"
    );
    ensure!(pair.agent().eval::<bool>(&script, vec![]).await?, "a frame that another page may have is shown");
    pair.finish().await
}

async fn unlisted(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::start_after(
        bench,
        PAGE,
        Transport::Relay,
        "return window.fixture.add('joined.html', 'frame')",
        json!({}),
    )
    .await?;
    pair.join().await?;
    sleep(Duration::from_millis(600)).await;
    pair.check("a frame that is not listed").await?;
    ensure!(shown(&pair).await?.is_null(), "a frame that is not listed is shown");
    pair.finish().await
}

async fn masked(bench: &Workbench) -> Result<()> {
    let mut pair =
        open(bench, "window.fixture.mask('place'); return window.fixture.add('joined.html', 'frame')").await?;
    tell(&pair, "secret").await?;
    let script = format!(
        "const page = {REPLAYED}.getElementById('frame').contentDocument;
         return page?.getElementById('title') ? page.body.textContent + [...page.querySelectorAll('input')].map((field) => field.value) : ''"
    );
    let deadline = Instant::now() + Duration::from_secs(8);
    let mut text = String::new();
    while !text.contains("*****") {
        ensure!(Instant::now() < deadline, "the frame does not join: {text:?}");
        sleep(Duration::from_millis(50)).await;
        pair.sync().await?;
        text = pair.agent().eval(&script, vec![]).await?;
    }
    tell(&pair, "secret").await?;
    tell(&pair, "add").await?;
    pair.sync().await?;
    text = pair.agent().eval(&script, vec![]).await?;
    for secret in ["horse", "first", "item", "origin", "field"] {
        ensure!(!text.contains(secret), "{secret:?} reaches the agent: {text}");
    }
    pair.finish().await
}

async fn acted(bench: &Workbench) -> Result<()> {
    let mut pair = open(bench, "return window.fixture.add('joined.html', 'frame')").await?;
    settles(&mut pair, "joining").await?;
    // Where the button is, in the stage.
    let place = format!(
        "const frame = {REPLAYED}.getElementById('frame'), button = frame.contentDocument.getElementById('button');
         const outer = frame.getBoundingClientRect(), inner = button.getBoundingClientRect(), stage = document.getElementById('stage').getBoundingClientRect();
         return [stage.left + outer.left + frame.clientLeft + inner.left + inner.width / 2, stage.top + outer.top + frame.clientTop + inner.top + inner.height / 2]"
    );
    let [x, y]: [f64; 2] = pair.agent().eval(&place, vec![]).await?;
    pair.agent().click_at(x, y).await?;
    let deadline = Instant::now() + Duration::from_secs(5);
    let clicks = "return document.getElementById('clicks').textContent";
    while pair.customer().in_frame("#frame", clicks).await? != json!("1") {
        ensure!(Instant::now() < deadline, "the agent's click does not arrive");
        sleep(Duration::from_millis(50)).await;
    }
    settles(&mut pair, "the click").await?;
    pair.finish().await
}

async fn icons(bench: &Workbench) -> Result<()> {
    let add = "document.body.insertAdjacentHTML('beforeend', `<style>.icon { width: 60px; height: 60px; color: teal; fill: currentColor }</style>
        <svg class=icon><use id=icon href='frames/icons.svg#star'></use></svg><svg class=icon style='color: crimson'><use xlink:href='frames/icons.svg#box'></use></svg>`)";
    let mut pair = Pair::start_after(bench, PAGE, Transport::Relay, add, json!({})).await?;
    pair.is_elsewhere = true;
    pair.join().await?;
    for step in ["", "document.getElementById('icon').setAttribute('href', 'frames/icons.svg#box')"] {
        pair.edit(step).await?;
        // The file is fetched when there is time.
        sleep(Duration::from_millis(1200)).await;
        pair.sync().await?;
        pair.look("icons", None).await?;
    }
    pair.finish().await
}
