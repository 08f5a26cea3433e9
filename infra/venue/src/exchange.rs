//! The exchange: what it makes of requests, and when it does something by itself. It has no clock
//! and does nothing between two calls: each is told the time, and first does all that was due.
//! The same calls after the same seed come to the same. How requests arrive is not known here.

mod asking;
mod life;
mod replay;
mod tell;

#[cfg(test)]
mod tests;

use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap, HashMap},
    sync::Arc,
};

use crate::{
    book::{Decision, Execution, FeedMessage, Order, Report, State, Status, Witness, Witnessed},
    chance::Chance,
    faults::Faults,
};

use asking::Asked;

/// An instrument, and what a piece costs at first, in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Its code.
    pub instrument: String,
    /// The price that fills are around.
    pub price: u64,
}

/// What an exchange begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Decides all that is left to chance.
    pub seed: u64,
    /// What goes wrong.
    pub faults: Faults,
    /// What is traded.
    pub listings: Vec<Listing>,
    /// How long a fill takes, from and to, in milliseconds.
    pub fill_ms: (u64, u64),
    /// In how many parts an order is filled at most.
    pub parts_max: u64,
    /// How long clients wait for an answer, in milliseconds.
    pub patience_ms: u64,
    /// How often prices move, in milliseconds; never if it is nothing.
    pub price_every_ms: Option<u64>,
    /// What ids of executions begin with. Two runs with a book of their own need two.
    pub prefix: String,
}

impl Terms {
    /// No faults, no instruments, up to three fills after up to a fifth of a second each, prices
    /// that stay, and clients that wait for five seconds.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            faults: Faults::NONE,
            listings: Vec::new(),
            fill_ms: (1, 200),
            parts_max: 3,
            patience_ms: 5_000,
            price_every_ms: None,
            prefix: "E".to_owned(),
        }
    }
}

/// What is signed with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// When it was sent by the sender's clock: milliseconds since 1970.
    pub at: i64,
    /// What no other request may bear.
    pub nonce: u128,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 200; or 201 if the order was placed just now.
    State {
        /// Whether it was.
        new: bool,
        /// The order.
        state: State,
    },
    /// This status, and nothing was done.
    Refused {
        /// 401, 404, 408 or 422.
        status: u16,
        /// Why.
        reason: &'static str,
    },
    /// 429, and nothing was done.
    Busy {
        /// Seconds.
        retry_after: u32,
    },
    /// 500: something was done or nothing.
    Failed,
    /// The connection breaks without an answer: something was done or nothing.
    Broken,
    /// The request has not got through: nothing was done.
    Unreachable,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// The answer.
    pub answer: Answer,
    /// How long after the request it comes, in milliseconds. A client that does not wait for so
    /// long never sees it.
    pub after_ms: u64,
}

/// A report on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// What it says.
    pub report: Report,
    /// The number of the message of the feed that says the same.
    pub seq: u64,
}

/// Something that happens by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A request that was held is carried out.
    Place(usize),
    /// A part of an order is filled.
    Fill(usize),
    /// An order's time is over.
    Expire(usize),
    /// An execution is told of late.
    Tell(usize, usize),
    /// A message of the feed is reported.
    Report(usize),
    /// Prices move.
    Reprice,
}

/// An order in the book.
#[derive(Debug, Clone)]
struct Entry {
    order: Arc<Order>,
    placed: u32,
    status: Status,
    executions: Vec<Made>,
    executed: u64,
    cash: u128,
    /// In how many parts the rest is filled.
    parts: u64,
    /// Whether the rest is rejected after the first fill.
    rejects: bool,
}

/// An execution.
#[derive(Debug, Clone)]
struct Made {
    number: u64,
    quantity: u64,
    price: u64,
    told: bool,
}

/// A message of the feed, as it is kept.
#[derive(Debug, Clone, Copy)]
enum Line {
    Report { order: usize, status: Status, executed: u64, execution: Option<usize> },
    Price { listing: usize, price: u64 },
}

/// An exchange with its book.
#[derive(Debug, Clone)]
pub struct Exchange {
    terms: Terms,
    chance: Chance,
    now: i64,
    entries: Vec<Entry>,
    by_id: HashMap<String, usize>,
    asked: HashMap<String, u32>,
    /// Held requests to place, with the time that they were sent.
    held: Vec<Option<(i64, Order)>>,
    executions: u64,
    events: BinaryHeap<Reverse<(i64, u64, Event)>>,
    scheduled: u64,
    nonces: BTreeSet<(i64, u128)>,
    lines: Vec<Line>,
    outbox: Vec<usize>,
    decisions: Vec<Decision>,
    /// Limit orders that no price has reached.
    resting: BTreeSet<usize>,
}

impl Exchange {
    /// An exchange with an empty book.
    #[must_use]
    pub fn new(terms: Terms, now: i64) -> Self {
        let mut exchange = Self {
            chance: Chance::new(terms.seed),
            now,
            entries: Vec::new(),
            by_id: HashMap::new(),
            asked: HashMap::new(),
            held: Vec::new(),
            executions: 0,
            events: BinaryHeap::new(),
            scheduled: 0,
            nonces: BTreeSet::new(),
            lines: Vec::new(),
            outbox: Vec::new(),
            decisions: Vec::new(),
            resting: BTreeSet::new(),
            terms,
        };
        exchange.schedule_prices();
        exchange
    }

    /// Asks for an order to be placed.
    pub fn place(&mut self, now: i64, sent: Sent, order: &Order) -> Reaction {
        self.asked(now, sent, &Asked::Place(order))
    }

    /// Asks for the state of an order.
    pub fn find(&mut self, now: i64, sent: Sent, id: &str) -> Reaction {
        self.asked(now, sent, &Asked::Find(id))
    }

    /// Asks for an order to be cancelled.
    pub fn cancel(&mut self, now: i64, sent: Sent, id: &str) -> Reaction {
        self.asked(now, sent, &Asked::Cancel(id))
    }

    /// Takes note of a request of another kind, such as for the feed. `false`: it is too old, or
    /// it has come before.
    pub fn admit(&mut self, now: i64, sent: Sent) -> bool {
        self.advance(now);
        self.is_fresh(sent)
    }

    /// Does all that is due, and takes the reports that are to be sent now.
    pub fn due_reports(&mut self, now: i64) -> Vec<Outgoing> {
        self.advance(now);
        let due = std::mem::take(&mut self.outbox);
        due.into_iter().filter_map(|line| self.outgoing(line)).collect()
    }

    /// When something happens by itself next: a fill, the end of an order's time, a report.
    #[must_use]
    pub fn next_event_at(&self) -> Option<i64> {
        if !self.outbox.is_empty() {
            return Some(self.now);
        }
        self.events.peek().map(|Reverse((at, _, _))| *at)
    }

    /// Lets other things go wrong from now on. What is on its way already stays as it is.
    pub fn set_faults(&mut self, faults: Faults) {
        self.terms.faults = faults;
    }

    /// What goes wrong.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.terms.faults
    }

    /// Messages of the feed behind the first so many, at most `limit`.
    #[must_use]
    pub fn feed(&self, after: u64, limit: usize) -> Vec<FeedMessage> {
        let after = usize::try_from(after).unwrap_or(usize::MAX);
        let lines = self.lines.iter().enumerate().skip(after).take(limit);
        lines.filter_map(|(line, _)| self.message(line)).collect()
    }

    /// The number of the feed's last message; 0 if there is none.
    #[must_use]
    pub fn feed_length(&self) -> u64 {
        u64::try_from(self.lines.len()).unwrap_or(u64::MAX)
    }

    /// What it has decided, but the first so many.
    #[must_use]
    pub fn decisions(&self, after: usize) -> &[Decision] {
        self.decisions.get(after..).unwrap_or_default()
    }

    /// How many orders were ever placed.
    #[must_use]
    pub fn placed_count(&self) -> usize {
        self.entries.len()
    }

    /// What the book says.
    #[must_use]
    pub fn witness(&self) -> Witness {
        let orders = (0..self.entries.len()).filter_map(|number| self.witnessed(number));
        Witness { orders: orders.collect(), feed: self.feed_length() }
    }

    /// What the book says of one order.
    #[must_use]
    pub fn witness_of(&self, id: &str) -> Option<Witnessed> {
        self.by_id.get(id).and_then(|number| self.witnessed(*number))
    }

    fn state(&self, number: usize, with_untold: bool) -> Answer {
        let Some(entry) = self.entries.get(number) else { return Answer::Failed };
        let shown = entry.executions.iter().filter(|made| made.told || with_untold);
        let state = State {
            id: entry.order.id.clone(),
            venue_order_id: venue_order_id(number),
            status: entry.status,
            executed: entry.executed,
            executions: shown.map(|made| self.execution(made)).collect(),
        };
        Answer::State { new: false, state }
    }

    fn execution(&self, made: &Made) -> Execution {
        let id = format!("{}-{}", self.terms.prefix, made.number);
        Execution { id, quantity: made.quantity, price: made.price }
    }

    fn witnessed(&self, number: usize) -> Option<Witnessed> {
        let entry = self.entries.get(number)?;
        Some(Witnessed {
            id: entry.order.id.clone(),
            venue_order_id: venue_order_id(number),
            placed: entry.placed,
            asked: self.asked.get(&entry.order.id).copied().unwrap_or(0),
            side: entry.order.side,
            instrument: entry.order.instrument.clone(),
            quantity: entry.order.quantity,
            executed: entry.executed,
            cash: entry.cash,
            status: entry.status,
        })
    }

    fn schedule(&mut self, after_ms: u64, event: Event) {
        let after_ms = i64::try_from(after_ms).unwrap_or(i64::MAX);
        self.schedule_at(self.now.saturating_add(after_ms), event);
    }

    fn schedule_at(&mut self, at: i64, event: Event) {
        self.scheduled = self.scheduled.saturating_add(1);
        self.events.push(Reverse((at, self.scheduled, event)));
    }
}

fn venue_order_id(number: usize) -> String {
    format!("X-{}", number.saturating_add(1))
}
