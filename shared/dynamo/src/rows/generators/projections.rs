//! Any change of an account, line, head, totals, candle and connection, and the largest of each.

use app::ports::{Connection, ConnectionId};
use domain::{
    account::Balance,
    activity::{Activity, Occasion, WalletChange},
    amount::Amount,
    candle::{Candle, Interval},
    currency::CurrencyCode,
    id::{EntryId, UserId, WalletId},
    pair::Ticks,
    statement::{ChainHash, StatementHead, StatementLine, Tip},
    time::Timestamp,
    totals::Totals,
};
use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
    sample::select,
};

use super::{
    amounts,
    books::{pair_ids, prices},
    codes, entry_ids, news, times, users,
};

pub(crate) fn balances() -> impl Strategy<Value = Balance> {
    (amounts(), amounts()).prop_map(|(available, held)| Balance { available, held })
}

fn parts() -> impl Strategy<Value = (i64, i64)> {
    let most = Amount::MAX.minor();
    (-most..=most, -most..=most)
}

pub(crate) fn wallet_changes() -> impl Strategy<Value = WalletChange> {
    (codes(), parts(), balances()).prop_map(|(code, (available, held), after)| WalletChange {
        code,
        available,
        held,
        after,
    })
}

pub(crate) fn activities() -> impl Strategy<Value = Activity> {
    let what = (option::of(entry_ids()), news(), vec(wallet_changes(), 0..4));
    (users(), any::<u64>(), times(), what).prop_map(
        |(user, version, at, (entry, news, wallets))| Activity {
            user,
            version,
            at,
            entry,
            news,
            wallets,
        },
    )
}

fn occasions() -> impl Strategy<Value = Occasion> {
    select(vec![Occasion::Opened, Occasion::Deposit, Occasion::Matched, Occasion::CarriedForward])
}

fn hashes() -> impl Strategy<Value = ChainHash> {
    any::<[u8; 32]>().prop_map(ChainHash)
}

pub(crate) fn lines() -> impl Strategy<Value = StatementLine> {
    let whose = (users(), codes(), any::<u64>(), any::<u64>(), times());
    let what = (option::of(entry_ids()), occasions(), parts(), balances());
    (whose, what, hashes(), hashes()).prop_map(
        |(
            (owner, currency, line, version, at),
            (entry, occasion, (available, held), after),
            previous,
            hash,
        )| StatementLine {
            wallet: WalletId { owner, currency },
            line,
            version,
            at,
            entry,
            occasion,
            available,
            held,
            after,
            previous,
            hash,
        },
    )
}

pub(crate) fn statement_heads() -> impl Strategy<Value = StatementHead> {
    let tips = (any::<u64>(), times(), balances(), hashes())
        .prop_map(|(line, at, after, hash)| Tip { line, at, after, hash });
    (users(), any::<u64>(), btree_map(codes(), tips, 0..4))
        .prop_map(|(user, version, wallets)| StatementHead { user, version, wallets })
}

/// As large as numbers of 38 digits are.
pub(crate) fn any_totals() -> impl Strategy<Value = Totals> {
    let most = 10_i128.pow(38) - 1;
    prop::array::uniform7(-most..=most).prop_map(
        |[users_available, users_held, world, pool, fees, dust, venues]| Totals {
            users_available,
            users_held,
            world,
            pool,
            fees,
            dust,
            venues,
        },
    )
}

pub(crate) fn candles() -> impl Strategy<Value = Candle> {
    let prices = [(); 4].map(|()| prices());
    let sums = (any::<i128>(), any::<i128>(), any::<u64>(), any::<u64>());
    (pair_ids(), select(Interval::ALL.to_vec()), times(), prices, sums).prop_map(
        |(pair, interval, start, [open, high, low, close], (lots, notional, first, last))| Candle {
            pair,
            interval,
            start,
            open,
            high,
            low,
            close,
            lots,
            notional,
            first,
            last,
        },
    )
}

pub(crate) fn connections() -> impl Strategy<Value = Connection> {
    ("[!-~]{1,128}", users(), times(), any::<bool>()).prop_map(
        |(id, user, connected_at, noticed)| Connection {
            id: ConnectionId(id),
            user,
            connected_at,
            noticed,
        },
    )
}

fn longest_code() -> CurrencyCode {
    "VENUS".parse().expect("a code")
}

fn most() -> Balance {
    Balance { available: Amount::MAX, held: Amount::MAX }
}

pub(crate) fn largest_change() -> WalletChange {
    let (available, held) = (-Amount::MAX.minor(), -Amount::MAX.minor());
    WalletChange { code: longest_code(), available, held, after: most() }
}

pub(crate) fn largest_line() -> StatementLine {
    let owner = UserId::from_bits(u128::MAX);
    StatementLine {
        wallet: WalletId { owner, currency: longest_code() },
        line: u64::MAX,
        version: u64::MAX,
        at: Timestamp::MAX,
        entry: Some(EntryId::from_bits(u128::MAX)),
        occasion: Occasion::CarriedForward,
        available: -Amount::MAX.minor(),
        held: -Amount::MAX.minor(),
        after: most(),
        previous: ChainHash([0xff; 32]),
        hash: ChainHash([0xff; 32]),
    }
}

pub(crate) fn largest_tip() -> Tip {
    let StatementLine { line, at, after, hash, .. } = largest_line();
    Tip { line, at, after, hash }
}

pub(crate) fn largest_candle() -> Candle {
    Candle {
        pair: "VENUS-TERRA".parse().expect("a pair"),
        interval: Interval::FiveMinutes,
        start: Timestamp::MAX,
        open: Ticks::MAX,
        high: Ticks::MAX,
        low: Ticks::MAX,
        close: Ticks::MAX,
        lots: i128::MAX,
        notional: i128::MAX,
        first: u64::MAX,
        last: u64::MAX,
    }
}

pub(crate) fn largest_connection() -> Connection {
    Connection {
        id: ConnectionId("~".repeat(128)),
        user: UserId::from_bits(u128::MAX),
        connected_at: Timestamp::MAX,
        noticed: true,
    }
}
