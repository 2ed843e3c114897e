//! What a run says: a line per case, a summary, and the files of each case.

use crate::{comparison::Difference, kinds, pixels};
use anyhow::{Context, Error, Result};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt::Write as _, path::Path, time::Duration};

/// How a case ended.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Everything was as it should be.
    Passed,
    /// Something was not.
    Failed(Error),
    /// It could not be run, for this reason.
    Skipped(String),
}

/// A case that was run.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The case's name.
    pub(crate) name: String,
    /// How it ended.
    pub(crate) verdict: Verdict,
    /// How long it took.
    pub(crate) time: Duration,
    /// The largest share of pixels that differed, where pictures were compared.
    pub(crate) pixels: Option<f64>,
    /// Why pixels may differ.
    pub(crate) reason: Option<String>,
}

impl Outcome {
    /// Prints the case's line.
    pub(crate) fn print(&self) {
        let seconds = self.time.as_secs_f64();
        match &self.verdict {
            Verdict::Passed => println!("ok    {:<44} {seconds:>7.2} s", self.name),
            Verdict::Failed(error) => {
                println!("FAIL  {:<44} {seconds:>7.2} s\n      {}", self.name, indent(&format!("{error:#}")));
            }
            Verdict::Skipped(reason) => println!("skip  {:<44}           {reason}", self.name),
        }
    }

    /// Leaves the reason of a failure in the case's folder, with both descriptions around a difference.
    pub(crate) fn explain(&self, folder: &Path) -> Result<()> {
        let file = folder.join("difference.txt");
        let Verdict::Failed(error) = &self.verdict else {
            // A reason from an earlier run would mislead.
            if file.exists() {
                std::fs::remove_file(file)?;
            }
            return Ok(());
        };
        std::fs::create_dir_all(folder)?;
        let mut text = format!("{error:#}\n");
        if let Some(difference) = error.downcast_ref::<Difference>() {
            for (side, lines) in [("customer", &difference.customer), ("agent", &difference.agent)] {
                write!(text, "\n== {side}\n{}\n", lines.join("\n"))?;
            }
        }
        std::fs::write(file, text)?;
        Ok(())
    }
}

/// What a run says of a case to other runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Row {
    equal: bool,
    pixels: Option<f64>,
    problem: Option<String>,
    /// Why it was not run.
    skipped: Option<String>,
}

/// A column of the table, from another run.
#[derive(Debug)]
pub(crate) struct Column {
    label: String,
    rows: BTreeMap<String, Row>,
}

/// All cases that were run, as JSON.
pub(crate) fn results(outcomes: &[Outcome]) -> Result<String> {
    let row = |outcome: &Outcome| {
        let (problem, skipped) = match &outcome.verdict {
            Verdict::Passed => (None, None),
            Verdict::Failed(error) => (Some(first_line(&format!("{error:#}")).to_owned()), None),
            Verdict::Skipped(reason) => (None, Some(reason.clone())),
        };
        let equal = problem.is_none() && skipped.is_none();
        (outcome.name.clone(), Row { equal, pixels: outcome.pixels, problem, skipped })
    };
    let rows: BTreeMap<String, Row> = outcomes.iter().map(row).collect();
    Ok(serde_json::to_string_pretty(&rows)?)
}

/// Reads columns given as `LABEL=FILE`.
pub(crate) fn columns(given: &[String]) -> Result<Vec<Column>> {
    let read = |given: &String| {
        let (label, file) = given.split_once('=').context("--beside: expected LABEL=FILE")?;
        let text = std::fs::read_to_string(file).with_context(|| format!("--beside: {file}"))?;
        Ok(Column { label: label.to_owned(), rows: serde_json::from_str(&text).with_context(|| file.to_owned())? })
    };
    given.iter().map(read).collect()
}

/// The table of `docs/fidelity.md`: what was equal, and how many pixels differed.
pub(crate) fn table(outcomes: &[Outcome], beside: &[Column]) -> String {
    let mut text = String::from(
        "# Fidelity\n\nWritten by the end-to-end suite: `cargo xtask fidelity`. A row is a case; documents are compared node by node\n\
         (attributes, state, rules, scroll positions, frames, shadow roots) after each of its steps, pictures of both windows after its\n\
         first frame and at its end, masked areas left out. A pixel differs if nothing like it is within one pixel of it on the other\n\
         side. Where two engines meet, rules as text, boxes and pictures are left out: each writes and draws them in its own way. The\n\
         peer's replay goes through the same steps, and is compared by nodes and what they hold, and by pictures, with scroll bars, which\n\
         it would hide; what it adds to the page itself is left out, as are its `<noscript>` in place of scripts; the first difference is\n\
         what is told.\n\n\
         | case | Chromium: documents | pixels differing | note |",
    );
    for column in beside {
        let _ = write!(text, " {} |", column.label);
    }
    text.push_str("\n|---|---|---|---|");
    text.push_str(&"---|".repeat(beside.len()));
    text.push('\n');
    let shown =
        outcomes.iter().filter(|outcome| outcome.name.starts_with("own/") || outcome.name.starts_with("shared/"));
    for outcome in shown.clone() {
        let equal = match &outcome.verdict {
            Verdict::Passed => "equal",
            Verdict::Failed(_) => "**differ**",
            Verdict::Skipped(_) => "not run",
        };
        let pixels = outcome.pixels.map_or_else(String::new, percent);
        let note = outcome.reason.as_deref().unwrap_or_default();
        let _ = write!(text, "| {} | {equal} | {pixels} | {note} |", outcome.name);
        for column in beside {
            let _ =
                write!(text, " {} |", column.rows.get(&outcome.name).map_or_else(|| "not run".to_owned(), Row::cell));
        }
        text.push('\n');
    }
    // Where pictures can be compared, what a person sees alike counts too.
    for column in beside.iter().filter(|column| column.rows.values().any(|row| row.pixels.is_some())) {
        let ours = |name: &str| shown.clone().any(|o| o.name == name && o.looks_alike());
        let reason = |name: &str| {
            let found = shown.clone().find(|o| o.name == name).and_then(|o| o.reason.as_deref());
            format!("{name}: {}", found.unwrap_or("no reason known"))
        };
        let alike: Vec<&String> =
            column.rows.iter().filter(|(_, row)| row.looks_alike()).map(|(name, _)| name).collect();
        let _ = writeln!(
            text,
            "\n{}: {} of {} cases have equal documents, {} look alike (at most {} of the pixels differ). Of these, ours do not: {}.",
            column.label,
            column.rows.values().filter(|row| row.equal).count(),
            column.rows.len(),
            alike.len(),
            percent(pixels::LIMIT),
            alike.iter().filter(|name| !ours(name)).map(|name| reason(name)).collect::<Vec<_>>().join("; ")
        );
    }
    text.push_str(&kinds::table());
    text
}

impl Outcome {
    fn looks_alike(&self) -> bool {
        self.pixels.is_some_and(|share| share <= pixels::LIMIT)
    }
}

impl Row {
    fn looks_alike(&self) -> bool {
        self.pixels.is_some_and(|share| share <= pixels::LIMIT)
    }

    fn cell(&self) -> String {
        let pixels = self.pixels.map_or_else(String::new, |share| format!(", {}", percent(share)));
        if let Some(reason) = &self.skipped {
            return format!("not run: {reason}");
        }
        match &self.problem {
            None => format!("equal{pixels}"),
            Some(problem) => {
                let cut: String = problem.chars().filter(|letter| *letter != '|').take(90).collect();
                format!("**differs**{pixels}: {}", cut.replace('<', "&lt;").replace('`', "'"))
            }
        }
    }
}

fn percent(share: f64) -> String {
    format!("{:.3} %", share * 100.0)
}

/// Prints what failed once more, and the totals as the last line. Returns whether nothing failed.
pub(crate) fn summarise(outcomes: &[Outcome], time: Duration) -> bool {
    let count = |wanted: fn(&Verdict) -> bool| outcomes.iter().filter(|outcome| wanted(&outcome.verdict)).count();
    let passed = count(|verdict| matches!(verdict, Verdict::Passed));
    let failed = count(|verdict| matches!(verdict, Verdict::Failed(_)));
    let skipped = count(|verdict| matches!(verdict, Verdict::Skipped(_)));
    println!();
    for outcome in outcomes {
        if let Verdict::Failed(error) = &outcome.verdict {
            println!("failed: {}: {}", outcome.name, first_line(&format!("{error:#}")));
        }
    }
    println!("{:.1} s", time.as_secs_f64());
    let skipped = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
    println!("{passed} passed, {failed} failed{skipped}");
    failed == 0
}

/// The first lines of a long text, each cut to a bearable length; all of it is in the case's folder.
fn indent(text: &str) -> String {
    let lines: Vec<String> = text.lines().take(12).map(|line| line.chars().take(400).collect()).collect();
    lines.join("\n      ")
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
