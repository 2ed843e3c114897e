//! `docs/recording-format.md` shows worked bytes; this test makes the same and compares. The document is where the exact bytes are
//! pinned: a change of the format shows here first.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use protocol::{
    Limits,
    decoder::Decoder,
    encoder::Encoder,
    frame::{self, Kind as FrameKind},
    hash::Key,
    tree::{Kind, NONE, ROOT},
};
use replay::recording::{
    About, File, Frames, LiveWriter, Settings, Writer,
    block::{self, Block, HEAD_LEN, Head},
};
use std::io::Cursor;

const DOCUMENT: &str = include_str!("../../docs/recording-format.md");

/// The bytes of the block that begins with "```hex NAME".
fn shown(name: &str) -> Vec<u8> {
    let start = format!("```hex {name}\n");
    let at = DOCUMENT.find(&start).unwrap_or_else(|| panic!("docs/recording-format.md shows no block {name:?}"));
    let shown = &DOCUMENT[at + start.len()..];
    let shown = &shown[..shown.find("```").unwrap()];
    let hex = shown.lines().flat_map(|line| line.split("  ").next().unwrap().split_ascii_whitespace());
    hex.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

fn check(name: &str, made: &[u8]) {
    let hex = made.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    assert_eq!(made, shown(name), "{name} is: {hex}");
}

fn about() -> About {
    About {
        created: Some(1_700_000_000_000),
        url: Some("a://b/c".to_owned()),
        viewport: Some("800x600".to_owned()),
        ..About::default()
    }
}

/// The two frames of the examples.
fn frames() -> [Vec<u8>; 2] {
    [(FrameKind::Keyframe, 1, 0, &[0xaa, 0xbb, 0xcc][..]), (FrameKind::Delta, 2, 16, &[1, 2, 3, 4])].map(
        |(kind, seq, time, body)| {
            let mut out = Vec::new();
            frame::write(&mut out, kind, seq, time, 0, body).unwrap();
            out
        },
    )
}

#[test]
fn a_file_begins_with_what_is_known_of_it() {
    let begun = LiveWriter::new(&about()).take();
    assert_eq!(&begun[..9], b"cobrowse\x02");
    check("about", &begun[9..]);
    assert_eq!(About::read(&Block::read(&begun[9..], 9).unwrap().body, 0).unwrap(), about());
}

#[test]
fn frames_as_they_came() {
    let mut writer = LiveWriter::new(&about());
    let begun = writer.take().len() as u64;
    for (index, frame) in frames().iter().enumerate() {
        writer.push(frame, 16 * u32::try_from(index).unwrap()).unwrap();
    }
    writer.flush();
    let written = Block::read(&writer.take(), begun).unwrap();
    assert!(written.head.seekable && !written.head.deflated);
    check("verbatim", &written.body);
    let read = Frames::verbatim(&written.body, 0, 0).unwrap();
    assert_eq!(read.get(1).unwrap().1, frames()[1]);
}

#[test]
fn frames_packed() {
    let bytes = shown("packed");
    let (body, apart) = bytes.split_at(bytes.len() - 4);
    let read = Frames::unpack(body, apart, 0, 0).unwrap();
    assert_eq!([0, 1].map(|index| read.get(index).unwrap().1.to_vec()), frames());
    assert_eq!((read.len(), read.get(1).unwrap().0.at), (2, 16));
}

#[test]
fn a_state() {
    let mut encoder = Encoder::new(Key(3), &Limits::DEFAULT);
    encoder.begin();
    encoder.run(ROOT, NONE);
    encoder.leaf(Kind::Comment, b"x").unwrap();
    encoder.end_run();
    let mut decoder = Decoder::new(Limits::DEFAULT);
    decoder.push(encoder.keyframe(5).unwrap()).unwrap();
    let mut state = Vec::new();
    decoder.checkpoint(None, &mut state).unwrap();
    check("checkpoint", &state);
    let mut other = Decoder::new(Limits::DEFAULT);
    other.restore(&shown("checkpoint"), false).unwrap();
    assert_eq!(other.tree().difference(decoder.tree()), None);
}

#[test]
fn an_index() {
    let payload = shown("index");
    let head = |kind, number, first, frames, seekable| Head {
        kind,
        seekable,
        deflated: false,
        number,
        stored: 0,
        inflated: 0,
        apart: 0,
        first,
        last: first,
        frames,
        checksum: 0,
    };
    let mut file = LiveWriter::new(&about()).take();
    block::write(
        &mut file,
        head(block::Kind::Packed, 1, 7, 1, true),
        0,
        &[1, 0, 1, 0, 13, 3, 0xaa, 0xbb, 0xcc, 0],
        &[],
    );
    assert_eq!(file.len(), 127);
    block::write(&mut file, head(block::Kind::Index, 2, 7, 0, false), 0, &payload, &[]);
    let opened = File::open(Cursor::new(file.clone())).unwrap();
    let map = opened.map();
    assert!(map.has_index && map.problem.is_none());
    assert_eq!((map.places.len(), map.begin(), map.frames()), (2, 7, 1));
    assert_eq!((map.activity.part, map.activity.changes.as_slice()), (100, &[3][..]));
    assert_eq!(map.about, about());
    // A writer makes the same of the same.
    let mut encoder = Encoder::new(Key(3), &Limits::DEFAULT);
    encoder.begin();
    let mut writer = Writer::new(&about(), Settings::default());
    writer.push(encoder.keyframe(7).unwrap(), None).unwrap();
    let made = writer.finish();
    let at = u64::from_le_bytes(made[made.len() - 16..made.len() - 8].try_into().unwrap());
    let index = Block::read(&made[usize::try_from(at).unwrap()..], at).unwrap();
    assert_eq!(index.body[..7], [&payload[..6], &[0x12]].concat());
    assert_eq!(index.body[index.body.len() - 8..], payload[payload.len() - 8..]);
    assert_eq!(HEAD_LEN, 40);
}
