//! Many runs: so many seeds on as many threads as there are processors, and all of it added up.

use std::{
    collections::BTreeMap,
    num::NonZero,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use sha2::{Digest, Sha256};

use crate::{
    chaos::Struck,
    plan::Plan,
    run::{Outcome, run, run_b},
};

/// Where a run's store begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// The store port.
    A,
    /// Below the SDK.
    B,
}

impl At {
    /// Runs a plan there.
    #[must_use]
    pub fn run(self, plan: &Plan) -> Outcome {
        match self {
            Self::A => run(plan),
            Self::B => run_b(plan),
        }
    }
}

/// Many runs.
#[derive(Debug, Clone, Copy)]
pub struct Campaign {
    /// Where their stores begin.
    pub at: At,
    /// The first seed; the others follow it.
    pub first: u64,
    /// How many requests are sent in all, at least.
    pub requests: u64,
    /// How many each run plans.
    pub ops: u32,
}

/// What came of them.
#[derive(Debug, Clone, Default)]
pub struct Sum {
    /// Runs.
    pub runs: u64,
    /// Requests that were sent, again included.
    pub sent: u64,
    /// Requests that were settled.
    pub settled: u64,
    /// Of them, those that were done.
    pub done: u64,
    /// By endpoint: settled and done.
    pub endpoints: BTreeMap<&'static str, (u64, u64)>,
    /// Faults that struck.
    pub struck: Struck,
    /// Commits of the store.
    pub commits: u64,
    /// Seeds that failed, and what did not hold.
    pub failures: Vec<(u64, Vec<String>)>,
}

impl Sum {
    fn add(&mut self, seed: u64, outcome: Outcome) {
        self.runs += 1;
        self.sent += outcome.sent;
        self.settled += outcome.settled;
        self.done += outcome.done;
        self.commits += outcome.commits;
        for (kind, times) in outcome.struck {
            *self.struck.entry(kind).or_default() += times;
        }
        for (stem, (settled, done)) in outcome.endpoints {
            let known = self.endpoints.entry(stem).or_default();
            *known = (known.0 + settled, known.1 + done);
        }
        if !outcome.violations.is_empty() {
            self.failures.push((seed, outcome.violations));
            self.failures.sort();
        }
    }

    /// How many faults struck in all.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.struck.values().sum()
    }

    /// Of a hundred requests that were settled, how many were done.
    #[must_use]
    pub fn accepted_percent(&self) -> u64 {
        (self.done * 100).checked_div(self.settled).unwrap_or(0)
    }
}

/// The first seed that belongs to a text, such as the name of a commit.
#[must_use]
pub fn seed_of(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    // Short enough to be read aloud.
    digest.iter().take(5).fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
}

impl Campaign {
    /// Runs seed after seed until so many requests were sent.
    #[must_use]
    pub fn run(&self) -> Sum {
        let (next, sent) = (AtomicU64::new(self.first), AtomicU64::new(0));
        let sum = Mutex::new(Sum::default());
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while sent.load(Ordering::Relaxed) < self.requests {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        let outcome = self.at.run(&Plan::of_seed(seed, self.ops));
                        sent.fetch_add(outcome.sent, Ordering::Relaxed);
                        sum.lock().unwrap_or_else(PoisonError::into_inner).add(seed, outcome);
                    }
                });
            }
        });
        sum.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How much processor time this process has taken, in hundredths of a second; 0 where the system
/// does not say.
#[must_use]
pub fn cpu_hundredths() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may hold blanks: user and system time are fields 14 and 15.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_commits_have_seeds_of_their_own() {
        assert_ne!(seed_of("one"), seed_of("other"));
        assert_eq!(seed_of("one"), seed_of("one"));
    }

    #[test]
    fn a_campaign_sends_what_it_promises() {
        let campaign = Campaign { at: At::A, first: 1, requests: 300, ops: 100 };
        let sum = campaign.run();
        assert!(sum.sent >= 300 && sum.runs > 0 && sum.settled > 0, "{sum:?}");
        assert_eq!(sum.failures, []);
    }
}
