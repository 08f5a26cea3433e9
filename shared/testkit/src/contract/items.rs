//! That nothing is sold that is not offered, not there, or not at that price.

use std::sync::Arc;

use app::ports::{Found, Store};
use domain::{
    amount::Amount,
    catalogue::{Item, ItemState, Quantity, Revision, Stock, revise},
    commit::{Commit, Write},
};
use tokio::task::JoinSet;

use super::{
    fixtures::{at, done, helmet, refused_one, tried},
    samples::largest_item,
};
use crate::builders::{mrc, pieces, stock};

async fn item(store: &dyn Store, number: u128) -> Item {
    store.item(helmet(number).id).await.expect("a read").expect("an item")
}

fn selling(number: u128, price: &str, count: u32) -> Write {
    Write::SellStock {
        item: helmet(number).id,
        unit_price: mrc(price).amount,
        quantity: pieces(count),
        at: at(60),
    }
}

fn returning(number: u128, count: u32) -> Write {
    Write::ReturnStock { item: helmet(number).id, quantity: pieces(count), at: at(90) }
}

pub(super) async fn an_item_is_read_as_it_was_written(store: Arc<dyn Store>) {
    let store = store.as_ref();
    assert_eq!(store.item(helmet(20).id).await, Ok(None));
    let plain = Item { description: "".parse().expect("none"), ..helmet(20) };
    let draft = Item { state: ItemState::Draft, stock: Stock::default(), ..helmet(21) };
    for written in [plain, draft, largest_item()] {
        done(store, vec![Write::PutItem(written.clone())]).await;
        assert_eq!(store.item(written.id).await, Ok(Some(written)));
    }
}

pub(super) async fn an_item_is_put_once(store: Arc<dyn Store>) {
    let store = store.as_ref();
    done(store, vec![Write::PutItem(helmet(20))]).await;
    let other = Item { price: mrc("1.00").amount, ..helmet(20) };
    assert_eq!(refused_one(store, Write::PutItem(other)).await, Found::Other);
    assert_eq!(item(store, 20).await, helmet(20));
}

pub(super) async fn a_revision_of_a_stale_version_is_refused(store: Arc<dyn Store>) {
    let store = store.as_ref();
    done(store, vec![Write::PutItem(helmet(20))]).await;
    let revision = |price: &str| Revision {
        name: Some("Hat".parse().expect("a name")),
        description: Some("Soft.".parse().expect("a description")),
        price: Some(mrc(price).amount),
        stock: Some(stock(9)),
        state: Some(ItemState::Paused),
    };
    let (first, commit) = revise(&helmet(20), revision("9.00"), at(1));
    store.commit(&commit).await.expect("the version is current");
    assert_eq!(item(store, 20).await, first);
    let (second, _) = revise(&helmet(20), revision("8.00"), at(2));
    let stale = Write::ReviseItem { item: second, reprices: true };
    assert_eq!(refused_one(store, stale).await, Found::Other);
    assert_eq!(item(store, 20).await, first);
}

pub(super) async fn a_revision_after_a_sale_is_stale(store: Arc<dyn Store>) {
    let store = store.as_ref();
    done(store, vec![Write::PutItem(helmet(20))]).await;
    done(store, vec![selling(20, "10.00", 1)]).await;
    let (next, _) = revise(&helmet(20), Revision::default(), at(70));
    let stale = Write::ReviseItem { item: next, reprices: false };
    assert_eq!(refused_one(store, stale).await, Found::Other);
    let sold = item(store, 20).await;
    assert_eq!((sold.stock.pieces(), sold.sold, sold.version), (4, 1, 2));
    let (next, commit) = revise(&sold, Revision::default(), at(70));
    store.commit(&commit).await.expect("the version is current");
    assert_eq!(item(store, 20).await, next);
}

pub(super) async fn a_sale_at_another_price_is_refused(store: Arc<dyn Store>) {
    let store = store.as_ref();
    done(store, vec![Write::PutItem(helmet(20))]).await;
    for price in ["9.99", "10.01"] {
        assert_eq!(refused_one(store, selling(20, price, 1)).await, Found::Other);
    }
    assert_eq!(item(store, 20).await, helmet(20));
}

pub(super) async fn a_sale_of_an_item_that_is_not_active_is_refused(store: Arc<dyn Store>) {
    let store = store.as_ref();
    for (number, state) in [(20, ItemState::Paused), (21, ItemState::Draft)] {
        let written = Item { state, ..helmet(number) };
        done(store, vec![Write::PutItem(written.clone())]).await;
        assert_eq!(refused_one(store, selling(number, "10.00", 1)).await, Found::Other);
        assert_eq!(item(store, number).await, written);
    }
}

pub(super) async fn a_sale_beyond_the_stock_is_refused(store: Arc<dyn Store>) {
    let store = store.as_ref();
    done(store, vec![Write::PutItem(helmet(20))]).await;
    assert_eq!(refused_one(store, selling(20, "10.00", 6)).await, Found::Other);
    done(store, vec![selling(20, "10.00", 5)]).await;
    let sold_out = item(store, 20).await;
    assert!(sold_out.sold_out());
    assert_eq!(refused_one(store, selling(20, "10.00", 1)).await, Found::Other);
    assert_eq!(item(store, 20).await, sold_out);
}

pub(super) async fn sales_and_returns_keep_the_count_of_pieces(store: Arc<dyn Store>) {
    let store = store.as_ref();
    done(store, vec![Write::PutItem(helmet(20))]).await;
    let steps = [
        (selling(20, "10.00", 3), (2, 3), at(60)),
        (returning(20, 1), (3, 2), at(90)),
        (selling(20, "10.00", 2), (1, 4), at(60)),
        (returning(20, 4), (5, 0), at(90)),
    ];
    for (version, (write, (left, sold), updated_at)) in (2..).zip(steps) {
        done(store, vec![write]).await;
        let expected = Item { stock: stock(left), sold, version, updated_at, ..helmet(20) };
        assert_eq!(item(store, 20).await, expected);
        assert_eq!(u64::from(left) + sold, expected.listed);
    }
}

pub(super) async fn no_more_pieces_return_than_were_sold(store: Arc<dyn Store>) {
    let store = store.as_ref();
    done(store, vec![Write::PutItem(helmet(20))]).await;
    assert_eq!(refused_one(store, returning(20, 1)).await, Found::Other);
    done(store, vec![selling(20, "10.00", 2)]).await;
    let before = item(store, 20).await;
    assert_eq!(refused_one(store, returning(20, 3)).await, Found::Other);
    assert_eq!(item(store, 20).await, before);
}

pub(super) async fn no_more_pieces_return_than_there_is_room_for(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let nearly = stock(Stock::MAX - 1);
    let listed = u64::from(Stock::MAX) + 4;
    let full = Item { stock: nearly, sold: 5, listed, ..helmet(20) };
    done(store, vec![Write::PutItem(full.clone())]).await;
    assert_eq!(refused_one(store, returning(20, 2)).await, Found::Other);
    assert_eq!(item(store, 20).await, full);
    done(store, vec![returning(20, 1)]).await;
    assert_eq!(item(store, 20).await.stock.pieces(), Stock::MAX);
}

pub(super) async fn a_missing_item_is_neither_revised_nor_sold_nor_returned(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let revised = Item { version: 2, ..helmet(20) };
    for write in [
        Write::ReviseItem { item: revised, reprices: false },
        selling(20, "10.00", 1),
        returning(20, 1),
    ] {
        assert_eq!(refused_one(store, write).await, Found::Nothing);
    }
    assert_eq!(store.item(helmet(20).id).await, Ok(None));
}

pub(super) async fn concurrent_sales_sell_no_more_than_there_is(store: Arc<dyn Store>) {
    let most = Item { price: Amount::MAX, ..helmet(20) };
    done(store.as_ref(), vec![Write::PutItem(most.clone())]).await;
    let mut sales = JoinSet::new();
    for seconds in 0..16 {
        let (store, item) = (Arc::clone(&store), most.id);
        sales.spawn(async move {
            let (quantity, unit_price) = (Quantity::new(1).expect("one"), Amount::MAX);
            let sale = Write::SellStock { item, unit_price, quantity, at: at(seconds) };
            tried(store.as_ref(), &Commit::of(vec![sale])).await
        });
    }
    let sold = sales.join_all().await.into_iter().filter(|succeeded| *succeeded).count();
    let after = item(store.as_ref(), 20).await;
    assert_eq!((sold, after.stock.pieces(), after.sold, after.version), (5, 0, 5, 6));
}
