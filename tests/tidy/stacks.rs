//! The stacks are what the code says: functions, roles, routes, sources, tables and parameters,
//! read from the templates as CloudFormation would and compared both ways. How the generated ones
//! are made, nobody here knows but `generated`.

mod functions;
mod generated;
mod network;
mod parameters;
mod permissions;
mod roles;
mod routes;
mod sizes;
mod sources;
mod statements;
mod tables;
mod template;

use std::sync::OnceLock;

use ::functions::{ENDPOINTS, EVENT_HANDLERS, Trigger};
use edge::uses::{Service, Use, services_of};
use serde_json::{Map, Value};

use crate::tree::stems;

use self::template::template;

const DIRECTORY: &str = "infra/stacks";

/// A template under `infra/stacks`.
struct Stack {
    /// Its file's name without the end.
    name: String,
    resources: Map<String, Value>,
}

/// A function that the code knows.
struct Expected {
    stem: &'static str,
    uses: &'static [Use],
    /// Nothing if it is an endpoint.
    trigger: Option<Trigger>,
}

impl Expected {
    fn services(&self) -> Vec<Service> {
        services_of(self.uses)
    }
}

/// A function that a template has.
struct Found {
    stack: &'static Stack,
    /// Its name within the stack.
    id: &'static str,
    /// Its name without the market's.
    stem: &'static str,
    properties: &'static Value,
}

impl Found {
    /// What the code says of it.
    fn expected(&self) -> Expected {
        let all = expected();
        let found = all.into_iter().find(|expected| expected.stem == self.stem);
        found.unwrap_or_else(|| panic!("the code has no {}", self.stem))
    }
}

/// All templates under `infra/stacks`.
fn stacks() -> &'static [Stack] {
    static STACKS: OnceLock<Vec<Stack>> = OnceLock::new();
    let load = |name: String| {
        let mut whole = template(&format!("{DIRECTORY}/{name}.yaml"));
        let Value::Object(resources) = whole["Resources"].take() else { panic!("{name}") };
        Stack { name, resources }
    };
    STACKS.get_or_init(|| stems(DIRECTORY, ".yaml").into_iter().map(load).collect())
}

fn stack(name: &str) -> &'static Stack {
    stacks().iter().find(|stack| stack.name == name).expect(name)
}

/// The stacks that are made from the code.
fn function_stacks() -> impl Iterator<Item = &'static Stack> {
    stacks().iter().filter(|stack| stack.name.starts_with("functions-"))
}

impl Stack {
    /// The names and properties of all resources of a type.
    fn of_type(&self, kind: &str) -> impl Iterator<Item = (&String, &Value)> {
        let fitting = self.resources.iter().filter(move |(_, resource)| resource["Type"] == kind);
        fitting.map(|(id, resource)| (id, &resource["Properties"]))
    }

    fn properties(&self, id: &str) -> &Value {
        &self.resources.get(id).unwrap_or_else(|| panic!("{}: no {id}", self.name))["Properties"]
    }

    /// The stem of the function whose alias this is, as in `${BuyFunction.Alias}`.
    fn stem_of_alias(&self, alias: &str) -> &str {
        let id = alias.strip_prefix("${").and_then(|rest| rest.strip_suffix(".Alias}"));
        let name =
            &self.properties(id.unwrap_or_else(|| panic!("no alias: {alias}")))["FunctionName"];
        name["Fn::Sub"].as_str().and_then(|name| name.strip_prefix("${Market}-")).expect("a name")
    }
}

/// All functions of the code.
fn expected() -> Vec<Expected> {
    let endpoints = ENDPOINTS.iter().map(|endpoint| Expected {
        stem: endpoint.stem,
        uses: endpoint.uses,
        trigger: None,
    });
    let handlers = EVENT_HANDLERS.iter().map(|handler| Expected {
        stem: handler.stem,
        uses: handler.uses,
        trigger: Some(handler.trigger),
    });
    endpoints.chain(handlers).collect()
}

/// All functions of all templates.
fn found() -> Vec<Found> {
    let of_stack = |stack: &'static Stack| {
        stack.of_type("AWS::Serverless::Function").map(move |(id, properties)| {
            let name = properties["FunctionName"]["Fn::Sub"].as_str();
            let stem = name.and_then(|name| name.strip_prefix("${Market}-")).expect("a name");
            Found { stack, id, stem, properties }
        })
    };
    stacks().iter().flat_map(of_stack).collect()
}

/// A value as one text: `${…}` in place of what CloudFormation puts there.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Object(call) if call.len() == 1 => {
            let (name, given) = call.iter().next().expect("one");
            match (name.as_str(), given) {
                ("Ref" | "Fn::GetAtt", Value::String(of)) => format!("${{{of}}}"),
                ("Fn::Sub", Value::String(text)) => text.clone(),
                ("Fn::Sub", Value::Array(given)) => {
                    let (template, names) = (text(&given[0]), given[1].as_object());
                    let names = names.expect("names").iter();
                    names.fold(template, |template, (name, value)| {
                        template.replace(&format!("${{{name}}}"), &text(value))
                    })
                }
                _ => value.to_string(),
            }
        }
        Value::Null | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// One text or several, as a list.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(text).collect(),
        Value::Null => Vec::new(),
        _ => vec![text(value)],
    }
}

/// The ARN of something of this account and region.
fn arn(service: &str, rest: &str) -> String {
    format!("arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{rest}")
}

/// `by_party` and `place-order` as `ByParty` and `PlaceOrder`.
fn pascal(name: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split(['-', '_']).map(word).collect()
}
