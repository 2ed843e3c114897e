//! A customer's network: it takes so many bytes a second and keeps the rest waiting in its buffers, and it can be cut.

use anyhow::{Context, Result};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
    time::sleep,
};

/// How much is passed on at a time.
const PIECE: usize = 1_000;

/// More than any page makes.
pub(crate) const FAST: u32 = 1_000_000_000;

/// What becomes of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// They arrive.
    Open,
    /// They wait, and neither side is told: the cable is out, the device sleeps.
    Stalled,
    /// Connections are cut off, and new ones are not to be had.
    Refused,
}

/// A way to a server. Closed when dropped.
#[derive(Debug)]
pub(crate) struct Uplink {
    url: String,
    way: watch::Sender<Way>,
    accepting: JoinHandle<()>,
}

impl Uplink {
    /// A way to the server of this URL, slow in one direction.
    pub(crate) async fn open(server: &str, bytes_per_second: u32) -> Result<Self> {
        let server = server.strip_prefix("http://").context("a URL that begins with http://")?.trim_end_matches('/');
        let server = server.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (way, watched) = watch::channel(Way::Open);
        let accepting = tokio::spawn(async move {
            while let Ok((customer, _)) = listener.accept().await {
                let (server, way) = (server.clone(), watched.clone());
                tokio::spawn(async move {
                    // A connection that breaks is the customer's to take up again.
                    let _ = pass(customer, &server, bytes_per_second, way).await;
                });
            }
        });
        Ok(Self { url, way, accepting })
    }

    /// Its own URL.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Cuts it, or opens it again.
    pub(crate) fn set(&self, way: Way) {
        self.way.send_replace(way);
    }
}

impl Drop for Uplink {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn pass(
    customer: TcpStream,
    server: &str,
    bytes_per_second: u32,
    mut way: watch::Receiver<Way>,
) -> std::io::Result<()> {
    // Whoever comes while nothing arrives waits to be let in.
    if !is_open(&mut way).await {
        return Ok(());
    }
    let server = TcpStream::connect(server).await?;
    server.set_nodelay(true)?;
    customer.set_nodelay(true)?;
    let (from_customer, to_customer) = customer.into_split();
    let (from_server, to_server) = server.into_split();
    let down = tokio::spawn(carry(from_server, to_customer, FAST, way.clone()));
    let up = carry(from_customer, to_server, bytes_per_second, way).await;
    let _ = down.await;
    up
}

/// Carries bytes one way until one side closes or the way is cut off.
async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    bytes_per_second: u32,
    mut way: watch::Receiver<Way>,
) -> std::io::Result<()> {
    let mut piece = [0; PIECE];
    loop {
        let len = tokio::select! {
            len = from.read(&mut piece) => len?,
            _ = way.wait_for(|way| *way == Way::Refused) => 0,
        };
        if len == 0 || !is_open(&mut way).await {
            break;
        }
        to.write_all(&piece[..len]).await?;
        if bytes_per_second < FAST {
            #[expect(clippy::cast_precision_loss, reason = "a thousand bytes")]
            sleep(Duration::from_secs_f64(len as f64 / f64::from(bytes_per_second))).await;
        }
    }
    to.shutdown().await
}

/// Waits while the way is stalled; false where connections are cut off.
async fn is_open(way: &mut watch::Receiver<Way>) -> bool {
    way.wait_for(|way| *way != Way::Stalled).await.is_ok_and(|way| *way == Way::Open)
}
