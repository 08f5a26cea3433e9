//! Statements: for each wallet, numbered lines that are folded from what its account logged, each
//! chained to the one before by a hash. Which hash that is, and where lines are kept, is not known
//! here; what is hashed, is.

use std::{collections::BTreeMap, fmt, str::FromStr};

use crate::{
    account::Balance,
    activity::{Activity, Occasion},
    amount::Amount,
    currency::CurrencyCode,
    id::{EntryId, UserId, WalletId},
    ledger::Unsound,
    time::Timestamp,
};

/// The hash of a line, or zeros before the first.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct ChainHash(pub [u8; 32]);

/// Hashes bytes: SHA-256, in every program of ours.
pub type Hash = fn(&[u8]) -> [u8; 32];

impl fmt::Display for ChainHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// The text is not 64 hexadecimal digits in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a hash of 64 hexadecimal digits in lower case")]
pub struct InvalidChainHash;

impl FromStr for ChainHash {
    type Err = InvalidChainHash;

    fn from_str(text: &str) -> Result<Self, InvalidChainHash> {
        let mut hash = Self::default();
        if text.len() != 64 {
            return Err(InvalidChainHash);
        }
        for (byte, digits) in hash.0.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| InvalidChainHash)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| InvalidChainHash)?;
        }
        // A sign or a capital is another spelling.
        if hash.to_string() == text { Ok(hash) } else { Err(InvalidChainHash) }
    }
}

/// A line of a wallet's statement. Amounts are in minor units of the wallet's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementLine {
    /// Whose statement.
    pub wallet: WalletId,
    /// The lines of a wallet are numbered without gaps, from 1.
    pub line: u64,
    /// The version of the account that it tells of.
    pub version: u64,
    /// When the change was decided; never before the line before.
    pub at: Timestamp,
    /// The journal entry of the change, if it has one.
    pub entry: Option<EntryId>,
    /// What the change was for.
    pub occasion: Occasion,
    /// Change of what is available.
    pub available: i64,
    /// Change of what is held.
    pub held: i64,
    /// What the wallet holds after it.
    pub after: Balance,
    /// The hash of the line before; zeros before the first.
    pub previous: ChainHash,
    /// The hash of [`StatementLine::preimage`].
    pub hash: ChainHash,
}

impl StatementLine {
    /// What is hashed: eleven lines of text, each ended by a line feed. The hash of the line
    /// before (64 hexadecimal digits), the wallet's id, the line's number, the account's version,
    /// the time in milliseconds since 1970, the entry's id (`-`: none), the occasion, the change of
    /// what is available and of what is held, and what is available and held after it.
    #[must_use]
    pub fn preimage(&self) -> String {
        let entry = self.entry.map_or_else(|| "-".to_owned(), |entry| entry.to_string());
        let Self { wallet, line, version, at, occasion, available, held, after, previous, .. } =
            self;
        let (at, occasion) = (at.millis(), occasion.as_str());
        let (free, reserved) = (after.available.minor(), after.held.minor());
        format!(
            "{previous}\n{wallet}\n{line}\n{version}\n{at}\n{entry}\n{occasion}\n\
             {available}\n{held}\n{free}\n{reserved}\n"
        )
    }

    /// Change of everything that the wallet holds.
    #[must_use]
    pub fn posted(&self) -> i64 {
        self.available.saturating_add(self.held)
    }
}

/// The last line of a wallet's statement, as far as the next one needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tip {
    /// Its number.
    pub line: u64,
    /// Its time.
    pub at: Timestamp,
    /// What the wallet held after it.
    pub after: Balance,
    /// Its hash.
    pub hash: ChainHash,
}

/// How far an account's statements have come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementHead {
    /// Whose.
    pub user: UserId,
    /// The account's version that was folded last; 0 before the first.
    pub version: u64,
    /// The last line of each wallet.
    pub wallets: BTreeMap<CurrencyCode, Tip>,
}

impl StatementHead {
    /// Before anything was folded.
    #[must_use]
    pub fn of_new(user: UserId) -> Self {
        Self { user, version: 0, wallets: BTreeMap::new() }
    }

    /// Whether this is the next thing to fold: the next version, or the first that anything is
    /// known of.
    #[must_use]
    pub fn is_next(&self, activity: &Activity) -> bool {
        let next = self.version.checked_add(1) == Some(activity.version);
        let first = self.version == 0 && activity.news.occasion == Occasion::CarriedForward;
        activity.user == self.user && (next || first)
    }

    /// Folds the next change of the account: its lines, one a wallet that it changed or opened,
    /// by currency. They are a function of the changes alone, so folding again gives the same.
    ///
    /// # Errors
    /// [`Unsound`] if it is not the next one, or if what it says a wallet holds is not what the
    /// lines add up to. Then nothing was folded.
    pub fn follow(
        &mut self,
        activity: &Activity,
        hash: Hash,
    ) -> Result<Vec<StatementLine>, Unsound> {
        if !self.is_next(activity) {
            return Err(Unsound::new("a statement skips a version"));
        }
        let mut next = self.clone();
        next.version = activity.version;
        let mut lines = Vec::new();
        for change in &activity.wallets {
            let tip = next.wallets.get(&change.code).copied().unwrap_or(Tip {
                line: 0,
                at: activity.at,
                after: Balance::default(),
                hash: ChainHash::default(),
            });
            if sum(tip.after.available, change.available) != change.after.available.minor()
                || sum(tip.after.held, change.held) != change.after.held.minor()
            {
                return Err(Unsound::new("a wallet holds what its statement does not add up to"));
            }
            let mut line = StatementLine {
                wallet: WalletId { owner: activity.user, currency: change.code },
                line: tip.line.saturating_add(1),
                version: activity.version,
                at: activity.at.max(tip.at),
                entry: activity.entry,
                occasion: activity.news.occasion,
                available: change.available,
                held: change.held,
                after: change.after,
                previous: tip.hash,
                hash: ChainHash::default(),
            };
            line.hash = ChainHash(hash(line.preimage().as_bytes()));
            let StatementLine { line: number, at, after, hash, .. } = line;
            next.wallets.insert(change.code, Tip { line: number, at, after, hash });
            lines.push(line);
        }
        *self = next;
        Ok(lines)
    }
}

fn sum(before: Amount, change: i64) -> i64 {
    before.minor().saturating_add(change)
}

/// Why lines are not a wallet's statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BrokenChain {
    /// It tells of another wallet.
    #[error("it is of another wallet")]
    OtherWallet,
    /// Its number is not the next one.
    #[error("its number is not the next one")]
    Number,
    /// The account's version does not rise.
    #[error("its version is not above the one before")]
    Version,
    /// It is before the line before.
    #[error("its time is before the line before")]
    Time,
    /// It does not begin where the line before ended.
    #[error("its balances are not those of the line before and its changes")]
    Balance,
    /// It names another hash than the line before has.
    #[error("it names another line before it")]
    Previous,
    /// Its own hash is not that of what it says.
    #[error("its hash is not that of what it says")]
    Hash,
}

/// Checks lines of one wallet as they follow one another, from its first on.
#[derive(Debug, Clone, Copy)]
pub struct ChainCheck {
    wallet: WalletId,
    version: u64,
    tip: Option<Tip>,
}

impl ChainCheck {
    /// Before the first line of a wallet.
    #[must_use]
    pub fn of(wallet: WalletId) -> Self {
        Self { wallet, version: 0, tip: None }
    }

    /// The last line that was right.
    #[must_use]
    pub fn tip(&self) -> Option<Tip> {
        self.tip
    }

    /// Checks the next line.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn follow(&mut self, line: &StatementLine, hash: Hash) -> Result<(), BrokenChain> {
        let before = self.tip.map_or(Balance::default(), |tip| tip.after);
        let number = self.tip.map_or(0, |tip| tip.line);
        let previous = self.tip.map_or(ChainHash::default(), |tip| tip.hash);
        if line.wallet != self.wallet {
            return Err(BrokenChain::OtherWallet);
        }
        if number.checked_add(1) != Some(line.line) {
            return Err(BrokenChain::Number);
        }
        if line.version <= self.version {
            return Err(BrokenChain::Version);
        }
        if self.tip.is_some_and(|tip| line.at < tip.at) {
            return Err(BrokenChain::Time);
        }
        if sum(before.available, line.available) != line.after.available.minor()
            || sum(before.held, line.held) != line.after.held.minor()
        {
            return Err(BrokenChain::Balance);
        }
        if line.previous != previous {
            return Err(BrokenChain::Previous);
        }
        if hash(line.preimage().as_bytes()) != line.hash.0 {
            return Err(BrokenChain::Hash);
        }
        let StatementLine { line: number, at, after, hash, .. } = *line;
        self.version = line.version;
        self.tip = Some(Tip { line: number, at, after, hash });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
