//! What an agent may do and what not: each command on each kind of element in each mode, said by an agent that has no agent's page
//! and so offers itself everything. The expectation is the engine's own table, that of `docs/control.md`; that something was done
//! or not is seen in the events that reach the page and in what it holds.

use crate::{
    pair::{OVERLAY, Pair, Transport},
    raw_agent::RawAgent,
    workbench::Workbench,
};
use anyhow::{Context, Result, ensure};
use capture::control::{TOOLS, Target, Tool, Verdict, verdict};
use protocol::{
    Mode,
    control::{Control, DRAWN_POINTS, Refusal},
};
use serde_json::{Value, json};
use std::time::Duration;

/// What is tried.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scenario {
    /// Every command on every kind of element, in a mode.
    Matrix(Mode),
    /// What is refused in any mode, for what it is and not for its kind.
    Never,
    /// A site that lets agents submit.
    Submits,
    /// The customer's own hand.
    Busy,
    /// Two agents and one control.
    HandOver,
    /// Another mode is asked for, and the session paused.
    Modes,
    /// Actions that the customer accepts or declines.
    Proposals,
    /// What is dragged.
    Drags,
    /// The events around what is typed.
    Events,
}

impl Scenario {
    /// All of them.
    pub(crate) const ALL: [Self; 11] = [
        Self::Matrix(Mode::Follow),
        Self::Matrix(Mode::View),
        Self::Matrix(Mode::Shared),
        Self::Never,
        Self::Submits,
        Self::Busy,
        Self::HandOver,
        Self::Modes,
        Self::Proposals,
        Self::Drags,
        Self::Events,
    ];

    /// For the case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Matrix(Mode::Follow) => "matrix-follow",
            Self::Matrix(Mode::View) => "matrix-view",
            Self::Matrix(Mode::Shared) => "matrix-shared",
            Self::Never => "never",
            Self::Submits => "submits",
            Self::Busy => "busy",
            Self::HandOver => "hand-over",
            Self::Modes => "modes",
            Self::Proposals => "proposals",
            Self::Drags => "drags",
            Self::Events => "events",
        }
    }
}

const PAGE: &str = "/fixtures/hand.html";

/// Runs one.
pub(crate) async fn run(bench: &Workbench, scenario: Scenario) -> Result<()> {
    match scenario {
        Scenario::Matrix(mode) => matrix(bench, mode).await,
        Scenario::Never => never(bench).await,
        Scenario::Submits => submits(bench).await,
        Scenario::Busy => busy(bench).await,
        Scenario::HandOver => hand_over(bench).await,
        Scenario::Modes => modes(bench).await,
        Scenario::Proposals => proposals(bench).await,
        Scenario::Drags => drags(bench).await,
        Scenario::Events => events(bench).await,
    }
}

async fn open<'a>(bench: &'a Workbench, options: Value) -> Result<(Pair<'a>, RawAgent)> {
    let pair = Pair::start_after(bench, PAGE, Transport::Relay, OVERLAY, options).await?;
    let agent = RawAgent::join(pair.relay()?, pair.token()?).await?;
    taken(&pair).await?;
    Ok((pair, agent))
}

/// Events since the last call.
async fn taken(pair: &Pair<'_>) -> Result<Vec<String>> {
    pair.customer().eval("return window.fixture.take()", vec![]).await
}

async fn holds(pair: &Pair<'_>) -> Result<String> {
    pair.customer().eval("return window.fixture.holds()", vec![]).await
}

/// The command that uses a tool on an element, so that it changes something each time: `turn` is even or odd.
fn command(tool: Tool, target: Target, node: u32, turn: bool) -> Control {
    let one = u32::from(turn);
    let value = match target {
        Target::List => ["a", "b"][usize::from(turn)],
        _ => ["2026-02-03", "2026-02-04"][usize::from(turn)],
    };
    match tool {
        Tool::Scroll => Control::Scroll { node, x: 0.0, y: 10.0 + f64::from(one) },
        Tool::Click => Control::Click { node, x: 10, y: 10 },
        Tool::DoubleClick => Control::DoubleClick { node, x: 10, y: 10 },
        Tool::Drag => Control::DragStart { node, x: 10, y: 10 },
        Tool::Input => Control::Input { node, value: value.to_owned() },
        Tool::Commit => Control::Commit { node },
        Tool::Select => Control::Select { node, start: 1, end: 1 + one },
        Tool::Edit => Control::Edit { node, action: 0, text: "x".to_owned() },
        Tool::Choose => Control::Choose { node, options: vec![2 - 2 * one] },
        Tool::Media => Control::Media { node, action: 4, value: f64::from(1 - one) },
        Tool::Enter => Control::Enter { node },
        Tool::Point => Control::Pointer { x: 5, y: 5 },
        Tool::Navigate => Control::Navigate { to: 3, url: "https://elsewhere.invalid/".to_owned() },
        Tool::Draw => Control::Draw { shape: 1, points: vec![(1, 1), (50, 50)] },
    }
}

/// The event that shows that it was done, where there must be one.
const fn event(tool: Tool, target: Target) -> Option<&'static str> {
    Some(match tool {
        Tool::Click => "click",
        Tool::DoubleClick => "dblclick",
        Tool::Drag => "pointerdown",
        Tool::Input | Tool::Edit => match target {
            // What is chosen may be chosen already.
            Target::List => return None,
            _ => "input",
        },
        Tool::Choose => "change",
        Tool::Media => "volumechange",
        _ => return None,
    })
}

/// The element of a kind in the fixture.
const fn element(target: Target) -> &'static str {
    match target {
        Target::Plain => "plain",
        Target::Link => "link",
        Target::Leaving => "leaving",
        Target::Script => "script",
        Target::Button => "button",
        Target::Submit => "submit",
        Target::Reset => "reset",
        Target::File => "file",
        Target::Check => "check",
        Target::Field => "field",
        Target::Area => "area",
        Target::Picker => "picker",
        Target::List => "list",
        Target::Editable => "editable",
        Target::Media => "media",
        Target::Disabled => "disabled",
    }
}

async fn matrix(bench: &Workbench, mode: Mode) -> Result<()> {
    let (pair, mut agent) = open(bench, json!({ "mode": mode.name() })).await?;
    let mut tried = 0;
    for row in TOOLS {
        let targets = if row.has_node { &Target::ALL[..] } else { &Target::ALL[..1] };
        for target in targets {
            let name = element(*target);
            let node = agent.node(name)?;
            let expected = match verdict(row.tool, *target) {
                _ if mode < row.least => Refusal::Mode as u8,
                // Off the site.
                Verdict::Done if row.tool == Tool::Navigate => Refusal::Customer as u8,
                Verdict::Done => 0,
                Verdict::Submits => Refusal::Customer as u8,
                Verdict::Refused(reason) => reason as u8,
            };
            let before = holds(&pair).await?;
            for turn in [false, true] {
                let command = if row.tags == [9, 10] {
                    if turn { Control::DragEnd { x: 20, y: 20 } } else { Control::DragMove { x: 20, y: 20 } }
                } else {
                    command(row.tool, *target, node, turn)
                };
                let said = format!("{mode}: {} on {name}", command.name());
                let found = agent.command(&command).await.with_context(|| said.clone())?;
                ensure!(found == expected, "{said}: expected {expected}, found {found} (0 is done)");
                tried += 1;
                let mut seen = taken(&pair).await?;
                if expected != 0 {
                    ensure!(seen.is_empty(), "{said} is refused, but the page sees {seen:?}");
                } else if let Some(event) = event(row.tool, *target).filter(|_| row.has_node) {
                    // Some come when the page has its turn.
                    for _ in 0..20 {
                        if seen.iter().any(|one| one.starts_with(event)) {
                            break;
                        }
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        seen.extend(taken(&pair).await?);
                    }
                    ensure!(
                        seen.iter().any(|one| one.starts_with(event)),
                        "{said} is done, but the page sees {seen:?}"
                    );
                }
            }
            if expected != 0 {
                let after = holds(&pair).await?;
                ensure!(before == after, "{mode}: {} on {name} is refused, but changes {before} to {after}", row.name);
            }
        }
    }
    ensure!(tried >= 36, "{tried} commands are too few");
    Ok(())
}

async fn never(bench: &Workbench) -> Result<()> {
    let (pair, mut agent) = open(bench, json!({})).await?;
    let before = holds(&pair).await?;
    let refuse = async |agent: &mut RawAgent, command: Control, reason: Refusal, what: &str| -> Result<()> {
        let found = agent.command(&command).await.with_context(|| what.to_owned())?;
        ensure!(found == reason as u8, "{what}: {command:?}: expected {reason:?} ({}), found {found}", reason as u8);
        let seen = taken(&pair).await?;
        ensure!(seen.is_empty(), "{what} is refused, but the page sees {seen:?}");
        Ok(())
    };
    for name in ["masked", "masked-field", "password", "denied", "denied-field"] {
        let node = agent.node(name)?;
        for row in TOOLS.iter().filter(|row| row.has_node && row.tool != Tool::Scroll) {
            refuse(&mut agent, command(row.tool, Target::Field, node, false), Refusal::Element, name).await?;
        }
    }
    // A label leads to its field.
    let node = agent.node("password-label")?;
    refuse(&mut agent, Control::Click { node, x: 1, y: 1 }, Refusal::Element, "the label of a password").await?;
    let node = agent.node("denied-label")?;
    refuse(&mut agent, Control::Click { node, x: 1, y: 1 }, Refusal::Element, "the label of a denied field").await?;
    for name in ["blank-link", "download"] {
        let node = agent.node(name)?;
        refuse(&mut agent, Control::Click { node, x: 1, y: 1 }, Refusal::Customer, name).await?;
    }
    let node = agent.node("readonly")?;
    refuse(&mut agent, Control::Input { node, value: "x".into() }, Refusal::Unfit, "a read-only field").await?;
    for url in [
        "javascript:void(window.scriptRan = true)",
        "https://elsewhere.invalid/",
        "data:text/html,x",
        "mailto:a@b.c",
        "//elsewhere.invalid/",
    ] {
        refuse(&mut agent, Control::Navigate { to: 3, url: url.into() }, Refusal::Customer, url).await?;
    }
    refuse(&mut agent, Control::Navigate { to: 9, url: String::new() }, Refusal::Unfit, "no such way").await?;
    let many = agent.node("many")?;
    refuse(&mut agent, Control::Choose { node: many, options: vec![7] }, Refusal::Unfit, "no such option").await?;
    let all = Control::Choose { node: many, options: (0..12_000).collect() };
    refuse(&mut agent, all, Refusal::Unfit, "more options than there are, by far").await?;
    let points = vec![(1, 1); DRAWN_POINTS + 1];
    refuse(&mut agent, Control::Draw { shape: 2, points }, Refusal::Unfit, "a drawing without end").await?;
    let editable = agent.node("editable")?;
    refuse(&mut agent, Control::Media { node: editable, action: 0, value: 0.0 }, Refusal::Unfit, "no player").await?;
    // Numbers of nodes that were never told.
    refuse(&mut agent, Control::Click { node: 999_999, x: 1, y: 1 }, Refusal::Gone, "no such node").await?;
    // Paused, nothing goes.
    pair.edit("return window.Cobrowse.session.then((session) => void session.pause())").await?;
    let node = agent.node("button")?;
    agent.until(|message| matches!(message, Control::Paused {})).await?;
    refuse(&mut agent, Control::Click { node, x: 1, y: 1 }, Refusal::Paused, "a paused session").await?;
    let after = holds(&pair).await?;
    ensure!(before == after, "what is refused changes {before} to {after}");
    Ok(())
}

async fn submits(bench: &Workbench) -> Result<()> {
    let (pair, mut agent) = open(bench, json!({ "allowSubmit": true })).await?;
    for (command, what) in [
        (Control::Click { node: agent.node("submit")?, x: 1, y: 1 }, "a click"),
        (Control::Enter { node: agent.node("field")? }, "Enter"),
    ] {
        let found = agent.command(&command).await?;
        ensure!(found == 0, "{what} is refused: {found}");
        let seen = taken(&pair).await?;
        ensure!(seen.iter().any(|one| one == "submit form"), "after {what} the page sees {seen:?}");
    }
    // A file is the customer's all the same.
    let node = agent.node("file")?;
    let found = agent.command(&Control::Click { node, x: 1, y: 1 }).await?;
    ensure!(found == Refusal::Element as u8, "a file input: {found}");
    Ok(())
}

async fn busy(bench: &Workbench) -> Result<()> {
    let (pair, mut agent) = open(bench, json!({})).await?;
    let (field, area) = (agent.node("field")?, agent.node("area")?);
    pair.customer().type_into("#field", "!").await?;
    let found = agent.command(&Control::Input { node: field, value: "the agent's".into() }).await?;
    ensure!(found == Refusal::Busy as u8, "what the customer types into is the customer's: {found}");
    // Another field may be written, but the keyboard stays where it is.
    let found = agent.command(&Control::Input { node: area, value: "the agent's".into() }).await?;
    ensure!(found == 0, "another field: {found}");
    let focus: String = pair.customer().eval("return document.activeElement.id", vec![]).await?;
    ensure!(focus == "field", "the agent took the focus from the customer to {focus}");
    tokio::time::sleep(Duration::from_millis(2100)).await;
    let found = agent.command(&Control::Input { node: field, value: "the agent's".into() }).await?;
    ensure!(found == 0, "when the customer's hand has gone: {found}");
    let values: Value =
        pair.customer().eval("return ['field', 'area'].map((id) => document.getElementById(id).value)", vec![]).await?;
    ensure!(values == json!(["the agent's", "the agent's"]), "the fields hold {values}");
    Ok(())
}

async fn hand_over(bench: &Workbench) -> Result<()> {
    let (pair, mut first) = open(bench, json!({})).await?;
    let mut second = RawAgent::join(pair.relay()?, pair.token()?).await?;
    ensure!(first.user != second.user, "both agents have the number {}", first.user);
    ensure!(second.controller == first.user, "{} has control", second.controller);
    let click = Control::Click { node: first.node("button")?, x: 1, y: 1 };
    ensure!(second.command(&click).await? == Refusal::Control as u8, "without control the second agent clicks");
    ensure!(first.command(&click).await? == 0, "the first agent cannot click");
    // Who has no control cannot give it.
    second.say(&Control::ControlGive { user: second.user }).await?;
    second.until(|message| matches!(message, Control::Refused { command: 67, reason: Refusal::Control, .. })).await?;
    second.say(&Control::ControlRequest {}).await?;
    let asking = second.user;
    first.until(|message| matches!(message, Control::Controller { asking: who, .. } if *who == asking)).await?;
    // It is kept.
    first.say(&Control::ControlGive { user: first.user }).await?;
    second.until(|message| matches!(message, Control::Controller { asking: 0, .. })).await?;
    ensure!(second.controller == first.user, "who keeps control has it");
    second.say(&Control::ControlRequest {}).await?;
    first.until(|message| matches!(message, Control::Controller { asking: who, .. } if *who == asking)).await?;
    first.say(&Control::ControlGive { user: asking }).await?;
    second.until(|message| matches!(message, Control::Controller { user, .. } if *user == asking)).await?;
    first.until(|message| matches!(message, Control::Controller { user, .. } if *user == asking)).await?;
    ensure!(second.command(&click).await? == 0, "the second agent has control, and cannot click");
    ensure!(first.command(&click).await? == Refusal::Control as u8, "the first agent clicks without control");
    // Who leaves gives it to who is left.
    drop(second);
    let own = first.user;
    first.until(|message| matches!(message, Control::Controller { user, .. } if *user == own)).await?;
    ensure!(first.command(&click).await? == 0, "the agent who is left cannot click");
    Ok(())
}

/// Presses a button of the overlay.
async fn press(pair: &Pair<'_>, selector: &str) -> Result<()> {
    // What asks for it may be on its way.
    for _ in 0..100 {
        let script = format!(
            "const button = window.__overlay?.querySelector('{selector}'); button?.click(); return Boolean(button)"
        );
        if pair.customer().eval::<bool>(&script, vec![]).await? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    anyhow::bail!("the overlay has no {selector}")
}

async fn modes(bench: &Workbench) -> Result<()> {
    let (pair, mut agent) = open(bench, json!({ "mode": "view" })).await?;
    let click = Control::Click { node: agent.node("button")?, x: 1, y: 1 };
    ensure!(agent.command(&click).await? == Refusal::Mode as u8, "a click in view");
    agent.say(&Control::ModeRequest { mode: Mode::Shared }).await?;
    press(&pair, ".card button:not(.yes)").await?;
    agent.until(|message| matches!(message, Control::Refused { command: 68, reason: Refusal::Declined, .. })).await?;
    ensure!(agent.command(&click).await? == Refusal::Mode as u8, "a click behind a refusal");
    agent.say(&Control::ModeRequest { mode: Mode::Shared }).await?;
    press(&pair, ".card .yes").await?;
    agent.until(|message| matches!(message, Control::ModeChanged { mode: Mode::Shared })).await?;
    ensure!(agent.command(&click).await? == 0, "a click in shared");
    // The customer takes it back by hand: the third of the menu is the least.
    press(&pair, ".bar .plain").await?;
    press(&pair, ".menu button:nth-child(3)").await?;
    agent.until(|message| matches!(message, Control::ModeChanged { mode: Mode::Follow })).await?;
    ensure!(agent.command(&click).await? == Refusal::Mode as u8, "a click in follow");
    let scroll = Control::Scroll { node: 0, x: 0.0, y: 10.0 };
    ensure!(agent.command(&scroll).await? == Refusal::Mode as u8, "scrolling in follow");
    Ok(())
}

async fn proposals(bench: &Workbench) -> Result<()> {
    let (pair, mut agent) = open(bench, json!({ "confirm": "each" })).await?;
    let value = "return document.getElementById('field').value";
    let node = agent.node("field")?;
    for typed in ["n", "ne", "new"] {
        agent.say(&Control::Input { node, value: typed.into() }).await?;
    }
    agent.say(&Control::Commit { node }).await?;
    agent.until(|message| matches!(message, Control::Proposed { command: 5, .. })).await?;
    agent.until(|message| matches!(message, Control::Proposed { command: 11, .. })).await?;
    let ghost: Value = pair
        .customer()
        .eval(
            "return [...window.__overlay.querySelectorAll('.ghost p, .frame')].map((node) => node.textContent)",
            vec![],
        )
        .await?;
    let line = ghost[1].as_str().unwrap_or_default();
    ensure!(ghost[0] == "new" && line == "Raw would like to write “new” here", "the ghost says {ghost}");
    let held: String = pair.customer().eval(value, vec![]).await?;
    ensure!(held == "text" && taken(&pair).await?.is_empty(), "what is only proposed is done: {held}");
    press(&pair, ".ghost .yes").await?;
    let held: String = pair.customer().eval(value, vec![]).await?;
    let seen = taken(&pair).await?;
    ensure!(held == "new" && seen.iter().any(|one| one == "change field"), "accepted: {held}, {seen:?}");
    let click = Control::Click { node: agent.node("button")?, x: 1, y: 1 };
    agent.say(&click).await?;
    press(&pair, ".ghost button:not(.yes)").await?;
    agent.until(|message| matches!(message, Control::Refused { command: 4, reason: Refusal::Declined, .. })).await?;
    ensure!(!taken(&pair).await?.iter().any(|one| one.starts_with("click button")), "a declined click is carried out");
    // What would not be carried out is not asked about.
    let found = agent.command(&Control::Click { node: agent.node("file")?, x: 1, y: 1 }).await?;
    ensure!(found == Refusal::Element as u8, "a file input: {found}");
    // A session with another mode forgets what waits.
    agent.say(&click).await?;
    agent.until(|message| matches!(message, Control::Proposed { command: 4, .. })).await?;
    press(&pair, ".bar .plain").await?;
    press(&pair, ".menu button:nth-child(2)").await?;
    agent.until(|message| matches!(message, Control::Refused { command: 4, reason: Refusal::Declined, .. })).await?;
    let left: u32 = pair.customer().eval("return window.__overlay.querySelectorAll('.ghost').length", vec![]).await?;
    ensure!(left == 0, "{left} ghosts are left");
    Ok(())
}

async fn drags(bench: &Workbench) -> Result<()> {
    let (pair, mut agent) = open(bench, json!({})).await?;
    let places: Vec<(i32, i32)> = pair
        .customer()
        .eval(
            "document.getElementById('target').scrollIntoView(); return ['source', 'target', 'pad'].map((id) => {
               const { left, top, width, height } = document.getElementById(id).getBoundingClientRect();
               return [Math.round(left + width / 2), Math.round(top + height / 2)];
             })",
            vec![],
        )
        .await?;
    let [(x, y), (to_x, to_y), (pad_x, pad_y)] = places[..] else { anyhow::bail!("three places were expected") };
    for command in [
        Control::DragStart { node: agent.node("source")?, x, y },
        Control::DragMove { x: x + 10, y },
        Control::DragMove { x: to_x, y: to_y },
        Control::DragEnd { x: to_x, y: to_y },
    ] {
        ensure!(agent.command(&command).await? == 0, "{command:?}");
    }
    let dropped: String = pair.customer().eval("return document.getElementById('target').textContent", vec![]).await?;
    let seen = taken(&pair).await?;
    ensure!(dropped == "dragged", "the target holds {dropped:?}; the page sees {seen:?}");
    ensure!(seen.iter().any(|one| one == "dragend source"), "the page sees {seen:?}");
    // What is not draggable is held: it sees the pointer move, and no click behind it.
    for command in [
        Control::DragStart { node: agent.node("pad")?, x: pad_x, y: pad_y },
        Control::DragMove { x: pad_x + 20, y: pad_y + 5 },
        Control::DragEnd { x: pad_x + 20, y: pad_y + 5 },
    ] {
        ensure!(agent.command(&command).await? == 0, "{command:?}");
    }
    let seen = taken(&pair).await?;
    for event in ["pointerdown pad", "pointermove pad", "mousemove pad", "pointerup pad"] {
        let known = event != "mousemove pad"; // The fixture does not listen to it.
        ensure!(!known || seen.iter().any(|one| one == event), "no {event}: {seen:?}");
    }
    ensure!(!seen.iter().any(|one| one.starts_with("click")), "a drag ends in a click: {seen:?}");
    Ok(())
}

async fn events(bench: &Workbench) -> Result<()> {
    let (pair, mut agent) = open(bench, json!({})).await?;
    let of = |seen: &[String], id: &str| -> Vec<String> {
        let suffix = format!(" {id}");
        seen.iter().filter_map(|one| one.strip_suffix(&suffix).map(str::to_owned)).collect()
    };
    ensure!(agent.command(&Control::Click { node: agent.node("button")?, x: 1, y: 1 }).await? == 0, "a click");
    let seen = of(&taken(&pair).await?, "button");
    let expected = [
        "pointerover",
        "pointerenter",
        "mouseover",
        "mouseenter",
        "pointermove",
        "pointerdown",
        "mousedown",
        "focusin",
        "pointerup",
        "mouseup",
        "click",
    ];
    let heard: Vec<&str> = seen.iter().map(String::as_str).collect();
    ensure!(heard == expected, "a click is {heard:?}");
    let node = agent.node("field")?;
    ensure!(agent.command(&Control::Input { node, value: "text!".into() }).await? == 0, "a letter");
    let seen = of(&taken(&pair).await?, "field");
    ensure!(seen == ["focusin", "keydown", "beforeinput", "input", "keyup"], "a letter is {seen:?}");
    ensure!(agent.command(&Control::Commit { node }).await? == 0, "the end of it");
    let seen = of(&taken(&pair).await?, "field");
    ensure!(seen == ["change"], "the end is {seen:?}");
    // Editors hear of it as of a key.
    let node = agent.node("editable")?;
    let text = agent.text_of(node)?;
    ensure!(agent.command(&Control::Select { node: text, start: 8, end: 8 }).await? == 0, "the caret");
    for (action, typed) in [(0, "d"), (0, "!"), (1, ""), (2, "")] {
        let found = agent.command(&Control::Edit { node, action, text: typed.into() }).await?;
        ensure!(found == 0, "edit {action}: {found}");
    }
    let held: String = pair.customer().eval("return document.getElementById('editable').textContent", vec![]).await?;
    ensure!(held == "Editabledtext", "the editor holds {held:?}");
    let seen = of(&taken(&pair).await?, "editable");
    ensure!(seen.iter().filter(|one| *one == "beforeinput").count() == 4, "the editor sees {seen:?}");
    Ok(())
}
