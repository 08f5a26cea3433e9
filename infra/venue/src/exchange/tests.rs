//! What clients of the exchange see, and what its book says.

use super::*;
use crate::{
    book::{Kind, Side},
    faults::{Fault, Rate},
};

const DAY_MS: i64 = 86_400_000;
const PIECE: &str = "DOTUSDT00008";

/// An exchange, and a client with a clock.
struct Client {
    exchange: Exchange,
    now: i64,
    nonce: u128,
    reports: Vec<Outgoing>,
}

impl Client {
    fn new(seed: u64, faults: &str) -> Self {
        let listings = vec![Listing { instrument: PIECE.to_owned(), price: 10_000 }];
        let faults = faults.parse().expect("faults");
        let terms = Terms { listings, faults, ..Terms::new(seed) };
        let exchange = Exchange::new(terms, 0);
        Self { exchange, now: 0, nonce: 0, reports: Vec::new() }
    }

    fn sent(&mut self) -> Sent {
        self.nonce += 1;
        Sent { at: self.now, nonce: self.nonce }
    }

    fn place(&mut self, order: &Order) -> Answer {
        let sent = self.sent();
        self.exchange.place(self.now, sent, order).answer
    }

    fn find(&mut self, id: &str) -> Answer {
        let sent = self.sent();
        self.exchange.find(self.now, sent, id).answer
    }

    fn cancel(&mut self, id: &str) -> Answer {
        let sent = self.sent();
        self.exchange.cancel(self.now, sent, id).answer
    }

    fn pass(&mut self, ms: i64) {
        let until = self.now + ms;
        while let Some(at) = self.exchange.next_event_at().filter(|at| *at <= until) {
            self.reports.extend(self.exchange.due_reports(at));
        }
        self.now = until;
        self.reports.extend(self.exchange.due_reports(until));
    }

    fn witnessed(&self, id: &str) -> Witnessed {
        self.exchange.witness_of(id).expect("in the book")
    }
}

fn order(id: &str, side: Side, quantity: u64, limit: u64) -> Order {
    let (id, instrument) = (id.to_owned(), PIECE.to_owned());
    Order { id, side, kind: Kind::Limit, instrument, quantity, limit, valid_until: DAY_MS }
}

fn state(answer: Answer) -> State {
    match answer {
        Answer::State { state, .. } => state,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_order_is_placed_once_under_its_id_whatever_is_asked_later() {
    let mut client = Client::new(1, "");
    let first = client.place(&order("a", Side::Buy, 5, 10_100));
    assert!(matches!(first, Answer::State { new: true, .. }), "{first:?}");
    let again = client.place(&order("a", Side::Sell, 9, 1));
    assert!(matches!(again, Answer::State { new: false, .. }), "{again:?}");
    client.pass(5_000);
    let Witnessed { placed, asked, executed, cash, status, .. } = client.witnessed("a");
    assert_eq!((placed, asked, executed, status), (1, 2, 5, Status::Filled));
    assert!(cash > 0 && cash <= 5 * 10_100, "{cash}");
    let said = state(client.find("a"));
    let sum: u64 = said.executions.iter().map(|execution| execution.quantity).sum();
    assert_eq!((said.executed, sum), (5, 5));
    assert_eq!(client.reports.len(), said.executions.len());
    assert_eq!(client.reports.last().expect("one").report.status, Status::Filled);
}

#[test]
fn what_is_too_old_or_has_come_before_is_not_carried_out() {
    let mut client = Client::new(1, "");
    client.now = 100_000;
    let wanted = order("a", Side::Buy, 5, 10_100);
    let old = Sent { at: client.now - 10_001, nonce: 1 };
    let refused = client.exchange.place(client.now, old, &wanted).answer;
    assert!(matches!(refused, Answer::Refused { status: 408, .. }), "{refused:?}");
    let good = Sent { at: client.now - 10_000, nonce: 2 };
    let placed = client.exchange.place(client.now, good, &wanted).answer;
    assert!(matches!(placed, Answer::State { new: true, .. }), "{placed:?}");
    let replayed = client.exchange.find(client.now, good, "a").answer;
    assert!(matches!(replayed, Answer::Refused { status: 401, .. }), "{replayed:?}");
    let ahead = Sent { at: client.now + 20_001, nonce: 3 };
    assert!(!client.exchange.admit(client.now, ahead));
}

#[test]
fn a_limit_that_no_price_reaches_waits_until_its_time_is_over() {
    let mut client = Client::new(1, "");
    client.place(&order("a", Side::Buy, 5, 9_999));
    client.place(&Order { kind: Kind::Market, ..order("b", Side::Sell, 5, 10_001) });
    assert_eq!(client.witnessed("b").status, Status::Cancelled);
    client.pass(DAY_MS - 1);
    assert_eq!(client.witnessed("a").status, Status::Open);
    client.pass(1);
    assert_eq!(client.witnessed("a").status, Status::Expired);
    assert_eq!(client.exchange.next_event_at(), None);
}

#[test]
fn no_fill_is_worse_than_the_limit() {
    for (side, limit) in [(Side::Buy, 10_000), (Side::Sell, 10_000)] {
        let mut client = Client::new(3, "");
        for number in 0..100 {
            client.place(&order(&number.to_string(), side, 10, limit));
        }
        client.pass(10_000);
        for number in 0..100 {
            for execution in state(client.find(&number.to_string())).executions {
                let fair = match side {
                    Side::Buy => execution.price <= limit,
                    Side::Sell => execution.price >= limit,
                };
                assert!(fair, "{execution:?}");
            }
        }
    }
}

#[test]
fn a_held_request_places_within_ten_seconds_or_never() {
    let mut client = Client::new(5, "hang=1");
    for number in 0..200 {
        let reaction = {
            let sent = client.sent();
            let wanted = order(&number.to_string(), Side::Buy, 1, 10_000);
            client.exchange.place(client.now, sent, &wanted)
        };
        assert_eq!(reaction.answer, Answer::Broken);
        assert!(reaction.after_ms > 5_000);
    }
    client.pass(10_000);
    let placed = client.exchange.witness().orders.len();
    assert!((50..200).contains(&placed), "{placed}");
    client.pass(60_000);
    assert_eq!(client.exchange.witness().orders.len(), placed);
}

#[test]
fn each_fault_of_a_request_does_what_it_says() {
    let wanted = order("a", Side::Buy, 5, 9_000);
    for (fault, placed) in [
        (Fault::Unreachable, false),
        (Fault::RefuseFiveHundred, false),
        (Fault::PlacedUnseen, true),
        (Fault::LateAnswer, true),
        (Fault::TooMany, false),
        (Fault::Reject, false),
    ] {
        let mut client = Client::new(7, &format!("{}=1", fault.as_str()));
        let sent = client.sent();
        let Reaction { answer, after_ms } = client.exchange.place(0, sent, &wanted);
        assert_eq!(after_ms > 5_000, fault == Fault::LateAnswer, "{fault:?}");
        let expected = match fault {
            Fault::Unreachable => answer == Answer::Unreachable,
            Fault::RefuseFiveHundred => answer == Answer::Failed,
            Fault::PlacedUnseen => matches!(answer, Answer::Failed | Answer::Broken),
            Fault::TooMany => matches!(answer, Answer::Busy { .. }),
            Fault::Reject => matches!(answer, Answer::Refused { status: 422, .. }),
            _ => matches!(answer, Answer::State { new: true, .. }),
        };
        assert!(expected, "{fault:?}: {answer:?}");
        assert_eq!(client.exchange.witness_of("a").is_some(), placed, "{fault:?}");
    }
}

#[test]
fn a_late_fill_is_named_by_the_cancellation_and_told_of_after_it() {
    let mut client = Client::new(11, "late_fill=1");
    client.place(&order("a", Side::Buy, 50, 10_100));
    let cancelled = state(client.cancel("a"));
    assert_eq!(cancelled.status, Status::Cancelled);
    assert!(cancelled.executed > 0 && cancelled.executions.is_empty(), "{cancelled:?}");
    assert_eq!(state(client.find("a")).executions.len(), 1);
    client.pass(5_000);
    let told: Vec<_> = client.reports.iter().map(|out| &out.report).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!((told[0].status, told[0].executed), (Status::Cancelled, cancelled.executed));
    assert!(told[0].execution.is_none());
    let late = told[1].execution.as_ref().expect("an execution");
    assert_eq!(late.quantity, cancelled.executed);
}

#[test]
fn a_rejection_after_a_fill_leaves_the_fill() {
    let mut client = Client::new(13, "reject_after_fill=1");
    client.place(&order("a", Side::Sell, 50, 9_900));
    client.pass(5_000);
    let Witnessed { status, executed, .. } = client.witnessed("a");
    assert_eq!(status, Status::Rejected);
    assert!((1..50).contains(&executed), "{executed}");
}

#[test]
fn reports_are_dropped_doubled_and_overtaken_but_the_feed_has_each_once_in_order() {
    for (faults, least, most) in
        [("", 1, 1), ("drop_report=1", 0, 0), ("double_report=1,reorder_reports=1", 2, 2)]
    {
        let mut client = Client::new(17, faults);
        for number in 0..50 {
            client.place(&order(&number.to_string(), Side::Buy, 9, 10_100));
        }
        client.pass(60_000);
        let feed = client.exchange.feed(0, usize::MAX);
        let numbers = feed.iter().map(|message| message.seq);
        assert!(numbers.eq(1..=client.exchange.feed_length()));
        for message in &feed {
            let sent = client.reports.iter().filter(|out| out.seq == message.seq).count();
            assert!((least..=most).contains(&sent), "{faults}: {sent}");
        }
        let in_order = client.reports.is_sorted_by_key(|out| out.seq);
        assert_eq!(in_order, !faults.contains("reorder"), "{faults}");
    }
}

#[test]
fn prices_move_and_reach_orders_that_wait() {
    let listings = vec![Listing { instrument: PIECE.to_owned(), price: 10_000 }];
    let terms = Terms { listings, price_every_ms: Some(1_000), ..Terms::new(19) };
    let mut client = Client::new(19, "");
    client.exchange = Exchange::new(terms, 0);
    client.place(&order("a", Side::Buy, 5, 9_990));
    client.place(&order("b", Side::Sell, 5, 10_010));
    client.pass(600_000);
    let filled = ["a", "b"].map(|id| client.witnessed(id).status == Status::Filled);
    assert!(filled.contains(&true), "{filled:?}");
    let priced =
        |message: &FeedMessage| matches!(message.message, crate::book::Message::Price { .. });
    assert!(client.exchange.feed(0, usize::MAX).iter().any(priced));
}

#[test]
fn the_same_calls_after_the_same_seed_come_to_the_same() {
    let run = |seed| {
        let mut client = Client::new(seed, "all=0.5");
        for number in 0..300 {
            client.place(&order(&number.to_string(), Side::Buy, 9, 10_050));
            client.cancel(&(number / 2).to_string());
            client.pass(50);
        }
        client.pass(60_000);
        (client.exchange.witness(), client.reports)
    };
    assert_eq!(run(23), run(23));
    assert_ne!(run(23), run(24));
}

#[test]
fn a_book_that_is_made_of_its_decisions_goes_on() {
    let mut client = Client::new(29, "all=0.3");
    for number in 0..300 {
        client.place(&order(&number.to_string(), Side::Buy, 9, 10_050));
        if number % 3 == 0 {
            client.cancel(&number.to_string());
        }
    }
    client.pass(40);
    let before = client.exchange.witness();
    let feed = client.exchange.feed(0, usize::MAX);
    let listings = vec![Listing { instrument: PIECE.to_owned(), price: 10_000 }];
    let terms = Terms { listings, ..Terms::new(29) };
    let decisions = client.exchange.decisions(0).to_vec();
    client.exchange = Exchange::replay(terms, decisions, client.now);
    let after = client.exchange.witness();
    let book = |witness: &Witness| {
        let orders = witness.orders.iter().cloned();
        orders.map(|order| Witnessed { asked: 0, ..order }).collect::<Vec<_>>()
    };
    assert_eq!(book(&before), book(&after));
    assert_eq!(client.exchange.feed(0, usize::MAX), feed);
    assert!(before.orders.iter().any(|order| order.status == Status::Open), "nothing is left");
    client.pass(60_000);
    let done = client.exchange.witness();
    assert!(done.orders.iter().all(|order| order.status != Status::Open));
    // No fill is in the feed twice, and none is missing.
    let mut told: Vec<_> = client.exchange.feed(0, usize::MAX);
    told.retain(|message| {
        matches!(&message.message,
        crate::book::Message::Report(report) if report.execution.is_some())
    });
    let pieces: u64 = told
        .iter()
        .map(|message| match &message.message {
            crate::book::Message::Report(report) => {
                report.execution.as_ref().map_or(0, |execution| execution.quantity)
            }
            crate::book::Message::Price { .. } => 0,
        })
        .sum();
    assert_eq!(pieces, done.orders.iter().map(|order| order.executed).sum::<u64>());
}

#[test]
fn always_is_a_rate_of_one() {
    assert_eq!(Rate::percent(100), Rate::ALWAYS);
}
