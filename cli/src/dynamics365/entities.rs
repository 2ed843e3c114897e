//! The entities of Omnichannel's framework for third parties, and the values that their option sets take.

/// One field of an entity.
#[derive(Debug)]
pub(crate) struct Field {
    /// The logical name.
    pub(crate) name: &'static str,
    /// What a person reads.
    pub(crate) label: &'static str,
    /// The type, as the Configuration Migration tool calls it.
    pub(crate) kind: &'static str,
    /// The entity that a lookup leads to.
    pub(crate) target: Option<&'static str>,
}

/// One entity.
#[derive(Debug)]
pub(crate) struct Entity {
    /// The logical name.
    pub(crate) name: &'static str,
    /// What a person reads.
    pub(crate) label: &'static str,
    /// The field with the record's id; the one with its name is `msdyn_name` for all of them.
    pub(crate) id: &'static str,
    /// The fields that a package sets, the id first.
    pub(crate) fields: &'static [Field],
}

const fn field(name: &'static str, label: &'static str, kind: &'static str) -> Field {
    Field { name, label, kind, target: None }
}

const fn lookup(name: &'static str, label: &'static str, target: &'static str) -> Field {
    Field { name, label, kind: "entityreference", target: Some(target) }
}

/// The name of a record, in every entity here.
pub(crate) const NAME: &str = "msdyn_name";
/// Who brings capabilities.
pub(crate) const PROVIDER: &str = "msdyn_provider";
/// The tab that a button opens.
pub(crate) const TAB: &str = "msdyn_applicationtabtemplate";
/// The button.
pub(crate) const ACTION: &str = "msdyn_conversationaction";
/// What the button says in one language.
pub(crate) const LOCALE: &str = "msdyn_conversationactionlocale";
/// What the button is for.
pub(crate) const CAPABILITY: &str = "msdyn_channelcapability";

/// All of them, what is looked up before what looks it up.
pub(crate) const ENTITIES: [Entity; 5] = [
    Entity {
        name: PROVIDER,
        label: "Provider",
        id: "msdyn_providerid",
        fields: &[field("msdyn_providerid", "Provider", "guid"), field(NAME, "Name", "string")],
    },
    Entity {
        name: TAB,
        label: "Application Tab Template",
        id: "msdyn_applicationtabtemplateid",
        fields: &[
            field("msdyn_applicationtabtemplateid", "Application Tab Template", "guid"),
            field(NAME, "Name", "string"),
            field("msdyn_uniquename", "Unique Name", "string"),
            field("msdyn_title", "Title", "string"),
            field("msdyn_description", "Description", "string"),
            field("msdyn_pagetype", "Page Type", "optionsetvalue"),
            field("msdyn_templateparameters", "Template Parameters", "string"),
        ],
    },
    Entity {
        name: ACTION,
        label: "Conversation Action",
        id: "msdyn_conversationactionid",
        fields: &[
            field("msdyn_conversationactionid", "Conversation Action", "guid"),
            field(NAME, "Name", "string"),
            field("msdyn_eventname", "Event Name", "optionsetvalue"),
            field("msdyn_eventparameter", "Event Parameter", "string"),
            field("msdyn_icon", "Icon", "string"),
            field("msdyn_order", "Order", "number"),
        ],
    },
    Entity {
        name: LOCALE,
        label: "Conversation Action Locale",
        id: "msdyn_conversationactionlocaleid",
        fields: &[
            field("msdyn_conversationactionlocaleid", "Conversation Action Locale", "guid"),
            field(NAME, "Name", "string"),
            lookup("msdyn_conversationactionkey", "Conversation Action", ACTION),
            field("msdyn_label", "Label", "string"),
            field("msdyn_tooltip", "Tooltip", "string"),
            field("msdyn_slashcommands", "Slash Commands", "string"),
            field("msdyn_locale_picklist", "Locale", "optionsetvalue"),
        ],
    },
    Entity {
        name: CAPABILITY,
        label: "Channel Capability",
        id: "msdyn_channelcapabilityid",
        fields: &[
            field("msdyn_channelcapabilityid", "Channel Capability", "guid"),
            field(NAME, "Name", "string"),
            lookup("msdyn_provider", "Provider", PROVIDER),
            lookup("msdyn_conversationaction", "Conversation Action", ACTION),
            field("msdyn_escalationchannelmode", "Escalation Channel Mode", "optionsetvalue"),
        ],
    },
];

/// An option set's values with their labels.
pub(crate) type Values = &'static [(i64, &'static str)];

/// Open App Tab Template, of [`EVENTS`].
pub(crate) const OPEN_TAB: i64 = 100_000_000;
/// `msdyn_eventname`.
pub(crate) const EVENTS: Values =
    &[(OPEN_TAB, "Open App Tab Template"), (100_000_001, "Send message"), (100_000_002, "Customer Defined Function")];

/// Screen sharing, of [`MODES`].
pub(crate) const SCREEN_SHARING: i64 = 100_000_000;
/// Co-browse, of [`MODES`].
pub(crate) const CO_BROWSE: i64 = 192_350_002;
/// `msdyn_escalationchannelmode`.
pub(crate) const MODES: Values = &[
    (SCREEN_SHARING, "Screen sharing"),
    (192_350_000, "Audio"),
    (192_350_001, "Video"),
    (CO_BROWSE, "Co-browse"),
    (192_350_003, "None"),
];

/// Web Resource, of [`PAGES`].
pub(crate) const WEB_RESOURCE: i64 = 509_180_002;
/// `msdyn_pagetype`, of those that can hold a page of a third party.
pub(crate) const PAGES: Values = &[(WEB_RESOURCE, "Web Resource"), (509_180_006, "Third Party Website")];

/// The language that every button speaks: English as in the United States.
pub(crate) const ENGLISH: u16 = 1033;

/// Languages by their tags, beside their numbers.
pub(crate) const LANGUAGES: &[(&str, u16)] =
    &[("en-us", ENGLISH), ("de-de", 1031), ("es-es", 3082), ("fr-fr", 1036), ("nl-nl", 1043)];

/// The most characters of `msdyn_templateparameters`.
pub(crate) const PARAMETER_CHARS: usize = 2_048;
