//! From a function's environment to its context. The only place that reads the environment.

use std::{env, sync::Arc};

use app::{
    day_stats::DayStatsCache,
    depth::DepthCache,
    item_cache::ItemCache,
    market::{Market, Settings},
    matching::Desks,
    pair_cache::PairCache,
    ports::{Clock, DeadLetters, DeliveryQueue, Doorbell, Store},
    rate_cache::{RateCache, SharedCache},
    tape::Tapes,
};
use dynamo::{DynamoStore, TableNames};

use crate::{
    auth::{access_token::AccessTokens, keys::Secrets, password::PasswordHasher},
    context::Context,
    dead_letters::{NoFailureQueue, SqsDeadLetters},
    delivery_queue::{NoDeliveries, SqsDeliveries},
    limits::{Quotas, RateLimiter},
    management_api::{self, ManagementGateway},
    metrics::{EmbeddedMetrics, LoggedMetrics},
    queue::{self, SqsDoorbell, Unrung},
    sockets::{Gateway, NoGateway},
    system::{Argon2Passwords, SystemClock, SystemEntropy},
    valkey::ValkeyCache,
    webhook_sender::HttpWebhookSender,
};

/// The environment does not say what a function needs to know.
#[derive(Debug, thiserror::Error)]
pub enum BootFailed {
    /// A variable is not set.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// A variable has no usable value. The value is not shown: it may be a secret.
    #[error("the environment variable {0} has no usable value")]
    Invalid(&'static str),
}

/// 32 bytes in base64 from which every key is derived.
pub const TOKEN_SECRET: &str = "MARKET_TOKEN_SECRET";
/// The secret before it, while its tokens are still about; optional.
pub const TOKEN_SECRET_PREVIOUS: &str = "MARKET_TOKEN_SECRET_PREVIOUS";
/// Who issues access tokens: the API's URL.
pub const TOKEN_ISSUER: &str = "MARKET_TOKEN_ISSUER";
/// Whom access tokens are for.
pub const TOKEN_AUDIENCE: &str = "MARKET_TOKEN_AUDIENCE";
/// What the tables' names begin with.
pub const TABLE_PREFIX: &str = "MARKET_TABLE_PREFIX";
/// Where the cache is, as in `rediss://user:password@host:6379`; optional.
pub const CACHE_URL: &str = "MARKET_CACHE_URL";
/// Where DynamoDB is, if not at AWS.
pub const DYNAMODB_ENDPOINT: &str = "AWS_ENDPOINT_URL_DYNAMODB";
/// The URL of the queue that wakes matchers; optional.
pub const MATCH_QUEUE_URL: &str = "MARKET_MATCH_QUEUE_URL";
/// The URL of the queue that keeps what no function can handle; optional.
pub const FAILURE_QUEUE_URL: &str = "MARKET_FAILURE_QUEUE_URL";
/// The URL of the queue that wakes whoever delivers events to webhooks; optional.
pub const WEBHOOK_QUEUE_URL: &str = "MARKET_WEBHOOK_QUEUE_URL";
/// Where connections are managed, as in `https://{api}.execute-api.{region}.amazonaws.com/live`;
/// optional.
pub const SOCKETS_URL: &str = "MARKET_SOCKETS_URL";
/// Where SQS is, if not at AWS.
pub const SQS_ENDPOINT: &str = "AWS_ENDPOINT_URL_SQS";

#[expect(clippy::disallowed_methods, reason = "boot is the one place that may")]
fn read(name: &'static str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn require(name: &'static str) -> Result<String, BootFailed> {
    read(name).ok_or(BootFailed::Missing(name))
}

/// The parts of a context that differ between a function, the local market and a test.
pub struct Parts {
    /// Everything that lasts.
    pub store: Arc<dyn Store>,
    /// The cache cluster, if there is one.
    pub cache: Option<Arc<dyn SharedCache>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Unguessable bits.
    pub entropy: Arc<dyn app::ports::Entropy>,
    /// Slow hashes.
    pub passwords: Arc<dyn app::ports::Passwords>,
    /// Wakes matchers.
    pub doorbell: Arc<dyn Doorbell>,
    /// Wakes whoever delivers events to webhooks.
    pub deliveries: Arc<dyn DeliveryQueue>,
    /// Keeps what no function can handle.
    pub dead_letters: Arc<dyn DeadLetters>,
    /// Where connections end.
    pub gateway: Arc<dyn Gateway>,
    /// Signs access tokens and seals everything else.
    pub access_tokens: AccessTokens,
    /// How much one caller may ask.
    pub quotas: Quotas,
    /// What an operator has set.
    pub settings: Settings,
}

impl Parts {
    /// The context over these parts.
    #[must_use]
    pub fn context(self) -> Context {
        let market = Market {
            rates: RateCache::new(Arc::clone(&self.store), self.cache, Arc::clone(&self.clock)),
            items: ItemCache::new(Arc::clone(&self.store), Arc::clone(&self.clock)),
            pairs: PairCache::new(Arc::clone(&self.store), Arc::clone(&self.clock)),
            depths: DepthCache::new(Arc::clone(&self.store), Arc::clone(&self.clock)),
            tapes: Tapes::default(),
            days: DayStatsCache::default(),
            desks: Desks::default(),
            store: self.store,
            clock: self.clock,
            entropy: self.entropy,
            passwords: self.passwords,
            doorbell: self.doorbell,
            deliveries: self.deliveries,
            settings: self.settings,
        };
        let sender = HttpWebhookSender::new(market.settings.webhooks, Arc::clone(&market.clock));
        let webhook_sender = Arc::new(sender);
        let limiter = RateLimiter::new(self.quotas);
        let Self { access_tokens, dead_letters, gateway, .. } = self;
        let metrics = Arc::new(LoggedMetrics);
        Context { market, access_tokens, limiter, dead_letters, metrics, gateway, webhook_sender }
    }
}

/// The context of a function, from its environment.
///
/// # Errors
/// [`BootFailed`] names the variable.
pub fn context() -> Result<Context, BootFailed> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let prefix = require(TABLE_PREFIX)?;
    let metrics = Arc::new(EmbeddedMetrics::of(prefix.clone(), Arc::clone(&clock)));
    let tables = TableNames::prefixed(prefix);
    let parts = Parts {
        store: Arc::new(DynamoStore::new(dynamo::connect(access(DYNAMODB_ENDPOINT)?), tables)),
        cache: cache(&clock)?,
        clock,
        entropy: Arc::new(SystemEntropy::default()),
        passwords: Arc::new(Argon2Passwords::new(PasswordHasher::STANDARD)),
        doorbell: doorbell()?,
        deliveries: deliveries()?,
        dead_letters: dead_letters()?,
        gateway: gateway()?,
        access_tokens: access_tokens()?,
        quotas: Quotas::default(),
        settings: Settings::default(),
    };
    Ok(Context { metrics, ..parts.context() })
}

/// What signs and verifies access tokens, from the environment.
///
/// # Errors
/// [`BootFailed`] names the variable.
pub fn access_tokens() -> Result<AccessTokens, BootFailed> {
    let mut secrets = Secrets::from_base64(&require(TOKEN_SECRET)?)
        .map_err(|_| BootFailed::Invalid(TOKEN_SECRET))?;
    if let Some(previous) = read(TOKEN_SECRET_PREVIOUS) {
        secrets = secrets
            .with_previous(&previous)
            .map_err(|_| BootFailed::Invalid(TOKEN_SECRET_PREVIOUS))?;
    }
    Ok(AccessTokens {
        issuer: require(TOKEN_ISSUER)?,
        audience: require(TOKEN_AUDIENCE)?,
        secrets: Arc::new(secrets),
    })
}

fn cache(clock: &Arc<dyn Clock>) -> Result<Option<Arc<dyn SharedCache>>, BootFailed> {
    let Some(url) = read(CACHE_URL) else { return Ok(None) };
    let cache = ValkeyCache::from_url(&url, Arc::clone(clock))
        .map_err(|_| BootFailed::Invalid(CACHE_URL))?;
    Ok(Some(Arc::new(cache)))
}

fn doorbell() -> Result<Arc<dyn Doorbell>, BootFailed> {
    let Some(queue_url) = read(MATCH_QUEUE_URL) else {
        tracing::info!("{MATCH_QUEUE_URL} is not set: what is ordered waits for the next sweep");
        return Ok(Arc::new(Unrung));
    };
    Ok(Arc::new(SqsDoorbell::new(queue::connect(access(SQS_ENDPOINT)?), queue_url)))
}

/// Without it nothing is delivered, and the sweep says so.
fn deliveries() -> Result<Arc<dyn DeliveryQueue>, BootFailed> {
    let Some(queue_url) = read(WEBHOOK_QUEUE_URL) else { return Ok(Arc::new(NoDeliveries)) };
    Ok(Arc::new(SqsDeliveries::new(queue::connect(access(SQS_ENDPOINT)?), queue_url)))
}

/// Only functions behind a stream have any use for it, so its absence is no news in the others.
fn dead_letters() -> Result<Arc<dyn DeadLetters>, BootFailed> {
    let Some(queue_url) = read(FAILURE_QUEUE_URL) else { return Ok(Arc::new(NoFailureQueue)) };
    Ok(Arc::new(SqsDeadLetters::new(queue::connect(access(SQS_ENDPOINT)?), queue_url)))
}

/// Only functions that post to connections have any use for it.
fn gateway() -> Result<Arc<dyn Gateway>, BootFailed> {
    if read(SOCKETS_URL).is_none() {
        return Ok(Arc::new(NoGateway::default()));
    }
    Ok(Arc::new(ManagementGateway::new(management_api::connect(access(SOCKETS_URL)?))))
}

/// The environment's credentials, for a service whose address a variable may name. They live as
/// long as the environment does, so they are read once.
fn access(endpoint: &'static str) -> Result<dynamo::Access, BootFailed> {
    Ok(dynamo::Access {
        access_key_id: require("AWS_ACCESS_KEY_ID")?,
        secret_access_key: require("AWS_SECRET_ACCESS_KEY")?,
        session_token: read("AWS_SESSION_TOKEN"),
        region: require("AWS_REGION")?,
        endpoint: read(endpoint),
    })
}
