//! `cobrowse compact`: a recording written anew, packed.

use crate::{failure::Failure, source};
use ::replay::recording::Settings;
use clap::Args as ClapArgs;
use std::{
    fs,
    io::BufWriter,
    path::{Path, PathBuf},
};

/// Write a recording anew: packed, with states to seek from and an index.
///
/// For what was recorded as it came (by a page, or by a relay that was killed), for files of version 1, and for files that were cut
/// off or damaged: what is before the damage is kept.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The recording.
    file: PathBuf,

    /// The file to write. The default is the recording itself: it is replaced once all is written.
    #[arg(long, short, value_name = "OUT")]
    out: Option<PathBuf>,

    /// Write over a file that is there, and replace a damaged recording by what is sound of it.
    #[arg(long)]
    force: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let out = args.out.as_ref().unwrap_or(&args.file);
    if args.out.is_some() && !args.force && out.exists() {
        return Err(Failure::Usage(format!("{} is there already; --force writes over it", out.display())));
    }
    replace(&args.file, out, args.force || args.out.is_some())
}

/// Writes a recording anew; one that is damaged, where that is asked for, up to there.
pub(crate) fn replace(from: &Path, out: &Path, keeps_damaged: bool) -> Result<(), Failure> {
    let file = source::open(from)?;
    let before = file.len();
    let unfinished = out.with_extension("cbr.tmp");
    let bar = source::progress("packing");
    let written = fs::File::create(&unfinished).and_then(|to| {
        let mut to = BufWriter::new(to);
        let done = file.compact(Settings::default(), &mut to, |done, all| source::advance(&bar, done, all))?;
        to.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
        Ok(done)
    });
    bar.finish_and_clear();
    let done = written.map_err(|error| source::failed(&unfinished, &error))?;
    let is_refused = done.frames == 0 || done.problem.is_some() && !keeps_damaged;
    if is_refused {
        let _ = fs::remove_file(&unfinished);
        let why = done.problem.map_or_else(|| "it holds no page".to_owned(), |problem| problem.to_string());
        return Err(source::failed(from, &format!("{why}; it was left as it is (--force keeps what is sound)")));
    }
    fs::rename(&unfinished, out).map_err(|error| source::failed(out, &error))?;
    eprintln!("{}: {} frames, {} bytes from {before}", out.display(), done.frames, done.bytes);
    match done.problem {
        None => Ok(()),
        Some(problem) => Err(source::failed(from, &format!("{problem}; packed up to there"))),
    }
}
