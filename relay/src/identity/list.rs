//! Agents by a list in a file: each with a name and the SHA-256 of a key that only the agent has.
//!
//! ```json
//! [{ "id": "anna", "name": "Anna", "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" }]
//! ```

use super::{Agent, keys::stamp};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
    time::SystemTime,
};
use subtle::{Choice, ConstantTimeEq};

/// The most agents of a list.
const MOST: usize = 10_000;

/// The largest file, in bytes.
const FILE_BYTES: u64 = 4 << 20;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    #[serde(default)]
    name: Option<String>,
    sha256: String,
}

#[derive(Debug, Clone)]
struct Entry {
    agent: Agent,
    digest: [u8; 32],
}

/// The agents of a file that is read again when it changes.
#[derive(Debug)]
pub(super) struct AgentList {
    path: PathBuf,
    state: RwLock<State>,
}

#[derive(Debug)]
struct State {
    /// Of the file that was looked at last, whether it was understood or not.
    seen: Option<(SystemTime, u64)>,
    entries: Vec<Entry>,
}

impl AgentList {
    /// Reads the file.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let seen = stamp(path);
        Ok(Self { path: path.to_owned(), state: RwLock::new(State { seen, entries: read(path)? }) })
    }

    /// Whose key this is. Each key of the list is compared, whichever it is.
    pub(super) fn find(&self, key: &str) -> Option<Agent> {
        let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let mut found = None;
        for entry in &state.entries {
            let is_it: Choice = entry.digest.ct_eq(&digest);
            if bool::from(is_it) {
                found = Some(entry.agent.clone());
            }
        }
        found
    }

    /// Reads the file if it has changed. Where it is not understood, the agents stay who they were, and the log says why, once.
    pub(super) fn look_after(&self) {
        let seen = stamp(&self.path);
        {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            if state.seen == seen {
                return;
            }
            state.seen = seen;
        }
        match read(&self.path) {
            Ok(entries) => {
                tracing::info!(agents = entries.len(), path = %self.path.display(), "the list of agents has changed");
                self.state.write().unwrap_or_else(PoisonError::into_inner).entries = entries;
            }
            Err(error) => tracing::error!(error, "the list of agents is refused; those from before stay"),
        }
    }
}

fn read(path: &Path) -> Result<Vec<Entry>, String> {
    let shown = path.display();
    let unread = |error: std::io::Error| format!("{shown}: it cannot be read: {error}");
    let len = fs::metadata(path).map_err(unread)?.len();
    if len > FILE_BYTES {
        return Err(format!("{shown}: expected at most {FILE_BYTES} bytes, found {len}"));
    }
    let text = fs::read(path).map_err(unread)?;
    let written: Vec<Written> = serde_json::from_slice(&text)
        .map_err(|error| format!("{shown}: expected a list of {{\"id\", \"name\", \"sha256\"}}: {error}"))?;
    if written.is_empty() || written.len() > MOST {
        return Err(format!("{shown}: expected 1 to {MOST} agents, found {}", written.len()));
    }
    let mut ids = HashSet::new();
    let mut digests = HashSet::new();
    let mut entries = Vec::with_capacity(written.len());
    for (at, Written { id, name, sha256 }) in written.into_iter().enumerate() {
        let wrong = |what: &str| format!("{shown}: agent {}: {what}", at + 1);
        if !(1..=100).contains(&id.chars().count()) || id.chars().any(char::is_control) {
            return Err(wrong("id: expected 1 to 100 characters"));
        }
        let digest = crate::token::unhex(&sha256).ok_or_else(|| wrong("sha256: expected 64 hexadecimal digits"))?;
        if !ids.insert(id.clone()) {
            return Err(wrong("id: expected one that no other agent has"));
        }
        if !digests.insert(digest) {
            return Err(wrong("sha256: expected that of a key that no other agent has"));
        }
        entries.push(Entry { agent: Agent::new(id, name), digest });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("cobrowse-agents-{}-{name}.json", std::process::id()));
        fs::write(&path, text).unwrap();
        path
    }

    const TEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    #[test]
    fn a_key_is_its_agents_and_a_file_that_changes_is_read_again() {
        let path = file("good", &format!(r#"[{{"id": "anna", "name": "Anna", "sha256": "{TEST}"}}]"#));
        let list = AgentList::open(&path).unwrap();
        let anna = list.find("test").unwrap();
        assert_eq!((anna.subject.as_str(), anna.name.as_deref()), ("anna", Some("Anna")));
        assert!(list.find("Test").is_none() && list.find("").is_none() && list.find(TEST).is_none());
        fs::write(&path, "[]").unwrap();
        list.look_after();
        assert!(list.find("test").is_some(), "what is not understood changes nothing");
        fs::write(&path, format!(r#"[{{"id": "bert", "sha256": "{}"}}]"#, TEST.replace('9', "8"))).unwrap();
        list.look_after();
        assert!(list.find("test").is_none());
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let one = format!(r#"{{"id": "a", "sha256": "{TEST}"}}"#);
        for (name, text, expected) in [
            ("none", "[]".to_owned(), "expected 1 to 10000 agents, found 0"),
            ("twice", format!("[{one}, {one}]"), "agent 2: id: expected one that no other agent has"),
            ("key", format!("[{one}, {}]", one.replace("\"a\"", "\"b\"")), "agent 2: sha256: expected that of a key"),
            (
                "short",
                one.replace("9f", "").replace('{', "[{") + "]",
                "agent 1: sha256: expected 64 hexadecimal digits",
            ),
            ("field", "[{\"id\": \"a\", \"key\": \"b\"}]".to_owned(), "unknown field `key`"),
        ] {
            let path = file(name, &text);
            let error = AgentList::open(&path).unwrap_err();
            assert!(error.contains(expected) && error.contains("cobrowse-agents"), "{error}");
            fs::remove_file(path).unwrap();
        }
    }
}
