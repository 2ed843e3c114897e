//! The table of `docs/fidelity.md`: the end-to-end suite on the own and the real pages, in three engines, and once with a peer.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::firefox::Firefox;
use crate::plan::{Plan, Task};
use crate::progress::Status;
use crate::test::{coloured, with_browser};
use crate::webkit::Webkit;
use crate::workspace::Workspace;

/// No run takes longer, unless something hangs.
const LIMIT: Duration = Duration::from_secs(40 * 60);

/// A run beside the one in Chromium: the column's label, the name of the file of results, and the run's options.
type Column = (&'static str, &'static str, [&'static str; 4]);

/// These runs, the peer's last.
const BESIDE: [Column; 5] = [
    ("Firefox → Chromium", "firefox-chromium", ["--customer", "firefox", "--agent", "chromium"]),
    ("Chromium → Firefox", "chromium-firefox", ["--customer", "chromium", "--agent", "firefox"]),
    ("WebKit → Chromium", "webkit-chromium", ["--customer", "webkit", "--agent", "chromium"]),
    ("Chromium → WebKit", "chromium-webkit", ["--customer", "chromium", "--agent", "webkit"]),
    ("rrweb", "rrweb", ["--customer", "chromium", "--peer", "node_modules/rrweb/dist"]),
];

/// Runs all of it.
pub(crate) fn fidelity(ws: &Workspace) -> Result<ExitCode> {
    Ok(Plan::new(&[Task::Fidelity]).run(ws)?.exit_code())
}

/// Writes the table. A case that fails is told there; the runs go on behind it.
pub(crate) fn table(ws: &Workspace, status: &Status) -> Result<String> {
    compare(ws, status, &BESIDE, Path::new("docs/fidelity.md"), None)?;
    Ok("docs/fidelity.md".into())
}

/// The same in Chromium alone, ours beside the peer: a part of the benches. Prints the table, and leaves it with the results of both
/// in `target/bench`.
pub(crate) fn beside_peer(ws: &Workspace, status: &Status) -> Result<String> {
    let folder = ws.target.join("bench");
    let (page, results) = (folder.join("fidelity.md"), folder.join("fidelity.json"));
    compare(ws, status, &BESIDE[BESIDE.len() - 1..], &page, Some(&results))?;
    let text = std::fs::read_to_string(&page).with_context(|| format!("{} was not written", page.display()))?;
    std::fs::copy(ws.target.join("e2e/rrweb.json"), folder.join("fidelity-rrweb.json"))
        .context("the peer's results were not written")?;
    status.hand_over();
    // What follows is the list of cases by what they show.
    println!("{}", text.split("\n## ").next().unwrap_or_default());
    Ok(format!("{}, {}", ws.relative(&page), ws.relative(&results)))
}

/// One run for each column, and the one that they stand beside, which writes the table and, where it is asked for, its results as JSON.
fn compare(ws: &Workspace, status: &Status, columns: &[Column], page: &Path, results: Option<&Path>) -> Result<()> {
    let build = ws.cargo().args(["build", "--release", "--package", "e2e"]);
    coloured(build, status).quiet(status)?;
    let folder = ws.target.join("e2e");
    std::fs::create_dir_all(&folder)?;
    if let Some(folder) = page.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let run = |options: &[String]| -> Result<()> {
        let mut run = ws
            .cargo()
            .args(["run", "--quiet", "--release", "--package", "e2e", "--", "run", "--workers", "2"])
            .args(["--only", "own/", "--only", "shared/"])
            .args(options);
        if options.iter().any(|option| option == "firefox") {
            let firefox = Firefox::require(ws)?;
            run = run.env("FIREFOX", &firefox.firefox).env("GECKODRIVER", &firefox.driver);
        }
        if options.iter().any(|option| option == "webkit") {
            let webkit = Webkit::require()?;
            run = run.env("WEBKITDRIVER", &webkit.driver).env("XVFB", &webkit.display);
        }
        // Cases that differ make the run fail; whether it has said what it was to say shows in its file.
        let ended = with_browser(ws, run)?.limit(LIMIT).quiet(status);
        if let Err(error) = ended {
            status.note(format!("{error:#}").lines().last().unwrap_or_default());
        }
        Ok(())
    };
    let mut beside = vec!["--table".to_owned(), page.display().to_string()];
    for (label, name, options) in columns {
        status.note(label);
        let file = folder.join(format!("{name}.json"));
        std::fs::remove_file(&file).ok();
        let file = file.display().to_string();
        let mut options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        options.extend(["--results".to_owned(), file.clone()]);
        run(&options)?;
        beside.extend(["--beside".to_owned(), format!("{label}={file}")]);
    }
    if let Some(file) = results {
        std::fs::remove_file(file).ok();
        beside.extend(["--results".to_owned(), file.display().to_string()]);
    }
    status.note("Chromium");
    run(&beside)
}
