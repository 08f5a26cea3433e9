//! Numbers that look random and follow from a seed (SplitMix64). What they decide is not known
//! here.

/// A sequence of numbers; the same for the same seed.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// 0 to `sides` − 1; 0 of none. The bias is far below what rates are settable to.
    pub(crate) fn below(&mut self, sides: u64) -> u64 {
        self.next().checked_rem(sides).unwrap_or(0)
    }

    /// From the first to the last, both included.
    pub(crate) fn within(&mut self, (first, last): (u64, u64)) -> u64 {
        first.saturating_add(self.below(last.saturating_sub(first).saturating_add(1)))
    }
}
