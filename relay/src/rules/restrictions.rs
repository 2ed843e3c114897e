//! An XML file of DOM restrictions, as Genesys Co-browse has them: sets with a template of addresses, selectors whose content
//! is masked, and selectors that an agent has no control of.
//!
//! The names of the elements below a set, and where a selector stands, are not verified against that product.

use super::{Entry, Rule, Rules, RulesError, Selectors, count};
use roxmltree::{Document, Node};

/// What an agent has no control of where a set does not say.
const SUBMITS: &str = "[type=submit], [type=image], button:not([type])";

/// The most attributes of an element, and declarations of namespaces in all: each is compared with all the others.
const MOST_ATTRIBUTES: usize = 64;
const MOST_NAMESPACES: usize = 1_000;

/// What begins like a tag and is none, and how it ends.
const ASIDE: [(&str, &str); 3] = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];

/// The most selectors of all rules: each template of a set has all those of the set.
const MOST_SELECTORS: usize = 100_000;

/// Reads the file's text.
pub(super) fn parse(text: &str) -> Result<Rules, RulesError> {
    bounded(text)?;
    let document = Document::parse(text).map_err(|error| unreadable(text, error))?;
    let root = document.root_element();
    expect(root, "domRestrictions")?;
    let mut rules = Vec::new();
    for set in elements(root) {
        expect(set, "restrictionsSet")?;
        rules.append(&mut read_set(set, &rules)?);
        count(rules.len())?;
    }
    Ok(Rules { rules, ..Rules::default() })
}

/// What is wrong with the XML. Of what its parser says without a place, the place is looked for.
fn unreadable(text: &str, error: roxmltree::Error) -> RulesError {
    use roxmltree::Error;
    let (at, expected, found) = match error {
        Error::NoRootNode | Error::UnclosedRootNode | Error::UnexpectedEndOfStream => {
            (text.len(), "<domRestrictions> and its end tag", "the end of the file")
        }
        Error::DtdDetected => (text.find("<!DOCTYPE").unwrap_or_default(), "no document type", "<!DOCTYPE"),
        other => return other.into(),
    };
    RulesError::Content { place: place_at(text, at), expected, found: found.to_owned() }
}

/// Where a byte is.
fn place_at(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or_default();
    let (row, line) = (before.matches('\n').count() + 1, before.rsplit('\n').next().unwrap_or_default());
    format!("line {row}, column {}", line.chars().count() + 1)
}

/// Refuses what its parser would take long for.
fn bounded(text: &str) -> Result<(), RulesError> {
    let refused = |at: usize, expected| {
        Err(RulesError::Content { place: place_at(text, at), expected, found: "more".to_owned() })
    };
    if let Some((at, _)) = text.match_indices("xmlns").nth(MOST_NAMESPACES) {
        return refused(at, "at most 1,000 declarations of namespaces");
    }
    let mut at = 0;
    while let Some(len) = text.get(at..).and_then(|rest| rest.find('<')) {
        at += len;
        let tag = text.get(at..).unwrap_or_default();
        let aside = ASIDE.iter().find(|(begin, _)| tag.starts_with(begin));
        if let Some((_, end)) = aside {
            at += tag.find(end).map_or(tag.len(), |len| len + end.len());
            continue;
        }
        let (mut attributes, mut quote, mut len) = (0, None, 0);
        for byte in tag.bytes() {
            len += 1;
            match (byte, quote) {
                (b'>', None) => break,
                (b'"' | b'\'', None) => quote = Some(byte),
                (_, Some(open)) if byte == open => quote = None,
                // Each attribute has one.
                (b'=', None) if attributes == MOST_ATTRIBUTES => {
                    return refused(at, "at most 64 attributes of an element");
                }
                (b'=', None) => attributes += 1,
                _ => {}
            }
        }
        at += len;
    }
    Ok(())
}

/// A set is one rule, or one for each of its templates.
fn read_set(set: Node<'_, '_>, before: &[Rule]) -> Result<Vec<Rule>, RulesError> {
    let mut templates: Vec<_> = set.attribute("uriTemplate").map(|text| (set, text)).into_iter().collect();
    let (mut masked, mut denied) = (Vec::new(), None);
    for part in elements(set) {
        match part.tag_name().name() {
            "uriTemplate" => templates.push((part, said(part, &["pattern", "value"])?)),
            "dataMasking" => masked.append(&mut read_selectors(part)?),
            "domControl" => denied.get_or_insert_with(Vec::new).append(&mut read_selectors(part)?),
            _ => return Err(fault(part, "uriTemplate, dataMasking or domControl")),
        }
    }
    let denied = denied.unwrap_or_else(|| vec![SUBMITS.to_owned()]);
    count(before.len() + templates.len())?;
    let told: usize = before.iter().map(|rule| rule.mask.len() + rule.deny.len()).sum();
    if told + templates.len().max(1) * (masked.len() + denied.len()) > MOST_SELECTORS {
        let expected = "at most 100,000 selectors of all templates together";
        return Err(RulesError::Content { place: place(set), expected, found: "more".to_owned() });
    }
    let before = before.len();
    let rule = |url_regex: Option<String>, number: usize| {
        let many = |list: &[String]| (!list.is_empty()).then(|| Selectors::Many(list.to_vec()));
        Entry { url_regex, mask: many(&masked), deny: many(&denied), ..Entry::default() }.check(number)
    };
    if templates.is_empty() {
        return Ok(vec![rule(None, before + 1).map_err(|error| at(set, error))?]);
    }
    let rules = templates.into_iter().enumerate();
    rules
        .map(|(index, (node, pattern))| {
            rule(Some(pattern.to_owned()), before + index + 1).map_err(|error| at(node, error))
        })
        .collect()
}

fn read_selectors(list: Node<'_, '_>) -> Result<Vec<String>, RulesError> {
    elements(list)
        .map(|element| {
            expect(element, "element")?;
            Ok(said(element, &["selector"])?.to_owned())
        })
        .collect()
}

fn elements<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(Node::is_element)
}

/// What one of these attributes says, or the text inside.
fn said<'a>(node: Node<'a, '_>, attributes: &[&str]) -> Result<&'a str, RulesError> {
    let attribute = attributes.iter().find_map(|name| node.attribute(*name));
    let text = attribute.or_else(|| node.text()).map(str::trim).filter(|text| !text.is_empty());
    text.ok_or_else(|| fault(node, "something in an attribute or inside"))
}

fn expect(node: Node<'_, '_>, name: &'static str) -> Result<(), RulesError> {
    if node.tag_name().name() == name { Ok(()) } else { Err(fault(node, name)) }
}

fn fault(node: Node<'_, '_>, expected: &'static str) -> RulesError {
    let found = format!("<{}>", node.tag_name().name());
    RulesError::Content { place: place(node), expected, found }
}

fn place(node: Node<'_, '_>) -> String {
    let at = node.document().text_pos_at(node.range().start);
    format!("line {}, column {}", at.row, at.col)
}

/// The same error with the place in the file.
fn at(node: Node<'_, '_>, error: RulesError) -> RulesError {
    match error {
        RulesError::Content { place: inner, expected, found } => {
            RulesError::Content { place: format!("{}: {inner}", place(node)), expected, found }
        }
        other => other,
    }
}
