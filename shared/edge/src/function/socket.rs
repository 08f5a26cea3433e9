//! A Lambda function behind a route of the WebSocket API. Decides what an event is and what the
//! gateway is answered; what a message means, the function knows.

use std::{collections::BTreeMap, sync::Arc};

use app::ports::ConnectionId;
pub use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use aws_lambda_events::encodings::Body;
use domain::time::Timestamp;
use http::{HeaderValue, header};
use lambda_runtime::{Error, LambdaEvent, service_fn};

use crate::{
    acting::{Invocation, invoked},
    context::Context,
    problem::Problem,
    telemetry::{Origin, Work},
    uses::Use,
};

use super::{Handling, caught, primed_context, start};

/// A function behind a route: `$connect`, `$default` or `$disconnect`.
#[derive(Clone, Copy)]
pub struct SocketFunction {
    /// `connect`: verb first.
    pub stem: &'static str,
    /// What it needs of the world.
    pub uses: &'static [Use],
    /// Does what there is to do. A problem is answered with its status; nothing comes again.
    pub handle: for<'a> fn(&'a Context, &'a SocketEvent) -> Handling<'a>,
}

/// Something that happened to a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketEvent {
    /// Which connection.
    pub connection: ConnectionId,
    /// When the gateway heard of it.
    pub at: Timestamp,
    /// The address of the client; empty if the gateway does not say.
    pub source_ip: String,
    /// What happened.
    pub kind: SocketEventKind,
}

/// What happened to a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketEventKind {
    /// A client wants to open it. It is not open before this is answered with 200.
    Connect {
        /// The parameters of its address, decoded; of a repeated one, the first.
        query: BTreeMap<String, String>,
        /// What program the client says it is.
        user_agent: Option<String>,
    },
    /// The client has sent a text.
    Message {
        /// At most 128 KB, as the gateway takes them.
        text: String,
    },
    /// It is closed. The gateway tries to say so, and may fail.
    Disconnect,
}

/// Runs a function behind a route, for ever.
///
/// # Errors
/// The environment does not say what is needed, or the runtime API is gone.
pub fn run_socket(function: &'static SocketFunction) -> Result<(), Error> {
    start(async move {
        let context = primed_context(function.uses).await?;
        lambda_runtime::run(service_fn(
            move |event: LambdaEvent<ApiGatewayWebsocketProxyRequest>| {
                let context = Arc::clone(&context);
                async move {
                    let invocation = Invocation::from(&event.context);
                    let handling = handle_socket_event(&context, function, event.payload);
                    Ok::<_, Error>(invoked(invocation, handling).await)
                }
            },
        ))
        .await
    })
}

/// Handles an event. Whatever happens, there is an answer: 200, or a problem's status with the
/// problem as its body, which a client that is refused its connection may be shown.
pub async fn handle_socket_event(
    context: &Context,
    function: &SocketFunction,
    event: ApiGatewayWebsocketProxyRequest,
) -> ApiGatewayProxyResponse {
    let connection = event.request_context.connection_id.clone();
    let request_id = event.request_context.request_id.clone().unwrap_or_default();
    let entropy = context.market.entropy.as_ref();
    let named = Some(request_id.clone()).filter(|id| !id.is_empty());
    let origin = Origin { request_id: named, ..Origin::own(entropy) };
    let work = Work::begin(context, function.stem, function.uses, origin);
    let handled = work.run(async {
        let result = match SocketEvent::try_from(event) {
            Ok(event) => caught(async { (function.handle)(context, &event).await }).await,
            Err(problem) => Err(problem),
        };
        let (stem, took_ms) = (function.stem, work.took_ms());
        match &result {
            Ok(()) => tracing::debug!(function = stem, connection, took_ms, "handled"),
            Err(Problem { status, code, detail, .. }) if *status < 500 => {
                tracing::info!(
                    function = stem,
                    connection,
                    took_ms,
                    status,
                    code,
                    detail,
                    "refused"
                );
            }
            Err(Problem { status, code, detail, .. }) => {
                tracing::error!(
                    function = stem,
                    connection,
                    took_ms,
                    status,
                    code,
                    detail,
                    "failed"
                );
                work.failed();
            }
        }
        result
    });
    response(handled.await, &request_id)
}

fn response(result: Result<(), Problem>, request_id: &str) -> ApiGatewayProxyResponse {
    let mut response = ApiGatewayProxyResponse::default();
    response.status_code = 200;
    if let Err(problem) = result {
        let reply = problem.reply(request_id);
        response.status_code = i64::from(reply.status);
        let kind = HeaderValue::from_static(reply.media_type);
        response.headers.insert(header::CONTENT_TYPE, kind);
        response.body = Some(Body::Text(String::from_utf8_lossy(&reply.body).into_owned()));
    }
    response
}

impl TryFrom<ApiGatewayWebsocketProxyRequest> for SocketEvent {
    type Error = Problem;

    /// 400: it is no event of a connection; 422: a message that is no text.
    fn try_from(event: ApiGatewayWebsocketProxyRequest) -> Result<Self, Problem> {
        let unknown = |detail| Problem::refused(400, "unknown_event", detail);
        let context = event.request_context;
        let connection = context.connection_id.filter(|id| !id.is_empty());
        let connection = connection.ok_or_else(|| unknown("an event of no connection"))?;
        let kind = match context.event_type.as_deref() {
            Some("CONNECT") => {
                let given = event.query_string_parameters.iter();
                let mut query = BTreeMap::new();
                for (name, value) in given {
                    query.entry(name.to_owned()).or_insert_with(|| value.to_owned());
                }
                SocketEventKind::Connect { query, user_agent: context.identity.user_agent }
            }
            Some("MESSAGE") if event.is_base64_encoded => {
                let detail = "a message must be a text";
                return Err(Problem::refused(422, "not_a_text", detail));
            }
            Some("MESSAGE") => SocketEventKind::Message { text: event.body.unwrap_or_default() },
            Some("DISCONNECT") => SocketEventKind::Disconnect,
            _ => return Err(unknown("an event of no known type")),
        };
        Ok(Self {
            connection: ConnectionId(connection),
            at: Timestamp::from_millis(context.request_time_epoch),
            source_ip: context.identity.source_ip.unwrap_or_default(),
            kind,
        })
    }
}
