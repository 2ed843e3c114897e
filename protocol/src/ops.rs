//! The operations of a frame: how they are written and read (`docs/wire-format.md` §4).

use crate::{
    Error, ErrorKind,
    columns::{Column, Columns, Cursors},
    error::Result,
    names::{NameId, Names, Namespace, STATIC_LEN},
    numbers::{self, Form},
    splice::{self, Splice},
    tree::Kind,
    varint::{unzigzag, zigzag},
};

/// The numbers of operations and rows, in one table. Never reused.
pub mod tag {
    /// A run of nodes is placed before a node.
    pub const PLACE_BEFORE: u8 = 0x01;
    /// A run of nodes is placed behind the last child of a node.
    pub const PLACE_END: u8 = 0x02;
    /// A node goes, with its subtree.
    pub const REMOVE: u8 = 0x03;
    /// An attribute or property gets a value.
    pub const SET_ATTR: u8 = 0x04;
    /// An attribute or property goes.
    pub const REMOVE_ATTR: u8 = 0x05;
    /// A part of an attribute's value is replaced.
    pub const SPLICE_ATTR: u8 = 0x06;
    /// A node gets other data.
    pub const SET_DATA: u8 = 0x07;
    /// A part of a node's data is replaced.
    pub const SPLICE_DATA: u8 = 0x08;
    /// The numbers in an attribute's value change.
    pub const COUNT_ATTR: u8 = 0x09;
    /// The numbers in a node's data change.
    pub const COUNT_DATA: u8 = 0x0a;

    /// Row: a text node.
    pub const TEXT: u8 = 0x10;
    /// Row: a comment.
    pub const COMMENT: u8 = 0x11;
    /// Row: a doctype.
    pub const DOCTYPE: u8 = 0x12;
    /// Row: a processing instruction.
    pub const INSTRUCTION: u8 = 0x13;
    /// Row: a template's content; its children follow until [`UP`].
    pub const CONTENT: u8 = 0x14;
    /// Row: a shadow root; its properties and children follow until [`UP`].
    pub const SHADOW: u8 = 0x15;
    /// Row: a node that is already there moves here.
    pub const KNOWN: u8 = 0x16;
    /// The next new node's id is not the last one's plus one.
    pub const JUMP: u8 = 0x17;
    /// The children of the row's parent are complete.
    pub const UP: u8 = 0x18;
    /// The run is complete.
    pub const END: u8 = 0x19;
    /// Row: a style sheet; its properties and rules follow until [`UP`].
    pub const SHEET: u8 = 0x1a;
    /// Row: a rule of a style sheet.
    pub const RULE: u8 = 0x1b;
    /// Row: the document in a frame; its properties and children follow until [`UP`].
    pub const FRAME: u8 = 0x1c;

    /// Row: an element with `tag - ELEMENT` attributes, or, with [`MANY`], a number of them; its children follow
    /// until [`UP`].
    pub const ELEMENT: u8 = 0x20;
    /// The number of attributes stands in the column of value lengths.
    pub const MANY: u8 = 0x1f;
}

/// One operation or row, borrowed from a body. Names are given as in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op<'a> {
    /// Rows follow, until [`Op::End`]; they are placed before this node.
    PlaceBefore {
        /// The node that follows the run.
        before: u32,
    },
    /// Rows follow, until [`Op::End`]; they are placed behind this node's last child.
    PlaceEnd {
        /// The parent.
        parent: u32,
    },
    /// A new element; `attrs` [`Op::Attr`] follow, then its children, then [`Op::Up`].
    Element {
        /// Its id.
        id: u32,
        /// Its name.
        name: NameId,
        /// How many attributes and properties follow.
        attrs: u32,
    },
    /// An attribute or property of the element, shadow root, frame's document or style sheet above.
    Attr {
        /// Its name.
        name: NameId,
        /// Its value.
        value: &'a [u8],
    },
    /// A new node with data and without children.
    Leaf {
        /// Its id.
        id: u32,
        /// Text, comment, doctype, processing instruction or rule.
        kind: Kind,
        /// Its data.
        data: &'a [u8],
    },
    /// The content of the template above; its children follow, then [`Op::Up`].
    Content {
        /// Its id.
        id: u32,
    },
    /// The shadow root of the element above; `attrs` [`Op::Attr`] follow, then its children, then [`Op::Up`].
    Shadow {
        /// Its id.
        id: u32,
        /// How many properties follow.
        attrs: u32,
    },
    /// The document in the `<iframe>` or `<frame>` above; `attrs` [`Op::Attr`] follow, then its children, then [`Op::Up`].
    Frame {
        /// Its id.
        id: u32,
        /// How many properties follow.
        attrs: u32,
    },
    /// A style sheet; `attrs` [`Op::Attr`] follow, then its rules, then [`Op::Up`].
    Sheet {
        /// Its id.
        id: u32,
        /// How many properties follow.
        attrs: u32,
    },
    /// A node that is already there, with its subtree, moves here.
    Known {
        /// Its id.
        id: u32,
    },
    /// Back to the parent's siblings.
    Up,
    /// The run is complete.
    End,
    /// A node goes, with its subtree.
    Remove {
        /// Its id.
        id: u32,
    },
    /// An attribute or property gets a value.
    SetAttr {
        /// The node.
        id: u32,
        /// The name.
        name: NameId,
        /// The value.
        value: &'a [u8],
    },
    /// An attribute or property goes.
    RemoveAttr {
        /// The node.
        id: u32,
        /// The name.
        name: NameId,
    },
    /// `delete` bytes at `at` of an attribute's value are replaced.
    SpliceAttr {
        /// The node.
        id: u32,
        /// The name.
        name: NameId,
        /// The offset in bytes.
        at: u32,
        /// How many bytes go.
        delete: u32,
        /// What comes instead.
        insert: &'a [u8],
    },
    /// A node gets other data.
    SetData {
        /// The node.
        id: u32,
        /// The data.
        data: &'a [u8],
    },
    /// `delete` bytes at `at` of a node's data are replaced.
    SpliceData {
        /// The node.
        id: u32,
        /// The offset in bytes.
        at: u32,
        /// How many bytes go.
        delete: u32,
        /// What comes instead.
        insert: &'a [u8],
    },
    /// The first numbers in an attribute's value change by these differences ([`crate::numbers`]).
    CountAttr {
        /// The node.
        id: u32,
        /// The name.
        name: NameId,
        /// How they are written.
        form: Form,
        /// Zigzag varints.
        differences: &'a [u8],
    },
    /// The first numbers in a node's data change by these differences ([`crate::numbers`]).
    CountData {
        /// The node.
        id: u32,
        /// How they are written.
        form: Form,
        /// Zigzag varints.
        differences: &'a [u8],
    },
}

/// What both ends remember from frame to frame, and forget at a keyframe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Registers {
    /// The id written last.
    pub last: u32,
    /// The id of the next new node.
    pub next: u32,
}

/// A way to change a string.
enum Change {
    /// By its numbers; so many differences, in this form.
    Count(u32, Form),
    Splice(Splice),
    Set,
}

/// Writes operations into columns.
#[derive(Debug, Clone, Default)]
pub struct OpWriter {
    columns: Columns,
    registers: Registers,
    /// The number on the wire of each name of the tree's table beyond the static ones; 0 where it has none yet.
    wire: Vec<u32>,
    defined: u32,
    ops: u32,
    differences: Vec<u8>,
}

impl OpWriter {
    /// Empties the columns; numbers of names and registers stay.
    pub fn clear(&mut self) {
        self.columns.clear();
        self.ops = 0;
    }

    /// Forgets what a keyframe forgets.
    pub fn restart(&mut self) {
        self.clear();
        self.registers = Registers::default();
        self.wire.clear();
        self.defined = 0;
    }

    /// The columns written so far.
    #[must_use]
    pub const fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Gives back the memory of columns that have become larger than this. Call it when they are empty.
    pub(crate) fn trim(&mut self, most: usize) {
        self.columns.trim(most);
    }

    /// Bytes taken from the allocator.
    pub(crate) fn memory(&self) -> usize {
        self.columns.memory() + self.wire.capacity() * size_of::<u32>() + self.differences.capacity()
    }

    /// How many operations and rows were written.
    #[must_use]
    pub const fn ops(&self) -> u32 {
        self.ops
    }

    #[inline]
    fn op(&mut self, tag: u8) {
        self.columns.column(Column::Ops).push(tag);
        self.ops += 1;
    }

    #[inline]
    fn id(&mut self, id: u32) {
        let difference = id.wrapping_sub(self.registers.last).cast_signed();
        self.columns.number(Column::Ids, zigzag(difference));
        self.registers.last = id;
    }

    #[inline]
    fn new_id(&mut self, id: u32) {
        if id != self.registers.next {
            self.op(tag::JUMP);
            let difference = id.wrapping_sub(self.registers.next).cast_signed();
            self.columns.number(Column::Ids, zigzag(difference));
        }
        self.registers.next = id + 1;
    }

    #[inline]
    fn value(&mut self, value: &[u8]) {
        self.columns.number(Column::ValueLens, length(value));
        self.columns.column(Column::Values).extend_from_slice(value);
    }

    #[inline]
    fn text(&mut self, text: &[u8]) {
        self.columns.number(Column::TextLens, length(text));
        self.columns.column(Column::Text).extend_from_slice(text);
    }

    /// Gives a name a number on the wire, if it has none.
    #[inline]
    pub fn define(&mut self, name: NameId, names: &Names) {
        let Some(index) = name.0.checked_sub(STATIC_LEN + 1) else { return };
        if self.wire.get(index as usize).is_none_or(|number| *number == 0) {
            self.define_new(index as usize, name, names);
        }
    }

    fn define_new(&mut self, index: usize, name: NameId, names: &Names) {
        if self.wire.len() <= index {
            self.wire.resize(index + 1, 0);
        }
        let (namespace, text) = names.get(name);
        self.columns.column(Column::Definitions).push(namespace as u8);
        self.columns.number(Column::Definitions, length(text.as_bytes()));
        self.columns.column(Column::Definitions).extend_from_slice(text.as_bytes());
        self.defined += 1;
        self.wire[index] = STATIC_LEN + self.defined;
    }

    /// Writes the number of a name that has one.
    #[inline]
    fn name(&mut self, name: NameId) {
        let number = match name.0.checked_sub(STATIC_LEN + 1) {
            None => name.0,
            Some(index) => self.wire.get(index as usize).copied().unwrap_or(0),
        };
        debug_assert!(number != 0, "a name is defined before it is used");
        self.columns.number(Column::Names, number);
    }

    /// Begins a run; see [`Op::PlaceBefore`].
    pub fn place_before(&mut self, before: u32) {
        self.op(tag::PLACE_BEFORE);
        self.id(before);
    }

    /// Begins a run; see [`Op::PlaceEnd`].
    pub fn place_end(&mut self, parent: u32) {
        self.op(tag::PLACE_END);
        self.id(parent);
    }

    /// Ends a run.
    pub fn end(&mut self) {
        self.op(tag::END);
    }

    /// A new element, its name and those of its attributes defined before; `attrs` calls of [`OpWriter::attr`] follow.
    pub fn element(&mut self, id: u32, name: NameId, attrs: u32) {
        self.new_id(id);
        match u8::try_from(attrs) {
            Ok(count) if count < tag::MANY => self.op(tag::ELEMENT + count),
            _ => {
                self.op(tag::ELEMENT + tag::MANY);
                self.columns.number(Column::ValueLens, attrs);
            }
        }
        self.name(name);
    }

    /// An attribute or property of the element just written.
    #[inline]
    pub fn attr(&mut self, name: NameId, value: &[u8]) {
        self.name(name);
        self.value(value);
    }

    /// A new node with data.
    pub fn leaf(&mut self, id: u32, kind: Kind, data: &[u8]) {
        self.new_id(id);
        self.op(match kind {
            Kind::Comment => tag::COMMENT,
            Kind::Doctype => tag::DOCTYPE,
            Kind::Instruction => tag::INSTRUCTION,
            Kind::Rule => tag::RULE,
            _ => tag::TEXT,
        });
        self.text(data);
    }

    /// The content of the template just written.
    pub fn content(&mut self, id: u32) {
        self.new_id(id);
        self.op(tag::CONTENT);
    }

    /// A shadow root, the document in a frame, or a style sheet; `attrs` calls of [`OpWriter::attr`] follow.
    pub fn fragment(&mut self, id: u32, kind: Kind, attrs: u32) {
        self.new_id(id);
        self.op(match kind {
            Kind::Shadow => tag::SHADOW,
            Kind::Frame => tag::FRAME,
            _ => tag::SHEET,
        });
        self.columns.number(Column::ValueLens, attrs);
    }

    /// A node that moves here.
    pub fn known(&mut self, id: u32) {
        self.op(tag::KNOWN);
        self.id(id);
    }

    /// Ends the children of an element, content or shadow root.
    pub fn up(&mut self) {
        self.op(tag::UP);
    }

    /// See [`Op::Remove`].
    pub fn remove(&mut self, id: u32) {
        self.op(tag::REMOVE);
        self.id(id);
    }

    /// How to change a string from `old` to `new` in the fewest bytes; differences are then in `self.differences`.
    fn change(&mut self, old: &[u8], new: &[u8]) -> Change {
        let splice = splice::worthwhile(old, new);
        let len = splice.as_ref().map_or(new.len() + 1, |splice| splice.insert.len() + 3);
        match numbers::differences(old, new, &mut self.differences) {
            // deflate makes digits less than half as long; numbers it leaves as they are.
            Some((count, form)) if self.differences.len() * 5 / 2 < len => Change::Count(count, form),
            _ => splice.map_or(Change::Set, Change::Splice),
        }
    }

    fn count(&mut self, lens: Column, count: u32, form: Form) {
        self.columns.number(lens, count << 3 | form.number());
        self.columns.column(lens).extend_from_slice(&self.differences);
    }

    /// Sets an attribute from `old` to `new`, in the way that takes the fewest bytes.
    pub fn change_attr(&mut self, id: u32, name: NameId, names: &Names, old: Option<&[u8]>, new: &[u8]) {
        self.define(name, names);
        let change = old.map_or(Change::Set, |old| self.change(old, new));
        if let Change::Count(count, form) = change {
            self.op(tag::COUNT_ATTR);
            self.id(id);
            self.name(name);
            self.count(Column::ValueLens, count, form);
        } else if let Change::Splice(splice) = change {
            self.op(tag::SPLICE_ATTR);
            self.id(id);
            self.name(name);
            self.columns.number(Column::ValueLens, clamp(splice.delete.start));
            self.columns.number(Column::ValueLens, clamp(splice.delete.len()));
            self.value(&new[splice.insert]);
        } else {
            self.op(tag::SET_ATTR);
            self.id(id);
            self.name(name);
            self.value(new);
        }
    }

    /// See [`Op::RemoveAttr`].
    pub fn remove_attr(&mut self, id: u32, name: NameId, names: &Names) {
        self.define(name, names);
        self.op(tag::REMOVE_ATTR);
        self.id(id);
        self.name(name);
    }

    /// Changes data from `old` to `new`, in the way that takes the fewest bytes.
    pub fn change_data(&mut self, id: u32, old: &[u8], new: &[u8]) {
        let change = self.change(old, new);
        if let Change::Count(count, form) = change {
            self.op(tag::COUNT_DATA);
            self.id(id);
            self.count(Column::TextLens, count, form);
        } else if let Change::Splice(splice) = change {
            self.op(tag::SPLICE_DATA);
            self.id(id);
            self.columns.number(Column::TextLens, clamp(splice.delete.start));
            self.columns.number(Column::TextLens, clamp(splice.delete.len()));
            self.text(&new[splice.insert]);
        } else {
            self.op(tag::SET_DATA);
            self.id(id);
            self.text(new);
        }
    }
}

#[inline]
fn length(bytes: &[u8]) -> u32 {
    clamp(bytes.len())
}

/// Strings of a tree are below 4 GiB: [`crate::heap::Heap`] takes no longer ones.
#[inline]
fn clamp(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// Reads operations from columns.
#[derive(Debug, Clone)]
pub struct OpReader<'a, 'n> {
    cursors: Cursors<'a>,
    registers: Registers,
    /// The tree's numbers of the names defined so far, in the order of their definition.
    dynamic: &'n [NameId],
    attrs: u32,
    in_run: bool,
    depth: u32,
}

impl<'a, 'n> OpReader<'a, 'n> {
    /// Reads from `cursors`. All names the body defines are in `dynamic` already: see [`check`].
    #[must_use]
    pub fn new(mut cursors: Cursors<'a>, registers: Registers, dynamic: &'n [NameId]) -> Self {
        cursors.skip(Column::Definitions);
        Self { cursors, registers, dynamic, attrs: 0, in_run: false, depth: 0 }
    }

    /// What the next frame's reader starts from, once this one is at its end.
    #[must_use]
    pub const fn registers(&self) -> Registers {
        self.registers
    }

    /// The offset in the body of the next operation's tag.
    #[must_use]
    pub fn offset(&mut self) -> usize {
        self.cursors.column(Column::Ops).offset()
    }

    #[inline]
    fn number(&mut self, column: Column, expected: &'static str) -> Result<u32> {
        match self.cursors.column(column).number() {
            Some(number) => Ok(number),
            None => Err(self.cursors.missing(column, expected)),
        }
    }

    #[inline]
    fn id(&mut self) -> Result<u32> {
        let difference = unzigzag(self.number(Column::Ids, "a node id")?);
        self.registers.last = self.registers.last.wrapping_add_signed(difference);
        Ok(self.registers.last)
    }

    #[inline]
    fn new_id(&mut self) -> u32 {
        let id = self.registers.next;
        self.registers.next = id.wrapping_add(1);
        id
    }

    fn differences(&mut self, lens: Column) -> Result<(Form, &'a [u8])> {
        let head = self.number(lens, "a number of differences")?;
        match self.cursors.column(lens).numbers(head >> 3) {
            Some(bytes) => Ok((Form::of(head), bytes)),
            None => Err(self.cursors.missing(lens, "so many differences")),
        }
    }

    #[inline]
    fn string(&mut self, lens: Column, column: Column) -> Result<&'a [u8]> {
        let len = self.number(lens, "a length")? as usize;
        let cursor = self.cursors.column(column);
        let offset = cursor.offset();
        match cursor.take(len) {
            // The column is UTF-8; a string of it is when it starts and ends between characters. What it ends with
            // is what the next one starts with, and the column ends between characters.
            Some(bytes) if splice::is_boundary(bytes, 0) || bytes.is_empty() => Ok(bytes),
            Some(_) => Err(Error::new(ErrorKind::Syntax, offset, "a character's first byte", "another byte")),
            None => {
                let found = format!("{} bytes", self.cursors.column(column).rest());
                Err(Error::new(ErrorKind::Syntax, offset, format!("a string of {len} bytes"), found))
            }
        }
    }

    #[inline]
    fn name(&mut self) -> Result<NameId> {
        let number = self.number(Column::Names, "a name's number")?;
        let name = match number.checked_sub(STATIC_LEN + 1) {
            None if number != 0 => Some(NameId(number)),
            None => None,
            Some(index) => self.dynamic.get(index as usize).copied(),
        };
        name.ok_or_else(|| {
            let offset = self.cursors.column(Column::Names).offset();
            Error::new(ErrorKind::Syntax, offset, "the number of a defined name", format!("{number}"))
        })
    }

    /// The next operation, `None` behind the last.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`] with the offset in the body.
    #[expect(clippy::should_implement_trait, reason = "an error ends it; an iterator would go on")]
    pub fn next(&mut self) -> Result<Option<Op<'a>>> {
        if self.attrs > 0 {
            self.attrs -= 1;
            let name = self.name()?;
            return Ok(Some(Op::Attr { name, value: self.string(Column::ValueLens, Column::Values)? }));
        }
        loop {
            let offset = self.offset();
            let Some(tag) = self.cursors.column(Column::Ops).byte() else {
                return self.at_end();
            };
            match tag {
                tag::JUMP => {
                    let difference = unzigzag(self.number(Column::Ids, "a node id")?);
                    self.registers.next = self.registers.next.wrapping_add_signed(difference);
                }
                _ if self.in_run == is_row(tag) => return self.op(tag, offset).map(Some),
                _ => {
                    let expected = if self.in_run { "a row or the end of the run" } else { "an operation" };
                    return Err(Error::new(ErrorKind::Syntax, offset, expected, format!("tag {tag:#04x}")));
                }
            }
        }
    }

    fn at_end(&mut self) -> Result<Option<Op<'a>>> {
        if self.in_run {
            return Err(self.cursors.missing(Column::Ops, "the end of the run"));
        }
        match self.cursors.leftover() {
            None => Ok(None),
            Some((name, offset, rest)) => {
                let expected = format!("the end of column \"{name}\"");
                Err(Error::new(ErrorKind::Syntax, offset, expected, format!("{rest} bytes more")))
            }
        }
    }

    fn op(&mut self, tag: u8, offset: usize) -> Result<Op<'a>> {
        Ok(match tag {
            tag::PLACE_BEFORE => {
                self.in_run = true;
                Op::PlaceBefore { before: self.id()? }
            }
            tag::PLACE_END => {
                self.in_run = true;
                Op::PlaceEnd { parent: self.id()? }
            }
            tag::REMOVE => Op::Remove { id: self.id()? },
            tag::SET_ATTR => Op::SetAttr {
                id: self.id()?,
                name: self.name()?,
                value: self.string(Column::ValueLens, Column::Values)?,
            },
            tag::REMOVE_ATTR => Op::RemoveAttr { id: self.id()?, name: self.name()? },
            tag::SPLICE_ATTR => Op::SpliceAttr {
                id: self.id()?,
                name: self.name()?,
                at: self.number(Column::ValueLens, "a position")?,
                delete: self.number(Column::ValueLens, "a length")?,
                insert: self.string(Column::ValueLens, Column::Values)?,
            },
            tag::COUNT_ATTR => {
                let (id, name) = (self.id()?, self.name()?);
                let (form, differences) = self.differences(Column::ValueLens)?;
                Op::CountAttr { id, name, form, differences }
            }
            tag::COUNT_DATA => {
                let id = self.id()?;
                let (form, differences) = self.differences(Column::TextLens)?;
                Op::CountData { id, form, differences }
            }
            tag::SET_DATA => Op::SetData { id: self.id()?, data: self.string(Column::TextLens, Column::Text)? },
            tag::SPLICE_DATA => Op::SpliceData {
                id: self.id()?,
                at: self.number(Column::TextLens, "a position")?,
                delete: self.number(Column::TextLens, "a length")?,
                insert: self.string(Column::TextLens, Column::Text)?,
            },
            tag::TEXT | tag::COMMENT | tag::DOCTYPE | tag::INSTRUCTION | tag::RULE => {
                let kind = match tag {
                    tag::TEXT => Kind::Text,
                    tag::COMMENT => Kind::Comment,
                    tag::DOCTYPE => Kind::Doctype,
                    tag::RULE => Kind::Rule,
                    _ => Kind::Instruction,
                };
                Op::Leaf { id: self.new_id(), kind, data: self.string(Column::TextLens, Column::Text)? }
            }
            tag::CONTENT => {
                self.depth += 1;
                Op::Content { id: self.new_id() }
            }
            tag::SHADOW | tag::SHEET | tag::FRAME => {
                self.depth += 1;
                self.attrs = self.number(Column::ValueLens, "a number of properties")?;
                let (id, attrs) = (self.new_id(), self.attrs);
                match tag {
                    tag::SHADOW => Op::Shadow { id, attrs },
                    tag::FRAME => Op::Frame { id, attrs },
                    _ => Op::Sheet { id, attrs },
                }
            }
            tag::KNOWN => Op::Known { id: self.id()? },
            tag::UP if self.depth > 0 => {
                self.depth -= 1;
                Op::Up
            }
            tag::END if self.depth == 0 => {
                self.in_run = false;
                Op::End
            }
            tag::ELEMENT.. if tag <= tag::ELEMENT + tag::MANY => {
                self.depth += 1;
                self.attrs = u32::from(tag - tag::ELEMENT);
                if tag == tag::ELEMENT + tag::MANY {
                    self.attrs = self.number(Column::ValueLens, "a number of attributes")?;
                }
                let id = self.new_id();
                Op::Element { id, name: self.name()?, attrs: self.attrs }
            }
            _ => {
                let expected = if self.depth > 0 { "a row or the end of the children" } else { "a known tag" };
                return Err(Error::new(ErrorKind::Syntax, offset, expected, format!("tag {tag:#04x}")));
            }
        })
    }
}

const fn is_row(tag: u8) -> bool {
    tag >= tag::TEXT
}

/// A first pass over a body: checks that every operation can be read, and gives the names it defines numbers in the
/// tree's table. Returns the registers after the last operation.
///
/// # Errors
/// [`ErrorKind::Syntax`]; [`ErrorKind::Limit`] when there are more names than `limit`.
pub fn check(
    cursors: Cursors<'_>,
    registers: Registers,
    dynamic: &mut Vec<NameId>,
    names: &mut Names,
    limit: u32,
) -> Result<Registers> {
    define_names(cursors, dynamic, names, limit)?;
    let mut reader = OpReader::new(cursors, registers, dynamic);
    while reader.next()?.is_some() {}
    Ok(reader.registers())
}

/// Reads the column of definitions: for each new name its namespace, its length and its text.
fn define_names(mut cursors: Cursors<'_>, dynamic: &mut Vec<NameId>, names: &mut Names, limit: u32) -> Result<()> {
    let column = cursors.column(Column::Definitions);
    while !column.is_at_end() {
        let offset = column.offset();
        if names.len() >= limit {
            return Err(Error::new(ErrorKind::Limit, offset, format!("at most {limit} names"), "one more"));
        }
        let namespace = column.byte().and_then(Namespace::from_tag);
        let text = column.number().and_then(|len| column.take(len as usize));
        let text = text.and_then(|bytes| std::str::from_utf8(bytes).ok());
        let (Some(namespace), Some(text)) = (namespace, text) else {
            let expected = "a namespace from 0 to 8, a length and as many bytes of UTF-8";
            return Err(Error::new(ErrorKind::Syntax, offset, expected, "other bytes"));
        };
        dynamic.push(names.intern(namespace, text));
    }
    Ok(())
}
