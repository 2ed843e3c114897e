//! The customer's end: it makes the key, and gives it to each agent that proves to know the link's key or a code.

use crate::{
    Error, FIRST_AGENT, Token, envelope,
    handshake::{Answered, No, Step, Way},
    keys::{BY_PAIR, Channel, Counter, Label, Life, OPEN, Secret, Window},
    random::Random,
    saved::{self, Key, Saved, SavedAgent, Ticket},
};
use protocol::{
    Limits,
    control::{Control, Role},
    frame::{self, Kind},
    sealed::{self, Header},
};
use std::collections::BTreeMap;

/// How many digits a code has.
pub const CODE_DIGITS: usize = 8;
/// How many codes may be guessed wrong in a session. Behind that none is taken.
pub const MOST_WRONG: u8 = 5;
/// How many agents' pages are known again.
const MOST_TICKETS: usize = 64;
/// How many handshakes a page takes part in: each costs it a millisecond.
const MOST_HANDSHAKES: u32 = 1_000;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A clear message for the session.
    Pass(Vec<u8>),
    /// Bytes for the relay.
    Send(Vec<u8>),
    /// An agent has the key: it is to be told what holds.
    Keyed(u32),
    /// There is a new key: a keyframe is due, sealed with it.
    Keyframe,
    /// What [`Customer::saved`] gives is another; so may be the code.
    Changed,
    /// A message was refused.
    Refused(Error),
}

/// An agent that has the key.
#[derive(Debug)]
struct Member {
    pair: Secret,
    name: String,
    down: Channel,
    up: Channel,
    window: Window,
}

/// A handshake that waits for the agent's proof.
#[derive(Debug)]
struct Pending {
    answered: Answered,
    way: Way,
}

/// The customer's end of a sealed session. See the crate's documentation.
#[derive(Debug)]
pub struct Customer {
    token: Token,
    random: Random,
    life: Life,
    number: u16,
    session: Secret,
    page: Channel,
    counter: Counter,
    /// The number of the last keyframe.
    floor: u32,
    link: [u8; 16],
    code: Option<String>,
    /// Codes that somebody tried and did not prove to know.
    wrong: u8,
    tickets: Vec<Ticket>,
    agents: BTreeMap<u32, Member>,
    /// Agents that are there and have no key.
    waiting: BTreeMap<u32, Option<Pending>>,
    handshakes: u32,
}

impl Customer {
    /// A session that begins. `now`: seconds since 1970.
    #[must_use]
    pub fn new(token: Token, mut random: Random, now: u32) -> Self {
        let (session, link) = (random.bytes(), random.bytes());
        let code = Some(random.digits(CODE_DIGITS));
        let (ordinal, number) = (now, 1);
        let saved = Saved { ordinal, number, session, link, code, wrong: 0, tickets: Vec::new(), agents: Vec::new() };
        Self::with(token, random, ordinal, saved)
    }

    /// A session that goes on from what another page has [`saved`](Self::saved).
    ///
    /// # Errors
    /// [`Error::Saved`].
    pub fn resume(token: Token, random: Random, now: u32, saved: &[u8]) -> Result<Self, Error> {
        let saved: Saved = saved::read(saved)?;
        // Also where the clock was set back.
        let ordinal = now.max(saved.ordinal.saturating_add(1));
        Ok(Self::with(token, random, ordinal, saved))
    }

    fn with(token: Token, mut random: Random, ordinal: u32, saved: Saved) -> Self {
        let life = Life::begin(ordinal, &mut random);
        let Saved { number, session, link, code, wrong, tickets, agents, .. } = saved;
        let page = Channel::session(&session, token, number, life);
        let mut customer = Self {
            token,
            random,
            life,
            number,
            session,
            page,
            link,
            code,
            wrong,
            tickets,
            counter: Counter::default(),
            floor: 0,
            agents: BTreeMap::new(),
            waiting: BTreeMap::new(),
            handshakes: 0,
        };
        for SavedAgent { user, pair, name } in agents {
            let member = customer.member(user, pair, name);
            customer.agents.insert(user, member);
        }
        customer
    }

    /// What the next page of the session needs. It holds the key: for the site's own storage only.
    #[must_use]
    pub fn saved(&self) -> Vec<u8> {
        let agents = self.agents.iter();
        saved::write(&Saved {
            ordinal: self.life.ordinal,
            number: self.number,
            session: self.session,
            link: self.link,
            code: self.code.clone(),
            wrong: self.wrong,
            tickets: self.tickets.clone(),
            agents: agents
                .map(|(user, Member { pair, name, .. })| SavedAgent { user: *user, pair: *pair, name: name.clone() })
                .collect(),
        })
    }

    /// The key for a link, as 32 hexadecimal digits: who has it may join, for as long as the session lasts.
    #[must_use]
    pub fn link(&self) -> String {
        self.link.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The code to be read out to one agent; none where too many were wrong.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Whether an agent is there that has no key.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Seals what the page says: a frame, or a message. Nothing where nobody could open it.
    ///
    /// # Errors
    /// [`Error::Malformed`] for what is no frame, [`Error::Unsealable`].
    pub fn seal(&mut self, clear: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let found = frame::peek(clear, &Limits::DEFAULT)?;
        if found.header.kind != Kind::Control {
            let (header, plain) = envelope::page(clear)?;
            let count = self.counter.next()?;
            if header.kind == Kind::Keyframe {
                self.floor = count;
            }
            return self.page.seal(&Header { count, ..header }, &plain).map(Some);
        }
        let user = match Control::read(clear, &Limits::DEFAULT)? {
            // For the relay: it ends the session, and gives the page to an agent who is shown.
            Control::Ended { .. } | Control::Welcome { .. } => return Ok(Some(clear.to_vec())),
            Control::DocumentState { user, .. } | Control::ScreenSignal { user, .. } => user,
            _ => 0,
        };
        let channel = match (user, self.agents.get(&user)) {
            (0, _) if self.agents.is_empty() => return Ok(None),
            (0, _) => &self.page,
            (_, Some(member)) => &member.down,
            (_, None) => return Ok(None),
        };
        channel.seal(&message(user, self.counter.next()?), &envelope::message(clear)?).map(Some)
    }

    /// Takes what came from the relay.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        if let Err(error) = self.heard(bytes, &mut events) {
            events.push(Event::Refused(error));
        }
        events
    }

    /// Those who are there, as the relay tells when a connection is taken up.
    pub fn present(&mut self, users: &[u32]) -> Vec<Event> {
        let mut events = Vec::new();
        self.waiting.retain(|user, _| users.contains(user));
        let gone: Vec<u32> = self.agents.keys().copied().filter(|user| !users.contains(user)).collect();
        for user in &gone {
            self.agents.remove(user);
        }
        if !gone.is_empty() {
            self.rotate(&mut events);
        }
        events
    }

    fn heard(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Error> {
        match Control::read(bytes, &Limits::DEFAULT)? {
            Control::From { user, frame } => self.said(user, &frame, events),
            Control::Joined { user, role: Role::Agent, .. } => {
                if let Some(member) = self.agents.get(&user) {
                    events.push(Event::Pass(joined(user, &member.name)?));
                } else {
                    self.waiting.entry(user).or_default();
                    events.push(Event::Changed);
                }
                Ok(())
            }
            Control::Left { user } => {
                self.waiting.remove(&user);
                if self.agents.remove(&user).is_some() {
                    events.push(Event::Pass(bytes.to_vec()));
                    self.rotate(events);
                } else {
                    events.push(Event::Changed);
                }
                Ok(())
            }
            Control::KeyframeRequest {} | Control::Joined { .. } | Control::Ended { .. } => {
                events.push(Event::Pass(bytes.to_vec()));
                Ok(())
            }
            other => Err(Error::Clear(other.name())),
        }
    }

    /// What an agent says, as the relay hands it on.
    fn said(&mut self, user: u32, frame: &[u8], events: &mut Vec<Event>) -> Result<(), Error> {
        if !sealed::is_sealed(frame) {
            let name = Control::read(frame, &Limits::DEFAULT).map_or("a frame", |message| message.name());
            return Err(Error::Clear(name));
        }
        let (header, body) = sealed::peek(frame, &Limits::DEFAULT)?;
        if header.kind != Kind::Control || user < FIRST_AGENT {
            return Err(Error::Altered);
        }
        if let Some((&OPEN, step)) = body.split_first() {
            return self.step(user, Step::read(step)?, events);
        }
        let (label, rest) = Label::read(body)?;
        let Some(member) = self.agents.get_mut(&user) else {
            // This page does not know it: it is to begin anew.
            events.push(Event::Send(step_for(user, &Step::No(No::Unknown))?));
            return Ok(());
        };
        // Said to the page before this one.
        if label.whose == BY_PAIR && label.life != self.life {
            return Ok(());
        }
        if label != member.up.label {
            return Err(Error::Altered);
        }
        let plain = member.up.open(&header, rest)?;
        member.window.check(header.count)?;
        member.window.take(header.count);
        let Some((&envelope::MESSAGE, rest)) = plain.split_first() else { return Err(Error::Altered) };
        let (message, clear) = envelope::message_again(rest, header.count)?;
        // Where it is not sealed, the relay asks this.
        if !message.is_agents() {
            return Err(Error::Malformed(format!("{} is not an agent's to say", message.name())));
        }
        let from = Control::From { user, frame: clear }.to_frame(header.count, 0)?;
        events.push(Event::Pass(from));
        Ok(())
    }

    fn step(&mut self, user: u32, step: Step, events: &mut Vec<Event>) -> Result<(), Error> {
        let no = |no| step_for(user, &Step::No(no)).map(Event::Send);
        match step {
            Step::Hello { way, message } => {
                self.handshakes += 1;
                if self.handshakes > MOST_HANDSHAKES {
                    events.push(no(No::Closed)?);
                    return Ok(());
                }
                let known = match way {
                    Way::Link => self.link.to_vec(),
                    Way::Code => {
                        let Some(code) = self.code.take() else {
                            events.push(no(No::Closed)?);
                            return Ok(());
                        };
                        // One guess for each code, whoever makes it, and whether or not it is gone through with.
                        self.wrong += 1;
                        self.renew();
                        events.push(Event::Changed);
                        code.into_bytes()
                    }
                    Way::Ticket(number) => match self.tickets.iter().find(|ticket| ticket.number == number) {
                        Some(ticket) => ticket.secret.to_vec(),
                        None => {
                            events.push(no(No::Unknown)?);
                            return Ok(());
                        }
                    },
                };
                let who = (self.token, user, way);
                let (answered, answer) = Answered::begin(who, &known, &message, self.life, &mut self.random)?;
                self.waiting.insert(user, Some(Pending { answered, way }));
                events.push(Event::Send(step_for(user, &answer)?));
                Ok(())
            }
            Step::Proof { proof, name } => {
                let Some(Pending { answered, way }) = self.waiting.get_mut(&user).and_then(Option::take) else {
                    return Err(Error::Repeated);
                };
                match answered.finish(&proof, &name) {
                    Ok((pair, name)) => self.admit(user, pair, name, way, events),
                    Err(_) => {
                        events.push(no(No::Wrong)?);
                        Ok(())
                    }
                }
            }
            Step::Answer { .. } | Step::No(_) => Err(Error::Malformed("a customer's step of a handshake".to_owned())),
        }
    }

    /// An agent has proved to know what it must: it gets the key.
    fn admit(&mut self, user: u32, pair: Secret, name: String, way: Way, events: &mut Vec<Event>) -> Result<(), Error> {
        self.waiting.remove(&user);
        if way == Way::Code {
            self.wrong -= 1;
            self.renew();
        }
        let known = match way {
            Way::Ticket(number) => self.tickets.iter().find(|ticket| ticket.number == number).cloned(),
            Way::Link | Way::Code => None,
        };
        let ticket = known.unwrap_or_else(|| {
            let ticket = Ticket { number: self.random.bytes(), secret: self.random.bytes() };
            if self.tickets.len() >= MOST_TICKETS {
                self.tickets.remove(0);
            }
            self.tickets.push(ticket.clone());
            ticket
        });
        let member = self.member(user, pair, name);
        let key = self.key(Some(ticket));
        events.push(Event::Send(give(&member.down, user, self.counter.next()?, &key)?));
        events.push(Event::Pass(joined(user, &member.name)?));
        self.agents.insert(user, member);
        events.push(Event::Keyed(user));
        events.push(Event::Changed);
        Ok(())
    }

    fn member(&self, user: u32, pair: Secret, name: String) -> Member {
        let down = Channel::down(&pair, self.token, user, self.life);
        let up = Channel::up(&pair, self.token, user, self.life);
        Member { pair, name, down, up, window: Window::default() }
    }

    fn key(&self, ticket: Option<Ticket>) -> Key {
        Key { number: self.number, session: self.session, floor: self.floor, ticket }
    }

    fn renew(&mut self) {
        let is_open = self.wrong < MOST_WRONG;
        if self.code.is_none() && is_open {
            self.code = Some(self.random.digits(CODE_DIGITS));
        }
    }

    /// What follows is sealed with a key that those who have left do not have.
    fn rotate(&mut self, events: &mut Vec<Event>) {
        // After so many the numbers begin anew, with another key, and agents' pages ask for it.
        self.number = self.number.checked_add(1).unwrap_or(1);
        self.session = self.random.bytes();
        self.page = Channel::session(&self.session, self.token, self.number, self.life);
        self.floor = self.counter.peek();
        let key = self.key(None);
        for (user, member) in &self.agents {
            let given = self.counter.next().and_then(|count| give(&member.down, *user, count, &key));
            events.push(given.map_or_else(Event::Refused, Event::Send));
        }
        events.push(Event::Keyframe);
        events.push(Event::Changed);
    }
}

fn message(user: u32, count: u32) -> Header {
    Header { kind: Kind::Control, is_pointer: false, number: user, time: 0, count }
}

/// The session's key, for one agent.
fn give(channel: &Channel, user: u32, count: u32, key: &Key) -> Result<Vec<u8>, Error> {
    channel.seal(&message(user, count), &[&[envelope::KEY][..], &saved::write(key)].concat())
}

/// A step of a handshake as a frame.
fn step_for(user: u32, step: &Step) -> Result<Vec<u8>, Error> {
    Ok(sealed::write(&message(user, 0), &[&[OPEN][..], &step.bytes()].concat())?)
}

/// What the session is told of an agent, once it has the key.
fn joined(user: u32, name: &str) -> Result<Vec<u8>, Error> {
    Ok(Control::Joined { user, role: Role::Agent, name: name.to_owned() }.to_frame(0, 0)?)
}
