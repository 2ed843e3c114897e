//! The `cobrowse` command.

#![forbid(unsafe_code)]

mod compact;
mod diff;
mod dynamics365;
mod export;
mod failure;
mod import;
mod inspect;
mod manual;
mod picture;
mod record;
mod recorder;
mod replay;
mod serve;
mod settings;
mod source;
mod units;
mod verify;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use failure::Failure;
use std::process::ExitCode;

/// Shares a customer's page with an agent: the relay between them, and tools for recordings.
///
/// Exit codes: 0 it was done; 1 it failed, or what was looked at is damaged, or, of `diff`, differs; 2 the command line asks for what
/// cannot be, or, of `diff`, a file cannot be read. Errors in files name the file and the byte.
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
    Diff(diff::Args),
    Compact(compact::Args),
    Record(record::Args),
    Import(import::Args),
    Export(export::Args),
    Serve(Box<serve::Args>),
    Dynamics365(dynamics365::Args),
    Completions(manual::Completions),
    Man(manual::Man),
}

fn main() -> ExitCode {
    let cli = match parse() {
        Ok(cli) => cli,
        Err(failure) => {
            eprintln!("error: {failure}");
            return failure.exit_code();
        }
    };
    let done = match cli.command {
        Command::Replay(args) => replay::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Diff(args) => match diff::run(&args) {
            Ok(code) => return code,
            Err(failure) => Err(failure),
        },
        Command::Compact(args) => compact::run(&args),
        Command::Record(args) => record::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Serve(args) => serve::run(*args),
        Command::Dynamics365(args) => dynamics365::run(args),
        Command::Completions(args) => manual::completions(&args, Cli::command()),
        Command::Man(args) => manual::man(&args, Cli::command()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit_code()
        }
    }
}

/// The command line; of `serve` also what the environment and a file say.
fn parse() -> Result<Cli, Failure> {
    let command = settings::with_environment(Cli::command());
    let line = settings::with_file(&command, std::env::args_os().collect())?;
    let matches = command.get_matches_from(line);
    Cli::from_arg_matches(&matches).map_err(|error| Failure::Usage(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
