//! A market with its server, tickets for its listeners, and orders at a steady rate.

use std::{sync::mpsc::Sender, time::Duration};

use app::{
    identity::{SignUp, register},
    market::Market,
    money::Operate,
    orders::{PlaceOrder, place_order},
    perform::{Freshness, perform},
};
use domain::{
    id::UserId,
    identity::Role,
    ledger::Outcome,
    order::{SelfTradePrevention, Side, Size, TimeInForce},
    pair::PairId,
    placement::{Pricing, Wanted},
    time::Span,
};
use edge::{
    auth::{scopes::Scopes, ticket_seal},
    limits::Quotas,
};
use market::{Options, RunningMarket, Storage, start};
use testkit::builders::{asked, earth, lots, mars, money, ticks};
use tokio::sync::oneshot;

use crate::Arguments;

/// What the listeners need of a market.
pub(crate) struct Opened {
    /// The address of its sockets.
    pub(crate) url: String,
    /// A ticket for each of them.
    pub(crate) tickets: Vec<String>,
    /// Says that all listen.
    pub(crate) go: oneshot::Sender<()>,
    /// The number of the last event, once there is no other.
    pub(crate) done: oneshot::Receiver<u64>,
    /// Says that all have heard.
    pub(crate) stop: oneshot::Sender<()>,
}

/// Runs the market until the listeners have heard all.
pub(crate) async fn run(arguments: &Arguments, opened: &Sender<Opened>) {
    let options = Options { quotas: Quotas::unlimited(), ..Options::new(Storage::Memory) };
    let running = start(options).await.expect("a market");
    let market = &running.context().market;
    let mut traders = Vec::new();
    for name in ["buyer", "seller"] {
        traders.push(trader(market, name).await);
    }
    let tickets = (0..arguments.sockets).map(|_| ticket(&running, traders[0])).collect();
    let (go, all_listen) = oneshot::channel();
    let (said_done, done) = oneshot::channel();
    let (stop, all_heard) = oneshot::channel();
    let url = format!("{}/ws/update", running.url().replace("http://", "ws://"));
    opened.send(Opened { url, tickets, go, done, stop }).expect("somebody waits");
    all_listen.await.expect("listeners");

    let mut tick = tokio::time::interval(Duration::from_secs(1) / arguments.rate);
    let count = arguments.rate * arguments.seconds;
    for number in 0..count {
        tick.tick().await;
        place(market, &traders, number).await;
    }
    let pair: PairId = "MRC-USD".parse().expect("a pair");
    let pair = market.pairs.get(pair, Freshness::Cached).await.expect("a market");
    // All commands are matched when none waits any more.
    loop {
        let waiting = market.store.commands(pair.id(), 1).await.expect("a log");
        if waiting.is_empty() {
            break;
        }
        market.clock.sleep(Span::millis(10)).await;
    }
    let depth = market.depths.get(&pair, Freshness::Fresh).await.expect("a book");
    said_done.send(depth.head.seq).expect("listeners");
    all_heard.await.expect("listeners");
    running.shutdown().await;
}

fn ticket(running: &RunningMarket, user: UserId) -> String {
    let context = running.context();
    let expires_at = context.market.clock.now().plus(Span::seconds(3_600));
    let id = context.market.entropy.bits();
    let scopes = Scopes::for_role(Role::Trader);
    let ticket = ticket_seal::Ticket { id, user, scopes, expires_at };
    ticket_seal::seal(context.secrets(), &ticket)
}

async fn trader(market: &Market, name: &str) -> UserId {
    let wanted = SignUp {
        username: name.parse().expect("a name"),
        email: format!("{name}@earth.example").parse().expect("an address"),
        home: earth().id,
    };
    let user = register(market, wanted, "not a secret", Role::Trader).await.expect("a user").id;
    for universe in [earth(), mars()] {
        let key = format!("wealth-{}", universe.currency.code);
        let deposit = Operate::Deposit(money(&universe, "10000000.00"));
        perform(market, &asked(user, &key, &key), &deposit).await.expect("a deposit");
    }
    user
}

/// Buys and sales in turn, at prices at which some of them meet.
async fn place(market: &Market, traders: &[UserId], number: u32) {
    let buys = number.is_multiple_of(2);
    let side = if buys { Side::Buy } else { Side::Sell };
    let price = ticks(98 + i64::from(number * 7 % 5));
    let time_in_force = TimeInForce::GoodTilCancelled;
    let wanted = Wanted {
        side,
        pricing: Pricing::Limit { price, time_in_force, post_only: false },
        size: Size::Lots(lots(2 + i64::from(number % 9))),
        self_trade_prevention: SelfTradePrevention::CancelNewest,
        client_order_id: None,
    };
    let pair = "MRC-USD".parse().expect("a pair");
    let key = format!("order-{number}");
    let user = traders[usize::from(!buys)];
    let operation = PlaceOrder { pair, wanted, name: None };
    let answer = place_order(market, &asked(user, &key, &key), &operation).await;
    let outcome = answer.expect("an answer").entry.outcome;
    assert!(matches!(outcome, Outcome::Placed(_)), "{outcome:?}");
}
