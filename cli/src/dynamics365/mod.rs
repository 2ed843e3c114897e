//! `cobrowse dynamics365`: what an organisation of Dynamics 365 has to hold for a co-browse button in its chats.

mod archive;
mod check;
mod entities;
mod options;
mod package;
mod records;
mod resources;
mod rules;

use crate::failure::Failure;
use clap::{Args as ClapArgs, Subcommand};

/// Write, and check, what Dynamics 365 Omnichannel needs (docs/integrations/dynamics-365.md).
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Package(Box<options::Args>),
}

/// Runs the command.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    match args.command {
        Command::Package(args) => options::run(&args),
    }
}
