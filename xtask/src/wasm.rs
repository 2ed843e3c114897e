//! Builds the engine and the player as wasm: cargo, then wasm-bindgen's glue, then `wasm-opt`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::progress::Status;
use crate::stamp::{Inputs, Stamp};
use crate::tools::{self, WASM_TARGET, WasmBindgen};
use crate::workspace::Workspace;

/// `wasm-opt`'s arguments: what it optimises for, then the features that rustc emits by default.
const WASM_OPT: [&str; 7] = [
    "-O3",
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Flags for rustc beside those of the `wasm` profile.
const RUSTFLAGS: [&str; 0] = [];

/// A crate that a browser loads as wasm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shell {
    /// The customer's side.
    Capture,
    /// The agent's side.
    Replay,
    /// What both load where a session is sealed.
    Seal,
}

impl Shell {
    /// All, in the order in which they are built.
    pub(crate) const ALL: [Self; 3] = [Self::Capture, Self::Replay, Self::Seal];

    /// The folder's, the library's and the built file's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::Replay => "replay",
            Self::Seal => "seal",
        }
    }

    /// The folders of its scripts, from the repository's root; each has types. Those of sealing are in the others'.
    pub(crate) fn scripts(self) -> &'static [&'static str] {
        match self {
            Self::Capture => &["capture/js"],
            Self::Replay => &["replay/js", "replay/player", "replay/desktop"],
            Self::Seal => &[],
        }
    }

    /// The package's name.
    pub(crate) fn package(self) -> &'static str {
        match self {
            Self::Capture => "cobrowse-capture",
            Self::Replay => "cobrowse-replay",
            Self::Seal => "cobrowse-seal",
        }
    }

    /// The folder that the glue and the wasm are made in.
    fn folder(self, ws: &Workspace) -> PathBuf {
        ws.target.join("wasm").join(self.name())
    }

    /// The generated JavaScript glue.
    pub(crate) fn glue(self, ws: &Workspace) -> PathBuf {
        self.folder(ws).join(format!("{}.js", self.name()))
    }

    /// The optimised wasm.
    pub(crate) fn wasm(self, ws: &Workspace) -> PathBuf {
        self.folder(ws).join(format!("{}.wasm", self.name()))
    }
}

/// Builds one of them; the steps after cargo are skipped when cargo's result is the one already processed.
pub(crate) fn build(ws: &Workspace, shell: Shell, status: &Status) -> Result<String> {
    // `cargo rustc` names the crate type here, so that native builds need not make a shared library too.
    ws.cargo()
        .args(["rustc", "--package", shell.package(), "--lib", "--crate-type", "cdylib"])
        .args(["--target", WASM_TARGET, "--profile", "wasm"])
        .env("CARGO_ENCODED_RUSTFLAGS", rustflags(ws))
        .quiet(status)?;
    let built = ws.target.join(WASM_TARGET).join("wasm").join(format!("{}.wasm", shell.name()));
    let bindgen = WasmBindgen::locate(ws)?;
    let names: &[&str] = if ws.options.debug_names { &["-g"] } else { &[] };
    let inputs = WASM_OPT
        .iter()
        .chain(names)
        .fold(Inputs::default(), |inputs, argument| inputs.text(argument))
        .text(&bindgen.version)
        .file(&ws.root.join("package-lock.json"))?
        .file(&built)
        .with_context(|| format!("is the library of {} named `{}`?", shell.package(), shell.name()))?;
    let stamp = Stamp::at(shell.folder(ws).join("stamp"));
    if !stamp.is_current(&inputs, &[shell.glue(ws), shell.wasm(ws)]) {
        fs::create_dir_all(shell.folder(ws))?;
        glue(ws, shell, &bindgen, &built, status)?;
        let opened = shell.folder(ws).join(format!("{}_bg.wasm", shell.name()));
        status.note("wasm-opt");
        ws.cmd(tools::node_program(ws, "wasm-opt"))
            .args(WASM_OPT)
            .args(names)
            .arg(&opened)
            .arg("-o")
            .arg(shell.wasm(ws))
            .quiet(status)?;
        stamp.keep(&inputs)?;
    }
    let size = fs::metadata(shell.wasm(ws))?.len();
    Ok(format!("{} KB", size.div_ceil(1024)))
}

/// Makes the glue. It fetches nothing by itself: the scripts around it hand it the compiled module.
fn glue(ws: &Workspace, shell: Shell, bindgen: &WasmBindgen, built: &Path, status: &Status) -> Result<()> {
    status.note("wasm-bindgen");
    let strip: &[&str] = if ws.options.debug_names { &[] } else { &["--remove-name-section"] };
    ws.cmd(&bindgen.bindgen)
        .args(["--target", "web", "--no-typescript", "--omit-default-module-path", "--remove-producers-section"])
        .args(strip)
        .args(["--out-name", shell.name(), "--out-dir"])
        .arg(shell.folder(ws))
        .arg(built)
        .quiet(status)?;
    Ok(())
}

/// The flags for rustc in cargo's encoding. Panic messages name source files: without the machine's own folders in them
/// the wasm is the same wherever it is built, and tells its readers nothing about the builder.
fn rustflags(ws: &Workspace) -> String {
    let mut flags: Vec<String> = RUSTFLAGS.iter().map(|flag| (*flag).to_owned()).collect();
    if let Ok(given) = env::var("CARGO_ENCODED_RUSTFLAGS") {
        flags.extend(given.split('\x1f').map(str::to_owned));
    } else if let Ok(given) = env::var("RUSTFLAGS") {
        flags.extend(given.split_whitespace().map(str::to_owned));
    }
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    // One folder per registry; this program's own dependencies have made it by now.
    let registries = cargo_home.and_then(|home| fs::read_dir(home.join("registry/src")).ok());
    let mut registries: Vec<PathBuf> = registries.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    registries.sort();
    flags.extend(registries.iter().map(|registry| format!("--remap-path-prefix={}=crates", registry.display())));
    flags.push(format!("--remap-path-prefix={}=.", ws.root.display()));
    flags.retain(|flag| !flag.is_empty());
    flags.join("\x1f")
}
