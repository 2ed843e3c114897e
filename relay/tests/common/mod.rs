//! A relay on a port of its own, and the two sides of a session as a browser would be them.

#![allow(dead_code, reason = "each test uses its part")]

pub(crate) mod certificates;
pub(crate) mod issuer;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use protocol::{
    Limits,
    control::Control,
    frame::{self, Kind},
};
use relay::{App, Config, Error, store::redis::RedisStore};
use std::{
    collections::HashMap,
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message},
};

/// How long anything may take before a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A relay that runs.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<Result<(), Error>>,
    redis: Option<Redis>,
}

/// A Redis server on a port of its own, which keeps nothing on the disk.
pub(crate) struct Redis {
    pub(crate) port: u16,
    process: Child,
}

impl Redis {
    pub(crate) async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        Self::start_at(port, &[]).await
    }

    pub(crate) async fn start_at(port: u16, arguments: &[&str]) -> Self {
        let at = port.to_string();
        let program = std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
        let mut command = Command::new(&program);
        command.args(["--port", &at, "--bind", "127.0.0.1", "--save", ""]).args(arguments);
        let spawned = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let hint = "these tests need Redis or Valkey: install redis-server, or name the program in REDIS_SERVER";
        let process = spawned.unwrap_or_else(|error| panic!("{program}: {error}; {hint}"));
        let there = async {
            while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, there).await.expect("Redis listens");
        Self { port, process }
    }

    /// One that speaks TLS and nothing else.
    pub(crate) async fn start_with_tls(authority: &certificates::Authority) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let file = |name: &str| authority.path(name).display().to_string();
        let (at, cert, key, ca) = (port.to_string(), file("cert.pem"), file("key.pem"), file("ca.pem"));
        let tls = ["--port", "0", "--tls-port", &at, "--tls-cert-file", &cert, "--tls-key-file", &key];
        let more = ["--tls-ca-cert-file", &ca, "--tls-auth-clients", "no"];
        Self::start_at(port, &[&tls[..], &more].concat()).await
    }

    pub(crate) fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Sends the process a signal.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.process.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    pub(crate) fn end(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.end();
    }
}

/// Whether sessions are in Redis: the tests of `redis.rs`, which has those of the other files in it.
pub(crate) fn is_on_redis() -> bool {
    env!("CARGO_CRATE_NAME") == "redis"
}

/// A session just created.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) token: String,
    pub(crate) secret: String,
}

impl Relay {
    pub(crate) async fn start(config: Config) -> Self {
        if is_on_redis() && config.check().is_ok() {
            let redis = Redis::start().await;
            let mut relay = Self::on(config, &[redis.address()]).await;
            relay.redis = Some(redis);
            return relay;
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(async move {
            relay::serve(listener, config, async {
                let _ = stopped.await;
            })
            .await
        });
        Self { address, stop: Some(stop), served, redis: None }
    }

    /// A relay with sessions in these Redis servers, once it is ready.
    pub(crate) async fn on(config: Config, addresses: &[String]) -> Self {
        let relay = Self::unready(config, addresses).await;
        relay.ready().await;
        relay
    }

    /// The same, before it is.
    pub(crate) async fn unready(config: Config, addresses: &[String]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let config = Arc::new(config);
        let store = RedisStore::new(config.clone(), addresses, None).unwrap();
        let app = App::new(config, Arc::new(store), address).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            relay::serve_app(listener, &app, stopped).await;
            Ok(())
        });
        Self { address, stop: Some(stop), served, redis: None }
    }

    /// Waits until it is ready.
    pub(crate) async fn ready(&self) {
        let ready = async {
            while self.get("/readyz").await.status != 200 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, ready).await.expect("a relay that is ready");
    }

    /// Tells the relay to stop, without waiting for it.
    pub(crate) fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Waits until a relay that was told to stop has.
    pub(crate) async fn stopped(self) {
        timeout(PATIENCE, self.served).await.unwrap().unwrap().unwrap();
    }

    /// What the relay's future resolves to.
    pub(crate) async fn into_served(self) -> Result<(), Error> {
        self.served.await.unwrap()
    }

    pub(crate) async fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.address);
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("content-length: {}\r\n\r\n{body}", body.len());
        self.raw(head.as_bytes()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], "").await
    }

    /// Sends bytes, and reads what comes until the relay closes.
    pub(crate) async fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut bytes = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.unwrap().unwrap();
        Answer::parse(&bytes)
    }

    /// The status with which a handshake is answered, and its connection.
    pub(crate) async fn upgrade(&self, path: &str, headers: &[(&str, &str)]) -> (u16, TcpStream) {
        let mut head = format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: upgrade\r\n", self.address);
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
        let mut first = [0; 12];
        timeout(PATIENCE, stream.read_exact(&mut first)).await.unwrap().unwrap();
        let status = std::str::from_utf8(&first[9..]).unwrap().parse().unwrap();
        (status, stream)
    }

    pub(crate) async fn create(&self) -> Session {
        let answer = self.request("POST", "/api/sessions", &[], "").await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let json = answer.json();
        Session { token: json["token"].as_str().unwrap().into(), secret: json["secret"].as_str().unwrap().into() }
    }

    pub(crate) async fn socket(&self, path: &str) -> Result<Socket, tungstenite::Error> {
        let (stream, _) = connect_async(format!("ws://{}{path}", self.address)).await?;
        Ok(Socket(stream))
    }

    /// The status with which a WebSocket is refused.
    pub(crate) async fn refused(&self, path: &str) -> u16 {
        match self.socket(path).await {
            Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
            Err(error) => panic!("{path}: {error}"),
            Ok(_) => panic!("{path}: not refused"),
        }
    }

    /// A customer who has been let in; also what the relay answered.
    pub(crate) async fn customer_ready(&self, session: &Session) -> (Socket, serde_json::Value) {
        let mut socket = self.socket(&format!("/ws/customer?token={}", session.token)).await.unwrap();
        socket.text(&format!("{{\"secret\": \"{}\"}}", session.secret)).await;
        let Message::Text(text) = socket.message().await else { panic!("a text message was expected") };
        let ready = serde_json::from_str(&text).unwrap();
        (socket, ready)
    }

    /// A customer whose page says of each agent that it has shown it.
    pub(crate) async fn telling_customer(&self, session: &Session) -> Socket {
        let mut socket = self.socket(&format!("/ws/customer?token={}", session.token)).await.unwrap();
        socket.text(&format!("{{\"secret\": \"{}\", \"tells\": true}}", session.secret)).await;
        let Message::Text(_) = socket.message().await else { panic!("a text message was expected") };
        socket
    }

    pub(crate) async fn customer(&self, session: &Session) -> Socket {
        self.customer_ready(session).await.0
    }

    /// Waits until so many agents are in a session: with Redis that is a moment after their sockets are there.
    #[allow(dead_code, reason = "not every file of tests asks")]
    pub(crate) async fn has_agents(&self, token: &str, agents: usize) {
        let there = async {
            let path = format!("/api/sessions/{token}");
            while self.get(&path).await.json()["agents"].as_array().map(Vec::len) != Some(agents) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, there).await.expect("agents in the session");
    }

    pub(crate) async fn agent(&self, session: &Session, name: &str) -> Socket {
        self.socket(&format!("/ws/agent?token={}&name={name}", session.token)).await.unwrap()
    }
}

/// A response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.into(), value.into()));
        Self { status, headers: headers.collect(), body: bytes[end + 4..].to_vec() }
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn error(&self) -> String {
        assert_eq!(self.header("content-type"), "application/json");
        self.json()["error"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// One side's WebSocket.
pub(crate) struct Socket(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub(crate) async fn text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn bytes(&mut self, bytes: impl Into<Bytes>) {
        self.0.send(Message::Binary(bytes.into())).await.unwrap();
    }

    pub(crate) async fn control(&mut self, message: Control) {
        self.bytes(message.to_frame(0, 0).unwrap()).await;
    }

    pub(crate) async fn keyframe(&mut self, seq: u32, len: usize) {
        self.bytes(page(Kind::Keyframe, seq, len)).await;
    }

    pub(crate) async fn delta(&mut self, seq: u32, len: usize) {
        self.bytes(page(Kind::Delta, seq, len)).await;
    }

    /// The next message that is no ping.
    pub(crate) async fn message(&mut self) -> Message {
        let message = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(message)) => return message,
                    other => panic!("a message was expected, found {other:?}"),
                }
            }
        };
        timeout(PATIENCE, message).await.expect("a message in time")
    }

    /// The next frame, as a text: `K1`, `D2`, `Joined 2`, `Left 2`, `Ended Idle`, `Click`.
    /// Not that an agent is welcome.
    pub(crate) async fn next(&mut self) -> String {
        loop {
            match self.message().await {
                Message::Binary(bytes) if name(&bytes) == "Welcome" => {}
                Message::Binary(bytes) => return name(&bytes),
                Message::Close(Some(close)) => return format!("close {} {}", u16::from(close.code), close.reason),
                other => panic!("a frame was expected, found {other:?}"),
            }
        }
    }

    /// Nothing but what the relay says comes for a while.
    pub(crate) async fn gets_no_page(&mut self) {
        let found = timeout(Duration::from_millis(300), async {
            loop {
                let found = self.next().await;
                if found.starts_with(['K', 'D']) {
                    return found;
                }
            }
        });
        if let Ok(found) = found.await {
            panic!("nothing of the page was expected, found {found}");
        }
    }

    /// The next frames, as many as are expected.
    pub(crate) async fn expect(&mut self, frames: &[&str]) {
        for (at, expected) in frames.iter().enumerate() {
            let found = self.next().await;
            assert_eq!(&found, expected, "frame {at} of {frames:?}");
        }
    }

    /// The close frame, whatever comes before it.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.message().await {
                Message::Close(Some(close)) => return (close.code.into(), close.reason.to_string()),
                Message::Close(None) => panic!("a close frame with a code was expected"),
                _ => {}
            }
        }
    }
}

/// A frame with an opaque body.
pub(crate) fn page(kind: Kind, seq: u32, len: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let fill = seq.to_le_bytes()[0];
    frame::write(&mut bytes, kind, seq, 0, 0, &vec![fill; len]).unwrap();
    bytes
}

fn name(bytes: &[u8]) -> String {
    // The whole frame is checked: the relay passes on what it was sent, to the byte.
    let header = frame::read(bytes, &Limits::DEFAULT).unwrap().header;
    match header.kind {
        Kind::Keyframe => format!("K{}", header.seq),
        Kind::Repair | Kind::Delta => format!("D{}", header.seq),
        Kind::Control => match Control::read(bytes, &Limits::DEFAULT).unwrap() {
            Control::Joined { user, role, name } => format!("Joined {user} {role:?} {name}").trim_end().to_owned(),
            Control::Left { user } => format!("Left {user}"),
            Control::Ended { reason } => format!("Ended {reason:?}"),
            Control::ModeChanged { mode } => format!("ModeChanged {mode}"),
            Control::From { frame, .. } => name(&frame),
            other => other.name().to_owned(),
        },
    }
}
