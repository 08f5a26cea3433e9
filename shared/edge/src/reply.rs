//! An answer before it is bytes on a wire.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, header};
use serde::Serialize;

use crate::problem::Problem;

/// A status, headers of its own, and a body.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Headers besides those that every answer has.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The media type of the body.
    pub media_type: &'static str,
    /// The body.
    pub body: Bytes,
}

/// The media type of every answer that is neither a problem nor a page.
pub const JSON: &str = "application/json";

impl Reply {
    /// A JSON body with a status.
    ///
    /// # Errors
    /// A bug: the body cannot be written.
    pub fn json<T: Serialize>(status: u16, body: &T) -> Result<Self, Problem> {
        let body = serde_json::to_vec(body).map_err(|error| Problem::bug(&error))?;
        Ok(Self { status, headers: Vec::new(), media_type: JSON, body: body.into() })
    }

    /// A body of another media type, with status 200.
    #[must_use]
    pub fn page(media_type: &'static str, body: Bytes) -> Self {
        Self { status: 200, headers: Vec::new(), media_type, body }
    }

    /// With a header; one that cannot be spelled is left out.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// With an `ETag`; and without a body if the caller has this version already.
    #[must_use]
    pub fn tagged(self, version: &str, if_none_match: Option<&str>) -> Self {
        let tag = format!("\"{version}\"");
        let known = if_none_match
            .is_some_and(|tags| tags.split(',').map(str::trim).any(|t| t == tag || t == "*"));
        let reply = self.with(header::ETAG, &tag);
        if known { Self { status: 304, body: Bytes::new(), ..reply } } else { reply }
    }
}
