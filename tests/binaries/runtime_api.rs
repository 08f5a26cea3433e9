//! A Lambda Runtime API with one function behind it: hands out events, collects answers.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{StatusCode, Uri},
    response::IntoResponse,
    routing::{get, post},
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc},
    task::JoinHandle,
};

/// 2100-01-01: no invocation runs out of time.
const DEADLINE_MS: &str = "4102444800000";

/// The API. It ends when it is dropped.
pub(crate) struct RuntimeApi {
    /// `127.0.0.1:…`
    pub(crate) address: String,
    events: mpsc::UnboundedSender<Value>,
    reports: mpsc::UnboundedReceiver<Report>,
    server: JoinHandle<()>,
}

/// What a function said.
#[derive(Debug)]
pub(crate) enum Report {
    /// Its answer to an event.
    Answered(Value),
    /// An error, in starting or at an event.
    Failed(String),
}

struct Shared {
    events: Mutex<mpsc::UnboundedReceiver<Value>>,
    reports: mpsc::UnboundedSender<Report>,
    invocations: AtomicU64,
}

impl RuntimeApi {
    pub(crate) async fn start() -> Self {
        let (events, waiting) = mpsc::unbounded_channel();
        let (said, reports) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            events: Mutex::new(waiting),
            reports: said,
            invocations: AtomicU64::new(0),
        });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
            .fallback(failed)
            .with_state(shared);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let serving = async move { axum::serve(listener, router).await.expect("a server") };
        Self { address, events, reports, server: tokio::spawn(serving) }
    }

    /// Gives the function an event and waits for what it says.
    pub(crate) async fn invoke(&mut self, event: Value) -> Report {
        self.events.send(event).expect("a running server");
        self.reports.recv().await.expect("a running server")
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The next event. Without one it waits, as the service does.
async fn next(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    let event = match shared.events.lock().await.recv().await {
        Some(event) => event,
        None => std::future::pending().await,
    };
    let number = shared.invocations.fetch_add(1, Ordering::Relaxed);
    let headers = [
        ("lambda-runtime-aws-request-id", format!("invocation-{number}")),
        ("lambda-runtime-deadline-ms", DEADLINE_MS.to_owned()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-central-1:123456789012:function:a".to_owned(),
        ),
        ("lambda-runtime-trace-id", "Root=1-6b01a9c0-3f2a1d0c5e4b7a9812345678".to_owned()),
        ("content-type", "application/json".to_owned()),
    ];
    (headers, event.to_string())
}

async fn answered(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    let report = match serde_json::from_slice(&body) {
        Ok(answer) => Report::Answered(answer),
        Err(error) => Report::Failed(format!("no JSON: {error}")),
    };
    report_to(&shared, report)
}

async fn failed(State(shared): State<Arc<Shared>>, uri: Uri, body: Bytes) -> StatusCode {
    let body = String::from_utf8_lossy(&body).into_owned();
    report_to(&shared, Report::Failed(format!("{uri}: {body}")))
}

fn report_to(shared: &Shared, report: Report) -> StatusCode {
    // A test that has ended does not listen any more.
    let _heard = shared.reports.send(report);
    StatusCode::ACCEPTED
}
