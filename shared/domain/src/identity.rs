//! Users, their names, and the sessions that their refresh tokens descend from.
//! How secrets are hashed and tokens are signed is not known here.

use std::{fmt, str::FromStr};

use crate::{
    account::Account,
    commit::{Commit, Write},
    id::{SessionId, UserId},
    time::{Span, Timestamp},
    universe::{Universe, UniverseId},
};

/// `^[a-z0-9_]{3,20}$`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Username(String);

/// The text is not `^[a-z0-9_]{3,20}$`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a user name is 3 to 20 of a-z, 0-9 and _")]
pub struct InvalidUsername;

impl Username {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Username {
    type Err = InvalidUsername;

    fn from_str(text: &str) -> Result<Self, InvalidUsername> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if (3..=20).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidUsername)
        }
    }
}

/// An e-mail address, in lower case. Whether it receives mail is not checked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Email(String);

/// The text is not `local@domain.tld` of at most 254 printable ASCII characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address")]
pub struct InvalidEmail;

impl Email {
    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        let (local, domain) = text.split_once('@').ok_or(InvalidEmail)?;
        let labels = |domain: &str| domain.split('.').all(|label| !label.is_empty());
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.len() > 254
            || !plain
            || local.is_empty()
            || domain.contains('@')
            || !domain.contains('.')
            || !labels(domain)
        {
            return Err(InvalidEmail);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

/// What someone logs in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// A user name.
    Username(Username),
    /// An e-mail address.
    Email(Email),
}

/// A password's hash, with its salt and parameters. It never appears in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PasswordHash(…)")
    }
}

/// What a user may do. It never comes from input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Trades on their own account.
    Trader,
    /// Also runs the market: universes, rates, refunds.
    Admin,
}

impl Role {
    /// The role's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trader => "trader",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Trader, Self::Admin].into_iter().find(|role| role.as_str() == text).ok_or(())
    }
}

/// A person or program that holds an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The public name.
    pub username: Username,
    /// The private address.
    pub email: Email,
    /// The password's hash.
    pub password_hash: PasswordHash,
    /// What the user may do.
    pub role: Role,
    /// The home universe: its currency is the default to pay in.
    pub home: UniverseId,
    /// When the user signed up.
    pub created_at: Timestamp,
}

/// Signs a user up: the user, the name and the address, and an account with a wallet in the
/// home universe's currency, all or nothing.
#[must_use]
pub fn sign_up(user: User, home: &Universe) -> Commit {
    let (id, username, email) = (user.id, user.username.clone(), user.email.clone());
    let account = Account::opened(id, home.currency.code, user.created_at);
    Commit::of(vec![
        Write::PutUser(user),
        Write::ReserveUsername(username, id),
        Write::ReserveEmail(email, id),
        Write::OpenAccount(account),
    ])
}

/// A log-in. Its refresh tokens are numbered: only the newest one renews it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The id.
    pub id: SessionId,
    /// Whose session it is.
    pub user: UserId,
    /// The number of the newest refresh token, from 1.
    pub generation: u32,
    /// When that token was issued.
    pub rotated_at: Timestamp,
    /// When the log-in ends, however often it is renewed.
    pub expires_at: Timestamp,
    /// Whether it was ended early.
    pub revoked: bool,
}

/// How long a log-in lasts: thirty days.
pub const SESSION_LIFETIME: Span = Span::seconds(30 * 24 * 3600);
/// How long the token before the newest one still yields the newest one: a client whose
/// answer was lost asks again within it.
pub const REUSE_GRACE: Span = Span::seconds(10);

/// What presenting a refresh token leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Renewal {
    /// The session goes on with its next token.
    Rotate(Session),
    /// The newest token again: its first delivery may have been lost.
    Repeat(Session),
    /// A token was used twice, so it may be stolen: the whole session ends.
    Revoke(Session),
    /// The session is over.
    Over,
}

impl Session {
    /// A new log-in.
    #[must_use]
    pub fn begun(id: SessionId, user: UserId, now: Timestamp) -> Self {
        Self {
            id,
            user,
            generation: 1,
            rotated_at: now,
            expires_at: now.plus(SESSION_LIFETIME),
            revoked: false,
        }
    }

    /// Decides what becomes of the session when its token of this generation is presented.
    #[must_use]
    pub fn present(&self, generation: u32, now: Timestamp) -> Renewal {
        if self.revoked || now >= self.expires_at {
            return Renewal::Over;
        }
        if generation == self.generation {
            let generation = self.generation.saturating_add(1);
            return Renewal::Rotate(Self { generation, rotated_at: now, ..self.clone() });
        }
        let previous = generation.checked_add(1) == Some(self.generation);
        if previous && now.since(self.rotated_at) <= REUSE_GRACE {
            return Renewal::Repeat(self.clone());
        }
        Renewal::Revoke(self.ended())
    }

    /// The session, ended early.
    #[must_use]
    pub fn ended(&self) -> Self {
        Self { revoked: true, ..self.clone() }
    }

    /// The commit that replaces `before` by this session.
    #[must_use]
    pub fn replacing(self, before: &Self) -> Commit {
        Commit::of(vec![Write::ReplaceSession { session: self, generation: before.generation }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u32) -> Timestamp {
        Timestamp::from_millis(0).plus(Span::seconds(seconds))
    }

    fn second_generation() -> Session {
        let first = Session::begun(SessionId::from_bits(1), UserId::from_bits(2), at(0));
        match first.present(1, at(100)) {
            Renewal::Rotate(next) => next,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_newest_token_renews_the_session_once() {
        assert_eq!(second_generation().generation, 2);
        assert!(matches!(second_generation().present(2, at(101)), Renewal::Rotate(_)));
    }

    #[test]
    fn the_token_before_yields_the_same_successor_within_ten_seconds() {
        let session = second_generation();
        assert_eq!(session.present(1, at(110)), Renewal::Repeat(session.clone()));
        assert!(matches!(session.present(1, at(111)), Renewal::Revoke(_)));
    }

    #[test]
    fn an_older_or_an_unknown_token_ends_the_session() {
        let Renewal::Rotate(third) = second_generation().present(2, at(101)) else { panic!() };
        assert!(matches!(third.present(1, at(101)), Renewal::Revoke(_)));
        assert!(matches!(third.present(9, at(101)), Renewal::Revoke(_)));
        assert_eq!(third.ended().present(3, at(101)), Renewal::Over);
        assert_eq!(third.present(3, third.expires_at), Renewal::Over);
    }

    #[test]
    fn a_name_has_three_to_twenty_small_letters_digits_and_underscores() {
        assert!("john_earth".parse::<Username>().is_ok());
        for bad in ["", "ab", "John", "a b", "a-b", "é__", &"a".repeat(21)] {
            assert_eq!(bad.parse::<Username>(), Err(InvalidUsername), "{bad}");
        }
    }

    #[test]
    fn an_address_is_kept_in_lower_case() {
        assert_eq!("A@B.Ex".parse::<Email>().expect("valid").as_str(), "a@b.ex");
        for bad in ["", "a", "a@", "@b.c", "a@b", "a@b..c", "a b@c.d", "a@b@c.d", "a@.c"] {
            assert_eq!(bad.parse::<Email>(), Err(InvalidEmail), "{bad}");
        }
    }
}
