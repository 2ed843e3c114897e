//! A network that takes so many bytes a second from the customer, and keeps the rest waiting in its buffers.

use anyhow::{Context, Result};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::sleep,
};

/// How much is passed on at a time.
const PIECE: usize = 1_000;

/// A way to a server that is slow in one direction. Closed when dropped.
#[derive(Debug)]
pub(crate) struct Uplink {
    url: String,
    accepting: JoinHandle<()>,
}

impl Uplink {
    /// A way to the server of this URL.
    pub(crate) async fn open(server: &str, bytes_per_second: u32) -> Result<Self> {
        let server = server.strip_prefix("http://").context("a URL that begins with http://")?.trim_end_matches('/');
        let server = server.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let accepting = tokio::spawn(async move {
            while let Ok((customer, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move {
                    // A connection that breaks is the customer's to take up again.
                    let _ = pass(customer, &server, bytes_per_second).await;
                });
            }
        });
        Ok(Self { url, accepting })
    }

    /// Its own URL.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Uplink {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn pass(customer: TcpStream, server: &str, bytes_per_second: u32) -> std::io::Result<()> {
    let server = TcpStream::connect(server).await?;
    server.set_nodelay(true)?;
    let (mut from_customer, mut to_customer) = customer.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let down = tokio::spawn(async move { copy(&mut from_server, &mut to_customer).await });
    let mut piece = [0; PIECE];
    loop {
        let len = from_customer.read(&mut piece).await?;
        if len == 0 {
            break;
        }
        to_server.write_all(&piece[..len]).await?;
        #[expect(clippy::cast_precision_loss, reason = "a thousand bytes")]
        sleep(Duration::from_secs_f64(len as f64 / f64::from(bytes_per_second))).await;
    }
    to_server.shutdown().await?;
    let _ = down.await;
    Ok(())
}
