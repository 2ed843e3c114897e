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

/// What of an animation may be a list of values.
const ANIMATING: &[&str] = &["animate", "set", "animatetransform", "animatemotion", "animatecolor", "discard"];

/// What a browser makes of a name: a stream may write the namespaces that have numbers out, which are then the same, and an empty
/// one, which is none.
#[must_use]
pub fn named(namespace: Namespace, name: &str) -> (Namespace, &str) {
    if namespace != Namespace::Other {
        return (namespace, name);
    }
    let (uri, name) = name.rsplit_once(' ').unwrap_or(("", name));
    let namespace = match uri {
        "" => Namespace::None,
        "http://www.w3.org/1999/xhtml" => Namespace::Html,
        "http://www.w3.org/2000/svg" => Namespace::Svg,
        "http://www.w3.org/1998/Math/MathML" => Namespace::MathMl,
        "http://www.w3.org/1999/xlink" => Namespace::XLink,
        "http://www.w3.org/XML/1998/namespace" => Namespace::Xml,
        "http://www.w3.org/2000/xmlns/" => Namespace::Xmlns,
        _ => Namespace::Other,
    };
    (namespace, name)
}

/// Whether the element's text is code and left out.
#[must_use]
pub fn is_script(namespace: Namespace, name: &str) -> bool {
    let (namespace, name) = named(namespace, name);
    matches!(namespace, Namespace::Html | Namespace::Svg) && local(name).eq_ignore_ascii_case("script")
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Whether an attribute can have the name: what ends a name for a parser could make another one of it.
fn is_name(name: &str) -> bool {
    let ends = |letter: char| matches!(letter, '\0' | '\t' | '\n' | '\x0c' | '\r' | ' ' | '/' | '>');
    !name.is_empty() && !name.contains(ends) && !name.chars().skip(1).any(|letter| letter == '=')
}

/// Decides about an attribute of an element (`element`: its namespace and name).
#[must_use]
pub fn attribute(element: (Namespace, &str), namespace: Namespace, name: &str, value: &str) -> Verdict {
    let ((element_namespace, element), (namespace, name)) = (named(element.0, element.1), named(namespace, name));
    let local_name = local(name);
    let is = |wanted: &[&str], name: &str| wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(name));
    if is_handler(local_name) || !is_name(name) {
        return Verdict::Drop;
    }
    if is_script(element_namespace, element) {
        return if is(&["src", "href"], local_name) { Verdict::Drop } else { Verdict::Keep };
    }
    let element = local(element);
    if element_namespace == Namespace::Html {
        if is(&["embed"], element) && is(&["src", "type"], name) {
            // Without both it would have no box (HTML standard, §4.8.6); of nothing there is nothing to load.
            return Verdict::Set("");
        }
        if is(NESTING, element) && is(NESTED, name) {
            return Verdict::Drop;
        }
        if is(&["meta"], element) && is(&["http-equiv"], name) && is(PRAGMAS, value.trim()) {
            return Verdict::Drop;
        }
        if is(&["srcdoc"], name) {
            return Verdict::Drop;
        }
    }
    if is(ANIMATING, element) {
        // It would give its values to another attribute, of another element.
        let aim = value.trim();
        if is(&["attributeName"], name) && (is_handler(local(aim)) || is(&["srcdoc"], local(aim))) {
            return Verdict::Drop;
        }
        if is(&["values"], name) && value.split(';').any(is_script_address) {
            return Verdict::Drop;
        }
    }
    // What is of a page's own scripts only is no address of anything.
    let is_own = element_namespace == Namespace::Html && name.starts_with("data-");
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
        // However a stream writes the names: prefixes, a colon that separates nothing, namespaces written out.
        let written = "http://www.w3.org/1999/xhtml iframe";
        for (element, namespace, name, value) in [
            ((Namespace::Html, "x:iframe"), Namespace::None, "src", "https://a.test/"),
            ((Namespace::Html, ":IFRAME"), Namespace::None, "src", "https://a.test/"),
            ((Namespace::Html, "x:meta"), Namespace::None, "http-equiv", "refresh"),
            ((Namespace::Other, written), Namespace::None, "srcdoc", "<script>"),
            ((Namespace::Other, "http://www.w3.org/1999/xhtml meta"), Namespace::None, "http-equiv", "refresh"),
            ((Namespace::Other, "http://www.w3.org/2000/svg script"), Namespace::XLink, "xlink:href", "a.js"),
            (A, Namespace::Other, " onclick", "x()"),
            (A, Namespace::None, "onclick ", "x()"),
            (A, Namespace::None, "onclick=x", "x()"),
            (A, Namespace::None, "/onclick", "x()"),
            ((Namespace::Html, "iframe"), Namespace::Other, " src", "https://a.test/"),
            ((Namespace::Svg, "animate"), Namespace::None, "values", "#;javascript:x()"),
            ((Namespace::Svg, "set"), Namespace::None, "attributeName", "onclick"),
        ] {
            assert_eq!(attribute(element, namespace, name, value), Verdict::Drop, "{element:?} {name:?}");
        }
        assert!(is_script(Namespace::Other, "http://www.w3.org/1999/xhtml script"));
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
            ("=x", "y"),
            ("a\"b", "y"),
        ] {
            assert_eq!(attribute(A, Namespace::None, name, value), Verdict::Keep, "{name}");
        }
        assert_eq!(attribute((Namespace::Html, "meta"), Namespace::None, "http-equiv", "Content-Type"), Verdict::Keep);
        assert_eq!(attribute((Namespace::Html, "img"), Namespace::None, "src", "a.png"), Verdict::Keep);
    }
}
