//! What the oracle judges by: all commits in their order, and all that clients asked and heard.

use std::sync::Arc;

use app::{market::fingerprint, ports::Store};
use domain::{commit::Commit, id::UserId, ledger::Fingerprint, time::Timestamp};
use serde_json::Value;

use crate::{
    history::{Ask, Heard, Settled},
    sim::Sim,
};

/// What there is to judge by.
#[derive(Clone)]
pub struct Evidence {
    /// All commits, in their order.
    pub commits: Vec<Arc<Commit>>,
    /// What became of each request in the end.
    pub settled: Vec<Settled>,
    /// Every answer that the API gave, whoever heard it.
    pub heard: Vec<Heard>,
    /// Everybody, by their place.
    pub people: Vec<UserId>,
    /// The store, in which nothing happens any more.
    pub store: Arc<dyn Store>,
}

impl Evidence {
    /// Of a run that is over.
    #[must_use]
    pub fn of(sim: &Sim) -> Self {
        Self {
            commits: sim.seam.commits(),
            settled: sim.history.all().clone(),
            heard: sim.history.heard().clone(),
            people: sim.town.users(),
            store: sim.seam.plain(),
        }
    }

    /// Who asks.
    #[must_use]
    pub fn user(&self, ask: &Ask) -> Option<UserId> {
        self.people.get(ask.who?).copied()
    }

    /// For each commit the earliest time at which somebody saw that it had happened; never
    /// later than that of a later commit.
    #[must_use]
    pub fn seen_at(&self) -> Vec<Timestamp> {
        let mut seen = vec![Timestamp::MAX; self.commits.len()];
        let settled = self.settled.iter().flat_map(|one| [one.from, one.until]);
        let heard = self.heard.iter().flat_map(|one| [one.from, one.until]);
        for moment in settled.chain(heard) {
            if let Some(last) = moment.commits.checked_sub(1).and_then(|last| seen.get_mut(last)) {
                *last = moment.at.min(*last);
            }
        }
        for place in (1..seen.len()).rev() {
            seen[place - 1] = seen[place - 1].min(seen[place]);
        }
        seen
    }
}

/// The fingerprint of a request as its client makes it up: endpoint, path, and the body's members
/// in the order of their names.
#[must_use]
pub fn fingerprint_of(stem: &str, ask: &Ask) -> Fingerprint {
    let path = ask.path.split('?').next().unwrap_or_default();
    let body = match &ask.body {
        Some(Value::Object(members)) => {
            let mut lines: Vec<_> = members.iter().collect();
            lines.sort_by_key(|(name, _)| *name);
            lines.iter().map(|(name, value)| format!("{name:?}:{value}\n")).collect()
        }
        Some(other) => other.to_string(),
        None => String::new(),
    };
    fingerprint([stem.as_bytes(), path.as_bytes(), body.as_bytes()])
}
