//! How a decision changes the book, and whom it is told to: the feed has everything in its
//! order; reports are subject to faults.

use super::{Entry, Event, Exchange, Line, Made, Outgoing, venue_order_id};
use crate::{
    book::{Decision, FeedMessage, Message, Report, Status},
    faults::Fault,
};

/// How long a report is held back that others are to overtake, in milliseconds.
const OVERTAKEN_MS: (u64, u64) = (1, 3_000);
/// How long after the first a second report of the same comes, in milliseconds.
const DOUBLED_MS: (u64, u64) = (0, 2_000);

impl Exchange {
    /// Makes a decision: it is in the book, and told.
    pub(super) fn decide(&mut self, decision: Decision) {
        let line = self.apply(&decision);
        self.decisions.push(decision);
        let Some(line) = line else { return };
        self.lines.push(line);
        if let Line::Report { .. } = line {
            self.send(self.lines.len().saturating_sub(1));
        }
    }

    fn send(&mut self, line: usize) {
        if self.happens(Fault::DropReport) {
            return;
        }
        let mut ms = 0;
        if self.happens(Fault::ReorderReports) {
            ms = self.chance.within(OVERTAKEN_MS);
        }
        self.schedule(ms, Event::Report(line));
        if self.happens(Fault::DoubleReport) {
            let ms = self.chance.within(DOUBLED_MS);
            self.schedule(ms, Event::Report(line));
        }
    }

    /// Writes a decision into the book. What is to be told of it, if anything is.
    pub(super) fn apply(&mut self, decision: &Decision) -> Option<Line> {
        match *decision {
            Decision::Placed { ref order, .. } => {
                let number = *self.by_id.entry(order.id.clone()).or_insert(self.entries.len());
                if let Some(entry) = self.entries.get_mut(number) {
                    // It must not come to this, and the witness would say so.
                    entry.placed = entry.placed.saturating_add(1);
                    return None;
                }
                self.entries.push(Entry {
                    order: order.clone(),
                    placed: 1,
                    status: Status::Open,
                    executions: Vec::new(),
                    executed: 0,
                    cash: 0,
                    parts: 1,
                    rejects: false,
                });
                None
            }
            Decision::Executed { order, quantity, price, told } => {
                self.executions = self.executions.saturating_add(1);
                let made = Made { number: self.executions, quantity, price, told };
                let entry = self.entries.get_mut(order)?;
                entry.executions.push(made);
                entry.executed = entry.executed.saturating_add(quantity);
                let cost = u128::from(quantity).saturating_mul(u128::from(price));
                entry.cash = entry.cash.saturating_add(cost);
                if entry.executed == entry.order.quantity {
                    entry.status = Status::Filled;
                }
                let (status, executed) = (entry.status, entry.executed);
                let execution = Some(entry.executions.len().saturating_sub(1));
                told.then_some(Line::Report { order, status, executed, execution })
            }
            Decision::Ended { order, status } => {
                self.resting.remove(&order);
                let entry = self.entries.get_mut(order)?;
                entry.status = status;
                Some(Line::Report { order, status, executed: entry.executed, execution: None })
            }
            Decision::Told { order, execution } => {
                let entry = self.entries.get_mut(order)?;
                entry.executions.get_mut(execution)?.told = true;
                let (status, executed) = (entry.status, entry.executed);
                Some(Line::Report { order, status, executed, execution: Some(execution) })
            }
            Decision::Priced { listing, price } => {
                self.terms.listings.get_mut(listing)?.price = price;
                Some(Line::Price { listing, price })
            }
        }
    }

    pub(super) fn outgoing(&self, line: usize) -> Option<Outgoing> {
        match self.message(line)? {
            FeedMessage { seq, message: Message::Report(report) } => Some(Outgoing { report, seq }),
            FeedMessage { message: Message::Price { .. }, .. } => None,
        }
    }

    pub(super) fn message(&self, line: usize) -> Option<FeedMessage> {
        let message = match *self.lines.get(line)? {
            Line::Report { order, status, executed, execution } => {
                let entry = self.entries.get(order)?;
                let made = execution.and_then(|number| entry.executions.get(number));
                Message::Report(Report {
                    order_id: entry.order.id.clone(),
                    venue_order_id: venue_order_id(order),
                    status,
                    executed,
                    execution: made.map(|made| self.execution(made)),
                })
            }
            Line::Price { listing, price } => {
                let listing = self.terms.listings.get(listing)?;
                Message::Price { instrument: listing.instrument.clone(), price }
            }
        };
        let seq = u64::try_from(line).unwrap_or(u64::MAX).saturating_add(1);
        Some(FeedMessage { seq, message })
    }
}
