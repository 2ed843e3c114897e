//! The browser shell's half in wasm, in a real browser: frames in, commands out.

#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use js_sys::Array;
use js_sys::{Uint8Array, Uint32Array};
use protocol::{
    Limits, Mode,
    control::Control,
    encoder::Encoder,
    hash::Key,
    names::Namespace,
    tree::{Kind, NONE, ROOT},
};
use replay::{commands::tag, web::Engine};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn frames() -> [Vec<u8>; 2] {
    let mut encoder = Encoder::new(Key(5), &Limits::DEFAULT);
    let p = encoder.mirror_mut().names.intern(Namespace::Html, "p");
    encoder.begin();
    encoder.run(ROOT, NONE);
    encoder.element(p).unwrap();
    encoder.leaf(Kind::Text, b"Hi").unwrap();
    encoder.up();
    encoder.end_run();
    let keyframe = encoder.keyframe(0).unwrap().to_vec();
    encoder.begin();
    encoder.set_data(2, "\u{1f44b}".as_bytes()).unwrap();
    [keyframe, encoder.delta(1).unwrap().unwrap().to_vec()]
}

fn commands(engine: &Engine) -> (Vec<u32>, String) {
    let commands = engine.commands();
    let text = Uint8Array::new(&commands.get(3)).to_vec();
    (Uint32Array::new(&commands.get(2)).to_vec(), String::from_utf8(text).unwrap())
}

#[wasm_bindgen_test]
fn frames_become_commands() {
    let mut engine = Engine::new();
    let [keyframe, delta] = frames();
    assert_eq!(engine.push(&keyframe).unwrap_or_else(|_| panic!("a keyframe")), "rebuilt");
    engine.rebuild();
    let (words, text) = commands(&engine);
    assert_eq!(words[..3], [tag::PLACE, ROOT, NONE]);
    assert_eq!(text, "Hi");
    assert_eq!(engine.push(&delta).unwrap_or_else(|_| panic!("a delta")), "changed");
    assert_eq!(commands(&engine), (vec![tag::DATA, 2, 2], "\u{1f44b}".to_owned()));
    assert_eq!(engine.seq(), 2);
}

#[wasm_bindgen_test]
fn a_bad_frame_is_an_error_and_no_panic() {
    let mut engine = Engine::new();
    let [keyframe, delta] = frames();
    assert!(engine.push(&delta).is_err(), "a delta before any keyframe");
    for len in 0..keyframe.len() {
        assert!(engine.push(&keyframe[..len]).is_err());
    }
    let mut flipped = keyframe.clone();
    flipped[20] ^= 4;
    assert!(engine.push(&flipped).is_err());
    assert!(engine.push(b"<!DOCTYPE html>").is_err());
    assert_eq!(engine.push(&keyframe).unwrap_or_else(|_| panic!("a keyframe")), "rebuilt");
}

#[wasm_bindgen_test]
fn messages_are_read_and_written() {
    let mut engine = Engine::new();
    let mode = Control::ModeChanged { mode: Mode::View }.to_frame(1, 0).unwrap();
    let read = engine.control(&mode).unwrap_or_else(|_| panic!("a message"));
    assert_eq!(
        (read.get(0).as_string().as_deref(), read.get(1).as_f64()),
        (Some("ModeChanged"), Some(f64::from(Mode::View.tag())))
    );
    let fields = Array::of3(&7.into(), &0.into(), &12.5.into());
    let frame = engine.say(3, &fields).unwrap_or_else(|_| panic!("a message")).to_vec();
    assert_eq!(Control::read(&frame, &Limits::DEFAULT), Ok(Control::Scroll { node: 7, x: 0.0, y: 12.5 }));
    let fields = Array::of2(&7.into(), &"typed".into());
    let frame = engine.say(5, &fields).unwrap_or_else(|_| panic!("a message")).to_vec();
    assert_eq!(Control::read(&frame, &Limits::DEFAULT), Ok(Control::Input { node: 7, value: "typed".to_owned() }));
    let points = Array::of4(&1.into(), &2.into(), &(-3).into(), &4.into());
    let frame = engine.say(65, &Array::of2(&2.into(), &points)).unwrap_or_else(|_| panic!("a message")).to_vec();
    assert_eq!(Control::read(&frame, &Limits::DEFAULT), Ok(Control::Draw { shape: 2, points: vec![(1, 2), (-3, 4)] }));
    assert!(engine.say(5, &Array::of1(&7.into())).is_err());
    assert!(engine.say(5, &Array::of2(&7.into(), &"x".repeat(70_000).into())).is_err());
}
