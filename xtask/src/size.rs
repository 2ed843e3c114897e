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

/// Fetched only where the page records by itself, where there are rules of privacy, where somebody asks which keeps what, where
/// there are people (a question, a bar, a relay), where an agent shows a picture or the customer the screen, where there are pictures of
/// the page's own making, animations, frames of other origins, or subdomains; where a session is sealed; behind the first frames; by `preload()`.
const PARTS: [&str; 15] = [
    "capture-tape.js",
    "capture-rules.js",
    "capture-report.js",
    "capture-live.js",
    "capture-translations.js",
    "capture-content.js",
    "capture-motion.js",
    "capture-hosts.js",
    "capture-guest.js",
    "capture-sites.js",
    "capture-idle.js",
    "capture-warm.js",
    "capture-documents.js",
    "capture-screen.js",
    "capture-sealed.js",
];

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
    let sum = |name: &str, counts: &dyn Fn(&Row) -> bool| {
        let rows = rows.iter().filter(|row| row.name.starts_with("capture") && counts(row));
        rows.fold(Row::nothing(name), |sum, row| sum.with(row))
    };
    let recorded = sum("a customer's page, recorded", &|row| !PARTS.contains(&row.name.as_str()));
    let total = sum("a customer's page in a session", &|_| true);
    println!("{:<32} {:>10} {:>10} {:>10}", "bytes", "raw", "gzip -9", "brotli 11");
    for row in rows.iter().chain([&recorded, &total]) {
        println!("{:<32} {:>10} {:>10} {:>10}", row.name, row.raw, row.gzip, row.brotli);
    }
    let report = ws.target.join("bench/size.json");
    let json = json!({
        "unit": "bytes",
        "files": rows.iter().map(Row::json).collect::<Vec<_>>(),
        "recorded": recorded.json(),
        "customer": total.json(),
    });
    files::write(&report, format!("{json:#}\n").as_bytes())?;
    Ok(format!("{} files, {}", rows.len(), ws.relative(&report)))
}

impl Row {
    fn nothing(name: &str) -> Self {
        Self { name: name.to_owned(), raw: 0, gzip: 0, brotli: 0 }
    }

    fn with(self, other: &Self) -> Self {
        let (raw, gzip, brotli) = (self.raw + other.raw, self.gzip + other.gzip, self.brotli + other.brotli);
        Self { raw, gzip, brotli, ..self }
    }

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
