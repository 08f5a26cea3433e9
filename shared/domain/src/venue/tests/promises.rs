//! Whatever a venue does and whenever it says so: an order is placed there once or certainly
//! not, and what moved is what the venue filled.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::{account::Leg, amount::Amount, id::EntryId};

/// What chance decides of one step.
#[derive(Debug, Clone, Copy)]
struct Fate {
    /// What the venue does with a request.
    conduct: u8,
    /// How long it takes, in seconds.
    takes_s: u32,
    /// How many pieces are filled, and which reports come.
    fills: u8,
    /// Whether the owner wants to cancel.
    cancels: bool,
    chance: u16,
}

fn a_fate() -> impl Strategy<Value = Fate> {
    (0_u8..9, 0_u32..9, any::<u8>(), prop::bool::weighted(0.05), any::<u16>()).prop_map(
        |(conduct, takes_s, fills, cancels, chance)| Fate {
            conduct,
            takes_s,
            fills,
            cancels,
            chance,
        },
    )
}

/// A venue by the contract, with bad manners.
#[derive(Debug, Default)]
struct Rogue {
    order: Option<(i64, VenueStatus)>,
    executions: Vec<Execution>,
    /// Requests that are still on their way: when they were signed, and when they arrive.
    late: Vec<(Timestamp, Timestamp)>,
    unsaid: Vec<VenueState>,
}

impl Rogue {
    fn state(&self) -> Option<VenueState> {
        let (executed, status) = self.order?;
        let executions = self.executions.clone();
        Some(VenueState { executions, ..state(status, executed) })
    }

    fn take(&mut self, signed_at: Timestamp, now: Timestamp) {
        if now.since(signed_at) <= Span::seconds(10) && self.order.is_none() {
            self.order = Some((0, VenueStatus::Open));
        }
    }

    fn receive(&mut self, now: Timestamp) {
        for (signed_at, arrives_at) in std::mem::take(&mut self.late) {
            if arrives_at <= now {
                self.take(signed_at, arrives_at);
            } else {
                self.late.push((signed_at, arrives_at));
            }
        }
    }

    fn fill(&mut self, fills: u8) {
        let Some((executed, status @ VenueStatus::Open)) = &mut self.order else { return };
        let quantity = i64::from(fills % 4).min(10 - *executed);
        if quantity > 0 {
            *executed += quantity;
            let name = format!("E-{}", self.executions.len());
            self.executions.push(execution(&name, quantity, 10_000 - i64::from(fills)));
        }
        *status = match (*executed, fills) {
            (10, _) => VenueStatus::Filled,
            (_, 250..) => VenueStatus::Rejected,
            (_, 240..) => VenueStatus::Expired,
            _ => VenueStatus::Open,
        };
        let (executed, status) = (*executed, *status);
        let last = self.executions.last().filter(|_| quantity > 0).cloned();
        let said = VenueState { executions: last.into_iter().collect(), ..state(status, executed) };
        self.unsaid.push(said);
    }

    fn answer(&mut self, step: Step, now: Timestamp, fate: Fate, well: bool) -> VenueAnswer {
        let conduct = if well { 0 } else { fate.conduct };
        match conduct {
            1 => return UNREACHABLE,
            2 => return VenueAnswer::Broken { status: 500, retry_after: None },
            3 => return VenueAnswer::Busy { retry_after: None },
            4 if step == Step::Place => {
                let arrives_at = now.plus(Span::seconds(fate.takes_s * 2));
                self.late.push((now, arrives_at));
                return TIMED_OUT;
            }
            5 if step == Step::Place && self.order.is_none() => return REFUSED,
            _ => {}
        }
        match (step, &mut self.order) {
            (Step::Place, _) => self.take(now, now),
            (Step::Cancel, Some((_, status @ VenueStatus::Open))) => {
                *status = VenueStatus::Cancelled
            }
            _ => {}
        }
        match (conduct, self.state()) {
            (6, _) => TIMED_OUT,
            (7, _) => VenueAnswer::Broken { status: 502, retry_after: None },
            (_, Some(state)) => VenueAnswer::Known(state),
            (_, None) => VenueAnswer::Unknown,
        }
    }
}

/// Alice's wallets, and what has been settled.
#[derive(Debug, Default)]
struct Books {
    cash: i64,
    held: i64,
    pieces: i64,
    settled: BTreeSet<String>,
}

impl Books {
    fn apply(&mut self, commit: &Commit) {
        for write in commit.writes() {
            let Write::MoveFunds { legs, .. } = write else { continue };
            for Leg { currency, available, held } in legs {
                if currency.code.is_instrument() {
                    self.pieces += available + held;
                } else {
                    self.cash += available;
                    self.held += held;
                }
            }
        }
    }

    fn settle(&mut self, order: VenueOrder, said: &VenueState, now: Timestamp) -> VenueOrder {
        let mut order = order;
        for fill in &said.executions {
            if !self.settled.insert(fill.id.as_str().to_owned()) {
                continue;
            }
            let said = VenueState { executions: Vec::new(), ..said.clone() };
            let entry = EntryId::from_bits(1);
            let applied = order.settling(fill, &said, entry, now).expect("sound");
            let Applied { order: next, commit } = applied.expect("nothing is disputed");
            self.apply(&commit);
            order = next;
        }
        match order.told(said, now) {
            Some(next) => {
                self.apply(&next.replacing(&order));
                next
            }
            None => order,
        }
    }
}

fn run(fates: &[Fate]) -> (VenueOrder, Rogue, Books) {
    let mut order = accepted(Side::Buy);
    let (mut venue, mut books) = (Rogue::default(), Books { held: 100_000, ..Books::default() });
    let mut now = order.terms.accepted_at;
    let calm = Fate { conduct: 0, takes_s: 1, fills: 3, cancels: false, chance: 9_999 };
    // At the end the venue is well, and everything must come to an end by itself.
    let all = fates.iter().map(|fate| (*fate, false)).chain(std::iter::repeat_n((calm, true), 90));
    for (fate, well) in all {
        now = now.max(order.next_at);
        venue.receive(now);
        if fate.cancels
            && let Some(next) = order.cancelled(now)
        {
            books.apply(&next.replacing(&order));
            order = next;
        }
        let before = order.clone();
        match order.todo(now, 7) {
            Todo::Nothing => {}
            Todo::End(next) => {
                books.apply(&next.replacing(&order));
                order = *next;
            }
            Todo::Attempt(step, leased) => {
                assert!(step != Step::Place || leased.sends <= SENDS_MAX);
                books.apply(&leased.replacing(&before));
                order.clone_from(&leased);
                let answer = venue.answer(step, now, fate, well);
                now = now.plus(Span::seconds(fate.takes_s.min(5)));
                // A worker that dies says nothing of what it was answered.
                if well || fate.conduct != 8 {
                    if let VenueAnswer::Known(state) = &answer {
                        order = books.settle(order, state, now);
                    }
                    let ended = Ended::of(step, &before, &leased, answer, fate.chance);
                    let next = order.after(&ended, now);
                    books.apply(&next.replacing(&order));
                    order = next;
                }
            }
        }
        venue.fill(fate.fills);
        // Reports come newest first, some twice, some never.
        let unsaid = std::mem::take(&mut venue.unsaid);
        for said in unsaid.iter().rev().filter(|_| fate.fills % 3 != 0) {
            order = books.settle(order, said, now);
            order = books.settle(order, said, now);
        }
        let held = if order.is_over() { 0 } else { order.reserved().amount.minor() };
        assert_eq!(books.held, held, "what is held is what is open (I3)");
    }
    (order, venue, books)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn an_order_is_placed_once_or_certainly_not_and_money_is_what_was_filled(
        fates in prop::collection::vec(a_fate(), 0..30)
    ) {
        let (order, venue, books) = run(&fates);
        prop_assert!(order.is_over(), "{order:?} {venue:?}");
        let costs = venue.executions.iter().map(|it| it.quantity.minor() * it.price.minor());
        let cost: i64 = costs.sum();
        let executed = venue.order.map_or(0, |(executed, _)| executed);
        prop_assert_eq!(order.executed.minor(), executed);
        prop_assert_eq!((books.pieces, books.cash, books.held), (executed, 100_000 - cost, 0));
        if order.reference.is_none() {
            prop_assert!(venue.order.is_none(), "{order:?} {venue:?}");
        }
        prop_assert_eq!(order.notional, Amount::from_minor(cost).expect("in range"));
    }
}
