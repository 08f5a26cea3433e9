//! The embedded database through the real SDK client. Decides nothing: states what callers may
//! rely on, on small tables of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, Projection, ProjectionType, Put, ReturnConsumedCapacity,
    ReturnValuesOnConditionCheckFailure, ScalarAttributeType, TimeToLiveSpecification,
    TransactWriteItem, Update,
};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Answer, EmbeddedDynamo, EmbeddedError, MeteredTransport, client_over};

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn string_attribute(name: &str) -> AttributeDefinition {
    AttributeDefinition::builder()
        .attribute_name(name)
        .attribute_type(ScalarAttributeType::S)
        .build()
        .unwrap()
}

fn hash_key(name: &str) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(KeyType::Hash).build().unwrap()
}

/// A table `things` with the key `id` and a keys-only index `by_owner` on `owner`.
async fn create_things(client: &Client) {
    let by_owner = GlobalSecondaryIndex::builder()
        .index_name("by_owner")
        .key_schema(hash_key("owner"))
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
        .build()
        .unwrap();
    let request = client.create_table().table_name("things").key_schema(hash_key("id"));
    request
        .attribute_definitions(string_attribute("id"))
        .attribute_definitions(string_attribute("owner"))
        .global_secondary_indexes(by_owner)
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await
        .unwrap();
}

async fn put_thing(client: &Client, id: &str, count: i64) {
    let request = client.put_item().table_name("things").item("id", text(id));
    request.item("count", number(count)).send().await.unwrap();
}

async fn get_thing(client: &Client, id: &str) -> Option<HashMap<String, AttributeValue>> {
    let request = client.get_item().table_name("things").key("id", text(id));
    request.consistent_read(true).send().await.unwrap().item
}

fn take_from(id: &str, amount: i64) -> TransactWriteItem {
    let update = Update::builder()
        .table_name("things")
        .key("id", text(id))
        .update_expression("SET #count = #count - :amount")
        .condition_expression("#count >= :amount")
        .expression_attribute_names("#count", "count")
        .expression_attribute_values(":amount", number(amount))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()
        .unwrap();
    TransactWriteItem::builder().update(update).build()
}

fn put_new(id: &str) -> TransactWriteItem {
    let put = Put::builder()
        .table_name("things")
        .item("id", text(id))
        .item("owner", text("usr_1"))
        .condition_expression("attribute_not_exists(id)")
        .build()
        .unwrap();
    TransactWriteItem::builder().put(put).build()
}

async fn answer(dynamo: &EmbeddedDynamo, target: &str, body: &Value) -> (u16, Value) {
    let body = Bytes::from(body.to_string());
    let Answer { status, body } = dynamo.answer(target.to_owned(), body).await.unwrap();
    (status, serde_json::from_str(&body).unwrap())
}

#[tokio::test]
async fn a_failed_condition_in_a_transaction_brings_the_old_item_back_and_writes_nothing() {
    let client = EmbeddedDynamo::in_memory().unwrap().client();
    create_things(&client).await;
    put_thing(&client, "a", 5).await;

    let request = client.transact_write_items().transact_items(put_new("b"));
    let error = request.transact_items(take_from("a", 6)).send().await.unwrap_err();

    let error = error.into_service_error();
    let TransactWriteItemsError::TransactionCanceledException(canceled) = &error else {
        panic!("not a canceled transaction: {error:?}");
    };
    let reasons = canceled.cancellation_reasons();
    assert_eq!(reasons[0].code(), Some("None"));
    assert_eq!(reasons[1].code(), Some("ConditionalCheckFailed"));
    let old = HashMap::from([("id".to_owned(), text("a")), ("count".to_owned(), number(5))]);
    assert_eq!(reasons[1].item(), Some(&old));
    assert_eq!(get_thing(&client, "b").await, None);
    assert_eq!(get_thing(&client, "a").await, Some(old));
}

#[tokio::test]
async fn a_database_file_keeps_its_items_after_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("market.db");
    let first = EmbeddedDynamo::open(&path).unwrap();
    create_things(&first.client()).await;
    put_thing(&first.client(), "a", 7).await;
    drop(first);

    let second = EmbeddedDynamo::open(&path).unwrap();

    let item = get_thing(&second.client(), "a").await.unwrap();
    assert_eq!(item["count"], number(7));
}

#[test]
fn a_file_that_is_no_database_is_refused_by_its_name() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.txt");
    std::fs::write(&path, "these are notes and certainly not a database ".repeat(40)).unwrap();

    let error = EmbeddedDynamo::open(&path).unwrap_err();

    assert!(matches!(&error, EmbeddedError::Open { name, .. } if name.ends_with("notes.txt")));
}

#[tokio::test]
async fn callers_in_memory_take_turns_call_by_call() {
    let dynamo = EmbeddedDynamo::in_memory().unwrap();
    create_things(&dynamo.client()).await;
    let finished_calls = Arc::new(Mutex::new(Vec::new()));
    let callers = (0..4).map(|caller| {
        let (client, finished_calls) = (dynamo.client(), Arc::clone(&finished_calls));
        tokio::spawn(async move {
            for _ in 0..10 {
                get_thing(&client, "a").await;
                finished_calls.lock().unwrap().push(caller);
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }

    let finished_calls = finished_calls.lock().unwrap();
    let first_half = &finished_calls[..20];
    for caller in 0..4 {
        let calls = first_half.iter().filter(|one| **one == caller).count();
        assert!((3..=7).contains(&calls), "caller {caller} had {calls} of {first_half:?}");
    }
}

#[tokio::test]
async fn transactions_of_many_callers_on_a_file_all_commit_once() {
    let directory = tempfile::tempdir().unwrap();
    let dynamo = EmbeddedDynamo::open(&directory.path().join("market.db")).unwrap();
    create_things(&dynamo.client()).await;
    put_thing(&dynamo.client(), "a", 20).await;
    let callers = (0..8).map(|_| {
        let client = dynamo.client();
        tokio::spawn(async move {
            let mut taken = 0;
            for _ in 0..3 {
                let request = client.transact_write_items().transact_items(take_from("a", 1));
                taken += usize::from(request.send().await.is_ok());
            }
            taken
        })
    });
    let mut taken = 0;
    for caller in callers.collect::<Vec<_>>() {
        taken += caller.await.unwrap();
    }

    assert_eq!(taken, 20);
    assert_eq!(get_thing(&dynamo.client(), "a").await.unwrap()["count"], number(0));
}

#[tokio::test]
async fn a_repeated_request_token_has_one_effect_and_refuses_other_items() {
    let client = EmbeddedDynamo::in_memory().unwrap().client();
    create_things(&client).await;
    put_thing(&client, "a", 20).await;
    let take = |token: &str, amount| {
        let request = client.transact_write_items().client_request_token(token);
        request.transact_items(take_from("a", amount)).send()
    };

    take("one", 3).await.unwrap();
    take("one", 3).await.unwrap();
    let other_items = take("one", 4).await.unwrap_err().into_service_error();
    let refused = take("two", 18).await.unwrap_err().into_service_error();
    let refused_again = take("two", 18).await.unwrap_err().into_service_error();
    let too_long = take(&"x".repeat(37), 1).await.unwrap_err().into_service_error();

    assert!(other_items.is_idempotent_parameter_mismatch_exception());
    assert!(refused.is_transaction_canceled_exception());
    assert!(refused_again.is_transaction_canceled_exception());
    assert_eq!(too_long.code(), Some("ValidationException"));
    assert_eq!(get_thing(&client, "a").await.unwrap()["count"], number(17));
}

#[tokio::test]
async fn an_operation_the_engine_does_not_have_is_unknown() {
    let dynamo = EmbeddedDynamo::in_memory().unwrap();

    let error = dynamo.client().list_backups().send().await.unwrap_err();

    assert_eq!(error.into_service_error().code(), Some("UnknownOperationException"));
    let unprefixed = answer(&dynamo, "ListTables", &json!({})).await;
    assert_eq!(unprefixed.0, 400);
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_a_refusal_in_the_words_of_the_service() {
    let dynamo = EmbeddedDynamo::in_memory().unwrap();
    let key = json!({ "TableName": "things", "Key": { "id": { "N": "1e999" } } });

    let (status, refusal) = answer(&dynamo, "DynamoDB_20120810.GetItem", &key).await;
    let no_json = dynamo.answer("DynamoDB_20120810.GetItem".to_owned(), "{".into()).await.unwrap();

    assert_eq!(status, 400);
    assert_eq!(refusal["__type"], "com.amazon.coral.validate#ValidationException");
    let message = refusal["message"].as_str().unwrap();
    assert!(message.starts_with("Number overflow"), "{message}");
    assert_eq!(no_json.status, 400);
    assert!(no_json.body.contains("SerializationException"), "{}", no_json.body);
}

#[tokio::test]
async fn expired_items_stay_until_they_are_swept() {
    let dynamo = EmbeddedDynamo::in_memory().unwrap();
    let client = dynamo.client();
    create_things(&client).await;
    let expiry =
        TimeToLiveSpecification::builder().enabled(true).attribute_name("count").build().unwrap();
    let request = client.update_time_to_live().table_name("things");
    request.time_to_live_specification(expiry).send().await.unwrap();
    put_thing(&client, "expired", 1_700_000_000).await;
    put_thing(&client, "fresh", 99_999_999_999).await;
    assert!(get_thing(&client, "expired").await.is_some());

    let removed = dynamo.sweep_expired().await.unwrap();

    assert_eq!(removed, 1);
    assert_eq!(get_thing(&client, "expired").await, None);
    assert!(get_thing(&client, "fresh").await.is_some());
}

#[tokio::test]
async fn a_stream_tells_of_a_write_under_the_streams_target() {
    let dynamo = EmbeddedDynamo::in_memory().unwrap();
    let table = json!({
        "TableName": "things",
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_IMAGE" },
    });
    answer(&dynamo, "DynamoDB_20120810.CreateTable", &table).await;
    put_thing(&dynamo.client(), "a", 1).await;

    let (_, streams) =
        answer(&dynamo, "DynamoDBStreams_20120810.ListStreams", &json!({ "TableName": "things" }))
            .await;
    let arn = &streams["Streams"][0]["StreamArn"];
    let (_, stream) =
        answer(&dynamo, "DynamoDBStreams_20120810.DescribeStream", &json!({ "StreamArn": arn }))
            .await;
    let position = json!({
        "StreamArn": arn,
        "ShardId": stream["StreamDescription"]["Shards"][0]["ShardId"],
        "ShardIteratorType": "TRIM_HORIZON",
    });
    let (_, iterator) =
        answer(&dynamo, "DynamoDBStreams_20120810.GetShardIterator", &position).await;
    let (status, records) = answer(
        &dynamo,
        "DynamoDBStreams_20120810.GetRecords",
        &json!({ "ShardIterator": iterator["ShardIterator"] }),
    )
    .await;

    assert_eq!(status, 200);
    assert_eq!(records["Records"][0]["eventName"], "INSERT");
    assert_eq!(records["Records"][0]["dynamodb"]["NewImage"]["id"], json!({ "S": "a" }));
}

#[tokio::test]
async fn the_meter_counts_round_trips_and_the_units_of_a_transaction_with_its_indexes() {
    let meter = MeteredTransport::new(EmbeddedDynamo::in_memory().unwrap().http_client());
    let client = client_over(meter.http_client());
    create_things(&client).await;
    put_thing(&client, "a", 5).await;
    let setup = meter.reset();
    assert_eq!(setup.total_round_trips(), 2);
    assert_eq!((setup.read_milliunits, setup.write_milliunits), (0, 0));

    let request = client.transact_write_items().transact_items(take_from("a", 1));
    let request = request.transact_items(put_new("b"));
    request.return_consumed_capacity(ReturnConsumedCapacity::Indexes).send().await.unwrap();
    let request = client.get_item().table_name("things").key("id", text("a"));
    request.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await.unwrap();

    let reading = meter.snapshot();
    assert_eq!(reading.round_trips["TransactWriteItems"], 1);
    assert_eq!(reading.round_trips["GetItem"], 1);
    assert_eq!(reading.total_round_trips(), 2);
    // Two items of at most 1 KB at 2 units each; the entry in the index is not transactional: 1.
    assert_eq!(reading.write_milliunits, 5_000);
    // An eventually consistent read of at most 4 KB.
    assert_eq!(reading.read_milliunits, 500);
}

#[tokio::test]
async fn the_meter_counts_a_refused_round_trip_without_units() {
    let meter = MeteredTransport::new(EmbeddedDynamo::in_memory().unwrap().http_client());
    let client = client_over(meter.http_client());

    let request = client.get_item().table_name("missing").key("id", text("a"));
    request.send().await.unwrap_err();

    let reading = meter.snapshot();
    assert_eq!(reading.round_trips["GetItem"], 1);
    assert_eq!((reading.read_milliunits, reading.write_milliunits), (0, 0));
}
