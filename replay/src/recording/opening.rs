//! Opening a file without reading all of it: by its index, or, where there is none, by the heads of its blocks.

use super::{
    Error, MAGIC, VERSION,
    about::About,
    block::{Block, HEAD_LEN, Head, Kind},
    clock::Clock,
    frames::{kind_of, stream_time},
    index::{self, Activity, Place, TAIL_LEN},
};
use protocol::{Limits, frame::Kind as FrameKind, varint};
use std::ops::Range;

/// Bytes before the first block.
pub(super) const START: u64 = 9;

/// How much is read of the beginning, and of the end: both hold most that is looked for.
const ENDS_BYTES: u64 = 8 << 10;

/// How much is read at a time where the whole file has to be gone through.
const WALK_BYTES: u64 = 64 << 10;

/// A part of a file of version 1 that is read at a time ends behind so many bytes or frames.
const PART_BYTES: u64 = 64 << 10;
const PART_FRAMES: u32 = 1024;

/// What is known of a file once it is open.
#[derive(Debug, Clone, Default)]
pub struct Map {
    /// The version it was written in.
    pub version: u8,
    /// What is known of the recording as a whole.
    pub about: About,
    /// Its blocks; those of version 1 are parts of it that are read at a time.
    pub places: Vec<Place>,
    /// When how much happened: changes, or, where no index tells them, frames.
    pub activity: Activity,
    /// Whether an index was there.
    pub has_index: bool,
    /// Why the file cannot be read further than the blocks say, if there is more of it.
    pub problem: Option<Error>,
}

impl Map {
    /// The recording's time of the first frame, in milliseconds.
    #[must_use]
    pub fn begin(&self) -> u32 {
        self.places.iter().find(|place| place.has_frames()).map_or(0, |place| place.first)
    }

    /// The recording's time of the last frame, in milliseconds.
    #[must_use]
    pub fn end(&self) -> u32 {
        self.places.iter().rev().find(|place| place.has_frames()).map_or(0, |place| place.last)
    }

    /// How many frames there are.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.places.iter().filter(|place| place.has_frames()).map(|place| u64::from(place.frames)).sum()
    }

    /// The block from which a moment is reached soonest; none where there is no keyframe at all.
    pub(super) fn seek_point(&self, until: u32) -> Option<usize> {
        let behind = self.places.partition_point(|place| place.first <= until);
        let is_point = |place: &Place| match place.kind {
            Kind::Packed | Kind::Verbatim => place.seekable,
            Kind::Checkpoint | Kind::Difference => true,
            Kind::About | Kind::Index => false,
        };
        let before = self.places.get(..behind)?.iter().rposition(is_point);
        before.or_else(|| self.places.iter().position(is_point))
    }
}

/// Where the opening has got to.
#[derive(Debug)]
enum Stage {
    Beginning,
    About,
    End,
    Index(u64),
    Walk,
    WalkVersion1,
}

/// A file being opened. [`Opening::want`] says what is to be read, [`Opening::supply`] takes it.
#[derive(Debug)]
pub(super) struct Opening {
    len: u64,
    stage: Stage,
    at: u64,
    map: Map,
    clock: Clock,
    /// The part of a file of version 1 that is being gone through.
    part: Option<Place>,
    done: bool,
}

impl Opening {
    pub(super) fn new(len: u64) -> Self {
        Self {
            len,
            stage: Stage::Beginning,
            at: 0,
            map: Map::default(),
            clock: Clock::default(),
            part: None,
            done: false,
        }
    }

    /// The bytes to be read next; none when the file is open.
    pub(super) fn want(&self) -> Option<Range<u64>> {
        if self.done {
            return None;
        }
        let until = |end: u64| end.min(self.len);
        Some(match self.stage {
            Stage::Beginning => 0..until(ENDS_BYTES),
            Stage::About => START..until(self.at),
            Stage::End => self.len.saturating_sub(ENDS_BYTES).max(START)..self.len,
            Stage::Index(offset) => offset..self.len,
            Stage::Walk | Stage::WalkVersion1 => self.at..until(self.at.saturating_add(WALK_BYTES)),
        })
    }

    /// What is known once [`Opening::want`] gives nothing.
    pub(super) fn into_map(self) -> Map {
        self.map
    }

    /// Takes the bytes that were wanted.
    pub(super) fn supply(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match self.stage {
            Stage::Beginning => self.beginning(bytes),
            Stage::About => self.about(bytes),
            Stage::End => {
                let from = self.len.saturating_sub(bytes.len() as u64);
                let tail = bytes.len().checked_sub(TAIL_LEN).and_then(|at| index::tail(&bytes[at..]));
                match tail.filter(|offset| (START..self.len).contains(offset)) {
                    // The end of the file is no index: its writer was cut short.
                    None => self.walk(),
                    Some(offset) => {
                        self.stage = Stage::Index(offset);
                        if let Some(at) = offset.checked_sub(from).and_then(|at| usize::try_from(at).ok()) {
                            self.index(&bytes[at..], offset);
                        }
                    }
                }
                Ok(())
            }
            Stage::Index(offset) => {
                self.index(bytes, offset);
                Ok(())
            }
            Stage::Walk => {
                self.heads(bytes);
                Ok(())
            }
            Stage::WalkVersion1 => {
                self.lengths(bytes);
                Ok(())
            }
        }
    }

    fn beginning(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if bytes.get(..8) != Some(MAGIC) {
            return Err(Error::new(0, "a recording (\"cobrowse\")", "another file"));
        }
        match bytes.get(8) {
            Some(1) => {
                (self.map.version, self.at, self.stage) = (1, START, Stage::WalkVersion1);
                self.lengths(&bytes[9..]);
                Ok(())
            }
            Some(&VERSION) => {
                self.map.version = VERSION;
                let head = Head::read(&bytes[9..], START)?;
                if head.kind != Kind::About || head.number != 0 {
                    let found = format!("{} (block {})", head.kind.name(), head.number);
                    return Err(Error::new(START, "what is known of the recording as the first block", found));
                }
                self.at = START + head.len();
                match usize::try_from(self.at).ok().and_then(|end| bytes.get(9..end)) {
                    Some(block) => self.about(block),
                    None if self.at > self.len => {
                        Err(Error::new(START, format!("a block of {} bytes", head.len()), "the end of the file"))
                    }
                    None => {
                        self.stage = Stage::About;
                        Ok(())
                    }
                }
            }
            Some(version) => Err(Error::new(8, format!("version 1 or {VERSION}"), format!("version {version}"))),
            None => Err(Error::new(8, "a version", "the end of the file")),
        }
    }

    fn about(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let block = Block::read(bytes, START)?;
        self.map.about = About::read(&block.body, START + HEAD_LEN as u64)?;
        self.map.places.push(Place::new(&block.head, START));
        self.stage = Stage::End;
        Ok(())
    }

    /// An index that is damaged is told of, and the blocks are looked for by their heads.
    fn index(&mut self, bytes: &[u8], offset: u64) {
        let read = Block::read(bytes, offset).and_then(|block| {
            if block.head.kind != Kind::Index {
                return Err(Error::new(offset, "an index", block.head.kind.name()));
            }
            let (places, activity) = index::read(&block.body, START, offset)?;
            match places.first() {
                Some(first) if first.kind == Kind::About => Ok((places, activity)),
                _ => Err(Error::new(offset, "an index that begins with the first block", "another")),
            }
        });
        match read {
            Ok((places, activity)) => {
                (self.map.places, self.map.activity) = (places, activity);
                self.map.has_index = true;
                self.done = true;
            }
            Err(error) => {
                self.map.problem = Some(error);
                self.walk();
            }
        }
    }

    fn walk(&mut self) {
        self.stage = Stage::Walk;
        self.at = self.map.places.first().map_or(START, |place| place.offset + place.len);
        if self.at >= self.len {
            self.finish(None);
        }
    }

    fn finish(&mut self, problem: Option<Error>) {
        self.map.problem = problem.or(self.map.problem.take());
        self.map.activity = Activity::of_blocks(&self.map.places);
        self.done = true;
    }

    /// Goes from head to head as far as these bytes reach.
    fn heads(&mut self, bytes: &[u8]) {
        let from = self.at;
        loop {
            let rest = usize::try_from(self.at - from).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
            if self.at == self.len {
                return self.finish(None);
            }
            if rest.len() < HEAD_LEN && self.at + (HEAD_LEN as u64) <= self.len {
                return;
            }
            let head = match Head::read(rest, self.at) {
                Ok(head) => head,
                Err(error) => return self.finish(Some(error)),
            };
            let number = u32::try_from(self.map.places.len()).unwrap_or(u32::MAX);
            let before = self.map.places.last().map_or(0, |place| place.first);
            let problem = if head.number != number {
                Some((4, format!("block {number}"), format!("block {}", head.number)))
            } else if head.first < before {
                Some((20, format!("a time of at least {before} ms"), format!("{} ms", head.first)))
            } else if self.at + head.len() > self.len {
                Some((0, format!("a block of {} bytes", head.len()), format!("{} bytes", self.len - self.at)))
            } else {
                None
            };
            if let Some((at, expected, found)) = problem {
                return self.finish(Some(Error::new(self.at + at, expected, found)));
            }
            self.map.places.push(Place::new(&head, self.at));
            self.at += head.len();
        }
    }

    /// Goes from frame to frame of a file of version 1 as far as these bytes reach.
    fn lengths(&mut self, bytes: &[u8]) {
        let from = self.at;
        loop {
            if self.at >= self.len {
                self.end_part();
                return self.finish(None);
            }
            let mut at = usize::try_from(self.at - from).unwrap_or(usize::MAX);
            let rest = bytes.get(at..).unwrap_or_default();
            // A length, and the part of a header that has a fixed length.
            let needed = (varint::MAX_LEN as u64 + 13).min(self.len - self.at);
            if (rest.len() as u64) < needed {
                return;
            }
            let len = varint::read(bytes, &mut at).map(u64::from);
            let begins = self.at;
            let end = from + at as u64 + len.unwrap_or(0);
            let most = Limits::DEFAULT.frame_bytes as u64;
            if len.is_none_or(|len| len < 14 || len > most) || end > self.len {
                let expected = len.map_or("a frame's length".to_owned(), |len| format!("a frame of {len} bytes"));
                let found = format!("{} bytes, then the end of the file", self.len - begins);
                let found = if end > self.len { found } else { "another length".to_owned() };
                self.end_part();
                return self.finish(Some(Error::new(begins, expected, found)));
            }
            let frame = &bytes[at..];
            let kind = kind_of(u32::from(frame[0] & 3)).unwrap_or(FrameKind::Control);
            let is_full = |part: &Place| part.len >= PART_BYTES || part.frames >= PART_FRAMES;
            if kind == FrameKind::Keyframe || self.part.as_ref().is_none_or(is_full) {
                self.end_part();
            }
            let clock = self.clock;
            let time = self.clock.tick(kind, stream_time(frame), None);
            let part = self.part.get_or_insert(Place {
                kind: Kind::Verbatim,
                seekable: kind == FrameKind::Keyframe,
                offset: begins,
                len: 0,
                first: time,
                last: time,
                frames: 0,
                clock,
            });
            (part.len, part.last) = (end - part.offset, time);
            part.frames += 1;
            self.at = end;
        }
    }

    fn end_part(&mut self) {
        self.map.places.extend(self.part.take());
    }
}
