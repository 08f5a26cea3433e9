//! From an HTTP request to an HTTP answer for one endpoint: the same code in every function
//! and in the local market. What an endpoint does, its handler knows.

use std::panic::AssertUnwindSafe;

use app::{market::entry_id, ports::Unit};
use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use percent_encoding::percent_decode_str;

use crate::{
    auth::{access_token::Principal, venue_secret::SignatureHeaders},
    call::{BODY_BYTES_MAX, Call, authentication_required, is_idempotency_key},
    context::Context,
    endpoint::{Access, Endpoint, Idempotency, Method},
    limits::Allowance,
    problem::Problem,
    reply::Reply,
    telemetry::{Origin, Work},
    uses::keeps_rates,
};

/// The address that a request came from, as a request's extension.
#[derive(Debug, Clone)]
pub struct Source(pub String);

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer was given before, under the same key.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers a request to an endpoint. Whatever happens, there is an answer.
pub async fn answer(
    context: &Context,
    endpoint: &'static Endpoint,
    request: Request<Bytes>,
) -> Response<Bytes> {
    let origin = Origin::of_request(request.headers(), context.market.entropy.as_ref());
    let request_id = origin.request_id.clone().unwrap_or_default();
    let work = Work::begin(context, endpoint.stem, endpoint.uses, origin);
    let mut allowance = None;
    let answered = work.run(async {
        let mut entry = None;
        let reply = match admit(context, endpoint, request, &request_id, &mut allowance) {
            Ok(call) => {
                entry = known_entry(&call);
                handle(context, endpoint, &call).await
            }
            Err(problem) => Err(problem),
        };
        let reply = reply.unwrap_or_else(|problem| problem.reply(&request_id));
        tracing::info!(
            endpoint = endpoint.stem,
            status = reply.status,
            took_ms = work.took_ms(),
            request_id,
            trace = %work.origin.trace,
            parent = work.origin.parent,
            entry,
            "answered"
        );
        reply
    });
    let reply = answered.await;
    if reply.headers.iter().any(|(name, _)| *name == IDEMPOTENCY_REPLAYED) {
        work.measure("Replays", Unit::Count, 1.0);
    }
    if reply.status >= 500 {
        work.failed();
    }
    respond(reply, &request_id, allowance)
}

/// The journal entry of a call with an idempotency key. The streams name it, so that what follows
/// from the call can be found.
fn known_entry(call: &Call) -> Option<String> {
    let (caller, key) = (call.principal.as_ref()?, call.idempotency_key.as_ref()?);
    Some(entry_id(caller.user, key).to_string())
}

async fn handle(context: &Context, endpoint: &Endpoint, call: &Call) -> Result<Reply, Problem> {
    let handled = AssertUnwindSafe((endpoint.handler)(context, call)).catch_unwind();
    // Caches are refreshed beside the work, never after the answer: a function that has answered
    // is frozen.
    let refreshed = async {
        if keeps_rates(endpoint.uses) {
            context.market.rates.refresh_if_due().await;
        }
    };
    let (handled, ()) = tokio::join!(handled, refreshed);
    handled.unwrap_or_else(|_| Err(Problem::bug(&"a handler panicked")))
}

/// Opens a request's envelope: limits, caller, key, parameters. Nothing is read or written.
fn admit(
    context: &Context,
    endpoint: &'static Endpoint,
    request: Request<Bytes>,
    request_id: &str,
    allowance: &mut Option<Allowance>,
) -> Result<Call, Problem> {
    let (parts, body) = request.into_parts();
    if parts.method.as_str() != endpoint.method.as_str() {
        return Err(method_not_allowed());
    }
    let path = parts.uri.path();
    let parameters = path_parameters(endpoint, path).ok_or_else(not_found)?;
    let source = parts.extensions.get::<Source>().map_or("unknown", |source| source.0.as_str());
    let caller = authenticate(context, endpoint, &parts.headers);
    count(context, endpoint, source, caller.as_ref().ok().and_then(Option::as_ref), allowance)?;
    let principal = caller?;
    if let Access::Needs(scope) = endpoint.access {
        let allowed = principal.as_ref().is_some_and(|known| known.scopes.allow(scope));
        if !allowed {
            let detail = format!("the access token lacks the scope `{}`", scope.as_str());
            return Err(Problem::refused(403, "insufficient_scope", detail));
        }
    }
    if body.len() > BODY_BYTES_MAX {
        let detail = "the body is larger than 16 KiB";
        return Err(Problem::refused(413, "body_too_large", detail).at("/", "too_large", detail));
    }
    Ok(Call {
        stem: endpoint.stem,
        request_id: request_id.to_owned(),
        principal,
        path: path.to_owned(),
        parameters,
        query: query_parameters(endpoint, parts.uri.query().unwrap_or_default())?,
        idempotency_key: idempotency_key(endpoint, &parts.headers)?,
        if_match: joined_header(&parts.headers, &header::IF_MATCH),
        if_none_match: text_header(&parts.headers, &header::IF_NONE_MATCH).map(str::to_owned),
        signature: SignatureHeaders::of(&parts.headers).filter(|_| endpoint.signed),
        body,
    })
}

/// The answer for a path that no endpoint has.
#[must_use]
pub fn not_found() -> Problem {
    Problem::refused(404, "path_not_found", "nothing is found at this path")
}

/// The answer for a method that the path's endpoints do not have.
#[must_use]
pub fn method_not_allowed() -> Problem {
    Problem::refused(405, "method_not_allowed", "the path does not have this method")
}

/// An answer that no endpoint gives, such as [`not_found`].
#[must_use]
pub fn refuse(context: &Context, headers: &HeaderMap, problem: Problem) -> Response<Bytes> {
    let origin = Origin::of_request(headers, context.market.entropy.as_ref());
    let request_id = origin.request_id.unwrap_or_default();
    respond(problem.reply(&request_id), &request_id, None)
}

fn authenticate(
    context: &Context,
    endpoint: &Endpoint,
    headers: &HeaderMap,
) -> Result<Option<Principal>, Problem> {
    let sent = headers.get(header::AUTHORIZATION);
    match (endpoint.access, sent) {
        (Access::Public, _) | (Access::Optional, None) => Ok(None),
        (Access::Needs(_), None) => Err(authentication_required()),
        (Access::Optional | Access::Needs(_), Some(value)) => verify(context, value).map(Some),
    }
}

fn verify(context: &Context, value: &HeaderValue) -> Result<Principal, Problem> {
    let refused = || Problem::refused(401, "invalid_token", "the access token is not valid");
    let token = bearer_token(value).ok_or_else(refused)?;
    // Which rule the token broke goes to the log, not to the client.
    context.access_tokens.verify(token, context.market.clock.now()).map_err(|error| {
        tracing::info!(%error, "access token refused");
        refused()
    })
}

/// The token of an `Authorization: Bearer` header.
#[must_use]
pub fn bearer_token(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// Requests that try or make credentials are counted by address, all others by caller.
fn count(
    context: &Context,
    endpoint: &Endpoint,
    source: &str,
    principal: Option<&Principal>,
    allowance: &mut Option<Allowance>,
) -> Result<(), Problem> {
    let quotas = context.limiter.quotas;
    let (quota, caller) = match (endpoint.access, endpoint.method, principal) {
        (Access::Public, Method::Get, _) => return Ok(()),
        // Whoever signs has nothing that could be guessed by trying, and much to say.
        (Access::Public, _, _) if endpoint.signed => (quotas.requests, source.to_owned()),
        (Access::Public, _, _) => (quotas.credentials, source.to_owned()),
        (_, _, Some(principal)) => (quotas.requests, principal.user.to_string()),
        (_, _, None) => (quotas.requests, source.to_owned()),
    };
    let counted = context.limiter.count(quota, &caller, context.market.clock.now());
    *allowance = Some(counted);
    if counted.granted {
        Ok(())
    } else {
        let detail = format!("too many {}; try again later", quota.name);
        Err(Problem::passing(429, "too_many_requests", detail))
    }
}

fn text_header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// A header that stands more than once means the same as its values in one list (RFC 9110).
fn joined_header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let values: Vec<_> = headers.get_all(name).iter().map(text).collect();
    if values.is_empty() { None } else { Some(values.join(", ")) }
}

fn idempotency_key(endpoint: &Endpoint, headers: &HeaderMap) -> Result<Option<String>, Problem> {
    if endpoint.idempotency == Idempotency::None {
        return Ok(None);
    }
    let at = "/header/Idempotency-Key";
    let mut values = headers.get_all(&IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else {
        if endpoint.idempotency == Idempotency::Optional {
            return Ok(None);
        }
        let detail = "an Idempotency-Key header is required";
        let problem = Problem::refused(400, "idempotency_key_missing", detail);
        return Err(problem.at(at, "missing", detail));
    };
    let key = value.to_str().ok().filter(|key| is_idempotency_key(key));
    match key.filter(|_| values.next().is_none()) {
        Some(key) => Ok(Some(key.to_owned())),
        None => {
            let detail = "an Idempotency-Key is one header of 1 to 255 printable characters";
            let problem = Problem::refused(400, "idempotency_key_invalid", detail);
            Err(problem.at(at, "invalid", detail))
        }
    }
}

/// The parameters of the first of the endpoint's paths that fits.
#[must_use]
pub fn path_parameters(endpoint: &Endpoint, path: &str) -> Option<Vec<(String, String)>> {
    endpoint.paths.iter().find_map(|template| match_path(template, path))
}

fn match_path(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    let mut parameters = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(parameters),
            (Some(wanted), Some(given)) => {
                let name = wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
                match name {
                    Some(_) if given.is_empty() => return None,
                    Some(name) => {
                        let text = percent_decode_str(given).decode_utf8_lossy().into_owned();
                        parameters.push((name.to_owned(), text));
                    }
                    None if wanted == given => {}
                    None => return None,
                }
            }
            _ => return None,
        }
    }
}

fn query_parameters(endpoint: &Endpoint, query: &str) -> Result<Vec<(String, String)>, Problem> {
    let mut parameters: Vec<(String, String)> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let pointer = || format!("/query/{}", name.chars().take(40).collect::<String>());
        if !endpoint.query.iter().any(|known| known.name == name) {
            return Err(Problem::invalid(&pointer(), "unknown", "is not known here"));
        }
        if parameters.iter().any(|(known, _)| *known == name) {
            return Err(Problem::invalid(&pointer(), "duplicate", "stands twice"));
        }
        parameters.push((name.into_owned(), value.into_owned()));
    }
    Ok(parameters)
}

fn respond(reply: Reply, request_id: &str, allowance: Option<Allowance>) -> Response<Bytes> {
    let mut response = Response::new(reply.body);
    *response.status_mut() =
        http::StatusCode::from_u16(reply.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.media_type));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, id);
    }
    if let Some(allowance) = allowance {
        for (name, text) in
            [("ratelimit-policy", allowance.policy()), ("ratelimit", allowance.remaining())]
        {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
    for (name, value) in reply.headers {
        headers.insert(name, value);
    }
    if let Some(refused) = allowance.filter(|allowance| !allowance.granted) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(refused.resets_in_s));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_fits_a_template_segment_by_segment() {
        let fits = |template, path| match_path(template, path).is_some();
        assert!(fits("/api/v1/wallets/{id}", "/api/v1/wallets/wal_1"));
        assert!(!fits("/api/v1/wallets/{id}", "/api/v1/wallets/"));
        assert!(!fits("/api/v1/wallets/{id}", "/api/v1/wallets/a/b"));
        assert!(fits("/api/v1/wallets/", "/api/v1/wallets/"));
        assert!(!fits("/api/v1/wallets", "/api/v1/wallets/"));
    }

    #[test]
    fn a_header_without_the_bearer_scheme_has_no_token() {
        for text in ["", "Bearer", "Basic abc", "bearerabc"] {
            assert_eq!(bearer_token(&HeaderValue::from_static(text)), None, "{text}");
        }
        assert_eq!(bearer_token(&HeaderValue::from_static("bearer abc")), Some("abc"));
    }

    #[test]
    fn a_path_parameter_is_decoded_once() {
        let parameters = match_path("/x/{id}", "/x/a%252Fb").expect("fits");
        assert_eq!(parameters, [("id".to_owned(), "a%2Fb".to_owned())]);
    }
}
