//! Bugs that are planted to see whether they are found. A market with one is wrong in the way
//! that its name says; no program of the market's has any of this.

mod delegate;
pub mod hunt;
mod money;
mod once;
mod store;

use std::sync::Arc;

use testkit::{memory::MemoryStore, virtual_time::VirtualTime};

pub use store::PlantedStore;

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    /// New balances are reckoned from balances that were read before the transaction.
    ArithmeticOutsideTransaction,
    /// Only the store's own token, which it knows for ten minutes, keeps a request from being
    /// carried out twice.
    TokenAsOnlyGuard,
    /// What is to be done is done first, and noted under the key afterwards.
    RecordAfterEffect,
    /// A key is locked, what is to be done is done, and then noted; the lock expires.
    ExpiringLock,
    /// Two principals share their idempotency keys.
    KeyNotScopedByPrincipal,
    /// What a key came to is known for some seconds.
    GuardExpires,
    /// A sale does not expect that there are as many pieces.
    NoStockCondition,
    /// That there is enough money is seen to before the transaction, and not in it.
    BalanceCheckedInMemory,
    /// How far a long command has come is written after what it did.
    CursorOutsideTransaction,
    /// A fee is taken after the trade that it is for.
    FeeLegOutsideTransaction,
    /// Orders at one price are served by when they were accepted, not by their sequence.
    PriorityByTimestamp,
    /// A matcher goes on though another has taken the number of its event.
    FencingIgnored,
    /// Functions behind queues and streams say that all went well, whatever happened.
    EmptyBatchItemFailures,
    /// A sale is at the price that a cache knows.
    StaleCacheDecidesPrice,
    /// A purchase is refunded as often as it is asked, under new keys.
    RefundNotDeduplicated,
    /// What a cancelled order held is released twice.
    HoldReleasedTwice,
}

/// All of them, with their names.
pub const BUGS: [(Bug, &str); 16] = [
    (Bug::ArithmeticOutsideTransaction, "arithmetic-outside-transaction"),
    (Bug::TokenAsOnlyGuard, "token-as-only-guard"),
    (Bug::RecordAfterEffect, "record-after-effect"),
    (Bug::ExpiringLock, "lock-act-complete"),
    (Bug::KeyNotScopedByPrincipal, "key-not-scoped-by-principal"),
    (Bug::GuardExpires, "guard-with-ttl"),
    (Bug::NoStockCondition, "no-stock-condition"),
    (Bug::BalanceCheckedInMemory, "balance-checked-in-memory"),
    (Bug::CursorOutsideTransaction, "cursor-outside-transaction"),
    (Bug::FeeLegOutsideTransaction, "fee-leg-outside-transaction"),
    (Bug::PriorityByTimestamp, "priority-by-timestamp"),
    (Bug::FencingIgnored, "fencing-ignored"),
    (Bug::EmptyBatchItemFailures, "empty-batch-item-failures"),
    (Bug::StaleCacheDecidesPrice, "stale-cache-decides-price"),
    (Bug::RefundNotDeduplicated, "refund-not-deduplicated"),
    (Bug::HoldReleasedTwice, "hold-released-twice"),
];

impl Bug {
    /// As in `guard-with-ttl`.
    #[must_use]
    pub fn name(self) -> &'static str {
        BUGS.iter().find(|(bug, _)| *bug == self).map_or("?", |(_, name)| name)
    }

    /// The bug of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        BUGS.iter().find(|(_, known)| *known == name).map(|(bug, _)| *bug)
    }
}

/// Which bug is in the market, if any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Planted(pub Option<Bug>);

impl Planted {
    /// Whether what failed behind a queue or a stream is taken for done.
    #[must_use]
    pub fn ignores_failures(self) -> bool {
        self.0 == Some(Bug::EmptyBatchItemFailures)
    }

    /// The store as a market with the bug has it; `None`: as it is.
    #[must_use]
    pub fn store(self, memory: &MemoryStore, time: &VirtualTime) -> Option<Arc<PlantedStore>> {
        self.0.map(|bug| Arc::new(PlantedStore::new(bug, memory.clone(), time.clone())))
    }
}
