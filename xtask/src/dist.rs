//! Assembles `dist/`: the static files that a site hosts by itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::bundle;
use crate::compress;
use crate::files::{self, Folder};
use crate::plan::{Plan, Task};
use crate::progress::Status;
use crate::wasm::Shell;
use crate::workspace::Workspace;

/// What is worth compressing ahead; the relay serves `NAME.br` in place of `NAME` to a browser that accepts it.
const COMPRESSED: [&str; 2] = ["js", "wasm"];

/// Folders of pages, with those that must be there: the public surface promises them, or scripts load them.
const PAGES: [(&str, &[&str]); 3] = [
    ("replay/pages", &["slave.html", "player.html"]),
    ("replay/dynamics365", &["dynamics365.html", "dynamics365.js"]),
    ("capture/pages", &["hold.html", "hold.js"]),
];

/// `cargo xtask dist`.
pub(crate) fn command(ws: &Workspace) -> Result<ExitCode> {
    let report = Plan::new(&[Task::Dist]).run(ws)?;
    if report.passed() {
        println!("\nThe files to host are in {}/.", ws.relative(&ws.dist()));
    }
    Ok(report.exit_code())
}

/// Bundles the scripts and gathers them with the wasm, the pages and the types. Both wasm files are built already.
pub(crate) fn assemble(ws: &Workspace, status: &Status) -> Result<String> {
    let mut dist = Folder::default();
    for (name, script) in bundle::bundle(ws, status)? {
        dist.copy(script, name);
    }
    for shell in Shell::ALL {
        dist.copy(shell.wasm(ws), format!("{}.wasm", shell.name()));
        types(ws, shell, &mut dist)?;
    }
    pages(ws, &mut dist)?;
    for (name, source) in dist.with_extension(&COMPRESSED) {
        let compressed = compress::compress(ws, &name, &source, status)?;
        dist.copy(compressed.brotli, format!("{}.br", name.display()));
    }
    dist.copy(carried(ws)?, "replay-wasm.js");
    Ok(format!("{} files", dist.write(&ws.dist())?))
}

/// The agent's wasm as a script, for a player page that is opened from the disk: there no script may read a file.
fn carried(ws: &Workspace) -> Result<PathBuf> {
    let wasm = BASE64_STANDARD.encode(fs::read(Shell::Replay.wasm(ws))?);
    let script = bundle::folder(ws).join("replay-wasm.js");
    files::write(&script, format!("window.cobrowseReplayWasm=\"{wasm}\";\n").as_bytes())?;
    Ok(script)
}

/// Adds the hand-written types of one crate's scripts.
fn types(ws: &Workspace, shell: Shell, dist: &mut Folder) -> Result<()> {
    for scripts in shell.scripts() {
        let folder = ws.root.join(scripts);
        let files: Vec<PathBuf> =
            files::all(&folder)?.into_iter().filter(|file| file.to_string_lossy().ends_with(".d.ts")).collect();
        if files.is_empty() {
            bail!("{} holds no .d.ts file: the public API has types", ws.relative(&folder));
        }
        for file in files {
            dist.copy(folder.join(&file), file);
        }
    }
    Ok(())
}

/// Adds the pages as they are.
fn pages(ws: &Workspace, dist: &mut Folder) -> Result<()> {
    for (folder, required) in PAGES {
        let path = ws.root.join(folder);
        let missing: Vec<&str> = required.iter().copied().filter(|page| !path.join(page).is_file()).collect();
        if !missing.is_empty() {
            bail!("{folder} lacks {}", missing.join(", "));
        }
        dist.copy_all(&path, Path::new(""))?;
    }
    Ok(())
}
