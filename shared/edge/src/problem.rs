//! Every error a client can see: the one map from what went wrong to status and code.
//!
//! A problem is one of three (promise I14): refused for good, to be retried with the same
//! idempotency key (`retryable`), or a bug of ours (`internal_error`).

use app::{
    catalogue::ReviseFailed, identity::IdentityFailed, pairs::PairFailed, perform::Failed,
    ports::StoreError, webhooks::WebhookFailed,
};
use domain::refusal::{Declined, Missing, Refusal};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::reply::Reply;

/// The code of what is not signed as its venue signs; it says no more.
pub(crate) const SIGNATURE_INVALID: &str = "signature_invalid";
/// The code of what was sent and signed before.
pub(crate) const REPLAYED: &str = "replayed";

/// The media type of problems (RFC 9457).
pub const PROBLEM_JSON: &str = "application/problem+json";

/// What is wrong with one field of a request.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldError {
    /// Where: `/quantity` in the body, else `/query/…`, `/path/…` or `/header/…`.
    pub pointer: String,
    /// What is wrong, for programs.
    pub code: String,
    /// What is wrong, for people.
    pub detail: String,
}

/// Why a request has no other answer.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The status.
    pub status: u16,
    /// What went wrong, for programs; never changes.
    pub code: &'static str,
    /// What went wrong, for people.
    pub detail: String,
    /// Whether the same request, with the same key, may yet succeed.
    pub retryable: bool,
    /// What is wrong with which field.
    pub errors: Vec<FieldError>,
    /// Facts that go with the code, such as `available`.
    pub facts: Map<String, Value>,
    /// What a bug was, for us: for the log and the failure queue, never for a client.
    pub cause: Option<String>,
}

/// A problem as a client sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Always `about:blank`: `code` says more.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status's name.
    title: String,
    /// The status.
    status: u16,
    /// What went wrong, for programs.
    code: &'static str,
    /// What went wrong, for people.
    detail: String,
    /// Whether the same request, with the same key, may yet succeed.
    retryable: bool,
    /// Names the request in our logs.
    request_id: String,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
    /// Facts that go with the code, such as `available`.
    #[serde(flatten)]
    #[schema(value_type = Object, additional_properties)]
    facts: Map<String, Value>,
}

impl Problem {
    /// A final refusal.
    #[must_use]
    pub fn refused(status: u16, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            retryable: false,
            errors: Vec::new(),
            facts: Map::new(),
            cause: None,
        }
    }

    /// Something that passes: the same request, with the same key, may succeed.
    #[must_use]
    pub fn passing(status: u16, code: &'static str, detail: impl Into<String>) -> Self {
        Self { retryable: true, ..Self::refused(status, code, detail) }
    }

    /// 422: a field is not what it must be.
    #[must_use]
    pub fn invalid(pointer: &str, code: &str, detail: &str) -> Self {
        let whole = format!("{pointer}: {detail}");
        Self::refused(422, "validation_failed", whole).at(pointer, code, detail)
    }

    /// 500: a bug of ours. What it is goes to the log, not to the client.
    #[must_use]
    pub fn bug(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "bug");
        let detail = "an internal error; it has been recorded";
        Self { cause: Some(error.to_string()), ..Self::refused(500, "internal_error", detail) }
    }

    /// With what is wrong at a place: `/quantity`, or `/` for the body as a whole.
    #[must_use]
    pub fn at(mut self, pointer: &str, code: &str, detail: &str) -> Self {
        self.errors.push(FieldError {
            pointer: pointer.to_owned(),
            code: code.to_owned(),
            detail: detail.to_owned(),
        });
        self
    }

    /// With a fact.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    /// As an answer to the request with this id.
    #[must_use]
    pub fn reply(self, request_id: &str) -> Reply {
        let title = http::StatusCode::from_u16(self.status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or("Error");
        let (status, code) = (self.status, self.code);
        let wait = self.retryable;
        let body = ProblemBody {
            kind: "about:blank",
            title: title.to_owned(),
            status,
            code,
            detail: self.detail,
            retryable: self.retryable,
            request_id: request_id.to_owned(),
            errors: self.errors,
            facts: self.facts,
        };
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let reply =
            Reply { status, headers: Vec::new(), media_type: PROBLEM_JSON, body: body.into() };
        match status {
            401 if code == "authentication_required" => {
                reply.with(http::header::WWW_AUTHENTICATE, "Bearer")
            }
            // No token would help.
            401 if code == SIGNATURE_INVALID || code == REPLAYED => {
                reply.with(http::header::WWW_AUTHENTICATE, "Venue-Signature")
            }
            401 => reply.with(http::header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""),
            403 if code == "insufficient_scope" => {
                reply.with(http::header::WWW_AUTHENTICATE, "Bearer error=\"insufficient_scope\"")
            }
            429 | 503 if wait => reply.with(http::header::RETRY_AFTER, "1"),
            _ => reply,
        }
    }
}

impl From<&Refusal> for Problem {
    fn from(refusal: &Refusal) -> Self {
        let (status, code) = match refusal {
            Refusal::InsufficientFunds { .. } => (400, "insufficient_funds"),
            Refusal::InsufficientStock { .. } => (400, "insufficient_stock"),
            Refusal::NotTheSeller => (403, "not_the_seller"),
            Refusal::BalanceLimit { .. } => (409, "balance_limit"),
            Refusal::ItemNotActive { .. } => (409, "item_not_active"),
            Refusal::StockLimit => (409, "stock_limit"),
            Refusal::OwnItem => (409, "own_item"),
            Refusal::PriceChanged { .. } => (409, "price_changed"),
            Refusal::MaxPayExceeded { .. } => (409, "max_pay_exceeded"),
            Refusal::MinReceiveMissed { .. } => (409, "min_receive_missed"),
            Refusal::QuoteExpired => (409, "quote_expired"),
            Refusal::QuoteUsed => (409, "quote_used"),
            Refusal::AlreadyRefunded => (409, "already_refunded"),
            Refusal::NotRefundable => (409, "not_refundable"),
            Refusal::MarketNotTrading { .. } => (409, "market_not_trading"),
            Refusal::NoReferencePrice => (409, "no_reference_price"),
            Refusal::ClientOrderIdReused => (409, "client_order_id_reused"),
            Refusal::OrderClosed { .. } => (409, "order_closed"),
            Refusal::NotAmendable => (409, "not_amendable"),
            Refusal::PairTaken { .. } => (409, "market_taken"),
            Refusal::CurrencyTaken { .. } => (409, "currency_taken"),
            Refusal::TooManyUniverses { .. } => (409, "too_many_universes"),
            Refusal::RateJump { .. } => (409, "rate_jump"),
            Refusal::BelowMinNotional { .. } => (422, "below_min_notional"),
            Refusal::VenueSuspended => (409, "venue_suspended"),
            Refusal::ValidUntilOutOfRange => (422, "valid_until_out_of_range"),
            Refusal::RateLapsed => (422, "rate_lapsed"),
            Refusal::SameCurrency => (422, "same_currency"),
            Refusal::SelfTransfer => (422, "self_transfer"),
            Refusal::AmountTooSmall => (422, "amount_too_small"),
            Refusal::AmountTooLarge => (422, "amount_too_large"),
        };
        let problem = Self::refused(status, code, refusal.to_string());
        match refusal {
            Refusal::InsufficientFunds { required, available } => problem
                .with("currency", required.currency.code.to_string())
                .with("required", required.decimal())
                .with("available", available.decimal()),
            Refusal::InsufficientStock { requested, left } => {
                problem.with("requested", *requested).with("left", *left)
            }
            Refusal::PriceChanged { expected, actual } => problem
                .with("currency", actual.currency.code.to_string())
                .with("expected", expected.decimal())
                .with("actual", actual.decimal()),
            Refusal::MaxPayExceeded { max, required } => problem
                .with("currency", required.currency.code.to_string())
                .with("max_pay", max.decimal())
                .with("required", required.decimal()),
            Refusal::BelowMinNotional { min, notional } => problem
                .with("currency", min.currency.code.to_string())
                .with("min_notional", min.decimal())
                .with("notional", notional.decimal()),
            Refusal::MarketNotTrading { status } => problem.with("market_status", status.as_str()),
            Refusal::OrderClosed { status } => problem.with("order_status", status.as_str()),
            Refusal::MinReceiveMissed { min, offered } => problem
                .with("currency", offered.currency.code.to_string())
                .with("min_receive", min.decimal())
                .with("offered", offered.decimal()),
            _ => problem,
        }
    }
}

impl From<Missing> for Problem {
    fn from(missing: Missing) -> Self {
        let code = match missing {
            Missing::User => "user_not_found",
            Missing::Universe => "universe_not_found",
            Missing::Currency => "currency_not_found",
            Missing::Wallet => "wallet_not_found",
            Missing::Item => "item_not_found",
            Missing::Transaction => "transaction_not_found",
            Missing::Quote => "quote_not_found",
            Missing::Market => "market_not_found",
            Missing::Order => "order_not_found",
            Missing::Rate => "rate_not_found",
            Missing::Webhook => "webhook_not_found",
            Missing::Venue => "venue_not_found",
            Missing::Instrument => "instrument_not_found",
            Missing::Event => "event_not_found",
        };
        let mut detail = missing.to_string();
        if let Some(first) = detail.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        Self::refused(404, code, detail)
    }
}

impl From<Declined> for Problem {
    fn from(declined: Declined) -> Self {
        match declined {
            Declined::Refused(refusal) => Self::from(&refusal),
            Declined::Missing(missing) => missing.into(),
            Declined::RateStale { .. } => Self::passing(503, "rate_stale", declined.to_string()),
            Declined::Unsound(unsound) => Self::bug(&unsound),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => {
                tracing::warn!(%error, "store unavailable");
                let detail = "the store did not answer; retry with the same idempotency key";
                Self::passing(503, "unavailable", detail)
            }
            StoreError::Corrupt(_) => Self::bug(&error),
        }
    }
}

impl From<Failed> for Problem {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Declined(declined) => declined.into(),
            Failed::Store(error) => error.into(),
            Failed::KeyReused => Self::refused(422, "idempotency_key_reused", failed.to_string()),
            Failed::Voided => Self::refused(409, "request_voided", failed.to_string()),
            Failed::Busy => Self::passing(503, "busy", failed.to_string()),
        }
    }
}

impl From<IdentityFailed> for Problem {
    fn from(failed: IdentityFailed) -> Self {
        match failed {
            IdentityFailed::UsernameTaken => {
                Self::refused(409, "username_taken", failed.to_string())
            }
            IdentityFailed::EmailTaken => Self::refused(409, "email_taken", failed.to_string()),
            IdentityFailed::WrongPassword => {
                Self::refused(401, "invalid_credentials", failed.to_string())
            }
            IdentityFailed::SessionOver => Self::refused(401, "session_over", failed.to_string()),
            IdentityFailed::Hashing(error) => Self::bug(&error),
            IdentityFailed::Failed(failed) => failed.into(),
        }
    }
}

impl From<PairFailed> for Problem {
    fn from(failed: PairFailed) -> Self {
        match failed {
            PairFailed::Invalid(invalid) => {
                Self::refused(422, "invalid_market", invalid.to_string())
            }
            PairFailed::Failed(failed) => failed.into(),
        }
    }
}

impl From<WebhookFailed> for Problem {
    fn from(failed: WebhookFailed) -> Self {
        match failed {
            WebhookFailed::TooMany => Self::refused(409, "too_many_webhooks", failed.to_string()),
            WebhookFailed::Disabled => Self::refused(409, "webhook_disabled", failed.to_string()),
            WebhookFailed::Failed(failed) => failed.into(),
        }
    }
}

impl From<ReviseFailed> for Problem {
    fn from(failed: ReviseFailed) -> Self {
        match failed {
            ReviseFailed::Changed(ref item) => {
                Self::refused(412, "version_changed", failed.to_string())
                    .with("version", item.version)
            }
            ReviseFailed::Failed(failed) => failed.into(),
        }
    }
}
