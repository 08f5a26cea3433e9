//! Every value survives its row, no row passes a write unit, and a bad row is an error.

mod books;
mod projections;
mod venues;
mod webhooks;

use std::fmt::Debug;

use domain::{
    account::{Balance, WalletTimes},
    activity::{News, Occasion},
    amount::{Amount, Money},
    catalogue::Quantity,
    conversion::Conversion,
    id::{EntryId, ItemId, QuoteId, UserId},
    ledger::{
        Cause, Entry, Fingerprint, Holder, Movement, Outcome, Postings, Purchase, through_pool,
    },
    refusal::Refusal,
    time::Timestamp,
    universe::{Universe, UniverseId},
};
use proptest::{prelude::*, test_runner::TestCaseResult};

use super::{
    generators::{books::largest_requests, venues::longest_venue_terms, *},
    *,
};

fn survives<T: Stored + Debug + PartialEq>(value: &T) -> TestCaseResult {
    let row = value.to_row().expect("a row");
    prop_assert_eq!(&T::from_row(row).expect("a value"), value);
    Ok(())
}

proptest! {
    #[test]
    fn an_entry_survives_its_row(entry in entries()) {
        survives(&entry)?;
    }

    #[test]
    fn an_account_survives_its_row(account in accounts()) {
        survives(&account)?;
    }

    #[test]
    fn an_item_survives_its_row(item in items()) {
        survives(&item)?;
    }

    #[test]
    fn a_universe_survives_its_row(universe in universes()) {
        survives(&universe)?;
        survives(&universe.rate)?;
    }

    #[test]
    fn a_user_survives_its_row(user in people()) {
        survives(&user)?;
    }

    #[test]
    fn a_session_survives_its_row(session in sessions()) {
        survives(&session)?;
    }

    #[test]
    fn a_row_without_one_of_its_fields_is_corrupt(entry in entries(), which in any::<usize>()) {
        let fields = ["id", "actor", "fingerprint", "at", "outcome"];
        let mut row = entry.to_row().expect("a row");
        row.remove(fields[which % fields.len()]);
        prop_assert!(matches!(Entry::from_row(row), Err(StoreError::Corrupt(_))));
    }

    #[test]
    fn places_sort_as_their_keys(
        times in [any::<u32>(); 2], ties in [any::<u128>(); 2]
    ) {
        let [one, other] = [0, 1].map(|n| app::ports::Position {
            key: i64::from(times[n]),
            tie: ties[n],
        });
        let order = one.cmp(&other);
        let placed = |place| keys::placed(place, EntryId::from_bits);
        prop_assert_eq!(placed(one).cmp(&placed(other)), order);
        prop_assert_eq!(keys::priced(one).cmp(&keys::priced(other)), order);
    }

    #[test]
    fn a_range_of_prices_begins_just_after_a_place(
        after in (0_i64..4, 0_u128..4),
        (min, max) in (0_i64..4, 0_i64..4),
        descending in any::<bool>()
    ) {
        let minor = |minor| Amount::from_minor(minor).expect("minor");
        let place = |(key, tie)| app::ports::Position { key, tie };
        let (low, high) =
            keys::price_range(minor(min), minor(max), descending, Some(place(after)));
        for (key, tie) in (0..4).flat_map(|key| (0..4).map(move |tie| (key, tie))) {
            let later = if descending { (key, tie) < after } else { (key, tie) > after };
            let found = keys::priced(place((key, tie)));
            let inside = low <= found && found <= high;
            prop_assert_eq!(inside, later && (min..=max).contains(&key), "{} {}", key, tie);
        }
    }
}

/// DynamoDB's rules: a name and a text are their UTF-8 bytes; a number is one byte for two
/// digits and one more; a map three bytes and one for each field.
fn size(row: &Row) -> usize {
    row.iter().map(|(name, value)| name.len() + value_size(value)).sum()
}

fn value_size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
        AttributeValue::Bool(_) => 1,
        AttributeValue::M(fields) => 3 + fields.len() + size(fields),
        other => panic!("our rows have no {other:?}"),
    }
}

const UNIT: usize = 1024;
const PAYER: UserId = UserId::from_bits(u128::MAX);
const PAYEE: UserId = UserId::from_bits(u128::MAX - 1);

fn longest_conversion() -> Conversion {
    let one = Amount::from_minor(1).expect("one");
    let half = Amount::from_minor(Amount::MAX.minor() / 2).expect("half");
    Conversion {
        paid: most("VENUS"),
        pool_takes: Amount::MAX.checked_sub(one).expect("less"),
        received: Money { amount: half, ..most("TERRA") },
        fee: half,
        dust: Amount::MAX,
        provenance: longest_provenance(),
    }
}

fn moved(cause: Cause, counterparty: Option<UserId>) -> Outcome {
    let payee = Holder::User(counterparty.unwrap_or(PAYER));
    let postings = through_pool(Holder::User(PAYER), payee, &longest_conversion());
    assert_eq!(postings.len(), 5);
    let postings = Postings::checked(postings).expect("sound");
    Outcome::Moved(Movement { party: PAYER, counterparty, cause, postings })
}

fn largest_outcomes() -> Vec<Outcome> {
    let (money, quantity) = (most("VENUS"), Quantity::new(Quantity::MAX).expect("pieces"));
    let item = ItemId::from_bits(u128::MAX);
    let universe = UniverseId::new(UniverseId::MAX).expect("a number");
    let quote = Some(QuoteId::from_bits(u128::MAX));
    let purchase = Purchase {
        item,
        quantity,
        unit_price: money,
        total: money,
        paid: money,
        from_universe: universe,
        to_universe: universe,
        provenance: Some(longest_provenance()),
    };
    let refund = Cause::Refund {
        of: EntryId::from_bits(u128::MAX),
        item,
        quantity,
        returned: money,
        refunded: money,
        restocked: true,
    };
    let refusal = Refusal::InsufficientFunds { required: money, available: money };
    vec![
        moved(Cause::Transfer(money), Some(PAYEE)),
        moved(Cause::Exchange { conversion: longest_conversion(), quote }, None),
        moved(Cause::Purchase(purchase), Some(PAYEE)),
        moved(refund, Some(PAYEE)),
        Outcome::Refused { refusal, request_id: "x".repeat(128) },
        Outcome::SameAs(EntryId::from_bits(u128::MAX)),
        Outcome::Voided,
    ]
}

fn entry(outcome: Outcome) -> Entry {
    Entry {
        id: EntryId::from_bits(u128::MAX),
        actor: UserId::from_bits(u128::MAX - 2),
        fingerprint: Fingerprint([0xff; 16]),
        at: Timestamp::MAX,
        outcome,
    }
}

#[test]
fn the_largest_entry_of_each_kind_is_one_write_unit() {
    for outcome in largest_outcomes() {
        let entry = entry(outcome);
        let bytes = size(&entry.to_row().expect("a row"));
        assert!(bytes <= UNIT, "{bytes} bytes: {entry:?}");
    }
}

#[test]
fn the_largest_item_is_one_write_unit_and_so_is_its_listing() {
    let row = size(&largest_item().to_row().expect("a row"));
    let listing = size(&entry(Outcome::Listed(largest_item())).to_row().expect("a row"));
    assert!(row <= UNIT, "{row} bytes");
    assert!(listing <= UNIT, "{listing} bytes");
}

#[test]
fn an_account_with_many_wallets_is_one_write_unit() {
    let codes = ('A'..='Z').map(|letter| letter.to_string().repeat(5)).take(13);
    let full = Balance { available: Amount::MAX, held: Amount::MAX };
    let latest = WalletTimes::new(Timestamp::MAX);
    let codes: Vec<_> = codes.map(|code| code.parse().expect("a code")).collect();
    let wallets = codes.iter().map(|code| (*code, full)).collect();
    let times = codes.iter().map(|code| (*code, latest)).collect();
    let last_entry = Some(EntryId::from_bits(u128::MAX));
    let news = News::of(Occasion::OrderAmended);
    let changed_at = Timestamp::MAX;
    let account =
        Account { user: PAYER, wallets, times, version: u64::MAX, changed_at, last_entry, news };
    let bytes = size(&account.to_row().expect("a row"));
    assert!(bytes <= UNIT, "{bytes} bytes");
}

#[test]
fn only_an_entry_that_moved_money_or_placed_an_order_is_in_an_index() {
    let keys_of = |outcome| {
        let row = entry(outcome).to_row().expect("a row");
        ["placed", "party", "counterparty", "orderer"].map(|name| row.contains_key(name))
    };
    let money = most("VENUS");
    assert_eq!(keys_of(moved(Cause::Transfer(money), Some(PAYEE))), [true, true, true, false]);
    assert_eq!(keys_of(moved(Cause::Deposit(money), None)), [true, true, false, false]);
    let (placement, amendment) = largest_requests();
    assert_eq!(keys_of(Outcome::Placed(placement)), [true, false, false, true]);
    assert_eq!(keys_of(Outcome::Amended(amendment)), [false; 4]);
    assert_eq!(keys_of(Outcome::SameAs(EntryId::from_bits(1))), [false; 4]);
    assert_eq!(keys_of(Outcome::Voided), [false; 4]);
    assert_eq!(keys_of(Outcome::Routed(longest_venue_terms())), [false; 4]);
    assert_eq!(keys_of(Outcome::Listed(largest_item())), [false; 4]);
    let request_id = "req-1".to_owned();
    let refused = Outcome::Refused { refusal: Refusal::OwnItem, request_id };
    assert_eq!(keys_of(refused), [false; 4]);
}

#[test]
fn a_session_is_swept_only_when_it_is_over() {
    let session = domain::identity::Session {
        id: domain::id::SessionId::from_bits(1),
        user: PAYER,
        generation: 1,
        rotated_at: Timestamp::from_millis(0),
        expires_at: Timestamp::from_millis(1001),
        revoked: false,
    };
    let row = session.to_row().expect("a row");
    assert_eq!(row.get("sweep_after"), Some(&number(2)));
}

#[test]
fn a_wallet_with_one_of_its_parts_is_corrupt() {
    let code = "USD".parse().expect("a code");
    let mut row = Account::opened(PAYER, code, Timestamp::from_millis(0)).to_row().expect("a row");
    row.insert("held".to_owned(), AttributeValue::M(Row::new()));
    assert!(matches!(Account::from_row(row), Err(StoreError::Corrupt(_))));
}

#[test]
fn a_value_that_cannot_be_is_corrupt_and_not_repeated() {
    for (name, bad) in [
        ("description", text("secret\tline")),
        ("price", number(-1)),
        ("stock", number(1_000_000_001)),
        ("state", text("sold_out")),
        ("currency", text("USD/9")),
        ("version", AttributeValue::Null(true)),
    ] {
        let mut row = largest_item().to_row().expect("a row");
        row.insert(name.to_owned(), bad);
        let Err(StoreError::Corrupt(why)) = Item::from_row(row) else { panic!("{name}") };
        assert!(why.starts_with(&largest_item().id.to_string()), "{why}");
        assert!(!why.contains("secret"), "{why}");
    }
}

#[test]
fn a_row_of_something_else_is_corrupt() {
    let claim = keys::claim(&domain::commit::Claim::Refund(EntryId::from_bits(1)));
    assert!(matches!(Universe::from_row(claim), Err(StoreError::Corrupt(_))));
}
