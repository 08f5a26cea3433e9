//! Commits of order books: placing, and what a matcher makes of what waits.

use domain::{
    amount::Money,
    book::{self, Book},
    command::{Command, CommandId, Instruction},
    commit::{Commit, Write},
    id::{EntryId, UserId},
    identity::sign_up,
    ledger::{Fingerprint, Guard},
    market_event::Head,
    operation::deposit,
    order::{Closed, SelfTradePrevention, Side, Size, TimeInForce, Working},
    pair::PairStatus,
    placement::{Pricing, Wanted, instruct, place, set_status},
    settlement::{Origin, Step, settle},
};
use testkit::builders::{earth, lots, mrc, mrc_usd, start, ticks, trader, usd};

type Named = Vec<(&'static str, Commit)>;

fn guard(number: u128, actor: UserId) -> Guard {
    Guard {
        entry: EntryId::from_bits(number),
        actor,
        fingerprint: Fingerprint([7; 16]),
        request_id: String::new(),
        at: start(),
    }
}

/// A pair, its book, and the commits so far.
struct Floor {
    book: Book,
    head: Head,
    commits: Named,
    requests: u128,
}

impl Floor {
    fn open() -> Self {
        let pair = mrc_usd();
        let commits = vec![("a pair", Commit::of(vec![Write::PutPair(pair)]))];
        Self { book: Book::new(&pair), head: Head::of_new(&pair), commits, requests: 0 }
    }

    fn next(&mut self) -> u128 {
        self.requests += 1;
        self.requests
    }

    fn join(&mut self, name: &str, money: Money) -> UserId {
        let user = trader(name);
        let id = user.id;
        let funding = deposit(&guard(self.next(), id), money).expect("a deposit");
        self.commits.extend([("a sign-up", sign_up(user, &earth())), ("a deposit", funding)]);
        id
    }

    /// Places an order, and gives the step that it is for the book.
    fn place(&mut self, user: UserId, side: Side, count: i64, name: Option<EntryId>) -> Step {
        let pricing = Pricing::Limit {
            price: ticks(40),
            time_in_force: TimeInForce::GoodTilCancelled,
            post_only: false,
        };
        let wanted = Wanted {
            side,
            pricing,
            size: Size::Lots(lots(count)),
            self_trade_prevention: SelfTradePrevention::CancelNewest,
            client_order_id: name.map(|_| "mine".parse().expect("an id")),
        };
        let guard = guard(self.next(), user);
        let placed = place(&guard, &wanted, &mrc_usd(), None, name).expect("accepted");
        let command = placed.writes().iter().find_map(|write| match write {
            Write::PutCommand(command) => Some(*command),
            _ => None,
        });
        self.commits.push(("an order", placed));
        self.step(command.expect("a command"))
    }

    fn step(&mut self, command: Command) -> Step {
        let mut events = Vec::new();
        let asked = match command.instruction {
            Instruction::Place(working) => book::Command::Place { working, resumed: false },
            Instruction::Cancel(order) => {
                book::Command::Cancel { order, reason: Closed::Cancelled }
            }
            Instruction::SetStatus(status) => book::Command::SetStatus(status),
            other => panic!("not here: {other:?}"),
        };
        self.book.apply(&asked, &mut events);
        Step { origin: Origin::Command(command), events }
    }

    fn instruct(&mut self, instruction: Instruction) -> Command {
        let id = CommandId { at: start(), bits: self.next() };
        let command = Command { pair: mrc_usd().id(), id, instruction };
        self.commits.push(("an instruction", instruct(&mrc_usd(), id, instruction)));
        command
    }

    fn matched(&mut self, what: &'static str, done: &[Step]) {
        let commits = settle(&mrc_usd().steps, self.head, start(), done).expect("sound");
        for commit in commits {
            if let Some(Write::PutMarketEvent(event)) = commit.writes().first() {
                self.head = event.head;
            }
            self.commits.push((what, commit));
        }
    }
}

/// One order of each fate, a deadline, a status.
pub(super) fn traded() -> Named {
    let mut floor = Floor::open();
    let alice = floor.join("alice", mrc("1000.00"));
    let bob = floor.join("bob", usd("1000.00"));
    let rests = floor.place(alice, Side::Sell, 100, None);
    floor.matched("it rests", &[rests]);
    let takes = floor.place(bob, Side::Buy, 60, Some(EntryId::from_bits(1_000)));
    floor.matched("a fill in part", &[takes]);
    let takes = floor.place(bob, Side::Buy, 60, None);
    floor.matched("a fill and a rest", &[takes]);
    let resting: Vec<Working> = floor.book.resting(Side::Buy).copied().collect();
    let cancel = floor.instruct(Instruction::Cancel(resting[0].order.id));
    let cancelled = floor.step(cancel);
    floor.matched("a cancellation", &[cancelled]);
    for deadline in [Some(start()), None] {
        let command = floor.instruct(Instruction::CancelAfter { user: bob, deadline });
        let step = Step { origin: Origin::Command(command), events: Vec::new() };
        floor.matched("a deadline", &[step]);
    }
    let id = CommandId { at: start(), bits: floor.next() };
    let (_, halting) = set_status(&mrc_usd(), id, PairStatus::Halted);
    floor.commits.push(("a new status", halting));
    floor.commits
}

/// A taker that meets sixty makers: commits of a hundred writes, and events over 1 KB.
pub(super) fn swept() -> Named {
    let mut floor = Floor::open();
    let mut rested = Vec::new();
    for number in 0..60 {
        let maker = floor.join(&format!("maker_{number}"), mrc("10.00"));
        rested.push(floor.place(maker, Side::Sell, 10, None));
    }
    floor.matched("all rest", &rested);
    let taker = floor.join("taker", usd("1000.00"));
    let taken = floor.place(taker, Side::Buy, 600, None);
    floor.matched("a sweep", &[taken]);
    floor.commits
}
