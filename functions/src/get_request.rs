//! GET /requests/{idempotency_key}: what became of a request of the caller's.

use app::requests::find_request;
use domain::ledger::{Entry, Outcome};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
    wire::rfc3339,
};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{answers::render, get_transaction::raw};

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "get-request",
    Method::Get,
    &["/api/v1/requests/{idempotency_key}"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Certainty", "What became of an idempotency key")
.needs(Scope::Read)
.gives::<RequestBody>(200)
.uses(&[uses::ENTRY]);

/// What became of a key.
#[derive(Serialize, ToSchema)]
pub struct RequestBody {
    /// The key.
    key: String,
    /// `committed`, `refused`, `voided`; or `not_received`: nothing has come of it, but a
    /// request that is still under way may yet commit unless the key is voided.
    status: &'static str,
    /// The journal entry.
    transaction_id: Option<String>,
    /// When it was decided.
    decided_at: Option<String>,
    /// What was answered, and is answered to every replay.
    answer: Option<StoredAnswer>,
}

/// A stored answer.
#[derive(Serialize, ToSchema)]
pub struct StoredAnswer {
    /// The HTTP status.
    status: u16,
    /// The body.
    #[schema(value_type = Object)]
    body: Box<RawValue>,
}

impl RequestBody {
    /// What became of a key.
    ///
    /// # Errors
    /// A bug: the answer cannot be rendered.
    pub fn new(key: &str, entry: Option<&Entry>) -> Result<Self, Problem> {
        let status = match entry.map(|entry| &entry.outcome) {
            None => "not_received",
            Some(
                Outcome::Moved(_)
                | Outcome::Listed(_)
                | Outcome::Placed(_)
                | Outcome::Routed(_)
                | Outcome::Amended(_)
                | Outcome::SameAs(_),
            ) => "committed",
            Some(Outcome::Refused { .. }) => "refused",
            Some(Outcome::Voided) => "voided",
        };
        let answered = entry.filter(|entry| entry.outcome != Outcome::Voided);
        let answer = match answered.map(render).transpose()? {
            Some(reply) => Some(StoredAnswer { status: reply.status, body: raw(&reply)? }),
            None => None,
        };
        Ok(Self {
            key: key.to_owned(),
            status,
            transaction_id: entry.map(|entry| entry.id.to_string()),
            decided_at: entry.map(|entry| rfc3339(entry.at)),
            answer,
        })
    }
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let key = call.key_parameter("idempotency_key")?;
    let entry = find_request(&context.market, call.caller()?.user, &key).await?;
    Reply::json(200, &RequestBody::new(&key, entry.as_ref())?)
}
