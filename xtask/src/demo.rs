//! `cargo xtask demo`: the demo shop and the agent's page, served by the real relay with its in-memory store.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::files::Folder;
use crate::plan::{Plan, Task};
use crate::progress::Status;
use crate::test::coloured;
use crate::workspace::Workspace;

/// How long the relay may take until it answers.
const START_LIMIT: Duration = Duration::from_secs(15);

/// How long the relay may take to close its sessions when it is stopped.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// With it the demo's tab of Dynamics 365 invites customers. It is no secret: the demo is for who runs it.
const INVITE_SECRET: &str = "of the demonstration";

/// How often the relay is looked at.
const POLL: Duration = Duration::from_millis(50);

/// Builds the command line program with the relay in it.
pub(crate) fn build_cobrowse(ws: &Workspace, status: &Status) -> Result<String> {
    coloured(ws.cargo().args(["build", "--release", "--package", "cobrowse-cli"]), status).quiet(status)?;
    if !ws.cobrowse().is_file() {
        bail!("cobrowse-cli was built, but there is no {}: is its binary named `cobrowse`?", ws.cobrowse().display());
    }
    Ok(String::new())
}

/// Where the demo's files are gathered.
fn folder(ws: &Workspace) -> PathBuf {
    ws.target.join("demo")
}

/// Gathers the built files and, under `demo/`, the demo's own pages.
pub(crate) fn pages(ws: &Workspace) -> Result<String> {
    let source = ws.root.join("fixtures/demo");
    for page in ["index.html", "shop/index.html"] {
        if !source.join(page).is_file() {
            bail!("fixtures/demo/{page} is missing");
        }
    }
    let mut demo = Folder::default();
    demo.copy_all(&ws.dist(), Path::new(""))?;
    demo.copy_all(&source, Path::new("demo"))?;
    demo.copy_all(&ws.root.join("docs/integrations/examples"), Path::new("examples"))?;
    Ok(format!("{} files", demo.write(&folder(ws))?))
}

/// Builds, serves, prints the links, and waits for the end.
pub(crate) fn demo(ws: &Workspace, port: u16) -> Result<ExitCode> {
    let report = Plan::new(&[Task::Cobrowse, Task::DemoPages]).run(ws)?;
    if !report.passed() {
        return Ok(report.exit_code());
    }
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    ctrlc::set_handler(move || stopped.store(true, Ordering::SeqCst)).context("cannot listen for ctrl-c")?;
    let address = free_address(port)?;
    web_resources(ws, address)?;
    let serve = ws
        .cmd(ws.cobrowse())
        .args(["serve", "--listen", &address.to_string(), "--invite-secret", INVITE_SECRET, "--pages"])
        .arg(folder(ws));
    let shown = serve.display();
    let mut relay = serve.command().spawn().with_context(|| format!("cannot run `{shown}`"))?;
    if await_start(&mut relay, address, &stop, &shown)? {
        announce(address);
    }
    while !stop.load(Ordering::SeqCst) {
        if let Some(status) = relay.try_wait()? {
            bail!("`{shown}` ended by itself: {status}");
        }
        thread::sleep(POLL);
    }
    end(ws, &mut relay)?;
    println!("\nThe demo has stopped.");
    Ok(ExitCode::SUCCESS)
}

/// Writes the web resources of the example for Dynamics 365, which have the relay's address in them.
fn web_resources(ws: &Workspace, address: SocketAddr) -> Result<()> {
    let site = format!("http://{address}/examples/dynamics-365/shop.html");
    let written = ws
        .cmd(ws.cobrowse())
        .args(["dynamics365", "package", "--force", "--screen-sharing", "--key", INVITE_SECRET, "--site", &site])
        .args(["--relay", &format!("http://{address}"), "--out"])
        .arg(ws.target.join("demo-dynamics365.zip"))
        .arg("--web-resources")
        .arg(folder(ws).join("resources"));
    if !written.succeeds() {
        bail!("the web resources of the example for Dynamics 365 could not be written: `{}` failed", written.display());
    }
    Ok(())
}

/// The address asked for, or a free one when it is taken.
fn free_address(port: u16) -> Result<SocketAddr> {
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let listener = match bind(port) {
        Ok(listener) => listener,
        Err(error) => {
            let listener = bind(0).context("no port of 127.0.0.1 can be opened")?;
            println!("Port {port} cannot be used ({error}); taking {} instead.", listener.local_addr()?.port());
            listener
        }
    };
    Ok(listener.local_addr()?)
}

/// Waits until the relay answers; false when it was told to stop before.
fn await_start(relay: &mut Child, address: SocketAddr, stop: &AtomicBool, shown: &str) -> Result<bool> {
    let started = Instant::now();
    while !stop.load(Ordering::SeqCst) {
        if let Some(status) = relay.try_wait()? {
            bail!("`{shown}` ended before it answered: {status}");
        }
        if TcpStream::connect_timeout(&address, POLL).is_ok() {
            return Ok(true);
        }
        if started.elapsed() > START_LIMIT {
            relay.kill()?;
            relay.wait()?;
            bail!("`{shown}` did not answer on {address} within {} s", START_LIMIT.as_secs());
        }
        thread::sleep(POLL);
    }
    Ok(false)
}

/// Says where to look.
fn announce(address: SocketAddr) {
    println!();
    println!("  side by side    http://{address}/demo/");
    println!("  customer's shop http://{address}/demo/shop/");
    println!("  agent's page    http://{address}/slave.html");
    println!("  Genesys         http://{address}/examples/genesys/customer.html and …/desktop.html");
    println!("  LivePerson      http://{address}/examples/liveperson/index.html and …/agent.html");
    println!("  Dynamics 365    http://{address}/examples/dynamics-365/omnichannel.html");
    println!("  Live Assist     http://{address}/examples/live-assist/index.html and …/agent.html");
    println!();
    println!("Press ctrl-c to stop.");
}

/// Ends the relay: it is asked first, since it closes its sessions then, and ended when it does not answer.
fn end(ws: &Workspace, relay: &mut Child) -> Result<()> {
    // On a terminal ctrl-c has reached the relay too; a signal sent to this process alone has not.
    if cfg!(unix) {
        ws.cmd("kill").args(["-TERM", &relay.id().to_string()]).succeeds();
    }
    let asked = Instant::now();
    while asked.elapsed() < STOP_LIMIT {
        if relay.try_wait()?.is_some() {
            return Ok(());
        }
        thread::sleep(POLL);
    }
    relay.kill()?;
    relay.wait()?;
    Ok(())
}
