//! Finds or installs WebKitGTK's driver and the display it runs under, for the end-to-end tests with that engine.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::browser::named;
use crate::locate;
use crate::progress::Status;
use crate::tools;
use crate::workspace::Workspace;

/// What to do when they are not there and cannot be installed.
const INSTALL: &str =
    "install WebKitGTK's WebDriver and Xvfb (Debian: webkit2gtk-driver, xvfb), or name them in WEBKITDRIVER and XVFB";

/// The driver, which brings its browser, and a display that nobody sees.
#[derive(Debug)]
pub(crate) struct Webkit {
    /// The WebDriver server's program.
    pub(crate) driver: PathBuf,
    /// The display's program.
    pub(crate) display: PathBuf,
}

impl Webkit {
    /// Looks for both; the variables `WEBKITDRIVER` and `XVFB` go before the path.
    fn locate() -> Result<Option<Self>> {
        let driver = named("WEBKITDRIVER")?.or_else(|| locate::on_path(&["WebKitWebDriver"]));
        let display = named("XVFB")?.or_else(|| locate::on_path(&["Xvfb"]));
        Ok(driver.zip(display).map(|(driver, display)| Self { driver, display }))
    }

    /// As [`Webkit::locate`]; none is an error.
    pub(crate) fn require() -> Result<Self> {
        Self::locate()?.context(INSTALL)
    }
}

/// Installs both through the system unless they are there.
pub(crate) fn webkit(ws: &Workspace, status: &Status) -> Result<String> {
    let verb = if Webkit::locate()?.is_some() {
        "present"
    } else {
        tools::apt_install(ws, status, &["webkit2gtk-driver", "xvfb"], INSTALL)?;
        "installed"
    };
    let found = Webkit::require()?;
    // It says no version, but runs or does not.
    ws.cmd(&found.driver).arg("--help").read().with_context(|| INSTALL.to_owned())?;
    Ok(format!("{} and {} {verb}", name(&found.driver), name(&found.display)))
}

/// A program's own name.
fn name(program: &std::path::Path) -> String {
    program.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
