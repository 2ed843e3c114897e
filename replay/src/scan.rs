//! Going through a recording for what it holds, in steps as small as one likes: a browser must not freeze.

use crate::recording::{Error, Reader};
use std::ops::Range;

/// What is looked for.
pub trait Watch {
    /// Looks at the page behind a frame that was applied, and at what was said before it ([`Reader::said`]).
    fn look(&mut self, reader: &Reader);

    /// The recording is at its end, or at that of the time that is gone through.
    fn end(&mut self, _reader: &Reader) {}
}

/// A part of a recording being gone through with a reader of its own.
#[derive(Debug)]
pub struct Scan<W> {
    reader: Reader,
    watch: W,
    until: u32,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Seek(u32),
    Seeking,
    Step,
    Stepping,
    Done,
}

impl<W: Watch> Scan<W> {
    /// Goes through all frames of these times, in milliseconds of the recording, beginning with the page as it was at the first.
    #[must_use]
    pub fn new(reader: &Reader, times: Range<u32>, watch: W) -> Self {
        Self { reader: reader.again(), watch, until: times.end, stage: Stage::Seek(times.start) }
    }

    /// The bytes that are needed before [`Scan::work`] can go on.
    #[must_use]
    pub fn want(&self) -> Option<Range<u64>> {
        self.reader.want()
    }

    /// Takes them.
    ///
    /// # Errors
    /// Those of [`Reader::supply`]; the scan is at its end then.
    pub fn supply(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.reader.supply(bytes).inspect_err(|_| self.stage = Stage::Done)
    }

    /// Goes on by at most so many frames, or until bytes are wanted; true when all is done.
    ///
    /// # Errors
    /// Those of [`Reader::supply`]; the scan is at its end then.
    pub fn work(&mut self, frames: u32) -> Result<bool, Error> {
        self.go(frames).inspect_err(|_| self.stage = Stage::Done)
    }

    fn go(&mut self, mut frames: u32) -> Result<bool, Error> {
        while self.reader.want().is_none() {
            match self.stage {
                Stage::Seek(from) => {
                    self.stage = Stage::Seeking;
                    self.reader.seek(from)?;
                }
                Stage::Seeking => {
                    self.watch.look(&self.reader);
                    self.stage = Stage::Step;
                }
                Stage::Step if frames == 0 => return Ok(false),
                Stage::Step => {
                    frames -= 1;
                    self.stage = Stage::Stepping;
                    self.reader.step(self.until)?;
                }
                Stage::Stepping if self.reader.outcome().is_some() => {
                    self.watch.look(&self.reader);
                    self.stage = Stage::Step;
                }
                Stage::Stepping => {
                    // What was said behind the last frame.
                    self.watch.end(&self.reader);
                    self.stage = Stage::Done;
                }
                Stage::Done => return Ok(true),
            }
        }
        Ok(false)
    }

    /// The recording's time up to which all was looked at, in milliseconds.
    #[must_use]
    pub const fn now(&self) -> u32 {
        self.reader.now()
    }

    /// What was found so far.
    #[must_use]
    pub const fn watch(&self) -> &W {
        &self.watch
    }
}
