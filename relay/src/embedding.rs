//! Which pages may have the agent's page in a frame: what browsers are told of it, and the agent's page itself.

use crate::{error::ApiError, origin, server::App};
use axum::{
    Json, Router,
    extract::{Query, State, rejection::QueryRejection},
    routing::get,
};
use http::{HeaderValue, StatusCode};
use serde::Deserialize;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/api/embedding", get(embedding))
}

/// Whether a configured origin means one to a browser: whole, or with `*.` for what is below a host of two parts or more.
pub(crate) fn well_formed(ancestor: &str) -> bool {
    match ancestor.split_once("://*.") {
        Some((scheme, host)) => {
            let parts = host.split(['.', ':']).filter(|part| !part.is_empty()).count();
            parts >= 2 && !host.starts_with(['.', ':']) && origin::well_formed(&format!("{scheme}://{host}"))
        }
        None => ancestor != "*" && origin::well_formed(ancestor),
    }
}

/// The header for pages that these may have in a frame. None where one of them is not [`well_formed`].
pub(crate) fn policy(ancestors: &[String]) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("frame-ancestors 'self' {}", ancestors.join(" "))).ok()
}

/// Whether one of them is this origin.
fn allows(ancestors: &[String], origin: &str) -> bool {
    let origin = origin.to_ascii_lowercase();
    ancestors.iter().map(|ancestor| ancestor.to_ascii_lowercase()).any(|ancestor| match ancestor.split_once("://*.") {
        // Something has to stand in the place of the star.
        Some((scheme, host)) => origin
            .strip_prefix(scheme)
            .and_then(|rest| rest.strip_prefix("://")?.strip_suffix(host)?.strip_suffix('.'))
            .is_some_and(|below| !below.is_empty() && !below.contains(['/', ':', '@'])),
        None => ancestor == origin,
    })
}

#[derive(Deserialize)]
struct Asked {
    origin: Option<String>,
}

/// The agent's page asks whether it may be told what to do by the page around it.
async fn embedding(
    State(app): State<App>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<serde_json::Value>, ApiError> {
    let Query(Asked { origin: Some(origin) }) =
        query.map_err(|error| ApiError::new(StatusCode::BAD_REQUEST, error.body_text()))?
    else {
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "origin: expected ?origin= and that of a page"));
    };
    let allowed = allows(app.config().frame_ancestors.as_deref().unwrap_or_default(), &origin);
    Ok(Json(serde_json::json!({ "allowed": allowed })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ancestors_are_origins_or_what_is_below_a_host() {
        for good in
            ["https://org.crm.dynamics.com", "http://127.0.0.1:8080", "https://*.dynamics.com", "https://*.a.b:8443"]
        {
            assert!(well_formed(good), "{good}");
        }
        for bad in [
            "",
            "*",
            "https://*",
            "https://*.com",
            "https://*.",
            "https://a.*.b",
            "dynamics.com",
            "https://a.b/",
            "'self'",
        ] {
            assert!(!well_formed(bad), "{bad}");
        }
    }

    #[test]
    fn an_origin_is_allowed_whole() {
        let list = ["https://desk.example".to_owned(), "https://*.crm4.dynamics.com".to_owned()];
        for good in ["https://desk.example", "https://Org.crm4.dynamics.com", "https://a.b.crm4.dynamics.com"] {
            assert!(allows(&list, good), "{good}");
        }
        for bad in [
            "http://desk.example",
            "https://desk.example:8443",
            "https://desk.example.evil",
            "https://crm4.dynamics.com",
            "https://.crm4.dynamics.com",
            "http://org.crm4.dynamics.com",
            "https://org.crm4.dynamics.com.evil",
            "https://orgcrm4.dynamics.com",
            "https://evil.example/.crm4.dynamics.com",
            "null",
            "",
        ] {
            assert!(!allows(&list, bad), "{bad}");
        }
        assert!(!allows(&[], "https://desk.example"));
    }
}
