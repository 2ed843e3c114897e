//! Where things are: the repository, the target folder, and what was asked for on the command line.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::fuzz;
use crate::manifest::Manifest;
use crate::run::Cmd;

/// What the command line asked for, as far as more than one module wants to know.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// Echo the output of quiet steps.
    pub(crate) verbose: bool,
    /// Keep names in wasm and scripts.
    pub(crate) debug_names: bool,
    /// Benches: fewer and shorter runs.
    pub(crate) quick: bool,
    /// Benches: names handed on to the browser benches.
    pub(crate) bench_filter: Vec<String>,
    /// What `load` is to do.
    pub(crate) load_arguments: Vec<String>,
    /// What `fuzz` is to do.
    pub(crate) fuzz: fuzz::Choice,
}

/// The repository that the command works on.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The folder with the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target folder, wherever its settings put it.
    pub(crate) target: PathBuf,
    /// The workspace's crates.
    pub(crate) manifest: Manifest,
    /// The command line.
    pub(crate) options: Options,
}

impl Workspace {
    /// Finds the repository that this program belongs to.
    pub(crate) fn open(options: Options) -> Result<Self> {
        // Cargo says where the package is when it runs it; a copy of the binary run by hand falls back on where it was built.
        let package =
            env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let Some(root) = package.parent().map(Path::to_path_buf) else {
            bail!("{} has no parent folder to be the repository", package.display());
        };
        let metadata = Cmd::cargo(&root).args(["metadata", "--no-deps", "--format-version=1"]).read()?;
        let manifest = Manifest::parse(&metadata).context("reading the output of `cargo metadata`")?;
        Ok(Self { target: manifest.target.clone(), root, manifest, options })
    }

    /// A command that runs in the repository's root.
    pub(crate) fn cmd(&self, program: impl Into<OsString>) -> Cmd {
        Cmd::new(program, &self.root)
    }

    /// Cargo, run in the repository's root.
    pub(crate) fn cargo(&self) -> Cmd {
        Cmd::cargo(&self.root)
    }

    /// The built static files.
    pub(crate) fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// The release build of the command line program.
    pub(crate) fn cobrowse(&self) -> PathBuf {
        self.target.join("release").join(format!("cobrowse{}", env::consts::EXE_SUFFIX))
    }

    /// `path` as a reader in the repository's root would write it.
    pub(crate) fn relative<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}
