//! The network between one process's SDK and the service: requests that are lost, late, sent
//! twice or refused, and answers that do not arrive, as the process's plan has it. What then is
//! to be done, the SDK knows: its time-outs and its retries are its own.

use std::{fmt, future::pending, sync::Arc};

use app::ports::Clock;
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use domain::time::Span;
use market::embedded::Answer;
use testkit::{
    faults::{Call, CallKind, Fault, FaultPlan},
    virtual_time::VirtualTime,
};

use super::{
    engine::{Engine, Sent},
    recorded,
    refusals::{Refusal, cancelled},
};
use crate::dice::Dice;

/// The operations that the store sends, and of which sort each is.
const OPERATIONS: [(&str, CallKind); 9] = [
    ("BatchGetItem", CallKind::Read),
    ("BatchWriteItem", CallKind::Write),
    ("DeleteItem", CallKind::Write),
    ("GetItem", CallKind::Read),
    ("PutItem", CallKind::Write),
    ("Query", CallKind::Read),
    ("TransactGetItems", CallKind::Read),
    ("TransactWriteItems", CallKind::Write),
    ("UpdateItem", CallKind::Write),
];

/// How a network and a service fail.
pub(super) struct Weather {
    /// By whose plan.
    pub(super) plan: Arc<dyn FaultPlan>,
    /// In which of the ways that the plan does not tell apart.
    pub(super) dice: Arc<Dice>,
    /// When.
    pub(super) time: VirtualTime,
}

/// The way to the engine.
#[derive(Clone)]
pub(super) struct Transport {
    engine: Arc<Engine>,
    weather: Option<Arc<Weather>>,
}

impl Transport {
    /// A way on which nothing happens without weather.
    pub(super) fn new(engine: Arc<Engine>, weather: Option<Weather>) -> Self {
        Self { engine, weather: weather.map(Arc::new) }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fails = self.weather.is_some();
        formatter.debug_struct("Transport").field("fails", &fails).finish_non_exhaustive()
    }
}

impl HttpClient for Transport {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Transport {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().map(Bytes::copy_from_slice);
        let sent = Sent {
            target: request.headers().get("x-amz-target").unwrap_or_default().to_owned(),
            body: body.expect("a request that is no stream"),
            commit: recorded::current(),
        };
        let Some(weather) = &self.weather else {
            return HttpConnectorFuture::ready(response(self.engine.execute(&sent)));
        };
        let (weather, engine) = (Arc::clone(weather), Arc::clone(&self.engine));
        HttpConnectorFuture::new(async move { weather.carry(&engine, sent).await })
    }
}

impl Weather {
    async fn carry(
        &self,
        engine: &Arc<Engine>,
        sent: Sent,
    ) -> Result<HttpResponse, ConnectorError> {
        let call = call_of(&sent);
        let fault = self.plan.before(call).await;
        if engine.is_busy(&sent, self.time.now()) {
            return response(Refusal::InProgress.answer());
        }
        match fault {
            Fault::Conflict => response(self.conflict(&sent)),
            Fault::LostRequest => self.lose_request(&sent).await,
            Fault::LostAnswer => self.lose_answer(engine, sent, call).await,
            Fault::None | Fault::Doubled => {
                if fault == Fault::Doubled {
                    let _answer_to_nobody = engine.execute(&sent);
                }
                let answer = engine.execute(&sent);
                self.plan.after(call).await;
                response(answer)
            }
        }
    }

    /// Another transaction touches one of the rows.
    fn conflict(&self, sent: &Sent) -> Answer {
        let actions = sent.commit.as_ref().map_or(1, |commit| commit.writes().len());
        let place = self.dice.place(actions);
        cancelled(actions, place, "TransactionConflict", "Transaction is ongoing for the item")
    }

    /// Nothing is written, and the client learns that, or not.
    async fn lose_request(&self, sent: &Sent) -> Result<HttpResponse, ConnectorError> {
        response(match self.dice.below(7) {
            0 => return Err(no_connection()),
            1 => return pending().await,
            2 => Refusal::Throughput.answer(),
            3 => Refusal::Throttling.answer(),
            4 => Refusal::Internal.answer(),
            5 => Refusal::Unavailable.answer(),
            _ => match &sent.commit {
                Some(commit) => {
                    let actions = commit.writes().len();
                    let message = "Throughput exceeds the current capacity of your table or index.";
                    cancelled(actions, self.dice.place(actions), "ThrottlingError", message)
                }
                None => Refusal::Throttling.answer(),
            },
        })
    }

    /// It is carried out, perhaps long after the client has given up, and the client hears of
    /// it in another way or not at all.
    async fn lose_answer(
        &self,
        engine: &Arc<Engine>,
        sent: Sent,
        call: Call,
    ) -> Result<HttpResponse, ConnectorError> {
        let way = self.dice.below(5);
        if way == 0 {
            let late = Span::of_millis(i64::try_from(self.dice.between(20, 2_500)).unwrap_or(20));
            let (time, engine) = (self.time.clone(), Arc::clone(engine));
            self.time.spawn(async move {
                time.sleep(late).await;
                let _answer_to_nobody = engine.execute(&sent);
            });
            return pending().await;
        }
        let _lost_answer = engine.execute(&sent);
        self.plan.after(call).await;
        match way {
            1 => Err(no_connection()),
            2 => response(Refusal::Internal.answer()),
            3 => {
                let busy = i64::try_from(self.dice.between(900, 2_500)).unwrap_or(900);
                let until = self.time.now().plus(Span::of_millis(busy));
                engine.is_busy_until(&sent, until);
                pending().await
            }
            _ => pending().await,
        }
    }
}

fn call_of(sent: &Sent) -> Call {
    let operation = sent.operation();
    let known = OPERATIONS.iter().find(|(name, _)| *name == operation);
    let (name, kind) = *known.expect("an operation that the store sends");
    Call { name, kind: if sent.commit.is_some() { CallKind::Commit } else { kind } }
}

fn no_connection() -> ConnectorError {
    ConnectorError::io("the connection is gone".into())
}

fn response(answer: Answer) -> Result<HttpResponse, ConnectorError> {
    let status = answer.status.try_into().expect("a status");
    let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}
