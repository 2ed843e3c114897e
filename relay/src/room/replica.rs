//! A room fed from a log that several nodes share: what is in the log happens in each of their rooms, in the same order,
//! and each sends it to the participants whose sockets it has.

use super::{Absence, CUSTOMER, Room, State, TELLS};
use crate::{
    close::Close,
    config::Config,
    log::Cursor,
    member::{Member, Wakes},
    recorder::Recording,
    store::Record,
};
use bytes::Bytes;
use protocol::{
    Limits, Mode,
    control::{Control, EndReason, Role},
};
use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

/// A session as the shared store has it at one place of its log.
#[derive(Debug)]
pub(crate) struct Moment {
    pub(crate) mode: Mode,
    /// The last `ModeChanged`, `Controller`, `Paused` and `Visible` that hold.
    pub(crate) mode_frame: Option<Bytes>,
    pub(crate) controller_frame: Option<Bytes>,
    pub(crate) paused_frame: Option<Bytes>,
    pub(crate) visible_frame: Option<Bytes>,
    /// How long ago it was created.
    pub(crate) age: Duration,
    /// How long the customer has been away, and whether on purpose.
    pub(crate) absent: Option<(Duration, bool)>,
    pub(crate) leaving: Option<u64>,
    pub(crate) last_customer: u64,
    /// How long ago an agent and the customer were first there together.
    pub(crate) activated: Option<Duration>,
    /// The node that records it.
    pub(crate) recorder: Option<u64>,
    pub(crate) members: Vec<Standing>,
    /// The sequence number that follows on.
    pub(crate) next: Option<u32>,
    /// The last keyframe and what followed, if it is all there.
    pub(crate) frames: Vec<(bool, Bytes)>,
}

/// A participant as the shared store knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) connection: u64,
    pub(crate) user: u32,
    pub(crate) role: Role,
    pub(crate) name: String,
    pub(crate) node: u64,
}

impl Room {
    /// A room that goes on from such a moment.
    pub(crate) fn restored(record: Record, config: Arc<Config>, moment: Moment, now: Instant) -> Self {
        let room = Self::new(record, config, None, now);
        let mut state = room.lock();
        let ago = |time: Duration| now.checked_sub(time).unwrap_or(now);
        state.created = ago(moment.age);
        state.mode = moment.mode;
        state.mode_frame = moment.mode_frame;
        state.controller_frame = moment.controller_frame;
        state.paused_frame = moment.paused_frame;
        state.visible_frame = moment.visible_frame;
        state.absent = moment.absent.map(|(time, on_purpose)| Absence { since: ago(time), on_purpose });
        state.leaving = moment.leaving;
        state.activated = moment.activated.map(ago);
        state.recorder = moment.recorder;
        state.last_customer = moment.last_customer;
        let mut tells = false;
        let standing = |Standing { connection, user, role, mut name, node }| {
            if role == Role::Customer && name == TELLS {
                tells = true;
                name.clear();
            }
            Member::elsewhere(connection, user, role, name, node)
        };
        state.members = moment.members.into_iter().map(standing).collect();
        state.tells = tells;
        for (keyframe, bytes) in moment.frames {
            if keyframe {
                state.log.push_keyframe(bytes);
            } else {
                state.log.push_delta(bytes);
            }
        }
        state.expected = moment.next;
        if state.expected.is_none() {
            state.log.forget();
        }
        state.trim();
        drop(state);
        room
    }

    /// Somebody has entered, here or on another node, at a time by the log.
    pub(crate) fn entered(&self, who: Standing, here: bool, at: SystemTime, now: Instant) {
        let mut state = self.lock();
        if state.ended.is_some() {
            return;
        }
        let Standing { connection, user, role, name, node } = who;
        let newcomer = if here {
            // A controller is not shown the page.
            let cursor = (role == Role::Agent).then(|| Cursor::new(state.log.start(), self.config.queue_bytes));
            Member::new(connection, user, role, name, cursor)
        } else {
            Member::elsewhere(connection, user, role, name, node)
        };
        let before = state.activated;
        state.admit(newcomer, &self.config, now);
        // Every node tells of the same time.
        if before.is_none() && state.activated.is_some() {
            state.activated = Some(self.moment(&state, at));
        }
    }

    /// The session is over since a time.
    pub(crate) fn over(&self, reason: EndReason, at: SystemTime, now: Instant) {
        let mut state = self.lock();
        if state.ended.is_none() {
            state.end(reason, now);
            state.ended = Some(self.moment(&state, at));
        }
    }

    /// When in the session that was; the opposite of [`Self::time_of`].
    fn moment(&self, state: &State, at: SystemTime) -> Instant {
        state.created + at.duration_since(self.record.created).unwrap_or_default()
    }

    /// What wakes a connection whose socket is here.
    pub(crate) fn wakes(&self, connection: u64) -> Option<Arc<Wakes>> {
        let state = self.lock();
        let member = state.members.iter().find(|member| member.connection == connection)?;
        Some(member.wakes.clone())
    }

    /// Somebody has left. Where its socket is here and does not know yet, it is told why.
    pub(crate) fn left(&self, connection: u64, why: Close, now: Instant) {
        let mut state = self.lock();
        let Some(at) = state.members.iter().position(|member| member.connection == connection) else { return };
        let mut member = state.members.remove(at);
        let is_known = member.closing == Some(Close::Replaced);
        if member.node.is_none() && !member.gone {
            member.close(why);
            member.told = true;
            let other = Member::elsewhere(connection, member.user, member.role, String::new(), 0);
            state.members.insert(at, member);
            if !is_known {
                state.without(&other, &self.config, now);
            }
        } else {
            state.without(&member, &self.config, now);
        }
    }

    /// A socket that is here is gone; the others hear of it from the log.
    pub(crate) fn going(&self, connection: u64) {
        let mut state = self.lock();
        let ended = state.ended.is_some();
        let Some(at) = state.members.iter().position(|member| member.connection == connection) else { return };
        let member = &mut state.members[at];
        if ended || member.told || member.closing == Some(Close::Replaced) {
            state.members.remove(at);
        } else {
            member.gone = true;
            member.close(Close::Unavailable("the connection is gone".to_owned()));
        }
        state.trim();
    }

    /// The connections whose sockets are here.
    pub(crate) fn connections(&self) -> Vec<u64> {
        let here = |member: &&Member| member.node.is_none() && member.present();
        self.lock().members.iter().filter(here).map(|member| member.connection).collect()
    }

    /// Closes some of them: the session goes on without them.
    pub(crate) fn close_some(&self, connections: impl Iterator<Item = u64>) {
        let mut state = self.lock();
        for connection in connections {
            if let Some(member) =
                state.members.iter_mut().find(|member| member.connection == connection && member.present())
            {
                member
                    .close(Close::Unavailable("the session goes on without this connection: connect again".to_owned()));
            }
        }
    }

    /// Closes all sockets that are here.
    pub(crate) fn close_all(&self, why: &Close) {
        let mut state = self.lock();
        for member in state.members.iter_mut().filter(|member| member.node.is_none()) {
            member.close(why.clone());
        }
    }

    /// What a connection is, while it takes part.
    ///
    /// # Errors
    /// Why it has to go.
    pub(crate) fn sender(&self, connection: u64) -> Result<(Role, u32), Close> {
        let state = self.lock();
        match state.members.iter().find(|member| member.connection == connection) {
            None => Err(Close::Unavailable("the connection is not in the session".to_owned())),
            Some(member) => match &member.closing {
                Some(why) if state.ended.is_none() => Err(why.clone()),
                _ => Ok((member.role, member.user)),
            },
        }
    }

    /// Whether its customer is away.
    pub(crate) fn is_absent(&self) -> bool {
        self.lock().absent.is_some()
    }

    /// The node that records it.
    pub(crate) fn recorder(&self) -> Option<u64> {
        self.lock().recorder
    }

    /// That is another one now, or none.
    pub(crate) fn recorded_by(&self, node: Option<u64>) {
        self.lock().recorder = node;
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.lock().ended.is_some()
    }

    /// A frame of the customer's.
    pub(crate) fn framed(&self, keyframe: bool, seq: u32, bytes: Bytes) {
        let mut state = self.lock();
        if state.ended.is_none() {
            state.frame(keyframe, seq, bytes);
        }
    }

    /// The customer's frames do not follow on.
    pub(crate) fn broken(&self) {
        let mut state = self.lock();
        state.log.forget();
        state.expected = None;
        state.asking.wanted = true;
        state.trim();
        state.wake_customer_if_asked();
    }

    /// A message of the customer's.
    pub(crate) fn said(&self, message: &Control, bytes: Bytes) {
        let mut state = self.lock();
        if state.ended.is_none() {
            // It was judged before it came into the log; what is not understood is for nobody.
            let _ = state.customer_says(message, bytes);
        }
    }

    /// A sealed message of the customer's, for one agent or, with 0, for all.
    pub(crate) fn said_sealed(&self, user: u32, bytes: Bytes) {
        let mut state = self.lock();
        if state.ended.is_none() {
            state.send_sealed(user, &bytes);
        }
    }

    /// An agent's message as the customer is sent it.
    ///
    /// # Errors
    /// [`Close::TooLarge`].
    pub(crate) fn envelope(&self, user: u32, bytes: &Bytes, now: Instant) -> Result<Bytes, Close> {
        let message = Control::From { user, frame: bytes.to_vec() };
        self.lock().make(&message, now).ok_or(Close::TooLarge(Limits::AGENT_BYTES))
    }

    /// The same, from the log. The connection that has to go for it, where the customer leaves too much waiting.
    pub(crate) fn commanded(&self, user: u32, is_pointer: bool, said: Bytes) -> Option<u64> {
        let mut state = self.lock();
        if state.ended.is_some() || state.say_to_customer(user, is_pointer, said) {
            return None;
        }
        state.members.iter().find(|member| member.user == user && member.present()).map(|member| member.connection)
    }

    /// Somebody elsewhere needs a keyframe.
    pub(crate) fn asked(&self) {
        let mut state = self.lock();
        state.asking.wanted = true;
        state.wake_customer_if_asked();
    }

    /// Whether the customer's node is to be asked for a keyframe now: for agents here, or for what keeps the session.
    pub(crate) fn asks_elsewhere(&self, now: Instant) -> bool {
        let mut state = self.lock();
        let is_elsewhere = state.customer().is_some_and(|customer| customer.node.is_some());
        if state.ended.is_some()
            || !is_elsewhere
            || !(state.is_behind || state.members.iter().any(Member::needs_keyframe))
        {
            return false;
        }
        if state.asking.due(self.config.keyframe_interval).is_some_and(|due| due > now) {
            return false;
        }
        state.asking.last = Some(now);
        state.asking.unanswered = state.asking.unanswered.saturating_add(1);
        true
    }

    /// Begins to keep the session; where frames have passed already, from the next keyframe on.
    pub(crate) fn record(&self, recording: Box<dyn Recording>) {
        let mut state = self.lock();
        state.is_behind = state.log.end() > 0;
        state.asking.wanted |= state.is_behind;
        state.recording = Some(recording);
        state.wake_customer_if_asked();
    }

    /// Keeps the session no longer.
    pub(crate) fn record_no_more(&self) {
        let mut state = self.lock();
        state.recording = None;
        state.is_behind = false;
    }

    /// Who is present on other nodes than this, by their nodes.
    pub(crate) fn nodes(&self) -> Vec<u64> {
        let mut nodes: Vec<u64> = self.lock().members.iter().filter_map(|member| member.node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// What of the session no frame says, to be put back into a store that has lost it.
    pub(crate) fn remembered(&self) -> Remembered {
        let state = self.lock();
        let known = [&state.mode_frame, &state.controller_frame, &state.paused_frame, &state.visible_frame];
        Remembered {
            record: self.known(&state),
            mode: state.mode,
            frames: known.map(Clone::clone),
            connection: state.members.iter().map(|member| member.connection).max().unwrap_or(0),
            user: state.members.iter().map(|member| member.user).max().unwrap_or(CUSTOMER),
        }
    }
}

/// See [`Room::remembered`].
#[derive(Debug)]
pub(crate) struct Remembered {
    pub(crate) record: Record,
    pub(crate) mode: Mode,
    /// The last `ModeChanged`, `Controller`, `Paused` and `Visible`.
    pub(crate) frames: [Option<Bytes>; 4],
    /// The highest numbers in use.
    pub(crate) connection: u64,
    pub(crate) user: u32,
}
