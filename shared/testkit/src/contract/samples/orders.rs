//! Orders, and what becomes of them, with fields as large as they get. What one field says
//! need not fit another: a store gives back what it was given.

use domain::{
    amount::Amount,
    command::{CommandId, Instruction},
    commit::Resting,
    currency::{Currency, Scale},
    id::{EntryId, OrderId, UserId},
    ledger::{Amendment, Fill, Outcome, Placement},
    order::{
        Closed, Order, OrderKind, OrderStatus, SelfTradePrevention, Side, Size, Tally, TimeInForce,
        Working,
    },
    pair::{FeeBps, Lots, Pair, PairStatus, Steps, Ticks},
    time::Timestamp,
};

use super::longest_currency;
use crate::{
    builders::{begun, lots, mrc, mrc_usd, order, ticks, usd},
    contract::fixtures::{ALICE, BOB, minor},
};

pub(in crate::contract) const STATUSES: [PairStatus; 3] =
    [PairStatus::Trading, PairStatus::CancelOnly, PairStatus::Halted];

pub(in crate::contract) const REASONS: [Closed; 8] = [
    Closed::Filled,
    Closed::Cancelled,
    Closed::Deadline,
    Closed::Expired,
    Closed::SelfTrade,
    Closed::WouldTake,
    Closed::MarketClosed,
    Closed::BalanceLimit,
];

pub(super) const ORDER_STATUSES: [OrderStatus; 7] = [
    OrderStatus::Pending,
    OrderStatus::Open,
    OrderStatus::PartiallyFilled,
    OrderStatus::Filled,
    OrderStatus::Cancelled,
    OrderStatus::Expired,
    OrderStatus::Rejected,
];

/// A lot of `10^8` minor units, at a tick of [`Amount::MAX`], is worth [`Amount::MAX`].
fn largest_steps() -> Steps {
    let scale = Scale::new(Scale::MAX).expect("the most");
    let quote = Currency { code: "YYYYY".parse().expect("a code"), scale };
    let lot = minor(100_000_000);
    Steps::new(longest_currency(), quote, scale, Amount::MAX, lot).expect("whole minor units")
}

pub(in crate::contract) fn largest_pair() -> Pair {
    let fee = FeeBps::new(FeeBps::MAX).expect("the most");
    Pair {
        steps: largest_steps(),
        min_notional: Amount::MAX,
        maker_fee: fee,
        taker_fee: fee,
        collar_bps: 9_999,
        status: PairStatus::Halted,
        version: 9_000_000_000_000_000_001,
        created_at: Timestamp::MAX,
    }
}

pub(in crate::contract) fn largest_command_id() -> CommandId {
    CommandId { at: Timestamp::MAX, bits: u128::MAX }
}

pub(in crate::contract) fn largest_working() -> Working {
    let fee = FeeBps::new(FeeBps::MAX).expect("the most");
    let order = Order {
        id: OrderId::from_bits(u128::MAX),
        user: UserId::from_bits(u128::MAX),
        side: Side::Sell,
        kind: OrderKind::Limit,
        time_in_force: TimeInForce::ImmediateOrCancel,
        post_only: true,
        self_trade_prevention: SelfTradePrevention::DecrementAndCancel,
        price: Ticks::MAX,
        size: Size::Lots(Lots::MAX),
        maker_fee: fee,
        taker_fee: fee,
        placed_at: Timestamp::MAX,
    };
    let tally = Tally {
        executed: Lots::MAX,
        open: Lots::MAX,
        cancelled: Lots::MAX,
        prevented: Lots::MAX,
        notional: Amount::MAX,
        fees: Amount::MAX,
        fee_credit: 9_999,
        reserved: Amount::MAX,
        sequence: u64::MAX,
    };
    Working { order, tally }
}

/// Orders of every kind, of two users, with different ids.
fn orders() -> Vec<Order> {
    let free = FeeBps::new(0).expect("nothing");
    let plain = order(2, ALICE, Side::Buy, 1, 1);
    let at_market = Order {
        kind: OrderKind::Market,
        time_in_force: TimeInForce::ImmediateOrCancel,
        size: Size::Funds(minor(12_345)),
        ..order(3, BOB, Side::Buy, 55, 1)
    };
    let whole = Order {
        time_in_force: TimeInForce::FillOrKill,
        self_trade_prevention: SelfTradePrevention::CancelOldest,
        maker_fee: free,
        placed_at: Timestamp::from_millis(0),
        ..order(4, ALICE, Side::Sell, 100, 7)
    };
    let resting = Order {
        post_only: true,
        self_trade_prevention: SelfTradePrevention::CancelBoth,
        taker_fee: free,
        ..order(5, BOB, Side::Sell, 99, 1_000)
    };
    vec![plain, at_market, whole, resting]
}

/// Orders of every kind as they begin, one that has come some way, and the largest.
pub(in crate::contract) fn workings() -> Vec<Working> {
    let fresh = orders().into_iter().map(begun);
    let begun = begun(order(6, ALICE, Side::Buy, 50, 10));
    let tally = Tally {
        executed: lots(3),
        open: lots(4),
        cancelled: lots(2),
        prevented: lots(1),
        notional: minor(140),
        fees: minor(1),
        fee_credit: 7_200,
        reserved: minor(201),
        sequence: 17,
    };
    fresh.chain([Working { tally, ..begun }, largest_working()]).collect()
}

/// Every instruction.
pub(in crate::contract) fn instructions() -> Vec<Instruction> {
    let placed = workings().into_iter().map(Instruction::Place);
    let order = OrderId::from_bits(u128::MAX);
    let amend = |user, side, price, lots, extra| Instruction::Amend {
        order,
        user,
        side,
        price,
        lots,
        extra,
    };
    let statuses = STATUSES.map(Instruction::SetStatus);
    let others = [
        Instruction::Cancel(order),
        Instruction::CancelAll { user: ALICE, side: None },
        Instruction::CancelAll { user: ALICE, side: Some(Side::Buy) },
        Instruction::CancelAll { user: BOB, side: Some(Side::Sell) },
        amend(ALICE, Side::Buy, Some(Ticks::MAX), None, Amount::MAX),
        amend(ALICE, Side::Buy, Some(ticks(51)), Some(lots(9)), minor(1)),
        amend(BOB, Side::Sell, None, Some(Lots::MAX), Amount::ZERO),
        Instruction::CancelAfter { user: ALICE, deadline: None },
        Instruction::CancelAfter { user: ALICE, deadline: Some(Timestamp::MAX) },
    ];
    placed.chain(others).chain(statuses).collect()
}

/// Entries of every kind of placement and amendment, and one that stands for another.
pub(super) fn order_outcomes() -> Vec<Outcome> {
    let (pair, largest) = (mrc_usd().steps, largest_working().order);
    let placed = |order: Order| {
        let hold = order.hold(&pair).expect("not too large");
        Outcome::Placed(Placement { steps: pair, order, hold, client_order_id: None })
    };
    let named = Outcome::Placed(Placement {
        steps: largest_steps(),
        order: largest,
        hold: super::most_money(),
        client_order_id: Some("\"~".repeat(32).parse().expect("64 characters")),
    });
    let amended = |steps, price, lots, extra| {
        Outcome::Amended(Amendment { steps, order: largest.id, price, lots, extra })
    };
    let amendments = [
        amended(largest_steps(), Some(Ticks::MAX), Some(Lots::MAX), super::most_money()),
        amended(pair, Some(ticks(1)), None, usd("0")),
        amended(pair, None, Some(lots(1)), mrc("1.00")),
    ];
    let same = Outcome::SameAs(EntryId::from_bits(u128::MAX));
    orders().into_iter().map(placed).chain([named]).chain(amendments).chain([same]).collect()
}

/// A small fill and the largest.
pub(super) fn fills() -> Vec<Fill> {
    let (taker, maker) = (OrderId::from_bits(u128::MAX), OrderId::from_bits(7));
    let small = Fill {
        steps: mrc_usd().steps,
        number: 1,
        taker,
        maker,
        taker_side: Side::Buy,
        price: ticks(50),
        lots: lots(3),
        taker_fee: Amount::ZERO,
        maker_fee: Amount::ZERO,
    };
    let largest = Fill {
        steps: largest_steps(),
        number: u64::MAX,
        taker: maker,
        maker: taker,
        taker_side: Side::Sell,
        price: Ticks::MAX,
        lots: Lots::MAX,
        taker_fee: Amount::MAX,
        maker_fee: Amount::MAX,
    };
    vec![small, largest]
}

/// An order on [`mrc_usd`] that rests with this place in the queue.
pub(in crate::contract) fn resting(order: Order, sequence: u64, seq: u64) -> Resting {
    let begun = begun(order);
    let working = Working { tally: Tally { sequence, ..begun.tally }, ..begun };
    Resting { pair: mrc_usd().id(), working, seq }
}
