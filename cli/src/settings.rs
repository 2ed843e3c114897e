//! Where the settings of `cobrowse serve` come from: the command line, then the environment, then a file.
//!
//! Each option has a variable, `--frame-bytes` that of `COBROWSE_FRAME_BYTES`. A file that `--config` names has a line for each,
//! `frame-bytes = "16MiB"`, in TOML. What stands in it is read as if it stood on the command line, but only where neither that
//! nor the environment says otherwise.

use crate::failure::Failure;
use clap::{Arg, Command};
use std::{env, ffi::OsString, fs, path::PathBuf};

/// The command of which this is true.
const SERVE: &str = "serve";

/// The option that names the file.
const CONFIG: &str = "config";

/// The environment's name for an option.
pub(crate) fn variable(option: &str) -> String {
    format!("COBROWSE_{}", option.replace('-', "_").to_ascii_uppercase())
}

/// Gives each option its variable.
pub(crate) fn with_environment(command: Command) -> Command {
    command.mut_subcommand(SERVE, |serve| {
        serve.mut_args(|arg| match arg.get_long().map(str::to_owned) {
            // They live as long as the program.
            Some(long) if long != "help" => arg.env(&*Box::leak(variable(&long).into_boxed_str())),
            _ => arg,
        })
    })
}

/// The command line, with what the file says beyond it and the environment.
pub(crate) fn with_file(command: &Command, mut line: Vec<OsString>) -> Result<Vec<OsString>, Failure> {
    let Some(at) = line.iter().position(|argument| argument == SERVE).filter(|at| *at == 1) else { return Ok(line) };
    let Some(serve) = command.find_subcommand(SERVE) else { return Ok(line) };
    let Some(file) = named(&line) else { return Ok(line) };
    let shown = file.display();
    let text = fs::read_to_string(&file).map_err(|error| Failure::Usage(format!("--config {shown}: {error}")))?;
    let table: toml::Table = text.parse().map_err(|error| Failure::Usage(format!("--config {shown}: {error}")))?;
    let mut more = Vec::new();
    for (name, value) in table {
        let Some(arg) = serve.get_arguments().find(|arg| arg.get_long() == Some(&name) && name != CONFIG) else {
            let expected = format!("--config {shown}: expected names of options of `cobrowse serve`, found {name:?}");
            return Err(Failure::Usage(expected));
        };
        if is_given(&line, &name) || env::var_os(variable(&name)).is_some() {
            continue;
        }
        more.extend(arguments(arg, &name, value).ok_or_else(|| {
            Failure::Usage(format!(
                "--config {shown}: {name}: expected a text, a number, true or false, or a list of texts"
            ))
        })?);
    }
    line.splice(at + 1..at + 1, more);
    Ok(line)
}

/// The file that is named.
fn named(line: &[OsString]) -> Option<PathBuf> {
    let mut rest = line.iter();
    while let Some(argument) = rest.next() {
        if argument == "--config" {
            return rest.next().map(PathBuf::from);
        }
        if let Some(file) = argument.to_str().and_then(|text| text.strip_prefix("--config=")) {
            return Some(PathBuf::from(file));
        }
    }
    env::var_os(variable(CONFIG)).map(PathBuf::from)
}

fn is_given(line: &[OsString], name: &str) -> bool {
    let is_it = |text: &str| {
        text.strip_prefix("--")
            .and_then(|text| text.strip_prefix(name))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    };
    line.iter().filter_map(|argument| argument.to_str()).any(is_it)
}

/// A setting as it would stand on the command line.
fn arguments(arg: &Arg, name: &str, value: toml::Value) -> Option<Vec<OsString>> {
    let one = |value: toml::Value| {
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            _ => return None,
        };
        Some(OsString::from(format!("--{name}={text}")))
    };
    match value {
        toml::Value::Boolean(is_set) if !arg.get_action().takes_values() => {
            Some(is_set.then(|| OsString::from(format!("--{name}"))).into_iter().collect())
        }
        toml::Value::Array(list) => list.into_iter().map(one).collect(),
        value if arg.get_action().takes_values() => Some(vec![one(value)?]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cli;
    use clap::CommandFactory;
    use std::path::Path;

    fn line(file: &Path, more: &[&str]) -> Result<Vec<String>, String> {
        let command = with_environment(Cli::command());
        let file = format!("--config={}", file.display());
        let words = ["cobrowse", "serve", &file].into_iter().chain(more.iter().copied());
        let line = with_file(&command, words.map(OsString::from).collect()).map_err(|error| error.to_string())?;
        Ok(line
            .into_iter()
            .map(|word| word.into_string().unwrap())
            .filter(|word| !word.starts_with("--config"))
            .collect())
    }

    fn file(name: &str, text: &str) -> PathBuf {
        let path = env::temp_dir().join(format!("cobrowse-settings-{}-{name}.toml", std::process::id()));
        fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn what_stands_on_the_command_line_goes_before_the_file() {
        let path = file(
            "whole",
            "sessions = 5\nlog-bytes = \"1MiB\"\norigin = [\"https://a.example\", \"https://b.example\"]\nrecord-sync = true\n",
        );
        assert_eq!(
            line(&path, &["--sessions", "7"]).unwrap(),
            [
                "cobrowse",
                "serve",
                "--log-bytes=1MiB",
                "--origin=https://a.example",
                "--origin=https://b.example",
                "--record-sync",
                "--sessions",
                "7"
            ]
        );
        assert!(line(&path, &["--log-bytes=2MiB"]).unwrap().contains(&"--sessions=5".to_owned()));
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn what_is_no_setting_is_named() {
        for (name, text, expected) in [
            ("unknown", "session = 5\n", "expected names of options of `cobrowse serve`, found \"session\""),
            ("shape", "sessions = [[1]]\n", "sessions: expected a text, a number"),
            ("syntax", "sessions = \n", "line 1"),
            ("itself", "config = \"other\"\n", "found \"config\""),
        ] {
            let path = file(name, text);
            let error = line(&path, &[]).unwrap_err();
            assert!(error.contains(expected) && error.contains(&path.display().to_string()), "{error}");
            fs::remove_file(path).unwrap();
        }
        assert!(line(Path::new("no/such.toml"), &[]).unwrap_err().contains("no/such.toml"));
    }

    #[test]
    fn every_option_is_in_the_handbook_with_its_variable() {
        let handbook = include_str!("../../docs/operations.md");
        let command = with_environment(Cli::command());
        for arg in command.find_subcommand("serve").unwrap().get_arguments() {
            let Some(long) = arg.get_long().filter(|long| *long != "help") else { continue };
            let row = format!("| `{long}` |");
            assert!(handbook.contains(&row), "docs/operations.md has no row {row:?}");
            assert_eq!(arg.get_env().unwrap().to_str().unwrap(), variable(long));
        }
    }
}
