//! Processes that the suite starts: the WebDriver server and the relay. Each is ended by its id when dropped.

use crate::engine::Engine;
use anyhow::{Context, Result, bail};
use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::mpsc,
    time::timeout,
};

/// How long a process may take to say where it listens.
const START: Duration = Duration::from_secs(30);

/// A running process whose output goes to a file.
#[derive(Debug)]
struct Process {
    _child: Child,
    panicked: Arc<AtomicBool>,
}

impl Process {
    /// Starts `command`, and waits for a line of output from which `find` reads something.
    async fn start<T>(mut command: Command, log: &Path, find: impl Fn(&str) -> Option<T>) -> Result<(Self, T)> {
        let name = command.as_std().get_program().display().to_string();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{name} does not start"))?;
        let file = OpenOptions::new().create(true).append(true).open(log)?;
        let panicked = Arc::new(AtomicBool::new(false));
        let (sender, mut lines) = mpsc::unbounded_channel();
        if let Some(output) = child.stdout.take() {
            tokio::spawn(copy_lines(output, file.try_clone()?, sender.clone(), panicked.clone()));
        }
        if let Some(output) = child.stderr.take() {
            tokio::spawn(copy_lines(output, file, sender, panicked.clone()));
        }
        let found = timeout(START, async {
            while let Some(line) = lines.recv().await {
                if let Some(found) = find(&line) {
                    return Ok(found);
                }
            }
            bail!("{name} ended before it listened; see {}", log.display())
        });
        let found = found.await.with_context(|| format!("{name} does not say where it listens"))??;
        Ok((Self { _child: child, panicked }, found))
    }
}

async fn copy_lines(
    output: impl AsyncRead + Unpin,
    mut file: File,
    lines: mpsc::UnboundedSender<String>,
    panicked: Arc<AtomicBool>,
) {
    let mut reader = BufReader::new(output).lines();
    while let Ok(Some(line)) = reader.next_line().await {
        if line.contains("panicked at") {
            panicked.store(true, Ordering::Relaxed);
        }
        // A log that cannot be written must not stop the process that writes it.
        let _ = writeln!(file, "{line}");
        // Nobody listens once the start is over.
        let _ = lines.send(line);
    }
}

/// A WebDriver server.
#[derive(Debug)]
pub(crate) struct Driver {
    _process: Process,
    /// Where it listens.
    pub(crate) url: String,
}

impl Driver {
    /// Starts the driver of `engine` on a free port.
    pub(crate) async fn start(engine: Engine, log: &Path) -> Result<Self> {
        let mut command = Command::new(engine.driver()?);
        command.args(engine.driver_arguments()).envs(engine.environment());
        let (process, port) = Process::start(command, log, |line| engine.port_in(line)).await?;
        Ok(Self { _process: process, url: format!("http://127.0.0.1:{port}") })
    }
}

/// The relay, as its own process.
#[derive(Debug)]
pub(crate) struct Relay {
    process: Process,
    /// Where it listens.
    pub(crate) url: String,
    log: PathBuf,
}

impl Relay {
    /// Starts `cobrowse serve` on a free port.
    pub(crate) async fn start(binary: &Path, dist: &Path, log: &Path, arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(binary);
        // All agents share one address; those that come back to a session that is over must not keep the others out.
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--miss-burst", "0", "--pages"])
            .arg(dist)
            .args(arguments)
            .env("RUST_BACKTRACE", "1");
        let (process, url) = Process::start(command, log, |line| {
            let (_, url) = line.split_once("serving on ")?;
            Some(url.split_whitespace().next()?.trim_end_matches('/').to_owned())
        })
        .await?;
        Ok(Self { process, url, log: log.to_owned() })
    }

    /// Fails once the relay has panicked.
    pub(crate) fn check(&self) -> Result<()> {
        if self.process.panicked.load(Ordering::Relaxed) {
            bail!("the relay panicked; see {}", self.log.display());
        }
        Ok(())
    }
}
