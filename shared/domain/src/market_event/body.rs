//! An event as one line of text: what a store keeps of it, so that its size is known exactly
//! before it is written. Under which names it is kept, the constants here say.

use std::fmt::{self, Write};

use super::{Change, Head, MarketEvent, Trade};
use crate::{
    book::Standing,
    id::OrderId,
    order::Side,
    pair::{Lots, PairId, Ticks},
    time::Timestamp,
};

/// The digits of the largest number of an event.
const SEQ_DIGITS: usize = 20;

impl MarketEvent {
    /// The partition of a pair's events, without the pair.
    pub const PARTITION: &'static str = "events#";

    /// The head but for the pair and the number, and then the changes:
    ///
    /// ```text
    /// 1700000000000 7 3 101 trading -|T 3 s 101 2 <order>;X b 99 4 <order>;R b 100 1 <order>
    /// ```
    ///
    /// The time, the last sequence, the trades, the last price, the status, and the command
    /// that was begun (`-`: none). `R`: rested, `T`: traded, with its number, `X`: removed;
    /// then the side (`b` or `s`; of a trade it is the taker's), the price in ticks, the lots,
    /// and the order's id without its prefix.
    #[must_use]
    pub fn body(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _written = self.write_body(&mut text);
        text
    }

    fn write_body(&self, out: &mut String) -> fmt::Result {
        let Head { seq: _, standing, begun } = self.head;
        let Standing { status, sequence, trades, last_price } = standing;
        write!(out, "{} {sequence} {trades} ", self.at.millis())?;
        match last_price {
            Some(price) => write!(out, "{}", price.count())?,
            None => out.push('-'),
        }
        write!(out, " {} ", status.as_str())?;
        match begun {
            Some(command) => write!(out, "{command}")?,
            None => out.push('-'),
        }
        for (place, change) in self.changes.iter().enumerate() {
            out.push(if place == 0 { '|' } else { ';' });
            write_change(out, change)?;
        }
        Ok(())
    }

    /// The event with this number and this [`MarketEvent::body`], if it is one.
    #[must_use]
    pub fn parse(pair: PairId, seq: u64, body: &str) -> Option<Self> {
        let (head, changes) = match body.split_once('|') {
            Some((head, changes)) => (head, Some(changes)),
            None => (body, None),
        };
        let changes = changes.into_iter().flat_map(|changes| changes.split(';'));
        let changes = changes.map(read_change).collect::<Option<_>>()?;
        let mut words = head.split(' ');
        let at = Timestamp::from_millis(words.next()?.parse().ok()?);
        let standing = Standing {
            sequence: words.next()?.parse().ok()?,
            trades: words.next()?.parse().ok()?,
            last_price: optional(words.next()?, |price| Ticks::new(price.parse().ok()?))?,
            status: words.next()?.parse().ok()?,
        };
        let begun = optional(words.next()?, |command| command.parse().ok())?;
        let head = Head { seq, standing, begun };
        // A number that is spelled in another way, or a word too many, is not our text.
        Some(Self { pair, head, at, changes }).filter(|event| event.body() == body)
    }

    /// The bytes of its row, as they are billed: the names and values of its partition, its
    /// number, its body and, if it has trades, the pair under which they are found.
    #[must_use]
    pub fn row_bytes(&self) -> usize {
        let pair = self.pair.to_string().len();
        let traded = if self.trades().next().is_some() { sum([6, pair]) } else { 0 };
        let key = sum([4, Self::PARTITION.len(), pair, 4, SEQ_DIGITS]);
        sum([key, 5, self.body().len(), traded])
    }
}

fn sum<const N: usize>(sizes: [usize; N]) -> usize {
    sizes.into_iter().fold(0, usize::saturating_add)
}

fn write_change(out: &mut String, change: &Change) -> fmt::Result {
    let (order, side, price, lots) = match *change {
        Change::Rested { order, side, price, lots } => {
            out.push('R');
            (order, side, price, lots)
        }
        Change::Traded(Trade { number, maker, taker_side, price, lots }) => {
            write!(out, "T {number}")?;
            (maker, taker_side, price, lots)
        }
        Change::Removed { order, side, price, lots } => {
            out.push('X');
            (order, side, price, lots)
        }
    };
    let side = match side {
        Side::Buy => 'b',
        Side::Sell => 's',
    };
    let order = order.to_string();
    let order = order.strip_prefix(OrderId::PREFIX).unwrap_or(&order);
    write!(out, " {side} {} {} {order}", price.count(), lots.count())
}

fn read_change(text: &str) -> Option<Change> {
    let (kind, rest) = text.split_once(' ')?;
    let (number, rest) = if kind == "T" {
        let (number, rest) = rest.split_once(' ')?;
        (number.parse().ok()?, rest)
    } else {
        (0, rest)
    };
    let mut words = rest.split(' ');
    let side = match words.next()? {
        "b" => Side::Buy,
        "s" => Side::Sell,
        _ => return None,
    };
    let price = Ticks::new(words.next()?.parse().ok()?)?;
    let lots = Lots::new(words.next()?.parse().ok()?)?;
    let order = format!("{}{}", OrderId::PREFIX, words.next()?).parse().ok()?;
    match kind {
        "R" => Some(Change::Rested { order, side, price, lots }),
        "T" => Some(Change::Traded(Trade { number, maker: order, taker_side: side, price, lots })),
        "X" => Some(Change::Removed { order, side, price, lots }),
        _ => None,
    }
}

/// What `-` stands for is nothing; `None` is an error of the text.
#[expect(clippy::option_option, reason = "the outer one is what `?` takes")]
fn optional<T>(word: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    if word == "-" { Some(None) } else { read(word).map(Some) }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*, sample::select};

    use super::*;
    use crate::{command::CommandId, pair::PairStatus};

    fn pair() -> PairId {
        "MRC-USD".parse().expect("a pair")
    }

    fn changes() -> impl Strategy<Value = Change> {
        let sides = select(vec![Side::Buy, Side::Sell]);
        let prices = 1..=Ticks::MAX.count();
        let sizes = 0..=Lots::MAX.count();
        (0..3, any::<u64>(), any::<u128>(), sides, prices, sizes).prop_map(
            |(kind, number, order, side, price, lots)| {
                let order = OrderId::from_bits(order);
                let price = Ticks::new(price).expect("a price");
                let lots = Lots::new(lots).expect("lots");
                match kind {
                    0 => Change::Rested { order, side, price, lots },
                    1 => Change::Removed { order, side, price, lots },
                    _ => {
                        let taker_side = side;
                        Change::Traded(Trade { number, maker: order, taker_side, price, lots })
                    }
                }
            },
        )
    }

    fn events() -> impl Strategy<Value = MarketEvent> {
        let statuses =
            select(vec![PairStatus::Trading, PairStatus::CancelOnly, PairStatus::Halted]);
        let times = || (0..=Timestamp::MAX.millis()).prop_map(Timestamp::from_millis);
        let begun = option::of((times(), any::<u128>()));
        let prices = option::of(1..=Ticks::MAX.count());
        let head = (any::<[u64; 3]>(), prices, statuses, begun);
        (head, times(), vec(changes(), 0..5)).prop_map(
            |(([seq, sequence, trades], last_price, status, begun), at, changes)| MarketEvent {
                pair: pair(),
                head: Head {
                    seq,
                    standing: Standing {
                        status,
                        sequence,
                        trades,
                        last_price: last_price.and_then(Ticks::new),
                    },
                    begun: begun.map(|(at, bits)| CommandId { at, bits }),
                },
                at,
                changes,
            },
        )
    }

    fn event(body: &str) -> Option<MarketEvent> {
        MarketEvent::parse(pair(), 9, body)
    }

    const REST: &str = "R b 99 4 0000000000000000000000000a";
    const TRADE: &str = "T 3 s 101 2 0000000000000000000000000b";

    #[test]
    fn an_event_is_one_line() {
        let body = format!("1700000000000 7 3 101 trading -|{TRADE};{REST}");
        let event = event(&body).expect("an event");
        assert_eq!(event.changes.len(), 2);
        assert_eq!(event.trades().map(|trade| trade.number).collect::<Vec<_>>(), [3]);
        assert_eq!((event.head.seq, event.head.standing.trades), (9, 3));
        assert_eq!(event.body(), body);
    }

    #[test]
    fn an_event_that_changes_nothing_has_no_changes() {
        let event = event("5 0 0 - halted -").expect("an event");
        assert_eq!(event.changes, []);
        assert_eq!((event.head.standing.last_price, event.head.begun), (None, None));
    }

    #[test]
    fn only_the_canonical_text_is_an_event() {
        for bad in [
            "",
            "5 0 0 - halted",
            "5 0 0 - halted - ",
            "5 0 0 - halted -|",
            "5 0 0 0 halted -",
            "5 0 0 - closed -",
            "05 0 0 - halted -",
            "-5 0 0 - halted -",
            "5 +1 0 - halted -",
            "5 0 18446744073709551616 - halted -",
            "5 0 0 - halted txn_0000000000000000000000000a",
            &format!("5 0 0 - halted -|{REST};"),
            &format!("5 0 0 - halted -|{REST} "),
            &format!("5 0 0 - halted -|{}", REST.replace('R', "Q")),
            &format!("5 0 0 - halted -|{}", REST.replace('b', "x")),
            &format!("5 0 0 - halted -|{}", REST.replace("99", "0")),
            &format!("5 0 0 - halted -|{}", REST.replace(" 4", " 1000000000001")),
            &format!("5 0 0 - halted -|{}", TRADE.replace("T 3", "T")),
        ] {
            assert_eq!(event(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_row_with_trades_names_its_pair_once_more() {
        let quiet = event(&format!("5 1 0 - trading -|{REST}")).expect("an event");
        // part + events#MRC-USD + kind + 20 digits + event + the body.
        assert_eq!(quiet.row_bytes(), 4 + 14 + 4 + 20 + 5 + 17 + 1 + 35);
        let traded = event(&format!("5 1 3 7 trading -|{TRADE}")).expect("an event");
        // traded + MRC-USD as well.
        assert_eq!(traded.row_bytes(), 4 + 14 + 4 + 20 + 5 + 17 + 1 + 38 + 6 + 7);
    }

    proptest! {
        #[test]
        fn every_event_survives_its_text(event in events()) {
            let read = MarketEvent::parse(event.pair, event.head.seq, &event.body());
            prop_assert_eq!(read, Some(event));
        }
    }
}
