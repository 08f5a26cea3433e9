//! A world's tables as they lie in the engine: to be compared, deleted, or tampered with.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use dynamo::schema::TABLES;

use crate::World;

/// A row, by attribute.
pub type RawRow = BTreeMap<String, AttributeValue>;

impl World {
    fn raw(&self, stem: &str) -> (Client, String) {
        (self.streams.client.clone(), self.table(stem))
    }

    /// The full name of a table.
    #[must_use]
    pub fn table(&self, stem: &str) -> String {
        self.streams.tables.with_stem(stem)
    }

    /// All rows of a table.
    pub async fn raw_rows(&self, stem: &str) -> Vec<RawRow> {
        let (client, table) = self.raw(stem);
        let mut rows = Vec::new();
        let mut start = None;
        loop {
            let page = client.scan().table_name(&table).set_exclusive_start_key(start);
            let page = page.send().await.expect("readable");
            rows.extend(page.items.into_iter().flatten().map(|row| row.into_iter().collect()));
            start = page.last_evaluated_key;
            if start.is_none() {
                return rows;
            }
        }
    }

    /// All rows of a table as text, in order: what is equal here is equal in every byte.
    pub async fn dump(&self, stem: &str) -> Vec<String> {
        let rows = self.raw_rows(stem).await;
        let mut rows: Vec<_> = rows.iter().map(|row| format!("{row:?}")).collect();
        rows.sort();
        rows
    }

    /// Deletes all rows of a table.
    pub async fn delete_rows(&self, stem: &str) {
        let (client, table) = self.raw(stem);
        let keys = TABLES.iter().find(|known| known.stem == stem).expect("a table");
        for row in self.raw_rows(stem).await {
            let mut delete = client.delete_item().table_name(&table);
            for name in std::iter::once(keys.partition).chain(keys.sort) {
                delete = delete.key(name, row[name].clone());
            }
            delete.send().await.expect("deleted");
        }
    }

    /// Puts a row, whatever stood there.
    pub async fn put_raw(&self, stem: &str, row: RawRow) {
        let (client, table) = self.raw(stem);
        let put = client.put_item().table_name(table).set_item(Some(row.into_iter().collect()));
        put.send().await.expect("written");
    }
}
