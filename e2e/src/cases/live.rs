//! State that no document holds: where animations are, what is selected in a field, a list that is open, the customer's media
//! features.

use crate::{
    pair::{Pair, REPLAYED, Transport},
    workbench::Workbench,
};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum State {
    /// Animations of scripts and of style sheets.
    Animations,
    /// Ranges in fields.
    Ranges,
    /// An open list.
    List,
    /// Media features.
    Features,
    /// A change of the page that the browser blends over.
    Transition,
    /// An element that glides to where it is scrolled.
    SmoothScroll,
}

impl State {
    /// All of them.
    pub(crate) const ALL: [Self; 6] =
        [Self::Animations, Self::Ranges, Self::List, Self::Features, Self::Transition, Self::SmoothScroll];

    /// For the case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Animations => "animations",
            Self::Ranges => "ranges",
            Self::List => "open-list",
            Self::Features => "media-features",
            Self::Transition => "view-transition",
            Self::SmoothScroll => "smooth-scroll",
        }
    }
}

const PAGE: &str = "/fixtures/motion.html";

/// By so many milliseconds an animation may be ahead or behind.
const STEP: f64 = 250.0;

/// Runs one case.
pub(crate) async fn run(bench: &Workbench, state: State) -> Result<()> {
    match state {
        State::Animations => animations(bench).await,
        State::Ranges => ranges(bench).await,
        State::List => list(bench).await,
        State::Features => features(bench).await,
        State::Transition => transition(bench).await,
        State::SmoothScroll => smooth_scroll(bench).await,
    }
}

/// The animations of both sides, as far as they are told: state and time of each.
async fn times(pair: &Pair<'_>) -> Result<[Vec<Vec<(String, f64)>>; 2]> {
    let ids = "['styled', 'still', 'scripted', 'late']";
    let script = |document: &str| {
        format!(
            "const {{ timeline }} = {document}; return {ids}.map((id) => {document}.getElementById(id).getAnimations()
               .map((one) => [one.playState, one.currentTime ?? 0]))"
        )
    };
    let customer = pair.customer().eval(&script("document"), vec![]).await?;
    let agent = pair.agent().eval(&script(REPLAYED), vec![]).await?;
    Ok([customer, agent])
}

async fn animations(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::start(bench, PAGE, Transport::Relay, json!({})).await?;
    // The agent comes when they have been running for a while.
    pair.edit("window.fixture.animate({})").await?;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    pair.join().await?;
    for (label, edit) in [
        ("joining", ""),
        ("a class", "window.fixture.add()"),
        (
            "standing",
            "window.fixture.hold('scripted', 1000); window.fixture.hold('styled', 2500); window.fixture.hold('late', 700)",
        ),
        ("standing elsewhere", "window.fixture.hold('scripted', 3300)"),
        (
            "another",
            "window.fixture.cancel(); window.fixture.animate({ duration: 500, iterations: 1, fill: 'forwards' }); window.fixture.finish()",
        ),
    ] {
        pair.edit(edit).await.context(label)?;
        // What pauses says so to nobody: it is polled.
        tokio::time::sleep(Duration::from_millis(700)).await;
        pair.check(label).await?;
        let [customer, agent] = times(&pair).await?;
        let shown = format!("after {label}: customer {customer:?}, agent {agent:?}");
        for (customer, agent) in customer.iter().zip(&agent) {
            ensure!(customer.len() == agent.len(), "{shown}");
            for ((state, time), (other, at)) in customer.iter().zip(agent) {
                let is_near = (time - at).abs() < if state == "running" { STEP } else { 1.0 };
                // What has run through, and stays, may as well stand at its end.
                ensure!((state == other || state == "finished") && is_near, "{shown}");
            }
        }
    }
    pair.edit("for (const one of document.getAnimations()) one.pause(), one.currentTime = 1234").await?;
    tokio::time::sleep(Duration::from_millis(700)).await;
    pair.check("all standing").await?;
    pair.look("all standing", None).await?;
    pair.edit("window.fixture.cancel()").await?;
    tokio::time::sleep(Duration::from_millis(700)).await;
    pair.check("cancelled").await?;
    let [customer, agent] = times(&pair).await?;
    ensure!(customer[2].is_empty() && agent[2].is_empty(), "cancelled: customer {customer:?}, agent {agent:?}");
    pair.finish().await
}

async fn ranges(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::open(bench, PAGE, Transport::Relay).await?;
    let range = |document: &str, id: &str| {
        format!(
            "const {{ selectionStart, selectionEnd }} = {document}.getElementById('{id}'); return [selectionStart, selectionEnd]"
        )
    };
    for (id, from, to) in
        [("field", 2, 7), ("field", 4, 4), ("area", 0, 5), ("field", 0, 22), ("area", 3, 3), ("field", 22, 22)]
    {
        let label = format!("{from} to {to} of {id}");
        pair.step(&label, &format!("window.fixture.select('{id}', {from}, {to})")).await?;
        let customer: Value = pair.customer().eval(&range("document", id), vec![]).await?;
        let agent: Value = pair.agent().eval(&range(REPLAYED, id), vec![]).await?;
        ensure!(customer == agent && agent == json!([from, to]), "{label}: customer {customer}, agent {agent}");
    }
    pair.finish().await
}

async fn list(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::open(bench, PAGE, Transport::Relay).await?;
    let rows = "return [...document.querySelectorAll('.cobrowse-list')].map((list) => [...list.children].map((row) => row.textContent))";
    let is_open = "return document.getElementById('list').matches(':open')";
    pair.customer().click("#list").await?;
    ensure!(pair.customer().eval::<bool>(is_open, vec![]).await?, "the list does not open");
    pair.check("an open list").await?;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let shown: Value = pair.agent().eval(rows, vec![]).await?;
    ensure!(shown == json!([["Fruit", "apple", "pear", "none", "something else"]]), "the agent sees {shown}");
    // Escape.
    pair.customer().type_into("#list", "\u{e00c}").await?;
    ensure!(!pair.customer().eval::<bool>(is_open, vec![]).await?, "the list does not close");
    pair.check("a closed list").await?;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let shown: Value = pair.agent().eval(rows, vec![]).await?;
    ensure!(shown == json!([]), "the agent still sees {shown}");
    pair.finish().await
}

/// A page whose device is a telephone in the dark, as far as anybody can ask it.
const ELSEWHERE: &str = "
    const { matchMedia } = window;
    const says = { 'prefers-color-scheme': 'dark', hover: 'none', pointer: 'coarse' };
    window.matchMedia = (query) => {
      const list = matchMedia.call(window, query);
      const [, name, value] = /^\\(([a-z-]+): ([a-z-]+)\\)$/.exec(query) ?? [];
      if (says[name] !== undefined) Object.defineProperty(list, 'matches', { value: says[name] === value });
      return list;
    };
";

async fn features(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::start_after(bench, PAGE, Transport::Relay, ELSEWHERE, json!({})).await?;
    pair.join().await?;
    // They are asked for when there is time.
    tokio::time::sleep(Duration::from_millis(600)).await;
    pair.sync().await?;
    let script = format!(
        "const page = {REPLAYED}; const {{ backgroundColor, height }} = page.defaultView.getComputedStyle(page.getElementById('scheme'));
         return [backgroundColor, height]"
    );
    let shown: Value = pair.agent().eval(&script, vec![]).await?;
    ensure!(shown == json!(["rgb(0, 0, 0)", "60px"]), "the agent's page shows {shown}");
    let added =
        "document.styleSheets[0].insertRule('@media (prefers-color-scheme: dark) { #scheme { width: 123px } }', 0)";
    pair.edit(added).await?;
    pair.sync().await?;
    let width: String = pair
        .agent()
        .eval(
            &format!(
                "const page = {REPLAYED}; return page.defaultView.getComputedStyle(page.getElementById('scheme')).width"
            ),
            vec![],
        )
        .await?;
    ensure!(width == "123px", "a rule that came later: {width}");
    pair.finish().await
}

async fn transition(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::open(bench, "/fixtures/tree.html", Transport::Relay).await?;
    let named = "document.getElementById('core').style.viewTransitionName = 'core'";
    pair.step("a named element", named).await?;
    for (label, end) in
        [("one that is waited for", "return one.finished"), ("one that is skipped", "one.skipTransition()")]
    {
        let script = format!(
            "const one = document.startViewTransition(() => {{ window.fixture.moveSubtree(); document.body.append('{label}') }}); one.ready.catch(() => undefined); {end}"
        );
        pair.step(label, &script).await?;
        // Whatever was blended is over.
        tokio::time::sleep(Duration::from_millis(700)).await;
        pair.check(label).await?;
        pair.look(label, None).await?;
        let left: u32 = pair.agent().eval(&format!("return {REPLAYED}.getAnimations().length"), vec![]).await?;
        ensure!(left == 0, "{label}: {left} animations are left at the agent");
    }
    pair.finish().await
}

async fn smooth_scroll(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::open(bench, "/fixtures/scroll.html", Transport::Relay).await?;
    let frames = "const { frames, bytes } = window.__e2e.sessionStats(); return [frames, bytes]";
    let [before, bytes]: [f64; 2] = pair.customer().eval(frames, vec![]).await?;
    let glide = "let turns = 0, on = true; const turn = () => { turns++; if (on) requestAnimationFrame(turn) }; turn();
      return window.fixture.scrollSmoothly(700).then(() => { on = false; return turns })";
    let turns: f64 = pair.customer().eval(glide, vec![]).await?;
    let [after, all]: [f64; 2] = pair.customer().eval(frames, vec![]).await?;
    // As often as the screen shows it, at most, and in a few bytes each time.
    ensure!(after - before <= turns + 3.0, "{} frames in {turns} animation frames", after - before);
    ensure!(all - bytes <= 60.0 * (after - before + 1.0), "{} bytes in {} frames", all - bytes, after - before);
    pair.check("at its end").await?;
    pair.finish().await
}
