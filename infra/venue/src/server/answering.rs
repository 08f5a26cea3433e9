//! HTTP/1.1 in front of the exchange: which request asks it what, and its answers on the wire.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header, request::Parts};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Number, Value};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::sleep,
};

use crate::{
    exchange::{Answer, Exchange, Reaction, Sent},
    faults::{Fault, Faults, InvalidFaults, Rate},
    signature::{Secret, Signed},
    wire::{self, Currency},
};

use super::{feed, hall::Hall};

/// The most bytes of a body.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// The connection is to break without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection breaks, as it was told to")]
pub(super) struct Breaks;

type Answered = Result<Response<Full<Bytes>>, Breaks>;

/// What requests are answered with.
pub(super) struct Answering {
    pub(super) hall: Arc<Hall>,
    pub(super) secret: Secret,
    pub(super) currency: Currency,
}

/// Serves until it is dropped, and all connections with it.
pub(super) async fn serve(listener: TcpListener, answering: Arc<Answering>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&answering)));
                }
                Err(error) => {
                    tracing::warn!(%error, "no connection");
                    sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, answering: Arc<Answering>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection delays small packets");
    }
    let service = service_fn(|request| {
        let answering = Arc::clone(&answering);
        async move { answer(&answering, request).await }
    });
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if let Err(error) = served.with_upgrades().await {
        tracing::debug!(%error, "a connection ended");
    }
}

async fn answer(answering: &Arc<Answering>, request: Request<Incoming>) -> Answered {
    let (mut parts, body) = request.into_parts();
    let collected = Limited::new(body, BODY_BYTES_MAX).collect().await;
    let Ok(body) = collected.map(http_body_util::Collected::to_bytes) else {
        return Ok(refusal(StatusCode::PAYLOAD_TOO_LARGE, "too large, or cut short"));
    };
    let path = parts.uri.path().to_owned();
    let order = path.strip_prefix("/orders/");
    match (&parts.method, path.as_str(), order) {
        (&Method::GET, "/simulator/witness", _) => {
            let witness = answering.hall.with_book(Exchange::witness);
            Ok(json(StatusCode::OK, answering.currency.witness(witness)))
        }
        (&Method::GET, "/simulator/faults", _) => {
            Ok(json(StatusCode::OK, shown(answering.hall.with_book(Exchange::faults))))
        }
        (&Method::PUT, "/simulator/faults", _) => Ok(match read_faults(&body) {
            Ok(faults) => {
                answering.hall.with(|exchange, _| exchange.set_faults(faults));
                json(StatusCode::OK, shown(faults))
            }
            Err(error) => refusal(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string()),
        }),
        (&Method::POST, "/orders", _) | (&Method::GET | &Method::DELETE, _, Some(_)) => {
            match signed(answering, &parts, &body) {
                Some(sent) => asked(answering, &parts, order, sent, &body).await,
                None => Ok(unsigned()),
            }
        }
        (&Method::GET, "/feed", _) => {
            let sent = signed(answering, &parts, &body);
            let admitted = sent
                .is_some_and(|sent| answering.hall.with(|exchange, now| exchange.admit(now, sent)));
            if !admitted {
                return Ok(unsigned());
            }
            Ok(feed::upgrade(&answering.hall, &answering.currency, &mut parts))
        }
        _ => Ok(refusal(StatusCode::NOT_FOUND, "there is nothing here")),
    }
}

fn signed(answering: &Answering, parts: &Parts, body: &Bytes) -> Option<Sent> {
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let signed = Signed { method: parts.method.as_str(), target, body };
    answering.secret.verified(&parts.headers, signed)
}

async fn asked(
    answering: &Answering,
    parts: &Parts,
    order: Option<&str>,
    sent: Sent,
    body: &Bytes,
) -> Answered {
    let hall = &answering.hall;
    let Reaction { answer, after_ms } = match (&parts.method, order) {
        (&Method::GET, Some(id)) => hall.with(|exchange, now| exchange.find(now, sent, id)),
        (&Method::DELETE, Some(id)) => hall.with(|exchange, now| exchange.cancel(now, sent, id)),
        _ => match wire::order(body, &answering.currency) {
            Ok(order) => hall.with(|exchange, now| exchange.place(now, sent, &order)),
            Err(reason) => return Ok(refusal(StatusCode::BAD_REQUEST, reason)),
        },
    };
    if after_ms > 0 {
        sleep(Duration::from_millis(after_ms)).await;
    }
    match answer {
        Answer::State { new, state } => {
            let status = if new { StatusCode::CREATED } else { StatusCode::OK };
            Ok(json(status, answering.currency.state(state)))
        }
        Answer::Refused { status, reason } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Ok(refusal(status, reason))
        }
        Answer::Busy { retry_after } => {
            let mut response = refusal(StatusCode::TOO_MANY_REQUESTS, "too many requests");
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
            Ok(response)
        }
        Answer::Failed => Ok(refusal(StatusCode::INTERNAL_SERVER_ERROR, "something went wrong")),
        Answer::Broken | Answer::Unreachable => Err(Breaks),
    }
}

/// `{"all": 0.1, "hang": 0.05}`, as on the command line.
fn read_faults(body: &[u8]) -> Result<Faults, InvalidFaults> {
    let rates: Map<String, Value> =
        serde_json::from_slice(body).map_err(|error| InvalidFaults::NoRate(error.to_string()))?;
    let mut pairs = Vec::new();
    // What is said of all comes first, in whatever order it is said.
    let all = rates.iter().filter(|(name, _)| *name == "all");
    for (name, rate) in all.chain(rates.iter().filter(|(name, _)| *name != "all")) {
        pairs.push((name.as_str(), rate.to_string().parse::<Rate>()?));
    }
    Faults::named(pairs)
}

fn shown(faults: Faults) -> String {
    let rates = Fault::ALL.into_iter().map(|fault| {
        let rate = faults.rate(fault).to_string();
        let rate = rate.parse::<Number>().map_or(Value::Null, Value::Number);
        (fault.as_str().to_owned(), rate)
    });
    Value::Object(rates.collect()).to_string()
}

fn unsigned() -> Response<Full<Bytes>> {
    refusal(StatusCode::UNAUTHORIZED, "not signed, too old, or it has come before")
}

pub(super) fn refusal(status: StatusCode, reason: &str) -> Response<Full<Bytes>> {
    json(status, serde_json::json!({ "reason": reason }).to_string())
}

fn json(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
