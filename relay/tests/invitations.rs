//! Sessions that two sides meet in who were brought together elsewhere: by a reference, or by an agent's invitation; and
//! which pages may have the agent's page in a frame.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a panic is how a test fails")]

mod common;

use common::{Relay, Session};
use relay::Config;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const REFERENCE: &str = "cc05f2b9-916b-496e-89fe-66a46d975ae2#7904fffd-fc68-4d93-b611-4dc06ab26bf4";
const PATH: &str = "/api/references/cc05f2b9-916b-496e-89fe-66a46d975ae2%237904fffd-fc68-4d93-b611-4dc06ab26bf4";
const SECRET: &str = "a secret for invitations";
const BEARER: (&str, &str) = ("authorization", "Bearer a secret for invitations");

fn inviting() -> Config {
    Config { invite_secret: Some(SECRET.to_owned()), ..Config::default() }
}

async fn invite(relay: &Relay, body: &Value) -> Value {
    let answer = relay.request("POST", "/api/sessions", &[BEARER], &body.to_string()).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

fn take(token: &Value) -> String {
    format!("/api/sessions/{}/take", token.as_str().unwrap())
}

#[tokio::test]
async fn a_session_is_found_by_its_reference() {
    let relay = Relay::start(Config::default()).await;
    assert_eq!(relay.get(PATH).await.error(), "reference: expected that of a live session");
    let body = json!({ "mode": "view", "reference": REFERENCE }).to_string();
    let created = relay.request("POST", "/api/sessions", &[], &body).await.json();
    let found = relay.get(PATH).await.json();
    assert_eq!(found["token"], created["token"]);
    assert_eq!(
        (&found["reference"], &found["open"], &found["mode"]),
        (&json!(REFERENCE), &json!(false), &json!("view"))
    );
    let by_token = relay.get(&format!("/api/sessions/{}", created["token"].as_str().unwrap())).await.json();
    assert_eq!(by_token, found);

    let bearer = format!("Bearer {}", created["secret"].as_str().unwrap());
    let path = format!("/api/sessions/{}", created["token"].as_str().unwrap());
    assert_eq!(relay.request("DELETE", &path, &[("authorization", &bearer)], "").await.status, 204);
    assert_eq!(relay.get(PATH).await.status, 404);
}

#[tokio::test]
async fn who_waits_for_a_reference_gets_it_when_it_is_there() {
    let relay = Relay::start(Config::default()).await;
    let from = Instant::now();
    let path = format!("{PATH}?wait=20");
    let create = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        relay.request("POST", "/api/sessions", &[], &json!({ "reference": REFERENCE }).to_string()).await.json()
    };
    let (found, created) = tokio::join!(relay.get(&path), create);
    assert_eq!(found.json()["token"], created["token"]);
    assert!(from.elapsed() < Duration::from_secs(10), "{:?}", from.elapsed());
    let from = Instant::now();
    assert_eq!(relay.get("/api/references/another-conversation?wait=1").await.status, 404);
    assert!(from.elapsed() >= Duration::from_secs(1), "{:?}", from.elapsed());
}

#[tokio::test]
async fn wrong_references_are_counted_and_malformed_ones_named() {
    let relay = Relay::start(Config { miss_burst: 3, ..Config::default() }).await;
    let short = relay.get("/api/references/12345").await;
    assert_eq!((short.status, short.error().as_str()), (400, "reference: expected 16 to 200 visible ASCII characters"));
    let long = relay.get(&format!("{PATH}?wait=26")).await;
    assert_eq!((long.status, long.error().as_str()), (400, "wait: expected 0 to 25 seconds, found 26"));
    let body = json!({ "reference": "too short" }).to_string();
    assert_eq!(relay.request("POST", "/api/sessions", &[], &body).await.status, 400);
    for _ in 0..2 {
        assert_eq!(relay.get(PATH).await.status, 404);
    }
    // Who asks to wait, and goes, has guessed, too.
    let mut hasty = tokio::net::TcpStream::connect(relay.address).await.unwrap();
    let request = format!("GET {PATH}?wait=20 HTTP/1.1\r\nhost: {}\r\n\r\n", relay.address);
    tokio::io::AsyncWriteExt::write_all(&mut hasty, request.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(hasty);
    assert_eq!(relay.get(PATH).await.status, 429);
}

#[tokio::test]
async fn an_agent_invites_and_one_customer_takes_it() {
    let relay = Relay::start(inviting()).await;
    let made = invite(&relay, &json!({ "mode": "shared", "reference": REFERENCE, "invite": true })).await;
    assert_eq!(made["secret"], Value::Null);
    let token = made["token"].as_str().unwrap().to_owned();
    assert_eq!(relay.get(PATH).await.json()["open"], true);

    // The agent waits in the session, and is told who comes.
    let nobody = Session { token: token.clone(), secret: "0".repeat(64) };
    let mut agent = relay.agent(&nobody, "Ann").await;
    relay.has_agents(&token, 1).await;
    let shown = relay.get(&format!("/api/sessions/{token}")).await.json();
    assert_eq!(shown["agents"], json!([{ "user": 2, "name": "Ann" }]));
    // Nobody is its customer yet, whatever the secret.
    let mut early = relay.socket(&format!("/ws/customer?token={token}")).await.unwrap();
    early.text(&json!({ "secret": nobody.secret }).to_string()).await;
    assert_eq!(early.closed().await.0, 4001);

    let taken = relay.request("POST", &take(&made["token"]), &[], "").await;
    assert_eq!(taken.status, 200, "{taken:?}");
    let taken = taken.json();
    assert_eq!((&taken["token"], &taken["mode"]), (&made["token"], &json!("shared")));
    let customer = Session { token, secret: taken["secret"].as_str().unwrap().to_owned() };
    assert_eq!(customer.secret.len(), 64);
    let (_customer, ready) = relay.customer_ready(&customer).await;
    assert_eq!(ready, json!({ "user": 1, "next": null }));
    agent.expect(&["Joined 1 Customer"]).await;

    // Once is once.
    let again = relay.request("POST", &take(&made["token"]), &[], "").await;
    assert_eq!(
        (again.status, again.error().as_str()),
        (409, "token: expected that of an invitation that nobody has taken")
    );
}

#[tokio::test]
async fn an_invitation_expires_and_can_be_withdrawn() {
    let relay = Relay::start(Config { absence: Duration::from_millis(300), ..inviting() }).await;
    let made = invite(&relay, &json!({ "invite": true })).await;
    let session = Session { token: made["token"].as_str().unwrap().to_owned(), secret: String::new() };
    let mut agent = relay.agent(&session, "").await;
    agent.expect(&["Ended Idle"]).await;
    assert_eq!(relay.request("POST", &take(&made["token"]), &[], "").await.status, 404);

    let relay = Relay::start(inviting()).await;
    let made = invite(&relay, &json!({ "invite": true })).await;
    let session = Session { token: made["token"].as_str().unwrap().to_owned(), secret: String::new() };
    let mut agent = relay.agent(&session, "").await;
    agent.control(protocol::control::Control::Ended { reason: protocol::control::EndReason::Agent }).await;
    agent.expect(&["Ended Agent"]).await;
    assert_eq!(relay.request("POST", &take(&made["token"]), &[], "").await.status, 404);
}

#[tokio::test]
async fn a_customer_who_declines_is_told_of() {
    let relay = Relay::start(inviting()).await;
    let made = invite(&relay, &json!({ "invite": true })).await;
    let session = Session { token: made["token"].as_str().unwrap().to_owned(), secret: String::new() };
    let mut agent = relay.agent(&session, "").await;
    relay.has_agents(&session.token, 1).await;
    let path = take(&made["token"]).replace("/take", "/decline");
    assert_eq!(relay.request("POST", &path, &[], "").await.status, 204);
    agent.expect(&["Ended Declined"]).await;
    // Not so a session that has its customer.
    let own = relay.create().await;
    let path = format!("/api/sessions/{}/decline", own.token);
    assert_eq!(relay.request("POST", &path, &[], "").await.status, 409);
    assert_eq!(relay.get(&format!("/api/sessions/{}", own.token)).await.status, 200);
}

#[tokio::test]
async fn only_who_has_the_secret_invites() {
    let without = Relay::start(Config::default()).await;
    let body = json!({ "invite": true }).to_string();
    let refused = without.request("POST", "/api/sessions", &[BEARER], &body).await;
    assert_eq!(refused.status, 404);
    assert_eq!(refused.error(), "invite: expected a relay with a secret for invitations (--invite-secret)");

    let relay = Relay::start(Config { miss_burst: 2, ..inviting() }).await;
    let wrong = ("authorization", "Bearer another");
    assert_eq!(relay.request("POST", "/api/sessions", &[], &body).await.status, 401);
    assert_eq!(relay.request("POST", "/api/sessions", &[wrong], &body).await.status, 401);
    assert_eq!(relay.request("POST", "/api/sessions", &[BEARER], &body).await.status, 429);
    // Who makes a session as its customer needs none, and nobody else can take it.
    let own = relay.create().await;
    let relay = Relay::start(inviting()).await;
    assert_eq!(relay.request("POST", &format!("/api/sessions/{}/take", own.token), &[], "").await.status, 404);
    let own = relay.create().await;
    assert_eq!(relay.request("POST", &format!("/api/sessions/{}/take", own.token), &[], "").await.status, 409);
}

#[tokio::test]
async fn pages_say_who_may_have_them_in_a_frame() {
    let folder = std::env::temp_dir().join(format!("cobrowse-frames-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for page in ["slave.html", "hold.html"] {
        std::fs::write(folder.join(page), "<!DOCTYPE html>").unwrap();
    }
    let ancestors = vec!["https://org.crm.dynamics.com".to_owned(), "https://*.desk.example".to_owned()];
    let config = Config { pages: Some(folder.clone()), frame_ancestors: Some(ancestors), ..Config::default() };
    let relay = Relay::start(config).await;
    let policy = "frame-ancestors 'self' https://org.crm.dynamics.com https://*.desk.example";
    // However the path is written.
    for path in ["/slave.html", "/sl%61ve.html", "/h%6Fld.html"] {
        let answer = relay.get(path).await;
        assert_eq!((answer.status, answer.header("content-security-policy")), (200, policy), "{path}");
    }
    assert_eq!(relay.get("/hold.html").await.header("content-security-policy"), "");
    let allowed =
        async |origin: &str| relay.get(&format!("/api/embedding?origin={origin}")).await.json()["allowed"].clone();
    assert_eq!(allowed("https://org.crm.dynamics.com").await, true);
    assert_eq!(allowed("https://a.desk.example").await, true);
    assert_eq!(allowed("https://evil.example").await, false);
    assert_eq!(relay.get("/api/embedding").await.error(), "origin: expected ?origin= and that of a page");

    let relay = Relay::start(Config { pages: Some(folder.clone()), ..Config::default() }).await;
    assert_eq!(relay.get("/slave.html").await.header("content-security-policy"), "");
    assert_eq!(relay.get("/api/embedding?origin=https://org.crm.dynamics.com").await.json()["allowed"], false);
    std::fs::remove_dir_all(folder).unwrap();
}
