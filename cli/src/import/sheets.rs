//! Style sheets whose rules come and go, and constructed ones.

use super::{
    css,
    page::{DOCUMENT, Place},
    rrweb::{Player, Result},
};
use protocol::{names::NameId, tree::Kind};
use serde_json::Value;
use std::collections::BTreeMap;

impl Player {
    /// Rules that come into a sheet, and go. Those in rules are left out.
    pub(super) fn rules(&mut self, style: Place, data: &Value) -> Result<()> {
        let sheet = match data["styleId"].as_i64().and_then(|id| self.sheets.get(&id)) {
            Some(sheet) => *sheet,
            None => self.sheet_of(style),
        };
        if data["replace"].is_string() || data["replaceSync"].is_string() {
            self.leave("replacement of a constructed sheet");
        }
        let index = |value: &Value| match value {
            Value::Array(path) if path.len() == 1 => path[0].as_u64(),
            Value::Array(_) => None,
            other => Some(other.as_u64().unwrap_or(0)),
        };
        for added in data["adds"].as_array().into_iter().flatten() {
            match index(&added["index"]).map(usize::try_from) {
                Some(Ok(index)) => {
                    let rule = added["rule"].as_str().unwrap_or_default().to_owned();
                    let rule = self.page.create(Kind::Rule, NameId::NONE, BTreeMap::new(), rule);
                    self.page.insert(rule, sheet, index);
                }
                _ => self.leave("edit of a rule in a rule"),
            }
        }
        for removed in data["removes"].as_array().into_iter().flatten() {
            let rules = self.page.node(sheet).map(|node| node.children.clone()).unwrap_or_default();
            match index(&removed["index"]).and_then(|index| rules.get(usize::try_from(index).ok()?)) {
                Some(rule) => self.page.remove(*rule),
                None => self.leave("edit of a rule in a rule"),
            }
        }
        Ok(())
    }

    /// The sheet of a `<style>`, with the rules of its text.
    fn sheet_of(&mut self, style: Place) -> Place {
        let children = self.page.node(style).map(|node| node.children.clone()).unwrap_or_default();
        let known = children.iter().find(|child| self.page.node(**child).is_some_and(|node| node.kind == Kind::Sheet));
        if let Some(known) = known {
            return *known;
        }
        let text: String =
            children.iter().filter_map(|child| self.page.node(*child)).map(|node| node.data.as_str()).collect();
        let sheet = self.page.fragment(style, Kind::Sheet);
        for rule in css::top_rules(&text) {
            let rule = self.page.create(Kind::Rule, NameId::NONE, BTreeMap::new(), rule.to_owned());
            self.page.insert(rule, sheet, usize::MAX);
        }
        sheet
    }

    /// Constructed sheets, and who has adopted them.
    pub(super) fn adopted(&mut self, data: &Value) -> Result<()> {
        for style in data["styles"].as_array().into_iter().flatten() {
            let Some(number) = style["styleId"].as_i64() else { continue };
            let sheet = self.page.create(Kind::Sheet, NameId::NONE, BTreeMap::new(), String::new());
            self.set_prop(sheet, "sheet", Some(number.to_string()))?;
            for rule in style["rules"].as_array().into_iter().flatten() {
                let text = rule["rule"].as_str().unwrap_or_default().to_owned();
                let rule = self.page.create(Kind::Rule, NameId::NONE, BTreeMap::new(), text);
                self.page.insert(rule, sheet, usize::MAX);
            }
            let sheets = self.page.leading(DOCUMENT, Kind::Sheet);
            self.page.insert(sheet, DOCUMENT, sheets);
            self.sheets.insert(number, sheet);
        }
        let Some(place) = self.place(&data["id"]) else { return Ok(()) };
        let numbers: Vec<String> = data["styleIds"].as_array().into_iter().flatten().map(Value::to_string).collect();
        let root = if place == DOCUMENT { place } else { self.page.fragment(place, Kind::Shadow) };
        self.set_prop(root, "adopted", Some(numbers.join(" ")).filter(|numbers| !numbers.is_empty()))
    }
}
