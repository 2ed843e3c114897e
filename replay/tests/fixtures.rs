//! The recordings in `fixtures/recordings`: each shows the page whose HTML lies beside it at each moment, and is sound. `cargo xtask
//! recordings` makes them anew; a change of the format must not need that.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use replay::{html, inspection, recording::File};
use std::{collections::BTreeMap, fs, path::PathBuf};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/recordings")
}

/// The moments of each recording, in milliseconds, with their HTML: of `table@1200ms.html` that of `table.cbr` at 1,200.
fn expected() -> BTreeMap<String, Vec<(u32, String)>> {
    let mut all: BTreeMap<String, Vec<(u32, String)>> = BTreeMap::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        if let Some((name, at)) = file.strip_suffix("ms.html").and_then(|stem| stem.split_once('@')) {
            all.entry(name.to_owned()).or_default().push((at.parse().unwrap(), fs::read_to_string(&path).unwrap()));
        }
    }
    all
}

#[test]
fn every_recording_shows_what_it_showed_when_it_was_made() {
    let expected = expected();
    assert!(expected.len() >= 5, "{} recordings have moments", expected.len());
    for (name, moments) in expected {
        assert_eq!(moments.len(), 3, "{name}");
        let mut file = File::open(fs::File::open(folder().join(format!("{name}.cbr"))).unwrap()).unwrap();
        // In whatever order.
        for (at, html) in moments.iter().chain(moments.iter().rev()) {
            file.seek(*at).unwrap();
            let shown = html::export(file.player().tree());
            let first = shown.lines().zip(html.lines()).position(|(a, b)| a != b);
            assert!(shown == *html, "{name} at {at} ms differs from line {first:?} on");
        }
    }
}

#[test]
fn every_recording_is_sound() {
    let mut versions = Vec::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "cbr") {
            let found = inspection::inspect(fs::File::open(&path).unwrap(), |_, _| ()).unwrap();
            assert_eq!(found.problem, None, "{}", path.display());
            assert!(!found.frames.is_empty() && found.oddities.is_empty(), "{}", path.display());
            versions.push(found.version);
        }
    }
    assert!(versions.contains(&1) && versions.contains(&2), "both versions are there: {versions:?}");
}
