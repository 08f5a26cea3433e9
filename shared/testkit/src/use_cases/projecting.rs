//! Statements, totals and candles on the store in memory: gaps, repeats, two projectors at once,
//! a projector that is killed, and a log that does not add up.

use std::{collections::BTreeMap, sync::Arc};

use app::{
    market::Market,
    perform::Failed,
    ports::{
        ActivityLog, CandleQuery, Candles, LinePlace, LineQuery, LineStretch, Statements, Store,
        TotalsBook,
    },
    projecting::{
        Changed, catch_up_candles, fold_statements, follow_accounts, follow_entries, follow_market,
        sha256,
    },
};
use domain::{
    account::{Account, Balance},
    activity::{Activity, News, Occasion},
    amount::Amount,
    candle::Interval,
    commit::{Commit, Write},
    id::{EntryId, OrderId, UserId, WalletId},
    ledger::{Cause, Entry, Fingerprint, Holder, Movement, Outcome, Posting, Postings},
    market_event::{Change, Head, MarketEvent, Trade},
    order::Side,
    refusal::Declined,
    statement::{ChainCheck, StatementLine},
    time::{Span, Timestamp},
    totals::Minute,
};

use super::shared;
use crate::{
    builders::{earth, lots, market_on, market_with, mrc_usd, on_this_thread, start, ticks, usd},
    faults::{Fault, FaultyStore},
    memory::MemoryStore,
};

const USER: UserId = UserId::from_bits(7);

/// The account at a version, with so much in its one wallet; a minute from one to the next.
fn account(version: u64, available: i64, held: i64) -> Account {
    let amount = |minor| Amount::from_minor(minor).expect("an amount");
    let balance = Balance { available: amount(available), held: amount(held) };
    let minutes = u32::try_from(version).expect("a small number");
    Account {
        user: USER,
        wallets: BTreeMap::from([(earth().currency.code, balance)]),
        times: BTreeMap::new(),
        version,
        changed_at: start().plus(Span::seconds(60 * minutes)),
        last_entry: None,
        news: News::of(Occasion::Deposit),
    }
}

/// So many versions of an account, each with more in it.
fn history(versions: u64) -> Vec<Account> {
    let held = |version: i64| version % 3 * 10;
    let at = |version: u64| {
        let minor = i64::try_from(version).expect("a small number");
        account(version, 100 * (minor - 1), held(minor))
    };
    (1..=versions).map(at).collect()
}

/// The changes from each version to the next.
fn changes(history: &[Account]) -> Vec<(Option<&Account>, &Account)> {
    let before = std::iter::once(None).chain(history.iter().map(Some));
    before.zip(history).collect()
}

async fn lines(store: &dyn Store) -> Vec<StatementLine> {
    let wallet = WalletId { owner: USER, currency: earth().currency.code };
    let mut all: Vec<StatementLine> = Vec::new();
    loop {
        let place = all.last().map_or_else(LinePlace::start, LinePlace::of);
        let query = LineQuery { wallet, stretch: LineStretch::After(place), limit: 100 };
        let page = store.lines(&query).await.expect("a page");
        all.extend(page.rows);
        if !page.more {
            return all;
        }
    }
}

/// Whether lines tell of all of a history, in a chain; and the totals are as many.
async fn tells_all(store: &dyn Store, history: &[Account]) {
    let all = lines(store).await;
    let code = earth().currency.code;
    let after: Vec<_> = all.iter().map(|line| (line.version, line.after)).collect();
    let expected = history.iter().map(|account| (account.version, account.wallets[&code]));
    assert_eq!(after, expected.collect::<Vec<_>>());
    let mut check = ChainCheck::of(WalletId { owner: USER, currency: code });
    all.iter().for_each(|line| check.follow(line, sha256).expect("in a chain"));
    let minute = Minute::of(start());
    let totals = store.totals(code, minute, minute).await.expect("totals").all;
    let last = history.last().expect("an account").wallets[&code];
    let held = (totals.users_available, totals.users_held);
    assert_eq!(held, (last.available.minor().into(), last.held.minor().into()));
}

/// Follows one change, as a function does with a batch of one.
async fn follow_account(
    market: &Market,
    before: Option<&Account>,
    after: &Account,
) -> Result<(), Failed> {
    let Some(activity) = Activity::between(before, after).map_err(Declined::Unsound)? else {
        return Ok(());
    };
    let folded = follow_accounts(market, &[Changed { before, activity }]).await?;
    folded.into_iter().try_for_each(|(_, outcome)| outcome)
}

#[test]
fn a_change_that_is_logged_late_holds_up_those_after_it_and_no_longer() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let market = market_on(shared(&store)).market;
        let history = history(5);
        let changes = changes(&history);
        for (place, known) in [(0, 1), (2, 1), (4, 1), (3, 1), (1, 5), (1, 5), (4, 5)] {
            let (before, after) = changes[place];
            follow_account(&market, before, after).await.expect("followed");
            tells_all(&store, &history[..known]).await;
        }
    });
}

#[test]
fn a_long_history_is_folded_at_once_to_the_lines_of_many_folds() {
    on_this_thread(async {
        let history = history(237);
        let (one, other) = (MemoryStore::new(), MemoryStore::new());
        let market = market_on(shared(&one)).market;
        for (before, after) in changes(&history) {
            follow_account(&market, before, after).await.expect("followed");
        }
        let market = market_on(shared(&other)).market;
        for (before, after) in changes(&history) {
            let change = Activity::between(before, after).expect("sound").expect("a change");
            other.log_activity(&[change]).await.expect("logged");
        }
        fold_statements(&market, USER).await.expect("folded");
        tells_all(&other, &history).await;
        assert_eq!(lines(&one).await, lines(&other).await);
    });
}

#[test]
fn two_projectors_at_once_append_each_line_once() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let (one, other) = (market_on(shared(&store)).market, market_on(shared(&store)).market);
        let history = history(60);
        for (before, after) in changes(&history) {
            let (one, other) = tokio::join!(
                follow_account(&one, before, after),
                follow_account(&other, before, after)
            );
            one.and(other).expect("followed");
        }
        tells_all(&store, &history).await;
    });
}

#[test]
fn a_projector_killed_between_any_two_writes_is_followed_by_one_that_goes_on() {
    on_this_thread(async {
        let history = history(7);
        for fault in [Fault::LostRequest, Fault::LostAnswer] {
            for kills in 0.. {
                let store = MemoryStore::new();
                let script = [vec![Fault::None; kills], vec![fault]].concat();
                let faulty = FaultyStore::scripted(shared(&store), script);
                let killed = market_on(Arc::new(faulty)).market;
                let mut failed = None;
                for (place, (before, after)) in changes(&history).into_iter().enumerate() {
                    if follow_account(&killed, before, after).await.is_err() {
                        failed = Some(place);
                        break;
                    }
                }
                let Some(place) = failed else {
                    assert!(kills >= 2 * history.len(), "only {kills} writes");
                    break;
                };
                let market = market_on(shared(&store)).market;
                for (before, after) in changes(&history).split_off(place) {
                    follow_account(&market, before, after).await.expect("followed");
                }
                tells_all(&store, &history).await;
            }
        }
    });
}

#[test]
fn what_was_never_logged_is_carried_forward() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let market = market_on(shared(&store)).market;
        let history = history(5);
        let late = changes(&history).split_off(3);
        for (before, after) in late.iter().chain(&late) {
            follow_account(&market, *before, after).await.expect("followed");
        }
        tells_all(&store, &history[2..]).await;
        let first = lines(&store).await[0];
        assert_eq!((first.line, first.occasion), (1, Occasion::CarriedForward));
        assert_eq!(store.activity(USER, 0, 100).await.expect("a log").len(), 3);
    });
}

#[test]
fn a_log_that_does_not_add_up_is_a_bug_and_nothing_is_appended() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let market = market_on(shared(&store)).market;
        let history = history(2);
        for (before, after) in changes(&history) {
            follow_account(&market, before, after).await.expect("followed");
        }
        // What stands in the third record as the second version is not what that was.
        let (before, after) = (account(2, 5_000, 0), account(3, 5_100, 0));
        let failed = follow_account(&market, Some(&before), &after).await;
        assert!(matches!(failed, Err(Failed::Declined(Declined::Unsound(_)))), "{failed:?}");
        tells_all(&store, &history).await;
        let skipped = follow_account(&market, Some(&history[0]), &after).await;
        assert!(matches!(skipped, Err(Failed::Declined(Declined::Unsound(_)))), "{skipped:?}");
    });
}

/// A deposit of so many cents.
fn deposit(number: u128, cents: i64) -> Entry {
    let money = usd(&format!("{}.{:02}", cents / 100, cents % 100));
    let posting = Posting { from: Holder::World, to: Holder::User(USER), money };
    let postings = Postings::checked(vec![posting]).expect("sound");
    let cause = Cause::Deposit(money);
    let movement = Movement { party: USER, counterparty: None, cause, postings };
    Entry {
        id: EntryId::from_bits(number),
        actor: USER,
        fingerprint: Fingerprint([0; 16]),
        at: start(),
        outcome: Outcome::Moved(movement),
    }
}

#[test]
fn each_entry_counts_once_in_the_houses_totals_however_often_it_comes() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let market = market_on(shared(&store)).market;
        let entries: Vec<_> = (1..=70).map(|number| deposit(number, 3)).collect();
        follow_entries(&market, &entries[..40]).await.expect("folded");
        follow_entries(&market, &entries[5..]).await.expect("folded");
        follow_entries(&market, entries.iter().rev()).await.expect("folded");
        let minute = Minute::of(start());
        let totals = store.totals(earth().currency.code, minute, minute).await.expect("totals");
        assert_eq!((totals.all.world, totals.since.world), (-210, -210));
    });
}

/// An event with one trade, so many seconds from the start.
fn traded(seq: u64, price: i64, count: i64, seconds: u32) -> MarketEvent {
    let pair = mrc_usd();
    let mut head = Head::of_new(&pair);
    head.seq = seq;
    let trade = Trade {
        number: seq,
        maker: OrderId::from_bits(seq.into()),
        taker_side: Side::Buy,
        price: ticks(price),
        lots: lots(count),
    };
    let at = start().plus(Span::seconds(seconds));
    MarketEvent { pair: pair.id(), head, at, changes: vec![Change::Traded(trade)] }
}

async fn all_candles(store: &dyn Store) -> Vec<domain::candle::Candle> {
    let mut all = Vec::new();
    for interval in Interval::ALL {
        let (from, before) = (Timestamp::from_millis(0), Timestamp::MAX);
        let query = CandleQuery { pair: mrc_usd().id(), interval, from, before, limit: 1000 };
        all.extend(store.candles(&query).await.expect("candles"));
    }
    all
}

/// A store with the pair and these events in its log.
async fn logged(events: &[MarketEvent]) -> MemoryStore {
    let store = MemoryStore::new();
    let market = market_with(shared(&store)).await.market;
    let mut writes = vec![Write::PutPair(mrc_usd())];
    writes.extend(events.iter().cloned().map(Write::PutMarketEvent));
    for write in writes {
        market.store.commit(&Commit::of(vec![write])).await.expect("written");
    }
    store
}

#[test]
fn the_same_events_give_the_same_candles_however_they_come() {
    on_this_thread(async {
        let seconds = |seq: u64| u32::try_from(seq * seq % 97 + seq * 41).expect("small");
        let mut events: Vec<_> = (1_i64..=150)
            .zip(1..)
            .map(|(number, seq)| traded(seq, 40 + number % 7, 1 + number % 4, seconds(seq)))
            .collect();
        events.sort_by_key(|event| event.at);
        let clean = logged(&events).await;
        let market = market_on(shared(&clean)).market;
        catch_up_candles(&market, mrc_usd().id()).await.expect("folded");
        let expected = all_candles(&clean).await;
        assert!(expected.len() > 100);
        let days = expected.iter().filter(|candle| candle.interval == Interval::Day);
        assert_eq!(days.map(|candle| candle.trades()).sum::<u64>(), 150);
        for size in [1, 7, 64, 150] {
            let store = logged(&events).await;
            let market = market_on(shared(&store)).market;
            for events in events.chunks(size) {
                follow_market(&market, mrc_usd().id(), events.iter().rev()).await.expect("folded");
                follow_market(&market, mrc_usd().id(), events).await.expect("folded again");
            }
            assert_eq!(all_candles(&store).await, expected, "{size} at once");
            assert_eq!(store.candles_head(mrc_usd().id()).await, Ok(150));
        }
        let store = logged(&events).await;
        let market = market_on(shared(&store)).market;
        follow_market(&market, mrc_usd().id(), &events[100..120]).await.expect("the gap is read");
        assert_eq!(all_candles(&store).await, expected);
    });
}

#[test]
fn candles_survive_a_projector_killed_at_any_of_its_writes() {
    on_this_thread(async {
        let event = |seq: u64| {
            let seconds = u32::try_from(seq * 25).expect("small");
            traded(seq, 40 + i64::try_from(seq % 3).expect("small"), 2, seconds)
        };
        let events: Vec<_> = (1..=12).map(event).collect();
        let clean = logged(&events).await;
        let market = market_on(shared(&clean)).market;
        catch_up_candles(&market, mrc_usd().id()).await.expect("folded");
        let expected = all_candles(&clean).await;
        for fault in [Fault::LostRequest, Fault::LostAnswer] {
            for kills in 0.. {
                let store = logged(&events).await;
                let script = [vec![Fault::None; kills], vec![fault]].concat();
                let killed = market_on(Arc::new(FaultyStore::scripted(shared(&store), script)));
                let mut chunks = events.chunks(5);
                let failed = loop {
                    let Some(events) = chunks.next() else { break false };
                    let followed = follow_market(&killed.market, mrc_usd().id(), events).await;
                    if followed.is_err() {
                        break true;
                    }
                };
                if !failed {
                    break;
                }
                let market = market_on(shared(&store)).market;
                follow_market(&market, mrc_usd().id(), &events).await.expect("folded");
                assert_eq!(all_candles(&store).await, expected, "{fault:?} at {kills}");
            }
        }
    });
}

#[test]
fn an_account_that_cannot_be_folded_holds_up_no_other() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let market = market_on(shared(&store)).market;
        let mut crowded = account(1, 5_000, 0);
        crowded.user = UserId::from_bits(77);
        for letter in 'A'..='Z' {
            for code in [format!("X{letter}A"), format!("X{letter}B")] {
                let code = code.parse().expect("a code");
                crowded.wallets.insert(code, crowded.wallets[&earth().currency.code]);
            }
        }
        let plain = account(1, 5_000, 0);
        let changed = |after| {
            let activity = Activity::between(None, after).expect("sound").expect("a change");
            Changed { before: None, activity }
        };
        let changes = [changed(&crowded), changed(&plain)];
        let folded = follow_accounts(&market, &changes).await.expect("logged");
        let failed: Vec<_> = folded.iter().filter(|(_, outcome)| outcome.is_err()).collect();
        assert!(matches!(failed[..], [(user, _)] if *user == crowded.user), "{folded:?}");
        let head = store.statement_head(plain.user).await.expect("readable").expect("folded");
        assert_eq!(head.version, 1);
    });
}
