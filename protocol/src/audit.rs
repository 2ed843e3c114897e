//! Checks of a whole tree, for tests: what is kept up to date is computed afresh, two trees are compared node by node.

use crate::tree::{Kind, NONE, ROOT, Tree};

impl Tree {
    /// The hash computed afresh from every node. For checks; O(nodes).
    #[must_use]
    pub fn recomputed_hash(&self) -> u64 {
        let mut sum = 0_u64;
        for id in 0..u32::try_from(self.capacity()).unwrap_or(u32::MAX) {
            if self.node(id).kind != Kind::Free && self.is_hashed(id) {
                sum = sum.wrapping_add(self.term(id));
            }
        }
        sum
    }

    /// The first difference to another tree, in words: same ids, same nodes, same order. For checks; O(nodes).
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<String> {
        let (mut id, mut count) = (ROOT, 0_u32);
        while id != NONE {
            count += 1;
            let (a, b) = (self.node(id), other.node(id));
            let names = (self.names.get(a.name), other.names.get(b.name));
            if a.kind != b.kind || names.0 != names.1 || self.data(id) != other.data(id) {
                return Some(format!("node {id}: {:?} {:?}, other {:?} {:?}", a.kind, names.0, b.kind, names.1));
            }
            let last = (self.last(id), other.last(id));
            if (a.parent, a.prev, a.next, a.first, last.0) != (b.parent, b.prev, b.next, b.first, last.1) {
                return Some(format!("node {id}: links differ: {a:?}, other {b:?}"));
            }
            let sorted = |tree: &Self| {
                let mut attrs: Vec<_> =
                    tree.attrs(id).map(|(name, value)| (tree.names.get(name).1.to_owned(), value.to_vec())).collect();
                attrs.sort();
                attrs
            };
            let attrs = (sorted(self), sorted(other));
            if attrs.0 != attrs.1 {
                return Some(format!("node {id}: attributes {:?}, other {:?}", attrs.0, attrs.1));
            }
            id = self.following(id, ROOT);
        }
        (other.count() != count).then(|| format!("{count} nodes, other {}", other.count()))
    }
}
