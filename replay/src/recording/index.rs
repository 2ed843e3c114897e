//! Where a file's blocks are, and when how much happened (`docs/recording-format.md` §6).

use super::{
    Error,
    block::{HEAD_LEN, Head, Kind},
    clock::Clock,
};
use protocol::varint;

/// What an index ends with: where its block begins (8 bytes, little endian), and this.
pub(super) const TAIL: &[u8; 8] = b"cbrindex";

/// Bytes of that end.
pub(super) const TAIL_LEN: usize = 16;

/// The most parts that the time is told in.
const MOST_PARTS: usize = 1024;

/// The length of a part at first, in milliseconds; it doubles when there would be too many.
const PART_MS: u32 = 100;

/// A block's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// What it holds.
    pub kind: Kind,
    /// Nothing before it is needed to play from it.
    pub seekable: bool,
    /// Where it begins in the file.
    pub offset: u64,
    /// Bytes of it, its head included.
    pub len: u64,
    /// The recording's time of its first frame, in milliseconds.
    pub first: u32,
    /// That of its last.
    pub last: u32,
    /// How many frames it holds.
    pub frames: u32,
    /// In a file of version 1: the clock before it.
    pub(super) clock: Clock,
}

impl Place {
    /// Of a block that was written or found at `offset`.
    pub(super) fn new(head: &Head, offset: u64) -> Self {
        Self {
            kind: head.kind,
            seekable: head.seekable,
            offset,
            len: head.len(),
            first: head.first,
            last: head.last,
            frames: head.frames,
            clock: Clock::default(),
        }
    }

    /// Whether frames are in it.
    #[must_use]
    pub const fn has_frames(&self) -> bool {
        matches!(self.kind, Kind::Packed | Kind::Verbatim)
    }
}

/// How much happened when: changes in each part of the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// The length of a part, in milliseconds.
    pub part: u32,
    /// Changes in each part, from the recording's beginning on.
    pub changes: Vec<u32>,
}

impl Default for Activity {
    fn default() -> Self {
        Self { part: PART_MS, changes: Vec::new() }
    }
}

impl Activity {
    /// Notes so many changes at a time.
    pub fn add(&mut self, at: u32, changes: u32) {
        while (at / self.part) as usize >= MOST_PARTS {
            self.part = self.part.saturating_mul(2);
            self.changes = self.changes.chunks(2).map(|two| two.iter().copied().fold(0, u32::saturating_add)).collect();
        }
        let index = (at / self.part) as usize;
        if self.changes.len() <= index {
            self.changes.resize(index + 1, 0);
        }
        self.changes[index] = self.changes[index].saturating_add(changes);
    }

    /// What blocks tell by themselves: frames, as if evenly spread.
    pub(super) fn of_blocks(places: &[Place]) -> Self {
        let mut activity = Self::default();
        // The longest time first, so that the parts' length is settled; blocks of a file that is damaged are in no order.
        if let Some(last) = places.iter().map(|place| place.last).max() {
            activity.add(last, 0);
        }
        for place in places.iter().filter(|place| place.has_frames()) {
            let parts = ((place.last - place.first) / activity.part + 1).min(place.frames.max(1));
            for part in 0..parts {
                let share = |of: u32, part: u32| u64::from(of) * u64::from(part) / u64::from(parts);
                let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
                let changes = narrow(share(place.frames, part + 1) - share(place.frames, part));
                activity.add(place.first + narrow(share(place.last - place.first, part)), changes);
            }
        }
        activity
    }
}

/// Appends the payload of an index: of the blocks before it, which begins at `offset`.
pub(super) fn write(out: &mut Vec<u8>, places: &[Place], activity: &Activity, offset: u64) {
    varint::write(out, u32::try_from(places.len()).unwrap_or(u32::MAX));
    let mut first = 0;
    for place in places {
        out.push(place.kind as u8 | u8::from(place.seekable) << 4);
        let stored = u32::try_from(place.len - HEAD_LEN as u64).unwrap_or(u32::MAX);
        for number in [stored, place.first.saturating_sub(first), place.last - place.first, place.frames] {
            varint::write(out, number);
        }
        first = place.first;
    }
    varint::write(out, activity.part);
    varint::write(out, u32::try_from(activity.changes.len()).unwrap_or(u32::MAX));
    for changes in &activity.changes {
        varint::write(out, *changes);
    }
    out.extend_from_slice(&offset.to_le_bytes());
    out.extend_from_slice(TAIL);
}

/// Where the index that ends a file begins, by the file's last [`TAIL_LEN`] bytes.
pub(super) fn tail(bytes: &[u8]) -> Option<u64> {
    let (offset, mark) = bytes.split_first_chunk::<8>()?;
    (mark == TAIL).then(|| u64::from_le_bytes(*offset))
}

/// Reads the payload of an index, of the file's blocks from `start` on up to the index itself.
pub(super) fn read(payload: &[u8], start: u64, offset: u64) -> Result<(Vec<Place>, Activity), Error> {
    let at_fault = offset + HEAD_LEN as u64;
    let fault = |expected: &str, found: String| Error::new(at_fault, expected.to_owned(), found);
    let mut at = 0;
    let number = |at: &mut usize| {
        varint::read(payload, at).ok_or_else(|| fault("an index of numbers", "other bytes".to_owned()))
    };
    let count = number(&mut at)? as usize;
    // Five bytes at least are told of each.
    if count > payload.len() / 5 {
        return Err(fault(&format!("at most {} blocks", payload.len() / 5), count.to_string()));
    }
    let mut places = Vec::with_capacity(count);
    let (mut place_at, mut first) = (start, 0_u32);
    for _ in 0..count {
        let tag = payload.get(at).copied().unwrap_or(0);
        at += 1;
        let Some(kind) = Kind::from_tag(tag & 0xf) else {
            return Err(fault("a kind of block from 1 to 6", (tag & 0xf).to_string()));
        };
        let (stored, step, lasts, frames) = (number(&mut at)?, number(&mut at)?, number(&mut at)?, number(&mut at)?);
        first = first.saturating_add(step);
        let len = HEAD_LEN as u64 + u64::from(stored);
        places.push(Place {
            kind,
            seekable: tag & 0x10 != 0,
            offset: place_at,
            len,
            first,
            last: first.saturating_add(lasts),
            frames,
            clock: Clock::default(),
        });
        place_at += len;
    }
    if place_at != offset {
        return Err(fault(&format!("blocks up to byte {offset}"), format!("up to {place_at}")));
    }
    let part = number(&mut at)?;
    let parts = number(&mut at)? as usize;
    if part == 0 || parts > MOST_PARTS {
        return Err(fault(&format!("at most {MOST_PARTS} parts of the time"), parts.to_string()));
    }
    let changes = (0..parts).map(|_| number(&mut at)).collect::<Result<_, Error>>()?;
    if payload.len() != at + TAIL_LEN {
        return Err(fault("the end of the index", format!("{} bytes", payload.len().saturating_sub(at))));
    }
    Ok((places, Activity { part, changes }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Vec<Place> {
        let mut at = 9;
        let mut place = |kind, seekable, stored: u64, first, last, frames| {
            let len = HEAD_LEN as u64 + stored;
            let place = Place { kind, seekable, offset: at, len, first, last, frames, clock: Clock::default() };
            at += len;
            place
        };
        vec![
            place(Kind::About, false, 10, 0, 0, 0),
            place(Kind::Packed, true, 4_000, 5, 5, 1),
            place(Kind::Packed, false, 300, 6, 4_000, 90),
            place(Kind::Difference, false, 50, 4_000, 4_000, 0),
        ]
    }

    #[test]
    fn an_index_round_trips_and_says_where_it_is() {
        let places = places();
        let offset = places.last().map_or(0, |place| place.offset + place.len);
        let activity = Activity { part: 200, changes: vec![1, 0, 900] };
        let mut out = Vec::new();
        write(&mut out, &places, &activity, offset);
        assert_eq!(tail(&out[out.len() - TAIL_LEN..]), Some(offset));
        assert_eq!(read(&out, 9, offset).unwrap(), (places, activity));
        for len in 0..out.len() {
            assert!(read(&out[..len], 9, offset).is_err(), "{len}");
        }
        assert!(read(&out, 9, offset + 1).is_err());
    }

    #[test]
    fn parts_of_the_time_become_longer_rather_than_more() {
        let mut activity = Activity::default();
        for at in (0..3_600_000).step_by(200) {
            activity.add(at, 1);
        }
        assert_eq!((activity.part, activity.changes.len()), (6_400, 563));
        assert_eq!(activity.changes.iter().sum::<u32>(), 18_000);
        let spread = Activity::of_blocks(&places());
        assert_eq!((spread.part, spread.changes.iter().sum::<u32>(), spread.changes.len()), (100, 91, 41));
    }

    #[test]
    fn blocks_that_claim_all_of_the_time_are_told_in_as_many_parts_as_others() {
        let mut places = places();
        for place in &mut places {
            place.last = u32::MAX;
            place.frames = u32::MAX;
        }
        // The last one is shorter than what comes before it.
        places[3].last = places[3].first;
        let spread = Activity::of_blocks(&places);
        assert!(spread.changes.len() <= MOST_PARTS && spread.changes[0] > 0, "{} parts", spread.changes.len());
    }
}
