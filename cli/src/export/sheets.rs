//! Style sheets that scripts changed, as rrweb has them: with their element, or adopted.

use super::nodes::{id_of, property};
use protocol::tree::{Kind, NONE, ROOT, Tree};
use serde_json::{Value, json};

/// The sheet of an element whose rules are not what its text or address says.
pub(super) fn of(tree: &Tree, id: u32) -> Option<u32> {
    let first = tree.node(id).first;
    (tree.node(first).kind == Kind::Sheet && tree.node(id).kind == Kind::Element).then_some(first)
}

/// Its rules.
pub(super) fn text(tree: &Tree, sheet: u32) -> String {
    tree.children(sheet).map(|rule| tree.data_str(rule)).collect::<Vec<_>>().join(" ")
}

/// The documents and shadow roots that have adopted constructed sheets, with the events' data for each: all rules anew.
pub(super) fn adopted(tree: &Tree) -> Vec<Value> {
    let mut out = Vec::new();
    let (mut id, mut top) = (ROOT, ROOT);
    while id != NONE {
        let kind = tree.node(id).kind;
        if matches!(kind, Kind::Document | Kind::Frame) {
            top = id;
        }
        if matches!(kind, Kind::Document | Kind::Frame | Kind::Shadow)
            && let Some(list) = property(tree, id, "adopted")
        {
            out.push(of_root(tree, top, id, list));
        }
        id = tree.following(id, ROOT);
    }
    out
}

fn of_root(tree: &Tree, top: u32, root: u32, list: &str) -> Value {
    let numbers: Vec<u64> = list.split_ascii_whitespace().filter_map(|number| number.parse().ok()).collect();
    let sheet_of = |number: u64| {
        let mut sheets = tree.children(top).take_while(|id| tree.node(*id).kind == Kind::Sheet);
        sheets.find(|id| property(tree, *id, "sheet").and_then(|text| text.parse().ok()) == Some(number))
    };
    let styles: Vec<Value> = numbers
        .iter()
        .filter_map(|number| {
            let sheet = sheet_of(*number)?;
            let rules: Vec<Value> = tree
                .children(sheet)
                .enumerate()
                .map(|(index, rule)| json!({ "rule": tree.data_str(rule), "index": index }))
                .collect();
            Some(json!({ "styleId": number, "rules": rules }))
        })
        .collect();
    // A shadow root has its host's id there.
    let host = if tree.node(root).kind == Kind::Shadow { tree.node(root).parent } else { root };
    json!({ "source": 15, "id": id_of(host), "styleIds": numbers, "styles": styles })
}
