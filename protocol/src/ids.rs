//! Which node ids are in use. The recorder gives them out; ids freed in one frame are used again from the next.

/// Hands out ids, the lowest free one first, so that nodes read in one go get ids in a row.
#[derive(Debug, Clone)]
pub struct Ids {
    next: u32,
    limit: u32,
    /// A bit for each id below `next` that is free, 64 to a word; and a bit for each word that has one.
    free: Vec<u64>,
    words: Vec<u64>,
    /// No word before this one of `words` has a bit.
    lowest: usize,
    count: u32,
    freed: Vec<u32>,
}

impl Ids {
    /// Starts after the document, whose id is 0. No id reaches `limit`.
    #[must_use]
    pub const fn new(limit: u32) -> Self {
        Self { next: 1, limit, free: Vec::new(), words: Vec::new(), lowest: 0, count: 0, freed: Vec::new() }
    }

    /// The next id, `None` when all are taken.
    #[inline]
    pub fn take(&mut self) -> Option<u32> {
        if self.count > 0 {
            while self.words[self.lowest] == 0 {
                self.lowest += 1;
            }
            let words = &mut self.words[self.lowest];
            let index = self.lowest * 64 + words.trailing_zeros() as usize;
            let word = &mut self.free[index];
            let bit = word.trailing_zeros();
            *word &= *word - 1;
            if *word == 0 {
                *words &= *words - 1;
            }
            self.count -= 1;
            return u32::try_from(index * 64).ok().map(|id| id + bit);
        }
        if self.next >= self.limit {
            return None;
        }
        self.next += 1;
        Some(self.next - 1)
    }

    /// Gives an id back; it is handed out again after the next [`Ids::settle`].
    #[inline]
    pub fn release(&mut self, id: u32) {
        self.freed.push(id);
    }

    /// Forgets the ids from `end` on, none of which is in use or released and not settled: they come again one by one.
    pub fn trim(&mut self, end: u32) {
        let free = std::mem::take(&mut self.free);
        (self.words, self.lowest, self.count, self.next) = (Vec::new(), 0, 0, end);
        let is_free = |id: &u32| free.get(*id as usize / 64).is_some_and(|word| word >> (id % 64) & 1 == 1);
        self.freed.extend((1..end).filter(is_free));
        self.settle();
        self.freed = Vec::new();
    }

    /// Makes the ids released so far available. Call it between two frames.
    pub fn settle(&mut self) {
        for id in self.freed.drain(..) {
            let index = id as usize / 64;
            if index >= self.free.len() {
                self.free.resize(index + 1, 0);
                self.words.resize(index / 64 + 1, 0);
            }
            self.free[index] |= 1 << (id % 64);
            self.words[index / 64] |= 1 << (index % 64);
            self.lowest = self.lowest.min(index / 64);
            self.count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freed_ids_come_back_in_order_and_only_after_settling() {
        let mut ids = Ids::new(100);
        assert_eq!((0..9).map(|_| ids.take()).collect::<Vec<_>>(), (1..10).map(Some).collect::<Vec<_>>());
        for id in [4, 3, 8, 5] {
            ids.release(id);
        }
        assert_eq!(ids.take(), Some(10));
        ids.settle();
        assert_eq!((0..5).map(|_| ids.take()).collect::<Vec<_>>(), [3, 4, 5, 8, 11].map(Some));
        for id in [11, 2] {
            ids.release(id);
        }
        ids.settle();
        assert_eq!([ids.take(), ids.take(), ids.take()], [2, 11, 12].map(Some));
    }

    #[test]
    fn ids_at_the_end_are_forgotten_and_come_again() {
        let mut ids = Ids::new(10_000);
        let all: Vec<_> = (0..5_000).map_while(|_| ids.take()).collect();
        for id in all.iter().filter(|id| **id >= 100 || **id % 10 == 0) {
            ids.release(*id);
        }
        ids.settle();
        ids.trim(100);
        let expected = (10..100).step_by(10).chain(100..200).map(Some).collect::<Vec<_>>();
        assert_eq!((0..109).map(|_| ids.take()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn many_ids_far_apart() {
        let mut ids = Ids::new(1 << 20);
        let all: Vec<_> = (0..500_000).map_while(|_| ids.take()).collect();
        for id in all.iter().rev().step_by(7_777) {
            ids.release(*id);
        }
        ids.settle();
        let mut expected: Vec<_> = all.iter().rev().step_by(7_777).copied().map(Some).collect();
        expected.reverse();
        assert_eq!((0..expected.len()).map(|_| ids.take()).collect::<Vec<_>>(), expected);
        assert_eq!(ids.take(), Some(500_001));
    }

    #[test]
    fn no_id_reaches_the_limit() {
        let mut ids = Ids::new(3);
        assert_eq!([ids.take(), ids.take(), ids.take()], [Some(1), Some(2), None]);
    }
}
