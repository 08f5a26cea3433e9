//! The promises, checked against the store itself once a workload is over.

use std::collections::{BTreeMap, BTreeSet};

use app::{
    audit::audit,
    ports::{EntryQuery, Store},
};
use domain::{
    currency::CurrencyCode,
    id::{EntryId, ItemId, UserId},
    ledger::{Cause, Entry, Holder, Movement, Outcome},
    refusal::Refusal,
    time::Span,
};
use edge::{context::Context, function::handle_stream_event};
use functions::project;
use serde_json::Value;
use tests::Ask;

use super::ground::{CURRENCIES, Ground, Known};

/// Every fourth key is asked for through the API, every one is looked up in the store.
const ASKED_EACH: usize = 4;

/// What the journal says, folded.
#[derive(Default)]
struct Fold {
    /// Minor units in each wallet.
    wallets: BTreeMap<(UserId, CurrencyCode), i128>,
    /// Minor units of each currency in the house's accounts.
    house: BTreeMap<CurrencyCode, i128>,
    /// Minor units of all currencies that the market kept as its spread.
    fees: i128,
    /// How many movements touched each account.
    movements: BTreeMap<UserId, u64>,
    /// Pieces sold and not returned.
    sold: BTreeMap<ItemId, i64>,
}

/// Checks promises I1 to I7 and I10.
pub(crate) async fn check(ground: &Ground, store: &dyn Store) {
    let mut journal = movements(ground, store).await;
    let mut fold = Fold::default();
    journal.values().for_each(|movement| fold.add(movement));
    let mut shortages = BTreeSet::new();
    for (index, ((person, key), known)) in ground.keys().into_iter().enumerate() {
        let id = ground.entry_id(person, &key);
        if journal.remove(&id).is_some() {
            assert!(matches!(known, Known::Settled { status: 200, .. }), "{key}: money moved");
        } else {
            let entry = store.entry(id).await.expect("a read");
            agrees(&key, &known, entry.as_ref());
            shortages.extend(entry.as_ref().and_then(shortage));
        }
        if index % ASKED_EACH == 0 {
            answers(ground, person, &key, &known).await;
        }
    }
    assert!(journal.is_empty(), "nobody asked for {journal:?}");
    assert_eq!(shortages, BTreeSet::from(["funds", "stock"]), "too little was scarce");
    assert!(fold.fees > 0, "no spread was kept");
    assert!(fold.house.len() >= CURRENCIES.len(), "too little happened: {:?}", fold.house);
    accounts(ground, store, &fold).await;
    items(ground, store, &fold).await;
}

/// Statements, folded from the streams by a process whose store does not fail, end where the
/// accounts are, and all money is in the totals (promises I1, I10 and I11).
pub(crate) async fn statements(ground: &Ground, clean: &Context) {
    for event in ground.world.stream_events(&["accounts", "journal"]).await {
        let response = handle_stream_event(clean, &project::FUNCTION, event).await;
        assert!(response.batch_item_failures.is_empty(), "{response:?}");
    }
    ground.world.pass(Span::seconds(180));
    for _ in 0..64 {
        let audit = audit(&clean.market).await.expect("an audit");
        assert_eq!((audit.differences, audit.lag), (Vec::new(), Span::millis(0)));
        assert!(audit.conservation.complete);
        ground.world.pass(Span::seconds(60));
    }
    for person in &ground.people {
        let head = clean.market.store.statement_head(person.caller.id).await.expect("a read");
        let account = clean.market.store.account(person.caller.id).await.expect("a read");
        assert_eq!(head.map(|head| head.version), account.map(|account| account.version));
    }
}

/// Every movement in the histories of the people.
async fn movements(ground: &Ground, store: &dyn Store) -> BTreeMap<EntryId, Movement> {
    let mut movements = BTreeMap::new();
    for person in &ground.people {
        let mut query = EntryQuery { user: person.caller.id, after: None, limit: 100 };
        loop {
            let page = store.entries(&query).await.expect("a page");
            query.after = page.rows.last().map(EntryQuery::position);
            for entry in page.rows {
                let Outcome::Moved(movement) = entry.outcome else { panic!("{entry:?}") };
                movements.insert(entry.id, movement);
            }
            if !page.more {
                break;
            }
        }
    }
    movements
}

/// I5 and I6: what has moved no money is a listing, a frozen refusal, a key given up, or
/// nothing at all.
fn agrees(key: &str, known: &Known, entry: Option<&Entry>) {
    let outcome = entry.map(|entry| &entry.outcome);
    let right = match known {
        Known::Settled { status: 201, .. } => matches!(outcome, Some(Outcome::Listed(_))),
        Known::Settled { status: 200, .. } => false,
        Known::Settled { .. } => matches!(outcome, Some(Outcome::Refused { .. })),
        Known::Voided => matches!(outcome, Some(Outcome::Voided)),
        Known::Nothing => outcome.is_none(),
    };
    assert!(right, "{key}: {outcome:?}");
}

/// What there was too little of, if that was why.
fn shortage(entry: &Entry) -> Option<&'static str> {
    match &entry.outcome {
        Outcome::Refused { refusal: Refusal::InsufficientStock { .. }, .. } => Some("stock"),
        Outcome::Refused { refusal: Refusal::InsufficientFunds { .. }, .. } => Some("funds"),
        _ => None,
    }
}

/// I7: what a client can still learn of its key is what it was told.
async fn answers(ground: &Ground, person: usize, key: &str, known: &Known) {
    let caller = &ground.people[person].caller;
    let path = format!("/api/v1/requests/{key}");
    let mut answer = ground.world.send(Ask::get(&path).by(caller)).await;
    while answer.status == 503 {
        answer = ground.world.send(Ask::get(&path).by(caller)).await;
    }
    let status = answer.expect_status(200).text("/status");
    match known {
        Known::Settled { status: told, body } => {
            assert_eq!(status, if *told < 300 { "committed" } else { "refused" }, "{key}");
            assert_eq!(answer.body["answer"]["status"], *told, "{key}");
            let body: Value = serde_json::from_slice(body).expect("JSON");
            assert_eq!(answer.body["answer"]["body"], body, "{key}");
        }
        Known::Voided => assert_eq!(status, "voided", "{key}"),
        Known::Nothing => assert_eq!(status, "not_received", "{key}"),
    }
}

impl Fold {
    fn add(&mut self, movement: &Movement) {
        for ((holder, currency), net) in movement.postings.nets() {
            if holder == Holder::Fees {
                self.fees += net;
            }
            if !matches!(holder, Holder::User(_)) {
                *self.house.entry(currency.code).or_default() += net;
            }
        }
        for (user, legs) in movement.postings.legs().expect("sound postings") {
            *self.movements.entry(user).or_default() += 1;
            for leg in legs {
                *self.wallets.entry((user, leg.code())).or_default() += i128::from(leg.posted());
            }
        }
        match &movement.cause {
            Cause::Purchase(purchase) => {
                let pieces = i64::from(purchase.quantity.pieces());
                *self.sold.entry(purchase.item).or_default() += pieces;
            }
            Cause::Refund { item, quantity, restocked: true, .. } => {
                *self.sold.entry(*item).or_default() -= i64::from(quantity.pieces());
            }
            _ => {}
        }
    }
}

/// I1, I2, I3 and I10: accounts are the fold of the journal, and all money is somewhere.
async fn accounts(ground: &Ground, store: &dyn Store, fold: &Fold) {
    let mut totals = fold.house.clone();
    let mut seen = BTreeSet::new();
    for person in &ground.people {
        let user = person.caller.id;
        let account = store.account(user).await.expect("a read").expect("an account");
        for (code, balance) in &account.wallets {
            let (available, held) = (balance.available.minor(), balance.held.minor());
            assert!(available >= 0, "{user} {code}: {available}");
            assert_eq!(held, 0, "{user} {code}: nothing reserves yet");
            let folded = fold.wallets.get(&(user, *code)).copied().unwrap_or_default();
            assert_eq!(i128::from(available), folded, "{user} {code}");
            *totals.entry(*code).or_default() += i128::from(available);
            seen.insert((user, *code));
        }
        let movements = fold.movements.get(&user).copied().unwrap_or_default();
        assert_eq!(account.version, 1 + movements, "{user}");
    }
    let folded: BTreeSet<_> = fold.wallets.keys().copied().collect();
    assert!(folded.is_subset(&seen), "{:?}", folded.difference(&seen));
    for (code, total) in totals {
        assert_eq!(total, 0, "{code} was made or lost");
    }
}

/// I4: what is left and what is sold is what was listed.
async fn items(ground: &Ground, store: &dyn Store, fold: &Fold) {
    for offer in ground.offers() {
        let item = store.item(offer.item_id()).await.expect("a read").expect("an item");
        let sold = fold.sold.get(&item.id).copied().unwrap_or_default();
        assert_eq!(i64::try_from(item.sold).expect("a count"), sold, "{}", offer.id);
        let all = i64::from(item.stock.pieces()) + sold;
        assert_eq!(all, i64::from(offer.listed), "{}", offer.id);
    }
}
