//! What goes over the wire, letter by letter, and what is refused.

use serde_json::{Value, json};

use super::*;
use crate::venues::fixtures::{amount, order};

const ID: &str = "vor_00000000000000000000000007";

fn usd() -> Currency {
    order().terms.currency
}

fn execution() -> Value {
    json!({"id": "E-7", "quantity": "5", "price": "100.20"})
}

fn answer() -> Value {
    json!({"id": ID, "venue_order_id": "X-1", "status": "open", "executed": "5",
        "executions": [execution()]})
}

fn said() -> Value {
    json!({"order_id": ID, "venue_order_id": "X-1", "status": "open", "executed": "5",
        "execution": execution()})
}

fn expected() -> VenueState {
    let reference = |text: &str| text.parse::<Reference>().expect("a reference");
    VenueState {
        reference: reference("X-1"),
        status: VenueStatus::Open,
        executed: amount(5),
        executions: vec![Execution {
            id: reference("E-7"),
            quantity: amount(5),
            price: amount(10_020),
        }],
    }
}

/// A JSON object with a field in the place of what was there.
fn with(object: &Value, pointer: &str, value: Value) -> Vec<u8> {
    let mut changed = object.clone();
    *changed.pointer_mut(pointer).expect("a field") = value;
    changed.to_string().into_bytes()
}

fn pointer<T: std::fmt::Debug>(refused: Result<T, Problem>) -> String {
    refused.expect_err("it must be refused").errors.remove(0).pointer
}

#[test]
fn an_order_is_sent_as_the_contract_shows_it() {
    let json = String::from_utf8(order_json(&order())).expect("UTF-8");
    let expected = format!(
        r#"{{"id":"{ID}","side":"buy","type":"limit","instrument":"DOTUSDT00008","quantity":"75","#
    ) + r#""limit_price":"100.25","currency":"USD","valid_until":"2027-01-15T08:01:00.000Z"}"#;
    assert_eq!(json, expected);
    let terms = VenueTerms { kind: domain::order::OrderKind::Market, ..order().terms };
    let json = order_json(&VenueOrder { terms, ..order() });
    assert!(String::from_utf8(json).expect("UTF-8").contains(r#""type":"market""#));
}

#[test]
fn a_state_and_a_report_are_read_and_what_else_they_say_is_not() {
    let mut state_said = answer();
    state_said["fees"] = json!({"maker": 1});
    state_said["executions"][0]["liquidity"] = json!("taker");
    let read = state(state_said.to_string().as_bytes(), &order());
    assert_eq!(read.expect("a state"), expected());
    let read = report(said().to_string().as_bytes(), usd()).expect("a report");
    assert_eq!(read, Report { order: order().terms.id, state: expected() });
    let ended = with(&said(), "/execution", Value::Null);
    assert!(report(&ended, usd()).expect("a report").state.executions.is_empty());
}

#[test]
fn an_answer_that_is_not_as_agreed_is_refused_by_the_field() {
    for (field, value) in [
        ("/id", json!("vor_00000000000000000000000008")),
        ("/id", json!(7)),
        ("/venue_order_id", json!("X 1")),
        ("/status", json!("done")),
        ("/status", json!({"open": null})),
        ("/executed", json!(5)),
        ("/executed", json!("5.0")),
        ("/executed", json!("-5")),
        ("/executions", json!({})),
        ("/executions/0", json!(["E-7", "5", "100.20"])),
        ("/executions/0/id", json!("")),
        ("/executions/0/quantity", json!("1e3")),
        ("/executions/0/price", json!(100.2)),
        ("/executions/0/price", json!("100.201")),
        ("/executions/0/price", json!("100000000000000000.00")),
    ] {
        let refused = state(&with(&answer(), field, value.clone()), &order());
        assert_eq!(pointer(refused), field, "{value}");
    }
    for text in ["", "[]", "null", "{", "{}{}", "<html>"] {
        assert!(state(text.as_bytes(), &order()).is_err(), "{text}");
    }
    let doubled = answer().to_string().replacen('{', r#"{"executed":"5","#, 1);
    assert_eq!(pointer(state(doubled.as_bytes(), &order())), "/executed");
    let missing = r#"{"id":"x"}"#.replace('x', ID);
    assert_eq!(pointer(state(missing.as_bytes(), &order())), "/venue_order_id");
}

#[test]
fn a_report_that_is_not_as_agreed_is_refused_by_the_field() {
    for (field, value) in [
        ("/order_id", json!("X-1")),
        ("/executed", json!(null)),
        ("/execution", json!([])),
        ("/execution/quantity", json!("0.5")),
        ("/execution/price", json!("abc")),
    ] {
        let refused = report(&with(&said(), field, value.clone()), usd());
        assert_eq!(pointer(refused), field, "{value}");
    }
}

#[test]
fn a_feed_says_reports_prices_and_that_it_is_alive() {
    let read = |text: Value| feed_text(text.to_string().as_bytes(), usd());
    let numbered = |seq, message| Ok::<_, ()>(FeedText::Said(Numbered { seq, message }));
    let report = FeedMessage::Report(Report { order: order().terms.id, state: expected() });
    let text = json!({"seq": 17, "type": "report", "report": said()});
    assert_eq!(read(text).map_err(|_| ()), numbered(17, report));
    let instrument = order().terms.instrument;
    let price =
        json!({"seq": 18, "type": "price", "instrument": "DOTUSDT00008", "price": "100.10"});
    let expected = FeedMessage::Price(instrument, amount(10_010));
    assert_eq!(read(price.clone()).map_err(|_| ()), numbered(18, expected));
    let beat = read(json!({"seq": 18, "type": "heartbeat"})).map_err(|_| ());
    assert_eq!(beat, Ok(FeedText::Heartbeat(18)));
    for (field, value) in [
        ("/seq", json!("18")),
        ("/seq", json!(-1)),
        ("/type", json!("rumour")),
        ("/instrument", json!("USD")),
        ("/price", json!("0.00")),
        ("/price", json!("1.001")),
    ] {
        let refused = feed_text(&with(&price, field, value.clone()), usd());
        assert_eq!(pointer(refused), field, "{value}");
    }
    let wrong = json!({"seq": 1, "type": "report", "report": with_price(&said())});
    assert_eq!(pointer(read(wrong)), "/report/execution/price");
}

fn with_price(report: &Value) -> Value {
    let text = with(report, "/execution/price", json!("1.001"));
    serde_json::from_slice(&text).expect("JSON")
}
