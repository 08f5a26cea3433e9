//! Whether a report is really its venue's, and new; and what it says. What follows from it is
//! decided elsewhere.

#[cfg(test)]
mod tests;

use app::perform::Freshness;
use domain::{
    time::{Span, Timestamp},
    venue::{Report, Venue, VenueId},
};

use super::wire;
use crate::{
    auth::venue_secret::{SignatureHeaders, VenueSecret},
    call::Call,
    context::Context,
    problem::{Problem, REPLAYED, SIGNATURE_INVALID},
};

/// How much older or younger than our time a report may be.
const AGE_MAX: Span = Span::seconds(5 * 60);
/// How long a nonce is remembered: more than twice [`AGE_MAX`], after which what was signed with
/// it is too old, whatever the clocks.
const NONCE_LIFETIME: Span = Span::seconds(15 * 60);
const NONCE_DIGITS: usize = 32;

/// The report that a call to an endpoint which is `signed` brings from a venue. Its nonce is used
/// up by that: whoever cannot handle it now must have it sent again.
///
/// # Errors
/// 404 `venue_not_found`; 401 `signature_invalid`, which does not say what is wrong with it, and
/// `replayed`; 422 that names the field; the store's own.
pub async fn receive(context: &Context, call: &Call, venue: VenueId) -> Result<Report, Problem> {
    let venue = context.market.venues.get(venue, Freshness::Cached).await?;
    let now = context.market.clock.now();
    let nonce = authentic(context, call, &venue, now).map_err(|why| {
        tracing::warn!(venue = %venue.id, %why, "a report is not signed by its venue");
        let detail = "the report is not signed as this venue signs, or not sent just now";
        Problem::refused(401, SIGNATURE_INVALID, detail)
    })?;
    let report = wire::report(&call.body, venue.currency)?;
    let until = now.plus(NONCE_LIFETIME);
    if context.market.store.spend_nonce(venue.id, nonce, until).await? {
        return Ok(report);
    }
    let detail = "a report with this nonce was sent before; send it with a new one";
    Err(Problem::refused(401, REPLAYED, detail))
}

/// Why a report is not believed: for our log. Its sender learns only that it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum NotAuthentic {
    #[error("a header is missing, or stands twice")]
    Unsigned,
    #[error("the timestamp is no count of milliseconds")]
    Timestamp,
    #[error("the nonce is not 32 hexadecimal digits")]
    Nonce,
    #[error("it is too old, or too young")]
    Age,
    #[error("the venue's secret cannot be opened")]
    Secret,
    #[error("the signature is of something else, or of somebody else")]
    Signature,
}

/// The nonce of a report that is really the venue's.
fn authentic(
    context: &Context,
    call: &Call,
    venue: &Venue,
    now: Timestamp,
) -> Result<u128, NotAuthentic> {
    let headers = call.signature.as_ref().ok_or(NotAuthentic::Unsigned)?;
    let SignatureHeaders { timestamp, nonce, signature } = headers;
    let millis: Option<i64> = timestamp.parse().ok();
    let millis = millis.filter(|millis| millis.to_string() == *timestamp);
    let millis = millis.ok_or(NotAuthentic::Timestamp)?;
    let is_nonce =
        nonce.len() == NONCE_DIGITS && nonce.bytes().all(|digit| digit.is_ascii_hexdigit());
    let bits = u128::from_str_radix(nonce, 16).ok().filter(|_| is_nonce);
    let bits = bits.ok_or(NotAuthentic::Nonce)?;
    let opened = VenueSecret::open(context.secrets(), venue.id, &venue.secret);
    let secret = opened.map_err(|_| NotAuthentic::Secret)?.secret;
    // However the path was spelled, and whatever stage is in front of it.
    let target = format!("/api/v1/venues/{}/reports", venue.id);
    if !secret.verify(signature, millis, nonce, "POST", &target, &call.body) {
        return Err(NotAuthentic::Signature);
    }
    let sent_at = Timestamp::from_millis(millis);
    if now.since(sent_at).max(sent_at.since(now)) > AGE_MAX {
        return Err(NotAuthentic::Age);
    }
    Ok(bits)
}
