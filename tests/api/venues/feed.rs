//! What venues tell by their feeds.

use app::venues::feed::FeedMessage;
use domain::{
    amount::Amount,
    time::Span,
    venue::{Report, VenueStatus},
};
use edge::{function::handle_schedule, venues::feed::FeedFailed};
use functions::follow_venues;
use serde_json::json;
use tests::{VENUE, World, state};

use super::{DOT, placed, report, reported, resting, status, venue, vor, wallet};

async fn follow(world: &World) {
    let began = world.context.market.clock.now();
    handle_schedule(&world.context, &follow_venues::FUNCTION).await.expect("followed");
    let took = world.context.market.clock.now().since(began);
    assert!(took <= Span::seconds(50), "{took:?}: the next one begins in a minute");
}

async fn position(world: &World) -> u64 {
    let venue = VENUE.parse().expect("a name");
    world.context.market.store.feed_position(venue).await.expect("a read")
}

fn said(id: &str, status: VenueStatus, executed: i64, fill: (&str, i64, i64)) -> FeedMessage {
    let state = state(status, executed, &[fill]);
    FeedMessage::Report(Report { order: vor(id), state })
}

fn price(minor: i64) -> FeedMessage {
    let amount = Amount::from_minor(minor).expect("an amount");
    FeedMessage::Price(DOT.parse().expect("an instrument"), amount)
}

#[tokio::test]
async fn a_report_that_came_both_ways_is_settled_once() {
    let (world, john) = venue().await;
    let id = resting(&world, &john).await;
    reported(&world, &report(&id, "open", "1", Some(("E-1", "1", "99.00")))).await;
    world.feeds.say(said(&id, VenueStatus::Open, 1, ("E-1", 1, 9_900)));
    world.feeds.say(said(&id, VenueStatus::Filled, 4, ("E-2", 3, 10_000)));
    follow(&world).await;
    assert_eq!(status(&world, &john, &id).await, "filled");
    assert_eq!(wallet(&world, &john, "USD").await, "601.00+0.00");
    assert_eq!(wallet(&world, &john, DOT).await, "4+0");
    assert_eq!((position(&world).await, world.feeds.opened()), (2, vec![0]));
    world.feeds.say(price(10_100));
    follow(&world).await;
    assert_eq!((position(&world).await, world.feeds.opened()), (3, vec![2]));
}

#[tokio::test]
async fn prices_become_what_orders_at_market_are_held_to() {
    let (world, john) = venue().await;
    world.feeds.say(price(9_000));
    world.feeds.say(price(20_000));
    follow(&world).await;
    let market = json!({"instrument": DOT, "side": "buy", "type": "market", "quantity": 1});
    placed(&world, &john, "one", &market).await;
    assert_eq!(wallet(&world, &john, "USD").await, "790.00+210.00");
}

#[tokio::test]
async fn a_feed_with_a_gap_or_that_breaks_off_is_opened_again_where_it_was_left() {
    let (world, john) = venue().await;
    let id = resting(&world, &john).await;
    for number in 1..=4 {
        let name = format!("E-{number}");
        let status = if number == 4 { VenueStatus::Filled } else { VenueStatus::Open };
        world.feeds.say(said(&id, status, number, (&name, 1, 10_000)));
    }
    world.feeds.fail_once(FeedFailed::Refused(503));
    follow(&world).await;
    assert_eq!(world.feeds.opened(), [0, 0]);
    assert_eq!(wallet(&world, &john, DOT).await, "4+0");

    world.feeds.say(price(10_100));
    world.feeds.say(price(10_200));
    world.feeds.say(price(10_300));
    world.feeds.lose_once(6);
    follow(&world).await;
    assert_eq!(world.feeds.opened(), [4, 5], "again after the last before the gap");
    assert_eq!(position(&world).await, 7);
}

#[tokio::test]
async fn a_suspended_venue_is_listened_to_for_what_it_has() {
    let (world, _) = venue().await;
    let suspend = |there: Option<&domain::venue::Venue>| {
        there.cloned().map(|venue| domain::venue::Venue { suspended: true, ..venue })
    };
    let venue = VENUE.parse().expect("a name");
    app::venues::put_venue(&world.context.market, venue, suspend).await.expect("edited");
    world.feeds.say(price(10_100));
    follow(&world).await;
    assert_eq!(position(&world).await, 1);
}
