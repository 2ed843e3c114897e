//! A controller as a desktop of another maker has it: CometD's own client from npm, in a process of its own (`e2e/js/cometd`).

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::{path::PathBuf, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, Command},
    sync::mpsc,
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(30);

/// What is told on a session's channel: the channel's last part, and the data.
pub(crate) type Told = (String, Value);

/// The process. Ended when dropped.
#[derive(Debug)]
pub(crate) struct Actor {
    _child: Child,
    input: ChildStdin,
    lines: mpsc::UnboundedReceiver<Value>,
    told: std::collections::VecDeque<Told>,
    /// Whether its last connect succeeded.
    pub(crate) is_connected: bool,
    number: u64,
    /// As the session gave it.
    pub(crate) user_token: String,
}

/// A script of the suite's for Node.
pub(crate) fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("js/cometd").join(name)
}

impl Actor {
    /// Starts one, and shakes hands: `url` is that of the relay, `transport` `long-polling` or `websocket`.
    pub(crate) async fn start(url: &str, transport: &str, ack: bool) -> Result<Self> {
        let mut child = Command::new("node")
            .arg(script("actor.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .context("node does not start")?;
        let input = child.stdin.take().context("its input")?;
        let mut output = BufReader::new(child.stdout.take().context("its output")?).lines();
        let (sender, lines) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok(Some(line)) = output.next_line().await {
                if let Ok(value) = serde_json::from_str(&line)
                    && sender.send(value).is_err()
                {
                    return;
                }
            }
        });
        let (told, user_token) = (std::collections::VecDeque::new(), String::new());
        let mut actor = Self { _child: child, input, lines, told, is_connected: false, number: 0, user_token };
        let url = format!("{}/cobrowse", url.trim_end_matches('/'));
        let shaken = actor.ask(json!({ "do": "start", "url": url, "transport": transport, "ack": ack })).await?;
        ensure!(shaken["transport"] == transport && shaken["ack"] == ack, "the handshake gave {shaken}");
        Ok(actor)
    }

    /// Has it do something; what comes of it.
    pub(crate) async fn ask(&mut self, mut command: Value) -> Result<Value> {
        self.number += 1;
        command["number"] = self.number.into();
        self.input.write_all(format!("{command}\n").as_bytes()).await?;
        self.input.flush().await?;
        loop {
            let mut line = self.line().await.with_context(|| format!("no answer to {}", command["do"]))?;
            if line["answer"] == self.number {
                if let Some(error) = line["error"].as_str() {
                    bail!("{error}");
                }
                return Ok(line["value"].take());
            }
        }
    }

    /// The next line; what is told is kept, too.
    async fn line(&mut self) -> Result<Value> {
        let line = timeout(PATIENCE, self.lines.recv()).await.context("nothing was heard")?;
        let mut line = line.context("the process has ended")?;
        if let Some(connected) = line["connect"].as_bool() {
            self.is_connected = connected;
        }
        if let Some(name) = line["told"].as_str().map(str::to_owned) {
            self.told.push_back((name, line["data"].take()));
        }
        Ok(line)
    }

    /// Publishes on a service's channel; the server's answer to the message.
    pub(crate) async fn say(&mut self, name: &str, data: Value) -> Result<Value> {
        self.ask(json!({ "do": "say", "name": name, "data": data })).await
    }

    /// The next thing that is told.
    pub(crate) async fn hear(&mut self) -> Result<Told> {
        loop {
            if let Some(told) = self.told.pop_front() {
                return Ok(told);
            }
            self.line().await?;
        }
    }

    /// The same, which has to be on this channel.
    pub(crate) async fn expect(&mut self, name: &str) -> Result<Value> {
        let (found, data) = self.hear().await.with_context(|| format!("waiting for {name}"))?;
        ensure!(found == name, "expected {name}, was told {found} {data}");
        Ok(data)
    }

    /// Waits until it is connected again, and fails where that has cost a handshake.
    pub(crate) async fn come_back(&mut self) -> Result<()> {
        self.is_connected = false;
        while !self.is_connected {
            self.line().await.context("it does not come back")?;
        }
        let handshakes = self.ask(json!({ "do": "handshakes" })).await?;
        ensure!(handshakes == 1, "{handshakes} handshakes");
        Ok(())
    }

    /// Joins a session in a role; what the session answers.
    pub(crate) async fn join(&mut self, token: &str, role: u8) -> Result<Value> {
        let data = json!({ "sessionToken": token, "role": role, "name": "Desk" });
        let reply = self.say("join", data).await?;
        ensure!(reply["successful"] == true, "join: {reply}");
        let joined = self.expect("join").await?;
        joined["userToken"].as_str().context("a user's token")?.clone_into(&mut self.user_token);
        Ok(joined)
    }

    /// Fails where something more is told within a moment.
    pub(crate) async fn is_quiet(&mut self) -> Result<()> {
        while let Ok(Some(mut line)) = timeout(Duration::from_millis(400), self.lines.recv()).await {
            if let Some(name) = line["told"].as_str().map(str::to_owned) {
                self.told.push_back((name, line["data"].take()));
            }
        }
        ensure!(self.told.is_empty(), "too much was told: {:?}", self.told);
        Ok(())
    }
}
