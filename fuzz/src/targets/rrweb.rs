//! Events of rrweb, as another recorder would write them, imported.

use crate::{Target, import, memory};
use protocol::frame::Kind;
use replay::{html, inspection, recording::File};
use std::io::Cursor;

/// See [`run`].
pub const TARGET: Target = Target {
    name: "rrweb",
    about: "an import is refused with its event, or gives a recording that is sound, with a page at each moment",
    most_bytes: 32 << 10,
    run,
    seeds,
    words: &[
        "{\"type\":4,\"timestamp\":",
        "\"data\":{",
        "\"type\":2",
        "\"type\":3",
        "\"source\":0",
        "\"source\":8",
        "\"source\":13",
        "\"source\":15",
        "\"source\":5",
        "\"node\":{\"type\":0,\"id\":1,\"childNodes\":[",
        "\"tagName\":\"div\"",
        "\"attributes\":{",
        "\"textContent\":",
        "\"adds\":[",
        "\"removes\":[",
        "\"texts\":[",
        "\"attributes\":[",
        "\"parentId\":",
        "\"nextId\":null",
        "\"id\":",
        "\"isShadow\":true",
        "\"isShadowHost\":true",
        "\"rr_width\":",
        "\"_cssText\":",
        "\"isSVG\":true",
        "\"positions\":[{\"x\":1,\"y\":2,\"timeOffset\":-50}]",
        "\"isStyle\":true",
        "\"styleId\":",
        "\"replace\":",
        "\"replaceSync\":",
        "\"index\":[0,1]",
        "\"childNodes\":[]",
        "\"isCustom\":true",
        "\"rootId\":",
        "\"text\":",
        "\"isChecked\":",
        "1e308",
        "-1",
        "4294967296",
        "null",
    ],
};

/// What a file of 32 KB may take, and the recording made of it.
const MOST_BYTES: usize = 256 << 20;

/// The import's own stack (`cli/src/import/mod.rs`): events may be nested deep.
const STACK_BYTES: usize = 512 << 20;

/// Imports events.
///
/// # Panics
/// Where the recording is not sound, or an error says nothing.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        let done = thread.spawn_scoped(scope, || memory::within(MOST_BYTES, || imported(text))).unwrap().join();
        if let Err(fault) = done {
            std::panic::resume_unwind(fault);
        }
    });
}

fn imported(text: &str) {
    let (bytes, frames, duration) = match import::import(text) {
        Ok(imported) => imported,
        Err(error) => {
            assert!(error.contains("expected"), "an error that expects nothing: {error}");
            return;
        }
    };
    let found = inspection::inspect(Cursor::new(&bytes), |_, _| ()).expect("it is a recording");
    assert_eq!(found.problem, None);
    assert_eq!(found.oddities, [], "as a recorder writes it");
    assert!(found.has_index);
    assert_eq!(found.frames.len(), frames);
    assert!(found.duration() <= duration, "{} of {duration} ms", found.duration());
    assert!(found.frames.iter().any(|frame| frame.kind == Kind::Keyframe), "a page to begin with");
    let mut file = File::open(Cursor::new(&bytes)).unwrap();
    let (begin, end) = (file.map().begin(), file.map().end());
    for at in [end, begin, begin.midpoint(end), u32::MAX] {
        file.seek(at).unwrap();
        let tree = file.player().tree();
        assert_eq!(tree.hash(), tree.recomputed_hash(), "at {at} ms");
        drop(html::export(tree));
    }
}

/// Logs as rrweb 1 and 2 write them.
fn seeds() -> Vec<Vec<u8>> {
    [
        r#"[{"type":4,"data":{"href":"https://a.test/","width":800,"height":600},"timestamp":1000},
{"type":2,"data":{"node":{"type":0,"id":1,"childNodes":[{"type":1,"name":"html","publicId":"","systemId":"","id":2},{"type":2,"tagName":"html","attributes":{"lang":"en"},"id":3,"childNodes":[{"type":2,"tagName":"head","attributes":{},"id":4,"childNodes":[{"type":2,"tagName":"style","attributes":{"_cssText":"a { color: red; } b { top: 0; }"},"id":5,"childNodes":[]}]},{"type":2,"tagName":"body","attributes":{},"id":6,"childNodes":[{"type":2,"tagName":"input","attributes":{"type":"text","value":"x"},"id":7,"childNodes":[]},{"type":3,"textContent":"hello","id":8},{"type":2,"tagName":"div","attributes":{"rr_width":"10px","rr_height":"20px"},"isShadowHost":true,"id":9,"childNodes":[{"type":3,"textContent":"in","isShadow":true,"id":10}]}]}]}]},"initialOffset":{"left":0,"top":0}},"timestamp":1010},
{"type":3,"data":{"source":0,"texts":[{"id":8,"value":"bye"}],"attributes":[{"id":7,"attributes":{"class":"a","style":{"color":"red","top":["1px","important"],"left":false}}}],"removes":[{"parentId":6,"id":9}],"adds":[{"parentId":6,"nextId":8,"node":{"type":2,"tagName":"svg","attributes":{"xlink:href":"a"},"isSVG":true,"id":11,"childNodes":[]}},{"parentId":11,"nextId":null,"node":{"type":5,"textContent":"c","id":12}}]},"timestamp":1100},
{"type":3,"data":{"source":1,"positions":[{"x":1,"y":2,"id":6,"timeOffset":-50},{"x":3,"y":4,"id":6,"timeOffset":0}]},"timestamp":1200},
{"type":3,"data":{"source":2,"type":2,"id":7,"x":1,"y":2},"timestamp":1210},{"type":3,"data":{"source":3,"id":1,"x":0,"y":100},"timestamp":1220},
{"type":3,"data":{"source":4,"width":400,"height":300},"timestamp":1230},{"type":3,"data":{"source":5,"text":"typed","isChecked":false,"id":7},"timestamp":1240},
{"type":3,"data":{"source":8,"id":5,"adds":[{"rule":"i { top: 1px; }","index":0}],"removes":[{"index":1}]},"timestamp":1250},
{"type":3,"data":{"source":15,"id":1,"styleIds":[1],"styles":[{"styleId":1,"rules":[{"rule":"p { top: 2px }","index":0}]}]},"timestamp":1260}]"#,
        "{\"type\":4,\"data\":{\"href\":\"https://a.test/\",\"width\":8,\"height\":6},\"timestamp\":5}\n{\"type\":2,\"data\":{\"node\":{\"type\":0,\"id\":1,\"childNodes\":[{\"type\":2,\"tagName\":\"html\",\"attributes\":{},\"id\":2,\"childNodes\":[]}]}},\"timestamp\":6}\n",
        r#"{"events":[{"type":2,"data":{"node":{"type":0,"id":1,"childNodes":[{"type":2,"tagName":"iframe","attributes":{},"id":2,"childNodes":[]}]}},"timestamp":0},{"type":3,"data":{"source":0,"texts":[],"attributes":[],"removes":[],"adds":[{"parentId":2,"nextId":null,"node":{"type":0,"id":3,"rootId":3,"childNodes":[]}}],"isAttachIframe":true},"timestamp":1}]}"#,
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}
