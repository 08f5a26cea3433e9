//! GET /items/{item_id}: an item. A draft is shown to its seller alone.

use app::catalogue::view_item;
use domain::id::ItemId;
use edge::{
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
};

use crate::bodies::ItemBody;

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("get-item", Method::Get, &["/api/v1/items/{item_id}"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Marketplace", "An item, with its version as `ETag`")
    .knows_callers()
    .gives::<ItemBody>(200)
    .uses(&[uses::ITEM]);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let id: ItemId = call.parameter("item_id")?;
    let viewer = call.principal.as_ref().map(|principal| principal.user);
    let item = view_item(&context.market, id, viewer).await?;
    let version = item.version.to_string();
    Ok(Reply::json(200, &ItemBody::from(&item))?.tagged(&version, call.if_none_match.as_deref()))
}
