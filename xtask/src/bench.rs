//! `cargo xtask bench`: native benches, browser benches and fidelity against a peer, and sizes.

use std::process::ExitCode;

use anyhow::Result;

use crate::plan::{Plan, Task};
use crate::progress::Status;
use crate::size;
use crate::test::{coloured, with_browser};
use crate::workspace::{Options, Workspace};

/// The parts, the quickest first.
const PARTS: [Task; 4] = [Task::BenchSize, Task::BenchNative, Task::BenchFidelity, Task::BenchBrowser];

/// `cargo xtask bench`. A name in `only` that is no part's is one of a browser bench.
pub(crate) fn bench(mut options: Options, only: Vec<String>) -> Result<ExitCode> {
    let is_part = |name: &String| PARTS.iter().any(|part| part.name() == name);
    let (parts, filter): (Vec<String>, Vec<String>) = only.into_iter().partition(is_part);
    let wanted = |part: &Task| {
        let named = parts.iter().any(|name| name == part.name());
        named || (parts.is_empty() && filter.is_empty()) || (*part == Task::BenchBrowser && !filter.is_empty())
    };
    let goals: Vec<Task> = PARTS.into_iter().filter(wanted).collect();
    options.bench_filter = filter;
    let ws = Workspace::open(options)?;
    Ok(Plan::new(&goals).run(&ws)?.exit_code())
}

/// Sizes of the built files.
pub(crate) fn size(ws: &Workspace, status: &Status) -> Result<String> {
    status.hand_over();
    size::size(ws, status)
}

/// Criterion's benches and the allocation counts.
pub(crate) fn native(ws: &Workspace, status: &Status) -> Result<String> {
    let build = ws.cargo().args(["bench", "--package", "benches", "--no-run"]);
    coloured(build, status).quiet(status)?;
    status.hand_over();
    let quick: &[&str] = if ws.options.quick { &["--", "--quick"] } else { &[] };
    ws.cargo().args(["bench", "--quiet", "--package", "benches"]).args(quick).loud()?;
    Ok(String::new())
}

/// Benches in the browser, the peer among them.
pub(crate) fn browser(ws: &Workspace, status: &Status) -> Result<String> {
    let build = ws.cargo().args(["build", "--release", "--package", "benches", "--bin", "browser"]);
    coloured(build, status).quiet(status)?;
    status.hand_over();
    let run = ws.cargo().args(["run", "--quiet", "--release", "--package", "benches", "--bin", "browser", "--"]);
    let quick: &[&str] = if ws.options.quick { &["--quick"] } else { &[] };
    let filter = ws.options.bench_filter.iter().flat_map(|name| ["--only", name]);
    with_browser(ws, run.args(quick).args(filter))?
        .env("COBROWSE_NODE_MODULES", ws.root.join("node_modules"))
        .loud()?;
    Ok(String::new())
}
