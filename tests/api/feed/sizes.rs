//! The largest messages there can be, beside what the gateway takes: 128 KB a message, 32 KB a
//! frame.

use app::{depth::Depth, market_data::PublicTrade};
use domain::{
    activity::{Activity, News, OrderNews},
    amount::Amount,
    commit::Resting,
    currency::{Currency, Scale},
    id::{OrderId, UserId},
    market_event::{Change, Head, MarketEvent, Trade},
    order::{Closed, OrderStatus, Side},
    pair::{Lots, Pair, PairTerms, Ticks},
    time::Timestamp,
};
use edge::sockets::{Frame, MESSAGE_BYTES_MAX};
use functions::feed::{book, trades, user};
use serde_json::Value;
use testkit::builders::{mrc_usd, order};
use tests::BEGINNING_MS;

use crate::floor::Floor;

const FRAME_BYTES: usize = 32 * 1024;
/// As high as numbers of trades and events will ever be: a thousand a second for 3,000 years.
const NUMBER: u64 = 100_000_000_000_000;

/// A pair with the longest codes, prices and quantities: 19 digits each.
fn wide() -> Pair {
    let scale = Scale::new(8).expect("a scale");
    let currency = |code: &str| Currency { code: code.parse().expect("a code"), scale };
    let million = Amount::from_minor(1_000_000).expect("an amount");
    let PairTerms { min_notional, maker_fee, taker_fee, collar_bps, .. } = tests::market_terms();
    let terms = PairTerms {
        price_scale: scale,
        tick: million,
        lot: million,
        min_notional,
        maker_fee,
        taker_fee,
        collar_bps,
    };
    let now = Timestamp::from_millis(BEGINNING_MS);
    Pair::new(currency("LONGA"), currency("LONGB"), terms, now).expect("a pair")
}

/// A book with so many levels of a side.
fn deep(pair: &Pair, levels: usize) -> Depth {
    let levels = i64::try_from(levels).expect("small");
    let trader = UserId::from_bits(1);
    let middle = Ticks::MAX.count() / 2;
    let resting = (0..2 * levels).map(|number| {
        let side = if number % 2 == 0 { Side::Buy } else { Side::Sell };
        let away = 1 + number / 2;
        let price = if side == Side::Buy { middle - away } else { middle + away };
        let bits = u128::try_from(number).expect("positive");
        let order = order(bits, trader, side, price, Lots::MAX.count());
        Resting { pair: pair.id(), working: order.begun(Amount::ONE), seq: 1 }
    });
    let head = Head { seq: NUMBER, ..Head::of_new(pair) };
    Depth::of(head, None, &resting.collect::<Vec<_>>())
}

fn read(frame: &Frame) -> Value {
    let message = serde_json::from_str(&frame.text).expect("JSON");
    super::document::name_of(&message);
    message
}

fn event(pair: &Pair, seq: u64, changes: Vec<Change>) -> MarketEvent {
    let head = Head { seq, ..Head::of_new(pair) };
    MarketEvent { pair: pair.id(), head, at: Timestamp::from_millis(BEGINNING_MS), changes }
}

#[test]
fn a_snapshot_has_at_most_seven_hundred_levels_a_side_and_says_so_in_one_message() {
    let (pair, now) = (wide(), Timestamp::from_millis(BEGINNING_MS));
    let frame = book::snapshot(&pair, &deep(&pair, 1_000), now);
    assert!(frame.text.len() < MESSAGE_BYTES_MAX && frame.fits(), "{}", frame.text.len());
    let data = &read(&frame)["data"];
    let counts = ["bids", "asks"].map(|side| data[side].as_array().map(Vec::len));
    assert_eq!(counts, [Some(book::LEVELS_MAX); 2]);
    assert_eq!(data["truncated"], true);
    let full = read(&book::snapshot(&pair, &deep(&pair, book::LEVELS_MAX), now));
    assert_eq!(full["data"]["truncated"], false);
    let best = full["data"]["bids"][0][0].as_str().expect("a price");
    assert_eq!(best.len(), 19, "{best}");
}

#[test]
fn more_changes_than_a_message_has_are_told_as_a_snapshot() {
    let pair = wide();
    let depth = deep(&pair, 1_000);
    let touch = |count: usize| {
        let levels = |side| depth.levels(side).take(count / 2).map(move |(price, _)| (side, price));
        let changes = levels(Side::Buy).chain(levels(Side::Sell)).map(|(side, price)| {
            Change::Removed { order: OrderId::from_bits(0), side, price, lots: Lots::ZERO }
        });
        let event = event(&pair, NUMBER, changes.collect());
        book::update(&pair, NUMBER - 1, &[event], &depth)
    };
    let most = touch(2 * book::LEVELS_MAX);
    assert!(most.text.len() < MESSAGE_BYTES_MAX, "{}", most.text.len());
    assert_eq!(read(&most)["type"], "update");
    assert_eq!(read(&touch(2 * book::LEVELS_MAX + 2))["type"], "snapshot");
    // What a commit can change is one frame.
    assert!(touch(100).text.len() < FRAME_BYTES, "{}", touch(100).text.len());
}

#[test]
fn trades_come_in_messages_of_one_frame() {
    let pair = wide();
    let row = |number: u64| PublicTrade {
        trade: Trade {
            number: NUMBER + number,
            maker: OrderId::from_bits(0),
            taker_side: Side::Sell,
            price: Ticks::MAX,
            lots: Lots::MAX,
        },
        seq: NUMBER,
        at: Timestamp::from_millis(BEGINNING_MS),
    };
    let rows: Vec<_> = (0..400).map(row).collect();
    let frames = trades::updates(&pair, &rows);
    assert!(frames.len() > 1);
    let (mut after, mut count) = (NUMBER - 1, 0);
    for frame in &frames {
        assert!(frame.text.len() <= FRAME_BYTES, "{}", frame.text.len());
        let message = read(frame);
        assert_eq!(message["prev_seq"].as_u64(), Some(after));
        after = message["seq"].as_u64().expect("a number");
        count += message["data"]["trades"].as_array().expect("rows").len();
    }
    assert_eq!((after, count), (NUMBER + 399, 400));
}

#[tokio::test]
async fn an_event_of_as_many_orders_as_a_commit_has_is_one_frame() {
    let floor = Floor::open().await;
    let news = |number: u128| OrderNews {
        order: OrderId::from_bits(number),
        status: OrderStatus::PartiallyFilled,
        reason: Some(Closed::SelfTrade),
        executed: Lots::MAX,
        open: Lots::MAX,
        notional: Amount::MAX,
        fees: Amount::MAX,
    };
    let orders = (0..45).map(news).collect();
    let activity = Activity {
        user: floor.john.id,
        version: NUMBER,
        at: Timestamp::from_millis(BEGINNING_MS),
        entry: None,
        news: News::matched(mrc_usd().id(), NUMBER, orders),
        wallets: Vec::new(),
    };
    let frames = user::updates(&floor.world.context, &[activity]).await.expect("frames");
    let [frame] = &frames[..] else { panic!("one message") };
    assert!(frame.text.len() <= FRAME_BYTES, "{}", frame.text.len());
    assert_eq!(read(frame)["data"]["orders"].as_array().map(Vec::len), Some(45));
}
