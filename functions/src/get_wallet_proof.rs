//! GET /wallets/{wallet_id}/proof: a wallet's whole statement as it is hashed, so that anybody
//! can recompute the chain offline. The format is in docs/STATEMENTS.md.

use std::str::FromStr;

use app::{
    ports::LinePlace,
    statements::{Proof, proof},
};
use domain::{
    currency::Currency,
    id::WalletId,
    refusal::Missing,
    statement::{StatementHead, StatementLine},
    time::Timestamp,
};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method, Parameter},
    problem::Problem,
    reply::Reply,
    uses,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wallets::own_wallet;

/// The format's name. Another format will have another.
pub const FORMAT: &str = "multiverse-market-statement/1";

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "get-wallet-proof",
    Method::Get,
    &["/api/v1/wallets/{wallet_id}/proof"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Wallets", "A wallet's statement with its hash chain, to be verified offline")
.needs(Scope::Read)
.queried(&[
    Parameter { name: "after", meaning: "`next` of the page before: `{at}.{line}` of a line" },
    Parameter { name: "limit", meaning: "lines on the page, 1 to 100 (default 50)" },
])
.gives::<WalletProofResponse>(200)
.uses(&[uses::CATALOGUE, uses::STATEMENT_HEAD, uses::STATEMENT_LINES]);

/// A stretch of a wallet's statement. Amounts are whole numbers of minor units.
#[derive(Serialize, ToSchema)]
pub struct WalletProofResponse {
    /// `multiverse-market-statement/1`.
    format: &'static str,
    /// `wal_…`
    wallet: String,
    /// Its currency.
    currency: String,
    /// The decimals of the currency: minor units of `10^-scale`.
    scale: u8,
    /// As they follow one another.
    lines: Vec<ProofLineBody>,
    /// How far the statement had come, at least, when it was read.
    head: ProofHeadBody,
    /// Give it as `after` to read on; null on the last page.
    next: Option<String>,
}

/// A line: what is hashed, and the hash.
#[derive(Serialize, ToSchema)]
pub struct ProofLineBody {
    /// Its number, from 1 without gaps.
    line: u64,
    /// The version of the account that it tells of.
    version: u64,
    /// Milliseconds since 1970.
    at: i64,
    /// The id of the journal's entry, `txn_…`; `-`: none.
    entry: String,
    /// What the change was for.
    occasion: &'static str,
    /// The change of what is available.
    #[schema(example = "-400")]
    available_delta: String,
    /// The change of what is held.
    #[schema(example = "0")]
    held_delta: String,
    /// What was available after it.
    #[schema(example = "9600")]
    available: String,
    /// What was held after it.
    #[schema(example = "0")]
    held: String,
    /// The hash of the line before; 64 zeros before the first.
    previous: String,
    /// SHA-256 of what the line says.
    hash: String,
}

/// The last line of a statement.
#[derive(Serialize, ToSchema)]
pub struct ProofHeadBody {
    /// Its number.
    line: u64,
    /// Its hash.
    hash: String,
    /// The version of the account up to which statements tell of it.
    version: u64,
}

/// A line's place as text: `{at}.{line}`, both in canonical form.
struct PlaceText(LinePlace);

impl FromStr for PlaceText {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (at, line) = text.split_once('.')?;
            Some(LinePlace {
                at: Timestamp::from_millis(at.parse().ok()?),
                line: line.parse().ok()?,
            })
        };
        let place = read().filter(|place| place_text(place) == text);
        place.map(Self).ok_or("must be the time and the number of a line, as in `next`")
    }
}

fn place_text(place: &LinePlace) -> String {
    format!("{}.{}", place.at.millis(), place.line)
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let (wallet, currency) = own_wallet(context, call).await?;
    let after = call.query::<PlaceText>("after")?;
    let (after, limit) = (after.map_or_else(LinePlace::start, |place| place.0), call.limit()?);
    let proof = proof(&context.market, wallet, after, limit).await?;
    Reply::json(200, &response(&proof, wallet, currency).ok_or(Missing::Wallet)?)
}

fn response(proof: &Proof, wallet: WalletId, currency: Currency) -> Option<WalletProofResponse> {
    let last = proof.lines.rows.last().filter(|_| proof.lines.more);
    Some(WalletProofResponse {
        format: FORMAT,
        wallet: wallet.to_string(),
        currency: currency.code.to_string(),
        scale: currency.scale.decimals(),
        lines: proof.lines.rows.iter().map(line_body).collect(),
        head: head_body(&proof.head, currency)?,
        next: last.map(|line| place_text(&LinePlace::of(line))),
    })
}

fn head_body(head: &StatementHead, currency: Currency) -> Option<ProofHeadBody> {
    let tip = head.wallets.get(&currency.code)?;
    Some(ProofHeadBody { line: tip.line, hash: tip.hash.to_string(), version: head.version })
}

fn line_body(line: &StatementLine) -> ProofLineBody {
    ProofLineBody {
        line: line.line,
        version: line.version,
        at: line.at.millis(),
        entry: line.entry.map_or_else(|| "-".to_owned(), |entry| entry.to_string()),
        occasion: line.occasion.as_str(),
        available_delta: line.available.to_string(),
        held_delta: line.held.to_string(),
        available: line.after.available.minor().to_string(),
        held: line.after.held.minor().to_string(),
        previous: line.previous.to_string(),
        hash: line.hash.to_string(),
    }
}
