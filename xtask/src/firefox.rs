//! Finds or installs Firefox and its driver, for the end-to-end tests with two engines.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::browser::named;
use crate::locate;
use crate::progress::Status;
use crate::tools;
use crate::workspace::Workspace;

/// What to do when they are not there and cannot be installed.
const INSTALL: &str = "install Firefox and geckodriver, or name them in FIREFOX and GECKODRIVER";

/// Firefox and its driver.
#[derive(Debug)]
pub(crate) struct Firefox {
    /// The browser's program.
    pub(crate) firefox: PathBuf,
    /// The WebDriver server's program.
    pub(crate) driver: PathBuf,
}

/// Where the driver is built.
fn built(ws: &Workspace) -> PathBuf {
    ws.target.join("tools/geckodriver")
}

fn browser() -> Result<Option<PathBuf>> {
    Ok(named("FIREFOX")?.or_else(|| locate::on_path(&["firefox-esr", "firefox"])))
}

fn driver(ws: &Workspace) -> Result<Option<PathBuf>> {
    let own = Some(built(ws).join("bin/geckodriver")).filter(|path| locate::is_program(path));
    Ok(named("GECKODRIVER")?.or_else(|| locate::on_path(&["geckodriver"])).or(own))
}

impl Firefox {
    /// Looks for both; the variables `FIREFOX` and `GECKODRIVER` go before the path.
    pub(crate) fn require(ws: &Workspace) -> Result<Self> {
        let firefox = browser()?.context(INSTALL)?;
        Ok(Self { firefox, driver: driver(ws)?.context(INSTALL)? })
    }
}

/// Installs both unless they are there: the browser through the system, the driver from its source.
pub(crate) fn firefox(ws: &Workspace, status: &Status) -> Result<String> {
    let mut verb = "present";
    if browser()?.is_none() {
        tools::apt_install(ws, status, &["firefox-esr"], INSTALL)?;
        verb = "installed";
    }
    if driver(ws)?.is_none() {
        let install = ws
            .cargo()
            .args(["install", "geckodriver", "--root"])
            .arg(built(ws))
            .arg("--target-dir")
            .arg(ws.target.join("tools/build"))
            .hint("check that the crates registry can be reached, then run the command again");
        // The lock file in the package may name versions that a registry mirror does not have yet.
        if install.clone().arg("--locked").quiet(status).is_err() {
            status.note("--locked failed, trying without");
            install.quiet(status)?;
        }
        std::fs::remove_dir_all(ws.target.join("tools/build")).ok();
        verb = "installed";
    }
    let found = Firefox::require(ws)?;
    let said = ws.cmd(&found.firefox).arg("--version").read().with_context(|| INSTALL.to_owned())?;
    Ok(format!("{} {verb}", said.trim()))
}
