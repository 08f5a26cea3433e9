//! Tickets that open a connection: who may open it, until when, in a text that fits an address.
//! Whether a ticket was used before is not known here.

use domain::{
    id::UserId,
    time::{Span, Timestamp},
};

use super::{
    TokenError,
    keys::{Purpose, Secrets},
    scopes::Scopes,
    sealed,
};

/// How long a ticket is good for: a client opens its connection at once.
pub const TICKET_LIFETIME: Span = Span::seconds(60);

/// The first byte names the layout: a text of another layout is refused, not misread.
const LAYOUT: u8 = 1;

/// A right to open one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// 128 bits that no other ticket has.
    pub id: u128,
    /// Who opens it.
    pub user: UserId,
    /// What the connection may be used for.
    pub scopes: Scopes,
    /// From when on it opens nothing.
    pub expires_at: Timestamp,
}

/// The ticket as a text of at most 128 characters: 41 bytes, the scopes' words, a tag of 32.
#[must_use]
pub fn seal(secrets: &Secrets, ticket: &Ticket) -> String {
    let mut body = vec![LAYOUT];
    body.extend(ticket.id.to_be_bytes());
    body.extend(ticket.user.bits().to_be_bytes());
    body.extend(ticket.expires_at.millis().to_be_bytes());
    body.extend(ticket.scopes.to_string().bytes());
    sealed::seal(secrets, Purpose::Ticket, "", &body)
}

/// The ticket, if we made it and it has not expired.
///
/// # Errors
/// [`TokenError::TooLong`], [`TokenError::Malformed`], [`TokenError::WrongSignature`] if it is
/// forged, or [`TokenError::Expired`].
pub fn open(secrets: &Secrets, text: &str, now: Timestamp) -> Result<Ticket, TokenError> {
    let body = sealed::open(secrets, Purpose::Ticket, "", text)?;
    let ticket = decode(&body).ok_or(TokenError::Malformed)?;
    if now < ticket.expires_at { Ok(ticket) } else { Err(TokenError::Expired) }
}

fn decode(body: &[u8]) -> Option<Ticket> {
    let (&layout, rest) = body.split_first()?;
    let (id, rest) = rest.split_first_chunk()?;
    let (user, rest) = rest.split_first_chunk()?;
    let (expires_at, scopes) = rest.split_first_chunk()?;
    let ticket = Ticket {
        id: u128::from_be_bytes(*id),
        user: UserId::from_bits(u128::from_be_bytes(*user)),
        scopes: std::str::from_utf8(scopes).ok()?.parse().ok()?,
        expires_at: Timestamp::from_millis(i64::from_be_bytes(*expires_at)),
    };
    (layout == LAYOUT).then_some(ticket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{keys::tests::secrets, scopes::Scope};

    const NOW: i64 = 1_800_000_000_000;

    fn ticket() -> Ticket {
        Ticket {
            id: u128::MAX,
            user: UserId::from_bits(7),
            scopes: Scopes::of(&[Scope::Read, Scope::Trade, Scope::Admin]),
            expires_at: Timestamp::from_millis(NOW).plus(TICKET_LIFETIME),
        }
    }

    fn opened(text: &str, at: i64) -> Result<Ticket, TokenError> {
        open(&secrets(1), text, Timestamp::from_millis(at))
    }

    #[test]
    fn a_ticket_survives_its_text_until_it_expires() {
        let text = seal(&secrets(1), &ticket());
        assert_eq!(opened(&text, NOW), Ok(ticket()));
        assert_eq!(opened(&text, NOW + 59_999), Ok(ticket()));
        assert_eq!(opened(&text, NOW + 60_000), Err(TokenError::Expired));
        let url_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        assert!(text.starts_with("tkt_") && text.bytes().all(url_safe), "{text}");
        assert!(text.len() <= 128, "{} characters", text.len());
    }

    #[test]
    fn a_foreign_or_changed_ticket_does_not_open() {
        let foreign = seal(&secrets(2), &ticket());
        assert_eq!(opened(&foreign, NOW), Err(TokenError::WrongSignature));
        let text = seal(&secrets(1), &ticket());
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'x' { b'y' } else { b'x' };
            let changed = String::from_utf8(changed).expect("ASCII");
            assert!(opened(&changed, NOW).is_err(), "{changed}");
        }
        for bad in ["", "tkt_", "quo_AAAA", &text["tkt_".len()..], &format!("{text}A")] {
            assert!(opened(bad, NOW).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_sealed_body_that_is_no_ticket_is_malformed() {
        for body in [&b""[..], &[2; 45], &[LAYOUT; 41], &[LAYOUT; 45]] {
            let text = sealed::seal(&secrets(1), Purpose::Ticket, "", body);
            assert_eq!(opened(&text, NOW), Err(TokenError::Malformed), "{body:?}");
        }
    }
}
