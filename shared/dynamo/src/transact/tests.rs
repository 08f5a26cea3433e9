//! Each write's condition is its expectation, and nothing is changed but what it says.

use domain::{
    amount::Money,
    commit::Claim,
    currency::Currency,
    id::{ItemId, QuoteId, SessionId},
    identity::Session,
    universe::UniverseId,
};

use super::*;
use crate::rows::generators::{currency, largest_item};

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
        Leg::Debit(money(400, currency("USD/2"))),
        Leg::Credit(money(1000, currency("MRC/2"))),
    ];
    let action = of(Write::MoveFunds { user: ALICE, legs, entry: ENTRY, at: AT });
    assert_eq!(action.table, "market-accounts");
    assert_eq!(action.row, keys::account(ALICE));
    let condition = "attribute_exists(#user) AND #available.#USD >= :debit_USD AND \
                     (attribute_not_exists(#available.#MRC) OR #available.#MRC <= :room_MRC)";
    assert_eq!(action.condition, condition);
    let update = "SET #version = #version + :one, #last_entry = :entry, \
                  #changed.#USD = :at, #available.#USD = #available.#USD - :debit_USD, \
                  #changed.#MRC = :at, \
                  #available.#MRC = if_not_exists(#available.#MRC, :zero) + :credit_MRC, \
                  #held.#MRC = if_not_exists(#held.#MRC, :zero), \
                  #opened.#MRC = if_not_exists(#opened.#MRC, :at)";
    assert_eq!(action.update.as_deref(), Some(update));
    assert_eq!(value(&action, ":debit_USD"), &number(400));
    assert_eq!(value(&action, ":credit_MRC"), &number(1000));
    assert_eq!(value(&action, ":room_MRC"), &number(999_999_999_999_999_000_i64));
    assert_eq!(value(&action, ":entry"), &text(ENTRY.to_string()));
    assert_eq!(value(&action, ":at"), &number(AT.millis()));
    assert_eq!(action.values.len(), 7);
}

#[test]
fn a_wallet_is_opened_once_and_only_in_an_account() {
    let code = "USD".parse().expect("a code");
    let action = of(Write::OpenWallet { user: ALICE, code, at: AT });
    let condition = "attribute_exists(#user) AND attribute_not_exists(#available.#USD)";
    assert_eq!(action.condition, condition);
    let update = "SET #available.#USD = :zero, #held.#USD = :zero, #opened.#USD = :at, \
                  #changed.#USD = :at, #version = #version + :one";
    assert_eq!(action.update.as_deref(), Some(update));
}

#[test]
fn a_sale_expects_the_price_the_state_and_the_stock_and_touches_no_index() {
    let (item, unit_price) = (ItemId::from_bits(20), Amount::ONE);
    let at = Timestamp::from_millis(7);
    let action = of(Write::SellStock { item, unit_price, quantity: pieces(3), at });
    let condition = "#price = :price AND #state = :active AND #stock >= :quantity";
    assert_eq!(action.condition, condition);
    let update = "SET #stock = #stock - :quantity, #sold = #sold + :quantity, \
                  #version = #version + :one, #updated_at = :at";
    assert_eq!(action.update.as_deref(), Some(update));
    assert_eq!(value(&action, ":active"), &text("active"));
    let written = ["stock", "sold", "version", "updated_at"];
    assert!(CATALOG.key_attributes().iter().all(|key| !written.contains(key)));
}

#[test]
fn returned_pieces_were_sold_and_leave_a_stock_that_can_be() {
    let (item, at) = (ItemId::from_bits(20), Timestamp::from_millis(7));
    let action = of(Write::ReturnStock { item, quantity: pieces(3), at });
    assert_eq!(action.condition, "#sold >= :quantity AND #stock <= :room");
    let update = "SET #stock = #stock + :quantity, #sold = #sold - :quantity, \
                  #version = #version + :one, #updated_at = :at";
    assert_eq!(action.update.as_deref(), Some(update));
    assert_eq!(value(&action, ":room"), &number(999_999_997));
}

#[test]
fn a_revision_expects_the_version_before_its_own() {
    let item = largest_item();
    let action = of(Write::ReviseItem { item: item.clone(), reprices: false });
    assert_eq!(action.condition, "#version = :before");
    assert_eq!(value(&action, ":before"), &number(item.version - 1));
    assert_eq!(action.row, item.to_row().expect("a row"));
}

#[test]
fn a_session_is_replaced_in_its_generation_unless_revoked() {
    let session = Session::begun(SessionId::from_bits(1), ALICE, Timestamp::from_millis(0));
    let action = of(Write::ReplaceSession { session, generation: 4 });
    assert_eq!(action.condition, "#generation = :generation AND #revoked = :no");
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
        assert_eq!((action.table.as_str(), action.condition.as_str()), (table, condition));
        assert_eq!((action.update, action.values.len()), (None, 0));
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
    assert_eq!(names.len(), 7);
}
