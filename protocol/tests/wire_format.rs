//! `docs/wire-format.md` shows worked bytes; this test makes the same and compares. The document is where the exact
//! bytes are pinned: a change of the format shows here first.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use flate2::{Decompress, FlushDecompress};
use protocol::{
    Limits, Mode,
    control::{Control, EndReason, Refusal},
    decoder::Decoder,
    encoder::{Encoder, SYNC_TAIL},
    frame,
    hash::Key,
    names::{Namespace, STATIC},
    tree::{Kind, NONE, ROOT},
    varint,
};

const DOCUMENT: &str = include_str!("../../docs/wire-format.md");

/// The bytes of the block that begins with "```hex NAME".
fn shown(name: &str) -> Vec<u8> {
    let start = format!("```hex {name}\n");
    let at = DOCUMENT.find(&start).unwrap_or_else(|| panic!("docs/wire-format.md shows no block {name:?}"));
    let block = &DOCUMENT[at + start.len()..];
    let block = &block[..block.find("```").unwrap()];
    let mut bytes = Vec::new();
    for line in block.lines() {
        let hex = line.split("  ").next().unwrap();
        bytes.extend(hex.split_ascii_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()));
    }
    bytes
}

fn check(name: &str, made: &[u8]) {
    let hex = made.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    assert_eq!(made, shown(name), "{name} is: {hex}");
}

fn inflated(bytes: &[u8]) -> Vec<u8> {
    let frame = frame::read(bytes, &Limits::DEFAULT).unwrap();
    if frame.header.raw_len == 0 {
        return frame.body.to_vec();
    }
    let mut out = Vec::with_capacity(frame.header.raw_len as usize);
    let (body, apart) = frame.body.split_at(frame.body.len() - frame.header.apart as usize);
    let body = [body, &SYNC_TAIL].concat();
    Decompress::new(false).decompress_vec(&body, &mut out, FlushDecompress::Sync).unwrap();
    out.extend_from_slice(apart);
    out
}

#[test]
fn numbers() {
    for value in [0, 127, 128, 300, 16_384, u32::MAX] {
        let mut out = Vec::new();
        varint::write(&mut out, value);
        check(&format!("varint {value}"), &out);
    }
}

#[test]
fn messages() {
    check("control mode", &Control::ModeChanged { mode: Mode::View }.to_frame(1, 0).unwrap());
    check("control scroll", &Control::Scroll { node: 300, x: 0.0, y: 120.0 }.to_frame(2, 1_000).unwrap());
    check(
        "control refused",
        &Control::Refused { user: 2, command: 5, reason: Refusal::Element }.to_frame(3, 1_000).unwrap(),
    );
    check("control visible", &Control::Visible { state: 1 }.to_frame(4, 1_000).unwrap());
    let piece =
        Control::Document { document: 7, size: 300, at: 0, name: "a.gif".to_owned(), bytes: b"GIF89a".to_vec() };
    check("control document", &piece.to_frame(6, 0).unwrap());
    let state = Control::DocumentState { user: 2, document: 7, state: 0, value: 6 };
    check("control document state", &state.to_frame(7, 0).unwrap());
    check("control screen", &Control::Screen { step: 0, data: String::new() }.to_frame(8, 0).unwrap());
    let signal = Control::ScreenSignal { user: 2, step: 7, data: "{\"id\":1}".to_owned() };
    check("control screen signal", &signal.to_frame(9, 0).unwrap());
    check("control absent", &Control::Absent { reason: 2, seconds: 300 }.to_frame(5, 1_000).unwrap());
}

#[test]
fn reasons() {
    for reason in EndReason::ALL {
        let row = format!("| {} | {reason:?} |", reason as u8);
        assert!(DOCUMENT.contains(&row), "docs/wire-format.md has no row {row:?}");
    }
}

#[test]
fn a_page_and_its_changes() {
    let mut encoder = Encoder::new(Key(1), &Limits::DEFAULT);
    let names = &mut encoder.mirror_mut().names;
    let p = names.intern(Namespace::Html, "p");
    let class = names.intern(Namespace::None, "class");
    let own = names.intern(Namespace::None, "data-own");
    encoder.begin();
    encoder.run(ROOT, NONE);
    let element = encoder.element(p).unwrap();
    encoder.attr(element, class, b"a").unwrap();
    encoder.attr(element, own, b"1").unwrap();
    encoder.leaf(Kind::Text, b"Hi").unwrap();
    encoder.up();
    encoder.end_run();
    let keyframe = encoder.keyframe(0).unwrap().to_vec();
    check("keyframe body", &inflated(&keyframe));
    encoder.begin();
    encoder.set_data(2, "Hi \u{1f44b}".as_bytes()).unwrap();
    let text = encoder.delta(16).unwrap().unwrap().to_vec();
    check("delta text", &text);
    encoder.begin();
    encoder.set_attr(element, own, b"12").unwrap();
    let counted = encoder.delta(33).unwrap().unwrap().to_vec();
    check("delta count", &counted);
    encoder.begin();
    encoder.gone(2);
    let removed = encoder.delta(50).unwrap().unwrap().to_vec();
    check("delta remove", &removed);
    let mut decoder = Decoder::new(Limits::DEFAULT);
    for frame in [keyframe, text, counted, removed] {
        decoder.push(&frame).unwrap();
    }
    assert_eq!(decoder.tree().difference(encoder.mirror()), None);
}

#[test]
fn the_table_of_static_names_is_the_documents() {
    let shown: Vec<&str> = DOCUMENT
        .lines()
        .filter_map(|line| line.strip_prefix("| static "))
        .map(|line| line.split('|').nth(2).unwrap().trim())
        .collect();
    let namespaces = [
        Namespace::Html,
        Namespace::Svg,
        Namespace::MathMl,
        Namespace::None,
        Namespace::XLink,
        Namespace::Xml,
        Namespace::Xmlns,
        Namespace::Prop,
    ];
    let counted: Vec<String> = namespaces
        .iter()
        .map(|namespace| {
            let first = STATIC.iter().position(|(other, _)| other == namespace).unwrap();
            let count = STATIC.iter().filter(|(other, _)| other == namespace).count();
            format!("{}–{}", first + 1, first + count)
        })
        .collect();
    assert_eq!(shown, counted);
}
