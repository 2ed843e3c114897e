//! Huffman codes as deflate uses them (RFC 1951 §3.2): lengths that fit how often symbols occur, and the codes that follow
//! from lengths.

use crate::sort::sort;

/// The most symbols that a code has.
pub(crate) const SYMBOLS: usize = 288;

/// A code of some symbols: of each its length in bits, 0 where it does not occur, and its bits, the first of them lowest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Code<const N: usize> {
    pub(crate) lens: [u8; N],
    bits: [u16; N],
}

impl<const N: usize> Code<N> {
    /// The code that takes the fewest bits for symbols that occur so often, none of them longer than `most` bits.
    pub(crate) fn of(counts: &[u32; N], most: usize) -> Self {
        let mut lens = [0; N];
        find_lens(counts, most, &mut lens);
        Self::of_lens(lens)
    }

    /// The code of symbols of these lengths: of one length, codes ascend with the symbols (RFC 1951 §3.2.2).
    pub(crate) fn of_lens(lens: [u8; N]) -> Self {
        let mut counts = [0_u16; 16];
        for len in lens.iter().filter(|len| **len > 0) {
            counts[usize::from(*len & 15)] += 1;
        }
        let mut next = [0_u16; 16];
        for len in 1..16 {
            next[len] = (next[len - 1] + counts[len - 1]) << 1;
        }
        let mut bits = [0; N];
        for (bits, len) in bits.iter_mut().zip(lens).filter(|(_, len)| *len > 0) {
            let code = &mut next[usize::from(len & 15)];
            *bits = code.reverse_bits() >> (16 - u32::from(len & 15));
            *code += 1;
        }
        Self { lens, bits }
    }

    /// A symbol's bits, and how many they are.
    #[inline]
    pub(crate) fn get(&self, symbol: usize) -> (u32, u32) {
        (self.bits.get(symbol).copied().unwrap_or(0).into(), self.lens.get(symbol).copied().unwrap_or(0).into())
    }

    /// How many bits so many of each symbol take.
    pub(crate) fn cost(&self, counts: &[u32; N]) -> u32 {
        counts.iter().zip(self.lens).map(|(count, len)| count * u32::from(len)).sum()
    }

    /// One more than the last symbol that has a code, but at least so many.
    pub(crate) fn used(&self, least: usize) -> usize {
        self.lens.iter().rposition(|len| *len > 0).map_or(least, |last| least.max(last + 1))
    }
}

/// Lengths of a code with minimum redundancy, found in place (Moffat and Katajainen, "In-place calculation of
/// minimum-redundancy codes", 1995), then cut to `most` bits.
fn find_lens<const N: usize>(counts: &[u32; N], most: usize, lens: &mut [u8; N]) {
    const SYMBOL_BITS: u32 = 9;
    let mut sorted = [0_u32; SYMBOLS];
    let mut n = 0;
    for ((symbol, count), slot) in (0_u32..).zip(counts).filter(|(_, count)| **count > 0).zip(&mut sorted) {
        *slot = (*count).min(u32::MAX >> SYMBOL_BITS) << SYMBOL_BITS | symbol;
        n += 1;
    }
    let sorted = &mut sorted[..n];
    sort(sorted, |entry| u64::from(*entry));
    let symbol = |entry: u32| (entry & ((1 << SYMBOL_BITS) - 1)) as usize;
    if n < 2 {
        // One symbol takes a bit all the same.
        for entry in sorted.iter() {
            lens[symbol(*entry)] = 1;
        }
        return;
    }
    let mut work = [0_u32; SYMBOLS];
    for (work, entry) in work.iter_mut().zip(sorted.iter()) {
        *work = entry >> SYMBOL_BITS;
    }
    let depths = leaves_at_depths(&mut work[..n], most);
    // The most frequent symbols, which stand last, get the shortest codes.
    let mut left = sorted.iter().rev();
    for (len, leaves) in (1_u8..).zip(&depths[1..=most]) {
        for entry in left.by_ref().take(*leaves as usize) {
            lens[symbol(*entry)] = len;
        }
    }
}

/// From ascending counts, how many leaves the tree has at each depth. `work` is overwritten.
fn leaves_at_depths(work: &mut [u32], most: usize) -> [u32; 33] {
    let n = work.len();
    // First each inner node's count, and in its place, once it has a parent, the parent's index.
    work[0] += work[1];
    let (mut root, mut leaf) = (0, 2);
    for next in 1..n - 1 {
        let mut count = 0;
        for _ in 0..2 {
            if leaf >= n || root < next && work[root] < work[leaf] {
                count += work[root];
                work[root] = u32::try_from(next).unwrap_or(0);
                root += 1;
            } else {
                count += work[leaf];
                leaf += 1;
            }
        }
        work[next] = count;
    }
    // Then each inner node's depth.
    work[n - 2] = 0;
    for node in (0..n - 2).rev() {
        work[node] = work[work[node] as usize] + 1;
    }
    // What is no inner node at a depth is a leaf.
    let mut depths = [0_u32; 33];
    let mut inner = work[..n - 1].iter().rev().peekable();
    let (mut places, mut depth) = (1, 0);
    while places > 0 {
        let mut used = 0;
        while inner.next_if(|at| **at as usize == depth).is_some() {
            used += 1;
        }
        depths[depth.min(32)] += places - used;
        places = 2 * used;
        depth += 1;
    }
    limit(&mut depths, most);
    depths
}

/// Takes leaves up to the deepest depth that is allowed; others go one down for each to make room (Kraft's sum).
fn limit(depths: &mut [u32; 33], most: usize) {
    let (kept, deeper) = depths.split_at_mut(most + 1);
    for leaves in deeper {
        kept[most] += std::mem::take(leaves);
    }
    let mut sum: u32 = kept.iter().enumerate().skip(1).map(|(depth, leaves)| leaves << (most - depth)).sum();
    while sum > 1 << most {
        kept[most] -= 1;
        if let Some(depth) = kept[..most].iter().rposition(|leaves| *leaves > 0) {
            kept[depth] -= 1;
            kept[depth + 1] += 2;
        }
        sum -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The sum over all codes of their share of the space; of a code that leaves nothing unused, all of it.
    fn kraft<const N: usize>(code: &Code<N>) -> u32 {
        code.lens.iter().filter(|len| **len > 0).map(|len| 1 << (15 - len)).sum()
    }

    #[test]
    fn what_is_frequent_is_short() {
        let mut counts = [0; 8];
        counts[..5].copy_from_slice(&[1, 1, 2, 4, 8]);
        let code = Code::of(&counts, 15);
        assert_eq!(code.lens, [4, 4, 3, 2, 1, 0, 0, 0]);
        // 0, 10, 110, 1110 and 1111, the first bit lowest.
        assert_eq!([4, 3, 2, 0, 1].map(|symbol| code.get(symbol)), [(0, 1), (1, 2), (3, 3), (7, 4), (15, 4)]);
        assert_eq!((code.cost(&counts), code.used(2)), (4 + 4 + 6 + 8 + 8, 5));
    }

    #[test]
    fn none_and_one_are_codes_too() {
        assert_eq!(Code::of(&[0; 30], 15).lens, [0; 30]);
        let mut counts = [0; 30];
        counts[7] = 3;
        let code = Code::of(&counts, 15);
        assert_eq!((code.get(7), code.used(1)), ((0, 1), 8));
    }

    #[test]
    fn no_code_is_longer_than_allowed() {
        // Fibonacci's numbers make the deepest tree.
        let mut counts = [0; 30];
        let (mut a, mut b) = (1, 1);
        for count in &mut counts {
            *count = a;
            (a, b) = (b, a + b);
        }
        for most in [7, 15] {
            let code = Code::of(&counts, most);
            assert_eq!(code.lens.iter().max().copied().map(usize::from), Some(most));
            assert_eq!(kraft(&code), 1 << 15, "{most}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_left_unused(counts in prop::collection::vec(0_u32..1000, SYMBOLS)) {
            let counts: [u32; SYMBOLS] = counts.try_into().unwrap();
            prop_assert_eq!(kraft(&Code::of(&counts, 15)), 1 << 15);
        }
    }
}
