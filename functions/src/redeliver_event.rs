//! POST /webhooks/{webhook_id}/deliveries/{seq}/redeliver: an event of the caller's once more.

use app::webhooks::redeliver;
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

use crate::webhook_bodies::{DeliveryBody, EventNumber};

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "redeliver-event",
    Method::Post,
    &["/api/v1/webhooks/{webhook_id}/deliveries/{seq}/redeliver"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Webhooks", "Post any event of the caller's to a webhook again, with the same id")
.needs(Scope::Trade)
.gives::<DeliveryBody>(202)
.uses(&[
    uses::ACTIVITIES,
    uses::WEBHOOK_LISTS,
    uses::DELIVERY,
    uses::PUT_WEBHOOK,
    uses::DELIVERIES,
]);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let id: WebhookId = call.parameter("webhook_id")?;
    let EventNumber(seq) = call.parameter("seq")?;
    let delivery = redeliver(&context.market, call.caller()?.user, id, seq).await?;
    Reply::json(202, &DeliveryBody::from(&delivery))
}
