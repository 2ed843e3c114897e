//! Privacy rules over HTTP: what pages get, while a file changes and without one.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a panic is how a test fails")]

mod common;

use common::Relay;
use relay::Config;
use serde_json::{Value, json};
use std::{fs, time::Duration};

async fn rules(relay: &Relay) -> Value {
    let answer = relay.get("/api/rules").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn pages_get_the_rules_of_the_file_that_was_last_understood() {
    let path = std::env::temp_dir().join(format!("cobrowse-rules-served-{}.json", std::process::id()));
    fs::write(&path, r#"{ "rules": [{ "mask": ".a" }] }"#).unwrap();
    let relay = Relay::start(Config { rules: Some(path.clone()), ..Config::default() }).await;
    let first = rules(&relay).await;
    assert_eq!(first, json!({ "rules": [{ "mask": [".a"] }] }));
    fs::write(&path, "{ \"rules\": [{ \"mask\": \".a[\" }] }").unwrap();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(rules(&relay).await, first, "a bad file");
    fs::write(&path, r#"{ "private": true, "rules": [] }"#).unwrap();
    let mut now = first;
    for _ in 0..50 {
        now = rules(&relay).await;
        if now["private"] == true {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(now, json!({ "private": true, "rules": [] }));
    fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn without_a_file_there_are_no_rules() {
    let relay = Relay::start(Config::default()).await;
    assert_eq!(rules(&relay).await, json!({ "rules": [] }));
}
