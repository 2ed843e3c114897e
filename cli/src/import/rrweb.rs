//! Events of rrweb (<https://github.com/rrweb-io/rrweb>, `packages/types`), versions 1 and 2, played on a page of ours.

use super::{
    css,
    events::{Unreadable, parse, pointer_path},
    page::{DOCUMENT, Page, Place},
};
use ::replay::recording::{About, Settings, Writer};
use protocol::{
    names::{NameId, Namespace},
    tree::Kind,
};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What came of the events.
#[derive(Debug)]
pub(super) struct Imported {
    /// The recording.
    pub(super) bytes: Vec<u8>,
    pub(super) events: usize,
    pub(super) frames: usize,
    /// In milliseconds.
    pub(super) duration: u32,
    /// What has no counterpart, and how often it came.
    pub(super) left_out: BTreeMap<&'static str, usize>,
}

pub(super) type Result<T, E = String> = std::result::Result<T, E>;

/// Reads and plays all events.
pub(super) fn import(text: &str) -> Result<Imported, Unreadable> {
    let mut events = parse(text)?;
    let count = events.len();
    // Positions of the pointer were gathered, and are older than the event that tells them.
    let mut order: Vec<(f64, usize, Option<usize>)> = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let time = event["timestamp"]
            .as_f64()
            .ok_or_else(|| Unreadable::Event(index, "a number as `timestamp`".to_owned()))?;
        match pointer_path(event) {
            Some(path) => order.extend(
                path.iter()
                    .enumerate()
                    .map(|(at, place)| (time + place["timeOffset"].as_f64().unwrap_or(0.0), index, Some(at))),
            ),
            None => order.push((time, index, None)),
        }
    }
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let start = order.first().map_or(0.0, |first| first.0);
    let mut player = Player::new(&about(&events, start));
    for (time, index, at) in order {
        let event = &mut events[index];
        let time = millis(time - start);
        let played = match at {
            Some(at) => player.pointer(&event["data"]["positions"][at]),
            None => player.event(&event.take()),
        };
        let fault = |expected| Unreadable::Event(index, expected);
        let whole = played.map_err(fault)?;
        player.end(time, whole).map_err(fault)?;
    }
    if player.frames == 0 {
        return Err(Unreadable::Text(format!("{count} events without a full snapshot")));
    }
    Ok(Imported {
        events: count,
        frames: player.frames,
        duration: player.last,
        left_out: player.left_out,
        bytes: player.writer.finish(),
    })
}

/// What the log tells of itself.
fn about(events: &[Value], start: f64) -> About {
    let meta = events.iter().find(|event| event["type"] == 4).map_or(&Value::Null, |event| &event["data"]);
    let size = meta["width"].as_f64().zip(meta["height"].as_f64());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "kept within range")]
    let created = (start >= 1.0).then(|| start.min(9e15) as u64);
    About {
        created,
        url: meta["href"].as_str().map(str::to_owned),
        viewport: size.map(|(width, height)| format!("{width}x{height}")),
        ..About::default()
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "kept within range")]
fn millis(time: f64) -> u32 {
    time.clamp(0.0, f64::from(u32::MAX)) as u32
}

/// Between the texts of a `<style>`'s nodes.
const SPLIT: &str = "/* rr_split */";

/// Names of SVG elements that rrweb has put into lower case.
const SVG_NAMES: &[&str] = &[
    "animateMotion",
    "animateTransform",
    "clipPath",
    "feBlend",
    "feColorMatrix",
    "feComponentTransfer",
    "feComposite",
    "feConvolveMatrix",
    "feDiffuseLighting",
    "feDisplacementMap",
    "feDistantLight",
    "feDropShadow",
    "feFlood",
    "feFuncA",
    "feFuncB",
    "feFuncG",
    "feFuncR",
    "feGaussianBlur",
    "feImage",
    "feMerge",
    "feMergeNode",
    "feMorphology",
    "feOffset",
    "fePointLight",
    "feSpecularLighting",
    "feSpotLight",
    "feTile",
    "feTurbulence",
    "foreignObject",
    "linearGradient",
    "radialGradient",
    "textPath",
];

/// Plays events.
pub(super) struct Player {
    pub(super) page: Page,
    /// rrweb's ids.
    places: HashMap<i64, Place>,
    /// Constructed sheets, by rrweb's number.
    pub(super) sheets: HashMap<i64, Place>,
    writer: Writer,
    /// Texts of `<style>` elements that came with the element: their own node may come behind it.
    styles: HashSet<Place>,
    frames: usize,
    last: u32,
    left_out: BTreeMap<&'static str, usize>,
    /// What `Meta` told before the page was there.
    about: Vec<(&'static str, String)>,
}

impl Player {
    fn new(about: &About) -> Self {
        Self {
            page: Page::new(0x7272_7765_6221),
            places: HashMap::new(),
            sheets: HashMap::new(),
            writer: Writer::new(about, Settings::default()),
            styles: HashSet::new(),
            frames: 0,
            last: 0,
            left_out: BTreeMap::new(),
            about: Vec::new(),
        }
    }

    /// Ends what an event did with a frame, once there is a page.
    fn end(&mut self, time: u32, whole: bool) -> Result<()> {
        if self.frames == 0 && !whole {
            return Ok(());
        }
        self.last = self.last.max(time);
        if let Some(frame) = self.page.frame(self.last, whole).map_err(|error| error.to_string())? {
            // What a player would refuse is refused here.
            self.writer.push(&frame, None).map_err(|error| format!("what a recording can hold ({error})"))?;
            self.frames += 1;
        }
        Ok(())
    }

    pub(super) fn leave(&mut self, what: &'static str) {
        *self.left_out.entry(what).or_default() += 1;
    }

    /// Plays one event; `true` for one that tells the whole page.
    fn event(&mut self, event: &Value) -> Result<bool> {
        let data = &event["data"];
        match event["type"].as_u64().ok_or("a number as `type`")? {
            2 => {
                self.snapshot(data)?;
                return Ok(true);
            }
            3 => self.incremental(data)?,
            4 => {
                let size = format!("{}x{}", data["width"], data["height"]);
                self.about(&[("url", data["href"].as_str().unwrap_or_default().to_owned()), ("viewport", size)])?;
            }
            0 | 1 | 5 | 6 => {}
            other => return Err(format!("a type from 0 to 6, found {other}")),
        }
        Ok(false)
    }

    fn about(&mut self, props: &[(&'static str, String)]) -> Result<()> {
        for (name, value) in props {
            let name = self.page.prop(name);
            self.set(DOCUMENT, name, Some(value.clone()))?;
        }
        self.about = props.to_vec();
        Ok(())
    }

    fn set(&mut self, place: Place, name: NameId, value: Option<String>) -> Result<()> {
        self.page.set(place, name, value).map_err(|error| error.to_string())
    }

    pub(super) fn set_prop(&mut self, place: Place, name: &str, value: Option<String>) -> Result<()> {
        let name = self.page.prop(name);
        self.set(place, name, value)
    }

    /// The whole page.
    fn snapshot(&mut self, data: &Value) -> Result<()> {
        let document = &data["node"];
        let children = document["childNodes"].as_array().ok_or("`data.node.childNodes`, an array")?;
        let before: Vec<Place> = self.page.node(DOCUMENT).map(|node| node.children.clone()).unwrap_or_default();
        for place in before {
            self.page.remove(place);
        }
        self.places.clear();
        self.sheets.clear();
        if let Some(id) = document["id"].as_i64() {
            self.places.insert(id, DOCUMENT);
        }
        let quirks = document["compatMode"] == "BackCompat";
        self.set_prop(DOCUMENT, "mode", Some(if quirks { "quirks" } else { "no-quirks" }.to_owned()))?;
        self.set_prop(DOCUMENT, "adopted", None)?;
        for child in children {
            if let Some(place) = self.build(child)? {
                self.page.insert(place, DOCUMENT, usize::MAX);
            }
        }
        self.scroll(DOCUMENT, &data["initialOffset"]["left"], &data["initialOffset"]["top"])
    }

    fn scroll(&mut self, place: Place, x: &Value, y: &Value) -> Result<()> {
        for (name, value) in [("scrollLeft", x), ("scrollTop", y)] {
            let value = value.as_f64().filter(|value| *value != 0.0);
            self.set_prop(place, name, value.map(|value| value.to_string()))?;
        }
        Ok(())
    }

    /// A node with all below it, nowhere yet; `None` for what has no counterpart.
    fn build(&mut self, node: &Value) -> Result<Option<Place>> {
        let Some(top) = self.build_one(node)? else { return Ok(None) };
        let mut open = vec![(node, top)];
        while let Some((node, place)) = open.pop() {
            for child in node["childNodes"].as_array().map(Vec::as_slice).unwrap_or_default() {
                let Some(made) = self.build_one(child)? else { continue };
                self.append(made, place, child);
                open.push((child, made));
            }
            if let Some(text) = node["attributes"]["_cssText"].as_str() {
                self.set_css(place, text)?;
            }
        }
        Ok(Some(top))
    }

    /// Puts a node where it belongs below a parent: into a shadow root, or as the document of a frame.
    fn append(&mut self, place: Place, parent: Place, told: &Value) {
        if self.page.node(place).is_some_and(|node| node.kind.is_fragment()) {
            self.page.insert_fragment(place, parent);
            return;
        }
        let parent = if told["isShadow"] == true { self.page.fragment(parent, Kind::Shadow) } else { parent };
        self.page.insert(place, parent, usize::MAX);
    }

    /// The text of a `<style>`, which is told apart from its nodes, with marks where one ends and the next begins.
    fn set_css(&mut self, style: Place, css: &str) -> Result<()> {
        let children = self.page.node(style).map(|node| node.children.clone()).unwrap_or_default();
        let mut parts = css.split(SPLIT);
        for child in children {
            if self.page.node(child).is_some_and(|node| node.kind == Kind::Text) {
                let part = parts.next().unwrap_or_default();
                self.page.set_data(child, part).map_err(|error| error.to_string())?;
            }
        }
        Ok(())
    }

    fn build_one(&mut self, node: &Value) -> Result<Option<Place>> {
        let kind = node["type"].as_u64().ok_or("a number as a node's `type`")?;
        let text = |name: &str| node[name].as_str().unwrap_or_default().to_owned();
        let leaf = |page: &mut Page, kind, data| page.create(kind, NameId::NONE, BTreeMap::new(), data);
        let place = match kind {
            // In a frame.
            0 => {
                let place = self.page.create(Kind::Frame, NameId::NONE, BTreeMap::new(), String::new());
                let quirks = node["compatMode"] == "BackCompat";
                self.set_prop(place, "mode", Some(if quirks { "quirks" } else { "no-quirks" }.to_owned()))?;
                place
            }
            1 => leaf(&mut self.page, Kind::Doctype, [text("name"), text("publicId"), text("systemId")].join("\0")),
            2 => self.element(node)?,
            3 | 4 => leaf(&mut self.page, Kind::Text, text("textContent")),
            5 => leaf(&mut self.page, Kind::Comment, text("textContent")),
            other => return Err(format!("a node of a type from 0 to 5, found {other}")),
        };
        if let Some(id) = node["id"].as_i64() {
            self.places.insert(id, place);
        }
        Ok(Some(place))
    }

    fn element(&mut self, node: &Value) -> Result<Place> {
        let tag = node["tagName"].as_str().ok_or("a string as an element's `tagName`")?;
        let nothing = Map::new();
        let attributes = node["attributes"].as_object().unwrap_or(&nothing);
        let svg = node["isSVG"] == true;
        let css = attributes.get("_cssText").and_then(Value::as_str).filter(|css| !css.is_empty());
        // A linked sheet whose text was taken along is there without its address.
        let tag = if tag == "link" && css.is_some() { "style" } else { tag };
        let name = if svg {
            let exact = SVG_NAMES.iter().find(|name| name.eq_ignore_ascii_case(tag)).copied().unwrap_or(tag);
            self.page.name(Namespace::Svg, exact)
        } else {
            self.page.name(Namespace::Html, tag)
        };
        let place = self.page.create(Kind::Element, name, BTreeMap::new(), String::new());
        for (name, value) in attributes {
            self.attribute(place, name, value, svg)?;
        }
        if let Some(css) = css.filter(|_| tag == "style" && node["childNodes"].as_array().is_none_or(Vec::is_empty)) {
            let text = self.page.create(Kind::Text, NameId::NONE, BTreeMap::new(), css.to_owned());
            self.page.insert(text, place, 0);
            self.styles.insert(text);
        }
        Ok(place)
    }

    fn name_of(&self, place: Place) -> &str {
        self.page.node(place).map_or("", |node| self.page.text(node.name))
    }

    /// An attribute, or what rrweb tells as one.
    fn attribute(&mut self, place: Place, name: &str, value: &Value, svg: bool) -> Result<()> {
        let string = match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(true) => Some(String::new()),
            _ => None,
        };
        match name {
            "_cssText" => Ok(()),
            // What is typed is told as an attribute, that of a list by its options, too.
            "value" if self.name_of(place) == "select" => Ok(()),
            "value" if self.name_of(place) == "textarea" => {
                // In the place of what the element holds, which is not told.
                let value = string.unwrap_or_default();
                let known = self.page.node(place).and_then(|node| node.children.first().copied());
                match known {
                    Some(text) => self.page.set_data(text, &value).map_err(|error| error.to_string()),
                    None => {
                        let text = self.page.create(Kind::Text, NameId::NONE, BTreeMap::new(), value);
                        self.page.insert(text, place, 0);
                        Ok(())
                    }
                }
            }
            "rr_scrollLeft" => self.set_prop(place, "scrollLeft", string),
            "rr_scrollTop" => self.set_prop(place, "scrollTop", string),
            "rr_width" | "rr_height" => self.blocked(place, name, string.unwrap_or_default()),
            "rr_open_mode" => self.set_prop(place, "modal", (value == "modal").then(|| "1".to_owned())),
            "rr_dataURL" => {
                self.leave("picture of a canvas or an image");
                Ok(())
            }
            _ if name.starts_with("rr_") => {
                self.leave("state of a player");
                Ok(())
            }
            "style" if value.is_object() => self.style(place, value),
            "checked" | "selected" if value.is_boolean() => {
                self.set_prop(place, name, value.as_bool().map(|on| if on { "1" } else { "0" }.to_owned()))?;
                let name = self.page.name(Namespace::None, name);
                self.set(place, name, string)
            }
            // Not to be run, whoever plays it.
            _ if replay::safety::is_handler(name) => Ok(()),
            _ => {
                let namespace = match name.split(':').next() {
                    Some("xmlns") if svg => Namespace::Xmlns,
                    Some("xlink") if svg && name.len() > 6 => Namespace::XLink,
                    Some("xml") if svg && name.len() > 4 => Namespace::Xml,
                    _ => Namespace::None,
                };
                let name = self.page.name(namespace, name);
                self.set(place, name, string)
            }
        }
    }

    /// A box in the place of what was kept back: its size comes in two attributes, with a unit.
    fn blocked(&mut self, place: Place, name: &str, size: String) -> Result<()> {
        let prop = self.page.prop("blocked");
        let before = self.page.node(place).and_then(|node| node.attrs.get(&prop)).cloned().unwrap_or_default();
        let (width, height) = before.split_once('x').unwrap_or(("0", "0"));
        let size = size.trim_end_matches("px");
        let size = if name == "rr_width" { format!("{size}x{height}") } else { format!("{width}x{size}") };
        self.set(place, prop, Some(size))
    }

    /// Single declarations of a `style` attribute: `false` for one that goes, `[value, priority]` for one with a priority.
    fn style(&mut self, place: Place, value: &Value) -> Result<()> {
        let name = self.page.name(Namespace::None, "style");
        let before = self.page.node(place).and_then(|node| node.attrs.get(&name)).cloned().unwrap_or_default();
        let mut declarations: Vec<(String, String)> = css::split(&before, b';')
            .filter_map(|part| part.split_once(':'))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .collect();
        for (property, value) in value.as_object().into_iter().flatten() {
            let text = match value {
                Value::String(text) => Some(text.clone()),
                Value::Array(parts) => {
                    let part = |at: usize| parts.get(at).and_then(Value::as_str).unwrap_or_default();
                    Some(if part(1).is_empty() { part(0).to_owned() } else { format!("{} !{}", part(0), part(1)) })
                }
                _ => None,
            };
            declarations.retain(|(name, _)| name != property);
            declarations.extend(text.map(|text| (property.clone(), text)));
        }
        let text = declarations.iter().map(|(name, value)| format!("{name}: {value};")).collect::<Vec<_>>().join(" ");
        self.set(place, name, Some(text))
    }

    pub(super) fn place(&self, id: &Value) -> Option<Place> {
        self.places.get(&id.as_i64()?).copied()
    }

    fn incremental(&mut self, data: &Value) -> Result<()> {
        let source = data["source"].as_u64().ok_or("a number as `data.source`")?;
        let place = self.place(&data["id"]);
        match (source, place) {
            (0, _) => self.mutation(data)?,
            (4, _) => self.about(&[("viewport", format!("{}x{}", data["width"], data["height"]))])?,
            (15, _) => self.adopted(data)?,
            (14, _) => self.selection(data)?,
            (1 | 6 | 10..=12 | 16, _) => {}
            (9, _) => self.leave("drawing on a canvas"),
            (13, _) => self.leave("edit of a rule's declaration"),
            (_, None) => self.leave("change of a node that is not there"),
            (2, Some(place)) => match data["type"].as_u64() {
                Some(5) => {
                    let id = self.page.id(place).map(|id| id.to_string());
                    self.set_prop(DOCUMENT, "focus", id)?;
                }
                Some(6) => self.set_prop(DOCUMENT, "focus", None)?,
                _ if data["x"].is_number() => _ = self.pointer(data)?,
                _ => {}
            },
            (3, Some(place)) => self.scroll(place, &data["x"], &data["y"])?,
            (5, Some(place)) => self.input(place, data)?,
            (8, Some(place)) => self.rules(place, data)?,
            (7, Some(_)) => self.leave("state of a player"),
            (other, _) => return Err(format!("a source from 0 to 16, found {other}")),
        }
        Ok(())
    }

    fn pointer(&mut self, at: &Value) -> Result<bool> {
        let (x, y) = (at["x"].as_f64().ok_or("a number as `x`")?, at["y"].as_f64().ok_or("a number as `y`")?);
        if self.frames > 0 {
            self.set_prop(DOCUMENT, "pointer", Some(format!("{x:.0},{y:.0}")))?;
        }
        Ok(false)
    }

    /// In the order in which rrweb's own player goes: what goes, what comes, texts, attributes.
    fn mutation(&mut self, data: &Value) -> Result<()> {
        let list = |name: &str| data[name].as_array().map(Vec::as_slice).unwrap_or_default();
        for removed in list("removes") {
            match self.place(&removed["id"]) {
                Some(DOCUMENT) | None => {}
                Some(place) => self.page.remove(place),
            }
        }
        // One that stands beside another that comes later in the list waits for it.
        let mut waiting: Vec<&Value> = list("adds").iter().collect();
        while !waiting.is_empty() {
            let before = waiting.len();
            let mut later = Vec::new();
            for added in waiting {
                if !self.add(added)? {
                    later.push(added);
                }
            }
            if later.len() == before {
                for _ in later {
                    self.leave("node whose parent is not there");
                }
                break;
            }
            waiting = later;
        }
        for text in list("texts") {
            match self.place(&text["id"]) {
                Some(place) => {
                    let value = text["value"].as_str().unwrap_or_default();
                    self.page.set_data(place, value).map_err(|error| error.to_string())?;
                }
                None => self.leave("change of a node that is not there"),
            }
        }
        for change in list("attributes") {
            let Some(place) = self.place(&change["id"]) else {
                self.leave("change of a node that is not there");
                continue;
            };
            for (name, value) in change["attributes"].as_object().into_iter().flatten() {
                match (name.as_str(), value.as_str()) {
                    ("_cssText", Some(css)) => self.linked(place, &change["id"], css)?,
                    _ => self.attribute(place, name, value, false)?,
                }
            }
        }
        Ok(())
    }

    /// Puts a new node where it belongs; `false` when its neighbour or parent is not there yet.
    fn add(&mut self, added: &Value) -> Result<bool> {
        let Some(mut parent) = self.place(&added["parentId"]) else { return Ok(false) };
        let node = &added["node"];
        if node["isShadow"] == true {
            parent = self.page.fragment(parent, Kind::Shadow);
        }
        if node["type"] == 3
            && let Some(text) = self.page.node(parent).and_then(|node| node.children.first().copied())
            && self.styles.remove(&text)
            && let Some(id) = node["id"].as_i64()
        {
            self.places.insert(id, text);
            return Ok(true);
        }
        let index = match added["nextId"].as_i64() {
            None => usize::MAX,
            Some(next) => {
                let next = self.places.get(&next).copied();
                let children = self.page.node(parent).map(|node| node.children.as_slice()).unwrap_or_default();
                match next.and_then(|next| children.iter().position(|child| *child == next)) {
                    Some(index) => index,
                    None => return Ok(false),
                }
            }
        };
        if let Some(before) = self.place(&node["id"]).filter(|place| *place != DOCUMENT) {
            self.page.remove(before);
        }
        let Some(place) = self.build(node)? else { return Ok(true) };
        if self.page.node(place).is_some_and(|node| node.kind.is_fragment()) {
            self.page.insert_fragment(place, parent);
        } else {
            self.page.insert(place, parent, index);
        }
        Ok(true)
    }

    /// The text of a linked sheet that came later: a `<style>` takes the link's place.
    fn linked(&mut self, place: Place, id: &Value, css: &str) -> Result<()> {
        let Some(node) = self.page.node(place) else { return Ok(()) };
        if self.page.text(node.name) == "style" {
            return self.set_css(place, css);
        }
        let (attrs, Some(parent)) = (node.attrs.clone(), node.parent) else { return Ok(()) };
        let index = self.page.node(parent).and_then(|node| node.children.iter().position(|child| *child == place));
        let name = self.page.name(Namespace::Html, "style");
        let made = self.page.create(Kind::Element, name, attrs, String::new());
        let text = self.page.create(Kind::Text, NameId::NONE, BTreeMap::new(), css.to_owned());
        self.page.insert(text, made, 0);
        self.page.remove(place);
        self.page.insert(made, parent, index.unwrap_or(usize::MAX));
        if let Some(id) = id.as_i64() {
            self.places.insert(id, made);
        }
        Ok(())
    }

    fn input(&mut self, place: Place, data: &Value) -> Result<()> {
        let kind = self.page.name(Namespace::None, "type");
        let node_type = self.page.node(place).and_then(|node| node.attrs.get(&kind)).cloned().unwrap_or_default();
        let text = data["text"].as_str().unwrap_or_default().to_owned();
        match self.name_of(place) {
            "select" => self.choose(place, &text),
            "input" if matches!(node_type.as_str(), "checkbox" | "radio") => {
                let on = if data["isChecked"] == true { "1" } else { "0" };
                self.set_prop(place, "checked", Some(on.to_owned()))
            }
            _ => self.set_prop(place, "value", Some(text)),
        }
    }

    /// The option of this value, or, without values, of this text.
    fn choose(&mut self, select: Place, value: &str) -> Result<()> {
        let name = self.page.name(Namespace::None, "value");
        let mut open: Vec<Place> = self.page.node(select).map(|node| node.children.clone()).unwrap_or_default();
        open.reverse();
        let mut is_chosen = false;
        while let Some(place) = open.pop() {
            let Some(node) = self.page.node(place) else { continue };
            if self.page.text(node.name) != "option" {
                open.extend(node.children.iter().rev());
                continue;
            }
            let text: String = node
                .children
                .iter()
                .filter_map(|child| self.page.node(*child))
                .map(|node| node.data.as_str())
                .collect::<Vec<_>>()
                .concat();
            let own = node.attrs.get(&name).map_or_else(|| text.trim().to_owned(), String::clone);
            let on = own == value && !is_chosen;
            is_chosen |= on;
            self.set_prop(place, "selected", Some(if on { "1" } else { "0" }.to_owned()))?;
        }
        Ok(())
    }

    fn selection(&mut self, data: &Value) -> Result<()> {
        let range = &data["ranges"][0];
        let end = |node: &str, offset: &str| {
            let id = self.place(&range[node]).and_then(|place| self.page.id(place))?;
            Some(format!("{id}:{}", range[offset].as_u64()?))
        };
        let value = end("start", "startOffset").zip(end("end", "endOffset")).map(|(from, to)| format!("{from} {to}"));
        self.set_prop(DOCUMENT, "selection", value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_log_of_events_is_told() {
        for (text, expected) in [
            ("{", "EOF while parsing"),
            ("[]", "none"),
            ("7", "found 7"),
            ("[{\"type\":1}]", "event 0: expected a number as `timestamp`"),
            ("[{\"type\":1,\"timestamp\":5}]", "1 events without a full snapshot"),
            ("[\"packed\"]", "unpack them first"),
            ("[{\"type\":9,\"timestamp\":5}]", "event 0: expected a type from 0 to 6, found 9"),
            ("[{\"type\":2,\"timestamp\":5,\"data\":{}}]", "event 0: expected `data.node.childNodes`"),
        ] {
            let error = import(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
