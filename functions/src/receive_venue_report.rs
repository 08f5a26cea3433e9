//! POST /venues/{venue}/reports: what a venue says of an order, by itself. A report is applied
//! once, in whatever order and however often it comes.

use app::venues::reports::{self, Received};
use domain::{refusal::Missing, venue::VenueId};
use edge::{
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
    venues::{report, wire::ReportBody},
};
use serde::Serialize;
use utoipa::ToSchema;

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "receive-venue-report",
    Method::Post,
    &["/api/v1/venues/{venue}/reports"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Venues", "What a venue says of an order; signed by the venue")
.signed()
.takes::<ReportBody>()
.gives::<ReportReceivedBody>(200)
.uses(&[
    uses::ENTRY,
    uses::RECORD,
    uses::CHANGE_ACCOUNT,
    uses::VENUE_LIST,
    uses::VENUE_ORDER,
    uses::PUT_VENUE_ORDER,
    uses::SPEND_NONCE,
    uses::VENUE_PLACEMENTS,
    uses::DEAD_LETTERS,
]);

/// The report was received.
#[derive(Serialize, ToSchema)]
pub struct ReportReceivedBody {
    /// Always true.
    received: bool,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let venue: VenueId = call.parameter("venue")?;
    let report = report::receive(context, call, venue).await?;
    let dead_letters = context.dead_letters.as_ref();
    match reports::receive(&context.market, venue, &report, dead_letters).await? {
        Received::Applied => Reply::json(200, &ReportReceivedBody { received: true }),
        Received::UnknownOrder => Err(Missing::Order.into()),
    }
}
