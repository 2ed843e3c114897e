//! Finds or installs a Redis server, for the tests of relays that share their sessions. Valkey does as well.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::browser::named;
use crate::locate;
use crate::progress::Status;
use crate::tools;
use crate::workspace::Workspace;

/// What to do when it is not there and cannot be installed.
const INSTALL: &str =
    "install Redis 6.2 or later, or Valkey (Debian: redis-server), or name the server in REDIS_SERVER";

/// The server's program; the variable `REDIS_SERVER` goes before the path.
pub(crate) fn locate() -> Result<Option<PathBuf>> {
    Ok(named("REDIS_SERVER")?.or_else(|| locate::on_path(&["redis-server", "valkey-server"])))
}

/// As [`locate`]; none is an error.
pub(crate) fn require() -> Result<PathBuf> {
    locate()?.context(INSTALL)
}

/// Installs it through the system unless it is there.
pub(crate) fn redis(ws: &Workspace, status: &Status) -> Result<String> {
    let mut verb = "present";
    if locate()?.is_none() {
        tools::apt_install(ws, status, &["redis-server"], INSTALL)?;
        verb = "installed";
    }
    let said = ws.cmd(require()?).arg("--version").read().with_context(|| INSTALL.to_owned())?;
    Ok(format!("{} {verb}", said.split(" sha=").next().unwrap_or_default().trim()))
}
