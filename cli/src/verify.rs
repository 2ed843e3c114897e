//! `cobrowse verify`: whether recordings are sound.

use crate::failure::Failure;
use ::replay::inspection;
use clap::Args as ClapArgs;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Check recordings: checksums, order, limits, and the page's hash after each frame.
///
/// A line for each file. The exit code is 1 when one of them is damaged; the line names the byte and what was expected
/// there.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The recordings.
    #[arg(required = true)]
    files: Vec<PathBuf>,

    /// Take what is sound in itself but not as a recorder writes it (times that go back) for damage, too.
    #[arg(long)]
    strict: bool,
}

/// Reads a whole file.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|error| Failure::Runtime(format!("{}: {error}", file.display())))
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
    let bytes = fs::read(file).map_err(|error| error.to_string())?;
    let found = inspection::inspect(&bytes).map_err(|error| error.to_string())?;
    let frames = found.frames.len();
    if let Some(problem) = found.problem {
        return Err(format!("{problem}; {frames} frames before it are sound"));
    }
    if frames == 0 {
        return Err(format!("byte {}: expected a keyframe, found the end of the file", bytes.len()));
    }
    let odd = found.oddities.iter().map(|(seq, what)| format!("frame {seq}: {what}")).collect::<Vec<_>>().join("; ");
    let line = format!("sound, {frames} frames, {:.3} s", f64::from(found.duration()) / 1_000.0);
    match (odd.is_empty(), strict) {
        (true, _) => Ok(line),
        (false, false) => Ok(format!("{line}; {odd}")),
        (false, true) => Err(odd),
    }
}
