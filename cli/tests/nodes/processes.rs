//! Redis servers, relays, and what stands between them and their clients. Each ends with its test.

use std::{
    io::{BufRead, BufReader},
    net::{IpAddr, SocketAddr},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    time::{sleep, timeout},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_cobrowse");

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
    port: u16,
    /// Where it listens beside the loopback address.
    also: Option<IpAddr>,
    pub(crate) process: Process,
}

impl Redis {
    pub(crate) fn address(&self) -> SocketAddr {
        local(self.port)
    }

    pub(crate) fn other_address(&self) -> SocketAddr {
        (self.also.unwrap(), self.port).into()
    }

    pub(crate) async fn start_at(also: IpAddr) -> Self {
        let port = free_port().await;
        let process = Self::spawn(port, Some(also));
        listens(port).await;
        Self { port, also: Some(also), process }
    }

    pub(crate) async fn start() -> Self {
        let port = free_port().await;
        let process = Self::spawn(port, None);
        listens(port).await;
        Self { port, also: None, process }
    }

    fn spawn(port: u16, also: Option<IpAddr>) -> Process {
        let program = std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
        let mut command = Command::new(&program);
        command.args(["--port", &port.to_string(), "--save", "", "--protected-mode", "no"]);
        command.args(["--bind", "127.0.0.1"]).args(also.map(|also| also.to_string()));
        let spawned = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let hint = "these tests need Redis or Valkey: install redis-server, or name the program in REDIS_SERVER";
        Process(spawned.unwrap_or_else(|error| panic!("{program}: {error}; {hint}")))
    }

    /// Gone with all it had, and there again after a while.
    pub(crate) async fn restart(&mut self, after: Duration) {
        self.process.kill();
        sleep(after).await;
        self.process = Self::spawn(self.port, self.also);
        listens(self.port).await;
    }
}

/// A relay.
pub(crate) struct Node {
    pub(crate) address: SocketAddr,
    pub(crate) process: Process,
}

/// An address of this machine.
pub(crate) fn local(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

impl Node {
    /// Starts, and is ready.
    pub(crate) async fn start(store: SocketAddr, more: &[&str]) -> Self {
        Self::spawn(Command::new(PROGRAM), "127.0.0.1:0", store, more).await
    }

    /// The same in a namespace of its own.
    pub(crate) async fn start_in(namespace: &Namespace, store: SocketAddr) -> Self {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &namespace.name, PROGRAM]);
        Self::spawn(command, &format!("{}:0", namespace.inside), store, &["--insecure"]).await
    }

    async fn spawn(mut command: Command, listen: &str, store: SocketAddr, more: &[&str]) -> Self {
        let child = command
            .args(["serve", "--listen", listen, "--log", "warn", "--miss-burst", "0", "--create-burst", "0", "--store"])
            .arg(format!("redis://{store}"))
            .args(more)
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.unwrap();
        let line = BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
        let node = Self { address: line.rsplit_once('/').unwrap().1.parse().unwrap(), process: Process(child) };
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
        request(self.address, "GET", path).await.0
    }
}

/// A network of its own with two cables to this one, of which one can be pulled.
pub(crate) struct Namespace {
    name: String,
    /// The end, on this side, of the cable that can be pulled.
    cable: String,
    pub(crate) outside: IpAddr,
    inside: IpAddr,
}

impl Namespace {
    /// None where the system does not let us.
    pub(crate) fn make() -> Option<Self> {
        let id = std::process::id();
        let net = id % 250;
        let (name, cable, other) = (format!("cobrowse{id}"), format!("cbs{id}"), format!("cbc{id}"));
        let ip = |line: String| {
            Command::new("ip").args(line.split(' ')).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
        };
        if !ip(format!("netns add {name}")) {
            return None;
        }
        let made = Self {
            cable: cable.clone(),
            outside: [10, 213, u8::try_from(net).unwrap(), 5].into(),
            inside: [10, 213, u8::try_from(net).unwrap(), 2].into(),
            name: name.clone(),
        };
        let lines = [
            format!("link add {cable} type veth peer name s0 netns {name}"),
            format!("link add {other} type veth peer name c0 netns {name}"),
            format!("addr add 10.213.{net}.5/30 dev {cable}"),
            format!("addr add 10.213.{net}.1/30 dev {other}"),
            format!("link set {cable} up"),
            format!("link set {other} up"),
            format!("-n {name} addr add 10.213.{net}.6/30 dev s0"),
            format!("-n {name} addr add 10.213.{net}.2/30 dev c0"),
            format!("-n {name} link set s0 up"),
            format!("-n {name} link set c0 up"),
            format!("-n {name} link set lo up"),
        ];
        lines.into_iter().all(ip).then_some(made)
    }

    pub(crate) fn cut(&self, is_cut: bool) {
        let state = if is_cut { "down" } else { "up" };
        let done = Command::new("ip").args(["link", "set", &self.cable, state]).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // Its ends of the cables go with it.
        let _ = Command::new("ip").args(["netns", "delete", &self.name]).status();
    }
}

/// A request.
pub(crate) async fn request(address: SocketAddr, method: &str, path: &str) -> (u16, serde_json::Value) {
    let asked = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
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

/// What gives each connection to one of several nodes in turn, to the next where one does not answer.
pub(crate) struct Balancer {
    pub(crate) address: SocketAddr,
    nodes: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Balancer {
    pub(crate) async fn start(nodes: &[Node; 2]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let nodes = Arc::new(Mutex::new(nodes.iter().map(|node| node.address).collect::<Vec<_>>()));
        let known = nodes.clone();
        tokio::spawn(async move {
            let mut turn = 0;
            while let Ok((client, _)) = listener.accept().await {
                turn += 1;
                let mut nodes = known.lock().unwrap().clone();
                nodes.rotate_left(turn % 2);
                tokio::spawn(async move {
                    for node in nodes {
                        if let Ok(node) = TcpStream::connect(node).await {
                            client.set_nodelay(true).unwrap();
                            node.set_nodelay(true).unwrap();
                            join(client, node, Arc::default()).await;
                            return;
                        }
                    }
                });
            }
        });
        Self { address, nodes }
    }

    /// In place of a node, another one.
    pub(crate) fn replace(&self, at: usize, node: &Node) {
        self.nodes.lock().unwrap()[at] = node.address;
    }
}

/// A cable that can be cut: while it is, nothing comes through, and neither end is told.
pub(crate) struct Cable {
    pub(crate) address: SocketAddr,
    cut: Arc<AtomicBool>,
}

impl Cable {
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
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
                    if let Ok(server) = TcpStream::connect(server).await {
                        join(client, server, cut).await;
                    }
                });
            }
        });
        Self { address, cut }
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
