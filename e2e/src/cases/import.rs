//! Recordings of others: what a peer has recorded of a page, imported and played by us, is the page.

use crate::{
    comparison::{self, Options, Side},
    pair::REPLAYED,
    workbench::Workbench,
};
use anyhow::{Context, Result, bail, ensure};
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

/// A page, and what happens on it while the peer records.
#[derive(Debug)]
pub(crate) struct Log {
    page: &'static str,
    /// Run before the peer records: it does not keep the text of style sheets.
    before: &'static str,
    steps: &'static [&'static str],
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
    let frames = imported(bench, log.page, &events).await?;
    let agent = &bench.agent;
    agent.goto(&bench.page("/pages/agent.html")).await?;
    agent.run(include_str!("../../js/sides.js"), vec![]).await?;
    let script = format!("{}/replay.js", bench.dist()?);
    agent.run("return window.__e2e.load(arguments[0], 'CobrowseReplay')", vec![json!(script)]).await?;
    agent.run("return window.__e2e.mount({})", vec![]).await?;
    agent.run("return window.__e2e.push(arguments[0])", vec![json!(frames)]).await?;
    let errors: Vec<String> = agent.eval("return window.__e2e.playerErrors()", vec![]).await?;
    ensure!(errors.is_empty(), "the player refuses what was imported: {errors:?}");
    // The peer tells a sheet's text as its rules say it, and takes no note of sizes.
    let options = Options { settle: Duration::from_secs(1), documents_only: true, ..Options::default() };
    let customer = Side { browser: customer, document: "document" };
    comparison::compare(customer, Side { browser: agent, document: REPLAYED }, &options).await.map(drop)
}

/// Writes the events, imports them with the program, checks the recording, and gives its frames.
async fn imported(bench: &Workbench, name: &str, events: &[String]) -> Result<Vec<String>> {
    let folder = bench.scratch("import").await?;
    let (log, out) = (folder.join(format!("{name}.json")), folder.join(format!("{name}.cbr")));
    let events: Vec<Value> = events
        .iter()
        .map(|event| Ok(serde_json::from_slice(&BASE64_STANDARD.decode(event)?)?))
        .collect::<Result<_>>()?;
    tokio::fs::write(&log, serde_json::to_vec(&events)?).await?;
    for arguments in [
        vec![
            "import".as_ref(),
            "--from".as_ref(),
            "rrweb".as_ref(),
            log.as_os_str(),
            "--force".as_ref(),
            "--out".as_ref(),
            out.as_os_str(),
        ],
        vec!["verify".as_ref(), "--strict".as_ref(), out.as_os_str()],
    ] {
        let ended = tokio::process::Command::new(bench.cobrowse()).args(&arguments).output().await?;
        if !ended.status.success() {
            bail!(
                "{arguments:?}: {}{}",
                String::from_utf8_lossy(&ended.stdout),
                String::from_utf8_lossy(&ended.stderr)
            );
        }
    }
    let bytes = tokio::fs::read(&out).await?;
    let (mut at, mut frames) = (9, Vec::new());
    while at < bytes.len() {
        let (mut len, mut shift) = (0, 0);
        loop {
            let byte = *bytes.get(at).context("a length")?;
            at += 1;
            len |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        frames.push(BASE64_STANDARD.encode(bytes.get(at..at + len).context("a frame")?));
        at += len;
    }
    Ok(frames)
}
