//! Waiting between two tries, as the client itself waits: so also in a simulation's time.

use std::time::Duration;

use aws_sdk_dynamodb::{Client, config::AsyncSleep};

/// Waits this long, by whatever the client was given to wait by.
pub(crate) async fn wait(client: &Client, pause: Duration) {
    if let Some(sleep) = client.config().sleep_impl() {
        sleep.sleep(pause).await;
    }
}
