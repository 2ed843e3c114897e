//! A site's own server in front of others: it passes requests on by how their paths begin, and writes the paths anew.

use anyhow::{Context, Result};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// No head of a request is larger.
const HEAD_BYTES: usize = 32 << 10;

/// Paths that begin so go there, with another beginning.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    prefix: &'static str,
    host: String,
    instead: &'static str,
}

impl Route {
    /// `server` is a URL such as `http://127.0.0.1:8080`.
    pub(crate) fn new(prefix: &'static str, server: &str, instead: &'static str) -> Result<Self> {
        let host = server.strip_prefix("http://").context("a URL that begins with http://")?;
        Ok(Self { prefix, host: host.trim_end_matches('/').to_owned(), instead })
    }
}

/// The server. Closed when dropped.
#[derive(Debug)]
pub(crate) struct Front {
    /// Its URL, without a slash at the end.
    pub(crate) url: String,
    accepting: JoinHandle<()>,
}

impl Front {
    /// Starts on a free port of 127.0.0.1. The first route that fits counts.
    pub(crate) async fn start(routes: Vec<Route>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let routes = routes.clone();
                tokio::spawn(async move {
                    // Whoever breaks off asks again.
                    let _ = pass(client, &routes).await;
                });
            }
        });
        Ok(Self { url, accepting })
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// One request, on a connection of its own; once it has become a WebSocket, everything.
async fn pass(mut client: TcpStream, routes: &[Route]) -> Result<()> {
    client.set_nodelay(true)?;
    let mut head = Vec::new();
    let end = loop {
        if let Some(at) = head.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        anyhow::ensure!(head.len() < HEAD_BYTES, "a head that ends");
        let mut piece = [0; 4_096];
        let len = client.read(&mut piece).await?;
        anyhow::ensure!(len > 0, "a whole head");
        head.extend_from_slice(&piece[..len]);
    };
    let body = head.split_off(end + 4);
    let text = String::from_utf8(head)?;
    let (line, fields) = text.split_once("\r\n").context("a line of a request")?;
    let mut words = line.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().context("a path")?);
    let Some(route) = routes.iter().find(|route| path.starts_with(route.prefix)) else {
        client.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await?;
        return Ok(());
    };
    let path = format!("{}{}", route.instead, &path[route.prefix.len()..]);
    let upgrades = fields.to_ascii_lowercase().contains("upgrade: websocket");
    let kept = fields.split("\r\n").filter(|field| {
        let name = field.split(':').next().unwrap_or_default();
        !name.is_empty() && (upgrades || !name.eq_ignore_ascii_case("connection"))
    });
    let mut request = format!("{method} {path} HTTP/1.1\r\n");
    for field in kept {
        request.push_str(field);
        request.push_str("\r\n");
    }
    request.push_str(if upgrades { "\r\n" } else { "connection: close\r\n\r\n" });
    let mut server = TcpStream::connect(&route.host).await?;
    server.set_nodelay(true)?;
    server.write_all(request.as_bytes()).await?;
    server.write_all(&body).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}
