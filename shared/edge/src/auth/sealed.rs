//! Sealed texts: a prefix, then base64url of a body and the tag that only we can make.
//! The body can be read by whoever holds the text; what it means is not known here.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::digest;

use super::{
    TOKEN_BYTES_MAX, TokenError,
    keys::{Purpose, Secrets},
};

/// HMAC-SHA256, not shortened.
const TAG_BYTES: usize = digest::SHA256_OUTPUT_LEN;

impl Purpose {
    const fn prefix(self) -> &'static str {
        match self {
            Self::RefreshToken => "ref_",
            Self::Quote => "quo_",
            Self::Cursor => "cur_",
            Self::Ticket => "tkt_",
        }
    }
}

/// The sealed body. The text opens only in the same context, which it does not contain.
pub(super) fn seal(secrets: &Secrets, purpose: Purpose, context: &str, body: &[u8]) -> String {
    let tag = secrets.tag(purpose, &message(context, body));
    let sealed = [body, tag.as_ref()].concat();
    format!("{}{}", purpose.prefix(), BASE64_URL_SAFE_NO_PAD.encode(sealed))
}

/// The body, if we sealed it for this purpose in this context and this is its one spelling.
pub(super) fn open(
    secrets: &Secrets,
    purpose: Purpose,
    context: &str,
    text: &str,
) -> Result<Vec<u8>, TokenError> {
    if text.len() > TOKEN_BYTES_MAX {
        return Err(TokenError::TooLong);
    }
    let encoded = text.strip_prefix(purpose.prefix()).ok_or(TokenError::Malformed)?;
    // The engine refuses padding and stray bits at the end, so no text has a second spelling.
    let mut body = BASE64_URL_SAFE_NO_PAD.decode(encoded).map_err(|_| TokenError::Malformed)?;
    let length = body.len().checked_sub(TAG_BYTES).ok_or(TokenError::Malformed)?;
    let tag = body.split_off(length);
    if secrets.sealed(purpose, &message(context, &body), &tag) {
        Ok(body)
    } else {
        Err(TokenError::WrongSignature)
    }
}

/// What the tag covers. The digest has a fixed length, so context and body cannot be shifted.
fn message(context: &str, body: &[u8]) -> Vec<u8> {
    [digest::digest(&digest::SHA256, context.as_bytes()).as_ref(), body].concat()
}
