//! Comparing two live documents: both are described in their browsers (`js/compare.js`); only hashes come here until a
//! difference has to be found.

use crate::browser::Browser;
use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt, time::Duration};
use tokio::time::{Instant, sleep};

/// Lines shown on either side of a difference.
const AROUND: usize = 12;

/// Pixels by which sizes and scroll positions may differ.
const TOLERANCE: f64 = 1.0;

const COMPARE: &str = include_str!("../js/compare.js");

/// One document to compare.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Side<'a> {
    /// The browser that has it.
    pub(crate) browser: &'a Browser,
    /// A script expression that gives the document.
    pub(crate) document: &'a str,
}

/// What a case says about its page.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Selectors of elements that are masked for a reason which is not in the markup any more.
    pub(crate) masked: Vec<String>,
    /// Whether to compare the box of every element too.
    pub(crate) boxes: bool,
    /// How long style sheets and layout may take to settle at the agent; nodes have no such time.
    pub(crate) settle: Duration,
    /// Whether only nodes and what they hold are compared.
    pub(crate) documents_only: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { masked: Vec::new(), boxes: false, settle: Duration::from_secs(5), documents_only: false }
    }
}

#[derive(Debug, Deserialize)]
struct Summary {
    base: String,
    nodes: usize,
    chunk: usize,
    allowances: Value,
    structure: Section,
    styles: Section,
    metrics: Metrics,
}

#[derive(Debug, Deserialize)]
struct Section {
    lines: usize,
    chunks: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Metrics {
    viewport: [f64; 2],
    window: [f64; 2],
    scroll: Vec<(String, f64, f64)>,
    sizes: Vec<(String, f64, f64)>,
    boxes: Vec<[f64; 4]>,
    times: Vec<(String, f64, f64)>,
    tops: Vec<String>,
    shown: Vec<String>,
}

/// The first difference between two documents.
#[derive(Debug)]
pub(crate) struct Difference {
    /// Path, what differs, and both values.
    pub(crate) message: String,
    /// The customer's description around it.
    pub(crate) customer: Vec<String>,
    /// The agent's description around it.
    pub(crate) agent: Vec<String>,
}

impl Difference {
    const fn new(message: String) -> Self {
        Self { message, customer: Vec::new(), agent: Vec::new() }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Difference {}

/// What an equal pair of documents was made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Equal {
    /// Nodes, those of shadow trees and template contents included.
    pub(crate) nodes: usize,
}

/// Compares two documents.
///
/// # Errors
/// A [`Difference`] when they differ; other errors when that could not be found out.
pub(crate) async fn compare(customer: Side<'_>, agent: Side<'_>, options: &Options) -> Result<Equal> {
    let deadline = Instant::now() + options.settle;
    // Two engines write the same rule in two ways, and make boxes of two sizes.
    let crossed = options.documents_only || customer.browser.engine() != agent.browser.engine();
    loop {
        let left = describe(customer, &json!({ "side": "customer", "masked": options.masked, "boxes": options.boxes }))
            .await
            .context("describing the customer's document")?;
        let given = json!({
            "side": "agent",
            "base": left.base,
            "allowances": left.allowances,
            "boxes": options.boxes,
        });
        let right = describe(agent, &given).await.context("describing the agent's document")?;
        if let Some(difference) = section(customer, agent, "structure", &left, &right).await? {
            return Err(difference.into());
        }
        let difference = match section(customer, agent, "styles", &left, &right).await?.filter(|_| !crossed) {
            Some(difference) => Some(difference),
            None if crossed => None,
            None => metrics(agent, &left.metrics, &right.metrics).await?,
        };
        let Some(difference) = difference else {
            for side in [customer, agent] {
                side.browser.run("window.__compare.forget()", vec![]).await?;
            }
            return Ok(Equal { nodes: left.nodes });
        };
        if Instant::now() > deadline {
            return Err(difference.into());
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// The hashes of one document's description, for noticing that nothing changed.
pub(crate) async fn fingerprint(side: Side<'_>) -> Result<String> {
    let summary = describe(side, &json!({ "side": "raw" })).await?;
    Ok([summary.structure.chunks, summary.styles.chunks].concat().join(" "))
}

/// The path of the first line of a document's description that holds `text`.
pub(crate) async fn mention(side: Side<'_>, texts: &[&str]) -> Result<Option<String>> {
    describe(side, &json!({ "side": "raw" })).await?;
    side.browser.eval("return window.__compare.mention(arguments[0])", vec![json!(texts)]).await
}

async fn describe(side: Side<'_>, options: &Value) -> Result<Summary> {
    side.browser.run(COMPARE, vec![]).await?;
    let script = format!("return window.__compare.describe({}, arguments[0])", side.document);
    side.browser.eval(&script, vec![options.clone()]).await
}

/// The first difference in one section, with its surroundings.
async fn section(
    customer: Side<'_>,
    agent: Side<'_>,
    name: &str,
    left: &Summary,
    right: &Summary,
) -> Result<Option<Difference>> {
    let pick = |summary: &Summary| match name {
        "styles" => (summary.styles.lines, summary.styles.chunks.clone()),
        _ => (summary.structure.lines, summary.structure.chunks.clone()),
    };
    let (left_lines, left_chunks) = pick(left);
    let (right_lines, right_chunks) = pick(right);
    if left_chunks == right_chunks {
        return Ok(None);
    }
    let same = left_chunks.iter().zip(&right_chunks).take_while(|(a, b)| a == b).count();
    let from = (same * left.chunk).saturating_sub(AROUND);
    let to = (same + 1) * left.chunk + AROUND;
    let fetch = async |side: Side<'_>| -> Result<Vec<String>> {
        let script = "return window.__compare.lines(...arguments)";
        side.browser.eval(script, vec![json!(name), json!(from), json!(to)]).await
    };
    let (ours, theirs) = (fetch(customer).await?, fetch(agent).await?);
    let at = ours.iter().zip(&theirs).take_while(|(a, b)| a == b).count();
    let path = async |side: Side<'_>| -> Result<String> {
        let script = "return window.__compare.path(...arguments)";
        side.browser.eval(script, vec![json!(name), json!(from + at)]).await
    };
    let (our_path, their_path) = (path(customer).await?, path(agent).await?);
    let around = |lines: &[String], count: usize| {
        let first = at.saturating_sub(AROUND);
        let shown = lines.iter().enumerate().skip(first).take(2 * AROUND + 1);
        let mut shown: Vec<String> =
            shown.map(|(index, line)| format!("{} {}", if index == at { '>' } else { ' ' }, indented(line))).collect();
        shown.insert(0, format!("line {} of {count}", from + at + 1));
        shown
    };
    Ok(Some(Difference {
        message: explain(ours.get(at), theirs.get(at), &our_path, &their_path),
        customer: around(&ours, left_lines),
        agent: around(&theirs, right_lines),
    }))
}

/// Says how two lines differ.
fn explain(ours: Option<&String>, theirs: Option<&String>, our_path: &str, their_path: &str) -> String {
    let (Some(ours), Some(theirs)) = (ours.map(|line| split(line)), theirs.map(|line| split(line))) else {
        let (path, side, line) = match ours {
            Some(line) => (our_path, "customer", line.as_str()),
            None => (their_path, "agent", theirs.map_or("", String::as_str)),
        };
        let (_, kind, value) = split(line);
        return format!("{path}: only the {side} has {kind} {}", clipped(value, 0));
    };
    if ours.0 == theirs.0 && ours.1 == theirs.1 {
        let at = if our_path == their_path { String::new() } else { format!(" at {their_path}") };
        let common = ours.2.chars().zip(theirs.2.chars()).take_while(|(a, b)| a == b).count();
        return format!(
            "{our_path}: {}: customer {} agent {}{at}",
            ours.1,
            clipped(ours.2, common),
            clipped(theirs.2, common)
        );
    }
    format!(
        "{our_path}: customer has {} {}; agent has {} {} at {their_path}",
        ours.1,
        clipped(ours.2, 0),
        theirs.1,
        clipped(theirs.2, 0)
    )
}

/// Depth, kind and value of a line.
fn split(line: &str) -> (&str, &str, &str) {
    let mut parts = line.splitn(3, '\t');
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

fn indented(line: &str) -> String {
    let (depth, kind, value) = split(line);
    let depth: usize = depth.parse().unwrap_or_default();
    // Thousands of levels are told by a number.
    let indent = if depth > 40 { format!("[{depth}] ") } else { "  ".repeat(depth) };
    format!("{indent}{kind} {}", value.chars().take(400).collect::<String>())
}

/// The part of a long value around its first differing character.
fn clipped(value: &str, at: usize) -> String {
    const WIDTH: usize = 120;
    let count = value.chars().count();
    if count <= WIDTH {
        return value.to_owned();
    }
    let from = at.saturating_sub(WIDTH / 2).min(count - WIDTH);
    let middle: String = value.chars().skip(from).take(WIDTH).collect();
    let before = if from > 0 { "…" } else { "" };
    let after = if from + WIDTH < count { "…" } else { "" };
    format!("{before}{middle}{after}")
}

/// The first number that differs by more than the tolerance.
async fn metrics(agent: Side<'_>, left: &Metrics, right: &Metrics) -> Result<Option<Difference>> {
    let far = |a: f64, b: f64| (a - b).abs() > TOLERANCE;
    let pair = |[x, y]: [f64; 2]| format!("{x}, {y}");
    for (what, ours, theirs) in
        [("viewport", left.viewport, right.viewport), ("window scroll", left.window, right.window)]
    {
        if far(ours[0], theirs[0]) || far(ours[1], theirs[1]) {
            let message = format!("document: {what}: customer {} agent {}", pair(ours), pair(theirs));
            return Ok(Some(Difference::new(message)));
        }
    }
    if let Some(path) = right.shown.first() {
        return Ok(Some(Difference::new(format!("{path}: shown at the agent: customer no agent yes"))));
    }
    let pairs = [
        ("scroll", &left.scroll, &right.scroll),
        ("size", &left.sizes, &right.sizes),
        ("played, in seconds", &left.times, &right.times),
    ];
    for (what, ours, theirs) in pairs {
        let mut all: BTreeMap<&str, [[f64; 2]; 2]> = BTreeMap::new();
        for (path, x, y) in ours {
            all.entry(path).or_default()[0] = [*x, *y];
        }
        for (path, x, y) in theirs {
            all.entry(path).or_default()[1] = [*x, *y];
        }
        for (path, [ours, theirs]) in all {
            if far(ours[0], theirs[0]) || far(ours[1], theirs[1]) {
                let message = format!("{path}: {what}: customer {} agent {}", pair(ours), pair(theirs));
                return Ok(Some(Difference::new(message)));
            }
        }
    }
    let differing = left
        .boxes
        .iter()
        .zip(&right.boxes)
        .position(|(ours, theirs)| ours.iter().zip(theirs).any(|(ours, theirs)| far(*ours, *theirs)));
    let Some(index) = differing else {
        let tops = left.tops.iter().zip(&right.tops).find(|(ours, theirs)| !ours.is_empty() && ours != theirs);
        return Ok(tops.map(|(ours, theirs)| Difference::new(format!("on top: customer {ours} agent {theirs}"))));
    };
    let path: String =
        agent.browser.eval("return window.__compare.elementPath(arguments[0])", vec![json!(index)]).await?;
    let message =
        format!("{path}: box (x, y, width, height): customer {:?} agent {:?}", left.boxes[index], right.boxes[index]);
    Ok(Some(Difference::new(message)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_differing_value_is_shown_with_its_path() {
        let (ours, theirs) = ("3\ttext\t\"abc\"".to_owned(), "3\ttext\t\"abd\"".to_owned());
        assert_eq!(
            explain(Some(&ours), Some(&theirs), "html > body > #text", "html > body > #text"),
            "html > body > #text: text: customer \"abc\" agent \"abd\""
        );
    }

    #[test]
    fn a_missing_end_is_shown_by_what_is_left() {
        let ours = "3\telement\t\"html:p\"".to_owned();
        assert_eq!(
            explain(Some(&ours), None, "html > body > p", "end of document"),
            "html > body > p: only the customer has element \"html:p\""
        );
        assert_eq!(
            explain(None, Some(&ours), "end of document", "html > body > p"),
            "html > body > p: only the agent has element \"html:p\""
        );
    }

    #[test]
    fn different_facts_are_both_named() {
        let (ours, theirs) = ("3\ttext\t\"a\"".to_owned(), "3\telement\t\"html:p\"".to_owned());
        assert_eq!(
            explain(Some(&ours), Some(&theirs), "html > #text", "html > p"),
            "html > #text: customer has text \"a\"; agent has element \"html:p\" at html > p"
        );
    }

    #[test]
    fn long_values_are_clipped_around_the_difference() {
        let value = format!("{}X{}", "a".repeat(500), "b".repeat(500));
        let shown = clipped(&value, 500);
        assert!(shown.starts_with('…') && shown.ends_with('…') && shown.contains("aXb"), "{shown}");
        assert_eq!(shown.chars().count(), 122);
    }
}
