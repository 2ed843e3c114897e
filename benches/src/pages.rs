//! The pages that are captured.

use std::{fmt::Write as _, fs, path::Path};

/// A table of 1,429 rows: about 20,000 nodes with their texts, 511 KB of HTML.
#[must_use]
pub fn table() -> String {
    let mut html = String::from("<!DOCTYPE html><html><head><title>Table</title></head><body><table><tbody>");
    for i in 0..1_429 {
        let _ = write!(
            html,
            "<tr class=\"row r{}\" data-id=\"{i}\" id=\"row-{i}\"><td class=\"col-id\">{i}</td>\
             <td class=\"col-name\"><a class=\"link\" href=\"/item/{i}\">Item name {i}</a></td>\
             <td class=\"col-text\">Some text for item {i}, a little longer than a name</td>\
             <td class=\"col-price\" style=\"text-align: right\">{}.00</td><td class=\"col-stock\"><b>{}</b></td>\
             <td class=\"col-x\"><button class=\"btn btn-small\" type=\"button\">Buy</button></td></tr>",
            i % 7,
            i * 37 % 1000,
            i % 5
        );
    }
    html + "</tbody></table></body></html>"
}

/// The names of the real pages, sorted; none where the folder is not there.
#[must_use]
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.ends_with(".html"))
        .collect();
    names.sort();
    names
}

/// One of them.
#[must_use]
pub fn read(folder: &Path, name: &str) -> Option<String> {
    if name.contains(['/', '\\']) {
        return None;
    }
    let bytes = fs::read(folder.join(name)).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
