//! Counts DynamoDB's round trips and capacity at the transport, so a test can prove what a use
//! case costs. Changes nothing on the way and knows no table.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde::Deserialize;
use serde_json::Number;

/// What the meter has counted since it was made or last reset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeterReading {
    /// Round trips by operation name (`GetItem`). The SDK's own retries count: each is one.
    pub round_trips: BTreeMap<String, u64>,
    /// Read units consumed, in thousandths, tables and indexes together. Like the write units,
    /// only of requests that asked with `ReturnConsumedCapacity` and were not refused.
    pub read_milliunits: u64,
    /// Write units consumed, in thousandths, tables and indexes together.
    pub write_milliunits: u64,
}

impl MeterReading {
    /// All round trips together.
    pub fn total_round_trips(&self) -> u64 {
        self.round_trips.values().sum()
    }
}

/// A transport around another that counts what passes. A clone shares the count.
#[derive(Clone, Debug)]
pub struct MeteredTransport {
    inner: SharedHttpClient,
    reading: Arc<Mutex<MeterReading>>,
}

impl MeteredTransport {
    /// A meter at zero around `inner`.
    pub fn new(inner: SharedHttpClient) -> Self {
        Self { inner, reading: Arc::default() }
    }

    /// This meter as the transport of an SDK client.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    /// What has been counted so far.
    pub fn snapshot(&self) -> MeterReading {
        self.reading().clone()
    }

    /// Back to zero; what was counted.
    pub fn reset(&self) -> MeterReading {
        std::mem::take(&mut *self.reading())
    }

    fn reading(&self) -> MutexGuard<'_, MeterReading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count_capacity(&self, operation: &str, body: &[u8]) {
        let Ok(Metered { consumed: Some(consumed) }) = serde_json::from_slice(body) else {
            return;
        };
        let entries = match consumed {
            OneOrMany::One(entry) => vec![entry],
            OneOrMany::Many(entries) => entries,
        };
        let mut reading = self.reading();
        for entry in entries {
            let (read, write) = entry.milliunits(operation);
            reading.read_milliunits = reading.read_milliunits.saturating_add(read);
            reading.write_milliunits = reading.write_milliunits.saturating_add(write);
        }
    }
}

impl HttpClient for MeteredTransport {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(MeteredConnector { inner, meter: self.clone() })
    }
}

#[derive(Debug)]
struct MeteredConnector {
    inner: SharedHttpConnector,
    meter: MeteredTransport,
}

impl HttpConnector for MeteredConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        *self.meter.reading().round_trips.entry(operation.clone()).or_default() += 1;
        let (meter, answer) = (self.meter.clone(), self.inner.call(request));
        HttpConnectorFuture::new(async move {
            let mut response = answer.await?;
            let body = read_whole(&mut response).await?;
            meter.count_capacity(&operation, &body);
            *response.body_mut() = SdkBody::from(body);
            Ok(response)
        })
    }
}

async fn read_whole(response: &mut HttpResponse) -> Result<bytes::Bytes, ConnectorError> {
    let body = ByteStream::new(response.take_body()).collect().await;
    Ok(body.map_err(|error| ConnectorError::io(error.into()))?.into_bytes())
}

/// The part of any response that tells its cost.
#[derive(Deserialize)]
struct Metered {
    #[serde(rename = "ConsumedCapacity")]
    consumed: Option<OneOrMany>,
}

/// One entry for an operation on one table, a list for batches and transactions.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<Consumed>),
    One(Consumed),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Consumed {
    capacity_units: Option<Number>,
    read_capacity_units: Option<Number>,
    write_capacity_units: Option<Number>,
}

impl Consumed {
    /// (read, write). Only transactions tell the two apart; elsewhere the operation does.
    fn milliunits(&self, operation: &str) -> (u64, u64) {
        let read = self.read_capacity_units.as_ref().map(milliunits);
        let write = self.write_capacity_units.as_ref().map(milliunits);
        if read.is_some() || write.is_some() {
            return (read.unwrap_or_default(), write.unwrap_or_default());
        }
        let total = self.capacity_units.as_ref().map(milliunits).unwrap_or_default();
        match operation {
            "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems" => {
                (0, total)
            }
            _ => (total, 0),
        }
    }
}

/// `2.5` is 2500. Read from the digits, since units come in halves and sums must be exact; what
/// is no plain number of at most three decimals counts as its leading part.
fn milliunits(units: &Number) -> u64 {
    let text = units.to_string();
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let thousandths = decimals.chars().chain("000".chars()).take(3).collect::<String>();
    let whole = whole.parse::<u64>().unwrap_or_default();
    whole.saturating_mul(1000).saturating_add(thousandths.parse().unwrap_or_default())
}
