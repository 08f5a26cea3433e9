//! Bots that trade on a running market through its public API, so that a newcomer sees a living
//! book. They are bounded, and leave nothing behind but trades and money, or also their last
//! orders, to be traded with. How the market comes to its answers is not known here.

mod bot;
mod chance;
pub(crate) mod client;
mod floor;
mod listing;
mod session;
mod summary;

use std::{convert::Infallible, future::pending, time::Duration};

use app::ports::Entropy;
use edge::system::SystemEntropy;
use futures_util::future::{join_all, try_join_all};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use bot::{Bot, Reckoning};
use chance::Chance;
use client::Client;
use floor::Floor;
use listing::{Listing, Listings, Ticker, listings, needs};
use session::Session;

pub use client::NoAnswer;
pub use summary::{MarketSummary, Summary};

/// How often progress is told.
const TOLD_EVERY: Duration = Duration::from_secs(1);
/// Older than this, no public answer about a book is: 250 ms, and some for the way.
const PUBLIC_AFTER: Duration = Duration::from_millis(300);

/// What a run is bounded by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The market's address, as in `http://localhost:8000`.
    pub url: String,
    /// Orders to place in all.
    pub orders: u64,
    /// Bots.
    pub bots: usize,
    /// Orders a second at most; 0: as many as the market takes.
    pub rate: u32,
    /// What decides all that is left to chance.
    pub seed: u64,
    /// Whether what rests at the end is left on the books; else it is cancelled.
    pub keep: bool,
}

/// Why a run failed. Unless it says otherwise, no order was left open that was not to be kept.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// There is no market at the address.
    #[error("nobody answers at {url}: start the market there first")]
    Nobody {
        /// The address.
        url: String,
        /// Why not.
        source: NoAnswer,
    },
    /// The market stopped answering. Orders may be left open: the next run cancels them.
    #[error("{what} was given up after {tries} tries")]
    GivenUp {
        /// What was asked.
        what: String,
        /// How often.
        tries: u32,
        /// What came of the last try.
        source: NoAnswer,
    },
    /// The market refused what it should not.
    #[error("{what} was refused with {status}: {code}: {detail}")]
    Refused {
        /// What was asked.
        what: String,
        /// The status.
        status: u16,
        /// Why, for programs.
        code: String,
        /// Why, for people.
        detail: String,
    },
    /// An answer is not of the shape that is documented.
    #[error("{what} is not understood")]
    NotUnderstood {
        /// What was asked.
        what: String,
        /// Why not.
        source: serde_json::Error,
    },
    /// Something in an answer is not what it should be.
    #[error("{0:?} makes no sense")]
    Odd(String),
    /// No market is open.
    #[error("no market is open for trading")]
    NoMarkets,
    /// Someone else has a bot's name.
    #[error("the user {0} is there already, but not as a bot")]
    Stranger(String),
    /// The market does not come to a cancellation: its matcher stands still.
    #[error("the orders of {username} in {market} are not cancelled yet")]
    NotCancelled {
        /// The bot's user.
        username: String,
        /// The market.
        market: String,
    },
    /// So many orders are open after all were cancelled.
    #[error("{0} orders are still open")]
    StillOpen(u64),
}

/// Trades until all orders are placed or `stop` ends, cancels what is open if it is not to be
/// kept, and sees that it is. Progress is said at most once a second.
///
/// # Errors
/// [`DemoError`]; whatever it is, every bot has tried to cancel what is not to be kept.
pub async fn run(
    options: &Options,
    stop: impl Future<Output = ()>,
    mut say: impl FnMut(&str),
) -> Result<Summary, DemoError> {
    let client = Client::new(&options.url);
    client.knock().await?;
    let Listings { open, home } = listings(&client).await?;
    let mut bots = gather(&client, options, &open, home).await?;
    let before = trades(&client, &open).await?;
    let floor = Floor::new(options.orders, options.rate);
    let names: Vec<_> = open.iter().map(|listing| listing.name.as_str()).collect();
    say(&format!("{} bots trade on {}", bots.len(), names.join(", ")));

    let began = Instant::now();
    let trading = join_all(bots.iter_mut().map(|bot| trade(bot, &floor, &open)));
    let stopping = async {
        stop.await;
        floor.stop();
        pending::<Infallible>().await
    };
    let traded = tokio::select! {
        traded = trading => traded,
        never = stopping => match never {},
        never = tell(&client, &open, &floor, &mut say) => match never {},
    };
    let took = began.elapsed();
    let last_seen = tickers(&client, &open).await;

    let cancels = if options.keep { &[] } else { open.as_slice() };
    let left = join_all(bots.iter_mut().map(|bot| bot.leave(cancels))).await;
    traded.into_iter().collect::<Result<(), _>>()?;
    let left = left.into_iter().collect::<Result<Vec<_>, _>>()?;
    let reckoning = left.into_iter().fold(Reckoning::default(), Reckoning::with);
    if !options.keep && reckoning.open > 0 {
        return Err(DemoError::StillOpen(reckoning.open));
    }
    sleep(PUBLIC_AFTER).await;
    let after = trades(&client, &open).await?;
    let users = (0..options.bots).map(username).collect();
    let counts = before.into_iter().zip(after).map(|(before, after)| after.saturating_sub(before));
    let markets = open.iter().zip(last_seen?).zip(counts);
    let markets = markets
        .map(|((listing, ticker), trades)| MarketSummary::new(&listing.name, ticker, trades))
        .collect();
    Ok(Summary::new(floor.tally(), reckoning, took, users, markets))
}

fn username(number: usize) -> String {
    format!("demo_bot_{}", number.saturating_add(1))
}

/// Signs the bots up or logs them in, and gives them money.
async fn gather(
    client: &Client,
    options: &Options,
    listings: &[Listing],
    home: u32,
) -> Result<Vec<Bot>, DemoError> {
    let run = format!("demo-{:032x}", SystemEntropy::default().bits());
    let (run, needs) = (run.as_str(), needs(listings));
    let bots = (0..options.bots).zip(0_u64..).map(|(number, stream)| {
        let needs = needs.as_slice();
        async move {
            let mut session = Session::open(client, username(number), home, run).await?;
            for money in needs {
                session.endow(*money).await?;
            }
            Ok(Bot::new(session, number, Chance::new(options.seed, stream)))
        }
    });
    try_join_all(bots).await
}

/// If one bot cannot go on, all end: what is open must be cancelled.
async fn trade(bot: &mut Bot, floor: &Floor, listings: &[Listing]) -> Result<(), DemoError> {
    let traded = bot.trade(floor, listings).await;
    if traded.is_err() {
        floor.stop();
    }
    traded
}

async fn trades(client: &Client, listings: &[Listing]) -> Result<Vec<u64>, DemoError> {
    try_join_all(listings.iter().map(|listing| listing.trades(client))).await
}

async fn tickers(client: &Client, listings: &[Listing]) -> Result<Vec<Ticker>, DemoError> {
    try_join_all(listings.iter().map(|listing| listing.ticker(client))).await
}

/// Says how it goes, for ever.
async fn tell(
    client: &Client,
    listings: &[Listing],
    floor: &Floor,
    say: &mut impl FnMut(&str),
) -> Infallible {
    let mut every = interval(TOLD_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    every.tick().await;
    loop {
        every.tick().await;
        // If the market does not answer, the bots will say so.
        if let Ok(tickers) = tickers(client, listings).await {
            let prices = listings.iter().zip(&tickers);
            let prices = prices.map(|(listing, ticker)| summary::prices(&listing.name, ticker));
            let prices: Vec<_> = prices.collect();
            say(&format!("{}; {}", summary::orders(&floor.tally()), prices.join(", ")));
        }
    }
}
