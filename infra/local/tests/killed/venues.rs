//! Orders at an external venue, of whose requests three in ten go wrong, while the market is
//! killed three times. The venue has a book of its own: it says which orders were placed, how
//! often, and what was paid. All that was answered 201 is there once, or certainly not at all.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::TcpListener,
    path::Path,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use app::ports::{Store, VenueOrderQuery};
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{currency::CurrencyCode, id::UserId, venue::VenueOrder};
use edge::auth::venue_secret::VenueSecret;
use market::{Options, RunningMarket, Storage, VenueChoice, start};
use serde_json::json;
use testkit::{audit::audit, entropy::SeededEntropy};
use tokio::{
    sync::oneshot,
    time::{sleep, timeout},
};
use venue_simulator::{
    Faults, Side, Status, Terms, Witness, Witnessed,
    arguments::demo_listings,
    server::{self, Simulator, listen},
    signature::Secret,
    system_now,
    wire::Currency,
};

use crate::{
    Someone,
    client::{Address, Asked, Client},
    process::Process,
    someone,
};

const TRADERS: usize = 8;
/// Requests of each trader.
const STEPS: usize = 30;
const KILLED_AT: [usize; 3] = [TRADERS * STEPS / 5, TRADERS * STEPS / 2, TRADERS * STEPS * 4 / 5];
const FAULTS: &str = "all=0.3";
/// What each trader has, in minor units of each currency.
const WEALTH: i64 = 100_000_000;
/// How long it may take until all is certain: half a minute after the last attempt to place, and
/// a little more where the one who made it was killed.
const CERTAIN_WITHIN: Duration = Duration::from_secs(150);
/// How long the venue takes to fill a part of an order at most.
const FILLED_WITHIN: Duration = Duration::from_millis(200);
const INSTRUMENTS: [(&str, u64); 2] = [("DOTUSDT00008", 10_000), ("ETHUSDT00002", 4_000)];

/// A venue in a thread of its own, that outlives the market.
struct Venue {
    simulator: Arc<Simulator>,
    secret: String,
    _stop: oneshot::Sender<()>,
}

impl Venue {
    fn start(market: String) -> Self {
        let secret = format!("vsec_{}", BASE64_STANDARD.encode([7; 32]));
        let (tell, told) = mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let options = server::Options {
            terms: Terms {
                faults: FAULTS.parse().expect("faults"),
                listings: demo_listings(),
                ..Terms::new(7)
            },
            currency: Currency { code: "USD".to_owned(), decimals: 2 },
            secret: Secret::parse(&secret).expect("a secret"),
            market,
            venue: "nyx".to_owned(),
            book: None,
            now: Arc::new(system_now),
        };
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async move {
                let listener = listen(([127, 0, 0, 1], 0).into()).await.expect("a port");
                let simulator = Simulator::start(listener, options).expect("started");
                tell.send(Arc::new(simulator)).expect("the test listens");
                // Until the test is over, however.
                let _over = stopped.await;
            });
        });
        Self { simulator: told.recv().expect("started"), secret, _stop: stop }
    }

    fn witness(&self) -> BTreeMap<String, Witnessed> {
        let Witness { orders, .. } = self.simulator.witness();
        orders.into_iter().map(|order| (order.id.clone(), order)).collect()
    }
}

#[tokio::test]
async fn every_order_for_a_venue_is_placed_once_or_certainly_never_whoever_is_killed() {
    let directory = tempfile::tempdir().expect("a directory");
    let people = settle(directory.path()).await;
    let port = free_port();
    let venue = Venue::start(format!("http://127.0.0.1:{port}"));
    let accepted = trade(directory.path(), port, &venue, &people);
    venue.simulator.set_faults(Faults::NONE);

    let market = opened(directory.path(), port, &venue).await;
    let store = market.context().market.store.as_ref();
    let orders = timeout(CERTAIN_WITHIN, certain(store, &venue, &people)).await;
    let orders = orders.unwrap_or_else(|_| panic!("{:#?}", uncertain(&venue.witness())));
    let witness = venue.witness();
    compare(&orders, &accepted, &witness);
    for someone in &people {
        owns(store, someone.user, &orders, &witness).await;
    }
    let demo = market.report().users.iter().map(|user| user.user_id.parse().expect("an id"));
    let users: Vec<UserId> = people.iter().map(|someone| someone.user).chain(demo).collect();
    let audited = audit(store, &users).await;
    assert!(audited.venue_orders.len() > 2, "too little has happened: {audited:?}");
    market.shutdown().await;
}

async fn settle(directory: &Path) -> Vec<Someone> {
    let storage = Storage::Dir { path: directory.to_path_buf(), fresh: false };
    let options = Options { venue: VenueChoice::None, ..Options::new(storage) };
    let market = start(options).await.expect("started");
    let mut people = Vec::new();
    for index in 0..TRADERS {
        people.push(someone(&market, &format!("trader_{index}"), WEALTH).await);
    }
    market.shutdown().await;
    people
}

/// One that nobody listens on: the market must be at the same place after each start.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

async fn opened(directory: &Path, port: u16, venue: &Venue) -> RunningMarket {
    let storage = Storage::Dir { path: directory.to_path_buf(), fresh: false };
    let secret = VenueSecret::parse(&venue.secret).expect("a secret");
    let choice = VenueChoice::Outside { url: venue.simulator.url().to_owned(), secret };
    let options = Options { port, venue: choice, ..Options::new(storage) };
    start(options).await.expect("started")
}

/// Lets everyone trade while the market is killed and started again; what was answered 201.
fn trade(directory: &Path, port: u16, venue: &Venue, people: &[Someone]) -> BTreeSet<String> {
    let (text, url) = (port.to_string(), venue.simulator.url());
    let secret = venue.secret.as_str();
    let arguments = ["--port", &text, "--venue-url", url, "--venue-secret", secret];
    let mut process = Process::start_with(directory, &arguments);
    let address = Address::new(port);
    thread::scope(|scope| {
        let traders: Vec<_> = people
            .iter()
            .zip(0..)
            .map(|(someone, seed)| {
                let mut trader = Trader::new(&address, &someone.token, seed);
                scope.spawn(move || {
                    (0..STEPS).for_each(|_| trader.step());
                    trader.orders
                })
            })
            .collect();
        for answered in KILLED_AT {
            address.await_answers(answered);
            process.kill();
            process = Process::start_with(directory, &arguments);
            address.moved(port);
        }
        let orders = traders.into_iter().flat_map(|trader| trader.join().expect("a trader"));
        let orders = orders.collect();
        process.stop();
        orders
    })
}

struct Trader<'a> {
    client: Client<'a>,
    dice: SeededEntropy,
    keys: u32,
    orders: Vec<String>,
}

impl<'a> Trader<'a> {
    fn new(address: &'a Address, token: &'a str, seed: u64) -> Self {
        let client = Client::new(address, token);
        Self { client, dice: SeededEntropy::new(seed), keys: 0, orders: Vec::new() }
    }

    fn below(&mut self, sides: u64) -> u64 {
        self.dice.next() % sides
    }

    fn step(&mut self) {
        match self.orders.last().cloned() {
            Some(order) if self.below(8) == 0 => self.cancel(&order),
            _ => self.place(),
        }
    }

    /// One in four sells, which needs pieces; one in eight waits for a price that never comes.
    fn place(&mut self) {
        let (instrument, price) = INSTRUMENTS[usize::try_from(self.below(2)).expect("few")];
        let (sells, waits) = (self.below(4) == 0, self.below(8) == 0);
        let distance = if waits { price / 10 } else { 0 };
        let limit = if sells { price + distance } else { price - distance };
        let body = json!({
            "instrument": instrument,
            "side": if sells { "sell" } else { "buy" },
            "type": "limit",
            "quantity": (1 + self.below(9)).to_string(),
            "limit_price": format!("{}.{:02}", limit / 100, limit % 100),
        });
        self.keys += 1;
        let asked = Asked {
            method: "POST",
            path: "/venues/nyx/orders".to_owned(),
            key: Some(format!("venue-{}", self.keys)),
            body: Some(body),
        };
        let answer = self.client.send(&asked);
        match answer.status {
            201 => self.orders.push(answer.body["id"].as_str().expect("an id").to_owned()),
            _ => assert_eq!((answer.status, sells), (400, true), "{answer:?}"),
        }
    }

    fn cancel(&mut self, order: &str) {
        let path = format!("/venues/nyx/orders/{order}");
        let answer = self.client.send(&Asked { method: "DELETE", path, key: None, body: None });
        assert!(matches!(answer.status, 200 | 202), "{answer:?}");
    }
}

/// All orders of these people, once the market and the venue say the same of each, and the venue
/// has done nothing more for longer than it takes it to fill anything.
async fn certain(store: &dyn Store, venue: &Venue, people: &[Someone]) -> Vec<VenueOrder> {
    let mut before = BTreeMap::new();
    loop {
        let mut orders = Vec::new();
        for someone in people {
            orders.extend(orders_of(store, someone.user).await);
        }
        let witness = venue.witness();
        if before == witness && orders.iter().all(|order| is_certain(order, &witness)) {
            return orders;
        }
        before = witness;
        sleep(FILLED_WITHIN * 3).await;
    }
}

fn is_certain(order: &VenueOrder, witness: &BTreeMap<String, Witnessed>) -> bool {
    match witness.get(&order.terms.id.to_string()) {
        Some(there) => {
            let over = there.status != Status::Open;
            order.is_over() == over
                && (over || !order.cancel_requested)
                && u64::try_from(order.executed.minor()) == Ok(there.executed)
        }
        None => order.is_over(),
    }
}

/// What a failed test shows: what the venue says is still to come.
fn uncertain(witness: &BTreeMap<String, Witnessed>) -> Vec<&Witnessed> {
    witness.values().filter(|order| order.status == Status::Open).collect()
}

async fn orders_of(store: &dyn Store, user: UserId) -> Vec<VenueOrder> {
    let venue = "nyx".parse().expect("a name");
    let (mut orders, mut after) = (Vec::new(), None);
    loop {
        let query = VenueOrderQuery { user, venue, after, limit: 100 };
        let page = store.venue_orders(&query).await.expect("orders");
        after = page.rows.last().map(VenueOrderQuery::position);
        orders.extend(page.rows);
        if !page.more {
            return orders;
        }
    }
}

/// What was accepted is what there is; and each of it was placed once, or never and is over.
fn compare(
    orders: &[VenueOrder],
    accepted: &BTreeSet<String>,
    witness: &BTreeMap<String, Witnessed>,
) {
    let ids: BTreeSet<_> = orders.iter().map(|order| order.terms.id.to_string()).collect();
    assert_eq!(&ids, accepted);
    assert!(witness.keys().all(|id| ids.contains(id)), "the venue has orders of nobody");
    assert!(witness.values().all(|order| order.placed == 1), "placed more than once");
    assert!(witness.values().any(|order| order.asked > 1), "nothing was asked for twice");
    let never = orders.iter().filter(|order| !witness.contains_key(&order.terms.id.to_string()));
    let mut count = 0;
    for order in never {
        assert!(order.executed.is_zero() && order.reserved().amount.is_zero(), "{order:?}");
        count += 1;
    }
    assert!(count > 0 && !witness.is_empty(), "{count} of {} never placed", orders.len());
}

/// What a user has is what was deposited, and what the venue says was paid and delivered.
async fn owns(
    store: &dyn Store,
    user: UserId,
    orders: &[VenueOrder],
    witness: &BTreeMap<String, Witnessed>,
) {
    let mut expected = BTreeMap::from([("USD", i128::from(WEALTH))]);
    let ids = orders.iter().filter(|order| order.terms.user == user);
    for there in ids.filter_map(|order| witness.get(&order.terms.id.to_string())) {
        let cash = i128::try_from(there.cash).expect("little");
        let sign = if there.side == Side::Buy { 1 } else { -1 };
        *expected.entry("USD").or_default() -= sign * cash;
        let (instrument, _) = *INSTRUMENTS
            .iter()
            .find(|(instrument, _)| *instrument == there.instrument)
            .expect("one of ours");
        *expected.entry(instrument).or_default() += sign * i128::from(there.executed);
    }
    let account = store.account(user).await.expect("readable").expect("an account");
    for (code, expected) in expected {
        let code: CurrencyCode = code.parse().expect("a code");
        let balance = account.balance(code);
        let there = i128::from(balance.available.minor()) + i128::from(balance.held.minor());
        assert_eq!(there, expected, "{code} of {user}");
    }
}
