//! Posts to addresses that users name, and so to nobody but the public internet. What is posted
//! is not known here.

#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use app::ports::{Clock, WebhookSender};
use async_trait::async_trait;
use bytes::Bytes;
use domain::webhook::{Outcome, Reach, SendFailure, WebhookUrl};
use http::{Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{task::JoinSet, time::timeout};

use crate::{
    acting,
    outbound::{Dialer, NotReached, Stream, retry_after},
};

/// From the look-up of the host to the end of the answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The most that is posted. An event of ours has about 1 KB.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// The most of an answer's body that is read: enough to let a friendly receiver finish.
const ANSWER_BYTES_MAX: usize = 4 * 1024;
/// The most of an answer's headers that is read.
const HEAD_BYTES_MAX: usize = 16 * 1024;
const USER_AGENT: &str = "multiverse-market-webhooks/1";

/// Posts by HTTP/1.1. Knows no proxy and follows no redirection.
pub struct HttpWebhookSender {
    dialer: Dialer,
    clock: Arc<dyn Clock>,
    limit: Duration,
}

impl HttpWebhookSender {
    /// A sender that reaches so far, by the system's resolver and its roots of trust, which are
    /// read at the first use.
    #[must_use]
    pub fn new(reach: Reach, clock: Arc<dyn Clock>) -> Self {
        Self { dialer: Dialer::new(reach), clock, limit: TIMEOUT }
    }

    async fn exchange(
        &self,
        url: &WebhookUrl,
        headers: &[(&'static str, String)],
        body: &str,
    ) -> Result<Outcome, SendFailure> {
        if body.len() > BODY_BYTES_MAX {
            return Err(SendFailure::TooLarge);
        }
        let request = request(url, headers, body).ok_or(SendFailure::NoAnswer)?;
        let stream = self.dialer.dial(url).await.map_err(failure)?;
        self.answer(stream, request).await
    }

    async fn answer(
        &self,
        stream: Box<dyn Stream>,
        request: Request<Full<Bytes>>,
    ) -> Result<Outcome, SendFailure> {
        let no_answer = |error: hyper::Error| {
            tracing::info!(%error, "no answer of a webhook's receiver");
            SendFailure::NoAnswer
        };
        let client = http1::Builder::new().max_buf_size(HEAD_BYTES_MAX).clone();
        let (mut sender, connection) =
            client.handshake(TokioIo::new(stream)).await.map_err(no_answer)?;
        // It ends with this call: whoever drops a set ends its tasks.
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        let response = sender.send_request(request).await.map_err(no_answer)?;
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers(), self.clock.now());
        drain(response).await;
        Ok(Outcome::Answered { status, retry_after })
    }
}

#[async_trait]
impl WebhookSender for HttpWebhookSender {
    async fn post(
        &self,
        url: &WebhookUrl,
        headers: &[(&'static str, String)],
        body: &str,
    ) -> Outcome {
        match timeout(self.limit, self.exchange(url, headers, body)).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(failure)) => Outcome::Failed(failure),
            Err(_) => Outcome::Failed(SendFailure::TimedOut),
        }
    }
}

fn request(
    url: &WebhookUrl,
    headers: &[(&'static str, String)],
    body: &str,
) -> Option<Request<Full<Bytes>>> {
    let mut request = Request::post(url.target())
        .header(header::HOST, url.authority())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::CONNECTION, "close");
    for (name, text) in headers {
        request = request.header(*name, text);
    }
    if let Some(origin) = acting::current().and_then(|acting| acting.origin) {
        request = request.header("traceparent", origin.trace.to_string());
    }
    request.body(Full::new(Bytes::from(body.to_owned()))).ok()
}

fn failure(why: NotReached) -> SendFailure {
    match why {
        NotReached::Forbidden => SendFailure::AddressRefused,
        NotReached::Unresolved => SendFailure::Unresolved,
        NotReached::Unreachable => SendFailure::Unreachable,
        NotReached::Tls => SendFailure::Tls,
    }
}

/// Reads some of a body, and nothing of it.
async fn drain(response: Response<Incoming>) {
    let mut body = response.into_body();
    let mut seen = 0_usize;
    while seen < ANSWER_BYTES_MAX
        && let Some(Ok(frame)) = body.frame().await
    {
        seen = seen.saturating_add(frame.data_ref().map_or(0, Bytes::len));
    }
}

/// Posts nothing.
pub struct NoWebhookSender;

#[async_trait]
impl WebhookSender for NoWebhookSender {
    async fn post(
        &self,
        _url: &WebhookUrl,
        _headers: &[(&'static str, String)],
        _body: &str,
    ) -> Outcome {
        Outcome::Failed(SendFailure::NoAnswer)
    }
}
