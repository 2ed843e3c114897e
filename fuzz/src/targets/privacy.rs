//! The gate for strings: a secret that stands where it is to be kept never comes out, whatever stands around it.

use crate::{Target, input::Input};
use capture::privacy::{self, Class, Policy, Rules, Verdict};
use protocol::names::{NameId, Namespace};

/// See [`run`].
pub const TARGET: Target = Target {
    name: "privacy",
    about: "a secret in masked text, attributes, addresses and CSS never comes out; what came out comes out the same",
    most_bytes: 2 << 10,
    run,
    seeds,
    words: &[
        "token=",
        "?",
        "&",
        "#",
        ";",
        "//",
        "@",
        "data:",
        "%3d",
        "content:",
        "--",
        "url(",
        "/*",
        "*/",
        "\\",
        "\"",
        "'",
        "{",
        "}",
        "font",
        "javascript:",
        "@media",
        "@import",
        "\r\n",
        "\u{c}",
    ],
};

/// What must not come out. No part of any text that is drawn, nor of what the gate writes.
const SECRET: &str = "Hunter2Hunter2";

/// Gates a string.
///
/// # Panics
/// Where the secret comes out, what comes out is no UTF-8, or is changed when it goes through the gate again.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let flags = input.byte();
    let policy = Policy { private: flags & 1 != 0, fixed: flags & 2 != 0, queries: flags & 4 != 0 };
    match input.below(5) {
        0 => text(policy, &mut input),
        1 => attribute(policy, &mut input),
        2 => address(policy, &mut input),
        3 => css(policy, &mut input),
        _ => any_css(policy, &mut input),
    }
}

/// A text that does not hold the secret.
fn drawn(input: &mut Input<'_>) -> String {
    input.text().replace(SECRET, "x")
}

/// What came through: the value itself, what stands in its place, or nothing.
fn came<'a>(verdict: Verdict, value: &'a str, out: &'a [u8]) -> Option<&'a str> {
    match verdict {
        Verdict::Pass => Some(value),
        Verdict::Instead => Some(std::str::from_utf8(out).expect("UTF-8 comes out")),
        Verdict::Drop => None,
    }
}

/// Of masked text only white space is left.
fn text(policy: Policy, input: &mut Input<'_>) {
    let rules = input.pick(&[Rules::MASK, Rules::SECRET, Rules::MASK.with(Rules::DEFAULT)]);
    let value = format!("{}{SECRET}{}", drawn(input), drawn(input));
    let (mut out, mut again) = (Vec::new(), Vec::new());
    let verdict = privacy::data(policy, rules, &value, &mut out);
    let told = came(verdict, &value, &out).unwrap_or_default();
    assert!(told.chars().all(|character| character == '*' || character.is_whitespace()), "{told:?} of {value:?}");
    if policy.fixed {
        assert_eq!(told.trim(), "********");
    } else {
        assert_eq!(told.chars().count(), value.chars().count(), "the shape stays");
    }
    let verdict = privacy::data(policy, rules, told, &mut again);
    assert_eq!(came(verdict, told, &again), Some(told), "masked twice");
}

const NAMES: [&str; 24] = [
    "value",
    "title",
    "alt",
    "placeholder",
    "aria-label",
    "data-name",
    "href",
    "src",
    "srcset",
    "action",
    "poster",
    "content",
    "label",
    "xlink:href",
    "datetime",
    "d",
    "points",
    "style",
    "srcdoc",
    "onclick",
    "checked",
    "summary",
    "download",
    "ping",
];

/// An attribute of an element that is masked by a rule says nothing of what a customer wrote.
fn attribute(policy: Policy, input: &mut Input<'_>) {
    let own = input.one_in(4).then(|| drawn(input));
    let name = own.as_deref().unwrap_or(NAMES[input.below(NAMES.len())]);
    let namespace = input.pick(&[Namespace::None, Namespace::None, Namespace::XLink, Namespace::Prop]);
    let rules = Rules(input.short() & 0x3fff);
    let value = format!("{}{SECRET}{}", drawn(input), drawn(input));
    let class = Class::of(namespace, name);
    let (mut out, mut again) = (Vec::new(), Vec::new());
    let verdict = privacy::attr(policy, rules, class, NameId::NONE, &value, &mut out);
    let Some(told) = came(verdict, &value, &out) else { return };
    // Where nothing but the name of the element says so, drawings and styles keep what they look like.
    let is_kept =
        rules.has(Rules::MASK) && !rules.has(Rules::DEFAULT) && namespace != Namespace::Prop && name != "style";
    if is_kept && own.is_none() {
        assert!(!told.contains(SECRET), "{name} says {told:?}");
    }
    let verdict = privacy::attr(policy, rules, class, NameId::NONE, told, &mut again);
    // What stands for a script's address is an address, and masked as such; of text that is no CSS see below.
    if !privacy::is_script_address(&value) && name != "style" {
        assert_eq!(came(verdict, told, &again), Some(told), "{name} of {value:?}, gated twice");
    }
}

const PROOFS: [&str; 12] = [
    "token",
    "access_token",
    "jsessionid",
    "PHPSESSID",
    "sid",
    "auth",
    "code",
    "api-key",
    "X-Amz-Security-Token",
    "csrf",
    "password",
    "otp",
];

/// The value of a parameter that proves who somebody is does not leave in an address.
fn address(policy: Policy, input: &mut Input<'_>) {
    let name = input.pick(&["href", "action", "cite", "ping", "xlink:href"]);
    let (before, behind) = (drawn(input), drawn(input));
    let start = before.get(..5).unwrap_or_default();
    if ["data:", "blob:"].iter().any(|scheme| start.eq_ignore_ascii_case(scheme)) {
        return;
    }
    let (mark, ends) = (input.pick(&["?", "&", "#", ";"]), input.pick(&["", "?", "&", "#", ";"]));
    let behind = if ends.is_empty() { "" } else { &behind };
    let value = format!("{before}{mark}{}={SECRET}{ends}{behind}", input.pick(&PROOFS));
    let (mut out, mut again) = (Vec::new(), Vec::new());
    let class = Class::of(Namespace::None, name);
    let verdict = privacy::attr(policy, Rules::default(), class, NameId::NONE, &value, &mut out);
    let told = came(verdict, &value, &out).expect("an address is told");
    assert!(!told.contains(SECRET), "{name}, {policy:?}: {told:?} of {value:?}");
    let verdict = privacy::attr(policy, Rules::default(), class, NameId::NONE, told, &mut again);
    assert_eq!(came(verdict, told, &again), Some(told), "of {value:?}, gated twice");
}

/// Blanks and comments, which may stand between any two tokens.
fn blank(input: &mut Input<'_>) -> String {
    match input.below(8) {
        0 => " ".into(),
        1 => "\n".into(),
        2 => "\r\n".into(),
        3 => format!("/*{SECRET}*/"),
        4 => "/**/ ".into(),
        5 => "\u{c}".into(),
        _ => String::new(),
    }
}

/// A string of CSS with the secret in it.
fn string(input: &mut Input<'_>) -> String {
    let quote = if input.one_in(2) { '"' } else { '\'' };
    let mut out = String::from(quote);
    for _ in 0..input.below(4) {
        out.push_str(input.pick(&[
            "x", "\\a ", "\\\n", "\\\r\n", "\\\"", "\\'", "\\\\", "(", ")", "{", "}", ";", "/*", "*/", "\u{e9}",
            "\\\u{c}", ":", "url(",
        ]));
    }
    out.push_str(SECRET);
    out.push(quote);
    out
}

/// A property's name, in any case, and some with escapes.
fn property(input: &mut Input<'_>, of: &[&str]) -> String {
    let name = input.pick(of);
    match input.below(4) {
        0 => name.to_ascii_uppercase(),
        1 => name.replacen('o', "\\6f ", 1),
        _ => name.to_owned(),
    }
}

/// Sheets and attributes with secrets in places where they are shown, or held for it.
fn css(policy: Policy, input: &mut Input<'_>) {
    let is_all = input.one_in(2);
    let mut text = String::new();
    for _ in 0..=input.below(5) {
        let in_rule = input.one_in(2);
        if in_rule {
            text.push_str(input.pick(&[
                "a",
                ".a\\(",
                "@media print{a",
                "a:not([b='(']):hover",
                "@font-face",
                "a,b>c~d+e",
                "@supports (top:1px){i",
                "&::before",
            ]));
            text.push_str(&blank(input));
            text.push('{');
        }
        for _ in 0..=input.below(3) {
            text.push_str(&blank(input));
            let showing = ["content", "quotes", "--own", "prefix", "suffix", "--a-content", "symbols"];
            let looking = ["color", "background", "transition", "grid-area"];
            // In a style sheet strings that are not shown stay.
            let is_look = is_all && input.one_in(2);
            let name = property(input, if is_look { &looking } else { &showing });
            text.push_str(&name);
            text.push_str(&blank(input));
            text.push(':');
            for _ in 0..=input.below(2) {
                text.push_str(&blank(input));
                text.push_str(&string(input));
                text.push_str(input.pick(&["", " red", " calc(1px + 2%)", " attr(x)", "!important"]));
            }
            text.push_str(&blank(input));
            text.push(';');
        }
        if in_rule {
            text.push('}');
        }
    }
    gated(policy, is_all, &text, true);
}

/// Any text as CSS.
fn any_css(policy: Policy, input: &mut Input<'_>) {
    let is_all = input.one_in(2);
    let text = String::from_utf8_lossy(input.rest());
    gated(policy, is_all, &text, false);
}

/// What comes out of a style sheet or an attribute comes out the same when it is gated again.
fn gated(policy: Policy, is_all: bool, text: &str, is_secret: bool) {
    let rules = if is_all { Rules::MASK } else { Rules::MASK.with(Rules::DEFAULT) }.with(Rules::STYLE);
    let (mut out, mut again) = (Vec::new(), Vec::new());
    let verdict = privacy::data(policy, rules, text, &mut out);
    let told = came(verdict, text, &out).expect("CSS is told");
    if is_secret {
        assert!(!told.contains(SECRET), "{told:?} of {text:?}");
    }
    let verdict = privacy::data(policy, rules, told, &mut again);
    let twice = came(verdict, told, &again).expect("CSS is told");
    if is_secret {
        assert_eq!(twice, told, "{text:?}, gated twice");
    } else {
        // What is no declaration may be taken for another one.
        let letters = |text: &str| text.bytes().filter(u8::is_ascii_alphanumeric).count();
        assert!(letters(twice) <= letters(told), "{twice:?} of {told:?}, gated twice");
    }
}

/// Each part of it, with choices of all kinds.
fn seeds() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for part in 0..5_u8 {
        for seed in 1..6_u8 {
            let choices = (0..120_u8).map(|index| index.wrapping_mul(seed.wrapping_mul(37)).rotate_left(3) % 23);
            all.push([seed, part].into_iter().chain(choices).collect());
        }
    }
    let sheets = [
        "a::before{content:\"Max\" attr(x)}@media print{b{--x:{a:b};background:URL( a.png )}}",
        "--a:30%;--b:#fff;--c:calc(1.5rem * var(--d));--e:123456;font:1px \"Open Sans\"",
    ];
    all.extend(sheets.iter().map(|sheet| [&[0, 4, 1][..], sheet.as_bytes()].concat()));
    all
}
