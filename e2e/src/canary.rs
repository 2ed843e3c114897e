//! A server that hears whatever asks it for something, in the place of every host that an agent's browser must not call.
//!
//! It reads no more of a request than who is asked for what, and from where. A connection on which nothing is said is heard, too:
//! that is what a hint of a page's makes a browser do.

use anyhow::{Context, Result};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};

/// A request is not waited for longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Hosts of browsers' makers, which they ask by themselves.
const OWN: &[&str] = &["google", "gvt1", "mozilla", "firefox"];

/// The smallest picture.
const PICTURE: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

/// What was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// The whole address.
    pub(crate) address: String,
    /// Where from, if that was said.
    pub(crate) referrer: Option<String>,
    /// Whether a cookie came with it.
    pub(crate) has_cookie: bool,
}

#[derive(Debug, Default)]
struct Heard {
    requests: Vec<Request>,
    /// What was said that is no request, such as the beginning of TLS; nothing by who said nothing.
    other: Vec<String>,
}

#[derive(Debug, Default)]
struct Shared {
    heard: Mutex<Heard>,
    pages: Mutex<HashMap<String, (&'static str, Vec<u8>)>>,
    /// Connections on which nothing was said yet.
    silent: AtomicUsize,
    /// How many of them were told of.
    told: AtomicUsize,
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Canary {
    /// Where it listens, on 127.0.0.1.
    pub(crate) port: u16,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Canary {
    /// Starts on a free port.
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let shared = Arc::<Shared>::default();
        let here = shared.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = here.clone();
                tokio::spawn(async move { _ = timeout(PATIENCE, connection(stream, &shared)).await });
            }
        });
        Ok(Self { port, shared, task })
    }

    /// The address of something on it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Serves a page of the test's own.
    pub(crate) fn serve(&self, path: String, kind: &'static str, body: String) {
        self.shared.pages.lock().unwrap_or_else(PoisonError::into_inner).insert(path, (kind, body.into_bytes()));
    }

    /// What was asked for since the last time, pages of the test's own left out; and how many connections said nothing, or nothing
    /// that can be read.
    pub(crate) fn take(&self) -> (Vec<Request>, Vec<String>) {
        let mut heard = std::mem::take(&mut *self.shared.heard());
        let silent = self.shared.silent.load(Ordering::Relaxed);
        let told = self.shared.told.swap(silent, Ordering::Relaxed);
        heard.other.extend((told..silent).map(|_| "nothing yet".to_owned()));
        (heard.requests, heard.other)
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn connection(mut stream: TcpStream, shared: &Shared) -> Result<()> {
    shared.silent.fetch_add(1, Ordering::Relaxed);
    let (mut is_silent, mut is_own) = (true, false);
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).await.unwrap_or(0);
        if count == 0 {
            // One that said nothing, and has gone, was there all the same.
            if is_silent && shared.silent.fetch_sub(1, Ordering::Relaxed) > shared.told.load(Ordering::Relaxed) {
                shared.heard().other.push("nothing".to_owned());
            }
            return Ok(());
        }
        if std::mem::take(&mut is_silent) {
            shared.silent.fetch_sub(1, Ordering::Relaxed);
        }
        text.extend_from_slice(&buffer[..count]);
        while let Some(end) = text.windows(4).position(|part| part == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&text[..end]).into_owned();
            text.drain(..end + 4);
            is_own |= answer(&mut stream, &head, shared).await?;
        }
        if !text.first().is_none_or(u8::is_ascii_alphabetic) || text.len() > 1 << 16 {
            let said: String = text.iter().map(|byte| char::from(*byte)).filter(|c| c.is_ascii_graphic()).collect();
            // A browser asks for what is its own, too.
            if !is_own && !OWN.iter().any(|host| said.contains(host)) {
                shared.heard().other.push(said.chars().take(300).collect());
            }
            return Ok(());
        }
    }
}

/// Answers a request. Whether it is a browser's own.
async fn answer(stream: &mut TcpStream, head: &str, shared: &Shared) -> Result<bool> {
    let mut lines = head.split("\r\n");
    let target = lines.next().and_then(|line| line.split(' ').nth(1)).context("a request")?;
    let headers: HashMap<String, &str> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim()))
        .collect();
    let host = headers.get("host").copied().unwrap_or_default();
    // A proxy is told the whole address.
    let address = if target.starts_with("http") { target.to_owned() } else { format!("http://{host}{target}") };
    let path = address.splitn(4, '/').nth(3).map_or_else(String::new, |path| format!("/{path}"));
    let is_own = address.split('/').nth(2).is_some_and(|host| OWN.iter().any(|own| host.contains(own)));
    let own = shared.pages.lock().unwrap_or_else(PoisonError::into_inner).get(&path).cloned();
    let (kind, body) = match own {
        Some((kind, body)) => (kind, body),
        None if is_own => ("text/plain", Vec::new()),
        None => {
            let referrer = headers.get("referer").map(|&referrer| referrer.to_owned());
            let has_cookie = headers.contains_key("cookie");
            shared.heard().requests.push(Request { address: address.clone(), referrer, has_cookie });
            found(&address)
        }
    };
    let more = match path.strip_prefix("/to/") {
        Some(other) => format!("HTTP/1.1 302 Found\r\nlocation: http://{other}"),
        None => format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}"),
    };
    let head = format!(
        "{more}\r\ncontent-length: {}\r\ncache-control: no-store\r\naccess-control-allow-origin: *\r\ntiming-allow-origin: *\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&body).await?;
    Ok(is_own)
}

/// What is answered, by the ending of the address, and by the number of the vector in it.
fn found(address: &str) -> (&'static str, Vec<u8>) {
    let run = number(address).map(|number| format!("top.postMessage({number},'*')")).unwrap_or_default();
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let (_, ending) = path.rsplit_once('/').and_then(|(_, file)| file.rsplit_once('.')).unwrap_or_default();
    let (kind, text) = match ending {
        "js" => ("text/javascript", run),
        "html" => ("text/html", format!("<!DOCTYPE html><script>{run}</script>")),
        "css" => ("text/css", format!("* {{ background: url({}/styled) }}", path.trim_end_matches(".css"))),
        "svg" => (
            "image/svg+xml",
            format!(
                "<svg xmlns='http://www.w3.org/2000/svg' onload=\"{run}\"><rect id='x' width='9' height='9'/></svg>"
            ),
        ),
        "vtt" => ("text/vtt", "WEBVTT\n\n00:00.000 --> 99:00.000\nx\n".to_owned()),
        "xml" | "xsl" => ("text/xml", format!("<x:script xmlns:x='http://www.w3.org/1999/xhtml'>{run}</x:script>")),
        "json" => ("application/json", "{}".to_owned()),
        _ => return ("image/gif", PICTURE.to_vec()),
    };
    (kind, text.into_bytes())
}

/// The number of the vector that an address is one of.
pub(crate) fn number(address: &str) -> Option<usize> {
    let (_, rest) = address.split_once("/hit/")?;
    rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_whose_it_is() {
        for (address, expected) in [
            ("http://10.11.12.13/hit/17", Some(17)),
            ("http://10.11.12.13/hit/17.css", Some(17)),
            ("http://10.11.12.13/hit/17/styled", Some(17)),
            ("http://10.11.12.13/hit/", None),
            ("http://10.11.12.13/favicon.ico", None),
        ] {
            assert_eq!(number(address), expected, "{address}");
        }
        assert_eq!(found("http://a/hit/3.js").1, b"top.postMessage(3,'*')");
    }

    #[tokio::test]
    async fn who_says_nothing_is_heard_too() {
        let canary = Canary::start().await.unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", canary.port)).await.unwrap();
        let silent = TcpStream::connect(("127.0.0.1", canary.port)).await.unwrap();
        stream.write_all(b"GET /hit/5 HTTP/1.1\r\nHost: a.test\r\nReferer: b\r\n\r\n").await.unwrap();
        assert!(stream.read(&mut [0; 16]).await.unwrap() > 0);
        while canary.shared.silent.load(Ordering::Relaxed) != 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let (requests, silents) = canary.take();
        assert_eq!((requests.len(), silents.len()), (1, 1));
        assert_eq!((requests[0].address.as_str(), requests[0].referrer.as_deref()), ("http://a.test/hit/5", Some("b")));
        drop(silent);
    }
}
