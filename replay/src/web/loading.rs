//! What may be loaded for a page, as JavaScript asks for it.

use crate::loading::Loading as Inner;
use wasm_bindgen::prelude::*;

/// What may be loaded for one page.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Loading {
    inner: Inner,
}

#[wasm_bindgen]
impl Loading {
    /// `list`: origins with blanks between; `undefined` for the default. `page` and `here`: hosts.
    #[wasm_bindgen(constructor)]
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "what wasm-bindgen hands over")]
    pub fn new(list: Option<String>, page: &str, here: &str) -> Self {
        let list: Option<Vec<&str>> = list.as_deref().map(|list| list.split_ascii_whitespace().collect());
        Self { inner: Inner::new(list.as_deref(), page, here) }
    }

    /// The Content-Security-Policy of the page's documents.
    #[must_use]
    pub fn policy(&self) -> String {
        self.inner.policy()
    }

    /// Whether an address may be loaded: its scheme, host and port as `URL` has them.
    #[must_use]
    pub fn allows(&self, scheme: &str, host: &str, port: &str) -> bool {
        self.inner.allows(scheme, host, port)
    }
}
