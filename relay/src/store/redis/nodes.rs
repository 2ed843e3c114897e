//! Which nodes live. Each says so once a second; who has said nothing for as long as the lease is, as far as this node could see
//! meanwhile, is gone. Clocks are not compared.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// The key under which nodes say that they live.
pub(super) const KEY: &str = "cobrowse:nodes";

/// How long a node's participants stay when nothing is heard of it.
pub(super) const LEASE: Duration = Duration::from_secs(10);

/// How often it says that it lives.
pub(super) const BEAT: Duration = Duration::from_secs(1);

/// How long a node that is gone is remembered.
const FORGOTTEN: Duration = Duration::from_secs(600);

/// The nodes that one Redis has told of.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    heard: HashMap<u64, (u64, Instant)>,
}

impl Nodes {
    /// What they have said now.
    pub(super) fn hear(&mut self, beats: impl IntoIterator<Item = (u64, u64)>, now: Instant) {
        for (node, beat) in beats {
            let known = self.heard.entry(node).or_insert((beat, now));
            if known.0 != beat {
                *known = (beat, now);
            }
        }
    }

    /// Nothing could be heard until now: nobody is to be blamed for it.
    pub(super) fn deaf(&mut self, now: Instant) {
        for (_, at) in self.heard.values_mut() {
            *at = now;
        }
    }

    /// Whether a node is gone. One that nothing is known of has its time from now on.
    pub(super) fn is_gone(&mut self, node: u64, now: Instant) -> bool {
        let (_, at) = self.heard.entry(node).or_insert((0, now));
        now.saturating_duration_since(*at) > LEASE
    }

    /// Those that were gone long ago.
    pub(super) fn forget(&mut self, now: Instant) -> Vec<u64> {
        let is_old = |at: &Instant| now.saturating_duration_since(*at) > FORGOTTEN;
        let old: Vec<u64> = self.heard.iter().filter(|(_, (_, at))| is_old(at)).map(|(node, _)| *node).collect();
        for node in &old {
            self.heard.remove(node);
        }
        old
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_says_nothing_for_the_lease_is_gone() {
        let mut nodes = Nodes::default();
        let begin = Instant::now();
        nodes.hear([(1, 5), (2, 9)], begin);
        let later = begin + LEASE;
        nodes.hear([(1, 6), (2, 9)], later);
        assert!(!nodes.is_gone(1, later) && !nodes.is_gone(2, later), "not before it is over");
        let after = later + Duration::from_millis(1);
        assert!(nodes.is_gone(2, after) && !nodes.is_gone(1, after));
        assert!(!nodes.is_gone(3, after), "one that nobody knows has its time");
        assert!(nodes.is_gone(3, after + LEASE + BEAT));
    }

    #[test]
    fn who_could_not_hear_blames_nobody() {
        let mut nodes = Nodes::default();
        let begin = Instant::now();
        nodes.hear([(1, 5)], begin);
        let later = begin + LEASE * 3;
        nodes.deaf(later);
        nodes.hear([(1, 5)], later);
        assert!(!nodes.is_gone(1, later + LEASE));
        assert!(nodes.is_gone(1, later + LEASE + BEAT));
        assert_eq!(nodes.forget(later + FORGOTTEN + BEAT), [1]);
    }
}
