//! Streams of the engine, in memory and on a file: what is read, what is removed, and by which
//! plan the engine looks.

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use dynamo::{Streams, TableNames, create_missing_tables};
use tempfile::{TempDir, tempdir};

use super::*;

const TABLE: &str = "test-journal";

async fn create(dynamo: &EmbeddedDynamo) {
    let tables = TableNames::prefixed("test");
    create_missing_tables(&dynamo.client(), &tables, Streams::Declared).await.expect("tables");
}

/// One in memory and one on a file.
async fn engines(directory: &TempDir) -> [EmbeddedDynamo; 2] {
    let file = EmbeddedDynamo::open(&directory.path().join("market.db")).expect("a file");
    let engines = [EmbeddedDynamo::in_memory().expect("memory"), file];
    for engine in &engines {
        create(engine).await;
    }
    engines
}

async fn put(client: &Client, table: &str, id: &str) {
    let key = if table == TABLE { "id" } else { "user" };
    let id = AttributeValue::S(id.to_owned());
    client.put_item().table_name(table).item(key, id).send().await.expect("written");
}

/// The ids and sequence numbers of what came after a record.
async fn read(dynamo: &EmbeddedDynamo, after: Option<&str>) -> Vec<(String, String)> {
    let stream = dynamo.stream(TABLE).await.expect("readable").expect("a stream");
    let event = dynamo.stream_event(&stream, after).await.expect("readable");
    let event = serde_json::to_value(&event).expect("JSON");
    let records = event["Records"].as_array().expect("records").iter().map(|record| {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        assert_eq!(text(&record["eventSourceARN"]), stream.arn);
        let change = &record["dynamodb"];
        (text(&change["NewImage"]["id"]["S"]), text(&change["SequenceNumber"]))
    });
    records.collect()
}

fn ids(records: &[(String, String)]) -> Vec<&str> {
    records.iter().map(|(id, _)| &**id).collect()
}

#[tokio::test]
async fn what_is_written_is_read_in_order_from_any_record_on() {
    let directory = tempdir().expect("a directory");
    for dynamo in engines(&directory).await {
        let client = dynamo.client();
        for id in ["a", "b", "c"] {
            put(&client, TABLE, id).await;
            put(&client, "test-accounts", id).await;
        }
        let all = read(&dynamo, None).await;
        assert_eq!(ids(&all), ["a", "b", "c"]);
        assert!(all[0].1 < all[1].1 && all[1].1 < all[2].1, "{all:?}");
        assert!(all.iter().all(|(_, number)| number.len() == 21), "{all:?}");
        assert_eq!(read(&dynamo, Some(&all[0].1)).await, all[1..]);
        assert!(read(&dynamo, Some(&all[2].1)).await.is_empty());
        assert_eq!(dynamo.newest_record(TABLE).await.expect("read").as_ref(), Some(&all[2].1));
    }
}

#[tokio::test]
async fn no_more_than_a_batch_is_read_at_once() {
    let dynamo = EmbeddedDynamo::in_memory().expect("memory");
    create(&dynamo).await;
    let client = dynamo.client();
    for number in 0..=RECORDS_MAX {
        put(&client, TABLE, &number.to_string()).await;
    }
    let first = read(&dynamo, None).await;
    assert_eq!(first.len(), RECORDS_MAX);
    let rest = read(&dynamo, first.last().map(|(_, number)| &**number)).await;
    assert_eq!(ids(&rest), [RECORDS_MAX.to_string()]);
}

#[tokio::test]
async fn records_are_removed_up_to_one_of_their_table_and_the_newest_never() {
    let directory = tempdir().expect("a directory");
    for dynamo in engines(&directory).await {
        let client = dynamo.client();
        put(&client, "test-accounts", "a").await;
        for id in ["a", "b", "c"] {
            put(&client, TABLE, id).await;
        }
        let all = read(&dynamo, None).await;
        assert_eq!(dynamo.prune_stream(TABLE, &all[0].1).await.expect("pruned"), 1);
        assert_eq!(read(&dynamo, None).await, all[1..]);
        assert_eq!(dynamo.prune_stream(TABLE, &all[2].1).await.expect("pruned"), 1);
        assert_eq!(read(&dynamo, None).await, all[2..]);
        // So whoever has passed it goes on behind it.
        put(&client, TABLE, "d").await;
        assert_eq!(ids(&read(&dynamo, Some(&all[2].1)).await), ["d"]);
        let others = dynamo.newest_record("test-accounts").await.expect("read");
        assert!(others.is_some_and(|number| number < all[0].1), "another table's are untouched");
        assert_eq!(dynamo.prune_stream(TABLE, "no number").await.expect("nothing to do"), 0);
    }
}

/// The steps by which SQLite would do it.
fn plan(dynamo: &EmbeddedDynamo, sql: &str) -> String {
    let connection = dynamo.engine.records.connection();
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("SQL");
    let count = statement.parameter_count();
    let values = std::iter::repeat_n("1", count);
    let steps = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(3));
    steps.expect("a plan").collect::<Result<Vec<String>, _>>().expect("steps").join("; ")
}

/// What the engine asks at each write and at each read of a stream, to the letter: if it asked
/// otherwise, an index of ours would be no use, and each write would look through all records.
const NEXT: &str = "SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 \
    FROM _stream_records WHERE table_name = ?1";
const RECORDS: &str = "SELECT event_name, keys_json, new_image, old_image, sequence_number, \
    created_at, user_identity, event_id FROM _stream_records WHERE table_name = ?1 \
    AND shard_id = ?2 AND CAST(sequence_number AS INTEGER) > ?3 \
    ORDER BY CAST(sequence_number AS INTEGER) ASC LIMIT ?4";

#[tokio::test]
async fn neither_writing_nor_reading_nor_removing_looks_through_all_records() {
    let directory = tempdir().expect("a directory");
    for dynamo in engines(&directory).await {
        for sql in [NEXT, RECORDS, PRUNE] {
            let plan = plan(&dynamo, sql);
            assert!(plan.contains("stream_order (table_name=?"), "{plan}");
            assert!(!plan.contains("SCAN _stream_records") && !plan.contains("B-TREE"), "{plan}");
        }
    }
}

#[tokio::test]
async fn a_file_from_before_there_were_streams_gets_the_index() {
    let directory = tempdir().expect("a directory");
    let path = directory.path().join("market.db");
    drop(Database::new(path.to_str().expect("Unicode")).expect("made by the engine alone"));
    let dynamo = EmbeddedDynamo::open(&path).expect("opened");
    assert!(plan(&dynamo, NEXT).contains("stream_order"));
}

#[tokio::test]
async fn two_databases_in_memory_share_nothing() {
    let [one, other] = [(); 2].map(|()| EmbeddedDynamo::in_memory().expect("memory"));
    create(&one).await;
    put(&one.client(), TABLE, "a").await;
    assert_eq!(other.stream(TABLE).await.expect("readable"), None);
    create(&other).await;
    assert!(read(&other, None).await.is_empty());
}

#[tokio::test]
async fn a_clients_write_is_news_and_its_read_or_refused_write_is_none() {
    let dynamo = EmbeddedDynamo::in_memory().expect("memory");
    create(&dynamo).await;
    let client = dynamo.client();
    let mut writes = dynamo.writes();
    let key = AttributeValue::S("a".to_owned());
    client.get_item().table_name(TABLE).key("id", key.clone()).send().await.expect("read");
    let refused = client.put_item().table_name(TABLE).item("id", key.clone());
    let refused = refused.condition_expression("attribute_exists(id)").send().await;
    assert!(refused.is_err() && !writes.has_changed().expect("open"));
    put(&client, TABLE, "a").await;
    assert!(writes.has_changed().expect("open"));
    writes.mark_unchanged();
    client.delete_item().table_name(TABLE).key("id", key).send().await.expect("deleted");
    assert!(writes.has_changed().expect("open"));
}
