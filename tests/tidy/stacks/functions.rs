//! How a function is built, what it is told, and how its new versions take over.

use std::collections::{BTreeMap, BTreeSet};

use edge::uses::{self, Service};
use serde_json::{Value, json};

use super::{Expected, Found, expected, found, stack, text};
use crate::tree::read;

/// What every function is told.
const ALL: [(&str, &str); 6] = [
    ("MARKET_KEYS_EDITION", "${KeysEdition}"),
    ("MARKET_TABLE_PREFIX", "${Market}"),
    ("MARKET_TOKEN_AUDIENCE", "${TokenAudience}"),
    ("MARKET_TOKEN_ISSUER", "${ApiUrl}"),
    ("MARKET_TOKEN_SECRET", "{{resolve:secretsmanager:${SecretArn}:SecretString:current}}"),
    ("MARKET_TOKEN_SECRET_PREVIOUS", "{{resolve:secretsmanager:${SecretArn}:SecretString:other}}"),
];

/// All but the authorizer, which is written by hand beside the API that it is of.
fn generated() -> Vec<Found> {
    let all = found();
    all.into_iter().filter(|function| function.stack.name.starts_with("functions-")).collect()
}

fn variables(expected: &Expected) -> BTreeMap<String, String> {
    let mut all = ALL.to_vec();
    if expected.trigger.is_none() {
        all.push(("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true"));
    }
    for service in expected.services() {
        match service {
            Service::Cache => all.extend([
                ("MARKET_CACHE_KIND", "${CacheKind}"),
                ("MARKET_CACHE_NAME", "${CacheName}"),
                ("MARKET_CACHE_URL", "${CacheUrl}"),
            ]),
            Service::MatchQueue => all.push(("MARKET_MATCH_QUEUE_URL", "${MatchQueueUrl}")),
            Service::WebhookQueue => all.push(("MARKET_WEBHOOK_QUEUE_URL", "${WebhookQueueUrl}")),
            Service::VenueQueue => all.push(("MARKET_VENUE_QUEUE_URL", "${VenueQueueUrl}")),
            Service::FailureQueue => all.push(("MARKET_FAILURE_QUEUE_URL", "${FailureQueueUrl}")),
            Service::Connections => all.push(("MARKET_SOCKETS_URL", "${SocketsUrl}")),
        }
    }
    all.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn a_function_is_told_what_its_uses_need_and_nothing_else() {
    for function in generated() {
        let told = function.properties["Environment"]["Variables"].as_object().expect("variables");
        let told: BTreeMap<_, _> =
            told.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        assert_eq!(told, variables(&function.expected()), "{}", function.stem);
    }
}

#[test]
fn what_functions_are_told_is_documented() {
    let operations = read("docs/OPERATIONS.md");
    for function in found() {
        let told = function.properties["Environment"]["Variables"].as_object().expect("variables");
        for name in told.keys() {
            assert!(operations.contains(&format!("`{name}`")), "docs/OPERATIONS.md: {name}");
        }
    }
}

#[test]
fn what_holds_a_secret_is_encrypted_with_the_markets_key() {
    for function in found() {
        assert_eq!(text(&function.properties["KmsKeyArn"]), "${KeyArn}", "{}", function.stem);
    }
}

#[test]
fn a_function_is_for_arm64_and_built_before_the_stacks() {
    for function in generated() {
        let Found { stem, id, stack, properties } = function;
        assert_eq!(properties["Runtime"], "provided.al2023", "{stem}");
        assert_eq!(properties["Architectures"], json!(["arm64"]), "{stem}");
        assert_eq!(properties["CodeUri"], format!("../../target/lambda/{stem}"));
        assert_eq!(stack.resources[id]["Metadata"]["SkipBuild"], true, "{stem}");
    }
}

#[test]
fn every_invocation_is_of_a_version_behind_the_alias() {
    for function in found() {
        let Found { stem, properties, .. } = function;
        assert_eq!(properties["AutoPublishAlias"], "live", "{stem}");
        assert_eq!(properties["AutoPublishAliasAllProperties"], true, "{stem}");
        // Another edition of the keys alone must make another version.
        let description = text(&properties["VersionDescription"]);
        assert!(description.contains("${KeysEdition}"), "{stem}");
    }
}

/// Whether it writes entries that change accounts.
fn moves_money(function: &Expected) -> bool {
    [uses::CHANGE_ACCOUNT, uses::RECORD].iter().all(|using| function.uses.contains(using))
}

#[test]
fn versions_of_what_moves_money_take_over_by_and_by_and_go_back_by_an_alarm() {
    for function in generated() {
        let Found { stem, stack, properties, .. } = function;
        let preference = &properties["DeploymentPreference"];
        let moves_money = moves_money(&function.expected());
        assert_eq!(!preference.is_null(), moves_money, "{stem}");
        if !moves_money {
            continue;
        }
        assert_eq!(preference["Type"], json!({"Ref": "DeploymentPreference"}), "{stem}");
        let alarms = preference["Alarms"].as_array().expect("alarms");
        assert_eq!(alarms.len(), 1, "{stem}");
        let alarm = stack.properties(alarms[0]["Ref"].as_str().expect("an alarm"));
        let dimensions = alarm["Dimensions"].as_array().expect("dimensions").iter();
        let dimensions: Vec<_> =
            dimensions.map(|one| (text(&one["Name"]), text(&one["Value"]))).collect();
        let dimension =
            |name: &str, end: &str| (name.to_owned(), format!("${{Market}}-{stem}{end}"));
        assert_eq!(dimensions, [dimension("FunctionName", ""), dimension("Resource", ":live")]);
        assert_eq!(
            (&alarm["Namespace"], &alarm["MetricName"]),
            (&json!("AWS/Lambda"), &json!("Errors"))
        );
    }
}

#[test]
fn the_functions_of_a_stack_share_a_log_that_ends_and_is_encrypted() {
    for function in found() {
        let logging = &function.properties["LoggingConfig"];
        assert_eq!(logging["LogFormat"], "JSON", "{}", function.stem);
        // Above INFO, metrics would vanish: they are lines too.
        assert_eq!(logging["ApplicationLogLevel"], "INFO", "{}", function.stem);
        let group = logging["LogGroup"]["Ref"].as_str().expect("a group of the stack");
        let group = function.stack.properties(group);
        assert_eq!(text(&group["RetentionInDays"]), "${LogRetentionDays}", "{}", function.stem);
        assert_eq!(text(&group["KmsKeyId"]), "${KeyArn}", "{}", function.stem);
    }
}

#[test]
fn no_function_keeps_concurrency_from_the_others() {
    for function in found() {
        let reserved = &function.properties["ReservedConcurrentExecutions"];
        assert_eq!(*reserved, Value::Null, "{}", function.stem);
    }
}

/// The functions that metrics below are of.
fn functions_of(value: &Value, named: &mut BTreeSet<String>) {
    match value {
        Value::Object(entries) => {
            if entries.get("Name") == Some(&json!("FunctionName")) {
                named.insert(text(&entries["Value"]));
            }
            entries.values().for_each(|value| functions_of(value, named));
        }
        Value::Array(items) => items.iter().for_each(|value| functions_of(value, named)),
        _ => {}
    }
}

#[test]
fn alarms_are_of_functions_that_exist_and_watch_all_that_move_money() {
    let mut watched = BTreeSet::new();
    for resource in stack("observability").resources.values() {
        functions_of(resource, &mut watched);
    }
    let name = |expected: &Expected| format!("${{Market}}-{}", expected.stem);
    let all: BTreeSet<_> = expected().iter().map(name).collect();
    let unknown: Vec<_> = watched.difference(&all).collect();
    assert!(unknown.is_empty(), "no such function: {unknown:?}");
    let money: BTreeSet<_> = expected().iter().filter(|one| moves_money(one)).map(name).collect();
    let unwatched: Vec<_> = money.difference(&watched).collect();
    assert!(unwatched.is_empty(), "no alarm watches {unwatched:?}");
}
