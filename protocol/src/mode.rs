//! The three modes of a session: what an agent may do on the customer's page.

use std::{fmt, str::FromStr};

/// What the agent may do. Ordered: a later mode allows everything an earlier one does.
///
/// The names are those of the invitation of seed `003_986f6a6a197dab8a.txt` (`shared`, `view`, `follow`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Mode {
    /// The agent watches and can do nothing.
    #[default]
    Follow = 1,
    /// The agent may scroll the customer's view.
    View = 2,
    /// The agent may point, scroll, click, type, select and navigate.
    Shared = 3,
}

impl Mode {
    /// Every mode, from the least to the most it allows.
    pub const ALL: [Self; 3] = [Self::Follow, Self::View, Self::Shared];

    /// The name used in options, on the wire of other systems and in the user interface.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Follow => "follow",
            Self::View => "view",
            Self::Shared => "shared",
        }
    }

    /// The number that stands for the mode in a frame (`docs/wire-format.md` §6).
    #[must_use]
    pub const fn tag(self) -> u8 {
        self as u8
    }

    /// The mode of a number, if there is one.
    #[must_use]
    pub const fn from_tag(tag: u8) -> Option<Self> {
        match tag {
            1 => Some(Self::Follow),
            2 => Some(Self::View),
            3 => Some(Self::Shared),
            _ => None,
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text was none of the three modes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("mode: expected \"shared\", \"view\" or \"follow\", found \"{0}\"")]
pub struct UnknownMode(pub String);

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        Self::ALL.into_iter().find(|mode| mode.name() == text).ok_or_else(|| UnknownMode(text.to_owned()))
    }
}
