//! Blocks: what a file is made of from version 2 on (`docs/recording-format.md` §2). The head of each has a fixed length, so
//! that a reader can pass over what it does not need.

use super::Error;
use xxhash_rust::xxh32::xxh32;

/// Bytes of a head.
pub const HEAD_LEN: usize = 40;

/// What every head begins with.
const MARK: u8 = 0xcb;

/// The payload is deflated, but for its end.
const DEFLATED: u8 = 1;

/// Nothing before the block is needed to play from it.
const SEEKABLE: u8 = 2;

/// The most bytes that a payload may have once inflated: the largest body of a frame, and what stands beside it.
pub const MOST_BYTES: usize = (256 << 20) + (1 << 16);

/// The most that deflate makes of one byte; a claim of more is refused before memory is taken.
const MAX_RATIO: usize = 1032;

/// What a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// What is known of the recording as a whole; the first block.
    About = 1,
    /// Frames whose bodies are inflated: what is deflated is the block.
    Packed = 2,
    /// Frames as they came.
    Verbatim = 3,
    /// The state of a player, whole.
    Checkpoint = 4,
    /// What differs from the state at an earlier block.
    Difference = 5,
    /// Where the blocks are, and when how much happened.
    Index = 6,
}

impl Kind {
    pub(super) const fn from_tag(tag: u8) -> Option<Self> {
        match tag {
            1 => Some(Self::About),
            2 => Some(Self::Packed),
            3 => Some(Self::Verbatim),
            4 => Some(Self::Checkpoint),
            5 => Some(Self::Difference),
            6 => Some(Self::Index),
            _ => None,
        }
    }

    /// The name, as messages show it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::About => "about",
            Self::Packed => "packed frames",
            Self::Verbatim => "verbatim frames",
            Self::Checkpoint => "checkpoint",
            Self::Difference => "difference",
            Self::Index => "index",
        }
    }
}

/// The head of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// What the block holds.
    pub kind: Kind,
    /// Nothing before it is needed to play from it: its first frame of the page is a keyframe, or it is a whole checkpoint.
    pub seekable: bool,
    /// The payload is deflated, but for its last `apart` bytes.
    pub deflated: bool,
    /// How many blocks come before it in the file.
    pub number: u32,
    /// Bytes of the payload.
    pub stored: u32,
    /// Bytes of the payload once inflated, those apart left out.
    pub inflated: u32,
    /// How many bytes at the end of the payload are not deflated.
    pub apart: u32,
    /// The recording's time of the first frame, in milliseconds.
    pub first: u32,
    /// That of the last frame.
    pub last: u32,
    /// How many frames it holds.
    pub frames: u32,
    /// XXH32 of the payload, seed 0.
    pub checksum: u32,
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).map_or(0, u32::from_le_bytes)
}

impl Head {
    /// Reads the head at `offset` of the file.
    ///
    /// # Errors
    /// When it is no head, or a damaged one.
    pub fn read(bytes: &[u8], offset: u64) -> Result<Self, Error> {
        if bytes.len() < HEAD_LEN {
            let expected = format!("the head of a block, {HEAD_LEN} bytes");
            return Err(Error::new(offset, expected, format!("{} bytes, then the end of the file", bytes.len())));
        }
        if bytes[0] != MARK {
            return Err(Error::new(offset, format!("a block ({MARK:02x})"), format!("{:02x}", bytes[0])));
        }
        let sum = xxh32(&bytes[..36], 0);
        if word(bytes, 36) != sum {
            let found = format!("{:08x}", word(bytes, 36));
            return Err(Error::new(offset + 36, format!("a head of the checksum {sum:08x}"), found));
        }
        let Some(kind) = Kind::from_tag(bytes[1]) else {
            return Err(Error::new(offset + 1, "a kind of block from 1 to 6", bytes[1].to_string()));
        };
        let head = Self {
            kind,
            seekable: bytes[2] & SEEKABLE != 0,
            deflated: bytes[2] & DEFLATED != 0,
            number: word(bytes, 4),
            stored: word(bytes, 8),
            inflated: word(bytes, 12),
            apart: word(bytes, 16),
            first: word(bytes, 20),
            last: word(bytes, 24),
            frames: word(bytes, 28),
            checksum: word(bytes, 32),
        };
        let within = |at: usize, what: &str, found: u32, most: usize| {
            if found as usize <= most {
                return Ok(());
            }
            Err(Error::new(offset + at as u64, format!("at most {most} {what}"), found.to_string()))
        };
        within(8, "bytes in a block", head.stored, MOST_BYTES)?;
        within(16, "bytes apart", head.apart, head.stored as usize)?;
        let packed = (head.stored - head.apart) as usize;
        let most = if head.deflated { packed.saturating_mul(MAX_RATIO).min(MOST_BYTES) } else { packed };
        within(12, "bytes inflated", head.inflated, most)?;
        if head.first > head.last {
            let expected = format!("a last time of at least {} ms", head.first);
            return Err(Error::new(offset + 24, expected, format!("{} ms", head.last)));
        }
        Ok(head)
    }

    /// Appends the head.
    fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let flags = (u8::from(self.deflated) * DEFLATED) | (u8::from(self.seekable) * SEEKABLE);
        out.extend_from_slice(&[MARK, self.kind as u8, flags, 0]);
        let words =
            [self.number, self.stored, self.inflated, self.apart, self.first, self.last, self.frames, self.checksum];
        for word in words {
            out.extend_from_slice(&word.to_le_bytes());
        }
        let sum = xxh32(&out[start..], 0);
        out.extend_from_slice(&sum.to_le_bytes());
    }

    /// Bytes of the whole block.
    #[must_use]
    pub const fn len(&self) -> u64 {
        HEAD_LEN as u64 + self.stored as u64
    }

    /// Never: a block has a head.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        false
    }
}

/// Appends a block: the payload is `body`, deflated at `level` unless that is 0, and `apart` behind it as it is. The head says
/// of itself what the caller cannot know: lengths and checksum.
pub fn write(out: &mut Vec<u8>, head: Head, level: u32, body: &[u8], apart: &[u8]) -> Head {
    let packed = (level > 0).then(|| deflate(body, level)).filter(|packed| packed.len() < body.len());
    let payload = [packed.as_deref().unwrap_or(body), apart].concat();
    let len = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
    let head = Head {
        deflated: packed.is_some(),
        stored: len(payload.len()),
        inflated: len(body.len()),
        apart: len(apart.len()),
        checksum: xxh32(&payload, 0),
        ..head
    };
    head.write(out);
    out.extend_from_slice(&payload);
    head
}

/// A block that was read: its head, and its payload inflated, in two parts.
#[derive(Debug, Clone)]
pub struct Block {
    /// The head.
    pub head: Head,
    /// What was deflated.
    pub body: Vec<u8>,
    /// What was not.
    pub apart: Vec<u8>,
}

impl Block {
    /// Reads a whole block that lies at `offset` of the file.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn read(bytes: &[u8], offset: u64) -> Result<Self, Error> {
        let head = Head::read(bytes, offset)?;
        let payload = &bytes[HEAD_LEN..];
        let start = offset + HEAD_LEN as u64;
        if payload.len() != head.stored as usize {
            let found = format!("{} bytes, then the end of the file", payload.len());
            return Err(Error::new(start, format!("a payload of {} bytes", head.stored), found));
        }
        let sum = xxh32(payload, 0);
        if sum != head.checksum {
            let expected = format!("a payload of the checksum {:08x}", head.checksum);
            return Err(Error::new(start, expected, format!("{sum:08x}")));
        }
        let (body, apart) = payload.split_at(payload.len() - head.apart as usize);
        let body = if head.deflated { inflate(body, head.inflated as usize, start)? } else { body.to_vec() };
        if body.len() != head.inflated as usize {
            let expected = format!("a payload of {} bytes", head.inflated);
            return Err(Error::new(start, expected, format!("{} bytes", body.len())));
        }
        Ok(Self { head, body, apart: apart.to_vec() })
    }
}

fn deflate(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut deflate = flate2::Compress::new(flate2::Compression::new(level), false);
    let mut out = Vec::with_capacity(bytes.len() / 2 + 64);
    loop {
        let read = usize::try_from(deflate.total_in()).unwrap_or(usize::MAX);
        let rest = bytes.get(read..).unwrap_or_default();
        match deflate.compress_vec(rest, &mut out, flate2::FlushCompress::Finish) {
            Ok(flate2::Status::StreamEnd) => return out,
            // Never from memory to memory; a block that could not be deflated is stored as it is.
            Err(_) => return bytes.to_vec(),
            Ok(_) => out.reserve(out.capacity()),
        }
    }
}

/// Room is taken as it is needed, whatever the head claims.
fn inflate(bytes: &[u8], len: usize, offset: u64) -> Result<Vec<u8>, Error> {
    let mut inflate = flate2::Decompress::new(false);
    let mut out = Vec::with_capacity(len.min(1 << 16));
    loop {
        let read = usize::try_from(inflate.total_in()).unwrap_or(usize::MAX);
        let before = out.len();
        let rest = bytes.get(read..).unwrap_or_default();
        let status = inflate.decompress_vec(rest, &mut out, flate2::FlushDecompress::None);
        let is_stuck = out.len() == before && inflate.total_in() == read as u64;
        match status {
            Ok(flate2::Status::StreamEnd) if out.len() <= len => return Ok(out),
            Ok(flate2::Status::Ok | flate2::Status::BufError) if out.len() <= len && out.len() == out.capacity() => {
                out.reserve(out.capacity().min(len - out.len() + 1).max(64));
            }
            Ok(flate2::Status::Ok) if out.len() <= len && !is_stuck => {}
            status => {
                let found = format!("{} bytes, then {status:?}", out.len());
                return Err(Error::new(offset + inflate.total_in(), format!("{len} bytes of deflate"), found));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(kind: Kind) -> Head {
        Head {
            kind,
            seekable: true,
            deflated: false,
            number: 3,
            stored: 0,
            inflated: 0,
            apart: 0,
            first: 10,
            last: 20,
            frames: 2,
            checksum: 0,
        }
    }

    #[test]
    fn blocks_round_trip_and_are_deflated_where_that_pays() {
        for (body, deflated) in [(vec![7; 300_000], true), (b"short".to_vec(), false), (Vec::new(), false)] {
            let mut out = Vec::new();
            let written = write(&mut out, head(Kind::Packed), 6, &body, b"apart");
            let read = Block::read(&out, 100).unwrap();
            assert_eq!((read.head, read.body, read.apart), (written, body, b"apart".to_vec()));
            assert_eq!((written.deflated, written.len()), (deflated, out.len() as u64));
        }
    }

    #[test]
    fn every_altered_bit_and_every_cut_names_a_place_in_the_block() {
        let mut out = Vec::new();
        write(&mut out, head(Kind::Verbatim), 6, &[1; 200], b"apart");
        for bit in 0..out.len() * 8 {
            let mut damaged = out.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let error = Block::read(&damaged, 1_000).unwrap_err();
            assert!((1_000..1_000 + out.len() as u64).contains(&error.offset), "{bit}: {error}");
        }
        for len in 0..out.len() {
            assert!(Block::read(&out[..len], 0).is_err(), "{len}");
        }
    }

    #[test]
    fn what_is_claimed_is_bounded() {
        let mut out = Vec::new();
        let claims = Head { deflated: true, stored: 4, inflated: u32::MAX, ..head(Kind::Packed) };
        claims.write(&mut out);
        out.extend_from_slice(&[0; 4]);
        let error = Block::read(&out, 0).unwrap_err();
        assert_eq!(error.to_string(), "byte 12: expected at most 4128 bytes inflated, found 4294967295");
    }
}
