//! The routes of both APIs: each path of each endpoint leads to its function, behind the authorizer
//! where the code says so, and there are no others.

use functions::{ENDPOINTS, EVENT_HANDLERS, Trigger};
use serde_json::Value;

use edge::{
    endpoint::{Access, Endpoint, Idempotency},
    uses,
};

use super::{Stack, function_stacks, stack, stacks, text};

/// A route: its key, the stem that it leads to, and whether the authorizer is asked.
type Route = (String, String, bool);

/// The integration that a route names, if it is of this stack.
fn integration<'a>(stack: &'a Stack, route: &Value) -> &'a Value {
    let target = text(&route["Target"]);
    let id = target.strip_prefix("integrations/${").and_then(|rest| rest.strip_suffix('}'));
    let integration = stack.properties(id.expect("an integration"));
    assert_eq!(integration["ApiId"], route["ApiId"], "{target} is of another API");
    assert_eq!(integration["IntegrationType"], "AWS_PROXY", "{target}");
    integration
}

fn routes(of: &str, stem: impl Fn(&Stack, &Value) -> String) -> Vec<Route> {
    let mut all = Vec::new();
    for stack in stacks() {
        for (id, route) in stack.of_type("AWS::ApiGatewayV2::Route") {
            if text(&route["ApiId"]) != format!("${{{of}}}") {
                continue;
            }
            let asked = match route["AuthorizationType"].as_str() {
                Some("NONE") => false,
                Some("CUSTOM") => {
                    assert_eq!(text(&route["AuthorizerId"]), "${AuthorizerId}", "{id}");
                    true
                }
                other => panic!("{id}: {other:?}"),
            };
            let stem = stem(stack, integration(stack, route));
            all.push((text(&route["RouteKey"]), stem, asked));
        }
    }
    all.sort();
    all
}

#[test]
fn every_path_of_every_endpoint_leads_to_its_function_and_nothing_else_does() {
    let found = routes("HttpApiId", |stack, integration| {
        assert_eq!(integration["PayloadFormatVersion"], "2.0");
        stack.stem_of_alias(&text(&integration["IntegrationUri"])).to_owned()
    });
    let mut expected: Vec<Route> = Vec::new();
    for endpoint in ENDPOINTS {
        let asked = matches!(endpoint.access, Access::Needs(_));
        let key = |path| format!("{} {path}", endpoint.method.as_str());
        let paths = endpoint.paths.iter();
        expected.extend(paths.map(|path| (key(path), endpoint.stem.to_owned(), asked)));
    }
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn every_route_of_the_sockets_leads_to_its_function() {
    let found = routes("SocketApiId", |stack, integration| {
        let uri = text(&integration["IntegrationUri"]);
        let (_, alias) = uri.split_once("/functions/").expect("a function");
        stack.stem_of_alias(alias.strip_suffix("/invocations").expect("its invocations")).to_owned()
    });
    // A ticket lets a client in: the function spends it.
    let route = |route: &str, stem: &str| (route.to_owned(), stem.to_owned(), false);
    let routes = EVENT_HANDLERS.iter().filter_map(|handler| match handler.trigger {
        Trigger::Route(key) => Some(route(key, handler.stem)),
        _ => None,
    });
    let mut expected: Vec<_> = routes.collect();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn every_integration_has_a_route() {
    for stack in function_stacks() {
        let targets: Vec<_> = stack
            .of_type("AWS::ApiGatewayV2::Route")
            .map(|(_, route)| text(&route["Target"]))
            .collect();
        for (id, _) in stack.of_type("AWS::ApiGatewayV2::Integration") {
            assert!(targets.contains(&format!("integrations/${{{id}}}")), "{id} is led to by none");
        }
    }
}

/// Of each path of these endpoints, its route's key.
fn keys(of: impl Fn(&Endpoint) -> bool) -> Vec<String> {
    let fitting = ENDPOINTS.iter().filter(|endpoint| of(endpoint));
    let keys = fitting.flat_map(|endpoint| {
        endpoint.paths.iter().map(|path| format!("{} {path}", endpoint.method.as_str()))
    });
    keys.collect()
}

/// A stage whose throttle names a route that is not there cannot be made.
#[test]
fn every_throttle_names_a_route() {
    let settings = &stack("stages").properties("HttpStage")["RouteSettings"];
    let routes = keys(|_| true);
    for name in settings.as_object().expect("settings").keys() {
        assert!(routes.contains(name), "{name}");
    }
}

#[test]
fn what_moves_money_or_hashes_passwords_has_a_throttle_of_its_own() {
    let settings = &stack("stages").properties("HttpStage")["RouteSettings"];
    let has = |key: &String, parameter: &str| {
        let limit = &settings[key.as_str()]["ThrottlingRateLimit"];
        assert_eq!(text(limit), format!("${{{parameter}}}"), "{key}");
    };
    let money = keys(|endpoint| endpoint.idempotency == Idempotency::Required);
    money.iter().for_each(|key| has(key, "MoneyRateLimit"));
    let hashing = keys(|endpoint| endpoint.uses.contains(&uses::PASSWORDS));
    hashing.iter().for_each(|key| has(key, "AuthRateLimit"));
    assert!(!money.is_empty() && !hashing.is_empty());
}
