//! Compresses built files ahead of serving, by the formats that Node.js brings with it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::progress::Status;
use crate::stamp::{Inputs, Stamp};
use crate::workspace::Workspace;

/// The script that does it.
const SCRIPT: &str = "xtask/js/compress.mjs";

/// A file's compressed copies.
#[derive(Debug)]
pub(crate) struct Compressed {
    /// By brotli 11.
    pub(crate) brotli: PathBuf,
    /// By gzip -9.
    pub(crate) gzip: PathBuf,
}

/// Compresses the file at `path`, which `dist/` holds as `name`, unless that was done already for the same content.
pub(crate) fn compress(ws: &Workspace, name: &Path, path: &Path, status: &Status) -> Result<Compressed> {
    let output = ws.target.join("compressed").join(name);
    let copy = |extension: &str| PathBuf::from(format!("{}.{extension}", output.display()));
    let made = Compressed { brotli: copy("br"), gzip: copy("gz") };
    let stamp = Stamp::at(copy("stamp"));
    let inputs = Inputs::default().file(&ws.root.join(SCRIPT))?.file(path)?;
    if !stamp.is_current(&inputs, &[made.brotli.clone(), made.gzip.clone()]) {
        status.note(&format!("compressing {}", name.display()));
        if let Some(folder) = output.parent() {
            fs::create_dir_all(folder)?;
        }
        ws.cmd("node").arg(SCRIPT).arg(path).arg(&output).quiet(status)?;
        stamp.keep(&inputs)?;
    }
    Ok(made)
}
