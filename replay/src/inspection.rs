//! What a recording holds, frame by frame, and whether all of it is sound: checksums, order, limits, and the hash of the
//! tree after each frame.

use crate::recording::{About, Activity, Error, File, Place, block};
use protocol::{Limits, control::Control, decoder::Decoder, frame::Kind, hash::Key, names::prop, ops::Op, tree::ROOT};
use std::{
    collections::BTreeMap,
    io::{Read, Seek},
};

/// A frame, as its header tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameInfo {
    /// Where it begins in the file, in bytes; of a frame in a packed block, where that begins.
    pub offset: u64,
    /// What it carries.
    pub kind: Kind,
    /// Its number.
    pub seq: u32,
    /// Milliseconds since the recording began.
    pub at: u32,
    /// Milliseconds since its stream began.
    pub time: u32,
    /// Bytes in the file; in a packed block those of its body before deflate.
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
    pub file_bytes: u64,
    /// The version it was written in.
    pub version: u8,
    /// What is known of the recording as a whole.
    pub about: About,
    /// Its blocks; in version 1 the parts that it is read in.
    pub blocks: Vec<Place>,
    /// Whether there is an index.
    pub has_index: bool,
    /// When how much happened.
    pub activity: Activity,
    /// Every frame that is sound.
    pub frames: Vec<FrameInfo>,
    /// How often which message was said beside the page's stream.
    pub messages: BTreeMap<&'static str, usize>,
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
        last.map_or(0, |last| last.at).saturating_sub(first.map_or(0, |first| first.at))
    }

    /// How many frames are of a kind.
    #[must_use]
    pub fn count(&self, kind: Kind) -> usize {
        self.frames.iter().filter(|frame| frame.kind == kind).count()
    }

    /// How many blocks are of a kind, and the bytes of the file that they take.
    #[must_use]
    pub fn blocks_of(&self, kind: block::Kind) -> (usize, u64) {
        let blocks = self.blocks.iter().filter(|place| place.kind == kind);
        blocks.fold((0, 0), |(count, bytes), place| (count + 1, bytes + place.len))
    }
}

/// Reads a file up to its end, or to the first place that is not sound. `told` is called now and then with how many bytes of how
/// many are done.
///
/// # Errors
/// When it is no recording; what is wrong in it is told in [`Inspection::problem`].
pub fn inspect<R: Read + Seek>(source: R, mut told: impl FnMut(u64, u64)) -> Result<Inspection, Error> {
    let mut file = File::open(source)?;
    let map = file.map().clone();
    let mut found = Inspection {
        file_bytes: file.len(),
        version: map.version,
        about: map.about,
        blocks: map.places,
        has_index: map.has_index,
        activity: map.activity,
        ..Inspection::default()
    };
    let mut key = None;
    let mut states =
        found.blocks.iter().filter(|place| is_state(place)).copied().collect::<Vec<_>>().into_iter().peekable();
    loop {
        let stepped = file.step();
        for said in file.reader().said() {
            let name = Control::read(&said.frame, &Limits::DEFAULT).map_or("unknown", |message| message.name());
            *found.messages.entry(name).or_default() += 1;
        }
        match stepped {
            Ok(true) => one(&file, &mut found, &mut key),
            Ok(false) => break,
            Err(error) => {
                found.problem = Some(error);
                break;
            }
        }
        // A state is that of the page behind the frames before it.
        let due = |place: &Place, file: &File<R>| file.next_offset().is_none_or(|next| place.offset < next);
        while let Some(place) = states.next_if(|place| due(place, &file)) {
            if let Err(error) = state(&mut file, place) {
                found.problem = Some(error);
                break;
            }
        }
        if found.problem.is_some() {
            break;
        }
        told(file.reader().offset(), found.file_bytes);
    }
    let tree = file.player().tree();
    found.url = tree.attr_str(ROOT, prop::URL).unwrap_or_default().to_owned();
    found.viewport = tree.attr_str(ROOT, prop::VIEWPORT).unwrap_or_default().to_owned();
    if found.problem.is_none() && tree.hash() != tree.recomputed_hash() {
        found.problem = Some(Error {
            offset: file.reader().offset(),
            expected: format!("a page of the hash {:016x}", tree.hash()),
            found: format!("{:016x}", tree.recomputed_hash()),
        });
    }
    found.problem = found.problem.or(map.problem);
    Ok(found)
}

const fn is_state(place: &Place) -> bool {
    matches!(place.kind, block::Kind::Checkpoint | block::Kind::Difference)
}

/// Compares a state that is in the file with the page as the frames before it have made it.
fn state<R: Read + Seek>(file: &mut File<R>, place: Place) -> Result<(), Error> {
    let restored = file.restored(&place)?;
    let (tree, other) = (file.player().tree(), restored.tree());
    match tree.difference(other) {
        None => Ok(()),
        Some(difference) => Err(Error {
            offset: place.offset,
            expected: "the page that the frames before it have made".to_owned(),
            found: format!("another ({difference})"),
        }),
    }
}

fn one<R: Read + Seek>(file: &File<R>, found: &mut Inspection, key: &mut Option<Key>) {
    let Some(entry) = file.reader().entry() else { return };
    let decoder = file.player().decoder();
    let (kind, seq, time) = (entry.kind, decoder.seq(), decoder.time());
    let last = found.frames.last();
    // Another page has another key; its numbers and times are its own.
    let begins = *key != Some(decoder.tree().key());
    *key = Some(decoder.tree().key());
    if !begins && last.is_some_and(|last| time < last.time) {
        found.oddities.push((seq, "its time is before that of the frame before it"));
    }
    if kind == Kind::Keyframe && !begins && last.is_some_and(|last| seq <= last.seq) {
        found.oddities.push((seq, "its number is not above that of the frame before it"));
    }
    tally(decoder, &mut found.shares);
    found.frames.push(FrameInfo {
        offset: entry.offset,
        kind,
        seq,
        at: entry.at,
        time,
        bytes: entry.bytes,
        raw_bytes: decoder.body().len(),
        nodes: decoder.tree().count(),
    });
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
    use crate::recording::{LiveWriter, Settings, Writer};
    use protocol::{
        encoder::Encoder,
        tree::{Kind as NodeKind, NONE},
    };
    use std::io::Cursor;

    /// A keyframe with a comment, and three frames that change it.
    fn frames() -> Vec<(u32, Vec<u8>)> {
        let mut encoder = Encoder::new(Key(3), &Limits::DEFAULT);
        encoder.begin();
        encoder.run(ROOT, NONE);
        encoder.leaf(NodeKind::Comment, b"zero").unwrap();
        encoder.end_run();
        let mut out = vec![(0, encoder.keyframe(0).unwrap().to_vec())];
        for (time, data) in [(1_000, &b"one"[..]), (2_000, b"one and two"), (1_500, b"three")] {
            encoder.begin();
            encoder.set_data(1, data).unwrap();
            out.push((time, encoder.delta(time).unwrap().unwrap().to_vec()));
        }
        out
    }

    /// Each frame in a block of its own; where the blocks begin.
    fn file() -> (Vec<u8>, Vec<usize>) {
        let mut writer = LiveWriter::new(&About::default());
        let (mut out, mut offsets) = (writer.take(), Vec::new());
        for (time, frame) in frames() {
            writer.push(&frame, time).unwrap();
            writer.flush();
            offsets.push(out.len());
            out.extend(writer.take());
        }
        (out, offsets)
    }

    fn inspected(bytes: &[u8]) -> Inspection {
        inspect(Cursor::new(bytes.to_vec()), |_, _| ()).unwrap()
    }

    #[test]
    fn frames_operations_and_what_is_odd_are_told() {
        let (file, offsets) = file();
        let found = inspected(&file);
        assert_eq!(found.problem, None);
        assert_eq!(
            found.blocks[1..].iter().map(|place| place.offset).collect::<Vec<_>>(),
            offsets.iter().map(|at| *at as u64).collect::<Vec<_>>()
        );
        assert_eq!((found.count(Kind::Keyframe), found.count(Kind::Delta), found.duration()), (1, 3, 2_000));
        assert_eq!(found.shares["row: text and the like"], Share { count: 1, bytes: 4 });
        let changes = found.shares["set data"].count + found.shares.get("splice data").map_or(0, |share| share.count);
        assert_eq!(changes, 3);
        assert_eq!(found.oddities, [(4, "its time is before that of the frame before it")]);
    }

    #[test]
    fn what_is_damaged_is_named_and_what_is_before_it_told() {
        let (file, offsets) = file();
        for at in offsets[2]..offsets[3] {
            let mut damaged = file.clone();
            damaged[at] ^= 0x10;
            let found = inspected(&damaged);
            let problem = found.problem.expect("a flipped bit is seen");
            assert_eq!(found.frames.len(), 2, "{at}: {problem}");
            assert!(problem.offset >= offsets[2] as u64, "{at}: {problem}");
        }
        // A frame that is missing.
        let missing = [&file[..offsets[1]], &file[offsets[2]..]].concat();
        let found = inspected(&missing);
        assert_eq!(found.frames.len(), 1);
        assert!(found.problem.unwrap().expected.contains("block 2"));
    }

    #[test]
    fn a_state_that_is_not_the_page_is_noticed() {
        let settings = Settings { checkpoint_ops: 2, ..Settings::default() };
        let write = |swap: bool| {
            let mut writer = Writer::new(&About::default(), settings);
            for (time, frame) in frames() {
                writer.push(&frame, Some(time)).unwrap();
            }
            if swap {
                // A state of elsewhere, with a checksum that is right.
                writer.checkpoint_of(&frames()[..1]);
            }
            writer.finish()
        };
        assert_eq!(inspected(&write(false)).problem, None);
        let problem = inspected(&write(true)).problem.unwrap().to_string();
        assert!(problem.contains("the page that the frames before it have made"), "{problem}");
    }
}
