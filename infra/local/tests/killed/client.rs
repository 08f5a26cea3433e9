//! A client that is not put off: whatever is cut short, it asks again where the market is next.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpStream},
    sync::{Condvar, Mutex, MutexGuard},
    time::Duration,
};

use serde_json::Value;

/// How long anything may be waited for before the test has failed.
const PATIENCE: Duration = Duration::from_secs(60);

struct State {
    port: u16,
    /// Counts the starts of the program.
    start: u32,
    answers: usize,
}

/// Where the market is, and how much it has answered.
pub(crate) struct Address {
    state: Mutex<State>,
    news: Condvar,
}

impl Address {
    pub(crate) fn new(port: u16) -> Self {
        Self { state: Mutex::new(State { port, start: 1, answers: 0 }), news: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody has failed")
    }

    fn wait_while(&self, condition: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let waited = self.news.wait_timeout_while(self.lock(), PATIENCE, |state| condition(state));
        let (state, timeout) = waited.expect("nobody has failed");
        assert!(!timeout.timed_out(), "nothing has happened for too long");
        state
    }

    /// The market is elsewhere from now on.
    pub(crate) fn moved(&self, port: u16) {
        let mut state = self.lock();
        state.port = port;
        state.start += 1;
        self.news.notify_all();
    }

    /// Waits until so many requests are answered.
    pub(crate) fn await_answers(&self, answers: usize) {
        drop(self.wait_while(|state| state.answers < answers));
    }
}

/// A request.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) key: Option<String>,
    pub(crate) body: Option<Value>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// A client with an access token.
pub(crate) struct Client<'a> {
    address: &'a Address,
    token: &'a str,
    /// Requests that a kill has cut short.
    pub(crate) cut_short: u32,
}

impl<'a> Client<'a> {
    pub(crate) fn new(address: &'a Address, token: &'a str) -> Self {
        Self { address, token, cut_short: 0 }
    }

    /// Asks until there is an answer for good.
    pub(crate) fn send(&mut self, asked: &Asked) -> Answer {
        loop {
            let State { port, start, .. } = *self.address.lock();
            match exchange(port, self.token, asked) {
                Ok(answer) if answer.body["retryable"] == true => {
                    assert_eq!(answer.status, 503, "{answer:?}");
                }
                Ok(answer) => {
                    self.address.lock().answers += 1;
                    self.address.news.notify_all();
                    return answer;
                }
                Err(_) => {
                    self.cut_short += 1;
                    drop(self.address.wait_while(|state| state.start == start));
                }
            }
        }
    }
}

/// One request on a connection of its own; an answer that does not come whole is an error.
fn exchange(port: u16, token: &str, asked: &Asked) -> io::Result<Answer> {
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.write_all(request(token, asked).as_bytes())?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    let cut_short = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(cut_short)?;
    let status = head.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(cut_short)?;
    let body = serde_json::from_str(body).map_err(|_| cut_short())?;
    Ok(Answer { status, body })
}

fn request(token: &str, asked: &Asked) -> String {
    let Asked { method, path, key, body } = asked;
    let body = body.as_ref().map(Value::to_string).unwrap_or_default();
    let key = key.as_ref().map(|key| format!("Idempotency-Key: {key}\r\n")).unwrap_or_default();
    format!(
        "{method} /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Authorization: Bearer {token}\r\nContent-Type: application/json\r\n{key}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
