//! External venues, orders there, and what paces and remembers their traffic, on DynamoDB. Each
//! write is of one row, with its condition; orders are written by commits.

use std::collections::BTreeMap;

use app::ports::{
    Page, StoreError, VENUE_DUE_PARTS, VENUES_MAX, VenueOrderQuery, VenueOrders, VenueTraffic,
    Venues,
};
use async_trait::async_trait;
use domain::{
    id::VenueOrderId,
    time::Timestamp,
    venue::{Breaker, Venue, VenueId, VenueOrder},
};

use super::{DynamoStore, rows_max};
use crate::{
    expression::values,
    read::{Stretch, get, get_all, query},
    rows::{Counted, Row, Stored, keys, number, text},
    schema::{BY_DUE_ORDER, BY_OWNER, VENUES},
    send::put,
    transact::Target,
};

impl DynamoStore {
    fn in_venues(&self) -> Target {
        self.target(&VENUES)
    }

    /// Puts a row in the place of the version before; the first, where there is none.
    async fn put_after(&self, row: Row, version: u64) -> Result<bool, StoreError> {
        let venues = self.in_venues();
        match version {
            0 => Ok(false),
            1 => put(&self.client, venues.put_new(row)).await,
            _ => put(&self.client, venues.put_next(row, version)).await,
        }
    }
}

#[async_trait]
impl Venues for DynamoStore {
    async fn venues(&self) -> Result<Vec<Venue>, StoreError> {
        let all = self.partition(&VENUES, keys::VENUES.to_owned(), rows_max(VENUES_MAX));
        query(&self.client, &all).await?.into_iter().map(Venue::from_row).collect()
    }

    async fn put_venue(&self, venue: &Venue) -> Result<bool, StoreError> {
        self.put_after(venue.to_row()?, venue.version).await
    }

    async fn feed_position(&self, venue: VenueId) -> Result<u64, StoreError> {
        let row = get(&self.client, self.tables.of(&VENUES), keys::feed(venue)).await?;
        let Some(row) = row else { return Ok(0) };
        let seq = row.get(keys::FEED_SEQ).and_then(|number| number.as_n().ok());
        let seq = seq.and_then(|digits| digits.parse().ok());
        seq.ok_or_else(|| StoreError::Corrupt(format!("the position in the feed of {venue}")))
    }

    async fn put_feed_position(&self, venue: VenueId, seq: u64) -> Result<(), StoreError> {
        let mut row = keys::feed(venue);
        row.insert(keys::FEED_SEQ.to_owned(), number(seq));
        let further = values([(":seq", number(seq))]);
        let row =
            self.in_venues().put_if(row, "attribute_not_exists(#part) OR #seq < :seq", further);
        put(&self.client, row).await.map(|_moved| ())
    }
}

#[async_trait]
impl VenueOrders for DynamoStore {
    async fn venue_order(&self, id: VenueOrderId) -> Result<Option<VenueOrder>, StoreError> {
        self.get(&VENUES, keys::venue_order(id)).await
    }

    async fn venue_orders(&self, wanted: &VenueOrderQuery) -> Result<Page<VenueOrder>, StoreError> {
        let limit = rows_max(wanted.limit);
        let owner = keys::owner(wanted.venue, wanted.user);
        let mut newest = self.newest(&VENUES, BY_OWNER, owner, limit.saturating_add(1));
        if let Some(after) = wanted.after {
            newest.before(keys::placed(after, VenueOrderId::from_bits));
        }
        let mut found = query(&self.client, &newest).await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let ids = found.iter().map(keys::venue_order_of).collect::<Result<Vec<_>, _>>()?;
        let keys_of = ids.iter().map(|id| keys::venue_order(*id)).collect();
        let orders = get_all::<VenueOrder>(&self.client, &newest.table, keys_of).await?;
        let mut orders: BTreeMap<_, _> =
            orders.into_iter().map(|order| (order.terms.id, order)).collect();
        Ok(Page { rows: ids.iter().filter_map(|id| orders.remove(id)).collect(), more })
    }

    async fn due_venue_orders(
        &self,
        part: u8,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<VenueOrderId>, StoreError> {
        if part >= VENUE_DUE_PARTS {
            return Ok(Vec::new());
        }
        let all = self.newest(&VENUES, BY_DUE_ORDER, keys::due_in(part), rows_max(limit));
        let mut due = Stretch { ascending: true, ..all };
        due.keys.push_str(" AND #due_at <= :until");
        due.values.insert(":until".to_owned(), text(keys::due_at(until)));
        query(&self.client, &due).await?.iter().map(keys::venue_order_of).collect()
    }
}

#[async_trait]
impl VenueTraffic for DynamoStore {
    async fn breaker(&self, venue: VenueId) -> Result<Breaker, StoreError> {
        let breaker = self.get(&VENUES, keys::breaker(venue)).await?;
        Ok(breaker.unwrap_or_else(|| Breaker::new(venue)))
    }

    async fn replace_breaker(&self, breaker: &Breaker) -> Result<bool, StoreError> {
        self.put_after(breaker.to_row()?, breaker.version).await
    }

    async fn take_slot(
        &self,
        venue: VenueId,
        slot: u16,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let free = "attribute_not_exists(#part) OR #until <= :now";
        let now = values([(":now", number(now.count()))]);
        let row = self.in_venues().put_if(slot_until(venue, slot, until), free, now);
        put(&self.client, row).await
    }

    async fn free_slot(
        &self,
        venue: VenueId,
        slot: u16,
        taken_until: Timestamp,
        free: Timestamp,
    ) -> Result<(), StoreError> {
        let taken = values([(":taken", number(taken_until.count()))]);
        let row = slot_until(venue, slot, free);
        let row = self.in_venues().put_if(row, "#until = :taken", taken);
        put(&self.client, row).await.map(|_ours| ())
    }

    async fn spend_nonce(
        &self,
        venue: VenueId,
        nonce: u128,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        put(&self.client, self.in_venues().put_new(keys::nonce(venue, nonce, until))).await
    }
}

fn slot_until(venue: VenueId, slot: u16, until: Timestamp) -> Row {
    let mut row = keys::slot(venue, slot);
    row.insert(keys::TAKEN_UNTIL.to_owned(), number(until.count()));
    row
}
