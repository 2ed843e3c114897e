//! `cobrowse export`: recordings of ours as recordings of others.

mod events;
mod nodes;
mod sheets;

use crate::{failure::Failure, source};
use ::replay::recording::Error;
use clap::{Args as ClapArgs, ValueEnum};
use events::Exporter;
use std::{
    fs,
    io::{self, BufWriter, Write},
    path::PathBuf,
};

/// Turn a recording into events of another recorder.
///
/// Events are written as a JSON array, which the Replayer of rrweb plays. What has no counterpart there (pixels of canvases, the order of
/// the top layer, states of pointer and focus) is left out, and counted.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The recording.
    file: PathBuf,

    /// Whose events are to be made.
    #[arg(long, value_enum)]
    to: To,

    /// The file to write; - is standard output. The default is the recording's name with the ending .json.
    #[arg(long, short, value_name = "OUT")]
    out: Option<PathBuf>,

    /// Write over a file that is there.
    #[arg(long)]
    force: bool,
}

/// Recorders whose events are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum To {
    /// rrweb 2.
    Rrweb,
}

/// A page may have so many levels of nodes: its events are twice as deep, and take a level of the stack for each.
const MOST_LEVELS: u32 = 200_000;

/// Enough for that; a system gives it out as it is used.
const STACK_BYTES: usize = 512 << 20;

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    std::thread::scope(|scope| {
        let exporter = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, || export(args));
        let exporter = exporter.map_err(|error| source::failed(&args.file, &error))?;
        let fault = |_| Err(source::failed(&args.file, &"the export has ended in a fault of its own"));
        exporter.join().unwrap_or_else(fault)
    })
}

fn export(args: &Args) -> Result<(), Failure> {
    let To::Rrweb = args.to;
    let mut file = source::open(&args.file)?;
    let out = args.out.clone().unwrap_or_else(|| args.file.with_extension("json"));
    let is_stream = out.as_os_str() == "-";
    if !is_stream && !args.force && out.exists() {
        return Err(Failure::Usage(format!("{} is there already; --force writes over it", out.display())));
    }
    let failed = |error: io::Error| source::failed(&out, &error);
    let sink: Box<dyn Write> =
        if is_stream { Box::new(io::stdout().lock()) } else { Box::new(fs::File::create(&out).map_err(failed)?) };
    let mut sink = BufWriter::new(sink);
    let mut exporter = Exporter::new(file.map().about.created.unwrap_or(0));
    let bar = source::progress("exporting");
    let mut count = 0_usize;
    let problem = loop {
        let stepped = file.step();
        match stepped {
            // No page is deeper than it has nodes.
            Ok(true)
                if file.player().tree().count() > MOST_LEVELS && nodes::levels(file.player().tree()) > MOST_LEVELS =>
            {
                let (expected, found) = (format!("a page of at most {MOST_LEVELS} levels"), "more".to_owned());
                break Some(Error { offset: file.reader().offset(), expected, found });
            }
            Ok(true) => exporter.frame(file.reader()),
            Ok(false) => break None,
            Err(error) => break Some(error),
        }
        for event in exporter.take() {
            let before = if count == 0 { "[" } else { ",\n" };
            write!(sink, "{before}{event}").map_err(failed)?;
            count += 1;
        }
        source::advance(&bar, file.reader().offset(), file.len());
    };
    bar.finish_and_clear();
    sink.write_all(if count == 0 { b"[]\n" } else { b"]\n" }).and_then(|()| sink.flush()).map_err(failed)?;
    eprintln!("{}: {count} events", out.display());
    for (what, count) in exporter.left_out() {
        eprintln!("left out: {count} × {what}");
    }
    match problem.or_else(|| file.map().problem.clone()) {
        None => Ok(()),
        Some(problem) => Err(source::failed(&args.file, &format!("{problem}; exported up to there"))),
    }
}
