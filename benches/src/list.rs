//! A list of keyed rows, each an element with a class, a key and a text, and facts about it as a reader states them.

use protocol::{
    Limits,
    encoder::Encoder,
    error::Result,
    hash::Key,
    names::{NameId, Namespace},
    tree::{Kind, NONE, ROOT},
};

/// An encoder whose page is a list.
#[derive(Debug)]
pub struct List {
    /// The encoder.
    pub encoder: Encoder,
    /// The list's id.
    pub list: u32,
    /// The rows' ids, in order.
    pub rows: Vec<u32>,
    row: NameId,
    class: NameId,
    key: NameId,
    made: u32,
}

impl List {
    /// A list of so many rows, its first keyframe made.
    ///
    /// # Errors
    /// When there are more rows than a tree may hold.
    pub fn new(rows: u32) -> Result<Self> {
        let mut encoder = Encoder::new(Key(7), &Limits::DEFAULT);
        let names = &mut encoder.mirror_mut().names;
        let list_name = names.intern(Namespace::Html, "ul");
        let (row, class) = (names.intern(Namespace::Html, "li"), names.intern(Namespace::None, "class"));
        let key = names.intern(Namespace::None, "data-row-key");
        encoder.begin();
        encoder.run(ROOT, NONE);
        let list = encoder.element(list_name)?;
        encoder.up();
        encoder.end_run();
        encoder.keyframe(0)?;
        let mut made = Self { encoder, list, rows: Vec::new(), row, class, key, made: 0 };
        made.append(rows)?;
        made.encoder.keyframe(0)?;
        Ok(made)
    }

    /// Appends so many rows and gives the frame's length.
    ///
    /// # Errors
    /// When there are more rows than a tree may hold.
    pub fn append(&mut self, count: u32) -> Result<usize> {
        self.encoder.begin();
        self.encoder.run(self.list, NONE);
        for _ in 0..count {
            let id = self.new_row()?;
            self.rows.push(id);
        }
        self.encoder.end_run();
        self.finish()
    }

    fn new_row(&mut self) -> Result<u32> {
        let id = self.encoder.element(self.row)?;
        let mut digits = [0; 10];
        let text = decimal(self.made, &mut digits);
        self.made += 1;
        self.encoder.attr(id, self.class, b"row selectable")?;
        self.encoder.attr(id, self.key, text)?;
        self.encoder.leaf(Kind::Text, text)?;
        self.encoder.up();
        Ok(id)
    }

    /// Removes the last `count` rows.
    ///
    /// # Errors
    /// Never for a list made here.
    pub fn remove_last(&mut self, count: usize) -> Result<usize> {
        self.encoder.begin();
        for id in self.rows.drain(self.rows.len() - count..) {
            self.encoder.gone(id);
        }
        self.finish()
    }

    /// Puts all rows in this order, as a page does that appends each again.
    ///
    /// # Errors
    /// Never for a list made here.
    pub fn reorder(&mut self, order: &[u32]) -> Result<usize> {
        self.encoder.begin();
        self.encoder.run(self.list, NONE);
        for id in order {
            self.encoder.known(*id);
        }
        self.encoder.end_run();
        self.rows.clear();
        self.rows.extend_from_slice(order);
        self.finish()
    }

    /// Gives every `step`th row another text.
    ///
    /// # Errors
    /// When the text does not fit.
    pub fn update(&mut self, step: usize, text: &[u8]) -> Result<usize> {
        self.encoder.begin();
        for row in self.rows.iter().step_by(step) {
            let id = self.encoder.mirror().node(*row).first;
            self.encoder.set_data(id, text)?;
        }
        self.finish()
    }

    fn finish(&mut self) -> Result<usize> {
        Ok(self.encoder.delta(0)?.map_or(0, <[u8]>::len))
    }
}

/// The rows in an order that depends on the seed alone.
#[must_use]
pub fn shuffled(rows: &[u32], seed: u64) -> Vec<u32> {
    let (mut rows, mut state) = (rows.to_vec(), seed);
    for index in (1..rows.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(state >> 33).unwrap_or(0) % (index + 1);
        rows.swap(index, other);
    }
    rows
}

fn decimal(mut number: u32, digits: &mut [u8; 10]) -> &[u8] {
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        if number == 0 {
            return &digits[at..];
        }
    }
}
