//! Frames over real connections: what agents are sent and when, and what is refused.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a panic is how a test fails")]

mod common;

use common::{Relay, page};
use protocol::{Limits, control::Control, frame::Kind};
use relay::Config;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn a_late_agent_gets_keyframe_and_deltas_then_live() {
    let relay = Relay::start(Config::default()).await;
    let session = relay.create().await;
    let mut customer = relay.customer(&session).await;
    let mut first = relay.agent(&session, "").await;
    first.expect(&["Joined 1 Customer"]).await;
    customer.expect(&["Joined 2 Agent"]).await;
    customer.keyframe(1, 300_000).await;
    for seq in 2..=50 {
        customer.delta(seq, 1_000).await;
    }
    let deltas: Vec<String> = (2..=100).map(|seq| format!("D{seq}")).collect();
    first.expect(&["K1"]).await;
    for delta in &deltas[..49] {
        first.expect(&[delta]).await;
    }
    let mut late = relay.agent(&session, "").await;
    for seq in 51..=100 {
        customer.delta(seq, 1_000).await;
    }
    late.expect(&["Joined 1 Customer", "Joined 2 Agent", "K1"]).await;
    for delta in &deltas {
        late.expect(&[delta]).await;
    }
    // Nobody asked for a keyframe on the way.
    first.control(Control::Click { node: 1, x: 0, y: 0 }).await;
    customer.expect(&["Joined 3 Agent", "Click"]).await;
}

#[tokio::test]
async fn an_agent_without_a_log_waits_for_the_keyframe_asked_for() {
    let config = Config { log_bytes: 5_000, keyframe_interval: Duration::from_millis(20), ..Config::default() };
    let relay = Relay::start(config).await;
    let session = relay.create().await;
    let mut customer = relay.customer(&session).await;
    let mut first = relay.agent(&session, "").await;
    customer.keyframe(1, 1_000).await;
    for seq in 2..10 {
        customer.delta(seq, 1_000).await;
    }
    first.expect(&["Joined 1 Customer", "K1", "D2", "D3", "D4", "D5", "D6", "D7", "D8", "D9"]).await;
    let mut agent = relay.agent(&session, "").await;
    agent.expect(&["Joined 1 Customer", "Joined 2 Agent"]).await;
    customer.expect(&["Joined 2 Agent", "Joined 3 Agent", "KeyframeRequest"]).await;
    customer.delta(10, 10).await;
    customer.keyframe(11, 10).await;
    customer.delta(12, 10).await;
    agent.expect(&["K11", "D12"]).await;
    first.expect(&["Joined 3 Agent", "D10", "K11", "D12"]).await;
}

#[tokio::test]
async fn an_agent_who_lost_step_asks_and_is_answered() {
    let config = Config { keyframe_interval: Duration::from_millis(20), ..Config::default() };
    let relay = Relay::start(config).await;
    let session = relay.create().await;
    let mut customer = relay.customer(&session).await;
    customer.keyframe(1, 10).await;
    let mut agent = relay.agent(&session, "").await;
    agent.expect(&["Joined 1 Customer", "K1"]).await;
    agent.control(Control::KeyframeRequest {}).await;
    customer.expect(&["Joined 2 Agent", "KeyframeRequest"]).await;
    customer.keyframe(2, 10).await;
    agent.expect(&["K2"]).await;
}

#[tokio::test]
async fn after_a_gap_a_keyframe_is_asked_for() {
    let config = Config { keyframe_interval: Duration::from_millis(20), ..Config::default() };
    let relay = Relay::start(config).await;
    let session = relay.create().await;
    let mut customer = relay.customer(&session).await;
    let mut agent = relay.agent(&session, "").await;
    customer.keyframe(1, 10).await;
    customer.delta(2, 10).await;
    customer.delta(4, 10).await;
    customer.delta(5, 10).await;
    customer.expect(&["Joined 2 Agent", "KeyframeRequest"]).await;
    customer.keyframe(6, 10).await;
    customer.delta(7, 10).await;
    agent.expect(&["Joined 1 Customer", "K1", "D2", "K6", "D7"]).await;
}

#[tokio::test]
async fn commands_reach_the_customer_and_answers_the_agents() {
    let relay = Relay::start(Config::default()).await;
    let session = relay.create().await;
    let mut customer = relay.customer(&session).await;
    let mut agent = relay.agent(&session, "").await;
    agent.expect(&["Joined 1 Customer"]).await;
    customer.expect(&["Joined 2 Agent"]).await;
    agent.control(Control::Scroll { node: 0, x: 0.0, y: 10.0 }).await;
    agent.control(Control::Input { node: 4, value: "text".into() }).await;
    customer.expect(&["Scroll", "Input"]).await;
    agent.control(Control::Pointer { x: 1, y: 2 }).await;
    customer.expect(&["Pointer"]).await;
    customer.control(Control::Paused {}).await;
    customer.control(Control::Resumed {}).await;
    agent.expect(&["Paused", "Resumed"]).await;
}

#[tokio::test]
async fn what_a_side_may_not_send_costs_its_connection() {
    let relay = Relay::start(Config::default()).await;
    let session = relay.create().await;
    let mut customer = relay.customer(&session).await;
    let mut forged = page(Kind::Control, 1, 10);
    forged[0] = 0x4f;
    let cases = [
        (page(Kind::Delta, 1, 10), "protocol: expected a control frame from an agent, found Delta"),
        (page(Kind::Keyframe, 1, 10), "protocol: expected a control frame from an agent, found Keyframe"),
        (Vec::new(), "protocol: frame 0, byte 0: expected a frame, found no bytes"),
        (forged, "protocol: frame 0, byte 0: expected version 1, found version 4"),
        (
            Control::Paused {}.to_frame(0, 0).unwrap(),
            "protocol: expected KeyframeRequest, RepairRequest, Missing, Pointer, Scroll, Click, Input or Ended, found Paused",
        ),
    ];
    for (bytes, reason) in cases {
        let mut agent = relay.agent(&session, "").await;
        agent.bytes(bytes).await;
        assert_eq!(agent.closed().await, (4002, reason.to_owned()));
        assert!(customer.next().await.starts_with("Joined"));
        assert!(customer.next().await.starts_with("Left"));
    }
    let mut agent = relay.agent(&session, "").await;
    agent.text("hello").await;
    assert_eq!(agent.closed().await, (4002, "protocol: expected a binary message, found text".into()));
    customer.control(Control::Left { user: 2 }).await;
    assert_eq!(customer.closed().await.0, 4002);
}

#[tokio::test]
async fn an_oversized_message_is_refused_with_its_limit() {
    let relay = Relay::start(Config { frame_bytes: 100_000, ..Config::default() }).await;
    let session = relay.create().await;
    let mut customer = relay.customer(&session).await;
    let mut agent = relay.agent(&session, "").await;
    agent.expect(&["Joined 1 Customer"]).await;
    customer.keyframe(1, 99_900).await;
    agent.expect(&["K1"]).await;
    customer.keyframe(2, 2_000_000).await;
    assert_eq!(customer.closed().await, (4003, "too large: expected at most 100000 bytes".into()));
    agent.expect(&["Left 1"]).await;
    agent.bytes(vec![0x13; Limits::CONTROL_BYTES + 1]).await;
    assert_eq!(agent.closed().await, (4003, "too large: expected at most 65536 bytes".into()));
}

#[tokio::test]
async fn a_slow_agent_slows_nobody() {
    let config = Config {
        log_bytes: 2 << 20,
        queue_bytes: 1 << 20,
        keyframe_interval: Duration::from_millis(20),
        ..Config::default()
    };
    let relay = Relay::start(config).await;
    let session = relay.create().await;
    let mut customer = relay.customer(&session).await;
    let mut slow = relay.agent(&session, "slow").await;
    let mut quick = relay.agent(&session, "quick").await;
    customer.keyframe(1, 1_000).await;
    quick.expect(&["Joined 1 Customer", "Joined 2 Agent slow", "K1"]).await;
    // 64 MB, far more than sockets buffer. The slow agent reads nothing of it meanwhile; did anyone wait for it, the
    // quick one's frames would not come.
    for seq in 2..=1_000 {
        customer.delta(seq, 64_000).await;
        quick.expect(&[&format!("D{seq}")]).await;
    }
    customer.expect(&["Joined 2 Agent slow", "Joined 3 Agent quick", "KeyframeRequest"]).await;
    customer.keyframe(1_001, 1_000).await;
    customer.delta(1_002, 1_000).await;
    quick.expect(&["K1001", "D1002"]).await;
    // What it gets follows on, then leaps to the keyframe.
    slow.expect(&["Joined 1 Customer", "Joined 3 Agent quick", "K1"]).await;
    let mut seq = 1;
    let leap = loop {
        let next = slow.next().await;
        if next != format!("D{}", seq + 1) {
            break next;
        }
        seq += 1;
    };
    assert!(seq < 1_000, "all was buffered somewhere");
    assert_eq!(leap, "K1001");
    slow.expect(&["D1002"]).await;
}

#[tokio::test]
async fn who_takes_nothing_for_too_long_is_dropped() {
    let config = Config {
        send_timeout: Duration::from_millis(300),
        close_timeout: Duration::from_millis(100),
        ..Config::default()
    };
    let relay = Relay::start(config).await;
    let session = relay.create().await;
    let mut customer = relay.customer(&session).await;
    let stuck = relay.agent(&session, "").await;
    customer.expect(&["Joined 2 Agent"]).await;
    customer.keyframe(1, 15 << 20).await;
    customer.expect(&["Left 2"]).await;
    drop(stuck);
}

#[tokio::test]
async fn a_customer_who_asks_is_told_how_much_of_it_has_arrived() {
    let relay = Relay::start(Config::default()).await;
    let session = relay.create().await;
    let mut customer = relay.socket(&format!("/ws/customer?token={}", session.token)).await.unwrap();
    customer.text(&format!("{{\"secret\": \"{}\", \"taken\": true}}", session.secret)).await;
    let told = async |customer: &mut common::Socket| match customer.message().await {
        Message::Text(text) => serde_json::from_str::<serde_json::Value>(&text).unwrap(),
        other => panic!("text was expected, found {other:?}"),
    };
    assert_eq!(told(&mut customer).await, serde_json::json!({ "user": 1, "next": null, "taken": 0 }));
    let mut sent = 0;
    for seq in 1..=40 {
        let bytes = page(if seq == 1 { Kind::Keyframe } else { Kind::Delta }, seq, 1_000);
        sent += bytes.len();
        customer.bytes(bytes).await;
    }
    // Fewer messages than frames, the last of which counts all.
    let (mut messages, mut taken) = (0, 0);
    while taken < sent {
        let now = usize::try_from(told(&mut customer).await["taken"].as_u64().unwrap()).unwrap();
        assert!(now > taken && now <= sent, "{taken}, then {now} of {sent}");
        taken = now;
        messages += 1;
    }
    assert!(messages < 40, "{messages} messages");
}
