//! The folder with the recordings: `NAME.cbr` each. While a session goes on its file has no index; it opens all the same.

use super::{lock, names};
use ::relay::Recorded;
use ::replay::recording::{Compacted, File, Settings, block::Kind};
use std::{
    collections::{HashMap, HashSet},
    fs,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::Mutex,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The ending of a recording's file.
pub(super) const ENDING: &str = "cbr";

/// That of one being packed.
const UNFINISHED: &str = "tmp";

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Held as long as this relay records here: two must not.
    _lock: fs::File,
    open: Mutex<HashMap<String, fs::File>>,
    /// Recordings that were deleted while they were being packed.
    deleted: Mutex<HashSet<String>>,
}

impl Folder {
    /// Opens the folder, or makes it.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        let lock = fs::File::create(path.join(".lock"))?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => io::Error::other("another relay records here"),
            fs::TryLockError::Error(error) => error,
        })?;
        Ok(Self { path: path.to_owned(), _lock: lock, open: Mutex::default(), deleted: Mutex::default() })
    }

    /// The file of a recording.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}.{ENDING}"))
    }

    /// The names of all recordings.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let mut out = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            let name = path.file_stem().and_then(|name| name.to_str()).filter(|name| names::is_one(name));
            let is_recording = path.extension().is_some_and(|ending| ending == ENDING);
            out.extend(name.filter(|_| is_recording).map(str::to_owned));
        }
        out.sort();
        Ok(out)
    }

    /// The recordings that an earlier relay has not packed. What it was in the middle of is begun anew.
    pub(super) fn unpacked(&self) -> io::Result<Vec<String>> {
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            let is_ours = path.file_stem().and_then(|name| name.to_str()).is_some_and(names::is_one);
            if is_ours && path.extension().is_some_and(|ending| ending == UNFINISHED) {
                fs::remove_file(path)?;
            }
        }
        let names = self.names()?;
        Ok(names.into_iter().filter(|name| self.is_unpacked(name)).collect())
    }

    fn is_unpacked(&self, name: &str) -> bool {
        let opened = fs::File::open(self.file(name)).ok().and_then(|file| File::open(file).ok());
        opened.is_some_and(|file| {
            let map = file.map();
            map.version > 1 && (!map.has_index || map.places.iter().any(|place| place.kind == Kind::Verbatim))
        })
    }

    /// Appends to a recording's file, which is made if it is not there.
    pub(super) fn append(&self, name: &str, bytes: &[u8], sync: bool) -> io::Result<()> {
        let mut open = lock(&self.open);
        if !open.contains_key(name) {
            // It gets its name once something is in it: an empty file would be no recording.
            let unfinished = self.file(name).with_extension(UNFINISHED);
            let mut file = fs::OpenOptions::new().append(true).create_new(true).open(&unfinished)?;
            file.write_all(bytes)?;
            if sync {
                file.sync_data()?;
            }
            fs::rename(&unfinished, self.file(name))?;
            open.insert(name.to_owned(), file);
            return Ok(());
        }
        let Some(file) = open.get_mut(name) else { return Ok(()) };
        file.write_all(bytes)?;
        if sync {
            file.sync_data()?;
        }
        Ok(())
    }

    /// No more is appended: what there is, is on the disk, or gone.
    pub(super) fn end(&self, name: &str, deleted: bool) -> io::Result<()> {
        let file = lock(&self.open).remove(name);
        if let Some(file) = file.filter(|_| !deleted) {
            file.sync_all()?;
        }
        if deleted { self.delete(name).map(drop) } else { Ok(()) }
    }

    /// Packs a recording, and puts the result in its place. None where it was deleted meanwhile, or is damaged: then it stays as it
    /// is, for who wants to see what can be saved.
    pub(super) fn pack(&self, name: &str) -> io::Result<Option<Compacted>> {
        let (path, unfinished) = (self.file(name), self.file(name).with_extension(UNFINISHED));
        let source = match fs::File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            source => source?,
        };
        let written = source.metadata()?.modified()?;
        let source = File::open(source).map_err(io::Error::other)?;
        let mut out = BufWriter::new(fs::File::create(&unfinished)?);
        let packed = source.compact(Settings::default(), &mut out, |_, _| ())?;
        let out = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        // Its age is that of the session.
        out.set_modified(written)?;
        out.sync_all()?;
        let mut deleted = lock(&self.deleted);
        // A file that was cut off is whole up to there: that is what is packed.
        let is_lost = packed.frames == 0;
        if deleted.remove(name) || is_lost {
            fs::remove_file(&unfinished)?;
            return Ok(None);
        }
        fs::rename(&unfinished, &path)?;
        drop(deleted);
        // The renaming, too, is to outlast a power cut.
        if cfg!(unix) {
            fs::File::open(&self.path)?.sync_all()?;
        }
        Ok(Some(packed))
    }

    /// All recordings, by name.
    pub(super) fn list(&self) -> io::Result<Vec<Recorded>> {
        let mut out = Vec::new();
        for name in self.names()? {
            let Ok(about) = fs::metadata(self.file(&name)) else { continue };
            let written = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
            out.push(Recorded { name, bytes: about.len(), written: u64::try_from(written).unwrap_or(u64::MAX) });
        }
        Ok(out)
    }

    /// Deletes a recording; false when there is none.
    pub(super) fn delete(&self, name: &str) -> io::Result<bool> {
        let mut deleted = lock(&self.deleted);
        if self.file(name).with_extension(UNFINISHED).exists() {
            deleted.insert(name.to_owned());
        }
        match fs::remove_file(self.file(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            removed => removed.map(|()| true),
        }
    }

    /// Deletes what was last written to longer ago than `keep`; how many.
    pub(super) fn expire(&self, keep: Duration, is_live: impl Fn(&str) -> bool) -> io::Result<usize> {
        let Some(before) = SystemTime::now().checked_sub(keep) else { return Ok(0) };
        let mut count = 0;
        for name in self.names()? {
            let Ok(about) = fs::metadata(self.file(&name)) else { continue };
            if about.modified()? < before && !is_live(&name) && self.delete(&name)? {
                count += 1;
            }
        }
        Ok(count)
    }
}
