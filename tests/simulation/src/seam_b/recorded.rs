//! A store as it is, except that the transport below knows which commit a request carries, that
//! what the store has done by tasks is done on this thread, and, if so wanted, that a call is one
//! step in which nothing else happens.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
};

use app::ports::{
    ActivityLog, CandleQuery, Candles, Catalogue, Clock, CommitError, Connection, ConnectionId,
    Deliveries, DeliveryQuery, EntryQuery, EventQuery, HouseFold, Identity, ItemQuery, Ledger,
    LineQuery, Logged, OrderBooks, OrderState, Page, RateQuery, Sockets, StatementAppend,
    Statements, Store, StoreError, Topic, TotalsBook, TotalsReading, VenueOrderQuery, VenueOrders,
    VenueTraffic, Venues, Webhooks,
};
use async_trait::async_trait;
use domain::{
    account::Account,
    activity::Activity,
    candle::Candle,
    catalogue::Item,
    command::{Command, CommandId},
    commit::{Commit, Resting},
    currency::CurrencyCode,
    id::{EntryId, ItemId, OrderId, SessionId, UserId, VenueOrderId, WebhookId},
    identity::{Login, Session, User},
    ledger::Entry,
    market_event::MarketEvent,
    pair::{Pair, PairId},
    rate::RateVersion,
    statement::{StatementHead, StatementLine},
    time::{Span, Timestamp},
    totals::Minute,
    universe::Universe,
    venue::{Breaker, Venue, VenueId, VenueOrder},
    webhook::{Delivery, Webhook},
};
use testkit::virtual_time::VirtualTime;
use tokio::runtime::Runtime;

use crate::oracle::now;

tokio::task_local! {
    static CURRENT: Arc<Commit>;
}

/// How long tasks may wait for somebody to look after them.
const LOOK_MAX: Span = Span::millis(128);

type Answer<T> = Result<T, StoreError>;

/// The commit that whoever runs now is sending.
pub(super) fn current() -> Option<Arc<Commit>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// The store of one process.
pub(super) struct Recorded {
    /// As it is.
    pub(super) inner: Arc<dyn Store>,
    /// Has tasks only while somebody waits for them.
    pub(super) runtime: Arc<Runtime>,
    /// What passes.
    pub(super) time: VirtualTime,
    /// Whether a call is one step, in a store that never waits.
    pub(super) at_once: bool,
}

impl Recorded {
    async fn call<T>(&self, call: impl Future<Output = T> + Send) -> T {
        if self.at_once { now(call) } else { call.await }
    }

    /// Work that has tasks of tokio's, which nobody else would carry on.
    async fn with_tasks<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let mut pause = Span::millis(1);
        loop {
            for _ in 0..2 {
                let polled = poll_fn(|context| {
                    let _entered = self.runtime.enter();
                    Poll::Ready(work.as_mut().poll(context))
                });
                if let Poll::Ready(done) = polled.await {
                    return done;
                }
                self.runtime.block_on(tokio::task::yield_now());
            }
            self.time.sleep(pause).await;
            pause = Span::of_millis(pause.as_millis() * 2).min(LOOK_MAX);
        }
    }
}

/// Calls that go to the store as they are, beside a port's calls that do not.
macro_rules! delegated {
    ($port:ident + { $($own:tt)* } {
        $(fn $name:ident($($argument:ident: $what:ty),*) -> $answer:ty;)*
    }) => {
        #[async_trait]
        impl $port for Recorded {
            $($own)*
            $(
                async fn $name(&self, $($argument: $what),*) -> $answer {
                    self.call(self.inner.$name($($argument),*)).await
                }
            )*
        }
    };
}

delegated!(Ledger + {
    async fn commit(&self, commit: &Commit) -> Result<(), CommitError> {
        let known = Arc::new(commit.clone());
        self.call(CURRENT.scope(known, self.inner.commit(commit))).await
    }
} {
    fn account(user: UserId) -> Answer<Option<Account>>;
    fn entry(id: EntryId) -> Answer<Option<Entry>>;
    fn entries(query: &EntryQuery) -> Answer<Page<Entry>>;
});

delegated!(Catalogue + {} {
    fn universes() -> Answer<Vec<Universe>>;
    fn rate_versions(query: &RateQuery) -> Answer<Page<RateVersion>>;
    fn item(id: ItemId) -> Answer<Option<Item>>;
    fn items(query: &ItemQuery) -> Answer<Page<Item>>;
});

delegated!(Identity + {} {
    fn user(id: UserId) -> Answer<Option<User>>;
    fn user_by_login(login: &Login) -> Answer<Option<User>>;
    fn session(id: SessionId) -> Answer<Option<Session>>;
});

delegated!(OrderBooks + {} {
    fn pairs() -> Answer<Vec<Pair>>;
    fn commands(pair: PairId, limit: u32) -> Answer<Vec<Logged>>;
    fn command(pair: PairId, id: CommandId) -> Answer<Option<Command>>;
    fn events(query: &EventQuery) -> Answer<Page<MarketEvent>>;
    fn resting(pair: PairId) -> Answer<Vec<Resting>>;
    fn deadlines(pair: PairId) -> Answer<Vec<(UserId, Timestamp)>>;
    fn order_states(orders: &[(PairId, OrderId)]) -> Answer<Vec<OrderState>>;
    fn placements(query: &EntryQuery) -> Answer<Page<Entry>>;
});

delegated!(ActivityLog + {} {
    fn log_activity(activities: &[Activity]) -> Answer<()>;
    fn activity(user: UserId, after: u64, limit: u32) -> Answer<Vec<Activity>>;
});

delegated!(Statements + {} {
    fn statement_head(user: UserId) -> Answer<Option<StatementHead>>;
    fn append_lines(appends: &[StatementAppend]) -> Answer<Vec<bool>>;
    fn lines(query: &LineQuery) -> Answer<Page<StatementLine>>;
    fn statement_heads(part: u8) -> Answer<Vec<StatementHead>>;
});

delegated!(TotalsBook + {} {
    fn fold_house(folds: &[HouseFold]) -> Answer<()>;
    fn totals(code: CurrencyCode, since: Minute, until: Minute) -> Answer<TotalsReading>;
});

delegated!(Candles + {} {
    fn candles_head(pair: PairId) -> Answer<u64>;
    fn put_candles(pair: PairId, candles: &[Candle], head: u64) -> Answer<()>;
    fn candles(query: &CandleQuery) -> Answer<Vec<Candle>>;
});

delegated!(Sockets + {
    async fn connections(&self) -> Answer<Vec<Connection>> {
        self.call(self.with_tasks(self.inner.connections())).await
    }
} {
    fn spend_ticket(ticket: u128, expires_at: Timestamp) -> Answer<bool>;
    fn put_connection(connection: &Connection) -> Answer<()>;
    fn connection(id: &ConnectionId) -> Answer<Option<Connection>>;
    fn remove_connection(id: &ConnectionId) -> Answer<()>;
    fn subscribe(id: &ConnectionId, topic: Topic) -> Answer<()>;
    fn unsubscribe(id: &ConnectionId, topic: Topic) -> Answer<()>;
    fn subscribers(topic: Topic) -> Answer<Arc<[ConnectionId]>>;
});

delegated!(Venues + {} {
    fn venues() -> Answer<Vec<Venue>>;
    fn put_venue(venue: &Venue) -> Answer<bool>;
    fn feed_position(venue: VenueId) -> Answer<u64>;
    fn put_feed_position(venue: VenueId, seq: u64) -> Answer<()>;
});

delegated!(VenueOrders + {} {
    fn venue_order(id: VenueOrderId) -> Answer<Option<VenueOrder>>;
    fn venue_orders(query: &VenueOrderQuery) -> Answer<Page<VenueOrder>>;
    fn due_venue_orders(part: u8, until: Timestamp, limit: u32) -> Answer<Vec<VenueOrderId>>;
});

delegated!(VenueTraffic + {} {
    fn breaker(venue: VenueId) -> Answer<Breaker>;
    fn replace_breaker(breaker: &Breaker) -> Answer<bool>;
    fn take_slot(venue: VenueId, slot: u16, now: Timestamp, until: Timestamp) -> Answer<bool>;
    fn free_slot(venue: VenueId, slot: u16, taken_until: Timestamp, free: Timestamp) -> Answer<()>;
    fn spend_nonce(venue: VenueId, nonce: u128, until: Timestamp) -> Answer<bool>;
});

delegated!(Webhooks + {} {
    fn put_webhook(webhook: &Webhook) -> Answer<bool>;
    fn webhooks(user: UserId) -> Answer<Vec<Webhook>>;
    fn replace_webhook(webhook: &Webhook) -> Answer<bool>;
    fn remove_webhook(webhook: &Webhook) -> Answer<bool>;
});

delegated!(Deliveries + {} {
    fn put_delivery(delivery: &Delivery) -> Answer<bool>;
    fn delivery(webhook: WebhookId, seq: u64) -> Answer<Option<Delivery>>;
    fn replace_delivery(delivery: &Delivery) -> Answer<bool>;
    fn deliveries(query: &DeliveryQuery) -> Answer<Page<Delivery>>;
    fn due_deliveries(part: u8, until: Timestamp, limit: u32) -> Answer<Vec<Delivery>>;
});
