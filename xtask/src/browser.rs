//! Finds or installs a Chromium and its driver, for the tests and benches that run in a browser.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::files;
use crate::locate;
use crate::progress::Status;
use crate::tools;
use crate::workspace::Workspace;

/// Names and places of the browser.
const BROWSERS: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/// Where the browser may be when it is not on the path.
const BROWSER_FILES: [&str; 2] = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/// Where the driver may be when it is not on the path.
const DRIVER_FILES: [&str; 2] = ["/usr/lib/chromium/chromedriver", "/usr/lib/chromium-browser/chromedriver"];

/// Flags for a browser that tests alone, as root if need be, and talks to nobody but this machine.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// What to do when there is no browser and none can be installed.
const INSTALL: &str =
    "install Chromium (or Chrome) and the chromedriver of the same version, or name them in CHROMIUM and CHROMEDRIVER";

/// A browser and its driver.
#[derive(Debug)]
pub(crate) struct Browser {
    /// The browser's program.
    pub(crate) chromium: PathBuf,
    /// The WebDriver server's program.
    pub(crate) driver: PathBuf,
}

impl Browser {
    /// Looks for both; the variables `CHROMIUM` and `CHROMEDRIVER` go before the path.
    pub(crate) fn locate() -> Result<Option<Self>> {
        let chromium = named("CHROMIUM")?.or_else(|| locate::on_path(&BROWSERS)).or_else(|| first(&BROWSER_FILES));
        let driver =
            named("CHROMEDRIVER")?.or_else(|| locate::on_path(&["chromedriver"])).or_else(|| first(&DRIVER_FILES));
        Ok(chromium.zip(driver).map(|(chromium, driver)| Self { chromium, driver }))
    }

    /// As [`Browser::locate`]; none is an error.
    pub(crate) fn require() -> Result<Self> {
        Self::locate()?.context(INSTALL)
    }

    /// Writes the capabilities that wasm-bindgen's test runner starts the browser with.
    pub(crate) fn write_capabilities(&self, ws: &Workspace) -> Result<PathBuf> {
        let path = ws.target.join("xtask/webdriver.json");
        let capabilities = json!({ "goog:chromeOptions": { "binary": self.chromium, "args": FLAGS } });
        files::write(&path, capabilities.to_string().as_bytes())?;
        Ok(path)
    }

    /// The version's first number as each of the two programs reports it.
    pub(crate) fn majors(&self, ws: &Workspace) -> (Option<u32>, Option<u32>) {
        let major = |program: &Path| major(&ws.cmd(program).arg("--version").read().ok()?);
        (major(&self.chromium), major(&self.driver))
    }
}

/// Installs a browser and its driver unless they are there.
pub(crate) fn browser(ws: &Workspace, status: &Status) -> Result<String> {
    let verb = if Browser::locate()?.is_some() {
        "present"
    } else {
        tools::apt_install(ws, status, &["chromium", "chromium-driver"], INSTALL)?;
        "installed"
    };
    let browser = Browser::require()?;
    match browser.majors(ws) {
        (Some(browser), Some(driver)) if browser == driver => Ok(format!("Chromium {browser} {verb}")),
        (Some(browser), Some(driver)) => {
            bail!("the browser is of version {browser}, its driver of {driver}: {INSTALL}")
        }
        (None, _) => bail!("{} does not run: {INSTALL}", browser.chromium.display()),
        (_, None) => bail!("{} does not run: {INSTALL}", browser.driver.display()),
    }
}

/// The program that an environment variable names.
pub(crate) fn named(variable: &str) -> Result<Option<PathBuf>> {
    match env::var_os(variable).map(PathBuf::from) {
        None => Ok(None),
        Some(path) if locate::is_program(&path) => Ok(Some(path)),
        Some(path) => bail!("{variable} names {}, which is no program; unset it to have one found", path.display()),
    }
}

/// The first of `paths` that is a program.
fn first(paths: &[&str]) -> Option<PathBuf> {
    paths.iter().map(PathBuf::from).find(|path| locate::is_program(path))
}

/// The first number of the first word that looks like a version.
fn major(said: &str) -> Option<u32> {
    said.split_whitespace().find(|word| word.contains('.')).and_then(|word| word.split('.').next()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn versions_are_read_from_what_the_programs_say() {
        assert_eq!(major("Chromium 156.0.8078.79 built on Debian GNU/Linux 12"), Some(156));
        assert_eq!(major("ChromeDriver 156.0.8078.79 (a21ce95-refs/branch-heads/8078@{#1704})"), Some(156));
        assert_eq!(major("no version"), None);
    }
}
