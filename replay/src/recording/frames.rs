//! Frames in blocks: packed with their bodies inflated, so that deflate sees all of a block at once, or verbatim
//! (`docs/recording-format.md` §4).

use super::{Error, clock::Clock};
use protocol::{
    Limits,
    frame::{self, Kind},
    varint,
};

/// The least that a frame takes in a packed block: five numbers.
const LEAST_BYTES: usize = 5;

/// The bytes of a frame's header before its lengths.
const FIXED: usize = frame::FIXED_LEN;

/// What a frame in a recording may be: with its body inflated it is longer than on the wire.
pub const LIMITS: Limits = Limits { frame_bytes: Limits::DEFAULT.body_bytes + 64, ..Limits::DEFAULT };

/// A frame in a block that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The recording's time, in milliseconds.
    pub at: u32,
    /// What it carries.
    pub kind: Kind,
    /// Where the file says it: its own offset in verbatim blocks, its block's in packed ones.
    pub offset: u64,
    /// Bytes it takes in the file; in a packed block those of its body before deflate.
    pub bytes: usize,
    start: usize,
    end: usize,
}

/// The frames of a block, ready to be played.
#[derive(Debug, Clone, Default)]
pub struct Frames {
    entries: Vec<Entry>,
    bytes: Vec<u8>,
}

impl Frames {
    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// One of them, and its bytes.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<(Entry, &[u8])> {
        let entry = *self.entries.get(index)?;
        Some((entry, self.bytes.get(entry.start..entry.end)?))
    }

    /// Reads a packed block: its payload inflated, and what stood apart.
    ///
    /// # Errors
    /// When the payload is not what it should be.
    pub fn unpack(body: &[u8], apart: &[u8], first: u32, offset: u64) -> Result<Self, Error> {
        let mut at = 0;
        let fault = |expected: &str, found: String| Error::new(offset, expected.to_owned(), found);
        let mut number = |what: &str| {
            let read = varint::read(body, &mut at);
            read.ok_or_else(|| fault(&format!("a block of frames with {what} of each"), "other bytes".to_owned()))
        };
        let count = number("how many")? as usize;
        if count > body.len() / LEAST_BYTES {
            return Err(fault(&format!("at most {} frames", body.len() / LEAST_BYTES), count.to_string()));
        }
        let mut column = |what: &str| (0..count).map(|_| number(what)).collect::<Result<Vec<u32>, Error>>();
        let [times, kinds, seqs, shifts, lens] = [
            column("the time")?,
            column("the kind")?,
            column("the number")?,
            column("the stream's time")?,
            column("the length")?,
        ];
        let mut bodies = body.get(at..).unwrap_or_default();
        let mut hashes = apart;
        let mut frames =
            Self { entries: Vec::with_capacity(count), bytes: Vec::with_capacity(bodies.len() + count * 20) };
        let mut state = Columns { at: first, ..Columns::default() };
        let mut whole = Vec::new();
        for index in 0..count {
            let Some(kind) = kind_of(kinds[index]) else {
                return Err(fault("a kind of frame from 0 to 3", kinds[index].to_string()));
            };
            let (at, seq, time) = state.read(kind, times[index], seqs[index], shifts[index]);
            let hash_len = if kind == Kind::Delta { 4 } else { 0 };
            let parts = hashes.split_at_checked(hash_len).zip(bodies.split_at_checked(lens[index] as usize));
            let Some(((hash, more_hashes), (body, more_bodies))) = parts else {
                let found = format!("{} bytes", bodies.len().min(hashes.len()));
                return Err(fault(&format!("the {} bytes of frame {seq}", lens[index]), found));
            };
            (hashes, bodies) = (more_hashes, more_bodies);
            whole.clear();
            whole.extend_from_slice(hash);
            whole.extend_from_slice(body);
            let start = frames.bytes.len();
            let written = frame::write(&mut frames.bytes, kind, seq, time, 0, &whole);
            written.map_err(|error| super::within(offset, &error))?;
            let end = frames.bytes.len();
            frames.entries.push(Entry { at, kind, offset, bytes: whole.len(), start, end });
        }
        if !bodies.is_empty() || !hashes.is_empty() {
            let found = format!("{} bytes more", bodies.len() + hashes.len());
            return Err(fault("the end of the block", found));
        }
        Ok(frames)
    }

    /// Reads a verbatim block: for each frame how long it came after the one before, its length, and itself.
    ///
    /// # Errors
    /// When the payload is not what it should be.
    pub fn verbatim(body: &[u8], first: u32, offset: u64) -> Result<Self, Error> {
        let mut frames = Self { bytes: body.to_vec(), ..Self::default() };
        let (mut at, mut time) = (0, first);
        while at < body.len() {
            let start = at;
            let Some(passed) = varint::read(body, &mut at) else {
                return Err(Error::new(offset + start as u64, "a time", "other bytes"));
            };
            time = time.saturating_add(passed);
            let entry = one(body, &mut at, offset)?;
            frames.entries.push(Entry { at: time, offset: offset + start as u64, bytes: at - start, ..entry });
        }
        Ok(frames)
    }

    /// Reads a part of a file of version 1: for each frame its length, and itself.
    ///
    /// # Errors
    /// When the part is not what it should be.
    pub fn version_1(body: &[u8], mut clock: Clock, offset: u64) -> Result<Self, Error> {
        let mut frames = Self { bytes: body.to_vec(), ..Self::default() };
        let mut at = 0;
        while at < body.len() {
            let start = at;
            let entry = one(body, &mut at, offset)?;
            let time = clock.tick(entry.kind, stream_time(&body[entry.start..entry.end]), None);
            frames.entries.push(Entry { at: time, offset: offset + start as u64, bytes: at - start, ..entry });
        }
        Ok(frames)
    }
}

/// A frame with its length before it.
fn one(body: &[u8], at: &mut usize, offset: u64) -> Result<Entry, Error> {
    let start = *at;
    let len = varint::read(body, at);
    let frame = len.and_then(|len| body.get(*at..at.checked_add(len as usize)?));
    let Some(frame) = frame else {
        let expected = len.map_or("a frame's length".to_owned(), |len| format!("a frame of {len} bytes"));
        let found = format!("{} bytes, then the end", body.len() - start);
        return Err(Error::new(offset + start as u64, expected, found));
    };
    let (start, end) = (*at, *at + frame.len());
    let Some(kind) = frame.first().filter(|_| frame.len() > FIXED).and_then(|first| kind_of(u32::from(first & 3)))
    else {
        let found = format!("{} bytes", frame.len());
        return Err(Error::new(offset + start as u64, format!("a frame of at least {} bytes", FIXED + 1), found));
    };
    *at = end;
    Ok(Entry { at: 0, kind, offset: 0, bytes: 0, start, end })
}

/// The stream's time of a frame, as its header has it.
pub(super) fn stream_time(frame: &[u8]) -> u32 {
    frame.get(5..9).and_then(|word| word.try_into().ok()).map_or(0, u32::from_le_bytes)
}

pub(super) const fn kind_of(tag: u32) -> Option<Kind> {
    match tag {
        0 => Some(Kind::Repair),
        1 => Some(Kind::Keyframe),
        2 => Some(Kind::Delta),
        3 => Some(Kind::Control),
        _ => None,
    }
}

/// What numbers are told relative to.
#[derive(Debug, Clone, Copy, Default)]
struct Columns {
    at: u32,
    /// The numbers of the last frame of the page and of the last message.
    seqs: [u32; 2],
    /// The stream's time less the recording's, of the last frame of the page and of the last message.
    shifts: [u32; 2],
}

impl Columns {
    /// The three numbers of a frame, from what stands for them.
    fn read(&mut self, kind: Kind, passed: u32, seq: u32, shift: u32) -> (u32, u32, u32) {
        let which = usize::from(kind == Kind::Control);
        self.at = self.at.wrapping_add(passed);
        self.seqs[which] = self.seqs[which].wrapping_add(1).wrapping_add(varint::unzigzag(seq).cast_unsigned());
        self.shifts[which] = self.shifts[which].wrapping_add(varint::unzigzag(shift).cast_unsigned());
        (self.at, self.seqs[which], self.at.wrapping_add(self.shifts[which]))
    }

    /// What stands for the three numbers.
    fn write(&mut self, kind: Kind, at: u32, seq: u32, time: u32) -> (u32, u32, u32) {
        let which = usize::from(kind == Kind::Control);
        let passed = at.wrapping_sub(self.at);
        let step = seq.wrapping_sub(self.seqs[which]).wrapping_sub(1).cast_signed();
        let shift = time.wrapping_sub(at);
        let moved = shift.wrapping_sub(self.shifts[which]).cast_signed();
        (self.at, self.seqs[which], self.shifts[which]) = (at, seq, shift);
        (passed, varint::zigzag(step), varint::zigzag(moved))
    }
}

/// Frames on their way into a packed block.
#[derive(Debug, Default)]
pub(super) struct Packer {
    columns: [Vec<u8>; 5],
    bodies: Vec<u8>,
    hashes: Vec<u8>,
    count: u32,
    /// The time of the first frame, and of the last.
    pub(super) times: (u32, u32),
    state: Columns,
}

impl Packer {
    pub(super) const fn count(&self) -> u32 {
        self.count
    }

    /// Bytes of the block before deflate.
    pub(super) fn len(&self) -> usize {
        self.columns.iter().map(Vec::len).sum::<usize>() + self.bodies.len() + self.hashes.len()
    }

    /// Adds a frame: its header, and its body inflated.
    pub(super) fn push(&mut self, at: u32, header: &frame::Header, body: &[u8]) {
        if self.count == 0 {
            self.times.0 = at;
            self.state = Columns { at, ..Columns::default() };
        }
        self.times.1 = at;
        self.count += 1;
        let (passed, seq, shift) = self.state.write(header.kind, at, header.seq, header.time);
        let (hash, body) = body.split_at(if header.kind == Kind::Delta { body.len().min(4) } else { 0 });
        let len = u32::try_from(body.len()).unwrap_or(u32::MAX);
        for (column, number) in self.columns.iter_mut().zip([passed, header.kind as u32, seq, shift, len]) {
            varint::write(column, number);
        }
        self.hashes.extend_from_slice(hash);
        self.bodies.extend_from_slice(body);
    }

    /// The payload in its two parts: what is worth deflating, and hashes.
    pub(super) fn take(&mut self) -> (Vec<u8>, Vec<u8>) {
        let mut body = Vec::with_capacity(self.len() + 5);
        varint::write(&mut body, self.count);
        for column in &self.columns {
            body.extend_from_slice(column);
        }
        body.extend_from_slice(&self.bodies);
        let hashes = std::mem::take(&mut self.hashes);
        *self = Self::default();
        (body, hashes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: Kind, seq: u32, time: u32, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        frame::write(&mut out, kind, seq, time, 0, body).unwrap();
        out
    }

    /// Frames as they come, each with the recording's time.
    fn given() -> Vec<(u32, Vec<u8>)> {
        vec![
            (7, frame(Kind::Keyframe, 1, 3, b"a keyframe")),
            (7, frame(Kind::Control, 900, 0, b"x")),
            (40, frame(Kind::Delta, 2, 36, b"hashand the rest")),
            (40, frame(Kind::Delta, 3, 36, b"hash")),
            (5_000, frame(Kind::Keyframe, 1, 0, b"another page")),
        ]
    }

    #[test]
    fn packed_frames_come_out_as_they_went_in() {
        let mut packer = Packer::default();
        for (at, bytes) in given() {
            let read = frame::read(&bytes, &Limits::DEFAULT).unwrap();
            packer.push(at, &read.header, read.body);
        }
        assert_eq!((packer.count(), packer.times), (5, (7, 5_000)));
        let (body, apart) = packer.take();
        assert_eq!(apart, b"hashhash");
        let frames = Frames::unpack(&body, &apart, 7, 100).unwrap();
        let out: Vec<_> = (0..frames.len()).map(|index| frames.get(index).unwrap()).collect();
        assert_eq!(out.iter().map(|(entry, bytes)| (entry.at, bytes.to_vec())).collect::<Vec<_>>(), given());
        for len in 0..body.len() {
            assert!(Frames::unpack(&body[..len], &apart, 7, 0).is_err(), "{len}");
        }
        assert!(Frames::unpack(&body, b"hash", 7, 0).is_err());
    }

    #[test]
    fn verbatim_frames_have_offsets_of_their_own() {
        let mut body = Vec::new();
        let mut before = 5;
        for (at, bytes) in given() {
            varint::write(&mut body, at - before);
            varint::write(&mut body, u32::try_from(bytes.len()).unwrap());
            body.extend_from_slice(&bytes);
            before = at;
        }
        let frames = Frames::verbatim(&body, 5, 1_000).unwrap();
        let times: Vec<u32> = (0..frames.len()).map(|index| frames.get(index).unwrap().0.at).collect();
        assert_eq!(times, [7, 7, 40, 40, 5_000]);
        assert_eq!(frames.get(1).unwrap().0.offset, 1_000 + 2 + given()[0].1.len() as u64);
        let error = Frames::verbatim(&body[..10], 5, 1_000).unwrap_err();
        assert_eq!(error.to_string(), "byte 1001: expected a frame of 24 bytes, found 9 bytes, then the end");
    }
}
