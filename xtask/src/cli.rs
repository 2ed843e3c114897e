//! Reads the command line. By hand rather than by a larger library: this program is what a newcomer waits for first.

use std::env;

use anyhow::{Result, bail};
use lexopt::prelude::{Long, Short, Value, ValueExt as _};

use crate::cometd;
use crate::fuzz;
use crate::workspace::Options;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Builds, tests and demonstrates the co-browse engine. Each command sets up the tools that it needs.

Usage: cargo xtask COMMAND [OPTIONS]

  demo [--port N]      Build everything and serve the demo shop and the agent page on 127.0.0.1.
                       The port is 8080 by default; when it is taken, a free one is used.
  test [--only NAME]…  Run every check, or only those named: formatting, lints, structure,
                       unit, browser and end-to-end tests.
       [--list]        List the checks.
  dist                 Write the static files to self-host into dist/.
       [--debug-names] Keep names in the wasm and the scripts readable, for profiles.
  bench [--quick]      Measure sizes, native benches, and fidelity and browser benches against a peer;
       [--only NAME]…  only the part `size`, `native`, `fidelity` or `browser`, or only one browser bench.
  load [OPTIONS]…      Measure a relay under 1,000 active and 10,000 idle sessions, or, with `--attack all`,
                       under attack; shorter with --quick; `load --help` lists the options.
  fuzz [--only NAME]…  Run the fuzz targets, or only those named, for 600 s each, guided by coverage; what is
       [--seconds N]   found is written to target/fuzz/found. With --keep the smallest inputs that cover
       [--keep]        what was covered are written to fuzz/corpora.
  fidelity             Compare documents and pictures on both sides, in Chromium, with Firefox and
                       WebKit on either side, and through a peer, and write docs/fidelity.md.
  recordings           Make the recordings of our own pages in fixtures/recordings anew.
  cometd [--sessions N] [--seconds N]
                       Run many sessions at once with CometD's own client as controllers, and see that
                       each is told each thing once: 200 for 300 s, unless other numbers are given.
  doctor               Say which tools are there and what the other commands would install.

  -v, --verbose        Show the output of every step, not only that of a failing one.
  -h, --help           Show this.";

/// The port of the demo unless another is asked for.
const DEMO_PORT: u16 = 8080;

/// A command with what belongs to it alone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Print the help.
    Help,
    /// Build and serve the demo on this port.
    Demo(u16),
    /// Run the checks of these names; all without any.
    Test(Vec<String>),
    /// List the checks.
    ListTests,
    /// Write `dist/`.
    Dist,
    /// Run the benches of these names; all without any.
    Bench(Vec<String>),
    /// Measure a relay under load; with options of its own.
    Load(Vec<String>),
    /// Run fuzz targets.
    Fuzz(fuzz::Choice),
    /// Write the table of what is equal.
    Fidelity,
    /// Make the recordings in `fixtures/recordings` anew.
    Recordings,
    /// Run so many sessions with CometD's client for so many seconds.
    Cometd(u32, u32),
    /// Look at the tools.
    Doctor,
}

/// Reads this process's command line.
pub(crate) fn parse() -> Result<(Command, Options)> {
    read(lexopt::Parser::from_iter(env::args_os()))
}

/// Reads a command line.
fn read(mut parser: lexopt::Parser) -> Result<(Command, Options)> {
    let mut options = Options::default();
    let mut name: Option<String> = None;
    let (mut list, mut port, mut only) = (false, DEMO_PORT, Vec::new());
    let mut load = Vec::new();
    let mut fuzz = fuzz::Choice::default();
    let (mut sessions, mut seconds) = (cometd::SESSIONS, cometd::TIME);
    while let Some(argument) = parser.next()? {
        if name.as_deref() == Some("load") {
            // It reads its own options.
            load.push(match argument {
                Long(option) => format!("--{option}"),
                Short(option) => format!("-{option}"),
                Value(value) => value.string()?,
            });
            continue;
        }
        // An option belongs to the command before it.
        match (name.as_deref(), argument) {
            (_, Short('h') | Long("help")) => return Ok((Command::Help, options)),
            (_, Short('v') | Long("verbose")) => options.verbose = true,
            (None, Value(value)) => name = Some(value.string()?),
            (Some("demo"), Long("port")) => port = parser.value()?.parse()?,
            (Some("test"), Long("list")) => list = true,
            (Some("test" | "bench"), Long("only")) => only.push(parser.value()?.string()?),
            (Some("cometd"), Long("sessions")) => sessions = parser.value()?.parse()?,
            (Some("cometd"), Long("seconds")) => seconds = parser.value()?.parse()?,
            (Some("fuzz"), Long("only")) => fuzz.only.push(parser.value()?.string()?),
            (Some("fuzz"), Long("seconds")) => fuzz.seconds = Some(parser.value()?.parse()?),
            (Some("fuzz"), Long("keep")) => fuzz.keep = true,
            (Some("dist"), Long("debug-names")) => options.debug_names = true,
            (Some("bench"), Long("quick")) => options.quick = true,
            (_, other) => return Err(other.unexpected().into()),
        }
    }
    let command = match name.as_deref() {
        None | Some("help") => Command::Help,
        Some("demo") => Command::Demo(port),
        Some("test") if list => Command::ListTests,
        Some("test") => Command::Test(only),
        Some("dist") => Command::Dist,
        Some("bench") => Command::Bench(only),
        Some("load") => Command::Load(load),
        Some("fuzz") => Command::Fuzz(fuzz),
        Some("fidelity") => Command::Fidelity,
        Some("recordings") => Command::Recordings,
        Some("cometd") => Command::Cometd(sessions, seconds),
        Some("doctor") => Command::Doctor,
        Some(other) => bail!("there is no command `{other}`; `cargo xtask --help` lists them"),
    };
    Ok((command, options))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str) -> Result<(Command, Options)> {
        read(lexopt::Parser::from_args(line.split_whitespace()))
    }

    #[test]
    fn commands_take_their_own_options() {
        assert_eq!(check("demo --port 81").unwrap().0, Command::Demo(81));
        assert_eq!(check("demo").unwrap().0, Command::Demo(DEMO_PORT));
        assert_eq!(check("test --only a --only=b").unwrap().0, Command::Test(vec!["a".into(), "b".into()]));
        assert_eq!(check("test --list").unwrap().0, Command::ListTests);
        assert!(check("-v dist --debug-names").unwrap().1.verbose);
        assert!(check("bench --quick").unwrap().1.quick);
        let load = ["--attack", "all", "--quick"].map(str::to_owned).to_vec();
        assert_eq!(check("load --attack all --quick").unwrap().0, Command::Load(load));
        let fuzz = fuzz::Choice { only: vec!["ops".into()], seconds: Some(5), keep: true };
        assert_eq!(check("fuzz --only ops --seconds 5 --keep").unwrap().0, Command::Fuzz(fuzz));
        assert_eq!(check("fidelity").unwrap().0, Command::Fidelity);
        assert_eq!(check("recordings").unwrap().0, Command::Recordings);
        assert_eq!(check("cometd --sessions 20 --seconds=15").unwrap().0, Command::Cometd(20, 15));
        assert_eq!(check("cometd").unwrap().0, Command::Cometd(200, 300));
        assert_eq!(check("").unwrap().0, Command::Help);
    }

    #[test]
    fn what_no_command_knows_is_refused() {
        for line in ["dist --port 1", "demo --port x", "nope", "test extra", "--only a"] {
            assert!(check(line).is_err(), "{line}");
        }
    }
}
