//! `cobrowse replay`: a recording rebuilt, without a browser.

use crate::{failure::Failure, source, units::seconds};
use ::replay::html;
use clap::Args as ClapArgs;
use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
};

/// Rebuild the page of a recording as it was at a moment.
///
/// Writes one HTML file, or, without --html, a line about what there is. Scripts and nested documents are left out;
/// style sheets and images are loaded from where the page had them.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The recording.
    file: PathBuf,

    /// The moment, as 12.5s, 90s or 500ms since the recording began; the default is its end.
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    at: Option<u32>,

    /// Write the page as HTML to this file; without a name, or with -, to standard output.
    #[arg(long, value_name = "OUT", num_args = 0..=1, default_missing_value = "-")]
    html: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let mut file = source::open(&args.file)?;
    file.seek(args.at.unwrap_or(u32::MAX)).map_err(|error| source::failed(&args.file, &error))?;
    let player = file.player();
    let Some(out) = &args.html else {
        let about = player.about();
        println!(
            "{}\n{} frames, {:.3} s, {} nodes, viewport {}",
            about.url,
            player.frames(),
            f64::from(player.decoder().time()) / 1000.0,
            player.tree().count(),
            about.viewport
        );
        return Ok(());
    };
    let page = html::export(player.tree());
    let written =
        if out.as_os_str() == "-" { io::stdout().write_all(page.as_bytes()) } else { fs::write(out, page.as_bytes()) };
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Failure::Runtime(format!("{}: {error}", out.display()))),
    }
}
