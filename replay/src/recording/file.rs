//! A recording in something that can be read and sought in: a file, or bytes in memory.

use super::{Error, Map, Place, Reader};
use crate::player::Player;
use std::io::{self, Read, Seek, SeekFrom};

/// A recording that is open. Of the source only what is needed is read.
#[derive(Debug)]
pub struct File<R> {
    source: R,
    reader: Reader,
    len: u64,
    read: u64,
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
