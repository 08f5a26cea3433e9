//! An empty market over the embedded engine, with its universes, pairs and rich traders. What
//! they do, it does not know.

use std::sync::Arc;

use app::{
    identity::{SignUp, register},
    market::Market,
    money::Operate,
    pairs::create_pair,
    perform::perform,
    ports::{Clock, Doorbell, Store},
};
use domain::{id::UserId, identity::Role, ledger::Outcome, pair::PairId};
use dynamo::{DynamoStore, Streams, TableNames, create_missing_tables};
use market::embedded::EmbeddedDynamo;
use tempfile::TempDir;
use testkit::{
    audit::{Audited, audit},
    builders::{asked, earth, market_by, mars, money, put_universe, venus},
    metered::MeteredStore,
};
use tests::market_terms;

const PAIRS: [&str; 3] = ["MRC-USD", "VNC-USD", "MRC-VNC"];
/// More than anyone can spend.
const WEALTH: &str = "10000000.00";

/// What a run needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Whether the engine keeps its database in a file.
    pub(crate) file: bool,
    /// Pairs that are traded, 1 to 3.
    pub(crate) markets: usize,
    /// Traders.
    pub(crate) traders: usize,
}

/// A market that was made for one run.
pub(crate) struct Venue {
    pub(crate) market: Arc<Market>,
    pub(crate) meter: Arc<MeteredStore>,
    pub(crate) pairs: Vec<PairId>,
    pub(crate) traders: Vec<UserId>,
    directory: Option<TempDir>,
}

impl Venue {
    /// Makes it. Two of the same plan have the same ids.
    pub(crate) async fn open(
        plan: &Plan,
        clock: Arc<dyn Clock>,
        doorbell: Arc<dyn Doorbell>,
    ) -> Self {
        let directory = plan.file.then(|| tempfile::tempdir().expect("a directory"));
        let engine = match &directory {
            Some(directory) => EmbeddedDynamo::open(&directory.path().join("orders.db")),
            None => EmbeddedDynamo::in_memory(),
        };
        let (client, tables) = (engine.expect("an engine").client(), TableNames::prefixed("bench"));
        create_missing_tables(&client, &tables, Streams::None).await.expect("tables");
        let store: Arc<dyn Store> = Arc::new(DynamoStore::new(client, tables));
        for universe in [earth(), mars(), venus()] {
            put_universe(store.as_ref(), universe).await;
        }
        let meter = Arc::new(MeteredStore::new(store));
        let market = Arc::new(market_by(Arc::clone(&meter) as _, clock, doorbell));
        let pairs = PAIRS.iter().take(plan.markets).map(|name| name.parse().expect("a pair"));
        let pairs: Vec<PairId> = pairs.collect();
        for pair in &pairs {
            create_pair(&market, pair.base, pair.quote, market_terms()).await.expect("a pair");
        }
        let mut traders = Vec::with_capacity(plan.traders);
        for number in 0..plan.traders {
            traders.push(trader(&market, number).await);
        }
        meter.reset();
        Self { market, meter, pairs, traders, directory }
    }

    /// Checks every promise, and ends the run.
    pub(crate) async fn close(self) -> Audited {
        let audited = audit(self.market.store.as_ref(), &self.traders).await;
        if let Some(directory) = self.directory {
            directory.close().expect("removed");
        }
        audited
    }
}

async fn trader(market: &Market, number: usize) -> UserId {
    let wanted = SignUp {
        username: format!("trader_{number}").parse().expect("a name"),
        email: format!("trader_{number}@earth.example").parse().expect("an address"),
        home: earth().id,
    };
    let user = register(market, wanted, "not a secret", Role::Trader).await.expect("a user").id;
    for universe in [earth(), mars(), venus()] {
        let key = format!("wealth-{}", universe.currency.code);
        let deposit = Operate::Deposit(money(&universe, WEALTH));
        let answer = perform(market, &asked(user, &key, &key), &deposit).await.expect("a deposit");
        assert!(matches!(answer.entry.outcome, Outcome::Moved(_)), "{:?}", answer.entry);
    }
    user
}
