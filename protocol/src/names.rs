//! Names of elements, attributes and properties, as small numbers.
//!
//! The first numbers stand for names known to both ends ([`STATIC`]); the others are agreed on as they appear
//! (`docs/wire-format.md` §4.2).

use crate::hash::Key;
use std::borrow::Cow;

/// What a name belongs to. The numbers are those on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Namespace {
    /// No namespace: most attributes.
    None = 0,
    /// `http://www.w3.org/1999/xhtml`
    Html = 1,
    /// `http://www.w3.org/2000/svg`
    Svg = 2,
    /// `http://www.w3.org/1998/Math/MathML`
    MathMl = 3,
    /// `http://www.w3.org/1999/xlink`
    XLink = 4,
    /// `http://www.w3.org/XML/1998/namespace`
    Xml = 5,
    /// `http://www.w3.org/2000/xmlns/`
    Xmlns = 6,
    /// Live state that is no attribute: a control's value, a scroll position, the focused element.
    Prop = 7,
    /// Any other: the name's text is the namespace, a space, and the qualified name.
    Other = 8,
}

impl Namespace {
    /// The namespace of a number on the wire.
    #[must_use]
    pub const fn from_tag(tag: u8) -> Option<Self> {
        Some(match tag {
            0 => Self::None,
            1 => Self::Html,
            2 => Self::Svg,
            3 => Self::MathMl,
            4 => Self::XLink,
            5 => Self::Xml,
            6 => Self::Xmlns,
            7 => Self::Prop,
            8 => Self::Other,
            _ => return None,
        })
    }
}

/// A name's number in a [`Names`] table. Numbers up to [`STATIC_LEN`] mean the same everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameId(pub u32);

impl NameId {
    /// Stands where there is no name: text nodes.
    pub const NONE: Self = Self(0);
}

macro_rules! static_names {
    ($($namespace:ident: $($name:literal)+;)+) => {
        /// The names known to both ends, numbered from 1 in this order. New ones are only ever added at the end.
        pub const STATIC: &[(Namespace, &str)] = &[$($((Namespace::$namespace, $name),)+)+];
    };
}

static_names! {
    Html: "html" "head" "body" "title" "meta" "link" "style" "script" "base" "noscript" "template" "slot"
        "div" "span" "p" "a" "img" "ul" "ol" "li" "dl" "dt" "dd" "table" "thead" "tbody" "tfoot" "tr" "td" "th"
        "caption" "colgroup" "col" "h1" "h2" "h3" "h4" "h5" "h6" "hgroup" "header" "footer" "main" "nav" "section"
        "article" "aside" "address" "blockquote" "pre" "code" "kbd" "samp" "var" "em" "strong" "b" "i" "u" "s"
        "small" "sub" "sup" "mark" "abbr" "cite" "q" "dfn" "time" "data" "del" "ins" "bdi" "bdo" "ruby" "rt" "rp"
        "br" "hr" "wbr" "figure" "figcaption" "picture" "source" "video" "audio" "track" "canvas" "map" "area"
        "iframe" "embed" "object" "param" "form" "fieldset" "legend" "label" "input" "button" "select" "optgroup"
        "option" "datalist" "textarea" "output" "progress" "meter" "details" "summary" "dialog" "menu" "search"
        "center" "font" "big" "tt" "strike" "nobr" "noframes" "frameset" "frame" "marquee" "dir" "acronym";
    Svg: "svg" "g" "path" "rect" "circle" "ellipse" "line" "polyline" "polygon" "text" "tspan" "textPath" "defs"
        "use" "symbol" "image" "title" "desc" "style" "clipPath" "mask" "pattern" "linearGradient" "radialGradient"
        "stop" "filter" "foreignObject" "marker" "a" "switch" "view" "animate" "animateTransform" "animateMotion"
        "set" "mpath" "feGaussianBlur" "feOffset" "feBlend" "feColorMatrix" "feComposite" "feFlood" "feMerge"
        "feMergeNode" "feDropShadow" "feImage" "feTile" "feTurbulence" "metadata" "script";
    MathMl: "math" "mrow" "mi" "mn" "mo" "ms" "mtext" "mspace" "mfrac" "msqrt" "mroot" "mstyle" "msub" "msup"
        "msubsup" "munder" "mover" "munderover" "mtable" "mtr" "mtd" "mpadded" "mphantom" "menclose" "merror"
        "semantics" "annotation" "annotation-xml";
    None: "class" "id" "style" "href" "src" "alt" "title" "type" "name" "value" "content" "rel" "target" "lang"
        "dir" "role" "width" "height" "tabindex" "hidden" "for" "placeholder" "checked" "selected" "disabled"
        "readonly" "required" "multiple" "autocomplete" "autofocus" "maxlength" "minlength" "min" "max" "step"
        "pattern" "size" "rows" "cols" "wrap" "action" "method" "enctype" "novalidate" "accept" "list" "form"
        "charset" "http-equiv" "media" "sizes" "srcset" "loading" "decoding" "fetchpriority" "crossorigin"
        "integrity" "nonce" "async" "defer" "referrerpolicy" "as" "imagesizes" "imagesrcset" "property" "itemprop"
        "itemscope" "itemtype" "itemid" "datetime" "cite" "colspan" "rowspan" "headers" "scope" "align" "valign"
        "bgcolor" "border" "cellpadding" "cellspacing" "color" "face" "background" "open" "controls" "autoplay"
        "loop" "muted" "poster" "preload" "playsinline" "allow" "allowfullscreen" "sandbox" "srcdoc" "frameborder"
        "scrolling" "marginwidth" "marginheight" "usemap" "coords" "shape" "download" "ping" "hreflang" "start"
        "reversed" "label" "span" "slot" "part" "is" "contenteditable" "spellcheck" "translate" "draggable"
        "enterkeyhint" "inputmode" "popover" "popovertarget" "inert" "accesskey" "shadowrootmode" "version"
        "aria-label" "aria-labelledby" "aria-describedby" "aria-hidden" "aria-expanded" "aria-controls"
        "aria-haspopup" "aria-current" "aria-selected" "aria-checked" "aria-disabled" "aria-live" "aria-atomic"
        "aria-busy" "aria-modal" "aria-pressed" "aria-required" "aria-invalid" "aria-valuenow" "aria-valuemin"
        "aria-valuemax" "aria-valuetext" "aria-owns" "aria-orientation" "aria-level" "aria-posinset" "aria-setsize"
        "aria-roledescription" "aria-multiselectable" "aria-sort" "aria-colcount" "aria-rowcount"
        "data-id" "data-src" "data-srcset" "data-testid" "data-type" "data-name" "data-value" "data-index"
        "data-key" "data-url" "data-href" "data-component" "data-action" "data-target" "data-toggle"
        "viewBox" "preserveAspectRatio" "xmlns" "d" "fill" "stroke" "stroke-width" "stroke-linecap"
        "stroke-linejoin" "stroke-miterlimit" "stroke-dasharray" "stroke-dashoffset" "stroke-opacity"
        "fill-opacity" "fill-rule" "clip-rule" "clip-path" "mask" "filter" "opacity" "transform" "x" "y" "x1" "y1"
        "x2" "y2" "cx" "cy" "r" "rx" "ry" "dx" "dy" "points" "offset" "stop-color" "stop-opacity" "gradientUnits"
        "gradientTransform" "patternUnits" "font-size" "font-family" "font-weight" "text-anchor"
        "dominant-baseline" "focusable" "overflow" "display" "visibility" "mathvariant" "stretchy" "displaystyle"
        "scriptlevel";
    XLink: "xlink:href" "xlink:title" "xlink:type" "xlink:show";
    Xml: "xml:space" "xml:lang";
    Xmlns: "xmlns" "xmlns:xlink";
    Prop: "value" "checked" "selected" "indeterminate" "scrollLeft" "scrollTop" "url" "base" "mode" "viewport"
        "focus" "pointer" "open" "modal" "size" "blocked" "delegatesFocus" "slotAssignment" "referrer"
        "adoptedStyleSheets" "rules" "language";
}

/// How many names both ends know.
#[expect(clippy::cast_possible_truncation, reason = "a few hundred")]
pub const STATIC_LEN: u32 = STATIC.len() as u32;

/// Properties that the engine itself sets, by name.
pub mod prop {
    use super::{NameId, Namespace, STATIC};

    const fn number(name: &str) -> NameId {
        let mut index = 0;
        while index < STATIC.len() {
            let (namespace, known) = STATIC[index];
            if matches!(namespace, Namespace::Prop) && equal(known.as_bytes(), name.as_bytes()) {
                #[expect(clippy::cast_possible_truncation, reason = "a few hundred")]
                return NameId(index as u32 + 1);
            }
            index += 1;
        }
        NameId::NONE
    }

    const fn equal(a: &[u8], b: &[u8]) -> bool {
        if a.len() != b.len() {
            return false;
        }
        let mut index = 0;
        while index < a.len() {
            if a[index] != b[index] {
                return false;
            }
            index += 1;
        }
        true
    }

    /// A control's current value.
    pub const VALUE: NameId = number("value");
    /// Whether a checkbox or radio button is on: `1` or `0`.
    pub const CHECKED: NameId = number("checked");
    /// Whether an option is selected: `1` or `0`.
    pub const SELECTED: NameId = number("selected");
    /// Whether a checkbox is indeterminate: `1` or `0`.
    pub const INDETERMINATE: NameId = number("indeterminate");
    /// Horizontal scroll offset in CSS pixels, of an element, or of the window on the document.
    pub const SCROLL_LEFT: NameId = number("scrollLeft");
    /// Vertical scroll offset in CSS pixels.
    pub const SCROLL_TOP: NameId = number("scrollTop");
    /// The page's address, on the document.
    pub const URL: NameId = number("url");
    /// The page's base URL where it differs from its address, on the document.
    pub const BASE: NameId = number("base");
    /// The document's mode: `quirks`, `limited-quirks` or `no-quirks`.
    pub const MODE: NameId = number("mode");
    /// The viewport's size in CSS pixels, `WIDTHxHEIGHT`, on the document.
    pub const VIEWPORT: NameId = number("viewport");
    /// The id of the focused element, on the document.
    pub const FOCUS: NameId = number("focus");
    /// The customer's pointer in CSS pixels of the viewport, `X,Y`, on the document.
    pub const POINTER: NameId = number("pointer");
    /// Whether a dialog is modal: `1`.
    pub const MODAL: NameId = number("modal");
    /// The size in CSS pixels of an element whose content is kept from the agent, `WIDTHxHEIGHT`.
    pub const BLOCKED: NameId = number("blocked");
}

/// A growing table of names.
#[derive(Debug, Clone)]
pub struct Names {
    entries: Vec<Entry>,
    /// Numbers by hash, open addressing: a name's place is the first free one from that of its hash on. At most half
    /// of the places, a power of two, are taken; 0 marks a free one.
    index: Vec<u32>,
    key: Key,
}

#[derive(Debug, Clone)]
struct Entry {
    namespace: Namespace,
    text: Cow<'static, str>,
    hash: u64,
}

impl Names {
    /// The names both ends know; hashes are keyed by `key`.
    #[must_use]
    pub fn new(key: Key) -> Self {
        let room = STATIC.len() * 2;
        let mut names = Self { entries: Vec::with_capacity(room), index: vec![0; (room * 2).next_power_of_two()], key };
        for (namespace, text) in STATIC {
            names.add(*namespace, Cow::Borrowed(text), names.hash_of(*namespace, text));
        }
        names
    }

    fn hash_of(&self, namespace: Namespace, text: &str) -> u64 {
        self.key.bytes(text.as_bytes()).wrapping_add(crate::hash::mix(namespace as u64 + 1))
    }

    /// The places where a name of this hash may be, in order.
    #[expect(clippy::cast_possible_truncation, reason = "the low bits choose the place")]
    fn places(&self, hash: u64) -> impl Iterator<Item = usize> + use<> {
        let mask = self.index.len() - 1;
        (0..=mask).map(move |step| (hash as usize).wrapping_add(step) & mask)
    }

    /// The number of a name, a new one if it was not there.
    pub fn intern(&mut self, namespace: Namespace, text: &str) -> NameId {
        let hash = self.hash_of(namespace, text);
        for place in self.places(hash) {
            let id = NameId(self.index[place]);
            match self.entry(id) {
                None => break,
                Some(entry) if entry.hash == hash && entry.namespace == namespace && entry.text == text => return id,
                Some(_) => {}
            }
        }
        self.add(namespace, Cow::Owned(text.to_owned()), hash)
    }

    fn add(&mut self, namespace: Namespace, text: Cow<'static, str>, hash: u64) -> NameId {
        self.entries.push(Entry { namespace, text, hash });
        if self.entries.len() * 2 > self.index.len() {
            let room = self.index.len() * 2;
            self.index.clear();
            self.index.resize(room, 0);
            for id in 1..=self.len() {
                self.put(NameId(id));
            }
        } else {
            self.put(NameId(self.len()));
        }
        NameId(self.len())
    }

    /// Puts a number into the first free place for its name.
    fn put(&mut self, id: NameId) {
        if let Some(place) = self.places(self.hash(id)).find(|place| self.index[*place] == 0) {
            self.index[place] = id.0;
        }
    }

    /// How many names there are; numbers run from 1 to this.
    #[must_use]
    pub fn len(&self) -> u32 {
        u32::try_from(self.entries.len()).unwrap_or(u32::MAX)
    }

    /// Never: the names both ends know are always there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn entry(&self, id: NameId) -> Option<&Entry> {
        self.entries.get((id.0 as usize).wrapping_sub(1))
    }

    /// The namespace and text of a number; [`NameId::NONE`] and unknown numbers give an empty name.
    #[inline]
    #[must_use]
    pub fn get(&self, id: NameId) -> (Namespace, &str) {
        self.entry(id).map_or((Namespace::None, ""), |entry| (entry.namespace, &entry.text))
    }

    /// The keyed hash of a name.
    #[inline]
    #[must_use]
    pub fn hash(&self, id: NameId) -> u64 {
        self.entry(id).map_or(0, |entry| entry.hash)
    }

    /// Whether the number stands for a name.
    #[must_use]
    pub fn contains(&self, id: NameId) -> bool {
        self.entry(id).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn static_names_are_distinct_and_numbered_from_one() {
        let mut names = Names::new(Key(1));
        assert_eq!(names.len(), STATIC_LEN, "a name stands twice");
        for (index, (namespace, text)) in STATIC.iter().enumerate() {
            let id = names.intern(*namespace, text);
            assert_eq!(id.0 as usize, index + 1, "{text}");
            assert_eq!(names.get(id), (*namespace, *text));
        }
        assert_ne!(prop::VALUE, NameId::NONE);
        assert_eq!(names.get(prop::BLOCKED), (Namespace::Prop, "blocked"));
    }

    #[test]
    fn names_are_found_again_however_many_there_are() {
        let mut names = Names::new(Key(1));
        let ids: Vec<_> = (0..5_000).map(|index| names.intern(Namespace::None, &format!("data-{index}"))).collect();
        for (index, id) in ids.iter().enumerate() {
            assert_eq!(names.intern(Namespace::None, &format!("data-{index}")), *id);
        }
        assert_eq!(names.len(), STATIC_LEN + 5_000);
        assert_eq!(names.intern(STATIC[9].0, STATIC[9].1), NameId(10));
    }

    #[test]
    fn the_same_text_in_two_namespaces_is_two_names() {
        let mut names = Names::new(Key(1));
        let a = names.intern(Namespace::Html, "x-tag");
        let b = names.intern(Namespace::Svg, "x-tag");
        assert_ne!(a, b);
        assert_ne!(names.hash(a), names.hash(b));
        assert_eq!(names.intern(Namespace::Html, "x-tag"), a);
        assert!(!names.contains(NameId(names.len() + 1)) && !names.contains(NameId::NONE));
    }
}
