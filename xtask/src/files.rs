//! Walks and writes folders.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Every file under `dir`, as paths from `dir`, in order. Folders for which `enter` is false are left out.
pub(crate) fn walk(dir: &Path, enter: &dyn Fn(&Path) -> bool) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(at) = open.pop() {
        let folder = dir.join(&at);
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let entry = entry?;
            let path = at.join(entry.file_name());
            let kind = entry.file_type()?;
            if kind.is_file() {
                found.push(path);
            } else if kind.is_dir() && enter(&path) {
                open.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Every file under `dir`.
pub(crate) fn all(dir: &Path) -> Result<Vec<PathBuf>> {
    walk(dir, &|_| true)
}

/// Writes a file and the folders that it lies in.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    }
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// A folder's wanted content: for each file in it, the file that it is a copy of.
#[derive(Debug, Default)]
pub(crate) struct Folder(BTreeMap<PathBuf, PathBuf>);

impl Folder {
    /// Wants a copy of the file at `from`.
    pub(crate) fn copy(&mut self, from: impl Into<PathBuf>, to: impl Into<PathBuf>) {
        self.0.insert(to.into(), from.into());
    }

    /// Wants copies of all files under `from`, placed under `to`.
    pub(crate) fn copy_all(&mut self, from: &Path, to: &Path) -> Result<()> {
        for file in all(from)? {
            self.copy(from.join(&file), to.join(file));
        }
        Ok(())
    }

    /// The wanted files whose names end in one of `extensions`, each with the file that it is a copy of.
    pub(crate) fn with_extension(&self, extensions: &[&str]) -> Vec<(PathBuf, PathBuf)> {
        let fits = |path: &Path| path.extension().and_then(OsStr::to_str).is_some_and(|ext| extensions.contains(&ext));
        self.0.iter().filter(|(to, _)| fits(to)).map(|(to, from)| (to.clone(), from.clone())).collect()
    }

    /// Makes `dir` hold these files and no others, and returns their number. What is the same is not touched, so that
    /// what is built from the folder stays up to date.
    pub(crate) fn write(&self, dir: &Path) -> Result<usize> {
        fs::create_dir_all(dir)?;
        for stale in all(dir)?.into_iter().filter(|file| !self.0.contains_key(file)) {
            fs::remove_file(dir.join(stale))?;
        }
        for (to, from) in &self.0 {
            let bytes = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
            let to = dir.join(to);
            if !fs::read(&to).is_ok_and(|present| present == bytes) {
                write(&to, &bytes)?;
            }
        }
        Ok(self.0.len())
    }
}
