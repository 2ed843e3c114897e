//! What a hostile page may hold (`fixtures/attacks`), at an agent's: no script of it runs, no host in a private network is called, no
//! window goes elsewhere. What the list is worth is seen in a page without any protection.

use crate::{
    attacks::{self, HOST, Node, Vector, Way},
    browser::Browser,
    canary::{self, Canary, Request},
    engine::Engine,
    pair::{Pair, REPLAYED, Transport},
    workbench::Workbench,
};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::time::sleep;

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scenario {
    /// All markup in pages of their own, without protection: what fires.
    Plain,
    /// A customer's page that holds all of it, captured.
    Captured,
    /// Streams that say it without the engine's capture.
    MadeUp,
    /// The same, with scripts allowed and no policy: what the first line alone holds back.
    FirstLine,
    /// Addresses that a rebuilt page gets past the first line: what the policy alone holds back.
    PolicyAlone,
    /// What may be loaded, and who is told of it.
    Loading,
}

impl Scenario {
    /// All of them.
    pub(crate) const ALL: [Self; 6] =
        [Self::Plain, Self::Captured, Self::MadeUp, Self::FirstLine, Self::PolicyAlone, Self::Loading];

    /// For the case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Captured => "captured",
            Self::MadeUp => "made-up",
            Self::FirstLine => "first-line",
            Self::PolicyAlone => "policy-alone",
            Self::Loading => "loading",
        }
    }
}

const SCRIPTS: &str = include_str!("../../js/attacks.js");

/// Pages that are loaded at a time without protection.
const AT_ONCE: usize = 80;

/// How long it takes until what a page brings is loaded, and what is found from time to time.
const SOON: Duration = Duration::from_millis(2500);

/// Of each family so many vectors of a hundred fire without protection, at least.
const FIRING: usize = 20;

/// Runs one.
pub(crate) async fn run(bench: &Workbench, scenario: Scenario) -> Result<()> {
    let [theirs, ours] = [Canary::start().await?, Canary::start().await?];
    let own = bench.with_canaries([theirs.port, ours.port]).await?;
    let (markup, nodes) = attacks::read(&bench.fixture("../attacks"))?;
    let scene = Scene { bench: &own, canary: &ours, markup, nodes };
    let result = match scenario {
        Scenario::Plain => scene.plain().await,
        Scenario::Captured => scene.captured().await,
        Scenario::MadeUp => scene.made_up("").await,
        Scenario::FirstLine => scene.made_up(UNPROTECTED).await,
        Scenario::PolicyAlone => scene.policy_alone().await,
        Scenario::Loading => scene.loading(&theirs).await,
    };
    own.close().await?;
    result
}

/// Takes the policy and the sandbox from rebuilt pages.
const UNPROTECTED: &str = "
    const policy = /<meta http-equiv=\"Content-Security-Policy\"[^>]*>/;
    const { set } = Object.getOwnPropertyDescriptor(HTMLIFrameElement.prototype, 'srcdoc');
    Object.defineProperty(HTMLIFrameElement.prototype, 'srcdoc', { configurable: true, set(text) { set.call(this, text.replace(policy, '')); } });
    const { setAttribute } = Element.prototype;
    Element.prototype.setAttribute = function (name, value) { setAttribute.call(this, name, name === 'sandbox' ? value + ' allow-scripts' : value); };
    const { write } = Document.prototype;
    window.__strip = (inner) => { inner.Document.prototype.write = function (text) { write.call(this, text.replace(policy, '')); }; };";

struct Scene<'a> {
    bench: &'a Workbench,
    canary: &'a Canary,
    markup: Vec<Vector>,
    nodes: Vec<Vector>,
}

impl Scene<'_> {
    fn vector(&self, id: usize) -> String {
        let known = self.markup.iter().chain(&self.nodes).find(|vector| vector.id == id);
        known.map_or_else(|| format!("vector {id}"), Vector::named)
    }

    fn named(&self, ids: impl IntoIterator<Item = usize>) -> String {
        let ids: BTreeSet<usize> = ids.into_iter().collect();
        ids.iter().map(|id| self.vector(*id)).collect::<Vec<_>>().join("\n")
    }

    /// What fires in pages of their own.
    async fn plain(&self) -> Result<()> {
        let (agent, canary) = (&self.bench.agent, self.canary);
        for vector in &self.markup {
            canary.serve(
                format!("/plain/{}", vector.id),
                "text/html; charset=utf-8",
                format!("<!DOCTYPE html>{}", vector.text),
            );
        }
        canary.serve(
            "/holder".into(),
            "text/html; charset=utf-8",
            "<!DOCTYPE html><link rel=icon href=data:,><body>".into(),
        );
        agent.goto(&canary.url("/holder")).await?;
        agent.run(SCRIPTS, vec![]).await?;
        let ids: Vec<usize> = self.markup.iter().map(|vector| vector.id).collect();
        for some in ids.chunks(AT_ONCE) {
            agent
                .run("return window.__attacks.plain(...arguments)", vec![json!(canary.url("/plain/")), json!(some)])
                .await?;
        }
        let ran: BTreeSet<usize> = agent.eval("return window.__attacks.ran()", vec![]).await?;
        let (requests, _) = canary.take();
        let asked: BTreeSet<usize> = requests.iter().filter_map(|request| canary::number(&request.address)).collect();
        let mut families: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
        let mut silent = Vec::new();
        for vector in &self.markup {
            let [all, run, either] = families.entry(&vector.family).or_default();
            *all += 1;
            *run += usize::from(ran.contains(&vector.id));
            let fired = ran.contains(&vector.id) || asked.contains(&vector.id);
            *either += usize::from(fired);
            if !fired {
                silent.push(vector.named());
            }
        }
        let mut table = String::from("family        vectors   run  fire\n");
        for (family, [all, run, either]) in &families {
            table.push_str(&format!("{family:<12} {all:>8} {run:>5} {either:>5}\n"));
        }
        let total = families.values().fold([0; 3], |sum, one| [sum[0] + one[0], sum[1] + one[1], sum[2] + one[2]]);
        table.push_str(&format!("{:<12} {:>8} {:>5} {:>5}\n", "all", total[0], total[1], total[2]));
        print!("{table}");
        let folder = self.bench.pictures().await?;
        tokio::fs::write(folder.join("attacks.txt"), format!("{table}\ndo not fire:\n{}\n", silent.join("\n"))).await?;
        for (family, [all, _, fire]) in families {
            ensure!(fire * 100 >= all * FIRING, "{family}: {fire} of {all} vectors fire without protection");
        }
        Ok(())
    }

    /// The agent's page, with what hears a script.
    async fn stage(&self, script: &str) -> Result<()> {
        let agent = &self.bench.agent;
        agent.goto(&self.bench.page("/pages/agent.html")).await?;
        agent.run(include_str!("../../js/sides.js"), vec![]).await?;
        agent.run(SCRIPTS, vec![]).await?;
        agent.run(script, vec![]).await?;
        let replay = format!("{}/replay.js", self.bench.dist()?);
        agent.run("return window.__e2e.load(arguments[0], 'CobrowseReplay')", vec![json!(replay)]).await?;
        self.canary.take();
        Ok(())
    }

    /// Mounts a player, and gives it frames.
    async fn show(&self, frames: &[Vec<u8>], options: Value) -> Result<()> {
        use base64::{Engine as _, prelude::BASE64_STANDARD};
        let agent = &self.bench.agent;
        agent.run("return window.__e2e.mount(arguments[0])", vec![options]).await?;
        let frames: Vec<String> = frames.iter().map(|frame| BASE64_STANDARD.encode(frame)).collect();
        agent.run("return window.__e2e.push(arguments[0])", vec![json!(frames)]).await?;
        let errors: Vec<String> = agent.eval("return window.__e2e.playerErrors()", vec![]).await?;
        ensure!(errors.is_empty(), "the player reported {errors:?}");
        Ok(())
    }

    /// Waits for what may come of a page, does to it what an agent does, and looks at what came.
    async fn nothing_comes_of_it(&self, label: &str, is_whole: bool) -> Result<()> {
        let agent = &self.bench.agent;
        let before: (String, u32) = agent.eval("return [location.href, history.length]", vec![]).await?;
        sleep(SOON).await;
        agent.run(&format!("window.__attacks.prod({REPLAYED})"), vec![]).await?;
        for (x, y) in [(40.0, 30.0), (200.0, 200.0), (500.0, 420.0)] {
            agent.click_at(x, y).await?;
        }
        sleep(SOON / 2).await;
        let ran: Vec<usize> = agent.eval("return window.__attacks.ran()", vec![]).await?;
        ensure!(ran.is_empty(), "{label}: scripts have run:\n{}", self.named(ran));
        let found: Vec<String> = agent.eval(&format!("return window.__attacks.found({REPLAYED})"), vec![]).await?;
        ensure!(found.is_empty(), "{label}: in the rebuilt page:\n{}", found.join("\n"));
        if is_whole {
            let (requests, silent) = self.canary.take();
            self.nobody_was_asked(label, &requests, &silent)?;
        }
        let after: (String, u32) = agent.eval("return [location.href, history.length]", vec![]).await?;
        ensure!(before == after, "{label}: the agent's page went from {before:?} to {after:?}");
        let cookie: String = agent.eval("return document.cookie", vec![]).await?;
        ensure!(!cookie.contains("ran="), "{label}: the cookie is {cookie:?}");
        let windows = agent.windows().await?;
        ensure!(windows == 1, "{label}: there are {windows} windows");
        self.frames_are_ours(label, agent).await
    }

    fn nobody_was_asked(&self, label: &str, requests: &[Request], others: &[String]) -> Result<()> {
        if requests.is_empty() && others.is_empty() {
            return Ok(());
        }
        let known = requests.iter().filter_map(|request| canary::number(&request.address));
        let all: Vec<&str> = requests.iter().map(|request| request.address.as_str()).take(40).collect();
        bail!("{label}: these were asked for: {all:?}, and calls without a request: {others:?}\n{}", self.named(known))
    }

    /// Every document that there is was made by the player, and nothing works beside them.
    async fn frames_are_ours(&self, label: &str, agent: &Browser) -> Result<()> {
        if agent.engine() != Engine::Chromium {
            return Ok(());
        }
        let here: String = agent.eval("return location.href", vec![]).await?;
        let tree = agent.debug("Page.getFrameTree", json!({})).await?;
        let mut stack: Vec<&Value> = tree["frameTree"]["childFrames"].as_array().into_iter().flatten().collect();
        while let Some(frame) = stack.pop() {
            let url = frame["frame"]["url"].as_str().unwrap_or_default();
            // One that the player has written has its address.
            let is_ours = matches!(url, "about:blank" | "about:srcdoc") || url == here;
            ensure!(is_ours, "{label}: a frame shows {url}");
            stack.extend(frame["childFrames"].as_array().into_iter().flatten());
        }
        let targets = agent.debug("Target.getTargets", json!({})).await?;
        let kinds = [
            "iframe",
            "worker",
            "shared_worker",
            "service_worker",
            "webview",
            "auction_worklet",
            "shared_storage_worklet",
        ];
        let others: Vec<&Value> = targets["targetInfos"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|target| target["type"].as_str().is_some_and(|kind| kinds.contains(&kind)))
            .collect();
        ensure!(others.is_empty(), "{label}: there are {others:?}");
        Ok(())
    }

    /// Customers' pages with all of it.
    async fn captured(&self) -> Result<()> {
        let texts: Vec<&str> =
            self.markup.iter().filter(|vector| !vector.leaves).map(|vector| vector.text.as_str()).collect();
        for (index, some) in texts.chunks(200).enumerate() {
            self.captured_page(some).await.with_context(|| format!("part {index}"))?;
        }
        Ok(())
    }

    async fn captured_page(&self, texts: &[&str]) -> Result<()> {
        let bench = self.bench;
        let mut pair =
            Pair::start(bench, "/pages/blank.html", Transport::Direct, json!({ "budgetMs": 10_000 })).await?;
        // Its own browser does what the page says.
        pair.customer().run(SCRIPTS, vec![]).await?;
        self.stage("").await?;
        bench.agent.run("return window.__e2e.mount({})", vec![]).await?;
        pair.customer().run("window.__attacks.hold(arguments[0])", vec![json!(texts)]).await?;
        // A page that is never at rest: one frame is as good as another.
        for _ in 0..3 {
            pair.flush().await?;
            let frames = std::mem::take(&mut pair.frames);
            pair.push(&frames).await?;
            sleep(Duration::from_millis(300)).await;
        }
        let errors = pair.player_errors().await?;
        ensure!(errors.is_empty(), "the player reported {errors:?}");
        let count = |document: &str| format!("return Document.prototype.querySelectorAll.call({document}, '*').length");
        let theirs: usize = pair.customer().eval(&count("document"), vec![]).await?;
        let ours: usize = bench.agent.eval(&count(REPLAYED), vec![]).await?;
        ensure!(theirs > texts.len() && ours + 20 > theirs, "the agent has {ours} elements, the customer {theirs}");
        self.nothing_comes_of_it("captured", true).await?;
        pair.customer().run("return window.__e2e.stop()", vec![]).await
    }

    /// The nodes of all markup, and those that no parser makes.
    async fn all_nodes(&self) -> Result<Vec<Node>> {
        let agent = &self.bench.agent;
        agent.goto(&self.bench.page("/pages/blank.html")).await?;
        agent.run(SCRIPTS, vec![]).await?;
        let mut nodes: Vec<Node> = Vec::new();
        let texts: Vec<&str> = self.markup.iter().map(|vector| vector.text.as_str()).collect();
        for some in texts.chunks(200) {
            let more: Vec<Node> = agent.eval("return window.__attacks.nodes(arguments[0])", vec![json!(some)]).await?;
            nodes.extend(more);
        }
        for vector in &self.nodes {
            nodes.push(serde_json::from_str(&vector.text).with_context(|| vector.named())?);
        }
        Ok(nodes)
    }

    /// Streams that no capture would make, in each way. With a script that takes the other lines away, only what the first one is for
    /// is looked at.
    async fn made_up(&self, script: &str) -> Result<()> {
        let nodes = self.all_nodes().await?;
        for way in Way::ALL {
            for (index, some) in nodes.chunks(700).enumerate() {
                let Err(error) = self.made_up_of(some, way, script).await else { continue };
                let found = self.blamed(some, way, script).await;
                return Err(error.context(format!(
                    "{way:?}, part {index}, {} nodes; of {}",
                    found.len(),
                    serde_json::to_string(&found)?
                )));
            }
        }
        Ok(())
    }

    /// One stream.
    async fn made_up_of(&self, nodes: &[Node], way: Way, script: &str) -> Result<()> {
        self.stage(script).await?;
        // What it says of itself is a lie, too.
        let frames = attacks::stream(nodes, way, &format!("http://{HOST}/"))?;
        self.show(&frames, json!({})).await?;
        self.nothing_comes_of_it("made up", script.is_empty()).await
    }

    /// The fewest nodes of which something comes.
    async fn blamed<'n>(&self, nodes: &'n [Node], way: Way, script: &str) -> &'n [Node] {
        let mut left = nodes;
        while left.len() > 1 {
            let (first, second) = left.split_at(left.len() / 2);
            if self.made_up_of(first, way, script).await.is_err() {
                left = first;
            } else if self.made_up_of(second, way, script).await.is_err() {
                left = second;
            } else {
                break;
            }
        }
        left
    }

    /// Whatever gets into the document of a page, the policy is there.
    async fn policy_alone(&self) -> Result<()> {
        for mode in ["no-quirks", "quirks", "limited-quirks"] {
            self.stage("").await?;
            let frames = attacks::stream_in(&[Node::frame()], Way::Whole, "http://shop.example.com/", mode)?;
            self.show(&frames, json!({})).await?;
            let script = format!("window.__attacks.force({REPLAYED}, arguments[0])");
            self.bench.agent.run(&script, vec![json!(format!("http://{HOST}/hit/"))]).await?;
            sleep(SOON).await;
            let (requests, silent) = self.canary.take();
            self.nobody_was_asked(mode, &requests, &silent)?;
            // Where a frame is to go no policy forbids the connection, but what is asked on it. That no frame is told where to go is
            // the first line's: the case "attacks/first-line" hears connections, too.
            let script = format!("window.__attacks.nest({REPLAYED}, arguments[0])");
            self.bench.agent.run(&script, vec![json!(format!("http://{HOST}/hit/"))]).await?;
            sleep(SOON).await;
            let (requests, _) = self.canary.take();
            self.nobody_was_asked(&format!("{mode}, a frame"), &requests, &[])?;
            let ran: Vec<usize> = self.bench.agent.eval("return window.__attacks.ran()", vec![]).await?;
            ensure!(ran.is_empty(), "{mode}: scripts have run: {ran:?}");
        }
        Ok(())
    }

    /// Names of the public web are asked, nobody is told from where, and what leads to a private network from there is not followed.
    async fn loading(&self, theirs: &Canary) -> Result<()> {
        let _ = theirs;
        let far = "http://cdn.example.com";
        self.canary.serve("/sheet.css".into(), "text/css", format!("p {{ background: url({far}/hit/2) }} b {{ background: url(http://{HOST}/hit/91) }} @import 'http://{HOST}/hit/92.css';"));
        let page = format!(
            r#"[{{"e":"html meta","a":[["","name","referrer"],["","content","unsafe-url"]]}},
            {{"e":"html link","a":[["","rel","stylesheet"],["","href","{far}/sheet.css"]]}},
            {{"e":"html img","a":[["","src","{far}/hit/1"],["","referrerpolicy","unsafe-url"]]}},
            {{"e":"html p","c":["x"]}}, {{"e":"html b","c":["x"]}},
            {{"e":"html style","c":["i {{ background: url({far}/hit/3) }} @font-face {{ font-family: f; src: url({far}/hit/4) }} i {{ font-family: f }}"]}},
            {{"e":"html i","c":["x"]}},
            {{"e":"html video","a":[["","poster","{far}/hit/5"]]}},
            {{"e":"html video","a":[["","src","{far}/hit/6"],["","preload","auto"]]}},
            {{"e":"html img","a":[["","srcset","{far}/hit/7 1x"]]}},
            {{"e":"svg svg","c":[{{"e":"svg image","a":[["","href","{far}/hit/8"]]}}]}},
            {{"e":"html img","a":[["","src","/hit/9"]]}},
            {{"e":"html img","a":[["","src","{far}/to/{HOST}/hit/93"]]}},
            {{"e":"html img","a":[["","src","http://other.example.org/hit/10"]]}},
            {{"e":"html img","a":[["","src","http://{HOST}/hit/94"]]}}]"#
        );
        let nodes: Vec<Node> = serde_json::from_str(&page)?;
        let frames = attacks::stream(&nodes, Way::Whole, "http://shop.example.com/account?token=secret")?;
        let loaded = async |options: Value| -> Result<BTreeSet<usize>> {
            self.stage("document.cookie = 'agent=1'; window.__blocked = []").await?;
            self.show(&frames, options).await?;
            sleep(SOON).await;
            // Where a browser may ask, it opens a connection more than it needs.
            let (requests, _) = self.canary.take();
            // A style sheet's own address is nobody's secret.
            // Chromium says where the agent's page is, and no more, whatever a document's policy says, of pictures and fonts that
            // a style element names.
            let here = format!("{}/", self.bench.origin("127.0.0.1"));
            let is_secret = |referrer: &str| !referrer.starts_with(far) && referrer != here;
            let told: Vec<_> =
                requests.iter().filter(|request| request.referrer.as_deref().is_some_and(is_secret)).collect();
            ensure!(told.is_empty(), "it was said from where these were asked for: {told:?}");
            let known: Vec<_> = requests.iter().filter(|request| request.has_cookie).collect();
            ensure!(known.is_empty(), "with a cookie were asked for: {known:?}");
            // What leads elsewhere is no file.
            let files = requests.iter().filter(|request| !request.address.contains("/to/"));
            Ok(files.filter_map(|request| canary::number(&request.address)).collect())
        };
        let public = loaded(json!({})).await?;
        ensure!(public == (1..=10).collect(), "of the public web there were loaded {public:?}");
        let listed = loaded(json!({ "assets": [far] })).await?;
        ensure!(listed == (1..=8).collect(), "of one origin there were loaded {listed:?}");
        let none = loaded(json!({ "assets": [] })).await?;
        ensure!(none.is_empty(), "of nothing there were loaded {none:?}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_has_vectors_that_load_and_markup_of_its_own() {
        let (markup, nodes) =
            attacks::read(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/attacks")).unwrap();
        let ids: BTreeSet<usize> = markup.iter().chain(&nodes).map(|vector| vector.id).collect();
        assert_eq!(ids.len(), markup.len() + nodes.len());
        let texts: BTreeSet<&str> = markup.iter().map(|vector| vector.text.as_str()).collect();
        assert_eq!(texts.len(), markup.len(), "a vector is there twice");
    }
}
