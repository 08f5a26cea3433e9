//! What settles to what, write by write.

mod commits;

use super::*;
use crate::{
    account::Leg,
    activity::{News, OrderNews, RefusedAmendment},
    amount::Money,
    book::{self, AmendRefusal, Book},
    command::CommandId,
    commit::{ClosedOrder, Resting, Write},
    id::OrderId,
    ledger::{Cause, Entry, Holder, Outcome, Posting},
    market_event::{Change, MarketEvent, Trade},
    order::{Closed, Order, OrderKind, Side, Size, TimeInForce},
    pair::{Lots, Pair, Ticks},
    testing::{ALICE, BOB, at, minor, mrc, mrc_usd, usd},
};

fn lots(count: i64) -> Lots {
    Lots::new(count).expect("lots")
}

fn ticks(count: i64) -> Ticks {
    Ticks::new(count).expect("a price")
}

fn order(number: u128, user: UserId, side: Side, price: i64, count: i64) -> Working {
    let pair = mrc_usd();
    let order = Order {
        id: OrderId::from_bits(number),
        user,
        side,
        kind: OrderKind::Limit,
        time_in_force: TimeInForce::GoodTilCancelled,
        post_only: false,
        self_trade_prevention: SelfTradePrevention::CancelOldest,
        price: ticks(price),
        size: Size::Lots(lots(count)),
        maker_fee: pair.maker_fee,
        taker_fee: pair.taker_fee,
        placed_at: at(1),
    };
    order.begun(order.hold(&pair.steps).expect("in range").amount)
}

/// A book whose steps are settled as they are made.
struct Desk {
    pair: Pair,
    book: Book,
    head: Head,
}

impl Desk {
    fn new() -> Self {
        let pair = mrc_usd();
        Self { pair, book: Book::new(&pair), head: Head::of_new(&pair) }
    }

    fn step(&mut self, number: u128, instruction: Instruction, asked: &book::Command) -> Step {
        let mut events = Vec::new();
        self.book.apply(asked, &mut events);
        let id = CommandId { at: at(1), bits: number };
        let command = Command { pair: self.pair.id(), id, instruction };
        Step { origin: Origin::Command(command), events }
    }

    fn place(&mut self, working: Working) -> Step {
        let asked = book::Command::Place { working, resumed: false };
        self.step(working.order.id.bits(), Instruction::Place(working), &asked)
    }

    fn settled(&mut self, done: &[Step]) -> Vec<Commit> {
        let commits = settle(&self.pair.steps, self.head, at(2), done).expect("sound");
        for commit in &commits {
            assert!(commit.writes().len() <= Commit::WRITES_MAX, "{commit}");
            let event = event(commit);
            assert_eq!(event.head.seq, self.head.seq + 1);
            self.head = event.head;
        }
        commits
    }
}

fn event(commit: &Commit) -> &MarketEvent {
    match commit.writes().first() {
        Some(Write::PutMarketEvent(event)) => event,
        other => panic!("the event comes first: {other:?}"),
    }
}

fn one(commits: Vec<Commit>) -> Commit {
    match <[Commit; 1]>::try_from(commits) {
        Ok([commit]) => commit,
        Err(commits) => panic!("{} commits", commits.len()),
    }
}

fn legs(commit: &Commit, of: UserId) -> Vec<Leg> {
    let legs = |write: &Write| match write {
        Write::MoveFunds { user, legs, .. } if *user == of => Some(legs.clone()),
        _ => None,
    };
    commit.writes().iter().find_map(legs).unwrap_or_default()
}

#[test]
fn an_order_that_rests_is_an_event_a_row_news_for_its_owner_and_a_command_less() {
    let mut desk = Desk::new();
    let placed = order(1, ALICE, Side::Buy, 40, 10);
    let step = desk.place(placed);
    let commit = one(desk.settled(&[step]));
    let [
        Write::PutMarketEvent(event),
        Write::MoveFunds { user: ALICE, legs, change },
        Write::PutResting(resting),
        Write::RemoveCommand { .. },
    ] = commit.writes()
    else {
        panic!("{commit}")
    };
    let told = News::matched(event.pair, 1, vec![OrderNews::working(&resting.working)]);
    assert_eq!((legs.as_slice(), &change.news), ([].as_slice(), &told));
    let rested = Change::Rested {
        order: placed.order.id,
        side: Side::Buy,
        price: ticks(40),
        lots: lots(10),
    };
    assert_eq!(event.changes, [rested]);
    assert_eq!((event.head.standing.sequence, resting.working.tally.sequence), (1, 1));
    assert_eq!(resting.seq, 1);
}

#[test]
fn a_fill_pays_both_sides_at_the_resting_price_and_releases_the_rest() {
    let mut desk = Desk::new();
    let rested = desk.place(order(1, ALICE, Side::Sell, 40, 100));
    desk.settled(&[rested]);
    let taken = desk.place(order(2, BOB, Side::Buy, 50, 60));
    let commit = one(desk.settled(&[taken]));
    let trade = Trade {
        number: 1,
        maker: OrderId::from_bits(1),
        taker_side: Side::Buy,
        price: ticks(40),
        lots: lots(60),
    };
    assert_eq!(event(&commit).changes, [Change::Traded(trade)]);
    // 24.00 USD; the taker pays 20 basis points and had 30.06 held, the maker pays 10.
    let bob = [Leg { available: 601, held: -3006, ..usd_leg() }, credit(mrc("60.00"))];
    assert_eq!(sorted(legs(&commit, BOB)), sorted(bob.to_vec()));
    let alice = [credit(usd("23.97")), Leg { held: -6000, ..mrc_leg() }];
    assert_eq!(sorted(legs(&commit, ALICE)), sorted(alice.to_vec()));
    let Some(Write::PutEntry(Entry { id, outcome: Outcome::Moved(movement), .. })) =
        commit.writes().get(1)
    else {
        panic!("{commit}")
    };
    assert_eq!(*id, crate::id::TradeId::of(desk.pair.id(), 1).entry());
    let (alice, bob) = (Holder::User(ALICE), Holder::User(BOB));
    let expected = [
        Posting { from: bob, to: alice, money: usd("24.00") },
        Posting { from: alice, to: bob, money: mrc("60.00") },
        Posting { from: bob, to: Holder::Fees, money: usd("0.05") },
        Posting { from: alice, to: Holder::Fees, money: usd("0.03") },
    ];
    assert_eq!(movement.postings.all(), expected);
    assert!(matches!(movement.cause, Cause::Fill(_)));
    assert_eq!((movement.party, movement.counterparty), (BOB, Some(ALICE)));
}

fn usd_leg() -> Leg {
    Leg { currency: usd("0").currency, available: 0, held: 0 }
}

fn mrc_leg() -> Leg {
    Leg { currency: mrc("0").currency, available: 0, held: 0 }
}

fn credit(money: Money) -> Leg {
    Leg::credit(money)
}

fn sorted(mut legs: Vec<Leg>) -> Vec<Leg> {
    legs.sort_by_key(|leg| leg.currency);
    legs
}

#[test]
fn an_order_that_comes_and_goes_in_one_commit_never_rests_in_the_store() {
    let mut desk = Desk::new();
    let steps = [
        desk.place(order(1, ALICE, Side::Sell, 40, 10)),
        desk.place(order(2, BOB, Side::Buy, 40, 10)),
    ];
    let commit = one(desk.settled(&steps));
    let rests = |write: &Write| {
        matches!(
            write,
            Write::PutResting(_) | Write::ReplaceResting(_) | Write::RemoveResting { .. }
        )
    };
    assert!(!commit.writes().iter().any(rests), "{commit}");
    let over: Vec<_> = commit
        .writes()
        .iter()
        .filter_map(|write| match write {
            Write::PutClosedOrder(ClosedOrder { working, reason, .. }) => {
                Some((working.order.id.bits(), *reason))
            }
            _ => None,
        })
        .collect();
    assert_eq!(over, [(1, Closed::Filled), (2, Closed::Filled)]);
}

#[test]
fn a_user_who_makes_and_takes_in_one_commit_has_one_net_leg_a_currency() {
    let mut desk = Desk::new();
    let steps = [
        desk.place(order(1, ALICE, Side::Sell, 40, 10)),
        desk.place(order(2, BOB, Side::Buy, 40, 10)),
        desk.place(order(3, BOB, Side::Sell, 40, 10)),
        desk.place(order(4, ALICE, Side::Buy, 40, 10)),
    ];
    let commit = one(desk.settled(&steps));
    for user in [ALICE, BOB] {
        let legs = sorted(legs(&commit, user));
        assert_eq!(legs.len(), 2, "{legs:?}");
        assert_eq!(legs[0], Leg { available: 1000, held: -1000, ..mrc_leg() });
        // 4.00 out of the hold and 4.00 in; a fee of 0.01 as taker and one as maker.
        assert_eq!((legs[1].posted(), legs[1].held), (-2, -401));
    }
}

#[test]
fn a_step_that_does_not_fit_is_cut_after_a_fill_and_goes_on_from_there() {
    let mut desk = Desk::new();
    let rested: Vec<_> = (0..100)
        .map(|number| {
            desk.place(order(number, UserId::from_bits(500 + number), Side::Sell, 40, 10))
        })
        .collect();
    desk.settled(&rested);
    let taker = order(1_000, BOB, Side::Buy, 40, 1_000);
    let taken = desk.place(taker);
    let before = desk.head.seq;
    let commits = desk.settled(&[taken]);
    assert_eq!(commits.len(), 5, "24 fills a commit: 4 writes each, and 4 for the taker");
    for (index, commit) in commits.iter().enumerate() {
        let last = index + 1 == commits.len();
        let advanced = commit.writes().iter().find_map(|write| match write {
            Write::AdvanceCommand(Command { instruction: Instruction::Place(working), .. }) => {
                Some(*working)
            }
            _ => None,
        });
        let removed =
            commit.writes().iter().any(|write| matches!(write, Write::RemoveCommand { .. }));
        assert_eq!((advanced.is_none(), removed), (last, last), "{commit}");
        let begun = event(commit).head.begun;
        assert_eq!(begun.is_some(), !last);
        if let Some(working) = advanced {
            let fills = i64::try_from(event(commit).trades().count()).expect("few");
            assert!(fills > 0 && working.tally.executed.count() % 10 == 0);
            assert_eq!(working.tally.executed.count() + working.tally.open.count(), 1_000);
        }
    }
    let trades: Vec<_> = commits
        .iter()
        .flat_map(|commit| event(commit).trades().map(|trade| trade.number))
        .collect();
    assert_eq!(trades, (1..=100).collect::<Vec<_>>());
    assert_eq!(desk.head.seq, before + 5);
}

#[test]
fn many_of_the_takers_own_orders_end_over_several_commits() {
    let mut desk = Desk::new();
    let rested: Vec<_> =
        (0..200).map(|number| desk.place(order(number, BOB, Side::Sell, 40, 10))).collect();
    desk.settled(&rested);
    let taken = desk.place(order(1_000, BOB, Side::Buy, 40, 10));
    let commits = desk.settled(&[taken]);
    assert!(commits.len() > 4, "{}", commits.len());
    let ended = |commit: &Commit| {
        let ends = |write: &&Write| matches!(write, Write::PutClosedOrder(_));
        commit.writes().iter().filter(ends).count()
    };
    assert_eq!(commits.iter().map(ended).sum::<usize>(), 200);
}

#[test]
fn an_amended_order_that_ends_many_of_its_owners_goes_on_as_it_was_amended() {
    let mut desk = Desk::new();
    let rested: Vec<_> =
        (0..100).map(|number| desk.place(order(number, BOB, Side::Sell, 40, 10))).collect();
    desk.settled(&rested);
    let (before, after) =
        (order(1_000, BOB, Side::Buy, 30, 10), order(1_000, BOB, Side::Buy, 40, 10));
    let placed = desk.place(before);
    desk.settled(&[placed]);
    let extra = after.tally.reserved.checked_sub(before.tally.reserved).expect("it needs more");
    let (id, side, price) = (before.order.id, Side::Buy, Some(ticks(40)));
    let asked = book::Command::Amend { order: id, price, lots: None, extra };
    let instruction = Instruction::Amend { order: id, user: BOB, side, price, lots: None, extra };
    let step = desk.step(2_000, instruction, &asked);
    let commits = desk.settled(&[step]);
    assert!(commits.len() > 2, "{}", commits.len());
    for commit in &commits[..commits.len() - 1] {
        let goes_on = commit.writes().iter().find_map(|write| match write {
            Write::AdvanceCommand(Command { instruction: Instruction::Place(working), .. }) => {
                Some((working.order.id, working.order.price, working.tally.open))
            }
            _ => None,
        });
        assert_eq!(goes_on, Some((id, ticks(40), lots(10))), "{commit}");
    }
}

#[test]
fn two_orders_that_end_each_other_are_over_in_one_commit_however_full_it_is() {
    for fills in 15..30 {
        let mut desk = Desk::new();
        let stranger = |number: u128| UserId::from_bits(500 + number);
        let mut rested: Vec<_> = (0..fills)
            .map(|number| desk.place(order(number, stranger(number), Side::Sell, 40, 10)))
            .collect();
        rested.push(desk.place(order(900, BOB, Side::Sell, 41, 10)));
        desk.settled(&rested);
        let mut taker = order(1_000, BOB, Side::Buy, 41, 1_000);
        taker.order.self_trade_prevention = SelfTradePrevention::CancelBoth;
        let taken = desk.place(taker);
        let ended = |commit: &Commit| {
            let own = |write: &&Write| match write {
                Write::PutClosedOrder(closed) => closed.working.order.user == BOB,
                _ => false,
            };
            commit.writes().iter().filter(own).count()
        };
        let ended: Vec<_> = desk.settled(&[taken]).iter().map(ended).collect();
        assert_eq!(ended.last(), Some(&2), "{fills} fills: {ended:?}");
    }
}

#[test]
fn a_cancel_all_of_many_is_done_again_from_where_it_was_cut() {
    let mut desk = Desk::new();
    let rested: Vec<_> =
        (0..120).map(|number| desk.place(order(number, BOB, Side::Sell, 40, 10))).collect();
    desk.settled(&rested);
    let asked = book::Command::CancelAll { user: BOB, side: None, reason: Closed::Cancelled };
    let step = desk.step(900, Instruction::CancelAll { user: BOB, side: None }, &asked);
    let commits = desk.settled(&[step]);
    assert!(commits.len() > 2, "{}", commits.len());
    for commit in &commits[..commits.len() - 1] {
        assert_eq!(event(commit).head.begun.map(|id| id.bits), Some(900));
        let advances = |write: &Write| matches!(write, Write::AdvanceCommand(_));
        assert!(!commit.writes().iter().any(advances), "its command stays as it is");
    }
}

#[test]
fn what_has_changed_nothing_still_takes_its_number() {
    let mut desk = Desk::new();
    let asked = book::Command::Cancel { order: OrderId::from_bits(7), reason: Closed::Cancelled };
    let step = desk.step(1, Instruction::Cancel(OrderId::from_bits(7)), &asked);
    let commit = one(desk.settled(&[step]));
    assert!(matches!(commit.writes(), [Write::PutMarketEvent(_), Write::RemoveCommand { .. }]));
    assert_eq!(settle(&desk.pair.steps, desk.head, at(3), &[]), Ok(Vec::new()));
}

#[test]
fn the_last_word_on_a_deadline_counts() {
    let mut desk = Desk::new();
    let deadline = |number, deadline| {
        let id = CommandId { at: at(1), bits: number };
        let instruction = Instruction::CancelAfter { user: BOB, deadline };
        let command = Command { pair: mrc_usd().id(), id, instruction };
        Step { origin: Origin::Command(command), events: Vec::new() }
    };
    let steps = [deadline(1, Some(at(60))), deadline(2, None), deadline(3, Some(at(90)))];
    let commit = one(desk.settled(&steps));
    let said: Vec<_> = commit
        .writes()
        .iter()
        .filter(|write| matches!(write, Write::PutDeadline { .. } | Write::RemoveDeadline { .. }))
        .collect();
    let pair = desk.pair.id();
    assert_eq!(said, [&Write::PutDeadline { pair, user: BOB, deadline: at(90) }]);
}

#[test]
fn an_amendment_that_the_book_refuses_gives_back_what_it_held_and_is_told() {
    for (extra, expected) in
        [(123, vec![Leg { available: 123, held: -123, ..usd_leg() }]), (0, Vec::new())]
    {
        let mut desk = Desk::new();
        let (order, extra, lots) = (OrderId::from_bits(7), minor(extra), Some(lots(5)));
        let asked = book::Command::Amend { order, price: None, lots, extra };
        let side = Side::Buy;
        let instruction = Instruction::Amend { order, user: BOB, side, price: None, lots, extra };
        let step = desk.step(1, instruction, &asked);
        let commit = one(desk.settled(&[step]));
        assert_eq!(legs(&commit, BOB), expected);
        let told = commit.writes().iter().find_map(|write| match write {
            Write::MoveFunds { user: BOB, change, .. } => Some(&change.news),
            _ => None,
        });
        let refused = vec![RefusedAmendment { order, why: AmendRefusal::NotResting }];
        let pair = desk.pair.id();
        assert_eq!(told, Some(&News { refused, ..News::matched(pair, 1, Vec::new()) }));
    }
}

#[test]
fn an_order_without_room_for_its_owner_is_over_and_its_hold_returned() {
    let mut desk = Desk::new();
    let rested = desk.place(order(1, ALICE, Side::Sell, 40, 10));
    desk.settled(&[rested]);
    let mut events = Vec::new();
    let reason = Closed::BalanceLimit;
    desk.book.apply(&book::Command::Cancel { order: OrderId::from_bits(1), reason }, &mut events);
    let commit = one(desk.settled(&[Step { origin: Origin::Expulsion, events }]));
    assert_eq!(legs(&commit, ALICE), [Leg { available: 1000, held: -1000, ..mrc_leg() }]);
    assert!(commit.writes().iter().any(|write| matches!(
        write,
        Write::PutClosedOrder(ClosedOrder { reason: Closed::BalanceLimit, .. })
    )));
}

#[test]
fn a_resting_order_that_is_partly_filled_is_replaced_as_of_this_event() {
    let mut desk = Desk::new();
    let rested = desk.place(order(1, ALICE, Side::Sell, 40, 100));
    desk.settled(&[rested]);
    let taken = desk.place(order(2, BOB, Side::Buy, 40, 60));
    let commit = one(desk.settled(&[taken]));
    let replaced = commit.writes().iter().find_map(|write| match write {
        Write::ReplaceResting(Resting { working, seq, .. }) => Some((working.tally.open, *seq)),
        _ => None,
    });
    assert_eq!(replaced, Some((lots(40), 2)));
}
