//! The emulators' compose file and the images that it builds: what listens where, what is pinned,
//! limited and watched. Whether the file is one that Docker takes, `.ci/schemas.sh` says.

use std::collections::BTreeSet;

use clap::Parser;
use market::arguments::Arguments;
use serde_json::{Map, Value};

use crate::{
    tree::{read, root, toml},
    yaml::yaml,
};

const COMPOSE: &str = "docker-compose.yml";
const DOCKERFILES: [&str; 2] = ["Dockerfile", "infra/compose/ministack.Dockerfile"];
const QUEUES: &str = "infra/compose/localstack/queues.sh";
const ENVIRONMENT: &str = "infra/compose/functions.env";

fn services() -> Map<String, Value> {
    yaml(COMPOSE)["services"].as_object().expect("services").clone()
}

fn texts(value: &Value) -> Vec<String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().map(|item| item.as_str().expect("a text").to_owned()).collect()
}

/// The default of `${NAME:-default}`, and all else as it is.
fn by_default(text: &str) -> &str {
    let inner = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    inner.map_or(text, |inner| inner.split_once(":-").map_or("", |(_, default)| default))
}

/// Whether an image's name ends with a version, as in `valkey/valkey:8.1.10-alpine`.
fn pinned(image: &str) -> bool {
    let version = image.rsplit_once(':').map_or("", |(_, version)| version);
    version.starts_with(|first: char| first.is_ascii_digit())
}

#[test]
fn every_port_is_published_to_this_machine_alone() {
    let mut taken = BTreeSet::new();
    for (name, service) in services() {
        assert!(service["network_mode"].is_null(), "{name} has the machine's own network");
        for port in texts(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name}: {port}");
            assert!(taken.insert(port.clone()), "{name}: {port} is taken");
        }
    }
    assert!(taken.len() > 4, "the compose file was not understood: {taken:?}");
}

#[test]
fn every_image_is_pinned() {
    for (name, service) in services() {
        let image = by_default(service["image"].as_str().expect("an image"));
        assert!(pinned(image), "{name}: {image}");
    }
    for path in DOCKERFILES {
        let text = read(path);
        let images = text.lines().filter_map(|line| line.strip_prefix("FROM "));
        let images: Vec<_> = images.filter_map(|rest| rest.split(' ').next()).collect();
        assert!(!images.is_empty(), "{path} begins with no image");
        for image in images {
            assert!(pinned(image), "{path}: {image}");
        }
    }
}

#[test]
fn our_images_have_the_versions_of_what_is_in_them() {
    let services = services();
    let image = |name: &str| services[name]["image"].as_str().expect("an image").to_owned();
    let workspace = toml("Cargo.toml");
    let version = workspace["workspace"]["package"]["version"].as_str().expect("a version");
    assert_eq!(image("market"), format!("multiverse-market:{version}"));
    assert_eq!(image("init"), image("market"));
    let pins = read(".ci/ministack.txt");
    let ministack = pins.lines().find_map(|line| line.strip_prefix("ministack=="));
    let ministack = ministack.expect("a pin of ministack");
    assert_eq!(image("ministack"), format!("multiverse-market-ministack:{ministack}"));
    let rust = workspace["workspace"]["package"]["rust-version"].as_str().expect("a version");
    assert!(read("Dockerfile").contains(&format!("\nFROM rust:{rust}.")), "not Rust {rust}");
}

#[test]
fn every_service_is_watched_or_says_why_not() {
    let text = read(COMPOSE);
    for (name, service) in services() {
        let check = &service["healthcheck"];
        if check["disable"] == true {
            let (_, rest) = text.split_once(&format!("\n  {name}:\n")).expect("the service");
            let (before, _) = rest.split_once("    healthcheck:").expect("its health check");
            let reason = before.lines().next_back().unwrap_or_default();
            assert!(reason.starts_with("    # No health check: "), "{name} says no reason");
        } else {
            let test = texts(&check["test"]);
            assert!(test.first().is_some_and(|kind| kind.starts_with("CMD")), "{name}: {test:?}");
            for key in ["interval", "timeout", "retries"] {
                assert!(!check[key].is_null(), "{name}: a health check without {key}");
            }
        }
    }
}

#[test]
fn every_service_is_limited_and_gains_no_rights() {
    for (name, service) in services() {
        for key in ["mem_limit", "cpus", "pids_limit"] {
            assert!(!service[key].is_null(), "{name} has no {key}");
        }
        let options = texts(&service["security_opt"]);
        assert!(options.iter().any(|option| option == "no-new-privileges:true"), "{name}");
        assert!(service["privileged"].is_null(), "{name} is privileged");
        // LocalStack starts as root and writes to its image; docker-compose.yml says so.
        if name != "localstack" {
            assert_eq!(service["read_only"], true, "{name} writes to its image");
            assert_eq!(texts(&service["cap_drop"]), ["ALL"], "{name}");
        }
    }
}

#[test]
fn what_is_mounted_is_a_named_volume_or_is_read() {
    let compose = yaml(COMPOSE);
    let named: BTreeSet<_> = compose["volumes"].as_object().expect("volumes").keys().collect();
    for (name, service) in services() {
        for volume in texts(&service["volumes"]) {
            let source = volume.split(':').next().unwrap_or_default().to_owned();
            let read_only = volume.ends_with(":ro") && root().join(&source).exists();
            assert!(named.contains(&source) || read_only, "{name}: {volume}");
        }
    }
}

/// What the market is told in its container, the market takes.
#[test]
fn the_market_takes_what_the_container_tells_it() {
    let image = read("Dockerfile");
    let command = image.lines().rev().find_map(|line| line.strip_prefix("CMD "));
    let of_image: Value = serde_json::from_str(command.expect("a command")).expect("a list");
    let of_service = services()["market"]["command"].clone();
    for command in [of_image, of_service].iter().map(texts) {
        let parsed = Arguments::try_parse_from(["market".to_owned()].into_iter().chain(command));
        let options = parsed.expect("arguments that the market takes").options();
        assert!(options.listen.is_unspecified(), "nobody outside the container reaches it");
        assert_eq!(options.port, 8000);
    }
}

#[test]
fn no_image_of_ours_runs_as_root() {
    for path in DOCKERFILES {
        let text = read(path);
        let user = text.lines().rev().find_map(|line| line.strip_prefix("USER "));
        let user = user.and_then(|user| user.split(':').next()?.parse::<u32>().ok());
        assert!(user.is_some_and(|user| user > 0), "{path}");
    }
}

/// The names of the queues that a script makes.
fn queues() -> BTreeSet<String> {
    let text = read(QUEUES);
    let names = text.lines().filter_map(|line| line.strip_prefix("make_queue "));
    names.filter_map(|rest| Some(rest.split(' ').next()?.to_owned())).collect()
}

#[test]
fn localstack_has_the_queues_of_the_stacks() {
    let text = read("infra/stacks/events.yaml");
    let names = text.lines().filter_map(|line| {
        let name = line.trim().strip_prefix("QueueName: !Sub \"${Market}-")?;
        Some(format!("market-{}", name.strip_suffix('"')?))
    });
    assert_eq!(queues(), names.collect());
}

#[test]
fn functions_on_this_machine_find_what_boot_reads() {
    let boot = read("shared/edge/src/boot.rs");
    let queues = queues();
    let environment = read(ENVIRONMENT);
    let lines = environment.lines().filter(|line| !line.starts_with('#'));
    for (name, value) in lines.map(|line| line.split_once('=').expect("a name and a value")) {
        assert!(boot.contains(&format!("\"{name}\"")), "boot does not read {name}");
        if name.ends_with("_QUEUE_URL") {
            let queue = value.rsplit('/').next().unwrap_or_default();
            assert!(queues.contains(queue), "{name}: {queue} is not made");
        }
        let local = !value.contains("://") || value.contains("://127.0.0.1:");
        assert!(local || value.starts_with("http://localhost/"), "{name} is not of this machine");
    }
}
