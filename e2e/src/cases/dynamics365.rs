//! A tab of Dynamics 365 Omnichannel: the example of docs/integrations, with web resources that `cobrowse dynamics365 package` has
//! written, on a server of another origin than the relay's, driven from the invitation to the end.

use super::screen;
use crate::{
    browser::Browser,
    examples::{Examples, answer, load, question, until},
    workbench::Workbench,
};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{process::Command, time::sleep};

/// What happens.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scenario {
    /// By a link in the chat, to the end; and a second time, until the tab is closed.
    Session,
    /// By a number that the customer types.
    Number,
    /// Declined, withdrawn, expired.
    Refused,
    /// What the tab's parameter may look like.
    Data,
    /// Who may have the agent's page in a frame, and direct it.
    Origins,
    /// Milestones come once each, whoever says what.
    Milestones,
    /// The tab for screen sharing: the customer's screen, from the invitation to the end.
    Screen,
}

impl Scenario {
    /// All of them.
    pub(crate) const ALL: [Self; 7] =
        [Self::Session, Self::Number, Self::Refused, Self::Data, Self::Origins, Self::Milestones, Self::Screen];

    /// For the case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Number => "number",
            Self::Refused => "refused",
            Self::Data => "data",
            Self::Origins => "origins",
            Self::Milestones => "milestones",
            Self::Screen => "screen",
        }
    }
}

const SECRET: &str = "a secret for invitations";
const CONVERSATION: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";
/// From the stand-in's window to the agent's page.
const EMBEDDED: [&str; 2] = ["#resource", "iframe"];

/// Runs one scenario.
pub(crate) async fn run(bench: &Workbench, scenario: Scenario) -> Result<()> {
    let name = format!("dynamics365-{}", scenario.name());
    if let Scenario::Screen = scenario {
        let own = bench.with_flags(&screen::FLAGS).await?;
        let desk = Desk::open(&own, &name, &[], true).await?;
        let result = shared_screen(&desk).await.and_then(|()| desk.relay.relay.check());
        drop(desk);
        own.close().await?;
        return result;
    }
    let desk = match scenario {
        // So long an invitation stands.
        Scenario::Refused => Desk::open(bench, &name, &["--absence", "4s"], true).await?,
        _ => Desk::open(bench, &name, &[], true).await?,
    };
    match scenario {
        Scenario::Session => session(&desk).await?,
        Scenario::Number => number(&desk).await?,
        Scenario::Refused => refused(&desk).await?,
        Scenario::Data => data(&desk).await?,
        Scenario::Origins => origins(bench, &desk).await?,
        Scenario::Milestones => milestones(&desk).await?,
        Scenario::Screen => {}
    }
    bench.customer.goto(&bench.page("/pages/blank.html")).await?;
    bench.agent.goto(&bench.page("/pages/blank.html")).await?;
    desk.relay.relay.check()
}

/// An organisation's server, with the web resources, and the relay.
struct Desk<'a> {
    bench: &'a Workbench,
    customer: &'a Browser,
    agent: &'a Browser,
    organisation: Examples,
    relay: Examples,
}

impl<'a> Desk<'a> {
    async fn open(bench: &'a Workbench, name: &str, arguments: &[&str], is_listed: bool) -> Result<Self> {
        let organisation = Examples::open(bench, &format!("{name}-organisation"), &[]).await?;
        let listed = ["--frame-ancestors", &organisation.relay.url];
        let listed: &[&str] = if is_listed { &listed } else { &[] };
        let arguments = [&["--invite-secret", SECRET], listed, arguments].concat();
        let relay = Examples::open(bench, name, &arguments).await?;
        let desk = Self { bench, customer: &bench.customer, agent: &bench.agent, organisation, relay };
        desk.write_resources(SECRET, &desk.relay.relay.url).await?;
        Ok(desk)
    }

    /// As an administrator does it.
    async fn write_resources(&self, key: &str, relay: &str) -> Result<()> {
        let folder = &self.organisation.folder;
        let output = Command::new(self.bench.cobrowse())
            .args(["dynamics365", "package", "--relay", relay, "--key", key, "--screen-sharing", "--force"])
            .args(["--site", &self.relay.page("dynamics-365/shop.html")])
            .arg("--out")
            .arg(folder.join("cobrowse.zip"))
            .arg("--web-resources")
            .arg(folder.join("resources"))
            .output()
            .await
            .context("cobrowse dynamics365 package")?;
        ensure!(output.status.success(), "cobrowse dynamics365 package: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    /// Opens Omnichannel, and the tab by the button of the conversation.
    async fn open_tab(&self, query: &str, button: &str) -> Result<()> {
        let page = self.organisation.page("dynamics-365/omnichannel.html");
        self.agent.goto(&format!("{page}?conversation={CONVERSATION}{query}")).await?;
        self.agent.click(button).await
    }

    /// Runs a function body in the agent's page.
    async fn embedded(&self, body: &str) -> Result<Value> {
        self.agent.in_frames(&EMBEDDED, body).await
    }

    /// Waits until a function body is true there.
    async fn until_embedded(&self, label: &str, body: &str) -> Result<()> {
        for _ in 0..400 {
            // The frame may still be loading.
            if self.embedded(body).await.is_ok_and(|found| found == json!(true)) {
                return Ok(());
            }
            sleep(Duration::from_millis(40)).await;
        }
        let status = self.embedded("return document.getElementById('status').textContent").await;
        bail!("{label}: not in time; the agent's page says {status:?}")
    }

    async fn says(&self, text: &str) -> Result<()> {
        let body = format!("return document.getElementById('status').textContent.includes({})", json!(text));
        self.until_embedded(text, &body).await
    }

    /// Invites; returns the number.
    async fn invite(&self, mode: &str) -> Result<String> {
        self.until_embedded(
            "the invitation's form",
            "return !document.getElementById('invite-begin').hidden && !document.getElementById('invite').hidden",
        )
        .await?;
        let script = format!(
            "document.getElementById('invite-mode').value = {mode:?}; document.getElementById('invite-start').click()"
        );
        self.embedded(&script).await?;
        self.until_embedded("the invitation", "return !document.getElementById('invite-open').hidden").await?;
        let number =
            self.embedded("return document.getElementById('invite-number').textContent.replace(/\\D/g, '')").await?;
        let number = number.as_str().context("a number")?.to_owned();
        ensure!(number.len() == 9, "the invitation's number is {number:?}");
        Ok(number)
    }

    async fn milestones(&self) -> Result<Vec<String>> {
        self.agent.eval("return window.example.milestones", vec![]).await
    }

    /// Waits until these have been told, and no others.
    async fn told(&self, expected: &[&str]) -> Result<()> {
        let wanted = json!(expected);
        let body = format!("return window.example.milestones.length >= {}", expected.len());
        until(self.agent, "milestones", &body).await?;
        sleep(Duration::from_millis(300)).await;
        let found = self.milestones().await?;
        ensure!(json!(found) == wanted, "milestones: {found:?}, expected {expected:?}");
        Ok(())
    }

    /// What the relay says of a session.
    async fn shown(&self, number: &str) -> Result<Value> {
        let script = "return fetch(arguments[0]).then((answer) => answer.json())";
        let url = format!("{}/api/sessions/{number}", self.relay.relay.url);
        self.customer.eval(script, vec![json!(url)]).await
    }

    async fn look(&self, name: &str) -> Result<()> {
        let folder = self.bench.pictures().await?;
        for (side, browser) in [("customer", self.customer), ("agent", self.agent)] {
            let picture = browser.screenshot().await?;
            tokio::fs::write(folder.join(format!("dynamics365-{name}-{side}.png")), picture).await?;
        }
        Ok(())
    }
}

const CONNECTED: &str = "CobrowseConnectedEvent";
const ENDED: &str = "CobrowseEndedEvent";
const STATE: &str = "return Cobrowse.session.then((session) => session?.state ?? null)";

/// Waits until the session of the customer's page is over.
async fn until_over(browser: &Browser) -> Result<()> {
    let script = "return Cobrowse.session.then((session) => session === null || session.state === 'ended')";
    until(browser, "the customer's end", script).await
}

async fn session(desk: &Desk<'_>) -> Result<()> {
    desk.open_tab("", "#cobrowse").await?;
    let number = desk.invite("shared").await?;
    desk.says("Waiting for the customer to accept").await?;
    desk.look("invited").await?;
    // Into the box where the agent writes; the agent sends it.
    desk.embedded("document.getElementById('invite-chat').click()").await?;
    until(desk.agent, "the link in the chat", "return document.getElementById('box').value !== ''").await?;
    desk.agent.click("#send").await?;
    let sent: Vec<String> = desk.agent.eval("return window.example.sent", vec![]).await?;
    let link = format!("{}?cobrowse={number}", desk.relay.page("dynamics-365/shop.html"));
    ensure!(sent == [link.clone()], "the customer is sent {sent:?}");
    ensure!(desk.milestones().await?.is_empty(), "milestones before there is a customer");

    load(desk.customer, &link).await?;
    until(desk.customer, "the question", "return Boolean(window.__overlay?.querySelector('.card'))").await?;
    let asked = question(desk.customer).await?;
    ensure!(asked.contains("Anna Berg would like to see this page"), "the customer is asked {asked:?}");
    let address: String = desk.customer.eval("return location.search + location.hash", vec![]).await?;
    ensure!(address.is_empty(), "the invitation stays in the address: {address}");
    desk.look("asked").await?;
    answer(desk.customer, true).await?;
    desk.says("Live").await?;
    desk.told(&[CONNECTED]).await?;
    let shown = desk.shown(&number).await?;
    ensure!(
        shown["reference"] == CONVERSATION && shown["open"] == false && shown["mode"] == "shared",
        "the session is {shown}"
    );
    let seen = desk.embedded("return window.cobrowsePlayer.document.querySelector('.address').textContent").await?;
    ensure!(!seen.to_string().contains("Mill Lane"), "what is masked is seen: {seen}");
    desk.look("session").await?;
    click_lamp(desk).await?;
    // A reload of the customer's page is no second connection.
    load(desk.customer, &desk.relay.page("dynamics-365/shop.html")).await?;
    desk.says("Live").await?;
    desk.told(&[CONNECTED]).await?;

    desk.embedded("document.getElementById('end').click()").await?;
    desk.told(&[CONNECTED, ENDED]).await?;
    desk.says("ended by an agent").await?;
    until_over(desk.customer).await?;
    // Again, from the same tab.
    let second = desk.invite("follow").await?;
    ensure!(second != number, "the same number twice");
    load(desk.customer, &link.replace(&number, &second)).await?;
    answer(desk.customer, true).await?;
    desk.told(&[CONNECTED, ENDED, CONNECTED]).await?;
    // The tab is closed.
    desk.agent.click("#tab").await?;
    desk.told(&[CONNECTED, ENDED, CONNECTED, ENDED]).await?;
    until_over(desk.customer).await?;
    // And the customer ends one.
    desk.agent.click("#cobrowse").await?;
    let third = desk.invite("view").await?;
    load(desk.customer, &link.replace(&number, &third)).await?;
    answer(desk.customer, true).await?;
    desk.told(&[CONNECTED, ENDED, CONNECTED, ENDED, CONNECTED]).await?;
    desk.customer.run("return Cobrowse.session.then((session) => session.stop())", vec![]).await?;
    desk.says("The customer has ended the session").await?;
    desk.told(&[CONNECTED, ENDED, CONNECTED, ENDED, CONNECTED, ENDED]).await
}

/// The agent ticks a box of the customer's page.
async fn click_lamp(desk: &Desk<'_>) -> Result<()> {
    let place = "
        const iframe = document.querySelector('main iframe'), outer = iframe.getBoundingClientRect();
        const box = iframe.contentDocument.querySelector('#lamp').getBoundingClientRect();
        const scale = outer.width / iframe.offsetWidth;
        return [outer.left + (box.left + box.width / 2) * scale, outer.top + (box.top + box.height / 2) * scale];
    ";
    let place = desk.embedded(place).await?;
    let outer: [f64; 2] = desk
        .agent
        .eval(
            "const { left, top } = document.getElementById('resource').getBoundingClientRect(); return [left, top]",
            vec![],
        )
        .await?;
    let at = |index: usize| place[index].as_f64().map(|inner| inner + outer[index]).context("a place");
    desk.agent.click_at(at(0)?, at(1)?).await?;
    until(desk.customer, "the agent's click", "return document.getElementById('lamp').checked").await
}

async fn number(desk: &Desk<'_>) -> Result<()> {
    desk.open_tab("", "#cobrowse").await?;
    let number = desk.invite("view").await?;
    load(desk.customer, &desk.relay.page("dynamics-365/shop.html")).await?;
    let enter = async |text: &str, says: &str| -> Result<()> {
        desk.customer.run("document.getElementById('number').value = ''", vec![]).await?;
        desk.customer.type_into("#number", &format!("{text}\u{e007}")).await?;
        let body = format!("return document.getElementById('said').textContent.includes({})", json!(says));
        until(desk.customer, says, &body).await
    };
    enter("12345", "invitation: expected nine digits, found \"12345\"").await?;
    let wrong = format!("{:09}", (number.parse::<u64>()? + 1) % 1_000_000_000);
    enter(&wrong, "the invitation has expired or was withdrawn, or its number is wrong").await?;
    ensure!(question(desk.customer).await?.is_empty(), "the customer is asked about a wrong number");
    // As people write it.
    let written = format!("{} {}-{}", &number[..3], &number[3..6], &number[6..]);
    desk.customer.run("document.getElementById('number').value = ''", vec![]).await?;
    desk.customer.type_into("#number", &format!("{written}\u{e007}")).await?;
    answer(desk.customer, true).await?;
    desk.says("Live").await?;
    desk.told(&[CONNECTED]).await?;
    // The mode is the agent's wish, also where the page allows more.
    let mode: String = desk.customer.eval("return Cobrowse.session.then(({ mode }) => mode)", vec![]).await?;
    ensure!(mode == "view", "the session's mode is {mode}");
    // Somebody else with the same number is not let in.
    let second = desk.bench.another_browser().await?;
    load(&second, &format!("{}?cobrowse={number}", desk.relay.page("dynamics-365/shop.html"))).await?;
    until(&second, "what is wrong", "return Boolean(window.__overlay?.querySelector('.card'))").await?;
    let said = question(&second).await?;
    ensure!(said.contains("no longer valid"), "a link that was used says {said:?}");
    let picture = second.screenshot().await?;
    tokio::fs::write(desk.bench.pictures().await?.join("dynamics365-used-customer.png"), picture).await?;
    second.close().await?;
    // Two requests found nothing, as the console tells.
    desk.customer.faults().await.map(drop)
}

async fn refused(desk: &Desk<'_>) -> Result<()> {
    let page = desk.relay.page("dynamics-365/shop.html");
    desk.open_tab("", "#cobrowse").await?;
    // Declined.
    let number = desk.invite("shared").await?;
    load(desk.customer, &format!("{page}?cobrowse={number}")).await?;
    answer(desk.customer, false).await?;
    desk.says("The customer has declined").await?;
    let state: Option<String> = desk.customer.eval(STATE, vec![]).await?;
    ensure!(state.is_none(), "a session that was declined is {state:?}");
    // Withdrawn: the link leads nowhere any more.
    let number = desk.invite("shared").await?;
    desk.embedded("document.getElementById('invite-cancel').click()").await?;
    desk.says("ended by an agent").await?;
    load(desk.customer, &format!("{page}#cobrowse={number}")).await?;
    desk.customer.reload().await?;
    load(desk.customer, &format!("{page}?a=b#cobrowse={number}")).await?;
    until(desk.customer, "what is wrong", "return Boolean(window.__overlay?.querySelector('.card'))").await?;
    let said = question(desk.customer).await?;
    ensure!(said.contains("no longer valid"), "a link that was withdrawn says {said:?}");
    desk.look("withdrawn").await?;
    let address: String = desk.customer.eval("return location.search + location.hash", vec![]).await?;
    ensure!(address == "?a=b", "the address has become {address:?}");
    // Expired.
    desk.invite("shared").await?;
    desk.says("The invitation has expired").await?;
    desk.look("expired").await?;
    ensure!(desk.milestones().await?.is_empty(), "milestones of what never was: {:?}", desk.milestones().await?);
    desk.customer.faults().await.map(drop)
}

async fn data(desk: &Desk<'_>) -> Result<()> {
    let once = "%7B%22conversationId%22%3A%220f8fad5b-d9cb-469f-a165-70867728950e%22%7D";
    let twice = once.replace('%', "%25");
    let good = [
        once.to_owned(),
        twice.clone(),
        twice.replace('%', "%25"),
        // Blanks as `+`, braces around the id, other fields beside it.
        "%7B+%22channel%22%3A+%22chat%22%2C+%22conversationId%22%3A+%22%7B0f8fad5b-d9cb-469f-a165-70867728950e%7D%22+%7D".to_owned(),
        // As a text within JSON.
        "%22%7B%5C%22conversationId%5C%22%3A%5C%220f8fad5b-d9cb-469f-a165-70867728950e%5C%22%7D%22".to_owned(),
        // Not encoded at all, as far as an address can be.
        "{\"conversationId\":\"0f8fad5b-d9cb-469f-a165-70867728950e\"}".to_owned(),
    ];
    for text in &good {
        // The stand-in takes it from its own address, where it is encoded once more.
        let query: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        desk.open_tab(&format!("&data={query}"), "#cobrowse").await?;
        desk.says("Ready").await.with_context(|| text.clone())?;
        let id = desk.embedded("return window.cobrowseEmbedded.desk.conversationId").await?;
        ensure!(id == CONVERSATION, "{text}: the conversation is {id}");
    }
    for (text, says) in [
        ("", "opened without its parameter \"data\""),
        ("x", "is no JSON object: expected {\"conversationId\": \"…\"}, found x."),
        ("%7B%7D", "has no conversationId: found {}"),
        ("%7B%22conversationId%22%3A%20%22%22%7D", "has no conversationId"),
        ("%5B1%5D", "is no JSON object"),
        ("%7B%22conversationId", "is no JSON object"),
        ("%E0%A4%A", "is no JSON object"),
    ] {
        let query: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        desk.open_tab(&format!("&data={query}"), "#cobrowse").await?;
        let body = "const problem = document.getElementById('problem'); return [problem.hidden, problem.textContent, document.querySelectorAll('iframe').length]";
        let mut found = Value::Null;
        for _ in 0..100 {
            found = desk.agent.in_frame("#resource", body).await.unwrap_or_default();
            if found[0] == false {
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
        ensure!(
            found[1].as_str().is_some_and(|said| said.contains(says)) && found[2] == 0,
            "{text:?}: the tab says {found}"
        );
    }
    Ok(())
}

async fn origins(bench: &Workbench, desk: &Desk<'_>) -> Result<()> {
    // The relay's secret is another one: it is said in words.
    desk.write_resources("a secret of another relay", &desk.relay.relay.url).await?;
    desk.open_tab("", "#cobrowse").await?;
    desk.says("Ready").await?;
    desk.embedded("document.getElementById('invite-start').click()").await?;
    let body =
        "return document.getElementById('invite-problem').textContent.includes('does not take the key of this tab')";
    desk.until_embedded("what is wrong with the key", body).await?;
    desk.agent.faults().await?;
    // What the page around says is heard from the page around only, and nothing is told to another one.
    let heard = desk
        .embedded("window.postMessage({ type: 'cobrowse', command: 'open', conversationId: 'x', key: 'y' }, '*'); return new Promise((done) => setTimeout(() => done(window.cobrowseEmbedded.desk.conversationId), 300))")
        .await?;
    ensure!(heard == CONVERSATION, "the agent's page is directed by itself: {heard}");

    // Where the relay serves the web resources, too, as in the demonstration, nobody has to be listed.
    desk.write_resources(SECRET, &desk.organisation.relay.url).await?;
    desk.open_tab("", "#cobrowse").await?;
    desk.says("Ready").await?;

    // A relay that lists nobody: the page can be in a frame, as it always could, but nobody directs it.
    let unlisted = Desk::open(bench, "dynamics365-unlisted", &[], false).await?;
    unlisted.open_tab("", "#cobrowse").await?;
    unlisted.says("may not direct it: the relay does not list it (--frame-ancestors)").await?;
    let hidden = unlisted.embedded("return document.getElementById('invite').hidden").await?;
    ensure!(hidden == true, "a page that is not listed is let in");
    // One that lists others: the browser does not show it at all.
    let others =
        Desk::open(bench, "dynamics365-others", &["--frame-ancestors", "https://org.crm.dynamics.com"], false).await?;
    others.open_tab("", "#cobrowse").await?;
    sleep(Duration::from_secs(1)).await;
    let found =
        others.agent.in_frames(&EMBEDDED, "return document.getElementById('status')?.textContent ?? null").await;
    ensure!(!found.as_ref().is_ok_and(Value::is_string), "a page that may not have it in a frame has it: {found:?}");
    let shown = others.agent.in_frames(&EMBEDDED, "return location.href").await;
    ensure!(shown.as_ref().is_ok_and(|shown| shown == "chrome-error://chromewebdata/"), "the frame shows {shown:?}");
    others.agent.faults().await?;
    desk.agent.goto(&bench.page("/pages/blank.html")).await
}

async fn shared_screen(desk: &Desk<'_>) -> Result<()> {
    let (shown, gone) = ("ScreenShareConnectedEvent", "ScreenShareEndedEvent");
    desk.open_tab("", "#screen").await?;
    let number = desk.invite("follow").await?;
    let page = desk.relay.page("dynamics-365/shop.html");
    load(desk.customer, &format!("{page}?cobrowse={number}")).await?;
    answer(desk.customer, true).await?;
    // The agent's page asks for the screen by itself; the customer is asked about that, too, and ends it.
    screen::agree(desk.customer).await.context("the question about the screen")?;
    let video = "const { video } = cobrowsePlayer.screen; return Boolean(video) && video.videoWidth > 0";
    desk.until_embedded("the customer's screen", video).await?;
    desk.told(&[shown]).await?;
    desk.look("screen").await?;
    screen::press(desk.customer, ".screen button:last-child").await?;
    desk.told(&[shown, gone]).await?;
    // Once more, and then all of it is over.
    desk.embedded("cobrowsePlayer.screen.request()").await?;
    screen::agree(desk.customer).await?;
    desk.told(&[shown, gone, shown]).await?;
    desk.embedded("document.getElementById('end').click()").await?;
    desk.told(&[shown, gone, shown, gone]).await?;
    until_over(desk.customer).await
}

async fn milestones(desk: &Desk<'_>) -> Result<()> {
    desk.open_tab("", "#cobrowse").await?;
    let number = desk.invite("shared").await?;
    // Others than the agent's page are not heard.
    let forged = "document.getElementById('resource').contentWindow.postMessage({ type: 'cobrowse', event: 'connected', token: '1' }, '*')";
    desk.agent.run(forged, vec![]).await?;
    sleep(Duration::from_millis(300)).await;
    ensure!(desk.milestones().await?.is_empty(), "a forged milestone is told: {:?}", desk.milestones().await?);
    let page = desk.relay.page("dynamics-365/shop.html");
    load(desk.customer, &format!("{page}?cobrowse={number}")).await?;
    answer(desk.customer, true).await?;
    desk.told(&[CONNECTED]).await?;
    // The customer's screen, as the agent's page tells of it: each time it is shown, and not twice for one.
    let screen = async |is_shown: bool| desk.embedded(&format!("window.cobrowseEmbedded.screen({is_shown})")).await;
    for is_shown in [true, true, false, false, true] {
        screen(is_shown).await?;
    }
    let (shown, gone) = ("ScreenShareConnectedEvent", "ScreenShareEndedEvent");
    desk.told(&[CONNECTED, shown, gone, shown]).await?;
    // The web resource is loaded anew, as Omnichannel does it when an agent comes back to the tab: both are over, once.
    desk.agent.run("document.getElementById('resource').contentWindow.location.reload()", vec![]).await?;
    desk.told(&[CONNECTED, shown, gone, shown, ENDED, gone]).await?;
    until_over(desk.customer).await?;
    desk.says("Ready").await?;
    // Taken out of the page without having been asked to leave.
    let second = desk.invite("shared").await?;
    load(desk.customer, &format!("{page}?cobrowse={second}")).await?;
    answer(desk.customer, true).await?;
    desk.told(&[CONNECTED, shown, gone, shown, ENDED, gone, CONNECTED]).await?;
    desk.agent.run("document.getElementById('resource').remove()", vec![]).await?;
    desk.told(&[CONNECTED, shown, gone, shown, ENDED, gone, CONNECTED, ENDED]).await?;
    until_over(desk.customer).await?;

    // The tab for screen sharing tells of screens only.
    desk.open_tab("", "#screen").await?;
    let third = desk.invite("shared").await?;
    load(desk.customer, &format!("{page}?cobrowse={third}")).await?;
    answer(desk.customer, true).await?;
    desk.says("Live").await?;
    screen(true).await?;
    desk.embedded("document.getElementById('end').click()").await?;
    desk.told(&[shown, gone]).await
}
