//! Which sites' pages may use the API and the WebSockets (CORS).
//!
//! The customer's page is served by a site of its own, so its browser asks with an `Origin` that is not the relay's. No
//! request carries a cookie, so an origin that may is answered by its name or by `*`; one that may not gets 403 before
//! anything is done, WebSockets included, for which browsers ask no leave.

use crate::{error::ApiError, server::App};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{self, HeaderName},
};
use std::collections::HashSet;

/// Who may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origins {
    /// Pages of any site.
    Any,
    /// Pages of these, and the relay's own.
    Listed(HashSet<String>),
}

impl Origins {
    /// The rule of [`crate::Config::origins`].
    pub(crate) fn new(configured: Option<&[String]>, loopback: bool) -> Self {
        match configured {
            None if loopback => Self::Any,
            None => Self::Listed(HashSet::new()),
            Some(origins) if origins.iter().any(|origin| origin == "*") => Self::Any,
            Some(origins) => Self::Listed(origins.iter().map(|origin| origin.to_ascii_lowercase()).collect()),
        }
    }

    /// The `Access-Control-Allow-Origin` for a request; none when its origin may not ask.
    fn allow(&self, origin: &HeaderValue, host: Option<&HeaderValue>) -> Option<HeaderValue> {
        let Self::Listed(listed) = self else { return Some(HeaderValue::from_static("*")) };
        let text = origin.to_str().ok()?.to_ascii_lowercase();
        let own = host.and_then(|host| host.to_str().ok()).is_some_and(|host| {
            text.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
        });
        (own || listed.contains(&text)).then(|| origin.clone())
    }
}

/// Whether a configured origin can match what browsers send.
pub(crate) fn well_formed(origin: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return origin == "*" };
    let plain = |text: &str, also: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c))
    };
    plain(scheme, "+-.") && plain(authority, "-._:[]")
}

/// Answers preflights, refuses origins that may not ask, and names those that may.
pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let Some(origin) = headers.get(header::ORIGIN) else { return with_headers(next.run(request).await, None, false) };
    // What a page of a listed origin is given there, a balancer's cookie goes with; the cookie is no proof of anything.
    let with_cookie = request.uri().path().starts_with("/cobrowse/");
    let Some(allowed) = app.origins().allow(origin, headers.get(header::HOST)) else {
        let expected = "origin: expected one that the relay is configured for";
        return with_headers(ApiError::new(StatusCode::FORBIDDEN, expected).into_response(), None, false);
    };
    let preflight = request.method() == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if !preflight {
        return with_headers(next.run(request).await, Some(allowed), with_cookie);
    }
    let mut response = with_headers(StatusCode::NO_CONTENT.into_response(), Some(allowed), with_cookie);
    let leave = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    set(response.headers_mut(), leave);
    response
}

fn with_headers(mut response: Response, allowed: Option<HeaderValue>, with_cookie: bool) -> Response {
    let headers = response.headers_mut();
    set(
        headers,
        [
            (header::VARY, "origin"),
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            // What is answered here is data: opened as a page, it does nothing, and nobody frames it.
            (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        ],
    );
    if let Some(allowed) = allowed {
        if with_cookie && allowed != "*" {
            set(headers, [(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true")]);
        }
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        set(headers, [(header::ACCESS_CONTROL_EXPOSE_HEADERS, "retry-after")]);
    }
    response
}

/// Sets headers in place of what they were.
pub(crate) fn set<const N: usize>(headers: &mut HeaderMap, pairs: [(HeaderName, &'static str); N]) {
    for (name, value) in pairs {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(origins: &Origins, origin: &str, host: &str) -> Option<String> {
        let host = HeaderValue::from_str(host).unwrap();
        let allowed = origins.allow(&HeaderValue::from_str(origin).unwrap(), Some(&host))?;
        Some(allowed.to_str().unwrap().to_owned())
    }

    #[test]
    fn by_default_a_loopback_relay_answers_any_and_another_only_its_own() {
        let any = Origins::new(None, true);
        assert_eq!(allows(&any, "https://shop.example", "127.0.0.1:80").as_deref(), Some("*"));
        assert_eq!(allows(&any, "null", "127.0.0.1:80").as_deref(), Some("*"));
        let own = Origins::new(None, false);
        assert_eq!(allows(&own, "https://shop.example", "relay.example"), None);
        assert_eq!(allows(&own, "null", "relay.example"), None);
        let name = "https://relay.example";
        assert_eq!(allows(&own, name, "relay.example").as_deref(), Some(name));
    }

    #[test]
    fn listed_origins_are_matched_whole() {
        let listed = Origins::new(Some(&["https://Shop.example".to_owned()]), true);
        let name = "https://shop.example";
        assert_eq!(allows(&listed, name, "relay.example").as_deref(), Some(name));
        for other in ["http://shop.example", "https://shop.example.evil", "https://shop.example:8443"] {
            assert_eq!(allows(&listed, other, "relay.example"), None, "{other}");
        }
        assert_eq!(Origins::new(Some(&["*".to_owned()]), false), Origins::Any);
    }

    #[test]
    fn only_origins_are_well_formed() {
        for good in ["*", "https://shop.example", "http://127.0.0.1:8080", "http://[::1]:80"] {
            assert!(well_formed(good), "{good}");
        }
        for bad in ["", "shop.example", "https://", "https://shop.example/", "https://*.example", "://x"] {
            assert!(!well_formed(bad), "{bad}");
        }
    }
}
