//! A tree as one HTML page, without a browser (HTML standard, §13.3, "Serializing HTML fragments").
//!
//! What live state says is written into attributes where HTML has one (a control's value, what is checked and
//! selected), as the page is to look, not to go on. What the stream has carried goes in as bytes; other addresses are left as they
//! are, below a `<base>`.

mod carried;
mod syntax;

use crate::safety::{self, Verdict};
use carried::{Carried, property};
use protocol::{
    names::{Namespace, prop},
    tree::{Kind, NONE, ROOT, Tree},
};
use std::fmt::Write as _;
use syntax::{attribute, escape};

const VOID: &[&str] = &[
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "keygen", "link",
    "meta", "param", "source", "track", "wbr",
];

/// Documents in frames in frames are left out from so many on: each stands in its frame as an attribute, escaped once more.
const MOST_FRAMES: u32 = 12;

/// The page as HTML. Scripts, handlers and nested documents are left out.
#[must_use]
pub fn export(tree: &Tree) -> String {
    export_document(&Page { tree, top: ROOT, depth: 0, carried: &Carried::new(tree) })
}

/// A document being written: the page's, or one in a frame.
#[derive(Clone, Copy)]
struct Page<'a> {
    tree: &'a Tree,
    top: u32,
    /// How many frames are around it.
    depth: u32,
    carried: &'a Carried<'a>,
}

impl<'a> Page<'a> {
    /// What addresses are relative to.
    fn base(&self) -> &'a str {
        let prop = |name| self.tree.attr_str(self.top, name);
        prop(prop::BASE).or_else(|| prop(prop::URL)).unwrap_or_default()
    }

    /// The rules that came for a `<link>`'s address.
    fn linked(&self, id: u32) -> Option<String> {
        let tree = self.tree;
        let named = |wanted: &str| {
            let mut attrs = tree.attrs(id).filter(|(name, _)| tree.names.get(*name) == (Namespace::None, wanted));
            attrs.next().and_then(|(_, value)| std::str::from_utf8(value).ok())
        };
        let is_sheet = named("rel")?.split_ascii_whitespace().any(|rel| rel.eq_ignore_ascii_case("stylesheet"));
        if !is_sheet || !is_link(tree, id) {
            return None;
        }
        let rules = self.carried.sheet(self.base(), named("href")?)?;
        let media =
            named("media").map(|media| format!("@media {media} {{\n{rules}\n}}")).filter(|text| !text.contains('<'));
        Some(media.unwrap_or(rules))
    }
}

/// The document `top`: the page's, or one in a frame.
fn export_document(page: &Page<'_>) -> String {
    let Page { tree, top, .. } = *page;
    let mut out = String::new();
    let mut id = tree.node(top).first;
    while id != NONE {
        open(page, id, &mut out);
        let node = tree.node(id);
        if node.first != NONE && !is_opaque(tree, id) {
            id = node.first;
            continue;
        }
        close(page, id, &mut out);
        while tree.node(id).next == NONE {
            id = tree.node(id).parent;
            if id == top {
                return out;
            }
            close(page, id, &mut out);
        }
        id = tree.node(id).next;
    }
    out
}

/// The document in a frame.
fn framed(tree: &Tree, id: u32) -> Option<u32> {
    let first = tree.node(id).first;
    (tree.node(first).kind == Kind::Frame).then_some(first)
}

fn is_opaque(tree: &Tree, id: u32) -> bool {
    let (namespace, name) = tree.names.get(tree.node(id).name);
    is_script(name)
        || framed(tree, id).is_some()
        || syntax::is_text_only(namespace, name)
        || (namespace == Namespace::Html && VOID.contains(&name))
}

/// Whether a parser may take an element of this name for a script.
fn is_script(name: &str) -> bool {
    safety::is_script(Namespace::Html, qualified(Namespace::Other, name).1)
}

/// What becomes of an attribute. In HTML an element's namespace is where it stands, and the case of letters is lost: it is judged
/// by all that a parser may take it for.
fn verdict(element: (Namespace, &str), attr: (Namespace, &str), value: &str) -> Verdict {
    let (name, attr_name) = (element.1.to_ascii_lowercase(), attr.1.to_ascii_lowercase());
    let own = safety::attribute((element.0, &name), attr.0, &attr_name, value);
    match safety::attribute((Namespace::Html, &name), Namespace::None, &attr_name, value) {
        Verdict::Keep => own,
        _ if own == Verdict::Drop => own,
        other => other,
    }
}

fn open(page: &Page<'_>, id: u32, out: &mut String) {
    let tree = page.tree;
    let node = tree.node(id);
    let data = tree.data_str(id);
    match node.kind {
        Kind::Doctype => syntax::doctype(data, out),
        Kind::Comment => syntax::comment(data, out),
        Kind::Instruction => syntax::instruction(data, out),
        Kind::Text if own_sheet(tree, node.parent).is_some() => {}
        Kind::Text => escape(data, false, out),
        Kind::Element if is_link(tree, id) && (own_sheet(tree, id).is_some() || page.linked(id).is_some()) => {}
        Kind::Element => element(page, id, out),
        Kind::Shadow => out.push_str("<template shadowrootmode=\"open\">"),
        Kind::Sheet | Kind::Rule | Kind::Content | Kind::Document | Kind::Frame | Kind::Free => {}
    }
}

/// What stands in an element that has nothing but text.
fn text_only(page: &Page<'_>, id: u32, out: &mut String) {
    let tree = page.tree;
    if own_sheet(tree, id).is_some() || framed(tree, id).is_some() {
        return;
    }
    let is_style = tree.names.get(tree.node(id).name).1.eq_ignore_ascii_case("style");
    for child in tree.children(id).filter(|child| tree.node(*child).kind == Kind::Text) {
        let data = tree.data_str(child);
        let data = if is_style { page.carried.rules(page.base(), data) } else { data.to_owned() };
        syntax::raw(tree, id, &data, out);
    }
}

fn element(page: &Page<'_>, id: u32, out: &mut String) {
    let Page { tree, top, carried, depth } = *page;
    let (namespace, name) = tree.names.get(tree.node(id).name);
    let (_, name) = qualified(namespace, name);
    let _ = write!(out, "<{}", syntax::tag(name));
    let live = |prop| tree.attr_str(id, prop);
    let shown = shown(page, id);
    let mut style = String::new();
    for (attr, value) in tree.attrs(id) {
        let (attr_namespace, attr_name) = tree.names.get(attr);
        let value = std::str::from_utf8(value).unwrap_or_default();
        let shown_by_state = match attr_name {
            "value" => name == "input" && live(prop::VALUE).is_some(),
            "checked" => live(prop::CHECKED).is_some(),
            "selected" => live(prop::SELECTED).is_some(),
            "src" | "srcset" | "sizes" | "loading" | "href" if attr_namespace != Namespace::Prop => shown
                .as_ref()
                .is_some_and(|(instead, _)| matches!((*instead, attr_name), ("src", _) | ("href", "href"))),
            "srcset" => is_passed_over(page, id),
            _ => false,
        };
        if attr_namespace == Namespace::Prop || shown_by_state {
            continue;
        }
        let (_, written) = qualified(attr_namespace, attr_name);
        let value = match verdict((namespace, name), (attr_namespace, written), value) {
            Verdict::Keep => value,
            Verdict::Set(instead) => instead,
            Verdict::Drop => continue,
        };
        if (attr_namespace, attr_name) == (Namespace::None, "style") {
            style = carried.rules(page.base(), value);
            continue;
        }
        attribute(written, value, out);
    }
    if let Some((name, address)) = &shown {
        attribute(name, address, out);
    }
    if name == "input"
        && let Some(value) = live(prop::VALUE)
    {
        attribute("value", value, out);
    }
    for (prop, name) in [(prop::CHECKED, "checked"), (prop::SELECTED, "selected")] {
        if live(prop) == Some("1") {
            attribute(name, "", out);
        }
    }
    if let Some((width, height)) = live(prop::BLOCKED).and_then(|size| size.split_once('x')) {
        style = format!("display:inline-block;width:{width}px;height:{height}px;visibility:hidden");
    }
    if let Some(pixels) = (name == "canvas").then(|| carried::canvas(tree, id)).flatten() {
        style = [style.trim_end_matches([';', ' ']), &pixels]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("; ");
    }
    if !style.is_empty() {
        attribute("style", &style, out);
    }
    if let Some(document) = framed(tree, id).filter(|_| depth < MOST_FRAMES) {
        attribute("srcdoc", &export_document(&Page { top: document, depth: depth + 1, ..*page }), out);
    }
    out.push('>');
    if namespace != Namespace::Html {
        return;
    }
    match name {
        "head" => {
            if let Some(base) = tree.attr_str(top, prop::BASE).or_else(|| tree.attr_str(top, prop::URL)) {
                out.push_str("<base");
                attribute("href", if safety::is_script_address(base) { "" } else { base }, out);
                out.push('>');
            }
        }
        "textarea" => {
            let own = || tree.children(id).map(|child| tree.data_str(child)).collect::<String>();
            // A line break at the very start is left out by a parser.
            out.push('\n');
            escape(&live(prop::VALUE).map_or_else(own, str::to_owned), false, out);
        }
        _ if syntax::is_text_only(namespace, name) => text_only(page, id, out),
        _ => {}
    }
}

/// What an element shows in the place of what its addresses lead to: bytes that came with the stream, or what the customer's
/// browser has chosen; and the attribute for it.
fn shown(page: &Page<'_>, id: u32) -> Option<(&'static str, String)> {
    let Page { tree, carried, .. } = *page;
    let (namespace, name) = tree.names.get(tree.node(id).name);
    match (namespace, name) {
        (Namespace::Html, "img" | "input") => {
            let chosen = || property(tree, id, "candidate")?.split_once(' ').map(|(_, address)| address.to_owned());
            let address = carried.picture(tree, id).or_else(chosen)?;
            let is_safe = ["data:", "http:", "https:"].iter().any(|scheme| address.starts_with(scheme));
            is_safe.then_some(("src", address))
        }
        (Namespace::Svg, "image") => carried.picture(tree, id).map(|address| ("href", address)),
        _ => None,
    }
}

/// Whether it is a source of a `<picture>` whose image shows something else than that: what was chosen, or bytes.
fn is_passed_over(page: &Page<'_>, id: u32) -> bool {
    let tree = page.tree;
    let is = |id: u32, wanted| tree.names.get(tree.node(id).name) == (Namespace::Html, wanted);
    let parent = tree.node(id).parent;
    is(id, "source")
        && is(parent, "picture")
        && tree.children(parent).any(|child| is(child, "img") && shown(page, child).is_some())
}

fn close(page: &Page<'_>, id: u32, out: &mut String) {
    let Page { tree, top, carried, .. } = *page;
    let node = tree.node(id);
    match node.kind {
        Kind::Element => {
            let (namespace, name) = tree.names.get(node.name);
            if let Some(sheet) = own_sheet(tree, id) {
                if is_link(tree, id) {
                    style(page, sheet, out);
                    return;
                }
                rules(page, sheet, out);
            } else if let Some(rules) = page.linked(id) {
                out.push_str("<style>");
                syntax::rules(tree, id, &rules, out);
                out.push_str("</style>");
                return;
            }
            if (namespace, name) == (Namespace::Html, "head") {
                let faces = if top == ROOT { carried.faces() } else { String::new() };
                if !faces.is_empty() {
                    let _ = write!(out, "<style>{}</style>", faces.replace("</", "<\\/"));
                }
                adopted(page, top, out);
            }
            if !(namespace == Namespace::Html && VOID.contains(&name)) {
                let _ = write!(out, "</{}>", syntax::tag(qualified(namespace, name).1));
            }
        }
        Kind::Shadow => {
            adopted(page, id, out);
            out.push_str("</template>");
        }
        _ => {}
    }
}

fn is_link(tree: &Tree, id: u32) -> bool {
    tree.names.get(tree.node(id).name) == (Namespace::Html, "link")
}

/// The style sheet of an element whose rules are not what its text or address says.
fn own_sheet(tree: &Tree, id: u32) -> Option<u32> {
    let first = tree.node(id).first;
    (tree.node(first).kind == Kind::Sheet && tree.node(id).kind == Kind::Element).then_some(first)
}

/// The constructed style sheets that a document (`top`) or a shadow root in it has adopted: they come after all others.
fn adopted(page: &Page<'_>, root: u32, out: &mut String) {
    let Page { tree, top, .. } = *page;
    for number in property(tree, root, "adopted").unwrap_or_default().split_ascii_whitespace() {
        let mut sheets = tree.children(top).take_while(|id| tree.node(*id).kind == Kind::Sheet);
        if let Some(sheet) = sheets.find(|id| property(tree, *id, "sheet") == Some(number)) {
            style(page, sheet, out);
        }
    }
}

/// A sheet as an element.
fn style(page: &Page<'_>, sheet: u32, out: &mut String) {
    let tree = page.tree;
    if property(tree, sheet, "disabled").is_some() {
        return;
    }
    out.push_str("<style");
    if let Some(media) = property(tree, sheet, "media") {
        attribute("media", media, out);
    }
    out.push('>');
    rules(page, sheet, out);
    out.push_str("</style>");
}

fn rules(page: &Page<'_>, sheet: u32, out: &mut String) {
    for rule in page.tree.children(sheet) {
        let text = page.carried.rules(page.base(), page.tree.data_str(rule));
        syntax::rules(page.tree, sheet, &text, out);
        out.push('\n');
    }
}

fn qualified(namespace: Namespace, name: &str) -> (Namespace, &str) {
    let name = name.strip_prefix(':').unwrap_or(name);
    let name = if namespace == Namespace::Other { name.rsplit_once(' ').map_or(name, |(_, name)| name) } else { name };
    (namespace, name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Limits, encoder::Encoder, hash::Key, names::NameId};

    /// A page built by a function that is given an encoder in a run below the document.
    fn exported(build: impl FnOnce(&mut Encoder)) -> String {
        let mut encoder = Encoder::new(Key(1), &Limits::DEFAULT);
        encoder.begin();
        encoder.run(ROOT, NONE);
        build(&mut encoder);
        encoder.end_run();
        encoder.keyframe(0).unwrap();
        export(encoder.mirror())
    }

    fn name(encoder: &mut Encoder, namespace: Namespace, text: &str) -> NameId {
        encoder.mirror_mut().names.intern(namespace, text)
    }

    fn open(encoder: &mut Encoder, tag: &str, attrs: &[(Namespace, &str, &str)]) {
        let tag = name(encoder, Namespace::Html, tag);
        let id = encoder.element(tag).unwrap();
        for (namespace, attr, value) in attrs {
            let attr = name(encoder, *namespace, attr);
            encoder.attr(id, attr, value.as_bytes()).unwrap();
        }
    }

    #[test]
    fn text_and_attributes_are_escaped_and_void_elements_have_no_end() {
        let html = exported(|encoder| {
            encoder.leaf(Kind::Doctype, b"html\0\0").unwrap();
            open(encoder, "p", &[(Namespace::None, "title", "a\"<b>&")]);
            encoder.leaf(Kind::Text, "1 < 2 & \u{a0}".as_bytes()).unwrap();
            open(encoder, "br", &[]);
            encoder.up();
            encoder.up();
        });
        let expected = "<!DOCTYPE html><p title=\"a&quot;&lt;b&gt;&amp;\">1 &lt; 2 &amp; &nbsp;<br></p>";
        assert_eq!(html, expected);
    }

    #[test]
    fn what_no_parser_has_made_is_nothing_else_for_a_parser() {
        const SCRIPT: &str = "<script>x</script>";
        let leaf = |kind, data: String| exported(|encoder| _ = encoder.leaf(kind, data.as_bytes()).unwrap());
        for (kind, before, expected) in [
            (Kind::Comment, ">", "<!-- ><script>x<\\/script>-->"),
            (Kind::Comment, "->", "<!-- -><script>x<\\/script>-->"),
            (Kind::Comment, "--->", "<!-- - - -><script>x<\\/script>-->"),
            (Kind::Instruction, "x>", "<?x <script x<\\/script >"),
            (Kind::Doctype, "html\0\">", "<!DOCTYPE html>"),
            (Kind::Doctype, "html>", "<!DOCTYPE html>"),
        ] {
            assert_eq!(leaf(kind, format!("{before}{SCRIPT}")), expected, "{kind:?} {before}");
        }
        let named = |tag: &str, attrs: &[(Namespace, &str, &str)]| {
            exported(|encoder| {
                open(encoder, tag, attrs);
                encoder.up();
            })
        };
        assert_eq!(named("p><script>x</script", &[]), "<x-nameless></x-nameless>");
        assert_eq!(named("_", &[]), "<x-nameless></x-nameless>");
        assert_eq!(named("p", &[(Namespace::None, "x/onload", "x"), (Namespace::None, "=a", "")]), "<p =a=\"\"></p>");
        assert_eq!(named("IFRAME", &[(Namespace::None, "SRC", "/")]), "<IFRAME></IFRAME>");
        assert_eq!(named("p", &[(Namespace::Other, "urn:x onload", "x")]), "<p></p>");
    }

    #[test]
    fn markup_in_text_is_text_wherever_it_stands() {
        let inside = |namespace, outer: &str, tag: &str| {
            exported(|encoder| {
                let outer = name(encoder, namespace, outer);
                encoder.element(outer).unwrap();
                open(encoder, tag, &[]);
                encoder.leaf(Kind::Text, b"a > '<img src=x onerror=x>'").unwrap();
                encoder.leaf(Kind::Comment, b"</style><script>").unwrap();
                open(encoder, "p", &[]);
                encoder.up();
                encoder.up();
                encoder.up();
            })
        };
        let plain = "a > '<img src=x onerror=x>'";
        assert_eq!(inside(Namespace::Html, "div", "style"), format!("<div><style>{plain}</style></div>"));
        // There a parser takes CSS for markup.
        let escaped = "a > '\\3c img src=x onerror=x>'";
        assert_eq!(inside(Namespace::Svg, "svg", "style"), format!("<svg><style>{escaped}</style></svg>"));
        assert_eq!(inside(Namespace::Html, "svg", "style"), format!("<svg><style>{escaped}</style></svg>"));
        let escaped = "a &gt; '&lt;img src=x onerror=x&gt;'";
        for tag in ["noscript", "title"] {
            assert_eq!(inside(Namespace::Html, "div", tag), format!("<div><{tag}>{escaped}</{tag}></div>"));
        }
    }

    #[test]
    fn frames_in_frames_come_to_an_end() {
        let html = exported(|encoder| {
            for _ in 0..200 {
                open(encoder, "iframe", &[]);
                encoder.fragment(Kind::Frame).unwrap();
            }
            (0..400).for_each(|_| encoder.up());
        });
        assert!(html.len() < 10_000, "{} bytes", html.len());
    }

    #[test]
    fn sheets_that_scripts_changed_are_written_as_they_are() {
        let html = exported(|encoder| {
            let sheet = encoder.fragment(Kind::Sheet).unwrap();
            let number = name(encoder, Namespace::Prop, "sheet");
            encoder.attr(sheet, number, b"1").unwrap();
            encoder.leaf(Kind::Rule, b"p { top: 1px; }").unwrap();
            encoder.up();
            open(encoder, "head", &[]);
            open(encoder, "style", &[]);
            encoder.fragment(Kind::Sheet).unwrap();
            encoder.leaf(Kind::Rule, b"a { content: \"</style>\"; }").unwrap();
            encoder.up();
            encoder.leaf(Kind::Text, b"not any more").unwrap();
            encoder.up();
            open(encoder, "link", &[(Namespace::None, "href", "x.css")]);
            encoder.fragment(Kind::Sheet).unwrap();
            encoder.leaf(Kind::Rule, b"b { }").unwrap();
            encoder.up();
            encoder.up();
            encoder.up();
            let adopted = name(encoder, Namespace::Prop, "adopted");
            encoder.set_attr(ROOT, adopted, b"1").unwrap();
        });
        let expected = "<head><style>a { content: \"<\\/style>\"; }\n</style><style>b { }\n</style>\
            <style>p { top: 1px; }\n</style></head>";
        assert_eq!(html, expected);
    }

    #[test]
    fn a_document_in_a_frame_is_written_into_its_element() {
        let html = exported(|encoder| {
            open(encoder, "iframe", &[(Namespace::None, "src", "inner.html"), (Namespace::None, "title", "Inner")]);
            let frame = encoder.fragment(Kind::Frame).unwrap();
            let url = name(encoder, Namespace::Prop, "url");
            encoder.attr(frame, url, b"https://a.test/inner.html").unwrap();
            encoder.leaf(Kind::Doctype, b"html\0\0").unwrap();
            open(encoder, "head", &[]);
            encoder.up();
            open(encoder, "p", &[(Namespace::None, "title", "\"")]);
            encoder.leaf(Kind::Text, b"inside").unwrap();
            encoder.up();
            encoder.up();
            encoder.up();
        });
        let expected = "<iframe title=\"Inner\" srcdoc=\"&lt;!DOCTYPE html&gt;&lt;head&gt;&lt;base \
            href=&quot;https://a.test/inner.html&quot;&gt;&lt;/head&gt;&lt;p title=&quot;&amp;quot;&quot;&gt;inside&lt;/p&gt;\"></iframe>";
        assert_eq!(html, expected);
    }

    #[test]
    fn live_state_is_shown_and_nothing_that_runs() {
        let html = exported(|encoder| {
            open(encoder, "input", &[(Namespace::None, "value", "old"), (Namespace::Prop, "value", "new")]);
            encoder.up();
            open(encoder, "input", &[(Namespace::None, "checked", ""), (Namespace::Prop, "checked", "0")]);
            encoder.up();
            open(encoder, "textarea", &[(Namespace::Prop, "value", "typed")]);
            encoder.leaf(Kind::Text, b"default").unwrap();
            encoder.up();
            open(encoder, "a", &[(Namespace::None, "href", "javascript:x()"), (Namespace::None, "onclick", "x()")]);
            encoder.up();
            open(encoder, "script", &[(Namespace::None, "src", "x.js")]);
            encoder.leaf(Kind::Text, b"x()").unwrap();
            encoder.up();
        });
        let expected = "<input value=\"new\"><input><textarea>\ntyped</textarea><a href=\"#\"></a><script></script>";
        assert_eq!(html, expected);
    }

    #[test]
    fn what_the_stream_carried_is_in_the_page() {
        let sheet = "data:text/css;base64,cCB7IGJhY2tncm91bmQ6IHVybChpLnBuZykgfQ==";
        let html = exported(|encoder| {
            open(encoder, "head", &[]);
            open(encoder, "link", &[(Namespace::None, "rel", "stylesheet"), (Namespace::None, "href", "s/a.css")]);
            encoder.up();
            encoder.up();
            let shown = [
                (Namespace::None, "src", "b.png"),
                (Namespace::None, "srcset", "c.png 2x"),
                (Namespace::Prop, "picture", "p"),
            ];
            open(encoder, "img", &shown);
            encoder.up();
            let chosen =
                [(Namespace::None, "srcset", "d.png 2x"), (Namespace::Prop, "candidate", "10x10 https://a.test/d.png")];
            open(encoder, "img", &chosen);
            encoder.up();
            let drawn = [
                (Namespace::None, "width", "300"),
                (Namespace::Prop, "tiles", "300x20"),
                (Namespace::Prop, "tile 1 0", "image/png;base64,CCCC"),
            ];
            open(encoder, "canvas", &drawn);
            encoder.up();
            for (prop, value) in [
                ("url", "https://a.test/x/page.html"),
                ("resource s", sheet.strip_prefix("data:").unwrap()),
                ("resource p", "image/png;base64,AAAA"),
                ("resource f", "font/woff2;base64,BBBB"),
                ("font f 0", "{\"family\":\"Own\",\"weight\":\"700\"}"),
                ("asset 0", "s https://a.test/x/s/a.css"),
                ("asset 1", "p https://a.test/x/s/i.png"),
            ] {
                let prop = name(encoder, Namespace::Prop, prop);
                encoder.set_attr(ROOT, prop, value.as_bytes()).unwrap();
            }
        });
        for part in [
            "<style>p { background: url(\"data:image/png;base64,AAAA\") }</style>",
            "@font-face { font-family: \"Own\"; src: url(\"data:font/woff2;base64,BBBB\"); font-weight: 700; }",
            "<img src=\"data:image/png;base64,AAAA\">",
            "<img src=\"https://a.test/d.png\">",
            "x='256' y='0' width='44' height='20' href='data:image/png;base64,CCCC'",
        ] {
            assert!(html.contains(part) || html.replace("%3C", "<").contains(part), "{part} is not in\n{html}");
        }
        assert!(!html.contains("<link") && !html.contains("srcset"), "{html}");
    }
}
