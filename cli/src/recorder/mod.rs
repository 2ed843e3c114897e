//! Recordings of a relay's sessions: a file for each, appended to as frames come, and packed when the session has ended
//! (`docs/adr/0006-recordings-at-the-relay.md`).

mod folder;
mod names;
mod tape;
#[cfg(feature = "s3")]
mod vault;
#[cfg(not(feature = "s3"))]
#[path = "no_vault.rs"]
mod vault;

use crate::failure::Failure;
use ::relay::{
    Recorded, Recorder, Recording, Rules,
    store::{Reply, StoreError},
};
use folder::Folder;
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tape::{Handle, Tape};
use vault::Vault;

/// How often it is looked what waits to be written.
const TICK: Duration = Duration::from_millis(100);

/// So long a frame may have waited when it is looked: with the above and the time for writing it, less than a second.
const WAITS: Duration = Duration::from_millis(700);

/// How often it is looked what is too old.
const SWEEP: Duration = Duration::from_secs(60);

/// How often the rules are read again.
const RULES: Duration = Duration::from_secs(1);

/// So long what has ended is packed when the relay goes down; the rest is at the next start.
const GRACE: Duration = Duration::from_secs(10);

/// What is to be kept, and for how long.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    /// Recordings that are older are deleted.
    pub(crate) keep: Option<Duration>,
    /// Whether each block is on the disk before the next one is written.
    pub(crate) sync: bool,
    /// The file of privacy rules that the relay hands out.
    pub(crate) rules: Option<PathBuf>,
    /// The bucket where what has ended goes, as `s3://BUCKET/PREFIX`; none where it stays in the folder.
    pub(crate) bucket: Option<String>,
}

/// Keeps the sessions of a relay in a folder.
#[derive(Debug)]
pub(crate) struct Keeper {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    folder: Folder,
    vault: Option<Vault>,
    terms: Terms,
    /// The rules that were last understood, as JSON: they are told in each recording.
    rules: Mutex<Option<String>>,
    tapes: Mutex<HashMap<String, Arc<Mutex<Tape>>>>,
    stopping: AtomicBool,
    /// Told when there is something to do before the next look.
    wake: (Mutex<bool>, Condvar),
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Keeper {
    /// Begins to keep sessions in a folder, which is made if it is not there. What an earlier relay has left is packed.
    pub(crate) fn start(folder: &Path, terms: Terms) -> Result<Arc<Self>, Failure> {
        let failed = |error: std::io::Error| Failure::Runtime(format!("--record: {}: {error}", folder.display()));
        let folder = Folder::open(folder).map_err(failed)?;
        let vault = terms.bucket.as_deref().map(Vault::open).transpose().map_err(failed)?;
        // What is packed already has not been put there.
        let left = folder.unpacked().map_err(failed)?;
        let left = if vault.is_some() { folder.names().map_err(failed)? } else { left };
        let (to_pack, packing) = mpsc::channel();
        for name in left {
            let _ = to_pack.send(name);
        }
        let rules = Mutex::new(rules_of(&terms));
        let shared = Arc::new(Shared {
            folder,
            vault,
            terms,
            rules,
            tapes: Mutex::default(),
            stopping: AtomicBool::new(false),
            wake: (Mutex::new(false), Condvar::new()),
        });
        let writing = std::thread::Builder::new().name("recording".to_owned()).spawn({
            let shared = shared.clone();
            move || shared.write(&to_pack)
        });
        let packing = std::thread::Builder::new().name("packing".to_owned()).spawn({
            let shared = shared.clone();
            move || shared.pack(&packing)
        });
        let threads = vec![writing.map_err(failed)?, packing.map_err(failed)?];
        Ok(Arc::new(Self { shared, threads: Mutex::new(threads) }))
    }

    /// Writes what is left, once no session goes on any more.
    pub(crate) fn finish(&self) {
        self.shared.stopping.store(true, Ordering::Release);
        self.shared.wake();
        for thread in lock(&self.threads).drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn wake(&self) {
        *lock(&self.wake.0) = true;
        self.wake.1.notify_one();
    }

    /// The thread that writes.
    fn write(&self, to_pack: &mpsc::Sender<String>) {
        let mut swept: Option<Instant> = None;
        let mut read = Instant::now();
        loop {
            let stopping = self.stopping.load(Ordering::Acquire);
            let tapes: Vec<(String, Arc<Mutex<Tape>>)> =
                lock(&self.tapes).iter().map(|(name, tape)| (name.clone(), tape.clone())).collect();
            for (name, tape) in tapes {
                if let Some(ended) =
                    tape::advance(&tape, WAITS, stopping, |bytes| self.folder.append(&name, bytes, self.terms.sync))
                {
                    lock(&self.tapes).remove(&name);
                    if let Err(error) = self.folder.end(&name, ended.deleted) {
                        tracing::error!(%error, recording = name, "a recording could not be ended");
                    } else if !ended.deleted && ended.written {
                        let _ = to_pack.send(name);
                    }
                }
            }
            if stopping {
                return;
            }
            if read.elapsed() >= RULES {
                read = Instant::now();
                if let Some(rules) = rules_of(&self.terms) {
                    *lock(&self.rules) = Some(rules);
                }
            }
            if let Some(keep) = self.terms.keep
                && swept.is_none_or(|swept| swept.elapsed() >= SWEEP)
            {
                swept = Some(Instant::now());
                self.sweep(keep);
            }
            let (flag, condition) = &self.wake;
            let guard = lock(flag);
            if !*guard {
                let waited = condition.wait_timeout(guard, TICK).unwrap_or_else(PoisonError::into_inner);
                *{ waited.0 } = false;
            } else {
                *{ guard } = false;
            }
        }
    }

    /// Where there is a bucket the recording goes there.
    fn put(&self, name: &str) -> std::io::Result<()> {
        let file = self.folder.file(name);
        let Some(vault) = self.vault.as_ref().filter(|_| file.exists()) else { return Ok(()) };
        vault.put(name, &file)?;
        self.folder.delete(name).map(drop)
    }

    fn list(&self) -> std::io::Result<Vec<Recorded>> {
        let mut all = self.folder.list()?;
        if let Some(vault) = &self.vault {
            all.extend(vault.list()?);
        }
        Ok(all)
    }

    fn delete(&self, name: &str) -> std::io::Result<bool> {
        let here = self.folder.delete(name)?;
        let there = self.vault.as_ref().map_or(Ok(false), |vault| vault.delete(name))?;
        Ok(here || there)
    }

    fn sweep(&self, keep: Duration) {
        let is_live = |name: &str| lock(&self.tapes).contains_key(name);
        let expired = self.folder.expire(keep, is_live);
        let stored = self.vault.as_ref().map_or(Ok(0), |vault| vault.expire(keep));
        match expired.and_then(|count| Ok(count + stored?)) {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "recordings deleted, as they are old"),
            Err(error) => tracing::error!(%error, "old recordings were not looked for"),
        }
    }

    /// The thread that packs what has ended.
    fn pack(&self, names: &mpsc::Receiver<String>) {
        let mut stopped: Option<Instant> = None;
        while let Ok(name) = names.recv() {
            if self.stopping.load(Ordering::Acquire) && stopped.get_or_insert_with(Instant::now).elapsed() >= GRACE {
                tracing::warn!("not all recordings were packed; they are at the next start");
                return;
            }
            match self.folder.pack(&name) {
                Ok(Some(packed)) => {
                    tracing::info!(recording = name, frames = packed.frames, bytes = packed.bytes, "recording packed");
                }
                Ok(None) => {}
                Err(error) => tracing::error!(%error, recording = name, "a recording could not be packed"),
            }
            if let Err(error) = self.put(&name) {
                tracing::error!(%error, recording = name, "a recording stays here; it is put into its bucket at the next start");
            }
        }
    }
}

/// The rules in the file, where they are understood.
fn rules_of(terms: &Terms) -> Option<String> {
    let text = std::fs::read_to_string(terms.rules.as_ref()?).ok()?;
    serde_json::to_string(&Rules::parse(&text).ok()?).ok()
}

impl Recorder for Keeper {
    fn begin(&self) -> Option<(String, Box<dyn Recording>)> {
        if self.shared.stopping.load(Ordering::Acquire) {
            return None;
        }
        let name = match names::new() {
            Ok(name) => name,
            Err(error) => {
                tracing::error!(%error, "a session is not recorded: the system has no random bytes");
                return None;
            }
        };
        let tape = Arc::new(Mutex::new(Tape::new(lock(&self.shared.rules).clone())));
        lock(&self.shared.tapes).insert(name.clone(), tape.clone());
        let shared = self.shared.clone();
        Some((name, Box::new(Handle::new(tape, move || shared.wake()))))
    }

    fn list(&self) -> Reply<'_, Vec<Recorded>> {
        let shared = self.shared.clone();
        Box::pin(async move { blocking(move || shared.list()).await })
    }

    fn delete<'a>(&'a self, name: &'a str) -> Reply<'a, bool> {
        let (shared, name) = (self.shared.clone(), name.to_owned());
        Box::pin(async move {
            if !names::is_one(&name) {
                return Ok(false);
            }
            let live = lock(&shared.tapes).get(&name).cloned();
            if let Some(tape) = live {
                lock(&tape).delete();
                shared.wake();
                return Ok(true);
            }
            blocking(move || shared.delete(&name)).await
        })
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, StoreError> {
    let unavailable = |error: &dyn std::fmt::Display| StoreError::Unavailable(format!("recordings: {error}"));
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| unavailable(&error))?;
    done.map_err(|error| unavailable(&error))
}
