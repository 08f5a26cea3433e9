//! GET /audit/conservation: whether all money is still there, per currency, at a stated cut. For
//! administrators: the sums are no one's secret, but they are the house's business figures.

use app::audit::{Conservation, conservation};
use domain::{currency::Currency, totals::Totals};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
    wire::rfc3339,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::sums::decimal;

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "get-conservation",
    Method::Get,
    &["/api/v1/audit/conservation"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Administration", "Whether all money is still there: what everybody holds together")
.needs(Scope::Admin)
.gives::<ConservationResponse>(200)
.uses(&[
    uses::ACCOUNT,
    uses::CATALOGUE,
    uses::STATEMENT_HEAD,
    uses::STATEMENT_LINES,
    uses::VENUE_LIST,
]);

/// What everybody holds, per currency, of all that was decided before `cut` and of nothing else.
#[derive(Serialize, ToSchema)]
pub struct ConservationResponse {
    /// The start of a minute, two minutes ago at least. All parts of a commit are decided at one
    /// time, and nothing that was decided before it can still be committed.
    cut: String,
    /// False if it is known that a change from before the cut is not counted yet: then a sum
    /// says nothing. A sample of accounts is looked at, another one each minute.
    complete: bool,
    /// Whether `holds` is true of every currency.
    holds: bool,
    /// By currency, and then by instrument that a venue lists.
    data: Vec<CurrencyTotalsBody>,
}

/// What everybody holds of a currency. Accounts of the house may be negative.
#[derive(Serialize, ToSchema)]
pub struct CurrencyTotalsBody {
    /// The currency, or the instrument, which is counted in pieces.
    #[schema(example = "USD")]
    currency: String,
    /// What users may spend.
    #[schema(example = "1000.00")]
    users_available: String,
    /// What is held for users.
    #[schema(example = "0.00")]
    users_held: String,
    /// The world outside: minus what came in, plus what went out.
    #[schema(example = "-1000.00")]
    world: String,
    /// The counterparty of conversions.
    #[schema(example = "0.00")]
    pool: String,
    /// What the market earned.
    #[schema(example = "0.00")]
    fees: String,
    /// What rounding left over.
    #[schema(example = "0.00")]
    dust: String,
    /// External venues: what was paid to them, minus what they paid or delivered.
    #[schema(example = "0.00")]
    venues: String,
    /// All of it together.
    #[schema(example = "0.00")]
    sum: String,
    /// Whether it is nothing: no money was made or lost.
    holds: bool,
}

async fn handle(context: &Context, _: &Call) -> Result<Reply, Problem> {
    let Conservation { cut, totals, complete } = conservation(&context.market).await?;
    let data: Vec<_> = totals.iter().map(body).collect();
    let holds = data.iter().all(|body| body.holds);
    Reply::json(200, &ConservationResponse { cut: rfc3339(cut), complete, holds, data })
}

fn body((currency, totals): &(Currency, Totals)) -> CurrencyTotalsBody {
    let amount = |minor| decimal(minor, currency.scale);
    CurrencyTotalsBody {
        currency: currency.code.to_string(),
        users_available: amount(totals.users_available),
        users_held: amount(totals.users_held),
        world: amount(totals.world),
        pool: amount(totals.pool),
        fees: amount(totals.fees),
        dust: amount(totals.dust),
        venues: amount(totals.venues),
        sum: amount(totals.sum()),
        holds: totals.sum() == 0,
    }
}
