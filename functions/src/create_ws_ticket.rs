//! POST /auth/ws-ticket: a right to open one connection, for a minute. Nothing is written; what
//! is written is that it was used.

use edge::{
    auth::{
        scopes::Scope,
        ticket_seal::{TICKET_LIFETIME, Ticket, seal},
    },
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    wire::rfc3339,
};
use serde::Serialize;
use utoipa::ToSchema;

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "create-ws-ticket",
    Method::Post,
    &["/api/v1/auth/ws-ticket"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Identity", "Get a ticket that opens one WebSocket within a minute")
.needs(Scope::Read)
.gives::<TicketBody>(201);

/// A right to open one connection.
#[derive(Serialize, ToSchema)]
pub struct TicketBody {
    /// `tkt_…`, for the parameter `ticket` of the WebSocket's address. It works once.
    ticket: String,
    /// From when on it opens nothing.
    expires_at: String,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let caller = call.caller()?;
    let expires_at = context.market.clock.now().plus(TICKET_LIFETIME);
    let id = context.market.entropy.bits();
    let ticket = Ticket { id, user: caller.user, scopes: caller.scopes, expires_at };
    let body =
        TicketBody { ticket: seal(context.secrets(), &ticket), expires_at: rfc3339(expires_at) };
    Reply::json(201, &body)
}
