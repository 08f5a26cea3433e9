//! Values of every kind with fields as large as they get: what a store must give back whole.

use domain::{
    amount::{Amount, Money},
    catalogue::{Description, Item, ItemState, Quantity, Stock},
    conversion::{Conversion, Provenance},
    currency::{Currency, Scale},
    id::{EntryId, ItemId, QuoteId, UserId},
    identity::{PasswordHash, User},
    ledger::{Cause, Holder, Movement, Outcome, Posting, Postings, Purchase},
    rate::{RateId, RateSource, RateVersion, SpreadBps},
    refusal::Refusal,
    time::Timestamp,
    universe::{Name, Universe, UniverseId},
};

use super::fixtures::{ALICE, BOB, at, helmet, minor};
use crate::builders::{earth, mars, mrc, mrc_usd, pieces, trader, usd};

mod orders;
mod venues;

use orders::{ORDER_STATUSES, fills, order_outcomes};
pub(super) use orders::{
    REASONS, STATUSES, instructions, largest_command_id, largest_pair, largest_working, resting,
    workings,
};
pub(super) use venues::{
    PHASES, instrument, largest_venue, largest_venue_order, longest, nyx, venue, venue_terms,
};
use venues::{accepted, venue_fills};

/// The currency with the longest code and the most decimals.
fn longest_currency() -> Currency {
    let scale = Scale::new(Scale::MAX).expect("the most");
    Currency { code: "ZZZZZ".parse().expect("a code"), scale }
}

fn most_money() -> Money {
    Money { amount: Amount::MAX, currency: longest_currency() }
}

pub(super) fn largest_universe() -> Universe {
    let id = UniverseId::new(UniverseId::MAX).expect("the largest");
    let rate = RateVersion {
        id: RateId { universe: id, version: u32::MAX },
        units_per_base: "999999999.999999999".parse().expect("the largest rate"),
        spread: SpreadBps::new(SpreadBps::MAX).expect("the largest"),
        source: RateSource::Feed,
        observed_at: at(1),
        valid_until: Some(Timestamp::MAX),
    };
    let currency = longest_currency();
    Universe { id, name: longest_name(), currency, rate, created_at: Timestamp::from_millis(0) }
}

fn longest_name() -> Name {
    "é".repeat(Name::CHARS_MAX).parse().expect("the longest name")
}

pub(super) fn largest_item() -> Item {
    let description = format!("\"{}\n\"", "x".repeat(Description::BYTES_MAX - 3));
    Item {
        id: ItemId::from_bits(u128::MAX),
        seller: UserId::from_bits(u128::MAX),
        universe: largest_universe().id,
        currency: longest_currency(),
        name: longest_name(),
        description: description.parse().expect("the longest description"),
        price: Amount::MAX,
        stock: Stock::new(Stock::MAX).expect("the most"),
        sold: 9_000_000_000_000_000_000,
        listed: 9_000_000_001_000_000_000,
        state: ItemState::Paused,
        version: 9_000_000_000_000_000_001,
        created_at: at(0),
        updated_at: at(7),
    }
}

pub(super) fn largest_user() -> User {
    let email = format!("a@{}.example", "b".repeat(244));
    User {
        id: UserId::from_bits(u128::MAX),
        username: "_0123456789abcdefghi".parse().expect("the longest name"),
        email: email.parse().expect("the longest address"),
        password_hash: PasswordHash("x".repeat(120)),
        home: largest_universe().id,
        ..trader("john")
    }
}

/// Every outcome, with every cause and every refusal.
pub(super) fn outcomes() -> Vec<Outcome> {
    let moved = causes().into_iter().map(|(counterparty, cause)| {
        Outcome::Moved(Movement { party: ALICE, counterparty, cause, postings: postings() })
    });
    let refused = refusals()
        .into_iter()
        .map(|refusal| Outcome::Refused { refusal, request_id: "req-\"é\"\n".to_owned() });
    let listed = [helmet(20), largest_item()].map(Outcome::Listed);
    let routed = accepted().into_iter().map(Outcome::Routed);
    let others = order_outcomes().into_iter().chain(routed).chain([Outcome::Voided]);
    moved.chain(refused).chain(listed).chain(others).collect()
}

/// As many postings as an entry has, by every kind of holder.
fn postings() -> Postings {
    let user = Holder::User(ALICE);
    let posting = |from, to, money| Posting { from, to, money };
    let postings = vec![
        posting(user, Holder::Pool, usd("100.00")),
        posting(user, Holder::Dust, usd("0.01")),
        posting(Holder::Pool, Holder::User(BOB), most_money()),
        posting(Holder::Pool, Holder::Fees, mrc("0.01")),
        posting(Holder::World, user, mrc("1.00")),
        posting(Holder::Fees, Holder::World, mrc("2.00")),
        posting(Holder::Dust, Holder::Venues, usd("0.02")),
        posting(Holder::User(UserId::from_bits(u128::MAX)), user, usd("0.03")),
    ];
    Postings::checked(postings).expect("sound")
}

fn provenance(valid_until: Option<Timestamp>) -> Provenance {
    Provenance {
        from: earth().rate.id,
        from_units: "0.000000001".parse().expect("the smallest rate"),
        to: largest_universe().rate.id,
        to_units: largest_universe().rate.units_per_base,
        spread_bps: SpreadBps::MAX,
        source: RateSource::Feed,
        observed_at: at(1),
        valid_until,
    }
}

fn conversion(valid_until: Option<Timestamp>) -> Conversion {
    Conversion {
        paid: usd("100.00"),
        pool_takes: usd("99.99").amount,
        received: most_money(),
        fee: minor(3),
        dust: minor(2),
        provenance: provenance(valid_until),
    }
}

/// Every cause, with the counterparty that it has.
fn causes() -> Vec<(Option<UserId>, Cause)> {
    let purchase = Purchase {
        item: helmet(20).id,
        quantity: pieces(Quantity::MAX),
        unit_price: mrc("10.00"),
        total: most_money(),
        paid: usd("4.00"),
        from_universe: earth().id,
        to_universe: mars().id,
        provenance: Some(provenance(Some(Timestamp::MAX))),
    };
    let refund = |restocked| Cause::Refund {
        of: EntryId::from_bits(u128::MAX),
        item: helmet(20).id,
        quantity: pieces(1),
        returned: mrc("10.00"),
        refunded: most_money(),
        restocked,
    };
    let quote = Some(QuoteId::from_bits(u128::MAX));
    let exchange = |until, quote| Cause::Exchange { conversion: conversion(until), quote };
    let filled = fills().into_iter().map(|fill| (Some(BOB), Cause::Fill(fill)));
    let at_venues = venue_fills().into_iter().map(|fill| (None, Cause::VenueFill(fill)));
    let others = vec![
        (None, Cause::Deposit(most_money())),
        (None, Cause::Withdrawal(usd("0.01"))),
        (Some(BOB), Cause::Transfer(most_money())),
        (None, exchange(None, None)),
        (None, exchange(Some(Timestamp::MAX), quote)),
        (Some(BOB), Cause::Purchase(Purchase { provenance: None, ..purchase.clone() })),
        (Some(BOB), Cause::Purchase(purchase)),
        (Some(BOB), refund(true)),
        (Some(BOB), refund(false)),
    ];
    others.into_iter().chain(filled).chain(at_venues).collect()
}

fn refusals() -> Vec<Refusal> {
    let statuses = STATUSES.map(|status| Refusal::MarketNotTrading { status });
    let closed = ORDER_STATUSES.map(|status| Refusal::OrderClosed { status });
    let others = vec![
        Refusal::InsufficientFunds { required: most_money(), available: usd("0") },
        Refusal::BalanceLimit { currency: longest_currency().code },
        Refusal::InsufficientStock { requested: u32::MAX, left: 0 },
        Refusal::ItemNotActive { state: ItemState::Draft },
        Refusal::ItemNotActive { state: ItemState::Active },
        Refusal::ItemNotActive { state: ItemState::Paused },
        Refusal::OwnItem,
        Refusal::StockLimit,
        Refusal::PriceChanged { expected: mrc("9.99"), actual: most_money() },
        Refusal::MaxPayExceeded { max: usd("3.99"), required: most_money() },
        Refusal::MinReceiveMissed { min: most_money(), offered: mrc("0.01") },
        Refusal::QuoteExpired,
        Refusal::QuoteUsed,
        Refusal::SameCurrency,
        Refusal::SelfTransfer,
        Refusal::AmountTooSmall,
        Refusal::AmountTooLarge,
        Refusal::AlreadyRefunded,
        Refusal::NotRefundable,
        Refusal::NotTheSeller,
        Refusal::CurrencyTaken { currency: longest_currency().code },
        Refusal::TooManyUniverses { limit: UniverseId::MAX },
        Refusal::RateJump { factor_max: u32::MAX },
        Refusal::RateLapsed,
        Refusal::VenueSuspended,
        Refusal::ValidUntilOutOfRange,
        Refusal::BelowMinNotional { min: most_money(), notional: usd("0.01") },
        Refusal::NoReferencePrice,
        Refusal::ClientOrderIdReused,
        Refusal::NotAmendable,
        Refusal::PairTaken { pair: mrc_usd().id() },
        Refusal::PairTaken { pair: largest_pair().id() },
    ];
    others.into_iter().chain(statuses).chain(closed).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A new refusal does not compile until it has a number here, and a sample above.
    fn number(refusal: &Refusal) -> usize {
        match refusal {
            Refusal::InsufficientFunds { .. } => 0,
            Refusal::BalanceLimit { .. } => 1,
            Refusal::InsufficientStock { .. } => 2,
            Refusal::ItemNotActive { .. } => 3,
            Refusal::OwnItem => 4,
            Refusal::PriceChanged { .. } => 5,
            Refusal::MaxPayExceeded { .. } => 6,
            Refusal::MinReceiveMissed { .. } => 7,
            Refusal::QuoteExpired => 8,
            Refusal::QuoteUsed => 9,
            Refusal::SameCurrency => 10,
            Refusal::SelfTransfer => 11,
            Refusal::AmountTooSmall => 12,
            Refusal::AmountTooLarge => 13,
            Refusal::AlreadyRefunded => 14,
            Refusal::NotRefundable => 15,
            Refusal::NotTheSeller => 16,
            Refusal::CurrencyTaken { .. } => 17,
            Refusal::TooManyUniverses { .. } => 18,
            Refusal::RateJump { .. } => 19,
            Refusal::RateLapsed => 20,
            Refusal::StockLimit => 21,
            Refusal::MarketNotTrading { .. } => 22,
            Refusal::BelowMinNotional { .. } => 23,
            Refusal::NoReferencePrice => 24,
            Refusal::ClientOrderIdReused => 25,
            Refusal::OrderClosed { .. } => 26,
            Refusal::NotAmendable => 27,
            Refusal::PairTaken { .. } => 28,
            Refusal::VenueSuspended => 29,
            Refusal::ValidUntilOutOfRange => 30,
        }
    }

    #[test]
    fn there_is_a_sample_of_every_refusal() {
        let numbers: BTreeSet<_> = refusals().iter().map(number).collect();
        assert_eq!(numbers, (0..=30).collect());
    }
}
