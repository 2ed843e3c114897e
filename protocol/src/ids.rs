//! Which node ids are in use. The recorder gives them out; ids freed in one frame are used again from the next.

/// Hands out ids, lowest of a freed stretch first, so that nodes read in one go get ids in a row.
#[derive(Debug, Clone)]
pub struct Ids {
    next: u32,
    limit: u32,
    free: Vec<(u32, u32)>,
    freed: Vec<u32>,
}

impl Ids {
    /// Starts after the document, whose id is 0. No id reaches `limit`.
    #[must_use]
    pub const fn new(limit: u32) -> Self {
        Self { next: 1, limit, free: Vec::new(), freed: Vec::new() }
    }

    /// The next id, `None` when all are taken.
    #[inline]
    pub fn take(&mut self) -> Option<u32> {
        if let Some((start, end)) = self.free.last_mut() {
            let id = *start;
            *start += 1;
            if start == end {
                self.free.pop();
            }
            return Some(id);
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

    /// Makes the ids released so far available. Call it between two frames.
    pub fn settle(&mut self) {
        self.freed.sort_unstable_by(|a, b| b.cmp(a));
        for id in self.freed.drain(..) {
            match self.free.last_mut() {
                Some((start, _)) if *start == id + 1 => *start = id,
                _ => self.free.push((id, id + 1)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freed_stretches_come_back_in_order_and_only_after_settling() {
        let mut ids = Ids::new(100);
        assert_eq!((0..9).map(|_| ids.take()).collect::<Vec<_>>(), (1..10).map(Some).collect::<Vec<_>>());
        for id in [4, 3, 8, 5] {
            ids.release(id);
        }
        assert_eq!(ids.take(), Some(10));
        ids.settle();
        assert_eq!((0..5).map(|_| ids.take()).collect::<Vec<_>>(), [3, 4, 5, 8, 11].map(Some));
    }

    #[test]
    fn no_id_reaches_the_limit() {
        let mut ids = Ids::new(3);
        assert_eq!([ids.take(), ids.take(), ids.take()], [Some(1), Some(2), None]);
    }
}
