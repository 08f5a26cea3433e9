//! Whom something is done for: the client's request, and the trace that it belongs to. They come
//! with a request or a message and go out with every message.

use app::ports::Entropy;
use http::{HeaderMap, HeaderName};

use super::TraceParent;
use crate::acting;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");
const XRAY: HeaderName = HeaderName::from_static("x-amzn-trace-id");
const REQUEST_ID_CHARS_MAX: usize = 64;

/// The names under which a message carries what a request has as headers.
pub(crate) const MESSAGE_REQUEST_ID: &str = "request_id";
pub(crate) const MESSAGE_TRACE_PARENT: &str = "traceparent";

/// Whom something is done for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Names the client's request; `None`: several, or nobody knows.
    pub request_id: Option<String>,
    /// Our own span of the trace.
    pub trace: TraceParent,
    /// The span of whoever sent it, if it came with a trace.
    pub parent: Option<String>,
}

impl Origin {
    /// What a request's headers say. What they do not say well, is made up.
    pub(crate) fn of_request(headers: &HeaderMap, entropy: &dyn Entropy) -> Self {
        let bits = entropy.bits();
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let request_id = text(REQUEST_ID).filter(|id| is_request_id(id));
        // More than one is none, says the recommendation.
        let is_single = headers.get_all(TRACE_PARENT).iter().count() == 1;
        let sent = text(TRACE_PARENT).filter(|_| is_single).and_then(|text| text.parse().ok());
        let sent = sent.or_else(|| TraceParent::from_xray(text(XRAY)?, bits));
        let request_id = request_id.map_or_else(|| format!("{bits:032x}"), str::to_owned);
        Self { request_id: Some(request_id), ..Self::continuing(sent, bits) }
    }

    /// What a message says beside its text.
    pub(crate) fn of_message(
        request_id: Option<&str>,
        trace: Option<&str>,
        entropy: &dyn Entropy,
    ) -> Self {
        let request_id = request_id.filter(|id| is_request_id(id)).map(str::to_owned);
        let sent = trace.and_then(|text| text.parse().ok());
        Self { request_id, ..Self::continuing(sent, entropy.bits()) }
    }

    /// Of what nobody has asked for.
    pub(crate) fn own(entropy: &dyn Entropy) -> Self {
        let xray = acting::xray_trace_id();
        let bits = entropy.bits();
        Self::continuing(xray.and_then(|header| TraceParent::from_xray(&header, bits)), bits)
    }

    fn continuing(sent: Option<TraceParent>, bits: u128) -> Self {
        Self {
            request_id: None,
            trace: sent.map_or_else(|| TraceParent::root(bits), |sent| sent.child(bits)),
            parent: sent.map(|sent| sent.span_id()),
        }
    }
}

/// Whether a text may name a request: 1 to 64 of `A-Za-z0-9-_`.
fn is_request_id(text: &str) -> bool {
    (1..=REQUEST_ID_CHARS_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use testkit::entropy::SeededEntropy;

    use super::*;

    const SENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn origin(headers: &[(HeaderName, &'static str)]) -> Origin {
        let headers = headers.iter().map(|(name, text)| (name.clone(), *text));
        let mut map = HeaderMap::new();
        for (name, text) in headers {
            map.append(name, HeaderValue::from_static(text));
        }
        Origin::of_request(&map, &SeededEntropy::new(1))
    }

    #[test]
    fn a_request_goes_on_with_the_trace_that_it_came_with() {
        let origin = origin(&[(TRACE_PARENT, SENT), (REQUEST_ID, "mine")]);
        assert_eq!(origin.request_id.as_deref(), Some("mine"));
        assert!(origin.trace.to_string().starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
        assert_eq!(origin.parent.as_deref(), Some("00f067aa0ba902b7"));
        assert_ne!(origin.trace.span_id(), "00f067aa0ba902b7");
    }

    #[test]
    fn a_trace_of_the_gateways_is_taken_where_the_client_has_none() {
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
        for sent in [None, Some("rubbish")] {
            let sent = sent.map(|text| (TRACE_PARENT, text));
            let headers: Vec<_> = sent.into_iter().chain([(XRAY, header)]).collect();
            let trace = origin(&headers).trace.to_string();
            assert!(trace.starts_with("00-5759e988bd862e3fe1be46a994272793-"), "{trace}");
        }
    }

    #[test]
    fn what_a_request_does_not_say_well_is_made_up() {
        let [one, other] = [
            origin(&[]),
            origin(&[(TRACE_PARENT, SENT), (TRACE_PARENT, SENT), (REQUEST_ID, "no spaces")]),
        ];
        assert_eq!(one, other);
        assert_eq!(one.request_id.map(|id| id.len()), Some(32));
        assert_eq!(one.parent, None);
    }

    #[test]
    fn a_message_that_says_nothing_begins_a_trace() {
        let entropy = SeededEntropy::new(1);
        let origin = Origin::of_message(Some("not an id"), Some("rubbish"), &entropy);
        assert_eq!((origin.request_id, origin.parent), (None, None));
    }
}
