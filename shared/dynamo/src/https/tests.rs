//! The SDK's client over connections of this test: how many are opened, and what comes of those
//! that break.

#![expect(clippy::disallowed_methods, reason = "what a test starts ends with it")]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Config, Region, retry::RetryConfig, timeout::TimeoutConfig},
    error::SdkError,
    operation::list_tables::ListTablesError,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::*;
use crate::Access;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\n\
    content-length: 17\r\n\r\n{\"TableNames\":[]}";
const UNAVAILABLE: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";

/// Gives one answer after the other, whatever it is asked, and counts connections. An empty
/// answer closes the connection; with no answer left it is silent.
struct Server {
    address: String,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(answers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("127.0.0.1:{}", listener.local_addr().expect("an address").port());
        let connections = Arc::new(AtomicUsize::new(0));
        let (counted, answered) = (Arc::clone(&connections), Arc::new(AtomicUsize::new(0)));
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(answer(socket, answers, Arc::clone(&answered)));
            }
        });
        Self { address, connections, task }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(mut socket: TcpStream, answers: &[&str], answered: Arc<AtomicUsize>) {
    let mut request = Vec::new();
    loop {
        let mut bytes = [0; 4096];
        let read = socket.read(&mut bytes).await.unwrap_or_default();
        request.extend_from_slice(&bytes[..read]);
        if read == 0 {
            return;
        }
        // The body of what these tests ask is `{}`.
        if !request.ends_with(b"{}") {
            continue;
        }
        request.clear();
        match answers.get(answered.fetch_add(1, Ordering::Relaxed)) {
            Some(&"") => return,
            Some(text) => socket.write_all(text.as_bytes()).await.expect("written"),
            None => std::future::pending().await,
        }
    }
}

fn client(endpoint: &str, attempts: u32, timeouts: TimeoutConfig) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .credentials_provider(Access::emulator(endpoint).credentials())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(attempts)
                .with_initial_backoff(Duration::from_millis(1)),
        )
        .timeout_config(timeouts)
        .http_client(https_client());
    Client::from_conf(config.build())
}

fn patient() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(Duration::from_secs(10)).build()
}

async fn list(client: &Client) -> Result<usize, SdkError<ListTablesError>> {
    client.list_tables().send().await.map(|listed| listed.table_names().len())
}

#[tokio::test]
async fn a_connection_serves_one_call_after_the_other() {
    let server = Server::start(&[OK, OK, OK]).await;
    let client = client(&format!("http://{}", server.address), 1, patient());
    for _ in 0..3 {
        assert_eq!(list(&client).await.expect("an answer"), 0);
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn after_a_failure_the_next_attempt_opens_another_connection() {
    let server = Server::start(&[OK, UNAVAILABLE, OK]).await;
    let client = client(&format!("http://{}", server.address), 2, patient());
    for _ in 0..2 {
        assert_eq!(list(&client).await.expect("an answer"), 0);
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_connection_that_breaks_before_its_answer_is_tried_again() {
    let server = Server::start(&["", OK]).await;
    let client = client(&format!("http://{}", server.address), 2, patient());
    assert_eq!(list(&client).await.expect("an answer"), 0);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn nobody_at_an_address_is_a_failure_to_send_that_may_pass() {
    let server = Server::start(&[]).await;
    let endpoint = format!("http://{}", server.address);
    drop(server);
    // The task is gone, and with it the port, when it is next this test's turn.
    tokio::task::yield_now().await;
    match list(&client(&endpoint, 1, patient())).await {
        Err(SdkError::DispatchFailure(failure)) => assert!(failure.is_io(), "{failure:?}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_late_answer_is_not_waited_for_any_longer_than_the_client_says() {
    let server = Server::start(&[]).await;
    let limits = TimeoutConfig::builder().read_timeout(Duration::from_millis(50)).build();
    match list(&client(&format!("http://{}", server.address), 1, limits)).await {
        Err(SdkError::DispatchFailure(failure)) => assert!(failure.is_timeout(), "{failure:?}"),
        other => panic!("{other:?}"),
    }
}

/// A server that is no TLS server hears the first message of a handshake, and no request.
#[tokio::test]
async fn an_https_address_is_asked_for_tls_and_for_http_1_1_alone() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("https://localhost:{}", listener.local_addr().expect("one").port());
    let client = client(&endpoint, 1, patient());
    let hears = async {
        let (mut socket, _) = listener.accept().await.expect("a connection");
        let mut bytes = vec![0; 4096];
        let read = socket.read(&mut bytes).await.expect("readable");
        bytes.truncate(read);
        bytes
    };
    let (heard, answered) = tokio::join!(hears, list(&client));
    assert!(answered.is_err());
    assert_eq!(heard[..2], [22, 3], "a handshake");
    let offers_http_2 = heard.windows(3).any(|window| window == [2, b'h', b'2']);
    assert!(!offers_http_2, "HTTP/2 is not understood");
}
