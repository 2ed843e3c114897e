//! The connection to one Redis server: taken up again when it breaks, and what is said over it.

use redis::{AsyncConnectionConfig, Client, Cmd, RedisError, Value, aio::MultiplexedConnection, cmd};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    time::{sleep, timeout},
};

/// How long the server may take to answer, unless it was asked to wait.
pub(super) const ANSWER: Duration = Duration::from_secs(3);

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(1);

/// Between two tries to connect.
const PAUSE: Duration = Duration::from_millis(250);

/// A script that the server runs as one step.
pub(super) struct Script {
    code: &'static str,
    hash: String,
}

impl Script {
    pub(super) fn new(code: &'static str) -> Self {
        Self { code, hash: redis::Script::new(code).get_hash().to_owned() }
    }

    /// The command that runs it: keys and arguments are added to it.
    pub(super) fn by_hash(&self, keys: &[String; 2]) -> Cmd {
        let mut command = cmd("EVALSHA");
        command.arg(&self.hash).arg(keys.len()).arg(keys);
        command
    }

    fn whole(&self, keys: &[String; 2]) -> Cmd {
        let mut command = cmd("EVAL");
        command.arg(self.code).arg(keys.len()).arg(keys);
        command
    }
}

#[derive(Clone)]
struct Current {
    generation: u64,
    connection: MultiplexedConnection,
}

/// See the module's documentation.
pub(super) struct Link {
    client: Client,
    current: watch::Sender<Option<Current>>,
    /// The connection was given up.
    broken: Notify,
    /// How often the server was found to be another process than before.
    restarts: AtomicU64,
    /// That there is something to look after before the next second.
    pub(super) changed: Notify,
}

impl Link {
    /// A connection to be; [`Link::run`] makes it.
    pub(super) fn new(client: Client) -> Self {
        let (current, _) = watch::channel(None);
        Self { client, current, broken: Notify::new(), restarts: AtomicU64::new(0), changed: Notify::new() }
    }

    /// Connects, again and again.
    pub(super) async fn run(self: Arc<Self>) {
        let mut process: Option<String> = None;
        let mut generation = 0;
        let mut is_known = false;
        loop {
            match self.open().await {
                Ok((connection, found)) => {
                    if process.as_ref().is_some_and(|process| *process != found) {
                        tracing::warn!("the store was restarted");
                        self.restarts.fetch_add(1, Ordering::Relaxed);
                    }
                    process = Some(found);
                    generation += 1;
                    is_known = false;
                    // An older sign of breakage is of no interest.
                    let broken = self.broken.notified();
                    self.current.send_replace(Some(Current { generation, connection }));
                    self.changed.notify_one();
                    tracing::info!("the store is connected");
                    broken.await;
                }
                Err(error) => {
                    if !std::mem::replace(&mut is_known, true) {
                        tracing::warn!(%error, "the store cannot be reached");
                    }
                    sleep(PAUSE).await;
                }
            }
        }
    }

    async fn open(&self) -> Result<(MultiplexedConnection, String), RedisError> {
        let mut connection = self.client.get_multiplexed_async_connection_with_config(&settings(Some(ANSWER))).await?;
        let told: String = cmd("INFO").arg("server").query_async(&mut connection).await?;
        let process = told.lines().find_map(|line| line.strip_prefix("run_id:")).unwrap_or_default();
        Ok((connection, process.trim().to_owned()))
    }

    /// A connection of its own, for commands that wait.
    pub(super) async fn another(&self) -> Result<MultiplexedConnection, RedisError> {
        self.client.get_multiplexed_async_connection_with_config(&settings(None)).await
    }

    pub(super) fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    /// Whether there is a connection that has not failed.
    pub(super) fn is_up(&self) -> bool {
        self.current.borrow().is_some()
    }

    /// Says a command, once there is a connection: a second at most is waited for that.
    pub(super) async fn say(&self, command: &Cmd) -> Result<Value, RedisError> {
        let mut current = self.connected().await?;
        let answer = current.connection.send_packed_command(command).await;
        self.judge(current.generation, answer)
    }

    /// Runs a script.
    pub(super) async fn script(
        &self,
        script: &Script,
        keys: &[String; 2],
        arguments: impl Fn(&mut Cmd),
    ) -> Result<Value, RedisError> {
        let mut command = script.by_hash(keys);
        arguments(&mut command);
        match self.say(&command).await {
            Err(error) if error.code() == Some("NOSCRIPT") => {
                let mut command = script.whole(keys);
                arguments(&mut command);
                self.say(&command).await
            }
            answer => answer,
        }
    }

    async fn connected(&self) -> Result<Current, RedisError> {
        let mut current = self.current.subscribe();
        let there = timeout(CONNECT, current.wait_for(Option::is_some)).await;
        let there = there.ok().and_then(|there| there.ok()?.clone());
        there.ok_or_else(|| RedisError::from((redis::ErrorKind::Io, "the store cannot be reached")))
    }

    /// What fails for the connection's sake costs it: what was said may still arrive, which is why everything may be said
    /// twice.
    fn judge(&self, generation: u64, answer: Result<Value, RedisError>) -> Result<Value, RedisError> {
        let answer = answer.and_then(Value::extract_error);
        if let Err(error) = &answer
            && (error.is_io_error()
                || error.is_timeout()
                || error.is_connection_dropped()
                || error.is_unrecoverable_error())
        {
            let gave_up = self.current.send_if_modified(|current| {
                let is_it = current.as_ref().is_some_and(|current| current.generation == generation);
                if is_it {
                    *current = None;
                }
                is_it
            });
            if gave_up {
                tracing::warn!(%error, "the store does not answer");
                self.broken.notify_one();
            }
        }
        answer
    }
}

fn settings(answer: Option<Duration>) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT)).set_response_timeout(answer)
}
