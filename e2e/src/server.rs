//! The static server from which both browsers load everything.
//!
//! ```text
//! /shared/NAME   real pages, with a policy that runs no script but the engine's
//! /fixtures/…    our own pages, as they are
//! /private/…     files of theirs that are given only to who has the cookie `login=yes`
//! /dist/…        the built engine; /dist/rrweb.js the peer, /dist/react.js and such frameworks that an agent types into
//! /sources/NAME  the agent's side as it is written, for what is shown of a part of it
//! /pages/NAME    pages of the suite itself
//! /player/…      the built engine under the strictest policy that the player's page lives with
//! /recordings/…  recordings, whole or a range of one
//! /logs/NAME     what a page has posted there
//! /examples/…    the examples of docs/integrations
//! ```

use anyhow::{Context, Result};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path as UrlPath, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use std::{
    collections::HashMap,
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{net::TcpListener, task::JoinHandle};

/// What a page says of itself to have all that it loads come over TLS.
const UPGRADE: &[u8] = b"upgrade-insecure-requests";

/// Where the served files lie.
#[derive(Debug, Clone)]
pub(crate) struct Folders {
    /// Real pages.
    pub(crate) shared: PathBuf,
    /// Our own pages.
    pub(crate) fixtures: PathBuf,
    /// Recordings of our own pages.
    pub(crate) recordings: PathBuf,
    /// The scripts of the agent's side.
    pub(crate) sources: PathBuf,
    /// The built engine.
    pub(crate) dist: PathBuf,
    /// The peer's built files.
    pub(crate) peer: PathBuf,
    /// The examples of integrations.
    pub(crate) examples: PathBuf,
    /// The packages from npm.
    pub(crate) packages: PathBuf,
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    /// Where it listens, without a slash at the end.
    pub(crate) url: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    folders: Folders,
    policy: HeaderValue,
    logs: Mutex<HashMap<String, Bytes>>,
}

impl Server {
    /// Starts on a free port of 127.0.0.1.
    pub(crate) async fn start(folders: Folders) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        // The engine's folder only: a script that a page names by a relative URL must not be found either.
        let policy = HeaderValue::try_from(format!("script-src {url}/dist/ 'wasm-unsafe-eval'"))?;
        let state = Arc::new(Shared { folders, policy, logs: Mutex::default() });
        let router = Router::new()
            .route("/shared/{name}", get(shared))
            .route("/fixtures/{*path}", get(fixture))
            .route("/private/{*path}", get(private))
            .route("/dist/{*path}", get(dist))
            .route("/sources/{name}", get(source))
            .route("/pages/{name}", get(own))
            .route("/examples/{*path}", get(example))
            .route("/player/{*path}", get(strict))
            .route("/recordings/{name}", get(recording))
            .route("/logs/{name}", get(log).post(keep).layer(DefaultBodyLimit::disable()))
            .with_state(Arc::clone(&state));
        let task = tokio::spawn(async move {
            // Ends only with the task.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, shared: state, task })
    }

    /// What a page has posted under this name.
    pub(crate) fn log(&self, name: &str) -> Option<Bytes> {
        self.shared.log(name)
    }

    /// As if a page had posted it.
    pub(crate) fn keep_log(&self, name: String, log: Vec<u8>) {
        self.shared.keep(name, log.into());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn log(&self, name: &str) -> Option<Bytes> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn keep(&self, name: String, log: Bytes) {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner).insert(name, log);
    }
}

async fn log(State(state): State<Arc<Shared>>, UrlPath(name): UrlPath<String>) -> Response {
    state.log(&name).map_or_else(|| StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response)
}

async fn keep(State(state): State<Arc<Shared>>, UrlPath(name): UrlPath<String>, body: Bytes) -> StatusCode {
    state.keep(name, body);
    StatusCode::NO_CONTENT
}

async fn shared(State(state): State<Arc<Shared>>, UrlPath(name): UrlPath<String>) -> Response {
    let path = Path::new(&name);
    let Ok(mut bytes) = tokio::fs::read(state.folders.shared.join(path)).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // Where an engine does it for 127.0.0.1 too, nothing more would load: there is no TLS here.
    while let Some(at) = bytes.windows(UPGRADE.len()).position(|part| part == UPGRADE) {
        bytes[at..at + UPGRADE.len()].fill(b' ');
    }
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(path)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, state.policy.clone());
    (headers, bytes).into_response()
}

async fn fixture(State(state): State<Arc<Shared>>, UrlPath(path): UrlPath<String>) -> Response {
    file(&state.folders.fixtures, &path, "no-store").await
}

async fn private(State(state): State<Arc<Shared>>, UrlPath(path): UrlPath<String>, headers: HeaderMap) -> Response {
    let cookies = headers.get(header::COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !cookies.split("; ").any(|cookie| cookie == "login=yes") {
        return StatusCode::FORBIDDEN.into_response();
    }
    file(&state.folders.fixtures.join("private"), &path, "private, max-age=60").await
}

async fn source(State(state): State<Arc<Shared>>, UrlPath(name): UrlPath<String>) -> Response {
    file(&state.folders.sources, &name, "no-store").await
}

async fn example(State(state): State<Arc<Shared>>, UrlPath(path): UrlPath<String>) -> Response {
    file(&state.folders.examples, &path, "no-store").await
}

async fn dist(State(state): State<Arc<Shared>>, UrlPath(path): UrlPath<String>) -> Response {
    match path.as_str() {
        "rrweb.js" => script(&state.folders.peer).await,
        "react.js" => file(&state.folders.packages, "react/umd/react.production.min.js", "max-age=3600").await,
        "react-dom.js" => {
            file(&state.folders.packages, "react-dom/umd/react-dom.production.min.js", "max-age=3600").await
        }
        "vue.js" => file(&state.folders.packages, "vue/dist/vue.runtime.global.prod.js", "max-age=3600").await,
        _ => file(&state.folders.dist, &path, "max-age=3600").await,
    }
}

/// What README.md says that the player's page needs for itself. The recorded pages' pictures and fonts are another matter.
const STRICT: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'";

async fn strict(State(state): State<Arc<Shared>>, UrlPath(path): UrlPath<String>) -> Response {
    let mut response = file(&state.folders.dist, &path, "no-store").await;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(STRICT));
    response
}

/// A recording: as a whole, or the range that is asked for.
async fn recording(State(state): State<Arc<Shared>>, UrlPath(name): UrlPath<String>, headers: HeaderMap) -> Response {
    let path = Path::new(&name);
    if !path.components().all(|part| matches!(part, Component::Normal(_))) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Ok(bytes) = tokio::fs::read(state.folders.recordings.join(path)).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let asked = headers.get(header::RANGE).and_then(|value| value.to_str().ok()).and_then(range);
    let Some((first, last)) = asked.filter(|(first, last)| first <= last && *first < bytes.len()) else {
        return ([(header::CACHE_CONTROL, "no-store")], bytes).into_response();
    };
    let end = last.saturating_add(1).min(bytes.len());
    let told = format!("bytes {first}-{}/{}", end - 1, bytes.len());
    let headers = [(header::CACHE_CONTROL, "no-store".to_owned()), (header::CONTENT_RANGE, told)];
    (StatusCode::PARTIAL_CONTENT, headers, bytes[first..end].to_vec()).into_response()
}

/// The first and the last byte of `bytes=FIRST-LAST`.
fn range(text: &str) -> Option<(usize, usize)> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

/// The peer as a classic script.
async fn script(peer: &Path) -> Response {
    let mut response = file(peer, "rrweb.umd.min.cjs", "max-age=3600").await;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
    response
}

async fn own(UrlPath(name): UrlPath<String>) -> Response {
    let text = match name.as_str() {
        "agent.html" => include_str!("../pages/agent.html"),
        "blank.html" => include_str!("../pages/blank.html"),
        "comparator.html" => include_str!("../pages/comparator.html"),
        "frameworks.html" => include_str!("../pages/frameworks.html"),
        "comparator.css" => include_str!("../pages/comparator.css"),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    ([(header::CONTENT_TYPE, media_type(Path::new(&name))), (header::CACHE_CONTROL, "no-store")], text).into_response()
}

async fn file(folder: &Path, path: &str, caching: &'static str) -> Response {
    let path = Path::new(path);
    if !path.components().all(|part| matches!(part, Component::Normal(_))) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Ok(bytes) = tokio::fs::read(folder.join(path)).await.context("reading") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(path)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    (headers, bytes).into_response()
}

/// Pages are UTF-8 whatever their markup says: one of the real ones declares another encoding than it was stored in.
fn media_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("xhtml") => "application/xhtml+xml; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("webp") => "image/webp",
        Some("woff2") => "font/woff2",
        Some("ttf") => "font/ttf",
        _ => "application/octet-stream",
    }
}
