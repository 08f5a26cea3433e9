//! From the command line to clients of services: credentials of profile, environment or SSO, and
//! the names that a stack's outputs give. All of it over one HTTPS client.

use std::{collections::BTreeMap, time::Duration};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::config::Credentials;
use dynamo::TableNames;

use crate::{
    arguments::Place,
    failure::{Failure, service},
};

const ATTEMPTS_MAX: u32 = 4;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(40);

/// Names under which a stack says where things are; see the outputs of template.yaml.
pub mod outputs {
    /// What all names begin with.
    pub const MARKET: &str = "Market";
    /// The secret with the keys.
    pub const SECRET: &str = "SecretArn";
    /// The cache's name.
    pub const CACHE_NAME: &str = "CacheName";
    /// `serverless` or `nodes`.
    pub const CACHE_KIND: &str = "CacheKind";
    /// `rediss://{user}@{host}:{port}`.
    pub const CACHE_URL: &str = "CacheUrl";
    /// The doorbells of matchers.
    pub const MATCH_QUEUE: &str = "MatchQueueUrl";
    /// Doorbells that nobody could answer.
    pub const MATCH_DEAD_LETTERS: &str = "MatchDeadLetterQueueUrl";
    /// Deliveries to webhooks.
    pub const WEBHOOK_QUEUE: &str = "WebhookQueueUrl";
    /// Deliveries that nobody could see to.
    pub const WEBHOOK_DEAD_LETTERS: &str = "WebhookDeadLetterQueueUrl";
    /// Tasks about orders at venues.
    pub const VENUE_QUEUE: &str = "VenueQueueUrl";
    /// Tasks that nobody could see to.
    pub const VENUE_DEAD_LETTERS: &str = "VenueDeadLetterQueueUrl";
    /// Records that no function could handle.
    pub const FAILURE_QUEUE: &str = "FailureQueueUrl";
}

/// Clients of all services, and where things are.
#[derive(Debug, Clone)]
pub struct Session {
    /// What all names begin with.
    pub market: String,
    /// The tables.
    pub tables: TableNames,
    /// What the stack, or the command line, says.
    pub outputs: BTreeMap<String, String>,
    /// DynamoDB.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// SQS.
    pub sqs: aws_sdk_sqs::Client,
    /// CloudWatch.
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    /// Secrets Manager.
    pub secrets: aws_sdk_secretsmanager::Client,
    /// ElastiCache, as far as clusters are described.
    pub elasticache: aws_sdk_elasticache::Client,
}

impl Session {
    /// Opens clients, and reads the stack's outputs if a stack is named.
    ///
    /// # Errors
    /// The stack cannot be read, or nothing says which market.
    pub async fn open(place: &Place) -> Result<Self, Failure> {
        let config = config(place).await;
        let mut outputs = BTreeMap::new();
        if let Some(stack) = &place.stack {
            outputs = stack_outputs(&config, stack).await?;
        }
        outputs.extend(place.outputs.iter().cloned());
        let market = place.market.clone().or_else(|| outputs.get(outputs::MARKET).cloned());
        let market = market
            .ok_or_else(|| Failure::refused("which market? Say --stack NAME or --market PREFIX"))?;
        Ok(Self::over(&config, market, outputs))
    }

    /// Clients over this configuration.
    #[must_use]
    pub fn over(config: &SdkConfig, market: String, outputs: BTreeMap<String, String>) -> Self {
        Self {
            tables: TableNames::prefixed(market.clone()),
            market,
            outputs,
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(config),
            secrets: aws_sdk_secretsmanager::Client::new(config),
            elasticache: aws_sdk_elasticache::Client::new(config),
        }
    }

    /// An output that is there and not empty.
    #[must_use]
    pub fn output(&self, name: &str) -> Option<&str> {
        self.outputs.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// An output that a command cannot do without.
    ///
    /// # Errors
    /// It names the output.
    pub fn needs(&self, name: &'static str) -> Result<&str, Failure> {
        self.output(name).ok_or_else(|| {
            Failure::refused(format!("nothing says {name}: --stack NAME or --output {name}=…"))
        })
    }
}

async fn config(place: &Place) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(dynamo::https_client())
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX));
    if let Some(profile) = &place.profile {
        loader = loader.profile_name(profile);
    }
    let mut region = place.region.clone();
    if let Some(endpoint) = &place.endpoint {
        let local = Credentials::new("local", "local", None, None, "emulator");
        loader = loader.endpoint_url(endpoint).credentials_provider(local);
        region = region.or_else(|| Some("us-east-1".to_owned()));
    }
    if let Some(region) = region {
        loader = loader.region(Region::new(region));
    }
    loader.load().await
}

async fn stack_outputs(
    config: &SdkConfig,
    stack: &str,
) -> Result<BTreeMap<String, String>, Failure> {
    let client = aws_sdk_cloudformation::Client::new(config);
    let described = client.describe_stacks().stack_name(stack).send().await;
    let described = described.map_err(service("the stack cannot be read"))?;
    let outputs = described.stacks.unwrap_or_default().into_iter().next();
    let outputs = outputs.and_then(|stack| stack.outputs).unwrap_or_default();
    Ok(outputs.into_iter().filter_map(|it| Some((it.output_key?, it.output_value?))).collect())
}
