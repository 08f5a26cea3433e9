//! Refunds: once, whoever asks, and whatever the seller has left.

use app::{
    catalogue::{Expected, revise_item},
    money::{Operate, Refund},
};
use domain::{
    catalogue::{Revision, Stock},
    refusal::Refusal,
};

use super::{account, ask, buying, moved, refusal, shared};
use crate::{
    builders::{earth, market_with, mars, mrc, on_this_thread, stock, usd},
    memory::MemoryStore,
};
use app::ports::Catalogue;

#[test]
fn a_purchase_is_refunded_once_and_everyone_has_what_they_had() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let fair = market_with(shared(&store)).await;
        let (john, marvin) = (fair.join("john").await, fair.join("marvin").await);
        fair.deposit(john, usd("10.00")).await;
        fair.deposit(marvin, mrc("1.00")).await;
        let item = fair.list_item(marvin, &mars(), "10.00", 3).await;
        let (before, his) = (account(&store, john).await, account(&store, marvin).await);
        let bought = ask(&fair, john, "buy", &buying(item.id, 2, &earth())).await.expect("sold");
        let refund = Refund { of: bought.entry.id, restock: true, by_admin: false };
        assert!(moved(&ask(&fair, marvin, "back", &refund).await.expect("a refund")));
        assert_eq!(account(&store, john).await.wallets, before.wallets);
        assert_eq!(account(&store, marvin).await.wallets, his.wallets);
        let returned = store.item(item.id).await.expect("a read").expect("an item");
        assert_eq!((returned.stock, returned.sold, returned.listed), (item.stock, 0, 3));
        // Nothing is left to give back with: it is the refund, not the money, that is missing.
        let all = Operate::Withdraw(mrc("1.00"));
        assert!(moved(&ask(&fair, marvin, "all", &all).await.expect("funds")));
        let again = ask(&fair, marvin, "again", &refund).await.expect("an answer");
        assert_eq!(refusal(&again), &Refusal::AlreadyRefunded);
    });
}

#[test]
fn a_return_beyond_the_largest_stock_is_refused_for_good() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let fair = market_with(shared(&store)).await;
        let (john, marvin) = (fair.join("john").await, fair.join("marvin").await);
        fair.deposit(john, usd("10.00")).await;
        let item = fair.list_item(marvin, &mars(), "10.00", 3).await;
        let bought = ask(&fair, john, "buy", &buying(item.id, 2, &earth())).await.expect("sold");
        let full = Revision { stock: Some(stock(Stock::MAX)), ..Revision::default() };
        revise_item(&fair.market, marvin, item.id, Expected::Any, &full).await.expect("his own");
        let refund = Refund { of: bought.entry.id, restock: true, by_admin: false };
        let answer = ask(&fair, marvin, "back", &refund).await.expect("an answer");
        assert_eq!(refusal(&answer), &Refusal::StockLimit);
    });
}
