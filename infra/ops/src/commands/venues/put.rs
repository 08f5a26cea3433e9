//! Making a venue known: what an operator says of it, checked, and its secret sealed.

use std::{collections::BTreeMap, fs, path::Path};

use app::{
    market::Market,
    perform::{Failed, Freshness},
    ports::VENUES_MAX,
    venues::put_venue,
};
use domain::{
    amount::Amount,
    currency::Currency,
    time::Timestamp,
    venue::{Instrument, Listing, Venue, VenueId},
    webhook::{Reach, SealedSecret, WebhookUrl},
};
use edge::auth::venue_secret::{InvalidVenueSecret, VenueSecret};
use serde_json::{Value, json};

use crate::{
    arguments::PutVenue,
    commands::keys,
    failure::Failure,
    market::market,
    report::{Report, table},
    session::Session,
};

/// Requests at the same time, unless somebody says.
const CONCURRENCY: u16 = 4;
/// Requests in a second, unless somebody says.
const RATE: u32 = 20;
/// How far from the reference an order at market may go, unless somebody says.
const COLLAR_BPS: u16 = 200;

/// Makes a venue known, or changes what is known of it.
///
/// # Errors
/// Something is malformed or missing; somebody else has changed it; the services' own.
pub(super) async fn put(
    session: &Session,
    wanted: &PutVenue,
    yes: bool,
) -> Result<Report, Failure> {
    let market = market(session);
    let id = wanted.venue;
    let all = market.venues.all(Freshness::Fresh).await?;
    let there = all.iter().find(|venue| venue.id == id).cloned();
    if there.is_none() && all.len() >= usize::try_from(VENUES_MAX).unwrap_or(usize::MAX) {
        return Err(Failure::refused(format!("there are {VENUES_MAX} venues, the most")));
    }
    let universes = market.rates.renew().await.map_err(Failed::from)?;
    let currency = wanted.currency.map(|code| universes.of_currency(code).map(|it| it.currency));
    let currency = currency.transpose().map_err(Failed::from)?;
    let secret = match &wanted.secret_file {
        Some(path) => Some(sealed(session, &market, id, path).await?),
        None => None,
    };
    let edited = edited(wanted, there.as_ref(), currency, secret, market.clock.now())?;
    let verb = if there.is_some() { "changed" } else { "made known" };
    let json = shown(&edited);
    let text = format!("{id} is {verb}:\n{}", lines(&edited));
    if !yes {
        return Ok(Report::fine(text, json).dry_run());
    }
    let expected = there.map(|venue| venue.version);
    // Whoever has changed it meanwhile is not to be written over.
    let edit =
        |now: Option<&Venue>| (now.map(|venue| venue.version) == expected).then(|| edited.clone());
    let written = put_venue(&market, id, edit).await?;
    match written.filter(|venue| Some(venue.version) != expected) {
        Some(_) => Ok(Report::fine(text, json)),
        None => Err(Failure::refused(format!("{id} has changed meanwhile: look, then again"))),
    }
}

/// The secret of a file, sealed for its venue.
async fn sealed(
    session: &Session,
    market: &Market,
    id: VenueId,
    path: &Path,
) -> Result<SealedSecret, Failure> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| Failure::File(name, error))?;
    let secret = VenueSecret::parse(text.trim()).map_err(|_| {
        Failure::refused("the file has no venue's secret: vsec_ and 32 to 64 bytes in base64")
    })?;
    let secrets = keys::secrets(session).await?;
    secret.seal(&secrets, id, market.entropy.as_ref()).map_err(unsealed)
}

fn unsealed(error: InvalidVenueSecret) -> Failure {
    Failure::refused(error.to_string())
}

/// The venue as it shall be.
fn edited(
    wanted: &PutVenue,
    there: Option<&Venue>,
    currency: Option<Currency>,
    secret: Option<SealedSecret>,
    now: Timestamp,
) -> Result<Venue, Failure> {
    let first = |what: &str| Failure::refused(format!("{} is new: say {what}", wanted.venue));
    let venue = match (there, currency) {
        (Some(venue), Some(currency)) if venue.currency != currency => {
            return Err(Failure::refused("a venue's currency stays: its orders' prices are in it"));
        }
        (Some(venue), _) => venue.clone(),
        (None, currency) => Venue {
            id: wanted.venue,
            name: wanted.venue.as_str().parse().map_err(|_| first("--name"))?,
            currency: currency.ok_or_else(|| first("--currency CODE"))?,
            url: wanted.url.clone().ok_or_else(|| first("--url URL"))?,
            secret: secret.clone().ok_or_else(|| first("--secret-file FILE"))?,
            listings: Vec::new(),
            collar_bps: COLLAR_BPS,
            concurrency_max: CONCURRENCY,
            rate_max: RATE,
            suspended: false,
            created_at: now,
            version: 0,
        },
    };
    let name = match &wanted.name {
        Some(name) => name.parse().map_err(|error| Failure::refused(format!("{error}")))?,
        None => venue.name.clone(),
    };
    let url = match &wanted.url {
        Some(url) => address(url)?,
        None => venue.url.clone(),
    };
    Ok(Venue {
        name,
        url,
        secret: secret.unwrap_or_else(|| venue.secret.clone()),
        listings: listings(wanted, &venue)?,
        collar_bps: wanted.collar_bps.unwrap_or(venue.collar_bps),
        concurrency_max: wanted.concurrency.unwrap_or(venue.concurrency_max),
        rate_max: wanted.rate.unwrap_or(venue.rate_max),
        ..venue
    })
}

/// Where a venue's interface begins: by the rules that addresses of webhooks have, for functions
/// connect to it from where they connect to these.
fn address(text: &str) -> Result<String, Failure> {
    let text = text.trim_end_matches('/');
    let bad = |why: String| Failure::refused(format!("the URL {why}"));
    WebhookUrl::parse(text, Reach::Public).map_err(|error| bad(error.to_string()))?;
    if text.contains('?') {
        return Err(bad("must have no query: paths follow it".to_owned()));
    }
    Ok(text.to_owned())
}

fn listings(wanted: &PutVenue, venue: &Venue) -> Result<Vec<Listing>, Failure> {
    let mut listings: BTreeMap<Instrument, Option<Amount>> =
        venue.listings.iter().map(|it| (it.instrument, it.reference)).collect();
    for text in &wanted.listed {
        let (code, price) = match text.split_once('=') {
            Some((code, price)) => (code, Some(price)),
            None => (text.as_str(), None),
        };
        let bad = |why: String| Failure::refused(format!("{code}: {why}"));
        let instrument: Instrument = code.parse().map_err(|error| bad(format!("{error}")))?;
        let scale = venue.currency.scale;
        let price = price.map(|price| Amount::parse(price, scale)).transpose();
        let price = price.map_err(|error| bad(error.to_string()))?;
        if price.is_some_and(Amount::is_zero) {
            return Err(bad("a price is not zero".to_owned()));
        }
        listings.insert(instrument, price);
    }
    for instrument in &wanted.unlisted {
        if listings.remove(instrument).is_none() {
            return Err(Failure::refused(format!("{instrument} is not listed")));
        }
    }
    if listings.is_empty() || listings.len() > Venue::LISTINGS_MAX {
        let most = Venue::LISTINGS_MAX;
        return Err(Failure::refused(format!("a venue lists 1 to {most} instruments: --list")));
    }
    let listing = |(instrument, reference)| Listing { instrument, reference };
    Ok(listings.into_iter().map(listing).collect())
}

/// What may be seen of a venue: all but its secret.
fn shown(venue: &Venue) -> Value {
    let price = |listing: &Listing| listing.reference.map(|price| venue.money(price).decimal());
    let listings = venue
        .listings
        .iter()
        .map(|listing| (listing.instrument.to_string(), json!(price(listing))));
    json!({
        "venue": venue.id.to_string(),
        "name": venue.name.as_str(),
        "currency": venue.currency.code.to_string(),
        "url": venue.url,
        "listings": Value::Object(listings.collect()),
        "concurrency": venue.concurrency_max,
        "rate": venue.rate_max,
        "collar_bps": venue.collar_bps,
    })
}

fn lines(venue: &Venue) -> String {
    let Value::Object(members) = shown(venue) else { return String::new() };
    let row = |(name, value): (String, Value)| match value {
        Value::String(text) => [name, text],
        other => [name, other.to_string()],
    };
    table(["what", "is"], &members.into_iter().map(row).collect::<Vec<_>>())
}
