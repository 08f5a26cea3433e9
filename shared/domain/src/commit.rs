//! A decision as a value: writes that happen together or not at all, with what each expects.
//! How a store carries them out is not known here.

use std::fmt;

use crate::{
    account::{Account, Change, Leg},
    activity::{News, Occasion},
    amount::Amount,
    catalogue::{Item, Quantity},
    command::{Command, CommandId},
    currency::CurrencyCode,
    id::{EntryId, ItemId, OrderId, QuoteId, UserId},
    identity::{Email, Session, User, Username},
    ledger::{Entry, Guard, Movement, Outcome},
    market_event::MarketEvent,
    order::{Closed, Working},
    pair::{Pair, PairId},
    rate::RateVersion,
    refusal::{Declined, Refusal},
    time::Timestamp,
    universe::{Universe, UniverseId},
    venue::VenueOrder,
};

/// Something that can be had once, whoever asks under whatever key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// The redemption of a quote.
    Quote(QuoteId),
    /// The refund of a purchase.
    Refund(EntryId),
}

/// One write, and with it the state of things that it expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// A journal entry; no entry has its id.
    PutEntry(Entry),
    /// A claim; nobody has it.
    PutClaim {
        /// What is claimed.
        claim: Claim,
        /// The entry that it is claimed by.
        by: EntryId,
    },
    /// A new account; the user has none.
    OpenAccount(Account),
    /// A new empty wallet; the account is there and the wallet is not.
    OpenWallet {
        /// Whose account.
        user: UserId,
        /// The wallet's currency.
        code: CurrencyCode,
        /// When.
        at: Timestamp,
    },
    /// Money out of and into an account; it is there, has what is debited and room for what
    /// is credited. A credit opens a wallet that is not there. Without legs only the account's
    /// news change: its owner is told in the order of its versions.
    MoveFunds {
        /// Whose account.
        user: UserId,
        /// At most one leg a currency.
        legs: Vec<Leg>,
        /// To what it belongs.
        change: Change,
    },
    /// A new item; none has its id.
    PutItem(Item),
    /// A changed item; it still has the version before the new one's.
    ReviseItem {
        /// The item as it shall be, with its new version.
        item: Item,
        /// Whether the price, and with it an index row, changes.
        reprices: bool,
    },
    /// Pieces sold; the item is active, costs this much and has as many left.
    SellStock {
        /// Which item.
        item: ItemId,
        /// The price that the buyer pays for a piece.
        unit_price: Amount,
        /// How many pieces.
        quantity: Quantity,
        /// When.
        at: Timestamp,
    },
    /// Pieces come back; at least as many were sold, and there is room for them.
    ReturnStock {
        /// Which item.
        item: ItemId,
        /// How many pieces.
        quantity: Quantity,
        /// When.
        at: Timestamp,
    },
    /// A new universe; none has its number.
    PutUniverse(Universe),
    /// A currency's code given to a universe; none has it.
    ReserveCurrency {
        /// The code.
        code: CurrencyCode,
        /// The universe.
        universe: UniverseId,
    },
    /// A universe with its new rate; the current rate still has the version that it replaces.
    ReplaceRate {
        /// The universe as it shall be.
        universe: Universe,
        /// The version that it must have.
        replaces: u32,
    },
    /// A version in a rate's history; none has its id.
    PutRateVersion(RateVersion),
    /// A new user; none has the id.
    PutUser(User),
    /// A user's name; nobody has it.
    ReserveUsername(Username, UserId),
    /// A user's address; nobody has it.
    ReserveEmail(Email, UserId),
    /// A new session; none has its id.
    PutSession(Session),
    /// A new pair; there is none of these currencies.
    PutPair(Pair),
    /// A pair with its new status; it still has the version before the new one's.
    ReplacePair(Pair),
    /// A command in a pair's log; its place is free.
    PutCommand(Command),
    /// A command that a matcher has begun with, as far as it has come; it is in the log.
    AdvanceCommand(Command),
    /// A command leaves its pair's log; it is in it.
    RemoveCommand {
        /// Whose log.
        pair: PairId,
        /// Its place.
        id: CommandId,
    },
    /// The next event of a pair; its number is not taken. This fences matchers off from one
    /// another: everything else that they write they write beside it.
    PutMarketEvent(MarketEvent),
    /// An order that begins to rest; it does not rest yet.
    PutResting(Resting),
    /// A resting order that has changed; it rests.
    ReplaceResting(Resting),
    /// An order that rests no more; it rests.
    RemoveResting {
        /// In which book.
        pair: PairId,
        /// Which order.
        order: OrderId,
    },
    /// An order that is over; it was not over before.
    PutClosedOrder(ClosedOrder),
    /// When a user's orders end, whatever was said before.
    PutDeadline {
        /// In which book.
        pair: PairId,
        /// Whose.
        user: UserId,
        /// When.
        deadline: Timestamp,
    },
    /// A user's orders do not end by themselves any more, whatever was said before.
    RemoveDeadline {
        /// In which book.
        pair: PairId,
        /// Whose.
        user: UserId,
    },
    /// An order for an external venue; there is none with its id.
    PutVenueOrder(Box<VenueOrder>),
    /// A changed order at an external venue; it still has the version before the new one's.
    ReplaceVenueOrder {
        /// The order as it shall be, with its new version.
        order: Box<VenueOrder>,
        /// How many rows of the index of what is due that puts and removes.
        index_rows: u32,
    },
    /// A changed session; it still has this generation and is not revoked.
    ReplaceSession {
        /// The session as it shall be.
        session: Session,
        /// The generation that it must have.
        generation: u32,
    },
}

/// A resting order as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resting {
    /// In which book.
    pub pair: PairId,
    /// The order.
    pub working: Working,
    /// The number of the event that changed it last.
    pub seq: u64,
}

/// An order that is over, as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosedOrder {
    /// In which book it was.
    pub pair: PairId,
    /// The order.
    pub working: Working,
    /// Why.
    pub reason: Closed,
    /// When.
    pub at: Timestamp,
    /// The number of the event that closed it.
    pub seq: u64,
}

/// Transactional writes cost two write units per KB, and no row of ours passes 1 KB.
const ROW_UNITS: u32 = 2;

impl Write {
    /// Write units on DynamoDB, rows of index tables included.
    ///
    /// A row is two units (transactional, ≤ 1 KB). An index row is one: two of the journal
    /// (party, counterparty, or the orderer), four of an item (time, universe, price, seller).
    /// Moving a row within an index deletes and puts it: two. Only an event of a pair may pass
    /// 1 KB, see [`MarketEvent::row_bytes`]: it is two units for each KB that it begins and, if
    /// it has trades, one more for each in their index.
    #[must_use]
    pub fn units(&self) -> u32 {
        let index_rows = match self {
            Self::PutEntry(Entry { outcome: Outcome::Moved(movement), .. }) => {
                1_u32.saturating_add(u32::from(movement.counterparty.is_some()))
            }
            Self::PutEntry(Entry { outcome: Outcome::Placed(_), .. }) => 1,
            Self::PutItem(_) => 4,
            // By its owner, and by when it is due.
            Self::PutVenueOrder(_) => 2,
            Self::ReplaceVenueOrder { index_rows, .. } => *index_rows,
            Self::ReviseItem { reprices: true, .. } => 2,
            Self::PutMarketEvent(event) => return event_units(event),
            Self::MoveFunds { change, .. } => return account_units(&change.news),
            _ => 0,
        };
        ROW_UNITS.saturating_add(index_rows)
    }
}

/// An account with some wallets has about this many bytes besides its news.
const ACCOUNT_BYTES: usize = 400;

fn account_units(news: &News) -> u32 {
    let bytes = news.text().len().saturating_add(ACCOUNT_BYTES);
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX).saturating_mul(ROW_UNITS)
}

fn event_units(event: &MarketEvent) -> u32 {
    let started = u32::try_from(event.row_bytes().div_ceil(1024)).unwrap_or(u32::MAX);
    let rate = if event.trades().next().is_some() { 3 } else { ROW_UNITS };
    started.saturating_mul(rate)
}

/// Writes that happen together or not at all. The guard, if there is one, comes first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    writes: Vec<Write>,
}

impl Commit {
    /// The most writes: the limit of one `TransactWriteItems`.
    pub const WRITES_MAX: usize = 100;

    /// These writes, without a guard.
    #[must_use]
    pub fn of(writes: Vec<Write>) -> Self {
        Self { writes }
    }

    /// The entry of a movement of money, the legs that follow from its postings, and `also`.
    ///
    /// # Errors
    /// [`Declined::Unsound`] if the postings have no legs; always a bug of ours.
    pub fn moving(guard: &Guard, movement: Movement, also: Vec<Write>) -> Result<Self, Declined> {
        let legs = movement.postings.legs().map_err(Declined::Unsound)?;
        let change = guard.change(News::of(Occasion::of(&movement.cause)));
        let moves = legs.into_iter();
        let moves =
            moves.map(|(user, legs)| Write::MoveFunds { user, legs, change: change.clone() });
        let mut writes = vec![guarded(guard, Outcome::Moved(movement))];
        writes.extend(moves);
        writes.extend(also);
        Ok(Self { writes })
    }

    /// The entry of a listing, and the item.
    #[must_use]
    pub fn listing(guard: &Guard, item: Item) -> Self {
        let entry = guarded(guard, Outcome::Listed(item.clone()));
        Self { writes: vec![entry, Write::PutItem(item)] }
    }

    /// The entry of a refusal, and nothing else.
    #[must_use]
    pub fn refusing(guard: &Guard, refusal: Refusal) -> Self {
        let request_id = guard.request_id.clone();
        Self { writes: vec![guarded(guard, Outcome::Refused { refusal, request_id })] }
    }

    /// The entry of a key given up, and nothing else.
    #[must_use]
    pub fn voiding(guard: &Guard) -> Self {
        Self { writes: vec![guarded(guard, Outcome::Voided)] }
    }

    /// The writes, in their order.
    #[must_use]
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// The journal entry that guards the commit, if it has one.
    #[must_use]
    pub fn entry(&self) -> Option<&Entry> {
        match self.writes.first() {
            Some(Write::PutEntry(entry)) => Some(entry),
            _ => None,
        }
    }

    /// Write units on DynamoDB, rows of index tables included.
    #[must_use]
    pub fn write_units(&self) -> u32 {
        self.writes.iter().map(Write::units).fold(0, u32::saturating_add)
    }
}

fn guarded(guard: &Guard, outcome: Outcome) -> Write {
    Write::PutEntry(Entry {
        id: guard.entry,
        actor: guard.actor,
        fingerprint: guard.fingerprint,
        at: guard.at,
        outcome,
    })
}

impl fmt::Display for Commit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{} writes, {} units", self.writes.len(), self.write_units())?;
        self.writes.iter().try_for_each(|write| writeln!(out, "- {write:?}"))
    }
}

#[cfg(test)]
mod tests;
