//! Deflate (RFC 1951) for the bodies of frames: one raw stream over frames, with a sync flush after each.
//!
//! A library's encoder took half of the time of a first keyframe. This one knows what it is given: bodies come in columns
//! (`crate::columns`), bytes of one kind beside each other, and a block of deflate that ends where a column does has
//! codes that fit. That is worth some 3 %, and pays for a search that takes less: a match is taken as it is found, without
//! a look at whether the next byte has a longer one, and of earlier places, only [`DEPTH`] are tried (`benches/README.md`).
//!
//! What the other end undoes is plain deflate: any inflater reads it.

use crate::huffman::{Code, SYMBOLS};

/// How far back a match may lie, in bytes (RFC 1951 §3.2.5).
const WINDOW: usize = 1 << 15;
/// The shortest match that is looked for, and the longest that there is.
const LEAST: usize = 4;
const MOST: usize = 258;
/// How many earlier places with the same four bytes are tried.
const DEPTH: u32 = 8;
/// A match of so many bytes is long enough.
const NICE: usize = 64;
const HASH_BITS: u32 = 15;
/// A block ends behind so many tokens, and where a column ends, behind so many.
const BLOCK_TOKENS: usize = 1 << 14;
const COLUMN_TOKENS: usize = 256;
/// A block of fewer tokens has the codes that both ends know: to say others would take more than they save.
const FEW_TOKENS: usize = 32;
/// The symbol that ends a block; how many there are of literals and lengths, and of distances.
const END: usize = 256;
const DISTANCES: usize = 32;
const LONGEST_CODE: usize = 15;
/// In which order the lengths of the code for lengths are written, and how many bits follow on each (RFC 1951 §3.2.7).
const LENGTH_ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const LENGTH_EXTRA: [u32; 19] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 7];

/// A stream being deflated.
pub(crate) struct Deflate {
    /// What matches may refer to, and behind it what is deflated now.
    bytes: Vec<u8>,
    /// Of the first of these, its place in the stream. Places begin far enough from 0 for a 0 to be out of the window.
    base: u32,
    /// The last place of four bytes, by their hash.
    heads: Box<[u32; 1 << HASH_BITS]>,
    /// How far before a place, by its low bits, the next earlier one with the same hash lies.
    steps: Box<[u16; WINDOW]>,
    block: Block,
}

/// The block being made: a token is a literal, or a match's length above the lower 16 bits and its distance in these.
struct Block {
    tokens: Vec<u32>,
    literals: [u32; SYMBOLS],
    distances: [u32; DISTANCES],
    /// Bits that make no whole four bytes yet.
    bits: u64,
    count: u32,
    /// The codes that both ends know (RFC 1951 §3.2.6).
    fixed: Codes,
}

/// Codes of literals and lengths, and of distances.
type Codes = (Code<SYMBOLS>, Code<DISTANCES>);

/// A length or distance: its symbol, how many bits follow, and these.
type Symbol = (usize, u32, u32);

impl Deflate {
    pub(crate) fn new() -> Self {
        let fixed = (Code::of_lens(fixed_lens()), Code::of_lens([5; DISTANCES]));
        let (literals, distances) = ([0; SYMBOLS], [0; DISTANCES]);
        let block = Block { tokens: Vec::new(), literals, distances, bits: 0, count: 0, fixed };
        Self { bytes: Vec::new(), base: first_place(0), heads: zeros(), steps: zeros(), block }
    }

    /// Begins a new stream: nothing from before is referred to.
    pub(crate) fn restart(&mut self) {
        let len = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.bytes.clear();
        self.move_to(self.base.checked_add(len).map_or(u32::MAX, first_place));
    }

    /// The first byte's place is another one now. Places are numbered anew before they come to an end.
    fn move_to(&mut self, base: u32) {
        self.base = base;
        if base > u32::MAX / 2 {
            self.heads.fill(0);
            self.base = first_place(0);
        }
    }

    /// Appends the deflated `raw`, which has columns that end at `ends` (ascending), and a sync flush without its last four
    /// bytes, `00 00 ff ff`.
    pub(crate) fn pack(&mut self, raw: &[u8], ends: &[usize], out: &mut Vec<u8>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(raw);
        let end = self.bytes.len();
        let mut ends = ends.iter().map(|end| start + end).filter(|end| *end > start).peekable();
        let (mut from, mut at) = (start, start);
        while at < end {
            let mut most = BLOCK_TOKENS;
            while ends.next_if(|end| *end <= at).is_some() {
                most = COLUMN_TOKENS;
            }
            if self.block.tokens.len() >= most {
                self.block.write(self.bytes.get(from..at).unwrap_or_default(), out);
                from = at;
            }
            at += self.token(at);
        }
        if !self.block.tokens.is_empty() {
            self.block.write(self.bytes.get(from..).unwrap_or_default(), out);
        }
        // A block that is stored and holds nothing.
        self.block.put(0, 3, out);
        self.block.align(out);
        if end > 2 * WINDOW {
            let cut = end - WINDOW;
            self.bytes.drain(..cut);
            self.bytes.shrink_to(3 * WINDOW);
            self.move_to(self.base + u32::try_from(cut).unwrap_or(0));
        }
    }

    /// Makes the token for the bytes at `at`; how many they are.
    #[inline]
    fn token(&mut self, at: usize) -> usize {
        let Some(four) = four_at(&self.bytes, at) else {
            self.block.literal(self.bytes.get(at).copied().unwrap_or(0));
            return 1;
        };
        let before = self.insert(at, four);
        let (len, distance) = self.longest(at, four, before);
        if distance == 0 {
            self.block.literal(four.to_le_bytes()[0]);
            return 1;
        }
        self.block.reference(len, distance);
        for at in at + 1..at + len {
            let Some(four) = four_at(&self.bytes, at) else { break };
            self.insert(at, four);
        }
        len
    }

    /// Notes where four bytes stand; where they, or others of the same hash, stood before.
    #[inline]
    fn insert(&mut self, at: usize, four: u32) -> u32 {
        let place = self.place(at);
        let head = &mut self.heads[(four.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)) as usize];
        let before = std::mem::replace(head, place);
        let step = u16::try_from(place.wrapping_sub(before)).unwrap_or(u16::MAX);
        self.steps[place as usize % WINDOW] = step;
        before
    }

    #[expect(clippy::cast_possible_truncation, reason = "frames are smaller than 4 GiB")]
    #[inline]
    const fn place(&self, at: usize) -> u32 {
        self.base.wrapping_add(at as u32)
    }

    /// The longest match of those tried: its length, and how far back it lies; 0 for none.
    #[inline]
    fn longest(&self, at: usize, four: u32, mut before: u32) -> (usize, usize) {
        let place = self.place(at);
        let most = (self.bytes.len() - at).min(MOST);
        let (mut longest, mut distance) = (LEAST - 1, 0);
        for _ in 0..DEPTH {
            let back = place.wrapping_sub(before) as usize;
            if back > WINDOW || back > at {
                break;
            }
            let from = at - back;
            // What is no longer than the longest so far is known by one byte.
            if self.bytes.get(from + longest) == self.bytes.get(at + longest)
                && four_at(&self.bytes, from) == Some(four)
            {
                let len = LEAST + self.equal(from + LEAST, at + LEAST, most - LEAST);
                if len > longest {
                    (longest, distance) = (len, back);
                    if len >= most.min(NICE) {
                        break;
                    }
                }
            }
            let step = self.steps[before as usize % WINDOW];
            if step == u16::MAX {
                break;
            }
            before = before.wrapping_sub(step.into());
        }
        (longest, distance)
    }

    /// How many bytes from two places on are the same, at most so many.
    #[inline]
    fn equal(&self, one: usize, other: usize, most: usize) -> usize {
        let mut len = 0;
        while len < most {
            let (Some(a), Some(b)) = (eight_at(&self.bytes, one + len), eight_at(&self.bytes, other + len)) else {
                let pairs = self.bytes.iter().skip(one + len).zip(self.bytes.iter().skip(other + len));
                return (len + pairs.take_while(|(a, b)| a == b).count()).min(most);
            };
            if a != b {
                return (len + (a ^ b).trailing_zeros() as usize / 8).min(most);
            }
            len += 8;
        }
        most
    }
}

/// A place that is out of the window for all up to `last`.
const fn first_place(last: u32) -> u32 {
    last.saturating_add((1 << 15) + 1)
}

fn zeros<T: Clone + Copy + Default, const N: usize>() -> Box<[T; N]> {
    // Not by way of an array on the stack.
    let zeros = vec![T::default(); N].into_boxed_slice();
    zeros.try_into().unwrap_or_else(|_| Box::new([T::default(); N]))
}

#[inline]
fn four_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map(|four| u32::from_le_bytes(*four))
}

#[inline]
fn eight_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map(|eight| u64::from_le_bytes(*eight))
}

/// RFC 1951 §3.2.5, first table.
#[inline]
const fn length_symbol(len: u32) -> Symbol {
    let over = len.wrapping_sub(3);
    if len == 258 {
        return (285, 0, 0);
    }
    if over < 8 {
        return (257 + over as usize, 0, 0);
    }
    let extra = 29 - over.leading_zeros();
    ((261 + 4 * extra + (over >> extra & 3)) as usize, extra, over & ((1 << extra) - 1))
}

/// RFC 1951 §3.2.5, second table.
#[inline]
const fn distance_symbol(distance: u32) -> Symbol {
    let over = distance.wrapping_sub(1);
    if over < 4 {
        return (over as usize, 0, 0);
    }
    let extra = 30 - over.leading_zeros();
    ((2 + 2 * extra + (over >> extra & 1)) as usize, extra, over & ((1 << extra) - 1))
}

impl Block {
    #[inline]
    fn literal(&mut self, byte: u8) {
        self.tokens.push(byte.into());
        self.literals[usize::from(byte)] += 1;
    }

    #[expect(clippy::cast_possible_truncation, reason = "at most 258 and 32,768")]
    #[inline]
    fn reference(&mut self, len: usize, distance: usize) {
        let (len, distance) = (len as u32, distance as u32);
        self.tokens.push(len << 16 | distance);
        self.literals[length_symbol(len).0 % SYMBOLS] += 1;
        self.distances[distance_symbol(distance).0 % DISTANCES] += 1;
    }

    /// Ends the block, which stands for these bytes, in the way that takes the fewest bits.
    fn write(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.literals[END] = 1;
        let cost = |codes: &Codes| codes.0.cost(&self.literals) + codes.1.cost(&self.distances);
        let fixed_cost = cost(&self.fixed);
        let own = (self.tokens.len() >= FEW_TOKENS).then(|| {
            let own = (Code::of(&self.literals, LONGEST_CODE), Code::of(&self.distances, LONGEST_CODE));
            let lengths = Lengths::of(&own.0, &own.1);
            let own_cost = lengths.cost + cost(&own);
            (own_cost, lengths, own)
        });
        let own = own.filter(|(own_cost, ..)| *own_cost < fixed_cost);
        let least = own.as_ref().map_or(fixed_cost, |(own_cost, ..)| *own_cost);
        let stored = u16::try_from(bytes.len()).ok().filter(|len| u32::from(*len) * 8 + 40 < least);
        if let Some(len) = stored {
            self.put(0, 3, out);
            self.align(out);
            out.extend_from_slice(&len.to_le_bytes());
            out.extend_from_slice(&(!len).to_le_bytes());
            out.extend_from_slice(bytes);
        } else if let Some((_, lengths, own)) = own {
            self.put(0b100, 3, out);
            lengths.write(self, out);
            self.write_tokens(&own, out);
        } else {
            self.put(0b010, 3, out);
            let fixed = self.fixed;
            self.write_tokens(&fixed, out);
        }
        self.tokens.clear();
        self.literals.fill(0);
        self.distances.fill(0);
    }

    fn write_tokens(&mut self, (literals, distances): &Codes, out: &mut Vec<u8>) {
        let tokens = std::mem::take(&mut self.tokens);
        for token in &tokens {
            if *token < 256 {
                let (bits, count) = literals.get(*token as usize);
                self.put(bits, count, out);
                continue;
            }
            let (symbol, extra, rest) = length_symbol(token >> 16);
            let (bits, count) = literals.get(symbol);
            self.put(bits | rest << count, count + extra, out);
            let (symbol, extra, rest) = distance_symbol(token & 0xffff);
            let (bits, count) = distances.get(symbol);
            self.put(bits | rest << count, count + extra, out);
        }
        let (bits, count) = literals.get(END);
        self.put(bits, count, out);
        self.tokens = tokens;
    }

    /// Appends at most 32 bits.
    #[inline]
    fn put(&mut self, bits: u32, count: u32, out: &mut Vec<u8>) {
        self.bits |= u64::from(bits) << self.count;
        self.count += count;
        if self.count >= 32 {
            let [a, b, c, d, ..] = self.bits.to_le_bytes();
            out.extend_from_slice(&[a, b, c, d]);
            self.bits >>= 32;
            self.count -= 32;
        }
    }

    /// Fills up the last byte with zeros.
    fn align(&mut self, out: &mut Vec<u8>) {
        let bytes = self.bits.to_le_bytes();
        out.extend(bytes.iter().take(self.count.div_ceil(8) as usize));
        self.bits = 0;
        self.count = 0;
    }
}

/// RFC 1951 §3.2.6.
const fn fixed_lens() -> [u8; SYMBOLS] {
    let mut lens = [8; SYMBOLS];
    let mut at = 144;
    while at < 280 {
        lens[at] = if at < 256 { 9 } else { 7 };
        at += 1;
    }
    lens
}

/// The lengths of a block's own codes, in runs, and the code for these (RFC 1951 §3.2.7).
struct Lengths {
    runs: [(u8, u8); SYMBOLS + DISTANCES],
    count: usize,
    code: Code<19>,
    /// How many codes there are of literals and lengths, of distances, and of lengths of codes.
    used: [usize; 3],
    /// Bits that all of it takes.
    cost: u32,
}

impl Lengths {
    fn of(literals: &Code<SYMBOLS>, distances: &Code<DISTANCES>) -> Self {
        let used = [literals.used(257), distances.used(1)];
        let mut lens =
            literals.lens.iter().take(used[0]).chain(distances.lens.iter().take(used[1])).copied().peekable();
        let mut runs = [(0, 0); SYMBOLS + DISTANCES];
        let mut count = 0;
        let mut counts = [0; 19];
        let mut push = |symbol: u8, extra: usize| {
            if let (Some(run), Some(occurs)) = (runs.get_mut(count), counts.get_mut(usize::from(symbol))) {
                *run = (symbol, u8::try_from(extra).unwrap_or(0));
                *occurs += 1;
                count += 1;
            }
        };
        while let Some(len) = lens.next() {
            let mut left = 1;
            while lens.next_if_eq(&len).is_some() {
                left += 1;
            }
            if len > 0 {
                push(len, 0);
                left -= 1;
            }
            while left >= 3 {
                let taken = left.min(if len > 0 { 6 } else { 138 });
                match (len, taken) {
                    (0, 11..) => push(18, taken - 11),
                    (0, _) => push(17, taken - 3),
                    _ => push(16, taken - 3),
                }
                left -= taken;
            }
            for _ in 0..left {
                push(len, 0);
            }
        }
        let code = Code::of(&counts, 7);
        let last = LENGTH_ORDER.iter().rposition(|symbol| code.lens[*symbol] > 0);
        let used = [used[0], used[1], last.map_or(4, |last| (last + 1).max(4))];
        let extra: u32 = counts.iter().zip(LENGTH_EXTRA).map(|(count, extra)| count * extra).sum();
        let cost = 14 + 3 * u32::try_from(used[2]).unwrap_or(19) + code.cost(&counts) + extra;
        Self { runs, count, code, used, cost }
    }

    fn write(&self, block: &mut Block, out: &mut Vec<u8>) {
        for ((used, least), bits) in self.used.iter().zip([257, 1, 4]).zip([5, 5, 4]) {
            block.put(u32::try_from(used - least).unwrap_or(0), bits, out);
        }
        for symbol in LENGTH_ORDER.iter().take(self.used[2]) {
            block.put(self.code.lens[*symbol].into(), 3, out);
        }
        for (symbol, extra) in self.runs.iter().take(self.count) {
            let symbol = usize::from(*symbol);
            let (bits, count) = self.code.get(symbol);
            let more = LENGTH_EXTRA.get(symbol).copied().unwrap_or(0);
            block.put(bits | u32::from(*extra) << count, count + more, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoder::SYNC_TAIL;
    use flate2::{Decompress, FlushDecompress};
    use proptest::prelude::*;

    /// What a library's inflater makes of bodies deflated in one stream.
    fn undone(bodies: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut deflate = Deflate::new();
        let mut inflate = Decompress::new(false);
        let undo = |body: &Vec<u8>| {
            let middle = body.len() / 2;
            let mut packed = Vec::new();
            deflate.pack(body, &[middle, middle, body.len()], &mut packed);
            assert!(!packed.ends_with(&SYNC_TAIL));
            packed.extend_from_slice(&SYNC_TAIL);
            let mut raw = vec![0; body.len() + 1];
            let (read, written) = (inflate.total_in(), inflate.total_out());
            inflate.decompress(&packed, &mut raw, FlushDecompress::Sync).unwrap();
            assert_eq!(inflate.total_in() - read, packed.len() as u64);
            raw.truncate(usize::try_from(inflate.total_out() - written).unwrap());
            raw
        };
        bodies.iter().map(undo).collect()
    }

    /// Numbers that look random, the same ones each time.
    fn noise(len: usize) -> Vec<u8> {
        let mut state = 1_u64;
        let step = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state.to_be_bytes()[0]
        };
        (0..len).map(step).collect()
    }

    #[test]
    fn every_kind_of_block_is_undone() {
        let text = b"to be or not to be, that is the question; ".repeat(20);
        let bodies = [b"abc".to_vec(), text.clone(), noise(100_000), vec![0; 300_000], text, Vec::new(), vec![7; 3]];
        assert!(undone(&bodies) == bodies);
    }

    #[test]
    fn what_came_before_is_referred_to_within_the_window() {
        let mut deflate = Deflate::new();
        let body = noise(1_000);
        let packed_len = |deflate: &mut Deflate, body: &[u8]| {
            let mut out = Vec::new();
            deflate.pack(body, &[], &mut out);
            out.len()
        };
        assert!(packed_len(&mut deflate, &body) > 1_000);
        assert!(packed_len(&mut deflate, &body) < 50);
        packed_len(&mut deflate, &noise(40_000)[2_000..]);
        assert!(packed_len(&mut deflate, &body) > 1_000);
        deflate.restart();
        assert!(packed_len(&mut deflate, &body) > 1_000);
        // Places are numbered anew.
        deflate.move_to(u32::MAX / 2 + 1);
        assert!(packed_len(&mut deflate, &body) > 1_000);
        assert!(packed_len(&mut deflate, &body) < 50);
    }

    #[test]
    fn a_long_stream_takes_no_more_memory() {
        let mut deflate = Deflate::new();
        let (mut out, body) = (Vec::new(), noise(10_000));
        for _ in 0..100 {
            out.clear();
            deflate.pack(&body, &[], &mut out);
        }
        assert!(deflate.bytes.capacity() <= 4 * WINDOW, "{}", deflate.bytes.capacity());
        deflate.pack(&noise(1_000_000), &[], &mut out);
        assert!(deflate.bytes.capacity() <= 4 * WINDOW, "{}", deflate.bytes.capacity());
    }

    #[test]
    fn symbols_are_those_of_the_tables() {
        let lengths = [
            (3, 257, 0),
            (10, 264, 0),
            (11, 265, 1),
            (18, 268, 1),
            (19, 269, 2),
            (130, 280, 4),
            (131, 281, 5),
            (257, 284, 5),
            (258, 285, 0),
        ];
        for (len, symbol, extra) in lengths {
            assert_eq!((length_symbol(len).0, length_symbol(len).1), (symbol, extra), "{len}");
        }
        for (distance, symbol, extra) in
            [(1, 0, 0), (4, 3, 0), (5, 4, 1), (7, 5, 1), (9, 6, 2), (24_577, 29, 13), (32_768, 29, 13)]
        {
            assert_eq!((distance_symbol(distance).0, distance_symbol(distance).1), (symbol, extra), "{distance}");
        }
        assert_eq!((length_symbol(257).2, distance_symbol(32_768).2), (30, 8_191));
    }

    proptest! {
        #[test]
        fn what_is_deflated_is_undone(
            bodies in prop::collection::vec((prop::collection::vec(0_u8..6, 0..40), 0_usize..3_000, any::<u8>()), 1..8)
        ) {
            // Repetitions of something short, and something of noise between them.
            let make = |(short, len, every): (Vec<u8>, usize, u8)| {
                let mut body: Vec<u8> = short.iter().copied().cycle().take(if short.is_empty() { 0 } else { len }).collect();
                for (at, byte) in noise(len).into_iter().enumerate().step_by(usize::from(every) + 1) {
                    if let Some(place) = body.get_mut(at) {
                        *place = byte;
                    }
                }
                body
            };
            let bodies: Vec<Vec<u8>> = bodies.into_iter().map(make).collect();
            prop_assert!(undone(&bodies) == bodies);
        }
    }
}
