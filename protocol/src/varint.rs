//! Numbers of variable length: LEB128, seven bits a byte, the lowest first (`docs/wire-format.md` §1).

/// The most bytes a `u32` takes.
pub const MAX_LEN: usize = 5;

/// Appends `value`.
#[inline]
pub fn write(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        #[expect(clippy::cast_possible_truncation, reason = "the low seven bits are what is wanted")]
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 0x80")]
    out.push(value as u8);
}

/// How many bytes `value` takes.
#[must_use]
pub const fn len(value: u32) -> usize {
    match value {
        0..=0x7f => 1,
        0x80..=0x3fff => 2,
        0x4000..=0x1f_ffff => 3,
        0x20_0000..=0xfff_ffff => 4,
        _ => 5,
    }
}

/// Reads a number at `*at` and moves `*at` behind it. `None` when the bytes end, the number exceeds 32 bits, or it is
/// not written in its shortest form.
#[inline]
pub fn read(bytes: &[u8], at: &mut usize) -> Option<u32> {
    let first = *bytes.get(*at)?;
    if first < 0x80 {
        *at += 1;
        return Some(u32::from(first));
    }
    let mut value = u32::from(first & 0x7f);
    for index in 1..MAX_LEN {
        let byte = *bytes.get(*at + index)?;
        let bits = u32::from(byte & 0x7f);
        if index == MAX_LEN - 1 && bits > 0x0f {
            return None;
        }
        value |= bits << (7 * index);
        if byte < 0x80 {
            if byte == 0 {
                return None;
            }
            *at += index + 1;
            return Some(value);
        }
    }
    None
}

/// Maps signed numbers to unsigned ones, small magnitudes first: 0, -1, 1, -2, 2, …
#[must_use]
pub const fn zigzag(value: i32) -> u32 {
    ((value << 1) ^ (value >> 31)).cast_unsigned()
}

/// The inverse of [`zigzag`].
#[must_use]
pub const fn unzigzag(value: u32) -> i32 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_round_trip(value: u32, signed: i32) {
            let mut out = Vec::new();
            write(&mut out, value);
            prop_assert_eq!(out.len(), len(value));
            let mut at = 0;
            prop_assert_eq!(read(&out, &mut at), Some(value));
            prop_assert_eq!(at, out.len());
            prop_assert_eq!(unzigzag(zigzag(signed)), signed);
        }
    }

    #[test]
    fn overlong_and_oversized_numbers_are_refused() {
        for bytes in [&[0x80][..], &[0x80, 0x00], &[0xff, 0xff, 0xff, 0xff, 0x10], &[0xff; 6], &[]] {
            let mut at = 0;
            assert_eq!(read(bytes, &mut at), None, "{bytes:?}");
            assert_eq!(at, 0);
        }
    }
}
