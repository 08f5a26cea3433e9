//! A request after its envelope was opened: caller, parameters, body, idempotency key.
//! Reading a part of it either gives a domain value or a problem that names the part.

use std::{fmt, str::FromStr};

use app::market::fingerprint;
use bytes::Bytes;
use domain::ledger::Fingerprint;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_path_to_error::{Path, Segment};

use crate::{
    auth::{access_token::Principal, venue_secret::SignatureHeaders},
    problem::Problem,
};

/// The largest body: 16 KiB. Our largest request has about 1 KB.
pub const BODY_BYTES_MAX: usize = 16 * 1024;
/// The most rows on a page.
const LIMIT_MAX: u32 = 100;
const LIMIT_DEFAULT: u32 = 50;
const KEY_CHARS_MAX: usize = 255;

/// A request to one endpoint. Debug shows neither its query nor its body: secrets are among them.
#[derive(Clone)]
pub struct Call {
    /// The endpoint's stem.
    pub stem: &'static str,
    /// Names the request in logs and problems.
    pub request_id: String,
    /// Who calls, if an access token said so.
    pub principal: Option<Principal>,
    /// The path as it was asked for.
    pub path: String,
    /// The path's parameters, decoded.
    pub parameters: Vec<(String, String)>,
    /// The query's parameters, decoded; each is known and stands once.
    pub query: Vec<(String, String)>,
    /// The `Idempotency-Key`, if the endpoint takes one.
    pub idempotency_key: Option<String>,
    /// `If-Match`.
    pub if_match: Option<String>,
    /// `If-None-Match`.
    pub if_none_match: Option<String>,
    /// How the request is signed, if it is and the endpoint looks for that.
    pub signature: Option<SignatureHeaders>,
    /// The body, at most [`BODY_BYTES_MAX`].
    pub body: Bytes,
}

impl fmt::Debug for Call {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stem, request_id, principal, .. } = self;
        let mut call = out.debug_struct("Call");
        call.field("stem", stem).field("request_id", request_id).field("principal", principal);
        call.finish_non_exhaustive()
    }
}

impl Call {
    /// Who calls.
    ///
    /// # Errors
    /// 401 if nobody says so.
    pub fn caller(&self) -> Result<&Principal, Problem> {
        self.principal.as_ref().ok_or_else(authentication_required)
    }

    /// A parameter of the path.
    ///
    /// # Errors
    /// 422 if it is not one of its kind in canonical form.
    pub fn parameter<T: FromStr<Err: fmt::Display>>(&self, name: &str) -> Result<T, Problem> {
        let text = self.parameters.iter().find(|(known, _)| known == name);
        let text = text.map(|(_, text)| text.as_str()).unwrap_or_default();
        text.parse().map_err(|error: T::Err| {
            Problem::invalid(&format!("/path/{name}"), "invalid", &error.to_string())
        })
    }

    /// A parameter of the path that is an idempotency key.
    ///
    /// # Errors
    /// 422 if it cannot be one.
    pub fn key_parameter(&self, name: &str) -> Result<String, Problem> {
        let key: String = self.parameter(name)?;
        if is_idempotency_key(&key) {
            return Ok(key);
        }
        let detail = "an idempotency key is 1 to 255 printable characters";
        Err(Problem::invalid(&format!("/path/{name}"), "invalid", detail))
    }

    /// A parameter of the query as text.
    #[must_use]
    pub fn query_text(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// A parameter of the query.
    ///
    /// # Errors
    /// 422 if it is there but not one of its kind.
    pub fn query<T: FromStr<Err: fmt::Display>>(&self, name: &str) -> Result<Option<T>, Problem> {
        let Some(text) = self.query_text(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|error: T::Err| {
            Problem::invalid(&format!("/query/{name}"), "invalid", &error.to_string())
        })
    }

    /// How many rows the caller wants on a page: 1 to 100, by default 50.
    ///
    /// # Errors
    /// 422.
    pub fn limit(&self) -> Result<u32, Problem> {
        let Some(text) = self.query_text("limit") else { return Ok(LIMIT_DEFAULT) };
        let limit = text.parse().ok().filter(|limit: &u32| limit.to_string() == text);
        limit.filter(|limit| (1..=LIMIT_MAX).contains(limit)).ok_or_else(|| {
            Problem::invalid("/query/limit", "invalid", "must be a whole number from 1 to 100")
        })
    }

    /// The list that a cursor belongs to: endpoint, path, caller and filters.
    #[must_use]
    pub fn list_context(&self) -> String {
        let mut context = format!("{}\n{}", self.stem, self.path);
        if let Some(principal) = &self.principal {
            context.push_str(&format!("\n{}", principal.user));
        }
        let mut filters: Vec<_> =
            self.query.iter().filter(|(name, _)| name != "cursor" && name != "limit").collect();
        filters.sort();
        for (name, value) in filters {
            context.push_str(&format!("\n{name}={value}"));
        }
        context
    }

    /// The body as an object of type `T`.
    ///
    /// # Errors
    /// 400 if it is no JSON object, 422 that names the field that is not as it must be.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        json_object(&self.body)
    }

    /// The fingerprint of what is asked: endpoint, path, and the body's members in the order
    /// of their names, each with its literal text.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let members: Option<std::collections::BTreeMap<String, Box<RawValue>>> =
            serde_json::from_slice(&self.body).ok();
        let canonical = match &members {
            Some(members) => members
                .iter()
                .map(|(name, value)| format!("{name:?}:{}\n", value.get()))
                .collect::<String>()
                .into_bytes(),
            None => self.body.to_vec(),
        };
        fingerprint([self.stem.as_bytes(), self.path.as_bytes(), &canonical])
    }
}

/// A body as an object of type `T`.
pub(crate) fn json_object<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(body)
        .map_err(|_| malformed("the body is not UTF-8"))?
        .trim_matches([' ', '\t', '\r', '\n']);
    if !text.starts_with('{') {
        return Err(malformed("the body must be a JSON object"));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let parsed = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| field_problem(error.path(), error.inner()))?;
    json.end().map_err(|_| malformed("something follows the JSON object"))?;
    Ok(parsed)
}

/// Whether a text is 1 to 255 printable ASCII characters.
pub(crate) fn is_idempotency_key(text: &str) -> bool {
    (1..=KEY_CHARS_MAX).contains(&text.len()) && text.bytes().all(|b| (b' '..=b'~').contains(&b))
}

/// 401 for who did not say who calls.
pub(crate) fn authentication_required() -> Problem {
    Problem::refused(401, "authentication_required", "an access token is required")
}

fn malformed(detail: &str) -> Problem {
    Problem::refused(400, "malformed_body", detail).at("/", "malformed", detail)
}

/// Says which field serde stumbled over. One that is missing or repeated it names only in its
/// message, between back-ticks.
fn field_problem(path: &Path, error: &serde_json::Error) -> Problem {
    if matches!(
        error.classify(),
        serde_json::error::Category::Syntax | serde_json::error::Category::Eof
    ) {
        let detail = format!("not JSON at line {}, column {}", error.line(), error.column());
        return malformed(&detail);
    }
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    let named = message.split('`').nth(1);
    let (code, detail, field) = if message.starts_with("missing field") {
        ("missing", "is required", named)
    } else if message.starts_with("unknown field") {
        ("unknown", "is not known here", None)
    } else if message.starts_with("duplicate field") {
        ("duplicate", "stands twice", named)
    } else {
        ("invalid", message, None)
    };
    let parts = path.iter().filter_map(|segment| match segment {
        Segment::Map { key } => Some(key.clone()),
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    // As RFC 6901 spells a pointer.
    let escaped = |part: String| format!("/{}", part.replace('~', "~0").replace('/', "~1"));
    let mut pointer: String = parts.chain(field.map(str::to_owned)).map(escaped).collect();
    if pointer.is_empty() {
        pointer.push('/');
    }
    let pointer: String = pointer.chars().take(200).collect();
    Problem::invalid(&pointer, code, detail)
}
