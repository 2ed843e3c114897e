//! A session on this node: its room, and how far of the session's log is in it.

use super::{entry::Id, feed::Feed};
use crate::{room::Room, token::Token};
use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicUsize},
    },
    time::Duration,
};
use tokio::{sync::watch, time::timeout};

/// How long a node may take to read what it has written itself.
const CATCH_UP: Duration = Duration::from_secs(5);

/// See the module's documentation.
pub(super) struct Replica {
    pub(super) token: Token,
    /// Which Redis it is in.
    pub(super) shard: usize,
    /// The keys of its fields and of its log.
    pub(super) keys: [String; 2],
    /// Who loads it.
    pub(super) loading: tokio::sync::Mutex<()>,
    room: OnceLock<(Arc<Room>, Arc<Feed>)>,
    place: watch::Sender<Id>,
    /// Participants here, those that are entering, and the recorder. Changed while the directory is locked.
    pub(super) users: AtomicUsize,
    /// Newcomers of this node that the log has not told of yet.
    newcomers: Mutex<HashSet<u64>>,
    /// It is recorded here.
    pub(super) recorded: AtomicBool,
}

impl Replica {
    pub(super) fn new(token: Token, shard: usize, keys: [String; 2]) -> Self {
        Self {
            token,
            shard,
            keys,
            loading: tokio::sync::Mutex::default(),
            room: OnceLock::new(),
            place: watch::channel(Id::default()).0,
            users: AtomicUsize::new(0),
            newcomers: Mutex::default(),
            recorded: AtomicBool::new(false),
        }
    }

    pub(super) fn room(&self) -> Option<&Arc<Room>> {
        self.room.get().map(|(room, _)| room)
    }

    pub(super) fn feed(&self) -> Option<&Arc<Feed>> {
        self.room.get().map(|(_, feed)| feed)
    }

    /// It is loaded: its room is as the session was at a place of the log.
    pub(super) fn begin(&self, room: Arc<Room>, feed: Arc<Feed>, at: Id) {
        self.place.send_replace(at);
        // Who loads holds the lock.
        let _ = self.room.set((room, feed));
    }

    /// How far it was read.
    pub(super) fn at(&self) -> Id {
        *self.place.borrow()
    }

    pub(super) fn advance(&self, id: Id) {
        self.place.send_replace(id);
    }

    /// Waits until it was read as far as that; false where that takes too long.
    pub(super) async fn reaches(&self, id: Id) -> bool {
        let mut place = self.place.subscribe();
        timeout(CATCH_UP, place.wait_for(|at| *at >= id)).await.is_ok_and(|there| there.is_ok())
    }

    fn newcomers(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.newcomers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody is about to enter here.
    pub(super) fn awaits(&self, nonce: u64) {
        self.newcomers().insert(nonce);
    }

    /// Whether that newcomer is still waited for.
    pub(super) fn welcomes(&self, nonce: u64) -> bool {
        self.newcomers().remove(&nonce)
    }
}
