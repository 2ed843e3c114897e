//! A thousand damaged recordings: each gives an error that names the place, or plays up to it; none panics, shows a page that never was,
//! or takes more memory than 256 MB.

#![allow(unsafe_code, reason = "an allocator that counts")]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use protocol::{
    Limits,
    encoder::Encoder,
    hash::Key,
    names::Namespace,
    tree::{Kind, NONE, ROOT},
    varint,
};
use replay::{
    inspection,
    recording::{About, Error, File, LiveWriter, Settings, Writer},
};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    collections::HashSet,
    io::Cursor,
    sync::atomic::{AtomicUsize, Ordering},
};

/// What all of this may take at a time.
const MOST_BYTES: usize = 256 << 20;

struct Counting;

static TAKEN: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all is left to the system's allocator; sums are kept beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let taken = TAKEN.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(taken, Ordering::Relaxed);
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        TAKEN.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Numbers that are the same in each run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }
}

/// A page that changes 400 times, and another one; and the hashes that it has.
fn frames() -> (Vec<Vec<u8>>, HashSet<u64>) {
    let (mut out, mut hashes) = (Vec::new(), HashSet::new());
    for key in [1, 2] {
        let mut encoder = Encoder::new(Key(key), &Limits::DEFAULT);
        let p = encoder.mirror_mut().names.intern(Namespace::Html, "p");
        encoder.begin();
        encoder.run(ROOT, NONE);
        for index in 0..100 {
            encoder.element(p).unwrap();
            encoder.leaf(Kind::Text, format!("paragraph {}", index * 7_919).as_bytes()).unwrap();
            encoder.up();
        }
        encoder.end_run();
        out.push(encoder.keyframe(0).unwrap().to_vec());
        hashes.insert(encoder.mirror().hash());
        for round in 1..200_u32 {
            encoder.begin();
            encoder.set_data(2 + 2 * (round % 90), format!("{} in round {round}", round * 31).as_bytes()).unwrap();
            out.push(encoder.delta(round * 100).unwrap().unwrap().to_vec());
            hashes.insert(encoder.mirror().hash());
        }
    }
    (out, hashes)
}

/// A file, and where its parts begin.
type Parts = (Vec<u8>, Vec<usize>);

/// The same frames packed, as they came, as they came without an end, and in version 1; with where parts of each begin.
fn files() -> (Vec<Parts>, HashSet<u64>) {
    let (frames, hashes) = frames();
    let settings = Settings { block_bytes: 1 << 10, checkpoint_bytes: 2 << 10, ..Settings::default() };
    let mut writer = Writer::new(&About { url: Some("https://a.test/".into()), ..About::default() }, settings);
    let mut live = LiveWriter::new(&About::default());
    let (mut endless, mut version_1) = (live.take(), b"cobrowse\x01".to_vec());
    for (index, frame) in frames.iter().enumerate() {
        let at = u32::try_from(index * 100).unwrap();
        writer.push(frame, Some(at)).unwrap();
        live.push(frame, at).unwrap();
        if index % 20 == 19 {
            live.flush();
        }
        endless.extend(live.take());
        varint::write(&mut version_1, u32::try_from(frame.len()).unwrap());
        version_1.extend(frame);
    }
    let ended = [endless.clone(), live.finish()].concat();
    let files = [writer.finish(), ended, endless, version_1].map(|bytes| {
        let places = File::open(Cursor::new(bytes.clone())).unwrap().map().places.clone();
        let starts = places.iter().map(|place| usize::try_from(place.offset).unwrap()).collect();
        (bytes, starts)
    });
    (files.to_vec(), hashes)
}

/// Damages a file in one of the ways that files are damaged.
fn damaged(bytes: &[u8], starts: &[usize], draw: &mut Draw) -> Vec<u8> {
    let mut out = bytes.to_vec();
    match draw.below(7) {
        0 | 1 => {
            for _ in 0..=draw.below(3) {
                let at = draw.below(out.len());
                out[at] ^= 1 << draw.below(8);
            }
        }
        2 => out.truncate(draw.below(bytes.len())),
        3 => {
            // Two blocks change places.
            let a = draw.below(starts.len() - 2);
            let b = a + 1 + draw.below(starts.len() - a - 2);
            let part = |index: usize| &bytes[starts[index]..starts.get(index + 1).copied().unwrap_or(bytes.len())];
            let between = &bytes[starts[a + 1]..starts[b]];
            let behind = starts.get(b + 1).copied().unwrap_or(bytes.len());
            out = [&bytes[..starts[a]], part(b), between, part(a), &bytes[behind..]].concat();
        }
        4 => {
            let (at, len) = (draw.below(out.len()), 1 + draw.below(600));
            let end = (at + len).min(out.len());
            out[at..end].fill(u8::try_from(draw.below(256)).unwrap());
        }
        5 => {
            // A part is missing.
            let (at, len) = (draw.below(out.len()), 1 + draw.below(600));
            let end = (at + len).min(out.len());
            out.drain(at..end);
        }
        _ => {
            let at = draw.below(out.len());
            for byte in out[at..].iter_mut().take(40) {
                *byte = u8::try_from(draw.below(256)).unwrap();
            }
        }
    }
    out
}

/// Plays all that can be played; the fault, where there is one.
fn played(bytes: &[u8], hashes: &HashSet<u64>, draw: &mut Draw) -> (u32, Option<Error>) {
    let within = |error: &Error| assert!(error.offset <= bytes.len() as u64, "{error} of {} bytes", bytes.len());
    let mut file = match File::open(Cursor::new(bytes.to_vec())) {
        Ok(file) => file,
        Err(error) => {
            within(&error);
            return (0, Some(error));
        }
    };
    let mut problem = file.map().problem.clone();
    problem.iter().for_each(within);
    let mut count = 0;
    loop {
        match file.step() {
            Ok(true) => {
                count += 1;
                assert!(hashes.contains(&file.player().tree().hash()), "a page that never was");
            }
            Ok(false) => break,
            Err(error) => {
                within(&error);
                problem = Some(error);
                break;
            }
        }
    }
    for _ in 0..4 {
        let at = u32::try_from(draw.below(45_000)).unwrap();
        match file.seek(at) {
            Ok(()) => assert!(hashes.contains(&file.player().tree().hash()), "a page that never was"),
            Err(error) => within(&error),
        }
    }
    (count, problem)
}

#[test]
fn a_thousand_damaged_files_give_errors_or_play_up_to_them() {
    let (files, hashes) = files();
    let mut draw = Draw(2_026);
    MOST.store(TAKEN.load(Ordering::Relaxed), Ordering::Relaxed);
    let (mut whole, mut part, mut none) = (0, 0, 0);
    for index in 0..1_000 {
        let (bytes, starts) = &files[index % files.len()];
        let bytes = damaged(bytes, starts, &mut draw);
        let (count, problem) = played(&bytes, &hashes, &mut draw);
        let told = inspection::inspect(Cursor::new(bytes), |_, _| ());
        // A file may also be cut between two blocks or frames, or the same bytes be put in the place of others.
        match (count, &problem) {
            (0, Some(_)) => none += 1,
            (400, _) => whole += 1,
            (_, Some(_)) => part += 1,
            (count, None) => assert!(count > 0 || told.is_ok(), "nothing was played, and nothing told"),
        }
        if problem.is_some() {
            let told = match told {
                Err(error) => Some(error),
                Ok(found) => found.problem,
            };
            assert!(told.is_some(), "what is damaged is sound for `verify`");
        }
    }
    let most = MOST.load(Ordering::Relaxed);
    assert!(most < MOST_BYTES, "{most} bytes were taken");
    assert!(part > 400 && none > 20 && whole > 20, "{whole} whole, {part} in part, {none} not at all");
    println!("{whole} played whole, {part} in part, {none} not at all; at most {most} bytes taken");
}
