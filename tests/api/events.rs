//! The sample events of special cases: each is handled by its function's own code, and comes to
//! what the index in `events/README.md` says. Their form is checked by `tests/tidy`.
#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod effects;
mod index;
mod play;
mod stage;

use std::collections::BTreeSet;

use index::{Row, index, placeholders, samples};
use play::play;
use stage::{PLACEHOLDERS, Stage};

/// What came of a case, and by how much it changed what John may spend.
async fn played(stage: &mut Stage, row: &Row) -> (String, String) {
    let mut chain = Vec::new();
    for name in row.chain() {
        chain.push((name.clone(), stage.fill(&name).await));
    }
    let before = stage.money().await;
    let mut outcome = String::new();
    for (name, text) in chain {
        outcome = play(stage, &name, &text).await;
    }
    (outcome, before.changed_to(&stage.money().await))
}

/// Plays the cases of these functions' samples.
async fn come_to_what_the_index_says(is_meant: impl Fn(&str) -> bool) {
    let rows = index();
    let mut differences = Vec::new();
    let mut common = None;
    for row in rows.iter().filter(|row| is_meant(row.function())) {
        // A market costs a tenth of a second. Refusals leave nothing behind, so they share one.
        let (outcome, money) = if is_endpoint(row.function()) && row.leaves_nothing() {
            if common.is_none() {
                common = Some(Stage::set(row.function()).await);
            }
            played(common.as_mut().expect("it was set"), row).await
        } else {
            played(&mut Stage::set(row.function()).await, row).await
        };
        if (&outcome, &money) != (&row.outcome, &row.money) {
            differences.push(format!("{} | {outcome} | {money} |", row.name));
        }
    }
    assert!(differences.is_empty(), "these came to something else:\n{}", differences.join("\n"));
}

fn is_endpoint(function: &str) -> bool {
    functions::ENDPOINTS.iter().any(|endpoint| endpoint.stem == function)
}

/// The endpoints that money moves by, and the others, so that both go side by side.
fn moves_money(function: &str) -> bool {
    let starts = ["buy", "exchange", "place-", "operate-", "transfer", "refund"];
    is_endpoint(function) && starts.iter().any(|start| function.starts_with(start))
}

#[tokio::test]
async fn requests_that_move_money_come_to_what_the_index_says() {
    come_to_what_the_index_says(moves_money).await;
}

#[tokio::test]
async fn all_other_requests_come_to_what_the_index_says() {
    come_to_what_the_index_says(|function| is_endpoint(function) && !moves_money(function)).await;
}

#[tokio::test]
async fn all_that_is_no_request_comes_to_what_the_index_says() {
    come_to_what_the_index_says(|function| !is_endpoint(function)).await;
}

/// The index names every file, so none goes unplayed: `tests/tidy` compares the two as well.
#[test]
fn the_index_leaves_no_sample_out() {
    let listed: BTreeSet<_> = index().into_iter().map(|row| row.name).collect();
    let special = samples().into_iter().filter(|name| name.matches('.').count() == 1);
    assert_eq!(listed, special.collect());
}

#[test]
fn the_index_explains_every_placeholder() {
    let known: Vec<_> = PLACEHOLDERS.map(str::to_owned).into();
    assert_eq!(placeholders(), known);
}
