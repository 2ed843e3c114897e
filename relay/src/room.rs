//! A session's room on one node: who is connected, the log they read from, and every rule about who is told what.
//!
//! A room does no input or output and reads no clock: connections publish into it and ask it for what comes next, and
//! the time is an argument. [`crate::store::Seat`] wraps the waiting around it.

use crate::{
    close::Close,
    config::Config,
    log::{Cursor, Log, cost},
    member::Member,
    store::{Message, Participant, Record, Seat, Status, StoreError},
    token::Token,
};
use bytes::Bytes;
use protocol::{
    Mode,
    control::{Control, EndReason, Role},
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// The customer's number in every session; agents count on from here.
pub(crate) const CUSTOMER: u32 = 1;

/// What a connection does next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Send a frame.
    Frame(Bytes),
    /// Close.
    Close(Close),
    /// Wait to be woken, or until a time.
    Wait(Option<Instant>),
}

/// A session's room. See the module's documentation.
#[derive(Debug)]
pub(crate) struct Room {
    record: Record,
    config: Arc<Config>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    created: Instant,
    log: Log,
    /// The sequence number that a delta must have to follow on; none until a keyframe comes.
    expected: Option<u32>,
    asking: Asking,
    members: Vec<Member>,
    /// Since when no customer is connected.
    absent: Option<Instant>,
    mode: Mode,
    /// The last `ModeChanged` as it came, for agents who come later.
    mode_frame: Option<Bytes>,
    /// The `Paused` that no `Resumed` followed.
    paused_frame: Option<Bytes>,
    ended: bool,
    next_user: u32,
    next_connection: u64,
    /// Counts the control frames that the relay makes.
    made: u32,
}

/// Whether a keyframe is wanted, and when the customer may be asked.
#[derive(Debug, Default)]
struct Asking {
    /// Someone asked, or frames are missing. A waiting agent counts without this.
    wanted: bool,
    last: Option<Instant>,
    /// Requests since the last keyframe.
    unanswered: u32,
}

impl Asking {
    /// From when on the customer may be asked.
    fn due(&self, interval: Duration) -> Option<Instant> {
        self.last.map(|last| last + interval * (1 << self.unanswered.saturating_sub(1).min(4)))
    }

    fn answered(&mut self) {
        self.wanted = false;
        self.unanswered = 0;
    }
}

impl Room {
    pub(crate) fn new(record: Record, config: Arc<Config>, now: Instant) -> Self {
        let state = State {
            created: now,
            log: Log::new(config.log_bytes),
            expected: None,
            asking: Asking::default(),
            members: Vec::new(),
            absent: Some(now),
            mode: record.mode,
            mode_frame: None,
            paused_frame: None,
            ended: false,
            next_user: CUSTOMER + 1,
            next_connection: 1,
            made: 0,
        };
        Self { record, config, state: Mutex::new(state) }
    }

    pub(crate) fn token(&self) -> Token {
        self.record.token
    }

    /// The sequence number of the delta that follows on.
    pub(crate) fn expected(&self) -> Option<u32> {
        self.lock().expected
    }

    pub(crate) fn status(&self) -> Status {
        let state = self.lock();
        let agents = state.members.iter().filter(|member| member.present() && member.role != Role::Customer);
        Status {
            record: self.record.clone(),
            mode: state.mode,
            customer: state.customer().is_some(),
            agents: agents.map(|agent| Participant { user: agent.user, name: agent.name.clone() }).collect(),
        }
    }

    /// Ends the session if its grace or age is over. True when it did.
    pub(crate) fn end_overdue(&self, now: Instant) -> bool {
        let mut state = self.lock();
        let absent = state.absent.is_some_and(|since| now.saturating_duration_since(since) >= self.config.grace);
        let overdue = absent || now.saturating_duration_since(state.created) >= self.config.session_age;
        if overdue {
            state.end(EndReason::Idle, now);
        }
        overdue
    }

    /// Lets a participant in. See [`crate::store::Store::enter`].
    pub(crate) fn enter(self: &Arc<Self>, role: Role, name: String, now: Instant) -> Result<Seat, StoreError> {
        let mut guard = self.lock();
        let state = &mut *guard;
        if state.ended {
            return Err(StoreError::Unknown);
        }
        let connection = state.next_connection;
        state.next_connection += 1;
        let (user, cursor) = if role == Role::Customer {
            (CUSTOMER, None)
        } else {
            let present = state.members.iter().filter(|member| member.present() && member.role == role).count();
            if present >= self.config.agents {
                return Err(StoreError::Crowded(self.config.agents));
            }
            let user = state.next_user;
            state.next_user = user.saturating_add(1);
            (user, Some(Cursor::new(state.log.start(), self.config.queue_bytes)))
        };
        let mut newcomer = Member::new(connection, user, role, name, cursor);
        let older = state.customer_mut().filter(|_| role == Role::Customer);
        let replaces = older.map(|older| older.close(Close::Replaced)).is_some();
        for at in 0..state.members.len() {
            let member = &state.members[at];
            if member.present() {
                let (user, role, name) = (member.user, member.role, member.name.clone());
                if let Some(joined) = state.make(&Control::Joined { user, role, name }, now) {
                    newcomer.push(joined, 0);
                }
            }
        }
        if role == Role::Customer {
            state.absent = None;
            state.asking.unanswered = 0;
            // A page that has just begun sends its first keyframe by itself: give it the time.
            if state.log.end() == 0 {
                state.asking.last = Some(now);
            }
        } else {
            for frame in [&state.mode_frame, &state.paused_frame].into_iter().flatten() {
                newcomer.push(frame.clone(), 0);
            }
        }
        if !replaces {
            let (user, name) = (newcomer.user, newcomer.name.clone());
            state.tell_all(&Control::Joined { user, role, name }, now);
        }
        let wakes = newcomer.wakes.clone();
        state.members.push(newcomer);
        state.wake_customer_if_asked();
        Ok(Seat { room: self.clone(), connection, user, role, wakes })
    }

    /// A connection is gone.
    pub(crate) fn leave(&self, connection: u64, now: Instant) {
        let mut state = self.lock();
        let Some(at) = state.members.iter().position(|member| member.connection == connection) else { return };
        let member = state.members.remove(at);
        if state.ended || member.closing == Some(Close::Replaced) {
            return;
        }
        if member.role == Role::Customer {
            state.absent = Some(now);
        }
        state.tell_all(&Control::Left { user: member.user }, now);
        state.trim();
    }

    /// Takes a message from a connection.
    ///
    /// # Errors
    /// The reason for which the sender has to go.
    pub(crate) fn publish(&self, connection: u64, message: Message) -> Result<Published, Close> {
        let mut state = self.lock();
        if state.ended {
            // The sender is being told; what it sent before it knew is of no use to anyone.
            return Ok(Published::Delivered);
        }
        let Some(sender) = state.members.iter().find(|member| member.connection == connection) else {
            return Err(Close::Unavailable("the connection is not in the session".to_owned()));
        };
        if let Some(why) = &sender.closing {
            return Err(why.clone());
        }
        let (role, user) = (sender.role, sender.user);
        match (role, message) {
            (Role::Customer, Message::Frame { keyframe, seq, bytes }) => {
                state.frame(keyframe, seq, bytes);
                Ok(Published::Delivered)
            }
            (_, Message::Frame { keyframe, .. }) => {
                let found = if keyframe { "a keyframe" } else { "a delta" };
                Err(Close::Protocol(format!("expected a control frame from an agent, found {found}")))
            }
            (Role::Customer, Message::Control { message, bytes }) => state.customer_says(&message, bytes),
            (_, Message::Control { message, bytes }) => state.agent_says(user, &message, bytes),
        }
    }

    /// Ends the session for everyone: the reason, then the close.
    pub(crate) fn end(&self, reason: EndReason, now: Instant) {
        self.lock().end(reason, now);
    }

    /// What a connection does next.
    pub(crate) fn next(&self, connection: u64, now: Instant) -> Next {
        let mut guard = self.lock();
        let state = &mut *guard;
        let Some(at) = state.members.iter().position(|member| member.connection == connection) else {
            return Next::Close(Close::Unavailable("the connection is not in the session".to_owned()));
        };
        let member = &mut state.members[at];
        if let Some(why) = member.closing.as_ref().filter(|why| **why != Close::Ended) {
            return Next::Close(why.clone());
        }
        if let Some(bytes) = member.pop() {
            return Next::Frame(bytes);
        }
        if let Some(cursor) = &mut member.cursor
            && let Some(position) = cursor.at()
            && let Some(bytes) = state.log.get(position).cloned()
        {
            cursor.advance(cost(&bytes));
            if position == state.log.first() {
                state.trim();
            }
            return Next::Frame(bytes);
        }
        if let Some(why) = &member.closing {
            return Next::Close(why.clone());
        }
        if member.role != Role::Customer || !state.keyframe_wanted() {
            return Next::Wait(None);
        }
        if let Some(due) = state.asking.due(self.config.keyframe_interval).filter(|due| *due > now) {
            return Next::Wait(Some(due));
        }
        state.asking.last = Some(now);
        state.asking.unanswered = state.asking.unanswered.saturating_add(1);
        match state.make(&Control::KeyframeRequest {}, now) {
            Some(request) => Next::Frame(request),
            None => Next::Wait(None),
        }
    }

    /// Why a connection is to be closed, if it is.
    pub(crate) fn closing(&self, connection: u64) -> Option<Close> {
        let state = self.lock();
        state.members.iter().find(|member| member.connection == connection)?.closing.clone()
    }

    /// A panic while the lock was held must not take the session's other connections with it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the room holds of frames, counted as the caps count.
    #[cfg(test)]
    pub(crate) fn retained(&self) -> usize {
        self.lock().log.retained()
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Published {
    /// It has its place.
    Delivered,
    /// The sender asks for the session to end.
    Stop(EndReason),
}

impl State {
    fn customer(&self) -> Option<&Member> {
        self.members.iter().find(|member| member.role == Role::Customer && member.present())
    }

    fn customer_mut(&mut self) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.role == Role::Customer && member.present())
    }

    fn end(&mut self, reason: EndReason, now: Instant) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let ended = self.make(&Control::Ended { reason }, now);
        let end = self.log.end();
        for member in self.members.iter_mut().filter(|member| member.present()) {
            if let Some(frame) = &ended {
                member.push_last(frame.clone(), end);
            }
            member.close(Close::Ended);
        }
    }

    /// A keyframe or a delta from the customer.
    fn frame(&mut self, keyframe: bool, seq: u32, bytes: Bytes) {
        let cost = cost(&bytes);
        let cursors = self.members.iter_mut().filter_map(|member| member.cursor.as_mut());
        if keyframe {
            let at = self.log.push_keyframe(bytes);
            cursors.for_each(|cursor| cursor.keyframe(at, cost));
            self.expected = Some(seq.wrapping_add(1));
            self.asking.answered();
        } else if self.expected == Some(seq) {
            self.log.push_delta(bytes);
            cursors.for_each(|cursor| cursor.delta(cost));
            self.expected = Some(seq.wrapping_add(1));
        } else {
            // Agents are sent nothing that does not follow on: they show what they have until the keyframe comes.
            self.log.forget();
            self.expected = None;
            self.asking.wanted = true;
        }
        self.trim();
        for member in self.members.iter().filter(|member| member.cursor.is_some()) {
            member.wakes.send.notify_one();
        }
        self.wake_customer_if_asked();
    }

    fn customer_says(&mut self, message: &Control, bytes: Bytes) -> Result<Published, Close> {
        match message {
            Control::ModeChanged { mode } => {
                self.mode = *mode;
                self.mode_frame = Some(bytes.clone());
            }
            Control::Paused {} => self.paused_frame = Some(bytes.clone()),
            Control::Resumed {} => self.paused_frame = None,
            Control::Refused { .. } => {}
            Control::Ended { .. } => return Ok(Published::Stop(EndReason::Customer)),
            other => {
                let expected = "expected ModeChanged, Refused, Paused, Resumed or Ended from a customer";
                return Err(Close::Protocol(format!("{expected}, found {}", other.name())));
            }
        }
        self.send_to_agents(&bytes);
        Ok(Published::Delivered)
    }

    fn agent_says(&mut self, user: u32, message: &Control, bytes: Bytes) -> Result<Published, Close> {
        let pushed = match message {
            Control::KeyframeRequest {} => {
                self.asking.wanted = true;
                self.wake_customer_if_asked();
                true
            }
            Control::Pointer { .. } => self.customer_mut().is_none_or(|customer| customer.push_pointer(bytes, user)),
            Control::RepairRequest { .. }
            | Control::Missing { .. }
            | Control::Scroll { .. }
            | Control::Click { .. }
            | Control::Input { .. } => self.customer_mut().is_none_or(|customer| customer.push(bytes, 0)),
            Control::Ended { .. } => return Ok(Published::Stop(EndReason::Agent)),
            other => {
                let expected =
                    "expected KeyframeRequest, RepairRequest, Missing, Pointer, Scroll, Click, Input or Ended";
                return Err(Close::Protocol(format!("{expected}, found {}", other.name())));
            }
        };
        if pushed { Ok(Published::Delivered) } else { Err(Close::Flood) }
    }

    /// Whether the customer should send a keyframe.
    fn keyframe_wanted(&self) -> bool {
        self.asking.wanted || self.members.iter().any(Member::needs_keyframe)
    }

    fn wake_customer_if_asked(&self) {
        if let Some(customer) = self.customer()
            && self.keyframe_wanted()
        {
            customer.wakes.send.notify_one();
        }
    }

    /// Lets go of frames that nobody needs.
    fn trim(&mut self) {
        let positions =
            self.members.iter().filter(|member| member.closing.as_ref().is_none_or(|why| *why == Close::Ended));
        let furthest_behind = positions.filter_map(|member| member.cursor.as_ref()?.at()).min();
        self.log.trim(furthest_behind);
    }

    /// A control frame of the relay's own.
    fn make(&mut self, message: &Control, now: Instant) -> Option<Bytes> {
        self.made = self.made.wrapping_add(1);
        let age = now.saturating_duration_since(self.created).as_millis() % (1 << 32);
        match message.to_frame(self.made, u32::try_from(age).unwrap_or_default()) {
            Ok(frame) => Some(frame.into()),
            Err(error) => {
                tracing::error!(%error, message = message.name(), "a control frame could not be made");
                None
            }
        }
    }

    /// Sends a message of the relay's to everyone present.
    fn tell_all(&mut self, message: &Control, now: Instant) {
        let Some(frame) = self.make(message, now) else { return };
        self.send_to_agents(&frame);
        if let Some(customer) = self.customer_mut()
            && !customer.push(frame, 0)
        {
            customer.close(Close::Slow("too many control frames wait"));
        }
    }

    fn send_to_agents(&mut self, frame: &Bytes) {
        let end = self.log.end();
        for member in self.members.iter_mut().filter(|member| member.present() && member.cursor.is_some()) {
            if !member.push(frame.clone(), end) {
                member.close(Close::Slow("too many control frames wait"));
            }
        }
    }
}

#[cfg(test)]
mod tests;
