//! The endpoints as one template for `sam local start-api`, which finds routes only among a
//! function's own events, and none in the stacks. It is deployed nowhere.

use edge::endpoint::Endpoint;
use functions::ENDPOINTS;

use crate::{
    function::Function,
    names::pascal,
    size::size,
    variables::variables,
    yaml::{Entry, Node, document, entry, list, map},
};

/// Where it is written, from the workspace's root: beside the functions that
/// `cargo lambda build` leaves there.
pub const LOCAL_PATH: &str = "target/sam-local.yaml";

/// The whole template, for the processor of this machine.
#[must_use]
pub fn local() -> String {
    let head = "The endpoints for `sam local start-api`. Made from the code:\n\n  \
                cargo run -p templates -- local";
    let functions = ENDPOINTS
        .iter()
        .map(|endpoint| entry(format!("{}Function", pascal(endpoint.stem)), function(endpoint)));
    let entries = [
        entry("AWSTemplateFormatVersion", "2010-09-09"),
        entry("Transform", "AWS::Serverless-2016-10-31"),
        entry("Resources", map(functions)),
    ];
    document(head, &entries)
}

fn function(endpoint: &Endpoint) -> Node {
    let function = Function::from(endpoint);
    let size = size(&function);
    // SAM sets what is declared and nothing else; the values are those of `--env-vars`.
    let empty = |variable: Entry| entry(variable.key, "");
    let variables = map(variables(&function).into_iter().map(empty));
    let processor = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let events = endpoint.paths.iter().enumerate().map(|(place, path)| {
        let method = endpoint.method.as_str();
        let route = map([entry("Path", *path), entry("Method", method)]);
        let event = map([entry("Type", "HttpApi"), entry("Properties", route)]);
        entry(format!("Route{place}"), event)
    });
    let properties = map([
        entry("Runtime", "provided.al2023"),
        entry("Architectures", list([processor])),
        entry("Handler", "bootstrap"),
        entry("CodeUri", format!("lambda/{}", endpoint.stem)),
        entry("MemorySize", size.memory_mb),
        entry("Timeout", size.timeout_s),
        entry("Environment", map([entry("Variables", variables)])),
        entry("Events", map(events)),
    ]);
    map([
        entry("Type", "AWS::Serverless::Function"),
        entry("Metadata", map([entry("SkipBuild", true)])),
        entry("Properties", properties),
    ])
}
