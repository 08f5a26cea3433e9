//! What stacks are given: what they take, by names that exist, and what the samples of settings
//! name.

use std::collections::BTreeSet;

use serde_json::Value;

use super::template::template;
use crate::tree::toml;

const ROOT: &str = "template.yaml";

fn names(value: &Value) -> BTreeSet<String> {
    value.as_object().map(|all| all.keys().cloned().collect()).unwrap_or_default()
}

#[test]
fn every_stack_is_given_what_it_takes() {
    let root = template(ROOT);
    let mut nested = 0;
    for (id, resource) in root["Resources"].as_object().expect("resources") {
        let Some(path) = resource["Properties"]["TemplateURL"].as_str() else { continue };
        nested += 1;
        let mut stack = template(path);
        let taken = stack["Parameters"].take();
        let given = names(&resource["Properties"]["Parameters"]);
        let unknown: Vec<_> = given.difference(&names(&taken)).cloned().collect();
        assert!(unknown.is_empty(), "{id} does not take {unknown:?}");
        for (name, parameter) in taken.as_object().expect("parameters") {
            let optional = !parameter["Default"].is_null();
            assert!(optional || given.contains(name), "{id} is not given {name}");
        }
    }
    assert!(nested >= 12, "the nested stacks were not found: {nested}");
}

#[test]
fn every_output_that_is_asked_for_is_one() {
    let root = template(ROOT);
    let resources = root["Resources"].as_object().expect("resources");
    let mut asked = 0;
    for of in attributes(&root) {
        let Some((id, output)) = of.split_once(".Outputs.") else { continue };
        let path = resources[id]["Properties"]["TemplateURL"].as_str().expect("a nested stack");
        let outputs = names(&template(path)["Outputs"]);
        assert!(outputs.contains(output), "{id} has no output {output}");
        asked += 1;
    }
    assert!(asked > 20, "the outputs were not found: {asked}");
}

/// What `!GetAtt` asks for anywhere, each once.
fn attributes(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Object(entries) => match entries.get("Fn::GetAtt") {
            Some(Value::String(of)) => BTreeSet::from([of.clone()]),
            _ => entries.values().flat_map(attributes).collect(),
        },
        Value::Array(items) => items.iter().flat_map(attributes).collect(),
        _ => BTreeSet::new(),
    }
}

#[test]
fn the_settings_of_each_environment_name_parameters_that_exist() {
    let known = template(ROOT)["Parameters"].take();
    let settings = toml("samconfig.toml");
    let mut named = 0;
    for (environment, commands) in settings.iter().filter(|(_, value)| value.is_table()) {
        let Some(deploy) = commands.get("deploy") else { continue };
        let overrides = deploy["parameters"]["parameter_overrides"].as_array().expect("a list");
        for setting in overrides {
            let (name, value) = setting.as_str().and_then(|one| one.split_once('=')).expect("a=b");
            let parameter = &known[name];
            assert!(!parameter.is_null(), "{environment}: there is no parameter {name}");
            named += 1;
            let Some(allowed) = parameter["AllowedValues"].as_array() else { continue };
            let fits = allowed.iter().any(|allowed| super::text(allowed) == value);
            assert!(fits, "{environment}: {name} cannot be {value}");
        }
    }
    assert!(named > 5, "the settings were not found: {named}");
}
