//! A relay that knows its agents and has a certificate, and `cobrowse record` as one of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

/// The SHA-256 of "test".
const TEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn cobrowse(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cobrowse"));
    command.args(args).env_remove("COBROWSE_BEARER");
    command
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cobrowse-cli-identity-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A certificate for this machine that is its own authority.
fn certificate(folder: &Path) {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    fs::write(folder.join("cert.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
}

#[test]
fn a_relay_that_others_reach_does_not_start_without_knowing_agents() {
    let refused = |args: &[&str]| {
        let Output { status, stderr, .. } = cobrowse(args).output().unwrap();
        (status.code(), String::from_utf8(stderr).unwrap())
    };
    let (code, text) = refused(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(code, Some(2));
    assert!(
        text.starts_with("error: --agent-issuer: expected it or agent-list, so that the relay knows who agents are"),
        "{text}"
    );
    let (code, text) = refused(&["serve", "--listen", "127.0.0.1:0", "--proxy", "127.0.0.1"]);
    assert!(code == Some(2) && text.contains("a proxy passes others on to it"), "{text}");
    let (code, text) = refused(&["serve", "--listen", "127.0.0.1:0", "--tls-cert", "no/such.pem"]);
    assert!(code == Some(2) && text.contains("--tls-key"), "{text}");
    let mut command = cobrowse(&["serve", "--listen", "0.0.0.0:0", "--log", "warn", "--insecure"]);
    let mut running = Running(command.stdout(Stdio::piped()).spawn().unwrap());
    let line = BufReader::new(running.0.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    assert!(line.starts_with("serving on http://0.0.0.0:"), "{line}");
}

#[test]
fn a_recording_is_made_by_who_is_known_over_tls() {
    let folder = folder();
    certificate(&folder);
    let path = |name: &str| folder.join(name).display().to_string();
    fs::write(
        folder.join("agents.json"),
        format!("[{{\"id\": \"tape\", \"name\": \"Tape\", \"sha256\": \"{TEST}\"}}]"),
    )
    .unwrap();
    fs::write(folder.join("bearer"), "test\n").unwrap();
    let (cert, key, agents) = (path("cert.pem"), path("key.pem"), path("agents.json"));
    let mut command = cobrowse(&["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--tls-cert", &cert]);
    command.args(["--tls-key", &key, "--agent-list", &agents]).stdout(Stdio::piped());
    let mut relay = Running(command.spawn().unwrap());
    let line = BufReader::new(relay.0.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    let url = line.strip_prefix("serving on ").unwrap().to_owned();
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");

    // curl is on no machine for sure: the session is made by the program's own client.
    let client = Client::new(&url, &folder.join("cert.pem"));
    let session = client.ask("POST", "/api/sessions");
    let token = session["token"].as_str().unwrap().to_owned();
    let record = |more: &[&str]| {
        let out = path("out.cbr");
        let mut command = cobrowse(&["record", &url, &token, "--force", "--out", &out]);
        command.args(more).stderr(Stdio::piped());
        command
    };
    let failed = |more: &[&str]| String::from_utf8(record(more).output().unwrap().stderr).unwrap();
    assert!(failed(&[]).contains("certificate"), "an authority that nobody knows");
    assert!(failed(&["--ca", &cert]).contains("expected a token or a key of one in --bearer-file"));
    let running = Running(record(&["--ca", &cert, "--bearer-file", &path("bearer")]).spawn().unwrap());
    let began = Instant::now();
    loop {
        let agents = client.ask("GET", &format!("/api/sessions/{token}"))["agents"].clone();
        if agents[0]["name"] == "Tape" {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{agents}");
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(running);
    fs::remove_dir_all(folder).unwrap();
}

/// Asks a relay over TLS.
struct Client {
    address: String,
    tls: std::sync::Arc<tokio_rustls::rustls::ClientConfig>,
}

impl Client {
    fn new(url: &str, ca: &Path) -> Self {
        let tls = std::sync::Arc::new(relay::tls::client(Some(ca)).unwrap());
        Self { address: url.strip_prefix("https://").unwrap().to_owned(), tls }
    }

    fn ask(&self, method: &str, path: &str) -> serde_json::Value {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer = runtime.block_on(async {
            let stream = tokio::net::TcpStream::connect(&self.address).await.unwrap();
            let name = tokio_rustls::rustls::pki_types::ServerName::try_from("127.0.0.1").unwrap();
            let mut stream = tokio_rustls::TlsConnector::from(self.tls.clone()).connect(name, stream).await.unwrap();
            let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).await.unwrap();
            String::from_utf8(bytes).unwrap()
        });
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }
}
