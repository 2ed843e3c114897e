use super::*;
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

fn one(text: &str) -> Message {
    parse(text.as_bytes()).unwrap().remove(0)
}

fn refused(text: &str) -> String {
    parse(text.as_bytes()).unwrap_err().to_string()
}

/// What a delivery holds: the data of messages, then the batch that the answer tells.
fn delivered(client: &mut Client) -> (Vec<Value>, Option<u64>) {
    let mut out = client.deliver(&one(r#"{"channel": "/meta/connect", "clientId": "a"}"#));
    let answer = out.pop().unwrap();
    assert_eq!(answer["successful"], true);
    (out.into_iter().map(|mut message| message["data"].take()).collect(), answer["ext"]["ack"].as_u64())
}

fn tell(client: &mut Client, text: &str) {
    assert!(client.push(telling("/service/session/joined", text.into())));
}

#[test]
fn a_batch_is_read_message_by_message() {
    let batch = parse(
        br#"[{"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"], "id": "1", "ext": {"ack": true}},
             {"channel": "/meta/connect", "clientId": "c", "connectionType": "websocket", "id": 2, "ext": {"ack": -1}, "advice": {"timeout": 0}},
             {"channel": "/service/session/join", "clientId": "c", "data": {"role": 3}}]"#,
    )
    .unwrap();
    assert_eq!(batch.len(), 3);
    assert_eq!((batch[0].channel.clone(), batch[0].ack), (Channel::Handshake, Ack::Wanted(true)));
    assert_eq!((batch[1].ack, batch[1].timeout), (Ack::Batch(0), Some(Duration::ZERO)));
    assert_eq!(batch[1].id, Some(2.into()));
    assert_eq!((batch[2].client.as_deref(), &batch[2].data["role"]), (Some("c"), &3.into()));
    assert_eq!(one(r#"{"channel": "/meta/handshake", "ext": {"ack": {"enabled": true}}}"#).ack, Ack::Wanted(true));
}

#[test]
fn what_cannot_be_read_is_named() {
    assert!(refused("[{").starts_with("expected a list of Bayeux messages as JSON: EOF"));
    assert_eq!(refused("7"), "expected a list of Bayeux messages, found a number");
    assert_eq!(refused("[]"), "expected 1 to 32 messages, found 0");
    let many = format!("[{}]", vec![r#"{"channel": "/meta/connect"}"#; 33].join(","));
    assert_eq!(refused(&many), "expected 1 to 32 messages, found 33");
    assert_eq!(refused("[{}, 3]"), "message 1, channel: expected the name of a channel, found none");
    assert_eq!(refused(r#"[{"channel": "/meta/connect"}, 3]"#), "message 2: expected an object, found a number");
    assert_eq!(
        refused(r#"[{"channel": "service"}]"#),
        r#"message 1, channel: expected a name such as /service/session/join, found "service""#
    );
    assert_eq!(
        refused(r#"[{"channel": "/meta/subscribe", "subscription": ["/a", "/b//c"]}]"#),
        r#"message 1, subscription: expected a name such as /service/session/joined, found "/b//c""#
    );
    assert_eq!(
        refused(r#"[{"channel": "/meta/connect", "clientId": 7}]"#),
        "message 1, clientId: expected the id that the handshake gave, found a number"
    );
    assert_eq!(
        refused(r#"[{"channel": "/meta/connect", "ext": {"ack": "x"}}]"#),
        "message 1, ext.ack: expected true, false or the number of a batch, found a string"
    );
}

#[test]
fn wild_cards_are_for_subscriptions() {
    for good in ["/a", "/a/b", "/a/*", "/**", "/service/session/join"] {
        assert!(is_channel(good, true), "{good}");
    }
    for bad in ["", "/", "a", "/a/", "/*/a", "/a b", "/ä"] {
        assert!(!is_channel(bad, true), "{bad}");
    }
    assert!(!is_channel("/a/*", false));
}

#[test]
fn a_handshake_needs_a_version_and_a_transport() {
    let shake = |version: &str, transport: &str| {
        let text = format!(
            r#"{{"channel": "/meta/handshake", "version": "{version}", "supportedConnectionTypes": ["callback-polling", "{transport}"]}}"#
        );
        refusal(&one(&text)).map(|answer| answer["error"].as_str().unwrap().to_owned())
    };
    assert_eq!(shake("1.0", "long-polling"), None);
    assert_eq!(shake("1.0beta", "websocket"), None);
    assert_eq!(shake("0.9", "websocket").unwrap(), "400::version: expected 1.0");
    assert!(shake("1.0", "iframe").unwrap().starts_with("400::supportedConnectionTypes: expected long-polling"));
}

#[test]
fn without_acknowledgements_a_message_is_sent_once() {
    let now = Instant::now();
    let mut client = Client::new(false, now);
    tell(&mut client, "a");
    tell(&mut client, "b");
    client.connect(Ack::None, now).unwrap();
    assert_eq!(delivered(&mut client), (vec!["a".into(), "b".into()], None));
    client.connect(Ack::None, now).unwrap();
    assert!(!client.has_news());
}

#[test]
fn what_has_not_arrived_is_sent_again_in_its_order() {
    let now = Instant::now();
    let mut client = Client::new(true, now);
    client.connect(Ack::Batch(0), now).unwrap();
    assert_eq!(delivered(&mut client), (vec![], Some(0)), "nothing is no batch");
    tell(&mut client, "a");
    tell(&mut client, "b");
    client.connect(Ack::Batch(0), now).unwrap();
    assert_eq!(delivered(&mut client), (vec!["a".into(), "b".into()], Some(1)));
    tell(&mut client, "c");
    // The answer was lost on the way.
    client.connect(Ack::Batch(0), now).unwrap();
    assert_eq!(delivered(&mut client), (vec!["a".into(), "b".into(), "c".into()], Some(2)));
    tell(&mut client, "d");
    client.connect(Ack::Batch(2), now).unwrap();
    assert_eq!(delivered(&mut client), (vec!["d".into()], Some(3)));
    client.connect(Ack::Batch(3), now).unwrap();
    assert!(!client.has_news());
    assert_eq!(client.connect(Ack::Batch(9), now), Err("ext.ack: expected at most 3, found 9".to_owned()));
    assert!(client.connect(Ack::None, now).unwrap_err().starts_with("ext.ack: expected the number"));
}

#[test]
fn a_connect_replaces_the_one_that_is_held() {
    let now = Instant::now();
    let mut client = Client::new(true, now);
    assert!(client.is_gone(now + SECOND * 16), "it has not connected since its handshake");
    let first = client.connect(Ack::Batch(0), now).unwrap();
    let second = client.connect(Ack::Batch(0), now).unwrap();
    assert!(!client.is_held(first) && client.is_held(second));
    client.release(first, now + SECOND);
    assert!(client.is_held(second), "what was replaced is of no interest");
    assert!(!client.is_gone(now + MAX_INTERVAL * 9), "it is connected");
    client.release(second, now + SECOND);
    assert!(!client.is_gone(now + SECOND + MAX_INTERVAL));
    assert!(client.is_gone(now + SECOND * 2 + MAX_INTERVAL));
}

#[test]
fn a_full_queue_refuses_more() {
    let mut client = Client::new(true, Instant::now());
    let pushed = (0..2_000).take_while(|_| client.push(telling("/a", 1.into()))).count();
    assert_eq!(pushed, QUEUE);
    let mut client = Client::new(true, Instant::now());
    let long = "x".repeat(10_000);
    let pushed = (0..100).take_while(|_| client.push(telling("/a", long.as_str().into()))).count();
    assert_eq!(pushed, QUEUE_BYTES / (10_000 + r#"{"channel":"/a","data":""}"#.len()));
}

#[test]
fn a_flood_is_refused_until_time_has_passed() {
    let now = Instant::now();
    let mut client = Client::new(false, now);
    assert_eq!((0..1_000).filter(|_| client.may_send(now)).count(), 200);
    assert!(!client.may_send(now));
    assert!(client.may_send(now + REFILL));
    assert_eq!((0..1_000).filter(|_| client.may_send(now + SECOND * 60)).count(), 200);
}

#[test]
fn subscriptions_are_counted_and_meta_has_none() {
    let mut client = Client::new(false, Instant::now());
    let names: Vec<String> = (0..64).map(|at| format!("/a/{at}")).collect();
    assert_eq!(client.subscribe(&names, true), Ok(()));
    assert_eq!(client.subscribe(&names, true), Ok(()), "they are there");
    assert_eq!(client.subscribe(&["/b".to_owned()], true).unwrap_err().0, 403);
    assert_eq!(client.subscribe(&names[..1], false), Ok(()));
    assert_eq!(client.subscribe(&["/b".to_owned()], true), Ok(()));
    assert_eq!(client.subscribe(&["/meta/connect".to_owned()], true).unwrap_err().0, 403);
    assert_eq!(client.subscribe(&[], true).unwrap_err().0, 400);
}

#[test]
fn answers_say_what_and_whom_they_are_for() {
    let message = one(r#"{"channel": "/service/session/stop", "id": "7", "clientId": "c"}"#);
    assert_eq!(
        done(&message).to_string(),
        r#"{"channel":"/service/session/stop","clientId":"c","id":"7","successful":true}"#
    );
    assert_eq!(failed(&message, 403, "role: expected 3")["error"], "403::role: expected 3");
    let lost = unknown(&message);
    assert_eq!((&lost["successful"], &lost["advice"]["reconnect"]), (&false.into(), &"handshake".into()));
    assert!(lost["error"].as_str().unwrap().starts_with("402::"));
    assert_eq!(unknown(&one(r#"{"channel": "/meta/disconnect"}"#))["advice"]["reconnect"], "none");
    // What would come back as another number is refused.
    for id in ["184467440740709858787", "1.5", "-9223372036854775809"] {
        let error = parse(format!(r#"{{"channel": "/meta/connect", "id": {id}}}"#).as_bytes()).unwrap_err();
        assert!(error.to_string().starts_with("message 1, id: expected a string"), "{error}");
    }
    let shaken = shaken(&one(r#"{"channel": "/meta/handshake", "id": "1"}"#), "id", true);
    assert_eq!((&shaken["clientId"], &shaken["ext"]["ack"]), (&"id".into(), &true.into()));
}

/// A client on a network that loses answers: what it is told of is there once, and in order.
#[derive(Debug, Clone, Copy)]
enum Step {
    Tell,
    Connect { arrives: bool },
}

proptest! {
    #[test]
    fn nothing_is_lost_and_nothing_comes_twice(
        steps in prop::collection::vec(
            prop_oneof![Just(Step::Tell), any::<bool>().prop_map(|arrives| Step::Connect { arrives })],
            0..100,
        ),
    ) {
        let now = Instant::now();
        let mut client = Client::new(true, now);
        let (mut told, mut seen, mut batch) = (0_u64, Vec::new(), 0);
        for step in steps.into_iter().chain([Step::Connect { arrives: true }]) {
            match step {
                Step::Tell => {
                    prop_assert!(client.push(telling("/a", told.into())));
                    told += 1;
                }
                Step::Connect { arrives } => {
                    client.connect(Ack::Batch(batch), now).unwrap();
                    let (messages, ack) = delivered(&mut client);
                    if arrives {
                        seen.extend(messages.iter().filter_map(Value::as_u64));
                        batch = ack.unwrap();
                    }
                }
            }
        }
        prop_assert_eq!(seen, (0..told).collect::<Vec<_>>());
    }

    #[test]
    fn any_bytes_are_messages_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn any_fields_are_messages_or_an_error(
        field in prop::sample::select(&["channel", "clientId", "id", "ext", "advice", "data", "subscription", "version"][..]),
        value in prop::sample::select(&["null", "7", "-1.5", "\"x\"", "[]", "[1]", "{}", "{\"ack\": []}", "{\"timeout\": -1}"][..]),
    ) {
        let text = format!(r#"[{{"channel": "/meta/connect", "{field}": {value}}}]"#);
        if let Err(error) = parse(text.as_bytes()) {
            prop_assert!(error.to_string().starts_with("message 1"), "{}", error);
        }
    }
}
