//! How parts of a page are written so that a parser reads nothing else in them (HTML standard, §13.2.5 "Tokenization").
//!
//! A stream may hold what no parser has made: names with blanks in them, comments that hold their own end, style sheets inside
//! of drawings, where a parser takes rules for markup.

use protocol::{
    names::Namespace,
    tree::{ROOT, Tree},
};
use std::fmt::Write as _;

/// Elements whose content a parser takes as it stands.
const RAW: &[&str] = &["style", "xmp", "iframe", "noembed", "noframes", "plaintext"];

/// Elements below which there are no elements for a parser, or only where it knows no scripts.
const TEXT_ONLY: &[&str] = &["textarea", "title", "noscript"];

/// What stands for a name that cannot be written.
const NAMELESS: &str = "x-nameless";

/// The name of an element in a tag.
pub(super) fn tag(name: &str) -> &str {
    let ends = |character: char| character.is_ascii_whitespace() || matches!(character, '/' | '<' | '>' | '\0');
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) && !name.contains(ends) { name } else { NAMELESS }
}

/// An attribute; one whose name cannot be written is left out.
pub(super) fn attribute(name: &str, value: &str, out: &mut String) {
    let ends = |character: char| character.is_ascii_whitespace() || matches!(character, '/' | '>' | '\0');
    let rest = name.chars().next().map(|first| &name[first.len_utf8()..]);
    if name.contains(ends) || rest.is_none_or(|rest| rest.contains('=')) {
        return;
    }
    let _ = write!(out, " {name}=\"");
    escape(value, true, out);
    out.push('"');
}

/// Text, or an attribute's value.
pub(super) fn escape(text: &str, in_attribute: bool, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '\u{a0}' => out.push_str("&nbsp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if in_attribute => out.push_str("&quot;"),
            _ => out.push(character),
        }
    }
}

/// A doctype, its name and ids separated by U+0000.
pub(super) fn doctype(data: &str, out: &mut String) {
    let ends = |character: char| character.is_ascii_control() || matches!(character, '"' | '<' | '>');
    let mut parts = data.split('\0').map(|part| if part.contains(ends) { "" } else { part });
    let (name, public, system) =
        (parts.next().unwrap_or("html"), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let _ = write!(out, "<!DOCTYPE {}", if name.is_empty() { "html" } else { name });
    match (public, system) {
        ("", "") => {}
        ("", system) => _ = write!(out, " SYSTEM \"{system}\""),
        (public, "") => _ = write!(out, " PUBLIC \"{public}\""),
        (public, system) => _ = write!(out, " PUBLIC \"{public}\" \"{system}\""),
    }
    out.push('>');
}

/// A comment. What would end it, or an element around it whose content is taken as it stands, is parted.
pub(super) fn comment(data: &str, out: &mut String) {
    out.push_str("<!--");
    // One that begins so is at its end for a parser.
    if data.starts_with(['>', '-']) {
        out.push(' ');
    }
    let mut before = ' ';
    for character in data.chars() {
        match (before, character) {
            ('-', '-') => out.push(' '),
            ('<', '/') => out.push('\\'),
            _ => {}
        }
        out.push(character);
        before = character;
    }
    out.push_str("-->");
}

/// A processing instruction, which is a comment for a parser and ends with the first bracket.
pub(super) fn instruction(data: &str, out: &mut String) {
    let _ = write!(out, "<?{}>", data.replace('>', " ").replace("</", "<\\/"));
}

/// Whether an element has nothing but text for a parser.
pub(super) fn is_text_only(namespace: Namespace, name: &str) -> bool {
    namespace == Namespace::Html && RAW.iter().chain(TEXT_ONLY).any(|text_only| name.eq_ignore_ascii_case(text_only))
}

/// The text of such an element.
pub(super) fn raw(tree: &Tree, id: u32, text: &str, out: &mut String) {
    let (_, name) = tree.names.get(tree.node(id).name);
    if name.eq_ignore_ascii_case("style") {
        rules(tree, id, text, out);
    } else if !is_foreign(tree, id) && RAW.iter().any(|raw| name.eq_ignore_ascii_case(raw)) {
        // Text that would end its element early is no text that a parser made.
        out.push_str(&text.replace("</", "<\\/"));
    } else {
        escape(text, false, out);
    }
}

/// CSS in a `<style>` at `id` or below it. Inside of a drawing or a formula a parser takes it for markup.
pub(super) fn rules(tree: &Tree, id: u32, text: &str, out: &mut String) {
    if text.contains('<') && is_foreign(tree, id) {
        out.push_str(&text.replace('<', "\\3c "));
    } else {
        out.push_str(&text.replace("</", "<\\/"));
    }
}

/// Whether a node is in something that a parser takes for a drawing or a formula.
fn is_foreign(tree: &Tree, mut id: u32) -> bool {
    while id != ROOT {
        let (namespace, name) = tree.names.get(tree.node(id).name);
        let is_root = ["svg", "math"].iter().any(|root| name.eq_ignore_ascii_case(root));
        if is_root || matches!(namespace, Namespace::Svg | Namespace::MathMl) {
            return true;
        }
        id = tree.node(id).parent;
    }
    false
}
