//! Genesys Co-browse: its REST calls and its CometD channels, as any client of any language speaks them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a panic is how a test fails")]

mod common;

use common::{
    Answer, PATIENCE, Relay, Session, Socket,
    issuer::{Issuer, Pair},
};
use protocol::{
    Limits,
    control::{Control, EndReason, Role},
};
use relay::Config;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

const LIVE: &str = "/cobrowse/rest/live";

impl Relay {
    /// Messages over long polling, and what comes back.
    async fn say(&self, messages: Value) -> Vec<Value> {
        let answer = self.say_raw(&messages.to_string()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let Value::Array(list) = answer.json() else { panic!("{answer:?}") };
        list
    }

    async fn say_raw(&self, body: &str) -> Answer {
        self.request("POST", "/cobrowse/cometd", &[("content-type", "application/json")], body).await
    }
}

impl Socket {
    /// The next message beside the page's stream that is one of those.
    async fn until_control(&mut self, is_it: impl Fn(&Control) -> bool) -> Control {
        loop {
            if let Message::Binary(bytes) = self.message().await
                && let Ok(message) = Control::read(&bytes, &Limits::DEFAULT)
                && is_it(&message)
            {
                return message;
            }
        }
    }

    async fn told(&mut self) -> Vec<Value> {
        let Message::Text(text) = self.message().await else { panic!("text was expected") };
        serde_json::from_str(&text).unwrap()
    }
}

/// A client over long polling that does everything by hand.
struct Client<'a> {
    relay: &'a Relay,
    id: String,
    /// The last batch that has arrived.
    batch: u64,
}

impl<'a> Client<'a> {
    async fn new(relay: &'a Relay) -> Self {
        let hello = json!([{
            "channel": "/meta/handshake", "version": "1.0", "id": "1", "supportedConnectionTypes": ["long-polling"],
            "ext": { "ack": true },
        }]);
        let answer = relay.say(hello).await.remove(0);
        assert_eq!((&answer["successful"], &answer["id"]), (&true.into(), &"1".into()), "{answer}");
        assert_eq!(answer["ext"]["ack"], true);
        Self { relay, id: answer["clientId"].as_str().unwrap().to_owned(), batch: 0 }
    }

    /// Publishes; the answer to the message.
    async fn publish(&self, channel: &str, data: Value) -> Value {
        self.relay.say(json!([{ "channel": channel, "clientId": self.id, "id": "7", "data": data }])).await.remove(0)
    }

    /// The last part of a channel's name and the data of each message that waits.
    async fn hear(&mut self, wait: Duration) -> Vec<(String, Value)> {
        let (batch, heard) = self.connect(wait).await;
        self.batch = batch;
        heard
    }

    async fn connect(&self, wait: Duration) -> (u64, Vec<(String, Value)>) {
        let connect = json!([{
            "channel": "/meta/connect", "connectionType": "long-polling", "clientId": self.id,
            "ext": { "ack": self.batch }, "advice": { "timeout": u64::try_from(wait.as_millis()).unwrap() },
        }]);
        let mut list = self.relay.say(connect).await;
        let answer = list.pop().unwrap();
        assert_eq!((&answer["channel"], &answer["successful"]), (&"/meta/connect".into(), &true.into()), "{answer}");
        let named = |mut message: Value| {
            let channel = message["channel"].as_str().unwrap();
            (channel.rsplit('/').next().unwrap().to_owned(), message["data"].take())
        };
        (answer["ext"]["ack"].as_u64().unwrap(), list.into_iter().map(named).collect())
    }

    async fn join(&mut self, token: &str, role: u8) -> Value {
        let data = json!({ "sessionToken": token, "role": role, "name": "Desk" });
        let answer = self.publish("/service/session/join", data).await;
        assert_eq!(answer["successful"], true, "{answer}");
        let (name, data) = self.hear(Duration::ZERO).await.remove(0);
        assert_eq!(name, "join");
        data
    }
}

async fn started(config: Config) -> (Relay, Session) {
    let relay = Relay::start(config).await;
    let session = relay.create().await;
    (relay, session)
}

#[tokio::test]
async fn a_session_is_created_and_found_over_rest() {
    let url = "https://node1.example/cobrowse";
    let relay =
        Relay::start(Config { server_name: "node1".into(), server_url: Some(url.into()), ..Config::default() }).await;
    let created = relay.request("POST", &format!("{LIVE}/sessions"), &[], "{}").await;
    assert_eq!(created.status, 200);
    assert_eq!(created.header("set-cookie"), "gcbSessionServer=node1; Path=/; HttpOnly; SameSite=None; Secure");
    let body = created.json();
    let token = body["sessionToken"].as_str().unwrap();
    assert!(token.len() == 9 && token.bytes().all(|byte| byte.is_ascii_digit()));
    assert_eq!(body["secret"].as_str().unwrap().len(), 64);
    let found = relay.get(&format!("{LIVE}/sessions/{token}")).await;
    let expected = json!({ "sessionToken": token, "sessionServerName": "node1", "sessionServerUrl": url });
    assert_eq!(found.json(), expected);
    assert_eq!(relay.get(&format!("{LIVE}/sessions/1234")).await.status, 404);
    assert_eq!(relay.get(&format!("{LIVE}/sessions")).await.error(), "another method was expected");
    // The customer's page takes it with the secret.
    let session = Session { token: token.to_owned(), secret: body["secret"].as_str().unwrap().to_owned() };
    assert_eq!(relay.customer_ready(&session).await.1["user"], 1);
}

#[tokio::test]
async fn without_a_url_there_is_none_and_the_cookie_is_plain() {
    let (relay, session) = started(Config::default()).await;
    let found = relay.get(&format!("{LIVE}/sessions/{}", session.token)).await;
    assert_eq!(found.json(), json!({ "sessionToken": session.token, "sessionServerName": "cobrowse" }));
    assert_eq!(found.header("set-cookie"), "gcbSessionServer=cobrowse; Path=/; HttpOnly; SameSite=Lax");
}

#[tokio::test]
async fn a_controller_is_told_of_everything_from_join_to_the_end() {
    let (relay, session) = started(Config::default()).await;
    let mut desk = Client::new(&relay).await;
    let joined = desk.join(&session.token, 3).await;
    assert_eq!((&joined["userId"], &joined["users"]), (&2.into(), &json!([])));
    assert_eq!(joined["userToken"].as_str().unwrap().len(), 32);
    let _customer = relay.customer(&session).await;
    assert_eq!(desk.hear(PATIENCE).await, [("joined".into(), json!({ "userId": 1, "role": 1, "name": "" }))]);
    let _agent = relay.agent(&session, "Ann").await;
    let heard = desk.hear(PATIENCE).await;
    assert_eq!(heard[0], ("joined".into(), json!({ "userId": 3, "role": 2, "name": "Ann" })));
    assert_eq!(heard[1].0, "activated");
    let activated = &heard[1].1["activationTime"];
    assert!(activated.as_u64().unwrap() > 1_700_000_000_000);
    let stopped =
        desk.publish("/service/session/stop", json!({ "userToken": joined["userToken"], "reason": "transferred" }));
    assert_eq!(stopped.await["successful"], true);
    let mut told = Vec::new();
    while told.len() < 2 {
        told.extend(desk.hear(PATIENCE).await);
    }
    told.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(told[1], ("stop".into(), json!({})));
    assert_eq!((&told[0].1["activationTime"], &told[0].1["reason"]), (activated, &"transferred".into()));
    let history = format!("/cobrowse/rest/history/sessions/{}", joined["sessionHistoryId"].as_str().unwrap());
    let history = relay.get(&history).await.json();
    assert_eq!((&history["sessionToken"], &history["activationTime"]), (&session.token.as_str().into(), activated));
    assert_eq!(history["deactivationTime"], told[0].1["deactivationTime"]);
    let gone = desk.publish("/service/session/stop", json!({ "userToken": joined["userToken"] })).await;
    assert_eq!(gone["error"], "404::userToken: expected that of a user in a live session");
}

#[tokio::test]
async fn who_joins_late_is_told_who_is_there_and_since_when() {
    let (relay, session) = started(Config::default()).await;
    let _customer = relay.customer(&session).await;
    let mut agent = relay.agent(&session, "Ann").await;
    relay.has_agents(&session.token, 1).await;
    let mut desk = Client::new(&relay).await;
    let joined = desk.join(&session.token, 3).await;
    let expected = json!([{ "userId": 1, "role": 1, "name": "" }, { "userId": 2, "role": 2, "name": "Ann" }]);
    assert_eq!(joined["users"], expected);
    // An agent that leaves and comes back is another one; a customer is not.
    drop(agent);
    agent = relay.agent(&session, "Ann").await;
    let customer = relay.customer(&session).await;
    let _third = relay.agent(&session, "Cid").await;
    let mut heard = Vec::new();
    while heard.len() < 2 {
        heard.extend(desk.hear(PATIENCE).await);
    }
    let names: Vec<&str> = heard.iter().filter_map(|(_, data)| data["name"].as_str()).collect();
    assert_eq!(names, ["Ann", "Cid"]);
    drop((customer, agent));
}

#[tokio::test]
async fn the_pages_see_a_controller_and_hear_its_reason() {
    let (relay, session) = started(Config::default()).await;
    let mut customer = relay.customer(&session).await;
    let mut desk = Client::new(&relay).await;
    let joined = desk.join(&session.token, 3).await;
    let control = customer.until_control(|message| matches!(message, Control::Joined { .. })).await;
    let expected = Control::Joined { user: 2, role: Role::Controller, name: "Desk".to_owned() };
    assert_eq!(control, expected);
    // It is no agent.
    assert_eq!(relay.get(&format!("/api/sessions/{}", session.token)).await.json()["agents"], json!([]));
    let path = format!("{LIVE}/users/{}/session/stop?reason=closed", joined["userToken"].as_str().unwrap());
    let stopped = relay.get(&path).await.json();
    assert_eq!(stopped["activationTime"], Value::Null);
    assert!(stopped["deactivationTime"].is_u64());
    let control = customer.until_control(|message| matches!(message, Control::Ended { .. })).await;
    assert_eq!(control, Control::Ended { reason: EndReason::Closed });
}

#[tokio::test]
async fn an_agents_exit_ends_the_session_and_a_controllers_does_not() {
    let (relay, session) = started(Config::default()).await;
    let (mut desk, mut other, mut agent) =
        (Client::new(&relay).await, Client::new(&relay).await, Client::new(&relay).await);
    desk.join(&session.token, 3).await;
    let joined = other.join(&session.token, 3).await;
    let left = other.publish("/service/session/exit", json!({ "userToken": joined["userToken"] })).await;
    assert_eq!(left["successful"], true);
    assert_eq!(other.hear(PATIENCE).await, [("exit".into(), json!({}))]);
    agent.join(&session.token, 2).await;
    // A disconnect counts as an exit.
    let bye = relay.say(json!([{ "channel": "/meta/disconnect", "clientId": agent.id }])).await;
    assert_eq!(bye[0]["successful"], true);
    let mut heard = Vec::new();
    while !heard.iter().any(|(name, _): &(String, Value)| name == "deactivated") {
        heard.extend(desk.hear(PATIENCE).await);
    }
    let roles: Vec<u64> = heard.iter().filter_map(|(_, data)| data["role"].as_u64()).collect();
    assert_eq!(roles, [3, 2]);
    assert_eq!(heard.last().unwrap().1["reason"], "agent");
}

#[tokio::test]
async fn a_customer_over_cometd_needs_the_secret() {
    let relay = Relay::start(Config::default()).await;
    let mut client = Client::new(&relay).await;
    assert_eq!(client.publish("/service/session/create", json!({})).await["successful"], true);
    let (name, created) = client.hear(Duration::ZERO).await.remove(0);
    assert_eq!(name, "create");
    let mut data = json!({ "sessionToken": created["sessionToken"], "role": 1, "name": "Cara" });
    let refused = client.publish("/service/session/join", data.clone()).await;
    assert!(refused["error"].as_str().unwrap().starts_with("401::secret: expected"), "{refused}");
    data["secret"] = created["secret"].clone();
    assert_eq!(client.publish("/service/session/join", data).await["successful"], true);
    assert_eq!(client.hear(Duration::ZERO).await[0].1["userId"], 1);
    let mut agent = Client::new(&relay).await;
    agent.join(created["sessionToken"].as_str().unwrap(), 2).await;
    let heard = client.hear(PATIENCE).await;
    assert_eq!((heard[0].0.as_str(), heard[1].0.as_str()), ("joined", "activated"));
}

#[tokio::test]
async fn what_has_not_arrived_comes_again() {
    let (relay, session) = started(Config::default()).await;
    let mut desk = Client::new(&relay).await;
    desk.join(&session.token, 3).await;
    let _customer = relay.customer(&session).await;
    let (_, lost) = desk.connect(PATIENCE).await;
    assert_eq!(lost.len(), 1);
    let again = desk.hear(PATIENCE).await;
    assert_eq!(again, lost);
    assert_eq!(desk.hear(Duration::ZERO).await, []);
}

#[tokio::test]
async fn several_messages_go_in_one_and_a_connect_is_held_until_there_is_something() {
    let (relay, session) = started(Config::default()).await;
    let mut desk = Client::new(&relay).await;
    let id = desk.id.clone();
    let join = json!({ "sessionToken": session.token, "role": 3, "name": "Desk" });
    let batch = json!([
        { "channel": "/meta/subscribe", "clientId": id, "subscription": ["/service/session/joined", "/service/session/*"] },
        { "channel": "/service/session/join", "clientId": id, "data": join },
        { "channel": "/meta/connect", "clientId": id, "connectionType": "long-polling", "ext": { "ack": 0 } },
    ]);
    let answers = relay.say(batch).await;
    let channels: Vec<&str> = answers.iter().map(|answer| answer["channel"].as_str().unwrap()).collect();
    assert_eq!(channels, ["/meta/subscribe", "/service/session/join", "/service/session/join", "/meta/connect"]);
    desk.batch = answers[3]["ext"]["ack"].as_u64().unwrap();
    let from = Instant::now();
    assert_eq!(desk.hear(Duration::from_millis(300)).await, []);
    assert!(from.elapsed() >= Duration::from_millis(300));
    let (heard, _customer) = tokio::join!(desk.hear(PATIENCE), relay.customer(&session));
    assert_eq!(heard.len(), 1);
    assert!(from.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_websocket_says_the_same() {
    let (relay, session) = started(Config::default()).await;
    let mut socket = relay.socket("/cobrowse/cometd").await.unwrap();
    let mut ask = async |message: Value| {
        socket.text(&json!([message]).to_string()).await;
        socket.told().await
    };
    let hello = json!({ "channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["websocket"] });
    let id = ask(hello).await[0]["clientId"].clone();
    let data = json!({ "sessionToken": session.token, "role": 3, "name": "Desk" });
    let joined = ask(json!({ "channel": "/service/session/join", "clientId": id, "data": data })).await;
    assert_eq!(joined[0]["successful"], true);
    let connect = json!({ "channel": "/meta/connect", "clientId": id, "connectionType": "websocket" });
    let told = ask(connect.clone()).await;
    assert_eq!((told.len(), &told[0]["channel"]), (2, &"/service/session/join".into()));
    let held = tokio::spawn(async move { relay.customer(&session).await });
    let told = ask(connect).await;
    assert_eq!(told[0]["data"]["role"], 1);
    held.await.unwrap();
    socket.text("{").await;
    let Message::Close(Some(close)) = socket.message().await else { panic!("a close was expected") };
    assert_eq!(u16::from(close.code), 4002);
    assert!(close.reason.starts_with("protocol: expected a list of Bayeux messages as JSON"), "{}", close.reason);
}

#[tokio::test]
async fn errors_say_what_was_expected() {
    let (relay, session) = started(Config::default()).await;
    let bad = relay.say_raw("[{}]").await;
    assert_eq!(
        (bad.status, bad.error().as_str()),
        (400, "body: message 1, channel: expected the name of a channel, found none")
    );
    let long = relay.say_raw(&format!("[{}]", " ".repeat(70_000))).await;
    assert_eq!((long.status, long.error().as_str()), (413, "body: expected at most 65536 bytes"));
    assert_eq!(relay.get("/cobrowse/cometd").await.error(), "expected a WebSocket handshake");
    let lost = relay.say(json!([{ "channel": "/meta/connect", "clientId": "nobody" }])).await;
    assert_eq!(lost[0]["error"], "402::clientId: expected that of a client that is connected");
    assert_eq!(lost[0]["advice"]["reconnect"], "handshake");
    let mut desk = Client::new(&relay).await;
    let joins = [
        (json!({ "role": 3 }), "400::sessionToken: expected nine digits, found nothing"),
        (json!({ "sessionToken": 123_456_789, "role": 3 }), "400::sessionToken: expected nine digits, found a number"),
        (
            json!({ "sessionToken": session.token, "role": 4 }),
            "400::role: expected 1 (customer), 2 (agent) or 3 (controller)",
        ),
        (
            json!({ "sessionToken": session.token, "role": 3, "name": "x".repeat(101) }),
            "400::name: expected at most 100 characters",
        ),
        (
            json!({ "sessionToken": session.token, "role": 3, "name": 7 }),
            "400::name: expected a string, found a number",
        ),
    ];
    for (data, expected) in joins {
        assert_eq!(desk.publish("/service/session/join", data).await["error"], expected);
    }
    let other = desk.publish("/chat/demo", json!({})).await;
    assert_eq!(other["error"], "403::channel: expected /service/session/create, join, exit or stop");
    desk.join(&session.token, 3).await;
    let again = json!({ "sessionToken": session.token, "role": 3 });
    let refused = desk.publish("/service/session/join", again).await;
    assert!(refused["error"].as_str().unwrap().starts_with("409::expected a client that has joined no session"));
    assert_eq!(relay.get("/cobrowse/rest/history/sessions/none").await.status, 404);
    assert_eq!(relay.get(&format!("{LIVE}/users/none/session/stop")).await.status, 404);
}

#[tokio::test]
async fn agents_may_not_stop_and_wrong_reasons_are_refused() {
    let (relay, session) = started(Config::default()).await;
    let (mut desk, mut agent) = (Client::new(&relay).await, Client::new(&relay).await);
    let (joined, watching) = (desk.join(&session.token, 3).await, agent.join(&session.token, 2).await);
    let refused = agent.publish("/service/session/stop", json!({ "userToken": watching["userToken"] })).await;
    assert_eq!(refused["error"], "403::userToken: expected that of a controller");
    let refused = desk.publish("/service/session/stop", json!({ "userToken": joined["userToken"], "reason": "bored" }));
    let expected = "400::reason: expected controller, closed, transferred or idle, found \"bored\"";
    assert_eq!(refused.await["error"], expected);
}

#[tokio::test]
async fn a_flood_gets_errors() {
    let relay = Relay::start(Config::default()).await;
    let desk = Client::new(&relay).await;
    let message = json!({ "channel": "/service/session/nothing", "clientId": desk.id });
    let mut refused = 0;
    for _ in 0..20 {
        let answers = relay.say(Value::from(vec![message.clone(); 32])).await;
        refused += answers.iter().filter(|answer| answer["error"].as_str().unwrap().starts_with("429::")).count();
    }
    assert!(refused > 300, "{refused}");
}

#[tokio::test]
async fn wrong_tokens_are_limited_by_address() {
    let relay = Relay::start(Config { miss_burst: 3, ..Config::default() }).await;
    let desk = Client::new(&relay).await;
    let mut codes = Vec::new();
    for _ in 0..4 {
        let answer = desk.publish("/service/session/join", json!({ "sessionToken": "000000000", "role": 3 })).await;
        codes.push(answer["error"].as_str().unwrap()[..3].to_owned());
    }
    assert_eq!(codes, ["404", "404", "404", "429"]);
    assert_eq!(relay.get(&format!("{LIVE}/sessions/000000000")).await.status, 429);
}

#[tokio::test]
async fn pages_of_the_customer_are_told_with_the_secret_and_without_what_proves_something() {
    let relay = Relay::start(Config::default()).await;
    let created = relay.request("POST", &format!("{LIVE}/sessions"), &[], "").await.json();
    let token = created["sessionToken"].as_str().unwrap();
    let enter = async |secret: &Value, url: &str| {
        let body = json!({ "secret": secret, "url": url }).to_string();
        relay.request("POST", &format!("{LIVE}/sessions/{token}/pages"), &[], &body).await
    };
    assert_eq!(enter(&created["secret"], "https://shop.example/").await.status, 204);
    assert_eq!(enter(&created["secret"], "https://shop.example/cart").await.status, 204);
    assert_eq!(enter(&"wrong".into(), "https://shop.example/").await.status, 401);
    for bad in ["https://shop.example/?token=1", "https://shop.example/#a", "javascript:alert(1)", "shop.example"] {
        assert_eq!(enter(&created["secret"], bad).await.status, 400, "{bad}");
    }
    let mut desk = Client::new(&relay).await;
    let id = desk.join(token, 3).await["sessionHistoryId"].as_str().unwrap().to_owned();
    let history = relay.get(&format!("/cobrowse/rest/history/sessions/{id}")).await.json();
    let urls: Vec<&str> =
        history["pages"].as_array().unwrap().iter().map(|page| page["url"].as_str().unwrap()).collect();
    assert_eq!(urls, ["https://shop.example/", "https://shop.example/cart"]);
}

#[tokio::test]
async fn the_api_and_the_sockets_are_below_cobrowse_too() {
    let (relay, session) = started(Config::default()).await;
    assert_eq!(relay.get("/cobrowse/healthz").await.status, 200);
    assert_eq!(relay.get(&format!("/cobrowse/api/sessions/{}", session.token)).await.status, 200);
    let mut agent = relay.socket(&format!("/cobrowse/ws/agent?token={}", session.token)).await.unwrap();
    agent.until_control(|message| matches!(message, Control::Welcome { .. })).await;
    assert_eq!(relay.get("/cobrowse/nothing.html").await.status, 404);
}

#[tokio::test]
async fn a_cookie_goes_with_listed_origins_only() {
    let origins =
        |list: &[&str]| Config { origins: Some(list.iter().map(|name| (*name).into()).collect()), ..Config::default() };
    let path = format!("{LIVE}/sessions");
    let relay = Relay::start(origins(&["https://desk.example"])).await;
    let listed = relay.request("POST", &path, &[("origin", "https://desk.example")], "").await;
    assert_eq!(listed.header("access-control-allow-origin"), "https://desk.example");
    assert_eq!(listed.header("access-control-allow-credentials"), "true");
    assert_eq!(relay.request("POST", &path, &[("origin", "https://evil.example")], "").await.status, 403);
    let own = relay.request("POST", "/api/sessions", &[("origin", "https://desk.example")], "").await;
    assert_eq!(own.header("access-control-allow-credentials"), "", "nothing else goes with a cookie");
    let open = Relay::start(origins(&["*"])).await;
    let any = open.request("POST", &path, &[("origin", "https://desk.example")], "").await;
    assert_eq!(any.header("access-control-allow-origin"), "*");
    assert_eq!(any.header("access-control-allow-credentials"), "");
}

#[tokio::test]
async fn a_relay_that_stops_tells_who_is_held() {
    let (mut relay, session) = started(Config::default()).await;
    let mut desk = Client::new(&relay).await;
    desk.join(&session.token, 3).await;
    let Client { id, batch, .. } = desk;
    let mut socket = relay.socket("/cobrowse/cometd").await.unwrap();
    let connect = json!([{
        "channel": "/meta/connect", "clientId": id, "connectionType": "websocket", "ext": { "ack": batch },
    }]);
    socket.text(&connect.to_string()).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    relay.stop();
    let told = socket.told().await;
    if common::is_on_redis() {
        // The session goes on, on another node: the client is to shake hands there.
        assert_eq!(
            (&told[0]["channel"], &told[0]["advice"]["reconnect"]),
            (&"/meta/connect".into(), &"handshake".into())
        );
    } else {
        assert_eq!(
            (&told[0]["channel"], &told[0]["data"]["reason"]),
            (&"/service/session/deactivated".into(), &"shutdown".into())
        );
    }
    timeout(PATIENCE, relay.stopped()).await.unwrap();
}

#[tokio::test]
async fn handshakes_are_limited_by_address() {
    let hello =
        json!([{ "channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"] }]);
    let few = Config { create_burst: 3, create_refill: Duration::from_secs(60), ..Config::default() };
    let relay = Relay::start(few).await;
    for _ in 0..3 {
        assert_eq!(relay.say(hello.clone()).await[0]["successful"], true);
    }
    let refused = relay.say(hello.clone()).await.remove(0);
    assert_eq!(refused["successful"], false);
    assert!(refused["error"].as_str().unwrap().starts_with("429"), "{refused}");

    // Nor may one address have as many clients as it likes.
    let relay = Relay::start(Config { address_connections: 2, ..Config::default() }).await;
    for _ in 0..2 {
        assert_eq!(relay.say(hello.clone()).await[0]["successful"], true);
    }
    let refused = relay.say(hello).await.remove(0);
    assert_eq!(refused["error"], "429::too many clients of this address");
}

#[tokio::test]
async fn where_agents_are_known_so_are_controllers() {
    let pair = Pair::ec();
    let issuer = Issuer::start(json!([pair.jwk("a")])).await;
    let config = Config {
        agent_issuer: Some(issuer.url.clone()),
        agent_audience: vec!["cobrowse".to_owned()],
        ..Config::default()
    };
    let (relay, session) = started(config).await;
    let mut customer = relay.customer(&session).await;
    let desk = Client::new(&relay).await;
    let join =
        |bearer: Option<&str>| json!({ "sessionToken": session.token, "role": 3, "name": "Mallory", "bearer": bearer });
    for wrong in [None, Some("x"), Some(session.secret.as_str())] {
        let answer = desk.publish("/service/session/join", join(wrong)).await;
        assert!(answer["error"].as_str().unwrap().starts_with("401"), "{answer}");
    }
    let token = pair.token("a", &issuer.claims());
    let answer = desk.publish("/service/session/join", join(Some(&token))).await;
    assert_eq!(answer["successful"], true, "{answer}");
    customer.expect(&["Joined 2 Controller Anna Agent"]).await;

    // Or by the header of the request.
    let desk = Client::new(&relay).await;
    let message = json!([{ "channel": "/service/session/join", "clientId": desk.id, "data": join(None) }]).to_string();
    let shown = format!("Bearer {token}");
    let answer = relay.request("POST", "/cobrowse/cometd", &[("authorization", &shown)], &message).await;
    assert_eq!(answer.json()[0]["successful"], true);
    customer.expect(&["Joined 3 Controller Anna Agent"]).await;
}
