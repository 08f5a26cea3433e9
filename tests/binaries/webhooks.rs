//! The binary that posts events to webhooks: what it is handed, and whom it does not post to.

use app::{
    ports::{DeliveryTask, Entropy},
    webhooks::{NewWebhook, create, dispatch},
};
use domain::{
    activity::{Activity, News, Occasion},
    id::WebhookId,
};
use edge::auth::webhook_secret::WebhookSecret;
use serde_json::json;

use crate::{
    answers::{PLACEHOLDER, event},
    function::Function,
    market::Running,
};

/// A webhook that leads to the function's own machine, as only a market on a laptop makes one:
/// the attempt is noted, and it is none.
#[tokio::test]
async fn a_task_is_tried_and_a_function_posts_to_nobody_on_its_own_machine() {
    let running = Running::start().await;
    let market = &running.context.market;
    let entropy: &dyn Entropy = market.entropy.as_ref();
    let id = WebhookId::from_bits(entropy.bits());
    let secret = WebhookSecret::random(entropy).seal(running.context.secrets(), id, entropy);
    let wanted = NewWebhook {
        id,
        user: running.buyer.id,
        url: "https://127.0.0.1/".parse().expect("a URL"),
        events: [].into(),
        secret: secret.expect("sealed"),
    };
    create(market, wanted).await.expect("a webhook");
    let (at, news) = (market.clock.now(), News::of(Occasion::Opened));
    let (user, wallets) = (running.buyer.id, Vec::new());
    let activity = Activity { user, version: 1, at, entry: None, news, wallets };
    market.store.log_activity(std::slice::from_ref(&activity)).await.expect("logged");
    dispatch(market, activity.user, std::slice::from_ref(&activity)).await.expect("dispatched");
    let delivery = market.store.delivery(id, 1).await.expect("a read").expect("a delivery");

    let mut function = Function::start("deliver-webhooks", &running.environment()).await;
    // The other message is about a delivery that there is none of.
    let mut woken = event("deliver-webhooks", PLACEHOLDER);
    woken["Records"][0]["body"] = DeliveryTask::from(&delivery).to_string().into();
    assert_eq!(function.invoke(woken).await, json!({"batchItemFailures": []}));
    let tried = market.store.delivery(id, 1).await.expect("a read").expect("a delivery");
    let outcomes: Vec<_> = tried.attempts.iter().map(|a| a.outcome.to_string()).collect();
    assert_eq!((outcomes, tried.is_pending()), (vec!["address_refused".to_owned()], true));
}
