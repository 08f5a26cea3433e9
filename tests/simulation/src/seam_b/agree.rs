//! Whether both seams are one market: a plan is run at seam A and at seam B, faults and all, with
//! the faults above the store. Every answer, every commit and every row at the end is the same,
//! to the millisecond.

use std::{
    fmt::Debug,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use app::ports::{EntryQuery, EventQuery, EventStretch, ItemQuery, Shelf, Store, VenueOrderQuery};
use domain::id::UserId;
use testkit::{
    builders::{nyx, start},
    virtual_time::VirtualTime,
};

use super::{
    SdkSeam,
    traced::{Calls, Traced},
};
use crate::{
    history::Settled,
    oracle::now,
    plan::Plan,
    run::text_of,
    seam::{MemorySeam, Seam},
    sim::Sim,
};

/// The most differences of a kind that are told.
const TOLD_MAX: usize = 3;
/// The most characters of a row that are told.
const CHARACTERS_MAX: usize = 400;

/// What came of running a plan twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Where the two are not one.
    pub differences: Vec<String>,
    /// Calls of the store that were compared.
    pub calls: usize,
    /// Answers that were compared.
    pub answers: usize,
    /// Commits that were compared.
    pub commits: usize,
    /// Rows that were compared.
    pub rows: usize,
}

/// Runs a plan at both seams.
#[must_use]
pub fn agree(plan: &Plan) -> Agreement {
    let time = VirtualTime::from(start());
    let seam = Arc::new(MemorySeam::new(plan.planted, &time));
    let first = finished(plan, seam, time);
    let time = VirtualTime::from(start());
    let seam = SdkSeam::new(plan.seed, time.clone());
    let second = finished(plan, Arc::new(seam), time);
    let mut differences = Vec::new();
    let [here, there] = [&first, &second].map(|finished| finished.calls.all());
    let calls = compare("calls", &here, &there, &mut differences);
    let answers = {
        let [here, there] = [&first, &second].map(|finished| finished.sim.history.all());
        let [here, there] = [here, there].map(|all| all.iter().map(answer).collect::<Vec<_>>());
        compare("answers", &here, &there, &mut differences)
    };
    let [here, there] = [&first, &second].map(|finished| finished.sim.seam.commits());
    let commits = compare("commits", &here, &there, &mut differences);
    let [here, there] = [&first, &second].map(|finished| rows(&finished.sim));
    let rows = compare("rows", &here, &there, &mut differences);
    let [here, there] = [first, second].map(|finished| {
        let mut complaints = finished.sim.complaints();
        complaints.extend(finished.broken);
        complaints
    });
    compare("complaints", &here, &there, &mut differences);
    Agreement { differences, calls, answers, commits, rows }
}

/// A market after its run.
struct Finished {
    sim: Arc<Sim>,
    calls: Calls,
    /// How it broke off, if it did.
    broken: Option<String>,
}

fn finished(plan: &Plan, seam: Arc<dyn Seam>, time: VirtualTime) -> Finished {
    let calls = Calls::default();
    let traced = Traced::new(seam, calls.clone(), time.clone());
    let sim = Sim::new(plan.clone(), Arc::new(traced), time);
    let ran = catch_unwind(AssertUnwindSafe(|| sim.run()));
    let broken = ran.err().map(|panic| format!("it broke off: {}", text_of(panic.as_ref())));
    Finished { sim, calls, broken }
}

/// What was told to whom, and when.
fn answer(settled: &Settled) -> String {
    let Settled { op, ask, told, tries, until, .. } = settled;
    let told = told.as_ref().map(|told| (told.status, told.replayed, &told.etag, &told.bytes));
    let Some(who) = ask.who else { return format!("{op} {ask:?} {told:?}") };
    let (method, path, at) = (ask.method, &ask.path, until.at.millis());
    format!("{op} {who} {method} {path} {:?} in {tries} until {at}: {told:?}", ask.key)
}

/// Every row that the ports show of people, goods and books.
fn rows(sim: &Sim) -> Vec<String> {
    let (store, mut rows) = (sim.seam.plain(), Vec::new());
    let store = store.as_ref();
    let shelf = Shelf::Everything;
    let items = now(store.items(&ItemQuery { shelf, after: None, limit: 100 }));
    rows.extend(items.expect("readable").rows.iter().map(text));
    rows.extend(now(store.universes()).expect("readable").iter().map(text));
    rows.extend(now(store.venues()).expect("readable").iter().map(text));
    for user in sim.town.users() {
        rows_of(store, user, &mut rows);
    }
    for pair in now(store.pairs()).expect("readable") {
        rows.push(text(&pair));
        let id = pair.id();
        rows.extend(now(store.resting(id)).expect("readable").iter().map(text));
        rows.extend(now(store.deadlines(id)).expect("readable").iter().map(text));
        rows.extend(now(store.commands(id, 100)).expect("readable").iter().map(text));
        rows.push(text(&now(store.candles_head(id)).expect("readable")));
        let mut after = 0;
        loop {
            let query = EventQuery { pair: id, stretch: EventStretch::After(after), limit: 100 };
            let page = now(store.events(&query)).expect("readable");
            rows.extend(page.rows.iter().map(text));
            let Some(last) = page.rows.last().filter(|_| page.more) else { break };
            after = last.head.seq;
        }
    }
    rows
}

fn rows_of(store: &dyn Store, user: UserId, rows: &mut Vec<String>) {
    rows.push(text(&now(store.account(user)).expect("readable")));
    rows.push(text(&now(store.statement_head(user)).expect("readable")));
    rows.extend(now(store.activity(user, 0, 100)).expect("readable").iter().map(text));
    let venue = nyx().id;
    let query = VenueOrderQuery { user, venue, after: None, limit: 100 };
    rows.extend(now(store.venue_orders(&query)).expect("readable").rows.iter().map(text));
    let mut query = EntryQuery { user, after: None, limit: 100 };
    loop {
        let page = now(store.entries(&query)).expect("readable");
        rows.extend(page.rows.iter().map(text));
        let Some(last) = page.rows.last().filter(|_| page.more) else { break };
        query.after = Some(EntryQuery::position(last));
    }
}

fn text(row: &impl Debug) -> String {
    format!("{row:?}")
}

/// How many were compared; the first that differ are told.
fn compare<T: PartialEq + Debug>(
    what: &str,
    here: &[T],
    there: &[T],
    differences: &mut Vec<String>,
) -> usize {
    if here.len() != there.len() {
        differences.push(format!("{what}: {} at A, {} at B", here.len(), there.len()));
    }
    let different = here.iter().zip(there).enumerate();
    let different = different.filter(|(_, (here, there))| here != there);
    for (place, (here, there)) in different.take(TOLD_MAX) {
        let [here, there] = [here, there]
            .map(|row| format!("{row:?}").chars().take(CHARACTERS_MAX).collect::<String>());
        differences.push(format!("{what} {place}:\n    A {here}\n    B {there}"));
    }
    here.len().min(there.len())
}
