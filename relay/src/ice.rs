//! The servers by which the customer's browser and an agent's find a way to each other for screen sharing, from a file.
//!
//! The file is what a browser takes as `iceServers` of `RTCPeerConnection`: a list of `{"urls", "username", "credential"}`. What is
//! not understood is refused as a whole, with its place. The relay hands the list to who names a live session, and to nobody else:
//! a TURN server's credential is worth something.

use serde::{Deserialize, Serialize};
use std::{fs, io, path::Path};

/// The largest file, in bytes.
const FILE_BYTES: u64 = 64 << 10;

/// The most servers: a browser asks each of them.
const MOST: usize = 16;

/// Why a file of ICE servers is not taken. It reads `server 2, username: expected …, found …`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IceError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is no JSON, or not as it should be.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
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

/// Addresses in a file: one, or a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
enum Urls {
    One(String),
    Many(Vec<String>),
}

impl Urls {
    fn all(&self) -> &[String] {
        match self {
            Self::One(url) => std::slice::from_ref(url),
            Self::Many(urls) => urls,
        }
    }
}

/// One server, as in the file and as a browser takes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Server {
    urls: Urls,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
}

/// The answer to who asks.
#[derive(Debug, Default, Serialize)]
struct Answer {
    #[serde(rename = "iceServers")]
    servers: Vec<Server>,
}

/// The answer with the servers of a file, as JSON; without a file there are none.
///
/// # Errors
/// [`IceError`] when the file is not understood.
pub(crate) fn answer(file: Option<&Path>) -> Result<String, IceError> {
    let servers = match file {
        None => Vec::new(),
        Some(file) => {
            let len = fs::metadata(file)?.len();
            if len > FILE_BYTES {
                let found = format!("{len} bytes");
                return Err(IceError::Content { place: "the file".to_owned(), expected: "at most 64 KiB", found });
            }
            parse(&fs::read_to_string(file)?)?
        }
    };
    Ok(serde_json::to_string(&Answer { servers })?)
}

fn parse(text: &str) -> Result<Vec<Server>, IceError> {
    let servers: Vec<Server> = serde_json::from_str(text)?;
    let fault = |place: String, expected, found: String| Err(IceError::Content { place, expected, found });
    if servers.len() > MOST {
        return fault("the list".to_owned(), "at most 16 servers", servers.len().to_string());
    }
    for (at, server) in servers.iter().enumerate() {
        let place = |what: &str| format!("server {}, {what}", at + 1);
        let urls = server.urls.all();
        if urls.is_empty() {
            return fault(place("urls"), "an address or more", "none".to_owned());
        }
        for url in urls {
            let rest = ["stun:", "stuns:", "turn:", "turns:"].iter().find_map(|scheme| url.strip_prefix(scheme));
            if rest.is_none_or(|rest| rest.is_empty() || rest.starts_with('/')) {
                let expected = "an address such as stun:stun.example:3478 or turns:turn.example?transport=tcp";
                return fault(place("urls"), expected, format!("{url:?}"));
            }
            // A browser takes the whole list or nothing of it.
            if url.starts_with("turn") {
                for (name, value) in [("username", &server.username), ("credential", &server.credential)] {
                    if value.as_ref().is_none_or(String::is_empty) {
                        return fault(place(name), "one, as every TURN server wants it", "none".to_owned());
                    }
                }
            }
        }
    }
    Ok(servers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn servers_reach_a_browser_as_they_stand_in_the_file() {
        let text = r#"[{"urls":"stun:stun.example:3478"},{"urls":["turn:turn.example","turns:turn.example?transport=tcp"],"username":"u","credential":"c"}]"#;
        let servers = parse(text).unwrap();
        assert_eq!(serde_json::to_string(&servers).unwrap(), text);
        assert_eq!(answer(None).unwrap(), r#"{"iceServers":[]}"#);
    }

    #[test]
    fn what_a_browser_would_refuse_is_refused_with_its_place() {
        assert_eq!(
            refused(r#"[{"urls":"stun:a"},{"urls":"http://b"}]"#),
            "server 2, urls: expected an address such as stun:stun.example:3478 or turns:turn.example?transport=tcp, found \"http://b\""
        );
        assert_eq!(
            refused(r#"[{"urls":"turn:a","username":"u"}]"#),
            "server 1, credential: expected one, as every TURN server wants it, found none"
        );
        assert_eq!(refused(r#"[{"urls":[]}]"#), "server 1, urls: expected an address or more, found none");
        assert!(refused(r#"[{"urls":"stun:a","secret":"x"}]"#).contains("unknown field `secret`"));
        let many = format!("[{}]", vec![r#"{"urls":"stun:a"}"#; 17].join(","));
        assert_eq!(refused(&many), "the list: expected at most 16 servers, found 17");
        assert!(answer(Some(Path::new("no/such/file"))).unwrap_err().to_string().starts_with("it cannot be read"));
    }
}
