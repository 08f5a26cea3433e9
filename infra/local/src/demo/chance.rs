//! What a bot leaves to chance: numbers that the seed decides. They are guessable, so nothing
//! that must not be guessed comes from here.

/// A stream of numbers, the same for the same seed (SplitMix64).
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    /// The stream of one bot of a run.
    pub(super) fn new(seed: u64, bot: u64) -> Self {
        let mut stream = Self(seed);
        // Streams of neighbouring seeds begin far apart.
        let begin = stream.next();
        Self(begin ^ bot.wrapping_mul(0xd1b5_4a32_d192_ed03))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `least` to `most`, both included; `least` if there is none.
    pub(super) fn between(&mut self, least: i64, most: i64) -> i64 {
        let count = u64::try_from(most.saturating_sub(least)).unwrap_or(0).saturating_add(1);
        let picked = self.next().checked_rem(count).unwrap_or(0);
        least.saturating_add(i64::try_from(picked).unwrap_or(0))
    }

    /// One of them, unless there are none.
    pub(super) fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let last = i64::try_from(all.len()).unwrap_or(i64::MAX).saturating_sub(1);
        all.get(usize::try_from(self.between(0, last)).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(seed: u64, bot: u64) -> Vec<i64> {
        let mut chance = Chance::new(seed, bot);
        (0..20).map(|_| chance.between(1, 1_000_000)).collect()
    }

    #[test]
    fn a_seed_and_a_bot_decide_everything() {
        assert_eq!(numbers(1, 2), numbers(1, 2));
        assert_ne!(numbers(1, 2), numbers(1, 3));
        assert_ne!(numbers(1, 2), numbers(2, 2));
    }

    #[test]
    fn all_numbers_of_a_range_come_up_and_no_others() {
        let mut chance = Chance::new(7, 0);
        let mut seen = [0; 5];
        for _ in 0..500 {
            seen[usize::try_from(chance.between(-2, 2) + 2).expect("in range")] += 1;
        }
        assert!(seen.iter().all(|times| *times > 0), "{seen:?}");
        assert_eq!(chance.between(3, 3), 3);
        assert_eq!(chance.between(3, 2), 3);
        assert_eq!(chance.one_of::<u8>(&[]), None);
    }
}
