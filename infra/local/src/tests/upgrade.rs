//! A database that an earlier release made: what has come since is added to it.

use std::path::Path;

use aws_sdk_dynamodb::{
    Client,
    types::{DeleteGlobalSecondaryIndexAction, GlobalSecondaryIndexUpdate, StreamSpecification},
};
use domain::totals::{Minute, Totals};
use dynamo::schema::TABLES;
use tempfile::tempdir;

use super::{deposit, in_dir, started};
use crate::embedded::EmbeddedDynamo;

/// The indexes of a table; nothing if there is no such table.
async fn indexes(client: &Client, table: &str) -> Option<Vec<String>> {
    let described = client.describe_table().table_name(table).send().await.ok()?;
    let indexes = described.table?.global_secondary_indexes.unwrap_or_default();
    let mut names: Vec<_> = indexes.into_iter().filter_map(|index| index.index_name).collect();
    names.sort();
    Some(names)
}

/// What the market of a directory keeps, while it does not run.
fn database(directory: &Path) -> Client {
    EmbeddedDynamo::open(&directory.join("market.db")).expect("a database").client()
}

/// As it was before there were order books.
async fn without_books(client: &Client) {
    client.delete_table().table_name("market-orders").send().await.expect("deleted");
    let gone = DeleteGlobalSecondaryIndexAction::builder().index_name("by_orderer");
    let update = GlobalSecondaryIndexUpdate::builder().delete(gone.build().expect("an action"));
    let update = client
        .update_table()
        .table_name("market-journal")
        .global_secondary_index_updates(update.build());
    update.send().await.expect("updated");
}

#[tokio::test]
async fn a_database_from_before_the_order_books_gets_their_table_and_index() {
    let directory = tempdir().expect("a directory");
    let market = started(in_dir(directory.path())).await;
    deposit(&market, "before").await;
    market.shutdown().await;
    let client = database(directory.path());
    without_books(&client).await;
    assert_eq!(indexes(&client, "market-orders").await, None);
    let before = ["by_counterparty", "by_party"].map(str::to_owned).to_vec();
    assert_eq!(indexes(&client, "market-journal").await, Some(before));
    drop(client);

    let market = started(in_dir(directory.path())).await;
    deposit(&market, "after").await;
    market.shutdown().await;
    let client = database(directory.path());
    assert_eq!(indexes(&client, "market-orders").await, Some(vec!["by_trade".to_owned()]));
    let now = ["by_counterparty", "by_orderer", "by_party"].map(str::to_owned).to_vec();
    assert_eq!(indexes(&client, "market-journal").await, Some(now));
}

/// The tables whose streams are on, without the market's prefix.
async fn streams(client: &Client) -> Vec<&'static str> {
    let mut streams = Vec::new();
    for table in TABLES {
        let name = format!("market-{}", table.stem);
        let described = client.describe_table().table_name(name).send().await.expect("a table");
        let stream = described.table.and_then(|table| table.stream_specification);
        if stream.is_some_and(|stream| stream.stream_enabled) {
            streams.push(table.stem);
        }
    }
    streams
}

/// As it was before anybody followed streams.
async fn without_streams(client: &Client) {
    client.delete_table().table_name("market-checkpoints").send().await.expect("deleted");
    for stem in streams(client).await {
        let off = StreamSpecification::builder().stream_enabled(false).build().expect("off");
        let update = client.update_table().table_name(format!("market-{stem}"));
        update.stream_specification(off).send().await.expect("updated");
    }
}

#[tokio::test]
async fn a_database_from_before_the_streams_gets_them_and_tells_of_what_comes() {
    let directory = tempdir().expect("a directory");
    let market = started(in_dir(directory.path())).await;
    deposit(&market, "before").await;
    market.shutdown().await;
    let client = database(directory.path());
    let declared = streams(&client).await;
    assert!(
        ["accounts", "journal", "orders", "catalog"].iter().all(|stem| declared.contains(stem))
    );
    without_streams(&client).await;
    assert!(streams(&client).await.is_empty());
    drop(client);

    let market = started(in_dir(directory.path())).await;
    deposit(&market, "after").await;
    market.shutdown().await;
    let dynamo = EmbeddedDynamo::open(&directory.path().join("market.db")).expect("a database");
    assert_eq!(streams(&dynamo.client()).await, declared);
    let told = dynamo.newest_record("market-accounts").await.expect("readable");
    let stream = dynamo.stream("market-accounts").await.expect("readable").expect("a stream");
    let event = dynamo.stream_event(&stream, None).await.expect("readable");
    let last = event.records.last().and_then(|record| record.change.sequence_number.clone());
    assert!(told.is_some() && told == last);
}

#[tokio::test]
async fn what_a_database_had_before_streams_were_followed_is_folded_at_the_next_start() {
    let directory = tempdir().expect("a directory");
    let market = started(in_dir(directory.path())).await;
    deposit(&market, "before").await;
    market.shutdown().await;
    let client = database(directory.path());
    without_streams(&client).await;
    for stem in ["activity", "statements"] {
        client.delete_table().table_name(format!("market-{stem}")).send().await.expect("deleted");
    }
    drop(client);

    for _ in 0..2 {
        let market = started(in_dir(directory.path())).await;
        let context = market.context();
        let store = &context.market.store;
        let john = market.report().users[0].user_id.parse().expect("a user");
        let account = store.account(john).await.expect("readable").expect("an account");
        let head = store.statement_head(john).await.expect("readable").expect("a statement");
        assert_eq!(head.version, account.version);
        for (code, balance) in &account.wallets {
            assert_eq!(head.wallets[code].after, *balance);
            let now = Minute::of(context.market.clock.now());
            let all = store.totals(*code, now, now).await.expect("readable").all;
            assert_eq!(all.sum(), 0, "{all:?}");
            assert_ne!(all, Totals::default());
        }
        market.shutdown().await;
    }
}
