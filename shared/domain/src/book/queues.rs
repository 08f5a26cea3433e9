//! Resting orders by price and time: a queue for each price, orders linked within one store.
//! Which orders meet, and what that does to them, is not known here.

use std::{
    collections::BTreeMap,
    hash::{BuildHasherDefault, Hasher},
};

use crate::{
    id::OrderId,
    order::{Side, Working},
    pair::{Lots, Ticks},
};

/// Where an order is stored. It stays there until it is removed; then the place is used again.
pub(super) type Slot = u32;

/// What rests at one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// The price.
    pub price: Ticks,
    /// Open lots of its orders together, shown up to [`Lots::MAX`].
    pub lots: Lots,
    /// How many orders.
    pub orders: usize,
}

/// An order's neighbours in its queue.
#[derive(Debug, Clone, Copy, Default)]
struct Links {
    previous: Option<Slot>,
    next: Option<Slot>,
}

/// A slot counts orders in memory, so it fits an index where there are as many.
fn index(slot: Slot) -> usize {
    usize::try_from(slot).unwrap_or(usize::MAX)
}

#[derive(Debug, Clone, Copy)]
struct Queue {
    price: Ticks,
    first: Slot,
    last: Slot,
    /// Wider than [`Lots`]: a queue of the largest orders must not lose any.
    lots: i128,
    orders: usize,
}

/// Lower is better: a sale's price, or a buy's negated.
type Rank = i64;

fn rank(side: Side, price: Ticks) -> Rank {
    match side {
        Side::Sell => price.count(),
        Side::Buy => price.count().saturating_neg(),
    }
}

/// Folds the 128 bits of an order's id, which are those of a hash already.
#[derive(Debug, Clone, Copy, Default)]
struct Fold(u64);

impl Hasher for Fold {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, bits: u128) {
        let [high, low] = [bits >> 64, bits & u128::from(u64::MAX)].map(u64::try_from);
        self.0 = (high.unwrap_or(0) ^ low.unwrap_or(0)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 ^= self.0 >> 32;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Where 100,000 orders rest, a book is 1.7 times as fast with it as with a sorted map.
#[expect(clippy::disallowed_types, reason = "it is only looked up by key, never iterated")]
type Slots = std::collections::HashMap<OrderId, Slot, BuildHasherDefault<Fold>>;

/// All resting orders of a book. Every order's id is stored once, and none without open lots.
#[derive(Debug, Clone, Default)]
pub(super) struct Queues {
    orders: Vec<Working>,
    /// Apart from the orders: to change a neighbour's links does not fetch the neighbour.
    links: Vec<Links>,
    free: Vec<Slot>,
    slots: Slots,
    buys: BTreeMap<Rank, Queue>,
    sells: BTreeMap<Rank, Queue>,
}

impl Queues {
    fn side(&self, side: Side) -> &BTreeMap<Rank, Queue> {
        match side {
            Side::Buy => &self.buys,
            Side::Sell => &self.sells,
        }
    }

    fn side_mut(&mut self, side: Side) -> &mut BTreeMap<Rank, Queue> {
        match side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn find(&self, order: OrderId) -> Option<Slot> {
        self.slots.get(&order).copied()
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&Working> {
        self.orders.get(index(slot))
    }

    /// Which of a side is taken first.
    pub(super) fn first(&self, side: Side) -> Option<Slot> {
        self.side(side).first_key_value().map(|(_, queue)| queue.first)
    }

    pub(super) fn levels(&self, side: Side) -> impl Iterator<Item = Level> {
        self.side(side).values().map(|queue| {
            let lots = i64::try_from(queue.lots).ok().and_then(Lots::new).unwrap_or(Lots::MAX);
            Level { price: queue.price, lots, orders: queue.orders }
        })
    }

    /// The orders of a side in the order in which they are taken.
    pub(super) fn resting(&self, side: Side) -> impl Iterator<Item = &Working> {
        let follow = |slot: &Slot| self.links.get(index(*slot)).and_then(|links| links.next);
        self.side(side)
            .values()
            .flat_map(move |queue| std::iter::successors(Some(queue.first), follow))
            .filter_map(|slot| self.get(slot))
    }

    /// Puts an order at the end of its price's queue. It must have open lots and a new id.
    pub(super) fn insert(&mut self, working: Working) {
        let (id, side, price) = (working.order.id, working.order.side, working.order.price);
        let lots = i128::from(working.tally.open.count());
        let unused = u32::try_from(self.orders.len()).unwrap_or(Slot::MAX);
        let slot = self.free.pop().unwrap_or(unused);
        let queues = self.side_mut(side);
        let mut previous = None;
        queues
            .entry(rank(side, price))
            .and_modify(|queue| {
                previous = Some(queue.last);
                queue.last = slot;
                queue.lots = queue.lots.saturating_add(lots);
                queue.orders = queue.orders.saturating_add(1);
            })
            .or_insert(Queue { price, first: slot, last: slot, lots, orders: 1 });
        if let Some(before) = previous.and_then(|before| self.links.get_mut(index(before))) {
            before.next = Some(slot);
        }
        let links = Links { previous, next: None };
        match (self.orders.get_mut(index(slot)), self.links.get_mut(index(slot))) {
            (Some(order), Some(link)) => (*order, *link) = (working, links),
            (_, _) => {
                self.orders.push(working);
                self.links.push(links);
            }
        }
        self.slots.insert(id, slot);
    }

    /// Takes an order out, and gives it back as it was.
    pub(super) fn remove(&mut self, slot: Slot) -> Option<Working> {
        let working = *self.orders.get(index(slot))?;
        let Links { previous, next } = *self.links.get(index(slot))?;
        self.slots.remove(&working.order.id)?;
        if let Some(before) = previous.and_then(|before| self.links.get_mut(index(before))) {
            before.next = next;
        }
        if let Some(after) = next.and_then(|after| self.links.get_mut(index(after))) {
            after.previous = previous;
        }
        let key = rank(working.order.side, working.order.price);
        let queues = self.side_mut(working.order.side);
        match (previous, next, queues.get_mut(&key)) {
            (None, None, _) => {
                queues.remove(&key);
            }
            (_, _, Some(queue)) => {
                if previous.is_none() {
                    queue.first = next.unwrap_or(queue.first);
                }
                if next.is_none() {
                    queue.last = previous.unwrap_or(queue.last);
                }
                queue.lots = queue.lots.saturating_sub(working.tally.open.count().into());
                queue.orders = queue.orders.saturating_sub(1);
            }
            (_, _, None) => {}
        }
        self.free.push(slot);
        Some(working)
    }

    /// Puts an order's new state in its place: the same order at the same price. Without open
    /// lots it is taken out.
    pub(super) fn update(&mut self, slot: Slot, working: Working) {
        if working.tally.open.is_zero() {
            self.remove(slot);
            return;
        }
        let Some(order) = self.orders.get_mut(index(slot)) else { return };
        let before = i128::from(order.tally.open.count());
        let less = before.saturating_sub(working.tally.open.count().into());
        *order = working;
        let key = rank(working.order.side, working.order.price);
        if let Some(queue) = self.side_mut(working.order.side).get_mut(&key) {
            queue.lots = queue.lots.saturating_sub(less);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::tests::{buy, sell};

    #[test]
    fn the_place_of_an_order_that_left_is_used_again() {
        let mut queues = Queues::default();
        for round in 0..100 {
            queues.insert(sell(round, 1, 100).held());
            queues.insert(buy(1_000 + round, 1, 99).held());
            let slot = queues.find(OrderId::from_bits(round)).expect("it rests");
            assert_eq!(queues.remove(slot), Some(sell(round, 1, 100).held()));
            assert_eq!(queues.remove(slot), None, "it left");
        }
        assert_eq!((queues.orders.len(), queues.links.len(), queues.len()), (101, 101, 100));
    }
}
