//! The sample events are what the gateway sends, each to its own endpoint.

mod special;

use aws_lambda_events::apigw::{
    ApiGatewayV2CustomAuthorizerV2Request, ApiGatewayV2httpRequest as Event,
    ApiGatewayWebsocketProxyRequest,
};
use edge::{
    dispatch::path_parameters,
    endpoint::{Access, Endpoint, Idempotency},
};
use functions::ENDPOINTS;
use serde_json::Value;

use crate::tree::read;

fn text(stem: &str) -> String {
    read(&format!("events/{stem}.json"))
}

fn event(endpoint: &Endpoint) -> Event {
    let event = serde_json::from_str(&text(endpoint.stem));
    event.unwrap_or_else(|error| panic!("{}: {error}", endpoint.stem))
}

fn header<'a>(event: &'a Event, name: &str) -> Option<&'a str> {
    event.headers.get(name).and_then(|value| value.to_str().ok())
}

#[test]
fn every_event_is_for_its_endpoint() {
    for endpoint in ENDPOINTS {
        let (event, stem) = (event(endpoint), endpoint.stem);
        let context = &event.request_context;
        let route = format!("{} {}", endpoint.method.as_str(), endpoint.path());
        assert_eq!(event.route_key.as_deref(), Some(route.as_str()), "{stem}");
        assert_eq!(context.route_key.as_deref(), Some(route.as_str()), "{stem}");
        assert_eq!(context.http.method.as_str(), endpoint.method.as_str(), "{stem}");
        let path = event.raw_path.as_deref().expect(stem);
        assert_eq!(context.http.path.as_deref(), Some(path), "{stem}");
        let parameters = path_parameters(endpoint, path).expect(stem);
        assert_eq!(parameters.len(), event.path_parameters.len(), "{stem}");
        for (name, value) in parameters {
            assert_eq!(event.path_parameters.get(&name), Some(&value), "{stem}");
        }
    }
}

#[test]
fn every_event_carries_what_its_endpoint_asks_for() {
    for endpoint in ENDPOINTS {
        let (event, stem) = (event(endpoint), endpoint.stem);
        let protected = matches!(endpoint.access, Access::Needs(_));
        assert_eq!(header(&event, "authorization").is_some(), protected, "{stem}");
        let keyed = endpoint.idempotency != Idempotency::None;
        assert_eq!(header(&event, "idempotency-key").is_some(), keyed, "{stem}");
        assert_eq!(event.body.is_some(), endpoint.body.is_some(), "{stem}");
        if let Some(body) = &event.body {
            let body: Value = serde_json::from_str(body).expect(stem);
            assert!(body.is_object(), "{stem}");
            assert_eq!(header(&event, "content-type"), Some("application/json"), "{stem}");
            let bytes = event.body.as_deref().map(str::len).map(|bytes| bytes.to_string());
            assert_eq!(header(&event, "content-length"), bytes.as_deref(), "{stem}");
        }
        for name in event.query_string_parameters.iter().map(|(name, _)| name) {
            assert!(endpoint.query.iter().any(|known| known.name == name), "{stem}: {name}");
        }
    }
}

#[test]
fn every_event_is_complete() {
    for endpoint in ENDPOINTS {
        let (event, stem) = (event(endpoint), endpoint.stem);
        assert_eq!(event.version.as_deref(), Some("2.0"), "{stem}");
        let context = &event.request_context;
        assert!(context.http.source_ip.is_some() && context.request_id.is_some(), "{stem}");
        assert!(context.stage.is_some() && context.domain_name.is_some(), "{stem}");
    }
}

#[test]
fn the_authorizers_event_is_a_request_of_the_second_version() {
    let event: ApiGatewayV2CustomAuthorizerV2Request =
        serde_json::from_str(&text("authorize")).expect("an authorizer's request");
    assert_eq!(event.version.as_deref(), Some("2.0"));
    assert_eq!(event.type_.as_deref(), Some("REQUEST"));
    assert!(event.headers.contains_key("authorization"));
}

#[test]
fn every_event_of_a_connection_is_of_its_route() {
    for (stem, route, kind) in [
        ("connect", "$connect", "CONNECT"),
        ("message", "$default", "MESSAGE"),
        ("disconnect", "$disconnect", "DISCONNECT"),
    ] {
        let event: ApiGatewayWebsocketProxyRequest =
            serde_json::from_str(&text(stem)).unwrap_or_else(|error| panic!("{stem}: {error}"));
        let context = &event.request_context;
        assert_eq!(context.route_key.as_deref(), Some(route), "{stem}");
        assert_eq!(context.event_type.as_deref(), Some(kind), "{stem}");
        assert!(context.connected_at > 0 && context.connection_id.is_some(), "{stem}");
        assert!(context.identity.source_ip.is_some(), "{stem}");
        assert_eq!(event.body.is_some(), stem == "message", "{stem}");
    }
}
