//! One run from its plan to its verdict.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use sha2::{Digest, Sha256};
use testkit::{builders::start, virtual_time::VirtualTime};

use crate::{
    chaos::Struck,
    oracle,
    plan::Plan,
    seam::{MemorySeam, Seam},
    sim::Sim,
};

/// What came of a run.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// What was not as it must be.
    pub violations: Vec<String>,
    /// Requests that were settled.
    pub settled: u64,
    /// How often they were sent.
    pub sent: u64,
    /// Of them, those that were done.
    pub done: u64,
    /// By method and status.
    pub statuses: BTreeMap<u16, u64>,
    /// Which faults struck.
    pub struck: Struck,
    /// Commits of the store.
    pub commits: u64,
    /// Of everything that was asked and answered, and when: two runs of one plan have one.
    pub digest: String,
}

/// Runs a plan at seam A.
#[must_use]
pub fn run(plan: &Plan) -> Outcome {
    run_at(plan, Arc::new(MemorySeam::new(plan.planted)), VirtualTime::from(start()))
}

/// Runs a plan over a store. What breaks off is a violation.
#[must_use]
pub fn run_at(plan: &Plan, seam: Arc<dyn Seam>, time: VirtualTime) -> Outcome {
    let sim = Sim::new(plan.clone(), seam, time);
    let ran = catch_unwind(AssertUnwindSafe(|| sim.run()));
    let mut violations = sim.complaints();
    match ran {
        Ok(()) => violations.extend(oracle::judge(&sim)),
        Err(panic) => violations.push(format!("it broke off: {}", text_of(panic.as_ref()))),
    }
    let all = sim.history.all();
    let asked = all.iter().filter(|one| one.op != 0 || one.ask.key.is_none());
    let mut outcome = Outcome {
        violations,
        struck: sim.chaos.counts(),
        commits: u64::try_from(sim.seam.commits_so_far()).unwrap_or(u64::MAX),
        ..Outcome::default()
    };
    let mut hash = Sha256::new();
    for one in asked {
        outcome.settled += 1;
        outcome.sent += u64::from(one.tries);
        let status = one.told.as_ref().map_or(0, |told| told.status);
        outcome.done += u64::from((200..300).contains(&status));
        *outcome.statuses.entry(status).or_default() += 1;
        hash.update(one.until.at.millis().to_be_bytes());
        hash.update(status.to_be_bytes());
        hash.update(one.told.as_ref().map_or(&[][..], |told| &told.bytes));
    }
    outcome.digest = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    outcome
}

/// What a panic said.
#[must_use]
pub fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}
