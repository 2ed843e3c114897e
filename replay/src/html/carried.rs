//! What the stream has carried, so that a page needs nothing from where it came: pictures, fonts, style sheets, pixels of canvases
//! (`docs/wire-format.md` §4.2, the table of properties). All of it goes into the page as `data:` addresses or rules.

use protocol::{
    names::Namespace,
    tree::{ROOT, Tree},
};
use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
};

/// The largest canvas that is shown, in pixels: no recorder tells of larger ones.
const MOST_PIXELS: u64 = (1 << 20) + (1 << 17);

/// The side of a canvas's tiles.
const TILE: u32 = 256;

/// What there is.
#[derive(Debug, Default)]
pub(super) struct Carried<'a> {
    /// By hash: type and bytes, as in a `data:` address behind its scheme.
    files: HashMap<&'a str, &'a str>,
    /// By address: the hash.
    addresses: HashMap<&'a str, &'a str>,
    /// What is said of each font, and the hash of its bytes.
    fonts: BTreeMap<&'a str, (&'a str, &'a str)>,
}

/// A property by the namespace of properties.
pub(super) fn property<'a>(tree: &'a Tree, id: u32, name: &str) -> Option<&'a str> {
    let mut attrs = tree.attrs(id).filter(|(attr, _)| tree.names.get(*attr) == (Namespace::Prop, name));
    attrs.next().and_then(|(_, value)| std::str::from_utf8(value).ok())
}

/// Whether it is what a `data:` address may hold behind its scheme, and nothing that ends it.
fn is_bytes(text: &str) -> bool {
    let is_type =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.+-".contains(&b));
    text.split_once(";base64,").is_some_and(|(kind, bytes)| {
        kind.split_once('/').is_some_and(|(a, b)| is_type(a) && is_type(b))
            && bytes.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b))
    })
}

impl<'a> Carried<'a> {
    pub(super) fn new(tree: &'a Tree) -> Self {
        let mut carried = Self::default();
        for (name, value) in tree.attrs(ROOT) {
            let (Namespace::Prop, name) = tree.names.get(name) else { continue };
            let Ok(value) = std::str::from_utf8(value) else { continue };
            let mut parts = name.split(' ');
            match (parts.next(), parts.next()) {
                (Some("resource"), Some(hash)) if is_bytes(value) => _ = carried.files.insert(hash, value),
                (Some("font"), Some(hash)) => _ = carried.fonts.insert(name, (value, hash)),
                (Some("asset"), Some(_)) => {
                    if let Some((hash, address)) = value.split_once(' ') {
                        carried.addresses.insert(address, hash);
                    }
                }
                _ => {}
            }
        }
        carried
    }

    /// The bytes that an element shows in the place of what its address leads to, as an address.
    pub(super) fn picture(&self, tree: &Tree, id: u32) -> Option<String> {
        let value = self.files.get(property(tree, id, "picture")?)?;
        Some(format!("data:{value}"))
    }

    fn file(&self, base: &str, address: &str) -> Option<&'a str> {
        let address = join(base, address)?;
        let hash = self.addresses.get(address.as_str()).or_else(|| self.addresses.get(address.split('#').next()?))?;
        self.files.get(hash).copied()
    }

    /// The rules that a style sheet's address leads to.
    pub(super) fn sheet(&self, base: &str, address: &str) -> Option<String> {
        let (kind, bytes) = self.file(base, address)?.split_once(";base64,")?;
        let text = (kind == "text/css").then(|| String::from_utf8(decoded(bytes)?).ok()).flatten()?;
        Some(self.rules(&join(base, address)?, &text))
    }

    /// The same rules or declarations with bytes in the place of addresses that were carried, and the others made absolute where
    /// they come from another file than the page.
    pub(super) fn rules(&self, base: &str, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("url(") {
            let (before, from) = rest.split_at(at + 4);
            out.push_str(before);
            let inner = from.trim_start();
            let quote = inner.chars().next().filter(|first| matches!(first, '"' | '\''));
            let (address, len) = match quote {
                Some(quote) => {
                    let end = closing(&inner[1..], quote).map_or(inner.len(), |end| end + 2);
                    (inner.get(1..end.saturating_sub(1)).unwrap_or_default(), end)
                }
                None => {
                    let end = inner.find(')').unwrap_or(inner.len());
                    (inner[..end].trim_end(), end)
                }
            };
            let value = match self.file(base, address) {
                Some(file) => Some(format!("data:{file}")),
                None if address.starts_with('#') || address.starts_with("data:") => None,
                None => join(base, address),
            };
            match value {
                Some(value) => _ = write!(out, "\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
                None => out.push_str(&inner[..len]),
            }
            rest = &inner[len..];
        }
        out.push_str(rest);
        out
    }

    /// Rules for the fonts.
    pub(super) fn faces(&self) -> String {
        let mut out = String::new();
        for (said, hash) in self.fonts.values() {
            let Some(file) = self.files.get(hash) else { continue };
            let said = fields(said);
            let Some(family) = said.get("family") else { continue };
            let family = family.trim_matches(['"', '\'']).replace(['\\', '"'], "");
            let _ = write!(out, "@font-face {{ font-family: \"{family}\"; src: url(\"data:{file}\");");
            let names = [
                ("weight", "font-weight"),
                ("style", "font-style"),
                ("stretch", "font-stretch"),
                ("unicodeRange", "unicode-range"),
            ];
            for (name, descriptor) in names {
                if let Some(value) = said.get(name).filter(|value| !value.contains([';', '{', '}', '<'])) {
                    let _ = write!(out, " {descriptor}: {value};");
                }
            }
            out.push_str(" }\n");
        }
        out
    }
}

/// The style by which a canvas shows its pixels: a picture of all of its tiles.
pub(super) fn canvas(tree: &Tree, id: u32) -> Option<String> {
    let (width, height) = property(tree, id, "tiles")?.split_once('x')?;
    let (width, height) = (width.parse::<u32>().ok()?, height.parse::<u32>().ok()?);
    if width == 0 || height == 0 || u64::from(width) * u64::from(height) > MOST_PIXELS {
        return None;
    }
    let mut svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' height='{height}' preserveAspectRatio='none'>"
    );
    for (name, value) in tree.attrs(id) {
        let (Namespace::Prop, name) = tree.names.get(name) else { continue };
        let place = name.strip_prefix("tile ").and_then(|place| place.split_once(' '));
        let Some((x, y)) = place.and_then(|(x, y)| Some((x.parse::<u32>().ok()?, y.parse::<u32>().ok()?))) else {
            continue;
        };
        let Some(value) = std::str::from_utf8(value).ok().filter(|value| is_bytes(value)) else { continue };
        let (x, y) = (x.saturating_mul(TILE), y.saturating_mul(TILE));
        let (w, h) = (TILE.min(width.saturating_sub(x)), TILE.min(height.saturating_sub(y)));
        let _ = write!(svg, "<image x='{x}' y='{y}' width='{w}' height='{h}' href='data:{value}'/>");
    }
    svg.push_str("</svg>");
    let quoted = svg.replace('%', "%25").replace('#', "%23").replace('<', "%3C").replace('>', "%3E");
    Some(format!("background: url(\"data:image/svg+xml,{quoted}\") 0 0 / 100% 100% no-repeat content-box;"))
}

/// Where a string ends that begins before `text`.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, letter)| {
        let ends = letter == quote && !escaped;
        escaped = letter == '\\' && !escaped;
        ends.then_some(at)
    })
}

/// An address made absolute (URL standard, the part that names of files on servers need).
pub(super) fn join(base: &str, address: &str) -> Option<String> {
    let address = address.trim();
    let has_scheme = address.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    });
    if has_scheme {
        return Some(address.to_owned());
    }
    let (scheme, rest) = base.split_once("://")?;
    if let Some(rest) = address.strip_prefix("//") {
        return Some(format!("{scheme}://{rest}"));
    }
    let rest = rest.split(['#']).next().unwrap_or_default();
    let (host, path) = rest.find(['/', '?']).map_or((rest, "/"), |at| rest.split_at(at));
    let (path, query) = path.split_once('?').map_or((path, ""), |(path, query)| (path, query));
    if address.is_empty() || address.starts_with('#') {
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        return Some(format!("{scheme}://{host}{path}{query}{address}"));
    }
    let (own, behind) = address.find(['?', '#']).map_or((address, ""), |at| address.split_at(at));
    if own.is_empty() {
        return Some(format!("{scheme}://{host}{path}{behind}"));
    }
    let folder = if own.starts_with('/') { "" } else { path.rsplit_once('/').map_or("", |(folder, _)| folder) };
    let mut steps: Vec<&str> = Vec::new();
    let whole = format!("{folder}/{}", own.trim_start_matches('/'));
    let all: Vec<&str> = whole.split('/').skip(1).collect();
    for (index, step) in all.iter().enumerate() {
        let is_last = index + 1 == all.len();
        match *step {
            "." | ".." => {
                if *step == ".." {
                    steps.pop();
                }
                if is_last {
                    steps.push("");
                }
            }
            step => steps.push(step),
        }
    }
    Some(format!("{scheme}://{host}/{}{behind}", steps.join("/")))
}

/// The bytes that base 64 stands for.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 0xff) as u8);
        }
    }
    Some(out)
}

/// The strings of a flat object of JSON; what is none is left out.
fn fields(json: &str) -> HashMap<String, String> {
    let mut strings = Vec::new();
    let mut rest = json;
    while let Some(at) = rest.find('"') {
        let Some(end) = closing(&rest[at + 1..], '"') else { break };
        let is_key = rest[at + end + 2..].trim_start().starts_with(':');
        strings.push((is_key, unescaped(&rest[at + 1..at + 1 + end])));
        rest = &rest[at + end + 2..];
    }
    let mut out = HashMap::new();
    for two in strings.windows(2) {
        if let [(true, key), (false, value)] = two {
            out.insert(key.clone(), value.clone());
        }
    }
    out
}

fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match letters.next() {
            Some('u') => {
                let code: String = letters.by_ref().take(4).collect();
                out.push(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32).unwrap_or('\u{fffd}'));
            }
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_made_absolute() {
        let base = "https://a.test/shop/page.html?x=1#top";
        for (address, expected) in [
            ("b.css", "https://a.test/shop/b.css"),
            ("../b.css?v=2", "https://a.test/b.css?v=2"),
            ("./x/./y/../z.png", "https://a.test/shop/x/z.png"),
            ("/c.css", "https://a.test/c.css"),
            ("//d.test/e", "https://d.test/e"),
            ("http://f.test/", "http://f.test/"),
            ("?y", "https://a.test/shop/page.html?y"),
            ("#part", "https://a.test/shop/page.html?x=1#part"),
            ("", "https://a.test/shop/page.html?x=1"),
        ] {
            assert_eq!(join(base, address).as_deref(), Some(expected), "{address}");
        }
        assert_eq!(join("https://a.test", "b").as_deref(), Some("https://a.test/b"));
        assert_eq!(join("about:blank", "b"), None);
    }

    #[test]
    fn bytes_take_the_place_of_addresses_in_rules() {
        let mut carried = Carried::default();
        carried.files.insert("h", "image/png;base64,AAAA");
        carried.addresses.insert("https://a.test/i/b.png", "h");
        let text =
            "a { background: url(b.png) , url( \"/i/b.png\" ), url('c.png'); mask: url(#m) } b { c: url(data:x) }";
        let expected = "a { background: url(\"data:image/png;base64,AAAA\") , url(\"data:image/png;base64,AAAA\" ), \
            url(\"https://a.test/i/c.png\"); mask: url(#m) } b { c: url(data:x) }";
        assert_eq!(carried.rules("https://a.test/i/s.css", text), expected);
        for text in ["url(", "url(\"", "url('x", "url(x"] {
            carried.rules("https://a.test/", text);
        }
    }

    #[test]
    fn what_is_no_bytes_is_none() {
        assert!(is_bytes("image/svg+xml;base64,AA+/=="));
        assert!(
            !["image/png", "x;base64,AA", "image/png;base64,A A", "a/b;base64,\""].iter().any(|text| is_bytes(text))
        );
        assert_eq!(decoded("SGVsbG8=").unwrap(), b"Hello");
        let said = fields(r#"{"family":"Own \"1\"","weight":"400","n":3,"style":"normal"}"#);
        assert_eq!((said["family"].as_str(), said["weight"].as_str(), said.len()), ("Own \"1\"", "400", 3));
    }
}
