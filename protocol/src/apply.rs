//! Applying a frame's operations to a tree: all of them or none.

use crate::{
    Error, ErrorKind,
    error::Result,
    heap::Text,
    names::NameId,
    numbers::{self, Form},
    ops::{Op, OpReader},
    splice,
    tree::{Kind, NONE, Refused, Tree},
};

/// How to take back one step.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A subtree's top was created (and perhaps linked).
    Created(u32),
    /// A node was moved from here.
    Moved { id: u32, parent: u32, next: u32 },
    /// A subtree was unlinked from here and retired.
    Removed { id: u32, parent: u32, next: u32 },
    /// An attribute had this value.
    Attr { id: u32, name: NameId, old: Option<Text> },
    /// A node had this data.
    Data { id: u32, old: Text },
}

/// What has been done so far. Kept between frames for its memory.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    steps: Vec<Step>,
}

/// Applies every operation, keeping in `journal` how to take them back.
///
/// # Errors
/// [`ErrorKind::Tree`] when an operation does not fit the tree, [`ErrorKind::Syntax`] when one cannot be read,
/// [`ErrorKind::Limit`] when the tree is full. Some operations may have been applied: call [`Journal::roll_back`].
pub fn apply(tree: &mut Tree, mut reader: OpReader<'_, '_>, journal: &mut Journal) -> Result<()> {
    let mut apply = Apply { tree, journal, parent: NONE, before: NONE, depth: 0, node: NONE };
    loop {
        let offset = reader.offset();
        let Some(op) = reader.next()? else { return Ok(()) };
        apply.op(op).map_err(|(kind, expected, found)| Error::new(kind, offset, expected, found))?;
    }
}

type Fault = (ErrorKind, &'static str, String);

struct Apply<'t> {
    tree: &'t mut Tree,
    journal: &'t mut Journal,
    /// Where the next row goes.
    parent: u32,
    before: u32,
    depth: u32,
    /// The element whose attributes are being read.
    node: u32,
}

impl Apply<'_> {
    fn op(&mut self, op: Op<'_>) -> std::result::Result<(), Fault> {
        match op {
            Op::PlaceBefore { before } => {
                self.live(before, "a node to place before")?;
                let parent = self.tree.node(before).parent;
                if parent == NONE {
                    return Err(fault("a node with a parent to place before", before));
                }
                (self.parent, self.before, self.depth) = (parent, before, 0);
            }
            Op::PlaceEnd { parent } => {
                self.live(parent, "a parent")?;
                if !self.tree.node(parent).kind.has_children() {
                    return Err(fault("a parent that can have children", parent));
                }
                (self.parent, self.before, self.depth) = (parent, NONE, 0);
            }
            Op::Element { id, name, .. } => self.open(id, Kind::Element, name)?,
            Op::Shadow { id, .. } => self.fragment(id, Kind::Shadow)?,
            Op::Sheet { id, .. } => self.fragment(id, Kind::Sheet)?,
            Op::Frame { id, .. } => self.fragment(id, Kind::Frame)?,
            Op::Content { id } => self.fragment(id, Kind::Content)?,
            Op::Leaf { id, kind, data } => self.create(id, kind, NameId::NONE, data)?,
            Op::Attr { name, value } => {
                if self.tree.attr_text(self.node, name).is_some() {
                    return Err(fault("each attribute once", self.node));
                }
                self.tree.set_attr(self.node, name, value).map_err(refused)?;
            }
            Op::Known { id } => self.move_here(id)?,
            Op::Up => {
                let parent = self.parent;
                self.depth -= 1;
                self.parent = self.tree.node(parent).parent;
                if self.depth == 0 {
                    // The run goes on where it began, whose mark the way down has left alone.
                    debug_assert!(self.before == NONE || self.tree.node(self.before).parent == self.parent);
                }
            }
            Op::End => self.parent = NONE,
            Op::Remove { id } => self.remove(id)?,
            Op::SetAttr { id, name, value } => {
                self.with_attrs(id)?;
                let new = self.tree.store(value).map_err(refused)?;
                self.swap_attr(id, name, Some(new))?;
            }
            Op::RemoveAttr { id, name } => {
                self.with_attrs(id)?;
                if self.tree.attr_text(id, name).is_none() {
                    return Err(fault("an attribute that is there", id));
                }
                self.swap_attr(id, name, None)?;
            }
            Op::SpliceAttr { id, name, at, delete, insert } => {
                self.with_attrs(id)?;
                let old = self.tree.attr_text(id, name).ok_or_else(|| fault("an attribute that is there", id))?;
                let new = self.spliced(old, at, delete, insert, id)?;
                self.swap_attr(id, name, Some(new))?;
            }
            Op::CountAttr { id, name, form, differences } => {
                self.with_attrs(id)?;
                let old = self.tree.attr_text(id, name).ok_or_else(|| fault("an attribute that is there", id))?;
                let new = self.counted(old, form, differences, id)?;
                self.swap_attr(id, name, Some(new))?;
            }
            Op::CountData { id, form, differences } => {
                self.with_data(id)?;
                let new = self.counted(self.tree.data_text(id), form, differences, id)?;
                self.swap_data(id, new);
            }
            Op::SetData { id, data } => {
                self.with_data(id)?;
                let new = self.tree.store(data).map_err(refused)?;
                self.swap_data(id, new);
            }
            Op::SpliceData { id, at, delete, insert } => {
                self.with_data(id)?;
                let new = self.spliced(self.tree.data_text(id), at, delete, insert, id)?;
                self.swap_data(id, new);
            }
        }
        Ok(())
    }

    fn live(&self, id: u32, expected: &'static str) -> std::result::Result<(), Fault> {
        if self.tree.is_live(id) { Ok(()) } else { Err(fault(expected, id)) }
    }

    fn with_attrs(&self, id: u32) -> std::result::Result<(), Fault> {
        self.live(id, "a node that is there")?;
        if self.tree.node(id).kind.has_attrs() { Ok(()) } else { Err(fault("a node with attributes", id)) }
    }

    fn with_data(&self, id: u32) -> std::result::Result<(), Fault> {
        self.live(id, "a node that is there")?;
        if self.tree.node(id).kind.has_data() { Ok(()) } else { Err(fault("a node with data", id)) }
    }

    /// Fragments come first below an element, and there is one at most; style sheets below the document come first too.
    fn fragment(&mut self, id: u32, kind: Kind) -> std::result::Result<(), Fault> {
        let parent = self.tree.node(self.parent);
        if parent.kind == Kind::Element {
            let mark = self.mark();
            let first = parent.first == mark;
            let single = mark == NONE || !self.tree.node(mark).kind.is_fragment();
            if !(first && single) {
                return Err(fault("one fragment only, as an element's first child", id));
            }
        }
        self.open(id, kind, NameId::NONE)
    }

    /// Where the next row goes: rows further down are always appended.
    const fn mark(&self) -> u32 {
        if self.depth == 0 { self.before } else { NONE }
    }

    fn create(&mut self, id: u32, kind: Kind, name: NameId, data: &[u8]) -> std::result::Result<(), Fault> {
        let (mark, parent) = (self.mark(), self.tree.node(self.parent).kind);
        if mark != NONE && self.tree.node(mark).kind.is_fragment() {
            return Err(fault("nothing before a fragment", id));
        }
        if !kind.fits_below(parent) {
            return Err((
                ErrorKind::Tree,
                "a node of a kind that fits below its parent",
                format!("{kind:?} below {parent:?}"),
            ));
        }
        self.tree.create(id, kind, name, data).map_err(refused)?;
        if self.depth == 0 {
            self.journal.steps.push(Step::Created(id));
        }
        self.tree.link(id, self.parent, self.mark());
        Ok(())
    }

    fn open(&mut self, id: u32, kind: Kind, name: NameId) -> std::result::Result<(), Fault> {
        self.create(id, kind, name, &[])?;
        self.parent = id;
        self.node = id;
        self.depth += 1;
        Ok(())
    }

    fn move_here(&mut self, id: u32) -> std::result::Result<(), Fault> {
        self.live(id, "a node to move")?;
        let node = *self.tree.node(id);
        let mark = self.mark();
        let fits = node.kind.fits_below(self.tree.node(self.parent).kind);
        if !fits || node.kind.is_fragment() || mark != NONE && self.tree.node(mark).kind.is_fragment() {
            return Err(fault("a node that can be moved here", id));
        }
        let above = id == self.parent || (node.first != NONE && self.tree.is_within(self.parent, id));
        if id == self.before || above {
            return Err(fault("a node to move that is not the place itself or above it", id));
        }
        self.journal.steps.push(Step::Moved { id, parent: node.parent, next: node.next });
        self.tree.unlink(id);
        self.tree.link(id, self.parent, self.mark());
        Ok(())
    }

    fn remove(&mut self, id: u32) -> std::result::Result<(), Fault> {
        self.live(id, "a node to remove")?;
        let node = *self.tree.node(id);
        if node.parent == NONE {
            return Err(fault("a node to remove that has a parent", id));
        }
        self.tree.unlink(id);
        self.tree.retire(id);
        self.journal.steps.push(Step::Removed { id, parent: node.parent, next: node.next });
        Ok(())
    }

    fn counted(&mut self, old: Text, form: Form, differences: &[u8], id: u32) -> std::result::Result<Text, Fault> {
        let mut new = Vec::new();
        numbers::apply(self.tree.stored(old), form, differences, &mut new)
            .ok_or_else(|| fault("as many numbers of nine digits at most", id))?;
        self.tree.store(&new).map_err(refused)
    }

    fn spliced(&mut self, old: Text, at: u32, delete: u32, insert: &[u8], id: u32) -> std::result::Result<Text, Fault> {
        let bytes = self.tree.stored(old);
        let (at, delete) = (at as usize, delete as usize);
        let end = at.checked_add(delete).filter(|end| *end <= bytes.len());
        let Some(end) = end.filter(|end| splice::is_boundary(bytes, at) && splice::is_boundary(bytes, *end)) else {
            let found = format!("{delete} bytes at {at} of {} in node {id}", bytes.len());
            return Err((ErrorKind::Tree, "a splice of whole characters within the string", found));
        };
        let mut new = Vec::with_capacity(bytes.len() - delete + insert.len());
        new.extend_from_slice(&bytes[..at]);
        new.extend_from_slice(insert);
        new.extend_from_slice(&bytes[end..]);
        self.tree.store(&new).map_err(refused)
    }

    fn swap_attr(&mut self, id: u32, name: NameId, new: Option<Text>) -> std::result::Result<(), Fault> {
        match self.tree.swap_attr(id, name, new) {
            Ok(old) => {
                self.journal.steps.push(Step::Attr { id, name, old });
                Ok(())
            }
            Err(why) => {
                self.tree.drop_text(new.unwrap_or_default());
                Err(refused(why))
            }
        }
    }

    fn swap_data(&mut self, id: u32, new: Text) {
        let old = self.tree.swap_data(id, new);
        self.journal.steps.push(Step::Data { id, old });
    }
}

impl Journal {
    /// Makes what was applied final: removed nodes are freed, their ids appended to `freed`, old strings dropped.
    pub fn commit(&mut self, tree: &mut Tree, freed: &mut Vec<u32>) {
        for step in self.steps.drain(..) {
            match step {
                Step::Removed { id, .. } => tree.free(id, |id| freed.push(id)),
                Step::Attr { old: Some(old), .. } | Step::Data { old, .. } => tree.drop_text(old),
                _ => {}
            }
        }
    }

    /// Takes back what was applied, last step first.
    pub fn roll_back(&mut self, tree: &mut Tree) {
        while let Some(step) = self.steps.pop() {
            match step {
                Step::Created(id) => {
                    tree.unlink(id);
                    tree.free(id, |_| ());
                }
                Step::Moved { id, parent, next } => {
                    tree.unlink(id);
                    tree.link(id, parent, next);
                }
                Step::Removed { id, parent, next } => {
                    tree.revive(id);
                    tree.link(id, parent, next);
                }
                Step::Attr { id, name, old } => {
                    // Room for it was there a moment ago.
                    let new = tree.swap_attr(id, name, old).ok().flatten();
                    tree.drop_text(new.unwrap_or_default());
                }
                Step::Data { id, old } => {
                    let new = tree.swap_data(id, old);
                    tree.drop_text(new);
                }
            }
        }
    }
}

fn fault(expected: &'static str, id: u32) -> Fault {
    (ErrorKind::Tree, expected, format!("node {id}"))
}

fn refused(why: Refused) -> Fault {
    match why {
        Refused::Id => (ErrorKind::Tree, "an unused id below the limit", "another".to_owned()),
        Refused::Text => (ErrorKind::Limit, "strings within the limit", "more".to_owned()),
        Refused::Attrs => (ErrorKind::Limit, "at most 1024 attributes on a node", "more".to_owned()),
    }
}
