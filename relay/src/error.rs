//! Errors as a client of the API sees them, and those that stop the server.

use crate::{config::ConfigError, store::StoreError};
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use std::{borrow::Cow, io, time::Duration};

/// Why the relay does not serve.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting is out of its range.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The listener does not work.
    #[error("the listener fails: {0}")]
    Listener(#[source] io::Error),
}

/// An answer of the API that is an error: a status and `{"error": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    status: StatusCode,
    text: Cow<'static, str>,
    retry_after: Option<Duration>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, text: impl Into<Cow<'static, str>>) -> Self {
        Self { status, text: text.into(), retry_after: None }
    }

    /// The status.
    pub(crate) fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// What was expected.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// 429: an address has to wait.
    pub(crate) fn too_many(wait: Duration) -> Self {
        let text = "too many wrong tokens or secrets from this address: expected a pause";
        Self { retry_after: Some(wait), ..Self::new(StatusCode::TOO_MANY_REQUESTS, text) }
    }

    /// 429: tokens are guessed, and who shows nothing but a token has to wait.
    pub(crate) fn besieged(wait: Duration) -> Self {
        let text = "too many wrong tokens from everywhere: expected a pause";
        Self { retry_after: Some(wait), ..Self::new(StatusCode::TOO_MANY_REQUESTS, text) }
    }

    /// 429: an address has to wait before it creates another session.
    pub(crate) fn too_many_sessions(wait: Duration) -> Self {
        let text = "too many sessions were created from this address: expected a pause";
        Self { retry_after: Some(wait), ..Self::new(StatusCode::TOO_MANY_REQUESTS, text) }
    }

    /// 429: agents come into one session too often.
    pub(crate) fn too_many_joins(wait: Duration) -> Self {
        let text = "agents came into this session too often: expected a pause";
        Self { retry_after: Some(wait), ..Self::new(StatusCode::TOO_MANY_REQUESTS, text) }
    }

    /// 404: no live session has the token.
    pub(crate) fn unknown() -> Self {
        Self::new(StatusCode::NOT_FOUND, "token: expected that of a live session")
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let status = match &error {
            StoreError::Unknown => return Self::unknown(),
            StoreError::Crowded(_) => StatusCode::CONFLICT,
            StoreError::Taken | StoreError::Full(_) | StoreError::Closed(_) | StoreError::Unavailable(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        Self::new(status, error.to_string())
    }
}

#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(Body { error: &self.text })).into_response();
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
