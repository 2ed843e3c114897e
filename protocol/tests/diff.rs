//! The diff against an oracle: whatever a page does between two frames, page, mirror and player agree afterwards.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use common::{Page, Pair, list, row};
use proptest::prelude::*;
use protocol::tree::Kind;

#[derive(Debug, Clone)]
enum Edit {
    Create { name: usize, parent: usize, at: usize },
    CreateText { parent: usize, at: usize, data: String },
    Move { node: usize, parent: usize, at: usize },
    Remove { node: usize },
    Attr { node: usize, name: usize, value: Option<String> },
    Data { node: usize, data: String },
    Reverse { parent: usize },
    Frame,
    Keyframe,
}

fn edit() -> impl Strategy<Value = Edit> {
    let n = || 0..10_000_usize;
    prop_oneof![
        4 => (0..6_usize, n(), n()).prop_map(|(name, parent, at)| Edit::Create { name, parent, at }),
        2 => (n(), n(), "[a-z\u{e9} ]{0,40}").prop_map(|(parent, at, data)| Edit::CreateText { parent, at, data }),
        8 => (n(), n(), n()).prop_map(|(node, parent, at)| Edit::Move { node, parent, at }),
        2 => n().prop_map(|node| Edit::Remove { node }),
        2 => (n(), 0..5_usize, prop::option::of("[a-z\u{e9} ]{0,40}|x-?[0-9]{1,3}(\\.5)? [0-9]{1,2}")).prop_map(|(node, name, value)| Edit::Attr { node, name, value }),
        2 => (n(), "[a-c\u{e9}]{0,40}|[0-9]{1,3} of [0-9]{1,2}").prop_map(|(node, data)| Edit::Data { node, data }),
        1 => n().prop_map(|parent| Edit::Reverse { parent }),
        3 => Just(Edit::Frame),
        1 => Just(Edit::Keyframe),
    ]
}

const NAMES: [&str; 6] = ["div", "li", "x-unknown", "tr", "custom-element", "b"];
const ATTRS: [&str; 5] = ["class", "data-new", "style", "id", "x"];

/// Does to the page what the edit says; frames are not the page's business.
fn change(page: &mut Page, edit: &Edit) {
    let len = page.nodes.len();
    let elements: Vec<_> = (1..len).filter(|node| page.nodes[*node].kind == Kind::Element).collect();
    let element = |index: usize| elements[index % elements.len()];
    let place = |page: &Page, parent: usize, at: usize| at % (page.nodes[parent].children.len() + 1);
    match edit {
        Edit::Create { name, parent, at } => {
            let (node, parent) = (page.element(NAMES[*name]), element(*parent));
            page.insert(parent, place(page, parent, *at), node);
        }
        Edit::CreateText { parent, at, data } => {
            let (node, parent) = (page.text(data), element(*parent));
            page.insert(parent, place(page, parent, *at), node);
        }
        Edit::Move { node, parent, at } => {
            let (node, parent) = (1 + node % (len - 1), element(*parent));
            if !page.contains(node, parent) {
                page.insert(parent, place(page, parent, *at), node);
            }
        }
        Edit::Remove { node } => page.remove(1 + node % (len - 1)),
        Edit::Attr { node, name, value } => page.set_attr(element(*node), ATTRS[*name], value.as_deref()),
        Edit::Data { node, data } => {
            let node = node % len;
            if page.nodes[node].kind == Kind::Text {
                page.set_data(node, data);
            }
        }
        Edit::Reverse { parent } => {
            let parent = element(*parent);
            for child in page.nodes[parent].children.clone() {
                page.insert(parent, 0, child);
            }
        }
        Edit::Frame | Edit::Keyframe => {}
    }
}

fn run(page: &mut Page, pair: &mut Pair, edits: &[Edit]) {
    for edit in edits {
        change(page, edit);
        if matches!(edit, Edit::Frame | Edit::Keyframe) {
            pair.frame(page);
        }
        if matches!(edit, Edit::Keyframe) {
            let frame = pair.encoder.keyframe(0).unwrap().to_vec();
            pair.decoder.push(&frame).unwrap();
            pair.frames.push(frame);
            pair.check(page);
        }
    }
    pair.frame(page);
}

/// A page and both ends after some edits, and the frame that some more make; `None` when they make none.
fn next_frame(edits: &[Edit], more: &[Edit]) -> Option<(Page, Pair, Vec<u8>)> {
    let (mut page, mut pair) = (Page::default(), Pair::default());
    list(&mut page, 4);
    run(&mut page, &mut pair, edits);
    for edit in more {
        change(&mut page, edit);
    }
    pair.state(&mut page).unwrap();
    let frame = pair.encoder.delta(3).unwrap()?.to_vec();
    Some((page, pair, frame))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_edits_in_any_frames_keep_the_trees_equal(edits in prop::collection::vec(edit(), 1..150)) {
        let (mut page, mut pair) = (Page::default(), Pair::default());
        list(&mut page, 4);
        run(&mut page, &mut pair, &edits);
        // A late agent builds the same from a keyframe alone.
        let keyframe = pair.encoder.keyframe(9).unwrap().to_vec();
        let mut late = protocol::decoder::Decoder::new(protocol::Limits::DEFAULT);
        late.push(&keyframe).unwrap();
        prop_assert_eq!(late.tree().difference(pair.decoder.tree()), None);
    }

    #[test]
    fn an_altered_frame_is_refused_and_changes_nothing(edits in prop::collection::vec(edit(), 1..40), more in prop::collection::vec(edit(), 1..40), at: usize, bit in 0..8_u8, cut: bool) {
        let Some((page, mut pair, frame)) = next_frame(&edits, &more) else { return Ok(()) };
        let before = pair.decoder.tree().clone();
        let mut altered = frame.clone();
        let at = at % altered.len();
        if cut { altered.truncate(at) } else { altered[at] ^= 1 << bit }
        prop_assert!(pair.decoder.push(&altered).is_err());
        prop_assert_eq!(pair.decoder.tree().difference(&before), None);
        prop_assert_eq!(pair.decoder.tree().hash(), before.recomputed_hash());
        pair.decoder.push(&frame).unwrap();
        pair.check(&page);
    }

    #[test]
    fn an_altered_body_with_a_right_checksum_never_half_applies(edits in prop::collection::vec(edit(), 1..40), more in prop::collection::vec(edit(), 1..40), at: usize, byte: u8) {
        let Some((page, mut pair, frame)) = next_frame(&edits, &more) else { return Ok(()) };
        let before = pair.decoder.tree().clone();
        let read = protocol::frame::read(&frame, &protocol::Limits::DEFAULT).unwrap();
        let mut body = read.body.to_vec();
        let at = at % body.len();
        body[at] = byte;
        let mut forged = Vec::new();
        protocol::frame::write(&mut forged, read.header.kind, read.header.seq, 3, read.header.raw_len, &body).unwrap();
        match pair.decoder.push(&forged) {
            Ok(_) => pair.check(&page),
            Err(error) => {
                prop_assert_eq!(error.frame, read.header.seq);
                prop_assert_eq!(pair.decoder.tree().difference(&before), None);
                prop_assert_eq!(pair.decoder.tree().hash(), before.hash());
                prop_assert_eq!(pair.decoder.tree().hash(), pair.decoder.tree().recomputed_hash());
                // A keyframe mends it.
                let keyframe = pair.encoder.keyframe(4).unwrap().to_vec();
                pair.decoder.push(&keyframe).unwrap();
                pair.frames.push(keyframe);
                pair.check(&page);
            }
        }
    }
}

fn shuffled(mut rows: Vec<usize>, mut seed: u64) -> Vec<usize> {
    for index in (1..rows.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        rows.swap(index, (seed >> 33) as usize % (index + 1));
    }
    rows
}

#[test]
fn one_row_removed_is_24_bytes_at_most() {
    let (mut page, mut pair) = (Page::default(), Pair::default());
    let (_, rows) = list(&mut page, 10_000);
    pair.frame(&mut page);
    page.remove(rows[7_000]);
    let len = pair.frame(&mut page);
    assert!(len <= 24, "{len}");
}

#[test]
fn what_is_gone_takes_no_memory_and_what_is_left_goes_on() {
    let (mut page, mut pair) = (Page::default(), Pair::default());
    let (list, rows) = list(&mut page, 100);
    for row in &rows {
        page.set_attr(*row, "data-new", Some("kept"));
        page.set_attr(*row, "class", Some("row"));
    }
    pair.frame(&mut page);
    let before = pair.encoder.memory();
    for round in 0..3 {
        let more: Vec<_> = (0..20_000).map(|index| row(&mut page, list, index)).collect();
        pair.frame(&mut page);
        assert!(pair.encoder.memory() > 4 * before, "{round}: {} bytes, {before} before", pair.encoder.memory());
        for row in more {
            page.remove(row);
        }
        pair.frame(&mut page);
        page.set_attr(rows[round], "class", None);
        page.set_attr(rows[round + 1], "id", Some("new"));
        page.insert(list, 0, rows[50 + round]);
        pair.frame(&mut page);
        // Rooms that are kept between frames.
        assert!(pair.encoder.memory() <= before + (64 << 10), "{} bytes, {before} before", pair.encoder.memory());
    }
}

#[test]
fn two_swapped_rows_of_many_are_two_moves() {
    let (mut page, mut pair) = (Page::default(), Pair::default());
    let (list, rows) = list(&mut page, 2_000);
    pair.frame(&mut page);
    page.insert(list, 5, rows[1_500]);
    page.insert(list, 1_500, rows[5]);
    pair.state(&mut page).unwrap();
    // Each a place, the node, and the end of the run.
    pair.encoder.delta(1).unwrap().unwrap();
    let len = pair.encoder.seq();
    assert_eq!(len, 2);
    assert_eq!(pair.encoder.mirror().hash(), pair.encoder.mirror().recomputed_hash());
}

#[test]
fn a_shuffle_of_1000_rows_is_3_kb_at_most() {
    let (mut page, mut pair) = (Page::default(), Pair::default());
    let (list, rows) = list(&mut page, 1_000);
    pair.frame(&mut page);
    for row in shuffled(rows, 7) {
        page.append(list, row);
    }
    let len = pair.frame(&mut page);
    assert!(len <= 3_000, "{len}");
}

#[test]
fn what_was_named_but_is_as_it_was_costs_nothing() {
    let (mut page, mut pair) = (Page::default(), Pair::default());
    let (list, rows) = list(&mut page, 20);
    pair.frame(&mut page);
    for row in &rows {
        page.append(list, *row);
    }
    let extra = row(&mut page, list, 99);
    page.remove(extra);
    page.set_attr(rows[1], "class", Some("a"));
    page.set_attr(rows[1], "class", None);
    assert_eq!(pair.frame(&mut page), 0);
    // Few of many: the other way of finding it.
    page.insert(list, 3, rows[3]);
    page.insert(list, 4, rows[4]);
    assert_eq!(pair.frame(&mut page), 0);
}

#[test]
fn moving_the_first_row_to_the_end_by_moving_all_others_is_one_move() {
    let (mut page, mut pair) = (Page::default(), Pair::default());
    let (list, rows) = list(&mut page, 500);
    pair.frame(&mut page);
    for (index, row) in rows[1..].iter().enumerate() {
        page.insert(list, index, *row);
    }
    let len = pair.frame(&mut page);
    assert!(len <= 30, "{len}");
}

#[test]
fn child_and_parent_change_places() {
    let (mut page, mut pair) = (Page::default(), Pair::default());
    let (list, rows) = list(&mut page, 3);
    pair.frame(&mut page);
    let inner = page.element("div");
    page.append(rows[0], inner);
    pair.frame(&mut page);
    // list > row > inner becomes list > inner > row, and then with a new node between.
    page.insert(list, 0, inner);
    page.append(inner, rows[0]);
    pair.frame(&mut page);
    let between = page.element("p");
    page.insert(list, 0, rows[0]);
    page.append(rows[0], between);
    page.append(between, inner);
    pair.frame(&mut page);
}

#[test]
fn ids_in_no_order_are_not_deflated_and_others_are() {
    let (mut page, mut pair) = (Page::default(), Pair::default());
    let (list, rows) = list(&mut page, 1_000);
    pair.frame(&mut page);
    let apart = |pair: &Pair| {
        let frame = pair.frames.last().unwrap();
        protocol::frame::read(frame, &protocol::Limits::DEFAULT).unwrap().header.apart
    };
    for row in shuffled(rows.clone(), 7) {
        page.append(list, row);
    }
    pair.frame(&mut page);
    assert!(apart(&pair) > 1_000);
    for row in rows.iter().rev() {
        page.append(list, *row);
    }
    pair.frame(&mut page);
    // Back from the shuffle they are in no order either; once more, they are.
    for row in rows {
        page.append(list, row);
    }
    pair.frame(&mut page);
    assert_eq!(apart(&pair), 0);
}
