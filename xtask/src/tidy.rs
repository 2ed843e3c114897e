//! `tidy`: structure that the compiler does not check. Each check is named by what it keeps true.

mod architecture;
mod dependencies;
mod locks;
mod sources;

use anyhow::{Result, bail};

use crate::progress::Status;
use crate::workspace::Workspace;

/// A check: it returns what is wrong, one line each.
type Check = fn(&Workspace) -> Result<Vec<String>>;

/// The checks by name.
const CHECKS: [(&str, Check); 9] = [
    ("dependencies point inward", dependencies::inward),
    ("browser crates are for wasm only", dependencies::browser_crates),
    ("platform-free crates stay so", dependencies::platform_free),
    ("browser code is under src/web", sources::browser_code),
    ("files are short", sources::lengths),
    ("names keep to the glossary", sources::words),
    ("versions are locked", locks::locks),
    ("CI runs the README's commands", locks::commands),
    ("docs/architecture.md names what exists", architecture::paths),
];

/// Runs every check.
pub(crate) fn tidy(ws: &Workspace, status: &Status) -> Result<String> {
    let mut faults = Vec::new();
    for (name, check) in CHECKS {
        status.note(name);
        faults.extend(check(ws)?.into_iter().map(|fault| format!("{name}: {fault}")));
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(format!("{} rules", CHECKS.len()))
}
