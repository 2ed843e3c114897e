//! Control messages read by a table of their shapes, for who hands them on without knowing each: a customer's page, whose
//! engine is small so. The bytes are those of [`crate::control`] (`docs/wire-format.md` §6), where the table is made.

use crate::{
    Error, ErrorKind, Limits, Mode,
    control::{EndReason, Refusal, Role, SHAPES},
    error::Result,
    frame::{self, Kind},
};

/// How a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// One byte.
    Byte,
    /// An unsigned number of variable length.
    Unsigned,
    /// A signed number, zigzag and of variable length.
    Signed,
    /// Eight bytes.
    Float,
    /// A length and UTF-8.
    Text,
    /// A length and bytes.
    Bytes,
    /// A count and unsigned numbers.
    Numbers,
    /// A count and pairs of signed numbers.
    Points,
}

/// A type that a message's field may have.
pub trait Field {
    /// How it is written.
    const KIND: FieldKind;
}

macro_rules! fields {
    ($($type:ty => $kind:ident),+ $(,)?) => { $(impl Field for $type { const KIND: FieldKind = FieldKind::$kind; })+ };
}

fields! {
    u8 => Byte, Mode => Byte, Role => Byte, Refusal => Byte, EndReason => Byte, u32 => Unsigned, i32 => Signed, f64 => Float,
    String => Text, Vec<u8> => Bytes, Vec<u32> => Numbers, Vec<(i32, i32)> => Points,
}

/// A message's place in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// The number that stands for the message.
    pub tag: u8,
    /// Its name.
    pub name: &'static str,
    /// Its fields, in order.
    pub fields: &'static [FieldKind],
}

/// A field's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// A number of any kind.
    Number(f64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// Numbers; of points first x and then y of each.
    Numbers(Vec<f64>),
}

/// A message, by its shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Message<'a> {
    /// Which it is.
    pub shape: &'static Shape,
    /// As many values as the shape has fields.
    pub values: Vec<Value<'a>>,
}

impl Message<'_> {
    /// The first field, where it is a number: of a command the node's id, of the relay's messages the user's number.
    #[must_use]
    pub fn first(&self) -> u32 {
        match self.values.first() {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was read as a u32")]
            Some(Value::Number(number)) => *number as u32,
            _ => 0,
        }
    }
}

/// The shape of a tag.
#[must_use]
pub fn shape(tag: u8) -> Option<&'static Shape> {
    SHAPES.iter().find(|shape| shape.tag == tag)
}

/// Reads a whole frame of kind control. What its numbers stand for is not checked: a mode may be none.
///
/// # Errors
/// Those of [`frame::read`]; [`ErrorKind::Foreign`] for a frame of another kind; [`ErrorKind::Limit`] for one of more than
/// [`Limits::CONTROL_BYTES`]; [`ErrorKind::Syntax`] for an unknown tag or malformed fields; [`ErrorKind::Length`] when
/// bytes are left over.
pub fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Message<'a>> {
    let frame = frame::read(bytes, limits)?;
    let mut reader = Fields { bytes: frame.body, at: 0 };
    let fault = |kind, at: usize, found: &'static str| {
        Err(Error::new(kind, frame.header_len + at, "a control message", found).in_frame(frame.header.seq))
    };
    if frame.header.kind != Kind::Control || frame.header.raw_len != 0 {
        return fault(ErrorKind::Foreign, 0, "another frame");
    }
    if bytes.len() > Limits::CONTROL_BYTES {
        return fault(ErrorKind::Limit, 0, "one above the limit");
    }
    let Some(shape) = reader.byte().and_then(shape) else { return fault(ErrorKind::Syntax, 0, "an unknown tag") };
    let mut values = Vec::with_capacity(shape.fields.len());
    for kind in shape.fields {
        let Some(value) = reader.value(*kind) else { return fault(ErrorKind::Syntax, reader.at, "other bytes") };
        values.push(value);
    }
    if reader.at != frame.body.len() {
        return fault(ErrorKind::Length, reader.at, "more bytes");
    }
    Ok(Message { shape, values })
}

/// Appends a message's body: the tag and the fields; `None` for an unknown tag, and for fields that are not as many or not of
/// the kinds that the table says, or numbers that are out of a field's range.
pub fn write(out: &mut Vec<u8>, tag: u8, values: &[Value<'_>]) -> Option<()> {
    let shape = shape(tag).filter(|shape| shape.fields.len() == values.len())?;
    out.push(tag);
    for (kind, value) in shape.fields.iter().zip(values) {
        match (kind, value) {
            (FieldKind::Byte, Value::Number(number)) => out.push(u8::try_from(whole(*number)?).ok()?),
            (FieldKind::Unsigned, Value::Number(number)) => put(out, u32::try_from(whole(*number)?).ok()?),
            (FieldKind::Signed, Value::Number(number)) => put(out, zigzag(*number)?),
            (FieldKind::Float, Value::Number(number)) => out.extend_from_slice(&number.to_le_bytes()),
            (FieldKind::Text, Value::Text(text)) => put_bytes(out, text.as_bytes())?,
            (FieldKind::Bytes, Value::Bytes(bytes)) => put_bytes(out, bytes)?,
            (FieldKind::Numbers, Value::Numbers(numbers)) => {
                put(out, u32::try_from(numbers.len()).ok()?);
                for number in numbers {
                    put(out, u32::try_from(whole(*number)?).ok()?);
                }
            }
            (FieldKind::Points, Value::Numbers(numbers)) if numbers.len() % 2 == 0 => {
                put(out, u32::try_from(numbers.len() / 2).ok()?);
                for number in numbers {
                    put(out, zigzag(*number)?);
                }
            }
            _ => return None,
        }
    }
    Some(())
}

/// A number without a fraction, within what the table's integers hold.
fn whole(number: f64) -> Option<i64> {
    let fits = number.fract() == 0.0 && number.abs() <= f64::from(u32::MAX);
    #[expect(clippy::cast_possible_truncation, reason = "looked at before")]
    fits.then_some(number as i64)
}

fn zigzag(number: f64) -> Option<u32> {
    i32::try_from(whole(number)?).ok().map(crate::varint::zigzag)
}

/// As bincode writes it, which takes the shortest form.
fn put(out: &mut Vec<u8>, value: u32) {
    let bytes = value.to_le_bytes();
    match value {
        #[expect(clippy::cast_possible_truncation, reason = "below 251")]
        0..=250 => out.push(value as u8),
        251..=0xffff => {
            out.push(251);
            out.extend_from_slice(&bytes[..2]);
        }
        _ => {
            out.push(252);
            out.extend_from_slice(&bytes);
        }
    }
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    put(out, u32::try_from(bytes.len()).ok()?);
    out.extend_from_slice(bytes);
    Some(())
}

/// What is read of a body.
struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(len)?)?;
        self.at += len;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    /// A number of variable length: below 251 it is one byte, 251 and 252 announce two and four. What would need more is none of
    /// ours.
    fn unsigned(&mut self) -> Option<u32> {
        let len = match self.byte()? {
            251 => 2,
            252 => 4,
            253.. => return None,
            small => return Some(u32::from(small)),
        };
        let mut bytes = [0; 4];
        bytes[..len].copy_from_slice(self.take(len)?);
        Some(u32::from_le_bytes(bytes))
    }

    fn signed(&mut self) -> Option<f64> {
        let value = self.unsigned()?;
        #[expect(clippy::cast_possible_wrap, reason = "zigzag")]
        let value = (value >> 1) as i32 ^ -((value & 1) as i32);
        Some(value.into())
    }

    fn counted(&mut self) -> Option<&'a [u8]> {
        let len = self.unsigned()? as usize;
        self.take(len)
    }

    /// So many of what takes a byte at least.
    fn many(&mut self, each: usize, one: fn(&mut Self) -> Option<f64>) -> Option<Vec<f64>> {
        let count = (self.unsigned()? as usize).checked_mul(each)?;
        if count > self.bytes.len() - self.at {
            return None;
        }
        let mut values = Vec::with_capacity(count);
        for _ in 0..count {
            values.push(one(self)?);
        }
        Some(values)
    }

    fn value(&mut self, kind: FieldKind) -> Option<Value<'a>> {
        Some(match kind {
            FieldKind::Byte => Value::Number(self.byte()?.into()),
            FieldKind::Unsigned => Value::Number(self.unsigned()?.into()),
            FieldKind::Signed => Value::Number(self.signed()?),
            FieldKind::Float => Value::Number(f64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            FieldKind::Text => Value::Text(std::str::from_utf8(self.counted()?).ok()?),
            FieldKind::Bytes => Value::Bytes(self.counted()?),
            FieldKind::Numbers => Value::Numbers(self.many(1, |fields| fields.unsigned().map(f64::from))?),
            FieldKind::Points => Value::Numbers(self.many(2, Self::signed)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{Control, tests::any_control};
    use proptest::prelude::*;

    fn framed(body: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        frame::write(&mut bytes, Kind::Control, 5, 0, 0, body).unwrap();
        bytes
    }

    proptest! {
        #[test]
        fn both_readers_agree(message in any_control()) {
            let Ok(frame) = message.to_frame(1, 2) else { return Ok(()) };
            let read = read(&frame, &Limits::DEFAULT).unwrap();
            prop_assert_eq!(read.shape.tag, message.tag());
            prop_assert_eq!(read.shape.name, message.name());
            match (&message, &read.values[..]) {
                (Control::Scroll { node, x, y }, values) => {
                    prop_assert_eq!(read.first(), *node);
                    prop_assert_eq!(values, [(*node).into(), *x, *y].map(Value::Number));
                }
                (Control::Input { node, value }, values) => {
                    prop_assert_eq!(values, [Value::Number((*node).into()), Value::Text(value)]);
                }
                (Control::Choose { options, .. }, [_, chosen]) => {
                    prop_assert_eq!(chosen, &Value::Numbers(options.iter().map(|at| f64::from(*at)).collect()));
                }
                (Control::Draw { points, .. }, [_, drawn]) => {
                    let flat = points.iter().flat_map(|(x, y)| [f64::from(*x), f64::from(*y)]);
                    prop_assert_eq!(drawn, &Value::Numbers(flat.collect()));
                }
                (Control::From { frame, .. }, [_, inner]) => prop_assert_eq!(inner, &Value::Bytes(frame)),
                _ => {}
            }
            let mut body = Vec::new();
            write(&mut body, message.tag(), &read.values).unwrap();
            prop_assert_eq!(framed(&body)[13..].to_vec(), frame[13..].to_vec(), "both writers agree");
        }

        #[test]
        fn any_body_that_one_reader_takes_the_other_takes_too(body in prop::collection::vec(any::<u8>(), 0..40)) {
            let bytes = framed(&body);
            if Control::read(&bytes, &Limits::DEFAULT).is_ok() {
                // But for numbers in a longer form than they need, beyond what a `u32` takes.
                prop_assert!(read(&bytes, &Limits::DEFAULT).is_ok() || body.iter().any(|byte| *byte >= 253));
            }
        }
    }

    #[test]
    fn a_count_is_no_reason_to_take_memory() {
        for (tag, count) in [(14, 200), (65, 120)] {
            let error = read(&framed(&[tag, 1, 252, 255, 255, 255, 127, count]), &Limits::DEFAULT).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Syntax);
            assert_eq!(error.frame, 5);
        }
    }

    #[test]
    fn what_the_table_does_not_have_is_not_written() {
        let number = Value::Number;
        let mut out = Vec::new();
        assert_eq!(write(&mut out, 5, &[number(1.0), number(2.0)]), None, "a text was expected");
        assert_eq!(write(&mut out, 20, &[number(1.0)]), None, "a field too few");
        assert_eq!(write(&mut out, 255, &[]), None, "no such tag");
        assert_eq!(write(&mut out, 20, &[number(-1.0), number(0.0)]), None, "below zero");
        assert_eq!(write(&mut out, 20, &[number(0.5), number(0.0)]), None, "a fraction");
        assert_eq!(write(&mut out, 20, &[number(f64::NAN), number(0.0)]), None, "no number");
        assert_eq!(write(&mut out, 16, &[number(256.0)]), None, "more than a byte");
        assert_eq!(write(&mut out, 65, &[number(1.0), Value::Numbers(vec![1.0])]), None, "half a point");
    }
}
