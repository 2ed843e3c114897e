//! `cargo xtask cometd`: many sessions at once, each with CometD's own client as its controller, against the real relay.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::plan::{Plan, Task};
use crate::workspace::Workspace;

/// How many sessions there are at once, and for how long, where nothing else is asked for.
pub(crate) const SESSIONS: u32 = 200;
/// In seconds.
pub(crate) const TIME: u32 = 300;

/// How long the relay may take until it answers.
const START_LIMIT: Duration = Duration::from_secs(15);

/// Builds the relay, runs the sessions, and prints what came of them; it fails where a controller was told less, twice or out of order.
pub(crate) fn command(ws: &Workspace, sessions: u32, time: u32) -> Result<ExitCode> {
    let report = Plan::new(&[Task::NodePackages, Task::Cobrowse]).run(ws)?;
    if !report.passed() {
        return Ok(report.exit_code());
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port of 127.0.0.1 can be opened")?;
    let address = listener.local_addr()?;
    drop(listener);
    let serve = ws.cmd(ws.cobrowse()).args(["serve", "--log", "warn", "--listen", &address.to_string()]);
    let mut relay = serve.command().spawn().with_context(|| format!("cannot run `{}`", serve.display()))?;
    println!("\n{sessions} sessions at once for {time} s; the network of each is cut now and then");
    let ran = answers(address).and_then(|()| {
        let load = ws.root.join("e2e/js/cometd/load.mjs");
        ws.cmd("node").arg(load).arg(format!("http://{address}")).args([sessions.to_string(), time.to_string()]).loud()
    });
    let memory = memory(relay.id());
    relay.kill()?;
    relay.wait()?;
    ran?;
    if let Some(memory) = memory {
        println!("the relay has taken {memory} of memory at most");
    }
    Ok(ExitCode::SUCCESS)
}

/// The most that a process has had in memory, where the system tells.
fn memory(id: u32) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    Some(status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().to_owned())
}

fn answers(address: SocketAddr) -> Result<()> {
    let started = Instant::now();
    while TcpStream::connect_timeout(&address, START_LIMIT).is_err() {
        if started.elapsed() > START_LIMIT {
            bail!("the relay did not answer on {address} within {} s", START_LIMIT.as_secs());
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
