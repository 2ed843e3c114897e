//! What a recording holds over its time: the pages that were shown, who came and went, modes, and stretches without a change.

use crate::{recording::Reader, scan::Watch};
use protocol::{Limits, control::Control, names::prop, tree::ROOT};

/// So many moments are told at most.
const MOST_MOMENTS: usize = 10_000;

/// So many stretches.
const MOST_STRETCHES: usize = 100_000;

/// A stretch without a change is told if it is longer, in milliseconds.
pub const IDLE_MS: u32 = 2_000;

/// Something that a person may want to go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// The recording's time, in milliseconds.
    pub at: u32,
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Another page, or another address of the same one.
    Page(String),
    /// What was said of the session: a control frame.
    Said(Vec<u8>),
}

/// Gathers moments, and stretches without a change.
#[derive(Debug, Default)]
pub struct Survey {
    moments: Vec<Moment>,
    idle: Vec<(u32, u32)>,
    /// The time of the frame before.
    last: Option<u32>,
    url: String,
}

impl Survey {
    /// The moments found so far, by time.
    #[must_use]
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// The stretches longer than [`IDLE_MS`] in which the page stayed as it was and no agent did anything: from when, until when.
    #[must_use]
    pub fn idle(&self) -> &[(u32, u32)] {
        &self.idle
    }

    fn add(&mut self, at: u32, event: Event) {
        if self.moments.len() < MOST_MOMENTS {
            self.moments.push(Moment { at, event });
        }
    }

    fn tick(&mut self, at: u32) {
        let from = self.last.replace(at).unwrap_or(at);
        if at.saturating_sub(from) > IDLE_MS && self.idle.len() < MOST_STRETCHES {
            self.idle.push((from, at));
        }
    }

    fn said(&mut self, reader: &Reader) {
        for said in reader.said() {
            let Ok(message) = Control::read(&said.frame, &Limits::DEFAULT) else { continue };
            self.tick(said.at);
            let is_of_session = matches!(
                message,
                Control::ModeChanged { .. }
                    | Control::Paused {}
                    | Control::Resumed {}
                    | Control::Visible { .. }
                    | Control::Absent { .. }
                    | Control::Joined { .. }
                    | Control::Left { .. }
                    | Control::Ended { .. }
            );
            if is_of_session {
                self.add(said.at, Event::Said(said.frame.clone()));
            }
        }
    }
}

impl Watch for Survey {
    fn look(&mut self, reader: &Reader) {
        self.said(reader);
        self.tick(reader.now());
        let url = reader.player().tree().attr_str(ROOT, prop::URL).unwrap_or_default();
        if url != self.url {
            url.clone_into(&mut self.url);
            self.add(reader.now(), Event::Page(url.to_owned()));
        }
    }

    fn end(&mut self, reader: &Reader) {
        self.said(reader);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        recording::{About, File, Settings, Writer},
        scan::Scan,
    };
    use protocol::{Mode, encoder::Encoder, hash::Key};
    use std::io::Cursor;

    #[test]
    fn pages_modes_and_quiet_times_are_found() {
        let mut encoder = Encoder::new(Key(3), &Limits::DEFAULT);
        let mut writer = Writer::new(&About::default(), Settings::default());
        encoder.begin();
        encoder.set_attr(ROOT, prop::URL, b"https://shop.example/").unwrap();
        writer.push(encoder.keyframe(0).unwrap(), Some(0)).unwrap();
        for (time, url) in [(1_000, "https://shop.example/bag"), (5_000, "https://shop.example/pay")] {
            encoder.begin();
            encoder.set_attr(ROOT, prop::URL, url.as_bytes()).unwrap();
            writer.push(encoder.delta(time).unwrap().unwrap(), Some(time)).unwrap();
        }
        let mode = Control::ModeChanged { mode: Mode::View }.to_frame(1, 0).unwrap();
        writer.push(&mode, Some(5_500)).unwrap();
        let pointer = Control::Pointer { x: 5, y: 6 }.to_frame(1, 0).unwrap();
        writer.push(&Control::From { user: 2, frame: pointer }.to_frame(1, 0).unwrap(), Some(6_000)).unwrap();
        let bytes = writer.finish();
        let opened = File::open(Cursor::new(bytes.clone())).unwrap();
        let mut scan = Scan::new(opened.reader(), 0..u32::MAX, Survey::default());
        while !scan.work(1).unwrap() {
            if let Some(range) = scan.want() {
                scan.supply(&bytes[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()])
                    .unwrap();
            }
        }
        let at = |at, url: &str| Moment { at, event: Event::Page(url.to_owned()) };
        let expected = [
            at(0, "https://shop.example/"),
            at(1_000, "https://shop.example/bag"),
            at(5_000, "https://shop.example/pay"),
            Moment { at: 5_500, event: Event::Said(mode) },
        ];
        assert_eq!(scan.watch().moments(), expected);
        assert_eq!(scan.watch().idle(), [(1_000, 5_000)]);
    }
}
