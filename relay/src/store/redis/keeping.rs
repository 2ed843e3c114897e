//! What a node does by itself: taking what the logs say, saying that it lives, and setting right what is found missing.

use super::{
    Inner, Replica, SESSIONS,
    entry::{self, Entry, Id},
    feed::Reader,
    lock, millis, nodes, session,
};
use crate::{
    close::Close,
    room::Room,
    store::StoreError,
    token::{SecretDigest, Token},
};
use protocol::{Limits, control::Control, sealed};
use redis::{RedisError, Value, cmd};
use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::time::{sleep, timeout};

/// How often a node says that a session is still in use.
const KEPT_EVERY: Duration = Duration::from_secs(60);

/// How many sessions that is said of at a time.
const AT_ONCE: usize = 64;

impl Reader for Inner {
    fn take(&self, replica: &Arc<Replica>, id: Id, entry: Option<Entry>) {
        let Some(room) = replica.room() else { return };
        let Some(entry) = entry else {
            tracing::error!(token = ?replica.token, %id, "an entry of the log is not understood");
            return;
        };
        let (token, now) = (replica.token, Instant::now());
        match entry {
            Entry::Frame { keyframe, bytes } => {
                if let Some(seq) = session::seq(&bytes) {
                    room.framed(keyframe, seq, bytes);
                }
            }
            Entry::Gap => room.broken(),
            Entry::Said(bytes) if sealed::is_sealed(&bytes) => match sealed::peek(&bytes, &Limits::DEFAULT) {
                Ok((header, _)) => room.said_sealed(header.number, bytes),
                Err(error) => tracing::error!(?token, %error, "a sealed message in the log"),
            },
            Entry::Said(bytes) => match Control::read(&bytes, &Limits::DEFAULT) {
                Ok(message) => room.said(&message, bytes),
                Err(error) => tracing::error!(?token, %error, "a message in the log"),
            },
            Entry::Commanded { user, is_pointer, bytes } => {
                if let Some(connection) = room.commanded(user, is_pointer, bytes) {
                    self.spawn(|inner| async move { inner.say_gone(token, connection, Close::Flood.code()).await });
                }
            }
            Entry::Asked => room.asked(),
            Entry::Entered { nonce, who } => {
                let is_mine = who.node == self.node;
                let here = is_mine && replica.welcomes(nonce);
                let connection = who.connection;
                room.entered(who, here, id.time(), now);
                if is_mine && !here {
                    // It gave up waiting, or its answer was lost.
                    self.spawn(|inner| async move { inner.say_gone(token, connection, 4009).await });
                }
            }
            Entry::Left { connection, code } => room.left(connection, why(code), now),
            Entry::Leaving(connection) => room.leaving(connection, now),
            Entry::Recorder(node) => {
                room.recorded_by(node);
                if node.is_none() && self.recorder.is_some() {
                    self.spawn(|inner| async move { inner.claim(token).await });
                }
            }
            Entry::Taken(digest) => {
                if let Some(secret) = SecretDigest::from_hex(&digest) {
                    room.take(secret, now);
                }
            }
            Entry::Ended(reason) => {
                room.over(reason, id.time(), now);
                self.forget(replica);
            }
        }
    }

    fn caught_up(&self, replica: &Arc<Replica>) {
        if replica.room().is_some_and(|room| room.asks_elsewhere(Instant::now())) {
            self.ask(replica);
        }
    }
}

fn why(code: u16) -> Close {
    if code == Close::Flood.code() {
        Close::Flood
    } else {
        Close::Unavailable("the session goes on without this connection: connect again".to_owned())
    }
}

impl Inner {
    /// Has the customer asked for a keyframe, on whichever node it is.
    fn ask(&self, replica: &Replica) {
        let (token, at) = (replica.token, replica.at().to_string());
        self.spawn(|inner| async move {
            let arguments = |command: &mut redis::Cmd| {
                command.arg(&at);
            };
            if let Err(error) = inner.script(token, &inner.scripts.ask, arguments).await {
                tracing::debug!(?token, %error, "no keyframe was asked for");
            }
        });
    }

    fn replicas(&self, shard: Option<usize>) -> Vec<Arc<Replica>> {
        let directory = self.directory();
        directory.values().filter(|replica| shard.is_none_or(|shard| replica.shard == shard)).cloned().collect()
    }

    pub(super) fn is_recorded(&self, room: &Room) -> bool {
        room.recorder().is_some()
    }

    /// Ends what is overdue.
    pub(super) async fn sweep(&self) -> Result<(), StoreError> {
        let now = Instant::now();
        for replica in self.replicas(None) {
            let Some(room) = replica.room() else { continue };
            if room.asks_elsewhere(now) {
                self.ask(&replica);
            }
            let Some(reason) = room.overdue(now) else { continue };
            let when = if room.is_absent() { "absent" } else { "old" };
            if self.finish_if(replica.token, reason, when).await?.is_none() {
                // Nobody was in it, and its time in the store was over first.
                room.end(reason, now);
                self.forget(&replica);
            }
        }
        Ok(())
    }

    /// This node goes down: everyone who is here is asked to go on elsewhere.
    pub(super) async fn drain(&self) -> Result<(), StoreError> {
        {
            let _directory = self.directory();
            self.draining.store(true, Ordering::Relaxed);
        }
        for replica in self.replicas(None) {
            let Some(room) = replica.room() else { continue };
            if replica.recorded.swap(false, Ordering::Relaxed) {
                room.record_no_more();
                let me = self.me();
                self.give_up_recording(replica.token, &me).await;
            }
            room.close_all(&Close::Unavailable("the relay is going down: connect again".to_owned()));
        }
        Ok(())
    }

    async fn give_up_recording(&self, token: Token, me: &str) {
        let arguments = |command: &mut redis::Cmd| {
            command.arg(self.kept()).arg("").arg(me);
        };
        if let Err(error) = self.script(token, &self.scripts.keep, arguments).await {
            tracing::warn!(?token, %error, "another node will record it when the lease ends");
        }
    }

    /// Records a session here that nobody records.
    pub(super) async fn claim(&self, token: Token) {
        let Some(recorder) = &self.recorder else { return };
        let Ok(held) = self.hold(token) else { return };
        let Ok(room) = (match held.replica() {
            Ok(replica) => self.load(replica).await,
            Err(error) => Err(error),
        }) else {
            return;
        };
        if room.is_sealed() {
            return;
        }
        let me = self.me();
        let arguments = |command: &mut redis::Cmd| {
            command.arg(self.kept()).arg(&me).arg("");
        };
        match self.script(token, &self.scripts.keep, arguments).await {
            Ok(Value::Int(2)) => {}
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(?token, %error, "not recorded here");
                return;
            }
        }
        let Some((name, recording)) = recorder.begin() else { return };
        tracing::info!(?token, name, "recorded here from now on");
        room.record(recording);
        if let Some(replica) = held.keep() {
            replica.recorded.store(true, Ordering::Relaxed);
        }
    }

    /// Once a second, and when the connection is there again: says that this node lives, and looks who else does.
    pub(super) async fn look_after(self: Arc<Self>, shard: usize) {
        let mut beat: u64 = 0;
        let mut restarts = 0;
        let mut was_deaf = true;
        let (mut kept, mut heard) = (Instant::now(), Instant::now());
        loop {
            beat += 1;
            let link = &self.shards[shard].link;
            if link.restarts() != restarts {
                restarts = link.restarts();
                self.begin_anew(shard).await;
            }
            match self.beat(shard, beat, was_deaf).await {
                Ok(gone) => {
                    was_deaf = false;
                    // The others may have taken it for gone.
                    if heard.elapsed() < nodes::LEASE || self.recount(shard).await {
                        heard = Instant::now();
                    }
                    for (token, node) in gone {
                        self.let_go(token, node).await;
                    }
                    self.say_the_unsaid(shard).await;
                    if kept.elapsed() >= KEPT_EVERY {
                        kept = Instant::now();
                        self.keep(shard).await;
                    }
                }
                Err(error) => {
                    was_deaf = true;
                    tracing::debug!(%error, "other nodes were not heard");
                }
            }
            let _ = timeout(nodes::BEAT, link.changed.notified()).await;
        }
    }

    /// Says that this node lives. The sessions with somebody from a node that does not, and that node.
    async fn beat(&self, shard: usize, beat: u64, was_deaf: bool) -> Result<Vec<(Token, u64)>, RedisError> {
        let link = &self.shards[shard].link;
        link.say(cmd("HSET").arg(nodes::KEY).arg(self.me()).arg(beat)).await?;
        let told = link.say(cmd("HGETALL").arg(nodes::KEY)).await?;
        let now = Instant::now();
        let mut gone = Vec::new();
        let old = {
            let mut nodes = lock(&self.shards[shard].nodes);
            if was_deaf {
                nodes.deaf(now);
            }
            let beats = entry::pairs(told).unwrap_or_default();
            nodes.hear(beats.iter().filter_map(|(node, beat)| Some((entry::node(node)?, entry::number(beat)?))), now);
            for replica in self.replicas(Some(shard)) {
                let Some(room) = replica.room() else { continue };
                let others = room.nodes().into_iter().chain(room.recorder());
                gone.extend(
                    others
                        .filter(|node| *node != self.node && nodes.is_gone(*node, now))
                        .map(|node| (replica.token, node)),
                );
            }
            nodes.forget(now)
        };
        for node in old {
            link.say(cmd("HDEL").arg(nodes::KEY).arg(format!("{node:x}"))).await?;
        }
        Ok(gone)
    }

    /// Closes the connections here of whom the others were told, while nothing was heard, that they have left, and all of sessions
    /// that are over: nobody watches unseen. False where that could not be found out.
    async fn recount(&self, shard: usize) -> bool {
        for replica in self.replicas(Some(shard)) {
            let Some(room) = replica.room() else { continue };
            let here = room.connections();
            let mut command = cmd("HGETALL");
            command.arg(&replica.keys[0]);
            let Ok(answer) = self.shards[shard].link.say(&command).await else { return false };
            match session::connections(answer) {
                Some(there) => room.close_some(here.iter().filter(|connection| !there.contains(connection)).copied()),
                None => self.close_here(&replica),
            }
        }
        true
    }

    async fn let_go(&self, token: Token, node: u64) {
        tracing::info!(?token, node = format!("{node:x}"), "a node is gone");
        if let Err(error) = self.remove(token, "node", &format!("{node:x}"), 4009).await {
            tracing::debug!(?token, %error, "said later that a node is gone");
        }
    }

    async fn say_the_unsaid(&self, shard: usize) {
        let unsaid = std::mem::take(&mut *lock(&self.shards[shard].unsaid));
        for (token, connection, code) in unsaid {
            self.say_gone(token, connection, code).await;
        }
    }

    /// Says that the sessions here are in use.
    async fn keep(&self, shard: usize) {
        let replicas = self.replicas(Some(shard));
        for some in replicas.chunks(AT_ONCE) {
            let say = |replica: Arc<Replica>| async move {
                let arguments = |command: &mut redis::Cmd| {
                    command.arg(self.kept()).arg("").arg("");
                };
                let answer = self.script(replica.token, &self.scripts.keep, arguments).await;
                match answer {
                    Ok(Value::Int(0)) => drop(self.put_back(replica.token).await),
                    Ok(_) => drop(self.count(replica.token, Duration::from_millis(self.kept())).await),
                    Err(error) => tracing::debug!(%error, "a session was not said to be in use"),
                }
            };
            futures_util::future::join_all(some.iter().cloned().map(say)).await;
        }
        // Those that nobody has counted again are gone.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut command = cmd("ZREMRANGEBYSCORE");
        command.arg(SESSIONS).arg("-inf").arg(millis(now));
        if let Err(error) = self.shards[shard].link.say(&command).await {
            tracing::debug!(%error, "sessions that are over are still counted");
        }
    }

    /// Redis is another process than before: what it was told last may be lost. Everyone here is to connect again.
    async fn begin_anew(&self, shard: usize) {
        let me = self.me();
        for replica in self.replicas(Some(shard)) {
            self.put_back(replica.token).await;
            if let Err(error) = self.remove(replica.token, "node", &me, 4009).await {
                tracing::debug!(token = ?replica.token, %error, "said later that somebody is gone");
            }
            self.close_here(&replica);
        }
    }

    /// The room does not go by the store any more: it is made anew for who connects again.
    fn close_here(&self, replica: &Arc<Replica>) {
        if let Some(room) = replica.room() {
            if replica.recorded.swap(false, Ordering::Relaxed) {
                room.record_no_more();
            }
            room.close_all(&Close::Unavailable("the store was restarted: connect again".to_owned()));
        }
        self.forget(replica);
    }

    /// Puts a session that is live here back into a Redis that has lost it. Whether it is there now.
    pub(super) async fn put_back(&self, token: Token) -> bool {
        let Some(replica) = self.directory().get(&token).cloned() else { return false };
        let Some(room) = replica.room() else { return false };
        // That it has ended may be on its way.
        for _ in 0..10 {
            if room.is_ended() {
                return false;
            }
            sleep(Duration::from_millis(10)).await;
        }
        let fields = session::fields_again(&room.remembered());
        let arguments = |command: &mut redis::Cmd| {
            command.arg(millis(self.config.absence));
            for (field, value) in &fields {
                command.arg(*field).arg(value.as_ref());
            }
        };
        match self.script(token, &self.scripts.create, arguments).await {
            Ok(Value::Int(1)) => {
                tracing::info!(?token, "a session that the store had lost was put back");
                self.refer(token, room.reference()).await;
                self.close_here(&replica);
                true
            }
            Ok(_) => true,
            Err(error) => {
                tracing::warn!(?token, %error, "a session was not put back");
                false
            }
        }
    }
}
