//! A customer's page and an agent's page with the engine between them.

use crate::{
    browser::Browser,
    comparison::{self, Options, Side},
    pixels,
    workbench::Workbench,
};
use anyhow::{Context, Result, anyhow, bail, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const SIDES: &str = include_str!("../js/sides.js");
const PEER: &str = include_str!("../js/peer.js");
const MUTATE: &str = include_str!("../js/mutate.js");
const STORM: &str = include_str!("../js/storm.js");

/// How long the agent may take to be in step.
const IN_STEP: Duration = Duration::from_secs(30);

/// Script expression for the rebuilt document.
pub(crate) const REPLAYED: &str = "window.__e2e.replayed()";

/// Keeps hold of the customer's overlay, whose shadow root is closed, as `window.__overlay`; for [`Pair::start_after`].
pub(crate) const OVERLAY: &str = "const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (options) {
    const root = attach.call(this, options);
    if (this.localName === 'cobrowse-overlay') window.__overlay = root;
    return root;
  };";

/// How frames reach the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// Through the relay, as in use.
    Relay,
    /// Taken from the customer's page and pushed into the agent's by the suite.
    Direct,
}

/// What the recorder says of itself.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SessionStats {
    /// The last frame's number.
    pub(crate) seq: u64,
    /// Hash of the recorder's tree after it.
    pub(crate) hash: String,
    /// How often the recorder had to begin anew.
    restarts: u32,
    /// What made it begin anew last.
    why: Option<String>,
}

/// What the player says of itself.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PlayerStats {
    /// The number of the last frame that was applied.
    pub(crate) seq: u64,
    /// Hash of the player's tree after it.
    pub(crate) hash: String,
}

/// How long one step of a case took.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    /// What was done.
    pub(crate) label: String,
    /// How long it took.
    pub(crate) time: Duration,
}

/// A session between the two browsers of a workbench.
#[derive(Debug)]
pub(crate) struct Pair<'a> {
    bench: &'a Workbench,
    transport: Transport,
    token: Option<String>,
    /// Every frame that was taken from the customer's page; direct transport only.
    pub(crate) frames: Vec<Vec<u8>>,
    /// Frames that the agent has not got yet.
    waiting: usize,
    /// How the comparison treats this page.
    pub(crate) options: Options,
    /// Whether the agent's page is of another origin than the customer's (`localhost` and `127.0.0.1`).
    pub(crate) is_elsewhere: bool,
    /// Whether nothing may ever be found by the recorder's own walk of the page.
    pub(crate) is_watched: bool,
    /// The agent's relay, where it is another one than all share.
    pub(crate) agent_relay: Option<String>,
    /// What else the agent's page mounts its player with.
    pub(crate) agent_options: Value,
}

impl<'a> Pair<'a> {
    /// Loads a page in the customer's browser and starts a session, without an agent.
    pub(crate) async fn start(bench: &'a Workbench, page: &str, transport: Transport, options: Value) -> Result<Self> {
        let pair = Self::load(bench, page, transport).await?;
        pair.begin(options).await
    }

    /// Like [`Self::start`], but first runs a function body in the page.
    pub(crate) async fn start_after(
        bench: &'a Workbench,
        page: &str,
        transport: Transport,
        script: &str,
        options: Value,
    ) -> Result<Self> {
        let pair = Self::load(bench, page, transport).await?;
        pair.edit(script).await.context("before the session")?;
        pair.begin(options).await
    }

    /// Loads a page in the customer's browser, without a session.
    pub(crate) async fn load(bench: &'a Workbench, page: &str, transport: Transport) -> Result<Self> {
        let from = Instant::now();
        bench.customer.goto(&bench.page(page)).await?;
        bench.mark("load", from);
        let transport = if bench.is_peer() { Transport::Direct } else { transport };
        Ok(Self {
            bench,
            transport,
            token: None,
            frames: Vec::new(),
            waiting: 0,
            options: Options::default(),
            is_elsewhere: false,
            is_watched: true,
            agent_relay: None,
            agent_options: json!({}),
        })
    }

    /// Starts a session on a page, with an agent that is in step. By hand, a flush makes one frame, however slow the
    /// machine is.
    pub(crate) async fn open(bench: &'a Workbench, page: &str, transport: Transport) -> Result<Self> {
        let options = match transport {
            Transport::Relay => json!({}),
            Transport::Direct => json!({ "budgetMs": 10_000 }),
        };
        let mut pair = Self::start(bench, page, transport, options).await?;
        pair.join().await?;
        pair.check("keyframe").await?;
        Ok(pair)
    }

    /// Starts a session on the page that is loaded.
    /// Starts the session.
    pub(crate) async fn begin(mut self, options: Value) -> Result<Self> {
        let from = Instant::now();
        let customer = self.customer();
        self.load_script(customer, "capture.js", "Cobrowse").await?;
        let relay = match self.transport {
            Transport::Relay => Value::from(self.bench.relay()?),
            Transport::Direct => Value::Null,
        };
        let token: Option<String> = customer
            .eval("return window.__e2e.start(...arguments)", vec![relay, options])
            .await
            .context("Cobrowse.start")?;
        ensure!(self.transport == Transport::Direct || token.is_some(), "the session has no token");
        self.token = token;
        self.bench.mark("start", from);
        Ok(self)
    }

    /// The customer's browser.
    pub(crate) const fn customer(&self) -> &'a Browser {
        &self.bench.customer
    }

    /// The relay's address.
    pub(crate) fn relay(&self) -> Result<&str> {
        self.bench.relay()
    }

    /// The agent's browser.
    pub(crate) const fn agent(&self) -> &'a Browser {
        &self.bench.agent
    }

    /// Opens the agent's page, and joins the session.
    pub(crate) async fn join(&mut self) -> Result<()> {
        let from = Instant::now();
        self.agent().goto(&self.elsewhere(self.bench.page("/pages/agent.html"))).await?;
        self.mount(self.agent()).await?;
        self.waiting = self.frames.len();
        self.bench.mark("join", from);
        Ok(())
    }

    /// Reloads the agent's page, and joins again.
    pub(crate) async fn rejoin(&mut self) -> Result<()> {
        self.agent().reload().await?;
        self.mount(self.agent()).await?;
        self.waiting = self.frames.len();
        Ok(())
    }

    /// Mounts a player in the agent's page that `browser` has loaded.
    pub(crate) async fn mount(&self, browser: &Browser) -> Result<()> {
        self.load_script(browser, "replay.js", "CobrowseReplay").await?;
        let options = match self.transport {
            Transport::Relay => {
                let relay = self.agent_relay.as_deref().map_or_else(|| self.bench.relay(), Ok)?;
                let mut options = json!({ "relay": relay, "token": self.token });
                for (name, value) in self.agent_options.as_object().into_iter().flatten() {
                    options[name] = value.clone();
                }
                options
            }
            Transport::Direct => json!({}),
        };
        browser.run("return window.__e2e.mount(...arguments)", vec![options]).await.context("CobrowseReplay.mount")
    }

    /// Loads one of the engine's scripts, or the peer's, and what calls it.
    async fn load_script(&self, browser: &Browser, name: &str, global: &str) -> Result<()> {
        let (name, global, sides) =
            if self.bench.is_peer() { ("rrweb.js", "rrweb", PEER) } else { (name, global, SIDES) };
        browser.run(sides, vec![]).await?;
        let url = format!("{}/{name}", self.bench.dist()?);
        let url = if global == "CobrowseReplay" { self.elsewhere(url) } else { url };
        browser.run("return window.__e2e.load(...arguments)", vec![json!(url), json!(global)]).await
    }

    /// An address of the suite's server, for the agent.
    fn elsewhere(&self, url: String) -> String {
        if self.is_elsewhere { url.replace("127.0.0.1", "localhost") } else { url }
    }

    /// Loads another page in the customer's browser, or the tab that it has turned to, and takes up the session that goes
    /// on there.
    pub(crate) async fn go(&self, page: &str) -> Result<()> {
        self.customer().goto(&self.bench.page(page)).await?;
        self.adopt().await
    }

    /// Loads the script in the customer's page, and takes up the session that goes on there.
    pub(crate) async fn adopt(&self) -> Result<()> {
        self.load_script(self.customer(), "capture.js", "Cobrowse").await?;
        let token: Option<String> = self.customer().eval("return window.__e2e.adopt()", vec![]).await?;
        ensure!(token == self.token, "the session that goes on is {token:?}, not {:?}", self.token);
        Ok(())
    }

    /// Waits until a function body is true in a page.
    pub(crate) async fn wait(&self, browser: &Browser, label: &str, body: &str, limit: Duration) -> Result<Duration> {
        let from = Instant::now();
        while !browser.eval::<bool>(body, vec![]).await.with_context(|| label.to_owned())? {
            ensure!(from.elapsed() < limit, "{label}: not within {limit:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(from.elapsed())
    }

    /// The session's number.
    pub(crate) fn token(&self) -> Result<&str> {
        self.token.as_deref().context("a session over a relay")
    }

    /// Runs a function body in the customer's page.
    pub(crate) async fn edit(&self, script: &str) -> Result<Value> {
        self.customer().eval(script, vec![]).await
    }

    /// Makes `count` random edits of the customer's page.
    pub(crate) async fn mutate(&self, seed: u32, count: u32) -> Result<()> {
        self.customer().run(MUTATE, vec![]).await?;
        let script = "return window.__mutate.run(arguments[0])";
        self.customer().run(script, vec![json!({ "seed": seed, "count": count })]).await.context("mutating")
    }

    /// Makes `count` random edits of all kinds of what the customer's page has in it.
    pub(crate) async fn storm(&self, seed: u32, count: u32) -> Result<()> {
        self.customer().run(MUTATE, vec![]).await?;
        self.customer().run(STORM, vec![]).await?;
        let script = "return window.__storm.run(arguments[0])";
        self.customer().run(script, vec![json!({ "seed": seed, "count": count })]).await.context("a storm")
    }

    /// Takes the frames that the recorder has made; direct transport only. Returns the new ones.
    async fn drain(&mut self) -> Result<Vec<Vec<u8>>> {
        let frames: Vec<String> = self.customer().eval("return window.__e2e.drain()", vec![]).await?;
        let frames: Vec<Vec<u8>> =
            frames.iter().map(|frame| BASE64_STANDARD.decode(frame)).collect::<Result<_, _>>()?;
        self.frames.extend(frames.iter().cloned());
        Ok(frames)
    }

    /// Has the recorder hand over every change made so far, and keeps the frames from the agent.
    pub(crate) async fn intercept(&mut self) -> Result<Vec<Vec<u8>>> {
        self.customer().run("return window.__e2e.flush()", vec![]).await.context("session.flush")?;
        self.drain().await
    }

    /// Pushes frames by hand into the player.
    pub(crate) async fn push(&self, frames: &[Vec<u8>]) -> Result<()> {
        let frames: Vec<String> = frames.iter().map(|frame| BASE64_STANDARD.encode(frame)).collect();
        self.agent().run("return window.__e2e.push(arguments[0])", vec![json!(frames)]).await
    }

    /// Has the recorder hand over every change made so far.
    pub(crate) async fn flush(&mut self) -> Result<SessionStats> {
        let stats = self.customer().eval("return window.__e2e.flush()", vec![]).await.context("session.flush")?;
        if self.transport == Transport::Direct {
            self.waiting += self.drain().await?.len();
        }
        Ok(stats)
    }

    /// Brings the agent in step with the customer, and checks that both ends' hashes agree.
    pub(crate) async fn sync(&mut self) -> Result<()> {
        self.sync_with(self.agent()).await
    }

    /// Like [`Self::sync`], with another agent's browser.
    pub(crate) async fn sync_with(&mut self, agent: &Browser) -> Result<()> {
        // A page may go on by itself between two calls; then the numbers are read again.
        let mut seen = Vec::new();
        for _ in 0..20 {
            let sent = self.flush().await?;
            if self.waiting > 0 {
                self.push(&self.frames[self.frames.len() - self.waiting..]).await?;
                self.waiting = 0;
            }
            let arguments = vec![json!(sent.seq), json!(IN_STEP.as_millis())];
            let reached: PlayerStats =
                agent.eval("return window.__e2e.reach(...arguments)", arguments).await.context("player.flush")?;
            let now: SessionStats = self.customer().eval("return window.__e2e.sessionStats()", vec![]).await?;
            // A recorder that begins anew hides what it could not do behind a keyframe.
            ensure!(now.restarts == 0, "the recorder began anew {} times: {:?}", now.restarts, now.why);
            if now.seq != sent.seq || reached.seq > sent.seq {
                seen.push(now.seq);
                continue;
            }
            if reached.seq != sent.seq {
                let errors: Vec<String> = agent.eval("return window.__e2e.playerErrors()", vec![]).await?;
                bail!("the agent is at frame {}, the customer at {}; its errors: {errors:?}", reached.seq, sent.seq);
            }
            ensure!(sent.hash == reached.hash, "hashes differ: customer {} agent {}", sent.hash, reached.hash);
            return Ok(());
        }
        Err(anyhow!("the customer's page does not come to rest: frames {seen:?}"))
    }

    /// Brings the agent in step and compares the documents.
    pub(crate) async fn check(&mut self, label: &str) -> Result<()> {
        self.check_with(self.agent(), label).await
    }

    /// Like [`Self::check`], with another agent's browser.
    pub(crate) async fn check_with(&mut self, agent: &Browser, label: &str) -> Result<()> {
        let from = Instant::now();
        self.sync_with(agent).await.with_context(|| format!("after {label}"))?;
        self.bench.mark(&format!("{label}: in step"), from);
        let from = Instant::now();
        let customer = Side { browser: self.customer(), document: "document" };
        let agent = Side { browser: agent, document: REPLAYED };
        let compared = if self.bench.is_peer() {
            let settle = Duration::from_millis(500);
            let options = Options { settle, documents_only: true, ..self.options.clone() };
            comparison::compare(customer, agent, &options).await
        } else {
            comparison::compare(customer, agent, &self.options).await
        };
        let equal = match compared.with_context(|| format!("after {label}")) {
            Err(error) if self.bench.is_peer() => {
                self.bench.differs(format!("{error:#}"));
                return Ok(());
            }
            other => other?,
        };
        self.bench.mark(&format!("{label}: compared {} nodes", equal.nodes), from);
        if self.is_watched {
            // The recorder's own comparison of page and mirror finds nothing either.
            let found: u32 = self.customer().eval("return window.__e2e.verify()", vec![]).await?;
            ensure!(found == 0, "after {label}: the recorder's walk finds {found} differences");
        }
        Ok(())
    }

    /// Compares what is on both screens. What differs more than it may fails the case, unless there is a `reason` for it.
    pub(crate) async fn look(&self, label: &str, reason: Option<&str>) -> Result<()> {
        // Two engines draw the same letters differently.
        if self.customer().engine() != self.agent().engine() {
            return Ok(());
        }
        let from = Instant::now();
        // What is still being loaded and decoded is given some time.
        let mut found = pixels::compare(self.customer(), self.agent(), &self.options.masked).await?;
        for _ in 0..4 {
            if found.share <= pixels::LIMIT || reason.is_some() || self.bench.is_peer() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
            found = pixels::compare(self.customer(), self.agent(), &self.options.masked).await?;
        }
        self.bench.mark(&format!("{label}: {:.4} % of the pixels differ", found.share * 100.0), from);
        self.bench.differed(found.share);
        if found.share > pixels::LIMIT && reason.is_none() && !self.bench.is_peer() {
            bail!("after {label}: {:.3} % of the pixels differ, the first at {:?}", found.share * 100.0, found.first);
        }
        Ok(())
    }

    /// Runs a function body in the customer's page, and checks both documents after it.
    pub(crate) async fn step(&mut self, label: &str, script: &str) -> Result<()> {
        let from = Instant::now();
        self.edit(script).await.with_context(|| label.to_owned())?;
        self.bench.mark(&format!("{label}: edit"), from);
        self.check(label).await
    }

    /// Errors that the player reported since it was mounted or since the last call of [`Self::forget_errors`].
    pub(crate) async fn player_errors(&self) -> Result<Vec<String>> {
        self.agent().eval("return window.__e2e.playerErrors()", vec![]).await
    }

    /// Forgets errors that a case has provoked.
    pub(crate) async fn forget_errors(&self) -> Result<()> {
        self.agent().run("window.__e2e.forgetPlayerErrors()", vec![]).await
    }

    /// The player's statistics.
    pub(crate) async fn player_stats(&self) -> Result<PlayerStats> {
        self.agent().eval("return window.__e2e.playerStats()", vec![]).await
    }

    /// Asks the recorder for a keyframe.
    pub(crate) async fn keyframe(&self) -> Result<()> {
        self.customer().run("window.__e2e.keyframe()", vec![]).await.context("session.keyframe")
    }

    /// Ends the case: no error may have been reported by the player.
    pub(crate) async fn finish(self) -> Result<()> {
        if let Some(difference) = self.bench.difference() {
            bail!("{difference}");
        }
        let errors = self.player_errors().await?;
        ensure!(errors.is_empty(), "the player reported errors: {errors:?}");
        Ok(())
    }
}
