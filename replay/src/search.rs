//! When a text is to be read in the page.

use crate::{recording::Reader, scan::Watch};
use protocol::{
    decoder::Outcome,
    names::{Namespace, prop},
    ops::Op,
    tree::{Kind, NONE, ROOT, Tree},
};
use std::collections::BTreeMap;

/// A longer text is not looked for, in bytes.
pub const MOST_TEXT: usize = 1 << 10;

/// So many places are found at most.
const MOST_HITS: usize = 10_000;

/// How much of the text around is told, in characters on either side.
const AROUND: usize = 30;

/// A text that was found, and when it was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The recording's time at which it came, in milliseconds.
    pub from: u32,
    /// That at which it went; none where it stayed.
    pub to: Option<u32>,
    /// The text node, or the control that has it as its value.
    pub node: u32,
    /// The text around it.
    pub text: String,
}

/// Looks for a text, whatever its case, within text nodes and in the values of controls.
#[derive(Debug)]
pub struct Search {
    needle: String,
    hits: Vec<Hit>,
    /// The nodes that have it now, and which hit that is.
    there: BTreeMap<u32, usize>,
}

impl Search {
    /// A search for a text; of one that is too long its beginning is looked for.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut end = text.len().min(MOST_TEXT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Self { needle: text[..end].to_lowercase(), hits: Vec::new(), there: BTreeMap::new() }
    }

    /// What was found so far, in the order in which it came.
    #[must_use]
    pub fn hits(&self) -> &[Hit] {
        &self.hits
    }

    /// Whether there are more than are told.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.hits.len() >= MOST_HITS
    }

    fn found(&self, text: &str) -> Option<String> {
        let lower = text.to_lowercase();
        let at = lower.find(&self.needle)?;
        // By characters: letters may take other bytes in the other case.
        let before = lower[..at].chars().count();
        let skipped = before.saturating_sub(AROUND);
        let around: String =
            text.chars().skip(skipped).take(before - skipped + self.needle.chars().count() + AROUND).collect();
        Some(around.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    fn judge(&mut self, tree: &Tree, id: u32, at: u32) {
        match (readable(tree, id).and_then(|text| self.found(text)), self.there.get(&id)) {
            (Some(text), None) if !self.is_full() => {
                self.there.insert(id, self.hits.len());
                self.hits.push(Hit { from: at, to: None, node: id, text });
            }
            (None, Some(_)) => self.gone(id, at),
            _ => {}
        }
    }

    fn gone(&mut self, id: u32, at: u32) {
        if let Some(hit) = self.there.remove(&id).and_then(|index| self.hits.get_mut(index)) {
            hit.to = Some(at);
        }
    }

    fn whole(&mut self, tree: &Tree, at: u32) {
        let before: Vec<u32> = self.there.keys().copied().collect();
        for id in before {
            if readable(tree, id).is_none() {
                self.gone(id, at);
            }
        }
        let mut id = ROOT;
        while id != NONE {
            self.judge(tree, id, at);
            id = tree.following(id, ROOT);
        }
    }
}

/// What a person may read of a node by itself.
fn readable(tree: &Tree, id: u32) -> Option<&str> {
    let node = tree.node(id);
    match node.kind {
        Kind::Text => {
            let (_, name) = tree.names.get(tree.node(node.parent).name);
            (tree.is_live(id) && !matches!(name, "script" | "style" | "noscript" | "textarea"))
                .then(|| tree.data_str(id))
        }
        Kind::Element if tree.is_live(id) => tree.attr_str(id, prop::VALUE).or_else(|| button(tree, id)),
        _ => None,
    }
}

/// What stands on a button that is an input, and in a text area that was not typed into.
fn button(tree: &Tree, id: u32) -> Option<&str> {
    let node = tree.node(id);
    match tree.names.get(node.name) {
        (Namespace::Html, "input") => {
            let mut value = tree.attrs(id).filter(|(name, _)| tree.names.get(*name) == (Namespace::None, "value"));
            value.next().and_then(|(_, value)| std::str::from_utf8(value).ok())
        }
        (Namespace::Html, "textarea") => Some(tree.data_str(node.first)),
        _ => None,
    }
}

impl Watch for Search {
    fn look(&mut self, reader: &Reader) {
        let (decoder, at) = (reader.player().decoder(), reader.now());
        let tree = decoder.tree();
        if self.needle.is_empty() {
            return;
        }
        match reader.outcome() {
            Some(Outcome::Changed) => {}
            Some(Outcome::InStep) => return,
            _ => return self.whole(tree, at),
        }
        for id in decoder.freed() {
            self.gone(*id, at);
        }
        let mut ops = decoder.ops();
        let mut element = NONE;
        while let Ok(Some(op)) = ops.next() {
            match op {
                Op::Element { id, .. } => element = id,
                Op::Shadow { .. } | Op::Frame { .. } | Op::Sheet { .. } | Op::Up => element = NONE,
                Op::Attr { .. } if element != NONE => self.judge(tree, element, at),
                Op::Leaf { id, .. } => {
                    self.judge(tree, id, at);
                    self.judge(tree, tree.node(id).parent, at);
                }
                Op::SetAttr { id, .. }
                | Op::RemoveAttr { id, .. }
                | Op::SpliceAttr { id, .. }
                | Op::CountAttr { id, .. } => {
                    self.judge(tree, id, at);
                }
                Op::SetData { id, .. } | Op::SpliceData { id, .. } | Op::CountData { id, .. } => {
                    self.judge(tree, id, at);
                    self.judge(tree, tree.node(id).parent, at);
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        recording::{About, File, Settings, Writer},
        scan::Scan,
    };
    use protocol::{Limits, encoder::Encoder, hash::Key};
    use std::io::Cursor;

    /// A paragraph that says one thing after the other, and then goes.
    fn file() -> Vec<u8> {
        let mut encoder = Encoder::new(Key(3), &Limits::DEFAULT);
        let mut writer = Writer::new(&About::default(), Settings { checkpoint_ops: 2, ..Settings::default() });
        let p = encoder.mirror_mut().names.intern(Namespace::Html, "p");
        let input = encoder.mirror_mut().names.intern(Namespace::Html, "input");
        encoder.begin();
        encoder.run(ROOT, NONE);
        encoder.element(p).unwrap();
        encoder.leaf(Kind::Text, "Nothing yet".as_bytes()).unwrap();
        encoder.up();
        encoder.element(input).unwrap();
        encoder.up();
        encoder.end_run();
        writer.push(encoder.keyframe(0).unwrap(), None).unwrap();
        for (time, text) in [(100, "In the bag: 2 ÄPFEL and more"), (200, "In the bag: 3 äpfel"), (300, "Empty")] {
            encoder.begin();
            encoder.set_data(2, text.as_bytes()).unwrap();
            writer.push(encoder.delta(time).unwrap().unwrap(), None).unwrap();
        }
        encoder.begin();
        encoder.set_attr(3, prop::VALUE, "äpfel".as_bytes()).unwrap();
        writer.push(encoder.delta(400).unwrap().unwrap(), None).unwrap();
        encoder.begin();
        encoder.gone(3);
        writer.push(encoder.delta(500).unwrap().unwrap(), None).unwrap();
        writer.finish()
    }

    fn search(text: &str, frames: u32) -> Vec<Hit> {
        let bytes = file();
        let opened = File::open(Cursor::new(bytes.clone())).unwrap();
        let mut scan = Scan::new(opened.reader(), 0..u32::MAX, Search::new(text));
        while !scan.work(frames).unwrap() {
            if let Some(range) = scan.want() {
                scan.supply(&bytes[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()])
                    .unwrap();
            }
        }
        scan.watch().hits().to_vec()
    }

    #[test]
    fn a_text_is_found_from_when_it_comes_until_it_goes() {
        for frames in [1, 100] {
            let hits = search("äPFEL", frames);
            let times: Vec<_> = hits.iter().map(|hit| (hit.from, hit.to, hit.node)).collect();
            assert_eq!(times, [(100, Some(300), 2), (400, Some(500), 3)]);
            assert_eq!(hits[0].text, "In the bag: 2 ÄPFEL and more");
        }
        assert_eq!(search("empty", 7).iter().map(|hit| (hit.from, hit.to)).collect::<Vec<_>>(), [(300, None)]);
        assert_eq!(search("", 7), []);
        assert_eq!(search("not there", 7), []);
    }
}
