//! What a commit has by now, and when it takes no more.

use super::{
    ALICE, BOB, Change, Chunk, Closed, CommandId, Desk, Head, Instruction, OrderId, Origin, Side,
    TimeInForce, Unsound, UserId, at, book, event, lots, mrc_usd, one, order, ticks,
};

#[test]
fn lots_that_leave_the_book_are_told_and_those_that_never_rested_are_not() {
    let mut desk = Desk::new();
    let rested = desk.place(order(1, ALICE, Side::Sell, 40, 10));
    desk.settled(&[rested]);
    let order_id = OrderId::from_bits(1);
    let asked = book::Command::Cancel { order: order_id, reason: Closed::Cancelled };
    let step = desk.step(2, Instruction::Cancel(order_id), &asked);
    let commit = one(desk.settled(&[step]));
    let (side, price) = (Side::Sell, ticks(40));
    let removed = Change::Removed { order: order_id, side, price, lots: lots(10) };
    assert_eq!(event(&commit).changes, [removed]);
    let mut taker = order(3, BOB, Side::Buy, 40, 10);
    taker.order.time_in_force = TimeInForce::ImmediateOrCancel;
    let expired = desk.place(taker);
    assert_eq!(event(&one(desk.settled(&[expired]))).changes, []);
}

#[test]
fn a_commit_has_the_writes_that_were_counted_wherever_it_ends() {
    let mut desk = Desk::new();
    let rested = desk.place(order(1, ALICE, Side::Sell, 40, 10));
    desk.settled(&[rested]);
    let steps = [
        desk.place(order(2, UserId::from_bits(500), Side::Sell, 41, 20)),
        desk.place(order(3, BOB, Side::Buy, 41, 20)),
        desk.place(order(4, BOB, Side::Buy, 41, 20)),
    ];
    let events: Vec<_> = steps
        .iter()
        .flat_map(|step| step.events.iter().map(move |event| (event, &step.origin)))
        .collect();
    assert_eq!(events.len(), 5, "rested, two fills, a fill, rested");
    for end in 0..=events.len() {
        let mut chunk = Chunk::after(desk.pair.steps, desk.head, at(2));
        for (event, origin) in &events[..end] {
            chunk.add(event, origin).expect("sound");
        }
        let counted = chunk.writes();
        assert_eq!(chunk.commit().expect("sound").writes().len(), counted, "{end} events");
    }
}

#[test]
fn a_commit_is_full_when_an_event_and_the_end_of_its_step_might_be_too_much() {
    let pair = mrc_usd();
    let ends = |count| {
        let mut chunk = Chunk::after(pair.steps, Head::of_new(&pair), at(2));
        for bits in 0..count {
            chunk.finish(&Origin::Unreadable(CommandId { at: at(1), bits }));
        }
        chunk
    };
    let nine_left = ends(90);
    assert_eq!((nine_left.writes(), nine_left.is_full()), (91, false));
    assert!(ends(91).is_full(), "five for an event and four for the end do not fit");
    assert_eq!(ends(99).commit().map(|commit| commit.writes().len()), Ok(100));
    let too_large = Unsound::new("a matcher's commit is too large");
    assert_eq!(ends(100).commit().err(), Some(too_large));
}
