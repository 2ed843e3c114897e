//! The `cobrowse` command.

#![forbid(unsafe_code)]

mod export;
mod failure;
mod import;
mod inspect;
mod recorder;
mod replay;
mod serve;
mod source;
mod units;
mod verify;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Shares a customer's page with an agent: the relay between them, and tools for recordings.
#[derive(Debug, Parser)]
#[command(name = "cobrowse", version, subcommand_required = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Replay(replay::Args),
    Inspect(inspect::Args),
    Verify(verify::Args),
    Import(import::Args),
    Export(export::Args),
    Serve(Box<serve::Args>),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Replay(args) => replay::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Serve(args) => serve::run(*args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit_code()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
