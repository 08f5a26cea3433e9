//! From what happened in a book to commits: money that moves, orders that rest or are over,
//! commands that are done, and the event that tells of it. How a commit is carried out, and
//! what happens if it is not, is not known here.

use crate::{
    book::Event,
    command::{Command, CommandId, Instruction},
    commit::Commit,
    id::UserId,
    ledger::Unsound,
    market_event::Head,
    order::{SelfTradePrevention, Working},
    pair::Steps,
    time::Timestamp,
};

mod chunk;
#[cfg(test)]
mod tests;

use chunk::Chunk;

/// Why something was done in a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was asked.
    Command(Command),
    /// Something stood in the log that is no command, and nobody knows what it was to be.
    Unreadable(CommandId),
    /// A user's cancel-after ran out.
    Deadline(UserId),
    /// An order whose owner's wallet has no room had to go before the others could go on.
    Expulsion,
}

/// Something that was done in a book, and what happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Why.
    pub origin: Origin,
    /// What.
    pub events: Vec<Event>,
}

/// The commits of what was done after `before`, in their order: each is a state of its own, and
/// from each another matcher could go on. A commit takes as many steps as fit into
/// [`Commit::WRITES_MAX`] writes; a step that does not fit is cut after a fill, and its
/// command stays in the log, as far as it has come, until the last of its commits.
///
/// # Errors
/// [`Unsound`]: always a bug of ours.
pub fn settle(
    steps: &Steps,
    before: Head,
    at: Timestamp,
    done: &[Step],
) -> Result<Vec<Commit>, Unsound> {
    let mut commits = Vec::new();
    let mut chunk = Chunk::after(*steps, before, at);
    for step in done {
        if chunk.is_full() {
            let next = Chunk::after(*steps, chunk.head(), at);
            commits.push(std::mem::replace(&mut chunk, next).commit()?);
        }
        let mut taking = Taking::new(&step.origin);
        for event in &step.events {
            if let Some(working) = taking.may_be_cut.filter(|_| chunk.is_full()) {
                chunk.cut(&step.origin, working);
                let next = Chunk::after(*steps, chunk.head(), at);
                commits.push(std::mem::replace(&mut chunk, next).commit()?);
            }
            chunk.add(event, &step.origin)?;
            taking.follow(event);
        }
        chunk.finish(&step.origin);
    }
    if !chunk.is_empty() {
        commits.push(chunk.commit()?);
    }
    Ok(commits)
}

/// How far the order that takes in a step has come, and whether the step may be cut here.
struct Taking {
    working: Option<Working>,
    /// With the order as it would go on; `Some(None)`: what asked is simply done again.
    may_be_cut: Option<Option<Working>>,
}

impl Taking {
    fn new(origin: &Origin) -> Self {
        let working = match origin {
            Origin::Command(Command { instruction: Instruction::Place(working), .. }) => {
                Some(*working)
            }
            _ => None,
        };
        Self { working, may_be_cut: None }
    }

    /// After a fill the rest of an order can go on by itself, also where only older orders of
    /// its owner's were cancelled before it. Between other events it cannot. Where nothing
    /// takes, the rest of what was asked is done when it is done again.
    fn follow(&mut self, event: &Event) {
        self.may_be_cut = match event {
            Event::Filled(fill) => {
                self.working = Some(fill.taker);
                Some(self.working)
            }
            Event::Withdrawn { working, .. } | Event::Prevented { working, .. } => {
                self.working = Some(*working);
                None
            }
            Event::Closed { working, .. } => match &self.working {
                None => Some(None),
                Some(Working { order, .. }) => {
                    let older_ends = working.order.id != order.id
                        && order.self_trade_prevention == SelfTradePrevention::CancelOldest;
                    older_ends.then_some(self.working)
                }
            },
            _ => None,
        };
    }
}
