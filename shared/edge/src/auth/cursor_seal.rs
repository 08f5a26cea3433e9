//! Cursors: where the next page of a list begins, in a text that clients cannot make up.
//! How a position is written, and which list it belongs to, the caller decides.

use super::{
    TokenError,
    keys::{Purpose, Secrets},
    sealed,
};

/// The cursor for this position: `cur_` and base64url, which fits a query unescaped.
///
/// `context` names the endpoint, the principal and the filters: the cursor opens nowhere else.
/// The client can read the position. At most 1,500 bytes of it stay below the limit of
/// [`super::TOKEN_BYTES_MAX`]; a longer one does not open.
#[must_use]
pub fn seal(secrets: &Secrets, context: &str, position: &str) -> String {
    sealed::seal(secrets, Purpose::Cursor, context, position.as_bytes())
}

/// The position that was sealed in this context.
///
/// # Errors
/// [`TokenError::TooLong`], [`TokenError::Malformed`], or [`TokenError::WrongSignature`] if the
/// cursor is forged or of another context.
pub fn open(secrets: &Secrets, context: &str, cursor: &str) -> Result<String, TokenError> {
    let position = sealed::open(secrets, Purpose::Cursor, context, cursor)?;
    String::from_utf8(position).map_err(|_| TokenError::Malformed)
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

    use super::*;
    use crate::auth::{TOKEN_BYTES_MAX, keys::tests::secrets};

    #[test]
    fn a_cursor_opens_in_its_own_context_only() {
        let secrets = secrets(1);
        for position in ["", "SK#0001", "Überraschung"] {
            let cursor = seal(&secrets, "list-orders/usr_1/open", position);
            assert_eq!(open(&secrets, "list-orders/usr_1/open", &cursor), Ok(position.to_owned()));
            for other in ["", "list-orders/usr_2/open", "list-orders/usr_1/openS"] {
                let refused = open(&secrets, other, &cursor);
                assert_eq!(refused, Err(TokenError::WrongSignature), "{other}");
            }
        }
    }

    #[test]
    fn the_border_between_context_and_position_cannot_be_moved() {
        let secrets = secrets(1);
        let cursor = seal(&secrets, "list", "ab");
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(&cursor["cur_".len()..]).expect("base64");
        assert!(sealed.starts_with(b"ab"));
        let moved = format!("cur_{}", BASE64_URL_SAFE_NO_PAD.encode(&sealed[1..]));
        assert_eq!(open(&secrets, "lista", &moved), Err(TokenError::WrongSignature));
    }

    #[test]
    fn a_made_up_cursor_is_refused() {
        let secrets = secrets(1);
        for bad in ["", "cur_", "cur_AAAA", "SK#0001", "cur_!", "quo_AAAA"] {
            assert_eq!(open(&secrets, "list", bad), Err(TokenError::Malformed), "{bad}");
        }
        let forged = format!("cur_{}", "A".repeat(60));
        assert_eq!(open(&secrets, "list", &forged), Err(TokenError::WrongSignature));
    }

    #[test]
    fn a_position_of_1500_bytes_fits_and_one_of_2048_does_not() {
        let secrets = secrets(1);
        let fits = "p".repeat(1500);
        assert_eq!(open(&secrets, "list", &seal(&secrets, "list", &fits)), Ok(fits));
        let cursor = seal(&secrets, "list", &"p".repeat(TOKEN_BYTES_MAX));
        assert_eq!(open(&secrets, "list", &cursor), Err(TokenError::TooLong));
        let longest = "p".repeat(1501);
        let cursor = seal(&secrets, "list", &longest);
        assert_eq!(cursor.len(), TOKEN_BYTES_MAX);
        assert_eq!(open(&secrets, "list", &cursor), Ok(longest), "the longest that is read");
    }
}
