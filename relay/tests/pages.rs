//! The built pages over real connections: content types, headers, encodings, and no way out of the folder.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a panic is how a test fails")]

mod common;

use common::Relay;
use relay::Config;
use std::{fs, path::PathBuf};

/// A folder of pages beside a file that is nobody's business, removed at the end.
struct Pages(PathBuf);

impl Pages {
    fn new(name: &str) -> Self {
        let root = std::env::temp_dir().join(format!("cobrowse-relay-{name}-{}", std::process::id()));
        let dist = root.join("dist");
        fs::create_dir_all(dist.join("assets")).unwrap();
        fs::write(root.join("private.txt"), "private").unwrap();
        fs::write(dist.join("index.html"), "<!doctype html><title>ü</title>").unwrap();
        fs::write(dist.join("capture.js"), "plain();").unwrap();
        fs::write(dist.join("capture.js.br"), "squeezed").unwrap();
        fs::write(dist.join("capture.d.ts"), "declare const x: 1;").unwrap();
        fs::write(dist.join("engine.wasm"), b"\0asm").unwrap();
        fs::write(dist.join("assets/shop.css"), "a{}").unwrap();
        Self(root)
    }

    fn config(&self) -> Config {
        Config { pages: Some(self.0.join("dist")), ..Config::default() }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn pages_come_with_their_types_for_any_site() {
    let pages = Pages::new("types");
    let relay = Relay::start(pages.config()).await;
    let expected = [
        ("/", "text/html; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/capture.js", "text/javascript; charset=utf-8"),
        ("/capture.d.ts", "text/plain; charset=utf-8"),
        ("/engine.wasm", "application/wasm"),
        ("/assets/shop.css", "text/css; charset=utf-8"),
    ];
    for (path, kind) in expected {
        let answer = relay.get(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, kind), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cache-control"), "no-cache");
    }
    let missing = relay.get("/missing.js").await;
    assert_eq!((missing.status, missing.header("content-type")), (404, "application/json"));
    let post = relay.request("POST", "/capture.js", &[], "").await;
    assert_eq!((post.status, post.error().as_str()), (405, "expected GET or HEAD"));
}

#[tokio::test]
async fn a_page_that_is_as_it_was_is_not_sent_again() {
    let pages = Pages::new("etag");
    let relay = Relay::start(pages.config()).await;
    let first = relay.get("/capture.js").await;
    let tag = first.header("etag").to_owned();
    assert!(!tag.is_empty());
    let again = relay.request("GET", "/capture.js", &[("if-none-match", &tag)], "").await;
    assert_eq!((again.status, again.body.len()), (304, 0));
}

#[tokio::test]
async fn brotli_is_for_those_who_take_it() {
    let pages = Pages::new("brotli");
    let relay = Relay::start(pages.config()).await;
    let plain = relay.get("/capture.js").await;
    assert_eq!((plain.header("content-encoding"), &plain.body[..]), ("", &b"plain();"[..]));
    let squeezed = relay.request("GET", "/capture.js", &[("accept-encoding", "gzip, br")], "").await;
    assert_eq!((squeezed.header("content-encoding"), &squeezed.body[..]), ("br", &b"squeezed"[..]));
    assert_eq!(squeezed.header("content-type"), "text/javascript; charset=utf-8");
    assert!(squeezed.header("vary").contains("accept-encoding"));
}

#[tokio::test]
async fn no_path_leads_out_of_the_folder() {
    let pages = Pages::new("traversal");
    let relay = Relay::start(pages.config()).await;
    for path in [
        "/../private.txt",
        "/assets/../../private.txt",
        "/%2e%2e/private.txt",
        "/..%2fprivate.txt",
        "/assets/..%5c..%5cprivate.txt",
        "//private.txt",
        "/%00",
        "/capture.js/../../private.txt",
    ] {
        let answer = relay.get(path).await;
        assert!(matches!(answer.status, 400 | 404), "{path}: {answer:?}");
        assert!(!answer.body.windows(7).any(|window| window == b"private"), "{path}");
    }
}

#[tokio::test]
async fn without_a_folder_there_are_no_pages() {
    let relay = Relay::start(Config::default()).await;
    assert_eq!(relay.get("/").await.status, 404);
}
