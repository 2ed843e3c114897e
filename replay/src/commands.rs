//! What is to be done to a rebuilt page, as numbers in one array and strings in another: a whole frame per call.
//!
//! The twin of this module is `js/page.js`; the numbers below stand there too. Strings lie one behind the other in
//! UTF-8; their lengths are given as JavaScript counts them, in UTF-16 code units. Nothing gets here that
//! [`crate::safety`] does not let pass.

use crate::safety::{self, Verdict};
use protocol::{
    decoder::Decoder,
    names::{NameId, Namespace},
    ops::Op,
    tree::{Kind, NONE, ROOT, Tree},
};

/// The first number of each command.
pub mod tag {
    /// `number namespace length`: a name.
    pub const NAME: u32 = 1;
    /// `parent before`: rows follow until [`END`].
    pub const PLACE: u32 = 2;
    /// Row, `id name attrs (name length)*`: an element; its children follow until [`UP`].
    pub const ELEMENT: u32 = 3;
    /// Row, `id kind length`: a node with data; the kind is a number of `protocol::tree::Kind`.
    pub const LEAF: u32 = 4;
    /// Row, `id`: the content of the template above; its children follow until [`UP`].
    pub const CONTENT: u32 = 5;
    /// Row, `id attrs (name length)*`: the shadow root of the element above; its children follow until [`UP`].
    pub const SHADOW: u32 = 6;
    /// Row, `id`: a node that is already there.
    pub const KNOWN: u32 = 7;
    /// The children are complete.
    pub const UP: u32 = 8;
    /// The rows are complete.
    pub const END: u32 = 9;
    /// Row, `id attrs (name length)*`: the style sheet of the element above, or a constructed one; its rules follow, as
    /// leaves, until [`UP`].
    pub const SHEET: u32 = 14;
    /// Row, `id attrs (name length)*`: the document in the frame above; its children follow until [`UP`].
    pub const FRAME: u32 = 15;
    /// `id`: the node goes, with its subtree.
    pub const REMOVE: u32 = 10;
    /// `id name length`: an attribute or property.
    pub const ATTR: u32 = 11;
    /// `id name`: an attribute or property goes.
    pub const NO_ATTR: u32 = 12;
    /// `id length`: data.
    pub const DATA: u32 = 13;
}

/// See the module's documentation. Kept between frames for its memory.
#[derive(Debug, Clone, Default)]
pub struct Commands {
    words: Vec<u32>,
    text: Vec<u8>,
    /// Which names were told.
    told: Vec<bool>,
    /// Names told by this frame: they come first.
    names: Vec<u32>,
    name_text: Vec<u8>,
}

impl Commands {
    /// Empties both arrays.
    pub fn clear(&mut self) {
        self.words.clear();
        self.text.clear();
        self.names.clear();
        self.name_text.clear();
    }

    /// Forgets which names were told: another tree's names follow.
    pub fn restart(&mut self) {
        self.clear();
        self.told.clear();
    }

    /// Numbers and strings that tell names, to be read before [`Commands::words`].
    #[must_use]
    pub fn names(&self) -> (&[u32], &[u8]) {
        (&self.names, &self.name_text)
    }

    /// The numbers.
    #[must_use]
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// The strings.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The whole tree, for an empty document.
    pub fn whole(&mut self, tree: &Tree) {
        self.told.clear();
        for (name, value) in tree.attrs(ROOT) {
            self.attr(tree, ROOT, name, value);
        }
        self.words.extend([tag::PLACE, ROOT, NONE]);
        let mut id = tree.node(ROOT).first;
        while id != NONE {
            self.node(tree, id);
            let node = tree.node(id);
            if node.first != NONE {
                id = node.first;
                continue;
            }
            if node.kind.has_children() {
                self.words.push(tag::UP);
            }
            while id != ROOT && tree.node(id).next == NONE {
                id = tree.node(id).parent;
                if id != ROOT {
                    self.words.push(tag::UP);
                }
            }
            id = if id == ROOT { NONE } else { tree.node(id).next };
        }
        self.words.push(tag::END);
    }

    /// A row of a new node, its children left out.
    pub(crate) fn node(&mut self, tree: &Tree, id: u32) {
        let node = tree.node(id);
        match node.kind {
            Kind::Element | Kind::Shadow | Kind::Sheet | Kind::Frame => {
                self.open(tree, id, node.kind, node.name);
                let count = self.words.len() - 1;
                for (name, value) in tree.attrs(id) {
                    if self.new_attr(tree, node.name, name, value) {
                        self.words[count] += 1;
                    }
                }
            }
            Kind::Content => self.words.extend([tag::CONTENT, id]),
            Kind::Free | Kind::Document => {}
            _ => self.leaf(tree, id, node.kind, tree.data(id)),
        }
    }

    /// What the frame applied last did.
    pub fn changes(&mut self, decoder: &Decoder) {
        let tree = decoder.tree();
        let mut ops = decoder.ops();
        let mut count = 0;
        let mut element = NameId::NONE;
        // The body was read before: nothing in it can be malformed.
        while let Ok(Some(op)) = ops.next() {
            match op {
                Op::PlaceBefore { before } => {
                    let parent = NONE; // The page knows.
                    self.place(parent, before);
                }
                Op::PlaceEnd { parent } => self.place(parent, NONE),
                Op::Element { id, name, .. } => {
                    self.open(tree, id, Kind::Element, name);
                    (element, count) = (name, self.words.len() - 1);
                }
                Op::Shadow { id, .. } => {
                    self.open(tree, id, Kind::Shadow, NameId::NONE);
                    (element, count) = (NameId::NONE, self.words.len() - 1);
                }
                Op::Sheet { id, .. } => {
                    self.open(tree, id, Kind::Sheet, NameId::NONE);
                    (element, count) = (NameId::NONE, self.words.len() - 1);
                }
                Op::Frame { id, .. } => {
                    self.open(tree, id, Kind::Frame, NameId::NONE);
                    (element, count) = (NameId::NONE, self.words.len() - 1);
                }
                Op::Attr { name, value } => {
                    if self.new_attr(tree, element, name, value) {
                        self.words[count] += 1;
                    }
                }
                Op::Leaf { id, kind, data } => self.leaf(tree, id, kind, data),
                Op::Content { id } => self.words.extend([tag::CONTENT, id]),
                Op::Known { id } => self.known(id),
                Op::Up => self.up(),
                Op::End => self.end(),
                Op::Remove { id } => self.remove(id),
                Op::SetAttr { id, name, value } => self.attr(tree, id, name, value),
                Op::RemoveAttr { id, name } => self.no_attr(tree, id, name),
                Op::SpliceAttr { id, name, .. } | Op::CountAttr { id, name, .. } => {
                    if let Some(value) = tree.attr(id, name) {
                        self.attr(tree, id, name, value);
                    }
                }
                Op::SetData { id, .. } | Op::SpliceData { id, .. } | Op::CountData { id, .. } => {
                    if tree.is_live(id) {
                        self.data(tree, id);
                    }
                }
            }
        }
    }

    fn name(&mut self, tree: &Tree, name: NameId) {
        let index = name.0 as usize;
        if self.told.len() <= index {
            self.told.resize(index + 1, false);
        }
        if !self.told[index] {
            self.told[index] = true;
            let (namespace, text) = tree.names.get(name);
            self.names.extend([tag::NAME, name.0, namespace as u32, units(text.as_bytes())]);
            self.name_text.extend_from_slice(text.as_bytes());
        }
    }

    fn string(&mut self, bytes: &[u8]) {
        self.words.push(units(bytes));
        self.text.extend_from_slice(bytes);
    }

    /// An element, a shadow root, a frame's document or a style sheet, with no attributes yet.
    fn open(&mut self, tree: &Tree, id: u32, kind: Kind, name: NameId) {
        match kind {
            Kind::Element => {
                self.name(tree, name);
                self.words.extend([tag::ELEMENT, id, name.0, 0]);
            }
            Kind::Shadow => self.words.extend([tag::SHADOW, id, 0]),
            Kind::Frame => self.words.extend([tag::FRAME, id, 0]),
            _ => self.words.extend([tag::SHEET, id, 0]),
        }
    }

    fn leaf(&mut self, tree: &Tree, id: u32, kind: Kind, data: &[u8]) {
        self.words.extend([tag::LEAF, id, kind as u32]);
        self.string(if is_code(tree, id) { &[] } else { data });
    }

    /// An attribute of a new node; `false` when it is not to be created.
    fn new_attr(&mut self, tree: &Tree, element: NameId, name: NameId, value: &[u8]) -> bool {
        let verdict = judge(tree, element, name, value);
        let value = match verdict {
            Verdict::Keep => value,
            Verdict::Set(instead) => instead.as_bytes(),
            Verdict::Drop => return false,
        };
        self.name(tree, name);
        self.words.push(name.0);
        self.string(value);
        true
    }

    pub(crate) fn place(&mut self, parent: u32, before: u32) {
        self.words.extend([tag::PLACE, parent, before]);
    }

    pub(crate) fn known(&mut self, id: u32) {
        self.words.extend([tag::KNOWN, id]);
    }

    pub(crate) fn up(&mut self) {
        self.words.push(tag::UP);
    }

    pub(crate) fn end(&mut self) {
        self.words.push(tag::END);
    }

    pub(crate) fn remove(&mut self, id: u32) {
        self.words.extend([tag::REMOVE, id]);
    }

    pub(crate) fn no_attr(&mut self, tree: &Tree, id: u32, name: NameId) {
        self.name(tree, name);
        self.words.extend([tag::NO_ATTR, id, name.0]);
    }

    /// Other data of a node that is there.
    pub(crate) fn data(&mut self, tree: &Tree, id: u32) {
        if !is_code(tree, id) {
            self.words.extend([tag::DATA, id]);
            self.string(tree.data(id));
        }
    }

    /// An attribute of a node that is there.
    pub(crate) fn attr(&mut self, tree: &Tree, id: u32, name: NameId, value: &[u8]) {
        let at = self.words.len();
        self.words.extend([tag::ATTR, id]);
        if !self.new_attr(tree, tree.node(id).name, name, value) {
            self.words.truncate(at);
        }
    }
}

/// Whether the node's data is a script's text.
fn is_code(tree: &Tree, id: u32) -> bool {
    let (namespace, name) = tree.names.get(tree.node(tree.node(id).parent).name);
    safety::is_script(namespace, name)
}

fn judge(tree: &Tree, element: NameId, name: NameId, value: &[u8]) -> Verdict {
    let (namespace, text) = tree.names.get(name);
    if namespace == Namespace::Prop {
        return Verdict::Keep;
    }
    let element = tree.names.get(element);
    safety::attribute(element, namespace, text, std::str::from_utf8(value).unwrap_or_default())
}

/// The length in UTF-16 code units.
fn units(utf8: &[u8]) -> u32 {
    if utf8.is_ascii() {
        return u32::try_from(utf8.len()).unwrap_or(u32::MAX);
    }
    utf8.iter().map(|byte| u32::from(byte & 0xc0 != 0x80) + u32::from(*byte >= 0xf0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Limits, encoder::Encoder, hash::Key};

    #[test]
    fn the_whole_page_and_a_change_are_told() {
        let mut encoder = Encoder::new(Key(1), &Limits::DEFAULT);
        let (p, class) = {
            let names = &mut encoder.mirror_mut().names;
            (names.intern(Namespace::Html, "p"), names.intern(Namespace::None, "class"))
        };
        encoder.begin();
        encoder.run(ROOT, NONE);
        let id = encoder.element(p).unwrap();
        encoder.attr(id, class, b"a").unwrap();
        encoder.leaf(Kind::Text, "\u{e9}\u{1f600}".as_bytes()).unwrap();
        encoder.up();
        encoder.end_run();
        let keyframe = encoder.keyframe(0).unwrap().to_vec();
        encoder.begin();
        encoder.gone(2);
        encoder.set_attr(1, class, b"b").unwrap();
        let delta = encoder.delta(1).unwrap().unwrap().to_vec();
        let mut decoder = Decoder::new(Limits::DEFAULT);
        let mut commands = Commands::default();
        decoder.push(&keyframe).unwrap();
        commands.whole(decoder.tree());
        let leaf = [tag::LEAF, 2, Kind::Text as u32, 3];
        let whole =
            [&[tag::PLACE, ROOT, NONE, tag::ELEMENT, 1, p.0, 1, class.0, 1][..], &leaf, &[tag::UP, tag::END]].concat();
        assert_eq!((commands.words(), commands.text()), (&whole[..], "a\u{e9}\u{1f600}".as_bytes()));
        commands.clear();
        decoder.push(&delta).unwrap();
        commands.changes(&decoder);
        assert_eq!(commands.words(), [tag::ATTR, 1, class.0, 1, tag::REMOVE, 2]);
        assert_eq!(commands.names().0, [] as [u32; 0], "told before");
    }
}
