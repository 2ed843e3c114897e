//! ICE servers over HTTP: for who names a live session, and for nobody else.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a panic is how a test fails")]

mod common;

use common::Relay;
use relay::Config;
use serde_json::json;
use std::fs;

#[tokio::test]
async fn servers_are_told_to_who_knows_a_session() {
    let path = std::env::temp_dir().join(format!("cobrowse-ice-{}.json", std::process::id()));
    let turn = json!({ "urls": "turn:turn.example", "username": "u", "credential": "c" });
    fs::write(&path, json!([turn]).to_string()).unwrap();
    let relay = Relay::start(Config { ice_servers: Some(path.clone()), ..Config::default() }).await;
    let token = relay.create().await.token;
    let answer = relay.get(&format!("/api/sessions/{token}/ice")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json(), json!({ "iceServers": [turn] }));
    let other = if token == "000000001" { "000000002" } else { "000000001" };
    assert_eq!(relay.get(&format!("/api/sessions/{other}/ice")).await.status, 404, "a session that is none");
    fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn without_a_file_there_are_none() {
    let relay = Relay::start(Config::default()).await;
    let token = relay.create().await.token;
    assert_eq!(relay.get(&format!("/api/sessions/{token}/ice")).await.json(), json!({ "iceServers": [] }));
}
