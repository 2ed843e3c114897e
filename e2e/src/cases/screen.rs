//! The customer's screen, shown to agents by a video from browser to browser.

use crate::{
    agent_page::{AgentPage, wait},
    browser::Browser,
    pair::{OVERLAY, Pair, Transport},
    raw_agent::RawAgent,
    workbench::Workbench,
};
use anyhow::{Context, Result, bail, ensure};
use protocol::control::{Control, Refusal};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

/// What is tried.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scenario {
    /// An agent asks, the customer agrees, and either ends it, or the browser does.
    Shared,
    /// What is shown is a tab of the customer's, and the agent sees that tab.
    Tab,
    /// The customer says no; sites and browsers that show none; agents who may not ask.
    Declined,
    /// A paused session, and the site's own script.
    Paused,
    /// Several agents; one that comes late, one that loads its page again.
    Agents,
    /// A session of the screen alone.
    Only,
    /// There is no way between the two browsers.
    Route,
    /// Servers that help to find a way, from the relay's operator.
    Servers,
    /// An agent that says what none would.
    Hostile,
    /// The agent's page in another one, which is told of milestones.
    Embedded,
}

impl Scenario {
    /// All of them.
    pub(crate) const ALL: [Self; 10] = [
        Self::Shared,
        Self::Tab,
        Self::Declined,
        Self::Paused,
        Self::Agents,
        Self::Only,
        Self::Route,
        Self::Servers,
        Self::Hostile,
        Self::Embedded,
    ];

    /// For the case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Tab => "tab",
            Self::Declined => "declined",
            Self::Paused => "paused",
            Self::Agents => "agents",
            Self::Only => "only",
            Self::Route => "route",
            Self::Servers => "servers",
            Self::Hostile => "hostile",
            Self::Embedded => "embedded",
        }
    }
}

const PAGE: &str = "/fixtures/form.html";

/// The picker chooses by itself, and what is shown is a picture that moves. Addresses are told as they are: there is nobody who would
/// find names for them here.
pub(super) const FLAGS: [&str; 4] = [
    "--disable-gpu",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
];

/// The picker chooses the tab with the customer's page.
const TAB: [&str; 3] = [
    "--disable-gpu",
    "--auto-select-tab-capture-source-by-title=Form state",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
];

/// Runs one.
pub(crate) async fn run(bench: &Workbench, scenario: Scenario) -> Result<()> {
    let flags: &[&str] = if matches!(scenario, Scenario::Tab) { &TAB } else { &FLAGS };
    let own = bench.with_flags(flags).await?;
    let result = match scenario {
        Scenario::Shared => shared(&own).await,
        Scenario::Tab => tab(&own).await,
        Scenario::Declined => declined(&own).await,
        Scenario::Paused => paused(&own).await,
        Scenario::Agents => agents(&own).await,
        Scenario::Only => only(&own).await,
        Scenario::Route => route(&own).await,
        Scenario::Servers => servers(&own).await,
        Scenario::Hostile => hostile(&own).await,
        Scenario::Embedded => embedded(&own).await,
    };
    if result.is_err() {
        for (browser, side) in [(&own.customer, "customer"), (&own.agent, "agent")] {
            look(&own, browser, &format!("{}-{side}", scenario.name())).await?;
        }
    }
    let faults = [own.customer.faults().await?, own.agent.faults().await?].concat();
    own.close().await?;
    ensure!(result.is_err() || faults.is_empty(), "faults in the consoles: {faults:?}");
    result
}

async fn look(bench: &Workbench, browser: &Browser, name: &str) -> Result<()> {
    let file = bench.pictures().await?.join(format!("screen-{name}.png"));
    Ok(tokio::fs::write(file, browser.screenshot().await?).await?)
}

/// Keeps hold of what the browser lends to the page, as `window.__streams`, beside the overlay.
const STREAMS: &str = "
    window.__streams = [];
    const { getDisplayMedia } = MediaDevices.prototype;
    MediaDevices.prototype.getDisplayMedia = async function (options) {
        const stream = await getDisplayMedia.call(this, options);
        window.__streams.push(stream);
        return stream;
    };
";

async fn open(bench: &Workbench, options: Value) -> Result<(Pair<'_>, AgentPage<'_>)> {
    let before = format!("{OVERLAY}{STREAMS}");
    let pair = Pair::start_after(bench, PAGE, Transport::Relay, &before, options).await?;
    let agent = AgentPage::open(bench, &bench.agent, pair.relay()?, pair.token()?, "Ada").await?;
    agent.says("status", "Live").await?;
    agent.says("screen", "See the screen").await?;
    Ok((pair, agent))
}

/// Function body: whether the video shows pictures, and not always the same one.
const MOVES: &str = "
    const { video } = cobrowsePlayer.screen;
    if (!video || video.videoWidth === 0) return null;
    const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 48 });
    const context = canvas.getContext('2d', { willReadFrequently: true });
    const look = () => { context.drawImage(video, 0, 0, 64, 48); return context.getImageData(0, 0, 64, 48).data; };
    const first = look(), from = performance.now();
    const differs = () => look().reduce((sum, value, at) => sum + (Math.abs(value - first[at]) > 16), 0);
    return new Promise((done) => { (function again() {
        const found = differs();
        if (found > 20 || performance.now() - from > 5000) done({ found, width: video.videoWidth, height: video.videoHeight, lit: first.reduce((sum, value, at) => sum + (at % 4 < 3 ? value : 0), 0) });
        else setTimeout(again, 50);
    })(); });";

const ASKED: &str = "return Boolean(window.__overlay?.querySelector('.card .warning'))";
const BAR: &str = "return Boolean(window.__overlay?.querySelector('.screen'))";
const NO_BAR: &str = "return !window.__overlay?.querySelector('.screen')";
/// Nothing that the browser has lent is in use.
const STOPPED: &str =
    "return window.__streams.every((stream) => stream.getTracks().every((track) => track.readyState === 'ended'))";

/// Clicks something of the overlay, as a hand does: the browser's picker wants that.
pub(super) async fn press(browser: &Browser, selector: &str) -> Result<()> {
    let place = "const node = window.__overlay.querySelector(arguments[0]);
        const { x, y, width, height } = node.getBoundingClientRect(); return [x + width / 2, y + height / 2]";
    let [x, y]: [f64; 2] = browser.eval(place, vec![json!(selector)]).await?;
    browser.click_at(x, y).await
}

pub(super) async fn agree(browser: &Browser) -> Result<()> {
    wait(browser, "the question", ASKED).await?;
    press(browser, ".card .yes").await
}

/// The agent sees the screen, and it moves.
async fn moves(agent: &AgentPage<'_>) -> Result<Value> {
    agent.says("screen-bar-text", "you can only look").await?;
    let moves: Value = agent.browser.eval(MOVES, vec![]).await?;
    ensure!(moves["found"].as_u64() > Some(20), "the video stands still: {moves}");
    Ok(moves)
}

async fn shared(bench: &Workbench) -> Result<()> {
    let (pair, agent) = open(bench, json!({})).await?;
    let customer = pair.customer();
    agent.press("screen").await?;
    agent.says("screen-bar-text", "The customer is asked").await?;
    wait(customer, "the question", ASKED).await?;
    let asked: String = customer.eval("return window.__overlay.querySelector('.card').textContent", vec![]).await?;
    ensure!(asked.contains("Ada would like to see your screen") && asked.contains("nothing is hidden"), "{asked:?}");
    look(bench, customer, "question").await?;
    agree(customer).await?;
    moves(&agent).await?;
    wait(customer, "the bar", BAR).await?;
    look(bench, customer, "customer").await?;
    look(bench, agent.browser, "agent").await?;
    // Over the picture the agent's hand does nothing; the page is still there, and can be turned to.
    let at_middle = "const { x, y, width, height } = document.getElementById('view').getBoundingClientRect();
        return document.elementFromPoint(x + width / 2, y + height / 2).localName";
    ensure!(agent.browser.eval::<String>(at_middle, vec![]).await? == "video", "the page lies over the screen");
    agent.press("screen-front").await?;
    ensure!(agent.browser.eval::<String>(at_middle, vec![]).await? != "video", "the screen lies over the page");
    let shown = "return cobrowsePlayer.document.body.textContent.includes('Textarea')";
    ensure!(agent.browser.eval::<bool>(shown, vec![]).await?, "the page is not shown beside the screen");

    // Ended by the agent.
    agent.press("screen-end").await?;
    wait(customer, "the bar goes", NO_BAR).await?;
    agent.says("screen-bar-text", "not shown any more").await?;
    ensure!(customer.eval::<bool>(STOPPED, vec![]).await?, "the browser goes on to lend the screen");
    let gone = "return document.querySelector('video') === null";
    agent.until("the video goes", gone).await?;

    // Ended by the customer.
    agent.press("screen").await?;
    agree(customer).await?;
    moves(&agent).await?;
    wait(customer, "the bar", BAR).await?;
    press(customer, ".screen button:last-child").await?;
    agent.says("screen-bar-text", "not shown any more").await?;
    ensure!(customer.eval::<bool>(STOPPED, vec![]).await?, "the browser goes on to lend the screen");

    // Ended by the browser's own button.
    agent.press("screen").await?;
    agree(customer).await?;
    moves(&agent).await?;
    customer.run("window.__streams.at(-1).getTracks()[0].dispatchEvent(new Event('ended'))", vec![]).await?;
    agent.says("screen-bar-text", "not shown any more").await?;
    wait(customer, "the bar goes", NO_BAR).await?;

    // Ended by another page: what the browser has lent is that page's. The session goes on.
    agent.press("screen").await?;
    agree(customer).await?;
    moves(&agent).await?;
    pair.go("/fixtures/tree.html").await?;
    agent.says("screen-bar-text", "not shown any more").await?;
    agent.says("status", "Live").await?;
    customer.run(&format!("{OVERLAY}{STREAMS}"), vec![]).await?;
    agent.press("screen").await?;
    agent.says("screen-bar-text", "The customer is asked").await?;
    // Ended with the session.
    customer.key("Escape").await?;
    agent.says("screen-bar-text", "does not want to").await?;
    customer.run("return window.__e2e.stop()", vec![]).await?;
    agent.says("status", "The customer has ended the session").await
}

async fn tab(bench: &Workbench) -> Result<()> {
    let (pair, agent) = open(bench, json!({})).await?;
    let customer = pair.customer();
    let paint = "document.body.innerHTML = '<h1>What the customer sees</h1><div style=\"position:fixed;inset:120px 0 0;background:#ff00c8\"></div>';
        setInterval(() => (document.querySelector('h1').textContent = 'At ' + performance.now()), 50)";
    customer.run(paint, vec![]).await?;
    agent.press("screen").await?;
    agree(customer).await?;
    agent.says("screen-bar-text", "you can only look").await?;
    let colour = "
        const { video } = cobrowsePlayer.screen;
        const canvas = Object.assign(document.createElement('canvas'), { width: 100, height: 100 });
        const context = canvas.getContext('2d', { willReadFrequently: true });
        context.drawImage(video, 0, 0, 100, 100);
        const [r, g, b] = context.getImageData(50, 70, 1, 1).data;
        return r > 200 && g < 80 && b > 150";
    agent.until("the colour of the customer's page in the video", colour).await?;
    look(bench, agent.browser, "tab").await?;
    // The page changes, and the video with it.
    customer.run("document.querySelector('div').style.background = '#00a040'", vec![]).await?;
    let green = colour.replace("r > 200 && g < 80 && b > 150", "r < 80 && g > 120 && b < 120");
    agent.until("the page's other colour in the video", &green).await
}

async fn declined(bench: &Workbench) -> Result<()> {
    for (language, title) in [
        ("en", "Show your screen?"),
        ("de", "Ihren Bildschirm zeigen?"),
        ("nl", "Uw scherm laten zien?"),
        ("fr", "Montrer votre écran ?"),
        ("es", "¿Mostrar su pantalla?"),
    ] {
        let (pair, agent) = open(bench, json!({ "language": language })).await?;
        agent.press("screen").await?;
        wait(pair.customer(), "the question", ASKED).await?;
        let shown: String =
            pair.customer().eval("return window.__overlay.querySelector('.card h2').textContent", vec![]).await?;
        ensure!(shown == title, "{language}: {shown:?}");
        pair.customer().key("Escape").await?;
        agent.says("screen-bar-text", "The customer does not want to show the screen").await?;
        ensure!(
            pair.customer().eval::<bool>("return window.__streams.length === 0", vec![]).await?,
            "the picker was shown"
        );
        pair.customer().run("return window.__e2e.stop()", vec![]).await?;
    }
    let (pair, agent) = open(bench, json!({ "screen": false })).await?;
    agent.press("screen").await?;
    agent.says("screen-bar-text", "This site has no screen shown").await?;
    // Who has no control may not ask, and a paused session is not asked in.
    let mut second = RawAgent::join(pair.relay()?, pair.token()?).await?;
    let ask = Control::Screen { step: 0, data: String::new() };
    let second_user = second.user;
    let refused =
        |message: &Control| matches!(message, Control::Refused { user, command: 72, .. } if *user == second_user);
    pair.customer().run("return window.__e2e.stop()", vec![]).await?;
    drop(second);

    let (pair, _) = open(bench, json!({})).await?;
    second = RawAgent::join(pair.relay()?, pair.token()?).await?;
    second.say(&ask).await?;
    let Control::Refused { reason, .. } = second.until(refused).await? else { bail!("no refusal") };
    ensure!(reason == Refusal::Control, "an agent without control: {reason:?}");
    pair.customer().run("return window.__e2e.stop()", vec![]).await?;

    let (pair, agent) = open(bench, json!({})).await?;
    pair.edit("window.__e2e.pause()").await?;
    agent.says("status", "Paused").await?;
    agent.press("screen").await?;
    agent.says("said", "The customer has paused the session").await?;
    pair.edit("window.__e2e.resume(); delete MediaDevices.prototype.getDisplayMedia").await?;
    agent.says("status", "Live").await?;
    agent.press("screen").await?;
    agent.says("screen-bar-text", "cannot show the screen").await?;
    pair.customer().run("return window.__e2e.stop()", vec![]).await
}

async fn paused(bench: &Workbench) -> Result<()> {
    let (pair, agent) = open(bench, json!({})).await?;
    let customer = pair.customer();
    // The site's own script asks.
    customer.run("window.__shown = Cobrowse.session.then((session) => session.shareScreen())", vec![]).await?;
    agree(customer).await?;
    ensure!(customer.eval::<bool>("return window.__shown", vec![]).await?, "the site is not told that it is shown");
    moves(&agent).await?;
    pair.edit("window.__e2e.pause()").await?;
    agent.says("screen-bar-text", "paused the screen").await?;
    let dark = "
        const canvas = Object.assign(document.createElement('canvas'), { width: 32, height: 24 });
        const context = canvas.getContext('2d', { willReadFrequently: true });
        context.drawImage(cobrowsePlayer.screen.video, 0, 0, 32, 24);
        return context.getImageData(0, 0, 32, 24).data.every((value, at) => at % 4 === 3 || value < 24)";
    agent.until("nothing of a paused screen", dark).await?;
    pair.edit("window.__e2e.resume()").await?;
    moves(&agent).await?;
    // The site ends it.
    customer.run("return Cobrowse.session.then((session) => session.stopScreen())", vec![]).await?;
    agent.says("screen-bar-text", "not shown any more").await?;
    ensure!(customer.eval::<bool>(STOPPED, vec![]).await?, "the browser goes on to lend the screen");
    Ok(())
}

async fn agents(bench: &Workbench) -> Result<()> {
    let (pair, ada) = open(bench, json!({})).await?;
    ada.press("screen").await?;
    agree(pair.customer()).await?;
    moves(&ada).await?;
    // One that comes late sees it, and may not end it.
    let browser = bench.another_browser().await?;
    let bob = AgentPage::open(bench, &browser, pair.relay()?, pair.token()?, "Bob").await?;
    moves(&bob).await?;
    moves(&ada).await?;
    bob.until("no button to end it", "return document.getElementById('screen-end').hidden").await?;
    bob.browser.run("cobrowsePlayer.screen.end()", vec![]).await?;
    bob.says("said", "Another agent has control").await?;
    // One that loads its page again is shown it again.
    ada.browser.reload().await?;
    moves(&ada).await?;
    browser.close().await?;
    sleep(Duration::from_millis(300)).await;
    moves(&ada).await?;
    let bar: String =
        pair.customer().eval("return window.__overlay.querySelector('.screen .text').textContent", vec![]).await?;
    ensure!(bar == "Ada can see your screen", "the bar says {bar:?}");
    // With nobody there it goes on, and waits.
    ada.browser.goto(&bench.page("/pages/blank.html")).await?;
    let waits = "return window.__overlay.querySelector('.screen .text').textContent.startsWith('Waiting')";
    wait(pair.customer(), "the bar waits", waits).await
}

async fn only(bench: &Workbench) -> Result<()> {
    let customer = &bench.customer;
    let start = async |more: &str| -> Result<()> {
        customer.goto(&bench.page(PAGE)).await?;
        customer.run(&format!("{OVERLAY}{STREAMS}"), vec![]).await?;
        let load = "const script = document.createElement('script'); script.src = arguments[0];
            return new Promise((done) => { script.onload = done; document.head.append(script); }).then(() => null)";
        customer.run(load, vec![json!(format!("{}/capture.js", bench.dist()?))]).await?;
        let start = format!(
            "window.__started = Cobrowse.start({{ relay: arguments[0], screen: 'only'{more} }}).then((session) => (window.__session = session, session.token), (error) => error.message)"
        );
        customer.run(&start, vec![json!(bench.relay()?)]).await
    };
    // A no is one before there is a session.
    start("").await?;
    wait(customer, "the question", ASKED).await?;
    customer.key("Escape").await?;
    let answer: String = customer.eval("return window.__started", vec![]).await?;
    ensure!(answer == "cobrowse: the customer declined", "{answer:?}");

    start("").await?;
    agree(customer).await?;
    let token: String = customer.eval("return window.__started", vec![]).await?;
    ensure!(token.len() == 9, "{token}");
    wait(customer, "the bar", BAR).await?;
    look(bench, customer, "only").await?;
    let bar: String = customer.eval("return window.__overlay.querySelector('.screen').textContent", vec![]).await?;
    ensure!(bar.contains("Waiting for an agent") && bar.contains("Session number"), "{bar:?}");
    let agent = AgentPage::open(bench, &bench.agent, bench.relay()?, &token, "Ada").await?;
    moves(&agent).await?;
    agent.says("status", "the customer’s screen").await?;
    // Nothing of the page has left it, and nothing can be done to it.
    let page: Value = agent
        .browser
        .eval("return [cobrowsePlayer.document, cobrowsePlayer.stats().frames, cobrowsePlayer.mode]", vec![])
        .await?;
    ensure!(page == json!([null, 0, "follow"]), "the agent has {page}");
    agent.browser.run("cobrowsePlayer.requestMode('shared'); cobrowsePlayer.reload()", vec![]).await?;
    agent.says("said", "not allowed that in this mode").await?;
    let kept: Value = customer
        .eval("return [localStorage, sessionStorage].map((store) => store.getItem('cobrowse'))", vec![])
        .await?;
    ensure!(kept == json!([null, null]), "a session of the screen alone is remembered: {kept}");
    // A picture may be shown there, too.
    agent.choose(&bench.fixture("documents/steps.png")).await?;
    wait(customer, "a picture", "return Boolean(window.__overlay.querySelector('.document canvas'))").await?;
    customer.key("Escape").await?;
    customer.run("window.__session.pause()", vec![]).await?;
    agent.says("screen-bar-text", "paused the screen").await?;
    customer.run("window.__session.resume()", vec![]).await?;
    moves(&agent).await?;
    press(customer, ".screen button:last-child").await?;
    agent.says("status", "The customer has ended the session").await?;
    wait(
        customer,
        "the end",
        "return window.__session.state === 'ended' && document.querySelector('cobrowse-overlay') === null",
    )
    .await?;

    // It ends with its page.
    start(", consent: false").await?;
    agree(customer).await?;
    let token: String = customer.eval("return window.__started", vec![]).await?;
    let agent = AgentPage::open(bench, &bench.agent, bench.relay()?, &token, "Ada").await?;
    moves(&agent).await?;
    customer.goto(&bench.page("/pages/blank.html")).await?;
    agent.says("status", "The customer has ended the session").await
}

async fn route(bench: &Workbench) -> Result<()> {
    // Only by a server between them, of which there is none.
    let (pair, agent) = open(bench, json!({ "iceTransportPolicy": "relay" })).await?;
    // The agent's browser has addresses, but nothing answers at them.
    agent.press("screen").await?;
    agree(pair.customer()).await?;
    agent.says("screen-bar-text", "look for a way to each other").await?;
    sleep(Duration::from_secs(15)).await;
    agent.says("screen-bar-text", "needs a TURN server").await?;
    look(bench, agent.browser, "route").await?;
    // The customer's page is none the worse for it.
    agent.press("screen-retry").await?;
    agent.says("screen-bar-text", "look for a way to each other").await?;
    pair.customer().run("return window.__e2e.stop()", vec![]).await?;
    agent.says("status", "The customer has ended the session").await
}

async fn servers(bench: &Workbench) -> Result<()> {
    let file = bench.scratch("screen").await?.join("ice.json");
    let servers = json!([{ "urls": "turn:127.0.0.1:9", "username": "u", "credential": "c" }]);
    tokio::fs::write(&file, servers.to_string()).await?;
    let relay = bench.own_relay("screen-servers", &["--ice-servers", &file.display().to_string()]).await?;
    let note = "const Before = RTCPeerConnection; window.__servers = [];
        window.RTCPeerConnection = class extends Before { constructor(options) { super(options); window.__servers.push(options.iceServers); } };";
    let before = format!("{OVERLAY}{STREAMS}{note}");
    let pair = Pair::start_after(bench, PAGE, Transport::Relay, &before, json!({ "relay": relay.url })).await?;
    let agent = AgentPage::open(bench, &bench.agent, &relay.url, pair.token()?, "Ada").await?;
    agent.says("screen", "See the screen").await?;
    agent.browser.run(note, vec![]).await?;
    agent.press("screen").await?;
    agree(pair.customer()).await?;
    // A server that is not there does no harm where there is a way without it.
    moves(&agent).await?;
    for (whose, browser) in [("the customer's", pair.customer()), ("the agent's", agent.browser)] {
        let used: Value = browser.eval("return window.__servers", vec![]).await?;
        ensure!(used == json!([servers]), "{whose} browser uses {used}");
    }
    pair.customer().run("return window.__e2e.stop()", vec![]).await?;
    relay.check()
}

async fn hostile(bench: &Workbench) -> Result<()> {
    let before = format!("{OVERLAY}{STREAMS}");
    let pair = Pair::start_after(bench, PAGE, Transport::Relay, &before, json!({})).await?;
    let mut agent = RawAgent::join(pair.relay()?, pair.token()?).await?;
    let say = |step: u8, data: &str| Control::Screen { step, data: data.to_owned() };
    // Before anything is shown, what browsers say is nobody's.
    agent.say(&say(2, "{}")).await?;
    agent.say(&say(3, "no JSON")).await?;
    agent.say(&say(0, "")).await?;
    agree(pair.customer()).await?;
    let offer = agent.until(|message| matches!(message, Control::ScreenSignal { step: 6, .. })).await?;
    let Control::ScreenSignal { user, data, .. } = offer else { bail!("no offer") };
    ensure!(user == agent.user, "an offer for another agent");
    let id = serde_json::from_str::<Value>(&data)?["id"].clone();
    let long = json!({ "id": id, "candidate": { "candidate": "x".repeat(40_000) } }).to_string();
    for (what, message) in [
        ("no JSON", say(2, "v=0")),
        ("no answer", say(2, &json!({ "id": id, "sdp": "v=0" }).to_string())),
        ("too long", say(3, &long)),
        ("an unknown step", say(99, "")),
    ] {
        agent.say(&message).await?;
        let refused = agent.until(|message| matches!(message, Control::Refused { command: 72, .. })).await;
        let Control::Refused { reason, .. } = refused.context(what)? else { bail!("{what}: no refusal") };
        ensure!(reason == Refusal::Unfit, "{what}: {reason:?}");
    }
    // One of a way that is none is passed over, and the session goes on.
    agent.say(&say(3, &json!({ "id": 77, "candidate": null }).to_string())).await?;
    agent.say(&say(1, "")).await?;
    agent.until(|message| matches!(message, Control::ScreenSignal { user: 0, step: 0, .. })).await?;
    wait(pair.customer(), "the bar goes", NO_BAR).await?;
    ensure!(pair.customer().eval::<bool>(STOPPED, vec![]).await?, "the browser goes on to lend the screen");
    let state: String = pair.customer().eval("return window.__e2e.state()", vec![]).await?;
    ensure!(state == "active", "the session is {state}");
    pair.customer().run("return window.__e2e.stop()", vec![]).await
}

async fn embedded(bench: &Workbench) -> Result<()> {
    let before = format!("{OVERLAY}{STREAMS}");
    let pair = Pair::start_after(bench, PAGE, Transport::Relay, &before, json!({})).await?;
    let browser = &bench.agent;
    browser.goto(&bench.page("/pages/blank.html")).await?;
    let address =
        format!("{}/slave.html#relay={}&sid={}&name=Ada&nosidinput=1", bench.dist()?, pair.relay()?, pair.token()?);
    let embed = "window.__heard = [];
        addEventListener('message', ({ data, origin }) => data?.type === 'cobrowse' && window.__heard.push([data.event, origin]));
        const frame = document.body.appendChild(document.createElement('iframe'));
        Object.assign(frame.style, { width: '1200px', height: '700px' });
        frame.src = arguments[0];";
    // Another origin than the page around it.
    let address = address.replace("127.0.0.1", "localhost").replacen(
        &pair.relay()?.replace("127.0.0.1", "localhost"),
        pair.relay()?,
        1,
    );
    browser.run(embed, vec![json!(address)]).await?;
    let ready = "return document.getElementById('share') && !document.getElementById('share').hidden";
    for _ in 0..200 {
        if browser.in_frame("iframe", ready).await? == json!(true) {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    browser.in_frame("iframe", "document.getElementById('screen').click()").await?;
    agree(pair.customer()).await?;
    let screens =
        "return window.__heard.filter(([event]) => event.startsWith('screen')).map(([event]) => event).join()";
    wait(browser, "the milestone of the beginning", &format!("{screens} === 'screen-connected'")).await?;
    press(pair.customer(), ".screen button:last-child").await?;
    wait(browser, "the milestone of the end", &format!("{screens} === 'screen-connected,screen-ended'")).await?;
    sleep(Duration::from_millis(500)).await;
    pair.customer().run("return window.__e2e.stop()", vec![]).await?;
    sleep(Duration::from_millis(500)).await;
    let all: String = browser.eval(screens, vec![]).await?;
    ensure!(all == "screen-connected,screen-ended", "each once, found {all}");
    Ok(())
}
