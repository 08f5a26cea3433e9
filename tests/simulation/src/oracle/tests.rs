//! That each check of the oracle can fail: a run is falsified in one place, and it is seen.

use std::sync::{Arc, OnceLock};

use domain::{
    amount::Amount,
    commit::{Commit, Write},
    id::{EntryId, WalletId},
    ledger::{Cause, Entry, Movement, Outcome, Postings},
    market_event::Change,
    refusal::Refusal,
    time::{Span, Timestamp},
};
use serde_json::json;
use testkit::{builders::start, virtual_time::VirtualTime};

use super::{
    evidence::Evidence,
    model::{Point, World},
    money::decimal,
    serial::Graph,
    told, weigh,
};
use crate::{
    history::{Ask, Heard, Told},
    plan::Plan,
    seam::{MemorySeam, Seam},
    sim::Sim,
};

fn ran() -> (Arc<MemorySeam>, Evidence) {
    let plan = Plan::of_seed(11, 600);
    let time = VirtualTime::from(start());
    let seam = Arc::new(MemorySeam::new(plan.planted, &time));
    let there: Arc<dyn Seam> = Arc::<MemorySeam>::clone(&seam);
    let sim = Sim::new(plan, there, time);
    sim.run();
    (seam, Evidence::of(&sim))
}

/// The evidence of one run, which every test falsifies for itself.
fn evidence() -> Evidence {
    static RUN: OnceLock<Evidence> = OnceLock::new();
    RUN.get_or_init(|| ran().1).clone()
}

#[track_caller]
fn sees(evidence: &Evidence, what: &str) {
    let violations = weigh(evidence);
    let seen = violations.iter().any(|violation| violation.starts_with(what));
    assert!(seen, "{what} is not among {violations:#?}");
}

/// Falsifies the first commit that can be falsified so.
#[track_caller]
fn falsified(mut tamper: impl FnMut(&mut Vec<Write>) -> bool) -> Evidence {
    let mut evidence = evidence();
    for commit in &mut evidence.commits {
        let mut writes = commit.writes().to_vec();
        if tamper(&mut writes) {
            *commit = Arc::new(Commit::of(writes));
            return evidence;
        }
    }
    panic!("nothing to falsify");
}

fn movement(writes: &mut [Write]) -> Option<&mut Movement> {
    writes.iter_mut().find_map(|write| match write {
        Write::PutEntry(Entry { outcome: Outcome::Moved(movement), .. }) => Some(movement),
        _ => None,
    })
}

fn cause(writes: &mut [Write]) -> Option<&mut Cause> {
    movement(writes).map(|movement| &mut movement.cause)
}

fn more(amount: Amount) -> Amount {
    amount.checked_add(Amount::ONE).expect("small")
}

/// Posts what `tamper` makes of the postings of a movement.
fn posts(movement: &mut Movement, tamper: impl Fn(&mut Vec<domain::ledger::Posting>)) {
    let mut postings = movement.postings.all().to_vec();
    tamper(&mut postings);
    movement.postings = Postings::checked(postings).expect("sound");
}

/// Falsifies the first answer that can be falsified so.
#[track_caller]
fn misheard(mut tamper: impl FnMut(&mut Heard) -> bool) -> Evidence {
    let mut evidence = evidence();
    assert!(evidence.heard.iter_mut().any(&mut tamper), "nothing to falsify");
    evidence
}

/// An answer with something in its text replaced.
fn reworded(heard: &mut Heard, from: &str, to: &str) -> bool {
    let text = String::from_utf8_lossy(&heard.told.bytes).into_owned();
    heard.told.bytes = text.replace(from, to).into();
    text.contains(from)
}

#[test]
fn nothing_speaks_against_what_happened() {
    assert_eq!(weigh(&evidence()), Vec::<String>::new());
}

#[test]
fn an_effect_that_happens_twice_is_seen() {
    let mut twice = evidence();
    let deposit = |commit: &&Arc<Commit>| {
        matches!(cause(&mut commit.writes().to_vec()), Some(Cause::Deposit(_)))
    };
    let commit = twice.commits.iter().find(deposit).expect("a deposit").clone();
    twice.commits.push(commit);
    sees(&twice, "I5: a second entry");
}

#[test]
fn a_wallet_that_changes_by_more_than_its_entries_say_is_seen() {
    let wrong = falsified(|writes| {
        let leg = writes.iter_mut().find_map(|write| match write {
            Write::MoveFunds { legs, .. } => legs.first_mut(),
            _ => None,
        });
        leg.map(|leg| leg.available += 1).is_some()
    });
    sees(&wrong, "I10:");
}

#[test]
fn a_conversion_at_another_rate_is_seen() {
    let wrong = falsified(|writes| match cause(writes) {
        Some(Cause::Exchange { conversion, .. }) => {
            conversion.received.amount = more(conversion.received.amount);
            true
        }
        _ => false,
    });
    sees(&wrong, "I10:");
}

#[test]
fn a_rate_that_was_replaced_long_ago_is_seen() {
    let mut late = evidence();
    let world = World::replay(&late.commits, Vec::new());
    let exchange = late.commits.iter().find_map(|commit| {
        let mut writes = commit.writes().to_vec();
        let Some(Cause::Exchange { conversion, quote: None }) = cause(&mut writes) else {
            return None;
        };
        let used = [conversion.provenance.from, conversion.provenance.to];
        let replaced = used.iter().any(|id| world.rates[id].until.is_some());
        replaced.then_some(writes)
    });
    let mut writes = exchange.expect("an exchange at a rate that was replaced");
    if let Some(Write::PutEntry(entry)) = writes.first_mut() {
        (entry.id, entry.at) = (EntryId::from_bits(7), entry.at.plus(Span::seconds(3_600)));
    }
    late.commits.push(Arc::new(Commit::of(writes)));
    sees(&late, "I10: rat_");
}

#[test]
fn a_purchase_at_a_price_that_the_item_has_not_is_seen() {
    let wrong = falsified(|writes| match cause(writes) {
        Some(Cause::Purchase(purchase)) => {
            purchase.unit_price.amount = more(purchase.unit_price.amount);
            true
        }
        _ => false,
    });
    sees(&wrong, "I10:");
}

#[test]
fn a_purchase_that_takes_no_stock_is_seen() {
    let wrong = falsified(|writes| {
        let before = writes.len();
        writes.retain(|write| !matches!(write, Write::SellStock { .. }));
        writes.len() < before
    });
    sees(&wrong, "I4:");
}

#[test]
fn stock_that_is_not_there_is_seen_to_be_sold() {
    let wrong = falsified(|writes| match writes.last_mut() {
        Some(Write::PutItem(item)) => {
            item.listed += 1;
            true
        }
        _ => false,
    });
    sees(&wrong, "I");
    let mut oversold = evidence();
    let sale = oversold.commits.iter().find_map(|commit| {
        commit.writes().iter().find(|write| matches!(write, Write::SellStock { .. })).cloned()
    });
    let sales = vec![sale.expect("a sale"); 1];
    oversold.commits.push(Arc::new(Commit::of(sales)));
    sees(&oversold, "I4: pieces of");
}

#[test]
fn a_refund_of_the_same_purchase_under_another_entry_is_seen() {
    let mut twice = evidence();
    let refund = twice.commits.iter().find_map(|commit| {
        let mut writes = commit.writes().to_vec();
        matches!(cause(&mut writes), Some(Cause::Refund { .. })).then_some(writes)
    });
    let mut writes = refund.expect("a refund");
    if let Some(Write::PutEntry(entry)) = writes.first_mut() {
        entry.id = EntryId::from_bits(7);
    }
    twice.commits.push(Arc::new(Commit::of(writes)));
    sees(&twice, "I5:");
}

#[test]
fn a_fill_without_its_fees_is_seen() {
    let wrong = falsified(|writes| match movement(writes) {
        Some(movement) if matches!(movement.cause, Cause::Fill(_)) => {
            posts(movement, |postings| postings.truncate(2));
            true
        }
        _ => false,
    });
    sees(&wrong, "I10:");
}

#[test]
fn what_is_held_for_an_order_and_given_back_twice_is_seen() {
    let wrong = falsified(|writes| {
        let closes = writes.iter().any(|write| matches!(write, Write::PutClosedOrder(_)));
        let leg = writes.iter_mut().filter(|_| closes).find_map(|write| match write {
            Write::MoveFunds { legs, .. } => legs.iter_mut().find(|leg| leg.held < 0),
            _ => None,
        });
        leg.map(|leg| (leg.available, leg.held) = (leg.available * 2, leg.held * 2)).is_some()
    });
    sees(&wrong, "I10:");
}

#[test]
fn a_trade_that_passes_over_the_first_order_is_seen() {
    let wrong = falsified(|writes| {
        let Some(Write::PutMarketEvent(event)) = writes.first_mut() else { return false };
        let rested = event.changes.iter().any(|change| matches!(change, Change::Rested { .. }));
        if !rested {
            return false;
        }
        // Its place is never taken, so that whoever came later seems to be first.
        event.changes.retain(|change| !matches!(change, Change::Rested { .. }));
        true
    });
    sees(&wrong, "I9:");
    let worse = falsified(|writes| {
        let Some(Write::PutMarketEvent(event)) = writes.first_mut() else { return false };
        event.changes.iter_mut().any(|change| match change {
            Change::Traded(trade) => {
                trade.maker = domain::id::OrderId::from_bits(7);
                true
            }
            _ => false,
        })
    });
    sees(&worse, "I9: trade");
}

#[test]
fn a_tally_that_its_fills_do_not_add_up_to_is_seen() {
    let wrong = falsified(|writes| {
        writes.iter_mut().any(|write| match write {
            Write::PutClosedOrder(row) => {
                row.working.tally.notional = more(row.working.tally.notional);
                true
            }
            _ => false,
        })
    });
    sees(&wrong, "I8:");
}

#[test]
fn an_acknowledged_success_without_an_entry_is_seen() {
    let mut lost = evidence();
    let told = lost.heard.iter().find(|heard| heard.stem == "transfer" && heard.told.is_success());
    let told = told.expect("a transfer").told.text("/id");
    let is_it = |commit: &Commit| commit.entry().is_some_and(|it| it.id.to_string() == told);
    for commit in lost.commits.iter_mut().filter(|commit| is_it(commit)) {
        *commit = Arc::new(Commit::of(Vec::new()));
    }
    sees(&lost, "I6: acknowledged, and not in the journal");
}

#[test]
fn an_entry_that_nobody_asked_for_is_seen() {
    let mut unasked = evidence();
    let done = |one: &crate::history::Settled| {
        one.ask.path.ends_with("/operation") && one.told.as_ref().is_some_and(|it| it.status == 200)
    };
    let ask = unasked.settled.iter().find(|one| done(one)).expect("a deposit").ask.clone();
    unasked.settled.retain(|one| one.ask != ask);
    sees(&unasked, "I5: nobody asked for");
}

#[test]
fn an_answer_that_says_another_amount_is_seen() {
    let wrong = misheard(|heard| {
        heard.stem == "transfer"
            && heard.told.is_success()
            && reworded(heard, "\"amount\":\"", "\"amount\":\"1")
    });
    sees(&wrong, "I6: /amount");
}

#[test]
fn a_second_answer_that_is_not_the_first_is_seen() {
    let wrong = misheard(|heard| {
        heard.told.replayed && heard.told.is_success() && reworded(heard, "{", "{ ")
    });
    sees(&wrong, "I7: two answers");
    let silent = misheard(|heard| {
        let success = heard.told.replayed && heard.told.is_success();
        heard.told.replayed &= !success;
        success
    });
    sees(&silent, "I7: a replay that does not say so");
}

#[test]
fn a_key_that_is_taken_for_another_principals_is_seen() {
    let mut wrong = evidence();
    let ask = Ask::new(1, "POST", "/api/v1/transfers").key("never used by them");
    let reused = r#"{"code":"idempotency_key_reused","status":422}"#;
    wrong.heard.push(last(&wrong, "transfer", ask, 422, reused));
    sees(&wrong, "I5: its key was never used");
}

#[test]
fn a_refusal_that_nothing_explains_is_seen() {
    let wrong = falsified(|writes| {
        let Some(Write::PutEntry(Entry { outcome, .. })) = writes.first_mut() else { return false };
        let Outcome::Refused { refusal, .. } = outcome else { return false };
        let Refusal::InsufficientFunds { available, .. } = refusal else { return false };
        let less = available.amount.checked_sub(Amount::ONE);
        less.map(|less| available.amount = less).is_some()
    });
    sees(&wrong, "I5: Some(");
}

/// What somebody is told who asks after all that is known to have happened.
fn last(evidence: &Evidence, stem: &'static str, ask: Ask, status: u16, body: &str) -> Heard {
    let heard = evidence.heard.last().expect("something").clone();
    let bytes = bytes::Bytes::copy_from_slice(body.as_bytes());
    let told = Told { status, bytes, replayed: false, etag: None };
    Heard { stem, ask, told, from: heard.until, until: heard.until }
}

#[test]
fn a_key_that_is_forgotten_again_is_seen() {
    let mut wrong = evidence();
    let done = wrong.heard.iter().find(|heard| heard.stem == "transfer" && heard.told.is_success());
    let ask = done.expect("a transfer").ask.clone();
    let path = format!("/api/v1/requests/{}", ask.key.expect("a key"));
    let ask = Ask::new(ask.who.expect("somebody"), "GET", path);
    let answer = r#"{"status":"not_received","answer":null}"#;
    wrong.heard.push(last(&wrong, "get-request", ask, 200, answer));
    sees(&wrong, "I7: key-");
}

/// Somebody who looks into a wallet in the end, and is told this.
fn looked(evidence: &Evidence, [available, held]: [i128; 2]) -> Heard {
    let wallet = WalletId { owner: evidence.people[1], currency: "USD".parse().expect("a code") };
    let ask = Ask::new(1, "GET", format!("/api/v1/wallets/{wallet}"));
    let [available, held] = [available, held].map(|minor| decimal(minor, 2));
    let body = json!({"id": wallet.to_string(), "available": available, "held": held});
    last(evidence, "get-wallet", ask, 200, &body.to_string())
}

#[test]
fn a_balance_that_is_not_that_of_the_moment_is_seen() {
    let evidence = evidence();
    let world = World::replay(&evidence.commits, evidence.seen_at());
    let points = &world.accounts[&evidence.people[1]].wallets[&"USD".parse().expect("a code")];
    let told = |point: &Point| {
        let mut evidence = evidence.clone();
        evidence.heard.push(looked(&evidence, [point.available, point.held]));
        evidence
    };
    let (now, old) = (points.last().expect("money"), points[points.len() / 2]);
    assert_eq!(weigh(&told(now)), Vec::<String>::new());
    sees(&told(&old), "not serialisable");
    sees(&told(&Point { available: now.available + 1, ..*now }), "not serialisable");
}

#[test]
fn what_cannot_be_put_in_order_is_a_cycle() {
    let mut graph = Graph::default();
    let nodes: Vec<_> = (0..4).map(|_| graph.node()).collect();
    for (one, other) in [(0, 1), (1, 2), (0, 3)] {
        graph.before(nodes[one], nodes[other]);
    }
    assert_eq!(graph.stuck(), Vec::<usize>::new());
    graph.before(nodes[2], nodes[1]);
    assert_eq!(graph.stuck(), [nodes[1], nodes[2]]);
}

#[test]
fn an_answer_that_came_before_its_commit_could_is_seen() {
    let mut early = evidence();
    let done = early.heard.iter_mut().rev().find(|heard| {
        heard.stem == "operate-wallet" && heard.told.status == 200 && !heard.told.replayed
    });
    let done = done.expect("a deposit");
    done.until.at = Timestamp::from_millis(done.until.at.millis() - 20_000);
    done.from.at = done.until.at;
    sees(&early, "not serialisable: no order");
}

#[test]
fn a_stranger_who_is_told_more_is_seen() {
    let mut wrong = evidence();
    let wallet = format!("wal_{}_USD", &wrong.people[2].to_string()[4..]);
    let ask = Ask::new(1, "GET", format!("/api/v1/wallets/{wallet}"));
    let unknown = r#"{"type":"about:blank","title":"Not Found","status":404,"retryable":false,
        "code":"wallet_not_found","detail":"Wallet not found","request_id":"1"}"#;
    wrong.heard.push(last(&wrong, "get-wallet", ask.clone(), 404, unknown));
    assert_eq!(weigh(&wrong), Vec::<String>::new());
    let known = unknown.replace("Wallet not found", "Not your wallet");
    wrong.heard.push(last(&wrong, "get-wallet", ask, 404, &known));
    sees(&wrong, "I13:");
}

#[test]
fn a_change_that_nobody_is_told_of_is_seen() {
    let evidence = evidence();
    let world = World::replay(&evidence.commits, evidence.seen_at());
    let user = evidence.people[1];
    let account = &world.accounts[&user];
    let log = super::now(evidence.store.activity(user, 0, 100)).expect("read");
    assert!(told::log_differs(user, account, &log[1..]).is_some());
    let (seam, evidence) = ran();
    seam.memory().forget_projections();
    sees(&evidence, "I11: the statement of");
    sees(&evidence, "I11: totals of");
    sees(&evidence, "I11: candles of");
}
