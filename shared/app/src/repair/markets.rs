//! A market's events and trades: how far they agree, what is taken back, and what one more event
//! must say.

use std::collections::BTreeMap;

use domain::{
    command::{Command, CommandId, Instruction},
    id::{EntryId, OrderId},
    ledger::{Cause, Entry, Fill, Outcome, Placement},
    market_event::{Head, MarketEvent},
    order::Size,
    pair::{Lots, Pair, PairId},
    time::{Span, Timestamp},
};

use super::{Draft, Row, book::Book, orders, world::World};

/// A trade that the journal has.
#[derive(Debug, Clone)]
pub(super) struct Settled {
    pub(super) entry: EntryId,
    pub(super) at: Timestamp,
    pub(super) fill: Fill,
}

/// The trades of a market and the orders that were placed in it, as the journal says.
pub(super) struct Trades {
    pub(super) by_number: BTreeMap<u64, Settled>,
    pub(super) orders: BTreeMap<OrderId, Placement>,
    /// Every number up to this one has its trade, and each of them is between orders that were
    /// placed.
    pub(super) good: u64,
}

impl Trades {
    fn of(world: &World, pair: PairId) -> Self {
        let (mut by_number, mut orders) = (BTreeMap::new(), BTreeMap::new());
        for entry in world.entries.values() {
            match &entry.outcome {
                Outcome::Placed(placement) if placement.steps.pair() == pair => {
                    orders.insert(placement.order.id, placement.clone());
                }
                _ => {
                    if let Some(fill) = fill_of(entry).filter(|fill| fill.steps.pair() == pair) {
                        let (entry, at) = (entry.id, entry.at);
                        by_number.insert(fill.number, Settled { entry, at, fill: fill.clone() });
                    }
                }
            }
        }
        let mut good: u64 = 0;
        let placed =
            |fill: &Fill| [fill.taker, fill.maker].iter().all(|it| orders.contains_key(it));
        while let Some(next) = good.checked_add(1)
            && by_number.get(&next).is_some_and(|settled: &Settled| placed(&settled.fill))
        {
            good = next;
        }
        Self { by_number, orders, good }
    }

    /// The fills of an order before this number, and whether it took.
    pub(super) fn of_order(
        &self,
        order: OrderId,
        below: u64,
    ) -> impl Iterator<Item = (&Fill, bool)> {
        let fills = self.by_number.range(..below).map(|(_, settled)| &settled.fill);
        fills.filter_map(move |fill| match order {
            _ if fill.taker == order => Some((fill, true)),
            _ if fill.maker == order => Some((fill, false)),
            _ => None,
        })
    }

    /// How much of an order was filled before this number.
    pub(super) fn executed(&self, order: OrderId, below: u64) -> Lots {
        self.of_order(order, below).fold(Lots::ZERO, |sum, (fill, _)| sum.plus(fill.lots))
    }

    fn tells_of(&self, event: &MarketEvent) -> bool {
        event.head.standing.trades <= self.good
            && event.trades().all(|trade| {
                self.by_number.get(&trade.number).is_some_and(|Settled { fill, .. }| {
                    (fill.maker, fill.price, fill.lots) == (trade.maker, trade.price, trade.lots)
                })
            })
    }
}

fn fill_of(entry: &Entry) -> Option<&Fill> {
    match &entry.outcome {
        Outcome::Moved(movement) => match &movement.cause {
            Cause::Fill(fill) => Some(fill),
            _ => None,
        },
        _ => None,
    }
}

/// Mends a market: its events, its trades, its orders and its log.
pub(super) fn mend(draft: &mut Draft, pair: &Pair) {
    let id = pair.id();
    let mut trades = Trades::of(&draft.world, id);
    let mut book = Book::of_new(pair);
    let events = draft.world.events.range((id, 0)..=(id, u64::MAX));
    let events: Vec<_> = events.map(|(_, event)| event.clone()).collect();
    let mut followed: usize = 0;
    for event in &events {
        let next = book.head.seq.saturating_add(1);
        if event.head.seq != next || !trades.tells_of(event) {
            break;
        }
        book.follow(event);
        followed = followed.saturating_add(1);
    }
    let before = book.head;
    let changes = book.catch_up(&mut trades);
    let late: Vec<_> =
        trades.by_number.split_off(&trades.good.saturating_add(1)).into_values().collect();
    for settled in late {
        draft.take_back(settled.entry, "a trade that does not follow from the trades before it");
    }
    let begun = before.begun.filter(|begun| goes_on(&draft.world, pair, &trades, *begun));
    if !changes.is_empty() || begun != before.begun {
        let seq = before.seq.saturating_add(1);
        let newest = trades.by_number.values().next_back().map_or(book.at, |settled| settled.at);
        let at = book.at.max(newest);
        book.head = Head { seq, begun, ..book.head };
        book.at = at;
        let event = MarketEvent { pair: id, head: book.head, at, changes };
        let there = draft.world.events.get(&(id, seq)).cloned().map(Row::Event);
        draft.put(Row::Event(event), there, "trades of the journal that no event tells of");
    }
    for event in events.into_iter().skip(followed).rev() {
        if event.head.seq > book.head.seq {
            draft.remove(Row::Event(event), "a matcher's commit that is not whole");
        }
    }
    orders::mend(draft, pair, &book, &trades);
    mend_status(draft, pair, &book);
}

/// Whether the command that a matcher has begun with still waits.
fn goes_on(world: &World, pair: &Pair, trades: &Trades, begun: CommandId) -> bool {
    let Some(command) = world.commands.get(&(pair.id(), begun)) else { return false };
    let Instruction::Place(working) = command.instruction else { return true };
    let placed = trades.orders.get(&working.order.id);
    placed.is_some_and(|_| match working.order.size {
        Size::Lots(lots) => trades.executed(working.order.id, u64::MAX) < lots,
        Size::Funds(_) => true,
    })
}

/// The book comes to the status that the pair has, if nothing in its log brings it there.
fn mend_status(draft: &mut Draft, pair: &Pair, book: &Book) {
    let range = first_of(pair.id())..=last_of(pair.id());
    let waiting = draft.world.commands.range(range).rev();
    let set = waiting.filter_map(|(_, command)| match command.instruction {
        Instruction::SetStatus(status) => Some((command.id, status)),
        _ => None,
    });
    let last = set.map(|(id, status)| (id.at, status)).next();
    if last.map_or(book.head.standing.status, |(_, status)| status) == pair.status {
        return;
    }
    let after = last.map_or(draft.now, |(at, _)| draft.now.max(at.plus(Span::millis(1))));
    let id = CommandId { at: after, bits: u128::from(pair.version) };
    let instruction = Instruction::SetStatus(pair.status);
    let command = Command { pair: pair.id(), id, instruction };
    draft.put(Row::Command(command), None, "the book has another status than its market");
}

pub(super) fn first_of(pair: PairId) -> (PairId, CommandId) {
    (pair, CommandId { at: Timestamp::from_millis(0), bits: 0 })
}

pub(super) fn last_of(pair: PairId) -> (PairId, CommandId) {
    (pair, CommandId { at: Timestamp::MAX, bits: u128::MAX })
}
