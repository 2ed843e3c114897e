//! Input to begin with, from the repository's own fixtures. The same fixtures give the same seeds.

use protocol::frame::{self, Kind};
use replay::recording::{File, LIMITS};
use std::{fmt::Write as _, fs, io::Cursor, path::PathBuf};

/// A folder of the repository.
#[must_use]
pub fn folder(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The files of a folder with this ending, by their names.
#[must_use]
pub fn files(path: &str, ending: &str) -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder(path)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == ending));
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// The frames of a recording in the order in which they are played: kind, and body as it was inflated.
#[must_use]
pub fn frames(recording: &[u8], most: usize) -> Vec<(Kind, Vec<u8>)> {
    let mut file = File::open(Cursor::new(recording)).unwrap();
    let mut frames = Vec::new();
    while frames.len() < most && file.step().unwrap() {
        let kind = file.reader().entry().map_or(Kind::Keyframe, |entry| entry.kind);
        frames.push((kind, file.player().decoder().body().to_vec()));
    }
    frames
}

/// The messages in a recording, as frames.
#[must_use]
pub fn messages(recording: &[u8]) -> Vec<Vec<u8>> {
    let mut file = File::open(Cursor::new(recording)).unwrap();
    let mut messages = Vec::new();
    while file.step().unwrap() {
        messages.extend(file.reader().said().iter().map(|said| said.frame.clone()));
    }
    messages
}

/// The body of a frame as sent, and nothing else of it.
#[must_use]
pub fn body(bytes: &[u8]) -> Vec<u8> {
    frame::read(bytes, &LIMITS).unwrap().body.to_vec()
}

/// Words in the form in which libFuzzer reads them.
#[must_use]
pub fn dictionary(words: &[&str]) -> String {
    let mut out = String::new();
    for word in words {
        out.push('"');
        for byte in word.bytes() {
            match byte {
                b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
                b' '..=b'~' => out.push(char::from(byte)),
                _ => _ = write!(out, "\\x{byte:02x}"),
            }
        }
        out.push_str("\"\n");
    }
    out
}
