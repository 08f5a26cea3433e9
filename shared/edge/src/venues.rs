//! Talking to external venues, as docs/VENUES.md says: what is sent, what is read, and how both
//! are signed. What becomes of an order, is not decided here.

pub mod feed;
pub mod http_connector;
mod pool;
pub mod report;
pub mod signing;
pub mod wire;

#[cfg(test)]
mod fixtures;

use app::ports::VenueConnector;
use async_trait::async_trait;
use domain::venue::{SendFailure, Venue, VenueAnswer, VenueOrder};

use crate::outbound::NotReached;

/// Reaches no venue.
pub struct NoVenues;

#[async_trait]
impl VenueConnector for NoVenues {
    async fn place(&self, _venue: &Venue, _order: &VenueOrder) -> VenueAnswer {
        VenueAnswer::Failed(SendFailure::Unreachable)
    }

    async fn find(&self, _venue: &Venue, _order: &VenueOrder) -> VenueAnswer {
        VenueAnswer::Failed(SendFailure::Unreachable)
    }

    async fn cancel(&self, _venue: &Venue, _order: &VenueOrder) -> VenueAnswer {
        VenueAnswer::Failed(SendFailure::Unreachable)
    }
}

/// All of these say that nothing was sent.
fn not_sent(why: NotReached) -> SendFailure {
    match why {
        NotReached::Unresolved => SendFailure::Unresolved,
        NotReached::Forbidden | NotReached::Unreachable => SendFailure::Unreachable,
        NotReached::Tls => SendFailure::Tls,
    }
}
