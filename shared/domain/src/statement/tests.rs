//! That what is folded is a chain, that nobody can change a line of it unseen, and what is hashed.

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;
use crate::{
    activity::{News, WalletChange},
    testing::{ALICE, BOB, at, minor},
    time::Span,
};

/// Four lanes of FNV-1a: no cryptography, but no single change goes unseen.
fn hash(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0_u8; 32];
    for (lane, out) in (1_u64..).zip(hash.chunks_mut(8)) {
        let fold = |state: u64, byte: &u8| {
            (state ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(7)
        };
        let state = bytes.iter().fold(lane.wrapping_mul(0xcbf2_9ce4_8422_2325), fold);
        out.copy_from_slice(&state.to_be_bytes());
    }
    hash
}

fn code(text: &str) -> CurrencyCode {
    text.parse().expect("a code")
}

fn wallet() -> WalletId {
    WalletId { owner: ALICE, currency: code("USD") }
}

/// Changes of Alice's account: what three wallets come to, and when.
fn chains() -> impl Strategy<Value = Vec<Activity>> {
    let codes = select(["USD", "MRC", "VNC"].map(code).to_vec());
    let balances = (0_i64..1000, 0_i64..1000)
        .prop_map(|(free, held)| Balance { available: minor(free), held: minor(held) });
    let occasions = select(vec![Occasion::Deposit, Occasion::Matched, Occasion::OrderPlaced]);
    let entries = prop::option::of(any::<u128>().prop_map(EntryId::from_bits));
    let wallets = prop::collection::btree_map(codes, balances, 0..3);
    vec((wallets, 0_i64..50, occasions, entries), 1..12).prop_map(|steps| {
        let mut stand = BTreeMap::new();
        let steps = (1..).zip(steps);
        let activity =
            |(version, (wallets, second, occasion, entry)): (u64, (BTreeMap<_, _>, _, _, _))| {
                let change = |(code, after): (CurrencyCode, Balance)| {
                    let before = stand.insert(code, after).unwrap_or_default();
                    let available = after.available.minor() - before.available.minor();
                    let held = after.held.minor() - before.held.minor();
                    WalletChange { code, available, held, after }
                };
                let wallets = wallets.into_iter().map(change).collect();
                let news = News::of(occasion);
                Activity { user: ALICE, version, at: at(second), entry, news, wallets }
            };
        steps.map(activity).collect()
    })
}

fn folded(changes: &[Activity]) -> (StatementHead, Vec<StatementLine>) {
    let mut head = StatementHead::of_new(ALICE);
    let mut lines = Vec::new();
    for change in changes {
        lines.extend(head.follow(change, hash).expect("the next change"));
    }
    (head, lines)
}

fn check(wallet: WalletId, lines: &[StatementLine]) -> Result<Option<Tip>, BrokenChain> {
    let mut check = ChainCheck::of(wallet);
    for line in lines {
        check.follow(line, hash)?;
    }
    Ok(check.tip())
}

fn of(wallet: WalletId, lines: &[StatementLine]) -> Vec<StatementLine> {
    lines.iter().filter(|line| line.wallet == wallet).copied().collect()
}

/// A line, each time with another of its fields changed.
fn tampered(line: &StatementLine) -> Vec<(&'static str, StatementLine)> {
    let line = *line;
    let other_entry = line.entry.map_or(1, |entry| entry.bits() ^ 1);
    let Balance { available, held } = line.after;
    let flipped = |ChainHash(mut bytes): ChainHash| {
        bytes[17] ^= 1;
        ChainHash(bytes)
    };
    let one_more = |amount: Amount| minor(amount.minor() + 1);
    let gone = if line.entry.is_some() { None } else { Some(EntryId::from_bits(9)) };
    vec![
        ("the owner", StatementLine { wallet: WalletId { owner: BOB, ..line.wallet }, ..line }),
        (
            "the currency",
            StatementLine { wallet: WalletId { currency: code("QQQ"), ..line.wallet }, ..line },
        ),
        ("the number", StatementLine { line: line.line + 1, ..line }),
        ("the version up", StatementLine { version: line.version + 1, ..line }),
        ("the version down", StatementLine { version: line.version - 1, ..line }),
        ("the time", StatementLine { at: line.at.plus(Span::millis(1)), ..line }),
        ("another entry", StatementLine { entry: Some(EntryId::from_bits(other_entry)), ..line }),
        ("whether there is an entry", StatementLine { entry: gone, ..line }),
        ("the occasion", StatementLine { occasion: Occasion::Refund, ..line }),
        ("the change available", StatementLine { available: line.available + 1, ..line }),
        ("the change held", StatementLine { held: line.held - 1, ..line }),
        (
            "what is available",
            StatementLine { after: Balance { available: one_more(available), held }, ..line },
        ),
        (
            "what is held",
            StatementLine { after: Balance { available, held: one_more(held) }, ..line },
        ),
        ("the line before", StatementLine { previous: flipped(line.previous), ..line }),
        ("the hash", StatementLine { hash: flipped(line.hash), ..line }),
    ]
}

proptest! {
    #[test]
    fn what_is_folded_is_a_chain_for_each_wallet(changes in chains()) {
        let (head, lines) = folded(&changes);
        prop_assert_eq!(head.version, changes.last().expect("one").version);
        let touched: usize = changes.iter().map(|change| change.wallets.len()).sum();
        prop_assert_eq!(lines.len(), touched);
        for (currency, tip) in &head.wallets {
            let wallet = WalletId { owner: ALICE, currency: *currency };
            prop_assert_eq!(check(wallet, &of(wallet, &lines)), Ok(Some(*tip)));
        }
    }

    #[test]
    fn folding_again_gives_the_same_lines(changes in chains(), cut in any::<usize>()) {
        let (head, lines) = folded(&changes);
        let (mut again, mut same) = folded(&changes[..cut % changes.len()]);
        for change in &changes[cut % changes.len()..] {
            same.extend(again.follow(change, hash).expect("the next change"));
        }
        prop_assert_eq!((again, same), (head, lines));
    }

    #[test]
    fn a_line_with_any_field_changed_is_refused(changes in chains()) {
        let (head, lines) = folded(&changes);
        for currency in head.wallets.keys() {
            let wallet = WalletId { owner: ALICE, currency: *currency };
            let lines = of(wallet, &lines);
            for (place, line) in lines.iter().enumerate() {
                for (name, bad) in tampered(line) {
                    let mut check = ChainCheck::of(wallet);
                    for before in &lines[..place] {
                        prop_assert_eq!(check.follow(before, hash), Ok(()));
                    }
                    let stood = check.tip();
                    prop_assert!(check.follow(&bad, hash).is_err(), "{}: {:?}", name, bad);
                    // Nothing of it is believed: the true line still follows.
                    prop_assert_eq!(check.tip(), stood);
                    prop_assert_eq!(check.follow(line, hash), Ok(()));
                }
            }
        }
    }

    #[test]
    fn a_changed_line_with_a_new_hash_is_refused_at_the_next_line_at_the_latest(
        changes in chains()
    ) {
        let lines = of(wallet(), &folded(&changes).1);
        for place in 1..lines.len() {
            for (name, mut bad) in tampered(&lines[place - 1]) {
                bad.hash = ChainHash(hash(bad.preimage().as_bytes()));
                if bad.hash == lines[place - 1].hash {
                    continue;
                }
                let mut lines = lines.clone();
                lines[place - 1] = bad;
                prop_assert!(check(wallet(), &lines[..=place]).is_err(), "{}", name);
            }
        }
    }

    #[test]
    fn lines_left_out_doubled_or_swapped_are_refused(changes in chains(), at in any::<usize>()) {
        let lines = of(wallet(), &folded(&changes).1);
        prop_assume!(lines.len() > 1);
        let place = at % (lines.len() - 1);
        let (mut short, mut long, mut swapped) = (lines.clone(), lines.clone(), lines.clone());
        short.remove(place);
        long.insert(place, lines[place]);
        swapped.swap(place, place + 1);
        for bad in [short, long, swapped] {
            prop_assert_eq!(check(wallet(), &bad), Err(BrokenChain::Number));
        }
    }

    #[test]
    fn a_hash_survives_its_text(bytes in any::<[u8; 32]>()) {
        let text = ChainHash(bytes).to_string();
        prop_assert_eq!(text.len(), 64);
        prop_assert_eq!(text.parse(), Ok(ChainHash(bytes)));
    }
}

/// The first change of Alice's dollars.
fn deposit(version: u64, second: i64, cents: i64, after: i64) -> Activity {
    let after = Balance { available: minor(after), held: minor(0) };
    let change = WalletChange { code: code("USD"), available: cents, held: 0, after };
    let news = News::of(Occasion::Deposit);
    let entry = Some(EntryId::from_bits(10));
    Activity { user: ALICE, version, at: at(second), entry, news, wallets: vec![change] }
}

/// Whoever verifies a statement offline builds this very text.
#[test]
fn what_is_hashed_is_eleven_lines_of_text() {
    let zeros = "0".repeat(64);
    let (_, lines) = folded(&[deposit(1, 1_700_000_000, 400, 400)]);
    let expected = format!(
        "{zeros}\nwal_00000000000000000000000001_USD\n1\n1\n1700000000000\n\
         txn_0000000000000000000000000a\ndeposit\n400\n0\n400\n0\n"
    );
    assert_eq!(lines[0].preimage(), expected);
    assert_eq!(lines[0].hash, ChainHash(hash(expected.as_bytes())));
    let held = StatementLine {
        line: 2,
        version: 7,
        entry: None,
        occasion: Occasion::OrderPlaced,
        available: -150,
        held: 150,
        after: Balance { available: minor(250), held: minor(150) },
        previous: ChainHash([0xab; 32]),
        ..lines[0]
    };
    let previous = "ab".repeat(32);
    let expected = format!(
        "{previous}\nwal_00000000000000000000000001_USD\n2\n7\n1700000000000\n-\n\
         order_placed\n-150\n150\n250\n150\n"
    );
    assert_eq!(held.preimage(), expected);
    assert_eq!(held.posted(), 0);
}

#[test]
fn the_time_of_a_line_is_never_before_the_line_before() {
    let changes = [deposit(1, 10, 1, 1), deposit(2, 4, 1, 2), deposit(3, 11, 1, 3)];
    let times: Vec<_> = folded(&changes).1.iter().map(|line| line.at).collect();
    assert_eq!(times, [at(10), at(10), at(11)]);
}

#[test]
fn a_change_that_is_not_the_next_folds_nothing() {
    let (mut head, _) = folded(&[deposit(1, 1, 1, 1), deposit(2, 1, 1, 2)]);
    let stood = head.clone();
    let elsewhere = Activity { user: BOB, ..deposit(3, 1, 1, 3) };
    for wrong in [deposit(1, 1, 1, 1), deposit(2, 1, 1, 2), deposit(4, 1, 1, 3), elsewhere] {
        assert!(!head.is_next(&wrong), "{wrong:?}");
        assert!(head.follow(&wrong, hash).is_err(), "{wrong:?}");
        assert_eq!(head, stood);
    }
}

#[test]
fn a_wallet_that_holds_what_its_lines_do_not_add_up_to_is_refused_whole() {
    let (mut head, _) = folded(&[deposit(1, 1, 1, 1)]);
    let stood = head.clone();
    let mut both = deposit(2, 1, 1, 2);
    let wrong = WalletChange { code: code("QQQ"), available: 2, ..both.wallets[0] };
    both.wallets.push(WalletChange { after: Balance::default(), ..wrong });
    for bad in [deposit(2, 1, 1, 3), deposit(2, 1, 2, 2), both] {
        assert!(head.follow(&bad, hash).is_err(), "{bad:?}");
        assert_eq!(head, stood);
    }
}

#[test]
fn what_is_carried_forward_is_the_first_of_a_statement_and_nothing_else() {
    let news = News::of(Occasion::CarriedForward);
    let carried = Activity { news, entry: None, ..deposit(17, 5, 90, 90) };
    let mut head = StatementHead::of_new(ALICE);
    let lines = head.follow(&carried, hash).expect("the first");
    assert_eq!((head.version, lines.len(), lines[0].line, lines[0].version), (17, 1, 1, 17));
    assert!(head.is_next(&deposit(18, 6, 1, 91)));
    assert!(!head.is_next(&Activity { version: 20, ..carried }));
    assert!(!StatementHead::of_new(ALICE).is_next(&deposit(17, 5, 90, 90)));
}

#[test]
fn each_rule_of_a_chain_has_its_name() {
    let (_, lines) = folded(&[deposit(1, 5, 1, 1), deposit(2, 6, 1, 2)]);
    let [first, second] = lines[..] else { panic!("{lines:?}") };
    let refused = |line| check(wallet(), &[first, line]);
    let elsewhere = WalletId { owner: BOB, ..wallet() };
    let previous = ChainHash([1; 32]);
    for (line, broken) in [
        (StatementLine { wallet: elsewhere, ..second }, BrokenChain::OtherWallet),
        (StatementLine { line: 3, ..second }, BrokenChain::Number),
        (StatementLine { version: 1, ..second }, BrokenChain::Version),
        (StatementLine { at: at(4), ..second }, BrokenChain::Time),
        (StatementLine { available: 2, ..second }, BrokenChain::Balance),
        (StatementLine { previous, ..second }, BrokenChain::Previous),
        (StatementLine { occasion: Occasion::Refund, ..second }, BrokenChain::Hash),
    ] {
        assert_eq!(refused(line), Err(broken));
    }
}

#[test]
fn only_64_digits_in_lower_case_are_a_hash() {
    let good = "0f".repeat(32);
    assert!(good.parse::<ChainHash>().is_ok());
    for bad in ["", "0f", &good[1..], &format!("{good}0"), &good.to_uppercase()] {
        assert_eq!(bad.parse::<ChainHash>(), Err(InvalidChainHash), "{bad}");
    }
    let signed = format!("+f{}", &good[2..]);
    let foreign = format!("é{}", &good[2..]);
    for bad in [signed, foreign] {
        assert_eq!(bad.parse::<ChainHash>(), Err(InvalidChainHash), "{bad}");
    }
}
