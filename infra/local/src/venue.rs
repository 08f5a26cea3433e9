//! The external venue of the demo market: a simulator in this process, or one that runs
//! elsewhere. What it does, the simulator knows; how orders get there, the use cases.

use std::{net::Ipv4Addr, sync::Arc};

use app::{
    perform::{Failed, Freshness},
    ports::Clock,
    venues::put_venue,
};
use domain::{
    amount::Amount,
    currency::CurrencyCode,
    venue::{Listing, Venue, VenueId},
};
use edge::{
    auth::venue_secret::{InvalidVenueSecret, VenueSecret},
    context::Context,
};
use venue_simulator::{
    Faults, Terms,
    arguments::demo_listings,
    server::{self, BookError, Simulator, listen},
    signature::{InvalidSecret, Secret},
    wire,
};

use crate::{
    data_dir::DataDir,
    options::{Options, VenueChoice},
};

const ID: &str = "nyx";
const NAME: &str = "New York Cross";
const CURRENCY: &str = "USD";
/// How far from its reference an order at market may trade, in basis points.
const COLLAR_BPS: u16 = 200;
/// How often a price moves there, in milliseconds: each time, the market writes it down.
const PRICE_EVERY_MS: u64 = 10_000;

/// Why the demo market has no venue.
#[derive(Debug, thiserror::Error)]
pub enum VenueError {
    /// A use case failed.
    #[error(transparent)]
    Failed(#[from] Failed),
    /// The simulator does not start.
    #[error(transparent)]
    Simulator(#[from] BookError),
    /// The secret cannot be sealed.
    #[error(transparent)]
    Sealing(#[from] InvalidVenueSecret),
    /// The simulator does not take the secret.
    #[error(transparent)]
    Secret(#[from] InvalidSecret),
    /// A constant of ours is malformed.
    #[error("{0} is malformed")]
    Malformed(&'static str),
}

/// The venue, and the simulator behind it if it is inside.
pub(crate) struct Opened {
    pub(crate) venue: Venue,
    pub(crate) simulator: Option<Simulator>,
}

/// Opens the venue that is chosen, if one is. It has the address that the simulator has now, and
/// keeps whatever else is known of it.
pub(crate) async fn open(
    options: &Options,
    context: &Context,
    data_dir: Option<&DataDir>,
    market_url: &str,
) -> Result<Option<Opened>, VenueError> {
    let (url, secret, simulator) = match &options.venue {
        VenueChoice::None => return Ok(None),
        VenueChoice::Outside { url, secret } => (url.clone(), secret.clone(), None),
        VenueChoice::Inside { faults, seed } => {
            let secret = secret_of(context).await?;
            let inside = Inside { faults: *faults, seed: *seed, secret: &secret };
            let simulator = inside.start(options, data_dir, market_url).await?;
            (simulator.url().to_owned(), secret, Some(simulator))
        }
    };
    let venue = make_known(context, &url, &secret).await?;
    Ok(Some(Opened { venue, simulator }))
}

fn id() -> Result<VenueId, VenueError> {
    ID.parse().map_err(|_| VenueError::Malformed(ID))
}

/// The secret that the venue has had; a new one at first.
async fn secret_of(context: &Context) -> Result<VenueSecret, VenueError> {
    let (market, id) = (&context.market, id()?);
    let all = market.venues.all(Freshness::Fresh).await.map_err(Failed::from)?;
    let there = all.iter().find(|venue| venue.id == id);
    let known =
        there.and_then(|venue| VenueSecret::open(context.secrets(), id, &venue.secret).ok());
    let random = || VenueSecret::random(market.entropy.as_ref());
    Ok(known.map_or_else(random, |opened| opened.secret))
}

struct Inside<'a> {
    faults: Faults,
    seed: u64,
    secret: &'a VenueSecret,
}

impl Inside<'_> {
    /// On a port of its own, with its book beside the market's database.
    async fn start(
        &self,
        options: &Options,
        data_dir: Option<&DataDir>,
        market_url: &str,
    ) -> Result<Simulator, VenueError> {
        let listener = listen((Ipv4Addr::LOCALHOST, 0).into()).await?;
        let terms = Terms {
            faults: self.faults,
            listings: demo_listings(),
            price_every_ms: Some(PRICE_EVERY_MS),
            ..Terms::new(self.seed)
        };
        let clock: Arc<dyn Clock> = Arc::clone(&options.clock);
        let options = server::Options {
            terms,
            currency: wire::Currency { code: CURRENCY.to_owned(), decimals: 2 },
            secret: Secret::parse(&self.secret.reveal())?,
            market: market_url.to_owned(),
            venue: ID.to_owned(),
            book: data_dir.map(DataDir::venue_book),
            now: Arc::new(move || clock.now().millis()),
        };
        Ok(Simulator::start(listener, options)?)
    }
}

async fn make_known(
    context: &Context,
    url: &str,
    secret: &VenueSecret,
) -> Result<Venue, VenueError> {
    let (market, id) = (&context.market, id()?);
    let sealed = secret.seal(context.secrets(), id, market.entropy.as_ref())?;
    let new = new_venue(context, url, &sealed).await?;
    let edited = put_venue(market, id, |there| {
        let Some(there) = there else { return Some(new.clone()) };
        let opened = VenueSecret::open(context.secrets(), id, &there.secret);
        let known = opened.is_ok_and(|opened| !opened.is_outdated && opened.secret == *secret);
        let secret = if known { there.secret.clone() } else { sealed.clone() };
        Some(Venue { url: url.to_owned(), secret, ..there.clone() })
    });
    Ok(edited.await?.unwrap_or(new))
}

async fn new_venue(
    context: &Context,
    url: &str,
    sealed: &domain::webhook::SealedSecret,
) -> Result<Venue, VenueError> {
    let market = &context.market;
    let code: CurrencyCode = CURRENCY.parse().map_err(|_| VenueError::Malformed(CURRENCY))?;
    let universes = market.rates.current(Freshness::Cached).await.map_err(Failed::from)?;
    let listings = demo_listings().into_iter().map(|listing| {
        let malformed = || VenueError::Malformed("a listing of the demo's");
        let price = i64::try_from(listing.price).map_err(|_| malformed())?;
        Ok(Listing {
            instrument: listing.instrument.parse().map_err(|_| malformed())?,
            reference: Some(Amount::from_minor(price).map_err(|_| malformed())?),
        })
    });
    Ok(Venue {
        id: id()?,
        name: NAME.parse().map_err(|_| VenueError::Malformed(NAME))?,
        currency: universes.of_currency(code).map_err(Failed::from)?.currency,
        url: url.to_owned(),
        secret: sealed.clone(),
        listings: listings.collect::<Result<_, VenueError>>()?,
        collar_bps: COLLAR_BPS,
        concurrency_max: Venue::CONCURRENCY_MAX,
        rate_max: Venue::RATE_MAX,
        suspended: false,
        created_at: market.clock.now(),
        version: 1,
    })
}
