//! The sizes of the built files: what a customer's page and an agent's page load.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use crate::compress;
use crate::files;
use crate::progress::Status;
use crate::workspace::Workspace;

/// One file's sizes in bytes.
struct Row {
    name: String,
    raw: u64,
    gzip: u64,
    brotli: u64,
}

/// Measures every script, wasm file and page of `dist/`, prints the table and writes `target/bench/size.json`.
pub(crate) fn size(ws: &Workspace, status: &Status) -> Result<String> {
    let mut rows = Vec::new();
    for file in files::all(&ws.dist())? {
        let loaded =
            file.extension().and_then(OsStr::to_str).is_some_and(|ext| ["js", "wasm", "html", "css"].contains(&ext));
        if loaded {
            rows.push(measure(ws, &file, status)?);
        }
    }
    let customer: Vec<&Row> = rows.iter().filter(|row| row.name.starts_with("capture")).collect();
    let total = Row {
        name: "a customer's page in a session".into(),
        raw: customer.iter().map(|row| row.raw).sum(),
        gzip: customer.iter().map(|row| row.gzip).sum(),
        brotli: customer.iter().map(|row| row.brotli).sum(),
    };
    println!("{:<32} {:>10} {:>10} {:>10}", "bytes", "raw", "gzip -9", "brotli 11");
    for row in rows.iter().chain([&total]) {
        println!("{:<32} {:>10} {:>10} {:>10}", row.name, row.raw, row.gzip, row.brotli);
    }
    let report = ws.target.join("bench/size.json");
    let json = json!({
        "unit": "bytes",
        "files": rows.iter().map(Row::json).collect::<Vec<_>>(),
        "customer": total.json(),
    });
    files::write(&report, format!("{json:#}\n").as_bytes())?;
    Ok(format!("{} files, {}", rows.len(), ws.relative(&report)))
}

impl Row {
    /// The row for the report.
    fn json(&self) -> serde_json::Value {
        json!({ "name": self.name, "raw": self.raw, "gzip": self.gzip, "brotli": self.brotli })
    }
}

/// Measures one file.
fn measure(ws: &Workspace, file: &Path, status: &Status) -> Result<Row> {
    let path = ws.dist().join(file);
    let compressed = compress::compress(ws, file, &path, status)?;
    Ok(Row {
        name: file.display().to_string(),
        raw: bytes(&path)?,
        gzip: bytes(&compressed.gzip)?,
        brotli: bytes(&compressed.brotli)?,
    })
}

/// The size of a file.
fn bytes(path: &Path) -> Result<u64> {
    Ok(fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len())
}
