//! A browser under WebDriver: one window that loads pages and runs scripts.

use crate::{
    driver::Driver,
    engine::{Engine, WINDOW},
};
use anyhow::{Context, Result, anyhow, bail};
use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource, KeyAction, KeyActions, MouseActions, PointerAction},
    elements::Element,
    wd::{WebDriverCompatibleCommand, WindowHandle},
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{
    future::Future,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tokio::time::timeout;
use url::{ParseError, Url};

/// No single command to a browser takes longer, unless the browser hangs.
const COMMAND: Duration = Duration::from_secs(150);

/// What WebDriver calls an element in an answer.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Counts profiles, for their folders' names.
static PROFILES: AtomicU32 = AtomicU32::new(0);

/// A browser process with one window. Ended by its process id when dropped without [`Browser::close`].
#[derive(Debug)]
pub(crate) struct Browser {
    client: Client,
    /// Some drivers serve one browser only: each has its own.
    _driver: Driver,
    engine: Engine,
    process: Option<u64>,
    profile: PathBuf,
}

/// Reads the console since the last time.
#[derive(Debug)]
struct ReadLog(&'static str);

impl WebDriverCompatibleCommand for ReadLog {
    fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, ParseError> {
        base_url.join(&format!("session/{}/{}", session_id.unwrap_or_default(), self.0))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}

/// A command of the browser's own debugger; Chromium's driver only.
#[derive(Debug)]
struct Debug(&'static str, Value);

impl WebDriverCompatibleCommand for Debug {
    fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, ParseError> {
        base_url.join(&format!("session/{}/goog/cdp/execute", session_id.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "cmd": self.0, "params": self.1 }).to_string()))
    }
}

/// One line of the console.
#[derive(Debug, Deserialize)]
struct LogEntry {
    level: String,
    message: String,
    #[serde(default)]
    source: String,
}

impl LogEntry {
    /// Whether it tells of a fault of ours: an exception nobody caught, an error or panic that was logged, or a script
    /// that the agent's sandbox had to stop. What does not load, and what a page's policy forbids it, is no fault.
    fn is_fault(&self) -> bool {
        match self.source.as_str() {
            "javascript" => self.message.contains("Uncaught"),
            "console-api" => self.level == "SEVERE",
            _ => self.message.contains("Blocked script execution"),
        }
    }
}

impl Browser {
    /// Opens a browser with a profile of its own below `profiles`.
    ///
    /// A browser now and then exits as it starts, on a machine that is short of time; it gets three tries.
    pub(crate) async fn open(
        engine: Engine,
        log: &Path,
        profiles: &Path,
        headed: bool,
        flags: &[&str],
    ) -> Result<Self> {
        for _ in 0..2 {
            match Self::try_open(engine, log, profiles, headed, flags).await {
                Ok(browser) => return Ok(browser),
                // What is tried again is told, for who looks why a run takes so long.
                Err(error) => eprintln!("{engine:?}: {error:#}; it is started once more"),
            }
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
        Self::try_open(engine, log, profiles, headed, flags).await
    }

    async fn try_open(engine: Engine, log: &Path, profiles: &Path, headed: bool, flags: &[&str]) -> Result<Self> {
        let number = PROFILES.fetch_add(1, Ordering::Relaxed);
        let profile = profiles.join(number.to_string());
        tokio::fs::create_dir_all(&profile).await?;
        let driver = Driver::start(engine, log, headed).await?;
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(engine.capabilities(&profile, headed, flags)?);
        let client = timeout(engine.start_limit(), builder.connect(&driver.url))
            .await
            .context("the browser does not start in time")?;
        let client = client.context("the browser does not start")?;
        let process = client
            .session_creation_response()
            .and_then(|response| response.capabilities())
            .and_then(|capabilities| capabilities.get(engine.process_capability()?))
            .and_then(Value::as_u64)
            .or_else(|| driver.browser_process());
        let browser = Self { client, _driver: driver, engine, process, profile };
        if engine == Engine::Webkit {
            browser.resize().await?;
        }
        Ok(browser)
    }

    /// Makes the window so large that the page has [`WINDOW`], for a browser that is told neither before it starts.
    async fn resize(&self) -> Result<()> {
        let (width, height) = WINDOW;
        limited(self.client.set_window_size(width, height)).await.context("the window's size")?;
        let [wide, high]: [u32; 2] = self.eval("return [innerWidth, innerHeight]", vec![]).await?;
        let (width, height) = (2 * width - wide.min(width), 2 * height - high.min(height));
        limited(self.client.set_window_size(width, height)).await.context("the window's size")
    }

    /// Which engine it is.
    pub(crate) const fn engine(&self) -> Engine {
        self.engine
    }

    /// Loads a page, and waits for its `load` event.
    pub(crate) async fn goto(&self, url: &str) -> Result<()> {
        limited(self.client.goto(url)).await.with_context(|| format!("loading {url}"))
    }

    /// The same, with a function body that runs in the page before anything of its own. Chromium only.
    pub(crate) async fn goto_after(&self, script: &str, url: &str) -> Result<()> {
        let source = format!("(() => {{ {script} }})()");
        let add = Debug("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source }));
        let added = limited(self.client.issue_cmd(add)).await.context("a script before a page's")?;
        self.goto(url).await?;
        let remove = Debug("Page.removeScriptToEvaluateOnNewDocument", json!({ "identifier": added["identifier"] }));
        limited(self.client.issue_cmd(remove)).await.context("a script before a page's").map(drop)
    }

    /// Loads the page again.
    pub(crate) async fn reload(&self) -> Result<()> {
        limited(self.client.refresh()).await.context("reloading")
    }

    /// Opens a tab, which is then the one that everything goes to. Returns it and the one before.
    pub(crate) async fn open_tab(&self) -> Result<[WindowHandle; 2]> {
        let before = limited(self.client.window()).await.context("asking for the tab")?;
        let tab = limited(self.client.new_window(true)).await.context("opening a tab")?.handle;
        self.turn_to(&tab).await?;
        Ok([tab, before])
    }

    /// Turns to another tab.
    pub(crate) async fn turn_to(&self, tab: &WindowHandle) -> Result<()> {
        limited(self.client.switch_to_window(tab.clone())).await.context("turning to a tab")
    }

    /// The window that everything goes to.
    pub(crate) async fn window(&self) -> Result<WindowHandle> {
        limited(self.client.window()).await.context("asking for the window")
    }

    /// The windows that are there beside one, once there are some.
    pub(crate) async fn other_windows(&self, one: &WindowHandle) -> Result<Vec<WindowHandle>> {
        let mut others = Vec::new();
        for _ in 0..100 {
            others = limited(self.client.windows()).await.context("asking for windows")?;
            others.retain(|window| window != one);
            if !others.is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        Ok(others)
    }

    /// Closes the tab; another has to be turned to.
    pub(crate) async fn close_tab(&self) -> Result<()> {
        limited(self.client.close_window()).await.context("closing a tab")
    }

    /// Runs a function body in the page and waits for what it returns, also when that is a promise.
    pub(crate) async fn eval<T: DeserializeOwned>(&self, body: &str, arguments: Vec<Value>) -> Result<T> {
        let value =
            limited(self.client.execute(body, arguments)).await.with_context(|| format!("running {}", head(body)))?;
        serde_json::from_value(value).with_context(|| format!("the result of {}", head(body)))
    }

    /// Runs a function body in the page for its effect.
    pub(crate) async fn run(&self, body: &str, arguments: Vec<Value>) -> Result<()> {
        self.eval::<Value>(body, arguments).await.map(drop)
    }

    /// Types into an element as a person would: it is scrolled into view, gets the focus, and keys go down and up.
    pub(crate) async fn type_into(&self, selector: &str, keys: &str) -> Result<()> {
        let element =
            limited(self.client.find(Locator::Css(selector))).await.with_context(|| format!("finding {selector}"))?;
        limited(element.send_keys(keys)).await.with_context(|| format!("typing into {selector}"))
    }

    /// Clicks the middle of an element.
    pub(crate) async fn click(&self, selector: &str) -> Result<()> {
        let element =
            limited(self.client.find(Locator::Css(selector))).await.with_context(|| format!("finding {selector}"))?;
        limited(element.click()).await.with_context(|| format!("clicking {selector}"))
    }

    /// Moves the mouse to the middle of an element.
    pub(crate) async fn point(&self, selector: &str) -> Result<()> {
        let element =
            limited(self.client.find(Locator::Css(selector))).await.with_context(|| format!("finding {selector}"))?;
        let way = PointerAction::MoveToElement { element, duration: Some(Duration::from_millis(20)), x: 0.0, y: 0.0 };
        let mouse = MouseActions::new("mouse".to_owned()).then(way);
        limited(self.client.perform_actions(mouse)).await.with_context(|| format!("pointing at {selector}"))
    }

    /// Clicks at a place of the window, in CSS pixels.
    pub(crate) async fn click_at(&self, x: f64, y: f64) -> Result<()> {
        let way = PointerAction::MoveTo { duration: Some(Duration::from_millis(20)), x, y };
        let (down, up) = (PointerAction::Down { button: 0 }, PointerAction::Up { button: 0 });
        let mouse = MouseActions::new("mouse".to_owned()).then(way).then(down).then(up);
        limited(self.client.perform_actions(mouse)).await.with_context(|| format!("clicking at {x}, {y}"))
    }

    /// Presses the button at one place, and lets it go at another, with a stop between.
    pub(crate) async fn drag(&self, from: (f64, f64), to: (f64, f64)) -> Result<()> {
        let go = |(x, y), time| PointerAction::MoveTo { duration: Some(Duration::from_millis(time)), x, y };
        let middle = (f64::midpoint(from.0, to.0), f64::midpoint(from.1, to.1));
        let mouse = MouseActions::new("mouse".to_owned())
            .then(go(from, 20))
            .then(PointerAction::Down { button: 0 })
            .then(go(middle, 100))
            .then(go(to, 100))
            .then(PointerAction::Up { button: 0 });
        limited(self.client.perform_actions(mouse)).await.context("dragging")
    }

    /// Presses one key, by its name, wherever the focus is, in a closed shadow root too.
    pub(crate) async fn key(&self, name: &str) -> Result<()> {
        let value = code_of(name)?;
        let keys = KeyActions::new("keys".to_owned()).then(KeyAction::Down { value }).then(KeyAction::Up { value });
        limited(self.client.perform_actions(keys)).await.with_context(|| format!("pressing {name}"))
    }

    /// Presses one key while Shift is held.
    pub(crate) async fn shift_and(&self, name: &str) -> Result<()> {
        let (shift, value) = (code_of("Shift")?, code_of(name)?);
        let keys = KeyActions::new("keys".to_owned())
            .then(KeyAction::Down { value: shift })
            .then(KeyAction::Down { value })
            .then(KeyAction::Up { value })
            .then(KeyAction::Up { value: shift });
        limited(self.client.perform_actions(keys)).await.with_context(|| format!("pressing Shift and {name}"))
    }

    /// Moves the mouse to a place of the window, in CSS pixels.
    pub(crate) async fn move_to(&self, x: f64, y: f64) -> Result<()> {
        let way = PointerAction::MoveTo { duration: Some(Duration::from_millis(20)), x, y };
        let mouse = MouseActions::new("mouse".to_owned()).then(way);
        limited(self.client.perform_actions(mouse)).await.with_context(|| format!("moving to {x}, {y}"))
    }

    /// Chooses a file in the picker that a function body gives.
    pub(crate) async fn choose_file(&self, picker: &str, file: &Path) -> Result<()> {
        let found = limited(self.client.execute(picker, vec![])).await.context("finding the picker")?;
        let id = found.get(ELEMENT).and_then(Value::as_str).context("the picker is an element")?;
        let picker = Element::from_element_id(self.client.clone(), id.to_owned().into());
        limited(picker.send_keys(&file.display().to_string())).await.context("choosing a file")
    }

    /// Shows the page in a window of another size, in dark colours or light ones; none for as it was. Chromium only.
    pub(crate) async fn set_look(&self, look: Option<(u32, u32, bool)>) -> Result<()> {
        let (size, scheme) = match look {
            Some((width, height, dark)) => (
                Debug(
                    "Emulation.setDeviceMetricsOverride",
                    json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false }),
                ),
                if dark { "dark" } else { "light" },
            ),
            None => (Debug("Emulation.clearDeviceMetricsOverride", json!({})), ""),
        };
        limited(self.client.issue_cmd(size)).await.context("the window's size")?;
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        limited(self.client.issue_cmd(Debug("Emulation.setEmulatedMedia", features))).await.context("colours").map(drop)
    }

    /// Presses keys where the keyboard's focus is.
    pub(crate) async fn keys(&self, keys: &str) -> Result<()> {
        let element = limited(self.client.active_element()).await.context("finding what has the focus")?;
        limited(element.send_keys(keys)).await.with_context(|| format!("pressing {keys:?}"))
    }

    /// Runs a function body in the page of a frame, whatever its origin.
    pub(crate) async fn in_frame(&self, selector: &str, body: &str) -> Result<Value> {
        self.in_frames(&[selector], body).await
    }

    /// The same in a frame of a frame: `selectors` name them from the outside inwards.
    pub(crate) async fn in_frames(&self, selectors: &[&str], body: &str) -> Result<Value> {
        for selector in selectors {
            let element = limited(self.client.find(Locator::Css(selector)))
                .await
                .with_context(|| format!("finding {selector}"))?;
            limited(element.enter_frame()).await.with_context(|| format!("entering {selector}"))?;
        }
        let result = self.eval(body, vec![]).await;
        for _ in selectors {
            limited(self.client.clone().enter_parent_frame()).await.context("leaving the frame")?;
        }
        result
    }

    /// Gives the screen so many pixels for each of CSS; none for what it has by itself. Chromium only.
    pub(crate) async fn set_density(&self, density: Option<f64>) -> Result<()> {
        let command = match density {
            Some(density) => Debug(
                "Emulation.setDeviceMetricsOverride",
                json!({ "width": 0, "height": 0, "deviceScaleFactor": density, "mobile": false }),
            ),
            None => Debug("Emulation.clearDeviceMetricsOverride", json!({})),
        };
        limited(self.client.issue_cmd(command)).await.context("the screen's density").map(drop)
    }

    /// A command of the browser's debugger. Chromium only.
    pub(crate) async fn debug(&self, command: &'static str, arguments: Value) -> Result<Value> {
        limited(self.client.issue_cmd(Debug(command, arguments))).await.context(command)
    }

    /// How many windows there are.
    pub(crate) async fn windows(&self) -> Result<usize> {
        Ok(limited(self.client.windows()).await.context("asking for windows")?.len())
    }

    /// Shows the page as it would be printed, or as on the screen again. Chromium only.
    pub(crate) async fn set_print(&self, print: bool) -> Result<()> {
        let command = Debug("Emulation.setEmulatedMedia", json!({ "media": if print { "print" } else { "" } }));
        limited(self.client.issue_cmd(command)).await.context("the medium").map(drop)
    }

    /// A picture of the window, as PNG.
    pub(crate) async fn screenshot(&self) -> Result<Vec<u8>> {
        limited(self.client.screenshot()).await.context("taking a screenshot")
    }

    /// Faults that the console tells of since the last call, and that nobody caught since the page was loaded.
    pub(crate) async fn faults(&self) -> Result<Vec<String>> {
        let mut faults: Vec<String> =
            self.eval("return window.__e2e ? window.__e2e.errors() : []", vec![]).await.unwrap_or_default();
        if let Some(endpoint) = self.engine.log_endpoint() {
            let entries = limited(self.client.issue_cmd(ReadLog(endpoint))).await.context("reading the console")?;
            let entries: Vec<LogEntry> = serde_json::from_value(entries).context("the console")?;
            faults.extend(entries.into_iter().filter(LogEntry::is_fault).map(|entry| entry.message));
        }
        Ok(faults)
    }

    /// Ends the browser and removes its profile.
    pub(crate) async fn close(mut self) -> Result<()> {
        limited(self.client.clone().close()).await.context("closing the browser")?;
        self.process = None;
        Ok(())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(process) = self.process {
            // Nothing can be done about a failure here, and the process may be gone already.
            let signal =
                |name: &str| Command::new("kill").args([name, &process.to_string()]).stderr(Stdio::null()).status();
            let _ = signal("-TERM");
            // Until it has gone it writes into its profile.
            for _ in 0..40 {
                if !signal("-0").is_ok_and(|status| status.success()) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

/// What the driver calls a key.
fn code_of(name: &str) -> Result<char> {
    let mut letters = name.chars();
    Ok(match (name, letters.next(), letters.next()) {
        ("Tab", ..) => '\u{e004}',
        ("Shift", ..) => '\u{e008}',
        ("Escape", ..) => '\u{e00c}',
        ("End", ..) => '\u{e010}',
        ("Home", ..) => '\u{e011}',
        ("ArrowLeft", ..) => '\u{e012}',
        ("ArrowUp", ..) => '\u{e013}',
        ("ArrowRight", ..) => '\u{e014}',
        ("ArrowDown", ..) => '\u{e015}',
        ("Enter", ..) => '\u{e006}',
        ("Space", ..) => ' ',
        (_, Some(letter), None) => letter,
        (other, ..) => bail!("no key {other}"),
    })
}

/// Waits for a command with a limit.
async fn limited<T, E: Into<anyhow::Error>>(command: impl Future<Output = Result<T, E>>) -> Result<T> {
    match timeout(COMMAND, command).await {
        Ok(result) => result.map_err(|error| anyhow!("{:#}", error.into())),
        Err(_) => bail!("the browser does not answer within {} s", COMMAND.as_secs()),
    }
}

/// The first characters of a script, for messages.
fn head(script: &str) -> String {
    let line = script.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(100).collect()
}
