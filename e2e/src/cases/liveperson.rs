//! LivePerson's offers: the example of docs/integrations, driven from the invitation to the end, with the suite as LivePerson's
//! servers between the two pages; and what messages say.

use crate::{
    browser::Browser,
    examples::{Examples, answer, load, question, until},
    workbench::Workbench,
};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

/// What happens.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scenario {
    /// From the invitation to the end, in one of the three modes.
    Session(&'static str),
    /// The customer declines.
    Declined,
    /// Nobody answers in time, or the agent takes it back.
    Over,
    /// Offers that come as events only: before the adapter listens, twice, answered by the site.
    Events,
    /// A second offer while one stands, and while a session runs.
    Second,
    /// The page is left while the customer is asked, and while a session runs.
    Pages,
    /// The relay does not answer.
    NoRelay,
    /// LivePerson's own messages, and others.
    Messages,
    /// Requests to `initConnection`.
    Features,
}

impl Scenario {
    /// All of them.
    pub(crate) const ALL: [Self; 11] = [
        Self::Session("shared"),
        Self::Session("view"),
        Self::Session("follow"),
        Self::Declined,
        Self::Over,
        Self::Events,
        Self::Second,
        Self::Pages,
        Self::NoRelay,
        Self::Messages,
        Self::Features,
    ];

    /// For the case's name.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Session(mode) => format!("session-{mode}"),
            Self::Declined => "declined".to_owned(),
            Self::Over => "over".to_owned(),
            Self::Events => "events".to_owned(),
            Self::Second => "second".to_owned(),
            Self::Pages => "pages".to_owned(),
            Self::NoRelay => "no-relay".to_owned(),
            Self::Messages => "messages".to_owned(),
            Self::Features => "features".to_owned(),
        }
    }
}

const AGENT: &str = "le83624296.356285412";
const INVITED: &str = include_str!("../../../fixtures/liveperson/invited.json");
const CLOSED: &str = include_str!("../../../fixtures/liveperson/closed.json");
const INIT_CONNECTION: &str = include_str!("../../../fixtures/liveperson/init-connection.json");

/// Runs one scenario.
pub(crate) async fn run(bench: &Workbench, scenario: Scenario) -> Result<()> {
    let mut cloud = Cloud::open(bench, &scenario.name()).await?;
    match scenario {
        Scenario::Session(mode) => session(&mut cloud, mode).await?,
        Scenario::Declined => declined(&mut cloud).await?,
        Scenario::Over => over(&mut cloud).await?,
        Scenario::Events => events(&mut cloud).await?,
        Scenario::Second => second(&mut cloud).await?,
        Scenario::Pages => pages(&mut cloud).await?,
        Scenario::NoRelay => no_relay(&cloud).await?,
        Scenario::Messages => messages(&cloud).await?,
        Scenario::Features => features(&cloud).await?,
    }
    // Before its relay goes.
    bench.customer.goto(&bench.page("/pages/blank.html")).await?;
    bench.agent.goto(&bench.page("/pages/blank.html")).await?;
    cloud.examples.relay.check()
}

/// LivePerson's servers: what one page sends, the other one gets.
struct Cloud<'a> {
    bench: &'a Workbench,
    customer: &'a Browser,
    agent: &'a Browser,
    examples: Examples,
    sent: usize,
    published: usize,
}

impl<'a> Cloud<'a> {
    async fn open(bench: &'a Workbench, name: &str) -> Result<Self> {
        let examples = Examples::open(bench, &format!("liveperson-{name}"), &[]).await?;
        let (customer, agent) = (&bench.customer, &bench.agent);
        load(customer, &examples.page("liveperson/index.html")).await?;
        agent.goto(&examples.page("liveperson/agent.html")).await?;
        Ok(Self { bench, customer, agent, examples, sent: 0, published: 0 })
    }

    async fn carry(&mut self) -> Result<()> {
        let sent: Vec<Value> =
            self.agent.eval("return window.example.sent.slice(arguments[0])", vec![json!(self.sent)]).await?;
        self.sent += sent.len();
        for message in sent {
            self.customer.run("window.example.receive(arguments[0])", vec![message]).await?;
        }
        let published: Vec<Value> = self
            .customer
            .eval("return window.example.published.slice(arguments[0])", vec![json!(self.published)])
            .await?;
        self.published += published.len();
        for event in published {
            self.agent.run("window.example.receive(arguments[0])", vec![event]).await?;
        }
        Ok(())
    }

    /// Carries until a function body is true in the customer's page.
    async fn carry_until(&mut self, label: &str, body: &str) -> Result<()> {
        for _ in 0..400 {
            self.carry().await?;
            if self.customer.eval::<bool>(body, vec![]).await? {
                return self.carry().await;
            }
            sleep(Duration::from_millis(30)).await;
        }
        let told: Value = self.customer.eval("return window.example.told", vec![]).await?;
        anyhow::bail!("{label}: not in time; the page was told {told}")
    }

    /// Pictures of both windows, for people to look at.
    async fn look(&self, name: &str) -> Result<()> {
        let folder = self.bench.pictures().await?;
        for (side, browser) in [("customer", self.customer), ("agent", self.agent)] {
            let picture = browser.screenshot().await?;
            tokio::fs::write(folder.join(format!("liveperson-{name}-{side}.png")), picture).await?;
        }
        Ok(())
    }

    /// What was published, as `[name, data]`.
    async fn published(&self) -> Result<Vec<(String, Value)>> {
        let script = "return window.example.published.map(({ name, data }) => [name, data])";
        self.customer.eval(script, vec![]).await
    }

    /// What the adapter has told the site, without what differs from run to run.
    async fn told(&self) -> Result<Vec<Value>> {
        let script = "return window.example.told.map(({ event, reason, isInferred }) => [event, reason ?? null, isInferred ?? null])";
        self.customer.eval(script, vec![]).await
    }

    /// A dialog, as a message of LivePerson's.
    async fn notify(&self, dialog: Value) -> Result<()> {
        self.customer.run("window.example.receive(arguments[0])", vec![dialog]).await
    }

    async fn is_asked(&self) -> Result<bool> {
        Ok(!question(self.customer).await?.is_empty())
    }
}

/// An invitation.
fn invited(id: &str, mode: &str) -> Value {
    json!({
        "dialogId": format!("dialog-{id}"), "participants": ["consumer", AGENT], "dialogType": "OTHER",
        "channelType": "COBROWSE", "state": "OPEN",
        "metaData": { "serviceId": format!("consumer#0000000000000000-{id}"), "mode": mode, "sessionState": "INVITED" },
    })
}

fn closed(id: &str) -> Value {
    json!({ "dialogId": format!("dialog-{id}"), "dialogType": "OTHER", "channelType": "COBROWSE", "metaData": { "sessionState": "CLOSED" } })
}

/// All that is published of an offer.
fn fields(service_id: &Value) -> Value {
    json!({
        "serviceId": service_id, "agentId": AGENT, "visitorName": "Robin", "ssid": "session-1", "svid": "visitor-1",
        "scid": "context-1", "cid": "engagement-context-1", "eid": "engagement-1",
    })
}

const RUNS: &str = "return window.CobrowseLivePerson.adapter.session?.state === 'active'";
const STATE: &str = "return window.CobrowseLivePerson.adapter.session?.state ?? null";
/// Where an element of the customer's page is in the agent's window: in the agent's page, whose own iframe it is in.
const PLACE: &str = "
    const iframe = document.querySelector('#view iframe'), outer = iframe.getBoundingClientRect();
    const box = iframe.contentDocument.querySelector('#more').getBoundingClientRect();
    const scale = outer.width / iframe.offsetWidth;
    return [outer.left + (box.left + box.width / 2) * scale, outer.top + (box.top + box.height / 2) * scale];
";
const WHEEL: &str = "
    const { left, top } = document.querySelector('#view iframe').getBoundingClientRect();
    const sheet = document.elementFromPoint(left + 200, top + 200);
    sheet.dispatchEvent(new WheelEvent('wheel', { deltaY: 400, clientX: left + 200, clientY: top + 200, bubbles: true, cancelable: true }));
";

async fn session(cloud: &mut Cloud<'_>, mode: &str) -> Result<()> {
    cloud.agent.click(&format!("[data-mode={mode}]")).await?;
    cloud.carry().await?;
    until(cloud.customer, "the question", "return Boolean(window.__overlay?.querySelector('.card'))").await?;
    let asked = question(cloud.customer).await?;
    ensure!(asked.contains("Anna would like to see this page"), "the customer is asked {asked:?}");
    cloud.look("asked").await?;
    // Nothing of the engine is there before the customer agrees.
    let loaded: Vec<String> =
        cloud.customer.eval("return performance.getEntriesByType('resource').map(({ name }) => name)", vec![]).await?;
    ensure!(!loaded.iter().any(|name| name.contains("capture-engine") || name.contains(".wasm")), "loaded: {loaded:?}");
    ensure!(!loaded.iter().any(|name| name.contains("/api/")), "the relay hears of it before consent: {loaded:?}");
    cloud.agent.in_frame("#view", "return document.getElementById('status').textContent").await?;
    answer(cloud.customer, true).await?;
    cloud.carry_until("the session", RUNS).await?;

    let offer: Value = cloud.customer.eval("return window.CobrowseLivePerson.adapter.offer", vec![]).await?;
    let published = cloud.published().await?;
    let expected = [
        ("cobrowseOffered".to_owned(), fields(&offer["serviceId"])),
        ("cobrowseAccepted".to_owned(), fields(&offer["serviceId"])),
    ];
    ensure!(published == expected, "published: {published:?}");
    let found: String = cloud.customer.eval("return window.CobrowseLivePerson.adapter.session.mode", vec![]).await?;
    ensure!(found == mode, "the session began in the mode {found}");
    let live = "return window.cobrowsePlayer?.document?.querySelector('#more') !== undefined && document.getElementById('status').textContent.includes('Live')";
    for _ in 0..300 {
        if cloud.agent.in_frame("#view", live).await? == json!(true) {
            break;
        }
        sleep(Duration::from_millis(30)).await;
    }
    let seen = cloud
        .agent
        .in_frame("#view", "return window.cobrowsePlayer.document.querySelector('.address').textContent")
        .await?;
    ensure!(!seen.to_string().contains("Mill Lane"), "what is masked is seen: {seen}");
    cloud.look(mode).await?;
    may(cloud, mode).await?;

    cloud.agent.click("#close").await?;
    cloud.carry_until("the end", "return window.CobrowseLivePerson.adapter.session === null").await?;
    until_in_view(cloud, "has ended the session").await?;
    let told = cloud.told().await?;
    let expected =
        [json!(["offered", null, null]), json!(["accepted", null, null]), json!(["ended", "customer", null])];
    ensure!(told == expected, "the site was told {told:?}");
    let kept: Option<String> =
        cloud.customer.eval("return sessionStorage.getItem('cobrowse-liveperson')", vec![]).await?;
    ensure!(kept.is_none(), "a session that is over is remembered: {kept:?}");
    Ok(())
}

/// What the agent can do: click, scroll, and what a page of the agent's own might say all the same.
async fn may(cloud: &Cloud<'_>, mode: &str) -> Result<()> {
    let place = cloud.agent.in_frame("#view", PLACE).await?;
    let outer: [f64; 2] = cloud
        .agent
        .eval(
            "const { left, top } = document.getElementById('view').getBoundingClientRect(); return [left, top]",
            vec![],
        )
        .await?;
    let at = |index: usize| place[index].as_f64().map(|inner| inner + outer[index]).context("a place");
    cloud.agent.click_at(at(0)?, at(1)?).await?;
    cloud.agent.in_frame("#view", WHEEL).await?;
    sleep(Duration::from_millis(900)).await;
    let (count, scrolled): (String, f64) =
        cloud.customer.eval("return [document.getElementById('count').value, scrollY]", vec![]).await?;
    let (clicks, scrolls) = (count == "3", scrolled > 0.0);
    let expected = match mode {
        "shared" => (true, true),
        "view" => (false, true),
        _ => (false, false),
    };
    ensure!((clicks, scrolls) == expected, "in {mode} the agent clicks: {clicks}, scrolls: {scrolls}");
    if mode != "shared" {
        let refused = "return new Promise((done) => {
            window.cobrowsePlayer.on('refused', ({ reason }) => done(reason));
            setTimeout(done, 5000, 'nothing');
            window.cobrowsePlayer.reload();
        })";
        let reason = cloud.agent.in_frame("#view", refused).await?;
        ensure!(reason == "mode", "a command that {mode} does not allow is refused for {reason}");
    }
    Ok(())
}

/// Waits until the agent's page in the example's frame says something.
async fn until_in_view(cloud: &Cloud<'_>, text: &str) -> Result<()> {
    let mut said = Value::Null;
    for _ in 0..300 {
        said = cloud.agent.in_frame("#view", "return document.getElementById('status').textContent").await?;
        if said.as_str().is_some_and(|said| said.contains(text)) {
            return Ok(());
        }
        sleep(Duration::from_millis(30)).await;
    }
    anyhow::bail!("the agent's page says {said}, not {text:?}")
}

async fn declined(cloud: &mut Cloud<'_>) -> Result<()> {
    cloud.agent.click("[data-mode=shared]").await?;
    cloud.carry().await?;
    until_in_view(cloud, "Waiting for the customer to agree").await?;
    answer(cloud.customer, false).await?;
    cloud.carry_until("the answer", "return window.example.told.some(({ event }) => event === 'declined')").await?;
    let published = cloud.published().await?;
    ensure!(published.len() == 2 && published[1].0 == "cobrowseDeclined", "published: {published:?}");
    ensure!(published[1].1 == fields(&published[0].1["serviceId"]), "declined with {:?}", published[1].1);
    let loaded: Vec<String> =
        cloud.customer.eval("return performance.getEntriesByType('resource').map(({ name }) => name)", vec![]).await?;
    ensure!(!loaded.iter().any(|name| name.contains("/api/") || name.contains(".wasm")), "loaded: {loaded:?}");
    let state: String = cloud.agent.eval("return document.getElementById('state').textContent", vec![]).await?;
    ensure!(state == "Declined", "the agent's workspace says {state:?}");
    // Its closing behind that, and a late repetition of the invitation, ask nobody again.
    cloud.carry().await?;
    let first: Value = cloud.agent.eval("return window.example.sent[0]", vec![]).await?;
    cloud.notify(first).await?;
    sleep(Duration::from_millis(300)).await;
    ensure!(!cloud.is_asked().await?, "an offer that was declined is asked again");
    ensure!(cloud.published().await?.len() == 2, "an offer that was declined is published again");
    Ok(())
}

async fn over(cloud: &mut Cloud<'_>) -> Result<()> {
    let asked = "return Boolean(window.__overlay?.querySelector('.card'))";
    let gone = "return !window.__overlay.host.isConnected";
    let soon = |id: &str, created: &str, expires: &str| {
        format!(
            "const now = Date.now(), dialog = arguments[0]; dialog.creationTs = {created}; \
             if ({expires} !== null) dialog.metaData.expires = {expires} / 1000; \
             window.example.receive(dialog); window.__before = {id:?}"
        )
    };
    // Two minutes after it was made, whatever `expires` says.
    let script = soon("late", "now - 119000", "now + 500000");
    cloud.customer.run(&script, vec![invited("late", "shared")]).await?;
    until(cloud.customer, "the question", asked).await?;
    until(cloud.customer, "the end of two minutes", gone).await?;
    // At `expires`, where that is sooner.
    let script = soon("soon", "now", "(now + 1200)");
    cloud.customer.run(&script, vec![invited("soon", "shared")]).await?;
    until(cloud.customer, "the second question", "return window.__overlay.host.isConnected").await?;
    until(cloud.customer, "`expires`", gone).await?;
    // One that is over when it comes is not asked at all.
    let script = soon("past", "now - 121000", "null");
    cloud.customer.run(&script, vec![invited("past", "shared")]).await?;
    // Taken back by the agent: the wire does not say so.
    cloud.notify(invited("back", "shared")).await?;
    until(cloud.customer, "the third question", "return window.__overlay.host.isConnected").await?;
    cloud.notify(closed("back")).await?;
    until(cloud.customer, "its end", gone).await?;
    // LivePerson closes it when two minutes are over, before this page's own timer has said so: the clock is ahead.
    cloud.notify(invited("clock", "shared")).await?;
    until(cloud.customer, "the fourth question", "return window.__overlay.host.isConnected").await?;
    let ahead = "window.CobrowseLivePerson.adapter.configure({ now: () => Date.now() + 119500 })";
    cloud.customer.run(ahead, vec![]).await?;
    cloud.notify(closed("clock")).await?;
    until(cloud.customer, "its end", gone).await?;
    let told = cloud.told().await?;
    let expected = json!([
        ["offered", null, null],
        ["withdrawn", "expired", false],
        ["offered", null, null],
        ["withdrawn", "expired", false],
        ["offered", null, null],
        ["withdrawn", "cancelled", true],
        ["offered", null, null],
        ["withdrawn", "expired", true],
    ]);
    ensure!(json!(told) == expected, "the site was told {told:?}");
    let published: Vec<String> = cloud.published().await?.into_iter().map(|(name, _)| name).collect();
    ensure!(published.iter().all(|name| name == "cobrowseOffered"), "what is over is answered: {published:?}");
    Ok(())
}

async fn events(cloud: &mut Cloud<'_>) -> Result<()> {
    // Published before the adapter listens, and heard of by its looking back; another one had been answered.
    let before = "
        const { events } = window.lpTag;
        const offer = (id) => ({ serviceId: 'consumer#0000000000000000-' + id, agentId: 'agent-1', visitorName: 'Kim', eid: 'own' });
        window.__offer = offer;
        window.CobrowseLivePerson.adapter.stop();
        events.publish('lpCoBrowse', 'cobrowseOffered', offer('first'));
        events.publish('lpCoBrowse', 'cobrowseDeclined', offer('first'));
        events.publish('lpCoBrowse', 'cobrowseOffered', offer('second'));
        window.__heard = [];
        const adapter = window.CobrowseLivePerson.listen({ ids: { ssid: 'theirs' } });
        for (const event of ['offered', 'accepted', 'declined', 'withdrawn', 'ended', 'error']) {
            adapter.on(event, (detail) => window.__heard.push([event, detail.serviceId ?? detail.message]));
        }
        // Once more: it is the same offer.
        events.publish('lpCoBrowse', 'cobrowseOffered', offer('second'));
    ";
    cloud.customer.run(before, vec![]).await?;
    answer(cloud.customer, true).await?;
    until(cloud.customer, "the session", "return window.CobrowseLivePerson.adapter.session !== null").await?;
    let (mode, published): (String, Vec<Value>) = cloud
        .customer
        .eval(
            "return [window.CobrowseLivePerson.adapter.session.mode, \
             window.lpTag.events.hasFired('lpCoBrowse', 'cobrowseAccepted').map(({ data }) => data)]",
            vec![],
        )
        .await?;
    // An event says no mode: the least holds. What it says of itself is said in the answer, and the site's own ids beside it.
    ensure!(mode == "follow", "an offer without a mode began in {mode}");
    let expected = json!([{
        "serviceId": "consumer#0000000000000000-second", "agentId": "agent-1", "visitorName": "Kim", "eid": "own", "ssid": "theirs",
    }]);
    ensure!(json!(published) == expected, "accepted: {published:?}");
    // A dialog that is closed, of which no notification has told: there is one session that came without.
    cloud.customer.run("window.CobrowseLivePerson.adapter.notification(arguments[0])", vec![closed("unnamed")]).await?;
    until(cloud.customer, "the end", "return window.CobrowseLivePerson.adapter.session === null").await?;

    // The site answers by itself: the question goes, nothing is published a second time.
    let own = "
        window.lpTag.events.publish('lpCoBrowse', 'cobrowseOffered', window.__offer('third'));
        setTimeout(() => window.lpTag.events.publish('lpCoBrowse', 'cobrowseAccepted', window.__offer('third')), 400);
    ";
    cloud.customer.run(own, vec![]).await?;
    until(cloud.customer, "the site's session", "return window.CobrowseLivePerson.adapter.session !== null").await?;
    until(cloud.customer, "no question", "return !window.__overlay.querySelector('.card')").await?;
    let accepted: u32 = cloud
        .customer
        .eval("return window.lpTag.events.hasFired('lpCoBrowse', 'cobrowseAccepted').length", vec![])
        .await?;
    ensure!(accepted == 2, "{accepted} times accepted");
    // An event that names nothing is said to be wrong.
    cloud
        .customer
        .run("window.lpTag.events.publish('lpCoBrowse', 'cobrowseOffered', { agentId: 'x' })", vec![])
        .await?;
    let heard: Vec<(String, String)> = cloud.customer.eval("return window.__heard", vec![]).await?;
    ensure!(
        heard
            .last()
            .is_some_and(|(event, text)| event == "error" && text.contains("cobrowseOffered: expected a serviceId")),
        "heard: {heard:?}"
    );
    cloud.customer.run("return window.CobrowseLivePerson.adapter.session.stop()", vec![]).await?;

    // LivePerson's tag may come long behind this.
    let late = "
        const { lpTag } = window;
        window.lpTag = undefined;
        const adapter = window.CobrowseLivePerson.listen();
        setTimeout(() => {
            window.lpTag = lpTag;
            setTimeout(() => lpTag.events.publish('lpCoBrowse', 'cobrowseOffered', window.__offer('late')), 500);
        }, 500);
    ";
    cloud.customer.run(late, vec![]).await?;
    answer(cloud.customer, false).await?;
    until(
        cloud.customer,
        "the answer",
        "return window.lpTag.events.hasFired('lpCoBrowse', 'cobrowseDeclined').length === 2",
    )
    .await
}

async fn second(cloud: &mut Cloud<'_>) -> Result<()> {
    cloud.notify(invited("one", "view")).await?;
    until(cloud.customer, "the question", "return Boolean(window.__overlay?.querySelector('.card'))").await?;
    cloud.notify(invited("two", "view")).await?;
    until(
        cloud.customer,
        "the second question",
        "return window.example.told.some(({ event, reason }) => event === 'withdrawn' && reason === 'replaced') && window.__overlay.host.isConnected",
    )
    .await?;
    let open: u32 = cloud.customer.eval("return document.querySelectorAll('cobrowse-overlay').length", vec![]).await?;
    ensure!(open == 1, "{open} questions are shown");
    answer(cloud.customer, true).await?;
    until(cloud.customer, "the session", "return window.CobrowseLivePerson.adapter.session !== null").await?;
    let published: Vec<(String, Value)> = cloud.published().await?;
    let answered: Vec<&Value> =
        published.iter().filter(|(name, _)| name != "cobrowseOffered").map(|(_, data)| &data["serviceId"]).collect();
    ensure!(answered == ["consumer#0000000000000000-two"], "answered: {answered:?}");
    let token: String = cloud.customer.eval("return window.CobrowseLivePerson.adapter.session.token", vec![]).await?;
    // Another one while that runs: agreed to, it comes in its place.
    cloud.notify(invited("three", "shared")).await?;
    answer(cloud.customer, true).await?;
    let other = format!(
        "const {{ session }} = window.CobrowseLivePerson.adapter; return session !== null && session.token !== {token:?}"
    );
    until(cloud.customer, "the newer session", &other).await?;
    let mode: String = cloud.customer.eval("return window.CobrowseLivePerson.adapter.session.mode", vec![]).await?;
    ensure!(mode == "shared", "the newer session is {mode}");
    // The end of the older one's dialog is nothing to it.
    cloud.notify(closed("two")).await?;
    sleep(Duration::from_millis(300)).await;
    ensure!(cloud.customer.eval::<Option<String>>(STATE, vec![]).await?.is_some(), "the newer session has ended");
    Ok(())
}

async fn pages(cloud: &mut Cloud<'_>) -> Result<()> {
    let url = cloud.examples.page("liveperson/index.html");
    cloud.notify(invited("page", "shared")).await?;
    until(cloud.customer, "the question", "return Boolean(window.__overlay?.querySelector('.card'))").await?;
    load(cloud.customer, &url).await?;
    sleep(Duration::from_millis(300)).await;
    ensure!(!cloud.is_asked().await?, "the next page asks without having been told");
    ensure!(cloud.published().await?.is_empty(), "leaving a page is published as an answer");
    // LivePerson tells the next page's connection what still stands.
    cloud.notify(invited("page", "shared")).await?;
    answer(cloud.customer, true).await?;
    until(cloud.customer, "the session", "return window.CobrowseLivePerson.adapter.session !== null").await?;
    let token: String = cloud.customer.eval("return window.CobrowseLivePerson.adapter.session.token", vec![]).await?;
    load(cloud.customer, &url).await?;
    let same = format!("return window.CobrowseLivePerson.adapter.session?.token === {token:?}");
    until(cloud.customer, "the session on the next page", &same).await?;
    // The connection of that page is told of the dialog, too.
    let mut dialog = invited("page", "shared");
    dialog["metaData"]["sessionState"] = json!("ACCEPTED");
    cloud.notify(dialog).await?;
    sleep(Duration::from_millis(200)).await;
    ensure!(!cloud.is_asked().await?, "a session that goes on is asked for again");
    cloud.notify(closed("page")).await?;
    until(cloud.customer, "the end", "return window.CobrowseLivePerson.adapter.session === null").await?;
    let told = cloud.told().await?;
    ensure!(told == [json!(["ended", "customer", null])], "the second page was told {told:?}");
    // Accepted on another device: the question is over here.
    cloud.notify(invited("device", "shared")).await?;
    until(cloud.customer, "the question", "return Boolean(window.__overlay?.querySelector('.card'))").await?;
    let mut dialog = invited("device", "shared");
    dialog["metaData"]["sessionState"] = json!("ACCEPTED");
    cloud.notify(dialog).await?;
    until(cloud.customer, "the question's end", "return !window.__overlay.host.isConnected").await?;
    let told = cloud.told().await?;
    ensure!(told.last() == Some(&json!(["withdrawn", "answered", false])), "the page was told {told:?}");
    Ok(())
}

async fn no_relay(cloud: &Cloud<'_>) -> Result<()> {
    let away = "window.CobrowseLivePerson.adapter.configure({ relay: 'http://127.0.0.1:9' })";
    cloud.customer.run(away, vec![]).await?;
    cloud.notify(invited("away", "shared")).await?;
    answer(cloud.customer, true).await?;
    until(cloud.customer, "the error", "return window.example.told.some(({ event }) => event === 'error')").await?;
    let message: String = cloud
        .customer
        .eval("return window.example.told.find(({ event }) => event === 'error').message", vec![])
        .await?;
    ensure!(message.contains("127.0.0.1:9"), "the error says {message:?}");
    let names: Vec<String> = cloud.published().await?.into_iter().map(|(name, _)| name).collect();
    ensure!(names == ["cobrowseOffered", "cobrowseDeclined"], "published: {names:?}");
    // The console tells of the request that found nobody.
    cloud.customer.faults().await.map(drop)
}

async fn messages(cloud: &Cloud<'_>) -> Result<()> {
    let read = async |message: Value| -> Result<Value> {
        let script = "try { return window.CobrowseLivePerson.readNotification(arguments[0]) } catch (error) { return error.message }";
        cloud.customer.eval(script, vec![message]).await
    };
    let dialog = |state: &str| {
        json!({
            "state": state, "dialogId": "c26b9d3b-e943-42af-8047-aba830de64ea", "serviceId": null, "mode": null, "expires": null,
            "created": null, "agentId": null, "isAgentInferred": false,
        })
    };
    let mut expected = dialog("INVITED");
    for (name, value) in [
        ("serviceId", json!("cc05f2b9-916b-496e-89fe-66a46d975ae2#7904fffd-fc68-4d93-b611-4dc06ab26bf4")),
        ("mode", json!("shared")),
        ("expires", json!(1_502_893_131_855_u64)),
        ("created", json!(1_502_893_041_905_u64)),
        ("agentId", json!(AGENT)),
        ("isAgentInferred", json!(true)),
    ] {
        expected[name] = value;
    }
    let golden = [(INVITED, expected.clone()), (CLOSED, dialog("CLOSED"))];
    for (text, expected) in &golden {
        let found = read(json!(text)).await?;
        ensure!(found == json!({ "dialogs": [expected], "problems": [] }), "{text} is read as {found}");
        // As an object, and in all that LivePerson puts around it.
        let dialog: Value = serde_json::from_str(text)?;
        let details = json!({ "dialogs": [{ "channelType": "MESSAGING", "dialogId": "main" }, dialog] });
        let body = json!({ "changes": [{ "type": "UPSERT", "result": { "conversationDetails": details } }] });
        let whole = json!({ "kind": "notification", "type": "cqm.ExConversationChangeNotification", "body": body });
        for message in [dialog, details, body, whole] {
            let found = read(message.clone()).await?;
            ensure!(found["dialogs"] == json!([expected]), "{message} is read as {found}");
        }
    }
    // A conversation says who the agent is.
    let mut told: Value = serde_json::from_str(INVITED)?;
    told["participants"] = json!(["a", "b", "c"]);
    let details = json!({ "participants": [{ "id": "b", "role": "ASSIGNED_AGENT" }], "dialogs": [told] });
    let found = read(details).await?;
    ensure!(found["dialogs"][0]["agentId"] == "b" && found["dialogs"][0]["isAgentInferred"] == false, "{found}");
    // Other messages say nothing.
    for other in [json!({ "type": "ms.MessagingEventNotification", "body": { "changes": [] } }), json!({})] {
        ensure!(read(other.clone()).await? == json!({ "dialogs": [], "problems": [] }), "{other}");
    }
    // What cannot be understood is said with its place.
    let mut odd: Value = serde_json::from_str(INVITED)?;
    odd["metaData"]["mode"] = json!("everything");
    odd["metaData"]["expires"] = json!("soon");
    let found = read(json!({ "dialogs": [odd] })).await?;
    let problems = json!([
        "changes[0].dialogs[0].metaData.mode: expected shared, view, follow, found \"everything\"",
        "changes[0].dialogs[0].metaData.expires: expected seconds since 1970, found \"soon\"",
    ]);
    ensure!(found["problems"] == problems && found["dialogs"][0]["mode"].is_null(), "{found}");
    for (change, problem) in [
        ("sessionState", "dialog.metaData.sessionState: expected INVITED, ACCEPTED, CLOSED, found \"x\""),
        ("serviceId", "dialog.metaData.serviceId: expected a text, found 7"),
    ] {
        let mut odd: Value = serde_json::from_str(INVITED)?;
        odd["metaData"][change] = if change == "serviceId" { json!(7) } else { json!("x") };
        let found = read(odd).await?;
        ensure!(found == json!({ "dialogs": [], "problems": [problem] }), "{found}");
    }
    for (message, start) in [
        (json!("{"), "cobrowse: notification: expected JSON: "),
        (json!("[]"), "cobrowse: notification: expected an object, found []"),
        (json!(5), "cobrowse: notification: expected an object or its JSON, found 5"),
        (Value::Null, "cobrowse: notification: expected an object or its JSON, found null"),
    ] {
        let found = read(message).await?;
        ensure!(found.as_str().is_some_and(|text| text.starts_with(start)), "{found}");
    }
    // The invitation of the documentation is of 2017: it is over, and nobody is asked.
    cloud.notify(serde_json::from_str(INVITED)?).await?;
    sleep(Duration::from_millis(200)).await;
    ensure!(!cloud.is_asked().await?, "an invitation of 2017 is asked");
    // A moment after it was made it is not: it ends at its `expires`, 90 seconds later.
    let then = "window.CobrowseLivePerson.listen({ now: () => 1502893041905 }); window.CobrowseLivePerson.adapter.notification(arguments[0]);
        return window.CobrowseLivePerson.adapter.offer";
    let offer: Value = cloud.customer.eval(then, vec![serde_json::from_str(INVITED)?]).await?;
    ensure!(offer["deadline"] == 1_502_893_131_855_u64 && offer["mode"] == "shared", "{offer}");
    until(cloud.customer, "the question", "return Boolean(window.__overlay?.querySelector('.card'))").await
}

async fn features(cloud: &Cloud<'_>) -> Result<()> {
    let check = async |request: Value| -> Result<Value> {
        cloud.customer.eval("return window.CobrowseLivePerson.checkInitConnection(arguments[0])", vec![request]).await
    };
    let good: Value = serde_json::from_str(INIT_CONNECTION)?;
    for request in [json!(INIT_CONNECTION), good.clone()] {
        ensure!(check(request).await? == json!([]), "the documentation's own request has problems");
    }
    let mut other = good.clone();
    other["headers"][0]["features"] = json!(["PHOTO_SHARING"]);
    let mut without = good.clone();
    without["headers"][0].as_object_mut().context("a header")?.remove("features");
    let mut headless = good.clone();
    headless["headers"] = json!([headless["headers"][1]]);
    for (request, expected) in [
        (other, r#"headers[0].features: expected "CO_BROWSE" in it, found ["PHOTO_SHARING"]"#),
        (without, r#"headers[0].features: expected a list with "CO_BROWSE", found nothing"#),
        (headless, r#"headers: expected one of type ".ams.headers.ClientProperties""#),
        (json!({ "type": "InitConnection" }), "headers: expected a list, found nothing"),
    ] {
        let found = check(request).await?;
        ensure!(found == json!([expected]), "{found}");
    }
    let found = check(json!("{")).await?;
    ensure!(found[0].as_str().is_some_and(|text| text.starts_with("initConnection: expected JSON")), "{found}");
    Ok(())
}
