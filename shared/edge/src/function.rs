//! A Lambda function around one endpoint, around the authorizer, or around what a queue, a
//! schedule or a table's stream wakes. What it does, the endpoint knows; how a request becomes an
//! answer, `dispatch`.

mod followed;
mod queue;
mod schedule;
mod socket;
mod stream;
mod tasks;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, panic::AssertUnwindSafe, pin::Pin, sync::Arc};

use aws_lambda_events::apigw::ApiGatewayV2CustomAuthorizerV2Request;
use bytes::Bytes;
use futures_util::FutureExt;
use http::Response;
use lambda_http::{Body, Error, RequestExt, request::RequestContext};
use lambda_runtime::{LambdaEvent, service_fn};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use app::ports::Clock;

use crate::{
    acting::{Invocation, invoked},
    auth::access_token::AccessTokens,
    boot,
    context::Context,
    dispatch::{Source, answer, bearer_token},
    endpoint::Endpoint,
    problem::Problem,
    system::SystemClock,
    telemetry::{self, LogSettings},
    uses::{Use, grants_of, keeps_rates},
};

pub use queue::{QueueFunction, handle_queue_event, run_queue};
pub use schedule::{ScheduleFunction, handle_schedule, run_schedule};
pub use socket::{
    ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest, SocketEvent, SocketEventKind,
    SocketFunction, handle_socket_event, run_socket,
};
pub use stream::{
    DynamoDbEvent, DynamoDbEventResponse, Following, Progress, StreamFunction, StreamRow,
    handle_stream_event, run_stream,
};
pub use tasks::{TaskFunction, handle_task, handle_task_event, run_tasks};

/// What of its log Lambda keeps: `TRACE` to `FATAL`, and `JSON` or `Text`.
const LOG_LEVEL: &str = "AWS_LAMBDA_LOG_LEVEL";
const LOG_FORMAT: &str = "AWS_LAMBDA_LOG_FORMAT";

/// Everything but the letters, digits and marks that stand for themselves in a path.
const NOT_IN_A_PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What is done for no client: a problem goes to the log, and it is done again.
pub type Handling<'a> = Pin<Box<dyn Future<Output = Result<(), Problem>> + Send + 'a>>;

/// Runs an endpoint as a Lambda function, for ever.
///
/// # Errors
/// The environment does not say what is needed, or the runtime API is gone.
pub fn run(endpoint: &'static Endpoint) -> Result<(), Error> {
    start(async {
        let context = primed_context(endpoint.uses).await?;
        lambda_http::run(service_fn(move |request: lambda_http::Request| {
            let context = Arc::clone(&context);
            async move { Ok::<_, Error>(serve(&context, endpoint, request).await) }
        }))
        .await
    })
}

/// Runs the authorizer of the HTTP API as a Lambda function, for ever.
///
/// # Errors
/// The environment does not say what is needed, or the runtime API is gone.
pub fn run_authorizer() -> Result<(), Error> {
    start(async {
        let tokens = Arc::new(boot::access_tokens()?);
        lambda_runtime::run(service_fn(
            move |event: LambdaEvent<ApiGatewayV2CustomAuthorizerV2Request>| {
                let tokens = Arc::clone(&tokens);
                async move {
                    let deciding = async { authorize(&tokens, &SystemClock, &event.payload) };
                    Ok::<_, Error>(invoked(Invocation::from(&event.context), deciding).await)
                }
            },
        ))
        .await
    })
}

/// What the gateway is told: whether the request may pass, and who calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorized {
    /// Whether it may pass.
    pub is_authorized: bool,
    /// `user` and `scope`, for access logs.
    pub context: BTreeMap<String, String>,
}

/// Decides whether the gateway lets a request pass. The function decides again by itself.
pub fn authorize(
    tokens: &AccessTokens,
    clock: &dyn Clock,
    request: &ApiGatewayV2CustomAuthorizerV2Request,
) -> Authorized {
    let header = request.headers.get(http::header::AUTHORIZATION);
    let verified =
        header.and_then(bearer_token).and_then(|token| tokens.verify(token, clock.now()).ok());
    Authorized {
        is_authorized: verified.is_some(),
        context: verified.map_or_else(BTreeMap::new, |principal| {
            BTreeMap::from([
                ("user".to_owned(), principal.user.to_string()),
                ("scope".to_owned(), principal.scopes.to_string()),
            ])
        }),
    }
}

/// The context after one signed call, made while CPU is not throttled: the first invocation
/// finds an open connection and, where it needs them, rates. The shared cache is not waited for.
async fn primed_context(uses: &[Use]) -> Result<Arc<Context>, Error> {
    let (context, store) = boot::context(uses)?;
    let primed = if keeps_rates(uses) {
        context.market.rates.load().await.map(|_| ())
    } else {
        store.prime(&grants_of(uses)).await
    };
    if let Err(error) = primed {
        tracing::warn!(%error, "not primed");
    }
    Ok(Arc::new(context))
}

/// What comes of handling something: a panic is a bug like any other.
///
/// # Errors
/// The handler's own, or that it panicked.
pub async fn caught(handling: impl Future<Output = Result<(), Problem>>) -> Result<(), Problem> {
    let handled = AssertUnwindSafe(handling).catch_unwind().await;
    handled.unwrap_or_else(|_| Err(Problem::bug(&"a handler panicked")))
}

/// One thread: a function serves one request at a time.
fn start(serve: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    let [level, format] = [LOG_LEVEL, LOG_FORMAT].map(boot::read);
    telemetry::start(LogSettings::parse(level.as_deref(), format.as_deref()));
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(serve)
}

async fn serve(
    context: &Context,
    endpoint: &'static Endpoint,
    request: lambda_http::Request,
) -> Response<Body> {
    let invocation = request.lambda_context_ref().map(Invocation::from);
    let request = request_of(request);
    let answering = answer(context, endpoint, request);
    let response = match invocation {
        Some(invocation) => invoked(invocation, answering).await,
        None => answering.await,
    };
    let encoded = response.headers().contains_key(http::header::CONTENT_ENCODING);
    response.map(|body| match std::str::from_utf8(&body) {
        Ok(text) if !encoded => Body::Text(text.to_owned()),
        _ => Body::Binary(body.to_vec()),
    })
}

/// What the gateway hands over, as the client sent it: with the address that it came from, and
/// with its path encoded. The gateway decodes the path; read as it is, a `#` or a `%` of an
/// idempotency key would make another key of it.
pub fn request_of(request: lambda_http::Request) -> http::Request<Bytes> {
    let path = utf8_percent_encode(request.raw_http_path(), NOT_IN_A_PATH).to_string();
    let (mut parts, body) = request.into_parts();
    if let Some(RequestContext::ApiGatewayV2(gateway)) = parts.extensions.get::<RequestContext>()
        && let Some(address) = gateway.http.source_ip.clone()
    {
        parts.extensions.insert(Source(address));
    }
    let target = match parts.uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    if let Ok(target) = target.parse() {
        parts.uri = target;
    }
    let body = match body {
        Body::Text(text) => Bytes::from(text),
        Body::Binary(bytes) => Bytes::from(bytes),
        _ => Bytes::new(),
    };
    http::Request::from_parts(parts, body)
}
