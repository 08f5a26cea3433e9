//! A feed is followed without a gap, and what is read again changes nothing.

use super::*;
use app::{
    perform::Freshness,
    venues::feed::{Absorbed, FeedMessage, Numbered, absorb},
};

fn report(seq: u64, id: VenueOrderId, state: VenueState) -> Numbered {
    Numbered { seq, message: FeedMessage::Report(Report { order: id, state }) }
}

fn price(seq: u64, minor_units: i64) -> Numbered {
    Numbered { seq, message: FeedMessage::Price(dot(), minor(minor_units)) }
}

impl Stand {
    async fn absorb(&self, messages: &[Numbered]) -> Absorbed {
        let absorbed = absorb(&self.fair.market, nyx().id, messages, &self.letters).await;
        absorbed.expect("absorbed")
    }
}

#[tokio::test]
async fn a_feed_is_resumed_where_it_was_left_and_settles_each_fill_once() {
    let stand = Stand::new().await;
    let id = stand.buy("key").await;
    let partly = || state(VenueStatus::Open, 4, Some(("E-1", 4)));
    let messages = [report(1, id, partly()), price(2, 10_100)];
    for _ in 0..2 {
        assert_eq!(stand.absorb(&messages).await, Absorbed { position: 2, gap: false });
    }
    assert_eq!(stand.report(id, partly()).await, Received::Applied, "it comes both ways");
    assert_eq!(stand.pieces().await, 4);
    let rest = report(3, id, state(VenueStatus::Filled, 10, Some(("E-2", 6))));
    let again = [price(2, 10_100), rest];
    assert_eq!(stand.absorb(&again).await, Absorbed { position: 3, gap: false });
    assert_eq!((stand.pieces().await, stand.status(id).await), (10, RoutingStatus::Filled));
    assert_eq!(stand.store.feed_position(nyx().id).await, Ok(3));
}

#[tokio::test]
async fn nothing_behind_a_gap_is_applied() {
    let stand = Stand::new().await;
    let messages = [price(1, 10_100), price(3, 10_300)];
    assert_eq!(stand.absorb(&messages).await, Absorbed { position: 1, gap: true });
    assert_eq!(stand.store.feed_position(nyx().id).await, Ok(1));
}

#[tokio::test]
async fn the_newest_price_is_what_orders_at_market_are_held_to() {
    let stand = Stand::new().await;
    stand.absorb(&[price(1, 10_100), price(2, 10_200)]).await;
    let venue = stand.fair.market.venues.get(nyx().id, Freshness::Fresh).await.expect("there");
    assert_eq!(venue.listing(dot()).and_then(|listing| listing.reference), Some(minor(10_200)));
    assert_eq!(venue.version, 2);
    stand.absorb(&[price(3, 10_200)]).await;
    let same = stand.fair.market.venues.get(nyx().id, Freshness::Fresh).await.expect("there");
    assert_eq!(same.version, 2, "nothing has changed");
}
