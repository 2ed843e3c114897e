//! `cobrowse inspect` and `cobrowse verify` as processes, on the recording of the demo shop and on damaged copies of it.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

const SHOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/recordings/shop.cbr");

fn cobrowse(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cobrowse")).args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn scratch(name: &str, bytes: &[u8]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(name);
    fs::write(&file, bytes).unwrap();
    file
}

#[test]
fn a_recording_is_told_in_words_and_in_json() {
    let output = cobrowse(&["inspect", SHOP, "--frames"]);
    assert!(output.status.success());
    let words = text(&output);
    for part in ["/demo/shop/index.html", "1 keyframe, 51 deltas", "set attribute", "█"] {
        assert!(words.contains(part), "{part} is not in\n{words}");
    }
    let output = cobrowse(&["inspect", SHOP, "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["frames"].as_array().unwrap().len(), 52);
    assert_eq!((json["keyframes"].as_u64(), json["problem"].is_null()), (Some(1), true));
    assert_eq!(json["bytes"].as_u64(), Some(fs::metadata(SHOP).unwrap().len()));
}

#[test]
fn damage_is_named_with_its_place_and_an_exit_code() {
    assert!(cobrowse(&["verify", SHOP]).status.success());
    let mut bytes = fs::read(SHOP).unwrap();
    let at = bytes.len() - 100;
    bytes[at] ^= 4;
    let flipped = scratch("flipped.cbr", &bytes);
    let flipped = flipped.to_str().unwrap();
    let output = cobrowse(&["verify", SHOP, flipped]);
    assert_eq!(output.status.code(), Some(1));
    let lines = text(&output);
    let line = lines.lines().nth(1).unwrap();
    assert!(line.contains("flipped.cbr: byte ") && line.contains("are sound"), "{line}");
    let output = cobrowse(&["inspect", flipped, "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(json["problem"]["offset"].as_u64().unwrap() > 10_000, "{}", json["problem"]);
    assert!(!json["frames"].as_array().unwrap().is_empty(), "what is before the damage is told");
    for cut in [0, 5, 9, 30, 5_000] {
        let short = scratch(&format!("cut-{cut}.cbr"), &fs::read(SHOP).unwrap()[..cut]);
        assert_eq!(cobrowse(&["verify", short.to_str().unwrap()]).status.code(), Some(1), "{cut}");
    }
    assert_eq!(cobrowse(&["verify"]).status.code(), Some(2));
}
