//! Placing, changing, cancelling and finding orders. All of it is accepted here and decided by
//! the pair's matcher, which is rung for.

use domain::{
    amount::Money,
    book::{self, Book, Event},
    command::{CommandId, Instruction},
    commit::Commit,
    id::{EntryId, OrderId, UserId},
    ledger::{Cause, Entry, Guard, Outcome, Placement},
    market_event::Head,
    order::{Order, OrderStatus, Side, Working},
    pair::{Lots, Pair, PairId, PairStatus, Ticks},
    placement::{Pricing, Wanted, accept, amend, instruct, place},
    refusal::{Declined, Missing, Refusal},
    time::{Span, Timestamp},
};

use crate::{
    market::{Asked, Market, TRIES_MAX, client_order_entry},
    paging::{Listing, filtered},
    perform::{Answer, Failed, Freshness, Operation, perform},
    ports::{CommitError, EntryQuery, EventQuery, EventStretch, OrderState, Page, Position},
};

/// How long a cancellation is waited for before the client is told that it is under way.
const WAITS_MS: [u32; 7] = [5, 10, 25, 60, 150, 300, 450];

/// An order by the actor.
#[derive(Debug, Clone)]
pub struct PlaceOrder {
    /// In which pair.
    pub pair: PairId,
    /// What is wanted.
    pub wanted: Wanted,
    /// The entry that the client's own id stands for, if the guard's is another.
    pub name: Option<EntryId>,
}

impl Operation for PlaceOrder {
    type Loaded = (Pair, Option<Ticks>);

    async fn load(
        &self,
        market: &Market,
        freshness: Freshness,
    ) -> Result<(Pair, Option<Ticks>), Failed> {
        let pair = market.pairs.get(self.pair, freshness).await?;
        let reference = reference(market, &pair, &self.wanted, freshness).await?;
        Ok((pair, reference))
    }

    fn decide(&self, guard: &Guard, loaded: &Self::Loaded) -> Result<Commit, Declined> {
        let (pair, reference) = loaded;
        place(guard, &self.wanted, pair, *reference, self.name)
    }
}

async fn reference(
    market: &Market,
    pair: &Pair,
    wanted: &Wanted,
    freshness: Freshness,
) -> Result<Option<Ticks>, Failed> {
    match wanted.pricing {
        Pricing::Limit { .. } => Ok(None),
        Pricing::Market => Ok(market.depths.get(pair, freshness).await?.reference(wanted.side)),
    }
}

/// Places an order and rings for its matcher. The answer is of the order as it was accepted,
/// the first time and every other time.
///
/// # Errors
/// As [`perform`]; [`Missing::Market`].
pub async fn place_order(
    market: &Market,
    asked: &Asked,
    operation: &PlaceOrder,
) -> Result<Answer, Failed> {
    let answer = perform(market, asked, operation).await?;
    if let Outcome::Placed(placement) = &answer.entry.outcome {
        let id = CommandId { at: answer.entry.at, bits: answer.entry.id.bits() };
        market.ring(placement.steps.pair(), id).await;
    }
    Ok(answer)
}

/// A change of one of the actor's orders.
#[derive(Debug, Clone, Copy)]
pub struct AmendOrder {
    /// Which order.
    pub order: OrderId,
    /// Its new price.
    pub price: Option<Ticks>,
    /// Its new quantity in all.
    pub lots: Option<Lots>,
}

impl Operation for AmendOrder {
    type Loaded = (Pair, OrderView);

    async fn load(&self, market: &Market, _: Freshness) -> Result<(Pair, OrderView), Failed> {
        let view = view(market, self.order).await?.ok_or(Missing::Order)?;
        let pair = market.pairs.get(view.placement.steps.pair(), Freshness::Fresh).await?;
        Ok((pair, view))
    }

    fn decide(&self, guard: &Guard, loaded: &Self::Loaded) -> Result<Commit, Declined> {
        let (pair, view) = loaded;
        if view.placement.order.user != guard.actor {
            return Err(Missing::Order.into());
        }
        if view.is_over() {
            return Err(Refusal::OrderClosed { status: view.status() }.into());
        }
        amend(guard, pair, &view.working(), self.price, self.lots)
    }
}

/// Accepts a change of an order and rings for its matcher, which decides about it.
///
/// # Errors
/// As [`perform`]; [`Missing::Order`], also for another's.
pub async fn amend_order(
    market: &Market,
    asked: &Asked,
    operation: &AmendOrder,
) -> Result<Answer, Failed> {
    let answer = perform(market, asked, operation).await?;
    if let Outcome::Amended(amendment) = &answer.entry.outcome {
        let id = CommandId { at: answer.entry.at, bits: answer.entry.id.bits() };
        market.ring(amendment.steps.pair(), id).await;
    }
    Ok(answer)
}

/// An order as it was accepted, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderView {
    /// As it was accepted.
    pub placement: Placement,
    /// How far it has come.
    pub state: OrderState,
}

impl OrderView {
    /// The order and its tally; it may have been amended since it was accepted.
    #[must_use]
    pub fn working(&self) -> Working {
        match &self.state {
            OrderState::Pending => self.placement.order.begun(self.placement.hold.amount),
            OrderState::Resting(resting) => resting.working,
            OrderState::Closed(closed) => closed.working,
        }
    }

    /// Its status in one word.
    #[must_use]
    pub fn status(&self) -> OrderStatus {
        match &self.state {
            OrderState::Pending => OrderStatus::Pending,
            OrderState::Resting(resting) => OrderStatus::working(&resting.working.tally),
            OrderState::Closed(closed) => OrderStatus::closed(closed.reason, &closed.working.tally),
        }
    }

    /// Whether nothing more can become of it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.state, OrderState::Closed(_))
    }
}

async fn view(market: &Market, id: OrderId) -> Result<Option<OrderView>, Failed> {
    let Some(entry) = market.store.entry(EntryId::from_bits(id.bits())).await? else {
        return Ok(None);
    };
    let Outcome::Placed(placement) = entry.outcome else { return Ok(None) };
    let wanted = [(placement.steps.pair(), id)];
    let state = market.store.order_states(&wanted).await?.into_iter().next();
    Ok(Some(OrderView { placement, state: state.unwrap_or(OrderState::Pending) }))
}

/// An order of the viewer's, or any for an administrator.
///
/// # Errors
/// [`Missing::Order`], also for another's.
pub async fn find_order(
    market: &Market,
    id: OrderId,
    viewer: UserId,
    admin: bool,
) -> Result<OrderView, Failed> {
    let found = view(market, id).await?;
    Ok(found.filter(|view| admin || view.placement.order.user == viewer).ok_or(Missing::Order)?)
}

/// The order that a client's own id stands for.
///
/// # Errors
/// [`Missing::Order`].
pub async fn find_by_client_id(
    market: &Market,
    user: UserId,
    client_order_id: &str,
) -> Result<OrderView, Failed> {
    let named = market.store.entry(client_order_entry(user, client_order_id)).await?;
    let entry = match named.ok_or(Missing::Order)? {
        Entry { outcome: Outcome::SameAs(id), .. } => id,
        entry => entry.id,
    };
    find_order(market, OrderId::from_bits(entry.bits()), user, false).await
}

/// Which of a user's orders someone looks for.
#[derive(Debug, Clone, Copy, Default)]
pub struct OrderFilter {
    /// Only of this pair.
    pub pair: Option<PairId>,
    /// Only of this side.
    pub side: Option<Side>,
    /// Only of this status.
    pub status: Option<Wished>,
}

/// What a status filter says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wished {
    /// Orders that are not over.
    Working,
    /// Orders that are over.
    Over,
    /// Exactly this.
    Exactly(OrderStatus),
}

impl OrderFilter {
    fn fits(&self, view: &OrderView) -> bool {
        let order = &view.placement.order;
        self.pair.is_none_or(|pair| view.placement.steps.pair() == pair)
            && self.side.is_none_or(|side| order.side == side)
            && self.status.is_none_or(|wished| match wished {
                Wished::Working => !view.is_over(),
                Wished::Over => view.is_over(),
                Wished::Exactly(status) => view.status() == status,
            })
    }
}

/// A user's orders, newest first. One that was placed just now may be missing.
///
/// # Errors
/// The store's own.
pub async fn list_orders(
    market: &Market,
    user: UserId,
    filter: &OrderFilter,
    after: Option<Position>,
    limit: u32,
) -> Result<Listing<OrderView>, Failed> {
    let read = |after| async move {
        let page = market.store.placements(&EntryQuery { user, after, limit }).await?;
        let placements = page.rows.into_iter().filter_map(|entry| match entry.outcome {
            Outcome::Placed(placement) => Some(placement),
            _ => None,
        });
        let placements: Vec<_> = placements.collect();
        let wanted: Vec<_> = placements
            .iter()
            .map(|placement| (placement.steps.pair(), placement.order.id))
            .collect();
        let states = market.store.order_states(&wanted).await?;
        let views = placements.into_iter().zip(states);
        let rows = views.map(|(placement, state)| OrderView { placement, state }).collect();
        Ok(Page { rows, more: page.more })
    };
    let position = |view: &OrderView| {
        let Order { id, placed_at, .. } = view.placement.order;
        Position { key: placed_at.millis(), tie: id.bits() }
    };
    Ok(filtered(limit, after, read, position, |view| filter.fits(view)).await?)
}

/// The fills of an order, newest first.
///
/// # Errors
/// The store's own.
pub async fn order_fills(
    market: &Market,
    view: &OrderView,
    after: Option<Position>,
    limit: u32,
) -> Result<Listing<Entry>, Failed> {
    let Order { id, user, placed_at, .. } = view.placement.order;
    let latest = match &view.state {
        OrderState::Closed(closed) => closed.at,
        _ => Timestamp::MAX,
    };
    // Fills lie between the order's acceptance and its end.
    let end = Position { key: latest.millis().saturating_add(1), tie: 0 };
    let after = after.map_or(end, |after| after.min(end));
    let read = |after| async move {
        let mut page = market.store.entries(&EntryQuery { user, after, limit }).await?;
        let count = page.rows.len();
        page.rows.retain(|entry| entry.at >= placed_at);
        page.more &= page.rows.len() == count;
        Ok(page)
    };
    let of_order = |entry: &Entry| {
        matches!(&entry.outcome, Outcome::Moved(movement)
            if matches!(&movement.cause, Cause::Fill(fill) if fill.taker == id || fill.maker == id))
    };
    Ok(filtered(limit, Some(after), read, EntryQuery::position, of_order).await?)
}

/// What became of a cancellation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancelling {
    /// The order as it is now.
    pub view: OrderView,
    /// Whether the matcher has come to it.
    pub done: bool,
}

/// Cancels an order of the actor's, and waits a second at most for the matcher to do it.
///
/// # Errors
/// [`Missing::Order`], also for another's; [`Refusal::MarketNotTrading`] while the market is
/// halted; [`Failed::Busy`]; the store's own.
pub async fn cancel_order(
    market: &Market,
    actor: UserId,
    id: OrderId,
) -> Result<Cancelling, Failed> {
    let view = find_order(market, id, actor, false).await?;
    if view.is_over() {
        return Ok(Cancelling { view, done: true });
    }
    let pair = view.placement.steps.pair();
    let placed_at = view.placement.order.placed_at;
    let command = log(market, pair, Instruction::Cancel(id), placed_at).await?;
    let done = await_command(market, pair, command).await?;
    let view = find_order(market, id, actor, false).await?;
    Ok(Cancelling { done: done || view.is_over(), view })
}

/// Cancels all of the actor's orders in a pair, and waits a second at most for the matcher to do
/// it: whether it has.
///
/// # Errors
/// [`Missing::Market`]; [`Refusal::MarketNotTrading`] while it is halted; [`Failed::Busy`].
pub async fn cancel_all(
    market: &Market,
    actor: UserId,
    pair: PairId,
    side: Option<Side>,
) -> Result<bool, Failed> {
    let instruction = Instruction::CancelAll { user: actor, side };
    let command = log(market, pair, instruction, market.clock.now()).await?;
    await_command(market, pair, command).await
}

/// From `deadline` on the actor's orders in a pair end by themselves, unless it is moved in time.
///
/// # Errors
/// [`Missing::Market`]; [`Failed::Busy`].
pub async fn cancel_after(
    market: &Market,
    actor: UserId,
    pair: PairId,
    deadline: Option<Timestamp>,
) -> Result<(), Failed> {
    let instruction = Instruction::CancelAfter { user: actor, deadline };
    log(market, pair, instruction, market.clock.now()).await?;
    Ok(())
}

/// Puts an instruction into a pair's log and rings. It stands there after all that was placed
/// by `after`: in the same millisecond, or by a clock that is ahead of this one, too.
async fn log(
    market: &Market,
    pair: PairId,
    instruction: Instruction,
    after: Timestamp,
) -> Result<CommandId, Failed> {
    let pair = market.pairs.get(pair, Freshness::Cached).await?;
    let cancels = matches!(instruction, Instruction::Cancel(_) | Instruction::CancelAll { .. });
    if cancels && pair.status == PairStatus::Halted {
        let refusal = Refusal::MarketNotTrading { status: pair.status };
        return Err(Declined::from(refusal).into());
    }
    let id = CommandId::after(after, market.clock.now(), market.entropy.bits());
    let commit = instruct(&pair, id, instruction);
    for attempt in 0..TRIES_MAX {
        match market.store.commit(&commit).await {
            Ok(()) => {
                market.ring(pair.id(), id).await;
                return Ok(id);
            }
            Err(CommitError::Conflict) => market.back_off(attempt).await,
            // Its place is taken by nobody but itself: an answer was lost.
            Err(CommitError::Refused(_)) => return Ok(id),
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
    Err(Failed::Busy)
}

async fn await_command(market: &Market, pair: PairId, id: CommandId) -> Result<bool, Failed> {
    for wait_ms in WAITS_MS {
        if market.store.command(pair, id).await?.is_none() {
            return Ok(true);
        }
        market.clock.sleep(Span::millis(wait_ms)).await;
    }
    Ok(market.store.command(pair, id).await?.is_none())
}

/// What an order would come to.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The order as it would be accepted.
    pub order: Order,
    /// What would be held for it.
    pub hold: Money,
    /// What the actor has available of that.
    pub available: Money,
    /// What would happen in the book as it is now.
    pub events: Vec<Event>,
    /// The number of the event that the book is as of.
    pub seq: u64,
    /// The pair.
    pub pair: Pair,
}

/// What an order would come to now: accepted and matched by the very code that would do it,
/// against the book as it is, with nothing written.
///
/// # Errors
/// What the order would be refused for.
pub async fn preview_order(
    market: &Market,
    actor: UserId,
    operation: &PlaceOrder,
) -> Result<Preview, Failed> {
    let (pair, reference) = operation.load(market, Freshness::Fresh).await?;
    let guard = Guard {
        entry: EntryId::from_bits(0),
        actor,
        fingerprint: domain::ledger::Fingerprint([0; 16]),
        request_id: String::new(),
        at: market.clock.now(),
    };
    let (order, hold) =
        accept(&guard, &operation.wanted, &pair, reference).map_err(Declined::from)?;
    let stretch = EventStretch::Before(u64::MAX);
    let newest = EventQuery { pair: pair.id(), stretch, limit: 1 };
    let newest = market.store.events(&newest).await?.rows.into_iter().next();
    let resting = market.store.resting(pair.id()).await?;
    let standing = newest.as_ref().map_or_else(|| Head::of_new(&pair), |event| event.head).standing;
    let resting = resting.into_iter().map(|resting| resting.working);
    let mut book = Book::restore(pair.steps, standing, resting);
    let mut events = Vec::new();
    let working = order.begun(hold.amount);
    book.apply(&book::Command::Place { working, resumed: false }, &mut events);
    let account = market.store.account(actor).await?.ok_or(Missing::User)?;
    let available = Money { amount: account.balance(hold.currency.code).available, ..hold };
    let seq = newest.map_or(0, |event| event.head.seq);
    Ok(Preview { order, hold, available, events, seq, pair })
}
