//! A local market and the simulator of its venue, each in a thread of its own as if they were
//! programs of their own. What is asked of them is not known here.

use std::{
    net::SocketAddr,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use app::{
    market::{Asked, entry_id, fingerprint},
    money::Operate,
    perform::perform,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{
    amount::{Amount, Money},
    identity::{Role, sign_up},
    ledger::Outcome,
};
use edge::{
    auth::{access_token::Principal, scopes::Scopes, venue_secret::VenueSecret},
    limits::Quotas,
};
use market::{Options, RunningMarket, Storage, VenueChoice, start};
use tempfile::TempDir;
use testkit::builders::trader as user;
use tokio::sync::oneshot;
use venue_simulator::{
    Faults, Terms,
    arguments::demo_listings,
    server::{self, Simulator, listen},
    signature::Secret,
    system_now,
    wire::Currency,
};

/// More than anyone can spend: ten million dollars.
const WEALTH: i64 = 1_000_000_000;

/// Traders that take turns.
const TRADERS: usize = 16;

/// A thread with a runtime of its own, that ends when it is told to.
struct Thread {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Thread {
    fn end(self) {
        drop(self.stop);
        self.thread.join().expect("ended");
    }
}

/// A market, its venue, and traders with money.
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) tokens: Vec<String>,
    pub(crate) simulator: Arc<Simulator>,
    market: Thread,
    venue: Thread,
    directory: Option<TempDir>,
}

impl World {
    /// Starts both.
    pub(crate) fn open(faults: Faults, on_a_file: bool) -> Self {
        let port = free_port();
        let (simulator, venue) = open_venue(faults, format!("http://127.0.0.1:{port}"));
        let directory = on_a_file.then(|| tempfile::tempdir().expect("a directory"));
        let storage = match &directory {
            Some(directory) => Storage::Dir { path: directory.path().into(), fresh: false },
            None => Storage::Memory,
        };
        let secret = VenueSecret::parse(&secret()).expect("a secret");
        let choice = VenueChoice::Outside { url: simulator.url().to_owned(), secret };
        let options =
            Options { port, quotas: Quotas::unlimited(), venue: choice, ..Options::new(storage) };
        let (tell, told) = mpsc::channel();
        let market = spawn(|stopped| async move {
            let market = start(options).await.expect("a market");
            tell.send(rich(&market).await).expect("somebody waits");
            let _told = stopped.await;
            market.shutdown().await;
        });
        let tokens = told.recv().expect("a market");
        let address = ([127, 0, 0, 1], port).into();
        Self { address, tokens, simulator, market, venue, directory }
    }

    /// Stops both.
    pub(crate) fn close(self) {
        self.market.end();
        self.venue.end();
        if let Some(directory) = self.directory {
            directory.close().expect("removed");
        }
    }

    /// How many orders the venue has.
    pub(crate) fn placed(&self) -> usize {
        self.simulator.placed_count()
    }
}

fn secret() -> String {
    format!("vsec_{}", BASE64_STANDARD.encode([7; 32]))
}

/// One that nobody listens on: the venue must know it before the market is there.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

fn spawn<F: Future<Output = ()>>(
    run: impl FnOnce(oneshot::Receiver<()>) -> F + Send + 'static,
) -> Thread {
    let (stop, stopped) = oneshot::channel();
    let thread = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(run(stopped));
    });
    Thread { stop, thread }
}

fn open_venue(faults: Faults, market: String) -> (Arc<Simulator>, Thread) {
    let options = server::Options {
        terms: Terms { faults, listings: demo_listings(), ..Terms::new(7) },
        currency: Currency { code: "USD".to_owned(), decimals: 2 },
        secret: Secret::parse(&secret()).expect("a secret"),
        market,
        venue: "nyx".to_owned(),
        book: None,
        now: Arc::new(system_now),
    };
    let (tell, told) = mpsc::channel();
    let thread = spawn(|stopped| async move {
        let listener = listen(([127, 0, 0, 1], 0).into()).await.expect("a port");
        let simulator = Simulator::start(listener, options).expect("started");
        tell.send(Arc::new(simulator)).expect("somebody waits");
        let _told = stopped.await;
    });
    (told.recv().expect("a venue"), thread)
}

/// Makes traders with money; an access token of each.
async fn rich(running: &RunningMarket) -> Vec<String> {
    let mut tokens = Vec::new();
    for number in 0..TRADERS {
        tokens.push(trader(running, &format!("trader_{number}")).await);
    }
    tokens
}

async fn trader(running: &RunningMarket, name: &str) -> String {
    let (context, market, user) = (running.context(), &running.context().market, user(name));
    let universes = market.rates.renew().await.expect("universes");
    let home = universes.get(user.home).expect("a home");
    market.store.commit(&sign_up(user.clone(), home)).await.expect("a new user");
    let amount = Amount::from_minor(WEALTH).expect("an amount");
    let asked = Asked {
        actor: user.id,
        entry: entry_id(user.id, "wealth"),
        fingerprint: fingerprint([b"wealth".as_slice()]),
        request_id: "wealth".to_owned(),
    };
    let deposit = Operate::Deposit(Money { amount, currency: home.currency });
    let answer = perform(market, &asked, &deposit).await.expect("a deposit");
    assert!(matches!(answer.entry.outcome, Outcome::Moved(_)), "{answer:?}");
    let scopes = Scopes::for_role(Role::Trader);
    let principal = Principal { user: user.id, scopes, home: home.id };
    context.access_tokens.issue(&principal, market.clock.now())
}
