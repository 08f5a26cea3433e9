//! Letters of the failure queue: what they are about, and whether it can be done again.

use app::projecting::{Changed, follow_accounts, follow_entries, follow_market};
use domain::activity::Activity;
use dynamo::stream::{StreamRow, stream_row};
use edge::function::DynamoDbEvent;
use serde_json::{Value, json};

use app::market::Market;

/// The function that keeps logs, statements, totals and candles.
const PROJECT: &str = "project";

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
        }
    }

    /// What can honestly be done with it.
    #[must_use]
    pub fn way(&self) -> Way {
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
        assert!(matches!(letter.way(), Way::Stays(why) if why.contains("repair")));
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
        assert!(matches!(letter.way(), Way::Stays(_)));
    }

    #[test]
    fn live_messages_are_not_sent_late() {
        let letter = Letter::read(r#"{"function": "publish", "source": "s", "reason": "r"}"#);
        assert!(matches!(letter.way(), Way::Drop(_)));
        assert_eq!(Letter::read("nonsense").reason, "it is no letter of ours");
    }
}
