//! Genesys Co-browse: CometD's own client as the controller, the controller's library, the agent's page in a desktop, and the example.

use crate::{
    actor::{Actor, script},
    browser::Browser,
    front::{Front, Route},
    pair::{OVERLAY, Pair, Transport},
    uplink::{FAST, Uplink, Way},
    workbench::Workbench,
};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{
    process::Command,
    time::{Instant, sleep},
};

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scenario {
    /// From join to the end over long polling.
    LongPolling,
    /// The same over a WebSocket.
    Websocket,
    /// The network is cut while things happen.
    Reconnect,
    /// An answer is lost on its way: what was in it comes again.
    Acknowledged,
    /// Why a session ends, as everyone is told.
    Reasons,
    /// Many sessions at once.
    Many,
    /// The agent's page by its address.
    AgentPage,
    /// The same behind a proxy that writes paths anew.
    Proxy,
    /// The library for web desktops, with a network that is cut.
    Controller,
    /// A session that was created over REST is the customer's page's.
    Created,
    /// The example pages, from the invitation to the end.
    Example,
}

impl Scenario {
    /// All of them.
    pub(crate) const ALL: [Self; 11] = [
        Self::LongPolling,
        Self::Websocket,
        Self::Reconnect,
        Self::Acknowledged,
        Self::Reasons,
        Self::Many,
        Self::AgentPage,
        Self::Proxy,
        Self::Controller,
        Self::Created,
        Self::Example,
    ];

    /// For the case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::LongPolling => "long-polling",
            Self::Websocket => "websocket",
            Self::Reconnect => "reconnect",
            Self::Acknowledged => "acknowledged",
            Self::Reasons => "reasons",
            Self::Many => "many",
            Self::AgentPage => "agent-page",
            Self::Proxy => "proxy",
            Self::Controller => "controller",
            Self::Created => "created",
            Self::Example => "example",
        }
    }
}

const PAGE: &str = "/fixtures/tree.html";
const PATIENCE: Duration = Duration::from_secs(30);
const TRANSPORTS: [&str; 2] = ["long-polling", "websocket"];

/// Runs one scenario.
pub(crate) async fn run(bench: &Workbench, scenario: Scenario) -> Result<()> {
    match scenario {
        Scenario::LongPolling => whole(bench, "long-polling").await,
        Scenario::Websocket => whole(bench, "websocket").await,
        Scenario::Reconnect => reconnect(bench).await,
        Scenario::Acknowledged => acknowledged(bench).await,
        Scenario::Reasons => reasons(bench).await,
        Scenario::Many => many(bench).await,
        Scenario::AgentPage => agent_page(bench).await,
        Scenario::Proxy => proxy(bench).await,
        Scenario::Controller => controller(bench).await,
        Scenario::Created => created(bench).await,
        Scenario::Example => example(bench).await,
    }
}

/// Waits until an expression of a page has a value.
async fn until(browser: &Browser, expression: &str, expected: &Value) -> Result<()> {
    let from = Instant::now();
    loop {
        let found: Value = browser.eval(&format!("return {expression}"), vec![]).await?;
        if found == *expected {
            return Ok(());
        }
        ensure!(from.elapsed() < PATIENCE, "{expression} is {found}, not {expected}");
        sleep(Duration::from_millis(50)).await;
    }
}

/// A session with a customer's page and no agent.
async fn session<'a>(bench: &'a Workbench) -> Result<Pair<'a>> {
    Pair::start(bench, PAGE, Transport::Relay, json!({})).await
}

/// Joined, activated, stopped, deactivated, with real pages as customer and agent.
async fn whole(bench: &Workbench, transport: &str) -> Result<()> {
    let mut pair = session(bench).await?;
    let mut desk = Actor::start(bench.relay()?, transport, false).await?;
    for channel in ["/service/session/joined", "/service/session/*"] {
        let reply = desk.ask(json!({ "do": "subscribe", "channel": channel })).await?;
        ensure!(reply["successful"] == true, "subscribe: {reply}");
    }
    let joined = desk.join(pair.token()?, 3).await?;
    ensure!(joined["users"] == json!([{ "userId": 1, "role": 1, "name": "" }]), "{joined}");
    let history = joined["sessionHistoryId"].as_str().context("an id")?.to_owned();
    pair.join().await?;
    let user = desk.expect("joined").await?;
    ensure!(user["role"] == 2 && user["userId"] != joined["userId"], "{user}");
    let activated = desk.expect("activated").await?["activationTime"].clone();
    pair.check("with a controller in the session").await?;
    // Several in one: what cannot be done does no harm to what can.
    let names =
        json!([["exit", { "userToken": "nobody's" }], ["stop", { "userToken": desk.user_token, "reason": "closed" }]]);
    let replies = desk.ask(json!({ "do": "batch", "names": names })).await?;
    ensure!(replies[0]["successful"] == false && replies[1]["successful"] == true, "{replies}");
    let mut told = [desk.hear().await?, desk.hear().await?];
    told.sort_by(|a, b| a.0.cmp(&b.0));
    let [(deactivated, times), (stop, answer)] = told;
    ensure!(stop == "stop" && answer == json!({}) && deactivated == "deactivated", "{stop}, {deactivated}");
    ensure!(times["activationTime"] == activated && times["reason"] == "closed", "{times}");
    until(&bench.customer, "window.__e2e.states().at(-1)", &"ended".into()).await?;
    let path = format!("{}/cobrowse/rest/history/sessions/{history}", bench.relay()?);
    bench.agent.goto(&format!("{}/slave.html", bench.relay()?)).await?;
    let kept: Value = bench.agent.eval("return fetch(arguments[0]).then((it) => it.json())", vec![path.into()]).await?;
    ensure!(kept["activationTime"] == activated && kept["deactivationTime"] == times["deactivationTime"], "{kept}");
    desk.ask(json!({ "do": "disconnect" })).await?;
    desk.is_quiet().await
}

/// Agents who come while the network is cut are told of afterwards: each once, in order.
async fn reconnect(bench: &Workbench) -> Result<()> {
    for transport in TRANSPORTS {
        let pair = session(bench).await?;
        let uplink = Uplink::open(bench.relay()?, FAST).await?;
        let mut desk = Actor::start(uplink.url(), transport, true).await?;
        desk.join(pair.token()?, 3).await?;
        for round in 0..3 {
            uplink.set(Way::Refused);
            let mut agents = Vec::new();
            for number in 0..3 {
                let mut agent = Actor::start(bench.relay()?, "websocket", true).await?;
                let data = json!({ "sessionToken": pair.token()?, "role": 2, "name": format!("{round}-{number}") });
                agent.say("join", data).await?;
                agent.expect("join").await?;
                agents.push(agent);
            }
            sleep(Duration::from_millis(1_500)).await;
            uplink.set(Way::Open);
            desk.come_back().await.with_context(|| format!("{transport}, cut {round}"))?;
            for number in 0..3 {
                let user = desk.expect("joined").await?;
                ensure!(user["name"] == format!("{round}-{number}"), "{transport}: {user}");
                if round == 0 && number == 0 {
                    desk.expect("activated").await?;
                }
            }
            desk.is_quiet().await.with_context(|| format!("{transport}, cut {round}"))?;
        }
        desk.say("stop", json!({ "userToken": desk.user_token })).await?;
        until(&bench.customer, "window.__e2e.states().at(-1)", &"ended".into()).await?;
    }
    Ok(())
}

/// The server has sent an answer, and the network has swallowed it.
async fn acknowledged(bench: &Workbench) -> Result<()> {
    for transport in TRANSPORTS {
        let mut pair = session(bench).await?;
        let uplink = Uplink::open(bench.relay()?, FAST).await?;
        let mut desk = Actor::start(uplink.url(), transport, true).await?;
        desk.join(pair.token()?, 3).await?;
        // So that a connect waits at the server.
        sleep(Duration::from_millis(300)).await;
        uplink.set(Way::Stalled);
        pair.join().await?;
        sleep(Duration::from_millis(500)).await;
        uplink.set(Way::Refused);
        sleep(Duration::from_millis(300)).await;
        uplink.set(Way::Open);
        desk.come_back().await.context(transport)?;
        desk.expect("joined").await?;
        desk.expect("activated").await?;
        desk.is_quiet().await.context(transport)?;
        desk.say("stop", json!({ "userToken": desk.user_token })).await?;
        until(&bench.customer, "window.__e2e.states().at(-1)", &"ended".into()).await?;
    }
    Ok(())
}

/// What the agent's page says of an end.
const STATUS: &str = "document.getElementById('status').textContent";

/// Who ends a session.
enum By {
    Desk(Option<&'static str>),
    Customer,
    Agent,
    /// An agent who has joined over CometD leaves it.
    Exit,
}

async fn reasons(bench: &Workbench) -> Result<()> {
    let ends = [
        (By::Desk(None), "controller", "The session was ended at the agent’s desktop"),
        (By::Desk(Some("closed")), "closed", "The session has ended with its conversation"),
        (By::Desk(Some("transferred")), "transferred", "The session has ended: its conversation went to another agent"),
        (By::Desk(Some("idle")), "idle", "The session has ended: nothing was heard for too long"),
        (By::Customer, "customer", "The customer has ended the session"),
        (By::Agent, "agent", "The session has been ended by an agent"),
        (By::Exit, "agent", "The session has been ended by an agent"),
    ];
    for (by, reason, said) in ends {
        let pair = session(bench).await?;
        let (customer, agent) = (&bench.customer, &bench.agent);
        customer.run("Cobrowse.session.then((it) => it.on('ended', (why) => (window.__why = why)))", vec![]).await?;
        let mut desk = Actor::start(bench.relay()?, "websocket", true).await?;
        desk.join(pair.token()?, 3).await?;
        agent.goto(&format!("{}/cobrowse/slave.html#nosidinput=1&sid={}", bench.relay()?, pair.token()?)).await?;
        until(agent, STATUS, &"Live".into()).await?;
        desk.expect("joined").await?;
        desk.expect("activated").await?;
        match by {
            By::Desk(why) => {
                let data = json!({ "userToken": desk.user_token, "reason": why });
                ensure!(desk.say("stop", data).await?["successful"] == true, "stop as {why:?}");
            }
            By::Customer => customer.run("return window.__e2e.stop()", vec![]).await?,
            By::Agent => {
                until(agent, "document.getElementById('leave').textContent", &"End session".into()).await?;
                agent.click("#leave").await?;
            }
            By::Exit => {
                let mut other = Actor::start(bench.relay()?, "long-polling", true).await?;
                other.join(pair.token()?, 2).await?;
                desk.expect("joined").await?;
                let left = other.say("exit", json!({ "userToken": other.user_token })).await?;
                ensure!(left["successful"] == true, "exit: {left}");
            }
        }
        // The answer to a stop may come first, or behind it.
        let told = match desk.hear().await? {
            (name, _) if name == "stop" => desk.expect("deactivated").await?,
            (name, data) if name == "deactivated" => data,
            other => bail!("{reason}: {other:?} was told"),
        };
        ensure!(told["reason"] == reason, "the desktop was told {told}, not {reason}");
        until(customer, "window.__why", &reason.into()).await.context("the customer's page")?;
        until(agent, STATUS, &said.into()).await.context("the agent's page")?;
    }
    Ok(())
}

/// Fewer and for a shorter time than `cargo xtask cometd`.
async fn many(bench: &Workbench) -> Result<()> {
    let run =
        Command::new("node").arg(script("load.mjs")).args([bench.relay()?, "20", "15"]).kill_on_drop(true).output();
    let output = run.await.context("node does not start")?;
    let (said, faults) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{said}{faults}");
    let result: Value = serde_json::from_str(&said)?;
    ensure!(result["sessions"].as_u64() >= Some(20) && result["cuts"].as_u64() > Some(0), "{result}");
    Ok(())
}

async fn agent_page(bench: &Workbench) -> Result<()> {
    let agent = &bench.agent;
    let page = format!("{}/cobrowse/slave.html", bench.relay()?);
    let shown = "[...document.querySelectorAll('#join, #debug')].map((node) => !node.hidden)";
    agent.goto(&page).await?;
    until(agent, shown, &json!([true, false])).await.context("without anything")?;
    agent.goto("about:blank").await?;
    agent.goto(&format!("{page}#nosidinput=1")).await?;
    until(agent, STATUS, &"No session number given".into()).await?;
    until(agent, shown, &json!([false, false])).await.context("without a field")?;
    let first = session(bench).await?;
    agent.goto("about:blank").await?;
    agent.goto(&format!("{page}#debug=1&sid={}", first.token()?)).await?;
    until(agent, STATUS, &"Live".into()).await?;
    until(agent, shown, &json!([false, true])).await.context("with what happens")?;
    agent.run("window.__logged = 0; console.debug = () => __logged++", vec![]).await?;
    first.customer().run("document.body.append('a change')", vec![]).await?;
    until(agent, "__logged > 0", &true.into()).await.context("on the console")?;
    // The desktop gives the frame another session by its address alone: nothing is loaded anew.
    let second = bench.another_browser().await?;
    second.goto(&bench.page(PAGE)).await?;
    second.run("return window.__e2e || 0", vec![]).await?;
    second.run(include_str!("../../js/sides.js"), vec![]).await?;
    let dist = bench.dist()?;
    second.run("return window.__e2e.load(arguments[0], 'Cobrowse')", vec![format!("{dist}/capture.js").into()]).await?;
    second.run("document.body.id = 'second'", vec![]).await?;
    let token: String = second
        .eval("return window.__e2e.start(...arguments)", vec![bench.relay()?.into(), json!({ "language": "en" })])
        .await?;
    agent
        .run("window.__same = true; location.hash = arguments[0]", vec![format!("nosidinput=1&sid={token}").into()])
        .await?;
    until(agent, "window.cobrowsePlayer?.document?.body?.id", &"second".into()).await?;
    ensure!(agent.eval::<bool>("return window.__same === true", vec![]).await?, "the page was loaded anew");
    second.run("return window.__e2e.stop()", vec![]).await?;
    until(agent, STATUS, &"The customer has ended the session".into()).await?;
    second.close().await?;
    first.finish().await.or(Ok(()))
}

/// `slave.html` under a path of the desktop's own: what it loads and where it connects goes by that path, too.
async fn proxy(bench: &Workbench) -> Result<()> {
    let pair = session(bench).await?;
    let front = Front::start(vec![Route::new("/desk/tools/", bench.relay()?, "/cobrowse/")?]).await?;
    let agent = &bench.agent;
    agent.goto(&format!("{}/desk/tools/slave.html#nosidinput=1&sid={}", front.url, pair.token()?)).await?;
    until(agent, STATUS, &"Live".into()).await?;
    let loaded = "[...new Set(performance.getEntriesByType('resource').map(({ name }) => new URL(name)).filter(({ origin }) => origin === location.origin).map(({ pathname }) => pathname))].filter((path) => !path.startsWith('/desk/tools/') && path !== '/favicon.ico')";
    until(agent, loaded, &json!([])).await?;
    pair.customer().run("document.title = 'behind a proxy'", vec![]).await?;
    until(agent, "window.cobrowsePlayer.document.title", &"behind a proxy".into()).await?;
    // REST and CometD are found beside the page, too.
    let found = "return fetch('rest/live/sessions/' + arguments[0]).then((it) => it.json())";
    let found: Value = agent.eval(found, vec![pair.token()?.into()]).await?;
    ensure!(found["sessionToken"] == pair.token()?, "{found}");
    let shake = "return fetch('cometd/handshake', { method: 'POST', body: JSON.stringify([{ channel: '/meta/handshake', version: '1.0', supportedConnectionTypes: ['long-polling'] }]) }).then((it) => it.json())";
    let shaken: Value = agent.eval(shake, vec![]).await?;
    ensure!(shaken[0]["successful"] == true, "{shaken}");
    pair.customer().run("return window.__e2e.stop()", vec![]).await
}

/// A page with the library, from the relay's own origin.
async fn with_library(bench: &Workbench, relay: &str) -> Result<()> {
    bench.agent.goto(&format!("{relay}/cobrowse/slave.html")).await?;
    let load =
        "return new Promise((resolve, reject) => document.head.append(Object.assign(document.createElement('script'),
        { src: 'cobrowse-controller.js', onload: () => resolve(), onerror: reject })))";
    bench.agent.run(load, vec![]).await
}

async fn controller(bench: &Workbench) -> Result<()> {
    let mut pair = session(bench).await?;
    let uplink = Uplink::open(bench.relay()?, FAST).await?;
    with_library(bench, uplink.url()).await?;
    let agent = &bench.agent;
    let tokens = "['{start:123456789}', 'hello {start:123456789}', '{start:12345}'].map((text) => CobrowseController.tokenOf(text))";
    until(agent, tokens, &json!(["123456789", null, null])).await?;
    let start = "
        const controller = window.controller = new CobrowseController({ url: location.origin + '/cobrowse', name: 'Desk', data: { CoBrowseSessionsQuantity: '2' } });
        window.told = [];
        for (const name of ['joined', 'activated', 'deactivated']) controller.on(name, (it) => told.push(name + ' ' + (it.name ?? it.reason ?? '')));
        controller.on('connection', (state) => (window.line = state));
        return controller.join(arguments[0]).then(() => controller.attachedData())";
    let attached: Value = agent.eval(start, vec![pair.token()?.into()]).await?;
    ensure!(attached["CoBrowseAssociated"] == "Yes" && attached["CoBrowseSessionsQuantity"] == "3", "{attached}");
    ensure!(attached["CoBrowseSessionId"].is_string() && attached["CoBrowseStartTime"].is_null(), "{attached}");
    let mut others = Vec::new();
    for round in 0..3 {
        until(agent, "window.line", &"open".into()).await?;
        uplink.set(if round == 1 { Way::Stalled } else { Way::Refused });
        let mut other = Actor::start(bench.relay()?, "websocket", true).await?;
        let data = json!({ "sessionToken": pair.token()?, "role": 2, "name": format!("agent {round}") });
        other.say("join", data).await?;
        other.expect("join").await?;
        others.push(other);
        sleep(Duration::from_millis(400)).await;
        uplink.set(Way::Refused);
        sleep(Duration::from_millis(600)).await;
        uplink.set(Way::Open);
        let expected = format!("joined agent {round}");
        until(agent, &format!("told.filter((line) => line === '{expected}').length"), &1.into()).await?;
    }
    let mut expected = vec!["joined agent 0", "activated ", "joined agent 1", "joined agent 2"];
    until(agent, "told", &json!(expected)).await?;
    let start: String = agent.eval("return controller.attachedData().CoBrowseStartTime", vec![]).await?;
    ensure!(start.ends_with('Z') && start.len() == 24, "{start}");
    let page: String = agent.eval("return controller.agentPage({ debug: true })", vec![]).await?;
    ensure!(
        page == format!("{}/cobrowse/slave.html#nosidinput=1&sid={}&debug=1", uplink.url(), pair.token()?),
        "{page}"
    );
    let times: Value = agent.eval("return controller.stop('transferred')", vec![]).await?;
    ensure!(times["activationTime"].is_u64() && times["deactivationTime"].is_u64(), "{times}");
    expected.push("deactivated transferred");
    sleep(Duration::from_millis(500)).await;
    until(agent, "told", &json!(expected)).await?;
    let history: Value = agent.eval("return controller.history()", vec![]).await?;
    ensure!(history["deactivationTime"] == times["deactivationTime"], "{history}");
    // What ends while there is no network is told once it is there again.
    pair = session(bench).await?;
    with_library(bench, uplink.url()).await?;
    let start = "
        const controller = window.controller = new CobrowseController({ url: location.origin + '/cobrowse' });
        window.told = [];
        controller.on('deactivated', ({ reason }) => told.push(reason));
        return controller.join(arguments[0]).then(() => null)";
    agent.run(start, vec![pair.token()?.into()]).await?;
    uplink.set(Way::Refused);
    pair.customer().run("return window.__e2e.stop()", vec![]).await?;
    sleep(Duration::from_millis(500)).await;
    uplink.set(Way::Open);
    until(agent, "told", &json!(["customer"])).await
}

/// The page shows the secret that the REST call gave.
async fn created(bench: &Workbench) -> Result<()> {
    bench.agent.goto(&format!("{}/cobrowse/slave.html", bench.relay()?)).await?;
    let create = "return fetch('rest/live/sessions', { method: 'POST' }).then((it) => it.json())";
    let made: Value = bench.agent.eval(create, vec![]).await?;
    let given = json!({ "session": { "token": made["sessionToken"], "secret": made["secret"] } });
    let mut pair = Pair::start(bench, PAGE, Transport::Relay, given).await?;
    ensure!(made["sessionToken"] == pair.token()?, "it has another token");
    pair.join().await?;
    pair.check("a session that was there before").await?;
    pair.finish().await?;
    bench.customer.run("return window.__e2e.stop()", vec![]).await?;
    let wrong = "return window.Cobrowse.start({ relay: arguments[0], consent: false, session: { token: '12' } }).then(String, (it) => it.message)";
    let said: String = bench.customer.eval(wrong, vec![bench.relay()?.into()]).await?;
    ensure!(said == "cobrowse: session: expected { token, secret } as the relay gave them", "{said}");
    Ok(())
}

/// Answers the question before a session.
async fn agree(customer: &Browser) -> Result<()> {
    until(customer, "Boolean(window.__overlay?.querySelector('.card .yes'))", &true.into()).await?;
    customer.run("window.__overlay.querySelector('.card .yes').click()", vec![]).await
}

async fn example(bench: &Workbench) -> Result<()> {
    let (relay, site) = (bench.relay()?, bench.page(""));
    let front = Front::start(vec![
        Route::new("/cobrowse/", relay, "/cobrowse/")?,
        // The desktop has the agent's page under a path of its own.
        Route::new("/desk/tools/", relay, "/cobrowse/")?,
        Route::new("/", &site, "/examples/genesys/")?,
    ])
    .await?;
    let (customer, agent) = (&bench.customer, &bench.agent);
    customer.goto(&format!("{}/customer.html", front.url)).await?;
    agent.goto(&format!("{}/desktop.html#pages={}/desk/tools", front.url, front.url)).await?;
    until(customer, "document.documentElement.dataset.ready", &"new".into()).await?;
    customer.run(OVERLAY, vec![]).await?;
    let state = "document.getElementById('state').textContent";
    // The invitation: the customer wants it, is asked, and the token goes through the chat.
    customer.type_into("#text", "My new rooms do not fit in").await?;
    customer.click("#say button").await?;
    customer.click("#start").await?;
    agree(customer).await?;
    until(
        customer,
        "document.querySelector('#messages li:last-child')?.dataset.text.replace(/\\d{9}/, '…')",
        &"{start:…}".into(),
    )
    .await?;
    until(customer, "document.getElementById('card').classList.contains('kept')", &true.into()).await?;
    let messages: Vec<String> = customer
        .eval("return [...document.querySelectorAll('#messages li')].map((item) => item.dataset.text)", vec![])
        .await?;
    // The two browsers share no channel: the messages are carried over.
    for message in &messages {
        agent.run("chat.hear('customer', arguments[0])", vec![message.as_str().into()]).await?;
    }
    until(agent, state, &"Co-browsing".into()).await?;
    until(customer, state, &"The agent sees this page".into()).await?;
    let data = "Object.keys(controller.attachedData()).join()";
    let names = "CoBrowseAssociated,CoBrowseSessionsQuantity,CoBrowseSessionId,CoBrowseStartTime";
    until(agent, data, &names.into()).await?;
    // In the desktop's frame is the agent's page, under the desktop's own path.
    let place = "document.getElementById('agent').contentWindow.location.pathname";
    until(agent, place, &"/desk/tools/slave.html".into()).await?;
    let seen = "document.getElementById('agent').contentWindow.cobrowsePlayer?.document?.getElementById('estimate')?.textContent";
    until(agent, seen, &"58".into()).await?;
    // The customer's window is larger than the frame: the page is shown smaller, without scrollbars.
    let fits = "(({ scrollWidth, clientWidth, scrollHeight, clientHeight }) => scrollWidth <= clientWidth && scrollHeight <= clientHeight)(document.getElementById('agent').contentWindow.document.documentElement)";
    until(agent, fits, &true.into()).await?;
    customer.run("document.querySelector('select').selectedIndex = 2", vec![]).await?;
    customer.click("#estimate-again").await?;
    until(agent, seen, &"80".into()).await?;
    // On to another page of the site: the session goes on, and nobody is told that the customer came anew.
    customer.goto(&format!("{}/customer.html?page=tariffs", front.url)).await?;
    until(customer, "document.documentElement.dataset.ready", &"again".into()).await?;
    until(agent, seen, &"58".into()).await?;
    sleep(Duration::from_millis(600)).await;
    let folder = bench.pictures().await?;
    tokio::fs::write(folder.join("genesys-desktop.png"), agent.screenshot().await?).await?;
    tokio::fs::write(folder.join("genesys-customer.png"), customer.screenshot().await?).await?;
    // The desktop transfers the chat: everyone is told why it is over.
    agent.click("[data-end=transferred]").await?;
    until(agent, state, &"The session is over (transferred)".into()).await?;
    until(customer, state, &"Not shared any more (external, transferred)".into()).await?;
    let told = "[...document.querySelectorAll('#told li')].map((item) => item.dataset.name).join()";
    until(agent, told, &"joined,activated,deactivated".into()).await?;
    let frame = "document.getElementById('agent').contentWindow.document.getElementById('status').textContent";
    until(agent, frame, &"The session has ended: its conversation went to another agent".into()).await?;
    let pages = "return controller.history().then(({ pages }) => pages.map(({ url }) => url))";
    let pages: Vec<String> = agent.eval(pages, vec![]).await?;
    ensure!(pages == [format!("{}/customer.html", front.url)], "{pages:?}");
    // A second session of the same interaction.
    customer.run(OVERLAY, vec![]).await?;
    customer.click("#start").await?;
    agree(customer).await?;
    until(customer, "document.querySelector('#messages li:last-child')?.dataset.text.length", &17.into()).await?;
    let again: String =
        customer.eval("return document.querySelector('#messages li:last-child').dataset.text", vec![]).await?;
    agent.run("chat.hear('customer', arguments[0])", vec![again.into()]).await?;
    until(agent, "controller.attachedData().CoBrowseSessionsQuantity", &"2".into()).await?;
    until(customer, state, &"The agent sees this page".into()).await?;
    customer.click("#exit").await?;
    until(agent, state, &"The session is over (customer)".into()).await?;
    until(customer, state, &"Not shared any more (self, customer)".into()).await
}
