//! Who an agent is (`docs/operations.md`, "Who agents are").
//!
//! ```text
//! agent's page ── POST /api/sessions/{token}/tickets, Authorization: Bearer … ──▶ who is it? ──▶ a ticket
//!              ── GET /ws/agent, with the ticket ─────────────────────────────▶ used up, and in
//! ```
//!
//! An agent shows one of three things: a token that the issuer has signed, the key of an agent of a list, or the secret for
//! invitations, which is a desktop's: it vouches for who sits at it. A socket shows what it was given for that, a ticket: for one
//! session, once, within half a minute. So nothing that is worth anything for longer gets into an address, and with it into logs.

mod fetch;
mod issuer;
mod keys;
mod list;
mod provider;
pub(crate) mod ticket;

use crate::config::{Config, ConfigError};
use fetch::Fetcher;
use issuer::{Issuer, Required};
use keys::{Keys, Place};
use list::AgentList;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    net::SocketAddr,
    path::Path,
    time::{Duration, SystemTime},
};
use subtle::ConstantTimeEq;

/// How often files with keys are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// The longest name of an agent that is shown, in characters.
const NAME_CHARS: usize = crate::api::NAME_CHARS;

/// An agent as the relay knows one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// What it is called in the log: an issuer's `sub`, a list's `id`.
    pub subject: String,
    /// What the customer reads; none where the agent's page may say it.
    pub name: Option<String>,
}

impl Agent {
    pub(crate) fn new(subject: String, name: Option<String>) -> Self {
        let shown = |name: String| name.chars().filter(|c| !c.is_control()).take(NAME_CHARS).collect::<String>();
        Self { subject, name: name.map(shown) }
    }
}

/// Why what was shown is not taken. It says what was expected, and nothing of what was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is not what an agent shows.
    Wrong(&'static str),
    /// It is somebody who is no agent.
    Forbidden(&'static str),
    /// The issuer's keys are not known now.
    Unready,
}

/// What the agent's page has to know to sign an agent in. Nothing in it is secret.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SignIn {
    issuer: String,
    client: String,
    scope: String,
    /// Which of an issuer's two tokens the relay takes: `id_token` or `access_token`.
    token: &'static str,
}

/// Everybody whom the relay takes for an agent.
pub(crate) struct Identities {
    issuer: Option<Issuer>,
    list: Option<AgentList>,
    /// The SHA-256 of the secret for invitations.
    desktop: Option<[u8; 32]>,
    sign_in: Option<SignIn>,
}

impl Identities {
    /// # Errors
    /// [`ConfigError`] for what is not as it should be.
    pub(crate) fn new(config: &Config) -> Result<Self, ConfigError> {
        let issuer = config.agent_issuer.as_deref().map(|name| issuer(config, name)).transpose()?;
        if issuer.is_none() {
            let alone = [
                ("agent-keys", config.agent_keys.is_some()),
                ("agent-audience", !config.agent_audience.is_empty()),
                ("agent-claim", config.agent_claim.is_some()),
                ("agent-client", config.agent_client.is_some()),
            ];
            if let Some((name, _)) = alone.into_iter().find(|(_, is_given)| *is_given) {
                return Err(wrong(name, "agent-issuer beside it", "none"));
            }
        }
        let list = config.agent_list.as_deref().map(AgentList::open).transpose();
        let list = list.map_err(|error| wrong("agent-list", "a file of agents", error))?;
        let sign_in = issuer.as_ref().zip(config.agent_client.clone()).map(|(issuer, client)| SignIn {
            issuer: issuer.name.clone(),
            token: if issuer.audience.contains(&client) { "id_token" } else { "access_token" },
            client,
            scope: config.agent_scope.clone(),
        });
        let desktop = config.invite_secret.as_ref().map(|secret| Sha256::digest(secret.as_bytes()).into());
        Ok(Self { issuer, list, desktop, sign_in })
    }

    /// Whether agents have to show who they are. The secret for invitations alone does not make it so.
    pub(crate) fn is_required(&self) -> bool {
        self.issuer.is_some() || self.list.is_some()
    }

    pub(crate) fn sign_in(&self) -> Option<&SignIn> {
        self.sign_in.as_ref()
    }

    /// Whether agents may have keys of a list.
    pub(crate) fn has_list(&self) -> bool {
        self.list.is_some()
    }

    /// Whose this is.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(crate) async fn check(&self, shown: &str, now: SystemTime) -> Result<Agent, Refusal> {
        let digest: [u8; 32] = Sha256::digest(shown.as_bytes()).into();
        if self.desktop.as_ref().is_some_and(|desktop| bool::from(desktop.ct_eq(&digest))) {
            return Ok(Agent::new("desktop".to_owned(), None));
        }
        if let Some(agent) = self.list.as_ref().and_then(|list| list.find(shown)) {
            return Ok(agent);
        }
        match &self.issuer {
            Some(issuer) => issuer.check(shown, now).await,
            None => Err(Refusal::Wrong("the key of an agent")),
        }
    }

    /// Keeps keys up to date, for ever.
    pub(crate) async fn look_after(&self) {
        if !self.is_required() {
            return std::future::pending().await;
        }
        loop {
            if let Some(issuer) = &self.issuer {
                issuer.keys.look_after().await;
            }
            if let Some(list) = &self.list {
                list.look_after();
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

fn wrong(name: &'static str, expected: &str, found: impl Into<String>) -> ConfigError {
    ConfigError { name, expected: expected.to_owned(), found: found.into() }
}

fn issuer(config: &Config, name: &str) -> Result<Issuer, ConfigError> {
    keys::checked(name).map_err(|_| wrong("agent-issuer", "an address of https", format!("{name:?}")))?;
    let audience = match &config.agent_client {
        // A token that was made for the page itself.
        Some(client) if config.agent_audience.is_empty() => vec![client.clone()],
        _ => config.agent_audience.clone(),
    };
    if audience.is_empty() {
        return Err(wrong("agent-audience", "for whom the issuer's tokens are, or agent-client", "none"));
    }
    let required = config.agent_claim.as_deref().map(|text| {
        Required::parse(text)
            .ok_or_else(|| wrong("agent-claim", "a claim and its value, as roles=agent", format!("{text:?}")))
    });
    let place = match config.agent_keys.as_deref() {
        None => Place::Discovery(name.to_owned()),
        Some(text) if text.contains("://") => {
            let address = keys::checked(text);
            Place::Address(
                address.map_err(|_| wrong("agent-keys", "a file, or an address of https", format!("{text:?}")))?,
            )
        }
        Some(file) => {
            let file = Path::new(file);
            keys::file(file).map_err(|error| wrong("agent-keys", "a file of keys", error))?;
            Place::File(file.to_owned())
        }
    };
    let fetcher = (!matches!(place, Place::File(_))).then(|| Fetcher::new(config.ca.as_deref())).transpose();
    let fetcher = fetcher.map_err(|error| wrong("ca", "a file of certificates", error))?;
    Ok(Issuer {
        name: name.to_owned(),
        audience,
        shown: config.agent_name.clone(),
        required: required.transpose()?,
        keys: Keys::new(place, fetcher),
    })
}

/// Whether a relay may listen there as it is configured: one that others reach asks who agents are.
///
/// # Errors
/// [`ConfigError`], which says what to set.
pub(crate) fn check_exposure(config: &Config, address: SocketAddr) -> Result<(), ConfigError> {
    let is_exposed = !address.ip().to_canonical().is_loopback() || !config.proxies.is_empty();
    let has_identity = config.agent_issuer.is_some() || config.agent_list.is_some();
    if !is_exposed || has_identity || config.insecure {
        return Ok(());
    }
    let why =
        if config.proxies.is_empty() { "other machines reach the relay" } else { "a proxy passes others on to it" };
    Err(wrong(
        "agent-issuer",
        "it or agent-list, so that the relay knows who agents are; or insecure, for whoever has nine digits to be one",
        format!("neither, while {why} ({address})"),
    ))
}
