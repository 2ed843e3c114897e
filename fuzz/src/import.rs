//! What `cobrowse import` is made of, taken in as it is.

#![allow(dead_code, unused_imports, reason = "files of the command, of which a part is used")]

#[path = "../../cli/src/import/css.rs"]
mod css;
#[path = "../../cli/src/import/events.rs"]
mod events;
#[path = "../../cli/src/import/page.rs"]
mod page;
#[path = "../../cli/src/import/rrweb.rs"]
mod rrweb;
#[path = "../../cli/src/import/sheets.rs"]
mod sheets;

/// What an import gives: the recording, how many frames are in it, and how many milliseconds it lasts; or what was expected.
pub(crate) fn import(text: &str) -> Result<(Vec<u8>, usize, u32), String> {
    match rrweb::import(text) {
        Ok(imported) => Ok((imported.bytes, imported.frames, imported.duration)),
        Err(error) => Err(error.to_string()),
    }
}
