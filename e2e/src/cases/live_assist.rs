//! What the Live Assist document says of a co-browse session (docs/integrations/README.md, 004), on the example of
//! `docs/integrations/examples/live-assist`: a site with two pages that have the tag and one that has not, and an agent's desktop. The
//! chat between the two is played here, as they are in two browsers.

use crate::{agent_page::wait, browser::Browser, pair::OVERLAY, raw_agent::RawAgent, workbench::Workbench};
use anyhow::{Context, Result, bail, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use protocol::control::{Control, Refusal};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

/// What is tried.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scenario {
    /// From the invitation to the end, over pages with the tag.
    Example,
    /// Windows that the page opens, and pages without the tag.
    PopOut,
    /// File inputs are blank.
    FileInput,
    /// The agent's desktop is loaded again; and another invitation when a session is over.
    Refresh,
    /// A session of the screen, by an invitation.
    Screen,
}

impl Scenario {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [Self::Example, Self::PopOut, Self::FileInput, Self::Refresh, Self::Screen];

    /// For the case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Example => "example",
            Self::PopOut => "pop-out",
            Self::FileInput => "file-input",
            Self::Refresh => "refresh",
            Self::Screen => "screen",
        }
    }
}

/// Runs one.
pub(crate) async fn run(bench: &Workbench, scenario: Scenario) -> Result<()> {
    match scenario {
        Scenario::Example => example(bench).await,
        Scenario::PopOut => pop_out(bench).await,
        Scenario::FileInput => file_input(bench).await,
        Scenario::Refresh => refresh(bench).await,
        Scenario::Screen => {
            let flags = [
                "--disable-gpu",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                "--disable-features=WebRtcHideLocalIpsWithMdns",
            ];
            let own = bench.with_flags(&flags).await?;
            let result = screen(&own).await;
            own.close().await?;
            result
        }
    }
}

const SITE: &str = "/examples/live-assist";

/// Opens the site and the agent's desktop.
async fn open(bench: &Workbench) -> Result<()> {
    let relay = bench.relay()?;
    bench.customer.goto(&bench.page(&format!("{SITE}/index.html?relay={relay}"))).await?;
    bench.customer.run(OVERLAY, vec![]).await?;
    bench.agent.goto(&bench.page(&format!("{SITE}/agent.html?relay={relay}&name=Ada"))).await
}

/// Brings what was said on one side to the other: what it was.
async fn carry(from: &Browser, to: &Browser) -> Result<String> {
    wait(from, "a word in the chat", "return Chat.sent.length > 0").await?;
    let text: String = from.eval("return Chat.sent.splice(0).at(-1)", vec![]).await?;
    to.run("Chat.carry(arguments[0])", vec![json!(text)]).await?;
    Ok(text)
}

/// Waits until the agent's page, in the desktop, has something true in it.
async fn in_view(bench: &Workbench, label: &str, body: &str) -> Result<()> {
    for _ in 0..600 {
        if bench.agent.in_frame("#view", body).await.ok() == Some(json!(true)) {
            return Ok(());
        }
        sleep(Duration::from_millis(30)).await;
    }
    let says = "return document.getElementById('status')?.textContent";
    bail!("{label}: the agent's page says {}", bench.agent.in_frame("#view", says).await?)
}

async fn says(bench: &Workbench, text: &str) -> Result<()> {
    let body = format!("return document.getElementById('status').textContent.includes({})", json!(text));
    in_view(bench, text, &body).await
}

/// Whether the rebuilt page has a text in it.
async fn shows(bench: &Workbench, text: &str) -> Result<()> {
    let body = format!("return Boolean(window.cobrowsePlayer?.document?.body?.textContent.includes({}))", json!(text));
    in_view(bench, text, &body).await
}

/// Invites, and has the customer accept. The session's number.
async fn begin(bench: &Workbench) -> Result<String> {
    bench.agent.click("#invite").await?;
    let invitation = carry(&bench.agent, &bench.customer).await?;
    ensure!(invitation == "/co-browse Ada", "{invitation:?}");
    wait(&bench.customer, "the question", "return Boolean(window.__overlay?.querySelector('.card .yes'))").await?;
    let asked: String =
        bench.customer.eval("return window.__overlay.querySelector('.card').textContent", vec![]).await?;
    ensure!(asked.contains("Ada would like to see this page"), "{asked:?}");
    bench.customer.run("window.__overlay.querySelector('.card .yes').click()", vec![]).await?;
    let answer = carry(&bench.customer, &bench.agent).await?;
    let token = answer.strip_prefix("/session ").with_context(|| format!("the customer's page says {answer:?}"))?;
    says(bench, "Live").await?;
    Ok(token.to_owned())
}

async fn stop(bench: &Workbench) -> Result<()> {
    bench.customer.run("return Cobrowse.session.then((session) => session.stop())", vec![]).await?;
    says(bench, "The customer has ended the session").await
}

async fn example(bench: &Workbench) -> Result<()> {
    open(bench).await?;
    // A no is told through the chat.
    bench.agent.click("#invite").await?;
    carry(&bench.agent, &bench.customer).await?;
    wait(&bench.customer, "the question", "return Boolean(window.__overlay?.querySelector('.card .yes'))").await?;
    bench.customer.key("Escape").await?;
    let no = carry(&bench.customer, &bench.agent).await?;
    ensure!(no == "/declined cobrowse: the customer declined", "{no:?}");
    bench.customer.reload().await?;
    bench.customer.run(OVERLAY, vec![]).await?;

    begin(bench).await?;
    shows(bench, "Your router").await?;
    bench.customer.type_into("#what", "It blinks red").await?;
    in_view(
        bench,
        "what the customer types",
        "return cobrowsePlayer.document.getElementById('what').value === 'It blinks red'",
    )
    .await?;
    // The agent goes to the next page; both are there.
    bench
        .agent
        .in_frame("#view", "cobrowsePlayer.go(new URL('orders.html', cobrowsePlayer.document.baseURI).href)")
        .await?;
    wait(&bench.customer, "the customer is on the next page", "return document.title === 'Orders'").await?;
    shows(bench, "One router, sent on Monday").await?;
    says(bench, "Live").await?;
    // And the customer goes back.
    bench.customer.click("#to-index").await?;
    shows(bench, "Your router").await?;
    says(bench, "Live").await?;
    // A picture for the customer, by the desktop's agent's page.
    bench.customer.run(OVERLAY, vec![]).await?;
    let show = "const canvas = Object.assign(document.createElement('canvas'), { width: 300, height: 200 });
        canvas.getContext('2d').fillRect(0, 0, 150, 200);
        canvas.toBlob((blob) => cobrowsePlayer.shareDocument(new File([blob], 'steps.png')))";
    bench.agent.in_frame("#view", show).await?;
    in_view(bench, "the picture", "return document.getElementById('shown-text').textContent.includes('is shown')")
        .await?;
    bench.customer.key("Escape").await?;
    in_view(bench, "closed", "return document.getElementById('shown-text').textContent.includes('was closed')").await?;
    stop(bench).await
}

async fn pop_out(bench: &Workbench) -> Result<()> {
    open(bench).await?;
    begin(bench).await?;
    sleep(Duration::from_millis(600)).await;
    // A page without the tag.
    bench.customer.click("#to-leaflet").await?;
    says(
        bench,
        "The customer has left the page. Co-browsing goes on when a page of the site opens that has the script.",
    )
    .await?;
    bench.customer.click("#to-index").await?;
    says(bench, "Live").await?;
    sleep(Duration::from_millis(600)).await;

    // A window of its own without the tag, by a link and by a script.
    let home = bench.customer.window().await?;
    for (how, by) in [("a link", "#pop-out"), ("a script", "")] {
        if by.is_empty() {
            bench.customer.run("window.open('leaflet.html', 'leaflet')", vec![]).await?;
        } else {
            bench.customer.click(by).await?;
        }
        let opened = bench.customer.other_windows(&home).await?;
        let Some(window) = opened.first() else { bail!("{how} has opened no window") };
        bench.customer.turn_to(window).await?;
        says(bench, "a window that the page has opened. It is not shared").await.with_context(|| how.to_owned())?;
        bench.customer.close_tab().await?;
        bench.customer.turn_to(&home).await?;
        says(bench, "Live").await.with_context(|| how.to_owned())?;
    }
    // Another window is one of another kind.
    let [tab, _] = bench.customer.open_tab().await?;
    bench.customer.turn_to(&tab).await?;
    says(bench, "looking at another tab").await?;
    bench.customer.close_tab().await?;
    bench.customer.turn_to(&home).await?;
    says(bench, "Live").await?;

    // A window of its own that has the tag is part of the session.
    bench.customer.click("#pop-orders").await?;
    let opened = bench.customer.other_windows(&home).await?;
    let Some(window) = opened.first() else { bail!("no window has opened") };
    bench.customer.turn_to(window).await?;
    shows(bench, "One router, sent on Monday").await?;
    says(bench, "Live").await?;
    bench.customer.close_tab().await?;
    bench.customer.turn_to(&home).await?;
    shows(bench, "Your router").await?;
    says(bench, "Live").await?;
    stop(bench).await
}

async fn file_input(bench: &Workbench) -> Result<()> {
    open(bench).await?;
    let token = begin(bench).await?;
    shows(bench, "A picture of it").await?;
    // A file that the customer has chosen is no business of the agent's either.
    bench
        .customer
        .choose_file("return document.getElementById('picture')", &bench.fixture("documents/steps.png"))
        .await?;
    bench.customer.run("document.getElementById('name').value = 'Jo'; document.getElementById('name').dispatchEvent(new Event('input'))", vec![]).await?;
    in_view(bench, "a later change", "return cobrowsePlayer.document.getElementById('name').value === 'Jo'").await?;
    let boxes = "const node = arguments[0].getElementById('picture'), { width, height } = node.getBoundingClientRect(); return [Math.round(width), Math.round(height)]";
    let own: Value = bench.customer.eval(&boxes.replace("arguments[0]", "document"), vec![]).await?;
    let copy = bench.agent.in_frame("#view", &boxes.replace("arguments[0]", "cobrowsePlayer.document")).await?;
    ensure!(own == copy, "the space is {copy} at the agent's, {own} at the customer's");
    // Blank: every pixel of it in the agent's window has the colour beside it.
    let place = "const view = document.getElementById('view').getBoundingClientRect(), box = cobrowsePlayer.document.getElementById('picture').getBoundingClientRect();
        const frame = document.querySelector('#view iframe').getBoundingClientRect(), scale = frame.width / cobrowsePlayer.document.defaultView.innerWidth;
        return [frame.x + box.x * scale, frame.y + box.y * scale, box.width * scale, box.height * scale]";
    let place = bench.agent.in_frame("#view", place).await?;
    let picture = bench.agent.screenshot().await?;
    let colours = "
        const image = new Image();
        image.src = 'data:image/png;base64,' + arguments[0];
        return image.decode().then(() => {
            const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
            const context = canvas.getContext('2d');
            context.drawImage(image, 0, 0);
            const [x, y, width, height] = arguments[1].map(Math.round);
            const { data } = context.getImageData(x + 1, y + 1, width - 2, height - 2);
            const seen = new Set();
            for (let at = 0; at < data.length; at += 4) seen.add(data.slice(at, at + 3).join());
            return [...seen];
        })";
    let arguments = vec![json!(BASE64_STANDARD.encode(picture)), place];
    let seen: Vec<String> = bench.agent.eval(colours, arguments).await?;
    ensure!(seen.len() == 1, "something is to be seen where the file input is: {} colours", seen.len());
    // The agent can do nothing to it.
    let mut agent = RawAgent::join(bench.relay()?, &token).await?;
    let picture = agent.node("picture")?;
    bench
        .agent
        .in_frame(
            "#view",
            "cobrowsePlayer.giveControl(arguments[0])".replace("arguments[0]", &agent.user.to_string()).as_str(),
        )
        .await?;
    let user = agent.user;
    agent.until(|message| matches!(message, Control::Controller { user: who, .. } if *who == user)).await?;
    for command in
        [Control::Click { node: picture, x: 1, y: 1 }, Control::Input { node: picture, value: "x".to_owned() }]
    {
        let reason = agent.command(&command).await?;
        ensure!(reason == Refusal::Element as u8, "{}: {reason}", command.name());
    }
    stop(bench).await
}

async fn refresh(bench: &Workbench) -> Result<()> {
    open(bench).await?;
    let token = begin(bench).await?;
    bench.customer.type_into("#what", "It blinks red").await?;
    let typed = "return cobrowsePlayer.document?.getElementById('what')?.value === 'It blinks red'";
    in_view(bench, "what the customer typed", typed).await?;
    // The whole desktop is loaded again. The session goes on at the customer's; an invitation is as good as the number.
    bench.agent.reload().await?;
    let state = "return Cobrowse.session.then((session) => session.state)";
    wait(&bench.customer, "the customer waits", &format!("{state}.then((state) => state === 'waiting')")).await?;
    bench.agent.run("Chat.carry('/session ' + arguments[0])", vec![json!(token)]).await?;
    says(bench, "Live").await?;
    in_view(bench, "what the customer typed, after the refresh", typed).await?;
    // The session ends, and another invitation resumes it, without any loss of data.
    stop(bench).await?;
    let second = begin(bench).await?;
    ensure!(second != token, "a session that is over goes on");
    in_view(bench, "what the customer typed, in another session", typed).await?;
    // The agent leaves for good: the next invitation is for a customer who is still in a session.
    bench.agent.goto(&bench.page(&format!("{SITE}/agent.html?relay={}&name=Ada", bench.relay()?))).await?;
    bench.customer.run("return Cobrowse.session.then((session) => session.stop())", vec![]).await?;
    begin(bench).await?;
    in_view(bench, "what the customer typed, in a third session", typed).await?;
    stop(bench).await
}

async fn screen(bench: &Workbench) -> Result<()> {
    open(bench).await?;
    bench.agent.click("#screen").await?;
    carry(&bench.agent, &bench.customer).await?;
    wait(&bench.customer, "the question", "return Boolean(window.__overlay?.querySelector('.card .warning'))").await?;
    let place = "const { x, y, width, height } = window.__overlay.querySelector('.card .yes').getBoundingClientRect(); return [x + width / 2, y + height / 2]";
    let [x, y]: [f64; 2] = bench.customer.eval(place, vec![]).await?;
    bench.customer.click_at(x, y).await?;
    carry(&bench.customer, &bench.agent).await?;
    in_view(
        bench,
        "the screen",
        "return cobrowsePlayer.screen.state === 'shown' && cobrowsePlayer.screen.video.videoWidth > 0",
    )
    .await?;
    in_view(bench, "nothing of the page", "return cobrowsePlayer.document === null").await?;
    stop(bench).await
}
