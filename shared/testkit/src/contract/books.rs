//! That pairs and their logs are as they were written, and that a match is one thing.

use std::sync::Arc;

use app::ports::{EventQuery, EventStretch, Found, Logged, OrderState, Page, Store};
use domain::{
    account::{Account, Leg},
    command::{Command, CommandId, Instruction},
    commit::{ClosedOrder, Resting, Write},
    id::{OrderId, UserId},
    ledger::Entry,
    market_event::MarketEvent,
    order::{Closed, Side},
    pair::{Pair, PairId, PairStatus},
    time::{Span, Timestamp},
};

use super::{
    events::event,
    fixtures::{
        ALICE, BOB, CAROL, account, at, done, entry_id, funded, minor, moving, opened, refused,
        refused_one, voided,
    },
    samples::{instructions, largest_command_id, largest_pair, resting},
};
use crate::builders::{begun, mrc, mrc_usd, order, usd};

fn log() -> PairId {
    mrc_usd().id()
}

fn place(seconds: u32, bits: u128) -> CommandId {
    CommandId { at: at(seconds), bits }
}

fn command(id: CommandId, instruction: Instruction) -> Command {
    Command { pair: log(), id, instruction }
}

fn cancelling(id: CommandId) -> Command {
    command(id, Instruction::Cancel(OrderId::from_bits(id.bits)))
}

async fn pairs(store: &dyn Store) -> Vec<Pair> {
    let mut pairs = store.pairs().await.expect("a read");
    pairs.sort_by_key(Pair::id);
    pairs
}

async fn ids(store: &dyn Store, limit: u32) -> Vec<CommandId> {
    let rows = store.commands(log(), limit).await.expect("a read");
    let id = |row: &Logged| match row {
        Logged::Command(command) => command.id,
        Logged::Unreadable(id) => panic!("{id} is unreadable"),
    };
    rows.iter().map(id).collect()
}

pub(super) async fn pairs_are_read_as_they_were_written(store: Arc<dyn Store>) {
    let store = store.as_ref();
    assert_eq!(store.pairs().await, Ok(Vec::new()));
    let closed = Pair { status: PairStatus::CancelOnly, ..mrc_usd() };
    for (place, pair) in [closed, largest_pair()].into_iter().enumerate() {
        done(store, vec![Write::PutPair(pair)]).await;
        assert_eq!(pairs(store).await, [closed, largest_pair()][..=place]);
    }
}

pub(super) async fn a_pair_is_put_once(store: Arc<dyn Store>) {
    let store = store.as_ref();
    done(store, vec![Write::PutPair(mrc_usd())]).await;
    let other = Pair { collar_bps: 7, ..mrc_usd() };
    assert_eq!(refused_one(store, Write::PutPair(other)).await, Found::Other);
    assert_eq!(pairs(store).await, [mrc_usd()]);
}

pub(super) async fn a_pair_is_replaced_once_a_version(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let revised = |status, version| Pair { status, version, ..mrc_usd() };
    let closing = revised(PairStatus::CancelOnly, 2);
    assert_eq!(refused_one(store, Write::ReplacePair(closing)).await, Found::Nothing);
    done(store, vec![Write::PutPair(mrc_usd())]).await;
    done(store, vec![Write::ReplacePair(closing)]).await;
    for version in [1, 2, 4] {
        let stale = Write::ReplacePair(revised(PairStatus::Halted, version));
        assert_eq!(refused_one(store, stale).await, Found::Other, "{version}");
        assert_eq!(pairs(store).await, [closing]);
    }
    let opening = revised(PairStatus::Trading, 3);
    done(store, vec![Write::ReplacePair(opening)]).await;
    assert_eq!(pairs(store).await, [opening]);
}

pub(super) async fn commands_are_read_as_they_were_written(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let mut written = Vec::new();
    for (bits, instruction) in (1..).zip(instructions()) {
        written.push(command(place(1, bits), instruction));
    }
    written.push(cancelling(largest_command_id()));
    for command in &written {
        assert_eq!(store.command(log(), command.id).await, Ok(None));
        done(store, vec![Write::PutCommand(*command)]).await;
        assert_eq!(store.command(log(), command.id).await, Ok(Some(*command)));
    }
    let expected: Vec<_> = written.into_iter().map(Logged::Command).collect();
    assert_eq!(store.commands(log(), 100).await, Ok(expected));
    // Another pair's log is another.
    let other = largest_pair().id();
    assert_eq!(store.command(other, place(1, 1)).await, Ok(None));
    assert_eq!(store.commands(other, 100).await, Ok(Vec::new()));
}

pub(super) async fn commands_are_read_in_the_order_of_their_places(store: Arc<dyn Store>) {
    let store = store.as_ref();
    assert_eq!(ids(store, 1).await, []);
    // Times of many lengths: in order as numbers, not as texts.
    let early = |millis, bits| CommandId { at: Timestamp::from_millis(millis), bits };
    let places = [
        early(0, 3),
        early(9, 0),
        early(10, u128::MAX),
        early(999, 1),
        place(1, 9),
        place(1, 10),
        place(1, u128::MAX),
        place(2, 0),
        largest_command_id(),
    ];
    for place in [4, 8, 0, 6, 2, 7, 1, 5, 3] {
        done(store, vec![Write::PutCommand(cancelling(places[place]))]).await;
    }
    let elsewhere = Command { pair: largest_pair().id(), ..cancelling(place(1, 8)) };
    done(store, vec![Write::PutCommand(elsewhere)]).await;
    for limit in [1, 2, 5, 8, 9, 10, 1000] {
        let first = usize::try_from(limit).expect("small").min(places.len());
        assert_eq!(ids(store, limit).await, places[..first], "{limit}");
    }
}

pub(super) async fn many_commands_are_read_at_once(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let places: Vec<_> = (0..250).map(|bits| place(1, bits)).collect();
    for some in places.chunks(100) {
        done(store, some.iter().map(|id| Write::PutCommand(cancelling(*id))).collect()).await;
    }
    assert_eq!(ids(store, 249).await, places[..249]);
    assert_eq!(ids(store, 300).await, places);
}

pub(super) async fn a_place_in_the_log_is_taken_once(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let (pair, id) = (log(), place(1, 1));
    done(store, vec![Write::PutCommand(cancelling(id))]).await;
    let halt = command(id, Instruction::SetStatus(PairStatus::Halted));
    assert_eq!(refused_one(store, Write::PutCommand(halt)).await, Found::Other);
    assert_eq!(store.command(pair, id).await, Ok(Some(cancelling(id))));
    // Neither another pair's place nor one that differs in a bit or a millisecond is the same.
    let later = CommandId { at: id.at.plus(Span::millis(1)), ..id };
    let elsewhere = Command { pair: largest_pair().id(), ..cancelling(id) };
    for free in [elsewhere, cancelling(later), cancelling(place(1, 2))] {
        done(store, vec![Write::PutCommand(free)]).await;
    }
    assert_eq!(ids(store, 100).await, [id, place(1, 2), later]);
}

pub(super) async fn a_command_is_advanced_and_removed_only_while_it_is_in_the_log(
    store: Arc<dyn Store>,
) {
    let store = store.as_ref();
    let (pair, id) = (log(), place(1, 1));
    let working = resting(order(1, ALICE, Side::Buy, 50, 3), 8, 0).working;
    let placed = command(id, Instruction::Place(begun(working.order)));
    let advanced = command(id, Instruction::Place(working));
    let removal = || Write::RemoveCommand { pair, id };
    // An entry beside it makes each a commit of its own.
    let missing = async |write: Write, number: u128| {
        let found = refused(store, vec![Write::PutEntry(voided(number)), write]).await;
        assert_eq!(found, [(1, Found::Nothing)]);
        assert_eq!(store.command(pair, id).await, Ok(None));
        assert_eq!(store.entry(entry_id(number)).await, Ok(None));
    };
    missing(Write::AdvanceCommand(advanced), 10).await;
    missing(removal(), 11).await;
    done(store, vec![Write::PutCommand(placed)]).await;
    done(store, vec![Write::PutCommand(cancelling(place(2, 2)))]).await;
    done(store, vec![Write::AdvanceCommand(advanced)]).await;
    assert_eq!(store.command(pair, id).await, Ok(Some(advanced)));
    assert_eq!(ids(store, 100).await, [id, place(2, 2)]);
    done(store, vec![removal()]).await;
    assert_eq!(ids(store, 100).await, [place(2, 2)]);
    missing(Write::AdvanceCommand(advanced), 12).await;
    missing(removal(), 13).await;
}

pub(super) async fn deadlines_are_put_replaced_and_removed_whatever_was_before(
    store: Arc<dyn Store>,
) {
    let store = store.as_ref();
    let pair = log();
    let put = |user, deadline| Write::PutDeadline { pair, user, deadline };
    let remove = |user| Write::RemoveDeadline { pair, user };
    let deadlines = async || {
        let mut deadlines = store.deadlines(pair).await.expect("a read");
        deadlines.sort_unstable();
        deadlines
    };
    done(store, vec![remove(ALICE)]).await;
    assert_eq!(deadlines().await, []);
    done(store, vec![put(BOB, at(60)), put(ALICE, Timestamp::MAX)]).await;
    assert_eq!(deadlines().await, [(ALICE, Timestamp::MAX), (BOB, at(60))]);
    done(store, vec![put(BOB, at(30)), put(CAROL, at(90))]).await;
    let elsewhere = largest_pair().id();
    done(store, vec![Write::PutDeadline { pair: elsewhere, user: CAROL, deadline: at(1) }]).await;
    let expected = [(ALICE, Timestamp::MAX), (BOB, at(30)), (CAROL, at(90))];
    assert_eq!(deadlines().await, expected);
    done(store, vec![remove(ALICE), remove(CAROL)]).await;
    assert_eq!(deadlines().await, [(BOB, at(30))]);
    assert_eq!(store.deadlines(elsewhere).await, Ok(vec![(CAROL, at(1))]));
}

const BUYER: UserId = ALICE;
const SELLER: UserId = BOB;

/// What stands after the orders of [`a_match`] were accepted, and before they are matched.
async fn accepted(store: &dyn Store) {
    let mut buyer = opened(BUYER);
    buyer.wallets.entry(usd("0").currency.code).or_default().held = usd("1.60").amount;
    let mut seller = opened(SELLER);
    seller.wallets.entry(usd("0").currency.code).or_default().available = minor(7);
    let mut legs = vec![Leg::credit(mrc("7.00"))];
    let accounts = vec![Write::OpenAccount(buyer), Write::OpenAccount(seller)];
    done(store, accounts).await;
    done(store, vec![moving(SELLER, legs.clone(), 1)]).await;
    legs = vec![Leg::hold(mrc("7.00"))];
    done(store, vec![moving(SELLER, legs, 2)]).await;
    funded(store, CAROL, 3, usd("5.00")).await;
    let sale = |number, sequence, count| {
        Write::PutResting(resting(order(number, SELLER, Side::Sell, 50, count), sequence, 1))
    };
    let placed = Instruction::Place(begun(order(22, BUYER, Side::Buy, 50, 3)));
    let next = Instruction::Place(begun(order(23, BUYER, Side::Buy, 49, 2)));
    done(
        store,
        vec![
            Write::PutPair(mrc_usd()),
            Write::PutMarketEvent(event(1, 0)),
            sale(20, 1, 2),
            sale(21, 2, 5),
            Write::PutCommand(command(place(1, 22), placed)),
            Write::PutCommand(command(place(2, 23), next)),
            Write::PutDeadline { pair: log(), user: SELLER, deadline: at(60) },
        ],
    )
    .await;
}

/// All kinds of writes of a matcher at once: an order takes all of one and some of another.
fn a_match() -> Vec<Write> {
    let pair = log();
    let closed = |number, user, side, count| {
        let working = resting(order(number, user, side, 50, count), 1, 2).working;
        let (reason, at) = (Closed::Filled, at(5));
        Write::PutClosedOrder(ClosedOrder { pair, working, reason, at, seq: 2 })
    };
    let begun = resting(order(23, BUYER, Side::Buy, 49, 2), 3, 2);
    let bought = vec![Leg { held: -160, ..Leg::credit(usd("0.09")) }, Leg::credit(mrc("3.00"))];
    let sold =
        vec![Leg { available: 0, held: -300, ..Leg::credit(mrc("0")) }, Leg::credit(usd("1.49"))];
    vec![
        Write::PutMarketEvent(event(2, 2)),
        Write::PutEntry(voided(101)),
        Write::PutEntry(voided(102)),
        moving(BUYER, bought, 102),
        moving(SELLER, sold, 102),
        Write::RemoveResting { pair, order: OrderId::from_bits(20) },
        closed(20, SELLER, Side::Sell, 2),
        Write::ReplaceResting(resting(order(21, SELLER, Side::Sell, 50, 4), 2, 2)),
        closed(22, BUYER, Side::Buy, 3),
        Write::RemoveCommand { pair, id: place(1, 22) },
        Write::AdvanceCommand(command(place(2, 23), Instruction::Place(begun.working))),
        Write::PutResting(begun),
        Write::ReplacePair(Pair { status: PairStatus::CancelOnly, version: 2, ..mrc_usd() }),
        Write::PutDeadline { pair, user: BUYER, deadline: at(90) },
        Write::RemoveDeadline { pair, user: SELLER },
    ]
}

/// All that a match changes.
#[derive(Debug, PartialEq)]
struct Sight {
    pairs: Vec<Pair>,
    events: Page<MarketEvent>,
    commands: Vec<Logged>,
    resting: Vec<Resting>,
    states: Vec<OrderState>,
    deadlines: Vec<(UserId, Timestamp)>,
    accounts: [Account; 2],
    entries: [Option<Entry>; 2],
}

async fn sight(store: &dyn Store) -> Sight {
    let pair = log();
    let events = EventQuery { pair, stretch: EventStretch::After(0), limit: 100 };
    let orders: Vec<_> = (20..24).map(|number| (pair, OrderId::from_bits(number))).collect();
    let mut resting = store.resting(pair).await.expect("a read");
    resting.sort_by_key(|resting| resting.working.order.id);
    let entry = async |number| store.entry(entry_id(number)).await.expect("a read");
    Sight {
        pairs: pairs(store).await,
        events: store.events(&events).await.expect("a read"),
        commands: store.commands(pair, 100).await.expect("a read"),
        resting,
        states: store.order_states(&orders).await.expect("a read"),
        deadlines: store.deadlines(pair).await.expect("a read"),
        accounts: [account(store, BUYER).await, account(store, SELLER).await],
        entries: [entry(101).await, entry(102).await],
    }
}

pub(super) async fn a_match_is_all_or_nothing(store: Arc<dyn Store>) {
    let store = store.as_ref();
    accepted(store).await;
    let (before, carol) = (sight(store).await, account(store, CAROL).await);
    for place in [0, 8, 15] {
        let mut writes = a_match();
        writes.insert(place, moving(CAROL, vec![Leg::debit(usd("5.01"))], 100));
        assert_eq!(
            refused(store, writes).await,
            [(place, Found::Account(Box::new(carol.clone())))]
        );
        assert_eq!(sight(store).await, before);
    }
    done(store, a_match()).await;
    let after = sight(store).await;
    let seqs: Vec<_> = after.events.rows.iter().map(|event| event.head.seq).collect();
    assert_eq!((seqs, after.commands.len()), (vec![1, 2], 1));
    let [.., OrderState::Pending] = before.states[..] else { panic!("{:?}", before.states) };
    let [
        OrderState::Closed(_),
        OrderState::Resting(_),
        OrderState::Closed(_),
        OrderState::Resting(_),
    ] = after.states[..]
    else {
        panic!("{:?}", after.states)
    };
    let numbers = |rows: &[Resting]| -> Vec<_> {
        rows.iter().map(|row| row.working.order.id.bits()).collect()
    };
    assert_eq!((numbers(&before.resting), numbers(&after.resting)), (vec![20, 21], vec![21, 23]));
    assert_eq!(after.deadlines, [(BUYER, at(90))]);
    assert_eq!(after.pairs[0].status, PairStatus::CancelOnly);
    assert!(after.entries.iter().all(Option::is_some));
    let parts = |account: &Account, code| {
        let balance = account.balance(code);
        (balance.available.minor(), balance.held.minor())
    };
    let (base, quote) = (mrc("0").currency.code, usd("0").currency.code);
    let [buyer, seller] = &after.accounts;
    assert_eq!((parts(buyer, quote), parts(buyer, base)), ((9, 0), (300, 0)));
    assert_eq!((parts(seller, quote), parts(seller, base)), ((156, 0), (0, 400)));
}
