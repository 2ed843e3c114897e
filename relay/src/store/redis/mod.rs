//! Sessions in Redis or Valkey, shared by several nodes (`docs/scaling.md`, `docs/adr/0008-redis.md`).
//!
//! A session is two keys with the token as their hash tag, so that both are in one slot of a cluster: a hash with what holds
//! now, and a stream with what happens, frames and all. What is written, a script writes: it checks that the sender may,
//! gives the message its place, and keeps the hash in step. Each node that has somebody in a session reads its stream into a
//! room of its own, so that all rooms go through the same things in the same order.
//!
//! - The order of a session is that of its stream. A customer's connection that another has followed may add nothing.
//! - What is published carries how many messages its sender had published: saying it twice, as when the answer was lost, adds
//!   it once.
//! - Nodes say each second that they live. Who was on a node that does not is told to have left.
//! - A Redis that comes back as another process may have lost what it had last: all who are here are asked to connect again,
//!   which sets right what is missing; a session that is not there at all is put back.
//!
//! Several Redis servers share the sessions by their slots, as a cluster's do.

mod address;
mod entry;
mod feed;
mod keeping;
mod link;
mod nodes;
mod replica;
mod session;

use super::{Message, Record, Reply, Seat, Status, Store, StoreError};
use crate::{
    close::Close,
    config::Config,
    identity::{Agent, ticket},
    recorder::Recorder,
    room::{self, Agents, Room},
    token::{SecretDigest, Token},
};
pub use address::NoAddress;
use address::{client, slot};
use bytes::Bytes;
use feed::Feed;
use futures_util::future::try_join_all;
use link::{Link, Script};
use nodes::Nodes;
use protocol::control::{Control, EndReason, Role};
use redis::{Cmd, RedisError, Value};
use replica::Replica;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{sync::Notify, task::JoinSet, time::sleep};

/// How long a message waits for a Redis that does not answer, before its sender is asked to connect again.
const PATIENCE: Duration = Duration::from_secs(30);

/// Between two tries.
const AGAIN: Duration = Duration::from_millis(50);

/// How long a session that somebody is in outlasts the last sign of life of a node, beyond the customer's absence.
const SPARE: Duration = Duration::from_secs(120);

/// The key under which sessions are counted.
const SESSIONS: &str = "cobrowse:sessions";

/// How many sessions are asked for at a time, where many are.
const AT_A_TIME: usize = 256;

/// The most Redis servers.
const SHARDS: usize = 1_024;

/// What the scripts are.
struct Scripts {
    create: Script,
    load: Script,
    enter: Script,
    publish: Script,
    leave: Script,
    leaving: Script,
    finish: Script,
    take: Script,
    keep: Script,
    ask: Script,
}

impl Scripts {
    fn new() -> Self {
        Self {
            create: Script::new(include_str!("create.lua")),
            load: Script::new(include_str!("load.lua")),
            enter: Script::new(include_str!("enter.lua")),
            publish: Script::new(include_str!("publish.lua")),
            leave: Script::new(include_str!("leave.lua")),
            leaving: Script::new(include_str!("leaving.lua")),
            finish: Script::new(include_str!("finish.lua")),
            take: Script::new(include_str!("take.lua")),
            keep: Script::new(include_str!("keep.lua")),
            ask: Script::new(include_str!("ask.lua")),
        }
    }
}

/// One Redis server.
struct Shard {
    link: Arc<Link>,
    feeds: Mutex<Vec<Arc<Feed>>>,
    nodes: Mutex<Nodes>,
    /// What could not be said of participants who are gone: the session, the connection, the code.
    unsaid: Mutex<Vec<(Token, u64, u16)>>,
}

/// The store of several relays. See the module's documentation.
pub struct RedisStore {
    inner: Arc<Inner>,
    /// Ended with the store.
    _tasks: JoinSet<()>,
}

impl std::fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sessions = self.inner.directory().len();
        f.debug_struct("RedisStore").field("sessions", &sessions).finish_non_exhaustive()
    }
}

struct Inner {
    config: Arc<Config>,
    shards: Vec<Shard>,
    scripts: Scripts,
    /// What this node is known as.
    node: u64,
    directory: Mutex<HashMap<Token, Arc<Replica>>>,
    recorder: Option<Arc<dyn Recorder>>,
    draining: AtomicBool,
    nonces: AtomicU64,
    /// Feeds to be run.
    begun: Mutex<Vec<Arc<Feed>>>,
    to_begin: Notify,
    this: Weak<Inner>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unavailable(error: &RedisError) -> StoreError {
    tracing::debug!(%error, "the store did not do it");
    StoreError::Unavailable("the store does not answer".to_owned())
}

fn odd(value: &Value) -> StoreError {
    tracing::error!(?value, "the store answered with something else");
    StoreError::Unavailable("the store answered with something else".to_owned())
}

fn millis(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap_or(u64::MAX)
}

impl RedisStore {
    /// A store in the Redis servers at these addresses, all of which every node names in the same order. It connects when it
    /// can, and is to be made within a runtime.
    ///
    /// # Errors
    /// [`NoAddress`].
    pub fn new(
        config: Arc<Config>,
        addresses: &[String],
        recorder: Option<Arc<dyn Recorder>>,
    ) -> Result<Self, NoAddress> {
        let node = random().map_err(NoAddress::new)?;
        let mut shards = Vec::new();
        for address in addresses {
            shards.push(Shard {
                link: Arc::new(Link::new(client(address, config.ca.as_deref())?)),
                feeds: Mutex::default(),
                nodes: Mutex::default(),
                unsaid: Mutex::default(),
            });
        }
        if shards.is_empty() || shards.len() > SHARDS {
            return Err(NoAddress::new(format!("{} of them", shards.len())));
        }
        let inner = Arc::new_cyclic(|this| Inner {
            config,
            shards,
            scripts: Scripts::new(),
            node,
            directory: Mutex::default(),
            recorder,
            draining: AtomicBool::new(false),
            nonces: AtomicU64::new(1),
            begun: Mutex::default(),
            to_begin: Notify::new(),
            this: this.clone(),
        });
        let mut tasks = JoinSet::new();
        for (at, shard) in inner.shards.iter().enumerate() {
            tasks.spawn(shard.link.clone().run());
            tasks.spawn(inner.clone().look_after(at));
        }
        tasks.spawn(inner.clone().run_feeds());
        Ok(Self { inner, _tasks: tasks })
    }
}

fn random() -> Result<u64, String> {
    getrandom::u64().map_err(|error| error.to_string())
}

impl Inner {
    fn directory(&self) -> MutexGuard<'_, HashMap<Token, Arc<Replica>>> {
        lock(&self.directory)
    }

    fn me(&self) -> String {
        format!("{:x}", self.node)
    }

    fn shard(&self, token: Token) -> usize {
        (slot(&token.reveal()) * self.shards.len()) >> 14
    }

    fn keys(token: Token) -> [String; 2] {
        let tag = token.reveal();
        [format!("cobrowse:{{{tag}}}:session"), format!("cobrowse:{{{tag}}}:log")]
    }

    /// How long a session that somebody is in is kept without a sign of life of its nodes.
    fn kept(&self) -> u64 {
        millis(self.config.absence + SPARE)
    }

    async fn script(&self, token: Token, script: &Script, arguments: impl Fn(&mut Cmd)) -> Result<Value, RedisError> {
        self.shards[self.shard(token)].link.script(script, &Self::keys(token), arguments).await
    }

    /// Runs what reads logs.
    async fn run_feeds(self: Arc<Self>) {
        let mut tasks = JoinSet::new();
        loop {
            for feed in lock(&self.begun).drain(..) {
                tasks.spawn(feed.run(self.clone()));
            }
            self.to_begin.notified().await;
        }
    }

    /// The session on this node, with one more to use it.
    fn hold(&self, token: Token) -> Result<Held<'_>, StoreError> {
        let mut directory = self.directory();
        if self.draining.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable("the relay is going down".to_owned()));
        }
        let new = || Arc::new(Replica::new(token, self.shard(token), Self::keys(token)));
        let replica = directory.entry(token).or_insert_with(new).clone();
        replica.users.fetch_add(1, Ordering::Relaxed);
        Ok(Held { inner: self, replica: Some(replica) })
    }

    /// One less uses a session on this node; the last one closes it.
    fn release(&self, replica: &Arc<Replica>) {
        let mut directory = self.directory();
        if replica.users.fetch_sub(1, Ordering::Relaxed) == 1 {
            if directory.get(&replica.token).is_some_and(|other| Arc::ptr_eq(other, replica)) {
                directory.remove(&replica.token);
            }
            drop(directory);
            if let Some(feed) = replica.feed() {
                feed.remove(replica);
            }
        }
    }

    /// The session is over: nobody who comes later finds it here.
    fn forget(&self, replica: &Arc<Replica>) {
        let mut directory = self.directory();
        if directory.get(&replica.token).is_some_and(|other| Arc::ptr_eq(other, replica)) {
            directory.remove(&replica.token);
        }
        drop(directory);
        if let Some(feed) = replica.feed() {
            feed.remove(replica);
        }
    }

    /// Makes the room of a session, and has its log read.
    async fn load(&self, replica: &Arc<Replica>) -> Result<Arc<Room>, StoreError> {
        let _one = replica.loading.lock().await;
        if let Some(room) = replica.room() {
            return Ok(room.clone());
        }
        let shard = &self.shards[replica.shard];
        let answer = shard.link.script(&self.scripts.load, &replica.keys, |_| {}).await;
        let answer = answer.map_err(|error| unavailable(&error))?;
        let Some((record, moment, at)) = session::read(replica.token, answer)? else {
            return Err(StoreError::Unknown);
        };
        let room = Arc::new(Room::restored(record, self.config.clone(), moment, Instant::now()));
        // Nobody adds to the feed before the place is known: the lock on the list of feeds is held.
        let mut feeds = lock(&shard.feeds);
        let free = |feed: &&Arc<Feed>| feed.has_room();
        let feed = if let Some(feed) = feeds.iter().find(free) {
            feed.clone()
        } else {
            let feed = Arc::new(Feed::new(shard.link.clone()));
            feeds.push(feed.clone());
            lock(&self.begun).push(feed.clone());
            self.to_begin.notify_one();
            feed
        };
        replica.begin(room.clone(), feed.clone(), at);
        feed.add(replica);
        Ok(room)
    }

    async fn create(&self, mut record: Record) -> Result<Option<String>, StoreError> {
        let held = self.hold(record.token)?;
        // Of a sealed session there is nothing to be kept that anybody could play.
        let recorder = self.recorder.as_ref().filter(|_| !record.sealed);
        let (name, recording) = recorder.and_then(|recorder| recorder.begin()).unzip();
        record.recording.clone_from(&name);
        let recorder = if recording.is_some() { self.me() } else { String::new() };
        let fields = session::fields(&record, &recorder);
        let arguments = |command: &mut Cmd| {
            command.arg(millis(self.config.absence));
            for (field, value) in &fields {
                command.arg(field).arg(value.as_ref());
            }
        };
        let answer = self.script(record.token, &self.scripts.create, arguments).await;
        match answer.map_err(|error| unavailable(&error))? {
            Value::Int(1) => {}
            Value::Int(_) => return Err(StoreError::Taken),
            other => return Err(odd(&other)),
        }
        let absence = self.config.absence;
        if self.count(record.token, absence).await.map_err(|error| unavailable(&error))? > self.config.sessions {
            self.finish(record.token, EndReason::Idle).await?;
            return Err(StoreError::Full(self.config.sessions));
        }
        self.refer(record.token, record.reference.as_deref()).await;
        tracing::info!(token = ?record.token, mode = %record.mode, "session created");
        if let Some(recording) = recording {
            let Some(replica) = held.keep() else { return Ok(name) };
            replica.recorded.store(true, Ordering::Relaxed);
            match self.load(&replica).await {
                Ok(room) => room.record(recording),
                Err(error) => {
                    self.release(&replica);
                    return Err(error);
                }
            }
        }
        Ok(name)
    }

    async fn find(&self, token: Token) -> Result<Option<Status>, StoreError> {
        let mut command = redis::cmd("HGETALL");
        command.arg(&Self::keys(token)[0]);
        let answer = self.shards[self.shard(token)].link.say(&command).await.map_err(|error| unavailable(&error))?;
        let found = session::status(token, answer)?;
        if found.is_none() && self.put_back(token).await {
            let answer = self.shards[self.shard(token)].link.say(&command).await;
            return session::status(token, answer.map_err(|error| unavailable(&error))?);
        }
        Ok(found)
    }

    /// So many at a time: the connection carries them side by side, and what others say is not kept waiting.
    async fn find_all(&self, tokens: &[Token]) -> Result<Vec<Option<Status>>, StoreError> {
        let mut found = Vec::with_capacity(tokens.len());
        for some in tokens.chunks(AT_A_TIME) {
            let asked: Vec<_> = some.iter().map(|token| self.find(*token)).collect();
            found.extend(try_join_all(asked).await?);
        }
        Ok(found)
    }

    async fn enter(&self, token: Token, role: Role, name: String) -> Result<Seat, StoreError> {
        let held = self.hold(token)?;
        let replica = held.replica()?;
        let room = self.load(replica).await?;
        let nonce = self.nonces.fetch_add(1, Ordering::Relaxed);
        replica.awaits(nonce);
        let entered = self.write_entry(replica, role, &name, nonce).await;
        let (id, connection, user) = match entered {
            Ok(entered) => entered,
            Err(error) => {
                replica.welcomes(nonce);
                return Err(error);
            }
        };
        let late = || StoreError::Unavailable("the store is slow".to_owned());
        if !replica.reaches(id).await {
            // Should the log tell of it after all, it is said to have left.
            replica.welcomes(nonce);
            return Err(late());
        }
        let wakes = room.wakes(connection).ok_or_else(late)?;
        held.keep();
        if role == Role::Customer && self.recorder.is_some() && !room.is_sealed() && !self.is_recorded(&room) {
            self.spawn(|inner| async move { inner.claim(token).await });
        }
        Ok(Seat::new(room, connection, user, role, wakes))
    }

    /// The key of a ticket: Redis lets go of it by itself.
    fn ticket(token: Token, ticket: SecretDigest) -> String {
        format!("cobrowse:{{{}}}:ticket:{}", token.reveal(), ticket.to_hex())
    }

    async fn keep_ticket(&self, token: Token, ticket: SecretDigest, agent: Agent) -> Result<(), StoreError> {
        let mut command = redis::cmd("SET");
        command.arg(Self::ticket(token, ticket)).arg(ticket::write(&agent)?).arg("PX").arg(millis(ticket::LIFE));
        let said = self.shards[self.shard(token)].link.say(&command).await;
        said.map(|_| ()).map_err(|error| unavailable(&error))
    }

    async fn use_ticket(&self, token: Token, ticket: SecretDigest) -> Result<Option<Agent>, StoreError> {
        let mut command = redis::cmd("GETDEL");
        command.arg(Self::ticket(token, ticket));
        let said = self.shards[self.shard(token)].link.say(&command).await.map_err(|error| unavailable(&error))?;
        match said {
            Value::Nil => Ok(None),
            value => {
                let Some(text) = entry::bytes(value) else { return Ok(None) };
                Ok(serde_json::from_slice(&text).ok())
            }
        }
    }

    /// Which Redis has what another system calls a session, and under which key.
    fn reference(&self, reference: &str) -> (&Shard, String) {
        (&self.shards[(slot(reference) * self.shards.len()) >> 14], format!("cobrowse:{{{reference}}}:reference"))
    }

    /// The session is found by its reference from now on.
    async fn refer(&self, token: Token, reference: Option<&str>) {
        let Some(reference) = reference else { return };
        let (shard, key) = self.reference(reference);
        let mut command = redis::cmd("SET");
        command.arg(key).arg(token.reveal()).arg("PX").arg(millis(self.config.session_age));
        if let Err(error) = shard.link.say(&command).await {
            tracing::warn!(?token, %error, "the session is not found by its reference");
        }
    }

    async fn resolve(&self, reference: &str) -> Result<Option<Status>, StoreError> {
        let (shard, key) = self.reference(reference);
        let answer = shard.link.say(redis::cmd("GET").arg(key)).await.map_err(|error| unavailable(&error))?;
        let token = entry::bytes(answer).and_then(|token| std::str::from_utf8(&token).ok()?.parse().ok());
        let Some(token) = token else { return Ok(None) };
        // The session may be over, and another one have its token.
        let found = self.find(token).await?;
        Ok(found.filter(|status| status.record.reference.as_deref() == Some(reference)))
    }

    async fn take(&self, token: Token, secret: SecretDigest) -> Result<bool, StoreError> {
        let absence = millis(self.config.absence);
        let arguments = |command: &mut Cmd| {
            command.arg(secret.to_hex()).arg(absence);
        };
        match self.script(token, &self.scripts.take, arguments).await.map_err(|error| unavailable(&error))? {
            Value::Int(0) => Err(StoreError::Unknown),
            answer => Ok(answer == Value::Int(1)),
        }
    }

    async fn write_entry(
        &self,
        replica: &Replica,
        role: Role,
        name: &str,
        nonce: u64,
    ) -> Result<(entry::Id, u64, u32), StoreError> {
        let me = self.me();
        let arguments = |command: &mut Cmd| {
            command.arg(role as u8).arg(&me).arg(nonce).arg(name).arg(self.config.agents).arg(self.kept());
        };
        let link = &self.shards[replica.shard].link;
        let answer = link.script(&self.scripts.enter, &replica.keys, arguments).await;
        let answer = answer.map_err(|error| unavailable(&error))?;
        let mut parts = entry::list(answer).unwrap_or_default().into_iter().map(entry::bytes);
        let mut part = || parts.next().flatten();
        let first = part().unwrap_or_default();
        match first.as_slice() {
            b"unknown" => return Err(StoreError::Unknown),
            b"crowded" => return Err(StoreError::Crowded(self.config.agents)),
            _ => {}
        }
        let read = (|| {
            let connection = entry::number(&part()?)?;
            let user = entry::number(&part()?)?.try_into().ok()?;
            Some((entry::Id::read(&first)?, connection, user))
        })();
        read.ok_or_else(|| odd(&Value::BulkString(first)))
    }

    async fn publish(&self, seat: &Seat, message: Message) -> Result<(), StoreError> {
        let room = &seat.room;
        if room.is_ended() {
            return Ok(());
        }
        let (role, user) = room.sender(seat.connection).map_err(StoreError::Closed)?;
        let mut said = Said::default();
        match message {
            Message::Frame { keyframe, seq, bytes } if role == Role::Customer => {
                said = Said { kind: if keyframe { "k" } else { "d" }, value: bytes.into(), seq, ..said };
            }
            Message::Frame { keyframe, .. } => {
                let found = if keyframe { "a keyframe" } else { "a delta" };
                let why = Close::Protocol(format!("expected a control frame from an agent, found {found}"));
                return Err(StoreError::Closed(why));
            }
            Message::Sealed { bytes, .. } if role == Role::Customer => {
                said = Said { kind: "c", value: bytes.into(), ..said };
            }
            Message::Sealed { is_pointer, bytes, .. } => said = said.of_agent(room, user, is_pointer, &bytes)?,
            Message::Control { message, bytes } if role == Role::Customer => {
                if let Some(reason) = room::customers(&message).map_err(StoreError::Closed)? {
                    return self.finish(seat.token(), reason).await.map(drop);
                }
                said = Said::of_customer(&message, bytes);
            }
            Message::Control { message, .. } if role == Role::Controller => {
                let reason = room::controllers(&message).map_err(StoreError::Closed)?;
                return self.finish(seat.token(), reason).await.map(drop);
            }
            Message::Control { message, bytes } => match room::agents(&message).map_err(StoreError::Closed)? {
                Agents::Stop => return self.finish(seat.token(), EndReason::Agent).await.map(drop),
                Agents::Keyframe => said.kind = "q",
                Agents::Command => {
                    let is_pointer = matches!(message, Control::Pointer { .. });
                    said = said.of_agent(room, user, is_pointer, &bytes)?;
                }
            },
        }
        let mut count = seat.published.lock().await;
        *count += 1;
        self.put(seat, *count, &said).await
    }

    /// Gives a message its place, as often as it takes.
    async fn put(&self, seat: &Seat, count: u64, said: &Said) -> Result<(), StoreError> {
        let arguments = |command: &mut Cmd| {
            command.arg(seat.connection).arg(count).arg(said.kind).arg(said.value.as_slice()).arg(said.seq);
            command.arg(said.sets).arg(said.clears).arg(said.mode).arg(self.config.log_bytes);
        };
        let began = Instant::now();
        loop {
            let error = match self.script(seat.token(), &self.scripts.publish, arguments).await {
                Ok(answer) => {
                    let answer = entry::bytes(answer).unwrap_or_default();
                    return match answer.as_slice() {
                        b"ok" => Ok(()),
                        b"replaced" => Err(StoreError::Closed(Close::Replaced)),
                        b"unknown" if seat.room.is_ended() => Ok(()),
                        b"unknown" => {
                            self.put_back(seat.token()).await;
                            Err(StoreError::Unavailable("the store has lost the session".to_owned()))
                        }
                        _ => Err(StoreError::Unavailable("the store has lost the connection".to_owned())),
                    };
                }
                Err(error) => error,
            };
            if seat.room.is_ended() {
                return Ok(());
            }
            seat.room.sender(seat.connection).map_err(StoreError::Closed)?;
            if began.elapsed() >= PATIENCE {
                return Err(unavailable(&error));
            }
            sleep(AGAIN).await;
        }
    }

    async fn leave(&self, seat: &Seat) -> Result<(), StoreError> {
        seat.room.going(seat.connection);
        let replica = self.directory().get(&seat.token()).cloned();
        let replica = replica.filter(|replica| replica.room().is_some_and(|room| Arc::ptr_eq(room, &seat.room)));
        // A customer comes back to another node, and nobody is to notice; should it not, it is missed when the lease ends.
        let moves = self.draining.load(Ordering::Relaxed) && seat.role == Role::Customer;
        if !moves && !seat.room.is_ended() {
            self.say_gone(seat.token(), seat.connection, 4009).await;
        }
        if let Some(replica) = replica {
            self.release(&replica);
        }
        Ok(())
    }

    /// Says that a participant is gone, or that it is to go; later, where that is not possible now.
    async fn say_gone(&self, token: Token, connection: u64, code: u16) {
        if let Err(error) = self.remove(token, "connection", &connection.to_string(), code).await {
            tracing::debug!(?token, %error, "said later that somebody is gone");
            lock(&self.shards[self.shard(token)].unsaid).push((token, connection, code));
        }
    }

    async fn remove(&self, token: Token, by: &str, which: &str, code: u16) -> Result<Value, RedisError> {
        let (grace, absence) = (millis(self.config.grace), millis(self.config.absence));
        let arguments = |command: &mut Cmd| {
            command.arg(by).arg(which).arg(code).arg(grace).arg(absence).arg(self.kept());
        };
        self.script(token, &self.scripts.leave, arguments).await
    }

    async fn leaving(&self, token: Token, connection: u64) -> Result<bool, StoreError> {
        let arguments = |command: &mut Cmd| {
            command.arg(connection).arg(millis(self.config.grace));
        };
        let answer = self.script(token, &self.scripts.leaving, arguments).await;
        Ok(answer.map_err(|error| unavailable(&error))? == Value::Int(1))
    }

    /// Ends a session, if it is as it is said to be. False where it is not, none where there is no such session.
    async fn finish_if(&self, token: Token, reason: EndReason, when: &str) -> Result<Option<bool>, StoreError> {
        let config = &self.config;
        let (grace, absence, age) = (millis(config.grace), millis(config.absence), millis(config.session_age));
        let arguments = |command: &mut Cmd| {
            command.arg(reason as u8).arg(when).arg(grace).arg(absence).arg(age);
        };
        match self.script(token, &self.scripts.finish, arguments).await.map_err(|error| unavailable(&error))? {
            Value::Int(1) => {}
            Value::Int(0) => return Ok(None),
            _ => return Ok(Some(false)),
        }
        tracing::info!(?token, ?reason, "session ended");
        let link = &self.shards[self.shard(token)].link;
        if let Err(error) = link.say(redis::cmd("ZREM").arg(SESSIONS).arg(token.reveal())).await {
            tracing::debug!(?token, %error, "it counts until its time is over");
        }
        Ok(Some(true))
    }

    async fn finish(&self, token: Token, reason: EndReason) -> Result<bool, StoreError> {
        Ok(self.finish_if(token, reason, "now").await? == Some(true))
    }

    /// Counts a session, for so long unless it is counted again. How many its Redis has; those of all servers together are
    /// taken to be as many times that.
    async fn count(&self, token: Token, time: Duration) -> Result<usize, RedisError> {
        let link = &self.shards[self.shard(token)].link;
        let until = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + time;
        link.say(redis::cmd("ZADD").arg(SESSIONS).arg(millis(until)).arg(token.reveal())).await?;
        let counted = entry::bytes(link.say(redis::cmd("ZCARD").arg(SESSIONS)).await?);
        let here = counted.and_then(|count| entry::number(&count)?.try_into().ok()).unwrap_or(usize::MAX);
        Ok(here.saturating_mul(self.shards.len()))
    }

    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, work: impl FnOnce(Arc<Self>) -> F) {
        if let Some(this) = self.this.upgrade() {
            tokio::spawn(work(this));
        }
    }
}

/// A session that is being used; what is not kept is released.
struct Held<'a> {
    inner: &'a Inner,
    replica: Option<Arc<Replica>>,
}

impl Held<'_> {
    fn replica(&self) -> Result<&Arc<Replica>, StoreError> {
        self.replica.as_ref().ok_or(StoreError::Unknown)
    }

    fn keep(mut self) -> Option<Arc<Replica>> {
        self.replica.take()
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(replica) = self.replica.take() {
            self.inner.release(&replica);
        }
    }
}

/// What is published, as the script takes it.
#[derive(Default)]
struct Said {
    kind: &'static str,
    value: Vec<u8>,
    seq: u32,
    sets: &'static str,
    clears: &'static str,
    mode: &'static str,
}

impl Said {
    /// What an agent says, as the customer is to be sent it.
    fn of_agent(self, room: &Room, user: u32, is_pointer: bool, bytes: &Bytes) -> Result<Self, StoreError> {
        let frame = room.envelope(user, bytes, Instant::now()).map_err(StoreError::Closed)?;
        let mut value = Vec::with_capacity(frame.len() + 4);
        value.extend_from_slice(&user.to_le_bytes());
        value.extend_from_slice(&frame);
        Ok(Self { kind: if is_pointer { "p" } else { "a" }, value, ..self })
    }

    /// A message of the customer's, with what it changes of what holds.
    fn of_customer(message: &Control, bytes: Bytes) -> Self {
        let said = Self { kind: "c", value: bytes.into(), ..Self::default() };
        match message {
            Control::ModeChanged { mode } => Self { sets: "mode_frame", mode: mode.name(), ..said },
            Control::Paused {} => Self { sets: "paused_frame", ..said },
            Control::Resumed {} => Self { clears: "paused_frame", ..said },
            Control::Controller { .. } => Self { sets: "controller_frame", ..said },
            Control::Visible { .. } => Self { sets: "visible_frame", ..said },
            _ => said,
        }
    }
}

impl Store for RedisStore {
    fn create(&self, record: Record) -> Reply<'_, Option<String>> {
        Box::pin(self.inner.create(record))
    }

    fn recorder(&self) -> Option<&dyn Recorder> {
        self.inner.recorder.as_deref()
    }

    fn find(&self, token: Token) -> Reply<'_, Option<Status>> {
        Box::pin(self.inner.find(token))
    }

    fn find_all<'a>(&'a self, tokens: &'a [Token]) -> Reply<'a, Vec<Option<Status>>> {
        Box::pin(self.inner.find_all(tokens))
    }

    fn resolve<'a>(&'a self, reference: &'a str) -> Reply<'a, Option<Status>> {
        Box::pin(self.inner.resolve(reference))
    }

    fn take(&self, token: Token, secret: SecretDigest) -> Reply<'_, bool> {
        Box::pin(self.inner.take(token, secret))
    }

    fn keep_ticket(&self, token: Token, ticket: SecretDigest, agent: Agent) -> Reply<'_, ()> {
        Box::pin(self.inner.keep_ticket(token, ticket, agent))
    }

    fn use_ticket(&self, token: Token, ticket: SecretDigest) -> Reply<'_, Option<Agent>> {
        Box::pin(self.inner.use_ticket(token, ticket))
    }

    fn enter(&self, token: Token, role: Role, name: String) -> Reply<'_, Seat> {
        Box::pin(self.inner.enter(token, role, name))
    }

    fn publish<'a>(&'a self, seat: &'a Seat, message: Message) -> Reply<'a, ()> {
        Box::pin(self.inner.publish(seat, message))
    }

    fn leave<'a>(&'a self, seat: &'a Seat) -> Reply<'a, ()> {
        Box::pin(self.inner.leave(seat))
    }

    fn leaving(&self, token: Token, connection: u64) -> Reply<'_, bool> {
        Box::pin(self.inner.leaving(token, connection))
    }

    fn end(&self, token: Token, reason: EndReason) -> Reply<'_, bool> {
        Box::pin(self.inner.finish(token, reason))
    }

    fn sweep(&self) -> Reply<'_, ()> {
        Box::pin(self.inner.sweep())
    }

    fn drain(&self) -> Reply<'_, ()> {
        Box::pin(self.inner.drain())
    }

    fn is_ready(&self) -> bool {
        !self.inner.draining.load(Ordering::Relaxed) && self.inner.shards.iter().all(|shard| shard.link.is_up())
    }
}
