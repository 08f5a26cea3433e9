//! That lines are appended to one head, together with what they move, and listed both ways.

use std::{collections::BTreeMap, sync::Arc};

use app::ports::{
    HEAD_PARTS, LinePlace, LineQuery, LineStretch, StatementAppend, Store, StoreError,
    TotalsReading,
};
use domain::{
    account::Balance,
    activity::{Activity, Occasion, WalletChange},
    amount::Amount,
    currency::CurrencyCode,
    id::{UserId, WalletId},
    statement::{ChainHash, StatementHead, StatementLine, Tip},
    time::Timestamp,
    totals::{Minute, Totals, user_totals},
};
use tokio::task::JoinSet;

use super::{
    activity::logged,
    fixtures::{ALICE, BOB, at, entry_id},
    lists::{LIMITS, ROWS_MAX, check_page},
};
use crate::builders::{earth, mars};

/// Any function of the bytes does.
fn hash(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0x5a_u8; 32];
    for (place, byte) in bytes.iter().enumerate() {
        let at = place % hash.len();
        hash[at] = hash[at].rotate_left(3) ^ byte;
    }
    hash
}

/// What a head and changes that follow from it come to.
fn folding(head: &StatementHead, changes: &[Activity]) -> StatementAppend {
    let mut append = StatementAppend {
        after: head.version,
        head: head.clone(),
        lines: Vec::new(),
        totals: BTreeMap::new(),
    };
    for change in changes {
        append.lines.extend(append.head.follow(change, hash).expect("the next change"));
        for (code, moved) in user_totals(change) {
            let total: &mut Totals =
                append.totals.entry((code, Minute::of(change.at))).or_default();
            *total = total.plus(moved);
        }
    }
    append
}

/// Deposits of Alice's, up to this version.
fn deposits(versions: u64) -> StatementAppend {
    let changes: Vec<_> = (1..=versions).map(logged).collect();
    folding(&StatementHead::of_new(ALICE), &changes)
}

fn dollars(owner: UserId) -> WalletId {
    WalletId { owner, currency: earth().currency.code }
}

/// Whether it was appended.
async fn append(store: &dyn Store, append: &StatementAppend) -> Result<bool, StoreError> {
    Ok(store.append_lines(std::slice::from_ref(append)).await? == [true])
}

async fn appended(store: &dyn Store, lines: &StatementAppend) {
    assert_eq!(append(store, lines).await, Ok(true));
}

/// All of a stretch of Alice's dollars, read in pages of this size.
async fn pages(store: &dyn Store, stretch: LineStretch, limit: u32) -> Vec<u64> {
    let mut rows: Vec<StatementLine> = Vec::new();
    let mut next = stretch;
    while rows.len() < ROWS_MAX {
        let query = LineQuery { wallet: dollars(ALICE), stretch: next, limit };
        let page = store.lines(&query).await.expect("a page");
        check_page(page.rows.len(), limit, page.more, rows.len());
        rows.extend(page.rows);
        let Some(last) = rows.last().filter(|_| page.more).map(LinePlace::of) else { break };
        next = match stretch {
            LineStretch::Before(_) => LineStretch::Before(last),
            LineStretch::After(_) => LineStretch::After(last),
        };
    }
    rows.iter().map(|line| line.line).collect()
}

async fn listed(store: &dyn Store, stretch: LineStretch, expected: &[u64]) {
    for limit in LIMITS {
        assert_eq!(pages(store, stretch, limit).await, expected, "{stretch:?} by {limit}");
    }
}

async fn dollars_of(store: &dyn Store) -> TotalsReading {
    let minute = Minute::of(at(0));
    store.totals(earth().currency.code, minute, minute).await.expect("a reading")
}

pub(super) async fn a_statement_is_read_as_it_was_appended(store: Arc<dyn Store>) {
    assert_eq!(store.statement_head(ALICE).await, Ok(None));
    let append = deposits(3);
    appended(store.as_ref(), &append).await;
    assert_eq!(store.statement_head(ALICE).await, Ok(Some(append.head)));
    let stretch = LineStretch::After(LinePlace::start());
    let query = LineQuery { wallet: dollars(ALICE), stretch, limit: 100 };
    let page = store.lines(&query).await.expect("a page");
    assert_eq!((page.rows, page.more), (append.lines, false));

    let largest = largest_append();
    appended(store.as_ref(), &largest).await;
    let head = store.statement_head(largest.head.user).await;
    assert_eq!(head, Ok(Some(largest.head.clone())));
    let stretch = LineStretch::Before(LinePlace::end());
    let query = LineQuery { wallet: largest.lines[0].wallet, stretch, limit: 1 };
    let page = store.lines(&query).await.expect("a page");
    assert_eq!((page.rows, page.more), (largest.lines, false));
}

/// One line whose every part is as large as it gets: its number is the last but one there is.
fn largest_append() -> StatementAppend {
    let (owner, after) = (UserId::from_bits(u128::MAX), most());
    let currency = "ZZZZZ".parse().expect("a code");
    let (at, hash) = (Timestamp::MAX, ChainHash([0xff; 32]));
    let number = u64::MAX - 1;
    let line = StatementLine {
        wallet: WalletId { owner, currency },
        line: number,
        version: u64::MAX,
        at,
        entry: Some(entry_id(u128::MAX)),
        occasion: Occasion::CarriedForward,
        available: -Amount::MAX.minor(),
        held: Amount::MAX.minor(),
        after,
        previous: ChainHash::default(),
        hash,
    };
    let tip = Tip { line: number, at, after, hash };
    let wallets = BTreeMap::from([(currency, tip), (earth().currency.code, tip)]);
    let head = StatementHead { user: owner, version: u64::MAX, wallets };
    StatementAppend { after: 0, head, lines: vec![line], totals: BTreeMap::new() }
}

fn most() -> Balance {
    Balance { available: Amount::MAX, held: Amount::MAX }
}

pub(super) async fn an_append_at_another_head_writes_nothing(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let second = folding(&deposits(1).head, &[logged(2)]);
    assert_eq!(append(store, &second).await, Ok(false));
    assert_eq!(store.statement_head(ALICE).await, Ok(None));
    appended(store, &deposits(2)).await;
    for other in [deposits(1), deposits(3), second] {
        assert_eq!(append(store, &other).await, Ok(false));
    }
    assert_eq!(store.statement_head(ALICE).await, Ok(Some(deposits(2).head)));
    listed(store, LineStretch::After(LinePlace::start()), &[1, 2]).await;
    assert_eq!(dollars_of(store).await.all.users_available, 3);
    // Another account has a head of its own.
    let elsewhere = Activity { user: BOB, ..logged(1) };
    appended(store, &folding(&StatementHead::of_new(BOB), &[elsewhere])).await;
}

pub(super) async fn an_append_moves_totals_once(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let (first, second) = (deposits(2), folding(&deposits(2).head, &[logged(3)]));
    appended(store, &first).await;
    assert_eq!(append(store, &first).await, Ok(false));
    appended(store, &second).await;
    for again in [&first, &second] {
        assert_eq!(append(store, again).await, Ok(false));
    }
    let six = Totals { users_available: 6, ..Totals::default() };
    assert_eq!(dollars_of(store).await, TotalsReading { all: six, since: six });
}

pub(super) async fn of_concurrent_appends_to_one_head_one_is_written(store: Arc<dyn Store>) {
    let mut appends = JoinSet::new();
    for _ in 0..16 {
        let store = Arc::clone(&store);
        appends
            .spawn(async move { append(store.as_ref(), &deposits(3)).await.expect("an answer") });
    }
    let written = appends.join_all().await.into_iter().filter(|written| *written).count();
    assert_eq!(written, 1);
    assert_eq!(dollars_of(store.as_ref()).await.all.users_available, 6);
}

pub(super) async fn an_append_has_up_to_a_hundred_rows(store: Arc<dyn Store>) {
    let append = |wallets: u8| {
        let code = |place: u8| -> CurrencyCode {
            let letters = [place / 26, place % 26].map(|letter| char::from(b'A' + letter));
            format!("X{}{}", letters[0], letters[1]).parse().expect("a code")
        };
        let change = |place| {
            let code = code(place);
            WalletChange { code, ..logged(1).wallets[0] }
        };
        let activity = Activity { wallets: (0..wallets).map(change).collect(), ..logged(1) };
        folding(&StatementHead::of_new(ALICE), &[activity])
    };
    let (most, too_many) = (append(33), append(34));
    assert_eq!((most.rows(), too_many.rows()), (100, 103));
    let refused = store.append_lines(std::slice::from_ref(&too_many)).await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
    assert_eq!(store.statement_head(ALICE).await, Ok(None));
    appended(store.as_ref(), &most).await;
    assert_eq!(store.statement_head(ALICE).await, Ok(Some(most.head)));
}

pub(super) async fn lines_are_listed_from_both_ends(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let (start, end) = (LinePlace::start(), LinePlace::end());
    listed(store, LineStretch::After(start), &[]).await;
    appended(store, &deposits(5)).await;
    // A wallet of another currency has lines of its own.
    let code = mars().currency.code;
    let opened = WalletChange { code, ..logged(1).wallets[0] };
    let sixth = Activity { wallets: vec![opened], ..logged(6) };
    appended(store, &folding(&deposits(5).head, &[sixth])).await;
    listed(store, LineStretch::After(start), &[1, 2, 3, 4, 5]).await;
    listed(store, LineStretch::Before(end), &[5, 4, 3, 2, 1]).await;
    let third = LinePlace { at: at(3), line: 3 };
    listed(store, LineStretch::After(third), &[4, 5]).await;
    listed(store, LineStretch::Before(third), &[2, 1]).await;
    listed(store, LineStretch::After(end), &[]).await;
    listed(store, LineStretch::Before(start), &[]).await;
}

pub(super) async fn lines_as_of_a_time_begin_with_the_last_before_it(store: Arc<dyn Store>) {
    let store = store.as_ref();
    // The second and the third are of the same time: the clock that decided the third was slow.
    let changes = [1, 2, 3, 4].map(|version| match version {
        3 => Activity { at: at(1), ..logged(3) },
        version => logged(version),
    });
    appended(store, &folding(&StatementHead::of_new(ALICE), &changes)).await;
    let as_of = |time| LineStretch::Before(LinePlace::after_all_of(time));
    listed(store, as_of(at(0)), &[]).await;
    listed(store, as_of(at(1)), &[1]).await;
    listed(store, as_of(at(2)), &[3, 2, 1]).await;
    listed(store, as_of(at(3)), &[3, 2, 1]).await;
    listed(store, as_of(at(4)), &[4, 3, 2, 1]).await;
    listed(store, as_of(Timestamp::MAX), &[4, 3, 2, 1]).await;
}

pub(super) async fn each_head_is_in_one_part(store: Arc<dyn Store>) {
    let users = (0..100).map(|place: u128| UserId::from_bits(place * 7 + (place << 100)));
    let mut expected = BTreeMap::new();
    for user in users {
        let opened = Activity { user, ..logged(1) };
        let append = folding(&StatementHead::of_new(user), &[opened]);
        appended(store.as_ref(), &append).await;
        expected.insert(user, append.head);
    }
    let mut heads = BTreeMap::new();
    for part in 0..HEAD_PARTS {
        for head in store.statement_heads(part).await.expect("a part") {
            let twice = heads.insert(head.user, head);
            assert_eq!(twice, None);
        }
    }
    assert_eq!(heads, expected);
    assert_eq!(store.statement_heads(HEAD_PARTS).await, Ok(Vec::new()));
}

pub(super) async fn appends_of_many_accounts_are_each_all_or_nothing(store: Arc<dyn Store>) {
    let store = store.as_ref();
    appended(store, &deposits(1)).await;
    let user = |number: u8| UserId::from_bits(u128::from(number) + 1_000);
    // More rows than one transaction has; and of Alice's one that is not the next.
    let of = |number: u8| {
        let logged = |version| Activity { user: user(number), ..logged(version) };
        folding(&StatementHead::of_new(user(number)), &[logged(1), logged(2)])
    };
    let mut appends: Vec<_> = (0..50).map(of).collect();
    appends.insert(20, deposits(1));
    let expected: Vec<_> = (0..51).map(|place| place != 20).collect();
    assert_eq!(store.append_lines(&appends).await, Ok(expected));
    assert_eq!(store.append_lines(&appends).await, Ok(vec![false; 51]));
    for number in [0, 20, 49] {
        assert_eq!(store.statement_head(user(number)).await, Ok(Some(of(number).head)));
    }
    assert_eq!(dollars_of(store).await.all.users_available, 1 + 50 * 3);
    assert_eq!(store.append_lines(&[]).await, Ok(Vec::new()));
}
