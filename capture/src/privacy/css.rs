//! CSS text: what it shows as text, and what it holds for that, is kept where text is masked; how it makes a page look
//! stays.

use super::Policy;

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// Strings that are shown or held for it, and comments, too.
    Shown,
    /// All strings but names of fonts, what custom properties hold, comments, and addresses as a whole.
    All,
}

/// What a declaration is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Look,
    Font,
    Content,
    Custom,
}

/// What is for strings that are shown.
const SHOWING: &[&[u8]] = &[
    b"content",
    b"quotes",
    b"symbols",
    b"additive-symbols",
    b"prefix",
    b"suffix",
    b"negative",
    b"pad",
    b"initial-value",
];

impl Use {
    fn of(name: &[u8]) -> Self {
        let is = |word: &&[u8]| name.eq_ignore_ascii_case(word);
        let is_custom = name.starts_with(b"--");
        if memchr::memchr(b'\\', name).is_some() {
            Self::Custom // An escape may spell anything.
        } else if name.windows(4).any(|part| part.eq_ignore_ascii_case(b"font")) {
            Self::Font
        } else if is_custom {
            Self::Custom
        } else if SHOWING.iter().any(is) {
            Self::Content
        } else {
            Self::Look
        }
    }
}

/// Writes what of the text may be said to `out`; it is CSS still.
pub(super) fn gate(policy: Policy, kept: Kept, text: &str, out: &mut Vec<u8>) {
    Scanner { policy, kept, text, at: 0, from: 0, kind: None, parens: 0, braces: 0, out }.run();
}

struct Scanner<'a> {
    policy: Policy,
    kept: Kept,
    text: &'a str,
    at: usize,
    /// Where the statement begins.
    from: usize,
    /// What it is for, once its colon was met.
    kind: Option<Use>,
    parens: u32,
    /// Those in a custom property's value.
    braces: u32,
    out: &'a mut Vec<u8>,
}

impl Scanner<'_> {
    fn run(&mut self) {
        self.out.clear();
        while let Some(byte) = self.byte() {
            match byte {
                b'/' if self.rest().as_bytes().get(1) == Some(&b'*') => self.comment(),
                b'"' | b'\'' => {
                    let kept = match self.kind {
                        Some(Use::Font) => false,
                        Some(Use::Content | Use::Custom) => true,
                        Some(Use::Look) | None => self.kept == Kept::All,
                    };
                    self.string(kept);
                }
                b'(' if is_url(self.text.as_bytes().get(..self.at).unwrap_or_default()) => self.url(),
                // What stands in braces is a part of a custom property's value.
                b'{' if self.kind == Some(Use::Custom) => {
                    self.braces += 1;
                    self.push(1);
                }
                b'}' if self.braces > 0 => {
                    self.braces -= 1;
                    self.push(1);
                }
                b'{' | b'}' | b';' if self.braces == 0 => {
                    self.push(1);
                    self.from = self.at;
                    (self.kind, self.parens, self.braces) = (None, 0, 0);
                }
                b':' if self.kind.is_none() && self.parens == 0 => {
                    let name = self.text.as_bytes().get(self.from..self.at).unwrap_or_default();
                    // A comment may stand behind it.
                    let len = memchr::memchr(b'/', name).unwrap_or(name.len());
                    self.kind = Some(Use::of(name.get(..len).unwrap_or_default().trim_ascii()));
                    self.push(1);
                }
                _ if self.kept == Kept::All && self.kind == Some(Use::Custom) && is_word(byte) => self.word(),
                _ => {
                    match byte {
                        b'(' => self.parens += 1,
                        b')' => self.parens = self.parens.saturating_sub(1),
                        _ => {}
                    }
                    self.push(1);
                }
            }
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, len: usize) {
        let end = (self.at + len).min(self.text.len());
        self.out.extend_from_slice(self.text.as_bytes().get(self.at..end).unwrap_or_default());
        self.at = end;
    }

    fn comment(&mut self) {
        let rest = self.rest().as_bytes();
        let len = rest.windows(2).skip(2).position(|two| two == b"*/").map_or(rest.len(), |len| len + 4);
        self.out.extend_from_slice(b"/**/");
        let is_first =
            self.text.as_bytes().get(self.from..self.at).is_some_and(|before| before.trim_ascii().is_empty());
        self.at += len;
        if is_first {
            self.from = self.at;
        }
    }

    /// The length of a string's inside, and of it all.
    fn quoted(&self) -> (usize, usize) {
        let bytes = self.rest().as_bytes();
        let mut at = 1;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'\\' if bytes.get(at + 1..at + 3) == Some(b"\r\n") => at += 3,
                b'\\' => at += 2,
                b'\n' | b'\r' | b'\x0c' => return (at - 1, at),
                _ if bytes.first() == Some(byte) => return (at - 1, at + 1),
                _ => at += 1,
            }
        }
        (bytes.len() - 1, bytes.len())
    }

    fn string(&mut self, kept: bool) {
        let (inside, whole) = self.quoted();
        if !kept {
            self.push(whole);
            return;
        }
        let end = self.at + whole;
        self.push(1);
        let text = self.text.get(self.at..self.at + inside).unwrap_or_default();
        mask_string(text, self.policy, self.out);
        self.at += inside;
        self.push(end - self.at);
    }

    /// From the bracket of `url(` on.
    fn url(&mut self) {
        self.parens += 1;
        self.push(1);
        while self.byte().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.push(1);
        }
        let (quote, inside, whole) = match self.byte() {
            Some(b'"' | b'\'') => {
                let (inside, whole) = self.quoted();
                (1, inside, whole)
            }
            _ => {
                let rest = self.rest().as_bytes();
                let len = memchr::memchr(b')', rest).unwrap_or(rest.len());
                (0, len, len)
            }
        };
        let end = self.at + whole;
        self.push(quote);
        let text = self.text.get(self.at..self.at + inside).unwrap_or_default();
        // A picture would not load with a part of its address only.
        if self.kept != Kept::All {
            self.out.extend_from_slice(text.as_bytes());
        }
        self.at += inside;
        self.push(end.saturating_sub(self.at));
    }

    /// A word in a custom property's value: lengths, colours and names of functions stay.
    fn word(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let len = rest.bytes().position(|byte| !is_word(byte)).unwrap_or(rest.len());
        let word = rest.get(..len).unwrap_or_default();
        let is_call =
            rest.as_bytes().get(len) == Some(&b'(') && len <= 20 && !word.bytes().any(|byte| byte.is_ascii_digit());
        let is_reference = self.parens > 0 && word.as_bytes().starts_with(b"--");
        if is_call || is_reference || is_measure(word) {
            self.push(len.max(1));
        } else {
            if self.out.last() == Some(&b'/') {
                self.out.push(b' '); // No comment begins here.
            }
            self.policy.append_masked(word, self.out);
            self.at += len;
        }
    }
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'%' | b'#' | b'\\') || byte >= 0x80
}

/// Whether what follows `url`, in any case.
fn is_url(before: &[u8]) -> bool {
    before.last_chunk::<3>().is_some_and(|end| end.eq_ignore_ascii_case(b"url"))
}

/// A number of few digits with its unit, or a colour.
fn is_measure(word: &str) -> bool {
    let word = word.as_bytes();
    if let Some((b'#', colour)) = word.split_first() {
        return matches!(colour.len(), 3 | 4 | 6 | 8) && colour.iter().all(u8::is_ascii_hexdigit);
    }
    let word = word.strip_prefix(b"-").unwrap_or(word);
    let is_unit = |byte: &u8| byte.is_ascii_lowercase() || *byte == b'%';
    let number = word.iter().position(is_unit).unwrap_or(word.len());
    let is_number = word.iter().take(number).all(|byte| byte.is_ascii_digit() || *byte == b'.');
    is_number && (1..=5).contains(&number) && word.len() - number <= 4 && word.iter().skip(number).all(is_unit)
}

/// A string's inside: letters and digits are masked, what only decorates stays, as do glyphs of icon fonts.
fn mask_string(text: &str, policy: Policy, out: &mut Vec<u8>) {
    let from = out.len();
    let mut is_masked = false;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (shown, len) = character(rest);
        if decorates(shown) {
            out.extend_from_slice(rest.get(..len).unwrap_or_default().as_bytes());
        } else {
            out.push(b'*');
            is_masked = true;
        }
        at += len;
    }
    if policy.fixed && is_masked {
        out.truncate(from);
        policy.append_masked("*", out);
    }
}

/// The character that a text begins with, which may be written as an escape, and how much that takes.
fn character(text: &str) -> (char, usize) {
    let mut characters = text.chars();
    let first = characters.next().unwrap_or_default();
    let escaped = characters.next().filter(|_| first == '\\');
    let Some(escaped) = escaped else { return (first, first.len_utf8()) };
    let mut code = 0;
    let mut len = 1;
    for digit in text.bytes().skip(1).take(6).map_while(|byte| char::from(byte).to_digit(16)) {
        code = code * 16 + digit;
        len += 1;
    }
    if len == 1 {
        return (escaped, 1 + escaped.len_utf8());
    }
    let blank = text.as_bytes().get(len).is_some_and(u8::is_ascii_whitespace);
    (char::from_u32(code).unwrap_or('*'), len + usize::from(blank))
}

/// Punctuation, arrows and symbols, and what fonts of icons use.
const fn decorates(character: char) -> bool {
    character.is_ascii() && !character.is_ascii_alphanumeric()
        || matches!(character, '\u{a0}'..='\u{a9}' | '\u{ab}'..='\u{b1}' | '\u{b7}' | '\u{bb}')
        || matches!(character, '\u{2000}'..='\u{2bff}' | '\u{e000}'..='\u{f8ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gated(kept: Kept, text: &str) -> String {
        let mut out = Vec::new();
        gate(Policy::default(), kept, text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_is_shown_as_text_is_kept() {
        for (text, expected) in [
            ("a::before{content:\"Max\" attr(x)}", "a::before{content:\"***\" attr(x)}"),
            (
                ".i:before { content: '\\e900 \\f015'; color: red }",
                ".i:before { content: '\\e900 \\f015'; color: red }",
            ),
            ("a{content:\"\\4d\\61 x \u{2192}\"}", "a{content:\"*** \u{2192}\"}"),
            ("[type=\"text\"]{font-family:\"Open Sans\"}", "[type=\"text\"]{font-family:\"Open Sans\"}"),
            (
                ":root{--name:\"Max\";--font:\"Open Sans\";--x:red}",
                ":root{--name:\"***\";--font:\"Open Sans\";--x:red}",
            ),
            ("/* Max */a{background:url(a.png?token=Max)}", "/**/a{background:url(a.png?token=Max)}"),
            ("a{c\\6fntent:\"Max\"}", "a{c\\6fntent:\"***\"}"),
            ("@media (min-width:1px){a{content:\"Max\"}}", "@media (min-width:1px){a{content:\"***\"}}"),
            // Comments stand anywhere between, and say nothing of what a declaration is for.
            ("a{/* Max */content:\"Max\"}", "a{/**/content:\"***\"}"),
            ("a{/**/ /**/content/* Max */:\"Max\"}", "a{/**/ /**/content/**/:\"***\"}"),
            ("a{/**/font-family/**/:\"Open Sans\"}", "a{/**/font-family/**/:\"Open Sans\"}"),
            // Strings go over lines that are escaped, of every kind, and end at others.
            ("a{content:\"Max\\\r\nMax\"}", "a{content:\"***\\\r\n***\"}"),
            ("a{content:\"Max\r;content:\"Max\"}", "a{content:\"***\r;content:\"***\"}"),
            ("a{content:\"Max\u{c};content:\"Max\"}", "a{content:\"***\u{c};content:\"***\"}"),
        ] {
            assert_eq!(gated(Kept::Shown, text), expected);
        }
    }

    #[test]
    fn of_what_is_masked_only_the_look_is_left() {
        for (text, expected) in [
            ("--name: Max Mueller; width: 30%", "--name: *** *******; width: 30%"),
            (
                "--a:30%;--b:#fff;--c:calc(1.5rem * var(--d));--e:123456",
                "--a:30%;--b:#fff;--c:calc(1.5rem * var(--d));--e:******",
            ),
            ("background-image: url(\"/max.png?x\"); color: red", "background-image: url(\"\"); color: red"),
            ("background:URL( max.png ) no-repeat", "background:URL( ) no-repeat"),
            ("--x:{ Max: \"Max\" }; color: blue", "--x:{ ***: \"***\" }; color: blue"),
            ("color: red; /* Max */--x: Max", "color: red; /**/--x: ***"),
            ("--x:/max/1; color: red", "--x:/ ***/1; color: red"),
            ("content: \"Max", "content: \"***"),
            ("font-family: \"Open Sans\"", "font-family: \"Open Sans\""),
        ] {
            assert_eq!(gated(Kept::All, text), expected);
        }
    }

    #[test]
    fn what_ends_early_is_no_way_out() {
        for text in
            ["", "\"", "url(", "a{content:'", "--x:", "/*", "\\", "content:\"\\", "url(\"\u{e9}", "--\u{e9}:\u{e9}"]
        {
            gated(Kept::All, text);
            gated(Kept::Shown, text);
        }
    }
}
