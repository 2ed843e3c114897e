//! Redis servers, relays, and what stands between them and their clients. Each ends with its test.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    time::{sleep, timeout},
};

const PATIENCE: Duration = Duration::from_secs(20);

/// A process that does not outlive its test.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// `kill -9`, and gone.
    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Asked to end, until it has.
    pub(crate) async fn terminate(&mut self) {
        self.signal("TERM");
        let ended = async {
            while self.0.try_wait().unwrap().is_none() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, ended).await.expect("a process that ends when it is asked to");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn listens(port: u16) -> impl Future<Output = ()> {
    let there = async move {
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    async { timeout(PATIENCE, there).await.expect("it listens") }
}

async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

/// A Redis server, which keeps nothing on the disk.
pub(crate) struct Redis {
    pub(crate) port: u16,
    pub(crate) process: Process,
}

impl Redis {
    pub(crate) async fn start() -> Self {
        let port = free_port().await;
        let process = Self::spawn(port);
        listens(port).await;
        Self { port, process }
    }

    fn spawn(port: u16) -> Process {
        let program = std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
        let mut command = Command::new(&program);
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        let spawned = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let hint = "these tests need Redis or Valkey: install redis-server, or name the program in REDIS_SERVER";
        Process(spawned.unwrap_or_else(|error| panic!("{program}: {error}; {hint}")))
    }

    /// Gone with all it had, and there again after a while.
    pub(crate) async fn restart(&mut self, after: Duration) {
        self.process.kill();
        sleep(after).await;
        self.process = Self::spawn(self.port);
        listens(self.port).await;
    }
}

/// A relay.
pub(crate) struct Node {
    pub(crate) port: u16,
    pub(crate) process: Process,
}

impl Node {
    /// Starts, and is ready.
    pub(crate) async fn start(store: u16, more: &[&str]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_cobrowse"))
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--miss-burst", "0", "--store"])
            .arg(format!("redis://127.0.0.1:{store}"))
            .args(more)
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.unwrap();
        let line = BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
        let node = Self { port: line.rsplit_once(':').unwrap().1.parse().unwrap(), process: Process(child) };
        let ready = async {
            while node.get("/readyz").await != 200 {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, ready).await.expect("a relay that is ready");
        node
    }

    /// The status of an answer.
    pub(crate) async fn get(&self, path: &str) -> u16 {
        request(self.port, "GET", path).await.0
    }
}

/// A request to a port of this machine.
pub(crate) async fn request(port: u16, method: &str, path: &str) -> (u16, serde_json::Value) {
    let asked = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(head.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, serde_json::from_str(body).unwrap_or_default()))
    };
    asked.await.unwrap_or_default()
}

/// What gives each connection to one of several ports in turn, to the next where one does not answer.
pub(crate) struct Balancer {
    pub(crate) port: u16,
    nodes: Arc<[AtomicUsize]>,
}

impl Balancer {
    pub(crate) async fn start(nodes: &[&Node]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let nodes: Arc<[AtomicUsize]> = nodes.iter().map(|node| AtomicUsize::new(usize::from(node.port))).collect();
        let ports = nodes.clone();
        tokio::spawn(async move {
            let mut turn = 0;
            while let Ok((client, _)) = listener.accept().await {
                turn += 1;
                let ports = ports.clone();
                tokio::spawn(async move {
                    for at in 0..ports.len() {
                        let port = ports[(turn + at) % ports.len()].load(Ordering::Relaxed);
                        if let Ok(node) = TcpStream::connect(("127.0.0.1", u16::try_from(port).unwrap())).await {
                            client.set_nodelay(true).unwrap();
                            node.set_nodelay(true).unwrap();
                            join(client, node, Arc::default()).await;
                            return;
                        }
                    }
                });
            }
        });
        Self { port, nodes }
    }

    /// In place of a node, another one.
    pub(crate) fn replace(&self, at: usize, node: &Node) {
        self.nodes[at].store(usize::from(node.port), Ordering::Relaxed);
    }
}

/// A cable that can be cut: while it is, nothing comes through, and neither end is told.
pub(crate) struct Cable {
    pub(crate) port: u16,
    cut: Arc<AtomicBool>,
}

impl Cable {
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap().port();
        let cut: Arc<AtomicBool> = Arc::default();
        let is_cut = cut.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let cut = is_cut.clone();
                tokio::spawn(async move {
                    // A connection that is begun now is not heard of before the cable is whole.
                    while cut.load(Ordering::Relaxed) {
                        sleep(Duration::from_millis(10)).await;
                    }
                    if let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await {
                        join(client, server, cut).await;
                    }
                });
            }
        });
        Self { port: here, cut }
    }

    pub(crate) fn cut(&self, is_cut: bool) {
        self.cut.store(is_cut, Ordering::Relaxed);
    }
}

async fn join(one: TcpStream, other: TcpStream, cut: Arc<AtomicBool>) {
    let ((from, to), (back_from, back_to)) = (one.into_split(), other.into_split());
    tokio::join!(pass(from, back_to, cut.clone()), pass(back_from, to, cut));
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, cut: Arc<AtomicBool>) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        while cut.load(Ordering::Relaxed) {
            sleep(Duration::from_millis(10)).await;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}
