//! The one gate: every string that can reach a frame passes here first.
//!
//! What a node may show is kept as [`Rules`] in the mirror (`Node::owner`); children inherit it. Rules that come from
//! the kind of a field (passwords, files, cards) stick to the node for good and cannot be turned off: a "show
//! password" button that makes it a text field changes nothing.

use protocol::names::{NameId, Namespace, prop};

/// What is kept from the agent, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules(pub u16);

impl Rules {
    /// Text and telling attributes are masked.
    pub const MASK: Self = Self(1);
    /// Nothing of the content is shown, only a box of the element's size.
    pub const BLOCK: Self = Self(2);
    /// A password or card field; its value is masked, always.
    pub const SECRET: Self = Self(4);
    /// A file input: a box of its size, always.
    pub const FILE: Self = Self(8);
    /// A script: no content.
    pub const SCRIPT: Self = Self(16);
    /// Masked by a selector or attribute of its own, not by inheritance.
    pub const OWN_MASK: Self = Self(32);
    /// CSS text, shown even where text is masked.
    pub const STYLE: Self = Self(64);
    /// A selector of `unmask` matches.
    pub const UNMASK: Self = Self(128);
    /// A selector of `block` matches.
    pub const MARKED_BLOCK: Self = Self(256);

    /// Whether any of the bits is set.
    #[must_use]
    pub const fn has(self, bits: Self) -> bool {
        self.0 & bits.0 != 0
    }

    /// With these bits too.
    #[must_use]
    pub const fn with(self, bits: Self) -> Self {
        Self(self.0 | bits.0)
    }

    /// Whether content below is not to be read at all.
    #[must_use]
    pub const fn is_closed(self) -> bool {
        self.has(Self(Self::BLOCK.0 | Self::FILE.0 | Self::SCRIPT.0))
    }

    const STICKY: u16 = Self::SECRET.0 | Self::FILE.0 | Self::SCRIPT.0 | Self::STYLE.0;
}

/// What the options' selectors say of an element, as the reader tells it (`js/reader.js`).
pub mod mark {
    /// A `mask` selector matches.
    pub const MASK: u32 = 1;
    /// An `unmask` selector matches.
    pub const UNMASK: u32 = 2;
    /// A `block` selector matches.
    pub const BLOCK: u32 = 4;
    /// The element was once seen as a password or card field.
    pub const SECRET: u32 = 8;
}

/// In the page: mask the element's content.
pub const MASK_ATTR: &str = "data-cobrowse-mask";
/// In the page: block the element.
pub const BLOCK_ATTR: &str = "data-cobrowse-block";

/// What the gate makes of a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It passes.
    Pass,
    /// What was written to the buffer goes instead.
    Instead,
    /// Nothing goes.
    Drop,
}

/// What an element's name says of its content. The same for every element of the name: worked out once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tag {
    /// Nothing.
    #[default]
    Other,
    /// Its `type` may make it a password or a file field, its `autocomplete` a card field.
    Input,
    /// Its `autocomplete` may make it a card field.
    Field,
    /// A script.
    Script,
    /// CSS text.
    Style,
}

impl Tag {
    /// What the name says; a prefix does not matter.
    #[must_use]
    pub fn of(namespace: Namespace, name: &str) -> Self {
        let name = name.rsplit_once(':').map_or(name, |(_, local)| local);
        let markup = matches!(namespace, Namespace::Html | Namespace::Svg);
        match name {
            "input" if markup => Self::Input,
            "input" | "textarea" | "select" => Self::Field,
            "script" if markup => Self::Script,
            "style" if markup => Self::Style,
            _ => Self::Other,
        }
    }
}

/// The attributes that decide about an element, and what its selectors say.
#[derive(Debug, Clone, Copy, Default)]
pub struct Subject<'a> {
    /// What its name says.
    pub tag: Tag,
    /// `type`
    pub kind: Option<&'a str>,
    /// `autocomplete`
    pub autocomplete: Option<&'a str>,
    /// `data-cobrowse-mask` is there.
    pub mask: bool,
    /// `data-cobrowse-block` is there.
    pub block: bool,
    /// Bits of [`mark`].
    pub marks: u32,
}

impl Subject<'_> {
    /// The rules of the element, given its parent's and, where it was seen before, its own of before.
    #[must_use]
    pub fn rules(&self, parent: Rules, before: Rules) -> Rules {
        let mut rules = Rules(before.0 & Rules::STICKY);
        match self.tag {
            Tag::Input => {
                let kind = self.kind.unwrap_or_default();
                if kind.eq_ignore_ascii_case("password") {
                    rules = rules.with(Rules::SECRET);
                }
                if kind.eq_ignore_ascii_case("file") {
                    rules = rules.with(Rules::FILE);
                }
            }
            Tag::Script => rules = rules.with(Rules::SCRIPT),
            Tag::Style => rules = rules.with(Rules::STYLE),
            Tag::Field | Tag::Other => {}
        }
        if matches!(self.tag, Tag::Input | Tag::Field) && self.autocomplete.is_some_and(is_card) {
            rules = rules.with(Rules::SECRET);
        }
        if self.block || self.marks & mark::BLOCK != 0 {
            rules = rules.with(Rules::BLOCK);
        }
        if self.marks & mark::BLOCK != 0 {
            rules = rules.with(Rules::MARKED_BLOCK);
        }
        let own = self.mask || self.marks & mark::MASK != 0;
        if self.marks & mark::UNMASK != 0 {
            rules = rules.with(Rules::UNMASK);
        }
        // What the page itself marks is masked whatever the options say.
        let unmasked = self.marks & mark::UNMASK != 0 && !self.mask && !parent.has(Rules::OWN_MASK);
        if own && !unmasked {
            rules = rules.with(Rules::MASK);
        }
        if self.mask {
            rules = rules.with(Rules::OWN_MASK);
        }
        if parent.has(Rules::MASK) && !unmasked {
            rules = rules.with(Rules::MASK);
        }
        // Below an element that the page marked, nothing is unmasked.
        if parent.has(Rules::OWN_MASK) {
            rules = rules.with(Rules::OWN_MASK).with(Rules::MASK);
        }
        if parent.has(Rules::SECRET) {
            // The options of a select that holds a card's expiry, the text of a text area.
            rules = rules.with(Rules::SECRET);
        }
        rules
    }
}

fn is_card(autocomplete: &str) -> bool {
    autocomplete
        .split_ascii_whitespace()
        .any(|token| token.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("cc-")))
}

/// The rules of a node that is no element: its parent's.
#[must_use]
pub const fn inherited(parent: Rules) -> Rules {
    Rules(parent.0 & (Rules::MASK.0 | Rules::OWN_MASK.0 | Rules::SECRET.0 | Rules::SCRIPT.0 | Rules::STYLE.0))
}

/// Replaces what can be read and keeps the shape: white space stays, every other character becomes an asterisk.
pub fn mask(text: &str, out: &mut Vec<u8>) {
    out.clear();
    for character in text.chars() {
        if character.is_whitespace() {
            let mut bytes = [0; 4];
            out.extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
        } else {
            out.push(b'*');
        }
    }
}

/// The data of a text node or comment whose parent has these rules.
pub fn data(parent: Rules, data: &str, out: &mut Vec<u8>) -> Verdict {
    if parent.is_closed() {
        return Verdict::Drop;
    }
    if parent.has(Rules::STYLE) || !parent.has(Rules(Rules::MASK.0 | Rules::SECRET.0)) {
        return Verdict::Pass;
    }
    mask(data, out);
    Verdict::Instead
}

/// Attributes that say nothing a customer wrote or reads: they pass where content is masked.
const PLAIN: &[&str] = &[
    "class",
    "id",
    "style",
    "type",
    "role",
    "for",
    "dir",
    "lang",
    "hidden",
    "disabled",
    "readonly",
    "required",
    "multiple",
    "width",
    "height",
    "rows",
    "cols",
    "wrap",
    "size",
    "colspan",
    "rowspan",
    "maxlength",
    "minlength",
    "tabindex",
    "open",
    "slot",
    "part",
    "align",
    "valign",
    "border",
    "cellpadding",
    "cellspacing",
    "bgcolor",
    "color",
    "face",
    "rel",
    "media",
    "autocomplete",
    "inputmode",
    "contenteditable",
    "spellcheck",
    "scope",
    "span",
    "inert",
    "popover",
    "viewBox",
    "preserveAspectRatio",
    "xmlns",
    "fill",
    "stroke",
    "stroke-width",
    "transform",
    "opacity",
    "x",
    "y",
    "x1",
    "y1",
    "x2",
    "y2",
    "cx",
    "cy",
    "r",
    "rx",
    "ry",
    "dx",
    "dy",
    MASK_ATTR,
    BLOCK_ATTR,
];

/// Attributes that hold an address.
const ADDRESSES: &[&str] = &[
    "href",
    "src",
    "srcset",
    "action",
    "formaction",
    "data",
    "poster",
    "background",
    "cite",
    "ping",
    "longdesc",
    "imagesrcset",
    "xlink:href",
    "codebase",
    "classid",
    "archive",
    "profile",
    "manifest",
    "from",
    "to",
    "values",
];

/// What an attribute's name says of its value, as bits. The same for every value: worked out once for a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class(u8);

impl Class {
    const PROP: u8 = 1;
    const HANDLER: u8 = 2;
    const ADDRESS: u8 = 4;
    const PLAIN: u8 = 8;
    const VALUE: u8 = 16;
    const SEEN: u8 = 32;

    /// The class of a name.
    #[must_use]
    pub fn of(namespace: Namespace, name: &str) -> Self {
        let none = namespace == Namespace::None;
        let handler = none && name.len() > 2 && name.as_bytes()[..2].eq_ignore_ascii_case(b"on");
        let bits = [
            (namespace == Namespace::Prop, Self::PROP),
            (handler, Self::HANDLER),
            (ADDRESSES.contains(&name), Self::ADDRESS),
            (none && PLAIN.contains(&name), Self::PLAIN),
            (matches!(name, "value" | "label"), Self::VALUE),
            (namespace == Namespace::Prop && is_seen(name), Self::SEEN),
        ];
        Self(bits.into_iter().filter(|(is, _)| *is).fold(0, |all, (_, bit)| all | bit))
    }

    const fn is(self, bit: u8) -> bool {
        self.0 & bit != 0
    }
}

/// The value of an attribute or property of an element with these rules. `out` is used for [`Verdict::Instead`].
pub fn attr(rules: Rules, class: Class, id: NameId, value: &str, out: &mut Vec<u8>) -> Verdict {
    if class.is(Class::PROP) {
        return state(rules, class, id, value, out);
    }
    let address = class.is(Class::ADDRESS);
    if class.is(Class::HANDLER) || rules.has(Rules::SCRIPT) && address {
        return Verdict::Drop;
    }
    if address && is_script_address(value) {
        out.clear();
        out.push(b'#');
        return Verdict::Instead;
    }
    if class.is(Class::PLAIN) {
        return Verdict::Pass;
    }
    if rules.has(Rules(Rules::FILE.0 | Rules::BLOCK.0)) {
        return Verdict::Drop;
    }
    if rules.has(Rules::SECRET) && class.is(Class::VALUE) || rules.has(Rules::MASK) {
        if address {
            out.clear();
        } else {
            mask(value, out);
        }
        return Verdict::Instead;
    }
    Verdict::Pass
}

/// Whether a property tells what a customer sees or does in the element: pixels of a canvas or a picture, what plays,
/// where the content of a frame comes from. Of the page itself the address passes: nothing masks the document.
fn is_seen(name: &str) -> bool {
    matches!(
        name,
        "checked"
            | "selected"
            | "indeterminate"
            | "outside"
            | "url"
            | "base"
            | "playback"
            | "picture"
            | "candidate"
            | "selection"
            | "range"
            | "animations"
    ) || name.starts_with("tile ")
}

fn state(rules: Rules, class: Class, id: NameId, value: &str, out: &mut Vec<u8>) -> Verdict {
    if id == prop::VALUE {
        if rules.has(Rules(Rules::FILE.0 | Rules::BLOCK.0)) {
            return Verdict::Drop;
        }
        if rules.has(Rules(Rules::SECRET.0 | Rules::MASK.0)) {
            mask(value, out);
            return Verdict::Instead;
        }
        return Verdict::Pass;
    }
    // What is chosen tells as much as what is typed.
    if class.is(Class::SEEN) && rules.has(Rules(Rules::SECRET.0 | Rules::MASK.0 | Rules::BLOCK.0)) {
        return Verdict::Drop;
    }
    Verdict::Pass
}

/// Whether a browser would run the address as a script: leading control characters and blanks, and tabs and line
/// breaks anywhere, are left out (URL standard, §4.4).
#[must_use]
pub fn is_script_address(value: &str) -> bool {
    let mut scheme = value
        .trim_start_matches(|c: char| c <= ' ')
        .chars()
        .filter(|c| !matches!(c, '\t' | '\n' | '\r'))
        .map(|c| c.to_ascii_lowercase());
    "javascript:".chars().all(|expected| scheme.next() == Some(expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(kind: Option<&'static str>, autocomplete: Option<&'static str>) -> Subject<'static> {
        Subject { tag: Tag::Input, kind, autocomplete, ..Subject::default() }
    }

    fn gated(rules: Rules, name: &str, value: &str) -> Option<String> {
        let mut out = Vec::new();
        match attr(rules, Class::of(Namespace::None, name), NameId::NONE, value, &mut out) {
            Verdict::Pass => Some(value.to_owned()),
            Verdict::Instead => Some(String::from_utf8(out).unwrap()),
            Verdict::Drop => None,
        }
    }

    #[test]
    fn passwords_cards_and_files_are_recognised_and_stick() {
        let none = Rules::default();
        let password = input(Some("PassWord"), None).rules(none, none);
        assert!(password.has(Rules::SECRET));
        assert!(input(Some("text"), None).rules(none, password).has(Rules::SECRET), "shown password");
        assert!(input(None, Some("section-a billing cc-number")).rules(none, none).has(Rules::SECRET));
        assert!(!input(None, Some("email")).rules(none, none).has(Rules::SECRET));
        assert!(input(Some("file"), None).rules(none, none).is_closed());
        assert_eq!(gated(password, "value", "hunter2").as_deref(), Some("*******"));
        assert_eq!(gated(input(Some("file"), None).rules(none, none), "value", "C:\\x.pdf"), None);
    }

    #[test]
    fn masks_keep_the_shape_and_nothing_else() {
        let mut out = Vec::new();
        assert_eq!(data(Rules::MASK, "Max M\u{fc}ller\n 42", &mut out), Verdict::Instead);
        assert_eq!(out, b"*** ******\n **");
        for name in ["placeholder", "title", "alt", "aria-label", "data-name", "content"] {
            assert_eq!(gated(Rules::MASK, name, "secret").as_deref(), Some("******"), "{name}");
        }
        assert_eq!(gated(Rules::MASK, "href", "/account/secret").as_deref(), Some(""));
        assert_eq!(gated(Rules::MASK, "class", "row").as_deref(), Some("row"));
    }

    #[test]
    fn what_the_page_masks_is_not_unmasked_below() {
        let none = Rules::default();
        let region = Subject { mask: true, ..Subject::default() }.rules(none, none);
        let below = Subject { marks: mark::UNMASK, ..Subject::default() };
        assert!(below.rules(region, none).has(Rules::MASK));
        let by_option = Subject { marks: mark::MASK, ..Subject::default() }.rules(none, none);
        assert!(!below.rules(by_option, none).has(Rules::MASK));
    }

    #[test]
    fn handlers_and_script_addresses_never_leave() {
        let none = Rules::default();
        assert_eq!(gated(none, "onclick", "steal()"), None);
        assert_eq!(gated(none, "href", " \u{1}java\nscript:alert(1)").as_deref(), Some("#"));
        assert_eq!(
            gated(none, "href", "https://example.test/javascript:").as_deref(),
            Some("https://example.test/javascript:")
        );
        assert_eq!(gated(Rules::SCRIPT, "src", "app.js?key=secret"), None);
    }
}
