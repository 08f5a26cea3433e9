//! Reports on their way to the market, each until it is received. What they say is not looked at.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::{sync::Semaphore, time};

use crate::{
    exchange::{Outgoing, Sent},
    signature::{Secret, Signed},
    wire::Currency,
};

use super::hall::Hall;

/// How many are on their way at once.
const AT_ONCE: usize = 64;
/// How long the market may take.
const PATIENCE: Duration = Duration::from_secs(5);
const WAIT_MIN: Duration = Duration::from_millis(200);
const WAIT_MAX: Duration = Duration::from_secs(5);

/// Takes reports to the market.
#[derive(Clone)]
pub(super) struct Courier {
    hall: Arc<Hall>,
    secret: Secret,
    currency: Currency,
    url: Arc<str>,
    target: Arc<str>,
    client: Client<HttpConnector, Full<Bytes>>,
    turns: Arc<Semaphore>,
    random: SystemRandom,
}

impl Courier {
    pub(super) fn new(
        hall: &Arc<Hall>,
        secret: &Secret,
        currency: &Currency,
        market: &str,
        venue: &str,
    ) -> Self {
        let target = format!("/api/v1/venues/{venue}/reports");
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let mut builder = Client::builder(TokioExecutor::new());
        let client = builder.pool_timer(TokioTimer::new()).build(connector);
        Self {
            hall: Arc::clone(hall),
            secret: secret.clone(),
            currency: currency.clone(),
            url: format!("{}{target}", market.trim_end_matches('/')).into(),
            target: target.into(),
            client,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            random: SystemRandom::new(),
        }
    }

    /// Sends a report until the market has it, or says that there is no such order.
    pub(super) async fn deliver(self, outgoing: Outgoing) {
        let body = Bytes::from(self.currency.report(outgoing.report));
        let mut wait = WAIT_MIN;
        loop {
            let answered = {
                // Nobody closes the semaphore, so it is always a turn.
                let _turn = self.turns.acquire().await;
                time::timeout(PATIENCE, self.send(&body)).await.ok().flatten()
            };
            match answered {
                Some(status) if status.is_success() || status == StatusCode::NOT_FOUND => return,
                Some(status) => tracing::debug!(%status, "a report is sent again"),
                None => tracing::debug!("a report is sent again"),
            }
            time::sleep(wait).await;
            wait = wait.saturating_mul(2).min(WAIT_MAX);
        }
    }

    async fn send(&self, body: &Bytes) -> Option<StatusCode> {
        let mut nonce = [0; 16];
        self.random.fill(&mut nonce).ok()?;
        let sent = Sent { at: self.hall.now(), nonce: u128::from_be_bytes(nonce) };
        let signed = Signed { method: "POST", target: &self.target, body };
        let mut request =
            Request::post(&*self.url).header(header::CONTENT_TYPE, "application/json");
        for (name, value) in self.secret.headers(sent, signed) {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body.clone())).ok()?;
        let response = self.client.request(request).await.ok()?;
        Some(response.status())
    }
}
