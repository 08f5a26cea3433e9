//! Resting orders by price and time: a queue for each price, orders linked within one store.
//! Which orders meet, and what that does to them, is not known here.

use std::{collections::BTreeMap, num::NonZeroU32};

use hashbrown::HashTable;

use crate::{
    id::OrderId,
    order::{Side, Working},
    pair::{Lots, Ticks},
};

/// Where an order is stored. It stays there until it is removed; then the place is used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot(NonZeroU32);

impl Slot {
    /// The place after so many. Places are counted in memory, so there are fewer than 2^32.
    fn after(count: usize) -> Self {
        let number = u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1);
        Self(NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN))
    }

    fn index(self) -> usize {
        usize::try_from(self.0.get()).unwrap_or(usize::MAX).saturating_sub(1)
    }
}

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
fn hash(order: OrderId) -> u64 {
    let bits = order.bits();
    let [high, low] = [bits >> 64, bits & u128::from(u64::MAX)].map(u64::try_from);
    let folded = (high.unwrap_or(0) ^ low.unwrap_or(0)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    folded ^ (folded >> 32)
}

/// All resting orders of a book. Every order's id is stored once, and none without open lots.
#[derive(Debug, Clone, Default)]
pub(super) struct Queues {
    orders: Vec<Working>,
    /// Apart from the orders: to change a neighbour's links does not fetch the neighbour.
    links: Vec<Links>,
    free: Vec<Slot>,
    /// Where the order of an id is. The ids stand in `orders` alone, so that this stays small:
    /// most of it is in the cache where 100,000 orders rest.
    slots: HashTable<Slot>,
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
        self.slots.find(hash(order), |slot| self.is_at(*slot, order)).copied()
    }

    fn is_at(&self, slot: Slot, order: OrderId) -> bool {
        self.get(slot).is_some_and(|working| working.order.id == order)
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&Working> {
        self.orders.get(slot.index())
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
        let follow = |slot: &Slot| self.links.get(slot.index()).and_then(|links| links.next);
        self.side(side)
            .values()
            .flat_map(move |queue| std::iter::successors(Some(queue.first), follow))
            .filter_map(|slot| self.get(slot))
    }

    /// Puts an order at the end of its price's queue. It must have open lots and a new id.
    pub(super) fn insert(&mut self, working: &Working) {
        let (id, side, price) = (working.order.id, working.order.side, working.order.price);
        let lots = i128::from(working.tally.open.count());
        let slot = self.free.pop().unwrap_or_else(|| Slot::after(self.orders.len()));
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
        if let Some(before) = previous.and_then(|before| self.links.get_mut(before.index())) {
            before.next = Some(slot);
        }
        let links = Links { previous, next: None };
        match (self.orders.get_mut(slot.index()), self.links.get_mut(slot.index())) {
            (Some(order), Some(link)) => (*order, *link) = (*working, links),
            (_, _) => {
                self.orders.push(*working);
                self.links.push(links);
            }
        }
        let orders = &self.orders;
        let rehash = |slot: &Slot| orders.get(slot.index()).map_or(0, |one| hash(one.order.id));
        self.slots.insert_unique(hash(id), slot, rehash);
    }

    /// Takes an order out, and gives it back as it was.
    pub(super) fn remove(&mut self, slot: Slot) -> Option<&Working> {
        let working = self.orders.get(slot.index())?;
        let (id, side, price) = (working.order.id, working.order.side, working.order.price);
        let lots = i128::from(working.tally.open.count());
        self.slots.find_entry(hash(id), |one| *one == slot).ok()?.remove();
        let Links { previous, next } = *self.links.get(slot.index())?;
        if let Some(before) = previous.and_then(|before| self.links.get_mut(before.index())) {
            before.next = next;
        }
        if let Some(after) = next.and_then(|after| self.links.get_mut(after.index())) {
            after.previous = previous;
        }
        let key = rank(side, price);
        let queues = self.side_mut(side);
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
                queue.lots = queue.lots.saturating_sub(lots);
                queue.orders = queue.orders.saturating_sub(1);
            }
            (_, _, None) => {}
        }
        self.free.push(slot);
        self.orders.get(slot.index())
    }

    /// Changes an order in its place: the same order at the same price. Without open lots it is
    /// taken out. Gives the order after it, and what the change says.
    pub(super) fn update<T>(
        &mut self,
        slot: Slot,
        change: impl FnOnce(&mut Working) -> T,
    ) -> Option<(&Working, T)> {
        let working = self.orders.get_mut(slot.index())?;
        let before = i128::from(working.tally.open.count());
        let said = change(working);
        let (side, price, open) = (working.order.side, working.order.price, working.tally.open);
        let less = before.saturating_sub(open.count().into());
        if let Some(queue) = self.side_mut(side).get_mut(&rank(side, price)) {
            queue.lots = queue.lots.saturating_sub(less);
        }
        let working = if open.is_zero() { self.remove(slot) } else { self.get(slot) };
        working.map(|working| (working, said))
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
            queues.insert(&sell(round, 1, 100).held());
            queues.insert(&buy(1_000 + round, 1, 99).held());
            let slot = queues.find(OrderId::from_bits(round)).expect("it rests");
            assert_eq!(queues.remove(slot), Some(&sell(round, 1, 100).held()));
            assert_eq!(queues.remove(slot), None, "it left");
        }
        assert_eq!((queues.orders.len(), queues.links.len(), queues.len()), (101, 101, 100));
    }
}
