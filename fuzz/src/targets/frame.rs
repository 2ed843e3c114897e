//! Frames as a hostile recorder or relay would send them, into a player.

use crate::{Target, input::Input, memory, seeds};
use protocol::{
    Error, ErrorKind, Limits,
    decoder::{Decoder, Outcome},
    frame::{self, Kind},
    tree::Tree,
};
use replay::Player;

/// See [`run`].
pub const TARGET: Target = Target {
    name: "frame",
    about: "a frame is refused with its place and changes nothing, or the tree is sound and comes back from a checkpoint",
    most_bytes: 16 << 10,
    run,
    seeds,
    words: &["div", "span", "class", "style", "\u{10}", "\u{19}"],
};

/// What is accepted here: small enough for many runs, and to see that it is kept.
const LIMITS: Limits =
    Limits { frame_bytes: 1 << 20, body_bytes: 1 << 22, nodes: 20_000, names: 2_000, text_bytes: 1 << 22 };

/// What one frame may take within these limits: its body inflated, a tree, and room to grow.
const MOST_BYTES: usize = 32 << 20;

/// More frames than this are not taken from one input.
const MOST_FRAMES: u32 = 40;

/// The next frame of the input: bytes as they are, or with a header that fits.
fn frame(input: &mut Input<'_>, seq: u32) -> Vec<u8> {
    let head = input.byte();
    if head & 0x80 != 0 {
        return input.bytes().to_vec();
    }
    let kind = [Kind::Repair, Kind::Keyframe, Kind::Delta, Kind::Control][usize::from(head & 3)];
    let raw_len = if head & 4 != 0 { u32::from(input.short()) << (head >> 4 & 7) } else { 0 };
    let apart = if head & 8 != 0 { usize::from(input.short()) } else { 0 };
    let body = input.bytes();
    let parts = body.split_at(body.len() - apart.min(body.len()));
    let mut out = Vec::new();
    frame::write_parts(&mut out, kind, seq.wrapping_add(1), 7, raw_len, parts.into()).unwrap();
    out
}

/// Pushes frames into a player.
///
/// # Panics
/// Where a header is not written as it was read, an error does not say where, a frame that is refused has changed something, what
/// is kept up to date is wrong, a limit is exceeded, or another decoder does not get to the same tree.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let mut player = Player::new(LIMITS);
    for _ in 0..MOST_FRAMES {
        if input.is_empty() {
            break;
        }
        let bytes = frame(&mut input, player.decoder().seq());
        let before = player.tree().clone();
        match memory::within(MOST_BYTES, || player.push(&bytes)) {
            Ok(outcome) => {
                same_bytes(&bytes);
                sound(player.tree());
                if outcome == Outcome::InStep {
                    assert_eq!(player.tree().difference(&before), None, "a frame that found all in step");
                }
                assert!(!player.decoder().needs_keyframe());
                again(player.decoder());
            }
            Err(error) => {
                placed(&error, &bytes);
                assert_eq!(player.tree().difference(&before), None, "{error}");
                assert_eq!(player.tree().hash(), before.hash(), "{error}");
            }
        }
        assert_eq!(player.tree().hash(), player.tree().recomputed_hash());
    }
    memory::within(MOST_BYTES, || player.rebuild());
    assert!(std::str::from_utf8(player.commands().text()).is_ok());
}

/// A frame that was taken is written in one way only.
fn same_bytes(bytes: &[u8]) {
    let read = frame::read(bytes, &LIMITS).unwrap();
    let header = read.header;
    let parts = read.body.split_at(read.body.len() - header.apart as usize);
    let mut out = Vec::new();
    frame::write_parts(&mut out, header.kind, header.seq, header.time, header.raw_len, parts.into()).unwrap();
    assert_eq!(out, bytes, "a frame is written as it was read");
}

/// An error names the frame and a place in it.
pub fn placed(error: &Error, bytes: &[u8]) {
    // What was not inflated has no length to be told, but what it claims.
    let header = frame::peek(bytes, &LIMITS);
    let inflated = header.as_ref().map_or(0, |frame| frame.header_len + frame.header.raw_len as usize);
    assert!(error.offset <= bytes.len().max(inflated), "{error}, of {} bytes", bytes.len());
    if let Ok(frame) = header
        && error.kind != ErrorKind::Length
    {
        assert_eq!(error.frame, frame.header.seq, "{error}");
    }
    assert!(!error.expected.is_empty() && !error.found.is_empty(), "{error}");
}

/// What is kept up to date is what it is when it is computed afresh, within the limits.
pub fn sound(tree: &Tree) {
    assert_eq!(tree.hash(), tree.recomputed_hash(), "the hash is that of the tree");
    assert!(tree.count() <= LIMITS.nodes && tree.capacity() <= LIMITS.nodes as usize, "{} nodes", tree.count());
    assert!(tree.text_bytes() <= LIMITS.text_bytes, "{} bytes of text", tree.text_bytes());
    assert!(tree.names.len() <= LIMITS.names, "{} names", tree.names.len());
}

/// Another decoder that goes on from this one's state has the same tree.
pub fn again(decoder: &Decoder) {
    let mut state = Vec::new();
    decoder.checkpoint(None, &mut state).unwrap();
    let mut other = Decoder::new(*decoder.limits());
    other.restore(&state, false).unwrap();
    assert_eq!(other.tree().difference(decoder.tree()), None, "from a checkpoint");
    let numbers = |decoder: &Decoder| (decoder.tree().hash(), decoder.seq(), decoder.time());
    assert_eq!(numbers(&other), numbers(decoder), "from a checkpoint");
    let mut same = Vec::new();
    other.checkpoint(None, &mut same).unwrap();
    let mut third = Decoder::new(*decoder.limits());
    third.restore(&same, false).unwrap();
    assert_eq!(third.tree().difference(decoder.tree()), None, "from a checkpoint of a checkpoint");
}

/// Frames of recordings, each as a body that is inflated.
fn seeds() -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    for recording in seeds::files("fixtures/recordings", "cbr") {
        let mut seed = Vec::new();
        for (kind, body) in seeds::frames(&recording, 12) {
            if let Ok(len) = u16::try_from(body.len()) {
                seed.push(kind as u8);
                seed.extend_from_slice(&len.to_le_bytes());
                seed.extend_from_slice(&body);
            }
        }
        if seed.len() <= TARGET.most_bytes {
            all.push(seed);
        }
    }
    all
}
