//! Two relays with one Redis, and with two: who is told what, across them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a panic is how a test fails")]

mod common;

use common::{Redis, Relay};
use protocol::{Mode, control::Control};
use relay::Config;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

async fn two(config: Config, stores: &[&Redis]) -> [Relay; 2] {
    let addresses: Vec<String> = stores.iter().map(|redis| redis.address()).collect();
    [Relay::on(config.clone(), &addresses).await, Relay::on(config, &addresses).await]
}

/// How many keys a Redis has.
async fn keys(redis: &Redis) -> u32 {
    let mut stream = TcpStream::connect(("127.0.0.1", redis.port)).await.unwrap();
    stream.write_all(b"DBSIZE\r\n").await.unwrap();
    let mut answer = [0; 32];
    let read = stream.read(&mut answer).await.unwrap();
    std::str::from_utf8(&answer[1..read]).unwrap().trim().parse().unwrap()
}

#[tokio::test]
async fn either_relay_serves_either_side() {
    let redis = Redis::start().await;
    let [one, other] = two(Config { agents: 2, ..Config::default() }, &[&redis]).await;
    let session = one.create().await;
    let mut customer = other.customer(&session).await;
    let mut ann = one.agent(&session, "Ann").await;
    ann.expect(&["Joined 1 Customer"]).await;
    customer.expect(&["Joined 2 Agent Ann"]).await;
    let mut bob = other.agent(&session, "Bob").await;
    bob.expect(&["Joined 1 Customer", "Joined 2 Agent Ann"]).await;
    ann.expect(&["Joined 3 Agent Bob"]).await;
    customer.expect(&["Joined 3 Agent Bob"]).await;
    for relay in [&one, &other] {
        assert_eq!(relay.refused(&format!("/ws/agent?token={}", session.token)).await, 409, "two agents in all");
        let shown = relay.get(&format!("/api/sessions/{}", session.token)).await.json();
        assert_eq!((shown["agents"].as_array().unwrap().len(), shown["customer"].as_bool()), (2, Some(true)));
    }
    customer.control(Control::ModeChanged { mode: Mode::Shared }).await;
    customer.keyframe(1, 20_000).await;
    customer.delta(2, 100).await;
    for agent in [&mut ann, &mut bob] {
        agent.expect(&["ModeChanged shared", "K1", "D2"]).await;
    }
    ann.control(Control::Click { node: 1, x: 0, y: 0 }).await;
    customer.expect(&["Click"]).await;
    ann.0.close(None).await.unwrap();
    bob.expect(&["Left 2"]).await;
    customer.expect(&["Left 2"]).await;

    let bearer = format!("Bearer {}", session.secret);
    let path = format!("/api/sessions/{}", session.token);
    assert_eq!(one.request("DELETE", &path, &[("authorization", &bearer)], "").await.status, 204);
    customer.expect(&["Ended Customer", "close 4000 the session ended"]).await;
    bob.expect(&["Ended Customer", "close 4000 the session ended"]).await;
    assert_eq!((one.get(&path).await.status, other.get(&path).await.status), (404, 404));
}

#[tokio::test]
async fn a_customer_who_comes_to_the_other_relay_goes_on_there_and_nowhere_else() {
    let redis = Redis::start().await;
    let [one, other] = two(Config::default(), &[&redis]).await;
    let session = one.create().await;
    let mut older = one.customer(&session).await;
    let mut agent = one.agent(&session, "").await;
    older.keyframe(7, 100).await;
    older.delta(8, 100).await;
    agent.expect(&["Joined 1 Customer", "K7", "D8"]).await;
    let (mut newer, ready) = other.customer_ready(&session).await;
    assert_eq!(ready["next"], 9, "it goes on where the other one was");
    assert_eq!(older.closed().await.0, 4004);
    // The agent is told of no change: it is the same customer.
    newer.delta(9, 100).await;
    newer.delta(10, 100).await;
    agent.expect(&["D9", "D10"]).await;
}

#[tokio::test]
async fn what_an_agent_lacks_is_asked_for_at_the_customers_relay() {
    let redis = Redis::start().await;
    let config = Config { log_bytes: 2_000, keyframe_interval: Duration::from_millis(50), ..Config::default() };
    let [one, other] = two(config, &[&redis]).await;
    let session = one.create().await;
    let mut customer = one.customer(&session).await;
    customer.keyframe(1, 1_000).await;
    customer.delta(2, 1_000).await;
    customer.delta(3, 1_000).await;
    let mut first = one.agent(&session, "").await;
    first.expect(&["Joined 1 Customer"]).await;
    // Behind this all three are in the log, which is then above its most.
    customer.control(Control::Paused {}).await;
    while first.next().await != "Paused" {}
    let mut agent = other.agent(&session, "").await;
    agent.expect(&["Joined 1 Customer", "Joined 2 Agent", "Paused"]).await;
    customer.expect(&["Joined 2 Agent"]).await;
    while customer.next().await != "KeyframeRequest" {}
    customer.keyframe(4, 100).await;
    customer.delta(5, 100).await;
    agent.expect(&["K4", "D5"]).await;
    // A gap is noticed where it is made, and shown nowhere.
    customer.delta(9, 100).await;
    while customer.next().await != "KeyframeRequest" {}
    customer.keyframe(10, 100).await;
    agent.expect(&["K10"]).await;
}

#[tokio::test]
async fn sessions_are_spread_over_several_servers_and_each_is_on_one() {
    let (first, second) = (Redis::start().await, Redis::start().await);
    let [one, other] = two(Config::default(), &[&first, &second]).await;
    // What each relay says of itself.
    let before = (keys(&first).await, keys(&second).await);
    for _ in 0..20 {
        let session = one.create().await;
        let mut customer = one.customer(&session).await;
        let mut agent = other.agent(&session, "").await;
        customer.keyframe(1, 100).await;
        agent.expect(&["Joined 1 Customer", "K1"]).await;
    }
    let (here, there) = (keys(&first).await - before.0, keys(&second).await - before.1);
    // Two keys a session, and the count on each server.
    assert!(here > 4 && there > 4 && here + there >= 40, "{here} and {there} keys");
}

#[tokio::test]
async fn a_session_that_nobody_comes_to_is_gone_by_itself() {
    let redis = Redis::start().await;
    let config = Config { absence: Duration::from_millis(600), ..Config::default() };
    let [one, other] = two(config, &[&redis]).await;
    let session = one.create().await;
    let path = format!("/api/sessions/{}", session.token);
    assert_eq!(other.get(&path).await.status, 200);
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert_eq!((one.get(&path).await.status, other.get(&path).await.status), (404, 404));
    // With an agent in it, who is told.
    let session = one.create().await;
    let mut agent = other.agent(&session, "").await;
    agent.expect(&["Ended Idle", "close 4000 the session ended"]).await;
}

/// A way to a Redis that can be cut: while it is, what comes over it goes nowhere.
async fn cable(redis: u16) -> (String, tokio::sync::watch::Sender<bool>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("redis://{}", listener.local_addr().unwrap());
    let (cut, is_cut) = tokio::sync::watch::channel(false);
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let mut is_cut = is_cut.clone();
            tokio::spawn(async move {
                if *is_cut.borrow() {
                    return;
                }
                let mut far = TcpStream::connect(("127.0.0.1", redis)).await.unwrap();
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                    _ = is_cut.wait_for(|is_cut| *is_cut) => {}
                }
            });
        }
    });
    (address, cut)
}

#[tokio::test]
async fn who_was_said_to_have_left_does_not_watch_unseen() {
    let redis = Redis::start().await;
    let (address, cut) = cable(redis.port).await;
    let one = Relay::on(Config::default(), &[address]).await;
    let other = Relay::on(Config::default(), &[redis.address()]).await;
    let session = other.create().await;
    let mut customer = other.customer(&session).await;
    let mut agent = one.agent(&session, "Ann").await;
    customer.expect(&["Joined 2 Agent Ann"]).await;
    customer.keyframe(1, 100).await;
    agent.expect(&["Joined 1 Customer", "K1"]).await;
    cut.send(true).unwrap();
    // Longer than the lease, and with so much said meanwhile that the log no longer tells of it.
    tokio::time::sleep(Duration::from_secs(13)).await;
    customer.expect(&["Left 2"]).await;
    customer.keyframe(2, 100).await;
    tokio::time::sleep(Duration::from_millis(2500)).await;
    customer.delta(3, 100).await;
    cut.send(false).unwrap();
    let closed = tokio::time::timeout(Duration::from_secs(10), agent.closed()).await.expect("the agent is sent away");
    assert_eq!(closed.0, 4009, "{closed:?}");
    let again = one.agent(&session, "Ann").await;
    customer.expect(&["Joined 3 Agent Ann"]).await;
    drop(again);
}
