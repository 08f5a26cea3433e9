//! One bot: how it trades, and how it leaves. How a request reaches the market is not known
//! here.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::order::Side;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    DemoError,
    chance::Chance,
    floor::Floor,
    listing::{Listing, Page, REACH, UNITS_MAX},
    session::Session,
};

/// Orders of a market maker that rest in one market.
const QUOTES_MAX: usize = 6;
/// Orders of one who waits that rest in one market.
const WAITING_MAX: usize = 10;
/// How often a market is asked to cancel all; each time takes it a second if it is behind.
const CANCELS_MAX: u32 = 30;

/// What a bot does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Offers to buy and to sell around the middle, and moves with it.
    Maker,
    /// Takes what is offered.
    Taker,
    /// Waits for a price that is better than the market's.
    Rester,
}

/// A bot.
#[derive(Debug)]
pub(super) struct Bot {
    session: Session,
    role: Role,
    chance: Chance,
    /// All orders of this run.
    orders: BTreeSet<String>,
    /// Those that may rest, by market, the oldest first.
    resting: BTreeMap<String, VecDeque<String>>,
}

/// What became of sending an order.
enum Placed {
    Accepted(String),
    Refused,
    /// There is to be no more.
    Over,
}

#[derive(Deserialize)]
struct Accepted {
    id: String,
}

#[derive(Deserialize)]
struct CancelledAll {
    done: bool,
}

#[derive(Deserialize)]
struct Order {
    id: String,
    status: String,
    executed: String,
}

/// What became of a bot's orders.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reckoning {
    /// Filled whole.
    pub(super) filled: u64,
    /// Filled in part.
    pub(super) filled_in_part: u64,
    /// Not over yet, whatever was filled.
    pub(super) open: u64,
}

impl Bot {
    /// The bot of this number: of five, three make markets, one takes, and one waits.
    pub(super) fn new(session: Session, number: usize, chance: Chance) -> Self {
        let role = match number % 5 {
            1 => Role::Taker,
            4 => Role::Rester,
            _ => Role::Maker,
        };
        Self { session, role, chance, orders: BTreeSet::new(), resting: BTreeMap::new() }
    }

    /// Trades until there is to be no more.
    pub(super) async fn trade(
        &mut self,
        floor: &Floor,
        listings: &[Listing],
    ) -> Result<(), DemoError> {
        while let Some(listing) = self.chance.one_of(listings) {
            let goes_on = match self.role {
                Role::Maker => self.make(floor, listing).await?,
                Role::Taker => self.take(floor, listing).await?,
                Role::Rester => self.wait(floor, listing).await?,
            };
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    /// Moves the middle, offers on both sides of it, and takes back what is oldest.
    async fn make(&mut self, floor: &Floor, listing: &Listing) -> Result<bool, DemoError> {
        listing.drift(&mut self.chance);
        for side in [Side::Buy, Side::Sell] {
            let off = self.chance.between(1, 3);
            if !self.offer(floor, listing, side, off, true).await? {
                return Ok(false);
            }
        }
        self.take_back(listing, QUOTES_MAX).await?;
        Ok(true)
    }

    async fn wait(&mut self, floor: &Floor, listing: &Listing) -> Result<bool, DemoError> {
        let (side, off) = (self.side(), self.chance.between(3, REACH));
        if !self.offer(floor, listing, side, off, false).await? {
            return Ok(false);
        }
        self.take_back(listing, WAITING_MAX).await?;
        Ok(true)
    }

    fn side(&mut self) -> Side {
        if self.chance.between(0, 1) == 0 { Side::Buy } else { Side::Sell }
    }

    async fn offer(
        &mut self,
        floor: &Floor,
        listing: &Listing,
        side: Side,
        off: i64,
        post_only: bool,
    ) -> Result<bool, DemoError> {
        let units = self.chance.between(1, UNITS_MAX / 2);
        let order = json!({
            "market": listing.name,
            "side": side.as_str(),
            "type": "limit",
            "price": listing.price_text(side, off),
            "quantity": listing.quantity_text(units),
            "post_only": post_only,
        });
        match self.place(floor, order).await? {
            Placed::Accepted(id) => {
                self.resting.entry(listing.name.clone()).or_default().push_back(id);
                Ok(true)
            }
            Placed::Refused => Ok(true),
            Placed::Over => Ok(false),
        }
    }

    /// Takes at a price, by a quantity, or for funds.
    async fn take(&mut self, floor: &Floor, listing: &Listing) -> Result<bool, DemoError> {
        let (side, units) = (self.side(), self.chance.between(1, UNITS_MAX));
        let mut order = json!({ "market": listing.name, "side": side.as_str(), "type": "market" });
        match self.chance.between(0, 3) {
            0 => order["quantity"] = listing.quantity_text(units).into(),
            1 if side == Side::Buy => order["funds"] = listing.funds_text(units).into(),
            _ => {
                let off = self.chance.between(1, 4);
                order["type"] = "limit".into();
                order["time_in_force"] = "IOC".into();
                order["price"] = listing.price_text(side, -off).into();
                order["quantity"] = listing.quantity_text(units).into();
            }
        }
        Ok(!matches!(self.place(floor, order).await?, Placed::Over))
    }

    async fn place(&mut self, floor: &Floor, order: Value) -> Result<Placed, DemoError> {
        let Some(number) = floor.next().await else { return Ok(Placed::Over) };
        let answer = self.session.post("/api/v1/orders", &format!("order-{number}"), order).await?;
        if !answer.succeeded() {
            floor.count(Some(answer.code()));
            return Ok(Placed::Refused);
        }
        floor.count(None);
        let Accepted { id } = answer.read("an order")?;
        self.orders.insert(id.clone());
        Ok(Placed::Accepted(id))
    }

    /// Cancels the oldest orders that may rest in a market until so many are left. One that is
    /// over by now is no loss.
    async fn take_back(&mut self, listing: &Listing, left: usize) -> Result<(), DemoError> {
        let Some(resting) = self.resting.get_mut(&listing.name) else { return Ok(()) };
        while resting.len() > left
            && let Some(id) = resting.pop_front()
        {
            let answer = self.session.delete(&format!("/api/v1/orders/{id}")).await?;
            if !answer.succeeded() && answer.status != 409 {
                return Err(answer.refused("a cancellation"));
            }
        }
        Ok(())
    }

    /// Cancels all of the user's orders in these markets, those of earlier runs too, and looks at
    /// what became of this run's.
    pub(super) async fn leave(&mut self, cancels: &[Listing]) -> Result<Reckoning, DemoError> {
        for listing in cancels {
            self.cancel_all(listing).await?;
        }
        self.reckon().await
    }

    async fn cancel_all(&mut self, listing: &Listing) -> Result<(), DemoError> {
        let path = format!("/api/v1/orders?market={}", listing.name);
        for _ in 0..CANCELS_MAX {
            let answer = self.session.delete(&path).await?;
            let CancelledAll { done } = answer.read("cancelling all orders")?;
            if done {
                return Ok(());
            }
        }
        Err(DemoError::NotCancelled {
            username: self.session.username().to_owned(),
            market: listing.name.clone(),
        })
    }

    /// Reads its list, newest first, until all orders of this run were in it; one that the list
    /// does not know yet is asked for by itself.
    async fn reckon(&mut self) -> Result<Reckoning, DemoError> {
        let mut reckoning = Reckoning::default();
        let mut left = std::mem::take(&mut self.orders);
        let mut path = "/api/v1/orders?limit=100".to_owned();
        while !left.is_empty() {
            let page: Page<Order> = self.session.get(&path).await?.read("the list of orders")?;
            for order in page.data.iter().filter(|order| left.remove(&order.id)) {
                reckoning.count(order);
            }
            let Some(cursor) = page.next_cursor else { break };
            path = format!("/api/v1/orders?limit=100&cursor={cursor}");
        }
        for id in left {
            let answer = self.session.get(&format!("/api/v1/orders/{id}")).await?;
            reckoning.count(&answer.read("an order")?);
        }
        Ok(reckoning)
    }
}

impl Reckoning {
    fn count(&mut self, order: &Order) {
        if matches!(&*order.status, "pending" | "open" | "partially_filled") {
            self.open = self.open.saturating_add(1);
        }
        let something = order.executed.bytes().any(|digit| matches!(digit, b'1'..=b'9'));
        if order.status == "filled" {
            self.filled = self.filled.saturating_add(1);
        } else if something {
            self.filled_in_part = self.filled_in_part.saturating_add(1);
        }
    }

    /// With another bot's.
    pub(super) fn with(self, other: Self) -> Self {
        Self {
            filled: self.filled.saturating_add(other.filled),
            filled_in_part: self.filled_in_part.saturating_add(other.filled_in_part),
            open: self.open.saturating_add(other.open),
        }
    }
}
