//! Promises I5 to I7: one effect a key, the same answer for ever, and no doubt left.

use std::sync::Arc;

use app::{
    market::Market,
    money::{Operate, Redeem, Transfer},
    perform::{Failed, Freshness, Operation, perform},
    ports::{Clock, Ledger, StoreError},
    requests::{find_request, void_request},
};
use domain::{
    account::Leg,
    activity::{News, Occasion},
    amount::Amount,
    commit::{Commit, Write},
    conversion::Fixed,
    id::QuoteId,
    ledger::{Guard, Outcome},
    quote::quote,
    refusal::{Declined, Missing, Refusal},
    time::Span,
};

use super::{account, ask, available, moved, refusal, shared};
use crate::{
    builders::{asked, earth, market_on, market_with, mars, on_this_thread, start, trader, usd},
    faults::{Fault, FaultyStore},
    memory::MemoryStore,
    metered::MeteredStore,
};

fn withdrawal(text: &str) -> Operate {
    Operate::Withdraw(usd(text))
}

#[test]
fn a_replay_moves_nothing_and_answers_the_same_entry() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let fair = market_with(shared(&store)).await;
        let john = fair.join("john").await;
        fair.deposit(john, usd("10.00")).await;
        let first = ask(&fair, john, "key", &withdrawal("4.00")).await.expect("funds");
        let after = account(&store, john).await;
        fair.clock.advance(Span::seconds(3600));
        let second = ask(&fair, john, "key", &withdrawal("4.00")).await.expect("a replay");
        assert!(moved(&first) && !first.replayed && second.replayed);
        assert_eq!(second.entry, first.entry);
        assert_eq!(account(&store, john).await, after);
        assert_eq!(after.balance(earth().currency.code).available, usd("6.00").amount);
    });
}

#[test]
fn a_replay_within_the_millisecond_moves_nothing_either() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let fair = market_with(shared(&store)).await;
        let john = fair.join("john").await;
        let (asked, deposit) = (asked(john, "key", "deposit"), Operate::Deposit(usd("5.00")));
        let first = perform(&fair.market, &asked, &deposit).await.expect("room");
        let second = perform(&fair.market, &asked, &deposit).await.expect("a replay");
        assert_eq!(second.entry, first.entry);
        assert_eq!(available(&store, john, earth().currency.code).await, usd("5.00").amount);
    });
}

#[test]
fn a_key_belongs_to_one_request_of_one_user() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let fair = market_with(shared(&store)).await;
        let (john, jane) = (fair.join("john").await, fair.join("jane").await);
        fair.deposit(john, usd("10.00")).await;
        fair.deposit(jane, usd("10.00")).await;
        ask(&fair, john, "key", &withdrawal("4.00")).await.expect("funds");
        let other = asked(john, "key", "that");
        let reused = perform(&fair.market, &other, &withdrawal("5.00")).await;
        assert_eq!(reused, Err(Failed::KeyReused));
        assert_eq!(available(&store, john, earth().currency.code).await, usd("6.00").amount);
        let hers = ask(&fair, jane, "key", &withdrawal("5.00")).await.expect("her own key");
        assert!(moved(&hers) && !hers.replayed);
    });
}

#[test]
fn after_a_lost_answer_the_same_key_finds_the_success() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let john = market_with(shared(&store)).await.join("john").await;
        let script = vec![Fault::LostAnswer, Fault::LostRequest];
        let fair = market_on(Arc::new(FaultyStore::scripted(shared(&store), script)));
        let deposit = Operate::Deposit(usd("5.00"));
        for _ in 0..2 {
            let unknown = ask(&fair, john, "key", &deposit).await;
            assert!(matches!(unknown, Err(Failed::Store(StoreError::Unavailable(_)))));
            fair.clock.advance(Span::seconds(1));
        }
        let answer = ask(&fair, john, "key", &deposit).await.expect("it was written");
        assert!(moved(&answer) && answer.replayed);
        assert_eq!(answer.entry.at, start());
        assert_eq!(available(&store, john, earth().currency.code).await, usd("5.00").amount);
    });
}

#[test]
fn after_a_lost_request_the_same_key_executes() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let john = market_with(shared(&store)).await.join("john").await;
        let script = vec![Fault::LostRequest];
        let fair = market_on(Arc::new(FaultyStore::scripted(shared(&store), script)));
        let deposit = Operate::Deposit(usd("5.00"));
        assert!(ask(&fair, john, "key", &deposit).await.is_err());
        assert_eq!(find_request(&fair.market, john, "key").await, Ok(None));
        let answer = ask(&fair, john, "key", &deposit).await.expect("room");
        assert!(moved(&answer) && !answer.replayed);
        assert_eq!(available(&store, john, earth().currency.code).await, usd("5.00").amount);
    });
}

#[test]
fn a_refusal_is_frozen_under_its_key() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let fair = market_with(shared(&store)).await;
        let john = fair.join("john").await;
        let first = ask(&fair, john, "key", &withdrawal("4.00")).await.expect("an answer");
        let short = Refusal::InsufficientFunds { required: usd("4.00"), available: usd("0") };
        assert_eq!(refusal(&first), &short);
        fair.deposit(john, usd("10.00")).await;
        fair.clock.advance(Span::seconds(5));
        let second = ask(&fair, john, "key", &withdrawal("4.00")).await.expect("a replay");
        assert!(second.replayed);
        assert_eq!(second.entry, first.entry);
        let fresh = ask(&fair, john, "another", &withdrawal("4.00")).await.expect("funds");
        assert!(moved(&fresh));
    });
}

#[test]
fn what_names_something_missing_is_not_frozen() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let fair = market_with(shared(&store)).await;
        let john = fair.join("john").await;
        fair.deposit(john, usd("10.00")).await;
        let transfer = Transfer { recipient: trader("jane").id, money: usd("1.00") };
        let missing = ask(&fair, john, "key", &transfer).await;
        assert_eq!(missing, Err(Failed::Declined(Declined::Missing(Missing::User))));
        assert_eq!(find_request(&fair.market, john, "key").await, Ok(None));
        fair.join("jane").await;
        assert!(moved(&ask(&fair, john, "key", &transfer).await.expect("she is there now")));
    });
}

#[test]
fn a_voided_key_never_executes() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let fair = market_with(shared(&store)).await;
        let john = fair.join("john").await;
        let before = account(&store, john).await;
        let voided = void_request(&fair.market, &asked(john, "key", "void")).await;
        let voided = voided.expect("a new key");
        assert_eq!(voided.outcome, Outcome::Voided);
        let answer = ask(&fair, john, "key", &Operate::Deposit(usd("5.00"))).await;
        assert_eq!(answer, Err(Failed::Voided));
        assert_eq!(account(&store, john).await, before);
        fair.clock.advance(Span::seconds(1));
        let again = void_request(&fair.market, &asked(john, "key", "void")).await;
        assert_eq!(again, Ok(voided));
    });
}

#[test]
fn voiding_a_key_that_was_used_answers_what_became_of_it() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let fair = market_with(shared(&store)).await;
        let john = fair.join("john").await;
        let deposit = Operate::Deposit(usd("5.00"));
        let entry = ask(&fair, john, "key", &deposit).await.expect("room").entry;
        let voided = void_request(&fair.market, &asked(john, "key", "void")).await;
        assert_eq!(voided, Ok(entry.clone()));
        assert_eq!(find_request(&fair.market, john, "key").await, Ok(Some(entry)));
        assert!(ask(&fair, john, "key", &deposit).await.expect("a replay").replayed);
    });
}

#[test]
fn a_conflict_is_tried_six_times_in_all() {
    on_this_thread(async {
        for (conflicts, succeeds) in [(5, true), (6, false)] {
            let store = MemoryStore::new();
            let john = market_with(shared(&store)).await.join("john").await;
            let script = vec![Fault::Conflict; conflicts];
            let faulty = FaultyStore::scripted(shared(&store), script);
            let metered = Arc::new(MeteredStore::new(Arc::new(faulty)));
            let fair = market_on(metered.clone());
            let asked = asked(john, "key", "deposit");
            let answer = perform(&fair.market, &asked, &Operate::Deposit(usd("5.00"))).await;
            assert_eq!(answer.is_ok(), succeeds);
            if !succeeds {
                assert_eq!(answer, Err(Failed::Busy));
            }
            assert_eq!(metered.snapshot().of("commit"), 6);
            let waited = fair.clock.now().since(start());
            // 25 ms doubled each time, at most: 25 + 50 + 100 + 200 + 400 + 800.
            assert!((Span::millis(1)..=Span::millis(1575)).contains(&waited), "{waited:?}");
        }
    });
}

/// A bug: it gives back what nobody holds.
struct ReleaseOfNothing;

impl Operation for ReleaseOfNothing {
    type Loaded = ();

    async fn load(&self, _: &Market, _: Freshness) -> Result<(), Failed> {
        Ok(())
    }

    fn decide(&self, guard: &Guard, (): &()) -> Result<Commit, Declined> {
        let release = Write::MoveFunds {
            user: guard.actor,
            legs: vec![Leg::release(usd("1.00"))],
            change: guard.change(News::of(Occasion::OrderAmended)),
        };
        let entry = Commit::voiding(guard).writes().first().cloned();
        Ok(Commit::of(entry.into_iter().chain([release]).collect()))
    }
}

#[test]
fn a_commit_that_takes_more_than_is_held_fails_as_a_bug_at_once_and_writes_nothing() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let metered = Arc::new(MeteredStore::new(shared(&store)));
        let fair = market_with(metered.clone()).await;
        let john = fair.join("john").await;
        fair.deposit(john, usd("5.00")).await;
        let before = account(&store, john).await;
        metered.reset();
        let asked = asked(john, "key", "release");
        let failed = perform(&fair.market, &asked, &ReleaseOfNothing).await;
        assert!(matches!(failed, Err(Failed::Declined(Declined::Unsound(_)))), "{failed:?}");
        assert_eq!(metered.snapshot().of("commit"), 1);
        assert_eq!(account(&store, john).await, before);
        assert_eq!(store.entry(asked.guard(&fair.market).entry).await, Ok(None));
    });
}

#[test]
fn a_quote_is_redeemed_once_under_whatever_key() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let fair = market_with(shared(&store)).await;
        let (john, jane) = (fair.join("john").await, fair.join("jane").await);
        fair.deposit(john, usd("10.00")).await;
        let (id, fixed) = (QuoteId::from_bits(1), Fixed::Paid(usd("4.00").amount));
        let quote = quote(id, john, (&earth(), &mars()), fixed, start()).expect("a rate");
        let redeem = Redeem { quote };
        assert!(moved(&ask(&fair, john, "one", &redeem).await.expect("a quote")));
        let used = ask(&fair, john, "two", &redeem).await.expect("an answer");
        assert_eq!(refusal(&used), &Refusal::QuoteUsed);
        assert!(ask(&fair, john, "one", &redeem).await.expect("a replay").replayed);
        let foreign = ask(&fair, jane, "three", &redeem).await;
        assert_eq!(foreign, Err(Failed::Declined(Declined::Missing(Missing::Quote))));
        assert_eq!(available(&store, john, earth().currency.code).await, usd("6.00").amount);
    });
}

#[test]
fn a_used_quote_is_used_even_if_its_price_cannot_be_paid_any_more() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let fair = market_with(shared(&store)).await;
        let john = fair.join("john").await;
        fair.deposit(john, usd("4.00")).await;
        let (id, fixed) = (QuoteId::from_bits(1), Fixed::Paid(usd("4.00").amount));
        let quote = quote(id, john, (&earth(), &mars()), fixed, start()).expect("a rate");
        let redeem = Redeem { quote };
        assert!(moved(&ask(&fair, john, "one", &redeem).await.expect("a quote")));
        let used = ask(&fair, john, "two", &redeem).await.expect("an answer");
        assert_eq!(refusal(&used), &Refusal::QuoteUsed);
    });
}

/// Retries under one key, as a client does that must know, until there is an answer.
#[test]
fn whatever_fails_each_key_has_one_effect_and_no_money_is_made_or_lost() {
    on_this_thread(async {
        for seed in 0..20 {
            let store = MemoryStore::new();
            let setup = market_with(shared(&store)).await;
            let (john, jane) = (setup.join("john").await, setup.join("jane").await);
            setup.deposit(john, usd("100.00")).await;
            let faulty = FaultyStore::seeded(shared(&store), seed, 300);
            let fair = market_on(Arc::new(faulty));
            let mut sent = Amount::ZERO;
            for number in 1..40 {
                let money = usd(&format!("{number}.00"));
                let transfer = Transfer { recipient: jane, money };
                let key = number.to_string();
                let answer = loop {
                    match ask(&fair, john, &key, &transfer).await {
                        Ok(answer) => break answer,
                        Err(Failed::Store(_) | Failed::Busy) => {}
                        Err(failed) => panic!("{failed}"),
                    }
                };
                if moved(&answer) {
                    sent = sent.checked_add(money.amount).expect("in range");
                }
                assert_eq!(store.entry(answer.entry.id).await, Ok(Some(answer.entry)));
            }
            let code = earth().currency.code;
            assert_eq!(available(&store, jane, code).await, sent);
            let left = usd("100.00").amount.checked_sub(sent);
            assert_eq!(Some(available(&store, john, code).await), left);
        }
    });
}
