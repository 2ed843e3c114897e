//! A session that goes on on another subdomain of the site, and on no other.

use crate::{
    browser::Browser,
    pair::{Pair, Transport},
    workbench::Workbench,
};
use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::time::Duration;

/// What happens.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scenario {
    /// To another subdomain and back, with what the customer has set, and the end there.
    Subdomains,
    /// Pages that nobody lists, that list nobody, of other sites.
    Unlisted,
    /// A page that nobody lists leaves a session for those that are: nobody takes it.
    Planted,
    /// The page's policy does not let the frame in.
    Policy,
    /// Two tabs.
    Tabs,
}

impl Scenario {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [Self::Subdomains, Self::Unlisted, Self::Planted, Self::Policy, Self::Tabs];

    /// For the case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Subdomains => "subdomains",
            Self::Unlisted => "unlisted",
            Self::Planted => "planted",
            Self::Policy => "policy",
            Self::Tabs => "tabs",
        }
    }
}

const SHOP: &str = "shop.site.localhost";
const PAY: &str = "pay.site.localhost";
const NEWS: &str = "news.site.localhost";
const ELSEWHERE: &str = "shop.elsewhere.localhost";
const SOON: Duration = Duration::from_secs(10);

/// Runs one scenario.
pub(crate) async fn run(bench: &Workbench, scenario: Scenario) -> Result<()> {
    match scenario {
        Scenario::Subdomains => subdomains(bench).await,
        Scenario::Unlisted => unlisted(bench).await,
        Scenario::Planted => planted(bench).await,
        Scenario::Policy => policy(bench).await,
        Scenario::Tabs => tabs(bench).await,
    }
}

/// A page at `host` that lists the subdomains `sites`. The script is of an origin that has nothing to do with them.
fn page(bench: &Workbench, host: &str, sites: &[&str]) -> Result<String> {
    let sites: Vec<String> = sites.iter().map(|site| bench.origin(site)).collect();
    let script = format!("{}/capture.js", bench.relay()?);
    Ok(format!("{}/fixtures/sites.html?script={script}&sites={}", bench.origin(host), sites.join("+")))
}

/// Starts a session on a page, with an agent in step, and waits until other pages could go on with it.
async fn open<'a>(bench: &'a Workbench, url: &str) -> Result<Pair<'a>> {
    let mut pair = Pair::start(bench, url, Transport::Relay, json!({})).await?;
    pair.join().await?;
    pair.check("keyframe").await?;
    let frame = "return document.querySelector('cobrowse-hold') !== null";
    pair.wait(pair.customer(), "the frame that keeps the session", frame, SOON).await?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    pair.check("with the frame").await?;
    Ok(pair)
}

/// Whether a page that is loaded goes on with a session: the session's number, if so.
async fn goes_on(browser: &Browser, url: &str) -> Result<Option<String>> {
    browser.goto(url).await?;
    browser.eval("return Promise.resolve(Cobrowse.session).then((session) => session?.token ?? null)", vec![]).await
}

/// What the page's own storage has.
async fn kept(browser: &Browser) -> Result<Vec<Option<String>>> {
    let script = "return [localStorage, sessionStorage].map((store) => store.getItem('cobrowse'))";
    browser.eval(script, vec![]).await
}

async fn subdomains(bench: &Workbench) -> Result<()> {
    let both = [SHOP, PAY];
    let (shop, pay) = (page(bench, SHOP, &both)?, page(bench, PAY, &both)?);
    let mut pair = open(bench, &shop).await?;
    pair.go(&pay).await?;
    pair.check("another subdomain").await?;
    let where_ = format!("return {}.getElementById('where').textContent", crate::pair::REPLAYED);
    ensure!(pair.agent().eval::<String>(&where_, vec![]).await? == PAY, "the agent sees the page before");
    pair.edit("document.getElementById('notes').value = 'paid'").await?;
    pair.check("an edit there").await?;
    // What has been set there holds on the way back, whatever the first page remembers of the session.
    let set = "return Cobrowse.session.then((session) => session.setMode('view')).then(() => window.__e2e.pause())";
    pair.edit(set).await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    pair.go(&shop).await?;
    let state = "return Cobrowse.session.then(({ state, mode }) => state + ' ' + mode)";
    let found: String = pair.customer().eval(state, vec![]).await?;
    ensure!(found == "paused view", "back on the first subdomain the session is {found}");
    pair.edit("window.__e2e.resume()").await?;
    pair.check("back again").await?;
    pair.go(&pay).await?;
    pair.check("the other once more").await?;
    // The end there is the end everywhere, and the frame has gone with it.
    pair.customer().run("return window.__e2e.stop()", vec![]).await?;
    pair.wait(pair.customer(), "the frame's end", "return document.querySelector('cobrowse-hold') === null", SOON)
        .await?;
    for url in [&shop, &pay] {
        let found = goes_on(pair.customer(), url).await?;
        ensure!(found.is_none(), "a session that is over goes on as {found:?}");
        let found = kept(pair.customer()).await?;
        ensure!(found == [None, None], "of a session that is over, {found:?} is kept");
        let is_gone: bool =
            pair.customer().eval("return document.querySelector('cobrowse-hold') === null", vec![]).await?;
        ensure!(is_gone, "a page without a session has a frame of ours");
    }
    Ok(())
}

async fn unlisted(bench: &Workbench) -> Result<()> {
    let pair = open(bench, &page(bench, SHOP, &[SHOP, PAY])?).await?;
    let token = pair.token()?.to_owned();
    let cases = [
        // The session's page does not list it.
        (NEWS, page(bench, NEWS, &[SHOP, PAY, NEWS])?),
        // It does not list the session's page.
        (PAY, page(bench, PAY, &[PAY, NEWS])?),
        // It has no list at all.
        (PAY, page(bench, PAY, &[])?),
        // Another site.
        (ELSEWHERE, page(bench, ELSEWHERE, &[SHOP, PAY, ELSEWHERE])?),
    ];
    for (host, url) in &cases {
        let found = goes_on(pair.customer(), url).await?;
        ensure!(found.is_none(), "{url}: the session goes on");
        let found = kept(pair.customer()).await?;
        ensure!(found == [None, None], "{host} is told of the session: {found:?}");
    }
    // A page that asks by itself, without the script of ours, whatever it says of whom it lists.
    let ask = "const frame = document.body.appendChild(document.createElement('iframe'));
        frame.src = arguments[0];
        return new Promise((done) => { frame.onload = () => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = ({ data }) => done(JSON.stringify(data));
            setTimeout(done, 2000, 'nothing');
            frame.contentWindow.postMessage(['cobrowse:hold', 'take', arguments[1]], '*', [port2]);
        } })";
    pair.customer().goto(&cases[0].1).await?;
    let hold = format!("{}/hold.html", bench.relay()?);
    let all: Vec<String> = [SHOP, PAY, NEWS].iter().map(|host| bench.origin(host)).collect();
    let said: String = pair.customer().eval(ask, vec![json!(hold), json!(all)]).await?;
    ensure!(said.contains("\"record\":null") && !said.contains(&token), "a page that is not listed gets {said}");
    // It was there all the time.
    pair.go(&page(bench, PAY, &[SHOP, PAY])?).await?;
    pair.finish().await
}

async fn planted(bench: &Workbench) -> Result<()> {
    let pair = open(bench, &page(bench, NEWS, &[SHOP, PAY, NEWS])?).await?;
    for (host, sites) in [(SHOP, [SHOP, PAY]), (PAY, [SHOP, PAY])] {
        let found = goes_on(pair.customer(), &page(bench, host, &sites)?).await?;
        ensure!(found.is_none(), "{host} goes on with the session of a page that it does not list");
    }
    Ok(())
}

async fn policy(bench: &Workbench) -> Result<()> {
    let both = [SHOP, PAY];
    let shop = page(bench, SHOP, &both)?;
    let pair = open(bench, &shop).await?;
    let url = format!("{}&policy=frame-src 'none'", page(bench, PAY, &both)?);
    let found = goes_on(pair.customer(), &url).await?;
    ensure!(found.is_none(), "a session goes on where its frame may not be");
    let said: Vec<String> = pair.customer().eval("return window.fixture.warnings", vec![]).await?;
    let origin = bench.relay()?.trim_end_matches('/');
    let expected = format!("add {origin} to its frame-src");
    ensure!(said.iter().any(|line| line.contains(&expected)), "what is wrong is said as {said:?}");
    // The list may be wrong, too.
    let script = format!("{}/capture.js", bench.relay()?);
    let url = format!("{}/fixtures/sites.html?script={script}&sites=pay.site.localhost", bench.origin(PAY));
    let found = goes_on(pair.customer(), &url).await?;
    ensure!(found.is_none(), "a session goes on with a list that is none");
    let said: Vec<String> = pair.customer().eval("return window.fixture.warnings", vec![]).await?;
    ensure!(said.iter().any(|line| line.contains("expected origins such as")), "what is wrong is said as {said:?}");
    // It ends where it is, so that the next case does not find it there.
    pair.go(&shop).await
}

async fn tabs(bench: &Workbench) -> Result<()> {
    let both = [SHOP, PAY];
    let mut pair = open(bench, &page(bench, SHOP, &both)?).await?;
    let is_active = "return window.__e2e.state() === 'active'";
    let [_, first] = pair.customer().open_tab().await?;
    pair.go(&page(bench, PAY, &both)?).await?;
    pair.check("a tab of the other subdomain").await?;
    pair.wait(pair.customer(), "the second tab is active", is_active, SOON).await?;
    let set = "return Cobrowse.session.then((session) => session.setMode('follow'))";
    pair.customer().run(set, vec![]).await.context("setMode")?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    pair.customer().close_tab().await?;
    pair.customer().turn_to(&first).await?;
    pair.wait(pair.customer(), "the first tab is active", is_active, SOON).await?;
    let mode = "return Cobrowse.session.then(({ mode }) => mode)";
    let found: String = pair.customer().eval(mode, vec![]).await?;
    ensure!(found == "follow", "back in the first tab the mode is {found}");
    pair.edit("document.body.append('back in the first tab')").await?;
    pair.check("the first tab again").await?;
    pair.finish().await
}
