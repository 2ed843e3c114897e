//! A recording in something that can be read and sought in: a file, or bytes in memory.

use super::{Error, Map, Place, Reader, Settings, Writer};
use crate::player::Player;
use protocol::frame;
use std::io::{self, Read, Seek, SeekFrom};

/// A recording that is open. Of the source only what is needed is read.
#[derive(Debug)]
pub struct File<R> {
    source: R,
    reader: Reader,
    len: u64,
    read: u64,
}

/// What [`File::compact`] has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compacted {
    /// Frames of the page that were written.
    pub frames: u64,
    /// Bytes that were written.
    pub bytes: u64,
    /// Why the recording could not be read further, if it could not.
    pub problem: Option<Error>,
}

/// Why a source gives no bytes, in the form of a fault of the file.
fn failed(offset: u64, error: &io::Error) -> Error {
    Error::new(offset, "bytes that can be read", error.to_string())
}

impl<R: Read + Seek> File<R> {
    /// Opens a recording.
    ///
    /// # Errors
    /// When it is no recording, or cannot be read.
    pub fn open(mut source: R) -> Result<Self, Error> {
        let len = source.seek(SeekFrom::End(0)).map_err(|error| failed(0, &error))?;
        let mut file = Self { source, reader: Reader::new(len), len, read: 0 };
        file.drive()?;
        Ok(file)
    }

    fn drive(&mut self) -> Result<(), Error> {
        while let Some(range) = self.reader.want() {
            let len = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
            let fault = |error: &io::Error| failed(range.start, error);
            self.source.seek(SeekFrom::Start(range.start)).map_err(|error| fault(&error))?;
            let mut bytes = vec![0; len];
            self.source.read_exact(&mut bytes).map_err(|error| fault(&error))?;
            self.read += len as u64;
            self.reader.supply(&bytes)?;
        }
        Ok(())
    }

    /// Makes the page as it was at a moment, in milliseconds of the recording.
    ///
    /// # Errors
    /// With the place in the file; the page is as it was at the last frame before it.
    pub fn seek(&mut self, until: u32) -> Result<(), Error> {
        self.reader.seek(until)?;
        self.drive()
    }

    /// Applies the next frame of the page; false behind the last one.
    ///
    /// # Errors
    /// As for [`File::seek`].
    pub fn step(&mut self) -> Result<bool, Error> {
        self.reader.step(u32::MAX)?;
        self.drive()?;
        Ok(self.reader.outcome().is_some())
    }

    /// The page as a state in the file has it, a checkpoint or what differs from one.
    ///
    /// # Errors
    /// As for [`File::seek`].
    pub fn restored(&mut self, place: &Place) -> Result<Player, Error> {
        let mut reader = self.reader.again();
        reader.restore_at(place.offset);
        std::mem::swap(&mut self.reader, &mut reader);
        let driven = self.drive();
        std::mem::swap(&mut self.reader, &mut reader);
        driven?;
        Ok(reader.into_player())
    }

    /// Bytes of the file.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where the block begins that the next frame is in; none behind the last.
    #[must_use]
    pub fn next_offset(&self) -> Option<u64> {
        self.reader.next_offset()
    }

    /// Writes the same recording packed, with states to seek from and an index: what a [`super::LiveWriter`] has written becomes
    /// small, and quick to seek in. A recording that is damaged is written up to there. `told` is called now and then with how
    /// many bytes of how many are done.
    ///
    /// # Errors
    /// Of `out`.
    pub fn compact(
        mut self,
        settings: Settings,
        mut out: impl io::Write,
        mut told: impl FnMut(u64, u64),
    ) -> io::Result<Compacted> {
        let mut about = self.map().about.clone();
        let mut done = Compacted { frames: 0, bytes: 0, problem: None };
        if let Err(error) = self.seek(0) {
            done.problem = Some(error);
        }
        let page = self.player().about();
        about.url = about.url.or(Some(page.url)).filter(|url| !url.is_empty());
        about.viewport = about.viewport.or(Some(page.viewport)).filter(|viewport| !viewport.is_empty());
        let mut writer = Writer::new(&about, settings);
        // The page at the beginning was looked at; now all frames, one after the other.
        self.reader = self.reader.again();
        while done.problem.is_none() {
            let stepped = self.step();
            let taken = self.reader.said().iter().try_for_each(|said| writer.push(&said.frame, Some(said.at)));
            let taken = taken.and_then(|()| match (&stepped, self.reader.entry()) {
                (Ok(true), Some(entry)) => {
                    done.frames += 1;
                    let decoder = self.player().decoder();
                    let mut frame = Vec::with_capacity(decoder.body().len() + 20);
                    frame::write(&mut frame, entry.kind, decoder.seq(), decoder.time(), 0, decoder.body())?;
                    writer.push(&frame, Some(entry.at))
                }
                _ => Ok(()),
            });
            if let Err(error) = taken {
                done.problem = Some(super::within(self.reader.offset(), &error));
            }
            match stepped {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => done.problem = Some(error),
            }
            let bytes = writer.take();
            done.bytes += bytes.len() as u64;
            out.write_all(&bytes)?;
            told(self.reader.offset(), self.len);
        }
        done.problem = done.problem.or_else(|| self.map().problem.clone());
        let bytes = writer.finish();
        done.bytes += bytes.len() as u64;
        out.write_all(&bytes)?;
        out.flush()?;
        Ok(done)
    }

    /// The reader, for what it knows.
    #[must_use]
    pub const fn reader(&self) -> &Reader {
        &self.reader
    }

    /// What is known of the file.
    #[must_use]
    pub const fn map(&self) -> &Map {
        self.reader.map()
    }

    /// The page.
    #[must_use]
    pub const fn player(&self) -> &Player {
        self.reader.player()
    }

    /// Bytes that were read so far.
    #[must_use]
    pub const fn bytes_read(&self) -> u64 {
        self.read
    }
}
