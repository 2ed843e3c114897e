//! Which crate may depend on which.

use anyhow::Result;

use crate::manifest::{Dependency, Package};
use crate::workspace::Workspace;

/// Each product crate and the crates of this workspace that it may depend on.
const ALLOWED: [(&str, &[&str]); 7] = [
    ("cobrowse-protocol", &[]),
    ("cobrowse-capture", &["cobrowse-protocol"]),
    ("cobrowse-replay", &["cobrowse-protocol"]),
    // The relay must not know how a session is sealed.
    ("cobrowse-seal", &["cobrowse-protocol"]),
    ("cobrowse-relay", &["cobrowse-protocol"]),
    ("cobrowse-cli", &["cobrowse-protocol", "cobrowse-relay", "cobrowse-replay", "cobrowse-seal"]),
    // It builds the others, and must build fast.
    ("xtask", &[]),
];

/// Crates that must not meet in tests either: what both sides know belongs to the protocol.
const STRANGERS: [(&str, &str); 2] = [("cobrowse-capture", "cobrowse-replay"), ("cobrowse-replay", "cobrowse-capture")];

/// Crates that only check and measure; nothing depends on them.
const OUTERMOST: [&str; 4] = ["benches", "e2e", "fuzz", "xtask"];

/// Crates that bind to a browser.
const BROWSER: [&str; 5] = ["js-sys", "wasm-bindgen", "wasm-bindgen-futures", "wasm-bindgen-test", "web-sys"];

/// What platform-free crates must not reach, however deep, and the cargo target that is looked at.
const FORBIDDEN: [(&str, &str, &[&str]); 4] = [
    ("cobrowse-protocol", "all", &["axum", "js-sys", "tokio", "wasm-bindgen", "web-sys"]),
    ("cobrowse-capture", "", &["axum", "js-sys", "tokio", "wasm-bindgen", "web-sys"]),
    ("cobrowse-replay", "", &["axum", "js-sys", "tokio", "wasm-bindgen", "web-sys"]),
    ("cobrowse-seal", "", &["axum", "getrandom", "js-sys", "tokio", "wasm-bindgen", "web-sys"]),
];

/// Every dependency between the workspace's crates is an allowed one.
pub(super) fn inward(ws: &Workspace) -> Result<Vec<String>> {
    let packages = &ws.manifest.packages;
    let is_member = |dependency: &&Dependency| packages.iter().any(|package| package.name == dependency.name);
    let faults = packages.iter().flat_map(|package| {
        let inner = package.dependencies.iter().filter(is_member);
        inner.filter_map(|dependency| reason_against(package, dependency))
    });
    Ok(faults.collect())
}

/// What speaks against a dependency between two crates of the workspace.
fn reason_against(package: &Package, dependency: &Dependency) -> Option<String> {
    let (from, to) = (package.name.as_str(), dependency.name.as_str());
    if OUTERMOST.contains(&to) {
        return Some(format!("{from} depends on {to}, which nothing may depend on"));
    }
    if STRANGERS.contains(&(from, to)) {
        return Some(format!("{from} depends on {to}: the two sides must not know each other, in tests neither"));
    }
    let (_, allowed) = ALLOWED.iter().find(|(name, _)| *name == from)?;
    // A test may look at the protocol's users from outside, except in the crate that all depend on.
    let free = dependency.dev && !allowed.is_empty();
    (!free && !allowed.contains(&to)).then(|| match allowed {
        [] => format!("{from} depends on {to}; it may depend on no crate of this workspace"),
        _ => format!("{from} depends on {to}; of this workspace it may depend on {} only", allowed.join(", ")),
    })
}

/// Crates that bind to a browser are depended on for wasm only.
pub(super) fn browser_crates(ws: &Workspace) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for package in &ws.manifest.packages {
        for dependency in package.dependencies.iter().filter(|dependency| BROWSER.contains(&dependency.name.as_str())) {
            let for_wasm = dependency.only_for.as_deref().is_some_and(|only_for| only_for.contains("wasm32"));
            if !for_wasm {
                faults.push(format!(
                    "{} depends on {} everywhere; move it under [target.'cfg(target_arch = \"wasm32\")'.dependencies]",
                    package.name, dependency.name
                ));
            }
        }
    }
    Ok(faults)
}

/// What platform-free crates depend on is platform-free too.
pub(super) fn platform_free(ws: &Workspace) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for (package, target, forbidden) in FORBIDDEN {
        let mut tree = ws.cargo().args(["tree", "--package", package, "--edges", "normal"]);
        tree = tree.args(["--prefix", "none", "--format", "{p}"]);
        if !target.is_empty() {
            tree = tree.args(["--target", target]);
        }
        let tree = tree.read()?;
        let reached = |name: &&&str| tree.lines().any(|line| line.split(' ').next() == Some(**name));
        faults.extend(forbidden.iter().filter(reached).map(|name| {
            format!("{package} reaches {name}; `cargo tree --package {package} --invert {name}` shows how")
        }));
    }
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn check(from: &str, to: &str, dev: bool) -> bool {
        let package = Package { name: from.into(), dir: PathBuf::new(), dependencies: Vec::new(), tests: Vec::new() };
        let dependency = Dependency { name: to.into(), requirement: "*".into(), dev, only_for: None };
        reason_against(&package, &dependency).is_none()
    }

    #[test]
    fn dependencies_point_to_the_protocol() {
        assert!(check("cobrowse-capture", "cobrowse-protocol", false));
        assert!(check("cobrowse-cli", "cobrowse-relay", false));
        assert!(check("e2e", "cobrowse-relay", false));
        assert!(!check("cobrowse-cli", "cobrowse-capture", false));
        assert!(!check("cobrowse-protocol", "cobrowse-replay", true));
        assert!(!check("cobrowse-capture", "cobrowse-replay", true));
        assert!(!check("cobrowse-relay", "benches", true));
    }
}
