//! The same of pairs and their books.

use app::ports::Logged;
use domain::{
    command::{CommandId, Instruction},
    id::OrderId,
    order::{Closed, Order, Tally, Working},
    pair::{FeeBps, PairId, PairStatus, Steps},
};

use super::*;
use crate::rows::generators::books::{
    closed_orders, commands, events, largest_fill, largest_working, longest_steps, pairs, resting,
    steps,
};
use domain::{ledger::Posting, market_event::MarketEvent};

proptest! {
    #[test]
    fn a_pair_survives_its_row(pair in pairs()) {
        survives(&pair)?;
    }

    #[test]
    fn a_command_survives_its_row(command in commands()) {
        survives(&command)?;
        let row = command.to_row().expect("a row");
        prop_assert_eq!(logged(row), Ok(Logged::Command(command)));
    }

    #[test]
    fn a_resting_order_survives_its_row(resting in resting()) {
        survives(&resting)?;
    }

    #[test]
    fn a_closed_order_survives_its_row(closed in closed_orders()) {
        survives(&closed)?;
    }

    #[test]
    fn an_event_survives_its_row_and_knows_its_size(event in events()) {
        survives(&event)?;
        let row = event.to_row().expect("a row");
        prop_assert_eq!(size(&row), event.row_bytes());
        let traded = event.trades().next().is_some();
        prop_assert_eq!(row.contains_key("traded"), traded);
        let started = u32::try_from(size(&row).div_ceil(UNIT)).expect("small");
        let units = domain::commit::Write::PutMarketEvent(event).units();
        prop_assert_eq!(units, started * if traded { 3 } else { 2 });
    }

    #[test]
    fn numbers_of_events_sort_as_their_keys(one in any::<u64>(), other in any::<u64>()) {
        prop_assert_eq!(keys::seq_key(one).cmp(&keys::seq_key(other)), one.cmp(&other));
        prop_assert_eq!(keys::seq_of(&keys::seq_key(one)), Some(one));
    }

    #[test]
    fn steps_survive_their_text(steps in steps()) {
        prop_assert_eq!(Steps::read(&steps.spell()), Some(steps));
    }
}

fn pair() -> PairId {
    "VENUS-TERRA".parse().expect("a pair")
}

fn command() -> Command {
    let id = CommandId { at: Timestamp::MAX, bits: u128::MAX };
    Command { pair: pair(), id, instruction: Instruction::Place(largest_working()) }
}

#[test]
fn the_largest_entry_of_an_order_is_one_write_unit() {
    let (placement, amendment) = generators::books::largest_requests();
    let (base, quote) = (most("VENUS"), most("TERRA"));
    let [taker, maker] = [PAYER, PAYEE].map(Holder::User);
    let posting = |from, to, money| Posting { from, to, money };
    let postings = Postings::checked(vec![
        posting(maker, taker, quote),
        posting(taker, maker, base),
        posting(taker, Holder::Fees, quote),
        posting(maker, Holder::Fees, quote),
    ]);
    let fill = Movement {
        party: PAYER,
        counterparty: Some(PAYEE),
        cause: Cause::Fill(largest_fill()),
        postings: postings.expect("sound"),
    };
    let outcomes = [Outcome::Moved(fill), Outcome::Placed(placement), Outcome::Amended(amendment)];
    for outcome in outcomes {
        let entry = entry(outcome);
        let bytes = size(&entry.to_row().expect("a row"));
        assert!(bytes <= UNIT, "{bytes} bytes: {entry:?}");
    }
}

#[test]
fn the_largest_pair_command_and_order_are_one_write_unit() {
    let working = largest_working();
    let fee = FeeBps::new(FeeBps::MAX).expect("a fee");
    let pair_row = Pair {
        steps: longest_steps(),
        min_notional: Amount::MAX,
        maker_fee: fee,
        taker_fee: fee,
        collar_bps: 9_999,
        status: PairStatus::CancelOnly,
        version: u64::MAX,
        created_at: Timestamp::MAX,
    }
    .to_row();
    let resting = Resting { pair: pair(), working, seq: u64::MAX }.to_row();
    let (reason, at) = (Closed::BalanceLimit, Timestamp::MAX);
    let closed = ClosedOrder { pair: pair(), working, reason, at, seq: u64::MAX }.to_row();
    for row in [pair_row, command().to_row(), resting, closed] {
        let row = row.expect("a row");
        assert!(size(&row) <= UNIT, "{} bytes: {row:?}", size(&row));
    }
}

#[test]
fn a_command_that_cannot_be_read_is_known_by_its_place() {
    let command = command();
    let unreadable = Ok(Logged::Unreadable(command.id));
    let of_another = Command { id: CommandId { bits: 1, ..command.id }, ..command };
    for (name, bad) in [
        ("instruction", text("place")),
        ("id", text(of_another.id.to_string())),
        ("pair", text("MRC-USD")),
        ("part", text("log#VENUS")),
        ("part", text("book#VENUS-TERRA")),
    ] {
        let mut row = command.to_row().expect("a row");
        row.insert(name.to_owned(), bad);
        assert_eq!(logged(row), unreadable, "{name}");
    }
}

#[test]
fn a_row_of_a_log_without_a_place_is_corrupt() {
    for bad in [text("00000000000001"), number(1)] {
        let mut row = command().to_row().expect("a row");
        row.insert("kind".to_owned(), bad);
        assert!(matches!(logged(row), Err(StoreError::Corrupt(_))));
    }
}

#[test]
fn an_event_that_is_not_what_we_write_is_corrupt() {
    let row = || keys::event(pair(), 7);
    let body = text("5 0 0 - halted -");
    let with = |name: &str, value: &AttributeValue| {
        let mut row = row();
        row.insert("event".to_owned(), body.clone());
        row.insert(name.to_owned(), value.clone());
        MarketEvent::from_row(row)
    };
    assert_eq!(with("event", &body).expect("an event").head.seq, 7);
    for (name, bad) in [
        ("event", text("5 0 0 - closed -")),
        ("event", number(5)),
        ("kind", text("7")),
        ("kind", text("+0000000000000000007")),
        ("part", text("events#MRC")),
        ("part", text("log#VENUS-TERRA")),
    ] {
        assert!(matches!(with(name, &bad), Err(StoreError::Corrupt(_))), "{name} {bad:?}");
    }
    assert!(matches!(MarketEvent::from_row(row()), Err(StoreError::Corrupt(_))));
}

#[test]
fn a_deadline_is_a_user_and_a_time() {
    let mut row = keys::deadline(pair(), PAYER);
    row.insert(keys::DEADLINE.to_owned(), number(5));
    assert_eq!(deadline(&row), Ok((PAYER, Timestamp::from_millis(5))));
    for bad in [number(-1), text("5"), number(Timestamp::MAX.millis() + 1)] {
        row.insert(keys::DEADLINE.to_owned(), bad);
        assert!(matches!(deadline(&row), Err(StoreError::Corrupt(_))));
    }
}

#[test]
fn steps_that_cannot_be_are_none() {
    for bad in [
        "",
        "MRC/2 USD/2 2 1 100",
        "MRC/2 USD/2 2 1 100 2",
        "MRC/2 USD/2 2 1 1 1",
        "MRC/2 USD/2 2 0 100 0",
        "MRC/2 MRC/2 2 1 100 1",
        "MRC/2 USD/2 9 1 100 1",
        "MRC/2 USD/2 2 01 100 1",
        "MRC/2 USD/2 2 1 100 1 ",
    ] {
        assert_eq!(Steps::read(bad), None, "{bad}");
    }
}

fn with_word<T: Spelled>(value: &T, place: usize, word: &str) -> Option<T> {
    let text = value.spell();
    let mut words: Vec<_> = text.split(' ').collect();
    words[place] = word;
    T::read(&words.join(" "))
}

#[test]
fn an_order_or_a_tally_that_cannot_be_is_none() {
    let Working { order, tally } = largest_working();
    let other = OrderId::from_bits(5);
    assert_eq!(with_word(&order, 0, &other.to_string()), Some(Order { id: other, ..order }));
    for (place, bad) in [
        (0, "usr_00000000000000000000000005"),
        (2, "x"),
        (3, ""),
        (4, "GTC"),
        (5, "q"),
        (6, "-"),
        (7, "0"),
        (7, "+5"),
        (8, "$-1"),
        (8, "$$1"),
        (8, "1000000000001"),
        (9, "1001"),
        (11, "-1"),
        (11, "1 1"),
    ] {
        assert_eq!(with_word(&order, place, bad), None, "{place} {bad}");
    }
    assert_eq!(with_word(&tally, 8, "1"), Some(Tally { sequence: 1, ..tally }));
    for (place, bad) in [(0, "-1"), (4, "1000000000000000001"), (6, "10000"), (8, "01")] {
        assert_eq!(with_word(&tally, place, bad), None, "{place} {bad}");
    }
}
