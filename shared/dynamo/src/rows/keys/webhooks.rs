//! The keys of webhooks and of deliveries, in their table and in the index of what is due.

use app::ports::{DELIVERY_KEPT, due_part};
use domain::{
    id::WebhookId,
    time::Timestamp,
    webhook::{Delivery, Webhook},
};

use super::{Row, Spelled, in_part, seq_key, sweep_after, text, time_key};

/// A webhook in its slot.
pub(crate) fn webhook(webhook: &Webhook) -> Row {
    in_part(webhook.user.spell(), format!("{:03}", webhook.slot))
}

/// A delivery of the event with this number.
pub(crate) fn delivery(webhook: WebhookId, seq: u64) -> Row {
    in_part(webhook.spell(), seq_key(seq))
}

/// One of the partitions of the index of what is due.
pub(crate) fn due_in(part: u8) -> String {
    format!("due#{part:02}")
}

/// A time's place among what is due.
pub(crate) fn due_at(time: Timestamp) -> String {
    time_key(time.millis())
}

pub(in crate::rows) fn of_webhook(value: &Webhook, row: &mut Row) {
    row.extend(webhook(value));
}

/// What is pending is in the index; what is over is swept.
pub(in crate::rows) fn of_delivery(value: &Delivery, row: &mut Row) {
    row.extend(delivery(value.webhook, value.seq));
    if value.is_pending() {
        row.insert("due".to_owned(), text(due_in(due_part(value.webhook))));
        row.insert("due_at".to_owned(), text(due_at(value.next_at)));
    } else {
        sweep_after(row, value.next_at.plus(DELIVERY_KEPT));
    }
}
