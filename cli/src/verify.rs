//! `cobrowse verify`: whether recordings are sound.

use crate::{failure::Failure, source};
use ::replay::inspection;
use clap::Args as ClapArgs;
use std::path::{Path, PathBuf};

/// Check recordings: checksums, order, limits, the page's hash after each frame, and each state to seek from.
///
/// A line for each file. The exit code is 1 when one of them is damaged or cut off; the line names the byte and what was expected
/// there.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The recordings.
    #[arg(required = true)]
    files: Vec<PathBuf>,

    /// Take what is sound in itself but not as a recorder writes it (times that go back, no index) for damage, too.
    #[arg(long)]
    strict: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let mut damaged = 0;
    for file in &args.files {
        match one(file, args.strict) {
            Ok(line) => println!("{}: {line}", file.display()),
            Err(line) => {
                damaged += 1;
                println!("{}: {line}", file.display());
            }
        }
    }
    match (damaged, args.files.len()) {
        (0, _) => Ok(()),
        (1, 1) => Err(Failure::Runtime("the recording is damaged".to_owned())),
        (damaged, all) => Err(Failure::Runtime(format!("{damaged} of {all} recordings are damaged"))),
    }
}

fn one(file: &Path, strict: bool) -> Result<String, String> {
    let source = source::whole(file).map_err(|error| error.to_string())?;
    let bar = source::progress("checking");
    let found = inspection::inspect(source, |done, all| source::advance(&bar, done, all));
    bar.finish_and_clear();
    let found = found.map_err(|error| error.to_string())?;
    let frames = found.frames.len();
    if let Some(problem) = found.problem {
        return Err(format!("{problem}; {frames} frames before it are sound"));
    }
    if frames == 0 {
        return Err(format!("byte {}: expected a keyframe, found the end of the file", found.file_bytes));
    }
    let mut odd: Vec<String> = found.oddities.iter().map(|(seq, what)| format!("frame {seq}: {what}")).collect();
    if found.version > 1 && !found.has_index {
        odd.push("it has no index: its writer was cut short".to_owned());
    }
    let odd = odd.join("; ");
    let line = format!("sound, {frames} frames, {:.3} s", f64::from(found.duration()) / 1_000.0);
    match (odd.is_empty(), strict) {
        (true, _) => Ok(line),
        (false, false) => Ok(format!("{line}; {odd}")),
        (false, true) => Err(odd),
    }
}
