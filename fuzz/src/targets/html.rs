//! Trees as no page has them, as HTML: a parser that shares nothing with ours finds nothing in it that runs.

use crate::{Target, input::Input, memory};
use html5ever::{ParseOpts, parse_document, tendril::TendrilSink, tree_builder::TreeBuilderOpts};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use protocol::{
    Limits,
    hash::Key,
    names::Namespace,
    tree::{Kind, NONE, ROOT, Tree},
};
use replay::{html, safety};

/// See [`run`].
pub const TARGET: Target = Target {
    name: "html",
    about: "a page of any tree as HTML holds no script, handler, plug-in or address that runs, whether a parser knows scripts or not",
    most_bytes: 4 << 10,
    run,
    seeds,
    words: &[
        "<script>x</script>",
        "</style>",
        "</title>",
        "</textarea>",
        "</noscript>",
        "</xmp>",
        "</template>",
        "<!--",
        "-->",
        "--!>",
        "]]>",
        "javascript:x",
        "srcdoc",
        "onload",
        "\" onload=\"x",
        "'",
        "&quot;",
        "<svg>",
        "<math>",
        "<p>",
        "<table>",
        "</p>",
        "><img src=x onerror=x>",
        "?>",
        "/",
        "=",
        "http-equiv",
        "refresh",
        "&#x6a;",
    ],
};

/// A tree of a few hundred nodes, written, and parsed.
const MOST_BYTES: usize = 64 << 20;

const LIMITS: Limits = Limits { nodes: 400, names: 1_000, text_bytes: 1 << 16, ..Limits::DEFAULT };

/// Elements that parsers treat in ways of their own.
const ELEMENTS: [(Namespace, &str); 40] = [
    (Namespace::Html, "html"),
    (Namespace::Html, "head"),
    (Namespace::Html, "body"),
    (Namespace::Html, "div"),
    (Namespace::Html, "p"),
    (Namespace::Html, "template"),
    (Namespace::Html, "iframe"),
    (Namespace::Html, "style"),
    (Namespace::Html, "link"),
    (Namespace::Html, "textarea"),
    (Namespace::Html, "select"),
    (Namespace::Html, "option"),
    (Namespace::Html, "input"),
    (Namespace::Html, "title"),
    (Namespace::Html, "script"),
    (Namespace::Html, "noscript"),
    (Namespace::Html, "xmp"),
    (Namespace::Html, "noembed"),
    (Namespace::Html, "noframes"),
    (Namespace::Html, "plaintext"),
    (Namespace::Html, "table"),
    (Namespace::Html, "tr"),
    (Namespace::Html, "td"),
    (Namespace::Html, "a"),
    (Namespace::Html, "form"),
    (Namespace::Html, "meta"),
    (Namespace::Html, "base"),
    (Namespace::Html, "object"),
    (Namespace::Html, "embed"),
    (Namespace::Html, "frameset"),
    (Namespace::Svg, "svg"),
    (Namespace::Svg, "style"),
    (Namespace::Svg, "title"),
    (Namespace::Svg, "foreignObject"),
    (Namespace::Svg, "script"),
    (Namespace::Svg, "a"),
    (Namespace::MathMl, "math"),
    (Namespace::MathMl, "mtext"),
    (Namespace::MathMl, "annotation-xml"),
    (Namespace::Html, "img"),
];

const ATTRS: [(Namespace, &str); 20] = [
    (Namespace::None, "class"),
    (Namespace::None, "style"),
    (Namespace::None, "href"),
    (Namespace::None, "src"),
    (Namespace::None, "onload"),
    (Namespace::None, "srcdoc"),
    (Namespace::None, "data"),
    (Namespace::None, "http-equiv"),
    (Namespace::None, "content"),
    (Namespace::None, "type"),
    (Namespace::None, "action"),
    (Namespace::None, "formaction"),
    (Namespace::None, "encoding"),
    (Namespace::XLink, "xlink:href"),
    (Namespace::Prop, "value"),
    (Namespace::Prop, "url"),
    (Namespace::Prop, "base"),
    (Namespace::Prop, "blocked"),
    (Namespace::Prop, "candidate"),
    (Namespace::None, "title"),
];

const TEXTS: [&str; 16] = [
    "</style><script>x</script>",
    "</title><script>x</script>",
    "</noscript><img src=x onerror=x>",
    "--><script>x</script>",
    "><script>x</script>",
    "javascript:x",
    " java\tscript:x",
    "</xmp><img src=x onerror=x>",
    "\"><script>x</script>",
    "</textarea><script>x</script>",
    "]]><script>x</script>",
    "refresh",
    "0;url=javascript:x",
    "text/html",
    "a",
    "</template><script>x</script>",
];

/// Writes a tree as HTML and parses it.
///
/// # Panics
/// Where there is something in it that would run.
pub fn run(data: &[u8]) {
    let tree = tree(&mut Input::new(data));
    memory::within(MOST_BYTES, || {
        let html = html::export(&tree);
        harmless(&html, 0);
    });
}

/// A name: one that is known, with some bytes of others now and then.
fn name(input: &mut Input<'_>, of: &[(Namespace, &str)]) -> (Namespace, String) {
    let (namespace, name) = input.pick(of);
    match input.below(16) {
        0 => (namespace, input.text()),
        1 => (namespace, format!("{name}{}", text(input))),
        2 => (input.pick(&[Namespace::Html, Namespace::Svg, Namespace::MathMl, Namespace::None]), name.to_owned()),
        3 => (Namespace::Other, format!("urn:x {name}")),
        _ => (namespace, name.to_owned()),
    }
}

fn text(input: &mut Input<'_>) -> String {
    match input.below(3) {
        0 => input.text(),
        _ => (input.pick(&TEXTS)).to_owned(),
    }
}

/// A tree of what fits below what, and no other order in it.
fn tree(input: &mut Input<'_>) -> Tree {
    let mut tree = Tree::new(Key(1), &LIMITS);
    let mut next = 1_u32;
    while !input.is_empty() && next < 200 {
        // Most nodes come below one of the last.
        let back = u32::try_from(input.below(6)).unwrap();
        let parent = (next - 1).saturating_sub(back);
        let kind = input.pick(&[
            Kind::Element,
            Kind::Element,
            Kind::Element,
            Kind::Element,
            Kind::Element,
            Kind::Text,
            Kind::Text,
            Kind::Comment,
            Kind::Doctype,
            Kind::Instruction,
            Kind::Content,
            Kind::Shadow,
            Kind::Frame,
            Kind::Sheet,
            Kind::Rule,
        ]);
        let above = *tree.node(parent);
        let is_first = !kind.is_fragment() || above.first == NONE;
        if above.kind == Kind::Free || !kind.fits_below(above.kind) || !is_first {
            continue;
        }
        let id = if kind == Kind::Element {
            let (namespace, text) = name(input, &ELEMENTS);
            tree.names.intern(namespace, &text)
        } else {
            protocol::names::NameId::NONE
        };
        let data = if kind.has_data() { text(input) } else { String::new() };
        if tree.create(next, kind, id, data.as_bytes()).is_err() {
            break;
        }
        tree.link(next, parent, NONE);
        if kind.has_attrs() {
            for _ in 0..input.below(4) {
                attribute(&mut tree, next, input);
            }
        }
        next += 1;
    }
    attribute(&mut tree, ROOT, input);
    tree
}

fn attribute(tree: &mut Tree, id: u32, input: &mut Input<'_>) {
    let (namespace, attr) = name(input, &ATTRS);
    let attr = tree.names.intern(namespace, &attr);
    tree.set_attr(id, attr, text(input).as_bytes()).ok();
}

/// Nothing that runs is in the page, nor in the documents that its frames have as text.
fn harmless(html: &str, depth: u32) {
    for scripting_enabled in [true, false] {
        let tree_builder = TreeBuilderOpts { scripting_enabled, ..TreeBuilderOpts::default() };
        let options = ParseOpts { tree_builder, ..ParseOpts::default() };
        let dom = parse_document(RcDom::default(), options).one(html);
        let mut nodes: Vec<Handle> = vec![dom.document];
        while let Some(node) = nodes.pop() {
            nodes.extend(node.children.borrow().iter().cloned());
            let NodeData::Element { name, attrs, template_contents, .. } = &node.data else { continue };
            nodes.extend(template_contents.borrow().iter().cloned());
            let element = name.local.to_ascii_lowercase();
            let element: &str = &element;
            for attribute in attrs.borrow().iter() {
                let (name, value) = (&*attribute.name.local, &*attribute.value);
                assert!(!safety::is_handler(name), "<{element} {name}={value:?}> of {html:?}");
                let is_address = name != "srcdoc" && !name.starts_with("data-");
                assert!(!(is_address && runs(value)), "<{element} {name}={value:?}> of {html:?}");
                let is_refresh = name == "http-equiv" && value.trim().eq_ignore_ascii_case("refresh");
                assert!(!(element == "meta" && is_refresh), "a refresh in {html:?}");
                let leads = matches!((element, name), ("iframe" | "frame" | "embed", "src") | ("object", "data"));
                assert!(!leads || value.is_empty(), "<{element} {name}={value:?}> of {html:?}");
                if name == "srcdoc" && depth < 8 {
                    harmless(value, depth + 1);
                }
            }
            let is_code = element == "script"
                && (!node.children.borrow().is_empty()
                    || attrs
                        .borrow()
                        .iter()
                        .any(|attribute| &*attribute.name.local == "src" || &*attribute.name.local == "href"));
            assert!(!is_code, "a script in {html:?}");
        }
    }
}

/// Whether a browser would take the address for a script (URL standard, §4.4).
fn runs(value: &str) -> bool {
    let plain: String =
        value.trim_start_matches(|c: char| c <= ' ').chars().filter(|c| !matches!(c, '\t' | '\n' | '\r')).collect();
    let plain = plain.to_ascii_lowercase();
    ["javascript:", "vbscript:"].iter().any(|scheme| plain.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
}

/// Choices from which a fuzzer goes on.
fn seeds() -> Vec<Vec<u8>> {
    #[expect(clippy::cast_possible_truncation, reason = "any bytes do")]
    let steps =
        |seed: u32| (0..300_u32).map(|index| (index.wrapping_mul(seed * 1_654_435 + 3) >> 4) as u8 % 61).collect();
    (1..9).map(steps).collect()
}
