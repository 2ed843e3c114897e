//! Whether a package is one: what its two files say of each other. What its records mean is looked at in [`super::rules`].

use super::archive::{DATA, Files, SCHEMA};
use roxmltree::{Document, Node, TextPos};
use std::{collections::HashMap, fmt};
use uuid::Uuid;

/// Types of fields that the tool is known to take.
const TYPES: [&str; 7] = ["guid", "string", "number", "optionsetvalue", "entityreference", "state", "status"];

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    file: &'static str,
    at: Option<TextPos>,
    text: String,
}

impl Problem {
    /// In the records.
    pub(crate) fn in_data(at: Option<TextPos>, text: impl Into<String>) -> Self {
        Self { file: DATA, at, text: text.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "{}:{}:{}: {}", self.file, at.row, at.col, self.text),
            None => write!(f, "{}: {}", self.file, self.text),
        }
    }
}

/// A field's value, as the package writes it.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// The value.
    pub(crate) value: String,
    /// The record that a lookup leads to.
    pub(crate) leads_to: Option<Uuid>,
    /// Where it is.
    pub(crate) at: TextPos,
}

/// A record, as the package writes it.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// The entity's logical name.
    pub(crate) entity: String,
    /// The record's id.
    pub(crate) id: Uuid,
    /// Where it is.
    pub(crate) at: TextPos,
    /// Its fields by their names.
    pub(crate) fields: HashMap<String, Field>,
}

impl Record {
    /// A field's value, if it is there and not empty.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(|field| field.value.as_str()).filter(|value| !value.is_empty())
    }

    /// The same as a number.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.value(name)?.parse().ok()
    }

    /// What a person knows it by.
    pub(crate) fn label(&self) -> String {
        format!("{} \"{}\"", self.entity, self.value("msdyn_name").unwrap_or_default())
    }
}

struct SchemaField {
    kind: String,
    target: Option<String>,
}

struct SchemaEntity {
    id: String,
    fields: HashMap<String, SchemaField>,
}

/// The records of a package, and what is wrong with how they are written.
pub(crate) fn check(files: &Files) -> (Vec<Record>, Vec<Problem>) {
    let mut problems = Vec::new();
    let schema = parse(&files.schema, SCHEMA, &mut problems).map(|document| read_schema(&document, &mut problems));
    let records = match (schema, parse(&files.data, DATA, &mut problems)) {
        (Some(schema), Some(document)) => read_data(&document, &schema, &mut problems),
        _ => Vec::new(),
    };
    (records, problems)
}

fn parse<'a>(text: &'a str, file: &'static str, problems: &mut Vec<Problem>) -> Option<Document<'a>> {
    // The tool reads the first byte by itself.
    if !text.starts_with('<') {
        let found = text.chars().next().map_or("nothing".to_owned(), |letter| format!("{letter:?}"));
        problems.push(Problem { file, at: None, text: format!("expected \"<\" as the first byte, found {found}") });
        return None;
    }
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => {
            problems.push(Problem { file, at: Some(error.pos()), text: format!("expected XML: {error}") });
            return None;
        }
    };
    let root = document.root_element();
    if root.has_tag_name("entities") {
        return Some(document);
    }
    let text = format!("expected <entities>, found <{}>", root.tag_name().name());
    problems.push(Problem { file, at: Some(place(root)), text });
    None
}

fn place(node: Node<'_, '_>) -> TextPos {
    node.document().text_pos_at(node.range().start)
}

fn elements<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| child.has_tag_name(name))
}

/// Elements two levels below, as `<fields><field/></fields>`.
fn inner<'a, 'i>(node: Node<'a, 'i>, list: &'static str, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    elements(node, list).flat_map(move |list| elements(list, name))
}

/// An attribute that has to be there.
fn attribute<'a>(node: Node<'a, '_>, name: &str, file: &'static str, problems: &mut Vec<Problem>) -> Option<&'a str> {
    let found = node.attribute(name).filter(|value| !value.is_empty());
    if found.is_none() {
        let text = format!("<{}>: expected the attribute {name}", node.tag_name().name());
        problems.push(Problem { file, at: Some(place(node)), text });
    }
    found
}

fn read_schema(document: &Document<'_>, problems: &mut Vec<Problem>) -> HashMap<String, SchemaEntity> {
    let mut schema = HashMap::new();
    for node in elements(document.root_element(), "entity") {
        let at = place(node);
        let Some(name) = attribute(node, "name", SCHEMA, problems) else { continue };
        let id = attribute(node, "primaryidfield", SCHEMA, problems).unwrap_or_default();
        let title = attribute(node, "primarynamefield", SCHEMA, problems).unwrap_or_default();
        let mut fields = HashMap::new();
        for field in inner(node, "fields", "field") {
            let at = place(field);
            let wrong = |text: String| Problem { file: SCHEMA, at: Some(at), text: format!("{name}: {text}") };
            let Some(field_name) = attribute(field, "name", SCHEMA, problems) else { continue };
            let Some(kind) = attribute(field, "type", SCHEMA, problems) else { continue };
            if !TYPES.contains(&kind) {
                problems.push(wrong(format!("{field_name}: expected a type of {}, found {kind:?}", TYPES.join(", "))));
            }
            let target = field.attribute("lookupType").filter(|target| !target.is_empty());
            if kind == "entityreference" && target.is_none() {
                problems
                    .push(wrong(format!("{field_name}: expected the attribute lookupType, as it leads to a record")));
            }
            if field_name == id && (kind != "guid" || field.attribute("primaryKey") != Some("true")) {
                problems
                    .push(wrong(format!("{field_name}: expected type=\"guid\" primaryKey=\"true\", as it is the id")));
            }
            let read = SchemaField { kind: kind.to_owned(), target: target.map(str::to_owned) };
            if fields.insert(field_name.to_owned(), read).is_some() {
                problems.push(wrong(format!("{field_name}: expected once, found twice")));
            }
        }
        for needed in [id, title].into_iter().filter(|needed| !needed.is_empty()) {
            if !fields.contains_key(needed) {
                let text = format!("{name}: expected the field {needed}, which the entity names");
                problems.push(Problem { file: SCHEMA, at: Some(at), text });
            }
        }
        let entity = SchemaEntity { id: id.to_owned(), fields };
        if schema.insert(name.to_owned(), entity).is_some() {
            let text = format!("{name}: expected once, found twice");
            problems.push(Problem { file: SCHEMA, at: Some(at), text });
        }
    }
    schema
}

fn read_data(
    document: &Document<'_>,
    schema: &HashMap<String, SchemaEntity>,
    problems: &mut Vec<Problem>,
) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    let mut seen: HashMap<(String, Uuid), TextPos> = HashMap::new();
    for node in elements(document.root_element(), "entity") {
        let Some(entity) = attribute(node, "name", DATA, problems) else { continue };
        let Some(described) = schema.get(entity) else {
            let text = format!("{entity}: expected an entity of {SCHEMA}");
            problems.push(Problem::in_data(Some(place(node)), text));
            continue;
        };
        for node in inner(node, "records", "record") {
            let at = place(node);
            let Some(id) = attribute(node, "id", DATA, problems) else { continue };
            let Some(id) = guid(id) else {
                problems.push(Problem::in_data(Some(at), format!("{entity}: id: expected a GUID, found {id:?}")));
                continue;
            };
            if let Some(first) = seen.insert((entity.to_owned(), id), at) {
                let text = format!(
                    "{entity}: id: expected one record with {id}, found another at {}:{}",
                    first.row, first.col
                );
                problems.push(Problem::in_data(Some(at), text));
            }
            let mut record = Record { entity: entity.to_owned(), id, at, fields: HashMap::new() };
            for field in elements(node, "field") {
                read_field(field, described, &mut record, problems);
            }
            records.push(record);
        }
    }
    // Whatever is looked up has to be there, where the package has such records at all.
    for record in &records {
        for (name, field) in &record.fields {
            let target = schema.get(&record.entity).and_then(|entity| entity.fields.get(name)?.target.clone());
            let (Some(id), Some(target)) = (field.leads_to, target) else { continue };
            if schema.contains_key(&target) && !seen.contains_key(&(target.clone(), id)) {
                let text =
                    format!("{}: {name}: expected a {target} of the package, found none with {id}", record.label());
                problems.push(Problem::in_data(Some(field.at), text));
            }
        }
    }
    // Of a map, in no order.
    problems.sort_by_key(|problem| (problem.file, problem.at.map(|at| (at.row, at.col))));
    records
}

fn read_field(node: Node<'_, '_>, entity: &SchemaEntity, record: &mut Record, problems: &mut Vec<Problem>) {
    let at = place(node);
    let Some(name) = attribute(node, "name", DATA, problems) else { return };
    let value = node.attribute("value").unwrap_or_default();
    let label = record.entity.clone();
    let mut wrong = |text: String| problems.push(Problem::in_data(Some(at), format!("{label}: {name}: {text}")));
    let Some(described) = entity.fields.get(name) else {
        wrong(format!("expected a field of the entity in {SCHEMA}"));
        return;
    };
    let mut leads_to = None;
    match described.kind.as_str() {
        _ if value.is_empty() => {}
        "guid" => match guid(value) {
            None => wrong(format!("expected a GUID, found {value:?}")),
            Some(id) if name == entity.id && id != record.id => {
                wrong(format!("expected the record's id {}, found {id}", record.id));
            }
            Some(_) => {}
        },
        "number" | "optionsetvalue" | "state" | "status" if value.parse::<i32>().is_err() => {
            wrong(format!("expected a whole number, found {value:?}"));
        }
        "entityreference" => {
            leads_to = guid(value);
            let found = node.attribute("lookupentity").unwrap_or_default();
            if leads_to.is_none() {
                wrong(format!("expected a GUID, found {value:?}"));
            }
            if described.target.as_deref().is_some_and(|target| target != found) {
                let target = described.target.as_deref().unwrap_or_default();
                wrong(format!("expected lookupentity=\"{target}\", found {found:?}"));
                leads_to = None;
            }
        }
        _ => {}
    }
    let field = Field { value: value.to_owned(), leads_to, at };
    if record.fields.insert(name.to_owned(), field).is_some() {
        wrong("expected once, found twice".to_owned());
    }
}

/// A GUID, with braces or without.
fn guid(text: &str) -> Option<Uuid> {
    Uuid::parse_str(text.trim()).ok().filter(|_| text.len() >= 36)
}
