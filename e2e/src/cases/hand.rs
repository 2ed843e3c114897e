//! An agent at the agent's page, with mouse and keys: what is done on its sheet is done on the customer's page.

use crate::{
    browser::Browser,
    pair::{OVERLAY, Pair, Transport},
    workbench::Workbench,
};
use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What is done.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scenario {
    /// The tools of the agent's page.
    Page,
    /// Fields of React, of Vue, and plain ones.
    Frameworks,
    /// What the customer reads, in another language, by the keyboard; pictures of it are left in the folder `pictures`.
    Overlay,
}

impl Scenario {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Page, Self::Frameworks, Self::Overlay];

    /// For the case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Page => "agents-page",
            Self::Frameworks => "frameworks",
            Self::Overlay => "overlay",
        }
    }
}

/// Runs one.
pub(crate) async fn run(bench: &Workbench, scenario: Scenario) -> Result<()> {
    match scenario {
        Scenario::Page => page(bench).await,
        Scenario::Frameworks => frameworks(bench).await,
        Scenario::Overlay => overlay(bench).await,
    }
}

/// Tab and arrows, as the driver knows them.
const TAB: &str = "\u{e004}";
const BACKSPACE: &str = "\u{e003}";

/// Where the middle of an element of the rebuilt page is in the agent's window.
const PLACE: &str = "const [document_, id] = [window.cobrowsePlayer.document, arguments[0]];
  const element = document_.getElementById(id);
  if (!element) return null;
  const frame = window.document.querySelector('main iframe').getBoundingClientRect();
  const scale = frame.width / document_.defaultView.innerWidth;
  const { left, top, width, height } = element.getBoundingClientRect();
  return [frame.left + (left + width / 2) * scale, frame.top + (top + height / 2) * scale];";

struct Agent<'a> {
    pair: Pair<'a>,
}

impl<'a> Agent<'a> {
    async fn open(bench: &'a Workbench, page: &str, options: Value) -> Result<Self> {
        let pair = Pair::start_after(bench, page, Transport::Relay, OVERLAY, options).await?;
        let address =
            format!("{}/slave.html#nosidinput=1&name=Ann&sid={}", pair.relay()?.trim_end_matches('/'), pair.token()?);
        pair.agent().goto(&address).await?;
        let agent = Self { pair };
        agent.sees("window.cobrowsePlayer?.document?.body && window.cobrowsePlayer.hasControl", json!(true)).await?;
        Ok(agent)
    }

    fn browser(&self) -> &Browser {
        self.pair.agent()
    }

    /// Waits until an expression has a value in a page.
    async fn becomes(browser: &Browser, expression: &str, expected: &Value) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(8);
        loop {
            let found: Value = browser.eval(&format!("return {expression}"), vec![]).await?;
            if found == *expected {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "{expression}: expected {expected}, found {found}");
            sleep(Duration::from_millis(30)).await;
        }
    }

    /// At the agent's.
    async fn sees(&self, expression: &str, expected: Value) -> Result<()> {
        Self::becomes(self.browser(), expression, &expected).await
    }

    /// At the customer's.
    async fn has(&self, expression: &str, expected: Value) -> Result<()> {
        Self::becomes(self.pair.customer(), expression, &expected).await
    }

    async fn place(&self, id: &str) -> Result<(f64, f64)> {
        match self.browser().eval::<Option<(f64, f64)>>(PLACE, vec![json!(id)]).await? {
            Some(place) => Ok(place),
            None => bail!("the agent's page has no {id}"),
        }
    }

    async fn click(&self, id: &str) -> Result<()> {
        let (x, y) = self.place(id).await?;
        self.browser().click_at(x, y).await
    }

    /// Opens a list, and chooses its third option in the agent's own.
    async fn choose_third(&self, id: &str) -> Result<()> {
        self.click(id).await?;
        self.sees("document.activeElement.localName", json!("select")).await?;
        let choose =
            "const list = document.activeElement; list.selectedIndex = 2; list.dispatchEvent(new Event('change'))";
        self.browser().run(choose, vec![]).await
    }

    async fn keys(&self, keys: &str) -> Result<()> {
        self.browser().keys(keys).await
    }
}

async fn page(bench: &Workbench) -> Result<()> {
    let agent = Agent::open(bench, "/fixtures/hand.html", json!({})).await?;
    agent
        .has(
            "[...window.__overlay.querySelectorAll('[role=status]')].map((node) => node.textContent)",
            json!(["Ann can see and use this page"]),
        )
        .await?;
    agent.click("field").await?;
    agent.keys("!?").await?;
    agent.has("document.getElementById('field').value", json!("text!?")).await?;
    agent.keys(BACKSPACE).await?;
    agent.has("document.getElementById('field').value", json!("text!")).await?;
    agent.pair.edit("window.fixture.take()").await?;
    agent.keys(TAB).await?;
    agent.has("window.fixture.take().includes('change field')", json!(true)).await?;
    agent.click("check").await?;
    agent.has("document.getElementById('check').checked", json!(true)).await?;
    // Out of what was typed, and of what was chosen.
    agent.choose_third("list").await?;
    agent.has("document.getElementById('list').value", json!("c")).await?;
    agent.click("editable").await?;
    agent.keys("xy").await?;
    agent.has("document.getElementById('editable').textContent.replace('xy', '')", json!("Editable text")).await?;
    agent.has("document.getElementById('editable').textContent.includes('xy')", json!(true)).await?;
    // What is the customer's is said.
    agent.click("submit").await?;
    agent
        .sees(
            "document.getElementById('said').textContent",
            json!("Only the customer can do that: please ask them to."),
        )
        .await?;
    // A drawing is seen at the customer's, and is no part of the page.
    agent.browser().click("[data-tool=box]").await?;
    let (x, y) = agent.place("plain").await?;
    agent.browser().drag((x, y), (x + 60.0, y + 40.0)).await?;
    agent.has("window.__overlay.querySelectorAll('.drawings g').length", json!(1)).await?;
    agent.browser().click("#wipe").await?;
    agent.has("window.__overlay.querySelectorAll('.drawings g').length", json!(0)).await?;
    agent.browser().click("[data-tool=hand]").await?;
    // The address, and back.
    agent.browser().type_into("#url", "\u{e009}a\u{e009}#here\u{e007}").await?;
    agent.has("location.hash", json!("#here")).await?;
    agent.sees("document.getElementById('url').value.endsWith('#here')", json!(true)).await?;
    agent.browser().click("#back").await?;
    agent.has("location.hash", json!("")).await?;
    // The customer takes a part back: what is not allowed is not offered.
    agent.pair.edit("return window.Cobrowse.session.then((session) => session.setMode('view'))").await?;
    agent.sees("['tools', 'history'].map((id) => document.getElementById(id).hidden)", json!([true, true])).await?;
    agent.sees("document.getElementById('mode').textContent", json!("You may scroll")).await?;
    // And the agent asks for it.
    agent.browser().click("#mode").await?;
    agent
        .has("window.__overlay.querySelector('.card h2')?.textContent ?? ''", json!("Ann asks to use this page"))
        .await?;
    agent.pair.edit("window.__overlay.querySelector('.card .yes').click()").await?;
    agent.sees("document.getElementById('tools').hidden", json!(false)).await?;
    Ok(())
}

async fn frameworks(bench: &Workbench) -> Result<()> {
    let agent = Agent::open(bench, "/pages/frameworks.html", json!({})).await?;
    for framework in ["react", "vue", "plain"] {
        let state = |name: &str| format!("window.state.{framework}.{name}");
        for name in ["text", "area"] {
            let id = format!("{framework}-{name}");
            agent.click(&id).await?;
            agent.keys("bc").await?;
            agent.has(&state(name), json!("abc")).await?;
            agent.has(&format!("document.getElementById('{id}').value"), json!("abc")).await?;
            agent.keys(BACKSPACE).await?;
            agent.has(&state(name), json!("ab")).await?;
            agent.keys(TAB).await?;
        }
        agent.click(&format!("{framework}-check")).await?;
        agent.has(&state("check"), json!(true)).await?;
        agent.choose_third(&format!("{framework}-list")).await?;
        agent.has(&state("list"), json!("3")).await?;
    }
    agent.click("react-capitals").await?;
    agent.keys("shout").await?;
    agent.has("window.state.react.capitals", json!("SHOUT")).await?;
    agent.keys(TAB).await?;
    agent.click("vue-lazy").await?;
    agent.keys("z").await?;
    agent.has("document.getElementById('vue-lazy').value", json!("az")).await?;
    agent.has("window.state.vue.lazy", json!("a")).await?;
    agent.keys(TAB).await?;
    agent.has("window.state.vue.lazy", json!("az")).await?;
    Ok(())
}

/// The texts of what the overlay shows.
const SHOWN: &str = "[...window.__overlay.querySelectorAll('h2, .card p, .card button, [role=status], .bar button, .menu button, .ghost p, .ghost button')].map((node) => node.textContent)";

async fn overlay(bench: &Workbench) -> Result<()> {
    let folder = bench.pictures().await?;
    let take = async |browser: &Browser, name: &str| -> Result<()> {
        let picture = browser.screenshot().await?;
        tokio::fs::write(folder.join(format!("{name}.png")), picture).await?;
        Ok(())
    };
    // The question, which is answered by the keyboard: the answer that shares has the focus.
    let before = format!("document.documentElement.lang = 'de'; {OVERLAY}");
    let ask = "document.body.prepend(window.__before = document.createElement('input')); window.__before.focus();
        window.__asked = window.Cobrowse.start({ onFrame() {} }).then(() => 'shared', (error) => error.message)";
    let pair = Pair::start_after(bench, "/fixtures/hand.html", Transport::Direct, &before, json!({})).await?;
    pair.customer().run("return window.__e2e.stop()", vec![]).await?;
    pair.edit(ask).await?;
    Agent::becomes(
        pair.customer(),
        "window.__overlay?.querySelector('h2')?.textContent ?? ''",
        &json!("Diese Seite teilen?"),
    )
    .await?;
    take(pair.customer(), "question").await?;
    let focus = "window.__overlay.activeElement?.textContent ?? ''";
    Agent::becomes(pair.customer(), focus, &json!("Seite teilen")).await?;
    pair.customer().key("Tab").await?;
    Agent::becomes(pair.customer(), focus, &json!("Jetzt nicht")).await?;
    pair.customer().key("Escape").await?;
    Agent::becomes(pair.customer(), "document.activeElement === window.__before", &json!(true)).await?;
    let asked: String = pair.edit("return window.__asked").await?.as_str().unwrap_or_default().to_owned();
    ensure!(asked.contains("declined"), "the customer has declined: {asked}");
    for key in ["Enter", "Space"] {
        pair.edit(ask).await?;
        Agent::becomes(pair.customer(), focus, &json!("Seite teilen")).await?;
        pair.customer().key(key).await?;
        let asked = pair.edit("return window.__asked").await?;
        ensure!(asked == "shared", "{key} on what shares: {asked}");
        pair.edit("return window.Cobrowse.session.then((session) => session.stop())").await?;
    }

    let agent = Agent::open(bench, "/fixtures/hand.html", json!({ "language": "de", "confirm": "each" })).await?;
    agent
        .has(
            "window.__overlay.querySelector('[role=status]').textContent",
            json!("Ann kann diese Seite sehen und bedienen"),
        )
        .await?;
    // A field that the agent does not see says so.
    agent.pair.customer().click("#password").await?;
    agent
        .has(
            "window.__overlay.querySelector('.notice')?.textContent ?? ''",
            json!("Nicht sichtbar für die Beratungsperson"),
        )
        .await?;
    take(agent.pair.customer(), "notice").await?;
    agent.pair.customer().click("#plain").await?;
    agent.has("window.__overlay.querySelector('.notice')", Value::Null).await?;
    agent.browser().click("[data-tool=ink]").await?;
    let (x, y) = agent.place("button").await?;
    agent.browser().drag((x - 20.0, y + 20.0), (x + 90.0, y + 24.0)).await?;
    agent.has("window.__overlay.querySelectorAll('.drawings g').length > 0", json!(true)).await?;
    take(agent.pair.customer(), "ink").await?;
    agent.browser().click("[data-tool=hand]").await?;
    tokio::time::sleep(Duration::from_millis(2100)).await;
    agent.click("field").await?;
    agent.sees("document.getElementById('said').textContent", json!("The customer is asked to accept it.")).await?;
    agent
        .has("window.__overlay.querySelector('.ghost p')?.textContent ?? ''", json!("Ann möchte „field“ drücken"))
        .await?;
    take(agent.pair.customer(), "proposal").await?;
    take(agent.browser(), "agent").await?;
    agent.pair.edit("window.__overlay.querySelector('.ghost .yes').click()").await?;
    agent.pair.edit("window.__overlay.querySelector('.bar .plain').click()").await?;
    take(agent.pair.customer(), "menu").await?;
    // By the arrow keys, and away.
    agent.pair.customer().key("ArrowDown").await?;
    agent.has(focus, json!("Seite sehen und rollen")).await?;
    agent.pair.customer().key("Escape").await?;
    agent.has(focus, json!("⋯")).await?;
    // Nothing of it is in the captured page.
    let shown: Vec<String> = agent.pair.customer().eval(&format!("return {SHOWN}"), vec![]).await?;
    ensure!(shown.len() >= 4, "the overlay shows {shown:?}");
    let text: String =
        agent.browser().eval("return window.cobrowsePlayer.document.documentElement.outerHTML", vec![]).await?;
    for one in &shown {
        ensure!(one.len() < 4 || !text.contains(one.as_str()), "the agent's page has {one:?}");
    }
    ensure!(!text.contains("cobrowse-overlay"), "the agent's page has the overlay");
    Ok(())
}
