//! SQS, as far as a doorbell needs it: takes messages and keeps them.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap};
use edge::boot;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::function::Environment;

/// A message that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) queue_url: String,
    pub(crate) group: String,
    pub(crate) body: String,
}

type Messages = Arc<Mutex<Vec<Message>>>;

/// The service. It ends when it is dropped.
pub(crate) struct Queue {
    endpoint: String,
    messages: Messages,
    server: JoinHandle<()>,
}

impl Queue {
    pub(crate) async fn start() -> Self {
        let messages = Messages::default();
        let router = Router::new().fallback(send_message).with_state(Arc::clone(&messages));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let serving = async move { axum::serve(listener, router).await.expect("a server") };
        Self { endpoint, messages, server: tokio::spawn(serving) }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/123456789012/test-match.fifo", self.endpoint)
    }

    /// What a function needs besides to ring here.
    pub(crate) fn environment(&self) -> Environment {
        vec![(boot::MATCH_QUEUE_URL, self.url()), (boot::SQS_ENDPOINT, self.endpoint.clone())]
    }

    /// All that were sent so far.
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn send_message(State(messages): State<Messages>, headers: HeaderMap, body: Bytes) -> String {
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(headers["x-amz-target"], "AmazonSQS.SendMessage");
    let text = |name: &str| body[name].as_str().expect(name).to_owned();
    let message = Message {
        queue_url: text("QueueUrl"),
        group: text("MessageGroupId"),
        body: text("MessageBody"),
    };
    messages.lock().unwrap_or_else(PoisonError::into_inner).push(message);
    json!({"MessageId": "1", "SequenceNumber": "1"}).to_string()
}
