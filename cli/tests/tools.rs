//! `cobrowse compact`, `diff`, `export`, `completions` and `man` as processes, on the recording of the demo shop.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use protocol::{
    Limits,
    encoder::Encoder,
    hash::Key,
    names::Namespace,
    tree::{NONE, ROOT},
};
use replay::recording::{About, Settings, Writer};
use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

const SHOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/recordings/shop.cbr");

fn cobrowse(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cobrowse")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A file of this test's own.
fn scratch(name: &str) -> String {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("tools-{name}"));
    let _ = fs::remove_file(&file);
    file.to_str().unwrap().to_owned()
}

#[test]
fn a_recording_is_packed_and_shows_the_same() {
    let packed = scratch("packed.cbr");
    let output = cobrowse(&["compact", SHOP, "--out", &packed]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(fs::metadata(&packed).unwrap().len() < fs::metadata(SHOP).unwrap().len());
    assert!(cobrowse(&["verify", "--strict", &packed]).status.success());
    for at in ["0s", "1.5s", "9s"] {
        let page = |file: &str| text(&cobrowse(&["replay", file, "--at", at, "--html"]).stdout);
        assert_eq!(page(&packed), page(SHOP), "{at}");
    }
    assert_eq!(cobrowse(&["compact", SHOP, "--out", &packed]).status.code(), Some(2), "written over");
    // Of a damaged one what is sound, where that is asked for.
    let mut bytes = fs::read(&packed).unwrap();
    // Behind the page itself, before the index.
    let at = bytes.len() - 1_000;
    bytes[at] ^= 1;
    fs::write(&packed, &bytes).unwrap();
    let output = cobrowse(&["compact", &packed]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("it was left as it is"), "{}", text(&output.stderr));
    assert_eq!(fs::read(&packed).unwrap(), bytes);
    let output = cobrowse(&["compact", &packed, "--force"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("packed up to there"), "{}", text(&output.stderr));
    assert!(cobrowse(&["verify", "--strict", &packed]).status.success());
}

#[test]
fn two_moments_are_compared_as_diff_does() {
    let moment = |at: &str| format!("{SHOP}@{at}");
    let output = cobrowse(&["diff", &moment("0s"), &moment("1.5s"), "-U", "0"]);
    assert_eq!(output.status.code(), Some(1));
    let lines = text(&output.stdout);
    assert!(lines.starts_with(&format!("--- {SHOP}@0s\n+++ {SHOP}@1.5s\n@@ -")), "{lines:.200}");
    assert!(lines.lines().any(|line| line.starts_with('-') && line.contains("data-product")), "cards have gone");
    assert!(lines.contains("oval"), "what was searched for came");
    let output = cobrowse(&["diff", &moment("9s"), SHOP]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0));
    for unreadable in
        [format!("{SHOP}@soon"), "no/such/file.cbr".to_owned(), env!("CARGO_MANIFEST_DIR").to_owned() + "/Cargo.toml"]
    {
        let output = cobrowse(&["diff", &unreadable, SHOP]);
        assert_eq!(output.status.code(), Some(2), "{unreadable}");
        assert!(text(&output.stderr).starts_with("error: "), "{}", text(&output.stderr));
    }
}

#[test]
fn an_export_comes_back_by_an_import() {
    let (log, back) = (scratch("shop.json"), scratch("back.cbr"));
    let output = cobrowse(&["export", "--to", "rrweb", SHOP, "--out", &log]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let events: Vec<serde_json::Value> = serde_json::from_slice(&fs::read(&log).unwrap()).unwrap();
    let of = |kind: u64| events.iter().filter(|event| event["type"] == kind).count();
    assert_eq!((of(4), of(2)), (1, 1));
    assert!(events.windows(2).all(|two| two[0]["timestamp"].as_u64() <= two[1]["timestamp"].as_u64()));
    let output = cobrowse(&["import", "--from", "rrweb", &log, "--out", &back]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(!text(&output.stderr).contains("whose parent is not there"), "{}", text(&output.stderr));
    assert!(cobrowse(&["verify", "--strict", &back]).status.success());
    let cards = |file: &str, at: &str| {
        text(&cobrowse(&["replay", file, "--at", at, "--html"]).stdout).matches("data-product=").count()
    };
    for at in ["0.1s", "1.5s", "9s"] {
        assert_eq!(cards(&back, at), cards(SHOP, at), "{at}");
    }
}

/// A recording of a page that is so many levels deep.
fn deep(levels: u32) -> String {
    let mut encoder = Encoder::new(Key(1), &Limits::DEFAULT);
    let name = encoder.mirror_mut().names.intern(Namespace::Html, "b");
    encoder.begin();
    encoder.run(ROOT, NONE);
    (1..levels).for_each(|_| _ = encoder.element(name).unwrap());
    (1..levels).for_each(|_| encoder.up());
    encoder.end_run();
    let mut writer = Writer::new(&About::default(), Settings::default());
    writer.push(encoder.keyframe(0).unwrap(), Some(0)).unwrap();
    let file = scratch(&format!("deep-{levels}.cbr"));
    fs::write(&file, writer.finish()).unwrap();
    file
}

#[test]
fn an_export_is_so_deep_and_no_deeper() {
    let log = scratch("deep.json");
    let output = cobrowse(&["export", "--to", "rrweb", &deep(200_000), "--out", &log]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let output = cobrowse(&["export", "--to", "rrweb", &deep(200_001), "--out", &log, "--force"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("expected a page of at most 200000 levels"), "{}", text(&output.stderr));
}

#[test]
fn shells_and_readers_are_told() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let told = text(&cobrowse(&["completions", shell]).stdout);
        assert!(told.contains("verify") && told.contains("compact"), "{shell}");
    }
    let page = text(&cobrowse(&["man"]).stdout);
    assert!(page.contains(".TH cobrowse 1") && page.contains("Exit codes"), "{page:.400}");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("tools-man");
    assert!(cobrowse(&["man", folder.to_str().unwrap()]).status.success());
    let replay = fs::read_to_string(folder.join("cobrowse-replay.1")).unwrap();
    assert!(replay.contains("png"), "{replay:.400}");
}

#[test]
fn without_a_browser_a_picture_says_what_it_needs() {
    let out = scratch("none.png");
    let output = Command::new(env!("CARGO_BIN_EXE_cobrowse"))
        .args(["replay", SHOP, "--png", &out])
        .env("PATH", "/nonexistent")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("--png needs a browser"), "{}", text(&output.stderr));
    assert_eq!(cobrowse(&["replay", SHOP, "--browser", "x"]).status.code(), Some(2), "--browser is for --png");
}
