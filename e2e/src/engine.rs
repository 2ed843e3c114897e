//! Browser engines that the suite can drive, and what is particular to each.

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use std::{
    env,
    path::{Path, PathBuf},
    time::Duration,
};

/// A browser engine with its WebDriver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Engine {
    /// Chromium with `chromedriver`.
    Chromium,
    /// Firefox with `geckodriver`.
    Firefox,
    /// WebKitGTK's MiniBrowser with `WebKitWebDriver`.
    Webkit,
}

/// A flag that is none of a browser's: the port of this machine that is in the place of every other host.
pub(crate) const CANARY: &str = "--canary=";

/// Names of Chromium's program.
const CHROMIUM: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Size of every browser window, in CSS pixels.
pub(crate) const WINDOW: (u32, u32) = (1280, 800);

impl Engine {
    /// The driver's program: from the environment, otherwise from `PATH`.
    pub(crate) fn driver(self) -> Result<PathBuf> {
        match self {
            Self::Chromium => program("CHROMEDRIVER", &["chromedriver"]),
            Self::Firefox => program("GECKODRIVER", &["geckodriver"]),
            Self::Webkit => program("WEBKITDRIVER", &["WebKitWebDriver"]),
        }
    }

    /// Arguments that make the driver listen: on a port of its choice, which it then says, or on `port`.
    pub(crate) fn driver_arguments(self, port: u16) -> Vec<String> {
        let own = match self {
            Self::Chromium => ["--port=0"].as_slice(),
            Self::Firefox => &["--port=0", "--websocket-port=0"],
            Self::Webkit => return vec![format!("--port={port}")],
        };
        own.iter().map(|argument| (*argument).to_owned()).collect()
    }

    /// Whether the driver says where it listens. One that does not gets a port, and is asked until it answers.
    pub(crate) const fn says_its_port(self) -> bool {
        !matches!(self, Self::Webkit)
    }

    /// How long the browser may take to start before it is given up and started once more.
    pub(crate) const fn start_limit(self) -> Duration {
        match self {
            Self::Chromium | Self::Firefox => Duration::from_secs(60),
            // It takes a second; but now and then the browser crashes as it starts, and its driver waits for it.
            Self::Webkit => Duration::from_secs(15),
        }
    }

    /// Whether the browser has to have a display even where nobody looks.
    pub(crate) const fn needs_display(self) -> bool {
        matches!(self, Self::Webkit)
    }

    /// The port that the driver says it listens on, if `line` says so.
    pub(crate) fn port_in(self, line: &str) -> Option<u16> {
        match self {
            Self::Chromium => {
                let (_, port) = line.rsplit_once("started successfully on port ")?;
                port.trim_end_matches('.').parse().ok()
            }
            Self::Firefox => line.rsplit_once("Listening on 127.0.0.1:")?.1.trim().parse().ok(),
            Self::Webkit => None,
        }
    }

    /// What a new session asks for. With a flag of [`CANARY`] every other host is that port of this machine. The browser reaches no host but 127.0.0.1, so that a run is the same everywhere.
    /// `flags` are a case's own, for Chromium.
    pub(crate) fn capabilities(self, profile: &Path, headed: bool, flags: &[&str]) -> Result<Map<String, Value>> {
        let canary = flags.iter().find_map(|flag| flag.strip_prefix(CANARY)?.parse::<u16>().ok());
        let flags: Vec<&str> = flags.iter().copied().filter(|flag| !flag.starts_with(CANARY)).collect();
        let nowhere = canary.unwrap_or(9);
        let capabilities = match self {
            Self::Chromium => {
                let mut arguments = vec![
                    "--no-sandbox".to_owned(),
                    "--disable-quic".to_owned(),
                    "--disable-dev-shm-usage".to_owned(),
                    "--no-first-run".to_owned(),
                    "--disable-background-networking".to_owned(),
                    "--disable-component-update".to_owned(),
                    "--disable-sync".to_owned(),
                    "--force-device-scale-factor=1".to_owned(),
                    match canary {
                        Some(port) => format!("--host-resolver-rules=MAP * 127.0.0.1:{port}, EXCLUDE 127.0.0.1"),
                        None => "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE *.localhost"
                            .to_owned(),
                    },
                    format!("--window-size={},{}", WINDOW.0, WINDOW.1),
                    format!("--user-data-dir={}", profile.display()),
                ];
                if !headed {
                    arguments.push("--headless".to_owned());
                }
                // A case's flags may want one of software, which this would turn off, too.
                if flags.is_empty() {
                    arguments.push("--disable-gpu".to_owned());
                }
                arguments.extend(flags.iter().map(|&flag| flag.to_owned()));
                json!({
                    "browserName": "chrome",
                    "pageLoadStrategy": "normal",
                    "timeouts": { "script": 120_000, "pageLoad": 60_000, "implicit": 0 },
                    "unhandledPromptBehavior": "dismiss",
                    "goog:loggingPrefs": { "browser": "ALL" },
                    "goog:chromeOptions": { "binary": program("CHROMIUM", &CHROMIUM)?, "args": arguments },
                })
            }
            // It makes a profile of its own. Other hosts are behind a proxy that is not there.
            Self::Firefox => json!({
                "browserName": "firefox",
                "pageLoadStrategy": "normal",
                "timeouts": { "script": 120_000, "pageLoad": 60_000, "implicit": 0 },
                "unhandledPromptBehavior": "dismiss",
                "moz:firefoxOptions": {
                    "binary": program("FIREFOX", &["firefox-esr", "firefox"])?,
                    "args": if headed { vec![] } else { vec!["-headless"] },
                    "prefs": {
                        "network.proxy.type": 1,
                        "network.proxy.http": "127.0.0.1",
                        "network.proxy.http_port": nowhere,
                        "network.proxy.ssl": "127.0.0.1",
                        "network.proxy.ssl_port": nowhere,
                        "network.proxy.no_proxies_on": "127.0.0.1",
                        "media.autoplay.default": 0,
                    },
                },
            }),
            // The driver knows where its browser is, which keeps no profile. Other hosts are behind a proxy that is not there.
            Self::Webkit => json!({
                "browserName": "MiniBrowser",
                "pageLoadStrategy": "normal",
                "timeouts": { "script": 120_000, "pageLoad": 60_000, "implicit": 0 },
                "unhandledPromptBehavior": "dismiss",
                "proxy": {
                    "proxyType": "manual",
                    "httpProxy": format!("127.0.0.1:{nowhere}"),
                    "sslProxy": format!("127.0.0.1:{nowhere}"),
                    "noProxy": ["127.0.0.1", "localhost", "*.localhost"],
                },
            }),
        };
        match capabilities {
            Value::Object(map) => Ok(map),
            _ => bail!("capabilities are an object"),
        }
    }

    /// What the browser takes from its environment, which its driver hands on.
    pub(crate) fn environment(self) -> Vec<(&'static str, String)> {
        match self {
            Self::Chromium => Vec::new(),
            Self::Firefox => {
                vec![("MOZ_HEADLESS_WIDTH", WINDOW.0.to_string()), ("MOZ_HEADLESS_HEIGHT", WINDOW.1.to_string())]
            }
            // Its sandbox needs a user's namespaces, which a container may not give. It paints without Mesa's software renderer,
            // in which it has crashed. Nothing else on the desktop is asked for anything.
            Self::Webkit => {
                let given = [
                    ("WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS", "1"),
                    ("WEBKIT_SKIA_ENABLE_CPU_RENDERING", "1"),
                    ("GDK_BACKEND", "x11"),
                    ("NO_AT_BRIDGE", "1"),
                    ("GSETTINGS_BACKEND", "memory"),
                    ("GIO_USE_VFS", "local"),
                    ("DBUS_SESSION_BUS_ADDRESS", "disabled:"),
                ];
                given.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
            }
        }
    }

    /// The name under which the driver reports the browser's process id, if it does.
    pub(crate) const fn process_capability(self) -> Option<&'static str> {
        match self {
            Self::Chromium => Some("goog:processID"),
            Self::Firefox => Some("moz:processID"),
            Self::Webkit => None,
        }
    }

    /// Where the driver hands out the console, if it does.
    pub(crate) const fn log_endpoint(self) -> Option<&'static str> {
        match self {
            Self::Chromium => Some("se/log"),
            Self::Firefox | Self::Webkit => None,
        }
    }
}

/// A program named by an environment variable, or the first of `names` on `PATH`.
pub(crate) fn program(variable: &str, names: &[&str]) -> Result<PathBuf> {
    if let Some(path) = env::var_os(variable) {
        return Ok(path.into());
    }
    let path = env::var_os("PATH").context("PATH is not set")?;
    env::split_paths(&path)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|candidate| candidate.is_file())
        .with_context(|| format!("no {} on PATH; install it or set {variable}", names.join(", ")))
}
