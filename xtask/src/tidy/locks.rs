//! Versions are locked, and CI runs what the README says.

use std::fs;

use anyhow::Result;
use serde_json::Value;

use crate::workspace::Workspace;

/// The only bincode to build with: later versions on the registry hold no code.
const BINCODE: &str = "=2.0.1";

/// The advisory that `deny.toml` makes an exception for, with its reason.
const BINCODE_ADVISORY: &str = "RUSTSEC-2025-0141";

/// The README's commands; CI runs the last one and nothing else.
const COMMANDS: [&str; 2] = ["cargo xtask demo", "cargo xtask test"];

/// Lock files are there and name no host, and bincode is pinned.
pub(super) fn locks(ws: &Workspace) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    if read(ws, "Cargo.lock").is_none() {
        faults.push("Cargo.lock is missing".into());
    }
    match read(ws, "package-lock.json") {
        None => faults.push("package-lock.json is missing".into()),
        Some(text) => faults.extend(resolved_packages(&serde_json::from_str(&text)?).map(|package| {
            format!(
                "package-lock.json says where {package} was downloaded from; `npm install` again with the .npmrc here"
            )
        })),
    }
    match read(ws, "deny.toml") {
        None => faults.push("deny.toml is missing".into()),
        Some(text) if !text.contains(BINCODE_ADVISORY) => {
            faults.push(format!("deny.toml lacks the exception {BINCODE_ADVISORY}"));
        }
        Some(_) => {}
    }
    let requirements: Vec<&str> = ws
        .manifest
        .packages
        .iter()
        .flat_map(|package| &package.dependencies)
        .filter(|dependency| dependency.name == "bincode")
        .map(|dependency| dependency.requirement.as_str())
        .collect();
    if let Some(other) = requirements.iter().find(|requirement| **requirement != BINCODE) {
        faults.push(format!("bincode is required as {other}; it must be {BINCODE}"));
    }
    Ok(faults)
}

/// The packages of an npm lock file with an address.
fn resolved_packages(lock: &Value) -> impl Iterator<Item = &String> {
    let packages = lock["packages"].as_object().into_iter().flatten();
    packages.filter(|(_, package)| package.get("resolved").is_some()).map(|(name, _)| name)
}

/// The README and `.ci/run` agree on the command that tests everything.
pub(super) fn commands(ws: &Workspace) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    let readme = read(ws, "README.md").unwrap_or_default();
    for command in COMMANDS.iter().filter(|command| !readme.contains(**command)) {
        faults.push(format!("README.md does not say `{command}`"));
    }
    let script = read(ws, ".ci/run").unwrap_or_default();
    let runs: Vec<&str> = script.lines().map(str::trim).filter(|line| line.contains("cargo xtask")).collect();
    let [_, test] = COMMANDS;
    if runs != [test] {
        faults.push(format!(".ci/run must run `{test}` and no other task"));
    }
    Ok(faults)
}

/// The text of a file in the root.
fn read(ws: &Workspace, path: &str) -> Option<String> {
    fs::read_to_string(ws.root.join(path)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_with_an_address_are_found() {
        let lock = serde_json::json!({ "packages": {
            "": { "name": "x" },
            "node_modules/a": { "version": "1.0.0" },
            "node_modules/b": { "version": "1.0.0", "resolved": "https://registry.example/b.tgz" },
        }});
        assert_eq!(resolved_packages(&lock).collect::<Vec<_>>(), ["node_modules/b"]);
    }
}
