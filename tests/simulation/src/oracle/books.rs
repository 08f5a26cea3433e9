//! I9: price, then time. Each market's events are folded into naive queues in the order of their
//! arrival; every trade must be with the first order of the best price.

use std::collections::{BTreeMap, VecDeque};

use domain::{
    commit::{Commit, Write},
    id::OrderId,
    ledger::{Cause, Fill, Movement, Outcome},
    market_event::{Change, MarketEvent, Trade},
    order::Side,
    pair::PairId,
};

use super::model::{Kept, World};

/// Orders of one price, the first one first, with the lots that are left of each.
type Level = VecDeque<(OrderId, i64)>;

#[derive(Default)]
struct Queues {
    bids: BTreeMap<i64, Level>,
    asks: BTreeMap<i64, Level>,
    events: u64,
    trades: u64,
    sequence: u64,
}

impl Queues {
    fn side(&mut self, side: Side) -> &mut BTreeMap<i64, Level> {
        if side == Side::Buy { &mut self.bids } else { &mut self.asks }
    }

    fn best(&self, side: Side) -> Option<(i64, OrderId, i64)> {
        let level = match side {
            Side::Buy => self.bids.last_key_value(),
            Side::Sell => self.asks.first_key_value(),
        };
        let (price, level) = level?;
        level.front().map(|(order, lots)| (*price, *order, *lots))
    }

    /// Takes lots of an order away; whether it had as many.
    fn take(&mut self, side: Side, price: i64, order: OrderId, lots: i64) -> bool {
        let levels = self.side(side);
        let Some(level) = levels.get_mut(&price) else { return false };
        let Some(at) = level.iter().position(|(id, _)| *id == order) else { return false };
        level[at].1 -= lots;
        let left = level[at].1;
        if left == 0 {
            level.remove(at);
        }
        if level.is_empty() {
            levels.remove(&price);
        }
        left >= 0
    }

    fn rests(&mut self, order: OrderId, side: Side, price: i64, lots: i64) -> Result<(), String> {
        let crossed = self.best(side.opposite()).is_some_and(|(best, ..)| match side {
            Side::Buy => best <= price,
            Side::Sell => best >= price,
        });
        self.side(side).entry(price).or_default().push_back((order, lots));
        if crossed { Err(format!("I9: {order} rests at {price} and would trade")) } else { Ok(()) }
    }

    fn trades(&mut self, trade: &Trade) -> Result<(), String> {
        let Trade { number, maker, taker_side, price, lots } = *trade;
        let (price, lots) = (price.count(), lots.count());
        let side = taker_side.opposite();
        let best = self.best(side);
        self.trades += 1;
        let in_turn = self.trades == number;
        let first = best.is_some_and(|(at, order, left)| {
            (at, order) == (price, maker) && lots <= left && lots > 0
        });
        self.take(side, price, maker, lots);
        if first && in_turn {
            return Ok(());
        }
        Err(format!("I9: trade {number} of {lots} at {price} is with {maker}; first is {best:?}"))
    }

    fn follow(&mut self, event: &MarketEvent) -> Result<(), String> {
        self.events += 1;
        if event.head.seq != self.events {
            return Err(format!("I9: event {} comes after {}", event.head.seq, self.events - 1));
        }
        for change in &event.changes {
            match change {
                Change::Rested { order, side, price, lots } => {
                    self.rests(*order, *side, price.count(), lots.count())?;
                }
                Change::Traded(trade) => self.trades(trade)?,
                Change::Removed { order, side, price, lots } => {
                    if !self.take(*side, price.count(), *order, lots.count()) {
                        return Err(format!("I9: {order} loses {lots:?}, which it has not"));
                    }
                }
            }
        }
        Ok(())
    }

    /// The places that orders are given rise in the order in which they come to rest.
    fn numbered(&mut self, event: &MarketEvent, commit: &Commit) -> Result<(), String> {
        let rested = |change: &Change| match change {
            Change::Rested { order, .. } => Some(*order),
            _ => None,
        };
        for (place, change) in event.changes.iter().enumerate() {
            let Some(id) = rested(change) else { continue };
            // One that comes to rest again loses its first place.
            if event.changes[place + 1..].iter().any(|later| rested(later) == Some(id)) {
                continue;
            }
            let row = commit.writes().iter().find_map(|write| match write {
                Write::PutResting(row) | Write::ReplaceResting(row) => {
                    Some(row.working).filter(|working| working.order.id == id)
                }
                _ => None,
            });
            let Some(working) = row else { continue };
            let sequence = working.tally.sequence;
            if sequence <= self.sequence {
                return Err(format!("I9: {id} came later and has the place {sequence}"));
            }
            self.sequence = sequence;
        }
        Ok(())
    }
}

/// Everything about markets that does not hold.
pub fn check(commits: &[std::sync::Arc<Commit>], world: &World) -> Vec<String> {
    let mut books = BTreeMap::<PairId, Queues>::new();
    let mut violations = Vec::new();
    for commit in commits {
        for write in commit.writes() {
            let Write::PutMarketEvent(event) = write else { continue };
            let queues = books.entry(event.pair).or_default();
            let followed = queues.follow(event).and_then(|()| queues.numbered(event, commit));
            if let Err(what) = followed.and_then(|()| limits(commit, world)) {
                violations.push(format!("{what} in event {} of {}", event.head.seq, event.pair));
            }
        }
        if violations.len() >= 20 {
            return violations;
        }
    }
    violations
}

/// Nobody who takes pays more, or gets less, than the limit of the order.
fn limits(commit: &Commit, world: &World) -> Result<(), String> {
    for write in commit.writes() {
        let Write::PutEntry(entry) = write else { continue };
        let Outcome::Moved(Movement { cause: Cause::Fill(fill), .. }) = &entry.outcome else {
            continue;
        };
        let Fill { taker, taker_side, price, .. } = fill;
        let Some(log) = world.orders.get(taker) else { continue };
        let limit = log.order.price;
        let worse = match taker_side {
            Side::Buy => *price > limit,
            Side::Sell => *price < limit,
        };
        // An order may have another limit by now: it rested, or was amended before it could.
        let amended = |kept: &Kept| match &kept.entry.outcome {
            Outcome::Amended(amendment) => amendment.order == *taker,
            _ => false,
        };
        if worse && !log.rested && !world.entries.values().any(amended) {
            return Err(format!("I9: {taker} with the limit {limit:?} trades at {price:?}"));
        }
    }
    Ok(())
}
