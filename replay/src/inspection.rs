//! What a recording holds, frame by frame, and whether all of it is sound: checksums, order, limits, and the hash of the
//! tree after each frame.

use crate::recording::{Error, Frames};
use protocol::{
    Limits,
    decoder::Decoder,
    frame::{self, Kind},
    names::prop,
    ops::Op,
    tree::ROOT,
};
use std::collections::BTreeMap;

/// A frame, as its header tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameInfo {
    /// Where it begins in the file, in bytes.
    pub offset: usize,
    /// What it carries.
    pub kind: Kind,
    /// Its number.
    pub seq: u32,
    /// Milliseconds since the stream began.
    pub time: u32,
    /// Bytes in the file, its length before it left out.
    pub bytes: usize,
    /// Bytes of its body once inflated.
    pub raw_bytes: usize,
    /// Nodes of the page after it.
    pub nodes: u32,
}

/// How often an operation or row occurs, and the bytes of the strings in it, before deflate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// How many.
    pub count: u64,
    /// Bytes of values and text.
    pub bytes: u64,
}

/// What a file holds.
#[derive(Debug, Clone, Default)]
pub struct Inspection {
    /// Bytes of the whole file.
    pub file_bytes: usize,
    /// Every frame that is sound.
    pub frames: Vec<FrameInfo>,
    /// Operations and rows by their names in `docs/wire-format.md` §4.3.
    pub shares: BTreeMap<&'static str, Share>,
    /// The page's address at the end.
    pub url: String,
    /// The viewport at the end, `WIDTHxHEIGHT`.
    pub viewport: String,
    /// Why it cannot be read further, if it cannot.
    pub problem: Option<Error>,
    /// What is sound in itself and yet not as a recorder writes it: a frame and what is odd about it.
    pub oddities: Vec<(u32, &'static str)>,
}

impl Inspection {
    /// Milliseconds from the first frame to the last.
    #[must_use]
    pub fn duration(&self) -> u32 {
        let (first, last) = (self.frames.first(), self.frames.last());
        last.map_or(0, |last| last.time).saturating_sub(first.map_or(0, |first| first.time))
    }

    /// How many frames are of a kind.
    #[must_use]
    pub fn count(&self, kind: Kind) -> usize {
        self.frames.iter().filter(|frame| frame.kind == kind).count()
    }
}

/// Reads a file up to its end, or to the first frame that is not sound.
///
/// # Errors
/// When it is no recording; what is wrong with a frame is told in [`Inspection::problem`].
pub fn inspect(bytes: &[u8]) -> Result<Inspection, Error> {
    let mut frames = Frames::open(bytes)?;
    let mut found = Inspection { file_bytes: bytes.len(), ..Inspection::default() };
    let mut decoder = Decoder::new(Limits::DEFAULT);
    loop {
        let offset = frames.offset();
        let Some(frame) = frames.next() else { break };
        let read = frame.and_then(|frame| one(&mut decoder, frame, offset, &mut found));
        if let Err(error) = read {
            found.problem = Some(error);
            break;
        }
    }
    let tree = decoder.tree();
    found.url = tree.attr_str(ROOT, prop::URL).unwrap_or_default().to_owned();
    found.viewport = tree.attr_str(ROOT, prop::VIEWPORT).unwrap_or_default().to_owned();
    if found.problem.is_none() && tree.hash() != tree.recomputed_hash() {
        found.problem = Some(Error {
            offset: bytes.len(),
            expected: format!("a page of the hash {:016x}", tree.hash()),
            found: format!("{:016x}", tree.recomputed_hash()),
        });
    }
    Ok(found)
}

fn one(decoder: &mut Decoder, bytes: &[u8], offset: usize, found: &mut Inspection) -> Result<(), Error> {
    let within = |error: &protocol::Error| Error {
        offset: offset + error.offset,
        expected: format!("frame {} to hold {}", error.frame, error.expected),
        found: error.found.to_string(),
    };
    let header = frame::read(bytes, &Limits::DEFAULT).map_err(|error| within(&error))?.header;
    let last = found.frames.iter().rev().find(|frame| frame.kind != Kind::Control);
    if header.kind != Kind::Control {
        if last.is_some_and(|last| header.time < last.time) {
            found.oddities.push((header.seq, "its time is before that of the frame before it"));
        }
        if header.kind == Kind::Keyframe && last.is_some_and(|last| header.seq <= last.seq) {
            found.oddities.push((header.seq, "its number is not above that of the frame before it"));
        }
        decoder.push(bytes).map_err(|error| within(&error))?;
        tally(decoder, &mut found.shares);
    }
    let raw_bytes = if header.raw_len == 0 { header.body_len } else { header.raw_len } as usize;
    let (kind, seq, time) = (header.kind, header.seq, header.time);
    found.frames.push(FrameInfo {
        offset,
        kind,
        seq,
        time,
        bytes: bytes.len(),
        raw_bytes,
        nodes: decoder.tree().count(),
    });
    Ok(())
}

/// Counts the operations of the frame that was applied last.
fn tally(decoder: &Decoder, shares: &mut BTreeMap<&'static str, Share>) {
    let mut ops = decoder.ops();
    // The body was read before: nothing in it can be malformed.
    while let Ok(Some(op)) = ops.next() {
        let (name, len) = described(&op);
        let share = shares.entry(name).or_default();
        share.count += 1;
        share.bytes += len as u64;
    }
}

const fn described(op: &Op<'_>) -> (&'static str, usize) {
    match op {
        Op::PlaceBefore { .. } => ("place before", 0),
        Op::PlaceEnd { .. } => ("place end", 0),
        Op::Element { .. } => ("row: element", 0),
        Op::Attr { value, .. } => ("attribute of a row", value.len()),
        Op::Leaf { data, .. } => ("row: text and the like", data.len()),
        Op::Content { .. } => ("row: template content", 0),
        Op::Shadow { .. } => ("row: shadow root", 0),
        Op::Frame { .. } => ("row: document in a frame", 0),
        Op::Sheet { .. } => ("row: style sheet", 0),
        Op::Known { .. } => ("row: known", 0),
        Op::Up => ("up", 0),
        Op::End => ("end", 0),
        Op::Remove { .. } => ("remove", 0),
        Op::SetAttr { value, .. } => ("set attribute", value.len()),
        Op::RemoveAttr { .. } => ("remove attribute", 0),
        Op::SpliceAttr { insert, .. } => ("splice attribute", insert.len()),
        Op::SetData { data, .. } => ("set data", data.len()),
        Op::SpliceData { insert, .. } => ("splice data", insert.len()),
        Op::CountAttr { differences, .. } => ("count in attribute", differences.len()),
        Op::CountData { differences, .. } => ("count in data", differences.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{append, begin};
    use protocol::{
        encoder::Encoder,
        hash::Key,
        tree::{Kind as NodeKind, NONE},
    };

    /// A keyframe with a comment, and three frames that change it.
    fn file() -> (Vec<u8>, Vec<usize>) {
        let mut encoder = Encoder::new(Key(3), &Limits::DEFAULT);
        let (mut out, mut offsets) = (Vec::new(), Vec::new());
        begin(&mut out);
        encoder.begin();
        encoder.run(ROOT, NONE);
        encoder.leaf(NodeKind::Comment, b"zero").unwrap();
        encoder.end_run();
        offsets.push(out.len());
        append(&mut out, encoder.keyframe(0).unwrap());
        for (time, data) in [(1_000, &b"one"[..]), (2_000, b"one and two"), (1_500, b"three")] {
            encoder.begin();
            encoder.set_data(1, data).unwrap();
            offsets.push(out.len());
            append(&mut out, encoder.delta(time).unwrap().unwrap());
        }
        (out, offsets)
    }

    #[test]
    fn frames_operations_and_what_is_odd_are_told() {
        let (file, offsets) = file();
        let found = inspect(&file).unwrap();
        assert_eq!(found.problem, None);
        assert_eq!(found.frames.iter().map(|frame| frame.offset).collect::<Vec<_>>(), offsets);
        assert_eq!((found.count(Kind::Keyframe), found.count(Kind::Delta), found.duration()), (1, 3, 1_500));
        assert_eq!(found.shares["row: text and the like"], Share { count: 1, bytes: 4 });
        let changes = found.shares["set data"].count + found.shares.get("splice data").map_or(0, |share| share.count);
        assert_eq!(changes, 3);
        assert_eq!(found.oddities, [(4, "its time is before that of the frame before it")]);
    }

    #[test]
    fn what_is_damaged_is_named_and_what_is_before_it_told() {
        let (file, offsets) = file();
        for at in offsets[2] + 1..offsets[3] {
            let mut damaged = file.clone();
            damaged[at] ^= 0x10;
            let found = inspect(&damaged).unwrap();
            let problem = found.problem.expect("a flipped bit is seen");
            assert_eq!(found.frames.len(), 2, "{at}: {problem}");
            assert!(problem.offset >= offsets[2], "{at}: {problem}");
        }
        // A frame that is missing.
        let missing = [&file[..offsets[1]], &file[offsets[2]..]].concat();
        let found = inspect(&missing).unwrap();
        assert_eq!(found.frames.len(), 1);
        assert!(found.problem.unwrap().expected.contains("frame 3"));
    }
}
