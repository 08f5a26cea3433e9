//! One commit of a matcher as it grows: net per wallet and per order.

use std::collections::BTreeMap;

use crate::{
    account::{Change as AccountChange, Leg},
    activity::{News, OrderNews, RefusedAmendment},
    amount::Amount,
    book::{Event, Fill},
    command::{Command, Instruction},
    commit::{ClosedOrder, Commit, Resting, Write},
    currency::Currency,
    id::{EntryId, OrderId, TradeId, UserId},
    ledger::{
        Cause, Entry, Fill as Settled, Fingerprint, Holder, Movement, Outcome, Posting, Postings,
        Unsound,
    },
    market_event::{Change, Head, MarketEvent, Trade},
    order::{Closed, Order, Side, Size, Working},
    pair::{Lots, Steps},
    settlement::Origin,
    time::Timestamp,
};

/// The most that one event of a book adds to a commit: a fill's entry, two accounts, and a
/// resting order that is over and does not rest any more.
const WRITES_PER_EVENT_MAX: usize = 5;
/// What the end of a step adds: the order that takes, over and not resting any more (its
/// account is counted), and its command or a deadline with its command.
const WRITES_AT_END_MAX: usize = 4;

/// What a commit makes of an order.
#[derive(Debug, Clone, Copy)]
struct Trail {
    /// Whether it rested before the commit.
    rested: bool,
    now: Place,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Resting(Working),
    Closed(Working, Closed),
    /// In the matcher's hand: neither resting nor over.
    Taking(Working),
}

impl Trail {
    fn writes(self) -> usize {
        match (self.rested, self.now) {
            (true, Place::Closed(..)) => 2,
            (false, Place::Taking(_)) => 0,
            _ => 1,
        }
    }

    fn user(self) -> UserId {
        let (Place::Resting(working) | Place::Closed(working, _) | Place::Taking(working)) =
            self.now;
        working.order.user
    }

    fn news(self) -> OrderNews {
        match self.now {
            Place::Resting(working) | Place::Taking(working) => OrderNews::working(&working),
            Place::Closed(working, reason) => OrderNews::closed(&working, reason),
        }
    }
}

/// How much more a wallet has after the commit, in minor units.
#[derive(Debug, Clone, Copy, Default)]
struct Net {
    posted: i128,
    held: i128,
}

pub(super) struct Chunk {
    steps: Steps,
    at: Timestamp,
    head: Head,
    changes: Vec<Change>,
    entries: Vec<Entry>,
    orders: BTreeMap<OrderId, Trail>,
    order_writes: usize,
    /// Those that change or whose orders do, with the entry that is named as the account's last.
    accounts: BTreeMap<UserId, (EntryId, BTreeMap<Currency, Net>)>,
    /// What is told of changes of orders that are not made.
    refused: BTreeMap<UserId, Vec<RefusedAmendment>>,
    log: Vec<Write>,
}

impl Chunk {
    /// A commit after this head, still empty.
    pub(super) fn after(steps: Steps, before: Head, at: Timestamp) -> Self {
        let head = Head { seq: before.seq.saturating_add(1), begun: None, ..before };
        Self {
            steps,
            at,
            head,
            changes: Vec::new(),
            entries: Vec::new(),
            orders: BTreeMap::new(),
            order_writes: 0,
            accounts: BTreeMap::new(),
            refused: BTreeMap::new(),
            log: Vec::new(),
        }
    }

    /// The head after it.
    pub(super) fn head(&self) -> Head {
        self.head
    }

    pub(super) fn is_empty(&self) -> bool {
        self.writes() == 1 && self.changes.is_empty()
    }

    /// How many writes it has by now, its event included; a wallet that ends as it was counts.
    pub(super) fn writes(&self) -> usize {
        [self.entries.len(), self.order_writes, self.accounts.len(), self.log.len()]
            .into_iter()
            .fold(1, usize::saturating_add)
    }

    /// Whether another event, and the end of its step, might be too much.
    pub(super) fn is_full(&self) -> bool {
        self.writes().saturating_add(WRITES_PER_EVENT_MAX).saturating_add(WRITES_AT_END_MAX)
            > Commit::WRITES_MAX
    }

    /// Ends it in the middle of a command, which stays in the log: as far as it has come, if
    /// an order takes in it.
    pub(super) fn cut(&mut self, origin: &Origin, working: Option<Working>) {
        let Origin::Command(command) = *origin else { return };
        self.head.begun = Some(command.id);
        if let Some(working) = working {
            let instruction = Instruction::Place(working);
            self.log.push(Write::AdvanceCommand(Command { instruction, ..command }));
        }
    }

    /// Ends a step: what asked for it is done.
    pub(super) fn finish(&mut self, origin: &Origin) {
        let pair = self.steps.pair();
        match *origin {
            Origin::Command(Command { id, instruction, .. }) => {
                self.log.push(Write::RemoveCommand { pair, id });
                if let Instruction::CancelAfter { user, deadline } = instruction {
                    self.deadline(user, deadline);
                }
            }
            Origin::Unreadable(id) => self.log.push(Write::RemoveCommand { pair, id }),
            Origin::Deadline(user) => self.deadline(user, None),
            Origin::Expulsion => {}
        }
    }

    /// The last word on a user's deadline counts: no row is written twice.
    fn deadline(&mut self, of: UserId, deadline: Option<Timestamp>) {
        let pair = self.steps.pair();
        self.log.retain(|write| match write {
            Write::PutDeadline { user, .. } | Write::RemoveDeadline { user, .. } => *user != of,
            _ => true,
        });
        self.log.push(match deadline {
            Some(deadline) => Write::PutDeadline { pair, user: of, deadline },
            None => Write::RemoveDeadline { pair, user: of },
        });
    }

    pub(super) fn add(&mut self, event: &Event, origin: &Origin) -> Result<(), Unsound> {
        match event {
            Event::Rested(working) => {
                self.head.standing.sequence = working.tally.sequence;
                let order = working.order;
                self.changes.push(Change::Rested {
                    order: order.id,
                    side: order.side,
                    price: order.price,
                    lots: working.tally.open,
                });
                self.put(working, false, Place::Resting(*working));
            }
            Event::Filled(fill) => self.fill(fill)?,
            Event::Reduced { working, by, released, .. } => {
                self.remove(working, *by);
                self.put(working, true, Place::Resting(*working));
                self.release(working, *released);
            }
            Event::Prevented { working, released, .. } => {
                self.put(working, false, Place::Taking(*working));
                self.release(working, *released);
            }
            Event::Withdrawn { working, price, left, released } => {
                let mut before = *working;
                before.order.price = *price;
                self.remove(&before, *left);
                self.put(working, true, Place::Taking(*working));
                self.release(working, *released);
            }
            Event::Closed { working, left, reason, released } => {
                let rested = !left.is_zero();
                self.remove(working, *left);
                self.put(working, rested, Place::Closed(*working, *reason));
                self.release(working, *released);
            }
            Event::AmendRefused { order: stays, refusal: why, released } => {
                if let Origin::Command(Command { instruction, .. }) = origin
                    && let Instruction::Amend { order, user, side, .. } = *instruction
                {
                    self.told(user, order);
                    let refused = self.refused.entry(user).or_default();
                    refused.push(RefusedAmendment { order: *stays, why: *why });
                    self.held(user, order, side, *released);
                }
            }
            Event::StatusSet(status) => self.head.standing.status = *status,
        }
        Ok(())
    }

    fn fill(&mut self, fill: &Fill) -> Result<(), Unsound> {
        self.head.standing.trades = fill.number;
        self.head.standing.last_price = Some(fill.price);
        let (taker, maker) = (fill.taker.order, fill.maker.order);
        self.changes.push(Change::Traded(Trade {
            number: fill.number,
            maker: maker.id,
            taker_side: taker.side,
            price: fill.price,
            lots: fill.lots,
        }));
        let settled = self.settled(fill)?;
        let entry = settled.id;
        if let Outcome::Moved(movement) = &settled.outcome {
            self.post(entry, &movement.postings);
        }
        self.entries.push(settled);
        let quote = self.steps.quote_of(fill.notional);
        let base = self.steps.base_of(fill.lots);
        for (working, fee, released) in [
            (&fill.taker, fill.taker_fee, fill.taker_released),
            (&fill.maker, fill.maker_fee, fill.maker_released),
        ] {
            let paid = match working.order.side {
                Side::Buy => i128::from(quote.amount.minor()).saturating_add(fee.minor().into()),
                Side::Sell => base.amount.minor().into(),
            };
            let currency = self.reserves(working.order.side);
            let spent = paid.saturating_add(released.minor().into());
            let net = self.net(working.order.user, entry, currency);
            net.held = net.held.saturating_sub(spent);
        }
        let place = |working: Working, otherwise| match working.order.size {
            Size::Lots(_) if working.tally.open.is_zero() => Place::Closed(working, Closed::Filled),
            _ => otherwise,
        };
        self.put(&fill.taker, false, place(fill.taker, Place::Taking(fill.taker)));
        self.put(&fill.maker, true, place(fill.maker, Place::Resting(fill.maker)));
        Ok(())
    }

    /// The journal entry of a fill.
    fn settled(&self, fill: &Fill) -> Result<Entry, Unsound> {
        let (taker, maker) = (fill.taker.order, fill.maker.order);
        let (buyer, seller) = match taker.side {
            Side::Buy => ((taker.user, fill.taker_fee), (maker.user, fill.maker_fee)),
            Side::Sell => ((maker.user, fill.maker_fee), (taker.user, fill.taker_fee)),
        };
        let (buys, sells) = (Holder::User(buyer.0), Holder::User(seller.0));
        let quote = |amount: Amount| self.steps.quote_of(amount);
        let mut postings = vec![
            Posting { from: buys, to: sells, money: quote(fill.notional) },
            Posting { from: sells, to: buys, money: self.steps.base_of(fill.lots) },
            Posting { from: buys, to: Holder::Fees, money: quote(buyer.1) },
            Posting { from: sells, to: Holder::Fees, money: quote(seller.1) },
        ];
        postings.retain(|posting| !posting.money.amount.is_zero());
        let cause = Cause::Fill(Settled {
            steps: self.steps,
            number: fill.number,
            taker: taker.id,
            maker: maker.id,
            taker_side: taker.side,
            price: fill.price,
            lots: fill.lots,
            taker_fee: fill.taker_fee,
            maker_fee: fill.maker_fee,
        });
        let movement = Movement {
            party: taker.user,
            counterparty: Some(maker.user),
            cause,
            postings: Postings::checked(postings)?,
        };
        Ok(Entry {
            id: TradeId::of(self.steps.pair(), fill.number).entry(),
            actor: taker.user,
            fingerprint: Fingerprint([0; 16]),
            at: self.at,
            outcome: Outcome::Moved(movement),
        })
    }

    fn post(&mut self, entry: EntryId, postings: &Postings) {
        for ((holder, currency), change) in postings.nets() {
            if let Holder::User(user) = holder {
                let net = self.net(user, entry, currency);
                net.posted = net.posted.saturating_add(change);
            }
        }
    }

    /// Lots leave the book without a trade.
    fn remove(&mut self, working: &Working, lots: Lots) {
        if !lots.is_zero() {
            let order = working.order;
            self.changes.push(Change::Removed {
                order: order.id,
                side: order.side,
                price: order.price,
                lots,
            });
        }
    }

    fn release(&mut self, working: &Working, released: Amount) {
        let order = working.order;
        self.held(order.user, order.id, order.side, released);
    }

    /// What was held for an order is available again.
    fn held(&mut self, user: UserId, order: OrderId, side: Side, released: Amount) {
        if !released.is_zero() {
            let currency = self.reserves(side);
            let net = self.net(user, EntryId::from_bits(order.bits()), currency);
            net.held = net.held.saturating_sub(released.minor().into());
        }
    }

    /// The currency that is held for orders of a side.
    fn reserves(&self, side: Side) -> Currency {
        match side {
            Side::Buy => self.steps.quote,
            Side::Sell => self.steps.base,
        }
    }

    fn net(&mut self, user: UserId, entry: EntryId, currency: Currency) -> &mut Net {
        let account = self.accounts.entry(user).or_insert((entry, BTreeMap::new()));
        account.0 = entry;
        account.1.entry(currency).or_default()
    }

    /// The owner of an order is told of it: the account is touched, whatever becomes of money.
    fn told(&mut self, user: UserId, order: OrderId) {
        let entry = EntryId::from_bits(order.bits());
        self.accounts.entry(user).or_insert((entry, BTreeMap::new()));
    }

    /// What becomes of an order, of which its owner is told; whether it rested before counts at
    /// its first mention only.
    fn put(&mut self, working: &Working, rested: bool, now: Place) {
        let Order { id: order, user, .. } = working.order;
        self.told(user, order);
        let before = self.orders.get(&order).map_or(0, |trail| trail.writes());
        let trail = self.orders.entry(order).or_insert(Trail { rested, now });
        trail.now = now;
        let after = trail.writes();
        self.order_writes = self.order_writes.saturating_sub(before).saturating_add(after);
    }

    /// All of it as one commit; the event comes first.
    pub(super) fn commit(self) -> Result<Commit, Unsound> {
        let Self { steps, at, head, changes, entries, orders, accounts, refused, log, .. } = self;
        let mut refused = refused;
        let (pair, seq) = (steps.pair(), head.seq);
        let event = MarketEvent { pair, head, at, changes };
        let mut writes = vec![Write::PutMarketEvent(event)];
        writes.extend(entries.into_iter().map(Write::PutEntry));
        let mut told = BTreeMap::<_, Vec<_>>::new();
        for trail in orders.values() {
            told.entry(trail.user()).or_default().push(trail.news());
        }
        for (user, (entry, nets)) in accounts {
            let legs = nets.into_iter().map(|(currency, net)| leg(currency, net));
            let mut legs = legs.collect::<Result<Vec<_>, _>>()?;
            legs.retain(|leg| !leg.is_nothing());
            let orders = told.remove(&user).unwrap_or_default();
            let refused = refused.remove(&user).unwrap_or_default();
            let news = News { refused, ..News::matched(pair, seq, orders) };
            let change = AccountChange { entry, at, news };
            if !legs.is_empty() || !change.news.is_nothing() {
                writes.push(Write::MoveFunds { user, legs, change });
            }
        }
        for (order, trail) in orders {
            let resting = |working| Resting { pair, working, seq };
            match (trail.rested, trail.now) {
                (true, Place::Resting(working)) => {
                    writes.push(Write::ReplaceResting(resting(working)));
                }
                (false, Place::Resting(working)) => {
                    writes.push(Write::PutResting(resting(working)));
                }
                (true, _) => writes.push(Write::RemoveResting { pair, order }),
                (false, _) => {}
            }
            if let Place::Closed(working, reason) = trail.now {
                let closed = ClosedOrder { pair, working, reason, at, seq };
                writes.push(Write::PutClosedOrder(closed));
            }
        }
        writes.extend(log);
        if writes.len() > Commit::WRITES_MAX {
            return Err(Unsound::new("a matcher's commit is too large"));
        }
        Ok(Commit::of(writes))
    }
}

fn leg(currency: Currency, net: Net) -> Result<Leg, Unsound> {
    let in_range = |minor: i128| {
        let limit = i128::from(Amount::MAX.minor());
        let minor = Some(minor).filter(|minor| (limit.saturating_neg()..=limit).contains(minor));
        minor.and_then(|minor| i64::try_from(minor).ok()).ok_or(Unsound::new("a leg overflows"))
    };
    let available = in_range(net.posted.saturating_sub(net.held))?;
    Ok(Leg { currency, available, held: in_range(net.held)? })
}
