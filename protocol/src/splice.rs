//! The smallest single replacement that turns one string into another.

use std::ops::Range;

/// Replace the bytes `delete` of the old string by the bytes `insert` of the new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splice {
    /// Where in the old string; both ends lie between characters.
    pub delete: Range<usize>,
    /// Where in the new string.
    pub insert: Range<usize>,
}

/// Strings shorter than this are sent whole: a splice would not be smaller.
pub const MIN_LEN: usize = 12;

/// Common prefix and suffix first; what is between differs. Both strings must be UTF-8.
#[must_use]
pub fn find(old: &[u8], new: &[u8]) -> Splice {
    let mut prefix = common(old.iter(), new.iter());
    while prefix > 0 && !(is_boundary(old, prefix) && is_boundary(new, prefix)) {
        prefix -= 1;
    }
    let mut suffix = common(old[prefix..].iter().rev(), new[prefix..].iter().rev());
    while suffix > 0 && !(is_boundary(old, old.len() - suffix) && is_boundary(new, new.len() - suffix)) {
        suffix -= 1;
    }
    Splice { delete: prefix..old.len() - suffix, insert: prefix..new.len() - suffix }
}

/// The splice where it is worth it: both strings long enough, and at least half of the new one kept.
#[must_use]
pub fn worthwhile(old: &[u8], new: &[u8]) -> Option<Splice> {
    if old.len() < MIN_LEN || new.len() < MIN_LEN {
        return None;
    }
    let splice = find(old, new);
    (splice.insert.len() * 2 <= new.len()).then_some(splice)
}

fn common<'a>(a: impl Iterator<Item = &'a u8>, b: impl Iterator<Item = &'a u8>) -> usize {
    a.zip(b).take_while(|(a, b)| a == b).count()
}

/// Whether a character starts, or the string ends, at `at`.
#[must_use]
pub fn is_boundary(utf8: &[u8], at: usize) -> bool {
    match utf8.get(at) {
        None => at == utf8.len(),
        Some(byte) => byte & 0xc0 != 0x80,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn applying_it_gives_the_new_string(old in "[ab\u{e4}\u{1f600}]{0,12}", new in "[ab\u{e4}\u{1f600}]{0,12}") {
            let splice = find(old.as_bytes(), new.as_bytes());
            let mut out = old.clone();
            out.replace_range(splice.delete, &new[splice.insert]);
            prop_assert_eq!(out, new);
        }
    }

    #[test]
    fn one_key_in_a_paragraph_is_one_byte() {
        let old = "The quick brown fox";
        let splice = find(old.as_bytes(), b"The quick brown ffox");
        assert_eq!((splice.delete.len(), splice.insert.len()), (0, 1));
        assert!(worthwhile(b"short", b"shorter").is_none());
        assert!(worthwhile(old.as_bytes(), b"something else entirely").is_none());
    }
}
