//! What is said of a run, on its way and at its end. What happened, others have counted.

use std::{collections::BTreeMap, fmt, time::Duration};

use super::{bot::Reckoning, floor::Tally, listing::Ticker};

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Orders that were sent.
    pub placed: u64,
    /// Those that were accepted.
    pub accepted: u64,
    /// Those that were refused, by the code.
    pub refused: BTreeMap<String, u64>,
    /// Orders that were filled whole.
    pub filled: u64,
    /// Orders that were filled in part.
    pub filled_in_part: u64,
    /// Orders that are not over: none, if they were not to be kept.
    pub open: u64,
    /// How long the trading took.
    pub took: Duration,
    /// The bots' usernames.
    pub users: Vec<String>,
    /// The markets that were traded on.
    pub markets: Vec<MarketSummary>,
}

/// A market as it was when the trading ended, before all was cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketSummary {
    /// Its name.
    pub market: String,
    /// The price of the last trade.
    pub last_price: Option<String>,
    /// The highest price that was bid.
    pub best_bid: Option<String>,
    /// The lowest price that was asked.
    pub best_ask: Option<String>,
    /// What lay between the two.
    pub spread: Option<String>,
    /// Trades during the run, anyone's.
    pub trades: u64,
}

impl MarketSummary {
    pub(super) fn new(market: &str, ticker: Ticker, trades: u64) -> Self {
        let Ticker { last_price, best_bid, best_ask, spread } = ticker;
        Self { market: market.to_owned(), last_price, best_bid, best_ask, spread, trades }
    }
}

impl Summary {
    pub(super) fn new(
        tally: Tally,
        reckoning: Reckoning,
        took: Duration,
        users: Vec<String>,
        markets: Vec<MarketSummary>,
    ) -> Self {
        let Tally { placed, accepted, refused } = tally;
        let Reckoning { filled, filled_in_part, open } = reckoning;
        Self { placed, accepted, refused, filled, filled_in_part, open, took, users, markets }
    }

    /// Trades in all markets during the run.
    #[must_use]
    pub fn trades(&self) -> u64 {
        self.markets.iter().map(|market| market.trades).sum()
    }
}

/// Orders in a few words.
pub(super) fn orders(tally: &Tally) -> String {
    let mut text = format!("{} orders placed, {} accepted", tally.placed, tally.accepted);
    for (code, times) in &tally.refused {
        text = format!("{text}, {times} refused ({code})");
    }
    text
}

/// A market's prices in a few words.
pub(super) fn prices(market: &str, ticker: &Ticker) -> String {
    let or_none = |price: &Option<String>| price.clone().unwrap_or_else(|| "-".to_owned());
    let Ticker { last_price, best_bid, best_ask, .. } = ticker;
    let [last, bid, ask] = [last_price, best_bid, best_ask].map(or_none);
    format!("{market} {last} ({bid} / {ask})")
}

impl fmt::Display for Summary {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { placed, accepted, refused, filled, filled_in_part, .. } = self;
        let (placed, refused) = (*placed, refused.clone());
        let tally = Tally { placed, accepted: *accepted, refused };
        let seconds = self.took.as_secs_f64();
        write!(out, "{} in {seconds:.1} s; ", orders(&tally))?;
        write!(out, "{filled} filled, {filled_in_part} in part; {} trades", self.trades())?;
        for market in &self.markets {
            let ticker = Ticker {
                last_price: market.last_price.clone(),
                best_bid: market.best_bid.clone(),
                best_ask: market.best_ask.clone(),
                spread: None,
            };
            let spread = market.spread.as_deref().unwrap_or("-");
            write!(out, "\n  {}, ", prices(&market.market, &ticker))?;
            write!(out, "spread {spread}, {} trades", market.trades)?;
        }
        match self.open {
            0 => write!(out, "\nAll orders of the bots are over."),
            open => write!(out, "\n{open} of these orders are on the books, to be traded with."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_says_what_was_placed_filled_and_traded() {
        let refused = BTreeMap::from([("no_reference_price".to_owned(), 2)]);
        let tally = Tally { placed: 10, accepted: 8, refused };
        let reckoning = Reckoning { filled: 3, filled_in_part: 1, open: 0 };
        let text = |text: &str| Some(text.to_owned());
        let ticker = Ticker {
            last_price: text("0.40"),
            best_bid: text("0.39"),
            best_ask: None,
            spread: None,
        };
        let markets = vec![MarketSummary::new("MRC-USD", ticker, 5)];
        let took = Duration::from_millis(1_250);
        let mut summary = Summary::new(tally, reckoning, took, Vec::new(), markets);
        assert_eq!(
            summary.to_string(),
            "10 orders placed, 8 accepted, 2 refused (no_reference_price) in 1.2 s; \
             3 filled, 1 in part; 5 trades\n  \
             MRC-USD 0.40 (0.39 / -), spread -, 5 trades\n\
             All orders of the bots are over."
        );
        summary.open = 2;
        let last = "\n2 of these orders are on the books, to be traded with.";
        assert!(summary.to_string().ends_with(last), "{summary}");
    }
}
