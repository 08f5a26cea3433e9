//! Webhooks and deliveries survive their rows, and the largest of each is a write unit.

use domain::{
    activity::Occasion,
    id::{UserId, WebhookId},
    time::Timestamp,
    webhook::{
        ATTEMPTS_KEPT, Attempt, Delivery, Outcome, SealedSecret, SendFailure, Webhook, WebhookState,
    },
};

use super::*;

fn webhook() -> Webhook {
    // 32 bytes with their nonce and their tag, in base64.
    let secret = SealedSecret("s".repeat(80));
    let occasions = ["deposit", "withdrawal", "transfer", "exchange", "purchase", "order_placed"];
    Webhook {
        id: WebhookId::from_bits(u128::MAX),
        user: UserId::from_bits(u128::MAX),
        slot: 9,
        url: format!("https://hooks.example.com/{}", "a".repeat(486)).parse().expect("a URL"),
        events: occasions.map(|word| word.parse::<Occasion>().expect("a word")).into(),
        secret: secret.clone(),
        previous: Some((secret, Timestamp::MAX)),
        state: WebhookState::Failing,
        failing_since: Some(Timestamp::MAX),
        created_at: Timestamp::MAX,
        version: u64::MAX,
    }
}

fn delivery() -> Delivery {
    let outcome = Outcome::Failed(SendFailure::AddressRefused);
    let attempt = Attempt { at: Timestamp::MAX, outcome, took_ms: u32::MAX };
    let webhook = WebhookId::from_bits(u128::MAX);
    let begun = Delivery::begun(webhook, UserId::from_bits(u128::MAX), u64::MAX, Timestamp::MAX);
    Delivery { attempts: vec![attempt; ATTEMPTS_KEPT], version: u64::MAX, ..begun }
}

#[test]
fn the_largest_webhook_and_delivery_survive_their_rows_and_are_a_write_unit() {
    let (webhook, delivery) = (webhook(), delivery());
    let rows = [webhook.to_row().expect("a row"), delivery.to_row().expect("a row")];
    for row in &rows {
        assert!(size(row) <= 1024, "{} bytes", size(row));
    }
    let [webhook_row, delivery_row] = rows;
    assert_eq!(Webhook::from_row(webhook_row), Ok(webhook));
    assert_eq!(Delivery::from_row(delivery_row), Ok(delivery));
}

#[test]
fn what_is_pending_is_due_and_what_is_over_is_swept() {
    let pending = Delivery { next_at: Timestamp::from_millis(1_800_000_000_001), ..delivery() };
    let row = pending.to_row().expect("a row");
    assert_eq!(row.get("due"), Some(&text("due#15")));
    assert_eq!(row.get("due_at"), Some(&text("001800000000001")));
    assert!(!row.contains_key("sweep_after"), "it would be lost");
    let over = pending.given_up(Timestamp::from_millis(1_800_000_000_001));
    let row = over.to_row().expect("a row");
    assert!(!row.contains_key("due") && !row.contains_key("due_at"));
    assert_eq!(row.get("sweep_after"), Some(&number(1_800_000_001 + 30 * 24 * 3600)));
}

#[test]
fn a_row_of_a_delivery_that_is_not_ours_is_an_error() {
    for (name, value) in [
        ("state", text("sent")),
        ("attempts", text("now 200 1")),
        ("attempts", text("1 200 1,")),
        ("webhook", text("usr_00000000000000000000000000")),
        ("seq", text("1")),
    ] {
        let mut row = delivery().to_row().expect("a row");
        row.insert(name.to_owned(), value);
        assert!(matches!(Delivery::from_row(row), Err(StoreError::Corrupt(_))), "{name}");
    }
}
