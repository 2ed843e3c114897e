//! `cobrowse serve` as a user runs it.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Output, Stdio},
};

fn cobrowse(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cobrowse"));
    command.args(args);
    command
}

/// A child that does not outlive its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn failed(args: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = cobrowse(args).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn it_prints_its_address_serves_and_stops_when_told() {
    let child =
        cobrowse(&["serve", "--listen", "127.0.0.1:0", "--log", "warn"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut running = Running(child);
    let mut lines = BufReader::new(running.0.stdout.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    let address = line.strip_prefix("serving on http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    if cfg!(unix) {
        let told = Command::new("kill").args(["-TERM", &running.0.id().to_string()]).status().unwrap();
        assert!(told.success());
        assert!(running.0.wait().unwrap().success());
        assert!(lines.next().is_none(), "one line on standard output");
    }
}

#[test]
fn failures_are_one_line_with_an_exit_code() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, text) = failed(&["serve", "--listen", &address]);
    assert_eq!((code, text.lines().count()), (Some(1), 1), "{text}");
    assert!(text.starts_with(&format!("error: cannot listen on {address}: ")), "{text}");

    let (code, text) = failed(&["serve", "--pages", "no/such/folder"]);
    assert_eq!((code, text.as_str()), (Some(2), "error: --pages: expected a folder, found \"no/such/folder\"\n"));
    let (code, text) = failed(&["serve", "--grace", "soon"]);
    assert_eq!(code, Some(2));
    assert!(text.contains("expected a whole number and ms, s, m or h"), "{text}");
    assert_eq!(failed(&[]).0, Some(2));
}

/// The address that a relay says it serves on, with a file of settings, a variable, and options.
fn serves(file: &str, variable: Option<&str>, options: &[&str]) -> String {
    let path = std::env::temp_dir().join(format!("cobrowse-serve-{}.toml", std::process::id()));
    std::fs::write(&path, file).unwrap();
    let mut command = cobrowse(&["serve", "--log", "warn", "--config"]);
    command.arg(&path).args(options).stdout(Stdio::piped());
    if let Some(variable) = variable {
        command.env("COBROWSE_LISTEN", variable);
    }
    let mut running = Running(command.spawn().unwrap());
    let line = BufReader::new(running.0.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    std::fs::remove_file(path).unwrap();
    line.strip_prefix("serving on http://").unwrap().rsplit_once(':').unwrap().0.to_owned()
}

#[test]
fn the_command_line_goes_before_the_environment_and_that_before_the_file() {
    let file = "listen = \"127.0.0.2:0\"\nsessions = 3\n";
    assert_eq!(serves(file, None, &[]), "127.0.0.2");
    assert_eq!(serves(file, Some("127.0.0.3:0"), &[]), "127.0.0.3");
    assert_eq!(serves(file, Some("127.0.0.3:0"), &["--listen", "127.0.0.4:0"]), "127.0.0.4");
}
