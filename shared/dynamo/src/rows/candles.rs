//! Candles, and how far they have come.

use app::ports::StoreError;
use domain::{
    candle::{Candle, Interval},
    pair::{PairId, Ticks},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{
    Row, corrupt, keys,
    spelling::{Spelled, counted, spelled, spelled_by_as_str},
};

spelled_by_as_str!(Interval);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Candle")]
pub(super) struct CandleRow {
    #[serde(with = "spelled")]
    pair: PairId,
    #[serde(with = "spelled")]
    interval: Interval,
    #[serde(with = "counted")]
    start: Timestamp,
    #[serde(with = "counted")]
    open: Ticks,
    #[serde(with = "counted")]
    high: Ticks,
    #[serde(with = "counted")]
    low: Ticks,
    #[serde(with = "counted")]
    close: Ticks,
    #[serde(with = "spelled")]
    lots: i128,
    #[serde(with = "spelled")]
    notional: i128,
    first: u64,
    last: u64,
}

/// Digits as text: no condition compares them, and serde knows no number of ours as large.
impl Spelled for i128 {
    fn spell(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number: &Self| number.spell() == text)
    }
}

/// The number of the event that a market's candles have come to.
pub(crate) fn candles_head(row: &Row) -> Result<u64, StoreError> {
    let digits = row.get(keys::SEQ).and_then(|number| number.as_n().ok());
    let seq = digits.and_then(|digits| digits.parse().ok());
    seq.ok_or_else(|| corrupt("candles without a number"))
}
