//! Where pointers were: the customer's, and those of agents.

use crate::{recording::Reader, scan::Watch};
use protocol::{Limits, control::Control, names::prop, tree::ROOT};

/// So many places are told at most.
const MOST_POINTS: usize = 100_000;

/// What was done at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// The pointer was there.
    Move = 0,
    /// A click.
    Click = 1,
}

/// A place of a pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// The recording's time, in milliseconds.
    pub at: u32,
    /// Whose it is: 0 the customer's, otherwise the agent's number.
    pub user: u32,
    /// From the viewport's left edge, in CSS pixels.
    pub x: i32,
    /// From the viewport's top edge.
    pub y: i32,
    /// What was done there.
    pub act: Act,
}

/// Gathers places of pointers.
#[derive(Debug, Default)]
pub struct Trail {
    points: Vec<Point>,
    last: String,
}

impl Trail {
    /// What was gathered so far, by time.
    #[must_use]
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    fn add(&mut self, point: Point) {
        if self.points.len() < MOST_POINTS {
            self.points.push(point);
        }
    }

    fn said(&mut self, reader: &Reader) {
        for said in reader.said() {
            let Ok(Control::From { user, frame }) = Control::read(&said.frame, &Limits::DEFAULT) else { continue };
            let at = said.at;
            match Control::read(&frame, &Limits::DEFAULT) {
                Ok(Control::Pointer { x, y } | Control::DragMove { x, y }) => {
                    self.add(Point { at, user, x, y, act: Act::Move });
                }
                Ok(
                    Control::Click { x, y, .. } | Control::DoubleClick { x, y, .. } | Control::DragStart { x, y, .. },
                ) => {
                    self.add(Point { at, user, x, y, act: Act::Click });
                }
                _ => {}
            }
        }
    }
}

/// `X,Y` in CSS pixels; what is behind a point is left out.
fn place(text: &str) -> Option<(i32, i32)> {
    let (x, y) = text.split_once(',')?;
    let pixels = |text: &str| text.split('.').next()?.parse::<i32>().ok();
    Some((pixels(x)?, pixels(y)?))
}

impl Watch for Trail {
    fn look(&mut self, reader: &Reader) {
        self.said(reader);
        let pointer = reader.player().tree().attr_str(ROOT, prop::POINTER).unwrap_or_default();
        if pointer == self.last {
            return;
        }
        pointer.clone_into(&mut self.last);
        if let Some((x, y)) = place(pointer) {
            self.add(Point { at: reader.now(), user: 0, x, y, act: Act::Move });
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
    use protocol::{encoder::Encoder, hash::Key};
    use std::io::Cursor;

    #[test]
    fn pointers_of_customer_and_agents_are_gathered() {
        let mut encoder = Encoder::new(Key(3), &Limits::DEFAULT);
        let mut writer = Writer::new(&About::default(), Settings::default());
        encoder.begin();
        writer.push(encoder.keyframe(0).unwrap(), Some(0)).unwrap();
        for (time, place) in [(100, "10,20"), (200, "11.4,20"), (300, "")] {
            encoder.begin();
            encoder.set_attr(ROOT, prop::POINTER, place.as_bytes()).unwrap();
            writer.push(encoder.delta(time).unwrap().unwrap(), Some(time)).unwrap();
        }
        for (time, message) in [(310, Control::Pointer { x: 5, y: 6 }), (320, Control::Click { node: 1, x: 7, y: 8 })] {
            let frame = message.to_frame(1, 0).unwrap();
            writer.push(&Control::From { user: 2, frame }.to_frame(1, 0).unwrap(), Some(time)).unwrap();
        }
        let bytes = writer.finish();
        let opened = File::open(Cursor::new(bytes.clone())).unwrap();
        let mut scan = Scan::new(opened.reader(), 0..u32::MAX, Trail::default());
        while !scan.work(1).unwrap() {
            if let Some(range) = scan.want() {
                scan.supply(&bytes[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()])
                    .unwrap();
            }
        }
        let told: Vec<_> = scan.watch().points().iter().map(|point| (point.at, point.user, point.x, point.y)).collect();
        assert_eq!(told, [(100, 0, 10, 20), (200, 0, 11, 20), (310, 2, 5, 6), (320, 2, 7, 8)]);
        assert_eq!(scan.watch().points()[3].act, Act::Click);
    }
}
