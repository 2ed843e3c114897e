//! `cobrowse import` as a process: a small log of rrweb's events becomes a recording that the other commands take.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use serde_json::{Value, json};
use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

fn cobrowse(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cobrowse")).args(arguments).output().unwrap()
}

fn scratch(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn element(id: u32, tag: &str, attributes: &Value, children: &Value) -> Value {
    json!({ "type": 2, "id": id, "tagName": tag, "attributes": attributes, "childNodes": children })
}

/// A page with a list, an input, a linked sheet whose text was kept, and a shadow root; then a change of each kind.
fn events() -> Vec<Value> {
    let text = |id: u32, text: &str| json!({ "type": 3, "id": id, "textContent": text });
    let shadow = json!([{ "type": 2, "id": 21, "tagName": "i", "attributes": {}, "isShadow": true, "childNodes": [text(22, "in a shadow root")] }]);
    let body = element(
        10,
        "body",
        &json!({}),
        &json!([
            element(
                11,
                "ul",
                &json!({ "class": "a" }),
                &json!([element(12, "li", &json!({}), &json!([text(13, "one")]))])
            ),
            element(14, "input", &json!({ "type": "text", "value": "typed" }), &json!([])),
            element(20, "div", &json!({}), &shadow),
            element(30, "script", &json!({ "onclick": "steal()" }), &json!([text(31, "SCRIPT_PLACEHOLDER")])),
        ]),
    );
    let head = element(
        4,
        "head",
        &json!({}),
        &json!([
            element(5, "link", &json!({ "rel": "stylesheet", "_cssText": "p { color: red }" }), &json!([])),
            element(6, "style", &json!({ "_cssText": "a { b: c } d { e: f }" }), &json!([text(7, "")])),
        ]),
    );
    let page = json!({ "type": 0, "id": 1, "childNodes": [
        { "type": 1, "id": 2, "name": "html", "publicId": "", "systemId": "" },
        element(3, "html", &json!({ "lang": "en" }), &json!([head, body])),
    ]});
    let change = |time: u32, data: Value| json!({ "type": 3, "timestamp": 1_000 + time, "data": data });
    vec![
        json!({ "type": 4, "timestamp": 1_000, "data": { "href": "https://shop.example/", "width": 800, "height": 600 } }),
        json!({ "type": 2, "timestamp": 1_010, "data": { "node": page, "initialOffset": { "left": 0, "top": 20 } } }),
        change(
            100,
            json!({ "source": 0, "texts": [{ "id": 13, "value": "one, changed" }], "attributes": [{ "id": 11, "attributes": { "class": null, "style": { "color": "teal", "width": ["3px", "important"] } } }],
            "removes": [], "adds": [
                { "parentId": 11, "nextId": 40, "node": element(41, "li", &json!({}), &json!([])) },
                { "parentId": 11, "nextId": null, "node": element(40, "li", &json!({ "id": "last" }), &json!([])) },
                { "parentId": 99, "nextId": null, "node": text(50, "nowhere") }] }),
        ),
        change(
            600,
            json!({ "source": 1, "positions": [{ "x": 5, "y": 6, "id": 10, "timeOffset": -300 }, { "x": 7.4, "y": 8, "id": 10, "timeOffset": 0 }] }),
        ),
        change(700, json!({ "source": 5, "id": 14, "text": "more", "isChecked": false })),
        change(800, json!({ "source": 3, "id": 1, "x": 0, "y": 300 })),
        change(900, json!({ "source": 8, "id": 6, "adds": [{ "rule": "g { h: i }", "index": 1 }], "removes": [] })),
        change(
            950,
            json!({ "source": 0, "texts": [], "attributes": [], "removes": [{ "parentId": 11, "id": 12 }], "adds": [] }),
        ),
        change(1_000, json!({ "source": 9, "id": 10, "commands": [] })),
    ]
}

#[test]
fn a_log_becomes_a_recording() {
    let (log, out) = (scratch("log.json"), scratch("log.cbr"));
    fs::write(&log, serde_json::to_vec(&events()).unwrap()).unwrap();
    let (log, out) = (log.to_str().unwrap(), out.to_str().unwrap());
    let output = cobrowse(&["import", "--from", "rrweb", log, "--force"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    for part in [
        "log.cbr: 9 events",
        "1.000 s",
        "left out: 1 × drawing on a canvas",
        "left out: 1 × node whose parent is not there",
    ] {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
    assert!(cobrowse(&["verify", "--strict", out]).status.success());
    let page = |at: &str| String::from_utf8(cobrowse(&["replay", out, "--at", at, "--html"]).stdout).unwrap();
    let first = page("20ms");
    for part in ["lang=\"en\"", "<ul class=\"a\"><li>one</li></ul>", "p { color: red }", "in a shadow root"] {
        assert!(first.contains(part), "{part} is not in\n{first}");
    }
    assert!(!first.contains("steal"), "{first}");
    let last = page("1s");
    for part in ["color: teal; width: 3px !important;", "<li></li><li id=\"last\"></li></ul>", "more", "g { h: i }"] {
        assert!(last.contains(part), "{part} is not in\n{last}");
    }
    assert!(!last.contains("one, changed"), "{last}");
    let told = String::from_utf8(cobrowse(&["inspect", out, "--json"]).stdout).unwrap();
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((told["url"].as_str(), told["viewport"].as_str()), (Some("https://shop.example/"), Some("800x600")));
    // A line for each event is a log, too; and a file that is there stays.
    let lines: Vec<String> = events().iter().map(Value::to_string).collect();
    fs::write(log, lines.join("\n")).unwrap();
    let output = cobrowse(&["import", "--from", "rrweb", log]);
    assert_eq!(output.status.code(), Some(2), "written over");
    assert!(cobrowse(&["import", "--from", "rrweb", log, "--force"]).status.success());
}

#[test]
fn what_is_no_log_is_refused_with_its_place() {
    let log = scratch("bad.json");
    for (text, expected) in [
        ("not json", "expected events of rrweb"),
        ("[{\"type\":3,\"timestamp\":1,\"data\":{}}]", "event 0: expected a number as `data.source`"),
        ("[\"x\u{9c}\"]", "unpack them first"),
    ] {
        fs::write(&log, text).unwrap();
        let output = cobrowse(&["import", "--from", "rrweb", log.to_str().unwrap(), "--out", "-"]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(told.contains("bad.json") && told.contains(expected), "{text}: {told}");
    }
}

#[test]
fn events_may_be_so_deep_and_no_deeper() {
    let log = scratch("too-deep.json");
    let nested =
        |levels: usize| format!("[{{\"type\":2,\"data\":{}1{}}}]", "{\"a\":".repeat(levels), "}".repeat(levels));
    // The first is read, and is no event; of the second nothing is read.
    for (levels, expected) in
        [(399_998, "event 0: expected a number as `timestamp`"), (20_000_000, "more than 400000 levels")]
    {
        fs::write(&log, nested(levels)).unwrap();
        let output = cobrowse(&["import", "--from", "rrweb", log.to_str().unwrap(), "--out", "-"]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("too-deep.json") && told.contains(expected), "{told}");
    }
    fs::remove_file(&log).unwrap();
}

#[test]
fn pages_may_be_deep_and_sheets_many() {
    let (log, out) = (scratch("deep.json"), scratch("deep.cbr"));
    let mut page = json!({ "type": 3, "id": 2, "textContent": "at the bottom" });
    for id in 3..900 {
        page = element(id, "div", &json!({}), &json!([page]));
    }
    let sheet = |id: u32| json!({ "type": 3, "timestamp": id, "data": { "source": 15, "id": 1, "styleIds": [1, id], "styles": [{ "styleId": id, "rules": [{ "rule": "a { b: c }" }] }] } });
    let area = element(2_000, "textarea", &json!({ "value": "old" }), &json!([]));
    let area = json!({ "type": 3, "timestamp": 5, "data": { "source": 0, "texts": [], "removes": [],
        "adds": [{ "parentId": 899, "nextId": null, "node": area }], "attributes": [{ "id": 2_000, "attributes": { "value": "new" } }] } });
    let events = json!([{ "type": 2, "timestamp": 1, "data": { "node": { "type": 0, "id": 1, "childNodes": [page] }, "initialOffset": {} } },
        sheet(2), sheet(3), area]);
    fs::write(&log, events.to_string()).unwrap();
    let output = cobrowse(&["import", "--from", "rrweb", log.to_str().unwrap(), "--force"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(cobrowse(&["verify", "--strict", out.to_str().unwrap()]).status.success());
    let html = String::from_utf8(cobrowse(&["replay", out.to_str().unwrap(), "--html"]).stdout).unwrap();
    assert!(html.contains("at the bottom") && html.contains("new</textarea>") && !html.contains("old"), "{html}");
}
