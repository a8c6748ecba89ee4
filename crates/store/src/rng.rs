//! A small seeded generator (splitmix64), so that a failing test can be run again.

/// Numbers that follow from a seed.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// A number below `bound`, or zero when there is none.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // The bias of the remainder does not matter to a test.
        (self.next() % (bound.max(1) as u64)) as usize
    }
}
