//! Samples of special cases: each stands in the index, and has all that AWS sends for its
//! function. What they come to, `tests/api` finds out.

use std::collections::{BTreeMap, BTreeSet};

use aws_lambda_events::{
    apigw::{
        ApiGatewayV2CustomAuthorizerV2Request, ApiGatewayV2httpRequest,
        ApiGatewayWebsocketProxyRequest,
    },
    dynamodb,
    sqs::SqsEvent,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use edge::{dispatch::path_parameters, endpoint::Endpoint};
use functions::{ENDPOINTS, EVENT_HANDLERS};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::tree::{read, stems};

/// Invoked with nothing: no event of anybody's.
const NOTHING: &str = "audit.by-hand";
/// The one whose path begins with the name of its stage.
const STAGED: &str = "health.with-stage-in-path";

/// Names of special cases, as in `buy.replayed`.
fn special() -> Vec<String> {
    stems("events", ".json").into_iter().filter(|name| name.contains('.')).collect()
}

fn function_of(name: &str) -> &str {
    name.split('.').next().unwrap_or_default()
}

fn special_of(functions: &[&str]) -> Vec<String> {
    let names = special().into_iter().filter(|name| functions.contains(&function_of(name)));
    let names: Vec<_> = names.collect();
    assert!(!names.is_empty(), "{functions:?} have no special case");
    names
}

fn parsed<T: DeserializeOwned>(name: &str) -> T {
    let event = serde_json::from_str(&read(&format!("events/{name}.json")));
    event.unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn endpoint_of(name: &str) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().copied().find(|endpoint| endpoint.stem == function_of(name))
}

/// The cells of the index's rows.
fn rows() -> Vec<[String; 6]> {
    let index = read("events/README.md");
    let (_, table) = index.split_once("\n## Special cases\n").expect("the special cases");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    let split = |row: &str| -> Vec<String> {
        row.split(" | ").map(|cell| cell.trim().replace('`', "")).collect()
    };
    let six = |row: Vec<String>| row.try_into().expect("six cells");
    rows.map(split).map(six).collect()
}

#[test]
fn every_special_case_is_named_by_its_function_and_by_what_is_special() {
    for name in special() {
        let (function, case) = name.split_once('.').expect("a case");
        let known = endpoint_of(&name).is_some()
            || EVENT_HANDLERS.iter().any(|handler| handler.stem == function);
        assert!(known, "{name}: no such function");
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(!case.is_empty() && case.chars().all(plain), "{name}");
    }
}

#[test]
fn the_index_lists_exactly_the_special_cases_in_order() {
    let listed: Vec<_> = rows().into_iter().map(|[name, ..]| name).collect();
    let files: Vec<_> = special().iter().map(|name| format!("{name}.json")).collect();
    assert_eq!(listed, files);
}

#[test]
fn every_row_of_the_index_is_complete() {
    let all = stems("events", ".json");
    let mut described = BTreeSet::new();
    for [name, function, special, after, outcome, money] in rows() {
        assert_eq!(function, function_of(&name), "{name}");
        assert!(!special.is_empty() && !outcome.is_empty() && !money.is_empty(), "{name}");
        assert!(described.insert((function, special)), "{name}: described as another is");
        for before in after.split(", ").filter(|before| !before.is_empty()) {
            let known = before
                .strip_suffix(".json")
                .is_some_and(|stem| all.iter().any(|known| known == stem));
            assert!(known, "{name}: no sample {before}");
        }
    }
}

#[test]
fn every_special_request_is_as_the_gateway_sends_it() {
    for (name, endpoint) in special().iter().filter_map(|name| Some((name, endpoint_of(name)?))) {
        let event: ApiGatewayV2httpRequest = parsed(name);
        let context = &event.request_context;
        assert_eq!(event.version.as_deref(), Some("2.0"), "{name}");
        assert_eq!(event.route_key, context.route_key, "{name}");
        assert_eq!(context.http.method.as_str(), endpoint.method.as_str(), "{name}");
        assert_eq!(context.http.path, event.raw_path, "{name}");
        assert!(context.http.source_ip.is_some() && context.request_id.is_some(), "{name}");
        assert!(context.time_epoch > 0 && context.domain_name.is_some(), "{name}");
        let path = path(name, &event);
        let route = event.route_key.as_deref().expect(name);
        let (_, template) = route.split_once(' ').expect(name);
        assert!(endpoint.paths.contains(&template), "{name}: {template}");
        let parameters = path_parameters(endpoint, &path).expect(name);
        let given: BTreeMap<_, _> = parameters.into_iter().collect();
        for (parameter, value) in &given {
            let sent = event.path_parameters.get(parameter);
            assert_eq!(sent, Some(value), "{name}: {parameter}");
        }
        assert_eq!(given.len(), event.path_parameters.len(), "{name}");
        for header in event.headers.keys() {
            assert_eq!(header.as_str(), header.as_str().to_lowercase(), "{name}");
        }
    }
}

/// A stage other than `$default` stands before the path.
fn path(name: &str, event: &ApiGatewayV2httpRequest) -> String {
    let path = event.raw_path.as_deref().expect(name);
    let stage = event.request_context.stage.as_deref().expect(name);
    if stage == "$default" {
        // The gateway has decoded it; functions encode it again.
        return path.replace('%', "%25");
    }
    assert_eq!(name, STAGED);
    path.strip_prefix('/').and_then(|path| path.strip_prefix(stage)).expect(name).to_owned()
}

#[test]
fn every_special_requests_length_and_query_agree_with_themselves() {
    for name in special().iter().filter(|name| endpoint_of(name).is_some()) {
        let event: ApiGatewayV2httpRequest = parsed(name);
        let bytes = event.body.as_ref().map(|body| match event.is_base64_encoded {
            true => BASE64_STANDARD.decode(body).expect(name).len(),
            false => body.len(),
        });
        let length = event.headers.get("content-length").and_then(|value| value.to_str().ok());
        assert_eq!(length, bytes.map(|bytes| bytes.to_string()).as_deref(), "{name}");
        let raw = event.raw_query_string.as_deref().unwrap_or_default();
        let names: BTreeSet<_> = raw.split('&').filter_map(|pair| pair.split('=').next()).collect();
        let given = event.query_string_parameters.iter().map(|(name, _)| name).collect();
        let names: BTreeSet<_> = names.into_iter().filter(|name| !name.is_empty()).collect();
        assert_eq!(names, given, "{name}");
    }
}

/// Older clients' paths are kept for them: each has a sample that comes by it.
#[test]
fn every_path_of_every_endpoint_has_a_sample() {
    let mut routes = BTreeSet::new();
    for name in stems("events", ".json").iter().filter(|name| endpoint_of(name).is_some()) {
        routes.insert(parsed::<ApiGatewayV2httpRequest>(name).route_key.expect(name));
    }
    for endpoint in ENDPOINTS {
        for path in endpoint.paths {
            let route = format!("{} {path}", endpoint.method.as_str());
            assert!(routes.contains(&route), "no sample comes by {route}");
        }
    }
}

#[test]
fn every_special_event_of_a_connection_is_complete() {
    for name in special_of(&["connect", "message", "disconnect"]) {
        let event: ApiGatewayWebsocketProxyRequest = parsed(&name);
        let context = &event.request_context;
        let function = function_of(&name);
        let kind = if function == "message" { "$default".into() } else { format!("${function}") };
        assert_eq!(context.route_key.as_ref(), Some(&kind), "{name}");
        assert_eq!(event.body.is_some(), function == "message", "{name}");
        assert!(context.connected_at > 0 && context.request_time_epoch > 0, "{name}");
        assert!(context.connection_id.is_some() && context.domain_name.is_some(), "{name}");
        assert!(context.identity.source_ip.is_some() && context.stage.is_some(), "{name}");
        let said: BTreeSet<_> = event.query_string_parameters.iter().collect();
        let many: BTreeSet<_> = event.multi_value_query_string_parameters.iter().collect();
        assert_eq!(said, many, "{name}");
    }
}

#[test]
fn every_special_request_to_the_authorizer_is_complete() {
    for name in special_of(&["authorize"]) {
        let event: ApiGatewayV2CustomAuthorizerV2Request = parsed(&name);
        assert_eq!(event.version.as_deref(), Some("2.0"), "{name}");
        assert_eq!(event.type_.as_deref(), Some("REQUEST"), "{name}");
        assert!(event.route_arn.is_some() && event.request_context.time_epoch > 0, "{name}");
    }
}

#[test]
fn every_special_message_of_a_queue_is_complete() {
    for name in special_of(&["match-orders", "deliver-webhooks", "place-at-venue"]) {
        let event: SqsEvent = parsed(&name);
        assert!(!event.records.is_empty(), "{name}");
        let mut ids = BTreeSet::new();
        for message in event.records {
            assert!(ids.insert(message.message_id.clone()), "{name}: an id twice");
            let received = message.attributes.get("ApproximateReceiveCount");
            assert!(received.is_some() && message.attributes.contains_key("SentTimestamp"));
            let arn = message.event_source_arn.as_deref().expect(&name);
            let fifo = function_of(&name) == "match-orders";
            assert_eq!(arn.ends_with(".fifo"), fifo, "{name}");
            assert_eq!(message.attributes.contains_key("SequenceNumber"), fifo, "{name}");
            for (key, attribute) in &message.message_attributes {
                assert_eq!(attribute.data_type.as_deref(), Some("String"), "{name}: {key}");
                assert!(attribute.string_value.is_some(), "{name}: {key}");
            }
        }
    }
}

#[test]
fn a_sample_of_each_queue_carries_a_trace() {
    for function in ["match-orders", "deliver-webhooks"] {
        let traced = |name: &String| {
            let event: SqsEvent = parsed(name);
            event.records.iter().any(|one| one.message_attributes.contains_key("traceparent"))
        };
        assert!(special_of(&[function]).iter().any(traced), "{function}");
    }
}

#[test]
fn every_special_record_of_a_stream_is_complete() {
    for name in special_of(&["project", "publish"]) {
        let event: dynamodb::Event = parsed(&name);
        let mut tables = BTreeSet::new();
        let mut numbers = BTreeSet::new();
        for record in event.records {
            let change = &record.change;
            assert!(numbers.insert(change.sequence_number.clone()), "{name}: a number twice");
            assert!(change.approximate_creation_date_time.timestamp() > 0, "{name}");
            assert!(
                !change.keys.clone().into_inner().is_empty() && change.size_bytes > 0,
                "{name}"
            );
            tables.insert(record.event_source_arn.expect(&name));
            let removed = record.event_name == "REMOVE";
            assert_eq!(change.new_image.clone().into_inner().is_empty(), removed, "{name}");
            assert_eq!(record.user_identity.is_some(), removed, "{name}");
        }
        assert!(tables.len() <= 1, "{name}: a batch is of one table");
    }
}

#[test]
fn every_special_event_of_a_schedule_is_complete() {
    for name in special_of(&["audit", "beat", "sweep", "follow-venues"])
        .iter()
        .filter(|name| *name != NOTHING)
    {
        let event: Value = parsed(name);
        for key in ["version", "id", "detail-type", "source", "account", "time", "region"] {
            assert!(event[key].is_string(), "{name}: {key}");
        }
        assert!(event["resources"].is_array(), "{name}");
    }
}
