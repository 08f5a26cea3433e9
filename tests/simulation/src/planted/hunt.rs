//! Whether planted bugs are found: for each, the first seed whose run reports something that the
//! run of the same seed without the bug does not.

use std::collections::{BTreeMap, BTreeSet};

use super::{BUGS, Bug, Planted};
use crate::{
    plan::Plan,
    run::{Outcome, run},
};

/// The most seeds that are tried for a bug.
pub const SEEDS_MAX: u64 = 200;
/// How many requests a seed asks.
pub const OPS: u32 = 400;

/// A bug that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Which.
    pub bug: Bug,
    /// With which seed.
    pub seed: u64,
    /// After how many requests in all, those of the seeds before it included.
    pub requests: u64,
    /// What gave it away.
    pub violation: String,
}

/// The plan of a seed, with a bug.
#[must_use]
pub fn plan(seed: u64, bug: Option<Bug>) -> Plan {
    Plan { planted: Planted(bug), ..Plan::of_seed(seed, OPS) }
}

/// What gives a bug away in the run of a seed, if anything does.
#[must_use]
pub fn symptom(seed: u64, bug: Bug) -> Option<String> {
    symptom_beside(&run(&plan(seed, None)), &run(&plan(seed, Some(bug))))
}

fn symptom_beside(healthy: &Outcome, ill: &Outcome) -> Option<String> {
    let known: BTreeSet<_> = healthy.violations.iter().map(|one| sort_of(one)).collect();
    ill.violations.iter().find(|violation| !known.contains(sort_of(violation))).cloned()
}

/// Which promise a violation breaks: what it says before the first colon.
fn sort_of(violation: &str) -> &str {
    violation.split(':').next().unwrap_or_default()
}

/// Looks for each of these bugs in the runs of the seeds from 1 on, and tells of each that is
/// found; those that no seed finds are left over.
pub fn hunt(bugs: &[Bug], mut tell: impl FnMut(&Found)) -> Vec<Bug> {
    let mut left = bugs.to_vec();
    let mut requests = BTreeMap::<Bug, u64>::new();
    for seed in 1..=SEEDS_MAX {
        if left.is_empty() {
            break;
        }
        let healthy = run(&plan(seed, None));
        left.retain(|bug| {
            let ill = run(&plan(seed, Some(*bug)));
            let asked = requests.entry(*bug).or_default();
            *asked += ill.sent;
            let Some(violation) = symptom_beside(&healthy, &ill) else { return true };
            tell(&Found { bug: *bug, seed, requests: *asked, violation });
            false
        });
    }
    left
}

/// All bugs.
#[must_use]
pub fn all() -> Vec<Bug> {
    BUGS.iter().map(|(bug, _)| *bug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first seeds that find a bug, if it is not the very first.
    const FOUND_LATER: [(Bug, u64); 1] = [(Bug::BalanceCheckedInMemory, 2)];

    #[test]
    fn every_planted_bug_is_found_by_the_seed_that_found_it_first() {
        for bug in all() {
            let later = FOUND_LATER.iter().find(|(known, _)| *known == bug);
            let seed = later.map_or(1, |(_, seed)| *seed);
            assert!(symptom(seed, bug).is_some(), "{} is not found by seed {seed}", bug.name());
        }
    }

    #[test]
    fn every_bug_has_one_name() {
        for (bug, name) in BUGS {
            assert_eq!((Bug::of(name), bug.name()), (Some(bug), name));
        }
        assert_eq!(Bug::of("none"), None);
    }
}
