//! The records of a package, and their XML.

use super::entities::{ENTITIES, Entity};
use std::fmt::Write as _;
use uuid::Uuid;

/// All ids come from this and from names, so that a package that is written again is the same package.
const NAMESPACE: Uuid = Uuid::from_u128(0x5f0d_27e6_0d0f_4c53_9c39_6d1c_0b5a_7e11);

/// The time that the tool expects of a package; none of its importers is known to use it. Fixed, so that the same options give
/// the same bytes.
const TIMESTAMP: &str = "2026-01-01T00:00:00.0000000Z";

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// A text.
    Text(String),
    /// A number, or one of an option set.
    Number(i64),
    /// Another record of the package: its entity, its id, its name.
    Lookup(&'static str, Uuid, String),
}

/// One record.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// The entity's logical name.
    pub(crate) entity: &'static str,
    /// The record's id.
    pub(crate) id: Uuid,
    /// Fields, but for the id.
    pub(crate) fields: Vec<(&'static str, Value)>,
}

impl Record {
    /// A record whose id comes from its entity and a key that is its own.
    pub(crate) fn new(entity: &'static str, key: &str, fields: Vec<(&'static str, Value)>) -> Self {
        Self { entity, id: Uuid::new_v5(&NAMESPACE, format!("{entity}/{key}").as_bytes()), fields }
    }

    /// A text field, empty where it is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.fields
            .iter()
            .find_map(|(field, value)| match value {
                Value::Text(text) if *field == name => Some(text.as_str()),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// What leads to this record.
    pub(crate) fn lookup(&self) -> Value {
        Value::Lookup(self.entity, self.id, self.text("msdyn_name").to_owned())
    }
}

/// A text for an attribute.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            other => out.push(other),
        }
    }
    out
}

/// `data_schema.xml`.
pub(crate) fn schema() -> String {
    let mut xml = String::from("<entities>\n");
    for Entity { name, label, id, fields } in &ENTITIES {
        let _ = writeln!(
            xml,
            "  <entity name=\"{name}\" displayname=\"{label}\" primaryidfield=\"{id}\" primarynamefield=\"msdyn_name\" disableplugins=\"false\">\n    <fields>"
        );
        for field in *fields {
            let key = if field.name == *id { " primaryKey=\"true\"" } else { "" };
            let target = field.target.map(|target| format!(" lookupType=\"{target}\"")).unwrap_or_default();
            let _ = writeln!(
                xml,
                "      <field displayname=\"{}\" name=\"{}\" type=\"{}\"{key} customfield=\"true\"{target} />",
                field.label, field.name, field.kind
            );
        }
        xml.push_str("    </fields>\n    <relationships />\n  </entity>\n");
    }
    xml.push_str("</entities>\n");
    xml
}

/// `data.xml`. Its first byte is `<`, as the tool expects.
pub(crate) fn data(records: &[Record]) -> String {
    let mut xml = format!("<entities timestamp=\"{TIMESTAMP}\">\n");
    for Entity { name, label, id, .. } in &ENTITIES {
        let _ = writeln!(xml, "  <entity name=\"{name}\" displayname=\"{label}\">\n    <records>");
        for record in records.iter().filter(|record| record.entity == *name) {
            let _ =
                writeln!(xml, "      <record id=\"{0}\">\n        <field name=\"{id}\" value=\"{0}\" />", record.id);
            for (field, value) in &record.fields {
                let _ = match value {
                    Value::Text(text) => {
                        writeln!(xml, "        <field name=\"{field}\" value=\"{}\" />", escaped(text))
                    }
                    Value::Number(number) => writeln!(xml, "        <field name=\"{field}\" value=\"{number}\" />"),
                    Value::Lookup(entity, id, name) => writeln!(
                        xml,
                        "        <field name=\"{field}\" value=\"{id}\" lookupentity=\"{entity}\" lookupentityname=\"{}\" />",
                        escaped(name)
                    ),
                };
            }
            xml.push_str("      </record>\n");
        }
        xml.push_str("    </records>\n    <m2mrelationships />\n  </entity>\n");
    }
    xml.push_str("</entities>\n");
    xml
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_from_the_name() {
        let one = Record::new("msdyn_provider", "Cobrowse", vec![]);
        assert_eq!(one.id, Record::new("msdyn_provider", "Cobrowse", vec![]).id);
        assert_ne!(one.id, Record::new("msdyn_provider", "Other", vec![]).id);
        assert_ne!(one.id, Record::new("msdyn_conversationaction", "Cobrowse", vec![]).id);
        assert_eq!(one.id.get_version_num(), 5);
    }

    #[test]
    fn what_xml_takes_for_itself_is_escaped() {
        assert_eq!(escaped("a<b>&\"c\"\n"), "a&lt;b&gt;&amp;&quot;c&quot;&#10;");
    }
}
