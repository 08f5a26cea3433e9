//! That a user's webhooks stay in their slots and that each changes once a version.

use std::sync::Arc;

use app::ports::Store;
use domain::{
    activity::Occasion,
    id::{UserId, WebhookId},
    time::Timestamp,
    webhook::{SealedSecret, Webhook, WebhookRevision, WebhookState},
};

use super::fixtures::{ALICE, BOB, at};

fn webhook(user: UserId, slot: u8) -> Webhook {
    Webhook {
        id: WebhookId::from_bits(u128::from(slot) + 1),
        user,
        slot,
        url: "https://hooks.example.com/market".parse().expect("a URL"),
        events: [].into(),
        secret: SealedSecret("sealed".to_owned()),
        previous: None,
        state: WebhookState::Active,
        failing_since: None,
        created_at: at(0),
        version: 1,
    }
}

/// With everything in it that may be there.
fn full(slot: u8) -> Webhook {
    Webhook {
        id: WebhookId::from_bits(u128::MAX),
        url: format!("http://localhost/{}", "a".repeat(494)).parse().expect("a URL"),
        events: [Occasion::Deposit, Occasion::Matched].into(),
        previous: Some((SealedSecret("before".to_owned()), Timestamp::MAX)),
        state: WebhookState::Failing,
        failing_since: Some(at(7)),
        version: u64::MAX,
        ..webhook(ALICE, slot)
    }
}

pub(super) async fn webhooks_are_read_as_they_were_written(store: Arc<dyn Store>) {
    let (first, last, others) = (webhook(ALICE, 0), full(9), webhook(BOB, 0));
    for webhook in [&last, &first, &others] {
        assert_eq!(store.put_webhook(webhook).await, Ok(true));
    }
    assert_eq!(store.webhooks(ALICE).await, Ok(vec![first, last]));
    assert_eq!(store.webhooks(BOB).await, Ok(vec![others]));
    assert_eq!(store.webhooks(UserId::from_bits(99)).await, Ok(vec![]));
}

pub(super) async fn a_slot_of_a_users_webhooks_is_taken_once(store: Arc<dyn Store>) {
    let first = webhook(ALICE, 3);
    let second = Webhook { id: WebhookId::from_bits(77), ..webhook(ALICE, 3) };
    assert_eq!(store.put_webhook(&first).await, Ok(true));
    assert_eq!(store.put_webhook(&second).await, Ok(false));
    assert_eq!(store.put_webhook(&first).await, Ok(false));
    assert_eq!(store.webhooks(ALICE).await, Ok(vec![first]));
}

pub(super) async fn a_webhook_is_replaced_once_a_version(store: Arc<dyn Store>) {
    let first = webhook(ALICE, 0);
    assert_eq!(store.replace_webhook(&Webhook { version: 2, ..first.clone() }).await, Ok(false));
    assert_eq!(store.put_webhook(&first).await, Ok(true));
    let paused = WebhookRevision { enabled: Some(false), ..WebhookRevision::default() };
    let second = first.revised(&paused);
    assert_eq!(store.replace_webhook(&second).await, Ok(true));
    assert_eq!(store.replace_webhook(&second).await, Ok(false));
    let stranger = Webhook { id: WebhookId::from_bits(77), version: 3, ..first };
    assert_eq!(store.replace_webhook(&stranger).await, Ok(false), "another in the same slot");
    assert_eq!(store.webhooks(ALICE).await, Ok(vec![second]));
}

pub(super) async fn a_webhook_is_removed_as_it_is_or_not_at_all(store: Arc<dyn Store>) {
    let webhook = webhook(ALICE, 0);
    assert_eq!(store.remove_webhook(&webhook).await, Ok(false));
    assert_eq!(store.put_webhook(&webhook).await, Ok(true));
    for other in [
        Webhook { version: 2, ..webhook.clone() },
        Webhook { id: WebhookId::from_bits(77), ..webhook.clone() },
    ] {
        assert_eq!(store.remove_webhook(&other).await, Ok(false));
    }
    assert_eq!(store.remove_webhook(&webhook).await, Ok(true));
    assert_eq!(store.webhooks(ALICE).await, Ok(vec![]));
    assert_eq!(store.put_webhook(&webhook).await, Ok(true), "its slot is free again");
}
