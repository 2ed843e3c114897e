//! `cobrowse completions` and `cobrowse man`: what shells and readers of manuals want to know.

use crate::failure::Failure;
use clap::{Args as ClapArgs, Command};
use clap_complete::Shell;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Write completions for a shell to standard output.
#[derive(Debug, ClapArgs)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Write the manual to standard output, or, a page for each command, into a folder.
#[derive(Debug, ClapArgs)]
pub(crate) struct Man {
    /// The folder, which is made if it is not there: cobrowse.1, cobrowse-replay.1 and so on.
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

fn written(done: io::Result<()>) -> Result<(), Failure> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done.map_err(|error| Failure::Runtime(error.to_string())),
    }
}

/// Writes completions.
pub(crate) fn completions(args: &Completions, mut command: Command) -> Result<(), Failure> {
    let mut out = Vec::new();
    clap_complete::generate(args.shell, &mut command, "cobrowse", &mut out);
    written(io::Write::write_all(&mut io::stdout(), &out))
}

/// Writes the manual.
pub(crate) fn man(args: &Man, command: Command) -> Result<(), Failure> {
    let Some(folder) = &args.folder else {
        return written(clap_mangen::Man::new(command).render(&mut io::stdout()));
    };
    written(pages(folder, command))
}

fn pages(folder: &Path, command: Command) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    clap_mangen::generate_to(command, folder)
}
