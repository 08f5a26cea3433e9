//! Requests that tests make up, and what comes back. What they ask for, the tests know.

use bytes::Bytes;
use edge::dispatch::Source;
use serde_json::Value;

use crate::{Caller, venues::Signature};

/// A request that a test makes up.
#[derive(Debug, Clone)]
pub struct Ask {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Bytes,
    signature: Option<Signature>,
}

impl Ask {
    /// A request with any method.
    #[must_use]
    pub fn new(method: &'static str, path: &str) -> Self {
        let path = path.to_owned();
        Self { method, path, headers: Vec::new(), body: Bytes::new(), signature: None }
    }

    /// A GET request.
    #[must_use]
    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// A POST request.
    #[must_use]
    pub fn post(path: &str) -> Self {
        Self::new("POST", path)
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a caller's access token.
    #[must_use]
    pub fn by(self, caller: &Caller) -> Self {
        self.bearer(&caller.token)
    }

    /// With any text as access token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With an idempotency key.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.raw(body.to_string())
    }

    /// With any bytes as body.
    #[must_use]
    pub fn raw(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Signed as a venue signs, over whatever body it has in the end.
    #[must_use]
    pub fn signed(self, signature: Signature) -> Self {
        Self { signature: Some(signature), ..self }
    }

    pub(crate) fn into_request(mut self) -> http::Request<Bytes> {
        if let Some(signature) = self.signature.take() {
            self.headers.extend(signature.headers(self.method, &self.path, &self.body));
        }
        let mut request = http::Request::builder().method(self.method).uri(self.path);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let mut request = request.body(self.body).expect("a request that HTTP allows");
        request.extensions_mut().insert(Source("192.0.2.1".to_owned()));
        request
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body.
    pub bytes: Bytes,
    /// The body as JSON; null if it is none.
    pub body: Value,
}

impl Answered {
    /// Fails unless it has this status.
    #[track_caller]
    pub fn expect_status(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self
    }

    /// Fails unless it is a problem with this status and code, in the one shape of problems.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) -> &Self {
        self.expect_status(status);
        assert_eq!(self.text("/code"), code, "{}", self.body);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.body["status"], status);
        assert!(self.body["retryable"].is_boolean() && self.body["request_id"].is_string());
        self
    }

    /// The text or number at a pointer, as in `/data/0/id`.
    #[must_use]
    #[track_caller]
    pub fn text(&self, pointer: &str) -> String {
        match self.body.pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => panic!("nothing at {pointer} in {}", self.body),
        }
    }

    /// A header's text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
