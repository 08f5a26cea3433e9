//! Who may depend on whom, and where a version may stand.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;
use toml::Table;

use crate::tree::{root, toml};

/// Which packages of the workspace a package may use when it runs. `tests` may use all.
const DIRECTIONS: [(&str, &[&str]); 14] = [
    ("domain", &[]),
    ("app", &["domain"]),
    ("dynamo", &["app", "domain"]),
    ("edge", &["app", "domain", "dynamo"]),
    ("functions", &["app", "domain", "edge"]),
    ("market", &["app", "domain", "dynamo", "edge", "functions", "venue-simulator"]),
    ("ops", &["app", "domain", "dynamo", "edge"]),
    ("templates", &["dynamo", "edge", "functions"]),
    ("testkit", &["app", "domain"]),
    ("hello", &[]),
    // Of what was decided, not of how it was written.
    ("models", &[]),
    // The market whole, for what stands in for the world around it.
    (
        "simulation",
        &[
            "app",
            "domain",
            "dynamo",
            "edge",
            "functions",
            "market",
            "ops",
            "testkit",
            "venue-simulator",
        ],
    ),
    // Tests that a fuzzer runs too, so they are no tests of cargo's.
    ("fuzzing", &["app", "domain", "dynamo", "edge", "functions", "testkit"]),
    // Of nothing of ours: its book is a witness of its own.
    ("venue-simulator", &[]),
];

/// What a package may use of the outside when it runs, where purity depends on it.
const PURE: [(&str, &[&str]); 2] = [
    ("domain", &["ethnum", "hashbrown", "rust_decimal", "thiserror"]),
    ("app", &["async-trait", "sha2", "thiserror", "tokio", "tracing"]),
];

const SDK: &str = "aws-sdk-dynamodb";
const SDK_USERS: [&str; 6] = ["dynamo", "fuzzing", "market", "ops", "simulation", "tests"];

/// A second TLS or HTTP stack, C code, or known advisories. Why: docs/adr/0003.
const FORBIDDEN: [(&str, &str); 8] = [
    ("aws-lc-rs", ""),
    ("aws-lc-sys", ""),
    ("openssl", ""),
    ("openssl-sys", ""),
    ("native-tls", ""),
    ("rsa", ""),
    ("hyper", "0."),
    ("rustls", "0.21."),
];

struct Package {
    name: String,
    /// Names, whichever kind of dependency they are.
    all: BTreeSet<String>,
    /// Names of what it uses when it runs.
    normal: BTreeSet<String>,
}

fn packages() -> Vec<Package> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--offline", "--no-deps", "--format-version", "1"]);
    let output = cargo.current_dir(root()).output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo's JSON");
    let packages = metadata["packages"].as_array().expect("packages").iter().map(package);
    packages.collect()
}

fn package(package: &Value) -> Package {
    let dependencies = package["dependencies"].as_array().expect("dependencies");
    let names = |of: &dyn Fn(&Value) -> bool| {
        let fitting = dependencies.iter().filter(|dependency| of(dependency));
        fitting.map(|dependency| text(&dependency["name"])).collect()
    };
    Package {
        name: text(&package["name"]),
        all: names(&|_| true),
        normal: names(&|dependency| dependency["kind"].is_null()),
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn dependencies_between_packages_point_one_way() {
    let packages = packages();
    let members: BTreeSet<_> = packages.iter().map(|package| package.name.clone()).collect();
    let mut expected = set(&["tests"]);
    expected.extend(DIRECTIONS.iter().map(|(name, _)| (*name).to_owned()));
    assert_eq!(members, expected, "a package without a direction");
    for (name, allowed) in DIRECTIONS {
        let package = packages.iter().find(|package| package.name == name).expect(name);
        let used: BTreeSet<_> = package.normal.intersection(&members).cloned().collect();
        let forbidden: Vec<_> = used.difference(&set(allowed)).cloned().collect();
        assert!(forbidden.is_empty(), "{name} must not depend on {forbidden:?}");
    }
}

#[test]
fn the_test_kit_is_never_part_of_a_program() {
    for package in packages() {
        let used = package.normal.contains("testkit");
        let tests = ["fuzzing", "simulation", "tests"].contains(&package.name.as_str());
        assert!(!used || tests, "{} runs on testkit", package.name);
    }
}

#[test]
fn only_the_store_and_the_engine_name_the_dynamodb_sdk() {
    for package in packages() {
        let used = package.all.contains(SDK);
        assert!(!used || SDK_USERS.contains(&package.name.as_str()), "{}", package.name);
    }
}

#[test]
fn rules_and_use_cases_know_no_format_no_protocol_and_no_cloud() {
    let packages = packages();
    let members: BTreeSet<_> = packages.iter().map(|package| package.name.clone()).collect();
    for (name, allowed) in PURE {
        let package = packages.iter().find(|package| package.name == name).expect(name);
        let outside: BTreeSet<_> = package.normal.difference(&members).cloned().collect();
        let forbidden: Vec<_> = outside.difference(&set(allowed)).cloned().collect();
        assert!(forbidden.is_empty(), "{name} must not depend on {forbidden:?}");
    }
}

fn manifests() -> Vec<(String, Table)> {
    let workspace = toml("Cargo.toml");
    let members = workspace["workspace"]["members"].as_array().expect("members").clone();
    let path = |member: &toml::Value| format!("{}/Cargo.toml", member.as_str().expect("a path"));
    members.iter().map(path).map(|path| (path.clone(), toml(&path))).collect()
}

#[test]
fn every_version_stands_once_in_the_workspace() {
    for (path, manifest) in manifests() {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(table) = manifest.get(kind).and_then(toml::Value::as_table) else { continue };
            for (name, dependency) in table {
                let inherited = dependency.get("workspace").and_then(toml::Value::as_bool);
                assert_eq!(inherited, Some(true), "{path}: {name} has a version of its own");
            }
        }
        assert_eq!(manifest["lints"]["workspace"].as_bool(), Some(true), "{path}: its own lints");
    }
}

#[test]
fn every_dependency_of_the_workspace_is_used_by_a_member() {
    let workspace = toml("Cargo.toml");
    let declared = workspace["workspace"]["dependencies"].as_table().expect("dependencies");
    let mut unused: BTreeSet<_> = declared.keys().cloned().collect();
    for (_, manifest) in manifests() {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let table = manifest.get(kind).and_then(toml::Value::as_table);
            table.into_iter().flat_map(Table::keys).for_each(|name| {
                unused.remove(name);
            });
        }
    }
    assert!(unused.is_empty(), "nobody uses {unused:?}");
}

#[test]
fn nothing_forbidden_is_compiled_in() {
    let lock = toml("Cargo.lock");
    let packages = lock["package"].as_array().expect("packages");
    assert!(packages.len() > 100, "the lock file was not understood");
    for package in packages {
        let (name, version) = (package["name"].as_str(), package["version"].as_str());
        let (name, version) = (name.expect("a name"), version.expect("a version"));
        let forbidden = FORBIDDEN
            .iter()
            .any(|(known, versions)| *known == name && version.starts_with(versions));
        assert!(!forbidden, "{name} {version}");
    }
}

#[test]
fn the_functions_manifest_lists_exactly_the_binaries() {
    let manifest = toml("functions/Cargo.toml");
    let listed: BTreeMap<String, String> = manifest["bin"]
        .as_array()
        .expect("binaries")
        .iter()
        .map(|bin| {
            assert_eq!(bin.get("test").and_then(toml::Value::as_bool), Some(false), "{bin:?}");
            let text = |key: &str| bin[key].as_str().expect(key).to_owned();
            (text("name"), text("path"))
        })
        .collect();
    let stems = crate::tree::stems("functions/src/bin", ".rs");
    let expected: BTreeMap<String, String> =
        stems.into_iter().map(|stem| (stem.clone(), format!("src/bin/{stem}.rs"))).collect();
    assert_eq!(listed, expected);
}
