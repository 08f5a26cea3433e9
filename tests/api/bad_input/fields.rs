//! The fields of every endpoint, as the OpenAPI document names them: a field that is not
//! documented is not tried, so the examples must have exactly the documented ones.

use std::{collections::BTreeSet, sync::LazyLock};

use edge::endpoint::Endpoint;
use functions::ENDPOINTS;
use serde_json::Value;

use crate::matrix::examples::{Example, Stage};

/// A field of a body: `/quantity`, or `/buy/quantity` in an object of the body.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Field {
    pub(super) pointer: String,
    pub(super) optional: bool,
}

fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
        let text = edge::openapi::document(ENDPOINTS, "1").to_json().expect("a document");
        serde_json::from_str(&text).expect("JSON")
    });
    &DOCUMENT
}

/// The documented operation of an endpoint.
fn operation(endpoint: &Endpoint) -> &'static Value {
    let method = endpoint.method.as_str().to_lowercase();
    &document()["paths"][endpoint.path()][method]
}

/// The fields of an endpoint's body, one level into its objects.
pub(super) fn of_body(endpoint: &Endpoint) -> Vec<Field> {
    let schema = &operation(endpoint)["requestBody"]["content"]["application/json"]["schema"];
    if schema.is_null() {
        return Vec::new();
    }
    let mut fields = Vec::new();
    for (field, schema) in properties(schema, "") {
        let inner = properties(schema, &field.pointer);
        fields.push(field);
        fields.extend(inner.into_iter().map(|(field, _)| field));
    }
    fields
}

fn properties(schema: &'static Value, at: &str) -> Vec<(Field, &'static Value)> {
    let schema = resolved(schema);
    let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    let members = schema["properties"].as_object().into_iter().flatten();
    let field = |name: &String| Field {
        pointer: format!("{at}/{name}"),
        optional: !required.iter().any(|known| known == name),
    };
    members.map(|(name, schema)| (field(name), schema)).collect()
}

/// The schema itself, through references and the choice between it and null.
fn resolved(schema: &'static Value) -> &'static Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document().pointer(reference.trim_start_matches('#')).expect("a known schema");
        return resolved(target);
    }
    let choices =
        ["oneOf", "allOf", "anyOf"].into_iter().filter_map(|kind| schema[kind].as_array());
    let reference = choices.flatten().find(|choice| choice.get("$ref").is_some());
    reference.map_or(schema, resolved)
}

/// The names of the parameters in the query, the path or the headers.
pub(super) fn of(endpoint: &Endpoint, place: &str) -> BTreeSet<String> {
    let parameters = operation(endpoint)["parameters"].as_array();
    let here = parameters.into_iter().flatten().filter(|parameter| parameter["in"] == place);
    here.map(|parameter| parameter["name"].as_str().expect("a name").to_owned()).collect()
}

/// The first example whose body has this field, and the field's value there.
pub(super) fn example_with(examples: &[Example], pointer: &str) -> (usize, Value) {
    let values = examples.iter().enumerate().filter_map(|(index, example)| {
        example.body.as_ref()?.pointer(pointer).map(|value| (index, value.clone()))
    });
    values.into_iter().next().unwrap_or_else(|| panic!("no example has {pointer}"))
}

#[tokio::test]
async fn the_examples_have_all_documented_fields_and_no_others() {
    let stage = Stage::set().await;
    for endpoint in ENDPOINTS {
        let examples = stage.examples(endpoint).await;
        let documented: BTreeSet<_> =
            of_body(endpoint).into_iter().map(|field| field.pointer).collect();
        let mut used = BTreeSet::new();
        for (name, value) in examples.iter().filter_map(|e| e.body.as_ref()?.as_object()).flatten()
        {
            used.insert(format!("/{name}"));
            let inner = value.as_object().into_iter().flatten();
            used.extend(inner.map(|(inner, _)| format!("/{name}/{inner}")));
        }
        assert_eq!(used, documented, "{}", endpoint.stem);
        let example = &examples[0];
        for (place, used) in
            [("path", &example.parameters), ("header", &example.headers), ("query", &example.query)]
        {
            let used: BTreeSet<_> = used.iter().map(|(name, _)| (*name).to_owned()).collect();
            let mut documented = of(endpoint, place);
            // A cursor comes from the page before.
            documented.remove("cursor");
            assert_eq!(used, documented, "{} in the {place}", endpoint.stem);
        }
    }
}
