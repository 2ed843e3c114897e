//! Customers and agents: frames sent at a pace, and looked at as they arrive.

use crate::process::request;
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use protocol::{
    Limits,
    frame::{self, Kind},
};
use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    net::TcpStream,
    task::JoinHandle,
    time::{MissedTickBehavior, interval_at, sleep, timeout},
};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

/// So many connect at a time.
const AT_ONCE: usize = 64;

/// How long what was sent last may take to arrive.
const LAST: Duration = Duration::from_secs(10);

type Socket = WebSocketStream<TcpStream>;

/// What a crowd does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) sessions: usize,
    /// Frames a second.
    pub(crate) rate: u32,
    /// The length of a frame.
    pub(crate) bytes: usize,
}

/// How long frames took, in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Latency {
    pub(crate) median: f64,
    p99: f64,
    most: f64,
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} ms median, {:.1} ms p99, {:.0} ms at most", self.median, self.p99, self.most)
    }
}

/// What became of the frames.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tally {
    /// Those that arrived while it was measured.
    pub(crate) frames: u64,
    pub(crate) lost: u64,
    pub(crate) disordered: u64,
    pub(crate) latency: Latency,
}

#[derive(Default)]
struct Seen {
    arrived: AtomicU64,
    disordered: AtomicU64,
    held: AtomicUsize,
    /// Microseconds, of some frames.
    took: Mutex<Vec<u32>>,
    stops: AtomicBool,
}

/// One session's numbers.
#[derive(Default)]
struct Pair {
    sent: AtomicU32,
    shown: AtomicU32,
}

/// See the module's documentation.
pub(crate) struct Crowd {
    seen: Arc<Seen>,
    pairs: Vec<Arc<Pair>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn connect(address: &str, path: &str) -> Result<Socket> {
    let stream = TcpStream::connect(address).await.context("no connection")?;
    stream.set_nodelay(true)?;
    // Small ones: it is the server that is measured, but both are on this machine.
    let config = tokio_tungstenite::tungstenite::protocol::WebSocketConfig::default().read_buffer_size(4 << 10);
    let url = format!("ws://{address}{path}");
    let (socket, _) = tokio_tungstenite::client_async_with_config(url, stream, Some(config)).await?;
    Ok(socket)
}

/// A token and a secret.
pub(crate) async fn create(address: &str) -> Result<(String, String)> {
    let answer = request(address, "POST", "/api/sessions", "").await?;
    let (_, body) = answer.split_once("\r\n\r\n").context("expected a body")?;
    let json: serde_json::Value = serde_json::from_str(body)?;
    let text = |name: &str| json[name].as_str().map(str::to_owned).with_context(|| format!("no session: {body}"));
    Ok((text("token")?, text("secret")?))
}

async fn customer(address: &str, token: &str, secret: &str) -> Result<Socket> {
    let mut socket = connect(address, &format!("/ws/customer?token={token}")).await?;
    socket.send(Message::text(format!("{{\"secret\":\"{secret}\"}}"))).await?;
    match timeout(LAST, socket.next()).await? {
        Some(Ok(Message::Text(_))) => Ok(socket),
        other => bail!("not let in: {other:?}"),
    }
}

impl Crowd {
    /// Through a relay: each session has a customer who sends and an agent who looks.
    pub(crate) async fn relayed(address: &str, shape: Shape) -> Result<Self> {
        let began = Instant::now();
        Self::gather(shape, async |seen, pair, at| {
            let (token, secret) = create(address).await?;
            let agent = connect(address, &format!("/ws/agent?token={token}")).await?;
            let customer = customer(address, &token, &secret).await?;
            Ok(vec![
                tokio::spawn(looks(agent, seen.clone(), pair.clone(), began)),
                tokio::spawn(sends(customer, seen, pair, shape, at, began, false)),
            ])
        })
        .await
    }

    /// Through an echo: who sends is who looks.
    pub(crate) async fn echoed(address: &str, shape: Shape) -> Result<Self> {
        let began = Instant::now();
        Self::gather(shape, async |seen, pair, at| {
            let socket = connect(address, "/").await?;
            Ok(vec![tokio::spawn(sends(socket, seen, pair, shape, at, began, true))])
        })
        .await
    }

    /// Sessions of which a keyframe is kept, some with an agent.
    pub(crate) async fn idle(address: &str, shape: Shape, agents: usize) -> Result<Self> {
        let began = Instant::now();
        let crowd = Self::gather(shape, async |seen, pair, at| {
            let (token, secret) = create(address).await?;
            let customer = customer(address, &token, &secret).await?;
            let mut tasks = vec![tokio::spawn(sends(customer, seen.clone(), pair.clone(), shape, at, began, false))];
            if at < agents {
                let agent = connect(address, &format!("/ws/agent?token={token}")).await?;
                tasks.push(tokio::spawn(looks(agent, seen, pair, began)));
            }
            Ok(tasks)
        })
        .await?;
        Ok(crowd)
    }

    async fn gather(
        shape: Shape,
        join: impl AsyncFn(Arc<Seen>, Arc<Pair>, usize) -> Result<Vec<JoinHandle<()>>>,
    ) -> Result<Self> {
        let seen: Arc<Seen> = Arc::default();
        let pairs: Vec<Arc<Pair>> = (0..shape.sessions).map(|_| Arc::default()).collect();
        let mut crowd = Self { seen, pairs, tasks: Vec::new() };
        for (at, some) in crowd.pairs.chunks(AT_ONCE).enumerate() {
            let join =
                |(index, pair): (usize, &Arc<Pair>)| join(crowd.seen.clone(), pair.clone(), at * AT_ONCE + index);
            let joined = futures_util::future::try_join_all(some.iter().enumerate().map(join)).await?;
            crowd.tasks.extend(joined.into_iter().flatten());
        }
        Ok(crowd)
    }

    /// Waits until frames arrive at everyone.
    pub(crate) async fn warm(&self) -> Result<()> {
        let all = async {
            while self.pairs.iter().any(|pair| pair.shown.load(Ordering::Relaxed) < 3) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(60), all).await.context("frames do not arrive at everyone")?;
        self.take_latency();
        Ok(())
    }

    /// Frames that have arrived.
    pub(crate) fn count(&self) -> u64 {
        self.seen.arrived.load(Ordering::Relaxed)
    }

    /// Connections that are held.
    pub(crate) fn held(&self) -> usize {
        self.seen.held.load(Ordering::Relaxed)
    }

    /// Of the frames since the last time.
    pub(crate) fn take_latency(&self) -> Latency {
        let mut took = std::mem::take(&mut *self.seen.took.lock().unwrap_or_else(PoisonError::into_inner));
        took.sort_unstable();
        let last = took.len().saturating_sub(1);
        let at = |thousandths: usize| took.get(last * thousandths / 1_000).map_or(0.0, |took| f64::from(*took) / 1e3);
        Latency { median: at(500), p99: at(990), most: at(1_000) }
    }

    /// The customers stop; what has not arrived in a while is lost.
    pub(crate) async fn end(self, begun: u64) -> Result<Tally> {
        let frames = self.count() - begun;
        let latency = self.take_latency();
        self.seen.stops.store(true, Ordering::Relaxed);
        sleep(Duration::from_millis(500)).await;
        let behind = |pair: &Arc<Pair>| {
            u64::from(pair.sent.load(Ordering::Relaxed).saturating_sub(pair.shown.load(Ordering::Relaxed)))
        };
        let until = Instant::now() + LAST;
        let lost = loop {
            let lost: u64 = self.pairs.iter().map(behind).sum();
            if lost == 0 || Instant::now() > until {
                break lost;
            }
            sleep(Duration::from_millis(50)).await;
        };
        let disordered = self.seen.disordered.load(Ordering::Relaxed);
        Ok(Tally { frames, lost, disordered, latency })
    }
}

fn note(bytes: &Bytes, seen: &Seen, pair: &Pair, began: Instant) {
    let Ok(peeked) = frame::peek(bytes, &Limits::DEFAULT) else {
        seen.disordered.fetch_add(1, Ordering::Relaxed);
        return;
    };
    if peeked.header.kind == Kind::Control {
        return;
    }
    let header = peeked.header;
    let before = pair.shown.swap(header.seq, Ordering::Relaxed);
    if header.seq != before + 1 {
        seen.disordered.fetch_add(1, Ordering::Relaxed);
    }
    seen.arrived.fetch_add(1, Ordering::Relaxed);
    // One in eight is enough for a percentile. The body begins with when it was sent.
    if header.seq % 8 == 0
        && let Some(sent) =
            bytes.len().checked_sub(8).and_then(|at| Some(u64::from_le_bytes(bytes[at..].try_into().ok()?)))
    {
        let now = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let took = u32::try_from(now.saturating_sub(sent)).unwrap_or(u32::MAX);
        seen.took.lock().unwrap_or_else(PoisonError::into_inner).push(took);
    }
}

async fn looks(mut socket: Socket, seen: Arc<Seen>, pair: Arc<Pair>, began: Instant) {
    seen.held.fetch_add(1, Ordering::Relaxed);
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Binary(bytes) = message {
            note(&bytes, &seen, &pair, began);
        }
    }
    seen.held.fetch_sub(1, Ordering::Relaxed);
}

async fn sends(
    mut socket: Socket,
    seen: Arc<Seen>,
    pair: Arc<Pair>,
    shape: Shape,
    at: usize,
    began: Instant,
    looks: bool,
) {
    seen.held.fetch_add(1, Ordering::Relaxed);
    let Shape { rate, bytes, sessions } = shape;
    let every = if rate == 0 { Duration::from_secs(3_600) } else { Duration::from_secs(1) / rate };
    // Not all at the same moment.
    let share = u32::try_from(at % 1_000).unwrap_or_default();
    let mut tick = interval_at(tokio::time::Instant::now() + every * share / 1_000, every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut body = vec![0x5a; bytes.saturating_sub(16).max(8)];
    let mut made = Vec::new();
    let mut first = sessions > 0;
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Binary(bytes))) if looks => note(&bytes, &seen, &pair, began),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break,
            },
            _ = async { if !std::mem::take(&mut first) { tick.tick().await; } } => {
                if seen.stops.load(Ordering::Relaxed) {
                    continue;
                }
                let seq = pair.sent.load(Ordering::Relaxed) + 1;
                let end = body.len() - 8;
                body[end..].copy_from_slice(&u64::try_from(began.elapsed().as_micros()).unwrap_or_default().to_le_bytes());
                made.clear();
                let kind = if seq == 1 { Kind::Keyframe } else { Kind::Delta };
                if frame::write(&mut made, kind, seq, 0, 0, &body).is_err() || socket.send(Message::binary(made.clone())).await.is_err() {
                    break;
                }
                pair.sent.store(seq, Ordering::Relaxed);
            }
        }
    }
    seen.held.fetch_sub(1, Ordering::Relaxed);
}
