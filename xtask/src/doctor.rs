//! `cargo xtask doctor`: what is there, what is missing, and what the other commands would do about it.

use std::process::ExitCode;

use anyhow::Result;

use crate::browser::Browser;
use crate::tools::{self, WASM_TARGET, WasmBindgen};
use crate::webkit::Webkit;
use crate::workspace::Workspace;

/// One tool's state.
struct Finding {
    /// The tool.
    what: &'static str,
    /// How it is there; `Err` says what would be done.
    state: Result<String, String>,
}

/// Prints the findings. Missing tools are no failure: the commands install them.
pub(crate) fn doctor(ws: &Workspace) -> Result<ExitCode> {
    let findings =
        [components(ws), wasm_target(ws), wasm_bindgen(ws), node(ws), packages(ws), browser(ws), webkit(ws), redis(ws)];
    for Finding { what, state } in &findings {
        match state {
            Ok(how) => println!("ok       {what:<24} {how}"),
            Err(todo) => println!("missing  {what:<24} {todo}"),
        }
    }
    let missing = findings.iter().filter(|finding| finding.state.is_err()).count();
    match missing {
        0 => println!("\nEverything is there."),
        _ => println!("\n{missing} missing. `cargo xtask test` does by itself what is not said to be by hand."),
    }
    Ok(ExitCode::SUCCESS)
}

/// rustfmt and clippy.
fn components(ws: &Workspace) -> Finding {
    let missing = tools::missing_components(ws);
    let state =
        if missing.is_empty() { Ok(String::new()) } else { Err(format!("rustup component add {}", missing.join(" "))) };
    Finding { what: "rustfmt, clippy", state }
}

/// The wasm standard library.
fn wasm_target(ws: &Workspace) -> Finding {
    let state =
        if tools::has_wasm_target(ws) { Ok(String::new()) } else { Err(format!("rustup target add {WASM_TARGET}")) };
    Finding { what: WASM_TARGET, state }
}

/// wasm-bindgen's programs.
fn wasm_bindgen(ws: &Workspace) -> Finding {
    let state = match WasmBindgen::locate(ws) {
        Ok(found) if found.is_present() => Ok(format!("{} {}", found.version, found.bindgen.display())),
        Ok(found) => Err(format!("cargo install wasm-bindgen-cli {} into the target folder", found.version)),
        Err(error) => Err(format!("{error:#}")),
    };
    Finding { what: "wasm-bindgen", state }
}

/// Node.js.
fn node(ws: &Workspace) -> Finding {
    let state = match tools::node_major(ws) {
        Some(major) => Ok(format!("version {major}")),
        None => Err(by_apt(ws, "nodejs npm")),
    };
    Finding { what: "Node.js", state }
}

/// The npm packages.
fn packages(ws: &Workspace) -> Finding {
    let state = if tools::has_node_packages(ws) { Ok(String::new()) } else { Err("npm ci --ignore-scripts".into()) };
    Finding { what: "esbuild, wasm-opt, rrweb", state }
}

/// The browser and its driver.
fn browser(ws: &Workspace) -> Finding {
    let state = match Browser::locate() {
        Ok(Some(found)) => match found.majors(ws) {
            (Some(browser), Some(driver)) if browser == driver => {
                Ok(format!("version {browser}, {}", found.chromium.display()))
            }
            (browser, driver) => Err(format!("versions differ: browser {browser:?}, driver {driver:?}")),
        },
        Ok(None) => Err(by_apt(ws, "chromium chromium-driver")),
        Err(error) => Err(format!("{error:#}")),
    };
    Finding { what: "Chromium, chromedriver", state }
}

/// WebKitGTK's driver and the display it runs under.
fn webkit(ws: &Workspace) -> Finding {
    let state = match Webkit::require() {
        Ok(found) => Ok(found.driver.display().to_string()),
        Err(_) => Err(by_apt(ws, "webkit2gtk-driver xvfb")),
    };
    Finding { what: "WebKitWebDriver, Xvfb", state }
}

/// A Redis server.
fn redis(ws: &Workspace) -> Finding {
    let state = match crate::redis::locate() {
        Ok(Some(found)) => Ok(found.display().to_string()),
        Ok(None) => Err(by_apt(ws, "redis-server")),
        Err(error) => Err(format!("{error:#}")),
    };
    Finding { what: "Redis", state }
}

/// What would be done about a missing Debian package.
fn by_apt(ws: &Workspace, packages: &str) -> String {
    match tools::apt(ws) {
        Ok(_) => format!("apt-get install {packages}"),
        Err(why) => format!("install by hand: {packages} ({why})"),
    }
}
