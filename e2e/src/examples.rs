//! The examples of `docs/integrations`, on a relay of their own that serves the built files beside them.

use crate::{browser::Browser, driver::Relay, pair::OVERLAY, workbench::Workbench};
use anyhow::{Context, Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How long anything may take.
pub(crate) const SOON: Duration = Duration::from_secs(15);

/// The examples, while they are served.
#[derive(Debug)]
pub(crate) struct Examples {
    /// The relay.
    pub(crate) relay: Relay,
    /// The folder that it serves.
    pub(crate) folder: PathBuf,
}

impl Examples {
    /// Serves the examples under `/examples/`; `name` is that of the folder for it.
    pub(crate) async fn open(bench: &Workbench, name: &str, arguments: &[&str]) -> Result<Self> {
        let scratch = bench.scratch(name).await?;
        let folder = scratch.join("pages");
        copy(bench.dist_folder(), &folder)?;
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/integrations/examples");
        copy(&examples, &folder.join("examples"))?;
        let relay = Relay::start(bench.cobrowse(), &folder, &scratch.join("relay.log"), arguments).await?;
        Ok(Self { relay, folder })
    }

    /// The address of one of their pages.
    pub(crate) fn page(&self, path: &str) -> String {
        format!("{}/examples/{path}", self.relay.url)
    }
}

/// Copies a folder with what is in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("reading {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Waits until a function body is true in a page.
pub(crate) async fn until(browser: &Browser, label: &str, body: &str) -> Result<()> {
    let from = Instant::now();
    while !browser.eval::<bool>(body, vec![]).await.with_context(|| label.to_owned())? {
        if from.elapsed() > SOON {
            bail!("{label}: not within {SOON:?}");
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    Ok(())
}

/// Loads a page of a customer's, whose question can be answered by [`answer`].
pub(crate) async fn load(browser: &Browser, url: &str) -> Result<()> {
    browser.goto_after(OVERLAY, url).await
}

/// What the question to the customer says; an empty text while there is none.
pub(crate) async fn question(browser: &Browser) -> Result<String> {
    browser.eval(&format!("return {ASKED} ? window.__overlay.querySelector('.card').textContent : ''"), vec![]).await
}

const ASKED: &str = "Boolean(window.__overlay?.host.isConnected && window.__overlay.querySelector('.card'))";

/// Waits for the question, and answers it.
pub(crate) async fn answer(browser: &Browser, yes: bool) -> Result<()> {
    until(browser, "the question", &format!("return {ASKED}")).await?;
    let button = if yes { "button.yes" } else { "button:not(.yes)" };
    browser.run(&format!("window.__overlay.querySelector('.card {button}').click()"), vec![]).await
}
