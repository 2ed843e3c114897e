//! The sentences of the four systems' documents (`docs/integrations/README.md`): each names tests that ran and passed, or
//! says why there is none.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::progress;
use crate::workspace::Workspace;

/// Where the sentences are.
const PAGE: &str = "docs/integrations/README.md";

/// What a row says that names no test, before the reason.
const NOT_SHOWN: &str = "not shown:";

/// One row: a behaviour that a document states.
#[derive(Debug, PartialEq, Eq)]
struct Sentence {
    /// The line in the page, from 1 on.
    line: usize,
    number: String,
    shown_by: String,
}

/// Tests that ran and passed.
#[derive(Debug, Default)]
struct Passed {
    unit: HashSet<String>,
    end_to_end: HashSet<String>,
}

/// Compares the page with the logs of the tests that have just run.
pub(crate) fn check(ws: &Workspace) -> Result<String> {
    let page = fs::read_to_string(ws.root.join(PAGE)).with_context(|| format!("reading {PAGE}"))?;
    let (sentences, mut faults) = sentences(&page);
    let logs = ws.target.join("xtask/logs");
    let passed = Passed::read(&logs)?;
    faults.extend(sentences.iter().flat_map(|sentence| passed.faults(sentence)));
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    let silent = sentences.iter().filter(|sentence| sentence.shown_by.starts_with(NOT_SHOWN)).count();
    Ok(format!("{} sentences, {silent} of them without a test", sentences.len()))
}

/// The rows of the page's numbered tables, and what is wrong with their form.
fn sentences(page: &str) -> (Vec<Sentence>, Vec<String>) {
    let mut found: Vec<Sentence> = Vec::new();
    let mut faults = Vec::new();
    // The heading that rows are under: its line, its words, and how many rows came before it.
    let mut section: Option<(usize, &str, usize)> = None;
    let is_empty = |section: Option<(usize, &str, usize)>, count: usize| {
        let (line, title, _) = section.filter(|(.., before)| *before == count)?;
        Some(format!("{PAGE}:{line}: expected rows under \"{title}\", found none"))
    };
    for (index, text) in page.lines().enumerate() {
        let line = index + 1;
        if let Some(title) = text.strip_prefix("## ") {
            faults.extend(is_empty(section, found.len()));
            section = Some((line, title, found.len()));
        } else if section.is_some() && text.starts_with('|') && !text.starts_with("|--") {
            let cells = cells(text);
            if cells.first() == Some(&"number") {
                continue;
            }
            let [number, _, shown_by] = cells[..] else {
                let cells = cells.len();
                faults.push(format!("{PAGE}:{line}: expected number, sentence and what shows it, found {cells} cells"));
                continue;
            };
            if let Some(other) = found.iter().find(|other| other.number == number) {
                faults.push(format!("{PAGE}:{line}: the number {number} stands in line {} too", other.line));
            }
            found.push(Sentence { line, number: number.to_owned(), shown_by: shown_by.to_owned() });
        }
    }
    faults.extend(is_empty(section, found.len()));
    (found, faults)
}

/// The cells of a table's row; `\|` is no border.
fn cells(row: &str) -> Vec<&str> {
    let inner = row.trim().trim_start_matches('|');
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    let mut cells = Vec::new();
    let mut from = 0;
    for (at, _) in inner.match_indices('|') {
        if !inner[..at].ends_with('\\') {
            cells.push(inner[from..at].trim());
            from = at + 1;
        }
    }
    cells.push(inner[from..].trim());
    cells
}

impl Passed {
    /// What the logs of the last run say.
    fn read(logs: &Path) -> Result<Self> {
        let log = |name: &str| {
            let path = logs.join(name);
            let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            // Where a person watches, cargo writes in colours.
            anyhow::Ok(text.lines().map(|line| progress::plain(line) + "\n").collect::<String>())
        };
        Ok(Self { unit: units(&log("unit.log")?), end_to_end: cases(&log("e2e.log")?) })
    }

    /// What a row names that did not run, or did not pass.
    fn faults(&self, sentence: &Sentence) -> Vec<String> {
        let Sentence { line, number, shown_by } = sentence;
        if let Some(reason) = shown_by.strip_prefix(NOT_SHOWN) {
            let is_said = !reason.trim().is_empty();
            return if is_said {
                Vec::new()
            } else {
                vec![format!("{PAGE}:{line}: {number}: expected a reason behind \"{NOT_SHOWN}\"")]
            };
        }
        let names: Vec<&str> = shown_by.split('`').skip(1).step_by(2).collect();
        if names.is_empty() {
            return vec![format!(
                "{PAGE}:{line}: {number}: expected names of tests, or \"{NOT_SHOWN}\" and why, found {shown_by:?}"
            )];
        }
        let fault = |name: &&str| {
            let passed = match name.split_once(' ') {
                Some(("e2e", case)) => self.end_to_end.contains(case),
                Some(("unit", test)) => self.unit.contains(test),
                _ => {
                    return Some(format!(
                        "{PAGE}:{line}: {number}: expected `e2e case` or `unit test`, found `{name}`"
                    ));
                }
            };
            (!passed).then(|| format!("{PAGE}:{line}: {number}: `{name}` did not run and pass"))
        };
        names.iter().filter_map(fault).collect()
    }
}

/// Native tests that passed, by cargo's output.
fn units(log: &str) -> HashSet<String> {
    let passed = log.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... ok"));
    passed.map(ToOwned::to_owned).collect()
}

/// End-to-end cases that passed, by the suite's output.
fn cases(log: &str) -> HashSet<String> {
    let passed = log.lines().filter_map(|line| line.strip_prefix("ok ")?.split_whitespace().next());
    passed.map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = "# Title\n| system | page |\n|---|---|\n| a | b |\n\n## 002: a document\n\n| number | sentence | shown by |\n|---|---|---|\n\
        | 002.1 | A token \\| code has nine digits. | `unit chat::tests::nine`, `e2e genesys/chat` |\n\
        | 002.2 | Another product does it. | not shown: it is not ours |\n";

    fn passed() -> Passed {
        Passed {
            unit: units("test chat::tests::nine ... ok\ntest chat::tests::ten ... FAILED\n"),
            end_to_end: cases("ok    genesys/chat                 1.2 s\nFAIL  genesys/cut     3.4 s\n"),
        }
    }

    #[test]
    fn rows_are_read_and_tests_that_passed_are_found() {
        let (sentences, faults) = sentences(ROWS);
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(sentences.iter().map(|sentence| sentence.number.as_str()).collect::<Vec<_>>(), ["002.1", "002.2"]);
        assert_eq!(
            sentences.iter().flat_map(|sentence| passed().faults(sentence)).collect::<Vec<_>>(),
            Vec::<String>::new()
        );
    }

    #[test]
    fn what_did_not_pass_is_a_fault() {
        for (shown_by, fault) in [
            ("`unit chat::tests::ten`", "did not run and pass"),
            ("`e2e genesys/cut`", "did not run and pass"),
            ("`unit chat::tests::eleven`", "did not run and pass"),
            ("`genesys/chat`", "expected `e2e case` or `unit test`"),
            ("genesys/chat", "expected names of tests"),
            ("", "expected names of tests"),
            ("not shown: ", "expected a reason"),
        ] {
            let faults = passed().faults(&Sentence { line: 9, number: "002.9".into(), shown_by: shown_by.into() });
            assert!(matches!(&faults[..], [only] if only.contains(fault)), "{shown_by}: {faults:?}");
        }
    }

    #[test]
    fn our_page_has_that_form() {
        let (sentences, faults) = sentences(include_str!("../../docs/integrations/README.md"));
        assert_eq!(faults, Vec::<String>::new());
        for document in ["000.", "002.", "003.", "004."] {
            assert!(sentences.iter().any(|sentence| sentence.number.starts_with(document)), "{document}");
        }
    }

    #[test]
    fn the_page_has_a_form() {
        for (page, fault) in [
            ("## 003: empty\n\n| number | sentence | shown by |\n|---|---|---|\n", "README.md:1: expected rows"),
            ("## 003\n| 003.1 | two cells |\n| 003.2 | a | `e2e a/b` |", "README.md:2: expected number"),
            (
                "## 003\n| 003.1 | a | `e2e a/b` |\n| 003.1 | b | `e2e a/b` |",
                "README.md:3: the number 003.1 stands in line 2 too",
            ),
        ] {
            let (_, faults) = sentences(page);
            assert!(matches!(&faults[..], [only] if only.contains(fault)), "{page}: {faults:?}");
        }
    }
}
