//! What a change of an account was for, as one line of text: it is kept with the account until
//! the next change, so that a store's own record of the change says it, without another row.

use std::{
    fmt::{self, Write},
    str::FromStr,
};

use crate::{
    amount::{Amount, Money},
    book::AmendRefusal,
    currency::{Currency, Scale},
    id::{OrderId, VenueOrderId},
    ledger::Cause,
    order::{Closed, OrderStatus, Working},
    pair::{Lots, PairId},
    venue::{Ending, VenueNews},
};

/// What a change of an account was for, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Occasion {
    /// The account, or a wallet in it, was opened; no money moved.
    #[default]
    Opened,
    /// Money came from outside.
    Deposit,
    /// Money went outside.
    Withdrawal,
    /// Money went from one user to another.
    Transfer,
    /// One currency into another.
    Exchange,
    /// Pieces of an item were bought, or sold.
    Purchase,
    /// A purchase was turned back.
    Refund,
    /// An order was accepted, and its money is held.
    OrderPlaced,
    /// A change of an order was accepted, and what it needs in addition is held.
    OrderAmended,
    /// A matcher changed orders, and perhaps money with them.
    Matched,
    /// An order for an external venue was accepted, and what it needs is held.
    VenueOrderPlaced,
    /// An order at an external venue came further, or is over.
    VenueOrder,
    /// An external venue filled an order, or a part of it.
    VenueFill,
    /// Stands in for changes that nobody logged.
    CarriedForward,
}

impl Occasion {
    const ALL: [Self; 14] = [
        Self::Opened,
        Self::Deposit,
        Self::Withdrawal,
        Self::Transfer,
        Self::Exchange,
        Self::Purchase,
        Self::Refund,
        Self::OrderPlaced,
        Self::OrderAmended,
        Self::Matched,
        Self::VenueOrderPlaced,
        Self::VenueOrder,
        Self::VenueFill,
        Self::CarriedForward,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Deposit => "deposit",
            Self::Withdrawal => "withdrawal",
            Self::Transfer => "transfer",
            Self::Exchange => "exchange",
            Self::Purchase => "purchase",
            Self::Refund => "refund",
            Self::OrderPlaced => "order_placed",
            Self::OrderAmended => "order_amended",
            Self::Matched => "matched",
            Self::VenueOrderPlaced => "venue_order_placed",
            Self::VenueOrder => "venue_order",
            Self::VenueFill => "venue_fill",
            Self::CarriedForward => "carried_forward",
        }
    }

    /// What a movement of money with this cause is.
    #[must_use]
    pub fn of(cause: &Cause) -> Self {
        match cause {
            Cause::Deposit(_) => Self::Deposit,
            Cause::Withdrawal(_) => Self::Withdrawal,
            Cause::Transfer(_) => Self::Transfer,
            Cause::Exchange { .. } => Self::Exchange,
            Cause::Purchase(_) => Self::Purchase,
            Cause::Refund { .. } => Self::Refund,
            Cause::Fill(_) => Self::Matched,
            Cause::VenueFill(_) => Self::VenueFill,
        }
    }
}

impl FromStr for Occasion {
    type Err = InvalidNews;

    fn from_str(text: &str) -> Result<Self, InvalidNews> {
        Self::ALL.into_iter().find(|occasion| occasion.as_str() == text).ok_or(InvalidNews)
    }
}

/// The text is not one that we write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no news of an account")]
pub struct InvalidNews;

/// What a change of an account was for, and how far orders have come by it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    /// What it was for.
    pub occasion: Occasion,
    /// The market that its orders are of.
    pub pair: Option<PairId>,
    /// The market's event that it belongs to, if a matcher made it.
    pub seq: Option<u64>,
    /// The account's orders that it changed, as they are after it.
    pub orders: Vec<OrderNews>,
    /// Changes of orders that the book did not make: the orders are as they were.
    pub refused: Vec<RefusedAmendment>,
    /// The account's order at an external venue that it is about, as it is after it.
    pub venue: Option<VenueNews>,
}

/// A change of an order that the book did not make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedAmendment {
    /// Which order stays as it is.
    pub order: OrderId,
    /// Why.
    pub why: AmendRefusal,
}

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderNews {
    /// Which.
    pub order: OrderId,
    /// In one word.
    pub status: OrderStatus,
    /// Why it is over, if it is.
    pub reason: Option<Closed>,
    /// Lots filled, of all fills together.
    pub executed: Lots,
    /// Lots that may yet be filled.
    pub open: Lots,
    /// What the fills were worth, in minor units of the quote currency.
    pub notional: Amount,
    /// The fees of the fills, in minor units of the quote currency.
    pub fees: Amount,
}

impl OrderNews {
    /// Of an order that goes on.
    #[must_use]
    pub fn working(working: &Working) -> Self {
        Self::with(working, OrderStatus::working(&working.tally), None)
    }

    /// Of an order that is over.
    #[must_use]
    pub fn closed(working: &Working, reason: Closed) -> Self {
        let status = OrderStatus::closed(reason, &working.tally);
        Self::with(working, status, Some(reason))
    }

    fn with(
        Working { order, tally }: &Working,
        status: OrderStatus,
        reason: Option<Closed>,
    ) -> Self {
        Self {
            order: order.id,
            status,
            reason,
            executed: tally.executed,
            open: tally.open,
            notional: tally.notional,
            fees: tally.fees,
        }
    }
}

impl News {
    /// News that names nothing but what the change was for.
    #[must_use]
    pub fn of(occasion: Occasion) -> Self {
        Self { occasion, ..Self::default() }
    }

    /// News of a request about an order.
    #[must_use]
    pub fn asked(occasion: Occasion, pair: PairId, working: &Working) -> Self {
        let orders = vec![OrderNews::working(working)];
        Self { occasion, pair: Some(pair), orders, ..Self::default() }
    }

    /// News of a matcher's commit.
    #[must_use]
    pub fn matched(pair: PairId, seq: u64, orders: Vec<OrderNews>) -> Self {
        let (occasion, refused) = (Occasion::Matched, Vec::new());
        Self { occasion, pair: Some(pair), seq: Some(seq), orders, refused, venue: None }
    }

    /// Whether nobody has anything to be told.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.orders.is_empty() && self.refused.is_empty() && self.venue.is_none()
    }

    /// As a store keeps it:
    ///
    /// ```text
    /// deposit
    /// matched MRC-USD 17|<order> filled filled 60 0 2400 5;<order> open - 0 40 0 0
    /// matched MRC-USD 18!<order> would_take
    /// venue_order @nyx <order> cancelled cancelled 1 DOTUSDT00008 3 10 USD/2 1200
    /// ```
    ///
    /// The occasion, the market and the number of its event (`-`: of none); then, for each
    /// order, its id without its prefix, status, reason (`-`: none), lots filled, lots open,
    /// and notional and fees in minor units; then, after `!`, each order that stays as it is
    /// though a change of it was asked, and why. Of an order at a venue (`@`): the venue, the
    /// order's id, status, why it is over (`-`: it is not), whether its owner wants it cancelled
    /// (1), the instrument, pieces filled and in all, and what the fills were worth.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _written = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        out.push_str(self.occasion.as_str());
        if let Some(pair) = self.pair {
            write!(out, " {pair} ")?;
            match self.seq {
                Some(seq) => write!(out, "{seq}")?,
                None => out.push('-'),
            }
        }
        if let Some(news) = &self.venue {
            write_venue(news, out)?;
        }
        for (place, news) in self.orders.iter().enumerate() {
            out.push(if place == 0 { '|' } else { ';' });
            let order = news.order.to_string();
            let order = order.strip_prefix(OrderId::PREFIX).unwrap_or(&order);
            let reason = news.reason.map_or("-", Closed::as_str);
            let (executed, open) = (news.executed.count(), news.open.count());
            let (notional, fees) = (news.notional.minor(), news.fees.minor());
            let status = news.status.as_str();
            write!(out, "{order} {status} {reason} {executed} {open} {notional} {fees}")?;
        }
        for (place, RefusedAmendment { order, why }) in self.refused.iter().enumerate() {
            out.push(if place == 0 { '!' } else { ';' });
            let order = order.to_string();
            let order = order.strip_prefix(OrderId::PREFIX).unwrap_or(&order);
            write!(out, "{order} {}", why.as_str())?;
        }
        Ok(())
    }
}

fn write_venue(news: &VenueNews, out: &mut String) -> fmt::Result {
    let VenueNews { venue, executed, quantity, notional, instrument, .. } = news;
    let order = news.order.to_string();
    let order = order.strip_prefix(VenueOrderId::PREFIX).unwrap_or(&order);
    let (status, ending) = (news.status.as_str(), news.ending.map_or("-", Ending::as_str));
    let cancel = u8::from(news.cancel_requested);
    let (executed, quantity) = (executed.minor(), quantity.minor());
    let Money { amount, currency } = notional;
    let scale = currency.scale.decimals();
    write!(out, " @{venue} {order} {status} {ending} {cancel} {instrument} {executed} {quantity}")?;
    write!(out, " {}/{scale} {}", currency.code, amount.minor())
}

fn read_venue(text: &str) -> Option<VenueNews> {
    let mut words = text.split(' ');
    let venue = words.next()?.parse().ok()?;
    let order = format!("{}{}", VenueOrderId::PREFIX, words.next()?).parse().ok()?;
    let status = words.next()?.parse().ok()?;
    let ending = match words.next()? {
        "-" => None,
        word => Some(Ending::of(word)?),
    };
    let cancel_requested = match words.next()? {
        "0" => false,
        "1" => true,
        _ => return None,
    };
    let instrument = words.next()?.parse().ok()?;
    let amount = |text: Option<&str>| Amount::from_minor(text?.parse().ok()?).ok();
    let (executed, quantity) = (amount(words.next())?, amount(words.next())?);
    let (code, scale) = words.next()?.split_once('/')?;
    let scale = Scale::new(scale.parse().ok()?)?;
    let currency = Currency { code: code.parse().ok()?, scale };
    let notional = Money { amount: amount(words.next())?, currency };
    let news = VenueNews {
        venue,
        order,
        status,
        ending,
        cancel_requested,
        instrument,
        executed,
        quantity,
        notional,
    };
    words.next().is_none().then_some(news)
}

impl FromStr for News {
    type Err = InvalidNews;

    fn from_str(text: &str) -> Result<Self, InvalidNews> {
        let news = read(text).ok_or(InvalidNews)?;
        if news.text() == text { Ok(news) } else { Err(InvalidNews) }
    }
}

fn read(text: &str) -> Option<News> {
    if let Some((occasion, venue)) = text.split_once(" @") {
        let venue = Some(read_venue(venue)?);
        return Some(News { venue, ..News::of(occasion.parse().ok()?) });
    }
    let split = |text, mark| match str::split_once(text, mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    };
    let (text, refused) = split(text, '!');
    let (head, orders) = split(text, '|');
    let mut words = head.split(' ');
    let occasion = words.next()?.parse().ok()?;
    let pair = match words.next() {
        Some(pair) => Some(pair.parse().ok()?),
        None => None,
    };
    let seq = match words.next() {
        None | Some("-") => None,
        Some(seq) => Some(seq.parse().ok()?),
    };
    let orders = orders.into_iter().flat_map(|orders| orders.split(';'));
    let orders = orders.map(read_order).collect::<Option<_>>()?;
    let refused = refused.into_iter().flat_map(|refused| refused.split(';'));
    let refused = refused.map(read_refused).collect::<Option<_>>()?;
    Some(News { occasion, pair, seq, orders, refused, venue: None })
}

fn read_refused(text: &str) -> Option<RefusedAmendment> {
    let (order, word) = text.split_once(' ')?;
    let order = format!("{}{order}", OrderId::PREFIX).parse().ok()?;
    let why = AmendRefusal::ALL.into_iter().find(|why| why.as_str() == word)?;
    Some(RefusedAmendment { order, why })
}

fn read_order(text: &str) -> Option<OrderNews> {
    let mut words = text.split(' ');
    let order = format!("{}{}", OrderId::PREFIX, words.next()?).parse().ok()?;
    let status = words.next()?.parse().ok()?;
    let reason = match words.next()? {
        "-" => None,
        reason => Some(reason.parse().ok()?),
    };
    let mut number = || words.next()?.parse::<i64>().ok();
    let (executed, open) = (Lots::new(number()?)?, Lots::new(number()?)?);
    let notional = Amount::from_minor(number()?).ok()?;
    let fees = Amount::from_minor(number()?).ok()?;
    Some(OrderNews { order, status, reason, executed, open, notional, fees })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ORDER: &str = "0000000000000000000000000a filled filled 60 0 2400 5";

    #[test]
    fn news_is_one_line() {
        let text =
            format!("matched MRC-USD 17|{ORDER};{}", ORDER.replace("filled filled", "open -"));
        let news: News = text.parse().expect("news");
        assert_eq!((news.occasion, news.orders.len()), (Occasion::Matched, 2));
        assert_eq!(news.orders[0].reason, Some(Closed::Filled));
        assert_eq!(news.orders[1].status, OrderStatus::Open);
        assert_eq!(news.text(), text);
    }

    #[test]
    fn every_occasion_survives_its_word() {
        for occasion in Occasion::ALL {
            assert_eq!(News::of(occasion).text().parse(), Ok(News::of(occasion)));
        }
    }

    #[test]
    fn only_our_own_text_is_news() {
        for bad in [
            "",
            "gift",
            "deposit ",
            "deposit|",
            "matched MRC-USD",
            "matched MRC-USD 017",
            "matched MRC-USD 1 2",
            &format!("matched MRC-USD 1|{ORDER};"),
            &format!("matched MRC-USD 1|{ORDER} 7"),
            &format!("matched MRC-USD 1|{}", ORDER.replace("60", "-60")),
            &format!("matched MRC-USD 1|{}", ORDER.replace("filled filled", "done -")),
            "matched MRC-USD 1!",
            "matched MRC-USD 1!0000000000000000000000000a",
            "matched MRC-USD 1!0000000000000000000000000a because",
            &format!("matched MRC-USD 1!0000000000000000000000000a would_take|{ORDER}"),
        ] {
            assert_eq!(bad.parse::<News>(), Err(InvalidNews), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn all_news_survives_its_text(
            orders in prop::collection::vec(
                (any::<u128>(), 0..=Lots::MAX.count(), 0..=Amount::MAX.minor(), any::<bool>()), 0..4
            ),
            seq in any::<u64>(), refusals in 0_usize..=6
        ) {
            let orders = orders.into_iter().map(|(bits, lots, minor, over)| OrderNews {
                order: OrderId::from_bits(bits),
                status: if over { OrderStatus::Cancelled } else { OrderStatus::PartiallyFilled },
                reason: over.then_some(Closed::Deadline),
                executed: Lots::new(lots).expect("lots"),
                open: Lots::new(Lots::MAX.count() - lots).expect("lots"),
                notional: Amount::from_minor(minor).expect("an amount"),
                fees: Amount::from_minor(minor / 2).expect("an amount"),
            });
            let mut news = News::matched("MRC-USD".parse().expect("a pair"), seq, orders.collect());
            let order = OrderId::from_bits(seq.into());
            let refused = AmendRefusal::ALL.into_iter().take(refusals);
            news.refused.extend(refused.map(|why| RefusedAmendment { order, why }));
            prop_assert_eq!(news.text().parse(), Ok(news));
        }
    }
}
