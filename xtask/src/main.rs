//! `cargo xtask`: sets up the tools, builds the browser files, and runs the demo, the tests and the benches.
//!
//! Every command is a list of goals. [`plan`] adds what the goals need, each thing once, and runs it in order; the
//! modules below it do the work. Nothing here is part of what is shipped.

mod bench;
mod browser;
mod bundle;
mod cli;
mod cometd;
mod compress;
mod demo;
mod dist;
mod doctor;
mod fidelity;
mod files;
mod firefox;
mod fuzz;
mod integrations;
mod load;
mod locate;
mod manifest;
mod plan;
mod progress;
mod recordings;
mod redis;
mod run;
mod size;
mod stamp;
mod test;
mod tidy;
mod tools;
mod wasm;
mod webkit;
mod workspace;

use std::process::ExitCode;

use crate::cli::Command;
use crate::workspace::Workspace;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the command; `Err` is for what could not even be started.
fn run() -> anyhow::Result<ExitCode> {
    let (command, options) = cli::parse()?;
    match command {
        Command::Help => {
            println!("{}", cli::HELP);
            Ok(ExitCode::SUCCESS)
        }
        Command::ListTests => {
            test::list();
            Ok(ExitCode::SUCCESS)
        }
        Command::Demo(port) => demo::demo(&Workspace::open(options)?, port),
        Command::Test(only) => test::test(&Workspace::open(options)?, &only),
        Command::Dist => dist::command(&Workspace::open(options)?),
        Command::Bench(only) => bench::bench(options, only),
        Command::Recordings => recordings::command(&Workspace::open(options)?),
        Command::Load(arguments) => load::command(options, arguments),
        Command::Fuzz(choice) => fuzz::command(options, choice),
        Command::Fidelity => fidelity::fidelity(&Workspace::open(options)?),
        Command::Cometd(sessions, time) => cometd::command(&Workspace::open(options)?, sessions, time),
        Command::Doctor => doctor::doctor(&Workspace::open(options)?),
    }
}
