//! The browser shell's half in wasm, in a real browser: numbers and strings in, frames out.

#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]
#![allow(clippy::cast_possible_truncation, reason = "32-bit addresses")]

use capture::{facts::tag, web::Engine};
use protocol::{
    Limits, Mode,
    control::{Control, EndReason, Refusal},
    decoder::Decoder,
    names::Namespace,
    tree::{NONE, ROOT},
};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Fills the engine's rooms as `handOver` in `js/recorder.js` does.
fn hand_over(engine: &mut Engine, words: &[u32], text: &str) -> Result<(), wasm_bindgen::JsError> {
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::JsCast::unchecked_into(wasm_bindgen::memory());
    let at = engine.words(words.len()) as u32;
    let view = js_sys::Uint32Array::new_with_byte_offset_and_length(&memory.buffer(), at, words.len() as u32);
    view.copy_from(words);
    let at = engine.text(text.len()) as u32;
    let view = js_sys::Uint8Array::new_with_byte_offset_and_length(&memory.buffer(), at, text.len() as u32);
    view.copy_from(text.as_bytes());
    engine.read(words.len(), text.len(), text.encode_utf16().count())
}

fn page() -> Engine {
    let mut engine = Engine::new(1, 2);
    let words = [
        [tag::NAME, Namespace::Html as u32, 1].as_slice(),
        &[tag::RUN, ROOT, NONE, tag::ELEMENT, 0, 0, 0, tag::TEXT, 2, tag::UP, tag::END],
    ]
    .concat();
    hand_over(&mut engine, &words, "pHi").unwrap_or_else(|_| panic!("a page"));
    engine
}

#[wasm_bindgen_test]
fn a_page_becomes_a_keyframe_and_a_change_a_delta() {
    let mut engine = page();
    let keyframe = engine.keyframe(0, true).unwrap_or_else(|_| panic!("a keyframe")).to_vec();
    assert_eq!(engine.fresh().to_vec(), [1, 2]);
    engine.settle();
    hand_over(&mut engine, &[tag::DATA, 2, 3], "H\u{e9}!").unwrap_or_else(|_| panic!("a change"));
    let delta = engine.delta(16).unwrap_or_else(|_| panic!("a delta")).unwrap().to_vec();
    assert!(engine.delta(17).unwrap_or_else(|_| panic!("nothing")).is_none());
    let mut decoder = Decoder::new(Limits::DEFAULT);
    decoder.push(&keyframe).unwrap();
    decoder.push(&delta).unwrap();
    assert_eq!(decoder.tree().data_str(2), "H\u{e9}!");
    assert_eq!(format!("{:016x}", decoder.tree().hash()), engine.hash());
    assert_eq!(engine.seq(), 2);
}

#[wasm_bindgen_test]
fn a_malformed_batch_is_an_error_and_no_panic() {
    let mut engine = page();
    for words in [&[99][..], &[tag::TEXT], &[tag::ELEMENT, 7, 0, 0], &[tag::UP], &[tag::RUN]] {
        assert!(hand_over(&mut engine, words, "").is_err(), "{words:?}");
    }
}

#[wasm_bindgen_test]
fn what_the_customer_says_is_read_as_it_was_meant() {
    let mut engine = page();
    let frames = [
        engine.say(16, &[2], 1_500),
        engine.say(18, &[], 0),
        engine.say(19, &[], 0),
        engine.say(34, &[1], 0),
        engine.say(17, &[300, 5, 5], 0),
        engine.say(20, &[2, 70_000], 0),
    ];
    let said = frames.map(|frame| frame.unwrap_or_else(|_| panic!("a frame")).to_vec());
    let read = said.map(|frame| Control::read(&frame, &Limits::DEFAULT).unwrap());
    let meant = [
        Control::ModeChanged { mode: Mode::View },
        Control::Paused {},
        Control::Resumed {},
        Control::Ended { reason: EndReason::Customer },
        Control::Refused { user: 300, command: 5, reason: Refusal::Busy },
        Control::Controller { user: 2, asking: 70_000 },
    ];
    assert_eq!(read, meant);
}

#[wasm_bindgen_test]
fn the_mode_gate_says_whose_command_it_is_and_why_it_is_refused() {
    let mut engine = page();
    let click = Control::Click { node: 1, x: 3, y: 4 }.to_frame(1, 0).unwrap();
    let said = Control::From { user: 2, frame: click.clone() }.to_frame(1, 0).unwrap();
    let mut judge = |mode: &str, controller| {
        let answer = engine.control(&said, mode, false, controller).unwrap_or_else(|_| panic!("a message"));
        let numbers: Vec<f64> = answer.iter().skip(1).filter_map(|field| field.as_f64()).collect();
        (answer.get(0).as_string().unwrap(), numbers)
    };
    assert_eq!(judge("shared", 2), ("Click".to_owned(), vec![2.0, 1.0, 3.0, 4.0]));
    assert_eq!(judge("follow", 2), ("Refused".to_owned(), vec![2.0, 4.0, 1.0]));
    assert_eq!(judge("shared", 3), ("Refused".to_owned(), vec![2.0, 4.0, 8.0]));
    assert!(engine.control(&[1, 2, 3], "shared", false, 2).is_err());
    assert!(engine.control(&click, "other", false, 2).is_err());
    assert_eq!(Engine::verdicts().len() % 17, 0);
}
