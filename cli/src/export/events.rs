//! Frames as events of rrweb (<https://github.com/rrweb-io/rrweb>, `packages/types`): what is different now, told in its words.

use super::{
    nodes::{attribute, children_of, id_of, is_told, parent_of, property, serialised},
    sheets,
};
use protocol::{
    decoder::Outcome,
    names::{NameId, Namespace, prop},
    ops::Op,
    tree::{Kind, NONE, ROOT, Tree},
};
use replay::recording::Reader;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What is done to a node by a frame.
#[derive(Debug, Default)]
struct Touched {
    /// Nodes that are in a place anew, with all below them.
    placed: BTreeSet<u32>,
    data: BTreeSet<u32>,
    attrs: BTreeSet<(u32, NameId)>,
    removed: BTreeSet<u32>,
    /// Elements whose style sheet is another.
    sheets: BTreeSet<u32>,
    adopted: bool,
}

/// Makes events of frames.
#[derive(Debug)]
pub(super) struct Exporter {
    begin: u64,
    events: Vec<Value>,
    /// The nodes that rrweb has, each with its parent there.
    known: HashMap<u32, u32>,
    /// The stream's key: another one is another page.
    key: Option<u64>,
    url: String,
    viewport: String,
    pointer: String,
    left_out: BTreeMap<&'static str, usize>,
}

impl Exporter {
    pub(super) fn new(begin: u64) -> Self {
        Self {
            begin,
            events: Vec::new(),
            known: HashMap::new(),
            key: None,
            url: String::new(),
            viewport: String::new(),
            pointer: String::new(),
            left_out: BTreeMap::new(),
        }
    }

    /// The events since the last call.
    pub(super) fn take(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.events)
    }

    /// What has no counterpart, and how often it came.
    pub(super) fn left_out(&self) -> impl Iterator<Item = (&'static str, usize)> {
        self.left_out.iter().map(|(what, count)| (*what, *count))
    }

    fn event(&mut self, at: u32, kind: u32, data: Value) {
        self.events.push(json!({ "type": kind, "data": data, "timestamp": self.begin + u64::from(at) }));
    }

    fn leave(&mut self, what: &'static str) {
        *self.left_out.entry(what).or_default() += 1;
    }

    /// Tells the frame that was applied last.
    pub(super) fn frame(&mut self, reader: &Reader) {
        let decoder = reader.player().decoder();
        let (tree, at) = (decoder.tree(), reader.now());
        let is_page = self.key != Some(tree.key().0);
        match reader.outcome() {
            Some(Outcome::Changed) if !is_page => {
                let mut touched = Touched::default();
                let mut ops = decoder.ops();
                // The body was read before: nothing in it can be malformed.
                while let Ok(Some(op)) = ops.next() {
                    self.note(tree, op, &mut touched);
                }
                self.change(tree, at, &touched);
            }
            Some(Outcome::InStep) if !is_page => {}
            _ => self.page(tree, at),
        }
    }

    /// The whole page.
    fn page(&mut self, tree: &Tree, at: u32) {
        if self.key.is_none() {
            // What a Replayer waits for before it shows anything.
            self.event(at, 0, json!({}));
            self.event(at, 1, json!({}));
        }
        self.key = Some(tree.key().0);
        (self.url, self.viewport) = (String::new(), String::new());
        self.about(tree, at, false);
        let Some(node) = serialised(tree, ROOT, true) else { return };
        let place = |name| tree.attr_str(ROOT, name).and_then(|place| place.parse::<f64>().ok()).unwrap_or(0.0);
        let offset = json!({ "left": place(prop::SCROLL_LEFT), "top": place(prop::SCROLL_TOP) });
        self.event(at, 2, json!({ "node": node, "initialOffset": offset }));
        self.known.clear();
        self.know(tree, ROOT);
        self.frames_below(tree, ROOT, at);
        self.values_below(tree, ROOT, at);
        for data in sheets::adopted(tree) {
            self.event(at, 3, data);
        }
    }

    /// The nodes of a subtree are told, but for documents in frames.
    fn know(&mut self, tree: &Tree, top: u32) {
        let mut open = vec![top];
        while let Some(id) = open.pop() {
            self.known.insert(id, parent_of(tree, id));
            open.extend(children_of(tree, id).into_iter().filter(|child| tree.node(*child).kind != Kind::Frame));
        }
    }

    /// Documents in frames of a subtree come behind it.
    fn frames_below(&mut self, tree: &Tree, top: u32, at: u32) {
        let mut id = top;
        while id != NONE {
            if tree.node(id).kind == Kind::Frame
                && let Some(node) = serialised(tree, id, true)
            {
                let parent = id_of(tree.node(id).parent);
                let adds = json!([{ "parentId": parent, "nextId": null, "node": node }]);
                self.event(
                    at,
                    3,
                    json!({ "source": 0, "adds": adds, "removes": [], "texts": [], "attributes": [], "isAttachIframe": true }),
                );
                self.know(tree, id);
            }
            id = tree.following(id, top);
        }
    }

    /// Live values are told as what was typed and clicked: attributes stay what they are.
    fn values_below(&mut self, tree: &Tree, top: u32, at: u32) {
        let mut id = top;
        while id != NONE {
            let has_value = tree.attr_str(id, prop::VALUE).is_some() || tree.attr_str(id, prop::CHECKED).is_some();
            if has_value && self.known.contains_key(&id) {
                self.value(tree, id, at);
            }
            id = tree.following(id, top);
        }
    }

    fn value(&mut self, tree: &Tree, id: u32, at: u32) {
        let own = |wanted: &str| {
            let mut attrs = tree.attrs(id).filter(|(name, _)| tree.names.get(*name) == (Namespace::None, wanted));
            attrs.next().and_then(|(_, value)| std::str::from_utf8(value).ok())
        };
        // Of a box the value is what it stands for, which rrweb sets, too.
        let is_box = matches!(own("type").map(str::to_ascii_lowercase).as_deref(), Some("checkbox" | "radio"));
        let text = match tree.attr_str(id, prop::VALUE) {
            Some(value) => value,
            None if is_box => own("value").unwrap_or("on"),
            None => own("value").unwrap_or_default(),
        };
        let checked = match tree.attr_str(id, prop::CHECKED) {
            Some(checked) => checked == "1",
            None => own("checked").is_some(),
        };
        self.event(at, 3, json!({ "source": 5, "id": id_of(id), "text": text, "isChecked": checked }));
    }

    /// Address, size and pointer.
    fn about(&mut self, tree: &Tree, at: u32, is_change: bool) {
        let text = |name| tree.attr_str(ROOT, name).unwrap_or_default().to_owned();
        let (url, viewport, pointer) = (text(prop::URL), text(prop::VIEWPORT), text(prop::POINTER));
        let size = |text: &str| -> Option<(f64, f64)> {
            let (width, height) = text.split_once('x')?;
            Some((width.parse().ok()?, height.parse().ok()?))
        };
        let (width, height) = size(&viewport).unwrap_or((1280.0, 800.0));
        if url != self.url || !is_change {
            self.event(at, 4, json!({ "href": url, "width": width, "height": height }));
        } else if viewport != self.viewport {
            self.event(at, 3, json!({ "source": 4, "width": width, "height": height }));
        }
        if pointer != self.pointer
            && let Some((x, y)) = pointer.split_once(',')
            && let (Ok(x), Ok(y)) = (x.parse::<f64>(), y.parse::<f64>())
        {
            let positions = json!([{ "x": x, "y": y, "id": id_of(ROOT), "timeOffset": 0 }]);
            self.event(at, 3, json!({ "source": 1, "positions": positions }));
        }
        (self.url, self.viewport, self.pointer) = (url, viewport, pointer);
    }

    fn note(&mut self, tree: &Tree, op: Op<'_>, touched: &mut Touched) {
        match op {
            Op::Element { id, .. } | Op::Leaf { id, .. } | Op::Known { id } => {
                if tree.node(id).kind == Kind::Rule {
                    self.note_sheet(tree, tree.node(id).parent, touched);
                } else {
                    touched.placed.insert(id);
                }
            }
            Op::Frame { id, .. } => _ = touched.placed.insert(id),
            Op::Sheet { id, .. } => self.note_sheet(tree, id, touched),
            // Its children are told with it; a host that was there is told anew.
            Op::Shadow { id, .. } => _ = touched.placed.insert(tree.node(id).parent),
            Op::Remove { id } => {
                touched.removed.insert(id);
                // What rrweb has not, was a rule or a sheet: which one is no longer known.
                if !self.known.contains_key(&id) {
                    touched.adopted = true;
                    touched.sheets.extend(self.with_sheets(tree));
                }
            }
            Op::SetAttr { id, name, .. }
            | Op::RemoveAttr { id, name }
            | Op::SpliceAttr { id, name, .. }
            | Op::CountAttr { id, name, .. } => _ = touched.attrs.insert((id, name)),
            Op::SetData { id, .. } | Op::SpliceData { id, .. } | Op::CountData { id, .. } => {
                if tree.node(id).kind == Kind::Rule {
                    self.note_sheet(tree, tree.node(id).parent, touched);
                } else {
                    touched.data.insert(id);
                }
            }
            Op::PlaceBefore { .. } | Op::PlaceEnd { .. } | Op::Attr { .. } | Op::Content { .. } | Op::Up | Op::End => {}
        }
    }

    fn with_sheets(&self, tree: &Tree) -> Vec<u32> {
        self.known.keys().copied().filter(|id| sheets::of(tree, *id).is_some()).collect()
    }

    fn note_sheet(&mut self, tree: &Tree, sheet: u32, touched: &mut Touched) {
        let owner = tree.node(sheet).parent;
        if tree.node(owner).kind == Kind::Element {
            touched.sheets.insert(owner);
        } else {
            touched.adopted = true;
        }
    }

    fn change(&mut self, tree: &Tree, at: u32, touched: &Touched) {
        // Only what is placed by itself: what is below it comes with it.
        let is_below = |id: u32| {
            let mut parent = tree.node(id).parent;
            while parent != NONE && parent != ROOT {
                if touched.placed.contains(&parent) {
                    return true;
                }
                parent = tree.node(parent).parent;
            }
            false
        };
        let placed: Vec<u32> = touched
            .placed
            .iter()
            .copied()
            .filter(|id| tree.is_live(*id) && is_told(tree, *id) && !is_below(*id))
            .collect();
        let mut removes = Vec::new();
        for id in touched.removed.iter().chain(&placed) {
            if let Some(parent) = self.known.get(id).copied()
                && self.known.contains_key(&parent)
            {
                let mut remove = json!({ "parentId": id_of(parent), "id": id_of(*id) });
                if tree.node(tree.node(*id).parent).kind == Kind::Shadow {
                    remove["isShadow"] = true.into();
                }
                removes.push(remove);
            }
        }
        for id in touched.removed.iter().chain(&placed) {
            self.forget(*id);
        }
        let (frames, placed): (Vec<u32>, Vec<u32>) =
            placed.into_iter().partition(|id| tree.node(*id).kind == Kind::Frame);
        let mut adds = Vec::new();
        for id in in_reverse(tree, &placed) {
            self.add(tree, id, &mut adds);
        }
        let mut texts = Vec::new();
        for id in touched.data.iter().filter(|id| self.known.contains_key(id) && !touched.placed.contains(id)) {
            let is_style = tree.names.get(tree.node(tree.node(*id).parent).name) == (Namespace::Html, "style");
            if !is_style || sheets::of(tree, tree.node(*id).parent).is_none() {
                texts.push(json!({ "id": id_of(*id), "value": tree.data_str(*id) }));
            }
        }
        let mut attributes: BTreeMap<u32, Map<String, Value>> = BTreeMap::new();
        for (id, name) in
            touched.attrs.iter().filter(|(id, _)| self.known.contains_key(id) && tree.node(*id).kind == Kind::Element)
        {
            let value = tree.attr_str(*id, *name);
            if let Some((name, value)) = attribute(tree, *id, tree.names.get(*name), value) {
                attributes.entry(*id).or_default().insert(name, value);
            }
        }
        for id in touched.sheets.iter().filter(|id| self.known.contains_key(id)) {
            if let Some(sheet) = sheets::of(tree, *id) {
                attributes.entry(*id).or_default().insert("_cssText".to_owned(), sheets::text(tree, sheet).into());
            }
        }
        let attributes: Vec<Value> = attributes
            .into_iter()
            .map(|(id, attributes)| json!({ "id": id_of(id), "attributes": attributes }))
            .collect();
        if !(removes.is_empty() && adds.is_empty() && texts.is_empty() && attributes.is_empty()) {
            self.event(
                at,
                3,
                json!({ "source": 0, "texts": texts, "attributes": attributes, "removes": removes, "adds": adds }),
            );
        }
        for id in frames {
            self.frames_below(tree, id, at);
        }
        for id in &placed {
            self.frames_below(tree, *id, at);
            self.values_below(tree, *id, at);
        }
        self.about(tree, at, true);
        self.state(tree, at, touched);
        if touched.adopted
            || touched.attrs.iter().any(|(_, name)| tree.names.get(*name) == (Namespace::Prop, "adopted"))
        {
            for data in sheets::adopted(tree) {
                self.event(at, 3, data);
            }
        }
    }

    /// Takes out what rrweb forgets with a node.
    fn forget(&mut self, top: u32) {
        if self.known.remove(&top).is_none() {
            return;
        }
        let below: Vec<u32> = self.known.iter().filter(|(_, parent)| **parent == top).map(|(id, _)| *id).collect();
        for id in below {
            self.forget(id);
        }
    }

    /// A subtree, each node by itself: parents first, siblings from the last one on, so that a right neighbour is there.
    fn add(&mut self, tree: &Tree, id: u32, adds: &mut Vec<Value>) {
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            if tree.node(id).kind == Kind::Frame {
                continue;
            }
            let Some(node) = serialised(tree, id, false) else {
                self.leave("processing instruction");
                continue;
            };
            let mut next = tree.node(id).next;
            while next != NONE && !self.known.contains_key(&next) {
                next = tree.node(next).next;
            }
            let next = if next == NONE { Value::Null } else { id_of(next).into() };
            let parent = parent_of(tree, id);
            adds.push(json!({ "parentId": id_of(parent), "nextId": next, "node": node }));
            self.known.insert(id, parent);
            // The last one is taken first.
            open.extend(children_of(tree, id));
        }
    }

    /// Live state: values, scroll positions, what plays.
    fn state(&mut self, tree: &Tree, at: u32, touched: &Touched) {
        let mut told: BTreeSet<(u32, u8)> = BTreeSet::new();
        for (id, name) in &touched.attrs {
            let (Namespace::Prop, text) = tree.names.get(*name) else { continue };
            let is_known = self.known.contains_key(id);
            match *name {
                prop::VALUE | prop::CHECKED if is_known && told.insert((*id, 0)) => {
                    self.value(tree, *id, at);
                }
                prop::SELECTED if is_known => self.selected(tree, *id, at, &mut told),
                prop::SCROLL_LEFT | prop::SCROLL_TOP if is_known && told.insert((*id, 1)) => {
                    let place =
                        |name| tree.attr_str(*id, name).and_then(|place| place.parse::<f64>().ok()).unwrap_or(0.0);
                    let (x, y) = (place(prop::SCROLL_LEFT), place(prop::SCROLL_TOP));
                    self.event(at, 3, json!({ "source": 3, "id": id_of(*id), "x": x, "y": y }));
                }
                _ => match text.split(' ').next().unwrap_or_default() {
                    "tile" | "tiles" => self.leave("pixels of a canvas"),
                    "modal" | "popover" => self.leave("order of the top layer"),
                    "hover" | "active" | "focusVisible" => self.leave("states of pointer and focus"),
                    "animations" => self.leave("animations"),
                    "picture" | "resource" | "font" | "asset" => self.leave("files that came with the stream"),
                    _ => {}
                },
            }
        }
    }

    /// What is chosen is told by its list.
    fn selected(&mut self, tree: &Tree, option: u32, at: u32, told: &mut BTreeSet<(u32, u8)>) {
        let mut list = tree.node(option).parent;
        while list != NONE && list != ROOT && tree.names.get(tree.node(list).name).1 != "select" {
            list = tree.node(list).parent;
        }
        if list == NONE || !self.known.contains_key(&list) || !told.insert((list, 0)) {
            return;
        }
        let mut id = tree.following(list, list);
        let mut value = String::new();
        while id != NONE {
            if tree.attr_str(id, prop::SELECTED) == Some("1") {
                let mut own = tree.attrs(id).filter(|(name, _)| tree.names.get(*name) == (Namespace::None, "value"));
                let own = own.next().and_then(|(_, value)| std::str::from_utf8(value).ok()).map(str::to_owned);
                let text = || tree.children(id).map(|child| tree.data_str(child)).collect::<String>().trim().to_owned();
                value = own.unwrap_or_else(text);
            }
            id = tree.following(id, list);
        }
        let value = property(tree, list, "value").map_or(value, str::to_owned);
        self.event(at, 3, json!({ "source": 5, "id": id_of(list), "text": value, "isChecked": false }));
    }
}

/// Nodes so that of siblings the last one comes first, and of others those that stand earlier.
fn in_reverse(tree: &Tree, nodes: &[u32]) -> Vec<u32> {
    let mut by_parent: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for id in nodes {
        by_parent.entry(tree.node(*id).parent).or_default().insert(*id);
    }
    let mut out = Vec::new();
    for (parent, ids) in by_parent {
        let mut siblings: Vec<u32> = tree.children(parent).filter(|id| ids.contains(id)).collect();
        siblings.reverse();
        out.extend(siblings);
    }
    out
}
