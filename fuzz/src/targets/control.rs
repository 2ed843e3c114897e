//! Messages beside the page's stream, in both directions, as any side could send them.

use crate::{Target, input::Input, memory, seeds};
use capture::control::{Standing, check, row};
use protocol::{
    Limits, Mode,
    control::{Control, SHAPES},
    fields,
    frame::{self, Kind},
    hash::Key,
    repair,
    tree::Tree,
};
use replay::recording;

/// See [`run`].
pub const TARGET: Target = Target {
    name: "control",
    about: "both readers of messages agree, what was read is written the same, and the mode gate lets nothing through in follow mode",
    most_bytes: 4 << 10,
    run,
    seeds,
    words: &[],
};

/// The largest message takes this much, its numbers as floats of eight bytes each and their list growing included.
const MOST_BYTES: usize = 4 << 20;

/// Reads a body as a message.
///
/// # Panics
/// Where the readers do not agree, a message is not written as it was read, or a command passes that may not.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let (seq, raw) = (input.word(), input.one_in(16));
    let body = input.rest();
    let bytes = if raw {
        body.to_vec()
    } else {
        let mut bytes = Vec::new();
        frame::write(&mut bytes, Kind::Control, seq, 5, 0, body).unwrap();
        bytes
    };
    let (read, fields) = memory::within(MOST_BYTES, || {
        let read = Control::read(&bytes, &Limits::DEFAULT);
        (read, fields::read(&bytes, &Limits::DEFAULT))
    });
    memory::within(MOST_BYTES, || recording::belongs(&bytes));
    for error in [read.as_ref().err(), fields.as_ref().err()].into_iter().flatten() {
        assert!(error.offset <= bytes.len(), "{error}, of {} bytes", bytes.len());
        assert!(raw || error.frame == seq, "{error}");
    }
    if let Ok(message) = &fields {
        // Who hands messages on gives and takes them by their fields.
        let mut written = Vec::new();
        fields::write(&mut written, message.shape.tag, &message.values).expect("what was read can be written");
        let mut again = Vec::new();
        frame::write(&mut again, Kind::Control, seq, 5, 0, &written).unwrap();
        let again = fields::read(&again, &Limits::DEFAULT).expect("what was written can be read");
        assert_eq!(format!("{again:?}"), format!("{message:?}"));
        follows(message);
    }
    let Ok(message) = read else { return };
    let again = message.to_frame(seq, 5).unwrap();
    let same = Control::read(&again, &Limits::DEFAULT).expect("what was written can be read");
    // Floats that are no numbers are not equal to themselves.
    assert_eq!(format!("{same:?}"), format!("{message:?}"));
    assert_eq!(same.tag(), message.tag());
    let shape = SHAPES.iter().find(|shape| shape.tag == message.tag()).expect("every message is in the table");
    assert_eq!(shape.name, message.name());
    let by_fields = fields::read(&again, &Limits::DEFAULT).expect("both readers take what is written");
    assert_eq!(by_fields.shape.tag, message.tag());
    if let Control::RepairRequest { sums } = &message {
        // Only whole ones are told.
        assert_eq!(repair::write(&repair::read(sums)), sums[..sums.len() / 12 * 12]);
    }
}

/// Nothing that needs a mode passes in follow mode, nor while paused, nor from who has no control.
fn follows(message: &fields::Message<'_>) {
    let mirror = Tree::new(Key(1), &Limits::DEFAULT);
    let standing = Standing { mode: Mode::Follow, paused: false, user: 2, controller: 2 };
    let Some(row) = row(message.shape.tag) else { return };
    if row.least > Mode::Follow {
        assert!(check(standing, message, &mirror).is_err(), "{} passes in follow mode", message.shape.name);
    }
    let shared = Standing { mode: Mode::Shared, ..standing };
    assert!(check(Standing { paused: true, ..shared }, message, &mirror).is_err(), "{}", message.shape.name);
    assert!(check(Standing { controller: 3, ..shared }, message, &mirror).is_err(), "{}", message.shape.name);
    // The document alone is no element.
    if row.has_node && check(shared, message, &mirror).is_ok() {
        assert_eq!((message.shape.name, message.first()), ("Scroll", 0));
    }
}

/// Messages of recordings, and one of each shape with nothing in it.
fn seeds() -> Vec<Vec<u8>> {
    let head = [1, 0, 0, 0, 0];
    let empty = SHAPES.iter().map(|shape| {
        let mut seed = [&head[..], &[shape.tag]].concat();
        let zeros = |kind: &fields::FieldKind| if *kind == fields::FieldKind::Float { 8 } else { 1 };
        seed.resize(seed.len() + shape.fields.iter().map(zeros).sum::<usize>(), 1);
        seed
    });
    let recorded = seeds::files("fixtures/recordings", "cbr");
    let said = recorded.iter().flat_map(|recording| seeds::messages(recording));
    empty.chain(said.map(|message| [&head[..], &seeds::body(&message)].concat())).collect()
}
