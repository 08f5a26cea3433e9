//! What runs on GitHub: with which rights, on what, and whom AWS believes. Whether the files are
//! ones that GitHub takes, `.ci/schemas.sh` says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::{
    tree::{read, root, stems, toml},
    yaml::yaml,
};

const DIRECTORY: &str = ".github/workflows";
const DEPLOYER: &str = "infra/stacks/deployer.yaml";

fn workflows() -> BTreeMap<String, Value> {
    let names = stems(DIRECTORY, ".yml");
    assert!(names.len() > 1, "the workflows were not found");
    names.into_iter().map(|name| (name.clone(), workflow(&name))).collect()
}

fn workflow(name: &str) -> Value {
    yaml(&format!("{DIRECTORY}/{name}.yml"))
}

fn jobs(workflow: &Value) -> &Map<String, Value> {
    workflow["jobs"].as_object().expect("jobs")
}

#[test]
fn no_workflow_may_more_than_read_but_who_deploys() {
    for (name, workflow) in workflows() {
        let allowed = [json!({}), json!({"contents": "read"})];
        assert!(allowed.contains(&workflow["permissions"]), "{name}");
        for (job, details) in jobs(&workflow) {
            let own = &details["permissions"];
            let deploys = (name.as_str(), job.as_str()) == ("deploy", "deploy");
            let deployers = json!({"contents": "read", "id-token": "write"});
            let fits = own.is_null() || allowed.contains(own) || deploys && *own == deployers;
            assert!(fits, "{name}/{job} may {own}");
        }
    }
}

#[test]
fn every_job_ends_in_time_and_one_run_at_a_time() {
    for (name, workflow) in workflows() {
        assert!(workflow["concurrency"]["group"].is_string(), "{name} runs beside itself");
        for (job, details) in jobs(&workflow) {
            let called = details["uses"].is_string();
            assert!(called || details["timeout-minutes"].is_u64(), "{name}/{job} may hang");
        }
    }
}

/// Ours, or of GitHub's or AWS's own accounts, at a version.
fn trusted(action: &str) -> bool {
    if let Some(path) = action.strip_prefix("./") {
        return root().join(path).exists();
    }
    let Some((action, version)) = action.split_once('@') else { return false };
    let owner = action.split('/').next().unwrap_or_default();
    let commit = version.len() == 40 && version.bytes().all(|digit| digit.is_ascii_hexdigit());
    let major = version.strip_prefix('v').is_some_and(|major| major.parse::<u32>().is_ok());
    ["actions", "aws-actions"].contains(&owner) && (commit || major)
}

#[test]
fn every_action_is_pinned_and_of_an_owner_that_is_trusted() {
    for (name, workflow) in workflows() {
        for (job, details) in jobs(&workflow) {
            let steps = details["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
            for action in steps.iter().chain([details]).filter_map(|step| step["uses"].as_str()) {
                assert!(trusted(action), "{name}/{job}: {action}");
            }
        }
    }
}

#[test]
fn no_workflow_has_a_lasting_key() {
    for name in stems(DIRECTORY, ".yml") {
        let text = read(&format!("{DIRECTORY}/{name}.yml"));
        for word in ["secrets.", "aws-access-key-id", "AWS_SECRET_ACCESS_KEY"] {
            assert!(!text.contains(word), "{name}.yml: {word}");
        }
    }
}

#[test]
fn workflows_build_with_the_workspaces_rust() {
    let workspace = toml("Cargo.toml");
    let rust = workspace["workspace"]["package"]["rust-version"].as_str().expect("a version");
    for (name, workflow) in workflows() {
        let jobs = jobs(&workflow).values().map(|job| &job["env"]);
        let versions = jobs.chain([&workflow["env"]]).filter_map(|env| env.get("RUSTUP_TOOLCHAIN"));
        let versions: Vec<_> = versions.collect();
        assert_eq!(versions, [&json!(rust)], "{name}");
    }
}

#[test]
fn what_is_built_outside_of_a_desk_is_a_package_of_the_workspace() {
    let workspace = toml("Cargo.toml");
    let members = workspace["workspace"]["members"].as_array().expect("members").clone();
    let name = |member: &toml::Value| {
        let manifest = toml(&format!("{}/Cargo.toml", member.as_str().expect("a path")));
        manifest["package"]["name"].as_str().expect("a name").to_owned()
    };
    let packages: BTreeSet<_> = members.iter().map(name).collect();
    let workflows =
        stems(DIRECTORY, ".yml").into_iter().map(|name| format!("{DIRECTORY}/{name}.yml"));
    let mut built = BTreeSet::new();
    for path in workflows.chain(["Dockerfile", ".ci/lambda.sh"].map(str::to_owned)) {
        let text = read(&path);
        let words =
            text.split("--package ").skip(1).filter_map(|rest| rest.split_whitespace().next());
        for word in words {
            assert!(packages.contains(word), "{path}: {word}");
            built.insert(word.to_owned());
        }
    }
    for package in ["functions", "market", "ops"] {
        assert!(built.contains(package), "{package} is built nowhere");
    }
}

#[test]
fn nothing_is_deployed_that_was_not_checked_or_that_no_environment_guards() {
    let workflow = workflow("deploy");
    let jobs = jobs(&workflow);
    assert_eq!(jobs["check"]["uses"], "./.github/workflows/ci.yml");
    assert_eq!(jobs["deploy"]["needs"], "check");
    assert!(jobs["deploy"]["environment"].is_string());
    let ci = self::workflow("ci");
    assert!(ci["on"].get("workflow_call").is_some(), "ci.yml cannot be called");
    let steps = ci["jobs"]["run"]["steps"].as_array().expect("steps");
    assert!(steps.iter().any(|step| step["run"] == ".ci/run"), "ci.yml does not run .ci/run");
}

/// A role that trusts a repository, and not one of its environments, trusts its every branch.
#[test]
fn aws_believes_the_environments_that_can_be_deployed_to_and_nothing_else() {
    let deployer = read(DEPLOYER);
    let subjects: Vec<_> = deployer.lines().filter(|line| line.contains(":sub:")).collect();
    let subject = r#":sub: !Sub "repo:${Repository}:environment:${Environment}""#;
    assert_eq!(subjects.len(), 1);
    assert!(subjects.iter().all(|line| line.ends_with(subject)), "{subjects:?}");
    let workflow = workflow("deploy");
    let options = &workflow["on"]["workflow_dispatch"]["inputs"]["environment"]["options"];
    let options: Vec<_> = options.as_array().expect("options").iter().map(Value::as_str).collect();
    let options: Option<Vec<_>> = options.into_iter().collect();
    let allowed = format!("AllowedValues: [{}]", options.expect("texts").join(", "));
    assert!(deployer.contains(&allowed), "{DEPLOYER} has not `{allowed}`");
}
