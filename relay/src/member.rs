//! One participant's connection as its room sees it: the control frames that wait for it, and its place in the log.

use crate::{close::Close, log::Cursor};
use bytes::Bytes;
use protocol::control::Role;
use std::{collections::VecDeque, sync::Arc};
use tokio::sync::Notify;

/// The most control frames that wait for one connection, in bytes, each counting [`ENTRY_BYTES`] more. Far above what
/// people's hands make; who reaches it takes nothing, or is flooded.
pub(crate) const CONTROL_QUEUE_BYTES: usize = 1 << 20;

/// What a waiting control frame counts beside its own bytes.
const ENTRY_BYTES: usize = 48;

/// A control frame that waits, with the position in the log that is sent before it.
#[derive(Debug)]
struct Waiting {
    after: u64,
    bytes: Bytes,
    /// The user whose pointer this is, 0 for any other message.
    pointer: u32,
}

/// What wakes the two futures of a connection.
#[derive(Debug, Default)]
pub(crate) struct Wakes {
    /// There may be something to send.
    pub(crate) send: Notify,
    /// The connection is to be closed.
    pub(crate) close: Notify,
}

/// A connection in a room.
#[derive(Debug)]
pub(crate) struct Member {
    /// Unique within the room; a customer who comes back has the same user but another connection.
    pub(crate) connection: u64,
    /// Unique among the participants of the session.
    pub(crate) user: u32,
    pub(crate) role: Role,
    pub(crate) name: String,
    /// The node that its socket is on; none for this one. What others are sent is not queued here.
    pub(crate) node: Option<u64>,
    pub(crate) wakes: Arc<Wakes>,
    /// Why it is being closed; a closing member takes no part any more.
    pub(crate) closing: Option<Close>,
    /// How far an agent has read.
    pub(crate) cursor: Option<Cursor>,
    /// The customer's page has shown it.
    pub(crate) is_shown: bool,
    /// Its socket is gone; it stays until the others have been told, in the order of the session.
    pub(crate) gone: bool,
    /// The others have been told that it left; it stays until its socket has been told why.
    pub(crate) told: bool,
    controls: VecDeque<Waiting>,
    control_bytes: usize,
}

impl Member {
    pub(crate) fn new(connection: u64, user: u32, role: Role, name: String, cursor: Option<Cursor>) -> Self {
        let wakes = Arc::default();
        let controls = VecDeque::new();
        let (node, closing, is_shown, gone, told) = (None, None, false, false, false);
        let control_bytes = 0;
        Self {
            connection,
            user,
            role,
            name,
            node,
            wakes,
            closing,
            cursor,
            is_shown,
            gone,
            told,
            controls,
            control_bytes,
        }
    }

    /// A participant whose socket is on another node.
    pub(crate) fn elsewhere(connection: u64, user: u32, role: Role, name: String, node: u64) -> Self {
        Self { node: Some(node), ..Self::new(connection, user, role, name, None) }
    }

    /// Whether it still takes part.
    pub(crate) fn present(&self) -> bool {
        self.closing.is_none()
    }

    /// Whether it is an agent that can show nothing until a keyframe comes.
    pub(crate) fn needs_keyframe(&self) -> bool {
        self.present() && self.cursor.as_ref().is_some_and(|cursor| cursor.at().is_none())
    }

    /// Queues a control frame behind all frames before position `after`. False when the queue is full.
    pub(crate) fn push(&mut self, bytes: Bytes, after: u64) -> bool {
        if self.node.is_some() {
            return true;
        }
        let size = bytes.len() + ENTRY_BYTES;
        if self.control_bytes + size > CONTROL_QUEUE_BYTES {
            return false;
        }
        self.control_bytes += size;
        self.controls.push_back(Waiting { after, bytes, pointer: 0 });
        self.wakes.send.notify_one();
        true
    }

    /// Queues where a user's pointer is, in place of an older position of the same pointer that nothing but pointers
    /// has followed: what waits then does not grow with how long the customer takes nothing.
    pub(crate) fn push_pointer(&mut self, bytes: Bytes, user: u32) -> bool {
        if self.node.is_some() {
            return true;
        }
        let mut pointers = self.controls.iter_mut().rev().take_while(|waiting| waiting.pointer != 0);
        if let Some(older) = pointers.find(|waiting| waiting.pointer == user) {
            self.control_bytes = self.control_bytes + bytes.len() - older.bytes.len();
            older.bytes = bytes;
            return true;
        }
        let pushed = self.push(bytes, 0);
        if let (true, Some(last)) = (pushed, self.controls.back_mut()) {
            last.pointer = user;
        }
        pushed
    }

    /// Queues the last control frame of all, even when the queue is full.
    pub(crate) fn push_last(&mut self, bytes: Bytes, after: u64) {
        if self.node.is_some() {
            return;
        }
        self.controls.push_back(Waiting { after, bytes, pointer: 0 });
    }

    /// Takes the next control frame, unless frames of the log come first.
    pub(crate) fn pop(&mut self) -> Option<Bytes> {
        let read = self.cursor.as_ref().and_then(Cursor::at).unwrap_or(u64::MAX);
        let waiting = self.controls.pop_front_if(|waiting| waiting.after <= read)?;
        self.control_bytes = self.control_bytes.saturating_sub(waiting.bytes.len() + ENTRY_BYTES);
        Some(waiting.bytes)
    }

    /// Begins to close the connection. The first reason stands.
    pub(crate) fn close(&mut self, why: Close) {
        self.closing.get_or_insert(why);
        self.wakes.send.notify_one();
        self.wakes.close.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(role: Role) -> Member {
        let cursor = (role == Role::Agent).then(|| Cursor::new(Some((5, 100)), 1_000));
        Member::new(1, 2, role, String::new(), cursor)
    }

    #[test]
    fn control_frames_keep_their_place_among_frames() {
        let mut agent = member(Role::Agent);
        assert!(agent.push(Bytes::from_static(b"now"), 5));
        assert!(agent.push(Bytes::from_static(b"later"), 6));
        assert_eq!(agent.pop().as_deref(), Some(&b"now"[..]));
        assert_eq!(agent.pop(), None);
        agent.cursor.as_mut().unwrap().advance(100);
        assert_eq!(agent.pop().as_deref(), Some(&b"later"[..]));
    }

    #[test]
    fn who_waits_for_a_keyframe_still_gets_control_frames() {
        let mut agent = Member::new(1, 2, Role::Agent, String::new(), Some(Cursor::new(None, 1_000)));
        assert!(agent.needs_keyframe());
        assert!(agent.push(Bytes::from_static(b"left"), 77));
        assert!(agent.pop().is_some());
    }

    #[test]
    fn pointers_replace_each_other_and_stay_in_order_with_the_rest() {
        let mut customer = member(Role::Customer);
        for round in 0..1_000_u32 {
            assert!(customer.push_pointer(Bytes::from(format!("a{round}")), 2));
            assert!(customer.push_pointer(Bytes::from(format!("b{round}")), 3));
        }
        assert!(customer.push(Bytes::from_static(b"click"), 0));
        assert!(customer.push_pointer(Bytes::from_static(b"a!"), 2));
        let sent: Vec<Bytes> = std::iter::from_fn(|| customer.pop()).collect();
        assert_eq!(sent, ["a999", "b999", "click", "a!"]);
        assert_eq!(customer.control_bytes, 0);
    }

    #[test]
    fn a_full_queue_refuses_more() {
        let mut customer = member(Role::Customer);
        let big = Bytes::from(vec![0; 60_000]);
        let pushed = (0..100).take_while(|_| customer.push(big.clone(), 0)).count();
        assert_eq!(pushed, CONTROL_QUEUE_BYTES / (60_000 + ENTRY_BYTES));
        assert!(!customer.push_pointer(big, 2));
    }
}
