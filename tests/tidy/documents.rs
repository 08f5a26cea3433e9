//! Documents and scripts: what they name is there, and what is there they name.

use std::collections::BTreeSet;

use crate::tree::{File, files, read, root, stems, toml};

/// How much of the README a reader sees first.
const SCREEN_LINES: usize = 40;

fn members() -> Vec<String> {
    let manifest = toml("Cargo.toml");
    let members = manifest["workspace"]["members"].as_array().expect("members").clone();
    members.iter().map(|member| member.as_str().expect("a path").to_owned()).collect()
}

/// The section under a heading, up to the next heading of the same level.
fn section<'a>(document: &'a str, heading: &str) -> &'a str {
    let (_, rest) = document.split_once(heading).expect(heading);
    rest.split("\n## ").next().unwrap_or(rest)
}

#[test]
fn the_readmes_first_screen_says_how_to_run_and_to_test() {
    let readme = read("README.md");
    let screen: Vec<_> = readme.lines().take(SCREEN_LINES).collect();
    let screen = screen.join("\n");
    for command in ["cargo run", "cargo test --workspace"] {
        assert!(screen.contains(command), "README.md does not begin with `{command}`");
    }
}

#[test]
fn the_code_map_lists_exactly_the_directories_that_exist() {
    let document = read("docs/ARCHITECTURE.md");
    let map = section(&document, "\n## Code map\n");
    let rows = map.lines().filter_map(|line| line.strip_prefix("| `"));
    let listed: Vec<_> = rows.filter_map(|row| row.split('`').next()).collect();
    for directory in &listed {
        assert!(root().join(directory).is_dir(), "{directory} does not exist");
    }
    for member in members() {
        assert!(listed.contains(&member.as_str()), "{member} is not on the code map");
    }
}

#[test]
fn decisions_are_numbered_without_gaps() {
    for (index, name) in stems("docs/adr", ".md").iter().enumerate() {
        let number = format!("{:04}-", index + 1);
        assert!(name.starts_with(&number), "docs/adr/{name}.md should be {number}");
    }
}

#[test]
fn every_decision_that_is_referred_to_exists() {
    let decisions = stems("docs/adr", ".md");
    for file in files() {
        for reference in file.text.split("docs/adr/").skip(1) {
            let name = reference.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).next();
            let name = name.unwrap_or_default();
            let numbered = name.starts_with(|c: char| c.is_ascii_digit());
            let known = decisions.iter().any(|decision| decision.starts_with(name));
            assert!(!numbered || known, "{}: docs/adr/{name}", file.path);
        }
    }
}

#[test]
fn no_file_names_a_package_registry() {
    let hosts = [concat!("crates", ".io"), concat!("pypi", ".org"), concat!("npm", "js")];
    let licence = |file: &File| file.path.starts_with("functions/assets/licenses/");
    for file in files().iter().filter(|file| !file.path.ends_with("Cargo.lock") && !licence(file)) {
        let named = hosts.iter().find(|host| file.text.contains(**host));
        assert_eq!(named, None, "{}", file.path);
    }
}

#[test]
fn every_script_stops_at_its_first_failure() {
    let all = files();
    let scripts: Vec<_> = all.iter().filter(|file| file.text.starts_with("#!")).collect();
    assert!(scripts.iter().any(|file| file.path == ".ci/run"), "the scripts were not found");
    for script in scripts.into_iter().filter(|file| !file.path.ends_with(".py")) {
        assert!(script.text.starts_with("#!/usr/bin/env bash\n"), "{}", script.path);
        let code = script.text.lines().find(|line| !line.starts_with('#') && !line.is_empty());
        assert_eq!(code, Some("set -euo pipefail"), "{}", script.path);
    }
}

/// What follows the market's name in the names of alarms. A node's number, or a table, is any.
fn alarms() -> BTreeSet<String> {
    let stacks =
        ["observability", "table-alarms"].map(|stack| format!("infra/stacks/{stack}.yaml"));
    let templates = stacks.map(|path| read(&path)).concat();
    let named = templates.lines().filter_map(|line| line.trim().strip_prefix("AlarmName: !Sub "));
    let plain = |name: &str| {
        let name = name.trim_matches('"').trim_start_matches("${Market}-");
        name.replace("${Table}", "{table}")
            .replace("-001-", "-{node}-")
            .replace("-002-", "-{node}-")
    };
    named.map(plain).collect()
}

#[test]
fn every_alarm_of_the_stacks_is_explained_and_there_are_no_others() {
    let document = read("docs/OPERATIONS.md");
    let rows = section(&document, "\n## Alarms\n").lines();
    let explained = rows.filter_map(|row| row.strip_prefix("| `")?.split('`').next());
    let explained: BTreeSet<_> = explained.map(str::to_owned).collect();
    assert_eq!(explained, alarms());
}
