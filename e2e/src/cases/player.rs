//! The player of recordings, with mouse and keys: every control does what it says.

mod controls;
mod files;
mod looks;
mod moments;

use crate::{browser::Browser, workbench::Workbench};
use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scenario {
    /// Each button.
    Controls,
    /// Each key.
    Keys,
    /// The time line: dragging, pictures, marks, stretches without a change.
    Timeline,
    /// When a text is to be read.
    Search,
    /// What changed at a moment.
    Changes,
    /// Pointers over the page, and nothing of them in it.
    Trail,
    /// A page from the disk, with a file that is chosen or dropped.
    Disk,
    /// The strictest policy.
    Policy,
    /// A moment in the address.
    Link,
    /// Files that are none, damaged, empty, or not there.
    Damaged,
    /// A narrow window, dark and light; pictures of it are left in the folder `pictures`.
    Looks,
    /// Names, values, order of focus, contrast.
    Access,
}

impl Scenario {
    /// All of them.
    pub(crate) const ALL: [Self; 12] = [
        Self::Controls,
        Self::Keys,
        Self::Timeline,
        Self::Search,
        Self::Changes,
        Self::Trail,
        Self::Disk,
        Self::Policy,
        Self::Link,
        Self::Damaged,
        Self::Looks,
        Self::Access,
    ];

    /// For the case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Controls => "controls",
            Self::Keys => "keys",
            Self::Timeline => "timeline",
            Self::Search => "search",
            Self::Changes => "changes",
            Self::Trail => "trail",
            Self::Disk => "disk",
            Self::Policy => "policy",
            Self::Link => "link",
            Self::Damaged => "damaged",
            Self::Looks => "looks",
            Self::Access => "access",
        }
    }
}

/// Runs one.
pub(crate) async fn run(bench: &Workbench, scenario: Scenario) -> Result<()> {
    let player = Player { bench, browser: &bench.agent };
    let done = match scenario {
        Scenario::Controls => controls::controls(&player).await,
        Scenario::Keys => controls::keys(&player).await,
        Scenario::Timeline => moments::timeline(&player).await,
        Scenario::Search => moments::search(&player).await,
        Scenario::Changes => moments::changes(&player).await,
        Scenario::Trail => moments::trail(&player).await,
        Scenario::Disk => files::disk(&player).await,
        Scenario::Policy => files::policy(&player).await,
        Scenario::Link => files::link(&player).await,
        Scenario::Damaged => files::damaged(&player).await,
        Scenario::Looks => looks::looks(&player).await,
        Scenario::Access => looks::access(&player).await,
    };
    // The next case has a window as this one had.
    bench.agent.set_look(None).await?;
    done
}

/// A visit of the demo shop, by a customer and an agent (`fixtures/recordings/README.md`).
const VISIT: &str = "visit.cbr";

/// The player in the agent's browser.
struct Player<'a> {
    bench: &'a Workbench,
    browser: &'a Browser,
}

/// What the scripts of this file may use: the element, and what is in it.
const NAMES: &str = "const player = document.querySelector('cobrowse-player');
  const $ = (selector) => player.shadowRoot.querySelector(selector);
  const $$ = (selector) => [...player.shadowRoot.querySelectorAll(selector)];\n";

impl Player<'_> {
    /// Opens the player's page with a recording, behind `?src=` or `#`, and waits for the first page.
    async fn open(&self, recording: &str, more: &str) -> Result<()> {
        let address = self.bench.page(&format!("/dist/player.html?src=/recordings/{recording}{more}"));
        // Only the part behind `#` may differ from the case before.
        self.browser.goto(&self.bench.page("/pages/blank.html")).await?;
        self.browser.goto(&address).await?;
        self.sees("player.isReady && !player.seeking && $('.player').dataset.state", json!("ready")).await
    }

    /// And waits until marks and stretches without a change are known.
    async fn open_looked_through(&self, recording: &str) -> Result<()> {
        self.open(recording, "").await?;
        self.sees("$$('.flag').length > 0", json!(true)).await
    }

    /// Runs a function body beside the player.
    async fn get<T: DeserializeOwned>(&self, body: &str) -> Result<T> {
        self.browser.eval(&format!("{NAMES}{body}"), vec![]).await
    }

    async fn value<T: DeserializeOwned>(&self, expression: &str) -> Result<T> {
        self.get(&format!("return {expression}")).await
    }

    /// Waits until an expression has a value.
    async fn sees(&self, expression: &str, expected: Value) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let found: Value = self.value(expression).await?;
            if found == expected {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "{expression}: expected {expected}, found {found}");
            sleep(Duration::from_millis(30)).await;
        }
    }

    /// The time that is shown, in seconds.
    async fn time(&self) -> Result<f64> {
        self.value("player.currentTime").await
    }

    /// Waits until it is there, within a hundredth of a second.
    async fn is_at(&self, seconds: f64) -> Result<()> {
        self.sees(&format!("!player.seeking && Math.abs(player.currentTime - {seconds}) < 0.01"), json!(true))
            .await
            .with_context(|| format!("at {seconds} s"))
    }

    async fn seek(&self, seconds: f64) -> Result<()> {
        self.get::<Value>(&format!("return player.seek({seconds})")).await.map(drop)
    }

    async fn middle(&self, selector: &str) -> Result<(f64, f64)> {
        let body = format!(
            "const element = $({}); if (!element) return null; element.scrollIntoView({{ block: 'nearest' }});
             const {{ left, top, width, height }} = element.getBoundingClientRect();
             return width > 0 && height > 0 ? [left + width / 2, top + height / 2] : null;",
            json!(selector)
        );
        self.get::<Option<(f64, f64)>>(&body).await?.with_context(|| format!("the player shows no {selector}"))
    }

    /// Clicks the middle of something in the player.
    async fn click(&self, selector: &str) -> Result<()> {
        let (x, y) = self.middle(selector).await?;
        self.browser.click_at(x, y).await
    }

    /// A place of the time line, as a share of it.
    async fn place(&self, share: f64) -> Result<(f64, f64)> {
        let (left, top, width, height): (f64, f64, f64, f64) = self
            .get("const { left, top, width, height } = $('.slider').getBoundingClientRect(); return [left, top, width, height]")
            .await?;
        Ok((left + width * share, top + height / 2.0))
    }

    /// Gives the player the focus, as a click on its page does, and leaves it as it stands.
    async fn focus(&self) -> Result<()> {
        self.get::<Value>("$('.glass').focus(); return null").await.map(drop)
    }

    async fn picture(&self, name: &str) -> Result<()> {
        let folder = self.bench.pictures().await?;
        tokio::fs::write(folder.join(name), self.browser.screenshot().await?).await?;
        Ok(())
    }
}

/// Waits a little: for what must not happen meanwhile.
async fn a_moment() {
    sleep(Duration::from_millis(400)).await;
}
