//! A small world at work: traders who deposit, transfer, exchange, list, buy, refund, place,
//! amend and cancel, also at an external venue, a matcher, and a projector that follows a little
//! behind. Every state that a commit leads to is remembered.

use std::sync::Arc;

use app::{
    matching::match_orders,
    money::{Exchange, Operate, Refund, Transfer},
    orders::{AmendOrder, PlaceOrder, amend_order, cancel_all, place_order},
    perform::{Operation, perform},
    ports::Store,
    projecting::{Changed, follow_accounts, follow_entries, follow_market},
    purchase::Buy,
};
use domain::{
    account::Account,
    activity::Activity,
    commit::{Commit, Write},
    conversion::Fixed,
    id::{EntryId, ItemId, OrderId, UserId},
    ledger::Outcome,
    order::{SelfTradePrevention, Side, Size, TimeInForce},
    pair::PairId,
    placement::{Pricing, Wanted},
    purchase::Terms,
    time::Span,
};
use dynamo::{
    DynamoStore,
    schema::{ACCOUNTS, JOURNAL, ORDERS, TABLES},
    stream::{StreamRow, stream_row},
};
use testkit::{
    builders::{
        Fair, asked, earth, lots, market_on, market_with, mars, mrc, mrc_usd, pieces, ticks, usd,
    },
    entropy::SeededEntropy,
};

use super::venue::Nyx;
use crate::stage::{Key, Row, Rows, Stage};

const NAMES: [&str; 4] = ["alice", "bob", "carol", "dave"];

pub(crate) struct World {
    pub(crate) fair: Fair,
    pub(crate) venue: Nyx,
    traders: Vec<UserId>,
    dice: SeededEntropy,
    items: Vec<ItemId>,
    purchases: Vec<EntryId>,
    orders: Vec<(UserId, OrderId)>,
    number: u64,
    moments: Vec<Rows>,
    /// Up to which moment was projected.
    projected: usize,
}

impl World {
    pub(crate) async fn new(store: Arc<DynamoStore>, seed: u64) -> Self {
        let venue = Nyx::new(&store, seed).await;
        let fair = market_with(store).await;
        let pair = Commit::of(vec![Write::PutPair(mrc_usd())]);
        fair.market.store.commit(&pair).await.expect("a pair");
        let mut traders = Vec::new();
        for name in NAMES {
            traders.push(fair.join(name).await);
        }
        let dice = SeededEntropy::new(seed);
        Self {
            fair,
            venue,
            traders,
            dice,
            items: Vec::new(),
            purchases: Vec::new(),
            orders: Vec::new(),
            number: 0,
            moments: Vec::new(),
            projected: 0,
        }
    }

    pub(crate) fn moments(&self) -> &[Rows] {
        &self.moments
    }

    /// The market in another process, at the time of this one.
    pub(crate) fn elsewhere(&self, store: Arc<DynamoStore>) -> Fair {
        let fair = market_on(store);
        fair.clock.set(self.fair.market.clock.now());
        fair
    }

    /// Those who have an account.
    pub(crate) async fn users(&self, store: &dyn Store) -> Vec<UserId> {
        let mut users = Vec::new();
        for user in &self.traders {
            if store.account(*user).await.expect("a read").is_some() {
                users.push(*user);
            }
        }
        users
    }

    fn below(&self, count: u64) -> u64 {
        self.dice.next() % count.max(1)
    }

    fn one<T: Copy>(&self, of: &[T]) -> Option<T> {
        let count = u64::try_from(of.len()).expect("few");
        let place = usize::try_from(self.below(count)).expect("few");
        of.get(place).copied()
    }

    pub(crate) async fn remember(&mut self, stage: &Stage) {
        let rows = stage.rows().await;
        if self.moments.last() != Some(&rows) {
            self.moments.push(rows);
        }
        self.fair.clock.advance(Span::millis(7));
    }

    async fn ask(&mut self, user: UserId, operation: &impl Operation) -> Option<Outcome> {
        self.number += 1;
        let asked = asked(user, &format!("key-{}", self.number), "this");
        let answer = perform(&self.fair.market, &asked, operation).await.ok()?;
        Some(answer.entry.outcome)
    }

    /// Something happens, and perhaps what happened before is told.
    pub(crate) async fn step(&mut self, stage: &Stage) {
        if self.moments.is_empty() {
            self.remember(stage).await;
        }
        let user = self.one(&self.traders).expect("a trader");
        match self.below(20) {
            0 | 1 => {
                let money = if self.below(2) == 0 { usd("200.00") } else { mrc("300.00") };
                self.ask(user, &Operate::Deposit(money)).await;
            }
            2 => {
                let recipient = self.one(&self.traders).expect("a trader");
                self.ask(user, &Transfer { recipient, money: usd("10.00") }).await;
            }
            3 => {
                let (from, to) = (earth().currency.code, mars().currency.code);
                let fixed = Fixed::Paid(usd("5.00").amount);
                self.ask(user, &Exchange { from, to, fixed, min_receive: None }).await;
            }
            4 => self.trade_goods(user).await,
            5..=8 => self.place(user).await,
            9 => self.change(user).await,
            10..=17 => {
                self.number += 1;
                self.venue.step(&self.fair, user, self.number).await;
            }
            _ => {
                let matched = match_orders(&self.fair.market, mrc_usd().id()).await;
                matched.expect("matched");
            }
        }
        self.remember(stage).await;
        if self.below(3) > 0 {
            self.project(stage, self.moments.len().saturating_sub(2)).await;
        }
    }

    async fn trade_goods(&mut self, user: UserId) {
        let terms = Terms {
            quantity: pieces(1),
            pay_with: earth().currency.code,
            expected_unit_price: None,
            max_pay: None,
        };
        match (self.below(3), self.one(&self.items), self.one(&self.purchases)) {
            (0, _, _) | (_, None, _) => {
                let item = self.fair.list_item(user, &mars(), "10.00", 5).await;
                self.items.push(item.id);
            }
            (1, Some(item), _) | (_, Some(item), None) => {
                self.number += 1;
                let asked = asked(user, &format!("key-{}", self.number), "buy");
                let bought = perform(&self.fair.market, &asked, &Buy { item, terms }).await;
                if let Ok(answer) = bought
                    && matches!(answer.entry.outcome, Outcome::Moved(_))
                {
                    self.purchases.push(answer.entry.id);
                }
            }
            (_, _, Some(of)) => {
                self.ask(user, &Refund { of, restock: true, by_admin: true }).await;
            }
        }
    }

    async fn place(&mut self, user: UserId) {
        let side = if self.below(2) == 0 { Side::Buy } else { Side::Sell };
        let price = 38 + i64::try_from(self.below(6)).expect("few");
        let count = 5 + i64::try_from(self.below(60)).expect("few");
        let (time_in_force, post_only) = match self.below(8) {
            0 => (TimeInForce::ImmediateOrCancel, false),
            1 => (TimeInForce::FillOrKill, false),
            2 => (TimeInForce::GoodTilCancelled, true),
            _ => (TimeInForce::GoodTilCancelled, false),
        };
        self.number += 1;
        let client = format!("mine-{}", self.number);
        let named = (self.below(2) == 0).then(|| client.clone());
        let wanted = Wanted {
            side,
            pricing: Pricing::Limit { price: ticks(price), time_in_force, post_only },
            size: Size::Lots(lots(count)),
            self_trade_prevention: self.one(&PREVENTIONS).expect("one"),
            client_order_id: named.as_deref().map(|name| name.parse().expect("an id")),
        };
        let name = named.map(|name| app::market::client_order_entry(user, &name));
        let operation = PlaceOrder { pair: mrc_usd().id(), wanted, name };
        let asked = asked(user, &format!("key-{}", self.number), "order");
        if let Ok(answer) = place_order(&self.fair.market, &asked, &operation).await
            && let Outcome::Placed(placement) = answer.entry.outcome
        {
            self.orders.push((user, placement.order.id));
        }
    }

    async fn change(&mut self, user: UserId) {
        let market = &self.fair.market;
        if self.below(4) == 0 {
            // Whatever waits is cancelled by the next matcher.
            let logged = cancel_all_at_once(market, user, mrc_usd().id()).await;
            assert!(logged, "the market trades");
            return;
        }
        let Some((owner, order)) = self.one(&self.orders) else { return };
        self.number += 1;
        let price = Some(ticks(38 + i64::try_from(self.below(6)).expect("few")));
        let count = Some(lots(5 + i64::try_from(self.below(60)).expect("few")));
        let asked = asked(owner, &format!("key-{}", self.number), "amend");
        let operation = AmendOrder { order, price, lots: count };
        // It may be over already.
        let _answer = amend_order(&self.fair.market, &asked, &operation).await;
    }

    /// Somebody places an order at the venue, which nobody has seen to.
    pub(crate) async fn order_at_venue(&mut self, stage: &Stage) {
        self.remember(stage).await;
        let user = self.one(&self.traders).expect("a trader");
        self.fair.deposit(user, usd("900.00")).await;
        self.remember(stage).await;
        let placed = self.venue.place(&self.fair.market, user, Side::Buy, 1).await;
        assert!(placed, "an order");
        self.remember(stage).await;
    }

    /// The venue takes that order, fills a part of it, and cancels the rest.
    pub(crate) async fn life_of_the_order(&mut self, stage: &Stage) {
        let market = &self.fair.market;
        let placed = self.venue.has_taken_all(&self.fair).await;
        assert!(placed, "{:?}", market.clock.now());
        self.remember(stage).await;
        self.venue.fill_and_report(&self.fair.market).await;
        self.remember(stage).await;
        self.venue.close(&self.fair).await;
        self.remember(stage).await;
    }

    /// Tells of everything up to now.
    pub(crate) async fn project_all(&mut self, stage: &Stage) {
        self.project(stage, self.moments.len().saturating_sub(1)).await;
    }

    async fn project(&mut self, stage: &Stage, until: usize) {
        let market = &self.fair.market;
        while self.projected < until {
            let (from, to) = (&self.moments[self.projected], &self.moments[self.projected + 1]);
            for told in changes(from, to) {
                match told {
                    StreamRow::Account { before, after } => {
                        follow_account(market, before, after).await;
                    }
                    StreamRow::Entry(entry) => {
                        follow_entries(market, [&entry]).await.expect("folded");
                    }
                    StreamRow::MarketEvent(event) => {
                        follow_market(market, event.pair, [&event]).await.expect("folded");
                    }
                    StreamRow::Rate(_) | StreamRow::Other => {}
                }
            }
            self.projected += 1;
        }
        self.remember(stage).await;
    }
}

const PREVENTIONS: [SelfTradePrevention; 4] = [
    SelfTradePrevention::CancelNewest,
    SelfTradePrevention::CancelOldest,
    SelfTradePrevention::CancelBoth,
    SelfTradePrevention::DecrementAndCancel,
];

/// The clock is the test's: waiting for the matcher takes no time.
async fn cancel_all_at_once(market: &app::market::Market, user: UserId, pair: PairId) -> bool {
    cancel_all(market, user, pair, None).await.is_ok()
}

/// What streams tell of between two moments. Several changes of one account come as one here, so
/// versions in between are made up.
fn changes(from: &Rows, to: &Rows) -> Vec<StreamRow> {
    let changed = to.iter().filter(|(key, row)| from.get(*key) != Some(*row));
    let told = changed.map(|(key, row)| told_of(key, from.get(key), row));
    told.collect()
}

fn told_of((table, _): &Key, before: Option<&Row>, after: &Row) -> StreamRow {
    let stem = TABLES[*table].stem;
    let followed = [ACCOUNTS.stem, JOURNAL.stem, ORDERS.stem].contains(&stem);
    if !followed {
        return StreamRow::Other;
    }
    let before = before.cloned().unwrap_or_default();
    stream_row(stem, before.into(), after.clone().into()).expect("a row of ours")
}

/// Each version is logged once: the last of them has all that changed.
async fn follow_account(market: &app::market::Market, before: Option<Account>, after: Account) {
    let from = before.as_ref().map_or(0, |account| account.version);
    let mut previous = before;
    for version in from + 1..=after.version {
        let step = match &previous {
            Some(previous) if version < after.version => Account { version, ..previous.clone() },
            _ => Account { version, ..after.clone() },
        };
        let activity = Activity::between(previous.as_ref(), &step).expect("sound");
        if let Some(activity) = activity {
            let change = Changed { before: previous.as_ref(), activity };
            let folded = follow_accounts(market, &[change]).await.expect("logged");
            folded.into_iter().for_each(|(_, outcome)| outcome.expect("folded"));
        }
        previous = Some(step);
    }
}
