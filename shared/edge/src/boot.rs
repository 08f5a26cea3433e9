//! From a function's environment to its context. The only place that reads the environment.

use std::{env, sync::Arc};

use app::{
    market::{Market, Ports, Settings},
    ports::{
        Clock, DeadLetters, DeliveryQueue, Doorbell, PlacementQueue, Store, VenueConnector,
        WebhookSender,
    },
    rate_cache::SharedCache,
};
use dynamo::{DynamoStore, TableNames};

#[cfg(feature = "cache-discovery")]
use crate::valkey::control_plane::{self, ControlPlane};
use crate::{
    auth::{access_token::AccessTokens, keys::Secrets, password::PasswordHasher},
    context::Context,
    dead_letters::{NoFailureQueue, SqsDeadLetters},
    delivery_queue::{NoDeliveries, SqsDeliveries},
    limits::{Quotas, RateLimiter},
    management_api::{self, ManagementGateway},
    metrics::{EmbeddedMetrics, LoggedMetrics},
    placement_queue::{NoPlacements, SqsPlacements},
    queue::{self, SqsDoorbell, Unrung},
    sockets::{Gateway, NoGateway},
    system::{Argon2Passwords, NoPasswords, SystemClock, SystemEntropy},
    uses::Use,
    valkey::{ValkeyCache, iam::IamSignIn},
    venues::{
        NoVenues,
        feed::{NoFeeds, VenueFeeds, WebSocketFeeds},
        http_connector::HttpVenueConnector,
        signing::Signing,
    },
    webhook_sender::{HttpWebhookSender, NoWebhookSender},
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

/// 32 to 64 bytes in base64 from which every key is derived.
pub const TOKEN_SECRET: &str = "MARKET_TOKEN_SECRET";
/// The secret before it, while its tokens are still about; optional. `none` is none: templates
/// cannot leave a variable out.
pub const TOKEN_SECRET_PREVIOUS: &str = "MARKET_TOKEN_SECRET_PREVIOUS";
/// Who issues access tokens: the API's URL.
pub const TOKEN_ISSUER: &str = "MARKET_TOKEN_ISSUER";
/// Whom access tokens are for.
pub const TOKEN_AUDIENCE: &str = "MARKET_TOKEN_AUDIENCE";
/// What the tables' names begin with.
pub const TABLE_PREFIX: &str = "MARKET_TABLE_PREFIX";
/// Where the cache is, as in `rediss://user:password@host:6379`; optional.
pub const CACHE_URL: &str = "MARKET_CACHE_URL";
/// The cache's name; with it the function signs in by IAM. Optional.
pub const CACHE_NAME: &str = "MARKET_CACHE_NAME";
/// What the cache with this name is: `serverless` or `nodes`.
pub const CACHE_KIND: &str = "MARKET_CACHE_KIND";
/// Set, the cache's endpoint is asked for by its name. Only in a build with `cache-discovery`.
pub const CACHE_DISCOVER: &str = "MARKET_CACHE_DISCOVER";
/// Where ElastiCache's control plane is, if not at AWS.
pub const ELASTICACHE_ENDPOINT: &str = "AWS_ENDPOINT_URL_ELASTICACHE";
/// Where DynamoDB is, if not at AWS.
pub const DYNAMODB_ENDPOINT: &str = "AWS_ENDPOINT_URL_DYNAMODB";
/// The URL of the queue that wakes matchers; optional.
pub const MATCH_QUEUE_URL: &str = "MARKET_MATCH_QUEUE_URL";
/// The URL of the queue that keeps what no function can handle; optional.
pub const FAILURE_QUEUE_URL: &str = "MARKET_FAILURE_QUEUE_URL";
/// The URL of the queue that wakes whoever delivers events to webhooks; optional.
pub const WEBHOOK_QUEUE_URL: &str = "MARKET_WEBHOOK_QUEUE_URL";
/// The URL of the queue that wakes whoever sees to orders at external venues; optional.
pub const VENUE_QUEUE_URL: &str = "MARKET_VENUE_QUEUE_URL";
/// Where connections are managed, as in `https://{api}.execute-api.{region}.amazonaws.com/live`;
/// optional.
pub const SOCKETS_URL: &str = "MARKET_SOCKETS_URL";
/// Where SQS is, if not at AWS.
pub const SQS_ENDPOINT: &str = "AWS_ENDPOINT_URL_SQS";

#[expect(clippy::disallowed_methods, reason = "boot is the one place that may")]
pub(crate) fn read(name: &'static str) -> Option<String> {
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
    /// Wakes whoever sees to orders at external venues.
    pub placements: Arc<dyn PlacementQueue>,
    /// Keeps what no function can handle.
    pub dead_letters: Arc<dyn DeadLetters>,
    /// Where connections end.
    pub gateway: Arc<dyn Gateway>,
    /// Posts events to webhooks.
    pub webhook_sender: Arc<dyn WebhookSender>,
    /// Talks to external venues.
    pub venue_connector: Arc<dyn VenueConnector>,
    /// Opens the feeds of external venues.
    pub venue_feeds: Arc<dyn VenueFeeds>,
    /// Signs access tokens and seals everything else.
    pub access_tokens: AccessTokens,
    /// How much one caller may ask.
    pub quotas: Quotas,
    /// What an operator has set.
    pub settings: Settings,
}

impl Parts {
    /// What requests to venues are made and signed with.
    #[must_use]
    pub fn venue_signing(&self) -> Signing {
        Signing {
            reach: self.settings.webhooks,
            clock: Arc::clone(&self.clock),
            entropy: Arc::clone(&self.entropy),
            secrets: Arc::clone(&self.access_tokens.secrets),
        }
    }

    /// The context over these parts.
    #[must_use]
    pub fn context(self) -> Context {
        let market = Market::new(Ports {
            store: self.store,
            cache: self.cache,
            clock: self.clock,
            entropy: self.entropy,
            passwords: self.passwords,
            doorbell: self.doorbell,
            deliveries: self.deliveries,
            placements: self.placements,
            settings: self.settings,
        });
        let limiter = RateLimiter::new(self.quotas);
        Context {
            market,
            access_tokens: self.access_tokens,
            limiter,
            dead_letters: self.dead_letters,
            metrics: Arc::new(LoggedMetrics),
            gateway: self.gateway,
            webhook_sender: self.webhook_sender,
            venue_connector: self.venue_connector,
            venue_feeds: self.venue_feeds,
        }
    }
}

/// The context of a function that uses this, from its environment. What it does not use is not
/// there: it finds no cache, rings for nobody, hashes nothing. With it the store itself, to be
/// primed.
///
/// # Errors
/// [`BootFailed`] names the variable.
pub fn context(uses: &[Use]) -> Result<(Context, DynamoStore), BootFailed> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let prefix = require(TABLE_PREFIX)?;
    let metrics = Arc::new(EmbeddedMetrics::of(prefix.clone(), Arc::clone(&clock)));
    let tables = TableNames::prefixed(prefix);
    let store = DynamoStore::new(dynamo::connect(access(DYNAMODB_ENDPOINT)?), tables);
    let mut parts = Parts {
        store: Arc::new(store.clone()),
        cache: None,
        clock,
        entropy: Arc::new(SystemEntropy::default()),
        passwords: Arc::new(NoPasswords),
        doorbell: Arc::new(Unrung),
        deliveries: Arc::new(NoDeliveries),
        placements: Arc::new(NoPlacements),
        dead_letters: Arc::new(NoFailureQueue),
        gateway: Arc::new(NoGateway::default()),
        webhook_sender: Arc::new(NoWebhookSender),
        venue_connector: Arc::new(NoVenues),
        venue_feeds: Arc::new(NoFeeds),
        access_tokens: access_tokens()?,
        quotas: Quotas::default(),
        settings: Settings::default(),
    };
    for using in uses {
        (using.wire)(&mut parts)?;
    }
    Ok((Context { metrics, ..parts.context() }, store))
}

/// What signs and verifies access tokens, from the environment.
///
/// # Errors
/// [`BootFailed`] names the variable.
pub fn access_tokens() -> Result<AccessTokens, BootFailed> {
    let mut secrets = Secrets::from_base64(&require(TOKEN_SECRET)?)
        .map_err(|_| BootFailed::Invalid(TOKEN_SECRET))?;
    if let Some(previous) = read(TOKEN_SECRET_PREVIOUS).filter(|text| text != "none") {
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

pub(crate) fn wire_cache(parts: &mut Parts) -> Result<(), BootFailed> {
    let Some(url) = read(CACHE_URL) else { return Ok(()) };
    let cache = ValkeyCache::from_url(&url, Arc::clone(&parts.clock));
    let cache = cache.map_err(|_| BootFailed::Invalid(CACHE_URL))?;
    let cache = match read(CACHE_NAME) {
        Some(name) => signed_in(cache, &name)?,
        None => cache,
    };
    parts.cache = Some(Arc::new(cache));
    Ok(())
}

/// The cache as the role of this function.
fn signed_in(cache: ValkeyCache, name: &str) -> Result<ValkeyCache, BootFailed> {
    let sign_in = IamSignIn {
        cache: name.parse().map_err(|_| BootFailed::Invalid(CACHE_NAME))?,
        kind: require(CACHE_KIND)?.parse().map_err(|_| BootFailed::Invalid(CACHE_KIND))?,
        access: access(ELASTICACHE_ENDPOINT)?,
    };
    let cache = cache.with_iam(sign_in.clone()).map_err(|_| BootFailed::Invalid(CACHE_URL))?;
    discovering(cache, sign_in)
}

#[cfg(feature = "cache-discovery")]
fn discovering(cache: ValkeyCache, sign_in: IamSignIn) -> Result<ValkeyCache, BootFailed> {
    if read(CACHE_DISCOVER).is_none() {
        return Ok(cache);
    }
    let client = control_plane::connect(sign_in.access);
    let found = ControlPlane::new(client, sign_in.cache, sign_in.kind);
    Ok(cache.with_discovery(Arc::new(found)))
}

#[cfg(not(feature = "cache-discovery"))]
fn discovering(cache: ValkeyCache, _sign_in: IamSignIn) -> Result<ValkeyCache, BootFailed> {
    match read(CACHE_DISCOVER) {
        Some(_) => Err(BootFailed::Invalid(CACHE_DISCOVER)),
        None => Ok(cache),
    }
}

pub(crate) fn wire_doorbell(parts: &mut Parts) -> Result<(), BootFailed> {
    let Some(queue_url) = read(MATCH_QUEUE_URL) else {
        tracing::info!("{MATCH_QUEUE_URL} is not set: what is ordered waits for the next sweep");
        return Ok(());
    };
    let client = queue::connect(access(SQS_ENDPOINT)?);
    parts.doorbell = Arc::new(SqsDoorbell::new(client, queue_url));
    Ok(())
}

/// Without it nothing is delivered, and the sweep says so.
pub(crate) fn wire_deliveries(parts: &mut Parts) -> Result<(), BootFailed> {
    let Some(queue_url) = read(WEBHOOK_QUEUE_URL) else { return Ok(()) };
    let client = queue::connect(access(SQS_ENDPOINT)?);
    parts.deliveries = Arc::new(SqsDeliveries::new(client, queue_url));
    Ok(())
}

/// Without it no order is placed, and the sweep says so.
pub(crate) fn wire_placements(parts: &mut Parts) -> Result<(), BootFailed> {
    let Some(queue_url) = read(VENUE_QUEUE_URL) else { return Ok(()) };
    let client = queue::connect(access(SQS_ENDPOINT)?);
    parts.placements = Arc::new(SqsPlacements::new(client, queue_url));
    Ok(())
}

pub(crate) fn wire_dead_letters(parts: &mut Parts) -> Result<(), BootFailed> {
    let Some(queue_url) = read(FAILURE_QUEUE_URL) else { return Ok(()) };
    let client = queue::connect(access(SQS_ENDPOINT)?);
    parts.dead_letters = Arc::new(SqsDeadLetters::new(client, queue_url));
    Ok(())
}

pub(crate) fn wire_gateway(parts: &mut Parts) -> Result<(), BootFailed> {
    if read(SOCKETS_URL).is_some() {
        let client = management_api::connect(access(SOCKETS_URL)?);
        parts.gateway = Arc::new(ManagementGateway::new(client));
    }
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "wired as all others are")]
pub(crate) fn wire_passwords(parts: &mut Parts) -> Result<(), BootFailed> {
    parts.passwords = Arc::new(Argon2Passwords::new(PasswordHasher::STANDARD));
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "wired as all others are")]
pub(crate) fn wire_webhook_sender(parts: &mut Parts) -> Result<(), BootFailed> {
    let sender = HttpWebhookSender::new(parts.settings.webhooks, Arc::clone(&parts.clock));
    parts.webhook_sender = Arc::new(sender);
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "wired as all others are")]
pub(crate) fn wire_venue_connector(parts: &mut Parts) -> Result<(), BootFailed> {
    parts.venue_connector = Arc::new(HttpVenueConnector::new(parts.venue_signing()));
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "wired as all others are")]
pub(crate) fn wire_venue_feeds(parts: &mut Parts) -> Result<(), BootFailed> {
    parts.venue_feeds = Arc::new(WebSocketFeeds::new(parts.venue_signing()));
    Ok(())
}

/// The environment's credentials, for a service whose address a variable may name. They live as
/// long as the environment does, so they are read once.
fn access(endpoint: &'static str) -> Result<dynamo::Access, BootFailed> {
    Ok(dynamo::Access {
        access_key_id: require("AWS_ACCESS_KEY_ID")?,
        secret_access_key: require("AWS_SECRET_ACCESS_KEY")?.into(),
        session_token: read("AWS_SESSION_TOKEN").map(Into::into),
        region: require("AWS_REGION")?,
        endpoint: read(endpoint),
    })
}
