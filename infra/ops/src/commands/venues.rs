//! `venues`: what waits for external venues, whether they are sent anything, and their secrets.
//! What a venue is sent, and what it may answer, docs/VENUES.md says.

mod put;

use std::collections::BTreeMap;

use app::{
    market::Market,
    perform::{Failed, Freshness},
    ports::{StoreError, VENUE_DUE_PARTS},
    venues::put_venue,
};
use domain::{
    refusal::Missing,
    time::{Span, Timestamp},
    venue::{Breaker, BreakerState, Venue, VenueId},
};
use edge::auth::{keys::Secrets, venue_secret::VenueSecret};
use serde_json::{Value, json};

use crate::{
    arguments::Venues,
    commands::keys,
    failure::Failure,
    market::market,
    report::{Report, table},
    session::Session,
};

/// The most orders of one part that are counted as due.
const DUE_MAX: u32 = 100;
/// An order that is due for longer has been passed over, by the queue and by the sweep.
const LATE: Span = Span::seconds(300);

/// What is shown of venues.
pub const HEAD: [&str; 7] = ["venue", "currency", "orders", "breaker", "listed", "due", "late"];

/// A venue, and what waits for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    /// The venue.
    pub venue: Venue,
    /// Whether it is sent anything.
    pub breaker: Breaker,
    /// Orders that something is to be done about now, as far as they are counted.
    pub due: usize,
    /// Those among them that nobody has seen to for five minutes.
    pub late: usize,
}

impl Overview {
    /// As a row under [`HEAD`].
    #[must_use]
    pub fn row(&self) -> [String; 7] {
        let Self { venue, breaker, due, late } = self;
        let breaker = match breaker.state {
            BreakerState::Closed { .. } => "closed",
            BreakerState::Open { .. } => "open",
            BreakerState::HalfOpen { .. } => "half open",
        };
        let orders = if venue.suspended { "suspended" } else { "accepted" };
        [
            venue.id.to_string(),
            venue.currency.code.to_string(),
            orders.to_owned(),
            breaker.to_owned(),
            venue.listings.len().to_string(),
            due.to_string(),
            late.to_string(),
        ]
    }
}

/// All venues, and what waits for each.
///
/// # Errors
/// The store's own.
pub async fn overview(market: &Market) -> Result<Vec<Overview>, StoreError> {
    let now = market.clock.now();
    let due = due_orders(market, now).await?;
    let mut all = Vec::new();
    for venue in market.venues.all(Freshness::Fresh).await?.iter() {
        let breaker = market.store.breaker(venue.id).await?;
        let due = due.get(&venue.id).map(Vec::as_slice).unwrap_or_default();
        let late = due.iter().filter(|since| now.since(**since) > LATE).count();
        all.push(Overview { venue: venue.clone(), breaker, due: due.len(), late });
    }
    Ok(all)
}

/// Since when orders are due, by venue.
async fn due_orders(
    market: &Market,
    now: Timestamp,
) -> Result<BTreeMap<VenueId, Vec<Timestamp>>, StoreError> {
    let mut due = BTreeMap::<_, Vec<_>>::new();
    for part in 0..VENUE_DUE_PARTS {
        for id in market.store.due_venue_orders(part, now, DUE_MAX).await? {
            let Some(order) = market.store.venue_order(id).await? else { continue };
            if let Some(since) = order.due_at().filter(|since| *since <= now) {
                due.entry(order.terms.venue).or_default().push(since);
            }
        }
    }
    Ok(due)
}

/// Does what is wanted.
///
/// # Errors
/// There is no such venue; something is malformed; the store's own.
pub async fn run(session: &Session, wanted: &Venues, yes: bool) -> Result<Report, Failure> {
    match wanted {
        Venues::List => list(session).await,
        Venues::Put(wanted) => put::put(session, wanted, yes).await,
        Venues::Suspend { venue } => suspend(session, *venue, true, yes).await,
        Venues::Resume { venue } => suspend(session, *venue, false, yes).await,
        Venues::ResetBreaker { venue } => reset_breaker(session, *venue, yes).await,
        Venues::Reseal => reseal(session, yes).await,
    }
}

async fn list(session: &Session) -> Result<Report, Failure> {
    let all = overview(&market(session)).await?;
    let rows: Vec<_> = all.iter().map(Overview::row).collect();
    let objects = rows.iter().map(|row| {
        let members = HEAD.iter().zip(row);
        Value::Object(members.map(|(name, cell)| ((*name).to_owned(), json!(cell))).collect())
    });
    let json = json!({"venues": objects.collect::<Vec<_>>()});
    let text = if rows.is_empty() { "No venues.".to_owned() } else { table(HEAD, &rows) };
    Ok(Report::fine(text, json))
}

async fn known(market: &Market, id: VenueId) -> Result<Venue, Failure> {
    Ok(market.venues.get(id, Freshness::Fresh).await?)
}

async fn suspend(
    session: &Session,
    id: VenueId,
    suspended: bool,
    yes: bool,
) -> Result<Report, Failure> {
    let market = market(session);
    let was = known(&market, id).await?.suspended;
    let word = |suspended| if suspended { "suspended" } else { "open for orders" };
    let json = json!({"venue": id.to_string(), "suspended": suspended});
    if was == suspended {
        return Ok(Report::fine(format!("{id} is {} already.", word(suspended)), json));
    }
    let text = format!("{id}: {} → {}", word(was), word(suspended));
    if !yes {
        return Ok(Report::fine(text, json).dry_run());
    }
    let edit = |there: Option<&Venue>| there.map(|venue| Venue { suspended, ..venue.clone() });
    put_venue(&market, id, edit).await?.ok_or(Failed::from(Missing::Venue))?;
    Ok(Report::fine(format!("{text}. Orders that were accepted go on."), json))
}

async fn reset_breaker(session: &Session, id: VenueId, yes: bool) -> Result<Report, Failure> {
    let market = market(session);
    known(&market, id).await?;
    let json = json!({"venue": id.to_string()});
    let breaker = market.store.breaker(id).await?;
    let Some(closed) = breaker.succeeded() else {
        return Ok(Report::fine(format!("The breaker of {id} is closed."), json));
    };
    let text = format!("{id} is sent requests again.");
    if !yes {
        return Ok(Report::fine(text, json).dry_run());
    }
    if !market.store.replace_breaker(&closed).await? {
        return Err(Failure::refused("the breaker has changed meanwhile: look, then again"));
    }
    Ok(Report::fine(text, json))
}

/// Seals all secrets again that another root secret has sealed.
async fn reseal(session: &Session, yes: bool) -> Result<Report, Failure> {
    let market = market(session);
    let secrets = keys::secrets(session).await?;
    let (mut outdated, mut lost) = (Vec::new(), Vec::new());
    for venue in market.venues.all(Freshness::Fresh).await?.iter() {
        match VenueSecret::open(&secrets, venue.id, &venue.secret) {
            Ok(opened) if opened.is_outdated => outdated.push(venue.id),
            Ok(_) => {}
            Err(_) => lost.push(venue.id.to_string()),
        }
    }
    let named: Vec<_> = outdated.iter().map(VenueId::to_string).collect();
    let json = json!({"resealed": named, "lost": lost});
    let mut text = if named.is_empty() {
        "No venue's secret is sealed by another root secret.".to_owned()
    } else {
        format!("Sealed again: {}.", named.join(", "))
    };
    for id in &lost {
        text.push_str(&format!("\nThe secret of {id} does not open: venues put --secret-file"));
    }
    let report = Report { text, json, fine: lost.is_empty() };
    if !yes {
        return Ok(report.dry_run());
    }
    for id in outdated {
        put_venue(&market, id, |there| resealed(&market, &secrets, there)).await?;
    }
    Ok(report)
}

/// The venue with its secret sealed again; `None`: it need not be, or cannot.
fn resealed(market: &Market, secrets: &Secrets, there: Option<&Venue>) -> Option<Venue> {
    let venue = there?;
    let opened = VenueSecret::open(secrets, venue.id, &venue.secret).ok()?;
    let outdated = Some(opened).filter(|opened| opened.is_outdated)?;
    let secret = outdated.secret.seal(secrets, venue.id, market.entropy.as_ref()).ok()?;
    Some(Venue { secret, ..venue.clone() })
}
