//! Stamps: a step's inputs as one hash, kept after success, so that the next run can skip the step.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::files;

/// The hash of everything that a step's result depends on.
#[derive(Debug, Default)]
pub(crate) struct Inputs(DefaultHasher);

impl Inputs {
    /// Counts a text in: an argument, a version, a flag.
    pub(crate) fn text(mut self, text: impl AsRef<str>) -> Self {
        text.as_ref().hash(&mut self.0);
        self
    }

    /// Counts a file's content in.
    pub(crate) fn file(mut self, path: &Path) -> Result<Self> {
        fs::read(path).with_context(|| format!("cannot read {}", path.display()))?.hash(&mut self.0);
        Ok(self)
    }

    /// The stamp's text.
    fn finish(&self) -> String {
        format!("{:016x}\n", self.0.finish())
    }
}

/// The file that holds the hash of the last success.
#[derive(Debug)]
pub(crate) struct Stamp(PathBuf);

impl Stamp {
    /// The stamp at `path`, which need not exist.
    pub(crate) fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Whether the last success had these inputs and its results are still there.
    pub(crate) fn is_current(&self, inputs: &Inputs, outputs: &[PathBuf]) -> bool {
        outputs.iter().all(|output| output.exists())
            && fs::read_to_string(&self.0).is_ok_and(|kept| kept == inputs.finish())
    }

    /// Remembers a success.
    pub(crate) fn keep(&self, inputs: &Inputs) -> Result<()> {
        files::write(&self.0, inputs.finish().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_and_the_borders_of_inputs_count() {
        let hash = |texts: &[&str]| texts.iter().fold(Inputs::default(), |inputs, text| inputs.text(text)).finish();
        assert_eq!(hash(&["a", "b"]), hash(&["a", "b"]));
        assert_ne!(hash(&["a", "b"]), hash(&["b", "a"]));
        assert_ne!(hash(&["ab", ""]), hash(&["a", "b"]));
    }
}
