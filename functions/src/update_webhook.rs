//! PATCH /webhooks/{webhook_id}: changes of a webhook of the caller's.

use app::webhooks::revise;
use domain::{id::WebhookId, webhook::WebhookRevision};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
    wire::Text,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::webhook_bodies::{EventType, WebhookBody, types, url};

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "update-webhook",
    Method::Patch,
    &["/api/v1/webhooks/{webhook_id}"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Webhooks", "Change where events are posted, which, or whether at all")
.needs(Scope::Trade)
.takes::<UpdateWebhookRequest>()
.gives::<WebhookBody>(200)
.uses(&[uses::WEBHOOK_LISTS, uses::PUT_WEBHOOK]);

/// What to change; the rest stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateWebhookRequest {
    /// As when it is made.
    #[schema(value_type = String, required = false, example = "https://hooks.example.com/market")]
    url: Option<String>,
    /// The types of events that are posted; all if it is empty.
    #[schema(value_type = Vec<String>, required = false, example = json!(["deposit", "matched"]))]
    events: Option<Vec<Text<EventType>>>,
    /// Whether anything is posted. One that was disabled begins without failures.
    #[schema(value_type = bool, required = false)]
    enabled: Option<bool>,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let id: WebhookId = call.parameter("webhook_id")?;
    let request: UpdateWebhookRequest = call.json()?;
    let revision = WebhookRevision {
        url: request.url.map(|text| url(context, &text)).transpose()?,
        events: request.events.map(types),
        enabled: request.enabled,
    };
    let webhook = revise(&context.market, call.caller()?.user, id, &revision).await?;
    Reply::json(200, &WebhookBody::new(context, &webhook))
}
