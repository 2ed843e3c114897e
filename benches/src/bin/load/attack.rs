//! Those who mean ill.

use crate::{crowd, process::request};
use anyhow::Result;
use futures_util::{SinkExt, StreamExt};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{interval, sleep, timeout},
};

/// What they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attack {
    /// Requests from one address, as fast as it can: sessions created and left.
    Flood,
    /// Requests that come a byte at a time.
    Loris,
    /// 100,000 wrong tokens.
    Tokens,
    /// Frames that say they have 1 GB.
    Huge,
    /// Frames whose few bytes say that they inflate to as much as may be said.
    Bombs,
    /// 10,000 connections that say nothing.
    Silent,
}

/// One at work.
pub(crate) struct Attacker {
    tasks: JoinSet<()>,
    done: Arc<Done>,
}

#[derive(Default)]
struct Done {
    stops: AtomicBool,
    tried: AtomicU64,
    refused: AtomicU64,
}

impl Attack {
    pub(crate) const ALL: [Self; 6] = [Self::Flood, Self::Loris, Self::Tokens, Self::Huge, Self::Bombs, Self::Silent];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Flood => "flood",
            Self::Loris => "loris",
            Self::Tokens => "tokens",
            Self::Huge => "huge",
            Self::Bombs => "bombs",
            Self::Silent => "silent",
        }
    }

    /// So often it is tried at least.
    pub(crate) fn least(self, quick: bool) -> u64 {
        if self == Self::Tokens && !quick { 100_000 } else { 0 }
    }

    pub(crate) async fn begin(self, address: &str, quick: bool) -> Result<Attacker> {
        let done: Arc<Done> = Arc::default();
        let mut tasks = JoinSet::new();
        let few = if quick { 10 } else { 1 };
        match self {
            // So many that they take a good part of a core: more would be this process's own weight.
            Self::Flood => repeat(&mut tasks, &done, address, 4, |address, done| async move {
                let refused = request(&address, "POST", "/api/sessions", "")
                    .await
                    .is_ok_and(|answer| !answer.starts_with("HTTP/1.1 201"));
                done.refused.fetch_add(u64::from(refused), Ordering::Relaxed);
            }),
            Self::Tokens => repeat(&mut tasks, &done, address, 4, |address, done| async move {
                let path = format!("/api/sessions/{:09}", done.tried.load(Ordering::Relaxed) % 1_000);
                let refused =
                    request(&address, "GET", &path, "").await.is_ok_and(|answer| answer.starts_with("HTTP/1.1 429"));
                done.refused.fetch_add(u64::from(refused), Ordering::Relaxed);
            }),
            Self::Huge => {
                let (token, secret) = crowd::create(address).await?;
                repeat(&mut tasks, &done, address, 2, move |address, done| {
                    let (token, secret) = (token.clone(), secret.clone());
                    async move { said(&address, &token, &secret, &done, huge()).await }
                });
            }
            Self::Bombs => {
                let (token, secret) = crowd::create(address).await?;
                repeat(&mut tasks, &done, address, 2, move |address, done| {
                    let (token, secret) = (token.clone(), secret.clone());
                    async move { said(&address, &token, &secret, &done, bomb()).await }
                });
            }
            Self::Loris => hold(&mut tasks, &done, address, 2_000 / few, true),
            Self::Silent => hold(&mut tasks, &done, address, 10_000 / few, false),
        }
        Ok(Attacker { tasks, done })
    }
}

impl Attacker {
    /// How often it has been tried.
    pub(crate) fn tried(&self) -> u64 {
        self.done.tried.load(Ordering::Relaxed)
    }

    /// Says what was done.
    pub(crate) async fn end(mut self) -> String {
        self.done.stops.store(true, Ordering::Relaxed);
        self.tasks.abort_all();
        while self.tasks.join_next().await.is_some() {}
        let (tried, refused) = (self.done.tried.load(Ordering::Relaxed), self.done.refused.load(Ordering::Relaxed));
        format!("{tried} tries, {refused} refused")
    }
}

fn repeat<F: Future<Output = ()> + Send + 'static>(
    tasks: &mut JoinSet<()>,
    done: &Arc<Done>,
    address: &str,
    lanes: usize,
    once: impl Fn(String, Arc<Done>) -> F + Send + Sync + 'static,
) {
    let once = Arc::new(once);
    for _ in 0..lanes {
        let (done, address, once) = (done.clone(), address.to_owned(), once.clone());
        tasks.spawn(async move {
            // 500 a second in each lane.
            let mut pace = interval(Duration::from_millis(2));
            while !done.stops.load(Ordering::Relaxed) {
                pace.tick().await;
                done.tried.fetch_add(1, Ordering::Relaxed);
                let _ = timeout(Duration::from_secs(5), once(address.clone(), done.clone())).await;
            }
        });
    }
}

/// Connections that are opened, and opened again when they are closed.
fn hold(tasks: &mut JoinSet<()>, done: &Arc<Done>, address: &str, count: usize, speaks: bool) {
    for at in 0..count {
        let (done, address) = (done.clone(), address.to_owned());
        tasks.spawn(async move {
            sleep(Duration::from_millis(at as u64 / 10)).await;
            while !done.stops.load(Ordering::Relaxed) {
                let Ok(mut stream) = TcpStream::connect(&address).await else {
                    sleep(Duration::from_millis(200)).await;
                    continue;
                };
                done.tried.fetch_add(1, Ordering::Relaxed);
                let mut byte = [0];
                loop {
                    let written = !speaks || stream.write_all(b"G").await.is_ok();
                    // Nothing is answered before it is closed.
                    match timeout(Duration::from_secs(1), stream.read(&mut byte)).await {
                        Err(_) if written => {}
                        _ => break,
                    }
                }
                done.refused.fetch_add(1, Ordering::Relaxed);
                sleep(Duration::from_secs(1)).await;
            }
        });
    }
}

/// A WebSocket message of 1 GB, by its head; then bytes of it as long as they are taken.
fn huge() -> Vec<u8> {
    let mut bytes = vec![0x82, 0xff];
    bytes.extend_from_slice(&(1_u64 << 30).to_be_bytes());
    bytes.extend_from_slice(&[1, 2, 3, 4]);
    bytes.extend_from_slice(&[0; 64 << 10]);
    bytes
}

/// A keyframe of some bytes that says that it inflates to the most there is.
fn bomb() -> Vec<u8> {
    let mut frame = vec![0x19, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64];
    // The length once inflated: 4 GB less one.
    frame.extend_from_slice(&[0xff, 0xff, 0xff, 0xff, 0x0f]);
    frame.extend_from_slice(&[0; 64]);
    let mut bytes = vec![0x82, 0x80 | u8::try_from(frame.len()).unwrap_or_default(), 0, 0, 0, 0];
    bytes.extend_from_slice(&frame);
    bytes
}

/// Enters as a customer, and says that; counted as refused where the relay closes for it.
async fn said(address: &str, token: &str, secret: &str, done: &Done, bytes: Vec<u8>) {
    let Ok(stream) = TcpStream::connect(address).await else { return };
    let url = format!("ws://{address}/ws/customer?token={token}");
    let Ok((mut socket, _)) = tokio_tungstenite::client_async(url, stream).await else { return };
    let first = format!("{{\"secret\":\"{secret}\"}}");
    if socket.send(tokio_tungstenite::tungstenite::Message::text(first)).await.is_err() || socket.next().await.is_none()
    {
        return;
    }
    let stream = socket.get_mut();
    if stream.write_all(&bytes).await.is_err() {
        return;
    }
    let mut answer = [0; 256];
    while let Ok(read @ 1..) = stream.read(&mut answer).await {
        // A close frame.
        if answer[..read].contains(&0x88) {
            done.refused.fetch_add(1, Ordering::Relaxed);
            return;
        }
    }
}
