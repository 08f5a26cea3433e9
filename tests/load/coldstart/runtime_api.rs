//! A Lambda Runtime API with one function behind it that notes when the function asks for work,
//! and when it answers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
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
    time::timeout,
};

/// 2100-01-01: no invocation runs out of time.
const DEADLINE_MS: &str = "4102444800000";
/// Longer than any function takes to start or to answer, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a function said, and when.
#[derive(Debug)]
enum Said {
    /// That it has nothing to do.
    Idle(Instant),
    /// An answer.
    Answered(Instant, Bytes),
    /// An error, in starting or at an event.
    Failed(String),
}

struct Shared {
    events: Mutex<mpsc::UnboundedReceiver<String>>,
    said: mpsc::UnboundedSender<Said>,
    invocations: AtomicU64,
}

impl Shared {
    fn hear(&self, said: Said) {
        // A run that has ended does not listen any more.
        let _heard = self.said.send(said);
    }
}

/// The API. It ends when it is dropped.
pub(crate) struct RuntimeApi {
    /// `127.0.0.1:…`
    pub(crate) address: String,
    events: mpsc::UnboundedSender<String>,
    said: mpsc::UnboundedReceiver<Said>,
    server: JoinHandle<()>,
}

impl RuntimeApi {
    pub(crate) async fn start() -> Self {
        let (events, waiting) = mpsc::unbounded_channel();
        let (saying, said) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            events: Mutex::new(waiting),
            said: saying,
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
        Self { address, events, said, server: tokio::spawn(serving) }
    }

    async fn hear(&mut self) -> Said {
        let said = timeout(PATIENCE, self.said.recv()).await;
        said.expect("the function says nothing").expect("a running server")
    }

    /// When the function asked for work; it has not got any yet.
    pub(crate) async fn idle(&mut self) -> Instant {
        match self.hear().await {
            Said::Idle(at) => at,
            Said::Failed(reason) => panic!("{reason}"),
            other @ Said::Answered(..) => panic!("{other:?}"),
        }
    }

    /// What an idle function answers to an event, and how long that took.
    pub(crate) async fn invoke(&mut self, event: &Value) -> (Value, Duration) {
        let sent = Instant::now();
        self.events.send(event.to_string()).expect("a running server");
        match self.hear().await {
            Said::Answered(at, body) => {
                (serde_json::from_slice(&body).expect("JSON"), at.duration_since(sent))
            }
            Said::Failed(reason) => panic!("{reason}"),
            other @ Said::Idle(_) => panic!("{other:?}"),
        }
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    shared.hear(Said::Idle(Instant::now()));
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
    (headers, event)
}

async fn answered(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    shared.hear(Said::Answered(Instant::now(), body));
    StatusCode::ACCEPTED
}

async fn failed(State(shared): State<Arc<Shared>>, uri: Uri, body: Bytes) -> StatusCode {
    shared.hear(Said::Failed(format!("{uri}: {}", String::from_utf8_lossy(&body))));
    StatusCode::ACCEPTED
}
