//! What the records of a package have to say, so that Omnichannel shows a button, and only one of each.

use super::{
    check::{Problem, Record},
    entities::{
        ACTION, CAPABILITY, CO_BROWSE, ENGLISH, ENTITIES, EVENTS, LOCALE, MODES, OPEN_TAB, PAGES, PARAMETER_CHARS,
        PROVIDER, SCREEN_SHARING, TAB, Values, WEB_RESOURCE,
    },
};
use std::collections::HashMap;
use uuid::Uuid;

/// What is wrong with the records.
pub(crate) fn check(records: &[Record]) -> Vec<Problem> {
    let mut rules = Rules { records, problems: Vec::new() };
    rules.required();
    rules.tabs();
    rules.actions();
    rules.locales();
    rules.capabilities();
    rules.problems.extend(slash_commands(&[("", records)]));
    rules.problems
}

/// Slash commands that more than one action has: those of several packages are in one organisation.
pub(crate) fn slash_commands(packages: &[(&str, &[Record])]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut first: HashMap<String, (Uuid, String)> = HashMap::new();
    for (package, records) in packages {
        for locale in records.iter().filter(|record| record.entity == LOCALE) {
            let Some(field) = locale.fields.get("msdyn_slashcommands").filter(|field| !field.value.is_empty()) else {
                continue;
            };
            let Some(action) = locale.fields.get("msdyn_conversationactionkey").and_then(|field| field.leads_to) else {
                continue;
            };
            let name =
                records.iter().find(|record| record.id == action).map_or_else(|| action.to_string(), Record::label);
            let name = if package.is_empty() { name } else { format!("{name} of {package}") };
            let entry = first.entry(field.value.to_lowercase());
            let (known, other) = entry.or_insert_with(|| (action, name.clone()));
            if *known != action {
                let text = format!(
                    "slash command: expected one that no other action has, found {} for {name}, which {other} has",
                    field.value
                );
                problems.push(Problem::in_data(Some(field.at), text));
            }
        }
    }
    problems
}

struct Rules<'a> {
    records: &'a [Record],
    problems: Vec<Problem>,
}

impl<'a> Rules<'a> {
    fn of(&self, entity: &'static str) -> impl Iterator<Item = &'a Record> + use<'a> {
        self.records.iter().filter(move |record| record.entity == entity)
    }

    /// Notes what is wrong with a field, or with a record that lacks it.
    fn wrong(&mut self, record: &Record, name: &str, text: &str) {
        let at = record.fields.get(name).map_or(record.at, |field| field.at);
        self.problems.push(Problem::in_data(Some(at), format!("{}: {name}: {text}", record.label())));
    }

    /// A field that has to say something.
    fn needs(&mut self, record: &'a Record, name: &str) -> Option<&'a str> {
        let value = record.value(name);
        if value.is_none() {
            self.wrong(record, name, "expected a value, found none");
        }
        value
    }

    /// A field of an option set.
    fn option(&mut self, record: &'a Record, name: &str, values: Values) -> Option<i64> {
        self.needs(record, name)?;
        let number = record.number(name);
        if let Some(number) = number.filter(|number| values.iter().any(|(value, _)| value == number)) {
            return Some(number);
        }
        let expected: Vec<String> = values.iter().map(|(value, label)| format!("{value} ({label})")).collect();
        let found = record.value(name).unwrap_or_default();
        self.wrong(record, name, &format!("expected one of {}, found {found}", expected.join(", ")));
        None
    }

    fn required(&mut self) {
        for entity in &ENTITIES {
            if self.of(entity.name).next().is_none() {
                let text = format!("expected a record of {} ({}), found none", entity.name, entity.label);
                self.problems.push(Problem::in_data(None, text));
            }
        }
        for provider in self.of(PROVIDER) {
            self.needs(provider, "msdyn_name");
        }
    }

    fn tabs(&mut self) {
        for tab in self.of(TAB) {
            self.needs(tab, "msdyn_name");
            if let Some(unique) = self.needs(tab, "msdyn_uniquename") {
                let is_one = unique.split_once('_').is_some_and(|(prefix, name)| {
                    (3..=8).contains(&prefix.len())
                        && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric())
                        && !name.is_empty()
                });
                if !is_one {
                    let expected = "expected a prefix of 3 to 8 letters and digits, an underscore, and a name";
                    self.wrong(tab, "msdyn_uniquename", &format!("{expected}, found {unique:?}"));
                }
            }
            let page = self.option(tab, "msdyn_pagetype", PAGES);
            let Some(parameters) = self.needs(tab, "msdyn_templateparameters") else { continue };
            let length = parameters.chars().count();
            if length > PARAMETER_CHARS {
                let text = format!("expected at most {PARAMETER_CHARS} characters, found {length}");
                self.wrong(tab, "msdyn_templateparameters", &text);
            }
            let needed = if page == Some(WEB_RESOURCE) { "webresourceName" } else { "url" };
            let names = serde_json::from_str::<serde_json::Value>(parameters)
                .is_ok_and(|value| value[needed].as_str().is_some_and(|text| !text.is_empty()));
            if !names && page.is_some() {
                let text = format!("expected a JSON object with {needed}, found {parameters}");
                self.wrong(tab, "msdyn_templateparameters", &text);
            }
        }
    }

    fn actions(&mut self) {
        for action in self.of(ACTION) {
            self.needs(action, "msdyn_name");
            let event = self.option(action, "msdyn_eventname", EVENTS);
            if event == Some(OPEN_TAB)
                && let Some(name) = self.needs(action, "msdyn_eventparameter")
            {
                let names =
                    |tab: &Record| [tab.value("msdyn_name"), tab.value("msdyn_uniquename")].contains(&Some(name));
                if !self.of(TAB).any(names) {
                    let text =
                        format!("expected the name of an application tab template of the package, found {name:?}");
                    self.wrong(action, "msdyn_eventparameter", &text);
                }
            }
            if self.needs(action, "msdyn_order").is_some()
                && action.number("msdyn_order").is_some_and(|order| order < 0)
            {
                self.wrong(action, "msdyn_order", "expected 0 or more");
            }
            let locales: Vec<Option<i64>> = self
                .of(LOCALE)
                .filter(|locale| leads_to(locale, "msdyn_conversationactionkey") == Some(action.id))
                .map(|locale| locale.number("msdyn_locale_picklist"))
                .collect();
            if !locales.contains(&Some(ENGLISH.into())) {
                let text = format!("{}: expected a locale record in English ({ENGLISH}), found none", action.label());
                self.problems.push(Problem::in_data(Some(action.at), text));
            }
        }
    }

    fn locales(&mut self) {
        let mut seen = HashMap::new();
        for locale in self.of(LOCALE) {
            self.needs(locale, "msdyn_label");
            self.needs(locale, "msdyn_conversationactionkey");
            if let Some(language) = self.needs(locale, "msdyn_locale_picklist") {
                // Microsoft's numbers of languages fill two bytes.
                if !locale.number("msdyn_locale_picklist").is_some_and(|number| (1_025..=65_535).contains(&number)) {
                    let text = format!("expected a language's number, such as {ENGLISH}, found {language}");
                    self.wrong(locale, "msdyn_locale_picklist", &text);
                }
                let action = leads_to(locale, "msdyn_conversationactionkey");
                if action.is_some() && seen.insert((action, language), ()).is_some() {
                    let text =
                        format!("expected one record for each language of an action, found another for {language}");
                    self.wrong(locale, "msdyn_locale_picklist", &text);
                }
            }
            if let Some(command) = locale.value("msdyn_slashcommands") {
                let is_one = command.strip_prefix('/').is_some_and(|name| {
                    !name.is_empty() && !name.chars().any(|letter| letter.is_whitespace() || letter == '/')
                });
                if !is_one {
                    let text = format!("expected a slash and a word, as /cb, found {command:?}");
                    self.wrong(locale, "msdyn_slashcommands", &text);
                }
            }
        }
    }

    fn capabilities(&mut self) {
        let mut seen: HashMap<(Uuid, Uuid), &Record> = HashMap::new();
        for capability in self.of(CAPABILITY) {
            self.needs(capability, "msdyn_name");
            let mode = self.option(capability, "msdyn_escalationchannelmode", MODES);
            if mode.is_some_and(|mode| mode != CO_BROWSE && mode != SCREEN_SHARING) {
                let text = format!("expected {CO_BROWSE} (Co-browse) or {SCREEN_SHARING} (Screen sharing)");
                self.wrong(capability, "msdyn_escalationchannelmode", &text);
            }
            self.needs(capability, "msdyn_provider");
            self.needs(capability, "msdyn_conversationaction");
            let pair = (leads_to(capability, "msdyn_conversationaction"), leads_to(capability, "msdyn_provider"));
            let (Some(action), Some(provider)) = pair else { continue };
            if let Some(first) = seen.insert((action, provider), capability) {
                let (name, by) = (self.label_of(action), self.label_of(provider));
                let text = format!("expected one capability for {name} and {by}, found {} before it", first.label());
                self.wrong(capability, "msdyn_conversationaction", &text);
            }
        }
    }

    fn label_of(&self, id: Uuid) -> String {
        self.records.iter().find(|record| record.id == id).map_or_else(|| id.to_string(), Record::label)
    }
}

fn leads_to(record: &Record, name: &str) -> Option<Uuid> {
    record.fields.get(name)?.leads_to
}
