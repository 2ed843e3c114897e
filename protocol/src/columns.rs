//! The body of a keyframe or delta, in columns: bytes of one kind lie together, so that deflate finds what repeats
//! (`docs/wire-format.md` §4.1).

use crate::{Error, ErrorKind, error::Result, varint};

/// How many columns there are.
pub const COUNT: usize = 8;

/// The columns, in the order in which they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Column {
    /// New names: namespace, length, text.
    Definitions = 0,
    /// One tag byte per operation or row.
    Ops = 1,
    /// Name numbers.
    Names = 2,
    /// Lengths of attribute values, and positions within them.
    ValueLens = 3,
    /// Lengths of node data, and positions within it.
    TextLens = 4,
    /// Attribute values.
    Values = 5,
    /// Node data.
    Text = 6,
    /// Node ids, each as the difference to the one before. They come last: of ids in no order there is nothing to
    /// deflate, and they are sent as they are.
    Ids = 7,
}

const NAMES: [&str; COUNT] = ["definitions", "ops", "names", "value lengths", "text lengths", "values", "text", "ids"];

/// Columns being written. Kept and cleared between frames, so that a steady stream takes no memory.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    bytes: [Vec<u8>; COUNT],
}

impl Columns {
    /// Empties every column.
    pub fn clear(&mut self) {
        for column in &mut self.bytes {
            column.clear();
        }
    }

    /// Gives back the memory of columns that have become larger than this.
    pub fn trim(&mut self, most: usize) {
        for column in self.bytes.iter_mut().filter(|column| column.capacity() > most) {
            *column = Vec::new();
        }
    }

    /// Bytes taken from the allocator.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.bytes.iter().map(Vec::capacity).sum()
    }

    /// Whether nothing has been written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes[Column::Ops as usize].is_empty()
    }

    /// Bytes written so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.iter().map(Vec::len).sum()
    }

    /// The ids, which are the end of what [`Columns::finish`] writes.
    #[must_use]
    pub fn ids(&self) -> &[u8] {
        &self.bytes[Column::Ids as usize]
    }

    /// One column, to append to.
    #[inline]
    pub fn column(&mut self, column: Column) -> &mut Vec<u8> {
        &mut self.bytes[column as usize]
    }

    /// Appends a number to a column.
    #[inline]
    pub fn number(&mut self, column: Column, value: u32) {
        varint::write(&mut self.bytes[column as usize], value);
    }

    /// Appends a presence byte (bit n for column n), the length of each column that is there but for the last, and
    /// the columns. Returns where in `out` each of them ends.
    pub fn finish(&self, out: &mut Vec<u8>) -> [usize; COUNT] {
        let mut present = 0_u8;
        let mut last = 0;
        for (index, column) in self.bytes.iter().enumerate() {
            if !column.is_empty() {
                present |= 1 << index;
                last = index;
            }
        }
        out.push(present);
        for column in self.bytes[..last].iter().filter(|column| !column.is_empty()) {
            varint::write(out, u32::try_from(column.len()).unwrap_or(u32::MAX));
        }
        self.bytes.each_ref().map(|column| {
            out.extend_from_slice(column);
            out.len()
        })
    }
}

/// A column being read: it knows where in the body it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    start: usize,
}

impl<'a> Cursor<'a> {
    /// The offset in the body of the next byte.
    #[inline]
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.start + self.at
    }

    /// Whether all was read.
    #[inline]
    #[must_use]
    pub const fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// The next byte.
    #[inline]
    pub fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    /// The next number.
    #[inline]
    pub fn number(&mut self) -> Option<u32> {
        varint::read(self.bytes, &mut self.at)
    }

    /// The next `len` bytes.
    #[inline]
    pub fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(len)?)?;
        self.at += len;
        Some(taken)
    }

    /// The bytes of the next `count` numbers.
    pub fn numbers(&mut self, count: u32) -> Option<&'a [u8]> {
        let start = self.at;
        for _ in 0..count {
            self.number()?;
        }
        self.bytes.get(start..self.at)
    }

    /// How many bytes are left.
    #[must_use]
    pub const fn rest(&self) -> usize {
        self.bytes.len() - self.at
    }
}

/// Columns being read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cursors<'a> {
    cursors: [Cursor<'a>; COUNT],
}

impl<'a> Cursors<'a> {
    /// Finds the columns in `body` from `at` on. Both string columns are checked to be UTF-8 as a whole.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`] when a length does not fit or a string column is not UTF-8.
    pub fn split(body: &'a [u8], at: usize) -> Result<Self> {
        let mut at = at;
        let short = |at: usize, what: &'static str| Error::new(ErrorKind::Syntax, at, what, "the end of the body");
        let present = *body.get(at).ok_or_else(|| short(at, "a presence byte"))?;
        at += 1;
        let last = 7_usize.saturating_sub(present.leading_zeros() as usize);
        let mut lens = [0_usize; COUNT];
        for (index, len) in lens.iter_mut().enumerate().take(last) {
            if present & 1 << index != 0 {
                let value = varint::read(body, &mut at).ok_or_else(|| short(at, "a column's length"))?;
                *len = value as usize;
            }
        }
        let mut cursors = [Cursor::default(); COUNT];
        for index in 0..COUNT {
            let len = if index == last && present != 0 { body.len() - at } else { lens[index] };
            let bytes = at.checked_add(len).and_then(|end| body.get(at..end)).ok_or_else(|| {
                let expected = format!("{len} bytes of column \"{}\"", NAMES[index]);
                Error::new(ErrorKind::Syntax, at, expected, format!("{} bytes", body.len() - at))
            })?;
            cursors[index] = Cursor { bytes, at: 0, start: at };
            at += len;
        }
        if at != body.len() {
            let found = format!("{} bytes more", body.len() - at);
            return Err(Error::new(ErrorKind::Syntax, at, "the end of the body", found));
        }
        for column in [Column::Values, Column::Text] {
            let cursor = &cursors[column as usize];
            if let Err(error) = std::str::from_utf8(cursor.bytes) {
                let at = cursor.start + error.valid_up_to();
                return Err(Error::new(ErrorKind::Syntax, at, "UTF-8", "another byte"));
            }
        }
        Ok(Self { cursors })
    }

    /// One column.
    #[inline]
    pub fn column(&mut self, column: Column) -> &mut Cursor<'a> {
        &mut self.cursors[column as usize]
    }

    /// Treats a column as read.
    pub fn skip(&mut self, column: Column) {
        let cursor = &mut self.cursors[column as usize];
        cursor.at = cursor.bytes.len();
    }

    /// The first column that is not read to its end: its name, the offset, and how many bytes are left.
    #[must_use]
    pub fn leftover(&self) -> Option<(&'static str, usize, usize)> {
        let index = self.cursors.iter().position(|cursor| !cursor.is_at_end())?;
        let cursor = &self.cursors[index];
        Some((NAMES[index], cursor.offset(), cursor.rest()))
    }

    /// The error of a column that ended too early or holds no such thing.
    #[must_use]
    pub fn missing(&self, column: Column, expected: &'static str) -> Error {
        let cursor = &self.cursors[column as usize];
        let found = if cursor.is_at_end() { "the end of column " } else { "other bytes in column " };
        let found = format!("{found}\"{}\"", NAMES[column as usize]);
        Error::new(ErrorKind::Syntax, cursor.offset(), expected, found)
    }
}
