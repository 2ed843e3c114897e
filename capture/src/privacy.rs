//! The one gate: every string that can reach a frame passes here first.
//!
//! What a node may show is kept as [`Rules`] in the mirror (`Node::owner`); children inherit it. Rules that come from
//! the kind of a field (passwords, files, cards) stick to the node for good and cannot be turned off: a "show
//! password" button that makes it a text field changes nothing. In which order rules apply: `docs/privacy.md`.

mod address;
mod css;
pub mod names;

use names::{is_proof, is_secret_autocomplete, is_secret_field};
use protocol::names::{NameId, Namespace, prop};

/// What a session keeps from the agent, as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policy {
    /// All text and all fields are masked, but for what is unmasked.
    pub private: bool,
    /// What is masked has always the same length.
    pub fixed: bool,
    /// No value of a parameter leaves in an address, whatever its name.
    pub queries: bool,
}

impl Policy {
    /// The rules of the document.
    #[must_use]
    pub const fn rules(self) -> Rules {
        if self.private { Rules::MASK.with(Rules::DEFAULT) } else { Rules(0) }
    }

    /// Writes what stands in place of a text. The shape stays: white space as it is, every other character as an
    /// asterisk; or, with a fixed length, nothing of it.
    pub(crate) fn append_masked(self, text: &str, out: &mut Vec<u8>) {
        if self.fixed && !text.chars().all(char::is_whitespace) {
            for (is_blank, piece) in [
                (text.starts_with(char::is_whitespace), &b" "[..]),
                (true, b"********"),
                (text.ends_with(char::is_whitespace), b" "),
            ] {
                out.extend_from_slice(if is_blank { piece } else { b"" });
            }
            return;
        }
        for character in text.chars() {
            if character.is_whitespace() {
                let mut bytes = [0; 4];
                out.extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
            } else {
                out.push(b'*');
            }
        }
    }
}

/// What is kept from the agent, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules(pub u16);

impl Rules {
    /// Text and telling attributes are masked.
    pub const MASK: Self = Self(1);
    /// Nothing of the content is shown, only a box of the element's size.
    pub const BLOCK: Self = Self(2);
    /// A password or card field, or what proves who somebody is; its value is masked, always.
    pub const SECRET: Self = Self(4);
    /// A file input: a box of its size, always.
    pub const FILE: Self = Self(8);
    /// A script: no content.
    pub const SCRIPT: Self = Self(16);
    /// Masked by an attribute of its own or of something above: nothing below is unmasked.
    pub const OWN_MASK: Self = Self(32);
    /// CSS text, shown even where text is masked.
    pub const STYLE: Self = Self(64);
    /// A selector of `unmask` matches.
    pub const UNMASK: Self = Self(128);
    /// A selector of `block` matches.
    pub const MARKED_BLOCK: Self = Self(256);
    /// The agent may do nothing to it.
    pub const DENY: Self = Self(512);
    /// Masked as the session is private by default, and by nothing nearer.
    pub const DEFAULT: Self = Self(1024);
    /// A style sheet or a part of a drawing: its addresses and its shape are shown where text is masked by default.
    pub const LOOK: Self = Self(2048);
    /// A frame or an object: its address is that of a document.
    pub const FRAME: Self = Self(16384);
    /// A selector of `mask` matches.
    pub const MARKED_MASK: Self = Self(4096);
    /// A selector of `deny` matches.
    pub const MARKED_DENY: Self = Self(8192);

    /// Whether any of the bits is set.
    #[must_use]
    #[inline(always)]
    pub const fn has(self, bits: Self) -> bool {
        self.0 & bits.0 != 0
    }

    /// With these bits too.
    #[must_use]
    #[inline(always)]
    pub const fn with(self, bits: Self) -> Self {
        Self(self.0 | bits.0)
    }

    /// Whether content below is not to be read at all.
    #[must_use]
    #[inline(always)]
    pub const fn is_closed(self) -> bool {
        self.has(Self(Self::BLOCK.0 | Self::FILE.0 | Self::SCRIPT.0))
    }

    /// Whether text is masked for another reason than that the session is private by default.
    const fn is_masked_by_rule(self) -> bool {
        self.has(Self(Self::MASK.0 | Self::SECRET.0)) && !self.has(Self::DEFAULT)
    }

    /// What the selectors said of an element, as the reader told it.
    #[must_use]
    pub fn marks(self) -> u32 {
        let bits = [
            (Self::MARKED_MASK, mark::MASK),
            (Self::UNMASK, mark::UNMASK),
            (Self::MARKED_BLOCK, mark::BLOCK),
            (Self::MARKED_DENY, mark::DENY),
        ];
        bits.into_iter().filter(|(rule, _)| self.has(*rule)).fold(0, |marks, (_, mark)| marks | mark)
    }

    const STICKY: u16 = Self::SECRET.0 | Self::FILE.0 | Self::SCRIPT.0 | Self::STYLE.0;
}

/// What the selectors of options and of the relay's rules say of an element, as the reader tells it (`js/reader.js`).
pub mod mark {
    /// A `mask` selector matches.
    pub const MASK: u32 = 1;
    /// An `unmask` selector matches.
    pub const UNMASK: u32 = 2;
    /// A `block` selector matches.
    pub const BLOCK: u32 = 4;
    /// The element was once seen as a password or card field.
    pub const SECRET: u32 = 8;
    /// A `deny` selector matches.
    pub const DENY: u32 = 16;
}

/// In the page: mask the element's content.
pub const MASK_ATTR: &str = "data-cobrowse-mask";
/// In the page: show it where it is masked by default, or by something above that is no attribute.
pub const UNMASK_ATTR: &str = "data-cobrowse-unmask";
/// In the page: block the element.
pub const BLOCK_ATTR: &str = "data-cobrowse-block";
/// In the page: the element is not told at all. The reader sees to that; until then it is blocked.
pub const IGNORE_ATTR: &str = "data-cobrowse-ignore";
/// In the page: the agent may do nothing to the element.
pub const DENY_ATTR: &str = "data-cobrowse-deny";

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
    /// Its `type` may make it a password or a file field, its `autocomplete`, name or id a card field.
    Input,
    /// Its `autocomplete`, name or id may make it a card field.
    Field,
    /// A script.
    Script,
    /// CSS text.
    Style,
    /// It may lead to CSS text.
    Link,
    /// Its name may say that its content proves who somebody is.
    Meta,
    /// A part of a drawing.
    Drawing,
    /// It shows another document.
    Frame,
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
            "a" | "image" | "feImage" => Self::Other,
            _ if namespace == Namespace::Svg => Self::Drawing,
            "link" => Self::Link,
            "meta" => Self::Meta,
            "iframe" | "frame" | "embed" | "object" => Self::Frame,
            _ => Self::Other,
        }
    }

    /// Whether a value can be typed into it, or chosen.
    #[must_use]
    pub const fn is_field(self) -> bool {
        matches!(self, Self::Input | Self::Field)
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
    /// `name`
    pub name: Option<&'a str>,
    /// `id`
    pub id: Option<&'a str>,
    /// `rel`
    pub rel: Option<&'a str>,
    /// [`MASK_ATTR`] is there.
    pub mask: bool,
    /// [`UNMASK_ATTR`] is there.
    pub unmask: bool,
    /// [`BLOCK_ATTR`] is there, or [`IGNORE_ATTR`].
    pub block: bool,
    /// [`DENY_ATTR`] is there.
    pub deny: bool,
    /// Bits of [`mark`].
    pub marks: u32,
}

impl Subject<'_> {
    /// What the kind of the element makes of it, whatever anybody says.
    fn always(&self) -> Rules {
        let kind_is = |name: &str| self.kind.is_some_and(|kind| kind.eq_ignore_ascii_case(name));
        let is_named = |test: fn(&str) -> bool| [self.name, self.id].into_iter().flatten().any(test);
        let secret = match self.tag {
            Tag::Input | Tag::Field => {
                self.tag == Tag::Input && (kind_is("password") || kind_is("hidden") && is_named(is_proof))
                    || self.autocomplete.is_some_and(is_secret_autocomplete)
                    || is_named(is_secret_field)
            }
            Tag::Meta => self.name.is_some_and(is_proof),
            _ => false,
        };
        let leads_to_style = |rel: &str| rel.split_ascii_whitespace().any(|rel| rel.eq_ignore_ascii_case("stylesheet"));
        let bits = [
            (secret, Rules::SECRET),
            (self.tag == Tag::Input && kind_is("file"), Rules::FILE),
            (self.tag == Tag::Script, Rules::SCRIPT),
            (self.tag == Tag::Style, Rules::STYLE),
            (self.tag == Tag::Frame, Rules::FRAME),
            (self.tag == Tag::Drawing || self.tag == Tag::Link && self.rel.is_some_and(leads_to_style), Rules::LOOK),
        ];
        Rules(gathered(&bits.map(|(is, rule)| (is, rule.0))))
    }

    /// The rules of the element, given its parent's and, where it was seen before, its own of before.
    #[must_use]
    pub fn rules(&self, parent: Rules, before: Rules) -> Rules {
        if parent.0 == 0 && self.says_nothing() {
            return Rules(before.0 & Rules::STICKY);
        }
        self.worked_out(parent, before)
    }

    /// Whether nothing about the element decides anything: as of most elements of most pages.
    #[inline(always)]
    fn says_nothing(&self) -> bool {
        self.tag == Tag::Other && self.marks == 0 && !(self.mask || self.unmask || self.block || self.deny)
    }

    #[inline(never)]
    fn worked_out(&self, parent: Rules, before: Rules) -> Rules {
        let marked = |mark: u32| self.marks & mark != 0;
        let unmasked = (marked(mark::UNMASK) || self.unmask && !marked(mark::MASK)) && !self.mask
            // What the page itself marks is masked whatever is said below it.
            && !parent.has(Rules::OWN_MASK);
        let always = self.always();
        let own = self.mask || marked(mark::MASK);
        let is_masked = !unmasked && (own || parent.has(Rules::MASK));
        let by_default = is_masked && !own && parent.has(Rules::DEFAULT);
        let bits = [
            (is_masked, Rules::MASK),
            (by_default, Rules::DEFAULT),
            (self.mask || parent.has(Rules::OWN_MASK), Rules::OWN_MASK),
            (marked(mark::MASK), Rules::MARKED_MASK),
            (marked(mark::UNMASK), Rules::UNMASK),
            (self.block || marked(mark::BLOCK), Rules::BLOCK),
            (marked(mark::BLOCK), Rules::MARKED_BLOCK),
            (self.deny || marked(mark::DENY) || parent.has(Rules::DENY), Rules::DENY),
            (marked(mark::DENY), Rules::MARKED_DENY),
            // The options of a select that holds a card's expiry, the text of a text area.
            (parent.has(Rules::SECRET), Rules::SECRET),
        ];
        let rules = Rules(before.0 & Rules::STICKY).with(always);
        rules.with(Rules(gathered(&bits.map(|(is, rule)| (is, rule.0)))))
    }
}

/// The bits of what is so.
#[inline(never)]
fn gathered(bits: &[(bool, u16)]) -> u16 {
    let mut all = 0;
    for (is, bit) in bits {
        all |= if *is { *bit } else { 0 };
    }
    all
}

/// The rules of a node that is no element: its parent's.
#[must_use]
pub const fn inherited(parent: Rules) -> Rules {
    let all = Rules::MASK.with(Rules::OWN_MASK).with(Rules::DEFAULT).with(Rules::SECRET).with(Rules::SCRIPT);
    Rules(parent.0 & all.with(Rules::STYLE).with(Rules::DENY).0)
}

/// Writes what stands in place of a text.
pub fn mask(policy: Policy, text: &str, out: &mut Vec<u8>) {
    out.clear();
    policy.append_masked(text, out);
}

/// The data of a text node, comment or rule of a style sheet whose parent has these rules.
pub fn data(policy: Policy, parent: Rules, data: &str, out: &mut Vec<u8>) -> Verdict {
    if parent.is_closed() {
        return Verdict::Drop;
    }
    if parent.has(Rules::STYLE) {
        return styles(policy, parent, data, out);
    }
    if !parent.has(Rules::MASK.with(Rules::SECRET)) {
        return Verdict::Pass;
    }
    mask(policy, data, out);
    Verdict::Instead
}

/// CSS text, in an element, an attribute or a rule.
fn styles(policy: Policy, rules: Rules, text: &str, out: &mut Vec<u8>) -> Verdict {
    let kept = if rules.is_masked_by_rule() || rules.is_closed() {
        css::Kept::All
    } else if rules.has(Rules::DEFAULT) {
        css::Kept::Shown
    } else {
        return Verdict::Pass;
    };
    css::gate(policy, kept, text, out);
    if out.as_slice() == text.as_bytes() { Verdict::Pass } else { Verdict::Instead }
}

/// Attributes that say nothing a customer wrote or reads: they pass where content is masked.
const PLAIN: &[&str] = &[
    "class",
    "id",
    "name",
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
    UNMASK_ATTR,
    BLOCK_ATTR,
    IGNORE_ATTR,
    DENY_ATTR,
];

/// Attributes that decide what else may be said of an element. The twin of this list is in `js/changes.js`.
const DECIDING: &[&str] =
    &["type", "autocomplete", "name", "id", "rel", MASK_ATTR, UNMASK_ATTR, BLOCK_ATTR, IGNORE_ATTR, DENY_ATTR];

/// Attributes that tell what is chosen; where that is masked, they would tell it by their length.
const CHOICES: &[&str] = &["checked", "selected", "aria-checked", "aria-selected", "aria-pressed"];

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
pub struct Class(u16);

impl Class {
    const PROP: u16 = 1;
    const HANDLER: u16 = 2;
    const ADDRESS: u16 = 4;
    const PLAIN: u16 = 8;
    const VALUE: u16 = 16;
    const SEEN: u16 = 32;
    const CSS: u16 = 64;
    const CHOICE: u16 = 128;
    const TOLD: u16 = 256;
    /// Of its addresses, those of what a page is made of.
    const LOADS: u16 = 4096;
    const MARKUP: u16 = 512;
    /// It decides about its element.
    pub const DECIDES: u16 = 1024;
    /// What is selected of the page's text.
    pub const SELECTION: u16 = 2048;

    /// The class of a name.
    #[must_use]
    pub fn of(namespace: Namespace, name: &str) -> Self {
        let none = namespace == Namespace::None;
        let prop = namespace == Namespace::Prop;
        let bytes = name.as_bytes();
        // The names of event handlers are letters only (HTML standard, §8.1.8.2); frameworks have directives such as `on-hover-do`.
        let handler = none
            && name.len() > 2
            && bytes[..2].eq_ignore_ascii_case(b"on")
            && bytes.iter().all(u8::is_ascii_alphabetic);
        let told = [&b"aria-"[..], b"data-", b"title", b"alt"].iter().any(|start| bytes.starts_with(start));
        let bits = [
            (prop, Self::PROP),
            (handler, Self::HANDLER),
            (if prop { matches!(name, "url" | "base") } else { ADDRESSES.contains(&name) }, Self::ADDRESS),
            (
                if prop {
                    name == "candidate"
                } else {
                    none && matches!(name, "src" | "srcset" | "imagesrcset" | "poster" | "background")
                },
                Self::LOADS,
            ),
            (none && PLAIN.contains(&name), Self::PLAIN),
            (matches!(name, "value" | "label" | "content"), Self::VALUE),
            (prop && is_seen(name), Self::SEEN),
            (none && name == "style", Self::CSS),
            (none && CHOICES.contains(&name), Self::CHOICE),
            (told || memchr::memchr(b':', bytes).is_some(), Self::TOLD),
            (name == "srcdoc", Self::MARKUP),
            (none && DECIDING.contains(&name), Self::DECIDES),
            (prop && name == "selection", Self::SELECTION),
        ];
        Self(gathered(&bits))
    }

    /// Whether it has this bit.
    #[must_use]
    #[inline(always)]
    pub const fn is(self, bit: u16) -> bool {
        self.0 & bit != 0
    }
}

/// The value of an attribute or property of an element with these rules. `out` is used for [`Verdict::Instead`].
pub fn attr(policy: Policy, rules: Rules, class: Class, id: NameId, value: &str, out: &mut Vec<u8>) -> Verdict {
    if class.is(Class::PROP) {
        return state(policy, rules, class, id, value, out);
    }
    let address = class.is(Class::ADDRESS);
    // A document as one string, past all rules: what it becomes is told node by node.
    if class.is(Class::HANDLER | Class::MARKUP) || rules.has(Rules::SCRIPT) && address {
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
    if class.is(Class::CSS) {
        let of_element = Rules(rules.0 & !Rules::DEFAULT.0);
        return styles(policy, of_element, value, out);
    }
    if rules.has(Rules::FILE.with(Rules::BLOCK)) {
        return Verdict::Drop;
    }
    if rules.has(Rules::SECRET) && class.is(Class::VALUE | Class::CHOICE) || rules.has(Rules::MASK) {
        let is_look = rules.has(Rules::DEFAULT) && rules.has(Rules::LOOK);
        if class.is(Class::CHOICE) {
            return Verdict::Drop;
        } else if is_look && address {
            return address::gate(policy, false, value, out);
        } else if is_look && !class.is(Class::TOLD) {
            return Verdict::Pass;
        } else if address {
            out.clear();
        } else {
            mask(policy, value, out);
        }
        return Verdict::Instead;
    }
    // What a page is made of would not load with a part of its address only.
    let loads = rules.has(Rules::LOOK) || class.is(Class::LOADS) && !rules.has(Rules::FRAME);
    if !address || loads && !policy.queries {
        Verdict::Pass
    } else {
        address::gate(policy, policy.queries && !rules.has(Rules::LOOK), value, out)
    }
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

fn state(policy: Policy, rules: Rules, class: Class, id: NameId, value: &str, out: &mut Vec<u8>) -> Verdict {
    let kept = Rules::MASK.with(Rules::SECRET);
    if id == prop::VALUE {
        if rules.has(Rules::FILE.with(Rules::BLOCK)) {
            return Verdict::Drop;
        }
        if rules.has(kept) {
            mask(policy, value, out);
            return Verdict::Instead;
        }
        return Verdict::Pass;
    }
    // Where a document is has to be known for its style sheets to be found.
    if class.is(Class::ADDRESS) && !rules.is_masked_by_rule() && !rules.is_closed() {
        return address::gate(policy, policy.queries, value, out);
    }
    // What is chosen tells as much as what is typed.
    if class.is(Class::SEEN) && rules.has(kept.with(Rules::BLOCK)) {
        return Verdict::Drop;
    }
    if class.is(Class::LOADS) && policy.queries {
        return address::gate(policy, true, value, out);
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
mod tests;
