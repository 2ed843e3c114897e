//! What is kept of a session's frames, and how far each agent has read in it.
//!
//! Agents do not have queues of their own: a [`Cursor`] points into the one [`Log`], which keeps the last keyframe and
//! all that followed, and before that only what some agent has still to be sent. So a slow agent costs what it is
//! allowed to fall behind, once for the session.

use bytes::Bytes;
use std::collections::VecDeque;

/// What a frame counts beside its own bytes, so that many tiny frames are not free.
const ENTRY_BYTES: usize = 64;

/// What a frame counts against every cap.
pub(crate) fn cost(bytes: &Bytes) -> usize {
    bytes.len().saturating_add(ENTRY_BYTES)
}

/// The frames of one session, in order, each at a position that only grows.
#[derive(Debug)]
pub(crate) struct Log {
    entries: VecDeque<Bytes>,
    /// The position of the first entry.
    first: u64,
    /// The position of the last keyframe, if all that followed it is here.
    keyframe: Option<u64>,
    /// What the entries from the last keyframe on cost.
    kept: usize,
    /// The most that `kept` may be.
    cap: usize,
}

impl Log {
    pub(crate) fn new(cap: usize) -> Self {
        Self { entries: VecDeque::new(), first: 0, keyframe: None, kept: 0, cap }
    }

    /// The position of the next frame to come.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// Appends a keyframe and returns its position. What came before is kept only for those who still read it.
    pub(crate) fn push_keyframe(&mut self, bytes: Bytes) -> u64 {
        let at = self.end();
        self.keyframe = Some(at);
        self.kept = 0;
        self.push_delta(bytes);
        at
    }

    /// Appends a delta.
    pub(crate) fn push_delta(&mut self, bytes: Bytes) {
        if self.keyframe.is_some() {
            self.kept = self.kept.saturating_add(cost(&bytes));
            if self.kept > self.cap {
                self.keyframe = None;
            }
        }
        self.entries.push_back(bytes);
    }

    /// Makes the log useless for newcomers: what comes next does not follow.
    pub(crate) fn forget(&mut self) {
        self.keyframe = None;
    }

    /// Where a newcomer starts and what it is then owed, if the log can serve one.
    pub(crate) fn start(&self) -> Option<(u64, usize)> {
        self.keyframe.map(|at| (at, self.kept))
    }

    /// The frame at a position.
    pub(crate) fn get(&self, at: u64) -> Option<&Bytes> {
        self.entries.get(usize::try_from(at.checked_sub(self.first)?).ok()?)
    }

    /// Lets go of what neither a newcomer nor the reader furthest behind needs.
    pub(crate) fn trim(&mut self, furthest_behind: Option<u64>) {
        let end = self.end();
        let keep = self.keyframe.unwrap_or(end).min(furthest_behind.unwrap_or(end));
        while self.first < keep && self.entries.pop_front().is_some() {
            self.first += 1;
        }
        if self.entries.capacity() > 64 && self.entries.len() < self.entries.capacity() / 4 {
            self.entries.shrink_to(self.entries.len() * 2);
        }
    }

    /// The position of the oldest frame here.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// What all entries cost.
    #[cfg(test)]
    pub(crate) fn retained(&self) -> usize {
        self.entries.iter().map(cost).sum()
    }
}

/// How far an agent has read, and how far it may fall behind.
#[derive(Debug)]
pub(crate) struct Cursor {
    /// The position of the next frame to send; none while the agent waits for a keyframe.
    at: Option<u64>,
    /// What the frames from there to the log's end cost.
    owed: usize,
    /// The most that `owed` may be.
    allowance: usize,
    /// How far an agent that has caught up may fall behind.
    budget: usize,
}

impl Cursor {
    /// An agent that begins at `start`, or waits.
    pub(crate) fn new(start: Option<(u64, usize)>, budget: usize) -> Self {
        let mut cursor = Self { at: None, owed: 0, allowance: budget, budget };
        if let Some((at, owed)) = start {
            cursor.jump(at, owed);
        }
        cursor
    }

    /// The next position to read.
    pub(crate) fn at(&self) -> Option<u64> {
        self.at
    }

    /// A keyframe of this cost was appended at `at`. Who waits or is too far behind goes on from it; the others read on
    /// to it, because an agent in step need not rebuild.
    pub(crate) fn keyframe(&mut self, at: u64, cost: usize) {
        if self.at.is_none() || !self.owe(cost) {
            self.jump(at, cost);
        }
    }

    /// A delta of this cost was appended. An agent that is now too far behind waits for a keyframe.
    pub(crate) fn delta(&mut self, cost: usize) {
        if self.at.is_some() && !self.owe(cost) {
            self.at = None;
            self.owed = 0;
        }
    }

    /// The frame at the cursor was taken to be sent.
    pub(crate) fn advance(&mut self, cost: usize) {
        self.at = self.at.map(|at| at + 1);
        self.owed = self.owed.saturating_sub(cost);
    }

    /// Whether that much more may be owed. One frame always may, however large.
    fn owe(&mut self, cost: usize) -> bool {
        if self.owed == 0 {
            self.allowance = self.budget.max(cost);
        }
        self.owed = self.owed.saturating_add(cost);
        self.owed <= self.allowance
    }

    /// What is owed from here on does not count against the budget: it is the least that brings the agent in step.
    fn jump(&mut self, at: u64, owed: usize) {
        self.at = Some(at);
        self.owed = owed;
        self.allowance = self.budget.saturating_add(owed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(len: usize) -> Bytes {
        Bytes::from(vec![7; len])
    }

    #[test]
    fn a_newcomer_starts_at_the_last_keyframe() {
        let mut log = Log::new(10_000);
        assert_eq!(log.start(), None);
        log.push_keyframe(frame(100));
        log.push_delta(frame(10));
        assert_eq!(log.start(), Some((0, 110 + 2 * ENTRY_BYTES)));
        log.push_keyframe(frame(50));
        assert_eq!(log.start(), Some((2, 50 + ENTRY_BYTES)));
        log.trim(Some(1));
        assert_eq!((log.first(), log.end()), (1, 3), "the delta is still owed to a reader");
        log.trim(None);
        assert_eq!((log.first(), log.retained()), (2, 50 + ENTRY_BYTES));
    }

    #[test]
    fn above_the_cap_only_what_readers_need_is_kept() {
        let mut log = Log::new(500);
        log.push_keyframe(frame(100));
        for _ in 0..10 {
            log.push_delta(frame(100));
        }
        assert_eq!(log.start(), None);
        log.trim(Some(9));
        assert_eq!((log.first(), log.end()), (9, 11));
        assert_eq!(log.get(8), None);
        assert_eq!(log.get(10), Some(&frame(100)));
        log.trim(None);
        assert_eq!(log.retained(), 0);
    }

    #[test]
    fn a_cursor_too_far_behind_waits_for_the_next_keyframe() {
        let mut cursor = Cursor::new(Some((0, 1_000)), 300);
        cursor.delta(300);
        assert_eq!(cursor.at(), Some(0), "what it began with does not count");
        cursor.delta(1);
        assert_eq!(cursor.at(), None);
        cursor.delta(5_000);
        cursor.keyframe(7, 9_000);
        assert_eq!(cursor.at(), Some(7), "a waiting agent owes nothing");
        cursor.delta(300);
        cursor.advance(9_000);
        cursor.advance(300);
        assert_eq!(cursor.at(), Some(9));
        cursor.delta(301);
        assert_eq!(cursor.at(), Some(9), "one frame always may be owed");
        cursor.delta(1);
        assert_eq!(cursor.at(), None, "the allowance shrank when it caught up");
    }

    #[test]
    fn an_agent_in_step_reads_on_to_a_keyframe() {
        let mut cursor = Cursor::new(Some((0, 10)), 300);
        cursor.delta(100);
        cursor.keyframe(2, 100);
        assert_eq!(cursor.at(), Some(0));
        cursor.keyframe(3, 200);
        assert_eq!(cursor.at(), Some(3), "too far behind: it goes on from the keyframe");
    }
}
