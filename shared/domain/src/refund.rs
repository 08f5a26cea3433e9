//! Refunds: a purchase turned back once, at its original amounts.

use crate::{
    commit::{Claim, Commit, Write},
    ledger::{Cause, Entry, Guard, Movement, Outcome},
    refusal::{Declined, Missing, Refusal},
};

/// Turns a purchase back. Its seller gives back what was received, the buyer gets back what
/// was paid, at the original rates, dust and fees included.
///
/// # Errors
/// [`Missing::Transaction`] unless the guard's actor is the seller or `by_admin`;
/// [`Refusal::NotRefundable`] for anything but a purchase.
pub fn refund(
    guard: &Guard,
    original: &Entry,
    restock: bool,
    by_admin: bool,
) -> Result<Commit, Declined> {
    let Outcome::Moved(movement) = &original.outcome else {
        return Err(Missing::Transaction.into());
    };
    let buyer = movement.party;
    let is_party = guard.actor == buyer || movement.counterparty == Some(guard.actor);
    if !is_party && !by_admin {
        return Err(Missing::Transaction.into());
    }
    let (Cause::Purchase(purchase), Some(seller)) = (&movement.cause, movement.counterparty) else {
        return Err(Refusal::NotRefundable.into());
    };
    if guard.actor != seller && !by_admin {
        return Err(Refusal::NotTheSeller.into());
    }
    let claim = Write::PutClaim { claim: Claim::Refund(original.id), by: guard.entry };
    let returned = restock.then_some(Write::ReturnStock {
        item: purchase.item,
        quantity: purchase.quantity,
        at: guard.at,
    });
    let movement = Movement {
        party: seller,
        counterparty: Some(buyer),
        cause: Cause::Refund {
            of: original.id,
            item: purchase.item,
            quantity: purchase.quantity,
            returned: purchase.total,
            refunded: purchase.paid,
            restocked: restock,
        },
        postings: movement.postings.reversed(),
    };
    Commit::moving(guard, movement, std::iter::once(claim).chain(returned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        commit::Commit,
        id::{EntryId, UserId},
        ledger::Holder,
        operation::deposit,
        purchase::{Terms, buy},
        testing::{
            ALICE, BOB, CAROL, at, entry, guard, helmet, mars, movement, mrc, pieces, posting,
            postings, usd, venus, vnc,
        },
        universe::Universes,
    };

    /// Alice bought two of Bob's helmets, on Venus: 20.00 MRC for 6.07 VNC.
    fn bought() -> Entry {
        let universes = Universes::new(vec![venus(), mars().keeping(100)]);
        let terms = Terms {
            quantity: pieces(2),
            pay_with: venus().currency.code,
            expected_unit_price: None,
            max_pay: None,
        };
        let commit = buy(&guard(ALICE), &terms, &helmet(), &universes).expect("a purchase");
        entry(&commit).clone()
    }

    fn asked_by(actor: UserId) -> Guard {
        Guard { entry: EntryId::from_bits(11), at: at(2000), ..guard(actor) }
    }

    fn refunded(actor: UserId, restock: bool, by_admin: bool) -> Commit {
        refund(&asked_by(actor), &bought(), restock, by_admin).expect("a refund")
    }

    #[test]
    fn a_refund_turns_back_the_original_amounts_fees_and_dust_included() {
        let commit = refunded(BOB, false, false);
        let (buyer, seller) = (Holder::User(ALICE), Holder::User(BOB));
        let expected = [
            posting(Holder::Dust, Holder::Pool, mrc("0.01")),
            posting(Holder::Fees, Holder::Pool, mrc("0.20")),
            posting(seller, Holder::Pool, mrc("20.00")),
            posting(Holder::Dust, buyer, vnc("0.01")),
            posting(Holder::Pool, buyer, vnc("6.06")),
        ];
        assert_eq!(postings(&commit), expected);
        let expected = Cause::Refund {
            of: bought().id,
            item: helmet().id,
            quantity: pieces(2),
            returned: mrc("20.00"),
            refunded: vnc("6.07"),
            restocked: false,
        };
        let movement = movement(&commit);
        assert_eq!(movement.cause, expected);
        assert_eq!((movement.party, movement.counterparty), (BOB, Some(ALICE)));
    }

    #[test]
    fn a_purchase_is_claimed_by_its_refund() {
        let by = EntryId::from_bits(11);
        let claim = Write::PutClaim { claim: Claim::Refund(bought().id), by };
        assert_eq!(refunded(BOB, false, false).writes().last(), Some(&claim));
        assert!(refunded(BOB, true, false).writes().contains(&claim));
    }

    #[test]
    fn pieces_are_for_sale_again_only_if_they_are_restocked() {
        let back = Write::ReturnStock { item: helmet().id, quantity: pieces(2), at: at(2000) };
        assert!(refunded(BOB, true, false).writes().contains(&back));
        assert!(!refunded(BOB, false, false).writes().contains(&back));
    }

    #[test]
    fn an_administrator_refunds_on_the_sellers_behalf() {
        let commit = refunded(CAROL, true, true);
        assert_eq!(entry(&commit).actor, CAROL);
        assert_eq!((movement(&commit).party, movement(&commit).counterparty), (BOB, Some(ALICE)));
        assert_eq!(postings(&commit), postings(&refunded(BOB, true, false)));
    }

    #[test]
    fn the_buyer_cannot_refund_themselves() {
        let refused = refund(&asked_by(ALICE), &bought(), true, false);
        assert_eq!(refused, Err(Refusal::NotTheSeller.into()));
    }

    #[test]
    fn a_stranger_does_not_learn_that_there_was_a_purchase() {
        let declined = refund(&asked_by(CAROL), &bought(), true, false);
        assert_eq!(declined, Err(Missing::Transaction.into()));
    }

    #[test]
    fn only_a_purchase_is_refunded() {
        let deposited = deposit(&guard(BOB), usd("1.00")).expect("a deposit");
        let turned_back = refunded(BOB, true, false);
        for commit in [deposited, turned_back] {
            let refused = refund(&asked_by(BOB), entry(&commit), true, false);
            assert_eq!(refused, Err(Refusal::NotRefundable.into()));
        }
    }

    #[test]
    fn an_entry_that_moved_nothing_is_no_transaction() {
        let refusing = Commit::refusing(&guard(BOB), Refusal::OwnItem);
        let listing = Commit::listing(&guard(BOB), helmet());
        for commit in [refusing, listing, Commit::voiding(&guard(BOB))] {
            let declined = refund(&asked_by(BOB), entry(&commit), true, true);
            assert_eq!(declined, Err(Missing::Transaction.into()));
        }
    }
}
