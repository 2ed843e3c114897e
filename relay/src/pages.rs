//! The built pages, served as files from a folder.
//!
//! Their own origin is the relay's, but a customer's site loads `capture.js` and its wasm from here too, so they may be
//! read from anywhere; they are the same for everyone. A page that a browser has kept is asked for again each time
//! (`no-cache`, answered with 304 when the file is as it was), so that the scripts and the wasm of one build stay together.

use crate::{embedding, error::ApiError, origin};
use axum::{
    Router,
    body::Body,
    extract::Request,
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use std::path::Path;
use tower_http::services::ServeDir;

/// Serves a folder: `index.html` for a folder, `.br` beside a file to whom takes it, and 404 as JSON for the rest.
/// [`ServeDir`] refuses paths that lead out of the folder.
///
/// `ancestors` may have the pages in a frame; without it any page may.
pub(crate) fn router(folder: &Path, ancestors: Option<&[String]>) -> Router {
    let policy = ancestors.and_then(embedding::policy);
    let dress = middleware::from_fn(move |request: Request, next: Next| dress(policy.clone(), request, next));
    Router::new().fallback_service(ServeDir::new(folder).precompressed_br()).layer(dress)
}

/// The page that customers' pages have in a frame (docs/session.md, "Other subdomains").
const HOLD: &str = "/hold.html";

/// What is answered where there is nothing.
pub(crate) async fn nothing() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "nothing is here: expected /api/sessions, /ws/customer, /ws/agent or a page")
}

async fn dress(policy: Option<HeaderValue>, request: Request, next: Next) -> Response {
    // By the path as it was sent: one that is written otherwise is under the policy.
    let policy = policy.filter(|_| !request.uri().path().ends_with(HOLD));
    let declarations = request.uri().path().ends_with(".ts");
    let mut response = next.run(request).await;
    if response.status() == StatusCode::NOT_FOUND {
        response = nothing().await.into_response();
    } else if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        let allow = response.headers_mut().remove(header::ALLOW);
        response = ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "expected GET or HEAD").into_response();
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    } else if let Some(kind) = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) {
        // By its ending alone, `.ts` is a film.
        let kind = if declarations { "text/plain" } else { kind };
        if kind.starts_with("text/")
            && !kind.contains("charset")
            && let Ok(kind) = HeaderValue::try_from(format!("{kind}; charset=utf-8"))
        {
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
    }
    origin::set(
        response.headers_mut(),
        [
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            (header::HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
            (header::CACHE_CONTROL, "no-cache"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
        ],
    );
    if let Some(policy) = policy {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response.map(Body::new)
}
