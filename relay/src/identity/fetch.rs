//! One answer of another server, over HTTPS.

use crate::tls;
use axum::body::{Body, to_bytes};
use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use std::{path::Path, time::Duration};
use tokio::time::timeout;

/// The largest answer, in bytes.
const ANSWER_BYTES: usize = 256 << 10;

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks other servers. Redirections are not followed: what is configured is what is asked.
#[derive(Debug)]
pub(super) struct Fetcher(Client<HttpsConnector<HttpConnector>, Body>);

impl Fetcher {
    /// `ca` holds authorities beside those of the system.
    pub(super) fn new(ca: Option<&Path>) -> Result<Self, String> {
        let tls = tls::client(ca)?;
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
    }

    /// The body of an answer.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn get(&self, address: &Uri) -> Result<Bytes, String> {
        let request = Request::get(address).header(header::ACCEPT, "application/json").body(Body::empty());
        let request = request.map_err(|error| error.to_string())?;
        let asking = async {
            let answer = self.0.request(request).await.map_err(|error| reasons(&error))?;
            if answer.status() != StatusCode::OK {
                return Err(format!("expected 200, found {}", answer.status()));
            }
            let body = to_bytes(Body::new(answer.into_body()), ANSWER_BYTES).await;
            body.map_err(|error| format!("expected at most {ANSWER_BYTES} bytes: {error}"))
        };
        timeout(PATIENCE, asking).await.unwrap_or_else(|_| Err(format!("no answer within {PATIENCE:?}")))
    }
}

/// An error with what it comes from.
fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
