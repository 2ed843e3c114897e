use super::*;
use crate::member::CONTROL_QUEUE_BYTES;
use proptest::prelude::*;
use protocol::{
    Limits,
    frame::{self, Kind},
};
use std::time::SystemTime;

const SECOND: Duration = Duration::from_secs(1);

/// A room on a clock that only the test moves.
struct Scene {
    room: Arc<Room>,
    now: Instant,
}

impl Scene {
    fn new(config: Config) -> Self {
        Self::recorded(config, None)
    }

    fn recorded(config: Config, recording: Option<Box<dyn Recording>>) -> Self {
        let (_, secret) = SecretDigest::generate().unwrap();
        let clock = SystemTime::now();
        let token = "123456789".parse().unwrap();
        let (mode, name, reference) = (Mode::View, None, None);
        let (created, expires) = (clock, clock);
        let record =
            Record { token, secret, mode, created, expires, recording: name, reference, open: false, sealed: false };
        let now = Instant::now();
        Self { room: Arc::new(Room::new(record, Arc::new(config), recording, now)), now }
    }

    fn enter(&self, role: Role, name: &str) -> Seat {
        self.room.enter(role, name.to_owned(), self.now).unwrap()
    }

    fn leave(&self, seat: &Seat) {
        self.room.leave(seat.connection, self.now);
    }

    fn frame(&self, seat: &Seat, kind: Kind, seq: u32, len: usize) {
        let mut bytes = Vec::new();
        frame::write(&mut bytes, kind, seq, 0, 0, &vec![9; len]).unwrap();
        let message = Message::Frame { keyframe: kind == Kind::Keyframe, seq, bytes: bytes.into() };
        assert_eq!(self.room.publish(seat.connection, message, self.now), Ok(Published::Delivered));
    }

    fn control(&self, seat: &Seat, message: Control) -> Result<Published, Close> {
        let bytes = message.to_frame(0, 0).unwrap().into();
        self.room.publish(seat.connection, Message::Control { message, bytes }, self.now)
    }

    fn next(&self, seat: &Seat) -> Next {
        self.room.next(seat.connection, self.now)
    }

    /// All there is to send now, as texts: `K1`, `D2`, `Joined 2`, `close 4000`; not that an agent is welcome.
    fn drain(&self, seat: &Seat) -> Vec<String> {
        let mut out = Vec::new();
        loop {
            match self.next(seat) {
                Next::Frame(bytes) if name(&bytes).starts_with("Welcome") => {}
                Next::Frame(bytes) => out.push(name(&bytes)),
                Next::Close(why) => {
                    out.push(format!("close {}", why.code()));
                    return out;
                }
                Next::Wait(_) => return out,
            }
        }
    }
}

fn name(bytes: &Bytes) -> String {
    let header = frame::peek(bytes, &Limits::DEFAULT).unwrap().header;
    match header.kind {
        Kind::Keyframe => format!("K{}", header.seq),
        Kind::Repair | Kind::Delta => format!("D{}", header.seq),
        Kind::Control => match Control::read(bytes, &Limits::DEFAULT).unwrap() {
            Control::Joined { user, .. } => format!("Joined {user}"),
            Control::Left { user } => format!("Left {user}"),
            Control::Ended { reason } => format!("Ended {reason:?}"),
            Control::Absent { reason, seconds } => format!("Absent {reason} {seconds}"),
            Control::Visible { state } => format!("Visible {state}"),
            Control::ModeChanged { mode } => format!("ModeChanged {mode}"),
            Control::Welcome { user } => format!("Welcome {user}"),
            Control::From { user, frame } => format!("{} of {user}", name(&frame.into())),
            other => other.name().to_owned(),
        },
    }
}

#[test]
fn a_late_agent_gets_the_last_keyframe_and_what_followed() {
    let scene = Scene::new(Config::default());
    let customer = scene.enter(Role::Customer, "");
    scene.frame(&customer, Kind::Keyframe, 1, 100);
    scene.frame(&customer, Kind::Delta, 2, 10);
    scene.frame(&customer, Kind::Keyframe, 3, 100);
    scene.frame(&customer, Kind::Delta, 4, 10);
    let agent = scene.enter(Role::Agent, "Ann");
    scene.frame(&customer, Kind::Delta, 5, 10);
    assert_eq!(scene.drain(&agent), ["Joined 1", "K3", "D4", "D5"]);
    scene.frame(&customer, Kind::Delta, 6, 10);
    assert_eq!(scene.drain(&agent), ["D6"]);
    assert_eq!(scene.drain(&customer), ["Joined 2"], "nobody asked for a keyframe");
}

#[test]
fn everyone_hears_who_comes_and_goes() {
    let scene = Scene::new(Config::default());
    let ann = scene.enter(Role::Agent, "Ann");
    assert!(scene.drain(&ann).is_empty());
    let customer = scene.enter(Role::Customer, "");
    let bob = scene.enter(Role::Agent, "Bob");
    assert_eq!(scene.drain(&ann), ["Joined 1", "Joined 3"]);
    assert_eq!(scene.drain(&bob), ["Joined 2", "Joined 1"]);
    assert_eq!(scene.drain(&customer), ["Joined 2", "Joined 3"]);
    scene.leave(&ann);
    scene.leave(&customer);
    assert_eq!(scene.drain(&bob), ["Left 2", "Left 1", "Absent 2 300"]);
    let status = scene.room.status();
    assert!(!status.customer);
    assert_eq!(status.agents, [Participant { user: 3, name: "Bob".into() }]);
    let customer = scene.enter(Role::Customer, "");
    assert_eq!(customer.user, CUSTOMER);
    assert_eq!(scene.drain(&bob), ["Joined 1"]);
}

#[test]
fn a_later_agent_learns_mode_and_pause() {
    let scene = Scene::new(Config::default());
    let customer = scene.enter(Role::Customer, "");
    scene.control(&customer, Control::ModeChanged { mode: Mode::Follow }).unwrap();
    scene.control(&customer, Control::ModeChanged { mode: Mode::Shared }).unwrap();
    scene.control(&customer, Control::Controller { user: 2, asking: 0 }).unwrap();
    scene.control(&customer, Control::Paused {}).unwrap();
    let ann = scene.enter(Role::Agent, "Ann");
    assert_eq!(scene.drain(&ann), ["Joined 1", "ModeChanged shared", "Controller", "Paused"]);
    scene.control(&customer, Control::Resumed {}).unwrap();
    let bob = scene.enter(Role::Agent, "Bob");
    assert_eq!(scene.drain(&bob), ["Joined 1", "Joined 2", "ModeChanged shared", "Controller"]);
    assert_eq!(scene.room.status().mode, Mode::Shared);
}

#[test]
fn an_agent_learns_its_number_and_cannot_speak_for_another() {
    let scene = Scene::new(Config::default());
    let customer = scene.enter(Role::Customer, "");
    let (ann, bob) = (scene.enter(Role::Agent, "Ann"), scene.enter(Role::Agent, "Bob"));
    for (seat, user) in [(&ann, 2), (&bob, 3)] {
        let sent = std::iter::from_fn(|| match scene.next(seat) {
            Next::Frame(bytes) => Some(name(&bytes)),
            _ => None,
        });
        assert!(sent.collect::<Vec<_>>().contains(&format!("Welcome {user}")));
    }
    scene.drain(&customer);
    scene.control(&bob, Control::ControlRequest {}).unwrap();
    scene.control(&ann, Control::ControlGive { user: 3 }).unwrap();
    assert_eq!(scene.drain(&customer), ["ControlRequest of 3", "ControlGive of 2"]);
    let forged = Control::From { user: 2, frame: Control::ControlGive { user: 3 }.to_frame(0, 0).unwrap() };
    assert_eq!(scene.control(&bob, forged).unwrap_err().code(), 4002);
}

#[test]
fn a_gap_stops_the_frames_until_a_keyframe() {
    let scene = Scene::new(Config::default());
    let customer = scene.enter(Role::Customer, "");
    let agent = scene.enter(Role::Agent, "");
    scene.frame(&customer, Kind::Keyframe, 1, 10);
    assert_eq!(scene.drain(&agent), ["Joined 1", "K1"]);
    assert_eq!(customer.expected(), Some(2));
    scene.frame(&customer, Kind::Delta, 3, 10);
    scene.frame(&customer, Kind::Delta, 4, 10);
    assert_eq!(customer.expected(), None);
    let late = scene.enter(Role::Agent, "");
    assert!(scene.drain(&agent).iter().all(|sent| sent.starts_with("Joined")));
    assert_eq!(scene.drain(&late), ["Joined 1", "Joined 2"]);
    scene.frame(&customer, Kind::Keyframe, 9, 10);
    scene.frame(&customer, Kind::Delta, 10, 10);
    assert_eq!(scene.drain(&agent), ["K9", "D10"]);
    assert_eq!(scene.drain(&late), ["K9", "D10"]);
}

#[test]
fn sequence_numbers_wrap() {
    let scene = Scene::new(Config::default());
    let customer = scene.enter(Role::Customer, "");
    let agent = scene.enter(Role::Agent, "");
    scene.frame(&customer, Kind::Keyframe, u32::MAX, 10);
    scene.frame(&customer, Kind::Delta, 0, 10);
    assert_eq!(scene.drain(&agent), ["Joined 1", format!("K{}", u32::MAX).as_str(), "D0"]);
}

#[test]
fn keyframe_requests_are_shared_and_spaced() {
    let mut scene = Scene::new(Config { keyframe_interval: SECOND, ..Config::default() });
    let customer = scene.enter(Role::Customer, "");
    scene.frame(&customer, Kind::Keyframe, 1, 10);
    let ann = scene.enter(Role::Agent, "");
    let bob = scene.enter(Role::Agent, "");
    assert_eq!(scene.drain(&customer), ["Joined 2", "Joined 3"]);
    let ask = |scene: &Scene, agent: &Seat| scene.control(agent, Control::KeyframeRequest {}).unwrap();
    ask(&scene, &ann);
    ask(&scene, &bob);
    scene.now += SECOND;
    assert_eq!(scene.drain(&customer), ["KeyframeRequest"]);
    scene.frame(&customer, Kind::Keyframe, 2, 10);
    ask(&scene, &ann);
    assert_eq!(scene.next(&customer), Next::Wait(Some(scene.now + SECOND)), "not sooner than the interval");
    scene.now += SECOND;
    assert_eq!(scene.drain(&customer), ["KeyframeRequest"]);
    // Nothing comes: the time doubles, up to sixteen times.
    for wait in [1, 2, 4, 8, 16, 16] {
        assert_eq!(scene.next(&customer), Next::Wait(Some(scene.now + SECOND * wait)));
        scene.now += SECOND * wait;
        assert_eq!(scene.drain(&customer), ["KeyframeRequest"]);
    }
    scene.frame(&customer, Kind::Keyframe, 3, 10);
    scene.now += SECOND * 100;
    assert_eq!(scene.next(&customer), Next::Wait(None));
}

#[test]
fn a_page_that_begins_is_given_time_for_its_first_keyframe() {
    let mut scene = Scene::new(Config { keyframe_interval: SECOND, ..Config::default() });
    let _agent = scene.enter(Role::Agent, "");
    let customer = scene.enter(Role::Customer, "");
    assert_eq!(scene.drain(&customer), ["Joined 2"]);
    assert_eq!(scene.next(&customer), Next::Wait(Some(scene.now + SECOND)));
    scene.now += SECOND;
    assert_eq!(scene.drain(&customer), ["KeyframeRequest"]);
}

#[test]
fn above_the_log_cap_the_next_agent_makes_the_relay_ask() {
    let mut scene = Scene::new(Config { log_bytes: 1_000, ..Config::default() });
    let customer = scene.enter(Role::Customer, "");
    let ann = scene.enter(Role::Agent, "");
    scene.frame(&customer, Kind::Keyframe, 1, 400);
    for seq in 2..10 {
        scene.frame(&customer, Kind::Delta, seq, 200);
    }
    assert_eq!(scene.drain(&ann).len(), 10, "who is in step misses nothing");
    assert_eq!(scene.room.retained(), 0);
    assert_eq!(scene.drain(&customer), ["Joined 2"], "nobody needs a keyframe");
    let bob = scene.enter(Role::Agent, "");
    scene.now += SECOND * 10;
    assert_eq!(scene.drain(&customer), ["Joined 3", "KeyframeRequest"]);
    scene.frame(&customer, Kind::Delta, 10, 10);
    scene.frame(&customer, Kind::Keyframe, 11, 10);
    assert_eq!(scene.drain(&bob), ["Joined 1", "Joined 2", "K11"]);
    assert_eq!(scene.drain(&ann), ["Joined 3", "D10", "K11"]);
}

#[test]
fn a_slow_agent_costs_what_it_may_fall_behind_and_no_more() {
    let config = Config { log_bytes: 100_000, queue_bytes: 50_000, ..Config::default() };
    let most = config.log_bytes + config.queue_bytes + 10_100;
    let mut scene = Scene::new(config);
    let customer = scene.enter(Role::Customer, "");
    let slow = scene.enter(Role::Agent, "");
    let quick = scene.enter(Role::Agent, "");
    let mut sent = Vec::new();
    for seq in 1..5_000 {
        let kind = if seq == 1 || seq % 500 == 0 { Kind::Keyframe } else { Kind::Delta };
        scene.frame(&customer, kind, seq, 10_000);
        sent.extend(scene.drain(&quick).into_iter().filter(|name| !name.starts_with("Joined")));
        assert!(scene.room.retained() <= most, "{}", scene.room.retained());
    }
    assert_eq!(sent.len(), 4_999, "the quick one missed nothing");
    scene.now += SECOND * 60;
    assert!(scene.drain(&customer).contains(&"KeyframeRequest".to_owned()));
    assert!(scene.drain(&slow).iter().all(|name| name.starts_with("Joined")), "it waits");
    scene.frame(&customer, Kind::Keyframe, 5_000, 10);
    assert_eq!(scene.drain(&slow), ["K5000"]);
}

#[test]
fn who_connects_again_replaces_the_older_connection() {
    let scene = Scene::new(Config::default());
    let agent = scene.enter(Role::Agent, "");
    let older = scene.enter(Role::Customer, "");
    let newer = scene.enter(Role::Customer, "");
    assert_eq!(scene.next(&older), Next::Close(Close::Replaced));
    assert_eq!(scene.control(&older, Control::Paused {}), Err(Close::Replaced));
    scene.leave(&older);
    assert!(scene.room.status().customer);
    assert_eq!(scene.drain(&agent), ["Joined 1"], "for agents it never went away");
    assert_eq!(scene.drain(&newer), ["Joined 2"]);
}

#[test]
fn each_side_may_send_its_own_messages_only() {
    let scene = Scene::new(Config::default());
    let customer = scene.enter(Role::Customer, "");
    let agent = scene.enter(Role::Agent, "");
    let reason = EndReason::Idle;
    let foreign = [
        (&customer, Control::KeyframeRequest {}),
        (&customer, Control::Left { user: 2 }),
        (&agent, Control::Paused {}),
        (&agent, Control::ModeChanged { mode: Mode::Shared }),
        (&agent, Control::Joined { user: 9, role: Role::Customer, name: String::new() }),
    ];
    for (seat, message) in foreign {
        let refused = scene.control(seat, message).unwrap_err();
        assert_eq!(refused.code(), 4002, "{}", refused.reason());
    }
    let delta = Message::Frame { keyframe: false, seq: 1, bytes: Bytes::new() };
    assert_eq!(scene.room.publish(agent.connection, delta, scene.now).unwrap_err().code(), 4002);
    assert_eq!(scene.control(&agent, Control::Ended { reason }), Ok(Published::Stop(EndReason::Agent)));
    assert_eq!(scene.control(&customer, Control::Ended { reason }), Ok(Published::Stop(EndReason::Customer)));
    scene.drain(&customer);
    scene.control(&agent, Control::Click { node: 1, x: 2, y: 3 }).unwrap();
    scene.control(&customer, Control::Paused {}).unwrap();
    assert_eq!(scene.drain(&customer), ["Click of 2"]);
    assert_eq!(scene.drain(&agent), ["Joined 1", "Paused"]);
}

#[test]
fn an_end_comes_after_the_frames_before_it() {
    let scene = Scene::new(Config::default());
    let customer = scene.enter(Role::Customer, "");
    let agent = scene.enter(Role::Agent, "");
    scene.frame(&customer, Kind::Keyframe, 1, 10);
    scene.room.end(EndReason::Shutdown, scene.now);
    scene.room.end(EndReason::Idle, scene.now);
    scene.frame(&customer, Kind::Delta, 2, 10);
    assert_eq!(scene.drain(&agent), ["Joined 1", "K1", "Ended Shutdown", "close 4000"]);
    assert_eq!(scene.drain(&customer), ["Joined 2", "Ended Shutdown", "close 4000"]);
    assert!(matches!(scene.room.enter(Role::Agent, String::new(), scene.now), Err(StoreError::Unknown)));
}

#[test]
fn grace_and_age_end_a_session() {
    let config = Config { grace: SECOND, absence: SECOND * 4, session_age: SECOND * 20, ..Config::default() };
    let mut scene = Scene::new(config.clone());
    let customer = scene.enter(Role::Customer, "");
    scene.now += SECOND * 5;
    assert_eq!(scene.room.end_overdue(scene.now), None);
    scene.room.leaving(customer.connection, scene.now);
    assert_eq!(scene.room.end_overdue(scene.now + SECOND * 2), None, "it is there until its connection is gone");
    scene.leave(&customer);
    assert_eq!(scene.room.end_overdue(scene.now), None);
    assert_eq!(scene.room.end_overdue(scene.now + SECOND), Some(EndReason::Left));

    let mut scene = Scene::new(config.clone());
    assert_eq!(scene.room.end_overdue(scene.now + SECOND * 2), None, "a new session waits longer");
    let customer = scene.enter(Role::Customer, "");
    scene.now += SECOND * 10;
    scene.leave(&customer);
    assert_eq!(scene.room.end_overdue(scene.now + SECOND * 3), None);
    assert_eq!(scene.room.end_overdue(scene.now + SECOND * 4), Some(EndReason::Idle));

    let scene = Scene::new(config);
    let _customer = scene.enter(Role::Customer, "");
    assert_eq!(scene.room.end_overdue(scene.now + SECOND * 20), Some(EndReason::Idle));
}

#[test]
fn agents_are_told_why_the_customer_is_away() {
    let config = Config { grace: SECOND * 30, absence: SECOND * 300, ..Config::default() };
    let mut scene = Scene::new(config);
    let agent = scene.enter(Role::Agent, "");
    let first = scene.enter(Role::Customer, "");
    scene.leave(&first);
    assert_eq!(scene.drain(&agent), ["Joined 1", "Left 1", "Absent 2 300"]);
    // The beacon of a page comes behind the end of its connection, or before.
    scene.now += SECOND * 10;
    scene.room.leaving(first.connection, scene.now);
    scene.room.leaving(first.connection, scene.now);
    assert_eq!(scene.drain(&agent), ["Absent 1 20"]);
    scene.now += SECOND * 5;
    let late = scene.enter(Role::Agent, "");
    assert_eq!(scene.drain(&late), ["Joined 2", "Absent 1 15"]);

    let second = scene.enter(Role::Customer, "");
    scene.room.leaving(first.connection, scene.now);
    scene.drain(&agent);
    scene.leave(&second);
    assert_eq!(scene.drain(&agent), ["Left 1", "Absent 2 300"], "the beacon of the page before does no harm");
    let third = scene.enter(Role::Customer, "");
    scene.room.leaving(third.connection, scene.now);
    scene.leave(&third);
    assert_eq!(scene.drain(&agent), ["Joined 1", "Left 1", "Absent 1 30"]);
}

#[test]
fn a_late_agent_is_told_whether_the_page_is_in_front() {
    let scene = Scene::new(Config::default());
    let customer = scene.enter(Role::Customer, "");
    assert!(scene.control(&customer, Control::Visible { state: 0 }).is_ok());
    assert!(scene.control(&customer, Control::Visible { state: 1 }).is_ok());
    let agent = scene.enter(Role::Agent, "");
    assert_eq!(scene.drain(&agent), ["Joined 1", "Visible 1"]);
    assert!(scene.control(&agent, Control::Visible { state: 0 }).is_err());
    scene.leave(&customer);
    let late = scene.enter(Role::Agent, "");
    assert_eq!(scene.drain(&late), ["Joined 2", "Absent 2 300"], "of a page that is gone nothing is said");
}

#[test]
fn a_flood_of_commands_costs_the_agent_its_connection() {
    let scene = Scene::new(Config::default());
    let customer = scene.enter(Role::Customer, "");
    let agent = scene.enter(Role::Agent, "");
    let other = scene.enter(Role::Agent, "");
    let value = "x".repeat(60_000);
    let flood = (0..100).find_map(|node| scene.control(&agent, Control::Input { node, value: value.clone() }).err());
    assert_eq!(flood, Some(Close::Flood));
    assert!(CONTROL_QUEUE_BYTES < 100 * value.len());
    assert!(scene.control(&other, Control::Click { node: 1, x: 0, y: 0 }).is_ok());
    assert!(scene.room.status().customer);
    drop(customer);
}

#[test]
fn agents_are_counted() {
    let scene = Scene::new(Config { agents: 1, ..Config::default() });
    let agent = scene.enter(Role::Agent, "");
    let refused = scene.room.enter(Role::Agent, String::new(), scene.now).unwrap_err();
    assert_eq!(refused, StoreError::Crowded(1));
    scene.leave(&agent);
    assert_eq!(scene.enter(Role::Agent, "").user, 3);
}

/// What may happen in a session, in any order.
#[derive(Debug, Clone)]
enum Step {
    Keyframe(usize),
    Delta(usize),
    Gap,
    Join,
    Leave(usize),
    Read(usize, usize),
    Return,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (0..20_000_usize).prop_map(Step::Keyframe),
        12 => (0..6_000_usize).prop_map(Step::Delta),
        1 => Just(Step::Gap),
        1 => Just(Step::Join),
        1 => (0..4_usize).prop_map(Step::Leave),
        8 => (0..4_usize, 1..8_usize).prop_map(|(agent, count)| Step::Read(agent, count)),
        1 => Just(Step::Return),
    ]
}

proptest! {
    /// Whatever happens, an agent is sent a keyframe first, then each delta follows on from the frame before, no frame
    /// comes twice, and the room stays within its bounds.
    #[test]
    fn agents_are_only_sent_what_follows_on(steps in prop::collection::vec(any_step(), 1..300)) {
        let config = Config { log_bytes: 40_000, queue_bytes: 15_000, ..Config::default() };
        let most = config.log_bytes + config.queue_bytes + 20_200;
        let scene = Scene::new(config);
        let mut customer = scene.enter(Role::Customer, "");
        let mut agents: Vec<(Seat, Option<(u32, Kind)>)> = Vec::new();
        let mut seq = 0_u32;
        for step in steps {
            match step {
                Step::Keyframe(len) => {
                    seq += 1;
                    scene.frame(&customer, Kind::Keyframe, seq, len);
                }
                Step::Delta(len) => {
                    seq += 1;
                    scene.frame(&customer, Kind::Delta, seq, len);
                }
                Step::Gap => seq += 1,
                Step::Join if agents.len() < 4 => agents.push((scene.enter(Role::Agent, ""), None)),
                Step::Join => {}
                Step::Leave(at) if at < agents.len() => scene.leave(&agents.remove(at).0),
                Step::Read(at, count) if at < agents.len() => {
                    let (seat, last) = &mut agents[at];
                    for _ in 0..count {
                        let Next::Frame(bytes) = scene.next(seat) else { break };
                        let header = frame::peek(&bytes, &Limits::DEFAULT).unwrap().header;
                        match (header.kind, *last) {
                            (Kind::Control, _) => continue,
                            (Kind::Keyframe, before) => prop_assert!(before.is_none_or(|(seq, _)| header.seq > seq)),
                            (Kind::Repair | Kind::Delta, before) => prop_assert_eq!(before.map(|(seq, _)| seq + 1), Some(header.seq)),
                        }
                        *last = Some((header.seq, header.kind));
                    }
                }
                Step::Leave(_) | Step::Read(..) => {}
                Step::Return => {
                    scene.leave(&customer);
                    customer = scene.enter(Role::Customer, "");
                }
            }
            prop_assert!(scene.room.retained() <= most);
        }
        // With a keyframe and time to read, everyone is in step.
        seq += 1;
        scene.frame(&customer, Kind::Keyframe, seq, 10);
        for (seat, _) in &agents {
            let sent = scene.drain(seat);
            prop_assert!(sent.last().is_none_or(|last| *last == format!("K{seq}")), "{:?}", sent);
        }
    }
}

/// What takes frames until it is told to be full.
#[derive(Clone, Default)]
struct Tape {
    taken: Arc<Mutex<Vec<String>>>,
    is_full: Arc<std::sync::atomic::AtomicBool>,
}

impl Recording for Tape {
    fn take(&mut self, frame: &Bytes) -> bool {
        let is_full = self.is_full.load(std::sync::atomic::Ordering::Relaxed);
        if !is_full {
            self.taken.lock().unwrap().push(name(frame));
        }
        !is_full
    }
}

#[test]
fn what_is_recorded_is_what_agents_are_sent_and_say() {
    let tape = Tape::default();
    let scene = Scene::recorded(Config::default(), Some(Box::new(tape.clone())));
    let customer = scene.enter(Role::Customer, "");
    scene.frame(&customer, Kind::Keyframe, 1, 10);
    let agent = scene.enter(Role::Agent, "Ada");
    scene.frame(&customer, Kind::Delta, 2, 10);
    scene.control(&agent, Control::Pointer { x: 1, y: 2 }).unwrap();
    // One that does not follow reaches nobody.
    scene.frame(&customer, Kind::Delta, 9, 10);
    scene.frame(&customer, Kind::Keyframe, 10, 10);
    scene.room.end(EndReason::Customer, scene.now);
    let taken = tape.taken.lock().unwrap().clone();
    assert_eq!(taken, ["Joined 1", "K1", "Joined 2", "D2", "Pointer of 2", "K10", "Ended Customer"]);
}

#[test]
fn what_could_not_be_recorded_goes_on_with_a_keyframe() {
    let tape = Tape::default();
    let scene = Scene::recorded(Config::default(), Some(Box::new(tape.clone())));
    let customer = scene.enter(Role::Customer, "");
    scene.frame(&customer, Kind::Keyframe, 1, 10);
    scene.drain(&customer);
    tape.is_full.store(true, std::sync::atomic::Ordering::Relaxed);
    scene.frame(&customer, Kind::Delta, 2, 10);
    tape.is_full.store(false, std::sync::atomic::Ordering::Relaxed);
    scene.frame(&customer, Kind::Delta, 3, 10);
    let asked = Scene { room: scene.room.clone(), now: scene.now + SECOND * 60 }.drain(&customer);
    assert_eq!(asked, ["KeyframeRequest"]);
    scene.frame(&customer, Kind::Keyframe, 4, 10);
    scene.frame(&customer, Kind::Delta, 5, 10);
    assert_eq!(*tape.taken.lock().unwrap(), ["Joined 1", "K1", "K4", "D5"]);
}

#[test]
fn a_controller_hears_who_comes_and_is_shown_nothing() {
    let scene = Scene::new(Config::default());
    let customer = scene.enter(Role::Customer, "");
    scene.frame(&customer, Kind::Keyframe, 1, 100);
    let desk = scene.enter(Role::Controller, "Desk");
    assert_eq!(scene.drain(&desk), ["Joined 1"]);
    assert_eq!((scene.room.activated(), scene.room.status().agents.len()), (None, 0), "it is no agent");
    scene.frame(&customer, Kind::Delta, 2, 10);
    let agent = scene.enter(Role::Agent, "Ann");
    assert!(scene.room.activated().is_some());
    assert_eq!(scene.drain(&agent), ["Joined 1", "Joined 2", "K1", "D2"]);
    assert_eq!(scene.drain(&desk), ["Joined 3"]);
    assert_eq!(scene.drain(&customer), ["Joined 2", "Joined 3"], "nobody lacks a keyframe");
    let refused = scene.control(&desk, Control::KeyframeRequest {});
    let expected = "expected Ended from a controller, found KeyframeRequest";
    assert_eq!(refused, Err(Close::Protocol(expected.to_owned())));
}

#[test]
fn a_controller_says_why_it_ends_a_session() {
    let scene = Scene::new(Config::default());
    let desk = scene.enter(Role::Controller, "Desk");
    let given = [
        (EndReason::Transferred, EndReason::Transferred),
        (EndReason::Closed, EndReason::Closed),
        (EndReason::Idle, EndReason::Idle),
        // What is not the desktop's to know.
        (EndReason::Shutdown, EndReason::Controller),
        (EndReason::Customer, EndReason::Controller),
    ];
    for (reason, taken) in given {
        assert_eq!(scene.control(&desk, Control::Ended { reason }), Ok(Published::Stop(taken)));
    }
    scene.room.end(EndReason::Closed, scene.now);
    scene.room.end(EndReason::Idle, scene.now + SECOND);
    assert_eq!(scene.drain(&desk), ["Ended Closed", "close 4000"]);
    assert!(scene.room.ended().is_some());
}

#[test]
fn what_is_said_to_one_agent_reaches_that_one_only() {
    let scene = Scene::new(Config::default());
    let customer = scene.enter(Role::Customer, "");
    let ann = scene.enter(Role::Agent, "Ann");
    let bob = scene.enter(Role::Agent, "Bob");
    for seat in [&ann, &bob] {
        scene.drain(seat);
    }
    let signal = |user, step| Control::ScreenSignal { user, step, data: String::new() };
    scene.control(&customer, signal(bob.user, 6)).unwrap();
    scene.control(&customer, Control::DocumentState { user: ann.user, document: 1, state: 1, value: 0 }).unwrap();
    scene.control(&customer, signal(77, 6)).unwrap();
    assert_eq!(scene.drain(&ann), ["DocumentState"]);
    assert_eq!(scene.drain(&bob), ["ScreenSignal"]);
    scene.control(&customer, signal(0, 3)).unwrap();
    assert_eq!([scene.drain(&ann), scene.drain(&bob)].concat(), ["ScreenSignal", "ScreenSignal"]);
    scene.drain(&customer);
    scene.control(&ann, Control::Screen { step: 0, data: String::new() }).unwrap();
    let piece = Control::Document { document: 1, size: 1, at: 0, name: "a.png".to_owned(), bytes: vec![0] };
    scene.control(&ann, piece.clone()).unwrap();
    assert_eq!(scene.drain(&customer), ["Screen of 2", "Document of 2"]);
    // Each side says its own only.
    assert!(matches!(scene.control(&ann, signal(0, 3)), Err(Close::Protocol(_))));
    assert!(matches!(scene.control(&customer, piece), Err(Close::Protocol(_))));
}

#[test]
fn neither_documents_nor_addresses_of_browsers_are_recorded() {
    let tape = Tape::default();
    let scene = Scene::recorded(Config::default(), Some(Box::new(tape.clone())));
    let customer = scene.enter(Role::Customer, "");
    let agent = scene.enter(Role::Agent, "Ada");
    let data = "{\"candidate\": \"192.0.2.1\"}".to_owned();
    scene.control(&agent, Control::Screen { step: 0, data: String::new() }).unwrap();
    for step in [2, 3] {
        scene.control(&agent, Control::Screen { step, data: data.clone() }).unwrap();
    }
    for step in [3, 6, 7] {
        scene.control(&customer, Control::ScreenSignal { user: agent.user, step, data: data.clone() }).unwrap();
    }
    let piece = Control::Document { document: 1, size: 9, at: 0, name: "a.png".to_owned(), bytes: vec![0; 9] };
    scene.control(&agent, piece).unwrap();
    for state in [0, 1] {
        let state = Control::DocumentState { user: agent.user, document: 1, state, value: 9 };
        scene.control(&customer, state).unwrap();
    }
    let taken = tape.taken.lock().unwrap().clone();
    assert_eq!(taken, ["Joined 1", "Joined 2", "Screen of 2", "ScreenSignal", "DocumentState"]);
}
