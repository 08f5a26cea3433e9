//! Passwords: which ones may be chosen, and their argon2id hashes as PHC strings.
//! Threads and salts are the caller's: a standard hash takes 50 to 90 ms of one core.

use std::fmt;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _},
};
use domain::identity::{Email, PasswordHash, Username};

/// A password of 8 to 128 characters without control characters. Debug does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Why a text is not a password, or may not be chosen as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPassword {
    /// Fewer than [`Password::CHARS_MIN`] characters.
    #[error("a password has at least 8 characters")]
    TooShort,
    /// More than [`Password::CHARS_MAX`] characters.
    #[error("a password has at most 128 characters")]
    TooLong,
    /// It has control characters.
    #[error("a password has no control characters")]
    ControlCharacter,
    /// It is the user's name or address.
    #[error("a password is not the user's name or address")]
    Guessable,
}

impl Password {
    /// The fewest characters, counted as Unicode scalar values.
    pub const CHARS_MIN: usize = 8;
    /// The most characters: enough for any pass phrase, and a bound on what is hashed.
    pub const CHARS_MAX: usize = 128;

    /// The password that someone logs in with.
    ///
    /// # Errors
    /// Any [`InvalidPassword`] but [`InvalidPassword::Guessable`].
    pub fn parse(text: &str) -> Result<Self, InvalidPassword> {
        let length = text.chars().take(Self::CHARS_MAX.saturating_add(1)).count();
        if length < Self::CHARS_MIN {
            return Err(InvalidPassword::TooShort);
        }
        if length > Self::CHARS_MAX {
            return Err(InvalidPassword::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(InvalidPassword::ControlCharacter);
        }
        Ok(Self(text.to_owned()))
    }

    /// The password that someone of this name and address chooses.
    ///
    /// # Errors
    /// As [`Password::parse`], and [`InvalidPassword::Guessable`] if it is the name or the
    /// address, in any case.
    pub fn choose(
        text: &str,
        username: &Username,
        email: &Email,
    ) -> Result<Self, InvalidPassword> {
        let password = Self::parse(text)?;
        let names = [username.as_str(), email.as_str()];
        if names.into_iter().any(|name| name.eq_ignore_ascii_case(text)) {
            return Err(InvalidPassword::Guessable);
        }
        Ok(password)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Password(…)")
    }
}

/// Why a password could not be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Less than 8 KiB of memory or no pass at all.
    #[error("the cost of password hashes is too low")]
    CostTooLow,
    /// There was not enough memory.
    #[error("the password could not be hashed")]
    Failed,
}

/// Hashes passwords by argon2id, in one lane, at a stated cost.
#[derive(Debug, Clone)]
pub struct PasswordHasher {
    cost: Params,
}

impl PasswordHasher {
    /// The memory of a standard hash: 19 MiB, as OWASP advises for two passes and one lane.
    pub const STANDARD_MEMORY_KIB: u32 = 19 * 1024;
    /// The passes of a standard hash.
    pub const STANDARD_PASSES: u32 = 2;
    const LANES: u32 = 1;

    /// A hasher of the standard cost.
    ///
    /// # Errors
    /// None: the standard cost is not too low.
    pub fn standard() -> Result<Self, PasswordError> {
        Self::with_cost(Self::STANDARD_MEMORY_KIB, Self::STANDARD_PASSES)
    }
}
