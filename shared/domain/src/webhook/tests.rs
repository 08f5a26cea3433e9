//! What becomes of webhooks and deliveries, whatever their receivers do.

use super::*;
use crate::activity::News;

const NOW: i64 = 1_800_000_000_000;
const MIDDLE: u16 = 0x7fff;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(NOW + millis)
}

fn webhook() -> Webhook {
    Webhook {
        id: WebhookId::from_bits(1),
        user: UserId::from_bits(2),
        slot: 0,
        url: "https://example.com/in".parse().expect("a URL"),
        events: BTreeSet::new(),
        secret: SealedSecret("first".to_owned()),
        previous: None,
        state: WebhookState::Active,
        failing_since: None,
        created_at: at(0),
        version: 1,
    }
}

fn delivery() -> Delivery {
    Delivery::begun(WebhookId::from_bits(1), UserId::from_bits(2), 17, at(0))
}

fn tried(delivery: &Delivery, outcome: Outcome, now: Timestamp, chance: u16) -> Delivery {
    delivery.leased(now).after(Attempt { at: now, outcome, took_ms: 5 }, now, chance)
}

fn deposit(user: UserId) -> Activity {
    let news = News::of(Occasion::Deposit);
    Activity { user, version: 17, at: at(0), entry: None, news, wallets: Vec::new() }
}

#[test]
fn a_webhook_wants_what_it_names_of_its_own_user_while_it_is_active() {
    let (all, own) = (webhook(), deposit(UserId::from_bits(2)));
    assert!(all.wants(&own) && !all.wants(&deposit(UserId::from_bits(3))));
    let only = |occasion| Webhook { events: [occasion].into(), ..webhook() };
    assert!(only(Occasion::Deposit).wants(&own) && !only(Occasion::Matched).wants(&own));
    for (at, wanted) in [(at(-60_000), true), (at(-60_001), false)] {
        assert_eq!(all.wants(&Activity { at, ..own.clone() }), wanted, "{at:?}");
    }
    for state in [WebhookState::Paused, WebhookState::Failing, WebhookState::Gone] {
        assert!(!Webhook { state, ..webhook() }.wants(&own), "{state:?}");
    }
}

#[test]
fn the_secret_before_the_newest_one_signs_for_a_day() {
    let rotated = webhook().rotated(SealedSecret("second".to_owned()), at(0));
    let signing = |after| {
        let secrets = rotated.secrets(at(0).plus(Span::seconds(after)));
        secrets.map(|secret| secret.0.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(signing(0), ["second", "first"]);
    assert_eq!(signing(24 * 3600 - 1), ["second", "first"]);
    assert_eq!(signing(24 * 3600), ["second"]);
    let again = rotated.rotated(SealedSecret("third".to_owned()), at(1));
    assert_eq!(again.secrets(at(2)).map(|s| s.0.as_str()).collect::<Vec<_>>(), ["third", "second"]);
    assert_eq!((rotated.version, again.version), (2, 3));
}

#[test]
fn a_webhook_that_fails_for_five_days_is_disabled_and_one_success_ends_the_count() {
    let failure = Outcome::Failed(SendFailure::TimedOut);
    let failing = webhook().after(&failure, at(0)).expect("a change");
    assert_eq!((failing.failing_since, failing.is_active()), (Some(at(0)), true));
    let later = at(0).plus(Span::seconds(5 * 24 * 3600 - 1));
    assert_eq!(failing.after(&failure, later), None);
    let disabled = failing.after(&failure, at(0).plus(FAILING_MAX)).expect("a change");
    assert_eq!(disabled.state, WebhookState::Failing);
    let healed = failing.after(&Outcome::status(204), later).expect("a change");
    assert_eq!((healed.failing_since, healed.version), (None, 3));
    assert_eq!(healed.after(&Outcome::status(200), later), None);
}

#[test]
fn a_410_disables_a_webhook_until_its_owner_enables_it() {
    let gone = webhook().after(&Outcome::status(410), at(0)).expect("a change");
    assert_eq!(gone.state, WebhookState::Gone);
    let enabled = WebhookRevision { enabled: Some(true), ..WebhookRevision::default() };
    let again = gone.revised(&enabled);
    assert_eq!((again.state, again.failing_since), (WebhookState::Active, None));
    let paused = WebhookRevision { enabled: Some(false), ..WebhookRevision::default() };
    assert_eq!(gone.revised(&paused).state, WebhookState::Gone);
    assert_eq!(again.revised(&paused).state, WebhookState::Paused);
}

#[test]
fn a_delivery_is_tried_ten_times_in_three_days_and_then_given_up() {
    let (mut delivery, mut waits) = (delivery(), Vec::new());
    while delivery.is_pending() {
        let now = delivery.next_at;
        delivery = tried(&delivery, Outcome::status(500), now, MIDDLE);
        waits.push(delivery.next_at.since(now).as_millis().saturating_add(500) / 1000);
    }
    assert_eq!(waits, [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400, 0]);
    assert_eq!((delivery.state, delivery.attempts.len()), (DeliveryState::Failed, 10));
    let hours = delivery.next_at.since(delivery.created_at).as_millis() / 3_600_000;
    assert_eq!(hours, 75);
}

#[test]
fn an_attempt_is_moved_by_a_tenth_at_most() {
    let wait = |chance| {
        tried(&delivery(), Outcome::status(500), at(0), chance).next_at.since(at(0)).as_millis()
    };
    assert_eq!([wait(0), wait(u16::MAX)], [4_500, 5_500]);
    assert!((4_999..=5_000).contains(&wait(MIDDLE)));
}

#[test]
fn only_a_2xx_is_a_delivery() {
    for status in [200, 201, 204, 299] {
        let after = tried(&delivery(), Outcome::status(status), at(0), 0);
        assert_eq!(after.state, DeliveryState::Delivered, "{status}");
    }
    for status in [100, 199, 300, 301, 302, 307, 308, 400, 404, 429, 500, 503] {
        let after = tried(&delivery(), Outcome::status(status), at(0), 0);
        assert_eq!(after.state, DeliveryState::Pending, "{status}");
    }
    let gone = tried(&delivery(), Outcome::status(410), at(0), 0);
    assert_eq!(gone.state, DeliveryState::Failed);
}

#[test]
fn a_receiver_may_ask_for_more_time_but_not_for_less_and_for_a_day_at_most() {
    let wait = |status, seconds| {
        let retry_after = Some(Span::seconds(seconds));
        let outcome = Outcome::Answered { status, retry_after };
        tried(&delivery(), outcome, at(0), 0).next_at.since(at(0)).as_millis()
    };
    assert_eq!([wait(429, 3600), wait(503, 3600), wait(503, 1)], [3_600_000, 3_600_000, 4_500]);
    assert_eq!([wait(500, 3600), wait(429, u32::MAX)], [4_500, 86_400_000]);
}

#[test]
fn an_attempt_of_which_nothing_is_heard_counts_and_is_followed_by_the_next() {
    let leased = delivery().leased(at(0));
    assert_eq!((leased.tries, leased.next_at, leased.version), (1, at(60_000), 2));
    let next = tried(&leased, Outcome::status(500), at(60_000), 0);
    assert_eq!(next.next_at.since(at(60_000)).as_millis(), 270_000);
}

#[test]
fn the_newest_ten_attempts_are_remembered_through_a_redelivery() {
    let mut delivery = delivery();
    for number in 0..12 {
        let failed = Outcome::Failed(SendFailure::Unreachable);
        delivery = tried(&delivery, failed, at(number), 0).anew(at(number));
    }
    let times: Vec<_> = delivery.attempts.iter().map(|attempt| attempt.at).collect();
    assert_eq!(times, (2..12).map(at).collect::<Vec<_>>());
    assert_eq!((delivery.state, delivery.tries), (DeliveryState::Pending, 0));
}

#[test]
fn an_attempt_is_one_line() {
    for text in ["1800000000000 503 120", "0 address_refused 0", "1 timed_out 10000"] {
        assert_eq!(text.parse::<Attempt>().expect("an attempt").to_string(), text);
    }
    for bad in ["", "1 503", "1 late 5", "1 503 120 ", "-1 503 120", "1 0503 120"] {
        assert_eq!(bad.parse::<Attempt>(), Err(InvalidAttempt), "{bad}");
    }
}

#[test]
fn a_message_is_named_alike_in_all_attempts_and_otherwise_for_another_webhook() {
    let id = message_id(WebhookId::from_bits(10), 17);
    assert_eq!(id, "msg_0000000000000000000000000a_17");
    assert_ne!(id, message_id(WebhookId::from_bits(11), 17));
}

#[test]
fn every_state_survives_its_word() {
    for state in WebhookState::ALL {
        assert_eq!(WebhookState::of(state.as_str()), Some(state));
    }
    assert_eq!((WebhookState::of("Active"), DeliveryState::of("sent")), (None, None));
    assert_eq!(DeliveryState::of("failed"), Some(DeliveryState::Failed));
}
