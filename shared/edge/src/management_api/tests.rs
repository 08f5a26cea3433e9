//! What the Management API is sent, and what is made of its answers.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse as Response},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;

use super::*;

/// Method, address and body of a request.
type Sent = (String, String, String);

/// An API that always answers the same, or nothing at all.
#[derive(Debug, Clone)]
struct Api {
    answer: Option<(u16, &'static str)>,
    requests: Arc<Mutex<Vec<Sent>>>,
}

impl HttpClient for Api {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Api {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        assert!(request.headers().get("authorization").is_some(), "not signed");
        let body = request.body().bytes().expect("a body");
        let body = String::from_utf8(body.to_vec()).expect("a text");
        let sent = (request.method().to_owned(), request.uri().to_owned(), body);
        self.requests.lock().expect("no panic").push(sent);
        HttpConnectorFuture::ready(match self.answer {
            Some((status, code)) => {
                let status = status.try_into().expect("a status");
                let mut response = Response::new(status, SdkBody::from("{\"message\":\"why\"}"));
                response.headers_mut().insert("x-amzn-errortype", code);
                Ok(response)
            }
            None => Err(ConnectorError::io("secret-address is not reached".into())),
        })
    }
}

/// A gateway in front of such an API, and what it is sent.
fn gateway(answer: Option<(u16, &'static str)>) -> (ManagementGateway, Arc<Mutex<Vec<Sent>>>) {
    let api = Api { answer, requests: Arc::default() };
    let access = Access {
        access_key_id: "an-id".to_owned(),
        secret_access_key: "a-secret".into(),
        session_token: None,
        region: "us-east-1".to_owned(),
        endpoint: Some("https://a1b2.execute-api.us-east-1.amazonaws.com/live".to_owned()),
    };
    let client = client_over(SharedHttpClient::new(api.clone()), access);
    (ManagementGateway::new(client), api.requests)
}

fn connection() -> ConnectionId {
    ConnectionId("L0SM9cOFvHcCIhw=".to_owned())
}

const ADDRESS: &str =
    "https://a1b2.execute-api.us-east-1.amazonaws.com/live/@connections/L0SM9cOFvHcCIhw%3D";

/// What becomes of a post, and how often it was tried.
async fn posted(answer: Option<(u16, &'static str)>) -> (Result<(), PostError>, usize) {
    let (gateway, requests) = gateway(answer);
    let result = gateway.post(&connection(), &Frame::plain("{}")).await;
    let tried = requests.lock().expect("no panic").len();
    (result, tried)
}

#[tokio::test]
async fn a_text_is_posted_to_its_connection_as_it_is() {
    let (gateway, requests) = gateway(Some((200, "")));
    let text = r#"{"channel":"book","data":"ü"}"#;
    assert_eq!(gateway.post(&connection(), &Frame::plain(text)).await, Ok(()));
    assert_eq!(gateway.close(&connection()).await, Ok(()));
    let requests = requests.lock().expect("no panic").clone();
    let sent = |method: &str, body: &str| (method.to_owned(), ADDRESS.to_owned(), body.to_owned());
    assert_eq!(requests, [sent("POST", text), sent("DELETE", "")]);
}

#[tokio::test]
async fn a_connection_that_is_gone_is_told_from_an_api_that_fails() {
    assert_eq!(posted(Some((410, "GoneException"))).await, (Err(PostError::Gone), 1));
    let failed = |code: &str| Err(PostError::Unavailable(code.to_owned()));
    let limited = posted(Some((429, "LimitExceededException"))).await;
    assert_eq!(limited.0, failed("LimitExceededException"));
    let forbidden = posted(Some((403, "ForbiddenException"))).await;
    assert_eq!(forbidden, (failed("ForbiddenException"), 1));
    assert_eq!(posted(Some((500, "InternalError"))).await, (failed("InternalError"), 2));
    assert_eq!(posted(None).await, (failed("no connection"), 2));
}

#[tokio::test]
async fn a_text_that_no_gateway_takes_is_not_even_tried() {
    let (gateway, requests) = gateway(Some((200, "")));
    let longest = "x".repeat(128 * 1024);
    assert_eq!(gateway.post(&connection(), &Frame::plain(&*longest)).await, Ok(()));
    assert_eq!(requests.lock().expect("no panic").len(), 1);
    assert_eq!(gateway.post(&connection(), &Frame::plain(longest + "x")).await, Ok(()));
    assert_eq!(requests.lock().expect("no panic").len(), 1);
}
