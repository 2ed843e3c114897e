//! Sessions over real connections: who may create, join, leave and stop one, and how everyone else is refused.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a panic is how a test fails")]

mod common;

use common::{PATIENCE, Relay};
use protocol::{Mode, control::Control};
use relay::Config;
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn a_session_is_created_shown_joined_and_stopped() {
    let relay = Relay::start(Config::default()).await;
    let created = relay.request("POST", "/api/sessions", &[], r#"{"mode": "view"}"#).await.json();
    let token = created["token"].as_str().unwrap();
    let secret = created["secret"].as_str().unwrap();
    assert!(token.len() == 9 && token.bytes().all(|digit| digit.is_ascii_digit()), "{token}");
    assert!(secret.len() >= 43, "at least 256 bits");
    assert!(created["expires"].as_u64() > created["created"].as_u64());

    let path = format!("/api/sessions/{token}");
    let shown = relay.get(&path).await.json();
    assert_eq!(
        (&shown["mode"], &shown["customer"], shown["agents"].as_array().unwrap().len()),
        (&"view".into(), &false.into(), 0)
    );
    assert!(shown.get("secret").is_none());

    let session = common::Session { token: token.into(), secret: secret.into() };
    let (mut customer, ready) = relay.customer_ready(&session).await;
    assert_eq!(ready, serde_json::json!({ "user": 1, "next": null }));
    let mut ann = relay.agent(&session, "Ann%20A").await;
    ann.expect(&["Joined 1 Customer"]).await;
    customer.expect(&["Joined 2 Agent Ann A"]).await;
    customer.control(Control::ModeChanged { mode: Mode::Shared }).await;
    ann.expect(&["ModeChanged shared"]).await;
    let shown = relay.get(&path).await.json();
    assert_eq!(shown["agents"], serde_json::json!([{ "user": 2, "name": "Ann A" }]));
    assert_eq!((&shown["mode"], &shown["customer"]), (&"shared".into(), &true.into()));

    let mut bob = relay.agent(&session, "Bob").await;
    bob.expect(&["Joined 1 Customer", "Joined 2 Agent Ann A", "ModeChanged shared"]).await;
    ann.expect(&["Joined 3 Agent Bob"]).await;
    customer.expect(&["Joined 3 Agent Bob"]).await;
    bob.0.close(None).await.unwrap();
    ann.expect(&["Left 3"]).await;
    customer.expect(&["Left 3"]).await;

    let bearer = format!("Bearer {secret}");
    let stopped = relay.request("DELETE", &path, &[("authorization", &bearer)], "").await;
    assert_eq!(stopped.status, 204);
    ann.expect(&["Ended Customer", "close 4000 the session ended"]).await;
    customer.expect(&["Ended Customer", "close 4000 the session ended"]).await;
    assert_eq!(relay.get(&path).await.status, 404);
    assert_eq!(relay.refused(&format!("/ws/agent?token={token}")).await, 404);
}

#[tokio::test]
async fn either_side_stops_a_session() {
    let relay = Relay::start(Config::default()).await;
    let reason = protocol::control::EndReason::Shutdown;
    for (by_customer, expected) in [(true, "Ended Customer"), (false, "Ended Agent")] {
        let session = relay.create().await;
        let mut customer = relay.customer(&session).await;
        let mut agent = relay.agent(&session, "").await;
        agent.expect(&["Joined 1 Customer"]).await;
        customer.expect(&["Joined 2 Agent"]).await;
        let stopping = if by_customer { &mut customer } else { &mut agent };
        stopping.control(Control::Ended { reason }).await;
        agent.expect(&[expected, "close 4000 the session ended"]).await;
        customer.expect(&[expected, "close 4000 the session ended"]).await;
    }
}

#[tokio::test]
async fn errors_say_what_was_expected() {
    let relay = Relay::start(Config { miss_burst: 0, ..Config::default() }).await;
    let session = relay.create().await;
    let live = format!("/api/sessions/{}", session.token);
    let wrong = [("authorization", "Bearer 00ff")];
    let expected = [
        ("GET", "/api/sessions/123", &[][..], "", 404, "token: expected nine digits of a live session"),
        ("GET", "/api/sessions/000000000", &[], "", 404, "token: expected that of a live session"),
        ("DELETE", &live, &[], "", 401, "authorization: expected Bearer and the session's secret"),
        ("DELETE", &live, &wrong, "", 401, "authorization: expected the session's secret"),
        ("PUT", &live, &[], "", 405, "another method was expected"),
        ("GET", "/ws/agent", &[], "", 400, "token: expected ?token= and nine digits"),
        ("GET", "/ws/agent?token=000000000", &[], "", 404, "token: expected that of a live session"),
        (
            "GET",
            "/elsewhere",
            &[],
            "",
            404,
            "nothing is here: expected /api/sessions, /ws/customer, /ws/agent or a page",
        ),
    ];
    for (method, path, headers, body, status, text) in expected {
        let answer = relay.request(method, path, headers, body).await;
        assert_eq!((answer.status, answer.error().as_str()), (status, text), "{method} {path}");
    }
    let plain = relay.get(&format!("/ws/agent?token={}", session.token)).await;
    assert_eq!((plain.status, plain.error().as_str()), (426, "expected a WebSocket handshake"));
    let long = relay.get(&format!("/ws/agent?token={}&name={}", session.token, "n".repeat(101))).await;
    assert_eq!((long.status, long.error().as_str()), (400, "name: expected at most 100 characters"));
    for body in ["{", r#"{"mode": "full"}"#, r#"{"more": 1}"#, "[]"] {
        let answer = relay.request("POST", "/api/sessions", &[], body).await;
        assert_eq!(answer.status, 400);
        assert!(answer.error().contains("expected"), "{}", answer.error());
    }
    let large = format!("{{\"mode\": \"{}\"}}", "x".repeat(5_000));
    assert_eq!(relay.request("POST", "/api/sessions", &[], &large).await.status, 413);
    assert_eq!(relay.get("/healthz").await.json(), serde_json::json!({ "status": "ok" }));
}

#[tokio::test]
async fn without_the_secret_nobody_is_the_customer() {
    let config = Config { secret_timeout: Duration::from_millis(100), ..Config::default() };
    let relay = Relay::start(config).await;
    let session = relay.create().await;
    let path = format!("/ws/customer?token={}", session.token);
    let long = format!("{{\"secret\": \"{}\"}}", "0".repeat(64));
    for first in [&long, "{}", "secret", ""] {
        let mut socket = relay.socket(&path).await.unwrap();
        socket.text(first).await;
        let (code, reason) = socket.closed().await;
        assert_eq!(code, 4001, "{reason}");
        assert!(reason.starts_with("secret: expected "), "{reason}");
    }
    let mut binary = relay.socket(&path).await.unwrap();
    binary.keyframe(1, 10).await;
    assert_eq!(binary.closed().await.0, 4001);
    let mut silent = relay.socket(&path).await.unwrap();
    assert_eq!(silent.closed().await, (4001, "secret: expected it as the first message, in time".into()));
    let shown = relay.get(&format!("/api/sessions/{}", session.token)).await.json();
    assert_eq!(shown["customer"], false);
}

#[tokio::test]
async fn wrong_guesses_are_limited_by_address() {
    let config = Config { miss_burst: 3, miss_refill: Duration::from_secs(600), ..Config::default() };
    let relay = Relay::start(config).await;
    let session = relay.create().await;
    let live = format!("/api/sessions/{}", session.token);
    assert_eq!(relay.get("/api/sessions/000000000").await.status, 404);
    assert_eq!(relay.refused("/ws/agent?token=000000000").await, 404);
    let wrong = relay.request("DELETE", &live, &[("authorization", "Bearer 1")], "").await;
    assert_eq!(wrong.status, 401);
    let limited = relay.get(&live).await;
    assert_eq!(limited.status, 429, "even a right token: a lucky guess must not get through");
    assert!(limited.header("retry-after").parse::<u64>().unwrap() > 500);
    assert_eq!(relay.refused(&format!("/ws/agent?token={}", session.token)).await, 429);
}

#[tokio::test]
async fn a_customer_may_come_back_until_the_time_for_it_is_over() {
    let config = Config { absence: Duration::from_millis(1500), ..Config::default() };
    let relay = Relay::start(config).await;
    let session = relay.create().await;
    let mut agent = relay.agent(&session, "").await;
    let mut customer = relay.customer(&session).await;
    customer.keyframe(1, 10).await;
    agent.expect(&["Joined 1 Customer", "K1"]).await;
    drop(customer);
    agent.expect(&["Left 1", "Absent"]).await;

    let (mut customer, ready) = relay.customer_ready(&session).await;
    assert_eq!(ready, serde_json::json!({ "user": 1, "next": 2 }));
    customer.delta(2, 10).await;
    agent.expect(&["Joined 1 Customer", "D2"]).await;

    let mut newer = relay.customer(&session).await;
    assert_eq!(customer.closed().await.0, 4004);
    newer.delta(3, 10).await;
    agent.expect(&["D3"]).await;

    drop(newer);
    agent.expect(&["Left 1", "Absent", "Ended Idle", "close 4000 the session ended"]).await;
    assert_eq!(relay.refused(&format!("/ws/customer?token={}", session.token)).await, 404);
}

#[tokio::test]
async fn a_page_that_says_it_is_being_left_is_waited_for_less_long() {
    let config = Config { grace: Duration::from_millis(200), absence: Duration::from_secs(100), ..Config::default() };
    let relay = Relay::start(config).await;
    let session = relay.create().await;
    let mut customer = relay.socket(&format!("/ws/customer?token={}", session.token)).await.unwrap();
    customer.text(&format!("{{\"secret\": \"{}\", \"taken\": true}}", session.secret)).await;
    let Message::Text(ready) = customer.message().await else { panic!("a text message was expected") };
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    assert_eq!(
        ready,
        serde_json::json!({ "user": 1, "next": null, "taken": 0, "connection": 1, "agents": [], "beat": 15000 })
    );
    let mut agent = relay.agent(&session, "").await;
    agent.expect(&["Joined 1 Customer"]).await;

    let path = format!("/api/sessions/{}/leaving", session.token);
    let beacon = async |secret: &str, connection: u64| {
        let body = serde_json::json!({ "secret": secret, "connection": connection }).to_string();
        relay.request("POST", &path, &[("content-type", "text/plain;charset=UTF-8")], &body).await.status
    };
    assert_eq!(beacon("00ff", 1).await, 401);
    assert_eq!(relay.request("POST", &path, &[], "{}").await.status, 400);
    assert_eq!(beacon(&session.secret, 1).await, 204);
    drop(customer);
    agent.expect(&["Left 1", "Absent", "Ended Left", "close 4000 the session ended"]).await;
    assert_eq!(beacon(&session.secret, 1).await, 404);
}

#[tokio::test]
async fn who_asks_is_told_that_the_relay_is_there() {
    let config = Config { ping_interval: Duration::from_millis(50), ..Config::default() };
    let relay = Relay::start(config).await;
    let session = relay.create().await;
    let mut agent = relay.socket(&format!("/ws/agent?token={}&beat=true", session.token)).await.unwrap();
    for expected in [r#"{"beat":50}"#, "{}", "{}"] {
        let text = loop {
            match agent.message().await {
                Message::Text(text) => break text,
                Message::Binary(_) => {} // That it is welcome.
                other => panic!("a text message was expected, found {other:?}"),
            }
        };
        assert_eq!(text.as_str(), expected);
    }
}

#[tokio::test]
async fn sessions_and_agents_are_counted() {
    let relay = Relay::start(Config { sessions: 1, agents: 1, ..Config::default() }).await;
    let session = relay.create().await;
    let full = relay.request("POST", "/api/sessions", &[], "").await;
    assert_eq!((full.status, full.error().as_str()), (503, "all 1 sessions are taken"));
    let mut agent = relay.agent(&session, "").await;
    // It is welcome: it is in.
    agent.message().await;
    assert_eq!(relay.refused(&format!("/ws/agent?token={}", session.token)).await, 409);
}

#[tokio::test]
async fn who_says_nothing_is_dropped_and_who_answers_pings_stays() {
    let config = Config {
        ping_interval: Duration::from_millis(100),
        silence: Duration::from_millis(1500),
        close_timeout: Duration::from_millis(100),
        ..Config::default()
    };
    let relay = Relay::start(config).await;
    let session = relay.create().await;
    let mut alive = relay.agent(&session, "alive").await;
    // A client that does not read does not answer pings either.
    let mut dead = relay.agent(&session, "dead").await;
    alive.expect(&["Joined 3 Agent dead", "Left 3"]).await;
    assert_eq!(dead.closed().await, (4005, "silent: nothing heard for 1.5s".into()));
    let mut other = relay.agent(&session, "other").await;
    alive.expect(&["Joined 4 Agent other"]).await;
    other.expect(&["Joined 2 Agent alive"]).await;
}

#[tokio::test]
async fn a_relay_that_stops_tells_everyone() {
    let mut relay = Relay::start(Config::default()).await;
    let session = relay.create().await;
    let mut customer = relay.customer(&session).await;
    let mut agent = relay.agent(&session, "").await;
    customer.keyframe(1, 100_000).await;
    agent.expect(&["Joined 1 Customer", "K1"]).await;
    relay.stop();
    customer.expect(&["Joined 2 Agent"]).await;
    for socket in [&mut agent, &mut customer] {
        if common::is_on_redis() {
            // The session goes on, on another node.
            assert_eq!(socket.closed().await, (4009, "unavailable: the relay is going down: connect again".into()));
        } else {
            socket.expect(&["Ended Shutdown", "close 4000 the session ended"]).await;
        }
    }
    drop((customer, agent));
    relay.stopped().await;
}

#[tokio::test]
async fn only_pages_of_configured_origins_may_ask() {
    let origins = Some(vec!["https://shop.example".to_owned()]);
    let relay = Relay::start(Config { origins, ..Config::default() }).await;
    let session = relay.create().await;
    let live = format!("/api/sessions/{}", session.token);

    let preflight = [
        ("origin", "https://shop.example"),
        ("access-control-request-method", "DELETE"),
        ("access-control-request-headers", "authorization"),
    ];
    let answer = relay.request("OPTIONS", &live, &preflight, "").await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), "https://shop.example");
    assert_eq!(answer.header("access-control-allow-methods"), "GET, POST, DELETE");
    assert_eq!(answer.header("access-control-allow-headers"), "authorization, content-type");

    let answer = relay.request("GET", &live, &[("origin", "https://shop.example")], "").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, "https://shop.example"));
    assert_eq!((answer.header("vary"), answer.header("cache-control")), ("origin", "no-store"));
    let own = format!("http://{}", relay.address);
    assert_eq!(relay.request("GET", &live, &[("origin", &own)], "").await.status, 200);
    let other = relay.request("GET", &live, &[("origin", "https://other.example")], "").await;
    assert_eq!((other.status, other.header("access-control-allow-origin")), (403, ""));

    let agent = format!("/ws/agent?token={}", session.token);
    let handshake = [
        ("origin", "https://other.example"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    assert_eq!(relay.request("GET", &agent, &handshake, "").await.status, 403);

    let open = Relay::start(Config::default()).await;
    let answer = open.request("POST", "/api/sessions", &[("origin", "https://any.example")], "").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (201, "*"));
}

#[tokio::test]
async fn a_setting_out_of_range_is_an_error() {
    let relay = Relay::start(Config { agents: 0, ..Config::default() }).await;
    let refused = timeout(PATIENCE, relay.into_served()).await.unwrap();
    assert_eq!(refused.unwrap_err().to_string(), "agents: expected 1 to 1000, found 0");
}

#[tokio::test]
async fn an_agent_gets_nothing_of_the_page_before_the_customer_has_been_shown_who_it_is() {
    let relay = Relay::start(Config::default()).await;
    let session = relay.create().await;
    let mut customer = relay.telling_customer(&session).await;
    customer.keyframe(1, 100).await;
    let mut first = relay.agent(&session, "first").await;
    first.expect(&["Joined 1 Customer"]).await;
    customer.expect(&["Joined 2 Agent first"]).await;
    customer.delta(2, 100).await;
    first.gets_no_page().await;
    customer.control(Control::Welcome { user: 2 }).await;
    first.expect(&["K1", "D2"]).await;

    // Each one for itself.
    let mut second = relay.agent(&session, "second").await;
    customer.expect(&["Joined 3 Agent second"]).await;
    customer.delta(3, 100).await;
    second.gets_no_page().await;
    first.expect(&["Joined 3 Agent second", "D3"]).await;
    // Who has left is not meant by what is said of its number.
    drop(first);
    customer.expect(&["Left 2"]).await;
    customer.control(Control::Welcome { user: 2 }).await;
    second.gets_no_page().await;

    // Nor does it get anything while the customer's page is away; the next page is told who is there.
    drop(customer);
    second.gets_no_page().await;
    let mut customer = relay.telling_customer(&session).await;
    customer.expect(&["Joined 3 Agent second"]).await;
    customer.keyframe(1, 100).await;
    second.gets_no_page().await;
    customer.control(Control::Welcome { user: 3 }).await;
    second.expect(&["K1"]).await;
    customer.delta(2, 100).await;
    second.expect(&["D2"]).await;
}

#[tokio::test]
async fn an_agent_who_waits_for_an_invited_customer_gets_the_page_when_it_is_shown() {
    let secret = "a secret for invitations";
    let relay = Relay::start(Config { invite_secret: Some(secret.to_owned()), ..Config::default() }).await;
    let shown = format!("Bearer {secret}");
    let made = relay.request("POST", "/api/sessions", &[("authorization", &shown)], "{\"invite\": true}").await.json();
    let token = made["token"].as_str().unwrap().to_owned();
    let mut session = common::Session { token, secret: String::new() };
    let mut agent = relay.agent(&session, "desk").await;
    agent.message().await;
    let taken = relay.request("POST", &format!("/api/sessions/{}/take", session.token), &[], "").await.json();
    session.secret = taken["secret"].as_str().unwrap().to_owned();
    let mut customer = relay.telling_customer(&session).await;
    customer.expect(&["Joined 2 Agent desk"]).await;
    customer.keyframe(1, 100).await;
    agent.gets_no_page().await;
    customer.control(Control::Welcome { user: 2 }).await;
    agent.expect(&["K1"]).await;
}
