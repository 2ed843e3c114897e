//! What an operator can set, with the unit, range and default of each.

use crate::{
    embedding, ice,
    identity::{self, Identities},
    network::Network,
    origin,
    rules::RulesFile,
    tls,
};
use protocol::Limits;
use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

/// The relay's settings. [`Config::default`] suits one machine; [`Config::check`] names what is out of range.
///
/// A session never holds more than `log_bytes + queue_bytes + frame_bytes` of frames, however many agents it has and
/// however slow they are: agents read from one log. Beside that each connection holds at most 1 MiB of control frames
/// that wait to be sent, and 32 KiB of socket buffers.
///
/// ```
/// let config = relay::Config { sessions: 500, ..relay::Config::default() };
/// assert!(config.check().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The folder with the built pages, served at `/`. Default none: no pages are served.
    pub pages: Option<PathBuf>,
    /// A file of privacy rules for the customers' pages (`docs/privacy.md`); it is looked at again once a second. Default
    /// none: pages keep by what they say themselves.
    pub rules: Option<PathBuf>,
    /// A file of ICE servers for screen sharing (`docs/screen-sharing.md`), read once. Default none: browsers find a way to each other
    /// only where there is one without help, as in one network.
    pub ice_servers: Option<PathBuf>,
    /// With this secret recordings may be listed and deleted; at least 16 characters. Default none: by nobody.
    pub record_secret: Option<String>,
    /// The name by which a balancer finds this node again, in Genesys' cookie `gcbSessionServer`: 1 to 64 letters, digits, dots, hyphens
    /// and underscores. Default `cobrowse`.
    pub server_name: String,
    /// Where clients of Genesys Co-browse reach this node itself, as `https://node1.example/cobrowse`: told as `sessionServerUrl`, for
    /// who cannot use the cookie. Default none: not told.
    pub server_url: Option<String>,
    /// With this secret agents may invite customers; at least 16 characters. Default none: customers begin.
    pub invite_secret: Option<String>,
    /// The origins whose pages may have the agent's page in a frame, as `https://desk.example` or `https://*.desk.example`;
    /// the relay's own may always. All pages but `hold.html`, which customers' pages have in a frame, are sent with
    /// `Content-Security-Policy: frame-ancestors`. Default none: nothing is sent, so that any page may have them in a frame,
    /// but none may direct the agent's page.
    pub frame_ancestors: Option<Vec<String>>,
    /// The only origins that agents' browsers may ask for pictures, styles, fonts and media of pages, as `https://cdn.example` or
    /// `https://*.cdn.example`. Default none: any host with a name of the public web.
    pub assets: Option<Vec<String>>,
    /// The origins whose pages may use the API and the WebSockets, as `https://shop.example` (scheme, host, and port
    /// unless it is the scheme's own), or `*` for any. The relay's own origin may always, and so may a client that
    /// sends no `Origin` header, which no browser does. Default none: any origin when the relay listens on a loopback
    /// address, otherwise only its own.
    pub origins: Option<Vec<String>>,
    /// The most sessions at a time; where several relays share a store, all of them together. From 1 on, default 10,000.
    pub sessions: usize,
    /// The most agents in one session. 1 to 1,000, default 16.
    pub agents: usize,
    /// The most connections at a time, WebSockets and plain requests together; more wait to be accepted. From 1 on,
    /// default 32,768.
    pub connections: usize,
    /// The largest frame that a customer may send, in bytes. 1 KiB to 64 MiB (the protocol's own limit), default
    /// 16 MiB. An agent may send at most [`Limits::AGENT_BYTES`].
    pub frame_bytes: usize,
    /// The most that is kept of a session for agents who come later, in bytes: the last keyframe and what followed. When
    /// it is exceeded the log is dropped and the next agent makes the relay ask for a keyframe. Each frame counts 64
    /// bytes more than its length. From 0 on, default 16 MiB.
    pub log_bytes: usize,
    /// How far an agent may fall behind before what it has not been sent is dropped and it waits for the next
    /// keyframe, in bytes. From 4 KiB on, default 8 MiB.
    pub queue_bytes: usize,
    /// The least time between two requests for a keyframe in one session, shared by all agents who need one. While the
    /// customer answers none, the time doubles, up to sixteen times this. From 1 ms on, default 2 s.
    pub keyframe_interval: Duration,
    /// How long a session waits when its customer has left the page: a navigation or a reload comes back within it.
    /// From 1 ms on, default 30 s.
    pub grace: Duration,
    /// How long a session waits when nothing is heard of its customer (a device that sleeps, a network that is gone), and
    /// a new session for its customer. From 1 ms on, default 5 min.
    pub absence: Duration,
    /// The age at which a session ends whatever happens in it. From 1 ms on, default 8 h.
    pub session_age: Duration,
    /// The time between two pings to each peer. Shorter than `silence`, default 15 s.
    pub ping_interval: Duration,
    /// How long a peer may send nothing, not even the answer to a ping, and take nothing, before it is dropped.
    /// Default 45 s.
    pub silence: Duration,
    /// How long a peer may take none of the bytes that wait for it (16 KiB at a time) before it is dropped. From 1 ms
    /// on, default 30 s.
    pub send_timeout: Duration,
    /// How long the customer's connection may take to send its secret. From 1 ms on, default 5 s.
    pub secret_timeout: Duration,
    /// How long a closing connection may take: to be sent what it is still owed, and to close its own side. From 1 ms
    /// on, default 3 s.
    pub close_timeout: Duration,
    /// Addresses of proxies in front of the relay: of these `X-Forwarded-For` is believed. Default none.
    pub proxies: Vec<Network>,
    /// From where `/metrics` may be read, beside this machine itself. Default none.
    pub metrics_from: Vec<Network>,
    /// The most connections of one address (an IPv6 /64 network) at a time; further ones are closed. 0 turns the limit
    /// off. Default 4,096.
    pub address_connections: usize,
    /// How many sessions one address may create in a row; then it is answered with 429 until one is earned back. 0 turns
    /// the limit off. Default 1,000.
    pub create_burst: u32,
    /// The time in which one more is earned back. From 1 ms on, default 100 ms.
    pub create_refill: Duration,
    /// How many wrong tokens or secrets one address (an IPv6 /64 network) may try in a row; then all its attempts are
    /// answered with 429 until one is earned back. 0 turns the limit off. Behind a proxy that is not listed all clients share the
    /// proxy's address. Default 20.
    pub miss_burst: u32,
    /// The time in which one more wrong attempt is earned back. From 1 ms on, default 6 s.
    pub miss_refill: Duration,
    /// How many wrong tokens all addresses together may try in a row; then nobody who shows nothing but a token is told whether a
    /// session has it, until one is earned back. Who shows a session's secret, or who an agent is, is let in all the same. 0 turns
    /// the limit off. Default 10,000.
    pub guess_burst: u32,
    /// The time in which one more is earned back. From 1 ms on, default 1 s.
    pub guess_refill: Duration,
    /// How often agents may come into one session in a row, over all addresses; then they are answered with 429 until one is earned
    /// back. 0 turns the limit off. Default 60.
    pub join_burst: u32,
    /// The time in which one more is earned back. From 1 ms on, default 1 s.
    pub join_refill: Duration,
    /// The issuer whose tokens agents show, as OpenID Connect names it. Default none.
    pub agent_issuer: Option<String>,
    /// The issuer's public keys: a JSON Web Key Set in a file, or at an address of https. Default none: where the issuer says.
    pub agent_keys: Option<String>,
    /// For whom an issuer's tokens have to be. Default none: [`Config::agent_client`].
    pub agent_audience: Vec<String>,
    /// A claim that an issuer's tokens have to have, as `roles=agent`; with dots, a claim in a claim. Default none.
    pub agent_claim: Option<String>,
    /// The claim with the name that customers read; without it in a token, `preferred_username`, then `sub`. Default `name`.
    pub agent_name: String,
    /// What the agent's page is registered as at the issuer: with it the page signs agents in by itself. Default none.
    pub agent_client: Option<String>,
    /// What the agent's page asks the issuer for. Default `openid profile`.
    pub agent_scope: String,
    /// A file of agents with the SHA-256 of each one's key. It is read again when it changes. Default none.
    pub agent_list: Option<PathBuf>,
    /// The relay's certificate and what it is signed with, in a PEM file: then the relay speaks TLS. The file is read again when it
    /// changes. With [`Config::tls_key`]. Default none.
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key, in a PEM file, without a password.
    pub tls_key: Option<PathBuf>,
    /// A PEM file of authorities: those of the issuer's certificate, which are believed beside the system's, and of Redis', which are
    /// believed instead of them. Default none.
    pub ca: Option<PathBuf>,
    /// Lets a relay that others reach take whoever has nine digits for an agent. Default false.
    pub insecure: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            pages: None,
            rules: None,
            ice_servers: None,
            record_secret: None,
            server_name: "cobrowse".to_owned(),
            server_url: None,
            invite_secret: None,
            frame_ancestors: None,
            assets: None,
            origins: None,
            sessions: 10_000,
            agents: 16,
            connections: 32_768,
            frame_bytes: 16 << 20,
            log_bytes: 16 << 20,
            queue_bytes: 8 << 20,
            keyframe_interval: Duration::from_secs(2),
            grace: Duration::from_secs(30),
            absence: Duration::from_secs(300),
            session_age: Duration::from_secs(8 * 3600),
            ping_interval: Duration::from_secs(15),
            silence: Duration::from_secs(45),
            send_timeout: Duration::from_secs(30),
            secret_timeout: Duration::from_secs(5),
            close_timeout: Duration::from_secs(3),
            proxies: Vec::new(),
            metrics_from: Vec::new(),
            address_connections: 4_096,
            create_burst: 1_000,
            create_refill: Duration::from_millis(100),
            miss_burst: 20,
            miss_refill: Duration::from_secs(6),
            guess_burst: 10_000,
            guess_refill: Duration::from_secs(1),
            join_burst: 60,
            join_refill: Duration::from_secs(1),
            agent_issuer: None,
            agent_keys: None,
            agent_audience: Vec::new(),
            agent_claim: None,
            agent_name: "name".to_owned(),
            agent_client: None,
            agent_scope: "openid profile".to_owned(),
            agent_list: None,
            tls_cert: None,
            tls_key: None,
            ca: None,
            insecure: false,
        }
    }
}

/// A setting is out of its range. It reads `frame-bytes: expected 1024 to 67108864, found 12`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: expected {expected}, found {found}")]
pub struct ConfigError {
    /// The setting, as the command line calls it.
    pub name: &'static str,
    /// What it may be.
    pub expected: String,
    /// What it was.
    pub found: String,
}

impl Config {
    /// Checks every setting against its range.
    ///
    /// # Errors
    /// [`ConfigError`] for the first setting that is out of range, for `pages` that is not a folder, and for `rules` that are
    /// not understood.
    pub fn check(&self) -> Result<(), ConfigError> {
        let most = Limits::DEFAULT.frame_bytes;
        within("sessions", self.sessions, 1, usize::MAX)?;
        within("agents", self.agents, 1, 1_000)?;
        within("connections", self.connections, 1, tokio::sync::Semaphore::MAX_PERMITS)?;
        within("frame-bytes", self.frame_bytes, 1 << 10, most)?;
        within("queue-bytes", self.queue_bytes, 4 << 10, usize::MAX)?;
        let times = [
            ("keyframe-interval", self.keyframe_interval),
            ("grace", self.grace),
            ("absence", self.absence),
            ("session-age", self.session_age),
            ("ping-interval", self.ping_interval),
            ("silence", self.silence),
            ("send-timeout", self.send_timeout),
            ("secret-timeout", self.secret_timeout),
            ("close-timeout", self.close_timeout),
            ("miss-refill", self.miss_refill),
            ("guess-refill", self.guess_refill),
            ("join-refill", self.join_refill),
            ("create-refill", self.create_refill),
        ];
        // A year keeps every sum of a clock reading and a setting representable.
        let year = Duration::from_secs(366 * 24 * 3600);
        for (name, time) in times {
            if time < Duration::from_millis(1) || time > year {
                let expected = "1 ms to one year".to_owned();
                return Err(ConfigError { name, expected, found: format!("{time:?}") });
            }
        }
        if self.ping_interval >= self.silence {
            let expected = format!("less than silence ({:?})", self.silence);
            let found = format!("{:?}", self.ping_interval);
            return Err(ConfigError { name: "ping-interval", expected, found });
        }
        if let Some(bad) = self.origins.iter().flatten().find(|origin| !origin::well_formed(origin)) {
            let expected = "an origin such as https://shop.example, or *".to_owned();
            return Err(ConfigError { name: "origin", expected, found: format!("{bad:?}") });
        }
        if let Some(bad) = self.frame_ancestors.iter().flatten().find(|origin| !embedding::well_formed(origin)) {
            let expected = "an origin such as https://desk.example or https://*.desk.example".to_owned();
            return Err(ConfigError { name: "frame-ancestors", expected, found: format!("{bad:?}") });
        }
        if let Some(bad) = self.assets.iter().flatten().find(|origin| !embedding::well_formed(origin)) {
            let expected = "an origin such as https://cdn.example or https://*.cdn.example, or none".to_owned();
            return Err(ConfigError { name: "assets", expected, found: format!("{bad:?}") });
        }
        if let Some(Err(error)) = self.rules.as_deref().map(RulesFile::open) {
            let expected = "a file of rules".to_owned();
            return Err(ConfigError { name: "rules", expected, found: error.to_string() });
        }
        if let Err(error) = ice::answer(self.ice_servers.as_deref()) {
            let expected = "a file of ICE servers".to_owned();
            return Err(ConfigError { name: "ice-servers", expected, found: error.to_string() });
        }
        if self.record_secret.as_ref().is_some_and(|secret| secret.len() < 16) {
            let expected = "at least 16 characters".to_owned();
            return Err(ConfigError { name: "record-secret", expected, found: "fewer".to_owned() });
        }
        let is_named = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if !(1..=64).contains(&self.server_name.len()) || !self.server_name.chars().all(is_named) {
            let expected = "1 to 64 letters, digits, dots, hyphens and underscores".to_owned();
            return Err(ConfigError { name: "server-name", expected, found: format!("{:?}", self.server_name) });
        }
        if let Some(url) = self.server_url.as_ref().filter(|url| !is_base(url)) {
            let expected = "an address such as https://node1.example/cobrowse".to_owned();
            return Err(ConfigError { name: "server-url", expected, found: format!("{url:?}") });
        }
        if self.invite_secret.as_ref().is_some_and(|secret| secret.len() < 16) {
            let expected = "at least 16 characters".to_owned();
            return Err(ConfigError { name: "invite-secret", expected, found: "fewer".to_owned() });
        }
        if self.invite_secret.is_some() && self.invite_secret == self.record_secret {
            let expected = "another secret than invite-secret: each is good for one thing".to_owned();
            return Err(ConfigError { name: "record-secret", expected, found: "the same".to_owned() });
        }
        Identities::new(self)?;
        self.certificate()?;
        match &self.pages {
            Some(pages) if !pages.is_dir() => {
                let expected = "a folder".to_owned();
                Err(ConfigError { name: "pages", expected, found: format!("{:?}", pages.display().to_string()) })
            }
            _ => Ok(()),
        }
    }

    /// The relay's certificate, where it has one.
    pub(crate) fn certificate(&self) -> Result<Option<Arc<tls::Identity>>, ConfigError> {
        let beside = |name| {
            let expected = "the other of tls-cert and tls-key beside it".to_owned();
            Err(ConfigError { name, expected, found: "none".to_owned() })
        };
        match (&self.tls_cert, &self.tls_key) {
            (None, None) => Ok(None),
            (Some(_), None) => beside("tls-cert"),
            (None, Some(_)) => beside("tls-key"),
            (Some(certificate), Some(key)) => {
                let wrong = |found| {
                    let expected = "a certificate and its key".to_owned();
                    ConfigError { name: "tls-cert", expected, found }
                };
                tls::Identity::open(certificate, key).map(Some).map_err(wrong)
            }
        }
    }

    /// Whether a relay with these settings may listen at an address: one that others reach has to know who agents are.
    ///
    /// # Errors
    /// [`ConfigError`], which says what to set.
    pub fn check_exposure(&self, address: SocketAddr) -> Result<(), ConfigError> {
        identity::check_exposure(self, address)
    }

    /// What a frame from a customer may be.
    pub(crate) fn limits(&self) -> Limits {
        Limits { frame_bytes: self.frame_bytes, ..Limits::DEFAULT }
    }

    /// How often overdue sessions are looked for: often enough that a session ends on time within a quarter.
    pub(crate) fn sweep_interval(&self) -> Duration {
        (self.grace.min(self.absence).min(self.session_age) / 4).clamp(Duration::from_millis(5), Duration::from_secs(1))
    }
}

/// Whether something may be written behind an address.
fn is_base(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let is_plain = |c: char| c.is_ascii_graphic() && !"?#\"<>\\".contains(c);
    rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.starts_with('/') && !rest.ends_with('/') && rest.chars().all(is_plain)
    })
}

fn within(name: &'static str, value: usize, least: usize, most: usize) -> Result<(), ConfigError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    let expected = if most == usize::MAX { format!("{least} or more") } else { format!("{least} to {most}") };
    Err(ConfigError { name, expected, found: value.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(config: &Config) -> String {
        config.check().unwrap_err().to_string()
    }

    #[test]
    fn the_default_is_within_its_ranges() {
        assert_eq!(Config::default().check(), Ok(()));
    }

    #[test]
    fn an_error_names_setting_range_and_value() {
        let base = Config::default;
        assert_eq!(refused(&Config { sessions: 0, ..base() }), "sessions: expected 1 or more, found 0");
        assert_eq!(refused(&Config { frame_bytes: 12, ..base() }), "frame-bytes: expected 1024 to 67108864, found 12");
        assert_eq!(
            refused(&Config { ping_interval: Duration::from_secs(60), ..base() }),
            "ping-interval: expected less than silence (45s), found 60s"
        );
        assert_eq!(refused(&Config { grace: Duration::ZERO, ..base() }), "grace: expected 1 ms to one year, found 0ns");
        assert_eq!(
            refused(&Config { origins: Some(vec!["shop.example".into()]), ..base() }),
            "origin: expected an origin such as https://shop.example, or *, found \"shop.example\""
        );
        assert_eq!(
            refused(&Config { server_name: "a b".into(), ..base() }),
            "server-name: expected 1 to 64 letters, digits, dots, hyphens and underscores, found \"a b\""
        );
        for bad in ["node1.example", "https://", "https://node1.example/", "https://node1.example/?x", "ftp://a"] {
            let error = refused(&Config { server_url: Some(bad.into()), ..base() });
            assert!(error.starts_with("server-url: expected an address such as"), "{error}");
        }
        let url = Some("https://node1.example:8443/cobrowse".to_owned());
        assert_eq!(Config { server_url: url, ..base() }.check(), Ok(()));
        let rules = refused(&Config { rules: Some("no/such/file".into()), ..base() });
        assert!(rules.starts_with("rules: expected a file of rules, found it cannot be read"), "{rules}");
        let ice = refused(&Config { ice_servers: Some("no/such/file".into()), ..base() });
        assert!(ice.starts_with("ice-servers: expected a file of ICE servers, found it cannot be read"), "{ice}");
        assert_eq!(
            refused(&Config { assets: Some(vec!["cdn.example".into()]), ..base() }),
            "assets: expected an origin such as https://cdn.example or https://*.cdn.example, or none, found \"cdn.example\""
        );
        assert_eq!(
            refused(&Config { frame_ancestors: Some(vec!["https://*".into()]), ..base() }),
            "frame-ancestors: expected an origin such as https://desk.example or https://*.desk.example, found \"https://*\""
        );
        assert_eq!(
            refused(&Config { invite_secret: Some("short".into()), ..base() }),
            "invite-secret: expected at least 16 characters, found fewer"
        );
        assert_eq!(
            refused(&Config { pages: Some("no/such/folder".into()), ..base() }),
            "pages: expected a folder, found \"no/such/folder\""
        );
    }
}
