//! Reading the logs of many sessions over one connection, and handing on what stands in them.

use super::{
    entry::{self, Entry, Id},
    link::Link,
    replica::Replica,
};
use redis::{RedisError, Value, aio::MultiplexedConnection, cmd};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};

/// The most logs that are read over one connection. The server goes through all of them for each answer.
pub(super) const LOGS: usize = 256;

/// How long the server waits for something to say.
const WAIT: Duration = Duration::from_secs(2);

/// How much longer its answer may take.
const LATE: Duration = Duration::from_secs(2);

/// Between two answers, so that each has what has come for many sessions: the cost of an answer is mostly that of asking.
const GATHER: Duration = Duration::from_millis(4);

/// The most entries of one log in one answer.
const ENTRIES: usize = 64;

/// Between two tries to end the server's waiting, or to connect.
const PAUSE: Duration = Duration::from_millis(2);
const RETRY: Duration = Duration::from_millis(250);

/// Takes what stands in a log, in its order.
pub(super) trait Reader: Send + Sync + 'static {
    fn take(&self, replica: &Arc<Replica>, id: Id, entry: Option<Entry>);
    /// What there was has been taken.
    fn caught_up(&self, replica: &Arc<Replica>);
}

/// The logs that one connection reads.
pub(super) struct Feed {
    link: Arc<Link>,
    logs: Mutex<Vec<Arc<Replica>>>,
    /// They are others than those that are being waited for.
    stale: AtomicBool,
    changed: Notify,
    /// There is one to begin with.
    begun: Notify,
}

impl Feed {
    pub(super) fn new(link: Arc<Link>) -> Self {
        Self {
            link,
            logs: Mutex::default(),
            stale: AtomicBool::new(false),
            changed: Notify::new(),
            begun: Notify::new(),
        }
    }

    fn logs(&self) -> MutexGuard<'_, Vec<Arc<Replica>>> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it can read another log.
    pub(super) fn has_room(&self) -> bool {
        self.logs().len() < LOGS
    }

    /// Reads a log, too.
    pub(super) fn add(&self, replica: &Arc<Replica>) {
        self.logs().push(replica.clone());
        self.stale.store(true, Ordering::Release);
        self.changed.notify_one();
        self.begun.notify_one();
    }

    /// Reads a log no longer. It may be read once more.
    pub(super) fn remove(&self, replica: &Arc<Replica>) {
        self.logs().retain(|other| !Arc::ptr_eq(other, replica));
    }

    /// Reads, again and again.
    pub(super) async fn run(self: Arc<Self>, reader: Arc<dyn Reader>) {
        loop {
            let began = async {
                let mut connection = self.link.another().await?;
                let id: u64 = cmd("CLIENT").arg("ID").query_async(&mut connection).await?;
                Ok::<_, RedisError>((connection, id))
            };
            let ended = match began.await {
                Ok((connection, id)) => tokio::select! {
                    error = self.read(connection, &*reader) => error,
                    never = self.interrupt(id) => never,
                },
                Err(error) => error,
            };
            tracing::debug!(error = %ended, "logs are not read; once more");
            sleep(RETRY).await;
        }
    }

    /// Ends the server's waiting when there is another log to read.
    async fn interrupt(&self, id: u64) -> RedisError {
        let mut unblock = cmd("CLIENT");
        unblock.arg("UNBLOCK").arg(id);
        loop {
            self.changed.notified().await;
            // It may be just about to wait: then it is too early.
            while self.stale.load(Ordering::Acquire) {
                if self.link.say(&unblock).await.is_err() {
                    sleep(RETRY).await;
                }
                sleep(PAUSE).await;
            }
        }
    }

    async fn read(&self, mut connection: MultiplexedConnection, reader: &dyn Reader) -> RedisError {
        loop {
            self.stale.store(false, Ordering::Release);
            let logs = self.logs().clone();
            if logs.is_empty() {
                self.begun.notified().await;
                continue;
            }
            let mut command = cmd("XREAD");
            let wait = u64::try_from(WAIT.as_millis()).unwrap_or(u64::MAX);
            command.arg("COUNT").arg(ENTRIES).arg("BLOCK").arg(wait).arg("STREAMS");
            for replica in &logs {
                command.arg(&replica.keys[1]);
            }
            for replica in &logs {
                command.arg(replica.at().to_string());
            }
            let answer = match timeout(WAIT + LATE, connection.send_packed_command(&command)).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(error)) => return error,
                Err(_) => return RedisError::from((redis::ErrorKind::Io, "no answer")),
            };
            match answer.extract_error() {
                Ok(Value::Nil) => {}
                Ok(answer) => {
                    hand_on(answer, &logs, reader);
                    sleep(GATHER).await;
                }
                Err(error) => return error,
            }
        }
    }
}

fn hand_on(answer: Value, logs: &[Arc<Replica>], reader: &dyn Reader) {
    // Logs come in the order in which they were asked for.
    let mut asked = logs.iter();
    for log in entry::list(answer).unwrap_or_default() {
        let mut parts = entry::list(log).unwrap_or_default().into_iter();
        let Some(key) = parts.next().and_then(entry::bytes) else { continue };
        let Some(replica) = asked.find(|replica| replica.keys[1].as_bytes() == key) else { continue };
        for (id, entry) in parts.next().and_then(entry::entries).unwrap_or_default() {
            reader.take(replica, id, entry);
            replica.advance(id);
        }
        reader.caught_up(replica);
    }
}
