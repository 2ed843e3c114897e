//! Privacy rules of a site, from a file, for the customers' pages: they ask for them as a session starts, and keep by them.
//!
//! What is not understood is refused as a whole, with its place: a rule that was passed over would keep nothing. The format
//! is described in `docs/privacy.md`.

// Paths of modules are said for who takes this file in by its own (`fuzz/src/included.rs`).
#[path = "rules/restrictions.rs"]
mod restrictions;

use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

/// The largest file, in bytes.
const FILE_BYTES: u64 = 1 << 20;

/// The most rules.
const MOST_RULES: usize = 1_000;

/// The longest selector, pattern or regular expression, in bytes.
const TEXT_BYTES: usize = 4 << 10;

/// Why a file of rules is not taken. It reads `rule 2, mask: expected …`, or `line 3, column 5: expected …`.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is no JSON, or not as it should be.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// It is no XML.
    #[error("{0}")]
    Xml(#[from] roxmltree::Error),
    /// Something in it is not as it should be.
    #[error("{place}: expected {expected}, found {found}")]
    Content {
        /// Where.
        place: String,
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
}

/// Selectors in a file: one, or a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Selectors {
    One(String),
    Many(Vec<String>),
}

/// One rule, as in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Entry {
    url: Option<String>,
    url_regex: Option<String>,
    /// For who reads the file.
    #[serde(rename = "note")]
    _note: Option<String>,
    mask: Option<Selectors>,
    unmask: Option<Selectors>,
    block: Option<Selectors>,
    ignore: Option<Selectors>,
    deny: Option<Selectors>,
}

/// A file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Content {
    private: Option<bool>,
    mask_length: Option<Length>,
    urls: Option<Urls>,
    rules: Vec<Entry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Length {
    Shape,
    Fixed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Urls {
    Secrets,
    MaskQuery,
}

/// A rule as a customer's page gets it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url_regex: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mask: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unmask: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    block: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ignore: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deny: Vec<String>,
}

/// Rules that were understood.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rules {
    #[serde(skip_serializing_if = "Option::is_none")]
    private: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mask_length: Option<Length>,
    #[serde(skip_serializing_if = "Option::is_none")]
    urls: Option<Urls>,
    rules: Vec<Rule>,
}

impl Rules {
    /// Reads a file's text: JSON, or, where it begins with `<`, an XML file of DOM restrictions.
    ///
    /// # Errors
    /// [`RulesError`] for the first thing that is not understood.
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.trim_start().starts_with('<') {
            return restrictions::parse(text);
        }
        let Content { private, mask_length, urls, rules } = serde_json::from_str(text)?;
        count(rules.len())?;
        let rules =
            rules.into_iter().enumerate().map(|(index, entry)| entry.check(index + 1)).collect::<Result<_, _>>()?;
        Ok(Self { private, mask_length, urls, rules })
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

fn count(rules: usize) -> Result<(), RulesError> {
    if rules <= MOST_RULES {
        return Ok(());
    }
    Err(RulesError::Content { place: "rules".into(), expected: "at most 1,000 rules", found: rules.to_string() })
}

impl Entry {
    fn check(self, number: usize) -> Result<Rule, RulesError> {
        let place = |name: &str| format!("rule {number}, {name}");
        if self.url.is_some() && self.url_regex.is_some() {
            let expected = "url or urlRegex, not both";
            return Err(RulesError::Content { place: format!("rule {number}"), expected, found: "both".into() });
        }
        if let Some(url) = &self.url {
            text(place("url"), url)?;
        }
        if let Some(pattern) = &self.url_regex {
            regex(place("urlRegex"), pattern)?;
        }
        let list = |name: &str, selectors: Option<Selectors>| {
            let list = match selectors {
                None => Vec::new(),
                Some(Selectors::One(one)) => vec![one],
                Some(Selectors::Many(many)) => many,
            };
            list.iter().try_for_each(|one| selector(place(name), one)).map(|()| list)
        };
        let rule = Rule {
            mask: list("mask", self.mask)?,
            unmask: list("unmask", self.unmask)?,
            block: list("block", self.block)?,
            ignore: list("ignore", self.ignore)?,
            deny: list("deny", self.deny)?,
            url: self.url,
            url_regex: self.url_regex,
        };
        let lists = [&rule.mask, &rule.unmask, &rule.block, &rule.ignore, &rule.deny];
        if lists.iter().all(|list| list.is_empty()) {
            let expected = "selectors to mask, unmask, block, ignore or deny";
            return Err(RulesError::Content { place: format!("rule {number}"), expected, found: "none".into() });
        }
        Ok(rule)
    }
}

fn text(place: String, text: &str) -> Result<(), RulesError> {
    if text.trim().is_empty() {
        return Err(RulesError::Content { place, expected: "something", found: "nothing".into() });
    }
    if text.len() > TEXT_BYTES {
        let found = format!("{} bytes", text.len());
        return Err(RulesError::Content { place, expected: "at most 4,096 bytes", found });
    }
    Ok(())
}

/// A regular expression as browsers know them: the pages look for it in their addresses.
fn regex(place: String, pattern: &str) -> Result<(), RulesError> {
    text(place.clone(), pattern)?;
    match regress::Regex::new(pattern) {
        Ok(_) => Ok(()),
        Err(error) => {
            let found = format!("{pattern:?} ({error})");
            Err(RulesError::Content { place, expected: "a regular expression of JavaScript", found })
        }
    }
}

/// A selector whose brackets and quotes are in pairs. Whether a browser knows all of it is seen there: a page that does not
/// understand a rule shares nothing.
fn selector(place: String, selector: &str) -> Result<(), RulesError> {
    text(place.clone(), selector)?;
    let mut open = Vec::new();
    let mut quote = None;
    let mut characters = selector.chars();
    while let Some(character) = characters.next() {
        let is_paired = match (quote, character) {
            (_, '\\') => characters.next().is_some(),
            (Some(expected), found) => {
                if expected == found {
                    quote = None;
                }
                true
            }
            (None, '"' | '\'') => {
                quote = Some(character);
                true
            }
            (None, '[' | '(') => {
                open.push(character);
                true
            }
            (None, ']') => open.pop() == Some('['),
            (None, ')') => open.pop() == Some('('),
            (None, '{' | '}' | ';') => false,
            _ => true,
        };
        if !is_paired {
            return Err(RulesError::Content { place, expected: "a selector", found: format!("{selector:?}") });
        }
    }
    if quote.is_some() || !open.is_empty() {
        return Err(RulesError::Content { place, expected: "a selector", found: format!("{selector:?}") });
    }
    Ok(())
}

/// A file of rules: what it said when it was last understood.
#[derive(Debug)]
pub(crate) struct RulesFile {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Clone)]
struct State {
    /// Of the file that was looked at last, whether it was understood or not.
    seen: Option<(SystemTime, u64)>,
    /// What pages get.
    json: String,
}

impl RulesFile {
    /// Reads the file.
    ///
    /// # Errors
    /// [`RulesError`]: there are no rules yet that could stay.
    pub(crate) fn open(path: &Path) -> Result<Self, RulesError> {
        let seen = stamp(path)?;
        let rules = read(path)?;
        tracing::info!(rules = rules.len(), path = %path.display(), "privacy rules");
        let json = serde_json::to_string(&rules)?;
        Ok(Self { path: path.to_owned(), state: Mutex::new(State { seen: Some(seen), json }) })
    }

    /// The rules, as JSON.
    pub(crate) fn json(&self) -> String {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).json.clone()
    }

    /// Reads the file if it has changed. Where it is not understood, the rules stay, and the log says why, once.
    pub(crate) fn refresh(&self) {
        let seen = stamp(&self.path).ok();
        {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.seen == seen {
                return;
            }
            state.seen = seen;
        }
        match read(&self.path).and_then(|rules| Ok((rules.len(), serde_json::to_string(&rules)?))) {
            Ok((rules, json)) => {
                tracing::info!(rules, path = %self.path.display(), "privacy rules have changed");
                self.state.lock().unwrap_or_else(PoisonError::into_inner).json = json;
            }
            Err(error) => {
                tracing::error!(%error, path = %self.path.display(), "privacy rules are refused; those from before stay");
            }
        }
    }
}

/// By what it is seen that a file has changed.
fn stamp(path: &Path) -> io::Result<(SystemTime, u64)> {
    let about = fs::metadata(path)?;
    Ok((about.modified()?, about.len()))
}

fn read(path: &Path) -> Result<Rules, RulesError> {
    let size = fs::metadata(path)?.len();
    if size > FILE_BYTES {
        let found = format!("{size} bytes");
        return Err(RulesError::Content { place: "file".into(), expected: "at most 1 MiB", found });
    }
    Rules::parse(&fs::read_to_string(path)?)
}

#[cfg(test)]
#[path = "rules/tests.rs"]
mod tests;
