//! Requests to venues over HTTP/1.1, each answered or given up within five seconds, and what
//! their answers mean (docs/VENUES.md). When an order is placed, and what follows from an answer,
//! is not decided here.

#[cfg(test)]
mod tests;

use std::time::Duration;

use app::ports::VenueConnector;
use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    time::Timestamp,
    venue::{SendFailure, Venue, VenueAnswer, VenueOrder},
};
use http::{Method, Request, header};
use http_body_util::Full;
use tokio::time::{Instant, timeout_at};

use super::{
    not_sent,
    pool::{Connection, Lost, Pool, Response},
    signing::{Addressed, Signing},
    wire,
};
use crate::outbound::{Dialer, retry_after};

/// From the look-up of the host to the end of the answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Talks to venues by HTTP/1.1, over connections that it keeps for the next request. Knows no
/// proxy and follows no redirection.
pub struct HttpVenueConnector {
    signing: Signing,
    dialer: Dialer,
    pool: Pool,
    limit: Duration,
}

/// What a venue is asked.
struct Question {
    method: Method,
    path: String,
    body: Vec<u8>,
    /// As of when it is signed.
    at: Timestamp,
}

impl Question {
    /// Whether it comes to the same when it is asked twice.
    fn is_repeatable(&self) -> bool {
        self.method != Method::POST
    }
}

impl HttpVenueConnector {
    /// One that signs so. Nothing is opened before the first use.
    #[must_use]
    pub fn new(signing: Signing) -> Self {
        let dialer = Dialer::new(signing.reach);
        Self { signing, dialer, pool: Pool::default(), limit: TIMEOUT }
    }

    /// A question about an order that the venue may have.
    fn about(&self, method: Method, order: &VenueOrder) -> Question {
        let path = format!("/orders/{}", order.terms.id);
        Question { method, path, body: Vec::new(), at: self.signing.clock.now() }
    }

    async fn ask(&self, venue: &Venue, order: &VenueOrder, question: Question) -> VenueAnswer {
        let answer = match self.exchange(venue, &question).await {
            Ok(response) => self.read(&question, order, &response),
            Err(failure) => VenueAnswer::Failed(failure),
        };
        if answer.is_trouble() {
            let (venue, id) = (venue.id, order.terms.id);
            let (method, outcome) = (question.method.as_str(), answer.outcome());
            tracing::info!(%venue, order = %id, method, %outcome, "no good answer of a venue's");
        }
        answer
    }

    #[expect(clippy::disallowed_methods, reason = "a socket's deadline, by the reactor's time")]
    async fn exchange(&self, venue: &Venue, question: &Question) -> Result<Response, SendFailure> {
        let deadline = Instant::now() + self.limit;
        let to = self.signing.address(venue, &question.path)?;
        let host = format!("{} {}", to.url.is_tls(), to.url.authority());
        let mut kept = self.pool.take(&host, self.signing.clock.now());
        loop {
            let is_kept = kept.is_some();
            let mut connection = match kept.take() {
                Some(connection) => connection,
                None => self.connect(&to, deadline).await?,
            };
            let request = self.request(&to, question).ok_or(SendFailure::Unsigned)?;
            match timeout_at(deadline, connection.ask(request)).await {
                Ok(Ok(response)) => {
                    self.pool.put(&host, connection, self.signing.clock.now());
                    return Ok(response);
                }
                // The venue may just have closed it. What it is asked again is signed anew.
                Ok(Err(_)) if is_kept && question.is_repeatable() => {}
                Ok(Err(Lost::Unsent)) => return Err(SendFailure::Unreachable),
                Ok(Err(Lost::Broken)) => return Err(SendFailure::NoAnswer),
                Err(_) => return Err(SendFailure::TimedOut),
            }
        }
    }

    /// Whatever goes wrong here, nothing has been sent.
    async fn connect(&self, to: &Addressed, deadline: Instant) -> Result<Connection, SendFailure> {
        let connected = timeout_at(deadline, async {
            let stream = self.dialer.dial(&to.url).await.map_err(not_sent)?;
            Connection::over(stream).await.map_err(|_| SendFailure::Unreachable)
        });
        connected.await.map_err(|_| SendFailure::Unreachable)?
    }

    fn request(&self, to: &Addressed, question: &Question) -> Option<Request<Full<Bytes>>> {
        let Question { method, body, at, .. } = question;
        let mut request = Request::builder().method(method).uri(to.url.target());
        for (name, text) in self.signing.headers(to, *at, method.as_str(), body) {
            request = request.header(name, text);
        }
        request = request.header(header::ACCEPT, "application/json");
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        request.body(Full::new(Bytes::from(body.clone()))).ok()
    }

    /// What a venue's answer means.
    fn read(&self, question: &Question, order: &VenueOrder, response: &Response) -> VenueAnswer {
        let places = question.method == Method::POST;
        let retry_after = || retry_after(&response.headers, self.signing.clock.now());
        match response.status {
            200 => known(order, response),
            201 if places => known(order, response),
            404 if !places => VenueAnswer::Unknown,
            status @ (400 | 404 | 409 | 410 | 413 | 415 | 422) => VenueAnswer::Refused { status },
            429 => VenueAnswer::Busy { retry_after: retry_after() },
            status => VenueAnswer::Broken { status, retry_after: retry_after() },
        }
    }
}

fn known(order: &VenueOrder, response: &Response) -> VenueAnswer {
    match wire::state(&response.body, order) {
        Ok(state) => VenueAnswer::Known(state),
        Err(problem) => {
            let (order, detail) = (order.terms.id, problem.detail);
            tracing::warn!(%order, detail, "a venue's answer is not as agreed");
            VenueAnswer::Failed(SendFailure::NoAnswer)
        }
    }
}

#[async_trait]
impl VenueConnector for HttpVenueConnector {
    /// Signed as of when the attempt began: however long it takes to get this far, what the
    /// venue has not taken by the time that it should be certain, it refuses.
    async fn place(&self, venue: &Venue, order: &VenueOrder) -> VenueAnswer {
        let now = self.signing.clock.now();
        let at = order.unclear.map_or(now, |unclear| unclear.since.min(now));
        let (method, body) = (Method::POST, wire::order_json(order));
        let question = Question { method, path: "/orders".to_owned(), body, at };
        self.ask(venue, order, question).await
    }

    async fn find(&self, venue: &Venue, order: &VenueOrder) -> VenueAnswer {
        self.ask(venue, order, self.about(Method::GET, order)).await
    }

    async fn cancel(&self, venue: &Venue, order: &VenueOrder) -> VenueAnswer {
        self.ask(venue, order, self.about(Method::DELETE, order)).await
    }
}
