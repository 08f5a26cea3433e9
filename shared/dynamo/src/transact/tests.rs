//! Each write's condition is its expectation, and nothing is changed but what it says.

use domain::{
    account::{self, Leg},
    activity::{News, Occasion},
    amount::{Amount, Money},
    catalogue::Quantity,
    command::{Command, CommandId, Instruction},
    commit::{Claim, ClosedOrder, Resting},
    currency::{Currency, CurrencyCode},
    id::{EntryId, ItemId, QuoteId, SessionId},
    identity::Session,
    market_event::MarketEvent,
    order::Closed,
    pair::{FeeBps, Pair, PairId, PairStatus},
    time::Timestamp,
    universe::UniverseId,
    venue::VenueOrder,
};

use super::*;
use crate::rows::generators::{
    books::{largest_working, longest_steps},
    currency, largest_item,
    venues::largest_venue_order,
};

const ALICE: UserId = UserId::from_bits(1);
const ENTRY: EntryId = EntryId::from_bits(9);
const AT: Timestamp = Timestamp::MAX;

fn of(write: Write) -> Action {
    let tables = TableNames::prefixed("market");
    let mut actions = actions(&Commit::of(vec![write]), &tables).expect("an action");
    actions.remove(0)
}

fn money(minor: i64, currency: Currency) -> Money {
    Money { amount: Amount::from_minor(minor).expect("minor"), currency }
}

fn pieces(count: u32) -> Quantity {
    Quantity::new(count).expect("pieces")
}

fn value<'a>(action: &'a Action, name: &str) -> &'a AttributeValue {
    action.values.get(name).unwrap_or_else(|| panic!("no {name} in {action:?}"))
}

#[test]
fn a_debit_needs_what_it_takes_and_a_credit_needs_room() {
    let legs = vec![
        Leg::debit(money(400, currency("USD/2"))),
        Leg::credit(money(1000, currency("MRC/2"))),
    ];
    let action = moving(legs);
    assert_eq!(action.table, "market-accounts");
    assert_eq!(action.row, keys::account(ALICE));
    let condition = "attribute_exists(#user) AND #available.#USD >= :available_USD AND \
                     (attribute_not_exists(#available.#MRC) OR \
                     #available.#MRC <= :available_room_MRC)";
    assert_eq!(action.condition.as_deref(), Some(condition));
    let update = "SET #version = #version + :one, #last_entry = :entry, #changed_at = :at, \
                  #news = :news, #changed.#USD = :at, \
                  #available.#USD = #available.#USD - :available_USD, \
                  #changed.#MRC = :at, \
                  #available.#MRC = if_not_exists(#available.#MRC, :zero) + :available_MRC, \
                  #held.#MRC = if_not_exists(#held.#MRC, :zero), \
                  #opened.#MRC = if_not_exists(#opened.#MRC, :at)";
    assert_eq!(action.change.update(), Some(update));
    assert_eq!(value(&action, ":available_USD"), &number(400));
    assert_eq!(value(&action, ":available_MRC"), &number(1000));
    assert_eq!(value(&action, ":available_room_MRC"), &number(999_999_999_999_999_000_i64));
    assert_eq!(value(&action, ":entry"), &text(ENTRY.to_string()));
    assert_eq!(value(&action, ":at"), &number(AT.millis()));
    assert_eq!(value(&action, ":news"), &text("deposit"));
    assert_eq!(action.values.len(), 8);
}

fn moved(leg: Leg) -> Action {
    moving(vec![leg])
}

fn moving(legs: Vec<Leg>) -> Action {
    let change = account::Change { entry: ENTRY, at: AT, news: News::of(Occasion::Deposit) };
    of(Write::MoveFunds { user: ALICE, legs, change })
}

#[test]
fn a_hold_needs_what_it_holds_and_room_for_it_and_opens_nothing() {
    let action = moved(Leg::hold(money(400, currency("USD/2"))));
    let condition = "attribute_exists(#user) AND #available.#USD >= :available_USD AND \
                     #held.#USD <= :held_room_USD";
    assert_eq!(action.condition.as_deref(), Some(condition));
    let update = "SET #version = #version + :one, #last_entry = :entry, #changed_at = :at, \
                  #news = :news, #changed.#USD = :at, \
                  #available.#USD = #available.#USD - :available_USD, \
                  #held.#USD = #held.#USD + :held_USD";
    assert_eq!(action.change.update(), Some(update));
    assert_eq!(value(&action, ":available_USD"), &number(400));
    assert_eq!(value(&action, ":held_USD"), &number(400));
    assert_eq!(value(&action, ":held_room_USD"), &number(999_999_999_999_999_600_i64));
    assert_eq!(action.values.len(), 7);
}

#[test]
fn what_is_only_taken_from_what_is_held_leaves_what_is_available_alone() {
    let action = moved(Leg { available: 0, held: -5, ..Leg::credit(money(0, currency("USD/2"))) });
    assert_eq!(
        action.condition.as_deref(),
        Some("attribute_exists(#user) AND #held.#USD >= :held_USD")
    );
    let update = "SET #version = #version + :one, #last_entry = :entry, #changed_at = :at, \
                  #news = :news, #changed.#USD = :at, \
                  #held.#USD = #held.#USD - :held_USD";
    assert_eq!(action.change.update(), Some(update));
    assert_eq!(value(&action, ":held_USD"), &number(5));
}

#[test]
fn a_leg_of_more_than_there_can_be_has_no_room_in_a_new_wallet_either() {
    let credit = Leg::credit(money(1, currency("USD/2")));
    let action = moved(Leg { available: 1_000_000_000_000_000_001, ..credit });
    let condition = "attribute_exists(#user) AND #available.#USD <= :available_room_USD";
    assert_eq!(action.condition.as_deref(), Some(condition));
    assert_eq!(value(&action, ":available_room_USD"), &number(-1));
}

#[test]
fn a_leg_of_nothing_touches_no_wallet() {
    let action = moved(Leg::credit(money(0, currency("USD/2"))));
    assert_eq!(action.condition.as_deref(), Some("attribute_exists(#user)"));
    let update = "SET #version = #version + :one, #last_entry = :entry, #changed_at = :at, \
                  #news = :news";
    assert_eq!(action.change.update(), Some(update));
    // A value that no expression uses is an error.
    assert!(!action.values.contains_key(":zero"), "{action:?}");
}

#[test]
fn a_wallet_is_opened_once_and_only_in_an_account() {
    let code = "USD".parse().expect("a code");
    let action = of(Write::OpenWallet { user: ALICE, code, at: AT });
    let condition = "attribute_exists(#user) AND attribute_not_exists(#available.#USD)";
    assert_eq!(action.condition.as_deref(), Some(condition));
    let update = "SET #available.#USD = :zero, #held.#USD = :zero, #opened.#USD = :at, \
                  #changed.#USD = :at, #version = #version + :one, #changed_at = :at, \
                  #news = :news";
    assert_eq!(action.change.update(), Some(update));
}

#[test]
fn a_sale_expects_the_price_the_state_and_the_stock_and_touches_no_index() {
    let (item, unit_price) = (ItemId::from_bits(20), Amount::ONE);
    let at = Timestamp::from_millis(7);
    let action = of(Write::SellStock { item, unit_price, quantity: pieces(3), at });
    let condition = "#price = :price AND #state = :active AND #stock >= :quantity";
    assert_eq!(action.condition.as_deref(), Some(condition));
    let update = "SET #stock = #stock - :quantity, #sold = #sold + :quantity, \
                  #version = #version + :one, #updated_at = :at";
    assert_eq!(action.change.update(), Some(update));
    assert_eq!(value(&action, ":active"), &text("active"));
    let written = ["stock", "sold", "version", "updated_at"];
    assert!(CATALOG.key_attributes().iter().all(|key| !written.contains(key)));
}

#[test]
fn returned_pieces_were_sold_and_leave_a_stock_that_can_be() {
    let (item, at) = (ItemId::from_bits(20), Timestamp::from_millis(7));
    let action = of(Write::ReturnStock { item, quantity: pieces(3), at });
    assert_eq!(action.condition.as_deref(), Some("#sold >= :quantity AND #stock <= :room"));
    let update = "SET #stock = #stock + :quantity, #sold = #sold - :quantity, \
                  #version = #version + :one, #updated_at = :at";
    assert_eq!(action.change.update(), Some(update));
    assert_eq!(value(&action, ":room"), &number(999_999_997));
}

#[test]
fn a_revision_expects_the_version_before_its_own() {
    let item = largest_item();
    let action = of(Write::ReviseItem { item: item.clone(), reprices: false });
    assert_eq!(action.condition.as_deref(), Some("#version = :before"));
    assert_eq!(value(&action, ":before"), &number(item.version - 1));
    assert_eq!(action.row, item.to_row().expect("a row"));
}

#[test]
fn a_session_is_replaced_in_its_generation_unless_revoked() {
    let session = Session::begun(SessionId::from_bits(1), ALICE, Timestamp::from_millis(0));
    let action = of(Write::ReplaceSession { session, generation: 4 });
    assert_eq!(action.condition.as_deref(), Some("#generation = :generation AND #revoked = :no"));
    assert_eq!(value(&action, ":generation"), &number(4));
    assert_eq!(value(&action, ":no"), &AttributeValue::Bool(false));
}

#[test]
fn what_must_be_new_expects_that_its_key_is_free() {
    let universe = UniverseId::new(1).expect("a number");
    let code: CurrencyCode = "USD".parse().expect("a code");
    let claim = Claim::Quote(QuoteId::from_bits(1));
    for (write, table, condition) in [
        (Write::PutClaim { claim, by: ENTRY }, "market-journal", "attribute_not_exists(#id)"),
        (
            Write::ReserveCurrency { code, universe },
            "market-catalog",
            "attribute_not_exists(#part)",
        ),
        (Write::PutItem(largest_item()), "market-catalog", "attribute_not_exists(#part)"),
        (
            Write::ReserveUsername("alice".parse().expect("a name"), ALICE),
            "market-identity",
            "attribute_not_exists(#key)",
        ),
    ] {
        let action = of(write);
        assert_eq!((action.table.as_str(), action.condition.as_deref()), (table, Some(condition)));
        assert_eq!((action.change, action.values.len()), (Change::Put, 0));
    }
}

#[test]
fn a_reserved_currency_is_in_no_index_of_items() {
    let code = "USD".parse().expect("a code");
    let action = of(Write::ReserveCurrency { code, universe: UniverseId::new(1).expect("1") });
    assert!(!action.row.contains_key("placed") && !action.row.contains_key("priced"));
}

#[test]
fn every_action_brings_back_what_it_finds() {
    let put = of(Write::PutItem(largest_item())).into_item().expect("an item");
    let put = put.put().expect("a put");
    let old = Some(&ReturnValuesOnConditionCheckFailure::AllOld);
    assert_eq!(put.return_values_on_condition_check_failure(), old);
    assert_eq!(put.expression_attribute_values(), None);
    let code = "USD".parse().expect("a code");
    let update = of(Write::OpenWallet { user: ALICE, code, at: AT }).into_item().expect("an item");
    let update = update.update().expect("an update");
    assert_eq!(update.return_values_on_condition_check_failure(), old);
    let names = update.expression_attribute_names().expect("names");
    assert_eq!(names.get("#USD").map(String::as_str), Some("USD"));
    assert_eq!(names.len(), 9);
}

fn pair_id() -> PairId {
    "VENUS-TERRA".parse().expect("a pair")
}

#[test]
fn what_must_be_new_in_a_book_is_and_what_must_be_there_is() {
    let (pair, working) = (pair_id(), largest_working());
    let (id, instruction) = (CommandId { at: AT, bits: 1 }, Instruction::Place(working));
    let command = Command { pair, id, instruction };
    let resting = Resting { pair, working, seq: 1 };
    let closed = ClosedOrder { pair, working, reason: Closed::Filled, at: AT, seq: 2 };
    let event = MarketEvent::parse(pair, 1, "5 0 0 - halted -").expect("an event");
    let order = working.order.id;
    let (absent, present) = ("attribute_not_exists(#part)", "attribute_exists(#part)");
    for (write, condition, change) in [
        (Write::PutCommand(command), absent, Change::Put),
        (Write::AdvanceCommand(command), present, Change::Put),
        (Write::RemoveCommand { pair, id }, present, Change::Delete),
        (Write::PutMarketEvent(event), absent, Change::Put),
        (Write::PutResting(resting), absent, Change::Put),
        (Write::ReplaceResting(resting), present, Change::Put),
        (Write::RemoveResting { pair, order }, present, Change::Delete),
        (Write::PutClosedOrder(closed), absent, Change::Put),
    ] {
        let action = of(write.clone());
        assert_eq!(action.table, "market-orders");
        assert_eq!((action.condition.as_deref(), action.change), (Some(condition), change));
        assert!(action.values.is_empty(), "{write:?}");
    }
}

#[test]
fn what_is_written_and_what_is_removed_has_one_key() {
    let (pair, working) = (pair_id(), largest_working());
    let (id, order) = (CommandId { at: AT, bits: 1 }, working.order.id);
    let key = |action: &Action| ["part", "kind"].map(|name| action.row[name].clone());
    let instruction = Instruction::SetStatus(PairStatus::Halted);
    let put = of(Write::PutCommand(Command { pair, id, instruction }));
    let removed = of(Write::RemoveCommand { pair, id });
    assert_eq!(key(&put), key(&removed));
    assert_eq!(key(&put)[0], text("log#VENUS-TERRA"));
    assert_eq!(removed.row.len(), 2);
    let put = of(Write::PutResting(Resting { pair, working, seq: 1 }));
    let removed = of(Write::RemoveResting { pair, order });
    assert_eq!(key(&put), key(&removed));
    assert_eq!(key(&put)[0], text("book#VENUS-TERRA"));
    assert_eq!(removed.row.len(), 2);
}

#[test]
fn a_deadline_is_set_and_removed_whatever_was_said_before() {
    let (pair, user) = (pair_id(), ALICE);
    let set = of(Write::PutDeadline { pair, user, deadline: AT });
    let removed = of(Write::RemoveDeadline { pair, user });
    assert_eq!((&set.condition, &removed.condition), (&None, &None));
    assert_eq!((&set.change, &removed.change), (&Change::Put, &Change::Delete));
    assert_eq!(removed.row, keys::deadline(pair, user));
    assert_eq!(set.row.get("deadline"), Some(&number(AT.millis())));
    let set = set.into_item().expect("an item");
    let set = set.put().expect("a put");
    assert_eq!(set.condition_expression(), None);
    assert_eq!(set.expression_attribute_names(), None);
    let removed = removed.into_item().expect("an item");
    let removed = removed.delete().expect("a deletion");
    assert_eq!(removed.condition_expression(), None);
    assert_eq!(removed.expression_attribute_names(), None);
}

#[test]
fn a_pair_is_replaced_in_the_version_before() {
    let steps = longest_steps();
    let fee = FeeBps::new(10).expect("a fee");
    let pair = Pair {
        steps,
        min_notional: Amount::ONE,
        maker_fee: fee,
        taker_fee: fee,
        collar_bps: 1_000,
        status: PairStatus::Halted,
        version: 4,
        created_at: AT,
    };
    let action = of(Write::ReplacePair(pair));
    assert_eq!((action.table.as_str(), &action.change), ("market-catalog", &Change::Put));
    assert_eq!(action.condition.as_deref(), Some("#version = :before"));
    assert_eq!(value(&action, ":before"), &number(3));
    assert_eq!(action.row.get("kind"), Some(&text("VENUS-TERRA")));
    let action = of(Write::PutPair(pair));
    assert_eq!(action.condition.as_deref(), Some("attribute_not_exists(#part)"));
    assert!(!action.row.contains_key("placed") && !action.row.contains_key("priced"));
}

#[test]
fn an_order_at_a_venue_is_put_once_and_replaced_in_the_version_before() {
    let order = Box::new(VenueOrder { version: 4, ..largest_venue_order() });
    let action = of(Write::PutVenueOrder(order.clone()));
    assert_eq!((action.table.as_str(), &action.change), ("market-venues", &Change::Put));
    assert_eq!(action.condition.as_deref(), Some("attribute_not_exists(#part)"));
    let replaced = of(Write::ReplaceVenueOrder { order, index_rows: 2 });
    assert_eq!(replaced.table, "market-venues");
    assert_eq!(replaced.condition.as_deref(), Some("#version = :before"));
    assert_eq!(value(&replaced, ":before"), &number(3));
    assert_eq!(replaced.row, action.row);
}
