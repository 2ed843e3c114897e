//! The recording's time: it goes on where a stream begins anew.

use protocol::frame::Kind;

/// A keyframe that arrives so much later than its stream says begins another stream, in milliseconds.
const LATE_MS: u32 = 1_000;

/// Gives each frame its time in the recording, in milliseconds. Within a stream it is the stream's own, so that playback
/// does not stutter as a network does; where a page begins a new stream, whose time begins at 0 again, it goes on from when
/// that arrived, or from what was before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Clock {
    /// The recording's time less the stream's.
    shift: u32,
    /// The stream's time of its last frame; none before the first.
    stream: Option<u32>,
    last: u32,
}

impl Clock {
    /// The time of the last frame.
    #[must_use]
    pub const fn last(&self) -> u32 {
        self.last
    }

    /// What follows is of another stream, whatever its time.
    pub const fn restart(&mut self) {
        self.stream = None;
    }

    fn begins(&self, time: u32, arrival: Option<u32>) -> bool {
        let due = time.wrapping_add(self.shift);
        let is_late = arrival.is_some_and(|arrival| arrival.saturating_sub(due) > LATE_MS);
        is_late || self.stream.is_none_or(|before| time < before)
    }

    /// The time of a frame that has this time in its stream and, where that is known, has arrived at this time of the
    /// recording. Never before that of the frame before it.
    pub fn tick(&mut self, kind: Kind, time: u32, arrival: Option<u32>) -> u32 {
        let at = match kind {
            // Messages count from elsewhere, or not at all.
            Kind::Control => arrival.unwrap_or(self.last),
            Kind::Keyframe if self.begins(time, arrival) => {
                let begins = match arrival {
                    Some(arrival) => arrival,
                    // Of the first stream nothing else is known but its own time.
                    None if self.stream.is_none() && self.last == 0 => time,
                    None => self.last,
                };
                self.shift = begins.wrapping_sub(time);
                begins
            }
            _ => time.wrapping_add(self.shift),
        };
        if kind != Kind::Control {
            self.stream = Some(time);
        }
        self.last = self.last.max(at);
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_where_a_stream_begins_anew() {
        let mut clock = Clock::default();
        let frames = [
            (Kind::Keyframe, 5, Some(100), 100),
            (Kind::Delta, 25, Some(190), 120),
            (Kind::Control, 0, Some(130), 130),
            (Kind::Delta, 35, Some(200), 130),
            (Kind::Keyframe, 60, Some(900), 155),
            (Kind::Keyframe, 70, Some(1_300), 1_300),
            (Kind::Keyframe, 3, Some(2_000), 2_000),
            (Kind::Delta, 13, Some(2_050), 2_010),
        ];
        for (kind, time, arrival, at) in frames {
            assert_eq!(clock.tick(kind, time, arrival), at);
        }
    }

    #[test]
    fn without_arrivals_the_streams_lie_behind_each_other() {
        let mut clock = Clock::default();
        let frames = [(Kind::Keyframe, 40, 40), (Kind::Control, 0, 40), (Kind::Delta, 90, 90), (Kind::Keyframe, 0, 90)];
        for (kind, time, at) in frames {
            assert_eq!(clock.tick(kind, time, None), at);
        }
        assert_eq!(clock.tick(Kind::Delta, 10, None), 100);
    }
}
