//! `cobrowse serve`: the relay on an address, until it is told to stop.

use crate::{
    failure::Failure,
    recorder::{Keeper, Terms},
    units::{age, size, time},
};
use clap::{Args as ClapArgs, ValueEnum};
use relay::{
    App, Config, Recorder,
    network::Network,
    store::{Store, memory::MemoryStore, redis::RedisStore},
};
use std::{
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Serve the relay: sessions, WebSockets, and the built pages.
///
/// Prints `serving on http://ADDRESS` (or https) once it listens, and logs to standard error. Ctrl-C or SIGTERM ends all sessions,
/// tells everyone, and exits. Times are written as 500ms, 30s, 5m or 8h, sizes as 65536, 64KiB or 16MiB.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// A file of these settings in TOML, a line each: frame-bytes = "16MiB". The environment goes before it, as
    /// COBROWSE_FRAME_BYTES, and the command line before both (docs/operations.md).
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// The address to listen on; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// The folder with the built pages, served at /; without it no pages are served.
    #[arg(long, value_name = "DIR")]
    pages: Option<PathBuf>,

    /// Where sessions live: memory, or redis://HOST:PORT, which several relays share: any of them serves either side of a
    /// session, and one may go down. May be repeated: sessions are spread over all of them, which each relay has to name in the
    /// same order. docs/scaling.md.
    #[arg(long, value_name = "STORE", default_value = "memory", hide_env_values = true, value_delimiter = ',')]
    store: Vec<String>,

    /// Privacy rules for the customers' pages: a JSON file (docs/privacy.md), or an XML file of DOM restrictions. It is read
    /// again when it changes; one that is not understood changes nothing.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,

    /// ICE servers for screen sharing: a JSON file, a list of {"urls", "username", "credential"} (docs/screen-sharing.md). Without it
    /// two browsers find a way to each other only where there is one without help, as in one network.
    #[arg(long, value_name = "FILE")]
    ice_servers: Option<PathBuf>,

    /// Record every session into this folder, a file each: frames are in it within a second. What has ended is packed. As
    /// s3://BUCKET/PREFIX, where the program was built with it, what has ended goes there; keys are taken from the environment, as AWS's
    /// own tools take them.
    #[arg(long, value_name = "DIR", help_heading = "Recordings")]
    record: Option<String>,

    /// The folder for sessions that go on, where --record names a bucket; it is to outlast the relay.
    #[arg(long, value_name = "DIR", requires = "record", help_heading = "Recordings")]
    record_spool: Option<PathBuf>,

    /// How long recordings are kept, as 30d or 12h, counted from when they were last written to; without it, for ever.
    #[arg(long, value_name = "TIME", value_parser = age, requires = "record", help_heading = "Recordings")]
    record_keep: Option<Duration>,

    /// Wait for the disk behind each block: what was recorded a second ago then outlasts a power cut, too. Without it the
    /// system's own delay (some 30 s) is what a power cut may cost.
    #[arg(long, requires = "record", help_heading = "Recordings")]
    record_sync: bool,

    /// With this secret recordings may be listed (GET /api/recordings) and deleted (DELETE /api/recordings/NAME); at least 16
    /// characters.
    #[arg(long, value_name = "SECRET", hide_env_values = true, help_heading = "Recordings")]
    record_secret: Option<String>,

    /// An origin whose pages may use the relay, as https://shop.example, or * for any; may be repeated. Without it any
    /// may when listening on a loopback address, otherwise only the relay's own.
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',')]
    origin: Vec<String>,

    /// The address or network of a proxy in front of the relay, as 10.0.0.0/8: of it X-Forwarded-For is believed. May be
    /// repeated.
    #[arg(long, value_name = "NETWORK", value_delimiter = ',')]
    proxy: Vec<Network>,

    /// An address or a network from which GET /metrics may be read, beside this machine; may be repeated.
    #[arg(long, value_name = "NETWORK", value_delimiter = ',')]
    metrics_from: Vec<Network>,

    /// How to log: text, or a JSON object on each line.
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text")]
    log_format: LogFormat,
    /// The name by which a balancer finds this node again (Genesys' cookie gcbSessionServer).
    #[arg(long, value_name = "NAME", default_value = "cobrowse", help_heading = "Genesys Co-browse")]
    server_name: String,

    /// Where Genesys' clients reach this node itself, as https://node1.example/cobrowse; told as sessionServerUrl.
    #[arg(long, value_name = "URL", help_heading = "Genesys Co-browse")]
    server_url: Option<String>,
    /// With this secret agents may invite customers (docs/integrations/dynamics-365.md); at least 16 characters.
    #[arg(long, value_name = "SECRET", env = "COBROWSE_INVITE_SECRET", hide_env_values = true)]
    invite_secret: Option<String>,

    /// The issuer whose tokens agents show, as OpenID Connect names it: https://login.example/realm. Its keys are read where it says.
    #[arg(long, value_name = "URL", help_heading = "Who agents are")]
    agent_issuer: Option<String>,

    /// The issuer's public keys instead: a JSON Web Key Set in a file or at an address of https. They are read again as they change.
    #[arg(long, value_name = "FILE or URL", requires = "agent_issuer", help_heading = "Who agents are")]
    agent_keys: Option<String>,

    /// For whom the issuer's tokens have to be; may be repeated. Without it, for --agent-client.
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "Who agents are")]
    agent_audience: Vec<String>,

    /// A claim that tokens have to have, as roles=agent; with dots a claim in a claim, as realm_access.roles=agent.
    #[arg(long, value_name = "CLAIM=VALUE", help_heading = "Who agents are")]
    agent_claim: Option<String>,

    /// The claim with the name that customers read.
    #[arg(long, value_name = "CLAIM", default_value = "name", help_heading = "Who agents are")]
    agent_name: String,

    /// What the agent's page is registered as at the issuer: then it signs agents in by itself.
    #[arg(long, value_name = "ID", requires = "agent_issuer", help_heading = "Who agents are")]
    agent_client: Option<String>,

    /// What the agent's page asks the issuer for.
    #[arg(long, value_name = "SCOPES", default_value = "openid profile", help_heading = "Who agents are")]
    agent_scope: String,

    /// A JSON file of agents with keys of their own: a list of {"id", "name", "sha256"}. It is read again when it changes.
    #[arg(long, value_name = "FILE", help_heading = "Who agents are")]
    agent_list: Option<PathBuf>,

    /// Let whoever has a session's nine digits be an agent, also where others reach the relay. Without it, a relay that listens on
    /// another than a loopback address, or has a proxy before it, has to know agents.
    #[arg(long, help_heading = "Who agents are")]
    insecure: bool,

    /// The relay's certificate, with what it is signed with, in a PEM file: then the relay speaks TLS. It is read again when it changes,
    /// and at SIGHUP.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The certificate's private key, in a PEM file, without a password.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// A PEM file of authorities: for the issuer's certificate beside the system's, for that of Redis (rediss://) instead of them.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// An origin whose pages may have the agent's page in a frame and direct it, as https://org.crm.dynamics.com or
    /// https://*.desk.example; may be repeated. Without it any page may have it in a frame, and none may direct it.
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',')]
    frame_ancestors: Vec<String>,

    /// An origin that agents' browsers may ask for pictures, styles, fonts and media of the customers' pages, as
    /// https://cdn.example or https://*.cdn.example; may be repeated. These are then the only ones; `none` for none at all.
    /// Without it any host with a name of the public web.
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',')]
    assets: Vec<String>,

    /// What to log, as tracing's filters: a level, or a level for each target.
    #[arg(long, value_name = "FILTER", default_value = "info")]
    log: String,

    /// The most sessions at a time.
    #[arg(long, value_name = "N", default_value_t = 10_000, help_heading = "Limits")]
    sessions: usize,

    /// The most agents in one session.
    #[arg(long, value_name = "N", default_value_t = 16, help_heading = "Limits")]
    agents: usize,

    /// The most connections at a time; more wait to be accepted.
    #[arg(long, value_name = "N", default_value_t = 32_768, help_heading = "Limits")]
    connections: usize,

    /// The largest frame from a customer, at most 64MiB.
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "16MiB", help_heading = "Limits")]
    frame_bytes: usize,

    /// The most kept of a session for agents who come later.
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "16MiB", help_heading = "Limits")]
    log_bytes: usize,

    /// How far an agent may fall behind before it has to wait for the next keyframe.
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "8MiB", help_heading = "Limits")]
    queue_bytes: usize,

    /// The most connections of one address at a time; 0 for no limit, as behind a proxy that is not listed.
    #[arg(long, value_name = "N", default_value_t = 4_096, help_heading = "Limits")]
    address_connections: usize,

    /// Sessions that one address may create in a row before it has to wait; 0 for no limit.
    #[arg(long, value_name = "N", default_value_t = 1_000, help_heading = "Limits")]
    create_burst: u32,

    /// The time in which one more is earned back.
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "100ms", help_heading = "Limits")]
    create_refill: Duration,

    /// Wrong tokens or secrets in a row from one address before it has to wait; 0 for no limit.
    #[arg(long, value_name = "N", default_value_t = 20, help_heading = "Limits")]
    miss_burst: u32,

    /// The time in which one more wrong attempt is earned back.
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "6s", help_heading = "Limits")]
    miss_refill: Duration,

    /// Wrong tokens in a row from all addresses together, before nobody is told of a right one who shows nothing else; 0 for no limit.
    #[arg(long, value_name = "N", default_value_t = 10_000, help_heading = "Limits")]
    guess_burst: u32,

    /// The time in which one more is earned back.
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "1s", help_heading = "Limits")]
    guess_refill: Duration,

    /// How often agents may come into one session in a row, over all addresses; 0 for no limit.
    #[arg(long, value_name = "N", default_value_t = 60, help_heading = "Limits")]
    join_burst: u32,

    /// The time in which one more is earned back.
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "1s", help_heading = "Limits")]
    join_refill: Duration,

    /// The least time between two requests for a keyframe in one session.
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "2s", help_heading = "Times")]
    keyframe_interval: Duration,

    /// How long a session waits when its customer has left the page; a navigation or a reload comes back within it.
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "30s", help_heading = "Times")]
    grace: Duration,

    /// How long a session waits when nothing is heard of its customer, as of a device that sleeps; and a new one for its
    /// customer.
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "5m", help_heading = "Times")]
    absence: Duration,

    /// The age at which a session ends whatever happens in it.
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "8h", help_heading = "Times")]
    session_age: Duration,

    /// The time between two pings to each peer.
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "15s", help_heading = "Times")]
    ping_interval: Duration,

    /// How long a peer may say nothing before it is dropped.
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "45s", help_heading = "Times")]
    silence: Duration,

    /// How long a peer may take nothing of what waits for it before it is dropped.
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "30s", help_heading = "Times")]
    send_timeout: Duration,

    /// How long the customer's connection may take to send its secret.
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "5s", help_heading = "Times")]
    secret_timeout: Duration,

    /// How long a closing connection may take.
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "3s", help_heading = "Times")]
    close_timeout: Duration,
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

impl Args {
    fn config(self) -> Config {
        Config {
            pages: self.pages,
            rules: self.rules,
            ice_servers: self.ice_servers,
            record_secret: self.record_secret,
            server_name: self.server_name,
            server_url: self.server_url,
            invite_secret: self.invite_secret,
            assets: (!self.assets.is_empty())
                .then(|| self.assets.into_iter().filter(|origin| origin != "none").collect()),
            frame_ancestors: (!self.frame_ancestors.is_empty()).then_some(self.frame_ancestors),
            origins: (!self.origin.is_empty()).then_some(self.origin),
            sessions: self.sessions,
            agents: self.agents,
            connections: self.connections,
            frame_bytes: self.frame_bytes,
            log_bytes: self.log_bytes,
            queue_bytes: self.queue_bytes,
            keyframe_interval: self.keyframe_interval,
            grace: self.grace,
            absence: self.absence,
            session_age: self.session_age,
            ping_interval: self.ping_interval,
            silence: self.silence,
            send_timeout: self.send_timeout,
            secret_timeout: self.secret_timeout,
            close_timeout: self.close_timeout,
            proxies: self.proxy,
            metrics_from: self.metrics_from,
            address_connections: self.address_connections,
            create_burst: self.create_burst,
            create_refill: self.create_refill,
            miss_burst: self.miss_burst,
            miss_refill: self.miss_refill,
            guess_burst: self.guess_burst,
            guess_refill: self.guess_refill,
            join_burst: self.join_burst,
            join_refill: self.join_refill,
            agent_issuer: self.agent_issuer,
            agent_keys: self.agent_keys,
            agent_audience: self.agent_audience,
            agent_claim: self.agent_claim,
            agent_name: self.agent_name,
            agent_client: self.agent_client,
            agent_scope: self.agent_scope,
            agent_list: self.agent_list,
            tls_cert: self.tls_cert,
            tls_key: self.tls_key,
            ca: self.ca,
            insecure: self.insecure,
        }
    }
}

/// Serves until ctrl-C or SIGTERM.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let filter =
        EnvFilter::try_new(&args.log).map_err(|error| Failure::Usage(format!("--log: expected a filter: {error}")))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match args.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    let listen = args.listen;
    let stores = args.store.clone();
    let (record, spool, keep, sync) =
        (args.record.clone(), args.record_spool.clone(), args.record_keep, args.record_sync);
    let config = args.config();
    config.check().map_err(|error| Failure::Usage(format!("--{error}")))?;
    config.check_exposure(listen).map_err(|error| Failure::Usage(format!("--{error}")))?;
    let rules = config.rules.clone();
    let (folder, bucket) = match record {
        Some(bucket) if bucket.starts_with("s3://") => {
            let expected = "--record-spool: expected a folder for sessions that go on, as --record names a bucket";
            (Some(spool.ok_or_else(|| Failure::Usage(expected.to_owned()))?), Some(bucket))
        }
        record => (record.map(PathBuf::from), None),
    };
    let keeper = folder.map(|folder| Keeper::start(&folder, Terms { keep, sync, rules, bucket })).transpose()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Runtime(format!("cannot start: {error}")))?;
    let served = runtime.block_on(serve(listen, config, &stores, keeper.clone()));
    // Every session has ended.
    drop(runtime);
    if let Some(keeper) = keeper {
        keeper.finish();
    }
    served
}

async fn serve(
    listen: SocketAddr,
    config: Config,
    stores: &[String],
    keeper: Option<Arc<Keeper>>,
) -> Result<(), Failure> {
    let config = Arc::new(config);
    let store = store(&config, stores, keeper)?;
    let failed = |error: io::Error| Failure::Runtime(format!("cannot listen on {listen}: {error}"));
    let listener = TcpListener::bind(listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let stop = stop().map_err(|error| Failure::Runtime(format!("cannot wait for signals: {error}")))?;
    let scheme = if config.tls_cert.is_some() { "https" } else { "http" };
    let mut out = io::stdout();
    if let Err(error) = writeln!(out, "serving on {scheme}://{address}").and_then(|()| out.flush()) {
        // Whoever started this does not read it; that is no reason not to serve.
        tracing::debug!(%error, "the address could not be printed");
    }
    let app = App::new(config, store, address).map_err(|error| Failure::Runtime(error.to_string()))?;
    let hangup = hangup(app.clone()).map_err(|error| Failure::Runtime(format!("cannot wait for signals: {error}")))?;
    let hangups = tokio::spawn(hangup);
    relay::serve_app(listener, &app, stop).await;
    hangups.abort();
    Ok(())
}

/// Reads what may change again at each SIGHUP, for ever.
#[cfg(unix)]
fn hangup(app: App) -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        while hangup.recv().await.is_some() {
            app.reload();
        }
    })
}

/// There is no such signal.
#[cfg(not(unix))]
fn hangup(_: App) -> io::Result<impl Future<Output = ()>> {
    Ok(std::future::pending())
}

/// Where sessions live.
fn store(config: &Arc<Config>, addresses: &[String], keeper: Option<Arc<Keeper>>) -> Result<Arc<dyn Store>, Failure> {
    if let [memory] = addresses
        && memory == "memory"
    {
        return Ok(match keeper {
            Some(keeper) => Arc::new(MemoryStore::recorded(config.clone(), keeper)),
            None => Arc::new(MemoryStore::new(config.clone())),
        });
    }
    let recorder = keeper.map(|keeper| keeper as Arc<dyn Recorder>);
    let store = RedisStore::new(config.clone(), addresses, recorder);
    store.map(|store| Arc::new(store) as Arc<dyn Store>).map_err(|error| Failure::Usage(format!("--store: {error}")))
}

/// Resolves at ctrl-C or SIGTERM. The handlers are in place when this returns.
#[cfg(unix)]
fn stop() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
    })
}

/// Resolves at ctrl-C.
#[cfg(not(unix))]
fn stop() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "cannot wait for ctrl-C");
            std::future::pending::<()>().await;
        }
        tracing::info!("stopping");
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Alone {
        #[command(flatten)]
        args: Args,
    }

    fn parse(flags: &[&str]) -> Config {
        Alone::try_parse_from(std::iter::once(&"serve").chain(flags)).unwrap().args.config()
    }

    #[test]
    fn the_defaults_are_those_of_the_relay() {
        assert_eq!(parse(&[]), Config::default());
    }

    #[test]
    fn flags_become_settings() {
        let config = parse(&["--origin", "https://a.example", "--origin", "*", "--log-bytes", "1KiB", "--grace", "5m"]);
        assert_eq!(config.origins, Some(vec!["https://a.example".to_owned(), "*".to_owned()]));
        assert_eq!((config.log_bytes, config.grace), (1_024, Duration::from_secs(300)));
    }
}
