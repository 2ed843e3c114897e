//! What a node can be, and what fits below what.

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An unused slot.
    Free = 0,
    /// The document, id 0.
    Document = 1,
    /// A doctype: data is name, public id and system id, separated by U+0000.
    Doctype = 2,
    /// An element.
    Element = 3,
    /// A text node.
    Text = 4,
    /// A comment.
    Comment = 5,
    /// A processing instruction: data is the target, a space, and the data.
    Instruction = 6,
    /// The content of a `<template>`, its first child.
    Content = 7,
    /// A shadow root, the first child of its host. An open one, as properties do not say otherwise.
    Shadow = 8,
    /// A style sheet whose rules are not what text or address say: the first child of its `<style>` or `<link>`. Below
    /// the document: a constructed one, which roots adopt by its number.
    Sheet = 9,
    /// A rule of a style sheet: data is its CSS text, nested rules included.
    Rule = 10,
    /// The document in an `<iframe>` or `<frame>`, its first child.
    Frame = 11,
}

impl Kind {
    /// Whether nodes of this kind have children.
    #[must_use]
    pub const fn has_children(self) -> bool {
        matches!(self, Self::Document | Self::Element | Self::Content | Self::Shadow | Self::Sheet | Self::Frame)
    }

    /// Whether nodes of this kind are fragments: parts of their parent that come before its children and never move.
    #[must_use]
    pub const fn is_fragment(self) -> bool {
        matches!(self, Self::Content | Self::Shadow | Self::Sheet | Self::Frame)
    }

    /// Whether a node of this kind may be a child of one of that kind.
    #[must_use]
    pub const fn fits_below(self, parent: Self) -> bool {
        match self {
            Self::Rule => matches!(parent, Self::Sheet),
            Self::Sheet => matches!(parent, Self::Element | Self::Document | Self::Frame),
            Self::Content | Self::Shadow | Self::Frame => matches!(parent, Self::Element),
            Self::Free | Self::Document => false,
            _ => parent.has_children() && !matches!(parent, Self::Sheet),
        }
    }

    /// Whether nodes of this kind have attributes or properties.
    #[must_use]
    pub const fn has_attrs(self) -> bool {
        matches!(self, Self::Document | Self::Element | Self::Shadow | Self::Sheet | Self::Frame)
    }

    /// Whether nodes of this kind have data.
    #[must_use]
    pub const fn has_data(self) -> bool {
        matches!(self, Self::Doctype | Self::Text | Self::Comment | Self::Instruction | Self::Rule)
    }
}
