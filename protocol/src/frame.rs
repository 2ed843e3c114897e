//! The header of a frame: all that a relay reads (`docs/wire-format.md` §2).
//!
//! ```text
//! byte 0       version (high four bits), whether the body is deflated (bit 3) but for its end (bit 2), kind (low two bits)
//! byte 1..5    sequence number, u32 little endian
//! byte 5..9    milliseconds since the stream began, u32 little endian
//! byte 9..13   checksum, u32 little endian: the low half of XXH64 (seed 0) over all other bytes
//! byte 13..    varint: length of the body as sent
//!              varint, only when it is deflated: length of the body once inflated
//!              varint, only with bit 2: how many bytes at the end of the body are sent as they are
//!              body
//! ```

use crate::{Error, ErrorKind, Limits, error::Result, varint};
use xxhash_rust::xxh64::Xxh64;

/// The version this crate writes and reads.
pub const VERSION: u8 = 1;

/// Bytes before the two lengths.
pub const FIXED_LEN: usize = 13;

const CHECKSUM: std::ops::Range<usize> = 9..13;

/// Set in the first byte when the body is deflated.
const DEFLATED: u8 = 0x08;

/// Set beside it when the end of the body is not.
const APART: u8 = 0x04;

const KIND: u8 = 0x03;

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The whole tree, but for subtrees that the player is known to have: mends a tree that lost step.
    Repair = 0,
    /// The whole tree; needs no frame before it.
    Keyframe = 1,
    /// What changed since the frame before.
    Delta = 2,
    /// A [`crate::control::Control`] message; outside the sequence of the others.
    Control = 3,
}

impl Kind {
    const fn from_tag(tag: u8) -> Option<Self> {
        match tag {
            0 => Some(Self::Repair),
            1 => Some(Self::Keyframe),
            2 => Some(Self::Delta),
            3 => Some(Self::Control),
            _ => None,
        }
    }
}

/// A frame's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Header {
    /// What the frame carries.
    pub kind: Kind,
    /// Position in the stream: a delta's is one more than that of the keyframe, repair or delta before it. Control
    /// frames count on their own.
    pub seq: u32,
    /// Milliseconds since the stream began; wraps after 49 days.
    pub time: u32,
    /// Length of the body as sent, in bytes.
    pub body_len: u32,
    /// Length of the body once inflated, in bytes; 0 when it is sent as it is.
    pub raw_len: u32,
    /// How many bytes at the end of a deflated body are sent as they are.
    pub apart: u32,
}

/// A frame split into header and body; the body borrows from the bytes given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The header.
    pub header: Header,
    /// Bytes before the body.
    pub header_len: usize,
    /// The body as sent.
    pub body: &'a [u8],
}

/// Appends a whole frame to `out`. Lengths are taken from `body`; `raw_len` is 0 for a body that is not deflated.
///
/// # Errors
/// [`ErrorKind::Limit`] when the body is longer than 4 GiB - 1.
pub fn write(out: &mut Vec<u8>, kind: Kind, seq: u32, time: u32, raw_len: u32, body: &[u8]) -> Result<()> {
    write_parts(out, kind, seq, time, raw_len, [body, &[]])
}

/// The same with a body in two parts, the second one as it is; `raw_len` is the length of both once inflated.
///
/// # Errors
/// As for [`write`].
pub fn write_parts(
    out: &mut Vec<u8>,
    kind: Kind,
    seq: u32,
    time: u32,
    raw_len: u32,
    [body, apart]: [&[u8]; 2],
) -> Result<()> {
    let len = body.len() + apart.len();
    let (Ok(body_len), Ok(apart_len)) = (u32::try_from(len), u32::try_from(apart.len())) else {
        let found = format!("{len} bytes");
        return Err(Error::new(ErrorKind::Limit, FIXED_LEN, "a body of less than 4 GiB", found).in_frame(seq));
    };
    let start = out.len();
    let flags = match (raw_len, apart_len) {
        (0, _) => 0,
        (_, 0) => DEFLATED,
        _ => DEFLATED | APART,
    };
    out.push(VERSION << 4 | flags | kind as u8);
    out.extend_from_slice(&seq.to_le_bytes());
    out.extend_from_slice(&time.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    varint::write(out, body_len);
    if raw_len != 0 {
        varint::write(out, raw_len);
    }
    if flags & APART != 0 {
        varint::write(out, apart_len);
    }
    out.extend_from_slice(body);
    out.extend_from_slice(apart);
    let sum = checksum(&out[start..]);
    out[start + CHECKSUM.start..start + CHECKSUM.end].copy_from_slice(&sum.to_le_bytes());
    Ok(())
}

/// Reads the header and checks lengths against `limits`, without looking at the body. What a relay does.
///
/// # Errors
/// [`ErrorKind::Foreign`] for another version or kind, [`ErrorKind::Length`] when the bytes are not exactly one frame,
/// [`ErrorKind::Limit`] when it is larger than allowed.
pub fn peek<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Frame<'a>> {
    let Some(first) = bytes.first() else {
        return Err(Error::new(ErrorKind::Length, 0, "a frame", "no bytes"));
    };
    if first >> 4 != VERSION {
        let found = format!("version {}", first >> 4);
        return Err(Error::new(ErrorKind::Foreign, 0, format!("version {VERSION}"), found));
    }
    let Some(kind) = Kind::from_tag(first & KIND) else {
        let found = format!("kind {}", first & KIND);
        return Err(Error::new(
            ErrorKind::Foreign,
            0,
            "kind 0 (repair), 1 (keyframe), 2 (delta) or 3 (control)",
            found,
        ));
    };
    let word = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
    let (Some(seq), Some(time), Some(_)) = (word(1), word(5), word(CHECKSUM.start)) else {
        let found = format!("{} bytes", bytes.len());
        return Err(Error::new(ErrorKind::Length, bytes.len(), "a header of 14 bytes or more", found));
    };
    let mut at = FIXED_LEN;
    let deflated = first & DEFLATED != 0;
    let body_len = varint::read(bytes, &mut at);
    let raw_len = if deflated { varint::read(bytes, &mut at).filter(|len| *len != 0) } else { Some(0) };
    let apart = if first & APART != 0 { varint::read(bytes, &mut at).filter(|len| *len != 0) } else { Some(0) };
    let (Some(body_len), Some(raw_len), Some(apart)) = (body_len, raw_len, apart) else {
        return Err(Error::new(ErrorKind::Length, at, "the body's length", "no number").in_frame(seq));
    };
    let most = if kind == Kind::Control { Limits::CONTROL_BYTES } else { limits.frame_bytes };
    if bytes.len() > most {
        let found = format!("{} bytes", bytes.len());
        return Err(Error::new(ErrorKind::Limit, FIXED_LEN, format!("at most {most} bytes"), found).in_frame(seq));
    }
    let most = if kind == Kind::Control { Limits::CONTROL_BYTES } else { limits.body_bytes };
    if usize::try_from(raw_len).is_ok_and(|len| len > most) {
        let found = format!("{raw_len} bytes");
        return Err(Error::new(ErrorKind::Limit, at, format!("at most {most} bytes inflated"), found).in_frame(seq));
    }
    if apart > body_len.min(raw_len) {
        let expected = format!("at most {} bytes apart", body_len.min(raw_len));
        return Err(Error::new(ErrorKind::Length, at, expected, format!("{apart} bytes")).in_frame(seq));
    }
    let body = &bytes[at..];
    if usize::try_from(body_len).is_ok_and(|len| len != body.len()) {
        let expected = format!("a body of {body_len} bytes");
        let found = format!("{} bytes", body.len());
        return Err(Error::new(ErrorKind::Length, bytes.len(), expected, found).in_frame(seq));
    }
    Ok(Frame { header: Header { kind, seq, time, body_len, raw_len, apart }, header_len: at, body })
}

/// Reads the header and checks everything that can be known without inflating the body, the checksum included.
///
/// # Errors
/// Those of [`peek`], and [`ErrorKind::Checksum`].
pub fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Frame<'a>> {
    let frame = peek(bytes, limits)?;
    let sum = checksum(bytes);
    if bytes[CHECKSUM] != sum.to_le_bytes() {
        let claimed = u32::from_le_bytes([bytes[9], bytes[10], bytes[11], bytes[12]]);
        let expected = format!("checksum {sum:08x}");
        let found = format!("{claimed:08x}");
        return Err(Error::new(ErrorKind::Checksum, CHECKSUM.start, expected, found).in_frame(frame.header.seq));
    }
    Ok(frame)
}

/// The checksum over a whole frame, its own four bytes left out.
fn checksum(frame: &[u8]) -> u32 {
    let mut hasher = Xxh64::new(0);
    hasher.update(&frame[..CHECKSUM.start]);
    hasher.update(&frame[CHECKSUM.end..]);
    #[expect(clippy::cast_possible_truncation, reason = "the low half is the checksum")]
    let low = hasher.digest() as u32;
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample() -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out, Kind::Delta, 7, 1_234, 0, b"body").unwrap();
        out
    }

    #[test]
    fn a_frame_round_trips() {
        let bytes = sample();
        assert_eq!(bytes.len(), 18);
        let frame = read(&bytes, &Limits::DEFAULT).unwrap();
        assert_eq!(frame.header, Header { kind: Kind::Delta, seq: 7, time: 1_234, body_len: 4, raw_len: 0, apart: 0 });
        assert_eq!(frame.body, b"body");
    }

    #[test]
    fn every_truncation_names_frame_offset_and_expectation() {
        let bytes = sample();
        for len in 0..bytes.len() {
            let error = read(&bytes[..len], &Limits::DEFAULT).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Length, "{len}: {error}");
            assert!(error.offset <= len, "{len}: {error}");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(
            read(&longer, &Limits::DEFAULT).unwrap_err().to_string(),
            "frame 7, byte 19: expected a body of 4 bytes, found 5 bytes"
        );
    }

    #[test]
    fn lengths_meet_the_limits_first() {
        let mut out = Vec::new();
        write(&mut out, Kind::Keyframe, 1, 0, u32::MAX, b"x").unwrap();
        assert_eq!(peek(&out, &Limits::DEFAULT).unwrap_err().kind, ErrorKind::Limit);
        let small = Limits { frame_bytes: 17, ..Limits::DEFAULT };
        assert_eq!(peek(&sample(), &small).unwrap_err().kind, ErrorKind::Limit);
        let mut out = Vec::new();
        write_parts(&mut out, Kind::Delta, 1, 0, 9, [b"deflated", b"as it is"]).unwrap();
        assert_eq!(peek(&out, &Limits::DEFAULT).unwrap().header.apart, 8);
        out[15] = 17;
        let error = peek(&out, &Limits::DEFAULT).unwrap_err();
        assert_eq!(error.to_string(), "frame 1, byte 16: expected at most 9 bytes apart, found 17 bytes");
        let mut out = Vec::new();
        write(&mut out, Kind::Control, 1, 0, 0, &vec![0; Limits::CONTROL_BYTES]).unwrap();
        assert_eq!(peek(&out, &Limits::DEFAULT).unwrap_err().kind, ErrorKind::Limit);
    }

    proptest! {
        #[test]
        fn any_altered_bit_is_noticed(body in prop::collection::vec(any::<u8>(), 0..200), seq: u32, time: u32, at: usize, bit in 0..8_u8) {
            let mut bytes = Vec::new();
            write(&mut bytes, Kind::Keyframe, seq, time, 0, &body).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            prop_assert!(read(&bytes, &Limits::DEFAULT).is_err());
        }
    }
}
