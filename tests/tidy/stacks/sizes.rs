//! Every function has a size, and no time-out that something around it would cut short.

use edge::uses;
use functions::Trigger;

use super::{found, stack};

/// What the gateway waits for.
const GATEWAY_S: i64 = 30;

fn number(value: &serde_json::Value) -> i64 {
    value.as_i64().expect("a number")
}

#[test]
fn every_function_has_memory_and_a_time_out() {
    for function in found() {
        let memory_mb = number(&function.properties["MemorySize"]);
        assert!((128..=3008).contains(&memory_mb), "{}: {memory_mb} MB", function.stem);
        let timeout_s = number(&function.properties["Timeout"]);
        let answers = matches!(
            function.expected().trigger,
            None | Some(Trigger::Authorizer | Trigger::Route(_))
        );
        let longest_s = if answers { GATEWAY_S - 1 } else { 60 };
        assert!((1..=longest_s).contains(&timeout_s), "{}: {timeout_s} s", function.stem);
    }
}

#[test]
fn who_hashes_passwords_has_a_whole_processor() {
    for function in found() {
        if function.expected().uses.contains(&uses::PASSWORDS) {
            assert_eq!(number(&function.properties["MemorySize"]), 1769, "{}", function.stem);
        }
    }
}

#[test]
fn a_queue_hides_a_message_six_times_as_long_as_its_function_may_take() {
    for function in found() {
        let queue = match function.expected().trigger {
            Some(Trigger::MatchQueue) => "MatchQueue",
            Some(Trigger::WebhookQueue) => "WebhookQueue",
            Some(Trigger::VenueQueue) => "VenueQueue",
            _ => continue,
        };
        let hidden_s = number(&stack("events").properties(queue)["VisibilityTimeout"]);
        assert!(hidden_s >= 6 * number(&function.properties["Timeout"]), "{queue}");
    }
}
