//! Facts in, gated frames out.

use super::*;
use crate::markup::tests::printed;
use protocol::{decoder::Decoder, tree::Tree};

/// Builds batches as the reader does.
#[derive(Default)]
struct Facts {
    words: Vec<u32>,
    text: String,
    names: u32,
}

impl Facts {
    fn string(&mut self, text: &str) {
        self.words.push(u32::try_from(text.encode_utf16().count()).unwrap());
        self.text.push_str(text);
    }

    fn name(&mut self, namespace: Namespace, text: &str) -> u32 {
        self.words.extend([tag::NAME, namespace as u32]);
        self.string(text);
        self.names += 1;
        self.names - 1
    }

    fn element(&mut self, name: u32, marks: u32, attrs: &[(u32, &str)]) {
        self.words.extend([tag::ELEMENT, name, marks, u32::try_from(attrs.len()).unwrap()]);
        for (name, value) in attrs {
            self.words.push(*name);
            self.string(value);
        }
    }

    fn text(&mut self, data: &str) {
        self.words.push(tag::TEXT);
        self.string(data);
    }

    fn read(&mut self, recorder: &mut Recorder) -> Result<(), ReadError> {
        let (words, text) = (std::mem::take(&mut self.words), std::mem::take(&mut self.text));
        recorder.read(&words, &text, text.encode_utf16().count())
    }
}

fn applied(frames: &[Vec<u8>]) -> Tree {
    let mut decoder = Decoder::new(Limits::DEFAULT);
    for frame in frames {
        decoder.push(frame).unwrap();
    }
    decoder.tree().clone()
}

#[test]
fn secrets_do_not_reach_the_frames() {
    let mut recorder = Recorder::new(1, &Limits::DEFAULT);
    let mut facts = Facts::default();
    let input = facts.name(Namespace::Html, "input");
    let div = facts.name(Namespace::Html, "div");
    let script = facts.name(Namespace::Html, "script");
    let kind = facts.name(Namespace::None, "type");
    let value = facts.name(Namespace::None, "value");
    let title = facts.name(Namespace::None, "title");
    let onclick = facts.name(Namespace::None, "onclick");
    let mask = facts.name(Namespace::None, privacy::MASK_ATTR);
    let block = facts.name(Namespace::None, privacy::BLOCK_ATTR);
    let live = facts.name(Namespace::Prop, "value");
    facts.words.extend([tag::RUN, ROOT, NONE]);
    facts.element(div, 0, &[(onclick, "SECRET()")]);
    facts.element(input, 0, &[(value, "SECRET"), (kind, "password"), (live, "SECRET")]);
    facts.words.push(tag::UP);
    facts.element(input, 0, &[(value, "C:\\SECRET"), (kind, "file"), (live, "SECRET")]);
    facts.words.push(tag::UP);
    facts.element(div, 0, &[(mask, ""), (title, "SECRET")]);
    facts.text("my SECRET");
    facts.words.push(tag::UP);
    facts.element(div, 0, &[(block, "")]);
    facts.element(div, 0, &[(title, "SECRET")]);
    facts.text("SECRET");
    facts.words.extend([tag::UP, tag::UP]);
    facts.element(script, 0, &[]);
    facts.text("SECRET");
    facts.words.extend([tag::UP, tag::UP, tag::END]);
    facts.read(&mut recorder).unwrap();
    let first = recorder.delta(0).unwrap().unwrap().to_vec();
    assert_eq!(recorder.fresh().to_vec(), [1, 2, 3, 4, 5, 6, NONE, NONE, 7, NONE]);
    recorder.settle();
    // Shown, it stays masked; typed into a masked region, too.
    facts.words.extend([tag::ATTR, 2, kind]);
    facts.string("text");
    facts.words.extend([tag::ATTR, 2, live]);
    facts.string("SECRET2");
    facts.words.extend([tag::DATA, 5]);
    facts.string("also SECRET");
    facts.read(&mut recorder).unwrap();
    assert_eq!(recorder.retells(), [] as [u32; 0]);
    let second = recorder.delta(1).unwrap().unwrap().to_vec();
    let tree = applied(&[first, second]);
    let text = printed(&tree);
    assert!(!text.contains("SECRET"), "{text}");
    assert!(text.contains("**** ******") && text.contains("type=text value=*******"), "{text}");
}

#[test]
fn pictures_of_what_is_masked_are_not_carried() {
    let mut recorder = Recorder::new(1, &Limits::DEFAULT);
    let mut facts = Facts::default();
    let (div, img) = (facts.name(Namespace::Html, "div"), facts.name(Namespace::Html, "img"));
    let mask = facts.name(Namespace::None, privacy::MASK_ATTR);
    let tile = facts.name(Namespace::Prop, "tile 0 0");
    facts.words.extend([tag::RUN, ROOT, NONE]);
    for attrs in [&[(mask, "")][..], &[]] {
        facts.element(div, 0, attrs);
        facts.element(img, 0, &[]);
        facts.words.extend([tag::UP, tag::UP]);
    }
    facts.words.push(tag::END);
    facts.read(&mut recorder).unwrap();
    recorder.delta(0).unwrap();
    recorder.settle();
    for (id, data) in [(2, "SECRET"), (4, "open")] {
        facts.words.extend([tag::PICTURE, id]);
        facts.string(&format!("hash of {data}"));
        facts.string(data);
        facts.words.extend([tag::ATTR, id, tile]);
        facts.string(data);
    }
    facts.read(&mut recorder).unwrap();
    let frame = recorder.keyframe(1).unwrap().to_vec();
    let mirror = recorder.encoder().mirror();
    let told: Vec<_> = [ROOT, 2, 4].map(|id| mirror.attrs(id).count()).to_vec();
    assert_eq!(told, [1, 0, 2]);
    let text = printed(&applied(&[frame]));
    assert!(text.contains("open") && !text.contains("SECRET"), "{text}");
}

#[test]
fn the_address_of_a_masked_frame_does_not_leave() {
    let mut recorder = Recorder::new(1, &Limits::DEFAULT);
    let mut facts = Facts::default();
    let (div, iframe) = (facts.name(Namespace::Html, "div"), facts.name(Namespace::Html, "iframe"));
    let mask = facts.name(Namespace::None, privacy::MASK_ATTR);
    let (url, base) = (facts.name(Namespace::Prop, "url"), facts.name(Namespace::Prop, "base"));
    facts.words.extend([tag::RUN, ROOT, NONE]);
    for (attrs, address) in [(&[(mask, "")][..], "https://a.test/?SECRET"), (&[], "https://a.test/?open")] {
        facts.element(div, 0, attrs);
        facts.element(iframe, 0, &[]);
        facts.words.extend([tag::FRAME, 2, url]);
        facts.string(address);
        facts.words.push(base);
        facts.string(address);
        facts.text("inside");
        facts.words.extend([tag::UP, tag::UP, tag::UP]);
    }
    facts.words.push(tag::END);
    facts.read(&mut recorder).unwrap();
    let first = recorder.delta(0).unwrap().unwrap().to_vec();
    recorder.settle();
    facts.words.extend([tag::ATTR, 3, url]);
    facts.string("https://a.test/?SECRET2");
    facts.read(&mut recorder).unwrap();
    assert!(recorder.delta(1).unwrap().is_none(), "nothing to tell");
    let text = printed(&applied(&[first]));
    assert!(text.contains("?open") && text.contains("******") && !text.contains("SECRET"), "{text}");
}

#[test]
fn a_node_that_changes_region_is_told_anew() {
    let mut recorder = Recorder::new(1, &Limits::DEFAULT);
    let mut facts = Facts::default();
    let div = facts.name(Namespace::Html, "div");
    let mask = facts.name(Namespace::None, privacy::MASK_ATTR);
    facts.words.extend([tag::RUN, ROOT, NONE]);
    facts.element(div, 0, &[]);
    facts.element(div, 0, &[(mask, "")]);
    facts.words.push(tag::UP);
    facts.element(div, 0, &[]);
    facts.text("open");
    facts.words.extend([tag::UP, tag::UP, tag::END]);
    facts.read(&mut recorder).unwrap();
    recorder.delta(0).unwrap();
    recorder.settle();
    facts.words.extend([tag::RUN, 2, NONE, tag::KNOWN, 3, tag::END]);
    facts.read(&mut recorder).unwrap();
    assert_eq!(recorder.retells(), [3]);
    recorder.delta(1).unwrap();
    recorder.settle();
    facts.words.extend([tag::NO_ATTR, 2, mask]);
    facts.read(&mut recorder).unwrap();
    assert_eq!(recorder.retells(), [2]);
    recorder.settle();
    facts.words.extend([tag::MARKS, 3, mark::BLOCK]);
    facts.read(&mut recorder).unwrap();
    assert_eq!(recorder.retells(), [3]);
}

#[test]
fn what_is_said_of_a_node_on_its_way_into_a_masked_region_is_masked() {
    let mut recorder = Recorder::new(1, &Limits::DEFAULT);
    let mut facts = Facts::default();
    let div = facts.name(Namespace::Html, "div");
    let title = facts.name(Namespace::None, "title");
    let mask = facts.name(Namespace::None, privacy::MASK_ATTR);
    facts.words.extend([tag::RUN, ROOT, NONE]);
    facts.element(div, 0, &[]);
    facts.element(div, 0, &[(mask, "")]);
    facts.words.push(tag::UP);
    facts.element(div, 0, &[]);
    facts.text("open");
    facts.words.extend([tag::UP, tag::UP, tag::END]);
    facts.read(&mut recorder).unwrap();
    let mut frames = vec![recorder.delta(0).unwrap().unwrap().to_vec()];
    recorder.settle();
    // Moved, and then given a title and a text; and another, around which a mask closes.
    facts.words.extend([tag::RUN, 2, NONE, tag::KNOWN, 3, tag::END, tag::ATTR, 3, title]);
    facts.string("SECRET");
    facts.words.extend([tag::DATA, 4]);
    facts.string("SECRET");
    facts.read(&mut recorder).unwrap();
    frames.push(recorder.delta(1).unwrap().unwrap().to_vec());
    recorder.settle();
    let text = printed(&applied(&frames));
    assert!(!text.contains("SECRET") && text.contains("title=******"), "{text}");
}

#[test]
fn style_sheets_pass_where_text_is_masked_and_not_where_all_is_blocked() {
    let mut recorder = Recorder::new(1, &Limits::DEFAULT);
    let mut facts = Facts::default();
    let (div, style) = (facts.name(Namespace::Html, "div"), facts.name(Namespace::Html, "style"));
    let mask = facts.name(Namespace::None, privacy::MASK_ATTR);
    let block = facts.name(Namespace::None, privacy::BLOCK_ATTR);
    facts.words.extend([tag::RUN, ROOT, NONE]);
    for (region, rule) in [(mask, "p { color: red; }"), (block, "p { content: \"SECRET\"; }")] {
        facts.element(div, 0, &[(region, "")]);
        facts.element(style, 0, &[]);
        facts.words.extend([tag::SHEET, 0, tag::RULE]);
        facts.string(rule);
        facts.words.extend([tag::UP, tag::UP, tag::UP]);
    }
    // Nor does a shadow root below what is blocked open a second way.
    facts.element(div, 0, &[(block, "")]);
    facts.element(div, 0, &[]);
    facts.words.extend([tag::SHADOW, 0]);
    facts.text("SECRET");
    facts.words.extend([tag::UP, tag::UP, tag::UP, tag::END]);
    facts.read(&mut recorder).unwrap();
    let frame = recorder.delta(0).unwrap().unwrap().to_vec();
    let text = printed(&applied(&[frame]));
    assert!(text.contains("color: red") && !text.contains("SECRET"), "{text}");
    assert_eq!(recorder.fresh().to_vec(), [1, 2, 3, 4, 5, NONE, NONE, NONE, 6, NONE, NONE, NONE]);
}

#[test]
fn a_malformed_batch_names_the_place() {
    let mut recorder = Recorder::new(1, &Limits::DEFAULT);
    for (words, expected) in [
        (&[99][..], "batch, number 0: expected the number of a fact"),
        (&[tag::TEXT, 5], "batch, number 1: expected a string of so many code units"),
        (&[tag::ELEMENT, 7], "batch, number 1: expected the number of a name that was told"),
        (&[tag::UP], "batch, number 0: expected an element that is open"),
        (&[tag::RUN, 0], "batch, number 2: expected a sibling's id"),
    ] {
        assert_eq!(recorder.read(words, "", 0).unwrap_err().to_string(), expected);
    }
}

#[test]
fn a_walk_of_the_page_finds_what_the_mirror_has_not() {
    let mut recorder = Recorder::new(1, &Limits::DEFAULT);
    let mut facts = Facts::default();
    let (div, p) = (facts.name(Namespace::Html, "div"), facts.name(Namespace::Html, "p"));
    let (mask, class) = (facts.name(Namespace::None, privacy::MASK_ATTR), facts.name(Namespace::None, "class"));
    let live = facts.name(Namespace::Prop, "value");
    facts.words.extend([tag::RUN, ROOT, NONE]);
    facts.element(div, 0, &[(class, "a"), (live, "typed")]);
    facts.element(p, 0, &[(mask, "")]);
    facts.text("my SECRET");
    facts.words.push(tag::UP);
    facts.element(p, 0, &[]);
    facts.text("open");
    facts.words.extend([tag::UP, tag::UP, tag::END]);
    facts.read(&mut recorder).unwrap();
    let mut frames = vec![recorder.delta(0).unwrap().unwrap().to_vec()];
    recorder.settle();
    let walk = |facts: &mut Facts, classes: &[(u32, &str)], secret: &str, last: &[u32]| {
        facts.words.extend([tag::CHECK, ROOT, 1, tag::ELEMENT, 1, div, 0, u32::try_from(classes.len()).unwrap()]);
        for (name, value) in classes {
            facts.words.push(*name);
            facts.string(value);
        }
        facts.words.extend([tag::ELEMENT, NONE, p, 0, 1, mask]);
        facts.string("");
        facts.words.extend([tag::TEXT, NONE]);
        facts.string(secret);
        facts.words.extend([tag::UP, tag::ELEMENT, 4, p, 0, 0, tag::TEXT, 5]);
        facts.string("open");
        facts.words.extend(last);
        facts.words.extend([tag::UP, tag::UP, tag::UP, tag::END]);
    };
    // As it is: what is masked is compared masked, and live state is no attribute.
    walk(&mut facts, &[(class, "a")], "my SECRET", &[]);
    facts.read(&mut recorder).unwrap();
    assert_eq!(recorder.strays(), [0]);
    assert!(recorder.delta(1).unwrap().is_none());
    recorder.settle();
    // An attribute gone, a text of another length, and an element that nobody told of.
    walk(&mut facts, &[], "no SECRETS", &[tag::ELEMENT, NONE, p, 0, 0, tag::UP]);
    facts.read(&mut recorder).unwrap();
    assert_eq!(recorder.strays(), [2, 4], "two operations, and the second paragraph");
    frames.push(recorder.delta(2).unwrap().unwrap().to_vec());
    recorder.settle();
    assert_eq!(
        printed(&applied(&frames)),
        "div value=typed\n.p data-cobrowse-mask=\n..Text(** *******)\n.p\n..Text(open)\n"
    );
    // From a node on; one child less than there is.
    facts.words.extend([tag::CHECK, 4, 0, tag::ELEMENT, NONE, p, 0, 0, tag::UP, tag::UP, tag::UP, tag::END]);
    facts.read(&mut recorder).unwrap();
    assert_eq!(recorder.strays(), [0, 4]);
    facts.words.extend([tag::CHECK, 4, 0, tag::RUN]);
    assert!(facts.read(&mut recorder).unwrap_err().to_string().contains("expected an element, a leaf or an end"));
}

#[test]
fn a_walk_judges_by_what_a_node_is_and_by_nothing_else() {
    let mut recorder = Recorder::new(1, &Limits::DEFAULT);
    let mut facts = Facts::default();
    let (p, input) = (facts.name(Namespace::Html, "p"), facts.name(Namespace::Html, "input"));
    let (kind, value) = (facts.name(Namespace::None, "type"), facts.name(Namespace::None, "value"));
    facts.words.extend([tag::RUN, ROOT, NONE]);
    for marks in [0, mark::MASK] {
        facts.element(p, marks, &[]);
        facts.text(if marks == 0 { "open" } else { "SECRET" });
        facts.words.push(tag::UP);
    }
    facts.element(input, 0, &[(value, "open")]);
    facts.words.extend([tag::UP, tag::END]);
    facts.read(&mut recorder).unwrap();
    let mut frames = vec![recorder.delta(0).unwrap().unwrap().to_vec()];
    recorder.settle();
    // Behind the observer's back the two have changed places, and the input has become a password.
    facts.words.extend([tag::CHECK, ROOT, 1]);
    for (id, marks, text) in [(3, mark::MASK, "SECRET"), (1, 0, "open")] {
        facts.words.extend([tag::ELEMENT, id, p, marks, 0, tag::TEXT, id + 1]);
        facts.string(text);
        facts.words.push(tag::UP);
    }
    facts.words.extend([tag::UP, tag::END, tag::CHECK, 5, 0, tag::ELEMENT, 5, input, 0, 2, value]);
    facts.string("SECRET");
    facts.words.push(kind);
    facts.string("password");
    // And once more, told by nobody who knows the ids: a selector has come to match the first.
    facts.words.extend([tag::UP, tag::END, tag::CHECK, ROOT, 1, tag::ELEMENT, NONE, p, mark::MASK, 0, tag::TEXT, NONE]);
    facts.string("SECRET");
    facts.words.extend([tag::UP, tag::END]);
    facts.read(&mut recorder).unwrap();
    assert_eq!(recorder.retells(), [5, 1]);
    assert_eq!(recorder.strays(), [2, ROOT]);
    if let Some(frame) = recorder.delta(1).unwrap() {
        frames.push(frame.to_vec());
    }
    let text = printed(&applied(&frames));
    assert!(!text.contains("SECRET") && text.contains("Text(open)"), "{text}");
}

#[test]
fn what_moves_and_what_is_selected_in_what_is_masked_does_not_leave() {
    let mut recorder = Recorder::new(1, &Limits::DEFAULT);
    let mut facts = Facts::default();
    let (div, input) = (facts.name(Namespace::Html, "div"), facts.name(Namespace::Html, "input"));
    let mask = facts.name(Namespace::None, privacy::MASK_ATTR);
    let props = ["animations", "candidate", "range"].map(|name| facts.name(Namespace::Prop, name));
    facts.words.extend([tag::RUN, ROOT, NONE]);
    for attrs in [&[(mask, "")][..], &[]] {
        facts.element(div, 0, attrs);
        facts.element(input, 0, &[]);
        facts.words.extend([tag::UP, tag::UP]);
    }
    facts.words.push(tag::END);
    facts.read(&mut recorder).unwrap();
    recorder.delta(0).unwrap();
    recorder.settle();
    for (id, value) in [(1, "SECRET"), (2, "SECRET"), (4, "open")] {
        for name in props {
            facts.words.extend([tag::ATTR, id, name]);
            facts.string(value);
        }
    }
    facts.read(&mut recorder).unwrap();
    let text = printed(&applied(&[recorder.keyframe(1).unwrap().to_vec()]));
    assert!(text.contains("animations=open candidate=open range=open") && !text.contains("SECRET"), "{text}");
}

#[test]
fn a_card_number_is_masked_as_it_is_typed_and_stays_so() {
    let mut recorder = Recorder::new(1, &Limits::DEFAULT);
    let mut facts = Facts::default();
    let input = facts.name(Namespace::Html, "input");
    let mode = facts.name(Namespace::None, "inputmode");
    let live = facts.name(Namespace::Prop, "value");
    facts.words.extend([tag::RUN, ROOT, NONE]);
    facts.element(input, 0, &[(mode, "numeric")]);
    facts.words.push(tag::UP);
    facts.element(input, 0, &[]);
    facts.words.extend([tag::UP, tag::END]);
    facts.read(&mut recorder).unwrap();
    recorder.delta(0).unwrap();
    recorder.settle();
    let mut type_into = |id: u32, value: &str| {
        facts.words.extend([tag::ATTR, id, live]);
        facts.string(value);
        facts.read(&mut recorder).unwrap();
        let told = recorder.encoder().mirror().attr(id, prop::VALUE).unwrap();
        String::from_utf8(told.to_vec()).unwrap()
    };
    assert_eq!(type_into(1, "45391"), "45391");
    assert_eq!(type_into(1, "453914"), "******");
    assert_eq!(type_into(1, "4539148803436467"), "*".repeat(16));
    assert_eq!(type_into(1, "45"), "**", "for good");
    assert_eq!(type_into(2, "4539148803436468"), "4539148803436468", "an order's number");
    assert_eq!(type_into(2, "4539148803436467"), "*".repeat(16));
    assert_eq!(type_into(2, "x"), "*");
}

#[test]
fn where_the_session_is_private_nothing_leaves_unless_it_is_unmasked() {
    let mut recorder = Recorder::new(1, &Limits::DEFAULT);
    recorder.set_policy(privacy::Policy { private: true, fixed: true, queries: true });
    let mut facts = Facts::default();
    let div = facts.name(Namespace::Html, "div");
    let unmask = facts.name(Namespace::None, privacy::UNMASK_ATTR);
    let (url, selection) = (facts.name(Namespace::Prop, "url"), facts.name(Namespace::Prop, "selection"));
    facts.words.extend([tag::RUN, ROOT, NONE]);
    facts.element(div, 0, &[]);
    facts.text("SECRET");
    facts.element(div, mark::UNMASK, &[]);
    facts.text("by a selector");
    facts.words.push(tag::UP);
    facts.element(div, 0, &[(unmask, "")]);
    facts.text("by an attribute");
    facts.words.extend([tag::UP, tag::UP, tag::END]);
    facts.words.extend([tag::ATTR, ROOT, url]);
    facts.string("https://a.test/x?id=SECRET#SECRET");
    facts.words.extend([tag::ATTR, ROOT, selection]);
    facts.string("2:0 2:3");
    facts.read(&mut recorder).unwrap();
    let mut frames = vec![recorder.delta(0).unwrap().unwrap().to_vec()];
    recorder.settle();
    let of_document = |frames: &[Vec<u8>]| {
        let tree = applied(frames);
        let told: Vec<_> = tree.attrs(ROOT).map(|(_, value)| String::from_utf8(value.to_vec()).unwrap()).collect();
        told.join(" ")
    };
    let text = printed(&applied(&frames)) + &of_document(&frames);
    assert!(!text.contains("SECRET") && !text.contains("2:0"), "{text}");
    assert!(text.contains("by a selector") && text.contains("by an attribute") && text.contains("x?id=****"), "{text}");
    facts.words.extend([tag::ATTR, ROOT, selection]);
    facts.string("4:0 4:3");
    facts.read(&mut recorder).unwrap();
    frames.push(recorder.delta(1).unwrap().unwrap().to_vec());
    assert!(of_document(&frames).contains("4:0"), "of what is shown, what is selected is, too");
}
