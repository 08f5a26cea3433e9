//! `redrive`: messages of a dead-letter queue go back to their queue; letters of the failure queue
//! are handled again, here, by what the function would have done.

use std::collections::BTreeMap;

use app::{perform::Failed, venues::hasten};
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use domain::{id::VenueOrderId, refusal::Missing};
use serde_json::json;

use crate::{
    arguments::{Queue, Redrive},
    commands::{
        letters::{Letter, Way, handle},
        queues::{arn, depth},
    },
    failure::{Failure, service},
    market::market,
    report::{Report, table},
    session::{Session, outputs},
};

/// The most messages that the service gives at once.
const BATCH: i32 = 10;
/// How long others do not see what is being looked at, in seconds.
const HIDDEN_S: i32 = 60;

/// Brings messages back.
///
/// # Errors
/// The service's; nothing says where the queue is.
pub async fn redrive(session: &Session, wanted: Redrive, yes: bool) -> Result<Report, Failure> {
    let (from, to) = match wanted.queue {
        Queue::VenueOrder => return venue_order(session, wanted.order, yes).await,
        Queue::Venues => (outputs::VENUE_DEAD_LETTERS, outputs::VENUE_QUEUE),
        Queue::Match => (outputs::MATCH_DEAD_LETTERS, outputs::MATCH_QUEUE),
        Queue::Webhooks => (outputs::WEBHOOK_DEAD_LETTERS, outputs::WEBHOOK_QUEUE),
        Queue::Failures => return failures(session, wanted, yes).await,
    };
    let (from, to) = (session.needs(from)?, session.needs(to)?);
    let waiting = depth(session, from).await?.waiting;
    if waiting == 0 {
        return Ok(Report::fine("No dead letters.", json!({"waiting": 0})));
    }
    if !yes {
        let text = format!("About {waiting} messages would go back to {to}.");
        return Ok(Report::fine(text, json!({"waiting": waiting})).dry_run());
    }
    if let Some(task) = moved_by_the_service(session, from).await {
        let text = format!("The service moves about {waiting} messages back: task {task}");
        return Ok(Report::fine(text, json!({"waiting": waiting, "task": task})));
    }
    let moved = move_one_by_one(session, from, to, wanted.max).await?;
    let json = json!({"waiting": waiting, "moved": moved});
    Ok(Report::fine(format!("{moved} messages went back to {to}."), json))
}

/// Has an order at a venue seen to now, whatever it waits for.
async fn venue_order(
    session: &Session,
    order: Option<VenueOrderId>,
    yes: bool,
) -> Result<Report, Failure> {
    let id = order.ok_or_else(|| Failure::refused("which order? redrive venue-order vor_…"))?;
    let market = market(session);
    let found = market.store.venue_order(id).await?.ok_or(Failed::from(Missing::Order))?;
    let (status, venue, now) = (found.status().as_str(), found.terms.venue, market.clock.now());
    let due_in_s = found.due_at().map(|due| due.since(now).as_millis() / 1_000);
    let json = json!({"order": id.to_string(), "status": status, "due_in_s": due_in_s});
    let Some(due_in_s) = due_in_s else {
        return Ok(Report::fine(format!("{id} is over: {status}."), json));
    };
    let text = format!("{id} at {venue} is {status}, and due in {due_in_s} s.");
    if !yes {
        return Ok(Report::fine(text, json).dry_run());
    }
    let hastened = hasten(&market, id).await?;
    let what = if hastened { "It is due now." } else { "It was woken." };
    Ok(Report::fine(format!("{text} {what}"), json))
}

/// The handle of the service's own task, where it has such tasks for this queue.
async fn moved_by_the_service(session: &Session, from: &str) -> Option<String> {
    let source = arn(session, from).await.ok()?;
    let task = session.sqs.start_message_move_task().source_arn(source).send().await;
    task.ok()?.task_handle
}

/// Each is sent before it is deleted: if this ends between the two, it comes twice, and both
/// queues' functions do nothing the second time.
async fn move_one_by_one(
    session: &Session,
    from: &str,
    to: &str,
    max: u32,
) -> Result<u32, Failure> {
    let fifo = to.ends_with(".fifo");
    let mut moved = 0;
    while moved < max {
        let messages = receive(session, from).await?;
        if messages.is_empty() {
            break;
        }
        for message in messages {
            let mut send = session.sqs.send_message().queue_url(to);
            if fifo {
                let of = |name| attribute(&message, &name);
                send = send
                    .set_message_group_id(of(MessageSystemAttributeName::MessageGroupId))
                    .set_message_deduplication_id(of(
                        MessageSystemAttributeName::MessageDeduplicationId,
                    ));
            }
            let body = message.body.clone().unwrap_or_default();
            let sent = send.message_body(body).send().await;
            sent.map_err(service("a message was not sent"))?;
            delete(session, from, &message).await?;
            moved = moved.saturating_add(1);
        }
    }
    Ok(moved)
}

fn attribute(message: &Message, name: &MessageSystemAttributeName) -> Option<String> {
    message.attributes.as_ref()?.get(name).cloned()
}

async fn receive(session: &Session, url: &str) -> Result<Vec<Message>, Failure> {
    let received = session
        .sqs
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(BATCH)
        .visibility_timeout(HIDDEN_S)
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .send()
        .await;
    Ok(received.map_err(service("messages cannot be received"))?.messages.unwrap_or_default())
}

async fn delete(session: &Session, url: &str, message: &Message) -> Result<(), Failure> {
    let handle = message.receipt_handle.clone().unwrap_or_default();
    let deleted = session.sqs.delete_message().queue_url(url).receipt_handle(handle).send().await;
    deleted.map(|_| ()).map_err(service("a message was not deleted"))
}

/// Others see it again at once.
async fn give_back(session: &Session, url: &str, message: &Message) -> Result<(), Failure> {
    let handle = message.receipt_handle.clone().unwrap_or_default();
    let shown = session.sqs.change_message_visibility().queue_url(url).visibility_timeout(0);
    let shown = shown.receipt_handle(handle).send().await;
    shown.map(|_| ()).map_err(service("a message was not given back"))
}

/// What became of letters, by function, reason and way.
type Groups = BTreeMap<(String, String, String), u32>;

/// Shows letters grouped by reason; with `yes` handles them again, those that can be.
async fn failures(session: &Session, wanted: Redrive, yes: bool) -> Result<Report, Failure> {
    let Redrive { max, settled, .. } = wanted;
    let url = session.needs(outputs::FAILURE_QUEUE)?;
    let (mut messages, mut seen) = (Vec::new(), 0);
    while seen < max {
        let some = receive(session, url).await?;
        if some.is_empty() {
            break;
        }
        seen = seen.saturating_add(u32::try_from(some.len()).unwrap_or(u32::MAX));
        messages.extend(some);
    }
    let mut letters: Vec<_> = messages
        .into_iter()
        .map(|message| (Letter::read(message.body.as_deref().unwrap_or_default()), message))
        .collect();
    // In the order of their streams, as far as letters tell: sequence numbers have one length.
    letters.sort_by(|(one, _), (other, _)| one.source.cmp(&other.source));
    let mut groups = Groups::new();
    let mut left = 0_u32;
    for (letter, message) in &letters {
        let (outcome, gone) = see_to(session, letter, settled, yes).await;
        if gone {
            delete(session, url, message).await?;
        } else {
            left = left.saturating_add(1);
            give_back(session, url, message).await?;
        }
        let group = (letter.function.clone(), letter.reason.clone(), outcome);
        let count = groups.entry(group).or_default();
        *count = count.saturating_add(1);
    }
    let rows: Vec<_> = groups
        .iter()
        .map(|((function, reason, outcome), count)| {
            [count.to_string(), function.clone(), reason.clone(), outcome.clone()]
        })
        .collect();
    let list = groups.iter().map(|((function, reason, outcome), count)| {
        json!({"letters": count, "function": function, "reason": reason, "outcome": outcome})
    });
    let json = json!({"groups": list.collect::<Vec<_>>(), "left": left});
    if rows.is_empty() {
        return Ok(Report::fine("No letters.", json));
    }
    let text = table(["letters", "function", "reason", "outcome"], &rows);
    let report = Report { text, json, fine: left == 0 };
    Ok(if yes { report } else { report.dry_run() })
}

/// What becomes of a letter, in words, and whether it may go.
async fn see_to(
    session: &Session,
    letter: &Letter,
    settled: Option<VenueOrderId>,
    yes: bool,
) -> (String, bool) {
    match (letter.way(settled), &letter.row) {
        (Way::Stays(why), _) => (format!("stays: {why}"), false),
        (Way::Drop(why), _) if yes => (format!("thrown away: {why}"), true),
        (Way::Drop(why), _) => (format!("would be thrown away: {why}"), false),
        (Way::Again, Some(row)) if yes => match handle(&market(session), row).await {
            Ok(()) => ("handled".to_owned(), true),
            Err(why) => (format!("stays: it still cannot be handled: {why}"), false),
        },
        (Way::Again, _) => ("would be handled again".to_owned(), false),
    }
}
