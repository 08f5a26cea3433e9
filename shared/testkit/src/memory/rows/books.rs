//! Pairs and the rows of their books, and what each write expects of the one that it touches.
//! Whether an event and the rows written beside it agree, the matcher sees to.

use std::collections::BTreeMap;

use app::ports::{Found, Logged};
use domain::{
    command::{Command, CommandId},
    commit::{ClosedOrder, Resting},
    id::{OrderId, UserId},
    market_event::MarketEvent,
    pair::{Pair, PairId},
    time::Timestamp,
};

use super::{Row, absent, present};

/// What is kept of a pair beside the pair itself. It may be there before the pair is.
#[derive(Debug, Default)]
pub(in crate::memory) struct Book {
    pub(in crate::memory) log: BTreeMap<CommandId, Logged>,
    pub(in crate::memory) events: BTreeMap<u64, MarketEvent>,
    pub(in crate::memory) resting: BTreeMap<OrderId, Resting>,
    pub(in crate::memory) closed: BTreeMap<OrderId, ClosedOrder>,
    pub(in crate::memory) deadlines: BTreeMap<UserId, Timestamp>,
}

#[derive(Debug, Default)]
pub(in crate::memory) struct Books {
    pub(in crate::memory) pairs: BTreeMap<PairId, Pair>,
    books: BTreeMap<PairId, Book>,
    /// What the books that are not there have.
    empty: Book,
}

/// A row of a book as it shall be.
pub(super) enum BookRow {
    Pair(Pair),
    Command(Command),
    NoCommand(PairId, CommandId),
    Event(MarketEvent),
    Resting(Resting),
    NoResting(PairId, OrderId),
    Closed(ClosedOrder),
    Deadline(PairId, UserId, Timestamp),
    NoDeadline(PairId, UserId),
}

impl Books {
    pub(in crate::memory) fn of(&self, pair: PairId) -> &Book {
        self.books.get(&pair).unwrap_or(&self.empty)
    }

    pub(in crate::memory) fn plant_unreadable(&mut self, pair: PairId, id: CommandId) {
        self.of_mut(pair).log.insert(id, Logged::Unreadable(id));
    }

    pub(in crate::memory) fn remove_event(&mut self, pair: PairId, seq: u64) {
        self.of_mut(pair).events.remove(&seq);
    }

    fn of_mut(&mut self, pair: PairId) -> &mut Book {
        self.books.entry(pair).or_default()
    }

    pub(super) fn with_pair(&self, pair: &Pair) -> Result<Row, Found> {
        absent(&self.pairs, &pair.id(), Row::Book(BookRow::Pair(*pair)))
    }

    pub(super) fn with_pair_replaced(&self, pair: &Pair) -> Result<Row, Found> {
        let before = self.pairs.get(&pair.id()).ok_or(Found::Nothing)?;
        let follows = before.version.checked_add(1) == Some(pair.version);
        present(follows, Row::Book(BookRow::Pair(*pair)))
    }

    pub(super) fn with_command(&self, command: &Command) -> Result<Row, Found> {
        let row = Row::Book(BookRow::Command(*command));
        absent(&self.of(command.pair).log, &command.id, row)
    }

    pub(super) fn with_command_advanced(&self, command: &Command) -> Result<Row, Found> {
        let row = Row::Book(BookRow::Command(*command));
        there(&self.of(command.pair).log, &command.id, row)
    }

    pub(super) fn without_command(&self, pair: PairId, id: CommandId) -> Result<Row, Found> {
        there(&self.of(pair).log, &id, Row::Book(BookRow::NoCommand(pair, id)))
    }

    pub(super) fn with_event(&self, event: &MarketEvent) -> Result<Row, Found> {
        let row = Row::Book(BookRow::Event(event.clone()));
        absent(&self.of(event.pair).events, &event.head.seq, row)
    }

    pub(super) fn with_resting(&self, resting: &Resting) -> Result<Row, Found> {
        let row = Row::Book(BookRow::Resting(*resting));
        absent(&self.of(resting.pair).resting, &resting.working.order.id, row)
    }

    pub(super) fn with_resting_replaced(&self, resting: &Resting) -> Result<Row, Found> {
        let row = Row::Book(BookRow::Resting(*resting));
        there(&self.of(resting.pair).resting, &resting.working.order.id, row)
    }

    pub(super) fn without_resting(&self, pair: PairId, order: OrderId) -> Result<Row, Found> {
        there(&self.of(pair).resting, &order, Row::Book(BookRow::NoResting(pair, order)))
    }

    pub(super) fn with_closed(&self, closed: &ClosedOrder) -> Result<Row, Found> {
        let row = Row::Book(BookRow::Closed(*closed));
        absent(&self.of(closed.pair).closed, &closed.working.order.id, row)
    }

    pub(super) fn put(&mut self, row: BookRow) {
        match row {
            BookRow::Pair(pair) => drop(self.pairs.insert(pair.id(), pair)),
            BookRow::Command(command) => {
                let log = &mut self.of_mut(command.pair).log;
                log.insert(command.id, Logged::Command(command));
            }
            BookRow::NoCommand(pair, id) => drop(self.of_mut(pair).log.remove(&id)),
            BookRow::Event(event) => {
                drop(self.of_mut(event.pair).events.insert(event.head.seq, event));
            }
            BookRow::Resting(resting) => {
                let rows = &mut self.of_mut(resting.pair).resting;
                rows.insert(resting.working.order.id, resting);
            }
            BookRow::NoResting(pair, order) => drop(self.of_mut(pair).resting.remove(&order)),
            BookRow::Closed(closed) => {
                let rows = &mut self.of_mut(closed.pair).closed;
                rows.insert(closed.working.order.id, closed);
            }
            BookRow::Deadline(pair, user, deadline) => {
                self.of_mut(pair).deadlines.insert(user, deadline);
            }
            BookRow::NoDeadline(pair, user) => drop(self.of_mut(pair).deadlines.remove(&user)),
        }
    }
}

/// The row that a write puts, or leaves out, where something must stand, whatever it is.
fn there<K: Ord, V>(rows: &BTreeMap<K, V>, key: &K, row: Row) -> Result<Row, Found> {
    if rows.contains_key(key) { Ok(row) } else { Err(Found::Nothing) }
}
