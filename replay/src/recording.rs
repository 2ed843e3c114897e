//! A recording: the frames of a stream, one behind the other, in a file (`docs/wire-format.md` §7).
//!
//! ```text
//! byte 0..8   "cobrowse" in ASCII
//! byte 8      version, 1
//! then, for each frame: varint length, frame
//! ```
//!
//! The file is only ever appended to; one that was cut off opens up to the last whole frame.

use crate::player::Player;
use protocol::{Limits, frame, varint};

/// What a file begins with.
pub const MAGIC: &[u8; 8] = b"cobrowse";

/// The version written and read.
pub const VERSION: u8 = 1;

/// Why a recording cannot be read further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset}: expected {expected}, found {found}")]
pub struct Error {
    /// The offset in the file.
    pub offset: usize,
    /// What should have been there.
    pub expected: String,
    /// What was there.
    pub found: String,
}

impl Error {
    fn new(offset: usize, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { offset, expected: expected.into(), found: found.into() }
    }
}

/// Begins a file.
pub fn begin(out: &mut Vec<u8>) {
    out.extend_from_slice(MAGIC);
    out.push(VERSION);
}

/// Appends a frame.
pub fn append(out: &mut Vec<u8>, frame: &[u8]) {
    varint::write(out, u32::try_from(frame.len()).unwrap_or(u32::MAX));
    out.extend_from_slice(frame);
}

/// The frames of a file.
#[derive(Debug, Clone)]
pub struct Frames<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Frames<'a> {
    /// Checks the beginning of a file.
    ///
    /// # Errors
    /// When it is not a recording, or one of another version.
    pub fn open(bytes: &'a [u8]) -> Result<Self, Error> {
        if bytes.get(..8) != Some(MAGIC) {
            return Err(Error::new(0, "a recording (\"cobrowse\")", "another file"));
        }
        match bytes.get(8) {
            Some(&VERSION) => Ok(Self { bytes, at: 9 }),
            Some(version) => Err(Error::new(8, format!("version {VERSION}"), format!("version {version}"))),
            None => Err(Error::new(8, "a version", "the end of the file")),
        }
    }

    /// The offset of the next frame's length.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Result<&'a [u8], Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let start = self.at;
        let len = varint::read(self.bytes, &mut self.at);
        let frame = len.and_then(|len| self.bytes.get(self.at..self.at.checked_add(len as usize)?));
        let Some(frame) = frame else {
            self.at = self.bytes.len();
            let expected = len.map_or("a frame's length".to_owned(), |len| format!("a frame of {len} bytes"));
            let found = format!("{} bytes, then the end of the file", self.bytes.len() - start);
            return Some(Err(Error::new(start, expected, found)));
        };
        self.at += frame.len();
        Some(Ok(frame))
    }
}

/// Plays a file up to a moment, in milliseconds since the stream began; `None` for its end.
///
/// # Errors
/// At the first frame that cannot be read or applied.
pub fn play(bytes: &[u8], until: Option<u32>) -> Result<Player, Error> {
    let mut player = Player::default();
    let mut frames = Frames::open(bytes)?;
    loop {
        let offset = frames.offset();
        let Some(frame) = frames.next() else { return Ok(player) };
        let frame = frame?;
        let limits = Limits::DEFAULT;
        let header = frame::peek(frame, &limits).map_err(|error| within(offset, &error))?.header;
        if header.kind == frame::Kind::Control {
            continue;
        }
        if player.frames() > 0 && until.is_some_and(|until| header.time > until) {
            return Ok(player);
        }
        player.push(frame).map_err(|error| within(offset, &error))?;
    }
}

fn within(offset: usize, error: &protocol::Error) -> Error {
    Error::new(offset, format!("frame {} to hold {}", error.frame, error.expected), error.found.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{
        encoder::Encoder,
        hash::Key,
        tree::{Kind, NONE, ROOT},
    };

    /// Three frames, at 0, 1,000 and 2,000 ms: a comment says "0", "1", "2".
    fn file() -> Vec<u8> {
        let mut encoder = Encoder::new(Key(3), &Limits::DEFAULT);
        let mut out = Vec::new();
        begin(&mut out);
        encoder.begin();
        encoder.run(ROOT, NONE);
        encoder.leaf(Kind::Comment, b"0").unwrap();
        encoder.end_run();
        append(&mut out, encoder.keyframe(0).unwrap());
        for (time, data) in [(1_000, b"1"), (2_000, b"2")] {
            encoder.begin();
            encoder.set_data(1, data).unwrap();
            append(&mut out, encoder.delta(time).unwrap().unwrap());
        }
        out
    }

    #[test]
    fn it_plays_up_to_a_moment() {
        let file = file();
        for (until, shown) in [(Some(0), "0"), (Some(999), "0"), (Some(1_000), "1"), (None, "2")] {
            assert_eq!(play(&file, until).unwrap().tree().data_str(1), shown, "{until:?}");
        }
    }

    #[test]
    fn a_damaged_file_names_the_place() {
        let file = file();
        assert_eq!(
            play(b"GIF89a", None).unwrap_err().to_string(),
            "byte 0: expected a recording (\"cobrowse\"), found another file"
        );
        let mut other = file.clone();
        other[8] = 9;
        assert_eq!(play(&other, None).unwrap_err().to_string(), "byte 8: expected version 1, found version 9");
        for len in 9..file.len() {
            // Between two frames it is a shorter recording; anywhere else the place is named.
            if let Err(error) = play(&file[..len], None) {
                assert!(error.offset >= 9 && error.offset < len, "{len}: {error}");
            }
        }
        let mut flipped = file.clone();
        let at = file.len() - 2;
        flipped[at] ^= 1;
        let error = play(&flipped, None).unwrap_err();
        assert!(error.to_string().contains("frame 3"), "{error}");
    }
}
