//! How orders are spelled in a row: words between blanks, so that a row with one is far below
//! a write unit. What is spelled in another way than here is nothing.

use domain::{
    command::CommandId,
    currency::{Currency, Scale},
    id::{OrderId, UserId},
    order::{
        ClientOrderId, Closed, Order, OrderKind, OrderStatus, SelfTradePrevention, Side, Size,
        Tally, TimeInForce,
    },
    pair::{FeeBps, Lots, PairId, PairStatus, Steps, Ticks},
};

use super::spelling::{Counted, Spelled, spelled_by_as_str, spelled_by_display};

spelled_by_display!(CommandId, OrderId, PairId);
spelled_by_as_str!(ClientOrderId, Closed, OrderStatus, PairStatus, Side);

/// `MRC/2 USD/2 2 1 100 1`: both currencies, the decimals of prices, the tick, the lot, and what
/// a lot at one tick is worth, which follows from the others.
impl Spelled for Steps {
    fn spell(&self) -> String {
        let Self { base, quote, price_scale, tick, lot, unit_value } = self;
        format!(
            "{} {} {} {} {} {unit_value}",
            base.spell(),
            quote.spell(),
            price_scale.decimals(),
            tick.minor(),
            lot.minor(),
        )
    }

    fn read(text: &str) -> Option<Self> {
        let [base, quote, price_scale, tick, lot, _] = words(text)?;
        let price_scale = Scale::new(price_scale.parse().ok()?)?;
        let [tick, lot] = [counted(tick)?, counted(lot)?];
        let (base, quote) = (Currency::read(base)?, Currency::read(quote)?);
        let steps = Self::new(base, quote, price_scale, tick, lot).ok()?;
        Some(steps).filter(|steps| steps.spell() == text)
    }
}

/// `ord_… usr_… b l g - n 101 5 10 20 1700000000000`: the order and whose it is; buy or sell;
/// limit or market; `g`, `i` or `f` for how long; `p` if post only; `n`, `o`, `b` or `d` against
/// self-trades; the price in ticks; the lots, or `$` and the funds; the fees of who rests and of
/// who takes; and when it was accepted.
impl Spelled for Order {
    fn spell(&self) -> String {
        let size = match self.size {
            Size::Lots(lots) => lots.count().to_string(),
            Size::Funds(funds) => format!("${}", funds.minor()),
        };
        let post_only = if self.post_only { 'p' } else { '-' };
        format!(
            "{} {} {} {} {} {post_only} {} {} {size} {} {} {}",
            self.id,
            self.user,
            side(self.side),
            kind(self.kind),
            time_in_force(self.time_in_force),
            self_trade_prevention(self.self_trade_prevention),
            self.price.count(),
            self.maker_fee.bps(),
            self.taker_fee.bps(),
            self.placed_at.millis(),
        )
    }

    fn read(text: &str) -> Option<Self> {
        let [id, user, side_of, kind_of, stays, post_only, prevents, rest @ ..] =
            words::<12>(text)?;
        let [price, size, maker_fee, taker_fee, placed_at] = rest;
        let order = Self {
            id: OrderId::read(id)?,
            user: UserId::read(user)?,
            side: letter(side_of, [Side::Buy, Side::Sell], side)?,
            kind: letter(kind_of, [OrderKind::Limit, OrderKind::Market], kind)?,
            time_in_force: letter(stays, TIMES_IN_FORCE, time_in_force)?,
            post_only: post_only == "p",
            self_trade_prevention: letter(prevents, PREVENTIONS, self_trade_prevention)?,
            price: counted(price)?,
            size: match size.strip_prefix('$') {
                Some(funds) => Size::Funds(counted(funds)?),
                None => Size::Lots(counted(size)?),
            },
            maker_fee: counted(maker_fee)?,
            taker_fee: counted(taker_fee)?,
            placed_at: counted(placed_at)?,
        };
        Some(order).filter(|order| order.spell() == text)
    }
}

/// `5 3 0 0 505 1 4900 306 17`: lots executed, open, cancelled and prevented; the notional, the
/// fees, what of them was paid ahead, and what is reserved; and the sequence.
impl Spelled for Tally {
    fn spell(&self) -> String {
        format!(
            "{} {} {} {} {} {} {} {} {}",
            self.executed.count(),
            self.open.count(),
            self.cancelled.count(),
            self.prevented.count(),
            self.notional.minor(),
            self.fees.minor(),
            self.fee_credit,
            self.reserved.minor(),
            self.sequence,
        )
    }

    fn read(text: &str) -> Option<Self> {
        let [executed, open, cancelled, prevented, notional, fees, credit, reserved, sequence] =
            words(text)?;
        let tally = Self {
            executed: counted(executed)?,
            open: counted(open)?,
            cancelled: counted(cancelled)?,
            prevented: counted(prevented)?,
            notional: counted(notional)?,
            fees: counted(fees)?,
            fee_credit: credit.parse().ok().filter(|credit| *credit < WHOLE)?,
            reserved: counted(reserved)?,
            sequence: sequence.parse().ok()?,
        };
        Some(tally).filter(|tally| tally.spell() == text)
    }
}

/// Ten-thousandths of a minor unit: no fee is paid ahead by as many.
const WHOLE: u16 = 10_000;

const TIMES_IN_FORCE: [TimeInForce; 3] =
    [TimeInForce::GoodTilCancelled, TimeInForce::ImmediateOrCancel, TimeInForce::FillOrKill];

const PREVENTIONS: [SelfTradePrevention; 4] = [
    SelfTradePrevention::CancelNewest,
    SelfTradePrevention::CancelOldest,
    SelfTradePrevention::CancelBoth,
    SelfTradePrevention::DecrementAndCancel,
];

pub(super) fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "b",
        Side::Sell => "s",
    }
}

pub(super) fn kind(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Limit => "l",
        OrderKind::Market => "m",
    }
}

fn time_in_force(time_in_force: TimeInForce) -> &'static str {
    match time_in_force {
        TimeInForce::GoodTilCancelled => "g",
        TimeInForce::ImmediateOrCancel => "i",
        TimeInForce::FillOrKill => "f",
    }
}

fn self_trade_prevention(mode: SelfTradePrevention) -> &'static str {
    match mode {
        SelfTradePrevention::CancelNewest => "n",
        SelfTradePrevention::CancelOldest => "o",
        SelfTradePrevention::CancelBoth => "b",
        SelfTradePrevention::DecrementAndCancel => "d",
    }
}

/// The one of `all` that this letter stands for.
pub(super) fn letter<T: Copy, const N: usize>(
    wanted: &str,
    all: [T; N],
    letter_of: fn(T) -> &'static str,
) -> Option<T> {
    all.into_iter().find(|value| letter_of(*value) == wanted)
}

/// Exactly so many words.
pub(super) fn words<const N: usize>(text: &str) -> Option<[&str; N]> {
    text.split(' ').collect::<Vec<_>>().try_into().ok()
}

pub(super) fn counted<T: Counted>(word: &str) -> Option<T> {
    T::of(word.parse().ok()?)
}

impl Counted for Ticks {
    fn count(self) -> i64 {
        Self::count(self)
    }

    fn of(count: i64) -> Option<Self> {
        Self::new(count)
    }
}

impl Counted for Lots {
    fn count(self) -> i64 {
        Self::count(self)
    }

    fn of(count: i64) -> Option<Self> {
        Self::new(count)
    }
}

impl Counted for FeeBps {
    fn count(self) -> i64 {
        i64::from(self.bps())
    }

    fn of(count: i64) -> Option<Self> {
        u16::try_from(count).ok().and_then(Self::new)
    }
}
