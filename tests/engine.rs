//! What a world runs on: the embedded engine, or the DynamoDB that an environment variable
//! names. Where engines differ, docs/ENGINES.md says.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    time::Duration,
};

use aws_sdk_dynamodb::{
    Client,
    config::{SharedHttpClient, timeout::TimeoutConfig},
    types::TimeToLiveSpecification,
};
use dynamo::{
    Access, Streams, TableNames, connect, create_missing_tables, https_client, schema::TABLES,
};
use market::{
    embedded::{EmbeddedDynamo, client_over},
    endpoint::EndpointDynamo,
    streams::Source,
};

/// Names a DynamoDB, such as `http://localhost:8000`, to run all worlds on.
pub const ENDPOINT: &str = "MARKET_TEST_ENDPOINT";

/// An emulator that serves many tests at once lets each of them wait.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(60);

/// What a world runs on.
pub(crate) enum Engine {
    /// In this process, with nothing in it.
    Embedded(EmbeddedDynamo),
    /// At this address, with the tables of other worlds beside.
    Endpoint(String),
}

/// The address of the DynamoDB that worlds run on, if it is not the embedded one.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "a test's own switch, not the market's")]
pub fn endpoint() -> Option<String> {
    std::env::var(ENDPOINT).ok()
}

impl Engine {
    /// The one that is chosen.
    pub(crate) fn chosen() -> Self {
        match endpoint() {
            Some(url) => Self::Endpoint(url),
            None => Self::Embedded(EmbeddedDynamo::in_memory().expect("an engine in memory")),
        }
    }

    /// What its requests go through.
    pub(crate) fn http_client(&self) -> SharedHttpClient {
        match self {
            Self::Embedded(engine) => engine.http_client(),
            Self::Endpoint(_) => https_client(),
        }
    }

    /// A client over a transport around [`Engine::http_client`].
    pub(crate) fn client_over(&self, http_client: SharedHttpClient) -> Client {
        match self {
            Self::Embedded(_) => client_over(http_client),
            Self::Endpoint(url) => {
                let timeouts = TimeoutConfig::builder()
                    .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                    .operation_timeout(OPERATION_TIMEOUT);
                let config = connect(Access::emulator(url)).config().to_builder();
                let config = config.timeout_config(timeouts.build()).http_client(http_client);
                Client::from_conf(config.build())
            }
        }
    }

    /// Makes tables that no other world has.
    pub(crate) async fn tables(&self, client: &Client) -> TableNames {
        let tables = match self {
            Self::Embedded(_) => TableNames::prefixed("test"),
            Self::Endpoint(_) => {
                let arbitrary = RandomState::new().build_hasher().finish();
                TableNames::prefixed(format!("test-{arbitrary:016x}"))
            }
        };
        create_missing_tables(client, &tables, Streams::Declared).await.expect("tables");
        if matches!(self, Self::Endpoint(_)) {
            let expiring = TABLES.iter().filter_map(|table| Some((table, table.expires?)));
            for (table, attribute) in expiring {
                never_expire(client, tables.of(table), attribute).await;
            }
        }
        tables
    }

    /// Where its streams are read.
    pub(crate) fn source(&self) -> Source {
        match self {
            Self::Embedded(engine) => Source::Embedded(engine.clone()),
            Self::Endpoint(url) => Source::Endpoint(EndpointDynamo::connect(url)),
        }
    }
}

/// A world's time is in its test's hand; the service would go by its own, and take rows away.
async fn never_expire(client: &Client, table: String, attribute: &str) {
    let off = TimeToLiveSpecification::builder().enabled(false).attribute_name(attribute);
    let update = client.update_time_to_live().table_name(table);
    let update = update.time_to_live_specification(off.build().expect("complete"));
    update.send().await.expect("switched off");
}
