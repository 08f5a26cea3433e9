//! From the name of a DynamoDB operation and its JSON to the engine's method, and back to the
//! status and JSON of the service. Knows the wire names; knows no transport.

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{streams::StreamRecords, tokens::TokenMemory};

/// What the service answers to one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status: 200, 400 for a refusal, 500 for a fault of the engine.
    pub status: u16,
    /// The JSON body, of content type `application/x-amz-json-1.0`.
    pub body: String,
}

const UNKNOWN_OPERATION: &str =
    r#"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#;

/// The database and what must be remembered beside it.
pub(super) struct Engine {
    pub(super) database: Database,
    /// What the engine has no operation for.
    pub(super) records: StreamRecords,
    tokens: TokenMemory,
}

impl Engine {
    pub(super) fn new(database: Database, records: StreamRecords) -> Self {
        Self { database, records, tokens: TokenMemory::default() }
    }
}

/// Answers the operation named by `target`, the `X-Amz-Target` header. Blocks while it runs.
pub(super) fn answer(engine: &Engine, target: &str, body: &[u8]) -> Answer {
    let outcome = items(engine, target, body)
        .or_else(|| tables(&engine.database, target, body))
        .or_else(|| streams(&engine.database, target, body));
    match outcome {
        Some(Ok(body)) => Answer { status: 200, body },
        Some(Err(error)) => Answer { status: error.status_code(), body: error.to_json() },
        None => Answer { status: 400, body: UNKNOWN_OPERATION.to_owned() },
    }
}

/// The JSON of a success or the engine's refusal; nothing for an operation that is not ours.
type Outcome = Option<Result<String, DynoxideError>>;

fn items(engine: &Engine, target: &str, body: &[u8]) -> Outcome {
    let database = &engine.database;
    Some(match target.strip_prefix("DynamoDB_20120810.")? {
        "BatchGetItem" => run(body, |request| database.batch_get_item(request)),
        "BatchWriteItem" => run(body, |request| database.batch_write_item(request)),
        "DeleteItem" => run(body, |request| database.delete_item(request)),
        "GetItem" => run(body, |request| database.get_item(request)),
        "PutItem" => run(body, |request| database.put_item(request)),
        "Query" => run(body, |request| database.query(request)),
        "Scan" => run(body, |request| database.scan(request)),
        "TransactGetItems" => run(body, |request| database.transact_get_items(request)),
        "TransactWriteItems" => run(body, |request| engine.tokens.write(database, request)),
        "UpdateItem" => run(body, |request| database.update_item(request)),
        _ => return None,
    })
}

fn tables(database: &Database, target: &str, body: &[u8]) -> Outcome {
    Some(match target.strip_prefix("DynamoDB_20120810.")? {
        "CreateTable" => run(body, |request| database.create_table(request)),
        "DeleteTable" => run(body, |request| database.delete_table(request)),
        "DescribeTable" => run(body, |request| database.describe_table(request)),
        "DescribeTimeToLive" => run(body, |request| database.describe_time_to_live(request)),
        "ListTables" => run(body, |request| database.list_tables(request)),
        "UpdateTable" => run(body, |request| database.update_table(request)),
        "UpdateTimeToLive" => run(body, |request| database.update_time_to_live(request)),
        _ => return None,
    })
}

fn streams(database: &Database, target: &str, body: &[u8]) -> Outcome {
    Some(match target.strip_prefix("DynamoDBStreams_20120810.")? {
        "DescribeStream" => run(body, |request| database.describe_stream(request)),
        "GetRecords" => run(body, |request| database.get_records(request)),
        "GetShardIterator" => run(body, |request| database.get_shard_iterator(request)),
        "ListStreams" => run(body, |request| database.list_streams(request)),
        _ => return None,
    })
}

fn run<Request: DeserializeOwned, Response: Serialize>(
    body: &[u8],
    operation: impl FnOnce(Request) -> dynoxide::Result<Response>,
) -> Result<String, DynoxideError> {
    let request = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
    let response = operation(request)?;
    serde_json::to_string(&response)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// The engine's request types mark the class of a refusal in front of the message, and the JSON
/// reader adds a position behind it; neither is for the client.
fn unreadable(error: &serde_json::Error) -> DynoxideError {
    let text = error.to_string();
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    for marker in ["VALIDATION:", "VALIDATION_REQUEST:", "VALIDATION_AS_READ:"] {
        if let Some(message) = message.strip_prefix(marker) {
            return DynoxideError::ValidationException(message.to_owned());
        }
    }
    for marker in ["SERIALIZATION:", "SERIALIZATION_AS_READ:"] {
        if let Some(message) = message.strip_prefix(marker) {
            return DynoxideError::SerializationException(message.to_owned());
        }
    }
    // A missing field or an unknown name is invalid; another JSON type, or no JSON, is unreadable.
    if message.starts_with("missing field") || message.starts_with("unknown variant") {
        return DynoxideError::ValidationException(message.to_owned());
    }
    DynoxideError::SerializationException(message.to_owned())
}
