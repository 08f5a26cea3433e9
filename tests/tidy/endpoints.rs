//! One stem an endpoint, everywhere: binary, module, event, OpenAPI, documentation, router.

use std::collections::{BTreeMap, BTreeSet};

use edge::{endpoint::Endpoint, router::Router};
use functions::{ENDPOINTS, EVENT_HANDLERS, EventHandler};
use serde_json::Value;

use crate::tree::{read, root, stems, toml};

fn expected_stems() -> Vec<String> {
    let endpoints = ENDPOINTS.iter().map(|endpoint| endpoint.stem);
    let mut stems: Vec<_> = endpoints
        .chain(EVENT_HANDLERS.iter().map(|handler| handler.stem))
        .map(str::to_owned)
        .collect();
    stems.sort();
    stems
}

/// (path, method, stem) of every path of every endpoint.
fn routes() -> BTreeSet<(String, String, String)> {
    let routes = |endpoint: &&Endpoint| {
        let (method, stem) = (endpoint.method.as_str(), endpoint.stem);
        let route = |path: &&str| ((*path).to_owned(), method.to_owned(), stem.to_owned());
        endpoint.paths.iter().map(route).collect::<Vec<_>>()
    };
    ENDPOINTS.iter().flat_map(routes).collect()
}

#[test]
fn every_stem_stands_once_in_lower_case_and_hyphens() {
    let stems = expected_stems();
    let once: BTreeSet<_> = stems.iter().collect();
    assert_eq!(once.len(), stems.len());
    for stem in &stems {
        let plain = stem
            .split('-')
            .all(|word| !word.is_empty() && word.bytes().all(|letter| letter.is_ascii_lowercase()));
        assert!(plain, "{stem}");
    }
}

#[test]
fn the_router_takes_all_endpoints() {
    Router::new(ENDPOINTS).expect("routable");
}

#[test]
fn every_endpoint_is_described_and_answers_at_a_path() {
    for endpoint in ENDPOINTS {
        assert!(!endpoint.summary.is_empty() && !endpoint.group.is_empty(), "{}", endpoint.stem);
        assert!(endpoint.path().starts_with('/'), "{}", endpoint.stem);
    }
}

#[test]
fn every_endpoint_has_a_module_of_its_name() {
    let library = read("functions/src/lib.rs");
    for endpoint in ENDPOINTS {
        let module = endpoint.stem.replace('-', "_");
        assert!(library.contains(&format!("\npub mod {module};\n")), "{module}");
        let source = read(&format!("functions/src/{module}.rs"));
        assert!(source.contains("\npub const ENDPOINT: Endpoint ="), "{module}");
        assert!(source.contains(&format!("\"{}\"", endpoint.stem)), "{module}");
    }
}

#[test]
fn every_function_has_a_binary_of_its_name_and_there_are_no_others() {
    assert_eq!(stems("functions/src/bin", ".rs"), expected_stems());
}

#[test]
fn every_endpoints_binary_only_runs_it() {
    for endpoint in ENDPOINTS {
        let stem = endpoint.stem;
        let expected = format!(
            "//! The Lambda function `{stem}`.\n\n\
             fn main() -> Result<(), edge::Error> {{\n    \
             edge::run(&functions::{}::ENDPOINT)\n}}\n",
            stem.replace('-', "_")
        );
        assert_eq!(read(&format!("functions/src/bin/{stem}.rs")), expected);
    }
}

#[test]
fn every_event_handlers_binary_is_as_short() {
    for EventHandler { stem, .. } in EVENT_HANDLERS {
        let source = read(&format!("functions/src/bin/{stem}.rs"));
        assert!(source.contains("\nfn main() -> Result<(), edge::Error> {\n    edge::"), "{stem}");
        assert_eq!(source.lines().count(), 5, "{stem}");
    }
}

#[test]
fn every_function_has_a_sample_event_and_there_are_no_others() {
    let mut samples = stems("events", ".json");
    samples.retain(|name| !name.contains('.'));
    assert_eq!(samples, expected_stems(), "special cases have rules of their own");
}

#[test]
fn the_openapi_document_has_every_endpoint_under_its_stem_and_nothing_else() {
    let document = edge::openapi::document(ENDPOINTS, "1");
    let document = serde_json::to_value(document).expect("a document");
    let mut operations = BTreeMap::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let Some(id) = operation.get("operationId").and_then(Value::as_str) else { continue };
            let before = operations.insert(id.to_owned(), (path.clone(), method.to_uppercase()));
            assert_eq!(before, None, "{id} stands twice");
        }
    }
    assert_eq!(operations.len(), routes().len());
    for endpoint in ENDPOINTS {
        let place = (endpoint.path().to_owned(), endpoint.method.as_str().to_owned());
        assert_eq!(operations.get(endpoint.stem), Some(&place), "{}", endpoint.stem);
    }
}

/// Whether a line has a path, and not only a longer one that begins with it.
fn names(line: &str, path: &str) -> bool {
    let in_path = |letter: char| letter.is_ascii_alphanumeric() || "/{}_-.".contains(letter);
    line.match_indices(path).any(|(at, _)| !line[at + path.len()..].starts_with(in_path))
}

#[test]
fn the_api_document_names_every_method_and_path_with_its_aliases() {
    let document = read("docs/API.md");
    for endpoint in ENDPOINTS {
        let route = format!("{} {}", endpoint.method.as_str(), endpoint.path());
        let named = document
            .lines()
            .any(|line| names(line, &route) && endpoint.paths.iter().all(|path| names(line, path)));
        assert!(named, "docs/API.md has no line with `{route}` and {:?}", endpoint.paths);
    }
}

#[test]
fn cargo_lambda_routes_what_the_router_routes() {
    let manifest = toml("Cargo.toml");
    let router = &manifest["workspace"]["metadata"]["lambda"]["watch"]["router"];
    let mut routed = BTreeSet::new();
    for (path, functions) in router.as_table().expect("a table") {
        for function in functions.as_array().expect("functions") {
            let text = |key: &str| function[key].as_str().expect(key).to_owned();
            routed.insert((path.clone(), text("method"), text("function")));
        }
    }
    assert_eq!(routed, routes());
}

#[test]
fn every_module_of_the_functions_is_declared() {
    let library = read("functions/src/lib.rs");
    for module in stems("functions/src", ".rs").iter().filter(|module| *module != "lib") {
        assert!(library.contains(&format!("mod {module};")), "{module}");
    }
    assert!(root().join("functions/src/bin").is_dir());
}

#[test]
fn no_schema_of_the_document_stands_for_two_types() {
    let mut all = Vec::new();
    for endpoint in ENDPOINTS {
        for schema in [endpoint.body, endpoint.success.1].into_iter().flatten() {
            schema(&mut all);
        }
    }
    let mut known = BTreeMap::new();
    for (name, schema) in all {
        let schema = serde_json::to_value(schema).expect("serialises");
        let first = known.entry(name.clone()).or_insert_with(|| schema.clone());
        assert_eq!(*first, schema, "{name} stands for two types");
    }
}
