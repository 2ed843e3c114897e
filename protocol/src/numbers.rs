//! Strings that differ in nothing but their numbers: counters, clocks, positions and lengths in style attributes, the
//! points of a path. Such a change is told as one difference for each number, in the order in which they stand.
//!
//! A number is a run of at most nine decimal digits, with a minus sign directly before it and a fraction (a point, then
//! digits) where there is one. A longer run of digits is text. Two forms of writing them are known: with as many decimals
//! as before (prices), or with the fewest (what browsers write in styles: `0.5`, `12`).

use crate::varint::{self, unzigzag, zigzag};

/// Strings longer than this are not looked at.
pub const MAX_LEN: usize = 4096;

const MAX_DIGITS: usize = 9;
const MAX_VALUE: i32 = 999_999_999;

#[derive(Debug, Clone, Copy)]
struct Number {
    start: usize,
    end: usize,
    value: i32,
    decimals: usize,
}

/// The first number at or behind `from`.
fn next(text: &[u8], from: usize) -> Option<Number> {
    let mut at = from;
    loop {
        at += text.get(at..)?.iter().position(u8::is_ascii_digit)?;
        let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (first, whole) = (at, digits(at));
        at += whole;
        let mut decimals = 0;
        if text.get(at) == Some(&b'.') {
            decimals = digits(at + 1);
            at += if decimals > 0 { decimals + 1 } else { 0 };
        }
        if whole + decimals > MAX_DIGITS {
            continue;
        }
        let number = text[first..at].iter().filter(|byte| **byte != b'.');
        let value = number.fold(0, |value, byte| value * 10 + i32::from(byte - b'0'));
        let negative = first > from && text[first - 1] == b'-';
        let (start, value) = if negative { (first - 1, -value) } else { (first, value) };
        return Some(Number { start, end: at, value, decimals });
    }
}

/// A number as it is written: a sign, ten digits and a point at most.
struct Written {
    bytes: [u8; 12],
    start: usize,
}

impl Written {
    const fn push(&mut self, byte: u8) {
        self.start -= 1;
        self.bytes[self.start] = byte;
    }

    fn get(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

fn written(value: i32, decimals: usize) -> Written {
    let mut out = Written { bytes: [0; 12], start: 12 };
    let (mut rest, mut count) = (value.unsigned_abs(), 0);
    while rest > 0 || count <= decimals {
        if count == decimals && decimals > 0 {
            out.push(b'.');
        }
        out.push(b'0' + u8::try_from(rest % 10).unwrap_or(0));
        rest /= 10;
        count += 1;
    }
    if value < 0 {
        out.push(b'-');
    }
    out
}

/// How the numbers of a string are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// With as many decimals as before; values are counted in the unit of the last one.
    Same,
    /// With the fewest decimals, of at most so many (1 to 7); values are counted in the unit of the last one of these.
    Fewest(usize),
}

impl Form {
    /// Numbered 0 to 7, as on the wire.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::Same => 0,
            #[expect(clippy::cast_possible_truncation, reason = "at most 7")]
            Self::Fewest(decimals) => decimals as u32,
        }
    }

    /// The form of a number from 0 to 7.
    #[must_use]
    pub const fn of(number: u32) -> Self {
        match number & 7 {
            0 => Self::Same,
            decimals => Self::Fewest(decimals as usize),
        }
    }

    /// A number's value in this form's unit.
    fn value(self, number: Number) -> Option<i32> {
        match self {
            Self::Same => Some(number.value),
            Self::Fewest(decimals) => {
                let more = u32::try_from(decimals.checked_sub(number.decimals)?).ok()?;
                number.value.checked_mul(10_i32.pow(more)).filter(|value| value.abs() <= MAX_VALUE)
            }
        }
    }

    /// A value in this form's unit, where `before` stood.
    fn written(self, mut value: i32, before: Number) -> Written {
        let mut decimals = before.decimals;
        if let Self::Fewest(most) = self {
            decimals = most;
            while decimals > 0 && value % 10 == 0 {
                value /= 10;
                decimals -= 1;
            }
        }
        written(value, decimals)
    }
}

/// Writes the differences from `old` to `new` as zigzag varints, without those behind the last number that has changed,
/// and returns how many and in which form; `None` when the strings differ in more than numbers, or in one that would not
/// come back as it stands (`007`).
pub fn differences(old: &[u8], new: &[u8], out: &mut Vec<u8>) -> Option<(u32, Form)> {
    if old.len().max(new.len()) > MAX_LEN {
        return None;
    }
    // Where the number of decimals is another at any place, they are the fewest everywhere.
    let (mut at, mut new_at, mut most, mut same) = (0, 0, 0, true);
    while let (Some(a), Some(b)) = (next(old, at), next(new, new_at)) {
        if old[at..a.start] != new[new_at..b.start] {
            return None;
        }
        most = most.max(a.decimals).max(b.decimals);
        same &= a.decimals == b.decimals;
        (at, new_at) = (a.end, b.end);
    }
    let form = if same { Form::Same } else { Form::Fewest(most.min(7)) };
    out.clear();
    let (mut at, mut new_at, mut count, mut told, mut len) = (0, 0, 0, 0, 0);
    loop {
        let (a, b) = match (next(old, at), next(new, new_at)) {
            (Some(a), Some(b)) => (a, b),
            (None, None) if old[at..] == new[new_at..] => break,
            _ => return None,
        };
        let mut difference = 0;
        if old[a.start..a.end] != new[b.start..b.end] {
            let value = form.value(b)?;
            difference = value - form.value(a)?;
            if difference == 0 || form.written(value, a).get() != &new[b.start..b.end] {
                return None;
            }
        }
        count += 1;
        varint::write(out, zigzag(difference));
        if difference != 0 {
            (told, len) = (count, out.len());
        }
        (at, new_at) = (a.end, b.end);
    }
    out.truncate(len);
    Some((told, form))
}

/// Writes `old` with its numbers changed by these differences. `None` when there are fewer numbers, one gets too large,
/// or the string is longer than [`MAX_LEN`].
pub fn apply(old: &[u8], form: Form, differences: &[u8], out: &mut Vec<u8>) -> Option<()> {
    out.clear();
    if old.len() > MAX_LEN {
        return None;
    }
    let (mut at, mut read) = (0, 0);
    while read < differences.len() {
        let difference = unzigzag(varint::read(differences, &mut read)?);
        let number = next(old, at)?;
        out.extend_from_slice(&old[at..number.start]);
        if difference == 0 {
            out.extend_from_slice(&old[number.start..number.end]);
        } else {
            let value = form.value(number)?.checked_add(difference);
            let value = value.filter(|value| (-MAX_VALUE..=MAX_VALUE).contains(value))?;
            out.extend_from_slice(form.written(value, number).get());
        }
        at = number.end;
    }
    out.extend_from_slice(&old[at..]);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(old: &str, new: &str) -> Option<(u32, Vec<u8>)> {
        let mut out = Vec::new();
        let (count, form) = differences(old.as_bytes(), new.as_bytes(), &mut out)?;
        assert_eq!(Form::of(form.number()), form);
        let mut back = Vec::new();
        apply(old.as_bytes(), form, &out, &mut back).unwrap();
        assert_eq!(std::str::from_utf8(&back).unwrap(), new, "{old:?}");
        Some((count, out))
    }

    #[test]
    fn positions_counters_and_clocks() {
        let style = ("translate(12.5px, -3.0px)", "translate(13.0px, 7.5px)");
        assert_eq!(told(style.0, style.1), Some((2, vec![10, 0xd2, 1])));
        assert_eq!(told("row 9 of 100", "row 10 of 100"), Some((1, vec![2])));
        assert_eq!(told("12:05:09", "12:05:10"), Some((3, vec![0, 0, 2])));
        assert_eq!(told("0.5", "-0.5"), Some((1, vec![19])));
        assert_eq!(told("item-3", "item3"), Some((1, vec![12])));
        assert_eq!(told("width: 12px", "width: 12.5px"), Some((1, vec![10])));
        assert_eq!(told("scale(0.5) rotate(2.75deg)", "scale(1) rotate(0deg)"), Some((2, vec![100, 0xa5, 4])));
        assert_eq!(told("12.50 EUR", "12.00 EUR"), Some((1, vec![99])));
        assert_eq!(told("1.2.3", "1.2.4"), Some((2, vec![0, 2])));
        assert_eq!(told("999999999", "-999999999"), Some((1, vec![0xfb, 0xcf, 0xac, 0xf3, 14])));
        assert_eq!(told("id 1234567890, 1", "id 1234567890, 2"), Some((1, vec![2])));
    }

    #[test]
    fn what_is_no_number_or_would_not_come_back_is_left_alone() {
        for (old, new) in [
            ("11:59", "12:00"),
            ("1.5", "1.250"),
            ("123456789 0.5", "123456788 0.25"),
            ("5", "05"),
            ("0", "-0"),
            ("7", "007"),
            ("a1", "b1"),
            ("1", "1 1"),
            ("1234567890", "1234567891"),
            ("1px", "1em"),
            ("1", ""),
        ] {
            assert_eq!(told(old, new), None, "{old:?} {new:?}");
        }
        assert_eq!(apply(b"1 2", Form::Same, &[2, 2, 2], &mut Vec::new()), None);
        assert_eq!(apply(&[b'1'; MAX_LEN + 1], Form::Same, &[], &mut Vec::new()), None);
        assert_eq!(apply(b"999999999", Form::Same, &[2], &mut Vec::new()), None);
        assert_eq!(apply(b"1.25", Form::Fewest(1), &[2], &mut Vec::new()), None);
        assert_eq!(apply(b"1", Form::Same, &[0x80], &mut Vec::new()), None);
    }

    proptest! {
        #[test]
        fn what_is_told_comes_back(old in "[-.0-9 a]{0,24}", new in "[-.0-9 a]{0,24}") {
            told(&old, &new);
        }

        #[test]
        fn numbers_in_the_same_text_are_told(values in prop::collection::vec((-999_999..999_999_i32, -999_999..999_999_i32), 0..6)) {
            let text = |of: fn(&(i32, i32)) -> i32| values.iter().map(|pair| format!("x{}px", of(pair))).collect::<String>();
            prop_assert!(told(&text(|pair| pair.0), &text(|pair| pair.1)).is_some());
        }

        #[test]
        fn any_bytes_are_taken(old in prop::collection::vec(any::<u8>(), 0..40), differences in prop::collection::vec(any::<u8>(), 0..12), form in 0..8_u32) {
            apply(&old, Form::of(form), &differences, &mut Vec::new());
        }
    }
}
