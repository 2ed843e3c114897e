//! The tree both ends hold: an arena of nodes with intrusive links, kept hashed at all times.
//!
//! Ids are indices; 0 is the document. A node is *detached* while it has no parent. The hash
//! ([`Tree::hash`]) is the sum of the terms of the document and of every node that has a parent; linking,
//! unlinking and changing a node cost O(1), whatever the size of the tree.

pub use crate::kind::Kind;
use crate::{
    Limits,
    hash::Key,
    heap::{Heap, Text},
    names::{NameId, Names},
};

/// No node.
pub const NONE: u32 = u32::MAX;

/// The document.
pub const ROOT: u32 = 0;

/// The most attributes and properties an element holds; they are found by walking a list.
pub const MAX_ATTRS: usize = 1024;

/// What walking, moving and hashing look at: half a cache line, and never parts of two. Links are ids or [`NONE`].
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
pub struct Node {
    /// The parent.
    pub parent: u32,
    /// The first child.
    pub first: u32,
    /// The previous sibling.
    pub prev: u32,
    /// The next sibling.
    pub next: u32,
    /// What it is.
    pub kind: Kind,
    /// Marks of the tree's owner, untouched by this crate (the recorder keeps its privacy rules here).
    pub owner: u16,
    /// An element's name.
    pub name: NameId,
    content: u64,
}

/// What else there is to a node.
#[derive(Debug, Clone, Copy)]
struct Rest {
    last: u32,
    attrs: u32,
    data: Text,
}

/// Marks of whoever works on the tree: a byte for each node, kept apart, so that all of them stay in the cache.
pub mod flag {
    /// Removed in the frame being applied; gone for good once it is.
    pub const RETIRED: u8 = 1;
    /// Moved to another place in the frame being encoded.
    pub const MOVED: u8 = 2;
    /// Named by a run of the frame being encoded, and not found to be where it was.
    pub const TOUCHED: u8 = 4;
    /// A run is placed before it.
    pub const ANCHOR: u8 = 8;
    /// No longer in the page.
    pub const GONE: u8 = 16;
    /// The id is in use.
    pub const LIVE: u8 = 32;
}

const FREE: Node = Node {
    parent: NONE,
    first: NONE,
    prev: NONE,
    next: NONE,
    kind: Kind::Free,
    owner: 0,
    name: NameId::NONE,
    content: 0,
};

const NOTHING: Rest = Rest { last: NONE, attrs: NONE, data: Text::EMPTY };

#[derive(Debug, Clone, Copy)]
struct Attr {
    name: NameId,
    value: Text,
    next: u32,
}

/// An order for all children of a node.
#[derive(Debug)]
pub(crate) struct Order<'a> {
    /// Those that were its children before, as they were; some may have gone elsewhere.
    pub(crate) before: &'a [u32],
    /// All, as they are to be, each with its place in `before`, or [`NONE`].
    pub(crate) after: &'a [(u32, u32)],
}

/// Why the tree refuses an operation. The tree is unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The id is above the limit, or in use.
    Id,
    /// A string does not fit the limit.
    Text,
    /// The element has [`MAX_ATTRS`] attributes.
    Attrs,
}

/// See the module's documentation.
#[derive(Debug, Clone)]
pub struct Tree {
    nodes: Vec<Node>,
    rest: Vec<Rest>,
    flags: Vec<u8>,
    attrs: Vec<Attr>,
    free_attrs: u32,
    heap: Heap,
    /// The names in use.
    pub names: Names,
    key: Key,
    hash: u64,
    count: u32,
    limit: u32,
}

impl Tree {
    /// A tree of nothing but a document.
    #[must_use]
    pub fn new(key: Key, limits: &Limits) -> Self {
        let mut tree = Self {
            nodes: Vec::new(),
            rest: vec![NOTHING],
            flags: vec![flag::LIVE],
            attrs: Vec::new(),
            free_attrs: NONE,
            heap: Heap::new(limits.text_bytes),
            names: Names::new(key),
            key,
            hash: 0,
            count: 1,
            limit: limits.nodes,
        };
        tree.nodes.push(Node { kind: Kind::Document, content: content_of(Kind::Document, 0), ..FREE });
        tree.hash = tree.term(ROOT);
        tree
    }

    /// The key of the hash.
    #[must_use]
    pub const fn key(&self) -> Key {
        self.key
    }

    /// The hash of the whole tree (`docs/wire-format.md` §5).
    #[must_use]
    pub const fn hash(&self) -> u64 {
        self.hash
    }

    /// How many nodes there are, the document and detached ones included.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// One more than the highest id ever used.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.nodes.len()
    }

    /// Bytes taken from the allocator, about: nodes, attributes and strings.
    #[must_use]
    pub fn memory(&self) -> usize {
        let nodes = self.nodes.capacity() * size_of::<Node>() + self.rest.capacity() * size_of::<Rest>();
        nodes + self.flags.capacity() + self.attrs.capacity() * size_of::<Attr>() + self.heap.capacity()
    }

    /// Bytes in strings.
    #[must_use]
    pub const fn text_bytes(&self) -> usize {
        self.heap.live_bytes()
    }

    /// A node; an unused id gives a node of kind [`Kind::Free`].
    #[inline]
    #[must_use]
    pub fn node(&self, id: u32) -> &Node {
        const NOTHING: &Node = &FREE;
        self.nodes.get(id as usize).unwrap_or(NOTHING)
    }

    #[inline]
    fn rest(&self, id: u32) -> &Rest {
        self.rest.get(id as usize).unwrap_or(&NOTHING)
    }

    /// The last child, or [`NONE`].
    #[inline]
    #[must_use]
    pub fn last(&self, id: u32) -> u32 {
        self.rest(id).last
    }

    /// Whether the id is in use, by a node that is not about to go.
    #[inline]
    #[must_use]
    pub fn is_live(&self, id: u32) -> bool {
        self.flags(id) & (flag::LIVE | flag::RETIRED) == flag::LIVE
    }

    /// Marks of a node, to read and write. `None` for an unused id.
    pub fn owner_mut(&mut self, id: u32) -> Option<&mut u16> {
        self.nodes.get_mut(id as usize).filter(|node| node.kind != Kind::Free).map(|node| &mut node.owner)
    }

    /// The marks of a node; none for an unused id.
    #[inline]
    pub(crate) fn flags(&self, id: u32) -> u8 {
        self.flags.get(id as usize).copied().unwrap_or(0)
    }

    #[inline]
    pub(crate) fn set_flags(&mut self, id: u32, flags: u8) {
        self.flags[id as usize] |= flags;
    }

    #[inline]
    pub(crate) fn clear_flags(&mut self, id: u32, flags: u8) {
        if let Some(all) = self.flags.get_mut(id as usize) {
            *all &= !flags;
        }
    }

    #[inline]
    pub(crate) fn has_flags(&self, id: u32, flags: u8) -> bool {
        self.flags(id) & flags != 0
    }

    /// The data of a text, comment, doctype or processing instruction.
    #[inline]
    #[must_use]
    pub fn data(&self, id: u32) -> &[u8] {
        self.heap.get(self.rest(id).data)
    }

    /// The data as text; it was checked when it came in.
    #[must_use]
    pub fn data_str(&self, id: u32) -> &str {
        std::str::from_utf8(self.data(id)).unwrap_or_default()
    }

    /// The value of an attribute as text; it was checked when it came in.
    #[must_use]
    pub fn attr_str(&self, id: u32, name: NameId) -> Option<&str> {
        self.attr(id, name).map(|value| std::str::from_utf8(value).unwrap_or_default())
    }

    /// The value of an attribute.
    #[must_use]
    pub fn attr(&self, id: u32, name: NameId) -> Option<&[u8]> {
        self.find(id, name).map(|at| self.heap.get(self.attrs[at as usize].value))
    }

    /// The attributes and properties, in the order they were first set.
    pub fn attrs(&self, id: u32) -> impl Iterator<Item = (NameId, &[u8])> {
        let mut at = self.rest(id).attrs;
        std::iter::from_fn(move || {
            let attr = self.attrs.get(at as usize)?;
            at = attr.next;
            Some((attr.name, self.heap.get(attr.value)))
        })
    }

    /// The children, first to last.
    pub fn children(&self, id: u32) -> impl Iterator<Item = u32> {
        let mut at = self.node(id).first;
        std::iter::from_fn(move || {
            let id = at;
            (id != NONE).then(|| {
                at = self.node(id).next;
                id
            })
        })
    }

    /// The node after `id` in tree order within the subtree of `top`; [`NONE`] behind the last.
    #[inline]
    #[must_use]
    pub fn following(&self, id: u32, top: u32) -> u32 {
        let node = self.node(id);
        if node.first != NONE {
            return node.first;
        }
        self.following_skipping(id, top)
    }

    /// As [`Tree::following`], the children of `id` left out.
    #[inline]
    #[must_use]
    pub fn following_skipping(&self, mut id: u32, top: u32) -> u32 {
        while id != top && id != NONE {
            let node = self.node(id);
            if node.next != NONE {
                return node.next;
            }
            id = node.parent;
        }
        NONE
    }

    /// The node at the top of the chain of parents: [`ROOT`] for whatever is in the document. O(depth).
    #[must_use]
    pub fn top(&self, mut id: u32) -> u32 {
        while self.node(id).parent != NONE {
            id = self.node(id).parent;
        }
        id
    }

    /// Whether `id` is `ancestor` or lies below it. O(depth).
    #[must_use]
    pub fn is_within(&self, mut id: u32, ancestor: u32) -> bool {
        while id != NONE {
            if id == ancestor {
                return true;
            }
            id = self.node(id).parent;
        }
        false
    }

    #[inline]
    pub(crate) fn term(&self, id: u32) -> u64 {
        let node = &self.nodes[id as usize];
        self.key.term(id, node.parent, node.next, node.content)
    }

    /// A node's term, wherever it stands.
    pub(crate) fn own_term(&self, id: u32) -> u64 {
        self.key.term(id, NONE, NONE, self.node(id).content)
    }

    #[inline]
    pub(crate) fn is_hashed(&self, id: u32) -> bool {
        id == ROOT || self.nodes[id as usize].parent != NONE
    }

    #[inline]
    fn change_content(&mut self, id: u32, change: impl FnOnce(u64) -> u64) {
        let hashed = self.is_hashed(id);
        if hashed {
            self.hash = self.hash.wrapping_sub(self.term(id));
        }
        let node = &mut self.nodes[id as usize];
        node.content = change(node.content);
        if hashed {
            self.hash = self.hash.wrapping_add(self.term(id));
        }
    }

    /// Makes a detached node.
    ///
    /// # Errors
    /// [`Refused::Id`] or [`Refused::Text`].
    pub fn create(&mut self, id: u32, kind: Kind, name: NameId, data: &[u8]) -> Result<(), Refused> {
        if id >= self.limit || self.node(id).kind != Kind::Free {
            return Err(Refused::Id);
        }
        let data = if kind.has_data() { self.heap.insert(data).map_err(|_| Refused::Text)? } else { Text::EMPTY };
        if id as usize >= self.nodes.len() {
            self.make_room(id as usize);
        }
        let own = if kind.has_data() { self.key.bytes(self.heap.get(data)) } else { self.names.hash(name) };
        self.nodes[id as usize] = Node { kind, name, content: content_of(kind, own), ..FREE };
        self.rest[id as usize] = Rest { data, ..NOTHING };
        self.flags[id as usize] = flag::LIVE;
        self.count += 1;
        Ok(())
    }

    #[inline]
    fn make_room(&mut self, id: usize) {
        if id > self.nodes.len() {
            self.nodes.resize(id, FREE);
            self.rest.resize(id, NOTHING);
            self.flags.resize(id, 0);
        }
        self.nodes.push(FREE);
        self.rest.push(NOTHING);
        self.flags.push(0);
    }

    /// Takes memory for so many more nodes and bytes of strings, so that what is known to come is not moved about.
    pub fn reserve(&mut self, nodes: usize, bytes: usize) {
        self.nodes.reserve(nodes);
        self.rest.reserve(nodes);
        self.flags.reserve(nodes);
        self.attrs.reserve(nodes);
        self.heap.grow(bytes);
    }

    /// Gives back what [`Tree::reserve`] took and was not needed, but for a little.
    pub fn fit(&mut self) {
        let spare = |len: usize| len + len / 16;
        self.nodes.shrink_to(spare(self.nodes.len()));
        self.rest.shrink_to(spare(self.rest.len()));
        self.flags.shrink_to(spare(self.flags.len()));
        self.attrs.shrink_to(spare(self.attrs.len()));
        self.heap.fit();
    }

    /// Where most of the ids given out are free again, gives back the memory of those behind the last one in use, and says
    /// how many are left; `None` where it would not pay.
    pub(crate) fn trim(&mut self) -> Option<u32> {
        const LEAST: usize = 1 << 12;
        let len = self.nodes.len();
        if len < LEAST || self.count as usize * 4 > len || self.nodes[len - 1].kind != Kind::Free {
            return None;
        }
        let used = self.nodes.iter().rposition(|node| node.kind != Kind::Free).map_or(0, |last| last + 1);
        self.nodes.truncate(used);
        self.rest.truncate(used);
        self.flags.truncate(used);
        self.gather();
        self.fit();
        Some(u32::try_from(used).unwrap_or(NONE))
    }

    /// Attributes and strings one behind the other, without room between them that is free.
    fn gather(&mut self) {
        let mut gathered: Vec<Attr> = Vec::new();
        let mut heap = self.heap.emptied();
        // What there was has room in as much room.
        let mut moved = |old: &Heap, text| heap.insert(old.get(text)).unwrap_or(Text::EMPTY);
        for rest in &mut self.rest {
            rest.data = moved(&self.heap, rest.data);
            let mut at = std::mem::replace(&mut rest.attrs, NONE);
            while let Some(attr) = self.attrs.get(at as usize) {
                let place = u32::try_from(gathered.len()).unwrap_or(NONE);
                if rest.attrs == NONE {
                    rest.attrs = place;
                } else if let Some(last) = gathered.last_mut() {
                    last.next = place;
                }
                gathered.push(Attr { next: NONE, value: moved(&self.heap, attr.value), ..*attr });
                at = attr.next;
            }
        }
        self.attrs = gathered;
        self.heap = heap;
        self.free_attrs = NONE;
    }

    /// Puts a detached node among the children of `parent`, before `before` or, with [`NONE`], at the end. The caller
    /// sees to it that `parent` can have children and is not below `id`, and that `before` is its child.
    pub fn link(&mut self, id: u32, parent: u32, before: u32) {
        debug_assert!(self.node(id).parent == NONE && id != ROOT);
        debug_assert!(before == NONE || self.node(before).parent == parent);
        let prev = if before == NONE { self.rest[parent as usize].last } else { self.nodes[before as usize].prev };
        let node = &mut self.nodes[id as usize];
        (node.parent, node.prev, node.next) = (parent, prev, before);
        self.hash = self.hash.wrapping_add(self.term(id));
        self.set_next(prev, parent, id);
        if before == NONE {
            self.rest[parent as usize].last = id;
        } else {
            self.nodes[before as usize].prev = id;
        }
    }

    /// Puts the children of `parent` into the order given: all of them, each once, and takes these marks off them. Nodes
    /// are visited in the order they were in, which is mostly that of the memory: where they go is noted in `links`,
    /// which is small enough to stay in the cache.
    pub(crate) fn arrange(&mut self, parent: u32, order: &Order<'_>, links: &mut Vec<(u32, u32)>, flags: u8) {
        // The document is nobody's sibling: it stands for one that is a child no longer.
        const ELSEWHERE: (u32, u32) = (ROOT, ROOT);
        links.clear();
        links.resize(order.before.len(), ELSEWHERE);
        let mut prev = NONE;
        for (index, (id, rank)) in order.after.iter().enumerate() {
            let next = order.after.get(index + 1).map_or(NONE, |(id, _)| *id);
            match links.get_mut(*rank as usize) {
                Some(link) => *link = (prev, next),
                None => self.relink(*id, parent, (prev, next), flags),
            }
            prev = *id;
        }
        for (id, link) in order.before.iter().zip(&*links) {
            if *link != ELSEWHERE {
                self.relink(*id, parent, *link, flags);
            }
        }
        self.nodes[parent as usize].first = order.after.first().map_or(NONE, |(id, _)| *id);
        self.rest[parent as usize].last = prev;
    }

    #[inline]
    fn relink(&mut self, id: u32, parent: u32, (prev, next): (u32, u32), flags: u8) {
        debug_assert!(self.node(id).parent == parent);
        self.flags[id as usize] &= !flags;
        let hash = self.hash.wrapping_sub(self.term(id));
        let node = &mut self.nodes[id as usize];
        (node.prev, node.next) = (prev, next);
        self.hash = hash.wrapping_add(self.term(id));
    }

    /// Makes `next` what follows `prev`, or, where `prev` is [`NONE`], the first child of `parent`.
    #[inline]
    fn set_next(&mut self, prev: u32, parent: u32, next: u32) {
        if prev == NONE {
            self.nodes[parent as usize].first = next;
        } else {
            self.hash = self.hash.wrapping_sub(self.term(prev));
            self.nodes[prev as usize].next = next;
            self.hash = self.hash.wrapping_add(self.term(prev));
        }
    }

    /// Detaches a node with its subtree. Nothing happens to one that is detached.
    pub fn unlink(&mut self, id: u32) {
        let Node { parent, prev, next, .. } = *self.node(id);
        if parent == NONE {
            return;
        }
        self.hash = self.hash.wrapping_sub(self.term(id));
        self.set_next(prev, parent, next);
        if next == NONE {
            self.rest[parent as usize].last = prev;
        } else {
            self.nodes[next as usize].prev = prev;
        }
        let node = &mut self.nodes[id as usize];
        (node.parent, node.prev, node.next) = (NONE, NONE, NONE);
    }

    /// Takes a detached subtree out of the hash; its ids stay taken until [`Tree::free`].
    pub(crate) fn retire(&mut self, id: u32) {
        let mut at = id;
        while at != NONE {
            if at != id {
                self.hash = self.hash.wrapping_sub(self.term(at));
            }
            self.set_flags(at, flag::RETIRED);
            at = self.following(at, id);
        }
    }

    /// Undoes [`Tree::retire`].
    pub(crate) fn revive(&mut self, id: u32) {
        let mut at = id;
        while at != NONE {
            if at != id {
                self.hash = self.hash.wrapping_add(self.term(at));
            }
            self.clear_flags(at, flag::RETIRED);
            at = self.following(at, id);
        }
    }

    /// Frees a detached subtree, children first, calling `freed` with each id. A retired one is out of the hash
    /// already.
    pub fn free(&mut self, id: u32, mut freed: impl FnMut(u32)) {
        debug_assert!(self.node(id).parent == NONE && id != ROOT);
        let mut at = id;
        loop {
            while self.node(at).first != NONE {
                at = self.node(at).first;
            }
            loop {
                let Node { parent, next, .. } = *self.node(at);
                if at != id && !self.has_flags(at, flag::RETIRED) {
                    self.hash = self.hash.wrapping_sub(self.term(at));
                }
                self.free_values(at);
                self.nodes[at as usize] = FREE;
                self.rest[at as usize] = NOTHING;
                self.flags[at as usize] = 0;
                self.count -= 1;
                freed(at);
                if at == id {
                    return;
                }
                if next != NONE {
                    at = next;
                    break;
                }
                at = parent;
            }
        }
    }

    fn free_values(&mut self, id: u32) {
        let Rest { data, attrs, .. } = *self.rest(id);
        self.heap.remove(data);
        let mut at = attrs;
        while at != NONE {
            let attr = self.attrs[at as usize];
            self.heap.remove(attr.value);
            self.attrs[at as usize].next = self.free_attrs;
            self.free_attrs = at;
            at = attr.next;
        }
    }

    fn find(&self, id: u32, name: NameId) -> Option<u32> {
        let mut at = self.rest(id).attrs;
        while at != NONE {
            let attr = &self.attrs[at as usize];
            if attr.name == name {
                return Some(at);
            }
            at = attr.next;
        }
        None
    }

    /// Sets an attribute or property.
    ///
    /// # Errors
    /// [`Refused::Text`] or [`Refused::Attrs`]; the old value stays.
    pub fn set_attr(&mut self, id: u32, name: NameId, value: &[u8]) -> Result<(), Refused> {
        let new = self.store(value)?;
        match self.swap_attr(id, name, Some(new)) {
            Ok(old) => {
                self.heap.remove(old.unwrap_or_default());
                Ok(())
            }
            Err(refused) => {
                self.heap.remove(new);
                Err(refused)
            }
        }
    }

    /// Removes an attribute or property; `false` when it was not there.
    pub fn remove_attr(&mut self, id: u32, name: NameId) -> bool {
        let old = self.swap_attr(id, name, None).ok().flatten();
        self.heap.remove(old.unwrap_or_default());
        old.is_some()
    }

    /// Sets the data of a text, comment or processing instruction.
    ///
    /// # Errors
    /// [`Refused::Text`]; the old data stays.
    pub fn set_data(&mut self, id: u32, data: &[u8]) -> Result<(), Refused> {
        let old = self.rest(id).data;
        let new = self.heap.replace(old, data).map_err(|_| Refused::Text)?;
        self.rest[id as usize].data = new;
        self.rehash_data(id);
        Ok(())
    }

    fn rehash_data(&mut self, id: u32) {
        let node = &self.nodes[id as usize];
        let content = content_of(node.kind, self.key.bytes(self.heap.get(self.rest[id as usize].data)));
        self.change_content(id, |_| content);
    }

    /// Stores a string for [`Tree::swap_attr`] and [`Tree::swap_data`].
    pub(crate) fn store(&mut self, value: &[u8]) -> Result<Text, Refused> {
        self.heap.insert(value).map_err(|_| Refused::Text)
    }

    /// The bytes of a string kept aside.
    pub(crate) fn stored(&self, text: Text) -> &[u8] {
        self.heap.get(text)
    }

    /// Drops a string kept aside.
    pub(crate) fn drop_text(&mut self, text: Text) {
        self.heap.remove(text);
    }

    /// The stored value of an attribute.
    pub(crate) fn attr_text(&self, id: u32, name: NameId) -> Option<Text> {
        self.find(id, name).map(|at| self.attrs[at as usize].value)
    }

    /// Gives an attribute another stored value, or none, and returns the old one, which the caller now owns.
    pub(crate) fn swap_attr(&mut self, id: u32, name: NameId, new: Option<Text>) -> Result<Option<Text>, Refused> {
        let name_hash = self.names.hash(name);
        let share = |tree: &Self, text: Text| tree.key.attribute(name_hash, tree.heap.get(text));
        let added = new.map_or(0, |text| share(self, text));
        let (mut before, mut at, mut len) = (NONE, self.rest[id as usize].attrs, 0);
        while at != NONE && self.attrs[at as usize].name != name {
            (before, at, len) = (at, self.attrs[at as usize].next, len + 1);
        }
        let old = self.attrs.get(at as usize).map(|attr| attr.value);
        let taken = old.map_or(0, |text| share(self, text));
        match (old, new) {
            (None, None) => return Ok(None),
            (Some(_), Some(text)) => self.attrs[at as usize].value = text,
            (Some(_), None) => {
                let next = self.attrs[at as usize].next;
                self.set_attr_link(id, before, next);
                self.attrs[at as usize].next = self.free_attrs;
                self.free_attrs = at;
            }
            (None, Some(value)) => {
                if len >= MAX_ATTRS {
                    return Err(Refused::Attrs);
                }
                let attr = Attr { name, value, next: NONE };
                let slot = self.free_attrs;
                let slot = if slot == NONE {
                    self.attrs.push(attr);
                    u32::try_from(self.attrs.len() - 1).map_err(|_| Refused::Attrs)?
                } else {
                    self.free_attrs = self.attrs[slot as usize].next;
                    self.attrs[slot as usize] = attr;
                    slot
                };
                self.set_attr_link(id, before, slot);
            }
        }
        self.change_content(id, |content| content.wrapping_sub(taken).wrapping_add(added));
        Ok(old)
    }

    fn set_attr_link(&mut self, id: u32, before: u32, to: u32) {
        if before == NONE {
            self.rest[id as usize].attrs = to;
        } else {
            self.attrs[before as usize].next = to;
        }
    }

    /// Gives a node other stored data and returns the old, which the caller now owns.
    pub(crate) fn swap_data(&mut self, id: u32, new: Text) -> Text {
        let old = std::mem::replace(&mut self.rest[id as usize].data, new);
        self.rehash_data(id);
        old
    }

    /// The stored data of a node.
    pub(crate) fn data_text(&self, id: u32) -> Text {
        self.rest(id).data
    }
}

#[inline]
fn content_of(kind: Kind, own: u64) -> u64 {
    own.wrapping_add(crate::hash::mix(0x100 + kind as u64))
}
