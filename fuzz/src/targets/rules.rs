//! Files of privacy rules: JSON, and an XML file of DOM restrictions.

use crate::{Target, included::rules::Rules, memory};
use serde_json::Value;

/// See [`run`].
pub const TARGET: Target = Target {
    name: "rules",
    about: "a file of rules is refused with its place, or pages get each selector that stands in it",
    most_bytes: 16 << 10,
    run,
    seeds,
    words: &[
        "<domRestrictions>",
        "</domRestrictions>",
        "<restrictionsSet>",
        "</restrictionsSet>",
        "<uriTemplate>",
        "</uriTemplate>",
        "<dataMasking>",
        "</dataMasking>",
        "<domControl>",
        "</domControl>",
        "<element>",
        "</element>",
        "selector=",
        "pattern=",
        "value=",
        "<!DOCTYPE",
        "<!ENTITY",
        "<![CDATA[",
        "]]>",
        "&amp;",
        "&#x",
        "<?xml version=\"1.0\"?>",
        "xmlns:a=",
        "{\"rules\":[",
        "\"mask\":",
        "\"unmask\":",
        "\"block\":",
        "\"ignore\":",
        "\"deny\":",
        "\"url\":",
        "\"urlRegex\":",
        "\"note\":",
        "\"private\":true",
        "\"maskLength\":\"fixed\"",
        "\"urls\":\"mask-query\"",
        "(?:",
        "(?=",
        "(?<=",
        "[^",
        "{1,99}",
        "\\\\p{L}",
        "\\\\k<a>",
        "(?<a>",
    ],
};

/// A file of 16 KB takes no more: text, nodes, and regular expressions of 4 KB that were looked at.
const MOST_BYTES: usize = 64 << 20;

/// Reads a file of rules.
///
/// # Panics
/// Where an error says nothing, or the rules that pages get are not those of the file.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let rules = match memory::within(MOST_BYTES, || Rules::parse(text)) {
        Ok(rules) => rules,
        Err(error) => {
            let said = error.to_string();
            let places = ["line ", "rule ", "rules: ", "column ", "position ", ":"];
            assert!(places.iter().any(|place| said.contains(place)), "an error without a place: {said}");
            return;
        }
    };
    let json = serde_json::to_string(&rules).unwrap();
    // What pages get is a file of rules, and says the same.
    let again = Rules::parse(&json).unwrap_or_else(|error| panic!("{json} is refused: {error}"));
    assert_eq!(again, rules, "rules that were written are read the same");
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('<') {
        every_element(text, &json);
    }
}

/// Each selector of the XML is in every rule of its set, in its list.
fn every_element(text: &str, json: &str) {
    let served: Value = serde_json::from_str(json).unwrap();
    let document = roxmltree::Document::parse(text).expect("it was understood");
    let mut rules = served["rules"].as_array().unwrap().iter();
    for set in document.root_element().children().filter(roxmltree::Node::is_element) {
        let parts = |name: &str| {
            set.children().filter(move |part| part.is_element() && part.tag_name().name() == name).collect::<Vec<_>>()
        };
        let templates = parts("uriTemplate").len() + usize::from(set.has_attribute("uriTemplate"));
        for _ in 0..templates.max(1) {
            let rule = rules.next().expect("a rule for each template");
            assert_eq!(rule.get("urlRegex").is_some(), templates > 0, "a rule for all pages: {rule}");
            for (list, name) in [("mask", "dataMasking"), ("deny", "domControl")] {
                let elements =
                    parts(name).iter().flat_map(roxmltree::Node::children).filter(roxmltree::Node::is_element).count();
                let told = rule[list].as_array().map_or(0, Vec::len);
                // Without a list of its own a set keeps agents from submitting.
                let expected = if list == "deny" && parts(name).is_empty() { 1 } else { elements };
                assert_eq!(told, expected, "{list} of {rule}");
            }
        }
    }
    assert!(rules.next().is_none(), "more rules than templates");
}

/// Files as `docs/privacy.md` and the integrations' pages show them.
fn seeds() -> Vec<Vec<u8>> {
    [
        r#"{ "private": true, "maskLength": "fixed", "urls": "mask-query", "rules": [
        { "note": "balances", "url": "/account/*", "mask": [".balance", "[data-x=\")\"]"], "deny": "b.close" },
        { "urlRegex": "^https://(?!www)", "unmask": ".title", "block": ["video"], "ignore": [".ad"] }] }"#,
        r##"<?xml version="1.0"?>
<domRestrictions>
  <restrictionsSet>
    <uriTemplate type="regexp" pattern="https?://shop\.example/.*"/>
    <uriTemplate>/basket</uriTemplate>
    <dataMasking><element selector="#total"/><element>.card &gt; b</element></dataMasking>
    <domControl><element selector="[type=submit]"/></domControl>
  </restrictionsSet>
  <restrictionsSet uriTemplate="^https://"><dataMasking/></restrictionsSet>
</domRestrictions>"##,
        "<domRestrictions><restrictionsSet><dataMasking><element selector='a[b=\"]\"]'/></dataMasking></restrictionsSet></domRestrictions>",
        r#"{"rules":[{"urlRegex":"^(?:[a-z]{2,40}|\\d+(?<year>\\d{4})\\k<year>)*$","mask":"a"}]}"#,
        "\u{feff}{\"rules\": []}",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}
