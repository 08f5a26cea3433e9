//! GET /webhooks: all webhooks of the caller's.

use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
};

use crate::{bodies::PageBody, webhook_bodies::WebhookBody};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("list-webhooks", Method::Get, &["/api/v1/webhooks"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Webhooks", "All webhooks of the caller's: at most ten")
    .needs(Scope::Read)
    .gives::<PageBody<WebhookBody>>(200)
    .uses(&[uses::WEBHOOK_LISTS]);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let webhooks = context.market.store.webhooks(call.caller()?.user).await?;
    let data = webhooks.iter().map(|webhook| WebhookBody::new(context, webhook)).collect();
    Reply::json(200, &PageBody::<WebhookBody> { data, next_cursor: None })
}
