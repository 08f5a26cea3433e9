//! POST /webhooks: a new place that the caller's events are posted to.

use app::webhooks::{NewWebhook, create};
use domain::id::WebhookId;
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

use crate::webhook_bodies::{EventType, WebhookBody, new_secret, types, url};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("create-webhook", Method::Post, &["/api/v1/webhooks"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Webhooks", "Have the caller's events posted to a URL; shows the secret, once")
    .needs(Scope::Trade)
    .takes::<CreateWebhookRequest>()
    .gives::<WebhookBody>(201)
    .uses(&[uses::WEBHOOK_LISTS, uses::PUT_WEBHOOK]);

/// Where, and what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWebhookRequest {
    /// An https URL of at most 512 characters, without user name and fragment, that leads to a
    /// public address.
    #[schema(example = "https://hooks.example.com/market")]
    url: String,
    /// The types of events that are posted, such as `deposit`; all if it is empty or left out.
    #[schema(value_type = Vec<String>, required = false, example = json!(["deposit", "matched"]))]
    events: Option<Vec<Text<EventType>>>,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let request: CreateWebhookRequest = call.json()?;
    let url = url(context, &request.url)?;
    let id = WebhookId::from_bits(context.market.entropy.bits());
    let (secret, sealed) = new_secret(context, id)?;
    let (user, events) = (call.caller()?.user, types(request.events.unwrap_or_default()));
    let wanted = NewWebhook { id, user, url, events, secret: sealed };
    let webhook = create(&context.market, wanted).await?;
    Reply::json(201, &WebhookBody::new(context, &webhook).revealing(&secret))
}
