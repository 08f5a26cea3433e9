//! What handlers work with: the market, and the secrets that the edge signs with.

use std::sync::Arc;

use app::{
    market::{Asked, Market, entry_id},
    ports::{DeadLetters, Metrics, Position, VenueConnector, WebhookSender},
};
use domain::id::UserId;

use crate::{
    auth::{access_token::AccessTokens, cursor_seal, keys::Secrets, scopes::Scope},
    call::Call,
    limits::RateLimiter,
    problem::Problem,
    sockets::Gateway,
    venues::feed::VenueFeeds,
};

/// Everything a handler is given besides its call.
pub struct Context {
    /// Use cases and their ports.
    pub market: Market,
    /// Signs and verifies access tokens.
    pub access_tokens: AccessTokens,
    /// How much one caller may ask in a second.
    pub limiter: RateLimiter,
    /// Keeps what no function can handle.
    pub dead_letters: Arc<dyn DeadLetters>,
    /// Takes measurements.
    pub metrics: Arc<dyn Metrics>,
    /// Where connections end.
    pub gateway: Arc<dyn Gateway>,
    /// Posts events to webhooks.
    pub webhook_sender: Arc<dyn WebhookSender>,
    /// Talks to external venues.
    pub venue_connector: Arc<dyn VenueConnector>,
    /// Opens the feeds of external venues.
    pub venue_feeds: Arc<dyn VenueFeeds>,
}

impl Context {
    /// What seals refresh tokens, quotes and cursors.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.access_tokens.secrets
    }

    /// What the caller asks under an idempotency key. Without a key, a key is made up.
    ///
    /// # Errors
    /// 401 without a caller.
    pub fn asked(&self, call: &Call) -> Result<Asked, Problem> {
        let key = match &call.idempotency_key {
            Some(key) => key.clone(),
            None => format!("{:032x}", self.market.entropy.bits()),
        };
        let actor = call.caller()?.user;
        Ok(Asked {
            actor,
            entry: entry_id(actor, &key),
            fingerprint: call.fingerprint(),
            request_id: call.request_id.clone(),
        })
    }

    /// The place in a list that the caller's cursor names.
    ///
    /// # Errors
    /// 422 if the cursor is not one that we made for this caller and list.
    pub fn cursor(&self, call: &Call) -> Result<Option<Position>, Problem> {
        let Some(cursor) = call.query_text("cursor") else { return Ok(None) };
        let invalid = || Problem::invalid("/query/cursor", "invalid", "not a cursor of this list");
        let text = cursor_seal::open(self.secrets(), &call.list_context(), cursor)
            .map_err(|_| invalid())?;
        let (key, tie) = text.split_once('.').ok_or_else(invalid)?;
        let key = key.parse().map_err(|_| invalid())?;
        let tie = u128::from_str_radix(tie, 36).map_err(|_| invalid())?;
        Ok(Some(Position { key, tie }))
    }

    /// The cursor of a place in the list that the caller reads.
    #[must_use]
    pub fn next_cursor(&self, call: &Call, next: Option<Position>) -> Option<String> {
        let next = next?;
        let text = format!("{}.{}", next.key, base36(next.tie));
        Some(cursor_seal::seal(self.secrets(), &call.list_context(), &text))
    }

    /// Whether the caller is an administrator.
    #[must_use]
    pub fn is_admin(call: &Call) -> bool {
        call.principal.as_ref().is_some_and(|principal| principal.scopes.allow(Scope::Admin))
    }

    /// Refuses a call that names somebody else as its actor; they answer as unknown.
    ///
    /// # Errors
    /// 404.
    pub fn own(call: &Call, named: Option<UserId>) -> Result<(), Problem> {
        let caller = call.caller()?.user;
        match named {
            Some(user) if user != caller => Err(domain::refusal::Missing::User.into()),
            _ => Ok(()),
        }
    }
}

fn base36(mut bits: u128) -> String {
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(bits % 36).unwrap_or(0);
        digits.push(char::from_digit(digit, 36).unwrap_or('0'));
        bits /= 36;
        if bits == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}
