//! What must hold when all is quiet: the promises, checked against the store and against what
//! clients were told. It computes everything for itself, and shares no arithmetic with the market.

pub mod answers;
pub mod books;
pub mod entries;
pub mod evidence;
pub mod foreign;
pub mod model;
pub mod money;
pub mod refusals;
pub mod says;
pub mod serial;
#[cfg(test)]
mod tests;
pub mod told;
pub mod trading;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::{Context, Poll, Waker},
};

use crate::{run::text_of, sim::Sim};
use evidence::Evidence;
use model::World;

/// Everything that does not hold.
#[must_use]
pub fn judge(sim: &Sim) -> Vec<String> {
    let mut violations = Vec::new();
    let users = sim.town.users();
    let store = sim.seam.plain();
    let audited =
        catch_unwind(AssertUnwindSafe(|| now(testkit::audit::audit(store.as_ref(), &users))));
    if let Err(panic) = audited {
        violations.push(text_of(panic.as_ref()));
    }
    for letter in sim.letters.letters() {
        violations.push(format!("a dead letter: {letter:?}"));
    }
    violations.extend(weigh(&Evidence::of(sim)));
    violations
}

/// Everything that the evidence speaks against.
#[must_use]
pub fn weigh(evidence: &Evidence) -> Vec<String> {
    let mut world = World::replay(&evidence.commits, evidence.seen_at());
    let mut violations = std::mem::take(&mut world.violations);
    violations.extend(answers::check(evidence, &world));
    violations.extend(answers::registers(evidence, &world));
    violations.extend(refusals::check(evidence, &world));
    violations.extend(books::check(&evidence.commits, &world));
    violations.extend(serial::check(evidence, &world));
    violations.extend(foreign::check(evidence, &world));
    let told = now(told::check(evidence.store.as_ref(), &world, &evidence.commits));
    violations.extend(told.unwrap_or_else(|error| vec![format!("I11: {error}")]));
    violations
}

/// A store that lets others go first, but never waits.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
}
