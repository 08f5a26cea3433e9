//! A venue's feed: everything that it says, numbered without gaps. It is read in batches, each
//! applied before it is noted how far it has been read: what is read again changes nothing.

use domain::{
    amount::Amount,
    venue::{Instrument, Listing, Report, Venue, VenueId},
};

use super::{put_venue, reports};
use crate::{market::Market, perform::Failed, ports::DeadLetters};

/// What a feed says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedMessage {
    /// About an order.
    Report(Report),
    /// What a piece of an instrument costs now, in minor units of the venue's currency.
    Price(Instrument, Amount),
}

/// A message with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    /// From 1, without gaps.
    pub seq: u64,
    /// What it says.
    pub message: FeedMessage,
}

/// How far a batch has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absorbed {
    /// The number of the last message that was applied.
    pub position: u64,
    /// Whether messages were missing after it: the feed is to be read again from there.
    pub gap: bool,
}

/// Applies messages of a venue's feed that follow those before, and notes how far it has come.
///
/// # Errors
/// [`Failed::Busy`]; the store's own: then the same messages are to be read again.
pub async fn absorb(
    market: &Market,
    venue: VenueId,
    messages: &[Numbered],
    dead_letters: &dyn DeadLetters,
) -> Result<Absorbed, Failed> {
    let before = market.store.feed_position(venue).await?;
    let mut absorbed = Absorbed { position: before, gap: false };
    let mut prices = Vec::new();
    for Numbered { seq, message } in messages {
        if *seq <= absorbed.position {
            continue;
        }
        if absorbed.position.checked_add(1) != Some(*seq) {
            absorbed.gap = true;
            break;
        }
        match message {
            FeedMessage::Price(instrument, price) => prices.push((*instrument, *price)),
            FeedMessage::Report(report) => {
                let received = reports::receive(market, venue, report, dead_letters).await?;
                if received == reports::Received::UnknownOrder {
                    tracing::error!(%venue, order = %report.order, "a report of no order");
                }
            }
        }
        absorbed.position = *seq;
    }
    if !prices.is_empty() {
        put_venue(market, venue, |there| repriced(there, &prices)).await?;
    }
    if absorbed.position > before {
        market.store.put_feed_position(venue, absorbed.position).await?;
    }
    Ok(absorbed)
}

/// A venue with the prices of its listings; `None`: they are so already, or there is no venue.
fn repriced(there: Option<&Venue>, prices: &[(Instrument, Amount)]) -> Option<Venue> {
    let there = there?;
    let newest = |listing: &Listing| {
        let mut of_it = prices.iter().rev();
        let newest = of_it.find(|(instrument, _)| *instrument == listing.instrument);
        let reference = newest.map(|(_, price)| *price).or(listing.reference);
        Listing { reference, ..*listing }
    };
    let listings: Vec<_> = there.listings.iter().map(newest).collect();
    (listings != there.listings).then(|| Venue { listings, ..there.clone() })
}
