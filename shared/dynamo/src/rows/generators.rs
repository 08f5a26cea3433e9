//! Any value that can be stored, for property tests, and the largest of each kind.

pub(crate) mod books;
pub(crate) mod projections;
pub(crate) mod venues;

use domain::{
    account::{Account, Balance, WalletTimes},
    activity::{News, Occasion, OrderNews},
    amount::{Amount, Money},
    catalogue::{Description, Item, ItemState, Quantity, Stock},
    conversion::{Conversion, Provenance},
    currency::{Currency, CurrencyCode, Scale},
    id::{EntryId, ItemId, OrderId, QuoteId, SessionId, UserId},
    identity::{Email, PasswordHash, Role, Session, User, Username},
    ledger::{Cause, Entry, Fingerprint, Holder, Movement, Outcome, Posting, Postings, Purchase},
    order::{Closed, OrderStatus},
    pair::Lots,
    rate::{RateId, RateSource, RateVersion, SpreadBps, UnitsPerBase},
    refusal::Refusal,
    time::Timestamp,
    universe::{Name, Universe, UniverseId},
};
use proptest::{collection::btree_map, collection::vec, option, prelude::*, sample::select};

pub(crate) fn amounts() -> impl Strategy<Value = Amount> {
    let edges = [0, 1, Amount::MAX.minor()].map(|minor| Amount::from_minor(minor).expect("minor"));
    let inner =
        (0..=Amount::MAX.minor()).prop_map(|minor| Amount::from_minor(minor).expect("minor"));
    prop_oneof![1 => select(edges.to_vec()), 3 => inner]
}

/// Of currencies and of instruments.
pub(crate) fn codes() -> impl Strategy<Value = CurrencyCode> {
    "[A-Z]{3,5}|[A-Z0-9]{12}".prop_map(|code| code.parse().expect("a code"))
}

fn currencies() -> impl Strategy<Value = Currency> {
    (codes(), 0..=Scale::MAX).prop_map(|(code, decimals)| Currency {
        code,
        scale: Scale::new(decimals).expect("a scale"),
    })
}

pub(crate) fn monies() -> impl Strategy<Value = Money> {
    (amounts(), currencies()).prop_map(|(amount, currency)| Money { amount, currency })
}

pub(crate) fn users() -> impl Strategy<Value = UserId> {
    any::<u128>().prop_map(UserId::from_bits)
}

fn items_ids() -> impl Strategy<Value = ItemId> {
    any::<u128>().prop_map(ItemId::from_bits)
}

pub(crate) fn entry_ids() -> impl Strategy<Value = EntryId> {
    any::<u128>().prop_map(EntryId::from_bits)
}

pub(crate) fn times() -> impl Strategy<Value = Timestamp> {
    (0..=Timestamp::MAX.millis()).prop_map(Timestamp::from_millis)
}

fn quantities() -> impl Strategy<Value = Quantity> {
    (1..=Quantity::MAX).prop_map(|pieces| Quantity::new(pieces).expect("pieces"))
}

fn universe_ids() -> impl Strategy<Value = UniverseId> {
    (1..=UniverseId::MAX).prop_map(|number| UniverseId::new(number).expect("a number"))
}

fn names() -> impl Strategy<Value = Name> {
    "[^\\pC\\pZ]{1,60}".prop_map(|name| name.parse().expect("a name"))
}

fn rate_ids() -> impl Strategy<Value = RateId> {
    (universe_ids(), any::<u32>()).prop_map(|(universe, version)| RateId { universe, version })
}

fn units() -> impl Strategy<Value = UnitsPerBase> {
    let text = "(0|[1-9][0-9]{0,8})\\.[0-9]{0,8}[1-9]";
    text.prop_map(|text| text.parse().expect("a rate"))
}

fn provenances() -> impl Strategy<Value = Provenance> {
    let sides = (rate_ids(), units(), rate_ids(), units());
    let source = select(vec![RateSource::Operator, RateSource::Feed]);
    (sides, 0..=SpreadBps::MAX, source, times(), option::of(times())).prop_map(
        |((from, from_units, to, to_units), spread_bps, source, observed_at, valid_until)| {
            Provenance {
                from,
                from_units,
                to,
                to_units,
                spread_bps,
                source,
                observed_at,
                valid_until,
            }
        },
    )
}

fn conversions() -> impl Strategy<Value = Conversion> {
    (monies(), amounts(), monies(), amounts(), amounts(), provenances()).prop_map(
        |(paid, pool_takes, received, fee, dust, provenance)| Conversion {
            paid,
            pool_takes,
            received,
            fee,
            dust,
            provenance,
        },
    )
}

fn holders() -> impl Strategy<Value = Holder> {
    let house =
        select(vec![Holder::World, Holder::Pool, Holder::Fees, Holder::Dust, Holder::Venues]);
    prop_oneof![users().prop_map(Holder::User), house]
}

/// The currencies are few, for one of two scales is unsound.
fn postings() -> impl Strategy<Value = Postings> {
    let currencies = ["USD/2", "MRC/0", "VENUS/8"].map(currency);
    let amounts = amounts().prop_filter("something", |amount| !amount.is_zero());
    let ends = (holders(), holders()).prop_filter("two ends", |(from, to)| from != to);
    let posting =
        (ends, amounts, select(currencies.to_vec())).prop_map(|((from, to), amount, currency)| {
            Posting { from, to, money: Money { amount, currency } }
        });
    vec(posting, 1..=Postings::MAX).prop_map(|all| Postings::checked(all).expect("sound"))
}

fn purchases() -> impl Strategy<Value = Purchase> {
    let what = (items_ids(), quantities(), monies(), monies(), monies());
    (what, universe_ids(), universe_ids(), option::of(provenances())).prop_map(
        |((item, quantity, unit_price, total, paid), from_universe, to_universe, provenance)| {
            Purchase {
                item,
                quantity,
                unit_price,
                total,
                paid,
                from_universe,
                to_universe,
                provenance,
            }
        },
    )
}

fn causes() -> impl Strategy<Value = Cause> {
    let quotes = option::of(any::<u128>().prop_map(QuoteId::from_bits));
    let refund = (entry_ids(), items_ids(), quantities(), monies(), monies(), any::<bool>())
        .prop_map(|(of, item, quantity, returned, refunded, restocked)| Cause::Refund {
            of,
            item,
            quantity,
            returned,
            refunded,
            restocked,
        });
    prop_oneof![
        monies().prop_map(Cause::Deposit),
        monies().prop_map(Cause::Withdrawal),
        monies().prop_map(Cause::Transfer),
        (conversions(), quotes)
            .prop_map(|(conversion, quote)| Cause::Exchange { conversion, quote }),
        purchases().prop_map(Cause::Purchase),
        books::fills().prop_map(Cause::Fill),
        venues::venue_fills().prop_map(Cause::VenueFill),
        refund,
    ]
}

fn states() -> impl Strategy<Value = ItemState> {
    select(vec![ItemState::Draft, ItemState::Active, ItemState::Paused])
}

fn refusals() -> impl Strategy<Value = Refusal> {
    let plain = select(vec![
        Refusal::OwnItem,
        Refusal::QuoteExpired,
        Refusal::QuoteUsed,
        Refusal::SameCurrency,
        Refusal::SelfTransfer,
        Refusal::AmountTooSmall,
        Refusal::AmountTooLarge,
        Refusal::AlreadyRefunded,
        Refusal::NotRefundable,
        Refusal::StockLimit,
        Refusal::NotTheSeller,
        Refusal::RateLapsed,
        Refusal::VenueSuspended,
        Refusal::ValidUntilOutOfRange,
    ]);
    let pair = || (monies(), monies());
    prop_oneof![
        plain,
        books::refusals(),
        pair().prop_map(|(required, available)| Refusal::InsufficientFunds { required, available }),
        codes().prop_map(|currency| Refusal::BalanceLimit { currency }),
        any::<(u32, u32)>()
            .prop_map(|(requested, left)| Refusal::InsufficientStock { requested, left }),
        states().prop_map(|state| Refusal::ItemNotActive { state }),
        pair().prop_map(|(expected, actual)| Refusal::PriceChanged { expected, actual }),
        pair().prop_map(|(max, required)| Refusal::MaxPayExceeded { max, required }),
        pair().prop_map(|(min, offered)| Refusal::MinReceiveMissed { min, offered }),
        codes().prop_map(|currency| Refusal::CurrencyTaken { currency }),
        any::<u32>().prop_map(|limit| Refusal::TooManyUniverses { limit }),
        any::<u32>().prop_map(|factor_max| Refusal::RateJump { factor_max }),
    ]
}

pub(crate) fn items() -> impl Strategy<Value = Item> {
    let ids = (items_ids(), users(), universe_ids(), currencies());
    let words = (names(), "[^\\pC]{0,75}", states());
    let stocks = (0..=Stock::MAX).prop_map(|pieces| Stock::new(pieces).expect("pieces"));
    let counts = (amounts(), stocks, any::<u64>(), any::<u64>(), any::<u64>());
    (ids, words, counts, times(), times()).prop_map(
        |(
            (id, seller, universe, currency),
            (name, description, state),
            (price, stock, sold, listed, version),
            created_at,
            updated_at,
        )| Item {
            id,
            seller,
            universe,
            currency,
            name,
            description: description.parse().expect("at most 300 bytes"),
            price,
            stock,
            sold,
            listed,
            state,
            version,
            created_at,
            updated_at,
        },
    )
}

fn movements() -> impl Strategy<Value = Movement> {
    (users(), option::of(users()), causes(), postings()).prop_map(
        |(party, counterparty, cause, postings)| Movement { party, counterparty, cause, postings },
    )
}

pub(crate) fn entries() -> impl Strategy<Value = Entry> {
    let outcomes = prop_oneof![
        5 => movements().prop_map(Outcome::Moved),
        1 => items().prop_map(Outcome::Listed),
        3 => (refusals(), "[!-~]{1,40}")
            .prop_map(|(refusal, request_id)| Outcome::Refused { refusal, request_id }),
        2 => books::placements().prop_map(Outcome::Placed),
        1 => books::amendments().prop_map(Outcome::Amended),
        1 => entry_ids().prop_map(Outcome::SameAs),
        1 => venues::venue_terms().prop_map(Outcome::Routed),
        1 => Just(Outcome::Voided),
    ];
    (entry_ids(), users(), any::<[u8; 16]>(), times(), outcomes).prop_map(
        |(id, actor, fingerprint, at, outcome)| Entry {
            id,
            actor,
            fingerprint: Fingerprint(fingerprint),
            at,
            outcome,
        },
    )
}

pub(crate) fn rate_versions() -> impl Strategy<Value = RateVersion> {
    let source = select(vec![RateSource::Operator, RateSource::Feed]);
    (rate_ids(), units(), 0..=SpreadBps::MAX, source, times(), option::of(times())).prop_map(
        |(id, units_per_base, bps, source, observed_at, valid_until)| RateVersion {
            id,
            units_per_base,
            spread: SpreadBps::new(bps).expect("a spread"),
            source,
            observed_at,
            valid_until,
        },
    )
}

pub(crate) fn universes() -> impl Strategy<Value = Universe> {
    (universe_ids(), names(), currencies(), rate_versions(), times()).prop_map(
        |(id, name, currency, rate, created_at)| Universe { id, name, currency, rate, created_at },
    )
}

pub(crate) fn accounts() -> impl Strategy<Value = Account> {
    let balances = (amounts(), amounts()).prop_map(|(available, held)| Balance { available, held });
    let times = (times(), times())
        .prop_map(|(opened_at, changed_at)| WalletTimes { opened_at, changed_at });
    let wallets = btree_map(codes(), (balances, times), 0..5);
    let last = (option::of(entry_ids()), (0..=Timestamp::MAX.millis()), news());
    (users(), wallets, any::<u64>(), last).prop_map(
        |(user, wallets, version, (last_entry, changed_at, news))| Account {
            user,
            wallets: wallets.iter().map(|(code, (balance, _))| (*code, *balance)).collect(),
            times: wallets.iter().map(|(code, (_, times))| (*code, *times)).collect(),
            version,
            changed_at: Timestamp::from_millis(changed_at),
            last_entry,
            news,
        },
    )
}

/// News of at most one order: how its text is read and written, the domain tests.
pub(crate) fn news() -> impl Strategy<Value = News> {
    let orders = option::of((any::<u128>(), amounts()));
    (any::<u64>(), orders).prop_map(|(seq, order)| match order {
        None => News::of(Occasion::Deposit),
        Some((bits, amount)) => News::matched(
            "MRC-USD".parse().expect("a pair"),
            seq,
            vec![OrderNews {
                order: OrderId::from_bits(bits),
                status: OrderStatus::Cancelled,
                reason: Some(Closed::Cancelled),
                executed: Lots::ONE,
                open: Lots::ZERO,
                notional: amount,
                fees: Amount::ZERO,
            }],
        ),
    })
}

pub(crate) fn people() -> impl Strategy<Value = User> {
    let names = "[a-z0-9_]{3,20}".prop_map(|name| name.parse::<Username>().expect("a name"));
    let emails =
        "[a-z]{1,9}@[a-z]{1,9}\\.org".prop_map(|mail| mail.parse::<Email>().expect("mail"));
    let roles = select(vec![Role::Trader, Role::Admin]);
    (users(), names, emails, "\\PC{0,99}", roles, universe_ids(), times()).prop_map(
        |(id, username, email, hash, role, home, created_at)| User {
            id,
            username,
            email,
            password_hash: PasswordHash(hash),
            role,
            home,
            created_at,
        },
    )
}

pub(crate) fn sessions() -> impl Strategy<Value = Session> {
    (any::<u128>(), users(), any::<u32>(), times(), times(), any::<bool>()).prop_map(
        |(id, user, generation, rotated_at, expires_at, revoked)| Session {
            id: SessionId::from_bits(id),
            user,
            generation,
            rotated_at,
            expires_at,
            revoked,
        },
    )
}

/// A currency from `USD/2`.
pub(crate) fn currency(text: &str) -> Currency {
    super::Spelled::read(text).expect("a currency")
}

/// The most money, of a currency with the longest code.
pub(crate) fn most(code: &str) -> Money {
    Money { amount: Amount::MAX, currency: currency(&format!("{code}/8")) }
}

/// An item whose every part is as long as it can be.
pub(crate) fn largest_item() -> Item {
    Item {
        id: ItemId::from_bits(u128::MAX),
        seller: UserId::from_bits(u128::MAX),
        universe: UniverseId::new(UniverseId::MAX).expect("a number"),
        currency: currency("VENUS/8"),
        name: "🚀".repeat(Name::CHARS_MAX).parse().expect("a name"),
        description: "x".repeat(Description::BYTES_MAX).parse().expect("a description"),
        price: Amount::MAX,
        stock: Stock::new(Stock::MAX).expect("a stock"),
        // As many as a thousand full stocks: far beyond what 10^18 minor units can buy singly.
        sold: 1_000_000_000_000,
        listed: 1_001_000_000_000,
        state: ItemState::Active,
        version: 1_000_000_000_000,
        created_at: Timestamp::MAX,
        updated_at: Timestamp::MAX,
    }
}

/// Provenance whose every part is as long as it can be.
pub(crate) fn longest_provenance() -> Provenance {
    let universe = UniverseId::new(UniverseId::MAX).expect("a number");
    let rate = RateId { universe, version: u32::MAX };
    let units: UnitsPerBase = "999999999.999999999".parse().expect("a rate");
    Provenance {
        from: rate,
        from_units: units,
        to: rate,
        to_units: units,
        spread_bps: SpreadBps::MAX,
        source: RateSource::Feed,
        observed_at: Timestamp::MAX,
        valid_until: Some(Timestamp::MAX),
    }
}
