//! A session's room on one node: who is connected, the log they read from, and every rule about who is told what.
//!
//! A room does no input or output and reads no clock: connections publish into it and ask it for what comes next, and
//! the time is an argument. [`crate::store::Seat`] wraps the waiting around it.

use crate::{
    close::Close,
    config::Config,
    identity::ticket::Tickets,
    log::{Cursor, Log, cost},
    member::{Member, Wakes},
    recorder::Recording,
    store::{Message, Participant, Record, Seat, Status, StoreError},
    token::{SecretDigest, Token},
};
use bytes::Bytes;
use protocol::{
    Limits, Mode,
    control::{Control, EndReason, Role},
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// The customer's number in every session; agents count on from here.
pub(crate) const CUSTOMER: u32 = 1;

/// What stands in the place of a customer's name where its page says of each agent that it has shown it: until then that agent is
/// sent nothing of the page.
pub(crate) const TELLS: &str = "\u{1}tells";

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
pub(crate) struct Room {
    record: Record,
    config: Arc<Config>,
    state: Mutex<State>,
    /// Where one process has the session.
    tickets: Mutex<Tickets>,
}

impl std::fmt::Debug for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Room").field("record", &self.record).finish_non_exhaustive()
    }
}

struct State {
    created: Instant,
    log: Log,
    /// The sequence number that a delta must have to follow on; none until a keyframe comes.
    expected: Option<u32>,
    asking: Asking,
    members: Vec<Member>,
    /// Since when no customer is connected, and how that came.
    absent: Option<Absence>,
    /// The secret of the customer who has taken the invitation that this was.
    taken: Option<SecretDigest>,
    /// The connection whose page says that it is being left.
    leaving: Option<u64>,
    /// The connection that was the customer's last.
    last_customer: u64,
    /// The customer's page says of each agent that it has shown it.
    tells: bool,
    mode: Mode,
    /// The last `ModeChanged` as it came, for agents who come later.
    mode_frame: Option<Bytes>,
    /// The last `Controller`.
    controller_frame: Option<Bytes>,
    /// The `Paused` that no `Resumed` followed.
    paused_frame: Option<Bytes>,
    /// The last `Visible` of the page that is there.
    visible_frame: Option<Bytes>,
    /// When an agent and the customer were first there together.
    activated: Option<Instant>,
    /// When the session ended.
    ended: Option<Instant>,
    next_user: u32,
    next_connection: u64,
    /// Counts the control frames that the relay makes.
    made: u32,
    /// What keeps the session.
    recording: Option<Box<dyn Recording>>,
    /// The node that does, where there are several.
    recorder: Option<u64>,
    /// Frames are missing in what is kept: it waits for a keyframe.
    is_behind: bool,
}

/// A customer who is not there.
#[derive(Debug, Clone, Copy)]
struct Absence {
    since: Instant,
    /// The page said that it is being left.
    on_purpose: bool,
}

impl Absence {
    /// When the session ends of it.
    fn until(self, config: &Config) -> Instant {
        self.since + if self.on_purpose { config.grace } else { config.absence }
    }

    /// What agents are told of it.
    fn message(self, config: &Config, now: Instant) -> Control {
        let left = self.until(config).saturating_duration_since(now);
        // In whole seconds, of which none is promised that is not there.
        let seconds = left.as_secs().try_into().unwrap_or(u32::MAX);
        Control::Absent { reason: if self.on_purpose { 1 } else { 2 }, seconds }
    }
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
    pub(crate) fn new(
        record: Record,
        config: Arc<Config>,
        recording: Option<Box<dyn Recording>>,
        now: Instant,
    ) -> Self {
        let state = State {
            created: now,
            log: Log::new(config.log_bytes),
            expected: None,
            asking: Asking::default(),
            members: Vec::new(),
            absent: Some(Absence { since: now, on_purpose: false }),
            taken: None,
            leaving: None,
            last_customer: 0,
            tells: false,
            mode: record.mode,
            mode_frame: None,
            controller_frame: None,
            paused_frame: None,
            visible_frame: None,
            activated: None,
            ended: None,
            next_user: CUSTOMER + 1,
            next_connection: 1,
            made: 0,
            recording,
            recorder: None,
            is_behind: false,
        };
        Self { record, config, state: Mutex::new(state), tickets: Mutex::default() }
    }

    pub(crate) fn token(&self) -> Token {
        self.record.token
    }

    /// What agents come in with.
    pub(crate) fn tickets(&self) -> MutexGuard<'_, Tickets> {
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_sealed(&self) -> bool {
        self.record.sealed
    }

    pub(crate) fn reference(&self) -> Option<&str> {
        self.record.reference.as_deref()
    }

    /// The customer of an invitation has come; false where there is none, or it is somebody else's already.
    pub(crate) fn take(&self, secret: SecretDigest, now: Instant) -> bool {
        let mut state = self.lock();
        let is_free = self.record.open && state.taken.is_none() && state.ended.is_none();
        if is_free {
            state.taken = Some(secret);
            state.absent = Some(Absence { since: now, on_purpose: false });
        }
        is_free
    }

    /// What was fixed, and who has taken it.
    fn known(&self, state: &State) -> Record {
        match state.taken {
            Some(secret) => Record { secret, open: false, ..self.record.clone() },
            None => self.record.clone(),
        }
    }

    /// The sequence number of the delta that follows on.
    pub(crate) fn expected(&self) -> Option<u32> {
        self.lock().expected
    }

    pub(crate) fn status(&self) -> Status {
        let state = self.lock();
        let agents = state.members.iter().filter(|member| member.present() && member.role == Role::Agent);
        Status {
            record: self.known(&state),
            mode: state.mode,
            customer: state.customer().is_some(),
            agents: agents.map(|agent| Participant { user: agent.user, name: agent.name.clone() }).collect(),
            activated: state.activated.map(|at| self.time_of(&state, at)),
        }
    }

    /// When an agent and the customer were first there together.
    pub(crate) fn activated(&self) -> Option<SystemTime> {
        let state = self.lock();
        state.activated.map(|at| self.time_of(&state, at))
    }

    /// When the session ended.
    pub(crate) fn ended(&self) -> Option<SystemTime> {
        let state = self.lock();
        state.ended.map(|at| self.time_of(&state, at))
    }

    /// What a clock shows at a moment of the session.
    fn time_of(&self, state: &State, at: Instant) -> SystemTime {
        self.record.created + at.saturating_duration_since(state.created)
    }

    /// Ends the session if the time for its customer to come back, or its age, is over. Why, when it did.
    pub(crate) fn end_overdue(&self, now: Instant) -> Option<EndReason> {
        let reason = self.overdue(now)?;
        self.lock().end(reason, now);
        Some(reason)
    }

    /// Why the session is to end now, if it is.
    pub(crate) fn overdue(&self, now: Instant) -> Option<EndReason> {
        let state = self.lock();
        let absence = state.absent.filter(|absence| absence.until(&self.config) <= now);
        match absence {
            _ if state.ended.is_some() => None,
            Some(Absence { on_purpose: true, .. }) => Some(EndReason::Left),
            Some(_) => Some(EndReason::Idle),
            None if now.saturating_duration_since(state.created) >= self.config.session_age => Some(EndReason::Idle),
            None => None,
        }
    }

    /// The page of a customer's connection says that it is being left. It may say so late: what is said of a connection
    /// that another has followed is of no interest.
    pub(crate) fn leaving(&self, connection: u64, now: Instant) {
        let mut state = self.lock();
        if state.ended.is_some() || connection != state.last_customer {
            return;
        }
        state.leaving = Some(connection);
        if let Some(absence) = state.absent.as_mut().filter(|absence| !absence.on_purpose) {
            absence.on_purpose = true;
            let message = absence.message(&self.config, now);
            state.tell_agents(&message, now);
        }
    }

    /// Lets a participant in. See [`crate::store::Store::enter`].
    pub(crate) fn enter(self: &Arc<Self>, role: Role, name: String, now: Instant) -> Result<Seat, StoreError> {
        let mut guard = self.lock();
        let state = &mut *guard;
        if state.ended.is_some() {
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
            // A controller is not shown the page.
            let cursor = (role == Role::Agent).then(|| Cursor::new(state.log.start(), self.config.queue_bytes));
            (user, cursor)
        };
        let wakes = state.admit(Member::new(connection, user, role, name, cursor), &self.config, now);
        Ok(Seat::new(self.clone(), connection, user, role, wakes))
    }

    /// A connection is gone.
    pub(crate) fn leave(&self, connection: u64, now: Instant) {
        let mut state = self.lock();
        let Some(at) = state.members.iter().position(|member| member.connection == connection) else { return };
        let member = state.members.remove(at);
        state.without(&member, &self.config, now);
    }

    /// Takes a message from a connection.
    ///
    /// # Errors
    /// The reason for which the sender has to go.
    pub(crate) fn publish(&self, connection: u64, message: Message, now: Instant) -> Result<Published, Close> {
        let mut state = self.lock();
        if state.ended.is_some() {
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
            (Role::Customer, Message::Sealed { user, bytes, .. }) => {
                state.send_sealed(user, &bytes);
                Ok(Published::Delivered)
            }
            (Role::Controller, Message::Sealed { .. }) => {
                Err(Close::Protocol("expected Ended from a controller, found a sealed message".to_owned()))
            }
            (_, Message::Sealed { is_pointer, bytes, .. }) => state.hand_on(user, is_pointer, &bytes, now),
            (Role::Customer, Message::Control { message, bytes }) => state.customer_says(&message, bytes),
            (Role::Controller, Message::Control { message, .. }) => controllers(&message).map(Published::Stop),
            (_, Message::Control { message, bytes }) => state.agent_says(user, &message, &bytes, now),
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
        let is_held = state.tells && !state.members[at].is_shown;
        let member = &mut state.members[at];
        if let Some(why) = member.closing.as_ref().filter(|why| **why != Close::Ended) {
            return Next::Close(why.clone());
        }
        if let Some(bytes) = member.pop() {
            return Next::Frame(bytes);
        }
        if !is_held
            && let Some(cursor) = &mut member.cursor
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

    /// Takes a newcomer in: everyone else is told, and it is told who is present and what holds.
    fn admit(&mut self, mut newcomer: Member, config: &Config, now: Instant) -> Arc<Wakes> {
        let (connection, user, role) = (newcomer.connection, newcomer.user, newcomer.role);
        let older = self.customer_mut().filter(|_| role == Role::Customer);
        let replaces = older.map(|older| older.close(Close::Replaced)).is_some();
        self.members.retain(|member| member.present() || member.node.is_none());
        for at in 0..self.members.len() {
            let member = &self.members[at];
            if member.present() {
                let (user, role, name) = (member.user, member.role, member.name.clone());
                if let Some(joined) = self.make(&Control::Joined { user, role, name }, now) {
                    newcomer.push(joined, 0);
                }
            }
        }
        if role == Role::Customer {
            self.tells = newcomer.name == TELLS;
            if self.tells {
                newcomer.name.clear();
            }
            self.absent = None;
            self.leaving = None;
            self.last_customer = connection;
            self.asking.unanswered = 0;
            // A page that has just begun sends its first keyframe by itself: give it the time.
            if self.log.end() == 0 {
                self.asking.last = Some(now);
            }
        } else {
            if let Some(welcome) = self.make(&Control::Welcome { user }, now) {
                newcomer.push(welcome, 0);
            }
        }
        if role == Role::Agent {
            let known = [&self.mode_frame, &self.controller_frame, &self.paused_frame, &self.visible_frame];
            for frame in known.into_iter().flatten() {
                newcomer.push(frame.clone(), 0);
            }
            // Before its customer has first come, there is nobody to miss.
            if let Some(absence) = self.absent.filter(|_| self.last_customer > 0)
                && let Some(absent) = self.make(&absence.message(config, now), now)
            {
                newcomer.push(absent, 0);
            }
        }
        if !replaces {
            let (user, name) = (newcomer.user, newcomer.name.clone());
            self.tell_all(&Control::Joined { user, role, name }, now);
        }
        let wakes = newcomer.wakes.clone();
        self.members.push(newcomer);
        let is_there = |role| self.members.iter().any(|member| member.role == role && member.present());
        if is_there(Role::Customer) && is_there(Role::Agent) {
            self.activated.get_or_insert(now);
        }
        self.wake_customer_if_asked();
        wakes
    }

    /// A participant has left: everyone else is told.
    fn without(&mut self, member: &Member, config: &Config, now: Instant) {
        if self.ended.is_some() || member.closing == Some(Close::Replaced) {
            return;
        }
        self.tell_all(&Control::Left { user: member.user }, now);
        if member.role == Role::Customer {
            let absence = Absence { since: now, on_purpose: self.leaving == Some(member.connection) };
            self.absent = Some(absence);
            self.visible_frame = None;
            self.tell_agents(&absence.message(config, now), now);
        }
        self.trim();
    }

    fn end(&mut self, reason: EndReason, now: Instant) {
        if self.ended.is_some() {
            return;
        }
        self.ended = Some(now);
        let ended = self.make(&Control::Ended { reason }, now);
        let end = self.log.end();
        for member in self.members.iter_mut().filter(|member| member.present()) {
            if let Some(frame) = &ended {
                member.push_last(frame.clone(), end);
            }
            member.close(Close::Ended);
        }
        if let Some(frame) = &ended {
            self.keep(frame, false);
        }
        self.recording = None;
    }

    /// Hands a frame or a message to what keeps the session; where that cannot take it, nothing more before a keyframe.
    fn keep(&mut self, frame: &Bytes, keyframe: bool) {
        let Some(recording) = &mut self.recording else { return };
        if self.is_behind && !keyframe {
            return;
        }
        self.is_behind = !recording.take(frame);
        self.asking.wanted |= self.is_behind;
    }

    /// A keyframe or a delta from the customer.
    fn frame(&mut self, keyframe: bool, seq: u32, bytes: Bytes) {
        let cost = cost(&bytes);
        if keyframe || self.expected == Some(seq) {
            self.keep(&bytes, keyframe);
        }
        let cursors = self.members.iter_mut().filter_map(|member| member.cursor.as_mut());
        if keyframe {
            let at = self.log.push_keyframe(bytes);
            cursors.for_each(|cursor| cursor.keyframe(at, cost));
            self.expected = Some(seq.wrapping_add(1));
            self.asking.answered();
            self.asking.wanted = self.is_behind;
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
        if let Some(reason) = customers(message)? {
            return Ok(Published::Stop(reason));
        }
        match message {
            Control::ModeChanged { mode } => {
                self.mode = *mode;
                self.mode_frame = Some(bytes.clone());
            }
            Control::Paused {} => self.paused_frame = Some(bytes.clone()),
            Control::Resumed {} => self.paused_frame = None,
            Control::Welcome { user } => {
                self.show(*user);
                return Ok(Published::Delivered);
            }
            Control::Controller { .. } => self.controller_frame = Some(bytes.clone()),
            Control::Visible { .. } => self.visible_frame = Some(bytes.clone()),
            Control::DocumentState { user, .. } | Control::ScreenSignal { user, .. } => {
                self.send_to(*user, &bytes, is_recorded(message));
                return Ok(Published::Delivered);
            }
            _ => {}
        }
        self.send_to_agents(&bytes);
        Ok(Published::Delivered)
    }

    /// The customer's page has shown an agent: it gets the page.
    fn show(&mut self, user: u32) {
        for member in self.members.iter_mut().filter(|member| member.user == user) {
            member.is_shown = true;
            member.wakes.send.notify_one();
        }
        self.wake_customer_if_asked();
    }

    fn agent_says(&mut self, user: u32, message: &Control, bytes: &Bytes, now: Instant) -> Result<Published, Close> {
        match agents(message)? {
            Agents::Keyframe => {
                self.asking.wanted = true;
                self.wake_customer_if_asked();
                return Ok(Published::Delivered);
            }
            Agents::Stop => return Ok(Published::Stop(EndReason::Agent)),
            Agents::Command => {}
        }
        self.hand_on(user, matches!(message, Control::Pointer { .. }), bytes, now)
    }

    /// Sends the customer what an agent says.
    fn hand_on(&mut self, user: u32, is_pointer: bool, bytes: &Bytes, now: Instant) -> Result<Published, Close> {
        // Who says it is the relay's to tell: an agent could give any number.
        let Some(said) = self.make(&Control::From { user, frame: bytes.to_vec() }, now) else {
            return Err(Close::TooLarge(Limits::AGENT_BYTES));
        };
        if self.say_to_customer(user, is_pointer, said) { Ok(Published::Delivered) } else { Err(Close::Flood) }
    }

    /// Passes on what an agent says; false where the customer leaves too much waiting.
    fn say_to_customer(&mut self, user: u32, is_pointer: bool, said: Bytes) -> bool {
        if self.recording.is_some() && is_said_recorded(&said) {
            self.keep(&said, false);
        }
        self.customer_mut()
            .is_none_or(|customer| if is_pointer { customer.push_pointer(said, user) } else { customer.push(said, 0) })
    }

    /// Whether the customer should send a keyframe.
    fn keyframe_wanted(&self) -> bool {
        let needs = |member: &Member| member.needs_keyframe() && (member.is_shown || !self.tells);
        self.asking.wanted || self.members.iter().any(needs)
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
        for member in self.members.iter_mut().filter(|member| member.present() && member.role == Role::Controller) {
            if !member.push(frame.clone(), 0) {
                member.close(Close::Slow("too many control frames wait"));
            }
        }
        if let Some(customer) = self.customer_mut()
            && !customer.push(frame, 0)
        {
            customer.close(Close::Slow("too many control frames wait"));
        }
    }

    /// Sends a message of the relay's to all agents.
    fn tell_agents(&mut self, message: &Control, now: Instant) {
        if let Some(frame) = self.make(message, now) {
            self.send_to_agents(&frame);
        }
    }

    fn send_to_agents(&mut self, frame: &Bytes) {
        self.send_to(0, frame, true);
    }

    /// Sends a message to one agent, or, with 0, to all. One that is gone gets nothing.
    fn send_to(&mut self, user: u32, frame: &Bytes, recorded: bool) {
        if recorded {
            self.keep(frame, false);
        }
        self.deliver(user, frame, self.log.end());
    }

    /// The same of a sealed message. To an agent who is not shown yet it may be what gives the agent the key: only then the page
    /// knows whom it shows, so that it does not wait for frames that are held back until then.
    fn send_sealed(&mut self, user: u32, frame: &Bytes) {
        let is_held = self.tells && self.members.iter().any(|member| member.user == user && !member.is_shown);
        self.deliver(user, frame, if is_held { 0 } else { self.log.end() });
    }

    /// `end`: behind which frames it comes.
    fn deliver(&mut self, user: u32, frame: &Bytes, end: u64) {
        let is_meant =
            |member: &&mut Member| member.present() && member.cursor.is_some() && (user == 0 || member.user == user);
        for member in self.members.iter_mut().filter(is_meant) {
            if !member.push(frame.clone(), end) {
                member.close(Close::Slow("too many control frames wait"));
            }
        }
    }
}

mod replica;
mod speech;
#[cfg(test)]
mod tests;

pub(crate) use replica::{Moment, Remembered, Standing};
pub(crate) use speech::{Agents, agents, controllers, customers};
use speech::{is_recorded, is_said_recorded};
