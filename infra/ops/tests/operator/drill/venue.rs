//! A venue beside the drill's world: it takes orders, sometimes without saying so, fills parts of
//! them and says so, sometimes. Its book is the witness of what became of each order.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
};

use app::{
    market::Market,
    ports::{VENUE_DUE_PARTS, VenueConnector},
    venues::{
        PlaceVenueOrder, cancel_order, place_order, reports,
        routing::{self, Outside},
    },
};
use async_trait::async_trait;
use domain::{
    amount::Amount,
    currency::Scale,
    id::{UserId, VenueOrderId},
    ledger::Outcome,
    order::Side,
    time::{Span, Timestamp},
    venue::{
        Execution, Instrument, Listing, Phase, Pricing, Report, SendFailure, Venue, VenueAnswer,
        VenueId, VenueOrder, VenueState, VenueStatus, Wanted,
    },
    webhook::SealedSecret,
};
use dynamo::{DynamoStore, scan};
use testkit::{
    builders::{Fair, asked, earth, start},
    dead_letters::RecordingDeadLetters,
    entropy::SeededEntropy,
};

use crate::stage::Stage;

/// Longer than any order may be valid.
const FAR: Span = Span::seconds(100 * 24 * 3600);

pub(crate) fn nyx() -> VenueId {
    "nyx".parse().expect("a venue")
}

fn pieces(count: i64) -> Amount {
    Amount::from_minor(count).expect("pieces")
}

fn instrument() -> Instrument {
    "DOTUSDT00008".parse().expect("an instrument")
}

/// The venue, and what is asked of it in one world.
pub(crate) struct Nyx {
    book: Mutex<BTreeMap<VenueOrderId, VenueState>>,
    /// Whether it cancels whatever it is sent.
    closes: AtomicBool,
    /// How many orders it was asked for that it did not know.
    strangers: Mutex<u32>,
    dice: SeededEntropy,
    letters: RecordingDeadLetters,
    /// Who placed what.
    orders: Mutex<Vec<(UserId, VenueOrderId)>>,
}

impl Nyx {
    pub(crate) async fn new(store: &DynamoStore, seed: u64) -> Self {
        let listing = Listing {
            instrument: instrument(),
            reference: Some(
                Amount::parse("1.50", Scale::new(2).expect("a scale")).expect("a price"),
            ),
        };
        let venue = Venue {
            id: nyx(),
            name: "New York Cross".parse().expect("a name"),
            currency: earth().currency,
            url: "https://nyx.example".to_owned(),
            secret: SealedSecret("sealed".to_owned()),
            listings: vec![listing],
            collar_bps: 200,
            concurrency_max: 4,
            rate_max: 1_000,
            suspended: false,
            created_at: start(),
            version: 1,
        };
        assert!(app::ports::Venues::put_venue(store, &venue).await.expect("a venue"));
        Self {
            book: Mutex::default(),
            closes: AtomicBool::new(false),
            strangers: Mutex::default(),
            dice: SeededEntropy::new(seed),
            letters: RecordingDeadLetters::default(),
            orders: Mutex::default(),
        }
    }

    fn book(&self) -> MutexGuard<'_, BTreeMap<VenueOrderId, VenueState>> {
        self.book.lock().expect("no panic")
    }

    pub(crate) fn strangers(&self) -> u32 {
        *self.strangers.lock().expect("no panic")
    }

    fn below(&self, count: u64) -> u64 {
        self.dice.next() % count.max(1)
    }

    fn outside(&self) -> Outside<'_> {
        Outside { connector: self, dead_letters: &self.letters }
    }

    fn one_of_ours(&self) -> Option<(UserId, VenueOrderId)> {
        let orders = self.orders.lock().expect("no panic");
        let count = u64::try_from(orders.len()).expect("few");
        orders.get(usize::try_from(self.below(count)).expect("few")).copied()
    }

    /// Something happens at the venue, or on the way to it.
    pub(crate) async fn step(&self, fair: &Fair, user: UserId, number: u64) {
        match self.below(5) {
            0 | 1 => {
                let side = if self.below(3) == 0 { Side::Sell } else { Side::Buy };
                let _placed = self.place(&fair.market, user, side, number).await;
            }
            2 => {
                let says_so = self.below(3) > 0;
                self.fill_one(&fair.market, says_so).await;
            }
            3 if self.below(4) == 0 => {
                let Some((user, order)) = self.one_of_ours() else { return };
                cancel_order(&fair.market, nyx(), order, user).await.expect("asked for");
            }
            _ => {
                let Some((_, order)) = self.one_of_ours() else { return };
                self.see_to(fair, order).await;
            }
        }
    }

    /// Whether an order was accepted.
    pub(crate) async fn place(
        &self,
        market: &Market,
        user: UserId,
        side: Side,
        number: u64,
    ) -> bool {
        let price = pieces(100 + i64::try_from(self.below(100)).expect("few"));
        let quantity = pieces(2 + i64::try_from(self.below(8)).expect("few"));
        let pricing = Pricing::Limit(price);
        let wanted =
            Wanted { side, pricing, instrument: instrument(), quantity, valid_until: None };
        let operation = PlaceVenueOrder { venue: nyx(), wanted };
        let asked = asked(user, &format!("venue-{number}"), "venue order");
        let Ok(answer) = place_order(market, &asked, &operation).await else { return false };
        let Outcome::Routed(terms) = answer.entry.outcome else { return false };
        self.orders.lock().expect("no panic").push((user, terms.id));
        true
    }

    /// The venue fills a part of an order, at the order's limit, and perhaps says so.
    async fn fill_one(&self, market: &Market, says_so: bool) {
        let Some((_, id)) = self.one_of_ours() else { return };
        let Some(order) = market.store.venue_order(id).await.expect("a read") else { return };
        let Some(state) = self.fill(&order, pieces(1)) else { return };
        if says_so {
            let report = Report { order: id, state };
            let received = reports::receive(market, nyx(), &report, &self.letters).await;
            assert_eq!(received.expect("settled"), reports::Received::Applied);
        }
    }

    pub(crate) async fn fill_and_report(&self, market: &Market) {
        self.fill_one(market, true).await;
    }

    /// Orders are seen to until the venue has all of them, and we know it.
    pub(crate) async fn has_taken_all(&self, fair: &Fair) -> bool {
        for _ in 0..20 {
            let mut placed = true;
            for id in Self::open(&fair.market).await {
                let order = fair.market.store.venue_order(id).await.expect("a read");
                let order = order.expect("an order");
                if order.phase != Phase::Placed {
                    placed = false;
                    fair.clock.set(order.next_at.max(fair.market.clock.now()));
                    self.see_to(fair, id).await;
                }
            }
            if placed {
                return true;
            }
        }
        false
    }

    /// What it says of a fill, if it has the order and the order is open.
    fn fill(&self, order: &VenueOrder, most: Amount) -> Option<VenueState> {
        let mut book = self.book();
        let state = book.get_mut(&order.terms.id).filter(|it| it.status == VenueStatus::Open)?;
        let left = order.terms.quantity.checked_sub(state.executed).expect("never more");
        let quantity = left.min(most);
        let number = state.executions.len();
        let id = format!("{}.{number}", order.terms.id).parse().expect("a name");
        let execution = Execution { id, quantity, price: order.terms.price };
        state.executed = state.executed.checked_add(quantity).expect("never more");
        if state.executed == order.terms.quantity {
            state.status = VenueStatus::Filled;
        }
        state.executions.push(execution.clone());
        Some(VenueState { executions: vec![execution], ..state.clone() })
    }

    /// Whoever is woken for an order does what is to be done now.
    async fn see_to(&self, fair: &Fair, id: VenueOrderId) {
        let store = &fair.market.store;
        let Some(order) = store.venue_order(id).await.expect("a read") else { return };
        routing::work(&fair.market, order.task(), self.outside()).await.expect("seen to");
    }

    /// Orders that are not over, of the whole market.
    async fn open(market: &Market) -> Vec<VenueOrderId> {
        let far = market.clock.now().plus(FAR);
        let mut open = Vec::new();
        for part in 0..VENUE_DUE_PARTS {
            open.extend(market.store.due_venue_orders(part, far, 100).await.expect("a page"));
        }
        open
    }

    /// Everything that was accepted is sent, as far as it has not been.
    pub(crate) async fn send_all(&self, fair: &Fair) {
        for id in Self::open(&fair.market).await {
            self.see_to(fair, id).await;
        }
    }

    /// The venue cancels what is left of everything, and whatever comes; and every order is seen
    /// to until it is over.
    pub(crate) async fn close(&self, fair: &Fair) {
        self.closes.store(true, Ordering::Relaxed);
        for state in self.book().values_mut() {
            if state.status == VenueStatus::Open {
                state.status = VenueStatus::Cancelled;
            }
        }
        for _ in 0..40 {
            let open = Self::open(&fair.market).await;
            if open.is_empty() {
                return;
            }
            for id in open {
                let order = fair.market.store.venue_order(id).await.expect("a read");
                let due: Option<Timestamp> = order.and_then(|order| order.due_at());
                let now = fair.market.clock.now();
                fair.clock.set(due.unwrap_or(now).max(now).plus(Span::millis(1)));
                self.see_to(fair, id).await;
            }
        }
        panic!("orders are not over: {:?}", Self::open(&fair.market).await);
    }

    /// Each order here is filled as far as it is there; and nothing is disputed.
    pub(crate) async fn bears_out(&self, stage: &Stage) -> usize {
        let read = scan::read_all(&stage.engine.client(), &stage.tables).await.expect("rows");
        let orders = read.rows.into_iter().filter_map(|row| match row {
            app::repair::Row::VenueOrder(order) => Some(order),
            _ => None,
        });
        let mut count = 0;
        for order in orders {
            let book = self.book();
            let there = book.get(&order.terms.id);
            let executed = there.map_or(Amount::ZERO, |state| state.executed);
            assert!(order.is_over(), "{order:?}");
            assert_eq!(order.executed, executed, "{order:?}, {there:?}");
            count += 1;
        }
        assert_eq!(self.letters.letters(), [], "nothing is disputed");
        count
    }
}

#[async_trait]
impl VenueConnector for Nyx {
    async fn place(&self, _: &Venue, order: &VenueOrder) -> VenueAnswer {
        let reached = self.below(5);
        if reached == 0 {
            return VenueAnswer::Failed(SendFailure::TimedOut);
        }
        let reference = format!("X-{}", order.terms.id).parse().expect("a name");
        let closes = self.closes.load(Ordering::Relaxed);
        let state = VenueState {
            reference,
            status: if closes { VenueStatus::Cancelled } else { VenueStatus::Open },
            executed: Amount::ZERO,
            executions: Vec::new(),
        };
        let state = self.book().entry(order.terms.id).or_insert(state).clone();
        if reached == 1 {
            return VenueAnswer::Failed(SendFailure::TimedOut);
        }
        VenueAnswer::Known(state)
    }

    async fn find(&self, _: &Venue, order: &VenueOrder) -> VenueAnswer {
        match self.book().get(&order.terms.id) {
            Some(state) => VenueAnswer::Known(state.clone()),
            None => {
                *self.strangers.lock().expect("no panic") += 1;
                VenueAnswer::Unknown
            }
        }
    }

    async fn cancel(&self, venue: &Venue, order: &VenueOrder) -> VenueAnswer {
        if let Some(state) = self.book().get_mut(&order.terms.id)
            && state.status == VenueStatus::Open
        {
            state.status = VenueStatus::Cancelled;
        }
        self.find(venue, order).await
    }
}
