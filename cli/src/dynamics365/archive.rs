//! The archive that the Configuration Migration tool takes.

use std::io::{Cursor, Read, Write};
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter, result::ZipError, write::SimpleFileOptions};

/// What each of them is called.
pub(crate) const SCHEMA: &str = "data_schema.xml";
/// The records.
pub(crate) const DATA: &str = "data.xml";
/// What the files are, for the tool's own reader.
pub(crate) const TYPES: &str = "[Content_Types].xml";

/// The content of [`TYPES`].
const TYPES_XML: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"xml\" ContentType=\"application/octet-stream\" /></Types>";

/// The largest file of a package, in bytes: what is larger is none that was made for this.
const MOST: u64 = 16 << 20;

/// A package's files.
#[derive(Debug)]
pub(crate) struct Files {
    /// [`SCHEMA`].
    pub(crate) schema: String,
    /// [`DATA`].
    pub(crate) data: String,
}

/// Packs the files. The same files give the same bytes.
pub(crate) fn pack(files: &Files) -> Result<Vec<u8>, ZipError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    for (name, text) in [(TYPES, TYPES_XML), (DATA, files.data.as_str()), (SCHEMA, files.schema.as_str())] {
        zip.start_file(name, options)?;
        zip.write_all(text.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

/// Unpacks an archive; the errors say what each file should be.
pub(crate) fn unpack(bytes: &[u8]) -> Result<Files, Vec<String>> {
    let archive = ZipArchive::new(Cursor::new(bytes));
    let mut archive = archive.map_err(|error| vec![format!("expected a ZIP archive: {error}")])?;
    let mut problems = Vec::new();
    let mut read = |name: &str| match text(&mut archive, name) {
        Ok(text) => text,
        Err(problem) => {
            problems.push(format!("{name}: {problem}"));
            String::new()
        }
    };
    let (_, data, schema) = (read(TYPES), read(DATA), read(SCHEMA));
    if problems.is_empty() { Ok(Files { schema, data }) } else { Err(problems) }
}

fn text(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<String, String> {
    let file = archive.by_name(name).map_err(|error| match error {
        ZipError::FileNotFound => "expected in the archive, found nothing".to_owned(),
        error => error.to_string(),
    })?;
    let mut bytes = Vec::new();
    // What an archive says of a file's size may be wrong.
    file.take(MOST + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MOST {
        return Err(format!("expected at most {MOST} bytes"));
    }
    String::from_utf8(bytes).map_err(|error| format!("expected UTF-8: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let files = Files { schema: "<entities />".to_owned(), data: "<entities></entities>".to_owned() };
        let bytes = pack(&files).unwrap();
        assert_eq!(bytes, pack(&files).unwrap());
        let back = unpack(&bytes).unwrap();
        assert_eq!((back.schema, back.data), (files.schema, files.data));
    }

    #[test]
    fn what_is_none_is_said_to_be_none() {
        assert!(unpack(b"").unwrap_err()[0].starts_with("expected a ZIP archive: "));
        let bytes = pack(&Files { schema: "<entities />".to_owned(), data: "<entities />".to_owned() }).unwrap();
        for cut in [10, bytes.len() / 2, bytes.len() - 1] {
            unpack(&bytes[..cut]).unwrap_err();
        }
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(DATA, SimpleFileOptions::default()).unwrap();
        zip.write_all(b"\xff\xfe").unwrap();
        let problems = unpack(zip.finish().unwrap().get_ref()).unwrap_err();
        assert_eq!(problems[0], "[Content_Types].xml: expected in the archive, found nothing");
        assert!(problems[1].starts_with("data.xml: expected UTF-8: "), "{problems:?}");
        assert_eq!(problems[2], "data_schema.xml: expected in the archive, found nothing");
    }
}
