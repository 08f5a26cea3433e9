//! Orders at external venues, what each write expects of the one that it touches, and which are
//! due. How far an order comes, the domain decides.

use std::collections::{BTreeMap, BTreeSet};

use app::ports::{Found, venue_due_part};
use domain::{id::VenueOrderId, time::Timestamp, venue::VenueOrder};

use super::{Row, absent, present};

/// Orders by their ids, and those that are not over by the part and the time that they are due.
#[derive(Debug, Default)]
pub(in crate::memory) struct VenueOrderRows {
    pub(in crate::memory) orders: BTreeMap<VenueOrderId, VenueOrder>,
    due: BTreeSet<(u8, Timestamp, VenueOrderId)>,
}

fn due_key(order: &VenueOrder) -> Option<(u8, Timestamp, VenueOrderId)> {
    Some((venue_due_part(order.terms.id), order.due_at()?, order.terms.id))
}

impl VenueOrderRows {
    pub(super) fn with(&self, order: &VenueOrder) -> Result<Row, Found> {
        absent(&self.orders, &order.terms.id, Row::VenueOrder(Box::new(order.clone())))
    }

    pub(super) fn with_replaced(&self, order: &VenueOrder) -> Result<Row, Found> {
        let before = self.orders.get(&order.terms.id).ok_or(Found::Nothing)?;
        let follows = before.version.checked_add(1) == Some(order.version);
        present(follows, Row::VenueOrder(Box::new(order.clone())))
    }

    pub(super) fn put(&mut self, order: VenueOrder) {
        let (id, due) = (order.terms.id, due_key(&order));
        let before = self.orders.insert(id, order);
        if let Some(key) = before.as_ref().and_then(due_key) {
            self.due.remove(&key);
        }
        self.due.extend(due);
    }

    /// What is due in a part until a time, the longest due first.
    pub(in crate::memory) fn due(
        &self,
        part: u8,
        until: Timestamp,
    ) -> impl Iterator<Item = VenueOrderId> {
        let first = (part, Timestamp::from_millis(0), VenueOrderId::from_bits(0));
        let last = (part, until, VenueOrderId::from_bits(u128::MAX));
        self.due.range(first..=last).map(|(_, _, id)| *id)
    }
}
