//! Refresh tokens: the name of a session and the number of its token, sealed.
//! Whether that token still renews the session, the domain decides.

use domain::id::SessionId;

use super::{
    TokenError,
    keys::{Purpose, Secrets},
    sealed,
};

const SESSION_BYTES: usize = 16;
const GENERATION_BYTES: usize = 4;

/// The session's token of this generation: always the same text, so that a client whose answer
/// was lost can be given its token again, though we do not keep it.
#[must_use]
pub fn seal(secrets: &Secrets, session: SessionId, generation: u32) -> String {
    let mut body = [0; SESSION_BYTES + GENERATION_BYTES];
    body[..SESSION_BYTES].copy_from_slice(&session.bits().to_be_bytes());
    body[SESSION_BYTES..].copy_from_slice(&generation.to_be_bytes());
    sealed::seal(secrets, Purpose::RefreshToken, "", &body)
}

/// The session and the generation that a refresh token names.
///
/// # Errors
/// [`TokenError::TooLong`], [`TokenError::Malformed`], or [`TokenError::WrongSignature`] if it is
/// forged.
pub fn open(secrets: &Secrets, text: &str) -> Result<(SessionId, u32), TokenError> {
    let body = sealed::open(secrets, Purpose::RefreshToken, "", text)?;
    let (session, rest) = body.split_first_chunk().ok_or(TokenError::Malformed)?;
    let generation = rest.try_into().map_err(|_| TokenError::Malformed)?;
    Ok((SessionId::from_bits(u128::from_be_bytes(*session)), u32::from_be_bytes(generation)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{TOKEN_BYTES_MAX, keys::tests::secrets};

    const SESSION: SessionId = SessionId::from_bits(0x0123_4567_89ab_cdef_0011_2233_4455_6677);

    #[test]
    fn a_token_names_its_session_and_generation() {
        let secrets = secrets(1);
        for session in [SessionId::from_bits(0), SESSION, SessionId::from_bits(u128::MAX)] {
            for generation in [0, 1, 2, u32::MAX] {
                let token = seal(&secrets, session, generation);
                assert_eq!(open(&secrets, &token), Ok((session, generation)));
            }
        }
    }

    #[test]
    fn a_generation_always_has_the_same_token_and_no_two_share_one() {
        assert_eq!(seal(&secrets(1), SESSION, 7), seal(&secrets(1), SESSION, 7));
        assert_ne!(seal(&secrets(1), SESSION, 7), seal(&secrets(1), SESSION, 8));
        assert_ne!(seal(&secrets(1), SESSION, 7), seal(&secrets(2), SESSION, 7));
    }

    #[test]
    fn an_altered_token_is_refused() {
        let secrets = secrets(1);
        let token = seal(&secrets, SESSION, 7);
        for at in 0..token.len() {
            let mut altered = token.clone().into_bytes();
            altered[at] = if altered[at] == b'x' { b'y' } else { b'x' };
            let altered = String::from_utf8(altered).expect("ASCII");
            assert!(open(&secrets, &altered).is_err(), "{altered}");
        }
    }

    #[test]
    fn a_token_has_one_spelling() {
        let secrets = secrets(1);
        let token = seal(&secrets, SESSION, 7);
        // 52 bytes end in two characters that carry 8 bits: the last has four bits to spare.
        let stray = format!("{}{}", &token[..token.len() - 1], "_");
        let (padded, spaced) = (format!("{token}=="), format!("{token} "));
        let (shorter, bare) = (&token[..token.len() - 2], &token["ref_".len()..]);
        for other in [&*stray, &padded, &spaced, &token.to_uppercase(), bare, "", "ref_"] {
            assert_eq!(open(&secrets, other), Err(TokenError::Malformed), "{other}");
        }
        assert!(open(&secrets, shorter).is_err());
        let long = format!("ref_{}", "A".repeat(TOKEN_BYTES_MAX));
        assert_eq!(open(&secrets, &long), Err(TokenError::TooLong));
    }

    #[test]
    fn a_token_of_another_secret_is_forged() {
        let token = seal(&secrets(2), SESSION, 7);
        assert_eq!(open(&secrets(1), &token), Err(TokenError::WrongSignature));
    }
}
