//! POST /simulate: what an exchange, a purchase or a transfer would do now. Nothing is
//! written: it is the same decision without its commit.

use app::{
    perform::{Freshness, Operation},
    simulate::Simulated,
};
use domain::ledger::Outcome;
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
    wire::Object,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{
    answers::render,
    bodies::{PostingBody, WalletBody},
    buy::{self, BuyRequest},
    exchange::{self, ExchangeRequest},
    get_transaction::raw,
    transfer::{self, TransferRequest},
};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("simulate", Method::Post, &["/api/v1/simulate"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Certainty", "What an operation would do now; nothing is written")
    .needs(Scope::Read)
    .takes::<SimulateRequest>()
    .gives::<SimulateResponse>(200)
    .uses(&[uses::ACCOUNT, uses::ITEM, uses::RATES]);

/// One operation, with the body that its own endpoint takes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SimulateRequest {
    /// As POST /buy.
    #[schema(value_type = BuyRequest, required = false)]
    buy: Option<Object<BuyRequest>>,
    /// As POST /exchange.
    #[schema(value_type = ExchangeRequest, required = false)]
    exchange: Option<Object<ExchangeRequest>>,
    /// As POST /transfers.
    #[schema(value_type = TransferRequest, required = false)]
    transfer: Option<Object<TransferRequest>>,
}

/// What would be.
#[derive(Serialize, ToSchema)]
pub struct SimulateResponse {
    /// What would move.
    postings: Vec<PostingBody>,
    /// The caller's wallets as they would be.
    wallets: Vec<WalletBody>,
    /// What would be answered; its `id` is a placeholder.
    #[schema(value_type = Object)]
    answer: Box<RawValue>,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let request: SimulateRequest = call.json()?;
    let body = match (&request.buy, &request.exchange, &request.transfer) {
        (Some(Object(buy)), None, None) => {
            run(context, call, &buy::operation(context, call, buy, "/buy").await?).await?
        }
        (None, Some(Object(exchange)), None) => {
            let operation = exchange::operation(context, call, exchange, "/exchange").await?;
            run(context, call, &operation).await?
        }
        (None, None, Some(Object(transfer))) => {
            let operation = transfer::operation(context, call, transfer, "/transfer").await?;
            run(context, call, &operation).await?
        }
        _ => {
            let detail = "give one of buy, exchange and transfer";
            let problem = Problem::invalid("/buy", "missing", detail);
            let problem = problem.at("/exchange", "missing", detail);
            return Err(problem.at("/transfer", "missing", detail));
        }
    };
    Reply::json(200, &body)
}

async fn run<O: Operation>(
    context: &Context,
    call: &Call,
    operation: &O,
) -> Result<SimulateResponse, Problem> {
    let caller = call.caller()?.user;
    let Simulated { commit, account } =
        app::simulate::simulate(&context.market, caller, operation).await?;
    let entry = commit.entry().ok_or_else(|| Problem::bug(&"a commit without an entry"))?;
    let universes = context.market.rates.current(Freshness::Cached).await?;
    let currency = |code| universes.currency(code).ok();
    let postings = match &entry.outcome {
        Outcome::Moved(movement) => movement.postings.all().iter().map(PostingBody::from).collect(),
        _ => Vec::new(),
    };
    Ok(SimulateResponse {
        postings,
        wallets: WalletBody::all(&account, currency),
        answer: raw(&render(entry)?)?,
    })
}
