//! POST /requests/{idempotency_key}/void: the key can never execute from now on.

use app::{
    market::{Asked, entry_id, fingerprint},
    requests,
};
use domain::ledger::Outcome;
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
};

use crate::{answers::render, get_request::RequestBody, get_transaction::raw};

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "void-request",
    Method::Post,
    &["/api/v1/requests/{idempotency_key}/void"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Certainty", "Give a key up: it can then never execute; 409 if it has already")
.needs(Scope::Trade)
.gives::<RequestBody>(200)
.uses(&[uses::ENTRY, uses::RECORD]);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let key = call.key_parameter("idempotency_key")?;
    let actor = call.caller()?.user;
    let asked = Asked {
        actor,
        entry: entry_id(actor, &key),
        fingerprint: fingerprint([call.stem.as_bytes()]),
        request_id: call.request_id.clone(),
    };
    let entry = requests::void_request(&context.market, &asked).await?;
    if matches!(entry.outcome, Outcome::Refused { .. } | Outcome::Voided) {
        return Reply::json(200, &RequestBody::new(&key, Some(&entry))?);
    }
    let answer: serde_json::Value =
        serde_json::from_str(raw(&render(&entry)?)?.get()).map_err(|error| Problem::bug(&error))?;
    let detail = "the request was committed before it could be voided";
    Err(Problem::refused(409, "already_committed", detail)
        .with("transaction_id", entry.id.to_string())
        .with("answer", answer))
}
