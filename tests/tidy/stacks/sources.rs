//! What wakes the functions that are no endpoints: each its queue, its streams or its schedule,
//! with a limit to every repetition and a place for what is given up.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use dynamo::{
    schema::{TABLES, Table},
    stream::{StreamRow, stream_row},
};
use functions::{EVENT_HANDLERS, STREAM_FUNCTIONS, Trigger};
use serde_json::{Value, json};

use super::{function_stacks, pascal, stack, stacks, statements::statements, text};

/// (function, ARN of what is followed) and the mapping's properties.
fn mappings() -> BTreeMap<(String, String), &'static Value> {
    let mut all = BTreeMap::new();
    for stack in function_stacks() {
        for (id, mapping) in stack.of_type("AWS::Lambda::EventSourceMapping") {
            let stem = stack.stem_of_alias(&text(&mapping["FunctionName"])).to_owned();
            let source = text(&mapping["EventSourceArn"]);
            assert!(all.insert((stem, source), mapping).is_none(), "{id} stands twice");
        }
    }
    all
}

/// What stands for the stream of a table.
fn stream(table: &str) -> String {
    format!("${{{}StreamArn}}", pascal(table))
}

#[test]
fn every_queue_and_stream_wakes_its_function_and_nothing_else_does() {
    let found: BTreeSet<_> = mappings().into_keys().collect();
    let mut expected = BTreeSet::new();
    for handler in EVENT_HANDLERS {
        let sources = match handler.trigger {
            Trigger::MatchQueue => vec!["${MatchQueueArn}".to_owned()],
            Trigger::WebhookQueue => vec!["${WebhookQueueArn}".to_owned()],
            Trigger::VenueQueue => vec!["${VenueQueueArn}".to_owned()],
            Trigger::Streams(tables) => tables.iter().map(|table| stream(table)).collect(),
            Trigger::Authorizer | Trigger::Route(_) | Trigger::EveryMinute => Vec::new(),
        };
        expected.extend(sources.into_iter().map(|source| (handler.stem.to_owned(), source)));
    }
    assert_eq!(found, expected);
}

#[test]
fn the_stream_functions_follow_the_tables_that_the_local_market_follows() {
    let mut expected = BTreeSet::new();
    for (function, tables) in STREAM_FUNCTIONS {
        expected.extend(tables.iter().map(|table| (function.stem.to_owned(), stream(table))));
    }
    let streams = mappings().into_keys().filter(|(_, source)| source.ends_with("StreamArn}"));
    assert_eq!(streams.collect::<BTreeSet<_>>(), expected);
}

#[test]
fn only_what_failed_of_a_batch_comes_again() {
    for ((stem, source), mapping) in mappings() {
        let types = &mapping["FunctionResponseTypes"];
        assert_eq!(*types, json!(["ReportBatchItemFailures"]), "{stem} of {source}");
        if source.ends_with("QueueArn}") {
            assert!(mapping["BatchSize"].as_i64().is_some_and(|size| size <= 10), "{stem}");
            assert!(mapping["ScalingConfig"]["MaximumConcurrency"].as_i64() >= Some(2), "{stem}");
        }
    }
}

#[test]
fn a_stream_is_never_held_up_for_ever() {
    for ((stem, source), mapping) in mappings() {
        if !source.ends_with("StreamArn}") {
            continue;
        }
        assert_eq!(mapping["BisectBatchOnFunctionError"], true, "{stem} of {source}");
        assert!(mapping["MaximumRetryAttempts"].is_i64(), "{stem} of {source}");
        // The stream forgets after a day; what was given up must be found in it for hours more.
        let age_s = mapping["MaximumRecordAgeInSeconds"].as_i64();
        assert!(age_s.is_some_and(|age_s| (60..=43_200).contains(&age_s)), "{stem} of {source}");
        // Rows of one key stay in order, and so do those of one shard.
        assert_eq!(mapping["ParallelizationFactor"], 1, "{stem} of {source}");
        let letters = &mapping["DestinationConfig"]["OnFailure"]["Destination"];
        assert_eq!(text(letters), "${FailureQueueArn}", "{stem} of {source}");
    }
}

#[test]
fn statements_follow_from_the_first_record_and_news_from_the_last() {
    for ((stem, source), mapping) in mappings() {
        let position = match (stem.as_str(), source.ends_with("StreamArn}")) {
            (_, false) => Value::Null,
            ("project", true) => json!("TRIM_HORIZON"),
            (_, true) => json!("LATEST"),
        };
        assert_eq!(mapping["StartingPosition"], position, "{stem} of {source}");
    }
}

fn row(keys: &[&str], value: &str) -> HashMap<String, AttributeValue> {
    let value = AttributeValue::S(value.to_owned());
    keys.iter().map(|key| ((*key).to_owned(), value.clone())).collect()
}

/// A row that no filter lets pass is one that no function looks at; one that passes is looked at.
#[test]
fn filters_let_through_what_the_functions_read_and_nothing_else() {
    for ((stem, source), mapping) in mappings() {
        let of_source = |table: &&Table| source == stream(table.stem);
        let Some(table) = TABLES.iter().find(of_source) else { continue };
        let filters = &mapping["FilterCriteria"]["Filters"];
        let read = |value: &str| {
            let after = row(&[table.partition], value).into();
            let read = stream_row(table.stem, row(&[], "").into(), after);
            !matches!(read, Ok(StreamRow::Other))
        };
        let Some(pattern) = filters[0]["Pattern"].as_str() else {
            assert!(read("anything"), "{stem} of {source} is woken for nothing");
            continue;
        };
        assert_eq!(filters.as_array().map(Vec::len), Some(1), "{stem} of {source}");
        let pattern: Value = serde_json::from_str(pattern).expect("JSON");
        let prefix = &pattern["dynamodb"]["NewImage"][table.partition]["S"][0]["prefix"];
        let prefix = prefix.as_str().expect("a prefix of the key");
        assert!(read(&format!("{prefix}1")), "{stem} of {source}: {prefix}");
        let shorter = &prefix[..prefix.len() - 1];
        assert!(!read(&format!("{shorter}!1")), "{stem} of {source}: more than {prefix}");
    }
}

#[test]
fn what_is_due_every_minute_is_woken_every_minute_and_nothing_else_is() {
    let events = stack("functions-events");
    let mut woken = BTreeSet::new();
    for stack in stacks() {
        for (id, schedule) in stack.of_type("AWS::Scheduler::Schedule") {
            assert_eq!(schedule["ScheduleExpression"], "rate(1 minute)", "{id}");
            assert_eq!(schedule["FlexibleTimeWindow"]["Mode"], "OFF", "{id}");
            let target = &schedule["Target"];
            assert_eq!(target["RetryPolicy"]["MaximumEventAgeInSeconds"], 60, "{id}");
            assert_eq!(text(&target["DeadLetterConfig"]["Arn"]), "${FailureQueueArn}", "{id}");
            assert_eq!(text(&target["RoleArn"]), "${ScheduleRole.Arn}", "{id}");
            assert!(woken.insert(text(&target["Arn"])), "{id} stands twice");
        }
    }
    let scheduled = EVENT_HANDLERS.iter().filter(|handler| handler.trigger == Trigger::EveryMinute);
    let expected: BTreeSet<_> =
        scheduled.map(|handler| format!("${{{}Function.Alias}}", pascal(handler.stem))).collect();
    assert_eq!(woken, expected);
    let allowed = statements(events.properties("ScheduleRole")).into_iter();
    let allowed: BTreeSet<_> = allowed.map(|one| (one.action, one.resource)).collect();
    let letters = ("sqs:SendMessage".to_owned(), "${FailureQueueArn}".to_owned());
    let invoke = |alias: &String| ("lambda:InvokeFunction".to_owned(), alias.clone());
    assert_eq!(allowed, expected.iter().map(invoke).chain([letters]).collect());
}
