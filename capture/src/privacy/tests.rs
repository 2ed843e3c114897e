//! What passes the gate, and what becomes of the rest.

use super::*;

fn input(kind: Option<&'static str>, autocomplete: Option<&'static str>) -> Subject<'static> {
    Subject { tag: Tag::Input, kind, autocomplete, ..Subject::default() }
}

fn gated(rules: Rules, name: &str, value: &str) -> Option<String> {
    let mut out = Vec::new();
    match attr(Policy::default(), rules, Class::of(Namespace::None, name), NameId::NONE, value, &mut out) {
        Verdict::Pass => Some(value.to_owned()),
        Verdict::Instead => Some(String::from_utf8(out).unwrap()),
        Verdict::Drop => None,
    }
}

#[test]
fn an_element_that_says_nothing_has_the_rules_that_would_be_worked_out() {
    let plain = Subject { kind: Some("password"), name: Some("token"), id: Some("cvc"), ..Subject::default() };
    for before in [Rules::default(), Rules::SECRET, Rules::MASK, Rules::FILE.with(Rules::UNMASK)] {
        let none = Rules::default();
        assert!(plain.says_nothing());
        assert_eq!(plain.rules(none, before), plain.worked_out(none, before), "{before:?}");
    }
    for said in [
        Subject { tag: Tag::Input, ..plain },
        Subject { mask: true, ..plain },
        Subject { unmask: true, ..plain },
        Subject { block: true, ..plain },
        Subject { deny: true, ..plain },
        Subject { marks: mark::DENY, ..plain },
    ] {
        assert!(!said.says_nothing(), "{said:?}");
    }
}

#[test]
fn passwords_cards_and_files_are_recognised_and_stick() {
    let none = Rules::default();
    let password = input(Some("PassWord"), None).rules(none, none);
    assert!(password.has(Rules::SECRET));
    assert!(input(Some("text"), None).rules(none, password).has(Rules::SECRET), "shown password");
    assert!(input(None, Some("section-a billing cc-number")).rules(none, none).has(Rules::SECRET));
    assert!(!input(None, Some("email")).rules(none, none).has(Rules::SECRET));
    assert!(input(Some("file"), None).rules(none, none).is_closed());
    assert_eq!(gated(password, "value", "hunter2").as_deref(), Some("*******"));
    assert_eq!(gated(input(Some("file"), None).rules(none, none), "value", "C:\\x.pdf"), None);
}

#[test]
fn masks_keep_the_shape_and_nothing_else() {
    let mut out = Vec::new();
    assert_eq!(data(Policy::default(), Rules::MASK, "Max M\u{fc}ller\n 42", &mut out), Verdict::Instead);
    assert_eq!(out, b"*** ******\n **");
    for name in ["placeholder", "title", "alt", "aria-label", "data-name", "content"] {
        assert_eq!(gated(Rules::MASK, name, "secret").as_deref(), Some("******"), "{name}");
    }
    assert_eq!(gated(Rules::MASK, "href", "/account/secret").as_deref(), Some(""));
    assert_eq!(gated(Rules::MASK, "class", "row").as_deref(), Some("row"));
}

#[test]
fn what_the_page_masks_is_not_unmasked_below() {
    let none = Rules::default();
    let region = Subject { mask: true, ..Subject::default() }.rules(none, none);
    let below = Subject { marks: mark::UNMASK, ..Subject::default() };
    assert!(below.rules(region, none).has(Rules::MASK));
    let by_option = Subject { marks: mark::MASK, ..Subject::default() }.rules(none, none);
    assert!(!below.rules(by_option, none).has(Rules::MASK));
}

#[test]
fn handlers_and_script_addresses_never_leave() {
    let none = Rules::default();
    assert_eq!(gated(none, "onclick", "steal()"), None);
    assert!(gated(none, "on-hover-do", "show()").is_some(), "no browser runs it");
    assert_eq!(gated(none, "href", " \u{1}java\nscript:alert(1)").as_deref(), Some("#"));
    assert_eq!(
        gated(none, "href", "https://example.test/javascript:").as_deref(),
        Some("https://example.test/javascript:")
    );
    assert_eq!(gated(Rules::SCRIPT, "src", "app.js?key=secret"), None);
}

fn state_of(rules: Rules, name: &str, value: &str) -> Option<String> {
    let mut out = Vec::new();
    match attr(Policy::default(), rules, Class::of(Namespace::Prop, name), NameId::NONE, value, &mut out) {
        Verdict::Pass => Some(value.to_owned()),
        Verdict::Instead => Some(String::from_utf8(out).unwrap()),
        Verdict::Drop => None,
    }
}

#[test]
fn private_by_default_masks_all_but_what_is_unmasked() {
    let none = Rules::default();
    let root = Policy { private: true, ..Policy::default() }.rules();
    let page = Subject::default().rules(root, none);
    assert!(page.has(Rules::MASK) && page.has(Rules::DEFAULT));
    assert_eq!(gated(page, "title", "secret").as_deref(), Some("******"));
    assert_eq!(gated(page, "src", "/secret.png").as_deref(), Some(""));
    let unmask = Subject { unmask: true, ..Subject::default() };
    let open = unmask.rules(page, none);
    assert!(!open.has(Rules::MASK.with(Rules::DEFAULT)));
    let inside = Subject { mask: true, ..Subject::default() }.rules(open, none);
    assert!(inside.has(Rules::MASK) && !inside.has(Rules::DEFAULT));
    assert!(unmask.rules(inside, none).has(Rules::MASK), "what the page marks");
    let selected = Subject { marks: mark::MASK, ..Subject::default() }.rules(page, none);
    assert!(!selected.has(Rules::DEFAULT), "another reason is nearer");
    let both = Subject { marks: mark::MASK, unmask: true, ..Subject::default() };
    assert!(both.rules(none, none).has(Rules::MASK), "a selector that names it goes before the attribute");
    let password = Subject { unmask: true, ..input(Some("password"), None) }.rules(page, none);
    assert_eq!(gated(password, "value", "hunter2").as_deref(), Some("*******"));
}

#[test]
fn private_by_default_keeps_the_look() {
    let none = Rules::default();
    let page = Policy { private: true, ..Policy::default() }.rules();
    let of = |tag, rel| Subject { tag, rel, ..Subject::default() }.rules(page, none);
    let link = of(Tag::Link, Some("preload Stylesheet"));
    assert_eq!(gated(link, "href", "/a.css?v=1&token=x").as_deref(), Some("/a.css?v=1&token=*"));
    assert_eq!(gated(of(Tag::Link, Some("next")), "href", "/a").as_deref(), Some(""));
    let path = of(Tag::of(Namespace::Svg, "path"), None);
    assert_eq!(gated(path, "d", "M0 0h1").as_deref(), Some("M0 0h1"));
    assert_eq!(gated(path, "aria-label", "secret").as_deref(), Some("******"));
    assert_eq!(gated(of(Tag::of(Namespace::Svg, "image"), None), "href", "/a.png").as_deref(), Some(""));
    assert_eq!(state_of(page, "base", "https://a.test/x?token=x").as_deref(), Some("https://a.test/x?token=*"));
    assert_eq!(state_of(Rules::MASK, "base", "https://a.test/x"), None);
    let marked = Subject { tag: Tag::of(Namespace::Svg, "path"), mask: true, ..Subject::default() }.rules(page, none);
    assert_eq!(gated(marked, "d", "M0 0h1").as_deref(), Some("** ***"));
}

#[test]
fn fields_with_a_telling_name_and_proofs_are_secret() {
    let none = Rules::default();
    let named = |tag, kind, name| Subject { tag, kind, name: Some(name), ..Subject::default() }.rules(none, none);
    assert!(named(Tag::Field, None, "card_number").has(Rules::SECRET));
    assert!(named(Tag::Input, Some("hidden"), "csrf_token").has(Rules::SECRET));
    assert!(!named(Tag::Input, Some("text"), "token_count").has(Rules::SECRET));
    let meta = named(Tag::Meta, None, "csrf-token");
    assert_eq!(gated(meta, "content", "secret").as_deref(), Some("******"));
    assert!(!named(Tag::Other, None, "card_number").has(Rules::SECRET));
}

#[test]
fn denied_elements_and_what_is_below_are_so_and_nothing_is_kept() {
    let none = Rules::default();
    let denied = Subject { deny: true, ..Subject::default() }.rules(none, none);
    assert_eq!(denied, Rules::DENY);
    assert!(Subject::default().rules(denied, none).has(Rules::DENY));
    let marked = Subject { marks: mark::DENY, ..Subject::default() }.rules(none, none);
    assert_eq!(marked.marks(), mark::DENY);
    assert_eq!(gated(denied, "title", "open").as_deref(), Some("open"));
}

#[test]
fn styles_of_what_is_masked_hold_no_text() {
    assert_eq!(gated(Rules::MASK, "style", "--n:\"Max\";color:red").as_deref(), Some("--n:\"***\";color:red"));
    assert_eq!(gated(Rules::BLOCK, "style", "width:9px;--n:Max").as_deref(), Some("width:9px;--n:***"));
    assert_eq!(gated(Rules::default(), "style", "--n:\"Max\"").as_deref(), Some("--n:\"Max\""));
    let style = Rules::MASK.with(Rules::STYLE);
    let mut out = Vec::new();
    assert_eq!(data(Policy::default(), style, "a{content:'Max'}", &mut out), Verdict::Instead);
    assert_eq!(out, b"a{content:'***'}");
}

#[test]
fn what_is_chosen_and_documents_in_attributes_do_not_leave() {
    assert_eq!(gated(Rules::MASK, "checked", ""), None);
    assert_eq!(gated(Rules::MASK, "aria-checked", "true"), None);
    assert_eq!(gated(Rules::SECRET, "selected", ""), None, "the month in which a card expires");
    assert_eq!(gated(Rules::default(), "srcdoc", "<input type=password value=x>"), None);
}

#[test]
fn a_fixed_length_hides_how_much_there_is() {
    let policy = Policy { fixed: true, ..Policy::default() };
    let mut out = Vec::new();
    for (text, expected) in [("Max", "********"), (" a b\n", " ******** "), ("\n  ", "\n  "), ("", "")] {
        mask(policy, text, &mut out);
        assert_eq!(out, expected.as_bytes());
    }
}
