//! `cobrowse serve --record` as a process: what is in its folder while a session goes on, when it ends, and when the relay is
//! killed in the middle of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use ::replay::recording::{File, block::Kind};
use protocol::{
    Limits, Mode,
    control::Control,
    encoder::Encoder,
    hash::Key,
    names::Namespace,
    tree::{Kind as NodeKind, NONE, ROOT},
};
use serde_json::Value;
use std::{
    collections::HashMap,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

const SECRET: &str = "a secret for recordings";

/// A relay that does not outlive its test.
struct Relay {
    child: Child,
    address: String,
}

impl Relay {
    fn start(folder: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cobrowse"))
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--record"])
            .arg(folder)
            .args(more)
            .env("COBROWSE_RECORD_SECRET", SECRET)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let line = BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
        let address = line.strip_prefix("serving on http://").unwrap().to_owned();
        Self { child, address }
    }

    fn request(&self, method: &str, path: &str, headers: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head =
            format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n{headers}\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    fn terminate(mut self) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success() && self.child.wait().unwrap().success());
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // SIGKILL, where there are signals.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A customer's page whose texts change, with its connection.
struct Customer {
    socket: WebSocket<TcpStream>,
    encoder: Encoder,
    key: u64,
    began: Instant,
    /// By the stream's key and a frame's number: the page's hash behind it, and when it was sent.
    sent: HashMap<(u64, u32), (u64, Instant)>,
    round: u32,
    recording: String,
    session: (String, String),
}

impl Customer {
    fn join(relay: &Relay, key: u64) -> Self {
        let (status, session) = relay.request("POST", "/api/sessions", "");
        assert_eq!(status, 201, "{session}");
        let text = |name: &str| session[name].as_str().unwrap().to_owned();
        let session = (text("token"), text("secret"));
        let mut customer = Self {
            socket: connected(relay, &session),
            encoder: Encoder::new(Key(key), &Limits::DEFAULT),
            key,
            began: Instant::now(),
            sent: HashMap::new(),
            round: 0,
            recording: text("recording"),
            session,
        };
        customer.page();
        customer
    }

    /// A page of its own: the first one, or one that the customer goes to.
    fn page(&mut self) {
        let p = self.encoder.mirror_mut().names.intern(Namespace::Html, "p");
        self.encoder.begin();
        self.encoder.run(ROOT, NONE);
        for index in 0..200 {
            self.encoder.element(p).unwrap();
            self.encoder.leaf(NodeKind::Text, format!("paragraph {index} of {}", self.key).as_bytes()).unwrap();
            self.encoder.up();
        }
        self.encoder.end_run();
        let frame = self.encoder.keyframe(self.time()).unwrap().to_vec();
        self.send(frame);
    }

    /// The customer goes to another page: another stream on another connection.
    fn navigate(&mut self, relay: &Relay) {
        self.key += 1_000;
        (self.encoder, self.began) = (Encoder::new(Key(self.key), &Limits::DEFAULT), Instant::now());
        self.socket = connected(relay, &self.session);
        self.page();
    }

    fn time(&self) -> u32 {
        u32::try_from(self.began.elapsed().as_millis()).unwrap()
    }

    fn change(&mut self) {
        self.round += 1;
        let time = self.time();
        self.encoder.begin();
        self.encoder.set_data(2 + 2 * (self.round % 150), format!("round {}", self.round).as_bytes()).unwrap();
        let frame = self.encoder.delta(time).unwrap().unwrap().to_vec();
        self.send(frame);
    }

    fn send(&mut self, frame: Vec<u8>) {
        let now = (self.encoder.mirror().hash(), Instant::now());
        self.sent.insert((self.key, self.encoder.seq()), now);
        self.socket.send(Message::Binary(frame.into())).unwrap();
    }
}

fn connected(relay: &Relay, (token, secret): &(String, String)) -> WebSocket<TcpStream> {
    let stream = TcpStream::connect(&relay.address).unwrap();
    let url = format!("ws://{}/ws/customer?token={token}", relay.address);
    let (mut socket, _) = tungstenite::client(url, stream).unwrap();
    socket.send(Message::Text(format!("{{\"secret\":\"{secret}\"}}").into())).unwrap();
    // It answers once it has let the customer in.
    assert!(matches!(socket.read().unwrap(), Message::Text(_)));
    socket
}

fn scratch(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    folder
}

/// The recording opens, and what it ends with is the page as it was then; when that was sent.
fn last(file: &Path, customer: &Customer) -> Instant {
    let mut file = File::open(fs::File::open(file).unwrap()).unwrap();
    file.seek(u32::MAX).unwrap();
    let tree = file.player().tree();
    assert_eq!(tree.hash(), tree.recomputed_hash());
    let (hash, sent) = customer.sent[&(tree.key().0, file.player().decoder().seq())];
    assert_eq!(tree.hash(), hash);
    sent
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn is_packed(file: &Path) -> bool {
    let file = File::open(fs::File::open(file).unwrap()).unwrap();
    file.map().has_index && file.map().places.iter().all(|place| place.kind != Kind::Verbatim)
}

/// Numbers that are the same in each run.
fn drawn(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// Ten relays, one after the other in one folder, each killed at some moment; the next one packs what the last one has left.
fn killed(lane: u64) {
    let folder = scratch(&format!("killed-{lane}"));
    let mut state = lane * 7_919 + 1;
    let mut customers: Vec<Customer> = Vec::new();
    for round in 0..10 {
        let relay = Relay::start(&folder, &[]);
        let mut customer = Customer::join(&relay, lane * 100 + round);
        let until = Instant::now() + Duration::from_millis(drawn(&mut state) % 2_500);
        let mut navigations = drawn(&mut state) % 3;
        while Instant::now() < until {
            customer.change();
            std::thread::sleep(Duration::from_millis(drawn(&mut state) % 12));
            if navigations > 0 && drawn(&mut state).is_multiple_of(60) {
                navigations -= 1;
                customer.navigate(&relay);
            }
        }
        drop(relay);
        let killed = Instant::now();
        let file = folder.join(format!("{}.cbr", customer.recording));
        let oldest_lost = killed.checked_sub(Duration::from_millis(1_500)).unwrap();
        if file.exists() {
            let sent = last(&file, &customer);
            // The bound is one second; a machine under load takes longer to do what it should.
            let lost = customer.sent.values().filter(|(_, at)| *at > sent && *at < oldest_lost).count();
            assert_eq!(lost, 0, "frames were not in the file long after they came");
            customers.push(customer);
        } else {
            assert!(customer.sent.values().all(|(_, at)| *at >= oldest_lost), "there is no file");
        }
    }
    assert!(customers.len() > 3, "most were killed later than the first block");
    let relay = Relay::start(&folder, &[]);
    for customer in &customers {
        let file = folder.join(format!("{}.cbr", customer.recording));
        wait_for("it is packed", || is_packed(&file));
        last(&file, customer);
    }
    relay.terminate();
}

#[test]
fn a_relay_that_is_killed_leaves_recordings_that_open() {
    std::thread::scope(|scope| {
        for lane in 0..5 {
            scope.spawn(move || killed(lane));
        }
    });
}

#[test]
fn a_session_that_ends_is_packed_listed_and_deleted() {
    let folder = scratch("recorded");
    let relay = Relay::start(&folder, &[]);
    let mut customer = Customer::join(&relay, 7);
    for _ in 0..30 {
        customer.change();
        std::thread::sleep(Duration::from_millis(5));
    }
    customer.navigate(&relay);
    let mode = Control::ModeChanged { mode: Mode::View }.to_frame(1, 0).unwrap();
    customer.socket.send(Message::Binary(mode.into())).unwrap();
    customer.change();
    let (token, secret) = customer.session.clone();
    let bearer = |secret: &str| format!("authorization: Bearer {secret}\r\n");
    // What is sent and what ends the session come by different ways.
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(relay.request("DELETE", &format!("/api/sessions/{token}"), &bearer(&secret)).0, 204);
    let file = folder.join(format!("{}.cbr", customer.recording));
    wait_for("it is packed", || file.exists() && is_packed(&file));
    last(&file, &customer);
    let verified =
        Command::new(env!("CARGO_BIN_EXE_cobrowse")).args(["verify", "--strict"]).arg(&file).output().unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    let told = Command::new(env!("CARGO_BIN_EXE_cobrowse")).args(["inspect", "--json"]).arg(&file).output().unwrap();
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!((told["keyframes"].as_u64(), told["messages"]["ModeChanged"].as_u64()), (Some(2), Some(1)));
    assert_eq!(told["messages"]["Ended"].as_u64(), Some(1), "{}", told["messages"]);

    // Another relay must not record into the same folder.
    let refused = Command::new(env!("CARGO_BIN_EXE_cobrowse"))
        .args(["serve", "--listen", "127.0.0.1:0", "--record"])
        .arg(&folder)
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("another relay records here"));

    assert_eq!(relay.request("GET", "/api/recordings", "").0, 401);
    assert_eq!(relay.request("GET", "/api/recordings", &bearer("another secret than that")).0, 401);
    let (status, list) = relay.request("GET", "/api/recordings", &bearer(SECRET));
    assert_eq!((status, list["recordings"][0]["name"].as_str()), (200, Some(customer.recording.as_str())));
    let path = format!("/api/recordings/{}", customer.recording);
    assert_eq!(relay.request("DELETE", &path, "").0, 401);
    assert_eq!(relay.request("DELETE", "/api/recordings/..%2Fx", &bearer(SECRET)).0, 404);
    assert_eq!(relay.request("DELETE", &path, &bearer(SECRET)).0, 204);
    assert_eq!(relay.request("DELETE", &path, &bearer(SECRET)).0, 404);
    assert!(!file.exists());

    // One that goes on.
    let mut customer = Customer::join(&relay, 8);
    let file = folder.join(format!("{}.cbr", customer.recording));
    wait_for("it is there", || file.exists());
    assert_eq!(relay.request("DELETE", &format!("/api/recordings/{}", customer.recording), &bearer(SECRET)).0, 204);
    customer.change();
    wait_for("it is gone", || !file.exists());
    std::thread::sleep(Duration::from_millis(1_000));
    assert!(!file.exists(), "nothing more is recorded of it");
    relay.terminate();
}

#[test]
fn a_sealed_session_is_not_recorded() {
    let folder = scratch("sealed");
    let relay = Relay::start(&folder, &[]);
    let create = |body: &str| {
        let mut stream = TcpStream::connect(&relay.address).unwrap();
        let head = format!(
            "POST /api/sessions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str::<Value>(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    };
    assert!(create("{}")["recording"].is_string(), "any other is");
    assert!(create(r#"{"sealed": true}"#)["recording"].is_null());
    relay.terminate();
}

#[test]
fn what_is_old_is_deleted() {
    let folder = scratch("old");
    fs::create_dir_all(&folder).unwrap();
    let shop = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/recordings/shop.cbr");
    for (name, age) in [("old", 40 * 86_400), ("new", 60)] {
        let file = folder.join(format!("{name}.cbr"));
        fs::copy(shop, &file).unwrap();
        let then = std::time::SystemTime::now() - Duration::from_secs(age);
        fs::OpenOptions::new().write(true).open(&file).unwrap().set_modified(then).unwrap();
    }
    fs::write(folder.join("old.txt"), "not a recording").unwrap();
    let relay = Relay::start(&folder, &["--record-keep", "30d"]);
    wait_for("it is gone", || !folder.join("old.cbr").exists());
    assert!(folder.join("new.cbr").exists() && folder.join("old.txt").exists());
    relay.terminate();
}

#[test]
fn a_session_is_recorded_by_who_has_its_token() {
    let folder = scratch("by-token");
    let relay = Relay::start(&folder, &[]);
    let mut customer = Customer::join(&relay, 9);
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("by-token.cbr");
    let _ = fs::remove_file(&out);
    let (token, secret) = customer.session.clone();
    let mut recorder = Command::new(env!("CARGO_BIN_EXE_cobrowse"))
        .args(["record", &format!("http://{}", relay.address), &token, "--out"])
        .arg(&out)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for("it has joined", || {
        let agents = relay.request("GET", &format!("/api/sessions/{token}"), "").1;
        agents["agents"].as_array().is_some_and(|agents| agents.len() == 1)
    });
    for _ in 0..20 {
        customer.change();
        std::thread::sleep(Duration::from_millis(5));
    }
    // It opens while the session goes on.
    wait_for("frames are in the file", || {
        let opened = fs::File::open(&out).ok().and_then(|file| File::open(file).ok());
        opened.is_some_and(|file| file.map().frames() > 10)
    });
    assert_eq!(
        relay.request("DELETE", &format!("/api/sessions/{token}"), &format!("authorization: Bearer {secret}\r\n")).0,
        204
    );
    let ended = recorder.wait().unwrap();
    let mut told = String::new();
    recorder.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert!(ended.success(), "{told}");
    assert!(is_packed(&out));
    last(&out, &customer);
    relay.terminate();
}
