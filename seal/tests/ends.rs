//! Both ends of a sealed session in one process, with a relay between them that hands on what it likes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use proptest::prelude::*;
use protocol::{
    Limits,
    control::{Control, Role},
    frame::{self, Kind},
    sealed,
};
use seal::{
    Error, Token,
    agent::{self, Agent, Why},
    customer::{self, Customer, MOST_WRONG},
    random::Random,
};

const NOW: u32 = 1_700_000_000;

fn token() -> Token {
    "123456789".parse().unwrap()
}

/// The same bytes for the same seed. SplitMix64, no secret of anybody's.
fn seeded(seed: u64) -> Random {
    let mut state = seed;
    Random::new(move |out| {
        for byte in out {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            *byte = (mixed >> 56).try_into().unwrap();
        }
    })
}

fn page(kind: Kind, seq: u32, text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    frame::write(&mut out, kind, seq, seq * 10, 0, text.as_bytes()).unwrap();
    out
}

fn message(control: &Control) -> Vec<u8> {
    control.to_frame(1, 0).unwrap()
}

fn from(user: u32, frame: Vec<u8>) -> Vec<u8> {
    message(&Control::From { user, frame })
}

fn input(text: &str) -> Vec<u8> {
    message(&Control::Input { node: 9, value: text.to_owned() })
}

/// A customer's page and agents' pages, with every byte that the relay saw.
struct Session {
    customer: Customer,
    agents: Vec<(u32, Agent)>,
    seen: Vec<Vec<u8>>,
    next: u32,
}

impl Session {
    fn new(seed: u64) -> Self {
        Self { customer: Customer::new(token(), seeded(seed), NOW), agents: Vec::new(), seen: Vec::new(), next: 2 }
    }

    /// An agent whose connection begins; nothing was handed on yet.
    fn arrive(&mut self, mut agent: Agent) -> (usize, Vec<agent::Event>) {
        let user = self.next;
        self.next += 1;
        let joined = Control::Joined { user, role: Role::Agent, name: String::new() };
        self.customer.take(&message(&joined));
        let events = agent.take(&message(&Control::Welcome { user }));
        self.agents.push((user, agent));
        (self.agents.len() - 1, events)
    }

    /// Hands on what an agent wants sent, and what comes of it, until nothing does. What was passed on to the agent.
    fn agent_did(&mut self, at: usize, events: Vec<agent::Event>) -> Vec<agent::Event> {
        let mut all = Vec::new();
        let mut queue = events;
        while !queue.is_empty() {
            let mut next = Vec::new();
            for event in queue {
                if let agent::Event::Send(bytes) = &event {
                    self.seen.push(bytes.clone());
                    let answers = self.customer.take(&from(self.agents[at].0, bytes.clone()));
                    next.extend(self.customer_did(at, answers));
                } else {
                    all.push(event);
                }
            }
            queue = next;
        }
        all
    }

    fn customer_did(&mut self, at: usize, events: Vec<customer::Event>) -> Vec<agent::Event> {
        let mut out = Vec::new();
        for event in events {
            if let customer::Event::Send(bytes) = event {
                self.seen.push(bytes.clone());
                let number = sealed::peek(&bytes, &Limits::DEFAULT).unwrap().0.number;
                if number == self.agents[at].0 {
                    out.extend(self.agents[at].1.take(&bytes));
                } else if let Some((_, other)) = self.agents.iter_mut().find(|(user, _)| *user == number) {
                    other.take(&bytes);
                }
            }
        }
        out
    }

    fn join(&mut self, agent: Agent) -> usize {
        let (at, events) = self.arrive(agent);
        let events = self.agent_did(at, events);
        assert!(events.contains(&agent::Event::Keyed), "{events:?}");
        at
    }

    fn by_link(&self, seed: u64) -> Agent {
        let mut agent = Agent::new(token(), seeded(seed), "Ann");
        agent.set_link(&self.customer.link()).unwrap();
        agent
    }

    fn sealed(&mut self, clear: &[u8]) -> Vec<u8> {
        let bytes = self.customer.seal(clear).unwrap().unwrap();
        self.seen.push(bytes.clone());
        bytes
    }

    fn agents_sealed(&mut self, at: usize, clear: &[u8]) -> Vec<u8> {
        let bytes = self.agents[at].1.seal(clear).unwrap().unwrap();
        self.seen.push(bytes.clone());
        bytes
    }
}

fn passed(events: Vec<agent::Event>) -> Vec<Vec<u8>> {
    let pass = |event| match event {
        agent::Event::Pass(bytes) => Some(bytes),
        _ => None,
    };
    events.into_iter().filter_map(pass).collect()
}

fn refused<'a>(events: &'a [agent::Event]) -> Vec<&'a Error> {
    let refused = |event: &'a agent::Event| match event {
        agent::Event::Refused(why) => Some(why),
        _ => None,
    };
    events.iter().filter_map(refused).collect()
}

fn said(events: &[customer::Event]) -> Option<(u32, Control)> {
    events.iter().find_map(|event| match event {
        customer::Event::Pass(bytes) => match Control::read(bytes, &Limits::DEFAULT).unwrap() {
            Control::From { user, frame } => Some((user, Control::read(&frame, &Limits::DEFAULT).unwrap())),
            _ => None,
        },
        _ => None,
    })
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn both_ways_arrive_as_they_were_and_the_relay_sees_nothing_of_it() {
    let mut session = Session::new(1);
    let at = session.join(session.by_link(2));
    for (seq, kind) in [(1, Kind::Keyframe), (2, Kind::Delta), (3, Kind::Delta), (4, Kind::Repair)] {
        let clear = page(kind, seq, "account 4471, balance");
        let bytes = session.sealed(&clear);
        assert_eq!(passed(session.agents[at].1.take(&bytes)), [clear]);
    }
    let clear = message(&Control::Refused { user: 2, command: 5, reason: protocol::control::Refusal::Element });
    let bytes = session.sealed(&clear);
    let [again] = &passed(session.agents[at].1.take(&bytes))[..] else { panic!() };
    assert_eq!(Control::read(again, &Limits::DEFAULT), Control::read(&clear, &Limits::DEFAULT));
    let bytes = session.agents_sealed(at, &input("my mother’s name"));
    let events = session.customer.take(&from(2, bytes));
    assert_eq!(said(&events), Some((2, Control::Input { node: 9, value: "my mother’s name".to_owned() })));
    let link = session.customer.link();
    for secret in ["4471", "balance", "mother", "Ann", &link, session.customer.code().unwrap()] {
        assert!(!session.seen.iter().any(|bytes| holds(bytes, secret)), "{secret}");
    }
    // What the relay has to act on is for it.
    for control in [Control::KeyframeRequest {}, Control::Ended { reason: protocol::control::EndReason::Agent }] {
        assert_eq!(session.agents[at].1.seal(&message(&control)).unwrap(), Some(message(&control)));
    }
}

#[test]
fn a_code_lets_one_agent_in_and_a_wrong_one_is_spent() {
    let mut session = Session::new(1);
    let code = session.customer.code().unwrap().to_owned();
    let (at, events) = session.arrive(Agent::new(token(), seeded(2), "Ann"));
    assert!(events.contains(&agent::Event::Code(Why::First)));
    assert!(session.agents[at].1.offer("1234").is_err());
    let guess = if code == "00000000" { "00000001" } else { "00000000" };
    let events = session.agents[at].1.offer(guess).unwrap();
    let events = session.agent_did(at, events);
    assert_eq!(events, [agent::Event::Code(Why::Wrong)]);
    // The code that was right is spent with it.
    let second = session.customer.code().unwrap().to_owned();
    assert_ne!(second, code);
    let events = session.agents[at].1.offer(&code).unwrap();
    assert_eq!(session.agent_did(at, events), [agent::Event::Code(Why::Wrong)]);
    // The same guess again could be another one of somebody in the middle.
    assert!(session.agents[at].1.offer(guess).unwrap_err().to_string().contains("do not go on"));
    let third = session.customer.code().unwrap().to_owned();
    let spaced = format!(" {}-{} ", &third[..4], &third[4..]);
    let events = session.agents[at].1.offer(&spaced).unwrap();
    assert!(session.agent_did(at, events).contains(&agent::Event::Keyed));
    // It is of one use also when it was right.
    assert_ne!(session.customer.code().unwrap(), third);
    let (other, _) = session.arrive(Agent::new(token(), seeded(3), "Bob"));
    let events = session.agents[other].1.offer(&third).unwrap();
    assert_eq!(session.agent_did(other, events), [agent::Event::Code(Why::Wrong)]);
}

#[test]
fn so_many_wrong_codes_close_that_way_and_not_the_link() {
    let mut session = Session::new(1);
    for guess in 0..MOST_WRONG {
        // Each another agent, or the relay by itself; a guess that nobody goes through with counts too.
        let (at, _) = session.arrive(Agent::new(token(), seeded(u64::from(guess) + 10), ""));
        let events = session.agents[at].1.offer(&format!("0000000{guess}")).unwrap();
        if guess % 2 == 0 {
            session.agent_did(at, events);
        } else {
            let agent::Event::Send(hello) = &events[0] else { panic!() };
            session.customer.take(&from(session.agents[at].0, hello.clone()));
        }
    }
    assert_eq!(session.customer.code(), None);
    let (at, _) = session.arrive(Agent::new(token(), seeded(30), ""));
    let events = session.agents[at].1.offer("12345678").unwrap();
    assert_eq!(session.agent_did(at, events), [agent::Event::Code(Why::Closed)]);
    session.join(session.by_link(31));
    // It stays so on the next page.
    let saved = session.customer.saved();
    assert_eq!(Customer::resume(token(), seeded(40), NOW, &saved).unwrap().code(), None);
}

#[test]
fn a_wrong_link_asks_for_a_code() {
    let mut session = Session::new(1);
    let mut agent = Agent::new(token(), seeded(2), "");
    assert!(agent.set_link("abc").is_err() && agent.set_link(&"é".repeat(16)).is_err());
    agent.set_link(&"0".repeat(32)).unwrap();
    let (at, events) = session.arrive(agent);
    let events = session.agent_did(at, events);
    assert_eq!(events.last(), Some(&agent::Event::Code(Why::Link)));
}

#[test]
fn what_was_altered_repeated_reordered_or_is_anothers_is_refused() {
    let mut session = Session::new(1);
    let at = session.join(session.by_link(2));
    let mut other = Session::new(77);
    other.join(other.by_link(78));
    let frames: Vec<Vec<u8>> = (1..=4)
        .map(|seq| session.sealed(&page(if seq == 1 { Kind::Keyframe } else { Kind::Delta }, seq, "text")))
        .collect();
    let agent = &mut session.agents[at].1;
    assert_eq!(passed(agent.take(&frames[0])).len(), 1);
    assert_eq!(refused(&agent.take(&frames[0])), [&Error::Repeated]);
    assert_eq!(passed(agent.take(&frames[2])).len(), 1);
    assert_eq!(refused(&agent.take(&frames[1])), [&Error::Repeated], "out of its order");
    for at in 0..frames[3].len() {
        let mut altered = frames[3].clone();
        altered[at] ^= 1;
        let events = agent.take(&altered);
        assert!(passed(events).is_empty(), "byte {at}");
    }
    // Another session's, and a keyframe's header before a delta's body.
    let foreign = other.sealed(&page(Kind::Delta, 4, "text"));
    assert!(passed(agent.take(&foreign)).is_empty());
    let mut crossed = frames[3].clone();
    crossed[0] = frames[0][0];
    assert_eq!(refused(&agent.take(&crossed)), [&Error::Altered]);
    assert_eq!(passed(agent.take(&frames[3])).len(), 1, "what was refused has changed nothing");
    // The other direction.
    let first = session.agents_sealed(at, &input("one"));
    let second = session.agents_sealed(at, &input("two"));
    assert!(said(&session.customer.take(&from(2, second.clone()))).is_some());
    for again in [&first, &second] {
        assert_eq!(session.customer.take(&from(2, again.clone())), [customer::Event::Refused(Error::Repeated)]);
    }
    let third = session.agents_sealed(at, &input("three"));
    for at in 0..third.len() {
        let mut altered = third.clone();
        altered[at] ^= 1;
        assert_eq!(said(&session.customer.take(&from(2, altered))), None, "byte {at}");
    }
    // As another agent's.
    let other = session.join(session.by_link(3));
    assert_eq!(said(&session.customer.take(&from(session.agents[other].0, third.clone()))), None);
    // Thrown back to where it came from.
    assert!(passed(session.agents[at].1.take(&third)).is_empty());
    assert_eq!(said(&session.customer.take(&from(2, frames[3].clone()))), None);
    assert!(said(&session.customer.take(&from(2, third))).is_some());
}

#[test]
fn what_comes_in_the_clear_is_refused() {
    let mut session = Session::new(1);
    let at = session.join(session.by_link(2));
    let agent = &mut session.agents[at].1;
    assert_eq!(refused(&agent.take(&page(Kind::Keyframe, 1, "x"))), [&Error::Clear("a frame of the page")]);
    let mode = message(&Control::ModeChanged { mode: protocol::Mode::Shared });
    assert_eq!(refused(&agent.take(&mode)), [&Error::Clear("ModeChanged")]);
    let events = session.customer.take(&from(2, input("x")));
    assert_eq!(events, [customer::Event::Refused(Error::Clear("Input"))]);
    let events = session.customer.take(&input("x"));
    assert_eq!(events, [customer::Event::Refused(Error::Clear("Input"))]);
    // Sealed or not: the relay's messages are not an agent's to say.
    let joined = message(&Control::Joined { user: 9, role: Role::Agent, name: "Eve".to_owned() });
    let bytes = session.agents_sealed(at, &joined);
    let events = session.customer.take(&from(2, bytes));
    let [customer::Event::Refused(Error::Malformed(why))] = &events[..] else { panic!("{events:?}") };
    assert_eq!(why, "Joined is not an agent's to say");
}

#[test]
fn who_has_left_cannot_read_on_and_who_stays_can() {
    let mut session = Session::new(1);
    let leaver = session.join(session.by_link(2));
    let stayer = session.join(session.by_link(3));
    let bytes = session.sealed(&page(Kind::Keyframe, 1, "before"));
    for at in [leaver, stayer] {
        assert_eq!(passed(session.agents[at].1.take(&bytes)).len(), 1);
    }
    let user = session.agents[leaver].0;
    let events = session.customer.take(&message(&Control::Left { user }));
    assert!(events.contains(&customer::Event::Keyframe) && events.contains(&customer::Event::Changed));
    let given = events.iter().filter(|event| matches!(event, customer::Event::Send(_))).count();
    assert_eq!(given, 1, "to who stays");
    session.customer_did(stayer, events);
    for seq in 2..4 {
        let clear = page(Kind::Keyframe, seq, "behind");
        let bytes = session.sealed(&clear);
        assert_eq!(passed(session.agents[stayer].1.take(&bytes)), [clear]);
        assert!(passed(session.agents[leaver].1.take(&bytes)).is_empty());
    }
    // Who comes later has the new key, and what the relay kept from before it opens nothing.
    let (late, events) = session.arrive(session.by_link(4));
    assert!(passed(session.agents[late].1.take(&bytes)).is_empty());
    let events = session.agent_did(late, events);
    assert!(events.contains(&agent::Event::Keyed) && refused(&events).is_empty());
    // One who never had the key changes nothing by leaving.
    let (silent, _) = session.arrive(Agent::new(token(), seeded(5), ""));
    let user = session.agents[silent].0;
    assert_eq!(session.customer.take(&message(&Control::Left { user })), [customer::Event::Changed]);
}

#[test]
fn what_comes_before_the_key_waits_for_it() {
    let mut session = Session::new(1);
    let frames = [session.sealed(&page(Kind::Keyframe, 1, "one")), session.sealed(&page(Kind::Delta, 2, "two"))];
    let (at, events) = session.arrive(session.by_link(2));
    for bytes in &frames {
        assert!(session.agents[at].1.take(bytes).is_empty());
    }
    let events = session.agent_did(at, events);
    assert_eq!(passed(events)[1..], [page(Kind::Keyframe, 1, "one"), page(Kind::Delta, 2, "two")]);
    // Too much of it is let go of, and asked for.
    let (at, events) = session.arrive(session.by_link(3));
    for seq in 0..10_000 {
        let bytes = session.customer.seal(&page(Kind::Delta, seq + 3, "more")).unwrap().unwrap();
        session.agents[at].1.take(&bytes);
    }
    let events = session.agent_did(at, events);
    assert!(events.contains(&agent::Event::Lost));
    assert_eq!(passed(events).len(), 1, "the welcome alone");
    // An older keyframe than the customer's last is not taken for the present one.
    session.sealed(&page(Kind::Keyframe, 20_000, "now"));
    let at = session.join(session.by_link(4));
    assert!(session.agents[at].1.take(&frames[0]).is_empty());
}

#[test]
fn a_tab_that_is_loaded_again_is_known_again() {
    let mut session = Session::new(1);
    let code = session.customer.code().unwrap().to_owned();
    let (at, _) = session.arrive(Agent::new(token(), seeded(2), "Ann"));
    let events = session.agents[at].1.offer(&code).unwrap();
    session.agent_did(at, events);
    let ticket = session.agents[at].1.ticket().unwrap();
    let mut again = Agent::new(token(), seeded(3), "Ann");
    assert_eq!(again.set_ticket(&ticket[1..]), Err(Error::Saved));
    again.set_ticket(&ticket).unwrap();
    session.join(again);
    // A connection that broke is another agent at the relay, and the same one here.
    let user = session.next;
    session.customer.take(&message(&Control::Joined { user, role: Role::Agent, name: String::new() }));
    let events = session.agents[at].1.take(&message(&Control::Welcome { user }));
    session.agents[at].0 = user;
    assert!(session.agent_did(at, events).contains(&agent::Event::Keyed));
    // Another session's customer does not know it.
    let mut other = Session::new(50);
    let mut stranger = Agent::new(token(), seeded(4), "");
    stranger.set_ticket(&ticket).unwrap();
    let (at, events) = other.arrive(stranger);
    assert_eq!(other.agent_did(at, events).last(), Some(&agent::Event::Code(Why::Again)));
}

#[test]
fn a_session_goes_on_with_the_next_page_and_nothing_of_the_one_before_is_taken() {
    let mut session = Session::new(1);
    let at = session.join(session.by_link(2));
    let before = session.sealed(&page(Kind::Keyframe, 1, "before"));
    assert_eq!(passed(session.agents[at].1.take(&before)).len(), 1);
    let command = session.agents_sealed(at, &input("typed before"));
    let saved = session.customer.saved();
    assert_eq!(Customer::resume(token(), seeded(9), NOW, &saved[1..]).unwrap_err(), Error::Saved);
    session.customer = Customer::resume(token(), seeded(9), NOW, &saved).unwrap();
    // The relay tells who is there: who has the key is an agent at once.
    let events = session.customer.take(&message(&Control::Joined { user: 2, role: Role::Agent, name: String::new() }));
    let [customer::Event::Pass(joined)] = &events[..] else { panic!("{events:?}") };
    let expected = Control::Joined { user: 2, role: Role::Agent, name: "Ann".to_owned() };
    assert_eq!(Control::read(joined, &Limits::DEFAULT).unwrap(), expected);
    let clear = page(Kind::Keyframe, 1, "behind");
    let bytes = session.sealed(&clear);
    assert_eq!(passed(session.agents[at].1.take(&bytes)), [clear]);
    assert!(session.agents[at].1.take(&before).is_empty());
    assert_eq!(said(&session.customer.take(&from(2, command))), None);
    let bytes = session.agents_sealed(at, &input("typed behind"));
    assert!(said(&session.customer.take(&from(2, bytes))).is_some());
    // An agent who left meanwhile is found out by what the relay tells, and the key is changed.
    let events = session.customer.present(&[]);
    assert!(events.contains(&customer::Event::Keyframe));
    assert!(session.customer.present(&[]).is_empty());
}

#[test]
fn a_page_that_has_forgotten_the_session_has_its_agents_begin_anew() {
    let mut session = Session::new(1);
    let at = session.join(session.by_link(2));
    let link = session.customer.link();
    session.customer = Customer::new(token(), seeded(60), NOW + 1);
    let bytes = session.agents_sealed(at, &input("x"));
    let events = session.customer.take(&from(2, bytes));
    let events = session.customer_did(at, events);
    let events = session.agent_did(at, events);
    assert_eq!(events.last(), Some(&agent::Event::Code(Why::Link)), "its key is not {link}");
}

#[test]
fn what_is_for_one_agent_is_sealed_for_that_one() {
    let mut session = Session::new(1);
    let [first, second] = [2, 3].map(|seed| session.join(session.by_link(seed)));
    let user = session.agents[second].0;
    let clear = message(&Control::ScreenSignal { user, step: 7, data: "{}".to_owned() });
    let bytes = session.sealed(&clear);
    assert_eq!(sealed::peek(&bytes, &Limits::DEFAULT).unwrap().0.number, user);
    assert!(passed(session.agents[first].1.take(&bytes)).is_empty());
    assert_eq!(passed(session.agents[second].1.take(&bytes)).len(), 1);
    let nobody = message(&Control::ScreenSignal { user: 99, step: 7, data: "{}".to_owned() });
    assert_eq!(session.customer.seal(&nobody), Ok(None));
}

/// What a relay may do with what it has.
#[derive(Debug, Clone, Copy)]
enum Trick {
    Pass,
    Drop,
    Twice,
    Later,
    Alter(usize),
    Old(usize),
}

fn trick() -> impl Strategy<Value = Trick> {
    prop_oneof![
        6 => Just(Trick::Pass),
        1 => Just(Trick::Drop),
        1 => Just(Trick::Twice),
        1 => Just(Trick::Later),
        1 => (0..200_usize).prop_map(Trick::Alter),
        1 => (0..200_usize).prop_map(Trick::Old),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the relay does, each end takes a part of what the other said, in its order, each once.
    #[test]
    fn no_trick_makes_an_end_take_what_was_not_said_then(tricks in prop::collection::vec(trick(), 1..60)) {
        let mut session = Session::new(1);
        let at = session.join(session.by_link(2));
        let (mut frames, mut texts) = (Vec::new(), Vec::new());
        let (mut late, mut late_texts) = (Vec::new(), Vec::new());
        let mut sent: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for (seq, trick) in (1..).zip(tricks) {
            let kind = if seq % 7 == 1 { Kind::Keyframe } else { Kind::Delta };
            let down = session.sealed(&page(kind, seq, &format!("frame {seq}")));
            let up = session.agents_sealed(at, &input(&seq.to_string()));
            sent.push((down.clone(), up.clone()));
            let altered = |bytes: &[u8], at: usize| {
                let mut bytes = bytes.to_vec();
                let at = at % bytes.len();
                bytes[at] ^= 0x10;
                bytes
            };
            let (downs, ups) = match trick {
                Trick::Pass => (vec![down], vec![up]),
                Trick::Drop => (vec![], vec![]),
                Trick::Twice => (vec![down.clone(), down], vec![up.clone(), up]),
                Trick::Later => {
                    late.push(down);
                    late_texts.push(up);
                    (vec![], vec![])
                }
                Trick::Alter(at) => (vec![altered(&down, at)], vec![altered(&up, at)]),
                Trick::Old(at) => {
                    let (old, up_then) = sent[at % sent.len()].clone();
                    (vec![old, down], vec![up_then, up])
                }
            };
            let (late, late_texts) = if seq % 3 == 0 { (std::mem::take(&mut late), std::mem::take(&mut late_texts)) } else { Default::default() };
            for bytes in late.into_iter().chain(downs) {
                frames.extend(passed(session.agents[at].1.take(&bytes)));
            }
            for bytes in late_texts.into_iter().chain(ups) {
                if let Some((_, Control::Input { value, .. })) = said(&session.customer.take(&from(2, bytes))) {
                    texts.push(value.parse::<u32>().unwrap());
                }
            }
        }
        let seqs: Vec<u32> = frames.iter().map(|bytes| frame::read(bytes, &Limits::DEFAULT).unwrap().header.seq).collect();
        for (bytes, seq) in frames.iter().zip(&seqs) {
            let kind = if seq % 7 == 1 { Kind::Keyframe } else { Kind::Delta };
            prop_assert_eq!(bytes, &page(kind, *seq, &format!("frame {seq}")));
        }
        prop_assert!(seqs.is_sorted_by(|a, b| a < b), "{:?}", seqs);
        prop_assert!(texts.is_sorted_by(|a, b| a < b), "{:?}", texts);
    }

    /// No key seals two messages under one number: across pages, tabs, agents that come and go.
    #[test]
    fn no_number_is_used_twice_with_a_key(steps in prop::collection::vec(0..6_u8, 1..60)) {
        let mut session = Session::new(1);
        session.join(session.by_link(2));
        let mut seq = 0;
        for (step, seed) in steps.into_iter().zip(100..) {
            match step {
                0 => {
                    let user = session.agents.last().unwrap().0;
                    let events = session.customer.take(&message(&Control::Left { user }));
                    session.customer_did(0, events);
                    session.join(session.by_link(seed));
                }
                1 => {
                    // Two tabs go on from the same state in the same second; the one is left.
                    let saved = session.customer.saved();
                    let mut twin = Customer::resume(token(), seeded(seed + 5_000), NOW, &saved).unwrap();
                    session.customer = Customer::resume(token(), seeded(seed), NOW, &saved).unwrap();
                    session.seen.push(twin.seal(&page(Kind::Keyframe, 1, "twin")).unwrap().unwrap());
                    session.sealed(&page(Kind::Keyframe, 1, "page"));
                }
                2 => {
                    let last = session.agents.len() - 1;
                    if let Ok(Some(bytes)) = session.agents[last].1.seal(&input("x")) {
                        // The agent's number is not in it; its key is.
                        session.seen.push([&bytes[..], &session.agents[last].0.to_le_bytes()].concat());
                    }
                }
                _ => {
                    seq += 1;
                    session.sealed(&page(Kind::Delta, seq, "frame"));
                }
            }
        }
        let mut used = std::collections::HashSet::new();
        for bytes in &session.seen {
            // Kind and direction aside: header's number of an agent, label, count. Steps of handshakes are not sealed.
            let at = 13 + if bytes[13] < 128 { 1 } else { 2 };
            if bytes[at] == 2 { continue }
            let tail = if sealed::peek(bytes, &Limits::DEFAULT).is_ok() { &bytes[1..5] } else { &bytes[bytes.len() - 4..] };
            let whose = if bytes[at] == 1 { tail.to_vec() } else { Vec::new() };
            let is_up = sealed::peek(bytes, &Limits::DEFAULT).is_err();
            prop_assert!(used.insert((is_up, whose, bytes[at..at + 13].to_vec(), bytes[9..13].to_vec())));
        }
    }

    #[test]
    fn no_bytes_make_an_end_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), first in 0..4_u8) {
        let mut session = Session::new(1);
        let at = session.join(session.by_link(2));
        let mut bytes = bytes;
        if let Some(start) = bytes.first_mut() {
            *start = 0x20 | first;
        }
        session.customer.take(&bytes);
        session.customer.take(&from(2, bytes.clone()));
        session.agents[at].1.take(&bytes);
        let header = sealed::Header { kind: Kind::Control, is_pointer: false, number: 0, time: 0, count: 0 };
        let framed = sealed::write(&header, &bytes).unwrap();
        session.customer.take(&from(2, framed.clone()));
        session.agents[at].1.take(&framed);
        let _ = Customer::resume(token(), seeded(3), NOW, &bytes);
    }
}
