//! An HTTP client that gets an answer: what may yet succeed is asked again with the same key.
//! What is asked, it does not know.

#[cfg(test)]
mod tests;

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client as Pool, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::DemoError;

/// How long one try may take.
const TRY_TIMEOUT: Duration = Duration::from_secs(10);
/// How often something is asked before it is given up: with the pauses at least 12 s.
const TRIES_MAX: u32 = 10;
/// The first pause; doubled after each further try, unless the answer says how long it is.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// No answer's wish for a longer pause than a quota's window is heeded.
const PAUSE_WISHED_MAX_S: u64 = 60;

/// A request. Without a key it must be one that may be carried out twice.
#[derive(Debug, Clone)]
pub(crate) struct Asking<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) token: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
    pub(crate) body: Option<Value>,
}

impl<'a> Asking<'a> {
    /// A request of anyone's, for nothing but an answer.
    pub(crate) fn get(path: &'a str) -> Self {
        Self { method: Method::GET, path, token: None, key: None, body: None }
    }

    fn request(&self, url: &str) -> Result<Request<Full<Bytes>>, http::Error> {
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(format!("{url}{}", self.path))
            .header(header::ACCEPT, "application/json");
        if let Some(token) = self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(key) = self.key {
            request = request.header("idempotency-key", key);
        }
        let body = match &self.body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Bytes::from(body.to_string())
            }
            None => Bytes::new(),
        };
        request.body(Full::new(body))
    }
}

/// What was answered in the end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    body: Bytes,
    /// How long to wait before it is asked again, in seconds.
    retry_after_s: Option<u64>,
}

/// The parts of a problem that decide what is done about it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ProblemBody {
    code: String,
    detail: String,
    retryable: bool,
}

impl Answer {
    fn problem(&self) -> ProblemBody {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Whether the same request may yet have another answer.
    fn passes(&self) -> bool {
        matches!(self.status, 429 | 502 | 503 | 504)
            || !self.succeeded() && self.problem().retryable
    }

    pub(crate) fn succeeded(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Why it was refused, for programs.
    pub(crate) fn code(&self) -> String {
        self.problem().code
    }

    /// What was answered, if it is no refusal.
    pub(crate) fn read<T: DeserializeOwned>(&self, what: &str) -> Result<T, DemoError> {
        if !self.succeeded() {
            return Err(self.refused(what));
        }
        serde_json::from_slice(&self.body)
            .map_err(|source| DemoError::NotUnderstood { what: what.to_owned(), source })
    }

    /// The refusal that it is.
    pub(crate) fn refused(&self, what: &str) -> DemoError {
        let ProblemBody { code, detail, .. } = self.problem();
        DemoError::Refused { what: what.to_owned(), status: self.status, code, detail }
    }
}

/// Why a try had no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// The connection failed.
    #[error(transparent)]
    Connection(#[from] hyper_util::client::legacy::Error),
    /// The answer ended too early.
    #[error("the answer was cut short")]
    CutShort(#[source] hyper::Error),
    /// It took too long.
    #[error("no answer within {} s", TRY_TIMEOUT.as_secs())]
    TooLate,
    /// The address and the path make no URL.
    #[error("the address is malformed")]
    Malformed(#[from] http::Error),
    /// Every answer was that it may yet succeed.
    #[error("the market was too busy: status {0}")]
    Busy(u16),
}

/// A client of one market. Clones share its connections.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pool: Pool<HttpConnector, Full<Bytes>>,
    url: String,
}

impl Client {
    /// A client of the market at an address such as `http://localhost:8000`.
    pub(crate) fn new(url: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let pool = Pool::builder(TokioExecutor::new()).build(connector);
        Self { pool, url: url.trim_end_matches('/').to_owned() }
    }

    /// Asks once, whatever comes of it: is anyone there?
    pub(crate) async fn knock(&self) -> Result<(), DemoError> {
        let asked = self.ask_once(&Asking::get("/health")).await;
        let at = |source| DemoError::Nobody { url: self.url.clone(), source };
        asked.map(|_| ()).map_err(at)
    }

    /// Asks until there is an answer that stays.
    pub(crate) async fn ask(&self, asking: &Asking<'_>) -> Result<Answer, DemoError> {
        let mut pause = PAUSE_MIN;
        let mut tries = 1;
        loop {
            let (wished_s, failure) = match self.ask_once(asking).await {
                Ok(answer) if answer.passes() => {
                    (answer.retry_after_s, NoAnswer::Busy(answer.status))
                }
                Ok(answer) => return Ok(answer),
                Err(failure) => (None, failure),
            };
            if tries == TRIES_MAX {
                let what = format!("{} {}", asking.method, asking.path);
                return Err(DemoError::GivenUp { what, tries, source: failure });
            }
            tracing::debug!(path = asking.path, %failure, "asked again");
            let wished = wished_s.map(|wait| Duration::from_secs(wait.min(PAUSE_WISHED_MAX_S)));
            tokio::time::sleep(wished.unwrap_or(pause)).await;
            pause = pause.saturating_mul(2).min(PAUSE_MAX);
            tries += 1;
        }
    }

    async fn ask_once(&self, asking: &Asking<'_>) -> Result<Answer, NoAnswer> {
        let answered = async {
            let response = self.pool.request(asking.request(&self.url)?).await?;
            let status = response.status().as_u16();
            let wish = response.headers().get(header::RETRY_AFTER);
            let wish = wish.and_then(|wish| wish.to_str().ok()?.trim().parse().ok());
            let body = response.into_body().collect().await.map_err(NoAnswer::CutShort)?;
            Ok(Answer { status, body: body.to_bytes(), retry_after_s: wish })
        };
        tokio::time::timeout(TRY_TIMEOUT, answered).await.unwrap_or(Err(NoAnswer::TooLate))
    }
}
