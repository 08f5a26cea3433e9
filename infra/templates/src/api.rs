//! How an endpoint is reached: an integration, a route for each of its paths, and that the API may
//! call it by them. The API itself is written by hand.

use edge::endpoint::{Access, Endpoint};

use crate::{
    names::{alias, arn, pascal},
    yaml::{Entry, Node, entry, map, reference, sub},
};

/// All resources that lead to an endpoint.
pub(crate) fn resources(endpoint: &Endpoint) -> Vec<Entry> {
    let name = pascal(endpoint.stem);
    let mut all = vec![entry(format!("{name}Integration"), integration(endpoint.stem))];
    for (place, path) in endpoint.paths.iter().enumerate() {
        // The second path's resources are called `…2`.
        let number = if place == 0 { String::new() } else { (place + 1).to_string() };
        all.push(entry(format!("{name}Route{number}"), route(endpoint, path)));
        all.push(entry(format!("{name}Permission{number}"), permission(endpoint, path)));
    }
    all
}

fn integration(stem: &str) -> Node {
    resource(
        "AWS::ApiGatewayV2::Integration",
        [
            entry("ApiId", reference("HttpApiId")),
            entry("IntegrationType", "AWS_PROXY"),
            entry("IntegrationUri", reference(alias(stem))),
            entry("PayloadFormatVersion", "2.0"),
        ],
    )
}

/// Who may call: with a token that the authorizer took, or anybody. A token that may or may not
/// come is verified by the function alone, because the authorizer would refuse whoever has none.
fn route(endpoint: &Endpoint, path: &str) -> Node {
    let mut properties = vec![
        entry("ApiId", reference("HttpApiId")),
        entry("RouteKey", format!("{} {path}", endpoint.method.as_str())),
        entry("Target", sub(format!("integrations/${{{}Integration}}", pascal(endpoint.stem)))),
    ];
    match endpoint.access {
        Access::Needs(_) => {
            properties.push(entry("AuthorizationType", "CUSTOM"));
            properties.push(entry("AuthorizerId", reference("AuthorizerId")));
        }
        Access::Public | Access::Optional => properties.push(entry("AuthorizationType", "NONE")),
    }
    resource("AWS::ApiGatewayV2::Route", properties)
}

fn permission(endpoint: &Endpoint, path: &str) -> Node {
    let route = format!("{}{}", endpoint.method.as_str(), pattern(path));
    invoke(endpoint.stem, "HttpApiId", &route)
}

/// That an API may call a function by a route.
pub(crate) fn invoke(stem: &str, api: &str, route: &str) -> Node {
    resource(
        "AWS::Lambda::Permission",
        [
            entry("Action", "lambda:InvokeFunction"),
            entry("FunctionName", reference(alias(stem))),
            entry("Principal", "apigateway.amazonaws.com"),
            entry("SourceArn", sub(arn("execute-api", &format!("${{{api}}}/*/{route}")))),
        ],
    )
}

/// A resource of a type.
pub(crate) fn resource(kind: &str, properties: impl IntoIterator<Item = Entry>) -> Node {
    map([entry("Type", kind), entry("Properties", map(properties))])
}

/// A path as a pattern: anything in place of a parameter. Whether the gateway says the slash at an
/// end is nowhere written, so there anything may be too.
fn pattern(path: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { "*" } else { part }.to_owned();
    let whole = path.split('/').map(part).collect::<Vec<_>>().join("/");
    match whole.strip_suffix('/').filter(|rest| !rest.is_empty()) {
        Some(rest) => format!("{rest}*"),
        None => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_anything_for_parameters_and_for_a_slash_at_the_end() {
        assert_eq!(pattern("/"), "/");
        assert_eq!(pattern("/api/v1/orders/{order_id}/fills"), "/api/v1/orders/*/fills");
        assert_eq!(pattern("/api/v1/wallets/"), "/api/v1/wallets*");
    }
}
