//! The recordings of our own pages, made anew (`fixtures/recordings`).

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;

use crate::plan::{Plan, Task};
use crate::progress::Status;
use crate::test::{coloured, with_browser};
use crate::workspace::Workspace;

/// It takes no longer, unless something hangs.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// `cargo xtask recordings`.
pub(crate) fn command(ws: &Workspace) -> Result<ExitCode> {
    Ok(Plan::new(&[Task::Recordings]).run(ws)?.exit_code())
}

/// Records each page while a script acts on it, and keeps its HTML at three moments.
pub(crate) fn make(ws: &Workspace, status: &Status) -> Result<String> {
    let build = ws.cargo().args(["build", "--release", "--package", "e2e"]);
    coloured(build, status).quiet(status)?;
    let run = ws.cargo().args(["run", "--quiet", "--release", "--package", "e2e", "--", "run"]).args([
        "--only",
        "recording/fixture-",
        "--record",
    ]);
    with_browser(ws, run)?.limit(LIMIT).quiet(status)?;
    Ok("fixtures/recordings".into())
}
