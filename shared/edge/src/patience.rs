//! How long a call of ours to an AWS service may take, and how often it is tried: for calls that
//! something else makes good for, so that nobody waits for them long.

use std::time::Duration;

use aws_sdk_sqs::config::{retry::RetryConfig, timeout::TimeoutConfig};

const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(2);
const ATTEMPTS_MAX: u32 = 2;
/// The most that lies between them, so that the second has most of a second left.
const BACKOFF: Duration = Duration::from_millis(50);

/// A second for each attempt, two in all.
pub(crate) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

/// Two attempts.
pub(crate) fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX).with_initial_backoff(BACKOFF)
}
