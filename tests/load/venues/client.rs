//! HTTP/1.1 on one connection that stays open, as a load needs it. What is asked is not known
//! here.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// A connection.
pub(crate) struct Client(BufReader<TcpStream>);

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("connected");
        stream.set_nodelay(true).expect("small packets");
        Self(BufReader::new(stream))
    }

    /// The status of the answer to a POST, and its body.
    pub(crate) async fn post(&mut self, path: &str, headers: &str, body: &str) -> (u16, Value) {
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             {headers}Content-Length: {length}\r\n\r\n{body}"
        );
        self.exchange(&request).await
    }

    /// The status of the answer to a GET, and its body.
    pub(crate) async fn get(&mut self, path: &str) -> (u16, Value) {
        self.exchange(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await
    }

    async fn exchange(&mut self, request: &str) -> (u16, Value) {
        self.0.get_mut().write_all(request.as_bytes()).await.expect("sent");
        let (mut status, mut length, mut line) = (0, 0, String::new());
        loop {
            line.clear();
            self.0.read_line(&mut line).await.expect("an answer");
            let trimmed = line.trim_end();
            if status == 0 {
                status = trimmed.get(9..12).and_then(|text| text.parse().ok()).expect("a status");
            } else if trimmed.is_empty() {
                break;
            } else if let Some((name, value)) = trimmed.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().expect("a length");
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.expect("a body");
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }
}
