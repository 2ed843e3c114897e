//! `cobrowse diff`: what differs between two pages of recordings.

use crate::{failure::Failure, source, units::seconds};
use ::replay::changes;
use clap::Args as ClapArgs;
use similar::{Algorithm, DiffOp};
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

/// Compare two pages of recordings, a line for each node: what differs is told as `diff -u` does.
///
/// A page is that of a FILE at its end, or, as FILE@12.5s, at a moment. Live state is told behind an element's attributes, as
/// `.value="typed"`. The exit code is 0 where nothing differs, 1 where something does, 2 where a file cannot be read.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// A recording, or FILE@TIME.
    a: String,

    /// The other one; it may be the same file at another moment.
    b: String,

    /// Lines of what is the same around what differs.
    #[arg(long, short = 'U', value_name = "N", default_value_t = 3)]
    unified: usize,
}

/// The lines of a page.
fn page(text: &str) -> Result<Vec<String>, Failure> {
    // A file may have a sign like that in its name.
    let (file, at) = match text.rsplit_once('@') {
        Some((file, at)) if !PathBuf::from(text).exists() => {
            let at = seconds(at).map_err(|error| Failure::Unreadable(format!("{text}: {error}")))?;
            (PathBuf::from(file), at)
        }
        _ => (PathBuf::from(text), u32::MAX),
    };
    let unreadable = |failure: Failure| Failure::Unreadable(failure.to_string());
    let mut opened = source::open(&file).map_err(unreadable)?;
    opened.seek(at).map_err(|error| unreadable(source::failed(&file, &error)))?;
    Ok(changes::lines(opened.player().tree()))
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let (a, b) = (page(&args.a)?, page(&args.b)?);
    // Lines that both have once hold the rest in place, and keep the search short.
    let ops = similar::capture_diff_slices(Algorithm::Patience, &a, &b);
    let groups = similar::group_diff_ops(ops, args.unified);
    let mut out = io::stdout().lock();
    if groups.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let written = tell(&mut out, args, [&a, &b], &groups);
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Unreadable(error.to_string())),
        _ => Ok(ExitCode::from(1)),
    }
}

fn tell(out: &mut impl Write, args: &Args, [a, b]: [&[String]; 2], groups: &[Vec<DiffOp>]) -> io::Result<()> {
    writeln!(out, "--- {}\n+++ {}", args.a, args.b)?;
    for group in groups {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let span = |from: usize, to: usize| format!("{},{}", from + usize::from(to > from), to - from);
        writeln!(
            out,
            "@@ -{} +{} @@",
            span(first.old_range().start, last.old_range().end),
            span(first.new_range().start, last.new_range().end)
        )?;
        for op in group {
            if let DiffOp::Equal { old_index, len, .. } = op {
                for line in &a[*old_index..old_index + len] {
                    writeln!(out, " {line}")?;
                }
                continue;
            }
            for line in &a[op.old_range()] {
                writeln!(out, "-{line}")?;
            }
            for line in &b[op.new_range()] {
                writeln!(out, "+{line}")?;
            }
        }
    }
    Ok(())
}
