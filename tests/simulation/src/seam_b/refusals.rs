//! What DynamoDB answers when it does not do what it was asked, in its own words.

use market::embedded::Answer;
use serde_json::{Value, json};

/// A refusal of the service as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The table takes no more at the moment.
    Throughput,
    /// The account takes no more at the moment.
    Throttling,
    /// The service failed; whether it did anything is not said.
    Internal,
    /// The service is not there.
    Unavailable,
    /// It is busy with the same transaction.
    InProgress,
}

impl Refusal {
    /// The answer.
    pub(super) fn answer(self) -> Answer {
        let (status, code, message) = match self {
            Self::Throughput => (
                400,
                "ProvisionedThroughputExceededException",
                "The level of configured provisioned throughput for the table was exceeded. \
                 Consider increasing your provisioning level with the UpdateTable API.",
            ),
            Self::Throttling => (400, "ThrottlingException", "Rate of requests exceeds the limit."),
            Self::Internal => (500, "InternalServerError", "Internal server error"),
            Self::Unavailable => {
                (503, "ServiceUnavailable", "The service is temporarily unavailable.")
            }
            Self::InProgress => (
                400,
                "TransactionInProgressException",
                "Transaction is still in progress for the client request token.",
            ),
        };
        said(status, code, json!({ "message": message }))
    }
}

/// A transaction of so many actions is cancelled for the sake of one of them.
pub(super) fn cancelled(actions: usize, place: usize, code: &str, message: &str) -> Answer {
    let reason = |at| match at == place {
        true => json!({"Code": code, "Message": message}),
        false => json!({"Code": "None"}),
    };
    let reasons: Vec<Value> = (0..actions).map(reason).collect();
    let codes: Vec<_> = (0..actions).map(|at| if at == place { code } else { "None" }).collect();
    let text = format!(
        "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
        codes.join(", ")
    );
    let body = json!({"Message": text, "CancellationReasons": reasons});
    said(400, "TransactionCanceledException", body)
}

fn said(status: u16, code: &str, mut body: Value) -> Answer {
    body["__type"] = Value::from(format!("com.amazonaws.dynamodb.v20120810#{code}"));
    Answer { status, body: body.to_string() }
}
