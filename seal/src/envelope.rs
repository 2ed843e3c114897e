//! A clear frame as what is sealed of it, and back: what the sealed frame's own header says is not said twice.

use crate::Error;
use protocol::{
    Limits,
    control::Control,
    frame::{self, Kind},
    sealed::Header,
};

/// What the customer and one agent say to each other, by the first byte of what is sealed.
pub(crate) const MESSAGE: u8 = 0;
/// The session's key.
pub(crate) const KEY: u8 = 1;

/// What is sealed of a frame of the page: its first byte, and what stands behind its fixed header.
pub(crate) fn page(clear: &[u8]) -> Result<(Header, Vec<u8>), Error> {
    let found = frame::peek(clear, &Limits::DEFAULT)?.header;
    let plain = [&clear[..1], &clear[frame::FIXED_LEN..]].concat();
    Ok((Header { kind: found.kind, is_pointer: false, number: found.seq, time: found.time, count: 0 }, plain))
}

/// The frame of the page that was sealed.
pub(crate) fn page_again(header: &Header, plain: &[u8]) -> Result<Vec<u8>, Error> {
    let (&first, rest) = plain.split_first().ok_or(Error::Altered)?;
    let mut bytes = Vec::with_capacity(plain.len() + 12);
    bytes.push(first);
    bytes.extend_from_slice(&header.number.to_le_bytes());
    bytes.extend_from_slice(&header.time.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(rest);
    let found = frame::peek(&bytes, &Limits::DEFAULT)?;
    if found.header.kind != header.kind || header.kind == Kind::Control {
        return Err(Error::Malformed("its kind is not that of its header".to_owned()));
    }
    let (body, apart) = found.body.split_at(found.body.len() - found.header.apart as usize);
    let mut out = Vec::with_capacity(bytes.len());
    frame::write_parts(&mut out, header.kind, header.number, header.time, found.header.raw_len, [body, apart])?;
    Ok(out)
}

/// What is sealed of a message: its time and its body.
pub(crate) fn message(clear: &[u8]) -> Result<Vec<u8>, Error> {
    let found = frame::read(clear, &Limits::DEFAULT)?;
    Ok([&[MESSAGE][..], &found.header.time.to_le_bytes(), found.body].concat())
}

/// The message that was sealed; `rest` is what stands behind the first byte.
pub(crate) fn message_again(rest: &[u8], count: u32) -> Result<(Control, Vec<u8>), Error> {
    let (time, body) = rest.split_first_chunk::<4>().ok_or(Error::Altered)?;
    let mut out = Vec::with_capacity(rest.len() + 16);
    frame::write(&mut out, Kind::Control, count, u32::from_le_bytes(*time), 0, body)?;
    Ok((Control::read(&out, &Limits::DEFAULT)?, out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn frames_come_back_as_they_were(body in prop::collection::vec(any::<u8>(), 0..300), apart in prop::collection::vec(any::<u8>(), 0..50), kind in 0..3_usize, seq: u32, time: u32, is_deflated: bool) {
            let kind = [Kind::Repair, Kind::Keyframe, Kind::Delta][kind];
            let raw = if is_deflated { u32::try_from(body.len() + apart.len() + 9).unwrap() } else { 0 };
            let mut clear = Vec::new();
            if is_deflated {
                frame::write_parts(&mut clear, kind, seq, time, raw, [&body, &apart]).unwrap();
            } else {
                frame::write(&mut clear, kind, seq, time, 0, &body).unwrap();
            }
            let (header, plain) = page(&clear).unwrap();
            prop_assert_eq!(plain.len() + 12, clear.len());
            prop_assert_eq!(page_again(&header, &plain).unwrap(), clear);
        }

        #[test]
        fn any_bytes_are_an_error_or_a_frame(plain in prop::collection::vec(any::<u8>(), 0..64), number: u32) {
            for kind in [Kind::Repair, Kind::Keyframe, Kind::Delta, Kind::Control] {
                let header = Header { kind, is_pointer: false, number, time: 0, count: 0 };
                if let Ok(frame) = page_again(&header, &plain) {
                    prop_assert!(frame::read(&frame, &Limits::DEFAULT).is_ok());
                }
            }
            let _ = message_again(&plain, 1);
        }
    }

    #[test]
    fn messages_come_back_with_their_time() {
        let message = Control::Pointer { x: -4, y: 5 };
        let clear = message.to_frame(9, 1_234).unwrap();
        let plain = super::message(&clear).unwrap();
        let (again, frame) = message_again(&plain[1..], 7).unwrap();
        assert_eq!(again, message);
        assert_eq!(frame::peek(&frame, &Limits::DEFAULT).unwrap().header.time, 1_234);
    }
}
