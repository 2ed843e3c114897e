//! Sealed sessions: through a relay that keeps every byte, and one that meddles with them.

use crate::{
    browser::Browser,
    meddler::{Meddler, To, Trick},
    pair::{OVERLAY, Pair, Transport},
    workbench::Workbench,
};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

/// What happens.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scenario {
    /// An agent joins by a link, types, points; the customer goes to another page, the agent's page is loaded again.
    Link,
    /// By the code, at the agent's own page; wrong ones before it. Pictures of it are left in the folder `pictures`.
    Code,
    /// A relay alters, repeats, reorders, drops and makes up.
    Meddler,
    /// Frames of one session in another.
    Swap,
    /// Of two agents one leaves.
    Leaves,
    /// What is refused before anything is shared.
    Refused,
    /// `cobrowse record` with the link's key, and without.
    Record,
}

impl Scenario {
    /// All of them.
    pub(crate) const ALL: [Self; 7] =
        [Self::Link, Self::Code, Self::Meddler, Self::Swap, Self::Leaves, Self::Refused, Self::Record];

    /// For the case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Code => "code",
            Self::Meddler => "meddler",
            Self::Swap => "swap",
            Self::Leaves => "leaves",
            Self::Refused => "refused",
            Self::Record => "record",
        }
    }
}

const PAGE: &str = "/fixtures/tree.html";
const SOON: Duration = Duration::from_secs(20);

/// Runs one.
pub(crate) async fn run(bench: &Workbench, scenario: Scenario) -> Result<()> {
    match scenario {
        Scenario::Link => link(bench).await,
        Scenario::Code => code(bench).await,
        Scenario::Meddler => meddler(bench).await,
        Scenario::Swap => swap(bench).await,
        Scenario::Leaves => leaves(bench).await,
        Scenario::Refused => refused(bench).await,
        Scenario::Record => record(bench).await,
    }
}

/// Puts texts into the page that nobody else may read.
const WRITE: &str = "const [text] = arguments; document.title = 'T' + text;
  const node = document.body.appendChild(document.createElement('p')); node.id = 'secret'; node.textContent = 'P' + text;
  const field = document.body.appendChild(document.createElement('input')); field.id = 'field'; field.value = 'V' + text;";

/// A sealed session over a relay that keeps what it sees.
async fn begin<'a>(bench: &'a Workbench, page: &str) -> Result<(Pair<'a>, Meddler, String)> {
    let meddler = Meddler::open(bench.relay()?).await?;
    let mut pair =
        Pair::start_after(bench, page, Transport::Relay, OVERLAY, json!({ "relay": meddler.url(), "sealed": true }))
            .await?;
    let key: String = pair.customer().eval("return (await window.Cobrowse.session).sealed.key", vec![]).await?;
    pair.agent_relay = Some(meddler.url().to_owned());
    pair.agent_options = json!({ "key": key, "name": "Annabel Agent" });
    Ok((pair, meddler, key))
}

async fn write(pair: &Pair<'_>, text: &str) -> Result<()> {
    pair.customer().run(WRITE, vec![json!(text)]).await
}

/// That nothing of these was in what the relay saw.
fn unseen(meddler: &Meddler, secrets: &[&str]) -> Result<()> {
    for secret in secrets {
        ensure!(!meddler.holds(secret), "the relay has seen {secret:?}");
    }
    Ok(())
}

async fn link(bench: &Workbench) -> Result<()> {
    let (mut pair, meddler, key) = begin(bench, PAGE).await?;
    write(&pair, "umbrella-4471").await?;
    pair.join().await?;
    pair.check("joining by the link").await?;
    let agents: Value = pair.customer().eval("return (await window.Cobrowse.session).agents", vec![]).await?;
    ensure!(agents[0]["name"] == "Annabel Agent", "the customer's page has the agents {agents}");
    // What the agent does.
    type_text(&pair, "Zanzibar-0815").await?;
    for seed in 1..=5 {
        pair.mutate(seed, 60).await?;
        pair.check("edits").await?;
    }
    pair.check("what the agent typed").await?;
    // The next page has the key, and the agent needs no handshake.
    pair.go("/fixtures/form.html").await?;
    write(&pair, "cathedral-2209").await?;
    pair.check("another page").await?;
    type_text(&pair, "Mombasa-1199").await?;
    // A reload of the agent's page: the tab is known again, without a key.
    pair.agent_options = json!({});
    pair.rejoin().await?;
    pair.check("a reload of the agent's page").await?;
    pair.customer().reload().await?;
    pair.adopt().await?;
    write(&pair, "lighthouse-77").await?;
    pair.check("a reload of the customer's page").await?;
    ensure!(!meddler.seen(To::Agent).is_empty() && meddler.holds("/ws/agent"), "nothing passed the relay");
    let title: String = pair.customer().eval("return document.title", vec![]).await?;
    let secrets = [
        "umbrella-4471",
        "cathedral-2209",
        "lighthouse-77",
        "Zanzibar",
        "Mombasa",
        "Annabel",
        &key,
        &title,
        "form.html",
        "ModeChanged",
        "tree.html",
    ];
    unseen(&meddler, &secrets)?;
    sealed_only(&meddler)?;
    pair.finish().await
}

/// Where the middle of the field of the rebuilt page is in the agent's window.
const PLACE: &str = "const player = window.cobrowsePlayer ?? window.__e2e.player();
  const field = player.document.getElementById('field');
  const frame = document.querySelector('iframe').getBoundingClientRect();
  const scale = frame.width / player.document.defaultView.innerWidth;
  const { left, top, width, height } = field.getBoundingClientRect();
  return [frame.left + (left + width / 2) * scale, frame.top + (top + height / 2) * scale];";

/// Types into the field with the agent's mouse and keys.
async fn type_text(pair: &Pair<'_>, text: &str) -> Result<()> {
    pair.customer().run("document.getElementById('field').scrollIntoView({ block: 'center' })", vec![]).await?;
    let has_control = "return (window.cobrowsePlayer ?? window.__e2e.player()).hasControl";
    pair.wait(pair.agent(), "control", has_control, SOON).await?;
    let is_there = "const field = (window.cobrowsePlayer ?? window.__e2e.player()).document.getElementById('field');
      const box = field?.getBoundingClientRect(); return Boolean(box && box.top > 0 && box.bottom < field.ownerDocument.defaultView.innerHeight)";
    pair.wait(pair.agent(), "the field in sight", is_there, SOON).await?;
    let [x, y]: [f64; 2] = pair.agent().eval(PLACE, vec![]).await?;
    pair.agent().click_at(x, y).await?;
    let focused = "return document.activeElement?.id === 'field'";
    pair.wait(pair.customer(), "the agent's click", focused, SOON).await?;
    pair.agent().keys(text).await?;
    let typed = format!("return document.getElementById('field').value.includes({})", json!(text));
    pair.wait(pair.customer(), "what the agent types", &typed, SOON).await?;
    Ok(())
}

/// That of what carries content nothing passed in the clear.
fn sealed_only(meddler: &Meddler) -> Result<()> {
    use protocol::{Limits, control::Control, sealed};
    for to in [To::Agent, To::Customer, To::FromAgent, To::FromCustomer] {
        for bytes in meddler.seen(to) {
            let Ok(message) = Control::read(&bytes, &Limits::DEFAULT) else {
                let clear = protocol::frame::read(&bytes, &Limits::DEFAULT).is_ok();
                ensure!(!clear, "a frame of the page passed in the clear");
                continue;
            };
            let is_fine = match &message {
                Control::From { frame, .. } => sealed::is_sealed(frame),
                Control::Joined { .. } | Control::Left { .. } | Control::Welcome { .. } | Control::Absent { .. } => {
                    true
                }
                Control::KeyframeRequest {} | Control::Ended { .. } => true,
                _ => false,
            };
            ensure!(is_fine, "{} passed in the clear", message.name());
        }
    }
    Ok(())
}

/// What the customer's bar says.
const BAR: &str = "return window.__overlay.querySelector('.status').innerText";

async fn picture(bench: &Workbench, browser: &Browser, name: &str) -> Result<()> {
    let path = bench.pictures().await?.join(format!("sealed-{name}.png"));
    tokio::fs::write(path, browser.screenshot().await?).await.context("a picture")
}

async fn code_of(pair: &Pair<'_>) -> Result<String> {
    pair.customer().eval("return (await window.Cobrowse.session).sealed.code", vec![]).await
}

async fn offer(pair: &Pair<'_>, code: &str) -> Result<()> {
    let form = "return !document.getElementById('code-form').hidden";
    pair.wait(pair.agent(), "the field for a code", form, SOON).await?;
    pair.agent().type_into("#code", code).await?;
    pair.agent().click("#code-form button").await
}

async fn code(bench: &Workbench) -> Result<()> {
    let (pair, meddler, _) = begin(bench, PAGE).await?;
    write(&pair, "umbrella-4471").await?;
    let token = pair.token()?.to_owned();
    let code = code_of(&pair).await?;
    let bar: String = pair.customer().eval(BAR, vec![]).await?;
    let shown = bar.replace('\u{a0}', "");
    ensure!(shown.contains(&token) && shown.contains(&code), "the bar says {bar:?}, not {token} and {code}");
    picture(bench, pair.customer(), "customer-code").await?;
    let agent = pair.agent();
    agent.goto(&bench.page("/pages/blank.html")).await?;
    agent.goto(&format!("{}/slave.html#relay={}&sid={token}&name=Ann&sealed=1", bench.dist()?, meddler.url())).await?;
    // A wrong one is spent with the right one.
    let wrong = if code == "11111111" { "22222222" } else { "11111111" };
    offer(&pair, wrong).await?;
    let problem = "return document.getElementById('code-problem').textContent";
    let says_wrong = format!("{problem}.includes('not the customer’s code')");
    pair.wait(agent, "that the code is wrong", &says_wrong, SOON).await?;
    picture(bench, agent, "agent-wrong-code").await?;
    let second = code_of(&pair).await?;
    ensure!(second != code, "a wrong code did not void the customer's");
    offer(&pair, &code).await?;
    pair.wait(
        agent,
        "that the first code is void",
        &format!(
            "return {says_again}",
            says_again = "!document.getElementById('code-form').hidden && document.getElementById('code').value === ''"
        ),
        SOON,
    )
    .await?;
    sleep(Duration::from_millis(500)).await;
    offer(&pair, wrong).await?;
    let tried: String = agent.eval(problem, vec![]).await?;
    ensure!(tried.contains("do not go on"), "a code that was tried is answered with {tried:?}");
    agent.run("document.getElementById('code').value = ''", vec![]).await?;
    offer(&pair, &code_of(&pair).await?).await?;
    let there = "return window.cobrowsePlayer?.sealed === 'sealed' && Boolean(window.cobrowsePlayer.document?.getElementById('secret'))";
    pair.wait(agent, "the page by the code", there, SOON).await?;
    let tag = "const tag = document.getElementById('sealed'); return !tag.hidden && document.getElementById('status').textContent === 'Live'";
    pair.wait(agent, "that it is sealed", tag, SOON).await?;
    picture(bench, agent, "agent-sealed").await?;
    type_text(&pair, "Zanzibar-0815").await?;
    let bar: String = pair.customer().eval(BAR, vec![]).await?;
    ensure!(bar.contains("Ann") && !bar.replace('\u{a0}', "").contains(&code_of(&pair).await?), "the bar says {bar:?}");
    // It is known again after a reload, and once it has left it is not.
    agent.reload().await?;
    pair.wait(agent, "the page after a reload", there, SOON).await?;
    // A link takes a tab in by itself, and leaves no key in its address.
    let script = "return (await window.Cobrowse.session).sealed.link(arguments[0])";
    let address = format!("{}/slave.html#relay={}&name=Ann", bench.dist()?, meddler.url());
    let link: String = pair.customer().eval(script, vec![json!(address)]).await?;
    agent.run("sessionStorage.clear()", vec![]).await?;
    agent.goto(&bench.page("/pages/blank.html")).await?;
    agent.goto(&link).await?;
    pair.wait(agent, "the page by the link", there, SOON).await?;
    let address: String = agent.eval("return location.href", vec![]).await?;
    ensure!(link.contains("key=") && !address.contains("key"), "the agent's page is at {address} after {link}");
    agent.click("#leave").await?;
    let kept: Option<String> = agent.eval("return sessionStorage.getItem('cobrowse-seal')", vec![]).await?;
    ensure!(kept.is_none(), "the agent's tab has left, and keeps {kept:?}");
    unseen(&meddler, &["umbrella-4471", "Zanzibar", "Ann", &code, &second])?;
    sealed_only(&meddler)?;
    pair.customer().run("return window.__e2e.stop()", vec![]).await
}

/// Edits of the page, one frame each.
async fn edit(pair: &mut Pair<'_>, text: &str) -> Result<()> {
    pair.edit(&format!("document.body.append({})", json!(text))).await?;
    pair.flush().await.map(drop)
}

/// Moves the agent's pointer until the relay has done all that it was told.
async fn stir(pair: &Pair<'_>, meddler: &Meddler, x: f64, y: f64) -> Result<()> {
    for at in 0..200 {
        if !meddler.waits() {
            return Ok(());
        }
        pair.agent().move_to(x + f64::from(at % 7), y + f64::from(at % 5)).await?;
        sleep(Duration::from_millis(60)).await;
    }
    anyhow::bail!("the agent's page says nothing of its pointer")
}

async fn meddler(bench: &Workbench) -> Result<()> {
    let (mut pair, meddler, _) = begin(bench, PAGE).await?;
    write(&pair, "umbrella-4471").await?;
    pair.edit(
        "const button = document.body.appendChild(document.createElement('input')); button.id = 'counter'; button.type = 'button';
         button.style.cssText = 'position: fixed; left: 20px; top: 20px; width: 90px; height: 40px';
         window.__clicks = 0; button.onclick = () => window.__clicks++; window.__refused = [];
         (await window.Cobrowse.session).on('error', ({ message }) => window.__refused.push(message))",
    )
    .await?;
    pair.join().await?;
    pair.check("joining").await?;
    let made_up = protocol::control::Control::ModeChanged { mode: protocol::Mode::Follow }.to_frame(1, 0)?;
    let mut page = Vec::new();
    protocol::frame::write(&mut page, protocol::frame::Kind::Keyframe, 9_999, 0, 0, b"a page of the relay's")?;
    let replayed = meddler.seen(To::Agent).into_iter().rfind(|bytes| protocol::sealed::is_sealed(bytes));
    let tricks = [
        ("altered in its last byte", Trick::Alter(0), "does not open"),
        ("altered in its middle", Trick::Alter(20), "does not open"),
        ("repeated", Trick::Twice, "has come before"),
        ("late", Trick::Late, ""),
        ("dropped", Trick::Drop, ""),
        ("made up by the relay, a message", Trick::Before(made_up.clone()), "in the clear (ModeChanged)"),
        ("made up by the relay, a page", Trick::Before(page), "in the clear (a frame of the page)"),
        ("sent again much later", Trick::Before(replayed.context("a sealed frame")?), "has come before"),
    ];
    for (label, trick, said) in tricks {
        meddler.next(To::Agent, trick);
        // Two, so that what is late has something to be behind.
        edit(&mut pair, label).await?;
        edit(&mut pair, &format!("{label}, and another")).await?;
        pair.wait(pair.agent(), label, "return true", SOON).await?;
        let done = async {
            while meddler.waits() {
                sleep(Duration::from_millis(10)).await
            }
        };
        tokio::time::timeout(SOON, done).await.with_context(|| format!("{label}: not done"))?;
        // One more shows the agent that it lacks one.
        edit(&mut pair, "behind it").await?;
        pair.check(label).await?;
        let errors = pair.player_errors().await?;
        ensure!(!errors.is_empty() && errors.iter().any(|error| error.contains(said)), "{label}: {errors:?}");
        pair.forget_errors().await?;
    }
    // The other direction: a click that the relay sends again, alters, or makes up is none.
    let has_control = "return window.__e2e.player().hasControl";
    pair.wait(pair.agent(), "control", has_control, SOON).await?;
    let clicks = "return window.__clicks";
    let refused = "return window.__refused.length";
    let place = PLACE.replace("'field'", "'counter'");
    let [x, y]: [f64; 2] = pair.agent().eval(&place, vec![]).await?;
    pair.agent().click_at(x, y).await?;
    pair.wait(pair.customer(), "a click", "return window.__clicks === 1", SOON).await?;
    let is_handed_on = |bytes: &Vec<u8>| {
        let read = protocol::control::Control::read(bytes, &protocol::Limits::DEFAULT);
        matches!(read, Ok(protocol::control::Control::From { .. }))
    };
    // Among them is the click; the relay does not know which.
    for command in meddler.seen(To::Customer).into_iter().filter(is_handed_on).rev().take(4) {
        meddler.next(To::Customer, Trick::Before(command));
    }
    stir(&pair, &meddler, x, y).await?;
    pair.wait(
        pair.customer(),
        "a click that comes again is refused",
        "return window.__refused.some((text) => text.includes('has come before'))",
        SOON,
    )
    .await?;
    let forged = protocol::control::Control::Click { node: 1, x: 25, y: 25 }.to_frame(1, 0)?;
    let user: u32 = pair.agent().eval("return window.__e2e.player().user", vec![]).await?;
    let forged = protocol::control::Control::From { user, frame: forged }.to_frame(1, 0)?;
    meddler.next(To::Customer, Trick::Before(forged));
    meddler.next(To::Customer, Trick::Alter(3));
    stir(&pair, &meddler, x, y).await?;
    let refusals = "return ['in the clear (Click)', 'does not open'].every((text) => window.__refused.some((said) => said.includes(text)))";
    pair.wait(pair.customer(), "what was made up or altered is refused", refusals, SOON).await?;
    let count: u32 = pair.customer().eval(clicks, vec![]).await?;
    let refused: u32 = pair.customer().eval(refused, vec![]).await?;
    ensure!(count == 1, "{count} clicks of one, with {refused} refused");
    type_text(&pair, "still here").await?;
    pair.check("when the relay is honest again").await?;
    // One that does nothing else is not borne with.
    for at in 0..24 {
        meddler.next(To::Agent, Trick::Alter(1));
        pair.edit(&format!("document.title = 'altered {at}'")).await?;
        if pair.flush().await.is_err() {
            break;
        }
    }
    let given_up = "return window.__e2e.playerErrors().some((text) => text.includes('The connection is closed'))";
    pair.wait(pair.agent(), "that the agent's page gives up", given_up, SOON).await?;
    unseen(&meddler, &["umbrella-4471", "still here", "behind it"])
}

async fn swap(bench: &Workbench) -> Result<()> {
    let (mut pair, first, _) = begin(bench, PAGE).await?;
    write(&pair, "umbrella-4471").await?;
    pair.join().await?;
    pair.check("the first session").await?;
    edit(&mut pair, "one more").await?;
    pair.check("an edit").await?;
    let frames: Vec<Vec<u8>> =
        first.seen(To::Agent).into_iter().filter(|bytes| protocol::sealed::is_sealed(bytes)).collect();
    ensure!(frames.len() >= 3, "{} sealed frames", frames.len());
    pair.customer().run("return window.__e2e.stop()", vec![]).await?;
    let (mut pair, second, _) = begin(bench, "/fixtures/form.html").await?;
    pair.join().await?;
    pair.check("the second session").await?;
    for bytes in frames {
        second.next(To::Agent, Trick::Before(bytes));
        edit(&mut pair, "an edit").await?;
        pair.check("with a frame of the first session").await?;
    }
    let text: String = pair.agent().eval("return window.__e2e.replayed().documentElement.textContent", vec![]).await?;
    ensure!(!text.contains("4471"), "the agent is shown another session's page");
    pair.forget_errors().await?;
    pair.finish().await
}

/// The number of the session's key that a frame of the page was sealed with; its body begins behind the length.
fn key_of(bytes: &[u8]) -> Option<u16> {
    let (header, body) = protocol::sealed::peek(bytes, &protocol::Limits::DEFAULT).ok()?;
    (header.kind != protocol::frame::Kind::Control && body.first() == Some(&0))
        .then(|| u16::from_le_bytes([body[1], body[2]]))
}

async fn leaves(bench: &Workbench) -> Result<()> {
    let (mut pair, meddler, key) = begin(bench, PAGE).await?;
    pair.join().await?;
    pair.check("the first agent").await?;
    let second = bench.another_browser().await?;
    second.goto(&bench.page("/pages/agent.html")).await?;
    pair.mount(&second).await?;
    pair.check_with(&second, "the second agent").await?;
    pair.mutate(3, 60).await?;
    pair.check("edits").await?;
    pair.check_with(&second, "edits, with the second").await?;
    let keys = |meddler: &Meddler| -> Vec<u16> {
        meddler.seen(To::FromCustomer).iter().filter_map(|bytes| key_of(bytes)).collect()
    };
    ensure!(keys(&meddler).iter().all(|key| *key == 1), "the key changed before anybody left");
    pair.agent().goto(&bench.page("/pages/blank.html")).await?;
    let alone = "return (await window.Cobrowse.session).agents.length === 1";
    pair.wait(pair.customer(), "that one has left", alone, SOON).await?;
    pair.mutate(4, 60).await?;
    pair.check_with(&second, "the first agent's leaving").await?;
    ensure!(keys(&meddler).last() == Some(&2), "what follows is sealed with the key that the one who left has");
    // It comes back, and has the new key.
    pair.join().await?;
    pair.mutate(5, 60).await?;
    pair.check("coming back").await?;
    pair.check_with(&second, "the other's coming back").await?;
    let errors: Vec<String> = second.eval("return window.__e2e.playerErrors()", vec![]).await?;
    ensure!(errors.is_empty(), "the second player reported errors: {errors:?}");
    second.close().await?;
    unseen(&meddler, &[&key])?;
    sealed_only(&meddler)?;
    pair.finish().await
}

async fn refused(bench: &Workbench) -> Result<()> {
    let customer = &bench.customer;
    let start = "try { await window.__e2e.start(...arguments); return '' } catch ({ message }) { return message }";
    let relay = Value::from(bench.relay()?);
    // What a mistake must not do is to show the page.
    Pair::start(bench, PAGE, Transport::Relay, json!({})).await?;
    customer.run("return window.__e2e.stop()", vec![]).await?;
    let made = "const answer = await fetch(new URL('api/sessions', arguments[0]), { method: 'POST' });
        const { token, secret } = await answer.json(); return { token, secret }";
    let unsealed: Value = customer.eval(made, vec![relay.clone()]).await?;
    let cases = [
        (relay.clone(), json!({ "sealed": "yes" }), "expected true, false or nothing"),
        (Value::Null, json!({ "sealed": true }), "expected `relay` beside it"),
        (relay.clone(), json!({ "sealed": true, "session": unsealed }), "found one that is not"),
    ];
    for (relay, options, expected) in cases {
        let said: String = customer.eval(start, vec![relay, options.clone()]).await?;
        ensure!(said.contains(expected), "{options} is answered with {said:?}");
    }
    // Whose page may be altered on its way has no secrets. All pages of the suite are of hosts that count as secure.
    customer
        .run("Object.defineProperty(window, 'isSecureContext', { configurable: true, get: () => false })", vec![])
        .await?;
    let said: String = customer.eval(start, vec![relay.clone(), json!({ "sealed": true })]).await?;
    ensure!(said.contains("expected a secure context"), "an insecure page is answered with {said:?}");
    // An agent who asks for a sealed session is in no other.
    let mut pair = Pair::start(bench, PAGE, Transport::Relay, json!({})).await?;
    pair.agent_options = json!({ "sealed": true, "key": "0".repeat(32) });
    pair.join().await?;
    let closed = "return window.__e2e.playerErrors().some((text) => text.includes('expected it in the clear, as the session is'))";
    pair.wait(pair.agent(), "that the session is not sealed", closed, SOON).await.map(drop)
}

async fn record(bench: &Workbench) -> Result<()> {
    let (mut pair, meddler, key) = begin(bench, PAGE).await?;
    let folder = bench.scratch("sealed-record").await?;
    let file = folder.join("sealed.cbr");
    let run = |name: &str, more: &[&str]| {
        let mut command = tokio::process::Command::new(bench.cobrowse());
        command.args(["record", meddler.url(), pair.token().unwrap_or_default(), "--name", name, "--force", "--out"]);
        command.arg(&file).args(more).stderr(std::process::Stdio::piped()).kill_on_drop(true);
        command
    };
    let without = run("Early", &[]).output().await?;
    let said = String::from_utf8_lossy(&without.stderr).into_owned();
    ensure!(
        !without.status.success() && said.contains("the session is sealed: expected --key"),
        "without a key: {said}"
    );
    let wrong = run("Early", &["--key", &"0".repeat(32)]).output().await?;
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    ensure!(!wrong.status.success() && said.contains("it is not this session’s"), "with a wrong key: {said}");
    let recorder = run("Annabel", &["--key", &key]).spawn()?;
    let joined = "return (await window.Cobrowse.session).agents.some(({ name }) => name === 'Annabel')";
    pair.wait(pair.customer(), "the recorder", joined, SOON).await?;
    write(&pair, "umbrella-4471").await?;
    edit(&mut pair, "an edit").await?;
    sleep(Duration::from_secs(1)).await;
    pair.customer().run("return window.__e2e.stop()", vec![]).await?;
    let ended = recorder.wait_with_output().await?;
    ensure!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let found = tokio::process::Command::new(bench.cobrowse()).arg("verify").arg(&file).output().await?;
    ensure!(found.status.success(), "cobrowse verify: {}", String::from_utf8_lossy(&found.stderr));
    let html = folder.join("sealed.html");
    let replayed = tokio::process::Command::new(bench.cobrowse())
        .arg("replay")
        .arg(&file)
        .arg("--html")
        .arg(&html)
        .output()
        .await?;
    let page = tokio::fs::read_to_string(&html).await.unwrap_or_default();
    ensure!(
        page.contains("Pumbrella-4471"),
        "the recording is {page:?}: {}",
        String::from_utf8_lossy(&replayed.stderr)
    );
    unseen(&meddler, &["umbrella-4471", "Annabel", &key])?;
    sealed_only(&meddler)
}
