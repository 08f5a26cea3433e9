//! Webhooks and deliveries with a receiver that fails as it is told and a queue that loses what
//! it is told to lose.

use std::sync::{Arc, Mutex};

use app::{
    perform::Failed,
    ports::{ActivityLog, Deliveries, DeliveryTask},
    webhooks::{
        Courier, NewWebhook, NotCarried, Swept, WebhookFailed, create, deliver, deliveries,
        dispatch, find, redeliver, remove, revise, rotate, sweep,
    },
};
use async_trait::async_trait;
use domain::{
    activity::{Activity, News, Occasion},
    id::{UserId, WebhookId},
    refusal::{Declined, Missing},
    time::{Span, Timestamp},
    webhook::{
        Delivery, DeliveryState, FAILING_MAX, Outcome, SealedSecret, SendFailure, WEBHOOKS_MAX,
        Webhook, WebhookRevision, WebhookState,
    },
};

use super::shared;
use crate::{
    builders::{Fair, market_on, on_this_thread},
    memory::MemoryStore,
    tasks::RecordingDeliveries,
};

const ALICE: UserId = UserId::from_bits(1);
const BOB: UserId = UserId::from_bits(2);

/// A market with its queue, and a receiver.
struct Stand {
    fair: Fair,
    store: MemoryStore,
    queue: Arc<RecordingDeliveries>,
    /// What it answers, and what it was sent when.
    answers: Mutex<Outcome>,
    sent: Mutex<Vec<(WebhookId, u64, Timestamp)>>,
}

#[async_trait]
impl Courier for Stand {
    async fn carry(&self, webhook: &Webhook, activity: &Activity) -> Result<Outcome, NotCarried> {
        let now = self.fair.market.clock.now();
        self.sent.lock().expect("no panic").push((webhook.id, activity.version, now));
        let outcome = *self.answers.lock().expect("no panic");
        if outcome == Outcome::Failed(SendFailure::TooLarge) {
            return Err(NotCarried("the test writes nothing".to_owned()));
        }
        Ok(outcome)
    }
}

impl Stand {
    fn new() -> Self {
        let store = MemoryStore::new();
        let (mut fair, queue) = (market_on(shared(&store)), Arc::<RecordingDeliveries>::default());
        fair.market.deliveries = queue.clone();
        let answers = Mutex::new(Outcome::status(200));
        Self { fair, store, queue, answers, sent: Mutex::default() }
    }

    fn answer(&self, outcome: Outcome) {
        *self.answers.lock().expect("no panic") = outcome;
    }

    fn sent(&self) -> Vec<(WebhookId, u64)> {
        let sent = std::mem::take(&mut *self.sent.lock().expect("no panic"));
        sent.into_iter().map(|(webhook, seq, _)| (webhook, seq)).collect()
    }

    async fn webhook(&self, bits: u128) -> Webhook {
        self.wanted(ALICE, bits).await.expect("room")
    }

    async fn wanted(&self, user: UserId, bits: u128) -> Result<Webhook, WebhookFailed> {
        let wanted = NewWebhook {
            id: WebhookId::from_bits(bits),
            user,
            url: "https://hooks.example.com/".parse().expect("a URL"),
            events: [].into(),
            secret: SealedSecret(format!("secret of {bits}")),
        };
        create(&self.fair.market, wanted).await
    }

    /// Something happens to Alice, and is dispatched.
    async fn event(&self, version: u64) -> Activity {
        let (at, news) = (self.fair.market.clock.now(), News::of(Occasion::Deposit));
        let activity =
            Activity { user: ALICE, version, at, entry: None, news, wallets: Vec::new() };
        self.store.log_activity(std::slice::from_ref(&activity)).await.expect("logged");
        dispatch(&self.fair.market, activity.user, std::slice::from_ref(&activity))
            .await
            .expect("dispatched");
        activity
    }

    async fn deliver(&self, task: DeliveryTask) {
        deliver(&self.fair.market, task, self).await.expect("delivered, or to be tried again");
    }

    /// Handles all tasks at their times until no one is queued, and says for how long.
    async fn run(&self) -> Vec<Span> {
        let mut waits = Vec::new();
        let mut tasks = self.queue.take();
        while !tasks.is_empty() {
            for (task, wait) in tasks {
                self.fair.clock.advance(wait);
                waits.push(wait);
                self.deliver(task).await;
            }
            tasks = self.queue.take();
        }
        waits
    }

    async fn delivery(&self, webhook: &Webhook, seq: u64) -> Delivery {
        self.store.delivery(webhook.id, seq).await.expect("a read").expect("a delivery")
    }

    async fn found(&self, webhook: &Webhook) -> Webhook {
        find(&self.fair.market, ALICE, webhook.id).await.expect("a webhook")
    }
}

#[test]
fn an_event_goes_once_to_each_webhook_that_wants_it() {
    on_this_thread(async {
        let stand = Stand::new();
        let [all, paused, other] = [stand.webhook(1).await, stand.webhook(2).await, {
            let revision =
                WebhookRevision { events: Some([Occasion::Matched].into()), ..Default::default() };
            let webhook = stand.webhook(3).await;
            revise(&stand.fair.market, ALICE, webhook.id, &revision).await.expect("revised")
        }];
        let pause = WebhookRevision { enabled: Some(false), ..WebhookRevision::default() };
        revise(&stand.fair.market, ALICE, paused.id, &pause).await.expect("revised");
        stand.event(1).await;
        stand.run().await;
        assert_eq!(stand.sent(), [(all.id, 1)], "and not to {}", other.id);
        assert_eq!(stand.delivery(&all, 1).await.state, DeliveryState::Delivered);
    });
}

#[test]
fn a_doubled_dispatch_and_a_doubled_task_deliver_an_event_once() {
    on_this_thread(async {
        let stand = Stand::new();
        let webhook = stand.webhook(1).await;
        let activity = stand.event(1).await;
        dispatch(&stand.fair.market, activity.user, std::slice::from_ref(&activity))
            .await
            .expect("dispatched");
        let tasks = stand.queue.take();
        assert_eq!(tasks.len(), 1);
        for _ in 0..3 {
            stand.deliver(tasks[0].0).await;
        }
        assert_eq!(stand.sent(), [(webhook.id, 1)]);
        dispatch(&stand.fair.market, activity.user, std::slice::from_ref(&activity))
            .await
            .expect("dispatched");
        assert!(stand.queue.take().is_empty(), "it is delivered");
    });
}

#[test]
fn a_failing_receiver_is_tried_for_days_and_then_given_up() {
    on_this_thread(async {
        let stand = Stand::new();
        let webhook = stand.webhook(1).await;
        stand.answer(Outcome::status(500));
        let begun = stand.fair.market.clock.now();
        stand.event(1).await;
        let waits = stand.run().await;
        assert!(waits.iter().all(|wait| *wait <= Span::seconds(900)), "{waits:?}");
        assert_eq!(stand.sent().len(), 10);
        let delivery = stand.delivery(&webhook, 1).await;
        assert_eq!((delivery.state, delivery.attempts.len()), (DeliveryState::Failed, 10));
        let hours = stand.fair.market.clock.now().since(begun).as_millis() / 3_600_000;
        assert!((68..=84).contains(&hours), "75.6 h and a tenth: {hours}");
        let found = stand.found(&webhook).await;
        assert!(found.is_active() && found.failing_since.is_some());
        // Two days later a second event fails as well: five days of nothing else.
        stand.fair.clock.set(begun.plus(FAILING_MAX));
        stand.event(2).await;
        stand.run().await;
        assert_eq!(stand.found(&webhook).await.state, WebhookState::Failing);
        assert_eq!(stand.sent().len(), 1, "nothing is tried for a webhook that is disabled");
        assert_eq!(stand.delivery(&webhook, 2).await.state, DeliveryState::Failed);
        stand.event(3).await;
        assert!(stand.queue.take().is_empty());
    });
}

#[test]
fn a_receiver_that_comes_back_gets_what_it_missed() {
    on_this_thread(async {
        let stand = Stand::new();
        let webhook = stand.webhook(1).await;
        stand.answer(Outcome::Failed(SendFailure::Unreachable));
        stand.event(1).await;
        for (task, _) in stand.queue.take() {
            stand.deliver(task).await;
        }
        assert!(stand.found(&webhook).await.failing_since.is_some());
        stand.answer(Outcome::status(204));
        stand.run().await;
        let delivery = stand.delivery(&webhook, 1).await;
        let outcomes: Vec<_> = delivery.attempts.iter().map(|a| a.outcome.to_string()).collect();
        assert_eq!(outcomes, ["unreachable", "204"]);
        assert_eq!(delivery.state, DeliveryState::Delivered);
        assert_eq!(stand.found(&webhook).await.failing_since, None);
    });
}

#[test]
fn a_lost_queue_message_is_found_by_the_sweep() {
    on_this_thread(async {
        let stand = Stand::new();
        let webhook = stand.webhook(1).await;
        stand.queue.lose(true);
        stand.event(1).await;
        stand.queue.lose(false);
        let market = &stand.fair.market;
        assert_eq!(sweep(market).await, Ok(Swept { woken: 0 }), "the queue has a minute for it");
        stand.fair.clock.advance(Span::seconds(60));
        assert_eq!(sweep(market).await, Ok(Swept { woken: 1 }));
        assert_eq!(sweep(market).await, Ok(Swept { woken: 1 }), "nobody has tried it yet");
        stand.run().await;
        assert_eq!(stand.sent(), [(webhook.id, 1)], "one of the two tasks is old news");
        assert_eq!(sweep(market).await, Ok(Swept { woken: 0 }));
    });
}

#[test]
fn an_attempt_that_was_cut_off_is_made_again() {
    on_this_thread(async {
        let stand = Stand::new();
        let webhook = stand.webhook(1).await;
        stand.event(1).await;
        let [(task, _)] = stand.queue.take().try_into().expect("one task");
        // As a function that dies after it has begun: its lease is all that is left.
        let leased = stand.delivery(&webhook, 1).await.leased(stand.fair.market.clock.now());
        assert_eq!(stand.store.replace_delivery(&leased).await, Ok(true));
        stand.deliver(task).await;
        assert_eq!(stand.sent(), [], "the queue gives the task once more, and it is old news");
        stand.fair.clock.advance(Span::seconds(120));
        assert_eq!(sweep(&stand.fair.market).await, Ok(Swept { woken: 1 }));
        stand.run().await;
        assert_eq!(stand.sent(), [(webhook.id, 1)]);
        // As one that cannot write the message.
        stand.answer(Outcome::Failed(SendFailure::TooLarge));
        stand.event(2).await;
        let [(task, _)] = stand.queue.take().try_into().expect("one task");
        stand.deliver(task).await;
        stand.answer(Outcome::status(200));
        stand.run().await;
        assert_eq!(stand.delivery(&webhook, 2).await.state, DeliveryState::Delivered);
    });
}

#[test]
fn a_410_disables_a_webhook_and_its_owner_enables_it() {
    on_this_thread(async {
        let stand = Stand::new();
        let webhook = stand.webhook(1).await;
        stand.answer(Outcome::status(410));
        stand.event(1).await;
        stand.run().await;
        assert_eq!(stand.sent().len(), 1);
        assert_eq!(stand.delivery(&webhook, 1).await.state, DeliveryState::Failed);
        assert_eq!(stand.found(&webhook).await.state, WebhookState::Gone);
        let market = &stand.fair.market;
        let refused = redeliver(market, ALICE, webhook.id, 1).await;
        assert_eq!(refused, Err(WebhookFailed::Disabled));
        let enable = WebhookRevision { enabled: Some(true), ..WebhookRevision::default() };
        revise(market, ALICE, webhook.id, &enable).await.expect("revised");
        stand.answer(Outcome::status(200));
        redeliver(market, ALICE, webhook.id, 1).await.expect("queued");
        stand.run().await;
        assert_eq!(stand.delivery(&webhook, 1).await.state, DeliveryState::Delivered);
    });
}

#[test]
fn any_event_of_its_owners_is_delivered_again_when_asked_for() {
    on_this_thread(async {
        let stand = Stand::new();
        stand.event(1).await;
        let webhook = stand.webhook(1).await;
        stand.event(2).await;
        stand.run().await;
        let market = &stand.fair.market;
        // One that was delivered, and one from before the webhook was made.
        for seq in [2, 1] {
            redeliver(market, ALICE, webhook.id, seq).await.expect("queued");
        }
        stand.run().await;
        assert_eq!(stand.sent(), [(webhook.id, 2), (webhook.id, 2), (webhook.id, 1)]);
        for seq in [0, 3, u64::MAX] {
            let unknown = redeliver(market, ALICE, webhook.id, seq).await;
            assert_eq!(unknown, Err(Missing::Event.into()), "{seq}");
        }
        let listing = deliveries(market, ALICE, webhook.id, None, 1).await.expect("a page");
        let rest = deliveries(market, ALICE, webhook.id, listing.next, 5).await.expect("a page");
        let seqs = |rows: &[Delivery]| rows.iter().map(|row| row.seq).collect::<Vec<_>>();
        assert_eq!((seqs(&listing.rows), seqs(&rest.rows), rest.next), (vec![2], vec![1], None));
    });
}

#[test]
fn a_foreign_webhook_is_unknown() {
    on_this_thread(async {
        let stand = Stand::new();
        let webhook = stand.webhook(1).await;
        stand.event(1).await;
        let (market, id) = (&stand.fair.market, webhook.id);
        let unknown = Failed::Declined(Declined::Missing(Missing::Webhook));
        let secret = SealedSecret("another".to_owned());
        let revision = WebhookRevision::default();
        assert_eq!(find(market, BOB, id).await, Err(unknown.clone()));
        assert_eq!(revise(market, BOB, id, &revision).await, Err(unknown.clone()));
        assert_eq!(rotate(market, BOB, id, &secret).await, Err(unknown.clone()));
        assert_eq!(remove(market, BOB, id).await, Err(unknown.clone()));
        assert_eq!(deliveries(market, BOB, id, None, 1).await, Err(unknown.clone()));
        assert_eq!(redeliver(market, BOB, id, 1).await, Err(unknown.into()));
        assert_eq!(stand.found(&webhook).await, webhook);
    });
}

#[test]
fn what_was_on_its_way_to_a_webhook_that_is_removed_is_given_up() {
    on_this_thread(async {
        let stand = Stand::new();
        let webhook = stand.webhook(1).await;
        stand.event(1).await;
        remove(&stand.fair.market, ALICE, webhook.id).await.expect("removed");
        stand.run().await;
        assert_eq!(stand.sent(), []);
        assert_eq!(stand.delivery(&webhook, 1).await.state, DeliveryState::Failed);
    });
}

#[test]
fn a_user_has_ten_webhooks_at_most_however_many_are_made_at_once() {
    on_this_thread(async {
        let stand = Arc::new(Stand::new());
        let mut making = tokio::task::JoinSet::new();
        for bits in 0..12 {
            let stand = Arc::clone(&stand);
            making.spawn(async move { stand.wanted(ALICE, bits).await });
        }
        let (mut made, mut refused) = (0, 0);
        while let Some(outcome) = making.join_next().await {
            match outcome.expect("no panic") {
                Ok(_) => made += 1,
                Err(WebhookFailed::TooMany | WebhookFailed::Failed(Failed::Busy)) => refused += 1,
                Err(error) => panic!("{error}"),
            }
        }
        assert!(made <= WEBHOOKS_MAX && made + refused == 12, "{made} made, {refused} refused");
        for bits in 100..110 {
            let _room_or_none = stand.wanted(ALICE, bits).await;
        }
        let slots = find_slots(&stand).await;
        assert_eq!(slots, (0..WEBHOOKS_MAX).collect::<Vec<_>>());
        assert!(stand.wanted(BOB, 200).await.is_ok(), "another user has ten of their own");
    });
}

async fn find_slots(stand: &Stand) -> Vec<u8> {
    let own = stand.fair.market.store.webhooks(ALICE).await.expect("a read");
    own.iter().map(|webhook| webhook.slot).collect()
}
