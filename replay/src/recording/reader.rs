//! Playing a file of which only parts are read: the core of every shell that reads recordings.
//!
//! It does no input: [`Reader::want`] says which bytes of the file are needed, [`Reader::supply`] takes them, until nothing is
//! wanted and what was asked for is done.

use super::{
    Error,
    block::{Block, Kind},
    frames::{Entry, Frames, LIMITS},
    opening::{Map, Opening},
    within,
};
use crate::player::Player;
use protocol::{decoder::Outcome, frame::Kind as FrameKind};
use std::ops::Range;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    Nothing,
    /// The page as it was at a moment.
    Seek(u32),
    /// The next frame of the page, if it is not later than this.
    Step(u32),
}

/// What the bytes that are wanted are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Open,
    /// A block's frames.
    Frames(usize),
    /// A checkpoint, or what differs from an earlier one.
    State(usize),
    /// The state that a difference is on top of.
    Base(usize),
}

/// A message beside the page's stream, and when it was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The recording's time, in milliseconds.
    pub at: u32,
    /// The control frame.
    pub frame: Vec<u8>,
}

/// See the module's documentation.
///
/// ```
/// # use replay::recording::{About, Reader, Settings, Writer};
/// # fn read(file: &[u8]) -> Result<u32, replay::recording::Error> {
/// let mut reader = Reader::new(file.len() as u64);
/// let mut until_nothing_is_wanted = |reader: &mut Reader| {
///     while let Some(range) = reader.want() {
///         reader.supply(&file[range.start as usize..range.end as usize])?;
///     }
///     Ok(())
/// };
/// until_nothing_is_wanted(&mut reader)?;
/// reader.seek(12_500);
/// until_nothing_is_wanted(&mut reader)?;
/// # Ok(reader.player().tree().count())
/// # }
/// # assert!(read(b"GIF89a").is_err());
/// ```
#[derive(Debug)]
pub struct Reader {
    opening: Option<Opening>,
    map: Map,
    player: Player,
    task: Task,
    wanted: Option<(Range<u64>, Purpose)>,
    /// The block whose frames were read last.
    loaded: Option<(usize, Frames)>,
    /// What differs from a state that is still to be read.
    difference: Option<(usize, Vec<u8>)>,
    /// The block and the frame in it that come next.
    next: (usize, usize),
    now: u32,
    /// Where in the file the frame is that was applied last.
    offset: u64,
    /// That frame, unless a state was restored.
    entry: Option<Entry>,
    outcome: Option<Outcome>,
    said: Vec<Said>,
}

impl Reader {
    /// A reader of a file of so many bytes. First it wants what it needs to open it.
    #[must_use]
    pub fn new(len: u64) -> Self {
        let opening = Opening::new(len);
        let wanted = opening.want().map(|range| (range, Purpose::Open));
        Self {
            opening: Some(opening),
            map: Map::default(),
            player: Player::new(LIMITS),
            task: Task::Nothing,
            wanted,
            loaded: None,
            difference: None,
            next: (0, 0),
            now: 0,
            offset: 0,
            entry: None,
            outcome: None,
            said: Vec::new(),
        }
    }

    /// Another reader of the same file, which needs not be opened again.
    #[must_use]
    pub fn again(&self) -> Self {
        let mut reader = Self::new(0);
        (reader.opening, reader.wanted, reader.map) = (None, None, self.map.clone());
        reader
    }

    /// The bytes that are needed next, or nothing: what was asked for is done.
    #[must_use]
    pub fn want(&self) -> Option<Range<u64>> {
        self.wanted.as_ref().map(|(range, _)| range.clone())
    }

    /// Takes the bytes that were wanted.
    ///
    /// # Errors
    /// With the place in the file. What was asked for is given up then; the page is as it was at the last frame before the place.
    pub fn supply(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Some((range, purpose)) = self.wanted.take() else { return Ok(()) };
        let done = self.take(bytes, &range, purpose).and_then(|()| self.drive());
        if done.is_err() {
            (self.task, self.wanted, self.difference) = (Task::Nothing, None, None);
        }
        done
    }

    fn take(&mut self, bytes: &[u8], range: &Range<u64>, purpose: Purpose) -> Result<(), Error> {
        if bytes.len() as u64 != range.end - range.start {
            let expected = format!("{} bytes of the file", range.end - range.start);
            return Err(Error::new(range.start, expected, format!("{} bytes", bytes.len())));
        }
        match purpose {
            Purpose::Open => {
                let Some(opening) = &mut self.opening else { return Ok(()) };
                opening.supply(bytes)?;
                self.wanted = opening.want().map(|range| (range, Purpose::Open));
                if self.wanted.is_none()
                    && let Some(opening) = self.opening.take()
                {
                    self.map = opening.into_map();
                }
            }
            Purpose::Frames(index) => {
                let frames = self.frames(bytes, index)?;
                self.loaded = Some((index, frames));
            }
            Purpose::State(index) => {
                let block = self.block(bytes, index)?;
                if block.head.kind == Kind::Difference {
                    let Some((number, body)) = block.body.split_first_chunk::<4>() else {
                        return Err(Error::new(range.start, "a difference with its block's number", "the end"));
                    };
                    let base = u32::from_le_bytes(*number) as usize;
                    let can = |place: &super::index::Place| place.seekable && place.kind != Kind::Difference;
                    if base >= index || !self.map.places.get(base).is_some_and(can) {
                        let expected = "a difference from an earlier state";
                        return Err(Error::new(range.start, expected, format!("from block {base}")));
                    }
                    self.difference = Some((index, body.to_vec()));
                    self.ask(base, Purpose::Base(base));
                } else {
                    self.restore(&block.body, false, index)?;
                }
            }
            Purpose::Base(index) => {
                match self.map.places[index].kind {
                    Kind::Checkpoint => {
                        let block = self.block(bytes, index)?;
                        self.restore(&block.body, false, index)?;
                    }
                    _ => {
                        let frames = self.frames(bytes, index)?;
                        let first = (0..frames.len()).filter_map(|at| frames.get(at));
                        let Some((entry, frame)) =
                            first.into_iter().find(|(entry, _)| entry.kind != FrameKind::Control)
                        else {
                            return Err(Error::new(range.start, "a keyframe", "no frame of the page"));
                        };
                        self.apply(entry, frame)?;
                    }
                }
                if let Some((index, body)) = self.difference.take() {
                    self.restore(&body, true, index)?;
                }
            }
        }
        Ok(())
    }

    /// A block, which is to be what the index says it is.
    fn block(&self, bytes: &[u8], index: usize) -> Result<Block, Error> {
        let place = self.map.places[index];
        let block = Block::read(bytes, place.offset)?;
        let head = block.head;
        if head.number as usize != index || head.kind != place.kind || head.first != place.first {
            let expected = format!("block {index} with {} of {} ms", place.kind.name(), place.first);
            let found = format!("block {} with {} of {} ms", head.number, head.kind.name(), head.first);
            return Err(Error::new(place.offset, expected, found));
        }
        Ok(block)
    }

    fn frames(&self, bytes: &[u8], index: usize) -> Result<Frames, Error> {
        let place = self.map.places[index];
        if self.map.version == 1 {
            return Frames::version_1(bytes, place.clock, place.offset);
        }
        let block = self.block(bytes, index)?;
        let start = place.offset + super::block::HEAD_LEN as u64;
        match block.head.kind {
            Kind::Packed => Frames::unpack(&block.body, &block.apart, place.first, place.offset),
            _ => Frames::verbatim(&block.body, place.first, start),
        }
    }

    fn restore(&mut self, body: &[u8], has_base: bool, index: usize) -> Result<(), Error> {
        let place = self.map.places[index];
        self.player.restore(body, has_base).map_err(|error| within(place.offset, &error))?;
        (self.now, self.offset, self.entry) = (place.last, place.offset, None);
        self.next = (index + 1, 0);
        self.outcome = Some(Outcome::Rebuilt);
        Ok(())
    }

    fn apply(&mut self, entry: Entry, frame: &[u8]) -> Result<(), Error> {
        let outcome = self.player.push(frame).map_err(|error| within(entry.offset, &error))?;
        (self.now, self.offset, self.entry) = (entry.at, entry.offset, Some(entry));
        self.outcome = Some(outcome);
        Ok(())
    }

    fn ask(&mut self, index: usize, purpose: Purpose) {
        let place = self.map.places[index];
        self.wanted = Some((place.offset..place.offset + place.len, purpose));
    }

    /// Asks for the page as it was at a moment, in milliseconds of the recording: before the first frame as at the first one, behind
    /// the last as at that. When nothing is wanted any more it is there, to be built by [`Player::rebuild`].
    ///
    /// # Errors
    /// When there is no page at all; others come with [`Reader::supply`].
    pub fn seek(&mut self, until: u32) -> Result<(), Error> {
        let until = until.max(self.map.begin());
        let Some(point) = self.map.seek_point(until) else {
            let at = self.map.places.last().map_or(0, |place| place.offset + place.len);
            return Err(self
                .map
                .problem
                .clone()
                .unwrap_or_else(|| Error::new(at, "a keyframe", "the end of the file")));
        };
        self.said.clear();
        (self.task, self.outcome) = (Task::Seek(until), None);
        let is_ahead =
            self.is_shown() && self.now <= until && (point < self.next.0 || point == self.next.0 && self.next.1 > 0);
        if !is_ahead {
            match self.map.places[point].kind {
                Kind::Checkpoint | Kind::Difference => {
                    self.ask(point, Purpose::State(point));
                    return Ok(());
                }
                _ => {
                    self.player.restart();
                    self.next = (point, 0);
                }
            }
        }
        self.drive()
    }

    /// Asks for the next frame of the page, if it is not later than this; [`Reader::outcome`] tells whether it was.
    ///
    /// # Errors
    /// Those of [`Reader::supply`].
    pub fn step(&mut self, until: u32) -> Result<(), Error> {
        (self.task, self.outcome) = (Task::Step(until), None);
        self.said.clear();
        self.drive()
    }

    /// Asks for the state that the block at this offset holds, and nothing behind it.
    pub(super) fn restore_at(&mut self, offset: u64) {
        if let Ok(index) = self.map.places.binary_search_by_key(&offset, |place| place.offset) {
            self.task = Task::Nothing;
            self.ask(index, Purpose::State(index));
        }
    }

    pub(super) fn into_player(self) -> Player {
        self.player
    }

    /// Where the block begins that the next frame is in; none behind the last.
    pub(super) fn next_offset(&self) -> Option<u64> {
        let (index, at) = self.next;
        let rest = self.loaded.as_ref().filter(|(of, _)| *of == index).map(|(_, frames)| frames.len());
        let index = if rest.is_some_and(|len| at >= len) { index + 1 } else { index };
        let places = self.map.places.get(index..)?;
        places.iter().find(|place| place.has_frames()).map(|place| place.offset)
    }

    fn is_shown(&self) -> bool {
        !self.player.decoder().needs_keyframe()
    }

    /// Goes on until bytes are needed or what was asked for is done.
    fn drive(&mut self) -> Result<(), Error> {
        while self.wanted.is_none() {
            let until = match self.task {
                Task::Nothing => return Ok(()),
                Task::Seek(until) | Task::Step(until) => until,
            };
            let (index, at) = self.next;
            let Some(place) = self.map.places.get(index) else {
                self.task = Task::Nothing;
                return Ok(());
            };
            if !place.has_frames() {
                self.next = (index + 1, 0);
                continue;
            }
            if place.first > until && self.is_shown() {
                self.task = Task::Nothing;
                return Ok(());
            }
            let loaded = self.loaded.take().filter(|(of, _)| *of == index);
            let Some((_, frames)) = loaded else {
                self.ask(index, Purpose::Frames(index));
                return Ok(());
            };
            let went = self.go(&frames, at, until);
            self.loaded = Some((index, frames));
            went?;
        }
        Ok(())
    }

    /// Goes on within a block.
    fn go(&mut self, frames: &Frames, mut at: usize, until: u32) -> Result<(), Error> {
        while let Some((entry, frame)) = frames.get(at) {
            if entry.at > until && self.is_shown() {
                self.task = Task::Nothing;
                return Ok(());
            }
            if entry.kind == FrameKind::Control {
                self.said.push(Said { at: entry.at, frame: frame.to_vec() });
            } else {
                self.apply(entry, frame)?;
            }
            at += 1;
            self.next.1 = at;
            if entry.kind != FrameKind::Control && matches!(self.task, Task::Step(_)) {
                self.task = Task::Nothing;
                return Ok(());
            }
        }
        self.next = (self.next.0 + 1, 0);
        Ok(())
    }

    /// What is known of the file, once it is open.
    #[must_use]
    pub const fn map(&self) -> &Map {
        &self.map
    }

    /// The page.
    #[must_use]
    pub const fn player(&self) -> &Player {
        &self.player
    }

    /// The same, to have its commands made.
    pub const fn player_mut(&mut self) -> &mut Player {
        &mut self.player
    }

    /// What the frame that was applied last has done; none when there was none to apply.
    #[must_use]
    pub const fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }

    /// The recording's time of the frame that was applied last, in milliseconds.
    #[must_use]
    pub const fn now(&self) -> u32 {
        self.now
    }

    /// Where in the file that frame is: its own offset, or, in a packed block, the block's.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// That frame as the file has it; none where a state was restored last.
    #[must_use]
    pub const fn entry(&self) -> Option<&Entry> {
        self.entry.as_ref()
    }

    /// What was said beside the page's stream since the last call of [`Reader::seek`] or [`Reader::step`].
    #[must_use]
    pub fn said(&self) -> &[Said] {
        &self.said
    }

    /// The time of the frame before the one that is shown, as far as that is known without reading: at the beginning of a
    /// block it is that of the block before.
    #[must_use]
    pub fn before(&self) -> u32 {
        let in_block = self.loaded.as_ref().and_then(|(_, frames)| {
            let entries = (0..frames.len()).filter_map(|at| Some(frames.get(at)?.0));
            entries.filter(|entry| entry.kind != FrameKind::Control && entry.at < self.now).map(|entry| entry.at).max()
        });
        let places = self.map.places.iter().filter(|place| place.has_frames() && place.last < self.now);
        in_block.max(places.map(|place| place.last).max()).unwrap_or_else(|| self.map.begin())
    }
}
