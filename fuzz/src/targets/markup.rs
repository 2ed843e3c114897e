//! The markup of customers' pages, as the capture reads it: written by a serialiser from what a parser makes of any text, and any
//! text as it is.

use crate::{Target, input::Input, memory, seeds};
use capture::{Recorder, privacy::Policy};
use html5ever::{
    parse_document, serialize,
    serialize::{SerializeOpts, TraversalScope},
    tendril::TendrilSink,
};
use markup5ever_rcdom::{Handle, NodeData, RcDom, SerializableHandle};
use protocol::{
    Limits,
    decoder::Decoder,
    names::Namespace,
    tree::{Kind, NONE, ROOT, Tree},
};

/// See [`run`].
pub const TARGET: Target = Target {
    name: "markup",
    about: "what markup says is read as a parser reads it where the counts agree; of a private page no letter of a text comes out",
    most_bytes: 8 << 10,
    run,
    seeds,
    words: &[
        "<html>",
        "</html>",
        "<p title=\"",
        "\">",
        "<!--",
        "-->",
        "&amp;",
        "&lt;",
        "&nbsp;",
        "<br>",
        "<svg>",
        "</svg>",
        "<math>",
        "<style>",
        "</style>",
        "<script>",
        "</script>",
        "<template>",
        "</template>",
        "<textarea>",
        "<input type=\"password\" value=\"",
        " data-cobrowse-mask=\"\"",
        " data-cobrowse-block=\"\"",
        " is=\"\"",
        " xlink:href=\"",
        "<foreignObject>",
        "<noscript>",
        "</noscript>",
        "<xmp>",
        "<title>",
        "<select><option>",
        "\u{e9}",
        "\u{1f600}",
    ],
};

/// A page of 8 KB, parsed, written, read and told.
const MOST_BYTES: usize = 64 << 20;

/// Reads markup.
///
/// # Panics
/// Where the tree is another than the parser's though the counts agree, or a text of a private page is told.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let choice = input.byte();
    let text = String::from_utf8_lossy(input.rest()).into_owned();
    let policy = Policy { private: choice & 1 != 0, fixed: choice & 2 != 0, queries: choice & 4 != 0 };
    memory::within(MOST_BYTES, || {
        if choice & 8 != 0 {
            read(&text, policy, &[]);
        } else {
            parsed(&text, policy);
        }
    });
}

/// Reads markup into a new recorder; the counts of elements, texts and comments, and the agent's tree.
fn read(html: &str, policy: Policy, templates: &[u32]) -> Option<([u32; 5], Tree)> {
    let mut recorder = Recorder::new(1, &Limits::DEFAULT);
    recorder.set_policy(policy);
    let units = html.encode_utf16().count();
    let (census, interests) = match recorder.read_census(html, units, 0, templates) {
        Ok(read) => read,
        Err(unclear) => {
            assert!(unclear.at <= html.len() && !unclear.expected.is_empty(), "{unclear}");
            return None;
        }
    };
    assert_eq!(interests.len() % 2, 0);
    assert_eq!(recorder.fresh().len(), census.nodes() as usize, "an id for each node");
    let mut decoder = Decoder::new(Limits::DEFAULT);
    decoder.push(recorder.keyframe(0).unwrap()).expect("a recorder's own frame");
    let tree = decoder.tree();
    assert_eq!(tree.difference(recorder.encoder().mirror()), None);
    let told = recorder.fresh().iter().filter(|id| **id != NONE).count();
    assert_eq!(told + 1, tree.count() as usize, "each node that is told is there");
    if policy.private {
        masked(tree);
    }
    Some(([census.html, census.svg, census.mathml, census.texts, census.comments], tree.clone()))
}

/// No letter of a text or comment is told, but for CSS.
fn masked(tree: &Tree) {
    let mut id = tree.following(ROOT, ROOT);
    while id != NONE {
        let node = tree.node(id);
        let above = tree.names.get(tree.node(node.parent).name).1;
        let unmasked = is_unmasked(tree, id);
        if matches!(node.kind, Kind::Text | Kind::Comment) && above != "style" && !unmasked {
            let data = tree.data_str(id);
            assert!(
                data.chars().all(|character| character == '*' || character.is_whitespace()),
                "{data:?} in <{above}>"
            );
        }
        id = tree.following(id, ROOT);
    }
}

/// Whether something above says that it is to be shown.
fn is_unmasked(tree: &Tree, mut id: u32) -> bool {
    while id != ROOT {
        if tree.attrs(id).any(|(name, _)| tree.names.get(name).1 == capture::privacy::UNMASK_ATTR) {
            return true;
        }
        id = tree.node(id).parent;
    }
    false
}

/// What a parser makes of a text, as a serialiser writes it.
fn parsed(text: &str, policy: Policy) {
    let dom = parse_document(RcDom::default(), html5ever::ParseOpts::default()).one(text);
    let Some(root) =
        dom.document.children.borrow().iter().find(|node| matches!(node.data, NodeData::Element { .. })).cloned()
    else {
        return;
    };
    let mut html = Vec::new();
    let options = SerializeOpts { traversal_scope: TraversalScope::IncludeNode, ..SerializeOpts::default() };
    serialize(&mut html, &SerializableHandle::from(root.clone()), options).unwrap();
    let html = String::from_utf8(html).unwrap();
    let mut seen = Seen::default();
    look(&root, &mut seen);
    if seen.has_template {
        return;
    }
    let Some((counts, tree)) = read(&html, policy, &[]) else { return };
    if counts == seen.counts && !policy.private && !seen.is_gated {
        assert_eq!(printed(&tree), seen.printed, "{html}");
    }
}

/// What there is in the parser's tree.
#[derive(Default)]
struct Seen {
    counts: [u32; 5],
    printed: String,
    has_template: bool,
    /// Something in it is not told as it is.
    is_gated: bool,
}

fn look(node: &Handle, seen: &mut Seen) {
    match &node.data {
        NodeData::Element { name, attrs, .. } => {
            let index = match &*name.ns {
                "http://www.w3.org/2000/svg" => 1,
                "http://www.w3.org/1998/Math/MathML" => 2,
                _ => 0,
            };
            seen.counts[index] += 1;
            seen.printed.push_str(&format!("<{index} {}>", name.local));
            seen.has_template |= &*name.local == "template";
            seen.is_gated |=
                &*name.local == "script" || attrs.borrow().iter().any(|attr| attr.name.local.contains("cobrowse"));
            seen.is_gated |= matches!(&*name.local, "input" | "textarea" | "select" | "meta");
        }
        NodeData::Text { contents } => {
            seen.counts[3] += 1;
            seen.printed.push_str(&format!("{:?}", &*contents.borrow().clone()));
        }
        NodeData::Comment { contents } => {
            seen.counts[4] += 1;
            seen.printed.push_str(&format!("<!{:?}", &**contents));
        }
        _ => {}
    }
    for child in node.children.borrow().iter() {
        look(child, seen);
    }
    if matches!(node.data, NodeData::Element { .. }) {
        seen.printed.push_str("</>");
    }
}

/// The agent's tree in the same form.
fn printed(tree: &Tree) -> String {
    let mut out = String::new();
    print(tree, ROOT, &mut out);
    out
}

fn print(tree: &Tree, id: u32, out: &mut String) {
    for child in tree.children(id) {
        let node = tree.node(child);
        let (namespace, name) = tree.names.get(node.name);
        match node.kind {
            Kind::Element => {
                let index = match namespace {
                    Namespace::Svg => 1,
                    Namespace::MathMl => 2,
                    _ => 0,
                };
                out.push_str(&format!("<{index} {name}>"));
                print(tree, child, out);
                out.push_str("</>");
            }
            Kind::Text => out.push_str(&format!("{:?}", tree.data_str(child))),
            Kind::Comment => out.push_str(&format!("<!{:?}", tree.data_str(child))),
            _ => {}
        }
    }
}

/// Our own small pages, as they are and as a parser writes them.
fn seeds() -> Vec<Vec<u8>> {
    let pages = seeds::files("fixtures/pages", "html").into_iter().filter(|page| page.len() < TARGET.most_bytes);
    let mut all: Vec<Vec<u8>> = pages.map(|page| [&[0][..], &page].concat()).collect();
    for page in [
        "<html><p title=\"a&amp;b&quot;\" is=\"\">one &lt; two</p><!--a --><br><style>a > b { content: '<i>' }</style></html>",
        "<html><script>SECRET()</script><p data-cobrowse-mask=\"\" title=\"SECRET\">my SECRET</p><div data-cobrowse-block=\"\"><i>SECRET</i></div><input type=\"password\" value=\"SECRET\" onclick=\"SECRET\"></html>",
        "<html><svg xmlns=\"s\" viewBox=\"0 0 1 1\"><style>a &gt; b</style><use xlink:href=\"#i\"></use></svg><math><mi>x</mi></math></html>",
    ] {
        all.extend([[&[9][..], page.as_bytes()].concat(), [&[0][..], page.as_bytes()].concat()]);
    }
    all
}
