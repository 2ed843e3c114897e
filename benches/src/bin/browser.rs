//! The browser benches: the real engine in headless Chromium, beside rrweb from npm, each measurement in a browser of
//! its own so that what is cold is cold. Run by `cargo xtask bench`, which builds `dist/` and gives the environment.

use anyhow::{Context, Result, bail};
use axum::{
    Router,
    body::Bytes,
    extract::{
        DefaultBodyLimit, Path, Query, State,
        ws::{Message, Utf8Bytes, WebSocketUpgrade},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use benches::{hour, pages};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::sync::{broadcast, mpsc};

struct Site {
    dist: PathBuf,
    node_modules: PathBuf,
    shared: PathBuf,
    /// The address of a relay.
    relay: String,
    /// The recording that is sought in.
    recording: PathBuf,
    wire: broadcast::Sender<Utf8Bytes>,
    results: mpsc::Sender<Value>,
}

struct Options {
    quick: bool,
    only: Vec<String>,
}

/// A change's way to the agent's paint, over a relay.
const LATENCY: &str = "from a change to the agent's paint";

/// An hour of a page as a recording.
const HOUR: &str = "an hour recorded";

/// The page that is recorded.
const HOUR_PAGE: &str = "wikipedia.html";

const CLIENT: &str = include_str!("../../browser/client.js");
const WORKLOADS: &str = include_str!("../../browser/workloads.js");

#[tokio::main]
async fn main() -> Result<()> {
    let mut options = Options { quick: false, only: Vec::new() };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => options.quick = true,
            "--only" => options.only.push(arguments.next().context("--only: expected a name")?),
            other => bail!("expected --quick or --only NAME, found {other:?}"),
        }
    }
    let folder = |name: &str| {
        std::env::var_os(name).map(PathBuf::from).with_context(|| format!("{name} is not set: run `cargo xtask bench`"))
    };
    let (results, received) = mpsc::channel(1);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let relay = format!("http://{}", listener.local_addr()?);
    tokio::spawn(relay::serve(listener, relay::Config::default(), std::future::pending()));
    let recording = std::env::temp_dir().join(format!("cobrowse-bench-{}.cbr", std::process::id()));
    let site = Site {
        relay,
        recording: recording.clone(),
        wire: broadcast::channel(64).0,
        dist: folder("COBROWSE_DIST")?,
        node_modules: folder("COBROWSE_NODE_MODULES")?,
        shared: std::env::var_os("E2E_PAGES")
            .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/pages")), PathBuf::from),
        results,
    };
    let shared = pages::names(&site.shared);
    let router = Router::new()
        .route("/page/{*name}", get(page))
        .route("/wire", get(wire))
        .route("/result", post(result).layer(DefaultBodyLimit::disable()))
        .route("/recording.cbr", get(recorded))
        .route("/{*path}", get(file))
        .with_state(Arc::new(site));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut bench = Bench { base: format!("http://{address}"), received, rows: Vec::new(), recording };
    let ran = bench.run(&options, &shared).await;
    let _ = std::fs::remove_file(&bench.recording);
    ran?;
    bench.print()
}

struct Bench {
    base: String,
    received: mpsc::Receiver<Value>,
    rows: Vec<Value>,
    recording: PathBuf,
}

impl Bench {
    async fn run(&mut self, options: &Options, shared: &[String]) -> Result<()> {
        let wanted =
            |name: &str| options.only.is_empty() || options.only.iter().any(|only| name.contains(only.as_str()));
        let repeats = if options.quick { 1 } else { 5 };
        let mut first = vec!["table".to_owned()];
        if !options.quick {
            first.extend(shared.iter().map(|name| format!("shared/{name}")));
        }
        for page in first {
            let name = format!("first capture of {page}");
            if wanted(&name) {
                self.compare(&name, &page, "first", repeats).await?;
            }
        }
        if wanted(LATENCY) {
            self.compare(LATENCY, "blank", "latency", repeats.min(3)).await?;
        }
        for page in shared.iter().filter(|_| !options.quick) {
            let name = format!("memory for {page}");
            if wanted(&name) {
                self.compare(&name, &format!("shared/{page}"), "memory", 1).await?;
            }
        }
        if wanted(HOUR) {
            let page = if shared.iter().any(|name| name == HOUR_PAGE) {
                format!("shared/{HOUR_PAGE}")
            } else {
                "table".into()
            };
            self.hour(&page, if options.quick { 1_800 } else { 18_000 }).await?;
        }
        for name in workload_names() {
            if wanted(name) {
                self.compare(name, "blank", "step", if options.quick { 1 } else { 3 }).await?;
            }
        }
        for name in workload_names() {
            let title = format!("replay of {name}");
            if !options.quick && wanted(&title) {
                self.compare_as(&title, "blank", "replay", name, 3).await?;
            }
        }
        Ok(())
    }

    /// Ours and rrweb in turn, medians over the repeats; of a workload, also the page alone, whose time is taken off.
    async fn compare(&mut self, name: &str, page: &str, work: &str, repeats: usize) -> Result<()> {
        self.compare_as(name, page, work, name, repeats).await
    }

    /// The same with a title that is not the workload's name.
    async fn compare_as(&mut self, name: &str, page: &str, work: &str, workload: &str, repeats: usize) -> Result<()> {
        let mut all: HashMap<&str, Vec<Value>> = HashMap::new();
        let sides: &[&str] = match work {
            "step" => &["ours", "rrweb", "none"],
            "first" => &["ours", "rrweb", "page"],
            "latency" => &["ours", "echo"],
            _ => &["ours", "rrweb"],
        };
        for _ in 0..repeats {
            for who in sides {
                let work = if *who == "page" { "outer" } else { work };
                let result = self.measure(page, who, work, workload).await.with_context(|| format!("{name}, {who}"))?;
                all.entry(who).or_default().push(result);
            }
        }
        let figure = |who: &str, key: &str| {
            let mut figures: Vec<f64> =
                all.get(who).into_iter().flatten().filter_map(|value| value[key].as_f64()).collect();
            figures.sort_by(f64::total_cmp);
            figures.get(figures.len() / 2).copied()
        };
        let page_alone = figure("none", "time").unwrap_or(0.0);
        let mut row = json!({ "name": name });
        if let Some((ours, outer)) = figure("ours", "warm").zip(figure("page", "warm")) {
            // The clock has steps of 0.1 ms.
            row["outer"] = json!({ "ours": ours, "rrweb": outer, "ratio": ours / outer.max(0.05) });
        }
        if let Some((ours, gzip)) = figure("ours", "bytes").zip(figure("page", "gzip")) {
            row["packed"] = json!({ "ours": ours, "rrweb": gzip, "ratio": ours / gzip });
        }
        if let Some((ours, echo)) = figure("ours", "latency").zip(figure("echo", "latency")) {
            row["latency"] = json!({ "ours": ours, "rrweb": echo, "ratio": ours / echo });
        }
        row["perNode"] = json!(figure("ours", "perNode"));
        for key in ["cold", "warm", "time", "bytes", "memory", "replay"] {
            let own = if key == "time" { page_alone } else { 0.0 };
            let net = |who| figure(who, key).map(|figure| (figure - own).max(0.0));
            let (ours, theirs) = (net("ours"), net("rrweb"));
            // Of nothing there is no share.
            let ratio = ours.zip(theirs).filter(|(_, theirs)| *theirs > 0.0).map(|(ours, theirs)| ours / theirs);
            row[key] = json!({ "ours": ours, "rrweb": theirs, "ratio": ratio });
        }
        println!("{}", line(&row));
        self.rows.push(row);
        Ok(())
    }

    /// An hour of a page recorded: its size beside the peer's messages, and how long it takes to seek in it.
    async fn hour(&mut self, page: &str, changes: u32) -> Result<()> {
        let count = changes.to_string();
        let ours = self.measure(page, "ours", "hour", &count).await.context("an hour of ours")?;
        let theirs = self.measure(page, "rrweb", "hour", &count).await.context("an hour of rrweb's")?;
        let frames: Vec<&str> = ours["frames"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let hour = hour::Hour::of(&frames)?;
        let peer = theirs["size"].as_f64().context("a size")?;
        for line in hour.settings(peer)? {
            println!("{line}");
        }
        let told = hour.write(&self.recording)?;
        let seek = hour::seek(&self.recording, 200)?;
        #[expect(clippy::cast_precision_loss, reason = "a few megabytes")]
        let size = told.bytes as f64;
        println!(
            "{HOUR} ({page}, {changes} changes): {size} B in the file, {} B as sent, {peer} B as rrweb's JSON, gzipped event by event = {:.3}",
            told.sent,
            size / peer
        );
        println!("{seek}");
        let browser = self.measure("blank", "reader", "seek", "").await.context("seeking in the browser")?;
        let part = |name: &str| {
            format!(
                "{name} {:.1} ms, most {:.1}",
                browser[name]["median"].as_f64().unwrap_or(-1.0),
                browser[name]["most"].as_f64().unwrap_or(-1.0)
            )
        };
        println!("in the browser, from a server by ranges: {}; {}; {}", part("open"), part("tree"), part("page"));
        self.rows.push(json!({
            "name": HOUR, "recording": { "ours": size, "rrweb": peer, "ratio": size / peer },
            "seek": { "median": seek.median_ms, "most": seek.most_ms, "read": seek.most_read }, "browser": browser,
        }));
        Ok(())
    }

    async fn measure(&mut self, page: &str, who: &str, work: &str, name: &str) -> Result<Value> {
        let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let url = format!("{}/page/{page}?who={who}&work={work}&name={name}", self.base);
        let mut browser = Browser::open(&url)?;
        let agent = (work == "latency" && who == "ours")
            .then(|| Browser::open(&format!("{}/page/blank?who=agent&work=agent", self.base)));
        let _agent = agent.transpose()?;
        let result = tokio::time::timeout(Duration::from_secs(400), self.received.recv()).await;
        browser.close();
        let value = result.context("no result within seven minutes")?.context("the server is gone")?;
        if let Some(error) = value["error"].as_str() {
            bail!("{error}");
        }
        Ok(value)
    }

    fn print(&self) -> Result<()> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/bench");
        std::fs::create_dir_all(folder)?;
        std::fs::write(format!("{folder}/browser.json"), format!("{:#}\n", json!(self.rows)))?;
        for (key, what) in [
            ("cold", "first capture, cold"),
            ("time", "workloads, time over the page's own, where rrweb takes 2 ms or more"),
            ("bytes", "bytes"),
            ("outer", "first capture, warm, to the time of outerHTML"),
            ("memory", "memory of a recorder"),
            ("replay", "replay of a workload's stream"),
        ] {
            let counts = |row: &&Value| key != "time" || row[key]["rrweb"].as_f64().is_some_and(|time| time >= 2.0);
            let ratios = self.rows.iter().filter(counts).filter_map(|row| row[key]["ratio"].as_f64());
            let ratios: Vec<f64> = ratios.map(|ratio| ratio.max(1e-4)).collect();
            if !ratios.is_empty() {
                #[expect(clippy::cast_precision_loss, reason = "a few dozen")]
                let mean = (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
                let most = ratios.iter().copied().fold(0.0, f64::max);
                println!(
                    "{what}, ours / {}: geometric mean {mean:.3}, most {most:.3}",
                    if key == "outer" { "it" } else { "rrweb" }
                );
            }
        }
        let sum = |who: &str| -> f64 {
            let real = self.rows.iter().filter(|row| row["name"].as_str().is_some_and(|name| name.contains("shared/")));
            real.filter_map(|row| row["packed"][who].as_f64()).sum()
        };
        if sum("rrweb") > 0.0 {
            let (ours, gzip) = (sum("ours"), sum("rrweb"));
            println!(
                "first frames of all real pages, ours / gzip of outerHTML: {ours} / {gzip} B = {:.3}",
                ours / gzip
            );
        }
        Ok(())
    }
}

fn line(row: &Value) -> String {
    let part = |key: &str, unit: &str| {
        let figures = &row[key];
        match (figures["ours"].as_f64(), figures["rrweb"].as_f64(), figures["ratio"].as_f64()) {
            (Some(ours), Some(theirs), Some(ratio)) => {
                format!("  {key} {ours:.2} / {theirs:.2} {unit} = {ratio:.3}")
            }
            (Some(ours), Some(theirs), None) => format!("  {key} {ours:.2} / {theirs:.2} {unit}"),
            _ => String::new(),
        }
    };
    let name = row["name"].as_str().unwrap_or_default();
    let parts = ["cold", "warm", "outer", "time", "replay", "latency"].map(|key| part(key, "ms")).concat();
    let per_node = row["perNode"].as_f64().map_or(String::new(), |bytes| format!("  {bytes:.0} B a node"));
    format!("{name:<44}{parts}{}{}{per_node}", part("bytes", "B"), part("memory", "B") + &part("packed", "B"))
}

/// The names of the workloads, in their order.
fn workload_names() -> impl Iterator<Item = &'static str> {
    WORKLOADS.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("    '")?.split_once("': {")?;
        Some(name)
    })
}

/// A browser with a profile of its own, ended by its id.
struct Browser {
    process: Child,
    profile: PathBuf,
}

impl Browser {
    fn open(url: &str) -> Result<Self> {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let profile = std::env::temp_dir().join(format!("cobrowse-bench-{}-{number}", std::process::id()));
        let chromium = std::env::var_os("CHROMIUM").unwrap_or_else(|| "chromium".into());
        let process = Command::new(&chromium)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--window-size=1280,800",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                "--remote-debugging-port=0",
                "--enable-precise-memory-info",
                "--js-flags=--expose-gc",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(url)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{} cannot be started", PathBuf::from(&chromium).display()))?;
        Ok(Self { process, profile })
    }

    fn close(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.close();
    }
}

async fn page(
    State(site): State<Arc<Site>>,
    Path(name): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let html = match name.as_str() {
        "table" => pages::table(),
        "blank" => "<!DOCTYPE html><title>bench</title>".to_owned(),
        name => match name.strip_prefix("shared/").and_then(|name| pages::read(&site.shared, name)) {
            Some(html) => html,
            None => return StatusCode::NOT_FOUND.into_response(),
        },
    };
    let text = |key: &str| query.get(key).cloned().unwrap_or_default();
    let tag = format!(
        "<script src=\"/client.js\" data-who=\"{}\" data-work=\"{}\" data-name=\"{}\" data-relay=\"{}\"></script>",
        text("who"),
        text("work"),
        text("name"),
        site.relay
    );
    // The page's own scripts do not run: only those of this server may.
    let policy = "script-src 'self' 'wasm-unsafe-eval'";
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, policy)];
    (headers, html + &tag).into_response()
}

/// What comes in at one end goes out at all, the same one included.
async fn wire(State(site): State<Arc<Site>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async move |mut socket| {
        let mut others = site.wire.subscribe();
        loop {
            tokio::select! {
                Ok(text) = others.recv() => {
                    if socket.send(Message::Text(text)).await.is_err() {
                        return;
                    }
                }
                message = socket.recv() => match message {
                    Some(Ok(Message::Text(text))) => drop(site.wire.send(text)),
                    Some(Ok(_)) => {}
                    _ => return,
                },
            }
        }
    })
}

async fn result(State(site): State<Arc<Site>>, body: Bytes) -> StatusCode {
    let value = serde_json::from_slice(&body).unwrap_or_else(|error| json!({ "error": error.to_string() }));
    match site.results.send(value).await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::GONE,
    }
}

/// The recording, or a range of it.
async fn recorded(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let Ok(bytes) = std::fs::read(&site.recording) else { return StatusCode::NOT_FOUND.into_response() };
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok()?.strip_prefix("bytes="));
    let range = range.and_then(|range| range.split_once('-'));
    let range = range.and_then(|(from, to)| Some((from.parse::<usize>().ok()?, to.parse::<usize>().ok()?)));
    let Some((from, to)) = range else { return bytes.into_response() };
    let to = to.saturating_add(1).min(bytes.len());
    let Some(part) = bytes.get(from..to) else { return StatusCode::RANGE_NOT_SATISFIABLE.into_response() };
    let told = format!("bytes {from}-{}/{}", to - 1, bytes.len());
    (StatusCode::PARTIAL_CONTENT, [(header::CONTENT_RANGE, told)], part.to_vec()).into_response()
}

async fn file(State(site): State<Arc<Site>>, Path(path): Path<String>) -> Response {
    let kind = match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js" | "cjs") => "text/javascript",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    };
    match path.as_str() {
        "client.js" => return ([(header::CONTENT_TYPE, kind)], CLIENT).into_response(),
        "workloads.js" => return ([(header::CONTENT_TYPE, kind)], WORKLOADS).into_response(),
        _ => {}
    }
    let file = match path.strip_prefix("node_modules/") {
        Some(path) => site.node_modules.join(path),
        None => site.dist.join(&path),
    };
    match std::fs::read(file) {
        Ok(bytes) => ([(header::CONTENT_TYPE, kind)], bytes).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
