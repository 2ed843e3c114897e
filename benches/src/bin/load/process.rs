//! The servers that are measured, each a process: what they have taken of processor and memory, as Linux tells.

use anyhow::{Context, Result, bail};
use std::{
    env, fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::sleep,
};

/// The system counts processor time in hundredths of a second.
const TICKS: f64 = 100.0;

/// A server that ends with this.
pub(crate) struct Server {
    child: Child,
    /// `host:port`.
    pub(crate) address: String,
}

impl Server {
    /// A bare echo, in this program once more.
    pub(crate) fn echo() -> Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        command.arg("--echo");
        Self::start(command)
    }

    /// A relay.
    pub(crate) async fn relay(store: &[String], more: &[&str]) -> Result<Self> {
        let program = env::var_os("COBROWSE_BIN").unwrap_or_else(|| "target/release/cobrowse".into());
        let mut command = Command::new(&program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--log", "error"]).args(store).args(more);
        let server = Self::start(command).with_context(|| format!("{}", program.display()))?;
        while get(&server.address, "/readyz").await.is_none_or(|status| status != 200) {
            sleep(Duration::from_millis(20)).await;
        }
        Ok(server)
    }

    fn start(mut command: Command) -> Result<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let out = child.stdout.take().context("no output")?;
        let line = BufReader::new(out).lines().next().context("it ended before it listened")??;
        let address = line.rsplit_once('/').map_or(line.as_str(), |(_, address)| address).to_owned();
        Ok(Self { child, address })
    }

    fn stat(&self) -> Result<Vec<String>> {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, rest) = text.rsplit_once(')').context("/proc: expected a name")?;
        Ok(rest.split_whitespace().map(str::to_owned).collect())
    }

    /// Seconds of processor time so far.
    pub(crate) fn cpu(&self) -> Result<f64> {
        let stat = self.stat()?;
        let (user, system): (f64, f64) = (stat[11].parse()?, stat[12].parse()?);
        Ok((user + system) / TICKS)
    }

    /// The same, of a server that was started for what is measured.
    pub(crate) fn cpu_since_start(&self) -> Result<f64> {
        self.cpu()
    }

    /// Bytes of memory.
    pub(crate) fn memory(&self) -> Result<f64> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("/proc: expected VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0)
    }

    pub(crate) fn has_ended(&self) -> Result<bool> {
        Ok(fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?.contains(") Z"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the relay keeps sessions.
pub(crate) struct Store {
    /// Redis, if it is that.
    pub(crate) server: Option<Server>,
    name: String,
}

impl Store {
    pub(crate) async fn start(name: &str) -> Result<Self> {
        if name != "redis" {
            return Ok(Self { server: None, name: name.to_owned() });
        }
        let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
        let program = env::var_os("REDIS_SERVER").unwrap_or_else(|| "redis-server".into());
        let child = Command::new(&program)
            .args(["--bind", "127.0.0.1", "--save", "", "--port", &address.port().to_string()])
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("{}: install redis-server", program.display()))?;
        let server = Server { child, address: address.to_string() };
        while TcpStream::connect(address).await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
        Ok(Self { name: format!("redis://{address}"), server: Some(server) })
    }

    pub(crate) fn arguments(&self) -> [String; 2] {
        ["--store".to_owned(), self.name.clone()]
    }
}

/// The status of an answer.
pub(crate) async fn get(address: &str, path: &str) -> Option<u16> {
    let answer = request(address, "GET", path, "").await.ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

/// A request, and its whole answer.
pub(crate) async fn request(address: &str, method: &str, path: &str, body: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let length = body.len();
    let head =
        format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(head.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    if answer.is_empty() {
        bail!("{path}: no answer");
    }
    Ok(answer)
}

/// How many files a process may have open.
pub(crate) fn open_files() -> Result<usize> {
    let text = fs::read_to_string("/proc/self/limits")?;
    let line = text.lines().find(|line| line.starts_with("Max open files")).context("/proc: expected a limit")?;
    Ok(line.split_whitespace().nth(3).and_then(|soft| soft.parse().ok()).unwrap_or(1_024))
}
