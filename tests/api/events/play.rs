//! A sample is handed to its function's own code, and what comes of it is put in a few words.

use aws_lambda_events::{
    apigw::{ApiGatewayV2CustomAuthorizerV2Request, ApiGatewayWebsocketProxyRequest},
    sqs::{SqsBatchResponse, SqsEvent},
};
use bytes::Bytes;
use domain::time::Span;
use edge::{
    dispatch::answer,
    endpoint::Endpoint,
    function::{
        DynamoDbEvent, ScheduleFunction, SocketFunction, StreamFunction, authorize,
        handle_queue_event, handle_schedule, handle_socket_event, handle_stream_event,
        handle_task_event, request_of as request_of_event,
    },
};
use functions::{
    ENDPOINTS, audit, beat, connect, deliver_webhooks, disconnect, follow_venues, match_orders,
    message, place_at_venue, project, publish, sweep,
};
use http::Response;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    effects::{Rows, order_status, told, venue_order_status},
    stage::Stage,
};

/// Hands a filled sample to its function; what came of it.
pub(crate) async fn play(stage: &mut Stage, name: &str, text: &str) -> String {
    stage.world.pass(Span::millis(1));
    let function = name.split('.').next().unwrap_or_default();
    if let Some(endpoint) = ENDPOINTS.iter().find(|endpoint| endpoint.stem == function) {
        return request(stage, endpoint, text).await;
    }
    match function {
        "authorize" => authorized(stage, text),
        "connect" => socket(stage, &connect::FUNCTION, text).await,
        "message" => socket(stage, &message::FUNCTION, text).await,
        "disconnect" => socket(stage, &disconnect::FUNCTION, text).await,
        "match-orders" => queue(stage, text).await,
        "deliver-webhooks" => tasks(stage, text).await,
        "place-at-venue" => venue_tasks(stage, text).await,
        "project" => stream(stage, &project::FUNCTION, text).await,
        "publish" => stream(stage, &publish::FUNCTION, text).await,
        "audit" => schedule(stage, &audit::FUNCTION, text).await,
        "beat" => schedule(stage, &beat::FUNCTION, text).await,
        "follow-venues" => schedule(stage, &follow_venues::FUNCTION, text).await,
        "sweep" => schedule(stage, &sweep::FUNCTION, text).await,
        other => panic!("{other} has samples but nobody plays them"),
    }
}

fn parsed<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).expect("an event of its function's type")
}

/// The event as a request, as `lambda_http` hands it to a function.
fn request_of(text: &str) -> http::Request<Bytes> {
    request_of_event(lambda_http::request::from_str(text).expect("an event"))
}

/// `201, the order is filled`, `200 committed`, or `409 price_changed`.
async fn request(stage: &mut Stage, endpoint: &'static Endpoint, text: &str) -> String {
    let response = answer(&stage.world.context, endpoint, request_of(text)).await;
    let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    let mut outcome = response.status().as_u16().to_string();
    if let Some(code) = body["code"].as_str().or(body["error"]["code"].as_str()) {
        outcome.push_str(&format!(" `{code}`"));
    }
    if is_replayed(&response) {
        outcome.push_str(", replayed");
    }
    let id = [&body["id"], &body["order"]["id"], &body["order_id"]];
    let order = id.into_iter().filter_map(Value::as_str).find(|id| id.starts_with("ord_"));
    if let Some(order) = order {
        stage.order = Some(order.to_owned());
        outcome.push_str(&order_status(stage).await);
    } else if let Some(status) = body["status"].as_str().or(body["routing_status"].as_str()) {
        outcome.push_str(&format!(" `{status}`"));
    }
    outcome
}

fn is_replayed(response: &Response<Bytes>) -> bool {
    let header = response.headers().get(edge::dispatch::IDEMPOTENCY_REPLAYED);
    header.is_some_and(|value| value == "true")
}

/// `passes with read trade`, or `refused`.
fn authorized(stage: &Stage, text: &str) -> String {
    let event: ApiGatewayV2CustomAuthorizerV2Request = parsed(text);
    let tokens = &stage.world.context.access_tokens;
    let authorized = authorize(tokens, stage.world.clock.as_ref(), &event);
    match authorized.context.get("scope") {
        Some(scope) if authorized.is_authorized => format!("passes with `{scope}`"),
        _ => "refused".to_owned(),
    }
}

/// `200, told subscribed`, or `401 invalid_token`.
async fn socket(stage: &Stage, function: &SocketFunction, text: &str) -> String {
    let event: ApiGatewayWebsocketProxyRequest = parsed(text);
    let response = handle_socket_event(&stage.world.context, function, event).await;
    let body = response.body.map(|body| serde_json::from_slice(&body).expect("a problem"));
    let code = body.map_or(Value::Null, |body: Value| body["code"].clone());
    let code = code.as_str().map(|code| format!(" `{code}`")).unwrap_or_default();
    format!("{}{code}{}", response.status_code, told(stage))
}

/// `none comes again`, or which do.
fn again(response: SqsBatchResponse) -> String {
    let failures = response.batch_item_failures.into_iter();
    let ids: Vec<_> = failures.map(|failure| failure.item_identifier).collect();
    if ids.is_empty() { "none comes again".to_owned() } else { ids.join(", ") + " again" }
}

async fn queue(stage: &Stage, text: &str) -> String {
    let event: SqsEvent = parsed(text);
    let world = &stage.world;
    let response = handle_queue_event(&world.context, &match_orders::FUNCTION, event).await;
    format!("{}{}", again(response), order_status(stage).await)
}

async fn tasks(stage: &Stage, text: &str) -> String {
    let event: SqsEvent = parsed(text);
    let world = &stage.world;
    let response = handle_task_event(&world.context, &deliver_webhooks::FUNCTION, event).await;
    format!("{}, {} posted", again(response), world.receiver.take().len())
}

/// What comes again, what has become of the order that the samples speak of, and what was put
/// away.
async fn venue_tasks(stage: &Stage, text: &str) -> String {
    let event: SqsEvent = parsed(text);
    let world = &stage.world;
    let response = handle_task_event(&world.context, &place_at_venue::FUNCTION, event).await;
    let put_away = match world.dead_letters.letters().len() {
        0 => String::new(),
        count => format!(", {count} put away"),
    };
    format!("{}{}{put_away}", again(response), venue_order_status(stage).await)
}

/// How many rows of projections were written, what was put away, and what a listener was told.
async fn stream(stage: &Stage, function: &'static StreamFunction, text: &str) -> String {
    let event: DynamoDbEvent = parsed(text);
    let world = &stage.world;
    let before = Rows::of(world).await;
    let response = handle_stream_event(&world.context, function, event).await;
    let failures = response.batch_item_failures.into_iter();
    let again: Vec<_> = failures.filter_map(|failure| failure.item_identifier).collect();
    let again = if again.is_empty() { "none comes again".to_owned() } else { again.join(", ") };
    let written = Rows::of(world).await.not_in(&before);
    let away = world.dead_letters.letters().len();
    let away = if away == 0 { String::new() } else { format!(", {away} put away") };
    format!("{again}, {written} rows written{away}{}", told(stage))
}

async fn schedule(stage: &Stage, function: &ScheduleFunction, text: &str) -> String {
    // A schedule's function takes whatever JSON it is handed, and looks at none of it.
    let _: Value = parsed(text);
    let handled = handle_schedule(&stage.world.context, function).await;
    let outcome = handled.map_or_else(|problem| problem.code.to_owned(), |()| "done".to_owned());
    format!("{outcome}{}{}", order_status(stage).await, told(stage))
}
