//! The server: what its handlers share, and the loop that accepts connections.

use crate::{
    api,
    config::{Config, ConfigError},
    crowding::{Crowding, Place},
    error::{ApiError, Error},
    genesys::{self, Genesys},
    ice,
    identity::{Identities, check_exposure},
    metrics::{Gauge, Metrics, count},
    network,
    origin::{self, Origins},
    pages,
    rules::{RulesError, RulesFile},
    store::{Store, memory::MemoryStore},
    throttle::Throttle,
    tls,
    token::Token,
};
use axum::{Router, body::Body, extract::Request, middleware, response::IntoResponse};
use http::{HeaderMap, StatusCode, header};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{interval, sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

/// How long a connection may take to send the head of a request, and stay idle between two.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long browsers that were here once speak TLS only, where the relay itself does.
const HSTS: &str = "max-age=31536000";

/// The largest head of a request, in bytes.
const HEAD_BYTES: usize = 16 << 10;

/// How long those who are held over long polling are told of the end, before they are let go of.
const FAREWELL: Duration = Duration::from_millis(100);

/// How long the loop rests when the system has no more sockets to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What all handlers share. Cloning it is cheap.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    config: Arc<Config>,
    store: Arc<dyn Store>,
    origins: Origins,
    throttle: Throttle,
    /// Of sessions being created.
    creations: Throttle,
    /// Of wrong tokens, from everywhere.
    guesses: Throttle<()>,
    /// Of agents who come into a session.
    joins: Throttle<Token>,
    identities: Identities,
    crowding: Arc<Crowding>,
    metrics: Metrics,
    began: Instant,
    /// The second in which something was logged that a flood would repeat.
    logged: AtomicU64,
    tasks: TaskTracker,
    rules: Option<RulesFile>,
    genesys: Genesys,
    /// The answer to who asks for ICE servers.
    ice: String,
    /// The relay's certificate, and what takes connections with it.
    tls: Option<(Arc<tls::Identity>, TlsAcceptor)>,
}

impl App {
    /// A relay with a store of one's own, to be served at an address, which decides what no configured origins means.
    ///
    /// # Errors
    /// [`ConfigError`] when a setting is out of its range.
    pub fn new(config: Arc<Config>, store: Arc<dyn Store>, address: SocketAddr) -> Result<Self, ConfigError> {
        config.check()?;
        check_exposure(&config, address)?;
        let identities = Identities::new(&config)?;
        let guesses = Throttle::new(config.guess_burst, config.guess_refill);
        let joins = Throttle::new(config.join_burst, config.join_refill);
        let origins = Origins::new(config.origins.as_deref(), address.ip().to_canonical().is_loopback());
        let throttle = Throttle::new(config.miss_burst, config.miss_refill);
        let creations = Throttle::new(config.create_burst, config.create_refill);
        let crowding = Crowding::new(config.address_connections);
        let metrics = Metrics::default();
        let unread = |error: RulesError| {
            let expected = "a file of rules".to_owned();
            ConfigError { name: "rules", expected, found: error.to_string() }
        };
        let rules = config.rules.as_deref().map(RulesFile::open).transpose().map_err(unread)?;
        let unread = |error: ice::IceError| {
            let expected = "a file of ICE servers".to_owned();
            ConfigError { name: "ice-servers", expected, found: error.to_string() }
        };
        let ice = ice::answer(config.ice_servers.as_deref()).map_err(unread)?;
        let (tasks, genesys) = (TaskTracker::new(), Genesys::new(&config));
        let tls = match config.certificate()? {
            Some(certificate) => {
                let wrong = |found| ConfigError { name: "tls-cert", expected: "a certificate".to_owned(), found };
                let acceptor = certificate.acceptor().map_err(wrong)?;
                Some((certificate, acceptor))
            }
            None => None,
        };
        let (began, logged) = (Instant::now(), AtomicU64::new(0));
        Ok(Self(Arc::new(Inner {
            config,
            store,
            origins,
            throttle,
            creations,
            guesses,
            joins,
            identities,
            crowding,
            metrics,
            began,
            logged,
            tasks,
            rules,
            genesys,
            ice,
            tls,
        })))
    }

    /// Reads the relay's certificate again, which it does by itself where the file has changed. Connections that are there stay.
    pub fn reload(&self) {
        self.0.tls.iter().for_each(|(certificate, _)| certificate.refresh(true));
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.0.store
    }

    pub(crate) fn origins(&self) -> &Origins {
        &self.0.origins
    }

    pub(crate) fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }

    pub(crate) fn creations(&self) -> &Throttle {
        &self.0.creations
    }

    /// Whether so many wrong tokens have come that nobody is told of a right one who shows nothing else.
    ///
    /// # Errors
    /// How long that will be so.
    pub(crate) fn besieged(&self) -> Result<(), Duration> {
        self.0.guesses.check((), Instant::now())
    }

    /// A wrong token came from here.
    pub(crate) fn guessed(&self, peer: Option<&Peer>) {
        self.0.guesses.miss((), Instant::now());
        if self.besieged().is_err() && self.is_worth_a_line() {
            tracing::error!(target: "audit", "tokens are guessed from many addresses: only who shows more than a token is let in");
        }
        self.miss(peer);
    }

    pub(crate) fn joins(&self) -> &Throttle<Token> {
        &self.0.joins
    }

    pub(crate) fn identities(&self) -> &Identities {
        &self.0.identities
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.0.tasks
    }

    /// True once a second: a flood is not to fill the log.
    pub(crate) fn is_worth_a_line(&self) -> bool {
        let now = self.0.began.elapsed().as_secs() + 1;
        self.0.logged.swap(now, Ordering::Relaxed) != now
    }

    /// Who asks: the peer, or whom a listed proxy names.
    fn asks(&self, peer: &Peer, headers: &HeaderMap) -> Result<Peer, ApiError> {
        let address = network::client(peer.address, headers, &self.config().proxies);
        if address == peer.address {
            return Ok(peer.clone());
        }
        let Some(place) = self.0.crowding.enter(address) else {
            count(&self.metrics().turned_away);
            if self.is_worth_a_line() {
                tracing::warn!(target: "audit", peer = %address, "refused: too many connections of one address");
            }
            return Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too many connections of this address"));
        };
        Ok(Peer { address, _place: Some(Arc::new(place)), is_forwarded: true, ..peer.clone() })
    }

    /// Whether sessions can be created and joined now.
    pub(crate) fn is_ready(&self) -> bool {
        self.store().is_ready()
    }

    pub(crate) fn genesys(&self) -> &Genesys {
        &self.0.genesys
    }

    /// The privacy rules, as JSON.
    pub(crate) fn rules(&self) -> String {
        self.0.rules.as_ref().map_or_else(|| r#"{"rules":[]}"#.to_owned(), RulesFile::json)
    }

    /// The ICE servers, as JSON.
    pub(crate) fn ice(&self) -> String {
        self.0.ice.clone()
    }

    /// A wrong token or secret came from here.
    pub(crate) fn miss(&self, peer: Option<&Peer>) {
        count(&self.metrics().missed);
        if let Some(peer) = peer {
            tracing::warn!(target: "audit", peer = %peer.address, "refused: a wrong token or secret");
            self.throttle().miss(peer.address, Instant::now());
        }
    }

    /// Ends overdue sessions, and looks whether the rules have changed, again and again. [`serve`] runs this beside the router; so must who serves the router of
    /// [`router`] otherwise.
    pub async fn sweep(&self) {
        tokio::select! {
            () = self.0.identities.look_after() => {}
            () = self.look_after_sessions() => {}
            () = self.look_after_certificate() => {}
        }
    }

    async fn look_after_certificate(&self) {
        match &self.0.tls {
            Some((certificate, _)) => certificate.look_after().await,
            None => std::future::pending().await,
        }
    }

    async fn look_after_sessions(&self) {
        let mut tick = interval(self.config().sweep_interval());
        loop {
            tick.tick().await;
            let app = self.clone();
            let looked = tokio::task::spawn_blocking(move || app.0.rules.iter().for_each(RulesFile::refresh)).await;
            if let Err(error) = looked {
                tracing::error!(%error, "privacy rules were not looked at");
            }
            if let Err(error) = self.store().sweep().await {
                tracing::warn!(%error, "overdue sessions were not looked for");
            }
            genesys::sweep(self).await;
        }
    }
}

/// The other end of a connection. The connection counts against [`Config::connections`] as long as one of these lives.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    _slot: Arc<OwnedSemaphorePermit>,
    _place: Option<Arc<Place>>,
    /// Whether it asked through a proxy that is listed.
    pub(crate) is_forwarded: bool,
}

/// All routes of the relay, for a server of one's own; [`serve`] is the one that limits connections and wrong tokens by
/// their address.
pub fn router(app: &App) -> Router {
    let guard = middleware::from_fn_with_state(app.clone(), origin::guard);
    let own = api::routes().layer(guard.clone()).with_state(app.clone());
    let whole = match &app.config().pages {
        Some(folder) => own.fallback_service(pages::router(folder, app.config().frame_ancestors.as_deref())),
        None => own.fallback(pages::nothing),
    };
    // The same is below the path at which agents' desktops look for it.
    let desktops = genesys::routes().layer(guard).with_state(app.clone());
    desktops.nest_service("/cobrowse", whole.clone()).fallback_service(whole)
}

/// Serves a relay with the in-memory store until `shutdown` resolves. Then everyone is told that the session ended
/// ([`Shutdown`](protocol::control::EndReason::Shutdown)), the sockets are closed, and the future resolves, at the latest
/// after three times [`Config::close_timeout`].
///
/// # Errors
/// [`Error::Config`] when a setting is out of its range, [`Error::Listener`] when the listener has no address.
pub async fn serve(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), Error> {
    let address = listener.local_addr().map_err(Error::Listener)?;
    let config = Arc::new(config);
    let store = Arc::new(MemoryStore::new(config.clone()));
    serve_app(listener, &App::new(config, store, address)?, shutdown).await;
    Ok(())
}

/// As [`serve`], with a store of one's own.
pub async fn serve_app(listener: TcpListener, app: &App, shutdown: impl Future<Output = ()> + Send) {
    let router = router(app);
    let slots = Arc::new(Semaphore::new(app.config().connections));
    let stopping = CancellationToken::new();
    let tasks = app.tasks();
    let mut shutdown = pin!(shutdown);
    let mut sweep = pin!(app.sweep());
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            () = &mut sweep => {}
            (stream, peer) = accept(&listener, &slots, app) => {
                match &app.0.tls {
                    None => tasks.spawn(connection(app.clone(), stream, peer, router.clone(), stopping.clone(), false)),
                    Some((_, acceptor)) => {
                        let acceptor = acceptor.clone();
                        tasks.spawn(secured(app.clone(), acceptor, stream, peer, router.clone(), stopping.clone()))
                    }
                };
            }
        }
    }
    drop(listener);
    stopping.cancel();
    if let Err(error) = app.store().drain().await {
        tracing::warn!(%error, "the store was not drained");
    }
    // What has ended is told first.
    sleep(FAREWELL).await;
    app.genesys().stop();
    tasks.close();
    if timeout(app.config().close_timeout * 3, tasks.wait()).await.is_err() {
        tracing::warn!(connections = tasks.len(), "not all connections closed in time");
    }
}

/// The next connection, once there is a slot for it.
async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>, app: &App) -> (TcpStream, Peer) {
    loop {
        let Ok(slot) = slots.clone().acquire_owned().await else {
            // The semaphore is never closed; were it, nothing more could be accepted.
            return std::future::pending().await;
        };
        match listener.accept().await {
            Ok((stream, address)) => {
                let address = address.ip().to_canonical();
                // A frame is to be seen at once; waiting for more to fill a packet gains nothing.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "the connection will be sent packets late");
                }
                // A proxy's connections are those of many; they count when it says whose they are.
                let is_proxy = network::lists(&app.config().proxies, address);
                let place = if is_proxy { None } else { app.0.crowding.enter(address).map(Arc::new) };
                if place.is_none() && !is_proxy {
                    count(&app.metrics().turned_away);
                    if app.is_worth_a_line() {
                        tracing::warn!(target: "audit", peer = %address, "refused: too many connections of one address; is it a proxy that is not listed?");
                    }
                    continue;
                }
                return (stream, Peer { address, _slot: Arc::new(slot), _place: place, is_forwarded: false });
            }
            Err(error) if gone_already(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection could be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn gone_already(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// A connection over TLS, once its handshake is done. Until then it counts as any other of its address.
async fn secured(
    app: App,
    acceptor: TlsAcceptor,
    stream: TcpStream,
    peer: Peer,
    router: Router,
    stopping: CancellationToken,
) {
    let handshake = timeout(HEAD_TIMEOUT, acceptor.accept(stream));
    let shaken = tokio::select! {
        shaken = handshake => shaken,
        () = stopping.cancelled() => return,
    };
    match shaken {
        Ok(Ok(stream)) => connection(app, stream, peer, router, stopping, true).await,
        Ok(Err(error)) => {
            count(&app.metrics().unshaken);
            tracing::debug!(%error, "a TLS handshake failed");
        }
        Err(_) => {
            count(&app.metrics().unshaken);
            tracing::debug!("a TLS handshake took too long");
        }
    }
}

/// One connection's requests. Once it is a WebSocket, `socket` goes on with it.
async fn connection(
    app: App,
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    peer: Peer,
    router: Router,
    stopping: CancellationToken,
    is_secured: bool,
) {
    let _counted = Gauge::of(&app.metrics().connections);
    let here = app.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        let asked = here.asks(&peer, request.headers());
        let router = router.clone();
        async move {
            let mut answered = match asked {
                Ok(peer) => {
                    request.extensions_mut().insert(peer);
                    router.oneshot(request).await
                }
                Err(refused) => Ok(refused.into_response()),
            };
            if is_secured && let Ok(answer) = &mut answered {
                origin::set(answer.headers_mut(), [(header::STRICT_TRANSPORT_SECURITY, HSTS)]);
            }
            answered
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection failed");
    }
}
