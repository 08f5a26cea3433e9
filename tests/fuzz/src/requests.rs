//! Requests to all endpoints, as bytes: whatever they are, there is an answer that a client can
//! act on, money is neither made nor lost, and what was refused has left nothing behind.

mod script;

use std::sync::OnceLock;

use bytes::Bytes;
use edge::{
    dispatch::{Source, path_parameters},
    endpoint::{Endpoint, Idempotency, Method},
    router::Router,
};
use functions::ENDPOINTS;
use http::{Request, Response, StatusCode, header};
use serde_json::Value;

use crate::floor::{Floor, now};
use script::{Said, Script};

/// More than that is slow, and finds nothing that fewer do not.
const REQUESTS_MAX: usize = 6;

/// Codes of problems that are found before anything is written, whatever the endpoint.
const FOUND_FIRST: [&str; 10] = [
    "authentication_required",
    "body_too_large",
    "idempotency_key_invalid",
    "idempotency_key_missing",
    "insufficient_scope",
    "invalid_token",
    "malformed_body",
    "method_not_allowed",
    "path_not_found",
    "validation_failed",
];

/// A few requests, one after the other, as `script` reads them.
pub fn requests(data: &[u8]) {
    play(data, |_, _| {});
}

/// What the requests in the bytes are answered: the stem of each endpoint, and the status.
#[must_use]
pub fn answers(data: &[u8]) -> Vec<(&'static str, u16)> {
    let mut answers = Vec::new();
    play(data, |endpoint, status| {
        answers.extend(endpoint.map(|endpoint| (endpoint.stem, status)));
    });
    answers
}

fn play(data: &[u8], mut answered: impl FnMut(Option<&'static Endpoint>, u16)) {
    let mut script = Script::new(Floor::open());
    let mut state = script.floor.state();
    for text in script::requests_of(data).take(REQUESTS_MAX) {
        let Some(said) = script.read(text) else { continue };
        let endpoint = endpoint_of(&said.request);
        let answer = send(&script.floor, &said.request);
        answered(endpoint, answer.status().as_u16());
        let before = std::mem::replace(&mut state, script.floor.state());
        let promised = Promised { said: &said, endpoint, answer: &answer };
        promised.shape();
        promised.nothing_is_left_behind(before == state);
        if promised.can_be_sent_again() {
            let again = send(&script.floor, &said.request);
            promised.same(&again);
            assert_eq!(script.floor.state(), state, "a replay has an effect: {said:?}");
        }
        script.floor.match_orders();
        script.floor.follow_streams();
        script.floor.is_conserved();
        state = script.floor.state();
        script.heard(&answer);
    }
}

fn router() -> &'static Router {
    static ROUTER: OnceLock<Router> = OnceLock::new();
    ROUTER.get_or_init(|| Router::new(ENDPOINTS).expect("routable"))
}

fn endpoint_of(request: &Request<Bytes>) -> Option<&'static Endpoint> {
    let (method, path) = (request.method().as_str(), request.uri().path());
    // A fixed path goes before one with a parameter, as in the router.
    let fits = |endpoint: &&&'static Endpoint| {
        endpoint.method.as_str() == method && path_parameters(endpoint, path).is_some()
    };
    let all = ENDPOINTS.iter().filter(fits).copied();
    all.min_by_key(|endpoint| path_parameters(endpoint, path).map_or(0, |named| named.len()))
}

fn send(floor: &Floor, request: &Request<Bytes>) -> Response<Bytes> {
    let mut copy = Request::new(request.body().clone());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    copy.extensions_mut().insert(Source("192.0.2.1".to_owned()));
    now(router().answer(&floor.context, copy))
}

/// A request and its answer.
struct Promised<'a> {
    said: &'a Said,
    endpoint: Option<&'static Endpoint>,
    answer: &'a Response<Bytes>,
}

impl Promised<'_> {
    fn status(&self) -> StatusCode {
        self.answer.status()
    }

    fn header(&self, name: header::HeaderName) -> &str {
        let value = self.answer.headers().get(name);
        value.and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn body(&self) -> Option<Value> {
        serde_json::from_slice(self.answer.body()).ok()
    }

    /// What is no success is a problem that says whether to try again; what claims to be JSON is.
    fn shape(&self) {
        let (status, said) = (self.status(), self.said);
        let kind = self.header(header::CONTENT_TYPE);
        assert!(!self.header("x-request-id".parse().expect("a name")).is_empty(), "{said:?}");
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            let json = kind.starts_with("application/json") && !self.answer.body().is_empty();
            assert!(!json || self.is_pressed() || self.body().is_some(), "no JSON: {said:?}");
            return;
        }
        // A page may be elsewhere.
        if status.is_redirection() {
            assert!(self.answer.headers().contains_key(header::LOCATION), "{said:?}");
            return;
        }
        let body = self.body().unwrap_or_else(|| panic!("{status} is no JSON: {said:?}"));
        assert!(status.is_client_error() || status.as_u16() == 503, "{said:?}: {body}");
        let own = self.endpoint.is_some_and(|endpoint| endpoint.failure.is_some());
        if own && kind == "application/json" {
            return;
        }
        assert_eq!(kind, "application/problem+json", "{said:?}");
        assert_eq!(body["status"], status.as_u16(), "{said:?}: {body}");
        for text in ["type", "title", "code", "detail", "request_id"] {
            assert!(body[text].as_str().is_some_and(|text| !text.is_empty()), "{said:?}: {body}");
        }
        let retryable = body["retryable"].as_bool().expect("says whether to try again");
        assert!(retryable || status.is_client_error(), "final, and not refused: {body}");
        let names_it = |error: &Value| {
            ["pointer", "code", "detail"].iter().all(|name| error[name].is_string())
        };
        let errors = body["errors"].as_array().is_none_or(|errors| errors.iter().all(names_it));
        assert!(errors, "{said:?}: {body}");
    }

    fn is_pressed(&self) -> bool {
        self.answer.headers().contains_key(header::CONTENT_ENCODING)
    }

    fn code(&self) -> String {
        let body = self.body();
        body.and_then(|body| body["code"].as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Neither by a request that asks nothing nor by one that was refused for its form.
    fn nothing_is_left_behind(&self, unchanged: bool) {
        let reads = self.endpoint.is_none_or(|endpoint| endpoint.method == Method::Get);
        let refused = self.status().is_client_error() && FOUND_FIRST.contains(&&*self.code());
        assert!(unchanged || !(reads || refused), "{} {:?}", self.status(), self.said);
    }

    /// A key makes it the same request.
    fn can_be_sent_again(&self) -> bool {
        let takes = self.endpoint.is_some_and(|one| one.idempotency != Idempotency::None);
        let has = self.said.request.headers().contains_key("idempotency-key");
        takes && has && self.status().as_u16() < 500
    }

    /// The same status; and the same body, but for the request's own id in a problem (I7).
    fn same(&self, again: &Response<Bytes>) {
        let said = self.said;
        assert_eq!(again.status(), self.status(), "{said:?}: {:?}", again.body());
        if self.status().is_success() {
            assert_eq!(again.body(), self.answer.body(), "{said:?}");
        }
        let again = Promised { said, endpoint: self.endpoint, answer: again };
        assert_eq!(again.code(), self.code(), "{said:?}");
    }
}
