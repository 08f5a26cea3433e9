//! Events as the services send them: whatever they say, no record is lost. Each was handled, or
//! comes again, or was put away; and a request that came by an event has an answer.

use std::cell::RefCell;

use aws_lambda_events::{
    apigw::ApiGatewayV2CustomAuthorizerV2Request,
    sqs::{SqsBatchResponse, SqsEvent},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::pair::PairId;
use edge::{
    context::Context,
    dispatch::answer,
    function::{
        ApiGatewayWebsocketProxyRequest, DynamoDbEvent, Following, Handling, Progress,
        QueueFunction, ScheduleFunction, SocketFunction, StreamFunction, StreamRow, TaskFunction,
        authorize, handle_queue_event, handle_schedule, handle_socket_event, handle_stream_event,
        handle_task_event, request_of,
    },
    problem::Problem,
};
use functions::{
    ENDPOINTS, audit, beat, connect, deliver_webhooks, disconnect, follow_venues, match_orders,
    message, place_at_venue, project, publish, sweep,
};
use serde_json::Value;

use crate::{
    floor::{Floor, now},
    input::{Input, text},
};

/// A line with a function's name and, behind a space, how a function that we make up behaves; then
/// the event as JSON.
pub fn events(data: &[u8]) {
    let mut input = Input::new(data);
    let Some(first) = text(input.line()) else { return };
    let (name, choices) = first.split_once(' ').unwrap_or((first, ""));
    let Some(json) = text(input.rest()) else { return };
    let floor = Floor::open();
    let json = json.replace("$TOKEN", &floor.callers["trader"].token);
    let behaves = choices.as_bytes();
    match name {
        "project" => stream(&floor, &project::FUNCTION, &json, behaves),
        "publish" => stream(&floor, &publish::FUNCTION, &json, behaves),
        "match-orders" => queue(&floor, &json, behaves),
        "deliver-webhooks" => tasks(&floor, &deliver_webhooks::FUNCTION, &json, behaves),
        "place-at-venue" => tasks(&floor, &place_at_venue::FUNCTION, &json, behaves),
        "connect" => socket(&floor, &connect::FUNCTION, &json),
        "message" => socket(&floor, &message::FUNCTION, &json),
        "disconnect" => socket(&floor, &disconnect::FUNCTION, &json),
        "audit" => schedule(&floor, &audit::FUNCTION, &json),
        "beat" => schedule(&floor, &beat::FUNCTION, &json),
        "follow-venues" => schedule(&floor, &follow_venues::FUNCTION, &json),
        "sweep" => schedule(&floor, &sweep::FUNCTION, &json),
        "authorize" => authorizer(&floor, &json),
        stem => request(&floor, stem, &json),
    }
}

/// What a function that is made up does next, and what it has done.
#[derive(Default)]
struct Script {
    choices: Vec<u8>,
    rows: usize,
    pairs: Vec<PairId>,
    bodies: Vec<String>,
}

thread_local! {
    static SCRIPT: RefCell<Script> = RefCell::default();
}

fn behave(choices: &[u8]) {
    let choices = choices.iter().rev().copied().collect();
    SCRIPT.set(Script { choices, ..Script::default() });
}

fn next_choice(script: &mut Script) -> u8 {
    script.choices.pop().unwrap_or(0)
}

/// Whether it fails is in its text, so that the same thing fails whenever it is tried.
fn fails(what: &str, choices: &[u8]) -> bool {
    let sum: u32 = what.bytes().chain(choices.iter().copied()).map(u32::from).sum();
    sum.is_multiple_of(3)
}

fn passing() -> Problem {
    Problem::passing(503, "unavailable", "not now")
}

const STREAM: StreamFunction = StreamFunction { stem: "follow", uses: &[], handle: follow };

fn follow<'a>(_: &'a Context, rows: &'a [StreamRow]) -> Following<'a> {
    Box::pin(async move {
        SCRIPT.with_borrow_mut(|script| {
            let choice = usize::from(next_choice(script));
            // All of it, as a rule.
            let done = if choice % 2 == 0 { rows.len() } else { choice / 8 % (rows.len() + 1) };
            script.rows += done;
            let stopped = match choice / 2 % 4 {
                0 => None,
                1 => Some(passing()),
                2 => Some(Problem::bug(&"broken")),
                _ => Some(Problem::refused(422, "refused", "never")),
            };
            Progress { done, stopped }
        })
    })
}

fn stream(floor: &Floor, function: &StreamFunction, json: &str, choices: &[u8]) {
    let Ok(event) = serde_json::from_str::<DynamoDbEvent>(json) else { return };
    behave(choices);
    floor.letters.refuse(choices.len() % 4 == 3);
    let response = now(handle_stream_event(&floor.context, &STREAM, event.clone()));
    let (letters, count) = (floor.letters.letters(), event.records.len());
    let handled = SCRIPT.with_borrow(|script| script.rows) + letters.len();
    let failures: Vec<_> = response.batch_item_failures.iter().collect();
    match &failures[..] {
        [] => assert_eq!(handled, count, "a record was lost, or handled twice"),
        [again] => {
            let first = event.records.get(handled).expect("all were handled, and one comes again");
            let number = first.change.sequence_number.clone().unwrap_or_default();
            assert_eq!(again.item_identifier.as_ref(), Some(&number), "another one comes again");
        }
        _ => panic!("more than one place to begin again at: {failures:?}"),
    }
    letters_hold_records(&letters.iter().map(|letter| &*letter.body).collect::<Vec<_>>(), &event);
    real_stream(function, event);
}

/// What is put away is the record, so that it can be played again.
fn letters_hold_records(bodies: &[&str], event: &DynamoDbEvent) {
    for body in bodies {
        let record = serde_json::from_str(body).expect("a record that can be read again");
        assert!(event.records.contains(&record), "not one of the event's: {body}");
    }
}

/// The function itself, on a floor of its own.
fn real_stream(function: &StreamFunction, event: DynamoDbEvent) {
    let floor = Floor::open();
    let response = now(handle_stream_event(&floor.context, function, event.clone()));
    assert!(response.batch_item_failures.len() <= 1);
    for again in &response.batch_item_failures {
        let known = event.records.iter().any(|record| {
            record.change.sequence_number.as_deref().unwrap_or_default()
                == again.item_identifier.as_deref().unwrap_or_default()
        });
        assert!(known, "what comes again was not there: {again:?}");
    }
    let letters = floor.letters.letters();
    assert!(letters.len() <= event.records.len());
    let bodies: Vec<_> = letters.iter().map(|letter| &*letter.body).collect();
    letters_hold_records(&bodies, &event);
    floor.is_conserved();
}

const QUEUE: QueueFunction = QueueFunction { stem: "match", uses: &[], handle: wake };

fn wake(_: &Context, pair: PairId) -> Handling<'_> {
    Box::pin(async move {
        SCRIPT.with_borrow_mut(|script| {
            script.pairs.push(pair);
            let fails = fails(&pair.to_string(), &script.choices);
            if fails { Err(passing()) } else { Ok(()) }
        })
    })
}

/// The names of what comes again, in order.
fn again(response: &SqsBatchResponse) -> Vec<String> {
    let failures = response.batch_item_failures.iter();
    let mut names: Vec<_> = failures.map(|failure| failure.item_identifier.clone()).collect();
    names.sort();
    names
}

fn queue(floor: &Floor, json: &str, choices: &[u8]) {
    let Ok(event) = serde_json::from_str::<SqsEvent>(json) else { return };
    behave(choices);
    let response = now(handle_queue_event(&floor.context, &QUEUE, event.clone()));
    let reversed: Vec<u8> = choices.iter().rev().copied().collect();
    let (mut pairs, mut failing) = (Vec::new(), Vec::new());
    for message in &event.records {
        let pair = message.attributes.get("MessageGroupId").and_then(|name| name.parse().ok());
        let Some(pair): Option<PairId> = pair else { continue };
        if !pairs.contains(&pair) {
            pairs.push(pair);
        }
        if fails(&pair.to_string(), &reversed) {
            failing.push(message.message_id.clone().unwrap_or_default());
        }
    }
    failing.sort();
    SCRIPT.with_borrow(|script| assert_eq!(script.pairs, pairs, "each market once, in order"));
    assert_eq!(again(&response), failing, "what failed comes again, and nothing else");
    let real = now(handle_queue_event(&floor.context, &match_orders::FUNCTION, event.clone()));
    named(&event, &real);
    floor.is_conserved();
}

const TASKS: TaskFunction = TaskFunction { stem: "work", uses: &[], handle: work };

fn work<'a>(_: &'a Context, body: &'a str) -> Handling<'a> {
    Box::pin(async move {
        SCRIPT.with_borrow_mut(|script| {
            script.bodies.push(body.to_owned());
            if fails(body, &script.choices) { Err(passing()) } else { Ok(()) }
        })
    })
}

fn tasks(floor: &Floor, function: &TaskFunction, json: &str, choices: &[u8]) {
    let Ok(event) = serde_json::from_str::<SqsEvent>(json) else { return };
    behave(choices);
    let response = now(handle_task_event(&floor.context, &TASKS, event.clone()));
    let reversed: Vec<u8> = choices.iter().rev().copied().collect();
    let (mut bodies, mut failing) = (Vec::new(), Vec::new());
    for message in &event.records {
        let body = message.body.clone().unwrap_or_default();
        if fails(&body, &reversed) {
            failing.push(message.message_id.clone().unwrap_or_default());
        }
        bodies.push(body);
    }
    failing.sort();
    SCRIPT.with_borrow(|script| assert_eq!(script.bodies, bodies, "each message once"));
    assert_eq!(again(&response), failing, "what failed comes again, and nothing else");
    let real = now(handle_task_event(&floor.context, function, event.clone()));
    named(&event, &real);
    floor.is_conserved();
}

/// What comes again was there.
fn named(event: &SqsEvent, response: &SqsBatchResponse) {
    let names = event.records.iter().map(|one| one.message_id.clone().unwrap_or_default());
    let names: Vec<_> = names.collect();
    let known = again(response).iter().all(|name| names.contains(name));
    assert!(known, "nobody sent it: {response:?}");
}

fn socket(floor: &Floor, function: &SocketFunction, json: &str) {
    let Ok(event) = serde_json::from_str::<ApiGatewayWebsocketProxyRequest>(json) else { return };
    let response = now(handle_socket_event(&floor.context, function, event));
    let status = response.status_code;
    assert!(status == 200 || (400..500).contains(&status), "{status}: {:?}", response.body);
    if status != 200 {
        let body = response.body.expect("a problem");
        let problem: Value = serde_json::from_slice(&body).expect("JSON");
        assert!(problem["code"].is_string() && problem["retryable"].is_boolean(), "{problem}");
    }
}

fn schedule(floor: &Floor, function: &ScheduleFunction, json: &str) {
    // It takes whatever JSON it is handed, and looks at none of it.
    if serde_json::from_str::<Value>(json).is_err() {
        return;
    }
    let handled = now(handle_schedule(&floor.context, function));
    assert!(handled.is_ok(), "{handled:?}");
    floor.is_conserved();
}

/// Only who has a token of ours may pass.
fn authorizer(floor: &Floor, json: &str) {
    let event = serde_json::from_str::<ApiGatewayV2CustomAuthorizerV2Request>(json);
    let Ok(event) = event else { return };
    let tokens = &floor.context.access_tokens;
    let decided = authorize(tokens, floor.clock.as_ref(), &event);
    let header = event.headers.get("authorization").and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| value.split_once(' ')).map(|(_, token)| token);
    let known = token.is_some_and(|token| floor.callers["trader"].token == token);
    let bearer = header.is_some_and(|value| value.to_ascii_lowercase().starts_with("bearer "));
    assert_eq!(decided.is_authorized, known && bearer, "{header:?}");
    assert_eq!(decided.context.contains_key("user"), decided.is_authorized);
}

/// A request as the HTTP API hands it to an endpoint's function.
fn request(floor: &Floor, stem: &str, json: &str) {
    let Some(endpoint) = ENDPOINTS.iter().find(|endpoint| endpoint.stem == stem) else { return };
    let Ok(event) = serde_json::from_str::<Value>(json) else { return };
    if !is_of_the_gateway(&event) {
        return;
    }
    let Ok(request) = lambda_http::request::from_str(json) else { return };
    let answer = now(answer(&floor.context, endpoint, request_of(request)));
    let status = answer.status().as_u16();
    assert!(status != 500 && (200..600).contains(&status), "{status}: {:?}", answer.body());
    let kind = answer.headers().get("content-type").map(|kind| kind.as_bytes().to_vec());
    if status >= 400 && endpoint.failure.is_none() {
        assert_eq!(kind.as_deref(), Some(&b"application/problem+json"[..]));
    }
    floor.is_conserved();
}

/// The gateway answers to its own names only, and encodes bodies itself; the runtime relies on
/// both, and panics at what the gateway never sends.
fn is_of_the_gateway(event: &Value) -> bool {
    let plain = |host: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
        host.bytes().all(known) && host.ends_with(".amazonaws.com")
    };
    let named = event["headers"].as_object().is_none_or(|headers| {
        let is_good = |(name, value): (&String, &Value)| {
            !name.eq_ignore_ascii_case("host") || value.as_str().is_some_and(plain)
        };
        headers.iter().all(is_good)
    });
    let body = event["body"].as_str().unwrap_or_default();
    named && (event["isBase64Encoded"] != true || BASE64_STANDARD.decode(body).is_ok())
}
