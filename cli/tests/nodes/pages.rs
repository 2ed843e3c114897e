//! A customer's page and an agent's, as the real ones go about their connections.

use crate::processes::request;
use futures_util::{SinkExt, StreamExt};
use protocol::{
    Limits,
    control::Control,
    decoder::Decoder,
    encoder::Encoder,
    frame::{self, Kind},
    hash::Key,
    names::Namespace,
    tree::{Kind as NodeKind, NONE, ROOT},
};
use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{
    net::TcpStream,
    sync::watch,
    time::{interval, sleep, timeout},
};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

type Socket = WebSocketStream<TcpStream>;

/// Between two tries to connect, at first; half of a page's, so that a test takes less time.
const RETRY: Duration = Duration::from_millis(250);
const RETRY_MOST: Duration = Duration::from_secs(2);

/// How long a connection may take until the relay lets it in.
const OPENING: Duration = Duration::from_secs(10);

/// A session's keys.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) token: String,
    secret: String,
}

impl Session {
    pub(crate) async fn create(address: SocketAddr) -> Self {
        let (status, json) = request(address, "POST", "/api/sessions").await;
        assert_eq!(status, 201, "{json}");
        let text = |name: &str| json[name].as_str().unwrap().to_owned();
        Self { token: text("token"), secret: text("secret") }
    }
}

/// What a customer's page has come to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sent {
    /// The last frame, the page's hash behind it, and when it was made.
    pub(crate) seq: u32,
    pub(crate) hash: u64,
    pub(crate) made: VecDeque<(u32, Instant)>,
    /// Keyframes beyond the first.
    pub(crate) keyframes: u32,
    pub(crate) connections: u32,
    /// The relay has all of it.
    pub(crate) is_taken: bool,
    /// It gave up.
    pub(crate) failed: Option<String>,
}

/// What an agent's page has come to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shown {
    pub(crate) seq: u32,
    pub(crate) hash: u64,
    /// When each frame was shown first.
    pub(crate) first: Vec<(u32, Instant)>,
    /// Frames that did not follow on.
    pub(crate) faults: Vec<String>,
    pub(crate) connections: u32,
    /// Messages of participants who came and went.
    pub(crate) news: Vec<String>,
}

pub(crate) type Watched<T> = Arc<Mutex<T>>;

async fn connect(address: SocketAddr, path: &str) -> Option<Socket> {
    let stream = TcpStream::connect(address).await.ok()?;
    stream.set_nodelay(true).ok()?;
    let url = format!("ws://{address}{path}");
    Some(client_async(url, stream).await.ok()?.0)
}

/// Changes its page every so often while `runs` is true, until it is dropped.
pub(crate) fn customer(
    address: SocketAddr,
    session: Session,
    key: u64,
    every: Duration,
    runs: watch::Receiver<bool>,
) -> Watched<Sent> {
    let sent: Watched<Sent> = Arc::default();
    let page = Page {
        encoder: Encoder::new(Key(key), &Limits::DEFAULT),
        began: Instant::now(),
        round: 0,
        kept: VecDeque::new(),
        sent: sent.clone(),
    };
    tokio::spawn(page.run(address, session, every, runs));
    sent
}

struct Page {
    encoder: Encoder,
    began: Instant,
    round: u32,
    /// Frames that the relay may lack: number, whether it is a keyframe, bytes, and where it ends on this connection.
    kept: VecDeque<(u32, bool, Vec<u8>, u64)>,
    sent: Watched<Sent>,
}

impl Page {
    async fn run(mut self, address: SocketAddr, session: Session, every: Duration, mut runs: watch::Receiver<bool>) {
        self.whole();
        let mut wait = RETRY;
        loop {
            if let Some(socket) = connect(address, &format!("/ws/customer?token={}", session.token)).await {
                let (was_ready, code) = self.connected(socket, &session.secret, every, &mut runs).await;
                if was_ready {
                    wait = RETRY;
                }
                if matches!(code, Some(4000..=4004)) {
                    self.sent.lock().unwrap().failed = Some(format!("closed with {code:?}"));
                    return;
                }
            } else if request(address, "GET", &format!("/api/sessions/{}", session.token)).await.0 == 404 {
                self.sent.lock().unwrap().failed = Some("the session is not there".to_owned());
                return;
            }
            sleep(wait).await;
            wait = (wait * 2).min(RETRY_MOST);
        }
    }

    async fn connected(
        &mut self,
        mut socket: Socket,
        secret: &str,
        every: Duration,
        runs: &mut watch::Receiver<bool>,
    ) -> (bool, Option<u16>) {
        let first = format!("{{\"secret\":\"{secret}\",\"taken\":true}}");
        if socket.send(Message::text(first)).await.is_err() {
            return (false, None);
        }
        let (mut is_ready, mut put) = (false, 0_u64);
        let mut tick = interval(every);
        let opened = Instant::now();
        loop {
            let changes =
                is_ready && *runs.borrow() && self.kept.iter().map(|kept| kept.2.len()).sum::<usize>() < 128 << 10;
            tokio::select! {
                message = timeout(OPENING, socket.next()) => match message {
                    Ok(Some(Ok(Message::Text(text)))) => {
                        let told: serde_json::Value = serde_json::from_str(&text).unwrap();
                        if let Some(taken) = told["taken"].as_u64() {
                            self.kept.retain(|(_, _, _, end)| *end > taken);
                        }
                        if told.get("user").is_some() {
                            is_ready = true;
                            self.sent.lock().unwrap().connections += 1;
                            self.settle(told["next"].as_u64());
                            for (_, _, bytes, end) in &mut self.kept {
                                put += bytes.len() as u64;
                                *end = put;
                                if socket.send(Message::binary(bytes.clone())).await.is_err() {
                                    return (true, None);
                                }
                            }
                        }
                        self.sent.lock().unwrap().is_taken = self.kept.is_empty();
                    }
                    Ok(Some(Ok(Message::Binary(bytes)))) => {
                        if let Ok(Control::KeyframeRequest {}) = Control::read(&bytes, &Limits::DEFAULT) {
                            self.again();
                            put = self.push(&mut socket, put).await.unwrap_or(put);
                        }
                    }
                    Ok(Some(Ok(Message::Close(close)))) => return (is_ready, close.map(|close| close.code.into())),
                    Ok(Some(Ok(_))) => {}
                    Ok(Some(Err(_)) | None) => return (is_ready, None),
                    Err(_) if !is_ready && opened.elapsed() >= OPENING => return (false, None),
                    Err(_) => {}
                },
                _ = tick.tick(), if changes => {
                    self.change();
                    let Some(now) = self.push(&mut socket, put).await else { return (true, None) };
                    put = now;
                }
                changed = runs.changed() => if changed.is_err() {
                    return (true, Some(4000));
                },
            }
        }
    }

    async fn push(&mut self, socket: &mut Socket, put: u64) -> Option<u64> {
        let (_, _, bytes, end) = self.kept.back_mut()?;
        *end = put + bytes.len() as u64;
        let (bytes, end) = (bytes.clone(), *end);
        socket.send(Message::binary(bytes)).await.ok()?;
        Some(end)
    }

    /// Of what is kept, what the relay lacks; a keyframe where that is not enough.
    fn settle(&mut self, next: Option<u64>) {
        let following = self.encoder.seq().wrapping_add(1);
        let from = match next {
            Some(next) if next == u64::from(following) => self.kept.len(),
            _ => {
                let wanted = self.kept.iter().rposition(|(seq, ..)| next == Some(u64::from(*seq)));
                match wanted.or_else(|| self.kept.iter().rposition(|(_, keyframe, ..)| *keyframe)) {
                    Some(from) => from,
                    None => {
                        self.kept.clear();
                        self.again();
                        return;
                    }
                }
            }
        };
        self.kept.drain(..from);
    }

    fn time(&self) -> u32 {
        u32::try_from(self.began.elapsed().as_millis()).unwrap()
    }

    fn whole(&mut self) {
        let p = self.encoder.mirror_mut().names.intern(Namespace::Html, "p");
        self.encoder.begin();
        self.encoder.run(ROOT, NONE);
        for index in 0..50 {
            self.encoder.element(p).unwrap();
            self.encoder.leaf(NodeKind::Text, format!("paragraph {index} of a page").as_bytes()).unwrap();
            self.encoder.up();
        }
        self.encoder.end_run();
        let frame = self.encoder.keyframe(0).unwrap().to_vec();
        self.keep(true, frame);
    }

    fn again(&mut self) {
        self.encoder.begin();
        let frame = self.encoder.keyframe(self.time()).unwrap().to_vec();
        self.sent.lock().unwrap().keyframes += 1;
        self.keep(true, frame);
    }

    fn change(&mut self) {
        self.round += 1;
        let time = self.time();
        self.encoder.begin();
        let text = format!("round {} {}", self.round, "and more of it ".repeat(12));
        self.encoder.set_data(2 + 2 * (self.round % 40), text.as_bytes()).unwrap();
        let frame = self.encoder.delta(time).unwrap().unwrap().to_vec();
        self.keep(false, frame);
    }

    fn keep(&mut self, keyframe: bool, frame: Vec<u8>) {
        let seq = self.encoder.seq();
        let mut sent = self.sent.lock().unwrap();
        (sent.seq, sent.hash, sent.is_taken) = (seq, self.encoder.mirror().hash(), false);
        sent.made.push_back((seq, Instant::now()));
        self.kept.push_back((seq, keyframe, frame, u64::MAX));
    }
}

/// Shows what it is sent, and comes back when its connection breaks.
pub(crate) fn agent(address: SocketAddr, session: Session, mut runs: watch::Receiver<bool>) -> Watched<Shown> {
    let shown: Watched<Shown> = Arc::default();
    let out = shown.clone();
    tokio::spawn(async move {
        let mut decoder = Decoder::new(Limits::DEFAULT);
        loop {
            if let Some(mut socket) = connect(address, &format!("/ws/agent?token={}&beat=true", session.token)).await {
                out.lock().unwrap().connections += 1;
                let mut last: Option<u32> = None;
                loop {
                    tokio::select! {
                        message = socket.next() => match message {
                            Some(Ok(Message::Binary(bytes))) => take(&bytes, &mut decoder, &mut last, &out),
                            Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                            Some(Ok(_)) => {}
                        },
                        changed = runs.changed() => if changed.is_err() {
                            return;
                        },
                    }
                }
            }
            sleep(RETRY).await;
        }
    });
    shown
}

fn take(bytes: &[u8], decoder: &mut Decoder, last: &mut Option<u32>, shown: &Watched<Shown>) {
    let header = frame::peek(bytes, &Limits::DEFAULT).unwrap().header;
    let mut shown = shown.lock().unwrap();
    if header.kind == Kind::Control {
        match Control::read(bytes, &Limits::DEFAULT).unwrap() {
            Control::Joined { user, .. } => shown.news.push(format!("Joined {user}")),
            Control::Left { user } => shown.news.push(format!("Left {user}")),
            Control::Absent { .. } => shown.news.push("Absent".to_owned()),
            Control::Ended { reason } => shown.news.push(format!("Ended {reason:?}")),
            _ => {}
        }
        return;
    }
    // Within a connection each frame follows the one before, and comes once; a keyframe may come at any time, with a higher number.
    match *last {
        None if header.kind != Kind::Keyframe => shown.faults.push(format!("{} is the first", header.seq)),
        Some(last) if header.kind != Kind::Keyframe && header.seq != last + 1 => {
            shown.faults.push(format!("{} after {last}", header.seq));
        }
        Some(last) if header.seq <= last => shown.faults.push(format!("{} again, after {last}", header.seq)),
        _ => {}
    }
    *last = Some(header.seq);
    // Each frame has the page's hash, which the decoder compares.
    if let Err(error) = decoder.push(bytes) {
        shown.faults.push(error.to_string());
    }
    (shown.seq, shown.hash) = (header.seq, decoder.tree().hash());
    if shown.first.last().is_none_or(|(seq, _)| *seq < header.seq) {
        shown.first.push((header.seq, Instant::now()));
    }
}
