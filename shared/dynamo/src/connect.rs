//! A client for DynamoDB over HTTPS, and what other services' clients share with it.
//! Where the credentials come from is not known here.

use std::time::Duration;

use aws_sdk_dynamodb::{
    Client,
    config::{
        BehaviorVersion, Config, Credentials, Region, retry::RetryConfig, timeout::TimeoutConfig,
    },
};
use secrecy::{ExposeSecret, SecretString};

use crate::https::https_client;

const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(3);
/// The SDK alone retries transport errors and throttles; conflicts are the use cases' own.
const ATTEMPTS_MAX: u32 = 3;

/// What signs requests, and where they go.
#[derive(Clone)]
pub struct Access {
    /// The access key's id.
    pub access_key_id: String,
    /// The access key's secret.
    pub secret_access_key: SecretString,
    /// The session's token, for temporary keys.
    pub session_token: Option<SecretString>,
    /// The region, as in `eu-central-1`.
    pub region: String,
    /// The address, if it is not AWS's own.
    pub endpoint: Option<String>,
}

impl Access {
    /// To an emulator at this address, which checks no key.
    #[must_use]
    pub fn emulator(endpoint: &str) -> Self {
        Self {
            access_key_id: "local".to_owned(),
            secret_access_key: "local".into(),
            session_token: None,
            region: "us-east-1".to_owned(),
            endpoint: Some(endpoint.to_owned()),
        }
    }

    /// What signs requests.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        Credentials::new(
            &*self.access_key_id,
            self.secret_access_key.expose_secret(),
            self.session_token.as_ref().map(|token| token.expose_secret().to_owned()),
            None,
            "configured",
        )
    }
}

/// A client over [`https_client`].
#[must_use]
pub fn connect(access: Access) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .credentials_provider(access.credentials())
        .region(Region::new(access.region))
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX))
        .http_client(https_client());
    if let Some(endpoint) = access.endpoint {
        config = config.endpoint_url(endpoint);
    }
    Client::from_conf(config.build())
}
