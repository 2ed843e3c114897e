//! What must not leave the page: every frame is inflated and searched.

use crate::{
    comparison::{self, Side},
    pair::{Pair, REPLAYED, Transport},
    wire,
    workbench::Workbench,
};
use anyhow::{Result, ensure};
use serde_json::json;

/// Where secrets are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scenario {
    /// On `privacy.html`, in every masked and blocked place, and brought there in every way that it knows.
    Page,
    /// Typed with real keys, a frame after each; letters that occur nowhere else, so that even one would be seen.
    Keys,
    /// In what the options `mask`, `block` and `ignore` name.
    Options,
    /// In the names of chosen files.
    Files,
    /// As [`Self::Page`], in slices of a millisecond, with so much else new that what is said of a node may be said before
    /// it is told where it is.
    Slices,
}

impl Scenario {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [Self::Page, Self::Keys, Self::Options, Self::Files, Self::Slices];

    /// For the case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Keys => "keys",
            Self::Options => "options",
            Self::Files => "files",
            Self::Slices => "slices",
        }
    }
}

const PAGE: &str = "/fixtures/privacy.html";

/// The part of every secret that nothing else holds, and that of everything public.
const SECRET: &str = "4F9A77-";
const PUBLIC: &str = "PUBLIC-1B22C3";

/// Letters of a script that no page of ours uses.
const RARE: [&str; 8] = ["ꔀ", "ꔁ", "ꔂ", "ꔃ", "ꔄ", "ꔅ", "ꔆ", "ꔇ"];

const STEPS: [&str; 22] = [
    "f.changePublic()",
    "f.typeSecret()",
    "f.togglePassword()",
    "f.typeSecret('password')",
    "f.typeSecret('new-password')",
    "f.togglePassword()",
    "f.clear('password')",
    "f.replacePassword()",
    "f.typeSecret('password')",
    "f.dropAutocomplete()",
    "f.typeSecret('cc-number')",
    "f.becomePrivate()",
    "f.moveIn()",
    "f.moveOut()",
    "f.moveIntoBlock()",
    "f.moveOutOfBlock()",
    "f.changeMasked()",
    "f.changeMasked()",
    "f.changeBlocked()",
    "f.addMasked()",
    "for (let i = 0; i < 30; i++) f.typeKey('cc-csc')",
    "f.changePublic()",
];

const LATE_SECRET: [&str; 4] = [
    "document.body.append(Object.assign(document.createElement('input'), { id: 'late', type: 'text' }))",
    "const late = document.getElementById('late'); late.type = 'password'; late.value = '4F9A77-late'",
    "document.getElementById('late').type = 'text'",
    "const late = document.getElementById('late'); late.remove();
     return (async () => { await 0; await 0; document.body.append(late) })()",
];

/// Runs one scenario.
pub(crate) async fn run(bench: &Workbench, scenario: Scenario) -> Result<()> {
    match scenario {
        Scenario::Page => page(bench).await,
        Scenario::Slices => slices(bench).await,
        Scenario::Keys => keys(bench).await,
        Scenario::Options => options(bench).await,
        Scenario::Files => files(bench).await,
    }
}

async fn page(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::start(bench, PAGE, Transport::Direct, json!({})).await?;
    pair.join().await?;
    pair.sync().await?;
    none_of(&pair, &[SECRET], "the keyframe")?;
    for step in STEPS {
        pair.edit(&format!("const f = window.fixture; {step}")).await?;
        pair.sync().await?;
        none_of(&pair, &[SECRET], step)?;
        not_at_agent(&pair, step).await?;
    }
    // A field that was told as a plain one, becomes a password's, is shown, and leaves for a moment.
    for step in LATE_SECRET {
        pair.edit(step).await?;
        pair.sync().await?;
        none_of(&pair, &[SECRET], step)?;
        not_at_agent(&pair, step).await?;
    }
    // A keyframe is made from what the recorder remembers: that must not be more than what it sent.
    pair.keyframe().await?;
    pair.edit("window.fixture.changePublic()").await?;
    pair.sync().await?;
    none_of(&pair, &[SECRET], "another keyframe")?;
    arrived(&pair)?;
    pair.finish().await
}

/// Time for the recorder to work by itself: what is asked for by a flush comes in one go.
const SLICES: &str = "return new Promise((done) => setTimeout(done, 150))";

/// Thousands of new nodes before what is already there.
const FLOOD: &str = "document.querySelectorAll('.flood').forEach((node) => node.remove());
    const flood = document.createElement('div');
    flood.className = 'flood';
    for (let i = 0; i < 4000; i++) flood.append(Object.assign(document.createElement('span'), { textContent: i }));
    document.body.prepend(flood);";

/// A node that is known goes into a new masked region, behind thousands of others, and is given a secret.
const INTO_THE_NEW: &str = "const known = document.getElementById('known');
    const region = document.createElement('div');
    region.setAttribute('data-cobrowse-mask', '');
    for (let i = 0; i < 4000; i++) region.append(document.createElement('i'));
    region.append(known);
    document.body.append(region);
    known.firstChild.data = '4F9A77-';
    known.title = '4F9A77-';";

async fn slices(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::start(bench, PAGE, Transport::Direct, json!({ "budgetMs": 1 })).await?;
    pair.join().await?;
    pair.sync().await?;
    for step in STEPS {
        let before = pair.frames.len();
        pair.edit(&format!("const f = window.fixture; {FLOOD} {step}; {SLICES}")).await?;
        pair.sync().await?;
        ensure!(pair.frames.len() > before + 2, "{step}: {} frames are no slices", pair.frames.len() - before);
        none_of(&pair, &[SECRET], step)?;
        not_at_agent(&pair, step).await?;
    }
    let known = "const p = document.createElement('p'); p.id = 'known'; p.append('open'); document.body.append(p)";
    pair.edit(known).await?;
    pair.sync().await?;
    pair.edit(&format!("{INTO_THE_NEW}; {SLICES}")).await?;
    pair.sync().await?;
    none_of(&pair, &[SECRET], "into a new masked region")?;
    not_at_agent(&pair, "into a new masked region").await?;
    arrived(&pair)?;
    pair.finish().await
}

async fn keys(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::start(bench, PAGE, Transport::Direct, json!({})).await?;
    pair.join().await?;
    pair.sync().await?;
    let places =
        ["#password", "#new-password", "#cc-number", "#cc-tokens", "#cc-area", "#masked-field", "#masked-area"];
    for selector in places.into_iter().chain(["#masked-editable"]) {
        for letter in RARE {
            pair.customer().type_into(selector, letter).await?;
            pair.sync().await?;
        }
        none_of(&pair, &RARE, selector)?;
    }
    pair.customer().click("#toggle").await?;
    for selector in ["#password", "#new-password"] {
        for letter in RARE {
            pair.customer().type_into(selector, letter).await?;
            pair.sync().await?;
        }
        none_of(&pair, &RARE, "a shown password")?;
    }
    // The search itself must be able to find them.
    pair.customer().type_into("#public-field", RARE[0]).await?;
    pair.sync().await?;
    ensure!(none_of(&pair, &RARE[..1], "").is_err(), "what is typed into a public field is in no frame");
    pair.finish().await
}

async fn options(bench: &Workbench) -> Result<()> {
    let options =
        json!({ "mask": [".mask-me"], "block": [".block-me"], "ignore": [".ignore-me"], "unmask": [".unmask"] });
    let mut pair = Pair::start(bench, PAGE, Transport::Direct, options).await?;
    pair.join().await?;
    pair.sync().await?;
    for step in ["f.addForMaskOption()", "f.addForBlockOption()", "f.addForIgnoreOption()", "f.changeMasked()"] {
        pair.edit(&format!("const f = window.fixture; {step}")).await?;
        pair.sync().await?;
        none_of(&pair, &[SECRET], step)?;
        not_at_agent(&pair, step).await?;
    }
    arrived(&pair)?;
    pair.finish().await
}

async fn files(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::open(bench, PAGE, Transport::Direct).await?;
    let folder = bench.scratch("files").await?;
    for selector in ["#file", "#files"] {
        let path = folder.join(format!("SECRET-{SECRET}{}.txt", &selector[1..]));
        tokio::fs::write(&path, format!("SECRET-{SECRET}content")).await?;
        pair.customer().type_into(selector, &path.display().to_string()).await?;
        pair.check(&format!("choosing a file in {selector}")).await?;
        none_of(&pair, &[SECRET], selector)?;
        not_at_agent(&pair, selector).await?;
    }
    let chosen: u32 = pair.customer().eval("return document.querySelector('#file').files.length", vec![]).await?;
    ensure!(chosen == 1, "{chosen} files are chosen");
    pair.keyframe().await?;
    pair.check("another keyframe").await?;
    none_of(&pair, &[SECRET], "another keyframe")?;
    arrived(&pair)?;
    pair.finish().await
}

/// No frame so far holds any of these.
fn none_of(pair: &Pair<'_>, texts: &[&str], when: &str) -> Result<()> {
    let mut bodies = wire::bodies(&pair.frames)?;
    // Key and hash hold no strings, and any bytes: now and then those of a rare letter.
    for (body, frame) in bodies.iter_mut().zip(&pair.frames) {
        body.drain(..wire::hash_len(frame).min(body.len()));
    }
    for text in texts {
        if let Some(frame) = bodies.iter().position(|body| wire::holds(std::slice::from_ref(body), text)) {
            let body = String::from_utf8_lossy(&bodies[frame]);
            let at = body.find(text).unwrap_or_default();
            let around: String = body[at..].chars().take(60).collect();
            anyhow::bail!("after {when}: frame {frame} of the stream holds {around:?}");
        }
    }
    Ok(())
}

/// What is public must have arrived: otherwise finding no secret would prove nothing.
fn arrived(pair: &Pair<'_>) -> Result<()> {
    let bodies = wire::bodies(&pair.frames)?;
    ensure!(wire::holds(&bodies, PUBLIC), "what is public is in no frame");
    Ok(())
}

/// The rebuilt document holds no secret either.
async fn not_at_agent(pair: &Pair<'_>, when: &str) -> Result<()> {
    let side = Side { browser: pair.agent(), document: REPLAYED };
    if let Some(path) = comparison::mention(side, &[SECRET]).await? {
        anyhow::bail!("after {when}: a secret is at the agent's {path}");
    }
    Ok(())
}
