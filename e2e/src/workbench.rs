//! What a case works with: two browsers, the server, the relay, and a folder for what it leaves.

use crate::{
    browser::Browser,
    driver::{Redis, Relay},
    engine::{CANARY, Engine},
    pair::Mark,
    server::{Folders, Server},
};
use anyhow::{Context, Result, bail};
use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// What all workers share.
#[derive(Debug)]
pub(crate) struct Site {
    /// The customer's browser and the agent's.
    pub(crate) engines: [Engine; 2],
    /// Where the drivers' output goes.
    pub(crate) driver_log: PathBuf,
    /// The static server.
    pub(crate) server: Server,
    /// The relay, or why there is none.
    pub(crate) relay: Result<Relay>,
    /// Where files come from.
    pub(crate) folders: Folders,
    /// Where cases leave what is to be looked at.
    pub(crate) output: PathBuf,
    /// Whether windows are shown.
    pub(crate) headed: bool,
    /// Whether it is the peer that is compared.
    pub(crate) is_peer: bool,
    /// The `cobrowse` program.
    pub(crate) binary: PathBuf,
    /// The recordings of our own pages.
    pub(crate) recordings: PathBuf,
    /// Whether these are made anew.
    pub(crate) makes_recordings: bool,
}

/// Two browsers and what they need; one case at a time.
#[derive(Debug)]
pub(crate) struct Workbench {
    /// The customer's browser.
    pub(crate) customer: Browser,
    /// The agent's browser.
    pub(crate) agent: Browser,
    site: std::sync::Arc<Site>,
    marks: Mutex<Vec<Mark>>,
    /// The largest share of pixels that differed in this case, where pictures were compared.
    pixels: Mutex<Option<f64>>,
    /// The first difference in this case, where cases go on behind one.
    difference: Mutex<Option<String>>,
}

impl Workbench {
    /// Opens both browsers.
    pub(crate) async fn open(site: std::sync::Arc<Site>) -> Result<Self> {
        Self::open_with(site, &[], &[]).await
    }

    /// Opens two more browsers, the customer's with flags of a case's own, for that case.
    pub(crate) async fn with_flags(&self, flags: &[&str]) -> Result<Self> {
        let bench = Self::open_with(self.site.clone(), flags, &[]).await?;
        bench.prepare().await?;
        Ok(bench)
    }

    /// Opens two more browsers for a case, in which other hosts are these ports of this machine: the customer's, and the agent's.
    pub(crate) async fn with_canaries(&self, ports: [u16; 2]) -> Result<Self> {
        let [customer, agent] = ports.map(|port| format!("{CANARY}{port}"));
        let bench = Self::open_with(self.site.clone(), &[&customer], &[&agent]).await?;
        bench.prepare().await?;
        Ok(bench)
    }

    async fn open_with(site: std::sync::Arc<Site>, flags: &[&str], agents: &[&str]) -> Result<Self> {
        let (log, profiles) = (&site.driver_log, site.output.join("profiles"));
        let [customer, agent] = site.engines;
        let customer = Browser::open(customer, log, &profiles, site.headed, flags);
        let agent = Browser::open(agent, log, &profiles, site.headed, agents);
        let (customer, agent) = tokio::try_join!(customer, agent)?;
        Ok(Self {
            customer,
            agent,
            site,
            marks: Mutex::default(),
            pixels: Mutex::default(),
            difference: Mutex::default(),
        })
    }

    /// Opens one more browser, for another agent.
    pub(crate) async fn another_browser(&self) -> Result<Browser> {
        let (site, [_, engine]) = (&self.site, self.site.engines);
        Browser::open(engine, &site.driver_log, &site.output.join("profiles"), site.headed, &[]).await
    }

    /// The URL of a page of the server; what is one already stays as it is.
    pub(crate) fn page(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.site.server.url) }
    }

    /// The static server.
    pub(crate) fn server(&self) -> &Server {
        &self.site.server
    }

    /// The server under another name, which is another origin.
    pub(crate) fn origin(&self, host: &str) -> String {
        self.site.server.url.replace("127.0.0.1", host)
    }

    /// A file of our own pages.
    pub(crate) fn fixture(&self, name: &str) -> PathBuf {
        self.site.folders.fixtures.join(name)
    }

    /// A recording of our own pages.
    pub(crate) fn recording(&self, name: &str) -> PathBuf {
        self.site.folders.recordings.join(name)
    }

    /// The folder of the built engine.
    pub(crate) fn dist_folder(&self) -> &Path {
        &self.site.folders.dist
    }

    /// The URL of the built engine.
    ///
    /// # Errors
    /// When it is not built.
    pub(crate) fn dist(&self) -> Result<String> {
        let folder = &self.site.folders.dist;
        if !folder.join("capture.js").is_file() || !folder.join("replay.js").is_file() {
            bail!("no capture.js and replay.js in {}; run `cargo xtask dist` or set COBROWSE_DIST", folder.display());
        }
        Ok(self.page("/dist"))
    }

    /// Whether it is the peer that is compared: differences are noted, and the case goes on.
    pub(crate) fn is_peer(&self) -> bool {
        self.site.is_peer
    }

    /// Notes a difference, unless there is one.
    pub(crate) fn differs(&self, message: String) {
        self.difference.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(message);
    }

    /// The difference that was noted.
    pub(crate) fn difference(&self) -> Option<String> {
        self.difference.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The URL of the relay.
    ///
    /// # Errors
    /// When it does not run.
    pub(crate) fn relay(&self) -> Result<&str> {
        match &self.site.relay {
            Ok(relay) => Ok(&relay.url),
            Err(error) => bail!("no relay: {error:#}"),
        }
    }

    /// A Redis server of a case's own.
    pub(crate) async fn redis(&self) -> Result<Redis> {
        Redis::start(&self.site.output.join("redis.log")).await
    }

    /// A relay with times of its own, as options of `cobrowse serve`.
    pub(crate) async fn another_relay(&self, times: &[&str]) -> Result<Relay> {
        let site = &self.site;
        Relay::start(&site.binary, &site.folders.dist, &site.output.join("relay.log"), times).await
    }

    /// The `cobrowse` program.
    pub(crate) fn cobrowse(&self) -> &Path {
        &self.site.binary
    }

    /// The folder with the recordings of our own pages.
    pub(crate) fn recordings(&self) -> &Path {
        &self.site.recordings
    }

    /// The same, where they are to be made anew.
    pub(crate) fn makes_recordings(&self) -> Option<&Path> {
        self.site.makes_recordings.then_some(self.site.recordings.as_path())
    }

    /// A relay of a case's own, with more arguments. `name` is that of its log.
    pub(crate) async fn own_relay(&self, name: &str, arguments: &[&str]) -> Result<Relay> {
        let log = self.site.output.join(format!("{name}.log"));
        Relay::start(&self.site.binary, &self.site.folders.dist, &log, arguments).await
    }

    /// A folder for files that a case needs for itself; removed with the browsers' profiles.
    pub(crate) async fn scratch(&self, name: &str) -> Result<PathBuf> {
        let folder = self.site.output.join("profiles").join(name);
        tokio::fs::create_dir_all(&folder).await?;
        // A browser wants whole paths.
        Ok(tokio::fs::canonicalize(folder).await?)
    }

    /// A folder for pictures that people look at: it stays.
    pub(crate) async fn pictures(&self) -> Result<PathBuf> {
        let folder = self.site.output.join("pictures");
        tokio::fs::create_dir_all(&folder).await?;
        Ok(folder)
    }

    /// Notes how long something took that began at `from`.
    pub(crate) fn mark(&self, label: &str, from: Instant) {
        self.marks().push(Mark { label: label.to_owned(), time: from.elapsed() });
    }

    /// Notes the share of pixels that differed.
    pub(crate) fn differed(&self, share: f64) {
        let mut worst = self.pixels.lock().unwrap_or_else(PoisonError::into_inner);
        *worst = Some(worst.unwrap_or_default().max(share));
    }

    /// The largest share of pixels that differed in this case.
    pub(crate) fn pixels(&self) -> Option<f64> {
        *self.pixels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn marks(&self) -> MutexGuard<'_, Vec<Mark>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the workbench ready for a case.
    pub(crate) async fn prepare(&self) -> Result<()> {
        self.marks().clear();
        *self.pixels.lock().unwrap_or_else(PoisonError::into_inner) = None;
        *self.difference.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let clear = async |browser: &Browser| {
            browser.goto(&self.page("/pages/blank.html")).await?;
            // A session may remember itself here, to go on with the customer's next page.
            browser.run("sessionStorage.clear(); localStorage.clear()", vec![]).await?;
            // What the console tells from now on is this case's.
            browser.faults().await.map(drop)
        };
        tokio::try_join!(clear(&self.customer), clear(&self.agent)).map(drop)
    }

    /// Leaves pictures and timing of a case in its folder, ends its session, and returns faults that the consoles tell.
    pub(crate) async fn conclude(&self, folder: &Path, time: Duration) -> Result<Vec<String>> {
        tokio::fs::create_dir_all(folder).await?;
        let look = async |browser: &Browser, name: &str| -> Result<Vec<String>> {
            let picture = browser.screenshot().await?;
            tokio::fs::write(folder.join(format!("{name}.png")), picture).await?;
            Ok(browser.faults().await?.into_iter().map(|fault| format!("{name}: {fault}")).collect())
        };
        let (customer, agent) = tokio::try_join!(look(&self.customer, "customer"), look(&self.agent, "agent"))?;
        let mut timing = format!("{:>9.1} ms  whole case\n", milliseconds(time));
        for mark in self.marks().iter() {
            timing.push_str(&format!("{:>9.1} ms  {}\n", milliseconds(mark.time), mark.label));
        }
        tokio::fs::write(folder.join("timing.txt"), timing).await?;
        // Ends what still runs, so that the next case meets a quiet relay.
        // The agent goes first: one that came back to a session that has ended would count as a guess of a token.
        self.agent.run("window.__e2e?.destroy()", vec![]).await.context("player.destroy")?;
        self.customer.run("return window.__e2e?.stop()", vec![]).await.context("session.stop")?;
        Ok([customer, agent].concat())
    }

    /// Closes both browsers.
    pub(crate) async fn close(self) -> Result<()> {
        tokio::try_join!(self.customer.close(), self.agent.close())?;
        Ok(())
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
