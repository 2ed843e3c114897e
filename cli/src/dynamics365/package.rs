//! What a package is made of, from an organisation's wishes.

use super::{
    entities::{ACTION, CAPABILITY, CO_BROWSE, LOCALE, NAME, OPEN_TAB, PROVIDER, SCREEN_SHARING, TAB, WEB_RESOURCE},
    records::{Record, Value},
};
use std::fmt::Write as _;

/// One button: a conversation action with its tab, its languages, its capability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Button {
    /// The action's name.
    pub(crate) name: String,
    /// Whether it is for the customer's screen rather than the page.
    pub(crate) is_screen: bool,
    /// For each language its number, label and tooltip.
    pub(crate) words: Vec<(u16, String, String)>,
    /// What an agent may type into the chat instead.
    pub(crate) slash_command: String,
    /// The smallest comes first.
    pub(crate) order: i64,
    /// The address of a web resource.
    pub(crate) icon: String,
    /// The web resource of its tab.
    pub(crate) page: String,
}

/// What an organisation gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// The provider's name.
    pub(crate) provider: String,
    /// What names that are unique in an organisation begin with.
    pub(crate) prefix: String,
    /// The buttons.
    pub(crate) buttons: Vec<Button>,
}

impl Button {
    fn mode(&self) -> (&'static str, i64) {
        if self.is_screen { ("screensharing", SCREEN_SHARING) } else { ("cobrowse", CO_BROWSE) }
    }
}

fn text(name: &'static str, text: impl Into<String>) -> (&'static str, Value) {
    (name, Value::Text(text.into()))
}

/// All records, in the order of [`super::entities::ENTITIES`] within each button.
pub(crate) fn records(wishes: &Wishes) -> Vec<Record> {
    let provider = Record::new(PROVIDER, &wishes.provider, vec![text(NAME, &wishes.provider)]);
    let mut records = vec![provider.clone()];
    for button in &wishes.buttons {
        let (mode, value) = button.mode();
        // The action names its tab by the template's name; which of the two names is meant is not said, so that both are one.
        let unique = format!("{}_{mode}", wishes.prefix);
        let title = button.words.first().map_or("", |(_, label, _)| label);
        let parameters = serde_json::json!({ "webresourceName": button.page }).to_string();
        let tab = Record::new(
            TAB,
            &unique,
            vec![
                text(NAME, &unique),
                text("msdyn_uniquename", &unique),
                text("msdyn_title", title),
                text("msdyn_description", format!("The tab of {}", wishes.provider)),
                ("msdyn_pagetype", Value::Number(WEB_RESOURCE)),
                text("msdyn_templateparameters", parameters),
            ],
        );
        let action = Record::new(
            ACTION,
            &format!("{}/{}", wishes.provider, button.name),
            vec![
                text(NAME, &button.name),
                ("msdyn_eventname", Value::Number(OPEN_TAB)),
                text("msdyn_eventparameter", &unique),
                text("msdyn_icon", &button.icon),
                ("msdyn_order", Value::Number(button.order)),
            ],
        );
        let locales = button.words.iter().map(|(language, label, tooltip)| {
            let name = format!("{} {language}", button.name);
            Record::new(
                LOCALE,
                &format!("{}/{}/{language}", wishes.provider, button.name),
                vec![
                    text(NAME, name),
                    ("msdyn_conversationactionkey", action.lookup()),
                    text("msdyn_label", label),
                    text("msdyn_tooltip", tooltip),
                    text("msdyn_slashcommands", &button.slash_command),
                    ("msdyn_locale_picklist", Value::Number((*language).into())),
                ],
            )
        });
        let locales: Vec<Record> = locales.collect();
        let name = format!("{}_{mode}", wishes.provider);
        let capability = Record::new(
            CAPABILITY,
            &name,
            vec![
                text(NAME, &name),
                ("msdyn_provider", provider.lookup()),
                ("msdyn_conversationaction", action.lookup()),
                ("msdyn_escalationchannelmode", Value::Number(value)),
            ],
        );
        records.extend([tab, action]);
        records.extend(locales);
        records.push(capability);
    }
    records
}

/// What is to be removed, and in which order: nothing may lead to what is gone.
pub(crate) fn removal(wishes: &Wishes, records: &[Record]) -> String {
    let mut out = format!(
        "# Taking {} out of an organisation\n\n\
         In this order: what leads to another record goes before it. First switch co-browse and screen sharing off in each chat\n\
         widget (Conversation Options, Remote assistance).\n\n\
         | | entity | name | id |\n|---|---|---|---|\n",
        wishes.provider
    );
    let order = [CAPABILITY, LOCALE, ACTION, TAB, PROVIDER];
    let listed = order.iter().flat_map(|entity| records.iter().filter(move |record| record.entity == *entity));
    let mut count = 0;
    for record in listed {
        count += 1;
        let _ = writeln!(out, "| {count} | `{}` | {} | `{}` |", record.entity, record.text(NAME), record.id);
    }
    out.push_str("\nThen the web resources, which nothing leads to any more:\n\n");
    for name in web_resources(wishes) {
        let _ = writeln!(out, "- `{name}`");
    }
    out.push_str(
        "\nAt the relay, take the organisation's address out of `--frame-ancestors`, and give the secret for invitations another value.\n",
    );
    out
}

/// The names of the web resources in the organisation.
pub(crate) fn web_resources(wishes: &Wishes) -> Vec<String> {
    let mut names: Vec<String> = wishes.buttons.iter().map(|button| button.page.clone()).collect();
    names.push(format!("{}_/dynamics365.js", wishes.prefix));
    for button in &wishes.buttons {
        if let Some(own) =
            button.icon.strip_prefix("/WebResources/").filter(|name| name.starts_with(&format!("{}_/", wishes.prefix)))
        {
            names.push(own.to_owned());
        }
    }
    names
}
