//! The socket: bodies of every size, connections that stay open, and an orderly end.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::mpsc,
};

use super::started;
use crate::{RunningMarket, Storage};

fn connect(url: &str) -> TcpStream {
    TcpStream::connect(url.trim_start_matches("http://")).expect("connected")
}

/// The whole answer to a request on a connection of its own.
async fn exchange(market: &RunningMarket, request: Vec<u8>) -> String {
    let url = market.url().to_owned();
    let exchanged = tokio::task::spawn_blocking(move || {
        let mut connection = connect(&url);
        connection.write_all(&request).expect("sent");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).expect("answered");
        answer
    });
    exchanged.await.expect("exchanged")
}

fn post(path: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn an_unknown_path_is_a_problem_with_our_headers() {
    let market = started(Storage::Memory).await;
    let request = b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answer = exchange(&market, request.to_vec()).await.to_lowercase();
    assert!(answer.starts_with("http/1.1 404 "), "{answer}");
    for expected in ["application/problem+json", "x-content-type-options: nosniff", "x-request-id"]
    {
        assert!(answer.contains(expected), "{answer}");
    }
}

#[tokio::test]
async fn a_body_over_16_kib_is_refused_whatever_its_size() {
    let market = started(Storage::Memory).await;
    for bytes in [16 * 1024 + 1, 100_000, 900_000] {
        let answer = exchange(&market, post("/api/v1/auth/login", &vec![b' '; bytes])).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{bytes}: {answer}");
        assert!(answer.contains("body_too_large"), "{bytes}: {answer}");
    }
    let answer = exchange(&market, post("/api/v1/auth/login", &[b' '; 16 * 1024])).await;
    assert!(!answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let market = started(Storage::Memory).await;
    let request = b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let last = b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answers = exchange(&market, [&request[..], request, last].concat()).await;
    assert_eq!(answers.matches("HTTP/1.1 404 ").count(), 3, "{answers}");
}

#[tokio::test]
async fn shutting_down_finishes_the_open_request_and_takes_no_other() {
    let market = started(Storage::Memory).await;
    let url = market.url().to_owned();
    let (began, begun) = tokio::sync::oneshot::channel();
    let (go_on, gone_on) = mpsc::channel::<()>();
    let client = tokio::task::spawn_blocking(move || {
        let mut connection = connect(&url);
        let head = "POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\
                    Expect: 100-continue\r\n\r\n";
        connection.write_all(head.as_bytes()).expect("sent");
        // The server asks for the body only once the request is under way.
        let mut asked = [0; 25];
        connection.read_exact(&mut asked).expect("asked for the body");
        assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
        began.send(()).expect("awaited");
        gone_on.recv().expect("told");
        let refused = TcpStream::connect(url.trim_start_matches("http://")).is_err();
        connection.write_all(b"{}").expect("sent");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).expect("answered");
        (answer, refused)
    });
    begun.await.expect("begun");

    let mut ending = Box::pin(market.shutdown());
    let unfinished = futures_util::poll!(&mut ending);
    assert!(unfinished.is_pending(), "a request is open");
    // The server's own tasks hear of it.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    go_on.send(()).expect("awaited");
    let ((), exchanged) = tokio::join!(ending, client);

    let (answer, refused) = exchanged.expect("exchanged");
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert!(refused, "nobody listens any more");
}
