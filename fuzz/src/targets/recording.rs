//! Files that claim to be recordings: opened, played, sought in, packed, and cut off.

use crate::{Target, input::Input, memory, seeds};
use protocol::{frame, varint};
use replay::{
    html, inspection,
    recording::{About, Error, File, LIMITS, LiveWriter, Settings, Writer, block::HEAD_LEN},
};
use std::io::Cursor;
use xxhash_rust::xxh32::xxh32;

/// See [`run`].
pub const TARGET: Target = Target {
    name: "recording",
    about: "a file is refused with its place, or plays up to it; a moment is the same however it is reached; what is packed is sound",
    most_bytes: 64 << 10,
    run,
    seeds,
    words: &["cobrowse\u{1}", "cobrowse\u{2}", "cbrindex", "\u{1}\u{2}\u{3}"],
};

/// A page of four million nodes, which any small file may claim, and the copies that are made of it.
const MOST_BYTES: usize = 3 << 30;

/// Plays a file.
///
/// # Panics
/// Where an error names no place in the file, the page is not what it says, a moment depends on how it was reached, or what was
/// packed is not the same.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let (choice, moments, cut) = (input.byte(), [input.short(), input.short(), input.short()], input.short());
    let mut bytes = input.rest().to_vec();
    if choice & 1 != 0 {
        mend(&mut bytes);
    }
    if choice & 2 != 0 {
        bytes.truncate(usize::from(cut));
    }
    memory::within(MOST_BYTES, || played(&bytes, moments));
}

fn placed(error: &Error, len: usize) {
    assert!(error.offset <= len as u64, "{error}, of {len} bytes");
    assert!(!error.expected.is_empty() && !error.found.is_empty(), "{error}");
}

fn played(bytes: &[u8], moments: [u16; 3]) {
    let told = inspection::inspect(Cursor::new(bytes), |_, _| ());
    let mut file = match File::open(Cursor::new(bytes)) {
        Ok(file) => file,
        Err(error) => {
            placed(&error, bytes.len());
            assert_eq!(told.err(), Some(error), "both say the same");
            return;
        }
    };
    let told = told.expect("what can be opened can be inspected");
    for error in [&file.map().problem, &told.problem].into_iter().flatten() {
        placed(error, bytes.len());
    }
    // All of it, frame by frame: the hash of the page at each of them, and when it was.
    let mut states: Vec<(u32, u64)> = Vec::new();
    let problem = loop {
        match file.step() {
            Ok(true) => {
                let (tree, now) = (file.player().tree(), file.reader().now());
                assert!(states.last().is_none_or(|(before, _)| *before <= now), "time goes back at {now} ms");
                states.push((now, tree.hash()));
            }
            Ok(false) => break None,
            Err(error) => {
                placed(&error, bytes.len());
                break Some(error);
            }
        }
        assert!(states.len() <= bytes.len(), "more frames than bytes");
    };
    let tree = file.player().tree();
    assert_eq!(tree.hash(), tree.recomputed_hash());
    drop(html::export(tree));
    assert!(problem.is_none() || told.problem.is_some(), "what is damaged is sound for `verify`: {problem:?}");
    assert!(told.frames.len() <= states.len(), "{} frames are inspected of {}", told.frames.len(), states.len());
    assert!(told.problem.is_some() || told.frames.len() == states.len(), "all frames are inspected");
    let last = states.last().map(|(_, hash)| *hash);
    let is_sound = told.problem.is_none() && problem.is_none();
    let end = file.map().end();
    for moment in moments {
        let at = u32::try_from(u64::from(moment) * u64::from(end) / 60_000).unwrap_or(u32::MAX);
        match file.seek(at) {
            Ok(()) => {
                let tree = file.player().tree();
                assert_eq!(tree.hash(), tree.recomputed_hash(), "at {at} ms");
                if is_sound {
                    let at = at.max(file.map().begin());
                    let expected = states.iter().rev().find(|(time, _)| *time <= at).or(states.first());
                    assert_eq!(Some(tree.hash()), expected.map(|(_, hash)| *hash), "the page at {at} ms");
                }
            }
            Err(error) => {
                placed(&error, bytes.len());
                assert!(!is_sound || states.is_empty(), "a sound file at {at} ms: {error}");
            }
        }
    }
    packed(file, states.len(), last);
}

/// What is packed is sound, and ends with the same page.
fn packed(file: File<Cursor<&[u8]>>, frames: usize, last: Option<u64>) {
    let mut out = Vec::new();
    let settings = Settings { level: 1, block_bytes: 2 << 10, checkpoint_bytes: 4 << 10, checkpoint_ops: 200 };
    let done = file.compact(settings, &mut out, |_, _| ()).unwrap();
    assert_eq!(done.bytes, out.len() as u64);
    assert!(done.frames <= frames as u64 + 1, "{} frames were packed of {frames}", done.frames);
    let again = inspection::inspect(Cursor::new(&out), |_, _| ()).expect("what was packed is a recording");
    assert_eq!(again.problem, None, "what was packed is sound");
    assert!(again.has_index);
    if done.problem.is_none() {
        let mut file = File::open(Cursor::new(&out)).unwrap();
        while file.step().unwrap() {}
        assert_eq!(last.is_some().then(|| file.player().tree().hash()), last, "the page at the end");
    }
}

/// Makes checksums right, as far as the file is one of blocks or of frames.
pub fn mend(bytes: &mut [u8]) {
    let mut at = 9;
    if bytes.get(8) == Some(&1) {
        while at < bytes.len() {
            let Some(len) = varint::read(bytes, &mut at) else { return };
            let Some(frame) = bytes.get_mut(at..).and_then(|rest| rest.get_mut(..len as usize)) else { return };
            mend_frame(frame);
            at += len as usize;
        }
        return;
    }
    while let Some(head) = bytes.get(at..at + HEAD_LEN) {
        let word = |from: usize| u32::from_le_bytes([head[from], head[from + 1], head[from + 2], head[from + 3]]);
        let (is_verbatim, stored) = (head[1] == 3, word(8) as usize);
        let start = at + HEAD_LEN;
        let Some(payload) = bytes.get_mut(start..).and_then(|rest| rest.get_mut(..stored)) else { return };
        if is_verbatim {
            let mut place = 0;
            while place < payload.len() {
                let numbers = varint::read(payload, &mut place).and_then(|_| varint::read(payload, &mut place));
                let Some(len) = numbers else { break };
                let Some(frame) = payload.get_mut(place..).and_then(|rest| rest.get_mut(..len as usize)) else { break };
                mend_frame(frame);
                place += len as usize;
            }
        }
        let sum = xxh32(payload, 0).to_le_bytes();
        bytes[at + 32..at + 36].copy_from_slice(&sum);
        let sum = xxh32(&bytes[at..at + 36], 0).to_le_bytes();
        bytes[at + 36..at + 40].copy_from_slice(&sum);
        at = start + stored;
    }
}

/// Gives a frame that is there as a whole the checksum that it should have.
fn mend_frame(frame: &mut [u8]) {
    let Ok(read) = frame::peek(frame, &LIMITS) else { return };
    let header = read.header;
    let parts = read.body.split_at(read.body.len() - header.apart as usize);
    let mut whole = Vec::new();
    frame::write_parts(&mut whole, header.kind, header.seq, header.time, header.raw_len, parts.into()).unwrap();
    if whole.len() == frame.len() {
        frame.copy_from_slice(&whole);
    }
}

/// The small recordings of the fixtures: as they are, with nothing deflated, as a relay writes them, and in version 1.
fn seeds() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let about = About { created: Some(1_700_000_000_000), url: Some("https://a.test/".into()), ..About::default() };
    for recording in seeds::files("fixtures/recordings", "cbr") {
        let mut file = File::open(Cursor::new(&recording[..])).unwrap();
        let settings = Settings { level: 0, block_bytes: 1 << 10, checkpoint_bytes: 2 << 10, checkpoint_ops: 100 };
        let (mut writer, mut live) = (Writer::new(&about, settings), LiveWriter::new(&about));
        let mut version_1 = b"cobrowse\x01".to_vec();
        while version_1.len() < 16 << 10 && file.step().unwrap() {
            for said in file.reader().said() {
                writer.push(&said.frame, Some(said.at)).unwrap();
                live.push(&said.frame, said.at).unwrap();
            }
            let (entry, decoder) = (*file.reader().entry().unwrap(), file.player().decoder());
            let mut frame = Vec::new();
            frame::write(&mut frame, entry.kind, decoder.seq(), decoder.time(), 0, decoder.body()).unwrap();
            writer.push(&frame, Some(entry.at)).unwrap();
            live.push(&frame, entry.at).unwrap();
            varint::write(&mut version_1, u32::try_from(frame.len()).unwrap());
            version_1.extend_from_slice(&frame);
        }
        let cut = live.take();
        for bytes in [recording.clone(), writer.finish(), [cut.clone(), live.finish()].concat(), cut, version_1] {
            if bytes.len() < TARGET.most_bytes / 3 {
                all.push([&[1, 0, 10, 0, 90, 0, 200, 0, 4][..], &bytes].concat());
            }
        }
    }
    all
}
