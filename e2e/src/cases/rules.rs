//! Rules of privacy from all sides: for some pages only, of the relay, by attributes; and what is said of which rule keeps what.

use crate::{
    comparison::{self, Side},
    pair::{Pair, REPLAYED, Transport},
    wire,
    workbench::Workbench,
};
use anyhow::{Context, Result, bail, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};
use tokio::time::{Instant, sleep};

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scenario {
    /// Other rules for other addresses, which a script changes without a load.
    History,
    /// In a frame of another origin.
    Elsewhere,
    /// Rules of the relay, which change while it runs.
    Relay,
    /// A relay whose rules cannot be had.
    Unreadable,
    /// `data-cobrowse-ignore` from the start, later, and taken away; selectors that come to match.
    Ignored,
    /// What the agent may not act on.
    Denied,
    /// `session.report()`.
    Report,
}

impl Scenario {
    /// All of them.
    pub(crate) const ALL: [Self; 7] =
        [Self::History, Self::Elsewhere, Self::Relay, Self::Unreadable, Self::Ignored, Self::Denied, Self::Report];

    /// For the case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::History => "rules-history",
            Self::Elsewhere => "rules-elsewhere",
            Self::Relay => "rules-relay",
            Self::Unreadable => "rules-unreadable",
            Self::Ignored => "ignored",
            Self::Denied => "denied",
            Self::Report => "report",
        }
    }
}

const PAGE: &str = "/fixtures/secrets.html";

/// What must not be seen, and what must.
const SECRET: &str = "vQ7zKx9WpL4mTj";
const PUBLIC: &str = "open-text-marker";

/// Runs one scenario.
pub(crate) async fn run(bench: &Workbench, scenario: Scenario) -> Result<()> {
    match scenario {
        Scenario::History => history(bench).await,
        Scenario::Elsewhere => elsewhere(bench).await,
        Scenario::Relay => relay(bench).await,
        Scenario::Unreadable => unreadable(bench).await,
        Scenario::Ignored => ignored(bench).await,
        Scenario::Denied => denied(bench).await,
        Scenario::Report => report(bench).await,
    }
}

/// Whether the agent's document has a text.
async fn is_at_agent(pair: &Pair<'_>, text: &str) -> Result<bool> {
    let side = Side { browser: pair.agent(), document: REPLAYED };
    Ok(comparison::mention(side, &[text]).await?.is_some())
}

fn is_in_frames(frames: &[Vec<u8>], text: &str) -> Result<bool> {
    Ok(wire::holds(&wire::bodies(frames)?, text))
}

/// Makes an element that rules name, as a page without a load does: the address first.
const GO: &str = "history.pushState(null, '', arguments[0]);
    document.getElementById('view')?.remove();
    const view = Object.assign(document.createElement('div'), { id: 'view' });
    view.innerHTML = arguments[1];
    document.body.append(view);";

async fn go(pair: &mut Pair<'_>, url: &str, html: Value) -> Result<()> {
    pair.customer().run(GO, vec![json!(url), html]).await?;
    pair.sync().await
}

async fn history(bench: &Workbench) -> Result<()> {
    let rules = json!([
        { "url": "/fixtures/account*", "mask": ".name", "ignore": [".gone"] },
        { "urlRegex": "/pay/\\d+$", "block": "#view" },
    ]);
    let mut pair = Pair::start(bench, PAGE, Transport::Direct, json!({ "rules": rules })).await?;
    pair.join().await?;
    let html = |text: &str| json!(format!("<p class=name>{text}-name</p><p class=gone>{text}-gone</p>"));
    go(&mut pair, "/fixtures/shop", html("open")).await?;
    ensure!(is_at_agent(&pair, "open-name").await? && is_at_agent(&pair, "open-gone").await?, "no rule is for it");
    // With the address, in the same go.
    go(&mut pair, "/fixtures/account/7?tab=1#x", html(SECRET)).await?;
    ensure!(!is_in_frames(&pair.frames, SECRET)?, "the address has changed");
    let shown = "return window.__e2e.replayed().querySelectorAll('.name, .gone').length";
    ensure!(pair.agent().eval::<u32>(shown, vec![]).await? == 1, "what is ignored has come");
    // What was told already, when only the address changes.
    go(&mut pair, "/fixtures/shop", html("later")).await?;
    ensure!(is_at_agent(&pair, "later-name").await?, "no rule is for it any more");
    pair.edit("history.pushState(null, '', '/fixtures/account')").await?;
    pair.sync().await?;
    ensure!(!is_at_agent(&pair, "later-name").await?, "a rule is for it now");
    ensure!(!is_at_agent(&pair, "later-gone").await?, "a rule ignores it now");
    pair.edit("history.back()").await?;
    sleep(Duration::from_millis(200)).await;
    pair.sync().await?;
    ensure!(is_at_agent(&pair, "later-name").await? && is_at_agent(&pair, "later-gone").await?, "back again");
    go(&mut pair, "/fixtures/pay/12", html(SECRET)).await?;
    ensure!(!is_in_frames(&pair.frames, SECRET)?, "a regular expression matches");
    pair.keyframe().await?;
    pair.sync().await?;
    ensure!(!is_in_frames(&pair.frames, SECRET)?, "another keyframe");
    ensure!(
        pair.customer().eval::<u32>("return window.__e2e.verify()", vec![]).await? == 0,
        "the walk finds something"
    );
    pair.finish().await
}

async fn elsewhere(bench: &Workbench) -> Result<()> {
    let options = json!({
        "frames": [bench.page("").replace("127.0.0.1", "localhost")],
        "rules": [{ "url": "/fixtures/outside.html", "mask": "#list" }, { "urlRegex": "/pay$", "mask": "#title" }],
    });
    let add = "return window.fixture.add('joined.html', 'frame')";
    let mut pair = Pair::start_after(bench, "/fixtures/outside.html", Transport::Relay, add, options).await?;
    pair.join().await?;
    shows(&mut pair, "Another origin's page", "first").await.context("the rules of the first address")?;
    pair.edit("history.pushState(null, '', '/fixtures/pay')").await?;
    shows(&mut pair, "first", "Another origin's page").await.context("the rules of another address")?;
    pair.finish().await
}

/// Waits until the frame shows one text, and has the other no more.
async fn shows(pair: &mut Pair<'_>, shown: &str, kept: &str) -> Result<()> {
    let script = format!("return {REPLAYED}.getElementById('frame').contentDocument?.body?.textContent ?? ''");
    let end = Instant::now() + Duration::from_secs(10);
    let mut text = String::new();
    while Instant::now() < end {
        pair.sync().await?;
        text = pair.agent().eval(&script, vec![]).await?;
        if text.contains(shown) && !text.contains(kept) {
            return Ok(());
        }
        sleep(Duration::from_millis(50)).await;
    }
    bail!("the frame shows {text:?}")
}

/// A session over a relay of the case's own; resolves to its first frames, or to why there is none.
const SHARE: &str = "const [relay, script] = arguments;
    await window.__e2e.load(script, 'Cobrowse');
    const frames = [];
    try {
      const session = await window.Cobrowse.start({ relay, consent: false, overlay: false, onFrame: (bytes) => frames.push(bytes.slice()) });
      await session.flush();
      await session.stop();
    } catch (error) {
      return { error: error.message };
    }
    return { frames: frames.map((bytes) => btoa(String.fromCharCode(...bytes))) };";

/// The frames of a session, or why there is none.
type Shared = Result<Vec<Vec<u8>>, String>;

async fn share(bench: &Workbench, relay: &str) -> Result<Shared> {
    bench.customer.goto(&bench.page(PAGE)).await?;
    bench.customer.run(include_str!("../../js/sides.js"), vec![]).await?;
    let body = format!(
        "document.getElementById('kept').innerHTML = '<p class=price>{SECRET}</p><p class=name>{PUBLIC}</p>'; return (async (...arguments) => {{ {SHARE} }})(...arguments)"
    );
    let script = format!("{}/capture.js", bench.dist()?);
    let answer: Value = bench.customer.eval(&body, vec![json!(relay), json!(script)]).await?;
    if let Some(error) = answer["error"].as_str() {
        return Ok(Err(error.to_owned()));
    }
    let frames: Vec<String> = serde_json::from_value(answer["frames"].clone())?;
    Ok(Ok(frames.iter().map(|frame| BASE64_STANDARD.decode(frame)).collect::<Result<_, _>>()?))
}

async fn relay(bench: &Workbench) -> Result<()> {
    let file = bench.scratch("rules").await?.join("rules.json");
    tokio::fs::write(
        &file,
        r#"{ "rules": [{ "url": "/fixtures/*", "mask": [".price"] }, { "url": "/other", "mask": [".name"] }] }"#,
    )
    .await?;
    let path = file.to_str().context("a path as text")?;
    let relay = bench.own_relay("relay-rules", &["--rules", path]).await?;
    let frames = share(bench, &relay.url).await?.map_err(anyhow::Error::msg)?;
    ensure!(!is_in_frames(&frames, SECRET)? && is_in_frames(&frames, PUBLIC)?, "the first rules");
    // One that is not understood changes nothing.
    tokio::fs::write(&file, "{ \"rules\": [{ \"maks\": \".name\" }] }").await?;
    sleep(Duration::from_millis(2_500)).await;
    let frames = share(bench, &relay.url).await?.map_err(anyhow::Error::msg)?;
    ensure!(!is_in_frames(&frames, SECRET)? && is_in_frames(&frames, PUBLIC)?, "the rules from before a bad file");
    // A page that does not understand a rule shares nothing.
    tokio::fs::write(&file, r#"{ "rules": [{ "mask": ".price > > p" }] }"#).await?;
    let refused = until(bench, &relay.url, |shared| Ok(shared.is_err())).await?.err().unwrap_or_default();
    ensure!(refused.contains("the relay’s rule 1, mask: expected selectors"), "{refused}");
    tokio::fs::write(&file, r#"<domRestrictions><restrictionsSet><dataMasking><element selector=".price"/><element selector=".name"/></dataMasking></restrictionsSet></domRestrictions>"#).await?;
    let frames = until(bench, &relay.url, |shared| Ok(shared.is_ok())).await?.map_err(anyhow::Error::msg)?;
    ensure!(!is_in_frames(&frames, SECRET)? && !is_in_frames(&frames, PUBLIC)?, "rules in XML");
    tokio::fs::write(&file, r#"{ "private": true, "rules": [{ "unmask": ".name" }] }"#).await?;
    let is_public = |shared: &Shared| shared.as_ref().map_or(Ok(false), |frames| is_in_frames(frames, PUBLIC));
    let frames = until(bench, &relay.url, is_public).await?.map_err(anyhow::Error::msg)?;
    ensure!(!is_in_frames(&frames, SECRET)? && !is_in_frames(&frames, "Completed")?, "private by default");
    relay.check()
}

/// Tries until there is something: the relay looks at its file once a second.
async fn until(bench: &Workbench, relay: &str, is_it: fn(&Shared) -> Result<bool>) -> Result<Shared> {
    let end = Instant::now() + Duration::from_secs(15);
    while Instant::now() < end {
        let shared = share(bench, relay).await?;
        if is_it(&shared)? {
            return Ok(shared);
        }
        sleep(Duration::from_millis(300)).await;
    }
    bail!("the relay's rules have not changed")
}

async fn unreadable(bench: &Workbench) -> Result<()> {
    // The suite's own server is no relay.
    let error = share(bench, &bench.page("")).await?.err().context("a session without the relay's rules")?;
    ensure!(error.contains("the privacy rules of the relay at") && error.contains("nothing is shared"), "{error}");
    let binary = bench.cobrowse();
    let missing = Path::new("no").join("such").join("file");
    let output = tokio::process::Command::new(binary).arg("serve").arg("--rules").arg(missing).output().await?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(!output.status.success() && said.contains("--rules: expected a file of rules"), "{said}");
    Ok(())
}

/// How many elements there are at the agent.
async fn count(pair: &Pair<'_>) -> Result<u32> {
    pair.agent().eval("return window.__e2e.replayed().querySelectorAll('#open > *').length", vec![]).await
}

async fn ignored(bench: &Workbench) -> Result<()> {
    let before = format!(
        "document.getElementById('open').innerHTML = '<p id=first data-cobrowse-ignore>{SECRET}</p><p id=second>{PUBLIC}</p>'"
    );
    let options = json!({ "ignore": [".late"] });
    for options in [json!({}), options] {
        let mut pair = Pair::start_after(bench, PAGE, Transport::Direct, &before, options).await?;
        pair.join().await?;
        pair.sync().await?;
        ensure!(count(&pair).await? == 1, "{} elements from the start", count(&pair).await?);
        pair.edit(&format!(
            "document.getElementById('open').insertAdjacentHTML('beforeend', '<p data-cobrowse-ignore>{SECRET}</p>')"
        ))
        .await?;
        pair.sync().await?;
        ensure!(count(&pair).await? == 1, "{} elements with a new one", count(&pair).await?);
        pair.edit("document.getElementById('second').setAttribute('data-cobrowse-ignore', '')").await?;
        pair.sync().await?;
        ensure!(count(&pair).await? == 0, "{} elements when both are marked", count(&pair).await?);
        pair.edit("document.getElementById('second').removeAttribute('data-cobrowse-ignore')").await?;
        pair.sync().await?;
        ensure!(is_at_agent(&pair, PUBLIC).await?, "what is no longer ignored has not come");
        ensure!(!is_in_frames(&pair.frames, SECRET)?, "what is ignored has come");
        ensure!(
            pair.customer().eval::<u32>("return window.__e2e.verify()", vec![]).await? == 0,
            "the walk finds something"
        );
        pair.finish().await?;
    }
    // A selector comes to match what is told, and no longer does.
    let mut pair = Pair::start_after(bench, PAGE, Transport::Direct, &before, json!({ "ignore": [".late"] })).await?;
    pair.join().await?;
    pair.sync().await?;
    for (change, expected) in [("add", false), ("remove", true)] {
        pair.edit(&format!("document.getElementById('second').classList.{change}('late')")).await?;
        pair.sync().await?;
        ensure!(is_at_agent(&pair, PUBLIC).await? == expected, "after {change}");
    }
    pair.finish().await
}

/// What a report says of the element with this id.
const ABOUT: &str = "const [id] = arguments;
    const path = (node) => node.nodeType === 9 ? '' : `${path(node.parentNode)}${node.parentNode.nodeType === 9 ? '' : ' > '}${node.localName}[${[...node.parentNode.children].filter((other) => other.localName === node.localName).indexOf(node) + 1}]`;
    const { nodes } = await window.__e2e.report();
    return nodes.find((node) => node.path === path(document.getElementById(id))) ?? null;";

async fn about(pair: &Pair<'_>, id: &str) -> Result<Value> {
    let script = format!("return (async (...arguments) => {{ {ABOUT} }})(...arguments)");
    pair.customer().eval(&script, vec![json!(id)]).await
}

async fn denied(bench: &Workbench) -> Result<()> {
    let before = "document.getElementById('open').innerHTML = '<div id=by-attribute data-cobrowse-deny><button id=inside>a</button></div><button id=by-option class=never>b</button><button id=free>c</button>'";
    let mut pair = Pair::start_after(bench, PAGE, Transport::Direct, before, json!({ "deny": [".never"] })).await?;
    pair.join().await?;
    pair.sync().await?;
    for (id, expected) in [
        ("by-attribute", Some("attribute")),
        ("inside", Some("attribute")),
        ("by-option", Some("option")),
        ("free", None),
    ] {
        let found = about(&pair, id).await?;
        ensure!(found["denied"]["source"].as_str() == expected, "{id}: {found}");
        ensure!(found["kept"].is_null(), "{id} is shown: {found}");
    }
    pair.edit("document.getElementById('by-attribute').removeAttribute('data-cobrowse-deny'); document.getElementById('free').classList.add('never')").await?;
    pair.sync().await?;
    for (id, expected) in [("inside", None), ("free", Some("option"))] {
        let found = about(&pair, id).await?;
        ensure!(found["denied"]["source"].as_str() == expected, "after a change, {id}: {found}");
    }
    pair.check("what is denied is shown").await?;
    pair.finish().await
}

async fn report(bench: &Workbench) -> Result<()> {
    let options = json!({
        "mask": [".kept-by-option", "title"],
        "rules": [{ "url": "/nowhere", "mask": "#open" }, { "url": "/fixtures/*", "block": "#type-order" }],
    });
    let build = "return window.fixture.build(true)";
    let mut pair = Pair::start_after(bench, PAGE, Transport::Direct, build, options).await?;
    pair.join().await?;
    pair.sync().await?;
    let whole: Value = pair.customer().eval("return window.__e2e.report()", vec![]).await?;
    let text = whole.to_string();
    for at in 0..=SECRET.len() - 6 {
        ensure!(!text.contains(&SECRET[at..at + 6]), "the report holds a part of the secret");
    }
    ensure!(!text.contains("-marker"), "the report holds what the page says");
    let nodes = whole["nodes"].as_array().context("a list of nodes")?;
    ensure!(nodes.len() > 300, "{} nodes", nodes.len());
    for node in nodes {
        ensure!(node["kept"].is_null() == node["rule"].is_null(), "kept without a rule, or the other way: {node}");
        ensure!(node["rule"]["source"] != "unknown", "kept by an unknown rule: {node}");
    }
    for (id, kept, source) in [
        ("kept", json!("masked"), Some("attribute")),
        ("named", json!("masked"), Some("option")),
        ("open", Value::Null, None),
        ("type-password", json!("value"), Some("password")),
        ("type-name", json!("value"), Some("card")),
        ("ccNum", json!("value"), Some("card")),
        ("type-code", json!("value"), Some("password")),
        ("type-digits", Value::Null, None),
        ("type-order", json!("blocked"), Some("rule")),
    ] {
        let found = about(&pair, id).await?;
        ensure!(found["kept"] == kept && found["rule"]["source"].as_str() == source, "{id}: {found}");
    }
    let rule = about(&pair, "type-order").await?["rule"].clone();
    ensure!(rule["rule"] == 2 && rule["selector"] == "#type-order", "{rule}");
    pair.finish().await?;
    let mut pair = Pair::start_after(bench, PAGE, Transport::Direct, build, json!({ "private": true })).await?;
    pair.join().await?;
    pair.sync().await?;
    let found = about(&pair, "typed").await?;
    ensure!(found["kept"] == "masked" && found["rule"]["source"] == "private", "{found}");
    ensure!(about(&pair, "open").await?["kept"].is_null(), "what is unmasked");
    pair.finish().await
}
