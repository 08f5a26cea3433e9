//! Services that answer from a script: what a request's operation is, and what it is told.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::body::SdkBody;

/// Answers requests by their operation; remembers what was asked.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    answers: Vec<(&'static str, u16, String)>,
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

impl Script {
    /// The answer to each operation: the first that was not given yet, the last one for ever.
    pub(crate) fn of(answers: &[(&'static str, u16, &str)]) -> Self {
        let answers =
            answers.iter().map(|(name, status, body)| (*name, *status, (*body).to_owned()));
        Self { answers: answers.collect(), asked: Arc::default() }
    }

    pub(crate) fn client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    /// The bodies of all requests of an operation.
    pub(crate) fn asked(&self, operation: &str) -> Vec<String> {
        let asked = self.asked.lock().expect("no panic");
        asked.iter().filter(|(name, _)| name == operation).map(|(_, body)| body.clone()).collect()
    }

    fn answer(&self, operation: &str, body: &str) -> (u16, String) {
        let mut asked = self.asked.lock().expect("no panic");
        let before = asked.iter().filter(|(name, _)| name == operation).count();
        asked.push((operation.to_owned(), body.to_owned()));
        let mut fitting = self.answers.iter().filter(|(name, _, _)| *name == operation);
        let last = fitting.clone().next_back();
        let answer = fitting.nth(before).or(last);
        answer.map_or((400, r#"{"__type": "UnknownOperation"}"#.to_owned()), |(_, status, text)| {
            (*status, text.clone())
        })
    }
}

impl HttpClient for Script {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Script {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
        let target = request.headers().get("x-amz-target");
        // A query names its action in its body, JSON its operation in a header.
        let action = body.split('&').find_map(|part| part.strip_prefix("Action="));
        let operation = target.and_then(|target| target.rsplit('.').next()).or(action);
        let (status, text) = self.answer(operation.unwrap_or("?"), &body);
        let status = status.try_into().expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(text))))
    }
}
