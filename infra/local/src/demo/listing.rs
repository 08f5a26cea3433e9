//! The markets that bots trade on: their steps, a price that drifts around what the rates say,
//! and what the public sees of them.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicI64, Ordering},
};

use domain::{
    amount::{Amount, Money},
    currency::{Currency, Scale},
    order::Side,
    pair::{Lots, Steps, Ticks},
    rate::UnitsPerBase,
};
use serde::Deserialize;

use super::{
    DemoError,
    chance::Chance,
    client::{Asking, Client},
};

/// The farthest from the middle that anyone bids, in ticks.
pub(super) const REACH: i64 = 10;
/// The largest order, in units of [`Listing::unit`].
pub(super) const UNITS_MAX: i64 = 10;
/// What a bot has of each currency: so many of the largest orders.
const ORDERS_PAID: i64 = 1_000;

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Page<T> {
    pub(super) data: Vec<T>,
    pub(super) next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Universe {
    id: u32,
    currency: String,
    decimals: u8,
    exchange_rate: String,
}

#[derive(Deserialize)]
struct Market {
    market: String,
    base: String,
    quote: String,
    status: String,
    tick_size: String,
    lot_size: String,
    min_notional: String,
    price_decimals: u8,
}

/// A market's prices; what there is not is absent.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Ticker {
    pub(super) last_price: Option<String>,
    pub(super) best_bid: Option<String>,
    pub(super) best_ask: Option<String>,
    pub(super) spread: Option<String>,
}

#[derive(Deserialize)]
struct Trade {
    number: u64,
}

/// A market that is open, and how bots see it.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) name: String,
    pub(super) steps: Steps,
    /// The middle, in ticks, and the range that it stays in.
    mid: AtomicI64,
    lowest: i64,
    highest: i64,
    /// Lots that are worth enough at every price.
    unit: i64,
}

/// What there is to trade, and where a new user may live.
pub(super) struct Listings {
    pub(super) open: Vec<Listing>,
    pub(super) home: u32,
}

/// Reads an amount.
pub(super) fn amount(text: &str, scale: Scale) -> Result<Amount, DemoError> {
    Amount::parse(text, scale).map_err(|_| DemoError::Odd(text.to_owned()))
}

/// The markets that are open for trading.
pub(super) async fn listings(client: &Client) -> Result<Listings, DemoError> {
    let answer = client.ask(&Asking::get("/api/v1/universes")).await?;
    let universes: Page<Universe> = answer.read("the list of universes")?;
    let answer = client.ask(&Asking::get("/api/v1/markets")).await?;
    let markets: Page<Market> = answer.read("the list of markets")?;
    let home = universes.data.first().map(|universe| universe.id).ok_or(DemoError::NoMarkets)?;
    let mut open = Vec::new();
    for market in markets.data.iter().filter(|market| market.status == "trading") {
        open.push(Listing::new(market, &universes.data)?);
    }
    if open.is_empty() { Err(DemoError::NoMarkets) } else { Ok(Listings { open, home }) }
}

impl Listing {
    fn new(market: &Market, universes: &[Universe]) -> Result<Self, DemoError> {
        let odd = || DemoError::Odd(market.market.clone());
        let (base, base_rate) = known(&market.base, universes)?;
        let (quote, quote_rate) = known(&market.quote, universes)?;
        let price_scale = Scale::new(market.price_decimals).ok_or_else(odd)?;
        let tick = amount(&market.tick_size, price_scale)?;
        let lot = amount(&market.lot_size, base.scale)?;
        let steps = Steps::new(base, quote, price_scale, tick, lot).map_err(|_| odd())?;
        let rated = rated(&steps, base_rate, quote_rate).ok_or_else(odd)?;
        // It neither halves nor doubles, and leaves room for who bids far below it.
        let lowest = (rated / 2).max(REACH + 1);
        let highest = rated.saturating_mul(2).max(lowest + REACH);
        let min_notional = amount(&market.min_notional, quote.scale)?.minor();
        let worth = steps.unit_value.saturating_mul(lowest - REACH).max(1);
        let unit = (min_notional / worth).saturating_add(1);
        let mid = AtomicI64::new(rated.clamp(lowest, highest));
        Ok(Self { name: market.market.clone(), steps, mid, lowest, highest, unit })
    }

    /// The middle, in ticks.
    pub(super) fn mid(&self) -> i64 {
        self.mid.load(Ordering::Relaxed)
    }

    /// Moves the middle a little, or not.
    pub(super) fn drift(&self, chance: &mut Chance) {
        let step = (self.mid() / 200).max(1).saturating_mul(chance.between(-1, 1));
        let next = self.mid().saturating_add(step).clamp(self.lowest, self.highest);
        self.mid.store(next, Ordering::Relaxed);
    }

    /// The price so many ticks to this side's disadvantage from the middle, in decimal.
    pub(super) fn price_text(&self, side: Side, off: i64) -> String {
        let ticks = match side {
            Side::Buy => self.mid().saturating_sub(off),
            Side::Sell => self.mid().saturating_add(off),
        };
        let ticks = Ticks::new(ticks.max(1)).unwrap_or(Ticks::MAX);
        self.steps.price_text(ticks)
    }

    fn lots(&self, units: i64) -> Lots {
        Lots::new(units.saturating_mul(self.unit)).unwrap_or(Lots::MAX)
    }

    /// A quantity of so many units, in decimal.
    pub(super) fn quantity_text(&self, units: i64) -> String {
        self.steps.quantity_text(self.lots(units))
    }

    /// What so many units are worth at the middle, in decimal, with something for fees.
    pub(super) fn funds_text(&self, units: i64) -> String {
        let worth = self.worth(self.mid().saturating_add(REACH), units);
        self.steps.quote_of(worth).decimal()
    }

    fn worth(&self, ticks: i64, units: i64) -> Amount {
        let price = Ticks::new(ticks.max(1)).unwrap_or(Ticks::MAX);
        self.steps.notional(price, self.lots(units)).unwrap_or(Amount::MAX)
    }

    /// What a bot needs to trade here.
    pub(super) fn needs(&self) -> [Money; 2] {
        let units = UNITS_MAX.saturating_mul(ORDERS_PAID);
        let base = self.steps.base_of(self.lots(units));
        [base, self.steps.quote_of(self.worth(self.highest, units))]
    }

    /// Its prices as the public sees them, at most 250 ms late.
    pub(super) async fn ticker(&self, client: &Client) -> Result<Ticker, DemoError> {
        let path = format!("/api/v1/markets/{}/ticker", self.name);
        client.ask(&Asking::get(&path)).await?.read("the ticker")
    }

    /// How many trades there have been, as the public sees it, at most 250 ms late.
    pub(super) async fn trades(&self, client: &Client) -> Result<u64, DemoError> {
        let path = format!("/api/v1/markets/{}/trades?limit=1", self.name);
        let page: Page<Trade> = client.ask(&Asking::get(&path)).await?.read("the trades")?;
        Ok(page.data.first().map_or(0, |trade| trade.number))
    }
}

/// The most that any market needs, by currency.
pub(super) fn needs(listings: &[Listing]) -> Vec<Money> {
    let mut most = BTreeMap::new();
    for money in listings.iter().flat_map(Listing::needs) {
        let known = most.entry(money.currency.code).or_insert(money);
        known.amount = known.amount.max(money.amount);
    }
    most.into_values().collect()
}

fn known(code: &str, universes: &[Universe]) -> Result<(Currency, UnitsPerBase), DemoError> {
    let odd = || DemoError::Odd(code.to_owned());
    let universe = universes.iter().find(|universe| universe.currency == code).ok_or_else(odd)?;
    let scale = Scale::new(universe.decimals).ok_or_else(odd)?;
    let currency = Currency { code: code.parse().map_err(|_| odd())?, scale };
    Ok((currency, universe.exchange_rate.parse().map_err(|_| odd())?))
}

/// What the rates say that a unit of the base currency costs, in whole ticks.
fn rated(steps: &Steps, base: UnitsPerBase, quote: UnitsPerBase) -> Option<i64> {
    let ten = |power: u8| 10_i128.checked_pow(power.into());
    // Below 10^18 * 10^9 * 10^8, which an `i128` holds.
    let above = i128::from(quote.mantissa())
        .checked_mul(ten(base.decimals())?)?
        .checked_mul(ten(steps.price_scale.decimals())?)?;
    let below = i128::from(base.mantissa())
        .checked_mul(ten(quote.decimals())?)?
        .checked_mul(i128::from(steps.tick.minor()))?;
    i64::try_from(above.checked_div(below)?).ok().map(|ticks| ticks.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(base: (&str, &str), quote: (&str, &str)) -> Listing {
        let universe = |id, (code, rate): (&str, &str)| Universe {
            id,
            currency: code.to_owned(),
            decimals: 2,
            exchange_rate: rate.to_owned(),
        };
        let market = Market {
            market: format!("{}-{}", base.0, quote.0),
            base: base.0.to_owned(),
            quote: quote.0.to_owned(),
            status: "trading".to_owned(),
            tick_size: "0.01".to_owned(),
            lot_size: "1.00".to_owned(),
            min_notional: "1.00".to_owned(),
            price_decimals: 2,
        };
        Listing::new(&market, &[universe(1, base), universe(2, quote)]).expect("a market")
    }

    #[test]
    fn the_middle_is_what_the_rates_say() {
        assert_eq!(listing(("MRC", "2.5"), ("USD", "1")).mid(), 40);
        assert_eq!(listing(("VNC", "0.75"), ("USD", "1")).mid(), 133);
        assert_eq!(listing(("MRC", "2.5"), ("VNC", "0.75")).mid(), 30);
        assert_eq!(listing(("AAA", "1000"), ("USD", "1")).mid(), REACH + 1, "room below");
    }

    #[test]
    fn the_smallest_order_is_worth_enough_wherever_the_middle_drifts() {
        let listing = listing(("MRC", "2.5"), ("USD", "1"));
        let mut chance = Chance::new(1, 0);
        for _ in 0..10_000 {
            listing.drift(&mut chance);
            assert!((20..=80).contains(&listing.mid()), "{}", listing.mid());
            let worth = listing.worth(listing.mid() - REACH, 1).minor();
            assert!(worth >= 100, "{worth}");
        }
    }

    #[test]
    fn prices_are_on_the_side_of_the_middle_that_costs_nothing_at_once() {
        let listing = listing(("MRC", "2.5"), ("USD", "1"));
        assert_eq!(listing.price_text(Side::Buy, 2), "0.38");
        assert_eq!(listing.price_text(Side::Sell, 2), "0.42");
        assert_eq!(listing.price_text(Side::Buy, -2), "0.42");
    }
}
