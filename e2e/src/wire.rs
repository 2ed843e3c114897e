//! Frames as bytes, read and forged by their description (`docs/wire-format.md` §2) and not by the engine's code.

use anyhow::{Context, Result, bail, ensure};
use flate2::{Decompress, FlushDecompress};
use xxhash_rust::xxh64::Xxh64;

/// Kind of a frame that mends a tree.
pub(crate) const REPAIR: u8 = 0;
/// Kind of a frame that needs no frame before it.
pub(crate) const KEYFRAME: u8 = 1;
/// Kind of a frame that tells what changed since the one before.
pub(crate) const DELTA: u8 = 2;

const VERSION: u8 = 1;
const DEFLATED: u8 = 0x08;
const APART: u8 = 0x04;
const CHECKSUM: std::ops::Range<usize> = 9..13;
const SYNC_TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// The inflated bodies of a whole stream, one after the other.
pub(crate) fn bodies(frames: &[Vec<u8>]) -> Result<Vec<Vec<u8>>> {
    let mut inflate = Decompress::new(false);
    let mut bodies = Vec::new();
    for (index, frame) in frames.iter().enumerate() {
        bodies.push(body(frame, &mut inflate).with_context(|| format!("frame {index} of the stream"))?);
    }
    Ok(bodies)
}

fn body(frame: &[u8], inflate: &mut Decompress) -> Result<Vec<u8>> {
    ensure!(frame.len() > CHECKSUM.end, "{} bytes are no frame", frame.len());
    ensure!(frame[0] >> 4 == VERSION, "version {}", frame[0] >> 4);
    if matches!(frame[0] & 0x03, KEYFRAME | REPAIR) {
        inflate.reset(false);
    }
    let mut rest = &frame[CHECKSUM.end..];
    let body_len = number(&mut rest)?;
    let raw_len = if frame[0] & DEFLATED == 0 { 0 } else { number(&mut rest)? };
    let apart = if frame[0] & APART == 0 { 0 } else { number(&mut rest)? };
    ensure!(rest.len() == body_len && apart <= body_len, "a body of {} bytes, {body_len} are claimed", rest.len());
    if raw_len == 0 {
        return Ok(rest.to_vec());
    }
    let (rest, apart) = rest.split_at(body_len - apart);
    let mut raw = Vec::with_capacity(raw_len + 64);
    for mut input in [rest, &SYNC_TAIL[..]] {
        while !input.is_empty() {
            let before = inflate.total_in();
            inflate.decompress_vec(input, &mut raw, FlushDecompress::Sync)?;
            let read = usize::try_from(inflate.total_in() - before)?;
            ensure!(read > 0 || raw.len() < raw.capacity(), "deflate is stuck after {} bytes", raw.len());
            input = &input[read..];
            raw.reserve(64);
        }
    }
    raw.extend_from_slice(apart);
    ensure!(raw.len() == raw_len, "{} bytes inflated, {raw_len} are claimed", raw.len());
    Ok(raw)
}

fn number(bytes: &mut &[u8]) -> Result<usize> {
    let mut value = 0_usize;
    for shift in (0..35).step_by(7) {
        let Some((byte, rest)) = bytes.split_first() else { bail!("the number ends early") };
        *bytes = rest;
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    bail!("a number of more than five bytes")
}

/// How many bytes the key and the hash take that a frame's body begins with (`docs/wire-format.md` §4).
pub(crate) fn hash_len(frame: &[u8]) -> usize {
    if frame.first().is_some_and(|first| matches!(first & 0x03, KEYFRAME | REPAIR)) { 16 } else { 4 }
}

/// Whether a body holds `text`, in any of the ways in which a frame may hold a string.
pub(crate) fn holds(bodies: &[Vec<u8>], text: &str) -> bool {
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    bodies.iter().any(|body| contains(body, text.as_bytes()) || contains(body, &wide))
}

fn contains(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

/// The frame's number.
pub(crate) fn seq(frame: &[u8]) -> Option<u32> {
    frame.get(1..5)?.try_into().ok().map(u32::from_le_bytes)
}

/// A frame with a right checksum around anything.
pub(crate) fn forge(kind: u8, seq: u32, raw_len: u32, body: &[u8]) -> Vec<u8> {
    let deflated = if raw_len == 0 { 0 } else { DEFLATED };
    let mut frame = vec![VERSION << 4 | deflated | kind];
    frame.extend_from_slice(&seq.to_le_bytes());
    frame.extend_from_slice(&[0; 8]);
    push_number(&mut frame, u32::try_from(body.len()).unwrap_or(u32::MAX));
    if raw_len != 0 {
        push_number(&mut frame, raw_len);
    }
    frame.extend_from_slice(body);
    seal(&mut frame);
    frame
}

/// Makes the checksum right.
pub(crate) fn seal(frame: &mut [u8]) {
    let mut hasher = Xxh64::new(0);
    hasher.update(&frame[..CHECKSUM.start]);
    hasher.update(&frame[CHECKSUM.end..]);
    let digest = hasher.digest().to_le_bytes();
    frame[CHECKSUM].copy_from_slice(&digest[..4]);
}

fn push_number(out: &mut Vec<u8>, mut value: u32) {
    loop {
        let [low, ..] = (value & 0x7f).to_le_bytes();
        value >>= 7;
        if value == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compress, Compression, FlushCompress};

    #[test]
    fn bodies_of_one_stream_share_their_context() {
        let mut deflate = Compress::new(Compression::default(), false);
        let frames: Vec<Vec<u8>> = ["a secret in a body", "a secret in a body again"]
            .iter()
            .enumerate()
            .map(|(index, text)| {
                let mut packed = Vec::with_capacity(200);
                deflate.compress_vec(text.as_bytes(), &mut packed, FlushCompress::Sync).unwrap();
                let packed = packed.strip_suffix(&SYNC_TAIL).unwrap();
                let kind = if index == 0 { KEYFRAME } else { DELTA };
                forge(kind, u32::try_from(index).unwrap(), u32::try_from(text.len()).unwrap(), packed)
            })
            .collect();
        let bodies = bodies(&frames).unwrap();
        assert_eq!(bodies[1], b"a secret in a body again");
        assert!(holds(&bodies, "secret"));
        assert!(!holds(&bodies, "Secret"));
    }

    #[test]
    fn a_body_that_is_not_deflated_is_taken_as_it_is() {
        let frame = forge(KEYFRAME, 7, 0, b"plain");
        assert_eq!(seq(&frame), Some(7));
        assert_eq!(bodies(&[frame]).unwrap(), [b"plain".to_vec()]);
    }

    #[test]
    fn numbers_take_as_many_bytes_as_they_need() {
        for value in [0, 127, 128, 16_383, 16_384, u32::MAX] {
            let mut bytes = Vec::new();
            push_number(&mut bytes, value);
            assert_eq!(number(&mut &bytes[..]).unwrap(), value as usize, "{bytes:?}");
        }
    }
}
