//! A market's tables on an engine in memory, sessions over it, and its rows as they are.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::{
    config::{Credentials, SharedCredentialsProvider, SharedHttpClient},
    types::AttributeValue,
};
use dynamo::{DynamoStore, Streams, TableNames, create_missing_tables, schema::TABLES};
use market::embedded::EmbeddedDynamo;
use ops::session::Session;

pub(crate) const PREFIX: &str = "m";

pub(crate) type Row = HashMap<String, AttributeValue>;
/// A table's number in `TABLES`, and the row's keys.
pub(crate) type Key = (usize, Vec<String>);
/// All rows at a moment.
pub(crate) type Rows = BTreeMap<Key, Row>;

/// Tables on an engine in memory.
pub(crate) struct Stage {
    pub(crate) engine: EmbeddedDynamo,
    pub(crate) tables: TableNames,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let engine = EmbeddedDynamo::in_memory().expect("an engine");
        let tables = TableNames::prefixed(PREFIX);
        let made = create_missing_tables(&engine.client(), &tables, Streams::Declared).await;
        made.expect("tables");
        Self { engine, tables }
    }

    pub(crate) fn store(&self) -> Arc<DynamoStore> {
        Arc::new(DynamoStore::new(self.engine.client(), self.tables.clone()))
    }

    /// A session whose other services are answered for by this transport, or by nobody.
    pub(crate) fn session(&self, others: Option<SharedHttpClient>) -> Session {
        let config = config(others.unwrap_or_else(|| self.engine.http_client()));
        let mut session = Session::over(&config, PREFIX.to_owned(), BTreeMap::new());
        session.dynamodb = self.engine.client();
        session
    }

    /// All rows as they are.
    pub(crate) async fn rows(&self) -> Rows {
        let mut rows = Rows::new();
        for (number, table) in TABLES.iter().enumerate() {
            let client = self.engine.client();
            let mut pages =
                client.scan().table_name(self.tables.of(table)).into_paginator().items().send();
            while let Some(row) = pages.next().await {
                let row = row.expect("a row");
                let keys = std::iter::once(table.partition).chain(table.sort);
                let keys = keys.map(|name| row[name].as_s().expect("a text").clone());
                rows.insert((number, keys.collect()), row);
            }
        }
        rows
    }

    /// Makes the rows what they were, or might have been.
    pub(crate) async fn restore(&self, wanted: &Rows) {
        let there = self.rows().await;
        let client = self.engine.client();
        for ((number, keys), row) in &there {
            let table = &TABLES[*number];
            if !wanted.contains_key(&(*number, keys.clone())) {
                let names = std::iter::once(table.partition).chain(table.sort);
                let key = names.map(|name| (name.to_owned(), row[name].clone())).collect();
                let gone = client.delete_item().table_name(self.tables.of(table));
                gone.set_key(Some(key)).send().await.expect("deleted");
            }
        }
        for (key, row) in wanted {
            if there.get(key) != Some(row) {
                let table = self.tables.of(&TABLES[key.0]);
                let put = client.put_item().table_name(table).set_item(Some(row.clone()));
                put.send().await.expect("put");
            }
        }
    }
}

/// A configuration over a transport.
pub(crate) fn config(http: SharedHttpClient) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url("http://services.invalid")
        .http_client(http)
        .build()
}
