//! Numbers that a seed determines: all chance of a run comes from here.

use testkit::entropy::SeededEntropy;

/// A sequence of numbers.
#[derive(Debug)]
pub struct Dice(SeededEntropy);

impl Dice {
    /// The sequence of a seed and a name: two names have nothing to do with one another.
    #[must_use]
    pub fn new(seed: u64, name: u64) -> Self {
        let mixed = SeededEntropy::new(seed.rotate_left(17) ^ name.wrapping_mul(GOLDEN));
        Self(SeededEntropy::new(mixed.next() ^ seed))
    }

    /// The next 64 bits.
    #[must_use]
    pub fn bits(&self) -> u64 {
        self.0.next()
    }

    /// From 0 to one less than `sides`, of which there is one at least.
    #[must_use]
    pub fn below(&self, sides: u64) -> u64 {
        self.0.next() % sides.max(1)
    }

    /// From one number to another, both included.
    #[must_use]
    pub fn between(&self, from: u64, to: u64) -> u64 {
        from + self.below(to.saturating_sub(from) + 1)
    }

    /// Whether something happens that happens so many times in a hundred.
    #[must_use]
    pub fn percent(&self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// One of `choices` places.
    #[must_use]
    pub fn place(&self, choices: usize) -> usize {
        usize::try_from(self.below(u64::try_from(choices).unwrap_or(1))).unwrap_or_default()
    }

    /// One of these.
    #[must_use]
    pub fn pick<'a, T>(&self, of: &'a [T]) -> &'a T {
        &of[self.place(of.len())]
    }
}

/// An odd number whose multiples are spread over all 64 bits.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
