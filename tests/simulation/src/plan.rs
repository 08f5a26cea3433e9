//! What is to happen in a run. A run is its plan's doing and nothing else's: the same plan, the
//! same run. Leaving requests or faults out of a plan leaves the others as they are asked.

use domain::time::Span;

use crate::{dice::Dice, planted::Planted, swarm::Swarm};

/// What is to happen.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What all chance comes from.
    pub seed: u64,
    /// Which requests are asked, by their numbers.
    pub ops: Vec<u32>,
    /// What goes wrong, and how often.
    pub swarm: Swarm,
    /// Which bug is in the market.
    pub planted: Planted,
}

/// Milliseconds from one request to the next, on the average.
const PACE_MS: u64 = 40;

impl Plan {
    /// So many requests, with the faults that the seed tries.
    #[must_use]
    pub fn of_seed(seed: u64, ops: u32) -> Self {
        let (swarm, planted) = (Swarm::of_seed(seed), Planted::default());
        Self { seed, ops: (0..ops).collect(), swarm, planted }
    }

    /// When a request is asked, from the beginning on.
    #[must_use]
    pub fn moment(&self, op: u32) -> Span {
        let jitter = Dice::new(self.seed, 100 + u64::from(op)).below(PACE_MS * 4);
        let millis = u64::from(op) * PACE_MS + jitter;
        Span::of_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    }

    /// The chance that a request is made up by: its own.
    #[must_use]
    pub fn dice(&self, op: u32) -> Dice {
        Dice::new(self.seed, (1 << 40) + u64::from(op))
    }
}
