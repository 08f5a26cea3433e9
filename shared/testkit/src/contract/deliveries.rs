//! That an event goes to a webhook in one delivery, that each changes once a version, and that
//! what is due is found.

use std::sync::Arc;

use app::ports::{DUE_PARTS, DeliveryQuery, Page, Store, due_part};
use domain::{
    id::WebhookId,
    webhook::{ATTEMPTS_KEPT, Attempt, Delivery, Outcome, SendFailure},
};

use super::fixtures::{ALICE, BOB, at, eventually};

const HOOK: WebhookId = WebhookId::from_bits(5);
const OTHER: WebhookId = WebhookId::from_bits(6);

fn delivery(webhook: WebhookId, seq: u64) -> Delivery {
    Delivery::begun(webhook, ALICE, seq, at(10))
}

/// With as much in it as there can be.
fn full(seq: u64) -> Delivery {
    let mut delivery = Delivery::begun(HOOK, BOB, seq, at(0));
    for number in 0..ATTEMPTS_KEPT {
        let outcome = if number % 2 == 0 {
            Outcome::status(503)
        } else {
            Outcome::Failed(SendFailure::AddressRefused)
        };
        let attempt = Attempt { at: at(1), outcome, took_ms: u32::MAX };
        delivery = delivery.leased(at(1)).after(attempt, at(2), u16::MAX);
    }
    delivery
}

pub(super) async fn a_delivery_is_read_as_it_was_written(store: Arc<dyn Store>) {
    let (first, last) = (delivery(HOOK, 1), full(u64::MAX));
    assert_eq!(store.delivery(HOOK, 1).await, Ok(None));
    for delivery in [&first, &last] {
        assert_eq!(store.put_delivery(delivery).await, Ok(true));
    }
    assert_eq!(store.delivery(HOOK, 1).await, Ok(Some(first)));
    assert_eq!(store.delivery(HOOK, u64::MAX).await, Ok(Some(last)));
    assert_eq!(store.delivery(OTHER, 1).await, Ok(None));
}

pub(super) async fn an_event_goes_to_a_webhook_in_one_delivery(store: Arc<dyn Store>) {
    let first = delivery(HOOK, 1);
    assert_eq!(store.put_delivery(&first).await, Ok(true));
    let later = Delivery { created_at: at(99), ..first.clone() };
    assert_eq!(store.put_delivery(&later).await, Ok(false));
    assert_eq!(store.put_delivery(&delivery(OTHER, 1)).await, Ok(true));
    assert_eq!(store.delivery(HOOK, 1).await, Ok(Some(first)));
}

pub(super) async fn a_delivery_is_replaced_once_a_version(store: Arc<dyn Store>) {
    let first = delivery(HOOK, 1);
    let second = first.leased(at(11));
    assert_eq!(store.replace_delivery(&second).await, Ok(false));
    assert_eq!(store.put_delivery(&first).await, Ok(true));
    assert_eq!(store.replace_delivery(&second).await, Ok(true));
    assert_eq!(store.replace_delivery(&second).await, Ok(false));
    assert_eq!(store.replace_delivery(&first.given_up(at(12))).await, Ok(false));
    assert_eq!(store.delivery(HOOK, 1).await, Ok(Some(second)));
}

pub(super) async fn deliveries_are_listed_from_the_newest_event_down(store: Arc<dyn Store>) {
    let all = [1, 2, 9, 10, 100].map(|seq| delivery(HOOK, seq));
    for delivery in all.iter().chain([&delivery(OTHER, 50)]) {
        assert_eq!(store.put_delivery(delivery).await, Ok(true));
    }
    let page = async |before, limit| {
        let query = DeliveryQuery { webhook: HOOK, before, limit };
        let Page { rows, more } = store.deliveries(&query).await.expect("a page");
        (rows.iter().map(|delivery| delivery.seq).collect::<Vec<_>>(), more)
    };
    assert_eq!(page(None, 2).await, (vec![100, 10], true));
    assert_eq!(page(Some(10), 2).await, (vec![9, 2], true));
    assert_eq!(page(Some(2), 2).await, (vec![1], false));
    assert_eq!(page(None, 5).await, (vec![100, 10, 9, 2, 1], false));
    assert_eq!(page(Some(1), 5).await, (vec![], false));
}

pub(super) async fn what_is_due_is_found_and_nothing_else(store: Arc<dyn Store>) {
    let early = Delivery { next_at: at(5), ..delivery(HOOK, 9) };
    let due = delivery(HOOK, 1);
    let late = Delivery { next_at: at(11), ..delivery(HOOK, 3) };
    let over = delivery(HOOK, 4).given_up(at(1));
    for delivery in [&due, &late, &early, &over, &delivery(OTHER, 1)] {
        assert_eq!(store.put_delivery(delivery).await, Ok(true));
    }
    let read = async |limit| store.due_deliveries(due_part(HOOK), at(10), limit).await;
    eventually(&vec![early.clone(), due.clone()], || read(100)).await;
    eventually(&vec![early.clone()], || read(1)).await;
    // Over, and put off.
    assert_eq!(store.replace_delivery(&early.given_up(at(10))).await, Ok(true));
    assert_eq!(store.replace_delivery(&due.leased(at(10))).await, Ok(true));
    eventually(&vec![], || read(100)).await;
    let again = early.given_up(at(10)).anew(at(10));
    assert_eq!(store.replace_delivery(&again).await, Ok(true));
    eventually(&vec![again], || read(100)).await;
    let mut found = 0;
    for part in 0..DUE_PARTS {
        found += store.due_deliveries(part, at(1_000), 100).await.expect("a read").len();
    }
    assert_eq!(found, 4, "each is in one part");
}
