//! `cobrowse import`: recordings of others as recordings of ours.

mod css;
mod events;
mod page;
mod rrweb;
mod sheets;

use crate::failure::Failure;
use clap::{Args as ClapArgs, ValueEnum};
use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
};

/// Turn a recording of another recorder into one of ours.
///
/// Events of rrweb are read as a JSON array, as an object with such an array under `events`, or as a line of JSON for each
/// event. What has no counterpart here (canvases, edits of single declarations in rules) is left out, and counted.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The events; - is standard input.
    file: PathBuf,

    /// Whose events they are.
    #[arg(long, value_enum)]
    from: From,

    /// The recording to write; - is standard output. The default is the file's name with the ending .cbr.
    #[arg(long, short, value_name = "OUT")]
    out: Option<PathBuf>,

    /// Write over a file that is there.
    #[arg(long)]
    force: bool,
}

/// Enough for events that are nested as deep as they may be (`events.rs`); a system gives it out as it is used.
const STACK_BYTES: usize = 512 << 20;

/// Recorders whose events are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    /// rrweb 1 and 2.
    Rrweb,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let name = args.file.display();
    let is_piped = args.file.as_os_str() == "-";
    let failed = |error: &dyn std::fmt::Display| Failure::Runtime(format!("{name}: {error}"));
    let text = if is_piped { io::read_to_string(io::stdin()) } else { fs::read_to_string(&args.file) };
    let text = text.map_err(|error| failed(&error))?;
    let out = match &args.out {
        Some(out) => out.clone(),
        None if is_piped => return Err(Failure::Usage("--out is needed for events from standard input".to_owned())),
        None => args.file.with_extension("cbr"),
    };
    let is_stream = out.as_os_str() == "-";
    if !is_stream && !args.force && out.exists() {
        return Err(Failure::Usage(format!("{} is there already; --force writes over it", out.display())));
    }
    let From::Rrweb = args.from;
    // A page may be deep, and its events are as deep.
    let imported = std::thread::scope(|scope| {
        let reader = std::thread::Builder::new().stack_size(STACK_BYTES);
        reader.spawn_scoped(scope, || rrweb::import(&text).map_err(|error| error.to_string())).map(|run| run.join())
    });
    let imported = match imported {
        Ok(Ok(imported)) => imported.map_err(|error| failed(&error))?,
        Ok(Err(_)) => return Err(failed(&"the import has ended in a fault of its own")),
        Err(error) => return Err(failed(&error)),
    };
    let written = if is_stream { io::stdout().write_all(&imported.bytes) } else { fs::write(&out, &imported.bytes) };
    written.map_err(|error| Failure::Runtime(format!("{}: {error}", out.display())))?;
    let seconds = f64::from(imported.duration) / 1_000.0;
    eprintln!(
        "{}: {} events, {} frames, {seconds:.3} s, {} bytes from {}",
        out.display(),
        imported.events,
        imported.frames,
        imported.bytes.len(),
        text.len()
    );
    for (what, count) in &imported.left_out {
        eprintln!("left out: {count} × {what}");
    }
    Ok(())
}
