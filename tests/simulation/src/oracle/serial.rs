//! Whether all that happened could have happened one after the other, as clients saw it: a graph
//! of what must have come before what, by the versions of rows and by real time, has no cycle.

use std::collections::BTreeMap;

use domain::{
    commit::{Commit, Write},
    currency::{Currency, CurrencyCode},
    id::{ItemId, UserId, WalletId},
    time::Timestamp,
};
use serde_json::Value;

use super::{evidence::Evidence, model::World, money::minor};
use crate::history::Heard;
use app::market::entry_id;

/// What must come before what, by numbers of nodes.
#[derive(Debug, Default)]
pub struct Graph {
    next: Vec<Vec<usize>>,
}

impl Graph {
    /// A node.
    pub fn node(&mut self) -> usize {
        self.next.push(Vec::new());
        self.next.len() - 1
    }

    /// `one` comes before `other`.
    pub fn before(&mut self, one: usize, other: usize) {
        self.next[one].push(other);
    }

    /// The nodes that cannot be put in any order: those of cycles, and what follows them.
    #[must_use]
    pub fn stuck(&self) -> Vec<usize> {
        let mut waits = vec![0_usize; self.next.len()];
        self.next.iter().flatten().for_each(|node| waits[*node] += 1);
        let mut free: Vec<_> = (0..waits.len()).filter(|node| waits[*node] == 0).collect();
        let mut done = vec![false; waits.len()];
        while let Some(node) = free.pop() {
            done[node] = true;
            for later in &self.next[node] {
                waits[*later] -= 1;
                if waits[*later] == 0 {
                    free.push(*later);
                }
            }
        }
        (0..done.len()).filter(|node| !done[*node]).collect()
    }
}

/// Something that a client saw: the states of one row that show it.
struct Seen<'a> {
    heard: &'a Heard,
    /// The commit before which it cannot have been, and the one after which.
    after: Option<usize>,
    before: Option<usize>,
}

/// Everything that was seen and cannot have been, and whether it all fits together.
#[must_use]
pub fn check(evidence: &Evidence, world: &World) -> Vec<String> {
    let mut violations = Vec::new();
    let mut all = Vec::new();
    for heard in evidence.heard.iter().filter(|heard| heard.told.status == 200) {
        match seen(evidence, world, heard) {
            Some(Ok(seen)) => all.push(seen),
            Some(Err(what)) => {
                violations.push(format!("not serialisable: {what}: {:?}", heard.ask));
            }
            None => {}
        }
    }
    violations.truncate(20);
    violations.extend(ordered(evidence, world, &all));
    violations
}

fn seen<'a>(
    evidence: &Evidence,
    world: &World,
    heard: &'a Heard,
) -> Option<Result<Seen<'a>, String>> {
    let user = evidence.user(&heard.ask)?;
    match heard.stem {
        "list-wallets" => {
            let body = heard.told.json();
            let wallets: Option<Vec<_>> =
                body.get("data")?.as_array()?.iter().map(|row| wallet(world, row)).collect();
            Some(balances(world, heard, user, &wallets?))
        }
        "get-wallet" if !heard.ask.path.contains('?') => {
            let row = wallet(world, &heard.told.json())?;
            Some(balances(world, heard, user, &[row]))
        }
        "get-item" => {
            let id: ItemId = heard.told.text("/id").parse().ok()?;
            let tag = heard.told.etag.as_deref()?.trim_matches('"').parse::<u64>().ok()?;
            let points = world.items.get(&id)?;
            let place = points.iter().position(|point| point.item.version == tag);
            Some(place.ok_or_else(|| format!("{id} never had the version {tag}")).map(|place| {
                let before = points.get(place + 1).map(|point| point.since - 1);
                Seen { heard, after: points[place].since.checked_sub(1), before }
            }))
        }
        _ => None,
    }
}

/// A wallet as it was told: currency, available, held.
fn wallet(world: &World, row: &Value) -> Option<(CurrencyCode, i128, i128)> {
    let id: WalletId = row.get("id")?.as_str()?.parse().ok()?;
    let code = id.currency;
    let known = |currency: &&Currency| currency.code == code;
    let scale = world.universes.values().find(known).map_or(0, |it| it.scale.decimals());
    let part = |name: &str| minor(row.get(name)?.as_str()?, scale);
    Some((code, part("available")?, part("held")?))
}

/// The first and the last version of an account in which its wallets were like that.
fn balances<'a>(
    world: &World,
    heard: &'a Heard,
    user: UserId,
    wallets: &[(CurrencyCode, i128, i128)],
) -> Result<Seen<'a>, String> {
    let account = world.accounts.get(&user).ok_or("an account that is not there")?;
    let shows = |state: usize| {
        wallets.iter().all(|(code, available, held)| {
            let points = account.wallets.get(code).map_or(&[][..], Vec::as_slice);
            let last = points.partition_point(|point| point.since <= state).checked_sub(1);
            last.is_some_and(|last| {
                (points[last].available, points[last].held) == (*available, *held)
            })
        })
    };
    // Versions of the account that begin while it was asked, and the one before.
    let changes = &account.changes;
    let first = changes.partition_point(|it| it.commit < heard.from.commits).saturating_sub(1);
    let end = changes.partition_point(|it| it.commit < heard.until.commits);
    let shown: Vec<_> =
        (first..end.max(first + 1)).filter(|place| shows(changes[*place].commit + 1)).collect();
    let (Some(one), Some(last)) = (shown.first(), shown.last()) else {
        return Err(format!("{wallets:?} is none of what {user} had meanwhile"));
    };
    let before = changes.get(last + 1).map(|changed| changed.commit);
    Ok(Seen { heard, after: Some(changes[*one].commit), before })
}

/// The rows that a write changes, if each change of them has a number.
fn row_of(write: &Write) -> Option<String> {
    Some(match write {
        Write::OpenAccount(account) => account.user.to_string(),
        Write::OpenWallet { user, .. } | Write::MoveFunds { user, .. } => user.to_string(),
        Write::PutItem(item) | Write::ReviseItem { item, .. } => item.id.to_string(),
        Write::SellStock { item, .. } | Write::ReturnStock { item, .. } => item.to_string(),
        Write::PutMarketEvent(event) => event.pair.to_string(),
        Write::PutVenueOrder(order) | Write::ReplaceVenueOrder { order, .. } => {
            order.terms.id.to_string()
        }
        Write::PutRateVersion(rate) => format!("rate {}", rate.id.universe),
        _ => return None,
    })
}

/// The time as nodes, so that what was answered before something else was asked comes before it.
struct Clock {
    moments: BTreeMap<Timestamp, usize>,
}

impl Clock {
    fn new(graph: &mut Graph, times: impl Iterator<Item = Timestamp>) -> Self {
        let mut moments: BTreeMap<_, _> = times.map(|at| (at, 0)).collect();
        let mut last = None;
        for node in moments.values_mut() {
            *node = graph.node();
            if let Some(last) = last {
                graph.before(last, *node);
            }
            last = Some(*node);
        }
        Self { moments }
    }

    /// A node lies between these times.
    fn place(&self, graph: &mut Graph, node: usize, from: Timestamp, until: Timestamp) {
        if let Some(begins) = self.moments.get(&from) {
            graph.before(*begins, node);
        }
        let later = (std::ops::Bound::Excluded(until), std::ops::Bound::Unbounded);
        if let Some((_, ends)) = self.moments.range(later).next() {
            graph.before(node, *ends);
        }
    }
}

fn ordered(evidence: &Evidence, world: &World, all: &[Seen<'_>]) -> Option<String> {
    let mut graph = Graph::default();
    let commits: Vec<_> = evidence.commits.iter().map(|_| graph.node()).collect();
    rows(&mut graph, &evidence.commits, &commits);
    let clock = Clock::new(&mut graph, evidence.heard.iter().map(|heard| heard.from.at));
    let mut said = Vec::new();
    for seen in all {
        let node = graph.node();
        said.push((node, &seen.heard.ask));
        if let Some(after) = seen.after {
            graph.before(commits[after], node);
        }
        if let Some(before) = seen.before {
            graph.before(node, commits[before]);
        }
        clock.place(&mut graph, node, seen.heard.from.at, seen.heard.until.at);
    }
    for heard in &evidence.heard {
        let (Some(user), Some(key)) = (evidence.user(&heard.ask), &heard.ask.key) else { continue };
        let kept = world.entries.get(&entry_id(user, key));
        let Some(kept) = kept.filter(|_| heard.told.is_success()) else { continue };
        // It was done before this was answered; and if it is no replay, not before it was asked.
        let from = if heard.told.replayed { Timestamp::from_millis(0) } else { heard.from.at };
        clock.place(&mut graph, commits[kept.commit], from, heard.until.at);
    }
    let stuck = graph.stuck();
    if stuck.is_empty() {
        return None;
    }
    let asks: Vec<_> = said.iter().filter(|(node, _)| stuck.contains(node)).take(3).collect();
    let done: Vec<_> = stuck.iter().filter(|node| **node < commits.len()).take(5).collect();
    Some(format!("not serialisable: no order explains commits {done:?} and answers {asks:?}"))
}

/// Each change of a row comes after the one before: by the numbers that the commits give.
fn rows(graph: &mut Graph, commits: &[std::sync::Arc<Commit>], nodes: &[usize]) {
    let mut last = BTreeMap::<String, usize>::new();
    for (place, commit) in commits.iter().enumerate() {
        for row in commit.writes().iter().filter_map(row_of) {
            if let Some(before) = last.insert(row, place)
                && before != place
            {
                graph.before(nodes[before], nodes[place]);
            }
        }
    }
}
