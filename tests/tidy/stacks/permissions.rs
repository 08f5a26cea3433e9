//! Who may call a function: the API that has a route to it, by that route.

use std::collections::BTreeMap;

use functions::{ENDPOINTS, EVENT_HANDLERS, Trigger};

use super::{arn, function_stacks, text};

/// Of each function, the ARNs by which it may be called.
fn permissions() -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for stack in function_stacks() {
        for (id, permission) in stack.of_type("AWS::Lambda::Permission") {
            assert_eq!(permission["Action"], "lambda:InvokeFunction", "{id}");
            assert_eq!(permission["Principal"], "apigateway.amazonaws.com", "{id}");
            let stem = stack.stem_of_alias(&text(&permission["FunctionName"])).to_owned();
            all.entry(stem).or_default().push(text(&permission["SourceArn"]));
        }
    }
    all
}

/// Of each function, the ARNs of the routes that lead to it.
fn routes() -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for endpoint in ENDPOINTS {
        let method = endpoint.method.as_str();
        let of = |path: &&str| arn("execute-api", &format!("${{HttpApiId}}/stage/{method}{path}"));
        all.insert(endpoint.stem.to_owned(), endpoint.paths.iter().map(of).collect());
    }
    for handler in EVENT_HANDLERS {
        if let Trigger::Route(route) = handler.trigger {
            let of = arn("execute-api", &format!("${{SocketApiId}}/stage/{route}"));
            all.insert(handler.stem.to_owned(), vec![of]);
        }
    }
    all
}

/// Whether a pattern, in which `*` is anything, fits.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut rest = rest;
    let mut last = None;
    for part in parts {
        let Some(place) = rest.find(part) else { return false };
        rest = &rest[place + part.len()..];
        last = Some(part);
    }
    rest.is_empty() || last == Some("")
}

#[test]
fn a_function_may_be_called_by_its_routes_and_by_nothing_else() {
    let (permissions, routes) = (permissions(), routes());
    let stems = |all: &BTreeMap<String, _>| all.keys().cloned().collect::<Vec<_>>();
    assert_eq!(stems(&permissions), stems(&routes));
    for (stem, patterns) in &permissions {
        let routes = &routes[stem];
        assert_eq!(patterns.len(), routes.len(), "{stem}");
        for route in routes {
            assert!(patterns.iter().any(|pattern| fits(pattern, route)), "{stem}: {route}");
        }
        for pattern in patterns {
            assert!(routes.iter().any(|route| fits(pattern, route)), "{stem}: {pattern}");
        }
    }
}

#[test]
fn a_pattern_fits_what_it_stands_for() {
    assert!(fits("a/*/b/*", "a/x/b/y/z"));
    assert!(fits("a*", "a/"));
    assert!(!fits("a/*/c", "a/x/b"));
    assert!(!fits("a/*/c", "a/x/c/d"));
}
