//! Any pair, order, command and event, and the largest of each.

use domain::{
    amount::{Amount, Money},
    book::Standing,
    command::{Command, CommandId, Instruction},
    commit::{ClosedOrder, Resting},
    id::{OrderId, UserId},
    ledger::{Amendment, Fill, Placement},
    market_event::{Change, Head, MarketEvent, Trade},
    order::{
        ClientOrderId, Closed, Order, OrderKind, OrderStatus, SelfTradePrevention, Side, Size,
        Tally, TimeInForce, Working,
    },
    pair::{FeeBps, Lots, Pair, PairId, PairStatus, Steps, Ticks},
    refusal::Refusal,
    time::Timestamp,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{amounts, monies, most, times, users};
use crate::rows::Spelled;

/// What a tick and a lot can be depends on each other, so these are a few.
pub(crate) fn steps() -> impl Strategy<Value = Steps> {
    let few = ["MRC/2 USD/2 2 1 100 1", "ABC/0 XYZ/8 8 1 1 1"].map(steps_of);
    select([few[0], few[1], longest_steps()].to_vec())
}

fn steps_of(text: &str) -> Steps {
    Spelled::read(text).expect("steps")
}

pub(super) fn pair_ids() -> impl Strategy<Value = PairId> {
    select(["MRC-USD", "VENUS-TERRA"].map(|pair| pair.parse().expect("a pair")).to_vec())
}

fn order_ids() -> impl Strategy<Value = OrderId> {
    any::<u128>().prop_map(OrderId::from_bits)
}

fn sides() -> impl Strategy<Value = Side> {
    select(vec![Side::Buy, Side::Sell])
}

pub(super) fn prices() -> impl Strategy<Value = Ticks> {
    (1..=Ticks::MAX.count()).prop_map(|ticks| Ticks::new(ticks).expect("ticks"))
}

fn lots() -> impl Strategy<Value = Lots> {
    (0..=Lots::MAX.count()).prop_map(|lots| Lots::new(lots).expect("lots"))
}

fn fees() -> impl Strategy<Value = FeeBps> {
    (0..=FeeBps::MAX).prop_map(|bps| FeeBps::new(bps).expect("a fee"))
}

fn statuses() -> impl Strategy<Value = PairStatus> {
    select(vec![PairStatus::Trading, PairStatus::CancelOnly, PairStatus::Halted])
}

fn orders() -> impl Strategy<Value = Order> {
    let kinds = select(vec![OrderKind::Limit, OrderKind::Market]);
    let stays = select(vec![
        TimeInForce::GoodTilCancelled,
        TimeInForce::ImmediateOrCancel,
        TimeInForce::FillOrKill,
    ]);
    let prevents = select(vec![
        SelfTradePrevention::CancelNewest,
        SelfTradePrevention::CancelOldest,
        SelfTradePrevention::CancelBoth,
        SelfTradePrevention::DecrementAndCancel,
    ]);
    let sizes = prop_oneof![lots().prop_map(Size::Lots), amounts().prop_map(Size::Funds)];
    let words = (sides(), kinds, stays, any::<bool>(), prevents);
    (order_ids(), users(), words, prices(), sizes, fees(), fees(), times()).prop_map(
        |(id, user, words, price, size, maker_fee, taker_fee, placed_at)| {
            let (side, kind, time_in_force, post_only, self_trade_prevention) = words;
            Order {
                id,
                user,
                side,
                kind,
                time_in_force,
                post_only,
                self_trade_prevention,
                price,
                size,
                maker_fee,
                taker_fee,
                placed_at,
            }
        },
    )
}

fn tallies() -> impl Strategy<Value = Tally> {
    let counts = [lots(), lots(), lots(), lots()];
    (counts, [amounts(), amounts(), amounts()], 0_u16..10_000, any::<u64>()).prop_map(
        |([executed, open, cancelled, prevented], money, fee_credit, sequence)| {
            let [notional, fees, reserved] = money;
            Tally {
                executed,
                open,
                cancelled,
                prevented,
                notional,
                fees,
                fee_credit,
                reserved,
                sequence,
            }
        },
    )
}

fn workings() -> impl Strategy<Value = Working> {
    (orders(), tallies()).prop_map(|(order, tally)| Working { order, tally })
}

pub(crate) fn pairs() -> impl Strategy<Value = Pair> {
    let fees = (fees(), fees(), 1_u16..10_000);
    (steps(), amounts(), fees, statuses(), any::<u64>(), times()).prop_map(
        |(steps, min_notional, fees, status, version, created_at)| {
            let (maker_fee, taker_fee, collar_bps) = fees;
            Pair {
                steps,
                min_notional,
                maker_fee,
                taker_fee,
                collar_bps,
                status,
                version,
                created_at,
            }
        },
    )
}

fn command_ids() -> impl Strategy<Value = CommandId> {
    (times(), any::<u128>()).prop_map(|(at, bits)| CommandId { at, bits })
}

pub(crate) fn commands() -> impl Strategy<Value = Command> {
    let changes = (option::of(prices()), option::of(lots()), amounts());
    let amendments = (order_ids(), users(), sides(), changes).prop_map(
        |(order, user, side, (price, lots, extra))| Instruction::Amend {
            order,
            user,
            side,
            price,
            lots,
            extra,
        },
    );
    let instructions = prop_oneof![
        workings().prop_map(Instruction::Place),
        order_ids().prop_map(Instruction::Cancel),
        (users(), option::of(sides()))
            .prop_map(|(user, side)| Instruction::CancelAll { user, side }),
        amendments,
        (users(), option::of(times()))
            .prop_map(|(user, deadline)| Instruction::CancelAfter { user, deadline }),
        statuses().prop_map(Instruction::SetStatus),
    ];
    (pair_ids(), command_ids(), instructions).prop_map(|(pair, id, instruction)| Command {
        pair,
        id,
        instruction,
    })
}

pub(crate) fn resting() -> impl Strategy<Value = Resting> {
    (pair_ids(), workings(), any::<u64>()).prop_map(|(pair, working, seq)| Resting {
        pair,
        working,
        seq,
    })
}

pub(crate) fn closed_orders() -> impl Strategy<Value = ClosedOrder> {
    let reasons = select(vec![
        Closed::Filled,
        Closed::Cancelled,
        Closed::Deadline,
        Closed::Expired,
        Closed::SelfTrade,
        Closed::WouldTake,
        Closed::MarketClosed,
        Closed::BalanceLimit,
    ]);
    (pair_ids(), workings(), reasons, times(), any::<u64>())
        .prop_map(|(pair, working, reason, at, seq)| ClosedOrder { pair, working, reason, at, seq })
}

fn changes() -> impl Strategy<Value = Change> {
    (0..3, any::<u64>(), order_ids(), sides(), prices(), lots()).prop_map(
        |(kind, number, order, side, price, lots)| match kind {
            0 => Change::Rested { order, side, price, lots },
            1 => Change::Removed { order, side, price, lots },
            _ => Change::Traded(Trade { number, maker: order, taker_side: side, price, lots }),
        },
    )
}

pub(crate) fn events() -> impl Strategy<Value = MarketEvent> {
    let standings = (statuses(), any::<u64>(), any::<u64>(), option::of(prices())).prop_map(
        |(status, sequence, trades, last_price)| Standing { status, sequence, trades, last_price },
    );
    let heads = (any::<u64>(), standings, option::of(command_ids()))
        .prop_map(|(seq, standing, begun)| Head { seq, standing, begun });
    (pair_ids(), heads, times(), vec(changes(), 0..40))
        .prop_map(|(pair, head, at, changes)| MarketEvent { pair, head, at, changes })
}

pub(super) fn fills() -> impl Strategy<Value = Fill> {
    let sizes = (prices(), lots(), amounts(), amounts());
    (steps(), any::<u64>(), order_ids(), order_ids(), sides(), sizes).prop_map(
        |(steps, number, taker, maker, taker_side, sizes)| {
            let (price, lots, taker_fee, maker_fee) = sizes;
            Fill { steps, number, taker, maker, taker_side, price, lots, taker_fee, maker_fee }
        },
    )
}

pub(super) fn placements() -> impl Strategy<Value = Placement> {
    let own_ids = "[!-~]{1,64}".prop_map(|id| id.parse::<ClientOrderId>().expect("an id"));
    (steps(), orders(), monies(), option::of(own_ids)).prop_map(
        |(steps, order, hold, client_order_id)| Placement { steps, order, hold, client_order_id },
    )
}

pub(super) fn amendments() -> impl Strategy<Value = Amendment> {
    (steps(), order_ids(), option::of(prices()), option::of(lots()), monies()).prop_map(
        |(steps, order, price, lots, extra)| Amendment { steps, order, price, lots, extra },
    )
}

pub(super) fn refusals() -> impl Strategy<Value = Refusal> {
    let plain = select(vec![
        Refusal::NoReferencePrice,
        Refusal::ClientOrderIdReused,
        Refusal::NotAmendable,
    ]);
    let order_statuses = select(vec![
        OrderStatus::Pending,
        OrderStatus::Open,
        OrderStatus::PartiallyFilled,
        OrderStatus::Filled,
        OrderStatus::Cancelled,
        OrderStatus::Expired,
        OrderStatus::Rejected,
    ]);
    prop_oneof![
        plain,
        statuses().prop_map(|status| Refusal::MarketNotTrading { status }),
        (monies(), monies())
            .prop_map(|(min, notional)| Refusal::BelowMinNotional { min, notional }),
        order_statuses.prop_map(|status| Refusal::OrderClosed { status }),
        pair_ids().prop_map(|pair| Refusal::PairTaken { pair }),
    ]
}

/// Steps of which each number has as many digits as it can have beside the others.
pub(crate) fn longest_steps() -> Steps {
    steps_of("VENUS/8 TERRA/0 8 1000000000000000000 10000000000000000 1000000000000000000")
}

/// An order, and how far it has come, of which each number is as large as it can be.
pub(crate) fn largest_working() -> Working {
    let order = Order {
        id: OrderId::from_bits(u128::MAX),
        user: UserId::from_bits(u128::MAX),
        side: Side::Buy,
        kind: OrderKind::Market,
        time_in_force: TimeInForce::FillOrKill,
        post_only: true,
        self_trade_prevention: SelfTradePrevention::DecrementAndCancel,
        price: Ticks::MAX,
        size: Size::Funds(Amount::MAX),
        maker_fee: FeeBps::new(FeeBps::MAX).expect("a fee"),
        taker_fee: FeeBps::new(FeeBps::MAX).expect("a fee"),
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

/// The largest fill.
pub(crate) fn largest_fill() -> Fill {
    Fill {
        steps: longest_steps(),
        number: u64::MAX,
        taker: OrderId::from_bits(u128::MAX),
        maker: OrderId::from_bits(u128::MAX - 1),
        taker_side: Side::Sell,
        price: Ticks::MAX,
        lots: Lots::MAX,
        taker_fee: Amount::MAX,
        maker_fee: Amount::MAX,
    }
}

/// The largest placement and the largest amendment.
pub(crate) fn largest_requests() -> (Placement, Amendment) {
    let hold: Money = most("TERRA");
    let order = largest_working().order;
    let own_id = "x".repeat(64).parse().expect("an id");
    (
        Placement { steps: longest_steps(), order, hold, client_order_id: Some(own_id) },
        Amendment {
            steps: longest_steps(),
            order: order.id,
            price: Some(Ticks::MAX),
            lots: Some(Lots::MAX),
            extra: hold,
        },
    )
}
