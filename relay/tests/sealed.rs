//! Sealed sessions: the relay hands on what it cannot read, and nothing that it could.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a panic is how a test fails")]

mod common;

use common::{Relay, Session, Socket, page};
use protocol::{
    Limits, Mode,
    control::{Control, EndReason},
    frame::Kind,
    sealed::{self, Header},
};
use relay::Config;
use tokio_tungstenite::tungstenite::Message;

async fn create(relay: &Relay) -> Session {
    let answer = relay.request("POST", "/api/sessions", &[], r#"{"mode": "view", "sealed": true}"#).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let json = answer.json();
    Session { token: json["token"].as_str().unwrap().into(), secret: json["secret"].as_str().unwrap().into() }
}

/// A sealed frame whose body the relay cannot know to be none.
fn frame(kind: Kind, number: u32, body: &[u8]) -> Vec<u8> {
    sealed::write(&Header { kind, is_pointer: false, number, time: 7, count: 1 }, body).unwrap()
}

/// The next sealed frame, also one that the relay hands on, and what it says who said it; others are passed over.
async fn next_sealed(socket: &mut Socket) -> (u32, Vec<u8>) {
    loop {
        let Message::Binary(bytes) = socket.message().await else { panic!("a frame was expected") };
        if sealed::is_sealed(&bytes) {
            return (0, bytes.to_vec());
        }
        if let Control::From { user, frame } = Control::read(&bytes, &Limits::DEFAULT).unwrap() {
            return (user, frame);
        }
    }
}

#[tokio::test]
async fn frames_and_messages_pass_as_they_are() {
    let relay = Relay::start(Config::default()).await;
    let session = create(&relay).await;
    let shown = relay.get(&format!("/api/sessions/{}", session.token)).await.json();
    assert_eq!((&shown["sealed"], &shown["mode"]), (&true.into(), &"view".into()));
    let mut customer = relay.customer(&session).await;
    let frames = [frame(Kind::Keyframe, 1, b"one"), frame(Kind::Delta, 2, b"two")];
    customer.bytes(frames[0].clone()).await;
    let (mut ann, mut bob) = (relay.agent(&session, "").await, relay.agent(&session, "").await);
    relay.has_agents(&session.token, 2).await;
    customer.bytes(frames[1].clone()).await;
    for agent in [&mut ann, &mut bob] {
        for frame in &frames {
            assert_eq!(&next_sealed(agent).await.1, frame, "the keyframe is kept for who comes late");
        }
    }
    // To one alone, and to all.
    let (to_bob, to_all) = (frame(Kind::Control, 3, b"for Bob"), frame(Kind::Control, 0, b"for all"));
    customer.bytes(to_bob.clone()).await;
    customer.bytes(to_all.clone()).await;
    assert_eq!(next_sealed(&mut ann).await.1, to_all);
    assert_eq!(next_sealed(&mut bob).await.1, to_bob);
    assert_eq!(next_sealed(&mut bob).await.1, to_all);
    // The relay says who it was.
    let said = frame(Kind::Control, 0, b"from Ann");
    ann.bytes(said.clone()).await;
    assert_eq!(next_sealed(&mut customer).await, (2, said));
    // What does not follow on is not handed on, and asked for.
    customer.bytes(frame(Kind::Delta, 9, b"nine")).await;
    loop {
        let Message::Binary(bytes) = customer.message().await else { panic!("a frame was expected") };
        if matches!(Control::read(&bytes, &Limits::DEFAULT), Ok(Control::KeyframeRequest {})) {
            break;
        }
    }
    ann.control(Control::Ended { reason: EndReason::Agent }).await;
    assert_eq!(customer.closed().await.0, 4000);
}

#[tokio::test]
async fn what_is_in_the_clear_has_no_business_in_a_sealed_session() {
    let relay = Relay::start(Config::default()).await;
    let session = create(&relay).await;
    let clear = [page(Kind::Keyframe, 1, 9), Control::ModeChanged { mode: Mode::Shared }.to_frame(0, 0).unwrap()];
    for bytes in clear {
        let mut customer = relay.customer(&session).await;
        customer.bytes(bytes).await;
        let (code, reason) = customer.closed().await;
        assert!(code == 4002 && reason.contains("expected it sealed"), "{code} {reason}");
    }
    let mut agent = relay.agent(&session, "").await;
    agent.control(Control::Pointer { x: 1, y: 2 }).await;
    let (code, reason) = agent.closed().await;
    assert!(code == 4002 && reason.contains("found Pointer in the clear"), "{code} {reason}");
    let mut agent = relay.agent(&session, "").await;
    agent.bytes(frame(Kind::Keyframe, 1, b"an agent's page")).await;
    assert_eq!(agent.closed().await.0, 4002);
}

#[tokio::test]
async fn what_is_sealed_has_no_business_in_another() {
    let relay = Relay::start(Config::default()).await;
    let session = relay.create().await;
    let shown = relay.get(&format!("/api/sessions/{}", session.token)).await.json();
    assert_eq!(shown["sealed"], false);
    let mut customer = relay.customer(&session).await;
    customer.bytes(frame(Kind::Keyframe, 1, b"sealed")).await;
    let (code, reason) = customer.closed().await;
    assert!(code == 4002 && reason.contains("expected it in the clear"), "{code} {reason}");
    let mut agent = relay.agent(&session, "").await;
    agent.bytes(frame(Kind::Control, 0, b"sealed")).await;
    assert_eq!(agent.closed().await.0, 4002);
}
