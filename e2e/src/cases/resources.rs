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
    /// Files that only the customer's browser gets, as they are behind a login.
    Login,
    /// Fonts of rules and of bytes.
    Fonts,
    /// All is carried: nothing has to be loaded from the site.
    Inline,
    /// Pictures without TLS in rules, which a page that came with TLS may not ask for.
    Mixed,
}

impl Scenario {
    /// All of them.
    pub(crate) const ALL: [Self; 6] =
        [Self::Candidates, Self::Lazy, Self::Login, Self::Fonts, Self::Inline, Self::Mixed];

    /// For the case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Candidates => "candidates",
            Self::Lazy => "lazy",
            Self::Login => "login",
            Self::Fonts => "fonts",
            Self::Inline => "inline",
            Self::Mixed => "mixed",
        }
    }
}

const FONTS: &str = "/fixtures/fonts.html";
const LOGIN: &str = "/fixtures/login.html";
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
        Scenario::Fonts => fonts(bench).await,
        Scenario::Inline => inline(bench).await,
        Scenario::Mixed => mixed(bench).await,
        Scenario::Login => {
            bench.customer.run("document.cookie = 'login=yes; path=/'", vec![]).await?;
            let result = login(bench).await;
            bench.customer.run("document.cookie = 'login=; path=/; max-age=0'", vec![]).await?;
            result
        }
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

/// The nodes of a page; in the place of the address of a sheet that was carried stands that of a copy.
const NODES: &str = "const nodes = (page) => page.documentElement.outerHTML.replace(/<script[^]*?<\\/script>|<cobrowse-overlay.*?<\\/cobrowse-overlay>/g, '').replace(/(<link [^>]*href=)\"[^\"]*\"/g, '$1');";

async fn login(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::start(bench, LOGIN, Transport::Relay, json!({ "resources": "auto" })).await?;
    pair.is_elsewhere = true;
    pair.join().await?;
    for step in ["", "return window.fixture.add()", "window.fixture.insertRule()", "window.fixture.addRule()"] {
        pair.edit(step).await.with_context(|| step.to_owned())?;
        // The agent's page finds out, asks, and gets: first the sheets, then the pictures that they name.
        sleep(SOON * 2).await;
        pair.sync().await?;
        pair.look(&format!("files behind a login: {step}"), None).await?;
    }
    let script = |document: &str| format!("{NODES} return nodes({document})");
    let customer: String = pair.customer().eval(&script("document"), vec![]).await?;
    let agent: String = pair.agent().eval(&script(REPLAYED), vec![]).await?;
    ensure!(!agent.contains("blob:"), "{agent}");
    let public = |text: String| text.replace(" src=\"/private/secret.png\"", " src=\"\"");
    ensure!(public(customer.clone()) == public(agent.clone()), "the customer has {customer}, the agent {agent}");
    // What is masked is not carried, nor what only masked elements show.
    let size = |name: &str| std::fs::metadata(bench.fixture("private").join(name)).map(|file| file.len());
    let mut expected = 0;
    for name in ["main.css", "deeper.css", "inner.css", "photo.png", "badge.png", "pattern.png", "late.png"] {
        expected += size(name).with_context(|| name.to_owned())?;
    }
    let carried: u64 = pair.customer().eval("return window.__e2e.sessionStats().carried", vec![]).await?;
    ensure!(carried == expected, "{carried} bytes are carried, expected {expected}");
    pair.finish().await
}

async fn fonts(bench: &Workbench) -> Result<()> {
    // One is made before there is a session: nobody can read it.
    let before = "return window.fixture.make('Early', 'blocks')";
    let mut pair = Pair::start_after(bench, FONTS, Transport::Relay, before, json!({})).await?;
    pair.is_elsewhere = true;
    pair.join().await?;
    sleep(SOON).await;
    let stats = "return window.__e2e.sessionStats().notCarried.map(({ url }) => url)";
    for (step, fonts) in [
        ("return window.fixture.make('Made', 'blocks')", 2),
        ("window.fixture.drop('Made')", 1),
        ("return window.fixture.make('Made', 'frames')", 2),
    ] {
        pair.edit(step).await.with_context(|| step.to_owned())?;
        sleep(SOON).await;
        pair.check(step).await?;
        pair.look(step, None).await?;
        let count: u32 = pair
            .agent()
            .eval(&format!("return [...{REPLAYED}.fonts].filter((face) => face.status === 'loaded').length"), vec![])
            .await?;
        ensure!(count == fonts, "{step}: {count} fonts at the agent");
        let left: Vec<String> = pair.customer().eval(stats, vec![]).await?;
        ensure!(left == ["font Early"], "{step}: not carried, as is said: {left:?}");
    }
    pair.finish().await
}

async fn inline(bench: &Workbench) -> Result<()> {
    let options = json!({ "resources": "inline" });
    let mut pair = Pair::start(bench, "/fixtures/styles.html", Transport::Relay, options).await?;
    pair.is_elsewhere = true;
    pair.join().await?;
    sleep(SOON * 2).await;
    pair.sync().await?;
    pair.look("all is carried", None).await?;
    let script = format!(
        "return [...{REPLAYED}.querySelectorAll('link[rel=stylesheet]')].map((link) => [link.media, link.href.split(':')[0], link.sheet.cssRules.length])"
    );
    let links: Vec<(String, String, u32)> = pair.agent().eval(&script, vec![]).await?;
    ensure!(
        !links.is_empty() && links.iter().all(|(_, from, rules)| from == "blob" && *rules > 0),
        "sheets at the agent: {links:?}"
    );
    pair.finish().await
}

/// There is no TLS here. In its place a policy keeps the agent's page from getting pictures, the browser says that it has asked for none,
/// and the part that finds them is run by itself.
async fn mixed(bench: &Workbench) -> Result<()> {
    let script = "const [other, isMixed] = arguments;
        const meta = Object.assign(document.createElement('meta'), { httpEquiv: 'Content-Security-Policy', content: \"img-src 'self'\" });
        document.head.append(meta);
        const picture = (name) => `url(${other}/fixtures/pictures/double.png?${name})`;
        const sheet = document.head.appendChild(document.createElement('style'));
        sheet.textContent = `p { background: ${picture('rule')} } @media all { p::before { content: ${picture('media')} } }
            @font-face { font-family: None; src: ${picture('font')} } b { background: url(/fixtures/pictures/double.png) }`;
        document.body.innerHTML = `<p style='list-style-image: ${picture('style')}'>pictures<b>in rules</b></p><div></div>`;
        const root = document.body.lastChild.attachShadow({ mode: 'open' });
        root.innerHTML = `<style>i { background: ${picture('shadow')} }</style><i>in a shadow root</i>`;
        const wait = () => new Promise((done) => setTimeout(done, 1500));
        return (async () => {
            const { Assets } = await import('/sources/assets.js');
            const told = [];
            const page = { document, window: { Image, performance: { getEntriesByType: () => [] } }, shadows: [root], frames: { all: [] }, resources: { bytes: new Map() } };
            const assets = Object.assign(new Assets(page, (list) => told.push(...list)), { isMixed });
            assets.settle();
            await wait();
            sheet.sheet.insertRule(`p { border-image: ${picture('later')} 1 }`, 0);
            assets.settle();
            await wait();
            assets.stop();
            return told.map((address) => address.split('?')[1] ?? address).sort();
        })()";
    let other = bench.origin("localhost");
    for is_mixed in [false, true] {
        bench.agent.goto(&bench.page("/pages/blank.html")).await?;
        let found: Vec<String> = bench.agent.eval(script, vec![json!(other), json!(is_mixed)]).await?;
        let expected: &[&str] = if is_mixed { &["later", "media", "rule", "shadow", "style"] } else { &[] };
        ensure!(found == expected, "asked for where pictures may be blocked ({is_mixed}): {found:?}");
    }
    Ok(())
}
