//! A page in memory: what the reader in the browser sees, without a browser. It shares nothing with the encoder but
//! the facts it states.

#![allow(dead_code, reason = "each test uses a part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails")]
#![allow(unreachable_pub, reason = "a module of several tests")]

use protocol::{
    Error, Limits,
    decoder::Decoder,
    encoder::Encoder,
    hash::Key,
    names::{NameId, Namespace},
    tree::{Kind, NONE, ROOT, Tree},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A node's handle: its index. 0 is the document.
pub type Handle = usize;

#[derive(Debug, Clone)]
pub struct PageNode {
    pub parent: Option<Handle>,
    pub children: Vec<Handle>,
    pub kind: Kind,
    pub name: String,
    pub attrs: BTreeMap<String, String>,
    pub data: String,
}

/// A page and what its observer has noticed since the last frame.
#[derive(Debug, Clone)]
pub struct Page {
    pub nodes: Vec<PageNode>,
    pub touched: BTreeSet<Handle>,
    pub attrs: BTreeSet<(Handle, String)>,
    pub data: BTreeSet<Handle>,
}

impl Default for Page {
    fn default() -> Self {
        let root = PageNode {
            parent: None,
            children: Vec::new(),
            kind: Kind::Document,
            name: String::new(),
            attrs: BTreeMap::new(),
            data: String::new(),
        };
        Self { nodes: vec![root], touched: BTreeSet::new(), attrs: BTreeSet::new(), data: BTreeSet::new() }
    }
}

impl Page {
    pub fn element(&mut self, name: &str) -> Handle {
        let node = PageNode { kind: Kind::Element, name: name.to_owned(), ..self.nodes[0].clone() };
        self.push(node)
    }

    pub fn text(&mut self, data: &str) -> Handle {
        let node = PageNode { kind: Kind::Text, data: data.to_owned(), ..self.nodes[0].clone() };
        self.push(node)
    }

    fn push(&mut self, node: PageNode) -> Handle {
        self.nodes.push(PageNode { parent: None, children: Vec::new(), attrs: BTreeMap::new(), ..node });
        self.nodes.len() - 1
    }

    pub fn connected(&self, mut node: Handle) -> bool {
        while let Some(parent) = self.nodes[node].parent {
            node = parent;
        }
        node == 0
    }

    pub fn contains(&self, ancestor: Handle, mut node: Handle) -> bool {
        loop {
            if node == ancestor {
                return true;
            }
            let Some(parent) = self.nodes[node].parent else { return false };
            node = parent;
        }
    }

    pub fn remove(&mut self, node: Handle) {
        if let Some(parent) = self.nodes[node].parent.take() {
            self.nodes[parent].children.retain(|child| *child != node);
            self.touched.insert(node);
        }
    }

    /// As `insertBefore`; an index beyond the end appends.
    pub fn insert(&mut self, parent: Handle, index: usize, node: Handle) {
        self.remove(node);
        let index = index.min(self.nodes[parent].children.len());
        self.nodes[parent].children.insert(index, node);
        self.nodes[node].parent = Some(parent);
        self.touched.insert(node);
    }

    pub fn append(&mut self, parent: Handle, node: Handle) {
        self.insert(parent, usize::MAX, node);
    }

    pub fn set_attr(&mut self, node: Handle, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.nodes[node].attrs.insert(name.to_owned(), value.to_owned()),
            None => self.nodes[node].attrs.remove(name),
        };
        self.attrs.insert((node, name.to_owned()));
    }

    pub fn set_data(&mut self, node: Handle, data: &str) {
        data.clone_into(&mut self.nodes[node].data);
        self.data.insert(node);
    }

    fn siblings(&self, node: Handle) -> (&[Handle], usize) {
        let parent = self.nodes[node].parent.expect("a connected node has a parent");
        let children = &self.nodes[parent].children;
        (children, children.iter().position(|child| *child == node).expect("a child of its parent"))
    }
}

/// Both ends of a stream, and which node has which id.
#[derive(Debug)]
pub struct Pair {
    pub encoder: Encoder,
    pub decoder: Decoder,
    pub ids: HashMap<Handle, u32>,
    pub frames: Vec<Vec<u8>>,
}

impl Default for Pair {
    fn default() -> Self {
        Self {
            encoder: Encoder::new(Key(0x5eed), &Limits::DEFAULT),
            decoder: Decoder::new(Limits::DEFAULT),
            ids: HashMap::from([(0, ROOT)]),
            frames: Vec::new(),
        }
    }
}

impl Pair {
    /// States what was noticed, as the browser's reader does.
    pub fn state(&mut self, page: &mut Page) -> Result<(), Error> {
        let (touched, attrs, data) =
            (std::mem::take(&mut page.touched), std::mem::take(&mut page.attrs), std::mem::take(&mut page.data));
        self.encoder.begin();
        let mut fresh = Vec::new();
        let mut done = BTreeSet::new();
        for node in &touched {
            if !page.connected(*node) {
                if let Some(id) = self.ids.get(node) {
                    self.encoder.gone(*id);
                }
                continue;
            }
            let (siblings, at) = page.siblings(*node);
            let Some(parent) = page.nodes[*node].parent.and_then(|parent| self.ids.get(&parent).copied()) else {
                continue;
            };
            if done.contains(node) {
                continue;
            }
            let start = siblings[..at].iter().rposition(|node| !touched.contains(node)).map_or(0, |index| index + 1);
            let end = siblings[at..].iter().position(|node| !touched.contains(node)).map_or(siblings.len(), |n| at + n);
            let before = siblings.get(end).map_or(NONE, |node| self.ids[node]);
            self.encoder.run(parent, before);
            for node in &siblings[start..end] {
                done.insert(*node);
                self.tell(page, *node, &mut fresh)?;
            }
            self.encoder.end_run();
        }
        for (node, name) in attrs {
            let Some(id) = self.ids.get(&node).copied().filter(|_| page.connected(node)) else { continue };
            let key = self.encoder.mirror_mut().names.intern(Namespace::None, &name);
            match page.nodes[node].attrs.get(&name) {
                Some(value) => self.encoder.set_attr(id, key, value.as_bytes())?,
                None => self.encoder.remove_attr(id, key),
            }
        }
        for node in data {
            if let Some(id) = self.ids.get(&node).copied().filter(|_| page.connected(node)) {
                self.encoder.set_data(id, page.nodes[node].data.as_bytes())?;
            }
        }
        self.ids.extend(fresh);
        Ok(())
    }

    fn tell(&mut self, page: &Page, node: Handle, fresh: &mut Vec<(Handle, u32)>) -> Result<(), Error> {
        if let Some(id) = self.ids.get(&node) {
            self.encoder.known(*id);
            return Ok(());
        }
        let PageNode { kind, name, attrs, data, children, .. } = &page.nodes[node];
        if *kind != Kind::Element {
            fresh.push((node, self.encoder.leaf(*kind, data.as_bytes())?));
            return Ok(());
        }
        let name = self.name(Namespace::Html, name);
        let id = self.encoder.element(name)?;
        for (name, value) in attrs {
            let name = self.name(Namespace::None, name);
            self.encoder.attr(id, name, value.as_bytes())?;
        }
        for child in children {
            self.tell(page, *child, fresh)?;
        }
        self.encoder.up();
        fresh.push((node, id));
        Ok(())
    }

    fn name(&mut self, namespace: Namespace, name: &str) -> NameId {
        self.encoder.mirror_mut().names.intern(namespace, name)
    }

    /// One frame: what was noticed is stated, sent and applied, and all three trees are equal afterwards.
    pub fn frame(&mut self, page: &mut Page) -> usize {
        self.state(page).unwrap();
        let time = u32::try_from(self.frames.len()).unwrap();
        let Some(frame) = self.encoder.delta(time).unwrap().map(<[u8]>::to_vec) else {
            self.check(page);
            return 0;
        };
        self.decoder.push(&frame).unwrap();
        let len = frame.len();
        self.frames.push(frame);
        self.check(page);
        len
    }

    /// Page, mirror and player agree.
    pub fn check(&mut self, page: &Page) {
        self.ids.retain(|node, _| page.connected(*node));
        let mirror = self.encoder.mirror();
        if !self.frames.is_empty() {
            assert_eq!(mirror.difference(self.decoder.tree()), None);
            assert_eq!(mirror.hash(), self.decoder.tree().hash());
        }
        assert_eq!(mirror.hash(), mirror.recomputed_hash());
        let mut count = 0;
        self.compare(page, 0, ROOT, &mut count);
        assert_eq!(mirror.count(), count);
    }

    fn compare(&self, page: &Page, node: Handle, id: u32, count: &mut u32) {
        *count += 1;
        let mirror: &Tree = self.encoder.mirror();
        let expected = &page.nodes[node];
        assert_eq!(self.ids[&node], id);
        let found = mirror.node(id);
        assert_eq!((found.kind, mirror.names.get(found.name).1), (expected.kind, expected.name.as_str()));
        assert_eq!(mirror.data_str(id), expected.data);
        let mut attrs = BTreeMap::new();
        for (name, value) in mirror.attrs(id) {
            attrs.insert(mirror.names.get(name).1.to_owned(), String::from_utf8(value.to_vec()).unwrap());
        }
        assert_eq!(attrs, expected.attrs);
        let children: Vec<u32> = mirror.children(id).collect();
        assert_eq!(children.len(), expected.children.len(), "children of {id}");
        for (child, id) in expected.children.iter().zip(children) {
            self.compare(page, *child, id, count);
        }
    }
}

/// `count` keyed rows (`li` with a text) in a list in the page; returns list and rows.
pub fn list(page: &mut Page, count: usize) -> (Handle, Vec<Handle>) {
    let html = page.element("html");
    let list = page.element("ul");
    page.append(0, html);
    page.append(html, list);
    let rows = (0..count).map(|index| row(page, list, index)).collect();
    (list, rows)
}

/// One more row.
pub fn row(page: &mut Page, list: Handle, index: usize) -> Handle {
    let row = page.element("li");
    let text = page.text(&format!("row {index}"));
    page.append(row, text);
    page.append(list, row);
    row
}
