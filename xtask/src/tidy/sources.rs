//! What source files may hold and how long they may be.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::files;
use crate::workspace::Workspace;

/// A longer file holds more than one thing.
const MOST_LINES: usize = 800;

/// Files that are written by hand and read by people.
const SOURCES: [&str; 5] = ["js", "jsx", "mjs", "rs", "ts"];

/// Folders without sources of ours, or with pages that were made to be long.
const SKIPPED: [&str; 5] = ["dist", "fixtures", "node_modules", "target", ".git"];

/// The crates that are shipped.
const PRODUCT: [&str; 6] = ["capture", "cli", "protocol", "relay", "replay", "seal"];

/// Crates that bind to a browser, as Rust names them.
const BROWSER: [&str; 3] = ["js_sys", "wasm_bindgen", "web_sys"];

/// Words that the glossary replaces, each with what to say instead.
const WORDS: [(&str, &str); 2] = [("master", "customer, agent or controller"), ("snapshot", "keyframe")];

/// What a public item's definition begins with, after its visibility.
const ITEMS: [&str; 9] = ["const", "enum", "fn", "mod", "static", "struct", "trait", "type", "union"];

/// What may stand between a visibility and the kind of the item.
const QUALIFIERS: [&str; 3] = ["async", "const", "unsafe"];

/// Browser bindings are used under `src/web/` and in browser tests only; elsewhere code is platform-free.
pub(super) fn browser_code(ws: &Workspace) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for path in rust_files_of_product(ws)? {
        let slashed = slashed(&path);
        if slashed.contains("/src/web/") || slashed.ends_with("/src/web.rs") || slashed.contains("/tests/web") {
            continue;
        }
        for (number, line) in code_lines(&read(ws, &path)?) {
            if let Some(name) = words_of(&line).find(|word| BROWSER.contains(word)) {
                faults.push(format!("{slashed}:{number} names {name}; move it under src/web/"));
            }
        }
    }
    Ok(faults)
}

/// No source file is longer than a reader can hold in mind.
pub(super) fn lengths(ws: &Workspace) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for path in sources(ws)? {
        let lines = read(ws, &path)?.lines().count();
        if lines > MOST_LINES {
            faults.push(format!("{} has {lines} lines, {MOST_LINES} are allowed; split it", slashed(&path)));
        }
    }
    Ok(faults)
}

/// File names and public items of the product use the glossary's words.
pub(super) fn words(ws: &Workspace) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    let product = |path: &&PathBuf| PRODUCT.iter().any(|name| path.starts_with(name));
    let product: Vec<PathBuf> = sources(ws)?.iter().filter(product).cloned().collect();
    for path in product {
        let slashed = slashed(&path);
        if let Some((word, instead)) = banned(&slashed) {
            faults.push(format!("the name of {slashed} has `{word}`; say {instead}"));
        }
        if path.extension() != Some(OsStr::new("rs")) {
            continue;
        }
        for (number, line) in code_lines(&read(ws, &path)?) {
            let item = public_item(&line).and_then(|item| banned(item).map(|found| (item, found)));
            if let Some((item, (word, instead))) = item {
                faults.push(format!("{slashed}:{number} `{item}` has `{word}`; say {instead}"));
            }
        }
    }
    Ok(faults)
}

/// The first word of the list in a name, in any case.
fn banned(name: &str) -> Option<(&'static str, &'static str)> {
    let name = name.to_ascii_lowercase();
    WORDS.into_iter().find(|(word, _)| name.contains(word))
}

/// The name of the public item that a line defines.
fn public_item(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("pub")?;
    let rest = match rest.strip_prefix('(') {
        Some(scoped) => scoped.split_once(')')?.1,
        None => rest,
    };
    let mut words = rest.split_whitespace().skip_while(|word| QUALIFIERS.contains(word)).peekable();
    // `const` is a qualifier and a kind: a constant's name follows it directly.
    let name = match words.next()? {
        word if ITEMS.contains(&word) => words.next()?,
        word if rest.trim_start().starts_with("const ") => word,
        _ => return None,
    };
    name.split(|c: char| !(c.is_alphanumeric() || c == '_')).next()
}

/// The words of a line of code.
fn words_of(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}

/// The lines of a file, numbered from 1, without comments and without the content of string literals. Block comments
/// and literals over several lines are not looked for: these checks need not see every trick.
fn code_lines(source: &str) -> impl Iterator<Item = (usize, String)> + '_ {
    source.lines().enumerate().map(|(index, line)| (index + 1, code(line)))
}

/// A line up to its comment, with its string literals emptied.
fn code(line: &str) -> String {
    let mut code = String::new();
    let mut in_string = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if in_string => drop(chars.next()),
            '"' => {
                in_string = !in_string;
                code.push(c);
            }
            '/' if !in_string && chars.peek() == Some(&'/') => break,
            _ if in_string => {}
            _ => code.push(c),
        }
    }
    code
}

/// The product's Rust files.
fn rust_files_of_product(ws: &Workspace) -> Result<Vec<PathBuf>> {
    let rust = |path: &PathBuf| path.extension() == Some(OsStr::new("rs"));
    let product = |path: &PathBuf| PRODUCT.iter().any(|name| path.starts_with(name));
    Ok(sources(ws)?.into_iter().filter(|path| rust(path) && product(path)).collect())
}

/// Every source file, as a path from the root.
fn sources(ws: &Workspace) -> Result<Vec<PathBuf>> {
    let enter = |path: &Path| !path.file_name().and_then(OsStr::to_str).is_some_and(|name| SKIPPED.contains(&name));
    let is_source = |path: &PathBuf| path.extension().and_then(OsStr::to_str).is_some_and(|ext| SOURCES.contains(&ext));
    Ok(files::walk(&ws.root, &enter)?.into_iter().filter(is_source).collect())
}

/// A file's text.
fn read(ws: &Workspace, path: &Path) -> Result<String> {
    fs::read_to_string(ws.root.join(path)).with_context(|| format!("cannot read {}", path.display()))
}

/// A path with the separators that messages use.
fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_not_code() {
        assert_eq!(code(r#"let a = "web_sys // x \" y"; // web_sys"#), r#"let a = ""; "#);
        assert_eq!(words_of(&code("use web_sys::Node;")).nth(1), Some("web_sys"));
    }

    #[test]
    fn public_items_are_found_by_name() {
        assert_eq!(public_item("pub struct Snapshot<T> {"), Some("Snapshot"));
        assert_eq!(public_item("    pub(crate) async fn take_snapshot(&self) {"), Some("take_snapshot"));
        assert_eq!(public_item("pub const MASTER: u8 = 1;"), Some("MASTER"));
        assert_eq!(public_item("pub const fn len(&self) -> u8 {"), Some("len"));
        assert_eq!(public_item("pub use snapshot::A;"), None);
        assert_eq!(public_item("let snapshot = 1;"), None);
    }
}
