//! Everything of a store in which no bug is planted, as the store behind it answers.

use std::sync::Arc;

use app::ports::{
    ActivityLog, CandleQuery, Candles, Catalogue, Connection, ConnectionId, Deliveries,
    DeliveryQuery, EntryQuery, EventQuery, HouseFold, Identity, ItemQuery, LineQuery, Logged,
    OrderBooks, OrderState, Page, RateQuery, Sockets, StatementAppend, Statements, StoreError,
    Topic, TotalsBook, TotalsReading, VenueOrderQuery, VenueOrders, VenueTraffic, Venues, Webhooks,
};
use async_trait::async_trait;
use domain::{
    activity::Activity,
    candle::Candle,
    catalogue::Item,
    command::{Command, CommandId},
    commit::Resting,
    currency::CurrencyCode,
    id::{ItemId, OrderId, SessionId, UserId, VenueOrderId, WebhookId},
    identity::{Login, Session, User},
    ledger::Entry,
    market_event::MarketEvent,
    pair::{Pair, PairId},
    rate::RateVersion,
    statement::{StatementHead, StatementLine},
    time::Timestamp,
    totals::Minute,
    universe::Universe,
    venue::{Breaker, Venue, VenueId, VenueOrder},
    webhook::{Delivery, Webhook},
};

use super::PlantedStore;

macro_rules! delegate {
    ($($port:ident {
        $(fn $name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)+
    })+) => {$(
        #[async_trait]
        impl $port for PlantedStore {
            $(async fn $name(&self, $($argument: $type),*) -> Result<$answer, StoreError> {
                self.memory.$name($($argument),*).await
            })+
        }
    )+};
}

delegate! {
    Catalogue {
        fn universes() -> Vec<Universe>;
        fn rate_versions(query: &RateQuery) -> Page<RateVersion>;
        fn item(id: ItemId) -> Option<Item>;
        fn items(query: &ItemQuery) -> Page<Item>;
    }
    Identity {
        fn user(id: UserId) -> Option<User>;
        fn user_by_login(login: &Login) -> Option<User>;
        fn session(id: SessionId) -> Option<Session>;
    }
    OrderBooks {
        fn pairs() -> Vec<Pair>;
        fn commands(pair: PairId, limit: u32) -> Vec<Logged>;
        fn command(pair: PairId, id: CommandId) -> Option<Command>;
        fn events(query: &EventQuery) -> Page<MarketEvent>;
        fn resting(pair: PairId) -> Vec<Resting>;
        fn deadlines(pair: PairId) -> Vec<(UserId, Timestamp)>;
        fn order_states(orders: &[(PairId, OrderId)]) -> Vec<OrderState>;
        fn placements(query: &EntryQuery) -> Page<Entry>;
    }
    ActivityLog {
        fn log_activity(activities: &[Activity]) -> ();
        fn activity(user: UserId, after: u64, limit: u32) -> Vec<Activity>;
    }
    Statements {
        fn statement_head(user: UserId) -> Option<StatementHead>;
        fn append_lines(appends: &[StatementAppend]) -> Vec<bool>;
        fn lines(query: &LineQuery) -> Page<StatementLine>;
        fn statement_heads(part: u8) -> Vec<StatementHead>;
    }
    TotalsBook {
        fn fold_house(folds: &[HouseFold]) -> ();
        fn totals(code: CurrencyCode, since: Minute, until: Minute) -> TotalsReading;
    }
    Candles {
        fn candles_head(pair: PairId) -> u64;
        fn put_candles(pair: PairId, candles: &[Candle], head: u64) -> ();
        fn candles(query: &CandleQuery) -> Vec<Candle>;
    }
    Sockets {
        fn spend_ticket(ticket: u128, expires_at: Timestamp) -> bool;
        fn put_connection(connection: &Connection) -> ();
        fn connection(id: &ConnectionId) -> Option<Connection>;
        fn remove_connection(id: &ConnectionId) -> ();
        fn connections() -> Vec<Connection>;
        fn subscribe(id: &ConnectionId, topic: Topic) -> ();
        fn unsubscribe(id: &ConnectionId, topic: Topic) -> ();
        fn subscribers(topic: Topic) -> Arc<[ConnectionId]>;
    }
    Webhooks {
        fn put_webhook(webhook: &Webhook) -> bool;
        fn webhooks(user: UserId) -> Vec<Webhook>;
        fn replace_webhook(webhook: &Webhook) -> bool;
        fn remove_webhook(webhook: &Webhook) -> bool;
    }
    Deliveries {
        fn put_delivery(delivery: &Delivery) -> bool;
        fn delivery(webhook: WebhookId, seq: u64) -> Option<Delivery>;
        fn replace_delivery(delivery: &Delivery) -> bool;
        fn deliveries(query: &DeliveryQuery) -> Page<Delivery>;
        fn due_deliveries(part: u8, until: Timestamp, limit: u32) -> Vec<Delivery>;
    }
    Venues {
        fn venues() -> Vec<Venue>;
        fn put_venue(venue: &Venue) -> bool;
        fn feed_position(venue: VenueId) -> u64;
        fn put_feed_position(venue: VenueId, seq: u64) -> ();
    }
    VenueOrders {
        fn venue_order(id: VenueOrderId) -> Option<VenueOrder>;
        fn venue_orders(query: &VenueOrderQuery) -> Page<VenueOrder>;
        fn due_venue_orders(part: u8, until: Timestamp, limit: u32) -> Vec<VenueOrderId>;
    }
    VenueTraffic {
        fn breaker(venue: VenueId) -> Breaker;
        fn replace_breaker(breaker: &Breaker) -> bool;
        fn take_slot(venue: VenueId, slot: u16, now: Timestamp, until: Timestamp) -> bool;
        fn free_slot(venue: VenueId, slot: u16, taken_until: Timestamp, free: Timestamp) -> ();
        fn spend_nonce(venue: VenueId, nonce: u128, until: Timestamp) -> bool;
    }
}
