//! Sets up the tools that the build needs: the wasm target, rustfmt and clippy, wasm-bindgen, the npm packages.
//!
//! Each function looks first and installs only what is missing. What cannot be installed is said in one line.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

use crate::locate;
use crate::manifest::locked_version;
use crate::progress::Status;
use crate::run::Cmd;
use crate::stamp::{Inputs, Stamp};
use crate::workspace::Workspace;

/// The target that the engine and the player are built for.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// How wasm-bindgen is built: it is used for seconds and built for minutes, so it is built fast rather than made fast.
const WASM_BINDGEN_PROFILE: [&str; 4] = [
    "profile.release.opt-level=1",
    "profile.release.lto=\"off\"",
    "profile.release.codegen-units=16",
    "profile.release.debug=false",
];

/// The oldest Node.js that the npm packages run on.
const NODE_MAJOR: u32 = 18;

/// rustfmt and clippy; rustup's minimal profile lacks them.
pub(crate) fn components(ws: &Workspace, status: &Status) -> Result<String> {
    let missing = missing_components(ws);
    if missing.is_empty() {
        return Ok("present".into());
    }
    let names = missing.join(" ");
    ws.cmd("rustup")
        .args(["component", "add"])
        .args(&missing)
        .hint(format!("install {names} for the Rust toolchain in use"))
        .quiet(status)?;
    Ok(format!("installed {names}"))
}

/// Which of rustfmt and clippy do not run.
pub(crate) fn missing_components(ws: &Workspace) -> Vec<&'static str> {
    let works = |command: &str| ws.cargo().args([command, "--version"]).succeeds();
    [("fmt", "rustfmt"), ("clippy", "clippy")]
        .into_iter()
        .filter(|(command, _)| !works(command))
        .map(|(_, component)| component)
        .collect()
}

/// The Rust standard library for wasm.
pub(crate) fn wasm_target(ws: &Workspace, status: &Status) -> Result<String> {
    if has_wasm_target(ws) {
        return Ok("present".into());
    }
    ws.cmd("rustup")
        .args(["target", "add", WASM_TARGET])
        .hint(format!("install the Rust standard library for {WASM_TARGET} (`rustup target add {WASM_TARGET}`)"))
        .quiet(status)?;
    Ok("installed".into())
}

/// Whether the toolchain in use can build for wasm, however it was installed.
pub(crate) fn has_wasm_target(ws: &Workspace) -> bool {
    let libdir = ws.cmd("rustc").args(["--print", "target-libdir", "--target", WASM_TARGET]).read();
    libdir.is_ok_and(|dir| Path::new(dir.trim()).is_dir())
}

/// wasm-bindgen's command line programs, of the version that `Cargo.lock` holds.
#[derive(Debug)]
pub(crate) struct WasmBindgen {
    /// The locked version.
    pub(crate) version: String,
    /// Makes the JavaScript glue.
    pub(crate) bindgen: PathBuf,
    /// Runs wasm tests in a browser.
    pub(crate) test_runner: PathBuf,
}

impl WasmBindgen {
    /// Where the programs are, or where they would be installed.
    pub(crate) fn locate(ws: &Workspace) -> Result<Self> {
        let lock = fs::read_to_string(ws.root.join("Cargo.lock")).context("cannot read Cargo.lock")?;
        let version = locked_version(&lock, "wasm-bindgen")
            .context("Cargo.lock holds no wasm-bindgen: no crate depends on it yet")?
            .to_owned();
        let folder = match locate::on_path(&["wasm-bindgen"]) {
            Some(found) if reports_version(ws, &found, &version) => found.parent().map(Path::to_path_buf),
            _ => None,
        };
        let folder = folder.filter(|folder| locate::is_program(&program(folder, "wasm-bindgen-test-runner")));
        let folder = folder.unwrap_or_else(|| ws.target.join("tools").join(format!("wasm-bindgen-{version}/bin")));
        Ok(Self {
            version,
            bindgen: program(&folder, "wasm-bindgen"),
            test_runner: program(&folder, "wasm-bindgen-test-runner"),
        })
    }

    /// Whether both programs are there.
    pub(crate) fn is_present(&self) -> bool {
        locate::is_program(&self.bindgen) && locate::is_program(&self.test_runner)
    }
}

/// Builds wasm-bindgen unless it is there.
pub(crate) fn wasm_bindgen(ws: &Workspace, status: &Status) -> Result<String> {
    let found = WasmBindgen::locate(ws)?;
    if found.is_present() {
        return Ok(format!("{} present", found.version));
    }
    let tools = ws.target.join("tools");
    let (root, build) = (tools.join(format!("wasm-bindgen-{}", found.version)), tools.join("build"));
    let install = ws
        .cargo()
        .args(["install", "wasm-bindgen-cli", "--version", &found.version])
        // TLS is for remote drivers only, and needs a C compiler.
        .args(["--no-default-features", "--bin", "wasm-bindgen", "--bin", "wasm-bindgen-test-runner"])
        .arg("--root")
        .arg(&root)
        .arg("--target-dir")
        .arg(&build)
        .args(WASM_BINDGEN_PROFILE.iter().flat_map(|setting| ["--config", setting]))
        .hint("check that the crates registry can be reached, then run the command again");
    // The lock file in the package may name versions that a registry mirror does not have yet.
    if install.clone().arg("--locked").quiet(status).is_err() {
        status.note("--locked failed, trying without");
        install.quiet(status)?;
    }
    fs::remove_dir_all(&build).ok();
    if !found.is_present() {
        bail!("wasm-bindgen {} was installed but {} is not there", found.version, found.bindgen.display());
    }
    Ok(format!("{} installed", found.version))
}

/// Whether the program at `path` says that it is of this version.
fn reports_version(ws: &Workspace, path: &Path, version: &str) -> bool {
    let said = ws.cmd(path).arg("--version").read();
    said.is_ok_and(|said| said.split_whitespace().nth(1) == Some(version))
}

/// The npm packages of the root `package.json`: esbuild, wasm-opt, and the benches' peer.
pub(crate) fn node_packages(ws: &Workspace, status: &Status) -> Result<String> {
    let installed = if node_major(ws).is_none() || locate::on_path(&["npm"]).is_none() {
        apt_install(ws, status, &["nodejs", "npm"], &format!("install Node.js {NODE_MAJOR} or later with npm"))?;
        "Node.js and npm installed, "
    } else {
        ""
    };
    match node_major(ws) {
        Some(major) if major >= NODE_MAJOR => {}
        Some(major) => bail!("Node.js {major} is too old: install Node.js {NODE_MAJOR} or later"),
        None => bail!("`node` does not run: install Node.js {NODE_MAJOR} or later with npm"),
    }
    let (stamp, inputs) = node_packages_stamp(ws)?;
    if stamp.is_current(&inputs, &[node_program(ws, "esbuild"), node_program(ws, "wasm-opt")]) {
        return Ok(format!("{installed}packages present"));
    }
    // No package's install script runs: the programs come inside the packages.
    ws.cmd("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"])
        .hint("check that the npm registry can be reached, then run the command again")
        .quiet(status)?;
    stamp.keep(&inputs)?;
    Ok(format!("{installed}packages installed"))
}

/// Whether the npm packages are there as locked.
pub(crate) fn has_node_packages(ws: &Workspace) -> bool {
    node_packages_stamp(ws).is_ok_and(|(stamp, inputs)| stamp.is_current(&inputs, &[node_program(ws, "esbuild")]))
}

/// The stamp lies inside `node_modules`, so that it goes with it.
fn node_packages_stamp(ws: &Workspace) -> Result<(Stamp, Inputs)> {
    let inputs = Inputs::default().file(&ws.root.join("package.json"))?.file(&ws.root.join("package-lock.json"))?;
    Ok((Stamp::at(ws.root.join("node_modules/.xtask-stamp")), inputs))
}

/// A program from the npm packages.
pub(crate) fn node_program(ws: &Workspace, name: &str) -> PathBuf {
    let suffix = if cfg!(windows) { ".cmd" } else { "" };
    ws.root.join("node_modules/.bin").join(format!("{name}{suffix}"))
}

/// The major version of the Node.js on the path.
pub(crate) fn node_major(ws: &Workspace) -> Option<u32> {
    let version = ws.cmd("node").arg("--version").read().ok()?;
    version.trim().trim_start_matches('v').split('.').next()?.parse().ok()
}

/// Installs Debian packages where the system is Debian's and we may; otherwise an error that says what to do `by_hand`.
pub(crate) fn apt_install(ws: &Workspace, status: &Status, packages: &[&str], by_hand: &str) -> Result<()> {
    let apt = apt(ws).map_err(|why| anyhow!("{by_hand} ({why})"))?;
    let lock = ["-o", "DPkg::Lock::Timeout=300"];
    // One broken source must not keep the others' packages from being installed.
    apt.clone().arg("update").args(lock).quiet(status).ok();
    apt.args(["install", "-y", "--no-install-recommends"]).args(lock).args(packages).hint(by_hand).quiet(status)?;
    Ok(())
}

/// `apt-get` with the rights to install, if there is one.
pub(crate) fn apt(ws: &Workspace) -> Result<Cmd> {
    if locate::on_path(&["apt-get"]).is_none() {
        bail!("this system has no apt-get to do it with");
    }
    let root = ws.cmd("id").arg("-u").read().is_ok_and(|id| id.trim() == "0");
    let cmd = if root {
        ws.cmd("apt-get")
    } else if ws.cmd("sudo").args(["-n", "true"]).succeeds() {
        ws.cmd("sudo").args(["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"])
    } else {
        bail!("apt-get needs root, or sudo without a password, to do it");
    };
    Ok(cmd.env("DEBIAN_FRONTEND", "noninteractive"))
}

/// The program `name` in `folder`.
fn program(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}
