//! The smallest plan that still fails: requests are left out in ever smaller groups, then faults
//! kind by kind. What is left over is what it takes.

use crate::{
    plan::Plan,
    run::Outcome,
    swarm::{KINDS, Kind},
};

/// The most runs that shrinking takes.
const RUNS_MAX: u32 = 600;

/// A plan that fails, as small as it was made.
#[derive(Debug, Clone)]
pub struct Shrunk {
    /// The plan.
    pub plan: Plan,
    /// What does not hold in it.
    pub violations: Vec<String>,
    /// How many runs it took to find.
    pub runs: u32,
}

/// Which promise a violation is about: what it says before the first colon.
#[must_use]
pub fn sort_of(violation: &str) -> &str {
    violation.split(':').next().unwrap_or_default()
}

/// Makes a plan smaller for as long as it breaks the same promise. `None`: it breaks none.
pub fn shrink(plan: &Plan, run: impl Fn(&Plan) -> Outcome) -> Option<Shrunk> {
    let violations = run(plan).violations;
    let sort = sort_of(violations.first()?).to_owned();
    let mut search = Search { run, sort, best: plan.clone(), violations, runs: 1 };
    search.leave_out_requests();
    search.leave_out_faults();
    search.leave_out_requests();
    let Search { best, violations, runs, .. } = search;
    Some(Shrunk { plan: best, violations, runs })
}

struct Search<R> {
    run: R,
    sort: String,
    best: Plan,
    violations: Vec<String>,
    runs: u32,
}

impl<R: Fn(&Plan) -> Outcome> Search<R> {
    /// Takes a smaller plan if it fails in the same way.
    fn takes(&mut self, smaller: Plan) -> bool {
        if self.runs >= RUNS_MAX {
            return false;
        }
        self.runs += 1;
        let violations = (self.run)(&smaller).violations;
        let same = violations.iter().any(|violation| sort_of(violation) == self.sort);
        if same {
            (self.best, self.violations) = (smaller, violations);
        }
        same
    }

    fn leave_out_requests(&mut self) {
        let mut group = self.best.ops.len().div_ceil(2).max(1);
        loop {
            let mut from = 0;
            while from < self.best.ops.len() {
                let mut ops = self.best.ops.clone();
                ops.drain(from..(from + group).min(ops.len()));
                if !self.takes(Plan { ops, ..self.best.clone() }) {
                    from += group;
                }
            }
            if group == 1 || self.runs >= RUNS_MAX {
                return;
            }
            group = group.div_ceil(2);
        }
    }

    fn leave_out_faults(&mut self) {
        let kinds: Vec<Kind> = KINDS.iter().map(|(kind, ..)| *kind).collect();
        for kind in kinds {
            if self.best.swarm.rate(kind) > 0 {
                let mut swarm = self.best.swarm.clone();
                swarm.0.remove(&kind);
                let _taken = self.takes(Plan { swarm, ..self.best.clone() });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails if requests 17 and 40 are both asked while the store conflicts.
    fn fragile(plan: &Plan) -> Outcome {
        let both = [17, 40].iter().all(|op| plan.ops.contains(op));
        let broken = both && plan.swarm.rate(Kind::Conflict) > 0;
        let violations = if broken { vec!["I1: gone".to_owned()] } else { Vec::new() };
        Outcome { violations, ..Outcome::default() }
    }

    #[test]
    fn what_is_left_is_what_it_takes() {
        let plan = Plan { swarm: crate::swarm::Swarm::caps(), ..Plan::of_seed(1, 100) };
        let shrunk = shrink(&plan, fragile).expect("it fails");
        assert_eq!(shrunk.plan.ops, [17, 40]);
        let kinds: Vec<_> = shrunk.plan.swarm.0.keys().copied().collect();
        assert_eq!(kinds, [Kind::Conflict]);
    }

    #[test]
    fn a_plan_that_holds_is_not_made_smaller() {
        assert!(shrink(&Plan::of_seed(1, 10), fragile).is_none());
    }
}
