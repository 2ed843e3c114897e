//! Comparing what is on the two screens: pictures of both windows, masked areas left out.

use crate::browser::Browser;
use anyhow::{Context, Result};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::json;

const PIXELS: &str = include_str!("../js/pixels.js");

/// At most this share of the pixels may differ visibly.
pub(crate) const LIMIT: f64 = 0.001;

/// How two pictures compare.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Pictures {
    /// The share of the pixels that differ visibly.
    pub(crate) share: f64,
    /// The first of them.
    pub(crate) first: Option<[f64; 2]>,
}

/// Compares the two windows. `masked`: selectors of what is left out besides what the markup says.
pub(crate) async fn compare(customer: &Browser, agent: &Browser, masked: &[String]) -> Result<Pictures> {
    customer.run(PIXELS, vec![]).await?;
    agent.run(PIXELS, vec![]).await?;
    let ignored: Vec<[f64; 4]> = customer
        .eval("return window.__pixels.hold(arguments[0])", vec![json!(masked)])
        .await
        .context("what is masked")?;
    agent.run("return window.__pixels.bare(true)", vec![]).await?;
    let (left, right) = tokio::try_join!(customer.screenshot(), agent.screenshot())?;
    customer.run("window.__pixels.release()", vec![]).await?;
    agent.run("return window.__pixels.bare(false)", vec![]).await?;
    let arguments = vec![json!(BASE64_STANDARD.encode(left)), json!(BASE64_STANDARD.encode(right)), json!(ignored)];
    agent.eval("return window.__pixels.compare(...arguments)", arguments).await.context("comparing the pictures")
}
