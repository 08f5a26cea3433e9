//! GET /items: items that fit filters, newest first or by price.

use std::str::FromStr;

use app::{
    catalogue::{ItemSearch, Offered, find_items},
    ports::Shelf,
};
use domain::{
    amount::Amount, catalogue::ItemState, currency::Currency, id::UserId, universe::UniverseId,
};
use edge::{
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method, PAGING, Parameter},
    problem::Problem,
    reply::Reply,
    uses,
};

use crate::{
    bodies::{ItemBody, PageBody},
    currencies::universe,
};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("list-items", Method::Get, &["/api/v1/items"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Marketplace", "Find items")
    .knows_callers()
    .queried(&[
        Parameter { name: "universe_id", meaning: "only of this universe" },
        Parameter { name: "seller_id", meaning: "only of this seller" },
        Parameter { name: "price_min", meaning: "only at this price or above; needs universe_id" },
        Parameter { name: "price_max", meaning: "only at this price or below; needs universe_id" },
        Parameter { name: "in_stock", meaning: "`true` or `false`" },
        Parameter { name: "state", meaning: "`draft`, `active`, `paused` or `sold_out`" },
        Parameter { name: "sort", meaning: "`newest` (default), `price` or `-price`" },
        PAGING[0],
        PAGING[1],
    ])
    .gives::<PageBody<ItemBody>>(200)
    .uses(&[uses::CATALOGUE, uses::ITEMS]);

/// The order of a list of items.
enum Sort {
    Newest,
    Price { descending: bool },
}

impl FromStr for Sort {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "newest" => Ok(Self::Newest),
            "price" => Ok(Self::Price { descending: false }),
            "-price" => Ok(Self::Price { descending: true }),
            _ => Err("must be newest, price or -price"),
        }
    }
}

/// A state as a filter names it.
struct StateFilter(Offered);

impl FromStr for StateFilter {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "sold_out" {
            return Ok(Self(Offered::SoldOut));
        }
        let state: ItemState =
            text.parse().map_err(|()| "must be draft, active, paused or sold_out")?;
        Ok(Self(Offered::As(state)))
    }
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let search = search(context, call).await?;
    let (after, limit) = (context.cursor(call)?, call.limit()?);
    let listing = find_items(&context.market, &search, after, limit).await?;
    let data = listing.rows.iter().map(ItemBody::from).collect();
    Reply::json(200, &PageBody::<ItemBody>::new(context, call, data, listing.next))
}

async fn search(context: &Context, call: &Call) -> Result<ItemSearch, Problem> {
    let universe_id: Option<UniverseId> = call.query("universe_id")?;
    let currency = match universe_id {
        Some(id) => Some(universe(context, id).await?.currency),
        None => None,
    };
    let price_min = price(call, "price_min", currency)?;
    let price_max = price(call, "price_max", currency)?;
    let seller: Option<UserId> = call.query("seller_id")?;
    let shelf = match (call.query("sort")?.unwrap_or(Sort::Newest), universe_id, seller) {
        (Sort::Price { descending }, Some(universe), _) => Shelf::Priced {
            universe,
            min: price_min.unwrap_or(Amount::ZERO),
            max: price_max.unwrap_or(Amount::MAX),
            descending,
        },
        (Sort::Price { .. }, None, _) => {
            let detail = "sorting by price needs universe_id: prices have currencies";
            return Err(Problem::invalid("/query/sort", "needs_universe_id", detail));
        }
        (Sort::Newest, _, Some(seller)) => Shelf::Seller(seller),
        (Sort::Newest, Some(universe), None) => Shelf::Universe(universe),
        (Sort::Newest, None, None) => Shelf::Everything,
    };
    Ok(ItemSearch {
        shelf,
        seller,
        price_min,
        price_max,
        universe: universe_id,
        in_stock: call.query("in_stock")?,
        state: call.query::<StateFilter>("state")?.map(|filter| filter.0),
        viewer: call.principal.as_ref().map(|principal| principal.user),
    })
}

fn price(call: &Call, name: &str, currency: Option<Currency>) -> Result<Option<Amount>, Problem> {
    let Some(text) = call.query_text(name) else { return Ok(None) };
    let pointer = format!("/query/{name}");
    let Some(currency) = currency else {
        let detail = "needs universe_id: prices have currencies";
        return Err(Problem::invalid(&pointer, "needs_universe_id", detail));
    };
    let parsed = Amount::parse(text, currency.scale);
    parsed.map(Some).map_err(|error| Problem::invalid(&pointer, "invalid", &error.to_string()))
}
