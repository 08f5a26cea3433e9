//! What is done when, and what is certain after which answer.

use super::*;

fn unclear(order: &VenueOrder) -> Option<Timestamp> {
    order.unclear.map(|unclear| unclear.since)
}

#[test]
fn a_venue_that_answers_has_the_order_after_one_attempt() {
    let order = placed(Side::Buy);
    assert_eq!((order.status(), order.sends), (RoutingStatus::Placed, 1));
    assert_eq!((order.unclear, order.version, order.round), (None, 3, 2));
    let [attempt] = order.attempts.as_slice() else { panic!("{order:?}") };
    assert_eq!(attempt.to_string(), "1000000 place known 1000");
    assert_eq!(order.next_at, at(1061));
}

#[test]
fn nothing_is_done_before_its_time_and_after_the_end() {
    let order = placed(Side::Buy);
    assert_eq!(order.todo(at(1060), 7), Todo::Nothing);
    let over = order.told(&state(VenueStatus::Cancelled, 0), at(1002)).expect("over");
    assert_eq!(over.todo(at(9000), 7), Todo::Nothing);
}

#[test]
fn an_attempt_is_written_down_before_it_is_made() {
    let (step, leased) = begun(&accepted(Side::Buy), at(1000));
    assert_eq!((step, leased.status()), (Step::Place, RoutingStatus::Placing));
    assert_eq!(unclear(&leased), Some(at(1000)));
    assert_eq!(leased.hastened(at(1001)), None, "it is in hand");
    assert_eq!(leased.todo(at(1019), 7), Todo::Nothing);
    // Whoever had it is gone: the venue is asked before anything is repeated.
    assert_eq!(begun(&leased, at(1020)).0, Step::Ask);
}

#[test]
fn two_who_begin_an_attempt_at_the_same_moment_do_not_write_the_same() {
    let order = accepted(Side::Buy);
    let [one, other] = [1, 2].map(|hand| match order.todo(at(1000), hand) {
        Todo::Attempt(_, leased) => leased.replacing(&order),
        other => panic!("no attempt: {other:?}"),
    });
    assert_ne!(one, other);
}

#[test]
fn after_an_unclear_outcome_the_venue_is_asked_before_the_order_is_placed_again() {
    let broken = VenueAnswer::Broken { status: 503, retry_after: None };
    for answer in [TIMED_OUT, VenueAnswer::Failed(SendFailure::NoAnswer), broken] {
        let (_, order) = tried(&accepted(Side::Buy), at(1000), answer);
        let (step, order) = tried(&order, order.next_at, VenueAnswer::Unknown);
        assert_eq!(step, Step::Ask);
        assert_eq!(begun(&order, order.next_at).0, Step::Place, "unknown for now");
    }
}

#[test]
fn what_was_certainly_not_sent_is_sent_again_without_asking() {
    let busy = VenueAnswer::Busy { retry_after: Some(Span::seconds(7)) };
    for (answer, wait_ms) in [(UNREACHABLE, 400), (busy, 7_000)] {
        let (_, order) = tried(&accepted(Side::Buy), at(1000), answer);
        assert_eq!((order.unclear, order.status()), (None, RoutingStatus::Placing));
        assert_eq!(order.next_at, at(1001).plus(Span::millis(wait_ms)));
        assert_eq!(begun(&order, order.next_at).0, Step::Place);
    }
}

#[test]
fn waits_double_up_to_a_minute() {
    let mut order = accepted(Side::Buy);
    let mut waits = Vec::new();
    for _ in 0..11 {
        let began = order.next_at;
        order = tried(&order, began, UNREACHABLE).1;
        waits.push(order.next_at.since(began.plus(Span::seconds(1))).as_millis());
    }
    let doubled = [400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 60_000, 60_000, 60_000];
    assert_eq!(waits, doubled);
}

#[test]
fn a_refusal_is_the_end_unless_an_earlier_attempt_may_have_come_through() {
    let (_, over) = tried(&accepted(Side::Buy), at(1000), REFUSED);
    assert_eq!((over.status(), over.ending), (RoutingStatus::Failed, Some(Ending::Rejected)));
    assert!(over.reserved().amount.is_zero());

    let (_, order) = tried(&accepted(Side::Buy), at(1000), TIMED_OUT);
    let (_, order) = tried(&order, order.next_at, VenueAnswer::Unknown);
    let second = order.next_at;
    let (step, order) = tried(&order, second, REFUSED);
    assert_eq!((step, order.status()), (Step::Place, RoutingStatus::Reconciling));
    assert!(!order.reserved().amount.is_zero(), "it may be at the venue yet");
    let (step, order) = tried(&order, order.next_at, VenueAnswer::Unknown);
    assert_eq!((step, order.status()), (Step::Ask, RoutingStatus::Reconciling));
    assert_eq!(order.next_at, at(1000).plus(SETTLED_AFTER));
    let (step, order) = tried(&order, order.next_at, VenueAnswer::Unknown);
    assert_eq!((step, order.status()), (Step::Ask, RoutingStatus::Failed));
}

#[test]
fn an_order_that_was_placed_unseen_is_found() {
    let (_, order) = tried(&accepted(Side::Buy), at(1000), TIMED_OUT);
    let (step, order) = tried(&order, order.next_at, known(VenueStatus::Open, 0));
    assert_eq!((step, order.status(), order.sends), (Step::Ask, RoutingStatus::Placed, 1));
}

#[test]
fn twelve_attempts_that_certainly_came_to_nothing_are_the_end() {
    let mut order = accepted(Side::Buy);
    for sends in 1..=SENDS_MAX {
        assert!(!order.is_over());
        order = tried(&order, order.next_at, UNREACHABLE).1;
        assert_eq!(order.sends, sends);
    }
    let ended = (order.status(), order.ending);
    assert_eq!(ended, (RoutingStatus::Failed, Some(Ending::AttemptsExhausted)));
}

#[test]
fn an_order_whose_time_is_over_is_placed_no_more() {
    let order = accepted(Side::Buy);
    let late = order.terms.valid_until;
    let Todo::End(over) = order.todo(late, 7) else { panic!("it goes on") };
    assert_eq!((over.status(), over.ending), (RoutingStatus::Failed, Some(Ending::Expired)));
    // Nobody waits beyond it.
    let busy = VenueAnswer::Busy { retry_after: Some(Span::seconds(3_000)) };
    let (_, waiting) = tried(&order, late.minus(Span::seconds(10)), busy);
    assert_eq!(waiting.next_at, late);
}

#[test]
fn what_was_never_sent_is_cancelled_at_once() {
    let over = accepted(Side::Sell).cancelled(at(1000)).expect("a change");
    assert_eq!((over.status(), over.cancel_requested), (RoutingStatus::Cancelled, true));
    assert!(over.reserved().amount.is_zero());
    assert_eq!(over.cancelled(at(1001)), None);
}

#[test]
fn a_cancellation_in_flight_waits_for_certainty() {
    let (_, leased) = begun(&accepted(Side::Buy), at(1000));
    let asked = leased.cancelled(at(1000)).expect("a change");
    assert_eq!((asked.status(), asked.next_at), (RoutingStatus::Placing, leased.next_at));
    let ended = |answer| Ended::of(Step::Place, &accepted(Side::Buy), &leased, answer, 0);
    // The venue has it: it is asked to cancel it.
    let order = asked.after(&ended(known(VenueStatus::Open, 0)), at(1001));
    let (step, order) = tried(&order, order.next_at, known(VenueStatus::Cancelled, 0));
    assert_eq!((step, order.status()), (Step::Cancel, RoutingStatus::Cancelled));
    // It was certainly not sent.
    let order = asked.after(&ended(UNREACHABLE), at(1001));
    assert_eq!(order.status(), RoutingStatus::Cancelled);
    // Nobody knows.
    let order = asked.after(&ended(TIMED_OUT), at(1001));
    assert_eq!(
        (order.status(), begun(&order, at(1001)).0),
        (RoutingStatus::Reconciling, Step::Ask)
    );
}

#[test]
fn an_old_attempt_does_not_end_the_doubt_of_a_newer_one() {
    let order = accepted(Side::Buy);
    // One who is held up for longer than they have the order.
    let (_, old) = begun(&order, at(1000));
    let (step, asked) = tried(&old, at(1020), VenueAnswer::Unknown);
    assert_eq!(step, Step::Ask);
    let (step, newer) = begun(&asked, asked.next_at);
    assert_eq!((step, newer.sends), (Step::Place, 2));
    let cancelled = newer.cancelled(at(1022)).expect("a change");
    for answer in [UNREACHABLE, VenueAnswer::Busy { retry_after: None }, REFUSED] {
        let ended = Ended::of(Step::Place, &order, &old, answer, 0);
        let after = cancelled.after(&ended, at(1023));
        assert_eq!(unclear(&after), unclear(&newer), "the newer one may arrive yet");
        assert!(!after.reserved().amount.is_zero());
    }
}

#[test]
fn a_doubt_does_not_grow_older_by_another_workers_clock() {
    let (_, order) = tried(&accepted(Side::Buy), at(1020), TIMED_OUT);
    let (_, order) = tried(&order, order.next_at, VenueAnswer::Unknown);
    let slow = order.hastened(at(1006)).expect("sooner");
    let (step, again) = begun(&slow, at(1006));
    assert_eq!((step, unclear(&again)), (Step::Place, Some(at(1020))));
}

#[test]
fn a_report_that_overtakes_the_answer_is_not_undone_by_it() {
    let (_, leased) = begun(&accepted(Side::Buy), at(1000));
    let told = leased.told(&state(VenueStatus::Open, 0), at(1000)).expect("placed");
    for answer in [TIMED_OUT, UNREACHABLE, REFUSED, VenueAnswer::Unknown] {
        let ended = Ended::of(Step::Place, &accepted(Side::Buy), &leased, answer, 0);
        let after = told.after(&ended, at(1001));
        assert_eq!((after.status(), after.unclear), (RoutingStatus::Placed, None));
    }
}

#[test]
fn a_venue_that_forgets_an_order_is_asked_again_and_nothing_is_freed() {
    let order = placed(Side::Buy);
    let mut again = order.clone();
    for _ in 0..3 {
        again = tried(&again, again.next_at, VenueAnswer::Unknown).1;
        assert_eq!((again.status(), again.reserved()), (order.status(), order.reserved()));
    }
    assert!(again.next_at > again.changed_at);
}

#[test]
fn an_order_that_waits_is_hastened_and_one_in_hand_is_not() {
    let order = placed(Side::Buy);
    assert_eq!(order.hastened(at(1002)).expect("sooner").next_at, at(1002));
    assert_eq!(begun(&accepted(Side::Buy), at(1000)).1.hastened(at(1001)), None);
}

#[test]
fn an_attempt_and_a_task_have_one_spelling() {
    let outcomes = [
        AttemptOutcome::Begun,
        AttemptOutcome::Known,
        AttemptOutcome::Unknown,
        AttemptOutcome::Answered(503),
        AttemptOutcome::Failed(SendFailure::TimedOut),
    ];
    for outcome in outcomes {
        let attempt = Attempt { at: at(7), step: Step::Cancel, outcome, took_ms: 12 };
        assert_eq!(attempt.to_string().parse(), Ok(attempt));
    }
    for bad in
        ["", "7 place", "7 buy known 1", "7 place maybe 1", "7 place known 1 2", "07 ask 200 1"]
    {
        assert_eq!(bad.parse::<Attempt>(), Err(InvalidAttempt), "{bad}");
    }
    let task = accepted(Side::Buy).task();
    assert_eq!(task.to_string().parse(), Ok(task));
    for bad in ["", "vor_ 1", &task.to_string().replace(" 1", " 01"), &format!("{task} 2")] {
        assert_eq!(bad.parse::<Task>(), Err(InvalidTask), "{bad}");
    }
}

#[test]
fn a_venue_in_trouble_is_left_alone_and_then_tried_by_one() {
    let mut breaker = Breaker::new(nyx().id);
    for _ in 0..9 {
        breaker = breaker.failed(at(1)).expect("counted");
        assert_eq!(breaker.gate(at(1)), Gate::Pass);
    }
    assert!(breaker.succeeded().expect("reset").is_closed());
    let mut open = breaker.failed(at(1)).expect("open");
    assert_eq!(open.gate(at(1)), Gate::Wait(at(2)));
    assert_eq!(open.failed(at(1)), None);
    for rest in [2, 4, 8, 16, 32, 60, 60] {
        let BreakerState::Open { until, .. } = open.state else { panic!("{open:?}") };
        let Gate::Probe(probe) = open.gate(until) else { panic!("nobody tries") };
        assert_eq!(probe.version, open.version + 1);
        assert_eq!(probe.gate(until), Gate::Wait(until.plus(Span::seconds(15))));
        open = probe.failed(until).expect("open again");
        assert_eq!(open.gate(until), Gate::Wait(until.plus(Span::seconds(rest))));
    }
    let BreakerState::Open { until, .. } = open.state else { panic!("{open:?}") };
    let Gate::Probe(probe) = open.gate(until) else { panic!("nobody tries") };
    // Whoever tried is gone: somebody else does.
    assert!(matches!(probe.gate(until.plus(Span::seconds(15))), Gate::Probe(_)));
    assert!(probe.succeeded().expect("closed").is_closed());
    assert_eq!(Breaker::new(nyx().id).succeeded(), None);
}
