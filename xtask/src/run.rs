//! Runs other programs: quietly, with the output kept for the case of a failure, or with the terminal handed over.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use crate::progress::Status;

/// How many of the last lines of a failing command are shown; its log has all of them.
const SHOWN_LINES: usize = 200;

/// How often the status line is brought up to date.
const TICK: Duration = Duration::from_millis(250);

/// How long output may still come from a program's descendants after the program itself has ended.
const DRAIN: Duration = Duration::from_secs(2);

/// A program with its arguments, ready to run.
#[derive(Clone, Debug)]
pub(crate) struct Cmd {
    program: OsString,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    dir: PathBuf,
    hint: Option<String>,
    limit: Option<Duration>,
}

impl Cmd {
    /// `program`, found on the path, to be run in `dir`.
    pub(crate) fn new(program: impl Into<OsString>, dir: &Path) -> Self {
        Self { program: program.into(), args: Vec::new(), env: Vec::new(), dir: dir.into(), hint: None, limit: None }
    }

    /// The cargo that runs this program, so that no other toolchain is mixed in.
    pub(crate) fn cargo(dir: &Path) -> Self {
        Self::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), dir)
    }

    /// Adds an argument.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// What to do about a failure, said at its end.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Ends the program after this long; without it a program may run for ever.
    pub(crate) fn limit(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The command as one would type it.
    pub(crate) fn display(&self) -> String {
        let program = Path::new(&self.program).file_name().unwrap_or(&self.program);
        let words = std::iter::once(program).chain(self.args.iter().map(OsString::as_os_str));
        words.map(|word| quoted(&word.to_string_lossy())).collect::<Vec<_>>().join(" ")
    }

    /// The standard library's command: no standard input, since nothing here may wait for a person.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).envs(self.env.iter().map(|(name, value)| (name, value)));
        command.current_dir(&self.dir).stdin(Stdio::null());
        command
    }

    /// Runs a short command and returns its standard output. For look-ups: nothing is logged.
    pub(crate) fn read(&self) -> Result<String> {
        let output = self.command().output().with_context(|| self.no_start())?;
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr);
            return Err(self.failure(&describe(output.status)).context(stderr.trim().to_owned()));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Whether a short command runs and succeeds.
    pub(crate) fn succeeds(&self) -> bool {
        self.command().stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }

    /// Runs with the terminal's output handed over, for programs whose output is the result.
    pub(crate) fn loud(&self) -> Result<()> {
        let status = self.command().status().with_context(|| self.no_start())?;
        if status.success() { Ok(()) } else { Err(self.failure(&describe(status))) }
    }

    /// Runs with the output kept in `status`'s log and returns it. It is shown when the command fails.
    pub(crate) fn quiet(&self, status: &Status) -> Result<String> {
        let mut command = self.command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("CARGO_TERM_PROGRESS_WHEN", "never");
        let mut child = command.spawn().with_context(|| self.no_start())?;
        let (lines, received) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            forward(stdout, lines.clone());
        }
        if let Some(stderr) = child.stderr.take() {
            forward(stderr, lines);
        }
        let (ended, output) = self.watch(&mut child, &received, status)?;
        let log = status.log();
        append(&log, &format!("$ {}\n{output}\n", self.display()))?;
        match ended {
            Some(ended) if ended.success() => Ok(output),
            Some(ended) => Err(self.failure(&describe(ended)).context(shown(&output, &log))),
            None => {
                let limit = self.limit.unwrap_or_default().as_secs();
                Err(self
                    .failure(&format!("did not end within {limit} s and was stopped"))
                    .context(shown(&output, &log)))
            }
        }
    }

    /// Collects output until the program ends (`None`: it was stopped at its time limit).
    fn watch(
        &self,
        child: &mut Child,
        received: &Receiver<String>,
        status: &Status,
    ) -> Result<(Option<ExitStatus>, String)> {
        let started = Instant::now();
        let mut output = String::new();
        let mut over: Option<(Option<ExitStatus>, Instant)> = None;
        loop {
            match received.recv_timeout(TICK) {
                Ok(line) => {
                    status.line(&line);
                    output.push_str(&line);
                    output.push('\n');
                }
                Err(RecvTimeoutError::Timeout) => status.tick(),
                // Both pipes are closed: the program is ending.
                Err(RecvTimeoutError::Disconnected) => {
                    let ended = match over {
                        Some((ended, _)) => ended,
                        None => Some(child.wait()?),
                    };
                    return Ok((ended, output));
                }
            }
            match over {
                // A browser left behind may hold the pipes open; its output is not waited for.
                Some((ended, since)) if since.elapsed() > DRAIN => return Ok((ended, output)),
                Some(_) => {}
                None => {
                    if let Some(ended) = child.try_wait()? {
                        over = Some((Some(ended), Instant::now()));
                    } else if self.limit.is_some_and(|limit| started.elapsed() > limit) {
                        child.kill()?;
                        child.wait()?;
                        over = Some((None, Instant::now()));
                    }
                }
            }
        }
    }

    /// The error for a command that ran and did not succeed.
    fn failure(&self, how: &str) -> anyhow::Error {
        let hint = self.hint.as_ref().map_or_else(String::new, |hint| format!("\nwhat to do: {hint}"));
        anyhow!("`{}` {how}{hint}", self.display())
    }

    /// The message for a command that could not be started.
    fn no_start(&self) -> String {
        format!("cannot run `{}`", self.display())
    }
}

/// Sends what `pipe` says line by line; ends with it.
fn forward(pipe: impl Read + Send + 'static, lines: Sender<String>) {
    thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
            let line = String::from_utf8_lossy(&bytes);
            if lines.send(line.trim_end_matches(['\n', '\r']).to_owned()).is_err() {
                return;
            }
            bytes.clear();
        }
    });
}

/// The end of `output`, with the place of the rest.
fn shown(output: &str, log: &Path) -> String {
    let lines: Vec<&str> = output.lines().collect();
    let skipped = lines.len().saturating_sub(SHOWN_LINES);
    let head = if skipped > 0 {
        format!("… {skipped} lines before these are in {}\n", log.display())
    } else {
        String::new()
    };
    format!("{head}{}", lines[skipped..].join("\n"))
}

/// Adds `text` to the log.
fn append(log: &Path, text: &str) -> Result<()> {
    use std::io::Write as _;
    let mut file = fs::OpenOptions::new().create(true).append(true).open(log)?;
    Ok(file.write_all(text.as_bytes())?)
}

/// How a program ended, in words.
fn describe(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("failed with exit code {code}"),
        None => format!("was ended: {status}"),
    }
}

/// `word` as a shell needs it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{word}'") }
}
