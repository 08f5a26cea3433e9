//! POST /admin/universes: a new universe with a currency and a first rate.

use domain::{
    currency::{Currency, CurrencyCode, Scale},
    rate::{SpreadBps, UnitsPerBase},
    universe::{Name, NewUniverse},
};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
    wire::Text,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{bodies::UniverseBody, set_rate::spread};

const DECIMALS_DEFAULT: u8 = 2;

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "create-universe",
    Method::Post,
    &["/api/v1/admin/universes"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Administration", "Make a universe")
.needs(Scope::Admin)
.takes::<CreateUniverseRequest>()
.gives::<UniverseBody>(201)
.uses(&[uses::EDIT_CATALOGUE, uses::RATES]);

/// A new universe.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUniverseRequest {
    /// 1 to 60 characters.
    #[schema(value_type = String)]
    name: Text<Name>,
    /// Three to five capital letters that no other universe has.
    #[schema(value_type = String, example = "JUP")]
    currency: Text<CurrencyCode>,
    /// Decimals of the currency, 0 to 8, for ever; 2 by default.
    #[schema(value_type = u8, required = false)]
    decimals: Option<u8>,
    /// Units of the currency per base unit.
    #[schema(value_type = String, example = "1.5")]
    units_per_base: Text<UnitsPerBase>,
    /// What the market keeps of a conversion, 0 to 1000 basis points; 0 by default.
    #[schema(value_type = u16, required = false)]
    spread_bps: Option<u16>,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let request: CreateUniverseRequest = call.json()?;
    let scale = Scale::new(request.decimals.unwrap_or(DECIMALS_DEFAULT))
        .ok_or_else(|| Problem::invalid("/decimals", "invalid", "must be from 0 to 8"))?;
    let code = request.currency.0;
    if code.is_instrument() {
        let detail = "is three to five capital letters";
        return Err(Problem::invalid("/currency", "invalid", detail));
    }
    let wanted = NewUniverse {
        name: request.name.0,
        currency: Currency { code, scale },
        units_per_base: request.units_per_base.0,
        spread: spread(request.spread_bps)?.unwrap_or(SpreadBps::default()),
    };
    let universe = app::universes::create_universe(&context.market, &wanted).await?;
    Reply::json(201, &UniverseBody::from(&universe))
}
