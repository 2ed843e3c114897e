//! One session being recorded: frames are noted where the session is, and written by the recorder's thread.

use ::relay::Recording;
use ::replay::recording::{About, LiveWriter};
use bytes::Bytes;
use std::{
    io,
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// So much may wait to be written when a disk is slow; behind that frames are refused up to the next keyframe.
const MOST_WAITING: usize = 16 << 20;

/// The state of a recording.
#[derive(Debug)]
pub(super) struct Tape {
    /// None before the first frame.
    writer: Option<LiveWriter>,
    rules: Option<String>,
    began: Instant,
    /// Since when the oldest frame waits.
    since: Option<Instant>,
    waiting: usize,
    ended: bool,
    deleted: bool,
    /// Nothing more can be written.
    failed: bool,
    written: bool,
}

/// What has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    pub(super) deleted: bool,
    /// Whether there is a file.
    pub(super) written: bool,
}

impl Tape {
    pub(super) fn new(rules: Option<String>) -> Self {
        Self {
            writer: None,
            rules,
            began: Instant::now(),
            since: None,
            waiting: 0,
            ended: false,
            deleted: false,
            failed: false,
            written: false,
        }
    }

    /// What was recorded goes, and nothing more is.
    pub(super) fn delete(&mut self) {
        self.deleted = true;
    }

    fn take(&mut self, frame: &[u8]) -> bool {
        if self.failed || self.deleted {
            return true;
        }
        if self.waiting + frame.len() > MOST_WAITING {
            return false;
        }
        let now = Instant::now();
        let rules = &mut self.rules;
        let began = &mut self.began;
        let writer = self.writer.get_or_insert_with(|| {
            *began = now;
            let created = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
            let created = u64::try_from(created).ok();
            LiveWriter::new(&About { created, rules: rules.take(), ..About::default() })
        });
        let arrival = u32::try_from(now.duration_since(*began).as_millis()).unwrap_or(u32::MAX);
        if let Err(error) = writer.push(frame, arrival) {
            tracing::warn!(%error, "a frame is not recorded");
            return false;
        }
        self.waiting += frame.len();
        self.since.get_or_insert(now);
        true
    }
}

/// What the relay holds of a recording.
pub(super) struct Handle<F: Fn()> {
    tape: Arc<Mutex<Tape>>,
    wake: F,
}

impl<F: Fn()> Handle<F> {
    pub(super) const fn new(tape: Arc<Mutex<Tape>>, wake: F) -> Self {
        Self { tape, wake }
    }
}

impl<F: Fn() + Send + 'static> Recording for Handle<F> {
    fn take(&mut self, frame: &Bytes) -> bool {
        super::lock(&self.tape).take(frame)
    }
}

impl<F: Fn()> Drop for Handle<F> {
    fn drop(&mut self) {
        super::lock(&self.tape).ended = true;
        (self.wake)();
    }
}

/// Writes what has waited for so long, or all at the end. What has ended is told.
pub(super) fn advance(
    tape: &Mutex<Tape>,
    waits: Duration,
    stopping: bool,
    mut append: impl FnMut(&[u8]) -> io::Result<()>,
) -> Option<Ended> {
    let (bytes, ended) = {
        let mut tape = super::lock(tape);
        let ended = tape.ended || tape.deleted || stopping;
        if !ended && tape.since.is_none_or(|since| since.elapsed() < waits) {
            return None;
        }
        (tape.since, tape.waiting) = (None, 0);
        let bytes = match tape.writer.take() {
            _ if tape.deleted || tape.failed => Vec::new(),
            None => Vec::new(),
            Some(writer) if ended => writer.finish(),
            Some(mut writer) => {
                writer.flush();
                let bytes = writer.take();
                tape.writer = Some(writer);
                bytes
            }
        };
        (bytes, ended)
    };
    // Without the lock: a session does not wait for a disk.
    let appended = if bytes.is_empty() { Ok(()) } else { append(&bytes) };
    let mut tape = super::lock(tape);
    match appended {
        Ok(()) => tape.written |= !bytes.is_empty(),
        Err(error) => {
            tracing::error!(%error, "a session is not recorded any more");
            (tape.failed, tape.writer) = (true, None);
        }
    }
    ended.then_some(Ended { deleted: tape.deleted, written: tape.written })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::replay::recording::File;
    use protocol::{Limits, encoder::Encoder, hash::Key};
    use std::io::Cursor;

    fn keyframe(bytes: usize) -> Vec<u8> {
        let mut encoder = Encoder::new(Key(1), &Limits::DEFAULT);
        encoder.begin();
        encoder.run(protocol::tree::ROOT, protocol::tree::NONE);
        let text: Vec<u8> = (0..bytes).map(|at| b'a' + u8::try_from(at * at % 26).unwrap()).collect();
        encoder.leaf(protocol::tree::Kind::Comment, &text).unwrap();
        encoder.end_run();
        encoder.keyframe(0).unwrap().to_vec()
    }

    #[test]
    fn frames_wait_for_so_long_and_no_longer() {
        let tape = Mutex::new(Tape::new(None));
        let mut out = Vec::new();
        assert!(super::super::lock(&tape).take(&keyframe(10)));
        let mut append = |bytes: &[u8]| {
            out.extend_from_slice(bytes);
            Ok(())
        };
        assert!(advance(&tape, Duration::from_secs(60), false, &mut append).is_none());
        assert!(advance(&tape, Duration::ZERO, false, &mut append).is_none());
        assert!(super::super::lock(&tape).take(&keyframe(20)));
        let ended = advance(&tape, Duration::from_secs(60), true, &mut append).unwrap();
        assert!(ended.written && !ended.deleted);
        let mut file = File::open(Cursor::new(out)).unwrap();
        assert_eq!((file.map().frames(), file.map().has_index), (2, true));
        file.seek(u32::MAX).unwrap();
    }

    #[test]
    fn a_full_disk_ends_the_recording_and_a_slow_one_bounds_it() {
        let tape = Mutex::new(Tape::new(None));
        assert!(super::super::lock(&tape).take(&keyframe(10)));
        super::super::lock(&tape).waiting = MOST_WAITING;
        assert!(!super::super::lock(&tape).take(&keyframe(10)));
        assert!(advance(&tape, Duration::ZERO, false, |_| Err(io::Error::other("full"))).is_none());
        assert!(super::super::lock(&tape).take(&keyframe(10)), "it is no use to ask for keyframes");
        let ended = advance(&tape, Duration::ZERO, true, |_| panic!("nothing more is written")).unwrap();
        assert!(!ended.written);
    }
}
