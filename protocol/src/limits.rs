//! Bounds that every length read from the wire meets before memory is taken for it.

/// What a decoder accepts. The defaults hold every page known to us with a wide margin and keep a hostile peer from
/// taking more than about 1 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest frame as sent, header included, in bytes. Default 64 MiB.
    pub frame_bytes: usize,
    /// The largest inflated body, in bytes. Default 256 MiB.
    pub body_bytes: usize,
    /// The most nodes a tree may hold, at most 2^31. Default 4,000,000.
    pub nodes: u32,
    /// The most distinct element, attribute and property names in one stream. Default 100,000.
    pub names: u32,
    /// The most string bytes a tree may hold. Default 512 MiB.
    pub text_bytes: usize,
}

impl Limits {
    /// The defaults described at each field.
    pub const DEFAULT: Self =
        Self { frame_bytes: 64 << 20, body_bytes: 256 << 20, nodes: 4_000_000, names: 100_000, text_bytes: 512 << 20 };

    /// The largest control frame as sent, in bytes. Control frames are small: text that an agent types, no pages.
    pub const CONTROL_BYTES: usize = 64 << 10;

    /// The largest control frame that an agent may send, in bytes: it has to fit into the one in which the relay hands it on.
    pub const AGENT_BYTES: usize = Self::CONTROL_BYTES - 64;
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
