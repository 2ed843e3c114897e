//! Recordings for others: what we have recorded of a page, exported and played by rrweb's own Replayer, is the page.

use super::recording::cobrowse;
use crate::{
    comparison::{self, Options, Side},
    pair::REPLAYED,
    workbench::Workbench,
};
use anyhow::{Context, Result};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::json;
use std::time::Duration;

use super::import::Log;

/// What is so at rrweb's replay whatever it is given: fields are marked, boxes get the value that they have by themselves, and attributes
/// are set by their names alone, which knows no namespaces, and which not all names can be.
const BEYOND: &str = "for (const field of page.querySelectorAll('input, textarea')) field.removeAttribute('autocomplete');
    for (const box of page.querySelectorAll('[type=checkbox][value=on], [type=radio][value=on]')) box.removeAttribute('value');
    const probe = document.createElement('p');
    for (const node of page.querySelectorAll('*')) {
      for (const attribute of [...node.attributes]) {
        const { name } = attribute;
        let isPlain = !/^(xmlns|xml|xlink):(?!href)/.test(name);
        try { probe.setAttribute(name, ''); } catch { isPlain = false; }
        if (!isPlain) node.removeAttributeNode(attribute);
      }
    }";

/// Runs one: the pages are those of the imports.
pub(crate) async fn run(bench: &Workbench, log: &Log) -> Result<()> {
    let customer = &bench.customer;
    customer.goto(&bench.page(&format!("/fixtures/{}.html", log.page))).await?;
    customer.run(include_str!("../../js/sides.js"), vec![]).await?;
    customer.run(log.before, vec![]).await?;
    let script = format!("{}/capture.js", bench.dist()?);
    customer.run("return window.__e2e.load(arguments[0], 'Cobrowse')", vec![json!(script)]).await?;
    customer.run("return window.__e2e.start(null, { record: true })", vec![]).await?;
    for step in log.steps {
        let body = format!("const f = window.fixture; return (async () => {{ {step} }})()");
        customer.run(&body, vec![]).await.with_context(|| (*step).to_owned())?;
        customer.run("return window.__e2e.flush()", vec![]).await?;
    }
    let text: String = customer.eval("return window.__e2e.recording(true)", vec![]).await?;
    let folder = bench.scratch("export").await?;
    let (file, out) = (folder.join(format!("{}.cbr", log.page)), folder.join(format!("{}.json", log.page)));
    tokio::fs::write(&file, BASE64_STANDARD.decode(text)?).await?;
    let arguments = [
        "export".as_ref(),
        "--to".as_ref(),
        "rrweb".as_ref(),
        file.as_os_str(),
        "--force".as_ref(),
        "--out".as_ref(),
        out.as_os_str(),
    ];
    cobrowse(bench, &arguments).await?;
    let name = format!("export-{}", log.page);
    bench.server().keep_log(name.clone(), tokio::fs::read(&out).await?);
    let agent = &bench.agent;
    agent.goto(&bench.page("/pages/agent.html")).await?;
    agent.run(include_str!("../../js/peer.js"), vec![]).await?;
    let script = format!("{}/rrweb.js", bench.dist()?);
    agent.run("return window.__e2e.load(arguments[0], 'rrweb')", vec![json!(script)]).await?;
    agent.run("return window.__e2e.mount()", vec![]).await?;
    agent.run("return window.__e2e.show(arguments[0])", vec![json!(bench.page(&format!("/logs/{name}")))]).await?;
    for (browser, document) in [(&bench.customer, "document"), (agent, REPLAYED)] {
        browser.run(&format!("const page = {document}; {BEYOND}"), vec![]).await?;
    }
    let options = Options { settle: Duration::from_secs(1), documents_only: true, ..Options::default() };
    let customer = Side { browser: customer, document: "document" };
    comparison::compare(customer, Side { browser: agent, document: REPLAYED }, &options).await.map(drop)
}
