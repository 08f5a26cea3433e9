//! POST /transactions/{transaction_id}/refund: a purchase turned back by its seller.

use app::{money, perform::perform};
use domain::id::EntryId;
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Idempotency, Method},
    problem::Problem,
    reply::Reply,
    uses,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answers::{RefundBody, reply};

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "refund",
    Method::Post,
    &["/api/v1/transactions/{transaction_id}/refund"],
    |context, call| Box::pin(handle(context, call)),
)
.described("History", "Refund a purchase, once, at its original amounts; for its seller and admins")
.needs(Scope::Trade)
.idempotent(Idempotency::Required)
.takes::<RefundRequest>()
.gives::<RefundBody>(200)
.uses(&[uses::ENTRY, uses::RECORD, uses::CHANGE_ACCOUNT, uses::MOVE_STOCK]);

/// On what terms.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundRequest {
    /// Whether the pieces are for sale again.
    restock: bool,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let of: EntryId = call.parameter("transaction_id")?;
    let request: RefundRequest = call.json()?;
    let by_admin = Context::is_admin(call);
    let operation = money::Refund { of, restock: request.restock, by_admin };
    reply(perform(&context.market, &context.asked(call)?, &operation).await)
}
