//! Agents that come late, come back, or are more than one; and a page that moves on while nobody watches.

use crate::{
    pair::{Pair, REPLAYED, Transport},
    uplink::Uplink,
    workbench::Workbench,
};
use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::time::Duration;

/// What happens to the session.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scenario {
    /// The agent joins after the page has changed many times.
    LateAgent,
    /// The agent's page is loaded again.
    AgentReloads,
    /// A second agent joins, and both stay in step.
    SecondAgent,
    /// An agent leaves while the other stays.
    AgentLeaves,
    /// The page changes while frames are on their way.
    EditsInFlight,
    /// The session is stopped: the agent keeps what it had, the page is as it was.
    Stop,
    /// Frames go into a function of the page; no server is involved.
    NoServer,
    /// The customer's network takes 50 KB/s, and the page changes more.
    SlowUplink,
    /// A player that is given a keyframe while it is in step does not rebuild.
    KeyframeInStep,
    /// The two sides are at two relays that share a Redis, one of which goes.
    TwoNodes,
}

impl Scenario {
    /// All of them.
    pub(crate) const ALL: [Self; 10] = [
        Self::LateAgent,
        Self::AgentReloads,
        Self::SecondAgent,
        Self::AgentLeaves,
        Self::EditsInFlight,
        Self::Stop,
        Self::NoServer,
        Self::SlowUplink,
        Self::KeyframeInStep,
        Self::TwoNodes,
    ];

    /// For the case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::LateAgent => "late-agent",
            Self::AgentReloads => "agent-reloads",
            Self::SecondAgent => "second-agent",
            Self::AgentLeaves => "agent-leaves",
            Self::EditsInFlight => "edits-in-flight",
            Self::Stop => "stop",
            Self::NoServer => "no-server",
            Self::SlowUplink => "slow-uplink",
            Self::KeyframeInStep => "keyframe-in-step",
            Self::TwoNodes => "two-nodes",
        }
    }
}

const PAGE: &str = "/fixtures/tree.html";

/// Runs one scenario.
pub(crate) async fn run(bench: &Workbench, scenario: Scenario) -> Result<()> {
    match scenario {
        Scenario::LateAgent => late_agent(bench).await,
        Scenario::AgentReloads => agent_reloads(bench).await,
        Scenario::SecondAgent => second_agent(bench, false).await,
        Scenario::AgentLeaves => second_agent(bench, true).await,
        Scenario::EditsInFlight => edits_in_flight(bench).await,
        Scenario::Stop => stop(bench).await,
        Scenario::NoServer => no_server(bench).await,
        Scenario::SlowUplink => slow_uplink(bench).await,
        Scenario::KeyframeInStep => keyframe_in_step(bench).await,
        Scenario::TwoNodes => two_nodes(bench).await,
    }
}

/// Far more than the network takes: 600 texts of random digits in each animation frame, each with the time.
const FLOOD: &str = "
    const list = document.body.appendChild(document.createElement('ol'));
    list.id = 'flood';
    for (let i = 0; i < 600; i++) list.append(Object.assign(document.createElement('li'), { textContent: '-' }));
    const texts = [...list.children].map((node) => node.firstChild);
    const digits = () => String(Math.random()).slice(2) + String(Math.random()).slice(2);
    const run = () => {
        for (const text of texts) text.data = digits();
        texts[0].data = String(Date.now());
        window.__flood = requestAnimationFrame(run);
    };
    run();
";

/// So far may the agent be behind.
const BEHIND: Duration = Duration::from_secs(1);
const UPLINK_BYTES_PER_SECOND: u32 = 50_000;

async fn slow_uplink(bench: &Workbench) -> Result<()> {
    let uplink = Uplink::open(bench.relay()?, UPLINK_BYTES_PER_SECOND).await?;
    let options = json!({ "relay": uplink.url() });
    let mut pair = Pair::start(bench, PAGE, Transport::Relay, options).await?;
    pair.join().await?;
    pair.check("keyframe").await?;
    pair.edit(FLOOD).await?;
    tokio::time::sleep(Duration::from_secs(4)).await;
    let mut behind = Vec::new();
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let script = format!("return Date.now() - Number({REPLAYED}.querySelector('#flood li').textContent)");
        behind.push(pair.agent().eval::<f64>(&script, vec![]).await?);
    }
    behind.sort_by(f64::total_cmp);
    let median = Duration::from_secs_f64(behind[behind.len() / 2].max(0.0) / 1000.0);
    ensure!(median <= BEHIND, "the agent is {median:?} behind (all, in ms: {behind:?})");
    pair.edit("cancelAnimationFrame(window.__flood)").await?;
    pair.check("when the flood is over").await?;
    pair.finish().await
}

async fn late_agent(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::start(bench, PAGE, Transport::Relay, json!({})).await?;
    for seed in 1..=10 {
        pair.mutate(seed, 40).await?;
        pair.flush().await?;
    }
    pair.join().await?;
    pair.check("joining late").await?;
    pair.mutate(11, 100).await?;
    pair.check("edits after joining").await?;
    pair.finish().await
}

async fn agent_reloads(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::open(bench, PAGE, Transport::Relay).await?;
    pair.mutate(21, 100).await?;
    pair.check("edits").await?;
    pair.rejoin().await?;
    pair.check("a reload").await?;
    pair.mutate(22, 100).await?;
    pair.rejoin().await?;
    pair.check("a reload with edits").await?;
    pair.finish().await
}

async fn second_agent(bench: &Workbench, first_leaves: bool) -> Result<()> {
    let mut pair = Pair::open(bench, PAGE, Transport::Relay).await?;
    pair.mutate(31, 100).await?;
    let second = bench.another_browser().await?;
    second.goto(&bench.page("/pages/agent.html")).await?;
    pair.mount(&second).await?;
    pair.check_with(&second, "the second agent's joining").await?;
    pair.check("the second agent's joining, with the first").await?;
    if first_leaves {
        pair.agent().goto(&bench.page("/pages/blank.html")).await?;
        pair.mutate(33, 100).await?;
        pair.check_with(&second, "the first agent's leaving").await?;
        pair.join().await?;
    }
    pair.mutate(32, 100).await?;
    pair.check("edits").await?;
    pair.check_with(&second, "edits, with the second").await?;
    let errors: Vec<String> = second.eval("return window.__e2e.playerErrors()", vec![]).await?;
    ensure!(errors.is_empty(), "the second player reported errors: {errors:?}");
    let faults = second.faults().await?;
    ensure!(faults.is_empty(), "faults at the second agent: {faults:?}");
    second.close().await?;
    pair.finish().await
}

async fn edits_in_flight(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::open(bench, PAGE, Transport::Relay).await?;
    pair.edit(
        "let n = 0; window.__ticker = setInterval(() => {
           n += 1; document.getElementById('brief').append(`tick ${n} `); window.fixture.churn(n, 5);
           if (n === 200) { clearInterval(window.__ticker); window.__ticked = true }
         }, 5)",
    )
    .await?;
    pair.edit(
        "return new Promise((done) => { const wait = () => window.__ticked ? done() : setTimeout(wait, 10); wait() })",
    )
    .await?;
    pair.check("two hundred edits, one every 5 ms").await?;
    pair.finish().await
}

async fn stop(bench: &Workbench) -> Result<()> {
    let script = "const names = Object.getOwnPropertyNames;
      const prototypes = [Node, Element, HTMLElement, HTMLInputElement, HTMLTextAreaElement, HTMLSelectElement,
        CSSStyleSheet, CSSStyleDeclaration, Document, ShadowRoot, EventTarget, History];
      const shape = () => prototypes.map((constructor) => names(constructor.prototype).map((name) => {
        const { value, get, set } = Object.getOwnPropertyDescriptor(constructor.prototype, name);
        return [name, value, get, set];
      }));
      window.__shape ??= shape();
      return shape().flatMap((list, at) => list.filter((entry, index) =>
        entry.some((part, which) => !Object.is(part, window.__shape[at][index]?.[which])))
        .map(([name]) => `${prototypes[at].name}.${name}`));";
    bench.customer.goto(&bench.page("/fixtures/form.html")).await?;
    let before: String = bench.customer.eval("return document.documentElement.outerHTML", vec![]).await?;
    let mut pair = Pair::start_after(bench, "/fixtures/form.html", Transport::Relay, script, json!({})).await?;
    pair.join().await?;
    pair.check("keyframe").await?;
    pair.customer().run("return window.__e2e.stop()", vec![]).await.context("session.stop")?;
    let changed: Vec<String> = pair.customer().eval(script, vec![]).await?;
    ensure!(changed.is_empty(), "stop() leaves patches behind: {}", changed.join(", "));
    let after: String = pair.customer().eval("return document.documentElement.outerHTML", vec![]).await?;
    ensure!(before == after, "stop() leaves the page's markup changed");
    Ok(())
}

async fn no_server(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::open(bench, PAGE, Transport::Direct).await?;
    for seed in 41..=45 {
        pair.mutate(seed, 100).await?;
        pair.check("edits").await?;
    }
    ensure!(pair.frames.len() >= 6, "{} frames for a keyframe and five changes", pair.frames.len());
    // Nothing was sent where nothing changed.
    let frames = pair.frames.len();
    pair.flush().await?;
    pair.flush().await?;
    ensure!(pair.frames.len() == frames, "{} frames without a change", pair.frames.len() - frames);
    pair.finish().await
}

async fn keyframe_in_step(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::open(bench, PAGE, Transport::Direct).await?;
    let mark = "const root = Document.prototype.querySelector.call(window.__e2e.replayed(), '#core');
      window.__kept ??= root; return window.__kept === root";
    pair.agent().run(mark, vec![]).await?;
    let frames = pair.frames.len();
    pair.keyframe().await?;
    pair.check("a keyframe in step").await?;
    ensure!(pair.frames.len() == frames + 1, "{} frames for a keyframe", pair.frames.len() - frames);
    let kept: bool = pair.agent().eval(mark, vec![]).await?;
    ensure!(kept, "the agent in step has rebuilt its document at a keyframe");
    pair.finish().await
}

/// The customer's page is at one relay, the agent's at another; then that one is gone, and the agent comes back to the first.
async fn two_nodes(bench: &Workbench) -> Result<()> {
    let redis = bench.redis().await?;
    let store = ["--store", redis.url.as_str()];
    let first = bench.another_relay(&store).await?;
    let second = bench.another_relay(&store).await?;
    let mut pair = Pair::start(bench, PAGE, Transport::Relay, json!({ "relay": first.url })).await?;
    pair.agent_relay = Some(second.url.clone());
    pair.join().await?;
    pair.check("the agent on another node").await?;
    for seed in 51..=55 {
        pair.mutate(seed, 100).await?;
        pair.check("edits").await?;
    }
    pair.rejoin().await?;
    pair.check("a reload of the agent's page").await?;
    drop(second);
    pair.agent_relay = Some(first.url.clone());
    pair.mutate(56, 100).await?;
    pair.join().await?;
    pair.check("the agent on the customer's node").await?;
    first.check()?;
    pair.finish().await
}
