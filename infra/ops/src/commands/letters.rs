//! Letters of the failure queue: what they are about, and whether it can be done again.

use app::projecting::{Changed, follow_accounts, follow_entries, follow_market};
use domain::{activity::Activity, id::VenueOrderId};
use dynamo::stream::{StreamRow, stream_row};
use edge::function::DynamoDbEvent;
use serde_json::{Value, json};

use app::market::Market;

/// The function that keeps logs, statements, totals and candles.
const PROJECT: &str = "project";
/// The function that orders at venues are seen to by. Whoever hears of a fill that contradicts
/// what was agreed puts it away in its name.
const PLACE_AT_VENUE: &str = "place-at-venue";

/// What a letter is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Letter {
    /// Which function could not handle it.
    pub function: String,
    /// The table and the sequence number.
    pub source: String,
    /// Why.
    pub reason: String,
    /// The row that changed, if the letter has the record.
    pub row: Option<StreamRow>,
    /// The order at a venue that it is about, if it is about one.
    pub order: Option<VenueOrderId>,
}

/// What becomes of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Its record is handled again, here and now.
    Again,
    /// Nothing is lost by throwing it away.
    Drop(&'static str),
    /// It stays where it is.
    Stays(&'static str),
}

impl Letter {
    /// A message of the failure queue: a letter of ours, or what a stream's mapping puts there
    /// when it gives a batch up.
    #[must_use]
    pub fn read(body: &str) -> Self {
        let value: Value = serde_json::from_str(body).unwrap_or(Value::Null);
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        if let Some(batch) = value.get("DDBStreamBatchInfo") {
            return Self::of_mapping(&value, batch);
        }
        let (function, source) = (text("function"), text("source"));
        let unknown = || "?".to_owned();
        Self {
            row: value.get("record").and_then(row_of),
            order: value
                .pointer("/record/order_id")
                .and_then(Value::as_str)
                .and_then(|id| id.parse().ok()),
            function: function.unwrap_or_else(unknown),
            source: source.unwrap_or_else(unknown),
            reason: text("reason").unwrap_or_else(|| "it is no letter of ours".to_owned()),
        }
    }

    fn of_mapping(value: &Value, batch: &Value) -> Self {
        let at = |path: &str| value.pointer(path).and_then(Value::as_str).unwrap_or("?");
        let arn = at("/requestContext/functionArn");
        let function = arn.split(":function:").nth(1).unwrap_or(arn);
        let number = batch.get("startSequenceNumber").and_then(Value::as_str).unwrap_or("?");
        let stream = batch.get("streamArn").and_then(Value::as_str).unwrap_or("?");
        let table = stream.split(":table/").nth(1).and_then(|rest| rest.split('/').next());
        Self {
            function: function.split(':').next().unwrap_or(function).to_owned(),
            source: format!("{}/{number}", table.unwrap_or("?")),
            reason: format!("a batch was given up: {}", at("/requestContext/condition")),
            row: None,
            order: None,
        }
    }

    /// What can honestly be done with it; `settled` is an order that somebody has seen to.
    #[must_use]
    pub fn way(&self, settled: Option<VenueOrderId>) -> Way {
        if self.function.ends_with(PLACE_AT_VENUE) {
            let seen_to = self.order.is_some() && self.order == settled;
            return if seen_to {
                Way::Drop("somebody has seen to the order")
            } else {
                Way::Stays(
                    "a venue's fill is disputed: ask the venue, then redrive failures --settled \
                     ORDER",
                )
            };
        }
        if !self.function.ends_with(PROJECT) {
            return Way::Drop(
                "live messages are not sent late: clients see the gap and read it again",
            );
        }
        match &self.row {
            Some(StreamRow::Account { .. } | StreamRow::Entry(_) | StreamRow::MarketEvent(_)) => {
                Way::Again
            }
            Some(StreamRow::Rate(_) | StreamRow::Other) => {
                Way::Drop("nothing is projected from such a row")
            }
            None => Way::Stays(
                "it does not hold its record: market-ops repair completes the logs from the tables",
            ),
        }
    }
}

/// The row of a record, as the table's name in its source says.
fn row_of(record: &Value) -> Option<StreamRow> {
    let event: DynamoDbEvent = serde_json::from_value(json!({"Records": [record]})).ok()?;
    let record = event.records.into_iter().next()?;
    let (_, resource) = record.event_source_arn.as_deref()?.split_once(":table/")?;
    let (table, _) = resource.split_once("/stream/")?;
    let stem = dynamo::schema::stem_of(table)?;
    stream_row(stem, record.change.old_image, record.change.new_image).ok()
}

/// Handles the record of a letter as `project` does: what was counted is not counted twice.
///
/// # Errors
/// Why it cannot be handled even now.
pub async fn handle(market: &Market, row: &StreamRow) -> Result<(), String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    match row {
        StreamRow::Account { before, after } => {
            let activity = Activity::between(before.as_ref(), after);
            let Some(activity) = activity.map_err(|error| said(&error))? else { return Ok(()) };
            let change = Changed { before: before.as_ref(), activity };
            let folded = follow_accounts(market, &[change]).await;
            let folded = folded.map_err(|error| said(&error))?;
            folded.into_iter().try_for_each(|(_, outcome)| outcome.map_err(|error| said(&error)))
        }
        StreamRow::Entry(entry) => {
            follow_entries(market, [entry]).await.map_err(|error| said(&error))
        }
        StreamRow::MarketEvent(event) => {
            let followed = follow_market(market, event.pair, [event]).await;
            followed.map_err(|error| said(&error))
        }
        StreamRow::Rate(_) | StreamRow::Other => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_without_its_record_stays_and_says_what_helps() {
        let body = r#"{"function": "project", "source": "m-accounts/17", "reason": "bug: x",
                       "record": null}"#;
        let letter = Letter::read(body);
        assert_eq!((letter.source.as_str(), letter.reason.as_str()), ("m-accounts/17", "bug: x"));
        assert!(matches!(letter.way(None), Way::Stays(why) if why.contains("repair")));
    }

    #[test]
    fn a_batch_that_a_mapping_gave_up_is_named() {
        let body = r#"{"requestContext": {
                "functionArn": "arn:aws:lambda:eu-central-1:1:function:m-project:live",
                "condition": "RetryAttemptsExhausted"},
            "DDBStreamBatchInfo": {"startSequenceNumber": "100", "endSequenceNumber": "200",
                "streamArn": "arn:aws:dynamodb:eu-central-1:1:table/m-accounts/stream/2026"}}"#;
        let letter = Letter::read(body);
        assert_eq!(letter.function, "m-project");
        assert_eq!(letter.source, "m-accounts/100");
        assert!(letter.reason.contains("RetryAttemptsExhausted"));
        assert!(matches!(letter.way(None), Way::Stays(_)));
    }

    #[test]
    fn a_disputed_fill_stays_until_somebody_has_seen_to_its_order() {
        let id = VenueOrderId::from_bits(7);
        let body = format!(
            r#"{{"function": "place-at-venue", "source": "nyx/E-7", "reason": "another fill has
               its name", "record": {{"order_id": "{id}", "execution_id": "E-7"}}}}"#
        );
        let letter = Letter::read(&body.replace("\n               ", " "));
        assert_eq!(letter.order, Some(id));
        assert!(matches!(letter.way(None), Way::Stays(why) if why.contains("--settled")));
        let other = Some(VenueOrderId::from_bits(8));
        assert!(matches!(letter.way(other), Way::Stays(_)));
        assert!(matches!(letter.way(Some(id)), Way::Drop(_)));
    }

    #[test]
    fn live_messages_are_not_sent_late() {
        let letter = Letter::read(r#"{"function": "publish", "source": "s", "reason": "r"}"#);
        assert!(matches!(letter.way(None), Way::Drop(_)));
        assert_eq!(Letter::read("nonsense").reason, "it is no letter of ours");
    }
}
