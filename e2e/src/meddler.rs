//! A relay that is not to be trusted: it stands before the real one, keeps every byte that passes, and does to messages what it is told.

use anyhow::{Context, Result};
use futures_util::{SinkExt, Stream, StreamExt};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_tungstenite::{
    accept_hdr_async, client_async,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
    },
};

/// The longest head of a request.
const HEAD: usize = 16 << 10;

/// Who is sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum To {
    /// An agent's page.
    Agent,
    /// The customer's page.
    Customer,
    /// The relay, from an agent's page.
    FromAgent,
    /// The relay, from the customer's page.
    FromCustomer,
}

/// What is done to the next message of a direction that it fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trick {
    /// A bit of it is turned, so far from its end.
    Alter(usize),
    /// It comes twice.
    Twice,
    /// It comes behind the one that follows.
    Late,
    /// It does not come.
    Drop,
    /// This comes before it.
    Before(Vec<u8>),
}

#[derive(Debug, Default)]
struct State {
    seen: Vec<(To, Vec<u8>)>,
    tricks: Vec<(To, Trick)>,
    late: Vec<(To, Vec<u8>)>,
}

/// See the module's documentation. Closed when dropped.
#[derive(Debug)]
pub(crate) struct Meddler {
    url: String,
    state: Arc<Mutex<State>>,
    accepting: JoinHandle<()>,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Meddler {
    /// One before the relay of this URL.
    pub(crate) async fn open(relay: &str) -> Result<Self> {
        let host = relay.strip_prefix("http://").context("a URL that begins with http://")?.trim_end_matches('/');
        let host = host.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            while let Ok((peer, _)) = listener.accept().await {
                let (host, state) = (host.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    // A connection that breaks is the page's to take up again.
                    let _ = serve(peer, &host, state).await;
                });
            }
        });
        Ok(Self { url, state, accepting })
    }

    /// Its own URL.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Does this to the next frame or sealed message in a direction.
    pub(crate) fn next(&self, to: To, trick: Trick) {
        lock(&self.state).tricks.push((to, trick));
    }

    /// Whether a trick still waits to be done.
    pub(crate) fn waits(&self) -> bool {
        let state = lock(&self.state);
        !state.tricks.is_empty() || !state.late.is_empty()
    }

    /// Everything that has passed in a direction, the last one last.
    pub(crate) fn seen(&self, to: To) -> Vec<Vec<u8>> {
        let state = lock(&self.state);
        state.seen.iter().filter(|(which, _)| *which == to).map(|(_, bytes)| bytes.clone()).collect()
    }

    /// How many bytes of everything hold a text, as it is or in base64, hexadecimal or UTF-16; none is hoped for.
    pub(crate) fn holds(&self, text: &str) -> bool {
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let needles = [text.as_bytes().to_vec(), hex.into_bytes(), wide];
        let state = lock(&self.state);
        state.seen.iter().any(|(_, bytes)| {
            let inflated = inflated(bytes);
            needles.iter().any(|needle| {
                [bytes, &inflated].iter().any(|bytes| bytes.windows(needle.len()).any(|window| window == needle))
            })
        })
    }
}

impl Drop for Meddler {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// What is in a clear frame's body, where it is deflated and one.
fn inflated(bytes: &[u8]) -> Vec<u8> {
    let Ok(frame) = protocol::frame::peek(bytes, &protocol::Limits::DEFAULT) else { return Vec::new() };
    let mut out = Vec::with_capacity(1 << 20);
    let mut inflate = flate2::Decompress::new(false);
    let _ = inflate.decompress_vec(frame.body, &mut out, flate2::FlushDecompress::Sync);
    out
}

async fn serve(peer: TcpStream, host: &str, state: Arc<Mutex<State>>) -> Result<()> {
    peer.set_nodelay(true)?;
    let mut head = vec![0; HEAD];
    let len = peer.peek(&mut head).await?;
    let head = String::from_utf8_lossy(&head[..len]).to_ascii_lowercase();
    let relay = TcpStream::connect(host).await?;
    relay.set_nodelay(true)?;
    if head.contains("upgrade: websocket") {
        socket(peer, relay, host, state).await
    } else {
        plain(peer, relay, state).await
    }
}

/// Requests and answers, as they are.
async fn plain(peer: TcpStream, relay: TcpStream, state: Arc<Mutex<State>>) -> Result<()> {
    let is_customers = To::FromCustomer;
    let (mut from_peer, mut to_peer) = peer.into_split();
    let (mut from_relay, mut to_relay) = relay.into_split();
    let answers = Arc::clone(&state);
    let down = tokio::spawn(async move {
        let mut piece = vec![0; 64 << 10];
        while let Ok(len @ 1..) = from_relay.read(&mut piece).await {
            lock(&answers).seen.push((To::Customer, piece[..len].to_vec()));
            if to_peer.write_all(&piece[..len]).await.is_err() {
                break;
            }
        }
        let _ = to_peer.shutdown().await;
    });
    let mut piece = vec![0; 64 << 10];
    while let Ok(len @ 1..) = from_peer.read(&mut piece).await {
        lock(&state).seen.push((is_customers, piece[..len].to_vec()));
        to_relay.write_all(&piece[..len]).await?;
    }
    to_relay.shutdown().await?;
    down.await?;
    Ok(())
}

async fn socket(peer: TcpStream, relay: TcpStream, host: &str, state: Arc<Mutex<State>>) -> Result<()> {
    let mut path = String::new();
    #[expect(clippy::result_large_err, reason = "the library's type")]
    let note = |request: &Request, response: Response| {
        path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        Ok(response)
    };
    let peer = accept_hdr_async(peer, note).await?;
    let (relay, _) = client_async(format!("ws://{host}{path}"), relay).await?;
    let is_agents = path.starts_with("/ws/agent");
    lock(&state).seen.push((To::FromAgent, path.into_bytes()));
    let (to_peer, from_peer) = peer.split();
    let (to_relay, from_relay) = relay.split();
    let (down, up) = if is_agents { (To::Agent, To::FromAgent) } else { (To::Customer, To::FromCustomer) };
    let down = tokio::spawn(carry(from_relay, to_peer, down, Arc::clone(&state)));
    carry(from_peer, to_relay, up, state).await?;
    down.abort();
    Ok(())
}

type Received = std::result::Result<Message, tokio_tungstenite::tungstenite::Error>;

async fn carry<S>(
    mut from: impl Stream<Item = Received> + Unpin,
    mut sink: S,
    to: To,
    state: Arc<Mutex<State>>,
) -> Result<()>
where
    S: SinkExt<Message> + Unpin,
{
    while let Some(Ok(message)) = from.next().await {
        let sent = match message {
            Message::Binary(bytes) => meddle(&mut lock(&state), to, bytes.to_vec()),
            Message::Text(text) => {
                lock(&state).seen.push((to, text.as_bytes().to_vec()));
                if sink.send(Message::Text(text)).await.is_err() {
                    break;
                }
                continue;
            }
            Message::Close(close) => {
                let _ = sink.send(Message::Close(close)).await;
                break;
            }
            _ => continue,
        };
        for bytes in sent {
            if sink.send(Message::Binary(bytes.into())).await.is_err() {
                return Ok(());
            }
        }
    }
    let _ = sink.close().await;
    Ok(())
}

/// What is sent in a message's place.
fn meddle(state: &mut State, to: To, bytes: Vec<u8>) -> Vec<Vec<u8>> {
    state.seen.push((to, bytes.clone()));
    let late: Vec<Vec<u8>> = state.late.extract_if(.., |(which, _)| *which == to).map(|(_, bytes)| bytes).collect();
    // The relay's own messages are left alone, but for what it hands on.
    let is_own = bytes.first().is_none_or(|first| first >> 4 != protocol::sealed::VERSION)
        && !matches!(
            protocol::control::Control::read(&bytes, &protocol::Limits::DEFAULT),
            Ok(protocol::control::Control::From { .. })
        );
    let at = if is_own { None } else { state.tricks.iter().position(|(which, _)| *which == to) };
    let mut out = match at.map(|at| state.tricks.remove(at).1) {
        None => vec![bytes],
        Some(Trick::Alter(from_end)) => {
            let mut bytes = bytes;
            let at = bytes.len().saturating_sub(1 + from_end);
            bytes[at] ^= 0x20;
            vec![resummed(bytes)]
        }
        Some(Trick::Twice) => vec![bytes.clone(), bytes],
        Some(Trick::Late) => {
            state.late.push((to, bytes));
            Vec::new()
        }
        Some(Trick::Drop) => Vec::new(),
        Some(Trick::Before(other)) => vec![other, bytes],
    };
    out.extend(late);
    out
}

/// What the relay hands on is in a frame of its own, whose checksum it can make right.
fn resummed(bytes: Vec<u8>) -> Vec<u8> {
    if bytes[0] >> 4 == protocol::sealed::VERSION {
        return bytes;
    }
    let Ok(frame) = protocol::frame::peek(&bytes, &protocol::Limits::DEFAULT) else { return bytes };
    let mut out = Vec::new();
    match protocol::frame::write(&mut out, frame.header.kind, frame.header.seq, frame.header.time, 0, frame.body) {
        Ok(()) => out,
        Err(_) => bytes,
    }
}
