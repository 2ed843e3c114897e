//! An agent without an agent's page: it says to the relay what it likes, and hears what comes back.

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use protocol::{
    Limits,
    control::Control,
    decoder::Decoder,
    frame::{self, Kind},
    names::Namespace,
};
use std::time::Duration;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

const PATIENCE: Duration = Duration::from_secs(10);

/// The agent, and the page as it has it.
pub(crate) struct RawAgent {
    socket: WebSocketStream<TcpStream>,
    decoder: Decoder,
    said: u32,
    /// Its number in the session.
    pub(crate) user: u32,
    /// Who has control, as last heard.
    pub(crate) controller: u32,
}

impl RawAgent {
    /// Joins a session.
    pub(crate) async fn join(relay: &str, token: &str) -> Result<Self> {
        let host = relay.trim_start_matches("http://").trim_end_matches('/');
        let stream = TcpStream::connect(host).await.context("the relay")?;
        let (socket, _) = client_async(format!("ws://{host}/ws/agent?token={token}&name=Raw"), stream).await?;
        let mut agent = Self { socket, decoder: Decoder::new(Limits::DEFAULT), said: 0, user: 0, controller: 0 };
        agent.until(|message| matches!(message, Control::Controller { .. })).await.context("who has control")?;
        while agent.decoder.needs_keyframe() {
            agent.hear().await?;
        }
        Ok(agent)
    }

    /// The id of the element with an `id` attribute.
    pub(crate) fn node(&self, id: &str) -> Result<u32> {
        let tree = self.decoder.tree();
        let is_id = |name| tree.names.get(name) == (Namespace::None, "id");
        let mut at = 0;
        loop {
            if tree.attrs(at).any(|(name, value)| is_id(name) && value == id.as_bytes()) {
                return Ok(at);
            }
            at = tree.following(at, 0);
            if at == protocol::tree::NONE {
                bail!("the agent has no element {id:?}");
            }
        }
    }

    /// The first text below a node.
    pub(crate) fn text_of(&self, node: u32) -> Result<u32> {
        let tree = self.decoder.tree();
        let text = tree.children(node).find(|child| tree.node(*child).kind == protocol::tree::Kind::Text);
        text.with_context(|| format!("node {node} has no text"))
    }

    /// Says something.
    pub(crate) async fn say(&mut self, message: &Control) -> Result<()> {
        self.said += 1;
        let frame = message.to_frame(self.said, 0)?;
        self.socket.send(Message::Binary(frame.into())).await.context("saying it")
    }

    /// The next message; frames of the page are taken.
    async fn hear(&mut self) -> Result<Option<Control>> {
        let next = timeout(PATIENCE, self.socket.next()).await.context("nothing was heard")?;
        let bytes = match next.context("the connection has ended")?? {
            Message::Binary(bytes) => bytes,
            Message::Close(close) => bail!("the relay has closed the connection: {close:?}"),
            _ => return Ok(None),
        };
        if frame::peek(&bytes, &Limits::DEFAULT)?.header.kind != Kind::Control {
            self.decoder.push(&bytes)?;
            return Ok(None);
        }
        let message = Control::read(&bytes, &Limits::DEFAULT)?;
        match &message {
            Control::Welcome { user } => self.user = *user,
            Control::Controller { user, .. } => self.controller = *user,
            _ => {}
        }
        Ok(Some(message))
    }

    /// Hears until a message of a kind.
    pub(crate) async fn until(&mut self, is_it: impl Fn(&Control) -> bool) -> Result<Control> {
        loop {
            if let Some(message) = self.hear().await?
                && is_it(&message)
            {
                return Ok(message);
            }
        }
    }

    /// Says a command and hears what became of it: the number of the reason why it was refused, or 0.
    pub(crate) async fn command(&mut self, message: &Control) -> Result<u8> {
        self.say(message).await?;
        // What is for nobody is refused behind it, with another command's tag.
        const NOWHERE: u32 = 0x7fff_ffff;
        let mark = if matches!(message, Control::Commit { .. }) {
            Control::Choose { node: NOWHERE, options: vec![] }
        } else {
            Control::Commit { node: NOWHERE }
        };
        self.say(&mark).await?;
        let (command, user) = (message.tag(), self.user);
        let mut refused = 0;
        loop {
            let Some(Control::Refused { user: whose, command: which, reason }) = self.hear().await? else { continue };
            if whose != user {
                continue;
            }
            if which == command {
                refused = reason as u8;
            } else if which == mark.tag() {
                return Ok(refused);
            }
        }
    }
}
