//! Recordings as files: opened, with errors that name the file, and progress that a person sees.

use crate::failure::Failure;
use ::replay::recording::File;
use indicatif::{ProgressBar, ProgressStyle};
use std::{fs, io::BufReader, path::Path, time::Duration};

/// A recording that is open.
pub(crate) type Recording = File<fs::File>;

/// A failure that names the file.
pub(crate) fn failed(file: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Runtime(format!("{}: {error}", file.display()))
}

/// Opens a recording; of the file only what is needed is read.
pub(crate) fn open(file: &Path) -> Result<Recording, Failure> {
    let source = fs::File::open(file).map_err(|error| failed(file, &error))?;
    File::open(source).map_err(|error| failed(file, &error))
}

/// A file to be read from its beginning to its end.
pub(crate) fn whole(file: &Path) -> std::io::Result<BufReader<fs::File>> {
    Ok(BufReader::with_capacity(1 << 16, fs::File::open(file)?))
}

/// A bar for work that takes a while; nothing is shown for less than that, nor where standard error is no terminal.
pub(crate) fn progress(what: &str) -> ProgressBar {
    let bar = ProgressBar::no_length();
    let style = ProgressStyle::with_template("{msg} {wide_bar} {percent}% {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Tells a bar how far the work is.
pub(crate) fn advance(bar: &ProgressBar, done: u64, all: u64) {
    if bar.length() != Some(all) {
        bar.set_length(all);
    }
    bar.set_position(done);
}
