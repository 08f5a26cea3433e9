//! Streams behind a URL, with a service that says what the test wants: shards that end, records
//! that are gone.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{Response, StatusCode},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinSet};

use super::{EndpointDynamo, EndpointError, Reader};

/// A shard's name, its records, and whether it has ended. A record's number is its id.
type Shards = Vec<(&'static str, Vec<u64>, bool)>;

/// A service with one stream.
#[derive(Clone, Default)]
struct Service {
    shards: Arc<Mutex<Shards>>,
    asked: Arc<Mutex<Vec<String>>>,
}

fn held<Held>(mutex: &Mutex<Held>) -> std::sync::MutexGuard<'_, Held> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As the service writes a number: longer ones are greater.
fn number(record: u64) -> String {
    format!("{record}00000000000000000000")
}

impl Service {
    fn say(&self, shards: Shards) {
        *held(&self.shards) = shards;
    }

    /// What was asked since the last look.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *held(&self.asked))
    }

    fn answer(&self, operation: &str, request: &Value) -> Result<Value, &'static str> {
        held(&self.asked).push(operation.to_owned());
        let shards = held(&self.shards);
        let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
        Ok(match operation {
            "ListStreams" => json!({"Streams": [{"StreamArn": "arn:s", "StreamLabel": "1"}]}),
            "DescribeStream" => {
                let shown = shards.iter().map(|(id, records, ended)| {
                    let (first, last) = (records.first(), records.last().filter(|_| *ended));
                    let range = json!({
                        "StartingSequenceNumber": first.map(|record| number(*record)),
                        "EndingSequenceNumber": last.map(|record| number(*record)),
                    });
                    json!({"ShardId": id, "SequenceNumberRange": range})
                });
                json!({"StreamDescription": {"Shards": shown.rev().collect::<Vec<_>>()}})
            }
            "GetShardIterator" => {
                let (shard, after) = (text("ShardId"), text("SequenceNumber"));
                let (_, records, _) =
                    shards.iter().find(|(id, ..)| *id == shard).ok_or("ResourceNotFound")?;
                let place = records.iter().position(|record| number(*record) == after);
                let place = match text("ShardIteratorType").as_str() {
                    "TRIM_HORIZON" => 0,
                    _ => place.ok_or("TrimmedDataAccessException")? + 1,
                };
                json!({"ShardIterator": format!("{shard}/{place}")})
            }
            "GetRecords" => {
                let iterator = text("ShardIterator");
                let (shard, place) = iterator.split_once('/').expect("one of ours");
                let place: usize = place.parse().expect("one of ours");
                let (_, records, ended) =
                    shards.iter().find(|(id, ..)| *id == shard).ok_or("ExpiredIterator")?;
                let left: Vec<_> = records[place..].iter().map(|record| row(*record)).collect();
                let next = (!ended).then(|| format!("{shard}/{}", records.len()));
                json!({"Records": left, "NextShardIterator": next})
            }
            _ => return Err("UnknownOperationException"),
        })
    }
}

fn row(record: u64) -> Value {
    json!({"eventID": "e", "eventName": "INSERT", "awsRegion": "r", "dynamodb": {
        "Keys": {"id": {"S": "a"}}, "SequenceNumber": number(record),
    }})
}

async fn serve(State(service): State<Service>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let target = parts.headers["x-amz-target"].to_str().expect("text").to_owned();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let request = serde_json::from_slice(&body).expect("JSON");
    let operation = target.rsplit('.').next().expect("an operation");
    let (status, body) = match service.answer(operation, &request) {
        Ok(answer) => (StatusCode::OK, answer),
        Err(kind) => (StatusCode::BAD_REQUEST, json!({"__type": kind, "message": "no"})),
    };
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response
}

async fn started(shards: Shards) -> (Service, Reader, JoinSet<()>) {
    let service = Service::default();
    service.say(shards);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let router = Router::new().fallback(serve).with_state(service.clone());
    let mut server = JoinSet::new();
    server.spawn(async { axum::serve(listener, router).await.expect("serves") });
    let reader = EndpointDynamo::connect(&url).stream("any").await.expect("readable");
    service.asked();
    (service, reader.expect("a stream"), server)
}

/// The numbers of what came after a record.
async fn read(reader: &mut Reader, after: Option<u64>) -> Vec<String> {
    let after = after.map(number);
    let event = reader.event(after.as_deref()).await.expect("readable");
    event.records.into_iter().map(|record| record.change.sequence_number.expect("one")).collect()
}

fn numbers<const COUNT: usize>(records: [u64; COUNT]) -> Vec<String> {
    records.into_iter().map(number).collect()
}

#[tokio::test]
async fn shards_are_read_one_after_the_other_in_the_order_in_which_they_began() {
    let shards = vec![("b", vec![8, 9], true), ("a", vec![10], true), ("c", vec![], true)];
    let (service, mut reader, _server) = started(shards).await;
    assert_eq!(read(&mut reader, None).await, numbers([8, 9]));
    assert_eq!(read(&mut reader, Some(9)).await, numbers([10]));
    assert_eq!(read(&mut reader, Some(10)).await, numbers([]));
    service.say(vec![("a", vec![10], true), ("d", vec![11, 12], false)]);
    assert_eq!(read(&mut reader, Some(10)).await, numbers([11, 12]));
}

#[tokio::test]
async fn a_reader_goes_on_from_any_record_in_whichever_shard_it_is() {
    let shards = vec![("a", vec![8, 9], true), ("b", vec![10, 11, 12], false)];
    let (_service, mut reader, _server) = started(shards).await;
    assert_eq!(read(&mut reader, Some(11)).await, numbers([12]));
    assert_eq!(read(&mut reader, Some(8)).await, numbers([9]));
    assert_eq!(read(&mut reader, Some(9)).await, numbers([10, 11, 12]));
    assert_eq!(read(&mut reader, Some(10)).await, numbers([11, 12]), "part of it comes again");
}

#[tokio::test]
async fn a_look_where_the_last_one_ended_is_one_round_trip() {
    let (service, mut reader, _server) = started(vec![("a", vec![1], false)]).await;
    assert_eq!(read(&mut reader, None).await, numbers([1]));
    assert_eq!(service.asked(), ["DescribeStream", "GetShardIterator", "GetRecords"]);
    service.say(vec![("a", vec![1, 2], false)]);
    assert_eq!(read(&mut reader, Some(1)).await, numbers([2]));
    assert_eq!(read(&mut reader, Some(2)).await, numbers([]));
    assert_eq!(service.asked(), ["GetRecords", "GetRecords"]);
}

#[tokio::test]
async fn behind_records_that_are_gone_comes_what_is_left() {
    let (_service, mut reader, _server) = started(vec![("b", vec![5, 6], false)]).await;
    assert_eq!(read(&mut reader, Some(3)).await, numbers([5, 6]), "older than every shard");
    let (service, mut reader, _server) = started(vec![("b", vec![5, 7, 8], false)]).await;
    assert_eq!(read(&mut reader, Some(6)).await, numbers([5, 7, 8]), "older than a shard's first");
    service.say(vec![]);
    assert_eq!(read(&mut reader, Some(6)).await, numbers([]), "no shard yet");
}

#[tokio::test]
async fn several_open_shards_at_once_are_refused() {
    let shards = vec![("a", vec![1], false), ("b", vec![2], false)];
    let (_service, mut reader, _server) = started(shards).await;
    let refused = reader.event(None).await;
    assert!(matches!(refused, Err(EndpointError::OpenShards(2))), "{refused:?}");
}

#[tokio::test]
async fn after_a_failure_the_place_is_looked_for_anew() {
    let (service, mut reader, _server) = started(vec![("a", vec![1], false)]).await;
    assert_eq!(read(&mut reader, None).await, numbers([1]));
    service.say(vec![("b", vec![1, 2], false)]);
    assert!(reader.event(Some(&number(1))).await.is_err(), "its iterator has expired");
    assert_eq!(read(&mut reader, Some(1)).await, numbers([2]));
}
