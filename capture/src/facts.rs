//! What the reader in the browser states about a page: numbers in one array, strings in another, a whole batch per
//! call.
//!
//! The twin of this module is `js/reader.js`; the numbers below stand there too. Strings lie one behind the other in
//! UTF-8; their lengths are given as JavaScript counts them, in UTF-16 code units. Names are given as numbers in the
//! order in which [`tag::NAME`] told them.

use std::fmt;

/// The first number of each fact.
pub mod tag {
    /// `id`: the node is no longer in the page.
    pub const GONE: u32 = 1;
    /// `parent before`: entries follow until [`END`]; see `protocol::diff`.
    pub const RUN: u32 = 2;
    /// The run is complete.
    pub const END: u32 = 3;
    /// Entry, `id`: a node that has an id.
    pub const KNOWN: u32 = 4;
    /// Entry, `name marks attrs (name length)*`: a new element; its children follow until [`UP`].
    pub const ELEMENT: u32 = 5;
    /// The children are complete.
    pub const UP: u32 = 6;
    /// Entry, `length`: a new text node.
    pub const TEXT: u32 = 7;
    /// Entry, `length`: a new comment.
    pub const COMMENT: u32 = 8;
    /// Entry, `length`: a new processing instruction: target, space, data.
    pub const INSTRUCTION: u32 = 9;
    /// Entry, `length`: a doctype: name, public id and system id, separated by U+0000.
    pub const DOCTYPE: u32 = 10;
    /// Entry: the content of the template above; its children follow until [`UP`].
    pub const CONTENT: u32 = 11;
    /// Entry, `attrs (name length)*`: the shadow root of the element above; its children follow until [`UP`].
    pub const SHADOW: u32 = 12;
    /// `id name length`: an attribute or property has this value.
    pub const ATTR: u32 = 13;
    /// `id name`: an attribute or property is not there.
    pub const NO_ATTR: u32 = 14;
    /// `id length`: a text, comment, processing instruction or rule has this data.
    pub const DATA: u32 = 15;
    /// `namespace length`: a name gets the next number, from 0 on.
    pub const NAME: u32 = 16;
    /// Entry, `attrs (name length)*`: the rules of the style sheet of the element above, or of the run's parent, or,
    /// below the document, a constructed one; rules follow until [`UP`].
    pub const SHEET: u32 = 19;
    /// Entry, `length`: a rule of a style sheet.
    pub const RULE: u32 = 20;
    /// Entry, `attrs (name length)*`: the document in the frame above, or in the run's parent; its children follow until
    /// [`UP`].
    pub const FRAME: u32 = 21;
    /// `id length length`: an element shows a picture that the agent could not load: its hash, and its type and bytes as
    /// a `data:` address has them behind the scheme.
    pub const PICTURE: u32 = 22;
    /// `id inside`: a walk of the page follows, until [`END`], to be compared: from this node on, or, with `inside` 1, from its
    /// first child on. Each has the node's id first, if who tells it knows it; elements have their attributes only:
    /// `id name marks attrs (name length)*`.
    pub const CHECK: u32 = 23;
    /// `id`: the node is in the page still, but where nothing is told of it (below what is blocked or ignored).
    pub const WITHHELD: u32 = 18;
    /// `id marks`: what the privacy selectors say of an element has changed.
    pub const MARKS: u32 = 17;
}

/// A batch that is not what [`tag`] describes: a fault of the reader, not of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// The index of the number where it shows.
    pub at: usize,
    /// What should have been there.
    pub expected: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "batch, number {}: expected {}", self.at, self.expected)
    }
}

impl std::error::Error for Malformed {}

/// A batch being read.
#[derive(Debug)]
pub struct Batch<'a> {
    words: &'a [u32],
    at: usize,
    text: &'a str,
    text_at: usize,
    ascii: bool,
}

impl<'a> Batch<'a> {
    /// A batch of these numbers and strings; `units` is the length of all strings together in UTF-16 code units.
    #[must_use]
    pub const fn new(words: &'a [u32], text: &'a str, units: usize) -> Self {
        Self { words, at: 0, text, text_at: 0, ascii: text.len() == units }
    }

    /// The index of the next number.
    #[must_use]
    pub const fn at(&self) -> usize {
        self.at
    }

    /// An error at the number read last.
    #[must_use]
    pub const fn malformed(&self, expected: &'static str) -> Malformed {
        Malformed { at: self.at.saturating_sub(1), expected }
    }

    /// The next number, `None` behind the last.
    #[inline]
    pub fn next_word(&mut self) -> Option<u32> {
        let word = *self.words.get(self.at)?;
        self.at += 1;
        Some(word)
    }

    /// The next number.
    ///
    /// # Errors
    /// [`Malformed`] behind the last.
    #[inline]
    pub fn word(&mut self, expected: &'static str) -> Result<u32, Malformed> {
        self.next_word().ok_or(Malformed { at: self.at, expected })
    }

    /// The numbers at a place given by [`Batch::at`], without moving on.
    #[inline]
    #[must_use]
    pub fn words_at(&self, at: usize, len: usize) -> &'a [u32] {
        self.words.get(at..at + len).unwrap_or_default()
    }

    /// The next string, of so many UTF-16 code units.
    ///
    /// # Errors
    /// [`Malformed`] when there are fewer.
    #[inline]
    pub fn string(&mut self, units: u32) -> Result<&'a str, Malformed> {
        let rest = self.text.get(self.text_at..).unwrap_or_default();
        let len = if self.ascii { Some(units as usize) } else { bytes_of_units(rest.as_bytes(), units as usize) };
        let string = len.and_then(|len| rest.get(..len));
        let string = string.ok_or_else(|| self.malformed("a string of so many code units"))?;
        self.text_at += string.len();
        Ok(string)
    }
}

/// How many bytes the first `units` UTF-16 code units take; `None` when there are fewer, or a pair would be cut.
pub(crate) fn bytes_of_units(bytes: &[u8], units: usize) -> Option<usize> {
    let (mut at, mut left) = (0, units);
    // Eight bytes begin eight code units at most.
    while left >= 8 {
        let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk()) else { break };
        left -= units_in(u64::from_le_bytes(*word));
        at += 8;
    }
    // The last character may go on.
    while bytes.get(at).is_some_and(|byte| byte & 0xc0 == 0x80) {
        at += 1;
    }
    while left > 0 {
        let (len, cost) = match *bytes.get(at)? {
            0..0x80 => (1, 1),
            0x80..0xe0 => (2, 1),
            0xe0..0xf0 => (3, 1),
            _ => (4, 2),
        };
        left = left.checked_sub(cost)?;
        at += len;
    }
    Some(at)
}

/// The length in UTF-16 code units.
pub(crate) fn units_of(text: &[u8]) -> usize {
    let (words, rest) = text.as_chunks();
    let rest = rest.iter().map(|byte| usize::from(byte & 0xc0 != 0x80) + usize::from(*byte >= 0xf0));
    words.iter().map(|word| units_in(u64::from_le_bytes(*word))).sum::<usize>() + rest.sum::<usize>()
}

/// How many code units the characters take that begin in these eight bytes: one for each byte that does not continue
/// another, and one more for each first one of four.
const fn units_in(word: u64) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let high = word >> 7;
    let continues = high & !(word >> 6) & ONES;
    let begins_four = high & (word >> 6) & (word >> 5) & (word >> 4) & ONES;
    (8 - continues.count_ones() + begins_four.count_ones()) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_units_are_counted_the_same_eight_bytes_at_a_time_and_one_by_one() {
        let text: String = "aé€😀 plain text of many bytes ééééééééé€€€€€😀😀😀😀x".repeat(3);
        for (start, _) in text.char_indices() {
            let rest = &text[start..];
            let mut units = 0;
            for (at, character) in rest.char_indices() {
                assert_eq!(bytes_of_units(rest.as_bytes(), units), Some(at), "{units} of {rest:?}");
                assert_eq!(units_of(&rest.as_bytes()[..at]), units);
                if character.len_utf16() == 2 {
                    assert_eq!(bytes_of_units(rest.as_bytes(), units + 1), None);
                }
                units += character.len_utf16();
            }
            assert_eq!(bytes_of_units(rest.as_bytes(), units), Some(rest.len()));
            assert_eq!(bytes_of_units(rest.as_bytes(), units + 1), None);
        }
    }

    #[test]
    fn strings_are_cut_by_utf16_code_units() {
        let text = "a\u{e9}\u{20ac}\u{1f600}b";
        let mut batch = Batch::new(&[], text, 6);
        assert_eq!(batch.string(1), Ok("a"));
        assert_eq!(batch.string(2), Ok("\u{e9}\u{20ac}"));
        assert_eq!(batch.string(0), Ok(""));
        assert_eq!(batch.string(2), Ok("\u{1f600}"));
        assert!(batch.string(2).is_err());
        let mut batch = Batch::new(&[], text, 6);
        assert!(batch.string(4).is_err(), "half a pair");
    }
}
