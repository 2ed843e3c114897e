//! What a file of rules may say, and what is said of one that is refused.

use super::*;
use serde_json::{Value, json};

fn served(text: &str) -> Value {
    serde_json::to_value(Rules::parse(text).unwrap()).unwrap()
}

fn refused(text: &str) -> String {
    Rules::parse(text).unwrap_err().to_string()
}

#[test]
fn a_file_is_served_as_pages_read_it() {
    let text = r#"{ "private": true, "maskLength": "fixed", "urls": "mask-query", "rules": [
        { "note": "balances", "url": "/account/*", "mask": [".balance", "[data-x=\")\"]"], "deny": "b.close" },
        { "urlRegex": "^https://(?!www)", "unmask": ".title", "block": ["video"], "ignore": [".ad"] }] }"#;
    let expected = json!({ "private": true, "maskLength": "fixed", "urls": "mask-query", "rules": [
        { "url": "/account/*", "mask": [".balance", "[data-x=\")\"]"], "deny": ["b.close"] },
        { "urlRegex": "^https://(?!www)", "unmask": [".title"], "block": ["video"], "ignore": [".ad"] }] });
    assert_eq!(served(text), expected);
    assert_eq!(served("\u{feff}{\"rules\": []}"), json!({ "rules": [] }));
}

#[test]
fn what_is_not_understood_is_refused_with_its_place() {
    for (text, expected) in [
        ("{\n  \"rules\": [{ \"maks\": \".a\" }]\n}", "unknown field `maks`"),
        ("{\n  \"rules\": [}\n", "at line 2 column 13"),
        ("{ \"mask\": \".a\" }", "unknown field `mask`"),
        ("{ \"private\": true }", "missing field `rules`"),
        ("{ \"rules\": [{ \"mask\": \".a[\" }] }", "rule 1, mask: expected a selector, found \".a[\""),
        ("{ \"rules\": [{ \"mask\": \"\" }] }", "rule 1, mask: expected something, found nothing"),
        (
            "{ \"rules\": [{ \"url\": \"/\" }] }",
            "rule 1: expected selectors to mask, unmask, block, ignore or deny, found none",
        ),
        (
            "{ \"rules\": [{ \"mask\": \"a\" }, { \"urlRegex\": \"(\", \"mask\": \"a\" }] }",
            "rule 2, urlRegex: expected a regular expression of JavaScript, found \"(\"",
        ),
        (
            "{ \"rules\": [{ \"url\": \"/\", \"urlRegex\": \"/\", \"mask\": \"a\" }] }",
            "rule 1: expected url or urlRegex, not both",
        ),
        ("{ \"rules\": [], \"maskLength\": \"long\" }", "unknown variant `long`"),
    ] {
        let error = refused(text);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn restrictions_in_xml_are_rules() {
    let text = r##"<?xml version="1.0"?>
<domRestrictions>
  <restrictionsSet>
    <uriTemplate type="regexp" pattern="https?://shop\.example/.*"/>
    <uriTemplate>/basket</uriTemplate>
    <dataMasking><element selector="#iban"/><element> .name </element></dataMasking>
    <domControl><element selector="#delete"/></domControl>
  </restrictionsSet>
  <!-- Everywhere. -->
  <restrictionsSet><dataMasking><element selector="input"/></dataMasking></restrictionsSet>
</domRestrictions>"##;
    let (mask, deny) = (json!(["#iban", ".name"]), json!(["#delete"]));
    let expected = json!({ "rules": [
        { "urlRegex": "https?://shop\\.example/.*", "mask": mask, "deny": deny },
        { "urlRegex": "/basket", "mask": mask, "deny": deny },
        { "mask": ["input"], "deny": ["[type=submit], [type=image], button:not([type])"] }] });
    assert_eq!(served(text), expected);
}

#[test]
fn restrictions_that_are_not_understood_name_line_and_column() {
    for (text, expected) in [
        ("<domRestrictions>\n  <restrictionsSet>\n</domRestrictions>", "3:1"),
        ("<restrictions/>", "line 1, column 1: expected domRestrictions, found <restrictions>"),
        (
            "<domRestrictions>\n <restrictionsSet>\n  <masking/></restrictionsSet></domRestrictions>",
            "line 3, column 3: expected uriTemplate, dataMasking or domControl, found <masking>",
        ),
        (
            "<domRestrictions>\n<restrictionsSet><dataMasking><element/></dataMasking></restrictionsSet></domRestrictions>",
            "line 2, column 31: expected something in an attribute or inside, found <element>",
        ),
        (
            "<domRestrictions><restrictionsSet>\n<uriTemplate pattern=\"(\"/></restrictionsSet></domRestrictions>",
            "line 2, column 1: rule 1, urlRegex: expected a regular expression",
        ),
        (
            "\n <!DOCTYPE x [<!ENTITY a \"b\">]><domRestrictions/>",
            "line 2, column 2: expected no document type, found <!DOCTYPE",
        ),
        (
            "<domRestrictions>\n<restrictionsSet>",
            "line 2, column 18: expected <domRestrictions> and its end tag, found the end of the file",
        ),
        (
            "<!-- nothing -->",
            "line 1, column 17: expected <domRestrictions> and its end tag, found the end of the file",
        ),
    ] {
        let error = refused(text);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn what_would_take_long_is_refused_with_its_place() {
    let attributes = (0..90_000).map(|index| format!(" a{index}='>'")).collect::<String>();
    let spaces = "<r xmlns:a=\"b\">".repeat(20_000);
    let element = "<element>a</element>".repeat(20_000);
    let templates = "<uriTemplate>a</uriTemplate>".repeat(900);
    for (text, expected) in [
        (
            format!("<!-- '{attributes} -->\n<domRestrictions{attributes}/>"),
            "line 2, column 1: expected at most 64 attributes",
        ),
        (format!("<domRestrictions>{spaces}"), "expected at most 1,000 declarations of namespaces, found more"),
        (
            format!(
                "<domRestrictions>\n<restrictionsSet>{templates}<dataMasking>{element}</dataMasking></restrictionsSet></domRestrictions>"
            ),
            "line 2, column 1: expected at most 100,000 selectors of all templates together, found more",
        ),
    ] {
        let error = refused(&text);
        assert!(error.contains(expected), "{error}");
    }
    let comment = format!("<domRestrictions><!-- '{attributes} --><restrictionsSet/></domRestrictions>");
    assert_eq!(Rules::parse(&comment).unwrap().len(), 1);
}

#[test]
fn a_file_that_changes_is_read_again_and_a_bad_one_changes_nothing() {
    let path = std::env::temp_dir().join(format!("cobrowse-rules-{}.json", std::process::id()));
    fs::write(&path, r#"{ "rules": [{ "mask": ".a" }] }"#).unwrap();
    let file = RulesFile::open(&path).unwrap();
    let first = file.json();
    file.refresh();
    assert_eq!(file.json(), first);
    for (text, expected) in [
        (r#"{ "rules": [{ "mask": ".bb" }] }"#, r#"{"rules":[{"mask":[".bb"]}]}"#),
        (r##"{ "rules": [{ "mask": "#ccc[" }] }"##, r#"{"rules":[{"mask":[".bb"]}]}"#),
        (r#"{ "rules": [{ "mask": ".dddd" }] }"#, r#"{"rules":[{"mask":[".dddd"]}]}"#),
    ] {
        fs::write(&path, text).unwrap();
        file.refresh();
        assert_eq!(file.json(), expected);
    }
    fs::remove_file(&path).unwrap();
    file.refresh();
    assert_eq!(file.json(), r#"{"rules":[{"mask":[".dddd"]}]}"#, "a file that is gone");
    assert!(RulesFile::open(&path).is_err());
}
