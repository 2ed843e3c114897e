//! Recordings being written: packed, with checkpoints ([`Writer`]), or as frames come ([`LiveWriter`]).
//!
//! Neither does output: what is to be appended to the file is taken with `take`. Times are arguments.

use super::{
    MAGIC, VERSION,
    about::About,
    block::{self, Head, Kind},
    clock::Clock,
    frames::{LIMITS, Packer, stream_time},
    index::{self, Activity, Place},
};
use crate::recording::messages;
use protocol::{
    Limits,
    decoder::Decoder,
    error::Result,
    frame::{self, Kind as FrameKind},
    tree::Tree,
    varint,
};

/// How large blocks become, and how often the state is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How hard deflate looks for repetitions, 1 to 9. Default 9: it is done once, and takes little where frames are small.
    pub level: u32,
    /// A block ends when it holds so many bytes before deflate. Default 64 KiB.
    pub block_bytes: usize,
    /// Behind so many bytes of bodies there is a checkpoint. Default 256 KiB.
    pub checkpoint_bytes: usize,
    /// And behind so many operations. Default 16,384.
    pub checkpoint_ops: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { level: 9, block_bytes: 64 << 10, checkpoint_bytes: 256 << 10, checkpoint_ops: 16_384 }
    }
}

/// What is common to both: blocks, one behind the other.
#[derive(Debug)]
struct Out {
    bytes: Vec<u8>,
    /// Bytes that were taken.
    taken: u64,
    places: Vec<Place>,
    activity: Activity,
    level: u32,
}

impl Out {
    fn begin(about: &About, level: u32) -> Self {
        let mut bytes = MAGIC.to_vec();
        bytes.push(VERSION);
        let mut out = Self { bytes, taken: 0, places: Vec::new(), activity: Activity::default(), level };
        out.block(Kind::About, false, (0, 0), 0, &about.write(), &[]);
        out
    }

    fn offset(&self) -> u64 {
        self.taken + self.bytes.len() as u64
    }

    /// Appends a block; its length.
    fn block(
        &mut self,
        kind: Kind,
        seekable: bool,
        (first, last): (u32, u32),
        frames: u32,
        body: &[u8],
        apart: &[u8],
    ) -> u64 {
        let offset = self.offset();
        let number = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        let head = Head {
            kind,
            seekable,
            deflated: false,
            number,
            stored: 0,
            inflated: 0,
            apart: 0,
            first,
            last,
            frames,
            checksum: 0,
        };
        let level = if matches!(kind, Kind::About | Kind::Index | Kind::Verbatim) { 0 } else { self.level };
        let head = block::write(&mut self.bytes, head, level, body, apart);
        self.places.push(Place::new(&head, offset));
        head.len()
    }

    fn index(&mut self) {
        let mut payload = Vec::new();
        index::write(&mut payload, &self.places, &self.activity, self.offset());
        let last = self.places.last().map_or(0, |place| place.last);
        self.block(Kind::Index, false, (last, last), 0, &payload, &[]);
    }

    fn take(&mut self) -> Vec<u8> {
        self.taken += self.bytes.len() as u64;
        std::mem::take(&mut self.bytes)
    }
}

/// Writes a recording to be kept: small, and to be played from any moment.
pub struct Writer {
    out: Out,
    settings: Settings,
    decoder: Decoder,
    clock: Clock,
    packer: Packer,
    /// Whether the block being filled begins with a keyframe.
    seekable: bool,
    /// The last state that was written whole: its block's number, its length, and the tree.
    base: Option<(u32, u64, Tree)>,
    /// What came since the last state: bytes and operations.
    since: (usize, u32),
    /// The time of the last frame of the page.
    page_at: u32,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("offset", &self.out.offset()).finish_non_exhaustive()
    }
}

impl Writer {
    /// Begins a recording.
    #[must_use]
    pub fn new(about: &About, settings: Settings) -> Self {
        Self {
            out: Out::begin(about, settings.level),
            settings,
            decoder: Decoder::new(LIMITS),
            clock: Clock::default(),
            packer: Packer::default(),
            seekable: false,
            base: None,
            since: (0, 0),
            page_at: 0,
        }
    }

    /// Takes a frame; `arrival` is when it came, in milliseconds of the recording, where that is known. Messages that have no
    /// part in what is seen are left out.
    ///
    /// # Errors
    /// Those of [`Decoder::push`]: the frame is not in the recording then, nor can deltas be until the next keyframe.
    pub fn push(&mut self, bytes: &[u8], arrival: Option<u32>) -> Result<()> {
        let header = frame::peek(bytes, &LIMITS)?.header;
        if header.kind == FrameKind::Control {
            let read = frame::read(bytes, &LIMITS)?;
            if messages::belongs(bytes) {
                let at = self.clock.tick(header.kind, header.time, arrival);
                self.packer.push(at, &header, read.body);
                self.end_if_full();
            }
            return Ok(());
        }
        let key = self.decoder.tree().key();
        self.decoder.push(bytes)?;
        if self.decoder.tree().key() != key {
            self.clock.restart();
        }
        let before = self.clock.last();
        let at = self.clock.tick(header.kind, header.time, arrival);
        debug_assert!(before <= at);
        self.page_at = at;
        let body = self.decoder.body();
        let ops = count(&self.decoder);
        self.out.activity.add(at, ops);
        if header.kind == FrameKind::Keyframe {
            let whole = body.to_vec();
            self.flush();
            self.packer.push(at, &header, &whole);
            self.seekable = true;
            let number = u32::try_from(self.out.places.len()).unwrap_or(u32::MAX);
            let len = self.end_block();
            self.base = Some((number, len, self.decoder.tree().clone()));
            self.since = (0, 0);
            return Ok(());
        }
        self.packer.push(at, &header, body);
        self.since.0 += body.len();
        self.since.1 = self.since.1.saturating_add(ops);
        self.end_if_full();
        Ok(())
    }

    fn end_if_full(&mut self) {
        let due = self.since.0 >= self.settings.checkpoint_bytes || self.since.1 >= self.settings.checkpoint_ops;
        if due || self.packer.len() >= self.settings.block_bytes {
            self.end_block();
        }
        if due {
            self.checkpoint();
        }
    }

    /// Ends the block; its length, 0 where there was none.
    fn end_block(&mut self) -> u64 {
        if self.packer.count() == 0 {
            return 0;
        }
        let (times, count) = (self.packer.times, self.packer.count());
        let (body, apart) = self.packer.take();
        let seekable = std::mem::take(&mut self.seekable);
        self.out.block(Kind::Packed, seekable, times, count, &body, &apart)
    }

    fn checkpoint(&mut self) {
        self.since = (0, 0);
        let at = self.page_at.max(self.out.places.last().map_or(0, |place| place.last));
        let mut body = Vec::new();
        if let Some((number, len, tree)) = &self.base {
            body.extend_from_slice(&number.to_le_bytes());
            let offset = self.out.bytes.len();
            if self.decoder.checkpoint(Some(tree), &mut body).is_ok() {
                let differs = self.out.block(Kind::Difference, false, (at, at), 0, &body, &[]);
                // A difference of half the state is the last one from there.
                if differs * 2 <= *len {
                    return;
                }
                self.out.bytes.truncate(offset);
                self.out.places.pop();
            }
        }
        body.clear();
        if self.decoder.checkpoint(None, &mut body).is_ok() {
            let number = u32::try_from(self.out.places.len()).unwrap_or(u32::MAX);
            let len = self.out.block(Kind::Checkpoint, true, (at, at), 0, &body, &[]);
            self.base = Some((number, len, self.decoder.tree().clone()));
        }
    }

    /// Writes the state of another stream, as no writer does.
    #[cfg(test)]
    pub(crate) fn checkpoint_of(&mut self, frames: &[(u32, Vec<u8>)]) {
        self.flush();
        self.decoder = Decoder::new(LIMITS);
        self.base = None;
        for (_, frame) in frames {
            self.decoder.push(frame).unwrap();
        }
        self.checkpoint();
    }

    /// Ends the block that is being filled.
    pub fn flush(&mut self) {
        self.end_block();
    }

    /// What is to be appended to the file.
    pub fn take(&mut self) -> Vec<u8> {
        self.out.take()
    }

    /// Ends the recording: the rest of it, with the index.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.flush();
        self.out.index();
        self.out.take()
    }

    /// The receiving end, for who wants to know what the page is.
    #[must_use]
    pub const fn decoder(&self) -> &Decoder {
        &self.decoder
    }
}

/// How many operations and rows the frame that was applied last has.
fn count(decoder: &Decoder) -> u32 {
    let mut ops = decoder.ops();
    let mut count = 0_u32;
    // The body was read before: nothing in it can be malformed.
    while let Ok(Some(_)) = ops.next() {
        count = count.saturating_add(1);
    }
    count
}

/// Writes frames as they come, none of them looked into: cheap, and whole up to its last block whenever it ends.
/// [`crate::recording::compact`] makes of it what [`Writer`] writes.
#[derive(Debug)]
pub struct LiveWriter {
    out: Out,
    clock: Clock,
    payload: Vec<u8>,
    times: (u32, u32),
    frames: u32,
    seekable: Option<bool>,
}

impl LiveWriter {
    /// A block ends when it holds so many bytes, whatever its age.
    pub const BLOCK_BYTES: usize = 64 << 10;

    /// Begins a recording.
    #[must_use]
    pub fn new(about: &About) -> Self {
        Self {
            out: Out::begin(about, 0),
            clock: Clock::default(),
            payload: Vec::new(),
            times: (0, 0),
            frames: 0,
            seekable: None,
        }
    }

    /// Takes a frame that came at this time, in milliseconds of the recording.
    ///
    /// # Errors
    /// Those of [`frame::peek`]; the frame is not in the recording then.
    pub fn push(&mut self, bytes: &[u8], arrival: u32) -> Result<()> {
        let header = frame::peek(bytes, &Limits::DEFAULT)?.header;
        if header.kind == FrameKind::Control && !messages::belongs(bytes) {
            return Ok(());
        }
        if header.kind == FrameKind::Keyframe {
            // What is played from begins a block.
            self.flush();
        }
        let at = self.clock.tick(header.kind, stream_time(bytes), Some(arrival));
        if self.frames == 0 {
            self.times.0 = at;
            self.times.1 = at;
        }
        if self.seekable.is_none() && header.kind != FrameKind::Control {
            self.seekable = Some(header.kind == FrameKind::Keyframe);
        }
        varint::write(&mut self.payload, at - self.times.1);
        varint::write(&mut self.payload, u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.payload.extend_from_slice(bytes);
        self.times.1 = at;
        self.frames += 1;
        if header.kind != FrameKind::Control {
            self.out.activity.add(at, 1);
        }
        if self.payload.len() >= Self::BLOCK_BYTES {
            self.flush();
        }
        Ok(())
    }

    /// Whether frames wait to be written.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        self.frames > 0
    }

    /// Ends the block that is being filled.
    pub fn flush(&mut self) {
        if self.frames == 0 {
            return;
        }
        let payload = std::mem::take(&mut self.payload);
        let seekable = self.seekable.take() == Some(true);
        self.out.block(Kind::Verbatim, seekable, self.times, self.frames, &payload, &[]);
        self.frames = 0;
    }

    /// What is to be appended to the file.
    pub fn take(&mut self) -> Vec<u8> {
        self.out.take()
    }

    /// Ends the recording: the rest of it, with the index.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.flush();
        self.out.index();
        self.out.take()
    }
}
