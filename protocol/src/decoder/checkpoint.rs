//! A decoder's whole state as bytes, to go on from in the middle of a stream (`docs/recording-format.md` §5).
//!
//! A keyframe of the stream would not do: it starts names and registers afresh, and the deltas that follow in a recording were
//! written on top of older ones.

use super::{Decoder, Outcome};
use crate::{
    Error, ErrorKind,
    columns::Columns,
    encoder::write_tree,
    error::Result,
    frame::{self, Kind},
    names::Namespace,
    ops::{OpWriter, Registers},
    tree::{NONE, ROOT, Tree},
    varint,
};

impl Decoder {
    /// Appends the state: where the stream is, the names it has defined, and the tree; of a tree that the reader will have
    /// (`base`, an earlier one of the same key) only what differs from it.
    ///
    /// # Errors
    /// [`ErrorKind::Order`] when there is no tree yet, or one that lost step.
    pub fn checkpoint(&self, base: Option<&Tree>, out: &mut Vec<u8>) -> Result<()> {
        if self.needs_keyframe {
            return Err(Error::new(ErrorKind::Order, 0, "a tree that is in step", "none"));
        }
        for number in [self.seq, self.time, self.registers.last, self.registers.next] {
            varint::write(out, number);
        }
        varint::write(out, u32::try_from(self.dynamic.len()).unwrap_or(u32::MAX));
        for name in &self.dynamic {
            let (namespace, text) = self.tree.names.get(*name);
            out.push(namespace as u8);
            varint::write(out, u32::try_from(text.len()).unwrap_or(u32::MAX));
            out.extend_from_slice(text.as_bytes());
        }
        out.extend_from_slice(&self.tree.key().0.to_le_bytes());
        out.extend_from_slice(&self.tree.hash().to_le_bytes());
        let mut writer = OpWriter::default();
        match base.filter(|base| base.key() == self.tree.key()) {
            Some(base) => {
                let (sums, before) = (subtree_sums(&self.tree), subtree_sums(base));
                let is_known = |id: u32| {
                    let at = id as usize;
                    !self.tree.node(id).kind.is_fragment()
                        && sums.get(at).zip(before.get(at)).is_some_and(|(sum, before)| sum.is_some() && sum == before)
                };
                write_tree(&mut writer, &self.tree, is_known);
            }
            None => write_tree(&mut writer, &self.tree, |_| false),
        }
        let columns: &Columns = writer.columns();
        columns.finish(out);
        Ok(())
    }

    /// Takes the state that [`Decoder::checkpoint`] has written; with `has_base` on top of the tree that is there. With an error
    /// only a keyframe or another checkpoint helps.
    ///
    /// # Errors
    /// Those of [`Decoder::push`]; offsets count from the checkpoint's first byte.
    pub fn restore(&mut self, bytes: &[u8], has_base: bool) -> Result<()> {
        let mut at = 0;
        let short = |at: usize| Error::new(ErrorKind::Syntax, at, "a number", "other bytes");
        let mut numbers = [0; 5];
        for number in &mut numbers {
            *number = varint::read(bytes, &mut at).ok_or_else(|| short(at))?;
        }
        let [seq, time, last, next, count] = numbers;
        if count > self.limits.names {
            let expected = format!("at most {} names", self.limits.names);
            return Err(Error::new(ErrorKind::Limit, at, expected, count.to_string()).in_frame(seq));
        }
        let mut names = Vec::new();
        for _ in 0..count {
            let start = at;
            let namespace = bytes.get(at).and_then(|tag| Namespace::from_tag(*tag));
            at += 1;
            let len = varint::read(bytes, &mut at).map(|len| len as usize);
            let text = len.and_then(|len| bytes.get(at..at.checked_add(len)?));
            let text = text.and_then(|text| std::str::from_utf8(text).ok());
            let (Some(namespace), Some(text)) = (namespace, text) else {
                let expected = "a namespace from 0 to 8, a length and as many bytes of UTF-8";
                return Err(Error::new(ErrorKind::Syntax, start, expected, "other bytes").in_frame(seq));
            };
            at += text.len();
            names.push((namespace, text));
        }
        let kind = if has_base { Kind::Repair } else { Kind::Keyframe };
        let mut whole = Vec::new();
        frame::write(&mut whole, kind, seq, time, 0, bytes.get(at..).unwrap_or_default())?;
        let offset = |error: Error| {
            let into = error.offset.saturating_sub(whole.len() - (bytes.len() - at));
            Error { offset: at + into, ..error }
        };
        let outcome = self.push(&whole).map_err(offset)?;
        debug_assert!(outcome != Outcome::Changed);
        self.dynamic.clear();
        for (namespace, text) in names {
            let name = self.tree.names.intern(namespace, text);
            self.dynamic.push(name);
        }
        self.registers = Registers { last, next };
        // What the tree came from are no operations of the stream.
        self.raw.clear();
        self.freed.clear();
        self.broken = None;
        Ok(())
    }

    /// The body of the frame that was applied last, inflated.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.raw
    }
}

/// The sum of the subtree of each id ([`crate::repair`]); none for what is not in the document.
fn subtree_sums(tree: &Tree) -> Vec<Option<u64>> {
    let mut sums = vec![None; tree.capacity()];
    let mut order = Vec::new();
    let mut at = ROOT;
    while at != NONE {
        order.push(at);
        at = tree.following(at, ROOT);
    }
    // Of each node first the terms below it.
    let mut below = vec![0_u64; tree.capacity()];
    for id in order.into_iter().rev() {
        let inner = below[id as usize];
        sums[id as usize] = (id != ROOT).then(|| inner.wrapping_add(tree.own_term(id)));
        let parent = tree.node(id).parent;
        if parent != NONE {
            let sum = &mut below[parent as usize];
            *sum = sum.wrapping_add(inner).wrapping_add(tree.term(id));
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, encoder::Encoder, hash::Key, tree::Kind as NodeKind};

    /// A page of 200 paragraphs, and an encoder that goes on.
    fn page() -> (Encoder, Decoder) {
        let mut encoder = Encoder::new(Key(9), &Limits::DEFAULT);
        let p = encoder.mirror_mut().names.intern(Namespace::Html, "p");
        let own = encoder.mirror_mut().names.intern(Namespace::None, "data-own");
        encoder.begin();
        encoder.run(ROOT, NONE);
        for index in 0..200 {
            let id = encoder.element(p).unwrap();
            encoder.attr(id, own, b"1").unwrap();
            encoder.leaf(NodeKind::Text, format!("paragraph {index}").as_bytes()).unwrap();
            encoder.up();
        }
        encoder.end_run();
        let mut decoder = Decoder::new(Limits::DEFAULT);
        decoder.push(encoder.keyframe(3).unwrap()).unwrap();
        (encoder, decoder)
    }

    /// What uses names and ids of before.
    fn change(encoder: &mut Encoder, round: u32) -> Vec<u8> {
        let p = encoder.mirror_mut().names.intern(Namespace::Html, "p");
        let name = encoder.mirror_mut().names.intern(Namespace::None, &format!("data-{}", round % 3));
        encoder.begin();
        encoder.set_data(2 + 2 * (round % 90), format!("round {round}").as_bytes()).unwrap();
        encoder.set_attr(1 + 2 * (round % 90), name, b"x").unwrap();
        encoder.run(ROOT, NONE);
        encoder.element(p).unwrap();
        encoder.up();
        encoder.end_run();
        encoder.delta(10 + round).unwrap().unwrap().to_vec()
    }

    /// Frames as a recording keeps them need no deflate of before.
    fn plain(decoder: &Decoder, bytes: &[u8]) -> Vec<u8> {
        let header = frame::read(bytes, &Limits::DEFAULT).unwrap().header;
        let mut out = Vec::new();
        frame::write(&mut out, header.kind, header.seq, header.time, 0, decoder.body()).unwrap();
        out
    }

    #[test]
    fn another_decoder_goes_on_from_a_checkpoint() {
        let (mut encoder, mut decoder) = page();
        let base = decoder.tree().clone();
        let mut first = Vec::new();
        decoder.checkpoint(None, &mut first).unwrap();
        let mut frames = Vec::new();
        for round in 0..40 {
            let frame = change(&mut encoder, round);
            decoder.push(&frame).unwrap();
            if round == 20 {
                let (mut whole, mut part) = (Vec::new(), Vec::new());
                decoder.checkpoint(None, &mut whole).unwrap();
                decoder.checkpoint(Some(&base), &mut part).unwrap();
                assert!(part.len() * 2 < whole.len(), "{} of {}", part.len(), whole.len());
                frames.push(whole);
                frames.push(part);
            } else if round > 20 {
                frames.push(plain(&decoder, &frame));
            }
        }
        let (checkpoints, frames) = frames.split_at(2);
        for has_base in [false, true] {
            let mut other = Decoder::new(Limits::DEFAULT);
            if has_base {
                other.restore(&first, false).unwrap();
            }
            other.restore(&checkpoints[usize::from(has_base)], has_base).unwrap();
            for frame in frames {
                other.push(frame).unwrap();
            }
            assert_eq!(other.tree().difference(decoder.tree()), None);
            assert_eq!((other.tree().hash(), other.seq()), (decoder.tree().hash(), decoder.seq()));
        }
    }

    #[test]
    fn a_damaged_checkpoint_gives_an_error() {
        let (_, decoder) = page();
        let mut bytes = Vec::new();
        decoder.checkpoint(None, &mut bytes).unwrap();
        assert!(Decoder::new(Limits::DEFAULT).checkpoint(None, &mut Vec::new()).is_err());
        for len in 0..bytes.len() {
            let error = Decoder::new(Limits::DEFAULT).restore(&bytes[..len], false).unwrap_err();
            assert!(error.offset <= len, "{len}: {error}");
        }
    }
}
