//! Storage for the strings of a tree: one byte vector with free lists by size, so that a change in a steady stream
//! takes no memory from the allocator.
//!
//! A string's capacity follows from its length (its size class), so that a [`Text`] is eight bytes and nothing else
//! is kept about it.

/// A string in a [`Heap`]: offset and length in bytes. The empty string takes no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Text {
    offset: u32,
    len: u32,
}

impl Text {
    /// The empty string.
    pub const EMPTY: Self = Self { offset: 0, len: 0 };

    /// Length in bytes.
    #[must_use]
    pub const fn len(self) -> usize {
        self.len as usize
    }

    /// Whether there are no bytes.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// The heap has no room for a string: its limit, or 4 GiB, would be exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

const SMALL: u32 = 1024;
const STEP: u32 = 8;
const SMALL_CLASSES: u32 = SMALL / STEP;
const CLASSES: usize = SMALL_CLASSES as usize + 1 + 22 * 8;
const NONE: u32 = u32::MAX;

/// Strings with free lists. See the module's documentation.
#[derive(Debug, Clone)]
pub struct Heap {
    bytes: Vec<u8>,
    free: Box<[u32; CLASSES]>,
    live: usize,
    limit: usize,
}

/// The size class of a length above zero, and the capacity that goes with it.
const fn class(len: u32) -> (usize, u32) {
    if len <= SMALL {
        let class = len.div_ceil(STEP);
        return (class as usize, class * STEP);
    }
    // Eight classes for each power of two, so that at most an eighth is wasted.
    let log = (len - 1).ilog2();
    let step = 1 << (log - 3);
    let eighth = (len - 1 - (1 << log)) / step;
    let class = SMALL_CLASSES + 1 + (log - SMALL.ilog2()) * 8 + eighth;
    // The last class ends at 4 GiB, which no string reaches.
    (class as usize, (1_u32 << log).saturating_add((eighth + 1).saturating_mul(step)))
}

impl Heap {
    /// An empty heap that holds at most `limit` bytes of live strings.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), free: Box::new([NONE; CLASSES]), live: 0, limit }
    }

    /// An empty heap with the same limit.
    #[must_use]
    pub fn emptied(&self) -> Self {
        Self::new(self.limit)
    }

    /// The bytes of a string.
    #[inline]
    #[must_use]
    pub fn get(&self, text: Text) -> &[u8] {
        self.bytes.get(text.offset as usize..text.offset as usize + text.len as usize).unwrap_or_default()
    }

    /// Takes memory for so many more bytes.
    pub fn grow(&mut self, bytes: usize) {
        self.bytes.reserve(bytes.min(self.limit));
    }

    /// Gives back what [`Heap::grow`] took and was not needed, but for a little.
    pub fn fit(&mut self) {
        self.bytes.shrink_to(self.bytes.len() + self.bytes.len() / 16);
    }

    /// Bytes in live strings.
    #[must_use]
    pub const fn live_bytes(&self) -> usize {
        self.live
    }

    /// Bytes taken from the allocator.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Stores a string.
    ///
    /// # Errors
    /// [`Full`] when the limit would be exceeded; nothing is stored.
    #[inline]
    pub fn insert(&mut self, value: &[u8]) -> Result<Text, Full> {
        if value.is_empty() {
            return Ok(Text::EMPTY);
        }
        let text = self.reserve(value.len())?;
        self.bytes[text.offset as usize..text.offset as usize + value.len()].copy_from_slice(value);
        Ok(text)
    }

    fn reserve(&mut self, len: usize) -> Result<Text, Full> {
        if self.live.saturating_add(len) > self.limit {
            return Err(Full);
        }
        let len = u32::try_from(len).map_err(|_| Full)?;
        if len == 0 {
            return Ok(Text::EMPTY);
        }
        let (class, capacity) = class(len);
        let offset = self.free[class];
        if offset == NONE {
            let start = u32::try_from(self.bytes.len()).map_err(|_| Full)?;
            let end = start.checked_add(capacity).filter(|end| *end < NONE).ok_or(Full)?;
            self.bytes.resize(end as usize, 0);
            self.live += len as usize;
            return Ok(Text { offset: start, len });
        }
        let at = offset as usize;
        let next = [self.bytes[at], self.bytes[at + 1], self.bytes[at + 2], self.bytes[at + 3]];
        self.free[class] = u32::from_le_bytes(next);
        self.live += len as usize;
        Ok(Text { offset, len })
    }

    /// Gives a string's room back.
    #[inline]
    pub fn remove(&mut self, text: Text) {
        if text.is_empty() {
            return;
        }
        let (class, _) = class(text.len);
        let at = text.offset as usize;
        self.bytes[at..at + 4].copy_from_slice(&self.free[class].to_le_bytes());
        self.free[class] = text.offset;
        self.live -= text.len();
    }

    /// Puts another string in a string's place.
    ///
    /// # Errors
    /// [`Full`] when the limit would be exceeded; the old string is still there.
    pub fn replace(&mut self, old: Text, value: &[u8]) -> Result<Text, Full> {
        self.splice(old, 0, old.len(), value)
    }

    /// Replaces `delete` bytes at `at` by `insert`. The range must lie within the string.
    ///
    /// # Errors
    /// [`Full`] when the limit would be exceeded; the old string is still there.
    pub fn splice(&mut self, old: Text, at: usize, delete: usize, insert: &[u8]) -> Result<Text, Full> {
        debug_assert!(at + delete <= old.len());
        let len = old.len() - delete + insert.len();
        let tail = at + delete..old.len();
        let start = old.offset as usize;
        let same = !old.is_empty() && len != 0 && u32::try_from(len).is_ok_and(|len| class(len) == class(old.len));
        if same {
            if self.live - old.len() + len > self.limit {
                return Err(Full);
            }
            self.bytes.copy_within(start + tail.start..start + tail.end, start + at + insert.len());
            self.bytes[start + at..start + at + insert.len()].copy_from_slice(insert);
            self.live = self.live - old.len() + len;
            #[expect(clippy::cast_possible_truncation, reason = "same class as a u32")]
            return Ok(Text { offset: old.offset, len: len as u32 });
        }
        let new = self.reserve(len)?;
        let to = new.offset as usize;
        self.bytes.copy_within(start..start + at, to);
        self.bytes[to + at..to + at + insert.len()].copy_from_slice(insert);
        self.bytes.copy_within(start + tail.start..start + tail.end, to + at + insert.len());
        self.remove(old);
        Ok(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_class_holds_its_length_and_wastes_little() {
        let mut last = (0, 0);
        for len in 1..200_000_u32 {
            let (class, capacity) = class(len);
            assert!(capacity >= len && capacity <= len.max(64) + len.max(64) / 8, "{len}: {capacity}");
            assert!((class, capacity) >= last, "{len}");
            last = (class, capacity);
        }
        assert!(class(u32::MAX - 1).0 < CLASSES);
    }

    proptest! {
        #[test]
        fn strings_survive_each_other(edits in prop::collection::vec((0..8_usize, any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..3000_usize, any::<u8>()), 1..200)) {
            let mut heap = Heap::new(1 << 30);
            let mut model: Vec<(Text, Vec<u8>)> = vec![(Text::EMPTY, Vec::new()); 8];
            for (slot, from, to, len, byte) in edits {
                let (text, value) = &mut model[slot];
                let a = from.index(value.len() + 1);
                let b = a + to.index(value.len() - a + 1);
                let insert = vec![byte; len];
                *text = heap.splice(*text, a, b - a, &insert).unwrap();
                value.splice(a..b, insert);
                for (text, value) in &model {
                    prop_assert_eq!(heap.get(*text), &value[..]);
                }
                prop_assert_eq!(heap.live_bytes(), model.iter().map(|(_, value)| value.len()).sum::<usize>());
            }
        }
    }

    #[test]
    fn freed_room_is_used_again() {
        let mut heap = Heap::new(1 << 20);
        let mut texts: Vec<_> = (0..100).map(|i| heap.insert(&vec![1; 50 + i % 3]).unwrap()).collect();
        let taken = heap.bytes.len();
        for _ in 0..1000 {
            let text = texts.swap_remove(0);
            heap.remove(text);
            texts.push(heap.insert(&vec![2; text.len()]).unwrap());
        }
        assert_eq!(heap.bytes.len(), taken);
        assert_eq!(Heap::new(10).insert(&[0; 11]), Err(Full));
    }
}
