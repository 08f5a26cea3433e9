//! PUT /admin/universes/{universe_id}/rate: the next version of a universe's rate.

use domain::{
    rate::{RateSource, SpreadBps, UnitsPerBase},
    universe::{NewRate, UniverseId},
};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
    wire::{Text, parse_rfc3339},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::bodies::UniverseBody;

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "set-rate",
    Method::Put,
    &["/api/v1/admin/universes/{universe_id}/rate"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Administration", "Set a universe's rate; every version is kept")
.needs(Scope::Admin)
.takes::<SetRateRequest>()
.gives::<UniverseBody>(200)
.uses(&[uses::EDIT_CATALOGUE, uses::RATES]);

/// A new version of a rate.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRateRequest {
    /// Units of the currency per base unit.
    #[schema(value_type = String, example = "2.5")]
    units_per_base: Text<UnitsPerBase>,
    /// What the market keeps of a conversion, 0 to 1000 basis points; as it is by default.
    #[schema(value_type = u16, required = false)]
    spread_bps: Option<u16>,
    /// RFC 3339: until when it may be used; until it is replaced by default.
    #[schema(value_type = String, required = false)]
    valid_until: Option<String>,
    /// Whether a jump beyond the plausible factor is meant.
    #[serde(default)]
    #[schema(required = false)]
    confirm: bool,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let id: UniverseId = call.parameter("universe_id")?;
    let request: SetRateRequest = call.json()?;
    let until = |text: String| {
        let invalid = || Problem::invalid("/valid_until", "invalid", "not an RFC 3339 time");
        parse_rfc3339(&text).ok_or_else(invalid)
    };
    let wanted = NewRate {
        units_per_base: request.units_per_base.0,
        spread: spread(request.spread_bps)?,
        source: RateSource::Operator,
        valid_until: request.valid_until.map(until).transpose()?,
        confirmed: request.confirm,
    };
    let universe = app::universes::replace_rate(&context.market, id, &wanted).await?;
    Reply::json(200, &UniverseBody::from(&universe))
}

/// A spread that a request states.
///
/// # Errors
/// 422 past 1000 basis points.
pub fn spread(bps: Option<u16>) -> Result<Option<SpreadBps>, Problem> {
    let parse = |bps| {
        SpreadBps::new(bps)
            .ok_or_else(|| Problem::invalid("/spread_bps", "invalid", "must be from 0 to 1000"))
    };
    bps.map(parse).transpose()
}
