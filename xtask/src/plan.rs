//! Tasks, what each needs, and running them in order.
//!
//! A task is run once per plan, after what it needs. When it fails, what needs it is not run and counts as failed; the
//! rest goes on, so that one run shows all that is wrong.

use std::fs;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;

use crate::bench;
use crate::browser;
use crate::demo;
use crate::dist;
use crate::fidelity;
use crate::firefox;
use crate::fuzz;
use crate::integrations;
use crate::load;
use crate::progress::Status;
use crate::recordings;
use crate::redis;
use crate::test;
use crate::tidy;
use crate::tools;
use crate::wasm::{self, Shell};
use crate::webkit;
use crate::workspace::Workspace;

/// Everything that the commands are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// rustfmt and clippy are there.
    Components,
    /// The wasm standard library is there.
    WasmTarget,
    /// wasm-bindgen's programs are there.
    WasmBindgen,
    /// The npm packages are there.
    NodePackages,
    /// A browser and its driver are there.
    Browser,
    /// Firefox and its driver are there.
    Firefox,
    /// WebKitGTK's driver and a display are there.
    Webkit,
    /// A Redis server is there.
    Redis,
    /// One of the two wasm files is built.
    Wasm(Shell),
    /// `dist/` is built.
    Dist,
    /// The command line program is built.
    Cobrowse,
    /// The demo's pages are gathered.
    DemoPages,
    /// Formatting.
    Fmt,
    /// Structure.
    Tidy,
    /// Lints of the native code.
    Clippy,
    /// Lints of the browser shells.
    ClippyWasm,
    /// Native tests.
    Unit,
    /// A C++ compiler is there.
    Compiler,
    /// Fuzz targets.
    Fuzz,
    /// One browser shell's tests in a browser.
    Web(Shell),
    /// End-to-end tests.
    EndToEnd,
    /// End-to-end tests with Firefox on one side.
    EndToEndFirefox,
    /// End-to-end tests with WebKit on one side.
    EndToEndWebkit,
    /// The sentences of the four systems' documents, and the tests that show them.
    Integrations,
    /// The table of what is equal.
    Fidelity,
    /// The recordings of our own pages.
    Recordings,
    /// Native benches.
    BenchNative,
    /// Benches in a browser.
    BenchBrowser,
    /// What is equal, ours beside the peer.
    BenchFidelity,
    /// Sizes of the built files.
    BenchSize,
    /// A relay under load.
    Load,
}

impl Task {
    /// The name on the command line, in the table and of the log file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Components => "components",
            Self::WasmTarget => "wasm-target",
            Self::WasmBindgen => "wasm-bindgen",
            Self::NodePackages => "npm",
            Self::Browser => "browser-tools",
            Self::Firefox => "firefox-tools",
            Self::Webkit => "webkit-tools",
            Self::Redis => "redis",
            Self::Wasm(Shell::Capture) => "capture.wasm",
            Self::Wasm(Shell::Replay) => "replay.wasm",
            Self::Wasm(Shell::Seal) => "seal.wasm",
            Self::Dist => "dist",
            Self::Cobrowse => "cobrowse",
            Self::DemoPages => "demo-pages",
            Self::Fmt => "fmt",
            Self::Tidy => "tidy",
            Self::Clippy => "clippy",
            Self::ClippyWasm => "clippy-wasm",
            Self::Unit => "unit",
            Self::Compiler => "compiler",
            Self::Fuzz => "fuzz",
            Self::Web(Shell::Capture) => "web-capture",
            Self::Web(Shell::Replay) => "web-replay",
            Self::Web(Shell::Seal) => "web-seal",
            Self::EndToEnd => "e2e",
            Self::EndToEndFirefox => "e2e-firefox",
            Self::EndToEndWebkit => "e2e-webkit",
            Self::Integrations => "integrations",
            Self::Fidelity => "fidelity-table",
            Self::Recordings => "recordings",
            Self::BenchNative => "native",
            Self::BenchBrowser => "browser",
            Self::BenchFidelity => "fidelity",
            Self::BenchSize => "size",
            Self::Load => "load",
        }
    }

    /// What a person reads while the task runs.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Components => "rustfmt and clippy",
            Self::WasmTarget => "Rust's wasm target",
            Self::WasmBindgen => "wasm-bindgen (built from source when missing: minutes)",
            Self::NodePackages => "npm packages",
            Self::Browser => "Chromium and its driver",
            Self::Firefox => "Firefox and its driver (built from source when missing: minutes)",
            Self::Webkit => "WebKitGTK's driver and a display",
            Self::Redis => "a Redis server",
            Self::Wasm(Shell::Capture) => "capture.wasm",
            Self::Wasm(Shell::Replay) => "replay.wasm",
            Self::Wasm(Shell::Seal) => "seal.wasm",
            Self::Dist => "dist: scripts, pages, compression",
            Self::Cobrowse => "cobrowse, the relay and command line (release)",
            Self::DemoPages => "the demo's pages",
            Self::Fmt => "fmt: formatting",
            Self::Tidy => "tidy: structure",
            Self::Clippy => "clippy: lints",
            Self::ClippyWasm => "clippy-wasm: lints of the browser shells",
            Self::Compiler => "a C++ compiler, for libFuzzer",
            Self::Fuzz => "fuzz: fuzz targets, some seconds each",
            Self::Unit => "unit: unit, property and documentation tests",
            Self::Web(Shell::Capture) => "web-capture: capture in the browser",
            Self::Web(Shell::Replay) => "web-replay: replay in the browser",
            Self::Web(Shell::Seal) => "web-seal: sealing in the browser",
            Self::EndToEnd => "e2e: page to page over the relay",
            Self::EndToEndFirefox => "e2e-firefox: Firefox to Chromium, and the other way",
            Self::EndToEndWebkit => "e2e-webkit: WebKit to Chromium, and the other way",
            Self::Integrations => "integrations: each sentence has its test",
            Self::Recordings => "recordings of our own pages",
            Self::Fidelity => "fidelity: six runs of the own and the real pages",
            Self::BenchNative => "native benches",
            Self::BenchBrowser => "browser benches",
            Self::BenchFidelity => "fidelity beside a peer: two runs of the own and the real pages",
            Self::BenchSize => "sizes",
            Self::Load => "a relay under load",
        }
    }

    /// What must have succeeded before.
    fn needs(self) -> &'static [Self] {
        const CAPTURE: Task = Task::Wasm(Shell::Capture);
        const REPLAY: Task = Task::Wasm(Shell::Replay);
        const SEAL: Task = Task::Wasm(Shell::Seal);
        match self {
            Self::Components
            | Self::WasmTarget
            | Self::WasmBindgen
            | Self::NodePackages
            | Self::Browser
            | Self::Firefox
            | Self::Webkit
            | Self::Redis
            | Self::Compiler
            | Self::Load => &[],
            Self::Wasm(_) => &[Self::WasmTarget, Self::WasmBindgen, Self::NodePackages],
            Self::Dist => &[CAPTURE, REPLAY, SEAL],
            // The program may carry the built pages inside.
            Self::Cobrowse | Self::DemoPages => &[Self::Dist],
            Self::Tidy | Self::BenchNative => &[],
            Self::Unit => &[Self::Redis],
            Self::Fuzz => &[Self::Compiler],
            Self::Fmt | Self::Clippy => &[Self::Components],
            Self::ClippyWasm => &[Self::Components, Self::WasmTarget],
            Self::Web(_) => &[Self::WasmTarget, Self::WasmBindgen, Self::Browser],
            Self::EndToEnd => &[Self::Cobrowse, Self::Browser, Self::Redis],
            Self::BenchBrowser | Self::BenchFidelity => &[Self::Cobrowse, Self::Browser],
            Self::EndToEndFirefox => &[Self::Cobrowse, Self::Browser, Self::Firefox, Self::Redis],
            Self::EndToEndWebkit => &[Self::Cobrowse, Self::Browser, Self::Webkit, Self::Redis],
            Self::Integrations => &[Self::Unit, Self::EndToEnd],
            Self::Fidelity => &[Self::Cobrowse, Self::Browser, Self::Firefox, Self::Webkit],
            Self::Recordings => &[Self::Cobrowse, Self::Dist, Self::Browser],
            Self::BenchSize => &[Self::Dist],
        }
    }

    /// Does it; the text is a short result for the person who watches.
    fn run(self, ws: &Workspace, status: &Status) -> Result<String> {
        match self {
            Self::Components => tools::components(ws, status),
            Self::WasmTarget => tools::wasm_target(ws, status),
            Self::WasmBindgen => tools::wasm_bindgen(ws, status),
            Self::NodePackages => tools::node_packages(ws, status),
            Self::Browser => browser::browser(ws, status),
            Self::Firefox => firefox::firefox(ws, status),
            Self::Webkit => webkit::webkit(ws, status),
            Self::Redis => redis::redis(ws, status),
            Self::Wasm(shell) => wasm::build(ws, shell, status),
            Self::Dist => dist::assemble(ws, status),
            Self::Cobrowse => demo::build_cobrowse(ws, status),
            Self::DemoPages => demo::pages(ws),
            Self::Fmt => test::fmt(ws, status),
            Self::Tidy => tidy::tidy(ws, status),
            Self::Clippy => test::clippy(ws, status),
            Self::ClippyWasm => test::clippy_wasm(ws, status),
            Self::Unit => test::unit(ws, status),
            Self::Compiler => fuzz::compiler(ws, status),
            Self::Fuzz => fuzz::run(ws, status),
            Self::Web(shell) => test::web(ws, shell, status),
            Self::EndToEnd => test::end_to_end(ws, status),
            Self::EndToEndFirefox => test::end_to_end_firefox(ws, status),
            Self::EndToEndWebkit => test::end_to_end_webkit(ws, status),
            Self::Integrations => integrations::check(ws),
            Self::Fidelity => fidelity::table(ws, status),
            Self::Recordings => recordings::make(ws, status),
            Self::BenchNative => bench::native(ws, status),
            Self::BenchBrowser => bench::browser(ws, status),
            Self::BenchFidelity => fidelity::beside_peer(ws, status),
            Self::BenchSize => bench::size(ws, status),
            Self::Load => load::run(ws, status),
        }
    }
}

/// What became of a task.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It succeeded; with its short result.
    Passed(String),
    /// It failed; the reason was shown.
    Failed,
    /// It was not run since this task failed.
    Blocked(Task),
}

/// A task's line in the report.
#[derive(Debug)]
pub(crate) struct Line {
    /// The task.
    pub(crate) task: Task,
    /// What became of it.
    pub(crate) outcome: Outcome,
    /// How long it took.
    pub(crate) took: Duration,
}

/// What became of a plan.
#[derive(Debug)]
pub(crate) struct Report {
    /// One line per task, in the order in which they ran.
    pub(crate) lines: Vec<Line>,
}

impl Report {
    /// Whether every task succeeded.
    pub(crate) fn passed(&self) -> bool {
        self.lines.iter().all(|line| matches!(line.outcome, Outcome::Passed(_)))
    }

    /// The program's exit code.
    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// The task that kept `task` from running, if one did.
    fn blocker(&self, task: Task) -> Option<Task> {
        let failed = |need: &&Task| {
            self.lines.iter().any(|line| line.task == **need && !matches!(line.outcome, Outcome::Passed(_)))
        };
        task.needs().iter().find(failed).copied()
    }
}

/// Tasks in an order in which each comes after what it needs.
#[derive(Debug)]
pub(crate) struct Plan {
    tasks: Vec<Task>,
}

impl Plan {
    /// The goals, in their order, each after what it needs.
    pub(crate) fn new(goals: &[Task]) -> Self {
        let mut plan = Self { tasks: Vec::new() };
        for goal in goals {
            plan.add(*goal);
        }
        plan
    }

    /// Adds a task after its needs, unless it is there.
    fn add(&mut self, task: Task) {
        if self.tasks.contains(&task) {
            return;
        }
        for need in task.needs() {
            self.add(*need);
        }
        self.tasks.push(task);
    }

    /// Runs all of it.
    pub(crate) fn run(&self, ws: &Workspace) -> Result<Report> {
        let logs = ws.target.join("xtask/logs");
        fs::create_dir_all(&logs)?;
        let mut report = Report { lines: Vec::new() };
        for (index, task) in self.tasks.iter().copied().enumerate() {
            let log = logs.join(format!("{}.log", task.name()));
            fs::remove_file(&log).ok();
            let status = Status::start(index + 1, self.tasks.len(), task.label(), log, ws.options.verbose);
            let (outcome, took) = if let Some(blocker) = report.blocker(task) {
                (Outcome::Blocked(blocker), status.end(&format!("not run: {} failed", blocker.name())))
            } else {
                match task.run(ws, &status) {
                    Ok(result) => {
                        let took = status.end(&result);
                        (Outcome::Passed(result), took)
                    }
                    Err(error) => {
                        let took = status.end("FAILED");
                        println!("{}", explain(&error));
                        (Outcome::Failed, took)
                    }
                }
            };
            report.lines.push(Line { task, outcome, took });
        }
        Ok(report)
    }
}

/// The whole error, from what was printed to what failed to what to do.
fn explain(error: &anyhow::Error) -> String {
    let parts: Vec<String> = error.chain().map(ToString::to_string).filter(|part| !part.is_empty()).collect();
    format!("{}\n", parts.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_task_comes_once_and_after_what_it_needs() {
        let plan = Plan::new(&[Task::EndToEnd, Task::Dist, Task::Web(Shell::Capture)]);
        for (index, task) in plan.tasks.iter().enumerate() {
            assert!(!plan.tasks[..index].contains(task), "{task:?} is there twice");
            for need in task.needs() {
                assert!(plan.tasks[..index].contains(need), "{task:?} comes before {need:?}");
            }
        }
    }

    #[test]
    fn what_needs_a_failed_task_is_blocked_by_it() {
        let line = |task, outcome| Line { task, outcome, took: Duration::ZERO };
        let report = Report {
            lines: vec![
                line(Task::WasmTarget, Outcome::Passed(String::new())),
                line(Task::NodePackages, Outcome::Failed),
                line(Task::Wasm(Shell::Capture), Outcome::Blocked(Task::NodePackages)),
            ],
        };
        assert_eq!(report.blocker(Task::Wasm(Shell::Replay)), Some(Task::NodePackages));
        assert_eq!(report.blocker(Task::Dist), Some(Task::Wasm(Shell::Capture)));
        assert_eq!(report.blocker(Task::ClippyWasm), None);
        assert!(!report.passed());
    }
}
