//! GET /webhooks/{webhook_id}: a webhook of the caller's.

use app::webhooks::find;
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

use crate::webhook_bodies::WebhookBody;

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "get-webhook",
    Method::Get,
    &["/api/v1/webhooks/{webhook_id}"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Webhooks", "A webhook of the caller's, without its secret")
.needs(Scope::Read)
.gives::<WebhookBody>(200)
.uses(&[uses::WEBHOOK_LISTS]);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let id: WebhookId = call.parameter("webhook_id")?;
    let webhook = find(&context.market, call.caller()?.user, id).await?;
    Reply::json(200, &WebhookBody::new(context, &webhook))
}
