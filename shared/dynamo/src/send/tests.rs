//! That what is in the way is waited for, that no lost answer counts twice, and which errors are
//! answers. The service is a script, for no engine has conflicts.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region, retry::RetryConfig};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;

use super::*;
use crate::{
    rows::text,
    schema::{STATEMENTS, TableNames},
    transact::Target,
};

/// What becomes of a request: a status and a body, or no answer at all.
type Script = Option<(u16, String)>;

#[derive(Debug, Clone, Default)]
struct Scripted {
    script: Arc<Mutex<VecDeque<Script>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    fn new(script: Vec<Script>) -> Self {
        Self { script: Arc::new(Mutex::new(script.into())), asked: Arc::default() }
    }

    fn client(&self) -> Client {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
            .region(Region::new("us-east-1"))
            .retry_config(
                RetryConfig::standard()
                    .with_max_attempts(3)
                    .with_initial_backoff(Duration::from_millis(1)),
            )
            .http_client(self.clone());
        Client::from_conf(config.build())
    }

    fn requests(&self) -> usize {
        self.asked.lock().expect("a lock").len()
    }

    /// The request token of each request.
    fn tokens(&self) -> Vec<String> {
        let token = |body: &String| {
            let (_, rest) = body.split_once("\"ClientRequestToken\":\"").expect("a token");
            rest.split('"').next().expect("its end").to_owned()
        };
        self.asked.lock().expect("a lock").iter().map(token).collect()
    }
}

impl HttpClient for Scripted {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Scripted {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default());
        self.asked.lock().expect("a lock").push(body.into_owned());
        let next = self.script.lock().expect("a lock").pop_front();
        HttpConnectorFuture::ready(match next.expect("no more requests than scripted") {
            Some((status, body)) => {
                let status = status.try_into().expect("a status");
                Ok(HttpResponse::new(status, SdkBody::from(body)))
            }
            None => Err(ConnectorError::io("no answer".into())),
        })
    }
}

fn done() -> Script {
    Some((200, "{}".to_owned()))
}

fn failed(kind: &str, rest: &str) -> Script {
    let body = format!(
        "{{\"__type\":\"com.amazonaws.dynamodb.v20120810#{kind}\",\"message\":\"why\"{rest}}}"
    );
    Some((400, body))
}

fn cancelled(codes: &[&str]) -> Script {
    let reasons: Vec<_> = codes.iter().map(|code| format!("{{\"Code\":\"{code}\"}}")).collect();
    let rest = format!(",\"CancellationReasons\":[{}]", reasons.join(","));
    failed("TransactionCanceledException", &rest)
}

fn target() -> Target {
    Target::of(&STATEMENTS, &TableNames::prefixed("test"))
}

fn row(part: &str) -> Row {
    Row::from([("part".to_owned(), text(part)), ("kind".to_owned(), text("head"))])
}

fn two() -> Vec<Action> {
    vec![target().put_new(row("one")), target().add(row("other"), [("sum", 5)])]
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(future)
}

#[test]
fn what_is_in_the_way_is_waited_for() {
    let conflict = || cancelled(&["None", CONFLICT]);
    let service = Scripted::new(vec![conflict(), conflict(), done()]);
    assert_eq!(run(all_or_none(&service.client(), two())), Ok(Vec::new()));
    assert_eq!(service.requests(), 3);
    let service = Scripted::new(vec![conflict(), done()]);
    let read = run(all_at_once(&service.client(), "test-statements", vec![row("one")]));
    assert_eq!((read, service.requests()), (Ok(Vec::new()), 2));
}

#[test]
fn what_stays_in_the_way_is_given_up() {
    let conflicts = || (0..TRIES_MAX).map(|_| cancelled(&["None", CONFLICT])).collect();
    let service = Scripted::new(conflicts());
    let given_up = run(all_or_none(&service.client(), two()));
    assert!(matches!(given_up, Err(StoreError::Unavailable(_))), "{given_up:?}");
    assert_eq!(service.requests(), 6);
    let service = Scripted::new(conflicts());
    let read = run(all_at_once(&service.client(), "test-statements", vec![row("one")]));
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    assert_eq!(service.requests(), 6);
}

#[test]
fn an_unmet_condition_is_an_answer_whatever_is_in_the_way() {
    let service = Scripted::new(vec![cancelled(&[CONDITION, CONFLICT])]);
    assert_eq!(run(all_or_none(&service.client(), two())), Ok(vec![0]));
    assert_eq!(service.requests(), 1);
}

#[test]
fn a_lost_answer_is_asked_for_with_the_same_token_and_another_call_has_another() {
    let service = Scripted::new(vec![None, done(), done()]);
    let client = service.client();
    for _ in 0..2 {
        assert_eq!(run(all_or_none(&client, two())), Ok(Vec::new()));
    }
    let tokens = service.tokens();
    assert_eq!(tokens.len(), 3);
    assert_eq!(tokens[0], tokens[1]);
    assert_ne!(tokens[1], tokens[2]);
}

#[test]
fn what_no_retry_helps_with_is_sent_once() {
    let service = Scripted::new(vec![cancelled(&["None", INVALID])]);
    let bug = run(all_or_none(&service.client(), two()));
    assert!(matches!(bug, Err(StoreError::Corrupt(_))), "{bug:?}");
    let service = Scripted::new(vec![cancelled(&["None", "ThrottlingError"])]);
    let slow = run(all_or_none(&service.client(), two()));
    assert!(matches!(slow, Err(StoreError::Unavailable(_))), "{slow:?}");
    let service = Scripted::new(vec![failed("ValidationException", "")]);
    let bug = run(all_or_none(&service.client(), two()));
    assert!(matches!(bug, Err(StoreError::Corrupt(_))), "{bug:?}");
}

#[test]
fn more_rows_than_a_transaction_has_are_not_sent() {
    let service = Scripted::default();
    let many = (0..=ROWS_MAX).map(|number| target().put_any(row(&number.to_string())));
    let bug = run(all_or_none(&service.client(), many.collect()));
    assert!(matches!(bug, Err(StoreError::Corrupt(_))), "{bug:?}");
    assert_eq!(service.requests(), 0);
}

#[test]
fn a_put_says_whether_its_condition_was_met() {
    let unmet = failed("ConditionalCheckFailedException", "");
    let service = Scripted::new(vec![done(), unmet, failed("ResourceNotFoundException", "")]);
    let client = service.client();
    let put = || run(put(&client, target().put_new(row("one"))));
    assert_eq!((put(), put()), (Ok(true), Ok(false)));
    assert!(matches!(put(), Err(StoreError::Corrupt(_))));
}

#[test]
fn rows_that_were_left_are_deleted_with_another_request() {
    let left = "{\"UnprocessedItems\":{\"t\":[{\"DeleteRequest\":{\"Key\":{\"part\":{\"S\":\"7\"},\
                \"kind\":{\"S\":\"head\"}}}}]}}";
    let service = Scripted::new(vec![Some((200, left.to_owned())), done(), done()]);
    let keys = (0..30).map(|number| row(&number.to_string())).collect();
    assert_eq!(run(delete_all(&service.client(), "t", keys)), Ok(()));
    let asked = service.asked.lock().expect("a lock");
    let deletions: Vec<_> =
        asked.iter().map(|body| body.matches("DeleteRequest").count()).collect();
    assert_eq!(deletions, [25, 1, 5]);
}
