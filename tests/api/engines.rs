//! Which tests are not run on another engine than the embedded one, and why. All others are run
//! on both; docs/ENGINES.md says where engines differ.

use std::process::Command;

/// Their names, and why not. Whoever names a DynamoDB in `MARKET_TEST_ENDPOINT` skips them.
const EMBEDDED_ONLY: &[(&str, &str)] = &[
    ("logging::what_a_request_costs_is_measured_as_the_store_counts_it", UNITS),
    ("round_trips::a_read_is_a_round_trip_or_comes_from_a_cache", UNITS),
    ("round_trips::an_order_for_a_venue_is_accepted_in_one_round_trip_and_placed_in_a_few", UNITS),
    ("round_trips::every_movement_of_money_and_its_replay_is_one_round_trip", UNITS),
    ("round_trips::prices::what_a_million_of_each_costs_stands_in_the_document", UNITS),
];

const UNITS: &str = "each engine says its own units: they are asserted on the pinned one";

#[test]
fn every_test_that_is_left_out_elsewhere_is_there_and_has_a_reason() {
    let own = std::env::current_exe().expect("a program");
    let listed = Command::new(own).arg("--list").output().expect("a list");
    let listed = String::from_utf8(listed.stdout).expect("text");
    for (name, reason) in EMBEDDED_ONLY {
        assert!(listed.lines().any(|line| line == format!("{name}: test")), "{name}");
        assert!(!reason.is_empty(), "{name}");
    }
}
