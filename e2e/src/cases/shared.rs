//! Real pages: equal as they are, and after random edits.

use crate::{
    pair::{Pair, Transport},
    workbench::Workbench,
};
use anyhow::{Context, Result};
use std::{fs, path::Path};

/// Random edits made to each page.
const EDITS: u32 = 200;

/// Pages of which more pixels may differ than otherwise, and why.
const REASONS: &[(&str, &str)] = &[(
    "rtl-1",
    "written from right to left: Chromium puts the scroll bar of a frame to the left, that of a window not",
)];

/// A page of the shared set, or the note that there is none.
#[derive(Debug)]
pub(crate) enum Page {
    /// Its name, without the ending.
    Present(String),
    /// Why there are none.
    Absent(String),
}

impl Page {
    /// The page's name.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Present(name) => name,
            Self::Absent(_) => "all",
        }
    }

    /// Why more pixels may differ than otherwise.
    pub(crate) fn pixels_reason(&self) -> Option<&'static str> {
        REASONS.iter().find(|(name, _)| *name == self.name()).map(|(_, reason)| *reason)
    }

    /// Why it cannot be run.
    pub(crate) fn skipped(&self) -> Option<&str> {
        match self {
            Self::Present(_) => None,
            Self::Absent(reason) => Some(reason),
        }
    }
}

/// All pages, by name. They are not part of the project: where their folder is absent, that is said once.
pub(crate) fn pages(folder: &Path) -> Result<Vec<Page>> {
    if !folder.is_dir() {
        return Ok(vec![Page::Absent("../shared/pages is absent: real pages are not part of the project".to_owned())]);
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).context("reading the shared pages")? {
        let name = entry?.file_name();
        if let Some(name) = name.to_str().and_then(|name| name.strip_suffix(".html")) {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names.into_iter().map(Page::Present).collect())
}

/// Runs one page.
pub(crate) async fn run(bench: &Workbench, page: &Page) -> Result<()> {
    let mut pair = Pair::open(bench, &format!("/shared/{}.html", page.name()), Transport::Relay).await?;
    pair.look("keyframe", page.pixels_reason()).await?;
    let seed = page.name().bytes().fold(7_u32, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
    pair.mutate(seed, EDITS).await?;
    pair.check("random edits").await?;
    pair.look("random edits", page.pixels_reason()).await?;
    pair.finish().await
}
