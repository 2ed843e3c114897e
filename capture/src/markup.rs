//! A whole page read from its markup: what the browser's own serialiser says of it, in one string, beside the shape of
//! the tree, which a walk gives that asks each node for next to nothing.
//!
//! Markup alone does not tell a tree: neighbouring texts run together, a comment may hold its own end, names may be
//! written in one way and mean another. The shape says, node by node in tree order, what there is and how long; where
//! the two contradict each other nothing is assumed, and the page is read node by node instead. What markup leaves out
//! (state, shadow roots, templates, elements of other namespaces) is stated afterwards, as facts; [`Interest`] says
//! where to look. Source of the escapes: HTML standard, §13.3 "Serializing HTML fragments".

use crate::recorder::Recorder;
use protocol::{
    names::{NameId, Namespace},
    tree::{Kind, NONE, ROOT},
};
use std::fmt;

/// What the low three bits of a number of the shape say of a node; the others are a length in UTF-16 code units.
pub mod shape {
    /// An element; instead of a length, the bits of `privacy::mark`.
    pub const ELEMENT: u32 = 0;
    /// A text node, not an empty one.
    pub const TEXT: u32 = 1;
    /// A comment.
    pub const COMMENT: u32 = 2;
    /// An element whose markup, of this length, is passed over.
    pub const SKIP: u32 = 3;
    /// An SVG element; marks as for an HTML one.
    pub const SVG: u32 = 4;
    /// A MathML element; marks as for an HTML one.
    pub const MATHML: u32 = 5;
    /// How many bits these are.
    pub const BITS: u32 = 3;
}

/// Why an element is to be looked at once the markup is read, as bits; its index stands above [`Interest::BITS`].
#[derive(Debug, Clone, Copy)]
pub struct Interest;

impl Interest {
    /// It may have a shadow root.
    pub const HOST: u32 = 1;
    /// It has state that is in no attribute.
    pub const STATE: u32 = 2;
    /// Its content is not told.
    pub const CLOSED: u32 = 4;
    /// A template.
    pub const TEMPLATE: u32 = 8;
    /// It has content and may be scrolled.
    pub const SCROLL: u32 = 16;
    /// An attribute's name looks as if it were in a namespace. It was taken to be in the one that a parser puts it in:
    /// of an HTML element in none, of another in those of [`adjusted`].
    pub const NAMESPACE: u32 = 32;
    /// It has an attribute `is`, or was made as if it had: the serialiser writes both alike.
    pub const IS: u32 = 64;
    /// Its content was taken as it stands: a text, if there is anything below it at all.
    pub const RAW: u32 = 128;
    /// It was taken to be an SVG element.
    pub const SVG: u32 = 256;
    /// It was taken to be a MathML element.
    pub const MATHML: u32 = 512;
    /// How many bits these are.
    pub const BITS: u32 = 10;
}

/// Markup and shape do not agree, or say what cannot be told apart: read the page node by node, into a new recorder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unclear {
    /// The offset in the markup, in bytes.
    pub at: usize,
    /// What should have been there.
    pub expected: &'static str,
}

impl fmt::Display for Unclear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "markup, byte {}: expected {}", self.at, self.expected)
    }
}

impl std::error::Error for Unclear {}

/// An element that is open.
pub(crate) struct Open<'h> {
    pub(crate) name: &'h str,
    pub(crate) namespace: Namespace,
    traits: u32,
    /// Where its interest stands among the interests; of one without any, behind all.
    interest: usize,
    has_content: bool,
}

/// How many names of a kind are kept at hand.
const RECENT: usize = 128;

/// Traits of elements by name, beside the bits of [`Interest`].
const VOID: u32 = 1 << 8;
/// Not written to the interests before it is known whether there is content.
const RAW: u32 = 1 << 9;

fn traits_of(name: &str) -> u32 {
    const HOST: u32 = Interest::HOST | Interest::SCROLL;
    match name {
        "area" | "base" | "basefont" | "bgsound" | "br" | "col" | "embed" | "frame" | "hr" | "img" | "keygen"
        | "meta" | "param" | "source" | "track" | "wbr" => VOID,
        "link" => VOID | Interest::STATE,
        "input" => VOID | Interest::STATE,
        "textarea" | "select" => Interest::STATE | Interest::SCROLL,
        "option" | "dialog" => Interest::STATE,
        "style" => RAW | Interest::STATE,
        "script" => RAW | Interest::CLOSED,
        "template" => Interest::TEMPLATE,
        "xmp" | "iframe" | "noembed" | "noframes" | "plaintext" | "noscript" => RAW,
        "article" | "aside" | "blockquote" | "div" | "footer" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "header"
        | "main" | "nav" | "p" | "section" => HOST,
        "body" | "span" => Interest::HOST,
        // What is inline, or a part of a table, does not scroll (the twin of this list is in `js/state.js`).
        "a" | "abbr" | "b" | "button" | "cite" | "code" | "em" | "font" | "i" | "label" | "small" | "strong"
        | "sub" | "sup" | "td" | "th" | "time" | "title" | "tr" | "u" | "head" | "html" => 0,
        _ if name.contains('-') => HOST,
        _ => Interest::SCROLL,
    }
}

/// Reads markup: along the shape, or by itself (`census.rs`).
pub(crate) struct Reader<'h, 'r> {
    recorder: &'r mut Recorder,
    html: &'h str,
    pub(crate) at: usize,
    /// Every code unit is one byte.
    ascii: bool,
    pub(crate) open: Vec<Open<'h>>,
    attrs: Vec<(NameId, &'h str)>,
    /// One of the values holds an escape.
    escaped: bool,
    /// Names met lately, by what can be told of them at a glance.
    recent: Vec<(&'h str, NameId, u32)>,
    interests: Vec<u32>,
    buffer: String,
}

pub(crate) type Result<T> = std::result::Result<T, Unclear>;

impl Recorder {
    /// Reads the document's element and all below it. `units` is the markup's length in UTF-16 code units; `templates`
    /// holds, for each template of the shape, the length of its content's markup. Returns where to look further: an
    /// [`Interest`] below the index among the shape's nodes, [`shape::SKIP`] left out, and the node's id; the nodes' ids
    /// are in [`Recorder::fresh`], one for each number of the shape but [`shape::SKIP`].
    ///
    /// # Errors
    /// [`Unclear`]: the recorder is not to be used any more.
    pub fn read_markup(&mut self, html: &str, units: usize, shape: &[u32], templates: &[u32]) -> Result<Vec<u32>> {
        let mut reader = Reader::new(self, html, units, shape.len());
        let mut templates = templates.iter().copied();
        let mut index = 0;
        for code in shape {
            let value = code >> shape::BITS;
            match code & ((1 << shape::BITS) - 1) {
                shape::ELEMENT => reader.element(Namespace::Html, value, index, &mut templates)?,
                shape::SVG => reader.element(Namespace::Svg, value, index, &mut templates)?,
                shape::MATHML => reader.element(Namespace::MathMl, value, index, &mut templates)?,
                shape::TEXT => reader.text(value as usize)?,
                shape::COMMENT => reader.comment(value as usize)?,
                _ => {
                    reader.ends()?;
                    reader.content()?;
                    reader.take(value as usize)?;
                    continue;
                }
            }
            index += 1;
        }
        reader.finish()
    }
}

impl<'h, 'r> Reader<'h, 'r> {
    /// A reader of this markup, of some `nodes`, into a new recorder.
    pub(crate) fn new(recorder: &'r mut Recorder, html: &'h str, units: usize, nodes: usize) -> Self {
        recorder.open.clear();
        recorder.encoder.mirror_mut().reserve(nodes, html.len() / 2);
        recorder.encoder.run(ROOT, NONE);
        recorder.run = recorder.rules(ROOT);
        Self {
            ascii: html.len() == units,
            html,
            at: 0,
            open: Vec::new(),
            attrs: Vec::new(),
            escaped: false,
            recent: vec![("", NameId::NONE, 0); 4 * RECENT],
            interests: Vec::new(),
            buffer: String::new(),
            recorder,
        }
    }

    /// Everything has been read.
    pub(crate) fn finish(mut self) -> Result<Vec<u32>> {
        self.ends()?;
        if self.at != self.html.len() || !self.open.is_empty() {
            return Err(self.unclear("the end"));
        }
        self.recorder.encoder.end_run();
        self.recorder.encoder.mirror_mut().fit();
        self.recorder.encoder.commit().map_err(|_| Unclear { at: 0, expected: "a tree within the limits" })?;
        Ok(self.interests)
    }
}

impl<'h> Reader<'h, '_> {
    pub(crate) const fn unclear(&self, expected: &'static str) -> Unclear {
        Unclear { at: self.at, expected }
    }

    // Strings are cut by `get`: a cut that can panic would bring along how a string is printed.

    #[inline(always)]
    pub(crate) fn rest(&self) -> &'h [u8] {
        self.html.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// So many bytes that stand here.
    #[inline(always)]
    pub(crate) fn cut(&mut self, len: usize) -> Result<&'h str> {
        let cut = self.html.get(self.at..self.at + len).ok_or_else(|| self.unclear("whole characters"))?;
        self.at += len;
        Ok(cut)
    }

    #[inline(always)]
    fn byte(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    #[inline(always)]
    fn expect(&mut self, byte: u8, expected: &'static str) -> Result<()> {
        if self.byte() != Some(byte) {
            return Err(self.unclear(expected));
        }
        self.at += 1;
        Ok(())
    }

    /// So many code units as they stand.
    fn take(&mut self, units: usize) -> Result<&'h str> {
        let rest = self.rest();
        let len = if self.ascii { Some(units) } else { crate::facts::bytes_of_units(rest, units) };
        let len = len.filter(|len| *len <= rest.len());
        let len = len.ok_or_else(|| self.unclear("as much markup as the shape says"))?;
        self.cut(len)
    }

    #[inline(always)]
    pub(crate) fn is_raw(&self) -> bool {
        self.open.last().is_some_and(|open| open.traits & RAW != 0)
    }

    /// All end tags that stand here.
    pub(crate) fn ends(&mut self) -> Result<()> {
        while let Some(tag) = self.rest().strip_prefix(b"</") {
            let Some(open) = self.open.last() else { return Err(self.unclear("no further end tag")) };
            if !(tag.starts_with(open.name.as_bytes()) && tag.get(open.name.len()) == Some(&b'>')) {
                return Err(self.unclear("the end tag of the element that is open"));
            }
            self.at += 3 + open.name.len();
            self.close();
        }
        Ok(())
    }

    fn close(&mut self) {
        if let Some(open) = self.open.pop() {
            let found = self.interests.get_mut(open.interest).filter(|_| open.has_content);
            if let Some(found) = found {
                *found |= open.traits & Interest::SCROLL;
                if open.traits & RAW != 0 {
                    *found |= Interest::RAW;
                }
            }
            self.recorder.close();
        }
    }

    /// Something comes below the element that is open. Only the topmost element comes below none.
    #[inline(always)]
    pub(crate) fn content(&mut self) -> Result<()> {
        match self.open.last_mut() {
            Some(open) => {
                open.has_content = true;
                Ok(())
            }
            None if self.at == 0 => Ok(()),
            None => Err(self.unclear("the end")),
        }
    }

    pub(crate) fn element(
        &mut self,
        namespace: Namespace,
        marks: u32,
        index: u32,
        templates: &mut dyn Iterator<Item = u32>,
    ) -> Result<()> {
        self.ends()?;
        self.content()?;
        self.expect(b'<', "a start tag")?;
        let mut len = 0;
        for byte in self.rest() {
            match byte {
                b' ' | b'>' => break,
                b':' | b'<' | b'"' | b'&' | b'/' | b'?' | b'!' => return Err(self.unclear("a plain name")),
                _ => len += 1,
            }
        }
        if len == 0 {
            return Err(self.unclear("a plain name"));
        }
        let name = self.cut(len)?;
        let (name_id, traits) = self.name(namespace, name);
        let told = self.attributes(namespace)?;
        self.expect(b'>', "the end of a start tag")?;
        let attrs = std::mem::take(&mut self.attrs);
        let created = if self.escaped {
            let values: Vec<String> = attrs.iter().map(|(_, value)| unescaped(value)).collect();
            let attrs: Vec<_> = attrs.iter().zip(&values).map(|((name, _), value)| (*name, value.as_str())).collect();
            self.recorder.new_element(name_id, marks, &attrs)
        } else {
            self.recorder.new_element(name_id, marks, &attrs)
        };
        self.attrs = attrs;
        let rules = created.map_err(|_| self.unclear("a tree within the limits"))?;
        let mut interest = traits & (Interest::HOST | Interest::STATE | Interest::CLOSED | Interest::TEMPLATE);
        if traits & Interest::STATE != 0 {
            // What a control scrolls is in none of its children.
            interest |= traits & Interest::SCROLL;
        }
        if rules.is_closed() {
            interest = interest & !(Interest::HOST | Interest::TEMPLATE) | Interest::CLOSED;
        }
        interest |= told;
        interest |= match namespace {
            Namespace::Svg => Interest::SVG,
            Namespace::MathMl => Interest::MATHML,
            _ => 0,
        };
        let place = self.interests.len();
        let has_place = interest | traits & (Interest::SCROLL | RAW) != 0;
        if has_place {
            self.interests.extend([index << Interest::BITS | interest, self.recorder.told()]);
        }
        let interest = if has_place { place } else { usize::MAX };
        self.open.push(Open { name, namespace, traits, interest, has_content: false });
        if traits & VOID != 0 {
            self.close();
        } else if traits & Interest::TEMPLATE != 0 {
            let units = templates.next().ok_or_else(|| self.unclear("the length of a template's content"))?;
            self.take(units as usize)?;
        }
        Ok(())
    }

    /// A name's number, and the traits of an element of this name.
    fn name(&mut self, namespace: Namespace, name: &'h str) -> (NameId, u32) {
        let bytes = name.as_bytes();
        let (first, last) = (usize::from(bytes[0]), usize::from(bytes[bytes.len() - 1]));
        // Attributes, HTML, SVG and MathML apart.
        let kind = (namespace as usize).min(3);
        let slot = (bytes.len() + first * 5 + last * 11) % RECENT + kind * RECENT;
        let (recent, id, traits) = self.recent[slot];
        if recent == name {
            return (id, traits);
        }
        let id = self.recorder.encoder.mirror_mut().names.intern(namespace, name);
        let traits = match namespace {
            Namespace::None => u32::from(name == "xmlns" || name.contains(':')),
            Namespace::Html => traits_of(name),
            _ if name == "script" => Interest::CLOSED,
            _ => 0,
        };
        self.recent[slot] = (name, id, traits);
        (id, traits)
    }

    /// Attributes as the serialiser writes them: a blank, a name, `="`, an escaped value, `"`. Returns what of
    /// [`Interest`] their names say. A name may hold anything but blanks, `/`, `>` and, but for its first character, `=`.
    fn attributes(&mut self, of: Namespace) -> Result<u32> {
        self.attrs.clear();
        self.escaped = false;
        let mut interest = 0;
        while self.byte() == Some(b' ') {
            self.at += 1;
            let mut len = 0;
            for byte in self.rest() {
                match byte {
                    // One that comes first is a part of the name.
                    b'=' if len > 0 => break,
                    b'>' => return Err(self.unclear("an attribute's name")),
                    _ => len += 1,
                }
            }
            let name = self.cut(len)?;
            if name.is_empty() {
                return Err(self.unclear("an attribute's name"));
            }
            if name == "is" {
                interest |= Interest::IS;
            }
            self.expect(b'=', "an attribute's value")?;
            self.expect(b'"', "an attribute's value")?;
            let len = memchr::memchr(b'"', self.rest()).ok_or_else(|| self.unclear("the end of a value"))?;
            let value = self.cut(len)?;
            self.at += 1;
            let (mut id, traits) = self.name(Namespace::None, name);
            if traits != 0 {
                interest |= Interest::NAMESPACE;
                if of != Namespace::Html {
                    id = self.recorder.encoder.mirror_mut().names.intern(adjusted(name), name);
                }
            }
            self.escaped |= memchr::memchr(b'&', value.as_bytes()).is_some();
            self.attrs.push((id, value));
        }
        Ok(interest)
    }

    fn text(&mut self, units: usize) -> Result<()> {
        self.ends()?;
        self.content()?;
        if self.is_raw() {
            let text = self.take(units)?;
            return self.leaf(Kind::Text, text);
        }
        let from = self.at;
        let text = self.take(units)?;
        if memchr::memchr2(b'&', b'<', text.as_bytes()).is_none() {
            return self.leaf(Kind::Text, text);
        }
        self.at = from;
        let mut text = std::mem::take(&mut self.buffer);
        text.clear();
        let mut left = units;
        while left > 0 {
            let rest = self.rest();
            let run = memchr::memchr2(b'&', b'<', rest).unwrap_or(rest.len());
            if run == 0 {
                let (character, len) = escape(rest).ok_or_else(|| self.unclear("as much text as the shape says"))?;
                text.push(character);
                self.at += len;
                left -= 1;
                continue;
            }
            let run_units = if self.ascii { run } else { crate::facts::units_of(&rest[..run]) };
            let taken = left.min(run_units);
            text.push_str(self.take(taken)?);
            left -= taken;
        }
        let told = self.leaf(Kind::Text, &text);
        self.buffer = text;
        told
    }

    fn comment(&mut self, units: usize) -> Result<()> {
        self.ends()?;
        self.content()?;
        if !self.rest().starts_with(b"<!--") {
            return Err(self.unclear("a comment"));
        }
        self.at += 4;
        let data = self.take(units)?;
        if !self.rest().starts_with(b"-->") {
            return Err(self.unclear("the end of a comment"));
        }
        self.at += 3;
        self.leaf(Kind::Comment, data)
    }

    pub(crate) fn leaf(&mut self, kind: Kind, data: &str) -> Result<()> {
        self.recorder.new_leaf(kind, data).map_err(|_| self.unclear("a tree within the limits"))
    }
}

/// The namespace that a parser puts an attribute of an SVG or MathML element in (HTML standard, §13.2.6.1, "adjust
/// foreign attributes").
#[must_use]
pub fn adjusted(name: &str) -> Namespace {
    match name {
        "xlink:actuate" | "xlink:arcrole" | "xlink:href" | "xlink:role" | "xlink:show" | "xlink:title"
        | "xlink:type" => Namespace::XLink,
        "xml:lang" | "xml:space" => Namespace::Xml,
        "xmlns" | "xmlns:xlink" => Namespace::Xmlns,
        _ => Namespace::None,
    }
}

/// The character that is escaped at the start, and the escape's length.
fn escape(text: &[u8]) -> Option<(char, usize)> {
    const ESCAPES: [(&[u8], char); 5] =
        [(b"&amp;", '&'), (b"&lt;", '<'), (b"&gt;", '>'), (b"&nbsp;", '\u{a0}'), (b"&quot;", '"')];
    ESCAPES.iter().find(|(escape, _)| text.starts_with(escape)).map(|(escape, character)| (*character, escape.len()))
}

pub(crate) fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut at = 0;
    while let Some(rest) = value.get(at..).filter(|rest| !rest.is_empty()) {
        let len = memchr::memchr(b'&', rest.as_bytes()).unwrap_or(rest.len());
        out.push_str(rest.get(..len).unwrap_or_default());
        at += len;
        if let Some((character, len)) = value.as_bytes().get(at..).and_then(escape) {
            out.push(character);
            at += len;
        } else if len < rest.len() {
            out.push('&');
            at += 1;
        }
    }
    out
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use protocol::{Limits, decoder::Decoder, tree::Tree};

    const E: u32 = shape::ELEMENT;

    pub(crate) fn units(text: &str) -> usize {
        text.encode_utf16().count()
    }

    fn text(data: &str) -> u32 {
        u32::try_from(units(data)).unwrap() << shape::BITS | shape::TEXT
    }

    fn comment(data: &str) -> u32 {
        u32::try_from(units(data)).unwrap() << shape::BITS | shape::COMMENT
    }

    fn read(html: &str, shape: &[u32], templates: &[u32]) -> Result<(Recorder, Vec<u32>)> {
        let mut recorder = Recorder::new(1, &Limits::DEFAULT);
        let interests = recorder.read_markup(html, units(html), shape, templates)?;
        Ok((recorder, interests))
    }

    /// The tree in words, a line for each node, after as many dots as it is deep.
    pub(crate) fn printed(tree: &Tree) -> String {
        let mut out = String::new();
        let mut id = tree.following(ROOT, ROOT);
        while id != NONE {
            let mut up = id;
            while tree.node(up).parent != ROOT {
                up = tree.node(up).parent;
                out.push('.');
            }
            let node = tree.node(id);
            match node.kind {
                Kind::Element => out.push_str(tree.names.get(node.name).1),
                kind => out.push_str(&format!("{kind:?}({})", tree.data_str(id))),
            }
            for (name, value) in tree.attrs(id) {
                out.push_str(&format!(" {}={}", tree.names.get(name).1, String::from_utf8_lossy(value)));
            }
            out.push('\n');
            id = tree.following(id, ROOT);
        }
        out
    }

    fn tree(recorder: &mut Recorder) -> String {
        let mut decoder = Decoder::new(Limits::DEFAULT);
        decoder.push(recorder.keyframe(0).unwrap()).unwrap();
        printed(decoder.tree())
    }

    #[test]
    fn the_shape_tells_what_markup_does_not() {
        // Attribute names that only a parser makes, two texts side by side, an escape cut by neither, a comment that holds its own end, a raw text with a tag.
        let html = "<html><p title=\"a&amp;b&quot;\" la\"ws\"=\"\" is=\"\">one &lt; t\u{20ac}wo</p><!--a --> b--><br>\
            <style>a > b { content: '<i>' }</style></html>";
        let shape =
            [E, E, text("one < t"), text("\u{20ac}wo"), comment("a --> b"), E, E, text("a > b { content: '<i>' }")];
        let (mut recorder, interests) = read(html, &shape, &[]).unwrap();
        assert_eq!(recorder.fresh(), [1, 2, 3, 4, 5, 6, 7, 8]);
        let expected = "html\n.p title=a&b\" la\"ws\"= is=\n..Text(one < t)\n..Text(\u{20ac}wo)\n.Comment(a --> b)\n.br\n.style\n\
            ..Text(a > b { content: '<i>' })\n";
        assert_eq!(tree(&mut recorder), expected);
        assert_eq!(
            interests,
            [
                1 << Interest::BITS | Interest::HOST | Interest::IS | Interest::SCROLL,
                2,
                6 << Interest::BITS | Interest::STATE | Interest::RAW,
                7
            ]
        );
    }

    #[test]
    fn skipped_markup_and_templates_are_passed_over() {
        let html = "<html><svg><p>x</p></svg><template><b>\u{1f600}</b></template><i>y</i></html>";
        let skip = u32::try_from(units("<svg><p>x</p></svg>")).unwrap() << shape::BITS | shape::SKIP;
        let content = u32::try_from(units("<b>\u{1f600}</b>")).unwrap();
        let (mut recorder, interests) = read(html, &[E, skip, E, E, text("y")], &[content]).unwrap();
        assert_eq!(tree(&mut recorder), "html\n.template\n.i\n..Text(y)\n");
        assert_eq!(interests, [1 << Interest::BITS | Interest::TEMPLATE, 2]);
    }

    #[test]
    fn other_namespaces_are_those_of_the_shape() {
        let html = "<html><svg xmlns=\"s\" viewBox=\"0 0 1 1\"><style>a &gt; b</style><use xlink:href=\"#i\"></use></svg><br></html>";
        let (mut recorder, interests) =
            read(html, &[E, shape::SVG, shape::SVG, text("a > b"), shape::SVG, E], &[]).unwrap();
        let expected = "html\n.svg xmlns=s viewBox=0 0 1 1\n..style\n...Text(a > b)\n..use xlink:href=#i\n.br\n";
        assert_eq!(tree(&mut recorder), expected);
        let names = &recorder.encoder.mirror().names;
        assert_eq!(names.get(recorder.encoder.mirror().node(2).name).0, Namespace::Svg);
        let (use_href, _) = recorder.encoder.mirror().attrs(5).next().unwrap();
        assert_eq!(names.get(use_href), (Namespace::XLink, "xlink:href"));
        let found: Vec<_> =
            interests.chunks(2).map(|entry| entry[0]).filter(|entry| entry & Interest::SVG != 0).collect();
        let foreign = [1, 2, 4].map(|index| index << Interest::BITS | Interest::SVG);
        assert_eq!(found, [foreign[0] | Interest::NAMESPACE, foreign[1], foreign[2] | Interest::NAMESPACE]);
    }

    #[test]
    fn the_gate_is_the_same() {
        let html = "<html><script>SECRET()</script><p data-cobrowse-mask=\"\" title=\"SECRET\">my SECRET</p>\
            <div data-cobrowse-block=\"\"><i>SECRET</i></div><input type=\"password\" value=\"SECRET\" onclick=\"SECRET\"></html>";
        let shape = [E, E, text("SECRET()"), E, text("my SECRET"), E, E, text("SECRET"), E];
        let (mut recorder, interests) = read(html, &shape, &[]).unwrap();
        assert_eq!(recorder.fresh(), [1, 2, NONE, 3, 4, 5, NONE, NONE, 6]);
        let told = tree(&mut recorder);
        assert!(
            !told.contains("SECRET") && told.contains("Text(** ******)") && told.contains("value=******"),
            "{told}"
        );
        assert!(interests.contains(&(5 << Interest::BITS | Interest::CLOSED | Interest::SCROLL)), "{interests:?}");
    }

    #[test]
    fn what_cannot_be_told_apart_is_refused() {
        for (html, shape, expected) in [
            ("<html><p>one</p></html>", &[E, E, text("ones")][..], "as much text as the shape says"),
            ("<html><p>one</p></html>", &[E, E, text("one"), E], "the end"),
            ("<html><p>one</b></html>", &[E, E, text("one"), E], "the end tag of the element that is open"),
            ("<html><p>one</p></html>", &[E, E], "the end"),
            ("<html><o:p></o:p></html>", &[E, E], "a plain name"),
            ("<html =></html>", &[E], "an attribute's name"),
            ("<html><br></html>", &[E, E, text("in br")], "the end"),
            ("<html></html>", &[E, comment("x")], "the end"),
            ("<html></html></html>", &[E], "no further end tag"),
        ] {
            let error = read(html, shape, &[]).unwrap_err();
            assert_eq!(error.expected, expected, "{html}");
        }
    }
}
