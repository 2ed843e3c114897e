//! What a page can show, kind by kind, and the cases that show it: the second table of `docs/fidelity.md`.

use anyhow::{Result, ensure};
use std::{collections::BTreeSet, fmt::Write as _};

/// A kind of thing: what it is part of, what it is, the cases that show it.
type Kind = (&'static str, &'static str, &'static [&'static str]);

const KINDS: &[Kind] = &[
    ("structure", "quirks, limited-quirks and standards mode", &["own/quirks", "own/limited-quirks"]),
    (
        "structure",
        "adjacent and empty texts, comments, instructions, lone surrogates",
        &["own/text", "own/markup-before-start"],
    ),
    ("structure", "templates, custom elements, SVG, MathML", &["own/namespaces", "own/states"]),
    ("structure", "shadow roots: open, closed, declarative, manual slots", &["own/namespaces", "own/slices"]),
    (
        "structure",
        "names and attributes that only a parser makes, namespaces",
        &["own/odd-names", "own/attributes", "own/census-namespaces"],
    ),
    (
        "structure",
        "subtrees that move, nest, are gone before a frame",
        &["own/subtrees", "own/away-and-back", "own/nesting-2000", "own/first-records"],
    ),
    (
        "structure",
        "pages that break the rules",
        &["own/hijack", "own/unclear-before-start", "traps/huge", "traps/document-open"],
    ),
    (
        "style",
        "style elements, links, imports, media, disabled sheets",
        &["own/style-sheets", "own/style-sheets-before-start"],
    ),
    ("style", "constructed sheets, adopted by documents and shadow roots", &["own/style-sheets", "own/namespaces"]),
    ("style", "rules that scripts insert, edit, delete", &["own/style-sheets", "resources/login"]),
    ("style", "hover, focus, target, fullscreen", &["own/states"]),
    ("style", "media features of the customer's device", &["live/media-features"]),
    ("style", "fonts of rules and of bytes, icons", &["resources/fonts", "outside/icons"]),
    ("state", "form controls, values, validation", &["own/form-state", "own/form-typing"]),
    ("state", "ranges and the caret in fields, selected text", &["live/ranges", "own/layers"]),
    ("state", "open lists", &["live/open-list"]),
    ("state", "dialogs, popovers, the order of the top layer", &["own/layers", "traps/modal-dialog"]),
    ("state", "scroll positions, smooth scrolling", &["own/scroll", "own/scrolled-before-start", "live/smooth-scroll"]),
    ("state", "what plays", &["own/media"]),
    ("state", "animations, view transitions", &["live/animations", "live/view-transition"]),
    ("content", "canvases: 2D, WebGL, bitmaps, WebGPU", &["own/pixels", "own/webgpu"]),
    ("content", "images: blob, srcset and picture, lazy", &["own/pixels", "resources/candidates", "resources/lazy"]),
    ("content", "frames of the same origin, nested, written by scripts", &["own/frames"]),
    (
        "content",
        "frames of another origin: joined, or boxes",
        &["outside/joined", "outside/navigates", "outside/boxes", "outside/unlisted"],
    ),
    ("content", "canvases in joined frames", &["outside/canvas"]),
    (
        "content",
        "frames of another origin in joined frames",
        &["outside/nested", "outside/nested-boxes", "outside/within"],
    ),
    ("resources", "files behind a login", &["resources/login"]),
    ("resources", "pictures without TLS on an agent's page with it", &["resources/mixed"]),
    ("resources", "everything carried", &["resources/inline"]),
    ("resources", "nothing of what is masked", &["resources/login", "privacy/page", "outside/masked"]),
    ("navigation", "full page loads within the site", &["life/navigation"]),
    ("navigation", "on another subdomain of the site", &["sites/subdomains", "sites/tabs"]),
    ("navigation", "print and beforeunload left alone", &["traps/leaving"]),
    ("navigation", "a page that is written anew", &["traps/document-open"]),
];

/// What cannot be reached, and why.
const OUT_OF_REACH: &str = "Out of reach: a **closed shadow root that a parser makes** from `<template shadowrootmode=\"closed\">` on an element that is no custom\n\
    one. No function is called that could be noticed, nothing says that it is there, and `attachShadow` on its host would empty it. The\n\
    element is told without what is in it. Open ones, those that scripts attach (`data-shadow-roots`), and those of custom elements with\n\
    `ElementInternals` are told.\n";

/// Whether each case that is named is one of these.
pub(crate) fn check(names: &BTreeSet<String>) -> Result<()> {
    let missing: Vec<&str> =
        KINDS.iter().flat_map(|(_, _, cases)| *cases).copied().filter(|case| !names.contains(*case)).collect();
    ensure!(missing.is_empty(), "e2e/src/kinds.rs names cases that are not there: {}", missing.join(", "));
    Ok(())
}

/// The table, as Markdown.
pub(crate) fn table() -> String {
    let mut text = String::from(
        "\n## By kind\n\nWhat a page can show, and the cases that show it; each of them is in CI, and one that is not there fails the suite.\n\n| | kind | cases |\n|---|---|---|\n",
    );
    for (group, kind, cases) in KINDS {
        let _ = writeln!(text, "| {group} | {kind} | {} |", cases.join(", "));
    }
    text.push('\n');
    text.push_str(OUT_OF_REACH);
    text
}
