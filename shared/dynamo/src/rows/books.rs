//! Pairs and their books: commands, events, resting and closed orders, deadlines.

use app::ports::{Logged, StoreError};
use domain::{
    amount::Amount,
    command::{Command, CommandId, Instruction},
    commit::{ClosedOrder, Resting},
    id::{OrderId, UserId},
    market_event::MarketEvent,
    order::{Closed, Order, Side, Tally, Working},
    pair::{FeeBps, Lots, Pair, PairId, PairStatus, Steps, Ticks},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{
    Row, Stored, corrupt, keys, name_of,
    spelling::{Counted, Spelled, counted, counted_option, spelled, spelled_option},
    text,
};

#[derive(Serialize, Deserialize)]
#[serde(remote = "Pair")]
pub(super) struct PairRow {
    #[serde(with = "spelled")]
    steps: Steps,
    #[serde(with = "counted")]
    min_notional: Amount,
    #[serde(with = "counted")]
    maker_fee: FeeBps,
    #[serde(with = "counted")]
    taker_fee: FeeBps,
    collar_bps: u16,
    #[serde(with = "spelled")]
    status: PairStatus,
    version: u64,
    #[serde(with = "counted")]
    created_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Working")]
struct WorkingRow {
    #[serde(with = "spelled")]
    order: Order,
    #[serde(with = "spelled")]
    tally: Tally,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Command")]
pub(super) struct CommandRow {
    #[serde(with = "spelled")]
    pair: PairId,
    #[serde(with = "spelled")]
    id: CommandId,
    #[serde(with = "InstructionRow")]
    instruction: Instruction,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Instruction", rename_all = "snake_case")]
enum InstructionRow {
    Place(#[serde(with = "WorkingRow")] Working),
    Cancel(#[serde(with = "spelled")] OrderId),
    CancelAll {
        #[serde(with = "spelled")]
        user: UserId,
        #[serde(with = "spelled_option", default, skip_serializing_if = "Option::is_none")]
        side: Option<Side>,
    },
    Amend {
        #[serde(with = "spelled")]
        order: OrderId,
        #[serde(with = "spelled")]
        user: UserId,
        #[serde(with = "spelled")]
        side: Side,
        #[serde(with = "counted_option", default, skip_serializing_if = "Option::is_none")]
        price: Option<Ticks>,
        #[serde(with = "counted_option", default, skip_serializing_if = "Option::is_none")]
        lots: Option<Lots>,
        #[serde(with = "counted")]
        extra: Amount,
    },
    CancelAfter {
        #[serde(with = "spelled")]
        user: UserId,
        #[serde(with = "counted_option", default, skip_serializing_if = "Option::is_none")]
        deadline: Option<Timestamp>,
    },
    SetStatus(#[serde(with = "spelled")] PairStatus),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Resting")]
pub(super) struct RestingRow {
    #[serde(with = "spelled")]
    pair: PairId,
    #[serde(with = "WorkingRow")]
    working: Working,
    seq: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ClosedOrder")]
pub(super) struct ClosedOrderRow {
    #[serde(with = "spelled")]
    pair: PairId,
    #[serde(with = "WorkingRow")]
    working: Working,
    #[serde(with = "spelled")]
    reason: Closed,
    #[serde(with = "counted")]
    at: Timestamp,
    seq: u64,
}

/// A row of a pair's log: one whose place can be read, even if nothing else can.
pub(crate) fn logged(row: Row) -> Result<Logged, StoreError> {
    let id = keys::kind_of(&row).and_then(CommandId::read);
    let id = id.ok_or_else(|| corrupt(format!("{}: no place in a log", name_of(&row))))?;
    let pair = keys::part_of(&row, keys::LOG).and_then(PairId::read);
    Ok(match Command::from_row(row) {
        Ok(command) if command.id == id && Some(command.pair) == pair => Logged::Command(command),
        Ok(_) | Err(_) => Logged::Unreadable(id),
    })
}

/// Whose orders end, and when.
pub(crate) fn deadline(row: &Row) -> Result<(UserId, Timestamp), StoreError> {
    let user = keys::kind_of(row).and_then(UserId::read);
    let millis = row.get(keys::DEADLINE).and_then(|millis| millis.as_n().ok()?.parse().ok());
    let found = user.zip(millis.and_then(Timestamp::of));
    found.ok_or_else(|| corrupt(format!("{}: no deadline", name_of(row))))
}

/// One text, whose size is known before it is written.
impl Stored for MarketEvent {
    fn to_row(&self) -> Result<Row, StoreError> {
        let mut row = keys::event(self.pair, self.head.seq);
        row.insert("event".to_owned(), text(self.body()));
        if self.trades().next().is_some() {
            row.insert("traded".to_owned(), text(self.pair.spell()));
        }
        Ok(row)
    }

    fn from_row(row: Row) -> Result<Self, StoreError> {
        let pair = keys::part_of(&row, Self::PARTITION).and_then(PairId::read);
        let seq = keys::kind_of(&row).and_then(keys::seq_of);
        let body = row.get("event").and_then(|body| body.as_s().ok());
        let event =
            pair.zip(seq).zip(body).and_then(|((pair, seq), body)| Self::parse(pair, seq, body));
        event.ok_or_else(|| corrupt(format!("{}: no event", name_of(&row))))
    }
}
