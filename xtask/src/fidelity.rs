//! The table of `docs/fidelity.md`: the end-to-end suite on the own and the real pages, in three engines, and once with a peer.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;

use crate::firefox::Firefox;
use crate::plan::{Plan, Task};
use crate::progress::Status;
use crate::test::{coloured, with_browser};
use crate::webkit::Webkit;
use crate::workspace::Workspace;

/// No run takes longer, unless something hangs.
const LIMIT: Duration = Duration::from_secs(40 * 60);

/// The runs beside the one in Chromium: the column's label, the name of the file of results, and the run's options.
const BESIDE: [(&str, &str, [&str; 4]); 5] = [
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
    let build = ws.cargo().args(["build", "--release", "--package", "e2e"]);
    coloured(build, status).quiet(status)?;
    let firefox = Firefox::require(ws)?;
    let webkit = Webkit::require()?;
    let folder = ws.target.join("e2e");
    std::fs::create_dir_all(&folder)?;
    let run = |options: Vec<String>| -> Result<()> {
        let run = ws
            .cargo()
            .args(["run", "--quiet", "--release", "--package", "e2e", "--", "run", "--workers", "2"])
            .args(["--only", "own/", "--only", "shared/"])
            .args(options)
            .env("FIREFOX", &firefox.firefox)
            .env("GECKODRIVER", &firefox.driver)
            .env("WEBKITDRIVER", &webkit.driver)
            .env("XVFB", &webkit.display);
        // Cases that differ make the run fail; whether it has said what it was to say shows in its file.
        let ended = with_browser(ws, run)?.limit(LIMIT).quiet(status);
        if let Err(error) = ended {
            status.note(format!("{error:#}").lines().last().unwrap_or_default());
        }
        Ok(())
    };
    let mut beside = Vec::new();
    for (label, name, options) in BESIDE {
        status.note(label);
        let file = folder.join(format!("{name}.json"));
        std::fs::remove_file(&file).ok();
        let results = file.display().to_string();
        run(options.map(str::to_owned).into_iter().chain(["--results".to_owned(), results.clone()]).collect())?;
        beside.extend(["--beside".to_owned(), format!("{label}={results}")]);
    }
    status.note("Chromium");
    run(["--table", "docs/fidelity.md"].map(str::to_owned).into_iter().chain(beside).collect())?;
    Ok("docs/fidelity.md".into())
}
