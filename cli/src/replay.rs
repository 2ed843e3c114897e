//! `cobrowse replay`: a recording rebuilt, without a browser.

use crate::{failure::Failure, picture, source, units::seconds};
use ::replay::html;
use clap::Args as ClapArgs;
use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
};

/// Rebuild the page of a recording as it was at a moment.
///
/// Writes one HTML file, a picture of it, or, without either, a line about what there is. The recording is not played: the nearest state is
/// read, and what follows it. Scripts are left out. Pictures, fonts and style sheets that the recording holds are in the file; others are
/// loaded from where the page had them.
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

    /// Write a picture of the page's top, in the customer's viewport, as PNG to this file: by Chromium, Chrome, Edge or Firefox, which has to
    /// be there.
    #[arg(long, value_name = "OUT")]
    png: Option<PathBuf>,

    /// The browser for that; the default is the first one on the PATH.
    #[arg(long, value_name = "PROGRAM", requires = "png")]
    browser: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let mut file = source::open(&args.file)?;
    file.seek(args.at.unwrap_or(u32::MAX)).map_err(|error| source::failed(&args.file, &error))?;
    let player = file.player();
    if let Some(out) = &args.png {
        let about = player.about();
        let drawn = picture::draw(&html::export(player.tree()), &about.viewport, args.browser.as_deref(), out);
        drawn.map_err(Failure::Runtime)?;
        if args.html.is_none() {
            return Ok(());
        }
    }
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
