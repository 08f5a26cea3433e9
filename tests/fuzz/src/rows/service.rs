//! A DynamoDB that answers every question about one table with one row, and remembers what was
//! written last. It checks nothing.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::{
    Client,
    config::{
        BehaviorVersion, Config, Credentials, Region, SharedHttpClient, retry::RetryConfig,
        timeout::TimeoutConfig,
    },
};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

#[derive(Debug, Clone)]
pub(super) struct Service(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// The full name of the only table that has a row, and the row.
    row: Option<(String, Value)>,
    written: Mutex<Option<Value>>,
}

impl Service {
    pub(super) fn with(table: &str, row: &Value) -> Self {
        let row = Some((table.to_owned(), row.clone()));
        Self(Arc::new(Shared { row, written: Mutex::default() }))
    }

    pub(super) fn empty() -> Self {
        Self(Arc::new(Shared { row: None, written: Mutex::default() }))
    }

    /// A client of it, which tries once and waits for ever.
    pub(super) fn client(&self) -> Client {
        let credentials = Credentials::new("fuzz", "fuzz", None, None, "fuzz");
        let config = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("us-east-1"))
            .endpoint_url("http://dynamodb.invalid")
            .credentials_provider(credentials)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .http_client(SharedHttpClient::new(self.clone()));
        Client::from_conf(config.build())
    }

    /// The row that was written last, once.
    pub(super) fn written(&self) -> Option<Value> {
        self.0.written.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn answer(&self, operation: &str, asked: &Value) -> Value {
        let row = self.0.row.as_ref();
        let of = |table: &Value| row.filter(|(name, _)| table == name).map(|(_, row)| row.clone());
        match operation {
            "GetItem" => of(&asked["TableName"]).map_or(json!({}), |row| json!({ "Item": row })),
            "Scan" | "Query" => {
                let items: Vec<_> = of(&asked["TableName"]).into_iter().collect();
                json!({ "Count": items.len(), "Items": items })
            }
            "BatchGetItem" => {
                let tables = asked["RequestItems"].as_object().into_iter().flatten();
                let responses = tables.map(|(name, _)| {
                    let items: Vec<_> = of(&json!(name)).into_iter().collect();
                    (name.clone(), json!(items))
                });
                json!({ "Responses": Value::Object(responses.collect()) })
            }
            "PutItem" => {
                let mut written = self.0.written.lock().unwrap_or_else(PoisonError::into_inner);
                *written = Some(asked["Item"].clone());
                json!({})
            }
            _ => json!({}),
        }
    }
}

impl HttpClient for Service {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Service {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        let body = request.body().bytes().unwrap_or_default();
        let asked = serde_json::from_slice(body).unwrap_or(Value::Null);
        let body = self.answer(operation, &asked).to_string();
        let status = 200.try_into().expect("a status");
        let mut response = HttpResponse::new(status, SdkBody::from(body));
        response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
        HttpConnectorFuture::ready(Ok(response))
    }
}
