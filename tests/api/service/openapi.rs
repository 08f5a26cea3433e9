//! GET /openapi.json: the document names every endpoint and nothing that is not there.

use std::collections::BTreeSet;

use edge::endpoint::{Access, Idempotency};
use functions::ENDPOINTS;
use serde_json::Value;
use tests::{Ask, World};

async fn document() -> Value {
    let world = World::new().await;
    world.send(Ask::get("/openapi.json")).await.expect_status(200).body.clone()
}

fn references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(target) if name == "$ref" => {
                        into.insert(target.clone());
                    }
                    _ => references(value, into),
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|value| references(value, into)),
        _ => {}
    }
}

#[tokio::test]
async fn every_endpoint_stands_in_the_document_under_all_its_paths_and_no_other_does() {
    let document = document().await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut listed = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            listed.insert((method.to_uppercase(), path.clone()));
        }
    }
    let known = ENDPOINTS.iter().flat_map(|endpoint| {
        endpoint.paths.iter().map(|path| (endpoint.method.as_str().to_owned(), path.to_string()))
    });
    assert_eq!(listed, known.collect());
}

#[tokio::test]
async fn every_reference_resolves() {
    let document = document().await;
    let mut targets = BTreeSet::new();
    references(&document, &mut targets);
    assert!(targets.len() > 20, "{targets:?}");
    for target in targets {
        let pointer = target.strip_prefix('#').expect("within the document");
        assert!(document.pointer(pointer).is_some(), "{target}");
    }
}

#[tokio::test]
async fn every_operation_says_who_may_call_it_what_it_takes_and_what_it_gives() {
    let document = document().await;
    let mut ids = BTreeSet::new();
    for endpoint in ENDPOINTS {
        for path in endpoint.paths {
            let method = endpoint.method.as_str().to_lowercase();
            let operation = &document["paths"][path][&method];
            let stem = endpoint.stem;
            let id = operation["operationId"].as_str().expect("an id");
            assert!(id.starts_with(stem) && ids.insert(id.to_owned()), "{id}");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{stem}");
            assert_eq!(operation["requestBody"].is_object(), endpoint.body.is_some(), "{stem}");
            let public = endpoint.access == Access::Public;
            assert_eq!(operation["security"].is_null(), public, "{stem}");
            let success = &operation["responses"][endpoint.success.0.to_string()];
            assert_eq!(success["content"].is_object(), endpoint.success.1.is_some(), "{stem}");
            let none = Vec::new();
            let parameters = operation["parameters"].as_array().unwrap_or(&none);
            let key = parameters.iter().find(|known| known["name"] == "Idempotency-Key");
            let required = key.map(|key| key["required"] == true);
            let expected = match endpoint.idempotency {
                Idempotency::None => None,
                Idempotency::Optional => Some(false),
                Idempotency::Required => Some(true),
            };
            assert_eq!(required, expected, "{stem}");
            let parts = path.split('/').filter(|part| part.starts_with('{')).count();
            let named = parameters.iter().filter(|known| known["in"] == "path").count();
            assert_eq!(named, parts, "{stem}");
            let queried = parameters.iter().filter(|known| known["in"] == "query").count();
            assert_eq!(queried, endpoint.query.len(), "{stem}");
        }
    }
}
