//! A stream's records as the JSON that a function is given. What is in a row is not known here.

use std::collections::HashMap;

use aws_sdk_dynamodbstreams::types::{AttributeValue, Record};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};

/// A record of the stream with this ARN.
pub(super) fn record(record: Record, stream: &str) -> Value {
    let change = record.dynamodb.map(|change| {
        let view = change.stream_view_type.map(|view| view.as_str().to_owned());
        let mut shown = json!({
            "ApproximateCreationDateTime":
                change.approximate_creation_date_time.map_or(0.0, |time| time.as_secs_f64()),
            "SequenceNumber": change.sequence_number,
            "SizeBytes": change.size_bytes.unwrap_or_default(),
            "StreamViewType": view,
        });
        let images =
            [("Keys", change.keys), ("OldImage", change.old_image), ("NewImage", change.new_image)];
        for (name, image) in images {
            if let Some(image) = image {
                shown[name] = row(image);
            }
        }
        shown
    });
    json!({
        "eventID": record.event_id.unwrap_or_default(),
        "eventName": record.event_name.map(|name| name.as_str().to_owned()).unwrap_or_default(),
        "eventVersion": record.event_version,
        "eventSource": record.event_source,
        "awsRegion": record.aws_region.unwrap_or_default(),
        "dynamodb": change,
        "eventSourceARN": stream,
    })
}

fn row(row: HashMap<String, AttributeValue>) -> Value {
    let attributes = row.into_iter().map(|(name, value)| (name, attribute(value)));
    Value::Object(attributes.collect::<Map<_, _>>())
}

fn attribute(value: AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({"S": text}),
        AttributeValue::N(number) => json!({"N": number}),
        AttributeValue::Bool(truth) => json!({"BOOL": truth}),
        AttributeValue::M(map) => json!({"M": row(map)}),
        AttributeValue::L(list) => {
            json!({"L": list.into_iter().map(attribute).collect::<Vec<_>>()})
        }
        AttributeValue::B(bytes) => json!({"B": BASE64_STANDARD.encode(bytes)}),
        AttributeValue::Ss(texts) => json!({"SS": texts}),
        AttributeValue::Ns(numbers) => json!({"NS": numbers}),
        AttributeValue::Bs(all) => {
            let all = all.into_iter().map(|bytes| BASE64_STANDARD.encode(bytes));
            json!({"BS": all.collect::<Vec<_>>()})
        }
        // Null, and what a later service may add, of which our rows have nothing.
        _ => json!({"NULL": true}),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodbstreams::{
        primitives::{Blob, DateTime},
        types::{OperationType, StreamRecord, StreamViewType},
    };
    use edge::function::DynamoDbEvent;

    use super::*;

    #[test]
    fn a_record_is_what_a_function_reads() {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let values = HashMap::from([
            ("id".to_owned(), text("a")),
            ("count".to_owned(), AttributeValue::N("1.50".to_owned())),
            ("open".to_owned(), AttributeValue::Bool(true)),
            ("gone".to_owned(), AttributeValue::Null(true)),
            ("bytes".to_owned(), AttributeValue::B(Blob::new([0, 255]))),
            ("list".to_owned(), AttributeValue::L(vec![text("x"), text("y")])),
            ("map".to_owned(), AttributeValue::M(HashMap::from([("k".to_owned(), text("v"))]))),
            ("texts".to_owned(), AttributeValue::Ss(vec!["s".to_owned()])),
            ("numbers".to_owned(), AttributeValue::Ns(vec!["7".to_owned()])),
            ("blobs".to_owned(), AttributeValue::Bs(vec![Blob::new([1])])),
        ]);
        let change = StreamRecord::builder()
            .approximate_creation_date_time(DateTime::from_secs(1_795_248_000))
            .keys("id", text("a"))
            .set_new_image(Some(values))
            .sequence_number("17")
            .size_bytes(99)
            .stream_view_type(StreamViewType::NewImage);
        let read = Record::builder()
            .event_id("e")
            .event_name(OperationType::Insert)
            .aws_region("eu-central-1")
            .dynamodb(change.build());

        let json = record(read.build(), "arn:s");
        let image = json!({
            "id": {"S": "a"}, "count": {"N": "1.50"}, "open": {"BOOL": true},
            "gone": {"NULL": true}, "bytes": {"B": "AP8="}, "list": {"L": [{"S": "x"}, {"S": "y"}]},
            "map": {"M": {"k": {"S": "v"}}}, "texts": {"SS": ["s"]}, "numbers": {"NS": ["7"]},
            "blobs": {"BS": ["AQ=="]},
        });
        assert_eq!(json["dynamodb"]["NewImage"], image);
        assert_eq!(json["dynamodb"].get("OldImage"), None);

        let event: DynamoDbEvent = serde_json::from_value(json!({"Records": [json]})).expect("one");
        let [record] = &event.records[..] else { panic!("{event:?}") };
        assert_eq!(record.event_source_arn.as_deref(), Some("arn:s"));
        assert_eq!(record.event_name, "INSERT");
        assert_eq!(record.change.sequence_number.as_deref(), Some("17"));
        assert!(record.change.old_image.is_empty());
    }
}
