//! The orders of a run, the same in every run: some meet others, some wait for them. When they
//! are placed is not known here.

use app::orders::{PlaceOrder, place_order};
use domain::{
    ledger::Outcome,
    order::{SelfTradePrevention, Side, Size, TimeInForce},
    pair::PairId,
    placement::{Pricing, Wanted},
};
use testkit::{
    builders::{asked, lots, ticks},
    entropy::SeededEntropy,
};

use crate::venue::Venue;

/// Prices of both sides lie in the same few ticks, so that they meet.
const PRICES: std::ops::Range<u64> = 98..103;
/// More than the least that an order may be worth.
const LOTS: std::ops::Range<u64> = 2..12;

/// An order to be placed.
pub(crate) struct Planned {
    number: usize,
    trader: usize,
    operation: PlaceOrder,
}

/// So many orders, whose traders and pairs take turns. Who buys never sells, so that nobody
/// meets an order of their own.
pub(crate) fn orders(venue: &Venue, count: usize) -> Vec<Planned> {
    let chance = SeededEntropy::new(2);
    let within = |range: &std::ops::Range<u64>| {
        let picked = range.start + chance.next() % (range.end - range.start);
        i64::try_from(picked).expect("small")
    };
    let planned = |number: usize| {
        let trader = number % venue.traders.len();
        let pair: PairId = venue.pairs[number % venue.pairs.len()];
        let side = if trader.is_multiple_of(2) { Side::Buy } else { Side::Sell };
        let pricing = Pricing::Limit {
            price: ticks(within(&PRICES)),
            time_in_force: TimeInForce::GoodTilCancelled,
            post_only: false,
        };
        let wanted = Wanted {
            side,
            pricing,
            size: Size::Lots(lots(within(&LOTS))),
            self_trade_prevention: SelfTradePrevention::CancelNewest,
            client_order_id: None,
        };
        Planned { number, trader, operation: PlaceOrder { pair, wanted, name: None } }
    };
    (0..count).map(planned).collect()
}

/// Places one, as its endpoint does.
pub(crate) async fn place(venue: &Venue, planned: &Planned) {
    let key = format!("order-{}", planned.number);
    let asked = asked(venue.traders[planned.trader], &key, &key);
    let answer = place_order(&venue.market, &asked, &planned.operation).await.expect("an answer");
    assert!(matches!(answer.entry.outcome, Outcome::Placed(_)), "{:?}", answer.entry);
}
