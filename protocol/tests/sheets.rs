//! Style sheets and rules as nodes of the tree.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails")]

use protocol::{
    Error, ErrorKind, Limits,
    columns::{Column, Columns},
    decoder::Decoder,
    encoder::Encoder,
    frame,
    hash::Key,
    names::{NameId, Namespace},
    tree::{Kind, NONE, ROOT},
};

struct Ends {
    encoder: Encoder,
    decoder: Decoder,
}

impl Ends {
    /// `<style>text</style>`, sent; the style is node 1, its text node 2.
    fn with_style() -> Self {
        let mut ends = Self { encoder: Encoder::new(Key(9), &Limits::DEFAULT), decoder: Decoder::new(Limits::DEFAULT) };
        let style = ends.name(Namespace::Html, "style");
        ends.encoder.begin();
        ends.encoder.run(ROOT, NONE);
        ends.encoder.element(style).unwrap();
        ends.encoder.leaf(Kind::Text, b"a{}").unwrap();
        ends.encoder.up();
        ends.encoder.end_run();
        ends.send();
        ends
    }

    fn name(&mut self, namespace: Namespace, text: &str) -> NameId {
        self.encoder.mirror_mut().names.intern(namespace, text)
    }

    /// Tells a sheet with rules at the head of `parent`'s children.
    fn sheet(&mut self, parent: u32, before: u32, rules: &[&str]) -> u32 {
        self.encoder.run(parent, before);
        let id = self.encoder.fragment(Kind::Sheet).unwrap();
        for rule in rules {
            self.encoder.leaf(Kind::Rule, rule.as_bytes()).unwrap();
        }
        self.encoder.up();
        self.encoder.end_run();
        id
    }

    fn send(&mut self) -> usize {
        let frame = self.encoder.delta(0).unwrap().expect("a change").to_vec();
        self.decoder.push(&frame).unwrap();
        assert_eq!(self.encoder.mirror().difference(self.decoder.tree()), None);
        assert_eq!(self.decoder.tree().hash(), self.decoder.tree().recomputed_hash());
        frame.len()
    }

    fn rules(&self, sheet: u32) -> Vec<&str> {
        let tree = self.decoder.tree();
        tree.children(sheet).map(|id| tree.data_str(id)).collect()
    }
}

#[test]
fn rules_are_inserted_edited_and_deleted() {
    let mut ends = Ends::with_style();
    let sheet = ends.sheet(1, 2, &["a { }", "b { color: red; }"]);
    ends.send();
    assert_eq!(ends.decoder.tree().node(1).first, sheet);
    let [first, second] = ends.decoder.tree().children(sheet).collect::<Vec<_>>()[..] else { panic!("two rules") };
    ends.encoder.run(sheet, second);
    ends.encoder.leaf(Kind::Rule, b"c { }").unwrap();
    ends.encoder.end_run();
    ends.encoder.set_data(second, b"b { color: blue; }").unwrap();
    ends.encoder.gone(first);
    let bytes = ends.send();
    assert!(bytes <= 48, "{bytes} bytes for a rule inserted, one edited, one deleted");
    assert_eq!(ends.rules(sheet), ["c { }", "b { color: blue; }"]);
    // A keyframe says the same, and the sheet may go again.
    let keyframe = ends.encoder.keyframe(1).unwrap().to_vec();
    let mut late = Decoder::new(Limits::DEFAULT);
    late.push(&keyframe).unwrap();
    assert_eq!(late.tree().difference(ends.decoder.tree()), None);
    ends.decoder.push(&keyframe).unwrap();
    ends.encoder.gone(sheet);
    ends.send();
    assert_eq!(ends.decoder.tree().data_str(ends.decoder.tree().node(1).first), "a{}");
}

#[test]
fn constructed_sheets_lie_before_the_documents_children_and_stay_there() {
    let mut ends = Ends::with_style();
    let (number, adopted) = (ends.name(Namespace::Prop, "sheet"), ends.name(Namespace::Prop, "adopted"));
    let mut sheets = Vec::new();
    for text in ["1", "2"] {
        let sheet = ends.sheet(ROOT, 1, &["p { }"]);
        ends.encoder.attr(sheet, number, text.as_bytes()).unwrap();
        ends.encoder.set_attr(ROOT, adopted, text.as_bytes()).unwrap();
        ends.send();
        sheets.push(sheet);
    }
    let children: Vec<_> = ends.decoder.tree().children(ROOT).collect();
    assert_eq!(children, [sheets[0], sheets[1], 1]);
    // All other children change places: the sheets do not.
    let style = ends.name(Namespace::Html, "style");
    ends.encoder.run(ROOT, NONE);
    let new = ends.encoder.element(style).unwrap();
    ends.encoder.up();
    ends.encoder.known(1);
    ends.encoder.end_run();
    ends.send();
    let children: Vec<_> = ends.decoder.tree().children(ROOT).collect();
    assert_eq!(children, [sheets[0], sheets[1], new, 1]);
}

/// Pushes a keyframe of rows written by hand, with a right checksum.
fn refusal(rows: impl FnOnce(&mut Columns)) -> Error {
    let mut columns = Columns::default();
    rows(&mut columns);
    let mut body = vec![0; 16];
    columns.finish(&mut body);
    let mut frame = Vec::new();
    frame::write(&mut frame, frame::Kind::Keyframe, 1, 0, 0, &body).unwrap();
    Decoder::new(Limits::DEFAULT).push(&frame).unwrap_err()
}

#[test]
fn what_does_not_fit_below_its_parent_is_refused() {
    const PLACE_END: u8 = 2;
    const TEXT: u8 = 0x10;
    const UP: u8 = 0x18;
    const END: u8 = 0x19;
    const SHEET: u8 = 0x1a;
    const RULE: u8 = 0x1b;
    for (ops, lens) in [(&[PLACE_END, 0x17, RULE, END][..], &[0][..]), (&[PLACE_END, 0x17, SHEET, TEXT, UP, END], &[0])]
    {
        let error = refusal(|columns| {
            columns.column(Column::Ops).extend_from_slice(ops);
            columns.column(Column::Ids).extend_from_slice(&[0, 2]);
            columns.column(Column::TextLens).extend_from_slice(lens);
            if ops.contains(&SHEET) {
                columns.column(Column::ValueLens).push(0);
            }
        });
        assert_eq!(error.kind, ErrorKind::Tree, "{error}");
        assert!(error.to_string().contains("fits below its parent"), "{error}");
    }
}
