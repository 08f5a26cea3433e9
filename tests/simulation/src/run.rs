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
    seam_b::SdkSeam,
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
    /// By endpoint: how many requests were settled, and how many of them were done.
    pub endpoints: BTreeMap<&'static str, (u64, u64)>,
    /// By endpoint and code: how many requests were refused.
    pub refusals: BTreeMap<(&'static str, String), u64>,
    /// Messages that clients of sockets followed, and that did not follow.
    pub heard: (u64, u64),
    /// Messages that receivers of webhooks had.
    pub posted: usize,
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
    let time = VirtualTime::from(start());
    run_at(plan, Arc::new(MemorySeam::new(plan.planted, &time)), time)
}

/// Runs a plan at seam B.
#[must_use]
pub fn run_b(plan: &Plan) -> Outcome {
    let time = VirtualTime::from(start());
    run_at(plan, Arc::new(SdkSeam::new(plan.seed, time.clone())), time)
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
        heard: sim.lines.heard(),
        posted: sim.received.count(),
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
        let stem = sim.stem(&one.ask).unwrap_or("none");
        let (asked, done) = outcome.endpoints.entry(stem).or_default();
        *asked += 1;
        *done += u64::from((200..300).contains(&status));
        if let Some(told) = one.told.as_ref().filter(|told| told.status >= 400) {
            let code = [told.text("/code"), told.text("/error/code")].concat();
            *outcome.refusals.entry((stem, code)).or_default() += 1;
        }
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
