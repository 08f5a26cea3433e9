//! What becomes of a request: whether it gets through, what befalls it, and what is answered.

use std::sync::Arc;

use super::{Answer, Event, Exchange, Reaction, Sent};
use crate::{
    book::{Decision, Order, Status},
    faults::{Fault, Rate},
};

/// How old a request may be when it is carried out, in milliseconds.
const GOOD_FOR_MS: i64 = 10_000;
/// By how much the sender's clock may be ahead, in milliseconds.
const AHEAD_MAX_MS: i64 = 20_000;
/// How old a request that places nothing may be, in milliseconds: clocks may differ by twenty
/// seconds, and it may have been on its way for long.
const HEARD_MS: i64 = 60_000;

/// What a request is about, once it has got through.
pub(super) enum Asked<'a> {
    Place(&'a Order),
    Find(&'a str),
    Cancel(&'a str),
}

impl Reaction {
    fn now(answer: Answer) -> Self {
        Self { answer, after_ms: 0 }
    }
}

impl Exchange {
    pub(super) fn asked(&mut self, now: i64, sent: Sent, asked: &Asked<'_>) -> Reaction {
        self.advance(now);
        if let Asked::Place(order) = asked {
            let count = self.asked.entry(order.id.clone()).or_default();
            *count = count.saturating_add(1);
        }
        let fault = self.befallen();
        if fault == Some(Fault::Unreachable) {
            return Reaction::now(Answer::Unreachable);
        }
        if !self.is_fresh(sent) {
            let reason = "too old, or it has come before";
            return Reaction::now(Answer::Refused { status: 401, reason });
        }
        match fault {
            None | Some(Fault::Unreachable) => Reaction::now(self.carried_out(sent, asked)),
            Some(Fault::RefuseFiveHundred) => Reaction::now(Answer::Failed),
            Some(Fault::PlacedUnseen) => {
                self.carried_out(sent, asked);
                let breaks = self.chance.below(2) == 0;
                Reaction::now(if breaks { Answer::Broken } else { Answer::Failed })
            }
            Some(Fault::Hang) => self.hung(sent, asked),
            Some(Fault::LateAnswer) => {
                let answer = self.carried_out(sent, asked);
                Reaction { answer, after_ms: self.beyond_patience() }
            }
            Some(Fault::TooMany) => {
                let retry_after = u32::try_from(self.chance.within((1, 2))).unwrap_or(1);
                Reaction::now(Answer::Busy { retry_after })
            }
            Some(_) => match asked {
                Asked::Place(order) if !self.by_id.contains_key(&order.id) => {
                    let reason = "the exchange does not want it";
                    Reaction::now(Answer::Refused { status: 422, reason })
                }
                _ => Reaction::now(self.carried_out(sent, asked)),
            },
        }
    }

    /// The fault that befalls a request, if one does.
    fn befallen(&mut self) -> Option<Fault> {
        let mut roll = self.chance.below(u64::from(Rate::ALWAYS.millionths()));
        for fault in Fault::ALL.into_iter().take(Fault::OF_REQUESTS) {
            let rate = u64::from(self.terms.faults.rate(fault).millionths());
            if roll < rate {
                return Some(fault);
            }
            roll = roll.saturating_sub(rate);
        }
        None
    }

    /// Whether a fault happens that does not befall requests.
    pub(super) fn happens(&mut self, fault: Fault) -> bool {
        let sides = u64::from(Rate::ALWAYS.millionths());
        self.chance.below(sides) < u64::from(self.terms.faults.rate(fault).millionths())
    }

    pub(super) fn is_fresh(&mut self, sent: Sent) -> bool {
        let age = self.now.saturating_sub(sent.at);
        // Nothing older can come again.
        let oldest = (self.now.saturating_sub(HEARD_MS), 0);
        self.nonces = self.nonces.split_off(&oldest);
        (-AHEAD_MAX_MS..=HEARD_MS).contains(&age) && self.nonces.insert((sent.at, sent.nonce))
    }

    fn beyond_patience(&mut self) -> u64 {
        let more = self.chance.within((100, 4_000));
        self.terms.patience_ms.saturating_add(more)
    }

    /// Does what is asked, now.
    fn carried_out(&mut self, sent: Sent, asked: &Asked<'_>) -> Answer {
        match asked {
            Asked::Place(order) => self.placed(sent.at, order),
            Asked::Find(id) => match self.by_id.get(*id) {
                Some(number) => self.state(*number, true),
                None => Answer::Refused { status: 404, reason: "no such order" },
            },
            Asked::Cancel(id) => match self.by_id.get(*id).copied() {
                Some(number) => {
                    self.end_early(number, Status::Cancelled);
                    self.state(number, false)
                }
                None => Answer::Refused { status: 404, reason: "no such order" },
            },
        }
    }

    /// Holds a request beyond all patience. An order is placed while it is held or after, or too
    /// late and then not; a cancellation is carried out at once or not at all.
    fn hung(&mut self, sent: Sent, asked: &Asked<'_>) -> Reaction {
        match asked {
            Asked::Place(order) => {
                let ms = self.chance.within((0, 15_000));
                self.held.push(Some((sent.at, (*order).clone())));
                self.schedule(ms, Event::Place(self.held.len().saturating_sub(1)));
            }
            Asked::Cancel(_) if self.chance.below(2) == 0 => {
                self.carried_out(sent, asked);
            }
            Asked::Find(_) | Asked::Cancel(_) => {}
        }
        Reaction { answer: Answer::Broken, after_ms: self.beyond_patience() }
    }

    pub(super) fn listing_of(&self, instrument: &str) -> Option<(usize, u64)> {
        let mut listings = self.terms.listings.iter().enumerate();
        let found = listings.find(|(_, listing)| listing.instrument == instrument);
        found.map(|(number, listing)| (number, listing.price))
    }

    /// Places an order, unless it is there: the only way into the book.
    pub(super) fn placed(&mut self, sent_at: i64, order: &Order) -> Answer {
        if let Some(number) = self.by_id.get(&order.id) {
            return self.state(*number, true);
        }
        if self.now.saturating_sub(sent_at) > GOOD_FOR_MS {
            return Answer::Refused { status: 408, reason: "older than ten seconds" };
        }
        if self.listing_of(&order.instrument).is_none() {
            return Answer::Refused { status: 422, reason: "no such instrument" };
        }
        if order.quantity == 0 || order.limit == 0 {
            return Answer::Refused { status: 422, reason: "nothing, or for nothing" };
        }
        let order = Arc::new(order.clone());
        self.decide(Decision::Placed { at: self.now, order });
        let number = self.entries.len().saturating_sub(1);
        self.begin(number);
        match self.state(number, true) {
            Answer::State { state, .. } => Answer::State { new: true, state },
            other => other,
        }
    }
}
