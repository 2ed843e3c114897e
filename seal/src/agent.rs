//! An agent's end: it proves to the customer's page what it knows, gets the key, and opens what is sealed with it.

use crate::{
    Error, Token,
    customer::CODE_DIGITS,
    envelope,
    handshake::{Asked, No, Step, Way},
    keys::{BY_PAIR, BY_SESSION, Channel, Counter, Label, Life, OPEN, Secret, Window},
    random::Random,
    saved::{self, Key, Ticket},
};
use protocol::{
    Limits,
    control::{Control, Role},
    frame::{self, Kind},
    sealed::{self, Header},
};

/// What waits for the key at most: frames, and bytes of them. Behind that a keyframe is asked for.
const HELD_FRAMES: usize = 8_192;
const HELD_BYTES: usize = 32 << 20;
/// How many codes an agent's page tries in a session.
pub const MOST_TRIES: usize = 5;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A clear frame, or a message.
    Pass(Vec<u8>),
    /// Bytes for the relay.
    Send(Vec<u8>),
    /// The key is here: what follows is sealed.
    Keyed,
    /// A code is needed, and why.
    Code(Why),
    /// Frames are missing: a keyframe is to be asked for.
    Lost,
    /// A message was refused.
    Refused(Error),
}

/// Why an agent's page needs a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It knows nothing of the session yet.
    First,
    /// What it tried was not the customer's code.
    Wrong,
    /// The key of its link is not the session's.
    Link,
    /// The customer's page takes no codes any more.
    Closed,
    /// The customer's page was another for a while, or has forgotten this one.
    Again,
}

#[derive(Debug)]
enum State {
    /// Nothing was said to the customer.
    Idle,
    /// The first message is on its way.
    Asked(Asked, Way),
    /// The proof is on its way.
    Proved(Secret, Life),
    /// It has the key.
    Keyed(Box<Keyed>),
}

#[derive(Debug)]
struct Keyed {
    pair: Secret,
    session: Secret,
    number: u16,
    life: Life,
    page: Channel,
    down: Channel,
    up: Channel,
    counter: Counter,
    /// Of frames of the page, of messages to all, of messages to this one.
    windows: [Window; 3],
    /// Frames of the page before this one are of no interest, nor messages before that one.
    floors: [u32; 3],
}

/// An agent's end of a sealed session. See the crate's documentation.
#[derive(Debug)]
pub struct Agent {
    token: Token,
    random: Random,
    name: String,
    user: Option<u32>,
    link: Option<[u8; 16]>,
    code: Option<String>,
    tried: Vec<String>,
    ticket: Option<Ticket>,
    state: State,
    held: Vec<Vec<u8>>,
    held_bytes: usize,
    is_lost: bool,
}

impl Agent {
    /// An agent's page that joins. The customer reads the name; the relay does not.
    #[must_use]
    pub fn new(token: Token, random: Random, name: &str) -> Self {
        Self {
            token,
            random,
            name: name.to_owned(),
            user: None,
            link: None,
            code: None,
            tried: Vec::new(),
            ticket: None,
            state: State::Idle,
            held: Vec::new(),
            held_bytes: 0,
            is_lost: false,
        }
    }

    /// The key of a link. To be said before anything is taken.
    ///
    /// # Errors
    /// [`Error::Expected`] for what is none.
    pub fn set_link(&mut self, key: &str) -> Result<(), Error> {
        let wrong = Error::Expected("a link's key of 32 hexadecimal digits");
        let mut out = [0; 16];
        if key.len() != 32 || !key.is_ascii() {
            return Err(wrong);
        }
        for (byte, at) in out.iter_mut().zip((0..32).step_by(2)) {
            *byte = u8::from_str_radix(&key[at..at + 2], 16).map_err(|_| wrong.clone())?;
        }
        self.link = Some(out);
        Ok(())
    }

    /// What this tab was given before ([`Self::ticket`]). To be said before anything is taken.
    ///
    /// # Errors
    /// [`Error::Saved`].
    pub fn set_ticket(&mut self, saved: &[u8]) -> Result<(), Error> {
        self.ticket = Some(saved::read(saved)?);
        Ok(())
    }

    /// What lets this tab in again, after a reload; for the tab's own storage only.
    #[must_use]
    pub fn ticket(&self) -> Option<Vec<u8>> {
        self.ticket.as_ref().map(saved::write)
    }

    /// Whether the key is here.
    #[must_use]
    pub fn is_keyed(&self) -> bool {
        matches!(self.state, State::Keyed(_))
    }

    /// The code that the customer has read out.
    ///
    /// # Errors
    /// [`Error::Expected`] for what is none, for one that was tried already, and for one too many.
    pub fn offer(&mut self, code: &str) -> Result<Vec<Event>, Error> {
        let code: String = code.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect();
        if code.len() != CODE_DIGITS || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::Expected("the eight digits of the code that the customer’s page shows"));
        }
        if self.tried.contains(&code) {
            return Err(Error::Expected(
                "another code: this one was tried. If the customer’s page still shows the same one, do not go on: somebody between you and the customer has answered in its place",
            ));
        }
        if self.tried.len() >= MOST_TRIES {
            return Err(Error::Expected("no more codes: five were wrong. Ask the customer to begin a new session"));
        }
        self.tried.push(code.clone());
        self.code = Some(code);
        Ok(self.events(|agent, events| if agent.user.is_some() { agent.begin(Why::First, events) } else { Ok(()) }))
    }

    /// Seals what the agent says. Nothing where the key is not here.
    ///
    /// # Errors
    /// [`Error::Malformed`] for what is no message, [`Error::Unsealable`].
    pub fn seal(&mut self, clear: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let message = Control::read(clear, &Limits::DEFAULT)?;
        // These are for the relay.
        if matches!(message, Control::KeyframeRequest {} | Control::Ended { .. }) {
            return Ok(Some(clear.to_vec()));
        }
        let State::Keyed(keyed) = &mut self.state else { return Ok(None) };
        let is_pointer = matches!(message, Control::Pointer { .. });
        let header = Header { kind: Kind::Control, is_pointer, number: 0, time: 0, count: keyed.counter.next()? };
        let sealed = keyed.up.seal(&header, &envelope::message(clear)?)?;
        if sealed.len() > Limits::AGENT_BYTES {
            return Err(Error::Unsealable(format!("{} bytes, of {} at most", sealed.len(), Limits::AGENT_BYTES)));
        }
        Ok(Some(sealed))
    }

    /// Takes what came from the relay.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Event> {
        self.events(|agent, events| agent.heard(bytes, events))
    }

    fn events(&mut self, run: impl FnOnce(&mut Self, &mut Vec<Event>) -> Result<(), Error>) -> Vec<Event> {
        let mut events = Vec::new();
        if let Err(error) = run(self, &mut events) {
            events.push(Event::Refused(error));
        }
        events
    }

    fn heard(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Error> {
        if sealed::is_sealed(bytes) {
            return self.sealed(bytes, events);
        }
        if frame::peek(bytes, &Limits::DEFAULT)?.header.kind != Kind::Control {
            return Err(Error::Clear("a frame of the page"));
        }
        let message = Control::read(bytes, &Limits::DEFAULT)?;
        match message {
            Control::Welcome { .. }
            | Control::Joined { .. }
            | Control::Left { .. }
            | Control::Absent { .. }
            | Control::Ended { .. } => {}
            other => return Err(Error::Clear(other.name())),
        }
        events.push(Event::Pass(bytes.to_vec()));
        match message {
            // A connection that begins: this is another agent from here on.
            Control::Welcome { user } => {
                self.user = Some(user);
                self.state = State::Idle;
                self.forget();
                self.begin(Why::First, events)
            }
            // What was said while there was no customer is lost.
            Control::Joined { role: Role::Customer, .. } if self.user.is_some() && !self.is_keyed() => {
                self.begin(Why::Again, events)
            }
            _ => Ok(()),
        }
    }

    /// Begins a handshake with the best of what is known.
    fn begin(&mut self, why: Why, events: &mut Vec<Event>) -> Result<(), Error> {
        let Some(user) = self.user else { return Ok(()) };
        let (way, known) = if let Some(ticket) = &self.ticket {
            (Way::Ticket(ticket.number), ticket.secret.to_vec())
        } else if let Some(link) = &self.link {
            (Way::Link, link.to_vec())
        } else if let Some(code) = &self.code {
            (Way::Code, code.clone().into_bytes())
        } else {
            self.state = State::Idle;
            events.push(Event::Code(why));
            return Ok(());
        };
        let (asked, step) = Asked::begin(self.token, user, way, &known, &mut self.random);
        self.state = State::Asked(asked, way);
        events.push(Event::Send(step_of(&step)?));
        Ok(())
    }

    /// What was tried leads to nothing: the next best is.
    fn failed(&mut self, way: Way, why: Why, events: &mut Vec<Event>) -> Result<(), Error> {
        match way {
            Way::Ticket(_) => self.ticket = None,
            Way::Link => self.link = None,
            Way::Code => self.code = None,
        }
        self.begin(why, events)
    }

    fn sealed(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Error> {
        let (header, body) = sealed::peek(bytes, &Limits::DEFAULT)?;
        if let Some((&OPEN, step)) = body.split_first() {
            return self.step(Step::read(step)?, events);
        }
        let (label, rest) = Label::read(body)?;
        match &self.state {
            State::Keyed(_) => {}
            State::Proved(pair, life) if label.whose == BY_PAIR && label.life == *life => {
                let (pair, life) = (*pair, *life);
                return self.keyed(pair, life, &header, rest, events);
            }
            _ => {
                self.hold(bytes);
                return Ok(());
            }
        }
        self.open(bytes, &header, label, rest, events)
    }

    fn step(&mut self, step: Step, events: &mut Vec<Event>) -> Result<(), Error> {
        match (step, std::mem::replace(&mut self.state, State::Idle)) {
            (Step::Answer { message, life, proof }, State::Asked(asked, way)) => {
                match asked.finish(&message, life, &proof, &self.name) {
                    Ok((pair, proof)) => {
                        self.state = State::Proved(pair, life);
                        events.push(Event::Send(step_of(&proof)?));
                        Ok(())
                    }
                    Err(_) => {
                        let why = if way == Way::Code { Why::Wrong } else { Why::Link };
                        self.failed(way, why, events)
                    }
                }
            }
            (Step::No(no), State::Asked(_, way)) => {
                let why = match (no, way) {
                    (No::Closed, _) => Why::Closed,
                    (_, Way::Code) => Why::Wrong,
                    (_, Way::Link) => Why::Link,
                    (_, Way::Ticket(_)) => Why::Again,
                };
                self.failed(way, why, events)
            }
            // The customer's page does not know this one: it may have lost what it had kept.
            (Step::No(_), State::Keyed(_) | State::Proved(..)) => self.begin(Why::Again, events),
            (_, before) => {
                self.state = before;
                Err(Error::Repeated)
            }
        }
    }

    /// The first key is here.
    fn keyed(
        &mut self,
        pair: Secret,
        life: Life,
        header: &Header,
        rest: &[u8],
        events: &mut Vec<Event>,
    ) -> Result<(), Error> {
        let Some(user) = self.user else { return Err(Error::Altered) };
        let down = Channel::down(&pair, self.token, user, life);
        let plain = down.open(header, rest)?;
        let Some((&envelope::KEY, rest)) = plain.split_first() else { return Err(Error::Altered) };
        let Key { number, session, floor, ticket } = saved::read(rest)?;
        self.ticket = ticket.or_else(|| self.ticket.take());
        // It is spent.
        self.code = None;
        self.tried.clear();
        let next = header.count + 1;
        let floors = [floor, next, next];
        self.state = State::Keyed(Box::new(Keyed {
            pair,
            session,
            number,
            life,
            down,
            floors,
            page: Channel::session(&session, self.token, number, life),
            up: Channel::up(&pair, self.token, user, life),
            counter: Counter::default(),
            windows: floors.map(Window::from),
        }));
        events.push(Event::Keyed);
        self.release(events);
        Ok(())
    }

    /// Opens what the customer's page has sealed.
    fn open(
        &mut self,
        bytes: &[u8],
        header: &Header,
        label: Label,
        rest: &[u8],
        events: &mut Vec<Event>,
    ) -> Result<(), Error> {
        let (token, Some(user), State::Keyed(keyed)) = (self.token, self.user, &mut self.state) else {
            return Err(Error::Altered);
        };
        let is_later = label.life.ordinal > keyed.life.ordinal;
        if label.whose == BY_SESSION && label.number != keyed.number {
            // A key that is on its way; or one that has been replaced, as in the relay's log before the keyframe comes.
            if label.number > keyed.number {
                self.hold(bytes);
            }
            return Ok(());
        }
        if label.life != keyed.life && !is_later {
            return Ok(()); // Of a page that the customer has left.
        }
        let at = match (label.whose, header.kind) {
            (BY_SESSION, Kind::Control) => 1,
            (BY_SESSION, _) => 0,
            (BY_PAIR, Kind::Control) => 2,
            _ => return Err(Error::Altered),
        };
        if !is_later && header.count < keyed.floors[at] {
            return Ok(());
        }
        let plain = if is_later {
            let channel = if label.whose == BY_SESSION {
                Channel::session(&keyed.session, token, keyed.number, label.life)
            } else {
                Channel::down(&keyed.pair, token, user, label.life)
            };
            let plain = channel.open(header, rest)?;
            keyed.follow(token, user, label.life);
            plain
        } else {
            let channel = if label.whose == BY_SESSION { &keyed.page } else { &keyed.down };
            let plain = channel.open(header, rest)?;
            keyed.windows[at].check(header.count)?;
            plain
        };
        keyed.windows[at].take(header.count);
        if at == 0 {
            events.push(Event::Pass(envelope::page_again(header, &plain)?));
            return Ok(());
        }
        match plain.split_first() {
            Some((&envelope::MESSAGE, rest)) => {
                let (message, clear) = envelope::message_again(rest, header.count)?;
                if !message.is_customers() {
                    return Err(Error::Malformed(format!("{} is not the customer's to say", message.name())));
                }
                events.push(Event::Pass(clear));
                Ok(())
            }
            Some((&envelope::KEY, rest)) if label.whose == BY_PAIR => {
                let Key { number, session, floor, .. } = saved::read(rest)?;
                keyed.number = number;
                keyed.session = session;
                keyed.page = Channel::session(&session, token, number, keyed.life);
                keyed.floors[0] = floor;
                self.release(events);
                Ok(())
            }
            _ => Err(Error::Altered),
        }
    }

    fn hold(&mut self, bytes: &[u8]) {
        if self.held.len() >= HELD_FRAMES || self.held_bytes + bytes.len() > HELD_BYTES {
            self.forget();
            self.is_lost = true;
        }
        self.held_bytes += bytes.len();
        self.held.push(bytes.to_vec());
    }

    fn forget(&mut self) {
        self.held.clear();
        self.held_bytes = 0;
    }

    /// Takes what has waited for the key.
    fn release(&mut self, events: &mut Vec<Event>) {
        if std::mem::take(&mut self.is_lost) {
            self.forget();
            events.push(Event::Lost);
        }
        let held = std::mem::take(&mut self.held);
        self.held_bytes = 0;
        for bytes in held {
            if let Err(error) = self.sealed(&bytes, events) {
                events.push(Event::Refused(error));
            }
        }
    }
}

impl Keyed {
    /// The customer's page is another one: what the one before has sealed is not taken any more.
    fn follow(&mut self, token: Token, user: u32, life: Life) {
        self.life = life;
        self.page = Channel::session(&self.session, token, self.number, life);
        self.down = Channel::down(&self.pair, token, user, life);
        self.up = Channel::up(&self.pair, token, user, life);
        self.windows = Default::default();
        self.floors = [0; 3];
        self.counter = Counter::default();
    }
}

/// A step of a handshake as a frame.
fn step_of(step: &Step) -> Result<Vec<u8>, Error> {
    let header = Header { kind: Kind::Control, is_pointer: false, number: 0, time: 0, count: 0 };
    Ok(sealed::write(&header, &[&[OPEN][..], &step.bytes()].concat())?)
}
