//! What is never created at the agent's, whatever a stream says: nothing that runs, navigates, or loads another
//! document. The iframe's sandbox and its CSP forbid the same; this is the first of three lines.

use protocol::names::Namespace;

/// What becomes of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is set as it is.
    Keep,
    /// It is set to this.
    Set(&'static str),
    /// It is not set.
    Drop,
}

/// Elements that bring in another document or a plug-in; they stand as boxes.
const NESTING: &[&str] = &["iframe", "frame", "object", "embed", "applet", "portal", "fencedframe"];

/// What names the other document, or tells a plug-in what to run.
const NESTED: &[&str] = &["src", "srcdoc", "data", "code", "codebase", "archive", "classid", "object", "type"];

/// What a meta element must not bring about.
const PRAGMAS: &[&str] = &["refresh", "content-security-policy", "content-security-policy-report-only"];

/// Whether the element's text is code and left out.
#[must_use]
pub fn is_script(namespace: Namespace, name: &str) -> bool {
    matches!(namespace, Namespace::Html | Namespace::Svg) && local(name).eq_ignore_ascii_case("script")
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Decides about an attribute of an element (`element`: its namespace and name).
#[must_use]
pub fn attribute(element: (Namespace, &str), namespace: Namespace, name: &str, value: &str) -> Verdict {
    let local_name = local(name);
    if is_handler(local_name) {
        return Verdict::Drop;
    }
    if is_script(element.0, element.1) {
        return if matches!(local_name, "src" | "href") { Verdict::Drop } else { Verdict::Keep };
    }
    if element.0 == Namespace::Html {
        let element = element.1;
        if element == "embed" && matches!(name, "src" | "type") {
            // Without both it would have no box (HTML standard, §4.8.6); of nothing there is nothing to load.
            return Verdict::Set("");
        }
        if NESTING.contains(&element) && NESTED.contains(&name) {
            return Verdict::Drop;
        }
        if element == "meta"
            && name == "http-equiv"
            && PRAGMAS.iter().any(|pragma| value.trim().eq_ignore_ascii_case(pragma))
        {
            return Verdict::Drop;
        }
        if name == "srcdoc" {
            return Verdict::Drop;
        }
    }
    // What is of a page's own scripts only is no address of anything.
    let is_own = element.0 == Namespace::Html && name.starts_with("data-");
    if namespace != Namespace::Xmlns && !is_own && is_script_address(value) {
        return Verdict::Set("#");
    }
    Verdict::Keep
}

/// Whether a browser may take an attribute of this name for an event handler. The names of these are letters only (HTML
/// standard, §8.1.8.2); frameworks have directives such as `on-hover-do`.
#[must_use]
pub fn is_handler(name: &str) -> bool {
    let (start, rest) = name.as_bytes().split_at(name.len().min(2));
    start.eq_ignore_ascii_case(b"on") && !rest.is_empty() && rest.iter().all(u8::is_ascii_alphabetic)
}

/// Whether a browser would run the address as a script: leading control characters and blanks, and tabs and line
/// breaks anywhere, are left out (URL standard, §4.4). Told of any attribute: which ones are addresses depends on the
/// element, and SVG's animations can give one to another.
#[must_use]
pub fn is_script_address(value: &str) -> bool {
    let mut scheme = value
        .trim_start_matches(|c: char| c <= ' ')
        .chars()
        .filter(|c| !matches!(c, '\t' | '\n' | '\r'))
        .map(|c| c.to_ascii_lowercase());
    ["javascript:", "vbscript:"].iter().any(|bad| {
        let mut scheme = scheme.clone();
        bad.chars().all(|expected| scheme.next() == Some(expected))
    }) && scheme.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: (Namespace, &str) = (Namespace::Html, "a");

    #[test]
    fn nothing_that_runs_is_created() {
        for (element, name, value) in [
            (A, "onclick", "x()"),
            (A, "ONCLICK", "x()"),
            ((Namespace::Svg, "svg"), "onload", "x()"),
            ((Namespace::Html, "iframe"), "src", "https://a.test/"),
            ((Namespace::Html, "iframe"), "srcdoc", "<script>"),
            ((Namespace::Html, "object"), "data", "a.swf"),
            ((Namespace::Html, "embed"), "code", "a.swf"),
            ((Namespace::Html, "meta"), "http-equiv", " Refresh"),
            ((Namespace::Html, "script"), "src", "a.js"),
            ((Namespace::Svg, "svg:script"), "href", "a.js"),
        ] {
            assert_eq!(attribute(element, Namespace::None, name, value), Verdict::Drop, "{element:?} {name}");
        }
        for name in ["src", "type"] {
            let embed = (Namespace::Html, "embed");
            assert_eq!(attribute(embed, Namespace::None, name, "a.swf"), Verdict::Set(""));
        }
        for value in ["javascript:x()", " \u{1}JaVa\tScRiPt\n:x()", "vbscript:x"] {
            assert_eq!(attribute(A, Namespace::None, "href", value), Verdict::Set("#"), "{value:?}");
            assert_eq!(attribute((Namespace::Svg, "set"), Namespace::None, "to", value), Verdict::Set("#"));
            assert_eq!(attribute((Namespace::Svg, "a"), Namespace::XLink, "xlink:href", value), Verdict::Set("#"));
        }
    }

    #[test]
    fn what_is_harmless_stays() {
        for (name, value) in [
            ("href", "/javascript:"),
            ("title", "onclick"),
            ("class", "on"),
            ("data-x", "javascript:x()"),
            ("on-hover", "x()"),
            ("on", "x"),
        ] {
            assert_eq!(attribute(A, Namespace::None, name, value), Verdict::Keep, "{name}");
        }
        assert_eq!(attribute((Namespace::Html, "meta"), Namespace::None, "http-equiv", "Content-Type"), Verdict::Keep);
        assert_eq!(attribute((Namespace::Html, "img"), Namespace::None, "src", "a.png"), Verdict::Keep);
    }
}
