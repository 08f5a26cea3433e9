//! Who is posted to, who is not, and what comes of it: on sockets of this machine.

#![expect(clippy::disallowed_methods, reason = "what a test starts ends with it")]

mod tls;

use std::{
    io,
    net::IpAddr,
    sync::atomic::{AtomicUsize, Ordering},
};

use domain::time::Span;
use testkit::{builders::start, clock::ManualClock};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::OnceCell,
    task::JoinHandle,
};

use super::*;
use crate::outbound::Resolve;

/// Knows one list of addresses, and how often it was asked.
struct Known(Vec<IpAddr>, AtomicUsize);

impl Known {
    fn at(addresses: &[&str]) -> Arc<Self> {
        let parsed = addresses.iter().map(|address| address.parse().expect("an address"));
        Arc::new(Self(parsed.collect(), AtomicUsize::new(0)))
    }
}

#[async_trait]
impl Resolve for Known {
    async fn addresses(&self, _host: &str) -> io::Result<Vec<IpAddr>> {
        self.1.fetch_add(1, Ordering::SeqCst);
        Ok(self.0.clone())
    }
}

/// A sender for which every name has these addresses.
fn sender(reach: Reach, resolver: Arc<Known>) -> HttpWebhookSender {
    let clock = Arc::new(ManualClock::at(start()));
    let dialer = Dialer { reach, resolver, tls: OnceCell::new() };
    HttpWebhookSender { dialer, clock, limit: TIMEOUT }
}

fn url(text: &str) -> WebhookUrl {
    text.parse().expect("a URL")
}

/// A receiver that takes one request and answers with these bytes. Its port, and what it read.
async fn receiver(answer: &'static str) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let read = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let request = read_request(&mut stream).await;
        stream.write_all(answer.as_bytes()).await.expect("answered");
        stream.shutdown().await.expect("closed");
        request
    });
    (port, read)
}

/// To the end of a body that ends in a brace.
async fn read_request(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"}") {
        let mut part = [0; 1024];
        let count = stream.read(&mut part).await.expect("a request");
        assert!(count > 0, "the request broke off");
        request.extend_from_slice(&part[..count]);
    }
    String::from_utf8(request).expect("UTF-8")
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK";

#[tokio::test]
async fn a_message_is_posted_with_its_headers_to_the_address_that_was_looked_up_once() {
    let (port, read) = receiver(OK).await;
    let resolver = Known::at(&["127.0.0.1"]);
    let sender = sender(Reach::Loopback, Arc::clone(&resolver));
    let url = url(&format!("http://hooks.example.com:{port}/in?a=b"));
    let headers = [("webhook-id", "msg_1".to_owned())];
    assert_eq!(sender.post(&url, &headers, "{\"a\":1}").await, Outcome::status(200));
    let request = read.await.expect("read").to_ascii_lowercase();
    assert!(request.starts_with("post /in?a=b http/1.1\r\n"), "{request}");
    for header in [
        &*format!("host: hooks.example.com:{port}"),
        "content-type: application/json",
        "content-length: 7",
        "webhook-id: msg_1",
        "user-agent: multiverse-market-webhooks/1",
    ] {
        assert!(request.contains(&format!("\r\n{header}\r\n")), "{header}: {request}");
    }
    assert!(request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
    assert_eq!(resolver.1.load(Ordering::SeqCst), 1, "a second answer may be another address");
}

#[tokio::test]
async fn a_private_address_after_resolution_is_refused() {
    let (port, read) = receiver(OK).await;
    for addresses in [
        &["127.0.0.1"][..],
        &["::1"],
        &["10.0.0.1"],
        &["169.254.169.254"],
        &["fd00::1"],
        &["::ffff:127.0.0.1"],
        &["64:ff9b::7f00:1"],
        // One good address does not make up for a bad one.
        &["1.1.1.1", "127.0.0.1"],
    ] {
        let sender = sender(Reach::Public, Known::at(addresses));
        let outcome = sender.post(&url(&format!("https://a.example:{port}/")), &[], "{}").await;
        assert_eq!(outcome, Outcome::Failed(SendFailure::AddressRefused), "{addresses:?}");
    }
    let sender = sender(Reach::Loopback, Known::at(&["10.0.0.1"]));
    let outcome = sender.post(&url(&format!("http://a.example:{port}/")), &[], "{}").await;
    assert_eq!(outcome, Outcome::Failed(SendFailure::AddressRefused));
    assert!(!read.is_finished(), "somebody connected");
    read.abort();
}

#[tokio::test]
async fn an_address_in_the_url_itself_is_looked_at_as_well() {
    let sender = sender(Reach::Public, Known::at(&["1.1.1.1"]));
    for text in ["https://127.0.0.1/", "https://[::1]/", "http://1.1.1.1/"] {
        let outcome = sender.post(&url(text), &[], "{}").await;
        assert_eq!(outcome, Outcome::Failed(SendFailure::AddressRefused), "{text}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (elsewhere, read) = receiver(OK).await;
    let location = format!("http://127.0.0.1:{elsewhere}/");
    let answer = format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: {location}\r\n\r\n");
    let (port, first) = receiver(answer.leak()).await;
    let sender = sender(Reach::Loopback, Known::at(&["127.0.0.1"]));
    let outcome = sender.post(&url(&format!("http://a.example:{port}/")), &[], "{}").await;
    assert_eq!(outcome, Outcome::status(307));
    assert!(!outcome.is_success());
    first.await.expect("read");
    assert!(!read.is_finished(), "it was followed");
    read.abort();
}

#[tokio::test]
async fn a_receiver_says_how_long_it_wants_to_be_left_alone() {
    let ask = async |header: &str| {
        let answer = format!("HTTP/1.1 503 Busy\r\n{header}content-length: 0\r\n\r\n");
        let (port, _read) = receiver(answer.leak()).await;
        let sender = sender(Reach::Loopback, Known::at(&["127.0.0.1"]));
        match sender.post(&url(&format!("http://a.example:{port}/")), &[], "{}").await {
            Outcome::Answered { status: 503, retry_after } => retry_after.map(Span::as_millis),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(ask("retry-after: 120\r\n").await, Some(120_000));
    // The clock shows 2027-01-15T08:00:00Z.
    assert_eq!(ask("retry-after: Fri, 15 Jan 2027 08:01:00 GMT\r\n").await, Some(60_000));
    assert_eq!(ask("retry-after: Fri, 15 Jan 2027 07:00:00 GMT\r\n").await, Some(0));
    assert_eq!([ask("retry-after: soon\r\n").await, ask("").await], [None, None]);
}

#[tokio::test]
async fn what_is_no_answer_is_told_apart() {
    let sender = sender(Reach::Loopback, Known::at(&["127.0.0.1"]));
    let post = async |port: u16, body: &str| {
        sender.post(&url(&format!("http://a.example:{port}/")), &[], body).await
    };
    let (garbage, _read) = receiver("what?\r\n\r\n").await;
    assert_eq!(post(garbage, "{}").await, Outcome::Failed(SendFailure::NoAnswer));
    let (silent, _read) = receiver("").await;
    assert_eq!(post(silent, "{}").await, Outcome::Failed(SendFailure::NoAnswer));
    let (closed, read) = receiver(OK).await;
    read.abort();
    assert!(read.await.is_err(), "the port is free again");
    assert_eq!(post(closed, "{}").await, Outcome::Failed(SendFailure::Unreachable));
    let large = "a".repeat(BODY_BYTES_MAX + 1);
    assert_eq!(post(closed, &large).await, Outcome::Failed(SendFailure::TooLarge));
    let nobody = self::sender(Reach::Loopback, Known::at(&[]));
    let outcome = nobody.post(&url("http://a.example/"), &[], "{}").await;
    assert_eq!(outcome, Outcome::Failed(SendFailure::Unresolved));
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_given_up() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let sender = sender(Reach::Loopback, Known::at(&["127.0.0.1"]));
    let hasty = HttpWebhookSender { limit: Duration::from_millis(50), ..sender };
    let outcome = hasty.post(&url(&format!("http://a.example:{port}/")), &[], "{}").await;
    assert_eq!(outcome, Outcome::Failed(SendFailure::TimedOut));
}

#[tokio::test]
async fn a_long_answer_is_not_read_to_its_end() {
    let answer = format!("HTTP/1.1 204 No\r\nx: {}\r\n\r\n", "a".repeat(HEAD_BYTES_MAX));
    let (port, _read) = receiver(answer.leak()).await;
    let sender = sender(Reach::Loopback, Known::at(&["127.0.0.1"]));
    let outcome = sender.post(&url(&format!("http://a.example:{port}/")), &[], "{}").await;
    assert_eq!(outcome, Outcome::Failed(SendFailure::NoAnswer));
    let (port, _read) = receiver("HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\nfew").await;
    let outcome = sender.post(&url(&format!("http://a.example:{port}/")), &[], "{}").await;
    assert_eq!(outcome, Outcome::status(200));
}
