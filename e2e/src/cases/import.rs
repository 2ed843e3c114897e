//! Recordings of others: what a peer has recorded of a page, imported and played by us, is the page.

use super::recording::{cobrowse, opened, seek};
use crate::{
    comparison::{self, Options, Side},
    pair::REPLAYED,
    workbench::Workbench,
};
use anyhow::{Context, Result, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use std::time::Duration;

/// Nor does it tell what attributes say from what is chosen.
const UNSTYLED: &str = "for (const style of document.querySelectorAll('style')) style.remove();
    for (const option of document.querySelectorAll('option')) option.toggleAttribute('selected', option.selected);
    for (const box of document.querySelectorAll('[type=checkbox], [type=radio]')) box.toggleAttribute('checked', box.checked);";

/// What is kept from an agent is not kept by the peer: it is not compared.
const OPEN: &str = "for (const style of document.querySelectorAll('style, [type=password], [autocomplete]')) style.remove();
    for (const option of document.querySelectorAll('option')) option.toggleAttribute('selected', option.selected);
    for (const box of document.querySelectorAll('[type=checkbox], [type=radio]')) box.toggleAttribute('checked', box.checked);";

/// A mark that rrweb's replay puts on fields.
const UNMARKED: &str = "for (const field of window.__e2e.replayed().querySelectorAll('input, textarea')) field.removeAttribute('autocomplete')";

/// A page, and what happens on it while the peer records.
#[derive(Debug)]
pub(crate) struct Log {
    pub(super) page: &'static str,
    /// Run before the peer records: it does not keep the text of style sheets.
    pub(super) before: &'static str,
    pub(super) steps: &'static [&'static str],
}

impl Log {
    /// All of them.
    pub(crate) const ALL: [Self; 6] = [
        Self { page: "tree", before: UNSTYLED, steps: &["f.churn(3, 60)", "f.churn(4, 60)", "f.replaceInnerHtml(5)"] },
        Self {
            page: "table",
            before: UNSTYLED,
            steps: &[
                "f.create(200)",
                "f.append(20)",
                "f.shuffle(7)",
                "f.removeAt(3)",
                "f.updateEvery(10)",
                "f.swap(1, 50)",
            ],
        },
        Self { page: "text", before: UNSTYLED, steps: &[] },
        Self {
            page: "form",
            before: OPEN,
            steps: &[
                "document.getElementById('text').value = 'by a script'",
                "document.querySelector('[type=checkbox]').click()",
            ],
        },
        Self {
            page: "attributes",
            before: UNSTYLED,
            steps: &["document.body.setAttribute('data-x', '1')", "document.body.style.color = 'teal'"],
        },
        Self {
            page: "scroll",
            before: "for (const node of document.querySelectorAll('style, textarea')) node.remove()",
            steps: &["window.scrollTo(30, 400)"],
        },
    ];

    /// For the case's name.
    pub(crate) const fn name(&self) -> &'static str {
        self.page
    }
}

/// Runs one.
pub(crate) async fn run(bench: &Workbench, log: &Log) -> Result<()> {
    let customer = &bench.customer;
    customer.goto(&bench.page(&format!("/fixtures/{}.html", log.page))).await?;
    customer.run(include_str!("../../js/peer.js"), vec![]).await?;
    customer.run(log.before, vec![]).await?;
    let script = format!("{}/rrweb.js", bench.dist()?);
    customer.run("return window.__e2e.load(arguments[0], 'rrweb')", vec![json!(script)]).await?;
    customer.run("return window.__e2e.start()", vec![]).await?;
    for step in log.steps {
        let body = format!("const f = window.fixture; return (async () => {{ {step} }})()");
        customer.run(&body, vec![]).await.with_context(|| (*step).to_owned())?;
        customer.run("return window.__e2e.flush()", vec![]).await?;
    }
    customer.run("return window.__e2e.flush()", vec![]).await?;
    let events: Vec<String> = customer.eval("return window.__e2e.drain()", vec![]).await?;
    let events: Vec<Value> = events
        .iter()
        .map(|event| Ok(serde_json::from_slice(&BASE64_STANDARD.decode(event)?)?))
        .collect::<Result<_>>()?;
    let bytes = imported(bench, log.page, &serde_json::to_vec(&events)?).await?;
    opened(bench, &bytes).await?;
    seek(bench, u32::MAX).await?;
    let errors: Vec<String> = bench.agent.eval("return window.__e2e.playerErrors()", vec![]).await?;
    ensure!(errors.is_empty(), "the player refuses what was imported: {errors:?}");
    // The peer tells a sheet's text as its rules say it, and takes no note of sizes.
    let options = Options { settle: Duration::from_secs(1), documents_only: true, ..Options::default() };
    let customer = Side { browser: customer, document: "document" };
    comparison::compare(customer, Side { browser: &bench.agent, document: REPLAYED }, &options).await.map(drop)
}

/// A workload of the benches: what rrweb records of it, imported and played by us, is what its own replay makes of it.
pub(crate) async fn workload(bench: &Workbench, name: &str) -> Result<()> {
    let customer = &bench.customer;
    let peer = include_str!("../../js/peer.js");
    let script = format!("{}/rrweb.js", bench.dist()?);
    customer.goto(&bench.page("/pages/blank.html")).await?;
    customer.run(peer, vec![]).await?;
    customer.run(include_str!("../../../benches/browser/workloads.js"), vec![]).await?;
    customer.run("return window.__e2e.load(arguments[0], 'rrweb')", vec![json!(script)]).await?;
    customer.run("window.workloads[arguments[0]].once?.(); return window.__e2e.start()", vec![json!(name)]).await?;
    let step = "const { prepare, step } = window.workloads[arguments[0]], { flush } = window.__e2e;
        return (async () => {
          prepare();
          await flush();
          // A frame is a flush; the peer needs no time for it.
          await step(() => Promise.resolve());
          await flush();
        })()";
    customer.run(step, vec![json!(name)]).await.context("the workload")?;
    let file: String = name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    let url = bench.page(&format!("/logs/{file}"));
    customer.run("return window.__e2e.post(arguments[0])", vec![json!(url)]).await?;
    let log = bench.server().log(&file).context("the log that the page has posted")?;
    let bytes = imported(bench, &file, &log).await?;
    opened(bench, &bytes).await?;
    seek(bench, u32::MAX).await?;
    customer.goto(&bench.page("/pages/agent.html")).await?;
    customer.run(peer, vec![]).await?;
    customer.run("return window.__e2e.load(arguments[0], 'rrweb')", vec![json!(script)]).await?;
    customer.run("return window.__e2e.mount()", vec![]).await?;
    customer.run("return window.__e2e.show(arguments[0])", vec![json!(url)]).await?;
    customer.run(UNMARKED, vec![]).await?;
    let options = Options { settle: Duration::from_secs(1), documents_only: true, ..Options::default() };
    let replayed = Side { browser: customer, document: REPLAYED };
    comparison::compare(replayed, Side { browser: &bench.agent, document: REPLAYED }, &options).await.map(drop)
}

/// The benches' workloads.
pub(crate) fn workloads() -> impl Iterator<Item = &'static str> {
    include_str!("../../../benches/browser/workloads.js")
        .lines()
        .filter_map(|line| line.strip_prefix("    '")?.split_once("': {").map(|(name, _)| name))
}

/// Writes the events, a JSON array, imports them with the program, checks the recording, and gives its bytes.
async fn imported(bench: &Workbench, name: &str, events: &[u8]) -> Result<Vec<u8>> {
    let folder = bench.scratch("import").await?;
    let (log, out) = (folder.join(format!("{name}.json")), folder.join(format!("{name}.cbr")));
    tokio::fs::write(&log, events).await?;
    let arguments = [
        "import".as_ref(),
        "--from".as_ref(),
        "rrweb".as_ref(),
        log.as_os_str(),
        "--force".as_ref(),
        "--out".as_ref(),
        out.as_os_str(),
    ];
    cobrowse(bench, &arguments).await?;
    cobrowse(bench, &["verify".as_ref(), "--strict".as_ref(), out.as_os_str()]).await?;
    Ok(tokio::fs::read(&out).await?)
}
