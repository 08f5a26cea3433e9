//! What a function's role would let it do, held to at the transport: whoever acts as a function
//! is refused what the function does not declare, as the service would refuse it, and what it
//! does is noted. Whoever acts as nobody, such as a test that prepares its world, may do all.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
            SharedHttpClient, SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use dynamo::{
    grants::{Action, Grant},
    schema::{TABLES, stem_of},
};
use edge::acting::current;
use serde_json::{Value, json};

/// What functions have done, by their stems.
pub type Done = BTreeMap<&'static str, BTreeSet<Grant>>;

/// A transport around another that lets only pass what is granted. A clone shares the notes.
#[derive(Clone, Debug)]
pub(crate) struct GuardedTransport {
    inner: SharedHttpClient,
    done: Arc<Mutex<Done>>,
}

impl GuardedTransport {
    pub(crate) fn new(inner: SharedHttpClient) -> Self {
        Self { inner, done: Arc::default() }
    }

    pub(crate) fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    /// What was done, and forgets it.
    pub(crate) fn take(&self) -> Done {
        std::mem::take(&mut self.done.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The first of these that whoever acts is not granted.
    fn refuses(&self, wanted: &BTreeSet<Grant>) -> Option<Grant> {
        let role = current()?;
        let granted = |grant: &Grant| role.uses.iter().any(|using| using.grants.contains(grant));
        let refused = wanted.iter().find(|grant| !granted(grant)).copied();
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.entry(role.stem).or_default().extend(wanted);
        refused
    }
}

impl HttpClient for GuardedTransport {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(GuardedConnector { inner, guard: self.clone() })
    }
}

#[derive(Debug)]
struct GuardedConnector {
    inner: SharedHttpConnector,
    guard: GuardedTransport,
}

impl HttpConnector for GuardedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        let body = request.body().bytes().unwrap_or_default();
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        match self.guard.refuses(&wanted(operation, &body)) {
            None => self.inner.call(request),
            Some(grant) => HttpConnectorFuture::ready(Ok(access_denied(grant))),
        }
    }
}

fn access_denied(grant: Grant) -> HttpResponse {
    let message = format!("not granted: {grant:?}");
    let kind = "com.amazon.coral.service#AccessDeniedException";
    let body = json!({"__type": kind, "message": message}).to_string();
    let bad_request = StatusCode::try_from(400).expect("a status");
    let mut response = HttpResponse::new(bad_request, SdkBody::from(body));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    response
}

/// What a request needs to be granted. An operation on the tables themselves needs nothing here:
/// no function has any, and whoever acts as nobody may.
fn wanted(operation: &str, body: &Value) -> BTreeSet<Grant> {
    match operation {
        "GetItem" => one(Action::GetItem, body, false),
        "PutItem" => one(Action::PutItem, body, false),
        "UpdateItem" => one(Action::UpdateItem, body, false),
        "DeleteItem" => one(Action::DeleteItem, body, false),
        "Query" => one(Action::Query, body, false),
        "BatchGetItem" => many(Action::BatchGetItem, body),
        "BatchWriteItem" => many(Action::BatchWriteItem, body),
        "TransactGetItems" | "TransactWriteItems" => in_transaction(body),
        _ => BTreeSet::new(),
    }
}

fn grant(action: Action, table: &str, index: Option<&str>, enclosed: bool) -> Grant {
    let table = stem_of(table).expect("a table of ours");
    let indexes = TABLES.iter().flat_map(|table| table.indexes);
    let named = |name| indexes.map(|index| index.name).find(|known| *known == name);
    let index = index.map(|name| named(name).expect("an index of ours"));
    Grant { action, table, index, enclosed }
}

fn one(action: Action, body: &Value, enclosed: bool) -> BTreeSet<Grant> {
    let table = body["TableName"].as_str().expect("a table's name");
    BTreeSet::from([grant(action, table, body["IndexName"].as_str(), enclosed)])
}

fn many(action: Action, body: &Value) -> BTreeSet<Grant> {
    let tables = body["RequestItems"].as_object().expect("tables");
    tables.keys().map(|table| grant(action, table, None, false)).collect()
}

fn in_transaction(body: &Value) -> BTreeSet<Grant> {
    let parts = body["TransactItems"].as_array().expect("parts");
    let parts = parts.iter().flat_map(|part| part.as_object().expect("a part"));
    let of = |(kind, part): (&String, &Value)| match kind.as_str() {
        "Get" => one(Action::GetItem, part, false),
        "Put" => one(Action::PutItem, part, true),
        "Update" => one(Action::UpdateItem, part, true),
        "Delete" => one(Action::DeleteItem, part, true),
        _ => panic!("a part of a transaction that no role has: {kind}"),
    };
    parts.flat_map(of).collect()
}
