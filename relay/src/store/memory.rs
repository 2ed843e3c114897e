//! Sessions in this process's memory: one room each, gone with the process.

use super::{Message, Record, Reply, Seat, Status, Store, StoreError};
use crate::{
    config::Config,
    identity::Agent,
    recorder::Recorder,
    room::{Published, Room},
    token::{SecretDigest, Token},
};
use protocol::control::{EndReason, Role};
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Instant,
};

/// The store of a relay that is one process.
pub struct MemoryStore {
    config: Arc<Config>,
    directory: RwLock<Directory>,
    recorder: Option<Arc<dyn Recorder>>,
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").field("sessions", &self.read().rooms.len()).finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct Directory {
    rooms: HashMap<Token, Arc<Room>>,
    /// The newest session of each reference.
    references: HashMap<String, Token>,
    draining: bool,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new(config: Arc<Config>) -> Self {
        Self { config, directory: RwLock::default(), recorder: None }
    }

    /// The same, whose sessions are recorded.
    #[must_use]
    pub fn recorded(config: Arc<Config>, recorder: Arc<dyn Recorder>) -> Self {
        Self { recorder: Some(recorder), ..Self::new(config) }
    }

    fn read(&self) -> RwLockReadGuard<'_, Directory> {
        self.directory.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Directory> {
        self.directory.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn room(&self, token: Token) -> Option<Arc<Room>> {
        self.read().rooms.get(&token).cloned()
    }

    fn insert(&self, mut record: Record) -> Result<Option<String>, StoreError> {
        let mut directory = self.write();
        if directory.draining {
            return Err(StoreError::Unavailable("the relay is going down".to_owned()));
        }
        if directory.rooms.len() >= self.config.sessions {
            return Err(StoreError::Full(self.config.sessions));
        }
        match directory.rooms.entry(record.token) {
            Entry::Occupied(_) => Err(StoreError::Taken),
            Entry::Vacant(vacant) => {
                tracing::info!(token = ?record.token, mode = %record.mode, "session created");
                // Of a sealed session there is nothing to be kept that anybody could play.
                let recorder = self.recorder.as_ref().filter(|_| !record.sealed);
                let begun = recorder.and_then(|recorder| recorder.begin());
                let (name, recording) = begun.unzip();
                let reference = record.reference.clone().map(|reference| (reference, record.token));
                record.recording.clone_from(&name);
                vacant.insert(Arc::new(Room::new(record, self.config.clone(), recording, Instant::now())));
                directory.references.extend(reference);
                Ok(name)
            }
        }
    }

    fn remove(&self, token: Token, reason: EndReason) -> bool {
        let mut directory = self.write();
        let Some(room) = directory.rooms.remove(&token) else { return false };
        // Another session may have it by now.
        if let Some(reference) = room.reference()
            && directory.references.get(reference) == Some(&token)
        {
            directory.references.remove(reference);
        }
        drop(directory);
        room.end(reason, Instant::now());
        tracing::info!(?token, ?reason, "session ended");
        true
    }
}

/// Nothing here waits, so every reply is there at once.
fn reply<'a, T: Send + 'a>(result: Result<T, StoreError>) -> Reply<'a, T> {
    Box::pin(std::future::ready(result))
}

impl Store for MemoryStore {
    fn create(&self, record: Record) -> Reply<'_, Option<String>> {
        reply(self.insert(record))
    }

    fn recorder(&self) -> Option<&dyn Recorder> {
        self.recorder.as_deref()
    }

    fn find(&self, token: Token) -> Reply<'_, Option<Status>> {
        reply(Ok(self.room(token).map(|room| room.status())))
    }

    fn resolve<'a>(&'a self, reference: &'a str) -> Reply<'a, Option<Status>> {
        let directory = self.read();
        let room = directory.references.get(reference).and_then(|token| directory.rooms.get(token));
        reply(Ok(room.map(|room| room.status())))
    }

    fn take(&self, token: Token, secret: SecretDigest) -> Reply<'_, bool> {
        let room = self.room(token).ok_or(StoreError::Unknown);
        reply(room.map(|room| room.take(secret, Instant::now())))
    }

    fn keep_ticket(&self, token: Token, ticket: SecretDigest, agent: Agent) -> Reply<'_, ()> {
        let room = self.room(token).ok_or(StoreError::Unknown);
        reply(room.map(|room| room.tickets().keep(ticket, agent, Instant::now())))
    }

    fn use_ticket(&self, token: Token, ticket: SecretDigest) -> Reply<'_, Option<Agent>> {
        reply(Ok(self.room(token).and_then(|room| room.tickets().take(ticket, Instant::now()))))
    }

    fn enter(&self, token: Token, role: Role, name: String) -> Reply<'_, Seat> {
        let room = self.room(token).ok_or(StoreError::Unknown);
        reply(room.and_then(|room| room.enter(role, name, Instant::now())))
    }

    fn publish<'a>(&'a self, seat: &'a Seat, message: Message) -> Reply<'a, ()> {
        let published = seat.room.publish(seat.connection, message, Instant::now());
        if let Ok(Published::Stop(reason)) = published {
            self.remove(seat.token(), reason);
        }
        reply(published.map(|_| ()).map_err(StoreError::Closed))
    }

    fn leave<'a>(&'a self, seat: &'a Seat) -> Reply<'a, ()> {
        seat.room.leave(seat.connection, Instant::now());
        reply(Ok(()))
    }

    fn leaving(&self, token: Token, connection: u64) -> Reply<'_, bool> {
        let room = self.room(token);
        if let Some(room) = &room {
            room.leaving(connection, Instant::now());
        }
        reply(Ok(room.is_some()))
    }

    fn end(&self, token: Token, reason: EndReason) -> Reply<'_, bool> {
        reply(Ok(self.remove(token, reason)))
    }

    fn sweep(&self) -> Reply<'_, ()> {
        let now = Instant::now();
        let overdue = |(token, room): (&Token, &Arc<Room>)| Some((*token, room.end_overdue(now)?));
        let overdue: Vec<(Token, EndReason)> = self.read().rooms.iter().filter_map(overdue).collect();
        for (token, reason) in overdue {
            self.remove(token, reason);
        }
        reply(Ok(()))
    }

    fn drain(&self) -> Reply<'_, ()> {
        let tokens: Vec<Token> = {
            let mut directory = self.write();
            directory.draining = true;
            directory.rooms.keys().copied().collect()
        };
        for token in tokens {
            self.remove(token, EndReason::Shutdown);
        }
        reply(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Mode;
    use std::time::{Duration, SystemTime};

    fn record(token: &str) -> Record {
        let now = SystemTime::now();
        let (_, secret) = SecretDigest::generate().unwrap();
        let token = token.parse().unwrap();
        let (mode, recording, reference) = (Mode::View, None, None);
        Record { token, secret, mode, created: now, expires: now, recording, reference, open: false, sealed: false }
    }

    fn store(config: Config) -> MemoryStore {
        MemoryStore::new(Arc::new(config))
    }

    #[tokio::test]
    async fn a_token_is_unique_among_live_sessions() {
        let store = store(Config { sessions: 2, ..Config::default() });
        store.create(record("000000001")).await.unwrap();
        assert_eq!(store.create(record("000000001")).await, Err(StoreError::Taken));
        store.create(record("000000002")).await.unwrap();
        assert_eq!(store.create(record("000000003")).await, Err(StoreError::Full(2)));
        let token = "000000001".parse().unwrap();
        assert!(store.end(token, EndReason::Customer).await.unwrap());
        assert!(!store.end(token, EndReason::Customer).await.unwrap());
        store.create(record("000000001")).await.unwrap();
    }

    #[tokio::test]
    async fn a_session_without_its_customer_ends_after_the_absence() {
        let store = store(Config { absence: Duration::from_millis(20), ..Config::default() });
        store.create(record("000000001")).await.unwrap();
        store.create(record("000000002")).await.unwrap();
        let kept: Token = "000000002".parse().unwrap();
        let customer = store.enter(kept, Role::Customer, String::new()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(30)).await;
        store.sweep().await.unwrap();
        assert!(store.find("000000001".parse().unwrap()).await.unwrap().is_none());
        assert!(store.find(kept).await.unwrap().unwrap().customer);
        store.leave(&customer).await.unwrap();
        tokio::time::sleep(Duration::from_millis(30)).await;
        store.sweep().await.unwrap();
        assert!(store.find(kept).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_reference_names_the_newest_live_session_that_has_it() {
        let store = store(Config::default());
        let with = |token| Record { reference: Some("conversation".to_owned()), ..record(token) };
        let found = async || store.resolve("conversation").await.unwrap().map(|status| status.record.token.reveal());
        assert_eq!(found().await, None);
        store.create(with("000000001")).await.unwrap();
        store.create(with("000000002")).await.unwrap();
        assert_eq!(found().await.as_deref(), Some("000000002"));
        // The older one's end does not take it away.
        store.end("000000001".parse().unwrap(), EndReason::Customer).await.unwrap();
        assert_eq!(found().await.as_deref(), Some("000000002"));
        store.end("000000002".parse().unwrap(), EndReason::Customer).await.unwrap();
        assert_eq!(found().await, None);
        assert!(store.read().references.is_empty());
    }

    #[tokio::test]
    async fn an_invitation_is_taken_once() {
        let store = store(Config::default());
        let token: Token = "000000001".parse().unwrap();
        let take = async |token| {
            let (secret, digest) = SecretDigest::generate().unwrap();
            store.take(token, digest).await.map(|taken| taken.then_some(secret))
        };
        store.create(Record { open: true, ..record("000000001") }).await.unwrap();
        let secret = take(token).await.unwrap().unwrap();
        let record = store.find(token).await.unwrap().unwrap().record;
        assert!(!record.open && record.secret.matches(&secret));
        assert_eq!(take(token).await, Ok(None));
        assert!(store.find(token).await.unwrap().unwrap().record.secret.matches(&secret));
        // A session that its customer has made is nobody else's.
        store.create(self::record("000000002")).await.unwrap();
        assert_eq!(take("000000002".parse().unwrap()).await, Ok(None));
        assert_eq!(take("000000003".parse().unwrap()).await, Err(StoreError::Unknown));
    }

    #[tokio::test]
    async fn a_draining_store_takes_nothing_new() {
        let store = store(Config::default());
        store.create(record("000000001")).await.unwrap();
        store.drain().await.unwrap();
        assert!(store.find("000000001".parse().unwrap()).await.unwrap().is_none());
        let refused = store.create(record("000000002")).await.unwrap_err();
        assert_eq!(refused, StoreError::Unavailable("the relay is going down".into()));
    }
}
