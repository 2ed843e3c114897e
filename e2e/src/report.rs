//! What a run says: a line per case, a summary, and the files of each case.

use crate::comparison::Difference;
use anyhow::{Error, Result};
use std::{fmt::Write as _, path::Path, time::Duration};

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

/// The table of `docs/fidelity.md`: what was equal, and how many pixels differed.
pub(crate) fn table(outcomes: &[Outcome]) -> String {
    let mut text = String::from(
        "# Fidelity\n\nWritten by the end-to-end suite: `cargo run --release -p e2e -- run --table docs/fidelity.md`, after `cargo xtask\n\
         dist`. A row is a case; documents are compared node by node (attributes, state, rules, scroll positions, frames, shadow\n\
         roots) after each of its steps, pictures of both windows after its first frame and at its end, masked areas left out. A\n\
         pixel differs if nothing like it is within one pixel of it on the other side.\n\n\
         | case | Chromium: documents | pixels differing | note |\n|---|---|---|---|\n",
    );
    for outcome in outcomes {
        let equal = match &outcome.verdict {
            Verdict::Passed => "equal",
            Verdict::Failed(_) => "**differ**",
            Verdict::Skipped(_) => "not run",
        };
        let Some(share) = outcome.pixels else { continue };
        let note = outcome.reason.as_deref().unwrap_or_default();
        let _ = writeln!(text, "| {} | {equal} | {:.3} % | {note} |", outcome.name, share * 100.0);
    }
    text
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
