//! The matcher of a pair: it takes what waits in the pair's log, lets the book decide, and
//! commits what came of it. Anyone may run it at any time, in any number of processes: each
//! commit takes the next number of the pair's events, so only one of them can go on from there,
//! and the others begin again with what it has left.
//!
//! Nothing but the store decides. The book that is kept in memory is as old as the number of
//! its last event; if that is not the newest any more, the next commit is refused and the book
//! is read again.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use domain::{
    book::{self, AmendRefusal, Book, Event},
    command::{Command, CommandId, Instruction},
    commit::{Commit, Write},
    id::{EntryId, OrderId, UserId},
    ledger::{Amendment, Cause, Outcome},
    market_event::Head,
    order::{Closed, Side},
    pair::{Pair, PairId, PairStatus},
    settlement::{Origin, Step, settle},
    time::{Span, Timestamp},
};

use crate::{
    market::{Market, TRIES_MAX},
    perform::{Failed, Freshness},
    ports::{CommitError, EventQuery, EventStretch, Failure, Found, Logged, StoreError},
    tally,
};

/// How many commands are read at once. An order that only rests takes two writes of a commit's
/// hundred, so a read gives two commits or more.
const COMMANDS_PER_READ: u32 = 100;
/// How long one call goes on before it rings for another: well below a function's time-out.
const CALL_LIMIT: Span = Span::seconds(20);
/// How often a call begins again because something came between.
const RESTARTS_MAX: u32 = 12;

/// The books of this process, each with a lock: in one process one matcher a pair is enough.
#[derive(Default)]
pub struct Desks(Mutex<BTreeMap<PairId, Arc<tokio::sync::Mutex<Option<Desk>>>>>);

impl Desks {
    fn of(&self, pair: PairId) -> Arc<tokio::sync::Mutex<Option<Desk>>> {
        let mut desks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(desks.entry(pair).or_default())
    }
}

/// A book as of an event.
struct Desk {
    book: Book,
    head: Head,
    at: Timestamp,
    deadlines: BTreeMap<UserId, Timestamp>,
}

/// What a call of the matcher has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Matched {
    /// Commands that left the log.
    pub commands: u64,
    /// Commits.
    pub commits: u64,
    /// Trades.
    pub trades: u64,
    /// Write units of the commits.
    pub write_units: u64,
}

/// What stands in the way of a commit and must be taken out of it.
#[derive(Debug, Default)]
struct Obstacles {
    /// Orders whose owner's wallet has no room for what they would receive.
    orders: BTreeSet<OrderId>,
    /// Commands that cannot be committed even alone.
    commands: BTreeSet<CommandId>,
    /// Whether commands are committed one by one, to find such a command.
    one_by_one: bool,
}

/// Why a round of the matcher came to nothing.
enum Stopped {
    /// Another matcher went on from where this one stood.
    Fenced,
    /// An account has no room for what a fill would credit.
    NoRoom(BTreeSet<OrderId>),
    /// A commit that no store would take.
    Impossible(String),
    /// The store failed.
    Failed(Failed),
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Corrupt(what) => Self::Impossible(what),
            StoreError::Unavailable(_) => Self::Failed(error.into()),
        }
    }
}

/// Matches all that waits in a pair's log.
///
/// # Errors
/// [`domain::refusal::Missing::Market`]; [`Failed::Busy`] if others kept coming between; the
/// store's own. Whatever it is, what was committed stands, and the next call goes on.
pub async fn match_orders(market: &Market, pair: PairId) -> Result<Matched, Failed> {
    let desk = market.desks.of(pair);
    let mut desk = desk.lock().await;
    let mut matched = Matched::default();
    let mut obstacles = Obstacles::default();
    let mut restarts = 0;
    let started = market.clock.now();
    loop {
        let limit = if obstacles.one_by_one { 1 } else { COMMANDS_PER_READ };
        let waiting = market.store.commands(pair, limit).await?;
        if waiting.is_empty() && !is_due(market, pair, desk.as_ref()).await? {
            return Ok(matched);
        }
        let read = u32::try_from(waiting.len()).unwrap_or(u32::MAX);
        let stopped = match round(market, pair, &mut desk, &waiting, &obstacles).await {
            Ok(done) => {
                tally::count(|tally| tally.backlog = tally.backlog.saturating_add(read));
                matched.add(done);
                obstacles = Obstacles::default();
                if read < limit {
                    return Ok(matched);
                }
                if market.clock.now().since(started) > CALL_LIMIT {
                    drop(desk);
                    let again = CommandId { at: market.clock.now(), bits: market.entropy.bits() };
                    market.ring(pair, again).await;
                    return Ok(matched);
                }
                continue;
            }
            Err(stopped) => stopped,
        };
        // Whatever the book has gone through was not committed.
        *desk = None;
        match stopped {
            Stopped::Fenced => market.back_off(restarts.min(3)).await,
            Stopped::NoRoom(orders) => obstacles.orders.extend(orders),
            Stopped::Impossible(what) if obstacles.one_by_one => {
                let Some(first) = waiting.first().map(place) else {
                    return Err(StoreError::Corrupt(what).into());
                };
                if !obstacles.commands.insert(first) {
                    return Err(StoreError::Corrupt(what).into());
                }
                tracing::error!(%pair, command = %first, what, "a command cannot be carried out");
            }
            Stopped::Impossible(_) => obstacles.one_by_one = true,
            Stopped::Failed(failed) => return Err(failed),
        }
        restarts += 1;
        if restarts > RESTARTS_MAX {
            return Err(Failed::Busy);
        }
    }
}

impl Matched {
    fn add(&mut self, other: Self) {
        self.commands += other.commands;
        self.commits += other.commits;
        self.trades += other.trades;
        self.write_units += other.write_units;
    }

    fn count(&mut self, commit: &Commit) {
        self.commits += 1;
        self.write_units += u64::from(commit.write_units());
        for write in commit.writes() {
            match write {
                Write::RemoveCommand { .. } => self.commands += 1,
                Write::PutEntry(_) => self.trades += 1,
                _ => {}
            }
        }
    }
}

fn place(logged: &Logged) -> CommandId {
    match logged {
        Logged::Command(command) => command.id,
        Logged::Unreadable(id) => *id,
    }
}

/// Whether a user's orders must end though nobody has asked for anything.
async fn is_due(market: &Market, pair: PairId, desk: Option<&Desk>) -> Result<bool, Failed> {
    let now = market.clock.now();
    if let Some(desk) = desk {
        return Ok(desk.is_due(now));
    }
    let deadlines = market.store.deadlines(pair).await?;
    if !deadlines.iter().any(|(_, deadline)| *deadline <= now) {
        return Ok(false);
    }
    Ok(market.pairs.get(pair, Freshness::Fresh).await?.status != PairStatus::Halted)
}

impl Desk {
    /// The head is read before the orders: if anything happens in between, the first commit is
    /// refused.
    async fn open(market: &Market, pair: &Pair) -> Result<Self, StoreError> {
        let stretch = EventStretch::Before(u64::MAX);
        let query = EventQuery { pair: pair.id(), stretch, limit: 1 };
        let newest = market.store.events(&query).await?.rows.into_iter().next();
        let head = newest.as_ref().map_or_else(|| Head::of_new(pair), |event| event.head);
        let resting = market.store.resting(pair.id()).await?;
        let deadlines = market.store.deadlines(pair.id()).await?.into_iter().collect();
        let resting = resting.into_iter().map(|resting| resting.working);
        let book = Book::restore(pair.steps, head.standing, resting);
        let at = newest.map_or(pair.created_at, |event| event.at);
        Ok(Self { book, head, at, deadlines })
    }

    fn is_due(&self, now: Timestamp) -> bool {
        // In a halted market nothing is cancelled: what is due waits for its end.
        self.book.standing().status != PairStatus::Halted
            && self.deadlines.values().any(|deadline| *deadline <= now)
    }

    /// Ends the orders of all users whose deadline has passed.
    fn end_due(&mut self, now: Timestamp, done: &mut Vec<Step>) {
        if !self.is_due(now) {
            return;
        }
        let due: Vec<_> =
            self.deadlines.iter().filter(|(_, at)| **at <= now).map(|(user, _)| *user).collect();
        for user in due {
            self.deadlines.remove(&user);
            let reason = Closed::Deadline;
            let events = self.apply(&book::Command::CancelAll { user, side: None, reason });
            done.push(Step { origin: Origin::Deadline(user), events });
        }
    }

    fn apply(&mut self, command: &book::Command) -> Vec<Event> {
        let mut events = Vec::new();
        self.book.apply(command, &mut events);
        events
    }

    /// What a command does; `resumed`: a commit of it was made before.
    fn carry_out(&mut self, command: &Command, resumed: bool) -> Vec<Event> {
        let asked = match command.instruction {
            Instruction::Place(working) => book::Command::Place { working, resumed },
            Instruction::Cancel(order) => {
                book::Command::Cancel { order, reason: Closed::Cancelled }
            }
            Instruction::CancelAll { user, side } => {
                book::Command::CancelAll { user, side, reason: Closed::Cancelled }
            }
            Instruction::Amend { order, price, lots, extra, .. } => {
                book::Command::Amend { order, price, lots, extra }
            }
            Instruction::SetStatus(status) => book::Command::SetStatus(status),
            Instruction::CancelAfter { user, deadline } => {
                match deadline {
                    Some(deadline) => self.deadlines.insert(user, deadline),
                    None => self.deadlines.remove(&user),
                };
                return Vec::new();
            }
        };
        self.apply(&asked)
    }
}

/// Carries out what waits and commits it; the book stays as of the last commit.
async fn round(
    market: &Market,
    pair: PairId,
    slot: &mut Option<Desk>,
    waiting: &[Logged],
    obstacles: &Obstacles,
) -> Result<Matched, Stopped> {
    let desk = match slot {
        Some(desk) => desk,
        None => {
            let pair = market.pairs.get(pair, Freshness::Fresh).await.map_err(Stopped::Failed)?;
            slot.insert(Desk::open(market, &pair).await?)
        }
    };
    let at = market.clock.now().max(desk.at);
    let mut done = Vec::new();
    for order in &obstacles.orders {
        let reason = Closed::BalanceLimit;
        let events = desk.apply(&book::Command::Cancel { order: *order, reason });
        done.push(Step { origin: Origin::Expulsion, events });
    }
    let waiting = begun_first(market, pair, desk.head.begun, waiting).await?;
    if desk.head.begun.is_none() {
        desk.end_due(at, &mut done);
    }
    for logged in &waiting {
        done.push(step(market, desk, logged, obstacles).await?);
    }
    let steps = *desk.book.steps();
    let commits = settle(&steps, desk.head, at, &done)
        .map_err(|unsound| Stopped::Impossible(unsound.to_string()))?;
    let mut matched = Matched::default();
    for commit in &commits {
        carry_out(market, commit).await?;
        matched.count(commit);
        if let Some(Write::PutMarketEvent(event)) = commit.writes().first() {
            (desk.head, desk.at) = (event.head, event.at);
        }
    }
    Ok(matched)
}

/// The command that the last commit left half done comes before all others, wherever it stands
/// in the log.
async fn begun_first(
    market: &Market,
    pair: PairId,
    begun: Option<CommandId>,
    waiting: &[Logged],
) -> Result<Vec<Logged>, Stopped> {
    let Some(begun) = begun else { return Ok(waiting.to_vec()) };
    let command = market.store.command(pair, begun).await?;
    // Gone: another matcher has gone on, and the commit will say so.
    let first = command.map(Logged::Command).ok_or(Stopped::Fenced)?;
    let others = waiting.iter().filter(|logged| place(logged) != begun).copied();
    Ok(std::iter::once(first).chain(others).collect())
}

/// What one row of the log comes to.
async fn step(
    market: &Market,
    desk: &mut Desk,
    logged: &Logged,
    obstacles: &Obstacles,
) -> Result<Step, Stopped> {
    let command = match *logged {
        Logged::Command(command) => command,
        Logged::Unreadable(id) => return Ok(unreadable(market, desk, id).await?),
    };
    let events = match command.instruction {
        _ if obstacles.commands.contains(&command.id) => given_up(&command).into_iter().collect(),
        Instruction::Place(working) if obstacles.orders.contains(&working.order.id) => {
            vec![Event::over(working, Closed::BalanceLimit)]
        }
        _ => desk.carry_out(&command, desk.head.begun == Some(command.id)),
    };
    Ok(Step { origin: Origin::Command(command), events })
}

/// A command that cannot be carried out gives back what is held for it.
fn given_up(command: &Command) -> Option<Event> {
    match command.instruction {
        Instruction::Place(working) => Some(Event::over(working, Closed::Unreadable)),
        Instruction::Amend { order, extra, .. } => {
            let refusal = AmendRefusal::NotResting;
            Some(Event::AmendRefused { order, refusal, released: extra })
        }
        _ => None,
    }
}

/// A row that is no command. The entry that it came with says what is held for it, if anything
/// is.
async fn unreadable(market: &Market, desk: &Desk, id: CommandId) -> Result<Step, StoreError> {
    let entry = market.store.entry(EntryId::from_bits(id.bits)).await?;
    let instruction = entry.and_then(|entry| match entry.outcome {
        Outcome::Placed(placement) => {
            Some(Instruction::Place(placement.order.begun(placement.hold.amount)))
        }
        Outcome::Amended(Amendment { steps, order, price, lots, extra }) => {
            let side = if extra.currency == steps.quote { Side::Buy } else { Side::Sell };
            let (user, extra) = (entry.actor, extra.amount);
            Some(Instruction::Amend { order, user, side, price, lots, extra })
        }
        _ => None,
    });
    let Some(instruction) = instruction else {
        return Ok(Step { origin: Origin::Unreadable(id), events: Vec::new() });
    };
    let command = Command { pair: desk.book.steps().pair(), id, instruction };
    let events = given_up(&command).into_iter().collect();
    Ok(Step { origin: Origin::Command(command), events })
}

async fn carry_out(market: &Market, commit: &Commit) -> Result<(), Stopped> {
    for attempt in 0..TRIES_MAX {
        match market.store.commit(commit).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Conflict) => market.back_off(attempt).await,
            Err(CommitError::Refused(failures)) => return Err(why_refused(commit, &failures)),
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
    Err(Stopped::Failed(Failed::Busy))
}

/// Another event with the number explains all else. Funds are held, so an account can refuse
/// for one reason only: what it would receive has no room.
fn why_refused(commit: &Commit, failures: &[Failure]) -> Stopped {
    let mut crowded = BTreeSet::new();
    for Failure { write, found } in failures {
        match (commit.writes().get(*write), found) {
            (Some(Write::PutMarketEvent(_)), _) => return Stopped::Fenced,
            (Some(Write::MoveFunds { user, .. }), Found::Account(_)) => {
                crowded.insert(*user);
            }
            _ => {}
        }
    }
    let orders: BTreeSet<_> =
        commit.writes().iter().flat_map(|write| orders_of(write, &crowded)).collect();
    if orders.is_empty() {
        return Stopped::Impossible(format!("a matcher's commit was refused: {failures:?}"));
    }
    Stopped::NoRoom(orders)
}

/// The orders of these users that a fill is about.
fn orders_of(write: &Write, users: &BTreeSet<UserId>) -> Vec<OrderId> {
    let Write::PutEntry(entry) = write else { return Vec::new() };
    let Outcome::Moved(movement) = &entry.outcome else { return Vec::new() };
    let Cause::Fill(fill) = &movement.cause else { return Vec::new() };
    let taker = users.contains(&movement.party).then_some(fill.taker);
    let maker = movement.counterparty.filter(|user| users.contains(user)).map(|_| fill.maker);
    taker.into_iter().chain(maker).collect()
}
