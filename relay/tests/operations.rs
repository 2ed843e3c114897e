//! What an operator sees and sets: metrics, proxies, limits by address.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a panic is how a test fails")]

mod common;

use common::Relay;
use relay::Config;
use std::time::Duration;
use tokio::{io::AsyncReadExt, net::TcpStream, time::timeout};

/// What a counter says.
async fn metric(relay: &Relay, name: &str) -> u64 {
    let answer = relay.get("/metrics").await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").starts_with("text/plain"));
    let text = String::from_utf8(answer.body).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned));
    line.unwrap_or_else(|| panic!("{name} in {text}")).parse().unwrap()
}

#[tokio::test]
async fn what_happens_is_counted_and_no_session_is_named() {
    let relay = Relay::start(Config::default()).await;
    let session = relay.create().await;
    let mut customer = relay.customer(&session).await;
    let mut agent = relay.agent(&session, "Ann").await;
    customer.keyframe(1, 1_000).await;
    agent.expect(&["Joined 1 Customer", "K1"]).await;
    assert_eq!(metric(&relay, "cobrowse_sessions_created_total").await, 1);
    assert_eq!(metric(&relay, "cobrowse_joins_total").await, 2);
    assert_eq!((metric(&relay, "cobrowse_customers").await, metric(&relay, "cobrowse_agents").await), (1, 1));
    assert!(metric(&relay, "cobrowse_received_bytes_total").await >= 1_000);
    assert_eq!(metric(&relay, "cobrowse_messages_received_total").await, 1);
    relay.get("/api/sessions/000000000").await;
    assert_eq!(metric(&relay, "cobrowse_wrong_keys_total").await, 1);
    let text = String::from_utf8(relay.get("/metrics").await.body).unwrap();
    assert!(!text.contains(&session.token) && !text.contains("Ann"), "{text}");
    agent.0.close(None).await.unwrap();
    customer.expect(&["Joined 2 Agent Ann", "Left 2"]).await;
    assert_eq!(metric(&relay, "cobrowse_closed_total{code=\"gone\"}").await, 1);
    assert_eq!(metric(&relay, "cobrowse_agents").await, 0);
}

#[tokio::test]
async fn wrong_tokens_count_against_whom_a_listed_proxy_names() {
    let proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let relay = Relay::start(Config { proxies, insecure: true, miss_burst: 2, ..Config::default() }).await;
    let from = async |address: &str| {
        relay.request("GET", "/api/sessions/000000000", &[("x-forwarded-for", address)], "").await.status
    };
    for expected in [404, 404, 429] {
        assert_eq!(from("198.51.100.1").await, expected);
    }
    assert_eq!(from("198.51.100.2").await, 404, "another client of the same proxy");
    assert_eq!(from("198.51.100.2, 198.51.100.1").await, 429, "what a client says of itself changes nothing");
    assert_eq!(relay.request("GET", "/metrics", &[("x-forwarded-for", "198.51.100.9")], "").await.status, 404);

    let unlisted = Relay::start(Config { miss_burst: 1, ..Config::default() }).await;
    let first = unlisted.request("GET", "/api/sessions/000000000", &[("x-forwarded-for", "198.51.100.1")], "").await;
    let second = unlisted.request("GET", "/api/sessions/000000000", &[("x-forwarded-for", "198.51.100.2")], "").await;
    assert_eq!((first.status, second.status), (404, 429), "nobody else is believed");
}

#[tokio::test]
async fn one_address_has_so_many_connections() {
    let proxies = vec!["127.0.0.1".parse().unwrap()];
    let relay = Relay::start(Config { address_connections: 3, ..Config::default() }).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(TcpStream::connect(relay.address).await.unwrap());
    }
    // Those come first whom the system has accepted first.
    let mut fourth = TcpStream::connect(relay.address).await.unwrap();
    let mut byte = [0];
    let closed = timeout(Duration::from_secs(5), fourth.read(&mut byte)).await.expect("closed at once");
    assert!(matches!(closed, Ok(0) | Err(_)));
    held.pop();
    let answered = async {
        loop {
            let mut stream = TcpStream::connect(relay.address).await.unwrap();
            tokio::io::AsyncWriteExt::write_all(&mut stream, b"GET /healthz HTTP/1.0\r\n\r\n").await.ok();
            let mut answer = String::new();
            if stream.read_to_string(&mut answer).await.is_ok() && answer.contains("200 OK") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(5), answered).await.expect("a place that is free again is given");

    // Behind a proxy each of its clients has its own.
    let relay = Relay::start(Config { address_connections: 1, proxies, insecure: true, ..Config::default() }).await;
    let session = relay.create().await;
    let path = format!("/ws/agent?token={}", session.token);
    let join = async |address: &str| {
        let handshake = [
            ("x-forwarded-for", address),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        relay.upgrade(&path, &handshake).await
    };
    let (status, _first) = join("198.51.100.1").await;
    let (again, _) = join("198.51.100.1").await;
    let (other, _second) = join("198.51.100.2").await;
    assert_eq!((status, again, other), (101, 429, 101));
}

#[tokio::test]
async fn one_address_creates_so_many_sessions() {
    let config = Config { create_burst: 2, create_refill: Duration::from_secs(60), ..Config::default() };
    let relay = Relay::start(config).await;
    for _ in 0..2 {
        relay.create().await;
    }
    let refused = relay.request("POST", "/api/sessions", &[], "").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "60"));
    assert_eq!(refused.error(), "too many sessions were created from this address: expected a pause");
    assert_eq!(metric(&relay, "cobrowse_throttled_total").await, 1);
}

#[tokio::test]
async fn what_the_api_answers_is_data() {
    let relay = Relay::start(Config::default()).await;
    for path in ["/healthz", "/readyz", "/api/rules", "/api/sessions/1"] {
        let answer = relay.get(path).await;
        assert_eq!(answer.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
    }
}
