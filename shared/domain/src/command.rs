//! The command log of a pair: what was asked of its book, in the order in which it is matched.
//! What a command does to the book, `book` knows.

use std::{fmt, str::FromStr};

use crate::{
    amount::Amount,
    id::{EntryId, InvalidId, OrderId, UserId},
    order::{Side, Working},
    pair::{Lots, PairId, PairStatus, Ticks},
    time::{Span, Timestamp},
};

/// A command's place in its pair's log: when it was accepted, and the bits of the request that
/// it came with, which break ties. The place only orders what waits at the same time; an
/// order's priority is the sequence that the book gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommandId {
    /// When it was accepted.
    pub at: Timestamp,
    /// Of the request.
    pub bits: u128,
}

impl CommandId {
    /// A place after all that was accepted by `earlier`: in the same millisecond, or by a clock
    /// that is ahead of this one, too.
    #[must_use]
    pub fn after(earlier: Timestamp, now: Timestamp, bits: u128) -> Self {
        Self { at: now.max(earlier.plus(Span::millis(1))), bits }
    }
}

/// Fifteen digits of milliseconds, so that the text sorts as the place does, and an entry's id.
impl fmt::Display for CommandId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:015}{}", self.at.millis(), EntryId::from_bits(self.bits))
    }
}

impl FromStr for CommandId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let (millis, id) = text.split_at_checked(15).ok_or(InvalidId)?;
        let at = Timestamp::from_millis(millis.parse().map_err(|_| InvalidId)?);
        let command = Self { at, bits: id.parse::<EntryId>()?.bits() };
        if command.to_string() == text { Ok(command) } else { Err(InvalidId) }
    }
}

/// What is asked of a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instruction {
    /// An order; or one that a matcher has begun with, as far as it has come.
    Place(Working),
    /// An order of the asker's ends.
    Cancel(OrderId),
    /// All orders of a user end.
    CancelAll {
        /// Whose.
        user: UserId,
        /// Only of this side.
        side: Option<Side>,
    },
    /// A resting order of the asker's gets another price or size.
    Amend {
        /// Which order.
        order: OrderId,
        /// Whose it is.
        user: UserId,
        /// On which side it is.
        side: Side,
        /// The new price.
        price: Option<Ticks>,
        /// The new size in all, what was filled included.
        lots: Option<Lots>,
        /// What was held for it in addition.
        extra: Amount,
    },
    /// All orders of a user end unless the user says otherwise in time.
    CancelAfter {
        /// Whose.
        user: UserId,
        /// When they end; `None`: never.
        deadline: Option<Timestamp>,
    },
    /// The pair's status changes.
    SetStatus(PairStatus),
}

/// An instruction in a pair's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    /// Whose log.
    pub pair: PairId,
    /// Its place there.
    pub id: CommandId,
    /// What is asked.
    pub instruction: Instruction,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_log_sorts_as_its_text_does() {
        let place = |millis, bits| CommandId { at: Timestamp::from_millis(millis), bits };
        let places = [place(5, 9), place(5, 10), place(1_000, 0), place(i64::MAX, 1)];
        let texts = places.map(|place| place.to_string());
        assert!(texts.is_sorted());
        assert_eq!(texts.map(|text| text.parse::<CommandId>()), places.map(Ok));
        assert_eq!("5".parse::<CommandId>(), Err(InvalidId));
    }
}
