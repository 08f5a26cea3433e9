//! POST /webhooks/{webhook_id}/rotate-secret: a new secret for a webhook of the caller's.

use app::webhooks::rotate;
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

use crate::webhook_bodies::{WebhookBody, new_secret};

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "rotate-webhook-secret",
    Method::Post,
    &["/api/v1/webhooks/{webhook_id}/rotate-secret"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Webhooks", "A new secret, shown once; the one before it signs as well for 24 h")
.needs(Scope::Trade)
.gives::<WebhookBody>(200)
.uses(&[uses::WEBHOOK_LISTS, uses::PUT_WEBHOOK]);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let id: WebhookId = call.parameter("webhook_id")?;
    let (secret, sealed) = new_secret(context, id)?;
    let webhook = rotate(&context.market, call.caller()?.user, id, &sealed).await?;
    Reply::json(200, &WebhookBody::new(context, &webhook).revealing(&secret))
}
