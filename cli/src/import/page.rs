//! The page that events are played on, and the facts about it that make the frames.

use protocol::{
    Error, Limits,
    encoder::Encoder,
    hash::Key,
    names::{NameId, Namespace},
    tree::{Kind, NONE, ROOT},
};
use std::collections::BTreeMap;

/// A node's place in the page's list.
pub(super) type Place = usize;

/// The document.
pub(super) const DOCUMENT: Place = 0;

/// A node as the events tell it.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) name: NameId,
    pub(super) attrs: BTreeMap<NameId, String>,
    pub(super) data: String,
    pub(super) parent: Option<Place>,
    pub(super) children: Vec<Place>,
    /// Its id in the stream, once it was told.
    id: Option<u32>,
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Page {
    encoder: Encoder,
    nodes: Vec<Node>,
    /// Ids of what has gone since the last frame.
    gone: Vec<u32>,
    /// What is new, or was put elsewhere, since the last frame.
    fresh: Vec<Place>,
}

impl Page {
    /// An empty page. The key tells one stream from another, no more: what is imported is known already.
    pub(super) fn new(key: u64) -> Self {
        let document = Node {
            kind: Kind::Document,
            name: NameId::NONE,
            attrs: BTreeMap::new(),
            data: String::new(),
            parent: None,
            children: Vec::new(),
            id: Some(ROOT),
        };
        let encoder = Encoder::new(Key(key), &Limits::DEFAULT);
        Self { encoder, nodes: vec![document], gone: Vec::new(), fresh: Vec::new() }
    }

    pub(super) fn name(&mut self, namespace: Namespace, text: &str) -> NameId {
        self.encoder.mirror_mut().names.intern(namespace, text)
    }

    pub(super) fn prop(&mut self, text: &str) -> NameId {
        self.name(Namespace::Prop, text)
    }

    /// A name's text.
    pub(super) fn text(&self, name: NameId) -> &str {
        self.encoder.mirror().names.get(name).1
    }

    pub(super) fn node(&self, place: Place) -> Option<&Node> {
        self.nodes.get(place)
    }

    /// The id in the stream.
    pub(super) fn id(&self, place: Place) -> Option<u32> {
        self.nodes.get(place).and_then(|node| node.id)
    }

    /// A node that is nowhere yet.
    pub(super) fn create(&mut self, kind: Kind, name: NameId, attrs: BTreeMap<NameId, String>, data: String) -> Place {
        self.nodes.push(Node { kind, name, attrs, data, parent: None, children: Vec::new(), id: None });
        self.nodes.len() - 1
    }

    /// The fragment of this kind among an element's children, made where there is none.
    pub(super) fn fragment(&mut self, host: Place, kind: Kind) -> Place {
        let found = self.nodes[host].children.iter().find(|child| self.nodes[**child].kind == kind);
        match found {
            Some(found) => *found,
            None => {
                let made = self.create(kind, NameId::NONE, BTreeMap::new(), String::new());
                self.insert(made, host, 0);
                made
            }
        }
    }

    /// How many children of this kind come first.
    pub(super) fn leading(&self, place: Place, kind: Kind) -> usize {
        self.nodes[place].children.iter().take_while(|child| self.nodes[**child].kind == kind).count()
    }

    /// Puts a fragment below an element, in the place of the one that was there.
    pub(super) fn insert_fragment(&mut self, place: Place, parent: Place) {
        let before = self.nodes[parent].children.first().copied();
        if let Some(before) = before.filter(|before| self.nodes[*before].kind.is_fragment()) {
            self.remove(before);
        }
        self.insert(place, parent, 0);
    }

    /// Puts a node among the children of `parent`, at this index or at the end.
    pub(super) fn insert(&mut self, place: Place, parent: Place, index: usize) {
        let index = index.min(self.nodes[parent].children.len());
        self.nodes[parent].children.insert(index, place);
        self.nodes[place].parent = Some(parent);
        self.fresh.push(place);
    }

    /// Takes a node out of the page, with all below it.
    pub(super) fn remove(&mut self, place: Place) {
        let Some(parent) = self.nodes[place].parent.take() else { return };
        self.nodes[parent].children.retain(|child| *child != place);
        let mut open = vec![place];
        while let Some(place) = open.pop() {
            open.extend(&self.nodes[place].children);
            self.gone.extend(self.nodes[place].id.take());
        }
    }

    /// An attribute or property; `None` takes it away.
    pub(super) fn set(&mut self, place: Place, name: NameId, value: Option<String>) -> Result<(), Error> {
        if let Some(id) = self.nodes[place].id {
            match &value {
                Some(value) => self.encoder.set_attr(id, name, value.as_bytes())?,
                None => self.encoder.remove_attr(id, name),
            }
        }
        match value {
            Some(value) => self.nodes[place].attrs.insert(name, value),
            None => self.nodes[place].attrs.remove(&name),
        };
        Ok(())
    }

    pub(super) fn set_data(&mut self, place: Place, data: &str) -> Result<(), Error> {
        if let Some(id) = self.nodes[place].id {
            self.encoder.set_data(id, data.as_bytes())?;
        }
        data.clone_into(&mut self.nodes[place].data);
        Ok(())
    }

    /// Ends a frame; nothing when nothing has changed. A page that was told anew as a whole makes a keyframe.
    pub(super) fn frame(&mut self, time: u32, whole: bool) -> Result<Option<Vec<u8>>, Error> {
        self.encoder.begin();
        for id in std::mem::take(&mut self.gone) {
            self.encoder.gone(id);
        }
        for place in std::mem::take(&mut self.fresh) {
            self.tell_row(place)?;
        }
        if whole {
            return Ok(Some(self.encoder.keyframe(time)?.to_vec()));
        }
        Ok(self.encoder.delta(time)?.map(<[u8]>::to_vec))
    }

    /// Tells the row of siblings that a node is in and that were not told, if its parent was.
    fn tell_row(&mut self, place: Place) -> Result<(), Error> {
        let node = &self.nodes[place];
        let Some(parent) = node.parent.filter(|_| node.id.is_none()) else { return Ok(()) };
        let Some(parent_id) = self.nodes[parent].id else { return Ok(()) };
        let children = self.nodes[parent].children.clone();
        let Some(at) = children.iter().position(|child| *child == place) else { return Ok(()) };
        let is_told = |child: &Place| self.nodes[*child].id.is_some();
        let start = children[..at].iter().rposition(is_told).map_or(0, |left| left + 1);
        let end = children[at..].iter().position(is_told).map_or(children.len(), |right| at + right);
        let before = children.get(end).and_then(|next| self.nodes[*next].id).unwrap_or(NONE);
        self.encoder.run(parent_id, before);
        for child in &children[start..end] {
            self.tell(*child)?;
        }
        self.encoder.end_run();
        Ok(())
    }

    /// Tells a node and all below it. Without recursion: a page may be deep.
    fn tell(&mut self, top: Place) -> Result<(), Error> {
        // A node, or the end of one.
        let mut open = vec![(top, false)];
        while let Some((place, is_end)) = open.pop() {
            if is_end {
                self.encoder.up();
                continue;
            }
            let node = &self.nodes[place];
            let id = match node.kind {
                Kind::Element => self.encoder.element(node.name)?,
                kind if kind.has_children() => self.encoder.fragment(kind)?,
                kind => self.encoder.leaf(kind, node.data.as_bytes())?,
            };
            for (name, value) in &node.attrs {
                self.encoder.attr(id, *name, value.as_bytes())?;
            }
            if node.kind.has_children() {
                open.push((place, true));
                open.extend(node.children.iter().rev().map(|child| (*child, false)));
            }
            self.nodes[place].id = Some(id);
        }
        Ok(())
    }
}
