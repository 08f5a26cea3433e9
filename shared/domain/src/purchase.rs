//! Buying: the buyer pays in any currency, the seller receives the item's, stock falls.

use crate::{
    amount::{Amount, Money},
    catalogue::{Item, ItemState, Quantity},
    commit::{Commit, Write},
    conversion::{Fixed, convert},
    currency::CurrencyCode,
    ledger::{Cause, Guard, Holder, Movement, Posting, Postings, Purchase, through_pool},
    refusal::{Declined, Refusal},
    universe::Universes,
};

/// What a buyer asks for.
#[derive(Debug, Clone)]
pub struct Terms {
    /// How many pieces.
    pub quantity: Quantity,
    /// The currency to pay in.
    pub pay_with: CurrencyCode,
    /// The price of a piece that the buyer counts on, in the item's currency.
    pub expected_unit_price: Option<Amount>,
    /// The most that the buyer pays in all, in the currency to pay in.
    pub max_pay: Option<Amount>,
}

/// Buys pieces of an item for the guard's actor. The item may come from a cache: the commit
/// expects its price, state and stock.
///
/// # Errors
/// [`Refusal::OwnItem`], [`Refusal::ItemNotActive`], [`Refusal::PriceChanged`],
/// [`Refusal::InsufficientStock`], [`Refusal::MaxPayExceeded`], and as [`convert`].
pub fn buy(
    guard: &Guard,
    terms: &Terms,
    item: &Item,
    universes: &Universes,
) -> Result<Commit, Declined> {
    offered(guard, terms, item)?;
    let paying = universes.of_currency(terms.pay_with)?;
    let selling = universes.get(item.universe)?;
    let unit_price = item.unit_price();
    let total = unit_price
        .amount
        .checked_mul(terms.quantity.pieces())
        .map(|amount| Money { amount, ..unit_price })
        .ok_or(Refusal::AmountTooLarge)?;
    let (buyer, seller) = (Holder::User(guard.actor), Holder::User(item.seller));
    let (paid, provenance, postings) = if paying.id == selling.id {
        (total, None, vec![Posting { from: buyer, to: seller, money: total }])
    } else {
        let fixed = Fixed::Received(total.amount);
        let conversion = convert(paying, selling, fixed, guard.at)?;
        let postings = through_pool(buyer, seller, &conversion);
        (conversion.paid, Some(conversion.provenance), postings)
    };
    if let Some(max) = terms.max_pay.filter(|max| paid.amount > *max) {
        let max = Money { amount: max, ..paid };
        return Err(Refusal::MaxPayExceeded { max, required: paid }.into());
    }
    let purchase = Purchase {
        item: item.id,
        quantity: terms.quantity,
        unit_price,
        total,
        paid,
        from_universe: paying.id,
        to_universe: selling.id,
        provenance,
    };
    let movement = Movement {
        party: guard.actor,
        counterparty: Some(item.seller),
        cause: Cause::Purchase(purchase),
        postings: Postings::checked(postings).map_err(Declined::Unsound)?,
    };
    let sell = Write::SellStock {
        item: item.id,
        unit_price: item.price,
        quantity: terms.quantity,
        at: guard.at,
    };
    Commit::moving(guard, movement, vec![sell])
}

fn offered(guard: &Guard, terms: &Terms, item: &Item) -> Result<(), Refusal> {
    if item.seller == guard.actor {
        return Err(Refusal::OwnItem);
    }
    if item.state != ItemState::Active {
        return Err(Refusal::ItemNotActive { state: item.state });
    }
    let actual = item.unit_price();
    if let Some(expected) = terms.expected_unit_price.filter(|price| *price != item.price) {
        return Err(Refusal::PriceChanged {
            expected: Money { amount: expected, ..actual },
            actual,
        });
    }
    let (requested, left) = (terms.quantity.pieces(), item.stock.pieces());
    if requested > left {
        return Err(Refusal::InsufficientStock { requested, left });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        refusal::Missing,
        testing::{
            ALICE, BOB, all_three, at, earth, guard, helmet, mars, minor, movement, mrc, pieces,
            posting, postings, stock, usd, venus, vnc,
        },
    };

    const BUYER: Holder = Holder::User(ALICE);
    const SELLER: Holder = Holder::User(BOB);

    fn terms(count: u32, pay_with: &str) -> Terms {
        let pay_with = pay_with.parse().expect("a code");
        Terms { quantity: pieces(count), pay_with, expected_unit_price: None, max_pay: None }
    }

    fn bought(terms: &Terms) -> Commit {
        buy(&guard(ALICE), terms, &helmet(), &all_three()).expect("a purchase")
    }

    fn declined(terms: &Terms, item: &Item) -> Declined {
        buy(&guard(ALICE), terms, item, &all_three()).expect_err("no purchase")
    }

    fn purchase(commit: &Commit) -> &Purchase {
        match &movement(commit).cause {
            Cause::Purchase(purchase) => purchase,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_ten_mrc_item_costs_an_earth_buyer_four_usd() {
        let commit = bought(&terms(1, "USD"));
        let expected = [
            posting(BUYER, Holder::Pool, usd("4.00")),
            posting(Holder::Pool, SELLER, mrc("10.00")),
        ];
        assert_eq!(postings(&commit), expected);
        assert_eq!((movement(&commit).party, movement(&commit).counterparty), (ALICE, Some(BOB)));
        let purchase = purchase(&commit);
        assert_eq!((purchase.unit_price, purchase.total), (mrc("10.00"), mrc("10.00")));
        assert_eq!(purchase.paid, usd("4.00"));
        assert_eq!((purchase.from_universe, purchase.to_universe), (earth().id, mars().id));
        let rates = purchase.provenance.expect("two currencies");
        assert_eq!((rates.from, rates.to), (earth().rate.id, mars().rate.id));
    }

    #[test]
    fn in_the_items_own_currency_money_goes_straight_to_the_seller() {
        let commit = bought(&terms(3, "MRC"));
        assert_eq!(postings(&commit), [posting(BUYER, SELLER, mrc("30.00"))]);
        assert_eq!(purchase(&commit).provenance, None);
        assert_eq!((purchase(&commit).total, purchase(&commit).paid), (mrc("30.00"), mrc("30.00")));
    }

    #[test]
    fn the_buyer_pays_the_ceiling_and_the_seller_receives_the_price() {
        let item = Item { universe: venus().id, currency: venus().currency, ..helmet() };
        let item = Item { price: vnc("1.00").amount, ..item };
        let universes = Universes::new(vec![venus(), mars().keeping(100)]);
        let commit = buy(&guard(ALICE), &terms(1, "MRC"), &item, &universes).expect("bought");
        // 1.00 VNC and its spread of 1/99 are worth 3.3670… MRC; the pool gives 1.02 VNC.
        let expected = [
            posting(BUYER, Holder::Pool, mrc("3.36")),
            posting(BUYER, Holder::Dust, mrc("0.01")),
            posting(Holder::Pool, SELLER, vnc("1.00")),
            posting(Holder::Pool, Holder::Fees, vnc("0.01")),
            posting(Holder::Pool, Holder::Dust, vnc("0.01")),
        ];
        assert_eq!(postings(&commit), expected);
    }

    #[test]
    fn a_purchase_takes_the_pieces_at_the_price_that_was_seen() {
        let sell = Write::SellStock {
            item: helmet().id,
            unit_price: mrc("10.00").amount,
            quantity: pieces(5),
            at: at(1000),
        };
        assert_eq!(bought(&terms(5, "USD")).writes().last(), Some(&sell));
    }

    #[test]
    fn nobody_buys_their_own_item() {
        let refused = buy(&guard(BOB), &terms(1, "USD"), &helmet(), &all_three());
        assert_eq!(refused, Err(Refusal::OwnItem.into()));
    }

    #[test]
    fn only_an_active_item_is_sold() {
        for state in [ItemState::Draft, ItemState::Paused] {
            let item = Item { state, ..helmet() };
            let refusal = Refusal::ItemNotActive { state };
            assert_eq!(declined(&terms(1, "USD"), &item), refusal.into());
        }
    }

    #[test]
    fn a_price_other_than_expected_is_refused_be_it_lower_or_higher() {
        let expecting =
            |price: &str| Terms { expected_unit_price: Some(mrc(price).amount), ..terms(2, "USD") };
        assert_eq!(purchase(&bought(&expecting("10.00"))).paid, usd("8.00"));
        for price in ["9.99", "10.01"] {
            let refusal = Refusal::PriceChanged { expected: mrc(price), actual: mrc("10.00") };
            assert_eq!(declined(&expecting(price), &helmet()), refusal.into());
        }
    }

    #[test]
    fn no_more_is_sold_than_is_left() {
        let refusal = Refusal::InsufficientStock { requested: 6, left: 5 };
        assert_eq!(declined(&terms(6, "USD"), &helmet()), refusal.into());
        let sold_out = Item { stock: stock(0), ..helmet() };
        let refusal = Refusal::InsufficientStock { requested: 1, left: 0 };
        assert_eq!(declined(&terms(1, "USD"), &sold_out), refusal.into());
    }

    #[test]
    fn the_buyer_never_pays_more_than_allowed() {
        let paying = |max: &str| Terms { max_pay: Some(usd(max).amount), ..terms(1, "USD") };
        assert_eq!(purchase(&bought(&paying("4.00"))).paid, usd("4.00"));
        let refusal = Refusal::MaxPayExceeded { max: usd("3.99"), required: usd("4.00") };
        assert_eq!(declined(&paying("3.99"), &helmet()), refusal.into());
        let own = Terms { max_pay: Some(mrc("9.99").amount), ..terms(1, "MRC") };
        let refusal = Refusal::MaxPayExceeded { max: mrc("9.99"), required: mrc("10.00") };
        assert_eq!(declined(&own, &helmet()), refusal.into());
    }

    #[test]
    fn a_total_or_a_payment_over_the_limit_is_refused() {
        let too_large = Declined::Refused(Refusal::AmountTooLarge);
        let dear = Item { price: Amount::MAX, ..helmet() };
        assert_eq!(declined(&terms(2, "MRC"), &dear), too_large);
        assert!(buy(&guard(ALICE), &terms(1, "MRC"), &dear, &all_three()).is_ok());
        let on_venus = Item { universe: venus().id, currency: venus().currency, ..dear };
        assert_eq!(declined(&terms(1, "USD"), &on_venus), too_large);
    }

    #[test]
    fn a_price_below_one_minor_unit_is_paid_with_one() {
        let cheap = Item { price: minor(1), ..helmet() };
        let one = buy(&guard(ALICE), &terms(1, "USD"), &cheap, &all_three());
        assert_eq!(purchase(&one.expect("0.4 minor units")).paid, usd("0.01"));
        let three = buy(&guard(ALICE), &terms(3, "USD"), &cheap, &all_three());
        assert_eq!(purchase(&three.expect("1.2 minor units")).paid, usd("0.02"));
    }

    #[test]
    fn a_lapsed_rate_stops_purchases_across_universes_only() {
        let universes = Universes::new(vec![earth(), mars().lapsing(at(1000))]);
        let stale = Declined::RateStale { universe: mars().id };
        let across = buy(&guard(ALICE), &terms(1, "USD"), &helmet(), &universes);
        assert_eq!(across, Err(stale));
        assert!(buy(&guard(ALICE), &terms(1, "MRC"), &helmet(), &universes).is_ok());
    }

    #[test]
    fn an_unknown_currency_or_universe_is_missing() {
        assert_eq!(declined(&terms(1, "QQQ"), &helmet()), Missing::Currency.into());
        let only_earth = Universes::new(vec![earth()]);
        let stray = buy(&guard(ALICE), &terms(1, "USD"), &helmet(), &only_earth);
        assert_eq!(stray, Err(Missing::Universe.into()));
    }
}
