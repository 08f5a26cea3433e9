//! Buying with stale knowledge and in crowds, trying without doing, and what it all costs.

use std::sync::Arc;

use app::{
    catalogue::{Expected, revise_item},
    money::{Exchange, Operate, Redeem, Transfer},
    perform::Operation,
    ports::{Catalogue, Ledger},
    purchase::Buy,
    simulate::simulate,
};
use domain::{
    catalogue::Revision,
    conversion::Fixed,
    id::{QuoteId, UserId},
    ledger::{Cause, Outcome},
    purchase::Terms,
    quote::quote,
    refusal::Refusal,
};
use tokio::task::JoinSet;

use super::{account, ask, available, buying, moved, refusal, shared};
use crate::{
    builders::{Fair, earth, market_on, market_with, mars, mrc, on_this_thread, start, usd},
    memory::MemoryStore,
    metered::MeteredStore,
};

#[test]
fn a_stale_price_is_refused_if_it_was_expected_and_corrected_if_not() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let fair = market_with(shared(&store)).await;
        let (john, marvin) = (fair.join("john").await, fair.join("marvin").await);
        fair.deposit(john, usd("100.00")).await;
        let item = fair.list_item(marvin, &mars(), "10.00", 5).await;
        assert!(moved(
            &ask(&fair, john, "warm", &buying(item.id, 1, &earth())).await.expect("sold")
        ));
        // The seller's change is made through another process, which this one has not seen.
        let theirs = market_on(shared(&store));
        let price = Some(mrc("20.00").amount);
        let revision = Revision { price, ..Revision::default() };
        let revised = revise_item(&theirs.market, marvin, item.id, Expected::Any, &revision).await;
        assert_eq!(revised.map(|item| item.version), Ok(3));
        let before = account(&store, john).await;
        let any = buying(item.id, 1, &earth());
        let terms = Terms { expected_unit_price: Some(item.price), ..any.terms.clone() };
        let expecting = Buy { item: item.id, terms };
        let changed = ask(&fair, john, "expecting", &expecting).await.expect("an answer");
        let expected = Refusal::PriceChanged { expected: mrc("10.00"), actual: mrc("20.00") };
        assert_eq!(refusal(&changed), &expected);
        assert!(ask(&fair, john, "expecting", &expecting).await.expect("frozen").replayed);
        assert_eq!(account(&store, john).await, before);
        fair.market.items.get(item.id, app::perform::Freshness::Cached).await.expect("cached");
        assert!(moved(&ask(&fair, john, "any", &any).await.expect("sold")));
        let paid = usd("88.00").amount;
        assert_eq!(available(&store, john, earth().currency.code).await, paid);
    });
}

#[test]
fn a_stale_price_that_nobody_expected_is_corrected_within_the_purchase() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let fair = market_with(shared(&store)).await;
        let (john, marvin) = (fair.join("john").await, fair.join("marvin").await);
        fair.deposit(john, usd("100.00")).await;
        let item = fair.list_item(marvin, &mars(), "10.00", 5).await;
        let buy = buying(item.id, 1, &earth());
        assert!(moved(&ask(&fair, john, "warm", &buy).await.expect("sold")));
        let price = Some(mrc("20.00").amount);
        let revision = Revision { price, ..Revision::default() };
        let theirs = market_on(shared(&store));
        let revised = revise_item(&theirs.market, marvin, item.id, Expected::Any, &revision).await;
        revised.expect("his own item");
        let answer = ask(&fair, john, "stale", &buy).await.expect("sold");
        let Outcome::Moved(movement) = &answer.entry.outcome else { panic!("{answer:?}") };
        let Cause::Purchase(purchase) = &movement.cause else { panic!("{answer:?}") };
        assert_eq!((purchase.unit_price, purchase.paid), (mrc("20.00"), usd("8.00")));
        assert_eq!(available(&store, marvin, mars().currency.code).await, mrc("30.00").amount);
    });
}

#[test]
fn two_hundred_buyers_get_the_last_ten_pieces_and_no_more() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let fair = Arc::new(market_with(shared(&store)).await);
        let marvin = fair.join("marvin").await;
        let item = fair.list_item(marvin, &mars(), "10.00", 10).await;
        let mut buyers = JoinSet::new();
        for number in 0..200 {
            let buyer = fair.join(&format!("buyer_{number}")).await;
            fair.deposit(buyer, usd("4.00")).await;
            let (fair, buy) = (Arc::clone(&fair), buying(item.id, 1, &earth()));
            buyers.spawn(async move { ask(&fair, buyer, "key", &buy).await.expect("an answer") });
        }
        let answers = buyers.join_all().await;
        assert_eq!(answers.iter().filter(|answer| moved(answer)).count(), 10);
        let sold_out = Refusal::InsufficientStock { requested: 1, left: 0 };
        let refused = answers.iter().filter(|answer| !moved(answer));
        assert!(refused.map(refusal).all(|refusal| *refusal == sold_out));
        let after = store.item(item.id).await.expect("a read").expect("an item");
        assert_eq!((after.stock.pieces(), after.sold, after.listed), (0, 10, 10));
        assert_eq!(available(&store, marvin, mars().currency.code).await, mrc("100.00").amount);
    });
}

/// Simulates, sees that nothing was written, performs, and compares.
async fn simulated_as_performed<O: Operation>(
    (store, fair): (&MemoryStore, &Fair),
    user: UserId,
    key: &str,
    operation: &O,
) {
    let before = account(store, user).await;
    let simulated = simulate(&fair.market, user, operation).await.expect("it can be done");
    assert_eq!(account(store, user).await, before);
    let simulated_entry = simulated.commit.entry().expect("an entry");
    assert_eq!(store.entry(simulated_entry.id).await, Ok(None));
    let answer = ask(fair, user, key, operation).await.expect("it can be done");
    assert_eq!(answer.entry.outcome, simulated_entry.outcome);
    let after = account(store, user).await;
    let last_entry = Some(answer.entry.id);
    assert_eq!(after, domain::account::Account { last_entry, ..simulated.account });
}

#[test]
fn a_simulation_writes_nothing_and_says_what_the_real_thing_does() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let fair = market_with(shared(&store)).await;
        let (john, marvin) = (fair.join("john").await, fair.join("marvin").await);
        fair.deposit(john, usd("100.00")).await;
        let item = fair.list_item(marvin, &mars(), "10.00", 5).await;
        let here = (&store, &fair);
        simulated_as_performed(here, john, "1", &Operate::Deposit(usd("5.00"))).await;
        simulated_as_performed(here, john, "2", &Operate::Withdraw(usd("3.00"))).await;
        let transfer = Transfer { recipient: marvin, money: usd("1.00") };
        simulated_as_performed(here, john, "3", &transfer).await;
        simulated_as_performed(here, john, "4", &exchange()).await;
        simulated_as_performed(here, john, "5", &redeem(john)).await;
        simulated_as_performed(here, john, "6", &buying(item.id, 2, &earth())).await;
        let after = store.item(item.id).await.expect("a read").expect("an item");
        assert_eq!(after.sold, 2);
        let too_much = simulate(&fair.market, john, &Operate::Withdraw(usd("99.00"))).await;
        let real = ask(&fair, john, "7", &Operate::Withdraw(usd("99.00"))).await.expect("one");
        let short = refusal(&real).clone();
        assert_eq!(too_much.map(|_| ()), Err(domain::refusal::Declined::from(short).into()));
    });
}

fn exchange() -> Exchange {
    Exchange {
        from: earth().currency.code,
        to: mars().currency.code,
        fixed: Fixed::Paid(usd("2.00").amount),
        min_receive: None,
    }
}

fn redeem(owner: UserId) -> Redeem {
    let fixed = Fixed::Paid(usd("2.00").amount);
    let id = QuoteId::from_bits(1);
    Redeem { quote: quote(id, owner, (&earth(), &mars()), fixed, start()).expect("a rate") }
}

/// Performs and replays; each is one round trip of so many write units.
async fn one_round_trip<O: Operation>(
    (metered, fair): (&MeteredStore, &Fair),
    user: UserId,
    key: &str,
    (operation, write_units): (&O, u64),
) {
    for replayed in [false, true] {
        metered.reset();
        let answer = ask(fair, user, key, operation).await.expect("an answer");
        assert!(moved(&answer), "{answer:?}");
        assert_eq!(answer.replayed, replayed);
        let reading = metered.snapshot();
        assert_eq!((reading.of("commit"), reading.round_trips()), (1, 1), "{reading:?}");
        assert_eq!(reading.write_units, write_units);
    }
}

#[test]
fn a_warm_request_or_replay_is_one_round_trip() {
    on_this_thread(async {
        let metered = Arc::new(MeteredStore::new(shared(&MemoryStore::new())));
        let fair = market_with(metered.clone()).await;
        let (john, marvin) = (fair.join("john").await, fair.join("marvin").await);
        fair.deposit(john, usd("100.00")).await;
        let item = fair.list_item(marvin, &mars(), "10.00", 5).await;
        let buy = buying(item.id, 1, &earth());
        ask(&fair, john, "warm", &buy).await.expect("an answer");
        let here = (metered.as_ref(), &fair);
        one_round_trip(here, john, "1", (&buy, 10)).await;
        one_round_trip(here, john, "2", (&exchange(), 5)).await;
        one_round_trip(here, john, "3", (&Operate::Deposit(usd("1.00")), 5)).await;
        one_round_trip(here, john, "4", (&Operate::Withdraw(usd("1.00")), 5)).await;
        let transfer = Transfer { recipient: marvin, money: usd("1.00") };
        one_round_trip(here, john, "5", (&transfer, 8)).await;
    });
}

#[test]
fn a_cold_purchase_reads_the_item_and_the_rates_once() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let setup = market_with(shared(&store)).await;
        let (john, marvin) = (setup.join("john").await, setup.join("marvin").await);
        setup.deposit(john, usd("100.00")).await;
        let item = setup.list_item(marvin, &mars(), "10.00", 5).await;
        let metered = Arc::new(MeteredStore::new(shared(&store)));
        let fair = market_on(metered.clone());
        assert!(moved(&ask(&fair, john, "1", &buying(item.id, 1, &earth())).await.expect("sold")));
        let reading = metered.snapshot();
        let calls = (reading.of("item"), reading.of("universes"), reading.of("commit"));
        assert_eq!((calls, reading.round_trips()), ((1, 1, 1), 3));
    });
}
