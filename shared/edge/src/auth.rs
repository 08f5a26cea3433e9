//! Secrets at the edge: what is signed, sealed and hashed, and why a token is refused.
//! Who may call what, and what a client is told of a refusal, is not decided here.

pub mod access_token;
pub mod cursor_seal;
mod jwt_ring;
pub mod keys;
pub mod password;
pub mod quote_seal;
pub mod refresh_token;
pub mod scopes;
mod sealed;
pub mod ticket_seal;
pub mod venue_secret;
pub mod webhook_secret;

/// The longest token that is read at all, in bytes. Our longest, an access token, has about 500.
pub const TOKEN_BYTES_MAX: usize = 2048;

/// Why a token is refused: for our log and our tests. A client learns only that it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Longer than [`TOKEN_BYTES_MAX`].
    #[error("the token is too long")]
    TooLong,
    /// Not spelled as a token of this kind: prefix, parts or base64.
    #[error("the token is malformed")]
    Malformed,
    /// The header is not JSON, or has doubled, unknown or wrongly typed members.
    #[error("the token's header is malformed")]
    MalformedHeader,
    /// The header demands an extension (`crit`); none is known here.
    #[error("the token's header has critical members")]
    CriticalHeader,
    /// `typ` does not say that this is an access token.
    #[error("the token is of another type")]
    WrongType,
    /// `alg` is not `EdDSA`.
    #[error("the token is signed by another algorithm")]
    WrongAlgorithm,
    /// `kid` names none of our keys.
    #[error("the token's key is unknown")]
    UnknownKey,
    /// Not signed or sealed by us, or altered since.
    #[error("the token's signature is wrong")]
    WrongSignature,
    /// Claims are missing, doubled, unknown or wrongly typed.
    #[error("the token's claims are malformed")]
    MalformedClaims,
    /// `iss` is not ours.
    #[error("the token is of another issuer")]
    WrongIssuer,
    /// `aud` is not ours.
    #[error("the token is for another audience")]
    WrongAudience,
    /// `sub` is not a user's id.
    #[error("the token's subject is not a user")]
    WrongSubject,
    /// `scope` is empty, or has unknown or repeated words.
    #[error("the token's scope is unknown")]
    UnknownScope,
    /// `home` is not a universe's number.
    #[error("the token's home is not a universe")]
    WrongHome,
    /// It ends before it begins, or lasts longer than an access token may.
    #[error("the token's lifetime is not allowed")]
    WrongLifetime,
    /// `nbf` or `iat` lies in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
}
