//! Agents who show who they are: signed in at an issuer, with a key, or by the page around theirs; and those who do not.

use crate::{
    agent_page::{AgentPage, wait},
    browser::Browser,
    issuer::{CLIENT, Issuer},
    pair::OVERLAY,
    raw_agent::RawAgent,
    workbench::Workbench,
};
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How an agent shows it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scenario {
    /// By signing in at an issuer.
    SignIn,
    /// By a key of a list, which is entered.
    Key,
    /// By the page around the agent's, which has a token.
    Embedded,
    /// The customer is shown who comes before that one gets anything of the page.
    ToldFirst,
}

impl Scenario {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::SignIn, Self::Key, Self::Embedded, Self::ToldFirst];

    /// For the case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Key => "key",
            Self::Embedded => "embedded",
            Self::ToldFirst => "told-first",
        }
    }
}

const PAGE: &str = "/fixtures/tree.html";
const LIVE: &str = "return document.getElementById('status').textContent === 'Live'";
const SESSION: &str = "return window.Cobrowse.session.then((session) => session.agents.map(({ name }) => name))";

/// Runs one scenario.
pub(crate) async fn run(bench: &Workbench, scenario: Scenario) -> Result<()> {
    match scenario {
        Scenario::SignIn => sign_in(bench).await,
        Scenario::Key => key(bench).await,
        Scenario::Embedded => embedded(bench).await,
        Scenario::ToldFirst => told_first(bench).await,
    }
}

/// A customer's page with a session at a relay.
async fn customer(bench: &Workbench, relay: &str) -> Result<String> {
    let customer = &bench.customer;
    customer.goto(&bench.page(PAGE)).await?;
    customer.run(OVERLAY, vec![]).await?;
    customer.run(include_str!("../../js/sides.js"), vec![]).await?;
    let script = format!("{}/capture.js", bench.dist()?);
    customer.run("return window.__e2e.load(arguments[0], 'Cobrowse')", vec![script.into()]).await?;
    let options = json!({ "language": "en", "overlay": true });
    customer.eval("return window.__e2e.start(...arguments)", vec![relay.into(), options]).await
}

/// The customer is shown these agents, by the page's own list and by what can be read.
async fn reads(customer: &Browser, name: &str) -> Result<()> {
    let names: Vec<String> = customer.eval(SESSION, vec![]).await?;
    ensure!(names == [name], "the customer's page is told of {names:?}");
    let body = format!("return window.__overlay.textContent.includes({})", json!(name));
    wait(customer, "the name can be read", &body).await
}

async fn sign_in(bench: &Workbench) -> Result<()> {
    let issuer = Issuer::start().await?;
    let arguments = ["--agent-issuer", &issuer.url, "--agent-client", CLIENT];
    let relay = bench.own_relay("identity-sign-in", &arguments).await?;
    let token = customer(bench, &relay.url).await?;
    let agent = &bench.agent;
    agent.goto(&format!("{}/slave.html#sid={token}&name=Mallory", relay.url)).await?;
    let page = AgentPage { browser: agent };
    page.says("status", "Who are you?").await?;
    let picture = agent.screenshot().await?;
    tokio::fs::write(bench.pictures().await?.join("identity-sign-in.png"), picture).await?;
    page.press("sign-in-issuer").await?;
    wait(agent, "the issuer's page", "return document.getElementById('anna') !== null").await?;
    agent.click("#anna").await?;
    wait(agent, "in the session", LIVE).await?;
    reads(&bench.customer, "Anna of the Issuer").await?;
    // Nothing of it is left in the address, and the session's number is back.
    let address: String = agent.eval("return location.search + location.hash", vec![]).await?;
    ensure!(address.starts_with('#') && address.contains(&token) && !address.contains("code="), "{address}");
    let used: Vec<String> =
        agent.eval("return performance.getEntriesByType('resource').map(({ name }) => name)", vec![]).await?;
    ensure!(!used.iter().any(|url| url.contains("ticket.") || url.contains("eyJ")), "what is shown is in {used:?}");
    // Behind a reload nobody is asked again.
    agent.reload().await?;
    wait(agent, "in the session again", LIVE).await?;
    // What has expired is not taken: the agent is asked, and is in no session meanwhile.
    let old = issuer.token("Anna of the Issuer", Duration::ZERO)?;
    let forget = "const kept = JSON.parse(sessionStorage.getItem('cobrowse-bearer')); sessionStorage.setItem('cobrowse-bearer', JSON.stringify({ ...kept, bearer: arguments[0] }))";
    agent.run(forget, vec![old.replace(&old[old.len() - 8..], "AAAAAAAA").into()]).await?;
    agent.reload().await?;
    wait(agent, "asked again", "return !document.getElementById('sign-in').hidden").await?;
    wait(&bench.customer, "nobody watches", "return window.Cobrowse.session.then(({ agents }) => agents.length === 0)")
        .await?;
    // A page of another relay's is told nothing: any address may name any relay.
    agent.goto("about:blank").await?;
    let other = bench.relay()?;
    agent.goto(&format!("{other}/slave.html#relay={}&sid={token}", relay.url)).await?;
    page.says("problem", "This page tells that to its own relay only").await?;
    let asked: Value = agent.eval("return sessionStorage.getItem('cobrowse-bearer')", vec![]).await?;
    ensure!(asked.is_null(), "{asked}");
    agent.faults().await.map(drop)
}

async fn key(bench: &Workbench) -> Result<()> {
    // The SHA-256 of "the key of Bert".
    let digest = ring::digest::digest(&ring::digest::SHA256, b"the-key-of-Bert");
    let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let list = bench.scratch("identity-key").await?.join("agents.json");
    tokio::fs::write(&list, json!([{ "id": "bert", "name": "Bert", "sha256": digest }]).to_string()).await?;
    let relay = bench.own_relay("identity-key", &["--agent-list", &list.display().to_string()]).await?;
    let token = customer(bench, &relay.url).await?;
    let agent = &bench.agent;
    agent.goto(&format!("{}/slave.html#sid={token}", relay.url)).await?;
    let page = AgentPage { browser: agent };
    page.says("status", "Who are you?").await?;
    agent.type_into("#key", "the-key-of-Anna\u{e007}").await?;
    page.says("sign-in-problem", "The relay does not know you by that.").await?;
    let names: Vec<String> = bench.customer.eval(SESSION, vec![]).await?;
    ensure!(names.is_empty(), "who is not known is {names:?}");
    agent.type_into("#key", "the-key-of-Bert\u{e007}").await?;
    wait(agent, "in the session", LIVE).await?;
    reads(&bench.customer, "Bert").await?;
    agent.faults().await.map(drop)
}

async fn embedded(bench: &Workbench) -> Result<()> {
    let issuer = Issuer::start().await?;
    let desk = bench.origin("localhost");
    let arguments = ["--agent-issuer", &issuer.url, "--agent-audience", CLIENT, "--frame-ancestors", &desk];
    let relay = bench.own_relay("identity-embedded", &arguments).await?;
    let token = customer(bench, &relay.url).await?;
    let agent = &bench.agent;
    let open = async |origin: &str| -> Result<()> {
        agent.goto(&format!("{origin}/pages/blank.html")).await?;
        let body = "const [url, bearer] = arguments;
            addEventListener('message', ({ data, source, origin }) => {
              if (data.event === 'bearer-wanted') source.postMessage({ type: 'cobrowse', command: 'bearer', bearer }, origin);
            });
            const frame = document.createElement('iframe');
            Object.assign(frame, { id: 'desk', src: url, width: 1000, height: 700 });
            document.body.append(frame);";
        let url = format!("{}/slave.html#nosidinput=1&sid={token}", relay.url);
        agent.run(body, vec![url.into(), issuer.token("Carla", Duration::from_secs(60))?.into()]).await
    };
    open(&desk).await?;
    let mut found = Value::Null;
    for _ in 0..200 {
        found = agent.in_frame("#desk", LIVE).await.unwrap_or_default();
        if found == true {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    ensure!(found == true, "the agent's page is in no session");
    reads(&bench.customer, "Carla").await?;
    agent.faults().await.map(drop)
}

async fn told_first(bench: &Workbench) -> Result<()> {
    let token = customer(bench, bench.relay()?).await?;
    // The page is busy: what the relay says of an agent it shows a while later.
    const BUSY: Duration = Duration::from_millis(1500);
    let body = "const [ms] = arguments;
        const session = await window.Cobrowse.session;
        session.on('agent-joined', () => { window.__toldAt = Date.now(); });
        await session.flush();
        setTimeout(() => { for (const from = performance.now(); performance.now() - from < ms;); });";
    let before = SystemTime::now();
    bench.customer.run(body, vec![json!(u64::try_from(BUSY.as_millis())?)]).await?;
    RawAgent::join(bench.relay()?, &token).await?;
    let got = SystemTime::now();
    let told: u64 = bench.customer.eval("return window.__toldAt", vec![]).await?;
    let told = UNIX_EPOCH + Duration::from_millis(told);
    ensure!(got >= told, "the agent had the page {:?} before the customer was told", told.duration_since(got)?);
    ensure!(told.duration_since(before)? >= BUSY - Duration::from_millis(300), "the page was not busy");
    Ok(())
}
