//! Pictures that an agent shows the customer: what is shown, what is refused and by whom, and what becomes of one when pages,
//! networks and agents come and go.

use crate::{
    agent_page::{AgentPage, wait},
    pair::{OVERLAY, Pair, Transport},
    raw_agent::RawAgent,
    uplink::{FAST, Uplink, Way},
    workbench::Workbench,
};
use anyhow::{Context, Result, ensure};
use protocol::control::{Control, DOCUMENT_PIECE, Refusal};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

/// What is tried.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scenario {
    /// JPG, PNG and GIF are shown, closed and taken back, on a page whose policy allows no pictures.
    Shown,
    /// What an agent's page refuses: by what a file holds, not by its name.
    Picker,
    /// What the customer's page refuses, whoever sends it.
    Gate,
    /// The customer goes to another page, or loads the page again, while a picture is open.
    Navigation,
    /// Networks that are cut in the middle, at the customer's and at the agent's.
    Cut,
    /// Two agents; one that comes late, and one that goes.
    Agents,
    /// The words in five languages, for a customer with a telephone.
    Languages,
}

impl Scenario {
    /// All of them.
    pub(crate) const ALL: [Self; 7] =
        [Self::Shown, Self::Picker, Self::Gate, Self::Navigation, Self::Cut, Self::Agents, Self::Languages];

    /// For the case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Picker => "picker",
            Self::Gate => "gate",
            Self::Navigation => "navigation",
            Self::Cut => "cut",
            Self::Agents => "agents",
            Self::Languages => "languages",
        }
    }
}

const PAGE: &str = "/fixtures/form.html";

/// Runs one.
pub(crate) async fn run(bench: &Workbench, scenario: Scenario) -> Result<()> {
    match scenario {
        Scenario::Shown => shown(bench).await,
        Scenario::Picker => picker(bench).await,
        Scenario::Gate => gate(bench).await,
        Scenario::Navigation => navigation(bench).await,
        Scenario::Cut => cut(bench).await,
        Scenario::Agents => agents(bench).await,
        Scenario::Languages => languages(bench).await,
    }
}

/// The strictest policy that the capture script lives with: no pictures, no styles.
const STRICT: &str = "
    const policy = document.createElement('meta');
    policy.httpEquiv = 'Content-Security-Policy';
    policy.content = \"img-src 'none'; style-src 'none'; media-src 'none'; object-src 'none'\";
    document.head.append(policy);
";

/// Function body: the name of the picture that is open, and the colour at a place of it (a share of its size); null for none.
const OPEN: &str = "
    const canvas = window.__overlay?.querySelector('.document canvas');
    if (!canvas) return null;
    const [x, y] = arguments[0] ?? [0.1, 0.1];
    const pixel = canvas.getContext('2d').getImageData(canvas.width * x, canvas.height * y, 1, 1).data;
    return { name: window.__overlay.querySelector('.document small').textContent, title: window.__overlay.querySelector('.document h2').textContent, colour: [...pixel.slice(0, 3)], size: [canvas.width, canvas.height] };
";

const IS_OPEN: &str = "return Boolean(window.__overlay?.querySelector('.document canvas'))";
const IS_CLOSED: &str = "return !window.__overlay?.querySelector('.document')";

async fn opened(pair: &Pair<'_>, at: [f64; 2]) -> Result<Value> {
    wait(pair.customer(), "the picture at the customer's", IS_OPEN).await?;
    pair.customer().eval(OPEN, vec![json!(at)]).await
}

async fn open<'a>(bench: &'a Workbench, before: &str, options: Value) -> Result<(Pair<'a>, AgentPage<'a>)> {
    let script = format!("{OVERLAY}{before}");
    let pair = Pair::start_after(bench, PAGE, Transport::Relay, &script, options).await?;
    let agent = AgentPage::open(bench, &bench.agent, pair.relay()?, pair.token()?, "Ada").await?;
    agent.says("status", "Live").await?;
    agent.says("picture", "Show a picture").await?;
    Ok((pair, agent))
}

fn near(colour: &Value, expected: [u8; 3]) -> bool {
    let parts: Vec<i64> = colour.as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
    parts.len() == 3 && parts.iter().zip(expected).all(|(part, wanted)| (part - i64::from(wanted)).abs() < 12)
}

async fn shown(bench: &Workbench) -> Result<()> {
    let (pair, agent) = open(bench, STRICT, json!({})).await?;
    let customer = pair.customer();
    let pictures = bench.pictures().await?;
    let nodes = "return window.__e2e.sessionStats().nodes";
    let before: u64 = customer.eval(nodes, vec![]).await?;
    customer.run("document.querySelector('input').focus()", vec![]).await?;

    agent.choose(&bench.fixture("documents/steps.png")).await?;
    let seen = opened(&pair, [0.01, 0.01]).await?;
    ensure!(seen["name"] == "steps.png" && seen["title"] == "Ada shows you a picture", "{seen}");
    ensure!(seen["size"] == json!([1600, 1100]) && near(&seen["colour"], [29, 78, 216]), "{seen}");
    agent.says("shown-text", "“steps.png” is shown to the customer").await?;
    tokio::fs::write(pictures.join("document-desktop.png"), customer.screenshot().await?).await?;
    tokio::fs::write(pictures.join("document-agent.png"), agent.browser.screenshot().await?).await?;
    // The agent's copy of the page has nothing of it.
    let after: u64 = customer.eval(nodes, vec![]).await?;
    ensure!(before == after, "the page had {before} nodes, and has {after} with a picture over it");
    let copied: bool =
        agent.browser.eval("return cobrowsePlayer.document.querySelector('cobrowse-overlay') === null", vec![]).await?;
    ensure!(copied, "the agent is told of the overlay");
    // By the keyboard: the focus is in it, and comes back to where it was.
    let focus = "return window.__overlay.activeElement?.className";
    ensure!(customer.eval::<Value>(focus, vec![]).await? == "yes", "the focus is not on the button that closes");
    customer.key("Escape").await?;
    wait(customer, "closed by Escape", IS_CLOSED).await?;
    agent.says("shown-text", "was closed by the customer").await?;
    let back: bool = customer.eval("return document.activeElement === document.querySelector('input')", vec![]).await?;
    ensure!(back, "the focus does not come back to where it was");

    // A telephone's screen; the picture fits, and can be seen in its own size.
    customer.set_look(Some((390, 844, false))).await?;
    agent.choose(&bench.fixture("documents/photo.jpg")).await?;
    let seen = opened(&pair, [0.2, 0.2]).await?;
    ensure!(seen["name"] == "photo.jpg" && near(&seen["colour"], [0, 160, 64]), "{seen}");
    sleep(Duration::from_millis(300)).await;
    tokio::fs::write(pictures.join("document-phone.png"), customer.screenshot().await?).await?;
    let width = "return window.__overlay.querySelector('.document canvas').getBoundingClientRect().width";
    ensure!(customer.eval::<f64>(width, vec![]).await? <= 390.0, "a picture is wider than the telephone");
    customer.run("window.__overlay.querySelector('.document button:not(.yes)').click()", vec![]).await?;
    ensure!(customer.eval::<f64>(width, vec![]).await? > 900.0, "a picture is not shown in its own size");
    customer.run("window.__overlay.querySelector('.document button.yes').click()", vec![]).await?;
    agent.says("shown-text", "was closed by the customer").await?;
    customer.set_look(None).await?;

    // One that moves: another picture of it a moment later. Then it is taken back.
    agent.choose(&bench.fixture("documents/moving.gif")).await?;
    opened(&pair, [0.9, 0.1]).await?;
    let moves = "
        const canvas = window.__overlay?.querySelector('.document canvas');
        const at = () => canvas.getContext('2d').getImageData(230, 10, 1, 1).data.join();
        const first = at(), from = performance.now();
        return new Promise((done) => { (function look() { at() !== first ? done(true) : performance.now() - from > 5000 ? done(false) : setTimeout(look, 20); })(); })";
    ensure!(customer.eval::<bool>(moves, vec![]).await?, "a GIF that moves stands still");
    agent.press("take-back").await?;
    wait(customer, "taken back", IS_CLOSED).await?;
    agent.says("shown-text", "is not shown any more").await?;

    // Nothing of it stays when the session ends.
    agent.choose(&bench.fixture("documents/steps.png")).await?;
    opened(&pair, [0.1, 0.1]).await?;
    customer.run("return window.__e2e.stop()", vec![]).await?;
    wait(customer, "the end", "return document.querySelector('cobrowse-overlay') === null").await
}

async fn picker(bench: &Workbench) -> Result<()> {
    let (pair, agent) = open(bench, "", json!({})).await?;
    let accepted: String = agent.browser.eval("return document.getElementById('file').accept", vec![]).await?;
    ensure!(accepted == ".jpg,.jpeg,.png,.gif,image/jpeg,image/png,image/gif", "the picker offers {accepted}");
    let large = bench.scratch("documents").await?.join("large.png");
    let mut bytes = tokio::fs::read(bench.fixture("documents/steps.png")).await?;
    bytes.resize((10 << 20) + 1, 0);
    tokio::fs::write(&large, bytes).await?;
    let named = bench.scratch("documents").await?.join("picture.txt");
    tokio::fs::copy(bench.fixture("documents/steps.png"), &named).await?;
    for (file, expected) in [
        (bench.fixture("documents/letter.png"), "expected a JPG, PNG or GIF, found \"letter.png\", which is none"),
        (bench.fixture("documents/damaged.png"), "found \"damaged.png\", which is damaged"),
        (bench.fixture("form.html"), "found \"form.html\", which is none"),
        (large, "expected at most 10 MB, found \"large.png\" with 10.0 MB"),
    ] {
        agent.choose(&file).await?;
        agent.says("shown-text", expected).await?;
        let is_problem: bool =
            agent.browser.eval("return document.getElementById('shown').classList.contains('problem')", vec![]).await?;
        ensure!(is_problem, "{expected}: it does not look like an error");
    }
    let nothing: bool = pair.customer().eval(IS_CLOSED, vec![]).await?;
    ensure!(nothing, "something is shown that was refused");
    // A picture is one by what it holds.
    agent.choose(&named).await?;
    opened(&pair, [0.1, 0.1]).await.map(drop)
}

/// Says a picture piece by piece, and hears what becomes of it: state and value.
async fn show(agent: &mut RawAgent, document: u32, bytes: &[u8], size: usize) -> Result<(u8, u32)> {
    for (at, piece) in bytes.chunks(DOCUMENT_PIECE).enumerate() {
        let (at, size) = (u32::try_from(at * DOCUMENT_PIECE)?, u32::try_from(size)?);
        let name = "a.png".to_owned();
        agent.say(&Control::Document { document, size, at, name, bytes: piece.to_vec() }).await?;
        let (state, value) = became(agent, document).await?;
        if state != 0 {
            return Ok((state, value));
        }
    }
    became(agent, document).await
}

async fn became(agent: &mut RawAgent, wanted: u32) -> Result<(u8, u32)> {
    // A refusal is told to all.
    let own = agent.user;
    let is_it = |message: &Control| match message {
        Control::DocumentState { document, .. } => *document == wanted,
        Control::Refused { user, command, .. } => *user == own && *command == 71,
        _ => false,
    };
    match agent.until(is_it).await? {
        Control::DocumentState { state, value, .. } => Ok((state, value)),
        Control::Refused { reason, .. } => Ok((100, reason as u32)),
        _ => Ok((101, 0)),
    }
}

const REFUSED: u8 = 3;

async fn gate(bench: &Workbench) -> Result<()> {
    let pair = Pair::start_after(bench, PAGE, Transport::Relay, OVERLAY, json!({ "mode": "follow" })).await?;
    let mut agent = RawAgent::join(pair.relay()?, pair.token()?).await?;
    let png = tokio::fs::read(bench.fixture("documents/steps.png")).await?;
    let letter = tokio::fs::read(bench.fixture("documents/letter.png")).await?;
    let damaged = tokio::fs::read(bench.fixture("documents/damaged.png")).await?;
    // It says of itself to be 30,000 by 30,000 pixels.
    let mut bomb = png.clone();
    bomb[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    let mut empty = png.clone();
    empty[16..24].fill(0);
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>".to_vec();
    let cut = |len: usize| png[..len].to_vec();
    for (number, (what, bytes, expected)) in [
        ("a letter", letter, 1),
        ("SVG", svg, 1),
        ("a damaged picture", damaged, 3),
        ("no pixels", empty, 3),
        ("too many pixels", bomb, 2),
        ("the beginning of a name", cut(4), 1),
        ("the beginning of a picture", cut(20), 1),
        ("a JPG without a size", vec![0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xd9], 1),
    ]
    .into_iter()
    .enumerate()
    {
        let size = bytes.len();
        let found = show(&mut agent, u32::try_from(number)?, &bytes, size).await?;
        ensure!(found == (REFUSED, expected), "{what}: {found:?}");
    }
    // Larger than may be: it is refused by what it says, before any memory is taken for it.
    let found = show(&mut agent, 50, &png[..100], (10 << 20) + 1).await?;
    ensure!(found == (REFUSED, 2), "too many bytes: {found:?}");
    // Pieces that are more than was said.
    let found = show(&mut agent, 51, &png, 100).await?;
    ensure!(found == (REFUSED, 5), "more than was said: {found:?}");
    // One that begins in the middle is asked for from its beginning.
    let len = u32::try_from(png.len())?;
    let piece = |document, at, bytes: &[u8]| Control::Document {
        document,
        size: len,
        at,
        name: String::new(),
        bytes: bytes.to_vec(),
    };
    agent.say(&piece(52, 500, &png[500..600])).await?;
    ensure!(became(&mut agent, 52).await? == (0, 0), "a picture without a beginning");
    // Pieces twice, and one too soon.
    agent.say(&piece(53, 0, &png[..600])).await?;
    ensure!(became(&mut agent, 53).await? == (0, 600), "the first piece");
    for (at, to) in [(0, 600), (700, 800)] {
        agent.say(&piece(53, at, &png[at as usize..to])).await?;
        ensure!(became(&mut agent, 53).await? == (0, 600), "a piece at {at}");
    }
    // The session is in `follow`: a picture is shown, it does nothing to the page.
    let found = show(&mut agent, 54, &png, png.len()).await?;
    ensure!(found == (1, 0), "a picture in `follow`: {found:?}");
    wait(pair.customer(), "the picture", IS_OPEN).await?;
    pair.customer().key("Escape").await?;
    ensure!(became(&mut agent, 54).await? == (2, 0), "the agent does not hear that it was closed");
    // What was closed does not come back by being sent again.
    agent.say(&piece(54, 0, &png[..600])).await?;
    ensure!(became(&mut agent, 54).await? == (2, 0), "a picture that was closed");

    let mut second = RawAgent::join(pair.relay()?, pair.token()?).await?;
    let found = show(&mut second, 60, &png, png.len()).await?;
    ensure!(found == (100, Refusal::Control as u32), "an agent without control: {found:?}");
    pair.edit("window.__e2e.pause()").await?;
    let found = show(&mut agent, 61, &png, png.len()).await?;
    ensure!(found == (100, Refusal::Paused as u32), "a paused session: {found:?}");
    pair.customer().run("return window.__e2e.stop()", vec![]).await?;

    let pair = Pair::start_after(bench, PAGE, Transport::Relay, OVERLAY, json!({ "documents": false })).await?;
    let mut agent = RawAgent::join(pair.relay()?, pair.token()?).await?;
    let found = show(&mut agent, 70, &png, png.len()).await?;
    ensure!(found == (REFUSED, 4), "a site that has none shown: {found:?}");
    let is_nothing: bool = pair.customer().eval(IS_CLOSED, vec![]).await?;
    ensure!(is_nothing, "a site's wish is not kept");
    pair.customer().run("return window.__e2e.stop()", vec![]).await
}

async fn navigation(bench: &Workbench) -> Result<()> {
    let (pair, agent) = open(bench, "", json!({})).await?;
    agent.choose(&bench.fixture("documents/photo.jpg")).await?;
    opened(&pair, [0.2, 0.2]).await?;
    // A picture that is open is open on the next page, too. The hook has to be there before the overlay is.
    for (what, page) in [("another page", "/fixtures/tree.html"), ("the page again", "")] {
        if page.is_empty() {
            pair.customer().reload().await?;
        } else {
            pair.customer().goto(&bench.page(page)).await?;
        }
        pair.customer().run(OVERLAY, vec![]).await?;
        pair.adopt().await?;
        let seen = opened(&pair, [0.2, 0.2]).await.with_context(|| what.to_owned())?;
        ensure!(near(&seen["colour"], [0, 160, 64]), "{what}: {seen}");
        agent.says("shown-text", "is shown to the customer").await?;
    }
    // One that the customer has closed is not.
    pair.customer().key("Escape").await?;
    agent.says("shown-text", "was closed by the customer").await?;
    pair.customer().goto(&bench.page(PAGE)).await?;
    pair.customer().run(OVERLAY, vec![]).await?;
    pair.adopt().await?;
    agent.says("status", "Live").await?;
    sleep(Duration::from_secs(1)).await;
    let is_closed: bool = pair.customer().eval(IS_CLOSED, vec![]).await?;
    ensure!(is_closed, "a picture that was closed comes back on the next page");
    Ok(())
}

async fn cut(bench: &Workbench) -> Result<()> {
    let customers = Uplink::open(bench.relay()?, FAST).await?;
    let agents = Uplink::open(bench.relay()?, FAST).await?;
    let options = json!({ "relay": customers.url() });
    let pair = Pair::start_after(bench, PAGE, Transport::Relay, OVERLAY, options).await?;
    let agent = AgentPage::open(bench, &bench.agent, agents.url(), pair.token()?, "Ada").await?;
    agent.says("status", "Live").await?;
    // Large enough to be under way for a while: a picture with noise behind it, which browsers do not mind.
    let slow = "
        const picture = new Uint8Array(await (await fetch(arguments[0])).arrayBuffer());
        const bytes = new Uint8Array(9 * 2 ** 20);
        bytes.set(picture);
        await cobrowsePlayer.shareDocument(new File([bytes], 'large.jpg'));";
    let slow = format!("return (async () => {{ {slow} }})()");
    let url = json!(bench.page("/fixtures/documents/photo.jpg"));
    let arrived = "return Number(/([0-9]+) %/.exec(document.getElementById('shown-text').textContent)?.[1] ?? -1)";
    for (whose, uplink) in [("the customer's", &customers), ("the agent's", &agents)] {
        agent.browser.run(&slow, vec![url.clone()]).await?;
        agent.until("under way", &arrived.replace("return ", "return 3 < ")).await?;
        uplink.set(Way::Refused);
        let before: f64 = agent.browser.eval(arrived, vec![]).await?;
        ensure!(before < 95.0, "{whose} network: too quick to be cut, at {before} %");
        sleep(Duration::from_millis(800)).await;
        uplink.set(Way::Open);
        agent.says("shown-text", "is shown to the customer").await.with_context(|| format!("{whose} network"))?;
        let seen = opened(&pair, [0.2, 0.2]).await?;
        ensure!(near(&seen["colour"], [0, 160, 64]), "{seen}");
        pair.customer().key("Escape").await?;
        agent.says("shown-text", "was closed by the customer").await?;
    }
    // While one is under way, what else is said does not wait behind it.
    agent.browser.run(&slow, vec![url]).await?;
    agent.until("under way", &arrived.replace("return ", "return 2 < ")).await?;
    let reached = "window.__moved = null; addEventListener('scroll', () => (window.__moved = true), { once: true }); scrollTo(0, 0); document.body.style.minHeight = '4000px'";
    pair.edit(reached).await?;
    let say = "const from = performance.now(); const { x, y, width, height } = document.getElementById('view').getBoundingClientRect();
        document.elementFromPoint(x + width / 2, y + height / 2).dispatchEvent(new WheelEvent('wheel', { deltaY: 300, clientX: x + width / 2, clientY: y + height / 2, bubbles: true, cancelable: true }));
        return from";
    // The page that is scrolled has to be as long at the agent's, too.
    let long = "return cobrowsePlayer.document.documentElement.scrollHeight > 3000";
    agent.until("the long page", long).await?;
    agent.browser.run(say, vec![]).await?;
    wait(pair.customer(), "scrolled", "return window.__moved === true").await?;
    let still: f64 = agent.browser.eval(arrived, vec![]).await?;
    ensure!(still >= 0.0, "the agent's wheel waited until the picture was there");
    agent.press("take-back").await?;
    agent.says("shown-text", "is not shown any more").await
}

async fn agents(bench: &Workbench) -> Result<()> {
    let (pair, ada) = open(bench, "", json!({})).await?;
    ada.choose(&bench.fixture("documents/steps.png")).await?;
    opened(&pair, [0.1, 0.1]).await?;
    // One that comes late has no part in it: the picture is between its agent and the customer.
    let browser = bench.another_browser().await?;
    let bob = AgentPage::open(bench, &browser, pair.relay()?, pair.token()?, "Bob").await?;
    bob.says("status", "Live").await?;
    bob.until(
        "no part in it",
        "return document.getElementById('shown').hidden && document.getElementById('share').hidden",
    )
    .await?;
    let share = "return fetch(arguments[0]).then((answer) => answer.blob()).then((blob) => cobrowsePlayer.shareDocument(new File([blob], 'b.gif')))";
    bob.browser.run(share, vec![json!(bench.page("/fixtures/documents/moving.gif"))]).await?;
    bob.says("shown-text", "another agent has control").await?;
    // With control it may; the other picture gives way, and its agent hears of it.
    ada.browser
        .run(
            "cobrowsePlayer.giveControl(arguments[0])",
            vec![bob.browser.eval("return cobrowsePlayer.user", vec![]).await?],
        )
        .await?;
    bob.says("picture", "Show a picture").await?;
    bob.choose(&bench.fixture("documents/photo.jpg")).await?;
    ada.says("shown-text", "has given way to another picture").await?;
    let seen = opened(&pair, [0.2, 0.2]).await?;
    ensure!(seen["title"] == "Bob shows you a picture" && seen["name"] == "photo.jpg", "{seen}");
    // Who goes leaves the picture to the customer who reads it.
    browser.close().await?;
    ada.until("alone", "return cobrowsePlayer.hasControl").await?;
    ensure!(pair.customer().eval::<bool>(IS_OPEN, vec![]).await?, "a picture is gone with its agent");
    // An agent's page that is loaded again can show another one in its place.
    ada.browser.reload().await?;
    ada.says("status", "Live").await?;
    ada.says("picture", "Show a picture").await?;
    ada.choose(&bench.fixture("documents/moving.gif")).await?;
    ada.says("shown-text", "is shown to the customer").await?;
    let seen = opened(&pair, [0.2, 0.2]).await?;
    ensure!(seen["name"] == "moving.gif", "{seen}");
    Ok(())
}

async fn languages(bench: &Workbench) -> Result<()> {
    for (language, title, close) in [
        ("de", "Ada zeigt Ihnen ein Bild", "Schließen"),
        ("nl", "Ada laat u een afbeelding zien", "Sluiten"),
        ("fr", "Ada vous montre une image", "Fermer"),
        ("es", "Ada le muestra una imagen", "Cerrar"),
    ] {
        // A site that shows by itself that a session runs has no bar; a picture is shown there, too.
        let options = json!({ "language": language, "overlay": language != "es" });
        let (pair, agent) = open(bench, "", options).await?;
        agent.choose(&bench.fixture("documents/steps.png")).await?;
        let seen = opened(&pair, [0.1, 0.1]).await?;
        let button: String = pair
            .customer()
            .eval("return window.__overlay.querySelector('.document button.yes').textContent", vec![])
            .await?;
        ensure!(seen["title"] == title && button == close, "{language}: {seen}, {button}");
        pair.customer().run("return window.__e2e.stop()", vec![]).await?;
    }
    Ok(())
}
