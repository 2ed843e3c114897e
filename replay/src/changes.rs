//! What differs between two pages, in words: the page before a frame and behind it, or at two moments.

use protocol::{
    names::{NameId, Namespace},
    tree::{Kind, NONE, ROOT, Tree},
};

/// So many differences are told at most.
pub const MOST_CHANGES: usize = 500;

/// How much of a text is told, in characters.
const MOST_CHARS: usize = 120;

/// What became of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// It came, with all below it.
    Added,
    /// It went, with all below it.
    Removed,
    /// It is in another place.
    Moved,
    /// Its text is another.
    Text,
    /// An attribute is another, came or went.
    Attribute,
    /// Live state that is no attribute: a value, a scroll position, what has the focus.
    State,
    /// All of it: another page.
    Page,
}

impl What {
    /// The name, as it is shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Moved => "moved",
            Self::Text => "text",
            Self::Attribute => "attribute",
            Self::State => "state",
            Self::Page => "page",
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What became of the node.
    pub what: What,
    /// The node; 0 is the document.
    pub node: u32,
    /// Where it is, or was: as `main > ul#bag > li.item`.
    pub path: String,
    /// The name of the attribute or the state, if it is about one.
    pub name: String,
    /// What there was.
    pub before: String,
    /// What there is.
    pub after: String,
}

/// What differs, in the order of the page; at most [`MOST_CHANGES`].
#[must_use]
pub fn between(before: &Tree, after: &Tree) -> Vec<Change> {
    let mut changes = Vec::new();
    if before.key() != after.key() {
        changes.push(Change {
            what: What::Page,
            node: ROOT,
            path: String::new(),
            name: String::new(),
            before: address(before),
            after: address(after),
        });
        return changes;
    }
    let mut id = ROOT;
    while id != NONE && changes.len() < MOST_CHANGES {
        let is_same = is_there(before, id) && before.node(id).kind == after.node(id).kind && {
            before.names.get(before.node(id).name) == after.names.get(after.node(id).name)
        };
        if !is_same {
            changes.push(change(What::Added, after, id, [String::new(), outline(after, id)]));
            id = after.following_skipping(id, ROOT);
            continue;
        }
        node(before, after, id, &mut changes);
        id = after.following(id, ROOT);
    }
    let mut id = ROOT;
    while id != NONE && changes.len() < MOST_CHANGES {
        if is_there(after, id) {
            id = before.following(id, ROOT);
        } else {
            changes.push(change(What::Removed, before, id, [outline(before, id), String::new()]));
            id = before.following_skipping(id, ROOT);
        }
    }
    changes
}

fn is_there(tree: &Tree, id: u32) -> bool {
    tree.is_live(id) && (id == ROOT || tree.node(id).parent != NONE)
}

fn change(what: What, tree: &Tree, node: u32, [before, after]: [String; 2]) -> Change {
    Change { what, node, path: path(tree, node), name: String::new(), before, after }
}

/// What differs in a node that both have.
fn node(before: &Tree, after: &Tree, id: u32, changes: &mut Vec<Change>) {
    if before.node(id).parent != after.node(id).parent || overtakes(before, after, id) {
        changes.push(change(What::Moved, after, id, [path(before, id), path(after, id)]));
    }
    if before.data(id) != after.data(id) {
        changes.push(change(What::Text, after, id, [clip(before.data_str(id)), clip(after.data_str(id))]));
    }
    let one = |name: (Namespace, &str), values: [String; 2]| {
        let what = if name.0 == Namespace::Prop { What::State } else { What::Attribute };
        Change { name: name.1.to_owned(), ..change(what, after, id, values) }
    };
    for (name, value) in after.attrs(id) {
        let old = value_of(before, id, after.names.get(name));
        if old != Some(value) {
            changes.push(one(after.names.get(name), [told(old), told(Some(value))]));
        }
    }
    for (name, value) in before.attrs(id) {
        if value_of(after, id, before.names.get(name)).is_none() {
            changes.push(one(before.names.get(name), [told(Some(value)), String::new()]));
        }
    }
}

/// Whether a node stands before one that it stood behind.
fn overtakes(before: &Tree, after: &Tree, id: u32) -> bool {
    let (old, new) = (before.node(id).prev, after.node(id).prev);
    // What came or went beside it has not moved it.
    old != new && new != NONE && is_there(before, new) && before.node(new).parent == before.node(id).parent && {
        let mut at = before.node(new).prev;
        let mut steps = 0;
        while at != NONE && at != id && steps < 1_000 {
            at = before.node(at).prev;
            steps += 1;
        }
        at == id
    }
}

fn value_of<'a>(tree: &'a Tree, id: u32, name: (Namespace, &str)) -> Option<&'a [u8]> {
    tree.attrs(id).find(|(of, _)| tree.names.get(*of) == name).map(|(_, value)| value)
}

fn told(value: Option<&[u8]>) -> String {
    value.map(|value| clip(std::str::from_utf8(value).unwrap_or_default())).unwrap_or_default()
}

fn address(tree: &Tree) -> String {
    clip(tree.attr_str(ROOT, protocol::names::prop::URL).unwrap_or_default())
}

fn clip(text: &str) -> String {
    let mut out: String = text.chars().take(MOST_CHARS).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    out
}

/// An attribute without a namespace.
fn attribute<'a>(tree: &'a Tree, id: u32, name: &str) -> Option<&'a str> {
    let is_it = |of: NameId| tree.names.get(of) == (Namespace::None, name);
    let (_, value) = tree.attrs(id).find(|(of, _)| is_it(*of))?;
    std::str::from_utf8(value).ok().filter(|value| !value.is_empty())
}

/// A node's own part of a path.
fn step(tree: &Tree, id: u32) -> String {
    let node = tree.node(id);
    match node.kind {
        Kind::Element => {
            let (_, name) = tree.names.get(node.name);
            let name = name.trim_start_matches(':');
            match (attribute(tree, id, "id"), attribute(tree, id, "class")) {
                (Some(own), _) => format!("{name}#{}", clip(own)),
                (None, Some(class)) => {
                    format!("{name}.{}", clip(class.split_ascii_whitespace().next().unwrap_or_default()))
                }
                (None, None) => name.to_owned(),
            }
        }
        Kind::Document => "document".to_owned(),
        Kind::Text => "text".to_owned(),
        Kind::Comment => "comment".to_owned(),
        Kind::Doctype => "doctype".to_owned(),
        Kind::Instruction => "instruction".to_owned(),
        Kind::Content => "content".to_owned(),
        Kind::Shadow => "shadow root".to_owned(),
        Kind::Sheet => "style sheet".to_owned(),
        Kind::Rule => "rule".to_owned(),
        Kind::Frame => "frame's document".to_owned(),
        Kind::Free => String::new(),
    }
}

/// Where a node is: the nearest element with an id, or four steps, and the node.
#[must_use]
pub fn path(tree: &Tree, id: u32) -> String {
    let mut steps = vec![step(tree, id)];
    let mut at = tree.node(id).parent;
    while at != NONE && at != ROOT && steps.len() < 5 {
        let own = step(tree, at);
        let is_known = own.contains('#');
        steps.push(own);
        if is_known {
            break;
        }
        at = tree.node(at).parent;
    }
    steps.reverse();
    steps.join(" > ")
}

/// A subtree in a line: what it is, and the text in it.
fn outline(tree: &Tree, top: u32) -> String {
    let mut text = String::new();
    let mut at = top;
    while at != NONE && text.len() < 4 * MOST_CHARS {
        if matches!(tree.node(at).kind, Kind::Text | Kind::Comment | Kind::Rule) {
            text.push_str(tree.data_str(at));
            text.push(' ');
        }
        at = tree.following(at, top);
    }
    clip(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The whole page as lines, a node each, indented by depth: for a comparison of two of them line by line. Live state is told as
/// `name=value` behind an element, as its attributes are.
#[must_use]
pub fn lines(tree: &Tree) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut id, mut depth) = (ROOT, 0_usize);
    while id != NONE {
        let node = tree.node(id);
        let mut line = " ".repeat(depth.min(100));
        match node.kind {
            Kind::Text => {
                let text = tree.data_str(id).split_whitespace().collect::<Vec<_>>().join(" ");
                line.push_str(&format!("{text:?}"));
                if text.is_empty() {
                    line.clear();
                }
            }
            Kind::Element => {
                line.push('<');
                line.push_str(tree.names.get(node.name).1.trim_start_matches(':'));
                line.push_str(&attributes(tree, id));
                line.push('>');
            }
            _ => {
                line.push_str(&step(tree, id));
                if node.kind.has_data() {
                    line.push_str(&format!(" {:?}", tree.data_str(id)));
                }
                line.push_str(&attributes(tree, id));
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        if node.first != NONE {
            depth += 1;
            id = node.first;
            continue;
        }
        while id != NONE && tree.node(id).next == NONE {
            id = tree.node(id).parent;
            depth = depth.saturating_sub(1);
        }
        id = if id == NONE { NONE } else { tree.node(id).next };
    }
    lines
}

/// Attributes and state of a node, by name.
fn attributes(tree: &Tree, id: u32) -> String {
    let mut all: Vec<(String, &str)> = tree
        .attrs(id)
        .map(|(name, value)| {
            let (namespace, name) = tree.names.get(name);
            let mark = if namespace == Namespace::Prop { "." } else { "" };
            (format!("{mark}{name}"), std::str::from_utf8(value).unwrap_or_default())
        })
        .collect();
    all.sort();
    all.into_iter().fold(String::new(), |mut out, (name, value)| {
        out.push_str(&format!(" {name}={:?}", clip(value)));
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Limits, encoder::Encoder, hash::Key, names::prop};

    /// A list of two items and a field.
    fn page() -> (Encoder, Tree) {
        let mut encoder = Encoder::new(Key(3), &Limits::DEFAULT);
        let names = &mut encoder.mirror_mut().names;
        let [ul, li, input] = ["ul", "li", "input"].map(|name| names.intern(Namespace::Html, name));
        let own = names.intern(Namespace::None, "id");
        encoder.begin();
        encoder.run(ROOT, NONE);
        let list = encoder.element(ul).unwrap();
        encoder.attr(list, own, b"bag").unwrap();
        for text in ["one", "two"] {
            encoder.element(li).unwrap();
            encoder.leaf(Kind::Text, text.as_bytes()).unwrap();
            encoder.up();
        }
        encoder.up();
        encoder.element(input).unwrap();
        encoder.up();
        encoder.end_run();
        encoder.keyframe(0).unwrap();
        let tree = encoder.mirror().clone();
        (encoder, tree)
    }

    fn told(before: &Tree, after: &Tree) -> Vec<String> {
        let one = |change: Change| {
            format!("{} {} {}: {} -> {}", change.what.name(), change.path, change.name, change.before, change.after)
        };
        between(before, after).into_iter().map(one).collect()
    }

    #[test]
    fn differences_are_told_with_their_places() {
        let (mut encoder, before) = page();
        let li = encoder.mirror_mut().names.intern(Namespace::Html, "li");
        let class = encoder.mirror_mut().names.intern(Namespace::None, "class");
        encoder.begin();
        encoder.set_data(3, b"uno").unwrap();
        encoder.set_attr(1, class, b"full").unwrap();
        encoder.set_attr(6, prop::VALUE, b"typed").unwrap();
        encoder.gone(4);
        encoder.run(1, NONE);
        encoder.element(li).unwrap();
        encoder.leaf(Kind::Text, b"three").unwrap();
        encoder.up();
        encoder.end_run();
        encoder.delta(1).unwrap();
        let expected = [
            "attribute ul#bag class:  -> full",
            "text ul#bag > li > text : one -> uno",
            "added ul#bag > li :  -> three",
            "state input value:  -> typed",
            "removed ul#bag > li : two -> ",
        ];
        assert_eq!(told(&before, encoder.mirror()), expected);
        assert_eq!(told(&before, &before), [""; 0]);
        let other = Tree::new(Key(4), &Limits::DEFAULT);
        assert_eq!(told(&before, &other), ["page  :  -> "]);
    }

    #[test]
    fn what_changed_places_has_moved_and_its_neighbours_have_not() {
        let (mut encoder, before) = page();
        encoder.begin();
        encoder.run(1, NONE);
        encoder.known(2);
        encoder.end_run();
        encoder.delta(1).unwrap();
        assert_eq!(told(&before, encoder.mirror()), ["moved ul#bag > li : ul#bag > li -> ul#bag > li"]);
    }

    #[test]
    fn a_page_is_a_line_for_each_node() {
        let (_, tree) = page();
        let expected = ["document", " <ul id=\"bag\">", "  <li>", "   \"one\"", "  <li>", "   \"two\"", " <input>"];
        assert_eq!(lines(&tree), expected);
    }
}
