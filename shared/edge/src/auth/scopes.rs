//! Scopes: what the bearer of a token may do, and which of them a role has.
//! Which endpoint needs which scope, the router knows.

use std::{fmt, str::FromStr};

use domain::identity::Role;

use super::TokenError;

/// One thing that a token permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// To see one's own things.
    Read,
    /// To move one's own money and goods.
    Trade,
    /// To run the market.
    Admin,
}

impl Scope {
    const ALL: [Self; 3] = [Self::Read, Self::Trade, Self::Admin];

    /// The scope's word in a token.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Trade => "trade",
            Self::Admin => "admin",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Read => 1,
            Self::Trade => 2,
            Self::Admin => 4,
        }
    }
}

/// A set of scopes. Its text is the words, parted by one space each.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// These scopes.
    #[must_use]
    pub fn of(scopes: &[Scope]) -> Self {
        Self(scopes.iter().fold(0, |bits, scope| bits | scope.bit()))
    }

    /// All that a role may do.
    #[must_use]
    pub fn for_role(role: Role) -> Self {
        match role {
            Role::Trader => Self::of(&[Scope::Read, Scope::Trade]),
            Role::Admin => Self::of(&[Scope::Read, Scope::Trade, Scope::Admin]),
        }
    }

    /// Whether the scope is among them.
    #[must_use]
    pub fn allow(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = Scope::ALL.into_iter().filter(|scope| self.allow(*scope));
        out.write_str(&held.map(Scope::as_str).collect::<Vec<_>>().join(" "))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Scopes({self})")
    }
}

impl FromStr for Scopes {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        text.split(' ').try_fold(Self(0), |held, word| {
            let known = Scope::ALL.into_iter().find(|scope| scope.as_str() == word);
            match known {
                Some(scope) if !held.allow(scope) => Ok(Self(held.0 | scope.bit())),
                _ => Err(TokenError::UnknownScope),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trader_reads_and_trades_and_an_administrator_also_runs_the_market() {
        assert_eq!(Scopes::for_role(Role::Trader).to_string(), "read trade");
        assert_eq!(Scopes::for_role(Role::Admin).to_string(), "read trade admin");
        assert!(!Scopes::for_role(Role::Trader).allow(Scope::Admin));
    }

    #[test]
    fn a_scope_that_is_named_twice_is_among_them_once() {
        let scopes = Scopes::of(&[Scope::Read, Scope::Trade, Scope::Read]);
        assert_eq!(scopes, Scopes::for_role(Role::Trader));
        assert_eq!(format!("{scopes:?}"), "Scopes(read trade)");
    }

    #[test]
    fn scopes_are_known_words_in_any_order_each_once() {
        assert_eq!("trade read".parse(), Ok(Scopes::for_role(Role::Trader)));
        for bad in ["", "write", "Read", "read  trade", " read", "read ", "read read", "read,trade"]
        {
            assert_eq!(bad.parse::<Scopes>(), Err(TokenError::UnknownScope), "{bad}");
        }
    }
}
