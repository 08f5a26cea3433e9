//! Seam B: the real store and the real AWS SDK over the embedded engine. What fails, fails below
//! the SDK, whose time, sleep and chance are the simulation's.

pub mod agree;
mod clock;
mod engine;
mod recorded;
mod refusals;
mod traced;
mod transport;

use std::{sync::Arc, time::Duration};

use app::ports::Store;
use async_trait::async_trait;
use aws_sdk_dynamodb::{
    Client,
    config::{
        BehaviorVersion, Config, Credentials, Region,
        retry::{RetryConfig, RetryPartition, TokenBucket},
        timeout::TimeoutConfig,
    },
};
use domain::{commit::Commit, time::Timestamp};
use dynamo::{DynamoStore, Streams, TableNames, create_missing_tables};
use market::embedded::EmbeddedDynamo;
use testkit::{
    faults::{Call, Fault, FaultPlan, FaultyStore},
    virtual_time::VirtualTime,
};
use tokio::runtime::{Builder, Runtime};

use crate::{
    dice::Dice,
    life::Life,
    oracle::now,
    seam::{Seam, ToldRow},
};
use clock::SdkTime;
use engine::Engine;
use recorded::Recorded;
use transport::{Transport, Weather};

/// As the market's functions have it.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(3);
const ATTEMPTS_MAX: u32 = 3;

/// The real store and SDK over the embedded engine.
pub struct SdkSeam {
    engine: Arc<Engine>,
    runtime: Arc<Runtime>,
    time: VirtualTime,
    dice: Arc<Dice>,
}

/// The tables' names begin with it.
const MARKET: &str = "sim";

impl SdkSeam {
    /// An empty store with its tables. The SDK's own chance on this thread begins anew, as the
    /// seed has it: one run at a time on a thread.
    ///
    /// # Panics
    /// If the engine does not start.
    #[must_use]
    pub fn new(seed: u64, time: VirtualTime) -> Self {
        let dice = Arc::new(Dice::new(seed, 6));
        fastrand::seed(dice.bits());
        let dynamo = EmbeddedDynamo::in_memory().expect("an engine in memory");
        let engine = Arc::new(Engine::new(dynamo));
        let runtime = Arc::new(Builder::new_current_thread().build().expect("a runtime"));
        let seam = Self { engine, runtime, time, dice };
        let (client, tables) = (seam.client(None, &Arc::default()), TableNames::prefixed(MARKET));
        now(create_missing_tables(&client, &tables, Streams::Declared)).expect("tables");
        seam.engine.follow_streams(&tables);
        seam
    }

    fn store(&self, weather: Option<Weather>, life: &Arc<Life>) -> Recorded {
        let inner = DynamoStore::new(self.client(weather, life), TableNames::prefixed(MARKET));
        let (runtime, time) = (Arc::clone(&self.runtime), self.time.clone());
        Recorded { inner: Arc::new(inner), runtime, time, at_once: false }
    }

    fn client(&self, weather: Option<Weather>, life: &Arc<Life>) -> Client {
        let transport = Transport::new(Arc::clone(&self.engine), weather);
        let time = SdkTime { time: self.time.clone(), life: Arc::clone(life) };
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(OPERATION_TIMEOUT);
        // A process has its own measure of retries, as a program of its own would.
        let retries = RetryPartition::custom("process").token_bucket(TokenBucket::default());
        let config = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("us-east-1"))
            .endpoint_url("http://dynamodb.invalid")
            .credentials_provider(Credentials::new("sim", "sim", None, None, "sim"))
            .timeout_config(timeouts.build())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX))
            .retry_partition(retries.build())
            .sleep_impl(time.clone())
            .time_source(time)
            .http_client(transport);
        Client::from_conf(config.build())
    }
}

#[async_trait]
impl Seam for SdkSeam {
    fn plain(&self) -> Arc<dyn Store> {
        Arc::new(self.store(None, &Arc::default()))
    }

    fn of_process(&self, plan: Arc<dyn FaultPlan>, life: &Arc<Life>) -> Arc<dyn Store> {
        let weather = Weather {
            plan: Arc::clone(&plan),
            dice: Arc::clone(&self.dice),
            time: self.time.clone(),
        };
        let store = self.store(Some(weather), life);
        Arc::new(FaultyStore::planned(Arc::new(store), Arc::new(Lag(plan))))
    }

    fn forget_commits(&self) {
        self.engine.forget();
    }

    async fn told(&self) -> Vec<ToldRow> {
        self.engine.told()
    }

    fn commits_so_far(&self) -> usize {
        self.engine.commits_so_far()
    }

    fn commits(&self) -> Vec<Arc<Commit>> {
        self.engine.commits()
    }
}

/// Only how far reads lag: the engine's indexes never do.
struct Lag(Arc<dyn FaultPlan>);

#[async_trait]
impl FaultPlan for Lag {
    async fn before(&self, _call: Call) -> Fault {
        Fault::None
    }

    fn horizon(&self) -> Option<Timestamp> {
        self.0.horizon()
    }
}
