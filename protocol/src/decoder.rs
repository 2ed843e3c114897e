//! The receiving end: frames are checked, inflated, and applied to the player's tree, whole or not at all.

mod checkpoint;

use crate::{
    Error, ErrorKind, Limits,
    apply::{self, Journal},
    columns::Cursors,
    encoder::SYNC_TAIL,
    error::Result,
    frame::{self, Frame, Header, Kind},
    hash::{self, Key},
    names::NameId,
    ops::{self, Op, OpReader, Registers},
    tree::Tree,
};
use flate2::{Decompress, FlushDecompress, Status};

/// The most that deflate makes of one byte; a claim of more is refused before memory is taken.
const MAX_RATIO: usize = 1032;

/// What a frame did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The tree was built afresh.
    Rebuilt,
    /// The tree was changed.
    Changed,
    /// A keyframe or repair found the tree as it should be; nothing was changed.
    InStep,
    /// The tree was mended; what it was is [`Decoder::broken`].
    Repaired,
}

/// The receiving end of one stream.
pub struct Decoder {
    limits: Limits,
    tree: Tree,
    broken: Option<Tree>,
    inflate: Decompress,
    raw: Vec<u8>,
    dynamic: Vec<NameId>,
    registers: Registers,
    /// The registers before the frame that was applied last, to read its operations again.
    before: Registers,
    ops_at: usize,
    journal: Journal,
    freed: Vec<u32>,
    seq: u32,
    time: u32,
    needs_keyframe: bool,
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").field("seq", &self.seq).field("nodes", &self.tree.count()).finish_non_exhaustive()
    }
}

impl Decoder {
    /// A decoder that waits for its first keyframe.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            tree: Tree::new(Key(0), &limits),
            broken: None,
            limits,
            inflate: Decompress::new(false),
            raw: Vec::new(),
            dynamic: Vec::new(),
            registers: Registers::default(),
            before: Registers::default(),
            ops_at: 0,
            journal: Journal::default(),
            freed: Vec::new(),
            seq: 0,
            time: 0,
            needs_keyframe: true,
        }
    }

    /// The tree after the last frame that was applied.
    #[must_use]
    pub const fn tree(&self) -> &Tree {
        &self.tree
    }

    /// What is accepted.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The sequence number of that frame, 0 before the first.
    #[must_use]
    pub const fn seq(&self) -> u32 {
        self.seq
    }

    /// Its time, in milliseconds since the stream began.
    #[must_use]
    pub const fn time(&self) -> u32 {
        self.time
    }

    /// Whether only a keyframe can be applied: none came yet, or a frame could not be applied.
    #[must_use]
    pub const fn needs_keyframe(&self) -> bool {
        self.needs_keyframe
    }

    /// The tree as it was before a repair, when that was the last frame applied.
    #[must_use]
    pub const fn broken(&self) -> Option<&Tree> {
        self.broken.as_ref()
    }

    /// The ids that the frame that was applied last has freed.
    #[must_use]
    pub fn freed(&self) -> &[u32] {
        &self.freed
    }

    /// The operations of the frame that was applied last, for whoever keeps a copy of the tree (the rebuilt page).
    #[must_use]
    pub fn ops(&self) -> OpReader<'_, '_> {
        let cursors = Cursors::split(&self.raw, self.ops_at).unwrap_or_default();
        OpReader::new(cursors, self.before, &self.dynamic)
    }

    /// Takes a keyframe, repair or delta. A frame that gives an error has changed nothing. Damaged frames and frames out of
    /// order leave the decoder waiting for the right one; after one that could be inflated but not applied, only a
    /// keyframe or repair helps ([`Decoder::needs_keyframe`]).
    ///
    /// # Errors
    /// Every [`ErrorKind`]; the error names the frame, the offset, and what was expected there.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Outcome> {
        let frame = frame::read(bytes, &self.limits)?;
        let Header { kind, seq, time, .. } = frame.header;
        self.broken = None;
        let outcome = match kind {
            Kind::Keyframe | Kind::Repair => self.whole(&frame),
            Kind::Delta => self.delta(&frame),
            Kind::Control => {
                let found = "a control frame";
                return Err(Error::new(ErrorKind::Foreign, 0, "a keyframe, repair or delta", found).in_frame(seq));
            }
        };
        let outcome = outcome.map_err(|error| error.in_frame(seq))?;
        (self.seq, self.time, self.needs_keyframe) = (seq, time, false);
        Ok(outcome)
    }

    /// A keyframe, or a repair, which takes some subtrees from the tree that is there.
    fn whole(&mut self, frame: &Frame<'_>) -> Result<Outcome> {
        let is_repair = frame.header.kind == Kind::Repair;
        let in_step = !self.needs_keyframe && frame.header.seq == self.seq.wrapping_add(1);
        // From here on deltas of before this keyframe can no longer be read; steps on a tree that was refused are of no use.
        self.needs_keyframe = true;
        self.journal = Journal::default();
        self.inflate.reset(false);
        self.dynamic.clear();
        self.before = Registers::default();
        self.inflate(frame)?;
        let (Some(key), Some(hash)) = (word(&self.raw, 0), word(&self.raw, 8)) else {
            return Err(short(frame, self.raw.len(), "a key and a hash of 8 bytes each"));
        };
        if is_repair && self.tree.key() != Key(key) {
            let found = "one of another stream";
            return Err(Error::new(ErrorKind::Order, frame.header_len, "a repair of the tree that is there", found));
        }
        self.ops_at = 16;
        let offset = frame.header_len;
        let mut tree = Tree::new(Key(key), &self.limits);
        if is_repair {
            tree.names = self.tree.names.clone();
        }
        let registers = self.check(&mut tree, offset)?;
        if is_repair {
            let mut ops = self.ops();
            while let Ok(Some(op)) = ops.next() {
                let Op::Known { id } = op else { continue };
                if !self.tree.is_live(id) || tree.adopt(&self.tree, id).is_err() {
                    let found = format!("node {id}");
                    return Err(Error::new(ErrorKind::Tree, offset, "a subtree that is there once", found));
                }
            }
        }
        self.apply(&mut tree, registers, offset)?;
        if tree.hash() != hash {
            return Err(drift(frame, hash::fold(hash), hash::fold(tree.hash())));
        }
        let same = in_step && self.tree.key() == tree.key() && self.tree.hash() == hash;
        self.freed.clear();
        self.journal.commit(&mut tree, &mut self.freed);
        let before = std::mem::replace(&mut self.tree, tree);
        Ok(match (same, is_repair) {
            (true, _) => Outcome::InStep,
            (false, false) => Outcome::Rebuilt,
            (false, true) => {
                let ids = 0..u32::try_from(before.capacity()).unwrap_or(u32::MAX);
                self.freed.extend(ids.filter(|id| before.is_live(*id) && !self.tree.is_live(*id)));
                self.broken = Some(before);
                Outcome::Repaired
            }
        })
    }

    fn delta(&mut self, frame: &Frame<'_>) -> Result<Outcome> {
        let next = self.seq.wrapping_add(1);
        if self.needs_keyframe {
            return Err(Error::new(ErrorKind::Order, 0, "a keyframe", "a delta"));
        }
        if frame.header.seq != next {
            let found = frame.header.seq.to_string();
            return Err(Error::new(ErrorKind::Order, 1, format!("sequence number {next}"), found));
        }
        self.needs_keyframe = true;
        self.before = self.registers;
        self.inflate(frame)?;
        let Some(hash) = self.raw.first_chunk().map(|bytes| u32::from_le_bytes(*bytes)) else {
            return Err(short(frame, self.raw.len(), "a hash of 4 bytes"));
        };
        self.ops_at = 4;
        let mut tree = std::mem::replace(&mut self.tree, Tree::new(Key(0), &Limits { nodes: 1, ..self.limits }));
        let offset = frame.header_len;
        let mut applied = self.check(&mut tree, offset).and_then(|registers| self.apply(&mut tree, registers, offset));
        if applied.is_ok() && hash::fold(tree.hash()) != hash {
            applied = Err(drift(frame, hash, hash::fold(tree.hash())));
        }
        if applied.is_ok() {
            self.freed.clear();
            self.journal.commit(&mut tree, &mut self.freed);
        } else {
            self.journal.roll_back(&mut tree);
        }
        self.tree = tree;
        applied.map(|()| Outcome::Changed)
    }

    /// Checks the whole body, and gives the registers behind it.
    fn check(&mut self, tree: &mut Tree, offset: usize) -> Result<Registers> {
        let cursors = Cursors::split(&self.raw, self.ops_at).map_err(|error| error.after(offset))?;
        ops::check(cursors, self.before, &mut self.dynamic, &mut tree.names, self.limits.names)
            .map_err(|error| error.after(offset))
    }

    /// Applies a body that was checked.
    fn apply(&mut self, tree: &mut Tree, registers: Registers, offset: usize) -> Result<()> {
        let cursors = Cursors::split(&self.raw, self.ops_at).map_err(|error| error.after(offset))?;
        let reader = OpReader::new(cursors, self.before, &self.dynamic);
        apply::apply(tree, reader, &mut self.journal).map_err(|error| error.after(offset))?;
        self.registers = registers;
        Ok(())
    }

    /// Fills `raw` with the body.
    fn inflate(&mut self, frame: &Frame<'_>) -> Result<()> {
        self.raw.clear();
        let Header { raw_len, apart, .. } = frame.header;
        if raw_len == 0 {
            self.raw.extend_from_slice(frame.body);
            return Ok(());
        }
        // The header's reader has seen that it fits.
        let (body, apart) = frame.body.split_at(frame.body.len() - apart as usize);
        let len = raw_len as usize - apart.len();
        let most = (body.len() + SYNC_TAIL.len()).saturating_mul(MAX_RATIO);
        if len > most {
            let expected = format!("at most {most} bytes from a body of {}", body.len());
            return Err(Error::new(ErrorKind::Limit, frame.header_len, expected, format!("{len} bytes claimed")));
        }
        // One byte more than claimed, to notice a body that goes on.
        self.raw.resize(len + 1, 0);
        let mut written = 0;
        for (start, input) in [(0, body), (body.len(), &SYNC_TAIL[..])] {
            let mut read = 0;
            while read < input.len() {
                let before = (self.inflate.total_in(), self.inflate.total_out());
                let status = self.inflate.decompress(&input[read..], &mut self.raw[written..], FlushDecompress::Sync);
                let (took, gave) = (self.inflate.total_in() - before.0, self.inflate.total_out() - before.1);
                read += usize::try_from(took).unwrap_or(usize::MAX);
                written += usize::try_from(gave).unwrap_or(usize::MAX);
                let stuck = took == 0 && gave == 0;
                if stuck || !matches!(status, Ok(Status::Ok | Status::BufError)) || written > len {
                    let expected = format!("{len} bytes of deflate");
                    let found = format!("{written} bytes, then {status:?}");
                    // What was left out on the wire has no place there.
                    let at = frame.header_len + (start + read).min(body.len());
                    return Err(Error::new(ErrorKind::Syntax, at, expected, found));
                }
            }
        }
        self.raw.truncate(written);
        if self.raw.len() != len {
            let found = format!("{} bytes", self.raw.len());
            let at = frame.header_len + body.len();
            return Err(Error::new(ErrorKind::Syntax, at, format!("a body of {len} bytes inflated"), found));
        }
        self.raw.extend_from_slice(apart);
        Ok(())
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes)
}

fn short(frame: &Frame<'_>, len: usize, expected: &'static str) -> Error {
    Error::new(ErrorKind::Syntax, frame.header_len, expected, format!("{len} bytes"))
}

fn drift(frame: &Frame<'_>, expected: u32, found: u32) -> Error {
    let expected = format!("a tree of hash {expected:08x}");
    Error::new(ErrorKind::Drift, frame.header_len, expected, format!("{found:08x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        names::NameId,
        ops::OpWriter,
        tree::{Kind as NodeKind, ROOT},
    };

    /// A keyframe with these operations, which claims this hash.
    fn keyframe(seq: u32, hash: u64, write: impl FnOnce(&mut OpWriter)) -> Vec<u8> {
        let mut writer = OpWriter::default();
        write(&mut writer);
        let mut body = 7_u64.to_le_bytes().to_vec();
        body.extend_from_slice(&hash.to_le_bytes());
        writer.columns().finish(&mut body);
        let mut out = Vec::new();
        frame::write(&mut out, Kind::Keyframe, seq, 0, 0, &body).unwrap();
        out
    }

    #[test]
    fn a_body_that_deflate_goes_on_behind_is_at_fault_in_itself() {
        let mut bytes = Vec::new();
        // A block that would need more bytes than there are.
        frame::write(&mut bytes, Kind::Keyframe, 1, 0, 2, &[0x18, 0x2e]).unwrap();
        let error = Decoder::new(Limits::DEFAULT).push(&bytes).unwrap_err();
        assert_eq!((error.kind, error.frame), (ErrorKind::Syntax, 1));
        assert_eq!(error.offset, bytes.len(), "{error}");
    }

    #[test]
    fn a_refused_keyframe_leaves_nothing_to_do_for_the_next() {
        let element = |writer: &mut OpWriter| {
            writer.place_end(ROOT);
            writer.element(1, NameId(1), 0);
            writer.up();
            writer.end();
        };
        let mut decoder = Decoder::new(Limits::DEFAULT);
        let refused = keyframe(1, 99, |writer| {
            element(writer);
            writer.remove(1);
        });
        assert_eq!(decoder.push(&refused).unwrap_err().kind, ErrorKind::Drift);
        // What that one took away is there in the next: it stays.
        let mut tree = Tree::new(Key(7), &Limits::DEFAULT);
        tree.create(1, NodeKind::Element, NameId(1), &[]).unwrap();
        tree.link(1, ROOT, crate::tree::NONE);
        assert_eq!(decoder.push(&keyframe(2, tree.hash(), element)), Ok(Outcome::Rebuilt));
        assert!(decoder.tree().is_live(1));
        assert_eq!(decoder.tree().recomputed_hash(), tree.hash());
        let empty = Tree::new(Key(7), &Limits::DEFAULT).hash();
        assert_eq!(
            decoder
                .push(&keyframe(3, 99, |writer| {
                    element(writer);
                    writer.remove(1);
                }))
                .unwrap_err()
                .kind,
            ErrorKind::Drift
        );
        assert_eq!(decoder.push(&keyframe(4, empty, |_| ())), Ok(Outcome::Rebuilt));
    }
}
