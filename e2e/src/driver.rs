//! Processes that the suite starts: the WebDriver server, its display and the relay. Each is ended by its id when dropped.

use crate::engine::{self, Engine};
use anyhow::{Context, Result, bail};
use std::{
    fs::{File, OpenOptions},
    io::Write,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    net::{TcpListener, TcpStream, UnixStream},
    process::{Child, Command},
    sync::mpsc,
    time::{sleep, timeout},
};

/// How long a process may take to say where it listens.
const START: Duration = Duration::from_secs(30);

/// A running process whose output goes to a file.
#[derive(Debug)]
struct Process {
    child: Child,
    panicked: Arc<AtomicBool>,
}

impl Process {
    /// Starts `command`. Its lines of output go to `log` and to the channel.
    fn spawn(mut command: Command, log: &Path) -> Result<(Self, mpsc::UnboundedReceiver<String>)> {
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
        let (sender, lines) = mpsc::unbounded_channel();
        if let Some(output) = child.stdout.take() {
            tokio::spawn(copy_lines(output, file.try_clone()?, sender.clone(), panicked.clone()));
        }
        if let Some(output) = child.stderr.take() {
            tokio::spawn(copy_lines(output, file, sender, panicked.clone()));
        }
        Ok((Self { child, panicked }, lines))
    }

    /// Starts `command`, and waits for a line of output from which `find` reads something.
    async fn start<T>(command: Command, log: &Path, find: impl Fn(&str) -> Option<T>) -> Result<(Self, T)> {
        let name = command.as_std().get_program().display().to_string();
        let (process, mut lines) = Self::spawn(command, log)?;
        let found = timeout(START, async {
            while let Some(line) = lines.recv().await {
                if let Some(found) = find(&line) {
                    return Ok(found);
                }
            }
            bail!("{name} ended before it listened; see {}", log.display())
        });
        let found = found.await.with_context(|| format!("{name} does not say where it listens"))??;
        Ok((process, found))
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

/// The first number of a display that is tried.
const DISPLAYS: u32 = 90;

/// How many numbers are tried.
const TRIES: u32 = 200;

/// The next number to try.
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A display that nobody sees. Browsers on it end with it.
#[derive(Debug)]
struct Display {
    process: Process,
    number: u32,
}

impl Display {
    /// Starts one under the first number that is free, somewhat larger than a browser's window with its frame.
    ///
    /// A server that is to choose its number by itself takes no lock: two that look at the same time take the same one.
    async fn start(log: &Path) -> Result<Self> {
        let screen = format!("{}x{}x24", engine::WINDOW.0 + 320, engine::WINDOW.1 + 400);
        for _ in 0..TRIES {
            let number = DISPLAYS + NUMBER.fetch_add(1, Ordering::Relaxed);
            let mut command = Command::new(engine::program("XVFB", &["Xvfb"])?);
            command.args([&format!(":{number}"), "-nolisten", "tcp", "-screen", "0", &screen]);
            let (process, _) = Process::spawn(command, log)?;
            let mut display = Self { process, number };
            if timeout(START, display.is_ready()).await.context("the display does not listen")?? {
                return Ok(display);
            }
        }
        bail!("there is no display to be had; see {}", log.display())
    }

    /// Waits until it listens. False: the number is another's.
    async fn is_ready(&mut self) -> Result<bool> {
        let lock = format!("/tmp/.X{}-lock", self.number);
        loop {
            if self.process.child.try_wait()?.is_some() {
                return Ok(false);
            }
            // Whose number it is says the lock; the socket may still be another's until then.
            let holder = std::fs::read_to_string(&lock).ok().and_then(|text| text.trim().parse().ok());
            if holder == self.process.child.id() && UnixStream::connect(self.socket()).await.is_ok() {
                return Ok(true);
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn socket(&self) -> PathBuf {
        format!("/tmp/.X11-unix/X{}", self.number).into()
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let Some(id) = self.process.child.id() else { return };
        // Asked to end, it takes its lock and its socket away. It is killed in any case.
        let _ = std::process::Command::new("kill").args(["-TERM", &id.to_string()]).stderr(Stdio::null()).status();
        for _ in 0..50 {
            if !self.socket().exists() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A WebDriver server.
#[derive(Debug)]
pub(crate) struct Driver {
    process: Process,
    _display: Option<Display>,
    /// Where it listens.
    pub(crate) url: String,
}

impl Driver {
    /// Starts the driver of `engine` on a free port, and a display where its browser needs one and none is to be seen.
    pub(crate) async fn start(engine: Engine, log: &Path, headed: bool) -> Result<Self> {
        let display = if engine.needs_display() && !headed { Some(Display::start(log).await?) } else { None };
        let mut command = Command::new(engine.driver()?);
        command.envs(engine.environment());
        if let Some(display) = &display {
            command.env("DISPLAY", format!(":{}", display.number));
        }
        let (process, port) = if engine.says_its_port() {
            command.args(engine.driver_arguments(0));
            Process::start(command, log, |line| engine.port_in(line)).await?
        } else {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?.port();
            command.args(engine.driver_arguments(port));
            let (process, _) = Process::spawn(command, log)?;
            let answers = async {
                while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
                    sleep(Duration::from_millis(20)).await;
                }
            };
            timeout(START, answers).await.context("the driver does not listen")?;
            (process, port)
        };
        Ok(Self { process, _display: display, url: format!("http://127.0.0.1:{port}") })
    }

    /// The browser that it has started, as the system tells.
    pub(crate) fn browser_process(&self) -> Option<u64> {
        let id = self.process.child.id()?;
        std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?.split_whitespace().next()?.parse().ok()
    }
}

/// A Redis server, which keeps nothing on the disk.
#[derive(Debug)]
pub(crate) struct Redis {
    _process: Process,
    /// Where it listens.
    pub(crate) url: String,
}

impl Redis {
    /// Starts one on a free port.
    pub(crate) async fn start(log: &Path) -> Result<Self> {
        let program = std::env::var_os("REDIS_SERVER").unwrap_or_else(|| "redis-server".into());
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?.port();
        let mut command = Command::new(program);
        command.args(["--bind", "127.0.0.1", "--save", "", "--port", &port.to_string()]);
        let (process, ()) =
            Process::start(command, log, |line| line.contains("Ready to accept connections").then_some(())).await?;
        Ok(Self { _process: process, url: format!("redis://127.0.0.1:{port}") })
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
