//! `docs/control.md` shows the mode gate's tables; this test makes the same and compares.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use capture::control::{TOOLS, Target, Tool, Verdict, verdict};
use protocol::{Mode, control::Refusal};
use std::fmt::Write;

const DOCUMENT: &str = include_str!("../../docs/control.md");

/// The lines of the document between "<!-- NAME -->" and the next comment.
fn shown(name: &str) -> &'static str {
    let start = format!("<!-- {name} -->\n");
    let at = DOCUMENT.find(&start).unwrap_or_else(|| panic!("docs/control.md has no {start:?}")) + start.len();
    let rest = &DOCUMENT[at..];
    &rest[..rest.find("<!--").unwrap_or(rest.len())]
}

fn check(name: &str, made: &str) {
    assert_eq!(shown(name).trim(), made.trim(), "docs/control.md, {name}, is to be:\n{made}");
}

#[test]
fn the_table_of_tools_and_modes() {
    let mut table = "| the agent may | `follow` | `view` | `shared` |\n|---|---|---|---|\n".to_owned();
    for row in TOOLS.iter().filter(|row| row.tags != [9, 10]) {
        let cells = Mode::ALL.map(|mode| if mode >= row.least { "yes" } else { "–" });
        writeln!(table, "| {} | {} |", row.name, cells.join(" | ")).unwrap();
    }
    check("tools", &table);
}

#[test]
fn the_table_of_tools_and_elements() {
    let tools: Vec<_> = TOOLS.iter().filter(|row| row.has_node && row.tool != Tool::Scroll).collect();
    let mut table = "| in `shared`, on |".to_owned();
    for row in &tools {
        write!(table, " {} |", row.name).unwrap();
    }
    write!(table, "\n|{}\n", "---|".repeat(tools.len() + 1)).unwrap();
    for target in Target::ALL {
        write!(table, "| {} |", target.name()).unwrap();
        for row in &tools {
            let cell = match verdict(row.tool, target) {
                Verdict::Done => "yes",
                Verdict::Submits => "`allowSubmit`",
                Verdict::Refused(Refusal::Element) => "kept",
                Verdict::Refused(Refusal::Customer) => "customer's",
                Verdict::Refused(_) => "–",
            };
            write!(table, " {cell} |").unwrap();
        }
        table.push('\n');
    }
    check("elements", &table);
}

#[test]
fn every_reason_is_explained() {
    for reason in Refusal::ALL {
        let name = format!("{reason:?}").to_lowercase();
        assert!(
            DOCUMENT.contains(&format!("| `{name}` | {} |", reason as u8)),
            "docs/control.md does not explain {name}"
        );
    }
}
