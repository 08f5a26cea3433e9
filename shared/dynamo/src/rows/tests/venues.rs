//! Venues, orders there and breakers survive their rows, and the largest order is a write unit.

use domain::{
    currency::Scale,
    ledger::Posting,
    venue::{Attempt, Instrument, Listing, Phase, VenueFill},
};

use super::*;
use crate::rows::generators::venues::*;

proptest! {
    #[test]
    fn a_venue_survives_its_row(venue in venues()) {
        survives(&venue)?;
    }

    #[test]
    fn an_order_at_a_venue_survives_its_row(order in venue_orders()) {
        survives(&order)?;
    }

    #[test]
    fn a_breaker_survives_its_row(breaker in breakers()) {
        survives(&breaker)?;
    }

    #[test]
    fn an_order_without_one_of_its_fields_is_corrupt(
        order in venue_orders(), which in any::<usize>()
    ) {
        let fields = ["terms", "phase", "executed", "sends", "next_at", "attempts", "version"];
        let mut row = order.to_row().expect("a row");
        row.remove(fields[which % fields.len()]);
        prop_assert!(matches!(VenueOrder::from_row(row), Err(StoreError::Corrupt(_))));
    }
}

#[test]
fn the_largest_order_at_a_venue_survives_its_row_and_is_a_write_unit() {
    let order = largest_venue_order();
    let row = order.to_row().expect("a row");
    assert!(size(&row) <= UNIT, "{} bytes", size(&row));
    assert_eq!(VenueOrder::from_row(row), Ok(order));
}

/// A fill at a venue, with the two postings that it has.
fn filled(fill: VenueFill) -> Outcome {
    let owner = Holder::User(PAYER);
    let pieces = fill.instrument.pieces(fill.quantity);
    let postings = vec![
        Posting { from: owner, to: Holder::Venues, money: pieces },
        Posting { from: Holder::Venues, to: owner, money: most("VENUS") },
    ];
    let postings = Postings::checked(postings).expect("sound");
    let cause = Cause::VenueFill(fill);
    Outcome::Moved(Movement { party: PAYER, counterparty: None, cause, postings })
}

#[test]
fn the_entries_of_the_largest_order_and_fill_are_a_write_unit_each() {
    for outcome in [Outcome::Routed(longest_venue_terms()), filled(largest_venue_fill())] {
        let entry = entry(outcome);
        let row = entry.to_row().expect("a row");
        assert!(size(&row) <= UNIT, "{} bytes: {entry:?}", size(&row));
        assert_eq!(Entry::from_row(row), Ok(entry));
    }
}

#[test]
fn a_venue_with_all_that_it_can_list_is_about_as_large_as_is_said() {
    let instrument: Instrument = instrument();
    let listing = Listing { instrument, reference: Amount::from_minor(99_999_999_999).ok() };
    let strategy = venues();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let tree = strategy.new_tree(&mut runner).expect("a venue");
    let few = proptest::strategy::ValueTree::current(&tree);
    let venue = Venue { listings: vec![listing; Venue::LISTINGS_MAX], ..few };
    let bytes = size(&venue.to_row().expect("a row"));
    assert!(bytes <= 16 * UNIT, "{bytes} bytes");
}

#[test]
fn an_order_is_due_until_it_is_over_and_always_its_owners() {
    let waits = largest_venue_order();
    let row = waits.to_row().expect("a row");
    assert_eq!(row.get("part"), Some(&text(waits.terms.id.to_string())));
    assert_eq!(row.get("kind"), Some(&text("order")));
    assert_eq!(row.get("due"), Some(&text("due#15")));
    assert_eq!(row.get("due_at"), Some(&text("253402300799999")));
    let owner = format!("z-23456789012345#{}", waits.terms.user);
    let placed = format!("253402300799999{}", waits.terms.id);
    let over = VenueOrder { phase: Phase::Over, ..waits };
    for row in [row, over.to_row().expect("a row")] {
        assert_eq!(row.get("owner"), Some(&text(&owner)));
        assert_eq!(row.get("placed"), Some(&text(&placed)));
    }
    let row = over.to_row().expect("a row");
    assert!(!row.contains_key("due") && !row.contains_key("due_at"));
}

#[test]
fn attempts_are_spelled_by_the_time_between_them() {
    let attempts = ["1795248000000 place timed_out 5000", "1795248005210 ask unknown 33"];
    let attempts = attempts.map(|text| text.parse::<Attempt>().expect("an attempt")).to_vec();
    assert_eq!(attempts.spell(), "1795248000000 p O 5000,5210 a u 33");
    assert_eq!(Vec::<Attempt>::new().spell(), "");
}

#[test]
fn a_row_of_an_order_that_is_not_ours_is_an_error() {
    for (name, value) in [
        ("phase", text("sent")),
        ("terms", text("vor_1")),
        ("terms", text(format!("{} ", longest_venue_terms().spell()))),
        ("attempts", text("now p 200 1")),
        ("attempts", text("1 x 200 1")),
        ("attempts", text("1 p 200 01")),
        ("attempts", text("1 p 200 1,")),
        ("attempts", text("9223372036854775807 p 200 1")),
        ("attempts", text("253402300799999 p 200 1,1 p 200 1")),
        ("unclear", text("1 known")),
        ("reference", text("two words")),
        ("version", text("1")),
    ] {
        let mut row = largest_venue_order().to_row().expect("a row");
        row.insert(name.to_owned(), value);
        assert!(matches!(VenueOrder::from_row(row), Err(StoreError::Corrupt(_))), "{name}");
    }
}

#[test]
fn pieces_are_counted_whole_in_postings() {
    let pieces = instrument().pieces(Amount::ONE);
    assert_eq!(pieces.currency.scale, Scale::WHOLE);
    assert_eq!(pieces.spell(), "DOTUSDT00008/0 1");
}

#[test]
fn a_number_that_a_venue_used_is_swept_only_when_it_may_be_forgotten() {
    let row = keys::nonce("nyx".parse().expect("a name"), 255, Timestamp::from_millis(1001));
    assert_eq!(row.get("part"), Some(&text(format!("nonce#nyx#{:032x}", 255))));
    assert_eq!(row.get("sweep_after"), Some(&number(2)));
}
