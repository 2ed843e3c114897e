//! Bundles the scripts: one classic script per entry point, minified.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::progress::Status;
use crate::tools;
use crate::wasm::Shell;
use crate::workspace::Workspace;

/// The oldest language version that the scripts are written for; every browser with wasm reads it.
const LANGUAGE: &str = "es2020";

/// A script of the built files and where it comes from.
struct Bundle {
    /// The entry point, from the repository's root.
    entry: &'static str,
    /// The built file.
    output: &'static str,
}

/// The scripts.
const BUNDLES: [Bundle; 24] = [
    Bundle { entry: "capture/js/loader.js", output: "capture.js" },
    Bundle { entry: "capture/js/engine.js", output: "capture-engine.js" },
    Bundle { entry: "capture/js/live.js", output: "capture-live.js" },
    Bundle { entry: "capture/js/translations.js", output: "capture-translations.js" },
    Bundle { entry: "capture/js/rules.js", output: "capture-rules.js" },
    Bundle { entry: "capture/js/documents.js", output: "capture-documents.js" },
    Bundle { entry: "capture/js/screen.js", output: "capture-screen.js" },
    Bundle { entry: "capture/js/sealed.js", output: "capture-sealed.js" },
    Bundle { entry: "capture/js/report.js", output: "capture-report.js" },
    Bundle { entry: "capture/js/tape.js", output: "capture-tape.js" },
    Bundle { entry: "capture/js/content.js", output: "capture-content.js" },
    Bundle { entry: "capture/js/motion.js", output: "capture-motion.js" },
    Bundle { entry: "capture/js/hosts.js", output: "capture-hosts.js" },
    Bundle { entry: "capture/js/guest.js", output: "capture-guest.js" },
    Bundle { entry: "capture/js/sites.js", output: "capture-sites.js" },
    Bundle { entry: "capture/js/invitation.js", output: "cobrowse-invitation.js" },
    Bundle { entry: "capture/js/liveperson/adapter.js", output: "cobrowse-liveperson.js" },
    Bundle { entry: "capture/js/idle.js", output: "capture-idle.js" },
    Bundle { entry: "capture/js/warm.js", output: "capture-warm.js" },
    Bundle { entry: "capture/js/genesys.js", output: "cobrowse-genesys.js" },
    Bundle { entry: "replay/desktop/controller.js", output: "cobrowse-controller.js" },
    Bundle { entry: "replay/js/replay.js", output: "replay.js" },
    Bundle { entry: "replay/js/sealed.js", output: "replay-sealed.js" },
    Bundle { entry: "replay/player/element.js", output: "player.js" },
];

/// The folder that the bundles are made in.
pub(crate) fn folder(ws: &Workspace) -> PathBuf {
    ws.target.join("bundle")
}

/// Makes every bundle; returns the built files under their names in `dist/`.
pub(crate) fn bundle(ws: &Workspace, status: &Status) -> Result<Vec<(&'static str, PathBuf)>> {
    let missing: Vec<&str> =
        BUNDLES.iter().map(|bundle| bundle.entry).filter(|entry| !ws.root.join(entry).is_file()).collect();
    if !missing.is_empty() {
        bail!("the script sources {} are missing", missing.join(", "));
    }
    BUNDLES.iter().map(|bundle| Ok((bundle.output, one(ws, bundle, status)?))).collect()
}

/// Makes one bundle.
fn one(ws: &Workspace, bundle: &Bundle, status: &Status) -> Result<PathBuf> {
    status.note(bundle.output);
    let output = folder(ws).join(bundle.output);
    let alias = |shell: Shell| format!("--alias:cobrowse-{}-wasm={}", shell.name(), shell.glue(ws).display());
    let minify: &[&str] = if ws.options.debug_names { &[] } else { &["--minify"] };
    ws.cmd(tools::node_program(ws, "esbuild"))
        .arg(bundle.entry)
        .args(["--bundle", "--format=iife", "--charset=utf8", "--legal-comments=none", "--log-level=warning"])
        .arg(format!("--target={LANGUAGE}"))
        // A classic script has no `import.meta`: whoever reads it would get nothing.
        .arg("--log-override:empty-import-meta=error")
        // A style sheet is a script's to adopt: it lives under a policy that allows no inline styles.
        .arg("--loader:.css=text")
        .args(Shell::ALL.map(alias))
        .args(minify)
        .arg(format!("--outfile={}", output.display()))
        .quiet(status)?;
    Ok(output)
}
