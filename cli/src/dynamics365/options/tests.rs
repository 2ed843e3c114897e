use super::*;
use crate::dynamics365::archive::Files;
use clap::Parser;

#[derive(Debug, Parser)]
struct Alone {
    #[command(flatten)]
    args: Args,
}

fn args(flags: &[&str]) -> Args {
    let fixed = ["package", "--relay", "https://relay.example", "--out", "unused.zip", "--screen-sharing"];
    Alone::try_parse_from(fixed.iter().chain(flags)).unwrap().args
}

fn files(flags: &[&str]) -> Files {
    Files { schema: records::schema(), data: records::data(&package::records(&args(flags).wishes())) }
}

/// What is wrong with the package that these options would make.
fn refused(flags: &[&str]) -> Vec<String> {
    problems(&files(flags)).1
}

/// What is wrong once a text of the records is another one.
fn changed(from: &str, to: &str) -> Vec<String> {
    let files = files(&[]);
    assert!(files.data.contains(from), "{from}");
    problems(&Files { data: files.data.replacen(from, to, 1), ..files }).1
}

fn schema_changed(from: &str, to: &str) -> Vec<String> {
    let files = files(&[]);
    assert!(files.schema.contains(from), "{from}");
    problems(&Files { schema: files.schema.replacen(from, to, 1), ..files }).1
}

/// One problem, whose place and ids are another matter.
fn one(problems: &[String], expected: &str) {
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(problems[0].contains(expected), "{}\nshould say {expected}", problems[0]);
}

#[test]
fn what_is_made_is_sound() {
    assert_eq!(refused(&[]), [""; 0]);
    assert_eq!(refused(&["--no-cobrowse"]), [""; 0]);
    let odd = ["--provider", "Fish & <Chips> \"Ltd\"", "--label", "de-DE=Mit\u{e4}sehen & mehr", "--order", "7"];
    assert_eq!(refused(&odd), [""; 0]);
}

#[test]
fn options_come_into_the_records() {
    let data = files(&[
        "--provider",
        "Alder",
        "--prefix",
        "alder",
        "--label",
        "1031=Mitsehen",
        "--tooltip",
        "1033=See the page",
        "--tooltip",
        "1031=Die Seite sehen",
        "--slash-command",
        "/see",
        "--order",
        "4",
        "--icon",
        "/WebResources/own_/eye.svg",
    ])
    .data;
    for expected in [
        "name=\"msdyn_name\" value=\"Alder\"",
        "name=\"msdyn_label\" value=\"Co-browse\"",
        "name=\"msdyn_label\" value=\"Mitsehen\"",
        "name=\"msdyn_tooltip\" value=\"See the page\"",
        "name=\"msdyn_tooltip\" value=\"Die Seite sehen\"",
        "name=\"msdyn_slashcommands\" value=\"/see\"",
        "name=\"msdyn_slashcommands\" value=\"/ss\"",
        "name=\"msdyn_order\" value=\"4\"",
        "name=\"msdyn_order\" value=\"1\"",
        "name=\"msdyn_icon\" value=\"/WebResources/own_/eye.svg\"",
        "name=\"msdyn_eventname\" value=\"100000000\"",
        "name=\"msdyn_eventparameter\" value=\"alder_cobrowse\"",
        "name=\"msdyn_uniquename\" value=\"alder_cobrowse\"",
        "name=\"msdyn_pagetype\" value=\"509180002\"",
        "value=\"{&quot;webresourceName&quot;:&quot;alder_/cobrowse.html&quot;}\"",
        "name=\"msdyn_name\" value=\"Alder_cobrowse\"",
        "name=\"msdyn_name\" value=\"Alder_screensharing\"",
        "name=\"msdyn_escalationchannelmode\" value=\"192350002\"",
        "name=\"msdyn_escalationchannelmode\" value=\"100000000\"",
    ] {
        assert!(data.contains(expected), "{expected} in\n{data}");
    }
}

#[test]
fn languages_are_numbers_or_tags() {
    assert_eq!(words("1031=Mitsehen"), Ok((1031, "Mitsehen".to_owned())));
    assert_eq!(words("fr-FR= Voir = aider "), Ok((1036, "Voir = aider".to_owned())));
    for bad in ["", "1031", "1031=", "xx=a", "7=a", "99999=a"] {
        assert!(words(bad).unwrap_err().starts_with("expected LOCALE=TEXT"), "{bad}");
    }
    // A language that has a tooltip only has the English label.
    assert_eq!(
        languages((&[(1033, "See".to_owned())], "x"), (&[(1043, "Kijk".to_owned())], "y")),
        [(1033, "See".to_owned(), "y".to_owned()), (1043, "See".to_owned(), "Kijk".to_owned())]
    );
}

#[test]
fn a_slash_command_is_one_actions() {
    let found = refused(&["--screen-slash-command", "/CB"]);
    one(
        &found,
        "slash command: expected one that no other action has, found /CB for msdyn_conversationaction \"ScreenSharingAction\", which msdyn_conversationaction \"CobrowseAction\" has",
    );
    assert!(found[0].starts_with("data.xml:"), "{}", found[0]);
    // In several languages it is still one action's.
    assert_eq!(refused(&["--label", "1031=Mitsehen"]), [""; 0]);
    one(&refused(&["--slash-command", "cb"]), "msdyn_slashcommands: expected a slash and a word, as /cb, found \"cb\"");
    one(&refused(&["--slash-command", "/c b"]), "msdyn_slashcommands: expected a slash and a word");
}

#[test]
fn a_capability_is_unique_for_action_and_provider() {
    // The same name for both buttons makes one action of them.
    let found = refused(&["--screen-name", "CobrowseAction"]);
    assert!(found.iter().any(|problem| problem.contains("id: expected one record with")), "{found:#?}");
    // Two records for one action and one provider.
    let files = files(&[]);
    let action = |name: &str| {
        let at = files
            .data
            .find(&format!("lookupentityname=\"{name}\" />\n        <field name=\"msdyn_escalation"))
            .unwrap();
        files.data[..at].rfind("<field").map(|from| files.data[from..at].to_owned()).unwrap()
    };
    let (screen, page) = (action("ScreenSharingAction"), action("CobrowseAction"));
    let at = files.data.rfind(&screen).unwrap();
    let data = format!("{}{page}{}", &files.data[..at], &files.data[at + screen.len()..]);
    let found = problems(&Files { data, ..files }).1;
    one(
        &found,
        "msdyn_conversationaction: expected one capability for msdyn_conversationaction \"CobrowseAction\" and msdyn_provider \"Cobrowse\", found msdyn_channelcapability \"Cobrowse_cobrowse\" before it",
    );
}

#[test]
fn option_sets_have_their_values() {
    one(
        &changed("value=\"192350002\"", "value=\"192350007\""),
        "msdyn_escalationchannelmode: expected one of 100000000 (Screen sharing), 192350000 (Audio), 192350001 (Video), 192350002 (Co-browse), 192350003 (None), found 192350007",
    );
    one(
        &changed("value=\"192350002\"", "value=\"192350000\""),
        "expected 192350002 (Co-browse) or 100000000 (Screen sharing)",
    );
    one(
        &changed("msdyn_eventname\" value=\"100000000\"", "msdyn_eventname\" value=\"3\""),
        "msdyn_eventname: expected one of 100000000 (Open App Tab Template)",
    );
    one(&changed("value=\"509180002\"", "value=\"1\""), "msdyn_pagetype: expected one of 509180002 (Web Resource)");
    one(
        &changed("msdyn_eventname\" value=\"100000000\"", "msdyn_eventname\" value=\"open\""),
        "msdyn_conversationaction: msdyn_eventname: expected a whole number, found \"open\"",
    );
}

#[test]
fn lookups_lead_to_what_is_there() {
    let id = records::Record::new(super::super::entities::PROVIDER, "Cobrowse", vec![]).id.to_string();
    let gone = id.replace('a', "b").replace('1', "2");
    let found = changed(
        &format!("name=\"msdyn_provider\" value=\"{id}\""),
        &format!("name=\"msdyn_provider\" value=\"{gone}\""),
    );
    one(&found, &format!("msdyn_provider: expected a msdyn_provider of the package, found none with {gone}"));
    one(
        &changed("lookupentity=\"msdyn_provider\"", "lookupentity=\"account\""),
        "msdyn_provider: expected lookupentity=\"msdyn_provider\", found \"account\"",
    );
    one(
        &changed("msdyn_eventparameter\" value=\"cobrowse_cobrowse\"", "msdyn_eventparameter\" value=\"other\""),
        "msdyn_eventparameter: expected the name of an application tab template of the package, found \"other\"",
    );
}

#[test]
fn required_records_are_there() {
    let files = files(&[]);
    let from = files.data.find("  <entity name=\"msdyn_conversationactionlocale\"").unwrap();
    let to = files.data[from..].find("</entity>\n").unwrap() + from + "</entity>\n".len();
    let data = format!("{}{}", &files.data[..from], &files.data[to..]);
    let found = problems(&Files { data, ..files }).1;
    assert!(found[0].starts_with("data.xml: expected a record of msdyn_conversationactionlocale"), "{found:#?}");
    assert_eq!(
        found.iter().filter(|problem| problem.contains("expected a locale record in English (1033)")).count(),
        2
    );
    one(&changed("value=\"1033\"", "value=\"1031\""), "expected a locale record in English (1033), found none");
    let found = changed("value=\"1033\"", "value=\"12\"");
    assert!(
        found[1].contains("msdyn_locale_picklist: expected a language's number, such as 1033, found 12"),
        "{found:#?}"
    );
}

#[test]
fn a_template_has_its_limits() {
    let long = format!("{{&quot;webresourceName&quot;:&quot;{}&quot;}}", "x".repeat(2_048));
    one(
        &changed("{&quot;webresourceName&quot;:&quot;cobrowse_/cobrowse.html&quot;}", &long),
        "msdyn_templateparameters: expected at most 2048 characters, found 2070",
    );
    one(
        &changed("{&quot;webresourceName&quot;:&quot;cobrowse_/cobrowse.html&quot;}", "{}"),
        "expected a JSON object with webresourceName, found {}",
    );
    one(&changed("{&quot;webresourceName", "{webresourceName"), "expected a JSON object with webresourceName");
    let found = refused(&["--prefix", "ab"]);
    assert!(
        found
            .iter()
            .all(|problem| problem.contains("msdyn_uniquename: expected a prefix of 3 to 8 letters and digits")),
        "{found:#?}"
    );
    assert_eq!(found.len(), 2);
}

#[test]
fn schema_and_data_agree() {
    one(
        &changed("name=\"msdyn_icon\"", "name=\"msdyn_picture\""),
        "msdyn_conversationaction: msdyn_picture: expected a field of the entity in data_schema.xml",
    );
    let found = changed("<entity name=\"msdyn_provider\"", "<entity name=\"account\"");
    assert_eq!(found[0], "data.xml:2:3: account: expected an entity of data_schema.xml");
    // And what leads there leads nowhere.
    assert_eq!(found.len(), 3, "{found:#?}");
    let found = schema_changed("type=\"number\"", "type=\"integer\"");
    one(&found, "data_schema.xml:");
    assert!(found[0].ends_with("msdyn_conversationaction: msdyn_order: expected a type of guid, string, number, optionsetvalue, entityreference, state, status, found \"integer\""), "{}", found[0]);
    one(
        &schema_changed(" lookupType=\"msdyn_provider\"", ""),
        "msdyn_provider: expected the attribute lookupType, as it leads to a record",
    );
    one(
        &schema_changed(" primaryKey=\"true\"", ""),
        "msdyn_providerid: expected type=\"guid\" primaryKey=\"true\", as it is the id",
    );
    one(&schema_changed("primaryidfield=\"msdyn_providerid\"", ""), "<entity>: expected the attribute primaryidfield");
    one(
        &changed("msdyn_order\" value=\"0\"", "msdyn_order\" value=\"first\""),
        "msdyn_order: expected a whole number, found \"first\"",
    );
    one(
        &changed(
            "name=\"msdyn_order\" value=\"0\" />",
            "name=\"msdyn_order\" value=\"0\" />\n<field name=\"msdyn_order\" value=\"1\" />",
        ),
        "msdyn_order: expected once, found twice",
    );
}

#[test]
fn what_is_no_xml_is_said_with_its_place() {
    let files = files(&[]);
    let with = |data: &str| problems(&Files { data: data.to_owned(), schema: files.schema.clone() }).1;
    assert_eq!(with("\u{feff}<entities />"), ["data.xml: expected \"<\" as the first byte, found '\\u{feff}'"]);
    assert_eq!(with(""), ["data.xml: expected \"<\" as the first byte, found nothing"]);
    assert_eq!(with("<records />"), ["data.xml:1:1: expected <entities>, found <records>"]);
    let found = with("<entities>\n  <entity");
    assert!(found[0].starts_with("data.xml:1:1: expected XML"), "{found:?}");
    // Nothing of it is believed that could be endless.
    let found = with("<!DOCTYPE a [<!ENTITY b \"c\">]><entities>&b;</entities>");
    assert!(found[0].contains("expected XML"), "{found:?}");
    assert_eq!(with("<entities />").len(), 5);
}
