//! The files are those that the code makes, and no stack has more resources than it may.

use std::collections::BTreeSet;

use functions::ENDPOINTS;
use serde_json::Value;
use templates::STACKS;

use super::{Stack, expected, found, function_stacks, pascal, stacks, template::value};
use crate::tree::read;

/// CloudFormation takes 500 resources a stack. This leaves room for a quarter more.
const RESOURCES_MAX: usize = 400;

#[test]
fn the_stacks_of_the_functions_are_as_the_code_makes_them() {
    for stack in STACKS {
        let path = stack.path();
        assert!(read(&path) == stack.render(), "{path} is stale: cargo run -p templates");
    }
    let mut made: Vec<_> = STACKS.iter().map(|stack| format!("functions-{}", stack.name)).collect();
    made.sort();
    let there: Vec<_> = function_stacks().map(|stack| stack.name.clone()).collect();
    assert_eq!(there, made, "nobody makes these stacks, or nobody has");
}

#[test]
fn every_function_is_in_one_stack_under_its_own_names() {
    let mut stems: Vec<_> = found().iter().map(|found| found.stem).collect();
    let mut expected: Vec<_> = expected().iter().map(|expected| expected.stem).collect();
    stems.sort_unstable();
    expected.sort_unstable();
    assert_eq!(stems, expected);
    for function in found() {
        assert_eq!(function.id, format!("{}Function", pascal(function.stem)));
    }
}

/// How many resources a stack has after SAM's transform, as `.ci/transformed.py` counts them by
/// SAM itself.
fn transformed(stack: &Stack) -> usize {
    let mut count = 0;
    let mut deployed_by_and_by = false;
    for resource in stack.resources.values() {
        let properties = &resource["Properties"];
        let has = |name: &str| properties.get(name).is_some_and(|value| !value.is_null());
        count += 1;
        if resource["Type"] == "AWS::Serverless::Function" {
            assert!(has("AutoPublishAlias") && has("Role") && !has("Events"), "{properties}");
            // A version and its alias.
            count += 2 + usize::from(has("EventInvokeConfig"));
            // A group of deployments.
            count += usize::from(has("DeploymentPreference"));
            deployed_by_and_by |= has("DeploymentPreference");
        }
    }
    // An application of CodeDeploy and its role.
    count + 2 * usize::from(deployed_by_and_by)
}

#[test]
fn no_stack_comes_near_the_limit_of_resources() {
    for stack in stacks() {
        let count = transformed(stack);
        assert!(count <= RESOURCES_MAX, "{} has {count} resources", stack.name);
    }
}

#[test]
fn nothing_in_the_stacks_says_what_sam_would_make_up() {
    for stack in function_stacks() {
        for (id, resource) in &stack.resources {
            let kind = resource["Type"].as_str().expect("a type");
            let sams = kind.starts_with("AWS::Serverless::");
            assert!(!sams || kind == "AWS::Serverless::Function", "{id} is a {kind}");
            assert_eq!(resource["Condition"], Value::Null, "{id} may not be there");
        }
    }
}

#[test]
fn what_sam_runs_on_a_desk_has_every_route() {
    let template = value(templates::LOCAL_PATH, &templates::local());
    let mut found = BTreeSet::new();
    for (id, function) in template["Resources"].as_object().expect("resources") {
        for event in function["Properties"]["Events"].as_object().expect("events").values() {
            let route = &event["Properties"];
            let text = |key: &str| route[key].as_str().expect(key).to_owned();
            assert!(found.insert((text("Method"), text("Path"), id.clone())), "{id}: {route}");
        }
    }
    let expected = ENDPOINTS.iter().flat_map(|endpoint| {
        let (method, id) = (endpoint.method.as_str(), format!("{}Function", pascal(endpoint.stem)));
        endpoint.paths.iter().map(move |path| (method.to_owned(), (*path).to_owned(), id.clone()))
    });
    assert_eq!(found, expected.collect());
}
