//! `cargo xtask load`: a relay under many sessions, and under attack. What follows on the command line is handed on.

use std::process::ExitCode;

use anyhow::Result;

use crate::plan::{Plan, Task};
use crate::progress::Status;
use crate::redis;
use crate::test::coloured;
use crate::workspace::{Options, Workspace};

/// The command.
pub(crate) fn command(mut options: Options, arguments: Vec<String>) -> Result<ExitCode> {
    options.load_arguments = arguments;
    let ws = Workspace::open(options)?;
    Ok(Plan::new(&[Task::Load]).run(&ws)?.exit_code())
}

/// Builds the relay and the load, and runs it.
pub(crate) fn run(ws: &Workspace, status: &Status) -> Result<String> {
    let build = ws.cargo().args(["build", "--release", "--package", "benches", "--package", "cobrowse-cli"]);
    coloured(build.args(["--bin", "load", "--bin", "cobrowse"]), status).quiet(status)?;
    status.hand_over();
    let run = ws.cargo().args(["run", "--quiet", "--release", "--package", "benches", "--bin", "load", "--"]);
    let run = run.args(&ws.options.load_arguments).env("COBROWSE_BIN", ws.target.join("release/cobrowse"));
    // It is only needed for `--store redis`, which says what is missing.
    let run = match redis::locate()? {
        Some(server) => run.env("REDIS_SERVER", server),
        None => run,
    };
    run.loud()?;
    Ok(String::new())
}
