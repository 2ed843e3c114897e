//! The architecture page names files and folders that exist.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::workspace::Workspace;

/// The page.
const PAGE: &str = "docs/architecture.md";

/// First parts of things with a slash that are no paths of the repository: media types and built folders.
const NOT_PATHS: [&str; 11] =
    ["application", "audio", "dist", "font", "image", "model", "multipart", "node_modules", "target", "text", "video"];

/// Every path in backticks exists, from the root or from a crate's folder.
pub(super) fn paths(ws: &Workspace) -> Result<Vec<String>> {
    let Ok(page) = fs::read_to_string(ws.root.join(PAGE)) else {
        return Ok(vec![format!("{PAGE} is missing")]);
    };
    let mut faults = Vec::new();
    for (index, line) in page.lines().enumerate() {
        for quoted in backticked(line).filter(|quoted| looks_like_path(quoted)) {
            for path in expanded(quoted) {
                let crates = ws.manifest.packages.iter().map(|package| package.dir.as_path());
                if !std::iter::once(ws.root.as_path()).chain(crates).any(|base| exists(base, &path)) {
                    faults.push(format!("line {} names `{path}`, which does not exist", index + 1));
                }
            }
        }
    }
    Ok(faults)
}

/// What stands in single backticks in a line.
fn backticked(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Whether a quoted text can only be a path from the root or a crate: `relay/src/room.rs`, `src/web/`, not `/session/{id}`,
/// `a / b`, `text/html` or an address.
fn looks_like_path(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/._-*{},".contains(c);
    let first = text.split('/').next().unwrap_or_default();
    text.contains('/')
        && !first.is_empty()
        && text.chars().all(allowed)
        && !text.contains("//")
        && !NOT_PATHS.contains(&first)
        && first != "*"
        && first != ".."
}

/// The paths that one pair of braces stands for.
fn expanded(path: &str) -> Vec<String> {
    let parts = path.split_once('{').and_then(|(head, rest)| Some((head, rest.split_once('}')?)));
    match parts {
        Some((head, (choices, tail))) => choices.split(',').map(|choice| format!("{head}{choice}{tail}")).collect(),
        None => vec![path.to_owned()],
    }
}

/// Whether `base` holds `path`; a part with a star stands for any name, and what follows it is not looked for.
fn exists(base: &Path, path: &str) -> bool {
    let fixed: Vec<&str> = path.split('/').take_while(|part| !part.contains('*')).collect();
    base.join(fixed.join("/")).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_other_things_with_a_slash() {
        for path in ["relay/src/room.rs", "src/web/", "capture/js/{loader,engine}.js", ".ci/run"] {
            assert!(looks_like_path(path), "{path}");
        }
        for other in ["/session/{id}", "text/html", "https://a/b", "a / b", "protocol", "dist/capture.js"] {
            assert!(!looks_like_path(other), "{other}");
        }
    }

    #[test]
    fn braces_stand_for_several_paths() {
        assert_eq!(expanded("a/{b,c}.rs"), ["a/b.rs", "a/c.rs"]);
        assert_eq!(expanded("a/b.rs"), ["a/b.rs"]);
    }
}
