//! `cargo xtask fuzz`: the fuzz targets, with libFuzzer, guided by coverage, on the toolchain that builds everything else.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result, anyhow, bail};

use crate::locate;
use crate::plan::{Plan, Task};
use crate::progress::Status;
use crate::run::Cmd;
use crate::test::coloured;
use crate::tools;
use crate::workspace::{Options, Workspace};

/// How long each target runs where nothing else is asked for, in seconds: by the command, and as a check.
const SECONDS: u32 = 600;
const CHECK_SECONDS: u32 = 10;
/// How many inputs at most, as a check.
const CHECK_INPUTS: u32 = 300_000;

/// How long one input may take, in seconds, and how much memory all of it, in MB.
const INPUT_SECONDS: u32 = 10;
const MEMORY_MB: u32 = 6_000;

/// What the compiler adds for libFuzzer: counters for each branch, where they are, and what is compared with what.
const COVERAGE: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// The targets; all without any.
    pub(crate) only: Vec<String>,
    /// How long each runs, in seconds.
    pub(crate) seconds: Option<u32>,
    /// Write what the fuzzer has kept, as little of it as covers the same, to `fuzz/corpora`.
    pub(crate) keep: bool,
}

/// `cargo xtask fuzz`.
pub(crate) fn command(mut options: Options, choice: Choice) -> Result<ExitCode> {
    options.fuzz = Choice { seconds: choice.seconds.or(Some(SECONDS)), ..choice };
    let ws = Workspace::open(options)?;
    Ok(Plan::new(&[Task::Fuzz]).run(&ws)?.exit_code())
}

/// A C++ compiler: libFuzzer comes as source.
pub(crate) fn compiler(ws: &Workspace, status: &Status) -> Result<String> {
    let wanted = std::env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
    if ws.cmd(&wanted).arg("--version").succeeds() {
        return Ok("present".into());
    }
    tools::apt_install(ws, status, &["g++"], "install a C++ compiler as `c++`, or name it in CXX")?;
    Ok("installed g++".into())
}

/// A target, as the program lists it.
struct Target {
    name: String,
    most_bytes: String,
}

/// Where things of a fuzzer are.
struct Fuzzer {
    program: PathBuf,
    /// Below the target folder: seeds, what was kept, and what was found.
    work: PathBuf,
    /// In the repository: what is checked in.
    corpora: PathBuf,
}

/// Builds the fuzzer and runs each target; several at a time where there are processors for them.
pub(crate) fn run(ws: &Workspace, status: &Status) -> Result<String> {
    let choice = &ws.options.fuzz;
    let (fuzzer, targets) = build(ws, status)?;
    let names = || targets.iter().map(|target| target.name.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(unknown) = choice.only.iter().find(|name| targets.iter().all(|target| target.name != **name)) {
        bail!("there is no target `{unknown}`; there are {}", names());
    }
    let is_wanted = |target: &&Target| choice.only.is_empty() || choice.only.contains(&target.name);
    let wanted: VecDeque<&Target> = targets.iter().filter(is_wanted).collect();
    let count = wanted.len();
    let seconds = choice.seconds.unwrap_or(CHECK_SECONDS);
    let log = status.log();
    status.note(&format!("{count} targets, {seconds} s each; output in {}", ws.relative(&log)));
    let (queue, lines) = (Mutex::new(wanted), Mutex::new(Vec::new()));
    let at_once = thread::available_parallelism().map_or(1, usize::from).min(count);
    let next = || queue.lock().ok().and_then(|mut queue| queue.pop_front());
    let work = || -> Result<()> {
        while let Some(target) = next() {
            let line = one(ws, &fuzzer, target, seconds)?;
            if let Ok(mut lines) = lines.lock() {
                lines.push(line);
            }
        }
        Ok(())
    };
    let done: Vec<Result<()>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..at_once).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(anyhow!("a run has panicked")))).collect()
    });
    let mut lines = lines.into_inner().unwrap_or_default();
    lines.sort();
    fs::write(&log, lines.join("\n"))?;
    if choice.seconds.is_some() {
        println!("\n{:<11} {:>12} {:>10} {:>10} {:>8}  slowest", "target", "inputs", "a second", "branches", "kept");
        lines.iter().for_each(|line| println!("{line}"));
    }
    done.into_iter().collect::<Result<Vec<()>>>()?;
    if choice.keep {
        for target in targets.iter().filter(is_wanted) {
            status.note(&format!("the least that covers the same: {}", target.name));
            keep(ws, &fuzzer, target)?;
        }
    }
    Ok(format!("{count} targets, {seconds} s each, no finding"))
}

/// Builds the program that lists targets and writes seeds, and the fuzzer.
fn build(ws: &Workspace, status: &Status) -> Result<(Fuzzer, Vec<Target>)> {
    let work = ws.target.join("fuzz");
    let plain =
        |command: &str| ws.cargo().args(["run", "--quiet", "--package", "fuzz", "--bin", "corpus", "--", command]);
    coloured(plain("seeds").arg(work.join("seeds")), status).quiet(status)?;
    let host = host(ws)?;
    // With a target of its own, what runs at build time has no counters.
    let fuzzer = ws
        .cargo()
        .args(["build", "--profile", "fuzz", "--package", "fuzz", "--features", "libfuzzer", "--bin", "fuzz"])
        .args(["--target", &host, "--target-dir"])
        .arg(&work)
        .env("RUSTFLAGS", COVERAGE.join(" "));
    coloured(fuzzer, status).quiet(status)?;
    let listed = plain("list").read()?;
    let targets = listed.lines().filter_map(|line| {
        let mut columns = line.split('\t').map(str::to_owned);
        Some(Target { name: columns.next()?, most_bytes: columns.next()? })
    });
    let program = work.join(&host).join("fuzz").join(format!("fuzz{}", std::env::consts::EXE_SUFFIX));
    if !locate::is_program(&program) {
        bail!("{} was built but is not there", program.display());
    }
    Ok((Fuzzer { program, work, corpora: ws.root.join("fuzz/corpora") }, targets.collect()))
}

/// What this toolchain builds for by default.
fn host(ws: &Workspace) -> Result<String> {
    let version = ws.cmd("rustc").arg("-vV").read()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("`rustc -vV` does not say its host")?.to_owned())
}

/// The fuzzer, to be run on a target.
fn fuzzer(ws: &Workspace, fuzzer: &Fuzzer, target: &Target) -> Result<Cmd> {
    let found = fuzzer.work.join("found").join(&target.name);
    fs::create_dir_all(&found)?;
    let mut run = ws
        .cmd(&fuzzer.program)
        .env("COBROWSE_FUZZ_TARGET", &target.name)
        .env("RUST_BACKTRACE", "0")
        .arg(format!("-max_len={}", target.most_bytes))
        .arg(format!("-timeout={INPUT_SECONDS}"))
        .arg(format!("-rss_limit_mb={MEMORY_MB}"))
        .arg(format!("-artifact_prefix={}/", found.display()));
    let words = fuzzer.work.join("seeds").join(format!("{}.dict", target.name));
    if words.is_file() {
        run = run.arg(format!("-dict={}", words.display()));
    }
    Ok(run)
}

/// Runs one target; a line of figures.
fn one(ws: &Workspace, at: &Fuzzer, target: &Target, seconds: u32) -> Result<String> {
    // A check draws the same numbers each time, from what is checked in: what it does not find today it does not find tomorrow.
    let is_check = ws.options.fuzz.seconds.is_none();
    let kept = at.work.join(if is_check { "check" } else { "corpus" }).join(&target.name);
    if is_check {
        fs::remove_dir_all(&kept).ok();
    }
    fs::create_dir_all(&kept)?;
    let run = fuzzer(ws, at, target)?
        .args([format!("-max_total_time={seconds}"), "-print_final_stats=1".into(), "-reload=0".into()])
        // As a check the same inputs each time, as far as the time is enough for them.
        .args(if is_check {
            vec!["-seed=1".to_owned(), format!("-runs={CHECK_INPUTS}")]
        } else {
            vec!["-seed=0".to_owned()]
        })
        .arg(&kept)
        .args(folders(at, target));
    let output = run.command().output().with_context(|| format!("cannot run `{}`", run.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    fs::write(at.work.join(format!("{}.log", target.name)), said.as_bytes())?;
    if !output.status.success() {
        let tail: Vec<&str> = said.lines().filter(|line| !line.starts_with('#')).collect();
        let tail = tail[tail.len().saturating_sub(60)..].join("\n");
        let name = &target.name;
        return Err(anyhow!(
            "target {name} has found something; the input is in {}\n\
             it alone: cargo run --package fuzz --bin corpus -- run {name} FILE\n\
             once it is mended it goes to fuzz/findings/{name}, named by what it showed",
            ws.relative(&at.work.join("found").join(name))
        )
        .context(tail));
    }
    let last = said.lines().rev().find(|line| line.contains(" cov: ")).unwrap_or_default();
    let figure = |name: &str| said.lines().find_map(|line| line.strip_prefix(name)).map_or("?", str::trim);
    Ok(format!(
        "{:<11} {:>12} {:>10} {:>10} {:>8}  {} s",
        target.name,
        figure("stat::number_of_executed_units:"),
        figure("stat::average_exec_per_sec:"),
        behind(last, "cov: "),
        behind(last, "corp: ").split('/').next().unwrap_or_default(),
        figure("stat::slowest_unit_time_sec:"),
    ))
}

/// The word behind a label in a line of libFuzzer's.
fn behind<'a>(line: &'a str, label: &str) -> &'a str {
    line.split_once(label).and_then(|(_, rest)| rest.split_whitespace().next()).unwrap_or("?")
}

/// What a run begins with and does not change.
fn folders(at: &Fuzzer, target: &Target) -> Vec<PathBuf> {
    let checked_in = at.corpora.join(&target.name);
    let seeds = at.work.join("seeds").join(&target.name);
    [checked_in, seeds].into_iter().filter(|folder| folder.is_dir()).collect()
}

/// The largest file that is checked in, and the most of a target in all, in bytes.
const FILE_BYTES: u64 = 2 << 10;
const FOLDER_BYTES: u64 = 24 << 10;

/// Writes the smallest inputs that together cover what all cover to the repository, as far as they have room there.
fn keep(ws: &Workspace, at: &Fuzzer, target: &Target) -> Result<()> {
    let least = at.work.join("least").join(&target.name);
    fs::remove_dir_all(&least).ok();
    fs::create_dir_all(&least)?;
    let merge = fuzzer(ws, at, target)?.arg("-merge=1").arg(&least).arg(at.work.join("corpus").join(&target.name));
    let output = merge.args(folders(at, target)).command().output()?;
    if !output.status.success() {
        bail!("`-merge=1` of {} failed:\n{}", target.name, String::from_utf8_lossy(&output.stderr));
    }
    let folder = at.corpora.join(&target.name);
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder)?;
    let mut room = FOLDER_BYTES;
    for (bytes, path) in sizes(&least)? {
        let Some(left) = room.checked_sub(bytes).filter(|_| bytes <= FILE_BYTES) else { continue };
        room = left;
        fs::copy(&path, folder.join(path.file_name().unwrap_or_default()))?;
    }
    Ok(())
}

/// The files of a folder with their sizes, small ones first.
fn sizes(folder: &Path) -> Result<Vec<(u64, PathBuf)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        files.push((entry.metadata()?.len(), entry.path()));
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_what_libfuzzer_says() {
        let line = "#91404\tDONE   cov: 1708 ft: 6124 corp: 569/974Kb lim: 6909 exec/s: 5712 rss: 41Mb";
        assert_eq!((behind(line, "cov: "), behind(line, "corp: ")), ("1708", "569/974Kb"));
        assert_eq!(behind("", "cov: "), "?");
    }
}
