//! The life of a session: networks that are cut, pages that are left, tabs, and who is told what of it.

use crate::{
    pair::{OVERLAY, Pair, Transport},
    uplink::{FAST, Uplink, Way},
    workbench::Workbench,
};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// What happens.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scenario {
    /// The customer's network is cut for so many seconds while the page changes all the time.
    Cut(u64, Way),
    /// The browser says that the network is back.
    Online,
    /// The customer goes to other pages of the site, also while paused.
    Navigation,
    /// The agent's page is loaded again.
    AgentReloads,
    /// The customer has two tabs of the site.
    Tabs,
    /// The customer looks at a tab of another site.
    Hidden,
    /// The page is left: for a page without the script, and for good.
    Left,
    /// Nothing is heard of the page.
    Silent,
    /// The customer is asked, and answers or does not.
    Question,
}

impl Scenario {
    /// All of them.
    pub(crate) const ALL: [Self; 12] = [
        Self::Cut(1, Way::Stalled),
        Self::Cut(10, Way::Refused),
        Self::Cut(10, Way::Stalled),
        Self::Cut(60, Way::Stalled),
        Self::Online,
        Self::Navigation,
        Self::AgentReloads,
        Self::Tabs,
        Self::Hidden,
        Self::Left,
        Self::Silent,
        Self::Question,
    ];

    /// For the case's name.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Cut(seconds, Way::Refused) => format!("refused-{seconds}"),
            Self::Cut(seconds, _) => format!("cut-{seconds}"),
            Self::Online => "online".to_owned(),
            Self::Navigation => "navigation".to_owned(),
            Self::AgentReloads => "agent-reloads".to_owned(),
            Self::Tabs => "tabs".to_owned(),
            Self::Hidden => "hidden".to_owned(),
            Self::Left => "left".to_owned(),
            Self::Silent => "silent".to_owned(),
            Self::Question => "question".to_owned(),
        }
    }
}

const PAGE: &str = "/fixtures/tree.html";

/// Runs one scenario.
pub(crate) async fn run(bench: &Workbench, scenario: Scenario) -> Result<()> {
    match scenario {
        Scenario::Cut(seconds, way) => cut(bench, Duration::from_secs(seconds), way).await,
        Scenario::Online => online(bench).await,
        Scenario::Navigation => navigation(bench).await,
        Scenario::AgentReloads => agent_reloads(bench).await,
        Scenario::Tabs => tabs(bench).await,
        Scenario::Hidden => hidden(bench).await,
        Scenario::Left => left(bench).await,
        Scenario::Silent => silent(bench).await,
        Scenario::Question => question(bench).await,
    }
}

/// Notes what the page sends: keyframes, and the most that was kept.
const COUNT: &str = "
    const { send } = WebSocket.prototype;
    window.__sent = { keyframes: 0, kept: 0 };
    WebSocket.prototype.send = function (data) {
        if (data instanceof Uint8Array && (data[0] & 3) === 1) window.__sent.keyframes++;
        return send.call(this, data);
    };
";

/// Changes of all kinds, more than a network takes while it is cut.
const STORM: &str = "
    const list = document.body.appendChild(document.createElement('ul'));
    let n = 0;
    window.__storm = setInterval(() => {
        for (let i = 0; i < 40; i++) {
            const item = document.createElement('li');
            item.textContent = `${++n} ${Math.random()}`;
            item.title = String(Math.random());
            list.insertBefore(item, list.children[Math.floor(Math.random() * list.children.length)] ?? null);
        }
        while (list.children.length > 300) list.children[Math.floor(Math.random() * 300)].remove();
        list.append(list.firstChild);
        window.__sent.kept = Math.max(window.__sent.kept, window.__e2e.sessionStats().kept);
    }, 15);
";

#[derive(Debug, Deserialize)]
struct Sent {
    keyframes: u32,
    kept: u64,
    connections: u32,
}

async fn sent(pair: &Pair<'_>) -> Result<Sent> {
    let script = "return { ...window.__sent, connections: window.__e2e.sessionStats().connections }";
    pair.customer().eval(script, vec![]).await
}

/// Starts a session through a network that can be cut, with an agent that has a better one.
async fn open<'a>(bench: &'a Workbench, uplink: &Uplink) -> Result<Pair<'a>> {
    let options = json!({ "relay": uplink.url() });
    let mut pair = Pair::start_after(bench, PAGE, Transport::Relay, COUNT, options).await?;
    pair.join().await?;
    pair.check("keyframe").await?;
    Ok(pair)
}

async fn cut(bench: &Workbench, time: Duration, way: Way) -> Result<()> {
    let uplink = Uplink::open(bench.relay()?, FAST).await?;
    let mut pair = open(bench, &uplink).await?;
    pair.edit(STORM).await?;
    sleep(Duration::from_millis(500)).await;
    let before = sent(&pair).await?;
    uplink.set(way);
    sleep(time).await;
    uplink.set(Way::Open);
    sleep(Duration::from_millis(500)).await;
    pair.edit("clearInterval(window.__storm)").await?;
    pair.check("a cut").await?;
    let after = sent(&pair).await?;
    // One would be allowed; but what was on the way is small enough to be kept.
    ensure!(after.keyframes == before.keyframes, "{} keyframes", after.keyframes - before.keyframes);
    bench.mark(&format!("at most {} bytes were kept", after.kept), Instant::now());
    ensure!(after.kept > 0 && after.kept <= 256 << 10, "{} bytes were kept", after.kept);
    // A cut that is shorter than silence breaks nothing.
    let expected = before.connections + u32::from(way == Way::Refused || time > Duration::from_secs(45));
    ensure!(after.connections == expected, "{} connections, expected {expected}", after.connections);
    pair.mutate(7, 50).await?;
    pair.check("edits after a cut").await?;
    let kept = sent(&pair).await?;
    ensure!(kept.keyframes == after.keyframes, "keyframes go on");
    pair.finish().await
}

async fn online(bench: &Workbench) -> Result<()> {
    let uplink = Uplink::open(bench.relay()?, FAST).await?;
    let mut pair = open(bench, &uplink).await?;
    uplink.set(Way::Refused);
    // By now it waits five seconds between two tries.
    sleep(Duration::from_secs(6)).await;
    uplink.set(Way::Open);
    let soon = "dispatchEvent(new Event('online'));
        const { connections } = window.__e2e.sessionStats(), from = performance.now();
        return new Promise((done) => {
            const look = () => window.__e2e.sessionStats().connections > connections || performance.now() - from > 3000
                ? done(performance.now() - from) : setTimeout(look, 10);
            look();
        })";
    let took: f64 = pair.customer().eval(soon, vec![]).await.context("dispatching `online`")?;
    ensure!(took < 1500.0, "connected {took} ms after the network came back");
    pair.mutate(8, 50).await?;
    pair.check("edits when the network is back").await?;
    pair.finish().await
}

const SOON: Duration = Duration::from_secs(10);

async fn navigation(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::open(bench, PAGE, Transport::Relay).await?;
    pair.go("/fixtures/form.html").await?;
    pair.check("another page").await?;
    pair.customer().reload().await?;
    pair.adopt().await?;
    pair.check("a reload").await?;
    let is_active = "return window.__e2e.state() === 'active'";
    pair.wait(pair.customer(), "active", is_active, SOON).await?;

    // A frame of the same site has the same storage, and may have the script; the session stays the page's.
    let inner = "const frame = document.body.appendChild(document.createElement('iframe'));
        frame.src = '/pages/blank.html';
        return new Promise((done) => { frame.onload = () => {
            const script = frame.contentDocument.createElement('script');
            script.src = arguments[0];
            script.onload = () => setTimeout(async () => done(await frame.contentWindow.Cobrowse.session === null), 300);
            frame.contentDocument.body.append(script);
        } })";
    let script = json!(format!("{}/capture.js", bench.dist()?));
    ensure!(pair.customer().eval::<bool>(inner, vec![script]).await?, "a frame takes the session of its page");
    pair.wait(pair.customer(), "active with a frame", is_active, SOON).await?;
    pair.check("a frame with the script").await?;

    pair.edit("window.__e2e.pause()").await?;
    pair.go(PAGE).await?;
    let state: String = pair.customer().eval("return window.__e2e.state()", vec![]).await?;
    ensure!(state == "paused", "the next page of a paused session is {state}");
    sleep(Duration::from_millis(500)).await;
    let shown = format!("return {}.querySelector('#core') === null", crate::pair::REPLAYED);
    ensure!(pair.agent().eval::<bool>(&shown, vec![]).await?, "the agent sees the page of a paused session");
    pair.edit("window.__e2e.resume()").await?;
    pair.check("resuming on another page").await?;
    pair.wait(pair.customer(), "active again", is_active, SOON).await?;
    // Back, where the page may have been kept as it was.
    pair.customer().run("history.back()", vec![]).await?;
    sleep(Duration::from_millis(500)).await;
    if pair.customer().eval("return window.__e2e === undefined", vec![]).await? {
        pair.adopt().await?;
    }
    pair.check("going back").await?;
    pair.finish().await
}

/// Opens the agent's own page.
async fn open_agent(pair: &Pair<'_>, bench: &Workbench, relay: &str) -> Result<()> {
    let address = format!("{}/slave.html#relay={relay}", bench.dist()?);
    // Of two addresses that differ behind the `#` only, the second would not be loaded.
    pair.agent().goto(&bench.page("/pages/blank.html")).await?;
    pair.agent().goto(&address).await?;
    pair.agent().type_into("#sid", &format!("{}\u{e007}", pair.token()?)).await?;
    says(pair, "Live").await.map(drop)
}

/// Waits until the agent's page says something.
async fn says(pair: &Pair<'_>, text: &str) -> Result<Duration> {
    let body = format!("return document.getElementById('status').textContent.includes({})", json!(text));
    match pair.wait(pair.agent(), text, &body, Duration::from_secs(15)).await {
        Ok(time) => Ok(time),
        Err(error) => {
            let says: String =
                pair.agent().eval("return document.getElementById('status').textContent", vec![]).await?;
            Err(error.context(format!("the agent's page says {says:?}")))
        }
    }
}

/// Whether the agent's page shows that its picture is not that of now.
async fn is_dim(pair: &Pair<'_>) -> Result<bool> {
    let script = "const { classList } = document.getElementById('view'), notice = document.getElementById('notice');
        return classList.contains('dim') && !notice.hidden && notice.textContent.length > 20";
    pair.agent().eval(script, vec![]).await
}

async fn agent_reloads(bench: &Workbench) -> Result<()> {
    let pair = Pair::start(bench, PAGE, Transport::Relay, json!({})).await?;
    open_agent(&pair, bench, bench.relay()?).await?;
    pair.agent().reload().await?;
    let time = says(&pair, "Live").await?;
    ensure!(time < Duration::from_secs(3), "back after {time:?}");
    let shown: bool =
        pair.agent().eval("return cobrowsePlayer.document.querySelector('#core') !== null", vec![]).await?;
    ensure!(shown, "the page is not shown after a reload");
    pair.customer().run("return window.__e2e.stop()", vec![]).await?;
    says(&pair, "The customer has ended the session").await?;
    let hash: String = pair.agent().eval("return location.hash", vec![]).await?;
    ensure!(!hash.contains("sid="), "the address still has the number of a session that is over: {hash}");
    Ok(())
}

async fn tabs(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::open(bench, PAGE, Transport::Relay).await?;
    let is_active = "return window.__e2e.state() === 'active'";
    let [second, first] = pair.customer().open_tab().await?;
    pair.go("/fixtures/form.html").await?;
    pair.check("a second tab").await?;
    pair.wait(pair.customer(), "the second tab is active", is_active, SOON).await?;

    pair.customer().turn_to(&first).await?;
    pair.wait(pair.customer(), "the first tab is active", is_active, SOON).await?;
    let states: Vec<String> = pair.customer().eval("return window.__e2e.states()", vec![]).await?;
    ensure!(states.ends_with(&["elsewhere".into(), "active".into()]), "the first tab was {states:?}");
    pair.mutate(9, 50).await?;
    pair.check("the first tab again").await?;

    pair.customer().turn_to(&second).await?;
    pair.wait(pair.customer(), "the second tab is active again", is_active, SOON).await?;
    pair.edit("document.body.append('in the second tab')").await?;
    pair.check("the second tab again").await?;
    pair.customer().run("return window.__e2e.stop()", vec![]).await?;
    pair.customer().close_tab().await?;
    pair.customer().turn_to(&first).await?;
    let is_ended = "return window.__e2e.state() === 'ended'";
    pair.wait(pair.customer(), "the end in the other tab", is_ended, SOON).await?;
    let kept: Vec<Option<String>> = pair
        .customer()
        .eval("return [localStorage, sessionStorage].map((store) => store.getItem('cobrowse'))", vec![])
        .await?;
    ensure!(kept == [None, None], "a session that is over is remembered: {kept:?}");
    pair.finish().await
}

async fn hidden(bench: &Workbench) -> Result<()> {
    let pair = Pair::start(bench, PAGE, Transport::Relay, json!({})).await?;
    open_agent(&pair, bench, bench.relay()?).await?;
    let [_, page] = pair.customer().open_tab().await?;
    pair.customer().goto("about:blank").await?;
    says(&pair, "looking at another tab").await?;
    ensure!(is_dim(&pair).await?, "the picture is not dim while the customer looks at another tab");
    // Who comes now is told, too.
    pair.agent().reload().await?;
    says(&pair, "looking at another tab").await?;
    pair.customer().close_tab().await?;
    pair.customer().turn_to(&page).await?;
    says(&pair, "Live").await?;
    ensure!(!is_dim(&pair).await?, "the picture stays dim");
    Ok(())
}

async fn left(bench: &Workbench) -> Result<()> {
    let relay = bench.another_relay(&["--grace", "4s", "--absence", "100s"]).await?;
    let pair = Pair::start(bench, PAGE, Transport::Relay, json!({ "relay": relay.url })).await?;
    open_agent(&pair, bench, &relay.url).await?;
    // A page of the site that is there in a moment is not worth a word.
    pair.go("/fixtures/form.html").await?;
    sleep(Duration::from_secs(2)).await;
    says(&pair, "Live").await?;
    ensure!(!is_dim(&pair).await?, "the agent's page is dim after a navigation");

    pair.customer().goto(&bench.page("/pages/blank.html")).await?;
    says(&pair, "The customer has left the page").await?;
    ensure!(is_dim(&pair).await?, "a picture of the past is not dim");
    pair.go(PAGE).await?;
    says(&pair, "Live").await?;
    ensure!(!is_dim(&pair).await?, "the picture stays dim");

    pair.customer().goto(&bench.page("/pages/blank.html")).await?;
    says(&pair, "did not come back").await?;
    // The page that comes too late finds no session, and says nothing wrong.
    pair.customer().goto(&bench.page(PAGE)).await?;
    ensure!(pair.adopt().await.is_ok(), "a session that is over goes on");
    let is_ended = "return window.__e2e.state() === 'ended'";
    pair.wait(pair.customer(), "the end on a late page", is_ended, SOON).await?;
    relay.check()
}

async fn silent(bench: &Workbench) -> Result<()> {
    let times = ["--grace", "1s", "--absence", "6s", "--ping-interval", "500ms", "--silence", "2s"];
    let relay = bench.another_relay(&times).await?;
    let uplink = Uplink::open(&relay.url, FAST).await?;
    let pair = Pair::start(bench, PAGE, Transport::Relay, json!({ "relay": uplink.url() })).await?;
    open_agent(&pair, bench, &relay.url).await?;
    uplink.set(Way::Stalled);
    says(&pair, "Nothing is heard of the customer").await?;
    ensure!(is_dim(&pair).await?, "a picture of the past is not dim");
    uplink.set(Way::Open);
    says(&pair, "Live").await?;
    pair.edit("document.body.append('after silence')").await?;
    let shown = "return cobrowsePlayer.document.body.textContent.includes('after silence')";
    pair.wait(pair.agent(), "an edit after silence", shown, SOON).await?;

    uplink.set(Way::Refused);
    says(&pair, "nothing was heard for too long").await?;
    uplink.set(Way::Open);
    // The page learns that there is nothing to come back to.
    let is_ended = "return window.__e2e.state() === 'ended'";
    pair.wait(pair.customer(), "the end at the customer's", is_ended, Duration::from_secs(15)).await?;
    relay.check()
}

async fn question(bench: &Workbench) -> Result<()> {
    let pair = Pair::start(bench, PAGE, Transport::Relay, json!({})).await?;
    let page = pair.customer();
    page.run("return window.__e2e.stop()", vec![]).await?;
    page.run("performance.clearResourceTimings()", vec![]).await?;
    // What becomes of a question: the error's text, or the state of the session.
    let ask = |more: &str| {
        let options = format!("{{ relay: {}, {more} }}", json!(bench.relay().unwrap_or_default()));
        format!(
            "window.__answer = Cobrowse.start({options}).then((session) => (window.__asked = session, session.state), (error) => error.message);
             const from = performance.now(), host = () => document.querySelector('cobrowse-overlay');
             return new Promise((done) => {{
               const look = () => host() || performance.now() - from > 5000 ? setTimeout(() => done(host() !== null), 100) : setTimeout(look, 10);
               look();
             }})"
        )
    };
    let answer =
        "const answer = await window.__answer; return [answer, document.querySelector('cobrowse-overlay') === null]";
    let answer = format!("return (async () => {{ {answer} }})()");
    for (more, act, expected) in [
        ("invitationMs: 600", None, "cobrowse: the customer did not answer within 0.6 s; the question has expired"),
        ("signal: AbortSignal.timeout(700)", None, "cobrowse: the question to the customer was withdrawn"),
        ("", Some("Escape"), "cobrowse: the customer declined"),
    ] {
        ensure!(page.eval::<bool>(&ask(more), vec![]).await?, "no question is shown ({more})");
        if let Some(key) = act {
            page.key(key).await?;
        }
        let (text, is_gone): (String, bool) = page.eval(&answer, vec![]).await?;
        ensure!(text == expected && is_gone, "{more:?}: {text:?}, the question is gone: {is_gone}");
    }
    let asked = "return performance.getEntriesByType('resource').filter(({ name }) => name.includes('/api/')).length";
    ensure!(page.eval::<u32>(asked, vec![]).await? == 0, "the relay hears of a session before consent");
    // Nobody but this test can look into the overlay.
    page.run(OVERLAY, vec![]).await?;
    ensure!(page.eval::<bool>(&ask(""), vec![]).await?, "no question is shown");
    page.run("window.__overlay.querySelector('button.yes').click()", vec![]).await?;
    let (state, _): (String, bool) = page.eval(&answer, vec![]).await?;
    ensure!(state == "waiting", "behind a yes the session is {state}");
    page.run("return window.__asked.stop()", vec![]).await
}
