//! The agent's own page (`slave.html`), as an agent uses it.

use crate::{browser::Browser, workbench::Workbench};
use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::{
    path::Path,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// How long anything may take that the page is to show.
const SOON: Duration = Duration::from_secs(20);

/// An agent's page in a browser.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AgentPage<'a> {
    /// The browser.
    pub(crate) browser: &'a Browser,
}

impl<'a> AgentPage<'a> {
    /// Joins a session.
    pub(crate) async fn open(
        bench: &Workbench,
        browser: &'a Browser,
        relay: &str,
        token: &str,
        name: &str,
    ) -> Result<Self> {
        // Of two addresses that differ behind the `#` only, the second would not be loaded.
        browser.goto(&bench.page("/pages/blank.html")).await?;
        let address = format!("{}/slave.html#relay={relay}&sid={token}&name={name}", bench.dist()?);
        browser.goto(&address).await?;
        Ok(Self { browser })
    }

    /// Waits until a function body is true in the page.
    pub(crate) async fn until(&self, label: &str, body: &str) -> Result<()> {
        wait(self.browser, label, body).await
    }

    /// Waits until an element's text has something in it.
    pub(crate) async fn says(&self, id: &str, text: &str) -> Result<()> {
        let body = format!(
            "const node = document.getElementById({}); return !node.closest('[hidden]') && node.textContent.includes({})",
            json!(id),
            json!(text)
        );
        match self.until(text, &body).await {
            Ok(()) => Ok(()),
            Err(error) => {
                let script = format!("return document.getElementById({}).textContent", json!(id));
                let said: String = self.browser.eval(&script, vec![]).await?;
                Err(error.context(format!("the agent's page says {said:?} in #{id}")))
            }
        }
    }

    /// Chooses a file for the customer, in the page's picker.
    pub(crate) async fn choose(&self, file: &Path) -> Result<()> {
        self.browser.choose_file("return document.getElementById('file')", file).await
    }

    /// Clicks a button of the page.
    pub(crate) async fn press(&self, id: &str) -> Result<()> {
        self.browser.click(&format!("#{id}")).await
    }
}

/// Waits until a function body is true in a page.
pub(crate) async fn wait(browser: &Browser, label: &str, body: &str) -> Result<()> {
    let from = Instant::now();
    while !browser.eval::<bool>(body, vec![]).await.with_context(|| label.to_owned())? {
        ensure!(from.elapsed() < SOON, "{label}: not within {SOON:?}");
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
