//! Passwords: which ones may be chosen, and their argon2id hashes as PHC strings.
//! Threads and salts are the caller's: a standard hash takes 50 to 90 ms of one core.

use std::fmt;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _},
};
use domain::identity::{Email, PasswordHash, Username};
use secrecy::zeroize::Zeroizing;

/// A password of 8 to 128 characters without control characters. Debug does not show it,
/// and its memory is wiped.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

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
        Ok(Self(text.to_owned().into()))
    }

    /// The password that someone of this name and address chooses.
    ///
    /// # Errors
    /// As [`Password::parse`], and [`InvalidPassword::Guessable`] if it is the name or the
    /// address, in any case.
    pub fn choose(text: &str, username: &Username, email: &Email) -> Result<Self, InvalidPassword> {
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

/// Hashes passwords by argon2id, in one lane, at this cost. Tests name a lower cost than
/// [`PasswordHasher::STANDARD`]: 8 KiB and one pass take far less than a millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordHasher {
    /// The memory that one hash fills, in KiB: at least 8.
    pub memory_kib: u32,
    /// How often it is filled: at least once.
    pub passes: u32,
}

impl PasswordHasher {
    /// 19 MiB and two passes: what OWASP advises for a single lane.
    pub const STANDARD: Self = Self { memory_kib: 19 * 1024, passes: 2 };
    const LANES: u32 = 1;

    /// The password's hash with this salt, which must be random and used once.
    ///
    /// # Errors
    /// [`PasswordError::CostTooLow`], or [`PasswordError::Failed`] for want of memory.
    pub fn hash(
        &self,
        password: &Password,
        salt: &[u8; 16],
    ) -> Result<PasswordHash, PasswordError> {
        let cost = Params::new(self.memory_kib, self.passes, Self::LANES, None)
            .map_err(|_| PasswordError::CostTooLow)?;
        let hash = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost)
            .hash_password_with_salt(password.0.as_bytes(), salt)
            .map_err(|_| PasswordError::Failed)?;
        Ok(PasswordHash(hash.to_string()))
    }

    /// A well-formed hash of this cost that no known password has. A login under an unknown name
    /// is verified against it, and so takes as long as one with a wrong password.
    #[must_use]
    pub fn decoy(&self) -> PasswordHash {
        let Self { memory_kib, passes } = self;
        let (lanes, salt, output) = (Self::LANES, "A".repeat(22), "A".repeat(43));
        PasswordHash(format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${output}"))
    }
}

/// Whether the hash is this password's. Its cost is the one that the hash states; the comparison
/// takes constant time. A text that is no hash is nobody's.
#[must_use]
pub fn verify(password: &Password, hash: &PasswordHash) -> bool {
    Argon2::default().verify_password(password.0.as_bytes(), hash.0.as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: PasswordHasher = PasswordHasher { memory_kib: 8, passes: 1 };
    const SALT: [u8; 16] = [7; 16];

    fn password(text: &str) -> Password {
        Password::parse(text).expect("valid")
    }

    #[test]
    fn a_hash_verifies_its_own_password_only() {
        let hash = CHEAP.hash(&password("correct horse"), &SALT).expect("hashed");
        assert!(verify(&password("correct horse"), &hash));
        for wrong in ["correct hors", "correct horse ", "Correct horse", "cörrect horse"] {
            assert!(!verify(&password(wrong), &hash), "{wrong}");
        }
    }

    #[test]
    fn a_standard_hash_is_argon2id_of_19_mib_two_passes_and_one_lane() {
        let hash = PasswordHasher::STANDARD.hash(&password("correct horse"), &SALT);
        let hash = hash.expect("hashed");
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
        assert!(verify(&password("correct horse"), &hash));
    }

    #[test]
    fn another_salt_makes_another_hash() {
        let [one, again, other] = [SALT, SALT, [8; 16]]
            .map(|salt| CHEAP.hash(&password("correct horse"), &salt).expect("hashed"));
        assert_eq!(one, again);
        assert_ne!(one, other);
    }

    #[test]
    fn the_decoy_costs_what_a_hash_costs_and_is_nobodys() {
        for hasher in [CHEAP, PasswordHasher::STANDARD] {
            let decoy = hasher.decoy();
            let real = hasher.hash(&password("correct horse"), &SALT).expect("hashed");
            let shape = |hash: &str| {
                let parts = hash.split('$').map(str::to_owned).collect::<Vec<_>>();
                (parts[..4].to_vec(), parts[4..].iter().map(String::len).collect::<Vec<_>>())
            };
            assert_eq!(shape(&decoy.0), shape(&real.0));
            let parsed = argon2::password_hash::phc::PasswordHash::new(&decoy.0);
            let outcome =
                Argon2::default().verify_password(b"correct horse", &parsed.expect("PHC"));
            let worked_and_differed = Err(argon2::password_hash::Error::PasswordInvalid);
            assert_eq!(outcome, worked_and_differed);
            assert!(!verify(&password("correct horse"), &decoy));
        }
    }

    #[test]
    fn a_text_that_is_no_hash_is_nobodys() {
        for bad in ["", "correct horse", "$argon2id$v=19$m=8,t=1,p=1$", "$2b$10$abc"] {
            assert!(!verify(&password("correct horse"), &PasswordHash(bad.to_owned())), "{bad}");
        }
    }

    #[test]
    fn a_cost_that_argon2_does_not_know_is_refused() {
        for hasher in
            [PasswordHasher { memory_kib: 7, ..CHEAP }, PasswordHasher { passes: 0, ..CHEAP }]
        {
            let refused = hasher.hash(&password("correct horse"), &SALT);
            assert_eq!(refused, Err(PasswordError::CostTooLow));
        }
    }

    #[test]
    fn a_password_has_8_to_128_characters_and_no_control_characters() {
        for good in ["12345678", "pässwörd", "🐎🐎🐎🐎🐎🐎🐎🐎", &"ü".repeat(128)]
        {
            assert!(Password::parse(good).is_ok(), "{good}");
        }
        for (bad, reason) in [
            ("", InvalidPassword::TooShort),
            ("1234567", InvalidPassword::TooShort),
            ("üüüüüüü", InvalidPassword::TooShort),
            (&"x".repeat(129), InvalidPassword::TooLong),
            ("12345678\n", InvalidPassword::ControlCharacter),
            ("1234\u{0}5678", InvalidPassword::ControlCharacter),
        ] {
            assert_eq!(Password::parse(bad), Err(reason), "{bad}");
        }
    }

    #[test]
    fn a_password_is_not_the_users_name_or_address() {
        let username: Username = "john_earth".parse().expect("valid");
        let email: Email = "john@earth.example".parse().expect("valid");
        for bad in ["john_earth", "JOHN_Earth", "John@Earth.example"] {
            let refused = Password::choose(bad, &username, &email);
            assert_eq!(refused, Err(InvalidPassword::Guessable), "{bad}");
        }
        assert!(Password::choose("john_earth1", &username, &email).is_ok());
        let short = Password::choose("short", &username, &email);
        assert_eq!(short, Err(InvalidPassword::TooShort));
    }

    #[test]
    fn debug_does_not_show_a_password() {
        assert_eq!(format!("{:?}", password("correct horse")), "Password(…)");
    }
}
