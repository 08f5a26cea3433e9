//! The journal: entries, their postings, and the proof that nothing is made or lost.
//! Where entries are kept, and how they are answered to a client, is not known here.

use std::{collections::BTreeMap, fmt};

use crate::{
    account::{Change, Leg},
    activity::News,
    amount::{Amount, Money},
    catalogue::{Item, Quantity},
    conversion::{Conversion, Provenance},
    currency::Currency,
    id::{EntryId, ItemId, OrderId, QuoteId, UserId},
    order::{ClientOrderId, Order, Side},
    pair::{Lots, Steps, Ticks},
    refusal::Refusal,
    time::Timestamp,
    universe::UniverseId,
    venue::{VenueFill, VenueTerms},
};

/// One side of a posting: a user's wallet or an account of the house, in the posting's
/// currency. House accounts may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// A user's wallet.
    User(UserId),
    /// The world outside: deposits come from it, withdrawals go to it.
    World,
    /// The counterparty of every conversion.
    Pool,
    /// What the market earned.
    Fees,
    /// What rounding left over.
    Dust,
    /// External venues: what was paid to them and what they delivered.
    Venues,
}

/// Money that moves from one holder to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// Who gives.
    pub from: Holder,
    /// Who gets.
    pub to: Holder,
    /// How much of which currency; never nothing.
    pub money: Money,
}

/// Postings that were checked: none is empty or circular, and each currency sums to zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postings(Vec<Posting>);

/// Postings that must never be committed. It is always a bug of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the postings are unsound: {0}")]
pub struct Unsound(&'static str);

impl Unsound {
    pub(crate) const fn new(rule: &'static str) -> Self {
        Self(rule)
    }
}

impl Postings {
    /// The most postings of an entry: a conversion has five, a refund of one as many.
    pub const MAX: usize = 8;

    /// Checks the postings of one entry. Runs in release builds as well (promise I1).
    ///
    /// # Errors
    /// [`Unsound`] names the rule that is broken.
    pub fn checked(postings: Vec<Posting>) -> Result<Self, Unsound> {
        if postings.is_empty() || postings.len() > Self::MAX {
            return Err(Unsound("an entry has one to eight postings"));
        }
        for posting in &postings {
            if posting.money.amount.is_zero() {
                return Err(Unsound("a posting moves nothing"));
            }
            if posting.from == posting.to {
                return Err(Unsound("a posting goes in a circle"));
            }
        }
        let postings = Self(postings);
        let mut sums = BTreeMap::<_, (_, i128)>::new();
        for ((_, currency), net) in postings.nets() {
            let sum = sums.entry(currency.code).or_insert((currency.scale, 0));
            if sum.0 != currency.scale {
                return Err(Unsound("a currency has two scales"));
            }
            sum.1 = sum.1.checked_add(net).ok_or(Unsound("a sum overflows"))?;
        }
        if sums.values().any(|(_, sum)| *sum != 0) {
            return Err(Unsound("a currency does not sum to zero"));
        }
        Ok(postings)
    }

    /// The postings in their order.
    #[must_use]
    pub fn all(&self) -> &[Posting] {
        &self.0
    }

    /// The net change of each holder, in minor units.
    #[must_use]
    pub fn nets(&self) -> BTreeMap<(Holder, Currency), i128> {
        let mut nets = BTreeMap::<_, i128>::new();
        for Posting { from, to, money } in &self.0 {
            let minor = i128::from(money.amount.minor());
            let gives = nets.entry((*from, money.currency)).or_default();
            *gives = gives.saturating_sub(minor);
            let gets = nets.entry((*to, money.currency)).or_default();
            *gets = gets.saturating_add(minor);
        }
        nets
    }

    /// The net change of what is available in each user's wallets; a wallet that ends as it
    /// was has none.
    ///
    /// # Errors
    /// [`Unsound`] if a net change passes [`Amount::MAX`].
    pub fn legs(&self) -> Result<BTreeMap<UserId, Vec<Leg>>, Unsound> {
        let mut legs = BTreeMap::<UserId, Vec<Leg>>::new();
        for ((holder, currency), net) in self.nets() {
            let Holder::User(user) = holder else { continue };
            let size = i64::try_from(net.unsigned_abs()).map_err(|_| Unsound("a leg overflows"))?;
            let amount = Amount::from_minor(size).map_err(|_| Unsound("a leg overflows"))?;
            let money = Money { amount, currency };
            match net {
                0 => {}
                1.. => legs.entry(user).or_default().push(Leg::credit(money)),
                _ => legs.entry(user).or_default().push(Leg::debit(money)),
            }
        }
        Ok(legs)
    }

    /// The same postings with givers and getters exchanged.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let turned = |posting: &Posting| Posting { from: posting.to, to: posting.from, ..*posting };
        Self(self.0.iter().rev().map(turned).collect())
    }
}

/// The postings of a conversion that `payer` pays and `payee` receives.
#[must_use]
pub fn through_pool(payer: Holder, payee: Holder, conversion: &Conversion) -> Vec<Posting> {
    let Conversion { paid, pool_takes, received, fee, dust, .. } = *conversion;
    let rest = paid.amount.checked_sub(pool_takes).unwrap_or(Amount::ZERO);
    let of = |money: Money, amount: Amount| Money { amount, ..money };
    let mut postings = vec![
        Posting { from: payer, to: Holder::Pool, money: of(paid, pool_takes) },
        Posting { from: payer, to: Holder::Dust, money: of(paid, rest) },
        Posting { from: Holder::Pool, to: payee, money: received },
        Posting { from: Holder::Pool, to: Holder::Fees, money: of(received, fee) },
        Posting { from: Holder::Pool, to: Holder::Dust, money: of(received, dust) },
    ];
    postings.retain(|posting| !posting.money.amount.is_zero());
    postings
}

/// What a request with an idempotency key is known by, and when it is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// Derived from (principal, idempotency key).
    pub entry: EntryId,
    /// Who asks.
    pub actor: UserId,
    /// Of the endpoint, the path and the body.
    pub fingerprint: Fingerprint,
    /// Names the request in logs and in a refusal's answer.
    pub request_id: String,
    /// The time of the decision.
    pub at: Timestamp,
}

impl Guard {
    /// A change of an account that belongs to its entry.
    #[must_use]
    pub fn change(&self, news: News) -> Change {
        Change { entry: self.entry, at: self.at, news }
    }
}

/// 128 bits of a hash of what a request asks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 16]);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// A journal entry: what became of one idempotency key, for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Derived from (principal, idempotency key).
    pub id: EntryId,
    /// Who asked.
    pub actor: UserId,
    /// Of what was asked.
    pub fingerprint: Fingerprint,
    /// When it was decided.
    pub at: Timestamp,
    /// What was decided.
    pub outcome: Outcome,
}

/// What became of a request. The answer to the client is a function of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Money moved.
    Moved(Movement),
    /// An item was listed, as it was then; no money moved.
    Listed(Item),
    /// The rules forbade it; nothing moved.
    Refused {
        /// Which rule.
        refusal: Refusal,
        /// The request that was refused.
        request_id: String,
    },
    /// An order was accepted, as it was then; its money is held.
    Placed(Placement),
    /// A change of an order was accepted, and what it needs in addition is held.
    Amended(Amendment),
    /// A name for another entry: a client's own id of an order, used with an idempotency key.
    SameAs(EntryId),
    /// An order for an external venue was accepted, as it was then; what it needs is held.
    Routed(VenueTerms),
    /// The client gave the key up before anything came of it; nothing moved or ever will.
    Voided,
}

/// An order that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// What its price and quantity are counted in, and in which pair it is.
    pub steps: Steps,
    /// What is asked.
    pub order: Order,
    /// What is held for it.
    pub hold: Money,
    /// The client's own id of it.
    pub client_order_id: Option<ClientOrderId>,
}

/// A change of an order that was accepted; the book may still refuse it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amendment {
    /// What price and quantity are counted in, and in which pair the order is.
    pub steps: Steps,
    /// Which order.
    pub order: OrderId,
    /// The new price.
    pub price: Option<Ticks>,
    /// The new quantity in all.
    pub lots: Option<Lots>,
    /// What is held for it in addition; nothing if it needs no more.
    pub extra: Money,
}

/// A change of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// On whose behalf: the payer, or the only user of it.
    pub party: UserId,
    /// The other user, if there is one.
    pub counterparty: Option<UserId>,
    /// What it was for.
    pub cause: Cause,
    /// What moved.
    pub postings: Postings,
}

/// What a change of money was for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// From outside into a wallet.
    Deposit(Money),
    /// Out of a wallet to outside.
    Withdrawal(Money),
    /// From one user to another.
    Transfer(Money),
    /// One currency into another.
    Exchange {
        /// Amounts and rates.
        conversion: Conversion,
        /// The quote that it redeemed.
        quote: Option<QuoteId>,
    },
    /// Pieces of an item.
    Purchase(Purchase),
    /// Two orders that met.
    Fill(Fill),
    /// An external venue filled an order, or a part of it.
    VenueFill(VenueFill),
    /// A purchase turned back.
    Refund {
        /// Which purchase.
        of: EntryId,
        /// The item.
        item: ItemId,
        /// How many pieces.
        quantity: Quantity,
        /// What the seller gave back.
        returned: Money,
        /// What the buyer got back.
        refunded: Money,
        /// Whether the pieces are for sale again.
        restocked: bool,
    },
}

/// Two orders that met. The movement's party took, its counterparty's order rested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// In which pair, and what price and quantity are counted in.
    pub steps: Steps,
    /// The pair's trades are numbered without gaps, from 1.
    pub number: u64,
    /// The order that took.
    pub taker: OrderId,
    /// The order that rested.
    pub maker: OrderId,
    /// The side of the order that took.
    pub taker_side: Side,
    /// The resting order's price.
    pub price: Ticks,
    /// How much.
    pub lots: Lots,
    /// What who took paid to the market, in the quote currency.
    pub taker_fee: Amount,
    /// What who rested paid to the market, in the quote currency.
    pub maker_fee: Amount,
}

/// What was bought, and at what price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// The item.
    pub item: ItemId,
    /// How many pieces.
    pub quantity: Quantity,
    /// The price of a piece, in the seller's currency.
    pub unit_price: Money,
    /// What the seller received.
    pub total: Money,
    /// What the buyer paid.
    pub paid: Money,
    /// The universe of the currency that was paid.
    pub from_universe: UniverseId,
    /// The universe of the item.
    pub to_universe: UniverseId,
    /// The rates, if the two currencies differ.
    pub provenance: Option<Provenance>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::currency::Scale;

    fn money(code: &str, minor: i64) -> Money {
        Money {
            amount: Amount::from_minor(minor).expect("in range"),
            currency: Currency {
                code: code.parse().expect("a code"),
                scale: Scale::new(2).expect("a scale"),
            },
        }
    }

    const ALICE: Holder = Holder::User(UserId::from_bits(1));
    const BOB: Holder = Holder::User(UserId::from_bits(2));

    #[test]
    fn an_empty_a_circular_or_a_void_posting_is_unsound() {
        let circular = Posting { from: ALICE, to: ALICE, money: money("USD", 1) };
        let void = Posting { from: ALICE, to: BOB, money: money("USD", 0) };
        for postings in [vec![], vec![circular], vec![void]] {
            assert!(Postings::checked(postings).is_err());
        }
    }

    #[test]
    fn an_entry_has_at_most_eight_postings() {
        let posting = Posting { from: ALICE, to: BOB, money: money("USD", 1) };
        assert!(Postings::checked(vec![posting; 8]).is_ok());
        let refused = Unsound("an entry has one to eight postings");
        assert_eq!(Postings::checked(vec![posting; 9]), Err(refused));
    }

    #[test]
    fn one_currency_has_one_scale_in_an_entry() {
        let mut coarse = money("USD", 5);
        coarse.currency.scale = Scale::new(0).expect("a scale");
        let postings = vec![
            Posting { from: ALICE, to: BOB, money: money("USD", 5) },
            Posting { from: BOB, to: ALICE, money: coarse },
        ];
        assert_eq!(Postings::checked(postings), Err(Unsound("a currency has two scales")));
    }

    #[test]
    fn legs_are_net_and_a_wallet_that_ends_as_it_was_has_none() {
        let postings = Postings::checked(vec![
            Posting { from: ALICE, to: BOB, money: money("USD", 5) },
            Posting { from: BOB, to: Holder::Fees, money: money("USD", 5) },
        ])
        .expect("sound");
        let legs = postings.legs().expect("in range");
        let expected = BTreeMap::from([(UserId::from_bits(1), vec![Leg::debit(money("USD", 5))])]);
        assert_eq!(legs, expected);
    }

    #[test]
    fn who_gives_has_a_debit_and_who_gets_a_credit_at_most_of_the_largest_amount() {
        let posting = |minor| Posting { from: ALICE, to: BOB, money: money("USD", minor) };
        let largest = Amount::MAX.minor();
        let legs = Postings(vec![posting(largest)]).legs().expect("in range");
        let expected = BTreeMap::from([
            (UserId::from_bits(1), vec![Leg::debit(money("USD", largest))]),
            (UserId::from_bits(2), vec![Leg::credit(money("USD", largest))]),
        ]);
        assert_eq!(legs, expected);
        let over = Postings(vec![posting(largest), posting(1)]).legs();
        assert_eq!(over, Err(Unsound("a leg overflows")));
    }

    #[test]
    fn a_fingerprint_is_shown_as_32_hexadecimal_digits() {
        let mut bytes = [0; 16];
        (bytes[0], bytes[15]) = (0x0A, 0xFF);
        assert_eq!(format!("{:?}", Fingerprint(bytes)), format!("0a{}ff", "0".repeat(28)));
    }

    #[test]
    fn a_reversal_undoes_every_net() {
        let postings = Postings::checked(vec![
            Posting { from: ALICE, to: Holder::Pool, money: money("USD", 5) },
            Posting { from: Holder::Pool, to: BOB, money: money("MRC", 12) },
        ])
        .expect("sound");
        for (key, net) in postings.reversed().nets() {
            assert_eq!(postings.nets()[&key], -net);
        }
    }
}
