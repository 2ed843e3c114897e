//! Operations of every kind on a tree that has nodes of every kind: lawful ones, ones that do not fit, and bodies that are altered.

use crate::{
    Target,
    input::Input,
    memory,
    targets::frame::{again, placed},
};
use protocol::{
    Limits,
    apply::{self, Journal},
    columns::Cursors,
    error::Result,
    frame::{self, Kind as FrameKind},
    hash::{self, Key},
    names::{NameId, Names, Namespace, prop},
    ops::{self, OpReader, OpWriter, Registers},
    tree::{Kind, Tree},
};
use replay::{Player, changes, html};

/// See [`run`].
pub const TARGET: Target = Target {
    name: "ops",
    about: "operations are applied whole, with the hash that the tree has, or taken back without a trace; a decoder does the same",
    most_bytes: 4 << 10,
    run,
    seeds,
    words: &[],
};

const LIMITS: Limits =
    Limits { frame_bytes: 1 << 20, body_bytes: 1 << 20, nodes: 4_000, names: 400, text_bytes: 1 << 18 };

/// What one frame may take within these limits.
const MOST_BYTES: usize = 16 << 20;

const KEY: Key = Key(0x0dd_ba11);

/// Elements that nodes of other kinds come below, and some that live state belongs to.
pub const ELEMENTS: [(Namespace, &str); 18] = [
    (Namespace::Html, "html"),
    (Namespace::Html, "head"),
    (Namespace::Html, "body"),
    (Namespace::Html, "div"),
    (Namespace::Html, "template"),
    (Namespace::Html, "iframe"),
    (Namespace::Html, "style"),
    (Namespace::Html, "link"),
    (Namespace::Html, "textarea"),
    (Namespace::Html, "select"),
    (Namespace::Html, "option"),
    (Namespace::Html, "input"),
    (Namespace::Html, "canvas"),
    (Namespace::Html, "script"),
    (Namespace::Svg, "svg"),
    (Namespace::Svg, "use"),
    (Namespace::MathMl, "math"),
    (Namespace::Html, "x-own"),
];

/// Attributes and properties.
pub const ATTRS: [(Namespace, &str); 14] = [
    (Namespace::None, "class"),
    (Namespace::None, "style"),
    (Namespace::None, "href"),
    (Namespace::None, "src"),
    (Namespace::None, "onclick"),
    (Namespace::None, "data-own"),
    (Namespace::XLink, "xlink:href"),
    (Namespace::Prop, "value"),
    (Namespace::Prop, "checked"),
    (Namespace::Prop, "adopted"),
    (Namespace::Prop, "sheet"),
    (Namespace::Prop, "url"),
    (Namespace::Prop, "mode"),
    (Namespace::Prop, "picture"),
];

/// The sending end, as far as it knows how to write.
#[derive(Clone)]
struct Sender {
    tree: Tree,
    dynamic: Vec<NameId>,
    registers: Registers,
    writer: OpWriter,
}

impl Sender {
    /// Applies a body to the tree, or takes it back.
    fn apply(&mut self, body: &[u8]) -> Result<()> {
        let mut journal = Journal::default();
        let cursors = Cursors::split(body, 0)?;
        let defined = self.dynamic.len();
        let registers = ops::check(cursors, self.registers, &mut self.dynamic, &mut self.tree.names, LIMITS.names);
        let applied = registers.and_then(|registers| {
            let reader = OpReader::new(cursors, self.registers, &self.dynamic);
            apply::apply(&mut self.tree, reader, &mut journal).map(|()| registers)
        });
        match applied {
            Ok(registers) => {
                let mut freed = Vec::new();
                journal.commit(&mut self.tree, &mut freed);
                assert!(freed.iter().all(|id| !self.tree.is_live(*id)), "a node that was freed lives");
                self.registers = registers;
                Ok(())
            }
            Err(error) => {
                assert!(error.offset <= body.len(), "{error} in a body of {} bytes", body.len());
                journal.roll_back(&mut self.tree);
                self.dynamic.truncate(defined);
                Err(error)
            }
        }
    }
}

/// Writes operations, and applies them.
///
/// # Panics
/// Where a body is applied in part, the hash is not that of the tree, or a decoder does another thing.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let mut sender = Sender {
        tree: Tree::new(KEY, &LIMITS),
        dynamic: Vec::new(),
        registers: Registers::default(),
        writer: OpWriter::default(),
    };
    let mut player = Player::new(LIMITS);
    let mut state = Vec::new();
    let mut seq = 0;
    for round in 0..12 {
        if input.is_empty() {
            break;
        }
        let before = sender.clone();
        write(&mut sender, &mut input);
        let mut body = Vec::new();
        sender.writer.columns().finish(&mut body);
        sender.writer.clear();
        // Some bodies are altered on their way.
        if input.one_in(4) && !body.is_empty() {
            let at = input.below(body.len());
            body[at] = input.byte();
        }
        let applied = memory::within(MOST_BYTES, || sender.apply(&body));
        assert_eq!(sender.tree.hash(), sender.tree.recomputed_hash(), "behind {applied:?}");
        let frame = framed(round == 0, seq + 1, sender.tree.hash(), &body);
        let shown = player.tree().clone();
        let pushed = memory::within(MOST_BYTES, || player.push(&frame));
        match applied {
            Ok(()) => {
                pushed.expect("what could be applied here can be applied there");
                seq += 1;
                assert_eq!(sender.tree.difference(player.tree()), None);
                looked_at(&shown, &mut player);
                again(player.decoder());
                state.clear();
                player.decoder().checkpoint(None, &mut state).unwrap();
            }
            Err(error) => {
                let found = pushed.expect_err("what could not be applied here cannot be applied there");
                placed(&found, &frame);
                assert_eq!((found.kind, found.expected), (error.kind, error.expected));
                assert_eq!(sender.tree.difference(&before.tree), None, "taken back behind {}", found.found);
                assert_eq!(player.tree().difference(&shown), None, "taken back behind {}", found.found);
                sender = before;
                if state.is_empty() {
                    break;
                }
                player.restore(&state, false).expect("a state that was written");
                assert_eq!(sender.tree.difference(player.tree()), None, "from a checkpoint");
            }
        }
    }
}

/// What is made of a page that has changed: none of it may fail.
fn looked_at(before: &Tree, player: &mut Player) {
    player.rebuild();
    assert!(std::str::from_utf8(player.commands().text()).is_ok());
    let tree = player.tree();
    drop(html::export(tree));
    drop(changes::lines(tree));
    if before.key() == tree.key() {
        let changed = changes::between(before, tree);
        assert!(!changed.is_empty() || before.count() == tree.count(), "a change that is not told");
    }
}

/// A keyframe or delta with this hash and these columns.
fn framed(is_first: bool, seq: u32, hash: u64, columns: &[u8]) -> Vec<u8> {
    let (kind, mut body) = if is_first {
        (FrameKind::Keyframe, [KEY.0.to_le_bytes(), hash.to_le_bytes()].concat())
    } else {
        (FrameKind::Delta, hash::fold(hash).to_le_bytes().to_vec())
    };
    body.extend_from_slice(columns);
    let mut frame = Vec::new();
    frame::write(&mut frame, kind, seq, 5, 0, &body).unwrap();
    frame
}

/// A node: most often one that is there.
fn node(tree: &Tree, input: &mut Input<'_>) -> u32 {
    if input.one_in(16) {
        return input.word();
    }
    let capacity = u32::try_from(tree.capacity()).unwrap();
    u32::from(input.short()) % (capacity + 1)
}

/// A new name among the tree's.
fn named(names: &mut Names, input: &mut Input<'_>, of: &[(Namespace, &str)]) -> NameId {
    if input.one_in(12) {
        let namespace = Namespace::from_tag(input.byte() % 9).unwrap();
        return names.intern(namespace, &input.text());
    }
    let (namespace, name) = input.pick(of);
    names.intern(namespace, name)
}

/// Writes some operations.
fn write(sender: &mut Sender, input: &mut Input<'_>) {
    // Rows that were written are no nodes yet: ids of new ones count on from here.
    let mut next = u32::try_from(sender.tree.capacity()).unwrap();
    for _ in 0..=input.below(8) {
        let Sender { tree, writer, .. } = sender;
        match input.below(10) {
            0..4 => {
                match (node(tree, input), input.one_in(3)) {
                    (before, true) => writer.place_before(before),
                    (parent, false) => writer.place_end(parent),
                }
                rows(sender, input, &mut next);
                sender.writer.end();
            }
            4 => writer.remove(node(tree, input)),
            5..7 => {
                let (id, name) = (node(tree, input), named(&mut tree.names, input, &ATTRS));
                let old = tree.attr(id, name).map(<[u8]>::to_vec);
                // A writer that is wrong about what there was splices what is not there.
                let old = if input.one_in(8) { Some(input.text().into_bytes()) } else { old };
                writer.change_attr(id, name, &tree.names, old.as_deref(), text(input).as_bytes());
            }
            7 => {
                let (id, name) = (node(tree, input), named(&mut tree.names, input, &ATTRS));
                writer.remove_attr(id, name, &tree.names);
            }
            _ => {
                let id = node(tree, input);
                let old = if input.one_in(8) { input.text().into_bytes() } else { tree.data(id).to_vec() };
                writer.change_data(id, &old, text(input).as_bytes());
            }
        }
    }
}

/// Texts of which some differ in numbers or in a part only.
fn text(input: &mut Input<'_>) -> String {
    match input.below(4) {
        0 => format!("translate({}px, -{}px)", input.byte(), input.short()),
        1 => format!("{} is in a text of some length", input.text()),
        _ => input.text(),
    }
}

/// Writes rows until the run is at its end.
fn rows(sender: &mut Sender, input: &mut Input<'_>, next: &mut u32) {
    let mut depth = 0_u32;
    for _ in 0..=input.below(24) {
        let Sender { tree, writer, .. } = sender;
        // Ids are used once; another is used now and then.
        let mut new_id = |input: &mut Input<'_>| {
            let id = if input.one_in(16) { node(tree, input).min(u32::MAX - 1) } else { *next };
            *next = next.saturating_add(1).max(id.saturating_add(1)).min(LIMITS.nodes);
            id
        };
        match input.below(12) {
            0..4 => {
                let id = new_id(input);
                let name = named(&mut tree.names, input, &ELEMENTS);
                let attrs: Vec<_> =
                    (0..input.below(4)).map(|_| (named(&mut tree.names, input, &ATTRS), text(input))).collect();
                writer.define(name, &tree.names);
                attrs.iter().for_each(|(name, _)| writer.define(*name, &tree.names));
                writer.element(id, name, u32::try_from(attrs.len()).unwrap());
                attrs.iter().for_each(|(name, value)| writer.attr(*name, value.as_bytes()));
                depth += 1;
            }
            4..7 => {
                let id = new_id(input);
                let kind =
                    input.pick(&[Kind::Text, Kind::Text, Kind::Comment, Kind::Doctype, Kind::Instruction, Kind::Rule]);
                writer.leaf(id, kind, text(input).as_bytes());
            }
            7 => {
                let id = new_id(input);
                match input.below(4) {
                    0 => writer.content(id),
                    of => {
                        writer.fragment(id, [Kind::Shadow, Kind::Frame, Kind::Sheet][of - 1], 1);
                        writer.attr(prop::URL, text(input).as_bytes());
                    }
                }
                depth += 1;
            }
            8 => writer.known(node(tree, input)),
            _ if depth > 0 || input.one_in(16) => {
                writer.up();
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
    }
    if !input.one_in(32) {
        (0..depth).for_each(|_| sender.writer.up());
    }
}

/// Choices from which a fuzzer goes on.
fn seeds() -> Vec<Vec<u8>> {
    #[expect(clippy::cast_possible_truncation, reason = "any bytes do")]
    let steps = |seed: u32| (0..600_u32).map(|index| (index.wrapping_mul(seed * 2_654_435 + 7) >> 5) as u8).collect();
    (1..9).map(steps).collect()
}
