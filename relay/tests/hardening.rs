//! Clients that mean ill, in short; `cargo xtask load --attack all` does the same at length, and measures what others notice.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a panic is how a test fails")]

mod common;

use common::{
    Relay,
    issuer::{Issuer, Pair},
};
use relay::Config;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

/// The relay's own limit for the head of a request, with something to spare.
const HEAD: Duration = Duration::from_secs(13);

/// Memory of this process, in which the relay is, in bytes.
fn memory() -> usize {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

/// Waits until the relay closes a connection.
async fn is_closed(stream: &mut TcpStream) {
    let mut scrap = [0; 1024];
    let end = async { while let Ok(1..) = stream.read(&mut scrap).await {} };
    timeout(HEAD, end).await.expect("it is closed");
}

#[tokio::test]
async fn who_says_nothing_or_next_to_nothing_is_cut_off_and_others_are_served() {
    let relay = Relay::start(Config::default()).await;
    let mut held = Vec::new();
    for _ in 0..500 {
        held.push(TcpStream::connect(relay.address).await.unwrap());
    }
    let session = relay.create().await;
    let mut customer = relay.customer(&session).await;
    let mut agent = relay.agent(&session, "").await;
    agent.expect(&["Joined 1 Customer"]).await;
    let began = Instant::now();
    let mut seq = 0;
    while began.elapsed() < Duration::from_secs(3) {
        // Some send a byte of a head now and then.
        for stream in held.iter_mut().step_by(2) {
            stream.write_all(b"G").await.unwrap();
        }
        seq += 1;
        let sent = Instant::now();
        if seq == 1 {
            customer.keyframe(1, 1_000).await;
            agent.expect(&["K1"]).await;
        } else {
            customer.delta(seq, 1_000).await;
            agent.expect(&[&format!("D{seq}")]).await;
        }
        assert!(sent.elapsed() < Duration::from_secs(1));
        sleep(Duration::from_millis(100)).await;
    }
    for mut stream in held {
        is_closed(&mut stream).await;
    }
    assert!(began.elapsed() < HEAD + Duration::from_secs(2));
}

#[tokio::test]
async fn a_frame_that_says_it_has_a_gigabyte_takes_no_memory() {
    let relay = Relay::start(Config::default()).await;
    let session = relay.create().await;
    let before = memory();
    for _ in 0..20 {
        let mut customer = relay.customer(&session).await;
        // The head of a message: binary, masked, its length in eight bytes.
        let mut head = vec![0x82, 0xff];
        head.extend_from_slice(&(1_u64 << 30).to_be_bytes());
        head.extend_from_slice(&[0; 4]);
        let tokio_tungstenite::MaybeTlsStream::Plain(stream) = customer.0.get_mut() else { panic!("no TLS") };
        stream.write_all(&head).await.unwrap();
        stream.write_all(&[0; 64 << 10]).await.unwrap();
        assert_eq!(customer.closed().await, (4003, "too large: expected at most 16777216 bytes".into()));
    }
    let grown = memory().saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes");
}

#[tokio::test]
async fn a_frame_that_says_it_inflates_to_gigabytes_is_refused_unread() {
    let relay = Relay::start(Config::default()).await;
    let session = relay.create().await;
    let before = memory();
    for _ in 0..20 {
        let mut customer = relay.customer(&session).await;
        // A deflated keyframe of 64 bytes, inflated 4 GB less one.
        let mut frame = vec![0x19, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0xff, 0xff, 0xff, 0xff, 0x0f];
        frame.extend_from_slice(&[0; 64]);
        customer.bytes(frame).await;
        let (code, reason) = customer.closed().await;
        assert!(matches!(code, 4002 | 4003), "{code} {reason}");
    }
    let grown = memory().saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes");
}

#[tokio::test]
async fn who_guesses_tokens_waits_and_others_do_not() {
    let proxies = vec!["127.0.0.1".parse().unwrap()];
    let relay = Relay::start(Config { proxies, insecure: true, ..Config::default() }).await;
    let session = relay.create().await;
    let live = format!("/api/sessions/{}", session.token);
    let from =
        async |address: &str, path: &str| relay.request("GET", path, &[("x-forwarded-for", address)], "").await.status;
    let mut tried = 0;
    for guess in 0..1_000 {
        tried += u32::from(from("198.51.100.1", &format!("/api/sessions/{guess:09}")).await == 404);
    }
    assert!(tried <= 22, "{tried} of 1,000 guesses were looked at");
    // Even the right one is not looked at now.
    assert_eq!(from("198.51.100.1", &live).await, 429);
    assert_eq!(from("198.51.100.2", &live).await, 200);
}

#[tokio::test]
async fn who_guesses_tokens_from_everywhere_learns_nothing_and_who_is_known_is_let_in() {
    let pair = Pair::ec();
    let issuer = Issuer::start(json!([pair.jwk("a")])).await;
    let config = Config {
        proxies: vec!["127.0.0.1".parse().unwrap()],
        agent_issuer: Some(issuer.url.clone()),
        agent_audience: vec!["cobrowse".to_owned()],
        guess_burst: 50,
        guess_refill: Duration::from_secs(3600),
        secret_timeout: Duration::from_millis(300),
        ..Config::default()
    };
    let relay = Relay::start(config).await;
    let session = relay.create().await;
    let live = format!("/api/sessions/{}", session.token);
    let from = async |address: &str, path: &str| relay.request("GET", path, &[("x-forwarded-for", address)], "").await;
    // Each address tries once.
    let mut looked_at = 0;
    for guess in 0..200 {
        let address = format!("198.51.100.{guess}");
        looked_at += u32::from(from(&address, &format!("/api/sessions/{guess:09}")).await.status == 404);
    }
    assert_eq!(looked_at, 50);
    let [right, wrong] = [from("203.0.113.1", &live).await, from("203.0.113.2", "/api/sessions/000000000").await];
    assert_eq!((right.status, right.error()), (429, "too many wrong tokens from everywhere: expected a pause".into()));
    assert_eq!((wrong.status, wrong.error()), (right.status, right.error()));
    let metrics = String::from_utf8(relay.get("/metrics").await.body).unwrap();
    assert!(metrics.contains("\ncobrowse_besieged 1\n"), "{metrics}");

    // The customer and the agent are not kept out, and each is known by more than the token.
    let mut customer = relay.customer(&session).await;
    let shown = format!("Bearer {}", pair.token("a", &issuer.claims()));
    let given = relay.request("POST", &format!("{live}/tickets"), &[("authorization", &shown)], "").await;
    assert_eq!(given.status, 201);
    customer.keyframe(1, 100).await;
    let secret = format!("Bearer {}", session.secret);
    // A page with a wrong secret hears the same, whether the session is there or not.
    let mut heard = Vec::new();
    for token in [session.token.as_str(), "000000000"] {
        let mut socket = relay.socket(&format!("/ws/customer?token={token}")).await.unwrap();
        socket.text("{\"secret\": \"wrong\"}").await;
        heard.push(socket.closed().await);
        let wrong = [("authorization", "Bearer wrong")];
        heard
            .push((relay.request("DELETE", &format!("/api/sessions/{token}"), &wrong, "").await.status, String::new()));
    }
    assert_eq!(heard[0], (4001, "secret: expected that of the session".into()));
    assert_eq!(heard[..2], heard[2..]);
    // Others may begin sessions, and end theirs.
    assert_eq!(relay.request("DELETE", &live, &[("authorization", &secret)], "").await.status, 204);
    relay.create().await;
}
