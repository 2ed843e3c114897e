//! End-to-end tests of the co-browse engine: a customer's page and an agent's page in two real browsers, with the real
//! relay between them, and a comparison of the two live documents that shares nothing with the engine.
//!
//! ```text
//! e2e run [--only SUBSTR] [--list] [--headed] [--workers N] [--table FILE]
//!         [--customer chromium|firefox|webkit] [--agent chromium|firefox|webkit]
//!         [--peer FOLDER] [--results FILE] [--beside LABEL=FILE]... [--record]
//! ```
//!
//! | environment     | what                        | default                         |
//! |-----------------|-----------------------------|---------------------------------|
//! | `COBROWSE_DIST` | the built browser files     | `dist`                          |
//! | `COBROWSE_BIN`  | the `cobrowse` program      | `target/release/cobrowse`       |
//! | `CHROMEDRIVER`  | Chromium's WebDriver        | the first one on `PATH`         |
//! | `CHROMIUM`      | the browser                 | the first one on `PATH`         |
//! | `GECKODRIVER`   | Firefox's WebDriver         | the first one on `PATH`         |
//! | `FIREFOX`       | the browser                 | the first one on `PATH`         |
//! | `WEBKITDRIVER`  | WebKitGTK's WebDriver       | the first one on `PATH`         |
//! | `XVFB`          | a display nobody sees       | the first one on `PATH`         |
//! | `REDIS_SERVER`  | a Redis server              | `redis-server` on `PATH`        |
//! | `COBROWSE_STORE`| where relays keep sessions  | `memory`                        |
//! | `E2E_PAGES`     | real pages                  | `../shared/pages`               |
//! | `E2E_OUTPUT`    | where cases leave files     | `target/e2e`                    |

mod actor;
mod agent_page;
mod attacks;
mod browser;
mod canary;
mod cases;
mod comparison;
mod driver;
mod engine;
mod examples;
mod front;
mod issuer;
mod kinds;
mod meddler;
mod pair;
mod pixels;
mod raw_agent;
mod report;
mod runner;
mod server;
mod uplink;
mod wire;
mod workbench;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use std::process::ExitCode;
use tokio::{
    select,
    signal::unix::{SignalKind, signal},
};

/// End-to-end tests in real browsers.
#[derive(Debug, Parser)]
struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Runs the cases.
    Run(RunOptions),
}

/// How to run.
#[derive(Debug, Clone, Args)]
pub(crate) struct RunOptions {
    /// Only cases whose name contains this; may be given several times.
    #[arg(long, value_name = "SUBSTR")]
    pub(crate) only: Vec<String>,
    /// Print the names of the cases and run none.
    #[arg(long)]
    pub(crate) list: bool,
    /// Show the browsers' windows.
    #[arg(long)]
    pub(crate) headed: bool,
    /// The customer's browser.
    #[arg(long, value_enum, default_value = "chromium")]
    pub(crate) customer: engine::Engine,
    /// The agent's browser.
    #[arg(long, value_enum, default_value = "chromium")]
    pub(crate) agent: engine::Engine,
    /// Write a table of what was equal, and how many pixels differed, as Markdown.
    #[arg(long, value_name = "FILE")]
    pub(crate) table: Option<std::path::PathBuf>,
    /// Compare rrweb's replay instead of ours; the folder is that of its built files.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) peer: Option<std::path::PathBuf>,
    /// Write what was equal as JSON, for another run's table.
    #[arg(long, value_name = "FILE")]
    pub(crate) results: Option<std::path::PathBuf>,
    /// A column of the table, from another run's results; may be given several times.
    #[arg(long, value_name = "LABEL=FILE")]
    pub(crate) beside: Vec<String>,
    /// Make the recordings of our own pages anew, instead of checking them.
    #[arg(long)]
    pub(crate) record: bool,
    /// Cases to run at the same time, each in two browsers of its own.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16))]
    pub(crate) workers: u8,
}

fn main() -> ExitCode {
    match start() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<bool> {
    let Command { action: Action::Run(options) } = Command::parse();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        // Whichever way it ends, what was started is dropped, and so ended by its id.
        select! {
            result = runner::run(&options) => result,
            _ = interrupt.recv() => Err(anyhow::anyhow!("interrupted")),
            _ = terminate.recv() => Err(anyhow::anyhow!("terminated")),
        }
        .context("the end-to-end run")
    })
}
