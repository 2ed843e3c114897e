//! The list of `fixtures/attacks`, read; and streams that say what is in it without the engine's capture, as a hostile client would.

use anyhow::{Context, Result, bail};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use protocol::{
    Limits,
    encoder::Encoder,
    hash::Key,
    names::{NameId, Namespace},
    tree::{Kind, NONE, ROOT},
};
use serde::{Deserialize, Serialize};
use std::{fs, path::Path};

/// The host that is asked in vain.
pub(crate) const HOST: &str = "10.11.12.13";

/// One vector.
#[derive(Debug, Clone)]
pub(crate) struct Vector {
    /// Its number, by which it is known in a browser.
    pub(crate) id: usize,
    /// The file without its ending.
    pub(crate) family: String,
    /// The line in it.
    line: usize,
    /// Whether a customer's page would be left by it.
    pub(crate) leaves: bool,
    /// The markup, or the node as JSON.
    pub(crate) text: String,
}

impl Vector {
    /// For messages.
    pub(crate) fn named(&self) -> String {
        format!("{}:{}: {}", self.family, self.line, self.text)
    }
}

/// All families' markup, and the nodes that no parser makes.
pub(crate) fn read(folder: &Path) -> Result<(Vec<Vector>, Vec<Vector>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .with_context(|| format!("reading {}", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.sort();
    let (mut markup, mut nodes) = (Vec::new(), Vec::new());
    for file in files {
        let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let family = file.file_stem().and_then(|stem| stem.to_str()).context("a family's name")?.to_owned();
        if !matches!(ending, "txt" | "jsonl") {
            continue;
        }
        for (index, line) in fs::read_to_string(&file)?.lines().enumerate() {
            if line.is_empty() || line.starts_with("# ") {
                continue;
            }
            let place = || format!("{}:{}", file.display(), index + 1);
            let (leaves, line) = line.strip_prefix("@leaves ").map_or((false, line), |line| (true, line));
            let is_markup = ending == "txt";
            let all = if is_markup { choices(line).with_context(place)? } else { vec![line.to_owned()] };
            for text in all {
                let id = markup.len() + nodes.len();
                let text = if is_markup { unescaped(&text).with_context(place)? } else { text };
                let text = filled(&text, id, is_markup);
                let vector = Vector { id, family: family.clone(), line: index + 1, leaves, text };
                if is_markup { markup.push(vector) } else { nodes.push(vector) }
            }
        }
    }
    Ok((markup, nodes))
}

/// Every choice of what is in `[[a|b]]`; the same list stands for the same choice.
fn choices(line: &str) -> Result<Vec<String>> {
    let Some(at) = line.find("[[") else { return Ok(vec![line.to_owned()]) };
    let end = line[at..].find("]]").context("expected ]] behind [[")? + at;
    // An address in brackets may end the list.
    let end = if line[end..].starts_with("]]]") { end + 1 } else { end };
    let list = &line[at..end + 2];
    let mut all = Vec::new();
    for choice in line[at + 2..end].split('|') {
        all.extend(choices(&line.replace(list, choice))?);
    }
    Ok(all)
}

fn unescaped(line: &str) -> Result<String> {
    let mut out = String::with_capacity(line.len());
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        out.push(match letters.next() {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('f') => '\x0c',
            Some('0') => '\0',
            Some('\\') => '\\',
            Some('u') => {
                let code: String =
                    letters.by_ref().take_while(|letter| *letter != '}').filter(|letter| *letter != '{').collect();
                u32::from_str_radix(&code, 16).ok().and_then(char::from_u32).context("expected \\u{a0}")?
            }
            other => bail!("expected \\n, \\t, \\r, \\f, \\0, \\\\ or \\u{{a0}}, found \\{other:?}"),
        });
    }
    Ok(out)
}

/// The text with what its placeholders stand for.
fn filled(text: &str, id: usize, is_markup: bool) -> String {
    let run = format!("top.postMessage({id},'*')");
    // In an attribute without quotes, and in JSON, no quotes may be; a number does as well.
    let run = if is_markup { run.replace('\'', "`") } else { run };
    let encoded = |text: String| BASE64_STANDARD.encode(text);
    text.replace("{run64}", &encoded(run.clone()))
        .replace("{html64}", &encoded(format!("<script>{run}</script>")))
        .replace(
            "{svg64}",
            &encoded(format!("<svg xmlns='http://www.w3.org/2000/svg' id='x'><script>{run}</script></svg>")),
        )
        .replace("{run}", &run)
        .replace("{hit}", &format!("http://{HOST}/hit/{id}"))
        .replace("{host}", HOST)
        .replace("{id}", &id.to_string())
}

/// A node of a page, as a stream states it.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(untagged)]
pub(crate) enum Node {
    /// A text.
    Text(String),
    /// A comment, or an instruction.
    Other {
        /// 1 for a comment, 2 for an instruction.
        k: u8,
        /// What is in it.
        d: String,
    },
    /// An element.
    Element {
        /// Its namespace, a blank, and its name.
        e: String,
        /// Namespace, name and value.
        #[serde(default)]
        a: Vec<(String, String, String)>,
        /// Children.
        #[serde(default)]
        c: Vec<Node>,
        /// Children of its shadow root.
        #[serde(default)]
        s: Option<Vec<Node>>,
        /// Children of its content, of a template.
        #[serde(default)]
        t: Option<Vec<Node>>,
        /// Children of the document in it.
        #[serde(default)]
        f: Option<Vec<Node>>,
    },
}

impl Node {
    /// A frame with an empty document.
    pub(crate) fn frame() -> Self {
        let body = Self::Element { e: "html body".into(), a: vec![], c: vec![], s: None, t: None, f: None };
        let root = Self::Element { e: "html html".into(), a: vec![], c: vec![body], s: None, t: None, f: None };
        Self::Element { e: "html iframe".into(), a: vec![], c: vec![], s: None, t: None, f: Some(vec![root]) }
    }
}

/// In which way a stream says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// All in one keyframe.
    Whole,
    /// Elements first, in place; attributes and texts behind them.
    Late,
    /// Below shadow roots.
    Shadow,
    /// In documents of frames.
    Framed,
}

impl Way {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Whole, Self::Late, Self::Shadow, Self::Framed];
}

/// Makes streams.
struct Client {
    encoder: Encoder,
    way: Way,
    /// Attributes, and texts, that come later.
    attrs: Vec<(u32, NameId, String)>,
    texts: Vec<(u32, String)>,
}

/// The frames of a page of this address that holds the nodes, one below the other in boxes.
pub(crate) fn stream(nodes: &[Node], way: Way, url: &str) -> Result<Vec<Vec<u8>>> {
    stream_in(nodes, way, url, "no-quirks")
}

/// The same in another mode of documents.
pub(crate) fn stream_in(nodes: &[Node], way: Way, url: &str, mode: &str) -> Result<Vec<Vec<u8>>> {
    let encoder = Encoder::new(Key(7), &Limits::DEFAULT);
    let mut client = Client { encoder, way, attrs: Vec::new(), texts: Vec::new() };
    client.encoder.begin();
    for (name, value) in [("url", url), ("base", url), ("mode", mode), ("viewport", "1000x700")] {
        let name = client.encoder.mirror_mut().names.intern(Namespace::Prop, name);
        client.encoder.set_attr(ROOT, name, value.as_bytes())?;
    }
    client.encoder.run(ROOT, NONE);
    client.encoder.leaf(Kind::Doctype, b"html\0\0")?;
    for name in ["html", "body"] {
        client.open("html", name)?;
    }
    for node in nodes {
        client.open("html", if way == Way::Framed { "iframe" } else { "div" })?;
        match way {
            Way::Shadow => drop(client.encoder.fragment(Kind::Shadow)?),
            Way::Framed => {
                client.encoder.fragment(Kind::Frame)?;
                client.open("html", "html")?;
                client.open("html", "body")?;
            }
            Way::Whole | Way::Late => {}
        }
        client.node(node)?;
        for _ in 0..match way {
            Way::Whole | Way::Late => 1,
            Way::Shadow => 2,
            Way::Framed => 4,
        } {
            client.encoder.up();
        }
    }
    client.encoder.up();
    client.encoder.up();
    client.encoder.end_run();
    let mut frames = vec![client.encoder.keyframe(0)?.to_vec()];
    if way == Way::Late {
        client.encoder.begin();
        for (id, name, value) in std::mem::take(&mut client.attrs) {
            client.encoder.set_attr(id, name, value.as_bytes())?;
        }
        for (id, text) in std::mem::take(&mut client.texts) {
            client.encoder.set_data(id, text.as_bytes())?;
        }
        frames.extend(client.encoder.delta(1)?.map(<[u8]>::to_vec));
    }
    Ok(frames)
}

impl Client {
    fn name(&mut self, space: &str, name: &str) -> NameId {
        let known = match space {
            "" => Some(Namespace::None),
            "html" => Some(Namespace::Html),
            "svg" => Some(Namespace::Svg),
            "math" => Some(Namespace::MathMl),
            "xlink" => Some(Namespace::XLink),
            "prop" => Some(Namespace::Prop),
            _ => None,
        };
        let names = &mut self.encoder.mirror_mut().names;
        match known {
            Some(known) => names.intern(known, name),
            // A namespace that is written out; `empty` is written out, too.
            None => names.intern(Namespace::Other, &format!("{} {name}", if space == "empty" { "" } else { space })),
        }
    }

    fn open(&mut self, space: &str, name: &str) -> Result<u32> {
        let name = self.name(space, name);
        Ok(self.encoder.element(name)?)
    }

    fn node(&mut self, node: &Node) -> Result<()> {
        match node {
            Node::Text(text) => {
                let is_late = self.way == Way::Late;
                let id = self.encoder.leaf(Kind::Text, if is_late { b"" } else { text.as_bytes() })?;
                if is_late {
                    self.texts.push((id, text.clone()));
                }
            }
            Node::Other { k, d } => {
                self.encoder.leaf(if *k == 1 { Kind::Comment } else { Kind::Instruction }, d.as_bytes())?;
            }
            Node::Element { e, a, c, s, t, f } => {
                let (space, name) = e.split_once(' ').context("a namespace and a name")?;
                let id = self.open(space, name)?;
                for (space, name, value) in a {
                    let name = self.name(space, name);
                    if self.way == Way::Late {
                        self.attrs.push((id, name, value.clone()));
                    } else {
                        self.encoder.attr(id, name, value.as_bytes())?;
                    }
                }
                for (kind, nodes) in [(Kind::Shadow, s), (Kind::Content, t), (Kind::Frame, f)] {
                    let Some(nodes) = nodes else { continue };
                    self.encoder.fragment(kind)?;
                    nodes.iter().try_for_each(|node| self.node(node))?;
                    self.encoder.up();
                }
                c.iter().try_for_each(|node| self.node(node))?;
                self.encoder.up();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::decoder::Decoder;

    #[test]
    fn lists_and_letters_are_read() {
        assert_eq!(
            choices("<[[a|b]] x=[[1|2]]></[[a|b]]>").unwrap(),
            ["<a x=1></a>", "<a x=2></a>", "<b x=1></b>", "<b x=2></b>"]
        );
        assert_eq!(choices("[[[::1]|[::2]]]").unwrap(), ["[::1]", "[::2]"]);
        assert_eq!(unescaped(r"a\n\0\\\u{a0}").unwrap(), "a\n\0\\\u{a0}");
        assert!(unescaped(r"\x").is_err());
        assert_eq!(filled("{hit}.js {run}", 7, true), "http://10.11.12.13/hit/7.js top.postMessage(7,`*`)");
    }

    #[test]
    fn the_list_is_read_and_every_stream_of_it_is_one() {
        let (markup, nodes) = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/attacks")).unwrap();
        assert!(markup.len() > 900 && nodes.len() > 100, "{} and {}", markup.len(), nodes.len());
        let nodes: Vec<Node> = nodes
            .iter()
            .map(|vector| {
                serde_json::from_str(&vector.text).unwrap_or_else(|error| panic!("{}: {error}", vector.named()))
            })
            .collect();
        for way in Way::ALL {
            let mut decoder = Decoder::new(Limits::DEFAULT);
            for frame in stream(&nodes, way, "http://10.11.12.13/").unwrap() {
                decoder.push(&frame).unwrap_or_else(|error| panic!("{way:?}: {error}"));
            }
        }
    }
}
