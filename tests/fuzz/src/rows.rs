//! Rows of DynamoDB, whoever wrote them: reading one never fails in another way than that it is
//! corrupt, and what can be read is written as a row that reads the same.

mod service;

use std::fmt::Debug;

use app::{
    ports::{
        CandleQuery, Candles, Catalogue, Deliveries, DeliveryQuery, EntryQuery, EventQuery,
        EventStretch, Identity, ItemQuery, Ledger, LinePlace, LineQuery, LineStretch, OrderBooks,
        Shelf, Sockets, Statements, StoreError, TotalsBook, VenueOrderQuery, VenueOrders,
        VenueTraffic, Venues, Webhooks,
    },
    repair::{Mend, Row},
};
use domain::{
    candle::Interval,
    currency::CurrencyCode,
    id::{EntryId, ItemId, OrderId, SessionId, UserId, VenueOrderId, WalletId, WebhookId},
    pair::PairId,
    time::Timestamp,
    totals::Minute,
    universe::UniverseId,
};
use dynamo::{
    DynamoStore, TableNames,
    scan::{mend, name_of, read_all},
    schema::TABLES,
    stream::stream_row,
};
use serde_json::Value;
use testkit::builders::on_this_thread;

use crate::{
    floor::VENUE,
    input::{Input, text},
};
use service::Service;

/// A line with the stem of a table, then a row of it in DynamoDB's JSON.
pub fn rows(data: &[u8]) {
    let mut input = Input::new(data);
    let stem = text(input.line()).and_then(|stem| TABLES.iter().find(|one| one.stem == stem));
    let Some(stem) = stem.map(|table| table.stem) else { return };
    let Ok(row) = serde_json::from_slice::<Value>(input.rest()) else { return };
    if !row.is_object() {
        return;
    }
    on_this_thread(async {
        if !is_a_row(stem, &row).await {
            return;
        }
        if let Some(known) = repaired(stem, &row).await {
            streamed(stem, &row, &known);
        }
        served(stem, &row).await;
    });
}

fn tables() -> TableNames {
    TableNames::prefixed("fuzz")
}

/// Whether the service could have sent it: its own JSON, with attributes of its types.
async fn is_a_row(stem: &str, row: &Value) -> bool {
    let table = tables().with_stem(stem);
    let client = Service::with(&table, row).client();
    client.scan().table_name(table).send().await.is_ok()
}

/// What a repair makes of a row, if it can read it.
async fn repaired(stem: &str, row: &Value) -> Option<Row> {
    let known = scanned(stem, row).await?;
    let written = put(&known).await;
    let again = scanned(stem, &written).await;
    assert_eq!(again.as_ref(), Some(&known), "it reads as another one: {written}");
    assert_eq!(put(&known).await, written, "it is written in two ways");
    name_of(&known).expect("a name for people");
    Some(known)
}

async fn scanned(stem: &str, row: &Value) -> Option<Row> {
    let service = Service::with(&tables().with_stem(stem), row);
    let read = read_all(&service.client(), &tables()).await.expect("the service answers");
    assert!(read.rows.len() + read.unreadable.len() <= 1, "one row makes two: {read:?}");
    read.rows.into_iter().next()
}

async fn put(row: &Row) -> Value {
    let service = Service::empty();
    let change = Mend { before: None, after: Some(row.clone()), why: "it is put" };
    assert_eq!(mend(&service.client(), &tables(), &change).await, Ok(true));
    service.written().expect("a row was written")
}

/// A stream tells the same of a row as a repair finds in it.
fn streamed(stem: &str, row: &Value, known: &Row) {
    use dynamo::stream::StreamRow;
    let image = || serde_json::from_value(row.clone()).ok();
    let Some(after) = image() else { return };
    let told = stream_row(stem, serde_dynamo::Item::default(), after);
    let same = match (&told, known) {
        (Ok(StreamRow::Account { after, .. }), Row::Account(account)) => after == account,
        (Ok(StreamRow::Entry(told)), Row::Entry(entry)) => told == entry,
        (Ok(StreamRow::MarketEvent(told)), Row::Event(event)) => told == event,
        (Ok(StreamRow::Rate(told)), Row::Rate(rate)) => told == rate,
        (Ok(StreamRow::Other), Row::Account(_) | Row::Entry(_) | Row::Event(_) | Row::Rate(_)) => {
            false
        }
        (Ok(StreamRow::Other), _) => true,
        _ => false,
    };
    assert!(same, "{told:?} {known:?}");
}

/// What was read, or that it is corrupt: no other failure follows from a row.
fn read<T: Debug>(read: Result<T, StoreError>) -> Option<T> {
    match read {
        Ok(value) => Some(value),
        Err(StoreError::Corrupt(_)) => None,
        Err(other) => panic!("{other:?}"),
    }
}

fn pair() -> PairId {
    "MRC-USD".parse().expect("a pair")
}

const USER: UserId = UserId::from_bits(7);
const LATER: Timestamp = Timestamp::MAX;

/// Every question that a table answers, with this row for an answer.
async fn served(stem: &str, row: &Value) {
    let service = Service::with(&tables().with_stem(stem), row);
    let store = DynamoStore::new(service.client(), tables());
    match stem {
        "accounts" => drop(read(store.account(USER).await)),
        "journal" => journal(&store).await,
        "catalog" => catalog(&store).await,
        "orders" => orders(&store).await,
        "identity" => {
            read(store.user(USER).await);
            read(store.session(SessionId::from_bits(1)).await);
        }
        "statements" => statements(&store).await,
        "sockets" => sockets(&store, &service).await,
        "webhooks" => webhooks(&store, &service).await,
        "venues" => venues(&store, &service).await,
        _ => {}
    }
}

async fn journal(store: &DynamoStore) {
    read(store.entry(EntryId::from_bits(1)).await);
    let query = EntryQuery { user: USER, after: None, limit: 10 };
    read(store.entries(&query).await);
    read(store.placements(&query).await);
}

async fn catalog(store: &DynamoStore) {
    let universe = UniverseId::new(1).expect("a universe");
    read(store.universes().await);
    read(store.item(ItemId::from_bits(1)).await);
    read(store.items(&ItemQuery { shelf: Shelf::Everything, after: None, limit: 10 }).await);
    let query = app::ports::RateQuery { universe, at: LATER, below: None, limit: 10 };
    read(store.rate_versions(&query).await);
    read(store.pairs().await);
}

async fn orders(store: &DynamoStore) {
    read(store.commands(pair(), 10).await);
    read(store.resting(pair()).await);
    read(store.deadlines(pair()).await);
    let stretch = EventStretch::After(0);
    read(store.events(&EventQuery { pair: pair(), stretch, limit: 10 }).await);
    let states = store.order_states(&[(pair(), OrderId::from_bits(1))]).await;
    assert!(read(states).is_none_or(|states| states.len() == 1), "an order without a state");
}

async fn statements(store: &DynamoStore) {
    let code: CurrencyCode = "USD".parse().expect("a code");
    read(store.statement_head(USER).await);
    read(store.statement_heads(1).await);
    let wallet = WalletId { owner: USER, currency: code };
    let stretch = LineStretch::After(LinePlace::start());
    read(store.lines(&LineQuery { wallet, stretch, limit: 10 }).await);
    let minute = |millis| Minute::of(Timestamp::from_millis(millis));
    read(store.totals(code, minute(0), minute(60_000)).await);
    read(store.candles_head(pair()).await);
    let from = Timestamp::from_millis(0);
    let interval: Interval = "1m".parse().expect("an interval");
    let query = CandleQuery { pair: pair(), interval, from, before: LATER, limit: 10 };
    read(store.candles(&query).await);
}

/// A value that was written reads the same.
async fn same<T, F>(stem: &str, service: &Service, value: &T, ask: impl FnOnce(DynamoStore) -> F)
where
    T: PartialEq + Debug,
    F: Future<Output = Option<T>>,
{
    let Some(written) = service.written() else { return };
    let service = Service::with(&tables().with_stem(stem), &written);
    let again = ask(DynamoStore::new(service.client(), tables())).await;
    assert_eq!(again.as_ref(), Some(value), "{written}");
}

async fn sockets(store: &DynamoStore, service: &Service) {
    let id = app::ports::ConnectionId("L0SM9cOFvHcCIhw=".to_owned());
    read(store.connections().await);
    if let Some(Some(connection)) = read(store.connection(&id).await) {
        read(store.put_connection(&connection).await);
        same("sockets", service, &connection, |store| async move {
            read(store.connection(&id).await).flatten()
        })
        .await;
    }
}

async fn webhooks(store: &DynamoStore, service: &Service) {
    let id = WebhookId::from_bits(1);
    for webhook in read(store.webhooks(USER).await).unwrap_or_default() {
        read(store.put_webhook(&webhook).await);
        same("webhooks", service, &webhook, |store| async move {
            read(store.webhooks(USER).await)?.pop()
        })
        .await;
        read(store.replace_webhook(&webhook).await);
    }
    read(store.deliveries(&DeliveryQuery { webhook: id, before: None, limit: 10 }).await);
    read(store.due_deliveries(0, LATER, 10).await);
    if let Some(Some(delivery)) = read(store.delivery(id, 1).await) {
        read(store.put_delivery(&delivery).await);
        same("webhooks", service, &delivery, |store| async move {
            read(store.delivery(id, 1).await).flatten()
        })
        .await;
        read(store.replace_delivery(&delivery).await);
    }
}

async fn venues(store: &DynamoStore, service: &Service) {
    let id = VENUE.parse().expect("a venue's name");
    for venue in read(store.venues().await).unwrap_or_default() {
        read(store.put_venue(&venue).await);
        same("venues", service, &venue, |store| async move { read(store.venues().await)?.pop() })
            .await;
    }
    if let Some(breaker) = read(store.breaker(id).await) {
        read(store.replace_breaker(&breaker).await);
    }
    read(store.feed_position(id).await);
    read(store.venue_order(VenueOrderId::from_bits(1)).await);
    let query = VenueOrderQuery { user: USER, venue: id, after: None, limit: 10 };
    read(store.venue_orders(&query).await);
    read(store.due_venue_orders(0, LATER, 10).await);
}
