//! Recordings: made by a page across reloads, and those of our own pages, played in the browser as natively.

use crate::{
    comparison::{self, Options, Side},
    pair::REPLAYED,
    workbench::Workbench,
};
use anyhow::{Context, Result, bail, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use replay::recording::File;
use serde_json::{Value, json};
use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scenario {
    /// A page records, is loaded again, records on, and hands out what there is.
    Page,
    /// A recording of a page of ours.
    Fixture(&'static Fixture),
}

/// A recording in `fixtures/recordings`, how it is made, and the moments whose HTML lies beside it.
#[derive(Debug)]
pub(crate) struct Fixture {
    name: &'static str,
    /// The page, and what happens on it, with a pause behind each.
    page: &'static str,
    steps: &'static [&'static str],
}

/// Each has its expected HTML at the beginning, in the middle and at the end.
const FIXTURES: [Fixture; 5] = [
    Fixture {
        name: "table",
        page: "table",
        steps: &["f.create(40)", "f.append(5)", "f.shuffle(7)", "f.removeAt(3)", "f.updateEvery(10)", "f.swap(1, 20)"],
    },
    Fixture { name: "tree", page: "tree", steps: &["f.churn(3, 20)", "f.churn(4, 20)", "f.replaceInnerHtml(5)"] },
    Fixture {
        name: "form",
        page: "form",
        steps: &[
            "document.getElementById('text').value = 'by a script'",
            "document.querySelector('[type=checkbox]').click()",
        ],
    },
    Fixture {
        name: "attributes",
        page: "attributes",
        steps: &["document.body.setAttribute('data-x', '1')", "document.body.style.color = 'teal'"],
    },
    Fixture {
        name: "scroll",
        page: "scroll",
        steps: &["window.scrollTo(30, 400)", "document.title = 'scrolled'", "window.scrollTo(0, 0)"],
    },
];

impl Scenario {
    /// All of them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Self::Page).chain(FIXTURES.iter().map(Self::Fixture))
    }

    /// For the case's name.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Page => "page".to_owned(),
            Self::Fixture(fixture) => format!("fixture-{}", fixture.name),
        }
    }
}

/// Runs one.
pub(crate) async fn run(bench: &Workbench, scenario: Scenario) -> Result<()> {
    match (scenario, bench.makes_recordings()) {
        (Scenario::Page, _) => page(bench).await,
        (Scenario::Fixture(fixture), Some(folder)) => make(bench, fixture, folder).await,
        (Scenario::Fixture(fixture), None) => check(bench, fixture).await,
    }
}

/// The program, which has to succeed.
pub(super) async fn cobrowse(bench: &Workbench, arguments: &[&OsStr]) -> Result<Output> {
    let ended = tokio::process::Command::new(bench.cobrowse()).args(arguments).output().await?;
    if !ended.status.success() {
        bail!("{arguments:?}: {}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    }
    Ok(ended)
}

/// The agent's browser with the player, and a recording open in it.
pub(super) async fn opened(bench: &Workbench, bytes: &[u8]) -> Result<Value> {
    let agent = &bench.agent;
    agent.goto(&bench.page("/pages/agent.html")).await?;
    agent.run(include_str!("../../js/sides.js"), vec![]).await?;
    let script = format!("{}/replay.js", bench.dist()?);
    agent.run("return window.__e2e.load(arguments[0], 'CobrowseReplay')", vec![json!(script)]).await?;
    agent.eval("return window.__e2e.open(arguments[0])", vec![json!(BASE64_STANDARD.encode(bytes))]).await
}

/// Shows a moment; the page's hash.
pub(super) async fn seek(bench: &Workbench, at: u32) -> Result<String> {
    bench.agent.eval("return window.__e2e.seek(arguments[0])", vec![json!(at)]).await
}

/// The customer's page with the engine and a session that records.
async fn begin(bench: &Workbench, path: &str, options: Value) -> Result<()> {
    let customer = &bench.customer;
    customer.goto(&bench.page(path)).await?;
    customer.run(include_str!("../../js/sides.js"), vec![]).await?;
    let script = format!("{}/capture.js", bench.dist()?);
    customer.run("return window.__e2e.load(arguments[0], 'Cobrowse')", vec![json!(script)]).await?;
    customer.run("return window.__e2e.start(null, arguments[0])", vec![options]).await
}

async fn step(bench: &Workbench, body: &str) -> Result<()> {
    let body = format!("const f = window.fixture; return (async () => {{ {body} }})()");
    bench.customer.run(&body, vec![]).await.with_context(|| body.clone())?;
    bench.customer.run("return window.__e2e.flush()", vec![]).await
}

/// What the page hands out.
async fn handed_out(bench: &Workbench, clear: bool) -> Result<Vec<u8>> {
    let text: Option<String> =
        bench.customer.eval("return window.__e2e.recording(arguments[0])", vec![json!(clear)]).await?;
    Ok(BASE64_STANDARD.decode(text.context("a recording")?)?)
}

async fn page(bench: &Workbench) -> Result<()> {
    let options = json!({ "record": true, "mask": ".secret" });
    begin(bench, "/fixtures/table.html", options.clone()).await?;
    for body in ["f.create(30)", "f.append(5)", "f.swap(1, 20)"] {
        step(bench, body).await?;
    }
    // Another page of the site, in the same tab; frames that were not flushed have been stored as well.
    begin(bench, "/fixtures/tree.html", options.clone()).await?;
    step(bench, "f.churn(3, 20)").await?;
    begin(bench, "/fixtures/table.html", options).await?;
    step(bench, "f.create(10)").await?;
    let bytes = handed_out(bench, true).await?;
    let folder = bench.scratch("recording").await?;
    let file = folder.join("page.cbr");
    tokio::fs::write(&file, &bytes).await?;
    cobrowse(bench, &["verify".as_ref(), file.as_os_str()]).await?;
    let told = cobrowse(bench, &["inspect".as_ref(), "--json".as_ref(), file.as_os_str()]).await?;
    let told: Value = serde_json::from_slice(&told.stdout)?;
    ensure!(told["keyframes"].as_u64() >= Some(3), "keyframes: {}", told["keyframes"]);
    ensure!(told["about"]["rules"] == json!(r#"{"mask":".secret"}"#), "rules: {}", told["about"]["rules"]);
    // Packed it holds the same.
    let packed = folder.join("packed.cbr");
    let arguments = ["compact".as_ref(), file.as_os_str(), "--force".as_ref(), "--out".as_ref(), packed.as_os_str()];
    cobrowse(bench, &arguments).await?;
    cobrowse(bench, &["verify".as_ref(), "--strict".as_ref(), packed.as_os_str()]).await?;
    for bytes in [bytes, tokio::fs::read(&packed).await?] {
        opened(bench, &bytes).await?;
        seek(bench, u32::MAX).await?;
        let customer = Side { browser: &bench.customer, document: "document" };
        comparison::compare(customer, Side { browser: &bench.agent, document: REPLAYED }, &Options::default()).await?;
        bench.agent.run("window.__e2e.destroy()", vec![]).await?;
    }
    // What was handed out for good is not there any more; what follows is a recording of its own.
    step(bench, "f.append(3)").await?;
    let next = handed_out(bench, false).await?;
    let file = File::open(std::io::Cursor::new(next))?;
    ensure!(file.map().problem.is_none() && file.map().frames() <= 3, "{} frames", file.map().frames());
    Ok(())
}

/// The moments whose HTML is kept.
fn moments(begin: u32, end: u32) -> [u32; 3] {
    [begin, begin + (end - begin) / 2, end]
}

fn html_of(folder: &Path, name: &str, at: u32) -> PathBuf {
    folder.join(format!("{name}@{at}ms.html"))
}

async fn make(bench: &Workbench, fixture: &Fixture, folder: &Path) -> Result<()> {
    begin(bench, &format!("/fixtures/{}.html", fixture.page), json!({ "record": true })).await?;
    for body in fixture.steps {
        step(bench, body).await?;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let bytes = handed_out(bench, true).await?;
    let came = bench.scratch("recording").await?.join("came.cbr");
    tokio::fs::write(&came, bytes).await?;
    let file = folder.join(format!("{}.cbr", fixture.name));
    cobrowse(bench, &["compact".as_ref(), came.as_os_str(), "--force".as_ref(), "--out".as_ref(), file.as_os_str()])
        .await?;
    let mut entries = tokio::fs::read_dir(folder).await?;
    while let Some(entry) = entries.next_entry().await? {
        if entry.file_name().to_string_lossy().starts_with(&format!("{}@", fixture.name)) {
            tokio::fs::remove_file(entry.path()).await?;
        }
    }
    let opened = File::open(std::fs::File::open(&file)?)?;
    for at in moments(opened.map().begin(), opened.map().end()) {
        let (out, at) = (html_of(folder, fixture.name, at), format!("{at}ms"));
        let arguments =
            ["replay".as_ref(), file.as_os_str(), "--at".as_ref(), at.as_ref(), "--html".as_ref(), out.as_os_str()];
        cobrowse(bench, &arguments).await?;
    }
    Ok(())
}

/// What is compared of a document: elements and texts in their order.
const OUTLINE: &str = "const lines = [];
    const walk = (node) => {
      if (node.nodeType === 3) { const text = node.data.trim(); if (text) lines.push(text); return; }
      if (node.nodeType === 1) lines.push('<' + node.localName + '>');
      if (node.shadowRoot) walk(node.shadowRoot);
      for (const child of node.childNodes) walk(child);
    };
    walk(window.__e2e.replayed());
    return lines;";

/// The same natively.
fn outline(tree: &protocol::tree::Tree) -> Vec<String> {
    use protocol::tree::{Kind, NONE, ROOT};
    let mut lines = Vec::new();
    let mut at = ROOT;
    while at != NONE {
        match tree.node(at).kind {
            Kind::Text if !tree.data_str(at).trim().is_empty() => lines.push(tree.data_str(at).trim().to_owned()),
            Kind::Element => lines.push(format!("<{}>", tree.names.get(tree.node(at).name).1)),
            _ => {}
        }
        at = tree.following(at, ROOT);
    }
    lines
}

async fn check(bench: &Workbench, fixture: &Fixture) -> Result<()> {
    let folder = bench.recordings();
    let path = folder.join(format!("{}.cbr", fixture.name));
    let bytes =
        std::fs::read(&path).with_context(|| format!("{}; `cargo xtask recordings` makes it", path.display()))?;
    let mut file = File::open(std::io::Cursor::new(bytes.clone()))?;
    let told = opened(bench, &bytes).await?;
    ensure!(told["end"] == json!(file.map().end()) && told["frames"] == json!(file.map().frames()), "{told}");
    let [begin, middle, end] = moments(file.map().begin(), file.map().end());
    // Forward and back.
    for at in [begin, middle, end, middle, begin] {
        file.seek(at)?;
        let hash = seek(bench, at).await?;
        let tree = file.player().tree();
        ensure!(hash == format!("{:016x}", tree.hash()), "at {at} ms the browser's page is another");
        let lines: Vec<String> = bench.agent.eval(OUTLINE, vec![]).await?;
        ensure!(lines == outline(tree), "at {at} ms: {lines:?} in the browser, {:?} natively", outline(tree));
    }
    Ok(())
}
