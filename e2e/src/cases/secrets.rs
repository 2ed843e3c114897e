//! One secret in every place where a page can hold one: no frame has it, nor any six letters of it, nor does what gathers at
//! the agent when it is typed key by key. Beside each place stands its like that is not kept, and that arrives.

use crate::{
    comparison::{self, Side},
    pair::{Pair, REPLAYED, Transport},
    wire,
    workbench::Workbench,
};
use anyhow::{Context, Result, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::json;

/// What the agent may do, and what keeps the secrets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    mode: &'static str,
    is_private: bool,
    is_fixed: bool,
}

impl Scenario {
    /// All of them: each mode with regions that attributes and options name, and with a session that is private.
    pub(crate) const ALL: [Self; 6] = [
        Self { mode: "shared", is_private: false, is_fixed: false },
        Self { mode: "view", is_private: false, is_fixed: true },
        Self { mode: "follow", is_private: false, is_fixed: false },
        Self { mode: "shared", is_private: true, is_fixed: false },
        Self { mode: "view", is_private: true, is_fixed: false },
        Self { mode: "follow", is_private: true, is_fixed: true },
    ];

    /// For the case's name.
    pub(crate) fn name(self) -> String {
        let kept = if self.is_private { "private" } else { "marked" };
        format!("places-{kept}-{}", self.mode)
    }
}

/// Whether the like of a place that is not kept arrives, as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrives {
    Yes,
    /// But for sessions that are private: in an address, where values are masked then.
    Named,
    /// It is nothing that an agent would see as text.
    No,
}
use Arrives::{Named, No, Yes};

/// The places, as `secrets.js` makes them.
const PLACES: [(&str, Arrives); 57] = [
    ("text", Yes),
    ("comment", Yes),
    ("title", Yes),
    ("alt", Yes),
    ("aria-label", Yes),
    ("aria-description", Yes),
    ("aria-valuetext", Yes),
    ("data", Yes),
    ("unknown-attribute", Yes),
    ("placeholder", Yes),
    ("value-attribute", Yes),
    ("value", Yes),
    ("textarea", Yes),
    ("textarea-value", Yes),
    ("hidden", Yes),
    ("button", Yes),
    ("option", Yes),
    ("option-value", Yes),
    ("optgroup", Yes),
    ("datalist", Yes),
    ("output", Yes),
    ("caption", Yes),
    ("details", Yes),
    ("dialog", Yes),
    ("editable", Yes),
    ("link", Yes),
    ("link-query", Named),
    ("link-fragment", Named),
    ("download", Yes),
    ("src", Named),
    ("srcset", Named),
    ("poster", Named),
    ("action", Yes),
    ("meta", Yes),
    ("script", No),
    ("noscript", No),
    ("template", Yes),
    // The document in the frame arrives; the attribute, which no gate has read, does not.
    ("srcdoc", Yes),
    ("frame-document", Yes),
    ("shadow-root", Yes),
    // Nobody noted it as it was attached.
    ("closed-shadow-root", No),
    ("svg-text", Yes),
    ("svg-title", Yes),
    ("svg-link", Yes),
    ("math", Yes),
    ("css-content", Yes),
    ("css-property", Yes),
    ("css-comment", Yes),
    ("css-attr", Yes),
    ("style-property", Yes),
    ("style-string", Yes),
    ("style-address", Yes),
    ("inserted-rule", Yes),
    ("animation", No),
    // As bytes, and as pixels.
    ("picture", No),
    ("canvas", No),
    ("validity", No),
    // Beside the nodes, the page's title and address, what is selected, copied and typed: steps below.
];

const PAGE: &str = "/fixtures/secrets.html";

/// How many letters of a secret nothing may hold.
const PART: usize = 6;

/// A card's number, and one that differs in its last digit: an order's.
const CARD: &str = "4539148803436467";
const ORDER: &str = "4539148803436468";

/// Fields that keep what is typed into them by what they are.
const FIELDS: [&str; 6] = ["type-password", "type-shown", "type-name", "ccNum", "type-complete", "type-code"];

/// Runs one scenario.
pub(crate) async fn run(bench: &Workbench, scenario: Scenario) -> Result<()> {
    let Scenario { mode, is_private, is_fixed } = scenario;
    let length = if is_fixed { "fixed" } else { "shape" };
    let options = match is_private {
        true => json!({ "mode": mode, "private": true, "maskLength": length, "resources": "inline" }),
        false => json!({ "mode": mode, "mask": [".kept-by-option"], "maskLength": length, "resources": "inline" }),
    };
    let build = format!("return window.fixture.build({})", !is_private);
    let mut pair = Pair::start_after(bench, PAGE, Transport::Direct, &build, options).await?;
    let secret: String = pair.customer().eval("return window.fixture.secret", vec![]).await?;
    let places: Vec<String> = pair.customer().eval("return window.fixture.places()", vec![]).await?;
    let listed: Vec<&str> = PLACES.iter().map(|(name, _)| *name).collect();
    ensure!(places == listed, "the page has other places than the case lists: {places:?}");
    let parts = parts_of(&secret);
    pair.join().await?;
    pair.sync().await?;
    kept(&pair, &parts, "the keyframe").await?;
    arrived(&pair, is_private)?;
    let navigate = format!("window.fixture.navigate({is_private})");
    for step in [
        "window.fixture.rewrite()",
        "window.fixture.copy()",
        &navigate,
        "window.fixture.move()",
        "window.fixture.moveBack()",
        "window.fixture.rebuild()",
        "return window.__e2e.keyframe()",
    ] {
        pair.edit(step).await?;
        pair.sync().await?;
        kept(&pair, &parts, step).await?;
    }
    for text in ["-marker-again", "open-address-marker", "open-moved-marker"] {
        ensure!(holds(&pair, text)?, "{text} is in no frame");
    }
    let reads: u32 = pair.customer().eval("return window.fixture.clipboardReads()", vec![]).await?;
    ensure!(reads == 0, "the clipboard was read");
    typed(&mut pair, &secret).await?;
    pair.keyframe().await?;
    pair.sync().await?;
    kept(&pair, &parts, "another keyframe").await?;
    // The search itself must be able to find it.
    pair.edit("document.getElementById('type-order').value = window.fixture.secret.slice(3, 10)").await?;
    pair.sync().await?;
    ensure!(kept(&pair, &parts, "").await.is_err(), "seven letters of the secret in an open field are not found");
    pair.finish().await
}

/// Key by key, a frame behind each.
async fn typed(pair: &mut Pair<'_>, secret: &str) -> Result<()> {
    let fields = FIELDS.iter().map(|field| (*field, secret)).chain([("type-digits", CARD)]);
    for (field, text) in fields {
        let parts = parts_of(text);
        for index in 0..text.len() {
            if field == "type-shown" && index == text.len() / 2 {
                pair.edit("window.fixture.show('type-shown')").await?;
            }
            pair.edit(&format!("window.fixture.typeKey({field:?}, {text:?})")).await?;
            pair.sync().await?;
            kept(pair, &parts, &format!("key {index} in {field}")).await?;
        }
    }
    for _ in 0..ORDER.len() {
        pair.edit(&format!("window.fixture.typeKey('type-order', {ORDER:?})")).await?;
        pair.sync().await?;
    }
    let side = Side { browser: pair.agent(), document: REPLAYED };
    ensure!(comparison::mention(side, &[ORDER]).await?.is_some(), "an order's number is kept, too");
    Ok(())
}

/// All parts of a text, and what it is as Base64, in which bytes are carried.
fn parts_of(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = (0..=text.len() - PART).map(|at| text[at..at + PART].to_owned()).collect();
    for shift in 0..3 {
        let encoded = BASE64_STANDARD.encode("-".repeat(shift) + text);
        // Its ends depend on what stands beside it.
        parts.push(encoded[4..encoded.len() - 6].to_owned());
    }
    parts
}

/// No frame so far holds any of the parts, and nothing at the agent does.
async fn kept(pair: &Pair<'_>, parts: &[String], when: &str) -> Result<()> {
    for (index, body) in bodies(pair)?.iter().enumerate() {
        for part in parts {
            if wire::holds(std::slice::from_ref(body), part) {
                let body = String::from_utf8_lossy(body);
                let around: String = body.split(part.as_str()).nth(1).unwrap_or_default().chars().take(60).collect();
                anyhow::bail!("after {when}: frame {index} of the stream holds {part:?}, and {around:?} behind it");
            }
        }
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let side = Side { browser: pair.agent(), document: REPLAYED };
    if let Some(path) = comparison::mention(side, &parts).await? {
        anyhow::bail!("after {when}: a part of the secret is at the agent's {path}");
    }
    Ok(())
}

/// What is beside the secrets has come: otherwise finding none would prove nothing.
fn arrived(pair: &Pair<'_>, is_private: bool) -> Result<()> {
    for (place, arrives) in PLACES {
        let expected = arrives == Yes || arrives == Named && !is_private;
        if arrives == No {
            continue;
        }
        let found = holds(pair, &format!("open-{place}-marker")).context(place)?;
        ensure!(found == expected, "the marker of {place:?} is in {} frame", if found { "a" } else { "no" });
    }
    Ok(())
}

fn holds(pair: &Pair<'_>, text: &str) -> Result<bool> {
    Ok(wire::holds(&bodies(pair)?, text))
}

/// Bodies without key and hash, which hold no strings, and any bytes.
fn bodies(pair: &Pair<'_>) -> Result<Vec<Vec<u8>>> {
    let mut bodies = wire::bodies(&pair.frames)?;
    for (body, frame) in bodies.iter_mut().zip(&pair.frames) {
        body.drain(..wire::hash_len(frame).min(body.len()));
    }
    Ok(bodies)
}
