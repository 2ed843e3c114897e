//! `cargo xtask test`: everything that must hold before a change goes in.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::browser::Browser;
use crate::firefox::Firefox;
use crate::plan::{Outcome, Plan, Report, Task};
use crate::progress::{Status, seconds};
use crate::run::Cmd;
use crate::tools::{WASM_TARGET, WasmBindgen};
use crate::wasm::Shell;
use crate::webkit::Webkit;
use crate::workspace::Workspace;

/// The checks, quick ones first.
const CHECKS: [Task; 13] = [
    Task::Fmt,
    Task::Tidy,
    Task::Clippy,
    Task::Unit,
    Task::Fuzz,
    Task::ClippyWasm,
    Task::Dist,
    Task::Web(Shell::Capture),
    Task::Web(Shell::Replay),
    Task::EndToEnd,
    Task::Integrations,
    Task::EndToEndFirefox,
    Task::EndToEndWebkit,
];

/// Integration tests for the browser are named so, for instance `capture/tests/web.rs`; the others are native.
const WEB_TESTS: &str = "web";

/// How long the tests of one browser shell may take, in seconds.
const WEB_TEST_SECONDS: &str = "300";

/// How long the end-to-end tests may take: a hanging browser must not hold a run up for ever.
const END_TO_END_LIMIT: Duration = Duration::from_secs(40 * 60);

/// `cargo xtask test --list`.
pub(crate) fn list() {
    for check in CHECKS {
        println!("{:<12} {}", check.name(), check.label());
    }
}

/// `cargo xtask test`.
pub(crate) fn test(ws: &Workspace, only: &[String]) -> Result<ExitCode> {
    let goals = chosen(only)?;
    let report = Plan::new(&goals).run(ws)?;
    summarise(ws, &report, &goals);
    Ok(report.exit_code())
}

/// The checks of these names; all of them without any.
fn chosen(only: &[String]) -> Result<Vec<Task>> {
    let names = || CHECKS.iter().map(|check| check.name()).collect::<Vec<_>>().join(", ");
    if let Some(unknown) = only.iter().find(|name| !CHECKS.iter().any(|check| check.name() == **name)) {
        bail!("there is no check `{unknown}`; there are {}", names());
    }
    Ok(CHECKS.into_iter().filter(|check| only.is_empty() || only.iter().any(|name| name == check.name())).collect())
}

/// Prints the table and the closing line, which counts the checks that were asked for.
fn summarise(ws: &Workspace, report: &Report, goals: &[Task]) {
    println!();
    for line in &report.lines {
        let (verdict, detail) = match &line.outcome {
            Outcome::Passed(detail) => ("ok", detail.clone()),
            Outcome::Failed => ("FAILED", String::new()),
            Outcome::Blocked(by) => ("FAILED", format!("not run: {} failed", by.name())),
        };
        let row = format!("{:<14} {verdict:<7} {:>7} s  {detail}", line.task.name(), seconds(line.took));
        println!("{}", row.trim_end());
    }
    let passed = |goal: &&Task| {
        report.lines.iter().any(|line| line.task == **goal && matches!(line.outcome, Outcome::Passed(_)))
    };
    let passed = goals.iter().filter(passed).count();
    if let Some(failed) = report.lines.iter().find(|line| matches!(line.outcome, Outcome::Failed)) {
        let goal = goals.iter().find(|goal| **goal == failed.task).or(goals.last()).map_or("", |goal| goal.name());
        println!("\nwhat failed is shown above, whole in {}", ws.relative(&ws.target.join("xtask/logs")));
        println!("one check alone, with all its output: cargo xtask test --verbose --only {goal}");
    }
    println!("\n{passed} passed, {} failed", goals.len() - passed);
}

/// Formatting.
pub(crate) fn fmt(ws: &Workspace, status: &Status) -> Result<String> {
    let colour = if status.terminal() { "always" } else { "never" };
    let fmt = ws.cargo().args(["fmt", "--all", "--check", "--", "--color", colour]);
    fmt.hint("run `cargo fmt --all`").quiet(status)?;
    Ok(String::new())
}

/// Lints of everything that builds natively.
pub(crate) fn clippy(ws: &Workspace, status: &Status) -> Result<String> {
    let clippy = ws.cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
    coloured(clippy, status).quiet(status)?;
    Ok(String::new())
}

/// Lints of the browser shells, which native builds leave out.
pub(crate) fn clippy_wasm(ws: &Workspace, status: &Status) -> Result<String> {
    for shell in Shell::ALL {
        let mut clippy = ws.cargo().args(["clippy", "--package", shell.package(), "--target", WASM_TARGET, "--lib"]);
        if has_web_tests(ws, shell) {
            clippy = clippy.arg("--test").arg(format!("{WEB_TESTS}*"));
        }
        coloured(clippy.args(["--", "-D", "warnings"]), status).quiet(status)?;
    }
    Ok(String::new())
}

/// Unit, property and documentation tests.
pub(crate) fn unit(ws: &Workspace, status: &Status) -> Result<String> {
    let cargo = ws.cargo().args(["test", "--workspace", "--exclude", "e2e", "--no-fail-fast"]);
    let cargo = cargo.env("REDIS_SERVER", crate::redis::require()?);
    counted(&coloured(cargo, status).quiet(status)?)
}

/// The tests of one shell, inside the browser.
pub(crate) fn web(ws: &Workspace, shell: Shell, status: &Status) -> Result<String> {
    if !has_web_tests(ws, shell) {
        bail!("{0} has no browser tests: they are in {0}/tests/{WEB_TESTS}*.rs", shell.name());
    }
    let (browser, bindgen) = (Browser::require()?, WasmBindgen::locate(ws)?);
    let cargo = ws
        .cargo()
        .args(["test", "--package", shell.package(), "--target", WASM_TARGET, "--no-fail-fast"])
        .arg("--test")
        .arg(format!("{WEB_TESTS}*"))
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", &bindgen.test_runner)
        .env("CHROMEDRIVER", &browser.driver)
        .env("WASM_BINDGEN_USE_BROWSER", "1")
        .env("WASM_BINDGEN_TEST_TIMEOUT", WEB_TEST_SECONDS)
        .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60")
        .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", browser.write_capabilities(ws)?);
    counted(&coloured(cargo, status).quiet(status)?)
}

/// Two real pages and the real relay between them. The release build of the relay is the one that was just made.
pub(crate) fn end_to_end(ws: &Workspace, status: &Status) -> Result<String> {
    let build = ws.cargo().args(["build", "--release", "--package", "e2e"]);
    coloured(build, status).quiet(status)?;
    let run = ws.cargo().args(["run", "--quiet", "--release", "--package", "e2e", "--", "run"]);
    let run = run.env("REDIS_SERVER", crate::redis::require()?);
    let output = with_browser(ws, run)?.limit(END_TO_END_LIMIT).quiet(status)?;
    Ok(counted(&output).unwrap_or_default())
}

/// The same with Firefox on one side.
pub(crate) fn end_to_end_firefox(ws: &Workspace, status: &Status) -> Result<String> {
    let firefox = Firefox::require(ws)?;
    let cases = [CROSSED.as_slice(), &["sites/", "outside/"]].concat();
    crossed(ws, status, "firefox", &cases, |run| {
        run.env("FIREFOX", &firefox.firefox).env("GECKODRIVER", &firefox.driver)
    })
}

/// The same with WebKit on one side.
pub(crate) fn end_to_end_webkit(ws: &Workspace, status: &Status) -> Result<String> {
    let webkit = Webkit::require()?;
    let cases = [CROSSED.as_slice(), &OUTSIDE_WEBKIT].concat();
    crossed(ws, status, "webkit", &cases, |run| run.env("WEBKITDRIVER", &webkit.driver).env("XVFB", &webkit.display))
}

/// The cases that run with two engines, whichever these are.
const CROSSED: [&str; 5] = ["own/", "shared/", "session/", "privacy/", "traps/garbage"];

/// Of frames of other origins those that run with WebKit as either side; README says why the others do not.
const OUTSIDE_WEBKIT: [&str; 9] = [
    "outside/navigates",
    "outside/boxes",
    "outside/unlisted",
    "outside/masked",
    "outside/acted",
    "outside/canvas",
    "outside/nested-",
    "outside/within",
    "outside/icons",
];

/// Another engine and Chromium, each as either side, for what two engines can be compared by: documents and state, not
/// pictures.
fn crossed(
    ws: &Workspace,
    status: &Status,
    engine: &str,
    cases: &[&str],
    with_engine: impl Fn(Cmd) -> Cmd,
) -> Result<String> {
    let build = ws.cargo().args(["build", "--release", "--package", "e2e"]);
    coloured(build, status).quiet(status)?;
    let mut tests = String::new();
    for [customer, agent] in [[engine, "chromium"], ["chromium", engine]] {
        status.note(&format!("{customer} to {agent}"));
        let run = ws
            .cargo()
            .args(["run", "--quiet", "--release", "--package", "e2e", "--", "run", "--workers", "2"])
            .env("REDIS_SERVER", crate::redis::require()?)
            .args(["--customer", customer, "--agent", agent])
            .args(cases.iter().flat_map(|cases| ["--only", cases]));
        let run = with_browser(ws, with_engine(run))?;
        tests.push_str(&run.limit(END_TO_END_LIMIT).quiet(status)?);
        tests.push('\n');
    }
    Ok(counted(&tests).unwrap_or_default())
}

/// Tells a program that drives a browser where everything is.
pub(crate) fn with_browser(ws: &Workspace, cmd: Cmd) -> Result<Cmd> {
    let browser = Browser::require()?;
    Ok(cmd
        .env("COBROWSE_DIST", ws.dist())
        .env("COBROWSE_BIN", ws.cobrowse())
        .env("CHROMIUM", &browser.chromium)
        .env("CHROMEDRIVER", &browser.driver))
}

/// Whether a shell has tests for the browser.
fn has_web_tests(ws: &Workspace, shell: Shell) -> bool {
    let package = ws.manifest.package(shell.package());
    package.is_some_and(|package| package.tests.iter().any(|test| test.starts_with(WEB_TESTS)))
}

/// Cargo's output in colour where a person reads it.
pub(crate) fn coloured(cargo: Cmd, status: &Status) -> Cmd {
    cargo.env("CARGO_TERM_COLOR", if status.terminal() { "always" } else { "never" })
}

/// How many tests ran, from the lines that test runners close with. None at all is a failure: a filter or a build
/// setting has hidden them.
fn counted(output: &str) -> Result<String> {
    match output.lines().filter_map(closing_count).sum::<usize>() {
        0 => bail!("no test ran"),
        1 => Ok("1 test".into()),
        count => Ok(format!("{count} tests")),
    }
}

/// The number before ` passed` in a runner's closing line.
fn closing_count(line: &str) -> Option<usize> {
    let line = line.trim();
    let (head, _) = line.split_once(" passed")?;
    let counts = line.starts_with("test result:") || head.bytes().all(|byte| byte.is_ascii_digit());
    // A coloured verdict stands between the head and the number.
    if counts { head.rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_counted_from_closing_lines_only() {
        let output =
            "test result: ok. 12 passed; 0 failed; 0 ignored\nthis passed and that passed\n3 passed, 0 failed\n";
        assert_eq!(counted(output).unwrap(), "15 tests");
        assert!(counted("test result: ok. 0 passed; 0 failed").is_err());
        assert_eq!(closing_count("test result: \u{1b}[32mok\u{1b}(B\u{1b}[m. 7 passed; 0 failed"), Some(7));
    }

    #[test]
    fn an_unknown_check_is_refused_with_the_known_names() {
        let error = chosen(&["nope".into()]).unwrap_err().to_string();
        assert!(error.contains("clippy-wasm") && error.contains("nope"), "{error}");
        assert_eq!(chosen(&["unit".into()]).unwrap(), [Task::Unit]);
    }
}
