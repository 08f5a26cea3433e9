//! Requests as text: a line with method and target, headers, an empty line, the body; `---` on a
//! line of its own stands between two of them.
//!
//! Three headers are said to the reader and not sent: `by` names the caller, `signed` signs the
//! body as the venue does, `pass` moves the clock by so many milliseconds before. `$` and a word
//! stands for a thing of this floor; `$ID` and `$CURSOR` for those of the answer before, and
//! `$FIRST` for the id of the first answer that had one.

use bytes::Bytes;
use domain::{id::WalletId, time::Span};
use edge::auth::venue_secret::{NONCE_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER};
use http::{HeaderName, HeaderValue, Request, Response, header};
use serde_json::Value;

use app::ports::Clock;

use crate::floor::{Floor, ITEM, VENUE};

const BETWEEN: &[u8] = b"\n---\n";
/// As the gateway refuses larger ones.
const BYTES_MAX: usize = 32 * 1024;

/// The requests in the bytes.
pub(super) fn requests_of(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(data);
    std::iter::from_fn(move || {
        let data = rest?;
        let end = data.windows(BETWEEN.len()).position(|window| window == BETWEEN);
        rest = end.map(|end| &data[end + BETWEEN.len()..]);
        Some(&data[..end.unwrap_or(data.len())])
    })
}

/// A request as it is sent.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) request: Request<Bytes>,
}

/// The floor, and what was heard on it.
pub(super) struct Script {
    pub(super) floor: Floor,
    known: Vec<(&'static str, String)>,
    /// Signed so far: no two reports have the same number.
    signed: u32,
}

impl Script {
    pub(super) fn new(floor: Floor) -> Self {
        let [trader, other, admin] =
            ["trader", "other", "admin"].map(|name| floor.callers[name].id);
        let wallet = |owner, code: &str| {
            WalletId { owner, currency: code.parse().expect("a code") }.to_string()
        };
        let known = vec![
            ("$TRADER_WALLET", wallet(trader, "USD")),
            ("$OTHER_WALLET", wallet(other, "MRC")),
            ("$TRADER", trader.to_string()),
            ("$OTHER", other.to_string()),
            ("$ADMIN", admin.to_string()),
            ("$ITEM", ITEM.to_string()),
        ];
        Self { floor, known, signed: 0 }
    }

    /// Bytes as a request, if HTTP allows it.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Option<Said> {
        let bytes = &bytes[..bytes.len().min(BYTES_MAX)];
        let empty = bytes.windows(2).position(|window| window == b"\n\n");
        let (head, body) = match empty {
            Some(end) => (&bytes[..end], &bytes[end + 2..]),
            None => (bytes, &[][..]),
        };
        let head = self.filled(std::str::from_utf8(head).ok()?);
        // A body that is no text is sent as it is.
        let body = match std::str::from_utf8(body) {
            Ok(body) => Bytes::from(self.filled(body)),
            Err(_) => Bytes::copy_from_slice(body),
        };
        let mut lines = head.lines();
        let (method, target) = lines.next()?.split_once(' ')?;
        let mut request = Request::builder().method(method).uri(target).body(body).ok()?;
        for line in lines {
            let (name, value) = line.split_once(':')?;
            self.header(&mut request, name, value.trim())?;
        }
        // What a server reads has a path.
        request.uri().path().starts_with('/').then_some(Said { request })
    }

    fn header(&mut self, request: &mut Request<Bytes>, name: &str, value: &str) -> Option<()> {
        let headers = match name {
            "by" => {
                let token = &self.floor.callers.get(value)?.token;
                vec![(header::AUTHORIZATION, format!("Bearer {token}"))]
            }
            "signed" => self.signature(request),
            "pass" => {
                let millis: u32 = value.parse().ok()?;
                self.floor.clock.advance(Span::of_millis(i64::from(millis)));
                Vec::new()
            }
            _ => vec![(name.parse::<HeaderName>().ok()?, value.to_owned())],
        };
        for (name, value) in headers {
            request.headers_mut().append(name, HeaderValue::from_str(&value).ok()?);
        }
        Some(())
    }

    fn signature(&mut self, request: &Request<Bytes>) -> Vec<(HeaderName, String)> {
        self.signed += 1;
        let (now, nonce) = (self.floor.clock.now().millis(), format!("{:032x}", self.signed));
        let target = format!("/api/v1/venues/{VENUE}/reports");
        let signature = self.floor.venue.sign(now, &nonce, "POST", &target, request.body());
        vec![
            (TIMESTAMP_HEADER, now.to_string()),
            (NONCE_HEADER, nonce),
            (SIGNATURE_HEADER, signature),
        ]
    }

    fn filled(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, meaning) in &self.known {
            if text.contains(name) {
                text = text.replace(name, meaning);
            }
        }
        text
    }

    /// Remembers what an answer named.
    pub(super) fn heard(&mut self, answer: &Response<Bytes>) {
        let Ok(body) = serde_json::from_slice::<Value>(answer.body()) else { return };
        let named = |pointer: &str| body.pointer(pointer)?.as_str().map(str::to_owned);
        let first = self.known.iter().all(|(name, _)| *name != "$FIRST");
        for (name, pointer) in [
            ("$ID", "/id"),
            ("$CURSOR", "/next_cursor"),
            ("$REFRESH", "/refresh_token"),
            ("$FIRST", "/id"),
        ] {
            let Some(meaning) = named(pointer).filter(|_| first || name != "$FIRST") else {
                continue;
            };
            self.known.retain(|(known, _)| *known != name);
            self.known.push((name, meaning));
        }
    }
}
