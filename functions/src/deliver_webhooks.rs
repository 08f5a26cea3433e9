//! Woken by the queue of deliveries: posts one event to one webhook, signed as Standard Webhooks
//! says. When it is tried again, the use case decides.

use std::slice;

use app::{
    ports::DeliveryTask,
    webhooks::{self, Courier, NotCarried, reseal},
};
use async_trait::async_trait;
use domain::{
    activity::Activity,
    webhook::{Outcome, SealedSecret, SendFailure, Webhook, message_id},
};
use edge::{
    auth::webhook_secret::{InvalidWebhookSecret, Opened, WebhookSecret},
    context::Context,
    function::TaskFunction,
    problem::Problem,
    uses,
};

use crate::user_events::bodies;

/// The function.
pub static FUNCTION: TaskFunction = TaskFunction {
    stem: "deliver-webhooks",
    uses: &[
        uses::CATALOGUE,
        uses::ACTIVITIES,
        uses::WEBHOOK_LISTS,
        uses::DELIVERY,
        uses::PUT_WEBHOOK,
        uses::DELIVERIES,
        uses::WEBHOOK_SENDER,
    ],
    handle: |context, task| Box::pin(deliver(context, task)),
};

/// Makes the attempt that a message is for.
///
/// # Errors
/// Whatever passes. A message that is no task never will be one: it is in the log.
pub async fn deliver(context: &Context, message: &str) -> Result<(), Problem> {
    let Ok(task) = message.parse::<DeliveryTask>() else {
        tracing::error!(message, "no task of a delivery");
        return Ok(());
    };
    webhooks::deliver(&context.market, task, &Poster(context)).await?;
    Ok(())
}

/// Writes, signs and posts.
struct Poster<'a>(&'a Context);

#[async_trait]
impl Courier for Poster<'_> {
    async fn carry(&self, webhook: &Webhook, activity: &Activity) -> Result<Outcome, NotCarried> {
        let Self(context) = self;
        let not_carried = |problem: Problem| NotCarried(problem.detail);
        let mut events = bodies(context, slice::from_ref(activity)).await.map_err(not_carried)?;
        let event = events.pop().ok_or_else(|| NotCarried("an event without a body".into()))?;
        let body = serde_json::to_string(&event).map_err(|e| NotCarried(e.to_string()))?;
        let Ok(secrets) = self.secrets(webhook).await else {
            tracing::error!(webhook = %webhook.id, "its secret does not open");
            return Ok(Outcome::Failed(SendFailure::Unsigned));
        };
        let id = message_id(webhook.id, activity.version);
        let timestamp = context.market.clock.now().millis() / 1000;
        let signatures: Vec<_> =
            secrets.iter().map(|secret| secret.sign(&id, timestamp, &body)).collect();
        let headers = [
            ("webhook-id", id),
            ("webhook-timestamp", timestamp.to_string()),
            ("webhook-signature", signatures.join(" ")),
        ];
        Ok(context.webhook_sender.post(&webhook.url, &headers, &body).await)
    }
}

impl Poster<'_> {
    /// The secrets that sign now, the newest first. If the market's own secret has been replaced
    /// since, they are sealed again.
    async fn secrets(&self, webhook: &Webhook) -> Result<Vec<WebhookSecret>, InvalidWebhookSecret> {
        let Self(context) = self;
        let market = &context.market;
        let open =
            |sealed: &SealedSecret| WebhookSecret::open(context.secrets(), webhook.id, sealed);
        let live = webhook.secrets(market.clock.now());
        let opened = live.map(open).collect::<Result<Vec<Opened>, _>>()?;
        if opened.iter().any(|opened| opened.is_outdated) {
            let seal = |sealed: &SealedSecret| {
                let opened = open(sealed).ok()?;
                let entropy = market.entropy.as_ref();
                opened.secret.seal(context.secrets(), webhook.id, entropy).ok()
            };
            reseal(market, webhook, seal).await;
        }
        Ok(opened.into_iter().map(|opened| opened.secret).collect())
    }
}
