//! Addresses: values of parameters that prove who somebody is never leave, and, where a session says so, no values.

use super::{Policy, Verdict, names::is_proof};

/// The part of an address that is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    Query,
    Fragment,
}

/// What of an address may be said. `queries`: no value of the query and nothing of the fragment.
pub(super) fn gate(policy: Policy, queries: bool, value: &str, out: &mut Vec<u8>) -> Verdict {
    let bytes = value.as_bytes();
    let telling =
        memchr::memchr2(b'=', b'@', bytes).is_some() || queries && memchr::memchr2(b'?', b'#', bytes).is_some();
    if !telling || is_content(bytes) {
        return Verdict::Pass;
    }
    out.clear();
    let mut part = Part::Path;
    let mut at = end_of(bytes, 0, part);
    place(policy, piece(value, 0, at), out);
    while let Some(mark) = bytes.get(at) {
        match mark {
            b'?' if part == Part::Path => part = Part::Query,
            b'#' => part = Part::Fragment,
            _ => {}
        }
        let end = end_of(bytes, at + 1, part);
        if part == Part::Path && *mark == b'/' {
            out.extend_from_slice(piece(value, at, end).as_bytes());
        } else {
            parameter(policy, queries && part != Part::Path, value, at, end, out);
        }
        at = end;
    }
    if out.as_slice() == bytes { Verdict::Pass } else { Verdict::Instead }
}

/// A part of a string, which is cut at letters of one byte only.
fn piece(value: &str, from: usize, to: usize) -> &str {
    value.get(from..to).unwrap_or_default()
}

/// Where the piece ends that begins here.
fn end_of(bytes: &[u8], from: usize, part: Part) -> usize {
    // Behind the first parameter in it, a slash ends one.
    let ends = |byte: &u8| matches!(byte, b'?' | b'&' | b'#' | b';') || *byte == b'/' && part == Part::Path && from > 0;
    bytes.iter().skip(from).position(ends).map_or(bytes.len(), |len| from + len)
}

/// Whether what stands for an address is the content itself, or a name that this browser gave.
fn is_content(bytes: &[u8]) -> bool {
    bytes
        .first_chunk::<5>()
        .is_some_and(|start| matches!(&start.map(|byte| byte.to_ascii_lowercase()), b"data:" | b"blob:"))
}

/// What comes before all parameters. Who is named in it as a user is not told.
fn place(policy: Policy, place: &str, out: &mut Vec<u8>) {
    let bytes = place.as_bytes();
    let from = bytes.windows(2).position(|two| two == b"//").map_or(bytes.len(), |at| at + 2);
    let len = bytes.iter().skip(from).position(|byte| *byte == b'/');
    let authority = piece(place, from, len.map_or(bytes.len(), |len| from + len)).as_bytes();
    let user = memchr::memchr(b'@', authority).map_or(from, |at| from + at);
    out.extend_from_slice(piece(place, 0, from).as_bytes());
    policy.append_masked(piece(place, from, user), out);
    out.extend_from_slice(piece(place, user, bytes.len()).as_bytes());
}

/// One parameter with what stands before it.
fn parameter(policy: Policy, every: bool, value: &str, from: usize, to: usize, out: &mut Vec<u8>) {
    let whole = piece(value, from, to);
    let named = memchr::memchr(b'=', whole.as_bytes());
    let cut = named.map_or(1, |at| at + 1);
    let (name, value) = (piece(whole, 0, cut), piece(whole, cut, whole.len()));
    out.extend_from_slice(name.as_bytes());
    if every || named.is_some() && is_proof(name) {
        policy.append_masked(value, out);
    } else {
        out.extend_from_slice(value.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gated(queries: bool, value: &str) -> String {
        let mut out = Vec::new();
        match gate(Policy::default(), queries, value, &mut out) {
            Verdict::Pass => value.to_owned(),
            _ => String::from_utf8(out).unwrap(),
        }
    }

    #[test]
    fn what_proves_who_somebody_is_never_leaves() {
        for (value, expected) in [
            ("/page?id=7&access_token=SECRET#top", "/page?id=7&access_token=******#top"),
            ("/a;jsessionid=SECRET/b?x=1", "/a;jsessionid=******/b?x=1"),
            ("https://me:SECRET@a.test/x?y=1", "https://*********@a.test/x?y=1"),
            ("#id_token=SECRET&state=1", "#id_token=******&state=1"),
            ("/cb?code=SECRET", "/cb?code=******"),
            ("a.png?token=SECRET 1x, b.png?token=SECRET 2x", "a.png?token=****** *** *****?token=****** **"),
        ] {
            assert_eq!(gated(false, value), expected);
        }
        for value in ["/page?id=7", "mailto:max@a.test", "#top", "data:text/html;token=x,y?a=b", "/a@b/c", ""] {
            assert_eq!(gated(false, value), value);
        }
    }

    #[test]
    fn no_value_leaves_where_none_may() {
        for (value, expected) in [
            ("/page?id=7&q=two words#/account/7", "/page?id=*&q=*** *****#**********"),
            ("/page?SECRET", "/page?******"),
            ("/page", "/page"),
            ("#SECRET", "#******"),
            ("?a&b=", "?*&b="),
            // In a path, too, without a query behind it.
            ("/a;jsessionid=SECRET", "/a;jsessionid=******"),
        ] {
            assert_eq!(gated(true, value), expected);
        }
    }

    #[test]
    fn a_fixed_length_hides_that_of_values() {
        let policy = Policy { fixed: true, ..Policy::default() };
        let mut out = Vec::new();
        gate(policy, false, "?token=SECRET-SECRET&a=1", &mut out);
        assert_eq!(out, b"?token=********&a=1");
    }
}
