//! What is not as it should be is found and mended: frames that got lost or were altered, and changes that a page made behind
//! the observer's back. Only what is wrong is sent again.

use crate::{
    pair::{Pair, Transport},
    wire,
    workbench::Workbench,
};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// How the two ends come to differ.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cause {
    /// Frames do not arrive.
    LostFrames,
    /// Random edits, of which every third frame does not arrive.
    LostOften,
    /// A frame is another one than was sent, under a right checksum.
    AlteredOp,
    /// A frame is altered on its way through the relay.
    OverRelay,
    /// The page hides records from its observers.
    HiddenRecords,
    /// The same, and nobody asks: the walk in idle time finds it.
    Idle,
}

impl Cause {
    /// All of them.
    pub(crate) const ALL: [Self; 6] =
        [Self::LostFrames, Self::LostOften, Self::AlteredOp, Self::OverRelay, Self::HiddenRecords, Self::Idle];

    /// For the case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::LostFrames => "lost-frames",
            Self::LostOften => "lost-often",
            Self::AlteredOp => "altered-op",
            Self::OverRelay => "over-relay",
            Self::HiddenRecords => "hidden-records",
            Self::Idle => "idle-walk",
        }
    }
}

const PAGE: &str = "/fixtures/tree.html";

/// Runs one case.
pub(crate) async fn run(bench: &Workbench, cause: Cause) -> Result<()> {
    match cause {
        Cause::LostFrames => lost_frames(bench).await,
        Cause::LostOften => lost_often(bench).await,
        Cause::AlteredOp => altered_op(bench).await,
        Cause::OverRelay => over_relay(bench).await,
        Cause::HiddenRecords => hidden_records(bench).await,
        Cause::Idle => idle(bench).await,
    }
}

/// A hundred lists of ten items, and a place in each.
const LISTS: &str = "
    const root = document.body.appendChild(document.createElement('div'));
    root.id = 'lists';
    root.innerHTML = Array.from({ length: 100 }, (_, i) =>
      `<ul id=list-${i}>` + Array.from({ length: 10 }, (_, j) => `<li class=item>item ${j} of list ${i}, as it was</li>`).join('') + '</ul>').join('');
";

/// Marks the agent's document, and says whether it is still the marked one.
const KEPT: &str = "const list = window.__e2e.replayed().getElementById('list-50');
    window.__kept ??= list; return window.__kept === list && list !== null";

/// What the ends say of repairs.
#[derive(Debug, Deserialize)]
struct Mended {
    repairs: u32,
}

#[derive(Debug, Deserialize)]
struct Walked {
    found: u32,
}

async fn with_lists(bench: &Workbench) -> Result<Pair<'_>> {
    let mut pair = Pair::open(bench, PAGE, Transport::Direct).await?;
    pair.step("lists", LISTS).await?;
    pair.agent().run(KEPT, vec![]).await?;
    Ok(pair)
}

async fn repairs(pair: &Pair<'_>) -> Result<u32> {
    let stats: Mended = pair.agent().eval("return window.__e2e.playerStats()", vec![]).await?;
    Ok(stats.repairs)
}

async fn found(pair: &Pair<'_>) -> Result<u32> {
    let stats: Walked = pair.customer().eval("return window.__e2e.sessionStats()", vec![]).await?;
    Ok(stats.found)
}

/// The player's request goes to the recorder; the frame that answers it, to the player. Returns its length.
async fn mend(pair: &mut Pair<'_>) -> Result<usize> {
    // A player asks once a second at most.
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    let requests: Vec<String> = pair.agent().eval("return window.__e2e.requests()", vec![]).await?;
    let request = requests.last().context("the player asks for nothing")?;
    pair.customer().run("window.__e2e.answer(arguments[0])", vec![json!(request)]).await?;
    let frames = pair.intercept().await?;
    pair.push(&frames).await?;
    pair.forget_errors().await?;
    Ok(frames.iter().map(Vec::len).sum())
}

async fn keyframe_len(pair: &mut Pair<'_>) -> Result<usize> {
    pair.keyframe().await?;
    let frames = pair.intercept().await?;
    pair.push(&frames).await?;
    Ok(frames.iter().map(Vec::len).sum())
}

async fn lost_frames(bench: &Workbench) -> Result<()> {
    let mut pair = with_lists(bench).await?;
    let whole = keyframe_len(&mut pair).await?;
    for (round, edit) in [
        "document.querySelector('#list-3 li').textContent = 'changed'",
        "document.getElementById('list-7').remove(); document.getElementById('list-20').append(document.getElementById('list-9'))",
        "document.getElementById('list-30').before(document.createElement('hr'), 'text')",
        "document.getElementById('list-31').className = 'x'; document.querySelector('#list-31 li').remove()",
        "const list = document.getElementById('lists'); list.prepend(list.lastChild)",
        "const host = document.createElement('section'); host.attachShadow({ mode: 'open' }).innerHTML = '<b>in the shadow</b><slot></slot>'; document.getElementById('list-40').before(host)",
        "document.getElementById('list-41').innerHTML += '<template><p>t</p></template><style>.item { color: green }</style>'",
        "const made = document.createElement('input'); made.value = 'live'; document.getElementById('list-42').after(made)",
    ]
    .into_iter()
    .enumerate()
    {
        pair.edit(edit).await?;
        let lost = pair.intercept().await?;
        ensure!(!lost.is_empty(), "{edit}: nothing was sent");
        pair.edit(&format!("document.querySelector('#list-60 li').textContent = 'later {round}'")).await?;
        let next = pair.intercept().await?;
        pair.push(&next).await?;
        let len = mend(&mut pair).await?;
        pair.check(edit).await?;
        ensure!(len * 2 < whole, "{edit}: {len} bytes for a repair, {whole} for a keyframe");
        let kept: bool = pair.agent().eval(KEPT, vec![]).await?;
        ensure!(kept, "{edit}: the agent's page was built anew");
    }
    ensure!(repairs(&pair).await? == 8, "{} repairs of eight losses", repairs(&pair).await?);
    pair.finish().await
}

async fn lost_often(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::open(bench, PAGE, Transport::Direct).await?;
    for seed in 1..=8 {
        for part in 0..3 {
            pair.mutate(seed * 10 + part, 40).await?;
            let frames = pair.intercept().await?;
            if part != 1 {
                pair.push(&frames).await?;
            }
        }
        mend(&mut pair).await?;
        pair.check(&format!("round {seed}")).await?;
    }
    ensure!(repairs(&pair).await? >= 6, "{} repairs", repairs(&pair).await?);
    pair.finish().await
}

async fn altered_op(bench: &Workbench) -> Result<()> {
    let mut pair = with_lists(bench).await?;
    let whole = keyframe_len(&mut pair).await?;
    for round in 0..5_usize {
        pair.edit(&format!(
            "document.querySelector('#list-{round} li').firstChild.data += ' {round} abcdefghijklmnop'"
        ))
        .await?;
        let mut frames = pair.intercept().await?;
        let frame = frames.first_mut().context("a frame")?;
        // A letter of the text, deflated or not.
        let at = frame.len() - 4;
        frame[at] ^= 0x10;
        wire::seal(frame);
        pair.push(&frames).await?;
        ensure!(!pair.player_errors().await?.is_empty(), "an altered frame was taken");
        let len = mend(&mut pair).await?;
        pair.check("an altered frame").await?;
        ensure!(len * 2 < whole, "{len} bytes for a repair, {whole} for a keyframe");
    }
    let kept: bool = pair.agent().eval(KEPT, vec![]).await?;
    ensure!(kept, "the agent's page was built anew");
    pair.finish().await
}

async fn over_relay(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::open(bench, PAGE, Transport::Relay).await?;
    pair.step("lists", LISTS).await?;
    pair.agent().run(KEPT, vec![]).await?;
    // The next frame of the page that comes is one short.
    pair.agent().run("window.__e2e.loseNext()", vec![]).await?;
    pair.edit("document.querySelector('#list-5 li').textContent = 'lost'").await?;
    pair.flush().await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    pair.edit("document.querySelector('#list-6 li').textContent = 'next'").await?;
    pair.flush().await?;
    tokio::time::sleep(Duration::from_millis(700)).await;
    pair.check("a lost frame").await?;
    ensure!(repairs(&pair).await? == 1, "{} repairs", repairs(&pair).await?);
    let kept: bool = pair.agent().eval(KEPT, vec![]).await?;
    ensure!(kept, "the agent's page was built anew");
    pair.forget_errors().await?;
    pair.finish().await
}

/// A page that wraps MutationObserver, as some libraries do, and withholds what it sees while `window.__hide` is set.
const WRAPPED: &str = "
    const Native = window.MutationObserver;
    window.MutationObserver = class extends Native {
      constructor(run) { super((records, self) => window.__hide || run(records, self)); }
      takeRecords() { const records = super.takeRecords(); return window.__hide ? [] : records; }
    };
";

const HIDDEN: [&str; 6] = [
    "document.querySelector('#list-3 li').firstChild.data = 'changed'",
    "document.querySelector('#list-4').setAttribute('class', 'x'); document.querySelector('#list-4 li').removeAttribute('class')",
    "document.getElementById('list-7').remove(); document.getElementById('list-20').append(document.getElementById('list-9'))",
    "document.getElementById('list-30').before(document.createElement('hr'), 'text')",
    "const list = document.getElementById('list-11'); list.prepend(list.lastChild)",
    "document.body.prepend(document.createComment('at the very top'))",
];

async fn wrapped(bench: &Workbench) -> Result<Pair<'_>> {
    let options = json!({ "budgetMs": 10_000 });
    let mut pair = Pair::start_after(bench, PAGE, Transport::Direct, WRAPPED, options).await?;
    pair.is_watched = false;
    pair.join().await?;
    pair.check("keyframe").await?;
    pair.step("lists", LISTS).await?;
    Ok(pair)
}

/// Makes an edit that nobody is told of.
async fn hide(pair: &mut Pair<'_>, edit: &str) -> Result<()> {
    pair.edit(&format!("window.__hide = true; {edit}")).await?;
    pair.edit("return new Promise((done) => setTimeout(done, 30))").await?;
    pair.edit("window.__hide = false").await?;
    Ok(())
}

async fn hidden_records(bench: &Workbench) -> Result<()> {
    let mut pair = wrapped(bench).await?;
    for edit in HIDDEN {
        let before = found(&pair).await?;
        hide(&mut pair, edit).await?;
        // The walk in idle time may have been there before.
        pair.customer().run("return window.__e2e.verify()", vec![]).await?;
        ensure!(found(&pair).await? > before, "{edit}: the walk finds nothing");
        pair.check(edit).await?;
        let again: u32 = pair.customer().eval("return window.__e2e.verify()", vec![]).await?;
        ensure!(again == 0, "{edit}: {again} differences are found once more");
    }
    pair.finish().await
}

async fn idle(bench: &Workbench) -> Result<()> {
    let mut pair = wrapped(bench).await?;
    for edit in HIDDEN {
        hide(&mut pair, edit).await?;
    }
    // Some seconds into the recording, and then a slice at a time, until a round finds nothing.
    let mut last = 0;
    for _ in 0..60 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let now = found(&pair).await?;
        if now >= 6 && now == last {
            break;
        }
        last = now;
    }
    ensure!(last >= 6, "the walk has found {last} differences");
    pair.check("the idle walk").await?;
    pair.finish().await
}
