//! Nodes as rrweb has them.

use protocol::{
    names::{Namespace, prop},
    tree::{Kind, NONE, ROOT, Tree},
};
use replay::safety::{self, Verdict};
use serde_json::{Map, Value, json};

/// rrweb's id of a node: it counts from 1, and 0 stands for nothing.
pub(super) const fn id_of(node: u32) -> u64 {
    node as u64 + 1
}

/// A property of a node.
pub(super) fn property<'a>(tree: &'a Tree, id: u32, name: &str) -> Option<&'a str> {
    let mut attrs = tree.attrs(id).filter(|(attr, _)| tree.names.get(*attr) == (Namespace::Prop, name));
    attrs.next().and_then(|(_, value)| std::str::from_utf8(value).ok())
}

/// The node of rrweb's in which children of a node are: content of templates and style sheets are no nodes there.
pub(super) fn is_told(tree: &Tree, id: u32) -> bool {
    !matches!(tree.node(id).kind, Kind::Content | Kind::Sheet | Kind::Rule | Kind::Free)
        && (id == ROOT || tree.node(id).parent != NONE)
}

/// The parent of a node as rrweb sees it: a shadow root is none there, its host is.
pub(super) fn parent_of(tree: &Tree, id: u32) -> u32 {
    let parent = tree.node(id).parent;
    if tree.node(parent).kind == Kind::Shadow { tree.node(parent).parent } else { parent }
}

/// Children of a node that rrweb has, those in its shadow root first.
pub(super) fn children_of(tree: &Tree, id: u32) -> Vec<u32> {
    let mut out = Vec::new();
    for child in tree.children(id) {
        match tree.node(child).kind {
            Kind::Shadow => out.extend(tree.children(child).filter(|inner| is_told(tree, *inner))),
            _ if is_told(tree, child) => out.push(child),
            _ => {}
        }
    }
    out
}

/// How many levels of nodes there are. Without recursion: a page may be deep.
pub(super) fn levels(tree: &Tree) -> u32 {
    let (mut id, mut level, mut most) = (ROOT, 1, 1);
    loop {
        if tree.node(id).first != NONE {
            (id, level) = (tree.node(id).first, level + 1);
            most = most.max(level);
            continue;
        }
        while tree.node(id).next == NONE {
            if id == ROOT {
                return most;
            }
            (id, level) = (tree.node(id).parent, level - 1);
        }
        id = tree.node(id).next;
    }
}

/// A node as it is serialised, its children with it or none.
pub(super) fn serialised(tree: &Tree, id: u32, with_children: bool) -> Option<Value> {
    let node = tree.node(id);
    let mut value = match node.kind {
        Kind::Document | Kind::Frame => {
            // The mode of the document decides what its replay is made of.
            let mode = property(tree, id, "mode").unwrap_or_default();
            let compat = if mode == "quirks" { "BackCompat" } else { "CSS1Compat" };
            json!({ "type": 0, "childNodes": [], "compatMode": compat })
        }
        Kind::Doctype => {
            let mut parts = tree.data_str(id).split('\0');
            let mut part = || parts.next().unwrap_or_default().to_owned();
            json!({ "type": 1, "name": part(), "publicId": part(), "systemId": part() })
        }
        Kind::Element => element(tree, id),
        Kind::Text => {
            let is_style = tree.names.get(tree.node(node.parent).name) == (Namespace::Html, "style");
            // What scripts made of a sheet stands with its element.
            let is_stale = is_style && super::sheets::of(tree, node.parent).is_some();
            json!({ "type": 3, "textContent": if is_stale { "" } else { tree.data_str(id) } })
        }
        Kind::Comment => json!({ "type": 5, "textContent": tree.data_str(id) }),
        _ => return None,
    };
    let map = value.as_object_mut()?;
    map.insert("id".to_owned(), id_of(id).into());
    if tree.node(node.parent).kind == Kind::Shadow {
        map.insert("isShadow".to_owned(), true.into());
    }
    if with_children && map.contains_key("childNodes") {
        let children: Vec<Value> = children_of(tree, id)
            .into_iter()
            // The document in a frame comes by itself.
            .filter(|child| tree.node(*child).kind != Kind::Frame)
            .filter_map(|child| serialised(tree, child, true))
            .collect();
        map.insert("childNodes".to_owned(), children.into());
    }
    Some(value)
}

fn element(tree: &Tree, id: u32) -> Value {
    let node = tree.node(id);
    let (namespace, name) = tree.names.get(node.name);
    let tag = match namespace {
        Namespace::Other => name.rsplit_once(' ').map_or(name, |(_, name)| name),
        _ => name.strip_prefix(':').unwrap_or(name),
    };
    let mut attributes = Map::new();
    for (attr, value) in tree.attrs(id) {
        let (attr_namespace, attr_name) = tree.names.get(attr);
        let value = std::str::from_utf8(value).unwrap_or_default();
        if let Some((name, value)) = attribute(tree, id, (attr_namespace, attr_name), Some(value)) {
            attributes.insert(name, value);
        }
    }
    match tree.attr_str(id, prop::SELECTED) {
        Some("1") => _ = attributes.insert("selected".to_owned(), true.into()),
        Some(_) => _ = attributes.remove("selected"),
        None => {}
    }
    for (prop, name) in [(prop::SCROLL_LEFT, "rr_scrollLeft"), (prop::SCROLL_TOP, "rr_scrollTop")] {
        if let Some(place) = tree.attr_str(id, prop).and_then(|place| place.parse::<f64>().ok()) {
            attributes.insert(name.to_owned(), place.into());
        }
    }
    if let Some((width, height)) = tree.attr_str(id, prop::BLOCKED).and_then(|size| size.split_once('x')) {
        attributes.insert("rr_width".to_owned(), format!("{width}px").into());
        attributes.insert("rr_height".to_owned(), format!("{height}px").into());
    }
    if let Some(sheet) = super::sheets::of(tree, id) {
        attributes.insert("_cssText".to_owned(), super::sheets::text(tree, sheet).into());
        if name == "link" {
            attributes.remove("href");
            attributes.remove("rel");
        }
    }
    let mut value = json!({ "type": 2, "tagName": tag, "attributes": attributes, "childNodes": [] });
    if let Some(map) = value.as_object_mut() {
        if namespace == Namespace::Svg {
            map.insert("isSVG".to_owned(), true.into());
        }
        if tree.children(id).any(|child| tree.node(child).kind == Kind::Shadow) {
            map.insert("isShadowHost".to_owned(), true.into());
        }
        // Names with a hyphen are custom elements, which rrweb defines so that `:defined` holds.
        if namespace == Namespace::Html && tag.contains('-') {
            map.insert("isCustom".to_owned(), true.into());
        }
    }
    value
}

/// An attribute as rrweb tells it; none for properties, and for what must not get into a page.
pub(super) fn attribute(
    tree: &Tree,
    id: u32,
    (namespace, name): (Namespace, &str),
    value: Option<&str>,
) -> Option<(String, Value)> {
    if namespace == Namespace::Prop {
        return None;
    }
    let full = if namespace == Namespace::Other { name.rsplit_once(' ').map_or(name, |(_, name)| name) } else { name };
    let Some(value) = value else { return Some((full.to_owned(), Value::Null)) };
    let of = tree.names.get(tree.node(id).name);
    match safety::attribute(of, namespace, name, value) {
        Verdict::Keep => Some((full.to_owned(), value.into())),
        Verdict::Set(instead) => Some((full.to_owned(), instead.into())),
        Verdict::Drop => None,
    }
}
