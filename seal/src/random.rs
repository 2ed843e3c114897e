//! Random bytes, which come from outside: in a browser from `crypto.getRandomValues`.

use rand_core::{CryptoRng, RngCore};

type Fill = dyn FnMut(&mut [u8]);

/// A source of random bytes that nobody can guess.
pub struct Random(Box<Fill>);

impl std::fmt::Debug for Random {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Random")
    }
}

impl Random {
    /// Random bytes as `fill` gives them.
    pub fn new(fill: impl FnMut(&mut [u8]) + 'static) -> Self {
        Self(Box::new(fill))
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        (self.0)(&mut out);
        out
    }

    /// Decimal digits, each as likely as any other.
    pub(crate) fn digits(&mut self, count: usize) -> String {
        let mut out = String::with_capacity(count);
        while out.len() < count {
            let [byte] = self.bytes();
            // 250 is the largest multiple of ten that fits a byte.
            if byte < 250 {
                out.push(char::from(b'0' + byte % 10));
            }
        }
        out
    }
}

impl RngCore for Random {
    fn next_u32(&mut self) -> u32 {
        u32::from_le_bytes(self.bytes())
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_le_bytes(self.bytes())
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        (self.0)(dest);
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand_core::Error> {
        (self.0)(dest);
        Ok(())
    }
}

impl CryptoRng for Random {}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The same bytes for the same seed. SplitMix64, no secret of anybody's.
    pub(crate) fn seeded(seed: u64) -> Random {
        let mut state = seed;
        Random::new(move |out| {
            for byte in out {
                state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                *byte = (mixed >> 56) as u8;
            }
        })
    }

    #[test]
    fn digits_are_as_likely_as_each_other() {
        let drawn = seeded(7).digits(20_000);
        assert_eq!(drawn.len(), 20_000);
        for digit in '0'..='9' {
            let found = drawn.matches(digit).count();
            assert!((1_800..2_200).contains(&found), "{digit}: {found}");
        }
        // What a byte has too many of is drawn again.
        let mut bytes = [255, 249, 250, 3].into_iter().cycle();
        let mut random = Random::new(move |out| out.fill_with(|| bytes.next().unwrap()));
        assert_eq!(random.digits(4), "9393");
    }
}
