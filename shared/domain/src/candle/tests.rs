//! That candles are the same however their trades come: at once, in parts, or again.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{
    id::OrderId,
    order::Side,
    pair::Lots,
    testing::{at, mrc_usd},
};

fn trade(number: u64, price: i64, lots: i64) -> Trade {
    Trade {
        number,
        maker: OrderId::from_bits(1),
        taker_side: Side::Buy,
        price: Ticks::new(price).expect("ticks"),
        lots: Lots::new(lots).expect("lots"),
    }
}

/// Trades with their times, which never go back: up to two hours apart.
fn trades() -> impl Strategy<Value = Vec<(Timestamp, Trade)>> {
    let gaps = prop_oneof![5 => 0_i64..40, 2 => 0_i64..400, 1 => 0_i64..7_200];
    vec((gaps, 1_i64..1_000, 1_i64..1_000), 1..40).prop_map(|steps| {
        let mut second = 0;
        let steps = (1..).zip(steps);
        let trade = |(number, (gap, price, lots))| {
            second += gap;
            (at(second), trade(number, price, lots))
        };
        steps.map(trade).collect()
    })
}

type Candles = BTreeMap<Timestamp, Candle>;

/// Folds trades as a projector does: into what is there, in order.
fn fold(candles: &mut Candles, interval: Interval, trades: &[(Timestamp, Trade)]) {
    let steps = mrc_usd().steps;
    for (at, trade) in trades {
        let start = interval.start_of(*at);
        match candles.get_mut(&start) {
            Some(candle) => candle.follow(&steps, trade),
            None => drop(candles.insert(start, Candle::of(&steps, interval, *at, trade))),
        }
    }
}

/// The same by looking at all trades of each stretch.
fn naive(interval: Interval, trades: &[(Timestamp, Trade)]) -> Candles {
    let steps = mrc_usd().steps;
    let mut stretches = BTreeMap::<_, Vec<Trade>>::new();
    for (at, trade) in trades {
        stretches.entry(interval.start_of(*at)).or_default().push(*trade);
    }
    let candle = |(start, trades): (Timestamp, Vec<Trade>)| {
        let (first, last) = (trades[0], trades[trades.len() - 1]);
        let prices = || trades.iter().map(|trade| trade.price);
        let worth = |trade: &Trade| i128::from(steps.cost(trade.price, trade.lots).minor());
        let candle = Candle {
            pair: steps.pair(),
            interval,
            start,
            open: first.price,
            high: prices().max().expect("one"),
            low: prices().min().expect("one"),
            close: last.price,
            lots: trades.iter().map(|trade| i128::from(trade.lots.count())).sum(),
            notional: trades.iter().map(worth).sum(),
            first: first.number,
            last: last.number,
        };
        (start, candle)
    };
    stretches.into_iter().map(candle).collect()
}

proptest! {
    #[test]
    fn candles_are_what_their_trades_are_together(trades in trades()) {
        for interval in Interval::ALL {
            let mut candles = Candles::new();
            fold(&mut candles, interval, &trades);
            prop_assert_eq!(&candles, &naive(interval, &trades));
            let count: u64 = candles.values().map(Candle::trades).sum();
            prop_assert_eq!(count, u64::try_from(trades.len()).expect("few"));
        }
    }

    #[test]
    fn candles_folded_in_parts_with_trades_that_come_again_are_the_same(
        trades in trades(), cuts in vec((any::<usize>(), any::<usize>()), 0..5)
    ) {
        for interval in Interval::ALL {
            let mut candles = Candles::new();
            let mut done = 0;
            for (back, on) in &cuts {
                let (from, to) = (back % (done + 1), done + on % (trades.len() - done + 1));
                fold(&mut candles, interval, &trades[from..to]);
                done = to;
            }
            fold(&mut candles, interval, &trades[done..]);
            prop_assert_eq!(candles, naive(interval, &trades));
        }
    }

    #[test]
    fn a_candle_joined_with_the_later_part_of_its_trades_is_whole(
        trades in trades(), cut in any::<usize>()
    ) {
        let interval = Interval::Day;
        let trades: Vec<_> = trades.into_iter().map(|(_, trade)| (at(0), trade)).collect();
        let cut = cut % trades.len();
        let mut earlier = naive(interval, &trades[..cut]);
        let later = naive(interval, &trades[cut..]).remove(&at(0)).expect("some");
        match earlier.get_mut(&at(0)) {
            Some(candle) => candle.join(&later),
            None => drop(earlier.insert(at(0), later)),
        }
        prop_assert_eq!(earlier, naive(interval, &trades));
    }

    #[test]
    fn a_candle_covers_its_stretch_and_no_more(millis in 0_i64..10_i64.pow(13)) {
        let at = Timestamp::from_millis(millis);
        for interval in Interval::ALL {
            let candle = Candle::of(&mrc_usd().steps, interval, at, &trade(1, 5, 5));
            let end = candle.start.plus(interval.span());
            prop_assert!(candle.start <= at && at < end);
            prop_assert!(candle.covers(at) && candle.covers(candle.start));
            prop_assert!(!candle.covers(end));
        }
    }
}

#[test]
fn a_trade_that_comes_again_or_too_early_changes_nothing() {
    let steps = mrc_usd().steps;
    let mut candle = Candle::of(&steps, Interval::Minute, at(61), &trade(7, 50, 3));
    candle.follow(&steps, &trade(8, 60, 2));
    let stood = candle;
    for number in [1, 7, 8, 10] {
        candle.follow(&steps, &trade(number, 99, 99));
        assert_eq!(candle, stood, "{number}");
    }
    assert_eq!((candle.start, candle.trades()), (at(60), 2));
    assert_eq!((candle.open.count(), candle.close.count()), (50, 60));
    // 3 lots at 0.50 and 2 at 0.60, in cents.
    assert_eq!((candle.lots, candle.notional), (5, 270));
}

#[test]
fn an_interval_has_one_name() {
    for interval in Interval::ALL {
        assert_eq!(interval.as_str().parse(), Ok(interval));
    }
    for bad in ["", "1M", "60s", "1m ", "2h"] {
        assert_eq!(bad.parse::<Interval>(), Err(InvalidInterval), "{bad}");
    }
}

#[test]
fn candles_begin_at_multiples_of_their_length_in_utc() {
    // 2027-01-15T08:07:59.999Z.
    let time = Timestamp::from_millis(1_800_000_479_999);
    let starts = Interval::ALL.map(|interval| interval.start_of(time).millis());
    let expected = [1_800_000_420_000, 1_800_000_300_000, 1_800_000_000_000, 1_799_971_200_000];
    assert_eq!(starts, expected);
}
