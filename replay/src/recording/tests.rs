use super::*;
use protocol::{
    Limits, Mode,
    control::Control,
    encoder::Encoder,
    hash::Key,
    names::Namespace,
    tree::{Kind, NONE, ROOT},
    varint,
};
use std::io::Cursor;

/// A page of paragraphs whose texts change.
struct Page {
    encoder: Encoder,
    round: u32,
}

impl Page {
    fn new(key: u64, paragraphs: u32) -> Self {
        let mut encoder = Encoder::new(Key(key), &Limits::DEFAULT);
        let p = encoder.mirror_mut().names.intern(Namespace::Html, "p");
        let own = encoder.mirror_mut().names.intern(Namespace::None, "data-own");
        encoder.begin();
        encoder.run(ROOT, NONE);
        for index in 0..paragraphs {
            let id = encoder.element(p).unwrap();
            encoder.attr(id, own, format!("{index}").as_bytes()).unwrap();
            encoder.leaf(Kind::Text, format!("paragraph {}", index.wrapping_mul(2_654_435_761)).as_bytes()).unwrap();
            encoder.up();
        }
        encoder.end_run();
        Self { encoder, round: 0 }
    }

    fn keyframe(&mut self, time: u32) -> Vec<u8> {
        self.encoder.keyframe(time).unwrap().to_vec()
    }

    fn change(&mut self, time: u32) -> Vec<u8> {
        self.round += 1;
        let round = self.round;
        let name = self.encoder.mirror_mut().names.intern(Namespace::None, &format!("data-{}", round % 5));
        self.encoder.begin();
        self.encoder.set_data(2 + 2 * (round % 7), format!("round {round}").as_bytes()).unwrap();
        self.encoder.set_attr(1 + 2 * (round % 11), name, format!("{round}").as_bytes()).unwrap();
        self.encoder.delta(time).unwrap().unwrap().to_vec()
    }
}

/// Frames with when they arrived, and the hash of the page after each: 600 changes, a message, another page.
fn session() -> Vec<(u32, Vec<u8>, u64)> {
    let mut out = Vec::new();
    let mut page = Page::new(1, 300);
    out.push((1_000, page.keyframe(10), page.encoder.mirror().hash()));
    for time in 1..600 {
        let frame = page.change(10 + time * 100);
        out.push((1_000 + time * 100, frame, page.encoder.mirror().hash()));
        if time == 300 {
            let said = Control::ModeChanged { mode: Mode::View }.to_frame(1, 0).unwrap();
            out.push((1_000 + time * 100, said, page.encoder.mirror().hash()));
        }
    }
    let mut page = Page::new(2, 20);
    out.push((70_000, page.keyframe(0), page.encoder.mirror().hash()));
    for time in 1..50 {
        let frame = page.change(time * 100);
        out.push((70_000 + time * 100, frame, page.encoder.mirror().hash()));
    }
    out
}

fn settings() -> Settings {
    Settings { block_bytes: 2 << 10, checkpoint_bytes: 4 << 10, ..Settings::default() }
}

fn packed() -> Vec<u8> {
    let mut writer = Writer::new(&About { url: Some("https://a.test/".into()), ..About::default() }, settings());
    let mut out = Vec::new();
    for (at, frame, _) in session() {
        writer.push(&frame, Some(at)).unwrap();
        out.extend(writer.take());
    }
    out.extend(writer.finish());
    out
}

fn live(is_ended: bool) -> Vec<u8> {
    let mut writer = LiveWriter::new(&About::default());
    let mut out = Vec::new();
    for (index, (at, frame, _)) in session().into_iter().enumerate() {
        writer.push(&frame, at).unwrap();
        if index % 10 == 9 {
            writer.flush();
        }
        out.extend(writer.take());
    }
    writer.flush();
    out.extend(writer.take());
    if is_ended {
        out.extend(writer.finish());
    }
    out
}

fn version_1() -> Vec<u8> {
    let mut out = b"cobrowse\x01".to_vec();
    for (_, frame, _) in session() {
        varint::write(&mut out, u32::try_from(frame.len()).unwrap());
        out.extend(frame);
    }
    out
}

/// The hash that the page has at a time.
fn expected(at: u32) -> u64 {
    let session = session();
    session.iter().rev().find(|(time, ..)| *time <= at).unwrap_or(&session[0]).2
}

fn hash(file: &File<Cursor<Vec<u8>>>) -> u64 {
    assert_eq!(file.player().tree().hash(), file.player().tree().recomputed_hash());
    file.player().tree().hash()
}

#[test]
fn every_moment_is_reached_from_every_other() {
    for bytes in [packed(), live(true), live(false)] {
        let mut file = File::open(Cursor::new(bytes)).unwrap();
        assert_eq!((file.map().begin(), file.map().end(), file.map().problem.clone()), (1_000, 74_900, None));
        assert_eq!(file.map().frames(), 651);
        // Forward, back, and to and fro.
        let moments = (0..150).map(|step| step * 517 % 76_000);
        for at in moments.chain([1_000, 999, 70_000, 69_999, 60_900, u32::MAX, 0]) {
            file.seek(at).unwrap();
            assert_eq!(hash(&file), expected(at), "{at}");
        }
    }
    // Of version 1 it is known when frames were made, not when they came: streams lie behind each other.
    let mut file = File::open(Cursor::new(version_1())).unwrap();
    assert_eq!((file.map().begin(), file.map().end(), file.map().frames()), (10, 59_910 + 4_900, 651));
    for at in (0..150).map(|step| step * 517 % 64_000) {
        file.seek(at).unwrap();
        let moved = if at < 59_910 { at + 990 } else { at - 59_910 + 70_000 };
        assert_eq!(hash(&file), expected(moved), "{at}");
    }
}

#[test]
fn frames_are_stepped_through() {
    for bytes in [packed(), live(false), version_1()] {
        let mut file = File::open(Cursor::new(bytes)).unwrap();
        let session = session();
        let mut pages = session.iter().filter(|(_, frame, _)| frame[0] & 3 != 3);
        let mut said = 0;
        while file.step().unwrap() {
            assert_eq!(hash(&file), pages.next().unwrap().2);
            said += file.reader().said().len();
        }
        assert_eq!((pages.next(), said), (None, 1));
        file.seek(40_000).unwrap();
        let now = file.reader().now();
        let before = file.reader().before();
        assert!(before < now && now - before <= 1_100, "{before} {now}");
    }
}

#[test]
fn a_seek_reads_a_part_of_the_file() {
    let bytes = packed();
    let len = bytes.len() as u64;
    let mut file = File::open(Cursor::new(bytes)).unwrap();
    let opened = file.bytes_read();
    file.seek(55_000).unwrap();
    let read = file.bytes_read() - opened;
    assert!(read * 2 < len, "{read} of {len} bytes");
    let kinds = |kind| file.map().places.iter().filter(|place| place.kind == kind).count();
    assert_eq!(kinds(block::Kind::Difference), 2, "{:?}", file.map().places);
    assert!(bytes_of(&file, block::Kind::Difference) * 4 < bytes_of(&file, block::Kind::Packed));
}

fn bytes_of(file: &File<Cursor<Vec<u8>>>, kind: block::Kind) -> u64 {
    file.map().places.iter().filter(|place| place.kind == kind).map(|place| place.len).sum()
}

#[test]
fn a_file_that_was_cut_off_opens_up_to_its_last_whole_block() {
    for whole in [packed(), live(false)] {
        let full = File::open(Cursor::new(whole.clone())).unwrap();
        let ends: Vec<u64> = full.map().places.iter().map(|place| place.offset + place.len).collect();
        let lasts: Vec<u32> = full.map().places.iter().map(|place| place.last).collect();
        for cut in (ends[1]..whole.len() as u64).step_by(97).chain(ends[1..].iter().copied()) {
            let mut file = File::open(Cursor::new(whole[..usize::try_from(cut).unwrap()].to_vec())).unwrap();
            let complete = ends.iter().filter(|end| **end <= cut).count();
            file.seek(u32::MAX).unwrap();
            assert_eq!(hash(&file), expected(lasts[complete - 1]), "{cut}");
            let is_clean = ends[complete - 1] == cut;
            assert_eq!(file.map().problem.is_none(), is_clean || cut == whole.len() as u64, "{cut}");
            if let Some(problem) = &file.map().problem {
                assert_eq!(problem.offset, ends[complete - 1], "{problem}");
            }
        }
    }
}

#[test]
fn what_is_no_recording_names_the_place() {
    let told = |bytes: &[u8]| File::open(Cursor::new(bytes.to_vec())).unwrap_err().to_string();
    assert_eq!(told(b"GIF89a"), "byte 0: expected a recording (\"cobrowse\"), found another file");
    assert_eq!(told(b"cobrowse\x09"), "byte 8: expected version 1 or 2, found version 9");
    assert_eq!(told(b"cobrowse"), "byte 8: expected a version, found the end of the file");
    assert!(told(b"cobrowse\x02").starts_with("byte 9: expected the head of a block"));
    let mut empty = File::open(Cursor::new(b"cobrowse\x01".to_vec())).unwrap();
    assert_eq!(empty.seek(0).unwrap_err().to_string(), "byte 0: expected a keyframe, found the end of the file");
}

#[test]
fn blocks_that_changed_places_are_noticed() {
    let whole = packed();
    let file = File::open(Cursor::new(whole.clone())).unwrap();
    let places = file.map().places.clone();
    let (a, b) = (places[3], places[4]);
    let part = |place: Place| {
        let start = usize::try_from(place.offset).unwrap();
        whole[start..start + usize::try_from(place.len).unwrap()].to_vec()
    };
    let start = usize::try_from(a.offset).unwrap();
    let end = usize::try_from(b.offset + b.len).unwrap();
    let swapped = [&whole[..start], &part(b), &part(a), &whole[end..]].concat();
    let mut file = File::open(Cursor::new(swapped)).unwrap();
    file.seek(a.first - 1).unwrap();
    let error = loop {
        match file.step() {
            Ok(more) => assert!(more, "it was not noticed"),
            Err(error) => break error,
        }
    };
    assert!(error.offset >= a.offset && error.offset < b.offset + b.len, "{error}");
    assert_eq!(hash(&file), expected(file.reader().now()));
}

#[test]
fn what_was_written_as_it_came_becomes_what_is_kept() {
    for source in [live(false), live(true), version_1()] {
        let opened = File::open(Cursor::new(source.clone())).unwrap();
        let times = (opened.map().begin(), opened.map().end());
        let mut out = Vec::new();
        let done = opened.compact(settings(), &mut out, |_, _| ()).unwrap();
        assert_eq!((done.frames, done.bytes, done.problem), (650, out.len() as u64, None));
        assert!(out.len() * 2 < source.len(), "{} of {}", out.len(), source.len());
        let mut file = File::open(Cursor::new(out)).unwrap();
        assert_eq!((file.map().begin(), file.map().end(), file.map().frames()), (times.0, times.1, 651));
        let mut before = File::open(Cursor::new(source)).unwrap();
        for at in (0..60).map(|step| step * 1_217) {
            file.seek(at).unwrap();
            before.seek(at).unwrap();
            assert_eq!(hash(&file), hash(&before), "{at}");
        }
    }
    // Of what is damaged all before the damage.
    let mut source = live(false);
    let at = source.len() - 40;
    source[at] ^= 1;
    let mut out = Vec::new();
    let done = File::open(Cursor::new(source)).unwrap().compact(settings(), &mut out, |_, _| ()).unwrap();
    assert!(done.frames > 500 && done.problem.is_some());
    assert_eq!(File::open(Cursor::new(out)).unwrap().map().problem, None);
}
