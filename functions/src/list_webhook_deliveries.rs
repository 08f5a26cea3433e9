//! GET /webhooks/{webhook_id}/deliveries: what became of the events that a webhook is for.

use app::webhooks::deliveries;
use domain::id::WebhookId;
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method, PAGING},
    problem::Problem,
    reply::Reply,
    uses,
};

use crate::{bodies::PageBody, webhook_bodies::DeliveryBody};

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "list-webhook-deliveries",
    Method::Get,
    &["/api/v1/webhooks/{webhook_id}/deliveries"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Webhooks", "Deliveries to a webhook, newest event first, for 30 days")
.needs(Scope::Read)
.queried(&PAGING)
.gives::<PageBody<DeliveryBody>>(200)
.uses(&[uses::WEBHOOK_LISTS]);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let id: WebhookId = call.parameter("webhook_id")?;
    let (after, limit) = (context.cursor(call)?, call.limit()?);
    let listing = deliveries(&context.market, call.caller()?.user, id, after, limit).await?;
    let data = listing.rows.iter().map(DeliveryBody::from).collect();
    Reply::json(200, &PageBody::<DeliveryBody>::new(context, call, data, listing.next))
}
