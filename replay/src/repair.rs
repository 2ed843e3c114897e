//! What a repair changes in a rebuilt page: only what differs between the tree before it and the tree after it is touched,
//! so that the agent's view keeps its place, and what loads or plays goes on.

use crate::commands::Commands;
use protocol::{
    decoder::Decoder,
    ops::Op,
    tree::{NONE, ROOT, Tree},
};

/// Two trees and what they share.
struct Mended<'a> {
    old: &'a Tree,
    new: &'a Tree,
    /// Tops of subtrees that the repair left alone, ascending.
    kept: Vec<u32>,
}

impl Mended<'_> {
    fn is_kept(&self, id: u32) -> bool {
        self.kept.binary_search(&id).is_ok()
    }

    /// Whether the page's node of this id is the one that the new tree means.
    fn stays(&self, id: u32) -> bool {
        if id == ROOT || self.is_kept(id) {
            return true;
        }
        let (old, new) = (self.old.node(id), self.new.node(id));
        // A fragment cannot move, nor be taken over by another element that got its parent's id.
        let fits = !new.kind.is_fragment() || old.parent == new.parent && self.stays(new.parent);
        self.old.is_live(id) && old.kind == new.kind && old.name == new.name && fits
    }

    /// The next node in tree order; what was left alone is passed over.
    fn following(&self, id: u32) -> u32 {
        if self.is_kept(id) { self.new.following_skipping(id, ROOT) } else { self.new.following(id, ROOT) }
    }

    /// Whether there is something that a page cannot take back: a shadow root or a template's content.
    fn is_beyond(&self) -> bool {
        let ids = 0..u32::try_from(self.old.capacity()).unwrap_or(NONE);
        ids.into_iter().any(|id| {
            let node = self.old.node(id);
            let parent = node.parent;
            let is_same = self.new.is_live(id) && self.new.node(id).parent == parent && self.stays(id);
            self.old.is_live(id)
                && node.kind.is_fragment()
                && !is_same
                && self.new.is_live(parent)
                && self.stays(parent)
        })
    }
}

impl Commands {
    /// Says what the repair that was applied last changes; `false` where the page is better built anew. The names are
    /// those told before: both trees have them in common.
    pub(crate) fn repair(&mut self, decoder: &Decoder) -> bool {
        let Some(old) = decoder.broken() else { return false };
        let mut kept = Vec::new();
        let mut ops = decoder.ops();
        while let Ok(Some(op)) = ops.next() {
            if let Op::Known { id } = op {
                kept.push(id);
            }
        }
        kept.sort_unstable();
        let mended = Mended { old, new: decoder.tree(), kept };
        if mended.is_beyond() {
            return false;
        }
        // An id that means another node now: the one it meant goes first.
        let ids = 0..u32::try_from(old.capacity()).unwrap_or(NONE);
        for id in ids.clone().filter(|id| old.is_live(*id) && mended.new.is_live(*id) && !mended.stays(*id)) {
            self.remove(id);
        }
        let mut at = ROOT;
        while at != NONE {
            if mended.stays(at) && !mended.is_kept(at) {
                self.mend(&mended, at);
            }
            at = mended.following(at);
        }
        for id in ids.filter(|id| old.is_live(*id) && !mended.new.is_live(*id)) {
            if mended.new.is_live(old.node(id).parent) {
                self.remove(id);
            }
        }
        true
    }

    /// A node that is there: what it says, and which children it has.
    fn mend(&mut self, mended: &Mended<'_>, id: u32) {
        let Mended { old, new, .. } = mended;
        for (name, value) in new.attrs(id) {
            if old.attr(id, name) != Some(value) {
                self.attr(new, id, name, value);
            }
        }
        for (name, _) in old.attrs(id) {
            if new.attr(id, name).is_none() {
                self.no_attr(new, id, name);
            }
        }
        if new.node(id).kind.has_data() && old.data(id) != new.data(id) {
            self.data(new, id);
        }
        let common = |one: &'_ Tree, other: &'_ Tree| -> Vec<u32> {
            let is_common = |child: &u32| other.node(*child).parent == id && mended.stays(*child);
            one.children(id).filter(|child| is_common(child) && !new.node(*child).kind.is_fragment()).collect()
        };
        let in_order = common(old, new) == common(new, old);
        let is_in_place = |child: u32| {
            let may_stay = in_order || new.node(child).kind.is_fragment();
            may_stay && mended.stays(child) && old.node(child).parent == id
        };
        let mut child = new.node(id).first;
        while child != NONE {
            if is_in_place(child) {
                child = new.node(child).next;
                continue;
            }
            let first = child;
            while child != NONE && !is_in_place(child) {
                child = new.node(child).next;
            }
            let mut before = child;
            while before != NONE && new.node(before).kind.is_fragment() {
                before = new.node(before).next;
            }
            self.place(id, before);
            let mut at = first;
            while at != child {
                self.row(mended, at);
                at = new.node(at).next;
            }
            self.end();
        }
    }

    /// A node in its place, with all that is new below it.
    fn row(&mut self, mended: &Mended<'_>, top: u32) {
        let new = mended.new;
        let mut id = top;
        loop {
            if mended.stays(id) {
                self.known(id);
            } else {
                self.node(new, id);
                let node = new.node(id);
                if node.first != NONE {
                    id = node.first;
                    continue;
                }
                if node.kind.has_children() {
                    self.up();
                }
            }
            while id != top && new.node(id).next == NONE {
                id = new.node(id).parent;
                self.up();
            }
            if id == top {
                return;
            }
            id = new.node(id).next;
        }
    }
}
