//! A whole page read from its markup alone, without a walk that gives its shape: fit for a page whose markup says all.
//!
//! What is read is counted, and whoever has the page compares the counts with its own. Where they agree, the tree is the
//! page's: markup can show fewer texts than there are (neighbours run together, empty ones are not seen), never more by
//! itself; it can show more than there is only where a comment or a raw text holds what ends it, and then it shows more
//! elements or comments. What could make up for these has to be ruled out by who has the page: elements of raw text that hold
//! anything but text (each that has content is reported, [`RAW`](crate::markup::Interest::RAW)), and elements without an
//! end tag that have content.
//! Elements of other namespaces are taken to be where a parser puts them (HTML standard, §13.2.6 "Tree construction"), and
//! reported, to be asked for their own.

use crate::{
    markup::{Reader, Result, unescaped},
    recorder::Recorder,
};
use protocol::{names::Namespace, tree::Kind};

/// How many nodes of each kind were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Census {
    /// HTML elements.
    pub html: u32,
    /// SVG elements.
    pub svg: u32,
    /// MathML elements.
    pub mathml: u32,
    /// Text nodes.
    pub texts: u32,
    /// Comments.
    pub comments: u32,
}

impl Census {
    /// All of them.
    #[must_use]
    pub const fn nodes(&self) -> u32 {
        self.elements() + self.texts + self.comments
    }

    const fn elements(&self) -> u32 {
        self.html + self.svg + self.mathml
    }
}

impl Recorder {
    /// Reads the document's element and all below it, some `nodes` in number. `units` is the markup's length in UTF-16
    /// code units; `templates` holds the length of the content's markup for each template that is below no other. Returns the counts to compare
    /// with the page's, and where to look further: an [`Interest`](crate::markup::Interest) below the index among the elements, and the node's
    /// id. Ids are given in tree order, from 1 on; [`Recorder::fresh`] has one for each node.
    ///
    /// # Errors
    /// [`markup::Unclear`](crate::markup::Unclear): the recorder is not to be used any more.
    pub fn read_census(
        &mut self,
        html: &str,
        units: usize,
        nodes: usize,
        templates: &[u32],
    ) -> Result<(Census, Vec<u32>)> {
        // No node takes less markup than a line break.
        let mut reader = Reader::new(self, html, units, nodes.min(html.len()));
        let mut templates = templates.iter().copied();
        let mut census = Census::default();
        loop {
            reader.ends()?;
            let rest = reader.rest();
            if rest.is_empty() {
                break;
            }
            let is_text = if reader.is_raw() {
                reader.raw_text()?
            } else if rest.starts_with(b"<!--") {
                reader.plain_comment()?;
                census.comments += 1;
                continue;
            } else {
                rest.first() != Some(&b'<') && reader.plain_text()?
            };
            if is_text {
                census.texts += 1;
                continue;
            }
            let namespace = reader.namespace();
            let index = census.elements();
            match namespace {
                Namespace::Svg => census.svg += 1,
                Namespace::MathMl => census.mathml += 1,
                _ => census.html += 1,
            }
            reader.element(namespace, 0, index, &mut templates)?;
        }
        if templates.next().is_some() {
            return Err(reader.unclear("another template"));
        }
        Ok((census, reader.finish()?))
    }
}

impl Reader<'_, '_> {
    /// The text up to the next tag; `false` where there is none.
    fn plain_text(&mut self) -> Result<bool> {
        self.content()?;
        let rest = self.rest();
        let len = memchr::memchr(b'<', rest).unwrap_or(rest.len());
        let text = self.cut(len)?;
        // Escaped wherever it belongs to a text.
        if memchr::memchr(b'>', text.as_bytes()).is_some() {
            return Err(self.unclear("an escape"));
        }
        if memchr::memchr(b'&', text.as_bytes()).is_none() {
            self.leaf(Kind::Text, text)?;
        } else {
            self.leaf(Kind::Text, &unescaped(text))?;
        }
        Ok(len > 0)
    }

    /// What stands before the end tag of the element that is open, as it stands. Not empty, or the end tag would have
    /// been read.
    fn raw_text(&mut self) -> Result<bool> {
        self.content()?;
        let name = self.open.last().map_or("", |open| open.name);
        let rest = self.rest();
        let mut len = 0;
        loop {
            let Some(next) = rest.get(len..).and_then(|rest| memchr::memchr(b'<', rest)) else {
                return Err(self.unclear("the end tag of the element that is open"));
            };
            len += next;
            let tag = rest.get(len..).and_then(|rest| rest.strip_prefix(b"</"));
            if tag.and_then(|tag| tag.strip_prefix(name.as_bytes())).is_some_and(|tag| tag.first() == Some(&b'>')) {
                break;
            }
            len += 1;
        }
        let text = self.cut(len)?;
        self.leaf(Kind::Text, text)?;
        Ok(true)
    }

    fn plain_comment(&mut self) -> Result<()> {
        self.content()?;
        self.at += 4;
        let rest = self.rest();
        let mut len = 0;
        loop {
            let Some(next) = rest.get(len..).and_then(|rest| memchr::memchr(b'>', rest)) else {
                return Err(self.unclear("the end of a comment"));
            };
            len += next;
            if rest.get(..len).is_some_and(|data| data.ends_with(b"--")) {
                break;
            }
            len += 1;
        }
        let data = self.cut(len - 2)?;
        self.at += 3;
        self.leaf(Kind::Comment, data)
    }

    /// The namespace in which a parser makes the element that begins here.
    fn namespace(&self) -> Namespace {
        let inherited = self.open.last().map_or(Namespace::Html, |open| match (open.namespace, open.name) {
            (Namespace::Svg, "foreignObject" | "desc" | "title")
            | (Namespace::MathMl, "mi" | "mo" | "mn" | "ms" | "mtext" | "annotation-xml") => Namespace::Html,
            (namespace, _) => namespace,
        });
        let starts = |tag: &[u8]| {
            let behind = self.rest().strip_prefix(tag).and_then(<[u8]>::first);
            matches!(behind, Some(b' ' | b'>'))
        };
        match inherited {
            Namespace::Html if starts(b"<svg") => Namespace::Svg,
            Namespace::Html if starts(b"<math") => Namespace::MathMl,
            inherited => inherited,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::{
        Interest,
        tests::{printed, units},
    };
    use protocol::{Limits, decoder::Decoder, tree::NONE};

    fn read(html: &str, templates: &[u32]) -> Result<(Recorder, Census, Vec<u32>)> {
        let mut recorder = Recorder::new(1, &Limits::DEFAULT);
        let (census, interests) = recorder.read_census(html, units(html), 0, templates)?;
        Ok((recorder, census, interests))
    }

    fn tree(recorder: &mut Recorder) -> String {
        let mut decoder = Decoder::new(Limits::DEFAULT);
        decoder.push(recorder.keyframe(0).unwrap()).unwrap();
        printed(decoder.tree())
    }

    #[test]
    fn markup_that_says_all_is_read_and_counted() {
        let html = "<html><p title=\"a&amp;b\">one &lt; t\u{20ac}wo<br></p><!--a -- b--><!--->--><style>a > b { c: '</styles>' }</style>\
            <textarea>&lt;i></textarea></html>"
            .replace("i></t", "i&gt;</t");
        let (mut recorder, census, interests) = read(&html, &[]).unwrap();
        assert_eq!(census, Census { html: 5, texts: 3, comments: 2, ..Census::default() });
        assert_eq!(recorder.fresh().len(), census.nodes() as usize);
        let expected = "html\n.p title=a&b\n..Text(one < t\u{20ac}wo)\n..br\n.Comment(a -- b)\n.Comment(->)\n.style\n\
            ..Text(a > b { c: '</styles>' })\n.textarea\n..Text(<i>)\n";
        assert_eq!(tree(&mut recorder), expected);
        let found: Vec<_> = interests
            .chunks(2)
            .map(|entry| (entry[0] >> Interest::BITS, entry[0] & ((1 << Interest::BITS) - 1), entry[1]))
            .collect();
        assert_eq!(
            found,
            [
                (1, Interest::HOST | Interest::SCROLL, 2),
                (3, Interest::STATE | Interest::RAW, 7),
                (4, Interest::STATE | Interest::SCROLL, 9)
            ]
        );
    }

    #[test]
    fn namespaces_are_those_of_a_parser() {
        let html = "<html><svg xmlns=\"s\"><title>t</title><foreignObject><p><svg><a></a></svg></p></foreignObject><svga></svga></svg>\
            <math><mi><b></b></mi><mrow></mrow></math><svgs></svgs></html>";
        let (recorder, census, interests) = read(html, &[]).unwrap();
        let told = |bit: u32| interests.chunks(2).filter(move |entry| entry[0] & bit != 0).count();
        assert_eq!((told(Interest::SVG), told(Interest::MATHML)), (6, 3));
        assert_eq!(census, Census { html: 4, svg: 6, mathml: 3, texts: 1, comments: 0 });
        let mirror = recorder.encoder().mirror();
        let names = (1..=census.nodes()).map(|id| mirror.node(id)).filter(|node| node.kind == Kind::Element);
        let names: Vec<_> = names.map(|node| mirror.names.get(node.name)).collect();
        assert_eq!(names[4], (Namespace::Html, "p"));
        assert_eq!(names[6], (Namespace::Svg, "a"));
        assert_eq!(names[9], (Namespace::MathMl, "mi"));
    }

    #[test]
    fn the_gate_is_the_same() {
        let html = "<html><script>SECRET()</script><p data-cobrowse-mask=\"\">my SECRET</p><template><b>SECRET</b></template>\
            <div data-cobrowse-block=\"\"><i>SECRET</i></div></html>";
        let (mut recorder, census, interests) = read(html, &[13]).unwrap();
        assert_eq!(recorder.fresh(), [1, 2, NONE, 3, 4, 5, 6, NONE, NONE]);
        assert_eq!(census.nodes(), 9);
        assert!(!tree(&mut recorder).contains("SECRET"));
        let raw = interests.chunks(2).find(|entry| entry[0] & Interest::RAW != 0).unwrap();
        assert_eq!((raw[0] >> Interest::BITS, raw[1]), (1, 2));
    }

    #[test]
    fn what_is_no_markup_of_a_serialiser_is_refused() {
        for (html, expected) in [
            ("<html>a > b</html>", "an escape"),
            ("<html><!--a</html>", "the end of a comment"),
            ("<html><style>a</html>", "the end tag of the element that is open"),
            ("<html><?a b></html>", "a plain name"),
            ("<html><![CDATA[a]]></html>", "a plain name"),
            ("<html></p></html>", "the end tag of the element that is open"),
            ("<html></html>text", "the end"),
            ("<html>", "the end"),
            ("<html><template><b></b></template></html>", "the length of a template's content"),
        ] {
            let error = read(html, &[]).unwrap_err();
            assert_eq!(error.expected, expected, "{html}");
        }
        assert_eq!(read("<html></html>", &[1]).unwrap_err().expected, "another template");
    }
}
