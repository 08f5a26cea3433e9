//! An exchange that goes on where an earlier one was cut off: the book is what its decisions
//! make of it. Reports that were not sent are not sent any more; the feed has them.

use super::{Event, Exchange, Terms};
use crate::book::{Decision, Status};

impl Exchange {
    /// An exchange with the book that these decisions make. Its listings must begin with those
    /// that the decisions are about, in their order.
    #[must_use]
    pub fn replay(terms: Terms, decisions: impl IntoIterator<Item = Decision>, now: i64) -> Self {
        let mut exchange = Self::new(terms, now);
        for decision in decisions {
            let line = exchange.apply(&decision);
            exchange.lines.extend(line);
            exchange.decisions.push(decision);
        }
        exchange.go_on();
        exchange
    }

    fn go_on(&mut self) {
        // What happens now must not be what happened at first.
        for _ in 0..self.decisions.len() {
            self.chance.next();
        }
        for number in 0..self.entries.len() {
            let Some(entry) = self.entries.get(number) else { continue };
            let open = entry.status == Status::Open;
            let made = entry.executions.iter().enumerate();
            let untold: Vec<_> =
                made.filter(|(_, made)| !made.told).map(|(execution, _)| execution).collect();
            for execution in untold {
                self.schedule(1, Event::Tell(number, execution));
            }
            if open {
                self.begin(number);
            }
        }
    }
}
