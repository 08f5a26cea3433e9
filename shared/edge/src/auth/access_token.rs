//! Access tokens: JWTs by the profile of RFC 9068, signed by EdDSA, checked claim by claim.
//! The time is an argument, and whether the user still exists is not asked.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{
    id::UserId,
    time::{Span, Timestamp},
    universe::UniverseId,
};
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use serde_json::{Value, json};

use super::{TOKEN_BYTES_MAX, TokenError, jwt_ring, keys::Secrets, scopes::Scopes};

#[cfg(test)]
mod tests;

/// How long an access token lasts: fifteen minutes, for it cannot be revoked.
pub const ACCESS_TOKEN_LIFETIME: Span = Span::seconds(15 * 60);
/// By how much the clocks of two of our machines may differ: five seconds.
pub const CLOCK_LEEWAY: Span = Span::seconds(5);

const TYPE: &str = "at+jwt";
/// The same type as a full media type (RFC 7515, section 4.1.9).
const TYPE_IN_FULL: &str = "application/at+jwt";
const ALGORITHM: &str = "EdDSA";
const MILLIS_PER_SECOND: i64 = 1000;

/// Who is calling, as an access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal {
    /// The user.
    pub user: UserId,
    /// What the user may do.
    pub scopes: Scopes,
    /// The user's home universe.
    pub home: UniverseId,
}

/// Issues and verifies access tokens.
#[derive(Debug, Clone)]
pub struct AccessTokens {
    /// Who issues them: our URL.
    pub issuer: String,
    /// Whom they are for: the API's URL or name.
    pub audience: String,
    /// The keys that sign and verify.
    pub secrets: Arc<Secrets>,
}

/// All that a header may say. `jwk`, `jku` and the like are unknown, so they are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    typ: Option<String>,
    alg: Option<String>,
    kid: Option<String>,
    #[serde(default, rename = "crit", deserialize_with = "present")]
    critical: bool,
}

/// Whatever the value is, `null` included, it is there.
fn present<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(value).map(|_| true)
}

/// Exactly the claims that [`AccessTokens::claims`] makes, with their types.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    scope: String,
    home: u32,
}

impl AccessTokens {
    /// A token for this principal, valid from now for [`ACCESS_TOKEN_LIFETIME`].
    #[must_use]
    pub fn issue(&self, principal: &Principal, now: Timestamp) -> String {
        self.sign_json(&self.header(), &self.claims(principal, now))
    }

    /// The header of every token that is issued.
    #[must_use]
    pub fn header(&self) -> Value {
        json!({ "typ": TYPE, "alg": ALGORITHM, "kid": self.secrets.key_id() })
    }

    /// The claims of a token that is issued now.
    #[must_use]
    pub fn claims(&self, principal: &Principal, now: Timestamp) -> Value {
        let seconds = |time: Timestamp| time.millis() / MILLIS_PER_SECOND;
        json!({
            "iss": self.issuer,
            "aud": self.audience,
            "sub": principal.user.to_string(),
            "iat": seconds(now),
            "nbf": seconds(now),
            "exp": seconds(now.plus(ACCESS_TOKEN_LIFETIME)),
            "scope": principal.scopes.to_string(),
            "home": principal.home.number(),
        })
    }

    /// Signs any header and claims as they are, sensible or not, by our Ed25519 key. It is what
    /// [`AccessTokens::issue`] rests on; tests forge tokens with it that are wrong in one thing.
    #[must_use]
    pub fn sign_json(&self, header: &Value, claims: &Value) -> String {
        let part = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = self.secrets.sign(message.as_bytes());
        format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    /// Who the token says is calling, if we issued it and it holds now.
    ///
    /// # Errors
    /// The first rule that it breaks: header, then signature, then claims, then times.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Principal, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::TooLong);
        }
        let public_key = self.key_for(token)?;
        let claims: Claims = jwt_ring::signed_claims(token, public_key)?;
        if claims.iss != self.issuer {
            return Err(TokenError::WrongIssuer);
        }
        if claims.aud != self.audience {
            return Err(TokenError::WrongAudience);
        }
        claims.check_times(now)?;
        Ok(Principal {
            user: claims.sub.parse().map_err(|_| TokenError::WrongSubject)?,
            scopes: claims.scope.parse()?,
            home: UniverseId::new(claims.home).ok_or(TokenError::WrongHome)?,
        })
    }

    /// The key that the header names, if the header is as ours are.
    fn key_for(&self, token: &str) -> Result<&[u8], TokenError> {
        let (header, _) = token.split_once('.').ok_or(TokenError::Malformed)?;
        let header = BASE64_URL_SAFE_NO_PAD.decode(header).map_err(|_| TokenError::Malformed)?;
        let header: Header =
            serde_json::from_slice(&header).map_err(|_| TokenError::MalformedHeader)?;
        if header.critical {
            return Err(TokenError::CriticalHeader);
        }
        if header.alg.as_deref() != Some(ALGORITHM) {
            return Err(TokenError::WrongAlgorithm);
        }
        let is_ours =
            |typ: &String| [TYPE, TYPE_IN_FULL].iter().any(|ours| typ.eq_ignore_ascii_case(ours));
        if !header.typ.as_ref().is_some_and(is_ours) {
            return Err(TokenError::WrongType);
        }
        let key_id = header.kid.ok_or(TokenError::UnknownKey)?;
        self.secrets.public_key(&key_id).ok_or(TokenError::UnknownKey)
    }
}

impl Claims {
    fn check_times(&self, now: Timestamp) -> Result<(), TokenError> {
        let lifetime = self.exp.checked_sub(self.iat).ok_or(TokenError::WrongLifetime)?;
        if !(1..=ACCESS_TOKEN_LIFETIME.as_millis() / MILLIS_PER_SECOND).contains(&lifetime) {
            return Err(TokenError::WrongLifetime);
        }
        // Claims are whole seconds, so comparing with the last whole second is exact.
        let now = now.millis() / MILLIS_PER_SECOND;
        let leeway = CLOCK_LEEWAY.as_millis() / MILLIS_PER_SECOND;
        let latest_start = now.saturating_add(leeway);
        if self.nbf > latest_start || self.iat > latest_start {
            return Err(TokenError::NotYetValid);
        }
        if now >= self.exp.saturating_add(leeway) {
            return Err(TokenError::Expired);
        }
        Ok(())
    }
}
