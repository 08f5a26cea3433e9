//! The keys of what is told of what happened: changes of accounts, statements, totals, candles.

use app::ports::{HEAD_PARTS, LinePlace};
use domain::{
    activity::Activity,
    candle::{Candle, Interval},
    currency::CurrencyCode,
    id::{EntryId, UserId, WalletId},
    pair::PairId,
    statement::{StatementHead, StatementLine},
    time::Timestamp,
    totals::Minute,
};

use super::{Row, Spelled, in_part, seq_key, time_key};

/// The attribute with the number of the event that was folded last into candles.
pub(crate) const SEQ: &str = "seq";

/// The partition of a wallet's lines.
pub(crate) fn lines_of(wallet: WalletId) -> String {
    format!("lines#{}", wallet.spell())
}

/// A line's place within its partition.
pub(crate) fn line_key(place: LinePlace) -> String {
    format!("{}#{}", time_key(place.at.millis()), seq_key(place.line))
}

/// One of the partitions of the heads of statements.
pub(crate) fn heads_in(part: u8) -> String {
    format!("heads#{part:02x}")
}

pub(crate) fn statement_head(user: UserId) -> Row {
    let part = u8::try_from(user.bits() % u128::from(HEAD_PARTS)).unwrap_or_default();
    in_part(heads_in(part), user.spell())
}

/// A currency's totals: of all that was ever folded, or of a minute.
pub(crate) fn totals_of(code: CurrencyCode, minute: Option<Minute>) -> Row {
    let kind = match minute {
        None => "all".to_owned(),
        Some(minute) => format!("minute#{}", time_key(minute.start().millis())),
    };
    in_part(format!("totals#{code}"), kind)
}

/// The marker of an entry that is in the totals.
pub(crate) fn folded(entry: EntryId) -> Row {
    in_part(format!("folded#{}", entry.spell()), "folded")
}

/// The partition of a pair's candles of an interval.
pub(crate) fn candles_of(pair: PairId, interval: Interval) -> String {
    format!("candles#{pair}#{}", interval.as_str())
}

/// A candle's place within its partition.
pub(crate) fn candle_key(start: Timestamp) -> String {
    time_key(start.millis())
}

pub(crate) fn candles_head(pair: PairId) -> Row {
    in_part(format!("candles#{pair}"), "head")
}

pub(in crate::rows) fn of_activity(value: &Activity, row: &mut Row) {
    row.extend(in_part(value.user.spell(), seq_key(value.version)));
}

pub(in crate::rows) fn of_line(value: &StatementLine, row: &mut Row) {
    row.extend(in_part(lines_of(value.wallet), line_key(LinePlace::of(value))));
}

pub(in crate::rows) fn of_statement_head(value: &StatementHead, row: &mut Row) {
    row.extend(statement_head(value.user));
}

pub(in crate::rows) fn of_candle(value: &Candle, row: &mut Row) {
    row.extend(in_part(candles_of(value.pair, value.interval), candle_key(value.start)));
}
