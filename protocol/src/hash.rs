//! The tree hash: a sum of keyed per-node hashes, so that a change costs O(1) (`docs/wire-format.md` §5).
//!
//! A node's *content* is the sum of what it is (kind, name, data) and of each of its attributes; its *term* binds the
//! content to the node's id, parent and next sibling; the tree's hash is the wrapping sum of all terms. Both ends
//! keep it up to date and compare it after every frame.

use xxhash_rust::xxh64::xxh64;

/// A key drawn per stream, so that a page cannot be made to collide on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Key(pub u64);

impl Key {
    /// XXH64 of the bytes, seeded with the key.
    #[inline]
    #[must_use]
    pub fn bytes(self, bytes: &[u8]) -> u64 {
        xxh64(bytes, self.0)
    }

    /// A node's share of the tree's hash.
    #[inline]
    #[must_use]
    pub fn term(self, id: u32, parent: u32, next: u32, content: u64) -> u64 {
        let place = mix(self.0 ^ (u64::from(id) << 32 | u64::from(parent)));
        mix(content.wrapping_add(place) ^ u64::from(next).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// An attribute's share of its element's content.
    #[inline]
    #[must_use]
    pub fn attribute(self, name: u64, value: &[u8]) -> u64 {
        mix(name ^ self.bytes(value).rotate_left(17))
    }
}

/// The finaliser of SplitMix64: every input bit reaches every output bit.
#[inline]
#[must_use]
pub const fn mix(mut value: u64) -> u64 {
    value ^= value >> 30;
    value = value.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value ^= value >> 27;
    value = value.wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}

/// The four bytes of a tree hash that a frame carries.
#[inline]
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "both halves are folded into the result")]
pub const fn fold(hash: u64) -> u32 {
    (hash ^ hash >> 32) as u32
}
