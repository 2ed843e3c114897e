//! Tokens that an issuer has signed (JSON Web Tokens, RFC 7519), as OpenID Connect has them.

use super::{
    Agent, Refusal,
    keys::Keys,
    provider::{self, ALGORITHMS},
};
use jsonwebtoken::{Validation, decode, decode_header, errors::ErrorKind};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::time::{SystemTime, UNIX_EPOCH};

/// The longest token, in bytes; heads of requests are not longer than twice that.
const TOKEN_BYTES: usize = 8 << 10;

/// How far the clocks of the issuer and the relay may be apart, in seconds.
const LEEWAY: u64 = 60;

/// The most keys that a token without a key's name is tried with.
const TRIED: usize = 4;

/// A claim that a token has to have, as `roles=agent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Required {
    claim: String,
    value: String,
}

impl Required {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (claim, value) = text.split_once('=')?;
        let is_one = !claim.is_empty() && !value.is_empty();
        is_one.then(|| Self { claim: claim.to_owned(), value: value.to_owned() })
    }

    /// Whether claims say so: as a text, as one of a list, or as a word of a text with blanks in it, as scopes are.
    fn holds(&self, claims: &Map<String, Value>) -> bool {
        match claim(claims, &self.claim) {
            Some(Value::String(text)) => *text == self.value || text.split(' ').any(|word| word == self.value),
            Some(Value::Array(list)) => list.iter().any(|one| one.as_str() == Some(&self.value)),
            Some(Value::Bool(is_so)) => is_so.to_string() == self.value,
            _ => false,
        }
    }
}

/// A claim by its name, or by a path with dots, as `realm_access.roles`.
fn claim<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    claims.get(name).or_else(|| {
        let (first, rest) = name.split_once('.')?;
        claim(claims.get(first)?.as_object()?, rest)
    })
}

#[derive(Debug, Deserialize)]
struct Claims {
    sub: String,
    exp: f64,
    #[serde(default)]
    nbf: Option<f64>,
    #[serde(default)]
    iat: Option<f64>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Whose tokens are believed, and which.
pub(super) struct Issuer {
    pub(super) name: String,
    pub(super) audience: Vec<String>,
    /// The claim with the agent's name.
    pub(super) shown: String,
    pub(super) required: Option<Required>,
    pub(super) keys: Keys,
}

impl Issuer {
    /// Whose token this is.
    ///
    /// # Errors
    /// [`Refusal`], which says what is wrong with it and nothing that is in it.
    pub(super) async fn check(&self, token: &str, now: SystemTime) -> Result<Agent, Refusal> {
        provider::install();
        let wrong = |what: &'static str| Refusal::Wrong(what);
        if token.len() > TOKEN_BYTES {
            return Err(wrong("a token of at most 8192 bytes"));
        }
        let header = decode_header(token).map_err(|_| wrong("a JSON Web Token, or the key of an agent"))?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(wrong("a token signed by RS256, PS256, ES256 or EdDSA"));
        }
        if header.crit.is_some() {
            return Err(wrong("a token without \"crit\""));
        }
        // Tokens of other kinds (a logout, an event) may have the same issuer and audience.
        let kind = header.typ.as_deref().map(str::to_ascii_lowercase);
        if kind.as_deref().is_some_and(|kind| !matches!(kind.trim_start_matches("application/"), "jwt" | "at+jwt")) {
            return Err(wrong("a token whose \"typ\" is JWT or at+jwt"));
        }
        let set = self.keys.for_token(header.kid.as_deref(), header.alg).await.map_err(|()| Refusal::Unready)?;
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&self.name]);
        validation.set_audience(&self.audience);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The times are compared below, with the caller's clock.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let mut refusal = wrong("a token signed with a key of the issuer's");
        for key in set.find(header.kid.as_deref(), header.alg).take(TRIED) {
            match decode::<Claims>(token, &key.key, &validation) {
                Ok(decoded) => return self.agent(decoded.claims, now),
                Err(error) => match error.kind() {
                    ErrorKind::InvalidSignature => {}
                    ErrorKind::InvalidIssuer => {
                        refusal = wrong("a token of the issuer that the relay is configured for")
                    }
                    ErrorKind::InvalidAudience => {
                        refusal = wrong("a token for the audience that the relay is configured for")
                    }
                    _ => refusal = wrong("a token with \"iss\", \"aud\", \"sub\" and \"exp\""),
                },
            }
        }
        Err(refusal)
    }

    fn agent(&self, claims: Claims, now: SystemTime) -> Result<Agent, Refusal> {
        #[allow(clippy::cast_precision_loss, reason = "seconds since 1970 are exact as a double for ages to come")]
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() as f64;
        #[allow(clippy::cast_precision_loss, reason = "a minute")]
        let leeway = LEEWAY as f64;
        // What is no number is not in time either.
        let is_in_time = now < claims.exp + leeway
            && [claims.nbf, claims.iat].into_iter().flatten().all(|from| from <= now + leeway);
        if !is_in_time {
            let expected =
                if now < claims.exp + leeway { "a token whose time has begun" } else { "a token that has not expired" };
            return Err(Refusal::Wrong(expected));
        }
        if let Some(required) = &self.required
            && !required.holds(&claims.rest)
        {
            return Err(Refusal::Forbidden("a token with the claim that makes an agent"));
        }
        if claims.sub.is_empty() || claims.sub.len() > 255 {
            return Err(Refusal::Wrong("a token whose \"sub\" is 1 to 255 characters"));
        }
        let named =
            |name: &str| claim(&claims.rest, name).and_then(Value::as_str).filter(|name| !name.trim().is_empty());
        let name = named(&self.shown).or_else(|| named("preferred_username")).unwrap_or(&claims.sub).to_owned();
        Ok(Agent::new(claims.sub, Some(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(text: &str) -> Map<String, Value> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_claim_is_found_by_name_or_by_path_and_holds_in_each_of_its_shapes() {
        let agents = |text: &str, rule: &str| Required::parse(rule).unwrap().holds(&claims(text));
        assert!(agents(r#"{"role": "agent"}"#, "role=agent"));
        assert!(agents(r#"{"roles": ["other", "agent"]}"#, "roles=agent"));
        assert!(agents(r#"{"scope": "openid agent"}"#, "scope=agent"));
        assert!(agents(r#"{"realm_access": {"roles": ["agent"]}}"#, "realm_access.roles=agent"));
        assert!(agents(r#"{"https://x.example/roles": ["agent"]}"#, "https://x.example/roles=agent"));
        assert!(agents(r#"{"agent": true}"#, "agent=true"));
        for other in
            [r#"{"role": "agents"}"#, r#"{"role": {"agent": 1}}"#, r#"{"role": null}"#, "{}", r#"{"role": ["agent "]}"#]
        {
            assert!(!agents(other, "role=agent"), "{other}");
        }
        assert_eq!(Required::parse("role"), None);
        assert_eq!(Required::parse("=agent"), None);
        assert_eq!(Required::parse("role="), None);
    }
}
