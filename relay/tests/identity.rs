//! Who agents are: tokens of an issuer, keys of a list, the desktops' secret, and the tickets that are given for each.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a panic is how a test fails")]

mod common;

use common::{
    Answer, PATIENCE, Relay, Session, Socket,
    issuer::{Issuer, Pair, encode, now},
};
use relay::Config;
use ring::hmac;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{self, client::IntoClientRequest, http::StatusCode},
};

fn config(issuer: &Issuer) -> Config {
    Config {
        agent_issuer: Some(issuer.url.clone()),
        agent_audience: vec!["cobrowse".to_owned()],
        miss_burst: 0,
        join_burst: 0,
        ..Config::default()
    }
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

impl Relay {
    async fn ticket(&self, session: &Session, shown: &str) -> Answer {
        let path = format!("/api/sessions/{}/tickets", session.token);
        self.request("POST", &path, &[("authorization", &bearer(shown))], "").await
    }

    /// A socket of an agent's with these headers, or the status that it is refused with.
    async fn enters(&self, session: &Session, headers: &[(&'static str, &str)]) -> Result<Socket, u16> {
        let url = format!("ws://{}/ws/agent?token={}&name=Mallory", self.address, session.token);
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, answer)) => {
                assert_eq!(answer.status(), StatusCode::SWITCHING_PROTOCOLS);
                let named = headers.iter().any(|(_, value)| value.starts_with("cobrowse"));
                let protocol = answer.headers().get("sec-websocket-protocol").map(|name| name.to_str().unwrap());
                assert_eq!(protocol, named.then_some("cobrowse"));
                Ok(Socket(socket))
            }
            Err(tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    async fn enters_with(&self, session: &Session, ticket: &str) -> Result<Socket, u16> {
        self.enters(session, &[("sec-websocket-protocol", &format!("cobrowse, ticket.{ticket}"))]).await
    }
}

/// What a token is refused with, that differs from a good one in its claims.
async fn refused(relay: &Relay, session: &Session, token: &str) -> (u16, String) {
    let answer = relay.ticket(session, token).await;
    (answer.status, answer.error())
}

#[tokio::test]
async fn an_agent_with_a_token_gets_a_ticket_that_is_good_once() {
    let pair = Pair::ec();
    let issuer = Issuer::start(json!([pair.jwk("a")])).await;
    let relay = Relay::start(config(&issuer)).await;
    let session = relay.create().await;
    let mut customer = relay.customer(&session).await;
    let answer = relay.ticket(&session, &pair.token("a", &issuer.claims())).await;
    assert_eq!((answer.status, answer.header("cache-control")), (201, "no-store"), "{answer:?}");
    let given = answer.json();
    assert_eq!(given["name"], "Anna Agent");
    let ticket = given["ticket"].as_str().unwrap();

    // Not for another session, which does not use it up.
    let other = relay.create().await;
    assert_eq!(relay.enters_with(&other, ticket).await.err(), Some(401));
    let mut agent = relay.enters_with(&session, ticket).await.ok().unwrap();
    agent.expect(&["Joined 1 Customer"]).await;
    // The customer reads the issuer's name for the agent, not the page's.
    customer.expect(&["Joined 2 Agent Anna Agent"]).await;
    assert_eq!(relay.enters_with(&session, ticket).await.err(), Some(401), "a ticket is good once");
    for wrong in ["", "x", &"0".repeat(64)] {
        assert_eq!(relay.enters_with(&session, wrong).await.err(), Some(401));
    }
    assert_eq!(relay.enters(&session, &[]).await.err(), Some(401));
    // Programs need none.
    let shown = bearer(&pair.token("a", &issuer.claims()));
    assert!(relay.enters(&session, &[("authorization", &shown)]).await.is_ok());
}

#[tokio::test]
async fn of_many_who_show_one_ticket_one_comes_in() {
    let pair = Pair::ed();
    let issuer = Issuer::start(json!([pair.jwk("a")])).await;
    let relay = Relay::start(config(&issuer)).await;
    let session = relay.create().await;
    let given = relay.ticket(&session, &pair.token("a", &issuer.claims())).await.json();
    let ticket = given["ticket"].as_str().unwrap();
    let tries = futures_util::future::join_all((0..16).map(|_| relay.enters_with(&session, ticket))).await;
    assert_eq!(tries.iter().filter(|tried| tried.is_ok()).count(), 1);
    assert!(tries.iter().filter_map(|tried| tried.as_ref().err()).all(|status| *status == 401));
}

#[tokio::test]
async fn each_algorithm_is_taken_with_its_own_kind_of_key_only() {
    let (rsa, ec, ed) = (Pair::rsa(), Pair::ec(), Pair::ed());
    let issuer = Issuer::start(json!([rsa.jwk("rsa"), ec.jwk("ec"), ed.jwk("ed")])).await;
    let relay = Relay::start(config(&issuer)).await;
    let session = relay.create().await;
    let claims = issuer.claims();
    for (pair, kid) in [(&rsa, "rsa"), (&ec, "ec"), (&ed, "ed")] {
        assert_eq!(relay.ticket(&session, &pair.token(kid, &claims)).await.status, 201, "{kid}");
        // Without a name, the keys of the algorithm are tried.
        let unnamed = pair.sign(&json!({ "alg": pair.algorithm() }), &claims);
        assert_eq!(relay.ticket(&session, &unnamed).await.status, 201, "{kid}");
    }
    let pss = rsa.sign(&json!({ "alg": "PS256", "kid": "rsa" }), &claims);
    assert_eq!(relay.ticket(&session, &pss).await.status, 201);

    // No signature; a public key as a shared one; an algorithm of another kind; a signature of another key.
    let unsigned = |alg: &str| format!("{}.{}.", encode(json!({ "alg": alg }).to_string()), encode(claims.to_string()));
    for alg in ["none", "None", "NONE", ""] {
        assert_eq!(relay.ticket(&session, &unsigned(alg)).await.status, 401, "{alg}");
    }
    let text =
        format!("{}.{}", encode(json!({ "alg": "HS256", "kid": "rsa" }).to_string()), encode(claims.to_string()));
    let public = rsa.jwk("rsa")["n"].as_str().unwrap().to_owned();
    for key in [public.as_bytes(), &issuer_key_der()] {
        let signed = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes());
        let (status, error) = refused(&relay, &session, &format!("{text}.{}", encode(signed))).await;
        assert_eq!(status, 401);
        assert_eq!(error, "authorization: expected a token signed by RS256, PS256, ES256 or EdDSA");
    }
    let crossed = [
        ec.sign(&json!({ "alg": "EdDSA", "kid": "ec" }), &claims),
        ed.sign(&json!({ "alg": "ES256", "kid": "ed" }), &claims),
        ec.sign(&json!({ "alg": "RS256", "kid": "rsa" }), &claims),
        Pair::ec().token("ec", &claims),
        rsa.sign(&json!({ "alg": "RS256", "kid": "rsa", "crit": ["exp"] }), &claims),
        rsa.sign(&json!({ "alg": "RS256", "kid": "rsa", "typ": "logout+jwt" }), &claims),
        // A key that comes with the token is nobody's.
        Pair::ec().sign(&json!({ "alg": "ES256", "jwk": Pair::ec().jwk("x") }), &claims),
    ];
    for token in crossed {
        assert_eq!(relay.ticket(&session, &token).await.status, 401);
    }
    let good = ec.token("ec", &claims);
    let (rest, signature) = good.rsplit_once('.').unwrap();
    let (head, body) = rest.split_once('.').unwrap();
    let forged = encode(json!({ "iss": issuer.url, "aud": "cobrowse", "sub": "root", "exp": now() + 60 }).to_string());
    for token in [
        format!("{head}.{forged}.{signature}"),
        format!("{head}.{body}."),
        format!("{head}.{body}"),
        format!("{good}.x"),
        "a.b.c".to_owned(),
        "x".repeat(9_000),
    ] {
        assert_eq!(relay.ticket(&session, &token).await.status, 401, "{token:.40}");
    }
}

/// The public RSA key as bytes that a library may have taken for a shared key.
fn issuer_key_der() -> Vec<u8> {
    use ring::signature::KeyPair;
    match Pair::rsa() {
        Pair::Rsa(pair) => pair.public_key().as_ref().to_vec(),
        _ => unreachable!(),
    }
}

#[tokio::test]
async fn what_a_token_says_has_to_be_so() {
    let pair = Pair::ec();
    let issuer = Issuer::start(json!([pair.jwk("a")])).await;
    let relay = Relay::start(Config { agent_claim: Some("roles=agent".to_owned()), ..config(&issuer) }).await;
    let session = relay.create().await;
    let mut good = issuer.claims();
    good["roles"] = json!(["agent"]);
    let but = |name: &str, value: Value| {
        let mut claims = good.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value;
        }
        pair.token("a", &claims)
    };
    for fine in [
        but("aud", json!(["other", "cobrowse"])),
        but("exp", json!(now() - 30)),
        but("nbf", json!(now() + 30)),
        but("roles", json!("agent")),
    ] {
        assert_eq!(relay.ticket(&session, &fine).await.status, 201);
    }
    let audience = "authorization: expected a token for the audience that the relay is configured for";
    let issued = "authorization: expected a token of the issuer that the relay is configured for";
    let claims = "authorization: expected a token with \"iss\", \"aud\", \"sub\" and \"exp\"";
    for (token, expected) in [
        (but("exp", json!(now() - 61)), "authorization: expected a token that has not expired"),
        (but("nbf", json!(now() + 90)), "authorization: expected a token whose time has begun"),
        (but("iat", json!(now() + 90)), "authorization: expected a token whose time has begun"),
        (but("aud", json!("other")), audience),
        (but("aud", json!(["other"])), audience),
        (but("iss", json!("https://other.example")), issued),
        (but("aud", Value::Null), claims),
        (but("iss", Value::Null), claims),
        (but("exp", Value::Null), claims),
        (but("exp", json!("soon")), claims),
        (but("sub", Value::Null), claims),
    ] {
        assert_eq!(refused(&relay, &session, &token).await, (401, expected.to_owned()));
    }
    for role in [Value::Null, json!("customer"), json!(["agents"])] {
        let expected = "authorization: expected a token with the claim that makes an agent";
        assert_eq!(refused(&relay, &session, &but("roles", role)).await, (403, expected.to_owned()));
    }
}

#[tokio::test]
async fn names_are_those_of_the_claim_and_nothing_else_is_shown() {
    let pair = Pair::ec();
    let issuer = Issuer::start(json!([pair.jwk("a")])).await;
    let relay = Relay::start(Config { agent_name: "profile.nick".to_owned(), ..config(&issuer) }).await;
    let session = relay.create().await;
    let mut claims = issuer.claims();
    let name = async |claims: &Value| {
        relay.ticket(&session, &pair.token("a", claims)).await.json()["name"].as_str().unwrap().to_owned()
    };
    assert_eq!(name(&claims).await, "user-1");
    claims["preferred_username"] = json!("anna");
    assert_eq!(name(&claims).await, "anna");
    claims["profile"] = json!({ "nick": "An\u{7}na".to_owned() + &"x".repeat(200) });
    assert_eq!(name(&claims).await, "Anna".to_owned() + &"x".repeat(96));
}

#[tokio::test]
async fn keys_change_and_made_up_ones_are_asked_for_once() {
    let (old, new) = (Pair::ec(), Pair::ec());
    let issuer = Issuer::start(json!([old.jwk("old")])).await;
    let relay = Relay::start(config(&issuer)).await;
    let session = relay.create().await;
    let claims = issuer.claims();
    assert_eq!(relay.ticket(&session, &old.token("old", &claims)).await.status, 201);
    let before = issuer.asked();
    for number in 0..50 {
        let token = Pair::ec().token(&format!("made-up-{number}"), &claims);
        assert_eq!(relay.ticket(&session, &token).await.status, 401);
    }
    assert_eq!(issuer.asked(), before, "the keys were read less than a minute ago");

    // A relay that has read them longer ago looks for a key that it does not know.
    let file = std::env::temp_dir().join(format!("cobrowse-keys-{}.json", std::process::id()));
    let write = |keys: Value| std::fs::write(&file, json!({ "keys": keys }).to_string()).unwrap();
    write(json!([old.jwk("old")]));
    let relay = Relay::start(Config { agent_keys: Some(file.display().to_string()), ..config(&issuer) }).await;
    let session = relay.create().await;
    assert_eq!(relay.ticket(&session, &old.token("old", &claims)).await.status, 201);
    assert_eq!(relay.ticket(&session, &new.token("new", &claims)).await.status, 401);
    write(json!([new.jwk("new"), { "kty": "odd" }]));
    let rotated = async {
        while relay.ticket(&session, &new.token("new", &claims)).await.status != 201 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, rotated).await.expect("the new key is known");
    assert_eq!(relay.ticket(&session, &old.token("old", &claims)).await.status, 401);
    std::fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn without_the_issuer_nobody_comes_in_and_the_relay_is_well() {
    let pair = Pair::ec();
    let issuer = Issuer::start(json!([pair.jwk("a")])).await;
    let gone = Config { agent_keys: Some("http://127.0.0.1:1/keys".to_owned()), ..config(&issuer) };
    let relay = Relay::start(gone).await;
    let session = relay.create().await;
    let token = pair.token("a", &issuer.claims());
    assert_eq!(relay.ticket(&session, &token).await.status, 503);
    assert_eq!(relay.get("/healthz").await.status, 200);
    // An issuer that says that it is another is none.
    let other = Issuer::start(json!([pair.jwk("a")])).await;
    let url = other.url.replace("127.0.0.1", "localhost");
    let relay = Relay::start(Config { agent_issuer: Some(url), ..config(&issuer) }).await;
    let session = relay.create().await;
    assert_eq!(relay.ticket(&session, &token).await.status, 503);
}

#[tokio::test]
async fn each_secret_is_good_for_one_thing() {
    let pair = Pair::ec();
    let issuer = Issuer::start(json!([pair.jwk("a")])).await;
    let desktop = "secret of the desktops";
    let relay = Relay::start(Config { invite_secret: Some(desktop.to_owned()), ..config(&issuer) }).await;
    let session = relay.create().await;
    let token = pair.token("a", &issuer.claims());
    let live = format!("/api/sessions/{}", session.token);

    // A customer's secret lets no agent in, an agent's token and its ticket are no customer's.
    assert_eq!(relay.ticket(&session, &session.secret).await.status, 401);
    let ticket = relay.ticket(&session, &token).await.json()["ticket"].as_str().unwrap().to_owned();
    for shown in [&token, &ticket, desktop] {
        assert_eq!(relay.request("DELETE", &live, &[("authorization", &bearer(shown))], "").await.status, 401);
        let mut socket = relay.socket(&format!("/ws/customer?token={}", session.token)).await.unwrap();
        socket.text(&json!({ "secret": shown }).to_string()).await;
        assert_eq!(socket.closed().await.0, 4001);
    }
    assert_eq!(relay.enters(&session, &[("authorization", &bearer(&ticket))]).await.err(), Some(401));
    assert_eq!(relay.enters(&session, &[("authorization", &bearer(&session.secret))]).await.err(), Some(401));
    // An agent does not invite, a desktop vouches for its agents.
    let invite = json!({ "invite": true }).to_string();
    assert_eq!(
        relay.request("POST", "/api/sessions", &[("authorization", &bearer(&token))], &invite).await.status,
        401
    );
    let invited = relay.request("POST", "/api/sessions", &[("authorization", &bearer(desktop))], &invite).await;
    assert_eq!(invited.status, 201);
    let given = relay.ticket(&session, desktop).await.json();
    assert_eq!(given["name"], Value::Null);
    let mut agent = relay.enters_with(&session, given["ticket"].as_str().unwrap()).await.ok().unwrap();
    agent.message().await;
    assert_eq!(relay.get(&live).await.json()["agents"][0]["user"], 2);
}

#[tokio::test]
async fn agents_of_a_list_show_their_keys() {
    let file = std::env::temp_dir().join(format!("cobrowse-list-{}.json", std::process::id()));
    let digest = Sha256::digest(b"the key of Bert").iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    std::fs::write(&file, json!([{ "id": "bert", "name": "Bert", "sha256": digest }]).to_string()).unwrap();
    let relay = Relay::start(Config { agent_list: Some(file.clone()), ..Config::default() }).await;
    let session = relay.create().await;
    let mut customer = relay.customer(&session).await;
    assert_eq!(relay.get("/api/identity").await.json(), json!({ "required": true, "signIn": null, "keys": true }));
    let given = relay.ticket(&session, "the key of Bert").await.json();
    assert!(relay.enters_with(&session, given["ticket"].as_str().unwrap()).await.is_ok());
    customer.expect(&["Joined 2 Agent Bert"]).await;
    assert_eq!(relay.ticket(&session, "the key of Anna").await.status, 401);
    std::fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn a_relay_on_this_machine_asks_nobody_and_one_that_others_reach_has_to() {
    let relay = Relay::start(Config::default()).await;
    let session = relay.create().await;
    assert_eq!(relay.get("/api/identity").await.json(), json!({ "required": false, "signIn": null, "keys": false }));
    assert!(relay.enters(&session, &[]).await.is_ok());
    // A page that has something to show gets a ticket all the same.
    let given = relay.ticket(&session, "anything").await;
    assert_eq!(given.status, 201);
    assert!(relay.enters_with(&session, given.json()["ticket"].as_str().unwrap()).await.is_ok());

    let exposed = "0.0.0.0:8080".parse().unwrap();
    let here = "[::1]:8080".parse().unwrap();
    let error = Config::default().check_exposure(exposed).unwrap_err().to_string();
    assert!(error.starts_with("agent-issuer: expected it or agent-list") && error.contains("insecure"), "{error}");
    assert!(error.contains("other machines reach the relay (0.0.0.0:8080)"), "{error}");
    assert_eq!(Config::default().check_exposure(here), Ok(()));
    let proxied = Config { proxies: vec!["127.0.0.1".parse().unwrap()], ..Config::default() };
    assert!(proxied.check_exposure(here).unwrap_err().to_string().contains("a proxy passes others on"));
    assert_eq!(Config { insecure: true, ..proxied }.check_exposure(exposed), Ok(()));
    // The secret for invitations does not say who comes in with nine digits.
    let invites = Config { invite_secret: Some("a secret of some length".to_owned()), ..Config::default() };
    assert!(invites.check_exposure(exposed).is_err());
    let issuer = Issuer::start(json!([])).await;
    assert_eq!(config(&issuer).check_exposure(exposed), Ok(()));
}

#[tokio::test]
async fn settings_that_do_not_fit_together_are_named() {
    let issuer = Issuer::start(json!([])).await;
    let base = || config(&issuer);
    let refused = |config: Config| config.check().unwrap_err().to_string();
    assert_eq!(
        refused(Config { agent_issuer: None, ..base() }),
        "agent-audience: expected agent-issuer beside it, found none"
    );
    assert_eq!(
        refused(Config { agent_audience: Vec::new(), ..base() }),
        "agent-audience: expected for whom the issuer's tokens are, or agent-client, found none"
    );
    assert!(refused(Config { agent_issuer: Some("http://issuer.example".into()), ..base() }).contains("of https"));
    assert!(refused(Config { agent_keys: Some("no/such.json".into()), ..base() }).contains("it cannot be read"));
    assert!(
        refused(Config { agent_keys: Some("http://a.example/k".into()), ..base() }).contains("an address of https")
    );
    assert!(refused(Config { agent_claim: Some("roles".into()), ..base() }).contains("as roles=agent"));
    assert!(refused(Config { agent_list: Some("no/such.json".into()), ..base() }).contains("it cannot be read"));
    assert!(refused(Config { ca: Some("no/such.pem".into()), ..base() }).contains("no/such.pem"));
    let same = Some("one secret for both things".to_owned());
    let both = Config { invite_secret: same.clone(), record_secret: same, ..base() };
    assert!(refused(both).starts_with("record-secret: expected another secret than invite-secret"));
}

#[tokio::test]
async fn agents_do_not_come_and_go_without_end() {
    let relay = Relay::start(Config { join_burst: 3, join_refill: Duration::from_secs(60), ..Config::default() }).await;
    let [session, other] = [relay.create().await, relay.create().await];
    for _ in 0..3 {
        assert!(relay.enters(&session, &[]).await.is_ok());
    }
    assert_eq!(relay.enters(&session, &[]).await.err(), Some(429));
    assert!(relay.enters(&other, &[]).await.is_ok(), "another session is not concerned");
    // Nor is the customer.
    relay.customer(&session).await;
}
