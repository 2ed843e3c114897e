//! Which parts of a tree are still right, when its hash is not: sums of subtrees, told by the player and compared by the
//! recorder (`docs/wire-format.md` §8).
//!
//! A subtree's sum is that of the terms of all below its top, and of the top's content: where the top stands is its
//! parent's affair. Two subtrees of the same ids with the same sum are the same, as two trees of the same hash are.

use crate::{
    sort::sort,
    tree::{NONE, ROOT, Refused, Tree},
};
use std::collections::BinaryHeap;

/// A subtree's top and its sum.
pub type Sum = (u32, u64);

/// So many subtrees are told of at most, in 6 KB.
pub const MOST_SUMS: usize = 512;

/// Sums as bytes: twelve for each, the id and the sum, little endian.
#[must_use]
pub fn write(sums: &[Sum]) -> Vec<u8> {
    sums.iter().flat_map(|(id, sum)| id.to_le_bytes().into_iter().chain(sum.to_le_bytes())).collect()
}

/// The sums that [`write`] has written; what is too short for one is left out.
#[must_use]
pub fn read(bytes: &[u8]) -> Vec<Sum> {
    let (sums, _) = bytes.as_chunks::<12>();
    let word =
        |bytes: &[u8; 12], at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    sums.iter().map(|bytes| (word(bytes, 0), u64::from(word(bytes, 8)) << 32 | u64::from(word(bytes, 4)))).collect()
}

/// A subtree of fewer nodes is sent sooner than told of.
const LEAST_NODES: u32 = 4;

impl Tree {
    /// The sum of a subtree.
    #[must_use]
    pub fn sum(&self, top: u32) -> u64 {
        let mut sum = self.own_term(top);
        let mut at = self.following(top, top);
        while at != NONE {
            sum = sum.wrapping_add(self.term(at));
            at = self.following(at, top);
        }
        sum
    }

    /// Sums of subtrees that lie beside each other and hold most of the tree, [`MOST_SUMS`] at most, ascending by id: the
    /// largest are told by their children as long as there is room.
    #[must_use]
    pub fn sums(&self) -> Vec<Sum> {
        let sizes = self.sizes();
        let size = |id: u32| sizes.get(id as usize).copied().unwrap_or(0);
        let parts = |id: u32| self.children(id).filter(move |child| size(*child) >= LEAST_NODES);
        let mut open = BinaryHeap::from([(size(ROOT), ROOT)]);
        let mut done = Vec::new();
        while let Some((_, id)) = open.pop() {
            // A shadow root, a sheet or a frame's document cannot be told of apart from its host.
            let must = id == ROOT || self.node(id).kind.is_fragment();
            let count = parts(id).count();
            if must || count > 0 && open.len() + done.len() + count <= MOST_SUMS {
                if open.len() + done.len() + count <= MOST_SUMS {
                    open.extend(parts(id).map(|child| (size(child), child)));
                }
            } else {
                done.push((id, self.sum(id)));
            }
        }
        done.sort_unstable();
        done
    }

    /// How many nodes there are in the subtree of each id; 0 for what is not in the document.
    fn sizes(&self) -> Vec<u32> {
        let mut sizes = vec![0; self.capacity()];
        let mut order = Vec::new();
        let mut at = ROOT;
        while at != NONE {
            order.push(at);
            at = self.following(at, ROOT);
        }
        for id in order.into_iter().rev() {
            sizes[id as usize] += 1;
            let parent = self.node(id).parent;
            if parent != NONE {
                sizes[parent as usize] += sizes[id as usize];
            }
        }
        sizes
    }

    /// Of the subtrees that another tree tells of (ascending by id), those that are the same here, ascending.
    pub(crate) fn equal(&self, sums: &[Sum]) -> Vec<u32> {
        let mut equal = Vec::new();
        let mut at = ROOT;
        while at != NONE {
            let told = sums.binary_search_by_key(&at, |sum| sum.0).ok().and_then(|index| sums.get(index));
            at = match told {
                Some((_, sum)) if at != ROOT && !self.node(at).kind.is_fragment() => {
                    if self.sum(at) == *sum {
                        equal.push(at);
                    }
                    self.following_skipping(at, ROOT)
                }
                _ => self.following(at, ROOT),
            };
        }
        sort(&mut equal, |id| u64::from(*id));
        equal
    }

    /// Takes over a subtree of another tree that has the same names; it is detached here.
    ///
    /// # Errors
    /// [`Refused`] when an id is in use, or a limit is exceeded; part of it may be there then.
    pub(crate) fn adopt(&mut self, from: &Self, top: u32) -> Result<(), Refused> {
        let mut at = top;
        while at != NONE {
            let node = from.node(at);
            self.create(at, node.kind, node.name, from.data(at))?;
            for (name, value) in from.attrs(at) {
                self.set_attr(at, name, value)?;
            }
            if at != top {
                self.link(at, node.parent, NONE);
            }
            at = from.following(at, top);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ErrorKind, Limits,
        decoder::{Decoder, Outcome},
        encoder::Encoder,
        hash::Key,
        names::{NameId, Namespace},
        tree::Kind,
    };

    const LIST: u32 = 300;

    /// A page of lists of items with a text each.
    fn page(encoder: &mut Encoder) -> (NameId, NameId) {
        let names = &mut encoder.mirror_mut().names;
        let (ul, li) = (names.intern(Namespace::Html, "ul"), names.intern(Namespace::Html, "li"));
        encoder.begin();
        encoder.run(ROOT, NONE);
        encoder.element(ul).unwrap();
        for list in 0..LIST {
            encoder.element(ul).unwrap();
            for item in 0..8 {
                encoder.element(li).unwrap();
                encoder.leaf(Kind::Text, format!("item {item} of list {list}").as_bytes()).unwrap();
                encoder.up();
            }
            encoder.up();
        }
        encoder.up();
        encoder.end_run();
        (ul, li)
    }

    /// The tops of the lists.
    const fn list(index: u32) -> u32 {
        2 + index * 17
    }

    #[test]
    fn sums_say_which_subtrees_are_the_same() {
        let mut encoder = Encoder::new(Key(3), &Limits::DEFAULT);
        page(&mut encoder);
        encoder.keyframe(0).unwrap();
        let tree = encoder.mirror();
        let sums = tree.sums();
        assert_eq!(sums.iter().map(|(id, _)| *id).collect::<Vec<_>>(), (0..LIST).map(list).collect::<Vec<_>>());
        assert_eq!(tree.equal(&read(&write(&sums))).len(), LIST as usize);
        let mut wrong = sums;
        wrong[7].1 ^= 1;
        let equal = tree.equal(&wrong);
        assert_eq!((equal.len(), equal.contains(&list(7))), (LIST as usize - 1, false));
        // What is told of twice, or not there, or no place for it, is no reason to fail.
        assert_eq!(tree.equal(&[(0, 1), (1, 2), (2, 3), (u32::MAX - 1, 4)]), []);
    }

    #[test]
    fn a_tree_that_lost_frames_gets_what_it_lacks_and_no_more() {
        let mut encoder = Encoder::new(Key(3), &Limits::DEFAULT);
        let (_, li) = page(&mut encoder);
        let keyframe = encoder.keyframe(0).unwrap().to_vec();
        let mut decoder = Decoder::new(Limits::DEFAULT);
        decoder.push(&keyframe).unwrap();
        let mut in_step = Decoder::new(Limits::DEFAULT);
        in_step.push(&keyframe).unwrap();
        // Lost: a text, an item that goes, one that comes and takes its id later, a list that moves.
        let mut lost = Vec::new();
        for step in 0..3 {
            encoder.begin();
            match step {
                0 => {
                    encoder.set_data(list(3) + 2, b"changed").unwrap();
                    encoder.gone(list(5) + 1);
                }
                1 => {
                    encoder.run(list(9), NONE);
                    encoder.element(li).unwrap();
                    encoder.leaf(Kind::Comment, b"new").unwrap();
                    encoder.up();
                    encoder.end_run();
                }
                _ => {
                    encoder.run(1, list(0));
                    encoder.known(list(20));
                    encoder.end_run();
                }
            }
            lost.push(encoder.delta(step).unwrap().unwrap().to_vec());
        }
        for frame in &lost {
            in_step.push(frame).unwrap();
        }
        assert_eq!(decoder.push(&lost[1]).unwrap_err().kind, ErrorKind::Order);
        let repair = encoder.repair(4, &decoder.tree().sums()).unwrap().to_vec();
        assert!(repair.len() * 4 < keyframe.len(), "{} of {}", repair.len(), keyframe.len());
        let hash = encoder.mirror().hash();
        assert_eq!(decoder.push(&repair), Ok(Outcome::Repaired));
        assert_eq!((decoder.tree().hash(), decoder.tree().recomputed_hash()), (hash, hash));
        assert_eq!(decoder.tree().difference(encoder.mirror()), None);
        assert!(decoder.broken().is_some());
        assert_eq!(in_step.push(&repair), Ok(Outcome::InStep));
        // And on from there, both.
        encoder.begin();
        encoder.set_data(list(4) + 2, b"later").unwrap();
        let next = encoder.delta(5).unwrap().unwrap().to_vec();
        for decoder in [&mut decoder, &mut in_step] {
            assert_eq!(decoder.push(&next), Ok(Outcome::Changed));
            assert_eq!(decoder.tree().hash(), encoder.mirror().hash());
        }
    }

    #[test]
    fn a_repair_of_another_tree_is_refused_and_changes_nothing() {
        let mut encoder = Encoder::new(Key(3), &Limits::DEFAULT);
        page(&mut encoder);
        let keyframe = encoder.keyframe(0).unwrap().to_vec();
        let repair = encoder.repair(1, &encoder.mirror().sums()).unwrap().to_vec();
        let mut other = Encoder::new(Key(4), &Limits::DEFAULT);
        page(&mut other);
        let mut decoder = Decoder::new(Limits::DEFAULT);
        assert_eq!(decoder.push(&repair).unwrap_err().kind, ErrorKind::Order, "no tree yet");
        decoder.push(other.keyframe(0).unwrap()).unwrap();
        let before = decoder.tree().hash();
        assert_eq!(decoder.push(&repair).unwrap_err().kind, ErrorKind::Order, "another stream");
        assert_eq!(decoder.tree().hash(), before);
        // The same stream, but without a subtree that is said to be there.
        let mut decoder = Decoder::new(Limits::DEFAULT);
        decoder.push(&keyframe).unwrap();
        encoder.begin();
        encoder.gone(list(8));
        let gone = encoder.delta(2).unwrap().unwrap().to_vec();
        assert_eq!(decoder.push(&repair), Ok(Outcome::InStep));
        decoder.push(&gone).unwrap();
        let error = decoder.push(&repair).unwrap_err();
        assert_eq!((error.kind, error.found.as_ref()), (ErrorKind::Tree, "node 138"));
        assert!(decoder.needs_keyframe());
        assert_eq!(decoder.push(&keyframe), Ok(Outcome::Rebuilt));
    }

    #[test]
    fn sums_that_fit_nothing_give_a_keyframe() {
        let mut encoder = Encoder::new(Key(3), &Limits::DEFAULT);
        page(&mut encoder);
        let repair = encoder.repair(1, &[(5, 5)]).unwrap().to_vec();
        assert_eq!(Decoder::new(Limits::DEFAULT).push(&repair), Ok(Outcome::Rebuilt));
    }
}
