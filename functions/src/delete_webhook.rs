//! DELETE /webhooks/{webhook_id}: the end of a webhook of the caller's.

use app::webhooks::remove;
use domain::id::WebhookId;
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
};
use serde::Serialize;
use utoipa::ToSchema;

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "delete-webhook",
    Method::Delete,
    &["/api/v1/webhooks/{webhook_id}"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Webhooks", "Remove a webhook; what is on its way to it is given up")
.needs(Scope::Trade)
.gives::<DeletedWebhookBody>(200)
.uses(&[uses::WEBHOOK_LISTS, uses::REMOVE_WEBHOOK]);

/// What is gone.
#[derive(Serialize, ToSchema)]
pub struct DeletedWebhookBody {
    /// `whk_…`
    id: String,
    /// Always true.
    deleted: bool,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let id: WebhookId = call.parameter("webhook_id")?;
    remove(&context.market, call.caller()?.user, id).await?;
    Reply::json(200, &DeletedWebhookBody { id: id.to_string(), deleted: true })
}
