//! The header of a sealed frame: all that a relay reads of it (`docs/wire-format.md` §9).
//!
//! ```text
//! byte 0       version 2 (high four bits), whether it tells a pointer's place (bit 2), kind (low two bits)
//! byte 1..5    of a page's frame its sequence number; of a message the agent it is for, 0 for all; u32 little endian
//! byte 5..9    of a page's frame its milliseconds since the stream began; of a message 0; u32 little endian
//! byte 9..13   how many messages the sender's page has sealed before, u32 little endian
//! byte 13..    varint: length of the body as sent
//!              body
//! ```
//!
//! What seals and opens bodies is the crate `seal`.

use crate::{
    Error, ErrorKind, Limits,
    error::Result,
    frame::{FIXED_LEN, Kind},
    varint,
};

/// The version in the first byte of a sealed frame.
pub const VERSION: u8 = 2;

const KIND: u8 = 0x03;
const POINTER: u8 = 0x04;

/// A sealed frame's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What the frame carries.
    pub kind: Kind,
    /// An agent's message that tells where its pointer is: an older one that waits is of no use.
    pub is_pointer: bool,
    /// The sequence number of a page's frame; the number of the agent that a customer's message is for, 0 for all.
    pub number: u32,
    /// Of a page's frame as in [`crate::frame::Header::time`].
    pub time: u32,
    /// How many messages the sender's page has sealed before.
    pub count: u32,
}

impl Header {
    /// The first bytes of the frame, all before the length of its body.
    #[must_use]
    pub fn bytes(&self) -> [u8; FIXED_LEN] {
        let mut out = [0; FIXED_LEN];
        out[0] = VERSION << 4 | if self.is_pointer { POINTER } else { 0 } | self.kind as u8;
        out[1..5].copy_from_slice(&self.number.to_le_bytes());
        out[5..9].copy_from_slice(&self.time.to_le_bytes());
        out[9..].copy_from_slice(&self.count.to_le_bytes());
        out
    }
}

/// Whether bytes claim to be a sealed frame.
#[must_use]
pub fn is_sealed(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| first >> 4 == VERSION)
}

/// A whole sealed frame.
///
/// # Errors
/// [`ErrorKind::Limit`] when a message would exceed [`Limits::CONTROL_BYTES`], or a body 4 GiB.
pub fn write(header: &Header, body: &[u8]) -> Result<Vec<u8>> {
    let most = if header.kind == Kind::Control { Limits::CONTROL_BYTES } else { u32::MAX as usize };
    let too_long = || {
        let expected = format!("at most {most} bytes");
        Error::new(ErrorKind::Limit, FIXED_LEN, expected, format!("a body of {} bytes", body.len()))
    };
    let len = u32::try_from(body.len()).map_err(|_| too_long())?;
    let mut out = Vec::with_capacity(FIXED_LEN + 5 + body.len());
    out.extend_from_slice(&header.bytes());
    varint::write(&mut out, len);
    out.extend_from_slice(body);
    if out.len() > most { Err(too_long()) } else { Ok(out) }
}

/// Reads the header, and gives the body as sent.
///
/// # Errors
/// [`ErrorKind::Foreign`] for what is no sealed frame, [`ErrorKind::Length`] when the bytes are not exactly one,
/// [`ErrorKind::Limit`] when it is larger than allowed.
pub fn peek<'a>(bytes: &'a [u8], limits: &Limits) -> Result<(Header, &'a [u8])> {
    let foreign = |found: String| Error::new(ErrorKind::Foreign, 0, "a sealed frame (version 2)", found);
    let Some(&first) = bytes.first() else { return Err(foreign("no bytes".to_owned())) };
    if first >> 4 != VERSION {
        return Err(foreign(format!("version {}", first >> 4)));
    }
    let kind = match first & KIND {
        0 => Kind::Repair,
        1 => Kind::Keyframe,
        2 => Kind::Delta,
        _ => Kind::Control,
    };
    if first & 0x08 != 0 || first & POINTER != 0 && kind != Kind::Control {
        return Err(foreign(format!("the first byte {first:02x}")));
    }
    let word = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
    let mut at = FIXED_LEN;
    let (Some(number), Some(time), Some(count), Some(len)) = (word(1), word(5), word(9), varint::read(bytes, &mut at))
    else {
        let found = format!("{} bytes", bytes.len());
        return Err(Error::new(ErrorKind::Length, bytes.len(), "a header of 14 bytes or more", found));
    };
    let most = if kind == Kind::Control { Limits::CONTROL_BYTES } else { limits.frame_bytes };
    if bytes.len() > most {
        let found = format!("{} bytes", bytes.len());
        return Err(Error::new(ErrorKind::Limit, FIXED_LEN, format!("at most {most} bytes"), found).in_frame(number));
    }
    let body = &bytes[at..];
    if usize::try_from(len).is_ok_and(|len| len != body.len()) {
        let found = format!("{} bytes", body.len());
        let expected = format!("a body of {len} bytes");
        return Err(Error::new(ErrorKind::Length, at, expected, found).in_frame(number));
    }
    Ok((Header { kind, is_pointer: first & POINTER != 0, number, time, count }, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header(kind: Kind) -> Header {
        Header { kind, is_pointer: false, number: 7, time: 1_234, count: 9 }
    }

    #[test]
    fn a_sealed_frame_round_trips_and_is_no_clear_one() {
        for kind in [Kind::Repair, Kind::Keyframe, Kind::Delta, Kind::Control] {
            let bytes = write(&header(kind), b"sealed").unwrap();
            assert!(is_sealed(&bytes));
            assert_eq!(peek(&bytes, &Limits::DEFAULT).unwrap(), (header(kind), &b"sealed"[..]));
            assert_eq!(crate::frame::peek(&bytes, &Limits::DEFAULT).unwrap_err().kind, ErrorKind::Foreign);
        }
        let pointer = Header { is_pointer: true, ..header(Kind::Control) };
        let bytes = write(&pointer, b"").unwrap();
        assert_eq!(peek(&bytes, &Limits::DEFAULT).unwrap().0, pointer);
    }

    #[test]
    fn what_is_none_says_why() {
        let bytes = write(&header(Kind::Delta), b"sealed").unwrap();
        for len in 0..bytes.len() {
            assert!(peek(&bytes[..len], &Limits::DEFAULT).is_err(), "{len}");
        }
        let clear = [0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let error = peek(&clear, &Limits::DEFAULT).unwrap_err();
        assert_eq!(error.to_string(), "frame 0, byte 0: expected a sealed frame (version 2), found version 1");
        let mut odd = bytes.clone();
        odd[0] |= 0x08;
        assert_eq!(peek(&odd, &Limits::DEFAULT).unwrap_err().kind, ErrorKind::Foreign);
        let small = Limits { frame_bytes: bytes.len() - 1, ..Limits::DEFAULT };
        assert_eq!(peek(&bytes, &small).unwrap_err().kind, ErrorKind::Limit);
        assert_eq!(write(&header(Kind::Control), &vec![0; Limits::CONTROL_BYTES]).unwrap_err().kind, ErrorKind::Limit);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_header_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok((header, body)) = peek(&bytes, &Limits::DEFAULT) {
                prop_assert_eq!(&header.bytes()[..], &bytes[..FIXED_LEN]);
                prop_assert!(bytes.ends_with(body));
            }
        }
    }
}
