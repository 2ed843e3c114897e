//! The web resources, with an organisation's settings in them.

use super::records::escaped;
use std::{fs, io, path::Path};

/// The page, whose script tag has the settings.
const PAGE: &str = include_str!("../../../replay/dynamics365/dynamics365.html");
const SCRIPT: &str = include_str!("../../../replay/dynamics365/dynamics365.js");
const COBROWSE: &str = include_str!("../../../replay/dynamics365/cobrowse.svg");
const SCREEN: &str = include_str!("../../../replay/dynamics365/screen-sharing.svg");

/// What stands in the page in the place of the settings.
const SETTINGS: &str = r#"data-relay="" data-key="" data-site="" data-channel="cobrowse""#;

/// The settings of a page.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// Where the relay is.
    pub(crate) relay: String,
    /// Its secret for invitations.
    pub(crate) key: String,
    /// The page that links lead to.
    pub(crate) site: String,
}

fn page(settings: &Settings, channel: &str) -> String {
    let Settings { relay, key, site } = settings;
    let own = format!(
        r#"data-relay="{}" data-key="{}" data-site="{}" data-channel="{channel}""#,
        escaped(relay),
        escaped(key),
        escaped(site)
    );
    PAGE.replace(SETTINGS, &own)
}

/// Writes them; returns their names.
pub(crate) fn write(folder: &Path, settings: &Settings, has_screen: bool) -> io::Result<Vec<&'static str>> {
    fs::create_dir_all(folder)?;
    let mut files = vec![
        ("cobrowse.html", page(settings, "cobrowse")),
        ("dynamics365.js", SCRIPT.to_owned()),
        ("cobrowse.svg", COBROWSE.to_owned()),
    ];
    if has_screen {
        files.push(("cobrowse-screen.html", page(settings, "screen")));
        files.push(("screen-sharing.svg", SCREEN.to_owned()));
    }
    for (name, text) in &files {
        fs::write(folder.join(name), text)?;
    }
    Ok(files.into_iter().map(|(name, _)| name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_their_place_and_stay_in_it() {
        assert_eq!(PAGE.matches(SETTINGS).count(), 1);
        let settings = Settings {
            relay: "https://relay.example/?a=1&b=2".to_owned(),
            key: "\"><script>".to_owned(),
            site: "https://shop.example".to_owned(),
        };
        let page = page(&settings, "screen");
        assert!(
            page.contains(r#"data-relay="https://relay.example/?a=1&amp;b=2" data-key="&quot;&gt;&lt;script&gt;""#)
        );
        assert!(page.contains(r#"data-site="https://shop.example" data-channel="screen""#));
        // A web resource holds no wasm.
        assert!(!page.contains("wasm") && !SCRIPT.contains("WebAssembly"));
    }
}
