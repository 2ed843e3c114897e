//! Lawful edits of a page, frames of which some get lost, and a player.

use crate::{
    Target,
    included::page::{Page, Pair, list},
    input::Input,
};
use protocol::{Limits, decoder::Decoder, tree::Kind};

/// See [`run`].
pub const TARGET: Target = Target {
    name: "diff",
    about: "page, mirror and player agree after any edits, lost frames, keyframes and repairs",
    most_bytes: 4 << 10,
    run,
    seeds,
    words: &[],
};

const NAMES: [&str; 8] = ["div", "li", "x-unknown", "tr", "custom-element", "b", "template", "select"];
const ATTRS: [&str; 6] = ["class", "data-new", "style", "id", "x", "value"];

/// Edits a page, and has each frame of it applied.
///
/// # Panics
/// Where page, mirror and player differ, or a frame that is right is refused.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let (mut page, mut pair) = (Page::default(), Pair::default());
    list(&mut page, 4);
    pair.frame(&mut page);
    // Nodes are looked at one by one behind each frame.
    for _ in 0..400 {
        if input.is_empty() || page.nodes.len() > 400 {
            break;
        }
        let frame = match input.below(20) {
            0..3 => {
                pair.frame(&mut page);
                continue;
            }
            3 => {
                pair.state(&mut page).unwrap();
                pair.encoder.keyframe(0).unwrap().to_vec()
            }
            4 => {
                // This one is lost: the next is refused, and what is missing is asked for.
                pair.state(&mut page).unwrap();
                let is_lost = pair.encoder.delta(1).unwrap().is_some();
                pair.ids.retain(|node, _| page.connected(*node));
                if is_lost {
                    edit(&mut page, &mut input);
                    pair.state(&mut page).unwrap();
                    if let Some(late) = pair.encoder.delta(2).unwrap().map(<[u8]>::to_vec) {
                        assert!(pair.decoder.push(&late).is_err(), "a frame out of order");
                    }
                }
                pair.ids.retain(|node, _| page.connected(*node));
                let sums = pair.decoder.tree().sums();
                pair.state(&mut page).unwrap();
                pair.encoder.repair(3, &sums).unwrap().to_vec()
            }
            _ => {
                edit(&mut page, &mut input);
                continue;
            }
        };
        pair.decoder.push(&frame).unwrap();
        pair.check(&page);
    }
    pair.frame(&mut page);
    let keyframe = pair.encoder.keyframe(9).unwrap().to_vec();
    let mut late = Decoder::new(Limits::DEFAULT);
    late.push(&keyframe).unwrap();
    assert_eq!(late.tree().difference(pair.encoder.mirror()), None, "a late agent's tree");
    pair.decoder.push(&keyframe).unwrap();
    super::frame::again(&pair.decoder);
}

/// One edit.
fn edit(page: &mut Page, input: &mut Input<'_>) {
    let what = input.below(12);
    let node = 1 + input.below(page.nodes.len() - 1);
    let elements: Vec<usize> = (1..page.nodes.len()).filter(|node| page.nodes[*node].kind == Kind::Element).collect();
    let parent = input.pick(&elements);
    let place = |page: &Page, parent: usize, at: usize| at % (page.nodes[parent].children.len() + 1);
    match what {
        0..2 => {
            let (new, at) = (page.element(input.pick(&NAMES)), input.below(256));
            page.insert(parent, place(page, parent, at), new);
        }
        2 => {
            let (new, at) = (page.text(&input.text()), input.below(256));
            page.insert(parent, place(page, parent, at), new);
        }
        3..6 => {
            let at = input.below(256);
            if !page.contains(node, parent) {
                page.insert(parent, place(page, parent, at), node);
            }
        }
        6 => page.remove(node),
        7..9 => {
            let name = input.pick(&ATTRS);
            let value = input.text();
            // Numbers and long texts are told in ways of their own.
            let value = match input.below(4) {
                0 => format!("translate({}px, {}px)", input.byte(), input.short()),
                1 => format!("{value}{}", "a long common part ".repeat(4)),
                _ => value,
            };
            page.set_attr(parent, name, (!input.one_in(8)).then_some(value.as_str()));
        }
        9..11 if page.nodes[node].kind == Kind::Text => {
            let mut data = page.nodes[node].data.clone();
            data.push_str(&input.text());
            page.set_data(node, &data);
        }
        11 => {
            for child in page.nodes[parent].children.clone() {
                page.insert(parent, 0, child);
            }
        }
        _ => {}
    }
}

/// A few sequences; the rest is the fuzzer's.
fn seeds() -> Vec<Vec<u8>> {
    let steps =
        |seed: u8| (0..200_u8).map(|index| seed.wrapping_mul(31).wrapping_add(index.wrapping_mul(73))).collect();
    (1..6).map(steps).collect()
}
