//! The use cases of `app` on the store in memory, with faults, stale caches and crowds.

use std::sync::Arc;

use app::{
    perform::{Answer, Failed, Operation, perform},
    ports::Ledger,
    purchase::Buy,
};
use domain::{
    account::Account,
    amount::Amount,
    currency::CurrencyCode,
    id::{ItemId, UserId},
    ledger::Outcome,
    purchase::Terms,
    refusal::Refusal,
    time::Span,
    universe::Universe,
};

use crate::{
    builders::{Fair, asked, pieces},
    memory::MemoryStore,
};

mod caches;
mod identity;
mod keys;
mod matching;
mod projecting;
mod refunds;
mod trades;
mod venues;
mod webhooks;

/// Performs, and moves the clock on: a replay within the millisecond is the same commit, which
/// the store takes for a repeated delivery of the first.
async fn ask<O: Operation>(
    fair: &Fair,
    user: UserId,
    key: &str,
    operation: &O,
) -> Result<Answer, Failed> {
    let answer = perform(&fair.market, &asked(user, key, "this"), operation).await;
    fair.clock.advance(Span::millis(1));
    answer
}

/// A purchase of pieces at any price, paid in this universe's currency.
fn buying(item: ItemId, count: u32, paying: &Universe) -> Buy {
    let terms = Terms {
        quantity: pieces(count),
        pay_with: paying.currency.code,
        expected_unit_price: None,
        max_pay: None,
    };
    Buy { item, terms }
}

fn shared(store: &MemoryStore) -> Arc<MemoryStore> {
    Arc::new(store.clone())
}

async fn account(store: &MemoryStore, user: UserId) -> Account {
    store.account(user).await.expect("a read").expect("an account")
}

async fn available(store: &MemoryStore, user: UserId, code: CurrencyCode) -> Amount {
    account(store, user).await.balance(code).available
}

fn moved(answer: &Answer) -> bool {
    matches!(answer.entry.outcome, Outcome::Moved(_))
}

fn refusal(answer: &Answer) -> &Refusal {
    match &answer.entry.outcome {
        Outcome::Refused { refusal, .. } => refusal,
        other => panic!("not refused: {other:?}"),
    }
}
