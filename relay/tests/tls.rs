//! A relay with a certificate of its own, and a store behind one.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a panic is how a test fails")]

mod common;

use common::{PATIENCE, Redis, Relay, certificates::Authority};
use futures_util::{SinkExt, StreamExt};
use relay::{Config, tls};
use rustls::{
    ClientConfig, ProtocolVersion,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use serde_json::{Value, json};
use std::{
    fs, io,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

fn config(authority: &Authority) -> Config {
    let (tls_cert, tls_key) = (Some(authority.path("cert.pem")), Some(authority.path("key.pem")));
    Config { tls_cert, tls_key, ..Config::default() }
}

/// A client that believes the authority.
fn client(authority: &Authority) -> ClientConfig {
    tls::client(Some(&authority.ca())).unwrap()
}

async fn connect(relay: &Relay, config: ClientConfig) -> io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(relay.address).await?;
    let name = ServerName::try_from("127.0.0.1").unwrap();
    timeout(PATIENCE, TlsConnector::from(Arc::new(config)).connect(name, stream)).await.unwrap()
}

async fn ask(stream: &mut TlsStream<TcpStream>, request: &str) -> (u16, String, Value) {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.unwrap().unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), head.to_lowercase(), serde_json::from_str(body).unwrap_or_default())
}

type Socket = WebSocketStream<TlsStream<TcpStream>>;

async fn socket(relay: &Relay, authority: &Authority, path: &str) -> Socket {
    let stream = connect(relay, client(authority)).await.unwrap();
    client_async(format!("wss://127.0.0.1{path}"), stream).await.unwrap().0
}

/// The next binary message's kind, by its first byte.
async fn next(socket: &mut Socket) -> u8 {
    let next = async {
        loop {
            if let Message::Binary(bytes) = socket.next().await.unwrap().unwrap() {
                return bytes[0] & 3;
            }
        }
    };
    timeout(PATIENCE, next).await.unwrap()
}

/// The certificate that a new connection is shown.
async fn shown(relay: &Relay, authority: &Authority) -> Vec<u8> {
    let stream = connect(relay, client(authority)).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

#[tokio::test]
async fn a_session_goes_over_tls_and_through_another_certificate() {
    let authority = Authority::new();
    let first = authority.issue();
    let relay = Relay::start(config(&authority)).await;
    let mut stream = connect(&relay, client(&authority)).await.unwrap();
    let connection = stream.get_ref().1;
    assert_eq!(connection.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    assert_eq!(connection.alpn_protocol(), None, "who offers none is told none");
    let create = "POST /api/sessions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let (status, head, session) = ask(&mut stream, create).await;
    assert_eq!(status, 201);
    assert!(head.contains("strict-transport-security: max-age=31536000"), "{head}");
    let mut customer =
        socket(&relay, &authority, &format!("/ws/customer?token={}", session["token"].as_str().unwrap())).await;
    customer.send(Message::text(json!({ "secret": session["secret"] }).to_string())).await.unwrap();
    let mut agent =
        socket(&relay, &authority, &format!("/ws/agent?token={}", session["token"].as_str().unwrap())).await;
    // Joined and Welcome, then a long frame.
    assert_eq!((next(&mut agent).await, next(&mut agent).await), (3, 3));
    let frame = common::page(protocol::frame::Kind::Keyframe, 1, 300_000);
    customer.send(Message::binary(frame)).await.unwrap();
    assert_eq!(next(&mut agent).await, 1);

    // What is no certificate changes nothing; another one is shown to those who come then, and nobody is cut off.
    assert_eq!(shown(&relay, &authority).await, first);
    fs::write(authority.path("cert.pem"), "nonsense").unwrap();
    sleep(Duration::from_millis(1500)).await;
    assert_eq!(shown(&relay, &authority).await, first);
    let second = authority.issue();
    let changed = async {
        while shown(&relay, &authority).await != second {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(PATIENCE, changed).await.expect("the other certificate");
    let frame = common::page(protocol::frame::Kind::Delta, 2, 100);
    customer.send(Message::binary(frame)).await.unwrap();
    assert_eq!(next(&mut agent).await, 2);
}

#[tokio::test]
async fn only_what_is_safe_is_spoken() {
    let authority = Authority::new();
    authority.issue();
    let relay = Relay::start(config(&authority)).await;
    // TLS 1.2 is; a protocol that the relay does not speak is refused, and one that it does is named.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let old = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS12]).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority.ca()).unwrap()).unwrap();
    let old = connect(&relay, old.with_root_certificates(roots).with_no_client_auth()).await.unwrap();
    assert_eq!(old.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_2));
    let with = |protocols: &[&[u8]]| {
        let mut config = client(&authority);
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        config
    };
    let both = connect(&relay, with(&[b"h2", b"http/1.1"])).await.unwrap();
    assert_eq!(both.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    assert!(connect(&relay, with(&[b"h2"])).await.is_err());
    // Who does not believe the authority is not connected.
    let other = Authority::new();
    assert!(connect(&relay, client(&other)).await.is_err());
    // What is no TLS gets nothing.
    let mut plain = TcpStream::connect(relay.address).await.unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, plain.read_to_end(&mut answer)).await.unwrap();
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

#[tokio::test]
async fn who_does_not_finish_a_handshake_is_cut_off_and_counts_meanwhile() {
    let authority = Authority::new();
    authority.issue();
    let relay = Relay::start(Config { address_connections: 20, ..config(&authority) }).await;
    let began = Instant::now();
    let mut held = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(relay.address).await.unwrap();
        // The head of a handshake, and no more.
        stream.write_all(&[0x16, 3, 1, 2]).await.unwrap();
        held.push(stream);
    }
    sleep(Duration::from_millis(200)).await;
    assert!(connect(&relay, client(&authority)).await.is_err(), "an address has so many connections");
    for mut stream in held {
        let mut scrap = Vec::new();
        let _ = timeout(Duration::from_secs(15), stream.read_to_end(&mut scrap)).await.expect("it is cut off");
    }
    assert!(began.elapsed() > Duration::from_secs(9));
    assert!(connect(&relay, client(&authority)).await.is_ok());
}

#[tokio::test]
async fn a_certificate_and_its_key_belong_together() {
    let [authority, other] = [Authority::new(), Authority::new()];
    authority.issue();
    other.issue();
    let refused = |config: Config| config.check().unwrap_err().to_string();
    let alone = refused(Config { tls_key: None, ..config(&authority) });
    assert_eq!(alone, "tls-cert: expected the other of tls-cert and tls-key beside it, found none");
    let crossed = refused(Config { tls_key: Some(other.path("key.pem")), ..config(&authority) });
    assert!(
        crossed.starts_with("tls-cert: expected a certificate and its key, found") && crossed.contains("key.pem"),
        "{crossed}"
    );
    let missing = refused(Config { tls_cert: Some(authority.path("none.pem")), ..config(&authority) });
    assert!(missing.contains("none.pem"), "{missing}");
    let swapped = refused(Config { tls_cert: Some(authority.path("key.pem")), ..config(&authority) });
    assert!(swapped.contains("expected certificates in PEM, found none"), "{swapped}");
    assert_eq!(config(&authority).check(), Ok(()));
}

#[tokio::test]
async fn sessions_are_in_a_redis_that_speaks_tls() {
    let authority = Authority::new();
    authority.issue();
    let redis = Redis::start_with_tls(&authority).await;
    let address = format!("rediss://127.0.0.1:{}", redis.port);
    let relay =
        Relay::on(Config { ca: Some(authority.ca()), ..Config::default() }, std::slice::from_ref(&address)).await;
    let session = relay.create().await;
    let mut customer = relay.customer(&session).await;
    let mut agent = relay.agent(&session, "").await;
    agent.expect(&["Joined 1 Customer"]).await;
    customer.keyframe(1, 100_000).await;
    agent.expect(&["K1"]).await;

    // A server whose certificate is of somebody else's is not talked to.
    let other = Authority::new();
    let stranger = Relay::unready(Config { ca: Some(other.ca()), ..Config::default() }, &[address]).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(stranger.get("/readyz").await.status, 503);
}
