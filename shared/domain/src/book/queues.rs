//! Resting orders by price and time: a queue for each price, orders linked within one store.
//! Which orders meet, and what that does to them, is not known here.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    num::NonZeroU32,
};

use hashbrown::HashTable;

use crate::{
    id::OrderId,
    order::{Side, Working},
    pair::{Lots, Ticks},
};

/// Where an order or a queue is stored. It stays there until it is removed; then the place is
/// used again.
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

/// What is looked at of orders that are not themselves asked for: 16 bytes, so that they stay
/// in the cache where orders do not.
#[derive(Debug, Clone, Copy)]
struct Links {
    /// The neighbours in its queue.
    previous: Option<Slot>,
    next: Option<Slot>,
    /// Its queue.
    queue: Slot,
    /// A part of its id's hash: another id hardly ever has the same.
    check: u32,
}

/// The orders of one price.
#[derive(Debug, Clone, Copy)]
struct Queue {
    rank: Rank,
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

fn check(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or(0)
}

/// All resting orders of a book. Every order's id is stored once, and none without open lots.
#[derive(Debug, Clone, Default)]
pub(super) struct Queues {
    orders: Vec<Working>,
    /// One for each of the orders.
    links: Vec<Links>,
    /// Places of orders that have left.
    free: Vec<Slot>,
    /// Where the order of an id is. The ids stand in `orders` alone, so that this stays small.
    slots: HashTable<Slot>,
    queues: Vec<Queue>,
    /// Places of queues that are empty.
    free_queues: Vec<Slot>,
    buys: BTreeMap<Rank, Slot>,
    sells: BTreeMap<Rank, Slot>,
}

impl Queues {
    fn side(&self, side: Side) -> &BTreeMap<Rank, Slot> {
        match side {
            Side::Buy => &self.buys,
            Side::Sell => &self.sells,
        }
    }

    fn side_mut(&mut self, side: Side) -> &mut BTreeMap<Rank, Slot> {
        match side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        }
    }

    fn queues(&self, side: Side) -> impl Iterator<Item = &Queue> {
        self.side(side).values().filter_map(|slot| self.queues.get(slot.index()))
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn find(&self, order: OrderId) -> Option<Slot> {
        let hash = hash(order);
        let is_it = |slot: &Slot| {
            let links = self.links.get(slot.index());
            links.is_some_and(|links| links.check == check(hash))
                && self.get(*slot).is_some_and(|working| working.order.id == order)
        };
        self.slots.find(hash, is_it).copied()
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&Working> {
        self.orders.get(slot.index())
    }

    /// Which of a side is taken first.
    pub(super) fn first(&self, side: Side) -> Option<Slot> {
        self.queues(side).next().map(|queue| queue.first)
    }

    pub(super) fn levels(&self, side: Side) -> impl Iterator<Item = Level> {
        self.queues(side).map(|queue| {
            let lots = i64::try_from(queue.lots).ok().and_then(Lots::new).unwrap_or(Lots::MAX);
            Level { price: queue.price, lots, orders: queue.orders }
        })
    }

    /// The orders of a side in the order in which they are taken.
    pub(super) fn resting(&self, side: Side) -> impl Iterator<Item = &Working> {
        let follow = |slot: &Slot| self.links.get(slot.index()).and_then(|links| links.next);
        self.queues(side)
            .flat_map(move |queue| std::iter::successors(Some(queue.first), follow))
            .filter_map(|slot| self.get(slot))
    }

    /// Puts an order at the end of its price's queue. It must have open lots and a new id.
    pub(super) fn insert(&mut self, working: &Working) {
        let hash = hash(working.order.id);
        let slot = self.free.pop().unwrap_or_else(|| Slot::after(self.orders.len()));
        let (queue, previous) = self.join(working, slot);
        if let Some(before) = previous.and_then(|before| self.links.get_mut(before.index())) {
            before.next = Some(slot);
        }
        let links = Links { previous, next: None, queue, check: check(hash) };
        put(&mut self.orders, slot, *working);
        put(&mut self.links, slot, links);
        let orders = &self.orders;
        let rehash = |slot: &Slot| {
            let working = orders.get(slot.index());
            working.map_or(0, |working| self::hash(working.order.id))
        };
        self.slots.insert_unique(hash, slot, rehash);
    }

    /// Makes an order the last of its price's queue: which queue, and who was the last before.
    fn join(&mut self, working: &Working, slot: Slot) -> (Slot, Option<Slot>) {
        let (side, price) = (working.order.side, working.order.price);
        let (rank, lots) = (rank(side, price), i128::from(working.tally.open.count()));
        let side = match side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        };
        match side.entry(rank) {
            Entry::Occupied(there) => {
                let there = *there.get();
                let queue = self.queues.get_mut(there.index());
                let last = queue.map(|queue| {
                    queue.lots = queue.lots.saturating_add(lots);
                    queue.orders = queue.orders.saturating_add(1);
                    std::mem::replace(&mut queue.last, slot)
                });
                (there, last)
            }
            Entry::Vacant(gap) => {
                let unused = || Slot::after(self.queues.len());
                let here = self.free_queues.pop().unwrap_or_else(unused);
                let queue = Queue { rank, price, first: slot, last: slot, lots, orders: 1 };
                put(&mut self.queues, here, queue);
                (*gap.insert(here), None)
            }
        }
    }

    /// Takes an order out, and gives it back as it was.
    pub(super) fn remove(&mut self, slot: Slot) -> Option<&Working> {
        let working = self.orders.get(slot.index())?;
        let (side, lots) = (working.order.side, i128::from(working.tally.open.count()));
        self.slots.find_entry(hash(working.order.id), |one| *one == slot).ok()?.remove();
        let Links { previous, next, queue: place, .. } = *self.links.get(slot.index())?;
        if let Some(before) = previous.and_then(|before| self.links.get_mut(before.index())) {
            before.next = next;
        }
        if let Some(after) = next.and_then(|after| self.links.get_mut(after.index())) {
            after.previous = previous;
        }
        let queue = self.queues.get_mut(place.index())?;
        queue.lots = queue.lots.saturating_sub(lots);
        queue.orders = queue.orders.saturating_sub(1);
        match (previous, next) {
            (None, None) => {
                let rank = queue.rank;
                self.side_mut(side).remove(&rank);
                self.free_queues.push(place);
            }
            (None, Some(next)) => queue.first = next,
            (Some(previous), None) => queue.last = previous,
            (Some(_), Some(_)) => {}
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
        let open = working.tally.open;
        let less = before.saturating_sub(open.count().into());
        let links = self.links.get(slot.index());
        if let Some(queue) = links.and_then(|links| self.queues.get_mut(links.queue.index())) {
            queue.lots = queue.lots.saturating_sub(less);
        }
        let working = if open.is_zero() { self.remove(slot) } else { self.get(slot) };
        working.map(|working| (working, said))
    }
}

/// Puts something where something was, or at the end.
fn put<T>(all: &mut Vec<T>, slot: Slot, one: T) {
    match all.get_mut(slot.index()) {
        Some(place) => *place = one,
        None => all.push(one),
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
        assert_eq!(queues.queues.len(), 2);
    }

    #[test]
    fn every_bit_of_an_id_moves_where_it_is_looked_for_and_what_is_checked() {
        let bits = 0x0123_4567_89AB_CDEF_FEDC_BA98_7654_3210_u128;
        let low = |hash: u64| hash & u64::from(u32::MAX);
        let base = hash(OrderId::from_bits(bits));
        for bit in 0..128 {
            let other = hash(OrderId::from_bits(bits ^ (1 << bit)));
            assert_ne!(low(other), low(base), "bit {bit}");
            assert_ne!(check(other), check(base), "bit {bit}");
        }
    }

    #[test]
    fn an_order_is_not_found_by_another_id_of_the_same_hash() {
        let (id, turned) = (5 << 64 | 9, 9 << 64 | 5);
        assert_eq!(hash(OrderId::from_bits(id)), hash(OrderId::from_bits(turned)));
        let mut queues = Queues::default();
        queues.insert(&sell(id, 1, 100).held());
        assert!(queues.find(OrderId::from_bits(id)).is_some());
        assert_eq!(queues.find(OrderId::from_bits(turned)), None);
        queues.insert(&sell(turned, 1, 101).held());
        let found = [id, turned].map(|id| queues.find(OrderId::from_bits(id)));
        let prices =
            found.map(|slot| slot.and_then(|slot| queues.get(slot)).map(|w| w.order.price));
        assert_eq!(prices, [Ticks::new(100), Ticks::new(101)]);
    }

    #[test]
    fn ids_are_looked_for_in_different_places() {
        let mut places = [0; 64];
        for number in 1..=6_400_u128 {
            let id = number.wrapping_mul(0xD129_0CFF_0F2B_7D1D_9E6C_63D0_676A_9A99);
            places[usize::try_from(hash(OrderId::from_bits(id)) % 64).expect("small")] += 1;
        }
        assert!(places.iter().all(|ids| (50..=150).contains(ids)), "{places:?}");
    }
}
