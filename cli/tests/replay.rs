//! `cobrowse replay` as a process, on the recording of the demo shop.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::process::{Command, Output};

const SHOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/recordings/shop.cbr");

fn replay(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cobrowse")).arg("replay").args(arguments).output().unwrap()
}

fn html(arguments: &[&str]) -> String {
    let output = replay(&[&[SHOP, "--html"], arguments].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_shop_is_rebuilt_at_three_moments() {
    let cards = |html: &str| html.matches("data-product=").count();
    let (first, searched, last) = (html(&["--at", "0s"]), html(&["--at", "1.5s"]), html(&[]));
    for page in [&first, &searched, &last] {
        assert!(page.starts_with("<!DOCTYPE html><html"), "{}", &page[..60]);
        assert!(page.contains("Your account") && !page.contains("4471-2093-5518"), "the customer number is masked");
        assert!(!page.contains("<script src") && !page.contains("onclick"), "nothing that runs");
    }
    assert!(cards(&first) > cards(&searched), "searching leaves fewer: {} {}", cards(&first), cards(&searched));
    assert_eq!(cards(&first), cards(&last));
}

#[test]
fn a_file_that_is_no_recording_names_the_place() {
    let output = replay(&[concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("Cargo.toml: byte 0: expected a recording"), "{error}");
    assert_eq!(replay(&[SHOP, "--at", "soon"]).status.code(), Some(2));
}
