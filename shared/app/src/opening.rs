//! What a new market begins with: three universes and the pairs of their currencies. The local
//! market and the operator's command make the same. Who trades there is not known here.

use std::str::FromStr;

use domain::{
    amount::Amount,
    currency::{Currency, Scale},
    pair::{FeeBps, PairId, PairTerms},
    rate::SpreadBps,
    universe::NewUniverse,
};

use crate::{
    market::Market,
    pairs::{PairFailed, create_pair},
    perform::{Failed, Freshness},
    universes::create_universe,
};

const DECIMALS: u8 = 2;

/// Name, currency, and how many units of it make one base unit; in the order of their numbers.
const UNIVERSES: [[&str; 3]; 3] =
    [["Earth", "USD", "1"], ["Mars", "MRC", "2.5"], ["Venus", "VNC", "0.75"]];

/// The pairs, the oldest first, all with the same rules. A lot at one tick is worth 0.01, so that
/// no trade rounds.
const PAIRS: [&str; 3] = ["MRC-USD", "VNC-USD", "MRC-VNC"];
const TICK: &str = "0.01";
const LOT: &str = "1.00";
const MIN_NOTIONAL: &str = "1.00";
const MAKER_FEE_BPS: u16 = 10;
const TAKER_FEE_BPS: u16 = 20;
const COLLAR_BPS: u16 = 1_000;

/// The currency of the first universe, where administrators are at home.
pub const HOME_CURRENCY: &str = "USD";

/// Why a market is not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpeningFailed {
    /// A use case failed.
    #[error(transparent)]
    Failed(#[from] Failed),
    /// A pair could not be made.
    #[error(transparent)]
    Pair(#[from] PairFailed),
    /// A constant of ours is malformed.
    #[error("{0} is malformed")]
    Malformed(&'static str),
}

/// What a market lacks of what it begins with.
#[derive(Debug)]
pub struct Lacking {
    /// Universes whose currency nobody has.
    pub universes: Vec<NewUniverse>,
    /// Pairs that are not there.
    pub pairs: Vec<PairId>,
}

impl Lacking {
    /// What is not there now.
    ///
    /// # Errors
    /// The store's own.
    pub async fn of(market: &Market) -> Result<Self, OpeningFailed> {
        let known = market.rates.current(Freshness::Fresh).await.map_err(Failed::from)?;
        let mut universes = Vec::new();
        for [name, code, units_per_base] in UNIVERSES {
            let currency = Currency { code: parsed(code)?, scale: scale()? };
            if known.of_currency(currency.code).is_err() {
                let (name, units_per_base) = (parsed(name)?, parsed(units_per_base)?);
                let spread = SpreadBps::default();
                universes.push(NewUniverse { name, currency, units_per_base, spread });
            }
        }
        let known = market.pairs.all(Freshness::Fresh).await.map_err(Failed::from)?;
        let mut pairs = pairs()?.to_vec();
        pairs.retain(|id| !known.iter().any(|pair| pair.id() == *id));
        Ok(Self { universes, pairs })
    }

    /// Makes it, by the use cases that administrators reach.
    ///
    /// # Errors
    /// Whatever fails first; what was made by then stays, and is not lacking any more.
    pub async fn make(&self, market: &Market) -> Result<(), OpeningFailed> {
        for universe in &self.universes {
            create_universe(market, universe).await?;
        }
        for PairId { base, quote } in &self.pairs {
            create_pair(market, *base, *quote, terms()?).await?;
        }
        Ok(())
    }
}

/// The pairs that a market begins with, the oldest first.
///
/// # Errors
/// [`OpeningFailed::Malformed`], a bug of ours.
pub fn pairs() -> Result<[PairId; 3], OpeningFailed> {
    let [first, second, third] = PAIRS.map(parsed);
    Ok([first?, second?, third?])
}

fn terms() -> Result<PairTerms, OpeningFailed> {
    let scale = scale()?;
    let amount = |text| Amount::parse(text, scale).map_err(|_| OpeningFailed::Malformed(text));
    let fee = |bps| FeeBps::new(bps).ok_or(OpeningFailed::Malformed("a fee"));
    Ok(PairTerms {
        price_scale: scale,
        tick: amount(TICK)?,
        lot: amount(LOT)?,
        min_notional: amount(MIN_NOTIONAL)?,
        maker_fee: fee(MAKER_FEE_BPS)?,
        taker_fee: fee(TAKER_FEE_BPS)?,
        collar_bps: COLLAR_BPS,
    })
}

fn scale() -> Result<Scale, OpeningFailed> {
    Scale::new(DECIMALS).ok_or(OpeningFailed::Malformed("a scale"))
}

fn parsed<T: FromStr>(text: &'static str) -> Result<T, OpeningFailed> {
    text.parse().map_err(|_| OpeningFailed::Malformed(text))
}
