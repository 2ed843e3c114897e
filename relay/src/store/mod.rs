//! Where sessions live: who may join, who is present, and the log that frames go through.
//!
//! A [`Store`] is two things. It is the directory: tokens, secrets' digests, participants, deadlines. And it is the way
//! by which what one participant publishes reaches the others, on whichever node their sockets are: a socket never
//! writes to another socket, it publishes to the store, and reads from its own [`Seat`]. A seat belongs to a room on the
//! node of its socket; the room has the log that the node's agents read from, their flow control, and the pacing of
//! keyframe requests.
//!
//! [`memory`] keeps one room per session and publishes straight into it. [`redis`] is shared by several nodes: it
//! publishes into a shared log instead and feeds each node's room from there; that is why every function is asynchronous
//! and may fail, and why a frame is published with what its header says: its body is never looked at.

pub mod memory;
pub mod redis;

use crate::{
    close::Close,
    identity::Agent,
    member::Wakes,
    recorder::Recorder,
    room::{Next, Room},
    token::{SecretDigest, Token},
};
use bytes::Bytes;
use protocol::{
    Mode,
    control::{Control, EndReason, Role},
};
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    time::{Instant, SystemTime},
};

/// The answer of a store, once it is there.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// What was fixed when a session was created.
#[derive(Debug, Clone)]
pub struct Record {
    /// What agents join with.
    pub token: Token,
    /// What is kept of the customer's secret.
    pub secret: SecretDigest,
    /// The mode that was asked for.
    pub mode: Mode,
    /// When it was created.
    pub created: SystemTime,
    /// When it ends at the latest.
    pub expires: SystemTime,
    /// The name under which it is recorded; none where it is not.
    pub recording: Option<String>,
    /// What another system knows it by, such as a conversation's id; with it the session is found
    /// ([`Store::resolve`]).
    pub reference: Option<String>,
    /// An agent has made it, and its customer has still to come ([`Store::take`]): until then nobody has its secret.
    pub open: bool,
    /// Its frames are sealed: the relay reads no more than their headers, and hands on no others.
    pub sealed: bool,
}

/// An agent who is present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// Unique within the session.
    pub user: u32,
    /// The name it gave, possibly empty.
    pub name: String,
}

/// A session as it is now.
#[derive(Debug, Clone)]
pub struct Status {
    /// What was fixed at the start.
    pub record: Record,
    /// The mode as the customer last announced it, before that the one asked for.
    pub mode: Mode,
    /// Whether the customer's page is connected.
    pub customer: bool,
    /// The agents who are present, in the order they came.
    pub agents: Vec<Participant>,
    /// When an agent and the customer were first there together, if they have been.
    pub activated: Option<SystemTime>,
}

/// What a participant publishes.
#[derive(Debug, Clone)]
pub enum Message {
    /// A keyframe or a delta, from the customer to all agents.
    Frame {
        /// Whether it needs no frame before it.
        keyframe: bool,
        /// Its sequence number.
        seq: u32,
        /// The whole frame.
        bytes: Bytes,
    },
    /// A control message, from the customer to all agents or from an agent to the customer.
    Control {
        /// The message.
        message: Control,
        /// The same as it came, a whole frame.
        bytes: Bytes,
    },
    /// A sealed message, from the customer to agents or from an agent to the customer.
    Sealed {
        /// The agent that the customer's message is for; 0 for all.
        user: u32,
        /// It tells where an agent's pointer is.
        is_pointer: bool,
        /// The whole frame.
        bytes: Bytes,
    },
}

/// Why a store did not do as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A live session has this token already.
    #[error("the token is taken")]
    Taken,
    /// There are as many sessions as there may be.
    #[error("all {0} sessions are taken")]
    Full(usize),
    /// No live session has this token.
    #[error("no such session")]
    Unknown,
    /// The session has as many agents as it may have.
    #[error("the session has its {0} agents")]
    Crowded(usize),
    /// The participant has to go.
    #[error("{}", .0.reason())]
    Closed(Close),
    /// The store is going down or cannot be reached.
    #[error("{0}")]
    Unavailable(String),
}

/// The directory of sessions and the way between their participants. See the module's documentation.
pub trait Store: Send + Sync + 'static {
    /// Adds a session. Its customer has [`Config::absence`](crate::Config::absence) to connect.
    ///
    /// Fails with [`StoreError::Taken`] when a live session has the token, so that the caller draws another, and with
    /// [`StoreError::Full`]. Gives the name of the session's recording, where it is recorded.
    fn create(&self, record: Record) -> Reply<'_, Option<String>>;

    /// Who keeps sessions here, if somebody does.
    fn recorder(&self) -> Option<&dyn Recorder> {
        None
    }

    /// The session of a token, if it is live.
    fn find(&self, token: Token) -> Reply<'_, Option<Status>>;

    /// The sessions of several tokens, in their order, those that are live.
    fn find_all<'a>(&'a self, tokens: &'a [Token]) -> Reply<'a, Vec<Option<Status>>> {
        Box::pin(async move {
            let mut found = Vec::with_capacity(tokens.len());
            for token in tokens {
                found.push(self.find(*token).await?);
            }
            Ok(found)
        })
    }

    /// The live session that was created last with a reference.
    fn resolve<'a>(&'a self, reference: &'a str) -> Reply<'a, Option<Status>>;

    /// Gives a session that an agent has made to its customer, whose secret is this from now on, and who has
    /// [`Config::absence`](crate::Config::absence) to connect. Of several who ask, one gets it: false for the others,
    /// and for a session that is no invitation. Fails with [`StoreError::Unknown`].
    fn take(&self, token: Token, secret: SecretDigest) -> Reply<'_, bool>;

    /// Keeps a ticket with which an agent may come into a session, once and within
    /// half a minute. Fails with [`StoreError::Unknown`].
    fn keep_ticket(&self, token: Token, ticket: SecretDigest, agent: Agent) -> Reply<'_, ()>;

    /// Whose a ticket of a session is; it is used up. Of several who ask, one is told.
    fn use_ticket(&self, token: Token, ticket: SecretDigest) -> Reply<'_, Option<Agent>>;

    /// Lets a participant in: everyone else is told, and the newcomer's seat first yields who is present, then, to an
    /// agent, the last keyframe and what followed. A customer who enters again replaces its older connection.
    ///
    /// Fails with [`StoreError::Unknown`] and [`StoreError::Crowded`]. The caller has checked that it may enter.
    fn enter(&self, token: Token, role: Role, name: String) -> Reply<'_, Seat>;

    /// Sends a message to those it is for. Returns when the message has its place in the order of the session, not when
    /// it was delivered: no participant waits for another.
    ///
    /// Fails with [`StoreError::Closed`] when the sender has to go: replaced, or the message was not its to send.
    fn publish<'a>(&'a self, seat: &'a Seat, message: Message) -> Reply<'a, ()>;

    /// A participant's connection is gone. Everyone else is told; a customer has
    /// [`Config::absence`](crate::Config::absence) to come back.
    fn leave<'a>(&'a self, seat: &'a Seat) -> Reply<'a, ()>;

    /// The page of a customer's connection says that it is being left: it has [`Config::grace`](crate::Config::grace) to
    /// come back. Nothing happens when another connection has followed. False when there is no such session.
    fn leaving(&self, token: Token, connection: u64) -> Reply<'_, bool>;

    /// Ends a session: everyone is told why, then every seat yields its close. False when there is no such session.
    fn end(&self, token: Token, reason: EndReason) -> Reply<'_, bool>;

    /// Ends the sessions whose customer was away too long, or that are too old. Called every now and then by each node.
    fn sweep(&self) -> Reply<'_, ()>;

    /// This node goes down: no session is created or entered here any more, and those that cannot go on elsewhere end
    /// with [`EndReason::Shutdown`].
    fn drain(&self) -> Reply<'_, ()>;

    /// Whether sessions can be created and entered now.
    fn is_ready(&self) -> bool {
        true
    }
}

/// A participant's place in a session, on the node of its socket.
#[derive(Debug)]
pub struct Seat {
    pub(crate) room: Arc<Room>,
    pub(crate) connection: u64,
    /// The participant's number, unique within the session.
    pub user: u32,
    /// What the participant is.
    pub role: Role,
    pub(crate) wakes: Arc<Wakes>,
    /// How many messages were published, where the store counts them; who holds it publishes.
    pub(crate) published: tokio::sync::Mutex<u64>,
}

/// What a seat yields.
#[derive(Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A whole frame for the participant.
    Frame(Bytes),
    /// Nothing more comes: the connection is to be closed.
    Close(Close),
}

impl Seat {
    pub(crate) fn new(room: Arc<Room>, connection: u64, user: u32, role: Role, wakes: Arc<Wakes>) -> Self {
        Self { room, connection, user, role, wakes, published: tokio::sync::Mutex::default() }
    }

    /// The session's token.
    #[must_use]
    pub fn token(&self) -> Token {
        self.room.token()
    }

    /// The sequence number that the customer's next delta must have, if the relay has seen a keyframe and no gap since.
    #[must_use]
    pub fn expected(&self) -> Option<u32> {
        self.room.expected()
    }

    /// Whether the session's frames are sealed.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        self.room.is_sealed()
    }

    /// The connection's number, unique within the session.
    #[must_use]
    pub fn connection(&self) -> u64 {
        self.connection
    }

    /// The agents who are present, in the order they came.
    #[must_use]
    pub fn agents(&self) -> Vec<Participant> {
        self.room.status().agents
    }

    /// When an agent and the customer were first in the session together, if they have been.
    #[must_use]
    pub fn activated(&self) -> Option<SystemTime> {
        self.room.activated()
    }

    /// When the session ended, if it has.
    #[must_use]
    pub fn ended(&self) -> Option<SystemTime> {
        self.room.ended()
    }

    /// What there is to deliver now, if anything.
    #[must_use]
    pub fn try_next(&self) -> Option<Delivery> {
        match self.room.next(self.connection, Instant::now()) {
            Next::Frame(bytes) => Some(Delivery::Frame(bytes)),
            Next::Close(why) => Some(Delivery::Close(why)),
            Next::Wait(_) => None,
        }
    }

    /// What there is to deliver next. Nothing is lost when the future is dropped.
    pub async fn next(&self) -> Delivery {
        loop {
            match self.room.next(self.connection, Instant::now()) {
                Next::Frame(bytes) => return Delivery::Frame(bytes),
                Next::Close(why) => return Delivery::Close(why),
                Next::Wait(None) => self.wakes.send.notified().await,
                Next::Wait(Some(until)) => {
                    let woken = self.wakes.send.notified();
                    // Whether woken or late, the room is asked again.
                    let _ = tokio::time::timeout_at(until.into(), woken).await;
                }
            }
        }
    }

    /// Resolves when the connection is to be closed, even if frames still wait, with the reason.
    pub async fn closing(&self) -> Close {
        loop {
            if let Some(why) = self.room.closing(self.connection) {
                return why;
            }
            self.wakes.close.notified().await;
        }
    }
}
